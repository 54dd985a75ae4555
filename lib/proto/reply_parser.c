/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply_parser.c: bytes of the server to replies.
 *
 * Strict where leniency has let replies be forged or lost: CRLF alone ends a
 * line, the code is three digits of which the first is 2 to 5, every line of
 * a reply has the same code. Lines, their number and their sum are limited
 * while they arrive, so that no server decides how much memory is used.
 *
 * The text is only carried along: escaped, never interpreted here but for the
 * enhanced status code. RFC 5321 2.3.8, 4.2; RFC 2034.
 */
#include "proto/reply_parser.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/* Text that fits without another allocation: all but EHLO of odd servers. */
#define TEXT_FIRST 1024
/* Bytes of an offending line that are shown. */
#define SHOWN 60

typedef enum {
    AT_CODE,  /* reading the three digits */
    AT_MARK,  /* blank, hyphen or line end is due */
    AT_TEXT,
    AT_CR     /* only LF may follow */
} place_e;

struct smtpc_reply_parser_t {
    apr_pool_t *pool;
    apr_size_t line_limit;
    place_e place;
    char code[3];         /* of the present line */
    apr_size_t digits;    /* of it that were read */
    int reply_code;       /* of the first line, 0 before */
    int last;             /* the present line is the last one */
    apr_size_t lines;     /* lines begun */
    apr_size_t line_len;  /* bytes of the present line */
    apr_size_t total;     /* bytes of the reply, line ends included */
    char *text;           /* lines separated by '\n' */
    apr_size_t text_len;
    apr_size_t text_size;
    const char *error;
};

void smtpc__reply_parser_create(smtpc_reply_parser_t **parser,
                                apr_pool_t *pool)
{
    smtpc_reply_parser_t *created = apr_pcalloc(pool, sizeof(*created));

    created->pool = pool;
    created->line_limit = SMTPC_LIMIT_REPLY_LINE;
    created->text = apr_palloc(pool, TEXT_FIRST);
    created->text_size = TEXT_FIRST;
    created->error = "";
    *parser = created;
}

void smtpc__reply_parser_line_limit(smtpc_reply_parser_t *parser,
                                    apr_size_t bytes)
{
    parser->line_limit = bytes;
}

/* Forget the reply that was read. */
static void start_over(smtpc_reply_parser_t *parser)
{
    parser->place = AT_CODE;
    parser->digits = 0;
    parser->reply_code = 0;
    parser->last = 0;
    parser->lines = 0;
    parser->line_len = 0;
    parser->total = 0;
    parser->text_len = 0;
}

static apr_status_t over_limit(smtpc_reply_parser_t *parser, const char *what)
{
    parser->error = what;
    return SMTPC_ELIMIT;
}

/* Refuse the byte at data, showing it and what came behind it. */
static apr_status_t malformed(smtpc_reply_parser_t *parser, const char *what,
                              const char *data, apr_size_t len,
                              apr_pool_t *pool)
{
    const char *code = apr_pstrmemdup(pool, parser->code, parser->digits);

    parser->error = apr_psprintf(pool, "%s at \"%s%s%s\"", what, code,
                                 parser->place > AT_MARK ? " ... " : "",
                                 smtpc__escape(data, len, SHOWN, 0, pool));
    return SMTPC_EPROTO;
}

/* Keep len bytes of text. They fit: the sum was checked before. */
static void keep(smtpc_reply_parser_t *parser, const char *data,
                 apr_size_t len)
{
    if (parser->text_len + len > parser->text_size) {
        char *text = apr_palloc(parser->pool, SMTPC_LIMIT_REPLY_BYTES);

        memcpy(text, parser->text, parser->text_len);
        parser->text = text;
        parser->text_size = SMTPC_LIMIT_REPLY_BYTES;
    }
    memcpy(parser->text + parser->text_len, data, len);
    parser->text_len += len;
}

/* Count len bytes against the limits of line and reply. */
static apr_status_t count(smtpc_reply_parser_t *parser, apr_size_t len)
{
    parser->line_len += len;
    parser->total += len;
    if (parser->line_len > parser->line_limit) {
        return over_limit(parser, "a reply line is too long");
    }
    if (parser->total > SMTPC_LIMIT_REPLY_BYTES) {
        return over_limit(parser, "a reply is too long");
    }
    return APR_SUCCESS;
}

/* Take the third digit: check the code against the first line's. */
static apr_status_t code_complete(smtpc_reply_parser_t *parser,
                                  const char *data, apr_size_t len,
                                  apr_pool_t *pool)
{
    int code = (parser->code[0] - '0') * 100 + (parser->code[1] - '0') * 10
               + (parser->code[2] - '0');

    if (parser->reply_code != 0 && parser->reply_code != code) {
        parser->digits = 2;
        return malformed(parser, "lines of one reply differ in their code",
                         data, len, pool);
    }
    parser->reply_code = code;
    if (parser->lines > 0) {
        keep(parser, "\n", 1);
    }
    if (++parser->lines > SMTPC_LIMIT_REPLY_LINES) {
        return over_limit(parser, "a reply has too many lines");
    }
    parser->place = AT_MARK;
    return APR_SUCCESS;
}

static apr_status_t take_code(smtpc_reply_parser_t *parser, const char *data,
                              apr_size_t len, apr_pool_t *pool)
{
    char low = parser->digits == 0 ? '2' : '0';
    char high = parser->digits == 0 ? '5' : '9';

    if (*data < low || *data > high) {
        return malformed(parser, "a reply has no valid code", data, len,
                         pool);
    }
    parser->code[parser->digits++] = *data;
    if (parser->digits < 3) {
        return APR_SUCCESS;
    }
    return code_complete(parser, data, len, pool);
}

static apr_status_t take_mark(smtpc_reply_parser_t *parser, const char *data,
                              apr_size_t len, apr_pool_t *pool)
{
    switch (*data) {
    case ' ':
    case '\r':
        parser->last = 1;
        break;
    case '-':
        parser->last = 0;
        break;
    default:
        return malformed(parser, "neither blank nor hyphen follows the code",
                         data, len, pool);
    }
    parser->place = AT_TEXT;
    if (*data == '\r') {
        parser->place = AT_CR;
        parser->total++;
    }
    return APR_SUCCESS;
}

/* Take text up to a CR or the end of data; *used is set to its length. */
static apr_status_t take_text(smtpc_reply_parser_t *parser, apr_size_t *used,
                              const char *data, apr_size_t len,
                              apr_pool_t *pool)
{
    const char *cr = memchr(data, '\r', len);
    apr_size_t run = cr != NULL ? (apr_size_t)(cr - data) : len;
    const char *lf = memchr(data, '\n', run);
    apr_status_t rv;

    /* What is wrong first is told, however the bytes arrive. */
    rv = count(parser, lf != NULL ? (apr_size_t)(lf - data) : run);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (lf != NULL) {
        return malformed(parser, "a reply line ends without CR", data, len,
                         pool);
    }
    keep(parser, data, run);
    *used = run;
    if (cr != NULL) {
        parser->place = AT_CR;
        parser->total++;
        *used = run + 1;
    }
    return APR_SUCCESS;
}

/* Take the LF of a line; *done is set if it was the last one. */
static apr_status_t take_lf(smtpc_reply_parser_t *parser, int *done,
                            const char *data, apr_size_t len,
                            apr_pool_t *pool)
{
    if (*data != '\n') {
        return malformed(parser, "CR without LF in a reply", data, len, pool);
    }
    parser->total++;
    *done = parser->last;
    parser->place = AT_CODE;
    parser->digits = 0;
    parser->line_len = 0;
    return APR_SUCCESS;
}

/* Take one byte, or a run of text; *used tells how many. */
static apr_status_t take(smtpc_reply_parser_t *parser, apr_size_t *used,
                         int *done, const char *data, apr_size_t len,
                         apr_pool_t *pool)
{
    apr_status_t rv;

    *used = 1;
    switch (parser->place) {
    case AT_CODE:
        rv = count(parser, 1);
        return rv != APR_SUCCESS ? rv : take_code(parser, data, len, pool);
    case AT_MARK:
        rv = count(parser, *data != '\r');
        return rv != APR_SUCCESS ? rv : take_mark(parser, data, len, pool);
    case AT_TEXT:
        return take_text(parser, used, data, len, pool);
    default:
        return take_lf(parser, done, data, len, pool);
    }
}

/* Return text with the enhanced code taken off each line that has the one of
 * the first line, which *enhanced is set to. */
static const char *strip_enhanced(const char **enhanced, int code,
                                  const char *text, apr_pool_t *pool)
{
    char *out;
    apr_size_t len;

    text = smtpc__reply_split_enhanced(enhanced, code, text, pool);
    len = strlen(*enhanced);
    if (len == 0 || strchr(text, '\n') == NULL) {
        return text;
    }
    out = apr_pstrdup(pool, text);
    text = out;
    for (char *line = strchr(out, '\n'); line != NULL;
         line = strchr(line + 1, '\n')) {
        if (strncmp(line + 1, *enhanced, len) == 0 && line[1 + len] == ' ') {
            memmove(line + 1, line + 2 + len, strlen(line + 2 + len) + 1);
        }
    }
    return text;
}

static const smtpc_reply_t *finish(smtpc_reply_parser_t *parser,
                                   apr_pool_t *pool)
{
    smtpc_reply_t *reply = apr_pcalloc(pool, sizeof(*reply));
    const char *text = smtpc__escape(parser->text, parser->text_len,
                                     SMTPC_LIMIT_REPLY_BYTES, 1, pool);

    reply->code = parser->reply_code;
    reply->lines = parser->lines;
    reply->text = strip_enhanced(&reply->enhanced, reply->code, text, pool);
    start_over(parser);
    return reply;
}

apr_status_t smtpc__reply_parser_feed(const smtpc_reply_t **reply,
                                      apr_size_t *used,
                                      smtpc_reply_parser_t *parser,
                                      const char *data, apr_size_t len,
                                      apr_pool_t *pool)
{
    int done = 0;

    *reply = NULL;
    *used = 0;
    while (*used < len && !done) {
        apr_size_t taken;
        apr_status_t rv = take(parser, &taken, &done, data + *used,
                               len - *used, pool);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        *used += taken;
    }
    if (done) {
        *reply = finish(parser, pool);
    }
    return APR_SUCCESS;
}

int smtpc__reply_parser_pending(const smtpc_reply_parser_t *parser)
{
    return parser->total > 0;
}

const char *smtpc__reply_parser_error(const smtpc_reply_parser_t *parser)
{
    return parser->error;
}
