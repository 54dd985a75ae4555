/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_JOB_H
#define SMTPC_NET_JOB_H

/**
 * @file job.h
 * What blocks, on a thread of its own, which is left behind when nobody waits
 * any more and ends by itself.
 */

#include <apr_network_io.h>
#include <smtpclient/env.h>

/** A job under way. */
typedef struct smtpc_job_t smtpc_job_t;

/** Kinds of jobs do not stand in each other's way. */
typedef struct smtpc_job_kind_t {
    /** What the env keeps the count of those left behind under. */
    const char *name;
    /** Of those, how many there may be. */
    int most;
    /** Stack of a thread, 0: the system's default. */
    apr_size_t stack;
    /** The end of the env waits so long for those left behind. */
    apr_interval_time_t linger;
    /* Words for sentences: "the resolver", "look-ups", "check the DNS". */
    const char *who;    /**< does not answer */
    const char *many;   /**< still wait for it */
    const char *advice;
} smtpc_job_kind_t;

/** What a job does. */
typedef struct smtpc_job_work_t {
    /** Runs on the thread, and may block. It is the last to write to data
     *  before smtpc__job_finished(). */
    void (*run)(void *data);
    /** Frees data, when thread and caller are both done with it, on either
     *  of them: it may be after the end of every pool. */
    void (*drop)(void *data);
    void *data;
    /** NULL: a look-up. */
    const smtpc_job_kind_t *kind;
} smtpc_job_work_t;

/**
 * Begin @a *job, which does @a work (copied), in @a pool, whose end gives it
 * up. The data of @a work is taken over, on failure too. @a *why is set then
 * to why, in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_ECONNECT   as many jobs of this kind that were given up as
 *                          there may be still run; no thread or socket
 */
apr_status_t smtpc__job_begin(smtpc_job_t **job, const char **why,
                              const smtpc_job_work_t *work, smtpc_env_t *env,
                              apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return the socket to be polled for reading until @a job has finished. */
apr_socket_t *smtpc__job_socket(const smtpc_job_t *job);

/** Return non-zero if @a job has finished: its data can be read. */
int smtpc__job_finished(const smtpc_job_t *job);

#endif
