/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_test.c: threats T14 to T19: names, versions, ciphers, threads, streams
 * that are cut, and ports of the wrong kind.
 *
 * All of it runs under an openssl.cnf that allows whatever OpenSSL can do: what
 * is refused is refused by us.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <apr_atomic.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/env_int.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"

/** The variable that names the configuration OpenSSL reads. */
#define CONF "OPENSSL_CONF"
/** One that says that it is ours. */
#define LAX "TLS_TEST_LAX"

static const char lax[] =
    "openssl_conf = init\n[init]\nssl_conf = ssl\n[ssl]\n"
    "system_default = lax\n[lax]\nMinProtocol = TLSv1\n"
    "CipherString = ALL:COMPLEMENTOFALL:@SECLEVEL=0\n"
    "Options = UnsafeLegacyRenegotiation\n";

static smtpc_env_t *env;
static peer_ca_t *ca;
static const char *ca_file;

/* Begin this program anew with the lax configuration. */
static void become_lax(void)
{
    const char *dir = "";
    char *path;
    const char *argv[] = { "tls_test", NULL };
    int fd;

    if (getenv(LAX)) {
        return;
    }
    (void)apr_temp_dir_get(&dir, tap_pool());
    path = apr_pstrcat(tap_pool(), dir, "/lax-XXXXXX", NULL);
    fd = mkstemp(path);
    if (fd < 0 || write(fd, lax, sizeof(lax) - 1) != (ssize_t)sizeof(lax) - 1
        || close(fd) != 0 || setenv(CONF, path, 1) != 0
        || setenv(LAX, "1", 1) != 0) {
        tap_bail("no configuration");
    }
    execv("/proc/self/exe", (char *const *)argv);
    tap_bail("cannot begin anew");
}

static peer_t *start_smtp(peer_smtp_t *smtp, const peer_cert_t *cert,
                          apr_pool_t *pool)
{
    peer_smtp_init(smtp);
    smtp->tls = peer_ca_server(ca, cert, pool);
    return peer_start(peer_smtp_serve, smtp);
}

/* Names. */

/** Contexts by name, and the name that was asked for last. */
typedef struct names_t {
    SSL_CTX *wanted;
    char asked[256];
    int without;
} names_t;

static int on_name(SSL *ssl, int *alert, void *arg)
{
    names_t *names = arg;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    apr_cpystrn(names->asked, name ? name : "", sizeof(names->asked));
    names->without += name == NULL;
    if (name && strcmp(name, "mail.test") == 0) {
        SSL_set_SSL_CTX(ssl, names->wanted);
    }
    return SSL_TLSEXT_ERR_OK;
}

static void t14(apr_pool_t *pool)
{
    peer_cert_t others = { .names = "DNS:other.test,IP:127.0.0.1" };
    peer_cert_t wanted = { .names = "DNS:mail.test" };
    names_t names = { .wanted = peer_ca_server(ca, &wanted, pool) };
    row_t row = { .id = "T14: a certificate by SNI, at a pinned address",
                  .security = SMTPC_SECURITY_STARTTLS,
                  .verify_name = "mail.test", .ca_file = ca_file };
    peer_smtp_t smtp;
    peer_t *peer = start_smtp(&smtp, &others, pool);

    SSL_CTX_set_tlsext_servername_callback(smtp.tls, on_name);
    SSL_CTX_set_tlsext_servername_arg(smtp.tls, &names);
    row_run(&row, peer, env, pool);
    tap_is_str(names.asked, "mail.test", "T14: the configured name is asked");
    row.id = "T14: a dot at its end and capitals are not sent";
    row.verify_name = "MAIL.test.";
    row_run(&row, peer, env, pool);
    tap_is_str(names.asked, "mail.test", "T14: in its normal form");
    row.id = "T13, T14: an address is not asked for";
    row.verify_name = NULL;
    row_run(&row, peer, env, pool);
    tap_is_int(names.without, 1, "T13, T14: no SNI");
    peer_stop(peer);
}

/* Versions and ciphers. */

static void t15(apr_pool_t *pool)
{
    static const struct {
        const char *id;
        peer_cert_t cert;
        const char *said;
    } cases[] = {
        { "T15: TLS 1.0 only", { .names = "DNS:mail.test",
                                 .max_version = TLS1_VERSION },
          "it offers neither TLS 1.2 nor TLS 1.3: update it" },
        { "T15: TLS 1.1 only", { .names = "DNS:mail.test",
                                 .max_version = TLS1_1_VERSION },
          "it offers neither TLS 1.2 nor TLS 1.3: update it" },
        { "T15: anonymous suites", { .anonymous = 1,
                                     .ciphers = "aNULL:@SECLEVEL=0" },
          "no cipher suite in common" },
        { "T15: suites that do not encrypt",
          { .names = "DNS:mail.test", .ciphers = "eNULL:@SECLEVEL=0",
            .max_version = TLS1_2_VERSION }, "no cipher suite in common" },
        { "T15: a key of 1024 bits", { .names = "DNS:mail.test",
                                       .small = 1 }, "a key of 1024 bits" },
        { "T15: SHA-1", { .names = "DNS:mail.test", .sha1 = 1 },
          "a hash that is too weak" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        row_t row = { .security = SMTPC_SECURITY_STARTTLS, .user = "web",
                      .verify_name = "mail.test", .ca_file = ca_file,
                      .status = SMTPC_ETLS, .said = cases[i].said,
                      .id = cases[i].id };
        peer_smtp_t smtp;
        peer_t *peer = start_smtp(&smtp, &cases[i].cert, pool);

        row_run(&row, peer, env, pool);
        peer_stop(peer);
    }
}

/* Send a mail; what was agreed. */
static const smtpc_result_t *agree(const char *what, smtpc_client_t *client,
                                   apr_status_t status, apr_pool_t *pool)
{
    smtpc_result_t *result;
    apr_status_t rv = mail_send(&result, client, "x@y.test", pool);

    tap_is_int(rv, status, "%s: %s", what, mail_error(result));
    return result;
}

static void settings(apr_pool_t *pool)
{
    peer_cert_t both = { .names = "DNS:mail.test" };
    peer_cert_t old = { .names = "DNS:mail.test",
                        .max_version = TLS1_2_VERSION };
    row_t row = { .security = SMTPC_SECURITY_STARTTLS,
                  .verify_name = "mail.test", .ca_file = ca_file };
    smtpc_client_t *client;
    const smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *peer = start_smtp(&smtp, &both, pool);

    tap_subtest_begin("T15: versions and lists that were set");
    client = row_client(&row, peer, env, pool);
    result = agree("nothing set", client, APR_SUCCESS, pool);
    tap_is_str(smtpc_result_tls_protocol(result), "TLSv1.3", "the newest");
    row_must(smtpc_client_set_cipher_suites(client,
                                            "TLS_CHACHA20_POLY1305_SHA256"),
             "suites");
    result = agree("a suite", client, APR_SUCCESS, pool);
    tap_is_str(smtpc_result_tls_cipher(result),
               "TLS_CHACHA20_POLY1305_SHA256", "it is the one");
    row_must(smtpc_client_set_groups(client, "P-384"), "groups");
    (void)agree("a group", client, APR_SUCCESS, pool);
    SSL_CTX_set1_groups_list(smtp.tls, "P-256");
    row_must(smtpc_client_set_groups(client, "P-521"), "groups");
    (void)agree("a group that the server lacks", client, SMTPC_ETLS, pool);
    smtpc_client_dispose(client);
    peer_stop(peer);

    peer = start_smtp(&smtp, &old, pool);
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_ciphers(client, "ECDHE-ECDSA-AES256-GCM-SHA384"
                                              ":@SECLEVEL=0"), "ciphers");
    result = agree("a cipher", client, APR_SUCCESS, pool);
    tap_is_str(smtpc_result_tls_protocol(result), "TLSv1.2", "TLS 1.2");
    tap_is_str(smtpc_result_tls_cipher(result),
               "ECDHE-ECDSA-AES256-GCM-SHA384", "it is the one");
    row_must(smtpc_client_set_tls_version(client, SMTPC_TLS_1_3), "1.3");
    result = agree("TLS 1.3 required", client, SMTPC_ETLS, pool);
    tap_ok(strstr(smtpc_result_error(result),
                  "does not offer TLS 1.3, which the settings require")
               != NULL, "%s", smtpc_result_error(result));
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

/* Threads. */

enum { THREADS = 64, SENDS = 3 };

/** What the threads share. */
typedef struct crowd_t {
    row_t rows[2];
    peer_t *peers[2];
    apr_uint32_t wrong;
    apr_uint32_t sent;
    apr_uint32_t refused;
} crowd_t;

/** One of them. */
typedef struct member_t {
    crowd_t *crowd;
    int profile;
    pthread_t thread;
} member_t;

static void *run_member(void *data)
{
    member_t *member = data;
    crowd_t *crowd = member->crowd;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    for (i = 0; i < SENDS; i++) {
        int server = (member->profile + i) % 2;
        smtpc_client_t *client = row_client(&crowd->rows[member->profile],
                                            crowd->peers[server], env, pool);
        int good = server == member->profile;
        smtpc_result_t *result;
        apr_status_t rv;

        if (member->profile == 1) {
            row_must(smtpc_client_set_tls_version(client, SMTPC_TLS_1_3),
                     "version");
        }
        row_must(smtpc_client_set_timeout(client, apr_time_from_sec(100)),
                 "timeout");
        rv = mail_send(&result, client, "x@y.test", pool);
        if (rv != (good ? APR_SUCCESS : SMTPC_ETLS)) {
            apr_atomic_inc32(&crowd->wrong);
        }
        apr_atomic_inc32(good ? &crowd->sent : &crowd->refused);
        smtpc_client_dispose(client);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* Profile 0 trusts one CA and takes TLS 1.2, profile 1 another and takes
 * TLS 1.3 only; each goes to its own server, and to the other's. */
static void t16(apr_pool_t *pool)
{
    peer_cert_t old = { .names = "DNS:mail.test",
                        .max_version = TLS1_2_VERSION };
    peer_cert_t new = { .names = "DNS:mail.test" };
    peer_ca_t *other = peer_ca_create("Other CA", pool);
    row_t row = { .security = SMTPC_SECURITY_STARTTLS,
                  .verify_name = "mail.test", .ca_file = ca_file };
    member_t members[THREADS];
    peer_smtp_t smtps[2];
    crowd_t crowd = { .wrong = 0 };
    int i;

    tap_subtest_begin("T16: %d threads, two profiles", THREADS);
    crowd.rows[0] = row;
    crowd.rows[1] = row;
    crowd.rows[1].ca_file = peer_ca_file(other, pool);
    crowd.peers[0] = start_smtp(&smtps[0], &old, pool);
    peer_smtp_init(&smtps[1]);
    smtps[1].tls = peer_ca_server(other, &new, pool);
    crowd.peers[1] = peer_start(peer_smtp_serve, &smtps[1]);
    for (i = 0; i < THREADS; i++) {
        members[i].crowd = &crowd;
        members[i].profile = i % 2;
        if (pthread_create(&members[i].thread, NULL, run_member, &members[i])
            != 0) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(members[i].thread, NULL);
    }
    tap_is_int(crowd.wrong, 0, "each sees its own CA and version");
    tap_is_int(crowd.sent, THREADS * 2, "those that fit sent");
    tap_is_int(crowd.refused, THREADS, "the others did not");
    peer_stop(crowd.peers[0]);
    peer_stop(crowd.peers[1]);
    tap_subtest_end();
}

/* Streams that are cut. */

/* Cut in the middle of the reply to RCPT, or, with a baton, of the final
 * one. */
static void serve_cut(peer_conn_t *conn, void *baton)
{
    SSL_CTX **context = baton;
    char line[4096];
    int data = 0;

    if (!peer_tls(conn, context[0])) {
        return;
    }
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (data && strcmp(line, ".") != 0) {
            continue;
        }
        if (strcmp(line, ".") == 0
            || (!context[1] && strncmp(line, "RCPT", 4) == 0)) {
            (void)peer_send(conn, "250 2.1.5 fi", 12);
            peer_cut(conn);
            return;
        }
        data = strcmp(line, "DATA") == 0;
        (void)peer_say(conn, data ? "354 go" : "250 ok");
    }
}

static void run_cut(const char *id, peer_fn_t fn, void *baton,
                    apr_status_t status, smtpc_rcpt_state_e state,
                    apr_pool_t *pool)
{
    row_t row = { .security = SMTPC_SECURITY_IMPLICIT,
                  .verify_name = "mail.test", .ca_file = ca_file };
    peer_t *peer = peer_start(fn, baton);
    smtpc_client_t *client = row_client(&row, peer, env, pool);
    const smtpc_result_t *result;

    tap_subtest_begin("%s", id);
    result = agree("the mail", client, status, pool);
    tap_is_int(smtpc_result_recipient(result, 0)->state, state,
               "state of the recipient");
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed of");
    tap_ok(peer_quiet(peer), "the connection ended");
    peer_stop(peer);
    tap_subtest_end();
}

static void t17(apr_pool_t *pool)
{
    static const peer_answer_t after_dot[] = { { ".", "!cut" },
                                               { NULL, NULL } };
    static const peer_answer_t after_quit[] = { { "QUIT", "!cut" },
                                                { NULL, NULL } };
    peer_cert_t cert = { .names = "DNS:mail.test" };
    SSL_CTX *contexts[2] = { peer_ca_server(ca, &cert, pool), NULL };
    peer_smtp_t smtp;

    run_cut("T17: cut inside a reply", serve_cut, contexts, SMTPC_ECONNECT,
            SMTPC_RCPT_UNSENT, pool);
    contexts[1] = contexts[0];
    run_cut("T17: cut inside the final reply", serve_cut, contexts,
            SMTPC_EINDOUBT, SMTPC_RCPT_IN_DOUBT, pool);
    peer_smtp_init(&smtp);
    smtp.tls = contexts[0];
    smtp.implicit = 1;
    smtp.answers = after_dot;
    run_cut("T17: cut behind the final dot", peer_smtp_serve, &smtp,
            SMTPC_EINDOUBT, SMTPC_RCPT_IN_DOUBT, pool);
    smtp.answers = after_quit;
    run_cut("T17: cut behind QUIT", peer_smtp_serve, &smtp, APR_SUCCESS,
            SMTPC_RCPT_ACCEPTED, pool);
}

/* Ports of the wrong kind. */

static void serve_tls(peer_conn_t *conn, void *baton)
{
    if (peer_tls(conn, baton)) {
        (void)peer_say(conn, "220 peer");
    }
    peer_wait_end(conn);
}

static void t18(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test" };
    row_t row = { .id = "T18: plain SMTP on the port for TLS",
                  .security = SMTPC_SECURITY_IMPLICIT, .user = "web",
                  .verify_name = "mail.test", .ca_file = ca_file,
                  .status = SMTPC_ETLS };
    smtpc_client_t *client;
    const smtpc_result_t *result;
    apr_time_t began;
    peer_smtp_t smtp;
    peer_t *peer;

    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    row.said = apr_psprintf(pool, "mail.test speaks plain SMTP on port %d: "
                            "set security to starttls", peer_port(peer));
    row_run(&row, peer, env, pool);
    peer_stop(peer);

    tap_subtest_begin("T18: TLS on the port for STARTTLS");
    peer = peer_start(serve_tls, peer_ca_server(ca, &cert, pool));
    row.security = SMTPC_SECURITY_STARTTLS;
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_timeout(client, apr_time_from_msec(400)),
             "timeout");
    began = smtpc__monotonic();
    result = agree("no hang", client, SMTPC_ETIMEOUT, pool);
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(10), "in time");
    tap_ok(strstr(smtpc_result_error(result), "expects TLS from the first")
               != NULL, "%s", smtpc_result_error(result));
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

/* Sockets of other kinds: a proxy's, a Unix socket. */

/** First bytes that came. */
typedef struct first_t {
    unsigned char bytes[3];
    int proxy;
} first_t;

static void serve_first(peer_conn_t *conn, void *baton)
{
    first_t *first = baton;
    char line[1024] = "x";

    while (first->proxy && *line && peer_read_line(conn, line, sizeof(line))) {
    }
    if (first->proxy) {
        (void)peer_say(conn, "HTTP/1.1 200 go\r\n");
    }
    (void)peer_read(conn, first->bytes, sizeof(first->bytes));
}

static void *accept_one(void *data)
{
    first_t *first = ((void **)data)[0];
    int fd = accept(*(int *)((void **)data)[1], NULL, NULL);

    (void)!read(fd, first->bytes, sizeof(first->bytes));
    close(fd);
    return NULL;
}

static void check_first(const char *what, const first_t *first)
{
    tap_ok(first->bytes[0] == 0x16 && first->bytes[1] == 3,
           "%s: a ClientHello is the first that comes (%02x %02x)", what,
           first->bytes[0], first->bytes[1]);
}

static void t19(apr_pool_t *pool)
{
    row_t row = { .security = SMTPC_SECURITY_IMPLICIT };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    first_t first = { .proxy = 0 };
    peer_t *peer = peer_start(serve_first, &first);
    smtpc_client_t *client = row_client(&row, peer, env, pool);
    smtpc_result_t *result;
    void *arguments[2];
    pthread_t thread;
    const char *temp = "";
    char *dir;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    tap_subtest_begin("T19: TLS from the first byte, whatever the socket");
    tap_ok(mail_send(&result, client, "x@y.test", pool) != APR_SUCCESS,
           "TCP");
    smtpc_client_dispose(client);
    peer_stop(peer);
    check_first("TCP", &first);

    memset(&first, 0, sizeof(first));
    first.proxy = 1;
    peer = peer_start(serve_first, &first);
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_proxy(client, SMTPC_PROXY_HTTP, "127.0.0.1",
                                    peer_port(peer)), "proxy");
    row_must(smtpc_client_set_host(client, "mail.test"), "host");
    tap_ok(mail_send(&result, client, "x@y.test", pool) != APR_SUCCESS,
           "proxy");
    smtpc_client_dispose(client);
    tap_ok(peer_quiet(peer), "ended");
    check_first("proxy", &first);

    memset(&first, 0, sizeof(first));
    (void)apr_temp_dir_get(&temp, pool);
    dir = apr_pstrcat(pool, temp, "/tls-XXXXXX", NULL);
    if (!mkdtemp(dir)) {
        tap_bail("no folder");
    }
    apr_snprintf(address.sun_path, sizeof(address.sun_path), "%s/s", dir);
    arguments[0] = &first;
    arguments[1] = &fd;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0
        || listen(fd, 1) != 0
        || pthread_create(&thread, NULL, accept_one, arguments) != 0) {
        tap_bail("no Unix socket");
    }
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_unix_socket(client, address.sun_path), "path");
    tap_ok(mail_send(&result, client, "x@y.test", pool) != APR_SUCCESS,
           "Unix socket");
    pthread_join(thread, NULL);
    check_first("Unix socket", &first);
    smtpc_client_dispose(client);
    peer_stop(peer);
    close(fd);
    unlink(address.sun_path);
    rmdir(dir);
    tap_subtest_end();
}

/* Records without data, for ever. */

static void serve_tickets(peer_conn_t *conn, void *baton)
{
    char line[256];

    if (!peer_tls(conn, baton)) {
        return;
    }
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "MAIL", 4) == 0) {
            while (peer_ticket(conn)) {
            }
            return;
        }
        (void)peer_say(conn, "250 ok");
    }
}

static void records_without_data(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test",
                         .min_version = TLS1_3_VERSION };
    row_t row = { .security = SMTPC_SECURITY_IMPLICIT,
                  .verify_name = "mail.test", .ca_file = ca_file };
    peer_t *peer = peer_start(serve_tickets, peer_ca_server(ca, &cert, pool));
    smtpc_client_t *client = row_client(&row, peer, env, pool);
    apr_time_t began = smtpc__monotonic();

    tap_subtest_begin("T17: records without data, for ever");
    row_must(smtpc_client_set_timeout(client, apr_time_from_msec(500)),
             "timeout");
    (void)agree("the deadline holds", client, SMTPC_ETIMEOUT, pool);
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(20), "in time");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { t14, t15, settings, t16, t17, t18,
                                         records_without_data, t19 };
    apr_pool_t *pool;

    become_lax();
    pool = tap_pool();
    row_must(smtpc_env_create(&env, pool), "env");
    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    unlink(getenv(CONF));
    return tap_done();
}
