/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_urlencoded.c: application/x-www-form-urlencoded.
 *
 * Cuts the body at '&' and at the first '=' of each pair before decoding, so
 * "a%3Db=1" is the name "a=b".  '+' is a space, %XX a byte; a percent sign
 * without two hexadecimal digits is refused, where the URL Standard would
 * take it literally: such a body was not made by a browser.  A pair without
 * '=' has an empty value; an empty pair is skipped; a pair "=x" has no name
 * and is refused.
 *
 * A name is collected whole, a value leaves through a small buffer.
 *
 * URL Standard 5.1.
 */
#include "form_private.h"

#include <string.h>

/* Bytes of a value decoded before they are handed on. */
#define VALUE_BUFFER_SIZE 1024

typedef enum { IN_NAME, IN_VALUE } place_e;

struct msc_form_urlencoded_t {
    place_e place;
    int digits;         /* of a percent escape still to come */
    unsigned char byte; /* its value so far */
    int pair_has_bytes; /* something was read since the last '&' */
    apr_size_t name_len;
    char *name; /* name_bytes, one too many and a NUL */
    apr_size_t value_len;
    char value[VALUE_BUFFER_SIZE];
};

void msc_form_urlencoded_create(msc_form_parser_t *parser, apr_pool_t *pool)
{
    parser->urlencoded = apr_pcalloc(pool, sizeof(*parser->urlencoded));
    parser->urlencoded->name = apr_palloc(pool,
                                          parser->limits.name_bytes + 2);
}

/* Hand on the decoded bytes of the value. */
static apr_status_t flush(msc_form_parser_t *parser)
{
    msc_form_urlencoded_t *state = parser->urlencoded;
    apr_size_t len = state->value_len;

    state->value_len = 0;
    return msc_form_parser_part_data(parser, state->value, len);
}

/* The name is complete. */
static apr_status_t begin_value(msc_form_parser_t *parser)
{
    msc_form_urlencoded_t *state = parser->urlencoded;
    msc_form_header_t header;

    memset(&header, 0, sizeof(header));
    state->name[state->name_len] = '\0';
    header.name = state->name;
    state->place = IN_VALUE;
    return msc_form_parser_part_begin(parser, &header);
}

/* Take one decoded byte of the name or the value. */
static apr_status_t put(msc_form_parser_t *parser, char c)
{
    msc_form_urlencoded_t *state = parser->urlencoded;

    if (state->place == IN_VALUE) {
        state->value[state->value_len++] = c;
        return state->value_len == sizeof(state->value) ? flush(parser)
                                                        : APR_SUCCESS;
    }
    if (c == '\0') { /* would hide what follows from the check of names */
        state->name[state->name_len] = '\0';
        parser->name = state->name;
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a NUL character in its name");
    }
    state->name[state->name_len++] = c;
    /* One byte too many is kept for the common check to refuse. */
    return state->name_len > parser->limits.name_bytes ? begin_value(parser)
                                                       : APR_SUCCESS;
}

/* The pair is complete. */
static apr_status_t end_pair(msc_form_parser_t *parser)
{
    msc_form_urlencoded_t *state = parser->urlencoded;
    apr_status_t rv = APR_SUCCESS;

    if (!state->pair_has_bytes) {
        return APR_SUCCESS;
    }
    if (state->place == IN_NAME) {
        rv = begin_value(parser);
    }
    if (rv == APR_SUCCESS) {
        rv = flush(parser);
    }
    if (rv == APR_SUCCESS) {
        rv = msc_form_parser_part_end(parser);
    }
    state->place = IN_NAME;
    state->pair_has_bytes = 0;
    state->name_len = 0;
    return rv;
}

/* Fail because of a percent sign; what came before it goes first. */
static apr_status_t bad_escape(msc_form_parser_t *parser)
{
    msc_form_urlencoded_t *state = parser->urlencoded;

    if (state->place == IN_VALUE) {
        apr_status_t rv = flush(parser);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    else {
        state->name[state->name_len] = '\0';
        parser->name = state->name;
    }
    return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                "has a percent sign that is not followed by "
                                "two hexadecimal digits");
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Take a digit of a percent escape. */
static apr_status_t take_digit(msc_form_parser_t *parser, char c)
{
    msc_form_urlencoded_t *state = parser->urlencoded;
    int value = hex_value(c);

    if (value < 0) {
        return bad_escape(parser);
    }
    state->byte = (unsigned char)(state->byte << 4 | value);
    if (--state->digits > 0) {
        return APR_SUCCESS;
    }
    return put(parser, (char)state->byte);
}

static apr_status_t take(msc_form_parser_t *parser, char c)
{
    msc_form_urlencoded_t *state = parser->urlencoded;

    if (state->digits > 0) {
        return take_digit(parser, c);
    }
    if (c == '&') {
        return end_pair(parser);
    }
    state->pair_has_bytes = 1;
    if (c == '=' && state->place == IN_NAME) {
        return begin_value(parser);
    }
    if (c == '%') {
        state->digits = 2;
        state->byte = 0;
        return APR_SUCCESS;
    }
    return put(parser, c == '+' ? ' ' : c);
}

apr_status_t msc_form_urlencoded_feed(msc_form_parser_t *parser,
                                      const char *data, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        apr_status_t rv = take(parser, data[i]);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return flush(parser);
}

apr_status_t msc_form_urlencoded_end(msc_form_parser_t *parser)
{
    if (parser->urlencoded->digits > 0) {
        return bad_escape(parser);
    }
    return end_pair(parser);
}
