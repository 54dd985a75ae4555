/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_rig.c: SASL exchanges by hand.
 */
#include "sasl_rig.h"

#include <string.h>

#include "../tap/tap.h"

static apr_status_t release(void *data)
{
    smtpc__sasl_release(data);
    return APR_SUCCESS;
}

smtpc_sasl_t *sasl_rig_server(unsigned int mechanism,
                              const smtpc_server_t *server,
                              unsigned int offered,
                              const smtpc_binding_t *binding)
{
    static const smtpc_binding_t none;
    smtpc_sasl_t *sasl;
    smtpc_env_t *env;

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS
        || smtpc__sasl_create(&sasl, mechanism, server, offered,
                              binding != NULL ? binding : &none, env)
               != APR_SUCCESS) {
        tap_bail("exchange");
    }
    apr_pool_cleanup_register(tap_pool(), sasl, release,
                              apr_pool_cleanup_null);
    return sasl;
}

smtpc_sasl_t *sasl_rig(unsigned int mechanism, const char *user,
                       const char *password, unsigned int offered,
                       const smtpc_binding_t *binding)
{
    smtpc_server_t server = { 0 };
    smtpc_secret_t *secret;

    if (smtpc_secret_load(&secret, NULL, password, tap_pool())
        != APR_SUCCESS) {
        tap_bail("secret");
    }
    server.host = "mail.example.org";
    server.user = user;
    server.secret = secret;
    return sasl_rig_server(mechanism, &server, offered, binding);
}

apr_status_t sasl_rig_step(smtpc_sasl_t *sasl, const char *challenge)
{
    if (challenge != NULL) {
        smtpc__sasl_challenge(sasl, challenge, strlen(challenge));
    }
    smtpc__sasl_run(sasl);
    return smtpc__sasl_status(sasl);
}

void sasl_rig_says(const smtpc_sasl_t *sasl, const char *expected,
                   const char *what)
{
    apr_size_t len;
    const void *data = smtpc__sasl_response(&len, sasl);

    tap_is_mem(data, len, expected, strlen(expected), "%s", what);
}
