/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send.c: this library as a program of its users calls it: one message after
 * the other with smtpc_client_send(), which waits for the server's answer.
 *
 *   mode=blocking  a message that was loaded once from its bytes
 *   mode=composed  the same text, but every message is made anew
 *   mode=attach    every message is made anew, with bytes=N attached
 *
 * With cert=FILE it is STARTTLS and a login. With connections=N it is N
 * clients of one environment, one after the other, each with its share of the
 * messages. Messages over one connection have no limit, as the peers have none,
 * unless per_connection=N says so.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <smtpclient/smtpclient.h>

#include "client.h"
#include "meter.h"
#include "sample.h"

/* A send that took so long, in microseconds, has waited for the 40 ms after
 * which an acknowledgement is due. */
#define STALL 35000

typedef struct job_t {
    client_t args;
    smtpc_env_t *env;
    smtpc_client_t *client;
    smtpc_message_t *loaded;
    char *body;          /* with a NUL behind it */
    unsigned char *data; /* to attach */
    apr_pool_t *pool;    /* of the client */
    apr_pool_t *each;    /* of a message */
    int stalls;
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

static void load(job_t *job, apr_pool_t *pool)
{
    smtpc_source_t *source;

    must(smtpc_source_create_bytes(&source, job->args.mail,
                                   job->args.mail_len, pool), "source");
    must(smtpc_message_load_source(&job->loaded, source, pool), "load");
}

static smtpc_message_t *compose(const job_t *job)
{
    smtpc_message_t *message;

    must(smtpc_message_create(&message, job->each), "create");
    must(smtpc_message_set_from(message, "Bench <" CLIENT_FROM ">"), "From");
    must(smtpc_message_add_to(message, "Sink <" CLIENT_TO ">"), "To");
    must(smtpc_message_set_subject(message, "A mail of 1 KiB"), "Subject");
    must(smtpc_message_set_body(message,
                                job->data != NULL ? SAMPLE_NOTE : job->body,
                                SMTPC_BODY_TEXT), "body");
    if (job->data != NULL) {
        must(smtpc_message_attach_bytes(NULL, message, SAMPLE_FILE,
                                        "application/octet-stream", job->data,
                                        (apr_size_t)job->args.bytes),
             "attach");
    }
    return message;
}

static void send_many(job_t *job, long messages)
{
    for (long i = 0; i < messages; i++) {
        smtpc_result_t *result = NULL;
        apr_time_t began = apr_time_now();

        apr_pool_clear(job->each);
        if (smtpc_client_send(&result, job->client,
                              job->loaded != NULL ? job->loaded
                                                  : compose(job),
                              job->each) != APR_SUCCESS) {
            meter_die(result != NULL
                          ? smtpc_result_describe(result, job->each)
                          : smtpc_client_error(job->client));
        }
        job->stalls += apr_time_now() - began >= STALL;
    }
}

static void open_client(job_t *job)
{
    apr_pool_clear(job->pool);
    must(smtpc_client_create(&job->client, job->env, "127.0.0.1",
                             (int)job->args.port, job->pool), "client");
    must(smtpc_client_set_messages_per_connection(job->client,
             (int)job->args.per_connection), "messages per connection");
    if (job->args.cert != NULL) {
        must(smtpc_client_set_security(job->client,
                                       SMTPC_SECURITY_STARTTLS), "security");
        must(smtpc_client_set_ca_file(job->client, job->args.cert), "CA");
        must(smtpc_client_set_credentials(job->client, "bench", "secret"),
             "credentials");
    }
}

/* The last client stays open, so that the stop watch does not see its QUIT
 * if it is the only one. */
static void measure(job_t *job)
{
    client_t *args = &job->args;
    long share = args->messages / args->connections;

    open_client(job);
    send_many(job, args->warmup);
    job->stalls = 0;
    client_start(args);
    for (long i = 1; i < args->connections; i++) {
        send_many(job, share);
        (void)smtpc_client_dispose(job->client);
        open_client(job);
    }
    send_many(job, args->messages - share * (args->connections - 1));
    client_stop(args);
    (void)smtpc_client_dispose(job->client);
}

int main(int argc, char **argv)
{
    static job_t job;
    apr_pool_t *pool;
    char stalls[32];

    client_args(&job.args, argc, argv);
    must(apr_initialize(), "apr_initialize");
    must(apr_pool_create(&pool, NULL), "pool");
    must(smtpc_env_create(&job.env, pool), "env");
    must(apr_pool_create(&job.pool, pool), "pool");
    must(apr_pool_create(&job.each, pool), "pool");
    if (strcmp(job.args.mode, "attach") == 0) {
        job.data = sample_bytes((size_t)job.args.bytes);
    }
    else {
        job.body = strdup(client_body(&job.args));
        if (strcmp(job.args.mode, "blocking") == 0) {
            load(&job, pool);
        }
    }
    measure(&job);
    (void)snprintf(stalls, sizeof(stalls), ",\"stalls\":%d", job.stalls);
    client_print(&job.args, stalls);
    apr_pool_destroy(pool);
    apr_terminate();
    free(job.body);
    free(job.data);
    free(job.args.mail);
    return 0;
}
