/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_DIGEST_H
#define SMTPC_BASE_DIGEST_H

/**
 * @file digest.h
 * A name for a list of texts that no other list has.
 */

#include <smtpclient/status.h>

/**
 * Set @a *hex, in @a pool, to the SHA-256 of @a texts[0 ... count-1] in 64
 * hexadecimal digits. Each text goes in with its length in front, so that no
 * two lists give the same bytes; a NULL text is not "". The status is
 * APR_EGENERAL if OpenSSL has no SHA-256.
 */
apr_status_t smtpc__digest_texts(const char **hex, const char *const *texts,
                                 apr_size_t count, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return @a len bytes at @a data in lower-case hexadecimal in @a pool. */
const char *smtpc__hex(const unsigned char *data, apr_size_t len,
                       apr_pool_t *pool);

#endif
