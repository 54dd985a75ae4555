/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op.c: an operation and its lanes.
 *
 * An operation owns its connections while it runs: nobody else's message is
 * behind or before its own, so ending it at any moment harms nobody. It is
 * over when every message is settled and every connection is given back; its
 * owner is told last, and exactly once.
 *
 * Whatever fails before a message was begun fails all that were not begun,
 * but only if no other connection of the operation carries on.
 */

#include "client/op_int.h"

#include <apr_strings.h>

#include "base/limits.h"

static void on_timer(void *baton, smtpc_loop_event_e event);

/* Beginning. */

/* Return how many connections are worth it for the messages of op. */
static int count_lanes(const smtpc_op_t *op)
{
    const smtpc_server_t *server =
        smtpc__bucket_server(op->setup.routes[0].bucket);
    apr_size_t depth = (apr_size_t)server->depth;
    apr_size_t wanted = (op->count + depth - 1) / depth;

    if (wanted > (apr_size_t)server->max_connections) {
        wanted = (apr_size_t)server->max_connections;
    }
    return wanted > 0 ? (int)wanted : 1;
}

int smtpc__op_first_route(const smtpc_route_t *routes, int count, int spread,
                          unsigned int i)
{
    int start = spread ? (int)(i % (unsigned int)count) : 0;
    int k;

    for (k = 0; k < count && count > 1; k++) {
        int route = (start + k) % count;

        if (!smtpc__bucket_is_sick(routes[route].bucket)) {
            return route;
        }
    }
    return start;
}

static smtpc_op_t *create(const smtpc_op_setup_t *setup, apr_size_t count)
{
    smtpc_op_t *op = apr_pcalloc(setup->pool, sizeof(*op));

    op->setup = *setup;
    op->env = smtpc__engine_env(setup->engine);
    op->count = count;
    op->again_end = &op->again;
    op->began = setup->began != 0 ? setup->began : smtpc__monotonic();
    if (count <= 1) {
        op->deadline = op->began + setup->timeout;
    }
    return op;
}

/* Make the lanes and let them begin. */
static void start(smtpc_op_t *op, int lanes)
{
    apr_status_t rv;
    int i;

    rv = smtpc__watch_create(&op->timer, op->setup.loop, on_timer, op,
                             op->setup.pool);
    if (rv != APR_SUCCESS) {
        smtpc__op_fail_rest(op, rv, SMTPC_STAGE_NONE, "this machine has no "
                            "memory left for a timer", NULL);
        smtpc__op_advance(op);
        return;
    }
    op->lanes = apr_pcalloc(op->setup.pool,
                            (apr_size_t)lanes * sizeof(*op->lanes));
    op->lane_count = lanes;
    for (i = 0; i < lanes; i++) {
        op->lanes[i].op = op;
        op->lanes[i].route = op->setup.granted
            ? 0 : smtpc__op_first_route(op->setup.routes,
                                        op->setup.route_count,
                                        op->setup.spread, (unsigned int)i);
    }
    op->starting = 1;
    for (i = 0; i < lanes; i++) {
        if (op->setup.granted) {
            smtpc__lane_granted(&op->lanes[i], op->setup.granted);
            op->setup.granted = NULL;
        }
        else {
            smtpc__lane_start(&op->lanes[i]);
        }
    }
    op->starting = 0;
    smtpc__op_advance(op);
}

void smtpc__op_send(smtpc_op_t **op, smtpc_result_t **results,
                    const smtpc_op_setup_t *setup,
                    const smtpc_message_t *const *messages, apr_size_t count)
{
    smtpc_op_t *made = create(setup, count);

    made->messages = messages;
    made->results = results;
    *op = made;
    /* What cannot be sent at all needs no connection. */
    smtpc__delivery_begin(made);
    start(made, count_lanes(made));
}

void smtpc__op_refuse(smtpc_op_t **op, smtpc_result_t **result,
                      const smtpc_op_setup_t *setup,
                      const smtpc_message_t *const *message,
                      apr_status_t status, smtpc_stage_e stage,
                      const char *why)
{
    smtpc_op_t *made = create(setup, 1);

    made->messages = message;
    made->results = result;
    *op = made;
    smtpc__op_fail_rest(made, status, stage, why, NULL);
    smtpc__op_advance(made);
}

/* Return how many connections a question needs: one, or to be ready for later
 * as many as are kept at least. */
static int count_askers(const smtpc_op_setup_t *setup, smtpc_ask_e command)
{
    const smtpc_server_t *server =
        smtpc__bucket_server(setup->routes[0].bucket);

    return command == SMTPC_ASK_COUNT && server->min_connections > 1
               ? server->min_connections : 1;
}

void smtpc__op_ask(smtpc_op_t **op, smtpc_result_t **result,
                   const smtpc_op_setup_t *setup, smtpc_ask_e command,
                   const char *argument)
{
    smtpc_op_t *made = create(setup, 1);

    made->count = (apr_size_t)count_askers(setup, command);
    made->results = result;
    made->asking = 1;
    made->command = command;
    made->argument = argument;
    smtpc__result_create(result, 0, setup->result_pool);
    (*result)->began = made->began;
    (*result)->host = apr_pstrdup(setup->result_pool, setup->routes[0].host);
    *op = made;
    start(made, (int)made->count);
}

/* What there is to do. */

int smtpc__op_has_more(const smtpc_op_t *op)
{
    if (op->asking) {
        return op->settled < op->count && !op->ending;
    }
    return op->again || op->held || op->next < op->count;
}

apr_time_t smtpc__op_deadline(const smtpc_op_t *op)
{
    return op->deadline != 0 ? op->deadline
                             : smtpc__monotonic() + op->setup.timeout;
}

int smtpc__op_is_over(const smtpc_op_t *op)
{
    return op->over;
}

/* Failing. */

/* Let result say what is the matter with the server. */
static void fail_result(smtpc_result_t *result, apr_status_t status,
                        smtpc_stage_e stage, const char *why,
                        const smtpc_result_t *like)
{
    apr_size_t i;

    smtpc__result_fail(result, status, stage, "%s", why);
    for (i = 0; i < result->recipient_count; i++) {
        if (result->recipients[i].state == SMTPC_RCPT_UNSENT) {
            smtpc__result_recipient_set(result, i, SMTPC_RCPT_UNSENT, stage,
                                        0, "", "");
        }
    }
    if (!like) {
        return;
    }
    if (like->code != 0) {
        smtpc__result_reply(result, like->code, like->enhanced, like->text);
    }
    result->host = apr_pstrdup(result->pool, like->host);
    result->peer = apr_pstrdup(result->pool, like->peer);
    result->tls_protocol = apr_pstrdup(result->pool, like->tls_protocol);
    result->tls_cipher = apr_pstrdup(result->pool, like->tls_cipher);
    result->capabilities = apr_pstrdup(result->pool, like->capabilities);
    result->timings = like->timings;
}

/* Take the next delivery that was not begun off its list, or make it. */
static smtpc_delivery_t *take_any(smtpc_op_t *op)
{
    smtpc_delivery_t *delivery = op->again;

    if (delivery) {
        op->again = delivery->next;
        return delivery;
    }
    delivery = op->held;
    if (delivery) {
        op->held = delivery->next;
        op->held_count--;
        return delivery;
    }
    while (!delivery && op->next < op->count) {
        delivery = smtpc__delivery_create(op, op->next++);
    }
    return delivery;
}

void smtpc__op_fail_rest(smtpc_op_t *op, apr_status_t status,
                         smtpc_stage_e stage, const char *why,
                         const smtpc_result_t *like)
{
    smtpc_delivery_t *delivery;

    if (op->asking) {
        if (op->settled < op->count) {
            fail_result(op->results[0], status, stage, why, like);
            (void)smtpc__result_finish(op->results[0]);
            op->settled = op->count;
        }
        return;
    }
    while ((delivery = take_any(op)) != NULL) {
        fail_result(delivery->result, status, stage, why, like);
        smtpc__delivery_settle(delivery);
    }
    op->again_end = &op->again;
}

/* The timer. */

/* Return when the earliest held delivery may begin, or 0. */
static apr_time_t held_until(const smtpc_op_t *op)
{
    const smtpc_delivery_t *delivery;
    apr_time_t earliest = 0;

    for (delivery = op->held; delivery; delivery = delivery->next) {
        if (earliest == 0 || delivery->not_before < earliest) {
            earliest = delivery->not_before;
        }
    }
    return earliest;
}

static void earlier(apr_time_t *next, apr_time_t candidate)
{
    if (candidate != 0 && (*next == 0 || candidate < *next)) {
        *next = candidate;
    }
}

void smtpc__op_arm(smtpc_op_t *op)
{
    apr_time_t next = 0;
    int i;

    if (op->over || !op->timer) {
        return;
    }
    for (i = 0; i < op->lane_count; i++) {
        if (op->lanes[i].state == SMTPC_LANE_WAITING) {
            earlier(&next, op->lanes[i].acquire_until);
        }
        else if (op->lanes[i].state == SMTPC_LANE_PARKED && !op->asking) {
            earlier(&next, held_until(op));
            earlier(&next, op->deadline);
        }
    }
    smtpc__watch_deadline(op->timer, next);
}

/* A held message waited until the deadline of the operation. */
static void held_too_long(smtpc_op_t *op)
{
    smtpc__op_fail_rest(op, SMTPC_ETIMEOUT, SMTPC_STAGE_NONE, "the rate limit "
                        "did not let the message go within the time allowed",
                        NULL);
}

static void on_timer(void *baton, smtpc_loop_event_e event)
{
    smtpc_op_t *op = baton;
    apr_time_t now = smtpc__monotonic();
    int i;

    (void)event;
    if (op->deadline != 0 && now >= op->deadline && op->held) {
        held_too_long(op);
    }
    op->starting = 1;
    for (i = 0; i < op->lane_count; i++) {
        smtpc_lane_t *lane = &op->lanes[i];

        if (lane->state == SMTPC_LANE_WAITING && now >= lane->acquire_until) {
            smtpc__lane_timed_out(lane);
        }
        else if (lane->state == SMTPC_LANE_PARKED && !op->asking) {
            smtpc__lane_work(lane);
        }
    }
    op->starting = 0;
    smtpc__op_advance(op);
}

/* The end. */

/* Return non-zero if no lane has a connection or is about to. */
static int lanes_are_idle(const smtpc_op_t *op)
{
    int i;

    for (i = 0; i < op->lane_count; i++) {
        if (op->lanes[i].state != SMTPC_LANE_NONE) {
            return 0;
        }
    }
    return 1;
}

/* Nothing is to be begun any more: lanes that only wait are let go. */
static void let_go(smtpc_op_t *op)
{
    int i;

    for (i = 0; i < op->lane_count; i++) {
        smtpc_lane_t *lane = &op->lanes[i];

        if (lane->state == SMTPC_LANE_WAITING
            || lane->state == SMTPC_LANE_PARKED
            || lane->state == SMTPC_LANE_PROBING
            || lane->state == SMTPC_LANE_OPENING) {
            smtpc__lane_end(lane, APR_SUCCESS, "");
        }
    }
}

void smtpc__op_advance(smtpc_op_t *op)
{
    if (op->over || op->starting) {
        return;
    }
    if (op->settled == op->count) {
        let_go(op);
    }
    if (op->settled < op->count || !lanes_are_idle(op)) {
        smtpc__op_arm(op);
        return;
    }
    op->over = 1;
    if (op->timer) {
        smtpc__watch_end(op->timer);
    }
    op->setup.done(op->setup.baton);
}

void smtpc__op_abort(smtpc_op_t *op, apr_status_t status, const char *why)
{
    int i;

    if (op->over) {
        return;
    }
    op->ending = 1;
    op->starting = 1;
    for (i = 0; i < op->lane_count; i++) {
        smtpc__lane_end(&op->lanes[i], status, why);
    }
    smtpc__op_fail_rest(op, status, SMTPC_STAGE_NONE, why, NULL);
    op->starting = 0;
    smtpc__op_advance(op);
}

/* QUIT on many connections. */

/* Connections that say good-bye. */
typedef struct farewell_t {
    smtpc_loop_t *loop;
    int left;
} farewell_t;

static void said_goodbye(void *baton, smtpc_conn_t *conn)
{
    farewell_t *farewell = baton;

    (void)conn;
    if (--farewell->left == 0) {
        smtpc__loop_stop(farewell->loop);
    }
}

void smtpc__op_quit_all(smtpc_pooled_t *list, smtpc_loop_t *loop,
                        apr_time_t deadline)
{
    farewell_t farewell = { loop, 1 };
    smtpc_pooled_t *pooled;

    for (pooled = list; pooled; pooled = pooled->next) {
        if (smtpc__conn_attach(pooled->conn, loop) == APR_SUCCESS) {
            farewell.left++;
            smtpc__conn_quit(pooled->conn, deadline, said_goodbye, &farewell);
        }
    }
    if (--farewell.left > 0 && smtpc__loop_run(loop) != APR_SUCCESS) {
        /* They are closed without more ado. */
        farewell.left = 0;
    }
    while (list) {
        pooled = list;
        list = pooled->next;
        smtpc__pooled_destroy(pooled);
    }
}
