/* SPDX-License-Identifier: Apache-2.0 */
/*
 * word.c: encoded words of RFC 2047.
 *
 * Every word stands alone: it holds whole characters, and in base64 a whole
 * number of groups. In Q only the characters that RFC 2047 5(3) allows
 * inside a phrase stay as they are, so that one form fits every place.
 *
 * Not here: where a word goes on the line (header.c, param.c), decoding.
 */
#include "mime/word.h"

#include <string.h>

#include "base/codec.h"
#include "mime/ascii.h"

static const char open_q[] = "=?utf-8?Q?";
static const char open_b[] = "=?utf-8?B?";

/* Characters around the payload: the opening and "?=". */
#define OVERHEAD (sizeof(open_q) - 1 + 2)

/* Q stays readable while at most one byte in so many is escaped. */
#define READABLE_SHARE 3

static int is_plain(char c)
{
    return smtpc__is_alnum(c) || (c != '\0' && strchr("!*+-/", c) != NULL);
}

smtpc_word_e smtpc__word_choose(const char *text, apr_size_t len)
{
    apr_size_t escaped = 0;

    for (apr_size_t i = 0; i < len; i++) {
        escaped += !is_plain(text[i]) && text[i] != ' ';
    }
    return escaped * READABLE_SHARE <= len ? SMTPC_WORD_Q : SMTPC_WORD_B;
}

static apr_size_t char_length(const char *text, apr_size_t len)
{
    apr_size_t n = smtpc__utf8_char(text, len);

    return n > 0 ? n : 1;
}

/* Length in Q of the character of n bytes at text. */
static apr_size_t q_length(const char *text, apr_size_t n)
{
    return n == 1 && (is_plain(*text) || *text == ' ') ? 1 : 3 * n;
}

static apr_size_t q_write(char *out, const char *text, apr_size_t len)
{
    static const char hex[] = "0123456789ABCDEF";
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == ' ') {
            out[n++] = '_';
        }
        else if (is_plain(text[i])) {
            out[n++] = text[i];
        }
        else {
            out[n++] = '=';
            out[n++] = hex[c >> 4];
            out[n++] = hex[c & 15];
        }
    }
    return n;
}

/* Bytes of whole characters whose encoded form has at most room bytes. */
static apr_size_t fitting(smtpc_word_e form, const char *text,
                          apr_size_t len, apr_size_t room)
{
    apr_size_t taken = 0;
    apr_size_t used = 0;

    while (taken < len) {
        apr_size_t n = char_length(text + taken, len - taken);

        used = form == SMTPC_WORD_Q ? used + q_length(text + taken, n)
                                    : smtpc__base64_length(taken + n);
        if (used > room) {
            break;
        }
        taken += n;
    }
    return taken;
}

apr_size_t smtpc__word_write(char *out, apr_size_t *taken, smtpc_word_e form,
                             const char *text, apr_size_t len,
                             apr_size_t room)
{
    apr_size_t n = OVERHEAD - 2;

    *taken = 0;
    if (room > SMTPC_WORD_MAX) {
        room = SMTPC_WORD_MAX;
    }
    if (room > OVERHEAD) {
        *taken = fitting(form, text, len, room - OVERHEAD);
    }
    if (*taken == 0) {
        return 0;
    }
    memcpy(out, form == SMTPC_WORD_Q ? open_q : open_b, n);
    if (form == SMTPC_WORD_Q) {
        n += q_write(out + n, text, *taken);
    }
    else {
        n += smtpc__base64_encode(out + n, text, *taken);
    }
    out[n++] = '?';
    out[n++] = '=';
    return n;
}

int smtpc__word_looks_encoded(const char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i + 1 < len; i++) {
        if (text[i] == '=' && text[i + 1] == '?') {
            return 1;
        }
    }
    return 0;
}
