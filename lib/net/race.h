/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_RACE_H
#define SMTPC_NET_RACE_H

/**
 * @file race.h
 * Several addresses of one host, and the connection to the one that answers
 * first: happy eyeballs, RFC 8305.
 */

#include <apr_tables.h>
#include <smtpclient/env.h>

#include "net/loop.h"
#include "net/tcp.h"

/** A race. */
typedef struct smtpc_race_t smtpc_race_t;

/** Called once with the baton of the options, on the loop's thread. It may
 *  run before smtpc__race_begin() returns, and must not destroy the pool. */
typedef void (*smtpc_race_fn_t)(void *baton, smtpc_race_t *race);

/** A race's conditions. What they point to is borrowed until done. */
typedef struct smtpc_race_opts_t {
    const apr_array_header_t *addresses; /**< apr_sockaddr_t *, best first */
    const char *local;   /**< IP address to connect from, or NULL */
    apr_time_t deadline; /**< smtpc__monotonic() time */
    smtpc_race_fn_t done;
    void *baton;
} smtpc_race_opts_t;

/**
 * Begin @a *race as @a opts say in @a pool, whose end stops it without a word
 * and closes the connection too.
 *
 * Families take turns, the one of the first address first; addresses of
 * another family than the local one are left out. The next attempt begins
 * 250 ms after the last, earlier if little time is left, at once if that has
 * failed. An attempt ends after SMTPC_TIMEOUT_CONNECT, all end at the
 * deadline or when one is connected.
 *
 * @return APR_SUCCESS  done was called or will be
 */
apr_status_t smtpc__race_begin(smtpc_race_t **race, smtpc_loop_t *loop,
                               const smtpc_race_opts_t *opts,
                               smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Return what became of @a race.
 *
 * @return APR_SUCCESS     there is a connection
 *         APR_EAGAIN      not yet
 *         SMTPC_ETIMEOUT  the deadline passed, or no attempt had an answer
 *         SMTPC_ECONNECT  nobody there, no way there, no address at all
 *         SMTPC_ECANCELLED  smtpc__race_stop()
 */
apr_status_t smtpc__race_status(const smtpc_race_t *race);

/** Return sentences, with "; " between them, on the attempts that failed, or
 *  "". They live as long as @a race. */
const char *smtpc__race_error(const smtpc_race_t *race);

/** Return the connection, or NULL unless @a race succeeded; the loop does not
 *  watch it. It lives until smtpc__race_stop() or the end of the pool. */
smtpc_tcp_t *smtpc__race_tcp(const smtpc_race_t *race);

/** Stop @a race and close what it has, the connection included; done is not
 *  called any more. May be called at any time, and again. */
void smtpc__race_stop(smtpc_race_t *race);

/** Return how long it was from @a began till now, for a sentence in @a pool:
 *  "250 ms" or "30 s". */
const char *smtpc__race_waited(apr_time_t began, apr_pool_t *pool);

#endif
