/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_load_test.c: 64 threads and a thousand mails each on one env, one by
 * one, in batches and asynchronous: every mail arrives once, and every result
 * belongs to its mail. Meant for ThreadSanitizer.
 */

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../tap/tap.h"

#define THREADS 64
#define MAILS 1000
/** Messages of a batch, and of a chain of asynchronous ones. */
#define GROUP 100

/* What a run is like, and what came of it. */
typedef struct run_t {
    const char *what;
    int connections; /* the most, 0: as it comes */
    smtpc_env_t *env;
    peer_t *peer;
    pthread_barrier_t ready;
    pthread_mutex_t lock;
    unsigned char seen[THREADS * MAILS];
} run_t;

/* One thread of it. */
typedef struct worker_t {
    run_t *run;
    int number;
    smtpc_client_t *client;
    apr_pool_t *pool;     /* cleared for each group */
    int sent;
    int strange;          /* results of another mail */
    async_t async;
    int next;             /* asynchronous: the mail under way */
    int last;
    smtpc_message_t *messages[GROUP];
    smtpc_result_t *results[GROUP];
} worker_t;

/* The server took the mail with this number. */
static void on_took(void *baton, const char *user)
{
    run_t *run = baton;
    int number = atoi(user + 1);

    pthread_mutex_lock(&run->lock);
    if (number >= 0 && number < THREADS * MAILS) {
        run->seen[number]++;
    }
    pthread_mutex_unlock(&run->lock);
}

/* Return the name of the mail i of worker. */
static const char *user_of(const worker_t *worker, int i)
{
    return apr_psprintf(worker->pool, "u%d", worker->number * MAILS + i);
}

static smtpc_message_t *message_of(const worker_t *worker, int i)
{
    return async_message(apr_pstrcat(worker->pool, user_of(worker, i),
                                     "@load.test", NULL), worker->pool);
}

/* See whether result is that of mail i. */
static void check(worker_t *worker, int i, apr_status_t status,
                  const smtpc_result_t *result)
{
    const char *user = user_of(worker, i);
    const smtpc_recipient_t *recipient = smtpc_result_recipient(result, 0);

    worker->sent += status == APR_SUCCESS;
    worker->strange += status != APR_SUCCESS
                       || smtpc_result_recipient_count(result) != 1
                       || strncmp(recipient->address, user, strlen(user)) != 0
                       || recipient->address[strlen(user)] != '@'
                       || strcmp(smtpc_result_queue_id(result), user) != 0;
}

static void send_single(worker_t *worker, int first)
{
    int i;

    for (i = first; i < first + GROUP; i++) {
        smtpc_result_t *result = NULL;
        apr_status_t rv = smtpc_client_send(&result, worker->client,
                                            message_of(worker, i),
                                            worker->pool);

        check(worker, i, rv, result);
    }
}

static void send_batch(worker_t *worker, int first)
{
    apr_status_t rv;
    int i;

    for (i = 0; i < GROUP; i++) {
        worker->messages[i] = message_of(worker, first + i);
    }
    rv = smtpc_client_send_many(worker->results, worker->client,
                                worker->messages, GROUP, worker->pool);
    for (i = 0; i < GROUP; i++) {
        check(worker, first + i, rv, worker->results[i]);
    }
}

static void on_sent(smtpc_client_t *client, apr_status_t status,
                    const smtpc_result_t *result, void *baton)
{
    worker_t *worker = baton;

    check(worker, worker->next++, status, result);
    if (worker->next == worker->last
        || smtpc_client_send_async(client, worker->messages[worker->next
                                                            % GROUP],
                                   on_sent, worker) != APR_SUCCESS) {
        async_completed(client, status, result, &worker->async);
    }
}

/* A chain, one after the other: the completion begins the next. */
static void send_async(worker_t *worker, int first)
{
    int i;

    for (i = 0; i < GROUP; i++) {
        worker->messages[(first + i) % GROUP] = message_of(worker, first + i);
    }
    worker->next = first;
    worker->last = first + GROUP;
    async_init(&worker->async);
    if (smtpc_client_send_async(worker->client,
                                worker->messages[first % GROUP], on_sent,
                                worker) == APR_SUCCESS) {
        (void)async_wait(&worker->async, 1);
    }
    async_end(&worker->async);
    /* To this thread it is busy until the completion has returned. */
    while (smtpc_client_set_messages_per_connection(worker->client, 0)
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
}

static void *run_worker(void *data)
{
    static void (*const kinds[])(worker_t *, int) = {
        send_single, send_batch, send_async
    };
    worker_t *worker = data;
    apr_pool_t *root;
    int i;

    apr_pool_create_unmanaged(&root);
    apr_pool_create(&worker->pool, root);
    worker->client = mail_client(worker->run->peer, worker->run->env, root);
    if (smtpc_client_set_messages_per_connection(worker->client, 0)
            != APR_SUCCESS
        || (worker->run->connections > 0
            && smtpc_client_set_max_connections(worker->client,
                                                worker->run->connections)
                   != APR_SUCCESS)) {
        worker->strange++;
    }
    for (i = 0; i < MAILS; i += GROUP) {
        apr_pool_clear(worker->pool);
        kinds[(worker->number + i / GROUP) % 3](worker, i);
    }
    /* The last of a profile ends its connections: not before all sent. */
    (void)pthread_barrier_wait(&worker->run->ready);
    apr_pool_destroy(root);
    return NULL;
}

static int count_strange(const run_t *run)
{
    int strange = 0;
    int i;

    for (i = 0; i < THREADS * MAILS; i++) {
        strange += run->seen[i] != 1;
    }
    return strange;
}

static void test_run(run_t *run, apr_pool_t *pool)
{
    worker_t *workers = apr_pcalloc(pool, THREADS * sizeof(*workers));
    int most = run->connections > 0 ? run->connections : 5;
    pthread_t threads[THREADS];
    apr_time_t began = apr_time_now();
    smtpc_counters_t before;
    smtpc_counters_t after;
    echo_t echo;
    int sent = 0;
    int strange = 0;
    int opened;
    int i;

    tap_subtest_begin("%s", run->what);
    smtpc_env_counters(&before, run->env);
    echo_init(&echo);
    echo.extensions = "PIPELINING\nCHUNKING";
    echo.took = on_took;
    echo.baton = run;
    run->peer = peer_start(echo_serve, &echo);
    pthread_barrier_init(&run->ready, NULL, THREADS);
    pthread_mutex_init(&run->lock, NULL);
    for (i = 0; i < THREADS; i++) {
        workers[i].run = run;
        workers[i].number = i;
        if (pthread_create(&threads[i], NULL, run_worker, &workers[i]) != 0) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sent += workers[i].sent;
        strange += workers[i].strange;
    }
    tap_is_int(sent, THREADS * MAILS, "all sent");
    tap_is_int(strange, 0, "each result is of its own mail");
    tap_ok(peer_quiet(run->peer), "all connections ended");
    tap_is_int(count_strange(run), 0, "each arrived once");
    /* Batches also begin connections that come too late to be of use. */
    smtpc_env_counters(&after, run->env);
    opened = (int)(after.connections_opened - before.connections_opened);
    tap_ok(opened <= most, "%d connections", opened);
    tap_is_int(echo_quits(&echo), opened, "QUIT on each");
    tap_is_int(after.connections_opened, after.connections_closed,
               "each that was opened was closed");
    tap_diag("%d mails per second",
             (int)(sent * APR_USEC_PER_SEC / (apr_time_now() - began)));
    peer_stop(run->peer);
    echo_end(&echo);
    pthread_mutex_destroy(&run->lock);
    pthread_barrier_destroy(&run->ready);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    run_t *runs = apr_pcalloc(pool, 2 * sizeof(*runs));
    smtpc_env_t *env;
    int i;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    runs[0].what = "as many connections as it comes";
    runs[1].what = "a connection for each thread";
    runs[1].connections = THREADS;
    for (i = 0; i < 2; i++) {
        runs[i].env = env;
        test_run(&runs[i], pool);
    }
    return tap_done();
}
