/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.c: batches of messages to a sink.
 */

#include "batch.h"

#include <string.h>

#include "../tap/tap.h"

void batch_must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: status %d", what, rv);
    }
}

void batch_make(batch_t *batch, apr_pool_t *pool)
{
    memset(batch, 0, sizeof(*batch));
    apr_pool_create(&batch->pool, pool);
    batch_must(smtpc_env_create(&batch->env, batch->pool), "env");
    batch->sink = apr_pcalloc(batch->pool, sizeof(*batch->sink));
    sink_init(batch->sink);
}

void batch_start(batch_t *batch)
{
    batch->peer = peer_start(sink_serve, batch->sink);
    batch->client = mail_client(batch->peer, batch->env, batch->pool);
    batch_must(smtpc_client_set_timeout(batch->client,
                                        apr_time_from_sec(20)), "timeout");
}

apr_status_t batch_send_made(batch_t *batch)
{
    return smtpc_client_send_many(batch->results, batch->client,
                                  batch->messages, (apr_size_t)batch->count,
                                  batch->pool);
}

apr_status_t batch_send(batch_t *batch, int count, int rcpts, int domains)
{
    int i;

    batch->count = count;
    for (i = 0; i < count; i++) {
        batch->messages[i] = sink_message(i, rcpts, domains, 100,
                                          batch->pool);
    }
    return batch_send_made(batch);
}

int batch_count(const batch_t *batch, smtpc_rcpt_state_e state)
{
    int count = 0;
    int i;

    for (i = 0; i < batch->count; i++) {
        apr_size_t r;

        for (r = 0; r < smtpc_result_recipient_count(batch->results[i]);
             r++) {
            count += smtpc_result_recipient(batch->results[i], r)->state
                     == state;
        }
    }
    return count;
}

smtpc_counters_t batch_counters(const batch_t *batch)
{
    smtpc_counters_t counters;

    smtpc_env_counters(&counters, batch->env);
    return counters;
}

void batch_end(batch_t *batch)
{
    const char *wrong = NULL;
    int i;

    batch_must(smtpc_client_dispose(batch->client), "dispose");
    tap_ok(peer_quiet(batch->peer), "all connections ended");
    peer_stop(batch->peer);
    for (i = 0; i < batch->count && !wrong; i++) {
        wrong = batch->results[i]
                    ? sink_compare(batch->sink, i, batch->results[i],
                                   batch->pool)
                    : "no result";
    }
    tap_is_str(wrong, NULL, "results and sink agree");
    tap_is_str(batch->sink->violation, "", "as the protocol wants it");
    pthread_mutex_destroy(&batch->sink->lock);
    apr_pool_destroy(batch->pool);
}
