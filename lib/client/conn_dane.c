/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_dane.c: TLSA records, before the connection: whether TLS is required
 * depends on them.
 *
 * What is found can only ask for more than the profile does (RFC 7672 2.2):
 * records make TLS required and say which certificate is good; records that
 * are of no use make it required. That nothing is known ends the connection.
 */

#include "client/conn_int.h"

#include <apr_strings.h>

#include "base/hostname.h"
#include "base/limits.h"

/* The name whose certificate is expected: that of the records, too. */
static const char *name_of(const smtpc_server_t *server)
{
    return server->verify_name ? server->verify_name : server->host;
}

/* Whether records are to be looked up: not where they are given, where there
 * is no TLS, or no name to look for. */
static int wants_lookup(const smtpc_server_t *server)
{
    return server->dane != SMTPC_DANE_OFF && !server->tlsa
           && server->security != SMTPC_SECURITY_NONE
           && !smtpc__ip_version(name_of(server));
}

static void drop_lookup(smtpc_conn_t *conn)
{
    smtpc__watch_end(conn->watch);
    apr_pool_destroy(conn->dane_pool);
    conn->dane_pool = NULL;
    conn->dane = NULL;
}

static void fail(smtpc_conn_t *conn, apr_status_t status, const char *why)
{
    why = apr_pstrdup(conn->pool, why);
    drop_lookup(conn);
    smtpc__conn_fail(conn, status, SMTPC_STAGE_RESOLVE, why);
}

/* Go by the answer; a sentence on what it lacks, or NULL. */
static const char *take(smtpc_conn_t *conn,
                        const smtpc_dane_answer_t *answer)
{
    if (answer->found == SMTPC_TLSA_USABLE) {
        conn->tlsa = answer->records;
        conn->tlsa_host = answer->base;
    }
    else if (conn->server->dane == SMTPC_DANE_REQUIRED) {
        return apr_psprintf(conn->pool, answer->found == SMTPC_TLSA_NONE
                                ? "%s has no TLSA records that DNSSEC vouches "
                                  "for, which the settings require"
                                : "none of the TLSA records of %s is of use "
                                  "for mail, which the settings require",
                            name_of(conn->server));
    }
    if (answer->found != SMTPC_TLSA_NONE) {
        conn->link.tls = SMTPC_LINK_REQUIRED;
    }
    return NULL;
}

void smtpc__conn_on_lookup(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    smtpc_dane_answer_t answer;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc__dane_result(&answer, &why, conn->dane, conn->pool);
    if (rv == APR_SUCCESS) {
        why = take(conn, &answer);
        smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: TLSA records: %s",
                       name_of(conn->server),
                       answer.records ? answer.records : "none of use");
        if (why) {
            fail(conn, SMTPC_ETLS, why);
            return;
        }
        drop_lookup(conn);
        smtpc__conn_dial(conn);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        fail(conn, rv, why);
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        fail(conn, SMTPC_ETIMEOUT, apr_psprintf(
                 conn->pool, "no answer within %s to whether there are TLSA "
                 "records of %s: check this machine's DNS",
                 smtpc__conn_waited(conn), name_of(conn->server)));
    }
    else if (smtpc__conn_watch(conn, smtpc__dane_socket(conn->dane),
                               APR_POLLIN) != APR_SUCCESS) {
        fail(conn, SMTPC_ECONNECT, SMTPC_CONN_UNWATCHED);
    }
}

void smtpc__conn_start(smtpc_conn_t *conn)
{
    const smtpc_server_t *server = conn->server;
    smtpc_dane_query_t query = { name_of(server), server->port,
                                 server->dane_anchor,
                                 server->dane_resolver };
    const char *why = "no memory for a look-up of TLSA records";
    apr_status_t rv;

    if (!wants_lookup(server)) {
        smtpc__conn_dial(conn);
        return;
    }
    conn->state = SMTPC_CONN_LOOKUP;
    smtpc__conn_event(conn, SMTPC_STAGE_RESOLVE, APR_SUCCESS, "");
    smtpc__conn_step(conn, server->timeouts[SMTPC_STAGE_RESOLVE] != 0
                               ? server->timeouts[SMTPC_STAGE_RESOLVE]
                               : SMTPC_TIMEOUT_CONNECT);
    rv = apr_pool_create(&conn->dane_pool, conn->pool);
    if (rv != APR_SUCCESS) {
        smtpc__conn_fail(conn, SMTPC_ECONNECT, SMTPC_STAGE_RESOLVE, why);
        return;
    }
    rv = smtpc__dane_begin(&conn->dane, &why, &query, conn->env,
                           conn->dane_pool);
    if (rv != APR_SUCCESS) {
        fail(conn, rv, why);
        return;
    }
    smtpc__conn_on_lookup(conn, SMTPC_LOOP_IO);
}
