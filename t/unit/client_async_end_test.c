/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_async_end_test.c: asynchronous sends whose client or env ends: in the
 * completion, from another thread, with the pool, with the env.
 */

#include <stdatomic.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** Clients of an env that ends. */
#define CLIENTS 20
/** More of them than an env keeps the memory of. */
#define BALLAST 60
/** Longest time that the end of an env may take: 2 s, and a slow machine. */
#define END_TIME apr_time_from_sec(4)

static const peer_answer_t silent[] = { { "MAIL", "!silent" },
                                        { NULL, NULL } };

static smtpc_env_t *env;

/* The end in a completion. */

typedef enum {
    END_DISPOSE,
    END_DESTROY,
    END_AGAIN_DISPOSE, /* the next is begun, and then disposed of */
    END_AGAIN_DESTROY,
    END_COUNT
} end_e;

typedef struct ending_t {
    async_t async;
    end_e how;
    int inner;              /* completions of the next */
    apr_status_t inner_status;
    apr_status_t again;
    apr_status_t disposed;
    apr_pool_t *pool;       /* of the client */
    apr_pool_t *ballast;    /* of clients that go before: the env keeps no
                               more free memory then, and checkers see who
                               looks at what is gone */
    smtpc_message_t *message;
} ending_t;

static void on_inner(smtpc_client_t *client, apr_status_t status,
                     const smtpc_result_t *result, void *baton)
{
    ending_t *ending = baton;

    (void)client;
    (void)result;
    ending->inner++;
    ending->inner_status = status;
}

static void on_ending(smtpc_client_t *client, apr_status_t status,
                      const smtpc_result_t *result, void *baton)
{
    ending_t *ending = baton;

    if (ending->how == END_AGAIN_DISPOSE || ending->how == END_AGAIN_DESTROY) {
        ending->again = smtpc_client_send_async(client, ending->message,
                                                on_inner, ending);
    }
    if (ending->how != END_DESTROY) {
        ending->disposed = smtpc_client_dispose(client);
    }
    if (ending->how == END_DESTROY || ending->how == END_AGAIN_DESTROY) {
        apr_pool_destroy(ending->ballast);
        apr_pool_destroy(ending->pool);
        client = NULL;
        result = NULL;
    }
    /* The last look at what is the main thread's. */
    async_completed(client, status, result, &ending->async);
}

static void test_ending(end_e how, peer_t *peer, apr_pool_t *pool)
{
    static const char *const names[END_COUNT] = {
        "dispose", "destroy", "send again and dispose",
        "send again and destroy"
    };
    ending_t ending = { .how = how };
    int again = how == END_AGAIN_DISPOSE || how == END_AGAIN_DESTROY;
    smtpc_client_t *client;
    int i;

    async_init(&ending.async);
    apr_pool_create_unmanaged(&ending.ballast);
    apr_pool_create_unmanaged(&ending.pool);
    ending.message = async_message("x@y.test", pool);
    for (i = 0; i < BALLAST; i++) {
        (void)mail_client(peer, env, ending.ballast);
    }
    client = mail_client(peer, env, ending.pool);
    tap_is_int(smtpc_client_send_async(client, ending.message, on_ending,
                                       &ending), APR_SUCCESS,
               "%s: submitted", names[how]);
    tap_is_int(async_wait(&ending.async, 1), 1, "%s: completed", names[how]);
    tap_is_int(ending.async.status, APR_SUCCESS, "%s: sent", names[how]);
    tap_is_int(ending.disposed, APR_SUCCESS, "%s: disposed", names[how]);
    tap_is_int(ending.again, APR_SUCCESS, "%s: again", names[how]);
    tap_is_int(ending.inner, again, "%s: that was completed too",
               names[how]);
    if (again) {
        tap_is_int(ending.inner_status, SMTPC_ECANCELLED, "%s: cancelled",
                   names[how]);
    }
    if (how == END_DISPOSE || how == END_AGAIN_DISPOSE) {
        /* The completion may not have returned yet. */
        tap_is_int(smtpc_client_set_port(client, 1), SMTPC_EDISPOSED,
                   "%s: over", names[how]);
        apr_pool_destroy(ending.ballast);
        apr_pool_destroy(ending.pool);
    }
    async_end(&ending.async);
}

static void test_in_completion(apr_pool_t *pool)
{
    peer_t *peer;
    echo_t echo;
    int how;

    tap_subtest_begin("in the completion");
    echo_init(&echo);
    peer = peer_start(echo_serve, &echo);
    for (how = 0; how < END_COUNT; how++) {
        test_ending(how, peer, pool);
    }
    tap_ok(peer_quiet(peer), "all connections ended");
    peer_stop(peer);
    tap_is_int(echo.finals, END_COUNT, "each first one was sent, no second");
    echo_end(&echo);
    tap_subtest_end();
}

/* The end from another thread. */

static void test_in_flight(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *client;
    apr_pool_t *own;
    peer_smtp_t smtp;
    peer_t *peer;
    async_t async;
    int destroy;

    tap_subtest_begin("in flight");
    for (destroy = 0; destroy < 2; destroy++) {
        async_init(&async);
        apr_pool_create_unmanaged(&own);
        peer_smtp_init(&smtp);
        smtp.answers = silent;
        peer = peer_start(peer_smtp_serve, &smtp);
        client = mail_client(peer, env, own);
        tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                           &async), APR_SUCCESS, "submitted");
        while (peer_heard(peer, "MAIL") == 0) {
            apr_thread_yield();
        }
        tap_is_int(async_count(&async), 0, "under way");
        if (!destroy) {
            tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed");
        }
        else {
            apr_pool_destroy(own);
        }
        tap_is_int(async_count(&async), 1, "completed before that returns");
        tap_is_int(async.status, SMTPC_ECANCELLED, "cancelled");
        tap_ok(peer_quiet(peer), "its connection is cut");
        tap_is_int(peer_heard(peer, "QUIT"), 0, "without QUIT");
        if (!destroy) {
            apr_pool_destroy(own);
        }
        tap_is_int(async_count(&async), 1, "completed once");
        peer_stop(peer);
        async_end(&async);
    }
    tap_subtest_end();
}

/* Whoever disposes of a client waits for its completion to return. */

typedef struct slow_t {
    async_t async;
    atomic_int disposing;
    atomic_int returned;
} slow_t;

static void on_slow(smtpc_client_t *client, apr_status_t status,
                    const smtpc_result_t *result, void *baton)
{
    slow_t *slow = baton;
    int i;

    async_completed(client, status, result, &slow->async);
    while (!atomic_load(&slow->disposing)) {
        apr_thread_yield();
    }
    for (i = 0; i < 10000; i++) {
        apr_thread_yield();
    }
    /* The result is of the client that is about to go. */
    atomic_store(&slow->returned,
                 1 + (smtpc_result_status(result) == status));
}

static void test_waits(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *client;
    slow_t slow = { .disposing = 0 };
    apr_pool_t *own;
    peer_t *peer;
    echo_t echo;

    tap_subtest_begin("while the completion runs");
    async_init(&slow.async);
    apr_pool_create_unmanaged(&own);
    echo_init(&echo);
    peer = peer_start(echo_serve, &echo);
    client = mail_client(peer, env, own);
    tap_is_int(smtpc_client_send_async(client, message, on_slow, &slow),
               APR_SUCCESS, "submitted");
    tap_is_int(async_wait(&slow.async, 1), 1, "the completion runs");
    tap_is_int(smtpc_client_send_async(client, message, on_slow, &slow),
               SMTPC_EBUSY, "busy to this thread");
    tap_is_int(smtpc_client_set_port(client, 1), SMTPC_EBUSY, "so says all");
    tap_is_int(smtpc_client_cancel(client), APR_SUCCESS,
               "nothing is left to cancel");
    atomic_store(&slow.disposing, 1);
    apr_pool_destroy(own);
    tap_is_int(atomic_load(&slow.returned), 2, "it had returned before");
    tap_is_int(async_count(&slow.async), 1, "completed once");
    tap_is_int(slow.async.status, APR_SUCCESS, "sent");
    peer_stop(peer);
    echo_end(&echo);
    async_end(&slow.async);
    tap_subtest_end();
}

/* The end of the env. */

typedef struct orphan_t {
    async_t *async;
    apr_pool_t *pool;   /* of the client */
    smtpc_message_t *message;
    apr_status_t again; /* what a send in the completion said */
} orphan_t;

/* An env must outlive its clients: this one's ends here. */
static void on_orphan(smtpc_client_t *client, apr_status_t status,
                      const smtpc_result_t *result, void *baton)
{
    orphan_t *orphan = baton;

    orphan->again = smtpc_client_send_async(client, orphan->message,
                                            async_completed, orphan->async);
    async_completed(client, status, result, orphan->async);
    apr_pool_destroy(orphan->pool);
}

/* Return how many of CLIENTS orphans are wrong. */
static int count_strange(const orphan_t *orphans)
{
    int strange = 0;
    int i;

    for (i = 0; i < CLIENTS; i++) {
        strange += orphans[i].again != SMTPC_EDISPOSED;
    }
    return strange;
}

static void test_env(apr_pool_t *pool)
{
    orphan_t orphans[CLIENTS];
    int threads = process_threads();
    apr_pool_t *env_pool;
    smtpc_env_t *own_env;
    peer_smtp_t smtp;
    peer_t *peer;
    async_t async;
    apr_time_t began;
    int failed = 0;
    int i;

    tap_subtest_begin("with the env");
    async_init(&async);
    peer_smtp_init(&smtp);
    smtp.answers = silent;
    apr_pool_create_unmanaged(&env_pool);
    tap_is_int(smtpc_env_create(&own_env, env_pool), APR_SUCCESS, "env");
    peer = peer_start(peer_smtp_serve, &smtp);
    for (i = 0; i < CLIENTS; i++) {
        apr_pool_create_unmanaged(&orphans[i].pool);
        orphans[i].async = &async;
        orphans[i].message = async_message("x@y.test", pool);
        failed += smtpc_client_send_async(
                      mail_client(peer, own_env, orphans[i].pool),
                      orphans[i].message, on_orphan, &orphans[i])
                  != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "all submitted");
    /* Some wait for an answer, the others for a connection. */
    while (peer_heard(peer, "MAIL") < 5) {
        apr_thread_yield();
    }
    began = apr_time_now();
    apr_pool_destroy(env_pool);
    tap_ok(apr_time_now() - began < END_TIME, "it ends in %d ms",
           (int)apr_time_as_msec(apr_time_now() - began));
    tap_is_int(async_count(&async), CLIENTS, "each completed once");
    tap_is_int(async.status, SMTPC_ECANCELLED, "cancelled");
    tap_is_int(async.wrong, 0, "so say the results");
    tap_is_int(count_strange(orphans), 0, "nothing begins any more");
    tap_is_int(peer_accepted(peer), 5, "no other connection was made");
    peer_stop(peer);
    tap_is_int(process_threads(), threads, "its thread has ended");
    async_end(&async);
    tap_subtest_end();
}

/* One pool for all: the client goes first. */
static void test_one_pool(apr_pool_t *pool)
{
    int threads = process_threads();
    int descriptors = process_descriptors();
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_env_t *own_env;
    apr_pool_t *own;
    peer_smtp_t smtp;
    peer_t *peer;
    async_t async;

    tap_subtest_begin("client and env in one pool");
    async_init(&async);
    peer_smtp_init(&smtp);
    smtp.answers = silent;
    peer = peer_start(peer_smtp_serve, &smtp);
    apr_pool_create_unmanaged(&own);
    tap_is_int(smtpc_env_create(&own_env, own), APR_SUCCESS, "env");
    tap_is_int(smtpc_client_send_async(mail_client(peer, own_env, own),
                                       message, async_completed, &async),
               APR_SUCCESS, "submitted");
    while (peer_heard(peer, "MAIL") == 0) {
        apr_thread_yield();
    }
    apr_pool_destroy(own);
    tap_is_int(async_count(&async), 1, "completed");
    tap_is_int(async.status, SMTPC_ECANCELLED, "cancelled");
    peer_stop(peer);
    tap_is_int(process_threads(), threads, "no thread is left");
    tap_is_int(process_descriptors(), descriptors, "no descriptor either");
    async_end(&async);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_in_completion,
        test_in_flight,
        test_waits,
        test_env,
        test_one_pool
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
