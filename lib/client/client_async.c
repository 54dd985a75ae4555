/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_async.c: a send on the engine's thread, and its completion.
 *
 * While it waits for its turn a send costs a few links in its handle: what it
 * needs to run is made when it begins. Its completion is told once, on the
 * engine's thread, when the handle could begin the next operation: the
 * callback may do so, or dispose of the handle. To all other threads the handle
 * is busy until the callback has returned, so that none of them frees what the
 * callback looks at.
 *
 * A result lives until the operation after the next one begins, because the
 * callback may begin the next.
 */

#include "client/client_int.h"
#include "client/op_int.h"

/* The operation is over, or was never begun: tell the caller. */
static void complete(smtpc_client_t *client, smtpc_result_t *result)
{
    smtpc_completed_fn_t completed = client->completed;
    void *baton = client->baton;
    int *outer = client->gone; /* of a completion that ended this one */
    int gone = 0;

    smtpc__engine_exit(&client->user);
    (void)smtpc__client_unwatch(client);
    client->op = NULL;
    client->result_pool = !client->result_pool;
    client->gone = &gone;
    client->completing = 1;
    smtpc__client_end(client, APR_SUCCESS);
    completed(client, smtpc_result_status(result), result, baton);
    if (gone) {
        if (outer) {
            *outer = 1;
        }
        return;
    }
    client->gone = outer;
    if (!outer) {
        smtpc__client_completed(client);
    }
}

/* A smtpc_op_setup_t's done. */
static void on_done(void *baton)
{
    smtpc_client_t *client = baton;

    complete(client, client->result);
}

/* A smtpc_engine_user_t's end. */
static void end_with_engine(void *baton)
{
    smtpc_client_t *client = baton;

    if (client->waiting) {
        smtpc__client_refuse(client, SMTPC_ECANCELLED, "the program ends");
        return;
    }
    smtpc__op_abort(client->op, SMTPC_ECANCELLED, "the program ends");
}

/* Return the pool for the result of the operation that begins, empty. */
static apr_pool_t *take_result_pool(smtpc_client_t *client)
{
    apr_pool_t **pool = &client->result_pools[client->result_pool];

    if (*pool) {
        apr_pool_clear(*pool);
    }
    else {
        apr_pool_create(pool, client->pool);
    }
    return *pool;
}

static int was_cancelled(smtpc_client_t *client)
{
    int cancelled;

    pthread_mutex_lock(&client->lock);
    cancelled = client->cancelled;
    pthread_mutex_unlock(&client->lock);
    return cancelled;
}

/* Fill setup for the operation that begins, or is refused. */
static void set_up(smtpc_op_setup_t *setup, smtpc_client_t *client)
{
    (void)smtpc__client_scratch(client);
    smtpc__client_setup(setup, client, client->route, client->op_loop,
                        take_result_pool(client));
    setup->began = client->began;
    setup->done = on_done;
    setup->baton = client;
}

/* client waits no more. */
static void stop_waiting(smtpc_client_t *client)
{
    client->waiting = 0;
    if (client->timer) {
        smtpc__watch_end(client->timer);
    }
}

void smtpc__client_refuse(smtpc_client_t *client, apr_status_t status,
                          const char *why)
{
    smtpc_op_setup_t setup = { 0 };

    if (client->waiting) {
        smtpc__pool_cancel(&client->ticket);
        stop_waiting(client);
    }
    set_up(&setup, client);
    smtpc__op_refuse(&client->op, &client->result, &setup, &client->message,
                     status, SMTPC_STAGE_CONNECT, why);
}

/* A smtpc_ticket_t's granted: there is a connection, or the right to one. */
static void on_granted(void *baton)
{
    smtpc_client_t *client = baton;
    smtpc_op_setup_t setup = { 0 };

    stop_waiting(client);
    set_up(&setup, client);
    setup.granted = &client->ticket;
    smtpc__op_send(&client->op, &client->result, &setup, &client->message, 1);
}

/* A smtpc_loop_fn_t: it waited too long. */
static void on_timeout(void *baton, smtpc_loop_event_e event)
{
    smtpc_client_t *client = baton;

    (void)event;
    smtpc__client_refuse(client, SMTPC_ELIMIT, "no connection became free in "
                         "time: all that are allowed are in use; allow more, "
                         "or send less at a time");
}

/* Return until when client may wait for a connection. */
static apr_time_t wait_until(const smtpc_client_t *client)
{
    apr_interval_time_t most =
        smtpc__bucket_server(client->ticket.bucket)->acquire_timeout;

    if (most == 0 || most > client->timeout) {
        most = client->timeout;
    }
    return client->began + most;
}

/* Have a timer on the loop; one is kept for all operations of client. */
static apr_status_t have_timer(smtpc_client_t *client)
{
    if (client->timer) {
        return smtpc__watch_move(client->timer, client->op_loop);
    }
    return smtpc__watch_create(&client->timer, client->op_loop, on_timeout,
                               client, client->pool);
}

/* Get in line for a connection. Nothing but that is needed until it is there:
 * thousands may wait. */
static void get_in_line(smtpc_client_t *client)
{
    smtpc_ticket_t *ticket = &client->ticket;
    int spread = client->host_order == SMTPC_HOSTS_ROUND_ROBIN;

    client->route = smtpc__op_first_route(client->routes, client->route_count,
                                          spread, client->turn++);
    client->user.end = end_with_engine;
    client->user.baton = client;
    smtpc__engine_enter(client->engine, &client->user);
    ticket->bucket = client->routes[client->route].bucket;
    ticket->loop = client->op_loop;
    ticket->granted = on_granted;
    ticket->baton = client;
    if (smtpc__pool_acquire(ticket)) {
        on_granted(client);
        return;
    }
    client->waiting = 1;
    if (have_timer(client) != APR_SUCCESS) {
        smtpc__client_refuse(client, SMTPC_ELIMIT, "this process has no "
                             "memory left for a timer");
        return;
    }
    smtpc__watch_deadline(client->timer, wait_until(client));
}

/* Write to the pickup directory instead. */
static void start_pickup(smtpc_client_t *client)
{
    apr_pool_t *pool = take_result_pool(client);

    (void)smtpc__client_scratch(client);
    smtpc__client_pickup(&client->result, client, client->message, pool);
    complete(client, client->result);
}

/* Task on the engine's thread: take client on. */
static void start_async(void *baton)
{
    smtpc_client_t *client = baton;

    client->began = smtpc__monotonic();
    if (was_cancelled(client) || smtpc__engine_is_ending(client->engine)) {
        client->route = 0;
        smtpc__client_refuse(client, SMTPC_ECANCELLED,
                             "the caller cancelled it");
    }
    else if (client->delivery == SMTPC_DELIVER_PICKUP) {
        start_pickup(client);
    }
    else {
        get_in_line(client);
    }
}

/* smtpc_client_send_async() for the caller that made client busy. */
static apr_status_t submit(smtpc_client_t *client,
                           const smtpc_message_t *message,
                           smtpc_completed_fn_t completed, void *baton)
{
    smtpc_loop_t *loop;
    apr_status_t rv;

    (void)smtpc__client_scratch(client);
    rv = smtpc__client_check_message(client, message);
    if (rv == APR_SUCCESS && !completed) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "there is no function to "
                                "call on completion");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__client_connectable(client);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__engine_async(&loop, client->engine);
        if (rv != APR_SUCCESS) {
            (void)smtpc__client_fail(client, rv, "there is no thread for "
                                     "asynchronous mail");
        }
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__client_drop_scratch(client);
    client->message = message;
    client->completed = completed;
    client->baton = baton;
    client->start.fn = start_async;
    client->start.baton = client;
    /* From here on it is the engine's thread's. */
    atomic_store(&client->owner, 0);
    smtpc__client_watch(client, loop);
    smtpc__loop_post(loop, &client->start);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_send_async(smtpc_client_t *client,
                        const smtpc_message_t *message,
                        smtpc_completed_fn_t completed, void *baton)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = submit(client, message, completed, baton);
    return rv == APR_SUCCESS ? APR_SUCCESS : smtpc__client_end(client, rv);
}

int smtpc__client_abort_here(smtpc_client_t *client)
{
    int here;

    pthread_mutex_lock(&client->lock);
    here = client->op_loop && smtpc__engine_on_thread(client->engine)
           && smtpc__engine_runs(client->engine, client->op_loop);
    pthread_mutex_unlock(&client->lock);
    if (!here) {
        return 0;
    }
    if (client->op) {
        smtpc__op_abort(client->op, SMTPC_ECANCELLED,
                        "the client was disposed of");
        return 1;
    }
    smtpc__loop_unpost(client->op_loop, &client->start);
    client->route = 0;
    smtpc__client_refuse(client, SMTPC_ECANCELLED,
                         "the client was disposed of");
    return 1;
}
