/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c: scripts of dialogues, and a session driven by one.
 *
 * A mistake in a script bails out: it is never taken for a passed case. The
 * driver calls the session as its header demands and reports the first
 * difference; what the session makes of the dialogue is for the caller.
 */
#include "replay.h"

#include <stdlib.h>
#include <string.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "../tap/tap.h"

/* Longest script file. */
#define SCRIPT_MAX (1024 * 1024)

/* Reading scripts. */

typedef struct {
    apr_array_header_t *cases;
    replay_case_t *script;  /* the present one */
    const char *file;
    int line;
    apr_pool_t *pool;
} reader_t;

static void add_event(reader_t *reader, replay_kind_e kind, const char *data,
                      apr_size_t len)
{
    replay_event_t *event = apr_array_push(reader->script->events);

    event->kind = kind;
    event->data = data;
    event->len = len;
    event->line = reader->line;
}

static void add_line(reader_t *reader, replay_kind_e kind, const char *text)
{
    const char *data = apr_pstrcat(reader->pool, text, "\r\n", NULL);

    add_event(reader, kind, data, strlen(data));
}

static void mistake(const reader_t *reader, const char *what)
{
    tap_bail("%s:%d: %s", reader->file, reader->line, what);
}

/* Return the byte that the escape at *p stands for, moving *p to its end. */
static char unescape_one(const reader_t *reader, const char **p)
{
    char digits[3] = "";

    switch (*++*p) {
    case 'r':
        return '\r';
    case 'n':
        return '\n';
    case 't':
        return '\t';
    case '0':
        return '\0';
    case '\\':
        return '\\';
    case 'x':
        memcpy(digits, *p + 1, strnlen(*p + 1, 2));
        *p += strlen(digits);
        return (char)strtol(digits, NULL, 16);
    default:
        mistake(reader, "unknown escape");
        return '\0';
    }
}

/* Return text with its escapes resolved; *len is set to its length. */
static const char *unescape(const reader_t *reader, const char *text,
                            apr_size_t *len)
{
    char *data = apr_palloc(reader->pool, strlen(text) + 1);

    *len = 0;
    for (; *text != '\0'; text++) {
        data[(*len)++] = *text == '\\' ? unescape_one(reader, &text) : *text;
    }
    data[*len] = '\0';
    return data;
}

static void add_raw(reader_t *reader, replay_kind_e kind, const char *text)
{
    apr_size_t len;
    const char *data = unescape(reader, text, &len);

    add_event(reader, kind, data, len);
}

/* EHLO or another verb, and its reply with the capabilities in text,
 * separated by ';'. */
static void add_ehlo(reader_t *reader, const char *verb, const char *text)
{
    char *caps = apr_pstrdup(reader->pool, text);
    char *state;
    char *cap;
    const char *pending = "mx.example.org";

    add_line(reader, REPLAY_CLIENT_SAYS,
             apr_pstrcat(reader->pool, verb, " " REPLAY_CLIENT, NULL));
    for (cap = apr_strtok(caps, ";", &state); cap != NULL;
         cap = apr_strtok(NULL, ";", &state)) {
        add_line(reader, REPLAY_SERVER,
                 apr_pstrcat(reader->pool, "250-", pending, NULL));
        pending = cap + strspn(cap, " ");
    }
    add_line(reader, REPLAY_SERVER,
             apr_pstrcat(reader->pool, "250 ", pending, NULL));
}

static void add_envelope(reader_t *reader)
{
    add_event(reader, REPLAY_SEND, NULL, 0);
    add_line(reader, REPLAY_CLIENT_SAYS, "MAIL FROM:<" REPLAY_FROM ">");
    add_line(reader, REPLAY_SERVER, "250 2.1.0 Ok");
    add_line(reader, REPLAY_CLIENT_SAYS, "RCPT TO:<" REPLAY_TO ">");
    add_line(reader, REPLAY_SERVER, "250 2.1.5 Ok");
}

static void add_data(reader_t *reader)
{
    add_line(reader, REPLAY_CLIENT_SAYS, "DATA");
    add_line(reader, REPLAY_SERVER, "354 End with a dot");
    add_line(reader, REPLAY_CLIENT_SAYS, REPLAY_CONTENT ".");
}

static void add_bye(reader_t *reader)
{
    add_event(reader, REPLAY_QUIT, NULL, 0);
    add_line(reader, REPLAY_CLIENT_SAYS, "QUIT");
    add_line(reader, REPLAY_SERVER, "221 2.0.0 Bye");
}

/* What a pipelining client says; 0 if word is none of it. */
static int add_pipelined(reader_t *reader, const char *word)
{
    static const char envelope[] = "MAIL FROM:<" REPLAY_FROM ">\r\n"
                                   "RCPT TO:<" REPLAY_TO ">\r\n";

    if (strcmp(word, "ENVELOPE-DATA") == 0) {
        add_line(reader, REPLAY_CLIENT_SAYS,
                 apr_pstrcat(reader->pool, envelope, "DATA", NULL));
    }
    else if (strcmp(word, "CONTENT") == 0) {
        add_line(reader, REPLAY_CLIENT_SAYS, REPLAY_CONTENT ".");
    }
    else if (strcmp(word, "CHUNKED") == 0) {
        const char *all = apr_psprintf(reader->pool, "%sBDAT %d LAST\r\n%s",
                                       envelope,
                                       (int)strlen(REPLAY_CONTENT),
                                       REPLAY_CONTENT);

        add_event(reader, REPLAY_CLIENT_SAYS, all, strlen(all));
    }
    else {
        return 0;
    }
    return 1;
}

/* A word of its own, or a macro; 0 if word is none. */
static int add_word(reader_t *reader, const char *word, const char *rest)
{
    static const struct {
        const char *word;
        replay_kind_e kind;
    } words[] = {
        { "TLS", REPLAY_TLS },   { "SEND", REPLAY_SEND },
        { "WORK", REPLAY_WORK },
        { "QUIT", REPLAY_QUIT }, { "EOF", REPLAY_EOF },
        { "TIMEOUT", REPLAY_TIMEOUT }, { "ROOM", REPLAY_ROOM },
        { "ASK", REPLAY_ASK },
    };

    for (apr_size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            add_event(reader, words[i].kind, rest, 0);
            return 1;
        }
    }
    if (strcmp(word, "HELLO") == 0 || strcmp(word, "LHELLO") == 0) {
        add_line(reader, REPLAY_SERVER, "220 mx.example.org ESMTP");
        add_ehlo(reader, *word == 'H' ? "EHLO" : "LHLO", rest);
        return 1;
    }
    if (strcmp(word, "EHLO") == 0) {
        add_ehlo(reader, word, rest);
        return 1;
    }
    if (strcmp(word, "ENVELOPE") == 0 || strcmp(word, "MESSAGE") == 0) {
        add_envelope(reader);
    }
    if (strcmp(word, "DATA") == 0 || strcmp(word, "MESSAGE") == 0) {
        add_data(reader);
    }
    if (strcmp(word, "MESSAGE") == 0) {
        add_line(reader, REPLAY_SERVER, "250 2.0.0 Ok: queued as 4F1A2B");
    }
    if (strcmp(word, "BYE") == 0) {
        add_bye(reader);
    }
    return strcmp(word, "ENVELOPE") == 0 || strcmp(word, "MESSAGE") == 0
           || strcmp(word, "DATA") == 0 || strcmp(word, "BYE") == 0
           || add_pipelined(reader, word);
}

/* "S: x" and the like; 0 if line is none. */
static int add_said(reader_t *reader, const char *line)
{
    static const struct {
        const char *mark;
        replay_kind_e kind;
        int raw;
    } marks[] = {
        { "S:", REPLAY_SERVER, 0 },
        { "S-early:", REPLAY_SERVER_EARLY, 0 },
        { "S-raw:", REPLAY_SERVER, 1 },
        { "C:", REPLAY_CLIENT_SAYS, 0 },
        { "C-raw:", REPLAY_CLIENT_SAYS, 1 },
    };

    for (apr_size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        apr_size_t len = strlen(marks[i].mark);

        if (strncmp(line, marks[i].mark, len) == 0) {
            line += len;
            line += *line == ' ';
            if (marks[i].raw) {
                add_raw(reader, marks[i].kind, line);
            }
            else {
                add_line(reader, marks[i].kind, line);
            }
            return 1;
        }
    }
    return 0;
}

static void begin_case(reader_t *reader, const char *name)
{
    replay_case_t *script = apr_pcalloc(reader->pool, sizeof(*script));

    script->name = name;
    script->events = apr_array_make(reader->pool, 16, sizeof(replay_event_t));
    script->values = apr_table_make(reader->pool, 4);
    script->expects = apr_array_make(reader->pool, 4, sizeof(const char *));
    reader->script = script;
    APR_ARRAY_PUSH(reader->cases, replay_case_t *) = script;
}

static void read_line(reader_t *reader, const char *line)
{
    const char *rest = line + strcspn(line, " ");
    const char *word = apr_pstrmemdup(reader->pool, line,
                                      (apr_size_t)(rest - line));

    rest += strspn(rest, " ");
    if (*line == '\0' || *line == '#') {
        return;
    }
    if (strcmp(word, "===") == 0) {
        begin_case(reader, rest);
        return;
    }
    if (reader->script == NULL) {
        mistake(reader, "no case begun");
    }
    if ((strcmp(word, "set") == 0 || strcmp(word, "set-raw") == 0)
        && strchr(rest, '=') != NULL) {
        const char *value = strchr(rest, '=') + 1;
        apr_size_t len;

        apr_table_set(reader->script->values,
                      apr_pstrmemdup(reader->pool, rest,
                                     (apr_size_t)(value - rest - 1)),
                      word[3] == '-' ? unescape(reader, value, &len)
                                     : value);
    }
    else if (strcmp(word, "expect") == 0) {
        APR_ARRAY_PUSH(reader->script->expects, const char *) = rest;
    }
    else if (!add_said(reader, line) && !add_word(reader, word, rest)) {
        mistake(reader, apr_pstrcat(reader->pool, "unknown: ", line, NULL));
    }
}

apr_array_header_t *replay_parse(const char *text, const char *name,
                                 apr_pool_t *pool)
{
    reader_t reader = { NULL, NULL, name, 0, pool };

    reader.cases = apr_array_make(pool, 32, sizeof(replay_case_t *));
    while (*text != '\0') {
        apr_size_t len = strcspn(text, "\n");

        reader.line++;
        read_line(&reader, apr_pstrmemdup(pool, text, len));
        text += len + (text[len] == '\n');
    }
    return reader.cases;
}

apr_array_header_t *replay_load(const char *name, apr_pool_t *pool)
{
    const char *top = getenv("TOP_SRCDIR");
    const char *path = apr_pstrcat(pool, top != NULL ? top : ".",
                                   "/t/scripts/", name, NULL);
    char *text = apr_pcalloc(pool, SCRIPT_MAX + 1);
    apr_size_t len = 0;
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT, pool)
            != APR_SUCCESS
        || apr_file_read_full(file, text, SCRIPT_MAX, &len) != APR_EOF) {
        tap_bail("cannot read %s", path);
    }
    apr_file_close(file);
    return replay_parse(text, name, pool);
}

const char *replay_value(const replay_case_t *script, const char *name,
                         const char *otherwise)
{
    const char *value = apr_table_get(script->values, name);

    return value != NULL ? value : otherwise;
}

const char *replay_quote(const char *data, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len * 4 + 3);
    char *p = out;

    *p++ = '"';
    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)data[i];

        if (c == '\r' || c == '\n') {
            *p++ = '\\';
            *p++ = c == '\r' ? 'r' : 'n';
        }
        else if (c < ' ' || c >= 0x7f) {
            p += apr_snprintf(p, 5, "\\x%02x", c);
        }
        else {
            *p++ = (char)c;
        }
    }
    *p++ = '"';
    *p = '\0';
    return out;
}

/* Driving a session. */

const char *replay_cut_name(replay_cut_e cut)
{
    static const char *const names[REPLAY_CUT_COUNT] = {
        [REPLAY_WHOLE] = "whole",
        [REPLAY_BY_LINE] = "by line",
        [REPLAY_BY_BYTE] = "by byte",
    };

    return names[cut];
}

typedef struct {
    smtpc_session_t *session;
    replay_cut_e cut;
    const replay_owner_t *owner;
    int line;
    apr_pool_t *pool;
} driver_t;

static const char *differs(const driver_t *driver, const char *expected,
                           const char *got)
{
    static const char *const wants[] = { "read", "write", "TLS", "work",
                                         "ready", "close" };

    return apr_psprintf(driver->pool, "line %d: expected %s, got %s "
                        "(wants %s; %s)", driver->line, expected, got,
                        wants[smtpc__session_want(driver->session)],
                        smtpc__session_error(driver->session));
}

/* Feed one server event; the session may end in the middle of it. */
static void feed(const driver_t *driver, const replay_event_t *event)
{
    apr_size_t step = driver->cut == REPLAY_BY_BYTE ? 1 : event->len;
    apr_status_t rv = APR_SUCCESS;

    for (apr_size_t at = 0; at < event->len && rv == APR_SUCCESS;
         at += step) {
        rv = smtpc__session_feed(driver->session, event->data + at, step);
    }
}

/* Feed the server events from events[0] on that come in a row; return how
 * many they are. */
static int feed_segment(const driver_t *driver, const replay_event_t *events,
                        int count)
{
    replay_event_t all = events[0];
    char *data;
    apr_size_t len = 0;
    int run = 0;

    while (run < count && events[run].kind == events[0].kind) {
        len += events[run++].len;
    }
    if (driver->cut != REPLAY_WHOLE) {
        feed(driver, events);
        return 1;
    }
    all.data = data = apr_palloc(driver->pool, len);
    all.len = len;
    for (int i = 0; i < run; i++) {
        memcpy(data, events[i].data, events[i].len);
        data += events[i].len;
    }
    feed(driver, &all);
    return run;
}

/* Pull what event says the client must say. */
static const char *pull(const driver_t *driver, const replay_event_t *event)
{
    apr_size_t at = 0;

    while (at < event->len) {
        const char *data;
        apr_size_t len;
        apr_size_t cut = driver->cut == REPLAY_BY_BYTE ? 1
                                                       : event->len - at;

        if (smtpc__session_pull(&data, &len, driver->session)
                != APR_SUCCESS || len == 0) {
            return differs(driver, replay_quote(event->data + at,
                                                event->len - at,
                                                driver->pool), "nothing");
        }
        len = len > cut ? cut : len;
        if (memcmp(data, event->data + at, len) != 0) {
            return differs(driver, replay_quote(event->data + at,
                                                event->len - at,
                                                driver->pool),
                           replay_quote(data, len, driver->pool));
        }
        smtpc__session_sent(driver->session, len);
        at += len;
    }
    return NULL;
}

/* Return a complaint if the session wants to say something. */
static const char *expect_silence(const driver_t *driver)
{
    const char *data;
    apr_size_t len;

    if (smtpc__session_pull(&data, &len, driver->session) == APR_SUCCESS
        && len > 0) {
        return differs(driver, "nothing from the client",
                       replay_quote(data, len, driver->pool));
    }
    return NULL;
}

/* Return a complaint if there is another room than event says. */
static const char *room(const driver_t *driver, const replay_event_t *event)
{
    int there = smtpc__session_room(driver->session) != 0;

    return there == (*event->data != '0')
               ? NULL : differs(driver, there ? "no room" : "room",
                                "the contrary");
}

/* Return what the session has to want for an event of kind. */
static smtpc_want_e needed_want(replay_kind_e kind)
{
    return kind == REPLAY_TLS ? SMTPC_WANT_TLS
           : kind == REPLAY_WORK ? SMTPC_WANT_WORK : SMTPC_WANT_READY;
}

/* TLS, WORK, SEND, ASK, QUIT: events that need the session to want something. */
static const char *act(const driver_t *driver, const replay_event_t *event)
{
    static const char *const wants[] = { "", "", "a session that wants TLS",
                                         "a session that wants work",
                                         "a ready session" };
    replay_kind_e kind = event->kind;
    smtpc_want_e needed = needed_want(kind);

    if (kind == REPLAY_SEND && smtpc__session_room(driver->session)) {
        driver->owner->send(driver->owner->baton, driver->session);
        return NULL;
    }
    if (kind == REPLAY_SEND
        || smtpc__session_want(driver->session) != needed) {
        return differs(driver, wants[needed], "another");
    }
    if (kind == REPLAY_TLS) {
        smtpc__session_secured(driver->session, &driver->owner->secured);
    }
    else if (kind == REPLAY_WORK) {
        smtpc__sasl_run(smtpc__session_sasl(driver->session));
        smtpc__session_worked(driver->session);
    }
    else if (kind == REPLAY_ASK) {
        driver->owner->ask(driver->owner->baton, driver->session,
                           event->data);
    }
    else {
        smtpc__session_quit(driver->session);
    }
    return NULL;
}

/* Do events[0], and what is one with it; *done is set to their number. */
static const char *replay_event(const driver_t *driver, int *done,
                                const replay_event_t *events, int count)
{
    const char *complaint;

    *done = 1;
    switch (events[0].kind) {
    case REPLAY_SERVER:
        complaint = expect_silence(driver);
        if (complaint == NULL
            && smtpc__session_want(driver->session) == SMTPC_WANT_CLOSE) {
            complaint = differs(driver, "a live session", "its end");
        }
        if (complaint == NULL) {
            *done = feed_segment(driver, events, count);
        }
        return complaint;
    case REPLAY_SERVER_EARLY:
        *done = feed_segment(driver, events, count);
        return NULL;
    case REPLAY_CLIENT_SAYS:
        return pull(driver, events);
    case REPLAY_EOF:
        smtpc__session_abort(driver->session, SMTPC_ECONNECT,
                             "the server closed the connection");
        return NULL;
    case REPLAY_TIMEOUT:
        smtpc__session_abort(driver->session, SMTPC_ETIMEOUT,
                             "no answer in time");
        return NULL;
    case REPLAY_ROOM:
        return room(driver, events);
    default:
        return act(driver, events);
    }
}

const char *replay_session(smtpc_session_t *session,
                           const replay_case_t *script, replay_cut_e cut,
                           const replay_owner_t *owner, apr_pool_t *pool)
{
    driver_t driver = { session, cut, owner, 0, pool };
    const replay_event_t *events = (const void *)script->events->elts;
    int count = script->events->nelts;
    int done;

    for (int i = 0; i < count; i += done) {
        const char *complaint;

        driver.line = events[i].line;
        complaint = replay_event(&driver, &done, events + i, count - i);
        if (complaint != NULL) {
            return complaint;
        }
    }
    return expect_silence(&driver);
}
