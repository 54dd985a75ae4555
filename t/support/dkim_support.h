/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_DKIM_SUPPORT_H
#define T_SUPPORT_DKIM_SUPPORT_H

/**
 * @file dkim_support.h
 * Keys for tests, and a verifier of DKIM signatures, relaxed/relaxed only,
 * made from RFC 6376 6.1 and not from our signer: it holds the whole message.
 */

#include <apr_pools.h>
#include <openssl/evp.h>

/** Return a key in @a pool: RSA of @a bits, or with 0 the Ed25519 key of RFC
 *  8463 A.2. */
EVP_PKEY *dkim_support_key(int bits, apr_pool_t *pool);

/** Write @a key to a file that is removed with @a pool; return "file:" and
 *  its path. @a password: NULL for none. */
const char *dkim_support_reference(EVP_PKEY *key, const char *password,
                                   apr_pool_t *pool);

/** Write @a text to such a file with @a mode and return its path. */
const char *dkim_support_file(const char *text, unsigned int mode,
                              apr_pool_t *pool);

/** Return why signature number @a index from the top of the @a len bytes of
 *  @a message does not verify with @a key, or NULL if it does. */
const char *dkim_support_verify(const char *message, apr_size_t len,
                                int index, EVP_PKEY *key, apr_pool_t *pool);

/** Return the value of @a tag, without blanks, in signature number @a index
 *  of @a message; NULL if there is none. */
const char *dkim_support_tag(const char *message, apr_size_t len, int index,
                             const char *tag, apr_pool_t *pool);

#endif
