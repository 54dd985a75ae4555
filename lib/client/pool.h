/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_POOL_H
#define SMTPC_CLIENT_POOL_H

/**
 * @file pool.h
 * The connections of an engine: those that are idle, how many there may be,
 * and who waits for one. They are kept in buckets, one for each profile, by
 * its key: a connection is never used for a profile that differs in anything.
 *
 * A connection belongs to who acquired it until it is released; while it is
 * in the pool nobody touches it. All calls are thread-safe unless said.
 */

#include "client/conn.h"
#include "client/engine.h"
#include "model/server.h"

/** The connections of one profile. It lives as long as a handle uses it, a
 *  connection of it is open, or somebody waits. */
typedef struct smtpc_bucket_t smtpc_bucket_t;

/** A connection that is or was in the pool, with memory of its own. */
typedef struct smtpc_pooled_t {
    smtpc_conn_t *conn;
    apr_pool_t *pool;            /**< a root: of conn and of this */
    smtpc_bucket_t *bucket;
    struct smtpc_pooled_t *next; /**< while idle */
    smtpc_task_t task;           /**< private */
    int right;                   /**< private */
} smtpc_pooled_t;

/** A wish for a connection. The memory is the owner's, who sets bucket, loop,
 *  granted and baton and makes the rest zero. */
typedef struct smtpc_ticket_t {
    smtpc_bucket_t *bucket;
    smtpc_loop_t *loop;
    /** The wish is granted: see kept. Called on the loop's thread. */
    void (*granted)(void *baton);
    void *baton;
    smtpc_pooled_t *kept;        /**< a connection, or NULL: open a new one
                                      with smtpc__pooled_create() */
    int waiting;                 /**< private */
    int posted;                  /**< private */
    smtpc_task_t task;           /**< private */
    struct smtpc_ticket_t *next; /**< private */
} smtpc_ticket_t;

/** Create @a *pool for @a env in @a memory. */
apr_status_t smtpc__pool_make(smtpc_pool_t **pool, smtpc_env_t *env,
                              apr_pool_t *memory) SMTPC_WARN_UNUSED;

/** Say QUIT on all idle connections, close them without waiting, and free
 *  all. Nobody uses @a pool any more. */
void smtpc__pool_end(smtpc_pool_t *pool);

/** In a child after fork: close the descriptors of the idle connections. */
void smtpc__pool_abandon(smtpc_pool_t *pool);

/** End idle connections that are older than their profile allows; does so
 *  at most once a second. */
void smtpc__pool_sweep(smtpc_pool_t *pool);

/** Let connections that no handle uses any more live on (@a keep not 0) as
 *  long as the idle time allows, instead of ending with the last handle. */
void smtpc__pool_keep(smtpc_pool_t *pool, int keep);

/** Set @a *bucket to that of @a server, which is copied, and count one more
 *  handle that uses it. */
apr_status_t smtpc__bucket_join(smtpc_bucket_t **bucket, smtpc_pool_t *pool,
                                const smtpc_server_t *server)
    SMTPC_WARN_UNUSED;

/** Count one handle less. If it was the last, and they are not to be kept,
 *  return the list of the idle connections, for the caller to end and to
 *  destroy with smtpc__pooled_destroy(); else NULL. @a bucket may be gone. */
smtpc_pooled_t *smtpc__bucket_leave(smtpc_bucket_t *bucket);

/** Return the profile of @a bucket. */
const smtpc_server_t *smtpc__bucket_server(const smtpc_bucket_t *bucket);

/** Ask for a connection: return non-zero if @a ticket is granted at once, or
 *  zero: granted() will be called. */
int smtpc__pool_acquire(smtpc_ticket_t *ticket);

/** Take @a ticket back. Only on its loop's thread. */
void smtpc__pool_cancel(smtpc_ticket_t *ticket);

/** Give back what @a ticket, which was granted, got and nobody used. */
void smtpc__pool_give_back(const smtpc_ticket_t *ticket);

/** Create @a *pooled on @a loop by the right that a granted ticket of
 *  @a bucket gave; a failure gives the right back. */
apr_status_t smtpc__pooled_create(smtpc_pooled_t **pooled,
                                  smtpc_bucket_t *bucket,
                                  smtpc_loop_t *loop) SMTPC_WARN_UNUSED;

/** End the connection of @a pooled, with QUIT if it can be said, and destroy
 *  it when @a loop, on whose thread this is called, gets to its tasks: it may
 *  be in the middle of a callback. The right to it comes back then, or with
 *  @a keep_right not at all: another one may be made in its place. */
void smtpc__pooled_bury(smtpc_pooled_t *pooled, smtpc_loop_t *loop,
                        int keep_right);

/** Give @a pooled back: for others if it is fresh (smtpc__conn_fresh()), else
 *  it is ended and destroyed. */
void smtpc__pool_release(smtpc_pooled_t *pooled);

/** Destroy @a pooled, whose connection is over or is cut, and give back the
 *  right to it. */
void smtpc__pooled_destroy(smtpc_pooled_t *pooled);

/** How many connections of @a bucket there are now, idle ones in @a *idle. */
int smtpc__bucket_count(int *idle, smtpc_bucket_t *bucket);

/* How the server is. */

/** Return non-zero if @a bucket 's server failed lately, so that others come
 *  first. After its rest it is well for one caller, who finds out. */
int smtpc__bucket_is_sick(smtpc_bucket_t *bucket);

/** Note that a connection to the server failed, or that one was made. */
void smtpc__bucket_note(smtpc_bucket_t *bucket, int failed);

/** Set @a caps and @a peer (in @a pool) to what the server offered the last
 *  time, if it invites early pipelining; return zero if it does not. */
int smtpc__bucket_early(smtpc_caps_t *caps, const char **peer,
                        smtpc_bucket_t *bucket, apr_pool_t *pool);

/** Note what the server at @a peer offers; NULL: forget it. */
void smtpc__bucket_note_caps(smtpc_bucket_t *bucket, const smtpc_caps_t *caps,
                             const char *peer);

/** Take what one message to @a domains (@a count different ones) costs of the
 *  rates of @a bucket, and return 0; or return how long to wait, with nothing
 *  taken. */
apr_interval_time_t smtpc__bucket_take_rate(smtpc_bucket_t *bucket,
                                            const char *const *domains,
                                            apr_size_t count);

#endif
