/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_lane.c: a lane of an operation, one connection after the other.
 *
 * It waits for its turn, takes a kept connection or opens one, lets it carry
 * messages until there are none or it has carried enough, and gives it back.
 * A kept connection that has died is replaced before anything is sent on it;
 * one that was idle for long is asked first. If opening fails, the next host
 * of the client is tried; only when all have failed the messages do.
 *
 * Opportunistic TLS whose handshake fails is done without on a connection of
 * its own, in the time that is left; nothing is, that was to be encrypted.
 *
 * A login that was refused ends it at once: to try the same password at other
 * hosts of the same service locks accounts. After several there is none.
 */

#include "client/op_int.h"

#include <apr_strings.h>

#include "base/limits.h"
#include "client/lockout.h"

static void open_new(smtpc_lane_t *lane);

/* The connection of lane is not needed any more. It may be in the middle of
 * the callback that said so. */
static void put_back(smtpc_lane_t *lane)
{
    smtpc_pooled_t *pooled = lane->pooled;

    lane->pooled = NULL;
    if (smtpc__conn_status(pooled->conn) == APR_SUCCESS
        && smtpc__conn_fresh(pooled->conn)) {
        smtpc__pool_release(pooled);
        return;
    }
    smtpc__pooled_bury(pooled, lane->op->setup.loop, 0);
}

/* The end of a lane. */

/* Let lane rest; the operation looks at what is left. */
static void rest(smtpc_lane_t *lane)
{
    lane->state = SMTPC_LANE_NONE;
    smtpc__op_advance(lane->op);
}

/* Return non-zero if another lane may carry on. */
static int others_live(const smtpc_lane_t *lane)
{
    const smtpc_op_t *op = lane->op;
    int i;

    for (i = 0; i < op->lane_count; i++) {
        const smtpc_lane_t *other = &op->lanes[i];

        if (other != lane
            && (other->state != SMTPC_LANE_NONE
                || (op->starting && other > lane))) {
            return 1;
        }
    }
    return 0;
}

/* No connection is to be had by lane. */
static void give_up(smtpc_lane_t *lane, apr_status_t status,
                    smtpc_stage_e stage, const char *why,
                    const smtpc_result_t *like)
{
    if (lane->op->asking || !others_live(lane)) {
        smtpc__op_fail_rest(lane->op, status, stage, why, like);
    }
    rest(lane);
}

void smtpc__lane_end(smtpc_lane_t *lane, apr_status_t status,
                     const char *why)
{
    smtpc_pooled_t *pooled = lane->pooled;

    if (lane->state == SMTPC_LANE_WAITING) {
        smtpc__pool_cancel(&lane->ticket);
    }
    else if (lane->state == SMTPC_LANE_PARKED && status == APR_SUCCESS) {
        smtpc__pool_release(pooled);
    }
    else if (pooled) {
        smtpc__conn_abort(pooled->conn,
                          status != APR_SUCCESS ? status : SMTPC_ECANCELLED,
                          why);
        smtpc__pooled_destroy(pooled);
    }
    lane->pooled = NULL;
    lane->state = SMTPC_LANE_NONE;
}

/* Working. */

/* The content of a message could not be made: the next one, if any. */
static int begin_next(smtpc_lane_t *lane)
{
    smtpc_conn_t *conn = lane->pooled->conn;
    smtpc_transaction_t transaction;
    smtpc_delivery_t *delivery;

    do {
        delivery = smtpc__delivery_pick(lane);
        if (!delivery) {
            return 0;
        }
    } while (smtpc__delivery_prepare(delivery, smtpc__conn_caps(conn))
             != APR_SUCCESS);
    smtpc__delivery_transaction(&transaction, delivery, lane);
    if (lane->opening && smtpc__conn_messages(conn) == 0) {
        delivery->result->timings = lane->opening->timings;
    }
    smtpc__conn_begin(conn, &transaction);
    return 1;
}

/* A smtpc_conn_work_t's next. */
static int on_next(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;

    if (lane->op->ending || smtpc__conn_messages_left(conn) == 0) {
        return 0;
    }
    return begin_next(lane);
}

/* A smtpc_conn_work_t's finished. */
static void on_finished(void *baton, smtpc_conn_t *conn,
                        const smtpc_finished_t *finished)
{
    smtpc_lane_t *lane = baton;
    smtpc_op_t *op = lane->op;
    int blame = lane->worked ? 2
                : lane->kept || smtpc__conn_guessed_wrong(conn);

    if (!finished->untouched) {
        lane->worked = 1;
    }
    smtpc__conn_extend(conn, smtpc__op_deadline(op));
    smtpc__delivery_finished(finished->transaction.baton, finished, blame);
}

/* A smtpc_conn_work_t's ahead. */
static void on_ahead(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;

    if (!lane->op->ending && smtpc__conn_messages_left(conn) > 0) {
        smtpc__delivery_ahead(lane->op, smtpc__conn_caps(conn));
    }
}

/* All that lane could begin is over, or its connection is. */
static void on_worked(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;
    smtpc_op_t *op = lane->op;

    if (smtpc__conn_status(conn) == APR_SUCCESS && smtpc__conn_fresh(conn)
        && op->held && !op->again) {
        lane->state = SMTPC_LANE_PARKED;
        smtpc__op_advance(op);
        return;
    }
    if (smtpc__conn_guessed_wrong(conn)) {
        smtpc__bucket_note_caps(lane->pooled->bucket, NULL, "");
    }
    put_back(lane);
    lane->state = SMTPC_LANE_NONE;
    if (!op->ending && smtpc__op_has_more(op)) {
        smtpc__lane_start(lane);
        return;
    }
    smtpc__op_advance(op);
}

/* The single command was answered. */
static void on_answered(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;
    smtpc_op_t *op = lane->op;

    (void)smtpc__result_finish(op->results[0]);
    (void)conn;
    op->settled = op->count;
    put_back(lane);
    rest(lane);
}

/* The connection is all that is wanted. It is held until there are as many as
 * are wanted, so that no lane takes that of another. */
static void hold_ready(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;

    smtpc__conn_describe(op->results[0], lane->pooled->conn);
    lane->state = SMTPC_LANE_PARKED;
    if (++op->settled == op->count) {
        (void)smtpc__result_finish(op->results[0]);
    }
    smtpc__op_advance(op);
}

/* Ask the single command, or nothing: the connection is all that is wanted. */
static void ask(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    smtpc_conn_t *conn = lane->pooled->conn;

    lane->state = SMTPC_LANE_WORKING;
    if (lane->opening) {
        op->results[0]->timings = lane->opening->timings;
        op->results[0]->capabilities = apr_pstrdup(
            op->setup.result_pool, lane->opening->capabilities);
    }
    if (op->command == SMTPC_ASK_COUNT) {
        hold_ready(lane);
        return;
    }
    smtpc__conn_ask(conn, op->command, op->argument, op->deadline,
                    op->results[0], on_answered, lane);
}

void smtpc__lane_work(smtpc_lane_t *lane)
{
    smtpc_conn_work_t work = { on_next, on_finished, on_ahead, lane,
                               lane->op->setup.cancelled };

    if (lane->op->asking) {
        ask(lane);
        return;
    }
    lane->state = SMTPC_LANE_WORKING;
    smtpc__conn_work(lane->pooled->conn, &work,
                     smtpc__op_deadline(lane->op), on_worked, lane);
}

/* Opening. */

/* Return non-zero if another host may do better where status came up. */
static int may_fail_over(apr_status_t status)
{
    return status == SMTPC_ECONNECT || status == SMTPC_ETIMEOUT
           || status == SMTPC_ETEMP || status == SMTPC_ETLS
           || status == SMTPC_EPROTO || status == SMTPC_ELIMIT;
}

/* Opening failed: try the next host, or give up. */
static void opening_failed(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    const smtpc_result_t *opening = lane->opening;
    apr_status_t status = opening->status;
    int routes = op->setup.route_count;

    smtpc__env_count(op->env, SMTPC_COUNTER(connections_failed), 1);
    lane->tried++;
    if (may_fail_over(status) && lane->tried < routes && !op->ending
        && smtpc__op_deadline(op) > smtpc__monotonic()) {
        smtpc__env_count(op->env, SMTPC_COUNTER(failovers), 1);
        smtpc__env_log(op->env, SMTPC_LOG_WARNING, "%s; trying %s",
                       opening->error,
                       op->setup.routes[(lane->route + 1) % routes].host);
        lane->route = (lane->route + 1) % routes;
        smtpc__lane_start(lane);
        return;
    }
    give_up(lane, status, opening->stage, opening->error, opening);
}

/* TLS was offered, but did not come about, and nothing requires it: as if it
 * had not been offered (RFC 7435 3). Whoever can break it, can hide it. */
static void skip_tls(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;

    smtpc__env_log(op->env, SMTPC_LOG_WARNING, "%s; trying without TLS",
                   lane->opening->error);
    smtpc__pooled_bury(lane->pooled, op->setup.loop, 1);
    lane->pooled = NULL;
    lane->plain = 1;
    open_new(lane);
}

/* Remember whether the server took the login, if there was one. */
static void note_login(smtpc_lane_t *lane)
{
    const smtpc_result_t *opening = lane->opening;
    int refused = opening->status == SMTPC_EAUTH && opening->code >= 500;

    if (refused || opening->status == APR_SUCCESS) {
        smtpc__lockout_note(lane->op->env,
                            smtpc__bucket_server(lane->pooled->bucket),
                            refused, lane->op->setup.pool);
    }
}

static void on_opened(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;
    smtpc_bucket_t *bucket = lane->pooled->bucket;

    note_login(lane);
    if (smtpc__conn_status(conn) == APR_SUCCESS) {
        smtpc__bucket_note(bucket, 0);
        if (!lane->blind) {
            smtpc__bucket_note_caps(bucket, smtpc__conn_caps(conn),
                                    smtpc__conn_peer(conn));
        }
        lane->tried = 0;
        smtpc__lane_work(lane);
        return;
    }
    if (smtpc__conn_guessed_wrong(conn) && !lane->blind) {
        smtpc__bucket_note_caps(bucket, NULL, "");
        smtpc__pooled_bury(lane->pooled, lane->op->setup.loop, 1);
        lane->pooled = NULL;
        lane->blind = 1;
        open_new(lane);
        return;
    }
    if (smtpc__conn_may_skip_tls(conn) && !lane->op->ending
        && smtpc__op_deadline(lane->op) > smtpc__monotonic()) {
        skip_tls(lane);
        return;
    }
    smtpc__bucket_note(bucket, lane->opening->status != SMTPC_EAUTH);
    smtpc__pooled_bury(lane->pooled, lane->op->setup.loop, 0);
    lane->pooled = NULL;
    opening_failed(lane);
}

/* Open a new connection, to which lane has the right. */
static void open_new(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    const smtpc_route_t *route = &op->setup.routes[lane->route];
    smtpc_ticket_t right = { .bucket = route->bucket };
    const char *locked = smtpc__lockout_reason(
        op->env, smtpc__bucket_server(route->bucket), op->setup.pool);
    smtpc_caps_t early;
    const char *peer;
    apr_status_t rv;

    lane->kept = 0;
    lane->worked = 0;
    if (locked) {
        smtpc__pool_give_back(&right);
        give_up(lane, SMTPC_EAUTH, SMTPC_STAGE_AUTH, locked, NULL);
        return;
    }
    rv = smtpc__pooled_create(&lane->pooled, route->bucket, op->setup.loop);
    if (rv != APR_SUCCESS) {
        give_up(lane, rv, SMTPC_STAGE_CONNECT, apr_psprintf(
                    op->setup.pool, "no connection to %s can be set up on "
                    "this machine", route->host), NULL);
        return;
    }
    smtpc__result_create(&lane->opening, 0, op->setup.pool);
    lane->opening->host = route->host;
    if (op->deadline != 0) {
        lane->opening->began = op->began;
    }
    if (!lane->blind
        && smtpc__bucket_early(&early, &peer, route->bucket, op->setup.pool)) {
        smtpc__conn_guess(lane->pooled->conn, &early, peer);
    }
    if (lane->plain) {
        smtpc__conn_skip_tls(lane->pooled->conn);
    }
    lane->state = SMTPC_LANE_OPENING;
    smtpc__conn_open(lane->pooled->conn, smtpc__op_deadline(op),
                     lane->opening, on_opened, lane);
}

/* A kept connection is not to be used: make another in its place. */
static void replace(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;

    smtpc__env_count(op->env, SMTPC_COUNTER(connections_stale), 1);
    smtpc__env_log(op->env, SMTPC_LOG_DEBUG, "%s: the kept connection was "
                   "gone, trying a new one",
                   op->setup.routes[lane->route].host);
    smtpc__pooled_bury(lane->pooled, op->setup.loop, 1);
    lane->pooled = NULL;
    open_new(lane);
}

/* Begin to work on a kept connection. */
static void use_kept(smtpc_lane_t *lane)
{
    smtpc__env_count(lane->op->env, SMTPC_COUNTER(connections_reused), 1);
    smtpc__lane_work(lane);
}

/* The kept connection answered RSET, or did not. */
static void on_probed(void *baton, smtpc_conn_t *conn)
{
    smtpc_lane_t *lane = baton;

    if (smtpc__conn_status(conn) == APR_SUCCESS && lane->probe->code == 250) {
        use_kept(lane);
        return;
    }
    replace(lane);
}

static void probe(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    apr_interval_time_t own = smtpc__bucket_server(lane->pooled->bucket)
                                  ->timeouts[SMTPC_STAGE_RSET];
    apr_time_t deadline = smtpc__monotonic()
                          + (own != 0 && own < SMTPC_TIMEOUT_PROBE_ANSWER
                                 ? own : SMTPC_TIMEOUT_PROBE_ANSWER);
    apr_time_t most = smtpc__op_deadline(op);

    /* Leave half of the time for a new one. */
    if (deadline > most) {
        deadline = smtpc__monotonic() + (most - smtpc__monotonic()) / 2;
    }
    lane->state = SMTPC_LANE_PROBING;
    smtpc__result_create(&lane->probe, 0, op->setup.pool);
    smtpc__conn_ask(lane->pooled->conn, SMTPC_ASK_RSET, NULL, deadline,
                    lane->probe, on_probed, lane);
}

/* The ticket was granted. */
static void on_granted(void *baton)
{
    smtpc_lane_t *lane = baton;
    smtpc_op_t *op = lane->op;
    smtpc_bucket_t *bucket = lane->ticket.bucket;

    lane->pooled = lane->ticket.kept;
    lane->opening = NULL;
    lane->plain = 0;
    if (!lane->pooled) {
        open_new(lane);
        return;
    }
    lane->kept = 1;
    lane->worked = 0;
    if (smtpc__conn_attach(lane->pooled->conn, op->setup.loop) != APR_SUCCESS
        || !smtpc__conn_reusable(lane->pooled->conn,
                                 smtpc__bucket_server(bucket))) {
        replace(lane);
    }
    else if (smtpc__conn_idle(lane->pooled->conn) >= SMTPC_TIMEOUT_PROBE) {
        probe(lane);
    }
    else {
        use_kept(lane);
    }
}

void smtpc__lane_granted(smtpc_lane_t *lane, const smtpc_ticket_t *ticket)
{
    if (!smtpc__op_has_more(lane->op)) {
        smtpc__pool_give_back(ticket);
        rest(lane);
        return;
    }
    lane->ticket.bucket = ticket->bucket;
    lane->ticket.kept = ticket->kept;
    on_granted(lane);
}

void smtpc__lane_start(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    smtpc_bucket_t *bucket = op->setup.routes[lane->route].bucket;
    apr_interval_time_t patience =
        smtpc__bucket_server(bucket)->acquire_timeout;
    smtpc_ticket_t *ticket = &lane->ticket;

    if (!smtpc__op_has_more(op)) {
        rest(lane);
        return;
    }
    ticket->bucket = bucket;
    ticket->loop = op->setup.loop;
    ticket->granted = on_granted;
    ticket->baton = lane;
    lane->state = SMTPC_LANE_WAITING;
    lane->acquire_until = smtpc__op_deadline(op);
    if (patience != 0
        && smtpc__monotonic() + patience < lane->acquire_until) {
        lane->acquire_until = smtpc__monotonic() + patience;
    }
    if (smtpc__pool_acquire(ticket)) {
        on_granted(lane);
        return;
    }
    smtpc__op_arm(op);
}

void smtpc__lane_timed_out(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    const smtpc_route_t *route = &op->setup.routes[lane->route];

    smtpc__pool_cancel(&lane->ticket);
    give_up(lane, SMTPC_ELIMIT, SMTPC_STAGE_CONNECT, apr_psprintf(
                op->setup.pool, "no connection to %s became free in time: "
                "all %d are in use; allow more, or send less at a time",
                route->host,
                smtpc__bucket_server(route->bucket)->max_connections), NULL);
}
