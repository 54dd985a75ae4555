/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_SECRET_STORE_H
#define SMTPC_BASE_SECRET_STORE_H

/**
 * @file secret_store.h
 * How secret_load.c fills the memory that secret.c keeps.
 */

#include "base/secret_int.h"

/** Create @a *secret, empty, with @a *room for @a size bytes and a
 *  terminator in pages of its own, wiped and unmapped with @a pool. */
apr_status_t smtpc__secret_create(smtpc_secret_t **secret, char **room,
                                  apr_size_t size, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Let the first @a len bytes of the room of @a secret be the secret; the
 *  rest is wiped. */
void smtpc__secret_set_length(smtpc_secret_t *secret, apr_size_t len);

/** Wipe and unmap @a secret now instead of with its @a pool. */
void smtpc__secret_destroy(smtpc_secret_t *secret, apr_pool_t *pool);

/** As smtpc_secret_load(), with @a timeout for "exec:". */
apr_status_t smtpc__secret_load_within(smtpc_secret_t **secret,
                                       const char **why,
                                       const char *reference,
                                       apr_interval_time_t timeout,
                                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** As smtpc_secret_load(), for a private key in PEM form: all lines of the
 *  file or output, up to SMTPC_LIMIT_PRIVATE_KEY bytes. What is in them is
 *  not looked at. */
apr_status_t smtpc__secret_load_key(smtpc_secret_t **secret,
                                    const char **why, const char *reference,
                                    apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
