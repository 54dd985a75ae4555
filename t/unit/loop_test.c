/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_test.c: the loop with pairs of sockets and short deadlines.
 */

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_portable.h>

#include "base/env_int.h"
#include "net/loop.h"
#include "../tap/tap.h"

/** More watches than a small loop has. */
#define MANY 64

/** What one watch saw. */
typedef struct seen_t {
    smtpc_loop_t *loop;
    smtpc_watch_t *watch;
    apr_pool_t *pool;      /* of the watch */
    apr_socket_t *socket;
    int fd;                /* the other end */
    int io;
    int timeouts;
    apr_time_t deadline;
    apr_time_t fired;
    struct seen_t *victim; /* ended by the callback */
    int *order;
    int stop_after;
} seen_t;

static void on_event(void *baton, smtpc_loop_event_e event)
{
    seen_t *seen = baton;
    char byte;

    if (event == SMTPC_LOOP_IO) {
        apr_size_t len = 1;

        seen->io++;
        (void)apr_socket_recv(seen->socket, &byte, &len);
    }
    else {
        seen->timeouts++;
        seen->fired = smtpc__monotonic();
    }
    if (seen->victim) {
        apr_pool_destroy(seen->victim->pool);
        seen->victim = NULL;
    }
    if (seen->stop_after && seen->io + seen->timeouts >= seen->stop_after) {
        smtpc__loop_stop(seen->loop);
    }
}

static void must(apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        tap_bail("status %d", rv);
    }
}

/* Make a watch with a pair of sockets. */
static void make_seen(seen_t *seen, smtpc_loop_t *loop, apr_pool_t *pool)
{
    int ends[2];
    apr_os_sock_info_t info;

    memset(seen, 0, sizeof(*seen));
    seen->loop = loop;
    apr_pool_create(&seen->pool, pool);
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
        tap_bail("no sockets");
    }
    memset(&info, 0, sizeof(info));
    info.os_sock = &ends[0];
    info.family = APR_UNIX;
    info.type = SOCK_STREAM;
    if (apr_os_sock_make(&seen->socket, &info, seen->pool) != APR_SUCCESS
        || smtpc__watch_create(&seen->watch, loop, on_event, seen, seen->pool)
               != APR_SUCCESS) {
        tap_bail("no watch");
    }
    seen->fd = ends[1];
}

static smtpc_loop_t *make_loop(apr_uint32_t watches, apr_pool_t *pool)
{
    smtpc_loop_t *loop;

    if (smtpc__loop_create(&loop, watches, pool) != APR_SUCCESS) {
        tap_bail("no loop");
    }
    return loop;
}

static void test_io(apr_uint32_t watches, apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(watches, pool);
    seen_t a;
    seen_t b;

    tap_subtest_begin("sockets, loop for %u", watches);
    make_seen(&a, loop, pool);
    make_seen(&b, loop, pool);
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "nothing watched: returns");
    tap_is_int(smtpc__watch_socket(a.watch, a.socket, APR_POLLIN),
               APR_SUCCESS, "watch a");
    tap_is_int(smtpc__watch_socket(b.watch, b.socket, APR_POLLIN),
               APR_SUCCESS, "watch b");
    a.stop_after = 1;
    b.stop_after = 1;
    tap_is_int(write(a.fd, "x", 1), 1, "a byte for a");
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "runs until stopped");
    tap_is_int(a.io, 1, "a called");
    tap_is_int(b.io, 0, "b not");
    tap_is_int(smtpc__watch_socket(a.watch, a.socket, APR_POLLOUT),
               APR_SUCCESS, "a for writing");
    a.io = 0;
    (void)apr_socket_opt_set(a.socket, APR_SO_NONBLOCK, 1);
    (void)apr_socket_timeout_set(a.socket, 0);
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "writable at once");
    tap_is_int(a.io, 1, "a called");
    smtpc__watch_end(a.watch);
    smtpc__watch_end(a.watch);
    a.io = 0;
    close(b.fd);
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "the end of b's peer");
    tap_is_int(a.io, 0, "a ended");
    tap_is_int(b.io, 1, "b called");
    close(a.fd);
    apr_pool_destroy(a.pool);
    apr_pool_destroy(b.pool);
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "all gone: returns");
    tap_subtest_end();
}

/* Two are ready in the same turn and the first ends the second. */
static void test_victim(apr_uint32_t watches, apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(watches, pool);
    seen_t a;
    seen_t b;

    tap_subtest_begin("a callback ends another watch, loop for %u", watches);
    make_seen(&a, loop, pool);
    make_seen(&b, loop, pool);
    must(smtpc__watch_socket(a.watch, a.socket, APR_POLLIN));
    must(smtpc__watch_socket(b.watch, b.socket, APR_POLLIN));
    tap_is_int(write(a.fd, "x", 1) + write(b.fd, "x", 1), 2, "both ready");
    a.victim = &b;
    b.victim = &a;
    a.stop_after = 1;
    b.stop_after = 1;
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "one turn");
    tap_is_int(a.io + b.io, 1, "only one was called");
    apr_pool_destroy(a.io ? a.pool : b.pool);
    close(a.fd);
    close(b.fd);
    tap_subtest_end();
}

static void test_deadlines(apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(MANY, pool);
    seen_t seen[MANY];
    apr_time_t now = smtpc__monotonic();
    int early = 0;
    int late = 0;
    int fired = 0;
    int i;

    tap_subtest_begin("deadlines");
    for (i = 0; i < MANY; i++) {
        make_seen(&seen[i], loop, pool);
        /* In no order; 37 has no factor in common with 64. */
        seen[i].deadline = now + apr_time_from_msec(1 + i * 37 % MANY);
        smtpc__watch_deadline(seen[i].watch, seen[i].deadline);
    }
    /* Some are changed, some taken away. */
    for (i = 0; i < MANY; i += 4) {
        smtpc__watch_deadline(seen[i].watch, 0);
        seen[i + 1].deadline = now + apr_time_from_msec(70 + i);
        smtpc__watch_deadline(seen[i + 1].watch, seen[i + 1].deadline);
    }
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "runs until all passed");
    for (i = 0; i < MANY; i++) {
        fired += seen[i].timeouts;
        early += seen[i].timeouts && seen[i].fired < seen[i].deadline;
        late += seen[i].timeouts
                && seen[i].fired > seen[i].deadline + apr_time_from_msec(200);
        close(seen[i].fd);
    }
    tap_is_int(fired, MANY - MANY / 4, "each once, but those taken away");
    tap_is_int(early, 0, "none early");
    tap_is_int(late, 0, "none late");
    tap_subtest_end();
}

/* The limit is on sockets that are polled, not on watches. */
static void test_limit(apr_uint32_t sockets, apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(sockets, pool);
    seen_t seen[MANY + 1];
    apr_uint32_t i;

    tap_subtest_begin("the limit of a loop for %u", sockets);
    for (i = 0; i <= sockets; i++) {
        make_seen(&seen[i], loop, pool);
    }
    for (i = 0; i < sockets; i++) {
        must(smtpc__watch_socket(seen[i].watch, seen[i].socket, APR_POLLIN));
    }
    tap_is_int(smtpc__watch_socket(seen[i].watch, seen[i].socket, APR_POLLIN),
               SMTPC_ELIMIT, "one more is refused");
    tap_is_int(smtpc__watch_socket(seen[0].watch, seen[0].socket,
                                   APR_POLLIN | APR_POLLOUT), APR_SUCCESS,
               "those that are there can change");
    apr_pool_destroy(seen[1].pool);
    tap_is_int(smtpc__watch_socket(seen[i].watch, seen[i].socket, APR_POLLIN),
               APR_SUCCESS, "a place that became free is used");
    smtpc__watch_end(seen[0].watch);
    seen[i].stop_after = 1;
    tap_is_int(write(seen[i].fd, "x", 1), 1, "a byte");
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "runs");
    tap_is_int(seen[i].io, 1, "and works");
    for (i = 0; i <= sockets; i++) {
        close(seen[i].fd);
        if (i != 1) {
            apr_pool_destroy(seen[i].pool);
        }
    }
    tap_subtest_end();
}

static void on_count(void *baton, smtpc_loop_event_e event)
{
    (void)event;
    ++*(int *)baton;
}

/* Deadlines alone are not limited, nor do they cost more than they should:
 * each is moved ten times. */
static void test_many(apr_pool_t *pool)
{
    enum { HOW_MANY = 10000 };
    smtpc_loop_t *loop = make_loop(1, pool);
    smtpc_watch_t **watches = apr_palloc(pool, HOW_MANY * sizeof(*watches));
    apr_time_t start = smtpc__monotonic();
    int fired = 0;
    int i;

    tap_subtest_begin("%d deadlines in a loop for one socket", HOW_MANY);
    for (i = 0; i < HOW_MANY; i++) {
        must(smtpc__watch_create(&watches[i], loop, on_count, &fired, pool));
    }
    for (i = 0; i < 10 * HOW_MANY; i++) {
        smtpc__watch_deadline(watches[i % HOW_MANY],
                              1 + (apr_time_t)i * 7919 % 10007);
    }
    must(smtpc__loop_run(loop));
    tap_is_int(fired, HOW_MANY, "all came");
    tap_ok(smtpc__monotonic() - start < apr_time_from_sec(5),
           "in reasonable time");
    tap_subtest_end();
}

/* Those that passed are served from the earliest on. */
static void on_order(void *baton, smtpc_loop_event_e event)
{
    seen_t *seen = baton;

    (void)event;
    seen->timeouts = ++*seen->order;
}

/* One round with deadlines that follow from seed; those that were served out
 * of order are counted. */
static int count_wrong(unsigned int seed, apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(MANY, pool);
    seen_t seen[MANY];
    int order = 0;
    int wrong = 0;
    int i;
    int j;

    memset(seen, 0, sizeof(seen));
    /* Set, then set again or taken away. */
    for (i = 0; i < 3 * MANY; i++) {
        seen_t *one = &seen[i % MANY];

        if (i < MANY) {
            one->order = &order;
            must(smtpc__watch_create(&one->watch, loop, on_order, one, pool));
        }
        seed = seed * 1103515245u + 12345u;
        one->deadline = i < MANY || seed >> 30 ? 1 + (seed >> 16) % 500 : 0;
        smtpc__watch_deadline(one->watch, one->deadline);
    }
    must(smtpc__loop_run(loop));
    for (i = 0; i < MANY; i++) {
        wrong += (seen[i].deadline != 0) != (seen[i].timeouts != 0);
        for (j = 0; j < MANY; j++) {
            wrong += seen[i].timeouts && seen[j].timeouts
                     && seen[i].deadline < seen[j].deadline
                     && seen[i].timeouts > seen[j].timeouts;
        }
    }
    return wrong;
}

static void test_order(apr_pool_t *pool)
{
    unsigned int seed;
    int wrong = 0;

    tap_subtest_begin("the order of deadlines");
    for (seed = 1; seed <= 50; seed++) {
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool);
        wrong += count_wrong(seed, scratch);
        apr_pool_destroy(scratch);
    }
    tap_is_int(wrong, 0, "each once, and none before an earlier one");
    tap_subtest_end();
}

/* The last part of a millisecond is slept, not spun. */
static void test_no_spin(apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(2, pool);
    seen_t seen;
    struct timespec before;
    struct timespec after;
    apr_time_t start = smtpc__monotonic();
    long cpu;
    int i;

    tap_subtest_begin("short deadlines do not spin");
    make_seen(&seen, loop, pool);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    for (i = 0; i < 100; i++) {
        smtpc__watch_deadline(seen.watch, smtpc__monotonic() + 900);
        must(smtpc__loop_run(loop));
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    cpu = (after.tv_sec - before.tv_sec) * 1000000
          + (after.tv_nsec - before.tv_nsec) / 1000;
    tap_is_int(seen.timeouts, 100, "all came");
    tap_ok(smtpc__monotonic() - start >= 100 * 900, "none early");
    tap_ok(cpu < 60000, "90 ms of waiting took %ld us of CPU", cpu);
    close(seen.fd);
    tap_subtest_end();
}

/* A watch that sets its deadline to a time gone by leaves room for others. */

static void on_again(void *baton, smtpc_loop_event_e event)
{
    seen_t *seen = baton;

    (void)event;
    /* After the sockets of this turn. */
    if (++seen->timeouts == 1 && write(seen->victim->fd, "x", 1) != 1) {
        tap_bail("no byte");
    }
    if (seen->timeouts == 1000) {
        smtpc__loop_stop(seen->loop);
    }
    smtpc__watch_deadline(seen->watch, 1);
}

static void test_fair(apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(4, pool);
    seen_t again;
    seen_t other;

    tap_subtest_begin("nobody starves");
    make_seen(&again, loop, pool);
    make_seen(&other, loop, pool);
    must(smtpc__watch_create(&again.watch, loop, on_again, &again, pool));
    smtpc__watch_deadline(again.watch, 1);
    must(smtpc__watch_socket(other.watch, other.socket, APR_POLLIN));
    again.victim = &other;
    other.stop_after = 1;
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "runs");
    tap_is_int(other.io, 1, "the socket was served");
    tap_ok(again.timeouts <= 1, "before the other came again");
    close(again.fd);
    close(other.fd);
    tap_subtest_end();
}

static void on_alarm(int signal)
{
    (void)signal;
}

/* Signals at 1 kHz. */
static void test_signals(apr_pool_t *pool)
{
    smtpc_loop_t *loop = make_loop(2, pool);
    struct itimerval often = { { 0, 1000 }, { 0, 1000 } };
    struct itimerval never = { { 0, 0 }, { 0, 0 } };
    struct sigaction action;
    seen_t seen;
    apr_time_t start = smtpc__monotonic();

    tap_subtest_begin("signals");
    memset(&action, 0, sizeof(action));
    action.sa_handler = on_alarm;
    sigaction(SIGALRM, &action, NULL);
    make_seen(&seen, loop, pool);
    smtpc__watch_deadline(seen.watch, start + apr_time_from_msec(100));
    setitimer(ITIMER_REAL, &often, NULL);
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "EINTR is no error");
    setitimer(ITIMER_REAL, &never, NULL);
    tap_is_int(seen.timeouts, 1, "the deadline came");
    tap_ok(smtpc__monotonic() - start >= apr_time_from_msec(100), "in time");
    close(seen.fd);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_io(2, pool);
    test_io(MANY, pool);
    test_victim(2, pool);
    test_victim(MANY, pool);
    test_deadlines(pool);
    test_limit(3, pool);
    test_limit(MANY, pool);
    test_many(pool);
    test_order(pool);
    test_no_spin(pool);
    test_fair(pool);
    test_signals(pool);
    return tap_done();
}
