/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_mail_test.c: transactions, in lock step and pipelined.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "../support/session_rig.h"
#include "../tap/tap.h"

/* The first byte of the terminator is what brings doubt. */
static void test_doubt_boundary(void)
{
    static const struct {
        const char *cut;
        const char *result;
    } rows[] = {
        { "Subject: hi\\r\\n\\r\\nHello\\r", "ECONNECT" },
        { "Subject: hi\\r\\n\\r\\nHello\\r\\n", "ECONNECT" },
        { "Subject: hi\\r\\n\\r\\nHello\\r\\n.", "EINDOUBT" },
        { "Subject: hi\\r\\n\\r\\nHello\\r\\n.\\r", "EINDOUBT" },
        { "Subject: hi\\r\\n\\r\\nHello\\r\\n.\\r\\n", "EINDOUBT" },
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        rig_run_text(apr_psprintf(tap_pool(), "=== P22 broken at %s\nHELLO\n"
                              "ENVELOPE\nC: DATA\nS: 354 go\nC-raw: %s\n"
                              "EOF\nexpect result %s\nexpect want close\n",
                              rows[i].cut, rows[i].cut, rows[i].result));
    }
}

/* P25, P27: a large content through the session is the filter's output. */
static void test_large_content(apr_size_t step)
{
    enum { SIZE = 200000 };
    rig_t rig;
    apr_pool_t *pool = tap_pool();
    char *content = apr_palloc(pool, SIZE + 1);
    char *wanted = apr_palloc(pool, SMTPC_DOT_EXPANSION(SIZE) + 5);
    char *got = apr_palloc(pool, SMTPC_DOT_EXPANSION(SIZE) + 16384);
    apr_size_t filtered_len;
    apr_size_t wanted_len;
    apr_size_t got_len = 0;
    smtpc_dot_t dot = { 0, 0, 0 };
    const char *data;
    apr_size_t len;

    for (int i = 0; i < SIZE; i++) {
        content[i] = ".\r\nx.\n.y"[(i * 7 + i / 3) % 8];
    }
    content[SIZE] = '\0';
    wanted_len = smtpc__dot_filter(&dot, wanted, content, SIZE);
    filtered_len = wanted_len;
    wanted_len += smtpc__dot_finish(&dot, wanted + wanted_len);
    rig_open(&rig, "", "250 hi\r\n");
    rig_begin(&rig, rig.session);
    if (smtpc_source_create_bytes(&rig.session->ring[0].given.content, content,
                                  SIZE, pool) != APR_SUCCESS) {
        tap_bail("source");
    }
    for (int i = 0; i < 3; i++) {
        (void)rig_drain(&rig);
        rig_say(&rig, i < 2 ? "250 ok\r\n" : "354 go\r\n");
    }
    while (smtpc__session_pull(&data, &len, rig.session) == APR_SUCCESS
           && len > 0) {
        len = len < step ? len : step;
        memcpy(got + got_len, data, len);
        got_len += len;
        smtpc__session_sent(rig.session, len);
    }
    tap_is_mem(got, got_len, wanted, wanted_len,
               "P25 content pulled in steps of %lu", (unsigned long)step);
    tap_is_int(rig.result->bytes, filtered_len, "bytes counted");
    tap_ok(rig.result->timings.sent > 0 && rig.result->timings.envelope > 0
               && rig.result->timings.ready > 0, "timings set");
}

/* More recipients than slots, in one pipelined group. */
static void test_many_recipients(int pipelining)
{
    enum { COUNT = SMTPC_LIMIT_SLOTS * 3 + 7 };
    rig_t rig;
    const char *to = REPLAY_TO;
    apr_size_t open_max = 0;
    int answered = 0;

    for (int i = 1; i < COUNT; i++) {
        to = apr_psprintf(tap_pool(), "%s,r%d@example.net", to, i);
    }
    rig_open(&rig, apr_pstrcat(tap_pool(), "set to=", to, "\n", NULL),
             pipelining ? "250-hi\r\n250 PIPELINING\r\n" : "250 hi\r\n");
    rig_begin(&rig, rig.session);
    while (answered < COUNT + 1 && smtpc__session_status(rig.session) == 0) {
        (void)rig_drain(&rig);
        if (rig.session->slot_count > open_max) {
            open_max = rig.session->slot_count;
        }
        rig_say(&rig, answered % 5 == 4 ? "550 5.1.1 no\r\n"
                                           : "250 2.1.5 ok\r\n");
        answered++;
    }
    (void)rig_drain(&rig);
    rig_say(&rig, "354 go\r\n");
    (void)rig_drain(&rig);
    rig_say(&rig, "250 2.0.0 ok\r\n");
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_EPARTIAL,
               "%d recipients, every fifth refused", COUNT);
    tap_is_int(open_max, pipelining ? SMTPC_LIMIT_SLOTS : 1,
               "the window is used and kept");
    tap_is_str(rig_recipient(&rig, 3), "REJECTED 550 RCPT", "the fourth");
    tap_is_str(rig_recipient(&rig, COUNT - 1), "ACCEPTED 250 END",
               "the last");
}

/* 16 KiB of refusal is not kept ten thousand times, nor half a character. */
static void test_recipient_text(int shift)
{
    rig_t rig;
    char line[SMTPC_LIMIT_REPLY_LINE];
    apr_size_t i;
    apr_size_t len;

    rig_open(&rig, "set to=a@x.org,b@x.org\n", "250 hi\r\n");
    rig_begin(&rig, rig.session);
    (void)rig_drain(&rig);
    rig_say(&rig, "250 ok\r\n");
    (void)rig_drain(&rig);
    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "550 ", 4);
    for (i = 4 + (apr_size_t)shift; i + 3 < sizeof(line); i += 3) {
        memcpy(line + i, "\xe2\x82\xac", 3);
    }
    line[i] = '\0';
    rig_say(&rig, line);
    rig_say(&rig, "\r\n");
    len = strlen(rig.result->recipients[0].text);
    tap_ok(len <= SMTPC_LIMIT_RECIPIENT_TEXT
           && len > SMTPC_LIMIT_RECIPIENT_TEXT - 3,
           "text of a recipient is cut: %d bytes", (int)len);
    tap_ok(smtpc__utf8_valid(rig.result->recipients[0].text, len),
           "between characters");
}

/* R7: a source that fails behind a full buffer: what went out has no end. */
static void test_source_fails(void)
{
    rig_t rig;
    const char *data;
    apr_size_t len;

    rig_open(&rig, "set source_fails=40000\n", "250 hi\r\n");
    rig_begin(&rig, rig.session);
    for (int i = 0; i < 3; i++) {
        (void)rig_drain(&rig);
        rig_say(&rig, i < 2 ? "250 ok\r\n" : "354 go\r\n");
    }
    tap_ok(rig_drain(&rig) < 40000, "not all of it is sent");
    tap_is_int(smtpc__session_status(rig.session), SMTPC_ESOURCE,
               "the session is over");
    tap_is_int(smtpc__session_pull(&data, &len, rig.session), APR_SUCCESS,
               "pull again");
    tap_is_int(len, 0, "nothing more to be sent");
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_ESOURCE, "result");
}

int main(void)
{
    rig_run_file("session_mail.txt");
    rig_run_file("session_pipelining.txt");
    test_doubt_boundary();
    test_many_recipients(0);
    test_many_recipients(1);
    test_large_content(1);
    test_large_content(7919);
    test_large_content(SMTPC_LIMIT_SESSION_BUFFER);
    for (int shift = 0; shift < 3; shift++) {
        test_recipient_text(shift);
    }
    test_source_fails();
    return tap_done();
}
