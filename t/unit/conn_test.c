/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_test.c: a connection over scripted transports, with every operation
 * failing in turn, and against servers of threads that are slow or strange.
 */

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "client/conn_int.h"
#include "../support/peer.h"
#include "../support/replay.h"
#include "../support/replay_transport.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

/** A connection and what it needs. */
typedef struct rig_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_conn_t *conn;
    const smtpc_server_t *server;
    smtpc_envelope_t *envelope;
    smtpc_result_t *result;
    smtpc_source_t *content;
    int done; /* times we were called back */
} rig_t;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: status %d", what, rv);
    }
}

static void on_done(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;

    (void)conn;
    rig->done++;
    smtpc__loop_stop(rig->loop);
}

static void make_result(rig_t *rig)
{
    smtpc__result_create(&rig->result, 1, rig->pool);
    rig->result->recipients[0].address = REPLAY_TO;
}

/* Make all but the connection; draft is the server's profile. */
static void make_rig(rig_t *rig, const smtpc_server_t *draft,
                     apr_pool_t *pool)
{
    smtpc_address_t *address;

    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, pool);
    must(smtpc__loop_create(&rig->loop, 4, rig->pool), "loop");
    must(smtpc__server_freeze(&rig->server, draft, REPLAY_CLIENT, rig->pool),
         "profile");
    rig->envelope = smtpc__envelope_create(rig->pool);
    must(smtpc_address_parse(&address, REPLAY_FROM, rig->pool), "sender");
    rig->envelope->sender = address;
    must(smtpc_address_parse(&address, REPLAY_TO, rig->pool), "recipient");
    smtpc__envelope_add(rig->envelope, address);
    must(smtpc_source_create_bytes(&rig->content, REPLAY_CONTENT,
                                   strlen(REPLAY_CONTENT), rig->pool),
         "content");
    make_result(rig);
}

static void run(rig_t *rig)
{
    if (!rig->done) {
        must(smtpc__loop_run(rig->loop), "loop");
    }
}

static void open_conn(rig_t *rig, apr_interval_time_t timeout)
{
    rig->done = 0;
    smtpc__conn_open(rig->conn, smtpc__monotonic() + timeout, rig->result,
                     on_done, rig);
    run(rig);
}

static void send_mail(rig_t *rig, apr_interval_time_t timeout)
{
    smtpc_transaction_t transaction = { .envelope = rig->envelope,
                                        .content = rig->content,
                                        .result = rig->result };

    rig->done = 0;
    smtpc__conn_send(rig->conn, &transaction, smtpc__monotonic() + timeout,
                     on_done, rig);
    run(rig);
}

static void quit(rig_t *rig, apr_interval_time_t timeout)
{
    rig->done = 0;
    smtpc__conn_quit(rig->conn, smtpc__monotonic() + timeout, on_done, rig);
    run(rig);
}

/* Scripted. */

static const char dialogue[] =
    "=== a message\n"
    "HELLO PIPELINING; 8BITMIME\n"
    "SEND\n"
    "C-raw: MAIL FROM:<web@example.org>\\r\\n"
    "RCPT TO:<ann@example.net>\\r\\nDATA\\r\\n\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 354 go\n"
    "C-raw: Subject: hi\\r\\n\\r\\nHello\\r\\n.\\r\\n\n"
    "S: 250 ok\n"
    "BYE\n"
    "=== lock step\n"
    "HELLO 8BITMIME\n"
    "MESSAGE\n"
    "BYE\n";

/* Play all of script with faults; the number of operations it took. */
static apr_size_t play(const replay_case_t *script, replay_cut_e cut,
                       const replay_faults_t *faults, rig_t *rig,
                       const char **complaint,
                       replay_closed_e *closed, apr_pool_t *pool)
{
    smtpc_server_t draft = { .host = "mail.test",
                             .port = 25,
                             .security = SMTPC_SECURITY_NONE };
    smtpc_link_t link = { 0 };
    replay_transport_t *replay;

    make_rig(rig, &draft, pool);
    replay = replay_transport_create(script, cut, faults, rig->pool);
    must(smtpc__conn_create_over(&rig->conn, rig->loop,
                                 replay_transport_get(replay), &link,
                                 rig->server, env, rig->pool), "connection");
    open_conn(rig, apr_time_from_sec(10));
    if (smtpc__conn_status(rig->conn) == APR_SUCCESS) {
        send_mail(rig, apr_time_from_sec(10));
    }
    if (smtpc__conn_status(rig->conn) == APR_SUCCESS) {
        quit(rig, apr_time_from_sec(10));
    }
    smtpc__result_finish(rig->result);
    *complaint = replay_transport_complaint(
        replay, rig->result->status == APR_SUCCESS && !faults);
    *closed = replay_transport_closed(replay);
    return replay_transport_operations(replay);
}

static void test_script(const replay_case_t *script, replay_cut_e cut,
                        apr_pool_t *pool)
{
    replay_faults_t faults = { .status = SMTPC_ECONNECT };
    replay_closed_e closed;
    const char *complaint;
    apr_size_t operations;
    apr_size_t n;
    int bad = 0;
    int accepted = 0;
    rig_t rig;

    tap_subtest_begin("%s, %s", script->name, replay_cut_name(cut));
    operations = play(script, cut, NULL, &rig, &complaint, &closed, pool);
    tap_is_int(rig.result->status, APR_SUCCESS, "sent: %s",
               rig.result->error);
    tap_is_str(complaint, NULL, "as written");
    tap_is_int(closed, REPLAY_CLOSED_GRACEFULLY, "closed gracefully");
    apr_pool_destroy(rig.pool);
    faults.again_every = 3;
    (void)play(script, cut, &faults, &rig, &complaint, &closed, pool);
    tap_is_int(rig.result->status, APR_SUCCESS, "sent with EAGAIN: %s",
               rig.result->error);
    tap_is_str(complaint, NULL, "as written with EAGAIN");
    apr_pool_destroy(rig.pool);
    faults.again_every = 0;
    for (n = 1; n <= operations; n++) {
        smtpc_rcpt_state_e state;

        faults.fail_at = n;
        (void)play(script, cut, &faults, &rig, &complaint, &closed, pool);
        state = rig.result->recipients[0].state;
        accepted += rig.result->status == APR_SUCCESS;
        bad += complaint != NULL || closed == REPLAY_OPEN || rig.done != 1;
        bad += rig.result->status != APR_SUCCESS
               && rig.result->status != SMTPC_ECONNECT
               && rig.result->status != SMTPC_EINDOUBT;
        bad += (rig.result->status == APR_SUCCESS)
               != (state == SMTPC_RCPT_ACCEPTED);
        bad += (rig.result->status == SMTPC_EINDOUBT)
               != (state == SMTPC_RCPT_IN_DOUBT);
        apr_pool_destroy(rig.pool);
    }
    tap_is_int(bad, 0, "each of %d operations failing", (int)operations);
    tap_ok(accepted > 0 && accepted < (int)operations,
           "accepted when only QUIT failed (%d)", accepted);
    tap_subtest_end();
}

/* P21: the server refuses and is gone, which is first seen by writing. */
static void test_last_words(apr_pool_t *pool)
{
    static const char text[] =
        "=== refused\n"
        "HELLO 8BITMIME\n"
        "ENVELOPE\n"
        "C: DATA\n"
        "S: 354 go\n"
        "S-early: 550 5.7.1 no more\n"
        "=== said nothing\n"
        "HELLO 8BITMIME\n"
        "ENVELOPE\n"
        "C: DATA\n"
        "S: 354 go\n"
        "EOF\n";
    static const apr_status_t wanted[] = { SMTPC_EREJECTED, SMTPC_ECONNECT };
    replay_faults_t faults = { .status = SMTPC_ECONNECT, .gone = 1 };
    apr_array_header_t *scripts = replay_parse(text, "last words", pool);
    replay_closed_e closed;
    const char *complaint;
    int cut;
    int i;
    rig_t rig;

    tap_subtest_begin("last words of a server");
    for (cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
        for (i = 0; i < scripts->nelts; i++) {
            (void)play(APR_ARRAY_IDX(scripts, i, replay_case_t *), cut,
                       &faults, &rig, &complaint, &closed, pool);
            tap_is_int(rig.result->status, wanted[i], "%s",
                       rig.result->error);
            tap_is_int(rig.done, 1, "told once");
            tap_ok(closed != REPLAY_OPEN, "closed");
            apr_pool_destroy(rig.pool);
        }
    }
    tap_subtest_end();
}

/* Real sockets. */

static void make_socket_rig(rig_t *rig, peer_t *peer, apr_pool_t *pool)
{
    smtpc_server_t draft = { .host = "127.0.0.1",
                             .port = peer_port(peer),
                             .security = SMTPC_SECURITY_NONE,
                             .max_messages =
                                 SMTPC_CONNECTION_MESSAGES_DEFAULT };

    make_rig(rig, &draft, pool);
    must(smtpc__conn_create(&rig->conn, rig->loop, rig->server, env,
                            rig->pool), "connection");
}

static apr_socket_t *socket_of(const rig_t *rig)
{
    return smtpc__transport_socket(rig->conn->transport);
}

/* One byte now and then does not push the deadline away. */
static void serve_drip(peer_conn_t *conn, void *baton)
{
    int i;

    (void)baton;
    (void)peer_send(conn, "220-", 4);
    for (i = 0; i < 1000; i++) {
        if (!peer_send(conn, "x", 1)) {
            return;
        }
        apr_sleep(apr_time_from_msec(20));
    }
}

/* Continuation lines without end. */
static void serve_endless(peer_conn_t *conn, void *baton)
{
    (void)baton;
    while (peer_say(conn, "220-more")) {
        continue;
    }
}

static void test_slow(apr_pool_t *pool)
{
    peer_t *peer;
    rig_t rig;
    apr_time_t start;

    tap_subtest_begin("slow and endless greetings");
    peer = peer_start(serve_drip, NULL);
    make_socket_rig(&rig, peer, pool);
    start = smtpc__monotonic();
    open_conn(&rig, apr_time_from_msec(300));
    tap_ok(smtpc__monotonic() - start < apr_time_from_msec(1300), "in time");
    tap_is_int(smtpc__conn_status(rig.conn), SMTPC_ETIMEOUT, "ended: %s",
               rig.result->error);
    tap_is_int(rig.done, 1, "told once");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);

    peer = peer_start(serve_endless, NULL);
    make_socket_rig(&rig, peer, pool);
    open_conn(&rig, apr_time_from_sec(20));
    tap_is_int(smtpc__conn_status(rig.conn), SMTPC_ELIMIT, "limit: %s",
               rig.result->error);
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* An answer in the middle of the content. */
static void serve_early(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
            (void)peer_read_line(conn, line, sizeof(line));
            (void)peer_say(conn, "552 5.3.4 too much");
            peer_wait_end(conn);
            return;
        }
        (void)peer_say(conn, "250 ok");
    }
}

/* Far more than the sockets can hold. */
static apr_status_t read_much(void *baton, char *buf, apr_size_t *len)
{
    apr_size_t *left = baton;
    apr_size_t i;

    if (*left == 0) {
        *len = 0;
        return APR_EOF;
    }
    *len = *len < *left ? *len : *left;
    for (i = 0; i < *len; i++) {
        buf[i] = i % 64 == 63 ? '\n' : 'x';
    }
    *left -= *len;
    return APR_SUCCESS;
}

static void test_early(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_early, NULL);
    apr_size_t left = 256 * 1024 * 1024;
    rig_t rig;

    tap_subtest_begin("refused in the middle of the content");
    make_socket_rig(&rig, peer, pool);
    open_conn(&rig, apr_time_from_sec(10));
    must(smtpc_source_create_callback(&rig.content, read_much, NULL,
                                      SMTPC_LENGTH_UNKNOWN, &left, rig.pool),
         "content");
    send_mail(&rig, apr_time_from_sec(20));
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_EREJECTED, "%s",
               rig.result->error);
    tap_is_int(rig.result->code, 552, "552");
    tap_ok(left > 128 * 1024 * 1024, "the rest was not sent");
    tap_ok(smtpc__conn_status(rig.conn) != APR_SUCCESS,
           "the connection is of no more use");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* Stop reading until the client has filled all buffers, then go on. */
static void serve_stall(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
            apr_sleep(apr_time_from_msec(200));
        }
        else if (strcmp(line, "QUIT") == 0) {
            return;
        }
        else if (strchr(line, ':') || strcmp(line, ".") == 0
                 || strncmp(line, "EHLO", 4) == 0) {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void test_stall(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_stall, NULL);
    apr_size_t left = 32 * 1024 * 1024;
    rig_t rig;

    tap_subtest_begin("a server that stops reading for a while");
    make_socket_rig(&rig, peer, pool);
    open_conn(&rig, apr_time_from_sec(10));
    must(smtpc_source_create_callback(&rig.content, read_much, NULL,
                                      SMTPC_LENGTH_UNKNOWN, &left, rig.pool),
         "content");
    send_mail(&rig, apr_time_from_sec(60));
    tap_is_int(smtpc__result_finish(rig.result), APR_SUCCESS, "sent: %s",
               rig.result->error);
    tap_ok(rig.result->bytes >= 32 * 1024 * 1024, "all of it");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_reusable(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_server_t draft;
    const smtpc_server_t *other;
    rig_t rig;
    int i;

    tap_subtest_begin("which connections are used again");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    make_socket_rig(&rig, peer, pool);
    tap_ok(!smtpc__conn_reusable(rig.conn, rig.server), "not before open");
    open_conn(&rig, apr_time_from_sec(10));
    tap_is_int(smtpc__conn_status(rig.conn), APR_SUCCESS, "open");
    tap_ok(rig.result->timings.connected > 0
               && rig.result->timings.ready >= rig.result->timings.connected,
           "times");
    tap_ok(smtpc__conn_reusable(rig.conn, rig.server), "open: yes");
    draft = *rig.server;
    draft.ca_file = "/other";
    must(smtpc__server_freeze(&other, &draft, REPLAY_CLIENT, rig.pool),
         "profile");
    tap_ok(!smtpc__conn_reusable(rig.conn, other), "another profile: no");
    for (i = 0; i < rig.server->max_messages; i++) {
        if (!smtpc__conn_reusable(rig.conn, rig.server)) {
            break;
        }
        make_result(&rig);
        must(smtpc_source_rewind(rig.content), "rewind");
        send_mail(&rig, apr_time_from_sec(10));
        if (smtpc__result_finish(rig.result) != APR_SUCCESS) {
            break;
        }
    }
    tap_is_int(i, rig.server->max_messages, "so many messages");
    tap_ok(!smtpc__conn_reusable(rig.conn, rig.server), "and no more");
    quit(&rig, apr_time_from_sec(10));
    tap_ok(smtpc__conn_status(rig.conn) != APR_SUCCESS, "over");
    tap_ok(!smtpc__conn_reusable(rig.conn, rig.server), "after QUIT: no");
    tap_ok(peer_quiet(peer), "the server is done");
    tap_is_int(smtp.messages, SMTPC_CONNECTION_MESSAGES_DEFAULT, "all arrived");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* What the server does while a connection is idle. */
static void serve_idle(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)peer_say(conn, "220 peer");
    (void)peer_read_line(conn, line, sizeof(line));
    (void)peer_say(conn, "250 ok");
    /* One of the pair that the test closes when it is ready. */
    (void)!read(*(int *)baton, line, 1);
    if (peer_conn_index(conn) == 0) {
        (void)peer_say(conn, "421 idle too long");
        peer_wait_end(conn);
    }
}

static void test_idle(apr_pool_t *pool)
{
    int i;

    tap_subtest_begin("idle connections");
    for (i = 0; i < 2; i++) {
        int pipe_fds[2];
        struct pollfd fd = { -1, POLLIN, 0 };
        peer_t *peer;
        rig_t rig;
        rig_t first;

        if (pipe(pipe_fds) < 0) {
            tap_bail("no pipe");
        }
        peer = peer_start(serve_idle, &pipe_fds[0]);
        make_socket_rig(&first, peer, pool);
        open_conn(&first, apr_time_from_sec(10));
        make_socket_rig(&rig, peer, pool);
        open_conn(&rig, apr_time_from_sec(10));
        tap_ok(smtpc__conn_reusable(rig.conn, rig.server)
                   && smtpc__conn_reusable(first.conn, first.server),
               "silent: yes");
        close(pipe_fds[1]);
        (void)apr_os_sock_get(&fd.fd, socket_of(i ? &rig : &first));
        tap_is_int(poll(&fd, 1, 10000), 1, "something comes");
        tap_ok(!smtpc__conn_reusable(i ? rig.conn : first.conn, rig.server),
               i ? "closed: no" : "spoke: no");
        apr_pool_destroy(rig.pool);
        apr_pool_destroy(first.pool);
        peer_stop(peer);
        close(pipe_fds[0]);
    }
    tap_subtest_end();
}

/* QUIT that is not waited for, and a close in the middle. */
static void test_close(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "QUIT", "!silent" },
                                             { NULL, NULL } };
    peer_smtp_t smtp;
    peer_t *peer;
    apr_time_t start;
    rig_t rig;

    tap_subtest_begin("closing");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    make_socket_rig(&rig, peer, pool);
    open_conn(&rig, apr_time_from_sec(10));
    start = smtpc__monotonic();
    quit(&rig, 0);
    tap_ok(smtpc__monotonic() - start < apr_time_from_msec(500),
           "does not wait");
    tap_ok(peer_quiet(peer), "closed");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "QUIT was sent");
    apr_pool_destroy(rig.pool);

    make_socket_rig(&rig, peer, pool);
    rig.done = 0;
    smtpc__conn_open(rig.conn, smtpc__monotonic() + apr_time_from_sec(10),
                     rig.result, on_done, &rig);
    smtpc__conn_close(rig.conn);
    smtpc__conn_close(rig.conn);
    must(smtpc__loop_run(rig.loop), "nothing is watched any more");
    tap_is_int(rig.done, 0, "closed by the owner: not told");
    apr_pool_destroy(rig.pool);
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *scripts;
    int cut;
    int i;

    must(smtpc_env_create(&env, pool), "env");
    test_last_words(pool);
    scripts = replay_parse(dialogue, "dialogue", pool);
    for (i = 0; i < scripts->nelts; i++) {
        for (cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
            test_script(APR_ARRAY_IDX(scripts, i, replay_case_t *),
                        (replay_cut_e)cut, pool);
        }
    }
    test_slow(pool);
    test_early(pool);
    test_stall(pool);
    test_reusable(pool);
    test_idle(pool);
    test_close(pool);
    return tap_done();
}
