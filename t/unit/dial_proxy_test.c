/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial_proxy_test.c: through proxies of threads. What they are told byte by
 * byte is in tunnel_test.c; here it is the whole way, the ways it ends, and
 * that a password is in no sentence.
 */

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "net/dial.h"
#include "../support/clock.h"
#include "../support/peer.h"
#include "../tap/tap.h"

/** A string with NULs in it, and its length. */
#define BYTES(text) text, sizeof(text) - 1

static smtpc_env_t *env;
static char logged[16384];

static void take_log(void *baton, smtpc_log_level_e level, const char *text)
{
    apr_size_t len = strlen(logged);

    (void)baton;
    (void)level;
    apr_snprintf(logged + len, sizeof(logged) - len, "%s\n", text);
}

/* A proxy: how much it waits for, and what it says then. */
typedef struct turn_t {
    size_t wait; /* bytes; 0: the empty line of HTTP */
    const char *say;
    size_t say_len;
} turn_t;

/* How it goes on behind its last turn. */
typedef enum { STAYS, CLOSES, RESETS } end_e;

typedef struct proxy_t {
    const char *name;
    smtpc_proxy_e kind;
    const char *user;
    const char *password;
    turn_t turns[4];
    end_e end;
    int slowly; /* each byte a packet */
    apr_status_t status;
    const char *error; /* "@" is the proxy */
} proxy_t;

static const char greeting[] = "220 mail.test ESMTP\r\n";

static const proxy_t proxies[] = {
    { "SOCKS", SMTPC_PROXY_SOCKS5, NULL, NULL,
      { { 3, BYTES("\5\0") },
        { 16, BYTES("\5\0\0\1\0\0\0\0\0\0" "220 mail.test ESMTP\r\n") } },
      STAYS, 0, APR_SUCCESS, "" },
    { "SOCKS, slow", SMTPC_PROXY_SOCKS5, "ann", "s3cret",
      { { 4, BYTES("\5\2") }, { 12, BYTES("\1\0") },
        { 16, BYTES("\5\0\0\3\4name\0\0" "220 mail.test ESMTP\r\n") } },
      STAYS, 1, APR_SUCCESS, "" },
    { "SOCKS, wrong password", SMTPC_PROXY_SOCKS5, "ann", "s3cret",
      { { 4, BYTES("\5\2") }, { 12, BYTES("\1\1") } },
      CLOSES, 0, SMTPC_EAUTH,
      "the proxy @ does not accept the user name and password for it" },
    { "SOCKS, refused", SMTPC_PROXY_SOCKS5, NULL, NULL,
      { { 3, BYTES("\5\0") }, { 16, BYTES("\5\5\0\1\0\0\0\0\0\0") } },
      CLOSES, 0, SMTPC_ECONNECT,
      "the proxy @ refused to connect to mail.test:25: connection refused by "
      "destination host" },
    { "SOCKS, garbage", SMTPC_PROXY_SOCKS5, NULL, NULL,
      { { 3, BYTES("220 mail.test ESMTP\r\n") } },
      STAYS, 0, SMTPC_ECONNECT,
      "the proxy @ does not speak SOCKS 5: check its port and kind" },
    { "SOCKS, closed early", SMTPC_PROXY_SOCKS5, NULL, NULL,
      { { 3, BYTES("\5\0") }, { 16, BYTES("\5\0\0") } },
      CLOSES, 0, SMTPC_ECONNECT,
      "the proxy @ closed the connection before it had connected to "
      "mail.test:25" },
    { "SOCKS, reset", SMTPC_PROXY_SOCKS5, NULL, NULL,
      { { 3, BYTES("\5") } },
      RESETS, 0, SMTPC_ECONNECT,
      "the proxy @: lost the connection to @: Connection reset by peer" },
    { "HTTP", SMTPC_PROXY_HTTP, NULL, NULL,
      { { 0, BYTES("HTTP/1.1 200 OK\r\n\r\n" "220 mail.test ESMTP\r\n") } },
      STAYS, 0, APR_SUCCESS, "" },
    { "HTTP, slow", SMTPC_PROXY_HTTP, "ann", "s3cret",
      { { 0, BYTES("HTTP/1.1 200 OK\r\nA: b\r\n\r\n"
                   "220 mail.test ESMTP\r\n") } },
      STAYS, 1, APR_SUCCESS, "" },
    { "HTTP, wrong password", SMTPC_PROXY_HTTP, "ann", "s3cret",
      { { 0, BYTES("HTTP/1.1 407 ann:s3cret is wrong\r\n\r\n") } },
      CLOSES, 0, SMTPC_EAUTH,
      "the proxy @ does not accept the user name and password for it" },
    { "HTTP, refused, the password repeated", SMTPC_PROXY_HTTP, "ann",
      "s3cret",
      { { 0, BYTES("HTTP/1.1 403 YW5uOnMzY3JldA== s3cret\r\n\r\n") } },
      CLOSES, 0, SMTPC_ECONNECT,
      "the proxy @ refused to connect to mail.test:25: status 403" },
    { "HTTP, garbage", SMTPC_PROXY_HTTP, NULL, NULL,
      { { 0, BYTES("\5\0\0\1\0\0\0\0\0\0") } },
      STAYS, 0, SMTPC_ECONNECT,
      "the proxy @ does not speak HTTP: check its port and kind" },
    { "HTTP, closed early", SMTPC_PROXY_HTTP, NULL, NULL,
      { { 0, BYTES("HTTP/1.1 200 OK\r\n") } },
      CLOSES, 0, SMTPC_ECONNECT,
      "the proxy @ closed the connection before it had connected to "
      "mail.test:25" },
};

static int read_all(peer_conn_t *conn, size_t len)
{
    char line[1024];
    size_t got = 1;

    if (len == 0) {
        while (peer_read_line(conn, line, sizeof(line)) && line[0] != '\0') {
        }
        return 1;
    }
    while (len > 0 && got > 0) {
        got = peer_read(conn, line, len);
        len -= got;
    }
    return len == 0;
}

/* peer_fn_t */
static void serve(peer_conn_t *conn, void *baton)
{
    const proxy_t *proxy = baton;
    const turn_t *turn;
    size_t i;

    for (turn = proxy->turns; turn->say; turn++) {
        if (!read_all(conn, turn->wait)) {
            return;
        }
        for (i = 0; proxy->slowly && i < turn->say_len; i++) {
            (void)peer_send(conn, turn->say + i, 1);
        }
        if (!proxy->slowly) {
            (void)peer_send(conn, turn->say, turn->say_len);
        }
    }
    if (proxy->end == RESETS) {
        peer_reset(conn);
    }
    else if (proxy->end == STAYS) {
        peer_wait_end(conn);
    }
}

/* A dial and what it comes to. */
typedef struct rig_t {
    smtpc_loop_t *loop;
    smtpc_dial_t *dial;
    smtpc_dial_target_t target;
    apr_pool_t *pool;
    int called;
    char got[64]; /* from the server behind the proxy */
    apr_size_t got_len;
    smtpc_watch_t *watch;
} rig_t;

static void on_done(void *baton, smtpc_dial_t *dial)
{
    rig_t *rig = baton;

    (void)dial;
    rig->called++;
    smtpc__loop_stop(rig->loop);
}

static void make_rig(rig_t *rig, smtpc_proxy_e kind, int port,
                     apr_pool_t *parent)
{
    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, parent);
    if (smtpc__loop_create(&rig->loop, 4, rig->pool) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    rig->target.host = "mail.test";
    rig->target.port = 25;
    rig->target.proxy = kind;
    rig->target.proxy_host = "127.0.0.1";
    rig->target.proxy_port = port;
    logged[0] = '\0';
}

static void begin(rig_t *rig, apr_interval_time_t time)
{
    if (smtpc__dial_begin(&rig->dial, rig->loop, &rig->target,
                          smtpc__monotonic() + time, on_done, rig, env,
                          rig->pool) != APR_SUCCESS) {
        tap_bail("%s", smtpc__dial_error(rig->dial));
    }
}

static apr_status_t run(rig_t *rig, apr_interval_time_t time)
{
    begin(rig, time);
    if (!rig->called && smtpc__loop_run(rig->loop) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    return smtpc__dial_status(rig->dial);
}

/* smtpc_loop_fn_t: read until the greeting is there. */
static void on_greeting(void *baton, smtpc_loop_event_e event)
{
    rig_t *rig = baton;
    apr_size_t len = sizeof(rig->got) - rig->got_len;
    apr_status_t rv;

    rv = smtpc__transport_read(
        smtpc__tcp_transport(smtpc__dial_tcp(rig->dial)),
        rig->got + rig->got_len, &len);
    if (rv == APR_SUCCESS) {
        rig->got_len += len;
    }
    if (event == SMTPC_LOOP_TIMEOUT || rig->got_len >= sizeof(greeting) - 1
        || (rv != APR_SUCCESS && !APR_STATUS_IS_EAGAIN(rv))) {
        smtpc__loop_stop(rig->loop);
    }
}

static void check_greeting(rig_t *rig)
{
    smtpc_transport_t *t = smtpc__tcp_transport(smtpc__dial_tcp(rig->dial));

    if (smtpc__watch_create(&rig->watch, rig->loop, on_greeting, rig,
                            rig->pool) != APR_SUCCESS
        || smtpc__watch_socket(rig->watch, smtpc__transport_socket(t),
                               APR_POLLIN) != APR_SUCCESS) {
        tap_bail("no watch");
    }
    smtpc__watch_deadline(rig->watch, smtpc__monotonic()
                                          + apr_time_from_sec(10));
    (void)!smtpc__loop_run(rig->loop);
    tap_is_mem(rig->got, rig->got_len, greeting, sizeof(greeting) - 1,
               "the server's greeting is whole");
}

/* text with name for each "@". */
static const char *with_name(const char *text, const char *name,
                             apr_pool_t *pool)
{
    const char *made = "";
    const char *at;

    while ((at = strchr(text, '@')) != NULL) {
        made = apr_pstrcat(pool, made,
                           apr_pstrmemdup(pool, text, (apr_size_t)(at - text)),
                           name, NULL);
        text = at + 1;
    }
    return apr_pstrcat(pool, made, text, NULL);
}

static void test_proxy(const proxy_t *proxy, apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve, (void *)proxy);
    const char *name = apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer));
    const char *secret = proxy->password ? proxy->password : "\n\n";
    smtpc_secret_t *loaded = NULL;
    rig_t rig;

    tap_subtest_begin("%s", proxy->name);
    make_rig(&rig, proxy->kind, peer_port(peer), pool);
    rig.target.proxy_user = proxy->user;
    if (proxy->password
        && smtpc_secret_load(&loaded, NULL, proxy->password, rig.pool)
               != APR_SUCCESS) {
        tap_bail("no secret");
    }
    rig.target.proxy_secret = loaded;
    tap_is_int(run(&rig, apr_time_from_sec(10)), proxy->status, "status");
    tap_is_int(rig.called, 1, "done called");
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_PROXY, "stage");
    tap_is_str(smtpc__dial_error(rig.dial),
               with_name(proxy->error, name, pool), "the sentence");
    tap_ok(!smtpc__dial_loopback(rig.dial), "does not stay here");
    tap_ok(!strstr(logged, secret) && !strstr(logged, "YW5u")
               && !strstr(smtpc__dial_error(rig.dial), secret),
           "the password is nowhere");
    if (proxy->status == APR_SUCCESS) {
        check_greeting(&rig);
    }
    else {
        tap_ok(smtpc__dial_tcp(rig.dial) == NULL, "no connection");
        tap_ok(peer_quiet(peer), "it is closed");
    }
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* A proxy that takes the request and says nothing more. */
static const proxy_t silent = {
    "silent", SMTPC_PROXY_SOCKS5, NULL, NULL,
    { { 3, BYTES("\5\0") }, { 16, BYTES("\5") } }, STAYS, 0, SMTPC_ETIMEOUT,
    ""
};

static void put_forward(void *baton, smtpc_loop_event_e event)
{
    (void)event;
    clock_advance(apr_time_from_sec(*(time_t *)baton));
}

static void test_silent(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve, (void *)&silent);
    time_t ahead = 31;
    smtpc_watch_t *watch;
    rig_t rig;

    tap_subtest_begin("a silent proxy");
    make_rig(&rig, SMTPC_PROXY_SOCKS5, peer_port(peer), pool);
    tap_is_int(run(&rig, apr_time_from_msec(100)), SMTPC_ETIMEOUT,
               "the deadline");
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_PROXY, "stage");
    tap_ok(strstr(smtpc__dial_error(rig.dial),
                  apr_psprintf(pool, "the proxy 127.0.0.1:%d did not connect "
                               "to mail.test within ", peer_port(peer)))
               != NULL, "%s", smtpc__dial_error(rig.dial));
    apr_pool_destroy(rig.pool);

    make_rig(&rig, SMTPC_PROXY_SOCKS5, peer_port(peer), pool);
    if (smtpc__watch_create(&watch, rig.loop, put_forward, &ahead, rig.pool)
        != APR_SUCCESS) {
        tap_bail("no watch");
    }
    smtpc__watch_deadline(watch, smtpc__monotonic()
                                     + apr_time_from_msec(50));
    tap_is_int(run(&rig, apr_time_from_sec(3600)), SMTPC_ETIMEOUT,
               "its own limit");
    tap_ok(strstr(smtpc__dial_error(rig.dial), "within 31 s") != NULL, "%s",
           smtpc__dial_error(rig.dial));
    apr_pool_destroy(rig.pool);

    make_rig(&rig, SMTPC_PROXY_SOCKS5, peer_port(peer), pool);
    begin(&rig, apr_time_from_sec(60));
    smtpc__dial_cancel(rig.dial);
    tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS, "cancelled");
    tap_is_int(rig.called, 0, "done is not called");
    tap_ok(peer_quiet(peer), "all is closed");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_no_proxy(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve, (void *)&silent);
    int port = peer_port(peer);
    rig_t rig;

    tap_subtest_begin("no proxy there");
    peer_stop(peer);
    make_rig(&rig, SMTPC_PROXY_HTTP, port, pool);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "status");
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_CONNECT, "stage");
    tap_is_str(smtpc__dial_error(rig.dial),
               apr_psprintf(pool, "no connection to the proxy 127.0.0.1:%d: "
                            "cannot connect to 127.0.0.1:%d: Connection "
                            "refused", port, port), "the sentence");
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_size_t i;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    smtpc_env_set_log(env, SMTPC_LOG_TRACE, take_log, NULL);
    for (i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++) {
        test_proxy(&proxies[i], pool);
    }
    test_silent(pool);
    test_no_proxy(pool);
    return tap_done();
}
