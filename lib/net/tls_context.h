/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_CONTEXT_H
#define SMTPC_NET_TLS_CONTEXT_H

/**
 * @file tls_context.h
 * OpenSSL's contexts: what connections with the same policy share. Loading
 * certificate authorities costs milliseconds, so an env keeps them.
 */

#include <openssl/ssl.h>

#include "net/tls.h"

/** Set @a *context to the one of @a env for @a policy; it lives as long as
 *  @a env or @a pool, whichever holds it. @a *why says in @a pool what is
 *  wrong with the policy's files. APR_SUCCESS or SMTPC_ETLS. */
apr_status_t smtpc__tls_context_get(SSL_CTX **context, const char **why,
                                    const smtpc_tls_policy_t *policy,
                                    smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return in @a pool which state of the files of @a policy that go out of
 *  date it is, "" if none does. */
const char *smtpc__tls_context_stamp(const smtpc_tls_policy_t *policy,
                                     apr_pool_t *pool);

#endif
