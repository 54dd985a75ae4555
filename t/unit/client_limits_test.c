/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_limits_test.c: how many, how long, how fast: defaults, what the
 * setters take and refuse, reading back, and that each makes another profile.
 */

#include <limits.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../tap/tap.h"
#include "client/client_int.h"
#include "model/caps.h"

#define YES(call, what) tap_is_int(call, APR_SUCCESS, "%s", what)
#define NO(call, what) tap_is_int(call, SMTPC_EARG, "%s", what)

static smtpc_env_t *env;

/* The profile that the settings of c make, until the next call for c. */
static const smtpc_server_t *frozen(smtpc_client_t *c)
{
    const smtpc_server_t *server;

    (void)smtpc__client_scratch(c);
    if (smtpc__client_freeze(&server, c) != APR_SUCCESS) {
        tap_bail("not frozen");
    }
    return server;
}

/* What is read back at first is what the profile has. */
static void test_defaults(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    apr_interval_time_t time = 1;
    const smtpc_server_t *s;
    int stage;

    tap_subtest_begin("defaults");
    s = frozen(c);
    tap_is_int(smtpc_client_max_connections(c), 5, "connections");
    tap_is_int(s->max_connections, 5, "in the profile");
    tap_is_int(smtpc_client_pipeline_depth(c), 8, "depth");
    tap_is_int(s->depth, 8, "in the profile");
    tap_is_int(smtpc_client_recipients_per_transaction(c), 100, "recipients");
    tap_is_int(s->max_recipients, 100, "in the profile");
    tap_is_int(smtpc_client_idle_timeout(c), apr_time_from_sec(30), "idle");
    tap_is_int(s->idle, apr_time_from_sec(30), "in the profile");
    tap_is_int(smtpc_client_connection_lifetime(c), apr_time_from_sec(300),
               "lifetime");
    tap_is_int(s->lifetime, apr_time_from_sec(300), "in the profile");
    tap_is_int(smtpc_client_messages_per_connection(c), 100, "messages");
    tap_is_int(s->max_messages, 100, "in the profile");
    tap_is_int(smtpc_client_min_data_rate(c), 500, "data rate");
    tap_is_int(s->min_rate, 500, "in the profile");
    tap_is_int(smtpc_client_min_connections(c), 0, "none kept");
    tap_is_int(smtpc_client_acquire_timeout(c), 0, "acquire");
    tap_is_int(smtpc_client_patience(c), SMTPC_PATIENCE_RUNNER, "patient");
    for (stage = 0; stage < SMTPC_STAGE_COUNT; stage++) {
        time += smtpc_client_stage_timeout(c, (smtpc_stage_e)stage);
    }
    tap_is_int(time, 1, "no timeout of a stage");
    tap_is_int(smtpc_client_rate_limit(&time, c) + time, 0, "no rate");
    time = 1;
    tap_is_int(smtpc_client_domain_rate_limit(&time, c) + time, 0,
               "no rate of a domain");
    tap_ok(smtpc_client_masked_capabilities(c) == NULL, "no mask");
    tap_subtest_end();
}

/* Numbers and times with nothing special about them. */

typedef struct number_t {
    const char *name;
    apr_status_t (*set)(smtpc_client_t *client, int value);
    int (*get)(const smtpc_client_t *client);
    int least;
    int most;
} number_t;

static const number_t numbers[] = {
    { "max_connections", smtpc_client_set_max_connections,
      smtpc_client_max_connections, 1, SMTPC_LIMIT_CONNECTIONS },
    { "pipeline_depth", smtpc_client_set_pipeline_depth,
      smtpc_client_pipeline_depth, 1, SMTPC_LIMIT_PIPELINE_DEPTH },
    { "messages_per_connection", smtpc_client_set_messages_per_connection,
      smtpc_client_messages_per_connection, 0, INT_MAX },
    { "recipients_per_transaction",
      smtpc_client_set_recipients_per_transaction,
      smtpc_client_recipients_per_transaction, 1, SMTPC_LIMIT_RECIPIENTS },
    { "min_data_rate", smtpc_client_set_min_data_rate,
      smtpc_client_min_data_rate, 0, INT_MAX }
};

static void test_numbers(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    apr_size_t i;

    tap_subtest_begin("numbers");
    for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        const number_t *n = &numbers[i];

        YES(n->set(c, n->least), n->name);
        tap_is_int(n->get(c), n->least, "the least reads");
        YES(n->set(c, n->most), n->name);
        tap_is_int(n->get(c), n->most, "the most reads");
        NO(n->set(c, n->least - 1), "less");
        tap_ok(strstr(smtpc_client_error(c), "is no number of") != NULL,
               "said: %s", smtpc_client_error(c));
        if (n->most < INT_MAX) {
            NO(n->set(c, n->most + 1), "more");
        }
        NO(n->set(c, INT_MIN), "far less");
        tap_is_int(n->get(c), n->most, "unchanged");
    }
    tap_subtest_end();
}

static void test_connections(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("least and most connections");
    NO(smtpc_client_set_min_connections(c, 6), "more than the default most");
    NO(smtpc_client_set_min_connections(c, -1), "-1");
    YES(smtpc_client_set_min_connections(c, 5), "all");
    tap_is_int(smtpc_client_min_connections(c), 5, "reads");
    NO(smtpc_client_set_max_connections(c, 4), "fewer than are kept");
    tap_is_int(smtpc_client_max_connections(c), 5, "unchanged");
    YES(smtpc_client_set_max_connections(c, 256), "256");
    YES(smtpc_client_set_min_connections(c, 256), "keep 256");
    YES(smtpc_client_set_min_connections(c, 0), "keep none");
    YES(smtpc_client_set_max_connections(c, 1), "one");
    tap_subtest_end();
}

typedef struct span_t {
    const char *name;
    apr_status_t (*set)(smtpc_client_t *client, apr_interval_time_t value);
    apr_interval_time_t (*get)(const smtpc_client_t *client);
    int least;
} span_t;

static const span_t spans[] = {
    { "idle_timeout", smtpc_client_set_idle_timeout,
      smtpc_client_idle_timeout, 1 },
    { "connection_lifetime", smtpc_client_set_connection_lifetime,
      smtpc_client_connection_lifetime, 1 },
    { "acquire_timeout", smtpc_client_set_acquire_timeout,
      smtpc_client_acquire_timeout, 0 }
};

static void test_spans(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    apr_size_t i;

    tap_subtest_begin("times");
    for (i = 0; i < sizeof(spans) / sizeof(spans[0]); i++) {
        const span_t *t = &spans[i];

        YES(t->set(c, t->least), t->name);
        tap_is_int(t->get(c), t->least, "the least reads");
        YES(t->set(c, SMTPC_LIMIT_TIMEOUT), "a week");
        tap_ok(t->get(c) == SMTPC_LIMIT_TIMEOUT, "reads");
        NO(t->set(c, t->least - 1), "less");
        tap_ok(strstr(smtpc_client_error(c), "7 days") != NULL, "said: %s",
               smtpc_client_error(c));
        NO(t->set(c, SMTPC_LIMIT_TIMEOUT + 1), "more");
        tap_ok(t->get(c) == SMTPC_LIMIT_TIMEOUT, "unchanged");
    }
    tap_subtest_end();
}

static void test_stages(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    int stage;

    tap_subtest_begin("stages");
    for (stage = -1; stage <= SMTPC_STAGE_COUNT; stage++) {
        int timed = stage >= SMTPC_STAGE_RESOLVE && stage <= SMTPC_STAGE_ASK;

        tap_is_int(smtpc_client_set_stage_timeout(c, (smtpc_stage_e)stage,
                                                  100 + stage),
                   timed ? APR_SUCCESS : SMTPC_EARG, "stage %d", stage);
        tap_is_int(smtpc_client_stage_timeout(c, (smtpc_stage_e)stage),
                   timed ? 100 + stage : 0, "reads");
    }
    NO(smtpc_client_set_stage_timeout(c, SMTPC_STAGE_MAIL, -1), "negative");
    NO(smtpc_client_set_stage_timeout(c, SMTPC_STAGE_MAIL,
                                      SMTPC_LIMIT_TIMEOUT + 1), "too long");
    YES(smtpc_client_set_stage_timeout(c, SMTPC_STAGE_MAIL,
                                       SMTPC_LIMIT_TIMEOUT), "a week");
    YES(smtpc_client_set_stage_timeout(c, SMTPC_STAGE_MAIL, 0), "RFC 5321");
    tap_is_int(smtpc_client_stage_timeout(c, SMTPC_STAGE_MAIL), 0, "reads");
    YES(smtpc_client_set_patience(c, SMTPC_PATIENCE_INTERACTIVE), "hurry");
    tap_is_int(smtpc_client_patience(c), SMTPC_PATIENCE_INTERACTIVE, "reads");
    for (stage = SMTPC_STAGE_RESOLVE; stage <= SMTPC_STAGE_ASK; stage++) {
        tap_is_int(smtpc_client_stage_timeout(c, (smtpc_stage_e)stage),
                   apr_time_from_sec(10), "stage %d", stage);
    }
    tap_is_int(smtpc_client_stage_timeout(c, SMTPC_STAGE_QUIT), 0, "no QUIT");
    YES(smtpc_client_set_stage_timeout(c, SMTPC_STAGE_END, 5), "one of them");
    tap_is_int(smtpc_client_stage_timeout(c, SMTPC_STAGE_END), 5, "differs");
    NO(smtpc_client_set_patience(c, (smtpc_patience_e)2), "no patience");
    NO(smtpc_client_set_patience(c, (smtpc_patience_e)-1), "none either");
    YES(smtpc_client_set_patience(c, SMTPC_PATIENCE_RUNNER), "time");
    tap_is_int(smtpc_client_patience(c), SMTPC_PATIENCE_RUNNER, "reads");
    tap_is_int(smtpc_client_stage_timeout(c, SMTPC_STAGE_END), 0, "all gone");
    tap_subtest_end();
}

typedef apr_status_t (*set_rate_t)(smtpc_client_t *client, int messages,
                                   apr_interval_time_t time);
typedef int (*get_rate_t)(apr_interval_time_t *time,
                          const smtpc_client_t *client);

static void check_rate(smtpc_client_t *c, set_rate_t set, get_rate_t get)
{
    apr_interval_time_t time = 0;

    YES(set(c, 1, 1), "the least");
    tap_is_int(get(&time, c), 1, "reads");
    tap_is_int(time, 1, "with its time");
    YES(set(c, INT_MAX, SMTPC_LIMIT_TIMEOUT), "the most");
    NO(set(c, -1, 1), "-1");
    NO(set(c, 1, -1), "-1 time");
    NO(set(c, 0, 1), "no messages");
    NO(set(c, 1, 0), "no time");
    NO(set(c, 1, SMTPC_LIMIT_TIMEOUT + 1), "more than a week");
    tap_is_int(get(NULL, c), INT_MAX, "unchanged");
    (void)get(&time, c);
    tap_ok(time == SMTPC_LIMIT_TIMEOUT, "with its time");
    YES(set(c, 0, 0), "none");
    tap_is_int(get(&time, c), 0, "reads");
    tap_is_int(time, 0, "with its time");
}

static void test_rates(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("rate");
    check_rate(c, smtpc_client_set_rate_limit, smtpc_client_rate_limit);
    tap_subtest_end();
    tap_subtest_begin("rate of a domain");
    check_rate(c, smtpc_client_set_domain_rate_limit,
               smtpc_client_domain_rate_limit);
    YES(smtpc_client_set_domain_rate_limit(c, 2, 3), "of a domain");
    tap_is_int(smtpc_client_rate_limit(NULL, c), 0, "is not the other");
    tap_subtest_end();
}

static void test_mask(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("masked capabilities");
    YES(smtpc_client_mask_capabilities(c, " chunking  PIPELINING "), "two");
    tap_is_int(c->draft.masked, SMTPC_CAP_CHUNKING | SMTPC_CAP_PIPELINING,
               "in the profile");
    tap_is_str(smtpc_client_masked_capabilities(c), " chunking  PIPELINING ",
               "read as set");
    NO(smtpc_client_mask_capabilities(c, "SIZE FOO"), "one unknown");
    tap_ok(strstr(smtpc_client_error(c), "\"FOO\"") != NULL, "said: %s",
           smtpc_client_error(c));
    NO(smtpc_client_mask_capabilities(c, ""), "empty");
    NO(smtpc_client_mask_capabilities(c, "  "), "blanks");
    NO(smtpc_client_mask_capabilities(c, "SIZE\tDSN"), "a tab");
    tap_is_int(c->draft.masked, SMTPC_CAP_CHUNKING | SMTPC_CAP_PIPELINING,
               "unchanged");
    YES(smtpc_client_mask_capabilities(c, "HELP"), "another");
    tap_is_int(c->draft.masked, SMTPC_CAP_HELP, "in the place of the two");
    YES(smtpc_client_mask_capabilities(c, NULL), "none");
    tap_is_int(c->draft.masked, 0, "none");
    tap_ok(smtpc_client_masked_capabilities(c) == NULL, "reads");
    tap_subtest_end();
}

/* Every setter, for what all have to do. */

#define SET(name, ...) \
    static apr_status_t set_##name(smtpc_client_t *c) \
    { \
        return smtpc_client_##__VA_ARGS__; \
    }

SET(most, set_max_connections(c, 7))
SET(least, set_min_connections(c, 2))
SET(depth, set_pipeline_depth(c, 7))
SET(messages, set_messages_per_connection(c, 0))
SET(recipients, set_recipients_per_transaction(c, 7))
SET(idle, set_idle_timeout(c, 7))
SET(lifetime, set_connection_lifetime(c, 7))
SET(acquire, set_acquire_timeout(c, 7))
SET(stage, set_stage_timeout(c, SMTPC_STAGE_ASK, 7))
SET(other_stage, set_stage_timeout(c, SMTPC_STAGE_RESOLVE, 7))
SET(patience, set_patience(c, SMTPC_PATIENCE_INTERACTIVE))
SET(data_rate, set_min_data_rate(c, 0))
SET(rate, set_rate_limit(c, 7, 7))
SET(rate_time, set_rate_limit(c, 7, 8))
SET(domain_rate, set_domain_rate_limit(c, 7, 7))
SET(domain_rate_time, set_domain_rate_limit(c, 7, 8))
SET(mask, mask_capabilities(c, "CHUNKING"))

static const struct {
    const char *name;
    apr_status_t (*set)(smtpc_client_t *client);
} setters[] = {
    { "set_max_connections", set_most },
    { "set_min_connections", set_least },
    { "set_pipeline_depth", set_depth },
    { "set_messages_per_connection", set_messages },
    { "set_recipients_per_transaction", set_recipients },
    { "set_idle_timeout", set_idle },
    { "set_connection_lifetime", set_lifetime },
    { "set_acquire_timeout", set_acquire },
    { "set_stage_timeout", set_stage },
    { "set_stage_timeout, another", set_other_stage },
    { "set_patience", set_patience },
    { "set_min_data_rate", set_data_rate },
    { "set_rate_limit", set_rate },
    { "set_rate_limit, time", set_rate_time },
    { "set_domain_rate_limit", set_domain_rate },
    { "set_domain_rate_limit, time", set_domain_rate_time },
    { "mask_capabilities", set_mask }
};

#define SETTERS (sizeof(setters) / sizeof(setters[0]))

static const char *key(smtpc_client_t *c, apr_pool_t *pool)
{
    return apr_pstrdup(pool, frozen(c)->key);
}

static void test_keys(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before = key(c, pool);
    apr_size_t i;

    tap_subtest_begin("the profile");
    for (i = 0; i < SETTERS; i++) {
        const char *after;

        YES(setters[i].set(c), setters[i].name);
        after = key(c, pool);
        tap_ok(strcmp(before, after) != 0, "is another one");
        before = after;
    }
    tap_subtest_end();
}

static void test_states(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before = key(c, pool);
    apr_size_t i;

    tap_subtest_begin("busy and disposed of");
    atomic_store(&c->state, SMTPC_CLIENT_BUSY);
    for (i = 0; i < SETTERS; i++) {
        tap_is_int(setters[i].set(c), SMTPC_EBUSY, "busy: %s",
                   setters[i].name);
    }
    atomic_store(&c->state, SMTPC_CLIENT_IDLE);
    tap_is_str(key(c, pool), before, "nothing changed");
    YES(smtpc_client_dispose(c), "disposed of");
    for (i = 0; i < SETTERS; i++) {
        tap_is_int(setters[i].set(c), SMTPC_EDISPOSED, "disposed of: %s",
                   setters[i].name);
    }
    tap_subtest_end();
}

static void test_again(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before;
    int failed;
    int i;

    tap_subtest_begin("memory");
    failed = smtpc_client_mask_capabilities(c, "DSN SIZE") != APR_SUCCESS;
    before = apr_palloc(c->pool, 8);
    for (i = 0; i < 100000; i++) {
        failed += smtpc_client_mask_capabilities(c, i & 1 ? "DSN" : "DSN SIZE")
                      != APR_SUCCESS;
        failed += smtpc_client_set_pipeline_depth(c, 1 + i % 2)
                      != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "set again and again");
    /* One more byte of its pool in use would be between the two. */
    tap_is_int((char *)apr_palloc(c->pool, 8) - before, 8, "no more of it");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_defaults,
        test_numbers,
        test_connections,
        test_spans,
        test_stages,
        test_rates,
        test_mask,
        test_keys,
        test_states,
        test_again
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
