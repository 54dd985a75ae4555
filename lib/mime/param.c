/* SPDX-License-Identifier: Apache-2.0 */
/*
 * param.c: parameters of MIME header fields, RFC 2045 5.1 and RFC 2231.
 *
 * Whatever the value holds, it stays one value: quotes and backslashes are
 * escaped, everything else that is not simple is percent-encoded.
 *
 * Not here: folding (header.c), reading parameters (content_type.c).
 */
#include "mime/param.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "mime/ascii.h"
#include "mime/word.h"

/* A word stands behind a blank and before a semicolon. */
#define WORD_WIDTH (SMTPC_LIMIT_HEADER_LINE - 2)

int smtpc__is_token(const char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 127
            || strchr("()<>@,;:\\\"/[]?=", text[i]) != NULL) {
            return 0;
        }
    }
    return len > 0;
}

int smtpc__has_odd_blanks(const char *text, apr_size_t len)
{
    if (len > 0 && (text[0] == ' ' || text[len - 1] == ' ')) {
        return 1;
    }
    for (apr_size_t i = 0; i + 1 < len; i++) {
        if (text[i] == ' ' && text[i + 1] == ' ') {
            return 1;
        }
    }
    return 0;
}

const char *smtpc__quote(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * len + 3);
    apr_size_t n = 0;

    out[n++] = '"';
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] == '"' || text[i] == '\\') {
            out[n++] = '\\';
        }
        out[n++] = text[i];
    }
    out[n++] = '"';
    out[n] = '\0';
    return out;
}

static void add_word(apr_array_header_t *words, const char *word)
{
    APR_ARRAY_PUSH(words, const char *) = word;
}

/* attribute-char of RFC 2231 7, less what readers stumble over. */
static int is_attribute_char(char c)
{
    return smtpc__is_alnum(c)
           || (c != '\0' && strchr("!#$&+-.^_`{|}~", c) != NULL);
}

/* A token that no reader mistakes for an extended value. */
static int is_plain_token(const char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        if (!is_attribute_char(text[i])) {
            return 0;
        }
    }
    return len > 0;
}

/* name=token or name="text" if that fits on a line, else NULL. */
static const char *simple(const smtpc_param_t *param, int utf8,
                          apr_pool_t *pool)
{
    apr_size_t len = strlen(param->value);
    const char *value = param->value;
    const char *word;

    if ((!utf8 && !smtpc__is_ascii(value, len))
        || smtpc__word_looks_encoded(value, len)
        || smtpc__has_odd_blanks(value, len)) {
        return NULL;
    }
    if (!is_plain_token(value, len)) {
        value = smtpc__quote(value, len, pool);
    }
    word = apr_pstrcat(pool, param->name, "=", value, NULL);
    return strlen(word) <= WORD_WIDTH ? word : NULL;
}

/* Write whole characters of text, percent-encoded, into at most room bytes at
 * out; set *written and return the bytes taken. A section that ends inside a
 * character is legal, but readers that decode each alone would fail. */
static apr_size_t percent(char *out, apr_size_t *written, const char *text,
                          apr_size_t len, apr_size_t room)
{
    static const char hex[] = "0123456789ABCDEF";
    apr_size_t taken = 0;

    *written = 0;
    while (taken < len) {
        apr_size_t n = smtpc__utf8_char(text + taken, len - taken);
        apr_size_t width;

        n = n > 0 ? n : 1;
        width = is_attribute_char(text[taken]) ? 1 : 3 * n;
        if (*written + width > room) {
            break;
        }
        if (width == 1) {
            out[(*written)++] = text[taken++];
            continue;
        }
        for (; n > 0; n--, taken++) {
            out[(*written)++] = '%';
            out[(*written)++] = hex[(unsigned char)text[taken] >> 4];
            out[(*written)++] = hex[(unsigned char)text[taken] & 15];
        }
    }
    return taken;
}

/* RFC 2231 4: one word if it fits, else sections, each with its semicolon
 * but the last. */
static void extended(apr_array_header_t *words, const smtpc_param_t *param,
                     apr_pool_t *pool)
{
    const char *value = param->value;
    apr_size_t len = strlen(value);
    char out[WORD_WIDTH + 1];
    const char *head = apr_pstrcat(pool, param->name, "*=utf-8''", NULL);
    apr_size_t room = WORD_WIDTH - strlen(head);
    apr_size_t written;
    int section = 0;

    if (percent(out, &written, value, len, room) == len) {
        add_word(words, apr_pstrcat(pool, head,
                                    apr_pstrmemdup(pool, out, written), NULL));
        return;
    }
    while (len > 0) {
        apr_size_t taken;

        head = apr_psprintf(pool, "%s*%d*=%s", param->name, section,
                            section == 0 ? "utf-8''" : "");
        room = WORD_WIDTH - strlen(head);
        taken = percent(out, &written, value, len, room);
        value += taken;
        len -= taken;
        section++;
        add_word(words, apr_pstrcat(pool, head,
                                    apr_pstrmemdup(pool, out, written),
                                    len > 0 ? ";" : NULL, NULL));
    }
}

/* Encoded words in quotes: forbidden by RFC 2047 5, and what clients that do
 * not know RFC 2231 read. */
static void legacy(apr_array_header_t *words, const smtpc_param_t *param,
                   apr_pool_t *pool)
{
    const char *value = param->value;
    apr_size_t len = strlen(value);
    smtpc_word_e form = smtpc__word_choose(value, len);
    const char *head = apr_pstrcat(pool, param->name, "=\"", NULL);
    char out[SMTPC_WORD_MAX];

    while (len > 0) {
        apr_size_t room = SMTPC_WORD_LINE - 3 - strlen(head);
        apr_size_t taken;
        apr_size_t n = smtpc__word_write(out, &taken, form, value, len, room);

        value += taken;
        len -= taken;
        add_word(words, apr_pstrcat(pool, head, apr_pstrmemdup(pool, out, n),
                                    len == 0 ? "\"" : NULL, NULL));
        head = "";
    }
}

void smtpc__param_words(apr_array_header_t *words, const smtpc_param_t *param,
                        int utf8, apr_pool_t *pool)
{
    const char *word = simple(param, utf8, pool);

    if (word != NULL) {
        add_word(words, word);
    }
    else if (strcmp(param->name, "name") == 0) {
        legacy(words, param, pool);
    }
    else {
        extended(words, param, pool);
    }
}
