/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_CHARSET_H
#define SMTPC_MIME_CHARSET_H

/**
 * @file charset.h
 * Text in charsets other than UTF-8, through iconv.
 */

#include <iconv.h>

#include <smtpclient/source.h>

/** Return non-zero if @a charset is a name of UTF-8. */
int smtpc__charset_is_utf8(const char *charset);

/** Return non-zero if @a charset has units of more than one byte, so that its
 *  line ends are not the bytes CR and LF. By name, for labels. */
int smtpc__charset_is_wide(const char *charset);

/** Open @a *converter from one charset to another, by names that iconv knows;
 *  it is closed with @a pool. APR_EINVAL: it does not know one; else there is
 *  no memory or descriptor. */
apr_status_t smtpc__converter_open(iconv_t *converter, const char *to,
                                   const char *from, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Convert @a *in_left bytes at @a in to @a out as far as its @a *out_left
 *  bytes allow, and lessen both; with @a in NULL write what ends a text, and
 *  go back to the start. APR_EINVAL: a character that does not fit, or is
 *  none; APR_INCOMPLETE: the last one is not whole. */
apr_status_t smtpc__converter_run(iconv_t converter, const char *in,
                                  apr_size_t *in_left, char *out,
                                  apr_size_t *out_left) SMTPC_WARN_UNUSED;

/**
 * Check that text can be written in @a charset here; @a *why (in @a pool)
 * tells of a failure.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  not a name, unknown to this system, or its line ends
 *                     are not CR LF
 *         else        iconv could not be asked: memory, descriptors
 */
apr_status_t smtpc__charset_check(const char **why, const char *charset,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Create @a *encoded in @a pool, which reads UTF-8 from @a source and gives
 * it in @a charset (not copied). A character that does not fit, or bytes that
 * are no UTF-8, end it; smtpc__source_error() names the first. It can be
 * rewound if @a source can. The status is that of smtpc__charset_check().
 */
apr_status_t smtpc__charset_encode(smtpc_source_t **encoded,
                                   smtpc_source_t *source,
                                   const char *charset, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
