/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header.c: libFuzzer entry for the writer of header fields.
 *
 * The first byte of the input chooses: bit 0 raw UTF-8, bits 1 and 2 the kind
 * of field, bits 3 to 7 the length of its name. The rest is its value.
 * Besides the sanitizers, this checks that a value that is refused has
 * something to be refused for, that a field that is written is one field in
 * lines of the lengths that there may be, and that what a reader gets is the
 * value to the byte.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "mime/eml.h"
#include "mime/header.h"
#include "mime/word_decode.h"

/* Longest value worth a look. */
#define INPUT_MAX 8192

/* A line is longer than it should be only if it has one word. */
static void check_line(const char *line, apr_size_t len)
{
    apr_size_t limit = SMTPC_LIMIT_HEADER_LINE;
    apr_size_t start = 0;

    require(len <= SMTPC_LIMIT_CONTENT_LINE);
    if (len <= limit) {
        return;
    }
    while (start < len && line[start] != ' ') {
        start++; /* a name, which the first word may stand beside */
    }
    while (start < len && line[start] == ' ') {
        start++;
    }
    require(memchr(line + start, ' ', len - start) == NULL);
}

static void check_lines(const char *text, apr_size_t len, int utf8)
{
    apr_size_t at = 0;

    require(len >= 2 && memcmp(text + len - 2, "\r\n", 2) == 0);
    require(utf8 || smtpc__is_ascii(text, len));
    while (at < len) {
        const char *cr = memchr(text + at, '\r', len - at);
        apr_size_t n = (apr_size_t)(cr - (text + at));

        require(cr[1] == '\n' && n > 0);
        require(memchr(text + at, '\n', n) == NULL);
        require((at == 0) == (text[at] != ' '));
        require(strspn(text + at, " ") < n); /* no line of blanks */
        check_line(text + at, n);
        at += n + 2;
    }
}

/* Return the one field in len bytes at text as a reader sees it. */
static const char *read_back(const char *name, const char *text,
                             apr_size_t len, apr_pool_t *pool)
{
    const smtpc_eml_field_t *field;
    smtpc_source_t *source;
    const char *why;
    smtpc_eml_t *eml;

    require(smtpc_source_create_bytes(&source, text, len, pool)
            == APR_SUCCESS);
    require(smtpc__eml_load(&eml, &why, source, pool) == APR_SUCCESS);
    require(eml->fields->nelts == 1);
    field = &APR_ARRAY_IDX(eml->fields, 0, smtpc_eml_field_t);
    require(strcmp(field->name, name) == 0);
    return smtpc__word_decode(field->value, pool);
}

/* value as a structured field keeps it: one blank for many. */
static const char *squeezed(const char *value, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, value);
    char *o = out;

    for (; *value != '\0'; value++) {
        if (*value != ' ' || (o > out && o[-1] != ' ')) {
            *o++ = *value;
        }
    }
    while (o > out && o[-1] == ' ') {
        o--;
    }
    *o = '\0';
    return out;
}

static apr_status_t write_field(smtpc_header_t *header, int kind,
                                const char *name, const char *value)
{
    switch (kind) {
    case 0:
        return smtpc__header_text(header, "Subject", value);
    case 1:
        return smtpc__header_text(header, name, value);
    case 2:
        return smtpc__header_structured(header, name, value);
    default:
        return smtpc__header_phrase(header, name, value, "<a.b>");
    }
}

/* What a reader has to see. */
static const char *expected(int kind, const char *value, apr_pool_t *pool)
{
    if (kind == 2) {
        return smtpc__word_decode(squeezed(value, pool), pool);
    }
    if (kind == 3) {
        return *value == '\0' ? "<a.b>"
                              : apr_pstrcat(pool, value, " <a.b>", NULL);
    }
    return value;
}

/* A phrase that was quoted, without its quotes. */
static const char *unquoted(const char *text, apr_pool_t *pool)
{
    char *out = apr_pstrdup(pool, text);
    char *o = out;

    if (*text != '"') {
        return text;
    }
    for (text++; *text != '"'; text++) {
        text += *text == '\\';
        if (*text == '\0') {
            return "";
        }
        *o++ = *text;
    }
    memcpy(o, text + 1, strlen(text + 1) + 1);
    return out;
}

static void try_field(int flags, const char *value, apr_size_t len,
                      apr_pool_t *pool)
{
    int utf8 = flags & 1;
    int kind = (flags >> 1) & 3;
    const char *name = kind == 0
                           ? "Subject"
                           : &"X-abcdefghijklmnopqrstuvwxyz0123456789"
                                 [flags >> 3];
    smtpc_header_t *header;
    const char *text;
    const char *got;
    apr_status_t rv;

    smtpc__header_create(&header, utf8, pool);
    rv = write_field(header, kind, name, value);
    if (rv != APR_SUCCESS) {
        (void)smtpc__header_fields(header, &len);
        require(len == 0);
        require(rv == SMTPC_ELIMIT || !smtpc__utf8_valid(value, strlen(value))
                || smtpc__find_control(value, strlen(value)) < strlen(value)
                || (kind == 2 && !smtpc__is_ascii(value, strlen(value))));
        return;
    }
    text = smtpc__header_fields(header, &len);
    check_lines(apr_pstrmemdup(pool, text, len), len, utf8);
    got = read_back(name, text, len, pool);
    require(strcmp(got, expected(kind, value, pool)) == 0
            || (kind == 3
                && strcmp(unquoted(got, pool), expected(kind, value, pool))
                       == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;

    if (size == 0 || size > INPUT_MAX) {
        return 0;
    }
    pool = fuzz_pool();
    try_field(data[0], apr_pstrmemdup(pool, (const char *)data + 1, size - 1),
              size - 1, pool);
    apr_pool_clear(pool);
    return 0;
}
