/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_pool_test.c: connections that clients share: how many there are, how
 * long they are kept, and what is done about those that went bad meanwhile.
 * Time is made to pass by a monotonic clock of our own.
 */

#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/clock.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../tap/tap.h"
#include "client/engine.h"

/** SMTPC_TIMEOUT_IDLE. */
#define IDLE_SECONDS 30

static smtpc_env_t *env;

/* Let so many seconds pass. */
static void pass_time(long seconds)
{
    clock_advance(apr_time_from_sec(seconds));
}

static apr_status_t send_one(smtpc_client_t *client, apr_pool_t *pool)
{
    smtpc_result_t *result;
    apr_status_t rv = mail_send(&result, client, "x@y.test", pool);

    if (rv != APR_SUCCESS) {
        tap_diag("%s", mail_error(result));
    }
    return rv;
}

/* The clients of a profile. */

static void test_sharing(apr_pool_t *pool)
{
    smtpc_client_t *clients[3];
    peer_smtp_t smtp;
    peer_t *peer;
    int i;

    tap_subtest_begin("clients share, the last one says QUIT");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    for (i = 0; i < 3; i++) {
        clients[i] = mail_client(peer, env, pool);
    }
    tap_is_int(smtpc_client_set_hello_name(clients[2], "other.test"),
               APR_SUCCESS, "the third is different");
    for (i = 0; i < 3; i++) {
        tap_is_int(send_one(clients[i], pool), APR_SUCCESS, "sent");
    }
    tap_is_int(peer_accepted(peer), 2, "two share a connection");
    smtpc_client_dispose(clients[0]);
    tap_is_int(peer_heard(peer, "QUIT"), 0, "one still uses it");
    tap_is_int(send_one(clients[1], pool), APR_SUCCESS, "it does");
    tap_is_int(peer_accepted(peer), 2, "the same");
    smtpc_client_dispose(clients[1]);
    tap_is_int(peer_heard(peer, "QUIT"), 1, "QUIT with the last");
    smtpc_client_dispose(clients[2]);
    tap_ok(peer_quiet(peer), "all over");
    tap_is_int(peer_heard(peer, "QUIT"), 2, "QUIT on the other one too");
    tap_is_int(smtp.messages, 4, "all arrived once");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_keep(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_env_t *own;
    apr_pool_t *root;
    peer_smtp_t smtp;
    peer_t *peer;
    int i;

    tap_subtest_begin("connections that outlive their clients");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    apr_pool_create_unmanaged(&root);
    tap_is_int(smtpc_env_create(&own, root), APR_SUCCESS, "env");
    tap_is_int(smtpc_env_keep_connections(own, 1), APR_SUCCESS, "keep them");
    for (i = 0; i < 3; i++) {
        client = mail_client(peer, own, pool);
        tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
        smtpc_client_dispose(client);
    }
    tap_is_int(peer_accepted(peer), 1, "on one connection");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "which stays");
    apr_pool_destroy(pool);
    apr_pool_destroy(root);
    tap_ok(peer_quiet(peer), "it ends with the env");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "with QUIT");
    peer_stop(peer);
    tap_subtest_end();
}

/* Those that nobody asks for end, too: by the call for it, and on the thread
 * for asynchronous calls. */

static void do_nothing(void *baton)
{
    (void)baton;
}

/* Let the thread look at its clock, which was set. */
static void wake_thread(apr_pool_t *pool)
{
    static smtpc_task_t task = { .fn = do_nothing };
    smtpc_engine_t *engine;
    smtpc_loop_t *loop;

    if (smtpc__engine_get(&engine, env, pool) != APR_SUCCESS
        || smtpc__engine_async(&loop, engine) != APR_SUCCESS) {
        tap_bail("no thread");
    }
    smtpc__loop_post(loop, &task);
}

static void test_sweep(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *client;
    peer_smtp_t smtp;
    async_t async;
    peer_t *peer;

    tap_subtest_begin("idle for too long");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
    pass_time(IDLE_SECONDS - 2);
    tap_is_int(smtpc_env_close_idle(env), APR_SUCCESS, "looked for");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "not yet");
    pass_time(3);
    tap_is_int(smtpc_env_close_idle(env), APR_SUCCESS, "looked for");
    tap_ok(peer_quiet(peer), "ended");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "with QUIT");
    async_init(&async);
    tap_is_int(smtpc_client_send_async(client, message, async_completed,
                                       &async), APR_SUCCESS, "submitted");
    tap_is_int(async_wait(&async, 1), 1, "sent");
    pass_time(IDLE_SECONDS);
    wake_thread(pool);
    tap_ok(peer_quiet(peer), "ended by the thread");
    tap_is_int(peer_heard(peer, "QUIT"), 2, "with QUIT");
    smtpc_client_dispose(client);
    async_end(&async);
    peer_stop(peer);
    tap_subtest_end();
}

/* How many. */

#define WAITING 3

static void test_most(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *clients[5 + WAITING];
    smtpc_counters_t before;
    smtpc_counters_t after;
    async_t async;
    peer_t *peer;
    echo_t echo;
    int i;

    tap_subtest_begin("no more than may be");
    async_init(&async);
    echo_init(&echo);
    echo_hold(&echo, 1);
    peer = peer_start(echo_serve, &echo);
    smtpc_env_counters(&before, env);
    for (i = 0; i < 5 + WAITING; i++) {
        clients[i] = mail_client(peer, env, pool);
        tap_is_int(smtpc_client_send_async(clients[i], message,
                                           async_completed, &async),
                   APR_SUCCESS, "submitted");
    }
    tap_is_int(echo_finals(&echo, 5), 5, "five are at work");
    do {
        smtpc_env_counters(&after, env);
        apr_thread_yield();
    } while (after.connection_waits - before.connection_waits < WAITING);
    tap_is_int(peer_accepted(peer), 5, "on five connections");
    tap_is_int(async_count(&async), 0, "the others wait");
    echo_hold(&echo, 0);
    tap_is_int(async_wait(&async, 5 + WAITING), 5 + WAITING, "all completed");
    tap_is_int(async.wrong, 0, "as they should");
    for (i = 0; i < 5 + WAITING; i++) {
        smtpc_client_dispose(clients[i]);
    }
    tap_is_int(async.status, APR_SUCCESS, "sent");
    tap_ok(peer_quiet(peer), "all over");
    tap_is_int(peer_accepted(peer), 5, "there were no other connections");
    tap_is_int(echo.finals, 5 + WAITING, "each arrived once");
    peer_stop(peer);
    echo_end(&echo);
    async_end(&async);
    tap_subtest_end();
}

/* R12: who waits in vain, and others who do not. */
static void test_acquire(apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_client_t *clients[3];
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *other;
    peer_t *peer;
    echo_t echo;
    async_t asyncs[2];
    int i;

    tap_subtest_begin("all in use for too long");
    echo_init(&echo);
    echo_hold(&echo, 1);
    peer = peer_start(echo_serve, &echo);
    peer_smtp_init(&smtp);
    other = peer_start(peer_smtp_serve, &smtp);
    for (i = 0; i < 2; i++) {
        async_init(&asyncs[i]);
        clients[i] = mail_client(peer, env, pool);
        tap_is_int(smtpc_client_set_max_connections(clients[i], 1),
                   APR_SUCCESS, "one connection");
        tap_is_int(smtpc_client_set_acquire_timeout(clients[i],
                                                    apr_time_from_msec(50)),
                   APR_SUCCESS, "50 ms");
    }
    clients[2] = mail_client(other, env, pool);
    tap_is_int(smtpc_client_send_async(clients[0], message, async_completed,
                                       &asyncs[0]), APR_SUCCESS, "one");
    tap_is_int(echo_finals(&echo, 1), 1, "has the connection");
    tap_is_int(smtpc_client_send(&result, clients[1], message, pool),
               SMTPC_ELIMIT, "one that blocks waits in vain");
    tap_ok(strstr(mail_error(result), "in use") != NULL, "%s",
           mail_error(result));
    tap_is_int(smtpc_result_recipient_count(result), 1, "the result is whole");
    tap_is_int(smtpc_client_send_async(clients[1], message, async_completed,
                                       &asyncs[1]), APR_SUCCESS, "submitted");
    tap_is_int(async_wait(&asyncs[1], 1), 1, "completed");
    tap_is_int(asyncs[1].status, SMTPC_ELIMIT, "in vain, too");
    tap_is_int(send_one(clients[2], pool), APR_SUCCESS,
               "another server is not concerned");
    tap_is_int(async_count(&asyncs[0]), 0, "the first still waits");
    echo_hold(&echo, 0);
    tap_is_int(async_wait(&asyncs[0], 1), 1, "until it is answered");
    tap_is_int(asyncs[0].status, APR_SUCCESS, "sent");
    while (smtpc_client_set_timeout(clients[1], apr_time_from_sec(60))
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
    tap_is_int(smtpc_client_send(&result, clients[1], message, pool),
               APR_SUCCESS, "now there is room");
    tap_is_int(peer_accepted(peer), 1, "on the one connection");
    for (i = 0; i < 3; i++) {
        smtpc_client_dispose(clients[i]);
    }
    peer_stop(peer);
    peer_stop(other);
    echo_end(&echo);
    async_end(&asyncs[0]);
    async_end(&asyncs[1]);
    tap_subtest_end();
}

/* R9: how much. */
static void test_used_up(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    int i;

    tap_subtest_begin("used enough, old, idle");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_set_messages_per_connection(client, 3),
               APR_SUCCESS, "three messages each");
    for (i = 0; i < 7; i++) {
        tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
    }
    tap_is_int(peer_accepted(peer), 3, "three connections for seven");
    tap_is_int(smtpc_client_set_messages_per_connection(client, 0),
               APR_SUCCESS, "any number");
    tap_is_int(smtpc_client_set_connection_lifetime(client,
                                                    apr_time_from_sec(60)),
               APR_SUCCESS, "60 s");
    for (i = 0; i < 8; i++) {
        tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
        pass_time(9);
    }
    tap_is_int(peer_accepted(peer), 5, "a new one after 60 s");
    tap_is_int(peer_heard(peer, "RSET"), 0, "none was asked before");
    pass_time(22);
    tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
    tap_is_int(peer_accepted(peer), 6, "a new one after 31 s of nothing");
    smtpc_client_dispose(client);
    tap_ok(peer_quiet(peer), "all over");
    tap_is_int(peer_heard(peer, "QUIT"), 6, "each was told QUIT");
    tap_is_int(smtp.messages, 16, "each arrived once");
    peer_stop(peer);
    tap_subtest_end();
}

/* R5 and R6: one that was idle for long is asked first. */
static void test_probe(apr_pool_t *pool)
{
    static const struct {
        const char *say;
        int connections;
    } cases[] = { { "250 2.0.0 fine", 1 }, { "500 5.5.1 what?", 2 },
                  { "421 4.3.2 bye", 2 },  { "nonsense", 2 },
                  { "!close", 2 },         { "!reset", 2 },
                  { "!silent", 2 } };
    apr_size_t i;

    tap_subtest_begin("idle for long");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_answer_t answers[] = { { "RSET", cases[i].say },
                                    { NULL, NULL } };
        smtpc_client_t *client;
        peer_smtp_t smtp;
        peer_t *peer;

        peer_smtp_init(&smtp);
        smtp.answers = answers;
        peer = peer_start(peer_smtp_serve, &smtp);
        client = mail_client(peer, env, pool);
        tap_is_int(send_one(client, pool), APR_SUCCESS, "sent");
        pass_time(9);
        tap_is_int(send_one(client, pool), APR_SUCCESS, "after 9 s");
        tap_is_int(peer_heard(peer, "RSET"), 0, "not asked");
        tap_is_int(peer_accepted(peer), 1, "the same connection");
        pass_time(11);
        tap_is_int(smtpc_client_set_timeout(client, apr_time_from_sec(1)),
                   APR_SUCCESS, "1 s");
        tap_is_int(send_one(client, pool), APR_SUCCESS, "after 11 s");
        tap_is_int(peer_heard(peer, "RSET"), 1, "asked");
        tap_is_int(peer_accepted(peer), cases[i].connections, "%s",
                   cases[i].say);
        tap_is_int(smtpc_client_set_timeout(client, apr_time_from_sec(60)),
                   APR_SUCCESS, "60 s");
        tap_is_int(send_one(client, pool), APR_SUCCESS, "at once");
        tap_is_int(peer_heard(peer, "RSET"), 1, "not asked");
        smtpc_client_dispose(client);
        tap_ok(peer_quiet(peer), "all over");
        tap_is_int(smtp.messages, 4, "each arrived once");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* R4, R7 and R8: what was said too much, and lines that went dead. */

typedef struct more_t {
    const char *text; /* said in the same piece as the final answer, or */
    int later;        /* when the client is idle */
    atomic_int idle;  /* how often it was so far */
} more_t;

/* Serve one message, say what is too much, and end. */
static void serve_one_more(peer_conn_t *conn, void *baton)
{
    more_t *m = baton;
    const char *more = m->later ? "" : m->text;
    char line[1024];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
        }
        else if (strcmp(line, ".") == 0) {
            /* In one piece. */
            (void)peer_say(conn, "250 2.0.0 ok%s%s", *more ? "\r\n" : "",
                           more);
            while (m->later && atomic_load(&m->idle) <= peer_conn_index(conn)) {
                apr_thread_yield();
            }
            if (m->later && *m->text) {
                (void)peer_say(conn, "%s", m->text);
            }
            if (m->later || strncmp(more, "421", 3) == 0) {
                return;
            }
        }
        else if (strcmp(line, "QUIT") == 0) {
            return;
        }
        else if (strncmp(line, "EHLO", 4) == 0
                 || strncmp(line, "MAIL", 4) == 0
                 || strncmp(line, "RCPT", 4) == 0) {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void test_gone(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        int later;
    } cases[] = { { "", 1 },
                  { "421 4.4.2 idle for too long", 1 },
                  { "421 4.4.2 that was it", 0 },
                  { "250 2.0.0 ok, again", 0 } };
    apr_size_t i;
    int k;

    tap_subtest_begin("gone bad while idle");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        more_t more = { cases[i].text, cases[i].later, 0 };
        smtpc_client_t *client;
        smtpc_counters_t before;
        smtpc_counters_t after;
        peer_t *peer;

        peer = peer_start(serve_one_more, &more);
        client = mail_client(peer, env, pool);
        smtpc_env_counters(&before, env);
        for (k = 1; k <= 3; k++) {
            tap_is_int(send_one(client, pool), APR_SUCCESS,
                       "\"%s\": mail %d", more.text, k);
            atomic_fetch_add(&more.idle, 1);
            /* What the server did arrived here before its thread ended. */
            tap_ok(peer_quiet(peer), "the server did its part");
            tap_is_int(peer_accepted(peer), k, "on a connection of its own");
        }
        smtpc_env_counters(&after, env);
        tap_is_int(peer_heard(peer, "MAIL"), 3, "none was tried in vain");
        tap_is_int(after.connections_opened - before.connections_opened, 3,
                   "three are counted");
        tap_is_int(after.connections_stale - before.connections_stale,
                   more.later ? 2 : 0, "found dead when idle, or never kept");
        tap_is_int(after.retries - before.retries, 0,
                   "before anything was sent on them");
        smtpc_client_dispose(client);
        peer_stop(peer);
    }
    tap_subtest_end();
}

static void test_in_doubt(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { ".", "!silent" },
                                             { NULL, NULL } };
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("not used again when in doubt");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_set_timeout(client, apr_time_from_msec(100)),
               APR_SUCCESS, "100 ms");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_EINDOUBT,
               "no final answer");
    tap_ok(peer_quiet(peer), "the connection is cut");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "without QUIT");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_EINDOUBT,
               "again");
    tap_is_int(peer_accepted(peer), 2, "on a new one");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_sharing,
        test_sweep,
        test_most,
        test_acquire,
        test_used_up,
        test_probe,
        test_gone,
        test_in_doubt
    };
    apr_pool_t *pool = tap_pool();
    apr_pool_t *scratch;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    /* This one destroys its pool. */
    apr_pool_create(&scratch, pool);
    test_keep(scratch);
    return tap_done();
}
