/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_batch.c: many messages as one operation.
 *
 * They are pipelined behind each other and spread over as many connections as
 * the client may have and the number of messages is worth. Each has a result
 * of its own; what is wrong with one does not touch the others.
 */

#include "client/client_int.h"

/* A batch on its way to its operation. */
typedef struct batch_t {
    smtpc_result_t **results;
    smtpc_message_t *const *messages;
    apr_size_t count;
} batch_t;

/* A smtpc__client_begin_fn_t. */
static void begin_batch(smtpc_client_t *client, const smtpc_op_setup_t *setup,
                        void *baton)
{
    const batch_t *batch = baton;

    smtpc__op_send(&client->op, batch->results, setup,
                   (const smtpc_message_t *const *)batch->messages,
                   batch->count);
}

/* Write all to the pickup directory. */
static apr_status_t pickup_all(const batch_t *batch, smtpc_client_t *client,
                               apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < batch->count && rv == APR_SUCCESS; i++) {
        (void)smtpc__client_scratch(client);
        rv = smtpc__client_check_message(client, batch->messages[i]);
        if (rv == APR_SUCCESS) {
            smtpc__client_pickup(&batch->results[i], client,
                                 batch->messages[i], pool);
        }
    }
    return rv;
}

/* Return the status of the first message that did not go, or APR_SUCCESS. */
static apr_status_t first_failure(const batch_t *batch)
{
    apr_size_t i;

    for (i = 0; i < batch->count; i++) {
        apr_status_t rv = smtpc_result_status(batch->results[i]);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

/* smtpc_client_send_many() for the caller that made client busy. */
static apr_status_t send_batch(const batch_t *batch, smtpc_client_t *client,
                               apr_pool_t *pool)
{
    apr_status_t rv;

    (void)smtpc__client_scratch(client);
    if (client->delivery == SMTPC_DELIVER_PICKUP) {
        rv = pickup_all(batch, client, pool);
    }
    else {
        rv = smtpc__client_connectable(client);
        if (rv == APR_SUCCESS) {
            rv = smtpc__client_run(
                client, smtpc__bucket_server(client->routes[0].bucket)
                            ->max_connections,
                begin_batch, (void *)batch, pool);
        }
    }
    return rv == APR_SUCCESS ? first_failure(batch) : rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_send_many(smtpc_result_t **results, smtpc_client_t *client,
                       smtpc_message_t *const *messages, apr_size_t count,
                       apr_pool_t *pool)
{
    batch_t batch = { results, messages, count };
    apr_status_t rv = smtpc__client_begin(client);
    apr_size_t i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (count > 0 && (!results || !messages)) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "there are no messages, "
                                "or no room for their results");
        return smtpc__client_end(client, rv);
    }
    for (i = 0; i < count; i++) {
        results[i] = NULL;
    }
    if (count > 0) {
        rv = send_batch(&batch, client, pool);
    }
    return smtpc__client_end(client, rv);
}
