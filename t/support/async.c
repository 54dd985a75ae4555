/* SPDX-License-Identifier: Apache-2.0 */
/*
 * async.c: completions, recorded.
 */

#include "async.h"

#include <string.h>
#include <time.h>

#include "../tap/tap.h"

/** A completion that takes longer than this does not come. */
#define PATIENCE_SECONDS 60

void async_init(async_t *async)
{
    static const async_t none;

    *async = none;
    pthread_mutex_init(&async->lock, NULL);
    pthread_cond_init(&async->changed, NULL);
}

void async_end(async_t *async)
{
    pthread_cond_destroy(&async->changed);
    pthread_mutex_destroy(&async->lock);
}

void async_completed(smtpc_client_t *client, apr_status_t status,
                     const smtpc_result_t *result, void *baton)
{
    async_t *async = baton;

    pthread_mutex_lock(&async->lock);
    async->completed++;
    async->status = status;
    async->result = result;
    async->client = client;
    async->thread = pthread_self();
    async->wrong += !result || smtpc_result_status(result) != status;
    pthread_cond_broadcast(&async->changed);
    pthread_mutex_unlock(&async->lock);
}

int async_wait(async_t *async, int count)
{
    struct timespec until;
    int completed;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    pthread_mutex_lock(&async->lock);
    while (async->completed < count
           && pthread_cond_timedwait(&async->changed, &async->lock, &until)
                  == 0) {
        continue;
    }
    completed = async->completed;
    pthread_mutex_unlock(&async->lock);
    return completed;
}

int async_count(async_t *async)
{
    return async_wait(async, 0);
}

smtpc_message_t *async_message(const char *to, apr_pool_t *pool)
{
    smtpc_message_t *message;

    if (smtpc_message_create(&message, pool) != APR_SUCCESS
        || smtpc_message_set_from(message, "web@example.org") != APR_SUCCESS
        || smtpc_message_add_to(message, to) != APR_SUCCESS
        || smtpc_message_set_subject(message, "Hello") != APR_SUCCESS
        || smtpc_message_set_body(message, "First mail.\n", SMTPC_BODY_TEXT)
               != APR_SUCCESS) {
        tap_bail("no message");
    }
    return message;
}
