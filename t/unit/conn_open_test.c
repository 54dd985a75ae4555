/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_open_test.c: the way to a connection: addresses that race, TLS from the
 * start and by STARTTLS, and servers that tamper with it or fall silent.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "client/conn.h"

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

/** A connection and what it needs. */
typedef struct rig_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_conn_t *conn;
    smtpc_result_t *result;
    int done; /* times we were called back */
} rig_t;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: status %d", what, rv);
    }
}

static void on_done(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;

    (void)conn;
    rig->done++;
    smtpc__loop_stop(rig->loop);
}

static void make_rig(rig_t *rig, const char *host, int port,
                     smtpc_security_e how, const char *ca_file,
                     apr_pool_t *pool)
{
    smtpc_server_t draft = { .host = host,
                             .port = port,
                             .security = how,
                             .ca_file = ca_file };
    const smtpc_server_t *server;

    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, pool);
    must(smtpc__loop_create(&rig->loop, 4, rig->pool), "loop");
    must(smtpc__server_freeze(&server, &draft, "client.test", rig->pool),
         "profile");
    must(smtpc__conn_create(&rig->conn, rig->loop, server, env, rig->pool),
         "connection");
    smtpc__result_create(&rig->result, 1, rig->pool);
}

/* Open, and return what came of it. */
static apr_status_t open_conn(rig_t *rig, apr_interval_time_t timeout)
{
    smtpc__conn_open(rig->conn, smtpc__monotonic() + timeout, rig->result,
                     on_done, rig);
    if (!rig->done) {
        must(smtpc__loop_run(rig->loop), "loop");
    }
    return smtpc__conn_status(rig->conn);
}

/* A listener on ::1 whose queue is full: more connections hang. -1 if this
 * machine has no IPv6. */
static int black_hole(int port, int *filler)
{
    struct sockaddr_in6 address;
    int fd = socket(AF_INET6, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin6_family = AF_INET6;
    address.sin6_port = htons((unsigned short)port);
    address.sin6_addr = in6addr_loopback;
    *filler = socket(AF_INET6, SOCK_STREAM, 0);
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0
        || listen(fd, 0) < 0
        || connect(*filler, (struct sockaddr *)&address, sizeof(address))
               < 0) {
        close(fd);
        close(*filler);
        return -1;
    }
    return fd;
}

static void test_addresses(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    apr_time_t start;
    apr_time_t took;
    int filler;
    int hole;
    rig_t rig;

    tap_subtest_begin("several addresses");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    make_rig(&rig, "localhost", peer_port(peer), SMTPC_SECURITY_NONE, NULL,
             pool);
    tap_is_int(open_conn(&rig, apr_time_from_sec(10)), APR_SUCCESS,
               "nobody on ::1, but on 127.0.0.1");
    tap_is_str(rig.result->peer,
               apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer)), "there");
    tap_is_int(rig.done, 1, "told once");
    apr_pool_destroy(rig.pool);

    hole = black_hole(peer_port(peer), &filler);
    if (hole >= 0) {
        make_rig(&rig, "localhost", peer_port(peer), SMTPC_SECURITY_NONE,
                 NULL, pool);
        start = smtpc__monotonic();
        tap_is_int(open_conn(&rig, apr_time_from_sec(2)), APR_SUCCESS,
                   "::1 swallows packets");
        took = smtpc__monotonic() - start;
        tap_ok(took >= apr_time_from_msec(240)
                   && took < apr_time_from_msec(1500),
               "the next began a little later, %d ms", (int)(took / 1000));
        tap_is_str(rig.result->peer,
                   apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer)),
                   "and won");
        apr_pool_destroy(rig.pool);
        make_rig(&rig, "::1", peer_port(peer), SMTPC_SECURITY_NONE, NULL,
                 pool);
        tap_is_int(open_conn(&rig, apr_time_from_msec(300)), SMTPC_ETIMEOUT,
                   "alone it takes all the time");
        /* How long it was, a busy machine decides. */
        tap_ok(strstr(rig.result->error,
                      apr_psprintf(pool, "cannot connect to [::1]:%d: no "
                                   "answer within 3", peer_port(peer)))
                   == rig.result->error, "%s", rig.result->error);
        tap_is_int(rig.result->stage, SMTPC_STAGE_CONNECT, "stage");
        apr_pool_destroy(rig.pool);
        close(hole);
        close(filler);
    }
    else {
        tap_diag("no IPv6 here");
    }
    peer_stop(peer);
    tap_subtest_end();
}

static void serve_silence(peer_conn_t *conn, void *baton)
{
    (void)baton;
    peer_wait_end(conn);
}

static void test_silence(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_silence, NULL);
    apr_time_t start;
    rig_t rig;

    tap_subtest_begin("a server that says nothing");
    make_rig(&rig, "127.0.0.1", peer_port(peer), SMTPC_SECURITY_IMPLICIT,
             NULL, pool);
    start = smtpc__monotonic();
    tap_is_int(open_conn(&rig, apr_time_from_msec(300)), SMTPC_ETIMEOUT,
               "no handshake");
    tap_ok(smtpc__monotonic() - start < apr_time_from_msec(1300), "in time");
    tap_is_int(rig.result->stage, SMTPC_STAGE_TLS, "stage");
    tap_ok(strstr(rig.result->error, "TLS handshake within 300 ms") != NULL,
           "%s", rig.result->error);
    apr_pool_destroy(rig.pool);
    make_rig(&rig, "127.0.0.1", peer_port(peer), SMTPC_SECURITY_NONE, NULL,
             pool);
    tap_is_int(open_conn(&rig, apr_time_from_msec(300)), SMTPC_ETIMEOUT,
               "no greeting");
    tap_ok(strstr(rig.result->error, "TLS from the first byte") != NULL, "%s",
           rig.result->error);
    tap_is_int(rig.result->stage, SMTPC_STAGE_GREETING, "stage");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* What comes behind the reply to STARTTLS in clear text. */

typedef struct inject_t {
    SSL_CTX *context;
    const char *bytes;
} inject_t;

static void serve_inject(peer_conn_t *conn, void *baton)
{
    const inject_t *inject = baton;
    char line[256];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "EHLO", 4) == 0) {
            (void)peer_say(conn, "250-peer\r\n250 STARTTLS");
        }
        else if (strcmp(line, "STARTTLS") == 0) {
            (void)peer_send(conn, inject->bytes, strlen(inject->bytes));
            if (!peer_tls(conn, inject->context)) {
                return;
            }
        }
        else {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void test_injection(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *bytes;
        apr_status_t wanted;
    } cases[] = {
        { "nothing", "220 go\r\n", APR_SUCCESS },
        { "a reply", "220 go\r\n250 injected\r\n", SMTPC_ETLS },
        { "part of a reply", "220 go\r\n250-SMTPUTF8 X", SMTPC_ETLS },
        { "refusal", "454 no\r\n", SMTPC_ETLS },
        { "another positive reply", "250 go\r\n", SMTPC_ETLS },
    };
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    inject_t inject = { peer_ca_server(ca, &cert, pool), NULL };
    apr_size_t i;

    tap_subtest_begin("behind the reply to STARTTLS");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_status_t status;
        peer_t *peer;
        rig_t rig;

        inject.bytes = cases[i].bytes;
        peer = peer_start(serve_inject, &inject);
        make_rig(&rig, "127.0.0.1", peer_port(peer), SMTPC_SECURITY_STARTTLS,
                 ca_file, pool);
        status = open_conn(&rig, apr_time_from_sec(10));
        tap_is_int(status, cases[i].wanted, "%s: %s", cases[i].what,
                   rig.result->error);
        tap_is_int(peer_heard(peer, "MAIL") + peer_heard(peer, "AUTH"), 0,
                   "nothing was sent in clear text");
        apr_pool_destroy(rig.pool);
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* Opportunistic: any certificate, but no way back to clear text. */
static void test_opportunistic(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "DNS:other.test" };
    peer_smtp_t smtp;
    inject_t inject;
    peer_t *peer;
    rig_t rig;

    tap_subtest_begin("opportunistic TLS");
    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    peer = peer_start(peer_smtp_serve, &smtp);
    make_rig(&rig, "127.0.0.1", peer_port(peer), SMTPC_SECURITY_OPPORTUNISTIC,
             NULL, pool);
    tap_is_int(open_conn(&rig, apr_time_from_sec(10)), APR_SUCCESS,
               "a certificate nobody vouches for");
    tap_ok(rig.result->tls_protocol[0] != '\0', "%s",
           rig.result->tls_protocol);
    apr_pool_destroy(rig.pool);
    peer_stop(peer);

    inject.context = smtp.tls;
    inject.bytes = "220 go\r\nthis is no handshake\r\n";
    peer = peer_start(serve_inject, &inject);
    make_rig(&rig, "127.0.0.1", peer_port(peer), SMTPC_SECURITY_OPPORTUNISTIC,
             NULL, pool);
    tap_is_int(open_conn(&rig, apr_time_from_sec(10)), SMTPC_ETLS,
               "a handshake that is disturbed");
    tap_is_int(peer_heard(peer, "EHLO"), 1, "nothing more in clear text");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    must(smtpc_env_create(&env, pool), "env");
    test_addresses(pool);
    test_silence(pool);
    test_injection(pool);
    test_opportunistic(pool);
    return tap_done();
}
