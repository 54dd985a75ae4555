/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_auth_test.c: AUTH, and what must not come of it.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

/* U6: the round limit, at it and beyond. LOGIN is done after two, so a
 * mechanism that goes on needs no more than "*" at the third. */
static void test_auth_rounds(void)
{
    rig_t rig;
    replay_case_t *script;
    apr_pool_t *pool = tap_pool();

    script = APR_ARRAY_IDX(replay_parse("=== U6\nset user=a\n"
                                        "set link=loopback\n", "made", pool),
                           0, replay_case_t *);
    rig_make(&rig, script, pool);
    rig.session->state = SMTPC_STEP_EHLO;
    rig.session->slot_count = 0;
    rig.session->caps.bits = SMTPC_CAP_AUTH;
    rig.session->caps.mechanisms = SMTPC_MECH_LOGIN;
    smtpc__session_login(rig.session);
    rig.session->auth.rounds = SMTPC_LIMIT_SASL_ROUNDS - 1;
    for (int i = 0; i < 2; i++) {
        const char *data;
        apr_size_t len;

        if (smtpc__session_pull(&data, &len, rig.session) == APR_SUCCESS) {
            smtpc__session_sent(rig.session, len);
        }
        rig_say(&rig, "334 \r\n");
        tap_is_int(smtpc__session_status(rig.session),
                   i == 0 ? APR_SUCCESS : SMTPC_EPROTO,
                   "U6 challenge number %d",
                   SMTPC_LIMIT_SASL_ROUNDS + i);
    }
}

/* U6: a challenge of the longest line goes through, one byte more ends it. */
static void test_challenge_length(int beyond)
{
    apr_pool_t *pool = tap_pool();
    apr_size_t len = SMTPC_LIMIT_SASL_LINE - 4;
    char *challenge = apr_palloc(pool, len + 2);

    memset(challenge, 'A', len + 1);
    challenge[len + beyond] = '\0';
    rig_run_text(apr_pstrcat(pool, "=== U6 challenge at the limit + ",
                         beyond ? "1" : "0", "\nset user=ann\n"
                         "set link=loopback\nHELLO AUTH LOGIN\n"
                         "C: AUTH LOGIN\nS: 334 ", challenge, "\n",
                         beyond ? "expect status ELIMIT\n"
                                : "C: YW5u\nS: 535 no\nC: QUIT\n"
                                  "expect status EAUTH\n", NULL));
}

/* U12: once it is sent, nothing of the password is left in the output. */
static void test_wiped(void)
{
    rig_t rig;
    const smtpc_buf_t *out;
    char *line;

    rig_open(&rig, "set user=ann\nset link=loopback\n",
             "250-hi\r\n250 AUTH PLAIN\r\n");
    out = &rig.session->out;
    tap_ok(rig_drain(&rig) == 29, "AUTH PLAIN is sent");
    line = memmem(out->data, out->size, "AGFubg", 6);
    tap_ok(line == NULL, "and wiped");
}

int main(void)
{
    rig_run_file("session_auth.txt");
    rig_run_file("session_scram.txt");
    rig_run_file("session_oauth.txt");
    test_auth_rounds();
    test_challenge_length(0);
    test_challenge_length(1);
    test_wiped();
    return tap_done();
}
