/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile.c: the server that does one bad thing.
 */

#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

/** What a connection of the server knows. */
typedef struct talk_t {
    hostile_t *hostile;
    peer_conn_t *conn;
    int secure;
    int open;   /* a transaction is */
    int rcpts;  /* of it, accepted */
    int queued; /* mails */
    size_t said; /* bytes */
} talk_t;

void hostile_init(hostile_t *hostile, const hostile_server_t *server)
{
    memset(hostile, 0, sizeof(*hostile));
    hostile->server = server;
    pthread_mutex_init(&hostile->lock, NULL);
}

const char *hostile_heard(hostile_t *hostile, int index, apr_pool_t *pool)
{
    const char *heard;

    pthread_mutex_lock(&hostile->lock);
    heard = apr_pstrdup(pool, index < HOSTILE_CONNS ? hostile->heard[index]
                                                    : "");
    pthread_mutex_unlock(&hostile->lock);
    return heard;
}

int hostile_saw(hostile_t *hostile, const char *text)
{
    int saw;

    pthread_mutex_lock(&hostile->lock);
    saw = memmem(hostile->wire, hostile->wire_len, text, strlen(text)) != NULL;
    pthread_mutex_unlock(&hostile->lock);
    return saw;
}

static void record(hostile_t *hostile, const char *data, size_t len)
{
    pthread_mutex_lock(&hostile->lock);
    if (len > sizeof(hostile->wire) - hostile->wire_len) {
        len = sizeof(hostile->wire) - hostile->wire_len;
    }
    memcpy(hostile->wire + hostile->wire_len, data, len);
    hostile->wire_len += len;
    pthread_mutex_unlock(&hostile->lock);
}

/* Note the first word of a line. */
static void note(talk_t *talk, const char *line)
{
    hostile_t *hostile = talk->hostile;
    int index = peer_conn_index(talk->conn);
    size_t len = strcspn(line, " :");
    char *heard;
    size_t used;

    if (index >= HOSTILE_CONNS) {
        return;
    }
    pthread_mutex_lock(&hostile->lock);
    heard = hostile->heard[index];
    used = strlen(heard);
    (void)snprintf(heard + used, HOSTILE_HEARD - used, "%s%.*s",
                   used > 0 ? " " : "", (int)len, line);
    pthread_mutex_unlock(&hostile->lock);
}

static const hostile_move_t *move_at(talk_t *talk, const char *line)
{
    const hostile_move_t *moves = talk->hostile->server->moves;
    const hostile_move_t *found = NULL;
    int i;

    pthread_mutex_lock(&talk->hostile->lock);
    for (i = 0; i < HOSTILE_MOVES && moves[i].at && !found; i++) {
        const hostile_move_t *move = &moves[i];
        size_t len = strlen(move->at);

        if (len > 0 ? strncasecmp(move->at, line, len) != 0 : *line != '\0') {
            continue;
        }
        if ((move->when & HOSTILE_CLEAR && talk->secure)
            || (move->when & HOSTILE_TLS && !talk->secure)) {
            continue;
        }
        if (talk->hostile->made[i]++ == 0 || move->when & HOSTILE_ALWAYS) {
            found = move;
        }
    }
    pthread_mutex_unlock(&talk->hostile->lock);
    return found;
}

/* Return the code of the last reply in text, 0 if there is none. */
static int last_code(const char *text, size_t len)
{
    size_t at = len;

    while (at > 0 && (text[at - 1] == '\r' || text[at - 1] == '\n')) {
        at--;
    }
    while (at > 0 && text[at - 1] != '\n') {
        at--;
    }
    return len - at >= 3 ? atoi(text + at) : 0;
}

/* Say len bytes, in pieces if the server is so; zero if the client is gone. */
static int say(talk_t *talk, const char *text, size_t len)
{
    const hostile_server_t *server = talk->hostile->server;

    while (len > 0) {
        size_t piece = server->piece > 0 && server->piece < len
                           ? server->piece : len;

        if (talk->said < server->cut && talk->said + piece > server->cut) {
            piece = server->cut - talk->said;
        }
        if (!peer_send(talk->conn, text, piece)) {
            return 0;
        }
        talk->said += piece;
        text += piece;
        len -= piece;
    }
    return 1;
}

/* Do what comes behind what was said; zero if that was all. */
static int act(talk_t *talk, const hostile_move_t *move)
{
    const char *then = move->then;

    if (!then) {
        return 1;
    }
    while (strcmp(then, "endless") == 0
           && say(talk, move->say, move->raw)) {
        continue;
    }
    if (strcmp(then, "reset") == 0) {
        peer_reset(talk->conn);
    }
    else if (strcmp(then, "cut") == 0) {
        peer_cut(talk->conn);
    }
    else if (strcmp(then, "half") == 0) {
        peer_half_close(talk->conn);
        peer_wait_end(talk->conn);
    }
    else if (strcmp(then, "silent") == 0) {
        peer_wait_end(talk->conn);
    }
    return 0;
}

/* Answer a line with good, or with what a move says. Returns the code that
 * was said last, or -1 if the connection is over. */
static int answer(talk_t *talk, const char *line, const char *good)
{
    const hostile_move_t *move = move_at(talk, line);
    const char *text = move && move->say ? move->say : good;
    int raw = move && move->say && move->raw > 0;
    size_t len = raw ? move->raw : strlen(text);
    char line_end[4096]; /* the text with it, as one segment */

    if (!raw && len > 0) {
        len = (size_t)snprintf(line_end, sizeof(line_end), "%s\r\n", text);
        text = line_end;
    }
    if (!say(talk, text, len)) {
        return -1;
    }
    if (move && !act(talk, move)) {
        return -1;
    }
    return last_code(text, len);
}

static int hello(talk_t *talk, const char *line)
{
    const hostile_server_t *server = talk->hostile->server;
    const char *at = talk->secure && server->extensions_tls
                         ? server->extensions_tls : server->extensions;
    char text[4096];
    size_t used = 0;

    if (strncasecmp(line, "HELO", 4) == 0) {
        return answer(talk, line, "250 hostile.test");
    }
    used += (size_t)snprintf(text, sizeof(text), "250-hostile.test\r\n");
    if (server->tls && !talk->secure) {
        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "250-STARTTLS\r\n");
    }
    while (at && *at && used < sizeof(text)) {
        size_t len = strcspn(at, "\n");

        used += (size_t)snprintf(text + used, sizeof(text) - used,
                                 "250-%.*s\r\n", (int)len, at);
        at += len + (at[len] == '\n');
    }
    (void)snprintf(text + used, sizeof(text) - used, "250 8BITMIME");
    return answer(talk, line, text);
}

/* The content was seen to its end. */
static int finish(talk_t *talk)
{
    char good[64];
    int code;

    pthread_mutex_lock(&talk->hostile->lock);
    talk->hostile->finals++;
    pthread_mutex_unlock(&talk->hostile->lock);
    (void)snprintf(good, sizeof(good), "250 2.0.0 Ok: queued as Q%d%d",
                   peer_conn_index(talk->conn), ++talk->queued);
    code = answer(talk, ".", good);
    if (code / 100 == 2) {
        pthread_mutex_lock(&talk->hostile->lock);
        talk->hostile->mails++;
        pthread_mutex_unlock(&talk->hostile->lock);
    }
    talk->open = talk->rcpts = 0;
    return code;
}

/* Read the content up to the dot. */
static int content(talk_t *talk)
{
    static const char end[] = "\r\n.\r\n";
    size_t seen = 2; /* of end */
    char c;

    while (peer_read_byte(talk->conn, &c)) {
        record(talk->hostile, &c, 1);
        seen = c == end[seen] ? seen + 1 : c == '\r';
        if (end[seen] == '\0') {
            note(talk, ".");
            return finish(talk);
        }
    }
    return -1;
}

static int data(talk_t *talk, const char *line)
{
    int code = answer(talk, line, talk->rcpts > 0 ? "354 go on"
                                                  : "503 5.5.1 no recipient");

    if (code != 354) {
        return code;
    }
    /* In the middle of the content the answer to it, perhaps. */
    return answer(talk, "*", "") < 0 ? -1 : content(talk);
}

/* BDAT n [LAST]: the chunk is read in any case. */
static int chunk(talk_t *talk, const char *line)
{
    long left = atol(line + 4);
    char piece[4096];

    while (left > 0) {
        size_t want = left < (long)sizeof(piece) ? (size_t)left
                                                 : sizeof(piece);
        size_t got = peer_read(talk->conn, piece, want);

        if (got == 0) {
            return -1;
        }
        record(talk->hostile, piece, got);
        left -= (long)got;
    }
    if (talk->rcpts == 0) {
        return answer(talk, line, "503 5.5.1 no recipient");
    }
    return strstr(line, "LAST") ? finish(talk)
                                : answer(talk, line, "250 2.0.0 go on");
}

static int start_tls(talk_t *talk, const char *line)
{
    SSL_CTX *tls = talk->hostile->server->tls;
    int code = answer(talk, line, tls ? "220 2.0.0 go"
                                      : "502 5.5.1 no such command");

    if (code == 220 && tls) {
        if (!peer_tls(talk->conn, tls)) {
            return -1;
        }
        note(talk, "TLS");
        talk->secure = 1;
        talk->open = talk->rcpts = 0;
    }
    return code;
}

static int envelope(talk_t *talk, const char *line)
{
    int code;

    if (strncasecmp(line, "MAIL", 4) == 0) {
        code = answer(talk, line, "250 2.1.0 ok");
        talk->open = code / 100 == 2;
        talk->rcpts = 0;
        return code;
    }
    code = answer(talk, line, talk->open ? "250 2.1.5 ok"
                                         : "503 5.5.1 no sender");
    talk->rcpts += code / 100 == 2;
    return code;
}

/* Answer one line; -1 if it was the last. */
static int serve_line(talk_t *talk, const char *line)
{
    note(talk, line);
    if (strncasecmp(line, "EHLO", 4) == 0
        || strncasecmp(line, "HELO", 4) == 0) {
        return hello(talk, line);
    }
    if (strncasecmp(line, "STARTTLS", 8) == 0) {
        return start_tls(talk, line);
    }
    if (strncasecmp(line, "AUTH", 4) == 0) {
        return answer(talk, line, "235 2.7.0 welcome");
    }
    if (strncasecmp(line, "MAIL", 4) == 0
        || strncasecmp(line, "RCPT", 4) == 0) {
        return envelope(talk, line);
    }
    if (strncasecmp(line, "DATA", 4) == 0) {
        return data(talk, line);
    }
    if (strncasecmp(line, "BDAT", 4) == 0) {
        return chunk(talk, line);
    }
    if (strncasecmp(line, "QUIT", 4) == 0) {
        (void)answer(talk, line, "221 2.0.0 bye");
        return -1;
    }
    if (strncasecmp(line, "RSET", 4) == 0) {
        talk->open = talk->rcpts = 0;
        return answer(talk, line, "250 2.0.0 ok");
    }
    return answer(talk, line, strncasecmp(line, "NOOP", 4) == 0
                                  ? "250 2.0.0 ok"
                                  : "502 5.5.1 no such command");
}

void hostile_serve(peer_conn_t *conn, void *baton)
{
    talk_t talk = { .hostile = baton, .conn = conn };
    const hostile_server_t *server = talk.hostile->server;
    char line[4096];

    /* Or the system keeps what was said, and forgets it with a reset. */
    peer_prompt(conn);
    if (server->implicit) {
        if (!peer_tls(conn, server->tls)) {
            return;
        }
        note(&talk, "TLS");
        talk.secure = 1;
    }
    if (answer(&talk, "", "220 hostile.test ESMTP") < 0) {
        return;
    }
    while (peer_read_line(conn, line, sizeof(line))) {
        record(talk.hostile, line, strlen(line));
        record(talk.hostile, "\r\n", 2);
        if (serve_line(&talk, line) < 0) {
            return;
        }
    }
}
