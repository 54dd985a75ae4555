/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_DIGEST_H
#define SMTPC_BASE_DIGEST_H

/**
 * @file digest.h
 * A name for a list of texts that no other list has, and the hashes that SASL
 * is made of.
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

/** A hash function. */
typedef enum {
    SMTPC_HASH_SHA1,
    SMTPC_HASH_SHA256
} smtpc_hash_e;

/** The longest result of a smtpc_hash_e. */
#define SMTPC_HASH_MAX 32

/** Return the length of the result of @a hash. */
apr_size_t smtpc__hash_length(smtpc_hash_e hash);

/** Write the @a hash of @a len bytes at @a data to @a out. The status is
 *  APR_EGENERAL if OpenSSL does not have it. */
apr_status_t smtpc__hash(unsigned char *out, smtpc_hash_e hash,
                         const void *data, apr_size_t len) SMTPC_WARN_UNUSED;

/** Write the HMAC (RFC 2104) of @a len bytes at @a data, with the @a key of
 *  @a key_len bytes, to @a out. Status as smtpc__hash(). */
apr_status_t smtpc__hmac(unsigned char *out, smtpc_hash_e hash,
                         const void *key, apr_size_t key_len,
                         const void *data, apr_size_t len) SMTPC_WARN_UNUSED;

/** Write PBKDF2 (RFC 8018 5.2) of the @a len bytes at @a password with
 *  @a rounds of HMAC to @a out, as long as the result of @a hash. A million
 *  rounds take about half a second. Status as smtpc__hash(). */
apr_status_t smtpc__pbkdf2(unsigned char *out, smtpc_hash_e hash,
                           const char *password, apr_size_t len,
                           const unsigned char *salt, apr_size_t salt_len,
                           int rounds) SMTPC_WARN_UNUSED;

/** Return @a len bytes at @a data in lower-case hexadecimal in @a pool. */
const char *smtpc__hex(const unsigned char *data, apr_size_t len,
                       apr_pool_t *pool);

#endif
