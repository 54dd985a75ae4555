/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_settings_test.c: setters: what they refuse, and reading back.
 */

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

static void test_server(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

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

static void test_hello_name(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("EHLO name");
    tap_is_int(smtpc_client_set_hello_name(c, "[127.0.0.1]"), APR_SUCCESS,
               "EHLO literal");
    tap_is_str(smtpc_client_hello_name(c), "[127.0.0.1]", "reads");
    tap_subtest_end();
}

static void test_delivery(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

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
    smtpc_client_t *c = mail_client_unused(env, pool);
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
    static const tap_test_fn tests[] = {
        test_server,
        test_hello_name,
        test_delivery,
        test_again
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
