/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_apply.c: a client set up from the settings of a file.
 *
 * Each value goes through the setter of its name, which judges it once more.
 * Host and port are not among them: in .NET those only fill what the
 * constructor leaves open, while all others are always read.
 */

#include "client/client_int.h"

/** The port where TLS begins at once. */
#define PORT_SUBMISSIONS 465

static apr_status_t apply_security(smtpc_client_t *client,
                                   const smtpc_settings_t *settings)
{
    if (!smtpc_settings_enable_ssl(settings)) {
        return APR_SUCCESS;
    }
    return smtpc_client_set_security(
        client, smtpc_client_port(client) == PORT_SUBMISSIONS
                    ? SMTPC_SECURITY_IMPLICIT : SMTPC_SECURITY_STARTTLS);
}

static apr_status_t lacking(smtpc_client_t *client, const char *text)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_fail(client, SMTPC_EARG, "%s", text);
    return smtpc__client_end(client, rv);
}

static apr_status_t apply_credentials(smtpc_client_t *client,
                                      const smtpc_settings_t *settings)
{
    const char *user = smtpc_settings_user(settings);
    const smtpc_secret_t *secret = smtpc_settings_secret(settings);

    /* In .NET they go before a userName. */
    if (smtpc_settings_default_credentials(settings)) {
        return smtpc_client_set_default_credentials(client, 1);
    }
    if (user && !secret) {
        return lacking(client, smtpc_settings_reference(settings)
                                   ? "the password of mailSettings has not "
                                     "been loaded"
                                   : "mailSettings have a userName but no "
                                     "password");
    }
    if (!user && (secret || smtpc_settings_reference(settings))) {
        return lacking(client, "mailSettings have a password but no "
                               "userName");
    }
    return user ? smtpc_client_set_secret(client, user, secret)
                : APR_SUCCESS;
}

/* The texts, where there are any. */
static apr_status_t apply_texts(smtpc_client_t *client,
                                const smtpc_settings_t *settings)
{
    static const struct {
        const char *(*get)(const smtpc_settings_t *settings);
        apr_status_t (*set)(smtpc_client_t *client, const char *text);
    } texts[] = {
        { smtpc_settings_from, smtpc_client_set_from },
        { smtpc_settings_hello_name, smtpc_client_set_hello_name },
        { smtpc_settings_target_name, smtpc_client_set_target_name },
        { smtpc_settings_pickup_directory,
          smtpc_client_set_pickup_directory },
    };
    apr_status_t rv = APR_SUCCESS;
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]) && rv == APR_SUCCESS;
         i++) {
        const char *text = texts[i].get(settings);

        if (text) {
            rv = texts[i].set(client, text);
        }
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_apply_settings(smtpc_client_t *client,
                            const smtpc_settings_t *settings)
{
    apr_status_t rv = apply_security(client, settings);

    if (rv == APR_SUCCESS) {
        rv = apply_credentials(client, settings);
    }
    if (rv == APR_SUCCESS) {
        rv = apply_texts(client, settings);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_client_set_delivery(client,
                                       smtpc_settings_delivery(settings));
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_client_set_delivery_format(
            client, smtpc_settings_delivery_format(settings));
    }
    return rv;
}
