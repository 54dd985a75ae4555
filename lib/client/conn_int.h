/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_CONN_INT_H
#define SMTPC_CLIENT_CONN_INT_H

/**
 * @file conn_int.h
 * The inside of a connection, for conn*.c alone: conn_open.c brings it up to
 * a transport and does TLS, conn_dane.c looks up what its certificate has to
 * be, conn_work.c does what takes long, conn.c pumps the session through it,
 * conn_owner.c is what the owner calls.
 */

#include "client/conn.h"
#include "net/dane_lookup.h"
#include "net/dial.h"
#include "net/job.h"
#include "net/tcp.h"
#include "net/tls.h"

/** What a connection is busy with below the session. */
typedef enum {
    SMTPC_CONN_NEW,
    SMTPC_CONN_LOOKUP, /**< of TLSA records */
    SMTPC_CONN_DIALLING,
    SMTPC_CONN_HANDSHAKE,
    SMTPC_CONN_SESSION, /**< the session says what */
    SMTPC_CONN_WORK,    /**< a step of SASL is done on a thread */
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

    apr_pool_t *dane_pool;        /**< of dane, NULL: no look-up under way */
    smtpc_dane_lookup_t *dane;
    const char *tlsa;             /**< records that were found, or NULL */
    const char *tlsa_host;        /**< whose they are */
    smtpc_dial_target_t target;
    smtpc_dial_t *dial;           /**< NULL over a given transport */
    smtpc_tcp_t *tcp;             /**< NULL over a given transport */
    smtpc_tls_t *tls;             /**< NULL in clear text */
    smtpc_tls_policy_t policy;
    int tls_failed;               /**< the handshake did */
    smtpc_transport_t *transport; /**< TLS or what is under it; NULL: none */
    smtpc_job_t *work_job;         /**< with SMTPC_CONN_WORK */
    apr_pool_t *work_pool;        /**< of work_step, or NULL */
    smtpc_session_t *session;     /**< NULL before there is a transport */
    smtpc_link_t link;
    const char *peer;             /**< "address:port", or "" */
    const char *tls_protocol;     /**< or "" */
    const char *tls_cipher;       /**< or "" */

    apr_uint64_t number;          /**< in transcripts and events */
    const smtpc_caps_t *early;    /**< what the server offered before, NULL */
    const char *early_peer;
    const char *capabilities;     /**< what it offers, as text, or NULL */

    /* The operation under way. */
    smtpc_conn_work_t work;  /**< next NULL: none */
    const smtpc_transaction_t *single; /**< of smtpc__conn_send() */
    smtpc_conn_fn_t done;    /**< NULL: none */
    void *baton;
    apr_time_t op_began;
    apr_time_t deadline;     /**< of the operation */
    apr_time_t step_deadline; /**< of what is waited for */
    apr_interval_time_t step_timeout; /**< how long that was given */
    smtpc_stage_e stage;     /**< of the session when that was set */
    smtpc_result_t *result;  /**< may be NULL */

    apr_time_t created;      /**< when READY for the first time */
    apr_time_t used;         /**< when READY for the last time */
    apr_size_t given;        /**< bytes written in the present step */
    apr_time_t content_began; /**< 0: not at content */
    apr_off_t content_given; /**< bytes written since */
    apr_uint64_t replies;    /**< replies seen when the step began */
    int messages;            /**< transactions begun */
};

/** Begin the way to READY: look up TLSA records, if the profile says so, then
 *  connect. conn_dane.c */
void smtpc__conn_start(smtpc_conn_t *conn);

/** Go on with the look-up. conn_dane.c */
void smtpc__conn_on_lookup(smtpc_conn_t *conn, smtpc_loop_event_e event);

/** Connect. conn_open.c */
void smtpc__conn_dial(smtpc_conn_t *conn);

/** Go on with the handshake. conn_open.c */
void smtpc__conn_progress(smtpc_conn_t *conn, smtpc_loop_event_e event);

/** Begin the TLS handshake, verified if the profile wants it. conn_open.c */
void smtpc__conn_start_tls(smtpc_conn_t *conn);

/** Do the step of SASL that the session waits for. conn_work.c */
void smtpc__conn_start_work(smtpc_conn_t *conn);

/** Go on with it. conn_work.c */
void smtpc__conn_work_progress(smtpc_conn_t *conn, smtpc_loop_event_e event);

/** Leave it behind, if there is one. conn_work.c */
void smtpc__conn_drop_work(smtpc_conn_t *conn);

/** The session is over, or waited too long: close, and tell the owner.
 *  conn.c */
void smtpc__conn_session_over(smtpc_conn_t *conn);

/** The transport is there, or secured: make or inform the session and pump.
 *  conn.c */
void smtpc__conn_link_up(smtpc_conn_t *conn);

/** Give what is waited for @a timeout from now. conn.c */
void smtpc__conn_step(smtpc_conn_t *conn, apr_interval_time_t timeout);

/** Watch the transport for what @a wanted needs, until the earlier deadline;
 *  if that fails the connection has to end. conn.c */
apr_status_t smtpc__conn_watch(smtpc_conn_t *conn, apr_socket_t *socket,
                               apr_int16_t wanted) SMTPC_WARN_UNUSED;

/** What is said then. */
#define SMTPC_CONN_UNWATCHED "the event loop does not take the socket"

/** End @a conn with @a status at @a stage and the sentence @a why, and tell
 *  the owner. conn.c */
void smtpc__conn_fail(smtpc_conn_t *conn, apr_status_t status,
                      smtpc_stage_e stage, const char *why);

/** Tell who watches that @a stage began, or failed with @a status and
 *  @a text. conn.c */
void smtpc__conn_event(const smtpc_conn_t *conn, smtpc_stage_e stage,
                       apr_status_t status, const char *text);

/** Return how long was waited, for a sentence: "30 s" or "250 ms", in the
 *  pool of @a conn. conn.c */
const char *smtpc__conn_waited(const smtpc_conn_t *conn);

/** Move bytes until there is nothing to do but wait. @a readable says that
 *  there may be something to read without having polled. conn.c */
void smtpc__conn_pump(smtpc_conn_t *conn, int readable);

/** The session is at a new step, or waits for the next reply of the same: give
 *  it its time. conn.c */
void smtpc__conn_session_step(smtpc_conn_t *conn);

/** Tell the owner that the operation is over. Nothing of @a conn may be
 *  touched afterwards. conn.c */
void smtpc__conn_finish(smtpc_conn_t *conn);

/** Close the transport; @a status is why. conn.c */
void smtpc__conn_shut(smtpc_conn_t *conn, apr_status_t status, int graceful);

/** Write what the session leaves behind, a QUIT nobody waits for. conn.c */
void smtpc__conn_say_goodbye(smtpc_conn_t *conn);

/** Hand over the transactions that are over. conn.c */
void smtpc__conn_take_back(smtpc_conn_t *conn);

/** Tell in @a result what the server offers. conn.c */
void smtpc__conn_note_capabilities(smtpc_conn_t *conn,
                                   smtpc_result_t *result);

/** Go on with what the loop says; the baton is the connection. conn.c */
void smtpc__conn_on_event(void *baton, smtpc_loop_event_e event);

#endif
