/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_test.c: one engine for each env, the loops it lends, its thread and
 * what ends with it.
 */

#include <pthread.h>
#include <string.h>

#include "base/limits.h"
#include "client/engine.h"
#include "../support/batch.h"
#include "../tap/tap.h"

static smtpc_engine_t *get_engine(smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_engine_t *engine;

    batch_must(smtpc__engine_get(&engine, env, pool), "engine");
    return engine;
}

static void test_one(apr_pool_t *pool)
{
    smtpc_engine_t *engine;
    smtpc_env_t *env;
    smtpc_env_t *other;

    tap_subtest_begin("one for each env");
    batch_must(smtpc_env_create(&env, pool), "env");
    batch_must(smtpc_env_create(&other, pool), "env");
    engine = get_engine(env, pool);
    tap_ok(get_engine(env, pool) == engine, "the same again");
    tap_ok(get_engine(other, pool) != engine, "another for another");
    tap_ok(smtpc__engine_env(engine) == env, "its env");
    tap_ok(smtpc__engine_pool(engine) != NULL, "its connections");
    tap_ok(smtpc__engine_is_here(engine), "of this process");
    tap_ok(!smtpc__engine_on_thread(engine), "this is not its thread");
    tap_ok(!smtpc__engine_on_thread(NULL), "nor nobody's");
    tap_ok(!smtpc__engine_is_ending(engine), "it does not end");
    tap_subtest_end();
}

static void test_loops(apr_pool_t *pool)
{
    smtpc_lent_loop_t lent[SMTPC_LIMIT_SPARE_LOOPS + 1];
    smtpc_lent_loop_t again;
    smtpc_engine_t *engine;
    smtpc_env_t *env;
    int i;

    tap_subtest_begin("loops that are lent");
    batch_must(smtpc_env_create(&env, pool), "env");
    engine = get_engine(env, pool);
    for (i = 0; i <= SMTPC_LIMIT_SPARE_LOOPS; i++) {
        batch_must(smtpc__engine_take_loop(&lent[i], engine, 1), "loop");
    }
    tap_ok(lent[0].loop != lent[1].loop, "each caller has its own");
    for (i = 0; i <= SMTPC_LIMIT_SPARE_LOOPS; i++) {
        smtpc__engine_give_loop(engine, &lent[i]);
    }
    batch_must(smtpc__engine_take_loop(&again, engine, 1), "loop");
    tap_ok(again.loop == lent[SMTPC_LIMIT_SPARE_LOOPS - 1].loop,
           "one is used again; the one beyond the limit was not kept");
    smtpc__engine_give_loop(engine, &again);
    batch_must(smtpc__engine_take_loop(&again, engine, 9), "large loop");
    tap_ok(again.large, "a large one is made for the call");
    smtpc__engine_give_loop(engine, &again);
    tap_subtest_end();
}

/* The thread. */

typedef struct on_thread_t {
    smtpc_engine_t *engine;
    smtpc_engine_user_t users[3];
    smtpc_task_t task;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int there;    /* the task ran on the thread */
    int ended[3]; /* users */
    int order;
} on_thread_t;

static on_thread_t state;

static void end_user(void *baton)
{
    state.ended[(int *)baton - state.ended] = ++state.order;
    /* Not entered any more: nothing happens. */
    smtpc__engine_exit(&state.users[(int *)baton - state.ended]);
}

static void on_task(void *baton)
{
    on_thread_t *here = baton;
    int i;

    for (i = 0; i < 3; i++) {
        here->users[i].end = end_user;
        here->users[i].baton = &here->ended[i];
        smtpc__engine_enter(here->engine, &here->users[i]);
    }
    smtpc__engine_exit(&here->users[1]);
    smtpc__engine_exit(&here->users[1]);
    pthread_mutex_lock(&here->lock);
    here->there = 1 + smtpc__engine_on_thread(here->engine);
    pthread_cond_signal(&here->changed);
    pthread_mutex_unlock(&here->lock);
}

static void test_thread(apr_pool_t *pool)
{
    apr_pool_t *own;
    smtpc_env_t *env;
    smtpc_loop_t *loop;
    smtpc_loop_t *same;

    tap_subtest_begin("the thread, and its end");
    apr_pool_create(&own, pool);
    batch_must(smtpc_env_create(&env, own), "env");
    memset(&state, 0, sizeof(state));
    pthread_mutex_init(&state.lock, NULL);
    pthread_cond_init(&state.changed, NULL);
    state.engine = get_engine(env, own);
    batch_must(smtpc__engine_async(&loop, state.engine), "thread");
    batch_must(smtpc__engine_async(&same, state.engine), "thread");
    tap_ok(loop == same, "one thread, one loop");
    tap_ok(smtpc__engine_runs(state.engine, loop), "that is its loop");
    state.task.fn = on_task;
    state.task.baton = &state;
    smtpc__loop_post(loop, &state.task);
    pthread_mutex_lock(&state.lock);
    while (!state.there) {
        pthread_cond_wait(&state.changed, &state.lock);
    }
    pthread_mutex_unlock(&state.lock);
    tap_is_int(state.there, 2, "a task runs on it");
    apr_pool_destroy(own);
    tap_ok(state.ended[0] && state.ended[2], "what runs on it ends with it");
    tap_is_int(state.ended[1], 0, "what was taken out does not");
    tap_is_int(state.order, 2, "each once");
    pthread_cond_destroy(&state.changed);
    pthread_mutex_destroy(&state.lock);
    tap_subtest_end();
}

/* Connections that are kept without a client end with the env. */
static void test_keep(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_pool_t *own;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    int i;

    tap_subtest_begin("connections that outlive their clients");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    apr_pool_create(&own, pool);
    batch_must(smtpc_env_create(&env, own), "env");
    batch_must(smtpc_env_keep_connections(env, 1), "keep");
    for (i = 0; i < 3; i++) {
        client = mail_client(peer, env, own);
        tap_is_int(mail_send(&result, client, "a@a.test", own), APR_SUCCESS,
                   "a client for each message");
        batch_must(smtpc_client_dispose(client), "dispose");
    }
    tap_is_int(peer_accepted(peer), 1, "and one connection");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "still there");
    batch_must(smtpc_env_keep_connections(env, 0), "not any more");
    client = mail_client(peer, env, own);
    batch_must(mail_send(&result, client, "a@a.test", own), "send");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(peer), "it ends with its last client");
    batch_must(smtpc_env_keep_connections(env, 1), "keep");
    client = mail_client(peer, env, own);
    batch_must(mail_send(&result, client, "a@a.test", own), "send");
    apr_pool_destroy(own);
    tap_ok(peer_quiet(peer), "or with the env");
    tap_is_int(peer_heard(peer, "QUIT"), 2, "with QUIT");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_one(pool);
    test_loops(pool);
    test_thread(pool);
    test_keep(pool);
    return tap_done();
}
