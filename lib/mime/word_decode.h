/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_WORD_DECODE_H
#define SMTPC_MIME_WORD_DECODE_H

/**
 * @file word_decode.h
 * Reading encoded words, RFC 2047, for people to see.
 */

#include <apr_pools.h>

/**
 * Return the unfolded UTF-8 @a text with its encoded words as UTF-8, in
 * @a pool. A word that is malformed, of a charset nobody here knows, or that
 * hides control characters stays as it is.
 */
const char *smtpc__word_decode(const char *text, apr_pool_t *pool);

#endif
