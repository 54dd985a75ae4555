/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_smtp.c: the small SMTP server.
 */

#include "peer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

void peer_smtp_init(peer_smtp_t *smtp)
{
    memset(smtp, 0, sizeof(*smtp));
    pthread_mutex_init(&smtp->lock, NULL);
}

/* Do what an answer says; zero if the connection is over. */
static int act(peer_conn_t *conn, const char *say)
{
    if (strcmp(say, "!close") == 0) {
        return 0;
    }
    if (strcmp(say, "!reset") == 0) {
        peer_reset(conn);
        return 0;
    }
    if (strcmp(say, "!cut") == 0) {
        peer_cut(conn);
        return 0;
    }
    if (strcmp(say, "!silent") == 0) {
        peer_wait_end(conn);
        return 0;
    }
    return *say == '\0' || peer_say(conn, "%s", say);
}

static const char *special_answer(const peer_smtp_t *smtp, const char *line)
{
    const peer_answer_t *answer = smtp->answers;

    for (; answer && answer->start; answer++) {
        if (strncasecmp(answer->start, line, strlen(answer->start)) == 0) {
            return answer->say;
        }
    }
    return NULL;
}

static int say_extensions(peer_conn_t *conn, const peer_smtp_t *smtp)
{
    const char *at = smtp->extensions ? smtp->extensions : "8BITMIME";

    if (!peer_say(conn, "250-peer")) {
        return 0;
    }
    if (smtp->tls && !peer_ssl(conn) && !peer_say(conn, "250-STARTTLS")) {
        return 0;
    }
    if (smtp->login && !peer_say(conn, "250-AUTH PLAIN LOGIN")) {
        return 0;
    }
    for (;;) {
        size_t len = strcspn(at, "\n");
        int last = at[len] == '\0';

        if (!peer_say(conn, "250%c%.*s", last ? ' ' : '-', (int)len, at)) {
            return 0;
        }
        if (last) {
            return 1;
        }
        at += len + 1;
    }
}

/* Read content up to the dot; zero if the client goes. */
static int read_content(peer_conn_t *conn, peer_smtp_t *smtp)
{
    char line[1024];
    char *content = malloc(sizeof(smtp->last));
    size_t used = 0;
    unsigned long long bytes = 0;
    int whole = 0;

    while (content && peer_read_raw_line(conn, line, sizeof(line))) {
        size_t len = strlen(line);

        if (strcmp(line, ".") == 0) {
            whole = 1;
            break;
        }
        bytes += len + 2;
        if (used + len + 2 < sizeof(smtp->last)) {
            memcpy(content + used, line, len);
            memcpy(content + used + len, "\r\n", 2);
            used += len + 2;
        }
    }
    if (whole) {
        pthread_mutex_lock(&smtp->lock);
        memcpy(smtp->last, content, used);
        smtp->last[used] = '\0';
        smtp->bytes += bytes;
        pthread_mutex_unlock(&smtp->lock);
    }
    free(content);
    return whole;
}

static int serve_data(peer_conn_t *conn, peer_smtp_t *smtp, int *count)
{
    const char *special;

    if (!peer_say(conn, "354 go on") || !read_content(conn, smtp)) {
        return 0;
    }
    special = special_answer(smtp, ".");
    if (special) {
        return act(conn, special);
    }
    pthread_mutex_lock(&smtp->lock);
    smtp->messages++;
    pthread_mutex_unlock(&smtp->lock);
    ++*count;
    return peer_say(conn, "250 2.0.0 Ok: queued as Q%d%d",
                    peer_conn_index(conn), *count);
}

static int serve_auth(peer_conn_t *conn, const peer_smtp_t *smtp,
                      const char *line)
{
    if (smtp->auth) {
        return smtp->auth(conn, line, smtp->auth_baton);
    }
    if (smtp->login && strncasecmp(line, "AUTH PLAIN ", 11) == 0
        && strcmp(line + 11, smtp->login) == 0) {
        return peer_say(conn, "235 2.7.0 welcome");
    }
    return peer_say(conn, "535 5.7.8 no such login");
}

/* Serve one line; zero if that was the last. */
static int serve_line(peer_conn_t *conn, peer_smtp_t *smtp, const char *line,
                      int *count)
{
    const char *special = special_answer(smtp, line);

    if (special) {
        return act(conn, special);
    }
    if (strncasecmp(line, "EHLO", 4) == 0) {
        return say_extensions(conn, smtp);
    }
    if (strncasecmp(line, "STARTTLS", 8) == 0 && smtp->tls) {
        return peer_say(conn, "220 2.0.0 go") && peer_tls(conn, smtp->tls);
    }
    if (strncasecmp(line, "AUTH", 4) == 0) {
        return serve_auth(conn, smtp, line);
    }
    if (strncasecmp(line, "DATA", 4) == 0) {
        return serve_data(conn, smtp, count);
    }
    if (strncasecmp(line, "QUIT", 4) == 0) {
        (void)peer_say(conn, "221 2.0.0 bye");
        return 0;
    }
    if (smtp->max_messages > 0 && *count >= smtp->max_messages) {
        (void)peer_say(conn, "421 4.7.0 enough");
        return 0;
    }
    return peer_say(conn, "250 2.1.0 ok");
}

void peer_smtp_serve(peer_conn_t *conn, void *baton)
{
    peer_smtp_t *smtp = baton;
    char line[4096];
    int count = 0;

    if (smtp->implicit && !peer_tls(conn, smtp->tls)) {
        return;
    }
    if (!act(conn, smtp->greeting ? smtp->greeting : "220 peer ESMTP")) {
        return;
    }
    while (peer_read_line(conn, line, sizeof(line))
           && serve_line(conn, smtp, line, &count)) {
        continue;
    }
}
