/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_work_test.c: steps of a login that take long stop nobody else, and are
 * left behind when their time is over.
 */

#include <pthread.h>
#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/async.h"
#include "../support/mail.h"
#include "../tap/tap.h"
#include "base/limits.h"

/* What gives tokens waits for a gate. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int is_open;
static int inside;
static int asked;

static void set_open(int open)
{
    pthread_mutex_lock(&lock);
    is_open = open;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void await_inside(int count)
{
    pthread_mutex_lock(&lock);
    while (inside < count) {
        pthread_cond_wait(&changed, &lock);
    }
    pthread_mutex_unlock(&lock);
}

static int count_asked(void)
{
    int count;

    pthread_mutex_lock(&lock);
    count = asked;
    pthread_mutex_unlock(&lock);
    return count;
}

/* A smtpc_token_fn_t. */
static apr_status_t give(smtpc_secret_t **token, const char **why,
                         int refresh, void *baton, apr_pool_t *pool)
{
    (void)refresh;
    (void)baton;
    pthread_mutex_lock(&lock);
    inside++;
    asked++;
    pthread_cond_broadcast(&changed);
    while (!is_open) {
        pthread_cond_wait(&changed, &lock);
    }
    inside--;
    pthread_mutex_unlock(&lock);
    return smtpc_secret_load(token, why, "token", pool);
}

static const peer_answer_t takes_tokens[] = {
    { "AUTH XOAUTH2", "235 2.7.0 welcome" }, { NULL, NULL }
};

static peer_t *start(peer_smtp_t *smtp)
{
    peer_smtp_init(smtp);
    smtp->extensions = "AUTH XOAUTH2";
    smtp->answers = takes_tokens;
    return peer_start(peer_smtp_serve, smtp);
}

/* A client that logs in with a token, in clear text as loopback allows. */
static smtpc_client_t *client_with_token(peer_t *peer, smtpc_env_t *env,
                                         apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(peer, env, pool);

    if (smtpc_client_set_security(client, SMTPC_SECURITY_NONE) != APR_SUCCESS
        || smtpc_client_set_token_callback(client, "ann", give, NULL)
               != APR_SUCCESS) {
        tap_bail("client");
    }
    return client;
}

static smtpc_env_t *make_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("env");
    }
    return env;
}

/* Mail without a login goes on its way while another waits for its token. */
static void test_others(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    peer_smtp_t smtp;
    peer_t *peer = start(&smtp);
    smtpc_client_t *slow = client_with_token(peer, env, pool);
    smtpc_client_t *quick = mail_client(peer, env, pool);
    async_t slow_one;
    async_t quick_one;

    tap_subtest_begin("others go on");
    async_init(&slow_one);
    async_init(&quick_one);
    set_open(0);
    tap_is_int(smtpc_client_send_async(slow, async_message("a@b.test", pool),
                                       async_completed, &slow_one),
               APR_SUCCESS, "one with a token");
    await_inside(1);
    tap_is_int(smtpc_client_send_async(quick, async_message("a@b.test", pool),
                                       async_completed, &quick_one),
               APR_SUCCESS, "one without, on the same thread");
    tap_is_int(async_wait(&quick_one, 1), 1, "is completed");
    tap_is_int(quick_one.status, APR_SUCCESS, "and sent");
    tap_is_int(async_count(&slow_one), 0, "the other waits");
    set_open(1);
    tap_is_int(async_wait(&slow_one, 1), 1, "there is the token");
    tap_is_int(slow_one.status, APR_SUCCESS, "sent, too: %s",
               mail_error(slow_one.result));
    peer_stop(peer);
    async_end(&slow_one);
    async_end(&quick_one);
    tap_subtest_end();
}

static void test_deadline(apr_pool_t *pool)
{
    apr_pool_t *sub;
    peer_smtp_t smtp;
    peer_t *peer = start(&smtp);
    smtpc_client_t *client;
    smtpc_result_t *result;

    tap_subtest_begin("a deadline");
    apr_pool_create(&sub, pool);
    client = client_with_token(peer, make_env(sub), sub);
    set_open(0);
    tap_is_int(smtpc_client_set_timeout(client, apr_time_from_msec(300)),
               APR_SUCCESS, "300 ms");
    tap_is_int(mail_send(&result, client, "a@b.test", sub), SMTPC_ETIMEOUT,
               "no token in time");
    tap_ok(strstr(mail_error(result), "check where the token comes from")
               != NULL, "said: %s", mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_AUTH, "at AUTH");
    tap_is_int(peer_heard(peer, "AUTH"), 0, "AUTH was not said");
    set_open(1);
    apr_pool_destroy(sub);
    peer_stop(peer);
    pthread_mutex_lock(&lock);
    tap_is_int(inside, 0, "the environment ended behind it");
    pthread_mutex_unlock(&lock);
    tap_subtest_end();
}

static void test_limit(apr_pool_t *pool)
{
    apr_pool_t *sub;
    peer_smtp_t smtp;
    peer_t *peer = start(&smtp);
    smtpc_client_t *client;
    smtpc_result_t *result;
    int before;

    tap_subtest_begin("as many as may be left behind");
    apr_pool_create(&sub, pool);
    client = client_with_token(peer, make_env(sub), sub);
    set_open(0);
    if (smtpc_client_set_timeout(client, apr_time_from_msec(20))
        != APR_SUCCESS) {
        tap_bail("timeout");
    }
    before = count_asked();
    for (int i = 0; i < 3 * SMTPC_LIMIT_SASL_THREADS
                    && count_asked() - before < SMTPC_LIMIT_SASL_THREADS; i++) {
        (void)mail_send(&result, client, "a@b.test", sub);
    }
    await_inside(SMTPC_LIMIT_SASL_THREADS);
    if (smtpc_client_set_timeout(client, apr_time_from_sec(20))
        != APR_SUCCESS) {
        tap_bail("timeout");
    }
    tap_is_int(mail_send(&result, client, "a@b.test", sub), SMTPC_ETEMP,
               "one more");
    tap_ok(strstr(mail_error(result), "16 earlier logins still wait") != NULL,
           "said: %s", mail_error(result));
    set_open(1);
    apr_pool_destroy(sub);
    peer_stop(peer);
    tap_subtest_end();
}

/* Cancelled while its token is fetched. */
static void test_cancel(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    peer_smtp_t smtp;
    peer_t *peer = start(&smtp);
    smtpc_client_t *client = client_with_token(peer, env, pool);
    async_t async;

    tap_subtest_begin("cancelled");
    async_init(&async);
    set_open(0);
    tap_is_int(smtpc_client_send_async(client,
                                       async_message("a@b.test", pool),
                                       async_completed, &async),
               APR_SUCCESS, "begun");
    await_inside(1);
    smtpc_client_cancel(client);
    tap_is_int(async_wait(&async, 1), 1, "completed");
    tap_is_int(async.status, SMTPC_ECANCELLED, "cancelled");
    set_open(1);
    peer_stop(peer);
    async_end(&async);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { test_others, test_deadline,
                                         test_limit, test_cancel };

    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
