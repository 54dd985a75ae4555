/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env_test.c: what a process shares, alone and with many threads.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include "base/env_int.h"
#include "base/limits.h"

#define THREADS 8
#define ROUNDS 300
#define KEYS 7

/* The last line logged. */
typedef struct sink_t {
    char text[SMTPC_LIMIT_LOG_LINE + 100];
    smtpc_log_level_e level;
    int lines;
} sink_t;

static void sink_line(void *baton, smtpc_log_level_e level, const char *text)
{
    sink_t *sink = baton;

    apr_cpystrn(sink->text, text, sizeof(sink->text));
    sink->level = level;
    sink->lines++;
}

static smtpc_env_t *make(apr_pool_t *pool)
{
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    return env;
}

static void logging(void)
{
    smtpc_env_t *env = make(tap_pool());
    sink_t sink = { "", SMTPC_LOG_ERROR, 0 };
    char text[3001];
    apr_size_t i;

    smtpc__env_log(env, SMTPC_LOG_ERROR, "nobody hears %d", 1);
    tap_ok(!smtpc__env_logs(env, SMTPC_LOG_ERROR), "no sink, no log");
    smtpc_env_set_log(env, SMTPC_LOG_INFO, sink_line, &sink);
    tap_ok(smtpc__env_logs(env, SMTPC_LOG_ERROR)
               && smtpc__env_logs(env, SMTPC_LOG_INFO)
               && !smtpc__env_logs(env, SMTPC_LOG_DEBUG),
           "lines up to the level are wanted");
    smtpc__env_log(env, SMTPC_LOG_DEBUG, "too much detail");
    tap_is_int(sink.lines, 0, "others are dropped");
    smtpc__env_log(env, SMTPC_LOG_WARNING, "%s %d\r\n\x1b[0m\xff", "line", 1);
    tap_is_str(sink.text, "line 1\\x0D\\x0A\\x1B[0m\\xFF",
               "control characters are escaped");
    tap_is_int(sink.level, SMTPC_LOG_WARNING, "the level is passed on");

    memset(text, 'x', 3000);
    text[3000] = '\0';
    smtpc__env_log(env, SMTPC_LOG_INFO, "%s", text);
    tap_is_int(strlen(sink.text), SMTPC_LIMIT_LOG_LINE, "a line is cut");
    memset(text, '\n', 3000);
    smtpc__env_log(env, SMTPC_LOG_INFO, "%s", text);
    tap_is_int(strlen(sink.text), SMTPC_LIMIT_LOG_LINE,
               "one that grows by escaping too");
    for (i = 0; i + 2 <= 3000; i += 2) {
        memcpy(text + i, "\xc3\xa9", 2);
    }
    text[3000] = '\0';
    smtpc__env_log(env, SMTPC_LOG_INFO, "x%s", text);
    tap_is_int(strlen(sink.text), SMTPC_LIMIT_LOG_LINE - 1,
               "not in the middle of a character");
    tap_ok(strchr(sink.text, '\\') == NULL, "which would be escaped");
    smtpc_env_set_log(env, SMTPC_LOG_TRACE, NULL, NULL);
    smtpc__env_log(env, SMTPC_LOG_ERROR, "nobody");
    tap_is_int(sink.lines, 4, "a sink can be taken away");
}

static apr_time_t fixed_clock(void *baton)
{
    return *(apr_time_t *)baton;
}

static apr_status_t counting_random(void *baton, unsigned char *buf,
                                    apr_size_t len)
{
    unsigned char *next = baton;

    while (len-- > 0) {
        *buf++ = (*next)++;
    }
    return APR_SUCCESS;
}

static apr_status_t no_random(void *baton, unsigned char *buf,
                              apr_size_t len)
{
    (void)baton;
    (void)buf;
    (void)len;
    return APR_ENOTIMPL;
}

static void clocks_and_chance(void)
{
    smtpc_env_t *env = make(tap_pool());
    apr_time_t time = 42;
    unsigned char next = 1;
    unsigned char a[100000] = { 0 };
    unsigned char b[16] = { 0 };
    apr_time_t before = apr_time_now();

    tap_ok(smtpc__env_now(env) >= before
               && smtpc__env_now(env) < before + apr_time_from_sec(60),
           "the wall clock at first");
    smtpc_env_set_clock(env, fixed_clock, &time);
    tap_is_int(smtpc__env_now(env), 42, "then another one");
    smtpc_env_set_clock(env, NULL, NULL);
    tap_ok(smtpc__env_now(env) >= before, "and the first again");
    before = smtpc__monotonic();
    tap_ok(before > 0 && smtpc__monotonic() >= before,
           "the other clock does not go back");

    tap_is_int(smtpc__env_random(env, a, sizeof(a)), APR_SUCCESS,
               "random bytes, many");
    tap_ok(memcmp(a, a + 50000, 16) != 0 && memcmp(a + 99984, b, 16) != 0,
           "to the last");
    smtpc_env_set_random(env, counting_random, &next);
    tap_is_int(smtpc__env_random(env, b, 4), APR_SUCCESS, "from elsewhere");
    tap_is_mem(b, 4, "\1\2\3\4", 4, "as it gives them");
    smtpc_env_set_random(env, no_random, NULL);
    tap_is_int(smtpc__env_random(env, b, 4), APR_EGENERAL, "or not at all");
}

static void host_names(void)
{
    smtpc_env_t *env = make(tap_pool());
    const char *own = smtpc__env_host_name(env);
    char name[] = "web.example.org";

    tap_ok(*own != '\0', "this host is called %s", own);
    tap_is_int(smtpc_env_set_host_name(env, "a b"), SMTPC_EARG, "no name");
    tap_is_int(smtpc_env_set_host_name(env, "a\r\nRCPT"), SMTPC_EARG,
               "no line end");
    tap_is_int(smtpc_env_set_host_name(env, ""), SMTPC_EARG, "no nothing");
    tap_is_int(smtpc_env_set_host_name(env, NULL), SMTPC_EARG, "no NULL");
    tap_is_int(smtpc_env_set_host_name(env, "127.0.0.1"), SMTPC_EARG,
               "no address without brackets");
    tap_is_str(smtpc__env_host_name(env), own, "a refusal changes nothing");
    tap_is_int(smtpc_env_set_host_name(env, name), APR_SUCCESS, "a name");
    name[0] = 'x';
    tap_is_str(smtpc__env_host_name(env), "web.example.org", "is copied");
    tap_is_int(smtpc_env_set_host_name(env, "[IPv6:2001:db8::1]"),
               APR_SUCCESS, "an address literal");
}

/* What a shared object of these tests is. */
typedef struct object_t {
    apr_pool_t *pool;
    int number;
} object_t;

static apr_status_t make_object(void **object, void *baton, apr_pool_t *pool)
{
    int *made = baton;
    object_t *fresh = apr_pcalloc(pool, sizeof(*fresh));

    fresh->pool = pool;
    fresh->number = ++*made;
    *object = fresh;
    return APR_SUCCESS;
}

static apr_status_t make_nothing(void **object, void *baton,
                                 apr_pool_t *pool)
{
    (void)object;
    (void)pool;
    ++*(int *)baton;
    return APR_EGENERAL;
}

static void sharing(void)
{
    smtpc_env_t *env = make(tap_pool());
    char key[] = "one";
    void *first = NULL;
    void *second = NULL;
    void *none = &none;
    int made = 0;
    int failed = 0;

    tap_is_int(smtpc__env_share(&none, env, key, make_nothing, &failed,
                                tap_pool()),
               APR_EGENERAL, "a failure is passed on");
    tap_is_int(smtpc__env_share(&first, env, key, make_object, &made,
                                tap_pool()),
               APR_SUCCESS, "and not kept");
    key[0] = 'x';
    tap_is_int(smtpc__env_share(&second, env, "one", make_object, &made,
                                tap_pool()),
               APR_SUCCESS, "the key is copied");
    tap_ok(first == second && made == 1, "one object for one key");
    tap_ok(((object_t *)first)->pool != tap_pool(), "in a pool of the env");
    tap_is_int(smtpc__env_share(&second, env, "two", make_object, &made,
                                tap_pool()),
               APR_SUCCESS, "another key");
    tap_ok(first != second && made == 2, "has another object");
}

static void sharing_limit(void)
{
    smtpc_env_t *env = make(tap_pool());
    object_t *last = NULL;
    object_t *beyond = NULL;
    void *object;
    int made = 0;
    int i;

    for (i = 0; i <= SMTPC_LIMIT_SHARED_OBJECTS; i++) {
        last = beyond;
        if (smtpc__env_share(&object, env, apr_itoa(tap_pool(), i),
                             make_object, &made, tap_pool())
            != APR_SUCCESS) {
            tap_bail("not shared");
        }
        beyond = object;
    }
    tap_ok(last->pool != tap_pool(), "the last one within the limit is "
                                     "shared");
    tap_ok(beyond->pool == tap_pool(), "the next is the caller's alone");
    tap_is_int(smtpc__env_share(&object, env,
                                apr_itoa(tap_pool(),
                                         SMTPC_LIMIT_SHARED_OBJECTS),
                                make_object, &made, tap_pool()),
               APR_SUCCESS, "asked for again");
    tap_ok(object != beyond, "it is made again");
    tap_is_int(smtpc__env_share(&object, env, "0", make_object, &made,
                                tap_pool()),
               APR_SUCCESS, "the first one");
    tap_is_int(((object_t *)object)->number, 1, "is still there");
}

static apr_status_t note(void *baton)
{
    *(int *)baton = 1;
    return APR_SUCCESS;
}

static apr_status_t make_noted(void **object, void *baton, apr_pool_t *pool)
{
    *object = baton;
    apr_pool_cleanup_register(pool, baton, note, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

static void lifetime(void)
{
    apr_pool_t *pool;
    apr_pool_t *own;
    smtpc_env_t *env;
    void *object;
    int gone = 0;

    apr_pool_create(&pool, tap_pool());
    env = make(pool);
    tap_is_int(smtpc__env_share(&object, env, "key", make_noted, &gone,
                                tap_pool()),
               APR_SUCCESS, "shared");
    apr_pool_destroy(pool);
    tap_is_int(gone, 1, "what is shared goes with the env's pool");

    tap_is_int(smtpc__pool_create(&own), APR_SUCCESS, "a pool of its own");
    tap_ok(apr_pool_parent_get(own) == NULL
               && apr_pool_allocator_get(own)
                      != apr_pool_allocator_get(tap_pool())
               && apr_allocator_mutex_get(apr_pool_allocator_get(own))
                      != NULL,
           "has no parent and a locked allocator");
    apr_pool_destroy(own);
}

/* What one thread does and finds. */
typedef struct worker_t {
    smtpc_env_t *env;
    apr_pool_t *pool;
    void *objects[KEYS];
    int *made;
    int wrong;
} worker_t;

static apr_status_t make_with_children(void **object, void *baton,
                                       apr_pool_t *pool)
{
    int *made = baton;
    apr_pool_t *child;
    int i;

    /* Allocation beside other threads' shows a pool without its lock. */
    for (i = 0; i < 50; i++) {
        apr_pool_create(&child, pool);
        memset(apr_palloc(child, 10000), i, 10000);
    }
    ++*made;
    *object = apr_pcalloc(pool, 16);
    return APR_SUCCESS;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    unsigned char bytes[64];
    int round;

    for (round = 0; round < ROUNDS; round++) {
        int key = round % KEYS;
        void *object = NULL;
        char name[16];

        apr_snprintf(name, sizeof(name), "key %d", key);
        if (smtpc__env_share(&object, worker->env, name, make_with_children,
                             &worker->made[key], worker->pool)
                != APR_SUCCESS
            || (worker->objects[key] != NULL
                && worker->objects[key] != object)
            || smtpc__env_random(worker->env, bytes, sizeof(bytes))
                   != APR_SUCCESS) {
            worker->wrong++;
        }
        worker->objects[key] = object;
        smtpc__env_log(worker->env, SMTPC_LOG_DEBUG, "round %d of %s", round,
                       smtpc__env_host_name(worker->env));
    }
    apr_thread_exit(thread, APR_SUCCESS);
    return NULL;
}

/* Counts lines of many threads. */
typedef struct counter_t {
    apr_thread_mutex_t *lock;
    int lines;
} counter_t;

static void count_line(void *baton, smtpc_log_level_e level, const char *text)
{
    counter_t *counter = baton;

    (void)level;
    apr_thread_mutex_lock(counter->lock);
    counter->lines += strncmp(text, "round ", 6) == 0;
    apr_thread_mutex_unlock(counter->lock);
}

static void threads(void)
{
    smtpc_env_t *env = make(tap_pool());
    apr_thread_t *thread[THREADS];
    worker_t workers[THREADS];
    counter_t counter = { NULL, 0 };
    int made[KEYS] = { 0 };
    int wrong = 0;
    int made_once = 0;
    int i;
    int key;

    apr_thread_mutex_create(&counter.lock, APR_THREAD_MUTEX_DEFAULT,
                            tap_pool());
    smtpc_env_set_log(env, SMTPC_LOG_DEBUG, count_line, &counter);
    memset(workers, 0, sizeof(workers));
    for (i = 0; i < THREADS; i++) {
        workers[i].env = env;
        workers[i].made = made;
        if (smtpc__pool_create(&workers[i].pool) != APR_SUCCESS
            || apr_thread_create(&thread[i], NULL, work, &workers[i],
                                 tap_pool())
                   != APR_SUCCESS) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, thread[i]);
        wrong += workers[i].wrong
                 + (memcmp(workers[i].objects, workers[0].objects,
                           sizeof(workers[0].objects))
                    != 0);
        apr_pool_destroy(workers[i].pool);
    }
    for (key = 0; key < KEYS; key++) {
        made_once += made[key] == 1;
    }
    tap_is_int(wrong, 0, "all threads see the same objects");
    tap_is_int(made_once, KEYS, "each was made once");
    tap_is_int(counter.lines, THREADS * ROUNDS, "no line is lost");
}

int main(void)
{
    tap_pool();
    logging();
    clocks_and_chance();
    host_names();
    sharing();
    sharing_limit();
    lifetime();
    threads();
    return tap_done();
}
