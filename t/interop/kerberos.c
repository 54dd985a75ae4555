/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kerberos.c: logs in with the ticket of this process at a server of libgsasl's
 * in the same process. kerberos.t has made the realm, and set KRB5_CONFIG,
 * KRB5CCNAME and KRB5_KTNAME.
 *
 * kerberos MECHANISM TARGET-NAME|- says "status stage principal: error".
 */

#include <stdio.h>
#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../support/row.h"
#include "../support/sasl_server.h"
#include "../tap/tap.h"

int main(int argc, char **argv)
{
    sasl_server_t sasl = { .password = "", .service = "smtp",
                           .host = "localhost" };
    apr_pool_t *pool = tap_pool();
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    apr_status_t rv;
    const char *name;

    if (argc != 3) {
        fprintf(stderr, "usage: kerberos MECHANISM TARGET-NAME|-\n");
        return 2;
    }
    peer_smtp_init(&smtp);
    smtp.extensions = "AUTH PLAIN GSSAPI GS2-KRB5";
    smtp.auth = sasl_server_auth;
    smtp.auth_baton = &sasl;
    peer = peer_start(peer_smtp_serve, &smtp);
    row_must(smtpc_env_create(&env, pool), "env");
    row_must(smtpc_client_create(&client, env, "localhost", peer_port(peer),
                                 pool), "client");
    row_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE), "none");
    row_must(smtpc_client_set_default_credentials(client, 1), "default");
    row_must(smtpc_client_set_auth_mechanisms(client, argv[1]), argv[1]);
    row_must(smtpc_client_set_target_name(
                 client, strcmp(argv[2], "-") == 0 ? NULL : argv[2]),
             argv[2]);
    rv = mail_send(&result, client, "ann@example.net", pool);
    name = smtpc_status_name(rv);
    printf("%s %s: %s\n", rv == APR_SUCCESS ? "SUCCESS"
                          : name != NULL ? name : "?",
           sasl.principal, mail_error(result));
    peer_stop(peer);
    return 0;
}
