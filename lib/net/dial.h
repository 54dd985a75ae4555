/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_DIAL_H
#define SMTPC_NET_DIAL_H

/**
 * @file dial.h
 * From a target to a connected transport: look-up, a race of the addresses,
 * the way through a proxy.
 */

#include <smtpclient/env.h>
#include <smtpclient/proxy.h>
#include <smtpclient/secret.h>

#include "base/limits.h"
#include "net/loop.h"
#include "net/tcp.h"

/** As many sockets a dial polls at a time at most. In a loop for fewer it
 *  tries fewer addresses at a time. */
#define SMTPC_DIAL_SOCKETS SMTPC_LIMIT_HOST_ADDRESSES

/** Where to, and how. */
typedef struct smtpc_dial_target_t {
    const char *host;          /**< A-label name or IP address */
    int port;
    const char *unix_path;     /**< a Unix socket instead of host and port, or
                                    NULL; there is no proxy to it */
    const char *local_address; /**< IP address to connect from, or NULL */
    smtpc_proxy_e proxy;
    const char *proxy_host;    /**< A-label name or IP address */
    int proxy_port;
    const char *proxy_user;    /**< NULL: none */
    const smtpc_secret_t *proxy_secret; /**< of the user */
} smtpc_dial_target_t;

/** How far a dial got. */
typedef enum {
    SMTPC_DIAL_RESOLVE, /**< addresses of the host, or of the proxy */
    SMTPC_DIAL_CONNECT, /**< a connection to one of them */
    SMTPC_DIAL_PROXY    /**< through the proxy to the server */
} smtpc_dial_stage_e;

/** A dial. */
typedef struct smtpc_dial_t smtpc_dial_t;

/** Called once with what smtpc__dial_begin() was given, on the loop's thread.
 *  It may run before smtpc__dial_begin() returns, and must not destroy the
 *  pool of @a dial; it may do so later from the loop. */
typedef void (*smtpc_dial_fn_t)(void *baton, smtpc_dial_t *dial);

/**
 * Begin to connect to @a target by @a deadline (smtpc__monotonic() time), and
 * call @a done with @a baton when that has succeeded or failed.
 *
 * The addresses of the host, or of the proxy, are looked up and raced as RFC
 * 8305 says: families take turns; the next address is tried 250 ms after the
 * last, earlier if little time is left, at once if that failed; the first
 * that is connected wins, the others are closed. Each address has at most
 * SMTPC_TIMEOUT_CONNECT, and so have look-up and proxy. After that there is
 * no way back to other addresses: what the proxy says counts.
 *
 * @a *dial is set in @a pool, whose end closes everything, a connection that
 * was made included, and stops it without calling @a done. @a target and what
 * is in it is borrowed until @a done was called.
 *
 * @return APR_SUCCESS  @a done was called or will be
 *         SMTPC_EARG   a host, port, path, local address, user or password
 *                      that is none, with control characters or blanks for
 *                      instance; smtpc__dial_error() says which, and @a done
 *                      is not called
 */
apr_status_t smtpc__dial_begin(smtpc_dial_t **dial, smtpc_loop_t *loop,
                               const smtpc_dial_target_t *target,
                               apr_time_t deadline, smtpc_dial_fn_t done,
                               void *baton, smtpc_env_t *env,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Return what became of @a dial.
 *
 * @return APR_SUCCESS     connected
 *         APR_EAGAIN      not yet
 *         SMTPC_ECONNECT  no such host, nobody there, the proxy refused
 *         SMTPC_ETIMEOUT  no answer in time
 *         SMTPC_EAUTH     the proxy wants a login, or refused this one
 *         SMTPC_EARG      as smtpc__dial_begin() said
 *         SMTPC_ECANCELLED  smtpc__dial_cancel()
 */
apr_status_t smtpc__dial_status(const smtpc_dial_t *dial);

/** Return how far @a dial got. */
smtpc_dial_stage_e smtpc__dial_stage(const smtpc_dial_t *dial);

/** Return a sentence on why @a dial failed, with every address that was
 *  tried; it never holds the user or password of the proxy. "" if it did not
 *  fail. It lives as long as @a dial. */
const char *smtpc__dial_error(const smtpc_dial_t *dial);

/** Return the connection, or NULL unless @a dial succeeded. It lives in the
 *  pool given and is watched by nobody. */
smtpc_tcp_t *smtpc__dial_tcp(const smtpc_dial_t *dial);

/** Return non-zero if what goes over the connection stays on this machine:
 *  a loopback address or a Unix socket, and no proxy. */
int smtpc__dial_loopback(const smtpc_dial_t *dial);

/** Return when the addresses were known, in smtpc__monotonic() time; 0: not
 *  yet, or none are needed. */
apr_time_t smtpc__dial_resolved(const smtpc_dial_t *dial);

/** Stop @a dial and close what it has, the connection included; done is not
 *  called any more. May be called at any time, and again, on the loop's
 *  thread. */
void smtpc__dial_cancel(smtpc_dial_t *dial);

#endif
