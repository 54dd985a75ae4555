/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_test.c: the scripted peer itself: it must see every difference,
 * through a session and as a transport.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/replay_transport.h"
#include "../support/session_rig.h"
#include "../tap/tap.h"

static const replay_case_t *one(const char *text)
{
    return APR_ARRAY_IDX(replay_parse(apr_pstrcat(tap_pool(), "=== x\n",
                                                  text, NULL),
                                      "made", tap_pool()),
                         0, const replay_case_t *);
}

/* Replay text with cut; return the complaint. */
static const char *complaint_of(const char *text, replay_cut_e cut)
{
    replay_owner_t owner;
    rig_t rig;

    rig_make(&rig, one(text), tap_pool());
    owner.send = rig_begin;
    owner.ask = rig_ask;
    owner.secured = rig_link("encrypted verified");
    owner.baton = &rig;
    return replay_session(rig.session, rig.script, cut, &owner, tap_pool());
}

static void test_session(void)
{
    static const struct {
        const char *script;
        const char *complaint;  /* holds this; NULL: none */
    } rows[] = {
        { "HELLO\nMESSAGE\nBYE\n", NULL },
        { "S: 220 hi\nC: EHLO other.example\n", "expected \"" },
        { "S: 220 hi\nC: EHLO client.example.orgx\n", "expected \"" },
        { "S: 220 hi\nC-raw: EHLO client.example.org\n", "expected nothing" },
        { "S: 220 hi\n", "expected nothing" },
        { "S: 554 no\n", "expected nothing" },
        { "S: 421 no\nC: QUIT\n", "nothing (wants close" },
        { "HELLO\nS: 421 no\nSEND\n", "expected a ready session" },
        { "HELLO\nTLS\n", "expected a session that wants TLS" },
        { "HELLO\nSEND\nS: 354 go\n", "expected nothing" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (int cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
            const char *got = complaint_of(rows[i].script,
                                           (replay_cut_e)cut);

            tap_ok(rows[i].complaint == NULL
                       ? got == NULL
                       : got != NULL
                             && strstr(got, rows[i].complaint) != NULL,
                   "row %d, %s: %s", (int)i,
                   replay_cut_name((replay_cut_e)cut),
                   got != NULL ? got : "fine");
        }
    }
    tap_ok(complaint_of("S: 220 hi\nS: 250 ok\n", REPLAY_WHOLE) == NULL,
           "lines in a row are one segment");
    tap_ok(complaint_of("S: 220 hi\nS: 250 ok\n", REPLAY_BY_LINE) != NULL,
           "or not, by line");
}

/* Read all there is from transport into text. */
static apr_status_t read_all(smtpc_transport_t *transport, char *text,
                             apr_size_t size)
{
    apr_size_t at = 0;

    for (;;) {
        apr_size_t len = size - 1 - at;
        apr_status_t rv = smtpc__transport_read(transport, text + at, &len);

        at += len;
        text[at] = '\0';
        smtpc__transport_expect(transport, 0);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
}

/* Write text; return the first status that is not success. */
static apr_status_t write_all(smtpc_transport_t *transport, const char *text)
{
    apr_size_t left = strlen(text);

    while (left > 0) {
        apr_size_t len = left;
        apr_status_t rv = smtpc__transport_write(transport, text, &len);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        text += len;
        left -= len;
    }
    return APR_SUCCESS;
}

static void test_transport(replay_cut_e cut)
{
    const replay_case_t *script = one("S: 220 hi\nS-raw: 2\\r\\n\nSEND\n"
                                      "C: EHLO a\nS: 250 ok\nEOF\n");
    replay_transport_t *replay = replay_transport_create(script, cut, NULL,
                                                         tap_pool());
    smtpc_transport_t *transport = replay_transport_get(replay);
    char text[100];

    tap_ok(smtpc__transport_pending(transport), "something waits");
    tap_is_int(read_all(transport, text, sizeof(text)), APR_EAGAIN,
               "then it is our turn");
    tap_is_str(text, "220 hi\r\n2\r\n", "both lines");
    tap_ok(replay_transport_complaint(replay, 1) != NULL, "not at its end");
    tap_is_int(write_all(transport, "EHLO a\r\n"), APR_SUCCESS, "as written");
    tap_is_int(read_all(transport, text, sizeof(text)), APR_EOF, "the end");
    tap_is_str(text, "250 ok\r\n", "the last line");
    tap_ok(replay_transport_complaint(replay, 1) == NULL, "no complaint");
    tap_is_int(write_all(transport, "x"), SMTPC_ECONNECT, "nobody listens");
    smtpc__transport_close(transport, 1);
    smtpc__transport_close(transport, 0);
    tap_is_int(replay_transport_closed(replay), REPLAY_CLOSED_GRACEFULLY,
               "the first close counts");
}

static void test_transport_faults(void)
{
    replay_faults_t faults = { .fail_at = 3, .status = SMTPC_ETLS,
                               .again_every = 2 };
    replay_transport_t *replay;
    smtpc_transport_t *transport;
    char text[100];
    apr_size_t len = sizeof(text);

    replay = replay_transport_create(one("S: 220 hi\nC: EHLO a\n"),
                                     REPLAY_WHOLE, &faults, tap_pool());
    transport = replay_transport_get(replay);
    tap_is_int(smtpc__transport_read(transport, text, &len), APR_SUCCESS,
               "first operation");
    len = 1;
    tap_is_int(smtpc__transport_write(transport, "E", &len), APR_EAGAIN,
               "second: again");
    tap_is_int(len, 0, "nothing was taken");
    len = 1;
    tap_is_int(smtpc__transport_write(transport, "E", &len), SMTPC_ETLS,
               "third fails");
    tap_is_int(replay_transport_operations(replay), 3, "counted");
    tap_is_str(smtpc__transport_error(transport), "failed as the test wants "
               "it", "error");

    replay = replay_transport_create(one("C: EHLO a\n"), REPLAY_WHOLE, NULL,
                                     tap_pool());
    tap_is_int(write_all(replay_transport_get(replay), "EHLO b\r\n"),
               SMTPC_ECONNECT, "a difference breaks the connection");
    tap_ok(replay_transport_complaint(replay, 0) != NULL, "and is kept: %s",
           replay_transport_complaint(replay, 0));
}

int main(void)
{
    test_session();
    for (int cut = 0; cut < REPLAY_CUT_COUNT; cut++) {
        test_transport((replay_cut_e)cut);
    }
    test_transport_faults();
    return tap_done();
}
