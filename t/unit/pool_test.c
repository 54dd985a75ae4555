/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_test.c: rights to connections, who waits for one, what is kept and for
 * how long. The clock is set forward instead of waited for.
 */

#include <pthread.h>
#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "client/client_int.h"
#include "../support/batch.h"
#include "../support/clock.h"
#include "../tap/tap.h"

#define TICKETS 6

/** A pool with one bucket. */
typedef struct rig_t {
    apr_pool_t *memory;
    smtpc_env_t *env;
    smtpc_pool_t *pool;
    const smtpc_server_t *server;
    smtpc_bucket_t *bucket;
    smtpc_loop_t *loop;
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_ticket_t tickets[TICKETS];
    int order[TICKETS]; /* those that were granted */
    int granted;
} rig_t;

/* The rig of on_granted(): one at a time. */
static rig_t *present;

static void on_granted(void *baton)
{
    smtpc_ticket_t *ticket = baton;

    present->order[present->granted++] = (int)(ticket - present->tickets);
}

/* Run what was posted. */
static void settle(rig_t *rig)
{
    batch_must(smtpc__loop_run(rig->loop), "loop");
}

static void make_rig(rig_t *rig, int most, int least, apr_pool_t *pool)
{
    smtpc_server_t draft = { .host = "127.0.0.1",
                             .security = SMTPC_SECURITY_NONE,
                             .max_connections = most,
                             .min_connections = least };
    int i;

    memset(rig, 0, sizeof(*rig));
    present = rig;
    apr_pool_create(&rig->memory, pool);
    peer_smtp_init(&rig->smtp);
    rig->peer = peer_start(peer_smtp_serve, &rig->smtp);
    draft.port = peer_port(rig->peer);
    batch_must(smtpc_env_create(&rig->env, rig->memory), "env");
    batch_must(smtpc__loop_create(&rig->loop, 32, rig->memory), "loop");
    batch_must(smtpc__pool_make(&rig->pool, rig->env, rig->memory), "pool");
    batch_must(smtpc__server_freeze(&rig->server, &draft, "client.test",
                                    rig->memory), "profile");
    batch_must(smtpc__bucket_join(&rig->bucket, rig->pool, rig->server),
               "bucket");
    for (i = 0; i < TICKETS; i++) {
        rig->tickets[i].bucket = rig->bucket;
        rig->tickets[i].loop = rig->loop;
        rig->tickets[i].granted = on_granted;
        rig->tickets[i].baton = &rig->tickets[i];
    }
}

static void end_rig(rig_t *rig)
{
    smtpc__pool_end(rig->pool);
    tap_ok(peer_quiet(rig->peer), "all connections ended");
    peer_stop(rig->peer);
    apr_pool_destroy(rig->memory);
}

static int open_count(rig_t *rig)
{
    int idle;

    return smtpc__bucket_count(&idle, rig->bucket);
}

static int idle_count(rig_t *rig)
{
    int idle;

    (void)smtpc__bucket_count(&idle, rig->bucket);
    return idle;
}

static smtpc_pooled_t *create(rig_t *rig)
{
    smtpc_pooled_t *pooled;

    batch_must(smtpc__pooled_create(&pooled, rig->bucket, rig->loop),
               "connection");
    return pooled;
}

static void on_open(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;

    (void)conn;
    smtpc__loop_stop(rig->loop);
}

/* A connection to the peer, by a right that is there. */
static smtpc_pooled_t *connect_one(rig_t *rig)
{
    smtpc_pooled_t *pooled = create(rig);

    smtpc__conn_open(pooled->conn, smtpc__monotonic() + apr_time_from_sec(9),
                     NULL, on_open, rig);
    settle(rig);
    batch_must(smtpc__conn_status(pooled->conn), "open");
    return pooled;
}

static void test_rights(apr_pool_t *pool)
{
    smtpc_pooled_t *first;
    smtpc_pooled_t *second;
    rig_t rig;

    tap_subtest_begin("rights");
    make_rig(&rig, 2, 0, pool);
    tap_ok(smtpc__pool_acquire(&rig.tickets[0]), "one");
    tap_ok(smtpc__pool_acquire(&rig.tickets[1]), "two");
    tap_ok(!rig.tickets[1].kept, "to be opened");
    tap_ok(!smtpc__pool_acquire(&rig.tickets[2]), "no third");
    tap_ok(!smtpc__pool_acquire(&rig.tickets[3]), "nor fourth");
    tap_is_int(open_count(&rig), 2, "two are counted");
    first = create(&rig);
    second = create(&rig);
    settle(&rig);
    tap_is_int(rig.granted, 0, "nobody was granted anything");
    smtpc__pooled_destroy(first);
    tap_is_int(rig.granted, 0, "not from within");
    settle(&rig);
    tap_is_int(rig.granted, 1, "one right, one grant");
    tap_is_int(rig.order[0], 2, "to the first in line");
    tap_is_int(open_count(&rig), 2, "still two");
    smtpc__pooled_bury(second, rig.loop, 1);
    settle(&rig);
    tap_is_int(rig.granted, 1, "buried, but its right is kept");
    second = create(&rig);
    smtpc__pooled_bury(second, rig.loop, 0);
    settle(&rig);
    tap_is_int(rig.granted, 2, "buried with its right");
    smtpc__pooled_destroy(create(&rig));
    smtpc__pool_release(create(&rig));
    tap_is_int(open_count(&rig), 0, "none is left; what was never open is "
               "not kept");
    tap_is_int(idle_count(&rig), 0, "none is idle");
    end_rig(&rig);
    tap_subtest_end();
}

static void test_cancel(apr_pool_t *pool)
{
    static const int gone[] = { 1, 3, 5, 2, 4 };
    smtpc_pooled_t *pooled;
    rig_t rig;
    apr_size_t i;
    int k;

    tap_subtest_begin("tickets that are taken back");
    for (i = 0; i < sizeof(gone) / sizeof(gone[0]); i++) {
        make_rig(&rig, 1, 0, pool);
        for (k = 0; k < TICKETS; k++) {
            tap_is_int(smtpc__pool_acquire(&rig.tickets[k]), k == 0,
                       "ticket %d", k);
        }
        smtpc__pool_cancel(&rig.tickets[gone[i]]);
        smtpc__pool_cancel(&rig.tickets[gone[i]]);
        tap_ok(!smtpc__pool_acquire(&rig.tickets[gone[i]]),
               "%d begins again, as the last", gone[i]);
        for (k = 0; k < TICKETS; k++) {
            smtpc__pooled_destroy(create(&rig));
            settle(&rig);
        }
        tap_is_int(rig.granted, TICKETS - 1, "all were granted");
        for (k = 0; k < TICKETS - 2; k++) {
            tap_is_int(rig.order[k], k + 1 + (k + 1 >= gone[i]), "in order");
        }
        tap_is_int(rig.order[k], gone[i], "the last");
        tap_is_int(open_count(&rig), 0, "the last right came back");
        end_rig(&rig);
    }

    make_rig(&rig, 1, 0, pool);
    tap_ok(smtpc__pool_acquire(&rig.tickets[0]), "a right");
    (void)smtpc__pool_acquire(&rig.tickets[1]);
    (void)smtpc__pool_acquire(&rig.tickets[2]);
    smtpc__pooled_destroy(create(&rig));
    smtpc__pool_cancel(&rig.tickets[1]);
    settle(&rig);
    tap_is_int(rig.order[0], 2, "a grant on its way goes to the next");
    tap_is_int(rig.granted, 1, "and to nobody else");
    pooled = connect_one(&rig);
    (void)smtpc__pool_acquire(&rig.tickets[3]);
    smtpc__pool_release(pooled);
    smtpc__pool_cancel(&rig.tickets[3]);
    settle(&rig);
    tap_is_int(rig.granted, 1, "so does a connection");
    tap_is_int(idle_count(&rig), 1, "or it is kept");
    tap_ok(smtpc__pool_acquire(&rig.tickets[4]), "for the next");
    tap_ok(rig.tickets[4].kept == pooled, "the same");
    smtpc__pooled_destroy(pooled);
    end_rig(&rig);
    tap_subtest_end();
}

static void test_kept(apr_pool_t *pool)
{
    smtpc_pooled_t *one;
    smtpc_pooled_t *two;
    rig_t rig;

    tap_subtest_begin("kept connections");
    make_rig(&rig, 3, 0, pool);
    (void)smtpc__pool_acquire(&rig.tickets[0]);
    (void)smtpc__pool_acquire(&rig.tickets[1]);
    one = connect_one(&rig);
    two = connect_one(&rig);
    smtpc__pool_release(one);
    smtpc__pool_release(two);
    tap_is_int(idle_count(&rig), 2, "two are idle");
    tap_is_int(open_count(&rig), 2, "and count");
    tap_ok(smtpc__pool_acquire(&rig.tickets[2]), "granted");
    tap_ok(rig.tickets[2].kept == two, "the newest first");
    (void)smtpc__pool_acquire(&rig.tickets[3]);
    tap_ok(rig.tickets[3].kept == one, "then the other");
    tap_ok(smtpc__pool_acquire(&rig.tickets[4]) && !rig.tickets[4].kept,
           "then a right");
    tap_ok(!smtpc__pool_acquire(&rig.tickets[5]), "then none");
    smtpc__conn_close(one->conn);
    smtpc__pool_release(one);
    settle(&rig);
    tap_ok(rig.granted == 1 && !rig.tickets[5].kept,
           "one that is over is not handed on, its right is");
    smtpc__pool_release(two);
    tap_is_int(idle_count(&rig), 1, "one is idle");
    smtpc__pooled_destroy(create(&rig));
    smtpc__pooled_destroy(create(&rig));
    end_rig(&rig);
    tap_is_int(present->granted, 1, "no more grants");
    tap_subtest_end();
}

static void test_reaping(apr_pool_t *pool)
{
    static const struct {
        int least;
        apr_interval_time_t after;
        int left;
    } cases[] = {
        { 0, SMTPC_TIMEOUT_IDLE - apr_time_from_sec(1), 3 },
        { 0, SMTPC_TIMEOUT_IDLE + apr_time_from_sec(1), 0 },
        { 2, SMTPC_TIMEOUT_IDLE + apr_time_from_sec(1), 2 },
        { 2, SMTPC_TIMEOUT_AGE - apr_time_from_sec(2), 2 },
        { 2, SMTPC_TIMEOUT_AGE + apr_time_from_sec(1), 0 },
    };
    apr_size_t i;

    tap_subtest_begin("old connections are ended by whoever comes by");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        smtpc_pooled_t *three[3];
        smtpc_ticket_t stranger = { 0 };
        smtpc_server_t draft = { .host = "other.test", .port = 25 };
        const smtpc_server_t *server;
        rig_t rig;
        int k;

        make_rig(&rig, 4, cases[i].least, pool);
        for (k = 0; k < 3; k++) {
            (void)smtpc__pool_acquire(&rig.tickets[k]);
            three[k] = connect_one(&rig);
        }
        for (k = 0; k < 3; k++) {
            smtpc__pool_release(three[k]);
        }
        clock_advance(cases[i].after);
        batch_must(smtpc__server_freeze(&server, &draft, "client.test",
                                        rig.memory), "profile");
        batch_must(smtpc__bucket_join(&stranger.bucket, rig.pool, server),
                   "bucket");
        stranger.loop = rig.loop;
        tap_ok(smtpc__pool_acquire(&stranger), "somebody else comes by");
        tap_is_int(idle_count(&rig), cases[i].left, "after %d s, at least %d",
                   (int)apr_time_sec(cases[i].after), cases[i].least);
        tap_is_int(open_count(&rig), cases[i].left, "counted");
        end_rig(&rig);
    }
    tap_subtest_end();
}

static void test_leaving(apr_pool_t *pool)
{
    smtpc_pooled_t *pooled;
    smtpc_bucket_t *same;
    rig_t rig;

    tap_subtest_begin("who leaves last");
    make_rig(&rig, 2, 0, pool);
    batch_must(smtpc__bucket_join(&same, rig.pool, rig.server), "join");
    tap_ok(same == rig.bucket, "the same profile, the same bucket");
    (void)smtpc__pool_acquire(&rig.tickets[0]);
    pooled = connect_one(&rig);
    smtpc__pool_release(pooled);
    tap_ok(!smtpc__bucket_leave(same), "one leaves, one stays");
    tap_is_int(idle_count(&rig), 1, "it is kept");
    tap_ok(smtpc__bucket_leave(rig.bucket) == pooled, "the last gets it");
    smtpc__pooled_destroy(pooled);

    batch_must(smtpc__bucket_join(&rig.bucket, rig.pool, rig.server), "join");
    rig.tickets[0].bucket = rig.bucket;
    (void)smtpc__pool_acquire(&rig.tickets[0]);
    pooled = connect_one(&rig);
    tap_ok(!smtpc__bucket_leave(rig.bucket), "the last leaves it in use");
    smtpc__pool_release(pooled);
    tap_ok(peer_quiet(rig.peer), "it ends when it is given back");

    smtpc__pool_keep(rig.pool, 1);
    batch_must(smtpc__bucket_join(&rig.bucket, rig.pool, rig.server), "join");
    rig.tickets[0].bucket = rig.bucket;
    (void)smtpc__pool_acquire(&rig.tickets[0]);
    pooled = connect_one(&rig);
    tap_ok(!smtpc__bucket_leave(rig.bucket), "to be kept");
    smtpc__pool_release(pooled);
    tap_is_int(idle_count(&rig), 1, "it is, without anybody");
    batch_must(smtpc__bucket_join(&same, rig.pool, rig.server), "join");
    tap_ok(same == rig.bucket, "for who comes next");
    end_rig(&rig);
    tap_subtest_end();
}

/* Threads that wait for one right. */
typedef struct waiter_t {
    rig_t *rig;
    smtpc_loop_t *loop;
    smtpc_ticket_t ticket;
    pthread_t thread;
    int number;
} waiter_t;

static pthread_mutex_t order_lock = PTHREAD_MUTEX_INITIALIZER;
static int order[8];
static int order_count;

/* Note whose turn it was, and give the right to the next. */
static void on_turn(void *baton)
{
    waiter_t *waiter = baton;
    smtpc_pooled_t *pooled;

    pthread_mutex_lock(&order_lock);
    order[order_count++] = waiter->number;
    pthread_mutex_unlock(&order_lock);
    if (smtpc__pooled_create(&pooled, waiter->rig->bucket, waiter->loop)
        == APR_SUCCESS) {
        smtpc__pooled_destroy(pooled);
    }
    smtpc__loop_stop(waiter->loop);
}

static void *run_waiter(void *data)
{
    waiter_t *waiter = data;

    smtpc__loop_hold(waiter->loop, 1);
    (void)!smtpc__loop_run(waiter->loop);
    return NULL;
}

static void test_threads(apr_pool_t *pool)
{
    waiter_t waiters[8];
    rig_t rig;
    int good = 1;
    int i;

    tap_subtest_begin("in order across threads");
    make_rig(&rig, 1, 0, pool);
    tap_ok(smtpc__pool_acquire(&rig.tickets[0]), "the right is taken");
    memset(waiters, 0, sizeof(waiters));
    for (i = 0; i < 8; i++) {
        waiter_t *waiter = &waiters[i];

        waiter->rig = &rig;
        waiter->number = i;
        batch_must(smtpc__loop_create(&waiter->loop, 4, rig.memory), "loop");
        waiter->ticket.bucket = rig.bucket;
        waiter->ticket.loop = waiter->loop;
        waiter->ticket.granted = on_turn;
        waiter->ticket.baton = waiter;
        good &= !smtpc__pool_acquire(&waiter->ticket);
    }
    /* They run in any order, and wait all the same. */
    for (i = 7; i >= 0; i--) {
        if (pthread_create(&waiters[i].thread, NULL, run_waiter, &waiters[i])
            != 0) {
            tap_bail("no thread");
        }
    }
    smtpc__pooled_destroy(create(&rig));
    for (i = 0; i < 8; i++) {
        pthread_join(waiters[i].thread, NULL);
        good &= order[i] == i;
    }
    tap_ok(good, "first come, first served");
    tap_is_int(open_count(&rig), 0, "the right came back");
    end_rig(&rig);
    tap_subtest_end();
}

/* However a send ends, the right to its connection comes back. */
static void test_failures(apr_pool_t *pool)
{
    static const char *const greetings[] = { "421 no", "554 no", "!close",
                                             "!reset", "garbage", "!silent" };
    apr_size_t i;

    tap_subtest_begin("rights of connections that failed");
    for (i = 0; i < sizeof(greetings) / sizeof(greetings[0]); i++) {
        smtpc_env_t *env;
        smtpc_client_t *client;
        smtpc_result_t *result;
        peer_smtp_t smtp;
        peer_t *peer;
        int bad = 0;
        int idle;
        int k;

        batch_must(smtpc_env_create(&env, pool), "env");
        peer_smtp_init(&smtp);
        smtp.greeting = greetings[i];
        peer = peer_start(peer_smtp_serve, &smtp);
        client = mail_client(peer, env, pool);
        batch_must(smtpc_client_set_max_connections(client, 1), "one");
        batch_must(smtpc_client_set_timeout(client, apr_time_from_msec(50)),
                   "timeout");
        for (k = 0; k < 3; k++) {
            bad += mail_send(&result, client, "a@a.test", pool)
                   == APR_SUCCESS;
        }
        tap_is_int(bad, 0, "%s", greetings[i]);
        tap_is_int(smtpc__bucket_count(&idle, client->routes[0].bucket), 0,
                   "no right is missing");
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* All connections are in use: a deadline of its own, R12. */
static void test_deadline(apr_pool_t *pool)
{
    smtpc_env_t *env;
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_ticket_t ticket = { 0 };
    apr_time_t began;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("waiting for a connection ends");
    batch_must(smtpc_env_create(&env, pool), "env");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_max_connections(client, 1), "one");
    batch_must(smtpc_client_set_acquire_timeout(client,
                                                apr_time_from_msec(80)),
               "timeout");
    (void)smtpc__client_scratch(client);
    batch_must(smtpc__client_connectable(client), "routes");
    ticket.bucket = client->routes[0].bucket;
    tap_ok(smtpc__pool_acquire(&ticket), "somebody has the only one");
    began = smtpc__monotonic();
    tap_is_int(mail_send(&result, client, "a@a.test", pool), SMTPC_ELIMIT,
               "given up");
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(1), "in time: %s",
           mail_error(result));
    tap_is_int(peer_accepted(peer), 0, "nothing was opened");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_rights(pool);
    test_cancel(pool);
    test_kept(pool);
    test_reaping(pool);
    test_leaving(pool);
    test_threads(pool);
    test_failures(pool);
    test_deadline(pool);
    return tap_done();
}
