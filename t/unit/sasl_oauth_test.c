/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_oauth_test.c: tokens: where they come from, how they are shown, and
 * what servers say to them.
 */
#include <stdlib.h>
#include <string.h>

#include "../support/sasl_rig.h"
#include "../tap/tap.h"

#define BEARER SMTPC_MECH_OAUTHBEARER
#define XOAUTH2 SMTPC_MECH_XOAUTH2
/* That of RFC 7628 4.1. */
#define TOKEN "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="

/* Return a server where tokens come from reference. */
static smtpc_server_t server_with(const char *reference)
{
    smtpc_server_t server = { 0 };

    server.host = "server.example.com";
    server.port = 143;
    server.user = "user@example.com";
    server.token = reference;
    return server;
}

static void test_messages(void)
{
    smtpc_server_t server = server_with("env:SMTPC_TEST_TOKEN");
    smtpc_sasl_t *sasl;

    setenv("SMTPC_TEST_TOKEN", TOKEN, 1);
    sasl = sasl_rig_server(BEARER, &server, BEARER, NULL);
    tap_ok(smtpc__sasl_blocks(sasl), "fetching a token may take long");
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "OAUTHBEARER");
    sasl_rig_says(sasl, "n,a=user@example.com,\001host=server.example.com\001"
                  "port=143\001auth=Bearer " TOKEN "\001\001",
                  "RFC 7628 4.1");
    tap_ok(smtpc__sasl_is_done(sasl), "is all");
    tap_ok(!smtpc__sasl_blocks(sasl), "the rest does not");
    server.user = "a,b=c";
    sasl = sasl_rig_server(XOAUTH2, &server, XOAUTH2, NULL);
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "XOAUTH2");
    sasl_rig_says(sasl, "user=a,b=c\001auth=Bearer " TOKEN "\001\001",
                  "its message");
    sasl = sasl_rig_server(BEARER, &server, BEARER, NULL);
    (void)sasl_rig_step(sasl, NULL);
    tap_ok(strncmp(smtpc__sasl_response(&(apr_size_t){ 0 }, sasl),
                   "n,a=a=2Cb=3Dc,\001", 15) == 0, "a name is escaped");
}

static void test_refusals(void)
{
    static const struct {
        const char *json;
        const char *note;
    } rows[] = {
        { "{\"status\":\"invalid_token\",\"scope\":\"x\"}",
          "invalid_token" },
        { "{\"status\": \"401\", \"schemes\":\"bearer\"}", "401" },
        { "{\"status\":401}", "401" },
        { "{\"status\":\"" TOKEN "\"}", "" },
        { "{\"status\"", "" },
        { "{}", "" },
        { "", "" },
    };
    smtpc_server_t server = server_with("env:SMTPC_TEST_TOKEN");

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_sasl_t *sasl = sasl_rig_server(i % 2 ? BEARER : XOAUTH2,
                                             &server, 0, NULL);

        (void)sasl_rig_step(sasl, NULL);
        tap_is_int(sasl_rig_step(sasl, rows[i].json), APR_SUCCESS,
                   "U7 answered: %s", rows[i].json);
        sasl_rig_says(sasl, i % 2 ? "\001" : "", "with nothing");
        tap_ok(!smtpc__sasl_is_done(sasl), "no 235 may follow");
        tap_is_str(smtpc__sasl_note(sasl), rows[i].note, "what was said");
        tap_is_int(sasl_rig_step(sasl, "{}"), SMTPC_EPROTO, "once only");
    }
}

static void test_sources(void)
{
    static const struct {
        const char *reference;
        const char *why;
    } rows[] = {
        { "env:SMTPC_TEST_NONE", "there is no token: " },
        { "file:/no/such/file", "/no/such/file" },
        { "exec:/bin/false", "there is no token: " },
        { "env:SMTPC_TEST_BLANK", "not one line of ASCII" },
        { "env:SMTPC_TEST_SOH", "not one line of ASCII" },
    };

    setenv("SMTPC_TEST_BLANK", "a b", 1);
    setenv("SMTPC_TEST_SOH", "a\001auth=b", 1);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_server_t server = server_with(rows[i].reference);
        smtpc_sasl_t *sasl = sasl_rig_server(XOAUTH2, &server, 0, NULL);

        tap_is_int(sasl_rig_step(sasl, NULL), SMTPC_EAUTH, "%s",
                   rows[i].reference);
        tap_ok(strstr(smtpc__sasl_error(sasl), rows[i].why) != NULL,
               "said: %s", smtpc__sasl_error(sasl));
    }
}

/* A smtpc_token_fn_t. */
static apr_status_t give(smtpc_secret_t **token, const char **why,
                         int refresh, void *baton, apr_pool_t *pool)
{
    int *calls = baton;

    (*calls)++;
    if (*calls == 3) {
        *why = "the account is closed";
        return APR_EGENERAL;
    }
    return smtpc_secret_load(token, why, refresh ? "second" : "first", pool);
}

static void test_callback(void)
{
    smtpc_server_t server = server_with(NULL);
    smtpc_sasl_t *sasl;
    int calls = 0;

    server.token_fn = give;
    server.token_baton = &calls;
    sasl = sasl_rig_server(XOAUTH2, &server, 0, NULL);
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "a function");
    sasl_rig_says(sasl, "user=user@example.com\001auth=Bearer first\001\001",
                  "its token");
    tap_ok(smtpc__sasl_has_token(sasl), "which can be refreshed");
    sasl = sasl_rig_server(XOAUTH2, &server, 0, NULL);
    smtpc__sasl_refresh(sasl);
    (void)sasl_rig_step(sasl, NULL);
    sasl_rig_says(sasl, "user=user@example.com\001auth=Bearer "
                  "second\001\001", "another one");
    sasl = sasl_rig_server(XOAUTH2, &server, 0, NULL);
    tap_is_int(sasl_rig_step(sasl, NULL), SMTPC_EAUTH, "no token");
    tap_is_str(smtpc__sasl_error(sasl), "there is no token: the account is "
               "closed", "says why");
    tap_is_int(calls, 3, "asked once for each login");
}

int main(void)
{
    test_messages();
    test_refusals();
    test_sources();
    test_callback();
    return tap_done();
}
