/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.c: what a process shares.
 *
 * The env lives in a pool of its own with a locked allocator, because the
 * pool it is given may have none (httpd's prefork); the one lock guards the
 * table of shared objects and nothing else. After its setters an env is
 * constant, so the other calls take no lock.
 *
 * It does not survive a fork as anything but memory: no pid is checked.
 */

#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <apr_allocator.h>
#include <apr_hash.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <openssl/rand.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/hostname.h"
#include "base/limits.h"

/** Members of smtpc_counters_t, which are all of one type. */
#define COUNTERS (sizeof(smtpc_counters_t) / sizeof(apr_uint64_t))

struct smtpc_env_t {
    apr_pool_t *pool;         /* root, destroyed with the caller's pool */
    apr_thread_mutex_t *lock; /* guards shared */
    apr_hash_t *shared;       /* key -> object */
    smtpc_log_fn_t log;
    void *log_baton;
    smtpc_log_level_e log_level;
    smtpc_transcript_fn_t transcript;
    void *transcript_baton;
    smtpc_event_fn_t event;
    void *event_baton;
    _Atomic apr_uint64_t counters[COUNTERS];
    _Atomic apr_uint64_t connections; /* numbers given out */
    smtpc_clock_fn_t clock;
    void *clock_baton;
    smtpc_random_fn_t random;
    void *random_baton;
    const char *host_name;
    struct smtpc_settings_t *settings; /* model/settings.c's, or NULL */
    const smtpc_mime_table_t *mime_table; /* mime/mime_table.c's, or NULL */
};

/* Pools without a function of this kind return NULL, which nobody checks. */
static int out_of_memory(int status)
{
    (void)status;
    abort();
    return 0;
}

apr_status_t smtpc__pool_create(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *made;
    apr_status_t rv;

    rv = apr_allocator_create(&allocator);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_allocator_max_free_set(allocator, SMTPC_LIMIT_POOL_FREE);
    rv = apr_pool_create_unmanaged_ex(&made, out_of_memory, allocator);
    if (rv != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return rv;
    }
    apr_allocator_owner_set(allocator, made);
    rv = apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, made);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(made);
        return rv;
    }
    apr_allocator_mutex_set(allocator, mutex);
    *pool = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__env_pool_create(apr_pool_t **pool, smtpc_env_t *env)
{
    return apr_pool_create_unmanaged_ex(pool, out_of_memory,
                                        apr_pool_allocator_get(env->pool));
}

static apr_time_t system_clock(void *baton)
{
    (void)baton;
    return apr_time_now();
}

static apr_status_t system_random(void *baton, unsigned char *buf,
                                  apr_size_t len)
{
    (void)baton;
    while (len > 0) {
        int part = len < 65536 ? (int)len : 65536;

        if (RAND_bytes(buf, part) != 1) {
            return APR_EGENERAL;
        }
        buf += part;
        len -= (apr_size_t)part;
    }
    return APR_SUCCESS;
}

static apr_status_t destroy_root(void *data)
{
    apr_pool_destroy(data);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_env_create(smtpc_env_t **env,
                                             apr_pool_t *pool)
{
    apr_pool_t *root;
    smtpc_env_t *made;
    apr_status_t rv;

    rv = smtpc__pool_create(&root);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(root, "smtpc_env");
    made = apr_pcalloc(root, sizeof(*made));
    made->pool = root;
    made->shared = apr_hash_make(root);
    made->clock = system_clock;
    made->random = system_random;
    made->host_name = smtpc__hostname_system(root);
    rv = apr_thread_mutex_create(&made->lock, APR_THREAD_MUTEX_DEFAULT, root);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(root);
        return rv;
    }
    apr_pool_cleanup_register(pool, root, destroy_root,
                              apr_pool_cleanup_null);
    *env = made;
    return APR_SUCCESS;
}

SMTPC_DECLARE(void) smtpc_env_set_log(smtpc_env_t *env,
                                      smtpc_log_level_e level,
                                      smtpc_log_fn_t fn, void *baton)
{
    env->log_level = level;
    env->log = fn;
    env->log_baton = baton;
}

SMTPC_DECLARE(void) smtpc_env_set_transcript(smtpc_env_t *env,
                                             smtpc_transcript_fn_t fn,
                                             void *baton)
{
    env->transcript = fn;
    env->transcript_baton = baton;
}

SMTPC_DECLARE(void) smtpc_env_set_events(smtpc_env_t *env,
                                         smtpc_event_fn_t fn, void *baton)
{
    env->event = fn;
    env->event_baton = baton;
}

SMTPC_DECLARE(void) smtpc_env_counters(smtpc_counters_t *counters,
                                       const smtpc_env_t *env)
{
    apr_uint64_t values[COUNTERS] = { 0 };
    apr_size_t i;

    for (i = 0; i < COUNTERS; i++) {
        values[i] = atomic_load_explicit(&env->counters[i],
                                         memory_order_relaxed);
    }
    memcpy(counters, values, sizeof(*counters));
}

apr_uint64_t smtpc__env_connection(smtpc_env_t *env)
{
    return atomic_fetch_add_explicit(&env->connections, 1,
                                     memory_order_relaxed) + 1;
}

int smtpc__env_watched(const smtpc_env_t *env)
{
    return env->event != NULL;
}

void smtpc__env_event(const smtpc_env_t *env, const smtpc_event_t *event)
{
    if (env->event != NULL) {
        env->event(env->event_baton, event);
    }
}

void smtpc__env_count(smtpc_env_t *env, apr_size_t counter, apr_uint64_t n)
{
    atomic_fetch_add_explicit(&env->counters[counter], n,
                              memory_order_relaxed);
}

SMTPC_DECLARE(void) smtpc_env_set_clock(smtpc_env_t *env, smtpc_clock_fn_t fn,
                                        void *baton)
{
    env->clock = fn != NULL ? fn : system_clock;
    env->clock_baton = baton;
}

SMTPC_DECLARE(void) smtpc_env_set_random(smtpc_env_t *env,
                                         smtpc_random_fn_t fn, void *baton)
{
    env->random = fn != NULL ? fn : system_random;
    env->random_baton = baton;
}

SMTPC_DECLARE(apr_status_t) smtpc_env_set_host_name(smtpc_env_t *env,
                                                    const char *name)
{
    if (name == NULL
        || (!smtpc__hostname_valid(name, strlen(name))
            && !smtpc__is_ip_literal(name))) {
        return SMTPC_EARG;
    }
    env->host_name = apr_pstrdup(env->pool, name);
    return APR_SUCCESS;
}

apr_time_t smtpc__env_now(const smtpc_env_t *env)
{
    return env->clock(env->clock_baton);
}

apr_time_t smtpc__monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (apr_time_t)now.tv_sec * APR_USEC_PER_SEC + now.tv_nsec / 1000;
}

apr_status_t smtpc__env_random(const smtpc_env_t *env, unsigned char *buf,
                               apr_size_t len)
{
    return env->random(env->random_baton, buf, len) == APR_SUCCESS
               ? APR_SUCCESS
               : APR_EGENERAL;
}

const char *smtpc__env_host_name(const smtpc_env_t *env)
{
    return env->host_name;
}

apr_pool_t *smtpc__env_pool(const smtpc_env_t *env)
{
    return env->pool;
}

struct smtpc_settings_t *smtpc__env_settings(const smtpc_env_t *env)
{
    return env->settings;
}

void smtpc__env_set_settings(smtpc_env_t *env,
                             struct smtpc_settings_t *settings)
{
    env->settings = settings;
}

const smtpc_mime_table_t *smtpc__env_mime_table(const smtpc_env_t *env)
{
    return env->mime_table;
}

void smtpc__env_set_mime_table(smtpc_env_t *env,
                               const smtpc_mime_table_t *table)
{
    env->mime_table = table;
}

int smtpc__env_logs(const smtpc_env_t *env, smtpc_log_level_e level)
{
    return env->log != NULL && level <= env->log_level;
}

void smtpc__env_log(const smtpc_env_t *env, smtpc_log_level_e level,
                    const char *format, ...)
{
    char line[SMTPC_LIMIT_LOG_LINE + 1];
    char escaped[SMTPC_LIMIT_LOG_LINE + 1];
    va_list args;

    if (!smtpc__env_logs(env, level)) {
        return;
    }
    va_start(args, format);
    smtpc__vformat(line, sizeof(line), format, args);
    va_end(args);
    smtpc__escape_into(escaped, sizeof(escaped), line, strlen(line), 0);
    env->log(env->log_baton, level, escaped);
}

int smtpc__env_transcribes(const smtpc_env_t *env)
{
    return env->transcript != NULL || smtpc__env_logs(env, SMTPC_LOG_TRACE);
}

void smtpc__env_transcribe(const smtpc_env_t *env, apr_uint64_t connection,
                           char side, const char *line)
{
    char escaped[SMTPC_LIMIT_LOG_LINE + 1];
    apr_size_t len;

    smtpc__env_log(env, SMTPC_LOG_TRACE, "%c: %s", side, line);
    if (env->transcript != NULL) {
        len = smtpc__utf8_cut(line, strlen(line), SMTPC_LIMIT_LOG_LINE);
        smtpc__escape_into(escaped, sizeof(escaped), line, len, 0);
        env->transcript(env->transcript_baton, connection, side, escaped);
    }
}

/* Make the object under key and keep it. Runs with the lock held. */
static apr_status_t make_shared(void **object, smtpc_env_t *env,
                                const char *key, smtpc__share_fn_t create,
                                void *baton)
{
    apr_pool_t *pool;
    apr_status_t rv;

    rv = apr_pool_create(&pool, env->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = create(object, baton, pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return rv;
    }
    apr_hash_set(env->shared, apr_pstrdup(pool, key), APR_HASH_KEY_STRING,
                 *object);
    return APR_SUCCESS;
}

apr_status_t smtpc__env_share(void **object, smtpc_env_t *env,
                              const char *key, smtpc__share_fn_t create,
                              void *baton, apr_pool_t *pool)
{
    apr_status_t rv;
    void *found;
    int full;

    rv = apr_thread_mutex_lock(env->lock);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    found = apr_hash_get(env->shared, key, APR_HASH_KEY_STRING);
    full = apr_hash_count(env->shared) >= SMTPC_LIMIT_SHARED_OBJECTS;
    if (found != NULL) {
        *object = found;
    }
    else if (!full) {
        rv = make_shared(object, env, key, create, baton);
    }
    apr_thread_mutex_unlock(env->lock);
    if (found == NULL && full) {
        return create(object, baton, pool);
    }
    return rv;
}
