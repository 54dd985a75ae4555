/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slow_test.c: servers that stall, drip, stop reading or answer too late. Where
 * minutes have to pass, the monotonic clock of the process is set forward by
 * what the server does; elsewhere the limits are short.
 */

#include <stdatomic.h>
#include <string.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "../support/async.h"
#include "../support/clock.h"
#include "../support/hostile.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** The limit of a stage. */
#define LIMIT apr_time_from_msec(80)
/** How much later it may end. Sanitizers take their time. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLACK apr_time_from_sec(10)
#else
#define SLACK apr_time_from_sec(1)
#endif

static SSL_CTX *tls;
static const char *ca_file;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

/* L1: a stall at each stage ends there, at its limit. */

typedef struct stall_t {
    const char *name;
    hostile_move_t move;
    smtpc_stage_e stage;
    apr_status_t status;
    const char *extensions;
    smtpc_security_e security;
    const char *user;
    hostile_move_t before;
} stall_t;

#define SILENT(line) { .at = line, .say = "", .then = "silent" }

static const stall_t stalls[] = {
    { "greeting", SILENT(""), SMTPC_STAGE_GREETING, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "EHLO", SILENT("EHLO"), SMTPC_STAGE_EHLO, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "HELO", SILENT("HELO"), SMTPC_STAGE_EHLO, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = "EHLO", .say = "500 what?" } },
    { "STARTTLS", SILENT("STARTTLS"), SMTPC_STAGE_STARTTLS, SMTPC_ETIMEOUT,
      NULL, SMTPC_SECURITY_STARTTLS, NULL, { .at = NULL } },
    { "the handshake", { .at = "STARTTLS", .say = "220 go",
                         .then = "silent" }, SMTPC_STAGE_TLS, SMTPC_ETIMEOUT,
      NULL, SMTPC_SECURITY_STARTTLS, NULL, { .at = NULL } },
    { "EHLO over TLS", { .at = "EHLO", .say = "", .then = "silent",
                         .when = HOSTILE_TLS }, SMTPC_STAGE_EHLO,
      SMTPC_ETIMEOUT, NULL, SMTPC_SECURITY_STARTTLS, NULL, { .at = NULL } },
    { "AUTH", SILENT("AUTH"), SMTPC_STAGE_AUTH, SMTPC_ETIMEOUT, "AUTH PLAIN",
      SMTPC_SECURITY_NONE, "web", { .at = NULL } },
    { "MAIL", SILENT("MAIL"), SMTPC_STAGE_MAIL, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "RCPT", SILENT("RCPT"), SMTPC_STAGE_RCPT, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "DATA", SILENT("DATA"), SMTPC_STAGE_DATA, SMTPC_ETIMEOUT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "MAIL, pipelined", SILENT("MAIL"), SMTPC_STAGE_MAIL, SMTPC_ETIMEOUT,
      "PIPELINING", SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "DATA, pipelined", SILENT("DATA"), SMTPC_STAGE_DATA, SMTPC_ETIMEOUT,
      "PIPELINING", SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "the end of data", SILENT("."), SMTPC_STAGE_END, SMTPC_EINDOUBT, NULL,
      SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
    { "the last chunk", SILENT("."), SMTPC_STAGE_END, SMTPC_EINDOUBT,
      "CHUNKING\nPIPELINING", SMTPC_SECURITY_NONE, NULL, { .at = NULL } },
};

static smtpc_stage_e limited; /* for set_limit() */

static void set_limit(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    must(smtpc_client_set_ca_file(client, ca_file), "CA");
    must(smtpc_client_set_stage_timeout(client, limited, LIMIT), "limit");
}

static void check_time(const smtpc_result_t *result, apr_pool_t *pool)
{
    apr_interval_time_t took = smtpc_result_timings(result)->total;

    (void)pool;
    tap_ok(took >= LIMIT && took < LIMIT + SLACK, "after %d ms",
           (int)apr_time_as_msec(took));
}

static void test_stall(const stall_t *stall)
{
    hostile_row_t row = {
        .name = apr_psprintf(tap_pool(), "L1: silence at %s", stall->name),
        .server = { .extensions = stall->extensions,
                    .moves = { stall->before, stall->move },
                    .tls = stall->security == SMTPC_SECURITY_STARTTLS
                               ? tls : NULL },
        .security = stall->security, .user = stall->user,
        .set_up = set_limit, .check = check_time,
        .status = stall->status, .stage = stall->stage, .code = HOSTILE_ANY,
        .state = stall->status == SMTPC_EINDOUBT ? SMTPC_RCPT_IN_DOUBT
                                                 : SMTPC_RCPT_UNSENT,
    };

    if (!row.server.moves[0].at) {
        row.server.moves[0] = stall->move;
        row.server.moves[1].at = NULL;
    }
    limited = stall->stage;
    hostile_run_one(&row, "");
}

/* L1: nobody answers the SYN: a port whose queue is full. */
static void test_connect(void)
{
    hostile_server_t server = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    smtpc_result_t *result;
    apr_sockaddr_t *address;
    apr_socket_t *listener;
    apr_socket_t *filler[4];
    apr_status_t rv;
    int i;

    tap_subtest_begin("L1: silence at connect");
    hostile_meet(&m, &server);
    must(apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, 0, 0, m.pool),
         "address");
    must(apr_socket_create(&listener, APR_INET, SOCK_STREAM, APR_PROTO_TCP,
                           m.pool), "socket");
    must(apr_socket_bind(listener, address), "bind");
    must(apr_socket_listen(listener, 0), "listen");
    must(apr_socket_addr_get(&address, APR_LOCAL, listener), "port");
    for (i = 0; i < 4; i++) {
        must(apr_socket_create(&filler[i], APR_INET, SOCK_STREAM,
                               APR_PROTO_TCP, m.pool), "socket");
        must(apr_socket_timeout_set(filler[i], apr_time_from_msec(50)),
             "non-blocking");
        (void)apr_socket_connect(filler[i], address);
    }
    must(smtpc_client_set_port(m.client, address->port), "port");
    must(smtpc_client_set_stage_timeout(m.client, SMTPC_STAGE_CONNECT,
                                        LIMIT), "limit");
    rv = mail_send(&result, m.client, "x@y.test", m.pool);
    tap_ok(rv == SMTPC_ETIMEOUT || rv == SMTPC_ECONNECT, "%s",
           mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONNECT, "stage");
    tap_ok(smtpc_result_timings(result)->total < LIMIT + SLACK, "in time");
    hostile_part(&m);
    hostile_forget(&m);
    tap_subtest_end();
}

/* L2, L3, L5, L10: a server that takes its time, with each byte or line, at
 * one command. */

typedef struct dripper_t {
    const char *command;
    const char *piece;           /* said again and again */
    apr_interval_time_t advance; /* of the clock with each */
    int pieces;                  /* then the good answer; 0: never */
    int mails;                   /* accepted, in the end */
} dripper_t;

/* Say it slowly; zero if the client has gone. */
static int drip(peer_conn_t *conn, const dripper_t *dripper)
{
    int i;

    for (i = 0; dripper->pieces == 0 || i < dripper->pieces; i++) {
        if (!peer_send(conn, dripper->piece, strlen(dripper->piece))) {
            return 0;
        }
        clock_advance(dripper->advance);
        apr_sleep(apr_time_from_msec(2));
    }
    return 1;
}

static void serve_dripper(peer_conn_t *conn, void *baton)
{
    dripper_t *dripper = baton;
    char line[1024];
    int content = 0;

    peer_prompt(conn);
    (void)peer_say(conn, "220 dripper");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (content && strcmp(line, ".") != 0) {
            continue;
        }
        dripper->mails += strcmp(line, ".") == 0;
        if (strncmp(line, dripper->command, strlen(dripper->command)) == 0
            && !drip(conn, dripper)) {
            return;
        }
        content = strcmp(line, "DATA") == 0;
        if (!peer_say(conn, content ? "354 go" : "250 ok")
            || strcmp(line, "QUIT") == 0) {
            return;
        }
    }
}

/** A command, and the stage that waits for its answer. */
static const struct {
    const char *command;
    smtpc_stage_e stage;
    apr_status_t status;
} waits[] = {
    { "EHLO", SMTPC_STAGE_EHLO, SMTPC_ETIMEOUT },
    { "MAIL", SMTPC_STAGE_MAIL, SMTPC_ETIMEOUT },
    { "RCPT", SMTPC_STAGE_RCPT, SMTPC_ETIMEOUT },
    { "DATA", SMTPC_STAGE_DATA, SMTPC_ETIMEOUT },
    { ".", SMTPC_STAGE_END, SMTPC_EINDOUBT },
};

/* L2: a byte in the last second of each limit buys no time. */
static void test_bytes(void)
{
    size_t i;

    for (i = 0; i < sizeof(waits) / sizeof(waits[0]); i++) {
        dripper_t dripper = { waits[i].command, "2", 0, 0, 0 };
        peer_t *peer;
        smtpc_client_t *client;
        smtpc_result_t *result;
        smtpc_env_t *env;
        apr_pool_t *pool;
        apr_status_t rv;

        /* The first byte is of a code, the others are of text. */
        dripper.piece = "250-x";
        dripper.advance = apr_time_from_sec(9);
        tap_subtest_begin("L2: drips at %s", waits[i].command);
        apr_pool_create_unmanaged(&pool);
        must(smtpc_env_create(&env, pool), "env");
        peer = peer_start(serve_dripper, &dripper);
        client = mail_client(peer, env, pool);
        must(smtpc_client_set_timeout(client, apr_time_from_sec(86400)),
             "timeout");
        must(smtpc_client_set_patience(client, SMTPC_PATIENCE_INTERACTIVE),
             "patience");
        rv = mail_send(&result, client, "x@y.test", pool);
        tap_is_int(rv, waits[i].status, "%s", mail_error(result));
        tap_is_int(smtpc_result_stage(result), waits[i].stage, "stage");
        /* Its clock runs ahead of a busy machine; without an end to the
         * answer as a whole, this one would come never. */
        tap_ok(smtpc_result_timings(result)->total < apr_time_from_sec(600),
               "after %d s of its clock", (int)apr_time_sec(
                   smtpc_result_timings(result)->total));
        must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
        apr_pool_destroy(pool);
        tap_subtest_end();
    }
}

/* L3, L5, L10: what a patient client does. */
static const struct {
    const char *name;
    dripper_t dripper;
    int limit; /* s, of the end of data; 0: RFC 5321's */
    apr_status_t status;
    smtpc_stage_e stage;
    smtpc_rcpt_state_e state;
    int mails;
} patients[] = {
    { "L3: a line of EHLO each second, for ever",
      { "EHLO", "250-x\r\n", apr_time_from_sec(1), 0, 0 }, 0,
      SMTPC_ELIMIT, SMTPC_STAGE_EHLO, SMTPC_RCPT_UNSENT, 0 },
    { "L3: a line of EHLO each ten seconds, for ever",
      { "EHLO", "250-x\r\n", apr_time_from_sec(10), 0, 0 }, 0,
      SMTPC_ETIMEOUT, SMTPC_STAGE_EHLO, SMTPC_RCPT_UNSENT, 0 },
    /* The last five of 600 are for the time that really passes. */
    { "L5: the answer to the message after 595 s",
      { ".", "250-x\r\n", apr_time_from_msec(9917), 60, 0 }, 0,
      APR_SUCCESS, SMTPC_STAGE_DONE, SMTPC_RCPT_ACCEPTED, 1 },
    { "L10: the answer to the message after 51 minutes",
      { ".", "250-x\r\n", apr_time_from_sec(31), 100, 0 }, 0,
      SMTPC_EINDOUBT, SMTPC_STAGE_END, SMTPC_RCPT_IN_DOUBT, 1 },
    { "L10: accepted behind a limit of one minute",
      { ".", "250-x\r\n", apr_time_from_sec(30), 100, 0 }, 60,
      SMTPC_EINDOUBT, SMTPC_STAGE_END, SMTPC_RCPT_IN_DOUBT, 1 },
};

static void test_patient(size_t i)
{
    dripper_t dripper = patients[i].dripper;
    smtpc_counters_t counters;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_message_t *message;
    smtpc_result_t *result;
    const char *id;
    smtpc_env_t *env;
    apr_pool_t *pool;
    apr_status_t rv;

    tap_subtest_begin("%s", patients[i].name);
    apr_pool_create_unmanaged(&pool);
    must(smtpc_env_create(&env, pool), "env");
    peer = peer_start(serve_dripper, &dripper);
    client = mail_client(peer, env, pool);
    must(smtpc_client_set_timeout(client, apr_time_from_sec(86400)),
         "timeout");
    must(smtpc_client_set_stage_timeout(client, SMTPC_STAGE_END,
                                        apr_time_from_sec(patients[i].limit)),
         "limit");
    message = async_message("x@y.test", pool);
    rv = smtpc_client_send(&result, client, message, pool);
    tap_is_int(rv, patients[i].status, "%s", mail_error(result));
    tap_is_int(smtpc_result_stage(result), patients[i].stage, "stage");
    tap_is_int(smtpc_result_recipient(result, 0)->state, patients[i].state,
               "state");
    tap_is_int(peer_accepted(peer), 1, "one connection: no second try");
    smtpc_env_counters(&counters, env);
    tap_is_int(counters.messages_in_doubt,
               patients[i].status == SMTPC_EINDOUBT, "counted");
    tap_ok(!smtpc_result_is_transient(result)
               || patients[i].state == SMTPC_RCPT_UNSENT,
           "no hint to send it again");
    id = smtpc_result_message_id(result);
    if (patients[i].status == SMTPC_EINDOUBT) {
        tap_ok(peer_quiet(peer), "the server has seen the end");
        /* As docs/errors.md tells who sends again. */
        dripper.command = "NONE";
        must(smtpc_message_set_message_id(message, id), "Message-ID");
        rv = smtpc_client_send(&result, client, message, pool);
        tap_is_int(rv, APR_SUCCESS, "sent again");
        tap_is_str(smtpc_result_message_id(result), id,
                   "with the same Message-ID");
    }
    must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_is_int(dripper.mails, patients[i].mails
                                  + (patients[i].status == SMTPC_EINDOUBT),
               "what the server took");
    apr_pool_destroy(pool);
    tap_subtest_end();
}

/* L4: a server that stops reading the content, or reads slowly. */

typedef struct reader_t {
    size_t bytes;                /* at a time; 0: none */
    apr_interval_time_t advance; /* of the clock with each */
} reader_t;

static void serve_reader(peer_conn_t *conn, void *baton)
{
    const reader_t *reader = baton;
    char scrap[65536];
    char line[1024];

    (void)peer_say(conn, "220 reader");
    while (peer_read_line(conn, line, sizeof(line))) {
        (void)peer_say(conn, strcmp(line, "DATA") == 0 ? "354 go" : "250 ok");
        if (strcmp(line, "DATA") == 0) {
            break;
        }
    }
    while (reader->bytes > 0 && peer_read(conn, scrap, reader->bytes) > 0) {
        clock_advance(reader->advance);
        apr_sleep(apr_time_from_msec(3));
    }
    if (reader->bytes == 0) {
        peer_wait_hangup(conn);
    }
}

static apr_status_t send_large(smtpc_result_t **result,
                               smtpc_client_t *client, size_t size,
                               apr_pool_t *pool)
{
    smtpc_message_t *message = async_message("x@y.test", pool);
    smtpc_attachment_t *attachment;
    char *data = apr_pcalloc(pool, size);

    must(smtpc_message_attach_bytes(&attachment, message, "a.bin",
                                    "application/octet-stream", data, size),
         "attach");
    return smtpc_client_send(result, client, message, pool);
}

static void test_reader(const char *name, size_t bytes,
                        apr_interval_time_t advance, int rate,
                        apr_interval_time_t limit, const char *says)
{
    reader_t reader = { bytes, advance };
    peer_t *peer = peer_start(serve_reader, &reader);
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    apr_pool_t *pool;
    apr_status_t rv;

    tap_subtest_begin("%s", name);
    apr_pool_create_unmanaged(&pool);
    must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    must(smtpc_client_set_timeout(client, apr_time_from_sec(7 * 86400)),
         "timeout");
    must(smtpc_client_set_stage_timeout(client, SMTPC_STAGE_CONTENT, limit),
         "limit");
    if (rate > 0) {
        must(smtpc_client_set_min_data_rate(client, rate), "rate");
    }
    rv = send_large(&result, client, 24 * 1024 * 1024, pool);
    tap_is_int(rv, SMTPC_ETIMEOUT, "%s", mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONTENT, "stage");
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent: its end was not sent");
    tap_ok(strstr(mail_error(result), says) != NULL, "says why");
    must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    apr_pool_destroy(pool);
    tap_subtest_end();
}

/* L6: whatever stalls, a caller's deadline holds. */
static void test_deadline(void)
{
    static const char *const places[] = { "", "EHLO", "MAIL", "RCPT", "DATA",
                                          "." };
    apr_interval_time_t deadline = apr_time_from_msec(300);
    size_t i;

    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        hostile_server_t server = { .moves = { SILENT(places[i]) } };
        hostile_meeting_t m;
        smtpc_result_t *result;
        apr_time_t began;
        apr_status_t rv;

        tap_subtest_begin("L6: a deadline, silence at \"%s\"", places[i]);
        hostile_meet(&m, &server);
        must(smtpc_client_set_timeout(m.client, deadline), "timeout");
        began = smtpc__monotonic();
        rv = mail_send(&result, m.client, "x@y.test", m.pool);
        began = smtpc__monotonic() - began;
        tap_is_int(rv, i == 5 ? SMTPC_EINDOUBT : SMTPC_ETIMEOUT, "%s",
                   mail_error(result));
        tap_ok(began >= deadline
               && began < deadline + apr_time_from_msec(200) + SLACK,
               "after %d ms", (int)apr_time_as_msec(began));
        hostile_part(&m);
        hostile_forget(&m);
        tap_subtest_end();
    }
}

/* L7: addresses that lead nowhere, and names that nobody knows. */
static void test_addresses(void)
{
    hostile_server_t server = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    smtpc_result_t *result;
    apr_time_t began;
    apr_status_t rv;

    tap_subtest_begin("L7: hosts that are not there");
    hostile_meet(&m, &server);
    must(smtpc_client_add_host(m.client, "127.0.0.1", mail_closed_port()),
         "host");
    must(smtpc_client_add_host(m.client, "no-such-host.invalid", 25), "host");
    must(smtpc_client_set_stage_timeout(m.client, SMTPC_STAGE_CONNECT,
                                        apr_time_from_sec(2)), "limit");
    must(smtpc_client_set_stage_timeout(m.client, SMTPC_STAGE_RESOLVE,
                                        apr_time_from_sec(2)), "limit");
    must(smtpc_client_set_host(m.client, "no-such-host.invalid"), "first");
    must(smtpc_client_add_host(m.client, "127.0.0.1", peer_port(m.peer)),
         "the good one");
    began = smtpc__monotonic();
    rv = mail_send(&result, m.client, "x@y.test", m.pool);
    tap_is_int(rv, APR_SUCCESS, "the fourth takes it: %s",
               mail_error(result));
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(6) + SLACK,
           "in time");
    hostile_part(&m);
    tap_is_int(m.hostile.mails, 1, "once");
    hostile_forget(&m);
    tap_subtest_end();
}

/* L7: another host is tried before the first command only. */
static void test_no_failover(void)
{
    hostile_server_t first = { .moves = { { .at = "RCPT", .say = "",
                                            .then = "close" } } };
    hostile_server_t second = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    hostile_t other;
    smtpc_result_t *result;
    peer_t *peer;

    tap_subtest_begin("L7: no other host once the mail was begun");
    hostile_meet(&m, &first);
    hostile_init(&other, &second);
    peer = peer_start(hostile_serve, &other);
    must(smtpc_client_add_host(m.client, "127.0.0.1", peer_port(peer)),
         "host");
    tap_is_int(mail_send(&result, m.client, "x@y.test", m.pool),
               SMTPC_ECONNECT, "the connection was lost");
    tap_is_int(peer_accepted(peer), 0, "and that was it");
    hostile_part(&m);
    peer_stop(peer);
    hostile_forget(&m);
    tap_subtest_end();
}

/* L8: no answer to QUIT. */
static void test_quit(const char *then)
{
    hostile_server_t server = { .moves = { { .at = "QUIT", .say = "",
                                             .then = then } } };
    hostile_meeting_t m;
    smtpc_result_t *result;
    apr_time_t began;

    tap_subtest_begin("L8: %s at QUIT", then);
    hostile_meet(&m, &server);
    tap_is_int(mail_send(&result, m.client, "x@y.test", m.pool), APR_SUCCESS,
               "sent");
    began = smtpc__monotonic();
    hostile_part(&m);
    tap_ok(smtpc__monotonic() - began < SMTPC_LIMIT_QUIT_WAIT + SLACK,
           "not waited for long");
    tap_is_str(hostile_heard(&m.hostile, 0, m.pool),
               "EHLO MAIL RCPT DATA . QUIT", "it was said");
    hostile_forget(&m);
    tap_subtest_end();
}

int main(void)
{
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    size_t i;

    tls = peer_ca_server(ca, &cert, tap_pool());
    ca_file = peer_ca_file(ca, tap_pool());
    for (i = 0; i < sizeof(stalls) / sizeof(stalls[0]); i++) {
        test_stall(&stalls[i]);
    }
    test_connect();
    test_deadline();
    test_addresses();
    test_no_failover();
    test_quit("silent");
    test_quit("close");
    test_quit("reset");
    test_reader("L4: stops reading", 0, 0, 0, LIMIT, "");
    /* 109 bytes per second; 500 are wanted, beyond what sockets hold. */
    test_reader("L4: reads a little now and then", 65536,
                apr_time_from_sec(600), 0, apr_time_from_sec(7200),
                "bytes per second");
    test_bytes();
    for (i = 0; i < sizeof(patients) / sizeof(patients[0]); i++) {
        test_patient(i);
    }
    return tap_done();
}
