/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_watch_test.c: what a program can watch: events, counters, and the
 * dialogue without its secrets.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/batch.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** Credentials that are found wherever they turn up. */
#define USER "zaphod"
#define PASSWORD "hunter2&more"

/** What was watched. */
typedef struct watch_t {
    smtpc_event_t events[4096];
    int count;
    char lines[262144];      /* of the dialogue, and of the log */
    apr_size_t len;
    int client_lines;
    int server_lines;
} watch_t;

static watch_t *watch;

static void on_event(void *baton, const smtpc_event_t *event)
{
    watch_t *to = baton;

    if (to->count < 4096) {
        to->events[to->count++] = *event;
    }
}

static void keep(watch_t *to, const char *line)
{
    apr_size_t len = strlen(line);

    if (to->len + len + 2 < sizeof(to->lines)) {
        memcpy(to->lines + to->len, line, len);
        to->len += len;
        to->lines[to->len++] = '\n';
        to->lines[to->len] = '\0';
    }
}

static void on_line(void *baton, apr_uint64_t connection, char side,
                    const char *line)
{
    watch_t *to = baton;

    to->client_lines += side == 'C';
    to->server_lines += side == 'S';
    if (connection == 0 || strchr("CS", side) == NULL) {
        keep(to, "a line of nobody");
    }
    keep(to, line);
}

static void on_log(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)level;
    keep(baton, text);
}

static void start_watching(smtpc_env_t *env)
{
    memset(watch, 0, sizeof(*watch));
    smtpc_env_set_events(env, on_event, watch);
    smtpc_env_set_transcript(env, on_line, watch);
    smtpc_env_set_log(env, SMTPC_LOG_TRACE, on_log, watch);
}

/* Events. */

/* Return how often stage began, and failed in *failed. */
static int count_stage(smtpc_stage_e stage, int *failed)
{
    int began = 0;
    int i;

    *failed = 0;
    for (i = 0; i < watch->count; i++) {
        if (watch->events[i].stage == stage) {
            began += watch->events[i].status == APR_SUCCESS;
            *failed += watch->events[i].status != APR_SUCCESS;
        }
    }
    return began;
}

static void test_stages(apr_pool_t *pool)
{
    static const smtpc_stage_e wanted[] = {
        SMTPC_STAGE_CONNECT, SMTPC_STAGE_GREETING, SMTPC_STAGE_EHLO,
        SMTPC_STAGE_STARTTLS, SMTPC_STAGE_TLS, SMTPC_STAGE_EHLO,
        SMTPC_STAGE_AUTH, SMTPC_STAGE_MAIL, SMTPC_STAGE_RCPT,
        SMTPC_STAGE_DATA, SMTPC_STAGE_CONTENT, SMTPC_STAGE_END,
        SMTPC_STAGE_DONE
    };
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    int count = (int)(sizeof(wanted) / sizeof(wanted[0]));
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    int i;

    tap_subtest_begin("each stage begins once, in order");
    batch_must(smtpc_env_create(&env, pool), "env");
    start_watching(env);
    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.login = "AHphcGhvZABodW50ZXIyJm1vcmU=";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_ca_file(client, peer_ca_file(ca, pool)),
               "CA");
    batch_must(smtpc_client_set_credentials(client, USER, PASSWORD),
               "credentials");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "sent");
    tap_is_int(watch->count, count, "so many events");
    for (i = 0; i < count && i < watch->count; i++) {
        const smtpc_event_t *event = &watch->events[i];

        tap_is_int(event->stage, wanted[i], "%s",
                   smtpc_stage_phrase(wanted[i]));
        tap_is_int(event->status, APR_SUCCESS, "begins");
        tap_is_int(event->connection != 0, event->stage != SMTPC_STAGE_DONE,
                   "on a connection");
        tap_ok(event->elapsed >= 0, "after %d us", (int)event->elapsed);
    }
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_failed_stage(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    int failed;

    tap_subtest_begin("a stage that fails");
    batch_must(smtpc_env_create(&env, pool), "env");
    start_watching(env);
    peer_smtp_init(&smtp);
    smtp.greeting = "!close";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "a@a.test", pool), SMTPC_ECONNECT,
               "not sent");
    tap_is_int(count_stage(SMTPC_STAGE_GREETING, &failed), 1, "began");
    tap_is_int(failed, 1, "and failed, once");
    tap_is_int(count_stage(SMTPC_STAGE_DONE, &failed), 0, "not well");
    tap_is_int(failed, 1, "but settled");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

static int count_status(const batch_t *batch, apr_status_t status)
{
    int count = 0;
    int i;

    for (i = 0; i < batch->count; i++) {
        count += smtpc_result_status(batch->results[i]) == status;
    }
    return count;
}

/* DONE once for each message of a batch; counters add up. */
static void test_counters(apr_pool_t *pool)
{
    smtpc_counters_t counters;
    apr_uint64_t messages;
    batch_t batch;
    int failed;
    int done;
    int i;

    tap_subtest_begin("counters add up");
    batch_make(&batch, pool);
    start_watching(batch.env);
    batch.sink->extensions = "PIPELINING\nCHUNKING";
    batch.sink->refuse = "m7-1";
    batch.sink->lose_final = 11;
    batch.sink->mail_cap = 9;
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 2), "two");
    batch.count = 40;
    for (i = 0; i < 40; i++) {
        batch.messages[i] = sink_message(i, i % 10 == 3 ? 0 : 3, 2, 50,
                                         batch.pool);
    }
    (void)batch_send_made(&batch);
    counters = batch_counters(&batch);
    done = count_stage(SMTPC_STAGE_DONE, &failed);
    tap_is_int(done + failed, 40, "each message is settled once");
    tap_is_int(done, counters.messages_accepted, "accepted");
    messages = counters.messages_accepted + counters.messages_partial
               + counters.messages_rejected + counters.messages_deferred
               + counters.messages_in_doubt + counters.messages_cancelled
               + counters.messages_failed;
    tap_is_int(messages, 40, "each is counted once");
    tap_is_int(counters.messages_failed, 4, "without recipients");
    tap_is_int(counters.messages_partial,
               count_status(&batch, SMTPC_EPARTIAL), "partial");
    tap_is_int(counters.messages_in_doubt,
               count_status(&batch, SMTPC_EINDOUBT), "in doubt");
    tap_ok(counters.messages_in_doubt >= 1, "one at least");
    tap_is_int(counters.recipients_accepted,
               batch_count(&batch, SMTPC_RCPT_ACCEPTED), "recipients");
    tap_is_int(counters.recipients_refused,
               batch_count(&batch, SMTPC_RCPT_REJECTED), "refused");
    /* One that is on its way when all is done is let go. */
    tap_ok(counters.connections_opened > 0
               && counters.connections_opened
                      <= (apr_uint64_t)peer_accepted(batch.peer),
           "connections");
    tap_ok(counters.retries > 0, "retries");
    tap_ok(counters.bytes > 36 * 50, "bytes");
    for (i = 0, done = 0; i < watch->count; i++) {
        done += watch->events[i].connection
                > (apr_uint64_t)peer_accepted(batch.peer) + 2;
    }
    tap_is_int(done, 0, "connections are numbered");
    batch_must(smtpc_client_dispose(batch.client), "dispose");
    counters = batch_counters(&batch);
    tap_is_int(counters.connections_closed, counters.connections_opened,
               "all that were opened were closed");
    batch_end(&batch);
    tap_subtest_end();
}

/* The dialogue. */

/* A server whose AUTH takes so many bytes at a time, and that repeats what it
 * was told. */
static void serve_gossip(peer_conn_t *conn, void *baton)
{
    char line[1024];

    (void)peer_say(conn, "220 peer");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "EHLO", 4) == 0) {
            (void)peer_say(conn, "250-peer\r\n250 AUTH %s",
                           (const char *)baton);
        }
        else if (strncmp(line, "AUTH LOGIN", 10) == 0) {
            (void)peer_say(conn, "334 VXNlcm5hbWU6");
            (void)peer_read_line(conn, line, sizeof(line));
            (void)peer_say(conn, "334 UGFzc3dvcmQ6");
            (void)peer_read_line(conn, line, sizeof(line));
            (void)peer_say(conn, "235 hello " USER ", " PASSWORD " is %s",
                           line);
        }
        else if (strncmp(line, "AUTH", 4) == 0) {
            (void)peer_say(conn, "235 ok, %s is " PASSWORD, line + 11);
        }
        else if (strcmp(line, "DATA") == 0) {
            (void)peer_say(conn, "354 go");
            while (peer_read_line(conn, line, sizeof(line))
                   && strcmp(line, ".") != 0) {
                continue;
            }
            (void)peer_say(conn, "250 ok");
        }
        else {
            (void)peer_say(conn, "250 ok");
        }
    }
}

static void test_secrets(apr_pool_t *pool)
{
    static const char *const mechanisms[] = { "PLAIN", "LOGIN" };
    static const char *const secrets[] = {
        PASSWORD, "hunter2", "aHVudGVyMiZtb3Jl", "AHphcGhvZABodW50ZXIyJm1vcmU",
        "h1bnRlcjI", "6YXBob2QAaHVudGVyMiZtb3Jl", "emFwaG9k"
    };
    apr_size_t i;
    apr_size_t k;

    tap_subtest_begin("no secrets in the dialogue or in the log");
    for (i = 0; i < 2; i++) {
        smtpc_client_t *client;
        smtpc_result_t *result;
        smtpc_env_t *env;
        peer_t *peer;

        batch_must(smtpc_env_create(&env, pool), "env");
        start_watching(env);
        peer = peer_start(serve_gossip, (void *)mechanisms[i]);
        client = mail_client(peer, env, pool);
        batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE),
                   "security");
        batch_must(smtpc_client_set_credentials(client, USER, PASSWORD),
                   "credentials");
        tap_is_int(mail_send(&result, client, "a@a.test", pool),
                   APR_SUCCESS, "%s", mechanisms[i]);
        for (k = 0; k < sizeof(secrets) / sizeof(secrets[0]); k++) {
            tap_ok(!strstr(watch->lines, secrets[k]), "no %s", secrets[k]);
        }
        tap_ok(strstr(watch->lines, "***") != NULL, "but that it was there");
        tap_ok(strstr(watch->lines, "AUTH ") != NULL, "and how");
        tap_ok(strstr(watch->lines, "MAIL FROM:<web@example.org>") != NULL
                   && strstr(watch->lines, "RCPT TO:<a@a.test>") != NULL,
               "what the client says");
        tap_ok(strstr(watch->lines, "220 peer") != NULL, "and the server");
        tap_ok(!strstr(watch->lines, "First mail."), "content is not told");
        tap_ok(!strstr(watch->lines, "a line of nobody"), "all have a side");
        tap_ok(watch->client_lines >= 6 && watch->server_lines >= 7,
               "%d and %d lines", watch->client_lines, watch->server_lines);
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(peer);
    }
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    watch = apr_palloc(pool, sizeof(*watch));
    test_stages(pool);
    test_failed_stage(pool);
    test_counters(pool);
    test_secrets(pool);
    return tap_done();
}
