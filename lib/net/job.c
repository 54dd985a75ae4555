/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job.c: what blocks, on threads of their own.
 *
 * Guarantees: the caller never blocks; a job that was given up frees its
 * memory when it comes back; of each kind no more of them are behind an env at
 * a time than it allows.
 *
 * The block that caller and thread share is not in a pool: it belongs to
 * whoever is last, and that thread may outlive every pool, apr_terminate()
 * included. For the same reason the thread is a bare one.
 */

#include "net/job.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"

/** Between two looks at threads that are about to end. */
#define LINGER_PAUSE apr_time_from_msec(2)

/* The system's resolver takes some 60 KiB of stack, a validating one twice
 * that. It may never come back: nobody lingers. */
static const smtpc_job_kind_t look_ups = {
    .name = "net/job",
    .most = SMTPC_LIMIT_RESOLVER_THREADS,
    .stack = 1024 * 1024,
    .who = "the resolver",
    .many = "look-ups",
    .advice = "check this machine's DNS",
};

/* Shared by the env and its jobs of one kind. */
typedef struct gate_t {
    atomic_int references;
    /* Threads left behind: for a moment one too few when a thread ends just
     * as it is given up. */
    atomic_int left_behind;
    apr_interval_time_t linger;
    pid_t process; /* after a fork the threads are the parent's */
} gate_t;

/* What caller and thread share. */
typedef struct shared_t {
    atomic_int references;
    atomic_int given_up; /* or ended: whatever came first made it 1 */
    gate_t *gate;
    int done_fd; /* the thread's end: closed when it has finished */
    atomic_int finished;
    smtpc_job_work_t work;
} shared_t;

struct smtpc_job_t {
    shared_t *shared;
    apr_socket_t *socket; /* readable when the thread has finished */
};

static void gate_release(gate_t *gate)
{
    if (atomic_fetch_sub(&gate->references, 1) == 1) {
        free(gate);
    }
}

/* The env ends: what was left behind gets a moment, so that the process does
 * not end under it. */
static apr_status_t gate_cleanup(void *data)
{
    gate_t *gate = data;
    apr_time_t until = smtpc__monotonic() + gate->linger;

    while (gate->process == getpid() && atomic_load(&gate->left_behind) > 0
           && smtpc__monotonic() < until) {
        apr_sleep(LINGER_PAUSE);
    }
    gate_release(gate);
    return APR_SUCCESS;
}

/* smtpc__share_fn_t; the baton is the kind. */
static apr_status_t gate_create(void **object, void *baton, apr_pool_t *pool)
{
    const smtpc_job_kind_t *kind = baton;
    gate_t *gate = calloc(1, sizeof(*gate));

    if (!gate) {
        return APR_ENOMEM;
    }
    gate->references = 1;
    gate->linger = kind->linger;
    gate->process = getpid();
    apr_pool_cleanup_register(pool, gate, gate_cleanup,
                              apr_pool_cleanup_null);
    *object = gate;
    return APR_SUCCESS;
}

static void shared_release(shared_t *shared)
{
    if (atomic_fetch_sub(&shared->references, 1) == 1) {
        shared->work.drop(shared->work.data);
        gate_release(shared->gate);
        free(shared);
    }
}

static shared_t *shared_create(gate_t *gate, const smtpc_job_work_t *work)
{
    shared_t *shared = calloc(1, sizeof(*shared));

    if (shared) {
        shared->references = 2;
        shared->gate = gate;
        shared->work = *work;
        atomic_fetch_add(&gate->references, 1);
    }
    return shared;
}

/* The thread. */
static void *run(void *data)
{
    shared_t *shared = data;
    gate_t *gate = shared->gate;
    int given_up;

    shared->work.run(shared->work.data);
    atomic_store(&shared->finished, 1);
    /* A process forked meanwhile may hold the other descriptor of it open. */
    shutdown(shared->done_fd, SHUT_RDWR);
    close(shared->done_fd);
    given_up = atomic_fetch_add(&shared->given_up, 1) != 0;
    atomic_fetch_add(&gate->references, 1);
    shared_release(shared);
    /* Given up before: off the count, now that all is freed. */
    if (given_up) {
        atomic_fetch_sub(&gate->left_behind, 1);
    }
    gate_release(gate);
    return NULL;
}

/* Start the thread with all signals blocked: they are the program's. */
static int start(shared_t *shared)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    int error;

    error = pthread_attr_init(&attributes);
    if (error != 0) {
        return error;
    }
    (void)pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    if (shared->work.kind->stack != 0) {
        (void)pthread_attr_setstacksize(&attributes,
                                        shared->work.kind->stack);
    }
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, run, shared);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return error;
}

/* The pool ends: the thread, if it still runs, is on its own. */
static apr_status_t give_up(void *data)
{
    smtpc_job_t *job = data;
    shared_t *shared = job->shared;

    if (atomic_fetch_add(&shared->given_up, 1) == 0) {
        atomic_fetch_add(&shared->gate->left_behind, 1);
    }
    shared_release(shared);
    return APR_SUCCESS;
}

/* Make the pair of sockets whose far end the thread closes. */
static apr_status_t make_signal(smtpc_job_t *job, int *far_end,
                                apr_pool_t *pool)
{
    apr_os_sock_info_t info;
    int ends[2];
    apr_status_t rv;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   ends) < 0) {
        return errno;
    }
    memset(&info, 0, sizeof(info));
    info.os_sock = &ends[0];
    info.family = APR_UNIX;
    info.type = SOCK_STREAM;
    rv = apr_os_sock_make(&job->socket, &info, pool);
    if (rv != APR_SUCCESS) {
        close(ends[0]);
        close(ends[1]);
        return rv;
    }
    *far_end = ends[1];
    return APR_SUCCESS;
}

/* Start a thread for job; the work is taken over if that succeeds. */
static apr_status_t begin(smtpc_job_t *job, gate_t *gate,
                          const smtpc_job_work_t *work, apr_pool_t *pool)
{
    shared_t *shared = shared_create(gate, work);
    apr_status_t rv;

    if (!shared) {
        return APR_ENOMEM;
    }
    rv = make_signal(job, &shared->done_fd, pool);
    if (rv == APR_SUCCESS) {
        rv = start(shared);
        if (rv != APR_SUCCESS) {
            close(shared->done_fd);
        }
    }
    if (rv != APR_SUCCESS) {
        gate_release(gate);
        free(shared);
        return rv;
    }
    job->shared = shared;
    apr_pool_cleanup_register(pool, job, give_up, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t smtpc__job_begin(smtpc_job_t **job, const char **why,
                              const smtpc_job_work_t *work, smtpc_env_t *env,
                              apr_pool_t *pool)
{
    smtpc_job_t *made = apr_pcalloc(pool, sizeof(*made));
    smtpc_job_work_t whole = *work;
    const smtpc_job_kind_t *kind = work->kind ? work->kind : &look_ups;
    char reason[128];
    void *gate = NULL;
    apr_status_t rv;
    int behind = 0;

    whole.kind = kind;
    rv = smtpc__env_share(&gate, env, kind->name, gate_create, (void *)kind,
                          pool);
    if (rv == APR_SUCCESS) {
        behind = atomic_load(&((gate_t *)gate)->left_behind);
        rv = behind < kind->most ? begin(made, gate, &whole, pool)
                                 : SMTPC_ELIMIT;
    }
    if (rv == APR_SUCCESS) {
        *job = made;
        return APR_SUCCESS;
    }
    work->drop(work->data);
    *why = rv == SMTPC_ELIMIT
               ? apr_psprintf(pool, "%s does not answer, %d earlier %s still "
                              "wait for it: %s", kind->who, behind,
                              kind->many, kind->advice)
               : apr_psprintf(pool, "no thread for %s: %s", kind->who,
                              apr_strerror(rv, reason, sizeof(reason)));
    return SMTPC_ECONNECT;
}

apr_socket_t *smtpc__job_socket(const smtpc_job_t *job)
{
    return job->socket;
}

int smtpc__job_finished(const smtpc_job_t *job)
{
    return atomic_load(&job->shared->finished);
}
