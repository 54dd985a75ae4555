/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_ask.c: what one can ask a server without sending mail, and a
 * connection for later.
 */

#include "client/client_int.h"

#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "proto/command.h"

/* A question on its way to its operation. */
typedef struct question_t {
    smtpc_ask_e command;
    const char *argument;
    smtpc_result_t *result;
} question_t;

/* A smtpc__client_begin_fn_t. */
static void begin_question(smtpc_client_t *client,
                           const smtpc_op_setup_t *setup, void *baton)
{
    question_t *question = baton;

    smtpc__op_ask(&client->op, &question->result, setup, question->command,
                  question->argument);
}

/* See that the command can be written, by writing it. */
static apr_status_t check_question(smtpc_client_t *client,
                                   const question_t *question)
{
    smtpc_buf_t line;
    apr_status_t rv;

    if (question->command == SMTPC_ASK_COUNT) {
        return APR_SUCCESS;
    }
    smtpc__buf_init(&line, SMTPC_LIMIT_COMMAND_LINE,
                    smtpc__client_scratch(client));
    rv = smtpc__command_ask(&line, question->command, question->argument, 1);
    if (rv == SMTPC_ELIMIT) {
        return smtpc__client_fail(client, SMTPC_ELIMIT, "the argument is "
                                  "longer than a command line");
    }
    if (rv != APR_SUCCESS) {
        return smtpc__client_fail(client, SMTPC_EARG, "the argument is empty, "
                                  "not UTF-8, or has control characters");
    }
    return APR_SUCCESS;
}

/* Ask question; the status is that of its result. */
static apr_status_t ask(smtpc_result_t **result, smtpc_client_t *client,
                        smtpc_ask_e command, const char *argument,
                        apr_pool_t *pool)
{
    question_t question = { command, argument, NULL };
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_question(client, &question);
    if (rv == APR_SUCCESS) {
        (void)smtpc__client_scratch(client);
        rv = smtpc__client_run(client, 1, begin_question, &question, pool);
    }
    if (rv == APR_SUCCESS) {
        if (result) {
            *result = question.result;
        }
        rv = smtpc_result_status(question.result);
    }
    return smtpc__client_end(client, rv);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_connect(smtpc_result_t **result,
                                                 smtpc_client_t *client,
                                                 apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_COUNT, NULL, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_noop(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_NOOP, NULL, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_reset(smtpc_result_t **result,
                                               smtpc_client_t *client,
                                               apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_RSET, NULL, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_help(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              const char *topic,
                                              apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_HELP, topic, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_verify(smtpc_result_t **result,
                                                smtpc_client_t *client,
                                                const char *name,
                                                apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_VRFY, name, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_expand(smtpc_result_t **result,
                                                smtpc_client_t *client,
                                                const char *list,
                                                apr_pool_t *pool)
{
    return ask(result, client, SMTPC_ASK_EXPN, list, pool);
}
