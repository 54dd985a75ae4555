/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_PARAM_H
#define SMTPC_MIME_PARAM_H

/**
 * @file param.h
 * Parameters of Content-Type and Content-Disposition in writing.
 */

#include "mime/header.h"

/**
 * Append to @a words (const char *) the words that write @a param, to be
 * separated by blanks and folded between. Simple values are `name=token` or
 * `name="text"`. Others are RFC 2231 (`name*=utf-8''...`, in sections
 * `name*0*=` ... if long); the parameter called "name", which only old
 * clients read and RFC 2231 does not reach, has encoded words in quotes.
 * With @a utf8 raw UTF-8 counts as simple. The value is valid UTF-8 without
 * control characters.
 */
void smtpc__param_words(apr_array_header_t *words, const smtpc_param_t *param,
                        int utf8, apr_pool_t *pool);

/** Return non-zero if @a text is a token of RFC 2045 5.1. */
int smtpc__is_token(const char *text, apr_size_t len);

/** Return the @a len bytes at @a text in quotes, with the backslashes that
 *  needs, in @a pool. RFC 5322 3.2.4. */
const char *smtpc__quote(const char *text, apr_size_t len, apr_pool_t *pool);

/** Return non-zero if the @a len bytes at @a text have a blank at an end or
 *  two in a row: readers drop those even inside quotes. */
int smtpc__has_odd_blanks(const char *text, apr_size_t len);

#endif
