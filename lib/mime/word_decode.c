/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word_decode.c: encoded words of RFC 2047 6.
 *
 * For text that is shown, never for anything that is acted upon: addresses
 * are parsed before. Blanks between two encoded words are no part of the
 * text. Characters that were cut in two by a writer who should not have are
 * put together, as long as both words are of one charset.
 *
 * Not here: writing (word.c).
 */
#include "mime/word_decode.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>
#include <apr_tables.h>

#include "base/codec.h"
#include "mime/ascii.h"
#include "mime/charset.h"

/* Most bytes of UTF-8 that one byte of another charset becomes. */
#define GROWTH 4

/* Converters opened for one text: it may name a charset for every word. */
#define CONVERTERS_MAX 32

/* What decoding one text needs. */
typedef struct decoder_t {
    char *bytes; /* room for all decoded bytes of the text */
    int converters;
    apr_pool_t *pool;
} decoder_t;

/* One encoded word. */
typedef struct word_t {
    const char *charset;
    apr_size_t charset_len; /* without the language of RFC 2231 5 */
    char form;              /* 'q' or 'b' */
    const char *data;
    apr_size_t len;
    const char *end;        /* behind it */
} word_t;

/* Find an encoded word at p. */
static int find_word(word_t *w, const char *p)
{
    const char *mark;

    if (p[0] != '=' || p[1] != '?') {
        return 0;
    }
    w->charset = p + 2;
    w->charset_len = strcspn(w->charset, "? ");
    mark = w->charset + w->charset_len;
    if (w->charset_len == 0 || mark[0] != '?' || mark[1] == '\0'
        || mark[2] != '?') {
        return 0;
    }
    w->charset_len = strcspn(w->charset, "*?");
    w->form = smtpc__to_lower(mark[1]);
    w->data = mark + 3;
    w->len = strcspn(w->data, "? ");
    w->end = w->data + w->len + 2;
    return (w->form == 'q' || w->form == 'b') && w->data[w->len] == '?'
           && w->data[w->len + 1] == '=';
}

static int hex_value(char c)
{
    c = smtpc__to_lower(c);
    if (smtpc__is_digit(c)) {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Append the bytes of w to out, which has room for w->len; 0 if malformed. */
static int decode_q(char *out, apr_size_t *n, const word_t *w)
{
    for (apr_size_t i = 0; i < w->len; i++) {
        int high;
        int low;

        if (w->data[i] != '=') {
            out[(*n)++] = w->data[i];
            if (w->data[i] == '_') {
                out[*n - 1] = ' ';
            }
            continue;
        }
        if (i + 2 >= w->len) {
            return 0;
        }
        high = hex_value(w->data[i + 1]);
        low = hex_value(w->data[i + 2]);
        if (high < 0 || low < 0) {
            return 0;
        }
        out[(*n)++] = (char)(high << 4 | low);
        i += 2;
    }
    return 1;
}

static int decode_bytes(char *out, apr_size_t *n, const word_t *w)
{
    apr_size_t len;

    if (w->form == 'q') {
        return decode_q(out, n, w);
    }
    if (smtpc__base64_decode((unsigned char *)out + *n, &len, w->data, w->len)
        != APR_SUCCESS) {
        return 0;
    }
    *n += len;
    return 1;
}

/* Return the len bytes of d, in the charset of w, as UTF-8, or NULL. */
static const char *to_utf8(decoder_t *d, const word_t *w, apr_size_t len)
{
    const char *charset = apr_pstrmemdup(d->pool, w->charset,
                                         w->charset_len);
    apr_size_t room = GROWTH * len;
    apr_size_t left = len;
    char *out = apr_palloc(d->pool, room + 1);
    iconv_t converter;

    if (apr_cstr_casecmp(charset, "utf-8") == 0
        || apr_cstr_casecmp(charset, "us-ascii") == 0) {
        memcpy(out, d->bytes, len);
        room -= len;
    }
    else {
        if (++d->converters > CONVERTERS_MAX
            || smtpc__converter_open(&converter, "UTF-8", charset, d->pool)
                   != APR_SUCCESS
            || smtpc__converter_run(converter, d->bytes, &left, out, &room)
                   != APR_SUCCESS
            || left > 0) {
            return NULL;
        }
    }
    len = GROWTH * len - room;
    out[len] = '\0';
    return strlen(out) == len && smtpc__utf8_valid(out, len)
                   && smtpc__find_control(out, len) == len
               ? out : NULL;
}

/* Decode the words of one charset that begin with w and have nothing but
 * blanks between them; set *end behind the last. NULL leaves them as they
 * are. */
static const char *decode_run(decoder_t *d, const word_t *w,
                              const char **end)
{
    apr_size_t n = 0;
    word_t next = *w;

    for (;;) {
        const char *p = next.end;

        if (!decode_bytes(d->bytes, &n, &next)) {
            return NULL;
        }
        *end = next.end;
        p += strspn(p, " ");
        if (p == next.end || !find_word(&next, p)
            || next.charset_len != w->charset_len
            || apr_cstr_casecmpn(next.charset, w->charset, w->charset_len)
                   != 0) {
            return to_utf8(d, w, n);
        }
    }
}

const char *smtpc__word_decode(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 8, sizeof(char *));
    const char *from = text; /* where what is not copied yet begins */
    const char *p = text;
    int decoded = 0;         /* what stands in front of from was a word */
    decoder_t d = { 0 };

    if (strstr(text, "=?") == NULL
        || apr_pool_create(&d.pool, pool) != APR_SUCCESS) {
        return apr_pstrdup(pool, text);
    }
    d.bytes = apr_palloc(d.pool, strlen(text));
    while ((p = strstr(p, "=?")) != NULL) {
        const char *end = p + 2;
        const char *run;
        word_t w;

        if ((p != text && p[-1] != ' ' && p[-1] != '(' && p[-1] != '"')
            || !find_word(&w, p)
            || (run = decode_run(&d, &w, &end)) == NULL) {
            p = end;
            continue;
        }
        if (!decoded || strspn(from, " ") != (apr_size_t)(p - from)) {
            APR_ARRAY_PUSH(parts, const char *)
                = apr_pstrmemdup(d.pool, from, (apr_size_t)(p - from));
        }
        APR_ARRAY_PUSH(parts, const char *) = run;
        decoded = 1;
        p = end;
        from = end;
    }
    APR_ARRAY_PUSH(parts, const char *) = from;
    text = apr_array_pstrcat(pool, parts, 0);
    apr_pool_destroy(d.pool);
    return text;
}
