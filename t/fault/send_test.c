/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_test.c: mails on every way to a server while each call that can fail
 * does. What the results say is what the sink knows, nothing arrives twice,
 * nothing is waited for, and the client says which.
 */

#include <string.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/async.h"
#include "../support/dkim_support.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"
#include "fault.h"
#include "front.h"

/** Long enough for what is busy, too long for a test: nothing waits for it. */
#define TIMEOUT apr_time_from_sec(20)
/** Mails of a scenario, at most. */
#define MAILS_MAX 4
/** Recipients of each. */
#define RCPTS_MAX 2

static SSL_CTX *server_tls;   /* each handshake is a whole one */
static SSL_CTX *resuming_tls;
static const char *ca_file;
static const char *token_reference;
#ifdef SMTPC_WITH_GSASL
static sasl_server_t sasl = { .password = "s3cret" };
#endif

typedef struct world_t world_t;

/* A scenario. */
typedef struct way_t {
    const char *name;
    const char *extensions; /* of the sink */
    front_t front;          /* its sink is made for each run */
    int lmtp;
    int mails;
    int rcpts;              /* of each */
    int before;             /* mails of these that go before calls fail */
    int forked;             /* a child sends the next; the rest goes then */
    /** Set what is special. */
    apr_status_t (*set)(world_t *world);
    /** Send; results are in the world. */
    apr_status_t (*send)(world_t *world);
} way_t;

/* What a result said. */
typedef struct said_t {
    int known; /* there was one */
    apr_status_t status;
    smtpc_rcpt_state_e states[RCPTS_MAX];
    char error[512];
} said_t;

/* What came of a run. A child shares it. */
typedef struct outcome_t {
    said_t said[MAILS_MAX];
    apr_status_t status;
    apr_status_t disposed;
    int started;            /* asynchronously */
    int completed;
} outcome_t;

/* One run of it. */
struct world_t {
    const way_t *way;
    sink_t *sink;
    front_t front;
    peer_t *peer;
    int idle_port;          /* where nobody listens */
    apr_pool_t *pool;       /* of the run: messages, results */
    apr_pool_t *own;        /* of env and client */
    smtpc_env_t *env;
    smtpc_client_t *client;
    smtpc_message_t *mails[MAILS_MAX];
    outcome_t *out;
    async_t async;
    int sent;               /* mails, before calls fail */
    int until;              /* mails are sent before this one */
};

#define THEN(step) (rv == APR_SUCCESS ? (step) : rv)

/* Note what result, which may be NULL, says of mail id. */
static void note(world_t *world, int id, const smtpc_result_t *result)
{
    said_t *said = &world->out->said[id];
    apr_size_t r;

    if (!result) {
        return;
    }
    said->known = 1;
    said->status = smtpc_result_status(result);
    apr_cpystrn(said->error, smtpc_result_error(result),
                sizeof(said->error));
    for (r = 0; r < smtpc_result_recipient_count(result) && r < RCPTS_MAX;
         r++) {
        said->states[r] = smtpc_result_recipient(result, r)->state;
    }
}

/* How they are sent. */

static apr_status_t send_each(world_t *world)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = world->sent; i < world->until; i++) {
        smtpc_result_t *result = NULL;
        apr_status_t one = smtpc_client_send(&result, world->client,
                                             world->mails[i], world->pool);

        note(world, i, result);
        /* One that failed must not be in the way of the next. */
        rv = rv == APR_SUCCESS ? one : rv;
    }
    return rv;
}

static apr_status_t send_many(world_t *world)
{
    smtpc_result_t *results[MAILS_MAX] = { NULL };
    apr_status_t rv;
    int i;

    rv = smtpc_client_send_many(results, world->client, world->mails,
                                (apr_size_t)world->way->mails, world->pool);
    for (i = 0; i < world->way->mails; i++) {
        note(world, i, results[i]);
    }
    return rv;
}

static void completed(smtpc_client_t *client, apr_status_t status,
                      const smtpc_result_t *result, void *baton)
{
    world_t *world = baton;

    note(world, world->sent, result);
    async_completed(client, status, result, &world->async);
}

static apr_status_t send_async(world_t *world)
{
    apr_status_t rv = smtpc_client_send_async(world->client,
                                              world->mails[world->sent],
                                              completed, world);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    world->out->started = 1;
    (void)async_wait(&world->async, 1);
    return world->async.status;
}

static apr_status_t send_and_cancel(world_t *world)
{
    apr_status_t rv = smtpc_client_send_async(world->client,
                                              world->mails[world->sent],
                                              completed, world);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    world->out->started = 1;
    rv = smtpc_client_cancel(world->client);
    (void)async_wait(&world->async, 1);
    rv = THEN(world->async.status);
    return rv == SMTPC_ECANCELLED || rv == SMTPC_EINDOUBT ? APR_SUCCESS : rv;
}

/* What is special. */

static apr_status_t set_nothing(world_t *world)
{
    (void)world;
    return APR_SUCCESS;
}

static apr_status_t set_starttls(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_file(world->client, ca_file);

    /* A connection for each: the context is made for that of the first. */
    rv = THEN(smtpc_client_set_messages_per_connection(world->client, 1));
    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_STARTTLS));
}

static apr_status_t set_implicit(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_file(world->client, ca_file);

    /* A connection for each; that of the second resumes the session of the
     * first. */
    rv = THEN(smtpc_client_set_messages_per_connection(world->client, 1));
    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_IMPLICIT));
}

static apr_status_t set_login(world_t *world)
{
    apr_status_t rv = smtpc_client_set_credentials(world->client, "ann",
                                                   "s3cret");

    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_NONE));
}

static apr_status_t set_token(world_t *world)
{
    apr_status_t rv = smtpc_client_set_token(world->client, "ann",
                                             token_reference);

    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_NONE));
}

static apr_status_t set_lmtp(world_t *world)
{
    return smtpc_client_set_lmtp(world->client, 1);
}

static apr_status_t set_unix(world_t *world)
{
    apr_status_t rv = smtpc_client_set_unix_socket(world->client,
                                                   peer_path(world->peer));

    return THEN(set_lmtp(world));
}

static apr_status_t set_failover(world_t *world)
{
    apr_status_t rv = smtpc_client_set_host(world->client, "localhost");

    rv = THEN(smtpc_client_set_port(world->client, world->idle_port));
    return THEN(smtpc_client_add_host(world->client, "127.0.0.1",
                                      peer_port(world->peer)));
}

static apr_status_t set_proxy(world_t *world, smtpc_proxy_e proxy)
{
    /* Nobody asks for this name but the proxy. */
    apr_status_t rv = smtpc_client_set_host(world->client, "192.0.2.1");

    return THEN(smtpc_client_set_proxy(world->client, proxy, "127.0.0.1",
                                       peer_port(world->peer)));
}

static apr_status_t set_socks(world_t *world)
{
    return set_proxy(world, SMTPC_PROXY_SOCKS5);
}

static apr_status_t set_http(world_t *world)
{
    return set_proxy(world, SMTPC_PROXY_HTTP);
}

/* The runs. */

static apr_status_t begin(world_t *world)
{
    apr_status_t rv = smtpc_env_create(&world->env, world->own);

    rv = THEN(smtpc_client_create(&world->client, world->env, "127.0.0.1",
                                  peer_port(world->peer), world->own));
    rv = THEN(smtpc_client_set_timeout(world->client, TIMEOUT));
    return THEN(world->way->set(world));
}

/* What is said of TLS and of the server is known from these. */
static void send_before(world_t *world)
{
    if (begin(world) != APR_SUCCESS) {
        tap_bail("no client");
    }
    for (; world->sent < world->way->before; world->sent++) {
        smtpc_result_t *result = NULL;

        if (smtpc_client_send(&result, world->client,
                              world->mails[world->sent], world->pool)
            != APR_SUCCESS) {
            tap_bail("the mail before was not sent");
        }
        note(world, world->sent, result);
    }
}

static void run(void *baton)
{
    world_t *world = baton;
    apr_status_t rv;

    fault_start();
    rv = world->client ? APR_SUCCESS : begin(world);
    world->out->status = THEN(world->way->send(world));
    if (world->client) {
        world->out->disposed = smtpc_client_dispose(world->client);
    }
    apr_pool_destroy(world->own);
    (void)fault_stop();
    world->out->completed = async_count(&world->async);
}

/* Calls fail in a child, with what it has of its parent; the parent goes on
 * with its own. */
static const char *run_forked(world_t *world)
{
    const char *wrong;

    world->until = world->sent + 1;
    wrong = fault_in_child(run, world, world->pool);
    world->sent = world->until;
    world->until = world->way->mails;
    if (send_each(world) != APR_SUCCESS && !wrong) {
        wrong = "the parent's was not sent";
    }
    if (smtpc_client_dispose(world->client) != APR_SUCCESS && !wrong) {
        wrong = "the parent's client does not end";
    }
    apr_pool_destroy(world->own);
    return wrong;
}

/* What a recipient's state says that is not so, or NULL. In doubt is always
 * possible: what the sink said was lost here. */
static const char *wrong_state(const sink_rcpt_t *is, smtpc_rcpt_state_e said)
{
    if (is->accepted > 1) {
        return "delivered twice";
    }
    if (said == SMTPC_RCPT_ACCEPTED && is->accepted == 0) {
        return "said to be accepted, and is not";
    }
    if (said == SMTPC_RCPT_REJECTED) {
        return "said to be refused, and is not";
    }
    if (said == SMTPC_RCPT_UNSENT && is->accepted > 0) {
        return "said to be unsent, and is not";
    }
    return NULL;
}

static const char *check_mail(const world_t *world, int id)
{
    const said_t *said = &world->out->said[id];
    int r;

    for (r = 0; r < world->way->rcpts; r++) {
        const char *wrong = wrong_state(&world->sink->rcpts[id][r],
                                        said->states[r]);

        if (!wrong && said->known && said->status == APR_SUCCESS
            && said->states[r] != SMTPC_RCPT_ACCEPTED) {
            wrong = "not accepted, though its mail is";
        }
        if (wrong) {
            return apr_psprintf(world->pool, "m%d-%d is %s (%s)", id, r,
                                wrong, said->known ? said->error
                                                   : "no result");
        }
    }
    return NULL;
}

static const char *check(world_t *world)
{
    const outcome_t *out = world->out;
    apr_status_t rv = out->status;
    const char *wrong = fault_judge(rv, world->pool);
    int i;

    if (!wrong) {
        wrong = fault_judge(out->disposed, world->pool);
    }
    if (!wrong && rv == SMTPC_ETIMEOUT) {
        wrong = "what failed at once was waited for";
    }
    if (!wrong && out->completed != out->started) {
        wrong = apr_psprintf(world->pool, "completed %d times",
                             out->completed);
    }
    if (!wrong && world->sink->violation[0]) {
        wrong = world->sink->violation;
    }
    for (i = 0; !wrong && i < world->way->mails; i++) {
        wrong = check_mail(world, i);
        if (!wrong && rv == APR_SUCCESS && !out->said[i].known) {
            wrong = "success, but no result";
        }
    }
    return wrong;
}

static const char *scenario(apr_pool_t *pool, void *baton)
{
    static outcome_t *out;
    world_t world = { .way = baton, .pool = pool };
    const char *wrong = NULL;
    int i;

    if (!out) {
        out = fault_shared(sizeof(*out));
    }
    memset(out, 0, sizeof(*out));
    world.out = out;
    world.until = world.way->mails;
    world.sink = apr_pcalloc(pool, sizeof(*world.sink));
    world.sink->extensions = world.way->extensions;
    world.sink->lmtp = world.way->lmtp;
    sink_init(world.sink);
    world.front = world.way->front;
    world.front.sink = world.sink;
    if (world.front.tls || world.front.implicit) {
        world.front.tls = world.front.implicit ? resuming_tls : server_tls;
    }
    world.idle_port = mail_closed_port();
    world.peer = (world.way->set == set_unix ? peer_start_unix : peer_start)(
        front_serve, &world.front);
    for (i = 0; i < world.way->mails; i++) {
        world.mails[i] = sink_message(i, world.way->rcpts, 1, 100, pool);
    }
    async_init(&world.async);
    apr_pool_create(&world.own, NULL);
    if (world.way->before > 0) {
        send_before(&world);
    }
    if (world.way->forked) {
        wrong = run_forked(&world);
    }
    else {
        run(&world);
    }
    peer_stop(world.peer);
    wrong = wrong ? wrong : check(&world);
    async_end(&world.async);
    pthread_mutex_destroy(&world.sink->lock);
    return wrong;
}

/* The context alone, which has most of the calls. */
static const char *context(apr_pool_t *pool, void *baton)
{
    world_t world = { .pool = pool };
    const char *wrong;
    apr_status_t rv;

    (void)baton;
    apr_pool_create(&world.own, NULL);
    fault_start();
    rv = smtpc_env_create(&world.env, world.own);
    rv = THEN(smtpc_client_create(&world.client, world.env, "mail.test", 465,
                                  world.own));
    rv = THEN(set_starttls(&world));
    rv = THEN(smtpc_client_check(world.client));
    apr_pool_destroy(world.own);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    return wrong;
}

#define TLS_HERE ((SSL_CTX *)&server_tls) /* it is made later */

static way_t ways[] = {
    { .name = "lock step", .mails = 1, .rcpts = 2, .set = set_nothing,
      .send = send_each },
    { .name = "pipelining, a kept connection",
      .extensions = "PIPELINING\n8BITMIME\nSIZE 1000000", .mails = 2,
      .rcpts = 1, .set = set_nothing, .send = send_each },
    { .name = "chunking", .extensions = "PIPELINING\nCHUNKING\n8BITMIME",
      .mails = 1, .rcpts = 2, .set = set_nothing, .send = send_each },
    { .name = "a batch", .extensions = "PIPELINING\n8BITMIME", .mails = 4,
      .rcpts = 1, .set = set_nothing, .send = send_many },
    { .name = "LMTP", .extensions = "PIPELINING", .lmtp = 1, .mails = 1,
      .rcpts = 2, .set = set_lmtp, .send = send_each },
    { .name = "asynchronous", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .set = set_nothing, .send = send_async },
    { .name = "cancelled", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .set = set_nothing, .send = send_and_cancel },
    { .name = "another host", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .set = set_failover, .send = send_each },
    { .name = "SOCKS", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .proxy = FRONT_SOCKS5 }, .set = set_socks,
      .send = send_each },
    { .name = "HTTP proxy", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .front = { .proxy = FRONT_HTTP }, .set = set_http,
      .send = send_each },
    { .name = "AUTH PLAIN", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .front = { .mechanisms = "PLAIN" }, .set = set_login,
      .send = send_each },
    { .name = "XOAUTH2", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .mechanisms = "XOAUTH2" }, .set = set_token,
      .send = send_each },
#ifdef SMTPC_WITH_GSASL
    { .name = "SCRAM", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .mechanisms = "SCRAM-SHA-256", .sasl = &sasl },
      .set = set_login, .send = send_each },
#endif
    { .name = "a Unix socket, LMTP", .extensions = "PIPELINING", .lmtp = 1,
      .mails = 1, .rcpts = 2, .set = set_unix, .send = send_each },
    { .name = "a child", .extensions = "PIPELINING", .mails = 3, .rcpts = 1,
      .before = 1, .forked = 1, .set = set_nothing, .send = send_each },
    { .name = "a child, asynchronous", .extensions = "PIPELINING",
      .mails = 3, .rcpts = 1, .before = 1, .forked = 1, .set = set_nothing,
      .send = send_async },
    { .name = "STARTTLS", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .front = { .tls = TLS_HERE },
      .set = set_starttls, .send = send_each },
    { .name = "implicit TLS, resumed", .extensions = "PIPELINING",
      .mails = 2, .rcpts = 1, .before = 1, .front = { .implicit = 1 },
      .set = set_implicit, .send = send_each },
};

int main(void)
{
    const peer_cert_t good = { .names = "IP:127.0.0.1" };
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    apr_size_t i;

    ca_file = peer_ca_file(ca, tap_pool());
    token_reference = apr_pstrcat(
        tap_pool(), "file:", dkim_support_file("t0ken\n", 0600, tap_pool()),
        NULL);
    resuming_tls = peer_ca_server(ca, &good, tap_pool());
    server_tls = peer_ca_server(ca, &good, tap_pool());
    SSL_CTX_set_num_tickets(server_tls, 0);
    SSL_CTX_set_options(server_tls, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(server_tls, SSL_SESS_CACHE_OFF);
    fault_run("TLS context", context, NULL);
    for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        fault_run(ways[i].name, scenario, &ways[i]);
    }
    return tap_done();
}
