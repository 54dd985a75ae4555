/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_auth_test.c: how a client is told to log in.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../tap/tap.h"
#include "proto/sasl.h"

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

static apr_status_t no_token(smtpc_secret_t **token, const char **why,
                             int refresh, void *baton, apr_pool_t *pool)
{
    (void)token;
    (void)refresh;
    (void)baton;
    (void)pool;
    *why = "none";
    return APR_EGENERAL;
}

static void test_tokens(apr_pool_t *pool)
{
    static const char *const bad[] = { "ya29.a0AfH6SMB", "file:", "file:x",
                                       "exec:x", "env:", "file:/a\n" };
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("tokens");
    tap_is_int(smtpc_client_set_credentials(c, "web", "secret"), APR_SUCCESS,
               "a password");
    tap_is_int(smtpc_client_set_token(c, "bot", "file:/no/such/file"),
               APR_SUCCESS, "a token, which nobody looks at yet");
    tap_is_str(smtpc_client_user(c), "bot", "its user");
    tap_is_str(smtpc_client_token(c), "file:/no/such/file", "its place");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(smtpc_client_set_token(c, "x", bad[i]), SMTPC_EARG,
                   "bad %d", (int)i);
        tap_ok(strstr(smtpc_client_error(c), "ya29") == NULL, "said: %s",
               smtpc_client_error(c));
    }
    tap_is_int(smtpc_client_set_token(c, NULL, "file:/x"), SMTPC_EARG,
               "no user");
    tap_is_int(smtpc_client_set_token_callback(c, "fn", no_token, NULL),
               APR_SUCCESS, "a function");
    tap_ok(smtpc_client_token(c) == NULL, "in the place of the other");
    tap_is_int(smtpc_client_set_token_callback(c, "fn", NULL, NULL),
               SMTPC_EARG, "no function");
    tap_is_int(smtpc_client_set_credentials(c, "web", "secret"), APR_SUCCESS,
               "a password again");
    tap_is_int(smtpc_client_set_token(c, NULL, NULL), APR_SUCCESS,
               "none at all");
    tap_ok(smtpc_client_user(c) == NULL, "no user");
    tap_subtest_end();
}

static void test_default(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    int built = (smtpc__sasl_built() & SMTPC_MECH_GSSAPI) != 0;

    tap_subtest_begin("default credentials");
    tap_is_int(smtpc_client_set_credentials(c, "web", "secret"), APR_SUCCESS,
               "a password");
    tap_is_int(smtpc_client_set_default_credentials(c, 0), APR_SUCCESS,
               "none of those");
    tap_is_str(smtpc_client_user(c), "web", "leave it");
    tap_is_int(smtpc_client_set_default_credentials(c, 1),
               built ? APR_SUCCESS : SMTPC_EARG, "those");
    tap_is_int(smtpc_client_default_credentials(c), built, "are there");
    tap_is_int(smtpc_client_user(c) == NULL, built, "in its place");
    tap_is_int(smtpc_client_set_default_credentials(c, 0), APR_SUCCESS,
               "not any more");
    tap_is_int(smtpc_client_default_credentials(c), 0, "gone");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_credentials,
        test_tokens,
        test_default,
        test_mechanisms
    };

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
