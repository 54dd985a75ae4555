/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_test.c: TLS as a transport: bytes through it, the ways it ends, peers
 * that do not do TLS or do it badly.
 */

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "../support/peer.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static smtpc_env_t *env;
static peer_ca_t *ca;
static const char *ca_file;

static void wait_for(smtpc_transport_t *transport, apr_int16_t events)
{
    struct pollfd fd = { -1, (short)((events & APR_POLLIN ? POLLIN : 0)
                                     | (events & APR_POLLOUT ? POLLOUT : 0)),
                         0 };

    (void)apr_os_sock_get(&fd.fd, smtpc__transport_socket(transport));
    if (poll(&fd, 1, 10000) != 1) {
        tap_bail("nothing within 10 s");
    }
}

/* Connect and shake hands; *transport is set unless the connection fails. */
static apr_status_t secure(smtpc_tls_t **tls, smtpc_transport_t **transport,
                           peer_t *peer, const smtpc_tls_policy_t *policy,
                           apr_pool_t *pool)
{
    const char *why = "";
    apr_sockaddr_t *address;
    apr_int16_t events;
    smtpc_tcp_t *tcp;
    apr_status_t rv;

    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET,
                          (apr_port_t)peer_port(peer), 0, pool);
    rv = smtpc__tcp_connect(&tcp, address, NULL, pool);
    while (APR_STATUS_IS_EAGAIN(rv)) {
        wait_for(smtpc__tcp_transport(tcp), APR_POLLOUT);
        rv = smtpc__tcp_connected(tcp);
    }
    if (rv != APR_SUCCESS
        || smtpc__tls_create(tls, &why, smtpc__tcp_transport(tcp), policy, env,
                             pool) != APR_SUCCESS) {
        tap_bail("no connection %s", why);
    }
    *transport = smtpc__tls_transport(*tls);
    /* Whatever others left in the thread's queue is not ours. */
    ERR_raise(ERR_LIB_SSL, SSL_R_BAD_LENGTH);
    while (APR_STATUS_IS_EAGAIN(rv = smtpc__tls_handshake(*tls, &events))) {
        wait_for(*transport, events);
    }
    return rv;
}

static apr_status_t read_some(smtpc_transport_t *transport, char *buf,
                              apr_size_t *len)
{
    apr_size_t size = *len;
    apr_status_t rv;

    for (;;) {
        *len = size;
        rv = smtpc__transport_read(transport, buf, len);
        if (!APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        wait_for(transport, smtpc__transport_events(transport, APR_POLLIN));
    }
}

/* What a server of threads does. */
typedef struct serve_t {
    SSL_CTX *context;
    const char *greeting; /* in clear text, NULL: TLS */
    int cut;              /* end without close_notify */
    int version;          /* seen by the server */
    const char *sni;
    unsigned long sum;    /* of the bytes that came */
    unsigned long long bytes;
} serve_t;

static void serve(peer_conn_t *conn, void *baton)
{
    serve_t *s = baton;
    char line[256];

    if (s->greeting) {
        (void)peer_say(conn, "%s", s->greeting);
        peer_wait_end(conn);
        return;
    }
    if (!peer_tls(conn, s->context)) {
        return;
    }
    while (peer_read_line(conn, line, sizeof(line))
           && strcmp(line, "end") != 0) {
        (void)peer_say(conn, "%s", line);
    }
    if (s->cut) {
        peer_cut(conn);
    }
}

static void test_stream(int version, apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test", .max_version = version };
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    serve_t s = { .context = peer_ca_server(ca, &cert, pool) };
    peer_t *peer = peer_start(serve, &s);
    smtpc_transport_t *t;
    smtpc_tls_facts_t facts;
    smtpc_tls_t *tls;
    char buf[64];
    apr_size_t len;
    apr_status_t rv;

    tap_subtest_begin("a stream, %s",
                      version == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3");
    rv = secure(&tls, &t, peer, &policy, pool);
    tap_is_int(rv, APR_SUCCESS,
               "handshake: %s", smtpc__transport_error(t));
    smtpc__tls_facts(&facts, tls);
    tap_is_str(facts.protocol,
               version == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3", "protocol");
    tap_ok(facts.cipher[0] != '\0', "cipher %s", facts.cipher);
    tap_ok(facts.verified, "verified");
    len = sizeof(buf);
    tap_ok(APR_STATUS_IS_EAGAIN(smtpc__transport_read(t, buf, &len)),
           "nothing there");
    len = 7;
    tap_is_int(smtpc__transport_write(t, "hello\r\n", &len), APR_SUCCESS,
               "write");
    tap_is_int(len, 7, "all");
    len = 2;
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read two");
    tap_is_mem(buf, len, "he", 2, "the first two");
    tap_ok(smtpc__transport_pending(t), "the rest waits inside");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read on");
    tap_is_mem(buf, len, "llo\r\n", 5, "the rest");
    tap_ok(!smtpc__transport_pending(t), "nothing inside any more");
    len = 5;
    tap_is_int(smtpc__transport_write(t, "end\r\n", &len), APR_SUCCESS, "end");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_EOF, "ended properly");
    smtpc__transport_close(t, 1);
    smtpc__transport_close(t, 0);
    len = 1;
    tap_ok(smtpc__transport_read(t, buf, &len) != APR_SUCCESS, "closed");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_cut(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test" };
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    serve_t s = { .context = peer_ca_server(ca, &cert, pool), .cut = 1 };
    peer_t *peer = peer_start(serve, &s);
    smtpc_transport_t *t;
    smtpc_tls_t *tls;
    char buf[64];
    apr_size_t len = 5;

    tap_subtest_begin("an end without close_notify");
    tap_is_int(secure(&tls, &t, peer, &policy, pool), APR_SUCCESS,
               "handshake");
    tap_is_int(smtpc__transport_write(t, "end\r\n", &len), APR_SUCCESS, "end");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), SMTPC_ECONNECT, "is no end");
    tap_ok(strstr(smtpc__transport_error(t), "close_notify") != NULL, "%s",
           smtpc__transport_error(t));
    len = sizeof(buf);
    tap_is_int(smtpc__transport_read(t, buf, &len), SMTPC_ECONNECT,
               "and stays so");
    peer_stop(peer);
    tap_subtest_end();
}

/* Many bytes against a reader that is slower: nothing is lost, and no more
 * is taken than a buffer. */

static void serve_sum(peer_conn_t *conn, void *baton)
{
    static const char done[] = "done\r\n";
    serve_t *s = baton;
    unsigned char buf[4096];
    size_t got;

    if (!peer_tls(conn, s->context)) {
        return;
    }
    while (s->bytes < 8 * 1024 * 1024
           && (got = peer_read(conn, buf, sizeof(buf))) > 0) {
        for (size_t i = 0; i < got; i++) {
            s->sum = s->sum * 31 + buf[i];
        }
        s->bytes += got;
    }
    (void)peer_send(conn, done, sizeof(done) - 1);
    peer_wait_end(conn);
}

static void test_much(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test" };
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    serve_t s = { .context = peer_ca_server(ca, &cert, pool) };
    peer_t *peer = peer_start(serve_sum, &s);
    smtpc_transport_t *t;
    smtpc_tls_t *tls;
    unsigned char *data = apr_palloc(pool, 8 * 1024 * 1024);
    apr_size_t sent = 0;
    apr_size_t most = 0;
    unsigned long sum = 0;
    int waits = 0;
    int small = 4096;
    int fd = -1;
    char buf[16];
    apr_size_t len;

    tap_subtest_begin("8 MiB");
    for (apr_size_t i = 0; i < 8 * 1024 * 1024; i++) {
        data[i] = (unsigned char)(i * 7 + (i >> 10));
        sum = sum * 31 + data[i];
    }
    tap_is_int(secure(&tls, &t, peer, &policy, pool), APR_SUCCESS,
               "handshake");
    (void)apr_os_sock_get(&fd, smtpc__transport_socket(t));
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &small, sizeof(small));
    while (sent < 8 * 1024 * 1024) {
        apr_status_t rv;

        len = 8 * 1024 * 1024 - sent;
        rv = smtpc__transport_write(t, (char *)data + sent, &len);
        if (APR_STATUS_IS_EAGAIN(rv)) {
            apr_int16_t events = smtpc__transport_events(t, APR_POLLOUT);

            waits++;
            if (!(events & APR_POLLOUT)) {
                break;
            }
            wait_for(t, events);
            continue;
        }
        if (rv != APR_SUCCESS) {
            break;
        }
        most = len > most ? len : most;
        sent += len;
    }
    tap_is_int(sent, 8 * 1024 * 1024, "all written");
    tap_ok(most <= SMTPC_LIMIT_OUTPUT_BUFFER, "at most %lu at a time",
           (unsigned long)most);
    tap_ok(waits > 0, "the writer was told to wait (%d times)", waits);
    /* What is still inside goes out with the read. */
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "answered");
    tap_is_mem(buf, len, "done\r\n", 6, "when all had come");
    tap_ok(s.sum == sum, "the same bytes");
    smtpc__transport_close(t, 1);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_not_tls(apr_pool_t *pool)
{
    static const struct {
        const char *greeting;
        apr_status_t status;
        const char *reason;
    } cases[] = {
        { "220 mail.test ESMTP", SMTPC_ETLS, "plain SMTP" },
        { "554 no", SMTPC_ETLS, "plain SMTP" },
        { "HTTP/1.1 400 Bad Request", SMTPC_ETLS, "not TLS" },
    };
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    apr_size_t i;

    tap_subtest_begin("peers that do not do TLS");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        serve_t s = { .greeting = cases[i].greeting };
        peer_t *peer = peer_start(serve, &s);
        smtpc_transport_t *t;
        smtpc_tls_t *tls;
        const char *why;

        tap_is_int(secure(&tls, &t, peer, &policy, pool), cases[i].status,
                   "%s", cases[i].greeting);
        why = smtpc__transport_error(t);
        tap_ok(strstr(why, cases[i].reason) && strstr(why, "mail.test"), "%s",
               why);
        tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
        peer_stop(peer);
    }
    tap_subtest_end();
}

static void serve_close(peer_conn_t *conn, void *baton)
{
    char byte;

    (void)baton;
    (void)peer_read(conn, &byte, 1);
}

static void test_bad_peers(apr_pool_t *pool)
{
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    peer_cert_t old = { .names = "DNS:mail.test",
                        .max_version = TLS1_1_VERSION };
    peer_cert_t asks = { .names = "DNS:mail.test", .ask_client = 1 };
    peer_cert_t client = { .usage = "clientAuth" };
    serve_t s = { .context = peer_ca_server(ca, &old, pool) };
    smtpc_transport_t *t;
    smtpc_tls_t *tls;
    peer_t *peer;
    char buf[16];
    apr_size_t len;
    apr_status_t rv;

    tap_subtest_begin("peers that do it badly");
    peer = peer_start(serve, &s);
    tap_is_int(secure(&tls, &t, peer, &policy, pool), SMTPC_ETLS, "TLS 1.1");
    tap_ok(strstr(smtpc__transport_error(t), "TLS 1.2") != NULL, "%s",
           smtpc__transport_error(t));
    peer_stop(peer);

    peer = peer_start(serve_close, NULL);
    rv = secure(&tls, &t, peer, &policy, pool);
    tap_is_int(rv, SMTPC_ECONNECT,
               "closes: %s", smtpc__transport_error(t));
    peer_stop(peer);

    s.context = peer_ca_server(ca, &asks, pool);
    peer = peer_start(serve, &s);
    rv = secure(&tls, &t, peer, &policy, pool);
    if (rv == APR_SUCCESS) {
        /* With TLS 1.3 the refusal comes behind the handshake. */
        len = sizeof(buf);
        rv = read_some(t, buf, &len);
    }
    tap_is_int(rv, SMTPC_ETLS, "wants a client certificate");
    tap_ok(strstr(smtpc__transport_error(t), "client certificate") != NULL,
           "%s", smtpc__transport_error(t));
    policy.certificate = peer_ca_client_file(ca, &client, pool);
    policy.key = "with certificate";
    tap_is_int(secure(&tls, &t, peer, &policy, pool), APR_SUCCESS,
               "gets one");
    len = 7;
    (void)!smtpc__transport_write(t, "hello\r\n", &len);
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "and is content");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    test_stream(TLS1_2_VERSION, pool);
    test_stream(TLS1_3_VERSION, pool);
    test_cut(pool);
    test_much(pool);
    test_not_tls(pool);
    test_bad_peers(pool);
    return tap_done();
}
