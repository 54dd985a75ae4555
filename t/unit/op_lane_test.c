/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_lane_test.c: several hosts, kept connections that died, early
 * pipelining, TLS sessions that are used again.
 */

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "../support/batch.h"
#include "../support/clock.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** A server of several. */
typedef struct host_t {
    peer_smtp_t smtp;
    peer_t *peer;
} host_t;

static void start_host(host_t *host, const char *greeting)
{
    peer_smtp_init(&host->smtp);
    host->smtp.greeting = greeting;
    host->peer = peer_start(peer_smtp_serve, &host->smtp);
}

static smtpc_env_t *make_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    batch_must(smtpc_env_create(&env, pool), "env");
    return env;
}

/* A client for both hosts, each message on a connection of its own. */
static smtpc_client_t *make_client(host_t *first, host_t *second,
                                   smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(first->peer, env, pool);

    batch_must(smtpc_client_add_host(client, "127.0.0.1",
                                     peer_port(second->peer)), "host");
    batch_must(smtpc_client_set_messages_per_connection(client, 1), "one");
    batch_must(smtpc_client_set_timeout(client, apr_time_from_sec(20)),
               "timeout");
    return client;
}

static smtpc_counters_t counters_of(const smtpc_env_t *env)
{
    smtpc_counters_t counters;

    smtpc_env_counters(&counters, env);
    return counters;
}

static void test_failover(apr_pool_t *pool)
{
    static const struct {
        const char *what;
        const char *greeting;
        peer_answer_t answer;
    } cases[] = {
        { "421 at first", "421 4.3.2 not now", { NULL, NULL } },
        { "554 at first", "554 5.3.2 no service here", { NULL, NULL } },
        { "closes at once", "!close", { NULL, NULL } },
        { "resets at once", "!reset", { NULL, NULL } },
        { "no protocol of ours", "HTTP/1.0 400 Bad Request",
          { NULL, NULL } },
        { "421 to EHLO", NULL, { "EHLO", "421 4.3.2 not now" } },
        { "closes at EHLO", NULL, { "EHLO", "!close" } },
    };
    apr_size_t i;

    tap_subtest_begin("the next host, if the first");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_answer_t answers[2] = { cases[i].answer, { NULL, NULL } };
        smtpc_env_t *env = make_env(pool);
        smtpc_client_t *client;
        smtpc_result_t *result = NULL;
        host_t first;
        host_t second;

        start_host(&first, cases[i].greeting);
        first.smtp.answers = answers;
        start_host(&second, NULL);
        client = make_client(&first, &second, env, pool);
        tap_is_int(mail_send(&result, client, "ann@example.net", pool),
                   APR_SUCCESS, "%s: %s", cases[i].what, mail_error(result));
        tap_is_str(smtpc_result_peer(result),
                   apr_psprintf(pool, "127.0.0.1:%d",
                                peer_port(second.peer)), "there");
        tap_is_int(counters_of(env).failovers, 1, "one failover");
        tap_is_int(counters_of(env).connections_failed, 1, "one failure");
        tap_is_int(peer_accepted(first.peer), 1, "the first was asked once");
        batch_must(smtpc_client_dispose(client), "dispose");
        tap_ok(peer_quiet(second.peer), "ended");
        tap_is_int(second.smtp.messages, 1, "one message");
        peer_stop(first.peer);
        peer_stop(second.peer);
    }
    tap_subtest_end();
}

/* A closed port, then all of them. */
static void test_dead(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t host;
    int port = mail_closed_port();

    tap_subtest_begin("dead hosts");
    start_host(&host, NULL);
    batch_must(smtpc_client_create(&client, env, "127.0.0.1", port, pool),
               "client");
    batch_must(smtpc_client_add_host(client, "127.0.0.1", port), "host");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool),
               SMTPC_ECONNECT, "both dead: %s", mail_error(result));
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent");
    tap_is_int(counters_of(env).failovers, 1, "the other was tried");
    batch_must(smtpc_client_add_host(client, "127.0.0.1",
                                     peer_port(host.peer)), "host");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool),
               APR_SUCCESS, "the third is not");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(host.peer);
    tap_subtest_end();
}

/* A refused login would be refused elsewhere, and lock the account. */
static void test_no_failover(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t first;
    host_t second;

    tap_subtest_begin("a refused login ends it");
    start_host(&first, NULL);
    first.smtp.login = "AHVzZXIAb3RoZXI=";
    start_host(&second, NULL);
    second.smtp.login = "AHVzZXIAc2VjcmV0";
    client = make_client(&first, &second, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE),
               "security");
    batch_must(smtpc_client_set_credentials(client, "user", "plain:secret"),
               "credentials");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool),
               SMTPC_EAUTH, "%s", mail_error(result));
    tap_is_int(peer_accepted(second.peer), 0, "the second is not asked");
    tap_is_int(counters_of(env).failovers, 0, "no failover");
    tap_is_int(smtpc_result_code(result), 535, "535");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(first.peer);
    peer_stop(second.peer);
    tap_subtest_end();
}

static void test_certificate(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t wrong = { .names = "DNS:other.test" };
    peer_cert_t right = { .names = "IP:127.0.0.1" };
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t first;
    host_t second;

    tap_subtest_begin("a host with a wrong certificate");
    start_host(&first, NULL);
    first.smtp.tls = peer_ca_server(ca, &wrong, pool);
    start_host(&second, NULL);
    second.smtp.tls = peer_ca_server(ca, &right, pool);
    client = make_client(&first, &second, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
               "security");
    batch_must(smtpc_client_set_ca_file(client, peer_ca_file(ca, pool)),
               "CA");
    tap_is_int(mail_send(&result, client, "ann@example.net", pool),
               APR_SUCCESS, "the next is taken: %s", mail_error(result));
    tap_is_int(peer_heard(first.peer, "MAIL"), 0, "the first got nothing");
    tap_ok(strncmp(smtpc_result_tls_protocol(result), "TLSv1.", 6) == 0,
           "%s", smtpc_result_tls_protocol(result));
    tap_ok(*smtpc_result_tls_cipher(result) != '\0', "%s",
           smtpc_result_tls_cipher(result));
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(first.peer);
    peer_stop(second.peer);
    tap_subtest_end();
}

static void test_round_robin(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t first;
    host_t second;
    int i;

    tap_subtest_begin("round robin");
    start_host(&first, NULL);
    start_host(&second, NULL);
    client = make_client(&first, &second, env, pool);
    for (i = 0; i < 3; i++) {
        batch_must(mail_send(&result, client, "ann@example.net", pool),
                   "failover");
    }
    tap_is_int(peer_accepted(first.peer), 3, "failover: all to the first");
    tap_is_int(peer_accepted(second.peer), 0, "none to the second");
    batch_must(smtpc_client_set_host_order(client, SMTPC_HOSTS_ROUND_ROBIN),
               "order");
    for (i = 0; i < 6; i++) {
        batch_must(mail_send(&result, client, "ann@example.net", pool),
                   "in turn");
    }
    tap_is_int(peer_accepted(first.peer), 6, "half to the first");
    tap_is_int(peer_accepted(second.peer), 3, "half to the second");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(first.peer);
    peer_stop(second.peer);
    tap_subtest_end();
}

/* A host that is away for its first connections, and one behind it, which
 * serves nobody before the first has been asked often enough: else a batch may
 * be over before it is known how the first is. */
typedef struct away_t {
    peer_smtp_t smtp;
    peer_smtp_t behind;
    int away;   /* for so many */
    int expect; /* so many have to be asked for */
    int asked;
    pthread_mutex_t lock; /* of the last two */
    pthread_cond_t changed;
} away_t;

static void serve_away(peer_conn_t *conn, void *baton)
{
    away_t *away = baton;
    int here = peer_conn_index(conn) >= away->away;

    if (!here) {
        (void)peer_say(conn, "421 4.3.2 not now");
    }
    pthread_mutex_lock(&away->lock);
    away->asked++;
    pthread_cond_broadcast(&away->changed);
    pthread_mutex_unlock(&away->lock);
    if (here) {
        peer_smtp_serve(conn, &away->smtp);
    }
}

static void serve_behind(peer_conn_t *conn, void *baton)
{
    away_t *away = baton;
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&away->lock);
    while (away->asked < away->expect
           && pthread_cond_timedwait(&away->changed, &away->lock, &until)
                  == 0) {
        continue;
    }
    pthread_mutex_unlock(&away->lock);
    peer_smtp_serve(conn, &away->behind);
}

static void away_start(away_t *away, host_t *first, host_t *second)
{
    memset(away, 0, sizeof(*away));
    away->away = 2;
    pthread_mutex_init(&away->lock, NULL);
    pthread_cond_init(&away->changed, NULL);
    peer_smtp_init(&away->smtp);
    peer_smtp_init(&away->behind);
    first->peer = peer_start(serve_away, away);
    second->peer = peer_start(serve_behind, away);
}

static void expect(away_t *away, int asked)
{
    pthread_mutex_lock(&away->lock);
    away->expect = asked;
    pthread_mutex_unlock(&away->lock);
}

/* Send count messages at once over four connections. */
static void send_some(smtpc_client_t *client, int count, apr_pool_t *pool)
{
    smtpc_message_t *messages[16];
    smtpc_result_t *results[16];
    int i;

    for (i = 0; i < count; i++) {
        messages[i] = sink_message(i, 1, 1, 10, pool);
    }
    tap_is_int(smtpc_client_send_many(results, client, messages,
                                      (apr_size_t)count, pool), APR_SUCCESS,
               "%d messages", count);
}

static void test_sick(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    host_t first;
    away_t away;
    host_t second;

    tap_subtest_begin("a sick host is left alone, and asked by one");
    away_start(&away, &first, &second);
    client = make_client(&first, &second, env, pool);
    batch_must(smtpc_client_set_max_connections(client, 4), "four");
    batch_must(smtpc_client_set_pipeline_depth(client, 1), "depth");
    send_some(client, 1, pool);
    tap_is_int(peer_accepted(first.peer), 1, "the first fails");
    send_some(client, 12, pool);
    send_some(client, 1, pool);
    tap_is_int(peer_accepted(first.peer), 1, "and rests");
    clock_advance(SMTPC_TIMEOUT_SICK + apr_time_from_sec(1));
    expect(&away, 2);
    send_some(client, 12, pool);
    tap_is_int(peer_accepted(first.peer), 2, "one finds out");
    clock_advance(SMTPC_TIMEOUT_SICK + apr_time_from_sec(1));
    send_some(client, 12, pool);
    tap_is_int(peer_accepted(first.peer), 2, "it rests for longer");
    clock_advance(SMTPC_TIMEOUT_SICK);
    send_some(client, 1, pool);
    tap_is_int(peer_accepted(first.peer), 3, "asked again, and well");
    send_some(client, 1, pool);
    tap_is_int(peer_accepted(first.peer), 4, "it is the first again");
    tap_is_int(counters_of(env).failovers, 2, "failovers");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(first.peer);
    peer_stop(second.peer);
    tap_subtest_end();
}

/* Kept connections. */

static void test_stale(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t host;

    tap_subtest_begin("a kept connection that died");
    start_host(&host, NULL);
    host.smtp.max_messages = 1;
    client = mail_client(host.peer, env, pool);
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "one");
    /* 421 to MAIL: nothing was delivered, so another one is tried. */
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "the second: %s", mail_error(result));
    tap_is_int(peer_accepted(host.peer), 2, "over another one");
    tap_is_int(counters_of(env).retries, 1, "a retry");
    tap_is_int(counters_of(env).connections_reused, 1, "it was used again");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(host.peer);
    tap_subtest_end();
}

/* What the server says to RSET. */
static void test_probe(apr_pool_t *pool)
{
    static const struct {
        const char *say;
        int connections;
    } cases[] = { { "250 2.0.0 ok", 1 }, { "!close", 2 },
                  { "502 5.5.1 no RSET", 2 }, { "garbage", 2 } };
    apr_size_t i;

    tap_subtest_begin("a connection that was idle for long is asked first");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        peer_answer_t answers[] = { { "RSET", cases[i].say },
                                    { NULL, NULL } };
        smtpc_env_t *env = make_env(pool);
        smtpc_client_t *client;
        smtpc_result_t *result = NULL;
        host_t host;

        start_host(&host, NULL);
        host.smtp.answers = answers;
        client = mail_client(host.peer, env, pool);
        tap_is_int(mail_send(&result, client, "a@a.test", pool),
                   APR_SUCCESS, "one");
        tap_is_int(peer_heard(host.peer, "RSET"), 0, "not asked");
        clock_advance(SMTPC_TIMEOUT_PROBE + apr_time_from_sec(1));
        tap_is_int(mail_send(&result, client, "a@a.test", pool),
                   APR_SUCCESS, "RSET: %s", cases[i].say);
        tap_is_int(peer_heard(host.peer, "RSET"), 1, "asked");
        tap_is_int(peer_accepted(host.peer), cases[i].connections,
                   "connections");
        tap_is_int(counters_of(env).connections_stale,
                   cases[i].connections - 1, "stale");
        clock_advance(SMTPC_TIMEOUT_IDLE + apr_time_from_sec(1));
        tap_is_int(mail_send(&result, client, "a@a.test", pool),
                   APR_SUCCESS, "too old");
        tap_is_int(peer_heard(host.peer, "RSET"), 1, "not asked");
        tap_is_int(peer_accepted(host.peer), cases[i].connections + 1,
                   "a new one");
        batch_must(smtpc_client_dispose(client), "dispose");
        peer_stop(host.peer);
    }
    tap_subtest_end();
}

/* A server that stays silent when it is asked. */
static void test_silent_probe(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "RSET", "!silent" },
                                             { NULL, NULL } };
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t host;

    tap_subtest_begin("a half-open connection");
    start_host(&host, NULL);
    host.smtp.answers = answers;
    client = mail_client(host.peer, env, pool);
    batch_must(smtpc_client_set_timeout(client, apr_time_from_sec(2)),
               "timeout");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "one");
    clock_advance(SMTPC_TIMEOUT_PROBE + apr_time_from_sec(1));
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "half of the time is left for a new one: %s",
               mail_error(result));
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(host.peer);
    tap_subtest_end();
}

/* Early pipelining: what comes before the greeting. */
typedef struct early_t {
    sink_t usual;
    sink_t other;  /* serves connection 1, if it is not NULL */
    int wait_for;  /* lines that connection 1 waits for with its greeting */
    int differs;
} early_t;

static void serve_early(peer_conn_t *conn, void *baton)
{
    early_t *early = baton;
    int index = peer_conn_index(conn);
    char line[1024];
    int i;

    if (index != 1 || early->differs) {
        sink_serve(conn, index == 1 ? &early->other : &early->usual);
        return;
    }
    for (i = 0; i < early->wait_for; i++) {
        (void)peer_read_line(conn, line, sizeof(line));
    }
    (void)peer_say(conn, "220 sink\r\n250-sink\r\n250-PIPELINING\r\n"
                   "250 PIPECONNECT\r\n250 sender\r\n250 recipient");
    (void)peer_read_line(conn, line, sizeof(line));
    (void)peer_say(conn, "354 go");
    while (peer_read_line(conn, line, sizeof(line))
           && strcmp(line, ".") != 0) {
        continue;
    }
    (void)peer_say(conn, "250 2.0.0 queued as EARLY");
    peer_wait_end(conn);
}

static void test_early(int differs, apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    early_t *early = apr_pcalloc(pool, sizeof(*early));
    smtpc_message_t *message = sink_message(0, 1, 1, 10, pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    peer_t *peer;

    tap_subtest_begin("early pipelining, the server %s",
                      differs ? "is another" : "is the same");
    sink_init(&early->usual);
    early->usual.extensions = "PIPELINING\nPIPECONNECT";
    sink_init(&early->other);
    early->other.extensions = "8BITMIME";
    early->wait_for = 3;
    early->differs = differs;
    peer = peer_start(serve_early, early);
    client = mail_client(peer, env, pool);
    batch_must(smtpc_client_set_messages_per_connection(client, 1), "one");
    batch_must(smtpc_client_set_timeout(client, apr_time_from_sec(5)),
               "timeout");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               APR_SUCCESS, "the first");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               APR_SUCCESS, "the second");
    tap_is_str(mail_error(result), "", "nothing is wrong");
    if (differs) {
        tap_is_int(peer_accepted(peer), 3, "begun anew");
        tap_is_int(early->usual.taken, 2, "delivered once");
        tap_is_int(early->other.taken, 0, "and not there");
        tap_is_int(smtpc_client_send(&result, client, message, pool),
                   APR_SUCCESS, "the third");
        tap_is_int(peer_accepted(peer), 4, "is a matter of one");
    }
    else {
        tap_is_int(peer_accepted(peer), 2, "envelope before the greeting");
        tap_is_str(smtpc_result_queue_id(result), "EARLY", "accepted");
    }
    tap_is_int(counters_of(env).connections_failed, 0,
               "nothing failed for the caller");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_resumption(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    smtpc_env_t *env = make_env(pool);
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    host_t host;
    int i;

    tap_subtest_begin("TLS sessions are used again");
    start_host(&host, NULL);
    host.smtp.tls = peer_ca_server(ca, &cert, pool);
    client = mail_client(host.peer, env, pool);
    batch_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
               "security");
    batch_must(smtpc_client_set_ca_file(client, peer_ca_file(ca, pool)),
               "CA");
    batch_must(smtpc_client_set_messages_per_connection(client, 1), "one");
    for (i = 0; i < 5; i++) {
        tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
                   "message %d %s", i, mail_error(result));
    }
    tap_is_int(peer_accepted(host.peer), 5, "five connections");
    tap_is_int(counters_of(env).handshakes, 5, "five handshakes");
    tap_is_int(counters_of(env).handshakes_resumed, 4, "four of them short");
    batch_must(smtpc_client_set_verify_name(client, "127.0.0.1"), "name");
    tap_is_int(mail_send(&result, client, "a@a.test", pool), APR_SUCCESS,
               "another profile");
    tap_is_int(counters_of(env).handshakes_resumed, 4, "has its own");
    batch_must(smtpc_client_dispose(client), "dispose");
    peer_stop(host.peer);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_failover(pool);
    test_dead(pool);
    test_no_failover(pool);
    test_certificate(pool);
    test_round_robin(pool);
    test_sick(pool);
    test_stale(pool);
    test_probe(pool);
    test_silent_probe(pool);
    test_early(0, pool);
    test_early(1, pool);
    test_resumption(pool);
    return tap_done();
}
