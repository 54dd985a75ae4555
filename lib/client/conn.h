/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_CONN_H
#define SMTPC_CLIENT_CONN_H

/**
 * @file conn.h
 * A connection to a server: one session pumped through one transport on a
 * loop. The only file that knows both. It resolves, tries the addresses in
 * turn, does TLS when the session wants it, and keeps the deadlines: one for
 * the operation, one per stage, one per address.
 */

#include "net/loop.h"
#include "net/transport.h"
#include "proto/session.h"

/** A connection. */
typedef struct smtpc_conn_t smtpc_conn_t;

/** Called once per operation when @a conn is READY again, or over: ask
 *  smtpc__conn_status(). It may come before the call that began the operation
 *  returns. It may begin the next operation, and must not destroy @a conn. */
typedef void (*smtpc_conn_fn_t)(void *baton, smtpc_conn_t *conn);

/**
 * Create @a *conn in @a pool for @a server on @a loop; nothing happens yet.
 * All arguments must outlive it; the end of @a pool closes it abruptly.
 */
apr_status_t smtpc__conn_create(smtpc_conn_t **conn, smtpc_loop_t *loop,
                                const smtpc_server_t *server,
                                smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc__conn_create(), over @a transport, which is connected already:
 *  for tests with a scripted peer. */
apr_status_t smtpc__conn_create_over(smtpc_conn_t **conn,
                                     smtpc_loop_t *loop,
                                     smtpc_transport_t *transport,
                                     const smtpc_link_t *link,
                                     const smtpc_server_t *server,
                                     smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Connect, up to READY, by @a deadline (monotonic), recording stage, peer,
 *  TLS, times and failure in @a result; then call @a done with @a baton.
 *  @a result may be NULL. */
void smtpc__conn_open(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_result_t *result, smtpc_conn_fn_t done,
                      void *baton);

/** Do @a transaction by @a deadline, then call @a done with @a baton. Only
 *  when READY. What became of it is in the transaction's result, with peer
 *  and TLS of the connection. */
void smtpc__conn_send(smtpc_conn_t *conn,
                      const smtpc_transaction_t *transaction,
                      apr_time_t deadline, smtpc_conn_fn_t done,
                      void *baton);

/** Send QUIT, wait for the answer until @a deadline (a time gone by: not at
 *  all), close, call @a done. */
void smtpc__conn_quit(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_conn_fn_t done, void *baton);

/** Close at once, without QUIT or close_notify; an operation under way is
 *  not called back. May be called again. */
void smtpc__conn_close(smtpc_conn_t *conn);

/** Return APR_SUCCESS while @a conn can be used, else what ended it. */
apr_status_t smtpc__conn_status(const smtpc_conn_t *conn);

/** Return what the server offers. */
const smtpc_caps_t *smtpc__conn_caps(const smtpc_conn_t *conn);

/** Return non-zero if @a conn can take another message for @a server: same
 *  key, clean session, not too old, idle or used, and the peer still there
 *  with nothing unread. */
int smtpc__conn_reusable(smtpc_conn_t *conn, const smtpc_server_t *server);

#endif
