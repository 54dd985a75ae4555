/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool.c: buckets of idle connections, and who waits for one.
 *
 * One lock guards all of it. It is held for a few steps of pointers, never
 * while something is sent, closed or called back, so that threads do not wait
 * for the network in here.
 *
 * A bucket counts the connections there are or are being opened: a right to
 * one is given with a granted ticket and comes back with the connection or
 * without. Whoever waits is served in order; a grant to another thread is a
 * task on that thread's loop. The newest idle connection is taken first, so
 * that those that are not needed grow old, and whoever comes by ends them.
 *
 * Not here: what is done with a connection (op.c), and rates (rate.c).
 */

#include "client/pool.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "base/secret_int.h"
#include "client/rate.h"

/** At most this often old connections of all buckets are looked for. */
#define REAP_PERIOD apr_time_from_sec(1)

struct smtpc_bucket_t {
    apr_pool_t *memory; /* a root of its own */
    smtpc_pool_t *pool;
    const smtpc_server_t *server;
    int users;          /* handles */
    int open;           /* connections, and rights to one */
    int idle_count;
    smtpc_pooled_t *idle; /* the newest first */
    smtpc_ticket_t *first; /* who waits */
    smtpc_ticket_t **last;
    int failures;       /* in a row */
    apr_time_t sick_until;
    int has_early;
    smtpc_caps_t early;
    char early_peer[SMTPC_LIMIT_HOST];
    smtpc_rate_t rate;
    smtpc_rates_t *domains; /* NULL: no limit for them */
};

struct smtpc_pool_t {
    pthread_mutex_t lock;
    smtpc_env_t *env;
    apr_hash_t *buckets; /* key -> bucket */
    int keep;
    apr_time_t reaped;
};

apr_status_t smtpc__pool_make(smtpc_pool_t **pool, smtpc_env_t *env,
                              apr_pool_t *memory)
{
    smtpc_pool_t *made = apr_pcalloc(memory, sizeof(*made));
    apr_status_t rv = pthread_mutex_init(&made->lock, NULL);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->env = env;
    made->buckets = apr_hash_make(memory);
    *pool = made;
    return APR_SUCCESS;
}

void smtpc__pool_keep(smtpc_pool_t *pool, int keep)
{
    pthread_mutex_lock(&pool->lock);
    pool->keep = keep;
    pthread_mutex_unlock(&pool->lock);
}

/* Ending connections, without the lock. */

/* End all connections of list, which nobody else knows any more. */
static void end_list(smtpc_pooled_t *list)
{
    while (list) {
        smtpc_pooled_t *next = list->next;

        smtpc__conn_leave(list->conn);
        smtpc__pooled_destroy(list);
        list = next;
    }
}

/* Buckets. Functions in here are called with the lock held. */

/* Move the idle connections of bucket to list. They keep it until they are
 * destroyed. */
static void take_all(smtpc_bucket_t *bucket, smtpc_pooled_t **list)
{
    while (bucket->idle) {
        smtpc_pooled_t *pooled = bucket->idle;

        bucket->idle = pooled->next;
        pooled->next = *list;
        *list = pooled;
    }
    bucket->idle_count = 0;
}

/* Take bucket off the table if nothing needs it; return non-zero if so. Its
 * memory is for the caller to destroy, without the lock. */
static int drop_unused(smtpc_bucket_t *bucket)
{
    if (bucket->users > 0 || bucket->open > 0 || bucket->first) {
        return 0;
    }
    apr_hash_set(bucket->pool->buckets, bucket->server->key,
                 APR_HASH_KEY_STRING, NULL);
    return 1;
}

/* Move the idle connections of bucket that are too old to list. */
static void take_old(smtpc_bucket_t *bucket, smtpc_pooled_t **list)
{
    smtpc_pooled_t **at = &bucket->idle;

    while (*at) {
        smtpc_pooled_t *pooled = *at;
        int spare = bucket->idle_count > bucket->server->min_connections;

        if (smtpc__conn_fresh(pooled->conn)
            && (!spare
                || smtpc__conn_idle(pooled->conn) < bucket->server->idle)) {
            at = &pooled->next;
            continue;
        }
        *at = pooled->next;
        bucket->idle_count--;
        pooled->next = *list;
        *list = pooled;
    }
}

/* Look through all buckets, now and then; buckets that nothing needs are put
 * into *unused, by their pools. */
static smtpc_pooled_t *reap(smtpc_pool_t *pool, apr_pool_t **unused)
{
    apr_time_t now = smtpc__monotonic();
    smtpc_pooled_t *list = NULL;
    apr_hash_index_t *index;

    *unused = NULL;
    if (now - pool->reaped < REAP_PERIOD) {
        return NULL;
    }
    pool->reaped = now;
    for (index = apr_hash_first(NULL, pool->buckets); index;
         index = apr_hash_next(index)) {
        smtpc_bucket_t *bucket = apr_hash_this_val(index);

        take_old(bucket, &list);
        /* One at a time: the next one comes by soon. */
        if (!*unused && drop_unused(bucket)) {
            *unused = bucket->memory;
        }
    }
    return list;
}

/* End what reap() found, without the lock. */
static void end_reaped(smtpc_pooled_t *old, apr_pool_t *unused)
{
    end_list(old);
    if (unused) {
        apr_pool_destroy(unused);
    }
}

void smtpc__pool_sweep(smtpc_pool_t *pool)
{
    apr_pool_t *unused;
    smtpc_pooled_t *old;

    pthread_mutex_lock(&pool->lock);
    old = reap(pool, &unused);
    pthread_mutex_unlock(&pool->lock);
    end_reaped(old, unused);
}

/* The next in line for a connection of bucket, or for the right to one. */
static void grant(smtpc_bucket_t *bucket, smtpc_pooled_t *kept)
{
    smtpc_ticket_t *ticket = bucket->first;

    bucket->first = ticket->next;
    if (!bucket->first) {
        bucket->last = &bucket->first;
    }
    ticket->waiting = 0;
    ticket->kept = kept;
    ticket->posted = 1;
    smtpc__loop_post(ticket->loop, &ticket->task);
}

/* A right to a connection came back. */
static void return_right(smtpc_bucket_t *bucket)
{
    bucket->open--;
    if (bucket->first && bucket->open < bucket->server->max_connections) {
        bucket->open++;
        grant(bucket, NULL);
    }
}

/* Joining and leaving. */

/* Make the bucket of server. */
static apr_status_t make_bucket(smtpc_bucket_t **bucket, smtpc_pool_t *pool,
                                const smtpc_server_t *server)
{
    apr_pool_t *root;
    smtpc_bucket_t *made;
    apr_status_t rv;

    rv = smtpc__pool_create(&root);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(root, "smtpc_bucket");
    made = apr_pcalloc(root, sizeof(*made));
    made->memory = root;
    made->pool = pool;
    made->last = &made->first;
    rv = smtpc__server_copy(&made->server, server, root);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(root);
        return rv;
    }
    if (server->domain_rate_period > 0) {
        smtpc__rates_create(&made->domains, root);
    }
    apr_hash_set(pool->buckets, made->server->key, APR_HASH_KEY_STRING, made);
    *bucket = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__bucket_join(smtpc_bucket_t **bucket, smtpc_pool_t *pool,
                                const smtpc_server_t *server)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&pool->lock);
    *bucket = apr_hash_get(pool->buckets, server->key, APR_HASH_KEY_STRING);
    if (!*bucket) {
        rv = make_bucket(bucket, pool, server);
    }
    if (rv == APR_SUCCESS) {
        (*bucket)->users++;
    }
    pthread_mutex_unlock(&pool->lock);
    return rv;
}

smtpc_pooled_t *smtpc__bucket_leave(smtpc_bucket_t *bucket)
{
    smtpc_pool_t *pool = bucket->pool;
    smtpc_pooled_t *list = NULL;
    int unused;

    pthread_mutex_lock(&pool->lock);
    bucket->users--;
    if (bucket->users == 0 && !pool->keep) {
        take_all(bucket, &list);
    }
    unused = drop_unused(bucket);
    pthread_mutex_unlock(&pool->lock);
    if (unused) {
        apr_pool_destroy(bucket->memory);
    }
    return list;
}

const smtpc_server_t *smtpc__bucket_server(const smtpc_bucket_t *bucket)
{
    return bucket->server;
}

int smtpc__bucket_count(int *idle, smtpc_bucket_t *bucket)
{
    int open;

    pthread_mutex_lock(&bucket->pool->lock);
    open = bucket->open;
    *idle = bucket->idle_count;
    pthread_mutex_unlock(&bucket->pool->lock);
    return open;
}

/* Acquiring. */

/* Task: a ticket was granted by another thread. */
static void granted_later(void *baton)
{
    smtpc_ticket_t *ticket = baton;

    ticket->posted = 0;
    ticket->granted(ticket->baton);
}

/* Put ticket in line. */
static void wait_in_line(smtpc_bucket_t *bucket, smtpc_ticket_t *ticket)
{
    ticket->task.fn = granted_later;
    ticket->task.baton = ticket;
    ticket->waiting = 1;
    ticket->next = NULL;
    *bucket->last = ticket;
    bucket->last = &ticket->next;
}

int smtpc__pool_acquire(smtpc_ticket_t *ticket)
{
    smtpc_bucket_t *bucket = ticket->bucket;
    smtpc_pool_t *pool = bucket->pool;
    apr_pool_t *unused;
    smtpc_pooled_t *old;
    int granted = 1;

    ticket->kept = NULL;
    pthread_mutex_lock(&pool->lock);
    old = reap(pool, &unused);
    if (bucket->idle && !bucket->first) {
        ticket->kept = bucket->idle;
        bucket->idle = ticket->kept->next;
        bucket->idle_count--;
    }
    else if (bucket->open < bucket->server->max_connections
             && !bucket->first) {
        bucket->open++;
    }
    else {
        granted = 0;
        wait_in_line(bucket, ticket);
    }
    pthread_mutex_unlock(&pool->lock);
    end_reaped(old, unused);
    if (!granted) {
        smtpc__env_count(pool->env, SMTPC_COUNTER(connection_waits), 1);
    }
    return granted;
}

/* Take ticket out of the line. */
static void leave_line(smtpc_bucket_t *bucket, smtpc_ticket_t *ticket)
{
    smtpc_ticket_t **at = &bucket->first;

    while (*at != ticket) {
        at = &(*at)->next;
    }
    *at = ticket->next;
    if (bucket->last == &ticket->next) {
        bucket->last = at;
    }
    ticket->waiting = 0;
}

void smtpc__pool_cancel(smtpc_ticket_t *ticket)
{
    smtpc_bucket_t *bucket = ticket->bucket;
    smtpc_pooled_t *kept = NULL;
    int right = 0;

    pthread_mutex_lock(&bucket->pool->lock);
    if (ticket->waiting) {
        leave_line(bucket, ticket);
    }
    else if (ticket->posted) {
        smtpc__loop_unpost(ticket->loop, &ticket->task);
        ticket->posted = 0;
        kept = ticket->kept;
        right = !kept;
    }
    if (right) {
        return_right(bucket);
    }
    pthread_mutex_unlock(&bucket->pool->lock);
    if (kept) {
        smtpc__pool_release(kept);
    }
}

void smtpc__pool_give_back(const smtpc_ticket_t *ticket)
{
    smtpc_bucket_t *bucket = ticket->bucket;

    if (ticket->kept) {
        smtpc__pool_release(ticket->kept);
        return;
    }
    pthread_mutex_lock(&bucket->pool->lock);
    return_right(bucket);
    pthread_mutex_unlock(&bucket->pool->lock);
}

apr_status_t smtpc__pooled_create(smtpc_pooled_t **pooled,
                                  smtpc_bucket_t *bucket, smtpc_loop_t *loop)
{
    apr_pool_t *root;
    smtpc_pooled_t *made = NULL;
    apr_status_t rv;

    rv = smtpc__pool_create(&root);
    if (rv == APR_SUCCESS) {
        apr_pool_tag(root, "smtpc_conn");
        made = apr_pcalloc(root, sizeof(*made));
        made->pool = root;
        made->bucket = bucket;
        rv = smtpc__conn_create(&made->conn, loop, bucket->server,
                                bucket->pool->env, root);
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(root);
        }
    }
    if (rv != APR_SUCCESS) {
        pthread_mutex_lock(&bucket->pool->lock);
        return_right(bucket);
        pthread_mutex_unlock(&bucket->pool->lock);
        return rv;
    }
    *pooled = made;
    return APR_SUCCESS;
}

/* Releasing. */

void smtpc__pooled_destroy(smtpc_pooled_t *pooled)
{
    smtpc_bucket_t *bucket = pooled->bucket;
    smtpc_pool_t *pool = bucket->pool;
    int unused;

    apr_pool_destroy(pooled->pool);
    pthread_mutex_lock(&pool->lock);
    return_right(bucket);
    unused = drop_unused(bucket);
    pthread_mutex_unlock(&pool->lock);
    if (unused) {
        apr_pool_destroy(bucket->memory);
    }
}

/* Task of smtpc__pooled_bury(). */
static void bury_now(void *baton)
{
    smtpc_pooled_t *pooled = baton;

    if (pooled->right) {
        smtpc__pooled_destroy(pooled);
    }
    else {
        apr_pool_destroy(pooled->pool);
    }
}

void smtpc__pooled_bury(smtpc_pooled_t *pooled, smtpc_loop_t *loop,
                        int keep_right)
{
    smtpc__conn_leave(pooled->conn);
    pooled->right = !keep_right;
    pooled->task.fn = bury_now;
    pooled->task.baton = pooled;
    smtpc__loop_post(loop, &pooled->task);
}

void smtpc__pool_release(smtpc_pooled_t *pooled)
{
    smtpc_bucket_t *bucket = pooled->bucket;
    smtpc_pool_t *pool = bucket->pool;
    int kept = 0;

    if (smtpc__conn_fresh(pooled->conn)) {
        pthread_mutex_lock(&pool->lock);
        if (bucket->first) {
            grant(bucket, pooled);
            kept = 1;
        }
        else if (bucket->users > 0 || pool->keep) {
            pooled->next = bucket->idle;
            bucket->idle = pooled;
            bucket->idle_count++;
            kept = 1;
        }
        pthread_mutex_unlock(&pool->lock);
    }
    if (!kept) {
        smtpc__conn_leave(pooled->conn);
        smtpc__pooled_destroy(pooled);
    }
}

/* The end. */

void smtpc__pool_end(smtpc_pool_t *pool)
{
    apr_hash_index_t *index;
    smtpc_pooled_t *list = NULL;

    for (index = apr_hash_first(NULL, pool->buckets); index;
         index = apr_hash_next(index)) {
        take_all(apr_hash_this_val(index), &list);
    }
    end_list(list);
    for (index = apr_hash_first(NULL, pool->buckets); index;
         index = apr_hash_next(index)) {
        apr_pool_destroy(
            ((smtpc_bucket_t *)apr_hash_this_val(index))->memory);
    }
    pthread_mutex_destroy(&pool->lock);
}

void smtpc__pool_abandon(smtpc_pool_t *pool)
{
    apr_hash_index_t *index;

    /* Another thread of the parent may have been in the middle of things. */
    if (pthread_mutex_trylock(&pool->lock) != 0) {
        return;
    }
    for (index = apr_hash_first(NULL, pool->buckets); index;
         index = apr_hash_next(index)) {
        smtpc_bucket_t *bucket = apr_hash_this_val(index);
        smtpc_pooled_t *pooled;

        for (pooled = bucket->idle; pooled; pooled = pooled->next) {
            smtpc__conn_abandon(pooled->conn);
        }
    }
    pthread_mutex_unlock(&pool->lock);
}

/* How the server is. */

int smtpc__bucket_is_sick(smtpc_bucket_t *bucket)
{
    apr_time_t now = smtpc__monotonic();
    int sick = 0;

    pthread_mutex_lock(&bucket->pool->lock);
    if (bucket->failures > 0) {
        sick = now < bucket->sick_until;
        if (!sick) {
            /* This caller finds out; the others wait for what it finds. */
            bucket->sick_until = now + SMTPC_TIMEOUT_SICK;
        }
    }
    pthread_mutex_unlock(&bucket->pool->lock);
    return sick;
}

void smtpc__bucket_note(smtpc_bucket_t *bucket, int failed)
{
    apr_interval_time_t rest = SMTPC_TIMEOUT_SICK;
    int i;

    pthread_mutex_lock(&bucket->pool->lock);
    if (!failed) {
        bucket->failures = 0;
    }
    else {
        for (i = 0; i < bucket->failures && rest < SMTPC_LIMIT_SICK; i++) {
            rest *= 2;
        }
        bucket->failures++;
        bucket->sick_until = smtpc__monotonic()
                             + (rest < SMTPC_LIMIT_SICK ? rest
                                                        : SMTPC_LIMIT_SICK);
    }
    pthread_mutex_unlock(&bucket->pool->lock);
}

int smtpc__bucket_early(smtpc_caps_t *caps, const char **peer,
                        smtpc_bucket_t *bucket, apr_pool_t *pool)
{
    int has;

    pthread_mutex_lock(&bucket->pool->lock);
    has = bucket->has_early;
    if (has) {
        *caps = bucket->early;
        *peer = apr_pstrdup(pool, bucket->early_peer);
    }
    pthread_mutex_unlock(&bucket->pool->lock);
    return has;
}

void smtpc__bucket_note_caps(smtpc_bucket_t *bucket, const smtpc_caps_t *caps,
                             const char *peer)
{
    pthread_mutex_lock(&bucket->pool->lock);
    bucket->has_early = caps && (caps->bits & SMTPC_CAP_PIPECONNECT)
                        && strlen(peer) < sizeof(bucket->early_peer);
    if (bucket->has_early) {
        bucket->early = *caps;
        apr_cpystrn(bucket->early_peer, peer, sizeof(bucket->early_peer));
    }
    pthread_mutex_unlock(&bucket->pool->lock);
}

apr_interval_time_t smtpc__bucket_take_rate(smtpc_bucket_t *bucket,
                                            const char *const *domains,
                                            apr_size_t count)
{
    const smtpc_server_t *server = bucket->server;
    apr_time_t now;
    apr_interval_time_t wait;

    if (server->rate_period == 0 && server->domain_rate_period == 0) {
        return 0;
    }
    now = smtpc__monotonic();
    pthread_mutex_lock(&bucket->pool->lock);
    wait = smtpc__rate_wait(&bucket->rate, server->rate, server->rate_period,
                            now);
    if (wait == 0 && bucket->domains) {
        wait = smtpc__rates_take(bucket->domains, domains, count,
                                 server->domain_rate,
                                 server->domain_rate_period, now);
    }
    if (wait == 0) {
        smtpc__rate_take(&bucket->rate, server->rate, server->rate_period,
                         now);
    }
    pthread_mutex_unlock(&bucket->pool->lock);
    return wait;
}
