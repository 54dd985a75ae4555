/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_open.c: from a profile to a connection, and TLS on it.
 *
 * The addresses are tried one after the other. Each gets its share of the
 * time that is left, so that one that swallows packets leaves time for the
 * next, and never more than SMTPC_TIMEOUT_CONNECT. Once one is connected
 * there is no way back to the others: what the server says counts.
 *
 * A handshake that fails ends the connection; nothing goes on in clear text
 * (RFC 3207 4.1, RFC 8314 3).
 */

#include "client/conn_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"

static void try_next(smtpc_conn_t *conn);

/* Look-up. */

static void on_addresses(smtpc_conn_t *conn, apr_array_header_t *addresses)
{
    conn->addresses = addresses;
    conn->next_address = 0;
    conn->state = SMTPC_CONN_CONNECTING;
    if (conn->result) {
        conn->result->timings.resolved = smtpc__result_elapsed(conn->result);
    }
    try_next(conn);
}

static void on_resolver(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    apr_array_header_t *addresses = NULL;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc__resolve_result(&addresses, &why, conn->resolve, conn->pool);
    if (rv == APR_SUCCESS) {
        on_addresses(conn, addresses);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_RESOLVE, why);
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        why = apr_psprintf(conn->pool, "cannot look up %s: no answer within "
                           "%s: check this machine's DNS",
                           conn->server->host, smtpc__conn_waited(conn));
        smtpc__conn_fail(conn, SMTPC_ETIMEOUT, SMTPC_STAGE_RESOLVE, why);
    }
    else {
        smtpc__conn_watch(conn, smtpc__resolve_socket(conn->resolve),
                          APR_POLLIN);
    }
}

void smtpc__conn_resolve(smtpc_conn_t *conn)
{
    const char *why = "";
    apr_status_t rv;

    conn->state = SMTPC_CONN_RESOLVING;
    smtpc__conn_step(conn, SMTPC_TIMEOUT_CONNECT);
    rv = smtpc__resolve_begin(&conn->resolve, &why, conn->server->host,
                              conn->server->port, conn->env, conn->pool);
    if (rv != APR_SUCCESS) {
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_RESOLVE, why);
        return;
    }
    on_resolver(conn, SMTPC_LOOP_IO);
}

/* Connecting. */

/* Add a sentence on an address that failed. */
static void note_failure(smtpc_conn_t *conn, const char *why)
{
    conn->tried = conn->tried
                      ? apr_pstrcat(conn->pool, conn->tried, "; ", why, NULL)
                      : apr_pstrdup(conn->pool, why);
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s", why);
}

/* All addresses failed. */
static void give_up(smtpc_conn_t *conn, apr_status_t status)
{
    const char *host = conn->server->host;
    const char *why = conn->tried ? conn->tried : "no address to connect to";

    if (!strstr(why, host)) {
        why = apr_psprintf(conn->pool, "%s: %s", host, why);
    }
    smtpc__conn_fail(conn, status, SMTPC_STAGE_CONNECT, why);
}

/* Time for the next address: a fair share of what is left. */
static apr_interval_time_t share_of_time(const smtpc_conn_t *conn)
{
    int left = conn->addresses->nelts - conn->next_address;
    apr_interval_time_t share = (conn->deadline - smtpc__monotonic())
                                / (left > 0 ? left : 1);

    return share < SMTPC_TIMEOUT_CONNECT ? share : SMTPC_TIMEOUT_CONNECT;
}

static void on_connected(smtpc_conn_t *conn)
{
    conn->transport = smtpc__tcp_transport(conn->tcp);
    conn->peer = apr_pstrdup(conn->pool, smtpc__tcp_peer(conn->tcp));
    conn->link.loopback =
        smtpc__host_is_loopback(smtpc__tcp_peer_ip(conn->tcp));
    if (conn->result) {
        conn->result->timings.connected = smtpc__result_elapsed(conn->result);
        conn->result->peer = apr_pstrdup(conn->result->pool, conn->peer);
    }
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: connected to %s",
                   conn->server->host, conn->peer);
    if (conn->server->security == SMTPC_SECURITY_IMPLICIT) {
        smtpc__conn_start_tls(conn);
    }
    else {
        smtpc__conn_link_up(conn);
    }
}

/* Begin with the next address that does not fail at once. */
static void try_next(smtpc_conn_t *conn)
{
    while (conn->next_address < conn->addresses->nelts) {
        const apr_sockaddr_t *address = APR_ARRAY_IDX(
            conn->addresses, conn->next_address, apr_sockaddr_t *);
        apr_status_t rv;

        smtpc__watch_end(conn->watch);
        if (conn->attempt) {
            conn->tcp = NULL;
            apr_pool_clear(conn->attempt);
        }
        else if (apr_pool_create(&conn->attempt, conn->pool)
                 != APR_SUCCESS) {
            break;
        }
        smtpc__conn_step(conn, share_of_time(conn));
        conn->next_address++;
        rv = smtpc__tcp_connect(&conn->tcp, address, NULL, conn->attempt);
        if (rv == APR_SUCCESS) {
            on_connected(conn);
            return;
        }
        if (APR_STATUS_IS_EAGAIN(rv)) {
            smtpc__conn_watch(
                conn,
                smtpc__transport_socket(smtpc__tcp_transport(conn->tcp)),
                APR_POLLOUT);
            return;
        }
        note_failure(conn, smtpc__transport_error(
                               smtpc__tcp_transport(conn->tcp)));
    }
    give_up(conn, SMTPC_ECONNECT);
}

static void on_connecting(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    apr_status_t rv = smtpc__tcp_connected(conn->tcp);
    apr_time_t now = smtpc__monotonic();

    if (rv == APR_SUCCESS) {
        on_connected(conn);
        return;
    }
    if (APR_STATUS_IS_EAGAIN(rv) && event == SMTPC_LOOP_IO) {
        return;
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        note_failure(conn, apr_psprintf(conn->pool, "cannot connect to %s: no "
                                        "answer within %s",
                                        smtpc__tcp_peer(conn->tcp),
                                        smtpc__conn_waited(conn)));
        if (now >= conn->deadline) {
            give_up(conn, SMTPC_ETIMEOUT);
            return;
        }
    }
    else {
        note_failure(conn, smtpc__transport_error(
                               smtpc__tcp_transport(conn->tcp)));
    }
    try_next(conn);
}

/* TLS. */

static void on_secured(smtpc_conn_t *conn)
{
    smtpc_tls_facts_t facts;

    smtpc__tls_facts(&facts, conn->tls);
    conn->link.encrypted = 1;
    conn->link.verified = facts.verified;
    conn->tls_protocol = facts.protocol;
    conn->tls_cipher = facts.cipher;
    if (conn->result) {
        apr_pool_t *pool = conn->result->pool;

        conn->result->timings.secured = smtpc__result_elapsed(conn->result);
        conn->result->tls_protocol = apr_pstrdup(pool, facts.protocol);
        conn->result->tls_cipher = apr_pstrdup(pool, facts.cipher);
    }
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: %s, %s, %s",
                   conn->server->host, facts.protocol, facts.cipher,
                   facts.verified ? "verified" : "not verified");
    smtpc__conn_link_up(conn);
}

static void on_handshake(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    apr_int16_t events = APR_POLLIN;
    const char *why;
    apr_status_t rv;

    rv = smtpc__tls_handshake(conn->tls, &events);
    if (rv == APR_SUCCESS) {
        on_secured(conn);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_TLS,
                         smtpc__transport_error(conn->transport));
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        why = apr_psprintf(conn->pool, "%s did not answer the TLS handshake "
                           "within %s: check port and security setting",
                           conn->server->host, smtpc__conn_waited(conn));
        smtpc__conn_fail(conn, SMTPC_ETIMEOUT, SMTPC_STAGE_TLS, why);
    }
    else {
        smtpc__conn_watch(conn, smtpc__transport_socket(conn->transport),
                          events);
    }
}

static void fill_policy(smtpc_conn_t *conn)
{
    const smtpc_server_t *server = conn->server;
    smtpc_tls_policy_t *policy = &conn->policy;

    policy->host = server->verify_name ? server->verify_name : server->host;
    policy->ca_file = server->ca_file;
    policy->ca_directory = server->ca_directory;
    policy->certificate = server->certificate;
    policy->certificate_key = server->certificate_key;
    policy->key = server->tls_key;
    policy->verify = server->security != SMTPC_SECURITY_OPPORTUNISTIC;
}

void smtpc__conn_start_tls(smtpc_conn_t *conn)
{
    const char *why = "";
    apr_status_t rv;

    /* What lies there in clear text was not said by the peer of the TLS
     * session to come: CVE-2021-38371. */
    if (conn->session && conn->tcp && !smtpc__tcp_idle(conn->tcp)) {
        why = apr_psprintf(conn->pool, "%s sent more in clear text behind "
                           "its answer to STARTTLS, or closed: somebody may "
                           "be tampering with the connection",
                           conn->server->host);
        smtpc__conn_fail(conn, SMTPC_ETLS, SMTPC_STAGE_STARTTLS, why);
        return;
    }
    conn->state = SMTPC_CONN_HANDSHAKE;
    smtpc__conn_step(conn, SMTPC_TIMEOUT_CONNECT);
    fill_policy(conn);
    rv = smtpc__tls_create(&conn->tls, &why, conn->transport, &conn->policy,
                           conn->env, conn->pool);
    if (rv != APR_SUCCESS) {
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_TLS, why);
        return;
    }
    conn->transport = smtpc__tls_transport(conn->tls);
    on_handshake(conn, SMTPC_LOOP_IO);
}

void smtpc__conn_progress(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    switch (conn->state) {
    case SMTPC_CONN_RESOLVING:
        on_resolver(conn, event);
        break;
    case SMTPC_CONN_CONNECTING:
        on_connecting(conn, event);
        break;
    case SMTPC_CONN_HANDSHAKE:
        on_handshake(conn, event);
        break;
    default:
        break;
    }
}
