/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TUNNEL_H
#define SMTPC_NET_TUNNEL_H

/**
 * @file tunnel.h
 * What is said to a proxy until there is a way through it to the server, as a
 * machine over bytes: no socket, no clock. Its owner does what
 * smtpc__tunnel_want() says and has to read no more than
 * smtpc__tunnel_room(): what comes behind is the server's.
 *
 * A failure has a sentence for an operator, which names the proxy and the
 * server and never holds user name or password.
 */

#include <smtpclient/proxy.h>
#include <smtpclient/secret.h>
#include <smtpclient/status.h>

/** A tunnel under construction. */
typedef struct smtpc_tunnel_t smtpc_tunnel_t;

/** Through what and where to. Copied, but for the secret, which is borrowed
 *  for the life of the tunnel. */
typedef struct smtpc_tunnel_opts_t {
    smtpc_proxy_e proxy;
    const char *name;             /**< of the proxy: "gw.example.net:1080" */
    const char *host;             /**< A-label name or IP address */
    int port;
    const char *user;             /**< NULL: no login */
    const smtpc_secret_t *secret; /**< of the user */
} smtpc_tunnel_opts_t;

/** What a tunnel waits for. */
typedef enum {
    SMTPC_TUNNEL_WRITE, /**< send what smtpc__tunnel_pull() gives */
    SMTPC_TUNNEL_READ,  /**< read, then smtpc__tunnel_feed() */
    SMTPC_TUNNEL_OPEN,  /**< nothing: what follows goes to the server */
    SMTPC_TUNNEL_FAILED /**< nothing: see smtpc__tunnel_error() */
} smtpc_tunnel_want_e;

/**
 * Create @a *tunnel in @a pool as @a opts say. @a *why is set on failure to
 * one sentence in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  a host or user that is empty, holds control characters
 *                     or blanks, or is too long; a password that is empty,
 *                     holds control characters or is too long; a user with a
 *                     colon for HTTP; a port that is none; no kind of proxy
 */
apr_status_t smtpc__tunnel_create(smtpc_tunnel_t **tunnel, const char **why,
                                  const smtpc_tunnel_opts_t *opts,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return what @a tunnel waits for. */
smtpc_tunnel_want_e smtpc__tunnel_want(const smtpc_tunnel_t *tunnel);

/** Return the bytes to be sent now and set @a *len to their number. They are
 *  there until the next call with @a tunnel. */
const char *smtpc__tunnel_pull(smtpc_tunnel_t *tunnel, apr_size_t *len);

/** Say that the first @a len of those bytes were sent. */
void smtpc__tunnel_sent(smtpc_tunnel_t *tunnel, apr_size_t len);

/** Return how many bytes may be read now: at least one while
 *  SMTPC_TUNNEL_READ is wanted. */
apr_size_t smtpc__tunnel_room(const smtpc_tunnel_t *tunnel);

/**
 * Give @a tunnel the @a len bytes at @a data that the proxy sent, at most
 * smtpc__tunnel_room().
 *
 * @return APR_SUCCESS     go on as smtpc__tunnel_want() says
 *         SMTPC_EAUTH     the proxy wants a login, or refused this one
 *         SMTPC_ECONNECT  it refused to connect, or speaks something else
 */
apr_status_t smtpc__tunnel_feed(smtpc_tunnel_t *tunnel, const char *data,
                                apr_size_t len) SMTPC_WARN_UNUSED;

/** Say that the connection to the proxy ended: the status is
 *  SMTPC_ECONNECT. */
apr_status_t smtpc__tunnel_end(smtpc_tunnel_t *tunnel);

/** Return the sentence on what failed, or "". It lives as long as
 *  @a tunnel. */
const char *smtpc__tunnel_error(const smtpc_tunnel_t *tunnel);

#endif
