/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_headers.c: header fields that a client gives every message.
 *
 * They are kept as the added fields of two messages that are never sent, so
 * the rules for them are those of any message.
 */

#include "client/client_int.h"

#include <apr_cstr.h>

#include "mime/message_priv.h"

/* Make *fields in a pool of its own below pool, which goes with them. */
static apr_status_t make_fields(smtpc_message_t **fields, apr_pool_t *pool)
{
    apr_pool_t *own;
    apr_status_t rv = apr_pool_create(&own, pool);

    return rv == APR_SUCCESS ? smtpc_message_create(fields, own) : rv;
}

/* Add a field to *fields, which is made if there is none. */
static apr_status_t add(smtpc_client_t *client, smtpc_message_t **fields,
                        const char *name, const char *value)
{
    apr_status_t rv = APR_SUCCESS;

    if (!name && !value) {
        if (*fields) {
            apr_pool_destroy((*fields)->pool);
        }
        *fields = NULL;
        return APR_SUCCESS;
    }
    if (name
        && (apr_cstr_casecmp(name, "Date") == 0
            || apr_cstr_casecmp(name, "Message-ID") == 0)) {
        return smtpc__client_fail(client, SMTPC_EARG, "header %s: it is of "
                                  "one message, not of all", name);
    }
    if (!*fields) {
        rv = make_fields(fields, client->pool);
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
    rv = add(client, &client->defaults, name, value);
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
    rv = add(client, &client->forced, name, value);
    return smtpc__client_end(client, rv);
}
