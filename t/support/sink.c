/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c: a server that knows what it did.
 *
 * Replies are collected while there is input and written when there is none,
 * as a real one does; each decision is noted with the place in the replies
 * where it ends, so that it is known whether it was said when the connection
 * breaks. After that the sink reads on without a word: what the client had
 * sent before it saw the end may be in doubt.
 */

#include "sink_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tap/tap.h"

unsigned int sink_roll(sink_session_t *session, unsigned int sides)
{
    session->random = session->random * 1103515245u + 12345u;
    return (session->random >> 12) % sides;
}

int sink_chance(sink_session_t *session, unsigned int one_in)
{
    return !session->draining && one_in != 0 && sink_roll(session, one_in) == 0;
}

static int flush(sink_session_t *session);

void sink_say(sink_session_t *session, const char *format, ...)
{
    va_list args;
    int len;

    if (session->draining) {
        return;
    }
    if (session->out_len + 512 > SINK_OUT_SIZE) {
        tap_bail("the sink talks too much");
    }
    va_start(args, format);
    len = vsnprintf(session->out + session->out_len, 500, format, args);
    va_end(args);
    session->out_len += (size_t)len;
    memcpy(session->out + session->out_len, "\r\n", 2);
    session->out_len += 2;
    if (session->sink->singly) {
        (void)flush(session);
    }
}

/* The end. */

static void note_doubt(sink_session_t *session, int id, int rcpt)
{
    pthread_mutex_lock(&session->sink->lock);
    session->sink->rcpts[id][rcpt].doubtful = 1;
    pthread_mutex_unlock(&session->sink->lock);
}

void sink_doubt_present(sink_session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < session->asked_count; i++) {
        note_doubt(session, session->id, session->asked[i]);
    }
}

/* Answers whose end was not said are lost. */
static void doubt_unsaid(sink_session_t *session, size_t said)
{
    int i;

    for (i = 0; i < session->answer_count; i++) {
        if (session->answers[i].end > said) {
            note_doubt(session, session->answers[i].id,
                       session->answers[i].rcpt);
        }
    }
    session->answer_count = 0;
}

void sink_break_off(sink_session_t *session, size_t said)
{
    (void)peer_send(session->conn, session->out, said);
    doubt_unsaid(session, said);
    session->out_len = 0;
    session->draining = 1;
    peer_half_close(session->conn);
}

/* Write what was said; zero if the client has gone. */
static int flush(sink_session_t *session)
{
    size_t len = session->out_len;
    size_t at = 0;
    int ok = 1;

    if (session->draining || len == 0) {
        return 1;
    }
    if (sink_chance(session, session->sink->cuts)) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->broken++;
        pthread_mutex_unlock(&session->sink->lock);
        sink_break_off(session, sink_roll(session, (unsigned int)len + 1));
        return 1;
    }
    while (ok && at < len) {
        size_t piece = len - at;

        if (sink_chance(session, session->sink->splits)) {
            piece = 1 + sink_roll(session, (unsigned int)piece);
        }
        ok = peer_send(session->conn, session->out + at, piece);
        at += piece;
    }
    session->answer_count = 0;
    session->out_len = 0;
    return ok;
}

void sink_say_421(sink_session_t *session)
{
    sink_say(session, "421 4.3.2 closing");
    sink_break_off(session, session->out_len);
}

/* Serve until the client goes; zero if it was reset. */
static int serve(sink_session_t *session)
{
    char buf[4096];
    size_t len;
    size_t i;

    while (session->mode != SINK_GONE && flush(session)
           && (len = peer_read(session->conn, buf, sizeof(buf))) > 0) {
        if (sink_chance(session, session->sink->resets)) {
            return 0;
        }
        for (i = 0; i < len && session->mode != SINK_GONE; i++) {
            sink_take_byte(session, buf[i]);
        }
    }
    (void)flush(session);
    return 1;
}

static void serve_conn(peer_conn_t *conn, sink_t *sink, int greet)
{
    sink_session_t *session = calloc(1, sizeof(*session));

    if (!session) {
        tap_bail("no memory");
    }
    session->sink = sink;
    session->conn = conn;
    session->id = -1;
    session->random = sink->seed * 7919u + (unsigned int)peer_conn_index(conn);
    if (sink_chance(session, sink->says_421)) {
        pthread_mutex_lock(&sink->lock);
        sink->broken++;
        pthread_mutex_unlock(&sink->lock);
        sink_say_421(session);
    }
    if (greet) {
        sink_say(session, "220 sink");
    }
    if (!serve(session)) {
        sink_doubt_all(sink);
        peer_reset(conn);
    }
    else if (session->mode == SINK_CONTENT && session->eol > 0) {
        sink_doubt_present(session);
    }
    free(session);
}

void sink_serve(peer_conn_t *conn, void *baton)
{
    serve_conn(conn, baton, 1);
}

void sink_serve_greeted(peer_conn_t *conn, void *baton)
{
    serve_conn(conn, baton, 0);
}
