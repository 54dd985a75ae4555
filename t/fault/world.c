/* SPDX-License-Identifier: Apache-2.0 */
/*
 * world.c: runs of scenarios, and whether what was said of them is true.
 */

#include "world.h"

#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../tap/tap.h"
#include "fault.h"

/** Long enough for what is busy, too long for a test: nothing waits for it. */
#define TIMEOUT apr_time_from_sec(20)

void world_note(world_t *world, int id, const smtpc_result_t *result)
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
    for (r = 0; r < smtpc_result_recipient_count(result) && r < WORLD_RCPTS;
         r++) {
        said->states[r] = smtpc_result_recipient(result, r)->state;
    }
}

/* How they are sent. */

apr_status_t world_send_each(world_t *world)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = world->sent; i < world->until; i++) {
        smtpc_result_t *result = NULL;
        apr_status_t one = smtpc_client_send(&result, world->client,
                                             world->mails[i], world->pool);

        world_note(world, i, result);
        /* One that failed must not be in the way of the next. */
        rv = rv == APR_SUCCESS ? one : rv;
    }
    return rv;
}

apr_status_t world_send_many(world_t *world)
{
    smtpc_result_t *results[WORLD_MAILS] = { NULL };
    apr_status_t rv;
    int i;

    rv = smtpc_client_send_many(results, world->client, world->mails,
                                (apr_size_t)world->way->mails, world->pool);
    for (i = 0; i < world->way->mails; i++) {
        world_note(world, i, results[i]);
    }
    return rv;
}

/* A smtpc_completed_fn_t; the baton is the world. */
static void completed(smtpc_client_t *client, apr_status_t status,
                      const smtpc_result_t *result, void *baton)
{
    world_t *world = baton;

    world_note(world, world->sent, result);
    async_completed(client, status, result, &world->async);
}

apr_status_t world_start_async(world_t *world)
{
    apr_status_t rv = smtpc_client_send_async(world->client,
                                              world->mails[world->sent],
                                              completed, world);

    world->out->started = rv == APR_SUCCESS;
    return rv;
}

apr_status_t world_send_async(world_t *world)
{
    apr_status_t rv = world_start_async(world);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)async_wait(&world->async, 1);
    return world->async.status;
}

/* The runs. */

apr_status_t world_client(smtpc_client_t **client, world_t *world)
{
    apr_status_t rv = smtpc_client_create(client, world->env, "127.0.0.1",
                                          peer_port(world->peer), world->own);

    return THEN(smtpc_client_set_timeout(*client, TIMEOUT));
}

static apr_status_t begin(world_t *world)
{
    apr_status_t rv = smtpc_env_create(&world->env, world->own);

    rv = THEN(world_client(&world->client, world));
    return THEN(world->way->set ? world->way->set(world) : APR_SUCCESS);
}

/* What comes between the mails before and the others. */

void world_wait_closed(world_t *world)
{
    if (!peer_quiet(world->peer)) {
        tap_bail("a connection does not end");
    }
}

void world_prepare(world_t *world)
{
    if (smtpc_client_check(world->client) != APR_SUCCESS) {
        tap_bail("%s", smtpc_client_error(world->client));
    }
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
            tap_bail("the mail before was not sent: %s",
                     result ? mail_error(result)
                            : smtpc_client_error(world->client));
        }
        world_note(world, world->sent, result);
    }
    if (world->way->between) {
        world->way->between(world);
    }
}

static void run(void *baton)
{
    world_t *world = baton;
    apr_status_t rv;

    inject_spare(world->way->spare);
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
    if (world_send_each(world) != APR_SUCCESS && !wrong) {
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

/* What the first mail that was not sent is said to have failed of. */
static const char *first_error(const outcome_t *out)
{
    int i;

    for (i = 0; i < WORLD_MAILS; i++) {
        if (out->said[i].error[0] != '\0') {
            return out->said[i].error;
        }
    }
    return "no result";
}

static const char *check(world_t *world)
{
    const outcome_t *out = world->out;
    apr_status_t rv = out->status;
    const char *wrong = fault_judge(rv, world->pool);
    int i;

    if (wrong) {
        return apr_psprintf(world->pool, "%s (%s)", wrong, first_error(out));
    }
    wrong = fault_judge(out->disposed, world->pool);
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

/* Make what is there for every run: the sink, its front, and the mails. */
static void make(world_t *world)
{
    const way_t *way = world->way;
    int i;

    world->until = way->mails;
    world->sink = apr_pcalloc(world->pool, sizeof(*world->sink));
    world->sink->extensions = way->extensions;
    world->sink->lmtp = way->lmtp;
    world->sink->hangs_up = way->hangs_up;
    sink_init(world->sink);
    world->front = way->front;
    world->front.sink = world->sink;
    world->front.tls = way->tls ? *way->tls : NULL;
    world->idle_port = mail_closed_port();
    world->peer = (way->unix_socket ? peer_start_unix : peer_start)(
        front_serve, &world->front);
    for (i = 0; i < way->mails; i++) {
        world->mails[i] = sink_message(i, way->rcpts, 1, 100, world->pool);
        if (way->dress) {
            way->dress(world->mails[i], world->pool);
        }
    }
    async_init(&world->async);
    apr_pool_create(&world->own, NULL);
}

static const char *scenario(apr_pool_t *pool, void *baton)
{
    static outcome_t *out;
    world_t world = { .way = baton, .pool = pool };
    const char *wrong = NULL;

    if (!out) {
        out = fault_shared(sizeof(*out));
    }
    memset(out, 0, sizeof(*out));
    world.out = out;
    make(&world);
    if (world.way->before > 0 || world.way->between) {
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

void world_run(const way_t *ways, apr_size_t count)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        fault_run(ways[i].name, scenario, (void *)&ways[i]);
    }
}
