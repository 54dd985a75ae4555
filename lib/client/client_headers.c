/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_headers.c: header fields that a client gives every message.
 *
 * They are kept as the added fields of two messages that are never sent, so
 * the rules for them are those of any message.
 */

#include "client/client_int.h"

#include <apr_cstr.h>

/* Add a field to *fields, which is made in *pool if there is none; without
 * name and value both go. */
static apr_status_t add(smtpc_client_t *client, smtpc_message_t **fields,
                        apr_pool_t **pool, const char *name,
                        const char *value)
{
    apr_status_t rv = APR_SUCCESS;

    if (!name && !value) {
        if (*pool) {
            apr_pool_destroy(*pool);
        }
        *pool = NULL;
        *fields = NULL;
        return APR_SUCCESS;
    }
    if (name
        && (apr_cstr_casecmp(name, "Date") == 0
            || apr_cstr_casecmp(name, "Message-ID") == 0)) {
        return smtpc__client_fail(client, SMTPC_EARG, "header %s: it is of "
                                  "one message, not of all", name);
    }
    if (!*pool) {
        rv = apr_pool_create(pool, client->pool);
    }
    if (rv == APR_SUCCESS && !*fields) {
        rv = smtpc_message_create(fields, *pool);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_add_header(*fields, name, value);
        if (rv != APR_SUCCESS) {
            (void)smtpc__client_fail(client, rv, "%s",
                                     smtpc_message_error(*fields));
        }
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_add_default_header(smtpc_client_t *client, const char *name,
                                const char *value)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = add(client, &client->defaults, &client->defaults_pool, name, value);
    return smtpc__client_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_add_forced_header(smtpc_client_t *client, const char *name,
                               const char *value)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = add(client, &client->forced, &client->forced_pool, name, value);
    return smtpc__client_end(client, rv);
}
