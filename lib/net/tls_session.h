/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_SESSION_H
#define SMTPC_NET_TLS_SESSION_H

/**
 * @file tls_session.h
 * TLS sessions that a later connection can resume: what an env remembers of
 * servers. RFC 8446 2.2, RFC 5077.
 */

#include <openssl/ssl.h>

#include "net/tls.h"
#include "net/tls_verify.h"

/** The sessions of an env, by key. */
typedef struct smtpc_tls_sessions_t smtpc_tls_sessions_t;

/** What one connection may resume and add to. */
typedef struct smtpc_tls_keeper_t {
    smtpc_tls_sessions_t *sessions; /**< NULL: nothing is kept */
    const char *key;
    int offered;                    /**< one is to be resumed */
} smtpc_tls_keeper_t;

/** Set @a *sessions to those of @a env; they live as long as @a env or
 *  @a pool, whichever holds them. The status is that of a lock that is not to
 *  be had, or APR_SUCCESS. */
apr_status_t smtpc__tls_sessions_get(smtpc_tls_sessions_t **sessions,
                                     smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Keep a copy of @a session under @a key, if it can be resumed: the newest
 *  SMTPC_LIMIT_TLS_TICKETS of a key, of the SMTPC_LIMIT_TLS_SESSIONS keys
 *  that were used last. Thread-safe. */
void smtpc__tls_sessions_put(smtpc_tls_sessions_t *sessions, const char *key,
                             const SSL_SESSION *session);

/** Return a session for @a key that has not expired, which the caller frees,
 *  or NULL. One of TLS 1.3 is not given twice: RFC 8446 C.4. Thread-safe. */
SSL_SESSION *smtpc__tls_sessions_take(smtpc_tls_sessions_t *sessions,
                                      const char *key);

/** Forget the sessions under @a key. Thread-safe. */
void smtpc__tls_sessions_forget(smtpc_tls_sessions_t *sessions,
                                const char *key);

/** Let connections of @a context hand on the sessions they are given. */
void smtpc__tls_session_context(SSL_CTX *context);

/**
 * Let @a ssl, which has not begun, resume a session of a connection with the
 * same @a policy, and keep those it is given; without a session_key in
 * @a policy, or without memory, it does neither. @a keeper and @a fault, which
 * becomes the application data, outlive @a ssl; @a keeper is set, with memory
 * of @a pool.
 */
void smtpc__tls_session_setup(smtpc_tls_keeper_t *keeper,
                              smtpc_tls_fault_t *fault, SSL *ssl,
                              const smtpc_tls_policy_t *policy,
                              smtpc_env_t *env, apr_pool_t *pool);

/** The handshake failed: if it was to resume a session, forget those of
 *  @a keeper, lest the next one fails for the same reason. */
void smtpc__tls_session_failed(const smtpc_tls_keeper_t *keeper);

#endif
