/* SPDX-License-Identifier: Apache-2.0 */
/*
 * echo.c: the server that says whose mail it took.
 */

#include "echo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/** Waits of the test for something that has to come. */
#define PATIENCE_SECONDS 20

/* One connection. */
typedef struct talk_t {
    echo_t *echo;
    peer_conn_t *conn;
    int secured;
    char user[256]; /* of the last RCPT */
    size_t start;
    size_t end;
    char in[16384];
} talk_t;

void echo_init(echo_t *echo)
{
    memset(echo, 0, sizeof(*echo));
    pthread_mutex_init(&echo->lock, NULL);
    pthread_cond_init(&echo->changed, NULL);
}

void echo_end(echo_t *echo)
{
    pthread_cond_destroy(&echo->changed);
    pthread_mutex_destroy(&echo->lock);
}

void echo_hold(echo_t *echo, int hold)
{
    pthread_mutex_lock(&echo->lock);
    echo->held = hold;
    pthread_cond_broadcast(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

static int wait_for(echo_t *echo, const int *number, int count)
{
    struct timespec until;
    int reached;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_SECONDS;
    pthread_mutex_lock(&echo->lock);
    while (*number < count
           && pthread_cond_timedwait(&echo->changed, &echo->lock, &until)
                  == 0) {
        continue;
    }
    reached = *number;
    pthread_mutex_unlock(&echo->lock);
    return reached;
}

int echo_finals(echo_t *echo, int count)
{
    return wait_for(echo, &echo->finals, count);
}

int echo_mails(echo_t *echo, int count)
{
    return wait_for(echo, &echo->mails, count);
}

int echo_quits(echo_t *echo)
{
    return wait_for(echo, &echo->quits, 0);
}

static void count_one(echo_t *echo, int *number)
{
    pthread_mutex_lock(&echo->lock);
    ++*number;
    pthread_cond_broadcast(&echo->changed);
    pthread_mutex_unlock(&echo->lock);
}

/* See that there is something to read; zero at the end. */
static int fill(talk_t *talk)
{
    const echo_t *echo = talk->echo;

    if (talk->start < talk->end) {
        return 1;
    }
    talk->start = 0;
    talk->end = peer_read(talk->conn, talk->in,
                          echo->piece ? echo->piece : sizeof(talk->in));
    if (talk->end > 0 && echo->came) {
        echo->came(echo->baton, talk->end);
    }
    return talk->end > 0;
}

/* Read a line without its end, cut to size; zero at the end. */
static int read_line(talk_t *talk, char *line, size_t size)
{
    size_t used = 0;
    const char *end = NULL;

    while (!end && fill(talk)) {
        const char *at = talk->in + talk->start;
        size_t have = talk->end - talk->start;
        size_t fits;

        end = memchr(at, '\n', have);
        have = end ? (size_t)(end - at) : have;
        fits = have < size - 1 - used ? have : size - 1 - used;
        memcpy(line + used, at, fits);
        used += fits;
        talk->start += have + (end != NULL);
    }
    if (used > 0 && line[used - 1] == '\r') {
        used--;
    }
    line[used] = '\0';
    return end != NULL;
}

/* Read and forget so many bytes; zero at the end. */
static int skip(talk_t *talk, size_t left)
{
    while (left > 0 && fill(talk)) {
        size_t have = talk->end - talk->start;

        have = have < left ? have : left;
        talk->start += have;
        left -= have;
    }
    return left == 0;
}

static void before_answer(talk_t *talk)
{
    if (talk->echo->step) {
        talk->echo->step(talk->echo->baton);
    }
}

static int say(talk_t *talk, const char *text)
{
    before_answer(talk);
    return peer_say(talk->conn, "%s", text);
}

/* A whole content came: the final reply, when that is allowed. */
static int take_mail(talk_t *talk)
{
    echo_t *echo = talk->echo;

    count_one(echo, &echo->finals);
    before_answer(talk);
    pthread_mutex_lock(&echo->lock);
    while (echo->held) {
        pthread_cond_wait(&echo->changed, &echo->lock);
    }
    pthread_mutex_unlock(&echo->lock);
    if (echo->took) {
        echo->took(echo->baton, talk->user);
    }
    return peer_say(talk->conn, "250 2.0.0 Ok: queued as %s", talk->user);
}

static int serve_data(talk_t *talk)
{
    char line[1024];

    if (!say(talk, "354 go on")) {
        /* What is on its way has to be looked at all the same. */
        line[0] = '\0';
    }
    do {
        if (!read_line(talk, line, sizeof(line))) {
            return 0;
        }
    } while (strcmp(line, ".") != 0);
    return take_mail(talk);
}

static int serve_chunk(talk_t *talk, const char *line)
{
    if (!skip(talk, strtoul(line + 5, NULL, 10))) {
        return 0;
    }
    return strcasestr(line, " LAST") ? take_mail(talk)
                                     : say(talk, "250 2.0.0 chunk");
}

static int serve_hello(talk_t *talk)
{
    const char *at = talk->echo->extensions;
    int tls = talk->echo->tls && !talk->secured;

    before_answer(talk);
    while (at && *at) {
        size_t len = strcspn(at, "\n");

        (void)peer_say(talk->conn, "250-%.*s", (int)len, at);
        at += len + (at[len] != '\0');
    }
    return peer_say(talk->conn, "250 %s", tls ? "STARTTLS" : "8BITMIME");
}

static int start_tls(talk_t *talk)
{
    talk->secured = say(talk, "220 2.0.0 go")
                    && peer_tls(talk->conn, talk->echo->tls);
    return talk->secured;
}

/* Remember the user of RCPT TO:<user@host>. */
static int take_recipient(talk_t *talk, const char *line)
{
    const char *user = strchr(line, '<');

    (void)snprintf(talk->user, sizeof(talk->user), "%.*s",
                   user ? (int)strcspn(user + 1, "@") : 0,
                   user ? user + 1 : "");
    return say(talk, "250 2.1.5 ok");
}

static int is(const char *line, const char *verb)
{
    return strncasecmp(line, verb, strlen(verb)) == 0;
}

/* Serve one command; zero if that was the last. */
static int serve_line(talk_t *talk, const char *line)
{
    if (is(line, "EHLO")) {
        return serve_hello(talk);
    }
    if (is(line, "STARTTLS") && talk->echo->tls) {
        return start_tls(talk);
    }
    if (is(line, "MAIL")) {
        count_one(talk->echo, &talk->echo->mails);
        return say(talk, "250 2.1.0 ok");
    }
    if (is(line, "RCPT")) {
        return take_recipient(talk, line);
    }
    if (is(line, "DATA")) {
        return serve_data(talk);
    }
    if (is(line, "BDAT")) {
        return serve_chunk(talk, line);
    }
    if (is(line, "QUIT")) {
        count_one(talk->echo, &talk->echo->quits);
        (void)say(talk, "221 2.0.0 bye");
        return 0;
    }
    return say(talk, "250 2.0.0 ok");
}

void echo_serve(peer_conn_t *conn, void *baton)
{
    talk_t *talk = calloc(1, sizeof(*talk));
    char line[2048];

    if (!talk) {
        return;
    }
    talk->echo = baton;
    talk->conn = conn;
    if (talk->echo->narrow) {
        peer_narrow(conn);
    }
    if (say(talk, "220 echo ESMTP")) {
        while (read_line(talk, line, sizeof(line))
               && serve_line(talk, line)) {
            continue;
        }
    }
    free(talk);
}
