/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_SINK_INT_H
#define T_SUPPORT_SINK_INT_H

/**
 * @file sink_int.h
 * A connection of a sink, for sink.c, which says and breaks off, and
 * sink_smtp.c, which decides what is said.
 */

#include "sink.h"

enum { SINK_OUT_SIZE = 65536, SINK_LINE_SIZE = 1024, SINK_HEAD_SIZE = 4096,
       SINK_TAIL_SIZE = 16, SINK_ANSWERS = 8192 };

/** What comes now. */
typedef enum { SINK_COMMANDS, SINK_CONTENT, SINK_CHUNK, SINK_GONE } sink_mode_e;

/** An answer to a whole message, for one recipient. */
typedef struct sink_answer_t {
    size_t end; /* of the reply */
    int id;
    int rcpt;
} sink_answer_t;

/** A connection. */
typedef struct sink_session_t {
    sink_t *sink;
    peer_conn_t *conn;
    unsigned int random;
    sink_mode_e mode;
    int draining; /* we are silent */
    char out[SINK_OUT_SIZE];
    size_t out_len;
    sink_answer_t answers[SINK_ANSWERS];
    int answer_count;
    char line[SINK_LINE_SIZE];
    size_t line_len;
    int mails;
    int id;             /* of the message, -1: none */
    int open;           /* a transaction is */
    int failed;         /* a chunk of it was refused */
    int asked[SINK_RCPTS]; /* RCPT of it */
    int asked_count;
    int rcpts[SINK_RCPTS]; /* those accepted */
    int rcpt_count;
    char domains[SINK_RCPTS][16];
    int domain_count;
    char head[SINK_HEAD_SIZE]; /* of the content */
    size_t head_len;
    char tail[SINK_TAIL_SIZE + 1];
    size_t tail_len;
    int eol;            /* bytes of CRLF . CRLF seen */
    long chunk_left;
    int chunk_last;
} sink_session_t;

/** Return one of 0 ... @a sides - 1. */
unsigned int sink_roll(sink_session_t *session, unsigned int sides);

/** Return non-zero one time in @a one_in; 0: never. */
int sink_chance(sink_session_t *session, unsigned int one_in);

/** Say a line, when there is nothing more to read. */
void sink_say(sink_session_t *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Say so, and no more. */
void sink_say_421(sink_session_t *session);

/** Say @a said bytes of what there is to say, and no more ever. */
void sink_break_off(sink_session_t *session, size_t said);

/** All of the present message was or may have been handed over. */
void sink_doubt_present(sink_session_t *session);

/** Take one byte of what the client says. sink_smtp.c */
void sink_take_byte(sink_session_t *session, char byte);

#endif
