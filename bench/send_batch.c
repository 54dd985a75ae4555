/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_batch.c: this library with many messages at once.
 *
 *   mode=batch     smtpc_client_send_many() of a message loaded from its bytes
 *   mode=composed  the same, but every message was made anew, which counts
 *   mode=each-to   as batch, but each is for another recipient, so that a
 *                  server's log tells which were delivered
 *   mode=async     smtpc_client_send_async() from a client for each message;
 *                  also prints what one that waits takes beside its content
 *
 * connections=N is the client's. Messages over one connection have no limit,
 * as the peers have none, unless per_connection=N says so.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <smtpclient/smtpclient.h>

#include "client.h"
#include "meter.h"

typedef struct job_t {
    client_t args;
    smtpc_env_t *env;
    smtpc_client_t *client;
    char *body;
    apr_pool_t *pool;
    apr_pool_t *batch; /* of the messages and results of one call */
} job_t;

static void must(apr_status_t rv, const char *what)
{
    char text[160];

    if (rv != APR_SUCCESS) {
        fprintf(stderr, "bench: %s: %s\n", what,
                smtpc_strerror(rv, text, sizeof(text)));
        exit(2);
    }
}

static smtpc_message_t *load(const job_t *job, apr_pool_t *pool)
{
    smtpc_source_t *source;
    smtpc_message_t *message;

    must(smtpc_source_create_bytes(&source, job->args.mail,
                                   job->args.mail_len, pool), "source");
    must(smtpc_message_load_source(&message, source, pool), "load");
    return message;
}

static smtpc_message_t *compose(const job_t *job, apr_pool_t *pool)
{
    smtpc_message_t *message;

    must(smtpc_message_create(&message, pool), "create");
    must(smtpc_message_set_from(message, "Bench <" CLIENT_FROM ">"), "From");
    must(smtpc_message_add_to(message, "Sink <" CLIENT_TO ">"), "To");
    must(smtpc_message_set_subject(message, "A mail of 1 KiB"), "Subject");
    must(smtpc_message_set_body(message, job->body, SMTPC_BODY_TEXT), "body");
    return message;
}

static smtpc_client_t *client_of(const job_t *job, apr_pool_t *pool)
{
    smtpc_client_t *client;

    must(smtpc_client_create(&client, job->env, "127.0.0.1",
                             (int)job->args.port, pool), "client");
    must(smtpc_client_set_max_connections(client,
                                          (int)job->args.connections),
         "connections");
    must(smtpc_client_set_messages_per_connection(client,
             (int)job->args.per_connection), "messages per connection");
    return client;
}

/* --- batches --------------------------------------------------------------- */

static void send_batch(job_t *job, smtpc_message_t **messages, long count)
{
    smtpc_result_t **results = apr_pcalloc(job->batch, sizeof(*results)
                                                       * (size_t)count);
    apr_status_t rv = smtpc_client_send_many(results, job->client, messages,
                                             (apr_size_t)count, job->batch);

    if (rv != APR_SUCCESS) {
        for (long i = 0; i < count; i++) {
            if (results[i] == NULL
                || smtpc_result_status(results[i]) != APR_SUCCESS) {
                meter_die(results[i] == NULL
                              ? smtpc_client_error(job->client)
                              : smtpc_result_describe(results[i],
                                                      job->batch));
            }
        }
        must(rv, "send");
    }
}

static smtpc_message_t **prepare(job_t *job, long count)
{
    smtpc_message_t **all = apr_palloc(job->batch, sizeof(smtpc_message_t *)
                                                   * (size_t)(count + 1));
    int composed = strcmp(job->args.mode, "composed") == 0;
    int each_to = strcmp(job->args.mode, "each-to") == 0;
    smtpc_message_t *one = composed ? NULL : load(job, job->batch);

    for (long i = 0; i < count; i++) {
        all[i] = composed ? compose(job, job->batch) : one;
        if (each_to) {
            char to[64];

            (void)snprintf(to, sizeof(to), "r%ld@test.example", i);
            all[i] = load(job, job->batch);
            must(smtpc_message_set_envelope(all[i], NULL, to), "envelope");
        }
    }
    return all;
}

/* Messages made anew are part of what is measured, others are there before. */
static void measure_batch(job_t *job)
{
    int composed = strcmp(job->args.mode, "composed") == 0;
    smtpc_message_t **messages;

    job->client = client_of(job, job->pool);
    if (job->args.warmup > 0) {
        send_batch(job, prepare(job, job->args.warmup), job->args.warmup);
        apr_pool_clear(job->batch);
    }
    messages = composed ? NULL : prepare(job, job->args.messages);
    client_start(&job->args);
    if (composed) {
        messages = prepare(job, job->args.messages);
    }
    send_batch(job, messages, job->args.messages);
    client_stop(&job->args);
    (void)smtpc_client_dispose(job->client);
}

/* --- many clients ---------------------------------------------------------- */

static long rss_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");

    if (status == NULL) {
        meter_die("/proc/self/status");
    }
    while (kb == 0 && fgets(line, sizeof(line), status) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            kb = strtol(line + 6, NULL, 10);
        }
    }
    (void)fclose(status);
    return kb;
}

/* What the functions that are called in the end share. */
typedef struct tally_t {
    atomic_long done;
    atomic_long failed;
} tally_t;

static void completed(smtpc_client_t *client, apr_status_t status,
                      const smtpc_result_t *result, void *baton)
{
    tally_t *tally = baton;

    (void)client;
    (void)result;
    if (status != APR_SUCCESS) {
        atomic_fetch_add(&tally->failed, 1);
    }
    atomic_fetch_add(&tally->done, 1);
}

/* Clients and messages are made before: a program keeps them anyway. What a
 * message that was submitted takes is the growth between then and the last
 * submission. Each is a message of its own, since a source has one reader. */
static double measure_async(job_t *job)
{
    static tally_t tally;
    long count = job->args.messages;
    smtpc_client_t **clients = apr_palloc(job->pool, sizeof(*clients)
                                                     * (size_t)count);
    smtpc_message_t **messages = apr_palloc(job->pool, sizeof(*messages)
                                                       * (size_t)count);
    apr_interval_time_t waited = 0;
    long before;
    long after;

    for (long i = 0; i < count; i++) {
        clients[i] = client_of(job, job->pool);
        messages[i] = load(job, job->pool);
    }
    before = rss_kb();
    client_start(&job->args);
    for (long i = 0; i < count; i++) {
        must(smtpc_client_send_async(clients[i], messages[i], completed,
                                     &tally),
             "submit");
    }
    after = rss_kb();
    for (; atomic_load(&tally.done) < count; waited += 1000) {
        if (waited > apr_time_from_sec(100)) {
            meter_die("not all messages were completed");
        }
        apr_sleep(1000);
    }
    client_stop(&job->args);
    if (atomic_load(&tally.failed) > 0) {
        meter_die("messages failed");
    }
    for (long i = 0; i < count; i++) {
        (void)smtpc_client_dispose(clients[i]);
    }
    return (double)(after - before) * 1024 / (double)count;
}

int main(int argc, char **argv)
{
    static job_t job;
    apr_pool_t *pool;
    char more[64] = "";

    client_args(&job.args, argc, argv);
    must(apr_initialize(), "apr_initialize");
    must(apr_pool_create(&pool, NULL), "pool");
    must(smtpc_env_create(&job.env, pool), "env");
    must(apr_pool_create(&job.pool, pool), "pool");
    must(apr_pool_create(&job.batch, pool), "pool");
    job.body = strdup(client_body(&job.args));
    if (strcmp(job.args.mode, "async") == 0) {
        (void)snprintf(more, sizeof(more), ",\"bytes_per_mail\":%.0f",
                       measure_async(&job));
    }
    else {
        measure_batch(&job);
    }
    client_print(&job.args, more);
    apr_pool_destroy(pool);
    apr_terminate();
    free(job.body);
    free(job.args.mail);
    return 0;
}
