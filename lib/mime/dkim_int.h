/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_DKIM_INT_H
#define SMTPC_MIME_DKIM_INT_H

/**
 * @file dkim_int.h
 * The inside of a signer, for dkim*.c alone.
 */

#include <smtpclient/dkim.h>

#include "base/limits.h"

/** Bytes of a SHA-256. */
#define SMTPC_DKIM_DIGEST_SIZE 32
/** Bytes of the longest signature: RSA's are as long as the key. */
#define SMTPC_DKIM_SIGNATURE_MAX (SMTPC_LIMIT_DKIM_RSA_BITS / 8)
/** Bytes of the last error's sentence. */
#define SMTPC_DKIM_ERROR_SIZE 256

/** OpenSSL's EVP_PKEY, by the name that needs no header of it. */
struct evp_pkey_st;

struct smtpc_dkim_t {
    apr_pool_t *pool;
    const char *domain;       /**< A-labels */
    const char *selector;
    const char *identity;     /**< or NULL */
    apr_int64_t expire;       /**< seconds, 0: never */
    const char *const *names; /**< fields to sign, NULL: the default */
    apr_size_t name_count;
    struct evp_pkey_st *key;
    int rsa;                  /**< the key is RSA, else Ed25519 */
    const char *warning;
    char error[SMTPC_DKIM_ERROR_SIZE];
};

/** Write the signature of the SHA-256 at @a digest to @a signature, which has
 *  room for SMTPC_DKIM_SIGNATURE_MAX bytes, and set @a *len. APR_EGENERAL if
 *  OpenSSL cannot. Thread-safe. RFC 6376 3.3, RFC 8463 3. */
apr_status_t smtpc__dkim_sign_digest(const smtpc_dkim_t *dkim,
                                     unsigned char *signature,
                                     apr_size_t *len,
                                     const unsigned char *digest)
    SMTPC_WARN_UNUSED;

#endif
