/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_ENV_INT_H
#define SMTPC_BASE_ENV_INT_H

/**
 * @file env_int.h
 * What the layers take from the env: clocks, randomness, host name, log, and
 * objects shared between client handles.
 */

#include <stddef.h>

#include <smtpclient/env.h>

struct smtpc_settings_t;
/** Content types by extension, see mime/mime_table.h. */
typedef struct smtpc_mime_table_t smtpc_mime_table_t;

/** Return the wall clock. */
apr_time_t smtpc__env_now(const smtpc_env_t *env);

/** Return a clock that never jumps, for deadlines; its zero is arbitrary. */
apr_time_t smtpc__monotonic(void);

/** Fill @a len bytes at @a buf from the env's generator; the status is
 *  APR_EGENERAL if there is none to be had. */
apr_status_t smtpc__env_random(const smtpc_env_t *env, unsigned char *buf,
                               apr_size_t len) SMTPC_WARN_UNUSED;

/** Return the name of this host: a domain name or address literal. */
const char *smtpc__env_host_name(const smtpc_env_t *env);

/** Return the pool of @a env, for what lives as long and is made before other
 *  threads use @a env. */
apr_pool_t *smtpc__env_pool(const smtpc_env_t *env);

/** Return the settings that new clients of @a env begin with, or NULL. */
struct smtpc_settings_t *smtpc__env_settings(const smtpc_env_t *env);

/** Let new clients of @a env begin with @a settings. Not while other threads
 *  use @a env. */
void smtpc__env_set_settings(smtpc_env_t *env,
                             struct smtpc_settings_t *settings);

/** Return the content types that @a env was given, or NULL. */
const smtpc_mime_table_t *smtpc__env_mime_table(const smtpc_env_t *env);

/** Give @a env the content types @a table. Not while other threads use
 *  @a env. */
void smtpc__env_set_mime_table(smtpc_env_t *env,
                               const smtpc_mime_table_t *table);

/** Return non-zero if lines of @a level are wanted: saves formatting. */
int smtpc__env_logs(const smtpc_env_t *env, smtpc_log_level_e level);

/** Format and log one line at @a level; cut at 1 KiB; control characters
 *  in it are escaped. */
void smtpc__env_log(const smtpc_env_t *env, smtpc_log_level_e level,
                    const char *format, ...) SMTPC_PRINTF(3, 4);

/** Return non-zero if lines of sessions are wanted, by log or transcript. */
int smtpc__env_transcribes(const smtpc_env_t *env);

/** Hand @a line, which @a side ('C' or 'S') said on @a connection, to log and
 *  transcript; cut and escaped as in the log. */
void smtpc__env_transcribe(const smtpc_env_t *env, apr_uint64_t connection,
                           char side, const char *line);

/** Return the number of the next connection of @a env. Thread-safe. */
apr_uint64_t smtpc__env_connection(smtpc_env_t *env);

/** Return non-zero if events are wanted. */
int smtpc__env_watched(const smtpc_env_t *env);

/** Hand @a event to who watches. */
void smtpc__env_event(const smtpc_env_t *env, const smtpc_event_t *event);

/** Add @a n to a counter of @a env: smtpc__env_count(env,
 *  SMTPC_COUNTER(retries), 1). Thread-safe. */
void smtpc__env_count(smtpc_env_t *env, apr_size_t counter, apr_uint64_t n);

/** The counter that is member @a name of smtpc_counters_t. */
#define SMTPC_COUNTER(name) \
    (offsetof(smtpc_counters_t, name) / sizeof(apr_uint64_t))

/** Make an object for smtpc__env_share() in @a pool, which is the env's and
 *  lives as long as the object. */
typedef apr_status_t (*smtpc__share_fn_t)(void **object, void *baton,
                                          apr_pool_t *pool);

/**
 * Set @a *object to the one object of this env under @a key, made by
 * @a create with @a baton if there is none yet. Objects live as long as the
 * env. Beyond SMTPC_LIMIT_SHARED_OBJECTS the object is made in @a pool for
 * the caller alone. Thread-safe; @a create runs with the lock held, so it
 * must not wait for the network. The status is that of @a create.
 */
apr_status_t smtpc__env_share(void **object, smtpc_env_t *env,
                              const char *key, smtpc__share_fn_t create,
                              void *baton, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Create @a *pool with memory of @a env, for what many threads make and free
 *  and which has to be gone before @a env. Its end gives the memory back to
 *  all. */
apr_status_t smtpc__env_pool_create(apr_pool_t **pool, smtpc_env_t *env)
    SMTPC_WARN_UNUSED;

/** Create @a *env-independent @a *pool with an allocator of its own, so that
 *  a connection's memory can be freed on any thread. */
apr_status_t smtpc__pool_create(apr_pool_t **pool) SMTPC_WARN_UNUSED;

#endif
