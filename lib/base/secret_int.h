/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_SECRET_INT_H
#define SMTPC_BASE_SECRET_INT_H

/**
 * @file secret_int.h
 * Access to a secret's bytes, for proto/sasl alone, and wiped scratch memory.
 */

#include <smtpclient/secret.h>

/** Return the bytes of @a secret (terminated) and set @a *len. */
const char *smtpc__secret_bytes(const smtpc_secret_t *secret,
                                apr_size_t *len);

/** Return 64 hexadecimal digits in @a pool that identify @a secret without
 *  revealing it: for keys of pools. The same for equal secrets of a process
 *  and its children; keyed per process where the system allows (Linux), so
 *  do not store it. Never log it. */
const char *smtpc__secret_fingerprint(const smtpc_secret_t *secret,
                                      apr_pool_t *pool);

/** Create @a *copy of @a secret in @a pool, for what outlives it. */
apr_status_t smtpc__secret_copy(const smtpc_secret_t **copy,
                                const smtpc_secret_t *secret,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Overwrite @a len bytes at @a data; the compiler cannot leave it out. */
void smtpc__wipe(void *data, apr_size_t len);

/** Return @a len zeroed bytes that are wiped when @a pool goes. */
void *smtpc__wiped_alloc(apr_pool_t *pool, apr_size_t len);

#endif
