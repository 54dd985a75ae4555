/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope_test.c: servers that offer nonsense, refuse some recipients, or
 * answer a pipelined envelope with replies that do not fit each other.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/batch.h"
#include "../support/hostile.h"
#include "../tap/tap.h"

#define SENT .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250, \
             .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT

/* P14, P15: what EHLO says. */
static const hostile_row_t offers[] = {
    { .name = "P14: SIZE without a value", SENT,
      .server = { .extensions = "SIZE" } },
    { .name = "P14: SIZE below zero", SENT,
      .server = { .extensions = "SIZE -1" } },
    { .name = "P14: SIZE 2^64", SENT,
      .server = { .extensions = "SIZE 18446744073709551616" } },
    { .name = "P14: SIZE that is no number", SENT,
      .server = { .extensions = "SIZE big\nSIZE= 10\nSIZE 0x1" } },
    { .name = "P14: keywords nobody knows, twice, odd", SENT,
      .server = { .extensions = "XNOBODY 1\nXNOBODY\n8BITMIME\n8bitmime x\n"
                                "\n-\n=\n  \nDSN DSN DSN\nX-\x01\x7f" } },
    { .name = "P15: SIZE below that of the message",
      .server = { .extensions = "SIZE 20" },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_MAIL,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_REJECTED,
      .never = "MAIL DATA", .pool = HOSTILE_LAST },
};

/* P17: what was refused is not delivered, whatever DATA is answered. */
static void check_nothing_said(const smtpc_result_t *result, apr_pool_t *pool)
{
    (void)pool;
    tap_is_int(smtpc_result_bytes(result), 0, "no byte of it was sent");
}

static const hostile_row_t pipelined[] = {
    { .name = "P17: no to MAIL, yes to RCPT and DATA",
      .server = { .extensions = "PIPELINING",
                  .moves = { { .at = "MAIL", .say = "550 5.7.1 not you" },
                             { .at = "RCPT", .say = "250 ok" },
                             { .at = "DATA", .say = "354 go" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_MAIL, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .check = check_nothing_said,
      .says = "not you", .pool = HOSTILE_GONE,
      .heard = "EHLO MAIL RCPT DATA" },
    { .name = "P17: no to every RCPT, yes to DATA",
      .to = "a@x.test, b@x.test",
      .server = { .extensions = "PIPELINING",
                  .moves = { { .at = "RCPT", .say = "550 5.1.1 nobody" },
                             { .at = "RCPT", .say = "550 5.1.1 nobody" },
                             { .at = "DATA", .say = "354 go" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_RCPT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .check = check_nothing_said,
      .says = "nobody", .pool = HOSTILE_KEPT,
      .heard = "EHLO MAIL RCPT RCPT DATA . MAIL RCPT RCPT DATA . QUIT" },
    { .name = "P17: the empty message is taken too",
      .server = { .extensions = "PIPELINING",
                  .moves = { { .at = "RCPT", .say = "550 5.1.1 nobody" },
                             { .at = "DATA", .say = "354 go" },
                             { .at = ".", .say = "250 queued as Q1" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_RCPT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .says = "nobody",
      .pool = HOSTILE_KEPT },
};

/* P18: whom a server refuses. */

static const char *wanted_states;

static void check_states(const smtpc_result_t *result, apr_pool_t *pool)
{
    char *states = apr_pstrdup(pool, wanted_states);
    size_t i;

    tap_is_int(smtpc_result_recipient_count(result), strlen(states),
               "recipients");
    for (i = 0; i < smtpc_result_recipient_count(result); i++) {
        const smtpc_recipient_t *rcpt = smtpc_result_recipient(result, i);

        states[i] = rcpt->state == SMTPC_RCPT_ACCEPTED   ? 'y'
                    : rcpt->state == SMTPC_RCPT_REJECTED ? 'n' : '?';
        if (states[i] == 'n') {
            tap_is_int(rcpt->code, 550, "its own code");
        }
    }
    tap_is_str(states, wanted_states, "who got it");
}

static void test_refused(const char *states, const char *extensions)
{
    apr_pool_t *pool = tap_pool();
    int yes = strchr(states, 'y') != NULL;
    int no = strchr(states, 'n') != NULL;
    int moves = 0;
    const char *to = "";
    size_t i;
    hostile_row_t row = {
        .name = apr_psprintf(pool, "P18: %s, %s", states,
                             *extensions ? extensions : "in lock step"),
        .server = { .extensions = apr_psprintf(
                        pool, "%s%s", extensions,
                        strstr(extensions, "CHUNK") ? "\nPIPELINING" : "") },
        .status = !no ? APR_SUCCESS : yes ? SMTPC_EPARTIAL : SMTPC_EREJECTED,
        .stage = no ? SMTPC_STAGE_RCPT : SMTPC_STAGE_DONE,
        .code = HOSTILE_ANY,
        .state = *states == 'y' ? SMTPC_RCPT_ACCEPTED : SMTPC_RCPT_REJECTED,
        .pool = HOSTILE_KEPT,
        .check = check_states,
    };

    for (i = 0; states[i]; i++) {
        to = apr_psprintf(pool, "%s%sr%d@x.test", to, i > 0 ? ", " : "",
                          (int)i);
        if (states[i] == 'n') {
            row.server.moves[moves].at = apr_psprintf(
                pool, "RCPT TO:<r%d@", (int)i);
            row.server.moves[moves++].say = "550 5.1.1 nobody";
        }
    }
    row.to = to;
    wanted_states = states;
    hostile_run_one(&row, "");
}

static void test_all_refused(void)
{
    static const char *const states[] = { "yyyyy", "nyyyy", "yynyy", "yyyyn",
                                          "nnynn", "nnnnn" };
    static const char *const extensions[] = { "", "PIPELINING", "CHUNKING" };
    size_t i;
    size_t k;

    for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
        for (k = 0; k < sizeof(extensions) / sizeof(extensions[0]); k++) {
            test_refused(states[i], extensions[k]);
        }
    }
}

/* P19: too many at a time are no refusal. */
static void test_too_many(const char *surplus, const char *extensions)
{
    batch_t batch;

    tap_subtest_begin("P19: %s, %s", surplus, extensions);
    batch_make(&batch, tap_pool());
    batch.sink->extensions = extensions;
    batch.sink->rcpt_cap = 3;
    batch.sink->surplus = surplus;
    batch_start(&batch);
    tap_is_int(batch_send(&batch, 2, 10, 1), APR_SUCCESS, "all got it");
    tap_is_int(batch_count(&batch, SMTPC_RCPT_ACCEPTED), 20, "each");
    tap_is_int(batch.sink->most_rcpts, 3, "three at a time");
    tap_is_int(batch.sink->taken, 8, "in four transactions each");
    batch_end(&batch);
    tap_subtest_end();
}

/* P28: an address that this server cannot be told. */
static void write_utf8(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    batch_must(smtpc_client_set_delivery_format(client,
                                                SMTPC_FORMAT_INTERNATIONAL),
               "format");
}

static const hostile_row_t addresses[] = {
    { .name = "P28: a local part in UTF-8, no SMTPUTF8",
      .to = "j\xc3\xb6rg@example.net", .set_up = write_utf8,
      .status = SMTPC_EEXTENSION, .stage = SMTPC_STAGE_MAIL,
      .code = HOSTILE_ANY, .never = "MAIL", .pool = HOSTILE_LAST },
    { .name = "P28: only the domain is in UTF-8",
      .to = "ann@b\xc3\xbc" "cher.example", .status = APR_SUCCESS,
      .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED,
      .server = { .moves = {
                      { .at = "RCPT TO:<ann@xn--bcher-kva.example>",
                        .say = NULL },
                      { .at = "RCPT", .say = "550 not as an A-label",
                        .when = HOSTILE_ALWAYS } } },
      .pool = HOSTILE_LAST },
};

int main(void)
{
    hostile_run(offers, sizeof(offers) / sizeof(offers[0]));
    hostile_run(pipelined, sizeof(pipelined) / sizeof(pipelined[0]));
    test_all_refused();
    test_too_many("452 4.5.3 too many", "PIPELINING");
    test_too_many("452 4.5.3 too many", "8BITMIME");
    test_too_many("552 5.5.3 too many", "PIPELINING");
    hostile_run(addresses, sizeof(addresses) / sizeof(addresses[0]));
    return tap_done();
}
