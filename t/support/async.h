/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_ASYNC_H
#define T_SUPPORT_ASYNC_H

/**
 * @file async.h
 * What tests of asynchronous sends do: record completions and wait for them.
 */

#include <pthread.h>

#include <smtpclient/smtpclient.h>

/** What was completed. */
typedef struct async_t {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int completed;       /**< how often */
    apr_status_t status; /**< of the last one */
    const smtpc_result_t *result; /**< likewise */
    smtpc_client_t *client;       /**< likewise */
    pthread_t thread;             /**< likewise */
    int wrong; /**< results that were not of the status, or not finished */
} async_t;

/** Begin with nothing. */
void async_init(async_t *async);

/** Free what async_init() made. */
void async_end(async_t *async);

/** A smtpc_completed_fn_t; the baton is an async_t. */
void async_completed(smtpc_client_t *client, apr_status_t status,
                     const smtpc_result_t *result, void *baton);

/** Wait until @a count were completed, at most 60 s; return how many were. */
int async_wait(async_t *async, int count);

/** Return how many were completed so far. */
int async_count(async_t *async);

/** Return a message from web@example.org to @a to, in @a pool. */
smtpc_message_t *async_message(const char *to, apr_pool_t *pool);

#endif
