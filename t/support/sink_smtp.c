/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_smtp.c: what a sink decides: envelopes, content, and the answers to
 * them, noted with what they are for.
 */

#include "sink_int.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "../tap/tap.h"

static void violation(sink_session_t *session, const char *what)
{
    sink_t *sink = session->sink;

    if (!session->draining) {
        pthread_mutex_lock(&sink->lock);
        snprintf(sink->violation, sizeof(sink->violation), "%s: %.120s", what,
                 session->line);
        pthread_mutex_unlock(&sink->lock);
    }
}

/* Return the code of a refusal, or 0. */
static int refusal(sink_session_t *session)
{
    static const int codes[] = { 450, 451, 452, 550, 552, 554 };

    return sink_chance(session, session->sink->refuses)
               ? codes[sink_roll(session, 6)] : 0;
}

/* The envelope. */

static void close_transaction(sink_session_t *session)
{
    session->open = 0;
    session->failed = 0;
    session->rcpt_count = 0;
    session->asked_count = 0;
    session->domain_count = 0;
    session->head_len = 0;
    session->tail_len = 0;
}

static void count_refusal(sink_session_t *session, int rcpt)
{
    if (!session->draining) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->rcpts[session->id][rcpt].refused++;
        pthread_mutex_unlock(&session->sink->lock);
    }
}

/* A reply against all of a message; RCPT may come behind it. */
static void refuse_all(sink_session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < SINK_RCPTS; i++) {
        count_refusal(session, i);
    }
}

static void take_hello(sink_session_t *session)
{
    const char *at = session->sink->extensions;

    if (!at) {
        sink_say(session, "250 sink");
        return;
    }
    sink_say(session, "250-sink");
    for (;;) {
        size_t len = strcspn(at, "\n");

        sink_say(session, "250%c%.*s", at[len] ? '-' : ' ', (int)len, at);
        if (!at[len]) {
            return;
        }
        at += len + 1;
    }
}

static void take_mail(sink_session_t *session)
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
        sink_say_421(session);
        return;
    }
    pthread_mutex_lock(&sink->lock);
    number = ++sink->mails;
    sink->began[session->id] = smtpc__monotonic();
    pthread_mutex_unlock(&sink->lock);
    if (number == sink->close_at_mail) {
        sink_break_off(session, session->out_len);
        session->open = 1;
        return;
    }
    session->mails++;
    code = refusal(session);
    if (code != 0) {
        sink_say(session, "%d not you", code);
        refuse_all(session);
        return;
    }
    sink_say(session, "250 2.1.0 sender");
    session->open = 1;
}

/* Note the domain of the recipient in the line. */
static void note_domain(sink_session_t *session)
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

static void accept_rcpt(sink_session_t *session, int rcpt)
{
    sink_say(session, "250 2.1.5 recipient");
    session->rcpts[session->rcpt_count++] = rcpt;
    pthread_mutex_lock(&session->sink->lock);
    if (session->rcpt_count > session->sink->most_rcpts) {
        session->sink->most_rcpts = session->rcpt_count;
    }
    pthread_mutex_unlock(&session->sink->lock);
}

static void take_rcpt(sink_session_t *session)
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
        sink_say(session, "503 5.5.1 MAIL first");
        count_refusal(session, rcpt);
    }
    else if (sink->refuse
             && strncmp(rest, sink->refuse, strlen(sink->refuse)) == 0) {
        sink_say(session, "550 5.1.1 nobody");
        count_refusal(session, rcpt);
    }
    else if (sink->rcpt_cap > 0 && session->rcpt_count >= sink->rcpt_cap) {
        sink_say(session, "%s", sink->surplus ? sink->surplus
                                         : "452 4.5.3 Too many recipients");
        count_refusal(session, rcpt);
    }
    else if (code != 0) {
        sink_say(session, "%d nobody", code);
        count_refusal(session, rcpt);
    }
    else {
        accept_rcpt(session, rcpt);
    }
}

/* Content. */

static void look_at_content(sink_session_t *session)
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

static void keep_content(sink_session_t *session, char byte)
{
    if (session->head_len + 1 < SINK_HEAD_SIZE) {
        session->head[session->head_len++] = byte;
    }
    if (session->tail_len == SINK_TAIL_SIZE) {
        memmove(session->tail, session->tail + 1, SINK_TAIL_SIZE - 1);
        session->tail_len--;
    }
    session->tail[session->tail_len++] = byte;
}

/* The reply just said is the answer to all of the message for rcpt. With the
 * sink's lock. */
static void note_answer(sink_session_t *session, int rcpt)
{
    if (session->answer_count == SINK_ANSWERS) {
        tap_bail("too many answers");
    }
    session->answers[session->answer_count++] = (sink_answer_t){
        session->out_len, session->id, rcpt };
}

/* It is for all that were asked for: what was said of them may be lost, too. */
static void note_answers(sink_session_t *session)
{
    int i;

    for (i = 0; session->id >= 0 && i < session->asked_count; i++) {
        note_answer(session, session->asked[i]);
    }
}

/* Decide for the recipients from..to of the transaction with one reply. */
static int decide(sink_session_t *session, int from, int to)
{
    sink_t *sink = session->sink;
    int code = refusal(session);
    int i;

    if (code != 0) {
        sink_say(session, "%d not that", code);
    }
    else {
        sink_say(session, "250 2.0.0 Ok: queued as M%d", session->id);
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
static void take_message(sink_session_t *session)
{
    sink_t *sink = session->sink;
    size_t before = session->out_len;
    int accepted = 0;
    int number;
    int i;

    if (session->draining) {
        sink_doubt_present(session);
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
        sink_break_off(session, before);
    }
    else if (accepted && number == sink->hangs_up) {
        session->mode = SINK_GONE;
    }
}

static void take_data(sink_session_t *session)
{
    int code = refusal(session);

    if (session->draining) {
        return;
    }
    if (session->rcpt_count == 0 || !session->open) {
        sink_say(session, "503 5.5.1 no valid recipients");
        refuse_all(session);
    }
    else if (code != 0) {
        sink_say(session, "%d no data", code);
        refuse_all(session);
        close_transaction(session);
    }
    else {
        sink_say(session, "354 go");
        session->mode = SINK_CONTENT;
        session->eol = 2;
    }
}

static void take_content(sink_session_t *session, char byte)
{
    static const char end[] = "\r\n.\r\n";

    keep_content(session, byte);
    session->eol = byte == end[session->eol] ? session->eol + 1
                                             : byte == '\r';
    if (session->eol == 5) {
        /* The dot and its line end. */
        session->tail_len -= 3;
        session->mode = SINK_COMMANDS;
        take_message(session);
    }
}

static void take_chunk_end(sink_session_t *session)
{
    int code = session->chunk_last ? 0 : refusal(session);

    session->mode = SINK_COMMANDS;
    if (session->draining) {
        if (session->chunk_last) {
            sink_doubt_present(session);
        }
    }
    else if (!session->open || session->failed || session->rcpt_count == 0) {
        sink_say(session, "503 5.5.1 no transaction");
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
        sink_say(session, "%d no", code);
        refuse_all(session);
        session->failed = 1;
    }
    else {
        sink_say(session, "250 2.0.0 more");
    }
}

/* Commands. */

static void take_other(sink_session_t *session)
{
    const char *line = session->line;

    if (strncmp(line, "EHLO ", 5) == 0 || strncmp(line, "LHLO ", 5) == 0) {
        take_hello(session);
    }
    else if (strcmp(line, "RSET") == 0) {
        close_transaction(session);
        sink_say(session, "250 2.0.0 flushed");
    }
    else if (strcmp(line, "QUIT") == 0) {
        sink_say(session, "221 2.0.0 bye");
        session->mode = SINK_GONE;
    }
    else if (strcmp(line, "NOOP") == 0) {
        sink_say(session, "250 2.0.0 ok");
    }
    else if (strncmp(line, "VRFY ", 5) == 0 || strncmp(line, "EXPN ", 5) == 0
             || strcmp(line, "HELP") == 0) {
        sink_say(session, "252 2.0.0 perhaps");
    }
    else {
        violation(session, "unknown command");
    }
}

static void take_line(sink_session_t *session)
{
    const char *line = session->line;

    if (sink_chance(session, session->sink->says_421)
        && strcmp(line, "QUIT") != 0) {
        pthread_mutex_lock(&session->sink->lock);
        session->sink->broken++;
        pthread_mutex_unlock(&session->sink->lock);
        if (strncmp(line, "MAIL FROM:<m", 12) == 0) {
            session->id = atoi(line + strlen("MAIL FROM:<m"));
        }
        refuse_all(session);
        sink_say_421(session);
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
        session->mode = SINK_CHUNK;
        if (session->chunk_left == 0) {
            take_chunk_end(session);
        }
    }
    else {
        take_other(session);
    }
}

void sink_take_byte(sink_session_t *session, char byte)
{
    if (session->mode == SINK_CONTENT) {
        take_content(session, byte);
    }
    else if (session->mode == SINK_CHUNK) {
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
    else if (session->line_len + 1 < SINK_LINE_SIZE) {
        session->line[session->line_len++] = byte;
    }
}
