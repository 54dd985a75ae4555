/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crlf.c: the search for line ends that are no CRLF.
 *
 * All content passes here, some of it twice, so it is looked at in blocks,
 * whatever lines it has: each byte together with the one behind it. What is
 * wrong, or too short for a block, is found byte by byte.
 * RFC 5321 2.3.8.
 */
#include "base/crlf.h"

#include <string.h>

/* Vectors as GCC and Clang have them, for any processor. */
typedef unsigned char bytes_t __attribute__((vector_size(16)));
typedef apr_uint64_t words_t __attribute__((vector_size(16)));

static bytes_t load(const char *text)
{
    bytes_t bytes;

    memcpy(&bytes, text, sizeof(bytes));
    return bytes;
}

/* Return what is not zero where one of the 16 bytes at text and the one behind
 * it are but half a CRLF, or LF and stop. */
static words_t wrong(const char *text, unsigned char stop)
{
    bytes_t first = load(text);
    bytes_t second = load(text + 1);
    words_t half = (words_t)(first == '\r') ^ (words_t)(second == '\n');

    return half | ((words_t)(first == '\n') & (words_t)(second == stop));
}

static int is_zero(words_t words)
{
    return (words[0] | words[1]) == 0;
}

/* Return how many bytes at text are in blocks that are right, of 64 bytes and
 * then of 16. A pair of LF is wrong anyway. */
static apr_size_t right_blocks(const char *text, apr_size_t len, int dots)
{
    unsigned char stop = dots ? '.' : '\n';
    apr_size_t i = 0;

    while (len - i > 64
           && is_zero(wrong(text + i, stop) | wrong(text + i + 16, stop)
                      | wrong(text + i + 32, stop)
                      | wrong(text + i + 48, stop))) {
        i += 64;
    }
    while (len - i > 16 && is_zero(wrong(text + i, stop))) {
        i += 16;
    }
    return i;
}

apr_size_t smtpc__crlf_run(const char *text, apr_size_t len, int dots)
{
    apr_size_t i;

    if (len == 0 || *text == '\n') {
        return 0;
    }
    /* The byte at i is known to go with the one in front of it. */
    for (i = right_blocks(text, len, dots); i + 1 < len; i++) {
        if ((text[i] == '\r') != (text[i + 1] == '\n')) {
            return text[i] == '\r' ? i : i + 1;
        }
        if (dots && text[i] == '\n' && text[i + 1] == '.') {
            return i + 1;
        }
    }
    return text[i] == '\r' ? i : len;
}
