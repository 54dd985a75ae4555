/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_check.c: whether the settings of a client go together.
 *
 * For tests of a configuration: reads the files for TLS and asks whether the
 * credentials could ever be sent. Nothing is looked up, nothing connects; a
 * send finds the same out by itself.
 */

#include "client/client_int.h"

#include "net/dane_lookup.h"
#include "net/tls.h"

/* See that the files for TLS can be used. */
static apr_status_t check_tls(smtpc_client_t *client,
                              const smtpc_server_t *server)
{
    smtpc_tls_policy_t policy = {
        .host = server->verify_name ? server->verify_name : server->host,
        .ca_file = server->ca_file,
        .ca_directory = server->ca_directory,
        .crl_file = server->crl_file,
        .certificate = server->certificate,
        .certificate_key = server->certificate_key,
        .version = server->tls_version,
        .ciphers = server->ciphers,
        .suites = server->cipher_suites,
        .groups = server->groups,
        .key = server->tls_key,
        .verify = 1
    };
    const char *why = "";

    if (!policy.ca_file && !policy.ca_directory && !policy.certificate
        && !policy.crl_file && !policy.ciphers) {
        return APR_SUCCESS;
    }
    if (smtpc__tls_check(&why, &policy, client->scratch) != APR_SUCCESS) {
        return smtpc__client_fail(client, SMTPC_ETLS, "%s", why);
    }
    return APR_SUCCESS;
}

/* See that TLSA records could be looked up, as far as files tell. */
static apr_status_t check_dane(smtpc_client_t *client,
                               const smtpc_server_t *server)
{
    const char *why = "";

    if (server->dane == SMTPC_DANE_OFF || server->tlsa
        || smtpc__dane_check(&why, server->dane_anchor, client->scratch)
               == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    return smtpc__client_fail(client, SMTPC_ETLS, "%s", why);
}

/* See that the password could be sent: never over a link that others can
 * read, or to a server that is not verified. */
static apr_status_t check_credentials(smtpc_client_t *client,
                                      const smtpc_server_t *server)
{
    if (!smtpc__server_logs_in(server)
        || server->security == SMTPC_SECURITY_STARTTLS
        || server->security == SMTPC_SECURITY_IMPLICIT
        || (server->security == SMTPC_SECURITY_NONE
            && smtpc__host_is_loopback(server->host))) {
        return APR_SUCCESS;
    }
    return smtpc__client_fail(client, SMTPC_EARG, "the password would never "
                              "be sent to %s: set security to starttls or "
                              "implicit, or take the credentials away",
                              client->host);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_check(smtpc_client_t *client)
{
    const smtpc_server_t *server;
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)smtpc__client_scratch(client);
    rv = smtpc__client_freeze(&server, client);
    if (rv == APR_SUCCESS) {
        rv = check_tls(client, server);
    }
    if (rv == APR_SUCCESS) {
        rv = check_dane(client, server);
    }
    if (rv == APR_SUCCESS) {
        rv = check_credentials(client, server);
    }
    return smtpc__client_end(client, rv);
}
