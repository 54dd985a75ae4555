/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_BATCH_H
#define T_SUPPORT_BATCH_H

/**
 * @file batch.h
 * A sink, a client for it, and batches of messages.
 */

#include "mail.h"
#include "sink.h"

/** A sink and what was sent to it. */
typedef struct batch_t {
    apr_pool_t *pool;
    smtpc_env_t *env;
    sink_t *sink;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_message_t *messages[SINK_MESSAGES];
    smtpc_result_t *results[SINK_MESSAGES];
    int count;
} batch_t;

/** Make @a batch with a pool and an env of its own. Set its sink, then call
 *  batch_start(). */
void batch_make(batch_t *batch, apr_pool_t *pool);

/** Start the sink, and make a client for it. */
void batch_start(batch_t *batch);

/** Send @a count messages to @a rcpts recipients in @a domains domains each;
 *  the status. */
apr_status_t batch_send(batch_t *batch, int count, int rcpts, int domains);

/** Send the messages of @a batch, which were made. */
apr_status_t batch_send_made(batch_t *batch);

/** Return how many recipients of all results are in @a state. */
int batch_count(const batch_t *batch, smtpc_rcpt_state_e state);

/** Return what env counted. */
smtpc_counters_t batch_counters(const batch_t *batch);

/** Dispose of the client, end the sink, check what the results say against
 *  it, and free all. */
void batch_end(batch_t *batch);

/** End the test if @a rv is not APR_SUCCESS. */
void batch_must(apr_status_t rv, const char *what);

#endif
