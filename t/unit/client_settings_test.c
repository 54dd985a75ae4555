/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_settings_test.c: setters: what they refuse, and reading back.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/peer_tls.h"
#include "../tap/tap.h"


static smtpc_env_t *env;

/* A client for mail.test, port 587. */
static smtpc_client_t *make_client(apr_pool_t *pool)
{
    smtpc_client_t *client;

    if (smtpc_client_create(&client, env, "mail.test", 587, pool)
        != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

static void test_server(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);

    tap_subtest_begin("host, port, security");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_STARTTLS, "587");
    tap_is_int(smtpc_client_set_port(c, 465), APR_SUCCESS, "465");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_IMPLICIT, "implicit");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_NONE), APR_SUCCESS,
               "none");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_NONE, "reads none");
    tap_is_int(smtpc_client_set_security(c, (smtpc_security_e)9), SMTPC_EARG,
               "no such security");
    tap_is_int(smtpc_client_set_host(c, "B\xc3\xbc" "cher.Example"),
               APR_SUCCESS, "IDN host");
    tap_is_str(smtpc_client_host(c), "B\xc3\xbc" "cher.Example",
               "reads as set");
    tap_is_int(smtpc_client_set_host(c, "a\r\nb"), SMTPC_EARG, "line end");
    tap_is_str(smtpc_client_host(c), "B\xc3\xbc" "cher.Example", "unchanged");
    tap_is_int(smtpc_client_set_port(c, 0), SMTPC_EARG, "port 0");
    tap_is_int(smtpc_client_port(c), 465, "unchanged");
    tap_subtest_end();
}

static void test_credentials(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);

    tap_subtest_begin("credentials and mechanisms");
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

static void test_tls(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);
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

static void test_names(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);
    apr_status_t rv;

    tap_subtest_begin("names");
    tap_is_int(smtpc_client_set_verify_name(c, "other.test"), APR_SUCCESS,
               "verify name");
    tap_is_str(smtpc_client_verify_name(c), "other.test", "reads");
    tap_is_int(smtpc_client_set_verify_name(c, ""), SMTPC_EARG, "empty");
    tap_is_int(smtpc_client_set_hello_name(c, "[127.0.0.1]"), APR_SUCCESS,
               "EHLO literal");
    tap_is_str(smtpc_client_hello_name(c), "[127.0.0.1]", "reads");
    tap_is_int(smtpc_client_set_auth_mechanisms(c, "LOGIN PLAIN"),
               APR_SUCCESS, "mechanisms");
    tap_is_str(smtpc_client_auth_mechanisms(c), "LOGIN PLAIN", "reads");
    rv = smtpc_client_set_auth_mechanisms(c, "PLAIN FOO");
    tap_is_int(rv, SMTPC_EARG,
               "unknown mechanism: %s", smtpc_client_error(c));
    tap_subtest_end();
}

static void test_delivery(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);

    tap_subtest_begin("timeout, From, delivery");
    tap_is_int(smtpc_client_set_timeout(c, 5), APR_SUCCESS, "timeout");
    tap_is_int(smtpc_client_timeout(c), 5, "reads");
    tap_is_int(smtpc_client_set_timeout(c, 0), SMTPC_EARG, "no time");
    tap_is_int(smtpc_client_set_from(c, "Web <web@a.test>"), APR_SUCCESS,
               "From");
    tap_is_str(smtpc_address_address(smtpc_client_from(c)), "web@a.test",
               "reads");
    tap_is_int(smtpc_client_set_from(c, "web"), SMTPC_EARG, "not a mailbox");
    tap_is_int(smtpc_client_set_from(c, NULL), APR_SUCCESS, "none");
    tap_ok(smtpc_client_from(c) == NULL, "reads");
    tap_is_int(smtpc_client_set_delivery(c, SMTPC_DELIVER_PICKUP),
               APR_SUCCESS, "pickup");
    tap_is_int(smtpc_client_delivery(c), SMTPC_DELIVER_PICKUP, "reads");
    tap_is_int(smtpc_client_set_delivery(c, (smtpc_delivery_e)7), SMTPC_EARG,
               "no such delivery");
    tap_is_int(smtpc_client_set_pickup_directory(c, "/tmp"), APR_SUCCESS,
               "directory");
    tap_is_str(smtpc_client_pickup_directory(c), "/tmp", "reads");
    tap_is_int(smtpc_client_set_pickup_directory(c, "tmp"), SMTPC_EARG,
               "relative");
    tap_subtest_end();
}

static void test_again(apr_pool_t *pool)
{
    smtpc_client_t *c = make_client(pool);
    int i;

    tap_subtest_begin("memory");
    for (i = 0; i < 100000; i++) {
        if (smtpc_client_set_host(c, i & 1 ? "a.test" : "bb.test")
            != APR_SUCCESS) {
            break;
        }
    }
    tap_is_int(i, 100000, "set again and again");
    tap_subtest_end();
}

int main(void)
{
    static void (*const tests[])(apr_pool_t *) = {
        test_server,
        test_credentials,
        test_tls,
        test_names,
        test_delivery,
        test_again
    };
    apr_pool_t *pool = tap_pool();
    apr_size_t i;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    for (i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        apr_pool_t *scratch;

        apr_pool_create(&scratch, pool);
        tests[i](scratch);
        apr_pool_destroy(scratch);
    }
    return tap_done();
}
