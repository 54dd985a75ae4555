/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowed.c: format=flowed, RFC 3676 4, as a source.
 *
 * A line of the text is a paragraph. What is longer than 78 characters is
 * broken behind blanks, which stay, so that a reader who joins the lines again
 * has the text; blanks at the ends of the text's own lines go, because they
 * would join them too. Lines that begin with ">" are quotes, and what they are
 * broken into is quoted as deep. The signature's "-- " stays.
 *
 * A window of the text is looked at, so that a paragraph may be of any length;
 * words longer than it are not broken. Memory is fixed.
 */
#include "mime/flowed.h"

#include <string.h>

#include "base/limits.h"
#include "base/source_int.h"

/* Bytes of the text looked at: more than a line of content may have, so that
 * a word without an end in it is too long for any encoding but two. */
#define WINDOW 1024
/* Deeper quotes are text. */
#define DEPTH_MAX 32
/* Quotes, a blank, the window, a line end. */
#define OUT_SIZE (DEPTH_MAX + 1 + WINDOW + 2)

/* Where on a line of the text we are. */
typedef enum {
    AT_START, /* nothing of it is written */
    AT_BREAK, /* behind a soft break */
    IN_WORD   /* in a word that is longer than the window */
} place_e;

typedef struct flowed_t {
    smtpc_source_t *source;
    apr_pool_t *pool;
    char *in;
    char *out; /* NULL until the first read */
    apr_size_t in_len;
    apr_size_t out_start, out_end;
    apr_size_t depth; /* of the quote this line is */
    place_e place;
    int begun;
    int skip_lf; /* the last line ended with CR */
    int eof;
} flowed_t;

/* The part of a line that is in the window. */
typedef struct line_t {
    const char *text;
    apr_size_t len;  /* without blanks at its end */
    apr_size_t raw;  /* with them */
    int ends;        /* nothing more of it follows */
    int line_end;    /* there is a line end behind it */
} line_t;

static void drop(flowed_t *f, apr_size_t len)
{
    f->in_len -= len;
    memmove(f->in, f->in + len, f->in_len);
}

/* Fill the window, and leave out the LF of a CRLF that was cut. */
static apr_status_t fill(flowed_t *f)
{
    apr_status_t rv = APR_SUCCESS;

    do {
        while (!f->eof && f->in_len < WINDOW && rv == APR_SUCCESS) {
            apr_size_t len = WINDOW - f->in_len;

            rv = smtpc_source_read(f->source, f->in + f->in_len, &len);
            if (APR_STATUS_IS_EOF(rv)) {
                f->eof = 1;
                rv = APR_SUCCESS;
                break;
            }
            f->in_len += len;
        }
        if (f->skip_lf && f->in_len > 0) {
            f->skip_lf = 0;
            if (f->in[0] == '\n') {
                drop(f, 1);
                continue;
            }
        }
        break;
    } while (rv == APR_SUCCESS);
    return rv;
}

static void put(flowed_t *f, const char *text, apr_size_t len)
{
    memcpy(f->out + f->out_end, text, len);
    f->out_end += len;
}

/* Take the quote marks at the start of a line. */
static void take_quotes(flowed_t *f)
{
    apr_size_t n = 0;

    while (n < f->in_len && n < DEPTH_MAX && f->in[n] == '>') {
        n++;
    }
    f->depth = n;
    if (n > 0 && n < f->in_len && f->in[n] == ' ') {
        n++;
    }
    drop(f, n);
}

static line_t look(const flowed_t *f)
{
    line_t line = { f->in, 0, 0, 0, 0 };

    while (line.raw < f->in_len && f->in[line.raw] != '\r'
           && f->in[line.raw] != '\n') {
        line.raw++;
    }
    line.line_end = line.raw < f->in_len;
    line.ends = line.line_end || f->eof;
    line.len = line.raw;
    while (line.len > 0 && f->in[line.len - 1] == ' ') {
        line.len--;
    }
    if (line.ends && f->place == AT_START && line.raw == 3
        && memcmp(line.text, "-- ", 3) == 0) {
        line.len = 3;
    }
    return line;
}

static int needs_stuffing(const flowed_t *f, const line_t *line)
{
    return f->place != IN_WORD && line->len > 0
           && (f->depth > 0 || line->text[0] == ' ' || line->text[0] == '>'
               || (line->len >= 5 && memcmp(line->text, "From ", 5) == 0));
}

/* Characters that a line has room for. */
static apr_size_t room_of(const flowed_t *f, const line_t *line)
{
    return f->place == IN_WORD
               ? 0
               : SMTPC_LIMIT_HEADER_LINE - f->depth
                     - (needs_stuffing(f, line) ? 1 : 0);
}

/* The length up to which the line is written before a soft break, its last
 * blank included; 0: as a whole. The first blank will do if there is none in
 * the room. */
static apr_size_t find_break(const flowed_t *f, const line_t *line)
{
    apr_size_t room = room_of(f, line);
    apr_size_t best = 0;
    apr_size_t column = 0;
    int word = 0;

    for (apr_size_t i = 0; i < line->len; i++) {
        column += ((unsigned char)line->text[i] & 0xc0) != 0x80;
        if (best > 0 && column > room) {
            return best;
        }
        /* "-- " alone on a line would be a signature's. */
        if (line->text[i] == ' ' && (word || f->place == IN_WORD)
            && !(i == 2 && memcmp(line->text, "--", 2) == 0)) {
            best = i + 1;
        }
        word |= line->text[i] != ' ';
    }
    return column > room || !line->ends ? best : 0;
}

static void put_prefix(flowed_t *f, const line_t *line)
{
    if (f->place == IN_WORD) {
        return;
    }
    for (apr_size_t i = 0; i < f->depth; i++) {
        put(f, ">", 1);
    }
    if (needs_stuffing(f, line)) {
        put(f, " ", 1);
    }
}

/* Write the rest of the line, or as much of it as there is. */
static void put_rest(flowed_t *f, const line_t *line)
{
    apr_size_t used = line->raw;

    if (!line->ends && line->len == 0) {
        /* So many blanks are no text: one is left. */
        drop(f, line->raw - 1);
        return;
    }
    put_prefix(f, line);
    put(f, line->text, line->len);
    if (!line->ends) {
        f->place = IN_WORD;
        drop(f, line->len);
        return;
    }
    if (line->line_end) {
        f->skip_lf = f->in[used] == '\r';
        put(f, "\r\n", 2);
        used++;
    }
    f->place = AT_START;
    drop(f, used);
}

/* Write one line; nothing is written at the end of the text only. */
static apr_status_t produce(flowed_t *f)
{
    f->out_start = 0;
    f->out_end = 0;
    while (f->out_end == 0) {
        apr_size_t stop;
        line_t line;
        apr_status_t rv = fill(f);

        if (rv != APR_SUCCESS || f->in_len == 0) {
            return rv;
        }
        if (f->place == AT_START) {
            take_quotes(f);
            rv = fill(f);
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        line = look(f);
        stop = find_break(f, &line);
        if (stop == 0) {
            put_rest(f, &line);
            continue;
        }
        put_prefix(f, &line);
        put(f, line.text, stop);
        put(f, "\r\n", 2);
        f->place = AT_BREAK;
        drop(f, stop);
    }
    return APR_SUCCESS;
}

static apr_status_t flowed_read(void *baton, char *buf, apr_size_t *len)
{
    flowed_t *f = baton;
    apr_size_t n;

    if (f->out == NULL) {
        f->in = apr_palloc(f->pool, WINDOW);
        f->out = apr_palloc(f->pool, OUT_SIZE);
    }
    if (!f->begun) {
        /* Somebody else may have read the same source. */
        apr_status_t rv = smtpc_source_rewind(f->source);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        f->begun = 1;
    }
    if (f->out_start == f->out_end) {
        apr_status_t rv = produce(f);

        if (rv != APR_SUCCESS || f->out_end == 0) {
            *len = 0;
            return rv != APR_SUCCESS ? rv : APR_EOF;
        }
    }
    n = f->out_end - f->out_start;
    *len = *len < n ? *len : n;
    memcpy(buf, f->out + f->out_start, *len);
    f->out_start += *len;
    return APR_SUCCESS;
}

static apr_status_t flowed_rewind(void *baton)
{
    flowed_t *f = baton;

    f->in_len = 0;
    f->out_start = 0;
    f->out_end = 0;
    f->depth = 0;
    f->place = AT_START;
    f->begun = 0;
    f->skip_lf = 0;
    f->eof = 0;
    return smtpc_source_rewind(f->source);
}

static const char *flowed_error(void *baton)
{
    return smtpc__source_error(((flowed_t *)baton)->source);
}

apr_status_t smtpc__flowed_create(smtpc_source_t **flowed,
                                  smtpc_source_t *source, apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = {
        flowed_read, flowed_rewind, flowed_error
    };
    static const smtpc__source_vtable_t once_vtable = {
        flowed_read, NULL, flowed_error
    };
    flowed_t *f = apr_pcalloc(pool, sizeof(*f));

    f->source = source;
    f->pool = pool;
    return smtpc__source_create(flowed,
                                smtpc__source_can_rewind(source)
                                    ? &vtable : &once_vtable,
                                SMTPC_LENGTH_UNKNOWN, f, pool);
}
