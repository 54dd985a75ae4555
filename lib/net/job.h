/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_JOB_H
#define SMTPC_NET_JOB_H

/**
 * @file job.h
 * A look-up that blocks, on a thread of its own, which is left behind when
 * nobody waits any more and ends by itself.
 */

#include <apr_network_io.h>
#include <smtpclient/env.h>

/** A job under way. */
typedef struct smtpc_job_t smtpc_job_t;

/** What a job does. */
typedef struct smtpc_job_work_t {
    /** Runs on the thread, and may block. It is the last to write to data
     *  before smtpc__job_finished(). */
    void (*run)(void *data);
    /** Frees data, when thread and caller are both done with it, on either
     *  of them: it may be after the end of every pool. */
    void (*drop)(void *data);
    void *data;
} smtpc_job_work_t;

/**
 * Begin @a *job, which does @a work (copied), in @a pool, whose end gives it
 * up. The data of @a work is taken over, on failure too. @a *why is set then
 * to why, in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_ECONNECT   SMTPC_LIMIT_RESOLVER_THREADS jobs of @a env that
 *                          were given up still run; no thread or socket
 */
apr_status_t smtpc__job_begin(smtpc_job_t **job, const char **why,
                              const smtpc_job_work_t *work, smtpc_env_t *env,
                              apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return the socket to be polled for reading until @a job has finished. */
apr_socket_t *smtpc__job_socket(const smtpc_job_t *job);

/** Return non-zero if @a job has finished: its data can be read. */
int smtpc__job_finished(const smtpc_job_t *job);

#endif
