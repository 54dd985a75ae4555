/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_owner_test.c: a chunked batch of three over one connection, with every
 * operation of the transport failing in turn; and owners that end it.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "client/conn_int.h"
#include "../support/batch.h"
#include "../support/replay.h"
#include "../support/replay_transport.h"
#include "../tap/tap.h"

#define MESSAGES 3

static smtpc_env_t *env;

/** A batch on a connection. */
typedef struct rig_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_conn_t *conn;
    smtpc_envelope_t *envelope;
    smtpc_result_t *results[MESSAGES];
    smtpc_source_t *contents[MESSAGES];
    int begun;
    int finished;
    int untouched;
    int disorder; /* finished in another order than begun */
    int done;     /* times we were called back */
    int late;     /* finished behind done */
    int ahead;    /* times there was time to get ready */
} rig_t;

static void on_done(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;

    (void)conn;
    rig->done++;
    smtpc__loop_stop(rig->loop);
}

static int on_next(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;
    smtpc_transaction_t transaction = { .envelope = rig->envelope };

    if (rig->begun == MESSAGES) {
        return 0;
    }
    transaction.content = rig->contents[rig->begun];
    transaction.result = rig->results[rig->begun++];
    smtpc__conn_begin(conn, &transaction);
    return 1;
}

static void on_finished(void *baton, smtpc_conn_t *conn,
                        const smtpc_finished_t *finished)
{
    rig_t *rig = baton;

    (void)conn;
    rig->disorder += finished->transaction.result
                     != rig->results[rig->finished];
    rig->finished++;
    rig->untouched += finished->untouched != 0;
    rig->late += rig->done > 0;
}

static void on_ahead(void *baton, smtpc_conn_t *conn)
{
    rig_t *rig = baton;

    (void)conn;
    rig->ahead++;
}

static const char dialogue[] =
    "=== three in chunks\n"
    "HELLO PIPELINING; CHUNKING\n"
    "SEND\n"
    "CHUNKED\n"
    "C: RSET\n"
    "SEND\n"
    "CHUNKED\n"
    "C: RSET\n"
    "SEND\n"
    "CHUNKED\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "S: 250 ok\n"
    "BYE\n";

static void make_rig(rig_t *rig, apr_pool_t *pool)
{
    smtpc_address_t *address;
    int i;

    memset(rig, 0, sizeof(*rig));
    apr_pool_create(&rig->pool, pool);
    batch_must(smtpc__loop_create(&rig->loop, 4, rig->pool), "loop");
    rig->envelope = smtpc__envelope_create(rig->pool);
    batch_must(smtpc_address_parse(&address, REPLAY_FROM, rig->pool), "from");
    rig->envelope->sender = address;
    batch_must(smtpc_address_parse(&address, REPLAY_TO, rig->pool), "to");
    smtpc__envelope_add(rig->envelope, address);
    rig->envelope->size = (apr_off_t)strlen(REPLAY_CONTENT);
    for (i = 0; i < MESSAGES; i++) {
        smtpc__result_create(&rig->results[i], 1, rig->pool);
        rig->results[i]->recipients[0].address = REPLAY_TO;
        batch_must(smtpc_source_create_bytes(&rig->contents[i],
                                             REPLAY_CONTENT,
                                             strlen(REPLAY_CONTENT),
                                             rig->pool), "content");
    }
}

static void run(rig_t *rig)
{
    if (!rig->done) {
        batch_must(smtpc__loop_run(rig->loop), "loop");
    }
}

static apr_time_t soon(void)
{
    return smtpc__monotonic() + apr_time_from_sec(10);
}

/* Play the script with faults; the number of operations it took. */
static apr_size_t play(const replay_case_t *script, replay_cut_e cut,
                       const replay_faults_t *faults, rig_t *rig,
                       replay_closed_e *closed, const char **complaint,
                       apr_pool_t *pool)
{
    smtpc_server_t draft = { .host = "mail.test",
                             .port = 25,
                             .security = SMTPC_SECURITY_NONE };
    smtpc_conn_work_t work = { on_next, on_finished, NULL, rig, NULL };
    smtpc_link_t link = { 0 };
    const smtpc_server_t *server;
    replay_transport_t *replay;
    int i;

    make_rig(rig, pool);
    batch_must(smtpc__server_freeze(&server, &draft, REPLAY_CLIENT,
                                    rig->pool), "profile");
    replay = replay_transport_create(script, cut, faults, rig->pool);
    batch_must(smtpc__conn_create_over(&rig->conn, rig->loop,
                                       replay_transport_get(replay), &link,
                                       server, env, rig->pool),
               "connection");
    smtpc__conn_open(rig->conn, soon(), NULL, on_done, rig);
    run(rig);
    if (smtpc__conn_status(rig->conn) == APR_SUCCESS) {
        rig->done = 0;
        smtpc__conn_work(rig->conn, &work, soon(), on_done, rig);
        run(rig);
    }
    if (smtpc__conn_status(rig->conn) == APR_SUCCESS) {
        rig->done = 0;
        smtpc__conn_quit(rig->conn, soon(), on_done, rig);
        run(rig);
    }
    for (i = 0; i < rig->finished; i++) {
        (void)smtpc__result_finish(rig->results[i]);
    }
    *closed = replay_transport_closed(replay);
    *complaint = replay_transport_complaint(
        replay, !faults && rig->finished == MESSAGES);
    return replay_transport_operations(replay);
}

/* What is wrong behind a failure, or NULL. */
static const char *look(const rig_t *rig, replay_closed_e closed, int *accepted,
                        int *doubtful)
{
    int i;

    *accepted = 0;
    *doubtful = 0;
    if (closed == REPLAY_OPEN) {
        return "not closed";
    }
    if (rig->done != 1 || rig->late) {
        return "not told once, and last";
    }
    if (rig->finished != rig->begun || rig->disorder) {
        return "not all finished, in order";
    }
    for (i = 0; i < rig->finished; i++) {
        apr_status_t status = rig->results[i]->status;
        smtpc_rcpt_state_e state = rig->results[i]->recipients[0].state;

        if (status != (state == SMTPC_RCPT_ACCEPTED   ? APR_SUCCESS
                       : state == SMTPC_RCPT_IN_DOUBT ? SMTPC_EINDOUBT
                                                      : SMTPC_ECONNECT)) {
            return "status and recipient differ";
        }
        if (status == APR_SUCCESS && *accepted < i) {
            return "accepted behind one that is not";
        }
        *accepted += status == APR_SUCCESS;
        *doubtful += status == SMTPC_EINDOUBT;
    }
    return NULL;
}

static void test_faults(const replay_case_t *script, replay_cut_e cut,
                        apr_pool_t *pool)
{
    replay_faults_t faults = { .status = SMTPC_ECONNECT };
    replay_closed_e closed;
    const char *complaint;
    apr_size_t operations;
    apr_size_t n;
    unsigned int seen = 0;
    int most = 0;
    int before = 0;
    int accepted;
    int doubtful;
    rig_t rig = { 0 };

    tap_subtest_begin("three in chunks, %s", replay_cut_name(cut));
    operations = play(script, cut, NULL, &rig, &closed, &complaint, pool);
    tap_is_str(complaint, NULL, "as written");
    tap_is_str(look(&rig, closed, &accepted, &doubtful), NULL, "all right");
    tap_is_int(accepted, MESSAGES, "all accepted");
    tap_is_int(closed, REPLAY_CLOSED_GRACEFULLY, "closed gracefully");
    apr_pool_destroy(rig.pool);
    faults.again_every = 3;
    (void)play(script, cut, &faults, &rig, &closed, &complaint, pool);
    tap_is_str(look(&rig, closed, &accepted, &doubtful), NULL, "EAGAIN");
    tap_is_int(accepted, MESSAGES, "all accepted");
    apr_pool_destroy(rig.pool);
    faults.again_every = 0;
    for (n = 1; n <= operations; n++) {
        const char *wrong;

        faults.fail_at = n;
        (void)play(script, cut, &faults, &rig, &closed, &complaint, pool);
        wrong = look(&rig, closed, &accepted, &doubtful);
        if (wrong || complaint || accepted < before) {
            tap_fail("operation %d of %d fails: %s", (int)n, (int)operations,
                     wrong ? wrong : complaint ? complaint : "went back");
        }
        before = accepted;
        most = doubtful > most ? doubtful : most;
        seen |= 1u << accepted;
        apr_pool_destroy(rig.pool);
    }
    tap_pass("each of %d operations failing", (int)operations);
    tap_ok((seen & 1u) && (seen & 1u << MESSAGES), "none to all accepted");
    tap_ok(cut == REPLAY_WHOLE || seen == (1u << (MESSAGES + 1)) - 1,
           "any number of them (%x)", seen);
    tap_is_int(most, MESSAGES, "all in doubt at the worst");
    tap_subtest_end();
}

/* Owners that end it in the middle, or are about to: nothing is written any
 * more then. */
static void test_abort(int is_cancelled, apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "MAIL", "!silent" },
                                             { NULL, NULL } };
    smtpc_server_t draft = { .host = "127.0.0.1",
                             .security = SMTPC_SECURITY_NONE };
    const smtpc_server_t *server;
    peer_smtp_t smtp;
    peer_t *peer;
    rig_t rig;
    atomic_int cancelled = is_cancelled;
    smtpc_conn_work_t work = { on_next, on_finished, on_ahead, &rig,
                               &cancelled };
    int i;

    tap_subtest_begin("ended by its owner%s",
                      is_cancelled ? ", who was told to before" : "");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    smtp.extensions = "PIPELINING";
    peer = peer_start(peer_smtp_serve, &smtp);
    make_rig(&rig, pool);
    draft.port = peer_port(peer);
    batch_must(smtpc__server_freeze(&server, &draft, REPLAY_CLIENT, rig.pool),
               "profile");
    batch_must(smtpc__conn_create(&rig.conn, rig.loop, server, env,
                                  rig.pool), "connection");
    tap_ok(!smtpc__conn_fresh(rig.conn), "not fresh before it is open");
    smtpc__conn_open(rig.conn, soon(), NULL, on_done, &rig);
    run(&rig);
    tap_ok(smtpc__conn_fresh(rig.conn), "fresh");
    rig.done = 0;
    smtpc__conn_work(rig.conn, &work, soon(), on_done, &rig);
    tap_ok(!smtpc__conn_fresh(rig.conn), "not while at work");
    tap_ok(rig.begun > 0 && rig.finished == 0, "under way");
    tap_is_int(rig.ahead, !is_cancelled, "there is time to get ready");
    smtpc__conn_abort(rig.conn, SMTPC_ECANCELLED, "enough");
    tap_is_int(rig.finished, rig.begun, "all are handed back at once");
    tap_is_int(rig.done, 0, "the owner is not told");
    for (i = 0; i < rig.begun; i++) {
        tap_is_int(smtpc__result_finish(rig.results[i]), SMTPC_ECANCELLED,
                   "%s", rig.results[i]->error);
        tap_is_int(rig.results[i]->recipients[0].state, SMTPC_RCPT_UNSENT,
                   "unsent");
    }
    tap_ok(!smtpc__conn_fresh(rig.conn), "of no more use");
    smtpc__conn_abort(rig.conn, SMTPC_ECANCELLED, "again");
    smtpc__conn_leave(rig.conn);
    tap_is_int(rig.finished, rig.begun, "nothing twice");
    batch_must(smtpc__loop_run(rig.loop), "nothing is watched any more");
    apr_pool_destroy(rig.pool);
    tap_ok(peer_quiet(peer), "the server sees the end");
    tap_is_int(peer_heard(peer, "MAIL"), !is_cancelled, "what was written");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *scripts;
    int cut;

    batch_must(smtpc_env_create(&env, pool), "env");
    scripts = replay_parse(dialogue, "dialogue", pool);
    for (cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
        test_faults(APR_ARRAY_IDX(scripts, 0, replay_case_t *),
                    (replay_cut_e)cut, pool);
    }
    test_abort(0, pool);
    test_abort(1, pool);
    return tap_done();
}
