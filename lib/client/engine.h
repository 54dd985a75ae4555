/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_ENGINE_H
#define SMTPC_CLIENT_ENGINE_H

/**
 * @file engine.h
 * What the clients of one env have in common in one process: the pool of
 * connections, loops for blocking calls, and the one thread for asynchronous
 * ones. A process that was forked gets an engine of its own; of its parent's
 * it closes the descriptors it inherited and touches nothing else.
 */

#include <pthread.h>

#include "base/env_int.h"
#include "net/loop.h"

/** The engine of an env in this process. */
typedef struct smtpc_engine_t smtpc_engine_t;
/** The connections of an engine, see pool.h. */
typedef struct smtpc_pool_t smtpc_pool_t;

/** Set @a *engine to that of @a env in this process, made if there is none
 *  yet; it lives as long as @a env. @a pool is for what goes wrong.
 *  Thread-safe. */
apr_status_t smtpc__engine_get(smtpc_engine_t **engine, smtpc_env_t *env,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return non-zero if @a engine is that of this process. */
int smtpc__engine_is_here(const smtpc_engine_t *engine);

/** Return the env of @a engine. */
smtpc_env_t *smtpc__engine_env(const smtpc_engine_t *engine);

/** Return the pool of connections. */
smtpc_pool_t *smtpc__engine_pool(const smtpc_engine_t *engine);

/** A loop that is lent, and its memory. */
typedef struct smtpc_lent_loop_t {
    smtpc_loop_t *loop;
    apr_pool_t *pool;
    int large; /**< not kept for the next call */
} smtpc_lent_loop_t;

/** Set @a *lent to a loop for @a connections connections that the calling
 *  thread may run, and gives back with smtpc__engine_give_loop().
 *  Thread-safe. */
apr_status_t smtpc__engine_take_loop(smtpc_lent_loop_t *lent,
                                     smtpc_engine_t *engine, int connections)
    SMTPC_WARN_UNUSED;

/** Give back @a lent, which watches nothing. Thread-safe. */
void smtpc__engine_give_loop(smtpc_engine_t *engine,
                             const smtpc_lent_loop_t *lent);

/** Set @a *loop to that of the thread of @a engine, which is started if it
 *  does not run. Post tasks to it. SMTPC_EDISPOSED if the env ends; else what
 *  the system says of a thread or a loop. Thread-safe. */
apr_status_t smtpc__engine_async(smtpc_loop_t **loop, smtpc_engine_t *engine)
    SMTPC_WARN_UNUSED;

/** Return non-zero if the calling thread is that of @a engine; NULL has
 *  none. */
int smtpc__engine_on_thread(const smtpc_engine_t *engine);

/** Return non-zero if @a loop is that of the thread of @a engine. */
int smtpc__engine_runs(smtpc_engine_t *engine, const smtpc_loop_t *loop);

/** Return non-zero if @a engine is about to end: nothing is to begin. */
int smtpc__engine_is_ending(smtpc_engine_t *engine);

/** Something that runs on the thread of an engine and has to end with it. */
typedef struct smtpc_engine_user_t {
    /** The thread ends: end at once. Called on it. */
    void (*end)(void *baton);
    void *baton;
    struct smtpc_engine_user_t *next; /**< private */
    struct smtpc_engine_user_t **link; /**< private; NULL: not entered */
} smtpc_engine_user_t;

/** Enter @a user; on the engine's thread. */
void smtpc__engine_enter(smtpc_engine_t *engine, smtpc_engine_user_t *user);

/** Take @a user, which was entered, out; on the engine's thread. */
void smtpc__engine_exit(smtpc_engine_user_t *user);

#endif
