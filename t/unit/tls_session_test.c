/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_session_test.c: which sessions are offered to whom, and what becomes of
 * them. The servers are OpenSSL's, in this process and without a network, so
 * that nothing depends on when a ticket arrives.
 */

#include <pthread.h>
#include <string.h>
#include <time.h>

#include <apr_strings.h>
#include <openssl/err.h>

#include "base/limits.h"
#include "net/tls_session.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static peer_ca_t *ca;
static const char *ca_file;

/* A transport to a server in this process. */
typedef struct pair_t {
    smtpc_transport_t transport;
    SSL *server;
    BIO *in;  /* to the server */
    BIO *out; /* from it */
    int flood;  /* whenever there is nothing to read: another ticket */
    int floods; /* how many */
    int dead;   /* the stream ends */
    int dumb;   /* the server does nothing */
    int more;   /* what was said of it last, and how often */
    int said;
} pair_t;

/* Let the server do what it can: shake hands, and say what it hears. */
static void serve(pair_t *pair)
{
    char buf[256];
    int got;

    ERR_clear_error();
    if (!SSL_is_init_finished(pair->server)) {
        (void)SSL_accept(pair->server);
    }
    while (SSL_is_init_finished(pair->server)
           && (got = SSL_read(pair->server, buf, sizeof(buf))) > 0) {
        (void)SSL_write(pair->server, buf, got);
    }
    if (pair->flood && BIO_pending(pair->out) == 0) {
        pair->floods++;
        (void)SSL_new_session_ticket(pair->server);
        (void)SSL_do_handshake(pair->server);
    }
    ERR_clear_error();
}

static apr_status_t pair_read(smtpc_transport_t *transport, char *buf,
                              apr_size_t *len)
{
    pair_t *pair = (pair_t *)transport;
    int got;

    if (!pair->dumb) {
        serve(pair);
    }
    got = BIO_read(pair->out, buf, (int)*len);
    *len = got > 0 ? (apr_size_t)got : 0;
    if (pair->dead) {
        return APR_EOF;
    }
    return got > 0 ? APR_SUCCESS : APR_EAGAIN;
}

static apr_status_t pair_write(smtpc_transport_t *transport, const char *data,
                               apr_size_t *len)
{
    pair_t *pair = (pair_t *)transport;

    *len = (apr_size_t)BIO_write(pair->in, data, (int)*len);
    return APR_SUCCESS;
}

static apr_int16_t pair_events(smtpc_transport_t *transport,
                               apr_int16_t wanted)
{
    (void)transport;
    return wanted;
}

static apr_socket_t *pair_socket(smtpc_transport_t *transport)
{
    (void)transport;
    return NULL;
}

static int pair_pending(smtpc_transport_t *transport)
{
    (void)transport;
    return 0;
}

static void pair_close(smtpc_transport_t *transport, int graceful)
{
    (void)transport;
    (void)graceful;
}

static const char *pair_error(smtpc_transport_t *transport)
{
    (void)transport;
    return "";
}

static void pair_expect(smtpc_transport_t *transport, int more)
{
    pair_t *pair = (pair_t *)transport;

    pair->more = more;
    pair->said++;
}

static const smtpc_transport_vtable_t pair_vtable = {
    pair_read,    pair_write, pair_events, pair_socket,
    pair_pending, pair_close, pair_error,  pair_expect
};

static apr_status_t free_server(void *data)
{
    /* Else it takes its session for a bad one. */
    SSL_set_shutdown(data, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(data);
    return APR_SUCCESS;
}

static pair_t *make_pair(SSL_CTX *context, apr_pool_t *pool)
{
    pair_t *pair = apr_pcalloc(pool, sizeof(*pair));

    pair->transport.vtable = &pair_vtable;
    pair->server = SSL_new(context);
    pair->in = BIO_new(BIO_s_mem());
    pair->out = BIO_new(BIO_s_mem());
    SSL_set_bio(pair->server, pair->in, pair->out);
    SSL_set_accept_state(pair->server);
    apr_pool_cleanup_register(pool, pair->server, free_server,
                              apr_pool_cleanup_null);
    return pair;
}

/* What one connection was like. */
typedef struct seen_t {
    apr_status_t status;
    int offered; /* the client offered a ticket or session */
    int resumed; /* both say so */
    int verified;
    int works;   /* bytes go to and fro */
    const char *why;
} seen_t;

/* Called by OpenSSL: what the client offers. */
static int on_hello(SSL *ssl, int *alert, void *arg)
{
    const unsigned char *data;
    seen_t *seen = SSL_get_app_data(ssl);
    size_t len;

    (void)alert;
    (void)arg;
    /* A client of TLS 1.3 makes up an identifier for middleboxes. */
    seen->offered = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &data,
                                              &len)
                    || (SSL_client_hello_get0_ext(
                            ssl, TLSEXT_TYPE_session_ticket, &data, &len)
                        && len > 0);
    return SSL_CLIENT_HELLO_SUCCESS;
}

static SSL_CTX *make_server(int version, apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test,DNS:other.test",
                         .max_version = version };
    SSL_CTX *context = peer_ca_server(ca, &cert, pool);

    SSL_CTX_set_client_hello_cb(context, on_hello, NULL);
    SSL_CTX_set_session_id_context(context, (const unsigned char *)"t", 1);
    return context;
}

static apr_status_t shake(smtpc_tls_t *tls)
{
    apr_int16_t events;
    apr_status_t rv = APR_EAGAIN;
    int turns;

    for (turns = 0; turns < 20 && APR_STATUS_IS_EAGAIN(rv); turns++) {
        rv = smtpc__tls_handshake(tls, &events);
    }
    return rv;
}

/* Say something, and read the answer and the tickets before it. */
static int talk(smtpc_transport_t *t)
{
    char buf[16];
    apr_size_t len = 5;
    apr_status_t rv;
    int turns = 0;

    if (smtpc__transport_write(t, "hello", &len) != APR_SUCCESS) {
        return 0;
    }
    do {
        len = sizeof(buf);
        rv = smtpc__transport_read(t, buf, &len);
    } while (APR_STATUS_IS_EAGAIN(rv) && ++turns < 20);
    return rv == APR_SUCCESS && len == 5 && memcmp(buf, "hello", 5) == 0;
}

/* One connection from front to end. */
static void connect_to(seen_t *seen, SSL_CTX *server,
                       const smtpc_tls_policy_t *policy, smtpc_env_t *env,
                       apr_pool_t *parent)
{
    smtpc_tls_facts_t facts;
    smtpc_tls_t *tls;
    apr_pool_t *pool;
    pair_t *pair;

    memset(seen, 0, sizeof(*seen));
    seen->why = "";
    apr_pool_create(&pool, parent);
    pair = make_pair(server, pool);
    SSL_set_app_data(pair->server, seen);
    seen->status = smtpc__tls_create(&tls, &seen->why, &pair->transport,
                                     policy, env, pool);
    if (seen->status == APR_SUCCESS) {
        seen->status = shake(tls);
    }
    if (seen->status == APR_SUCCESS) {
        smtpc__tls_facts(&facts, tls);
        seen->verified = facts.verified;
        seen->works = talk(smtpc__tls_transport(tls));
        seen->resumed = facts.resumed
                        && SSL_session_reused(pair->server);
        smtpc__transport_close(smtpc__tls_transport(tls), 1);
    }
    apr_pool_destroy(pool);
}

/* Connect and check. */
static void expect(const char *what, int offered, int resumed,
                   SSL_CTX *server, const smtpc_tls_policy_t *policy,
                   smtpc_env_t *env, apr_pool_t *pool)
{
    seen_t seen;

    connect_to(&seen, server, policy, env, pool);
    tap_ok(seen.status == APR_SUCCESS && seen.works
               && seen.verified == policy->verify
               && seen.offered == offered && seen.resumed == resumed,
           "%s: status %d, works %d, verified %d, offered %d, resumed %d",
           what, seen.status, seen.works, seen.verified, seen.offered,
           seen.resumed);
}

static smtpc_env_t *make_env(apr_pool_t *pool)
{
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    return env;
}

static smtpc_tls_policy_t make_policy(const char *session_key)
{
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .session_key = session_key,
                                  .verify = 1 };

    return policy;
}

static void test_resume(int version, apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *server = make_server(version, pool);
    smtpc_tls_policy_t policy = make_policy("one");
    smtpc_tls_policy_t other = policy;

    tap_subtest_begin("resumed, %s",
                      version == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3");
    expect("the first", 0, 0, server, &policy, env, pool);
    expect("the second", 1, 1, server, &policy, env, pool);
    expect("the third", 1, 1, server, &policy, env, pool);
    other.session_key = "two";
    expect("another profile", 0, 0, server, &other, env, pool);
    other = policy;
    other.host = "other.test";
    expect("another name", 0, 0, server, &other, env, pool);
    other = policy;
    other.key = "other files";
    expect("other files", 0, 0, server, &other, env, pool);
    other = policy;
    other.verify = 0;
    expect("unverified", 0, 0, server, &other, env, pool);
    expect("unverified again", 1, 1, server, &other, env, pool);
    other.session_key = NULL;
    expect("without a key", 0, 0, server, &other, env, pool);
    expect("without a key again", 0, 0, server, &other, env, pool);
    expect("another env", 0, 0, server, &policy, make_env(pool), pool);
    expect("the first again", 1, 1, server, &policy, env, pool);
    expect("a server that has forgotten", 1, 0, make_server(version, pool),
           &policy, env, pool);
    tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
    tap_subtest_end();
}

/* TLS 1.2 without tickets: the server remembers. */
static void test_identifier(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *server = make_server(TLS1_2_VERSION, pool);
    smtpc_tls_policy_t policy = make_policy("one");

    tap_subtest_begin("session identifiers");
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    expect("the first", 0, 0, server, &policy, env, pool);
    expect("the second", 0, 1, server, &policy, env, pool);
    tap_subtest_end();
}

/* A ticket of TLS 1.3 is used once. */
static void test_once(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *server = make_server(TLS1_3_VERSION, pool);
    smtpc_tls_policy_t policy = make_policy("one");
    smtpc_tls_sessions_t *sessions;
    SSL_SESSION *session;
    const char *key = "verify\ntest\nmail.test\none\n\n";

    tap_subtest_begin("a ticket is used once");
    SSL_CTX_set_num_tickets(server, 1);
    expect("one ticket", 0, 0, server, &policy, env, pool);
    if (smtpc__tls_sessions_get(&sessions, env, pool) != APR_SUCCESS) {
        tap_bail("no sessions");
    }
    session = smtpc__tls_sessions_take(sessions, key);
    tap_ok(session != NULL, "is there");
    tap_ok(smtpc__tls_sessions_take(sessions, key) == NULL,
           "and then is not");
    expect("nothing to offer", 0, 0, server, &policy, env, pool);
    SSL_SESSION_free(session);
    tap_subtest_end();
}

/* A handshake that fails takes the sessions with it. */
static void test_failed(int version, apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *server = make_server(version, pool);
    smtpc_tls_policy_t policy = make_policy("one");
    smtpc_tls_t *tls;
    const char *why;
    pair_t *pair;
    seen_t seen;

    tap_subtest_begin("a handshake that fails, %d", version);
    expect("the first", 0, 0, server, &policy, env, pool);
    pair = make_pair(server, pool);
    pair->dead = 1;
    SSL_set_app_data(pair->server, &seen);
    if (smtpc__tls_create(&tls, &why, &pair->transport, &policy, env, pool)
        != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    tap_is_int(shake(tls), SMTPC_ECONNECT, "the server closes");
    tap_ok(seen.offered, "it was to be resumed");
    expect("a full one", 0, 0, server, &policy, env, pool);
    expect("the next", 1, 1, server, &policy, env, pool);
    tap_subtest_end();
}

/* A certificate that is not good leaves nothing that skips checking it. */
static void test_not_verified(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *server = make_server(TLS1_2_VERSION, pool);
    smtpc_tls_policy_t policy = make_policy("one");
    seen_t seen;
    int i;

    tap_subtest_begin("a certificate that is refused");
    policy.host = "third.test";
    for (i = 0; i < 2; i++) {
        connect_to(&seen, server, &policy, env, pool);
        tap_is_int(seen.status, SMTPC_ETLS, "refused");
        tap_ok(!seen.offered, "nothing offered");
    }
    tap_subtest_end();
}

/* The table alone. */

/* A session that can be kept, of a connection that was made for it. */
static SSL_SESSION *make_session(int version, apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_tls_policy_t policy = make_policy("one");
    smtpc_tls_sessions_t *sessions;
    SSL_SESSION *session;

    expect("a session", 0, 0, make_server(version, pool), &policy, env, pool);
    if (smtpc__tls_sessions_get(&sessions, env, pool) != APR_SUCCESS) {
        tap_bail("no sessions");
    }
    session = smtpc__tls_sessions_take(sessions,
                                       "verify\ntest\nmail.test\none\n\n");
    if (!session) {
        tap_bail("no session");
    }
    return session;
}

/* Take one under key; its time, which tells it from others, or 0. */
static long take(smtpc_tls_sessions_t *sessions, const char *key)
{
    SSL_SESSION *session = smtpc__tls_sessions_take(sessions, key);
    long time = session ? SSL_SESSION_get_time(session) : 0;

    SSL_SESSION_free(session);
    return time;
}

static void test_limits(apr_pool_t *pool)
{
    SSL_SESSION *session = make_session(TLS1_3_VERSION, pool);
    smtpc_tls_sessions_t *sessions;
    long now = (long)time(NULL);
    int i;

    tap_subtest_begin("limits");
    if (smtpc__tls_sessions_get(&sessions, make_env(pool), pool)
        != APR_SUCCESS) {
        tap_bail("no sessions");
    }
    for (i = 0; i <= SMTPC_LIMIT_TLS_TICKETS; i++) {
        SSL_SESSION_set_time(session, now - 100 + i);
        smtpc__tls_sessions_put(sessions, "many", session);
    }
    for (i = SMTPC_LIMIT_TLS_TICKETS; i > 0; i--) {
        tap_is_int(take(sessions, "many"), now - 100 + i, "the newest first");
    }
    tap_is_int(take(sessions, "many"), 0, "the oldest is gone");

    for (i = 0; i < SMTPC_LIMIT_TLS_SESSIONS; i++) {
        smtpc__tls_sessions_put(sessions, apr_psprintf(pool, "key %d", i),
                                session);
    }
    smtpc__tls_sessions_put(sessions, "key 0", session);
    smtpc__tls_sessions_put(sessions, "one more", session);
    tap_ok(take(sessions, "key 0"), "as many keys as there may be");
    tap_ok(!take(sessions, "key 1"), "the one used least recently is gone");
    tap_ok(take(sessions, "key 2"), "the next is there");
    tap_ok(take(sessions, "one more"), "the last, too");
    smtpc__tls_sessions_put(sessions, "forgotten", session);
    smtpc__tls_sessions_forget(sessions, "forgotten");
    smtpc__tls_sessions_forget(sessions, "never there");
    tap_ok(!take(sessions, "forgotten"), "forgotten");
    SSL_SESSION_free(session);
    tap_subtest_end();
}

static void test_expired(int version, apr_pool_t *pool)
{
    SSL_SESSION *session = make_session(version, pool);
    smtpc_tls_sessions_t *sessions;
    long now = (long)time(NULL);

    tap_subtest_begin("expired, %d", version);
    if (smtpc__tls_sessions_get(&sessions, make_env(pool), pool)
        != APR_SUCCESS) {
        tap_bail("no sessions");
    }
    SSL_SESSION_set_timeout(session, 3600);
    SSL_SESSION_set_time(session, now - 3000);
    smtpc__tls_sessions_put(sessions, "key", session);
    tap_ok(take(sessions, "key"), "young enough");
    SSL_SESSION_set_time(session, now - 3601);
    smtpc__tls_sessions_put(sessions, "old", session);
    tap_ok(!take(sessions, "old"), "too old");
    SSL_SESSION_set_time(session, now + 3601);
    smtpc__tls_sessions_put(sessions, "future", session);
    tap_ok(!take(sessions, "future"), "of a clock that was put back");
    SSL_SESSION_set_timeout(session, 1000000);
    SSL_SESSION_set_time(session, now - 999999);
    smtpc__tls_sessions_put(sessions, "hint", session);
    tap_ok(!take(sessions, "hint"), "what the server said counts, too");
    SSL_SESSION_free(session);
    tap_subtest_end();
}

/* A server that sends tickets for ever: a read comes back, and the table
 * stays within its limits. */
static void test_flood(apr_pool_t *pool)
{
    smtpc_env_t *env = make_env(pool);
    smtpc_tls_policy_t policy = make_policy("one");
    smtpc_tls_sessions_t *sessions;
    smtpc_transport_t *t;
    smtpc_tls_t *tls;
    const char *why;
    pair_t *pair;
    seen_t seen;
    char buf[16];
    apr_size_t len = sizeof(buf);
    int taken = 0;

    tap_subtest_begin("tickets for ever");
    pair = make_pair(make_server(TLS1_3_VERSION, pool), pool);
    SSL_set_app_data(pair->server, &seen);
    if (smtpc__tls_create(&tls, &why, &pair->transport, &policy, env, pool)
            != APR_SUCCESS
        || shake(tls) != APR_SUCCESS) {
        tap_bail("no handshake");
    }
    t = smtpc__tls_transport(tls);
    pair->flood = 1;
    tap_is_int(smtpc__transport_read(t, buf, &len), APR_EAGAIN,
               "a read comes back");
    tap_ok(pair->floods > 1 && pair->floods < 1000, "after %d tickets",
           pair->floods);
    tap_ok(!smtpc__transport_pending(t), "and left nothing inside");
    pair->flood = 0;
    tap_ok(talk(t), "what comes behind is read");
    if (smtpc__tls_sessions_get(&sessions, env, pool) != APR_SUCCESS) {
        tap_bail("no sessions");
    }
    while (take(sessions, "verify\ntest\nmail.test\none\n\n")) {
        taken++;
    }
    tap_is_int(taken, SMTPC_LIMIT_TLS_TICKETS, "the newest were kept");
    tap_subtest_end();
}

/* What is said of more to come goes down to who acknowledges; in the middle
 * of a flight of the handshake there is more. */
static void test_expect(apr_pool_t *pool)
{
    smtpc_tls_policy_t policy = make_policy("one");
    apr_int16_t events;
    smtpc_tls_t *tls;
    const char *why;
    pair_t *pair;
    seen_t seen;

    tap_subtest_begin("more to come");
    pair = make_pair(make_server(TLS1_3_VERSION, pool), pool);
    SSL_set_app_data(pair->server, &seen);
    if (smtpc__tls_create(&tls, &why, &pair->transport, &policy,
                          make_env(pool), pool) != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    pair->dumb = 1;
    tap_is_int(smtpc__tls_handshake(tls, &events), APR_EAGAIN, "handshake");
    tap_ok(pair->said == 1 && pair->more == 1, "waits for the flight");
    pair->dumb = 0;
    tap_is_int(shake(tls), APR_SUCCESS, "comes to an end");
    smtpc__transport_expect(smtpc__tls_transport(tls), 0);
    tap_is_int(pair->more, 0, "none, passed on");
    smtpc__transport_expect(smtpc__tls_transport(tls), 7);
    tap_is_int(pair->more, 7, "more, passed on");
    tap_subtest_end();
}

/* Threads. */

enum { THREADS = 8, CONNECTIONS = 40 };

typedef struct client_t {
    pthread_t thread;
    smtpc_env_t *env;
    SSL_CTX *server[2];
    int number;
    int good;
    int resumed;
} client_t;

static void *run_client(void *data)
{
    client_t *client = data;
    apr_pool_t *pool;
    int i;

    if (apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return NULL;
    }
    for (i = 0; i < CONNECTIONS; i++) {
        smtpc_tls_policy_t policy = make_policy(
            apr_psprintf(pool, "key %d", (client->number + i) % 3));
        seen_t seen;

        connect_to(&seen, client->server[i % 2], &policy, client->env, pool);
        client->good += seen.status == APR_SUCCESS && seen.works
                        && seen.verified;
        client->resumed += seen.resumed;
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void test_threads(apr_pool_t *pool)
{
    client_t clients[THREADS];
    smtpc_env_t *env = make_env(pool);
    SSL_CTX *servers[2];
    int good = 0;
    int resumed = 0;
    int i;

    tap_subtest_begin("%d threads", THREADS);
    servers[0] = make_server(TLS1_2_VERSION, pool);
    servers[1] = make_server(TLS1_3_VERSION, pool);
    memset(clients, 0, sizeof(clients));
    for (i = 0; i < THREADS; i++) {
        clients[i].env = env;
        clients[i].server[0] = servers[0];
        clients[i].server[1] = servers[1];
        clients[i].number = i;
        if (pthread_create(&clients[i].thread, NULL, run_client,
                           &clients[i])) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        pthread_join(clients[i].thread, NULL);
        good += clients[i].good;
        resumed += clients[i].resumed;
    }
    tap_is_int(good, THREADS * CONNECTIONS, "all connections worked");
    tap_ok(resumed > 0, "%d were resumed", resumed);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    test_resume(TLS1_2_VERSION, pool);
    test_resume(TLS1_3_VERSION, pool);
    test_identifier(pool);
    test_once(pool);
    test_failed(TLS1_2_VERSION, pool);
    test_failed(TLS1_3_VERSION, pool);
    test_not_verified(pool);
    test_limits(pool);
    test_expired(TLS1_2_VERSION, pool);
    test_expired(TLS1_3_VERSION, pool);
    test_flood(pool);
    test_expect(pool);
    test_threads(pool);
    return tap_done();
}
