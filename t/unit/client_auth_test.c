/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_auth_test.c: how a client is told to log in.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

static void test_credentials(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("credentials");
    tap_is_int(smtpc_client_set_credentials(c, "web", "secret"), APR_SUCCESS,
               "credentials");
    tap_is_str(smtpc_client_user(c), "web", "user");
    tap_is_int(smtpc_client_set_credentials(c, "web", NULL), SMTPC_EARG,
               "user alone");
    tap_is_int(smtpc_client_set_credentials(c, "w\neb", "x"), SMTPC_EARG,
               "line end in the user");
    tap_ok(smtpc_client_set_credentials(c, "web", "file:/no/such/file")
               != APR_SUCCESS, "file that is not there");
    tap_ok(strstr(smtpc_client_error(c), "/no/such/file") != NULL, "said: %s",
           smtpc_client_error(c));
    tap_is_int(smtpc_client_set_credentials(c, NULL, NULL), APR_SUCCESS,
               "taken away");
    tap_ok(smtpc_client_user(c) == NULL, "no user");
    tap_subtest_end();
}

static void test_mechanisms(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("mechanisms");
    tap_is_int(smtpc_client_set_auth_mechanisms(c, "LOGIN PLAIN"),
               APR_SUCCESS, "mechanisms");
    tap_is_str(smtpc_client_auth_mechanisms(c), "LOGIN PLAIN", "reads");
    tap_is_int(smtpc_client_set_auth_mechanisms(c, "PLAIN FOO"), SMTPC_EARG,
               "unknown mechanism");
    tap_ok(strstr(smtpc_client_error(c), "\"FOO\"") != NULL, "said: %s",
           smtpc_client_error(c));
    tap_is_str(smtpc_client_auth_mechanisms(c), "LOGIN PLAIN", "unchanged");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_credentials,
        test_mechanisms
    };

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
