/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_test.c: threats U1 to U4, U8, U9, U11 and U14 over sockets: servers
 * that want a password they must not get. The dialogues of SASL, byte by byte
 * and cut everywhere, are in t/scripts/session_auth.txt, session_scram.txt and
 * session_oauth.txt.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/clock.h"
#include "../support/hostile.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"
#include "base/limits.h"

#define SCRAM "AUTH PLAIN LOGIN SCRAM-SHA-256"

static const char *ca_file;
static SSL_CTX *tls;

/* Trust the servers of this test. */
static void trust(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    row_must(smtpc_client_set_ca_file(client, ca_file), "CA");
}

static void trust_and_name(smtpc_client_t *client, apr_pool_t *pool)
{
    trust(client, pool);
    row_must(smtpc_client_set_auth_mechanisms(client, "SCRAM-SHA-256 PLAIN"),
             "mechanisms");
}

/* Rows with a user; nothing is sent, and no credentials are heard. */
static void refused_rows(void)
{
    const hostile_row_t rows[] = {
        { .name = "U1: AUTH is offered only before TLS",
          .server = { .extensions = "AUTH PLAIN LOGIN",
                      .extensions_tls = "SIZE", .tls = tls },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST,
          .status = SMTPC_EAUTH,
          .stage = SMTPC_STAGE_EHLO, .code = HOSTILE_ANY,
          .heard = "EHLO STARTTLS TLS EHLO QUIT", .never = "AUTH MAIL",
          .says = "does not offer AUTH" },
        { .name = "U2: a clear connection, opportunistic",
          .server = { .extensions = "AUTH PLAIN LOGIN" },
          .security = SMTPC_SECURITY_OPPORTUNISTIC, .user = "web",
          .pool = HOSTILE_LAST, .status = SMTPC_EAUTH,
          .stage = SMTPC_STAGE_EHLO, .code = HOSTILE_ANY, .heard = "EHLO QUIT", .never = "AUTH MAIL",
          .says = "were not sent to" },
        { .name = "U3: AUTH is not offered",
          .server = { .extensions = "SIZE", .tls = tls },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST,
          .status = SMTPC_EAUTH,
          .stage = SMTPC_STAGE_EHLO, .code = HOSTILE_ANY,
          .never = "AUTH MAIL", .says = "take the credentials away" },
        { .name = "U3: no mechanism that we have",
          .server = { .extensions = "AUTH DIGEST-MD5 KERBEROS_V4",
                      .tls = tls },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST,
          .status = SMTPC_EAUTH,
          .stage = SMTPC_STAGE_EHLO, .code = HOSTILE_ANY,
          .never = "AUTH MAIL", .says = "no SASL mechanism that may be used" },
        { .name = "U4: 504 to the strong one",
          .server = { .extensions = SCRAM, .tls = tls,
                      .moves = { { "AUTH SCRAM-SHA-256", "504 5.5.4 no",
                                   .when = HOSTILE_ALWAYS } } },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST,
          .status = SMTPC_EAUTH,
          .stage = SMTPC_STAGE_AUTH, .code = 504,
          .heard = "EHLO STARTTLS TLS EHLO AUTH QUIT", .never = "MAIL",
          .says = "weaker mechanisms (PLAIN LOGIN)" },
        { .name = "U8: 235 to the first message of SCRAM",
          .server = { .extensions = SCRAM, .tls = tls,
                      .moves = { { "AUTH SCRAM-SHA-256", "235 2.7.0 in",
                                   .when = HOSTILE_ALWAYS } } },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST, .status = SMTPC_EPROTO,
          .stage = SMTPC_STAGE_AUTH, .code = HOSTILE_ANY,
          .never = "MAIL DATA" },
        { .name = "U8: 250 in the place of 235",
          .server = { .extensions = "AUTH PLAIN", .tls = tls,
                      .moves = { { "AUTH", "250 ok",
                                   .when = HOSTILE_ALWAYS } } },
          .security = SMTPC_SECURITY_STARTTLS, .user = "web",
          .set_up = trust, .pool = HOSTILE_LAST, .status = SMTPC_EPROTO,
          .stage = SMTPC_STAGE_AUTH, .code = HOSTILE_ANY,
          .never = "MAIL DATA" },
    };

    hostile_run(rows, sizeof(rows) / sizeof(rows[0]));
}

/* U4: named, and TLS is verified: then the weaker one is used. */
static void test_named(void)
{
    const hostile_row_t row = {
        .name = "U4: 504 to the strong one, and PLAIN is named",
        .server = { .extensions = SCRAM, .tls = tls,
                    .moves = { { "AUTH SCRAM-SHA-256", "504 5.5.4 no",
                                 .when = HOSTILE_ALWAYS } } },
        .security = SMTPC_SECURITY_STARTTLS, .user = "web",
        .set_up = trust_and_name, .status = APR_SUCCESS,
        .stage = SMTPC_STAGE_DONE, .code = 250,
        .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT
    };

    hostile_run_one(&row, "");
}

/* A client on env that logs in to peer in clear text. */
static smtpc_client_t *login_client(peer_t *peer, smtpc_env_t *env,
                                    const char *password, apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(peer, env, pool);

    row_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE), "none");
    row_must(smtpc_client_set_credentials(client, "web", password),
             "password");
    return client;
}

static smtpc_env_t *make_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    row_must(smtpc_env_create(&env, pool), "env");
    return env;
}

/* U9: a wrong password is tried three times, not with every mail. */
static void test_lockout(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *peer;
    int i;

    peer_smtp_init(&smtp);
    smtp.login = "AHdlYgByaWdodA==";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = login_client(peer, env, "wrong", pool);
    tap_subtest_begin("U9: 535 again and again");
    for (i = 0; i < SMTPC_LIMIT_LOGIN_FAILURES; i++) {
        tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_EAUTH,
                   "refused");
        tap_is_int(smtpc_result_code(result), 535, "by the server");
    }
    tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_EAUTH,
               "once more");
    tap_ok(strstr(mail_error(result), "there is no other for") != NULL, "%s",
           mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_AUTH, "at AUTH");
    tap_is_int(peer_accepted(peer), SMTPC_LIMIT_LOGIN_FAILURES,
               "without a connection");
    client = login_client(peer, env, "wrong", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_EAUTH,
               "another handle of the same profile");
    tap_is_int(peer_heard(peer, "AUTH "), SMTPC_LIMIT_LOGIN_FAILURES,
               "is no way around it");
    client = login_client(peer, env, "right", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "the right password is tried at once");
    client = login_client(peer, env, "wrong", pool);
    clock_advance(SMTPC_LOGIN_FAILURE_PERIOD);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_EAUTH,
               "ten minutes later");
    tap_is_int(smtpc_result_code(result), 535, "the server is asked again");
    tap_subtest_end();
    peer_stop(peer);
}

/* U9: log in to smtp more often than passwords may be wrong; each time it is
 * said that it does not work now, and why. */
static void not_counted(peer_smtp_t *smtp, smtpc_random_fn_t random,
                        const char *says, int heard, apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    peer_t *peer = peer_start(peer_smtp_serve, smtp);
    smtpc_client_t *client = login_client(peer, env, "right", pool);
    smtpc_result_t *result;
    int i;

    smtpc_env_set_random(env, random, NULL);
    tap_subtest_begin("U9: %s does not count", says);
    for (i = 0; i < SMTPC_LIMIT_LOGIN_FAILURES + 2; i++) {
        tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_ETEMP,
                   "later");
        tap_ok(strstr(mail_error(result), says) != NULL, "%s",
               mail_error(result));
    }
    tap_is_int(peer_heard(peer, "AUTH "), heard, "logins were tried");
    tap_subtest_end();
    peer_stop(peer);
}

/* What is not the password's fault. */
static void test_not_counted(apr_pool_t *pool)
{
    static const peer_answer_t later[] = {
        { "AUTH", "454 4.7.0 later" }, { NULL, NULL }
    };
    peer_smtp_t smtp;

    peer_smtp_init(&smtp);
    smtp.login = "AHdlYgByaWdodA==";
    smtp.answers = later;
    not_counted(&smtp, NULL, "454 4.7.0 later",
                SMTPC_LIMIT_LOGIN_FAILURES + 2, pool);
}

static apr_status_t no_random(void *baton, unsigned char *buf, apr_size_t len)
{
    (void)baton;
    (void)buf;
    (void)len;
    return APR_EGENERAL;
}

/* What this machine lacks. */
static void test_own_trouble(apr_pool_t *pool)
{
    peer_smtp_t smtp;

    peer_smtp_init(&smtp);
    smtp.extensions = "AUTH SCRAM-SHA-256";
    not_counted(&smtp, no_random, "no random bytes", 0, pool);
}

/* U11: what a user name and a password may be. */
static void test_controls(apr_pool_t *pool)
{
    static const char *const bad[] = { "a\r\nb", "a\nb", "a\rb", "a\tb", "",
                                       "\x7f" };
    smtpc_client_t *client = mail_client_unused(make_env(pool), pool);
    char *most = apr_palloc(pool, SMTPC_LIMIT_SECRET + 2);

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(smtpc_client_set_credentials(client, bad[i], "x"),
                   SMTPC_EARG, "U11: a user name that is none, %d", (int)i);
    }
    tap_is_int(smtpc_client_set_credentials(client, "a", "x\r\nRSET"),
               SMTPC_EARG, "U11: a line end in the password");
    tap_ok(strstr(smtpc_client_error(client), "RSET") == NULL,
           "U11: and it is not repeated: %s", smtpc_client_error(client));
    memset(most, 'x', SMTPC_LIMIT_SECRET + 1);
    most[SMTPC_LIMIT_SECRET + 1] = '\0';
    tap_is_int(smtpc_client_set_credentials(client, "a", most), SMTPC_EARG,
               "U11: a password over the limit");
    tap_is_int(smtpc_client_set_credentials(client, "a", most + 1),
               APR_SUCCESS, "U11: and at it");
}

/* U14: who has logged in is the profile, not the user. */
static void test_profiles(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_smtp_t here;
    peer_smtp_t there;
    peer_t *one;
    peer_t *two;

    peer_smtp_init(&here);
    peer_smtp_init(&there);
    here.login = there.login = "AHdlYgByaWdodA==";
    one = peer_start(peer_smtp_serve, &here);
    two = peer_start(peer_smtp_serve, &there);
    tap_subtest_begin("U14: the same user elsewhere");
    client = login_client(one, env, "right", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "logged in");
    client = login_client(one, env, "right", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "the same profile");
    tap_is_int(peer_heard(one, "AUTH "), 1, "has one login");
    client = login_client(two, env, "right", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "another port");
    tap_is_int(peer_heard(two, "AUTH "), 1, "is logged in to itself");
    client = login_client(one, env, "right", pool);
    row_must(smtpc_client_set_host(client, "localhost"), "host");
    row_must(smtpc_client_set_port(client, peer_port(one)), "port");
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "another name of the host");
    tap_is_int(peer_heard(one, "AUTH "), 2, "is another login");
    client = login_client(one, env, "right", pool);
    row_must(smtpc_client_set_ca_file(client, ca_file), "CA");
    tap_is_int(mail_send(&result, client, "a@b.test", pool), APR_SUCCESS,
               "another TLS profile");
    tap_is_int(peer_heard(one, "AUTH "), 3, "is another login");
    client = login_client(one, env, "wrong", pool);
    tap_is_int(mail_send(&result, client, "a@b.test", pool), SMTPC_EAUTH,
               "another password");
    tap_is_int(peer_heard(one, "AUTH "), 4, "goes over no kept connection");
    tap_subtest_end();
    peer_stop(one);
    peer_stop(two);
}

int main(void)
{
    static const tap_test_fn tests[] = { test_lockout, test_not_counted,
                                         test_own_trouble,
                                         test_profiles };
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    peer_ca_t *ca = peer_ca_create("Login Test CA", tap_pool());

    ca_file = peer_ca_file(ca, tap_pool());
    tls = peer_ca_server(ca, &cert, tap_pool());
    refused_rows();
    test_named();
    test_controls(tap_pool());
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
