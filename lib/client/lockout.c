/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lockout.c: no login after several that were refused.
 *
 * A wrong password in a queue or a busy form would be tried with every mail,
 * until the server locks the account or the address, and then the right one
 * does not help. Logins that are under way already when the limit is reached
 * are not called back. Memory is bounded: a new profile takes the place of the
 * one whose last refusal is the longest ago.
 */

#include "client/lockout.h"

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"

/** The key under which an env keeps the table. */
#define TABLE_KEY "client/lockout"
/** A hash in hexadecimal. */
#define PROFILE_KEY 64

/* What became of the logins of a profile. */
typedef struct record_t {
    char key[PROFILE_KEY + 1]; /* "": free */
    int count;
    /* The last refusals, a ring: the oldest at the place of the next. */
    apr_time_t refused[SMTPC_LIMIT_LOGIN_FAILURES];
} record_t;

typedef struct table_t {
    pthread_mutex_t lock;
    record_t records[SMTPC_LIMIT_LOCKOUT_PROFILES];
} table_t;

static apr_status_t destroy_lock(void *data)
{
    pthread_mutex_destroy(data);
    return APR_SUCCESS;
}

/* smtpc__share_fn_t */
static apr_status_t create(void **object, void *baton, apr_pool_t *pool)
{
    table_t *table = apr_pcalloc(pool, sizeof(*table));
    int error = pthread_mutex_init(&table->lock, NULL);

    (void)baton;
    if (error != 0) {
        return error;
    }
    apr_pool_cleanup_register(pool, &table->lock, destroy_lock,
                              apr_pool_cleanup_null);
    *object = table;
    return APR_SUCCESS;
}

/* Return the table of env, or NULL. */
static table_t *table_of(smtpc_env_t *env, apr_pool_t *pool)
{
    void *table = NULL;

    return smtpc__env_share(&table, env, TABLE_KEY, create, NULL, pool)
                   == APR_SUCCESS
               ? table : NULL;
}

static record_t *find(table_t *table, const char *key)
{
    int i;

    for (i = 0; i < SMTPC_LIMIT_LOCKOUT_PROFILES; i++) {
        if (strcmp(table->records[i].key, key) == 0) {
            return &table->records[i];
        }
    }
    return NULL;
}

static apr_time_t last_of(const record_t *record)
{
    return record->count == 0
               ? 0 : record->refused[(record->count - 1)
                                     % SMTPC_LIMIT_LOGIN_FAILURES];
}

/* Return the record that can be given up first: a free one, or the one whose
 * last refusal is the longest ago. */
static record_t *oldest(table_t *table)
{
    record_t *found = &table->records[0];
    int i;

    for (i = 0; i < SMTPC_LIMIT_LOCKOUT_PROFILES; i++) {
        record_t *record = &table->records[i];

        if (record->key[0] == '\0') {
            return record;
        }
        if (last_of(record) < last_of(found)) {
            found = record;
        }
    }
    return found;
}

/* Return how long there are no logins for record, from now on. */
static apr_interval_time_t left_of(const record_t *record)
{
    apr_time_t first;

    if (record == NULL || record->count < SMTPC_LIMIT_LOGIN_FAILURES) {
        return 0;
    }
    first = record->refused[record->count % SMTPC_LIMIT_LOGIN_FAILURES];
    return first + SMTPC_LOGIN_FAILURE_PERIOD - smtpc__monotonic();
}

const char *smtpc__lockout_reason(smtpc_env_t *env,
                                  const smtpc_server_t *server,
                                  apr_pool_t *pool)
{
    table_t *table = table_of(env, pool);
    apr_interval_time_t left;

    if (table == NULL || !smtpc__server_logs_in(server)) {
        return NULL;
    }
    pthread_mutex_lock(&table->lock);
    left = left_of(find(table, server->key));
    pthread_mutex_unlock(&table->lock);
    if (left <= 0) {
        return NULL;
    }
    return apr_psprintf(pool, "%s refused %d logins of %s within %d minutes; "
                        "so that the account is not locked, there is no other "
                        "for %" APR_TIME_T_FMT " s; set the right "
                        "credentials, which are tried at once", server->host,
                        SMTPC_LIMIT_LOGIN_FAILURES,
                        smtpc__server_login(server),
                        (int)(apr_time_sec(SMTPC_LOGIN_FAILURE_PERIOD) / 60),
                        apr_time_sec(left) + 1);
}

/* Note a refusal; return non-zero if it is the last for a while. */
static int note_refusal(table_t *table, const char *key)
{
    record_t *record = find(table, key);

    if (record == NULL) {
        record = oldest(table);
        memset(record, 0, sizeof(*record));
        apr_cpystrn(record->key, key, sizeof(record->key));
    }
    record->refused[record->count % SMTPC_LIMIT_LOGIN_FAILURES] =
        smtpc__monotonic();
    record->count++;
    return left_of(record) > 0;
}

void smtpc__lockout_note(smtpc_env_t *env, const smtpc_server_t *server,
                         int refused, apr_pool_t *pool)
{
    table_t *table = table_of(env, pool);
    record_t *record;
    int locked = 0;

    if (table == NULL || !smtpc__server_logs_in(server)) {
        return;
    }
    pthread_mutex_lock(&table->lock);
    if (refused) {
        locked = note_refusal(table, server->key);
    }
    else if ((record = find(table, server->key)) != NULL) {
        memset(record, 0, sizeof(*record));
    }
    pthread_mutex_unlock(&table->lock);
    if (locked) {
        smtpc__env_log(env, SMTPC_LOG_ERROR, "%s",
                       smtpc__lockout_reason(env, server, pool));
    }
}
