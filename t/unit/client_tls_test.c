/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_tls_test.c: what a client is told of TLS.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

static void test_tls(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { 0 };
    const char *pair = peer_ca_client_file(ca, &cert, pool);
    const char *error;

    tap_subtest_begin("trust");
    tap_is_int(smtpc_client_set_ca_file(c, ca_file), APR_SUCCESS, "CA file");
    tap_is_str(smtpc_client_ca_file(c), ca_file, "reads");
    tap_is_int(smtpc_client_set_ca_file(c, "/no/such/ca"), SMTPC_EARG,
               "CA file that is not there");
    error = smtpc_client_error(c);
    tap_ok(strstr(error, "/no/such/ca") && strstr(error, "No such file"),
           "said: %s", error);
    tap_is_int(smtpc_client_set_ca_file(c, "/etc"), SMTPC_EARG,
               "a directory is no CA file");
    tap_is_str(smtpc_client_ca_file(c), ca_file, "nothing changed");
    tap_is_int(smtpc_client_set_ca_directory(c, "/etc"), APR_SUCCESS,
               "CA directory");
    tap_is_str(smtpc_client_ca_directory(c), "/etc", "reads");
    tap_is_int(smtpc_client_set_ca_directory(c, ca_file), SMTPC_EARG,
               "not a directory");
    tap_is_int(smtpc_client_set_client_certificate(c, pair, NULL),
               APR_SUCCESS, "client certificate");
    tap_is_str(smtpc_client_client_certificate(c), pair, "reads");
    tap_subtest_end();
}

static void test_verify_name(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("verify name");
    tap_is_int(smtpc_client_set_verify_name(c, "other.test"), APR_SUCCESS,
               "set");
    tap_is_str(smtpc_client_verify_name(c), "other.test", "reads");
    tap_is_int(smtpc_client_set_verify_name(c, ""), SMTPC_EARG, "empty");
    tap_is_str(smtpc_client_verify_name(c), "other.test", "unchanged");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_tls,
        test_verify_name
    };

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
