/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool_test.c: connections that are kept, shared, asked and replaced while
 * each call that can fail does.
 */

#include <apr_strings.h>

#include "../support/clock.h"
#include "../support/mail.h"
#include "../tap/tap.h"
#include "fault.h"
#include "world.h"

/** Longer than a connection is trusted to be there still, and than it may be
 *  idle. */
#define UNTRIED apr_time_from_sec(11)
#define TOO_LONG apr_time_from_sec(31)

/* A client of its own for each mail, and who waits for which. */
typedef struct sender_t {
    world_t *world;
    int id;
    smtpc_client_t *client;
} sender_t;

static void sender_completed(smtpc_client_t *client, apr_status_t status,
                             const smtpc_result_t *result, void *baton)
{
    sender_t *sender = baton;

    world_note(sender->world, sender->id, result);
    async_completed(client, status, result, &sender->world->async);
}

/* Begin all mails, each with another client. */
static apr_status_t begin_all(sender_t *senders, world_t *world)
{
    apr_status_t first = APR_SUCCESS;
    int i;

    for (i = 0; i < world->way->mails; i++) {
        sender_t *sender = &senders[i];
        apr_status_t rv = world_client(&sender->client, world);

        sender->world = world;
        sender->id = i;
        rv = THEN(smtpc_client_send_async(sender->client, world->mails[i],
                                          sender_completed, sender));
        world->out->started += rv == APR_SUCCESS;
        first = first == APR_SUCCESS ? rv : first;
    }
    return first;
}

/* The first failure, as the results have it. */
static apr_status_t first_failure(const world_t *world)
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; rv == APR_SUCCESS && i < world->way->mails; i++) {
        rv = world->out->said[i].status;
    }
    return rv;
}

static apr_status_t send_together(world_t *world)
{
    sender_t senders[WORLD_MAILS] = { { NULL, 0, NULL } };
    apr_status_t rv = begin_all(senders, world);

    (void)async_wait(&world->async, world->out->started);
    return THEN(first_failure(world));
}

/* Each client goes while its mail is under way. */
static apr_status_t send_and_dispose(world_t *world)
{
    sender_t senders[WORLD_MAILS] = { { NULL, 0, NULL } };
    apr_status_t rv = begin_all(senders, world);
    int i;

    for (i = 0; i < world->way->mails; i++) {
        apr_status_t one = senders[i].client
                               ? smtpc_client_dispose(senders[i].client)
                               : APR_SUCCESS;

        rv = rv == APR_SUCCESS ? one : rv;
    }
    rv = THEN(first_failure(world));
    return rv == SMTPC_ECANCELLED || rv == SMTPC_EINDOUBT ? APR_SUCCESS : rv;
}

/* Whether the answer at *result is what the status says; take it away. */
static apr_status_t compare(apr_status_t rv, smtpc_result_t **result)
{
    if (*result && smtpc_result_status(*result) != rv) {
        tap_bail("the result has another status than the call");
    }
    if (rv == APR_SUCCESS && smtpc_result_code(*result) / 10 != 25) {
        tap_bail("success, but no answer");
    }
    *result = NULL;
    return rv;
}

static apr_status_t ask(world_t *world)
{
    smtpc_client_t *client = world->client;
    apr_pool_t *pool = world->pool;
    smtpc_result_t *result = NULL;
    apr_status_t rv;

    rv = compare(smtpc_client_noop(&result, client, pool), &result);
    rv = THEN(compare(smtpc_client_reset(&result, client, pool), &result));
    rv = THEN(compare(smtpc_client_verify(&result, client, "ann", pool),
                      &result));
    rv = THEN(compare(smtpc_client_expand(&result, client, "all", pool),
                      &result));
    return THEN(compare(smtpc_client_help(&result, client, NULL, pool),
                        &result));
}

/* Two connections, and then a mail over one of them. */
static apr_status_t connect_first(world_t *world)
{
    smtpc_result_t *result = NULL;
    apr_status_t rv = smtpc_client_connect(&result, world->client,
                                           world->pool);

    return THEN(world_send_each(world));
}

/* What is idle ends; then a mail over another connection. */
static apr_status_t close_first(world_t *world)
{
    apr_status_t rv = smtpc_env_close_idle(world->env);

    return THEN(world_send_each(world));
}

/* What is special. */

static apr_status_t set_warm(world_t *world)
{
    return smtpc_client_set_min_connections(world->client, 2);
}

static apr_status_t set_singly(world_t *world)
{
    apr_status_t rv
        = smtpc_client_set_messages_per_connection(world->client, 1);

    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_NONE));
}

/* Two connections at a time, each of them for two of four mails, to the
 * second host. */
static apr_status_t set_several(world_t *world)
{
    smtpc_client_t *client = world->client;
    apr_status_t rv = smtpc_client_set_port(client, world->idle_port);

    rv = THEN(smtpc_client_add_host(client, "127.0.0.1",
                                    peer_port(world->peer)));
    rv = THEN(smtpc_client_set_max_connections(client, 2));
    rv = THEN(smtpc_client_set_pipeline_depth(client, 1));
    return THEN(smtpc_client_set_messages_per_connection(client, 2));
}

static apr_status_t set_kept(world_t *world)
{
    return smtpc_env_keep_connections(world->env, 1);
}

static void let_time_pass(world_t *world)
{
    (void)world;
    clock_advance(UNTRIED);
}

static void let_much_time_pass(world_t *world)
{
    (void)world;
    clock_advance(TOO_LONG);
}

static void offer_less(world_t *world)
{
    world->sink->extensions = "PIPELINING";
}

static const way_t ways[] = {
    { .name = "questions", .extensions = "PIPELINING", .send = ask },
    { .name = "connected before", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .set = set_warm, .send = connect_first },
    { .name = "closed by the server", .extensions = "PIPELINING",
      .hangs_up = 1, .mails = 2, .rcpts = 1, .before = 1,
      .between = world_wait_closed, .send = world_send_each },
    { .name = "asked first", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .between = let_time_pass,
      .send = world_send_each },
    { .name = "idle for too long", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .between = let_much_time_pass,
      .send = close_first },
    { .name = "early pipelining", .extensions = "PIPELINING\nPIPECONNECT",
      .mails = 2, .rcpts = 1, .before = 1, .set = set_singly,
      .send = world_send_each },
    { .name = "early pipelining, in vain",
      .extensions = "PIPELINING\nPIPECONNECT", .mails = 2, .rcpts = 1,
      .before = 1, .set = set_singly, .between = offer_less,
      .send = world_send_each },
    { .name = "several connections, another host",
      .extensions = "PIPELINING", .mails = 4, .rcpts = 1,
      .set = set_several, .send = world_send_many },
    { .name = "several clients", .extensions = "PIPELINING", .mails = 3,
      .rcpts = 1, .set = set_kept, .send = send_together },
    { .name = "clients that go", .extensions = "PIPELINING", .mails = 3,
      .rcpts = 1, .send = send_and_dispose },
};

int main(void)
{
    world_run(ways, sizeof(ways) / sizeof(ways[0]));
    return tap_done();
}
