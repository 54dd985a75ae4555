/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_CONN_INT_H
#define SMTPC_CLIENT_CONN_INT_H

/**
 * @file conn_int.h
 * The inside of a connection, for conn*.c alone: conn_open.c brings it up to
 * a transport and does TLS, conn.c pumps the session through it.
 */

#include "client/conn.h"
#include "net/resolve.h"
#include "net/tcp.h"
#include "net/tls.h"

/** What a connection is busy with below the session. */
typedef enum {
    SMTPC_CONN_NEW,
    SMTPC_CONN_RESOLVING,
    SMTPC_CONN_CONNECTING,
    SMTPC_CONN_HANDSHAKE,
    SMTPC_CONN_SESSION, /**< the session says what */
    SMTPC_CONN_OVER
} smtpc_conn_state_e;

struct smtpc_conn_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_watch_t *watch;
    const smtpc_server_t *server;
    smtpc_env_t *env;
    smtpc_conn_state_e state;
    apr_status_t status; /**< what ended it */

    /* Getting there. */
    smtpc_resolve_t *resolve;
    apr_array_header_t *addresses;
    int next_address;       /**< index of the one to be tried next */
    apr_pool_t *attempt;    /**< of the present address */
    const char *tried;      /**< sentences on those that failed, or NULL */

    smtpc_tcp_t *tcp;             /**< NULL over a given transport */
    smtpc_tls_t *tls;             /**< NULL in clear text */
    smtpc_tls_policy_t policy;
    smtpc_transport_t *transport; /**< TLS or what is under it; NULL: none */
    smtpc_session_t *session;     /**< NULL before there is a transport */
    smtpc_link_t link;
    const char *peer;             /**< "address:port", or "" */
    const char *tls_protocol;     /**< or "" */
    const char *tls_cipher;       /**< or "" */

    /* The operation under way. */
    smtpc_conn_fn_t done;    /**< NULL: none */
    void *baton;
    apr_time_t deadline;     /**< of the operation */
    apr_time_t step_deadline; /**< of what is waited for */
    apr_interval_time_t step_timeout; /**< how long that was given */
    smtpc_stage_e stage;     /**< of the session when that was set */
    smtpc_result_t *result;  /**< may be NULL */

    apr_time_t created;      /**< when READY for the first time */
    apr_time_t used;         /**< when READY for the last time */
    apr_size_t given;        /**< bytes written in the present step */
    apr_uint64_t replies;    /**< replies seen when the step began */
    int messages;            /**< transactions begun */
};

/** Begin the way to READY: look up the host. conn_open.c */
void smtpc__conn_resolve(smtpc_conn_t *conn);

/** Go on with looking up, connecting or the handshake. conn_open.c */
void smtpc__conn_progress(smtpc_conn_t *conn, smtpc_loop_event_e event);

/** Begin the TLS handshake, verified if the profile wants it. conn_open.c */
void smtpc__conn_start_tls(smtpc_conn_t *conn);

/** The transport is there, or secured: make or inform the session and pump.
 *  conn.c */
void smtpc__conn_link_up(smtpc_conn_t *conn);

/** Give what is waited for @a timeout from now. conn.c */
void smtpc__conn_step(smtpc_conn_t *conn, apr_interval_time_t timeout);

/** Watch the transport for what @a wanted needs, until the earlier deadline.
 *  conn.c */
void smtpc__conn_watch(smtpc_conn_t *conn, apr_socket_t *socket,
                       apr_int16_t wanted);

/** End @a conn with @a status at @a stage and the sentence @a why, and tell
 *  the owner. conn.c */
void smtpc__conn_fail(smtpc_conn_t *conn, apr_status_t status,
                      smtpc_stage_e stage, const char *why);

/** Return how long was waited, for a sentence: "30 s" or "250 ms", in the
 *  pool of @a conn. conn.c */
const char *smtpc__conn_waited(const smtpc_conn_t *conn);

#endif
