/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_send.c: one send that blocks, from the argument checks to the result.
 *
 * The checks come in .NET's order: disposed of, busy, no message, no From,
 * no recipient. Everything after them has a result.
 */

#include "client/client_int.h"

#include <apr_strings.h>

#include "base/limits.h"
#include "client/op_int.h"
#include "client/pickup.h"

/* The checks. */

apr_status_t smtpc__client_check_message(smtpc_client_t *client,
                                         const smtpc_message_t *message)
{
    smtpc_envelope_t *envelope;
    const char *why = "";
    apr_status_t rv;

    if (!message) {
        return smtpc__client_fail(client, SMTPC_EARG, "there is no message");
    }
    rv = smtpc__message_envelope(&envelope, &why, message, client->from,
                                 client->scratch);
    if (rv != APR_SUCCESS) {
        return smtpc__client_fail(client, rv, "%s", why);
    }
    if (client->delivery == SMTPC_DELIVER_PICKUP
        && !client->pickup_directory) {
        return smtpc__client_fail(client, SMTPC_EARG, "no pickup directory "
                                  "is set for the delivery \"pickup\"");
    }
    return APR_SUCCESS;
}

/* Pickup. */

/* Render message for a pickup file; a failure is in result. */
static apr_status_t render_pickup(smtpc_content_t **content,
                                  smtpc_result_t *result,
                                  smtpc_client_t *client,
                                  const smtpc_message_t *message)
{
    smtpc_render_t how = { 0 };
    const char *why = NULL;
    apr_status_t rv;

    how.pickup = 1;
    how.utf8 = client->format == SMTPC_FORMAT_INTERNATIONAL;
    how.from = client->from;
    how.dkim = client->dkim;
    how.dkim_count = client->dkim_count;
    how.defaults = client->defaults;
    how.forced = client->forced;
    how.why = &why;
    rv = smtpc__message_render(content, message, &how, client->env,
                               client->scratch);
    if (rv != APR_SUCCESS) {
        smtpc__result_fail(result, rv, SMTPC_STAGE_STORE, "%s",
                           why ? why : smtpc__delivery_reason(rv));
    }
    return rv;
}

void smtpc__client_pickup(smtpc_result_t **result, smtpc_client_t *client,
                          const smtpc_message_t *message, apr_pool_t *pool)
{
    smtpc_envelope_t *envelope;
    smtpc_content_t *content;
    const char *why;
    apr_size_t count;
    apr_size_t i;

    if (smtpc__message_envelope(&envelope, &why, message, client->from,
                                client->scratch) != APR_SUCCESS) {
        return;
    }
    count = smtpc__envelope_count(envelope);
    smtpc__result_create(result, count, pool);
    for (i = 0; i < count; i++) {
        (*result)->recipients[i].address = apr_pstrdup(
            pool, smtpc_address_address(
                      smtpc__envelope_recipient(envelope, i)));
    }
    if (smtpc__delivery_format(envelope, *result,
                               client->format == SMTPC_FORMAT_INTERNATIONAL)
            == APR_SUCCESS
        && render_pickup(&content, *result, client, message)
               == APR_SUCCESS) {
        (*result)->message_id = apr_pstrdup(pool, content->message_id);
        /* What became of it is in the result. */
        (void)smtpc__pickup_write(*result, client->pickup_directory, content,
                                  client->env, client->scratch);
    }
    (void)smtpc__delivery_conclude(client->env, *result);
}

/* Network. */

/* What a blocking send takes to its operation. */
typedef struct send_t {
    const smtpc_message_t *message;
    smtpc_result_t *result;
} send_t;

/* A smtpc__client_begin_fn_t. */
static void begin_send(smtpc_client_t *client, const smtpc_op_setup_t *setup,
                       void *baton)
{
    send_t *send = baton;

    smtpc__op_send(&client->op, &send->result, setup, &send->message, 1);
}

apr_status_t smtpc__client_send(smtpc_result_t **result,
                                smtpc_client_t *client,
                                const smtpc_message_t *message,
                                apr_pool_t *pool)
{
    send_t send = { message, NULL };
    apr_status_t rv;

    (void)smtpc__client_scratch(client);
    rv = smtpc__client_check_message(client, message);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)smtpc__client_scratch(client);
    if (client->delivery == SMTPC_DELIVER_PICKUP) {
        smtpc__client_pickup(&send.result, client, message, pool);
    }
    else {
        rv = smtpc__client_run(client, 1, begin_send, &send, pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    if (result) {
        *result = send.result;
    }
    return smtpc_result_status(send.result);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_send(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              const smtpc_message_t *message,
                                              apr_pool_t *pool)
{
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_send(result, client, message, pool);
    return smtpc__client_end(client, rv);
}

/* Build the message of smtpc_client_send_text(). */
static apr_status_t build_text(smtpc_message_t *message, const char *from,
                               const char *recipients, const char *subject,
                               const char *body)
{
    apr_status_t rv = APR_SUCCESS;

    if (from) {
        rv = smtpc_message_set_from(message, from);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_add_to(message, recipients ? recipients : "");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_subject(message, subject);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_body(message, body ? body : "",
                                    SMTPC_BODY_TEXT);
    }
    return rv;
}

/* smtpc_client_send_text() for the caller that made client busy. */
static apr_status_t send_text(smtpc_result_t **result,
                              smtpc_client_t *client, const char *from,
                              const char *recipients, const char *subject,
                              const char *body, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    smtpc_message_t *message;
    apr_status_t rv;

    rv = apr_pool_create(&scratch, client->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_message_create(&message, scratch);
    if (rv == APR_SUCCESS) {
        rv = build_text(message, from, recipients, subject, body);
        if (rv != APR_SUCCESS) {
            (void)smtpc__client_fail(client, rv, "%s",
                                     smtpc_message_error(message));
        }
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__client_send(result, client, message, pool);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_send_text(smtpc_result_t **result, smtpc_client_t *client,
                       const char *from, const char *recipients,
                       const char *subject, const char *body,
                       apr_pool_t *pool)
{
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = send_text(result, client, from, recipients, subject, body, pool);
    return smtpc__client_end(client, rv);
}
