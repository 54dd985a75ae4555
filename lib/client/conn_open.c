/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_open.c: from a profile to a connection, and TLS on it.
 *
 * net/dial.c finds the way there. Once an address is connected there is no way
 * back to the others: what the server says counts.
 *
 * A handshake that fails ends the connection; nothing goes on in clear text on
 * it (RFC 3207 4.1, RFC 8314 3). Where TLS is only taken if it is offered,
 * another connection may do without (RFC 7435 3), unless there is a password
 * or a TLSA record: that is op_lane.c's to begin.
 */

#include "client/conn_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"

/* Connecting. */

/* Return the stage that a dial which got as far as stage failed at. */
static smtpc_stage_e stage_of(smtpc_dial_stage_e stage)
{
    return stage == SMTPC_DIAL_RESOLVE ? SMTPC_STAGE_RESOLVE
                                       : SMTPC_STAGE_CONNECT;
}

/* The dial failed. A sentence that does not name the server gets its name. */
static void not_connected(smtpc_conn_t *conn)
{
    const char *why = smtpc__dial_error(conn->dial);

    if (!strstr(why, conn->server->host)) {
        why = apr_psprintf(conn->pool, "%s: %s", conn->server->host, why);
    }
    smtpc__conn_fail(conn, smtpc__dial_status(conn->dial),
                     stage_of(smtpc__dial_stage(conn->dial)), why);
}

/* Note in the result when what was reached. */
static void note_connected(smtpc_conn_t *conn)
{
    smtpc_result_t *result = conn->result;
    apr_time_t resolved = smtpc__dial_resolved(conn->dial);

    if (!result) {
        return;
    }
    result->timings.connected = smtpc__result_elapsed(result);
    if (resolved > result->began) {
        result->timings.resolved = resolved - result->began;
    }
    result->peer = apr_pstrdup(result->pool, conn->peer);
}

/* A smtpc_dial_fn_t. */
static void on_dialled(void *baton, smtpc_dial_t *dial)
{
    smtpc_conn_t *conn = baton;

    conn->dial = dial;
    if (smtpc__dial_status(dial) != APR_SUCCESS) {
        not_connected(conn);
        return;
    }
    conn->tcp = smtpc__dial_tcp(dial);
    conn->transport = smtpc__tcp_transport(conn->tcp);
    conn->peer = apr_pstrdup(conn->pool, smtpc__tcp_peer(conn->tcp));
    conn->link.loopback = smtpc__dial_loopback(dial);
    note_connected(conn);
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: connected to %s",
                   conn->server->host, conn->peer);
    if (conn->server->security == SMTPC_SECURITY_IMPLICIT) {
        smtpc__conn_start_tls(conn);
    }
    else {
        smtpc__conn_link_up(conn);
    }
}

static void fill_target(smtpc_conn_t *conn)
{
    const smtpc_server_t *server = conn->server;
    smtpc_dial_target_t *target = &conn->target;

    target->host = server->host;
    target->port = server->port;
    target->unix_path = server->unix_path;
    target->local_address = server->local_address;
    target->proxy = server->proxy;
    target->proxy_host = server->proxy_host;
    target->proxy_port = server->proxy_port;
    target->proxy_user = server->proxy_user;
    target->proxy_secret = server->proxy_secret;
}

/* Return until when the way to a connection may take: as the profile says, or
 * as the operation does. */
static apr_time_t dial_deadline(const smtpc_conn_t *conn)
{
    apr_interval_time_t own = conn->server->timeouts[SMTPC_STAGE_CONNECT];
    apr_time_t until = smtpc__monotonic() + own;

    return own != 0 && until < conn->deadline ? until : conn->deadline;
}

void smtpc__conn_dial(smtpc_conn_t *conn)
{
    apr_status_t rv;

    conn->state = SMTPC_CONN_DIALLING;
    fill_target(conn);
    smtpc__conn_event(conn, SMTPC_STAGE_CONNECT, APR_SUCCESS, "");
    rv = smtpc__dial_begin(&conn->dial, conn->loop, &conn->target,
                           dial_deadline(conn), on_dialled, conn, conn->env,
                           conn->pool);
    if (rv != APR_SUCCESS) {
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_CONNECT,
                         smtpc__dial_error(conn->dial));
    }
}

/* TLS. */

static void on_secured(smtpc_conn_t *conn)
{
    smtpc_tls_facts_t facts;

    smtpc__tls_facts(&facts, conn->tls);
    conn->link.encrypted = 1;
    conn->link.verified = facts.verified;
    conn->link.binding.len = sizeof(conn->link.binding.data);
    conn->link.binding.name = smtpc__tls_binding(
        conn->link.binding.data, &conn->link.binding.len, conn->tls);
    conn->tls_protocol = facts.protocol;
    conn->tls_cipher = facts.cipher;
    smtpc__env_count(conn->env, SMTPC_COUNTER(handshakes), 1);
    if (facts.resumed) {
        smtpc__env_count(conn->env, SMTPC_COUNTER(handshakes_resumed), 1);
    }
    if (conn->result) {
        apr_pool_t *pool = conn->result->pool;

        conn->result->timings.secured = smtpc__result_elapsed(conn->result);
        conn->result->tls_protocol = apr_pstrdup(pool, facts.protocol);
        conn->result->tls_cipher = apr_pstrdup(pool, facts.cipher);
    }
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: %s, %s, %s%s",
                   conn->server->host, facts.protocol, facts.cipher,
                   facts.verified ? "verified" : "not verified",
                   facts.resumed ? ", resumed" : "");
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
        conn->tls_failed = 1;
        smtpc__conn_fail(conn, rv, SMTPC_STAGE_TLS,
                         smtpc__transport_error(conn->transport));
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        conn->tls_failed = 1;
        why = apr_psprintf(conn->pool, "%s did not answer the TLS handshake "
                           "within %s: check port and security setting",
                           conn->server->host, smtpc__conn_waited(conn));
        smtpc__conn_fail(conn, SMTPC_ETIMEOUT, SMTPC_STAGE_TLS, why);
    }
    else if (smtpc__conn_watch(conn,
                               smtpc__transport_socket(conn->transport),
                               events) != APR_SUCCESS) {
        smtpc__conn_fail(conn, SMTPC_ECONNECT, SMTPC_STAGE_TLS,
                         SMTPC_CONN_UNWATCHED);
    }
}

static void fill_policy(smtpc_conn_t *conn)
{
    const smtpc_server_t *server = conn->server;
    smtpc_tls_policy_t *policy = &conn->policy;

    policy->host = server->verify_name ? server->verify_name : server->host;
    policy->tlsa = server->tlsa;
    if (conn->tlsa) {
        policy->host = conn->tlsa_host;
        policy->tlsa = conn->tlsa;
    }
    policy->port = server->unix_path ? 0 : server->port;
    policy->implicit = server->security == SMTPC_SECURITY_IMPLICIT;
    policy->ca_file = server->ca_file;
    policy->ca_directory = server->ca_directory;
    policy->crl_file = server->crl_file;
    policy->certificate = server->certificate;
    policy->certificate_key = server->certificate_key;
    policy->version = server->tls_version;
    policy->ciphers = server->ciphers;
    policy->suites = server->cipher_suites;
    policy->groups = server->groups;
    policy->pins = server->pins;
    policy->key = server->tls_key;
    policy->session_key = server->key;
    policy->verify = policy->tlsa
                     || server->security != SMTPC_SECURITY_OPPORTUNISTIC;
}

int smtpc__conn_may_skip_tls(const smtpc_conn_t *conn)
{
    const smtpc_server_t *server = conn->server;

    return conn->tls_failed && conn->link.tls == SMTPC_LINK_AS_SET
           && server->security == SMTPC_SECURITY_OPPORTUNISTIC
           && !smtpc__server_logs_in(server);
}

void smtpc__conn_skip_tls(smtpc_conn_t *conn)
{
    conn->link.tls = SMTPC_LINK_SKIPPED;
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
    smtpc__conn_event(conn, SMTPC_STAGE_TLS, APR_SUCCESS, "");
    smtpc__conn_step(conn, conn->server->timeouts[SMTPC_STAGE_TLS] != 0
                               ? conn->server->timeouts[SMTPC_STAGE_TLS]
                               : SMTPC_TIMEOUT_CONNECT);
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
    if (conn->state == SMTPC_CONN_LOOKUP) {
        smtpc__conn_on_lookup(conn, event);
    }
    else if (conn->state == SMTPC_CONN_HANDSHAKE) {
        on_handshake(conn, event);
    }
    else if (conn->state == SMTPC_CONN_WORK) {
        smtpc__conn_work_progress(conn, event);
    }
}
