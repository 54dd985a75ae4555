/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eml.c: messages that exist as bytes.
 *
 * Line ends become CRLF before anything else looks at the bytes, so what is
 * taken for the header here is what every receiver takes for it, and no bare
 * CR or LF is left that one of them could read differently. Bcc, Resent-Bcc
 * and the envelope of a pickup file (X-Sender, X-Receiver), however they are
 * written, are in no block that is sent. Nothing else is changed: what cannot be sent as it is, is refused, never encoded.
 *
 * The source is read twice, once to see what is in it, once to send it; if it
 * is not the same then, the send fails before its final dot.
 *
 * Not here: what the fields mean (message_load.c).
 * RFC 5322 2.1, 2.2, 4.5 (blanks in front of the colon), RFC 6532 3.
 */
#include "mime/eml.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/source_int.h"
#include "mime/encode.h"

/* What was seen of a text with line ends CRLF. */
typedef struct check_t {
    apr_off_t length;
    apr_off_t line;    /* of the text, counted from 1 */
    apr_size_t column; /* bytes of the present line */
    int eight_bit;
} check_t;

/* A body on its way out. */
typedef struct body_t {
    const smtpc_eml_t *eml;
    smtpc_source_t *text; /* the whole message, line ends CRLF */
    apr_size_t skipped;   /* bytes of the header that have passed */
    check_t check;
    const char *why;      /* or NULL */
} body_t;

/* Return what is wrong with the next len bytes at data, or NULL. */
static const char *check(check_t *c, const char *data, apr_size_t len)
{
    const char *nul = memchr(data, '\0', len);
    const char *end = nul != NULL ? nul : data + len;

    c->length += (apr_off_t)len;
    c->eight_bit |= !smtpc__is_ascii(data, len);
    while (data < end) {
        const char *lf = memchr(data, '\n', (apr_size_t)(end - data));
        apr_size_t n = (apr_size_t)((lf != NULL ? lf + 1 : end) - data);

        c->column += n;
        /* A CR is part of a line end that has perhaps not come yet. */
        if (c->column > SMTPC_LIMIT_CONTENT_LINE + 2
            || (c->column > SMTPC_LIMIT_CONTENT_LINE
                && data[n - 1] != '\n' && data[n - 1] != '\r')) {
            return "more than 998 bytes";
        }
        if (lf != NULL) {
            c->column = 0;
            c->line++;
        }
        data += n;
    }
    return nul != NULL ? "a NUL" : NULL;
}

/* Create text over source with line ends CRLF. */
static apr_status_t open_text(smtpc_source_t **text, smtpc_source_t *source,
                              apr_pool_t *pool)
{
    static const smtpc_encode_opts_t opts = { SMTPC_ENCODING_8BIT, 1, 1 };
    smtpc_encode_area_t *area;

    smtpc__encode_area_create(&area, pool);
    return smtpc__encoder_create(text, source, &opts, SMTPC_LENGTH_UNKNOWN,
                                 area, pool);
}

/* The body, when it is sent. */

static apr_status_t body_fail(body_t *b, const char *why)
{
    b->why = why;
    return SMTPC_ESOURCE;
}

/* Read what is in front of the body. */
static apr_status_t skip_head(body_t *b)
{
    char buf[1024];

    while (b->skipped < b->eml->head_len) {
        apr_size_t len = b->eml->head_len - b->skipped;
        apr_status_t rv;

        len = len < sizeof(buf) ? len : sizeof(buf);
        rv = smtpc_source_read(b->text, buf, &len);
        if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
            return rv;
        }
        if (rv != APR_SUCCESS
            || memcmp(buf, b->eml->head + b->skipped, len) != 0) {
            return body_fail(b, "the message is not what it was when it was "
                                "loaded: its header is another");
        }
        b->skipped += len;
    }
    return APR_SUCCESS;
}

static apr_status_t body_read(void *baton, char *buf, apr_size_t *len)
{
    body_t *b = baton;
    apr_status_t rv = skip_head(b);

    if (rv == APR_SUCCESS) {
        rv = smtpc_source_read(b->text, buf, len);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (check(&b->check, buf, *len) != NULL
        || b->check.eight_bit > b->eml->eight_bit) {
        return body_fail(b, "the message is not what it was when it was "
                            "loaded: its body cannot be sent");
    }
    return APR_SUCCESS;
}

static apr_status_t body_rewind(void *baton)
{
    body_t *b = baton;
    apr_status_t rv = smtpc_source_rewind(b->text);

    if (rv == APR_SUCCESS) {
        b->skipped = 0;
        memset(&b->check, 0, sizeof(b->check));
        b->why = NULL;
    }
    return rv;
}

static const char *body_error(void *baton)
{
    const body_t *b = baton;

    return b->why != NULL ? b->why : smtpc__source_error(b->text);
}

apr_status_t smtpc__eml_body(smtpc_source_t **body, const smtpc_eml_t *eml,
                             apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = {
        body_read, body_rewind, body_error
    };
    body_t *b = apr_pcalloc(pool, sizeof(*b));
    apr_status_t rv = smtpc_source_rewind(eml->source);

    if (rv == APR_SUCCESS) {
        rv = open_text(&b->text, eml->source, pool);
    }
    if (rv != APR_SUCCESS) {
        return SMTPC_ESOURCE;
    }
    b->eml = eml;
    return smtpc__source_create(body, &vtable, eml->body_length, b, pool);
}

/* The header, when it is loaded. */

/* A header that grows until its end is seen. */
typedef struct head_t {
    char *data;
    apr_size_t len;
    apr_size_t size;
    int complete; /* the empty line was seen */
} head_t;

/* Return the length of the header with its empty line in the len bytes at
 * data, which are the whole of it as far as it was read, or 0; nothing in
 * front of from has to be looked at again. */
static apr_size_t find_end(const char *data, apr_size_t len, apr_size_t from)
{
    if (len >= 2 && memcmp(data, "\r\n", 2) == 0) {
        return 2;
    }
    for (apr_size_t i = from > 3 ? from - 3 : 0; i + 4 <= len; i++) {
        const char *cr = memchr(data + i, '\r', len - i - 3);

        if (cr == NULL) {
            return 0;
        }
        i = (apr_size_t)(cr - data);
        if (memcmp(cr, "\r\n\r\n", 4) == 0) {
            return i + 4;
        }
    }
    return 0;
}

/* Take what belongs to the header from the len bytes at data. */
static apr_status_t take_head(head_t *head, const char *data, apr_size_t len,
                              apr_pool_t *pool)
{
    apr_size_t from = head->len;
    apr_size_t end;

    if (head->complete || len == 0) {
        return APR_SUCCESS;
    }
    if (head->len + len > head->size) {
        char *grown = apr_palloc(pool, 2 * (head->len + len));

        if (head->len > 0) {
            memcpy(grown, head->data, head->len);
        }
        head->size = 2 * (head->len + len);
        head->data = grown;
    }
    memcpy(head->data + head->len, data, len);
    head->len += len;
    end = find_end(head->data, head->len, from);
    if (end > 0) {
        head->len = end;
        head->complete = 1;
    }
    return head->len > SMTPC_LIMIT_HEADER_BLOCK ? SMTPC_ELIMIT : APR_SUCCESS;
}

/* Note what is wrong with the line the check stopped at. */
static apr_status_t fail_line(const char **why, const check_t *c,
                              const char *what, apr_pool_t *pool)
{
    *why = apr_psprintf(pool, "line %" APR_OFF_T_FMT " of the message has "
                        "%s; it cannot be sent as it is", c->line + 1, what);
    return SMTPC_EARG;
}

/* Read text to its end: its header to head, what else there is to know to
 * eml. */
static apr_status_t read_text(smtpc_eml_t *eml, head_t *head,
                              const char **why, smtpc_source_t *text,
                              apr_pool_t *pool)
{
    char *buf = apr_palloc(pool, SMTPC_LIMIT_OUTPUT_BUFFER);
    check_t all = { 0 };
    apr_status_t rv;

    for (;;) {
        apr_size_t len = SMTPC_LIMIT_OUTPUT_BUFFER;
        apr_size_t before = head->len;
        const char *what;

        rv = smtpc_source_read(text, buf, &len);
        if (rv != APR_SUCCESS) {
            break;
        }
        what = check(&all, buf, len);
        if (what != NULL) {
            return fail_line(why, &all, what, pool);
        }
        rv = take_head(head, buf, len, pool);
        if (rv != APR_SUCCESS) {
            *why = "the header is longer than 102400 bytes";
            return rv;
        }
        eml->eight_bit |= head->complete
                          && !smtpc__is_ascii(buf + (head->len - before),
                                              len - (head->len - before));
    }
    if (!APR_STATUS_IS_EOF(rv)) {
        *why = apr_pstrdup(pool, smtpc__source_error(text));
        return SMTPC_ESOURCE;
    }
    if (all.length == 0) {
        *why = "the message is empty";
        return SMTPC_EARG;
    }
    eml->body_length = all.length - (apr_off_t)head->len;
    return APR_SUCCESS;
}

/* Return the value at data, without its folds and the blanks around it. */
static const char *unfold(const char *data, apr_size_t len, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, len + 1);
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        if (data[i] == '\t') {
            value[n++] = ' ';
        }
        else if (data[i] != '\r' && data[i] != '\n'
                 && (n > 0 || data[i] != ' ')) {
            value[n++] = data[i];
        }
    }
    while (n > 0 && value[n - 1] == ' ') {
        n--;
    }
    value[n] = '\0';
    while (*value == ' ') {
        value++;
    }
    return value;
}

/* Return the length of the field name in the line of len bytes at line, and
 * set *colon to where its colon is; 0 if there is none. */
static apr_size_t name_length(const char *line, apr_size_t len,
                              apr_size_t *colon)
{
    apr_size_t n = 0;

    while (n < len && line[n] > ' ' && line[n] < 127 && line[n] != ':') {
        n++;
    }
    *colon = n;
    while (*colon < len && (line[*colon] == ' ' || line[*colon] == '\t')) {
        (*colon)++;
    }
    return *colon < len && line[*colon] == ':' ? n : 0;
}

/* The end of the field at data, whose continuations begin with a blank. */
static apr_size_t field_end(const char *data, apr_size_t len)
{
    apr_size_t at = 0;

    do {
        const char *lf = memchr(data + at, '\n', len - at);

        at = lf != NULL ? (apr_size_t)(lf - data) + 1 : len;
    } while (at < len && (data[at] == ' ' || data[at] == '\t'));
    return at;
}

/* Fields that name blind recipients: pickup files have the whole envelope in
 * front, and a reader of a pickup directory would take ours for it. */
static int is_hidden(const char *name)
{
    static const char *const hidden[] = { "Bcc", "Resent-Bcc", "X-Sender",
                                          "X-Receiver" };
    int found = 0;

    for (apr_size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
        found |= apr_cstr_casecmp(name, hidden[i]) == 0;
    }
    return found;
}

/* Take the header apart, and copy what of it is sent. */
static apr_status_t split(smtpc_eml_t *eml, const char **why,
                          apr_pool_t *pool)
{
    char *block = apr_palloc(pool, eml->head_len);
    apr_size_t at = 0;

    while (at < eml->head_len && eml->head[at] != '\r') {
        const char *start = eml->head + at;
        apr_size_t len = field_end(start, eml->head_len - at);
        smtpc_eml_field_t *field;
        apr_size_t colon;
        apr_size_t n = name_length(start, len, &colon);

        if (n == 0) {
            *why = apr_psprintf(pool, "\"%s\" in the header is neither a "
                                "field nor the continuation of one",
                                smtpc__escape(start, strcspn(start, "\r"),
                                              40, 0, pool));
            return SMTPC_EARG;
        }
        field = apr_array_push(eml->fields);
        field->name = apr_pstrmemdup(pool, start, n);
        field->value = unfold(start + colon + 1, len - colon - 1, pool);
        if (!is_hidden(field->name)) {
            memcpy(block + eml->block_len, start, len);
            eml->block_len += len;
        }
        at += len;
    }
    memcpy(block + eml->block_len, eml->head + at, eml->head_len - at);
    eml->block_len += eml->head_len - at;
    eml->block = block;
    return APR_SUCCESS;
}

/* See what is in the header, which is complete. */
static apr_status_t take_apart(smtpc_eml_t *eml, const head_t *head,
                               const char **why, apr_pool_t *pool)
{
    eml->head = apr_pstrmemdup(pool, head->data, head->len);
    eml->head_len = head->len;
    eml->utf8 = !smtpc__is_ascii(head->data, head->len);
    if (eml->utf8 && !smtpc__utf8_valid(head->data, head->len)) {
        *why = "the header has bytes that are neither ASCII nor UTF-8; write "
               "them as encoded words of RFC 2047";
        return SMTPC_EARG;
    }
    return split(eml, why, pool);
}

apr_status_t smtpc__eml_load(smtpc_eml_t **eml, const char **why,
                             smtpc_source_t *source, apr_pool_t *pool)
{
    smtpc_eml_t *made = apr_pcalloc(pool, sizeof(*made));
    head_t head = { 0 };
    smtpc_source_t *text;
    apr_pool_t *scratch;
    apr_status_t rv;

    made->source = source;
    made->fields = apr_array_make(pool, 16, sizeof(smtpc_eml_field_t));
    if (!smtpc__source_can_rewind(source)) {
        *why = "the source of a message has to be one that can be rewound: "
               "it is looked at before it is sent";
        return SMTPC_EARG;
    }
    rv = apr_pool_create(&scratch, pool);
    if (rv != APR_SUCCESS) {
        *why = "no memory";
        return rv;
    }
    rv = smtpc_source_rewind(source);
    if (rv == APR_SUCCESS) {
        rv = open_text(&text, source, scratch);
    }
    if (rv != APR_SUCCESS) {
        *why = "the source of the message cannot be rewound";
    }
    else {
        rv = read_text(made, &head, why, text, scratch);
        if (rv != APR_SUCCESS) {
            *why = apr_pstrdup(pool, *why);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = take_apart(made, &head, why, pool);
    }
    apr_pool_destroy(scratch);
    if (rv == APR_SUCCESS) {
        *eml = made;
    }
    return rv;
}
