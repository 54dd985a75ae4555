/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_RESOLVE_H
#define SMTPC_NET_RESOLVE_H

/**
 * @file resolve.h
 * Host name to addresses without blocking. The system's resolver blocks and
 * knows no deadline, so it runs on a thread that is left behind when nobody
 * waits any more and ends by itself. IP addresses and "localhost" need none.
 */

#include <apr_network_io.h>
#include <apr_tables.h>
#include <smtpclient/env.h>

#include "base/limits.h"

/** A look-up under way. */
typedef struct smtpc_resolve_t smtpc_resolve_t;

/**
 * Begin @a *resolve in @a pool for @a host (a name in A-labels, or an IP
 * address without brackets) and @a port. The end of @a pool gives it up.
 * @a *why is set on failure to one sentence in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_ECONNECT   the resolver does not answer: too many look-ups
 *                          were given up already; no thread or socket
 */
apr_status_t smtpc__resolve_begin(smtpc_resolve_t **resolve,
                                  const char **why, const char *host,
                                  int port, smtpc_env_t *env,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return the socket to be polled for reading while smtpc__resolve_result()
 *  says APR_EAGAIN. */
apr_socket_t *smtpc__resolve_socket(const smtpc_resolve_t *resolve);

/**
 * Set @a *addresses to an array of apr_sockaddr_t * in @a pool, in the order
 * to be tried (RFC 6724; "localhost": ::1, 127.0.0.1), one to
 * SMTPC_LIMIT_HOST_ADDRESSES of them. @a *why is set on failure to one
 * sentence in @a pool. Never blocks.
 *
 * @return APR_SUCCESS
 *         APR_EAGAIN       not yet
 *         SMTPC_ECONNECT   no such host, or no answer for it
 */
apr_status_t smtpc__resolve_result(apr_array_header_t **addresses,
                                   const char **why,
                                   smtpc_resolve_t *resolve,
                                   apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
