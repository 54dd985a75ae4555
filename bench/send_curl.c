/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_curl.c: libcurl, one easy handle for all mails, which keeps the
 * connection.
 *
 *   mode=blocking  the bytes of the mail, from a read function
 *   mode=attach    its MIME API, with bytes=N attached as base64
 */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "meter.h"
#include "sample.h"

/* Larger does not make it faster. */
#define UPLOAD_BUFFER 65536L

typedef struct job_t {
    client_t args;
    CURL *curl;
    struct curl_slist *rcpt;
    const char *data; /* what is read: the mail, or the attachment */
    size_t len;
    size_t at;
} job_t;

static void must(CURLcode code, const char *what)
{
    if (code != CURLE_OK) {
        fprintf(stderr, "bench: %s: %s\n", what, curl_easy_strerror(code));
        exit(2);
    }
}

static size_t read_some(char *buf, size_t size, size_t count, void *baton)
{
    job_t *job = baton;
    size_t len = size * count;

    len = len < job->len - job->at ? len : job->len - job->at;
    memcpy(buf, job->data + job->at, len);
    job->at += len;
    return len;
}

static void set_up(job_t *job)
{
    CURL *curl = curl_easy_init();
    char url[64];

    if (curl == NULL) {
        meter_die("curl_easy_init");
    }
    job->curl = curl;
    job->rcpt = curl_slist_append(NULL, CLIENT_TO);
    (void)snprintf(url, sizeof(url), "smtp://127.0.0.1:%ld/bench",
                   job->args.port);
    must(curl_easy_setopt(curl, CURLOPT_URL, url), "URL");
    must(curl_easy_setopt(curl, CURLOPT_PROXY, ""), "PROXY");
    must(curl_easy_setopt(curl, CURLOPT_MAIL_FROM, CLIENT_FROM), "MAIL_FROM");
    must(curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, job->rcpt), "MAIL_RCPT");
    must(curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_some), "READ");
    must(curl_easy_setopt(curl, CURLOPT_READDATA, job), "READ");
    must(curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L), "UPLOAD");
    must(curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, UPLOAD_BUFFER),
         "BUFFERSIZE");
}

static void send_raw(job_t *job)
{
    job->at = 0;
    must(curl_easy_perform(job->curl), "send");
}

static void send_attached(job_t *job)
{
    curl_mime *mime = curl_mime_init(job->curl);
    struct curl_slist *list = NULL;
    curl_mimepart *part;

    list = curl_slist_append(list, "From: Bench <" CLIENT_FROM ">");
    list = curl_slist_append(list, "To: Sink <" CLIENT_TO ">");
    list = curl_slist_append(list, "Subject: Attached");
    part = curl_mime_addpart(mime);
    must(curl_mime_data(part, SAMPLE_NOTE, CURL_ZERO_TERMINATED), "data");
    part = curl_mime_addpart(mime);
    job->at = 0;
    must(curl_mime_data_cb(part, (curl_off_t)job->len, read_some, NULL, NULL,
                           job), "data_cb");
    must(curl_mime_filename(part, SAMPLE_FILE), "filename");
    must(curl_mime_type(part, "application/octet-stream"), "type");
    must(curl_mime_encoder(part, "base64"), "encoder");
    must(curl_easy_setopt(job->curl, CURLOPT_HTTPHEADER, list), "HEADER");
    must(curl_easy_setopt(job->curl, CURLOPT_MIMEPOST, mime), "MIMEPOST");
    must(curl_easy_perform(job->curl), "send");
    must(curl_easy_setopt(job->curl, CURLOPT_MIMEPOST, NULL), "MIMEPOST");
    must(curl_easy_setopt(job->curl, CURLOPT_HTTPHEADER, NULL), "HEADER");
    curl_slist_free_all(list);
    curl_mime_free(mime);
}

static void send_many(job_t *job, long messages, int attach)
{
    for (long i = 0; i < messages; i++) {
        (attach ? send_attached : send_raw)(job);
    }
}

int main(int argc, char **argv)
{
    static job_t job;
    unsigned char *bytes = NULL;
    int attach;

    client_args(&job.args, argc, argv);
    attach = strcmp(job.args.mode, "attach") == 0;
    if (attach) {
        bytes = sample_bytes((size_t)job.args.bytes);
        job.data = (const char *)bytes;
        job.len = (size_t)job.args.bytes;
    }
    else {
        job.data = job.args.mail;
        job.len = job.args.mail_len;
    }
    must(curl_global_init(CURL_GLOBAL_DEFAULT), "curl_global_init");
    set_up(&job);
    send_many(&job, job.args.warmup, attach);
    client_start(&job.args);
    send_many(&job, job.args.messages, attach);
    client_stop(&job.args);
    client_print(&job.args, "");
    curl_easy_cleanup(job.curl);
    curl_slist_free_all(job.rcpt);
    curl_global_cleanup();
    free(bytes);
    free(job.args.mail);
    return 0;
}
