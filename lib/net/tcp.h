/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TCP_H
#define SMTPC_NET_TCP_H

/**
 * @file tcp.h
 * A TCP connection as a transport: non-blocking, TCP_NODELAY, close-on-exec.
 */

#include <apr_network_io.h>

#include "net/transport.h"

/** A TCP transport under construction or open. */
typedef struct smtpc_tcp_t smtpc_tcp_t;

/** Begin to connect to @a address; @a *tcp is set in @a pool, whose end
 *  closes the socket. APR_SUCCESS: connected; APR_EAGAIN: poll for writing,
 *  then smtpc__tcp_connected(); else SMTPC_ECONNECT with @a *tcp set for its
 *  error text. */
apr_status_t smtpc__tcp_connect(smtpc_tcp_t **tcp,
                                const apr_sockaddr_t *address,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Ask whether @a tcp is connected: APR_SUCCESS, APR_EAGAIN, or
 *  SMTPC_ECONNECT. */
apr_status_t smtpc__tcp_connected(smtpc_tcp_t *tcp) SMTPC_WARN_UNUSED;

/** Return @a tcp as a transport. */
smtpc_transport_t *smtpc__tcp_transport(smtpc_tcp_t *tcp);

/** Return non-zero if @a tcp is idle and alive: no byte, no end, no error
 *  waits to be read. */
int smtpc__tcp_idle(smtpc_tcp_t *tcp);

/** Return the peer as "address:port", with brackets around an IPv6 address.
 *  It lives as long as @a tcp. */
const char *smtpc__tcp_peer(const smtpc_tcp_t *tcp);

/** Return the peer's IP address alone. It lives as long as @a tcp. */
const char *smtpc__tcp_peer_ip(const smtpc_tcp_t *tcp);

#endif
