/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_raw.c: sending a message that exists as bytes.
 *
 * It is loaded like an .eml, given its envelope, and sent like any other.
 */

#include "client/client_int.h"

#include <smtpclient/headers.h>

/* smtpc_client_send_raw() for the caller that made client busy. */
static apr_status_t send_raw(smtpc_result_t **result, smtpc_client_t *client,
                             smtpc_source_t *source, const char *from,
                             const char *recipients, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    smtpc_message_t *message;
    apr_status_t rv;

    rv = apr_pool_create(&scratch, client->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_message_load_source(&message, source, scratch);
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_envelope(message, from, recipients);
    }
    if (rv != APR_SUCCESS) {
        (void)smtpc__client_fail(client, rv, "%s",
                                 smtpc_message_error(message));
    }
    else {
        rv = smtpc__client_send(result, client, message, pool);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_send_raw(smtpc_result_t **result, smtpc_client_t *client,
                      smtpc_source_t *source, const char *from,
                      const char *recipients, apr_pool_t *pool)
{
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = send_raw(result, client, source, from, recipients, pool);
    return smtpc__client_end(client, rv);
}
