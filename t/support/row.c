/* SPDX-License-Identifier: Apache-2.0 */
/*
 * row.c: rows of the catalogue of threats.
 */

#include "row.h"

#include <string.h>

#include "mail.h"
#include "../tap/tap.h"

void row_must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: status %d", what, (int)rv);
    }
}

smtpc_client_t *row_client(const row_t *row, peer_t *peer, smtpc_env_t *env,
                           apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(peer, env, pool);

    row_must(smtpc_client_set_timeout(client, apr_time_from_sec(20)),
             "timeout");
    row_must(smtpc_client_set_security(client, row->security), "security");
    row_must(smtpc_client_set_ca_file(client, row->ca_file), "CA file");
    row_must(smtpc_client_set_verify_name(client, row->verify_name), "name");
    row_must(smtpc_client_set_pins(client, row->pins), "pins");
    if (row->host) {
        row_must(smtpc_client_set_host(client, row->host), "host");
    }
    if (row->user) {
        row_must(smtpc_client_set_credentials(client, row->user, "secret"),
                 "credentials");
    }
    return client;
}

void row_nothing_said(peer_t *peer)
{
    static const char *const verbs[] = { "AUTH", "MAIL", "RCPT", "DATA",
                                         "BDAT" };
    int said = 0;
    size_t i;

    for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        said += peer_heard(peer, verbs[i]);
    }
    tap_is_int(said, 0, "nothing of the mail or of a login was said");
}

void row_run(const row_t *row, peer_t *peer, smtpc_env_t *env,
             apr_pool_t *pool)
{
    int before = peer_accepted(peer);
    smtpc_counters_t counters;
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("%s", row->id);
    client = row_client(row, peer, env, pool);
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, row->status, "status");
    if (row->said) {
        tap_ok(strstr(mail_error(result), row->said) != NULL, "%s",
               mail_error(result));
    }
    else {
        tap_ok(rv == APR_SUCCESS, "%s", mail_error(result));
    }
    if (row->status != APR_SUCCESS) {
        tap_is_int(peer_accepted(peer), before + 1, "one connection");
        row_nothing_said(peer);
        smtpc_env_counters(&counters, env);
        tap_ok(row->keeps || counters.connections_opened
                                 == counters.connections_closed,
               "nothing stayed in the pool");
    }
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed of");
    tap_subtest_end();
}
