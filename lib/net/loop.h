/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_LOOP_H
#define SMTPC_NET_LOOP_H

/**
 * @file loop.h
 * The one event loop: sockets, deadlines and work from other threads to
 * callbacks. A blocking send runs one on the caller's thread until it is told
 * to stop; a thread of its own runs one for many connections. Monotonic time;
 * signals interrupt nothing.
 *
 * A loop and its watches belong to the thread that runs it; where a function
 * says nothing of threads it is for that thread, or for the one that holds a
 * loop that does not run.
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

/** Work that a thread hands to a loop. The memory is the owner's, who sets
 *  fn and baton, makes the rest zero, and keeps it until fn was called;
 *  fn may free it or post it again. It is with one loop at a time. */
typedef struct smtpc_task_t {
    void (*fn)(void *baton);   /**< called on the thread that runs the loop */
    void *baton;
    struct smtpc_task_t *next; /**< private */
    int posted;                /**< private, guarded by the loop's lock */
} smtpc_task_t;

/**
 * Create @a *loop in @a pool. It polls up to @a sockets sockets at a time;
 * deadlines alone are not limited and take no memory but that of their watch.
 *
 * It holds two descriptors, or three if it is large; none of them reaches
 * programs that are started. A process that inherits it by fork calls
 * smtpc__loop_abandon() before anything else.
 *
 * @return APR_SUCCESS
 *         APR_EMFILE and such  no descriptors to be had
 */
apr_status_t smtpc__loop_create(smtpc_loop_t **loop, apr_uint32_t sockets,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Create @a *watch on @a loop in @a pool that calls @a fn with @a baton; it
 * watches nothing yet. The end of @a pool ends it, and has to come before
 * that of the loop if it watches something.
 *
 * @return APR_SUCCESS
 */
apr_status_t smtpc__watch_create(smtpc_watch_t **watch, smtpc_loop_t *loop,
                                 smtpc_loop_fn_t fn, void *baton,
                                 apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Watch @a socket (NULL: none) for @a events (APR_POLLIN | APR_POLLOUT);
 * replaces what was watched before, and costs nothing if that was the same.
 * Stays until changed, which has to happen before the socket is closed.
 *
 * @return APR_SUCCESS
 *         SMTPC_ELIMIT  as many sockets are polled as the loop is made for
 *         APR_EBADF     the loop was abandoned
 *         other         the system does not poll this descriptor
 *         After a failure no socket is watched.
 */
apr_status_t smtpc__watch_socket(smtpc_watch_t *watch, apr_socket_t *socket,
                                 apr_int16_t events) SMTPC_WARN_UNUSED;

/** Call back at @a deadline (smtpc__monotonic() time; 0: never), once. */
void smtpc__watch_deadline(smtpc_watch_t *watch, apr_time_t deadline);

/** Watch nothing any more. May be called again. */
void smtpc__watch_end(smtpc_watch_t *watch);

/**
 * Let @a watch, which watches nothing now, be one of @a loop from now on: a
 * connection changes threads. For the thread of @a loop; the loop it leaves
 * is not touched and may run meanwhile.
 *
 * @return APR_SUCCESS
 *         APR_EBUSY  it watches something, and stays where it is
 */
apr_status_t smtpc__watch_move(smtpc_watch_t *watch, smtpc_loop_t *loop)
    SMTPC_WARN_UNUSED;

/**
 * Hand @a task to @a loop: its fn runs once, on the thread that runs the
 * loop, behind those posted before. A task that waits already stays where it
 * is. From any thread, also while nobody runs the loop; never blocks for
 * longer than another post takes. The loop must not end meanwhile.
 */
void smtpc__loop_post(smtpc_loop_t *loop, smtpc_task_t *task);

/** Take @a task back if it waits; its fn is not called then. */
void smtpc__loop_unpost(smtpc_loop_t *loop, smtpc_task_t *task);

/**
 * Call back as events and tasks come until smtpc__loop_stop(), or, unless
 * smtpc__loop_hold() says otherwise, nothing is watched and no task waits.
 *
 * @return APR_SUCCESS
 *         APR_EBADF  the loop was abandoned
 *         other      the system cannot poll
 */
apr_status_t smtpc__loop_run(smtpc_loop_t *loop) SMTPC_WARN_UNUSED;

/** Make smtpc__loop_run() return after the callback or task that runs. Other
 *  threads post a task that does it. */
void smtpc__loop_stop(smtpc_loop_t *loop);

/** Keep smtpc__loop_run() going although nothing is watched if @a hold is
 *  not 0: for a thread that waits for tasks. */
void smtpc__loop_hold(smtpc_loop_t *loop, int hold);

/**
 * Close, in a child after fork, the descriptors of @a loop without touching
 * what they share with the parent. Whatever state another thread left it in:
 * no lock is taken. The loop and its watches are of no use then, but their
 * pools can be destroyed.
 */
void smtpc__loop_abandon(smtpc_loop_t *loop);

#endif
