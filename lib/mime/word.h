/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_WORD_H
#define SMTPC_MIME_WORD_H

/**
 * @file word.h
 * Encoded words, RFC 2047, always of charset utf-8.
 */

#include <apr.h>

/** Longest encoded word, RFC 2047 2. */
#define SMTPC_WORD_MAX 75
/** Longest line that holds an encoded word, RFC 2047 2. */
#define SMTPC_WORD_LINE 76

/** The encodings of an encoded word. */
typedef enum {
    SMTPC_WORD_Q, /**< like quoted-printable */
    SMTPC_WORD_B  /**< base64 */
} smtpc_word_e;

/** Return the encoding that suits @a len bytes of UTF-8 at @a text: Q while
 *  most of it stays readable, else B. */
smtpc_word_e smtpc__word_choose(const char *text, apr_size_t len);

/**
 * Write one encoded word of at most @a room characters (and at most
 * SMTPC_WORD_MAX, which @a out has room for), holding as many whole
 * characters as fit from the @a len bytes of UTF-8 at @a text; set @a *taken
 * to the bytes they have. Return its length, or 0 if none fits.
 */
apr_size_t smtpc__word_write(char *out, apr_size_t *taken, smtpc_word_e form,
                             const char *text, apr_size_t len,
                             apr_size_t room);

/** Return non-zero if a reader could take a part of the @a len bytes at
 *  @a text for an encoded word. */
int smtpc__word_looks_encoded(const char *text, apr_size_t len);

#endif
