/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_auth.c: how a client logs in: credentials, mechanisms, the name of
 * the service. Checked when they are set, as in client_settings.c.
 */

#include "client/client_int.h"

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

/* Take user and secret, whose memory is secret_pool (NULL: the caller's). */
static void take_credentials(smtpc_client_t *client, const char *user,
                             const smtpc_secret_t *secret,
                             apr_pool_t *secret_pool)
{
    client->draft.user = smtpc__client_keep(client, SMTPC_TEXT_USER, user);
    client->draft.secret = secret;
    if (client->secret_pool) {
        apr_pool_destroy(client->secret_pool);
    }
    client->secret_pool = secret_pool;
}

static apr_status_t check_user(smtpc_client_t *client, const char *user)
{
    if (!smtpc__client_text_valid(user, SMTPC_LIMIT_USER)) {
        return smtpc__client_fail(client, SMTPC_EARG, "the user name is "
                                  "empty, too long, not UTF-8 or has control "
                                  "characters");
    }
    return APR_SUCCESS;
}

static apr_status_t load_credentials(smtpc_client_t *client,
                                     const char *user, const char *reference)
{
    const smtpc_secret_t *secret;
    apr_pool_t *pool;
    apr_status_t rv = check_user(client, user);

    if (rv == APR_SUCCESS) {
        rv = smtpc__client_load_secret(&secret, &pool, client, reference);
    }
    if (rv == APR_SUCCESS) {
        take_credentials(client, user, secret, pool);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_credentials(smtpc_client_t *client, const char *user,
                             const char *reference)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!user && !reference) {
        take_credentials(client, NULL, NULL, NULL);
    }
    else if (!user || !reference) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "credentials need a user "
                                "name and a secret");
    }
    else {
        rv = load_credentials(client, user, reference);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_secret(smtpc_client_t *client, const char *user,
                        const smtpc_secret_t *secret)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!user != !secret) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "credentials need a user "
                                "name and a secret");
    }
    else if (user) {
        rv = check_user(client, user);
    }
    if (rv == APR_SUCCESS) {
        take_credentials(client, user, secret, NULL);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_auth_mechanisms(smtpc_client_t *client, const char *names)
{
    apr_status_t rv = smtpc__client_setter_begin(client);
    char *state = NULL;
    char *name;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (names) {
        name = apr_strtok(apr_pstrdup(client->scratch, names), " ", &state);
        if (!name) {
            rv = smtpc__client_fail(client, SMTPC_EARG, "no SASL mechanism "
                                    "is named");
        }
        for (; name && rv == APR_SUCCESS;
             name = apr_strtok(NULL, " ", &state)) {
            if (smtpc__mech_by_name(name) == 0) {
                rv = smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not a "
                                        "SASL mechanism known here",
                                        smtpc__client_quoted(client, name));
            }
        }
    }
    if (rv == APR_SUCCESS) {
        client->draft.mechanisms = smtpc__client_keep(client,
                                                      SMTPC_TEXT_MECHANISMS,
                                                      names);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_target_name(smtpc_client_t *client, const char *name)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (name && !smtpc__client_text_valid(name, SMTPC_LIMIT_TARGET_NAME)) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "the target name \"%s\" "
                                "is empty, too long, not UTF-8 or has "
                                "control characters",
                                smtpc__client_quoted(client, name));
    }
    else {
        client->draft.target_name = smtpc__client_keep(client,
                                                       SMTPC_TEXT_TARGET_NAME,
                                                       name);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Reading back. */

SMTPC_DECLARE(const char *) smtpc_client_user(const smtpc_client_t *client)
{
    return client->draft.user;
}

SMTPC_DECLARE(const char *)
smtpc_client_auth_mechanisms(const smtpc_client_t *client)
{
    return client->draft.mechanisms;
}

SMTPC_DECLARE(const char *)
smtpc_client_target_name(const smtpc_client_t *client)
{
    return client->draft.target_name;
}
