/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.c: content transfer encodings as sources, RFC 2045 6 and 6.8.
 *
 * An encoder pulls from its source into one buffer, makes CRLF of line ends
 * if it is text, and encodes from there into the reader's memory, or through
 * a buffer of its own if that is small. What it writes depends on the bytes
 * alone, never on how many were asked for. Memory is fixed.
 *
 * The last line has no line end (in a multipart that belongs to the
 * delimiter behind it) unless it ends the whole message.
 *
 * Not here: the choice of an encoding (scan.c).
 */
#include "mime/encode.h"

#include <string.h>

#include <apr_errno.h>

#include "base/codec.h"
#include "base/crlf.h"
#include "base/source_int.h"
#include "mime/quoted.h"

/* Input and output of one line of base64. */
#define LINE_IN 57
#define LINE_OUT 76

/* Bytes read from the source at once, as text. */
#define RAW_SIZE 4096
/* Bytes ready to be encoded: a whole number of base64 lines. */
#define IN_SIZE ((apr_size_t)LINE_IN * 144)
/* Bytes encoded ahead for a reader that asks for few. */
#define OUT_SIZE 4096
/* A reader that asks for so many gets them without a copy. */
#define DIRECT_MIN 1024
/* Bytes encoded at once to be counted. */
#define MEASURE_SIZE 4096
/* Room for one step of any encoding: CRLF and a line of base64. */
#define STEP_ROOM (2 + LINE_OUT)

typedef struct encoder_t encoder_t;

typedef struct buffers_t {
    char raw[RAW_SIZE];
    char in[IN_SIZE];
    char out[OUT_SIZE];
} buffers_t;

struct smtpc_encode_area_t {
    apr_pool_t *pool;
    buffers_t *buffers;
    const encoder_t *owner; /* whose bytes are in the buffers */
};

/* Where an encoder stands: all zero at the first byte. */
typedef struct state_t {
    apr_size_t raw_start, raw_end;
    apr_size_t in_start, in_end;
    apr_size_t out_start, out_end;
    apr_size_t column; /* quoted-printable */
    int active;        /* reading has begun */
    int cr;            /* the last raw byte was a CR */
    int eof;           /* the source has ended */
    int begun;         /* something was written */
    int at_line_end;   /* the last thing written was a CRLF */
    int finished;
} state_t;

struct encoder_t {
    smtpc_source_t *source;
    smtpc_encode_opts_t opts;
    smtpc_encode_area_t *area;
    buffers_t *b;
    const char *raw; /* what was read of text: in the buffers, or lent */
    const char *in;  /* what is to be encoded, likewise */
    state_t s;
};

void smtpc__encode_area_create(smtpc_encode_area_t **area, apr_pool_t *pool)
{
    *area = apr_pcalloc(pool, sizeof(**area));
    (*area)->pool = pool;
}

/* Copy text from in to out, each line end as CRLF, until one of them is used
 * up; *cr tells of a CR at the end of the text before. */
static apr_size_t normalise(int *cr, char *out, apr_size_t room,
                            apr_size_t *used, const char *in, apr_size_t len)
{
    apr_size_t i = 0;
    apr_size_t n = 0;

    while (i < len && room - n >= 2) {
        apr_size_t most = len - i < room - n ? len - i : room - n;
        apr_size_t run = smtpc__crlf_run(in + i, most, 0);

        if (run > 0) {
            memcpy(out + n, in + i, run);
            n += run;
            i += run;
            *cr = 0;
            continue;
        }
        if (in[i] == '\r' || !*cr) {
            out[n++] = '\r';
            out[n++] = '\n';
        }
        *cr = in[i] == '\r';
        i++;
    }
    *used = i;
    return n;
}

/* Get up to *len bytes of the source, and count its end as a success: *data is
 * where they are, in buf if they are nowhere yet. */
static apr_status_t get(encoder_t *e, const char **data, char *buf,
                        apr_size_t *len)
{
    apr_status_t rv = smtpc__source_lend(data, buf, len, e->source);

    if (APR_STATUS_IS_EOF(rv)) {
        e->s.eof = 1;
        return APR_SUCCESS;
    }
    return rv;
}

/* Get text to be looked at, if there is none. */
static apr_status_t fill_raw(encoder_t *e)
{
    state_t *s = &e->s;
    apr_size_t len = RAW_SIZE;
    apr_status_t rv;

    if (s->raw_start < s->raw_end) {
        return APR_SUCCESS;
    }
    rv = get(e, &e->raw, e->b->raw, &len);
    if (rv == APR_SUCCESS) {
        s->raw_start = 0;
        s->raw_end = len;
    }
    return rv;
}

/* Make CRLF of the line ends of text on its way to out. */
static apr_size_t pass_text(encoder_t *e, char *out, apr_size_t room)
{
    state_t *s = &e->s;
    apr_size_t used;
    apr_size_t n = normalise(&s->cr, out, room, &used, e->raw + s->raw_start,
                             s->raw_end - s->raw_start);

    s->raw_start += used;
    return n;
}

static apr_status_t fill_text(encoder_t *e)
{
    state_t *s = &e->s;
    apr_status_t rv = fill_raw(e);

    if (rv == APR_SUCCESS) {
        s->in_end += pass_text(e, e->b->in + s->in_end, IN_SIZE - s->in_end);
    }
    return rv;
}

/* Bytes that begin the input stay where they are. */
static apr_status_t fill_bytes(encoder_t *e)
{
    state_t *s = &e->s;
    apr_size_t len = IN_SIZE - s->in_end;
    const char *data;
    apr_status_t rv = get(e, &data, e->b->in + s->in_end, &len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (s->in_end == 0 && len > 0) {
        e->in = data;
    }
    else if (data != e->b->in + s->in_end) {
        memcpy(e->b->in + s->in_end, data, len);
    }
    s->in_end += len;
    return APR_SUCCESS;
}

/* Return non-zero if nothing but the line ends of the source change. */
static int is_plain_text(const encoder_t *e)
{
    return e->opts.text && e->opts.encoding != SMTPC_ENCODING_BASE64
           && e->opts.encoding != SMTPC_ENCODING_QUOTED_PRINTABLE;
}

/* Get input: up to the end of the source, or until the buffer has less than
 * two free bytes, or as much as is lent. */
static apr_status_t fill(encoder_t *e)
{
    state_t *s = &e->s;
    apr_size_t left = s->in_end - s->in_start;
    apr_status_t rv = APR_SUCCESS;

    if (is_plain_text(e)) {
        return fill_raw(e);
    }
    memmove(e->b->in, e->in + s->in_start, left);
    e->in = e->b->in;
    s->in_start = 0;
    s->in_end = left;
    while (rv == APR_SUCCESS && !s->eof && e->in == e->b->in
           && IN_SIZE - s->in_end >= (e->opts.text ? 2u : 1u)) {
        rv = e->opts.text ? fill_text(e) : fill_bytes(e);
    }
    return rv;
}

static apr_size_t step_base64(encoder_t *e, char *out, apr_size_t room)
{
    state_t *s = &e->s;
    apr_size_t n = 0;

    while (room - n >= STEP_ROOM) {
        apr_size_t len = s->in_end - s->in_start;

        if (len > LINE_IN) {
            len = LINE_IN;
        }
        if (len == 0 || (len < LINE_IN && !s->eof)) {
            break;
        }
        if (s->begun) {
            out[n++] = '\r';
            out[n++] = '\n';
        }
        n += smtpc__base64_encode(out + n, e->in + s->in_start, len);
        s->in_start += len;
        s->begun = 1;
    }
    return n;
}

static apr_size_t step_quoted(encoder_t *e, char *out, apr_size_t room)
{
    state_t *s = &e->s;
    apr_size_t used;
    apr_size_t n = smtpc__quoted_step(&s->column, out, room, &used,
                                      e->in + s->in_start,
                                      s->in_end - s->in_start, s->eof);

    s->in_start += used;
    if (n > 0) {
        s->begun = 1;
        s->at_line_end = out[n - 1] == '\n';
    }
    return n;
}

static apr_size_t step_copy(encoder_t *e, char *out, apr_size_t room)
{
    state_t *s = &e->s;
    apr_size_t n = s->in_end - s->in_start;

    if (is_plain_text(e)) {
        n = pass_text(e, out, room);
    }
    else {
        n = n < room ? n : room;
        memcpy(out, e->in + s->in_start, n);
        s->in_start += n;
    }
    if (n > 0) {
        s->begun = 1;
        s->at_line_end = out[n - 1] == '\n';
    }
    return n;
}

/* The message ends with a line end, which is no part of bytes that are no
 * text: quoted-printable has one that does not count. */
static apr_size_t end_last_line(const encoder_t *e, char *out)
{
    int soft = !e->opts.text
               && e->opts.encoding == SMTPC_ENCODING_QUOTED_PRINTABLE;

    memcpy(out, soft ? "=\r\n" : "\r\n", soft ? 3 : 2);
    return soft ? 3 : 2;
}

/* Write more to out, whose room is at least STEP_ROOM; nothing is written
 * only if the source has to be read first, or at the end. */
static apr_size_t step(encoder_t *e, char *out, apr_size_t room)
{
    state_t *s = &e->s;
    apr_size_t n;

    switch (e->opts.encoding) {
    case SMTPC_ENCODING_BASE64:
        n = step_base64(e, out, room);
        break;
    case SMTPC_ENCODING_QUOTED_PRINTABLE:
        n = step_quoted(e, out, room);
        break;
    default:
        n = step_copy(e, out, room);
        break;
    }
    if (n == 0 && s->eof && s->in_start == s->in_end) {
        if (e->opts.last && s->begun && !s->at_line_end) {
            n = end_last_line(e, out);
        }
        s->finished = 1;
    }
    return n;
}

/* Encode at least one byte to out unless all is done. */
static apr_status_t produce(encoder_t *e, char *out, apr_size_t room,
                            apr_size_t *written)
{
    *written = 0;
    while (!e->s.finished) {
        apr_status_t rv;

        *written = step(e, out, room);
        if (*written > 0 || e->s.finished) {
            break;
        }
        rv = fill(e);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

/* Get the buffers; another encoder between its first and last byte would lose
 * what it has there, so it cannot go on afterwards. */
static apr_status_t take_area(encoder_t *e)
{
    smtpc_encode_area_t *area = e->area;

    if (area->buffers == NULL) {
        area->buffers = apr_palloc(area->pool, sizeof(*area->buffers));
    }
    if (area->owner != e && e->s.active) {
        return SMTPC_ESOURCE;
    }
    if (!e->s.active) {
        /* Another encoder may have read the same source. */
        apr_status_t rv = smtpc_source_rewind(e->source);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    area->owner = e;
    e->b = area->buffers;
    if (!e->s.active) {
        e->raw = e->b->raw;
        e->in = e->b->in;
        e->s.active = 1;
    }
    return APR_SUCCESS;
}

static apr_status_t encoder_read(void *baton, char *buf, apr_size_t *len)
{
    encoder_t *e = baton;
    state_t *s = &e->s;
    apr_status_t rv;

    if (s->finished && s->out_start == s->out_end) {
        *len = 0;
        return APR_EOF;
    }
    rv = take_area(e);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (s->out_start == s->out_end && *len >= DIRECT_MIN) {
        rv = produce(e, buf, *len, len);
    }
    else {
        apr_size_t n;

        if (s->out_start == s->out_end) {
            s->out_start = 0;
            s->out_end = 0;
            rv = produce(e, e->b->out, OUT_SIZE, &s->out_end);
        }
        n = s->out_end - s->out_start;
        *len = *len < n ? *len : n;
        memcpy(buf, e->b->out + s->out_start, *len);
        s->out_start += *len;
    }
    return rv == APR_SUCCESS && *len == 0 ? APR_EOF : rv;
}

static apr_status_t encoder_rewind(void *baton)
{
    encoder_t *e = baton;
    apr_status_t rv = smtpc_source_rewind(e->source);

    if (rv == APR_SUCCESS) {
        memset(&e->s, 0, sizeof(e->s));
    }
    return rv;
}

static const char *encoder_error(void *baton)
{
    return smtpc__source_error(((encoder_t *)baton)->source);
}

static apr_off_t base64_length(apr_off_t length, int last)
{
    apr_off_t lines = (length + LINE_IN - 1) / LINE_IN;

    if (length <= 0) {
        return length;
    }
    return (length + 2) / 3 * 4 + 2 * (lines - 1) + (last ? 2 : 0);
}

apr_off_t smtpc__encoded_length(const smtpc_encode_opts_t *opts,
                                apr_off_t length, const smtpc_scan_t *scan)
{
    if (opts->text) {
        length = scan != NULL ? scan->length : SMTPC_LENGTH_UNKNOWN;
    }
    switch (opts->encoding) {
    case SMTPC_ENCODING_BASE64:
        return base64_length(length, opts->last);
    case SMTPC_ENCODING_QUOTED_PRINTABLE:
        return SMTPC_LENGTH_UNKNOWN;
    default:
        return scan != NULL && opts->last && scan->line > 0 ? length + 2
                                                            : length;
    }
}

apr_status_t smtpc__encoder_create(smtpc_source_t **encoded,
                                   smtpc_source_t *source,
                                   const smtpc_encode_opts_t *opts,
                                   apr_off_t length,
                                   smtpc_encode_area_t *area,
                                   apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = {
        encoder_read, encoder_rewind, encoder_error
    };
    static const smtpc__source_vtable_t once_vtable = {
        encoder_read, NULL, encoder_error
    };
    encoder_t *e = apr_pcalloc(pool, sizeof(*e));

    e->source = source;
    e->opts = *opts;
    e->area = area;
    return smtpc__source_create(encoded,
                                smtpc__source_can_rewind(source)
                                    ? &vtable : &once_vtable,
                                length, e, pool);
}

apr_status_t smtpc__encoder_measure(apr_off_t *length, smtpc_source_t *source,
                                    const smtpc_encode_opts_t *opts,
                                    smtpc_encode_area_t *area,
                                    apr_pool_t *pool)
{
    char buf[MEASURE_SIZE];
    smtpc_source_t *encoded;
    apr_off_t total = 0;
    apr_status_t rv = smtpc__encoder_create(&encoded, source, opts,
                                            SMTPC_LENGTH_UNKNOWN, area, pool);

    while (rv == APR_SUCCESS) {
        apr_size_t len = sizeof(buf);

        rv = smtpc_source_read(encoded, buf, &len);
        total += (apr_off_t)len;
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        return rv;
    }
    *length = total;
    return smtpc_source_rewind(source);
}
