/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve.c: getaddrinfo() on a thread of its own.
 *
 * Guarantees: the caller never blocks; a look-up that was given up frees its
 * memory when the resolver comes back to it; at most
 * SMTPC_LIMIT_RESOLVER_THREADS of them are behind an env at a time.
 * "localhost" is the loopback addresses whatever the resolver says, as RFC
 * 6761 6.3 wants, because what is safe in clear text depends on it.
 *
 * The block that caller and thread share is not in a pool: it belongs to
 * whoever is last, and that thread may outlive every pool, apr_terminate()
 * included. For the same reason the thread is a bare one.
 *
 * AI_ADDRCONFIG is not used: it would hide loopback addresses on a machine
 * without a network, and an address that cannot be reached fails at once.
 */

#include "net/resolve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"

/** The key under which an env keeps its gate. */
#define GATE_KEY "net/resolve"
/** An address as text, with its zone. */
#define ADDRESS_TEXT 64
/** The thread calls nothing but the resolver, which takes some 60 KiB. */
#define THREAD_STACK (256 * 1024)

/* Shared by the env and its look-ups. */
typedef struct gate_t {
    atomic_int references;
    /* Threads left behind: for a moment one too few when a thread ends just
     * as it is given up. */
    atomic_int left_behind;
} gate_t;

/* What caller and thread share. */
typedef struct job_t {
    atomic_int references;
    atomic_int given_up; /* or ended: whatever came first made it 1 */
    gate_t *gate;
    int done_fd; /* the thread's end: closed when it has finished */
    char host[SMTPC_LIMIT_HOST + 1];
    atomic_int finished; /* what follows is there */
    int error;       /* of getaddrinfo() */
    int error_errno; /* with EAI_SYSTEM */
    int count;
    char found[SMTPC_LIMIT_HOST_ADDRESSES][ADDRESS_TEXT];
} job_t;

struct smtpc_resolve_t {
    const char *host;
    int port;
    job_t *job;           /* NULL: the addresses are known */
    apr_socket_t *socket; /* readable when the thread has finished */
    const char *known[2];
    int known_count;
};

static void gate_release(gate_t *gate)
{
    if (atomic_fetch_sub(&gate->references, 1) == 1) {
        free(gate);
    }
}

static apr_status_t gate_cleanup(void *data)
{
    gate_release(data);
    return APR_SUCCESS;
}

/* smtpc__share_fn_t */
static apr_status_t gate_create(void **object, void *baton, apr_pool_t *pool)
{
    gate_t *gate = calloc(1, sizeof(*gate));

    (void)baton;
    if (!gate) {
        return APR_ENOMEM;
    }
    gate->references = 1;
    apr_pool_cleanup_register(pool, gate, gate_cleanup,
                              apr_pool_cleanup_null);
    *object = gate;
    return APR_SUCCESS;
}

static void job_release(job_t *job)
{
    if (atomic_fetch_sub(&job->references, 1) == 1) {
        gate_release(job->gate);
        free(job);
    }
}

static job_t *job_create(gate_t *gate, const char *host)
{
    job_t *job = calloc(1, sizeof(*job));

    if (job) {
        job->references = 2;
        job->gate = gate;
        atomic_fetch_add(&gate->references, 1);
        apr_cpystrn(job->host, host, sizeof(job->host));
    }
    return job;
}

static void job_take_addresses(job_t *job, const struct addrinfo *list)
{
    for (; list && job->count < SMTPC_LIMIT_HOST_ADDRESSES;
         list = list->ai_next) {
        if (getnameinfo(list->ai_addr, list->ai_addrlen,
                        job->found[job->count], ADDRESS_TEXT, NULL, 0,
                        NI_NUMERICHOST) == 0) {
            job->count++;
        }
    }
}

/* The thread. */
static void *job_run(void *data)
{
    job_t *job = data;
    struct addrinfo hints;
    struct addrinfo *list = NULL;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    job->error = getaddrinfo(job->host, NULL, &hints, &list);
    job->error_errno = errno;
    if (job->error == 0) {
        job_take_addresses(job, list);
        freeaddrinfo(list);
    }
    atomic_store(&job->finished, 1);
    /* A process forked meanwhile may hold the other descriptor of it open. */
    shutdown(job->done_fd, SHUT_RDWR);
    close(job->done_fd);
    /* Given up before: off the count. */
    if (atomic_fetch_add(&job->given_up, 1) != 0) {
        atomic_fetch_sub(&job->gate->left_behind, 1);
    }
    job_release(job);
    return NULL;
}

/* Start the thread with all signals blocked: they are the program's. */
static int job_start(job_t *job)
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
    (void)pthread_attr_setstacksize(&attributes, THREAD_STACK);
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&thread, &attributes, job_run, job);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return error;
}

/* The pool ends: the thread, if it still runs, is on its own. */
static apr_status_t give_up(void *data)
{
    smtpc_resolve_t *resolve = data;
    job_t *job = resolve->job;

    if (atomic_fetch_add(&job->given_up, 1) == 0) {
        atomic_fetch_add(&job->gate->left_behind, 1);
    }
    job_release(job);
    return APR_SUCCESS;
}

/* Make the pair of sockets whose far end the thread closes. */
static apr_status_t make_signal(smtpc_resolve_t *resolve, int *far_end,
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
    rv = apr_os_sock_make(&resolve->socket, &info, pool);
    if (rv != APR_SUCCESS) {
        close(ends[0]);
        close(ends[1]);
        return rv;
    }
    *far_end = ends[1];
    return APR_SUCCESS;
}

static apr_status_t start_thread(smtpc_resolve_t *resolve, gate_t *gate,
                                 apr_pool_t *pool)
{
    job_t *job = job_create(gate, resolve->host);
    apr_status_t rv;

    if (!job) {
        return APR_ENOMEM;
    }
    rv = make_signal(resolve, &job->done_fd, pool);
    if (rv != APR_SUCCESS) {
        job->references = 1;
        job_release(job);
        return rv;
    }
    rv = job_start(job);
    if (rv != APR_SUCCESS) {
        close(job->done_fd);
        job->references = 1;
        job_release(job);
        return rv;
    }
    resolve->job = job;
    apr_pool_cleanup_register(pool, resolve, give_up, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static int is_address(const char *host)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, host, bytes) == 1
           || strchr(host, ':') != NULL;
}

/* Set what needs no resolver; return non-zero if that is all. */
static int known_at_once(smtpc_resolve_t *resolve)
{
    const char *host = resolve->host;
    apr_size_t len = strlen(host);
    const char *suffix = ".localhost";
    apr_size_t suffix_len = strlen(suffix);

    if (is_address(host)) {
        resolve->known[resolve->known_count++] = host;
        return 1;
    }
    if (len > 0 && host[len - 1] == '.') {
        len--;
    }
    if ((len == suffix_len - 1 && strncasecmp(host, suffix + 1, len) == 0)
        || (len > suffix_len
            && strncasecmp(host + len - suffix_len, suffix, suffix_len)
                   == 0)) {
        resolve->known[resolve->known_count++] = "::1";
        resolve->known[resolve->known_count++] = "127.0.0.1";
        return 1;
    }
    return 0;
}

apr_status_t smtpc__resolve_begin(smtpc_resolve_t **resolve,
                                  const char **why, const char *host,
                                  int port, smtpc_env_t *env,
                                  apr_pool_t *pool)
{
    smtpc_resolve_t *made = apr_pcalloc(pool, sizeof(*made));
    char reason[128];
    void *gate = NULL;
    apr_status_t rv;

    made->host = apr_pstrdup(pool, host);
    made->port = port;
    if (known_at_once(made)) {
        *resolve = made;
        return APR_SUCCESS;
    }
    rv = smtpc__env_share(&gate, env, GATE_KEY, gate_create, NULL, pool);
    if (rv == APR_SUCCESS) {
        int behind = atomic_load(&((gate_t *)gate)->left_behind);

        if (behind >= SMTPC_LIMIT_RESOLVER_THREADS) {
            *why = apr_psprintf(pool, "cannot look up %s: the resolver does "
                                "not answer, %d earlier look-ups still wait "
                                "for it: check this machine's DNS", host,
                                behind);
            return SMTPC_ECONNECT;
        }
        rv = start_thread(made, gate, pool);
    }
    if (rv != APR_SUCCESS) {
        apr_strerror(rv, reason, sizeof(reason));
        *why = apr_psprintf(pool, "cannot look up %s: no thread for the "
                            "resolver: %s", host, reason);
        return SMTPC_ECONNECT;
    }
    *resolve = made;
    return APR_SUCCESS;
}

apr_socket_t *smtpc__resolve_socket(const smtpc_resolve_t *resolve)
{
    return resolve->socket;
}

/* Text to address; no resolver is asked for numbers. The family is named so
 * that APR does not leave out families without an interface. */
static void add_address(apr_array_header_t *addresses, const char *text,
                        int port)
{
    apr_sockaddr_t *address;

    if (apr_sockaddr_info_get(&address, text,
                              strchr(text, ':') ? APR_INET6 : APR_INET,
                              (apr_port_t)port, 0, addresses->pool)
        == APR_SUCCESS) {
        APR_ARRAY_PUSH(addresses, apr_sockaddr_t *) = address;
    }
}

static const char *job_reason(const job_t *job, apr_pool_t *pool)
{
    char reason[128];

    if (job->error == EAI_NONAME) {
        return "no such host: check its spelling";
    }
    if (job->error == EAI_AGAIN) {
        return "the name servers do not answer at the moment";
    }
    if (job->error == EAI_SYSTEM) {
        apr_strerror(job->error_errno, reason, sizeof(reason));
        return apr_pstrdup(pool, reason);
    }
    return job->error != 0 ? gai_strerror(job->error) : "it has no address";
}

apr_status_t smtpc__resolve_result(apr_array_header_t **addresses,
                                   const char **why,
                                   smtpc_resolve_t *resolve,
                                   apr_pool_t *pool)
{
    apr_array_header_t *made;
    job_t *job = resolve->job;
    int i;

    if (job && !atomic_load(&job->finished)) {
        return APR_EAGAIN;
    }
    made = apr_array_make(pool, 2, sizeof(apr_sockaddr_t *));
    for (i = 0; i < resolve->known_count; i++) {
        add_address(made, resolve->known[i], resolve->port);
    }
    for (i = 0; job && i < job->count; i++) {
        add_address(made, job->found[i], resolve->port);
    }
    if (made->nelts == 0) {
        *why = apr_psprintf(pool, "cannot look up %s: %s", resolve->host,
                            job ? job_reason(job, pool)
                                : "not an address this machine understands");
        return SMTPC_ECONNECT;
    }
    *addresses = made;
    return APR_SUCCESS;
}
