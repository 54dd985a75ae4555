/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_OP_H
#define SMTPC_CLIENT_OP_H

/**
 * @file op.h
 * An operation: messages on their way over one or more connections. A send is
 * one message over one connection, a batch many over many. It runs on one
 * loop, that of a blocking call or that of the engine's thread, and only there
 * it is touched, but for smtpc__op_cancel_task().
 */

#include <smtpclient/client.h>

#include <stdatomic.h>

#include "client/pool.h"

/** A server an operation may use. */
typedef struct smtpc_route_t {
    const char *host; /**< as configured, for results */
    smtpc_bucket_t *bucket;
} smtpc_route_t;

/** How messages are made and what for. */
typedef struct smtpc_op_setup_t {
    smtpc_engine_t *engine;
    smtpc_loop_t *loop;
    const smtpc_route_t *routes; /**< in the order to be tried */
    int route_count;
    int spread;                  /**< lanes begin at different routes */
    const smtpc_address_t *from;
    const smtpc_dkim_t *const *dkim;
    apr_size_t dkim_count;
    const smtpc_message_t *defaults;
    const smtpc_message_t *forced;
    int utf8;                    /**< SMTPC_FORMAT_INTERNATIONAL */
    apr_interval_time_t timeout;
    apr_time_t began;            /**< when the timeout began; 0: now */
    const smtpc_ticket_t *granted; /**< for the first route, or NULL */
    apr_pool_t *pool;            /**< scratch, cleared by the owner */
    apr_pool_t *result_pool;
    /** Not 0 once a task that aborts it is posted to the loop; or NULL. */
    const atomic_int *cancelled;
    /** The operation is over. Called on the loop's thread, and last. */
    void (*done)(void *baton);
    void *baton;
} smtpc_op_setup_t;

/** An operation. */
typedef struct smtpc_op_t smtpc_op_t;

/**
 * Begin to send the @a count messages @a messages as @a setup says; all is
 * borrowed until it is over. results[i] is set when message i is settled; what
 * is wrong with a message is in its result, too. The timeout is for all of it
 * if it is one message, else for each step forward of each connection.
 */
void smtpc__op_send(smtpc_op_t **op, smtpc_result_t **results,
                    const smtpc_op_setup_t *setup,
                    const smtpc_message_t *const *messages,
                    apr_size_t count);

/** Settle the message @a message at once with @a status at @a stage and @a why:
 *  it could not even begin. */
void smtpc__op_refuse(smtpc_op_t **op, smtpc_result_t **result,
                      const smtpc_op_setup_t *setup,
                      const smtpc_message_t *const *message,
                      apr_status_t status, smtpc_stage_e stage,
                      const char *why);

/** Return the route that operation number @a i of some begins with, of
 *  @a count at @a routes: in order or, with @a spread, in turn, and one that
 *  is well, if any is. */
int smtpc__op_first_route(const smtpc_route_t *routes, int count, int spread,
                          unsigned int i);

/** Begin the single command @a command with @a argument; its reply goes to
 *  @a *result. With SMTPC_ASK_COUNT only connect and log in. */
void smtpc__op_ask(smtpc_op_t **op, smtpc_result_t **result,
                   const smtpc_op_setup_t *setup, smtpc_ask_e command,
                   const char *argument);

/** End @a op now: what is under way ends with @a status (SMTPC_ECANCELLED)
 *  and @a why; done is called before this returns. On the loop's thread. */
void smtpc__op_abort(smtpc_op_t *op, apr_status_t status, const char *why);

/** Return non-zero once done was called. */
int smtpc__op_is_over(const smtpc_op_t *op);

/** End the connections in @a list with QUIT on @a loop, all at once, waiting
 *  until @a deadline for the answers, and destroy them. */
void smtpc__op_quit_all(smtpc_pooled_t *list, smtpc_loop_t *loop,
                        apr_time_t deadline);

#endif
