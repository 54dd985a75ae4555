/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mail.c: clients and mails of tests.
 */

#include "mail.h"

#include "../tap/tap.h"

smtpc_client_t *mail_client(peer_t *peer, smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_client_t *client;

    if (smtpc_client_create(&client, env, "127.0.0.1", peer_port(peer), pool)
        != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

smtpc_client_t *mail_client_unused(smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_client_t *client;

    if (smtpc_client_create(&client, env, "mail.test", 587, pool)
        != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

apr_status_t mail_send(smtpc_result_t **result, smtpc_client_t *client,
                       const char *recipients, apr_pool_t *pool)
{
    return smtpc_client_send_text(result, client, "web@example.org",
                                  recipients, "Hello", "First mail.\n", pool);
}

const char *mail_error(const smtpc_result_t *result)
{
    return result ? smtpc_result_error(result) : "no result";
}

int mail_closed_port(void)
{
    peer_smtp_t smtp;
    peer_t *peer;
    int port;

    /* The kernel does not give the same number out again so soon. */
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    port = peer_port(peer);
    peer_stop(peer);
    return port;
}
