/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_SMIME_SUPPORT_H
#define T_SUPPORT_SMIME_SUPPORT_H

/**
 * @file smime_support.h
 * Certificates for tests.
 */

#include <apr_pools.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

/** Return a self-signed certificate of @a key in @a pool, valid from @a from
 *  to @a to seconds from now, whose key usage is @a usage, such as
 *  "digitalSignature,keyEncipherment". */
X509 *smime_support_certificate(EVP_PKEY *key, long from, long to,
                                const char *usage, apr_pool_t *pool);

/** Write @a certificate, and @a key behind it if it is not NULL, to a file
 *  that is removed with @a pool; return its path. */
const char *smime_support_file(X509 *certificate, EVP_PKEY *key,
                               apr_pool_t *pool);

#endif
