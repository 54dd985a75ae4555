/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c: the loop over all calls, and what has to hold after each.
 */

#include "fault.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <smtpclient/status.h>

#include "../support/process.h"
#include "../tap/tap.h"

/** A run takes milliseconds. */
#define HANG_SECONDS 30
/** More calls than any scenario has: it does not come to an end. */
#define CALLS_MAX 100000
/** Runs that are shown. */
#define SHOWN_MAX 10

/* The run under way, for a last word. */
static char now[256];

static unsigned long next_call;
static unsigned int next_way;
static inject_hit_t last;

/* Of the address sanitizer, where it is. */
void __sanitizer_set_death_callback(void (*callback)(void))
    __attribute__((weak));

static void put(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
}

static void last_word(void)
{
    inject_hit_t hit = inject_so_far();

    put(now);
    if (hit.call) {
        put(", ");
        put(hit.call);
        put(": ");
        put(hit.way->name);
    }
    put("\n");
}

static void on_signal(int number)
{
    last_word();
    signal(number, SIG_DFL);
    raise(number);
}

static void catch_ends(void)
{
    signal(SIGALRM, on_signal);
    signal(SIGABRT, on_signal);
    if (__sanitizer_set_death_callback) {
        __sanitizer_set_death_callback(last_word);
    }
    else {
        signal(SIGSEGV, on_signal);
        signal(SIGBUS, on_signal);
    }
}

void fault_start(void)
{
    inject_start(next_call, next_way);
}

static int failed_for_good(void)
{
    return last.call != NULL && !last.way->soft;
}

int fault_stop(void)
{
    last = inject_stop();
    return failed_for_good();
}

const char *fault_call(void)
{
    return last.call ? last.call : "";
}

const char *fault_judge(apr_status_t rv, apr_pool_t *pool)
{
    char text[128];

    if (rv == APR_SUCCESS) {
        return NULL;
    }
    smtpc_strerror(rv, text, sizeof(text));
    if (!failed_for_good()) {
        return apr_psprintf(pool, "status %d: %s", rv, text);
    }
    /* A file that cannot be looked at may be one that is not there. */
    if (strcmp(last.call, "stat") == 0 && rv == SMTPC_EARG) {
        return NULL;
    }
    /* A token that may not be read. */
    if (last.way->error == EACCES && rv == SMTPC_EAUTH) {
        return NULL;
    }
    /* OpenSSL does not always tell that it was for want of memory that it
     * could not make sense of something. */
    if (last.openssl && last.way->error == ENOMEM && rv == SMTPC_EARG) {
        return NULL;
    }
    switch (rv) {
    case SMTPC_EARG:
    case SMTPC_EBUSY:
    case SMTPC_EDISPOSED:
    case SMTPC_EREJECTED:
    case SMTPC_EAUTH:
    case SMTPC_EEXTENSION:
    case SMTPC_EPROTO:
        return apr_psprintf(pool, "a fault of this machine is called %s",
                            smtpc_status_name(rv));
    default:
        return NULL;
    }
}

static const char *describe(const inject_hit_t *hit, unsigned long n,
                            apr_pool_t *pool)
{
    return hit->call ? apr_psprintf(pool, "call %lu, %s: %s", n, hit->call,
                                    hit->way->name)
                     : "no call failed";
}

/* What is left behind. */
static const char *leftover(int descriptors, int threads, long allocators,
                            apr_pool_t *pool)
{
    /* Threads that nobody joins let go of the others as they end. */
    int more_threads = process_threads_wait(threads) - threads;
    long more_allocators = inject_allocators() - allocators;
    int more_descriptors = process_descriptors() - descriptors;

    if (more_descriptors != 0) {
        return apr_psprintf(pool, "%d descriptors more", more_descriptors);
    }
    if (more_threads != 0) {
        return apr_psprintf(pool, "%d threads more", more_threads);
    }
    if (more_allocators != 0) {
        return apr_psprintf(pool, "%ld allocators more", more_allocators);
    }
    return NULL;
}

void *fault_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        tap_bail("no memory");
    }
    return memory;
}

/* What a child tells. */
typedef struct child_t {
    inject_hit_t last;
    char left[256];
} child_t;

/* In the child. */
static void run_child(child_t *child, void (*fn)(void *baton), void *baton,
                      apr_pool_t *pool)
{
    int descriptors = process_descriptors();
    long allocators = inject_allocators();
    const char *left;

    alarm(HANG_SECONDS);
    fn(baton);
    child->last = last;
    if (descriptors > process_descriptors()) {
        descriptors = process_descriptors();
    }
    if (allocators > inject_allocators()) {
        allocators = inject_allocators();
    }
    left = leftover(descriptors, 1, allocators, pool);
    apr_cpystrn(child->left, left ? left : "", sizeof(child->left));
    _exit(0);
}

const char *fault_in_child(void (*fn)(void *baton), void *baton,
                           apr_pool_t *pool)
{
    static child_t *child;
    int status = -1;
    pid_t pid;

    if (!child) {
        child = fault_shared(sizeof(*child));
    }
    memset(child, 0, sizeof(*child));
    pid = fork();
    if (pid == 0) {
        run_child(child, fn, baton, pool);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        tap_bail("no child");
    }
    last = child->last;
    if (status != 0) {
        return apr_psprintf(pool, "the child ended with status %d", status);
    }
    if (child->left[0] != '\0') {
        return apr_psprintf(pool, "the child leaves behind %s", child->left);
    }
    return NULL;
}

/* Run once; what is wrong, in pool, or NULL. */
static const char *run_once(const char *name, fault_scenario_fn_t scenario,
                            void *baton, apr_pool_t *pool)
{
    int descriptors = process_descriptors();
    int threads = process_threads();
    long allocators = inject_allocators();
    const char *wrong;
    const char *left;
    apr_pool_t *own;

    snprintf(now, sizeof(now), "# it was %s:%lu:%u", name, next_call,
             next_way);
    if (apr_pool_create(&own, NULL) != APR_SUCCESS) {
        tap_bail("no memory");
    }
    memset(&last, 0, sizeof(last));
    alarm(HANG_SECONDS);
    wrong = scenario(own, baton);
    (void)inject_stop();
    wrong = wrong ? apr_pstrdup(pool, wrong) : NULL;
    apr_pool_destroy(own);
    alarm(0);
    left = leftover(descriptors, threads, allocators, pool);
    if (left) {
        wrong = apr_psprintf(pool, "%s%sleft behind: %s", wrong ? wrong : "",
                             wrong ? "; " : "", left);
    }
    if (wrong || getenv("FAULT_TRACE")) {
        tap_diag("%s:%lu:%u, %s: %s", name, next_call, next_way,
                 describe(&last, next_call, pool), wrong ? wrong : "fine");
    }
    return wrong;
}

/* What FAULT_ONLY asks for: 0: nothing of this scenario. */
static int chosen(const char *name)
{
    const char *only = getenv("FAULT_ONLY");
    size_t len = strlen(name);

    if (!only) {
        return 1;
    }
    return strncmp(only, name, len) == 0
           && (only[len] == '\0' || only[len] == ':');
}

/* Begin where FAULT_ONLY says; non-zero if that is all. */
static int start_at(const char *name)
{
    const char *only = getenv("FAULT_ONLY");
    const char *at = only ? strchr(only + strlen(name), ':') : NULL;
    char *end;

    next_call = 1;
    next_way = 0;
    if (!at) {
        return 0;
    }
    next_call = strtoul(at + 1, &end, 10);
    next_way = *end == ':' ? (unsigned int)strtoul(end + 1, NULL, 10) : 0;
    return 1;
}

static void step(void)
{
    if (++next_way >= last.ways) {
        next_way = 0;
        next_call++;
    }
}

/* All calls in all ways; how many runs were wrong. */
static int run_all(const char *name, fault_scenario_fn_t scenario,
                   void *baton, unsigned long *runs, apr_pool_t *pool)
{
    int once = start_at(name);
    int wrong = 0;

    do {
        wrong += run_once(name, scenario, baton, pool) != NULL;
        ++*runs;
        if (once || last.call == NULL) {
            break;
        }
        step();
    } while (next_call < CALLS_MAX && wrong < SHOWN_MAX);
    return wrong;
}

void fault_run(const char *name, fault_scenario_fn_t scenario, void *baton)
{
    unsigned long runs = 0;
    apr_pool_t *pool;
    int wrong;

    if (!chosen(name)) {
        return;
    }
    catch_ends();
    apr_pool_create(&pool, tap_pool());
    next_call = 0;
    next_way = 0;
    /* What is made once for the process is made and left behind here. */
    (void)run_once(name, scenario, baton, pool);
    if (!tap_ok(run_once(name, scenario, baton, pool) == NULL,
                "%s: nothing fails", name)) {
        return;
    }
    wrong = run_all(name, scenario, baton, &runs, pool);
    tap_is_int(wrong, 0, "%s: %lu calls, %lu runs", name, next_call - 1,
               runs);
    apr_pool_destroy(pool);
}
