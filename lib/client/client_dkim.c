/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_dkim.c: the signers of a client.
 *
 * A client holds them by reference: several clients sign with one key.
 */

#include "client/client_int.h"

SMTPC_DECLARE(apr_status_t)
smtpc_client_add_dkim(smtpc_client_t *client, const smtpc_dkim_t *dkim)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!dkim) {
        client->dkim_count = 0;
    }
    else if (client->dkim_count == SMTPC_LIMIT_DKIM_SIGNERS) {
        rv = smtpc__client_fail(client, SMTPC_ELIMIT, "a client has at most "
                                "%d DKIM signers", SMTPC_LIMIT_DKIM_SIGNERS);
    }
    else {
        client->dkim[client->dkim_count++] = dkim;
    }
    return smtpc__client_end(client, rv);
}

SMTPC_DECLARE(apr_size_t)
smtpc_client_dkim_count(const smtpc_client_t *client)
{
    return client->dkim_count;
}
