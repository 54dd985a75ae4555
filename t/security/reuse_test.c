/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reuse_test.c: connections that must not be used again: for settings that
 * differ, after trouble, or because they died while they were idle. The clock
 * is set forward where time has to pass.
 */

#include <stdatomic.h>
#include <string.h>

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

static SSL_CTX *tls;
static const char *ca_file;
static const char *ca_copy;     /* the same authority in another file */
static const char *client_file; /* a certificate of the client's */
static const char *crl_file;
static const char *pin;
static const char *tlsa;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

/* Send a mail; how many connections the server has seen then. */
static int send_one(hostile_meeting_t *m)
{
    smtpc_result_t *result;
    apr_status_t rv = mail_send(&result, m->client, "ann@example.net",
                                m->pool);

    tap_is_int(rv, APR_SUCCESS, "sent: %s", mail_error(result));
    return peer_accepted(m->peer);
}

/* R1, R2, R3: settings that differ. */

static apr_status_t set_nothing(smtpc_client_t *client)
{
    return smtpc_client_set_from(client, "other@example.org");
}

static apr_status_t set_ca(smtpc_client_t *client)
{
    return smtpc_client_set_ca_file(client, ca_copy);
}

static apr_status_t set_ca_directory(smtpc_client_t *client)
{
    return smtpc_client_set_ca_directory(client, "/etc/ssl/certs");
}

static apr_status_t set_verify_name(smtpc_client_t *client)
{
    return smtpc_client_set_verify_name(client, "mail.test");
}

static apr_status_t set_certificate(smtpc_client_t *client)
{
    return smtpc_client_set_client_certificate(client, client_file, NULL);
}

static apr_status_t set_version(smtpc_client_t *client)
{
    return smtpc_client_set_tls_version(client, SMTPC_TLS_1_3);
}

static apr_status_t set_ciphers(smtpc_client_t *client)
{
    return smtpc_client_set_ciphers(client, "ECDHE+AESGCM");
}

static apr_status_t set_suites(smtpc_client_t *client)
{
    return smtpc_client_set_cipher_suites(client, "TLS_AES_256_GCM_SHA384");
}

static apr_status_t set_groups(smtpc_client_t *client)
{
    return smtpc_client_set_groups(client, "P-256");
}

static apr_status_t set_crl(smtpc_client_t *client)
{
    return smtpc_client_set_crl_file(client, crl_file);
}

static apr_status_t set_pin(smtpc_client_t *client)
{
    return smtpc_client_set_pins(client, pin);
}

static apr_status_t set_tlsa(smtpc_client_t *client)
{
    /* Records are of a name. The proof is theirs, not the CA's. */
    must(smtpc_client_set_host(client, "localhost"), "host");
    return smtpc_client_set_tlsa_records(client, tlsa);
}

static apr_status_t set_opportunistic(smtpc_client_t *client)
{
    return smtpc_client_set_security(client, SMTPC_SECURITY_OPPORTUNISTIC);
}

static apr_status_t set_starttls(smtpc_client_t *client)
{
    return smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS);
}

static apr_status_t set_none(smtpc_client_t *client)
{
    return smtpc_client_set_security(client, SMTPC_SECURITY_NONE);
}

static apr_status_t set_user(smtpc_client_t *client)
{
    return smtpc_client_set_credentials(client, "other", "hunter2");
}

static apr_status_t set_password(smtpc_client_t *client)
{
    return smtpc_client_set_credentials(client, "web", "hunter3");
}

static apr_status_t set_nobody(smtpc_client_t *client)
{
    return smtpc_client_set_credentials(client, NULL, NULL);
}

static apr_status_t set_mechanism(smtpc_client_t *client)
{
    return smtpc_client_set_auth_mechanisms(client, "PLAIN");
}

static apr_status_t set_target(smtpc_client_t *client)
{
    return smtpc_client_set_target_name(client, "SMTPSVC/other.test");
}

static apr_status_t set_hello(smtpc_client_t *client)
{
    return smtpc_client_set_hello_name(client, "other.test");
}

/** A client, what it changes between two mails, and the connections then. */
typedef struct change_t {
    const char *name;
    smtpc_security_e security;
    const char *user;
    apr_status_t (*set)(smtpc_client_t *client);
    int connections;
    const char *second; /* what the second one heard, or NULL */
} change_t;

static const change_t changes[] = {
    { "R1: clear, then STARTTLS is required", SMTPC_SECURITY_NONE, NULL,
      set_starttls, 2, "EHLO STARTTLS TLS EHLO MAIL RCPT DATA . QUIT" },
    { "R1: clear, then opportunistic", SMTPC_SECURITY_NONE, NULL,
      set_opportunistic, 2, "EHLO STARTTLS TLS EHLO MAIL RCPT DATA . QUIT" },
    { "R1: TLS, then clear", SMTPC_SECURITY_STARTTLS, NULL, set_none, 2,
      "EHLO MAIL RCPT DATA . QUIT" },
    { "R2: opportunistic, then required", SMTPC_SECURITY_OPPORTUNISTIC, NULL,
      set_starttls, 2, NULL },
    { "R2: nothing of TLS differs", SMTPC_SECURITY_STARTTLS, NULL,
      set_nothing, 1, NULL },
    { "R2: CA file", SMTPC_SECURITY_STARTTLS, NULL, set_ca, 2, NULL },
    { "R2: CA directory", SMTPC_SECURITY_STARTTLS, NULL, set_ca_directory, 2,
      NULL },
    { "R2: name of the certificate", SMTPC_SECURITY_STARTTLS, NULL,
      set_verify_name, 2, NULL },
    { "R2: certificate of the client", SMTPC_SECURITY_STARTTLS, NULL,
      set_certificate, 2, NULL },
    { "R2: oldest version", SMTPC_SECURITY_STARTTLS, NULL, set_version, 2,
      NULL },
    { "R2: ciphers", SMTPC_SECURITY_STARTTLS, NULL, set_ciphers, 2, NULL },
    { "R2: cipher suites", SMTPC_SECURITY_STARTTLS, NULL, set_suites, 2,
      NULL },
    { "R2: groups", SMTPC_SECURITY_STARTTLS, NULL, set_groups, 2, NULL },
    { "R2: CRL", SMTPC_SECURITY_STARTTLS, NULL, set_crl, 2, NULL },
    { "R2: pin", SMTPC_SECURITY_STARTTLS, NULL, set_pin, 2, NULL },
    { "R2: TLSA record", SMTPC_SECURITY_STARTTLS, NULL, set_tlsa, 2, NULL },
    { "R3: nothing differs", SMTPC_SECURITY_NONE, "web", set_nothing, 1,
      NULL },
    { "R3: other user", SMTPC_SECURITY_NONE, "web", set_user, 2,
      "EHLO AUTH MAIL RCPT DATA . QUIT" },
    { "R3: other password", SMTPC_SECURITY_NONE, "web", set_password, 2,
      "EHLO AUTH MAIL RCPT DATA . QUIT" },
    { "R3: no user", SMTPC_SECURITY_NONE, "web", set_nobody, 2,
      "EHLO MAIL RCPT DATA . QUIT" },
    { "R3: a user, where none was", SMTPC_SECURITY_NONE, NULL, set_user, 2,
      "EHLO AUTH MAIL RCPT DATA . QUIT" },
    { "R3: other mechanism", SMTPC_SECURITY_NONE, "web", set_mechanism, 2,
      NULL },
    { "R3: other service", SMTPC_SECURITY_NONE, "web", set_target, 2, NULL },
    { "R3: other EHLO name", SMTPC_SECURITY_NONE, "web", set_hello, 2, NULL },
};

static void test_change(const change_t *change)
{
    hostile_server_t server = { .extensions = "AUTH PLAIN", .tls = tls };
    hostile_meeting_t m;

    tap_subtest_begin("%s", change->name);
    hostile_meet(&m, &server);
    must(smtpc_client_set_ca_file(m.client, ca_file), "CA");
    must(smtpc_client_set_security(m.client, change->security), "security");
    if (change->user) {
        must(smtpc_client_set_credentials(m.client, change->user, "hunter2"),
             "credentials");
    }
    tap_is_int(send_one(&m), 1, "the first mail");
    tap_is_int(send_one(&m), 1, "the second, on the same connection");
    must(change->set(m.client), "change");
    tap_is_int(send_one(&m), change->connections, "the third");
    tap_is_int(send_one(&m), change->connections, "the fourth");
    hostile_part(&m);
    tap_is_int(m.hostile.mails, 4, "each came once");
    if (change->second) {
        const char *heard = hostile_heard(&m.hostile, 1, m.pool);

        tap_ok(strncmp(heard, change->second, strlen(change->second) - 5)
                   == 0, "%s", heard);
    }
    hostile_forget(&m);
    tap_subtest_end();
}

/* R4, R8: what happens while a connection is idle. */

/** A server that does something when the client is idle. */
typedef struct idler_t {
    const char *text;
    int ends;        /* and closes; else it listens on, and says nothing */
    atomic_int idle; /* the client is, with so many mails */
    atomic_int done; /* it did so, so often */
} idler_t;

static void serve_idler(peer_conn_t *conn, void *baton)
{
    idler_t *idler = baton;
    char line[1024];

    (void)peer_say(conn, "220 idler");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
        }
        else if (strcmp(line, ".") == 0) {
            (void)peer_say(conn, "250 2.0.0 ok");
            while (atomic_load(&idler->idle) <= peer_conn_index(conn)) {
                apr_thread_yield();
            }
            if (*idler->text) {
                (void)peer_send(conn, idler->text, strlen(idler->text));
            }
            if (idler->ends) {
                return;
            }
            peer_half_close(conn);
            atomic_fetch_add(&idler->done, 1);
            peer_wait_end(conn);
            return;
        }
        else if (strncmp(line, "QUIT", 4) == 0) {
            return;
        }
        else if (strncmp(line, "EHLO", 4) == 0
                 || strncmp(line, "MAIL", 4) == 0
                 || strncmp(line, "RCPT", 4) == 0) {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void test_idle(const char *name, const char *text, int ends)
{
    idler_t idler = { text, ends, 0, 0 };
    peer_t *peer = peer_start(serve_idler, &idler);
    smtpc_counters_t counters;
    smtpc_client_t *client;
    smtpc_env_t *env;
    apr_pool_t *pool;
    int i;

    tap_subtest_begin("%s", name);
    apr_pool_create_unmanaged(&pool);
    must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    for (i = 1; i <= 2; i++) {
        smtpc_result_t *result;
        apr_status_t rv = mail_send(&result, client, "x@y.test", pool);

        tap_is_int(rv, APR_SUCCESS, "mail %d: %s", i, mail_error(result));
        tap_is_int(peer_accepted(peer), i, "on a connection of its own");
        atomic_store(&idler.idle, i);
        if (ends) {
            tap_ok(peer_quiet(peer), "the server did its part");
        }
        else {
            /* Loopback has what was sent when the call returns. */
            while (atomic_load(&idler.done) < i) {
                apr_thread_yield();
            }
        }
    }
    smtpc_env_counters(&counters, env);
    tap_is_int(peer_heard(peer, "MAIL"), 2, "no mail was tried in vain");
    tap_is_int(counters.connections_stale, 1, "the dead one was seen");
    tap_is_int(counters.retries, 0, "before it was used");
    must(smtpc_client_dispose(client), "dispose");
    apr_pool_destroy(pool);
    peer_stop(peer);
    tap_subtest_end();
}

/* R5, R6: a connection that was idle for long is asked with RSET. */
static void test_probe(const char *name, const hostile_move_t *move,
                       int connections)
{
    hostile_server_t server = { .moves = { *move } };
    hostile_meeting_t m;
    apr_time_t began;

    tap_subtest_begin("%s", name);
    hostile_meet(&m, &server);
    must(smtpc_client_set_stage_timeout(m.client, SMTPC_STAGE_RSET,
                                        apr_time_from_msec(200)), "limit");
    tap_is_int(send_one(&m), 1, "the first mail");
    clock_advance(SMTPC_TIMEOUT_PROBE + apr_time_from_sec(1));
    began = smtpc__monotonic();
    tap_is_int(send_one(&m), connections, "the second");
    tap_ok(smtpc__monotonic() - began < SMTPC_TIMEOUT_PROBE_ANSWER,
           "in time");
    tap_is_int(peer_heard(m.peer, "RSET"), 1, "it was asked");
    tap_is_int(send_one(&m), connections, "the third");
    hostile_part(&m);
    tap_is_int(m.hostile.mails, 3, "each came once");
    hostile_forget(&m);
    tap_subtest_end();
}

static const struct {
    const char *name;
    hostile_move_t move;
    int connections;
} probes[] = {
    { "R5: half open, no answer to RSET",
      { .at = "RSET", .say = "", .then = "silent" }, 2 },
    { "R5: closed at RSET", { .at = "RSET", .say = "", .then = "close" }, 2 },
    { "R5: reset at RSET", { .at = "RSET", .say = "", .then = "reset" }, 2 },
    { "R5: RSET is answered", { .at = "RSET", .say = "250 ok" }, 1 },
    { "R6: RSET is refused", { .at = "RSET", .say = "500 what?" }, 2 },
    { "R6: RSET is refused for now", { .at = "RSET", .say = "450 no" }, 2 },
    { "R6: 421 to RSET", { .at = "RSET", .say = "421 bye" }, 2 },
    { "R6: garbage before the reply", { .at = "RSET", .say = "\n250 ok" }, 2 },
    { "R6: another reply before it", { .at = "RSET",
                                       .say = "221 bye\r\n250 ok" }, 2 },
    { "R6: another reply behind it", { .at = "RSET",
                                       .say = "250 ok\r\n250 ok" }, 2 },
};

/* R7, R8: how the last mail ended. */

static void be_brief(smtpc_client_t *client, apr_pool_t *pool)
{
    static const smtpc_stage_e stages[] = { SMTPC_STAGE_MAIL,
                                            SMTPC_STAGE_DATA,
                                            SMTPC_STAGE_END };
    size_t i;

    (void)pool;
    for (i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
        must(smtpc_client_set_stage_timeout(client, stages[i],
                                            apr_time_from_msec(100)),
             "limit");
    }
}

static const hostile_row_t endings[] = {
    { .name = "R7: after a breach of the protocol",
      .server = { .moves = { { .at = "RCPT", .say = "354 go" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_RCPT,
      .code = HOSTILE_ANY, .never = "DATA QUIT" },
    { .name = "R7: in doubt",
      .server = { .moves = { { .at = ".", .say = "999" } } },
      .status = SMTPC_EINDOUBT, .stage = SMTPC_STAGE_END,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_IN_DOUBT, .never = "QUIT" },
    { .name = "R7: timeout at MAIL", .set_up = be_brief,
      .server = { .moves = { { .at = "MAIL", .say = "",
                               .then = "silent" } } },
      .status = SMTPC_ETIMEOUT, .stage = SMTPC_STAGE_MAIL,
      .code = HOSTILE_ANY },
    { .name = "R7: timeout at DATA", .set_up = be_brief,
      .server = { .moves = { { .at = "DATA", .say = "",
                               .then = "silent" } } },
      .status = SMTPC_ETIMEOUT, .stage = SMTPC_STAGE_DATA,
      .code = HOSTILE_ANY },
    { .name = "R7: timeout at the end of data", .set_up = be_brief,
      .server = { .moves = { { .at = ".", .say = "", .then = "silent" } } },
      .status = SMTPC_EINDOUBT, .stage = SMTPC_STAGE_END,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_IN_DOUBT },
    { .name = "R8: a reply too many to a refused RCPT",
      .server = { .moves = { { .at = "RCPT",
                               .say = "550 no\r\n250 ok" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_RCPT, .code = 550,
      .state = SMTPC_RCPT_REJECTED },
    { .name = "R8: a reply too many to a refused message",
      .server = { .moves = { { .at = ".", .say = "554 no\r\n250 ok" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_END, .code = 554,
      .state = SMTPC_RCPT_REJECTED },
    { .name = "R8: a reply too many, pipelined",
      .server = { .extensions = "PIPELINING",
                  .moves = { { .at = "MAIL",
                               .say = "550 no\r\n250 ok" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_MAIL, .code = 550,
      .state = SMTPC_RCPT_REJECTED },
    { .name = "R8: half a reply too many",
      .server = { .moves = { { .at = ".",
                               HOSTILE_RAW("250 ok\r\n25") } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED },
};

/* R7: cancelled while the content is being sent. */

typedef struct canceller_t {
    smtpc_client_t *client;
    size_t given;
} canceller_t;

static apr_status_t read_and_cancel(void *baton, char *buf, apr_size_t *len)
{
    canceller_t *canceller = baton;

    if (canceller->given >= 1048576) {
        (void)smtpc_client_cancel(canceller->client);
    }
    if (canceller->given >= 4 * 1048576) {
        *len = 0;
        return APR_EOF;
    }
    memset(buf, 'x', *len);
    canceller->given += *len;
    return APR_SUCCESS;
}

static void test_cancel(const char *extensions)
{
    hostile_server_t server = { .extensions = extensions };
    hostile_meeting_t m;
    canceller_t canceller = { NULL, 0 };
    smtpc_attachment_t *attachment;
    smtpc_message_t *message;
    smtpc_source_t *source;
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("R7: cancelled inside the content, %s", extensions);
    hostile_meet(&m, &server);
    canceller.client = m.client;
    message = async_message("x@y.test", m.pool);
    must(smtpc_source_create_callback(&source, read_and_cancel, NULL, -1,
                                      &canceller, m.pool), "source");
    must(smtpc_message_attach_source(&attachment, message, "a.bin",
                                     "application/octet-stream", source),
         "attach");
    rv = smtpc_client_send(&result, m.client, message, m.pool);
    tap_is_int(rv, SMTPC_ECANCELLED, "cancelled: %s", mail_error(result));
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent");
    tap_is_int(send_one(&m), 2, "the next mail has a connection of its own");
    hostile_part(&m);
    tap_is_int(m.hostile.finals, 1, "no end of data was sent for the first");
    tap_is_int(m.hostile.mails, 1, "it was not taken");
    hostile_forget(&m);
    tap_subtest_end();
}

/* R9: used enough. */
static void test_used_up(void)
{
    hostile_server_t server = { .moves = { { .at = "QUIT", .say = "",
                                             .then = "silent" } } };
    hostile_meeting_t m;
    apr_time_t began;
    int i;

    tap_subtest_begin("R9: a hundred mails, five minutes");
    hostile_meet(&m, &server);
    for (i = 0; i < SMTPC_CONNECTION_MESSAGES_DEFAULT - 1; i++) {
        smtpc_result_t *result;

        must(mail_send(&result, m.client, "x@y.test", m.pool), "send");
    }
    tap_is_int(send_one(&m), 1, "a hundred on one");
    began = smtpc__monotonic();
    tap_is_int(send_one(&m), 2, "then another");
    tap_ok(smtpc__monotonic() - began < SMTPC_LIMIT_QUIT_WAIT,
           "without waiting for the answer to QUIT");
    for (i = 0; i < 299 / 9; i++) {
        clock_advance(apr_time_from_sec(9));
        tap_is_int(send_one(&m), 2, "after %d s", (i + 1) * 9);
    }
    clock_advance(apr_time_from_sec(9));
    tap_is_int(send_one(&m), 3, "another after five minutes");
    clock_advance(SMTPC_TIMEOUT_IDLE);
    tap_is_int(send_one(&m), 4, "and after thirty seconds of nothing");
    hostile_part(&m);
    for (i = 0; i < 4; i++) {
        const char *heard = hostile_heard(&m.hostile, i, m.pool);

        tap_ok(strstr(heard, "QUIT") != NULL, "ended with QUIT");
    }
    hostile_forget(&m);
    tap_subtest_end();
}

/* R12: all slots hang. */
static void test_full(void)
{
    hostile_server_t hanging = { .moves = { { .at = "MAIL", .say = "",
                                              .then = "silent",
                                              .when = HOSTILE_ALWAYS } } };
    hostile_server_t good = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    hostile_t other;
    smtpc_client_t *clients[SMTPC_CONNECTIONS_DEFAULT + 1];
    smtpc_client_t *elsewhere;
    smtpc_message_t *message;
    smtpc_result_t *result;
    async_t async;
    peer_t *peer;
    apr_status_t rv;
    int i;

    tap_subtest_begin("R12: all slots hang");
    hostile_meet(&m, &hanging);
    hostile_init(&other, &good);
    peer = peer_start(hostile_serve, &other);
    async_init(&async);
    message = async_message("x@y.test", m.pool);
    for (i = 0; i <= SMTPC_CONNECTIONS_DEFAULT; i++) {
        clients[i] = mail_client(m.peer, m.env, m.pool);
        must(smtpc_client_set_acquire_timeout(clients[i],
                                              apr_time_from_msec(100)),
             "limit");
    }
    for (i = 0; i < SMTPC_CONNECTIONS_DEFAULT; i++) {
        must(smtpc_client_send_async(clients[i], message, async_completed,
                                     &async), "submit");
    }
    while (peer_heard(m.peer, "MAIL") < SMTPC_CONNECTIONS_DEFAULT) {
        apr_thread_yield();
    }
    rv = smtpc_client_send(&result, clients[i], message, m.pool);
    tap_is_int(rv, SMTPC_ELIMIT, "%s", mail_error(result));
    tap_ok(smtpc_result_is_transient(result), "try later");
    tap_is_int(peer_accepted(m.peer), SMTPC_CONNECTIONS_DEFAULT,
               "no connection more");
    elsewhere = mail_client(peer, m.env, m.pool);
    tap_is_int(smtpc_client_send(&result, elsewhere, message, m.pool),
               APR_SUCCESS, "another server is not concerned");
    for (i = 0; i < SMTPC_CONNECTIONS_DEFAULT; i++) {
        (void)smtpc_client_cancel(clients[i]);
    }
    tap_is_int(async_wait(&async, SMTPC_CONNECTIONS_DEFAULT),
               SMTPC_CONNECTIONS_DEFAULT, "those that hung were cancelled");
    for (i = 0; i <= SMTPC_CONNECTIONS_DEFAULT; i++) {
        must(smtpc_client_dispose(clients[i]), "dispose");
    }
    must(smtpc_client_dispose(elsewhere), "dispose");
    hostile_part(&m);
    peer_stop(peer);
    async_end(&async);
    hostile_forget(&m);
    tap_subtest_end();
}

static void make_certificates(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1,DNS:mail.test,DNS:localhost" };
    peer_cert_t own = { .cn = "client", .usage = "clientAuth" };

    tls = peer_ca_server(ca, &cert, pool);
    ca_file = peer_ca_file(ca, pool);
    ca_copy = peer_ca_file(ca, pool);
    client_file = peer_ca_client_file(ca, &own, pool);
    crl_file = peer_ca_crl_file(ca, NULL, 1, NULL, pool);
    pin = peer_pin(tls, pool);
    tlsa = peer_tlsa(tls, NULL, 3, 1, 1, pool);
}

int main(void)
{
    size_t i;

    make_certificates();
    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        test_change(&changes[i]);
    }
    test_idle("R4: 421 and FIN while idle", "421 4.4.2 idle too long\r\n", 1);
    test_idle("R4: FIN while idle", "", 1);
    test_idle("R4: FIN, but it listens on", "", 0);
    test_idle("R8: a reply nobody asked for, while idle", "250 ok\r\n", 0);
    for (i = 0; i < sizeof(probes) / sizeof(probes[0]); i++) {
        test_probe(probes[i].name, &probes[i].move, probes[i].connections);
    }
    hostile_run(endings, sizeof(endings) / sizeof(endings[0]));
    test_cancel("8BITMIME");
    test_cancel("CHUNKING");
    test_used_up();
    test_full();
    return tap_done();
}
