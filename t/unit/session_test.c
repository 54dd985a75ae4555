/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_test.c: the engine: bytes that are no reply or nobody's, limits
 * seen through it, and memory over many transactions.
 */
#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

/* P2, P3: limits of a reply seen through the session. */
static void test_reply_limits(void)
{
    apr_pool_t *pool = tap_pool();
    char *line = apr_palloc(pool, SMTPC_LIMIT_REPLY_LINE + 1);
    const char *many = "";

    memset(line, 'x', SMTPC_LIMIT_REPLY_LINE);
    line[SMTPC_LIMIT_REPLY_LINE - 4] = '\0';
    rig_run_text(apr_pstrcat(pool, "=== P2 line at the limit\nS: 220 ", line,
                             "\nC: EHLO " REPLAY_CLIENT "\n", NULL));
    line[SMTPC_LIMIT_REPLY_LINE - 4] = 'x';
    line[SMTPC_LIMIT_REPLY_LINE - 3] = '\0';
    rig_run_text(apr_pstrcat(pool, "=== P2 line beyond the limit\nS: 220 ",
                             line, "\nexpect status ELIMIT\n"
                             "expect want close\n", NULL));
    for (int i = 0; i < SMTPC_LIMIT_REPLY_LINES; i++) {
        many = apr_pstrcat(pool, many, "220-x\\r\\n", NULL);
    }
    rig_run_text(apr_pstrcat(pool, "=== P3 endless lines\nS-raw: ", many,
                         "220 x\\r\\n\nexpect status ELIMIT\n", NULL));
}

/* Pages of this process in memory. APR's allocator may use mmap(), so that
 * neither mallinfo() nor AddressSanitizer knows what pools hold. */
static long pages_in_memory(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long size = 0;
    long resident = 0;

    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2) {
        tap_bail("/proc/self/statm");
    }
    fclose(file);
    return resident;
}

/* Many transactions over one session: nothing may grow. */
static void test_memory(void)
{
    enum { ROUNDS = 20000, WARM = 200 };
    rig_t rig;
    apr_pool_t *pool;
    long before = 0;

    rig_open(&rig, "", "250-hi\r\n250-PIPELINING\r\n250 SIZE 1000\r\n");
    for (int i = 0; i < ROUNDS; i++) {
        if (i == WARM) {
            before = pages_in_memory();
        }
        apr_pool_create(&pool, tap_pool());
        rig.pool = pool;
        rig.results->nelts = 0;
        rig_begin(&rig, rig.session);
        (void)rig_drain(&rig);
        rig_say(&rig, i % 3 == 1 ? "250 a\r\n550 5.1.1 no\r\n554 b\r\n"
                                    : "250 a\r\n250 b\r\n354 c\r\n");
        (void)rig_drain(&rig);
        rig_say(&rig, "250 2.0.0 Ok: queued as 1\r\n");
        if (smtpc__session_want(rig.session) != SMTPC_WANT_READY) {
            tap_bail("round %d: %s", i, smtpc__session_error(rig.session));
        }
        apr_pool_destroy(pool);
    }
    /* One pointer a round would be 40 pages. */
    tap_ok(pages_in_memory() - before < 32,
           "%d transactions leave no memory behind: %ld pages",
           ROUNDS - WARM, pages_in_memory() - before);
}

/* A server out of order: random replies, some of them good, some cut, to
 * random commands. No assertion fails, and nothing looks delivered that is
 * not. */

/* Feed one reply that fits what is awaited, or now and then another. */
static void random_reply(rig_t *rig, apr_uint64_t *state)
{
    static const char *const good[SMTPC_STEP_COUNT] = {
        [SMTPC_STEP_GREETING] = "220 hi\r\n",
        [SMTPC_STEP_EHLO] = "250-x\r\n250-AUTH PLAIN LOGIN\r\n"
                            "250-PIPELINING\r\n250 STARTTLS\r\n",
        [SMTPC_STEP_HELO] = "250 hi\r\n",
        [SMTPC_STEP_STARTTLS] = "220 go\r\n",
        [SMTPC_STEP_AUTH] = "334 \r\n",
        [SMTPC_STEP_SASL] = "235 in\r\n",
        [SMTPC_STEP_DATA] = "354 go\r\n",
    };
    static const char *const any[] = {
        "250 ok\r\n", "220 x\r\n", "235 x\r\n", "334 x\r\n", "354 x\r\n",
        "421 x\r\n", "450 x\r\n", "454 x\r\n", "502 x\r\n", "504 x\r\n",
        "550 x\r\n", "221 x\r\n", "250-", "4", "\r\n", "x",
        "250 a\r\n250 b\r\n", "550 a\r\n354 b\r\n",
    };
    const char *text = good[rig->session->state];

    if (rig->session->state == SMTPC_STEP_EHLO
        && rig_random(state) % 2 == 0) {
        text = "250-x\r\n250-AUTH PLAIN LOGIN\r\n250-PIPELINING\r\n"
               "250-CHUNKING\r\n250 STARTTLS\r\n";
    }

    if (rig_random(state) % 8 == 0) {
        text = any[rig_random(state) % (sizeof(any) / sizeof(any[0]))];
    }
    rig_say(rig, text != NULL ? text : "250 ok\r\n");
}

/* Do the next thing; return zero when the session is over. */
static int random_step(rig_t *rig, apr_uint64_t *state)
{
    static const char *const asks[] = { "NOOP", "VRFY a", "EXPN b", "RSET" };
    smtpc_session_t *session = rig->session;
    smtpc_link_t link = rig_link("encrypted verified");
    const char *data;
    apr_size_t len;

    if (smtpc__session_want(session) != SMTPC_WANT_READY
        && smtpc__session_room(session) && rig_random(state) % 4 != 0) {
        rig_begin(rig, session);
        return 1;
    }
    switch (smtpc__session_want(session)) {
    case SMTPC_WANT_CLOSE:
        return 0;
    case SMTPC_WANT_TLS:
        smtpc__session_secured(session, &link);
        return 1;
    case SMTPC_WANT_READY:
        if (rig_random(state) % 4 == 0) {
            smtpc__session_quit(session);
        }
        else if (rig_random(state) % 8 == 0) {
            rig_ask(rig, session, asks[rig_random(state) % 4]);
        }
        else {
            rig_begin(rig, session);
        }
        return 1;
    case SMTPC_WANT_WRITE:
        if (rig_random(state) % 16 != 0
            && smtpc__session_pull(&data, &len, session) == APR_SUCCESS) {
            smtpc__session_sent(session, rig_random(state) % 8 == 0
                                             ? len / 2 : len);
            return 1;
        }
        break;
    default:
        break;
    }
    if (rig_random(state) % 64 == 0) {
        smtpc__session_abort(session, SMTPC_ECONNECT, "broken");
        return 0;
    }
    random_reply(rig, state);
    return 1;
}

/* Return non-zero if what the result of tx says can be so. */
static int result_is_sane(const rig_t *rig, const smtpc_tx_t *tx)
{
    smtpc_result_t *result = tx->given.result;
    int sent = tx->has_end && rig->session->sent >= tx->end_offset;

    for (apr_size_t i = 0; i < result->recipient_count; i++) {
        smtpc_rcpt_state_e state = result->recipients[i].state;

        if (state == SMTPC_RCPT_ACCEPTED && !sent) {
            return 0;
        }
        if (state == SMTPC_RCPT_IN_DOUBT
            && (!tx->has_end || rig->session->sent <= tx->doubt_offset)) {
            return 0;
        }
    }
    return smtpc__result_finish(result) != APR_EGENERAL;
}

/* What became of the transactions of all random sessions. */
typedef struct tally_t {
    unsigned int begun;
    unsigned int over;
    unsigned int insane;
    unsigned int accepted;
    unsigned int doubtful;
    unsigned int most; /* under way at a time */
} tally_t;

/* Take back and judge what is over. */
static void judge(tally_t *tally, rig_t *rig)
{
    smtpc_session_t *session = rig->session;
    smtpc_finished_t finished;

    if (session->tx_under_way > tally->most) {
        tally->most = (unsigned int)session->tx_under_way;
    }
    while (session->tx_count > 0) {
        const smtpc_tx_t *tx = &session->ring[session->tx_first];
        smtpc_result_t *result = tx->given.result;

        if (!tx->over) {
            return;
        }
        tally->insane += !result_is_sane(rig, tx);
        if (smtpc__session_finished(&finished, session) != 1
            || finished.transaction.result != result
            || (finished.untouched && result->status == SMTPC_EINDOUBT)) {
            tally->insane++;
        }
        tally->over++;
        tally->accepted += result->status == APR_SUCCESS;
        tally->doubtful += result->status == SMTPC_EINDOUBT;
    }
}

static void test_random(void)
{
    enum { ROUNDS = 18000 };
    static const char *const cases[] = {
        "=== x\nset to=a@x.org,b@x.org,c@x.org\n",
        "=== x\nset security=starttls\nset user=a\n",
        "=== x\nset security=opportunistic\n",
        "=== x\nset link=loopback\nset user=a\nset to=a@x.org,b@x.org\n",
        "=== x\nset lmtp=1\nset to=a@x.org,b@x.org,c@x.org\n",
        "=== x\nset all_or_none=1\nset to=a@x.org,b@x.org\n",
        "=== x\nset to=a@x.org,b@x.org,c@x.org\nset recipients=0,2\n",
        "=== x\nset early=AUTH PLAIN LOGIN;PIPELINING;CHUNKING;STARTTLS\n",
        "=== x\nset lmtp=1\nset size=-1\nset all_or_none=1\n"
        "set to=a@x.org,b@x.org,c@x.org\nset recipients=1,2\n"
        "set early=AUTH PLAIN LOGIN;PIPELINING;CHUNKING;STARTTLS\n",
    };
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    apr_uint64_t state = 1;
    tally_t tally = { 0 };

    for (int i = 0; i < ROUNDS; i++) {
        apr_pool_t *pool;
        rig_t rig;

        apr_pool_create(&pool, tap_pool());
        rig_make(&rig, APR_ARRAY_IDX(replay_parse(cases[i % CASES], "made",
                                                  pool), 0,
                                     replay_case_t *), pool);
        smtpc_env_set_log(rig.env, SMTPC_LOG_ERROR, NULL, NULL);
        while (random_step(&rig, &state)) {
            judge(&tally, &rig);
        }
        judge(&tally, &rig);
        tally.begun += (unsigned int)rig.begun;
        apr_pool_destroy(pool);
    }
    tap_is_int(tally.insane, 0, "%d random sessions tell no lies", ROUNDS);
    tap_is_int(tally.over, tally.begun, "each transaction ends once");
    tap_ok(tally.accepted > 1000 && tally.doubtful > 10 && tally.most == 8,
           "and get somewhere: %u accepted, %u in doubt, %u at a time",
           tally.accepted, tally.doubtful, tally.most);
}

/* What the owner's deadline for one reply goes by. */
static void test_replies_counted(void)
{
    rig_t rig;

    rig_open(&rig, "", "250-hi\r\n250 SIZE\r\n");
    tap_is_int(smtpc__session_replies(rig.session), 2, "two replies");
    tap_is_int(smtpc__session_stage_timeout(rig.session), 0,
               "no deadline while ready");
    smtpc__session_quit(rig.session);
    tap_is_int(smtpc__session_stage_timeout(rig.session),
               SMTPC_LIMIT_QUIT_WAIT, "that of QUIT");
}

int main(void)
{
    test_replies_counted();
    test_random();
    rig_run_file("session_parser.txt");
    test_reply_limits();
    test_memory();
    return tap_done();
}
