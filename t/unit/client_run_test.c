/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_run_test.c: which way a client's connections go, and which of them
 * it finds again.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "client/client_int.h"
#include "../support/batch.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

/* Profiles. */

static void test_profiles(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *first;
    peer_t *second;
    int i;

    tap_subtest_begin("a client that goes to and fro");
    peer_smtp_init(&smtp);
    first = peer_start(peer_smtp_serve, &smtp);
    second = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(first, env, pool);
    for (i = 0; i < 6; i++) {
        batch_must(smtpc_client_set_port(
                       client, peer_port(i % 2 ? second : first)), "port");
        tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
                   "message %d", i);
    }
    tap_is_int(peer_accepted(first), 1, "one connection");
    tap_is_int(peer_accepted(second), 1, "to each");
    tap_is_int(client->joined->nelts, 2, "two profiles");
    for (i = 0; i < SMTPC_LIMIT_CLIENT_PROFILES + 3; i++) {
        batch_must(smtpc_client_set_idle_timeout(
                       client, apr_time_from_sec(100 + i)), "another");
        batch_must(smtpc_client_connect(NULL, client, pool), "connect");
    }
    tap_is_int(client->joined->nelts, SMTPC_LIMIT_CLIENT_PROFILES,
               "no more than so many");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(first) && peer_quiet(second), "all ended");
    tap_is_int(peer_heard(first, "QUIT") + peer_heard(second, "QUIT"),
               peer_accepted(first) + peer_accepted(second), "with QUIT");
    peer_stop(first);
    peer_stop(second);
    tap_subtest_end();
}

/* Clients with the same settings share connections; the last one ends them. */
static void test_sharing(apr_pool_t *pool)
{
    smtpc_client_t *one;
    smtpc_client_t *two;
    smtpc_client_t *three;
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("clients share connections");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    one = mail_client(peer, env, pool);
    two = mail_client(peer, env, pool);
    three = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_hello_name(three, "other.test"), "name");
    batch_must(mail_send(&result, one, "a@a.test", pool), "one");
    batch_must(mail_send(&result, two, "a@a.test", pool), "two");
    tap_is_int(peer_accepted(peer), 1, "the same settings, the same one");
    batch_must(mail_send(&result, three, "a@a.test", pool), "three");
    tap_is_int(peer_accepted(peer), 2, "others, another");
    batch_must(smtpc_client_dispose(one), "dispose");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "somebody uses it still");
    batch_must(mail_send(&result, two, "a@a.test", pool), "two again");
    tap_is_int(peer_accepted(peer), 2, "it is still there");
    batch_must(smtpc_client_dispose(two), "dispose");
    batch_must(smtpc_client_dispose(three), "dispose");
    tap_ok(peer_quiet(peer), "all ended");
    tap_is_int(peer_heard(peer, "QUIT"), 2, "with QUIT");
    peer_stop(peer);
    tap_subtest_end();
}

/* Ways. */

static void test_unix(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("a Unix socket");
    peer_smtp_init(&smtp);
    peer = peer_start_unix(peer_smtp_serve, &smtp);
    batch_must(smtpc_client_create(&client, env, "mail.invalid", 25, pool),
               "client");
    batch_must(smtpc_client_set_unix_socket(client, peer_path(peer)),
               "socket");
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE),
               "security");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    tap_is_str(mail_error(result), "", "no name is looked up");
    tap_is_str(smtpc_result_host(result), "mail.invalid", "host");
    tap_ok(strstr(smtpc_result_peer(result), peer_path(peer)) != NULL,
           "peer: %s", smtpc_result_peer(result));
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(peer), "ended");
    tap_is_int(smtp.messages, 1, "one message");
    peer_stop(peer);
    tap_subtest_end();
}

/* A server that knows where its client comes from. */
typedef struct origin_t {
    peer_smtp_t smtp;
    char from[64];
} origin_t;

static void serve_origin(peer_conn_t *conn, void *baton)
{
    origin_t *origin = baton;

    peer_client(conn, origin->from, sizeof(origin->from));
    peer_smtp_serve(conn, &origin->smtp);
}

static void test_local(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result;
    origin_t origin;
    peer_t *peer;

    tap_subtest_begin("from an address of its own");
    peer_smtp_init(&origin.smtp);
    peer = peer_start(serve_origin, &origin);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_local_address(client, "127.0.0.9"), "local");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(peer), "ended");
    tap_is_str(origin.from, "127.0.0.9", "that is where it comes from");
    peer_stop(peer);
    tap_subtest_end();
}

/* Proxies that are the server, too. */

static int read_exactly(peer_conn_t *conn, unsigned char *data, size_t len)
{
    size_t got = 1;

    while (len > 0 && got > 0) {
        got = peer_read(conn, data, len);
        data += got;
        len -= got;
    }
    return len == 0;
}

static void serve_socks(peer_conn_t *conn, void *baton)
{
    unsigned char data[300];

    if (!read_exactly(conn, data, 3) || !peer_send(conn, "\5\0", 2)
        || !read_exactly(conn, data, 5)
        || !read_exactly(conn, data + 5, (size_t)data[4] + 2)
        || data[3] != 3 || memcmp(data + 5, "mail.test", 9) != 0
        || data[14] != 0 || data[15] != 26) {
        return;
    }
    (void)peer_send(conn, "\5\0\0\1\0\0\0\0\0\0", 10);
    peer_smtp_serve(conn, baton);
}

static void serve_http(peer_conn_t *conn, void *baton)
{
    char line[1024];

    while (peer_read_line(conn, line, sizeof(line)) && *line) {
        continue;
    }
    (void)peer_say(conn, "HTTP/1.1 200 OK\r\n");
    peer_smtp_serve(conn, baton);
}

static void test_proxies(apr_pool_t *pool)
{
    static const struct {
        smtpc_proxy_e kind;
        peer_fn_t serve;
    } cases[] = { { SMTPC_PROXY_SOCKS5, serve_socks },
                  { SMTPC_PROXY_HTTP, serve_http } };
    apr_size_t i;

    tap_subtest_begin("proxies");
    for (i = 0; i < 2; i++) {
        smtpc_client_t *client;
        smtpc_result_t *result = NULL;
        peer_smtp_t smtp;
        peer_t *peer;

        peer_smtp_init(&smtp);
        peer = peer_start(cases[i].serve, &smtp);
        batch_must(smtpc_client_create(&client, env, "mail.test", 26, pool),
                   "client");
        batch_must(smtpc_client_set_proxy(client, cases[i].kind, "127.0.0.1",
                                          peer_port(peer)), "proxy");
        tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
                   "proxy %d", (int)cases[i].kind);
        tap_is_str(mail_error(result), "", "nothing is wrong");
        tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
                   "again");
        tap_is_int(peer_accepted(peer), 1, "over the same connection");
        batch_must(smtpc_client_dispose(client), "dispose");
        tap_ok(peer_quiet(peer), "ended");
        tap_is_int(smtp.messages, 2, "two messages");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* What is said. */

static void test_mask(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("masked capabilities");
    peer_smtp_init(&smtp);
    smtp.extensions = "PIPELINING\nCHUNKING\nSIZE 100000";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_mask_capabilities(client, "CHUNKING SIZE"),
               "mask");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    tap_is_int(peer_heard(peer, "BDAT"), 0, "not in chunks");
    tap_is_int(peer_heard(peer, "DATA"), 1, "but by DATA");
    tap_is_int(peer_heard(peer, "MAIL FROM:<web@example.org> SIZE"), 0,
               "without a size");
    tap_is_str(smtpc_result_capabilities(result), "PIPELINING",
               "what is left");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_xclient(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "XCLIENT", "220 ok" },
                                             { NULL, NULL } };
    smtpc_xclient_t xclient = { .addr = "192.0.2.7", .name = "c.test" };
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("XCLIENT");
    peer_smtp_init(&smtp);
    smtp.extensions = "XCLIENT NAME ADDR PORT\nPIPELINING";
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_xclient(client, &xclient), "XCLIENT");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    tap_is_int(peer_heard(peer, "XCLIENT NAME=c.test ADDR=192.0.2.7"), 1,
               "said");
    tap_is_int(peer_heard(peer, "EHLO"), 2, "EHLO before and behind it");
    batch_must(smtpc_client_mask_capabilities(client, "XCLIENT"), "mask");
    tap_ok(mail_send(&result, client, "a@a.test", pool) != APR_SUCCESS,
           "a server that does not have it gets no mail");
    tap_is_int(peer_heard(peer, "MAIL"), 1, "not even MAIL");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    batch_must(smtpc_env_create(&env, pool), "env");
    test_profiles(pool);
    test_sharing(pool);
    test_unix(pool);
    test_local(pool);
    test_proxies(pool);
    test_mask(pool);
    test_xclient(pool);
    return tap_done();
}
