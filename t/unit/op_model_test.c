/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_model_test.c: random batches to random servers on sockets. What the
 * server took is what the results say, recipient by recipient; nothing is
 * delivered twice, whatever breaks. MODEL_SEED=n replays one batch.
 */

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/sink.h"
#include "../tap/tap.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define RUNS 300
#else
#define RUNS 2000
#endif

/** Most messages and recipients of a batch. */
#define MOST_MESSAGES 40
#define MOST_RCPTS 30
/** A batch that takes longer hangs. */
#define PATIENCE apr_time_from_sec(10)

static smtpc_env_t *env;
/* For on_alarm(). */
static volatile unsigned int present;

/** Over all runs. */
typedef struct tally_t {
    unsigned int accepted, refused, unsent, doubtful, whole, broken, messages;
} tally_t;

static unsigned int roll(unsigned int *random, unsigned int sides)
{
    *random = *random * 1664525u + 1013904223u;
    return (*random >> 10) % sides;
}

static void on_alarm(int number)
{
    static const char hex[] = "0123456789";
    char text[] = "Bail out! hangs: MODEL_SEED=0000000000\n";
    unsigned int seed = present;
    int i;

    (void)number;
    for (i = 0; i < 10; i++, seed /= 10) {
        text[sizeof(text) - 3 - i] = hex[seed % 10];
    }
    (void)!write(1, text, sizeof(text) - 1);
    _exit(255);
}

static void make_sink(sink_t *sink, unsigned int *random, apr_pool_t *pool)
{
    static const unsigned int rates[] = { 0, 0, 100, 30, 8 };
    static const char *const extensions[] = {
        "PIPELINING", "CHUNKING", "SIZE 10000000", "8BITMIME", "DSN",
        "ENHANCEDSTATUSCODES"
    };
    const char *text = "HELP";
    unsigned int i;

    sink->seed = roll(random, 1000000);
    for (i = 0; i < 6; i++) {
        if (roll(random, i == 0 ? 5 : 2)) {
            text = apr_pstrcat(pool, extensions[i], "\n", text, NULL);
        }
    }
    if (roll(random, 4) == 0) {
        text = apr_psprintf(pool, "LIMITS MAILMAX=%u RCPTMAX=%u "
                            "RCPTDOMAINMAX=%u\n%s", 1 + roll(random, 20),
                            1 + roll(random, 20), 1 + roll(random, 3), text);
    }
    sink->extensions = text;
    sink->lmtp = roll(random, 6) == 0;
    sink->mail_cap = roll(random, 4) ? 0 : 1 + (int)roll(random, 10);
    sink->rcpt_cap = roll(random, 4) ? 0 : 1 + (int)roll(random, 20);
    sink->splits = roll(random, 3) ? 0 : 2;
    sink->refuses = rates[roll(random, 5)];
    sink->says_421 = roll(random, 4) ? 0 : 30 + roll(random, 200);
    sink->cuts = roll(random, 4) ? 0 : 5 + roll(random, 50);
    sink->resets = roll(random, 8) ? 0 : 5 + roll(random, 50);
    sink_init(sink);
}

static smtpc_client_t *make_client(peer_t *peer, const sink_t *sink,
                                   unsigned int *random, apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(peer, env, pool);
    apr_status_t rv = APR_SUCCESS;

    rv |= smtpc_client_set_max_connections(client, 1 + (int)roll(random, 4));
    rv |= smtpc_client_set_pipeline_depth(client, 1 + (int)roll(random, 16));
    rv |= smtpc_client_set_recipients_per_transaction(
        client, roll(random, 3) ? 100 : 1 + (int)roll(random, 20));
    rv |= smtpc_client_set_messages_per_connection(
        client, roll(random, 4) ? 100 : 1 + (int)roll(random, 10));
    rv |= smtpc_client_set_timeout(client, PATIENCE / 2);
    rv |= smtpc_client_set_lmtp(client, sink->lmtp);
    if (rv != APR_SUCCESS) {
        tap_bail("settings");
    }
    return client;
}

static int make_messages(smtpc_message_t **messages, unsigned int *random,
                         apr_pool_t *pool)
{
    int count = 1 + (int)roll(random, roll(random, 3) ? 8 : MOST_MESSAGES);
    unsigned int most = roll(random, 3) ? 3 : MOST_RCPTS;
    int i;

    for (i = 0; i < count; i++) {
        apr_size_t size = roll(random, 100) == 0
                              ? 20000 + roll(random, 200000)
                              : roll(random, 300);

        messages[i] = sink_message(i, 1 + (int)roll(random, most),
                                   1 + (int)roll(random, 3), size, pool);
        if (roll(random, 12) == 0) {
            smtpc_message_set_all_or_none(messages[i], 1);
        }
    }
    return count;
}

static void count_result(tally_t *tally, const smtpc_result_t *result)
{
    apr_size_t i;

    for (i = 0; i < smtpc_result_recipient_count(result); i++) {
        smtpc_rcpt_state_e state = smtpc_result_recipient(result, i)->state;

        tally->accepted += state == SMTPC_RCPT_ACCEPTED;
        tally->refused += state == SMTPC_RCPT_REJECTED;
        tally->unsent += state == SMTPC_RCPT_UNSENT;
        tally->doubtful += state == SMTPC_RCPT_IN_DOUBT;
    }
    tally->messages++;
}

/* Return non-zero if recipients were left out although the message as a whole
 * was never refused. */
static int left_out(const sink_t *sink, const smtpc_message_t *message,
                    const smtpc_result_t *result)
{
    int unsent = 0;
    apr_size_t i;

    for (i = 0; i < smtpc_result_recipient_count(result); i++) {
        const smtpc_recipient_t *said = smtpc_result_recipient(result, i);

        if (said->state == SMTPC_RCPT_REJECTED
            && said->stage != SMTPC_STAGE_RCPT) {
            return 0;
        }
        unsent += said->state == SMTPC_RCPT_UNSENT;
    }
    return unsent > 0 && !sink->broken && !smtpc_message_all_or_none(message);
}

/* What is wrong with the results of count messages, or NULL. */
static const char *look(smtpc_result_t **results,
                        smtpc_message_t *const *messages, int count,
                        const sink_t *sink, tally_t *tally, apr_pool_t *pool)
{
    int i;

    if (sink->violation[0]) {
        return sink->violation;
    }
    for (i = 0; i < count; i++) {
        const char *wrong;

        if (!results[i]) {
            return apr_psprintf(pool, "message %d has no result", i);
        }
        wrong = sink_compare(sink, i, results[i], pool);
        if (wrong) {
            return wrong;
        }
        if (!sink->broken && sink->refuses == 0
            && smtpc_result_status(results[i]) != APR_SUCCESS
            && !(sink->rcpt_cap && smtpc_result_code(results[i]) == 452)) {
            return apr_psprintf(pool, "message %d got lost: %s", i,
                                smtpc_result_error(results[i]));
        }
        if (left_out(sink, messages[i], results[i])) {
            return apr_psprintf(pool, "a recipient of message %d was left "
                                "out: %s", i, smtpc_result_error(results[i]));
        }
        count_result(tally, results[i]);
    }
    tally->broken += sink->broken > 0;
    tally->whole += !sink->broken && sink->refuses == 0;
    return NULL;
}

static const char *run(unsigned int seed, tally_t *tally, apr_pool_t *pool)
{
    unsigned int random = seed * 2654435761u;
    sink_t *sink = apr_pcalloc(pool, sizeof(*sink));
    smtpc_message_t *messages[MOST_MESSAGES];
    smtpc_result_t *results[MOST_MESSAGES];
    smtpc_client_t *client;
    apr_time_t began;
    apr_time_t took;
    peer_t *peer;
    int count;

    make_sink(sink, &random, pool);
    peer = peer_start(sink_serve, sink);
    client = make_client(peer, sink, &random, pool);
    count = make_messages(messages, &random, pool);
    began = apr_time_now();
    (void)!smtpc_client_send_many(results, client, messages,
                                  (apr_size_t)count, pool);
    took = apr_time_now() - began;
    (void)!smtpc_client_dispose(client);
    (void)peer_quiet(peer);
    peer_stop(peer);
    pthread_mutex_destroy(&sink->lock);
    if (took > PATIENCE) {
        return apr_psprintf(pool, "took %d ms", (int)(took / 1000));
    }
    return look(results, messages, count, sink, tally, pool);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_pool_t *scratch;
    const char *given = getenv("MODEL_SEED");
    unsigned int first = given ? (unsigned int)strtoul(given, NULL, 10) : 1;
    unsigned int runs = given ? 1 : RUNS;
    tally_t tally = { 0 };
    unsigned int bad = 0;
    unsigned int i;

    signal(SIGALRM, on_alarm);
    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    apr_pool_create(&scratch, pool);
    for (i = 0; i < runs && bad < 5; i++) {
        const char *wrong;

        present = first + i;
        alarm(15);
        wrong = run(first + i, &tally, scratch);
        alarm(0);
        if (wrong) {
            tap_diag("MODEL_SEED=%u: %s", first + i, wrong);
            bad++;
        }
        apr_pool_clear(scratch);
    }
    tap_is_int(bad, 0, "%u random batches: what the server took is what the "
               "results say", runs);
    tap_diag("%u messages, recipients: %u accepted, %u refused, %u unsent, %u "
             "in doubt; %u batches with broken connections, %u with nothing "
             "wrong", tally.messages, tally.accepted, tally.refused,
             tally.unsent, tally.doubtful, tally.broken, tally.whole);
    if (!given) {
        tap_ok(tally.accepted > 5000 && tally.refused > 500
                   && tally.unsent > 100 && tally.doubtful > 50
                   && tally.broken > 40 && tally.whole > 40,
               "all of it happens");
    }
    return tap_done();
}
