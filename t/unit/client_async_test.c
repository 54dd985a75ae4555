/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_async_test.c: asynchronous sends: completed once, on the env's
 * thread, whatever becomes of them; what goes and what does not meanwhile;
 * what a completion may do.
 */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../tap/tap.h"

/** Sends of a chain. */
#define CHAIN 1000

static smtpc_env_t *env;

/* Wait until the completion of client has returned. */
static void settle(smtpc_client_t *client)
{
    while (smtpc_client_set_timeout(client, apr_time_from_sec(20))
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
}

/* Outcomes. */

typedef struct outcome_t {
    const char *what;
    const char *start; /* answered by say; NULL: nobody listens */
    const char *say;
    int brief;         /* a timeout of 100 ms */
    int cancel;        /* when start was heard */
    apr_status_t status;
    smtpc_rcpt_state_e state;
} outcome_t;

static void test_outcome(const outcome_t *outcome, apr_pool_t *pool)
{
    peer_answer_t answers[] = { { outcome->start, outcome->say },
                                { NULL, NULL } };
    smtpc_message_t *message = async_message("x@y.test", pool);
    const smtpc_recipient_t *recipient;
    smtpc_client_t *client;
    peer_smtp_t smtp;
    peer_t *peer;
    async_t async;

    tap_subtest_begin("%s", outcome->what);
    async_init(&async);
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    if (!outcome->start) {
        tap_is_int(smtpc_client_set_port(client, mail_closed_port()),
                   APR_SUCCESS, "a port nobody listens on");
    }
    if (outcome->brief) {
        tap_is_int(smtpc_client_set_timeout(client, apr_time_from_msec(100)),
                   APR_SUCCESS, "100 ms");
    }
    tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                       &async), APR_SUCCESS, "submitted");
    if (outcome->cancel) {
        while (peer_heard(peer, outcome->start) == 0) {
            apr_thread_yield();
        }
        tap_is_int(smtpc_client_cancel(client), APR_SUCCESS, "cancelled");
    }
    tap_is_int(async_wait(&async, 1), 1, "completed");
    settle(client);
    tap_is_int(async.status, outcome->status, "%s",
               smtpc_status_name(async.status));
    tap_is_int(async.wrong, 0, "so says the result");
    tap_ok(async.client == client, "of this client");
    tap_ok(!pthread_equal(async.thread, pthread_self()), "on a thread");
    recipient = smtpc_result_recipient(async.result, 0);
    tap_is_str(recipient ? recipient->address : NULL, "x@y.test", "address");
    tap_is_int(recipient ? (int)recipient->state : -1, outcome->state,
               "state");
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed");
    tap_is_int(async_count(&async), 1, "completed once");
    peer_stop(peer);
    async_end(&async);
    tap_subtest_end();
}

static void test_outcomes(apr_pool_t *pool)
{
    static const outcome_t outcomes[] = {
        { "accepted", "HELP", "", 0, 0, APR_SUCCESS, SMTPC_RCPT_ACCEPTED },
        { "refused", "RCPT", "550 5.1.1 nobody", 0, 0, SMTPC_EREJECTED,
          SMTPC_RCPT_REJECTED },
        { "refused for now", "MAIL", "451 4.3.0 later", 0, 0, SMTPC_ETEMP,
          SMTPC_RCPT_REJECTED },
        { "no server", NULL, NULL, 0, 0, SMTPC_ECONNECT, SMTPC_RCPT_UNSENT },
        { "timeout", "MAIL", "!silent", 1, 0, SMTPC_ETIMEOUT,
          SMTPC_RCPT_UNSENT },
        { "cancelled", "MAIL", "!silent", 0, 1, SMTPC_ECANCELLED,
          SMTPC_RCPT_UNSENT },
        { "in doubt", ".", "!close", 0, 0, SMTPC_EINDOUBT,
          SMTPC_RCPT_IN_DOUBT },
    };
    apr_size_t i;

    tap_subtest_begin("completed once, on the env's thread");
    for (i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
        test_outcome(&outcomes[i], pool);
    }
    tap_subtest_end();
}

static void test_pickup(apr_pool_t *pool)
{
    char *directory = apr_psprintf(pool, "/tmp/async-test-%d", (int)getpid());
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *client;
    async_t async;

    tap_subtest_begin("pickup");
    async_init(&async);
    tap_is_int(apr_dir_make(directory, APR_FPROT_UREAD | APR_FPROT_UWRITE
                                           | APR_FPROT_UEXECUTE, pool),
               APR_SUCCESS, "a directory");
    tap_is_int(smtpc_client_create(&client, env, NULL, 0, pool), APR_SUCCESS,
               "client");
    tap_is_int(smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP),
               APR_SUCCESS, "delivery");
    tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                       &async), SMTPC_EARG, "no directory");
    tap_is_int(smtpc_client_set_pickup_directory(client, directory),
               APR_SUCCESS, "directory");
    tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                       &async), APR_SUCCESS, "submitted");
    tap_is_int(async_wait(&async, 1), 1, "completed");
    settle(client);
    tap_is_int(async.status, APR_SUCCESS, "stored");
    tap_ok(!pthread_equal(async.thread, pthread_self()), "on a thread");
    tap_ok(smtpc_result_path(async.result)[0] != '\0', "in %s",
           smtpc_result_path(async.result));
    tap_is_int(apr_file_remove(smtpc_result_path(async.result), pool),
               APR_SUCCESS, "it is there");
    tap_is_int(smtpc_client_set_pickup_directory(client, "/nowhere/at/all"),
               APR_SUCCESS, "one that is not there");
    tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                       &async), APR_SUCCESS, "submitted");
    tap_is_int(async_wait(&async, 2), 2, "completed");
    tap_is_int(async.status, SMTPC_EQUEUE, "not stored");
    smtpc_client_dispose(client);
    tap_is_int(async_count(&async), 2, "each completed once");
    tap_is_int(rmdir(directory), 0, "nothing is left");
    async_end(&async);
    tap_subtest_end();
}

/* Errors of the caller. */

static void test_arguments(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_message_t *bad;
    smtpc_client_t *c;
    async_t async;

    tap_subtest_begin("argument errors come at once");
    async_init(&async);
    tap_is_int(smtpc_client_create(&c, env, "127.0.0.1", 1, pool),
               APR_SUCCESS, "client");
    tap_is_int(smtpc_client_send_async(c, NULL, async_completed, &async),
               SMTPC_EARG, "no message");
    tap_ok(smtpc_client_error(c)[0] != '\0', "%s", smtpc_client_error(c));
    tap_is_int(smtpc_client_send_async(c, message, NULL, &async), SMTPC_EARG,
               "no function");
    tap_ok(smtpc_client_error(c)[0] != '\0', "%s", smtpc_client_error(c));
    tap_is_int(smtpc_message_create(&bad, pool), APR_SUCCESS, "message");
    tap_is_int(smtpc_client_send_async(c, bad, async_completed, &async),
               SMTPC_EARG, "no From");
    tap_is_int(smtpc_message_set_from(bad, "a@b.test"), APR_SUCCESS, "From");
    tap_is_int(smtpc_client_send_async(c, bad, async_completed, &async),
               SMTPC_EARG, "no recipient");
    tap_is_int(smtpc_client_set_port(c, 25), APR_SUCCESS,
               "the client is not busy");
    smtpc_client_dispose(c);
    tap_is_int(smtpc_client_send_async(c, message, async_completed, &async),
               SMTPC_EDISPOSED, "disposed of");
    tap_is_int(smtpc_client_cancel(c), SMTPC_EDISPOSED, "cancel as well");
    tap_is_int(async_count(&async), 0, "nothing was completed");
    async_end(&async);
    tap_subtest_end();
}

static void test_busy(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_result_t *result;
    smtpc_client_t *c;
    peer_t *peer;
    echo_t echo;
    async_t async;

    tap_subtest_begin("busy meanwhile");
    async_init(&async);
    echo_init(&echo);
    echo_hold(&echo, 1);
    peer = peer_start(echo_serve, &echo);
    c = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_send_async(c, message, async_completed, &async),
               APR_SUCCESS, "submitted");
    tap_is_int(smtpc_client_send_async(c, message, async_completed, &async),
               SMTPC_EBUSY, "another one");
    tap_is_int(smtpc_client_send(&result, c, message, pool), SMTPC_EBUSY,
               "one that blocks");
    tap_ok(result == NULL, "no result");
    tap_is_int(smtpc_client_send_many(&result, c, &message, 1, pool),
               SMTPC_EBUSY, "a batch");
    tap_is_int(smtpc_client_noop(&result, c, pool), SMTPC_EBUSY, "NOOP");
    tap_is_int(smtpc_client_connect(&result, c, pool), SMTPC_EBUSY,
               "connect");
    tap_is_int(smtpc_client_check(c), SMTPC_EBUSY, "check");
    tap_is_int(smtpc_client_set_host(c, "a.test"), SMTPC_EBUSY, "host");
    tap_is_int(smtpc_client_set_port(c, 1), SMTPC_EBUSY, "port");
    tap_is_int(smtpc_client_set_credentials(c, "a", "b"), SMTPC_EBUSY,
               "credentials");
    tap_is_int(smtpc_client_set_delivery(c, SMTPC_DELIVER_PICKUP),
               SMTPC_EBUSY, "delivery");
    tap_is_int(smtpc_client_set_max_connections(c, 1), SMTPC_EBUSY,
               "connections");
    tap_is_int(echo_finals(&echo, 1), 1, "it came");
    tap_is_int(async_count(&async), 0, "and is not completed");
    echo_hold(&echo, 0);
    tap_is_int(async_wait(&async, 1), 1, "it is now");
    settle(c);
    tap_is_int(async.status, APR_SUCCESS, "accepted");
    tap_is_str(smtpc_result_queue_id(async.result), "x", "as it should");
    tap_is_int(smtpc_client_send(&result, c, message, pool), APR_SUCCESS,
               "the client is free");
    smtpc_client_dispose(c);
    tap_ok(peer_quiet(peer), "all over");
    tap_is_int(peer_accepted(peer), 1, "one connection for both");
    tap_is_int(echo_quits(&echo), 1, "one QUIT");
    peer_stop(peer);
    echo_end(&echo);
    async_end(&async);
    tap_subtest_end();
}

/* A completion begins the next send. */

typedef struct chain_t {
    async_t async;
    apr_pool_t *pools[2]; /* of the messages: this one and the next */
    int next;
    int wrong;            /* results of another mail */
    int stale;            /* the result before did not live on */
    const smtpc_result_t *before;
    apr_status_t status;  /* of the last submission */
} chain_t;

static void on_link(smtpc_client_t *client, apr_status_t status,
                    const smtpc_result_t *result, void *baton)
{
    chain_t *chain = baton;
    int i = chain->next++;
    apr_pool_t *pool = chain->pools[chain->next % 2];
    char user[32];

    apr_snprintf(user, sizeof(user), "user%d", i);
    chain->wrong += status != APR_SUCCESS
                    || strcmp(smtpc_result_queue_id(result), user) != 0;
    if (chain->before) {
        apr_snprintf(user, sizeof(user), "user%d", i - 1);
        chain->stale += strcmp(smtpc_result_queue_id(chain->before), user)
                        != 0;
    }
    chain->before = result;
    if (chain->next < CHAIN) {
        apr_pool_clear(pool);
        chain->status = smtpc_client_send_async(
            client, async_message(apr_psprintf(pool, "user%d@y.test",
                                               chain->next), pool),
            on_link, chain);
    }
    if (chain->next == CHAIN || chain->status != APR_SUCCESS) {
        async_completed(client, status, result, &chain->async);
    }
}

static void test_chain(apr_pool_t *pool)
{
    smtpc_client_t *client;
    chain_t chain = { .next = 0 };
    peer_t *peer;
    echo_t echo;

    tap_subtest_begin("a chain of %d", CHAIN);
    async_init(&chain.async);
    apr_pool_create_unmanaged(&chain.pools[0]);
    apr_pool_create_unmanaged(&chain.pools[1]);
    echo_init(&echo);
    echo.extensions = "PIPELINING";
    peer = peer_start(echo_serve, &echo);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_set_messages_per_connection(client, 0),
               APR_SUCCESS, "any number on a connection");
    tap_is_int(smtpc_client_send_async(client,
                                       async_message("user0@y.test",
                                                     chain.pools[0]),
                                       on_link, &chain), APR_SUCCESS,
               "the first");
    tap_is_int(async_wait(&chain.async, 1), 1, "the last was completed");
    settle(client);
    tap_is_int(chain.status, APR_SUCCESS, "all were submitted");
    tap_is_int(chain.next, CHAIN, "and completed once");
    tap_is_int(chain.wrong, 0, "each accepted, with its own result");
    tap_is_int(chain.stale, 0, "a result outlives the next completion");
    tap_is_int(peer_accepted(peer), 1, "on one connection");
    smtpc_client_dispose(client);
    peer_stop(peer);
    echo_end(&echo);
    apr_pool_destroy(chain.pools[0]);
    apr_pool_destroy(chain.pools[1]);
    async_end(&chain.async);
    tap_subtest_end();
}

/* A completion blocks. */

typedef struct blocking_t {
    async_t async;
    smtpc_client_t *other;
    smtpc_message_t *messages[4];
    apr_pool_t *pool;
    apr_status_t same_status;
    apr_status_t many_status;
    apr_status_t other_status;
    apr_status_t setter_status;
    smtpc_result_t *results[5];
} blocking_t;

static void on_blocking(smtpc_client_t *client, apr_status_t status,
                        const smtpc_result_t *result, void *baton)
{
    blocking_t *b = baton;

    b->setter_status = smtpc_client_set_messages_per_connection(client, 50);
    b->same_status = smtpc_client_send(&b->results[0], client,
                                       b->messages[0], b->pool);
    b->many_status = smtpc_client_send_many(&b->results[1], client,
                                            &b->messages[1], 2, b->pool);
    b->other_status = smtpc_client_send(&b->results[3], b->other,
                                        b->messages[3], b->pool);
    async_completed(client, status, result, &b->async);
}

static void test_blocking(apr_pool_t *pool)
{
    static const char *const users[] = { "one", "two", "three", "four" };
    blocking_t b = { .pool = NULL };
    smtpc_client_t *client;
    peer_t *peer;
    echo_t echo;
    int i;

    tap_subtest_begin("sends that block in a completion");
    async_init(&b.async);
    apr_pool_create_unmanaged(&b.pool);
    echo_init(&echo);
    peer = peer_start(echo_serve, &echo);
    client = mail_client(peer, env, pool);
    b.other = mail_client(peer, env, pool);
    for (i = 0; i < 4; i++) {
        b.messages[i] = async_message(apr_pstrcat(pool, users[i], "@y.test",
                                                  NULL), pool);
    }
    tap_is_int(smtpc_client_send_async(client,
                                       async_message("zero@y.test", pool),
                                       on_blocking, &b), APR_SUCCESS,
               "submitted");
    tap_is_int(async_wait(&b.async, 1), 1, "completed");
    settle(client);
    tap_is_str(smtpc_result_queue_id(b.async.result), "zero", "the first");
    tap_is_int(b.setter_status, APR_SUCCESS, "a setter");
    tap_is_int(b.same_status, APR_SUCCESS, "on the same client");
    tap_is_int(b.many_status, APR_SUCCESS, "a batch");
    tap_is_int(b.other_status, APR_SUCCESS, "on another one");
    for (i = 0; i < 4; i++) {
        tap_is_str(b.results[i] ? smtpc_result_queue_id(b.results[i]) : NULL,
                   users[i], "%s", users[i]);
    }
    smtpc_client_dispose(client);
    smtpc_client_dispose(b.other);
    tap_is_int(async_count(&b.async), 1, "completed once");
    peer_stop(peer);
    echo_end(&echo);
    apr_pool_destroy(b.pool);
    async_end(&b.async);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_arguments,
        test_outcomes,
        test_pickup,
        test_busy,
        test_chain,
        test_blocking
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
