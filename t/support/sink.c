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

#include "sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "../tap/tap.h"

enum { OUT_SIZE = 65536, LINE_SIZE = 1024, HEAD_SIZE = 4096, TAIL_SIZE = 16,
       ANSWERS = 8192 };

/* What comes now. */
typedef enum { COMMANDS, CONTENT, CHUNK, GONE } mode_e;

/* An answer to a whole message, for one recipient. */
typedef struct answer_t {
    size_t end; /* of the reply */
    int id;
    int rcpt;
} answer_t;

/* A connection. */
typedef struct session_t {
    sink_t *sink;
    peer_conn_t *conn;
    unsigned int random;
    mode_e mode;
    int draining; /* we are silent */
    char out[OUT_SIZE];
    size_t out_len;
    answer_t answers[ANSWERS];
    int answer_count;
    char line[LINE_SIZE];
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
    char head[HEAD_SIZE]; /* of the content */
    size_t head_len;
    char tail[TAIL_SIZE + 1];
    size_t tail_len;
    int eol;            /* bytes of CRLF . CRLF seen */
    long chunk_left;
    int chunk_last;
} session_t;

static unsigned int roll(session_t *session, unsigned int sides)
{
    session->random = session->random * 1103515245u + 12345u;
    return (session->random >> 12) % sides;
}

static int chance(session_t *session, unsigned int one_in)
{
    return !session->draining && one_in != 0 && roll(session, one_in) == 0;
}

static void violation(session_t *session, const char *what)
{
    sink_t *sink = session->sink;

    if (!session->draining) {
        pthread_mutex_lock(&sink->lock);
        snprintf(sink->violation, sizeof(sink->violation), "%s: %.120s", what,
                 session->line);
        pthread_mutex_unlock(&sink->lock);
    }
}

static void say(session_t *session, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static int flush(session_t *session);

static void say(session_t *session, const char *format, ...)
{
    va_list args;
    int len;

    if (session->draining) {
        return;
    }
    if (session->out_len + 512 > OUT_SIZE) {
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

/* Return the code of a refusal, or 0. */
static int refusal(session_t *session)
{
    static const int codes[] = { 450, 451, 452, 550, 552, 554 };

    return chance(session, session->sink->refuses) ? codes[roll(session, 6)]
                                                   : 0;
}

/* The end. */

static void note_doubt(session_t *session, int id, int rcpt)
{
    pthread_mutex_lock(&session->sink->lock);
    session->sink->rcpts[id][rcpt].doubtful = 1;
    pthread_mutex_unlock(&session->sink->lock);
}

/* All of the present message was or may have been handed over. */
static void doubt_present(session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < session->asked_count; i++) {
        note_doubt(session, session->id, session->asked[i]);
    }
}

/* Answers whose end was not said are lost. */
static void doubt_unsaid(session_t *session, size_t said)
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

/* Say `said` bytes of what there is to say, and no more ever. */
static void break_off(session_t *session, size_t said)
{
    (void)peer_send(session->conn, session->out, said);
    doubt_unsaid(session, said);
    session->out_len = 0;
    session->draining = 1;
    peer_half_close(session->conn);
}

/* Write what was said; zero if the client has gone. */
static int flush(session_t *session)
{
    size_t len = session->out_len;
    size_t at = 0;
    int ok = 1;

    if (session->draining || len == 0) {
        return 1;
    }
    if (chance(session, session->sink->cuts)) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->broken++;
        pthread_mutex_unlock(&session->sink->lock);
        break_off(session, roll(session, (unsigned int)len + 1));
        return 1;
    }
    while (ok && at < len) {
        size_t piece = len - at;

        if (chance(session, session->sink->splits)) {
            piece = 1 + roll(session, (unsigned int)piece);
        }
        ok = peer_send(session->conn, session->out + at, piece);
        at += piece;
    }
    session->answer_count = 0;
    session->out_len = 0;
    return ok;
}

static void say_421(session_t *session)
{
    say(session, "421 4.3.2 closing");
    break_off(session, session->out_len);
}

/* The envelope. */

static void close_transaction(session_t *session)
{
    session->open = 0;
    session->failed = 0;
    session->rcpt_count = 0;
    session->asked_count = 0;
    session->domain_count = 0;
    session->head_len = 0;
    session->tail_len = 0;
}

static void count_refusal(session_t *session, int rcpt)
{
    if (!session->draining) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->rcpts[session->id][rcpt].refused++;
        pthread_mutex_unlock(&session->sink->lock);
    }
}

/* A reply against all of a message; RCPT may come behind it. */
static void refuse_all(session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < SINK_RCPTS; i++) {
        count_refusal(session, i);
    }
}

static void take_hello(session_t *session)
{
    const char *at = session->sink->extensions;

    if (!at) {
        say(session, "250 sink");
        return;
    }
    say(session, "250-sink");
    for (;;) {
        size_t len = strcspn(at, "\n");

        say(session, "250%c%.*s", at[len] ? '-' : ' ', (int)len, at);
        if (!at[len]) {
            return;
        }
        at += len + 1;
    }
}

static void take_mail(session_t *session)
{
    sink_t *sink = session->sink;
    int number = 0;
    int code;

    if (session->open) {
        violation(session, "MAIL in a transaction");
    }
    close_transaction(session);
    session->id = atoi(session->line + strlen("MAIL FROM:<m"));
    if (session->id < 0 || session->id >= SINK_MESSAGES) {
        tap_bail("message %d", session->id);
    }
    if (session->draining) {
        session->open = 1;
        return;
    }
    if (sink->mail_cap > 0 && session->mails >= sink->mail_cap) {
        refuse_all(session);
        say_421(session);
        return;
    }
    pthread_mutex_lock(&sink->lock);
    number = ++sink->mails;
    sink->began[session->id] = smtpc__monotonic();
    pthread_mutex_unlock(&sink->lock);
    if (number == sink->close_at_mail) {
        break_off(session, session->out_len);
        session->open = 1;
        return;
    }
    session->mails++;
    code = refusal(session);
    if (code != 0) {
        say(session, "%d not you", code);
        refuse_all(session);
        return;
    }
    say(session, "250 2.1.0 sender");
    session->open = 1;
}

/* Note the domain of the recipient in the line. */
static void note_domain(session_t *session)
{
    const char *at = strchr(session->line, '@');
    int i;

    for (i = 0; at && i < session->domain_count; i++) {
        if (strncmp(session->domains[i], at, 15) == 0) {
            return;
        }
    }
    if (at) {
        apr_cpystrn(session->domains[session->domain_count++], at, 16);
    }
    pthread_mutex_lock(&session->sink->lock);
    if (session->domain_count > session->sink->most_domains) {
        session->sink->most_domains = session->domain_count;
    }
    pthread_mutex_unlock(&session->sink->lock);
}

static void accept_rcpt(session_t *session, int rcpt)
{
    say(session, "250 2.1.5 recipient");
    session->rcpts[session->rcpt_count++] = rcpt;
    pthread_mutex_lock(&session->sink->lock);
    if (session->rcpt_count > session->sink->most_rcpts) {
        session->sink->most_rcpts = session->rcpt_count;
    }
    pthread_mutex_unlock(&session->sink->lock);
}

static void take_rcpt(session_t *session)
{
    sink_t *sink = session->sink;
    const char *rest = session->line + strlen("RCPT TO:<");
    const char *dash = strchr(rest, '-');
    int rcpt = dash ? atoi(dash + 1) : -1;
    int code;

    if (rcpt < 0 || rcpt >= SINK_RCPTS || atoi(rest + 1) != session->id
        || session->asked_count == SINK_RCPTS) {
        violation(session, "another RCPT than belongs to MAIL");
        return;
    }
    session->asked[session->asked_count++] = rcpt;
    note_domain(session);
    code = refusal(session);
    if (!session->open) {
        say(session, "503 5.5.1 MAIL first");
        count_refusal(session, rcpt);
    }
    else if (sink->refuse
             && strncmp(rest, sink->refuse, strlen(sink->refuse)) == 0) {
        say(session, "550 5.1.1 nobody");
        count_refusal(session, rcpt);
    }
    else if (sink->rcpt_cap > 0 && session->rcpt_count >= sink->rcpt_cap) {
        say(session, "%s", sink->surplus ? sink->surplus
                                         : "452 4.5.3 Too many recipients");
        count_refusal(session, rcpt);
    }
    else if (code != 0) {
        say(session, "%d nobody", code);
        count_refusal(session, rcpt);
    }
    else {
        accept_rcpt(session, rcpt);
    }
}

/* Content. */

static void look_at_content(session_t *session)
{
    char subject[32];
    char end[32];

    snprintf(subject, sizeof(subject), "Subject: m%d\r\n", session->id);
    snprintf(end, sizeof(end), "end of m%d\r\n", session->id);
    session->head[session->head_len] = '\0';
    session->tail[session->tail_len] = '\0';
    if (!strstr(session->head, subject)) {
        violation(session, "content of another message");
    }
    if (!strstr(session->tail, end)) {
        violation(session, "content that is not whole");
    }
}

static void keep_content(session_t *session, char byte)
{
    if (session->head_len + 1 < HEAD_SIZE) {
        session->head[session->head_len++] = byte;
    }
    if (session->tail_len == TAIL_SIZE) {
        memmove(session->tail, session->tail + 1, TAIL_SIZE - 1);
        session->tail_len--;
    }
    session->tail[session->tail_len++] = byte;
}

/* The reply just said is the answer to all of the message for rcpt. With the
 * sink's lock. */
static void note_answer(session_t *session, int rcpt)
{
    if (session->answer_count == ANSWERS) {
        tap_bail("too many answers");
    }
    session->answers[session->answer_count++] = (answer_t){
        session->out_len, session->id, rcpt };
}

/* It is for all that were asked for: what was said of them may be lost, too. */
static void note_answers(session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < session->asked_count; i++) {
        note_answer(session, session->asked[i]);
    }
}

/* Decide for the recipients from..to of the transaction with one reply. */
static int decide(session_t *session, int from, int to)
{
    sink_t *sink = session->sink;
    int code = refusal(session);
    int i;

    if (code != 0) {
        say(session, "%d not that", code);
    }
    else {
        say(session, "250 2.0.0 Ok: queued as M%d", session->id);
    }
    pthread_mutex_lock(&sink->lock);
    for (i = from; i < to; i++) {
        sink_rcpt_t *rcpt = &sink->rcpts[session->id][session->rcpts[i]];

        rcpt->accepted += code == 0;
        rcpt->refused += code != 0;
        note_answer(session, session->rcpts[i]);
    }
    pthread_mutex_unlock(&sink->lock);
    return code == 0;
}

/* A message is here as a whole. */
static void take_message(session_t *session)
{
    sink_t *sink = session->sink;
    size_t before = session->out_len;
    int accepted = 0;
    int number;
    int i;

    if (session->draining) {
        doubt_present(session);
        close_transaction(session);
        return;
    }
    look_at_content(session);
    if (sink->lmtp) {
        for (i = 0; i < session->rcpt_count; i++) {
            accepted |= decide(session, i, i + 1);
        }
    }
    else {
        accepted = decide(session, 0, session->rcpt_count);
    }
    note_answers(session);
    pthread_mutex_lock(&sink->lock);
    number = sink->taken += accepted;
    if (accepted && number <= SINK_MESSAGES) {
        sink->order[number - 1] = session->id;
    }
    pthread_mutex_unlock(&sink->lock);
    close_transaction(session);
    if (accepted && number == sink->lose_final) {
        break_off(session, before);
    }
}

static void take_data(session_t *session)
{
    int code = refusal(session);

    if (session->draining) {
        return;
    }
    if (session->rcpt_count == 0 || !session->open) {
        say(session, "503 5.5.1 no valid recipients");
        refuse_all(session);
    }
    else if (code != 0) {
        say(session, "%d no data", code);
        refuse_all(session);
        close_transaction(session);
    }
    else {
        say(session, "354 go");
        session->mode = CONTENT;
        session->eol = 2;
    }
}

static void take_content(session_t *session, char byte)
{
    static const char end[] = "\r\n.\r\n";

    keep_content(session, byte);
    session->eol = byte == end[session->eol] ? session->eol + 1
                                             : byte == '\r';
    if (session->eol == 5) {
        /* The dot and its line end. */
        session->tail_len -= 3;
        session->mode = COMMANDS;
        take_message(session);
    }
}

static void take_chunk_end(session_t *session)
{
    int code = session->chunk_last ? 0 : refusal(session);

    session->mode = COMMANDS;
    if (session->draining) {
        if (session->chunk_last) {
            doubt_present(session);
        }
    }
    else if (!session->open || session->failed || session->rcpt_count == 0) {
        say(session, "503 5.5.1 no transaction");
        refuse_all(session);
        session->failed = 1;
        if (session->chunk_last) {
            note_answers(session);
        }
    }
    else if (session->chunk_last) {
        take_message(session);
    }
    else if (code != 0) {
        say(session, "%d no", code);
        refuse_all(session);
        session->failed = 1;
    }
    else {
        say(session, "250 2.0.0 more");
    }
}

/* Commands. */

static void take_other(session_t *session)
{
    const char *line = session->line;

    if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "LHLO ", 5) == 0) {
        take_hello(session);
    }
    else if (strcmp(line, "RSET") == 0) {
        close_transaction(session);
        say(session, "250 2.0.0 flushed");
    }
    else if (strcmp(line, "QUIT") == 0) {
        say(session, "221 2.0.0 bye");
        session->mode = GONE;
    }
    else if (strcmp(line, "NOOP") == 0) {
        say(session, "250 2.0.0 ok");
    }
    else {
        violation(session, "unknown command");
    }
}

static void take_line(session_t *session)
{
    const char *line = session->line;

    if (chance(session, session->sink->says_421)
        && strcmp(line, "QUIT") != 0) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->broken++;
        pthread_mutex_unlock(&session->sink->lock);
        if (strncmp(line, "MAIL FROM:<m", 12) == 0) {
            session->id = atoi(line + strlen("MAIL FROM:<m"));
        }
        refuse_all(session);
        say_421(session);
    }
    if (strncmp(line, "MAIL FROM:<m", 12) == 0) {
        take_mail(session);
    }
    else if (strncmp(line, "RCPT TO:<m", 10) == 0) {
        take_rcpt(session);
    }
    else if (strcmp(line, "DATA") == 0) {
        take_data(session);
    }
    else if (strncmp(line, "BDAT ", 5) == 0) {
        session->chunk_left = atol(line + 5);
        session->chunk_last = strstr(line, " LAST") != NULL;
        session->mode = CHUNK;
        if (session->chunk_left == 0) {
            take_chunk_end(session);
        }
    }
    else {
        take_other(session);
    }
}

static void take_byte(session_t *session, char byte)
{
    if (session->mode == CONTENT) {
        take_content(session, byte);
    }
    else if (session->mode == CHUNK) {
        keep_content(session, byte);
        if (--session->chunk_left == 0) {
            take_chunk_end(session);
        }
    }
    else if (byte == '\n') {
        session->line_len -= session->line_len > 0;
        session->line[session->line_len] = '\0';
        session->line_len = 0;
        take_line(session);
    }
    else if (session->line_len + 1 < LINE_SIZE) {
        session->line[session->line_len++] = byte;
    }
}

/* Serve until the client goes; zero if it was reset. */
static int serve(session_t *session)
{
    char buf[4096];
    size_t len;
    size_t i;

    while (session->mode != GONE && flush(session)
           && (len = peer_read(session->conn, buf, sizeof(buf))) > 0) {
        if (chance(session, session->sink->resets)) {
            return 0;
        }
        for (i = 0; i < len && session->mode != GONE; i++) {
            take_byte(session, buf[i]);
        }
    }
    (void)flush(session);
    return 1;
}

void sink_init(sink_t *sink)
{
    pthread_mutex_init(&sink->lock, NULL);
}

void sink_serve(peer_conn_t *conn, void *baton)
{
    session_t *session = calloc(1, sizeof(*session));
    sink_t *sink = baton;
    int i;

    if (!session) {
        tap_bail("no memory");
    }
    session->sink = sink;
    session->conn = conn;
    session->id = -1;
    session->random = sink->seed * 7919u + (unsigned int)peer_conn_index(conn);
    if (chance(session, sink->says_421)) {
        pthread_mutex_lock(&sink->lock);
        sink->broken++;
        pthread_mutex_unlock(&sink->lock);
        say_421(session);
    }
    say(session, "220 sink");
    if (!serve(session)) {
        pthread_mutex_lock(&sink->lock);
        sink->broken++;
        /* What was said may be lost, and what was not read counts, too. */
        for (i = 0; i < SINK_MESSAGES * SINK_RCPTS; i++) {
            sink->rcpts[i / SINK_RCPTS][i % SINK_RCPTS].doubtful = 1;
        }
        pthread_mutex_unlock(&sink->lock);
        peer_reset(conn);
    }
    else if (session->mode == CONTENT && session->eol > 0) {
        doubt_present(session);
    }
    free(session);
}
