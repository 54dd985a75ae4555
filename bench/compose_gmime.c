/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose_gmime.c: the messages of compose.c, made by GMime 3.
 *
 *   compose_gmime text-ascii|text-utf8|base64-Nm MESSAGES
 *
 * As GMime is meant to be used: an object for each part, the transfer encoding
 * of a text chosen by g_mime_object_encode(), CRLF line ends as a mail server
 * wants them, written to GMime's null stream. From and To are given as name
 * and address, so nothing has to be parsed.
 */
#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"
#include "sample.h"

typedef struct job_t {
    const char *body; /* of a text message, or NULL */
    GByteArray *data; /* of an attachment, or NULL */
    GMimeFormatOptions *options;
    GMimeStream *null;
} job_t;

static GMimeObject *text_part(const char *text)
{
    GMimeTextPart *part = g_mime_text_part_new_with_subtype("plain");

    g_mime_text_part_set_text(part, text);
    return GMIME_OBJECT(part);
}

static GMimeObject *file_part(const job_t *job)
{
    GMimePart *part = g_mime_part_new_with_type("application",
                                                "octet-stream");
    GMimeStream *stream = g_mime_stream_mem_new_with_byte_array(job->data);
    GMimeDataWrapper *content;

    /* The bytes are ours, and not copied. */
    g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(stream), FALSE);
    content = g_mime_data_wrapper_new_with_stream(
        stream, GMIME_CONTENT_ENCODING_DEFAULT);
    g_mime_part_set_content(part, content);
    g_mime_part_set_filename(part, SAMPLE_FILE);
    g_mime_part_set_content_encoding(part, GMIME_CONTENT_ENCODING_BASE64);
    g_object_unref(content);
    g_object_unref(stream);
    return GMIME_OBJECT(part);
}

static GMimeObject *mixed(const job_t *job)
{
    GMimeMultipart *mixed = g_mime_multipart_new_with_subtype("mixed");
    GMimeObject *text = text_part(SAMPLE_NOTE);
    GMimeObject *file = file_part(job);

    g_mime_multipart_add(mixed, text);
    g_mime_multipart_add(mixed, file);
    g_object_unref(text);
    g_object_unref(file);
    return GMIME_OBJECT(mixed);
}

static void set_fields(GMimeMessage *message)
{
    GDateTime *now = g_date_time_new_now_local();
    char *id = g_mime_utils_generate_message_id("example.com");

    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_FROM,
                               SAMPLE_FROM_NAME, SAMPLE_FROM_ADDRESS);
    g_mime_message_add_mailbox(message, GMIME_ADDRESS_TYPE_TO,
                               SAMPLE_TO_NAME, SAMPLE_TO_ADDRESS);
    g_mime_message_set_subject(message, SAMPLE_SUBJECT, NULL);
    g_mime_message_set_date(message, now);
    g_mime_message_set_message_id(message, id);
    g_free(id);
    g_date_time_unref(now);
}

static double compose(const job_t *job)
{
    GMimeMessage *message = g_mime_message_new(TRUE);
    GMimeObject *part = job->body != NULL ? text_part(job->body)
                                          : mixed(job);
    GMimeStreamNull *null = GMIME_STREAM_NULL(job->null);
    size_t before = null->written;
    ssize_t wrote;

    set_fields(message);
    if (job->body != NULL) {
        g_mime_object_encode(part, GMIME_ENCODING_CONSTRAINT_7BIT);
    }
    g_mime_message_set_mime_part(message, part);
    wrote = g_mime_object_write_to_stream(GMIME_OBJECT(message),
                                          job->options, job->null);
    g_object_unref(part);
    g_object_unref(message);
    if (wrote < 0) {
        meter_die("GMime could not write");
    }
    /* What went through filters counts as what went in. */
    return (double)(null->written - before);
}

static double compose_many(const job_t *job, long messages)
{
    double bytes = 0;

    for (long i = 0; i < messages; i++) {
        bytes += compose(job);
    }
    return bytes;
}

int main(int argc, char **argv)
{
    job_t job = { 0 };
    meter_t meter;
    double bytes;
    long messages;
    char *body;

    if (argc != 3) {
        meter_die("usage: compose_gmime CASE MESSAGES");
    }
    messages = meter_count(argv[2]);
    g_mime_init();
    job.options = g_mime_format_options_new();
    g_mime_format_options_set_newline_format(job.options,
                                             GMIME_NEWLINE_FORMAT_DOS);
    job.null = g_mime_stream_null_new();
    body = sample_body(argv[1]);
    job.body = body;
    if (body == NULL) {
        size_t len = sample_size(argv[1]);

        job.data = g_byte_array_new_take(sample_bytes(len), len);
    }
    (void)compose_many(&job, 1);
    meter_start(&meter);
    bytes = compose_many(&job, messages);
    meter_stop(&meter);
    meter_print(&meter, argv[1], "gmime", messages, bytes);
    free(body);
    if (job.data != NULL) {
        g_byte_array_unref(job.data);
    }
    g_object_unref(job.null);
    g_mime_format_options_free(job.options);
    g_mime_shutdown();
    return 0;
}
