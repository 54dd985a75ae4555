/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_run.c: how a client runs an operation: on its caller's thread, with
 * connections that all clients of the env share, and so that others can
 * cancel it.
 *
 * A client belongs to the bucket of every profile it used until it is
 * disposed of; who leaves a bucket last says QUIT on its connections. So a
 * handle whose host is changed to and fro finds both connections again.
 */

#include "client/client_int.h"

#include "base/limits.h"

/* Buckets. */

/* Leave bucket, and put its connections into list if nobody else uses it. */
static void leave_bucket(smtpc_bucket_t *bucket, smtpc_pooled_t **list)
{
    smtpc_pooled_t *mine = smtpc__bucket_leave(bucket);

    while (mine) {
        smtpc_pooled_t *next = mine->next;

        mine->next = *list;
        *list = mine;
        mine = next;
    }
}

/* Say QUIT on all of list. */
static void end_connections(smtpc_client_t *client, smtpc_pooled_t *list,
                            apr_interval_time_t wait)
{
    smtpc_lent_loop_t lent;
    smtpc_pooled_t *next;
    int count = 0;

    for (next = list; next; next = next->next) {
        count++;
    }
    if (count > 0 && !smtpc__engine_on_thread(client->engine)
        && smtpc__engine_take_loop(&lent, client->engine, count)
               == APR_SUCCESS) {
        smtpc__op_quit_all(list, lent.loop, smtpc__monotonic() + wait);
        smtpc__engine_give_loop(client->engine, &lent);
        return;
    }
    for (; list; list = next) {
        next = list->next;
        smtpc__conn_leave(list->conn);
        smtpc__pooled_destroy(list);
    }
}

void smtpc__client_leave(smtpc_client_t *client, apr_interval_time_t wait)
{
    smtpc_pooled_t *list = NULL;
    int i;

    if (!client->joined || client->joined->nelts == 0) {
        return;
    }
    /* What is of the parent of this process is not ours to end. */
    for (i = 0; i < client->joined->nelts
                && smtpc__engine_is_here(client->engine); i++) {
        leave_bucket(APR_ARRAY_IDX(client->joined, i, smtpc_bucket_t *),
                     &list);
    }
    client->joined->nelts = 0;
    client->route_count = 0;
    end_connections(client, list, wait);
}

/* Let client belong to bucket, which was joined once more for it. */
static void remember(smtpc_client_t *client, smtpc_bucket_t *bucket)
{
    smtpc_pooled_t *list = NULL;
    int i;

    for (i = 0; i < client->joined->nelts; i++) {
        if (APR_ARRAY_IDX(client->joined, i, smtpc_bucket_t *) == bucket) {
            /* Nothing ends: it is counted twice. */
            (void)smtpc__bucket_leave(bucket);
            return;
        }
    }
    if (client->joined->nelts == SMTPC_LIMIT_CLIENT_PROFILES) {
        leave_bucket(APR_ARRAY_IDX(client->joined, 0, smtpc_bucket_t *),
                     &list);
        client->joined->nelts--;
        for (i = 0; i < client->joined->nelts; i++) {
            APR_ARRAY_IDX(client->joined, i, smtpc_bucket_t *) =
                APR_ARRAY_IDX(client->joined, i + 1, smtpc_bucket_t *);
        }
        end_connections(client, list, 0);
    }
    APR_ARRAY_PUSH(client->joined, smtpc_bucket_t *) = bucket;
}

/* Set route i of client to server, which is called host. */
static apr_status_t join(smtpc_client_t *client, int i, const char *host,
                         const smtpc_server_t *server)
{
    smtpc_bucket_t *bucket;
    apr_status_t rv;

    rv = smtpc__bucket_join(&bucket, smtpc__engine_pool(client->engine),
                            server);
    if (rv == APR_SUCCESS) {
        remember(client, bucket);
        client->routes[i].host = host;
        client->routes[i].bucket = bucket;
        client->route_count = i + 1;
    }
    return rv;
}

/* Set route i of client to one of its further hosts. */
static apr_status_t join_further(smtpc_client_t *client, int i)
{
    const smtpc_client_host_t *host = &APR_ARRAY_IDX(
        client->hosts, i - 1, smtpc_client_host_t);
    smtpc_server_t draft = client->draft;
    const smtpc_server_t *server;
    apr_status_t rv;

    draft.host = host->normal;
    draft.port = host->port != 0 ? host->port : client->draft.port;
    rv = smtpc__server_freeze(&server, &draft,
                              smtpc__env_host_name(client->env),
                              client->scratch);
    return rv == APR_SUCCESS ? join(client, i, host->host, server) : rv;
}

/* The profiles are made in the scratch pool; those of the buckets stay. */
static apr_status_t make_routes(smtpc_client_t *client)
{
    const smtpc_server_t *server;
    apr_status_t rv = smtpc__client_freeze(&server, client);
    int extra = client->hosts ? client->hosts->nelts : 0;
    int i;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!client->joined) {
        client->joined = apr_array_make(client->pool, 2,
                                        sizeof(smtpc_bucket_t *));
    }
    rv = join(client, 0, client->host, server);
    for (i = 1; i <= extra && rv == APR_SUCCESS; i++) {
        rv = join_further(client, i);
    }
    if (rv != APR_SUCCESS) {
        client->route_count = 0;
        (void)smtpc__client_fail(client, rv, "the pool of connections cannot "
                                 "take the settings for %s", client->host);
    }
    return rv;
}

/* Have an engine of this process; what was of another is forgotten. */
static apr_status_t find_engine(smtpc_client_t *client)
{
    smtpc_engine_t *engine = NULL;
    apr_status_t rv;

    if (client->engine && smtpc__engine_is_here(client->engine)) {
        return APR_SUCCESS;
    }
    if (client->joined) {
        client->joined->nelts = 0;
    }
    client->route_count = 0;
    rv = smtpc__engine_get(&engine, client->env, client->pool);
    pthread_mutex_lock(&client->lock);
    client->engine = engine;
    pthread_mutex_unlock(&client->lock);
    if (rv != APR_SUCCESS) {
        (void)smtpc__client_fail(client, rv, "this process has nothing left "
                                 "to make connections with");
    }
    return rv;
}

apr_status_t smtpc__client_connectable(smtpc_client_t *client)
{
    apr_status_t rv = find_engine(client);

    if (rv == APR_SUCCESS && client->route_count == 0) {
        rv = make_routes(client);
    }
    return rv;
}

/* Cancelling. */

/* Task: somebody cancelled the operation. */
static void cancel_now(void *baton)
{
    smtpc_client_t *client = baton;

    if (client->waiting) {
        smtpc__client_refuse(client, SMTPC_ECANCELLED,
                             "the caller cancelled it");
    }
    else if (client->op && !smtpc__op_is_over(client->op)) {
        smtpc__op_abort(client->op, SMTPC_ECANCELLED,
                        "the caller cancelled it");
    }
}

void smtpc__client_watch(smtpc_client_t *client, smtpc_loop_t *loop)
{
    pthread_mutex_lock(&client->lock);
    client->cancel.fn = cancel_now;
    client->cancel.baton = client;
    client->cancelled = 0;
    client->op_loop = loop;
    pthread_mutex_unlock(&client->lock);
}

int smtpc__client_unwatch(smtpc_client_t *client)
{
    int cancelled;

    pthread_mutex_lock(&client->lock);
    if (client->op_loop) {
        smtpc__loop_unpost(client->op_loop, &client->cancel);
    }
    client->op_loop = NULL;
    cancelled = client->cancelled;
    pthread_mutex_unlock(&client->lock);
    return cancelled;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_cancel(smtpc_client_t *client)
{
    if (atomic_load(&client->state) == SMTPC_CLIENT_DISPOSED) {
        return SMTPC_EDISPOSED;
    }
    pthread_mutex_lock(&client->lock);
    if (client->op_loop && !client->cancelled) {
        client->cancelled = 1;
        smtpc__loop_post(client->op_loop, &client->cancel);
    }
    pthread_mutex_unlock(&client->lock);
    return APR_SUCCESS;
}

/* Running. */

void smtpc__client_setup(smtpc_op_setup_t *setup, smtpc_client_t *client,
                         int first, smtpc_loop_t *loop, apr_pool_t *pool)
{
    int count = client->route_count;
    int i;

    setup->engine = client->engine;
    setup->loop = loop;
    setup->spread = client->host_order == SMTPC_HOSTS_ROUND_ROBIN;
    setup->routes = client->routes;
    if (first != 0) {
        smtpc_route_t *turned = apr_palloc(client->scratch,
                                           (apr_size_t)count
                                               * sizeof(*turned));

        for (i = 0; i < count; i++) {
            turned[i] = client->routes[(i + first) % count];
        }
        setup->routes = turned;
    }
    setup->route_count = count;
    setup->from = client->from;
    setup->dkim = client->dkim;
    setup->dkim_count = client->dkim_count;
    setup->defaults = client->defaults;
    setup->forced = client->forced;
    setup->utf8 = client->format == SMTPC_FORMAT_INTERNATIONAL;
    setup->timeout = client->timeout;
    setup->pool = client->scratch;
    setup->result_pool = pool;
    setup->cancelled = &client->cancelled;
}

/* A smtpc_op_setup_t's done: the loop is that of the blocking call. */
static void stop_loop(void *baton)
{
    smtpc__loop_stop(baton);
}

/* Run the loop until the operation is over and what it buried is gone. */
static void run_loop(smtpc_client_t *client, smtpc_loop_t *loop)
{
    apr_status_t rv = APR_SUCCESS;

    smtpc__loop_hold(loop, 1);
    while (rv == APR_SUCCESS && !smtpc__op_is_over(client->op)) {
        rv = smtpc__loop_run(loop);
    }
    smtpc__loop_hold(loop, 0);
    if (rv != APR_SUCCESS) {
        smtpc__op_abort(client->op, rv, "waiting for the server failed on "
                        "this machine");
    }
    rv = smtpc__loop_run(loop);
    if (rv != APR_SUCCESS) {
        smtpc__env_log(client->env, SMTPC_LOG_ERROR, "the loop of a blocking "
                       "call cannot poll");
    }
}

apr_status_t smtpc__client_run(smtpc_client_t *client, int connections,
                               smtpc__client_begin_fn_t begin, void *baton,
                               apr_pool_t *pool)
{
    smtpc_op_setup_t setup = { 0 };
    smtpc_lent_loop_t lent;
    char reason[128];
    int first = 0;
    apr_status_t rv = smtpc__client_connectable(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__engine_take_loop(&lent, client->engine, connections);
    if (rv != APR_SUCCESS) {
        smtpc_strerror(rv, reason, sizeof(reason));
        return smtpc__client_fail(client, rv, "this process has nothing left "
                                  "to wait with: %s", reason);
    }
    if (client->host_order == SMTPC_HOSTS_ROUND_ROBIN) {
        first = (int)(client->turn++ % (unsigned int)client->route_count);
    }
    smtpc__client_setup(&setup, client, first, lent.loop, pool);
    setup.done = stop_loop;
    setup.baton = lent.loop;
    smtpc__client_watch(client, lent.loop);
    begin(client, &setup, baton);
    run_loop(client, lent.loop);
    (void)smtpc__client_unwatch(client);
    client->op = NULL;
    /* What watches the loop goes before it does. */
    (void)smtpc__client_scratch(client);
    smtpc__engine_give_loop(client->engine, &lent);
    return APR_SUCCESS;
}
