/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_auth.c: how a client logs in: credentials, mechanisms, the name of
 * the service. Checked when they are set, as in client_settings.c.
 */

#include "client/client_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "proto/sasl.h"

/* What a client logs in with: one of secret, token and fn goes with user. */
typedef struct credentials_t {
    const char *user;
    const smtpc_secret_t *secret;
    apr_pool_t *secret_pool;  /* of secret; NULL: it is the caller's */
    const char *token;
    smtpc_token_fn_t fn;
    void *baton;
    int ambient;
} credentials_t;

/* Let client log in with these, and with nothing else. */
static void take(smtpc_client_t *client, const credentials_t *given)
{
    smtpc_server_t *draft = &client->draft;

    draft->user = smtpc__client_keep(client, SMTPC_TEXT_USER, given->user);
    draft->secret = given->secret;
    draft->token = smtpc__client_keep(client, SMTPC_TEXT_TOKEN,
                                      given->token);
    draft->token_fn = given->fn;
    draft->token_baton = given->baton;
    draft->ambient = given->ambient ? "kerberos" : NULL;
    if (client->secret_pool) {
        apr_pool_destroy(client->secret_pool);
    }
    client->secret_pool = given->secret_pool;
}

/* Check the user name, and that what goes with it is there if it is. */
static apr_status_t check(smtpc_client_t *client, const char *user,
                          int has_source, const char *source)
{
    if (!user != !has_source) {
        return smtpc__client_fail(client, SMTPC_EARG, "credentials need a "
                                  "user name and a %s", source);
    }
    if (user && !smtpc__client_text_valid(user, SMTPC_LIMIT_USER)) {
        return smtpc__client_fail(client, SMTPC_EARG, "the user name is "
                                  "empty, too long, not UTF-8 or has control "
                                  "characters");
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_credentials(smtpc_client_t *client, const char *user,
                             const char *reference)
{
    credentials_t given = { .user = user };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check(client, user, reference != NULL, "secret");
    if (rv == APR_SUCCESS && user) {
        rv = smtpc__client_load_secret(&given.secret, &given.secret_pool,
                                       client, reference);
    }
    if (rv == APR_SUCCESS) {
        take(client, &given);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_secret(smtpc_client_t *client, const char *user,
                        const smtpc_secret_t *secret)
{
    credentials_t given = { .user = user, .secret = secret };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check(client, user, secret != NULL, "secret");
    if (rv == APR_SUCCESS) {
        take(client, &given);
    }
    return smtpc__client_profile_end(client, rv);
}

/* No sentence made here may hold what could be a token. */
static apr_status_t check_reference(smtpc_client_t *client,
                                    const char *reference)
{
    if (strncmp(reference, "file:/", 6) != 0
        && strncmp(reference, "exec:/", 6) != 0
        && (strncmp(reference, "env:", 4) != 0 || reference[4] == '\0')) {
        return smtpc__client_fail(client, SMTPC_EARG, "a token does not last: "
                                  "say where it comes from, by file: or exec: "
                                  "with an absolute path, or env:NAME");
    }
    if (!smtpc__client_text_valid(reference, SMTPC_LIMIT_PARAMETER)) {
        return smtpc__client_fail(client, SMTPC_EARG, "where the token comes "
                                  "from is too long, not UTF-8 or has control "
                                  "characters");
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_token(smtpc_client_t *client, const char *user,
                       const char *reference)
{
    credentials_t given = { .user = user, .token = reference };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check(client, user, reference != NULL, "token");
    if (rv == APR_SUCCESS && user) {
        rv = check_reference(client, reference);
    }
    if (rv == APR_SUCCESS) {
        take(client, &given);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_token_callback(smtpc_client_t *client, const char *user,
                                smtpc_token_fn_t fn, void *baton)
{
    credentials_t given = { .user = user, .fn = fn, .baton = baton };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check(client, user, fn != NULL, "token");
    if (rv == APR_SUCCESS) {
        take(client, &given);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_default_credentials(smtpc_client_t *client, int on)
{
    credentials_t given = { .ambient = on };
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (on && !(smtpc__sasl_built() & SMTPC_MECH_GSSAPI)) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "the credentials of the "
                                "user who is logged in are a Kerberos "
                                "ticket, and this build has no libgsasl that "
                                "knows GSSAPI; set a user name and a "
                                "password");
    }
    else if (on || client->draft.ambient) {
        take(client, &given);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Check one name of a mechanism. */
static apr_status_t check_mechanism(smtpc_client_t *client, const char *name)
{
    unsigned int mechanism = smtpc__mech_by_name(name);

    if (mechanism == 0) {
        return smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not a "
                                  "SASL mechanism known here",
                                  smtpc__client_quoted(client, name));
    }
    if (!(mechanism & smtpc__sasl_built())) {
        return smtpc__client_fail(client, SMTPC_EARG, "this build has no "
                                  "libgsasl that knows the SASL mechanism "
                                  "%s", smtpc__mech_name(mechanism));
    }
    return APR_SUCCESS;
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
            rv = check_mechanism(client, name);
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

SMTPC_DECLARE(const char *) smtpc_client_token(const smtpc_client_t *client)
{
    return client->draft.token;
}

SMTPC_DECLARE(int)
smtpc_client_default_credentials(const smtpc_client_t *client)
{
    return client->draft.ambient != NULL;
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
