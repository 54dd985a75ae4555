/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dkim_canon.c: relaxed canonicalisation of bodies and header fields.
 *
 * A body is taken in any number of pieces and never held. Line ends are
 * counted and written only when text follows, which is what drops the empty
 * lines at the end; blanks likewise, which drops those at the end of a line
 * and makes one of several. Nothing depends on how the body is cut.
 *
 * Not here: the simple forms, which break at the first relay that folds.
 * RFC 6376 3.4.2, 3.4.4, 5.3.
 */
#include "mime/dkim_canon.h"

#include <string.h>

#define IS_BLANK(c) ((c) == ' ' || (c) == '\t')

static void flush(smtpc_dkim_body_t *body)
{
    if (body->used > 0) {
        body->write(body->baton, body->buf, body->used);
        body->used = 0;
    }
}

static void put(smtpc_dkim_body_t *body, const char *data, apr_size_t len)
{
    if (len > sizeof(body->buf) - body->used) {
        flush(body);
    }
    if (len > sizeof(body->buf)) {
        body->write(body->baton, data, len);
        return;
    }
    memcpy(body->buf + body->used, data, len);
    body->used += len;
}

void smtpc__dkim_body_begin(smtpc_dkim_body_t *body,
                            smtpc__dkim_write_fn_t write, void *baton)
{
    memset(body, 0, sizeof(*body));
    body->write = write;
    body->baton = baton;
}

/* Write the line ends and the blank in front of text. */
static void put_pending(smtpc_dkim_body_t *body)
{
    for (; body->breaks > 0; body->breaks--) {
        put(body, "\r\n", 2);
    }
    if (body->blank) {
        put(body, " ", 1);
        body->blank = 0;
    }
    body->text = 1;
}

static void end_line(smtpc_dkim_body_t *body)
{
    body->breaks++;
    body->blank = 0;
}

/* Return the length of the run at data without blanks and line ends. */
static apr_size_t text_run(const char *data, apr_size_t len)
{
    apr_size_t n = 0;

    while (n < len && data[n] != '\r' && data[n] != '\n'
           && !IS_BLANK(data[n])) {
        n++;
    }
    return n;
}

void smtpc__dkim_body_feed(smtpc_dkim_body_t *body, const char *data,
                           apr_size_t len)
{
    apr_size_t i = 0;

    while (i < len) {
        char c = data[i];
        apr_size_t run;

        if (c == '\r' || c == '\n') {
            /* The LF of a CRLF was counted with its CR. */
            if (c == '\r' || !body->cr) {
                end_line(body);
            }
            body->cr = c == '\r';
            i++;
            continue;
        }
        body->cr = 0;
        if (IS_BLANK(c)) {
            body->blank = 1;
            i++;
            continue;
        }
        run = text_run(data + i, len - i);
        put_pending(body);
        put(body, data + i, run);
        i += run;
    }
}

void smtpc__dkim_body_end(smtpc_dkim_body_t *body)
{
    if (body->text) {
        put(body, "\r\n", 2);
    }
    flush(body);
}

int smtpc__dkim_next_field(smtpc_dkim_field_t *field, const char **pos,
                           apr_size_t *len)
{
    const char *start = *pos;
    const char *colon;
    apr_size_t n = 0;

    if (*len == 0 || *start == '\r' || *start == '\n') {
        return 0;
    }
    /* Up to the line end that no blank follows. */
    do {
        const char *stop = memchr(start + n, '\n', *len - n);

        n = stop != NULL ? (apr_size_t)(stop - start) + 1 : *len;
    } while (n < *len && IS_BLANK(start[n]));
    colon = memchr(start, ':', n);
    field->data = start;
    field->len = n;
    field->name_len = colon != NULL ? (apr_size_t)(colon - start) : n;
    *pos += n;
    *len -= n;
    return 1;
}

apr_size_t smtpc__dkim_relax_field(char *out, const smtpc_dkim_field_t *field)
{
    apr_size_t name = field->name_len;
    apr_size_t n = 0;
    apr_size_t value;
    int blank = 0;

    while (name > 0 && IS_BLANK(field->data[name - 1])) {
        name--;
    }
    for (apr_size_t i = 0; i < name; i++) {
        char c = field->data[i];

        out[n++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    }
    out[n++] = ':';
    value = n;
    for (apr_size_t i = field->name_len + 1; i < field->len; i++) {
        char c = field->data[i];

        if (c == '\r' || c == '\n') {
            continue;
        }
        if (IS_BLANK(c)) {
            blank = 1;
            continue;
        }
        if (blank && n > value) {
            out[n++] = ' ';
        }
        blank = 0;
        out[n++] = c;
    }
    memcpy(out + n, "\r\n", 2);
    return n + 2;
}
