/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery_test.c: one message in several transactions, all or none, LMTP, and
 * what its result says.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/batch.h"
#include "../tap/tap.h"

static const char pipelining[] = "PIPELINING\n8BITMIME";

/* More recipients than go at a time. */
static void test_many(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *extensions;
        int server_cap;
        const char *surplus;
        int client_cap;
        int domains;
        int transactions;
        int most;     /* recipients of one */
        int refused;  /* recipients */
    } cases[] = {
        { "all at once", NULL, 0, NULL, 100, 1, 1, 100, 0 },
        { "the client's number", NULL, 0, NULL, 30, 1, 4, 30, 0 },
        { "one each", NULL, 0, NULL, 1, 1, 100, 1, 0 },
        { "RCPTMAX", "LIMITS RCPTMAX=40", 40, NULL, 100, 1, 3, 40, 0 },
        { "RCPTMAX above ours", "LIMITS RCPTMAX=90", 90, NULL, 50, 1, 2, 50,
          0 },
        { "452 4.5.3", NULL, 30, NULL, 100, 1, 4, 30, 0 },
        { "452 4.5.3 in the pipeline", pipelining, 30, NULL, 100, 1, 4, 30,
          0 },
        { "452 without a code", NULL, 30, "452 too many recipients", 100, 1,
          4, 30, 0 },
        { "552 too many", NULL, 30, "552 Too many recipients received", 100,
          1, 4, 30, 0 },
        { "550 5.5.3", NULL, 30, "550 5.5.3 enough", 100, 1, 4, 30, 0 },
        { "452 of a full disk", NULL, 30, "452 4.3.1 Insufficient storage",
          100, 1, 1, 30, 70 },
        { "452 without a reason", NULL, 30, "452 later", 100, 1, 1, 30, 70 },
        { "552 of a mailbox", NULL, 30, "552 5.2.2 too many mails in it", 100,
          1, 1, 30, 70 },
        { "450", NULL, 30, "450 4.2.0 too many from you", 100, 1, 1, 30, 70 },
    };
    apr_size_t i;

    tap_subtest_begin("100 recipients");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        batch_t batch;
        apr_status_t rv;

        batch_make(&batch, pool);
        batch.sink->extensions = cases[i].extensions;
        batch.sink->rcpt_cap = cases[i].server_cap;
        batch.sink->surplus = cases[i].surplus;
        batch_start(&batch);
        batch_must(smtpc_client_set_recipients_per_transaction(
                       batch.client, cases[i].client_cap), "cap");
        rv = batch_send(&batch, 1, 100, cases[i].domains);
        tap_is_int(rv, cases[i].refused ? SMTPC_EPARTIAL : APR_SUCCESS,
                   "%s", cases[i].what);
        tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED),
                   100 - cases[i].refused, "accepted");
        tap_is_int(batch_count(&batch, SMTPC_RCPT_REJECTED),
                   cases[i].refused, "refused");
        tap_is_int(batch.sink->taken, cases[i].transactions, "transactions");
        tap_is_int(batch.sink->most_rcpts, cases[i].most, "recipients");
        tap_is_int(peer_accepted(batch.peer), 1, "one connection");
        batch_end(&batch);
    }
    tap_subtest_end();
}

static void test_domains(apr_pool_t *pool)
{
    static const int limits[] = { 1, 2, 3, 7 };
    apr_size_t i;

    tap_subtest_begin("RCPTDOMAINMAX");
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        batch_t batch;

        batch_make(&batch, pool);
        batch.sink->extensions = apr_psprintf(
            pool, "LIMITS RCPTDOMAINMAX=%d", limits[i]);
        batch_start(&batch);
        tap_is_int(batch_send(&batch, 2, 20, 5), APR_SUCCESS, "sent");
        tap_is_int(batch.sink->most_domains, limits[i] < 5 ? limits[i] : 5,
                   "domains of a transaction");
        tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 40, "all");
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* Whole transactions of refused recipients do not hide those behind. */
static void test_refused(apr_pool_t *pool)
{
    static const struct {
        const char *refuse;
        int cap, refused;
    } cases[] = { { "m0-0", 1, 1 }, { "m0-1", 5, 5 }, { "m0-", 3, 14 },
                  { "m0-13", 4, 1 }, { "none", 1, 0 } };
    apr_size_t i;

    tap_subtest_begin("refused recipients, a few at a time");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_status_t wanted = cases[i].refused == 0    ? APR_SUCCESS
                              : cases[i].refused == 14 ? SMTPC_EREJECTED
                                                       : SMTPC_EPARTIAL;
        const smtpc_recipient_t *last;
        batch_t batch;
        apr_status_t rv;

        batch_make(&batch, pool);
        batch.sink->extensions = pipelining;
        batch.sink->refuse = cases[i].refuse;
        batch_start(&batch);
        batch_must(smtpc_client_set_recipients_per_transaction(
                       batch.client, cases[i].cap), "cap");
        rv = batch_send(&batch, 1, 14, 1);
        tap_is_int(rv, wanted, "status, %d at a time", cases[i].cap);
        tap_is_int(batch_count(&batch, SMTPC_RCPT_REJECTED),
                   cases[i].refused, "refused");
        tap_is_int(batch_count(&batch, SMTPC_RCPT_UNSENT), 0,
                   "nobody is left out");
        last = smtpc_result_recipient(batch.results[0], 13);
        if (last->state == SMTPC_RCPT_REJECTED) {
            tap_is_int(last->code, 550, "its code");
            tap_is_str(last->enhanced, "5.1.1", "its enhanced code");
            tap_is_str(last->text, "nobody", "its text");
            tap_is_int(last->stage, SMTPC_STAGE_RCPT, "its stage");
        }
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* The answer to the second of several transactions is lost. */
static void test_doubt(apr_pool_t *pool)
{
    batch_t batch;

    tap_subtest_begin("the second of three answers is lost");
    batch_make(&batch, pool);
    batch.sink->lose_final = 2;
    batch_start(&batch);
    batch_must(smtpc_client_set_recipients_per_transaction(batch.client, 5),
               "cap");
    tap_is_int(batch_send(&batch, 1, 15, 1), SMTPC_EINDOUBT, "in doubt");
    tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 5, "accepted");
    tap_is_int(batch_count(&batch, SMTPC_RCPT_IN_DOUBT), 5, "in doubt");
    tap_is_int(batch_count(&batch, SMTPC_RCPT_UNSENT), 5, "not begun");
    tap_ok(!smtpc_result_is_transient(batch.results[0]), "not to be repeated");
    batch_end(&batch);
    tap_subtest_end();
}

static void test_all_or_none(apr_pool_t *pool)
{
    static const struct {
        const char *extensions;
        const char *refuse;
        int rcpt_cap;
        int sent;
    } cases[] = { { pipelining, NULL, 0, 1 },
                  { pipelining, "m0-3", 0, 0 },
                  { "8BITMIME", "m0-9", 0, 0 },
                  { "PIPELINING\nCHUNKING", "m0-9", 0, 0 },
                  { "LIMITS RCPTMAX=4", NULL, 4, 0 },
                  { "LIMITS RCPTMAX=10", NULL, 10, 1 } };
    apr_size_t i;

    tap_subtest_begin("all or none");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        batch_t batch;
        apr_status_t rv;

        batch_make(&batch, pool);
        batch.sink->extensions = cases[i].extensions;
        batch.sink->refuse = cases[i].refuse;
        batch.sink->rcpt_cap = cases[i].rcpt_cap;
        batch_start(&batch);
        batch_must(smtpc_client_set_recipients_per_transaction(batch.client,
                                                               3), "cap");
        batch.messages[0] = sink_message(0, 10, 2, 10, batch.pool);
        batch_must(smtpc_message_set_all_or_none(batch.messages[0], 1),
                   "all or none");
        batch.messages[1] = sink_message(1, 10, 2, 10, batch.pool);
        batch.count = 2;
        rv = batch_send_made(&batch);
        tap_ok((rv == APR_SUCCESS) == cases[i].sent, "%s: %s",
               cases[i].extensions, smtpc_result_error(batch.results[0]));
        tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED),
                   cases[i].sent ? 20 : 10, "all or none, and the next");
        batch_end(&batch);
    }
    tap_subtest_end();
}

static void test_lmtp(apr_pool_t *pool)
{
    static const char *const extensions[] = { pipelining,
                                              "PIPELINING\nCHUNKING" };
    apr_size_t i;

    tap_subtest_begin("LMTP");
    for (i = 0; i < 2; i++) {
        batch_t batch;

        batch_make(&batch, pool);
        batch.sink->extensions = extensions[i];
        batch.sink->lmtp = 1;
        batch.sink->refuse = "m1-2";
        batch_start(&batch);
        batch_must(smtpc_client_set_lmtp(batch.client, 1), "LMTP");
        tap_is_int(batch_send(&batch, 10, 5, 2), SMTPC_EPARTIAL, "%s",
                   extensions[i]);
        tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 49, "accepted");
        tap_is_int(smtpc_result_recipient(batch.results[1], 2)->state,
                   SMTPC_RCPT_REJECTED, "the one");
        batch_end(&batch);
    }
    tap_subtest_end();
}

/* An LMTP server that refuses the message for one of two. */
static void serve_lmtp(peer_conn_t *conn, void *baton)
{
    char line[1024];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "LHLO", 4) == 0) {
            (void)peer_say(conn, "250-peer\r\n250 PIPELINING");
        }
        else if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
            while (peer_read_line(conn, line, sizeof(line))
                   && strcmp(line, ".") != 0) {
                continue;
            }
            (void)peer_say(conn, "250 2.0.0 stored");
            (void)peer_say(conn, "452 4.2.2 too many mails in it");
        }
        else if (strchr(line, '<')) {
            (void)peer_say(conn, "250 2.1.0 ok");
        }
        else if (strcmp(line, "QUIT") == 0) {
            (void)peer_say(conn, "221 bye");
            return;
        }
    }
}

static void test_lmtp_final(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_lmtp, NULL);
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;

    tap_subtest_begin("LMTP: an answer for each");
    batch_must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_lmtp(client, 1), "LMTP");
    tap_is_int(mail_send(&result, client, "a@a.test, b@b.test", pool),
               SMTPC_EPARTIAL, "%s", mail_error(result));
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_ACCEPTED,
               "the first has it");
    tap_is_int(smtpc_result_recipient(result, 1)->state, SMTPC_RCPT_REJECTED,
               "the second has not");
    tap_is_int(smtpc_result_recipient(result, 1)->code, 452, "452");
    tap_is_int(peer_heard(peer, "MAIL"), 1, "and is not offered again");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

/* Facts in results, and what is the same for all recipients. */
static void test_facts(apr_pool_t *pool)
{
    const smtpc_timings_t *timings;
    smtpc_message_t *message;
    const char *peer;
    batch_t batch;

    tap_subtest_begin("what a result says");
    batch_make(&batch, pool);
    batch.sink->extensions = "PIPELINING\nSIZE 5000000\n8BITMIME";
    batch_start(&batch);
    batch_must(smtpc_client_set_recipients_per_transaction(batch.client, 1),
               "cap");
    message = sink_message(0, 3, 1, 4000, batch.pool);
    batch_must(smtpc_message_set_mt_priority(message, 3), "MT-PRIORITY");
    batch.messages[0] = message;
    batch.count = 1;
    tap_is_int(batch_send_made(&batch), APR_SUCCESS, "sent");
    peer = apr_psprintf(pool, "127.0.0.1:%d", peer_port(batch.peer));
    tap_is_str(smtpc_result_peer(batch.results[0]), peer, "peer");
    tap_is_str(smtpc_result_host(batch.results[0]), "127.0.0.1", "host");
    tap_is_str(smtpc_result_tls_protocol(batch.results[0]), "", "no TLS");
    tap_is_str(smtpc_result_capabilities(batch.results[0]),
               "SIZE=5000000 8BITMIME PIPELINING", "capabilities");
    tap_is_str(smtpc_result_dropped(batch.results[0]), "MT-PRIORITY",
               "what the server does not have");
    tap_is_str(smtpc_result_queue_id(batch.results[0]), "M0,M0,M0",
               "the queue id of each transaction");
    tap_ok(smtpc_result_message_id(batch.results[0])[0] == '<',
           "Message-ID %s", smtpc_result_message_id(batch.results[0]));
    tap_ok(smtpc_result_bytes(batch.results[0]) > 4000, "bytes");
    timings = smtpc_result_timings(batch.results[0]);
    tap_ok(timings->connected > 0 && timings->ready >= timings->connected
               && timings->total >= timings->ready
               && timings->total >= timings->sent, "times");
    batch_end(&batch);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_many(pool);
    test_domains(pool);
    test_refused(pool);
    test_doubt(pool);
    test_all_or_none(pool);
    test_lmtp(pool);
    test_lmtp_final(pool);
    test_facts(pool);
    return tap_done();
}
