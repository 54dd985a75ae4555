/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_CHARSET_H
#define SMTPC_MIME_CHARSET_H

/**
 * @file charset.h
 * Text in charsets other than UTF-8, through apr_xlate.
 */

#include <smtpclient/source.h>

/** Return non-zero if @a charset is a name of UTF-8. */
int smtpc__charset_is_utf8(const char *charset);

/** Return non-zero if @a charset has units of more than one byte, so that its
 *  line ends are not the bytes CR and LF. By name, for labels. */
int smtpc__charset_is_wide(const char *charset);

/**
 * Check that text can be written in @a charset here; @a *why (in @a pool)
 * tells of a failure.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  not a name, unknown to this system, or its line ends
 *                     are not CR LF
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
