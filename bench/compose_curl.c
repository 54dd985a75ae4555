/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compose_curl.c: the messages of compose.c, made by libcurl's MIME API.
 *
 *   compose_curl text-ascii|text-utf8|base64-Nm MESSAGES
 *
 * libcurl gives a message's bytes to nobody but a server. So a thread of this
 * program plays one on 127.0.0.1, and each message goes
 * out twice through the same handle: made by the MIME API ("libcurl-send"),
 * and as the same bytes from memory ("libcurl-raw"). Only the CPU time of the
 * sending thread counts. What the first takes more than the second is
 * composing, and is printed as "libcurl".
 *
 * It does not encode header fields: they are given encoded, which is less
 * work than the others have.
 */
#include <curl/curl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "meter.h"
#include "sample.h"

/* The server's buffer, and the longest line of a command. */
#define BUFFER 65536

/* How a mail ends. */
#define END "\r\n.\r\n"
#define END_LEN (sizeof(END) - 1)

typedef struct server_t {
    int listener;
    int fd;
    char *kept; /* what it got as the first mail, without END */
    size_t kept_len;
    size_t kept_room;
    int keep; /* this mail is to be kept */
    double bytes;
} server_t;

typedef struct job_t {
    const char *name;
    const char *body;    /* of a text message, or NULL */
    unsigned char *data; /* of an attachment, or NULL */
    size_t len;
    CURL *curl;
    struct curl_slist *rcpt;
    server_t server;
    size_t at; /* in server.kept, while that is sent */
} job_t;

/* --- the server ------------------------------------------------------------ */

static void answer(server_t *server, const char *text)
{
    size_t len = strlen(text);

    if (write(server->fd, text, len) != (ssize_t)len) {
        meter_die("the server cannot write");
    }
}

static void keep(server_t *server, const char *data, size_t len)
{
    if (server->kept_len + len > server->kept_room) {
        server->kept_room = 2 * (server->kept_len + len);
        server->kept = realloc(server->kept, server->kept_room);
        if (server->kept == NULL) {
            meter_die("no memory");
        }
    }
    memcpy(server->kept + server->kept_len, data, len);
    server->kept_len += len;
}

/* Take a mail. libcurl sends nothing behind its end before the answer, so the
 * end is where the bytes end. */
static void take_mail(server_t *server)
{
    char buf[BUFFER];
    char tail[END_LEN] = "";

    while (memcmp(tail, END, END_LEN) != 0) {
        ssize_t got = read(server->fd, buf, sizeof(buf));
        size_t len = got > 0 ? (size_t)got : 0;
        size_t last = len < END_LEN ? len : END_LEN;

        if (len == 0) {
            meter_die("a mail without an end");
        }
        if (server->keep) {
            keep(server, buf, len);
        }
        memmove(tail, tail + last, END_LEN - last);
        memcpy(tail + END_LEN - last, buf + len - last, last);
        server->bytes += (double)len;
    }
    server->bytes -= (double)(END_LEN - 2);
    if (server->keep) {
        server->kept_len -= END_LEN;
        server->keep = 0;
    }
}

static void *serve(void *baton)
{
    server_t *server = baton;
    char line[BUFFER];
    ssize_t len;
    int on = 1;

    server->fd = accept(server->listener, NULL, NULL);
    if (server->fd < 0
        || setsockopt(server->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
               != 0) {
        meter_die("accept");
    }
    answer(server, "220 bench\r\n");
    while ((len = read(server->fd, line, sizeof(line))) > 0) {
        if (len >= 4 && memcmp(line, "DATA", 4) == 0) {
            answer(server, "354 go on\r\n");
            take_mail(server);
        }
        answer(server, "250 bench\r\n");
    }
    (void)close(server->fd);
    return NULL;
}

/* Listen on a port that the kernel chooses, and put the URL into url. */
static void listen_on_any(server_t *server, char *url, size_t room)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0
        || listen(fd, 1) != 0
        || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        meter_die("cannot listen on 127.0.0.1");
    }
    server->listener = fd;
    (void)snprintf(url, room, "smtp://127.0.0.1:%d/bench",
                   (int)ntohs(address.sin_port));
}

/* --- libcurl --------------------------------------------------------------- */

static void must(CURLcode code, const char *what)
{
    if (code != CURLE_OK) {
        fprintf(stderr, "bench: %s: %s\n", what, curl_easy_strerror(code));
        exit(2);
    }
}

static size_t read_kept(char *buf, size_t size, size_t count, void *baton)
{
    job_t *job = baton;
    size_t len = size * count;
    size_t left = job->server.kept_len - job->at;

    len = len < left ? len : left;
    memcpy(buf, job->server.kept + job->at, len);
    job->at += len;
    return len;
}

static void set_up(job_t *job, const char *url)
{
    CURL *curl = curl_easy_init();

    if (curl == NULL) {
        meter_die("curl_easy_init");
    }
    job->curl = curl;
    job->rcpt = curl_slist_append(NULL, SAMPLE_TO_ADDRESS);
    must(curl_easy_setopt(curl, CURLOPT_URL, url), "URL");
    must(curl_easy_setopt(curl, CURLOPT_PROXY, ""), "PROXY");
    must(curl_easy_setopt(curl, CURLOPT_MAIL_FROM, SAMPLE_FROM_ADDRESS),
         "MAIL_FROM");
    must(curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, job->rcpt), "MAIL_RCPT");
    must(curl_easy_setopt(curl, CURLOPT_READFUNCTION, read_kept), "READ");
    must(curl_easy_setopt(curl, CURLOPT_READDATA, job), "READ");
    must(curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L), "UPLOAD");
    must(curl_easy_setopt(curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)BUFFER),
         "BUFFERSIZE");
}

static struct curl_slist *fields(void)
{
    char text[128];
    char date[64];
    struct curl_slist *list = NULL;
    time_t now = time(NULL);
    struct tm tm;

    (void)localtime_r(&now, &tm);
    (void)strftime(date, sizeof(date), "Date: %a, %d %b %Y %H:%M:%S %z", &tm);
    (void)snprintf(text, sizeof(text),
                   "Message-ID: <%08lx%08lx.%08lx@example.com>", random(),
                   random(), (unsigned long)now);
    list = curl_slist_append(list, "From: " SAMPLE_FROM_ENCODED " <"
                             SAMPLE_FROM_ADDRESS ">");
    list = curl_slist_append(list, "To: " SAMPLE_TO_ENCODED " <"
                             SAMPLE_TO_ADDRESS ">");
    list = curl_slist_append(list, "Subject: " SAMPLE_SUBJECT_ENCODED);
    list = curl_slist_append(list, date);
    return curl_slist_append(list, text);
}

static void add_text(curl_mime *mime, const char *text, const char *encoder)
{
    curl_mimepart *part = curl_mime_addpart(mime);

    must(curl_mime_data(part, text, CURL_ZERO_TERMINATED), "data");
    must(curl_mime_type(part, "text/plain; charset=utf-8"), "type");
    must(curl_mime_encoder(part, encoder), "encoder");
}

/* Where to read the attachment: curl_mime_data() would copy it. */
typedef struct cursor_t {
    const job_t *job;
    size_t at;
} cursor_t;

static size_t read_data(char *buf, size_t size, size_t count, void *baton)
{
    cursor_t *cursor = baton;
    size_t len = size * count;
    size_t left = cursor->job->len - cursor->at;

    len = len < left ? len : left;
    memcpy(buf, cursor->job->data + cursor->at, len);
    cursor->at += len;
    return len;
}

static void add_file(curl_mime *mime, cursor_t *cursor)
{
    curl_mimepart *part = curl_mime_addpart(mime);

    must(curl_mime_data_cb(part, (curl_off_t)cursor->job->len, read_data,
                           NULL, NULL, cursor), "data_cb");
    must(curl_mime_filename(part, SAMPLE_FILE), "filename");
    must(curl_mime_type(part, "application/octet-stream"), "type");
    must(curl_mime_encoder(part, "base64"), "encoder");
}

static void send_composed(job_t *job)
{
    cursor_t cursor = { job, 0 };
    curl_mime *mime = curl_mime_init(job->curl);
    struct curl_slist *list = fields();
    int utf8 = strcmp(job->name, "text-utf8") == 0;

    add_text(mime, job->body != NULL ? job->body : SAMPLE_NOTE,
             utf8 ? "quoted-printable" : "7bit");
    if (job->data != NULL) {
        add_file(mime, &cursor);
    }
    must(curl_easy_setopt(job->curl, CURLOPT_HTTPHEADER, list), "HEADER");
    must(curl_easy_setopt(job->curl, CURLOPT_MIMEPOST, mime), "MIMEPOST");
    must(curl_easy_perform(job->curl), "send");
    must(curl_easy_setopt(job->curl, CURLOPT_MIMEPOST, NULL), "MIMEPOST");
    must(curl_easy_setopt(job->curl, CURLOPT_HTTPHEADER, NULL), "HEADER");
    curl_slist_free_all(list);
    curl_mime_free(mime);
}

static void send_raw(job_t *job)
{
    job->at = 0;
    must(curl_easy_setopt(job->curl, CURLOPT_UPLOAD, 1L), "UPLOAD");
    must(curl_easy_perform(job->curl), "send");
}

/* Measure both ways in turn, so that a disturbance hits both. */
static void measure(job_t *job, long messages)
{
    meter_t sum[2] = { { 0, 0 }, { 0, 0 } };
    meter_t composing;
    meter_t meter;
    double bytes = 0;

    job->server.keep = 1;
    send_composed(job);
    send_raw(job);
    for (long i = 0; i < 2 * messages; i++) {
        int raw = (int)(i % 2);

        job->server.bytes = 0;
        meter_start(&meter);
        (raw ? send_raw : send_composed)(job);
        meter_stop(&meter);
        sum[raw].wall_s += meter.wall_s;
        sum[raw].cpu_s += meter.cpu_s;
        if (!raw) {
            bytes += job->server.bytes;
        }
    }
    composing.wall_s = sum[0].wall_s - sum[1].wall_s;
    composing.cpu_s = sum[0].cpu_s - sum[1].cpu_s;
    meter_print(&composing, job->name, "libcurl", messages, bytes);
    meter_print(&sum[0], job->name, "libcurl-send", messages, bytes);
    meter_print(&sum[1], job->name, "libcurl-raw", messages, bytes);
}

int main(int argc, char **argv)
{
    job_t job = { 0 };
    pthread_t thread;
    char url[64];
    char *body;

    if (argc != 3) {
        meter_die("usage: compose_curl CASE MESSAGES");
    }
    must(curl_global_init(CURL_GLOBAL_DEFAULT), "curl_global_init");
    job.name = argv[1];
    body = sample_body(argv[1]);
    job.body = body;
    if (body == NULL) {
        job.len = sample_size(argv[1]);
        job.data = sample_bytes(job.len);
    }
    listen_on_any(&job.server, url, sizeof(url));
    if (pthread_create(&thread, NULL, serve, &job.server) != 0) {
        meter_die("pthread_create");
    }
    set_up(&job, url);
    measure(&job, meter_count(argv[2]));
    curl_easy_cleanup(job.curl);
    (void)pthread_join(thread, NULL);
    (void)close(job.server.listener);
    curl_slist_free_all(job.rcpt);
    free(job.server.kept);
    free(job.data);
    free(body);
    curl_global_cleanup();
    return 0;
}
