/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_send_test.c: sends through the public functions to a server of
 * threads: results, timeouts, kept connections, TLS, the log.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"


static smtpc_env_t *env;

/* The body of the last mail is there, and Bcc is not: content arrives. */
static void test_success(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    const smtpc_recipient_t *recipient;

    tap_subtest_begin("success, and the connection is used again");
    peer_smtp_init(&smtp);
    smtp.extensions = "SIZE 1000000\n8BITMIME\nPIPELINING";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "ann@example.net, bob@example.net",
                       pool), APR_SUCCESS, "the first goes");
    tap_is_int(smtpc_result_code(result), 250, "code");
    tap_is_str(smtpc_result_enhanced(result), "2.0.0", "enhanced code");
    tap_is_str(smtpc_result_queue_id(result), "Q01", "queue id");
    tap_ok(strstr(smtpc_result_capabilities(result), "8BITMIME") != NULL,
           "capabilities: %s", smtpc_result_capabilities(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_DONE, "stage");
    tap_is_str(smtpc_result_host(result), "127.0.0.1", "host");
    tap_is_str(smtpc_result_peer(result),
               apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer)), "peer");
    tap_is_int(smtpc_result_recipient_count(result), 2, "two recipients");
    recipient = smtpc_result_recipient(result, 1);
    tap_is_str(recipient->address, "bob@example.net", "address");
    tap_is_int(recipient->state, SMTPC_RCPT_ACCEPTED, "accepted");
    tap_ok(smtpc_result_timings(result)->connected > 0
               && smtpc_result_timings(result)->total
                      >= smtpc_result_timings(result)->connected, "timings");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool), APR_SUCCESS,
               "the second goes");
    tap_is_str(smtpc_result_queue_id(result), "Q02", "same connection");
    tap_is_int(smtpc_result_timings(result)->connected, 0,
               "no time for connecting");
    tap_is_int(peer_accepted(peer), 1, "one connection");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "no QUIT yet");
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "disposed");
    tap_ok(peer_quiet(peer), "the connection ended");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "with QUIT");
    tap_is_int(smtp.messages, 2, "two messages arrived");
    tap_ok(strstr(smtp.last, "\r\n\r\nFirst mail.\r\n") != NULL, "the body");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool),
               SMTPC_EDISPOSED, "no send afterwards");
    tap_ok(result == NULL, "and no result");
    tap_is_int(smtpc_client_set_port(client, 26), SMTPC_EDISPOSED,
               "no setter either");
    tap_is_int(smtpc_client_dispose(client), APR_SUCCESS, "dispose again");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_refusals(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = {
        { "RCPT TO:<no@", "550 5.1.1 no such user" },
        { "RCPT TO:<later@", "451 4.3.0 try later" },
        { NULL, NULL }
    };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;

    tap_subtest_begin("refusals");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "ann@a.test, no@a.test", pool),
               SMTPC_EPARTIAL, "one refused");
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_ACCEPTED,
               "the other has it");
    tap_is_int(smtpc_result_recipient(result, 1)->state, SMTPC_RCPT_REJECTED,
               "rejected");
    tap_is_int(smtpc_result_recipient(result, 1)->code, 550, "550");
    tap_is_str(smtpc_result_recipient(result, 1)->text, "no such user",
               "its text");
    tap_is_int(mail_send(&result, client, "no@a.test", pool), SMTPC_EREJECTED,
               "all refused");
    tap_is_int(mail_send(&result, client, "later@a.test", pool), SMTPC_ETEMP,
               "refused for now");
    tap_ok(smtpc_result_is_transient(result), "transient");
    tap_is_int(mail_send(&result, client, "ann@a.test", pool), APR_SUCCESS,
               "the next goes");
    tap_is_int(peer_accepted(peer), 1, "all on one connection");
    tap_is_int(smtp.messages, 2, "two messages");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_unreachable(apr_pool_t *pool)
{
    int port = mail_closed_port();
    smtpc_client_t *client;
    smtpc_result_t *result;

    tap_subtest_begin("nobody there");
    tap_is_int(smtpc_client_create(&client, env, "127.0.0.1", port, pool),
               APR_SUCCESS, "client");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_ECONNECT,
               "closed port");
    tap_is_str(mail_error(result),
               apr_psprintf(pool, "cannot connect to 127.0.0.1:%d: Connection "
                            "refused", port), "says where and why");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_CONNECT, "stage");
    tap_ok(smtpc_result_is_transient(result), "transient");
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent");
    tap_is_int(smtpc_client_set_host(client, "localhost"), APR_SUCCESS,
               "localhost");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_ECONNECT,
               "both addresses");
    tap_ok(strstr(mail_error(result), "127.0.0.1") != NULL
               && strstr(mail_error(result), "[::1]") != NULL, "%s",
           mail_error(result));
    tap_is_int(smtpc_client_set_host(client, "no-such-host.invalid"),
               APR_SUCCESS, "no host of that name");
    tap_is_int(smtpc_client_set_timeout(client, apr_time_from_sec(20)),
               APR_SUCCESS, "20 s");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_ECONNECT,
               "does not resolve");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_RESOLVE, "%s",
               mail_error(result));
    tap_subtest_end();
}

/* The timeout holds at every place where a server can fall silent. */
static void test_silence(apr_pool_t *pool)
{
    static const char *const places[] = { "", "EHLO", "MAIL", "RCPT", "DATA",
                                          ".", "QUIT" };
    apr_size_t i;
    apr_status_t rv;

    tap_subtest_begin("silent servers");
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        peer_answer_t answers[2] = { { places[i], "!silent" }, { NULL, NULL } };
        apr_status_t wanted = SMTPC_ETIMEOUT;
        peer_smtp_t smtp;
        peer_t *peer;
        smtpc_client_t *client;
        smtpc_result_t *result;
        apr_time_t start;

        peer_smtp_init(&smtp);
        smtp.answers = answers;
        if (i == 0) {
            smtp.greeting = "!silent";
            answers[0].start = NULL;
        }
        peer = peer_start(peer_smtp_serve, &smtp);
        client = mail_client(peer, env, pool);
        tap_is_int(smtpc_client_set_timeout(client,
                                            apr_time_from_msec(300)),
                   APR_SUCCESS, "300 ms for silence at \"%s\"", places[i]);
        if (strcmp(places[i], ".") == 0) {
            wanted = SMTPC_EINDOUBT;
        }
        else if (strcmp(places[i], "QUIT") == 0) {
            wanted = APR_SUCCESS;
        }
        start = apr_time_now();
        rv = mail_send(&result, client, "x@y.test", pool);
        tap_is_int(rv, wanted,
                   "status: %s", mail_error(result));
        tap_ok(apr_time_now() - start < apr_time_from_msec(1300),
               "in time");
        tap_is_int(smtpc_result_recipient(result, 0)->state,
                   wanted == APR_SUCCESS ? SMTPC_RCPT_ACCEPTED
                   : wanted == SMTPC_EINDOUBT ? SMTPC_RCPT_IN_DOUBT
                                              : SMTPC_RCPT_UNSENT,
                   "state");
        start = apr_time_now();
        smtpc_client_dispose(client);
        tap_ok(apr_time_now() - start < apr_time_from_msec(2700),
               "dispose waits 2 s at most");
        peer_stop(peer);
    }
    tap_subtest_end();
}

/* Serve one message on each connection, then close as baton says. */
static void serve_one_and_go(peer_conn_t *conn, void *baton)
{
    char line[1024];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        (void)peer_say(conn, strcmp(line, "DATA") == 0 ? "354 go" : "250 ok");
        if (strcmp(line, "DATA") == 0) {
            break;
        }
    }
    while (peer_read_line(conn, line, sizeof(line))
           && strcmp(line, ".") != 0) {
        continue;
    }
    (void)peer_say(conn, "250 ok");
    if (*(const char *)baton != '\0') {
        (void)peer_say(conn, "%s", (const char *)baton);
    }
}

static void test_kept(apr_pool_t *pool)
{
    static char says[2][32] = { "", "421 4.4.2 idle too long" };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    int i;
    apr_status_t rv;

    tap_subtest_begin("kept connections that are gone");
    for (i = 0; i < 2; i++) {
        peer = peer_start(serve_one_and_go, says[i]);
        client = mail_client(peer, env, pool);
        tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
                   "first");
        tap_ok(peer_quiet(peer), "the server closes, saying \"%s\"",
               says[i]);
        rv = mail_send(&result, client, "x@y.test", pool);
        tap_is_int(rv, APR_SUCCESS,
                   "second: %s", mail_error(result));
        tap_is_int(peer_heard(peer, "MAIL"), 2,
                   "the dead connection was not tried");
        smtpc_client_dispose(client);
        peer_stop(peer);
    }
    peer_smtp_init(&smtp);
    smtp.max_messages = 1;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "first");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, APR_SUCCESS,
               "421 at the second MAIL: %s", mail_error(result));
    tap_is_str(smtpc_result_queue_id(result), "Q11", "a new connection");
    tap_is_int(peer_heard(peer, "MAIL"), 3, "after one try");
    tap_is_int(smtp.messages, 2, "each arrived once");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

/* Serve one message, then do what baton says when the next begins. */
static void serve_once(peer_conn_t *conn, void *baton)
{
    const peer_answer_t *answer = baton;
    peer_smtp_t smtp;
    char line[1024];
    int messages = 0;

    peer_smtp_init(&smtp);
    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (messages == 1 && peer_conn_index(conn) == 0
            && strncmp(line, answer->start, strlen(answer->start)) == 0) {
            if (strcmp(answer->say, "!reset") == 0) {
                peer_reset(conn);
            }
            return;
        }
        if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
        }
        else if (strcmp(line, ".") == 0) {
            messages++;
            (void)peer_say(conn, "250 ok");
        }
        else if (strncmp(line, "EHLO", 4) == 0
                 || strncmp(line, "MAIL", 4) == 0
                 || strncmp(line, "RCPT", 4) == 0) {
            (void)peer_say(conn, "250 ok");
        }
        else if (strcmp(line, "QUIT") == 0) {
            return;
        }
    }
}

static void test_lost(apr_pool_t *pool)
{
    static const struct {
        peer_answer_t answer;
        apr_status_t wanted;
        int connections;
    } cases[] = { { { "MAIL", "!close" }, APR_SUCCESS, 2 },
                  { { "MAIL", "!reset" }, APR_SUCCESS, 2 },
                  { { "RCPT", "!close" }, SMTPC_ECONNECT, 1 },
                  { { "DATA", "!close" }, SMTPC_ECONNECT, 1 },
                  { { ".", "!close" }, SMTPC_EINDOUBT, 1 } };
    apr_size_t i;
    apr_status_t rv;

    tap_subtest_begin("kept connections that break in use");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_answer_t answer = cases[i].answer;
        peer_t *peer = peer_start(serve_once, &answer);
        smtpc_client_t *client = mail_client(peer, env, pool);
        smtpc_result_t *result;

        tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
                   "first");
        rv = mail_send(&result, client, "x@y.test", pool);
        tap_is_int(rv, cases[i].wanted, "%s at %s: %s", answer.say, answer.start,
                   mail_error(result));
        tap_is_int(peer_accepted(peer), cases[i].connections, "connections");
        smtpc_client_dispose(client);
        peer_stop(peer);
    }
    tap_subtest_end();
}

static void test_tls(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1,DNS:mail.test" };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("STARTTLS and login");
    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.login = "AHdlYgBzZWNyZXQ="; /* \0web\0secret */
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_set_credentials(client, "web", "secret"),
               APR_SUCCESS, "credentials");
    tap_is_int(smtpc_client_security(client), SMTPC_SECURITY_STARTTLS,
               "with credentials: STARTTLS");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, SMTPC_ETLS,
               "CA unknown: %s", mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_TLS, "stage");
    tap_is_int(peer_heard(peer, "AUTH"), 0, "no password sent");
    tap_is_int(smtpc_client_set_ca_file(client, peer_ca_file(ca, pool)),
               APR_SUCCESS, "CA file");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, APR_SUCCESS,
               "goes: %s", mail_error(result));
    tap_ok(strncmp(smtpc_result_tls_protocol(result), "TLSv1.", 6) == 0,
           "%s, %s", smtpc_result_tls_protocol(result),
           smtpc_result_tls_cipher(result));
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "again");
    tap_ok(smtpc_result_tls_cipher(result)[0] != '\0',
           "TLS of the kept connection is told");
    tap_is_int(peer_accepted(peer), 2, "on the same connection");
    tap_is_int(smtpc_client_set_verify_name(client, "mail.test"), APR_SUCCESS,
               "other name");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "goes too");
    tap_is_int(peer_accepted(peer), 3,
               "not on a connection verified otherwise");
    tap_is_int(smtpc_client_set_verify_name(client, "wrong.test"),
               APR_SUCCESS, "wrong name");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, SMTPC_ETLS,
               "refused: %s", mail_error(result));
    tap_is_int(smtpc_client_set_verify_name(client, NULL), APR_SUCCESS,
               "right name");
    tap_is_int(smtpc_client_set_credentials(client, "web", "wrong"),
               APR_SUCCESS, "wrong password");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, SMTPC_EAUTH,
               "refused: %s", mail_error(result));
    tap_is_int(smtpc_result_code(result), 535, "with its code");
    smtpc_client_dispose(client);
    tap_ok(peer_quiet(peer), "all over");
    tap_is_int(smtp.messages, 3, "three arrived");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_implicit(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("implicit TLS");
    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.implicit = 1;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(smtpc_client_set_security(client, SMTPC_SECURITY_IMPLICIT),
               APR_SUCCESS, "implicit");
    tap_is_int(smtpc_client_set_ca_file(client, peer_ca_file(ca, pool)),
               APR_SUCCESS, "CA file");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, APR_SUCCESS,
               "goes: %s", mail_error(result));
    smtpc_client_dispose(client);
    tap_ok(peer_quiet(peer), "closed");
    tap_is_int(peer_heard(peer, "QUIT"), 1, "with QUIT");
    peer_stop(peer);
    tap_subtest_end();
}

/* One line per message for the log, without content. */
static char logged[8192];

static void log_line(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    if (level <= SMTPC_LOG_INFO) {
        apr_cpystrn(logged + strlen(logged), text,
                    sizeof(logged) - strlen(logged));
    }
}

static void test_log(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;

    tap_subtest_begin("the log");
    smtpc_env_set_log(env, SMTPC_LOG_INFO, log_line, NULL);
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "sent");
    tap_ok(strstr(logged, smtpc_result_message_id(result))
               && strstr(logged, "127.0.0.1") && strstr(logged, "1 of 1")
               && strstr(logged, "Q01"), "%s", logged);
    tap_ok(!strstr(logged, "First mail") && !strstr(logged, "Hello"),
           "nothing of the content");
    smtpc_client_dispose(client);
    peer_stop(peer);
    smtpc_env_set_log(env, SMTPC_LOG_INFO, NULL, NULL);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_success,
        test_refusals,
        test_unreachable,
        test_silence,
        test_kept,
        test_lost,
        test_tls,
        test_implicit,
        test_log
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
