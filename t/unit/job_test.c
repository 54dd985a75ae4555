/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_test.c: work on threads of its own: done, given up, too much of it, and
 * longer than its env.
 */

#include <poll.h>
#include <pthread.h>
#include <string.h>

#include <apr_portable.h>

#include "base/limits.h"
#include "net/job.h"
#include "../tap/tap.h"

/* Work that waits for a gate, and what became of it. */
typedef struct work_t {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int open;
    int began;
    int dropped;
} work_t;

static work_t work = { .lock = PTHREAD_MUTEX_INITIALIZER,
                       .changed = PTHREAD_COND_INITIALIZER };

static void run_gate(void *data)
{
    work_t *w = data;

    pthread_mutex_lock(&w->lock);
    w->began++;
    pthread_cond_broadcast(&w->changed);
    while (!w->open) {
        pthread_cond_wait(&w->changed, &w->lock);
    }
    pthread_mutex_unlock(&w->lock);
}

static void drop(void *data)
{
    work_t *w = data;

    pthread_mutex_lock(&w->lock);
    w->dropped++;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

static void set_open(int open)
{
    pthread_mutex_lock(&work.lock);
    work.open = open;
    pthread_cond_broadcast(&work.changed);
    pthread_mutex_unlock(&work.lock);
}

/* Wait until *count is that many. */
static void await(const int *count, int many)
{
    pthread_mutex_lock(&work.lock);
    while (*count < many) {
        pthread_cond_wait(&work.changed, &work.lock);
    }
    pthread_mutex_unlock(&work.lock);
}

static int is_readable(const smtpc_job_t *job, int timeout)
{
    struct pollfd fd = { -1, POLLIN, 0 };

    (void)apr_os_sock_get(&fd.fd, smtpc__job_socket(job));
    return poll(&fd, 1, timeout) == 1;
}

static smtpc_env_t *make_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    return env;
}

static void test_done(apr_pool_t *pool)
{
    smtpc_job_work_t gate = { run_gate, drop, &work, NULL };
    const char *why = "";
    apr_pool_t *sub;
    smtpc_job_t *job;

    tap_subtest_begin("done");
    apr_pool_create(&sub, pool);
    tap_is_int(smtpc__job_begin(&job, &why, &gate, make_env(pool), sub),
               APR_SUCCESS, "begun");
    await(&work.began, 1);
    tap_ok(!smtpc__job_finished(job) && !is_readable(job, 0), "under way");
    set_open(1);
    tap_ok(is_readable(job, 60000), "the socket tells of the end");
    tap_ok(smtpc__job_finished(job), "and it is finished");
    apr_pool_destroy(sub);
    await(&work.dropped, 1);
    tap_is_int(work.dropped, 1, "freed once");
    tap_subtest_end();
}

static void test_given_up(apr_pool_t *pool)
{
    smtpc_job_work_t gate = { run_gate, drop, &work, NULL };
    smtpc_env_t *env = make_env(pool);
    const char *why = "";
    apr_pool_t *sub;
    smtpc_job_t *job;
    int i;

    tap_subtest_begin("given up");
    set_open(0);
    work.began = 0;
    work.dropped = 0;
    for (i = 0; i < SMTPC_LIMIT_RESOLVER_THREADS; i++) {
        apr_pool_create(&sub, pool);
        if (smtpc__job_begin(&job, &why, &gate, env, sub) != APR_SUCCESS) {
            break;
        }
        apr_pool_destroy(sub);
    }
    tap_is_int(i, SMTPC_LIMIT_RESOLVER_THREADS, "as many as may be left");
    tap_is_int(work.dropped, 0, "none is freed while it runs");
    tap_is_int(smtpc__job_begin(&job, &why, &gate, env, pool),
               SMTPC_ECONNECT, "one more: %s", why);
    await(&work.dropped, 1);
    tap_is_int(work.dropped, 1, "what could not begin is freed");
    apr_pool_create(&sub, pool);
    tap_is_int(smtpc__job_begin(&job, &why, &gate, make_env(pool), sub),
               APR_SUCCESS, "another env has its own");
    apr_pool_destroy(sub);
    set_open(1);
    await(&work.dropped, i + 2);
    tap_is_int(work.dropped, i + 2, "all are freed in the end");
    tap_subtest_end();
}

static void test_outlives(apr_pool_t *pool)
{
    smtpc_job_work_t gate = { run_gate, drop, &work, NULL };
    const char *why = "";
    apr_pool_t *sub;
    smtpc_job_t *job;

    tap_subtest_begin("longer than its env");
    set_open(0);
    work.began = 0;
    work.dropped = 0;
    apr_pool_create(&sub, pool);
    tap_is_int(smtpc__job_begin(&job, &why, &gate, make_env(sub), sub),
               APR_SUCCESS, "begun");
    await(&work.began, 1);
    apr_pool_destroy(sub);
    tap_is_int(work.dropped, 0, "the env has gone, the work goes on");
    set_open(1);
    await(&work.dropped, 1);
    tap_pass("and ends");
    tap_subtest_end();
}

static void *open_gate(void *data)
{
    set_open(1);
    return data;
}

/* The end of the env waits for those of a kind that comes to an end. */
static void test_lingers(apr_pool_t *pool)
{
    static const smtpc_job_kind_t kind = {
        .name = "test/lingers", .most = 1, .linger = apr_time_from_sec(60),
        .who = "the gate", .many = "visitors", .advice = "open it"
    };
    smtpc_job_work_t gate = { run_gate, drop, &work, &kind };
    const char *why = "";
    smtpc_env_t *env;
    pthread_t helper;
    apr_pool_t *sub;
    apr_pool_t *own;
    smtpc_job_t *job;

    tap_subtest_begin("a kind of its own, that is waited for");
    set_open(0);
    work.began = 0;
    work.dropped = 0;
    apr_pool_create(&sub, pool);
    env = make_env(sub);
    apr_pool_create(&own, sub);
    tap_is_int(smtpc__job_begin(&job, &why, &gate, env, own), APR_SUCCESS,
               "begun");
    await(&work.began, 1);
    apr_pool_destroy(own);
    tap_is_int(smtpc__job_begin(&job, &why, &gate, env, sub), SMTPC_ECONNECT,
               "one more");
    tap_is_str(why, "the gate does not answer, 1 earlier visitors still wait "
               "for it: open it", "in its words");
    pthread_create(&helper, NULL, open_gate, NULL);
    apr_pool_destroy(sub);
    tap_is_int(work.dropped, 2, "the env ended behind it");
    pthread_join(helper, NULL);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { test_done, test_given_up,
                                         test_outlives, test_lingers };

    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
