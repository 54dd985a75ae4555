/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps_test.c: the state table, and what each row of it does when the
 * reply is of another class than hoped for, or none comes.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

/* The table itself. */
static void test_table(void)
{
    for (int i = 0; i < SMTPC_STEP_COUNT; i++) {
        const smtpc_step_t *step = &smtpc__steps[i];
        int waits = step->positive != NULL || step->transient != NULL
                    || step->send != NULL || i == SMTPC_STEP_TLS;

        if (!tap_ok(step->name != NULL, "row %d has a name", i)) {
            continue;
        }
        tap_ok(!waits || step->timeout > 0, "%s has a timeout", step->name);
        tap_ok(step->send == NULL || step->room > 0, "%s has room",
               step->name);
        tap_ok(step->room <= SMTPC_LIMIT_SESSION_BUFFER, "%s fits",
               step->name);
    }
}

/* P22, P23: each step is answered with 421, 4xx, 5xx, or a disconnect. */

/* A step of the plain dialogue: what precedes the reply, the good reply, and
 * what is expected when the reply is bad instead. */
typedef struct {
    const char *name;
    const char *client;   /* script before the reply */
    const char *good;
    const char *on_4xx;   /* script and expectations behind the bad reply */
    const char *on_5xx;
    const char *on_421;
    const char *on_eof;
} place_t;

#define LEAVES "C: QUIT\nexpect want close\n"
#define NO_RESULT_421 "expect status ETEMP\nexpect want close\n"
#define BACK "expect want ready\nexpect status ok\nexpect reusable yes\n"

static const place_t places[] = {
    { "greeting", "", "S: 220 hi",
      LEAVES "expect status ETEMP\nexpect stage GREETING",
      LEAVES "expect status ETEMP\nexpect stage GREETING",
      NO_RESULT_421 "expect stage GREETING",
      "expect status ECONNECT\nexpect stage GREETING" },
    { "EHLO", "C: EHLO " REPLAY_CLIENT, "S: 250 hi",
      LEAVES "expect status ETEMP\nexpect stage EHLO",
      LEAVES "expect status ETEMP\nexpect stage EHLO",
      NO_RESULT_421 "expect stage EHLO",
      "expect status ECONNECT\nexpect stage EHLO" },
    { "MAIL", "SEND\nC: MAIL FROM:<" REPLAY_FROM ">", "S: 250 ok",
      BACK "expect result ETEMP\nexpect at MAIL\n"
           "expect recipient0 REJECTED 450 MAIL\nexpect code 450",
      BACK "expect result EREJECTED\nexpect at MAIL\n"
           "expect recipient0 REJECTED 550 MAIL\nexpect code 550",
      "expect want close\nexpect status ETEMP\nexpect result ETEMP\n"
      "expect at MAIL\nexpect recipient0 UNSENT 421 MAIL",
      "expect want close\nexpect status ECONNECT\nexpect result ECONNECT\n"
      "expect at MAIL\nexpect recipient0 UNSENT 0 MAIL" },
    { "RCPT", "C: RCPT TO:<" REPLAY_TO ">", "S: 250 ok",
      "C: RSET\nS: 250 ok\n" BACK "expect result ETEMP\nexpect at RCPT\n"
      "expect recipient0 REJECTED 450 RCPT",
      "C: RSET\nS: 250 ok\n" BACK "expect result EREJECTED\n"
      "expect at RCPT\nexpect recipient0 REJECTED 550 RCPT",
      "expect want close\nexpect status ETEMP\nexpect result ETEMP\n"
      "expect at RCPT\nexpect recipient0 UNSENT 421 RCPT",
      "expect want close\nexpect status ECONNECT\nexpect result ECONNECT\n"
      "expect at RCPT\nexpect recipient0 UNSENT 0 RCPT" },
    { "DATA", "C: DATA", "S: 354 go",
      "C: RSET\nS: 250 ok\n" BACK "expect result ETEMP\nexpect at DATA\n"
      "expect recipient0 REJECTED 450 DATA",
      "C: RSET\nS: 250 ok\n" BACK "expect result EREJECTED\n"
      "expect at DATA\nexpect recipient0 REJECTED 550 DATA",
      "expect want close\nexpect status ETEMP\nexpect result ETEMP\n"
      "expect at DATA\nexpect recipient0 UNSENT 421 DATA",
      "expect want close\nexpect status ECONNECT\nexpect result ECONNECT\n"
      "expect at DATA\nexpect recipient0 UNSENT 0 DATA" },
    { "final dot", "C-raw: Subject: hi\\r\\n\\r\\nHello\\r\\n.\\r\\n",
      "S: 250 ok",
      BACK "expect result ETEMP\nexpect at END\n"
           "expect recipient0 REJECTED 450 END",
      BACK "expect result EREJECTED\nexpect at END\n"
           "expect recipient0 REJECTED 550 END",
      "expect want close\nexpect status ETEMP\nexpect result ETEMP\n"
      "expect at END\nexpect recipient0 REJECTED 421 END",
      "expect want close\nexpect status ECONNECT\nexpect result EINDOUBT\n"
      "expect at END\nexpect recipient0 IN_DOUBT 0 END" },
    { "QUIT", "QUIT\nC: QUIT", "S: 221 bye",
      "expect want close\nexpect status ok\nexpect result ok",
      "expect want close\nexpect status ok\nexpect result ok",
      "expect want close\nexpect status ok\nexpect result ok",
      "expect want close\nexpect status ok\nexpect result ok" },
};
#define PLACE_COUNT (sizeof(places) / sizeof(places[0]))

static void test_matrix(void)
{
    static const char *const bad[] = { "S: 450 4.3.0 not now",
                                       "S: 550 5.7.1 never",
                                       "S: 421 4.3.2 closing", "EOF" };
    apr_pool_t *pool = tap_pool();
    const char *before = "";

    for (apr_size_t i = 0; i < PLACE_COUNT; i++) {
        const place_t *place = &places[i];
        const char *tails[] = { place->on_4xx, place->on_5xx, place->on_421,
                                place->on_eof };

        before = apr_pstrcat(pool, before, place->client, "\n", NULL);
        for (int k = 0; k < 4; k++) {
            rig_run_text(apr_pstrcat(pool, "=== ", k < 3 ? "P23 " : "P22 ",
                                 bad[k], " at ", place->name, "\n", before,
                                 bad[k], "\n", tails[k], "\n", NULL));
        }
        before = apr_pstrcat(pool, before, place->good, "\n", NULL);
    }
}

/* P10, P12, P13: only the right code moves the state. */
static void test_codes(void)
{
    static const char *const codes[] = { "220", "221", "235", "354", "214" };
    static const struct {
        const char *name;
        const char *script;
        const char *except;
    } dialogues[] = {
        { "greeting", "", "220" },
        { "EHLO", "S: 220 hi\nC: EHLO " REPLAY_CLIENT "\n", "" },
        { "HELO", "S: 220 hi\nC: EHLO " REPLAY_CLIENT "\nS: 502 what\n"
                  "C: HELO " REPLAY_CLIENT "\n", "" },
        { "MAIL", "HELLO\nSEND\nC: MAIL FROM:<" REPLAY_FROM ">\n", "" },
        { "RCPT", "HELLO\nSEND\nC: MAIL FROM:<" REPLAY_FROM ">\nS: 250 ok\n"
                  "C: RCPT TO:<" REPLAY_TO ">\n", "" },
        { "DATA", "HELLO\nENVELOPE\nC: DATA\n", "354" },
        { "RSET", "HELLO\nENVELOPE\nC: DATA\nS: 554 no\nC: RSET\n", "" },
        { "final dot", "HELLO\nENVELOPE\nDATA\n", "" },
    };
    apr_pool_t *pool = tap_pool();

    for (apr_size_t i = 0; i < sizeof(dialogues) / sizeof(dialogues[0]);
         i++) {
        for (int k = 0; k < 5; k++) {
            if (strcmp(codes[k], dialogues[i].except) == 0) {
                continue;
            }
            rig_run_text(apr_pstrcat(pool, "=== P10 P12 P13 P16 P20 ", codes[k],
                                 " to ", dialogues[i].name, "\n",
                                 dialogues[i].script, "S: ", codes[k],
                                 " x\nexpect want close\n"
                                 "expect status EPROTO\n",
                                 i == 7 ? "expect result EINDOUBT\n" : "",
                                 NULL));
        }
    }
}

int main(void)
{
    test_table();
    test_matrix();
    test_codes();
    return tap_done();
}
