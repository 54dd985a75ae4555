/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial_test.c: look-up and connection, straight and to Unix sockets. The
 * resolver is replaced: what a test finds must not depend on the network.
 * Proxies are in dial_proxy_test.c.
 */

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "net/dial.h"
#include "../support/clock.h"
#include "../support/process.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

/* The resolver of this program: "slow.test" waits for the gate. */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_changed = PTHREAD_COND_INITIALIZER;
static int gate_open;

static struct addrinfo *make_address(const char *ip, struct addrinfo *next)
{
    struct addrinfo *made = calloc(1, sizeof(*made));
    struct sockaddr_in6 *in6 = calloc(1, sizeof(*in6));
    struct sockaddr_in *in = (struct sockaddr_in *)in6;

    made->ai_socktype = SOCK_STREAM;
    made->ai_addr = (struct sockaddr *)in6;
    made->ai_next = next;
    if (inet_pton(AF_INET6, ip, &in6->sin6_addr) == 1) {
        in6->sin6_family = AF_INET6;
        made->ai_family = AF_INET6;
        made->ai_addrlen = sizeof(*in6);
    }
    else {
        in->sin_family = AF_INET;
        made->ai_family = AF_INET;
        made->ai_addrlen = sizeof(*in);
        (void)inet_pton(AF_INET, ip, &in->sin_addr);
    }
    return made;
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    (void)service;
    (void)hints;
    if (strchr(node, ':') || strspn(node, "0123456789.") == strlen(node)) {
        *result = make_address(node, NULL);
        return 0;
    }
    if (strcmp(node, "none.test") == 0) {
        return EAI_NONAME;
    }
    if (strcmp(node, "slow.test") == 0) {
        pthread_mutex_lock(&gate);
        while (!gate_open) {
            pthread_cond_wait(&gate_changed, &gate);
        }
        pthread_mutex_unlock(&gate);
    }
    *result = make_address("127.0.0.1", make_address("127.0.0.2", NULL));
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* Listen at ip; *port is set. */
static int listen_at(const char *ip, int *port, int backlog)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    (void)inet_pton(AF_INET, ip, &address.sin_addr);
    if (bind(fd, (struct sockaddr *)&address, len) < 0
        || listen(fd, backlog) < 0
        || getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        tap_bail("cannot listen");
    }
    *port = ntohs(address.sin_port);
    return fd;
}

/* Fill the queue of a listener, so that it swallows packets. */
static void fill_queue(int *fillers, int count, const char *ip, int port)
{
    struct sockaddr_in address;
    int i;

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_port = htons((unsigned short)port);
    (void)inet_pton(AF_INET, ip, &address.sin_addr);
    for (i = 0; i < count; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(fillers[i], (struct sockaddr *)&address,
                      sizeof(address));
    }
}

/* A dial and what it comes to. */
typedef struct rig_t {
    smtpc_loop_t *loop;
    smtpc_dial_t *dial;
    smtpc_dial_target_t target;
    apr_pool_t *pool;
    int called;
    int cancel; /* in the callback */
} rig_t;

static void on_done(void *baton, smtpc_dial_t *dial)
{
    rig_t *rig = baton;

    rig->called++;
    if (rig->cancel) {
        smtpc__dial_cancel(dial);
    }
    smtpc__loop_stop(rig->loop);
}

static void make_rig(rig_t *rig, const char *host, int port,
                     apr_pool_t *parent)
{
    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, parent);
    if (smtpc__loop_create(&rig->loop, 4, rig->pool) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    rig->target.host = host;
    rig->target.port = port;
}

static apr_status_t begin(rig_t *rig, apr_interval_time_t time)
{
    return smtpc__dial_begin(&rig->dial, rig->loop, &rig->target,
                             smtpc__monotonic() + time, on_done, rig, env,
                             rig->pool);
}

/* Run it, and return what became of it. */
static apr_status_t run(rig_t *rig, apr_interval_time_t time)
{
    apr_status_t rv = begin(rig, time);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!rig->called && smtpc__loop_run(rig->loop) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    if (rig->called != 1) {
        tap_bail("called %d times", rig->called);
    }
    return smtpc__dial_status(rig->dial);
}

static void test_connected(apr_pool_t *pool)
{
    static const struct {
        const char *host;
        const char *listens;
    } cases[] = {
        { "127.0.0.1", "127.0.0.1" }, { "mail.test", "127.0.0.1" },
        { "mail.test", "127.0.0.2" }, { "localhost", "127.0.0.1" },
    };
    apr_size_t i;

    tap_subtest_begin("connected");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_time_t before = smtpc__monotonic();
        int port;
        int fd = listen_at(cases[i].listens, &port, 8);
        rig_t rig;

        make_rig(&rig, cases[i].host, port, pool);
        tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "to %s",
                   cases[i].host);
        tap_is_str(smtpc__tcp_peer(smtpc__dial_tcp(rig.dial)),
                   apr_psprintf(pool, "%s:%d", cases[i].listens, port),
                   "the address that listens");
        tap_ok(smtpc__dial_loopback(rig.dial), "stays here");
        tap_ok(smtpc__dial_resolved(rig.dial) >= before
                   && smtpc__dial_resolved(rig.dial) <= smtpc__monotonic(),
               "when the address was known");
        tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_CONNECT, "stage");
        tap_is_str(smtpc__dial_error(rig.dial), "", "no error");
        tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS,
                   "nothing is watched");
        close(fd);
        apr_pool_destroy(rig.pool);
    }
    tap_subtest_end();
}

static void test_lookup(apr_pool_t *pool)
{
    rig_t rig;

    tap_subtest_begin("look-up");
    make_rig(&rig, "none.test", 25, pool);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "no such host");
    tap_is_str(smtpc__dial_error(rig.dial), "cannot look up none.test: no "
               "such host: check its spelling", "the sentence");
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_RESOLVE, "stage");
    tap_is_int(smtpc__dial_resolved(rig.dial), 0, "no address known");
    tap_ok(smtpc__dial_tcp(rig.dial) == NULL, "no connection");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, "slow.test", 25, pool);
    tap_is_int(run(&rig, apr_time_from_msec(50)), SMTPC_ETIMEOUT,
               "DNS that does not answer");
    tap_ok(strstr(smtpc__dial_error(rig.dial),
                  "cannot look up slow.test: no answer within ") != NULL,
           "%s", smtpc__dial_error(rig.dial));
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_RESOLVE, "stage");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, "slow.test", 25, pool);
    tap_is_int(begin(&rig, apr_time_from_sec(3600)), APR_SUCCESS, "begun");
    clock_advance(apr_time_from_sec(30));
    tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS, "30 s later");
    tap_is_int(smtpc__dial_status(rig.dial), SMTPC_ETIMEOUT,
               "the same, with time left");
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

static void test_failures(apr_pool_t *pool)
{
    int fillers[4];
    int port;
    int fd = listen_at("127.0.0.1", &port, 0);
    rig_t rig;
    int i;

    tap_subtest_begin("no connection");
    close(fd);
    make_rig(&rig, "mail.test", port, pool);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "refused");
    tap_is_str(smtpc__dial_error(rig.dial),
               apr_psprintf(pool, "mail.test: cannot connect to 127.0.0.1:%d: "
                            "Connection refused; cannot connect to "
                            "127.0.0.2:%d: Connection refused", port, port),
               "the sentence");
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_CONNECT, "stage");
    tap_ok(!smtpc__dial_loopback(rig.dial), "nothing that could stay here");
    apr_pool_destroy(rig.pool);
    make_rig(&rig, "127.0.0.1", port, pool);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "refused");
    tap_is_str(smtpc__dial_error(rig.dial),
               apr_psprintf(pool, "cannot connect to 127.0.0.1:%d: Connection "
                            "refused", port), "an address is said once");
    apr_pool_destroy(rig.pool);

    fd = listen_at("127.0.0.1", &port, 0);
    fill_queue(fillers, 4, "127.0.0.1", port);
    make_rig(&rig, "127.0.0.1", port, pool);
    tap_is_int(run(&rig, apr_time_from_msec(100)), SMTPC_ETIMEOUT, "silent");
    tap_ok(strstr(smtpc__dial_error(rig.dial), "no answer within ") != NULL,
           "%s", smtpc__dial_error(rig.dial));
    tap_is_int(smtpc__dial_stage(rig.dial), SMTPC_DIAL_CONNECT, "stage");
    apr_pool_destroy(rig.pool);
    for (i = 0; i < 4; i++) {
        close(fillers[i]);
    }
    close(fd);
    tap_subtest_end();
}

static void test_local(apr_pool_t *pool)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);
    int port;
    int fd = listen_at("127.0.0.1", &port, 8);
    int accepted;
    rig_t rig;

    tap_subtest_begin("a local address");
    make_rig(&rig, "localhost", port, pool);
    rig.target.local_address = "127.0.0.77";
    tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "connected");
    accepted = accept(fd, (struct sockaddr *)&peer, &len);
    tap_is_int(ntohl(peer.sin_addr.s_addr), 0x7f00004d, "from there");
    close(accepted);
    close(fd);
    apr_pool_destroy(rig.pool);
    make_rig(&rig, "mail.test", port, pool);
    rig.target.local_address = "::1";
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "of another family");
    tap_is_str(smtpc__dial_error(rig.dial), "mail.test: no address of its "
               "can be reached from the local address ::1", "the sentence");
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

static void test_unix(apr_pool_t *pool)
{
    char folder[] = "/tmp/dial_test.XXXXXX";
    struct sockaddr_un address;
    const char *path;
    rig_t rig;
    int fd;

    tap_subtest_begin("a Unix socket");
    if (!mkdtemp(folder)) {
        tap_bail("no folder");
    }
    path = apr_pstrcat(pool, folder, "/socket", NULL);
    fd = socket(AF_UNIX, SOCK_STREAM, 0);
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0
        || listen(fd, 8) < 0) {
        tap_bail("cannot listen");
    }
    make_rig(&rig, "mail.test", 25, pool);
    rig.target.unix_path = path;
    rig.target.proxy = SMTPC_PROXY_SOCKS5;
    rig.target.proxy_host = "none.test";
    rig.target.proxy_port = 1080;
    tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "connected");
    tap_is_str(smtpc__tcp_peer(smtpc__dial_tcp(rig.dial)), path, "to it");
    tap_ok(smtpc__dial_loopback(rig.dial), "stays here");
    tap_is_int(smtpc__dial_resolved(rig.dial), 0, "no look-up");
    smtpc__dial_cancel(rig.dial);
    tap_ok(smtpc__dial_tcp(rig.dial) == NULL, "cancelled");
    apr_pool_destroy(rig.pool);
    close(fd);
    make_rig(&rig, NULL, 0, pool);
    rig.target.unix_path = path;
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "nobody there");
    tap_is_str(smtpc__dial_error(rig.dial),
               apr_psprintf(pool, "cannot connect to %s: Connection refused",
                            path), "the sentence");
    apr_pool_destroy(rig.pool);
    unlink(path);
    rmdir(folder);
    tap_subtest_end();
}

/* Stop it while it looks up (0), connects (1), when it is done (2), from the
 * callback (3); with the call, or by destroying the pool. */
static void cancel_at(int stage, int by_pool, apr_pool_t *pool)
{
    int fillers[4];
    int port;
    int fd = listen_at("127.0.0.1", &port, stage == 1 ? 0 : 8);
    int before;
    rig_t rig;
    int i;

    if (stage == 1) {
        fill_queue(fillers, 4, "127.0.0.1", port);
    }
    before = process_descriptors();
    make_rig(&rig, stage == 0 ? "slow.test" : "127.0.0.1", port, pool);
    rig.cancel = stage == 3;
    tap_is_int(begin(&rig, apr_time_from_sec(60)), APR_SUCCESS, "begun");
    if (stage >= 2) {
        if (!rig.called) {
            (void)!smtpc__loop_run(rig.loop);
        }
        tap_is_int(rig.called, 1, "done");
    }
    else {
        tap_is_int(smtpc__dial_status(rig.dial), APR_EAGAIN, "under way");
    }
    if (!by_pool) {
        smtpc__dial_cancel(rig.dial);
        smtpc__dial_cancel(rig.dial);
        tap_is_int(smtpc__dial_status(rig.dial), SMTPC_ECANCELLED,
                   "cancelled");
        tap_ok(smtpc__dial_tcp(rig.dial) == NULL, "no connection");
        tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS,
                   "nothing is watched");
    }
    apr_pool_destroy(rig.pool);
    tap_is_int(rig.called, stage >= 2, "done was not called again");
    /* The thread of the look-up keeps its own until the resolver answers. */
    tap_is_int(process_descriptors(), before + (stage == 0), "all is closed");
    if (stage == 1) {
        for (i = 0; i < 4; i++) {
            close(fillers[i]);
        }
    }
    close(fd);
}

static void test_cancel(apr_pool_t *pool)
{
    int stage;

    for (stage = 0; stage < 4; stage++) {
        tap_subtest_begin("cancelled, stage %d", stage);
        cancel_at(stage, 0, pool);
        tap_subtest_end();
        tap_subtest_begin("its pool destroyed, stage %d", stage);
        cancel_at(stage, 1, pool);
        tap_subtest_end();
    }
}

static void refuse(const char *what, const smtpc_dial_target_t *target,
                   apr_pool_t *pool)
{
    rig_t rig;

    make_rig(&rig, NULL, 0, pool);
    rig.target = *target;
    tap_is_int(begin(&rig, apr_time_from_sec(10)), SMTPC_EARG, "%s", what);
    tap_is_int(smtpc__dial_status(rig.dial), SMTPC_EARG, "status");
    tap_ok(smtpc__dial_error(rig.dial)[0] != '\0', "%s",
           smtpc__dial_error(rig.dial));
    smtpc__dial_cancel(rig.dial);
    tap_is_int(rig.called, 0, "done is not called");
    apr_pool_destroy(rig.pool);
}

static void test_arguments(apr_pool_t *pool)
{
    static const char *const bad[] = {
        "", " ", "mail test", "mail.test\r\nRCPT", "mail\n", "a\tb",
    };
    const smtpc_dial_target_t good = { .host = "mail.test", .port = 25 };
    smtpc_dial_target_t target;
    apr_size_t i;

    tap_subtest_begin("arguments");
    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        target = good;
        target.host = bad[i];
        refuse("host", &target, pool);
        target = good;
        target.proxy = SMTPC_PROXY_HTTP;
        target.proxy_port = 1;
        target.proxy_host = bad[i];
        refuse("proxy", &target, pool);
        target.proxy_host = "gw";
        target.proxy_user = bad[i];
        refuse("user", &target, pool);
        target = good;
        target.local_address = bad[i];
        refuse("local address", &target, pool);
    }
    target = good;
    target.host = NULL;
    refuse("no host", &target, pool);
    target = good;
    target.port = 65536;
    refuse("port", &target, pool);
    target = good;
    target.unix_path = "relative";
    refuse("path", &target, pool);
    target.unix_path = "/with\ncontrol";
    refuse("path", &target, pool);
    target = good;
    target.proxy = (smtpc_proxy_e)7;
    target.proxy_host = "gw";
    target.proxy_port = 1;
    refuse("kind", &target, pool);
    target.proxy = SMTPC_PROXY_SOCKS5;
    target.proxy_port = 0;
    refuse("proxy's port", &target, pool);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    test_connected(pool);
    test_lookup(pool);
    test_failures(pool);
    test_local(pool);
    test_unix(pool);
    test_cancel(pool);
    test_arguments(pool);
    /* Let the threads of the slow look-ups end. */
    pthread_mutex_lock(&gate);
    gate_open = 1;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate);
    return tap_done();
}
