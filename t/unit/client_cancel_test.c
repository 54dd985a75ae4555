/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_cancel_test.c: cancelling at every step of the protocol, at bytes of
 * it and at random instants, asynchronous and blocking sends, batches.
 *
 * Where it is cancelled at a step or byte, the server does not go on before the
 * send has ended: what becomes of it does not depend on who is faster.
 */

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** Random instants, of all ways together. */
#define INSTANTS 500
/** Every so manyeth byte of a small message. */
#define BYTES_APART 37
/** Content that sockets do not hold, and the distance of the cuts in it. */
#define LARGE (6 * 1024 * 1024)
#define LARGE_APART 2100001
/** Messages of a batch. */
#define BATCH 60

/* How a mail goes. */
typedef struct way_t {
    const char *name;
    const char *extensions;
    int tls;
    int blocking;
} way_t;

static const way_t ways[] = {
    { "plain", "", 0, 0 },
    { "PIPELINING", "PIPELINING", 0, 0 },
    { "CHUNKING", "PIPELINING\nCHUNKING", 0, 0 },
    { "TLS", "PIPELINING", 1, 0 },
    { "plain, blocking", "", 0, 1 },
    { "PIPELINING, blocking", "PIPELINING", 0, 1 },
    { "CHUNKING, blocking", "PIPELINING\nCHUNKING", 0, 1 },
    { "TLS, blocking", "PIPELINING", 1, 1 },
};
#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static smtpc_env_t *env;
static SSL_CTX *tls;
static const char *ca_file;

/* A server and what is to be cancelled at it. */
typedef struct rig_t {
    const way_t *way;
    peer_t *peer;
    echo_t echo;
    smtpc_message_t *message;
    smtpc_message_t *next; /* sent after each */
    _Atomic(smtpc_client_t *) victim; /* NULL: none */
    atomic_long at;       /* the step or byte at which it is cancelled */
    atomic_long passed;   /* steps or bytes so far */
    atomic_int fired;
    async_t *async;
    int strange;          /* outcomes that must not be */
    int cancelled;        /* outcomes */
    int in_doubt;
    int natural;
    char first[256];      /* the first that is strange */
} rig_t;

/* The server got on by count steps or bytes: cancel there, and wait until that
 * has had its effect. */
static void pass(rig_t *rig, long count)
{
    smtpc_client_t *victim = atomic_load(&rig->victim);
    long passed = atomic_fetch_add(&rig->passed, count) + count;

    if (victim && passed >= atomic_load(&rig->at)
        && !atomic_exchange(&rig->fired, 1)) {
        (void)smtpc_client_cancel(victim);
        (void)smtpc_client_cancel(victim);
        (void)async_wait(rig->async, 1);
    }
}

static void on_step(void *baton)
{
    pass(baton, 1);
}

static void on_came(void *baton, size_t bytes)
{
    pass(baton, (long)bytes);
}

static void rig_start(rig_t *rig, const way_t *way, smtpc_message_t *message)
{
    memset(rig, 0, sizeof(*rig));
    rig->way = way;
    rig->message = message;
    rig->next = message;
    echo_init(&rig->echo);
    rig->echo.extensions = way->extensions;
    rig->echo.tls = way->tls ? tls : NULL;
    rig->echo.baton = rig;
    rig->peer = peer_start(echo_serve, &rig->echo);
}

static void rig_end(rig_t *rig)
{
    peer_stop(rig->peer);
    echo_end(&rig->echo);
}

static smtpc_client_t *rig_client(rig_t *rig, apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(rig->peer, env, pool);

    if (rig->way->tls
        && (smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS)
                != APR_SUCCESS
            || smtpc_client_set_ca_file(client, ca_file) != APR_SUCCESS)) {
        tap_bail("no TLS");
    }
    return client;
}

static void note_strange(rig_t *rig, const char *what, apr_status_t status)
{
    rig->strange++;
    if (!rig->first[0]) {
        apr_snprintf(rig->first, sizeof(rig->first), "%s at %ld: %s", what,
                     (long)atomic_load(&rig->at),
                     status ? smtpc_status_name(status) : "success");
    }
}

/* A send that blocks, on a thread of its own, as a completion. */

typedef struct send_t {
    smtpc_client_t *client;
    smtpc_message_t *message;
    async_t *async;
} send_t;

static void *send_blocking(void *data)
{
    send_t *send = data;
    smtpc_result_t *result = NULL;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create_unmanaged(&pool);
    rv = smtpc_client_send(&result, send->client, send->message, pool);
    async_completed(send->client, rv, result, send->async);
    apr_pool_destroy(pool);
    return NULL;
}

/* Busy for so many microseconds. */
static void spin(apr_interval_time_t span)
{
    apr_time_t until = apr_time_now() + span;

    while (apr_time_now() < until) {
        continue;
    }
}

/* Send with client; with instant >= 0 cancel it then from this thread. */
static void send_once(rig_t *rig, smtpc_client_t *client, async_t *async,
                      apr_interval_time_t instant)
{
    send_t send = { client, rig->message, async };
    pthread_t thread;

    if (!rig->way->blocking) {
        if (smtpc_client_send_async(client, rig->message, async_completed,
                                    async) != APR_SUCCESS) {
            tap_bail("not submitted");
        }
    }
    else if (pthread_create(&thread, NULL, send_blocking, &send) != 0) {
        tap_bail("no thread");
    }
    if (instant >= 0) {
        spin(instant);
        (void)smtpc_client_cancel(client);
    }
    (void)async_wait(async, 1);
    if (rig->way->blocking) {
        pthread_join(thread, NULL);
    }
}

/* What became of a send is allowed, given the contents that the server saw. */
static void judge(rig_t *rig, const async_t *async, int finals, int exact)
{
    int seen = echo_finals(&rig->echo, 0) - finals;

    switch (async->status) {
    case APR_SUCCESS:
        rig->natural++;
        if (seen != 1 || (exact && atomic_load(&rig->fired))) {
            note_strange(rig, "success", async->status);
        }
        break;
    case SMTPC_EINDOUBT:
        rig->in_doubt++;
        if (exact && seen != 1) {
            note_strange(rig, "in doubt", async->status);
        }
        break;
    case SMTPC_ECANCELLED:
        rig->cancelled++;
        if (seen != 0) {
            note_strange(rig, "the end of the content was sent",
                         async->status);
        }
        break;
    default:
        note_strange(rig, "neither", async->status);
    }
    if (async->completed != 1 || async->wrong) {
        note_strange(rig, "not once, or with a wrong result", async->status);
    }
}

/* Send and cancel at `at` (0: at instant), then see what the next does. */
static void cancel_at(rig_t *rig, long at, apr_interval_time_t instant)
{
    int finals = echo_finals(&rig->echo, 0);
    int accepted = peer_accepted(rig->peer);
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_pool_t *pool;
    apr_status_t rv;
    async_t async;

    async_init(&async);
    apr_pool_create_unmanaged(&pool);
    client = rig_client(rig, pool);
    rig->async = &async;
    atomic_store(&rig->at, at);
    atomic_store(&rig->passed, 0);
    atomic_store(&rig->fired, 0);
    atomic_store(&rig->victim, at > 0 ? client : NULL);
    send_once(rig, client, &async, instant);
    atomic_store(&rig->victim, NULL);
    while (smtpc_client_set_timeout(client, apr_time_from_sec(60))
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
    if (async.status != APR_SUCCESS && !peer_quiet(rig->peer)) {
        note_strange(rig, "the connection is not cut", async.status);
    }
    judge(rig, &async, finals, at > 0);
    accepted = peer_accepted(rig->peer) - accepted;
    rv = smtpc_client_send(&result, client, rig->next, pool);
    if (rv != APR_SUCCESS) {
        note_strange(rig, "the next one", rv);
    }
    else if (async.status != APR_SUCCESS
             && smtpc_result_timings(result)->connected == 0) {
        note_strange(rig, "a connection was used again", async.status);
    }
    apr_pool_destroy(pool);
    if (!peer_quiet(rig->peer)) {
        note_strange(rig, "a connection did not end", rv);
    }
    async_end(&async);
}

/* Cancel at each step, or at each so manyeth byte, up to the end. */
static void cancel_all(rig_t *rig, long first, long apart)
{
    long at = first;

    do {
        cancel_at(rig, at, -1);
        at += apart;
    } while (atomic_load(&rig->fired) && rig->strange == 0);
}

static void report(const rig_t *rig, const char *what)
{
    tap_is_int(rig->strange, 0, "%s, %s: %d cancelled, %d in doubt, %d not",
               rig->way->name, what, rig->cancelled, rig->in_doubt,
               rig->natural);
    if (rig->first[0]) {
        tap_diag("%s", rig->first);
    }
}

static void test_steps(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    rig_t rig;
    int i;

    tap_subtest_begin("at each step");
    for (i = 0; i < WAYS; i++) {
        rig_start(&rig, &ways[i], message);
        rig.echo.step = on_step;
        cancel_all(&rig, 1, 1);
        report(&rig, "at each step");
        tap_ok(rig.cancelled >= 2, "some before the content");
        tap_ok(rig.in_doubt >= 1, "some behind it");
        tap_is_int(rig.natural, 1, "the last one was too late");
        rig_end(&rig);
    }
    tap_subtest_end();
}

static void test_bytes(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    rig_t rig;
    int i;

    tap_subtest_begin("at bytes");
    for (i = 0; i < WAYS; i++) {
        rig_start(&rig, &ways[i], message);
        rig.echo.came = on_came;
        rig.echo.piece = 1;
        cancel_all(&rig, 1, BYTES_APART);
        report(&rig, "at bytes");
        tap_ok(rig.cancelled + rig.in_doubt >= 10, "often enough");
        rig_end(&rig);
    }
    tap_subtest_end();
}

/* Content that is on its way for long: no dot follows what was cut. */
static void test_large(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_message_t *small = async_message("x@y.test", pool);
    char *body = apr_palloc(pool, LARGE + 1);
    rig_t rig;
    int i;

    tap_subtest_begin("within content");
    for (i = 0; i < LARGE; i++) {
        body[i] = i % 70 == 69 ? '\n' : 'a';
    }
    body[LARGE] = '\0';
    tap_is_int(smtpc_message_set_body(message, body, SMTPC_BODY_TEXT),
               APR_SUCCESS, "a large message");
    for (i = 1; i < 5; i++) {
        rig_start(&rig, &ways[i], message);
        rig.echo.came = on_came;
        rig.echo.narrow = 1;
        rig.echo.piece = 4096;
        rig.next = small;
        cancel_all(&rig, 1000, LARGE_APART);
        report(&rig, "within content");
        tap_ok(rig.cancelled >= 1, "some before its end");
        rig_end(&rig);
    }
    tap_subtest_end();
}

static void test_instants(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    unsigned int seed = 1;
    rig_t rig;
    int i;
    int k;

    tap_subtest_begin("at random");
    for (i = 0; i < WAYS; i++) {
        apr_time_t began = apr_time_now();
        int span;

        rig_start(&rig, &ways[i], message);
        for (k = 0; k < 5; k++) {
            cancel_at(&rig, 0, 0);
        }
        span = (int)(apr_time_now() - began) / 5 + 10;
        for (k = 0; k < INSTANTS / WAYS && rig.strange == 0; k++) {
            cancel_at(&rig, 0, rand_r(&seed) % span);
        }
        report(&rig, "at random");
        rig_end(&rig);
    }
    tap_subtest_end();
}

static void test_idle(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *client;
    smtpc_result_t *result;
    rig_t rig;

    tap_subtest_begin("when idle");
    rig_start(&rig, &ways[0], message);
    client = rig_client(&rig, pool);
    tap_is_int(smtpc_client_cancel(client), APR_SUCCESS, "before all");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               APR_SUCCESS, "it sends");
    tap_is_int(smtpc_client_cancel(client), APR_SUCCESS, "afterwards");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               APR_SUCCESS, "it sends");
    tap_is_int(peer_accepted(rig.peer), 1, "on the same connection");
    smtpc_client_dispose(client);
    rig_end(&rig);
    tap_subtest_end();
}

/* One that waits for a connection. */
static void test_waiting(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *clients[2];
    async_t asyncs[2];
    rig_t rig;
    int i;

    tap_subtest_begin("while it waits for a connection");
    rig_start(&rig, &ways[0], message);
    echo_hold(&rig.echo, 1);
    for (i = 0; i < 2; i++) {
        async_init(&asyncs[i]);
        clients[i] = rig_client(&rig, pool);
        tap_is_int(smtpc_client_set_max_connections(clients[i], 1),
                   APR_SUCCESS, "one connection for both");
        tap_is_int(smtpc_client_send_async(clients[i], message,
                                           async_completed, &asyncs[i]),
                   APR_SUCCESS, "submitted");
        tap_is_int(echo_finals(&rig.echo, 1), 1, "the first has it");
    }
    tap_is_int(smtpc_client_cancel(clients[1]), APR_SUCCESS, "cancel");
    tap_is_int(async_wait(&asyncs[1], 1), 1, "the second is completed");
    tap_is_int(asyncs[1].status, SMTPC_ECANCELLED, "cancelled");
    tap_is_int(async_count(&asyncs[0]), 0, "the first goes on");
    echo_hold(&rig.echo, 0);
    tap_is_int(async_wait(&asyncs[0], 1), 1, "to its end");
    tap_is_int(asyncs[0].status, APR_SUCCESS, "sent");
    for (i = 0; i < 2; i++) {
        smtpc_client_dispose(clients[i]);
        tap_is_int(async_count(&asyncs[i]), 1, "once");
        async_end(&asyncs[i]);
    }
    tap_is_int(peer_accepted(rig.peer), 1, "one connection");
    rig_end(&rig);
    tap_subtest_end();
}

/* Batches. */

typedef struct batch_t {
    smtpc_client_t *client;
    smtpc_message_t *messages[BATCH];
    smtpc_result_t *results[BATCH];
    apr_pool_t *pool;
    apr_status_t status;
    int seen[BATCH]; /* with the server's lock */
    pthread_mutex_t lock;
} batch_t;

static void *send_batch(void *data)
{
    batch_t *batch = data;

    batch->status = smtpc_client_send_many(batch->results, batch->client,
                                           batch->messages, BATCH,
                                           batch->pool);
    return NULL;
}

static void on_took(void *baton, const char *user)
{
    batch_t *batch = baton;

    pthread_mutex_lock(&batch->lock);
    batch->seen[atoi(user + 4)]++;
    pthread_mutex_unlock(&batch->lock);
}

static void judge_batch(const batch_t *batch)
{
    int strange = 0;
    int cancelled = 0;
    int i;

    for (i = 0; i < BATCH; i++) {
        const smtpc_result_t *result = batch->results[i];
        apr_status_t status = result ? smtpc_result_status(result) : -1;

        cancelled += status == SMTPC_ECANCELLED;
        strange += !((status == SMTPC_ECANCELLED && batch->seen[i] == 0)
                     || (status == SMTPC_EINDOUBT && batch->seen[i] <= 1)
                     || (status == APR_SUCCESS && batch->seen[i] == 1));
    }
    tap_is_int(strange, 0, "each has a result that is true");
    tap_ok(cancelled > 0, "%d were cancelled", cancelled);
    tap_ok(batch->status == SMTPC_ECANCELLED
               || batch->status == SMTPC_EINDOUBT, "%s",
           smtpc_status_name(batch->status));
}

static void test_batch(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    batch_t batch = { .status = APR_SUCCESS };
    smtpc_result_t *result;
    pthread_t thread;
    rig_t rig;
    int i;
    int k;

    tap_subtest_begin("a batch");
    for (i = 0; i < 4; i++) {
        rig_start(&rig, &ways[i], message);
        memset(&batch, 0, sizeof(batch));
        pthread_mutex_init(&batch.lock, NULL);
        apr_pool_create_unmanaged(&batch.pool);
        batch.client = rig_client(&rig, pool);
        for (k = 0; k < BATCH; k++) {
            batch.messages[k] = async_message(
                apr_psprintf(batch.pool, "user%d@y.test", k), batch.pool);
        }
        rig.echo.took = on_took;
        rig.echo.baton = &batch;
        echo_hold(&rig.echo, 1);
        pthread_create(&thread, NULL, send_batch, &batch);
        tap_is_int(echo_finals(&rig.echo, 5), 5, "five connections at work");
        tap_is_int(smtpc_client_cancel(batch.client), APR_SUCCESS, "cancel");
        pthread_join(thread, NULL);
        echo_hold(&rig.echo, 0);
        tap_ok(peer_quiet(rig.peer), "all connections are cut");
        judge_batch(&batch);
        rig.echo.took = NULL;
        tap_is_int(smtpc_client_send(&result, batch.client, message, pool),
                   APR_SUCCESS, "the client goes on");
        tap_is_int(peer_accepted(rig.peer), 6, "on a new connection");
        smtpc_client_dispose(batch.client);
        apr_pool_destroy(batch.pool);
        pthread_mutex_destroy(&batch.lock);
        rig_end(&rig);
    }
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_idle,
        test_waiting,
        test_steps,
        test_bytes,
        test_large,
        test_instants,
        test_batch
    };
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    int descriptors;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tls = peer_ca_server(ca, &cert, pool);
    ca_file = peer_ca_file(ca, pool);
    tap_run(tests, 2);
    /* What the env keeps for the next call is there by this time. */
    descriptors = process_descriptors();
    tap_run(tests + 2, sizeof(tests) / sizeof(tests[0]) - 2);
    tap_is_int(process_descriptors(), descriptors, "no descriptor is left");
    return tap_done();
}
