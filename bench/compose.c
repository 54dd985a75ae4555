/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose.c: this library's messages, and what base64 costs at least.
 *
 *   compose smtpclient text-ascii|text-utf8|base64-Nm|stream-Nm MESSAGES
 *   compose evp-encodeblock base64-Nm MESSAGES
 *
 * A message is made from its texts, rendered and read to its end through a
 * buffer of the size that sending uses; nothing is written anywhere. The
 * attachment lies in memory (base64-) or comes from a function that keeps
 * nothing (stream-), which shows the memory that the library itself takes.
 *
 * No installed function hands out a message's bytes without a file or a
 * server, so this program, like a unit test, links libsmtpclient_core and
 * renders with the library's own function.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>
#include <openssl/evp.h>
#include <smtpclient/smtpclient.h>

#include "base/limits.h"
#include "meter.h"
#include "mime/message_int.h"
#include "sample.h"

/* One line of base64. */
#define LINE_IN 57
#define LINE_OUT 76
/* Lines that fit into a buffer as below. */
#define BLOCK_LINES (BUFFER / (LINE_OUT + 2))

#define BUFFER SMTPC_LIMIT_OUTPUT_BUFFER

typedef struct job_t {
    const char *name;    /* of the case */
    const char *body;    /* of a text message, or NULL */
    unsigned char *data; /* of an attachment in memory, or NULL */
    size_t len;          /* of an attachment */
    size_t left;         /* of one that is made up while it is read */
    smtpc_env_t *env;
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

static apr_status_t made_up(void *baton, char *buf, apr_size_t *len)
{
    job_t *job = baton;

    if (job->left == 0) {
        *len = 0;
        return APR_EOF;
    }
    *len = *len < job->left ? *len : job->left;
    memset(buf, (int)(job->left & 0xff), *len);
    job->left -= *len;
    return APR_SUCCESS;
}

static apr_status_t made_up_again(void *baton)
{
    job_t *job = baton;

    job->left = job->len;
    return APR_SUCCESS;
}

static void attach(smtpc_message_t *message, job_t *job, apr_pool_t *pool)
{
    static const char type[] = "application/octet-stream";
    smtpc_source_t *source;

    if (job->data != NULL) {
        must(smtpc_message_attach_bytes(NULL, message, SAMPLE_FILE, type,
                                        job->data, job->len), "attach");
        return;
    }
    job->left = job->len;
    must(smtpc_source_create_callback(&source, made_up, made_up_again,
                                      (apr_off_t)job->len, job, pool),
         "source");
    must(smtpc_message_attach_source(NULL, message, SAMPLE_FILE, type,
                                     source), "attach");
}

static double read_all(smtpc_source_t *source)
{
    char buf[BUFFER];
    double bytes = 0;

    for (;;) {
        apr_size_t len = sizeof(buf);
        apr_status_t rv = smtpc_source_read(source, buf, &len);

        if (APR_STATUS_IS_EOF(rv)) {
            return bytes;
        }
        must(rv, "read");
        bytes += (double)len;
    }
}

/* Make, render and read one message, and return its length. */
static double compose(job_t *job, apr_pool_t *pool)
{
    smtpc_render_t render = { 0 };
    smtpc_message_t *message;
    smtpc_content_t *content;

    must(smtpc_message_create(&message, pool), "create");
    must(smtpc_message_set_from(message, "\"" SAMPLE_FROM_NAME "\" <"
                                SAMPLE_FROM_ADDRESS ">"), "From");
    must(smtpc_message_add_to(message, "\"" SAMPLE_TO_NAME "\" <"
                              SAMPLE_TO_ADDRESS ">"), "To");
    must(smtpc_message_set_subject(message, SAMPLE_SUBJECT), "Subject");
    must(smtpc_message_set_body(message,
                                job->body != NULL ? job->body : SAMPLE_NOTE,
                                SMTPC_BODY_TEXT), "body");
    if (job->len > 0) {
        attach(message, job, pool);
    }
    must(smtpc__message_render(&content, message, &render, job->env, pool),
         "render");
    return read_all(content->source);
}

static double compose_many(job_t *job, long messages, apr_pool_t *pool)
{
    double bytes = 0;

    for (long i = 0; i < messages; i++) {
        apr_pool_clear(pool);
        bytes += compose(job, pool);
    }
    return bytes;
}

/* The least that base64 in lines of 76 costs with OpenSSL's one-shot function:
 * many lines at once, then each line into its place with a CRLF behind it.
 * Lengths are constants where they can be, so that no copy is a call; this is
 * a little faster than a call of EVP_EncodeBlock() for each line. */
static double encode_block(const job_t *job)
{
    static unsigned char digits[BLOCK_LINES * LINE_OUT + 1];
    static unsigned char out[BLOCK_LINES * (LINE_OUT + 2)];
    double bytes = 0;

    for (size_t at = 0; at < job->len; at += BLOCK_LINES * LINE_IN) {
        size_t left = job->len - at;
        size_t in = left < BLOCK_LINES * LINE_IN ? left
                                                 : BLOCK_LINES * LINE_IN;
        size_t len = (size_t)EVP_EncodeBlock(digits, job->data + at, (int)in);
        size_t n = 0;
        size_t i;

        for (i = 0; len - i >= LINE_OUT; i += LINE_OUT) {
            memcpy(out + n, digits + i, LINE_OUT);
            memcpy(out + n + LINE_OUT, "\r\n", 2);
            n += LINE_OUT + 2;
        }
        if (i < len) {
            memcpy(out + n, digits + i, len - i);
            n += len - i;
            memcpy(out + n, "\r\n", 2);
            n += 2;
        }
        /* Whoever reads it would do so here. */
        __asm__ volatile("" : : "r"(out) : "memory");
        bytes += (double)n;
    }
    return bytes;
}

static double encode_many(const job_t *job, long messages)
{
    double bytes = 0;

    for (long i = 0; i < messages; i++) {
        bytes += encode_block(job);
    }
    return bytes;
}

/* Once for nothing, so that caches and pages are warm, then measured. */
static void measure(job_t *job, const char *peer, long messages,
                    apr_pool_t *pool)
{
    int floor = strcmp(peer, "evp-encodeblock") == 0;
    meter_t meter;
    double bytes;

    if (floor && job->data == NULL) {
        meter_die("evp-encodeblock is for base64-Nm only");
    }
    (void)(floor ? encode_many(job, 1) : compose_many(job, 1, pool));
    meter_start(&meter);
    bytes = floor ? encode_many(job, messages)
                  : compose_many(job, messages, pool);
    meter_stop(&meter);
    meter_print(&meter, job->name, peer, messages, bytes);
}

int main(int argc, char **argv)
{
    job_t job = { 0 };
    apr_pool_t *pool;
    apr_pool_t *each;
    char *body;

    if (argc != 4) {
        meter_die("usage: compose PEER CASE MESSAGES");
    }
    must(apr_initialize(), "apr_initialize");
    must(apr_pool_create(&pool, NULL), "pool");
    must(apr_pool_create(&each, pool), "pool");
    must(smtpc_env_create(&job.env, pool), "env");
    job.name = argv[2];
    body = sample_body(job.name);
    job.body = body;
    if (body == NULL) {
        job.len = sample_size(job.name);
    }
    if (strncmp(job.name, "base64-", 7) == 0) {
        job.data = sample_bytes(job.len);
    }
    measure(&job, argv[1], meter_count(argv[3]), each);
    free(job.data);
    free(body);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
