/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop_post_test.c: the loop and other threads: tasks that are posted, loops
 * that are held, watches that change loops, and what a fork leaves behind.
 */

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_portable.h>

#include "base/env_int.h"
#include "net/loop.h"
#include "../tap/tap.h"

/** Sockets of a large loop, which is not poll(2). */
#define LARGE 64
/** Threads that post. */
#define THREADS 8
/** Tasks of each. */
#define POSTS 2000
/** Descriptors that are looked at. */
#define DESCRIPTORS 256

static void must(apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        tap_bail("status %d", rv);
    }
}

static smtpc_loop_t *make_loop(apr_uint32_t sockets, apr_pool_t *pool)
{
    smtpc_loop_t *loop;

    must(smtpc__loop_create(&loop, sockets, pool));
    return loop;
}

static apr_socket_t *socket_of(int fd, apr_pool_t *pool)
{
    apr_os_sock_info_t info;
    apr_socket_t *socket;

    memset(&info, 0, sizeof(info));
    info.os_sock = &fd;
    info.family = APR_UNIX;
    info.type = SOCK_STREAM;
    must(apr_os_sock_make(&socket, &info, pool));
    return socket;
}

/* What ran, in which order. */
typedef struct log_t {
    smtpc_loop_t *loop;
    int ran;
    char order[16];
} log_t;

/* A task that writes its name. */
typedef struct named_t {
    smtpc_task_t task;
    log_t *log;
    char name;
    int stop;
    struct named_t *posts; /* another, by this one */
    struct named_t *takes; /* another is taken back */
} named_t;

static void run_named(void *baton)
{
    named_t *named = baton;

    named->log->order[named->log->ran++ % 15] = named->name;
    if (named->posts) {
        smtpc__loop_post(named->log->loop, &named->posts->task);
    }
    if (named->takes) {
        smtpc__loop_unpost(named->log->loop, &named->takes->task);
    }
    if (named->stop) {
        smtpc__loop_stop(named->log->loop);
    }
}

static void name_tasks(named_t *tasks, int count, log_t *log)
{
    int i;

    memset(tasks, 0, (size_t)count * sizeof(*tasks));
    for (i = 0; i < count; i++) {
        tasks[i].task.fn = run_named;
        tasks[i].task.baton = &tasks[i];
        tasks[i].log = log;
        tasks[i].name = (char)('a' + i);
    }
}

static void test_order(apr_uint32_t sockets, apr_pool_t *pool)
{
    log_t log = { make_loop(sockets, pool), 0, "" };
    named_t t[5];
    int i;

    tap_subtest_begin("order, loop for %u", sockets);
    name_tasks(t, 5, &log);
    for (i = 0; i < 5; i++) {
        smtpc__loop_post(log.loop, &t[i].task);
    }
    smtpc__loop_post(log.loop, &t[0].task);
    smtpc__loop_unpost(log.loop, &t[4].task);
    smtpc__loop_unpost(log.loop, &t[4].task);
    smtpc__loop_unpost(log.loop, &t[2].task);
    smtpc__loop_post(log.loop, &t[4].task);
    t[0].takes = &t[3];
    t[1].posts = &t[2];
    tap_is_int(smtpc__loop_run(log.loop), APR_SUCCESS, "returns");
    tap_is_str(log.order, "abec", "first come, first served; each once");
    smtpc__loop_post(log.loop, &t[4].task);
    smtpc__loop_post(log.loop, &t[3].task);
    t[4].stop = 1;
    tap_is_int(smtpc__loop_run(log.loop), APR_SUCCESS, "stopped by a task");
    tap_is_str(log.order, "abece", "the next one did not run");
    tap_is_int(smtpc__loop_run(log.loop), APR_SUCCESS, "run again");
    tap_is_str(log.order, "abeced", "now it did");
    tap_subtest_end();
}

/* A task that posts itself for ever leaves room for deadlines. */

static void on_deadline(void *baton, smtpc_loop_event_e event)
{
    (void)event;
    smtpc__loop_stop(baton);
}

static void test_fair(apr_pool_t *pool)
{
    log_t log = { make_loop(2, pool), 0, "" };
    smtpc_watch_t *watch;
    named_t again;

    tap_subtest_begin("nobody starves");
    name_tasks(&again, 1, &log);
    again.posts = &again;
    must(smtpc__watch_create(&watch, log.loop, on_deadline, log.loop, pool));
    smtpc__watch_deadline(watch, smtpc__monotonic() + 2000);
    smtpc__loop_post(log.loop, &again.task);
    tap_is_int(smtpc__loop_run(log.loop), APR_SUCCESS, "the deadline came");
    tap_ok(log.ran > 0, "and the task ran (%d times)", log.ran);
    smtpc__loop_unpost(log.loop, &again.task);
    tap_is_int(smtpc__loop_run(log.loop), APR_SUCCESS, "nothing left");
    tap_subtest_end();
}

/* Many threads. */

typedef struct poster_t {
    smtpc_loop_t *loop;
    pthread_t thread;
    smtpc_task_t tasks[POSTS];
    int next;             /* the loop's thread: which one comes next */
    int wrong;            /* came in another order */
    atomic_int *posters;  /* that have something left to run */
} poster_t;

/* baton points into the row of tasks of its thread. */
typedef struct post_t {
    poster_t *poster;
    int index;
} post_t;

static post_t posts[THREADS][POSTS];

static void run_post(void *baton)
{
    post_t *post = baton;
    poster_t *poster = post->poster;

    poster->wrong += post->index != poster->next;
    poster->next++;
    if (poster->next == POSTS
        && atomic_fetch_sub(poster->posters, 1) == 1) {
        smtpc__loop_stop(poster->loop);
    }
}

static void *post_all(void *data)
{
    poster_t *poster = data;
    int i;

    for (i = 0; i < POSTS; i++) {
        smtpc__loop_post(poster->loop, &poster->tasks[i]);
    }
    return NULL;
}

static void test_threads(apr_uint32_t sockets, apr_pool_t *pool)
{
    poster_t *posters = apr_pcalloc(pool, THREADS * sizeof(*posters));
    smtpc_loop_t *loop = make_loop(sockets, pool);
    atomic_int left = THREADS;
    int wrong = 0;
    int ran = 0;
    int i;
    int j;

    tap_subtest_begin("%d threads post, loop for %u", THREADS, sockets);
    smtpc__loop_hold(loop, 1);
    for (i = 0; i < THREADS; i++) {
        posters[i].loop = loop;
        posters[i].posters = &left;
        for (j = 0; j < POSTS; j++) {
            posts[i][j].poster = &posters[i];
            posts[i][j].index = j;
            posters[i].tasks[j].fn = run_post;
            posters[i].tasks[j].baton = &posts[i][j];
        }
        if (pthread_create(&posters[i].thread, NULL, post_all, &posters[i])) {
            tap_bail("no thread");
        }
    }
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "ran until all had come");
    for (i = 0; i < THREADS; i++) {
        pthread_join(posters[i].thread, NULL);
        wrong += posters[i].wrong;
        ran += posters[i].next;
    }
    tap_is_int(ran, THREADS * POSTS, "each task once");
    tap_is_int(wrong, 0, "those of one thread in its order");
    tap_subtest_end();
}

/* Ping and pong: each waits for the other, so that the loop sleeps before
 * every post. A wake-up that is lost would hang here. */
typedef struct ping_t {
    smtpc_loop_t *ping;
    smtpc_loop_t *pong;
    smtpc_task_t to_pong;
    smtpc_task_t to_ping;
    int left;
} ping_t;

static void run_ping(void *baton)
{
    ping_t *p = baton;

    if (--p->left == 0) {
        smtpc__loop_stop(p->ping);
        return;
    }
    smtpc__loop_post(p->pong, &p->to_pong);
}

static void run_pong(void *baton)
{
    ping_t *p = baton;

    smtpc__loop_post(p->ping, &p->to_ping);
}

static void run_stop(void *baton)
{
    smtpc__loop_stop(baton);
}

static void *run_loop(void *data)
{
    (void)!smtpc__loop_run(data);
    return NULL;
}

static void test_wake(apr_uint32_t sockets, apr_pool_t *pool)
{
    ping_t p = { make_loop(sockets, pool), make_loop(sockets, pool),
                 { run_pong, &p, NULL, 0 }, { run_ping, &p, NULL, 0 }, 5000 };
    smtpc_task_t stop = { run_stop, p.pong, NULL, 0 };
    pthread_t thread;

    tap_subtest_begin("a sleeping loop is woken, loop for %u", sockets);
    smtpc__loop_hold(p.ping, 1);
    smtpc__loop_hold(p.pong, 1);
    if (pthread_create(&thread, NULL, run_loop, p.pong)) {
        tap_bail("no thread");
    }
    smtpc__loop_post(p.pong, &p.to_pong);
    tap_is_int(smtpc__loop_run(p.ping), APR_SUCCESS, "ran");
    tap_is_int(p.left, 0, "every time");
    smtpc__loop_post(p.pong, &stop);
    pthread_join(thread, NULL);
    tap_subtest_end();
}

/* Descriptors. */

/* Note which descriptors are open. */
static void look(unsigned char *open_ones)
{
    int fd;

    for (fd = 0; fd < DESCRIPTORS; fd++) {
        open_ones[fd] = fcntl(fd, F_GETFD) >= 0;
    }
}

/* Bytes that wait in pipes that were not open before. */
static int bytes_waiting(const unsigned char *before)
{
    int sum = 0;
    int fd;

    for (fd = 0; fd < DESCRIPTORS; fd++) {
        int bytes = 0;

        if (!before[fd] && ioctl(fd, FIONREAD, &bytes) == 0) {
            sum += bytes;
        }
    }
    return sum;
}

static void run_nothing(void *baton)
{
    (void)baton;
}

static void test_descriptors(apr_uint32_t sockets, apr_pool_t *pool)
{
    unsigned char before[DESCRIPTORS];
    smtpc_task_t tasks[100];
    smtpc_loop_t *loop;
    int inherited = 0;
    int made = 0;
    int i;

    tap_subtest_begin("descriptors, loop for %u", sockets);
    look(before);
    loop = make_loop(sockets, pool);
    for (i = 0; i < DESCRIPTORS; i++) {
        int flags = fcntl(i, F_GETFD);

        made += !before[i] && flags >= 0;
        inherited += !before[i] && flags >= 0 && !(flags & FD_CLOEXEC);
    }
    tap_is_int(made, sockets == LARGE ? 3 : 2, "how many it takes");
    tap_is_int(inherited, 0, "all close-on-exec");
    memset(tasks, 0, sizeof(tasks));
    for (i = 0; i < 100; i++) {
        tasks[i].fn = run_nothing;
        smtpc__loop_post(loop, &tasks[i]);
    }
    tap_is_int(bytes_waiting(before), 0,
               "posting to a loop that is awake writes nothing");
    must(smtpc__loop_run(loop));
    tap_subtest_end();
}

static void test_move(apr_pool_t *pool)
{
    smtpc_loop_t *from = make_loop(LARGE, pool);
    smtpc_loop_t *to = make_loop(2, pool);
    smtpc_watch_t *watch;
    int ends[2];
    apr_socket_t *socket;
    pthread_t thread;
    smtpc_task_t stop = { run_stop, from, NULL, 0 };

    tap_subtest_begin("a watch moves");
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
        tap_bail("no sockets");
    }
    socket = socket_of(ends[0], pool);
    must(smtpc__watch_create(&watch, from, on_deadline, to, pool));
    must(smtpc__watch_socket(watch, socket, APR_POLLIN));
    tap_is_int(smtpc__watch_move(watch, to), APR_EBUSY, "not with a socket");
    smtpc__watch_end(watch);
    smtpc__watch_deadline(watch, 1);
    tap_is_int(smtpc__watch_move(watch, to), APR_EBUSY, "nor a deadline");
    smtpc__watch_end(watch);
    /* The loop it leaves may run elsewhere. */
    smtpc__loop_hold(from, 1);
    if (pthread_create(&thread, NULL, run_loop, from)) {
        tap_bail("no thread");
    }
    tap_is_int(smtpc__watch_move(watch, to), APR_SUCCESS, "moved");
    must(smtpc__watch_socket(watch, socket, APR_POLLIN));
    tap_is_int(write(ends[1], "x", 1), 1, "a byte");
    tap_is_int(smtpc__loop_run(to), APR_SUCCESS, "seen by the other loop");
    smtpc__watch_end(watch);
    smtpc__watch_deadline(watch, smtpc__monotonic() + 1000);
    tap_is_int(smtpc__loop_run(to), APR_SUCCESS, "and the deadline");
    smtpc__loop_post(from, &stop);
    pthread_join(thread, NULL);
    close(ends[1]);
    tap_subtest_end();
}

/* What the child of a fork does with a loop of its parent. */
static int child_abandons(smtpc_loop_t *loop, apr_pool_t *pool,
                          const unsigned char *before)
{
    unsigned char after[DESCRIPTORS];

    smtpc__loop_abandon(loop);
    smtpc__loop_abandon(loop);
    look(after);
    if (memcmp(before, after, sizeof(after)) != 0) {
        return 1;
    }
    if (smtpc__loop_run(loop) != APR_EBADF) {
        return 2;
    }
    apr_pool_destroy(pool);
    return 0;
}

static void test_fork(apr_uint32_t sockets, apr_pool_t *parent)
{
    unsigned char before[DESCRIPTORS];
    smtpc_watch_t *watch;
    smtpc_loop_t *loop;
    apr_pool_t *pool;
    apr_socket_t *socket;
    int ends[2];
    int status = 0;
    pid_t child;

    tap_subtest_begin("fork, loop for %u", sockets);
    must(apr_pool_create(&pool, parent));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) {
        tap_bail("no sockets");
    }
    socket = socket_of(ends[0], pool);
    look(before);
    loop = make_loop(sockets, pool);
    must(smtpc__watch_create(&watch, loop, on_deadline, loop, pool));
    must(smtpc__watch_socket(watch, socket, APR_POLLIN));
    smtpc__watch_deadline(watch, smtpc__monotonic() + apr_time_from_sec(60));
    child = fork();
    if (child == 0) {
        _exit(child_abandons(loop, pool, before));
    }
    tap_is_int(waitpid(child, &status, 0), child, "the child ended");
    tap_is_int(status, 0, "closed its descriptors and freed all");
    tap_is_int(write(ends[1], "x", 1), 1, "a byte for the parent");
    tap_is_int(smtpc__loop_run(loop), APR_SUCCESS, "whose loop still works");
    tap_is_int(bytes_waiting(before), 0, "nothing came from the child");
    close(ends[1]);
    apr_pool_destroy(pool);
    tap_subtest_end();
}

int main(void)
{
    static const apr_uint32_t sockets[] = { 2, LARGE };
    apr_pool_t *pool = tap_pool();
    int i;

    for (i = 0; i < 2; i++) {
        test_order(sockets[i], pool);
        test_threads(sockets[i], pool);
        test_wake(sockets[i], pool);
        test_descriptors(sockets[i], pool);
        test_fork(sockets[i], pool);
    }
    test_fair(pool);
    test_move(pool);
    return tap_done();
}
