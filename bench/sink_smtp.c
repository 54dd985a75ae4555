/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_smtp.c: the sink's side of SMTP (RFC 5321, 2920, 3030, 3207, 4954).
 *
 * It looks at as few bytes as it can: lines are found by memchr(), the end of
 * a mail by looking at its dots. It wants commands in order, because a client
 * that gets them wrong must not count as a fast one; otherwise it checks
 * nothing. Any login is good.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sink.h"

/* How far "\r\n.\r\n" was seen: conn->edge. A dot at the beginning of a line
 * is held back until the byte behind it tells whether it ends the mail. */
enum { EDGE_NONE, EDGE_CR, EDGE_LINE, EDGE_DOT, EDGE_DOT_CR };

static void begin_message(conn_t *conn)
{
    hash_start(&conn->hash);
    conn->in_message = 1;
    conn->in_body = 0;
    conn->header_line = 0;
    conn->edge = EDGE_LINE;
}

/* Ready for the next MAIL. */
static void forget(conn_t *conn)
{
    conn->has_mail = 0;
    conn->has_rcpt = 0;
    conn->in_message = 0;
    conn->take = TAKE_COMMAND;
}

static void end_message(sink_t *sink, conn_t *conn)
{
    sink_counts_t *counts = &sink->counts;
    uint64_t hash = hash_end(&conn->hash);

    if (counts->messages++ == 0) {
        counts->first = hash;
    }
    counts->sum += hash;
    counts->intact += hash == sink->opts.expect;
    counts->odd += hash != counts->first;
    forget(conn);
    sink_reply(sink, conn, "250 2.0.0 Ok: queued as 4FzX2b1TkTz1\r\n");
}

/* Return how many of the bytes are header. A line of one byte is the CR of
 * the empty one, since no field is that short. */
static size_t skip_header(conn_t *conn, const char *data, size_t len)
{
    size_t at = 0;

    while (at < len && !conn->in_body) {
        const char *end = memchr(data + at, '\n', len - at);
        size_t n = end != NULL ? (size_t)(end - data) - at : len - at;

        conn->header_line += n;
        at += n;
        if (end != NULL) {
            conn->in_body = conn->header_line <= 1;
            conn->header_line = 0;
            at++;
        }
    }
    return at;
}

static void content(conn_t *conn, const char *data, size_t len)
{
    size_t at = conn->in_body ? 0 : skip_header(conn, data, len);

    if (at < len) {
        hash_add(&conn->hash, data + at, len - at);
    }
}

/* Go on from an edge with one byte; return how many bytes that took, and set
 * edge to -1 at the end of the mail. */
static size_t take_edge(conn_t *conn, const char *data)
{
    int edge = conn->edge;

    conn->edge = EDGE_NONE;
    if (edge == EDGE_CR && *data == '\n') {
        content(conn, data, 1);
        conn->edge = EDGE_LINE;
        return 1;
    }
    if (edge == EDGE_LINE && *data == '.') {
        conn->edge = EDGE_DOT;
        return 1;
    }
    if (edge == EDGE_DOT && *data == '\r') {
        conn->edge = EDGE_DOT_CR;
        return 1;
    }
    if (edge == EDGE_DOT_CR) {
        if (*data == '\n') {
            conn->edge = -1;
            return 1;
        }
        content(conn, "\r", 1);
    }
    return 0;
}

/* The first dot at the beginning of a line, or NULL. */
static const char *line_dot(const char *data, size_t len)
{
    const char *at = data;
    const char *dot;

    while ((dot = memchr(at, '.', len - (size_t)(at - data))) != NULL) {
        if (dot - data >= 2 && dot[-1] == '\n' && dot[-2] == '\r') {
            return dot;
        }
        at = dot + 1;
    }
    return NULL;
}

static int edge_of(const char *data, size_t len)
{
    if (data[len - 1] == '\r') {
        return EDGE_CR;
    }
    return len >= 2 && data[len - 1] == '\n' && data[len - 2] == '\r'
               ? EDGE_LINE : EDGE_NONE;
}

/* Content after DATA; return how many bytes belong to it. */
static size_t take_data(sink_t *sink, conn_t *conn, const char *data,
                        size_t len)
{
    size_t at = 0;

    while (at < len) {
        const char *dot;
        size_t n;

        if (conn->edge != EDGE_NONE) {
            at += take_edge(conn, data + at);
            if (conn->edge < 0) {
                end_message(sink, conn);
                return at;
            }
            continue;
        }
        dot = line_dot(data + at, len - at);
        n = dot != NULL ? (size_t)(dot - data) - at : len - at;
        content(conn, data + at, n);
        conn->edge = edge_of(data + at, n);
        at += n;
    }
    return len;
}

static size_t take_chunk(sink_t *sink, conn_t *conn, const char *data,
                         size_t len)
{
    size_t n = len < conn->chunk_left ? len : conn->chunk_left;

    content(conn, data, n);
    conn->chunk_left -= n;
    if (conn->chunk_left == 0) {
        conn->take = TAKE_COMMAND;
        if (conn->chunk_last) {
            end_message(sink, conn);
        }
        else {
            sink_reply(sink, conn, "250 2.0.0 Ok: chunk\r\n");
        }
    }
    return n;
}

static void refuse(sink_t *sink, conn_t *conn)
{
    sink->counts.errors++;
    sink_reply(sink, conn, "503 5.5.1 Bad sequence or command\r\n");
}

static void greet(sink_t *sink, conn_t *conn)
{
    const sink_opts_t *opts = &sink->opts;
    char text[256];

    (void)snprintf(text, sizeof(text),
                   "250-sink.example\r\n%s%s%s%s250-ENHANCEDSTATUSCODES\r\n"
                   "250-8BITMIME\r\n250 SIZE 209715200\r\n",
                   opts->pipelining ? "250-PIPELINING\r\n" : "",
                   opts->chunking ? "250-CHUNKING\r\n" : "",
                   sink->tls != NULL && conn->ssl == NULL
                       ? "250-STARTTLS\r\n" : "",
                   conn->ssl != NULL ? "250-AUTH PLAIN LOGIN\r\n" : "");
    forget(conn);
    sink_reply(sink, conn, text);
}

static void log_in(sink_t *sink, conn_t *conn, const char *line, size_t len)
{
    int lines = strncasecmp(line + 5, "LOGIN", 5) == 0 ? 2 : 1;
    const char *blank = memchr(line + 5, ' ', len - 5);

    lines -= blank != NULL;
    if (lines > 0) {
        conn->login_lines = lines;
        conn->take = TAKE_LOGIN;
        sink_reply(sink, conn, "334 \r\n");
        return;
    }
    sink->counts.logins++;
    sink_reply(sink, conn, "235 2.7.0 Authentication successful\r\n");
}

static void take_login(sink_t *sink, conn_t *conn)
{
    if (--conn->login_lines > 0) {
        sink_reply(sink, conn, "334 \r\n");
        return;
    }
    conn->take = TAKE_COMMAND;
    sink->counts.logins++;
    sink_reply(sink, conn, "235 2.7.0 Authentication successful\r\n");
}

static void begin_chunk(sink_t *sink, conn_t *conn, const char *line,
                        size_t len)
{
    if (!conn->in_message) {
        begin_message(conn);
    }
    conn->chunk_left = strtoul(line + 5, NULL, 10);
    conn->chunk_last = len > 9 && strncasecmp(line + len - 4, "LAST", 4) == 0;
    conn->take = TAKE_CHUNK;
    if (conn->chunk_left == 0) {
        (void)take_chunk(sink, conn, "", 0);
    }
}

static int is_verb(const char *line, size_t len, const char *verb)
{
    return len >= 4 && strncasecmp(line, verb, 4) == 0;
}

/* What belongs to a message; return 0 if it is something else. */
static int take_transaction(sink_t *sink, conn_t *conn, const char *line,
                            size_t len)
{
    if (is_verb(line, len, "MAIL") && !conn->has_mail) {
        conn->has_mail = 1;
        sink_reply(sink, conn, "250 2.1.0 Ok\r\n");
    }
    else if (is_verb(line, len, "RCPT") && conn->has_mail) {
        conn->has_rcpt = 1;
        sink_reply(sink, conn, "250 2.1.5 Ok\r\n");
    }
    else if (is_verb(line, len, "DATA") && conn->has_rcpt) {
        begin_message(conn);
        conn->take = TAKE_DATA;
        sink_reply(sink, conn, "354 End data with <CR><LF>.<CR><LF>\r\n");
    }
    else if (is_verb(line, len, "BDAT") && conn->has_rcpt && len > 5
             && sink->opts.chunking) {
        begin_chunk(sink, conn, line, len);
    }
    else {
        return 0;
    }
    return 1;
}

static void take_command(sink_t *sink, conn_t *conn, const char *line,
                         size_t len)
{
    if (conn->take == TAKE_LOGIN) {
        take_login(sink, conn);
    }
    else if (take_transaction(sink, conn, line, len)) {
        return;
    }
    else if (is_verb(line, len, "EHLO") || is_verb(line, len, "HELO")) {
        greet(sink, conn);
    }
    else if (is_verb(line, len, "RSET") || is_verb(line, len, "NOOP")) {
        if ((line[0] | 0x20) == 'r') {
            forget(conn);
        }
        sink_reply(sink, conn, "250 2.0.0 Ok\r\n");
    }
    else if (is_verb(line, len, "QUIT")) {
        conn->over = 1;
        sink_reply(sink, conn, "221 2.0.0 Bye\r\n");
    }
    else if (is_verb(line, len, "STAR") && sink->tls != NULL
             && conn->ssl == NULL) {
        conn->want_tls = 1;
        sink_reply(sink, conn, "220 2.0.0 Ready to start TLS\r\n");
    }
    else if (is_verb(line, len, "AUTH") && conn->ssl != NULL && len > 5) {
        log_in(sink, conn, line, len);
    }
    else {
        refuse(sink, conn);
    }
}

/* A line, or a part of one; return how many bytes that took. */
static size_t take_line(sink_t *sink, conn_t *conn, const char *data,
                        size_t len)
{
    const char *end = memchr(data, '\n', len);
    size_t n = end != NULL ? (size_t)(end - data) + 1 : len;
    const char *line = data;
    size_t line_len = n;

    if (end == NULL || conn->line_len > 0) {
        if (conn->line_len + n > sizeof(conn->line)) {
            sink_die("a command is too long");
        }
        memcpy(conn->line + conn->line_len, data, n);
        conn->line_len += n;
        line = conn->line;
        line_len = conn->line_len;
    }
    if (end != NULL) {
        conn->line_len = 0;
        line_len -= line_len >= 2 && line[line_len - 2] == '\r' ? 2 : 1;
        take_command(sink, conn, line, line_len);
    }
    return n;
}

void smtp_take(sink_t *sink, conn_t *conn, const char *data, size_t len)
{
    while (len > 0 && !conn->over) {
        size_t n;

        switch (conn->take) {
        case TAKE_DATA:
            n = take_data(sink, conn, data, len);
            break;
        case TAKE_CHUNK:
            n = take_chunk(sink, conn, data, len);
            break;
        default:
            n = take_line(sink, conn, data, len);
            break;
        }
        data += n;
        len -= n;
    }
}
