/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race_test.c: several addresses at a time. Those that swallow packets are
 * played by sockets whose queue of connections is full.
 */

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "net/race.h"
#include "../support/clock.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** Connections that fill a queue; the system takes one or two. */
#define FILLERS 4

static smtpc_env_t *env;

/* A server of one address. */
typedef struct server_t {
    int fd;
    int fillers[FILLERS];
    apr_sockaddr_t *address;
} server_t;

static void fill_queue(server_t *server)
{
    int i;

    for (i = 0; i < FILLERS; i++) {
        server->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(server->fillers[i],
                      (const struct sockaddr *)&server->address->sa,
                      server->address->salen);
    }
}

/* Listen at a port that the system chooses. */
static void start(server_t *server, const char *ip, int answers,
                  apr_pool_t *pool)
{
    struct sockaddr_storage mine;
    socklen_t len = sizeof(mine);
    int family = strchr(ip, ':') ? APR_INET6 : APR_INET;

    memset(server, 0, sizeof(*server));
    if (apr_sockaddr_info_get(&server->address, ip, family, 0, 0, pool)
            != APR_SUCCESS
        || (server->fd = socket(family, SOCK_STREAM, 0)) < 0
        || bind(server->fd, (const struct sockaddr *)&server->address->sa,
                server->address->salen) < 0
        || listen(server->fd, answers ? 8 : 0) < 0
        || getsockname(server->fd, (struct sockaddr *)&mine, &len) < 0) {
        tap_bail("no server at %s", ip);
    }
    memcpy(&server->address->sa, &mine, len);
    server->address->port = ntohs(server->address->sa.sin.sin_port);
    if (!answers) {
        fill_queue(server);
    }
}

static void stop(server_t *server)
{
    int i;

    for (i = 0; i < FILLERS; i++) {
        if (server->fillers[i] > 0) {
            close(server->fillers[i]);
        }
    }
    if (server->fd >= 0) {
        close(server->fd);
    }
}

/* Nobody there: a port that was just given back. */
static apr_sockaddr_t *refusing(const char *ip, apr_pool_t *pool)
{
    server_t server;

    start(&server, ip, 1, pool);
    close(server.fd);
    return server.address;
}

/* A race and what it comes to. */
typedef struct rig_t {
    smtpc_loop_t *loop;
    smtpc_race_t *race;
    smtpc_race_opts_t opts;
    apr_array_header_t *addresses;
    apr_pool_t *pool;
    apr_time_t began;
    apr_interval_time_t took;
    int called;
} rig_t;

static void on_done(void *baton, smtpc_race_t *race)
{
    rig_t *rig = baton;

    (void)race;
    rig->called++;
    rig->took = smtpc__monotonic() - rig->began;
    smtpc__loop_stop(rig->loop);
}

static void make_rig(rig_t *rig, apr_uint32_t sockets, apr_pool_t *parent)
{
    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, parent);
    if (smtpc__loop_create(&rig->loop, sockets, rig->pool) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    rig->addresses = apr_array_make(rig->pool, 4, sizeof(apr_sockaddr_t *));
    rig->opts.addresses = rig->addresses;
    rig->opts.done = on_done;
    rig->opts.baton = rig;
}

static void add(rig_t *rig, apr_sockaddr_t *address)
{
    APR_ARRAY_PUSH(rig->addresses, apr_sockaddr_t *) = address;
}

static void begin(rig_t *rig, apr_interval_time_t time)
{
    rig->began = smtpc__monotonic();
    rig->opts.deadline = rig->began + time;
    if (smtpc__race_begin(&rig->race, rig->loop, &rig->opts, env, rig->pool)
        != APR_SUCCESS) {
        tap_bail("no race");
    }
}

/* Run it, and return what became of it. */
static apr_status_t run(rig_t *rig, apr_interval_time_t time)
{
    begin(rig, time);
    if (!rig->called && smtpc__loop_run(rig->loop) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    return smtpc__race_status(rig->race);
}

static const char *name_of(const server_t *server, apr_pool_t *pool)
{
    char ip[64];

    apr_sockaddr_ip_getbuf(ip, sizeof(ip), server->address);
    return apr_psprintf(pool, strchr(ip, ':') ? "[%s]:%d" : "%s:%d", ip,
                        server->address->port);
}

static void test_first(apr_pool_t *pool)
{
    server_t good;
    rig_t rig;

    tap_subtest_begin("the first one answers");
    start(&good, "127.0.0.1", 1, pool);
    make_rig(&rig, 4, pool);
    add(&rig, good.address);
    add(&rig, refusing("127.0.0.2", pool));
    tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "connected");
    tap_is_int(rig.called, 1, "done called");
    tap_is_str(smtpc__tcp_peer(smtpc__race_tcp(rig.race)),
               name_of(&good, pool), "to the first");
    tap_is_str(smtpc__race_error(rig.race), "", "nothing failed");
    tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS, "nothing is watched");
    smtpc__race_stop(rig.race);
    tap_ok(smtpc__race_tcp(rig.race) == NULL, "stopped: no connection");
    tap_is_int(smtpc__race_status(rig.race), SMTPC_ECANCELLED, "nor success");
    stop(&good);
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

static void test_refused(apr_pool_t *pool)
{
    server_t good;
    rig_t rig;
    int i;

    tap_subtest_begin("those that refuse cost no time");
    start(&good, "127.0.0.9", 1, pool);
    make_rig(&rig, 4, pool);
    for (i = 1; i < 9; i++) {
        add(&rig, refusing(apr_psprintf(pool, "127.0.0.%d", i), pool));
    }
    add(&rig, good.address);
    tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "connected");
    tap_is_str(smtpc__tcp_peer(smtpc__race_tcp(rig.race)),
               name_of(&good, pool), "to the last");
    tap_ok(rig.took < apr_time_from_msec(8 * 250), "at once (%ld us)",
           (long)rig.took);
    apr_pool_destroy(rig.pool);
    stop(&good);

    make_rig(&rig, 4, pool);
    add(&rig, refusing("127.0.0.1", pool));
    add(&rig, refusing("127.0.0.2", pool));
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "all refuse");
    tap_is_int(rig.called, 1, "done called");
    tap_ok(strstr(smtpc__race_error(rig.race), "127.0.0.1:")
               && strstr(smtpc__race_error(rig.race), "; ")
               && strstr(smtpc__race_error(rig.race), "127.0.0.2:"), "%s",
           smtpc__race_error(rig.race));
    tap_ok(smtpc__race_tcp(rig.race) == NULL, "no connection");
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

/* Three of four swallow packets. */
static void test_silent(apr_pool_t *pool)
{
    server_t silent[3];
    server_t good;
    rig_t rig;
    int before;
    int i;

    tap_subtest_begin("those that are silent");
    for (i = 0; i < 3; i++) {
        start(&silent[i], apr_psprintf(pool, "127.0.0.%d", i + 1), 0, pool);
    }
    start(&good, "127.0.0.4", 1, pool);
    make_rig(&rig, 8, pool);
    for (i = 0; i < 3; i++) {
        add(&rig, silent[i].address);
    }
    add(&rig, good.address);
    before = process_descriptors();
    tap_is_int(run(&rig, apr_time_from_sec(60)), APR_SUCCESS, "connected");
    tap_is_str(smtpc__tcp_peer(smtpc__race_tcp(rig.race)),
               name_of(&good, pool), "to the fourth");
    tap_ok(rig.took >= apr_time_from_msec(750)
               && rig.took < apr_time_from_sec(5),
           "250 ms for each (%ld us)", (long)rig.took);
    tap_is_int(process_descriptors(), before + 1, "the others are closed");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, 8, pool);
    for (i = 0; i < 3; i++) {
        add(&rig, silent[i].address);
    }
    tap_is_int(run(&rig, apr_time_from_msec(200)), SMTPC_ETIMEOUT,
               "nobody answers");
    tap_ok(rig.took >= apr_time_from_msec(200)
               && rig.took < apr_time_from_msec(1200), "in time (%ld us)",
           (long)rig.took);
    for (i = 0; i < 3; i++) {
        tap_ok(strstr(smtpc__race_error(rig.race),
                      apr_psprintf(pool, "cannot connect to %s: no answer "
                                   "within ", name_of(&silent[i], pool)))
                   != NULL, "%s was tried", name_of(&silent[i], pool));
    }
    apr_pool_destroy(rig.pool);
    for (i = 0; i < 3; i++) {
        stop(&silent[i]);
    }
    stop(&good);
    tap_subtest_end();
}

/* An attempt has an end, even if there is time. */

static void put_forward(void *baton, smtpc_loop_event_e event)
{
    (void)event;
    clock_advance(apr_time_from_sec(*(time_t *)baton));
}

static void test_attempt_timeout(apr_pool_t *pool)
{
    time_t ahead = 31;
    smtpc_watch_t *watch;
    server_t silent;
    rig_t rig;

    tap_subtest_begin("the end of an attempt");
    start(&silent, "127.0.0.1", 0, pool);
    make_rig(&rig, 8, pool);
    add(&rig, silent.address);
    if (smtpc__watch_create(&watch, rig.loop, put_forward, &ahead, rig.pool)
        != APR_SUCCESS) {
        tap_bail("no watch");
    }
    smtpc__watch_deadline(watch, smtpc__monotonic() + 1000);
    tap_is_int(run(&rig, apr_time_from_sec(3600)), SMTPC_ETIMEOUT,
               "no answer");
    tap_is_str(smtpc__race_error(rig.race),
               apr_psprintf(pool, "cannot connect to %s: no answer within "
                            "31 s", name_of(&silent, pool)), "the sentence");
    tap_ok(rig.took < apr_time_from_sec(60), "after SMTPC_TIMEOUT_CONNECT");
    apr_pool_destroy(rig.pool);
    stop(&silent);
    tap_subtest_end();
}

/* The order in which addresses were tried. */
static const char *order_of(const rig_t *rig, apr_pool_t *pool)
{
    const char *text = smtpc__race_error(rig->race);
    const char *order = "";

    while ((text = strstr(text, "cannot connect to ")) != NULL) {
        text += strlen("cannot connect to ");
        order = apr_pstrcat(pool, order, order[0] ? " " : "",
                            apr_pstrndup(pool, text, strcspn(text, " ")),
                            NULL);
    }
    return order;
}

static void test_families(apr_pool_t *pool)
{
    apr_sockaddr_t *a[5];
    const char *names[5];
    const char *order;
    rig_t rig;
    int i;

    tap_subtest_begin("families take turns");
    a[0] = refusing("127.0.0.1", pool);
    a[1] = refusing("127.0.0.2", pool);
    a[2] = refusing("127.0.0.3", pool);
    a[3] = refusing("::1", pool);
    a[4] = refusing("::1", pool);
    make_rig(&rig, 8, pool);
    for (i = 0; i < 5; i++) {
        server_t server = { .address = a[i] };

        names[i] = apr_pstrcat(pool, name_of(&server, pool), ":", NULL);
        add(&rig, a[i]);
    }
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "none");
    order = order_of(&rig, pool);
    tap_is_str(order, apr_pstrcat(pool, names[0], " ", names[3], " ",
                                  names[1], " ", names[4], " ", names[2],
                                  NULL), "that of the first first");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, 8, pool);
    add(&rig, a[3]);
    add(&rig, a[0]);
    add(&rig, a[1]);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "none");
    order = order_of(&rig, pool);
    tap_is_str(order, apr_pstrcat(pool, names[3], " ", names[0], " ",
                                  names[1], NULL), "IPv6 first");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, 8, pool);
    rig.opts.local = "127.0.0.7";
    add(&rig, a[3]);
    add(&rig, a[0]);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT, "none");
    order = order_of(&rig, pool);
    tap_is_str(order, names[0], "only the local address's");
    apr_pool_destroy(rig.pool);

    make_rig(&rig, 8, pool);
    rig.opts.local = "::1";
    add(&rig, a[0]);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "none of it");
    tap_ok(strstr(smtpc__race_error(rig.race), "local address ::1") != NULL,
           "%s", smtpc__race_error(rig.race));
    apr_pool_destroy(rig.pool);

    make_rig(&rig, 8, pool);
    tap_is_int(run(&rig, apr_time_from_sec(10)), SMTPC_ECONNECT,
               "no address at all");
    tap_is_str(smtpc__race_error(rig.race), "no address to connect to",
               "the sentence");
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

static void test_local(apr_pool_t *pool)
{
    struct sockaddr_in peer;
    socklen_t len = sizeof(peer);
    server_t good;
    rig_t rig;
    int fd;

    tap_subtest_begin("from a local address");
    start(&good, "127.0.0.1", 1, pool);
    make_rig(&rig, 8, pool);
    rig.opts.local = "127.0.0.77";
    add(&rig, good.address);
    tap_is_int(run(&rig, apr_time_from_sec(10)), APR_SUCCESS, "connected");
    fd = accept(good.fd, (struct sockaddr *)&peer, &len);
    tap_is_int(ntohl(peer.sin_addr.s_addr), 0x7f00004d, "from there");
    close(fd);
    stop(&good);
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

/* A loop with room for one: the next has to wait until it ends. */

static void on_close(void *baton, smtpc_loop_event_e event)
{
    server_t *server = baton;

    (void)event;
    /* The system answers the repeated packet with a reset. */
    close(server->fd);
    server->fd = -1;
}

static void test_room(apr_pool_t *pool)
{
    smtpc_watch_t *watch;
    server_t silent;
    server_t good;
    rig_t rig;

    tap_subtest_begin("a loop for one socket");
    start(&silent, "127.0.0.1", 0, pool);
    start(&good, "127.0.0.2", 1, pool);
    make_rig(&rig, 1, pool);
    add(&rig, silent.address);
    add(&rig, good.address);
    if (smtpc__watch_create(&watch, rig.loop, on_close, &silent, rig.pool)
        != APR_SUCCESS) {
        tap_bail("no watch");
    }
    smtpc__watch_deadline(watch, smtpc__monotonic()
                                     + apr_time_from_msec(600));
    tap_is_int(run(&rig, apr_time_from_sec(60)), APR_SUCCESS, "connected");
    tap_ok(rig.took >= apr_time_from_msec(600), "when the first had ended");
    tap_ok(strstr(smtpc__race_error(rig.race), name_of(&silent, pool))
               != NULL, "%s", smtpc__race_error(rig.race));
    stop(&silent);
    stop(&good);
    apr_pool_destroy(rig.pool);
    tap_subtest_end();
}

static void test_stop(apr_pool_t *pool)
{
    server_t silent[2];
    rig_t rig;
    int before;
    int i;

    tap_subtest_begin("stopping");
    start(&silent[0], "127.0.0.1", 0, pool);
    start(&silent[1], "127.0.0.2", 0, pool);
    for (i = 0; i < 2; i++) {
        before = process_descriptors();
        make_rig(&rig, 8, pool);
        add(&rig, silent[0].address);
        add(&rig, silent[1].address);
        begin(&rig, apr_time_from_sec(60));
        tap_is_int(smtpc__race_status(rig.race), APR_EAGAIN, "under way");
        tap_ok(smtpc__race_tcp(rig.race) == NULL, "no connection yet");
        if (i == 0) {
            smtpc__race_stop(rig.race);
            smtpc__race_stop(rig.race);
            tap_is_int(smtpc__race_status(rig.race), SMTPC_ECANCELLED,
                       "stopped");
            tap_is_int(smtpc__loop_run(rig.loop), APR_SUCCESS,
                       "nothing is watched");
        }
        apr_pool_destroy(rig.pool);
        tap_is_int(rig.called, 0, "done is not called");
        tap_is_int(process_descriptors(), before, "all is closed");
    }
    stop(&silent[0]);
    stop(&silent[1]);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    test_first(pool);
    test_refused(pool);
    test_silent(pool);
    test_attempt_timeout(pool);
    test_families(pool);
    test_local(pool);
    test_room(pool);
    test_stop(pool);
    return tap_done();
}
