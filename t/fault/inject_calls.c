/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inject_calls.c: the calls that can fail, in front of the system's. Being in
 * the program they come first for everything that is loaded, sanitizers'
 * run-time libraries included, which are next then.
 *
 * What a call says when it fails is of its manual page; EINTR and EAGAIN only
 * where a caller has to live with them. close() closes all the same, as Linux
 * does. What cannot fail by itself, such as fcntl() on a descriptor that is
 * one, or is never looked at, is left out.
 */

#include "inject_calls.h"

#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_allocator.h>
#include <apr_pools.h>

/* For the libraries, too, whatever the compiler's options say of the rest. */
#pragma GCC visibility push(default)

void inject_calls(void)
{
    inject_files();
}

/* Memory. */

void *malloc(size_t size)
{
    NEXT(malloc)
    FAIL_MEMORY("malloc")
    return next(size);
}

/* dlsym() may ask for memory before it can tell where the system's is. */
void *calloc(size_t count, size_t size)
{
    static char first[4096];
    static int looking;
    static __typeof__(calloc) *next;

    if (!next) {
        if (looking) {
            return first;
        }
        looking = 1;
        next = (__typeof__(calloc) *)dlsym(RTLD_NEXT, "calloc");
    }
    FAIL_MEMORY("calloc")
    return next(count, size);
}

void *realloc(void *old, size_t size)
{
    NEXT(realloc)
    FAIL_MEMORY("realloc")
    return next(old, size);
}

char *strdup(const char *text)
{
    NEXT(strdup)
    FAIL_MEMORY("strdup")
    return next(text);
}

char *strndup(const char *text, size_t max)
{
    NEXT(strndup)
    FAIL_MEMORY("strndup")
    return next(text, max);
}

void *mmap(void *at, size_t len, int protection, int flags, int fd, off_t from)
{
    NEXT(mmap)
    WAY("mmap", INJECT_MEMORY, HARD(ENOMEM));
    if (way) {
        errno = way->error;
        return MAP_FAILED;
    }
    return next(at, len, protection, flags, fd, from);
}

int madvise(void *at, size_t len, int advice)
{
    NEXT(madvise)
    FAIL("madvise", -1, HARD(EINVAL))
    return next(at, len, advice);
}

int mlock(const void *at, size_t len)
{
    NEXT(mlock)
    FAIL("mlock", -1, HARD(EPERM), HARD(ENOMEM))
    return next(at, len);
}

static atomic_long allocators;

/* Pools that are not below others. A pool below another is memory of that. */

apr_status_t apr_pool_create_unmanaged_ex(apr_pool_t **pool,
                                          apr_abortfunc_t abort_fn,
                                          apr_allocator_t *allocator)
{
    NEXT(apr_pool_create_unmanaged_ex)
    FAIL_CODE("apr_pool_create_unmanaged", HARD(ENOMEM))
    return next(pool, abort_fn, allocator);
}

apr_status_t apr_allocator_create(apr_allocator_t **allocator)
{
    apr_status_t rv;

    NEXT(apr_allocator_create)
    FAIL_CODE("apr_allocator_create", HARD(ENOMEM))
    rv = next(allocator);
    atomic_fetch_add(&allocators, rv == APR_SUCCESS);
    return rv;
}

void apr_allocator_destroy(apr_allocator_t *allocator)
{
    NEXT(apr_allocator_destroy)
    atomic_fetch_sub(&allocators, 1);
    next(allocator);
}

long inject_allocators(void)
{
    return atomic_load(&allocators);
}

/* Sockets. */

int socket(int domain, int type, int protocol)
{
    NEXT(socket)
    FAIL("socket", -1, HARD(EMFILE), HARD(ENOBUFS))
    return next(domain, type, protocol);
}

int connect(int fd, const struct sockaddr *address, socklen_t len)
{
    NEXT(connect)
    WAY("connect", INJECT_CALL, HARD(ECONNREFUSED), HARD(EADDRNOTAVAIL),
        SOFT(EINTR));
    if (way) {
        /* One that was interrupted goes on. */
        if (way->soft) {
            (void)next(fd, address, len);
        }
        errno = way->error;
        return -1;
    }
    return next(fd, address, len);
}

int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    NEXT(bind)
    FAIL("bind", -1, HARD(EADDRINUSE))
    return next(fd, address, len);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    NEXT(setsockopt)
    FAIL("setsockopt", -1, HARD(ENOBUFS))
    return next(fd, level, name, value, len);
}

int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
    NEXT(getsockopt)
    FAIL("getsockopt", -1, HARD(ENOBUFS))
    return next(fd, level, name, value, len);
}

int socketpair(int domain, int type, int protocol, int fds[2])
{
    NEXT(socketpair)
    FAIL("socketpair", -1, HARD(EMFILE))
    return next(domain, type, protocol, fds);
}

int getpeername(int fd, struct sockaddr *address, socklen_t *len)
{
    NEXT(getpeername)
    FAIL("getpeername", -1, HARD(ENOTCONN))
    return next(fd, address, len);
}

int getsockname(int fd, struct sockaddr *address, socklen_t *len)
{
    NEXT(getsockname)
    FAIL("getsockname", -1, HARD(ENOBUFS))
    return next(fd, address, len);
}

int shutdown(int fd, int how)
{
    NEXT(shutdown)
    FAIL("shutdown", -1, HARD(ENOTCONN))
    return next(fd, how);
}

static const inject_way_t socket_read[] = {
    HARD(ECONNRESET), END, SOFT(EINTR), SOFT(EAGAIN), SHORT, { 0, 0, NULL }
};

static const inject_way_t pipe_read[] = { SOFT(EINTR), SHORT, { 0, 0, NULL } };

static const inject_way_t file_read[] = { HARD(EIO), SHORT, { 0, 0, NULL } };

static const inject_way_t socket_write[] = {
    HARD(ECONNRESET), HARD(EPIPE), SOFT(EINTR), SOFT(EAGAIN), SHORT,
    { 0, 0, NULL }
};

static const inject_way_t pipe_write[] = { SOFT(EINTR), { 0, 0, NULL } };

/* Signals do not interrupt these. */
static const inject_way_t file_write[] = {
    HARD(ENOSPC), HARD(EIO), SHORT, { 0, 0, NULL }
};

/* The one of three lists that is for what fd is. */
static const inject_way_t *of_kind(int fd, const inject_way_t *is_socket,
                                   const inject_way_t *is_pipe,
                                   const inject_way_t *is_file)
{
    static __typeof__(fstat) *next;
    struct stat found;

    if (!next) {
        next = (__typeof__(fstat) *)dlsym(RTLD_NEXT, "fstat");
    }
    if (next(fd, &found) != 0) {
        return is_file;
    }
    return S_ISSOCK(found.st_mode) ? is_socket
           : S_ISFIFO(found.st_mode) ? is_pipe : is_file;
}

ssize_t read(int fd, void *buf, size_t len)
{
    const inject_way_t *way;

    NEXT(read)
    way = inject("read", of_kind(fd, socket_read, pipe_read, file_read),
                 INJECT_CALL, __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    if (way && !way->soft) {
        return 0;
    }
    return next(fd, buf, way && len > 1 ? 1 : len);
}

ssize_t write(int fd, const void *data, size_t len)
{
    const inject_way_t *way;

    NEXT(write)
    way = inject("write", of_kind(fd, socket_write, pipe_write, file_write),
                 INJECT_CALL, __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    return next(fd, data, way && len > 1 ? 1 : len);
}

ssize_t send(int fd, const void *data, size_t len, int flags)
{
    const inject_way_t *way;

    NEXT(send)
    way = inject("send", socket_write, INJECT_CALL,
                 __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    return next(fd, data, way && len > 1 ? 1 : len, flags);
}

ssize_t recv(int fd, void *buf, size_t len, int flags)
{
    const inject_way_t *way;

    NEXT(recv)
    way = inject("recv", socket_read, INJECT_CALL,
                 __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    if (way && !way->soft) {
        return 0;
    }
    return next(fd, buf, way && len > 1 ? 1 : len, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags)
{
    struct msghdr part = *message;
    const inject_way_t *way;

    NEXT(sendmsg)
    way = inject("sendmsg", socket_write, INJECT_CALL,
                 __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    if (way && part.msg_iovlen > 1) {
        part.msg_iovlen = 1;
    }
    return next(fd, &part, flags);
}

ssize_t writev(int fd, const struct iovec *pieces, int count)
{
    const inject_way_t *way;

    NEXT(writev)
    way = inject("writev", of_kind(fd, socket_write, pipe_write, file_write),
                 INJECT_CALL, __builtin_return_address(0));
    if (way && way->error != 0) {
        errno = way->error;
        return -1;
    }
    return next(fd, pieces, way && count > 1 ? 1 : count);
}

int poll(struct pollfd *fds, nfds_t count, int timeout)
{
    NEXT(poll)
    FAIL("poll", -1, HARD(ENOMEM), SOFT(EINTR))
    return next(fds, count, timeout);
}

int epoll_create1(int flags)
{
    NEXT(epoll_create1)
    FAIL("epoll_create1", -1, HARD(EMFILE))
    return next(flags);
}

int epoll_ctl(int fd, int what, int of, struct epoll_event *event)
{
    NEXT(epoll_ctl)
    FAIL("epoll_ctl", -1, HARD(ENOMEM), HARD(ENOSPC))
    return next(fd, what, of, event);
}

int epoll_wait(int fd, struct epoll_event *events, int max, int timeout)
{
    NEXT(epoll_wait)
    FAIL("epoll_wait", -1, SOFT(EINTR))
    return next(fd, events, max, timeout);
}

int pipe(int fds[2])
{
    NEXT(pipe)
    FAIL("pipe", -1, HARD(EMFILE))
    return next(fds);
}

int pipe2(int fds[2], int flags)
{
    NEXT(pipe2)
    FAIL("pipe2", -1, HARD(EMFILE))
    return next(fds, flags);
}

int eventfd(unsigned int count, int flags)
{
    NEXT(eventfd)
    FAIL("eventfd", -1, HARD(EMFILE))
    return next(count, flags);
}

/* Names. */

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    NEXT(getaddrinfo)
    FAIL_CODE("getaddrinfo", HARD(EAI_MEMORY), HARD(EAI_AGAIN),
              HARD(EAI_NONAME))
    return next(node, service, hints, found);
}

int getnameinfo(const struct sockaddr *address, socklen_t len, char *host,
                socklen_t host_len, char *service, socklen_t service_len,
                int flags)
{
    NEXT(getnameinfo)
    FAIL_CODE("getnameinfo", HARD(EAI_MEMORY))
    return next(address, len, host, host_len, service, service_len, flags);
}

/* Threads and processes. */

typedef struct start_t {
    void *(*run)(void *);
    void *data;
} start_t;

static void *run_watched(void *data)
{
    start_t start = *(start_t *)data;

    free(data);
    inject_watch();
    return start.run(start.data);
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*run)(void *), void *data)
{
    start_t *start;
    int error;

    NEXT(pthread_create)
    FAIL_CODE("pthread_create", HARD(EAGAIN))
    if (!inject_watched()) {
        return next(thread, attributes, run, data);
    }
    /* Not counted: it is not of this program's code. */
    start = aligned_alloc(sizeof(void *), sizeof(*start));
    if (!start) {
        return EAGAIN;
    }
    *start = (start_t){ run, data };
    error = next(thread, attributes, run_watched, start);
    if (error != 0) {
        free(start);
    }
    return error;
}

int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attr)
{
    NEXT(pthread_mutex_init)
    FAIL_CODE("pthread_mutex_init", HARD(ENOMEM), HARD(EAGAIN))
    return next(mutex, attr);
}

int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attr)
{
    NEXT(pthread_cond_init)
    FAIL_CODE("pthread_cond_init", HARD(ENOMEM))
    return next(cond, attr);
}

pid_t fork(void)
{
    NEXT(fork)
    FAIL("fork", -1, HARD(EAGAIN))
    return next();
}

pid_t waitpid(pid_t pid, int *status, int options)
{
    NEXT(waitpid)
    FAIL("waitpid", -1, SOFT(EINTR))
    return next(pid, status, options);
}

ssize_t getrandom(void *buf, size_t len, unsigned int flags)
{
    NEXT(getrandom)
    FAIL("getrandom", -1, HARD(ENOSYS))
    return next(buf, len, flags);
}
