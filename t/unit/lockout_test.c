/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockout_test.c: when there are no more logins, for whom, and for how long.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/clock.h"
#include "../tap/tap.h"
#include "base/env_int.h"
#include "base/limits.h"
#include "client/lockout.h"

static smtpc_env_t *env;

/* Return a profile called key, of a user. */
static const smtpc_server_t *profile(const char *key)
{
    smtpc_server_t *server = apr_pcalloc(tap_pool(), sizeof(*server));

    server->host = "mail.example.org";
    server->user = "web";
    server->key = key;
    return server;
}

static const char *reason(const smtpc_server_t *server)
{
    return smtpc__lockout_reason(env, server, tap_pool());
}

static void refuse(const smtpc_server_t *server, int times)
{
    while (times-- > 0) {
        smtpc__lockout_note(env, server, 1, tap_pool());
    }
}

static void test_limit(void)
{
    const smtpc_server_t *server = profile("a");

    tap_ok(reason(server) == NULL, "nothing was refused");
    refuse(server, SMTPC_LIMIT_LOGIN_FAILURES - 1);
    tap_ok(reason(server) == NULL, "one less than the limit");
    refuse(server, 1);
    tap_ok(reason(server) != NULL, "the limit");
    tap_ok(strstr(reason(server), "mail.example.org refused 3 logins of web "
                  "within 10 minutes") != NULL
               && strstr(reason(server), " for 600 s;") != NULL,
           "says what, who and how long: %s", reason(server));
    tap_ok(reason(profile("b")) == NULL, "another profile is not concerned");
}

static void test_success(void)
{
    const smtpc_server_t *server = profile("c");

    refuse(server, SMTPC_LIMIT_LOGIN_FAILURES - 1);
    smtpc__lockout_note(env, server, 0, tap_pool());
    refuse(server, SMTPC_LIMIT_LOGIN_FAILURES - 1);
    tap_ok(reason(server) == NULL, "a success begins anew");
    refuse(server, 1);
    tap_ok(reason(server) != NULL, "and so does the count");
}

static void test_period(void)
{
    const smtpc_server_t *server = profile("d");

    refuse(server, 1);
    clock_advance(SMTPC_LOGIN_FAILURE_PERIOD / 2);
    refuse(server, 2);
    tap_ok(reason(server) != NULL, "three within the period");
    clock_advance(SMTPC_LOGIN_FAILURE_PERIOD / 2);
    tap_ok(reason(server) == NULL, "the first one is over");
    refuse(server, 1);
    tap_ok(reason(server) != NULL, "one more, and there are three again");
    clock_advance(SMTPC_LOGIN_FAILURE_PERIOD);
    tap_ok(reason(server) == NULL, "all are over");
}

static void test_profiles(void)
{
    const smtpc_server_t *first = profile("first");

    refuse(first, SMTPC_LIMIT_LOGIN_FAILURES);
    clock_advance(1000);
    for (int i = 0; i < SMTPC_LIMIT_LOCKOUT_PROFILES - 1; i++) {
        refuse(profile(apr_itoa(tap_pool(), i)), 1);
    }
    tap_ok(reason(first) != NULL, "as many profiles as are remembered");
    refuse(profile("one more"), 1);
    tap_ok(reason(first) == NULL, "one more: the oldest is forgotten");
}

static void test_no_login(void)
{
    smtpc_server_t server = { 0 };

    server.host = "mail.example.org";
    server.key = "none";
    refuse(&server, SMTPC_LIMIT_LOGIN_FAILURES);
    tap_ok(reason(&server) == NULL, "who does not log in is not locked out");
}

int main(void)
{
    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("env");
    }
    test_limit();
    test_success();
    test_period();
    test_no_login();
    test_profiles();
    return tap_done();
}
