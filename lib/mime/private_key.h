/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_PRIVATE_KEY_H
#define SMTPC_MIME_PRIVATE_KEY_H

/**
 * @file private_key.h
 * Private keys that sign messages, by reference.
 */

#include <smtpclient/status.h>

/** OpenSSL's EVP_PKEY, by the name that needs no header of it. */
struct evp_pkey_st;

/**
 * Load @a *key, in PEM form without a pass phrase, from @a reference as
 * smtpc_secret_load() takes it, but whole. It is wiped and freed with
 * @a pool; using it does not change it, on any number of threads. @a *why is
 * set on failure to one sentence in @a pool, which never holds the key.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    not a private key, or one with a pass phrase
 *         APR_ENOMEM    no memory for it
 *         else          as smtpc_secret_load()
 */
apr_status_t smtpc__private_key_load(struct evp_pkey_st **key,
                                     const char **why, const char *reference,
                                     apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Empty OpenSSL's queue of errors; return non-zero if want of memory was one
 *  of them, so that nobody looks for a mistake in his files. */
int smtpc__crypto_no_memory(void);

#endif
