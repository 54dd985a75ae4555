/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c: sockets in an apr_pollset, deadlines in a heap.
 *
 * Guarantees: a deadline is never reported early; EINTR is no error; one
 * turn serves every ready socket and every passed deadline once, so that no
 * watch starves another. A watch that is gone is not called, even if its
 * event was already there: events name a slot, not a watch.
 *
 * Changing, firing and adding a deadline is logarithmic, everything else
 * constant, but for what the poll method of small loops scans itself.
 *
 * Not done here: waking a loop from another thread.
 */

#include "net/loop.h"

#include <apr_network_io.h>

#include "base/env_int.h"

/** Up to this many watches poll(2) is as good as epoll and has no state in
 *  the kernel. */
#define SMALL_LOOP 8
/** Longest sleep: keeps the arithmetic of poll(2)'s int far from its end. */
#define LONGEST_SLEEP apr_time_from_sec(3600)
/** apr_pollset_poll() cuts to milliseconds. */
#define POLL_UNIT 1000

struct smtpc_watch_t {
    smtpc_loop_t *loop;
    smtpc_loop_fn_t fn;
    void *baton;
    apr_pool_t *pool;
    apr_pollfd_t pollfd;
    int polled;          /* pollfd is in the pollset */
    apr_time_t deadline; /* 0: none */
    apr_size_t position; /* in the heap, if there is a deadline */
    apr_size_t slot;
};

struct smtpc_loop_t {
    apr_pollset_t *pollset;
    apr_size_t size;
    smtpc_watch_t **slots; /* watch by slot, NULL: free */
    apr_size_t *free_slots;
    apr_size_t free_count;
    smtpc_watch_t **heap; /* by deadline, earliest first */
    apr_size_t heap_count;
    apr_size_t polled;
    int stopped;
};

apr_status_t smtpc__loop_create(smtpc_loop_t **loop, apr_uint32_t watches,
                                apr_pool_t *pool)
{
    smtpc_loop_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_pollset_method_e method = watches <= SMALL_LOOP ? APR_POLLSET_POLL
                                                        : APR_POLLSET_DEFAULT;
    apr_status_t rv;
    apr_size_t i;

    rv = apr_pollset_create_ex(&made->pollset, watches, pool, 0, method);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->size = watches;
    made->slots = apr_pcalloc(pool, watches * sizeof(*made->slots));
    made->heap = apr_pcalloc(pool, watches * sizeof(*made->heap));
    made->free_slots = apr_palloc(pool, watches * sizeof(*made->free_slots));
    for (i = 0; i < watches; i++) {
        made->free_slots[i] = watches - 1 - i;
    }
    made->free_count = watches;
    *loop = made;
    return APR_SUCCESS;
}

/* The heap. */

static void heap_put(smtpc_loop_t *loop, apr_size_t at, smtpc_watch_t *watch)
{
    loop->heap[at] = watch;
    watch->position = at;
}

/* Move the watch at `at` towards the top as far as its deadline says. */
static void heap_up(smtpc_loop_t *loop, apr_size_t at)
{
    smtpc_watch_t *watch = loop->heap[at];

    while (at > 0) {
        apr_size_t above = (at - 1) / 2;

        if (loop->heap[above]->deadline <= watch->deadline) {
            break;
        }
        heap_put(loop, at, loop->heap[above]);
        at = above;
    }
    heap_put(loop, at, watch);
}

/* Move the watch at `at` away from the top as far as its deadline says. */
static void heap_down(smtpc_loop_t *loop, apr_size_t at)
{
    smtpc_watch_t *watch = loop->heap[at];

    for (;;) {
        apr_size_t below = 2 * at + 1;

        if (below >= loop->heap_count) {
            break;
        }
        if (below + 1 < loop->heap_count
            && loop->heap[below + 1]->deadline < loop->heap[below]->deadline) {
            below++;
        }
        if (watch->deadline <= loop->heap[below]->deadline) {
            break;
        }
        heap_put(loop, at, loop->heap[below]);
        at = below;
    }
    heap_put(loop, at, watch);
}

static void heap_remove(smtpc_loop_t *loop, apr_size_t at)
{
    smtpc_watch_t *last = loop->heap[--loop->heap_count];

    if (at < loop->heap_count) {
        heap_put(loop, at, last);
        heap_up(loop, at);
        heap_down(loop, last->position);
    }
}

/* Watches. */

/* The pool ends: give the slot back. */
static apr_status_t watch_forget(void *data)
{
    smtpc_watch_t *watch = data;
    smtpc_loop_t *loop = watch->loop;

    smtpc__watch_end(watch);
    loop->slots[watch->slot] = NULL;
    loop->free_slots[loop->free_count++] = watch->slot;
    return APR_SUCCESS;
}

apr_status_t smtpc__watch_create(smtpc_watch_t **watch, smtpc_loop_t *loop,
                                 smtpc_loop_fn_t fn, void *baton,
                                 apr_pool_t *pool)
{
    smtpc_watch_t *made;

    if (loop->free_count == 0) {
        return SMTPC_ELIMIT;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->loop = loop;
    made->fn = fn;
    made->baton = baton;
    made->pool = pool;
    made->slot = loop->free_slots[--loop->free_count];
    loop->slots[made->slot] = made;
    /* Before the pools below, which hold the socket. */
    apr_pool_pre_cleanup_register(pool, made, watch_forget);
    *watch = made;
    return APR_SUCCESS;
}

static void unpoll(smtpc_watch_t *watch)
{
    if (watch->polled) {
        /* Fails only for what the kernel has already forgotten. */
        (void)apr_pollset_remove(watch->loop->pollset, &watch->pollfd);
        watch->polled = 0;
        watch->loop->polled--;
    }
}

apr_status_t smtpc__watch_socket(smtpc_watch_t *watch, apr_socket_t *socket,
                                 apr_int16_t events)
{
    apr_status_t rv;

    if (watch->polled && watch->pollfd.desc.s == socket
        && watch->pollfd.reqevents == events) {
        return APR_SUCCESS;
    }
    unpoll(watch);
    if (!socket) {
        return APR_SUCCESS;
    }
    watch->pollfd.p = watch->pool;
    watch->pollfd.desc_type = APR_POLL_SOCKET;
    watch->pollfd.reqevents = events;
    watch->pollfd.rtnevents = 0;
    watch->pollfd.desc.s = socket;
    watch->pollfd.client_data = (void *)watch->slot;
    rv = apr_pollset_add(watch->loop->pollset, &watch->pollfd);
    if (rv == APR_SUCCESS) {
        watch->polled = 1;
        watch->loop->polled++;
    }
    return rv;
}

void smtpc__watch_deadline(smtpc_watch_t *watch, apr_time_t deadline)
{
    smtpc_loop_t *loop = watch->loop;

    if (watch->deadline == deadline) {
        return;
    }
    if (watch->deadline != 0) {
        heap_remove(loop, watch->position);
    }
    watch->deadline = deadline;
    if (deadline != 0) {
        heap_put(loop, loop->heap_count, watch);
        heap_up(loop, loop->heap_count++);
    }
}

void smtpc__watch_end(smtpc_watch_t *watch)
{
    unpoll(watch);
    smtpc__watch_deadline(watch, 0);
}

/* Running. */

/* Time to sleep, rounded up, so that waking means that a deadline passed and
 * the last millisecond is not spent spinning; -1 without a deadline. */
static apr_interval_time_t time_to_sleep(const smtpc_loop_t *loop)
{
    apr_interval_time_t left;

    if (loop->heap_count == 0) {
        return -1;
    }
    left = loop->heap[0]->deadline - smtpc__monotonic();
    if (left <= 0) {
        return 0;
    }
    if (left > LONGEST_SLEEP) {
        return LONGEST_SLEEP;
    }
    return (left + POLL_UNIT - 1) / POLL_UNIT * POLL_UNIT;
}

static void serve_sockets(smtpc_loop_t *loop, const apr_pollfd_t *ready,
                          apr_int32_t count)
{
    apr_int32_t i;

    for (i = 0; i < count && !loop->stopped; i++) {
        smtpc_watch_t *watch = loop->slots[(apr_size_t)ready[i].client_data];

        if (watch && watch->polled) {
            watch->fn(watch->baton, SMTPC_LOOP_IO);
        }
    }
}

static void serve_deadlines(smtpc_loop_t *loop)
{
    apr_time_t now = smtpc__monotonic();
    /* One that is set again to a time gone by has to wait for its turn. */
    apr_size_t most = loop->heap_count;

    while (most-- > 0 && loop->heap_count > 0 && !loop->stopped
           && loop->heap[0]->deadline <= now) {
        smtpc_watch_t *watch = loop->heap[0];

        smtpc__watch_deadline(watch, 0);
        watch->fn(watch->baton, SMTPC_LOOP_TIMEOUT);
    }
}

apr_status_t smtpc__loop_run(smtpc_loop_t *loop)
{
    loop->stopped = 0;
    while (!loop->stopped && (loop->polled > 0 || loop->heap_count > 0)) {
        const apr_pollfd_t *ready = NULL;
        apr_int32_t count = 0;
        apr_status_t rv;

        rv = apr_pollset_poll(loop->pollset, time_to_sleep(loop), &count,
                              &ready);
        if (APR_STATUS_IS_EINTR(rv) || APR_STATUS_IS_TIMEUP(rv)) {
            count = 0;
        }
        else if (rv != APR_SUCCESS) {
            return rv;
        }
        serve_sockets(loop, ready, count);
        serve_deadlines(loop);
    }
    return APR_SUCCESS;
}

void smtpc__loop_stop(smtpc_loop_t *loop)
{
    loop->stopped = 1;
}
