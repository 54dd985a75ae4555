/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_timeout_test.c: servers that stall, drip or stop reading: each wait ends
 * at its own limit, with the stage it was at.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "../support/batch.h"
#include "../support/clock.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** The limit of a stage. */
#define LIMIT apr_time_from_msec(60)
/** How much later it may end: L1. Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLACK apr_time_from_sec(10)
#else
#define SLACK apr_time_from_sec(1)
#endif

static smtpc_env_t *env;

/* Send one mail that has to end with wanted within least and slack more.
 * Returns its result. */
static smtpc_result_t *send_stalled(smtpc_client_t *client,
                                    apr_status_t wanted,
                                    apr_interval_time_t least,
                                    apr_interval_time_t slack,
                                    const char *what, apr_pool_t *pool)
{
    smtpc_result_t *result = NULL;
    apr_time_t began = smtpc__monotonic();
    apr_status_t rv = mail_send(&result, client, "ann@example.net", pool);
    apr_interval_time_t took = smtpc__monotonic() - began;

    tap_is_int(rv, wanted, "%s: %s", what, mail_error(result));
    tap_ok(took >= least && took < least + slack,
           "after %d ms", (int)apr_time_as_msec(took));
    return result;
}

/* L1: stalls at each command. */
static void test_stalls(const char *extensions, apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *greeting;
        peer_answer_t answer;
        smtpc_stage_e stage;
        apr_status_t status;
    } cases[] = {
        { "greeting", "!silent", { NULL, NULL }, SMTPC_STAGE_GREETING,
          SMTPC_ETIMEOUT },
        { "EHLO", NULL, { "EHLO", "!silent" }, SMTPC_STAGE_EHLO,
          SMTPC_ETIMEOUT },
        { "AUTH", NULL, { "AUTH", "!silent" }, SMTPC_STAGE_AUTH,
          SMTPC_ETIMEOUT },
        { "MAIL", NULL, { "MAIL", "!silent" }, SMTPC_STAGE_MAIL,
          SMTPC_ETIMEOUT },
        { "RCPT", NULL, { "RCPT", "!silent" }, SMTPC_STAGE_RCPT,
          SMTPC_ETIMEOUT },
        { "DATA", NULL, { "DATA", "!silent" }, SMTPC_STAGE_DATA,
          SMTPC_ETIMEOUT },
        { "final dot", NULL, { ".", "!silent" }, SMTPC_STAGE_END,
          SMTPC_EINDOUBT },
    };
    apr_size_t i;

    tap_subtest_begin("stalls, %s", extensions);
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_answer_t answers[2] = { cases[i].answer, { NULL, NULL } };
        smtpc_client_t *client;
        smtpc_result_t *result;
        peer_smtp_t smtp;
        peer_t *peer;

        peer_smtp_init(&smtp);
        smtp.greeting = cases[i].greeting;
        smtp.answers = answers;
        smtp.extensions = extensions;
        smtp.login = "AHdlYgBzZWNyZXQ=";
        peer = peer_start(peer_smtp_serve, &smtp);
        client = mail_client(peer, env, pool);
        batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE),
                   "security");
        batch_must(smtpc_client_set_credentials(client, "web", "secret"),
                   "credentials");
        batch_must(smtpc_client_set_stage_timeout(client, cases[i].stage,
                                                  LIMIT), "limit");
        result = send_stalled(client, cases[i].status, LIMIT, SLACK,
                              cases[i].what, pool);
        tap_is_int(smtpc_result_stage(result), cases[i].stage, "its stage");
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* A server that stops in the middle of TLS. */
static void serve_no_handshake(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    (void)peer_read_line(conn, line, sizeof(line));
    (void)peer_say(conn, "250-peer\r\n250 STARTTLS");
    (void)peer_read_line(conn, line, sizeof(line));
    (void)peer_say(conn, "220 go");
    peer_wait_end(conn);
}

static void test_tls_stalls(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "STARTTLS", "!silent" },
                                             { NULL, NULL } };
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    smtpc_result_t *result;
    smtpc_client_t *client;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("stalls on the way to TLS");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    smtp.tls = peer_ca_server(ca, &cert, pool);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
               "security");
    batch_must(smtpc_client_set_stage_timeout(
                   client, SMTPC_STAGE_STARTTLS, LIMIT), "limit");
    result = send_stalled(client, SMTPC_ETIMEOUT, LIMIT, SLACK, "STARTTLS",
                          pool);
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_STARTTLS, "stage");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);

    peer = peer_start(serve_no_handshake, NULL);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
               "security");
    batch_must(smtpc_client_set_stage_timeout(client, SMTPC_STAGE_TLS,
                                              LIMIT), "limit");
    result = send_stalled(client, SMTPC_ETIMEOUT, LIMIT, SLACK, "handshake",
                          pool);
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_TLS, "stage");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

/* A server that drips: the answer to a command comes a byte at a time and
 * never ends. */
typedef struct drip_t {
    const char *command;
    int pause;                   /* ms from byte to byte */
    apr_interval_time_t advance; /* of the clock with each */
} drip_t;

static void serve_drip(peer_conn_t *conn, void *baton)
{
    const drip_t *drip = baton;
    char line[256];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, drip->command, strlen(drip->command)) == 0) {
            (void)peer_send(conn, "250-", 4);
            while (peer_send(conn, "x", 1)) {
                clock_advance(drip->advance);
                apr_sleep(apr_time_from_msec(drip->pause));
            }
            return;
        }
        (void)peer_say(conn, "250 ok");
    }
}

/* INTERACTIVE: ten seconds for anything; RFC 5321 has minutes. The clock runs
 * fast as soon as the server has heard the command; the bytes make the loop
 * look at it. */
static void test_interactive(apr_pool_t *pool)
{
    static const struct {
        const char *command;
        smtpc_stage_e stage;
    } cases[] = { { "EHLO", SMTPC_STAGE_EHLO }, { "MAIL", SMTPC_STAGE_MAIL },
                  { "RCPT", SMTPC_STAGE_RCPT },
                  { "DATA", SMTPC_STAGE_DATA } };
    apr_size_t i;

    tap_subtest_begin("a patience of ten seconds");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        drip_t drip = { cases[i].command, 1, apr_time_from_msec(200) };
        peer_t *peer = peer_start(serve_drip, &drip);
        smtpc_client_t *client = mail_client(peer, env, pool);
        smtpc_result_t *result;

        batch_must(smtpc_client_set_patience(client,
                                             SMTPC_PATIENCE_INTERACTIVE),
                   "patience");
        result = send_stalled(client, SMTPC_ETIMEOUT,
                              SMTPC_TIMEOUT_INTERACTIVE,
                              apr_time_from_sec(60), cases[i].command, pool);
        tap_is_int(smtpc_result_stage(result), cases[i].stage, "stage");
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* L2: the deadline is for the whole answer. */
static void test_drip(apr_pool_t *pool)
{
    static const struct {
        const char *command;
        smtpc_stage_e stage;
    } cases[] = { { "EHLO", SMTPC_STAGE_EHLO }, { "MAIL", SMTPC_STAGE_MAIL },
                  { "RCPT", SMTPC_STAGE_RCPT } };
    apr_size_t i;

    tap_subtest_begin("a byte now and then");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        drip_t drip = { cases[i].command, 5, 0 };
        peer_t *peer = peer_start(serve_drip, &drip);
        smtpc_client_t *client = mail_client(peer, env, pool);
        smtpc_result_t *result;

        batch_must(smtpc_client_set_stage_timeout(client, cases[i].stage,
                                                  LIMIT), "limit");
        result = send_stalled(client, SMTPC_ETIMEOUT, LIMIT, SLACK,
                              cases[i].command, pool);
        tap_is_int(smtpc_result_stage(result), cases[i].stage, "stage");
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* L4: a server that stops reading, or reads slowly. */
typedef struct reader_t {
    int bytes;                /* of the content at a time; 0: none at all */
    apr_interval_time_t wait; /* between them */
} reader_t;

static void serve_slow(peer_conn_t *conn, void *baton)
{
    const reader_t *reader = baton;
    char scrap[65536];
    char line[256];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        (void)peer_say(conn, strcmp(line, "DATA") == 0 ? "354 go" : "250 ok");
        if (strcmp(line, "DATA") == 0) {
            break;
        }
    }
    /* At the end the client closes, so that this ends too. */
    while (reader->bytes > 0
           && peer_read(conn, scrap, (size_t)reader->bytes) > 0) {
        clock_advance(reader->wait);
        apr_sleep(apr_time_from_msec(1));
    }
    if (reader->bytes == 0) {
        peer_wait_hangup(conn);
    }
}

/* A mail of size bytes; sockets hold a few MB. */
static smtpc_message_t *large_message(apr_size_t size, apr_pool_t *pool)
{
    return sink_message(0, 1, 1, size, pool);
}

static void test_not_reading(apr_pool_t *pool)
{
    reader_t reader = { 0, 0 };
    peer_t *peer = peer_start(serve_slow, &reader);
    smtpc_client_t *client = mail_client(peer, env, pool);
    smtpc_message_t *message = large_message(16 * 1024 * 1024, pool);
    smtpc_result_t *result;
    apr_time_t began;

    tap_subtest_begin("a server that stops reading");
    batch_must(smtpc_client_set_stage_timeout(client, SMTPC_STAGE_CONTENT,
                                              LIMIT), "limit");
    began = smtpc__monotonic();
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               SMTPC_ETIMEOUT, "given up");
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(10), "in time: %s",
           mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONTENT, "stage");
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent: the end was not");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_reading_slowly(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        int rate;   /* bytes per second that are wanted */
        apr_status_t wanted;
    } cases[] = { { "too slow", 1000000, SMTPC_ETIMEOUT } };
    reader_t reader = { 65536, apr_time_from_sec(1) };
    apr_size_t i;

    tap_subtest_begin("a server that reads slowly");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_t *peer = peer_start(serve_slow, &reader);
        smtpc_client_t *client = mail_client(peer, env, pool);
        smtpc_message_t *message = large_message(32 * 1024 * 1024, pool);
        smtpc_result_t *result;

        batch_must(smtpc_client_set_min_data_rate(client, cases[i].rate),
                   "rate");
        batch_must(smtpc_client_set_timeout(client, apr_time_from_sec(86400)),
                   "timeout");
        tap_is_int(smtpc_client_send(&result, client, message, pool),
                   cases[i].wanted, "%s", cases[i].what);
        tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONTENT, "stage");
        tap_ok(strstr(mail_error(result), "bytes per second") != NULL, "%s",
               mail_error(result));
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* Each answer takes its time, and all together too long. */
static void serve_slowly(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)baton;
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        apr_sleep(apr_time_from_msec(60));
        (void)peer_say(conn, strcmp(line, "DATA") == 0 ? "354 go" : "250 ok");
    }
}

static void test_whole(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_slowly, NULL);
    smtpc_client_t *client = mail_client(peer, env, pool);

    tap_subtest_begin("the time for all of it");
    batch_must(smtpc_client_set_timeout(client, apr_time_from_msec(200)),
               "timeout");
    (void)send_stalled(client, SMTPC_ETIMEOUT, apr_time_from_msec(200), SLACK,
                       "answers of 60 ms each", pool);
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

/* L8: no answer to QUIT is no matter, and not waited for long. */
static void test_quit(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "QUIT", "!silent" },
                                             { NULL, NULL } };
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_time_t began;
    peer_smtp_t smtp;
    peer_t *peer;

    tap_subtest_begin("no answer to QUIT");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    began = smtpc__monotonic();
    batch_must(smtpc_client_dispose(client), "dispose");
    tap_ok(smtpc__monotonic() - began
               < SMTPC_LIMIT_QUIT_WAIT + apr_time_from_msec(500),
           "not waited for long");
    tap_ok(peer_quiet(peer), "closed");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "QUIT was said");
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    batch_must(smtpc_env_create(&env, pool), "env");
    test_stalls("8BITMIME", pool);
    test_stalls("PIPELINING", pool);
    test_tls_stalls(pool);
    test_interactive(pool);
    test_drip(pool);
    test_whole(pool);
    test_not_reading(pool);
    test_reading_slowly(pool);
    test_quit(pool);
    return tap_done();
}
