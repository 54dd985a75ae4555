/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_owner.c: what the owner of a connection can do with it, and what there
 * is to know of it. All that takes time goes on in conn.c.
 */

#include "client/conn_int.h"

#include <limits.h>
#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"

/* Calls of the owner. */

/* pool cleanup: the transport knows best how to let go. */
static apr_status_t close_with_pool(void *data)
{
    smtpc__conn_close(data);
    return APR_SUCCESS;
}

apr_status_t smtpc__conn_create(smtpc_conn_t **conn, smtpc_loop_t *loop,
                                const smtpc_server_t *server,
                                smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_conn_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->pool = pool;
    made->loop = loop;
    made->server = server;
    made->env = env;
    made->peer = "";
    made->tls_protocol = "";
    made->tls_cipher = "";
    made->number = smtpc__env_connection(env);
    rv = smtpc__watch_create(&made->watch, loop, smtpc__conn_on_event, made, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_pre_cleanup_register(pool, made, close_with_pool);
    *conn = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__conn_create_over(smtpc_conn_t **conn,
                                     smtpc_loop_t *loop,
                                     smtpc_transport_t *transport,
                                     const smtpc_link_t *link,
                                     const smtpc_server_t *server,
                                     smtpc_env_t *env, apr_pool_t *pool)
{
    apr_status_t rv = smtpc__conn_create(conn, loop, server, env, pool);

    if (rv == APR_SUCCESS) {
        (*conn)->transport = transport;
        (*conn)->link = *link;
    }
    return rv;
}

apr_status_t smtpc__conn_attach(smtpc_conn_t *conn, smtpc_loop_t *loop)
{
    apr_status_t rv;

    if (conn->loop == loop) {
        return APR_SUCCESS;
    }
    rv = smtpc__watch_move(conn->watch, loop);
    if (rv == APR_SUCCESS) {
        conn->loop = loop;
    }
    return rv;
}

void smtpc__conn_guess(smtpc_conn_t *conn, const smtpc_caps_t *early,
                       const char *peer)
{
    conn->early = apr_pmemdup(conn->pool, early, sizeof(*early));
    conn->early_peer = apr_pstrdup(conn->pool, peer);
}

/* Begin an operation. */
static void begin(smtpc_conn_t *conn, apr_time_t deadline,
                  smtpc_result_t *result, smtpc_conn_fn_t done, void *baton)
{
    conn->op_began = smtpc__monotonic();
    conn->deadline = deadline;
    conn->result = result;
    conn->done = done;
    conn->baton = baton;
}

void smtpc__conn_open(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_result_t *result, smtpc_conn_fn_t done,
                      void *baton)
{
    begin(conn, deadline, result, done, baton);
    if (conn->transport) {
        smtpc__conn_link_up(conn);
    }
    else {
        smtpc__conn_start(conn);
    }
}

void smtpc__conn_work(smtpc_conn_t *conn, const smtpc_conn_work_t *work,
                      apr_time_t deadline, smtpc_conn_fn_t done, void *baton)
{
    begin(conn, deadline, NULL, done, baton);
    conn->work = *work;
    smtpc__conn_session_step(conn);
    smtpc__conn_pump(conn, 0);
}

void smtpc__conn_describe(smtpc_result_t *result, smtpc_conn_t *conn)
{
    result->peer = apr_pstrdup(result->pool, conn->peer);
    result->tls_protocol = apr_pstrdup(result->pool, conn->tls_protocol);
    result->tls_cipher = apr_pstrdup(result->pool, conn->tls_cipher);
    smtpc__conn_note_capabilities(conn, result);
}

void smtpc__conn_begin(smtpc_conn_t *conn,
                       const smtpc_transaction_t *transaction)
{
    smtpc__conn_describe(transaction->result, conn);
    conn->messages++;
    smtpc__session_begin(conn->session, transaction);
}

void smtpc__conn_extend(smtpc_conn_t *conn, apr_time_t deadline)
{
    conn->deadline = deadline;
}

/* The one transaction of smtpc__conn_send(). */
static int next_single(void *baton, smtpc_conn_t *conn)
{
    const smtpc_transaction_t *transaction = conn->single;

    (void)baton;
    if (!transaction) {
        return 0;
    }
    conn->single = NULL;
    smtpc__conn_begin(conn, transaction);
    return 1;
}

void smtpc__conn_send(smtpc_conn_t *conn,
                      const smtpc_transaction_t *transaction,
                      apr_time_t deadline, smtpc_conn_fn_t done, void *baton)
{
    smtpc_conn_work_t work = { .next = next_single };

    conn->single = transaction;
    smtpc__conn_work(conn, &work, deadline, done, baton);
}

void smtpc__conn_ask(smtpc_conn_t *conn, smtpc_ask_e command,
                     const char *argument, apr_time_t deadline,
                     smtpc_result_t *result, smtpc_conn_fn_t done,
                     void *baton)
{
    begin(conn, deadline, result, done, baton);
    smtpc__conn_describe(result, conn);
    smtpc__session_ask(conn->session, command, argument, result);
    smtpc__conn_session_step(conn);
    smtpc__conn_pump(conn, 0);
}

/* Return non-zero if QUIT can be said. */
static int can_quit(const smtpc_conn_t *conn)
{
    return conn->state == SMTPC_CONN_SESSION
           && smtpc__session_want(conn->session) == SMTPC_WANT_READY;
}

void smtpc__conn_quit(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_conn_fn_t done, void *baton)
{
    begin(conn, deadline, NULL, done, baton);
    if (!can_quit(conn)) {
        smtpc__conn_shut(conn, SMTPC_ECONNECT, 0);
        smtpc__conn_finish(conn);
        return;
    }
    smtpc__session_quit(conn->session);
    smtpc__conn_session_step(conn);
    smtpc__conn_pump(conn, 0);
}

void smtpc__conn_leave(smtpc_conn_t *conn)
{
    if (conn->state == SMTPC_CONN_OVER) {
        return;
    }
    if (can_quit(conn)) {
        smtpc__session_quit(conn->session);
        smtpc__conn_say_goodbye(conn);
        smtpc__conn_shut(conn, SMTPC_ECONNECT, 1);
        return;
    }
    smtpc__conn_close(conn);
}

void smtpc__conn_abort(smtpc_conn_t *conn, apr_status_t status,
                       const char *why)
{
    conn->done = NULL;
    if (conn->result && conn->state != SMTPC_CONN_OVER) {
        smtpc__result_fail(conn->result, status, conn->stage, "%s", why);
    }
    conn->result = NULL;
    if (conn->state == SMTPC_CONN_OVER) {
        return;
    }
    /* A transaction under way is settled: after its final dot, in doubt. */
    if (conn->session) {
        smtpc__session_abort(conn->session, status, why);
        smtpc__conn_take_back(conn);
    }
    conn->work.next = NULL;
    conn->work.cancelled = NULL;
    smtpc__conn_shut(conn, status, 0);
}

void smtpc__conn_close(smtpc_conn_t *conn)
{
    conn->result = NULL;
    smtpc__conn_abort(conn, SMTPC_ECONNECT, "the connection was given up");
}

void smtpc__conn_abandon(smtpc_conn_t *conn)
{
    /* The watch is on a loop of the parent, which is not touched. */
    conn->state = SMTPC_CONN_OVER;
    if (conn->transport) {
        smtpc__transport_close(conn->transport, 0);
    }
}

/* What there is to know. */

apr_status_t smtpc__conn_status(const smtpc_conn_t *conn)
{
    return conn->status;
}

const smtpc_caps_t *smtpc__conn_caps(const smtpc_conn_t *conn)
{
    return smtpc__session_caps(conn->session);
}

const smtpc_server_t *smtpc__conn_server(const smtpc_conn_t *conn)
{
    return conn->server;
}

const char *smtpc__conn_peer(const smtpc_conn_t *conn)
{
    return conn->peer;
}

int smtpc__conn_messages(const smtpc_conn_t *conn)
{
    return conn->messages;
}

int smtpc__conn_messages_left(const smtpc_conn_t *conn)
{
    apr_size_t most = smtpc__session_caps(conn->session)->mail_max;

    if (conn->server->max_messages > 0
        && (most == 0 || most > (apr_size_t)conn->server->max_messages)) {
        most = (apr_size_t)conn->server->max_messages;
    }
    if (most == 0 || most > INT_MAX) {
        return INT_MAX;
    }
    return (int)most > conn->messages ? (int)most - conn->messages : 0;
}

apr_interval_time_t smtpc__conn_idle(const smtpc_conn_t *conn)
{
    return smtpc__monotonic() - conn->used;
}

int smtpc__conn_guessed_wrong(const smtpc_conn_t *conn)
{
    /* Transactions are handed over before the connection has its status. */
    return conn->session && smtpc__session_was_early(conn->session)
           && (conn->status != APR_SUCCESS
               || smtpc__session_status(conn->session) != APR_SUCCESS);
}

/* Nothing to read, not even the end: the peer is there and silent. A read,
 * not a look, so that what TLS says between records is taken out. */
static int is_quiet(smtpc_conn_t *conn)
{
    char byte;
    apr_size_t len = 1;

    return APR_STATUS_IS_EAGAIN(
        smtpc__transport_read(conn->transport, &byte, &len));
}

int smtpc__conn_fresh(const smtpc_conn_t *conn)
{
    return conn->state == SMTPC_CONN_SESSION && !conn->done
           && smtpc__session_reusable(conn->session)
           && smtpc__conn_messages_left(conn) > 0
           && smtpc__monotonic() - conn->created < conn->server->lifetime;
}

int smtpc__conn_reusable(smtpc_conn_t *conn, const smtpc_server_t *server)
{
    return smtpc__conn_fresh(conn)
           && strcmp(conn->server->key, server->key) == 0
           && smtpc__conn_idle(conn) < conn->server->idle && is_quiet(conn);
}
