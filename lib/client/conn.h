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

#include <stdatomic.h>

#include "net/loop.h"
#include "net/transport.h"
#include "proto/session.h"

/** A connection. */
typedef struct smtpc_conn_t smtpc_conn_t;

/** Called once per operation when @a conn is READY again, or over: ask
 *  smtpc__conn_status(). It may come before the call that began the operation
 *  returns. It may begin the next operation, and must not destroy @a conn. */
typedef void (*smtpc_conn_fn_t)(void *baton, smtpc_conn_t *conn);

/** Where transactions come from and go to. */
typedef struct smtpc_conn_work_t {
    /** There is room for one more: begin it with smtpc__conn_begin() and
     *  return non-zero, or return zero if there is none now. */
    int (*next)(void *baton, smtpc_conn_t *conn);
    /** One is over, see smtpc__session_finished(). Called before done. */
    void (*finished)(void *baton, smtpc_conn_t *conn,
                     const smtpc_finished_t *finished);
    /** All that could be written was, and the server is at it: time to get
     *  ready what comes next. May be NULL. */
    void (*ahead)(void *baton, smtpc_conn_t *conn);
    void *baton;
    /** Not 0: the loop has a task that aborts all this, and nothing more is to
     *  be written, lest it be an end of data. May be NULL. */
    const atomic_int *cancelled;
} smtpc_conn_work_t;

/**
 * Create @a *conn in @a pool for @a server on @a loop; nothing happens yet.
 * All arguments but @a loop, see smtpc__conn_attach(), must outlive it; the
 * end of @a pool closes it abruptly.
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

/** Let the idle @a conn be on @a loop, that of the calling thread, from now
 *  on. */
apr_status_t smtpc__conn_attach(smtpc_conn_t *conn, smtpc_loop_t *loop)
    SMTPC_WARN_UNUSED;

/** Let @a conn, which was not opened yet, go by what the server offered at
 *  @a peer the last time, if it is the same peer: see
 *  smtpc__session_create(). */
void smtpc__conn_guess(smtpc_conn_t *conn, const smtpc_caps_t *early,
                       const char *peer);

/** Connect, up to READY, by @a deadline (monotonic), recording stage, peer,
 *  TLS, times and failure in @a result; then call @a done with @a baton.
 *  @a result may be NULL. */
void smtpc__conn_open(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_result_t *result, smtpc_conn_fn_t done,
                      void *baton);

/** Do the transactions that @a work (copied) gives, as many at a time as there
 *  is room for, until it has none and all are over; then call @a done with
 *  @a baton. @a deadline is for all, but see smtpc__conn_extend(). Only when
 *  READY. */
void smtpc__conn_work(smtpc_conn_t *conn, const smtpc_conn_work_t *work,
                      apr_time_t deadline, smtpc_conn_fn_t done,
                      void *baton);

/** Begin @a transaction; only from a work's next. Peer and TLS of the
 *  connection are put into its result. */
void smtpc__conn_begin(smtpc_conn_t *conn,
                       const smtpc_transaction_t *transaction);

/** Give the operation under way until @a deadline. */
void smtpc__conn_extend(smtpc_conn_t *conn, apr_time_t deadline);

/** Send the single command @a command, see smtpc__session_ask(), and call
 *  @a done. Only when READY. */
void smtpc__conn_ask(smtpc_conn_t *conn, smtpc_ask_e command,
                     const char *argument, apr_time_t deadline,
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

/** Write QUIT, if that does not block, and close without waiting for the
 *  answer. Only when nothing is under way. */
void smtpc__conn_leave(smtpc_conn_t *conn);

/** Close at once, without QUIT or close_notify; an operation under way is
 *  not called back. May be called again. */
void smtpc__conn_close(smtpc_conn_t *conn);

/** As smtpc__conn_close(), but what is under way ends with @a status and the
 *  sentence @a why, and transactions are finished. */
void smtpc__conn_abort(smtpc_conn_t *conn, apr_status_t status,
                       const char *why);

/** Close the descriptor of @a conn in a child after fork: nothing is said on
 *  it. */
void smtpc__conn_abandon(smtpc_conn_t *conn);

/** Return APR_SUCCESS while @a conn can be used, else what ended it. */
apr_status_t smtpc__conn_status(const smtpc_conn_t *conn);

/** Put peer, TLS and capabilities of @a conn into @a result. */
void smtpc__conn_describe(smtpc_result_t *result, smtpc_conn_t *conn);

/** Return what the server offers. */
const smtpc_caps_t *smtpc__conn_caps(const smtpc_conn_t *conn);

/** Return non-zero if @a conn may carry another message: clean session, not
 *  too old or used, and no transaction under way. */
int smtpc__conn_fresh(const smtpc_conn_t *conn);

/** Return non-zero if @a conn can take another message for @a server: same
 *  key, fresh, not idle for too long, and the peer still there with nothing
 *  unread. */
int smtpc__conn_reusable(smtpc_conn_t *conn, const smtpc_server_t *server);

/** Return how long @a conn was idle. */
apr_interval_time_t smtpc__conn_idle(const smtpc_conn_t *conn);

/** Return how many messages were begun on @a conn. */
int smtpc__conn_messages(const smtpc_conn_t *conn);

/** Return how many more may begin: what the profile and the server allow. */
int smtpc__conn_messages_left(const smtpc_conn_t *conn);

/** Return the profile of @a conn. */
const smtpc_server_t *smtpc__conn_server(const smtpc_conn_t *conn);

/** Return "address:port" of the peer, or "". */
const char *smtpc__conn_peer(const smtpc_conn_t *conn);

/** Return non-zero if @a conn failed in a TLS handshake that nothing requires:
 *  the profile takes TLS if it is offered, has no credentials, and there are
 *  no TLSA records. Another one may do without. */
int smtpc__conn_may_skip_tls(const smtpc_conn_t *conn);

/** Let @a conn, which was not opened yet, do without TLS. */
void smtpc__conn_skip_tls(smtpc_conn_t *conn);

/** Return non-zero if @a conn failed because it relied on what the server had
 *  offered before. */
int smtpc__conn_guessed_wrong(const smtpc_conn_t *conn);

#endif
