/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop.c: sockets in an apr_pollset, deadlines in a heap, work from other
 * threads in a queue.
 *
 * Guarantees: a deadline is never reported early; EINTR is no error; one
 * turn serves every ready socket, every passed deadline and every waiting
 * task once, so that nothing starves another. A watch that is gone is not
 * called, even if its event was already there: events name a slot of the
 * loop, not a watch. A task that was posted is run; many posts before the
 * loop sleeps again cost one system call, or none if it is awake.
 *
 * Watches take no memory of the loop but a slot while they poll a socket.
 * The deadlines are a pairing heap threaded through the watches: adding is
 * constant, taking away logarithmic (amortised), and neither can fail.
 * Sockets are constant with epoll, and no system call with poll(2).
 *
 * The lock is a bare one of the system's, and the flag it guards, not APR's,
 * decides on waking: both can be followed by thread checkers.
 */

#include "net/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_network_io.h>
#include <apr_portable.h>

#include "base/env_int.h"

/** Up to this many sockets poll(2) is as good as epoll and has no state in
 *  the kernel. */
#define SMALL_LOOP 32
/** Longest sleep: keeps the arithmetic of poll(2)'s int far from its end. */
#define LONGEST_SLEEP apr_time_from_sec(3600)
/** apr_pollset_poll() cuts to milliseconds. */
#define POLL_UNIT 1000

/* One polled socket. Slots outlive watches, because a pollset without copies
 * keeps their address. */
typedef struct slot_t {
    apr_pollfd_t pollfd;
    smtpc_watch_t *watch; /* NULL: free */
    struct slot_t *next;  /* free one */
} slot_t;

struct smtpc_watch_t {
    smtpc_loop_t *loop;
    smtpc_loop_fn_t fn;
    void *baton;
    slot_t *slot;         /* NULL: no socket */
    apr_time_t deadline;  /* 0: none, and then not in the heap */
    smtpc_watch_t *child; /* first of those below, which are later */
    smtpc_watch_t *next;  /* beside it */
    smtpc_watch_t **link; /* what points here */
};

struct smtpc_loop_t {
    apr_pollset_t *pollset; /* NULL: abandoned */
    apr_file_t *wake_in;    /* polled, with wake */
    apr_file_t *wake_out;
    apr_pollfd_t wake;
    apr_pool_t *pool;
    slot_t *free_slots;
    smtpc_watch_t *heap; /* the earliest */
    apr_size_t deadlines;
    apr_size_t polled;
    int stopped;
    int hold;

    pthread_mutex_t lock; /* of what follows */
    smtpc_task_t *first;
    smtpc_task_t **last;  /* where the next one goes */
    apr_size_t tasks;
    int sleeping;         /* or about to: a post has to wake it */
};

static apr_status_t destroy_lock(void *data)
{
    (void)pthread_mutex_destroy(&((smtpc_loop_t *)data)->lock);
    return APR_SUCCESS;
}

static apr_status_t create_pollset(smtpc_loop_t *loop, apr_uint32_t sockets,
                                   apr_pool_t *pool)
{
    if (sockets <= SMALL_LOOP + 1) {
        return apr_pollset_create_ex(&loop->pollset, sockets, pool, 0,
                                     APR_POLLSET_POLL);
    }
    /* With copies, taking a socket away would be a search. */
    return apr_pollset_create_ex(&loop->pollset, sockets, pool,
                                 APR_POLLSET_NOCOPY, APR_POLLSET_DEFAULT);
}

/* A pipe that other threads write to. APR's own (APR_POLLSET_WAKEABLE) leaks
 * the descriptor of epoll if there is none for the pipe, APR 1.7. */
static apr_status_t create_wake(smtpc_loop_t *loop, apr_pool_t *pool)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return errno;
    }
    (void)apr_os_pipe_put_ex(&loop->wake_in, &ends[0], 1, pool);
    (void)apr_os_pipe_put_ex(&loop->wake_out, &ends[1], 1, pool);
    loop->wake.p = pool;
    loop->wake.desc_type = APR_POLL_FILE;
    loop->wake.reqevents = APR_POLLIN;
    loop->wake.desc.f = loop->wake_in;
    return apr_pollset_add(loop->pollset, &loop->wake);
}

static void wake_up(smtpc_loop_t *loop)
{
    apr_size_t len = 1;

    /* One that is full wakes, too. */
    (void)apr_file_write(loop->wake_out, "", &len);
}

static void drain_wake(smtpc_loop_t *loop)
{
    char scrap[64];
    apr_size_t len = sizeof(scrap);

    (void)apr_file_read(loop->wake_in, scrap, &len);
}

apr_status_t smtpc__loop_create(smtpc_loop_t **loop, apr_uint32_t sockets,
                                apr_pool_t *pool)
{
    smtpc_loop_t *made = apr_pcalloc(pool, sizeof(*made));
    slot_t *slots = apr_pcalloc(pool, sockets * sizeof(*slots));
    apr_status_t rv;

    rv = pthread_mutex_init(&made->lock, NULL);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_cleanup_register(pool, made, destroy_lock,
                              apr_pool_cleanup_null);
    rv = create_pollset(made, sockets + 1, pool);
    if (rv == APR_SUCCESS) {
        rv = create_wake(made, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->pool = pool;
    made->last = &made->first;
    while (sockets-- > 0) {
        slots[sockets].next = made->free_slots;
        made->free_slots = &slots[sockets];
    }
    *loop = made;
    return APR_SUCCESS;
}

/* The heap. */

/* Put the later of two roots below the other, and return that. */
static smtpc_watch_t *meld(smtpc_watch_t *one, smtpc_watch_t *other)
{
    smtpc_watch_t *top = one->deadline <= other->deadline ? one : other;
    smtpc_watch_t *below = top == one ? other : one;

    below->next = top->child;
    if (below->next) {
        below->next->link = &below->next;
    }
    below->link = &top->child;
    top->child = below;
    return top;
}

/* Make one heap of a list of them: in pairs first, which is what makes the
 * cost logarithmic. Return its root, or NULL. */
static smtpc_watch_t *meld_list(smtpc_watch_t *list)
{
    smtpc_watch_t *pairs = NULL;
    smtpc_watch_t *root = NULL;

    while (list) {
        smtpc_watch_t *one = list;
        smtpc_watch_t *other = one->next;

        list = other ? other->next : NULL;
        if (other) {
            one = meld(one, other);
        }
        one->next = pairs;
        pairs = one;
    }
    while (pairs) {
        smtpc_watch_t *one = pairs;

        pairs = one->next;
        root = root ? meld(root, one) : one;
    }
    return root;
}

/* Add a root to what is in the heap of the loop. */
static void heap_add(smtpc_loop_t *loop, smtpc_watch_t *root)
{
    loop->heap = loop->heap ? meld(loop->heap, root) : root;
    loop->heap->next = NULL;
    loop->heap->link = &loop->heap;
}

static void heap_insert(smtpc_loop_t *loop, smtpc_watch_t *watch)
{
    watch->child = NULL;
    heap_add(loop, watch);
    loop->deadlines++;
}

static void heap_remove(smtpc_loop_t *loop, smtpc_watch_t *watch)
{
    smtpc_watch_t *below = meld_list(watch->child);

    *watch->link = watch->next;
    if (watch->next) {
        watch->next->link = watch->link;
    }
    if (below) {
        heap_add(loop, below);
    }
    loop->deadlines--;
}

/* Watches. */

/* The pool ends. */
static apr_status_t watch_forget(void *data)
{
    smtpc__watch_end(data);
    return APR_SUCCESS;
}

apr_status_t smtpc__watch_create(smtpc_watch_t **watch, smtpc_loop_t *loop,
                                 smtpc_loop_fn_t fn, void *baton,
                                 apr_pool_t *pool)
{
    smtpc_watch_t *made = apr_pcalloc(pool, sizeof(*made));

    made->loop = loop;
    made->fn = fn;
    made->baton = baton;
    /* Before the pools below, which hold the socket. */
    apr_pool_pre_cleanup_register(pool, made, watch_forget);
    *watch = made;
    return APR_SUCCESS;
}

static void unpoll(smtpc_watch_t *watch)
{
    smtpc_loop_t *loop = watch->loop;
    slot_t *slot = watch->slot;

    if (!slot || !loop->pollset) {
        return;
    }
    /* Fails only for what the kernel has already forgotten. */
    (void)apr_pollset_remove(loop->pollset, &slot->pollfd);
    watch->slot = NULL;
    slot->watch = NULL;
    slot->next = loop->free_slots;
    loop->free_slots = slot;
    loop->polled--;
}

static apr_status_t poll_socket(smtpc_watch_t *watch, apr_socket_t *socket,
                                apr_int16_t events)
{
    smtpc_loop_t *loop = watch->loop;
    slot_t *slot = loop->free_slots;
    apr_status_t rv;

    if (!slot) {
        return SMTPC_ELIMIT;
    }
    slot->pollfd.p = loop->pool;
    slot->pollfd.desc_type = APR_POLL_SOCKET;
    slot->pollfd.reqevents = events;
    slot->pollfd.rtnevents = 0;
    slot->pollfd.desc.s = socket;
    slot->pollfd.client_data = slot;
    rv = apr_pollset_add(loop->pollset, &slot->pollfd);
    if (rv == APR_SUCCESS) {
        loop->free_slots = slot->next;
        slot->watch = watch;
        watch->slot = slot;
        loop->polled++;
    }
    return rv;
}

apr_status_t smtpc__watch_socket(smtpc_watch_t *watch, apr_socket_t *socket,
                                 apr_int16_t events)
{
    const slot_t *slot = watch->slot;

    if (!watch->loop->pollset) {
        return APR_EBADF;
    }
    if (slot && slot->pollfd.desc.s == socket
        && slot->pollfd.reqevents == events) {
        return APR_SUCCESS;
    }
    unpoll(watch);
    return socket ? poll_socket(watch, socket, events) : APR_SUCCESS;
}

void smtpc__watch_deadline(smtpc_watch_t *watch, apr_time_t deadline)
{
    smtpc_loop_t *loop = watch->loop;

    /* A fork may have met another thread in the middle of the heap. */
    if (watch->deadline == deadline || !loop->pollset) {
        return;
    }
    if (watch->deadline != 0) {
        heap_remove(loop, watch);
    }
    watch->deadline = deadline;
    if (deadline != 0) {
        heap_insert(loop, watch);
    }
}

/* One that watches nothing does not look at its loop, which may be gone. */
void smtpc__watch_end(smtpc_watch_t *watch)
{
    if (watch->slot) {
        unpoll(watch);
    }
    if (watch->deadline != 0) {
        smtpc__watch_deadline(watch, 0);
    }
}

apr_status_t smtpc__watch_move(smtpc_watch_t *watch, smtpc_loop_t *loop)
{
    if (watch->slot || watch->deadline != 0) {
        return APR_EBUSY;
    }
    watch->loop = loop;
    return APR_SUCCESS;
}

/* Tasks. */

void smtpc__loop_post(smtpc_loop_t *loop, smtpc_task_t *task)
{
    (void)pthread_mutex_lock(&loop->lock);
    if (!task->posted) {
        task->posted = 1;
        task->next = NULL;
        *loop->last = task;
        loop->last = &task->next;
        loop->tasks++;
        /* With the lock held: who sees the task may end the loop. */
        if (loop->sleeping && loop->pollset) {
            loop->sleeping = 0;
            wake_up(loop);
        }
    }
    (void)pthread_mutex_unlock(&loop->lock);
}

/* Take out what *at points to; with the lock held. */
static void dequeue(smtpc_loop_t *loop, smtpc_task_t **at)
{
    smtpc_task_t *task = *at;

    *at = task->next;
    if (loop->last == &task->next) {
        loop->last = at;
    }
    task->posted = 0;
    loop->tasks--;
}

void smtpc__loop_unpost(smtpc_loop_t *loop, smtpc_task_t *task)
{
    smtpc_task_t **at = &loop->first;

    (void)pthread_mutex_lock(&loop->lock);
    while (*at && *at != task) {
        at = &(*at)->next;
    }
    if (*at) {
        dequeue(loop, at);
    }
    (void)pthread_mutex_unlock(&loop->lock);
}

/* Take the first task, or NULL. */
static smtpc_task_t *next_task(smtpc_loop_t *loop)
{
    smtpc_task_t *task;

    (void)pthread_mutex_lock(&loop->lock);
    task = loop->first;
    if (task) {
        dequeue(loop, &loop->first);
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return task;
}

/* Running. */

/* Time to sleep, rounded up, so that waking means that a deadline passed and
 * the last millisecond is not spent spinning; -1 without a deadline. */
static apr_interval_time_t time_to_sleep(const smtpc_loop_t *loop)
{
    apr_interval_time_t left;

    if (!loop->heap) {
        return -1;
    }
    left = loop->heap->deadline - smtpc__monotonic();
    if (left <= 0) {
        return 0;
    }
    if (left > LONGEST_SLEEP) {
        return LONGEST_SLEEP;
    }
    return (left + POLL_UNIT - 1) / POLL_UNIT * POLL_UNIT;
}

/* Set how long to sleep; return zero if there is nothing to wait for. From
 * here on a post wakes: none slips in between looking and sleeping. */
static int before_sleep(smtpc_loop_t *loop, apr_interval_time_t *sleep)
{
    apr_interval_time_t until_deadline = time_to_sleep(loop);
    int go;

    (void)pthread_mutex_lock(&loop->lock);
    go = loop->tasks > 0 || loop->polled > 0 || loop->heap || loop->hold;
    *sleep = loop->tasks > 0 ? 0 : until_deadline;
    loop->sleeping = go && *sleep != 0;
    (void)pthread_mutex_unlock(&loop->lock);
    return go;
}

/* Return the number of tasks that wait now. */
static apr_size_t after_sleep(smtpc_loop_t *loop)
{
    apr_size_t tasks;

    (void)pthread_mutex_lock(&loop->lock);
    loop->sleeping = 0;
    tasks = loop->tasks;
    (void)pthread_mutex_unlock(&loop->lock);
    return tasks;
}

static void serve_sockets(smtpc_loop_t *loop, const apr_pollfd_t *ready,
                          apr_int32_t count)
{
    apr_int32_t i;

    for (i = 0; i < count && !loop->stopped; i++) {
        const slot_t *slot = ready[i].client_data;

        if (!slot) {
            drain_wake(loop);
        }
        else if (slot->watch) {
            slot->watch->fn(slot->watch->baton, SMTPC_LOOP_IO);
        }
    }
}

static void serve_deadlines(smtpc_loop_t *loop)
{
    /* One that is set again to a time gone by has to wait for its turn. */
    apr_size_t most = loop->deadlines;
    apr_time_t now = most > 0 ? smtpc__monotonic() : 0;

    while (most-- > 0 && loop->heap && !loop->stopped
           && loop->heap->deadline <= now) {
        smtpc_watch_t *watch = loop->heap;

        smtpc__watch_deadline(watch, 0);
        watch->fn(watch->baton, SMTPC_LOOP_TIMEOUT);
    }
}

/* Run up to `most` tasks: those that are posted meanwhile have to wait for
 * their turn. */
static void serve_tasks(smtpc_loop_t *loop, apr_size_t most)
{
    while (most-- > 0 && !loop->stopped) {
        smtpc_task_t *task = next_task(loop);

        if (!task) {
            return;
        }
        task->fn(task->baton);
    }
}

/* One turn. */
static apr_status_t turn(smtpc_loop_t *loop, apr_interval_time_t sleep)
{
    const apr_pollfd_t *ready = NULL;
    apr_int32_t count = 0;
    apr_size_t tasks;
    apr_status_t rv = APR_SUCCESS;

    if (sleep != 0 || loop->polled > 0) {
        rv = apr_pollset_poll(loop->pollset, sleep, &count, &ready);
    }
    tasks = after_sleep(loop);
    if (APR_STATUS_IS_EINTR(rv) || APR_STATUS_IS_TIMEUP(rv)) {
        count = 0;
        rv = APR_SUCCESS;
    }
    if (rv == APR_SUCCESS) {
        serve_sockets(loop, ready, count);
        serve_deadlines(loop);
        serve_tasks(loop, tasks);
    }
    return rv;
}

apr_status_t smtpc__loop_run(smtpc_loop_t *loop)
{
    apr_interval_time_t sleep;
    apr_status_t rv = APR_SUCCESS;

    if (!loop->pollset) {
        return APR_EBADF;
    }
    loop->stopped = 0;
    while (rv == APR_SUCCESS && !loop->stopped
           && before_sleep(loop, &sleep)) {
        rv = turn(loop, sleep);
    }
    return rv;
}

void smtpc__loop_stop(smtpc_loop_t *loop)
{
    loop->stopped = 1;
}

void smtpc__loop_hold(smtpc_loop_t *loop, int hold)
{
    loop->hold = hold;
}

void smtpc__loop_abandon(smtpc_loop_t *loop)
{
    apr_pollset_t *pollset = loop->pollset;

    loop->pollset = NULL;
    if (pollset) {
        (void)apr_pollset_destroy(pollset);
        (void)apr_file_close(loop->wake_in);
        (void)apr_file_close(loop->wake_out);
    }
}
