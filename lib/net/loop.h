/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_LOOP_H
#define SMTPC_NET_LOOP_H

/**
 * @file loop.h
 * The one event loop: sockets and deadlines to callbacks. A blocking send
 * runs one on the caller's thread until it is told to stop. Monotonic time;
 * signals interrupt nothing.
 */

#include <apr_poll.h>
#include <smtpclient/status.h>

/** A loop; one thread at a time runs it. */
typedef struct smtpc_loop_t smtpc_loop_t;
/** Something a loop watches: a socket, a deadline, or both. */
typedef struct smtpc_watch_t smtpc_watch_t;

/** What happened; SMTPC_LOOP_TIMEOUT also when socket events are wanted. */
typedef enum {
    SMTPC_LOOP_IO,      /**< the socket has one of the events, or an error;
                             rarely none: try without blocking */
    SMTPC_LOOP_TIMEOUT  /**< the deadline passed */
} smtpc_loop_event_e;

/** Called on the thread that runs the loop. It may change, end or add
 *  watches, its own included, and stop the loop. */
typedef void (*smtpc_loop_fn_t)(void *baton, smtpc_loop_event_e event);

/** Create @a *loop in @a pool for up to @a watches watches at a time. A small
 *  loop needs no descriptor of its own, so that a process that inherits it
 *  by fork cannot disturb its parent. */
apr_status_t smtpc__loop_create(smtpc_loop_t **loop, apr_uint32_t watches,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Create @a *watch on @a loop in @a pool that calls @a fn with @a baton; it
 *  watches nothing yet. The end of @a pool, which must come before that of
 *  the loop, ends it. SMTPC_ELIMIT if the loop is full. */
apr_status_t smtpc__watch_create(smtpc_watch_t **watch, smtpc_loop_t *loop,
                                 smtpc_loop_fn_t fn, void *baton,
                                 apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Watch @a socket (NULL: none) for @a events (APR_POLLIN | APR_POLLOUT);
 *  replaces what was watched before. Stays until changed, which has to
 *  happen before the socket is closed. */
apr_status_t smtpc__watch_socket(smtpc_watch_t *watch, apr_socket_t *socket,
                                 apr_int16_t events) SMTPC_WARN_UNUSED;

/** Call back at @a deadline (smtpc__monotonic() time; 0: never), once. */
void smtpc__watch_deadline(smtpc_watch_t *watch, apr_time_t deadline);

/** Watch nothing any more. May be called again. */
void smtpc__watch_end(smtpc_watch_t *watch);

/** Call back as events come until smtpc__loop_stop(), or nothing is watched
 *  any more. */
apr_status_t smtpc__loop_run(smtpc_loop_t *loop) SMTPC_WARN_UNUSED;

/** Make smtpc__loop_run() return after the callback that runs. */
void smtpc__loop_stop(smtpc_loop_t *loop);

#endif
