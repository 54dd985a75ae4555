/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine.c: one engine for each env and process.
 *
 * The env keeps a holder with the present engine; whoever finds that the
 * engine is of another process makes a new one and closes what was inherited.
 * This cannot be done well if another thread of the parent held a lock at the
 * moment of the fork, so that a process forks before it sends or while it
 * does not.
 *
 * Blocking calls run a loop of their own on the caller's thread. It costs
 * descriptors, so those that are not used are kept for the next call.
 *
 * The thread for asynchronous calls is started by the first of them, with all
 * signals blocked. The end of the env ends what runs on it, without waiting
 * for any server, says QUIT on the idle connections and joins it.
 */

#include "client/engine.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/limits.h"
#include "client/pool.h"

/** Sockets of a call that has one connection: that, or addresses that are
 *  tried, and the resolver's. */
#define CALL_SOCKETS (SMTPC_LIMIT_HOST_ADDRESSES + 4)
/** Sockets of the thread. */
#define THREAD_SOCKETS 16384

struct smtpc_engine_t {
    apr_pool_t *pool; /* a root of its own */
    smtpc_env_t *env;
    /* A page that is all zero in a child: asking for the pid of the process
     * takes a system call each time. NULL: pid tells. */
    const char *here;
    pid_t pid;
    smtpc_pool_t *connections;
    pthread_mutex_t lock; /* guards what follows */
    smtpc_lent_loop_t spare[SMTPC_LIMIT_SPARE_LOOPS]; /* of one connection */
    int spare_count;
    atomic_int running; /* there is a thread; never goes back */
    int stopping; /* the env ends: nothing begins any more */

    pthread_t thread;
    smtpc_loop_t *loop;
    smtpc_task_t stop;
    smtpc_engine_user_t *users; /* the thread's */
    smtpc_watch_t *sweep; /* the thread's: a deadline only */
};

/* What an env keeps. */
typedef struct holder_t {
    pthread_mutex_t lock;
    smtpc_engine_t *engine;
} holder_t;

/* Ending. */

static void end_users(smtpc_engine_t *engine)
{
    while (engine->users) {
        smtpc_engine_user_t *user = engine->users;

        smtpc__engine_exit(user);
        user->end(user->baton);
    }
}

/* Task of the thread. */
static void stop_thread(void *baton)
{
    smtpc_engine_t *engine = baton;

    end_users(engine);
    smtpc__watch_end(engine->sweep);
    /* It runs until the last connection is buried. */
    smtpc__loop_hold(engine->loop, 0);
}

static void end_engine(smtpc_engine_t *engine)
{
    int i;

    pthread_mutex_lock(&engine->lock);
    engine->stopping = 1;
    pthread_mutex_unlock(&engine->lock);
    if (engine->running) {
        smtpc__loop_post(engine->loop, &engine->stop);
        (void)pthread_join(engine->thread, NULL);
    }
    smtpc__pool_end(engine->connections);
    for (i = 0; i < engine->spare_count; i++) {
        apr_pool_destroy(engine->spare[i].pool);
    }
    pthread_mutex_destroy(&engine->lock);
    apr_pool_destroy(engine->pool);
}

/* In a child: close the copies of what is the parent's. */
static void abandon(smtpc_engine_t *engine)
{
    int i;

    smtpc__pool_abandon(engine->connections);
    for (i = 0; i < engine->spare_count; i++) {
        smtpc__loop_abandon(engine->spare[i].loop);
    }
    if (engine->running) {
        smtpc__loop_abandon(engine->loop);
    }
}

/* The env ends, before anything else of it. */
static apr_status_t end_holder(void *data)
{
    holder_t *holder = data;

    if (holder->engine) {
        if (smtpc__engine_is_here(holder->engine)) {
            end_engine(holder->engine);
        }
        else {
            abandon(holder->engine);
        }
    }
    pthread_mutex_destroy(&holder->lock);
    return APR_SUCCESS;
}

/* Making. */

static apr_status_t unmap_page(void *data)
{
    munmap(data, (size_t)sysconf(_SC_PAGESIZE));
    return APR_SUCCESS;
}

/* Return a page in pool whose first byte is not zero but in a child, or NULL
 * where the system does not do that. */
static const char *make_page(apr_pool_t *pool)
{
#ifdef MADV_WIPEONFORK
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED) {
        return NULL;
    }
    if (madvise(page, size, MADV_WIPEONFORK) != 0) {
        munmap(page, size);
        return NULL;
    }
    apr_pool_cleanup_register(pool, page, unmap_page, apr_pool_cleanup_null);
    *page = 1;
    return page;
#else
    (void)pool;
    (void)unmap_page;
    return NULL;
#endif
}

static apr_status_t create_engine(smtpc_engine_t **engine, smtpc_env_t *env)
{
    apr_pool_t *root;
    smtpc_engine_t *made;
    apr_status_t rv;

    rv = smtpc__pool_create(&root);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(root, "smtpc_engine");
    made = apr_pcalloc(root, sizeof(*made));
    made->pool = root;
    made->env = env;
    made->pid = getpid();
    made->here = make_page(root);
    rv = smtpc__pool_make(&made->connections, env, root);
    if (rv == APR_SUCCESS) {
        rv = pthread_mutex_init(&made->lock, NULL);
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(root);
        return rv;
    }
    *engine = made;
    return APR_SUCCESS;
}

/* smtpc__share_fn_t: baton is the env. */
static apr_status_t create_holder(void **object, void *baton,
                                  apr_pool_t *pool)
{
    smtpc_env_t *env = baton;
    holder_t *holder = apr_pcalloc(pool, sizeof(*holder));
    apr_status_t rv = pthread_mutex_init(&holder->lock, NULL);

    if (rv == APR_SUCCESS) {
        apr_pool_pre_cleanup_register(smtpc__env_pool(env), holder,
                                      end_holder);
        *object = holder;
    }
    return rv;
}

apr_status_t smtpc__engine_get(smtpc_engine_t **engine, smtpc_env_t *env,
                               apr_pool_t *pool)
{
    holder_t *holder;
    void *object = NULL;
    apr_status_t rv;

    rv = smtpc__env_share(&object, env, "engine", create_holder, env, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    holder = object;
    pthread_mutex_lock(&holder->lock);
    if (holder->engine && !smtpc__engine_is_here(holder->engine)) {
        abandon(holder->engine);
        holder->engine = NULL;
    }
    if (!holder->engine) {
        rv = create_engine(&holder->engine, env);
    }
    *engine = holder->engine;
    pthread_mutex_unlock(&holder->lock);
    return rv;
}

int smtpc__engine_is_here(const smtpc_engine_t *engine)
{
    return engine->here ? *engine->here != 0 : engine->pid == getpid();
}

smtpc_env_t *smtpc__engine_env(const smtpc_engine_t *engine)
{
    return engine->env;
}

smtpc_pool_t *smtpc__engine_pool(const smtpc_engine_t *engine)
{
    return engine->connections;
}

/* Loops for blocking calls. */

apr_status_t smtpc__engine_take_loop(smtpc_lent_loop_t *lent,
                                     smtpc_engine_t *engine, int connections)
{
    int found = 0;
    apr_status_t rv;

    pthread_mutex_lock(&engine->lock);
    if (connections <= 1 && engine->spare_count > 0) {
        *lent = engine->spare[--engine->spare_count];
        found = 1;
    }
    pthread_mutex_unlock(&engine->lock);
    if (found) {
        return APR_SUCCESS;
    }
    rv = smtpc__pool_create(&lent->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__loop_create(&lent->loop,
                            CALL_SOCKETS * (apr_uint32_t)connections,
                            lent->pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(lent->pool);
        return rv;
    }
    lent->large = connections > 1;
    return APR_SUCCESS;
}

void smtpc__engine_give_loop(smtpc_engine_t *engine,
                             const smtpc_lent_loop_t *lent)
{
    int kept = 0;

    pthread_mutex_lock(&engine->lock);
    if (!lent->large && engine->spare_count < SMTPC_LIMIT_SPARE_LOOPS) {
        engine->spare[engine->spare_count++] = *lent;
        kept = 1;
    }
    pthread_mutex_unlock(&engine->lock);
    if (!kept) {
        apr_pool_destroy(lent->pool);
    }
}

/* The thread. */

static void next_sweep(smtpc_engine_t *engine)
{
    smtpc__watch_deadline(engine->sweep,
                          smtpc__monotonic() + SMTPC_PERIOD_SWEEP);
}

/* The watch's callback. */
static void sweep_now(void *baton, smtpc_loop_event_e event)
{
    smtpc_engine_t *engine = baton;

    (void)event;
    smtpc__pool_sweep(engine->connections);
    next_sweep(engine);
}

static void *run_thread(void *data)
{
    smtpc_engine_t *engine = data;

    next_sweep(engine);
    if (smtpc__loop_run(engine->loop) != APR_SUCCESS) {
        smtpc__env_log(engine->env, SMTPC_LOG_ERROR, "the thread for "
                       "asynchronous mail cannot poll and ends");
        end_users(engine);
    }
    return NULL;
}

/* Signals are for the threads of the program. */
static int start_thread(smtpc_engine_t *engine)
{
    sigset_t all;
    sigset_t before;
    int error;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    error = pthread_create(&engine->thread, NULL, run_thread, engine);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Make the thread's loop, and what it always watches. */
static apr_status_t create_loop(smtpc_engine_t *engine)
{
    apr_status_t rv = smtpc__loop_create(&engine->loop, THREAD_SOCKETS,
                                         engine->pool);

    if (rv == APR_SUCCESS) {
        rv = smtpc__watch_create(&engine->sweep, engine->loop, sweep_now,
                                 engine, engine->pool);
    }
    if (rv != APR_SUCCESS) {
        engine->loop = NULL;
    }
    return rv;
}

apr_status_t smtpc__engine_async(smtpc_loop_t **loop, smtpc_engine_t *engine)
{
    apr_status_t rv = APR_SUCCESS;

    pthread_mutex_lock(&engine->lock);
    if (engine->stopping) {
        pthread_mutex_unlock(&engine->lock);
        return SMTPC_EDISPOSED;
    }
    if (!engine->loop) {
        rv = create_loop(engine);
    }
    if (rv == APR_SUCCESS && !engine->running) {
        engine->stop.fn = stop_thread;
        engine->stop.baton = engine;
        smtpc__loop_hold(engine->loop, 1);
        rv = start_thread(engine);
        atomic_store(&engine->running, rv == APR_SUCCESS);
    }
    *loop = engine->loop;
    pthread_mutex_unlock(&engine->lock);
    return rv;
}

int smtpc__engine_on_thread(const smtpc_engine_t *engine)
{
    return engine && atomic_load(&engine->running)
           && pthread_equal(pthread_self(), engine->thread);
}

int smtpc__engine_runs(smtpc_engine_t *engine, const smtpc_loop_t *loop)
{
    return atomic_load(&engine->running) && engine->loop == loop;
}

int smtpc__engine_is_ending(smtpc_engine_t *engine)
{
    int ending;

    pthread_mutex_lock(&engine->lock);
    ending = engine->stopping;
    pthread_mutex_unlock(&engine->lock);
    return ending;
}

void smtpc__engine_enter(smtpc_engine_t *engine, smtpc_engine_user_t *user)
{
    user->next = engine->users;
    user->link = &engine->users;
    if (user->next) {
        user->next->link = &user->next;
    }
    engine->users = user;
}

void smtpc__engine_exit(smtpc_engine_user_t *user)
{
    if (!user->link) {
        return;
    }
    *user->link = user->next;
    if (user->next) {
        user->next->link = user->link;
    }
    user->link = NULL;
}

SMTPC_DECLARE(apr_status_t) smtpc_env_keep_connections(smtpc_env_t *env,
                                                       int keep)
{
    smtpc_engine_t *engine;
    apr_status_t rv;

    rv = smtpc__engine_get(&engine, env, smtpc__env_pool(env));
    if (rv == APR_SUCCESS) {
        smtpc__pool_keep(engine->connections, keep);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_env_close_idle(smtpc_env_t *env)
{
    smtpc_engine_t *engine;
    apr_status_t rv;

    rv = smtpc__engine_get(&engine, env, smtpc__env_pool(env));
    if (rv == APR_SUCCESS) {
        smtpc__pool_sweep(engine->connections);
    }
    return rv;
}
