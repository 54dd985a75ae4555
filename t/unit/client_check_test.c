/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_check_test.c: settings that do not go together are told before
 * anything is sent.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/peer_tls.h"
#include "../tap/tap.h"

static smtpc_client_t *make_client(apr_pool_t *pool)
{
    smtpc_env_t *env;
    smtpc_client_t *client;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS
        || smtpc_client_create(&client, env, "mail.test", 587, pool)
               != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

static void test_files(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { 0 };
    const char *pair = peer_ca_client_file(ca, &cert, pool);
    apr_status_t rv;

    tap_subtest_begin("check of files");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "no files, nothing wrong");
    tap_is_int(smtpc_client_set_ca_file(c, ca_file), APR_SUCCESS, "CA file");
    tap_is_int(smtpc_client_set_client_certificate(c, pair, NULL),
               APR_SUCCESS, "client certificate");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "all of it is good");
    rv = smtpc_client_set_client_certificate(c, ca_file, pair);
    tap_is_int(rv, APR_SUCCESS, "a certificate and a key");
    rv = smtpc_client_check(c);
    tap_is_int(rv, SMTPC_ETLS, "key of another: %s", smtpc_client_error(c));
    rv = smtpc_client_set_client_certificate(c, NULL, NULL);
    tap_is_int(rv, APR_SUCCESS, "no certificate any more");
    rv = smtpc_client_set_ca_file(c, "/etc/passwd");
    tap_is_int(rv, APR_SUCCESS, "a file that can be read");
    tap_is_int(smtpc_client_check(c), SMTPC_ETLS, "but has no certificate");
    tap_ok(strstr(smtpc_client_error(c), "/etc/passwd") != NULL, "said: %s",
           smtpc_client_error(c));
    tap_subtest_end();
}

static void test_check_credentials(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);

    tap_subtest_begin("check of credentials");
    tap_is_int(smtpc_client_set_host(c, "mail.example.org"), APR_SUCCESS,
               "a host far away");
    tap_is_int(smtpc_client_set_credentials(c, "ann", "secret"), APR_SUCCESS,
               "credentials");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "starttls by default");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_NONE),
               APR_SUCCESS, "no security");
    tap_is_int(smtpc_client_check(c), SMTPC_EARG, "would never be sent");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_OPPORTUNISTIC),
               APR_SUCCESS, "opportunistic");
    tap_is_int(smtpc_client_check(c), SMTPC_EARG, "would never be sent");
    tap_is_int(smtpc_client_set_host(c, "localhost"), APR_SUCCESS, "here");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_NONE),
               APR_SUCCESS, "no security");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "over loopback");
    tap_subtest_end();
}

int main(void)
{
    test_files(tap_pool());
    test_check_credentials(tap_pool());
    return tap_done();
}
