/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_batch_test.c: many messages as one operation: order, results,
 * connections, and what becomes of them when connections end.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "../support/batch.h"
#include "../tap/tap.h"

static const char pipelining[] = "PIPELINING\n8BITMIME";
static const char chunking[] = "PIPELINING\nCHUNKING\n8BITMIME";

static void test_order(const char *extensions, int depth, apr_pool_t *pool)
{
    batch_t batch;
    int in_order = 1;
    int i;

    tap_subtest_begin("in order on one connection, depth %d, %s", depth,
                      extensions);
    batch_make(&batch, pool);
    batch.sink->extensions = extensions;
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
    batch_must(smtpc_client_set_pipeline_depth(batch.client, depth), "depth");
    tap_is_int(batch_send(&batch, 30, 2, 2), APR_SUCCESS, "sent");
    tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 60, "accepted");
    for (i = 0; i < 30; i++) {
        in_order &= batch.sink->order[i] == i;
        in_order &= strcmp(smtpc_result_queue_id(batch.results[i]),
                           apr_psprintf(pool, "M%d", i)) == 0;
        in_order &= smtpc_result_stage(batch.results[i]) == SMTPC_STAGE_DONE;
    }
    tap_ok(in_order, "in order, each with its own answer");
    tap_is_int(peer_accepted(batch.peer), 1, "one connection");
    tap_is_int(batch_send(&batch, 0, 1, 1), APR_SUCCESS, "none at all");
    batch_end(&batch);
    tap_subtest_end();
}

static void test_arguments(apr_pool_t *pool)
{
    batch_t batch;

    tap_subtest_begin("arguments");
    batch_make(&batch, pool);
    batch_start(&batch);
    batch.results[0] = (smtpc_result_t *)&batch;
    tap_is_int(smtpc_client_send_many(NULL, batch.client, batch.messages, 1,
                                      pool), SMTPC_EARG, "no results");
    tap_ok(*smtpc_client_error(batch.client) != '\0', "%s",
           smtpc_client_error(batch.client));
    tap_is_int(smtpc_client_send_many(batch.results, batch.client, NULL, 1,
                                      pool), SMTPC_EARG, "no messages");
    tap_is_int(smtpc_client_send_many(NULL, batch.client, NULL, 0, pool),
               APR_SUCCESS, "nothing of nothing");
    tap_is_int(peer_accepted(batch.peer), 0, "no connection was made");
    batch_end(&batch);
    tap_subtest_end();
}

/* Give message a header that is too long, which is found when it is made. */
static void lengthen(smtpc_message_t *message, apr_pool_t *pool)
{
    char *value = apr_palloc(pool, SMTPC_LIMIT_HEADER_VALUE);

    memset(value, 'x', SMTPC_LIMIT_HEADER_VALUE - 1);
    for (int i = 79; i < SMTPC_LIMIT_HEADER_VALUE - 1; i += 80) {
        value[i] = ' ';
    }
    value[SMTPC_LIMIT_HEADER_VALUE - 1] = '\0';
    batch_must(smtpc_message_add_header(message, "X-One", value), "one");
    batch_must(smtpc_message_add_header(message, "X-Two", value), "two");
}

/* Messages that cannot be sent among others that can. */
static void test_bad_ones(apr_pool_t *pool)
{
    batch_t batch;
    apr_status_t rv;
    int good = 1;
    int i;

    tap_subtest_begin("bad messages among good ones");
    batch_make(&batch, pool);
    batch.sink->extensions = pipelining;
    batch.sink->refuse = "m5-";
    batch_start(&batch);
    batch.count = 12;
    for (i = 0; i < 12; i++) {
        batch.messages[i] = sink_message(i, i % 4 == 0 ? 0 : 1, 1, 10,
                                         batch.pool);
        if (i % 4 == 2) {
            lengthen(batch.messages[i], batch.pool);
        }
    }
    rv = batch_send_made(&batch);
    for (i = 0; i < 12; i++) {
        apr_status_t wanted = i % 4 == 0   ? SMTPC_EARG
                              : i % 4 == 2 ? SMTPC_ELIMIT
                              : i == 5     ? SMTPC_EREJECTED
                                           : APR_SUCCESS;

        good &= smtpc_result_status(batch.results[i]) == wanted;
        good &= (*smtpc_result_error(batch.results[i]) != '\0')
                == (wanted != APR_SUCCESS);
    }
    tap_is_int(rv, SMTPC_EARG, "the first that is not a success");
    tap_ok(good, "a result each: %s", smtpc_result_error(batch.results[0]));
    tap_is_int(batch.sink->taken, 5, "the others went");
    batch_end(&batch);

    batch_make(&batch, pool);
    batch_start(&batch);
    batch.count = 3;
    for (i = 0; i < 3; i++) {
        batch.messages[i] = sink_message(i, 0, 1, 10, batch.pool);
    }
    tap_is_int(batch_send_made(&batch), SMTPC_EARG, "none can be sent");
    tap_is_int(peer_accepted(batch.peer), 0, "nobody was asked");
    batch_end(&batch);
    tap_subtest_end();
}

static void test_connections(apr_pool_t *pool)
{
    static const struct {
        int messages, depth, most, wanted;
    } cases[] = { { 1, 1, 4, 1 }, { 3, 1, 4, 3 }, { 40, 1, 4, 4 },
                  { 8, 8, 4, 1 }, { 9, 8, 4, 2 }, { 100, 8, 3, 3 } };
    apr_size_t i;

    tap_subtest_begin("as many connections as it is worth");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        batch_t batch;

        batch_make(&batch, pool);
        batch.sink->extensions = pipelining;
        batch_start(&batch);
        batch_must(smtpc_client_set_max_connections(batch.client,
                                                    cases[i].most), "most");
        batch_must(smtpc_client_set_pipeline_depth(batch.client,
                                                   cases[i].depth), "depth");
        tap_is_int(batch_send(&batch, cases[i].messages, 1, 1), APR_SUCCESS,
                   "%d messages", cases[i].messages);
        tap_is_int(batch.sink->taken, cases[i].messages, "all");
        /* A connection that is slow to come may find nothing left. */
        tap_ok(peer_accepted(batch.peer) <= cases[i].wanted,
               "at most %d connections", cases[i].wanted);
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* Connections that carry so many messages and no more. */
static void test_caps(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *extensions;
        int server_cap;  /* 421 behind so many */
        int client_cap;
        int depth;
        int wanted;      /* connections for 30 messages */
        int retries;     /* are there */
    } cases[] = {
        { "the client's own number", pipelining, 0, 10, 8, 3, 0 },
        { "one each", pipelining, 0, 1, 8, 30, 0 },
        { "LIMITS MAILMAX", "PIPELINING\nLIMITS MAILMAX=7", 7, 100, 8, 5, 0 },
        { "LIMITS MAILMAX=1", "PIPELINING\nLIMITS MAILMAX=1", 1, 100, 8, 30,
          0 },
        { "421, lock step", "8BITMIME", 4, 100, 8, 8, 1 },
        { "421 in the pipeline", pipelining, 7, 100, 8, 5, 1 },
        { "421 behind each", pipelining, 1, 100, 16, 30, 1 },
        { "421 with chunks", chunking, 3, 100, 8, 10, 1 },
        { "421 behind each chunk", chunking, 1, 100, 16, 30, 1 },
    };
    apr_size_t i;

    tap_subtest_begin("messages per connection");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        smtpc_counters_t counters;
        batch_t batch;

        batch_make(&batch, pool);
        batch.sink->extensions = cases[i].extensions;
        batch.sink->mail_cap = cases[i].server_cap;
        batch_start(&batch);
        batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
        batch_must(smtpc_client_set_pipeline_depth(batch.client,
                                                   cases[i].depth), "depth");
        batch_must(smtpc_client_set_messages_per_connection(
                       batch.client, cases[i].client_cap), "cap");
        tap_is_int(batch_send(&batch, 30, 1, 1), APR_SUCCESS, "%s: all sent",
                   cases[i].what);
        tap_is_int(batch.sink->taken, 30, "each once");
        tap_is_int(peer_accepted(batch.peer), cases[i].wanted,
                   "connections");
        counters = batch_counters(&batch);
        tap_is_int(counters.retries > 0, cases[i].retries, "%d retries",
                   (int)counters.retries);
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* A connection that is lost in the middle. */
static void test_lost(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *extensions;
        int lose_final, close_at_mail, depth, connections, doubtful;
    } cases[] = {
        { "behind a whole message", "8BITMIME", 5, 0, 1, 1, 1 },
        { "before MAIL", "8BITMIME", 0, 5, 1, 1, 0 },
        { "in the pipeline", pipelining, 5, 0, 8, 1, 1 },
        { "in the pipeline, before MAIL", pipelining, 0, 5, 8, 1, 0 },
        { "with chunks", chunking, 5, 0, 8, 1, -8 },
        { "one of three", pipelining, 5, 0, 4, 3, 1 },
    };
    apr_size_t i;

    tap_subtest_begin("a connection is lost");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        batch_t batch;
        apr_status_t rv;
        int doubtful;

        batch_make(&batch, pool);
        batch.sink->extensions = cases[i].extensions;
        batch.sink->lose_final = cases[i].lose_final;
        batch.sink->close_at_mail = cases[i].close_at_mail;
        batch_start(&batch);
        batch_must(smtpc_client_set_max_connections(
                       batch.client, cases[i].connections), "connections");
        batch_must(smtpc_client_set_pipeline_depth(batch.client,
                                                   cases[i].depth), "depth");
        rv = batch_send(&batch, 30, 1, 1);
        doubtful = batch_count(&batch, SMTPC_RCPT_IN_DOUBT);
        tap_is_int(rv, cases[i].lose_final ? SMTPC_EINDOUBT : APR_SUCCESS,
                   "%s", cases[i].what);
        tap_ok(cases[i].doubtful < 0
                   ? doubtful >= 1 && doubtful <= -cases[i].doubtful
                   : doubtful == cases[i].doubtful, "%d in doubt", doubtful);
        tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 30 - doubtful,
                   "nothing else is lost");
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* Serve the greeting, and close at the first command behind EHLO. */
static void serve_useless(peer_conn_t *conn, void *baton)
{
    char line[1024];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    (void)peer_read_line(conn, line, sizeof(line));
    (void)peer_say(conn, "250-peer\r\n250 PIPELINING");
    (void)peer_read_line(conn, line, sizeof(line));
}

static void test_bounded(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_useless, NULL);
    batch_t batch;
    int connections;
    int i;

    tap_subtest_begin("a server that never gets on");
    batch_make(&batch, pool);
    batch.client = mail_client(peer, batch.env, batch.pool);
    batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
    tap_is_int(batch_send(&batch, 20, 1, 1), SMTPC_ECONNECT, "%s",
               mail_error(batch.results[0]));
    tap_is_int(batch_count(&batch, SMTPC_RCPT_UNSENT), 20, "all unsent");
    for (i = 0; i < 20; i++) {
        tap_ok(smtpc_result_is_transient(batch.results[i]), "transient");
    }
    connections = peer_accepted(peer);
    tap_ok(connections >= 1 && connections <= 20 * SMTPC_LIMIT_ATTEMPTS,
           "%d connections", connections);
    batch_must(smtpc_client_dispose(batch.client), "dispose");
    peer_stop(peer);
    apr_pool_destroy(batch.pool);
    tap_subtest_end();
}

/* A connection kept from the last batch. */
static void test_kept(apr_pool_t *pool)
{
    smtpc_counters_t counters;
    batch_t batch;

    tap_subtest_begin("connections are kept between batches");
    batch_make(&batch, pool);
    batch.sink->extensions = pipelining;
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
    tap_is_int(batch_send(&batch, 5, 1, 1), APR_SUCCESS, "one batch");
    batch_must(smtpc_client_set_timeout(batch.client, apr_time_from_sec(9)),
               "timeout");
    batch.count = 10;
    batch.messages[5] = sink_message(5, 1, 1, 10, batch.pool);
    tap_is_int(smtpc_client_send(&batch.results[5], batch.client,
                                 batch.messages[5], batch.pool), APR_SUCCESS,
               "a single one");
    batch.count = 6;
    counters = batch_counters(&batch);
    tap_is_int(peer_accepted(batch.peer), 1, "over the same connection");
    tap_is_int(counters.connections_reused, 1, "counted");
    tap_is_int(counters.messages_accepted, 6, "messages");
    batch_end(&batch);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_order("8BITMIME", 8, pool);
    test_order(pipelining, 1, pool);
    test_order(pipelining, 8, pool);
    test_order(chunking, 8, pool);
    test_order(chunking, 64, pool);
    test_arguments(pool);
    test_bad_ones(pool);
    test_connections(pool);
    test_caps(pool);
    test_lost(pool);
    test_bounded(pool);
    test_kept(pool);
    return tap_done();
}
