/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_ask_test.c: NOOP, RSET, HELP, VRFY, EXPN, and connecting for later.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "../support/batch.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

/** A question, and how it goes out. */
typedef struct question_t {
    apr_status_t (*ask)(smtpc_result_t **result, smtpc_client_t *client,
                        const char *argument, apr_pool_t *pool);
    const char *argument;
    const char *line;
} question_t;

static apr_status_t noop(smtpc_result_t **result, smtpc_client_t *client,
                         const char *argument, apr_pool_t *pool)
{
    (void)argument;
    return smtpc_client_noop(result, client, pool);
}

static apr_status_t reset(smtpc_result_t **result, smtpc_client_t *client,
                          const char *argument, apr_pool_t *pool)
{
    (void)argument;
    return smtpc_client_reset(result, client, pool);
}

static const question_t questions[] = {
    { noop, NULL, "NOOP" },
    { reset, NULL, "RSET" },
    { smtpc_client_help, NULL, "HELP" },
    { smtpc_client_help, "MAIL FROM", "HELP MAIL FROM" },
    { smtpc_client_verify, "ann", "VRFY ann" },
    { smtpc_client_verify, "ann@example.net", "VRFY ann@example.net" },
    { smtpc_client_expand, "staff", "EXPN staff" },
};

static void test_answers(apr_pool_t *pool)
{
    static const struct {
        const char *say;
        apr_status_t wanted;
        int code;
        const char *text;
    } cases[] = {
        { "250-one\r\n250 two", APR_SUCCESS, 250, "one\ntwo" },
        { "252 2.0.0 perhaps", APR_SUCCESS, 252, "perhaps" },
        { "450 4.2.0 later", SMTPC_ETEMP, 450, "later" },
        { "502 5.5.1 unknown", SMTPC_EREJECTED, 502, "unknown" },
        { "421 4.3.2 closing", SMTPC_ETEMP, 421, "closing" },
        { "!close", SMTPC_ECONNECT, 0, "" },
    };
    apr_size_t i;
    apr_size_t k;

    for (i = 0; i < sizeof(questions) / sizeof(questions[0]); i++) {
        const question_t *question = &questions[i];

        tap_subtest_begin("%s", question->line);
        for (k = 0; k < sizeof(cases) / sizeof(cases[0]); k++) {
            peer_answer_t answers[] = { { question->line, cases[k].say },
                                        { NULL, NULL } };
            smtpc_result_t *result = NULL;
            smtpc_client_t *client;
            peer_smtp_t smtp;
            peer_t *peer;

            peer_smtp_init(&smtp);
            smtp.answers = answers;
            peer = peer_start(peer_smtp_serve, &smtp);
            client = mail_client(peer, env, pool);
            tap_is_int(question->ask(&result, client, question->argument,
                                     pool), cases[k].wanted, "%s",
                       cases[k].say);
            tap_is_int(smtpc_result_code(result), cases[k].code, "code");
            tap_is_str(smtpc_result_text(result), cases[k].text, "text");
            tap_is_int(smtpc_result_recipient_count(result), 0,
                       "no recipients");
            tap_is_int(peer_heard(peer, question->line), 1, "was said once");
            batch_must(smtpc_client_dispose(client), "dispose");
            peer_stop(peer);
        }
        tap_subtest_end();
    }
}

static void test_arguments(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    char *longest = apr_psprintf(pool, "%0*d", SMTPC_LIMIT_COMMAND_LINE, 0);

    tap_subtest_begin("arguments");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_verify(&result, client, "a\r\nDATA", pool),
               SMTPC_EARG, "a line end");
    tap_ok(!result && *smtpc_client_error(client), "%s",
           smtpc_client_error(client));
    tap_is_int(smtpc_client_verify(&result, client, "", pool), SMTPC_EARG,
               "nothing");
    tap_is_int(smtpc_client_expand(&result, client, "a\x01", pool),
               SMTPC_EARG, "a control character");
    tap_is_int(smtpc_client_help(&result, client, longest, pool),
               SMTPC_ELIMIT, "too long");
    longest[SMTPC_LIMIT_COMMAND_LINE - strlen("VRFY ") - 2 + 1] = '\0';
    tap_is_int(smtpc_client_verify(&result, client, longest, pool),
               SMTPC_ELIMIT, "one too long");
    tap_is_int(peer_accepted(peer), 0, "nobody was asked");
    longest[SMTPC_LIMIT_COMMAND_LINE - strlen("VRFY ") - 2] = '\0';
    tap_is_int(smtpc_client_verify(NULL, client, longest, pool), APR_SUCCESS,
               "at the limit, without a result");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_is_int(smtpc_client_noop(&result, client, pool), SMTPC_EDISPOSED,
               "disposed of");
    peer_stop(peer);
    tap_subtest_end();
}

/* All of them, and mail, over one connection. */
static void test_mixed(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "VRFY", "252 perhaps" },
                                             { NULL, NULL } };
    smtpc_counters_t counters;
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    int i;

    tap_subtest_begin("connecting for later");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    smtp.extensions = "PIPELINING\nSIZE 1000";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_connect(&result, client, pool), APR_SUCCESS,
               "connected");
    tap_is_int(peer_accepted(peer), 1, "a connection");
    tap_is_str(smtpc_result_peer(result),
               apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer)), "peer");
    tap_is_str(smtpc_result_capabilities(result), "SIZE=1000 PIPELINING",
               "what it offers");
    tap_is_int(smtpc_client_connect(&result, client, pool), APR_SUCCESS,
               "again");
    tap_is_str(smtpc_result_capabilities(result), "SIZE=1000 PIPELINING",
               "told of the kept one, too");
    for (i = 0; i < 3; i++) {
        tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
                   "a mail");
        tap_is_int(smtpc_client_verify(&result, client, "ann", pool),
                   APR_SUCCESS, "a question");
        tap_is_str(smtpc_result_text(result), "perhaps", "its answer");
    }
    tap_is_int(peer_accepted(peer), 1, "all over that connection");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(peer), "ended");
    tap_is_int(smtp.messages, 3, "mails arrived");
    smtpc_env_counters(&counters, env);
    tap_is_int(counters.messages_accepted, 3, "questions are no messages");
    peer_stop(peer);
    tap_subtest_end();
}

/* As many connections as are kept at least; none of them twice. */
static void test_warm(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;

    tap_subtest_begin("a warm start");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_min_connections(client, 4), "four");
    tap_is_int(smtpc_client_connect(&result, client, pool), APR_SUCCESS,
               "connected");
    tap_is_int(peer_accepted(peer), 4, "as many as are wanted");
    tap_is_int(smtpc_client_connect(&result, client, pool), APR_SUCCESS,
               "again");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "a mail");
    tap_is_int(peer_accepted(peer), 4, "those are used");
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(peer_quiet(peer), "ended");
    tap_is_int(peer_heard(peer, "QUIT"), 4, "with QUIT");
    peer_stop(peer);
    batch_must(smtpc_client_create(&client, env, "127.0.0.1",
                                   mail_closed_port(), pool), "client");
    batch_must(smtpc_client_set_min_connections(client, 4), "four");
    tap_is_int(smtpc_client_connect(&result, client, pool), SMTPC_ECONNECT,
               "nobody there");
    tap_subtest_end();
}

static void test_failures(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("connections that fail");
    batch_must(smtpc_client_create(&client, env, "127.0.0.1",
                                   mail_closed_port(), pool), "client");
    tap_is_int(smtpc_client_connect(&result, client, pool), SMTPC_ECONNECT,
               "nobody there");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONNECT, "stage");
    tap_is_int(smtpc_client_noop(&result, client, pool), SMTPC_ECONNECT,
               "for a question");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_smtp_init(&smtp);
    smtp.login = "b3RoZXI=";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE),
               "security");
    batch_must(smtpc_client_set_credentials(client, "web", "secret"),
               "credentials");
    tap_is_int(smtpc_client_connect(&result, client, pool), SMTPC_EAUTH,
               "not logged in");
    tap_is_int(smtpc_result_code(result), 535, "535");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    batch_must(smtpc_env_create(&env, pool), "env");
    test_mixed(pool);
    test_answers(pool);
    test_arguments(pool);
    test_warm(pool);
    test_failures(pool);
    return tap_done();
}
