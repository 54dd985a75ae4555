/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TCP_H
#define SMTPC_NET_TCP_H

/**
 * @file tcp.h
 * A TCP connection, or one to a Unix socket, as a transport: non-blocking,
 * TCP_NODELAY, close-on-exec. Closing it says nothing to the peer but what
 * the system says, and nothing at all while another process has a copy.
 */

#include <apr_network_io.h>

#include "net/transport.h"

/** A TCP transport under construction or open. */
typedef struct smtpc_tcp_t smtpc_tcp_t;

/**
 * Begin to connect to @a address, from the IP address @a local if that is not
 * NULL. @a *tcp is set in @a pool, whose end closes the socket; after a
 * failure it is there for its error text.
 *
 * @return APR_SUCCESS     connected
 *         APR_EAGAIN      poll for writing, then smtpc__tcp_connected()
 *         SMTPC_ECONNECT  nobody there, no way there, no socket, or @a local
 *                         is not an address of this machine and of the family
 *                         of @a address
 */
apr_status_t smtpc__tcp_connect(smtpc_tcp_t **tcp,
                                const apr_sockaddr_t *address,
                                const char *local, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Connect to the Unix socket at @a path; otherwise as smtpc__tcp_connect().
 * The peer is the path, and has no IP address. APR_EAGAIN does not come: a
 * server that has too many waiting is one that cannot be connected to.
 *
 * @return APR_SUCCESS
 *         SMTPC_ECONNECT  nobody there, no permission, or a path of more than
 *                         SMTPC_LIMIT_UNIX_PATH bytes
 */
apr_status_t smtpc__tcp_connect_unix(smtpc_tcp_t **tcp, const char *path,
                                     apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Ask whether @a tcp is connected: APR_SUCCESS, APR_EAGAIN, or
 *  SMTPC_ECONNECT. */
apr_status_t smtpc__tcp_connected(smtpc_tcp_t *tcp) SMTPC_WARN_UNUSED;

/** Return @a tcp as a transport. */
smtpc_transport_t *smtpc__tcp_transport(smtpc_tcp_t *tcp);

/** Return non-zero if @a tcp is idle and alive: no byte, no end, no error
 *  waits to be read. */
int smtpc__tcp_idle(smtpc_tcp_t *tcp);

/** Return the peer as "address:port", with brackets around an IPv6 address,
 *  or the path of a Unix socket. It lives as long as @a tcp. */
const char *smtpc__tcp_peer(const smtpc_tcp_t *tcp);

/** Return the peer's IP address alone, "" for a Unix socket. It lives as long
 *  as @a tcp. */
const char *smtpc__tcp_peer_ip(const smtpc_tcp_t *tcp);

/** Return non-zero if what goes to the peer stays on this machine: it has a
 *  loopback address, or is a Unix socket. */
int smtpc__tcp_loopback(const smtpc_tcp_t *tcp);

#endif
