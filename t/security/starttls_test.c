/* SPDX-License-Identifier: Apache-2.0 */
/*
 * starttls_test.c: threats T1 to T9 and T21: a server, or somebody between,
 * that wants mail or password in clear text. Over sockets; the same dialogues
 * byte by byte are in t/scripts/session_tls.txt.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"

static smtpc_env_t *env;
static peer_ca_t *ca;
static const char *ca_file;
static SSL_CTX *good; /* a server whose certificate is for 127.0.0.1 */

/* A row that requires STARTTLS, with a password. */
static row_t required(const char *id, apr_status_t status, const char *said)
{
    row_t row = { .id = id, .security = SMTPC_SECURITY_STARTTLS,
                  .ca_file = ca_file, .user = "web", .status = status,
                  .said = said };

    return row;
}

/* Run row against smtp; all that was heard has to be one of EHLO, HELO,
 * STARTTLS and QUIT. */
static void run_smtp(const row_t *row, peer_smtp_t *smtp, apr_pool_t *pool)
{
    peer_t *peer = peer_start(peer_smtp_serve, smtp);

    row_run(row, peer, env, pool);
    (void)peer_quiet(peer);
    tap_is_int(peer_heard(peer, ""),
               peer_heard(peer, "EHLO ") + peer_heard(peer, "HELO ")
                   + peer_heard(peer, "STARTTLS") + peer_heard(peer, "QUIT"),
               "%s: nothing else was said", row->id);
    peer_stop(peer);
}

static void t1(apr_pool_t *pool)
{
    static const peer_answer_t hidden[] = {
        { "EHLO", "502 5.5.1 what" }, { NULL, NULL }
    };
    static const peer_answer_t unknown[] = {
        { "EHLO", "500 5.5.1 what" }, { NULL, NULL }
    };
    row_t row = required("T1: STARTTLS is not offered", SMTPC_ETLS,
                         "does not offer STARTTLS on port");
    peer_smtp_t smtp;

    peer_smtp_init(&smtp);
    smtp.login = "AHdlYgBzZWNyZXQ=";
    run_smtp(&row, &smtp, pool);
    row.id = "T1: EHLO is hidden, 502";
    smtp.answers = hidden;
    run_smtp(&row, &smtp, pool);
    row.id = "T1: EHLO is hidden, 500";
    smtp.answers = unknown;
    run_smtp(&row, &smtp, pool);
    row.id = "T1: EHLO is hidden, without a password";
    row.user = NULL;
    run_smtp(&row, &smtp, pool);
}

/* T2, and T8 of STARTTLS: every answer but 220. */
static void t2(apr_pool_t *pool)
{
    static const char *const said[] = {
        "221 bye", "250 ok", "235 you are in", "354 go on", "421 4.3.0 bye",
        "454 4.7.0 no certificate", "500 what", "501 5.5.4 no", "502 no",
        "503 5.5.1 already", "530 5.7.0 no", "554 no", "199 x", "999 x",
        "22 x", "2200 x", "x"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        peer_answer_t answers[] = { { "STARTTLS", said[i] },
                                    { NULL, NULL } };
        row_t row = required("", SMTPC_ETLS, "");
        peer_smtp_t smtp;
        int three = strlen(said[i]) > 3 && said[i][3] == ' '
                    && said[i][0] >= '2' && said[i][0] <= '5';

        row.id = apr_psprintf(pool, "%sSTARTTLS is answered \"%s\"",
                              said[i][0] == '2' ? "T2, T8: " : "T2: ",
                              said[i]);
        /* What is no reply at all breaks the protocol before TLS does. */
        row.status = three ? SMTPC_ETLS : SMTPC_EPROTO;
        peer_smtp_init(&smtp);
        smtp.tls = good;
        smtp.answers = answers;
        run_smtp(&row, &smtp, pool);
    }
}

/** What comes in clear text where TLS should begin. */
typedef struct inject_t {
    const char *id;
    const char *with;  /* in the segment of the 220 */
    const char *later; /* when the ClientHello is there */
    const char *said;
    unsigned char first; /* byte that came behind STARTTLS */
} inject_t;

static void serve_inject(peer_conn_t *conn, void *baton)
{
    inject_t *inject = baton;
    char line[256];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "EHLO", 4) == 0) {
            (void)peer_say(conn, "250-peer\r\n250 STARTTLS");
        }
        else if (strcmp(line, "STARTTLS") == 0) {
            const char *answer = inject->with ? inject->with : "220 go\r\n";

            (void)peer_send(conn, answer, strlen(answer));
            (void)peer_read(conn, &inject->first, 1);
            if (inject->later) {
                (void)peer_send(conn, inject->later, strlen(inject->later));
            }
            peer_wait_end(conn);
            return;
        }
    }
}

static void t3_to_t5(apr_pool_t *pool)
{
    inject_t cases[] = {
        { "T3: whole replies behind the 220",
          "220 go\r\n250-peer\r\n250 AUTH PLAIN\r\n235 in\r\n", NULL,
          "injecting", 0 },
        { "T3: one reply behind the 220", "220 go\r\n250 ok\r\n", NULL,
          "injecting", 0 },
        { "T4: part of a reply behind the 220",
          "220 go\r\n250-SMTPUTF8 X", NULL, "", 0 },
        { "T4: one byte behind the 220", "220 go\r\n2", NULL, "", 0 },
        { "T4: a line end behind the 220", "220 go\r\n\r\n", NULL, "", 0 },
        { "T5: a reply in the place of the ServerHello", NULL,
          "250 injected\r\n", "went on in plain SMTP on port", 0x16 },
        { "T5: several of them", NULL,
          "250-peer\r\n250 AUTH PLAIN\r\n250 ok\r\n250 ok\r\n", "plain SMTP",
          0x16 },
        { "T5: something else", NULL, "HTTP/1.1 400 Bad Request\r\n\r\n",
          "not TLS", 0x16 },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        row_t row = required(cases[i].id, SMTPC_ETLS, cases[i].said);
        unsigned char wanted = cases[i].first;
        peer_t *peer;

        cases[i].first = 0;
        peer = peer_start(serve_inject, &cases[i]);
        row_run(&row, peer, env, pool);
        peer_stop(peer);
        tap_is_int(cases[i].first, wanted, "%s: %s", cases[i].id,
                   wanted ? "TLS was begun" : "not even a ClientHello");
    }
}

/** A server that offers other things inside TLS than outside. */
typedef struct faces_t {
    const char *outside; /* lines behind 250-STARTTLS */
    const char *inside;  /* the whole answer to EHLO in TLS */
    const char *auth;    /* to AUTH */
} faces_t;

static void serve_faces(peer_conn_t *conn, void *baton)
{
    const faces_t *faces = baton;
    char line[4096];
    int secure = 0;
    int data = 0;

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (data) {
            data = strcmp(line, ".") != 0;
            if (!data) {
                (void)peer_say(conn, "250 ok");
            }
        }
        else if (strncmp(line, "EHLO", 4) == 0) {
            (void)(secure ? peer_say(conn, "%s", faces->inside)
                          : peer_say(conn, "250-peer\r\n%s250 STARTTLS",
                                     faces->outside));
        }
        else if (strcmp(line, "STARTTLS") == 0) {
            (void)peer_say(conn, "220 go");
            secure = peer_tls(conn, good);
            if (!secure) {
                return;
            }
        }
        else if (strncmp(line, "AUTH", 4) == 0) {
            (void)peer_say(conn, "%s", faces->auth);
        }
        else {
            data = strcmp(line, "DATA") == 0;
            (void)peer_say(conn, data ? "354 go" : "250 ok");
        }
    }
}

static void run_faces(const row_t *row, faces_t *faces, apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_faces, faces);

    row_run(row, peer, env, pool);
    peer_stop(peer);
}

static void t6_to_t8(apr_pool_t *pool)
{
    faces_t faces = { "250-SIZE 10\r\n250-AUTH PLAIN\r\n",
                      "250-peer\r\n250 SIZE 1000000", "235 in" };
    row_t row = required("T6: what is offered inside counts", APR_SUCCESS,
                         NULL);

    row.user = NULL;
    run_faces(&row, &faces, pool);
    row = required("T6, T8: AUTH is offered outside only", SMTPC_EAUTH,
                   "does not offer AUTH");
    run_faces(&row, &faces, pool);
    row = required("T6: the limit inside counts", SMTPC_EREJECTED, "");
    row.keeps = 1;
    row.user = NULL;
    faces.outside = "250-SIZE 1000000\r\n";
    faces.inside = "250-peer\r\n250 SIZE 10";
    run_faces(&row, &faces, pool);
    row = required("T7: a reply before its command, inside", SMTPC_EPROTO, "");
    row.user = NULL;
    faces.inside = "250-peer\r\n250 PIPELINING\r\n250 ok\r\n250 ok";
    run_faces(&row, &faces, pool);
    row = required("T8: logged in before AUTH", SMTPC_EPROTO, "");
    faces.inside = "250-peer\r\n250 AUTH PLAIN\r\n235 in";
    run_faces(&row, &faces, pool);
}

/* AUTH is answered "you are already": not taken for a login. */
static void t8_auth(apr_pool_t *pool)
{
    static const char *const said[] = { "503 5.5.1 already authenticated",
                                        "250 ok", "220 welcome" };
    apr_size_t i;

    for (i = 0; i < sizeof(said) / sizeof(said[0]); i++) {
        faces_t faces = { "", "250-peer\r\n250 AUTH PLAIN", said[i] };
        row_t row = required("", SMTPC_EAUTH, NULL);
        peer_t *peer = peer_start(serve_faces, &faces);
        smtpc_client_t *client = row_client(&row, peer, env, pool);
        smtpc_result_t *result;
        apr_status_t rv;

        tap_subtest_begin("T8: AUTH is answered \"%s\"", said[i]);
        rv = mail_send(&result, client, "x@y.test", pool);
        tap_ok(rv == SMTPC_EAUTH || rv == SMTPC_EPROTO, "status %d: %s",
               (int)rv, mail_error(result));
        tap_is_int(peer_heard(peer, "AUTH"), 1, "asked once");
        tap_is_int(peer_heard(peer, "MAIL"), 0, "no mail");
        smtpc_client_dispose(client);
        peer_stop(peer);
        tap_subtest_end();
    }
}

/* A handshake that fails: TLS 1.1, which no client here speaks. */
static void t9(apr_pool_t *pool)
{
    peer_cert_t old = { .names = "IP:127.0.0.1",
                        .max_version = TLS1_1_VERSION };
    row_t row = required("T9: the handshake fails, TLS is required",
                         SMTPC_ETLS, "TLS 1.2");
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_status_t rv;
    peer_smtp_t smtp;
    peer_t *peer;

    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &old, pool);
    smtp.login = "AHdlYgBzZWNyZXQ=";
    run_smtp(&row, &smtp, pool);
    row.id = "T9: the handshake fails, opportunistic, credentials set";
    row.security = SMTPC_SECURITY_OPPORTUNISTIC;
    run_smtp(&row, &smtp, pool);

    row.user = NULL;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = row_client(&row, peer, env, pool);
    tap_subtest_begin("T9: the handshake fails, opportunistic, no "
                      "credentials: as if there were no STARTTLS");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, APR_SUCCESS,
               "sent: %s", mail_error(result));
    tap_is_str(smtpc_result_tls_protocol(result), "", "in clear text");
    tap_is_int(peer_accepted(peer), 2, "on another connection");
    tap_is_int(peer_heard(peer, "STARTTLS"), 1, "TLS was tried once");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "another");
    tap_is_int(peer_accepted(peer), 2, "on the same connection");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

/* The server breaks off in the handshake, or says nothing. */
static void serve_break(peer_conn_t *conn, void *baton)
{
    char hello[16384];
    char line[256];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "EHLO", 4) == 0) {
            (void)peer_say(conn, "250-peer\r\n250 STARTTLS");
        }
        else if (strcmp(line, "STARTTLS") == 0) {
            (void)peer_say(conn, "220 go");
            (void)peer_read(conn, hello, sizeof(hello));
            if (baton) {
                peer_wait_end(conn);
            }
            return;
        }
        else {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void t9_broken(apr_pool_t *pool)
{
    row_t row = { .security = SMTPC_SECURITY_OPPORTUNISTIC,
                  .user = "web", .status = SMTPC_ECONNECT,
                  .said = "during the TLS handshake",
                  .id = "T9: closed in the handshake, credentials set" };
    peer_t *peer = peer_start(serve_break, NULL);
    smtpc_client_t *client;
    smtpc_result_t *result;
    apr_status_t rv;

    row_run(&row, peer, env, pool);
    peer_stop(peer);
    peer = peer_start(serve_break, &row);
    tap_subtest_begin("T9: silent in the handshake, credentials set");
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_timeout(client, apr_time_from_msec(400)),
             "timeout");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, SMTPC_ETIMEOUT,
               "%s", mail_error(result));
    tap_is_int(peer_accepted(peer), 1, "one connection");
    row_nothing_said(peer);
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

static smtpc_message_t *require_tls(apr_pool_t *pool)
{
    smtpc_message_t *message;

    row_must(smtpc_message_create(&message, pool), "message");
    row_must(smtpc_message_set_from(message, "web@example.org"), "From");
    row_must(smtpc_message_add_to(message, "x@y.test"), "To");
    row_must(smtpc_message_set_require_tls(message, 1), "REQUIRETLS");
    return message;
}

/* Send a mail that asks for REQUIRETLS, and one that does not, on one
 * connection: the reply slots are in order. */
static void run_t21(const char *id, const row_t *row, peer_smtp_t *smtp,
                    const char *said, apr_pool_t *pool)
{
    peer_t *peer = peer_start(peer_smtp_serve, smtp);
    smtpc_client_t *client = row_client(row, peer, env, pool);
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("%s", id);
    rv = smtpc_client_send(&result, client, require_tls(pool), pool);
    if (said) {
        tap_is_int(rv, SMTPC_EEXTENSION, "refused");
        tap_ok(strstr(mail_error(result), said) != NULL
                   && strstr(mail_error(result), "5.7.30") != NULL, "%s",
               mail_error(result));
        row_nothing_said(peer);
    }
    else {
        tap_is_int(rv, APR_SUCCESS, "sent: %s", mail_error(result));
        tap_is_int(peer_heard(peer, "MAIL FROM:<web@example.org>"), 1,
                   "MAIL");
    }
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, APR_SUCCESS,
               "the next mail goes: %s", mail_error(result));
    tap_is_int(peer_accepted(peer), 1, "on the same connection");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

static void t21(apr_pool_t *pool)
{
    row_t row = { .security = SMTPC_SECURITY_STARTTLS, .ca_file = ca_file };
    peer_smtp_t smtp;

    peer_smtp_init(&smtp);
    smtp.tls = good;
    smtp.extensions = "PIPELINING";
    run_t21("T21: REQUIRETLS is not offered", &row, &smtp,
            "does not offer REQUIRETLS", pool);
    smtp.extensions = "PIPELINING\nREQUIRETLS";
    run_t21("T21: REQUIRETLS is offered in verified TLS", &row, &smtp, NULL,
            pool);
    row.security = SMTPC_SECURITY_OPPORTUNISTIC;
    run_t21("T21: REQUIRETLS is offered in TLS that nobody verified", &row,
            &smtp, "not encrypted or its certificate was not verified", pool);
    smtp.tls = NULL;
    run_t21("T21: REQUIRETLS is offered without TLS", &row, &smtp,
            "not encrypted or its certificate was not verified", pool);
}

int main(void)
{
    static const tap_test_fn tests[] = { t1, t2, t3_to_t5, t6_to_t8, t8_auth,
                                         t9, t9_broken, t21 };
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    apr_pool_t *pool = tap_pool();

    row_must(smtpc_env_create(&env, pool), "env");
    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    good = peer_ca_server(ca, &cert, pool);
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
