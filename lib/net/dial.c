/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dial.c: from a target to a connected transport: look-up, race, proxy, or a
 * Unix socket.
 *
 * Guarantees: done is called once, or never after smtpc__dial_cancel(); no
 * deadline is pushed away by a byte now and then; nothing is read that came
 * for the owner of the connection.
 *
 * The proxy is asked over the first connection to it; if it says no, its
 * other addresses are not tried, because it is the same proxy.
 */

#include "net/dial.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/hostname.h"
#include "net/race.h"
#include "net/resolve.h"
#include "net/tunnel.h"

/** Bytes from a proxy in one go; a SOCKS answer is no longer. */
#define PROXY_BUFFER 512

struct smtpc_dial_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_env_t *env;
    const smtpc_dial_target_t *target;
    apr_time_t deadline;
    smtpc_dial_fn_t done; /* NULL: called, or not to be */
    void *baton;
    smtpc_watch_t *watch; /* of look-up and proxy */

    apr_status_t status;
    smtpc_dial_stage_e stage;
    const char *error;
    apr_time_t step_began; /* look-up or proxy */
    apr_time_t step_until;

    const char *host; /* that is looked up: the proxy's if there is one */
    int port;
    apr_pool_t *lookup_pool; /* NULL: not under way */
    smtpc_resolve_t *resolve;
    apr_time_t resolved;

    smtpc_race_t *race;     /* NULL: not yet */
    smtpc_tcp_t *tcp;       /* connected, perhaps to the proxy */
    apr_pool_t *unix_pool;  /* of a Unix socket */
    smtpc_tunnel_t *tunnel; /* NULL: no proxy */
    const char *proxy;      /* "gw.example.net:1080" */
};

static void start_tunnel(smtpc_dial_t *dial);

/* The end. */

/* Stop all that is under way; a connection stays. */
static void stop(smtpc_dial_t *dial)
{
    if (dial->watch) {
        smtpc__watch_end(dial->watch);
    }
    if (dial->lookup_pool) {
        apr_pool_destroy(dial->lookup_pool);
        dial->lookup_pool = NULL;
    }
}

static void drop_connection(smtpc_dial_t *dial)
{
    dial->tcp = NULL;
    if (dial->race) {
        smtpc__race_stop(dial->race);
    }
    if (dial->unix_pool) {
        apr_pool_destroy(dial->unix_pool);
        dial->unix_pool = NULL;
    }
}

/* The last act of whoever calls it. */
static void finish(smtpc_dial_t *dial, apr_status_t status, const char *why)
{
    smtpc_dial_fn_t done = dial->done;

    stop(dial);
    dial->status = status;
    dial->error = why;
    if (status != APR_SUCCESS) {
        drop_connection(dial);
    }
    dial->done = NULL;
    if (done) {
        done(dial->baton, dial);
    }
}

/* A stage begins that has SMTPC_TIMEOUT_CONNECT. */
static void begin_step(smtpc_dial_t *dial, smtpc_dial_stage_e stage)
{
    dial->stage = stage;
    dial->step_began = smtpc__monotonic();
    dial->step_until = dial->step_began + SMTPC_TIMEOUT_CONNECT;
    if (dial->deadline < dial->step_until) {
        dial->step_until = dial->deadline;
    }
}

/* Wait for the socket until the stage's time is over. */
static void wait_for(smtpc_dial_t *dial, apr_socket_t *socket,
                     apr_int16_t events)
{
    if (smtpc__watch_socket(dial->watch, socket, events) != APR_SUCCESS) {
        finish(dial, SMTPC_ECONNECT, "the event loop takes no more sockets");
        return;
    }
    smtpc__watch_deadline(dial->watch, dial->step_until);
}

/* The connection. */

/* There is none: what was tried, and that this was for the host. */
static void give_up(smtpc_dial_t *dial, apr_status_t status, const char *why)
{
    if (dial->tunnel) {
        why = apr_pstrcat(dial->pool, "no connection to the proxy ",
                          dial->proxy, ": ", why, NULL);
    }
    else if (!strstr(why, dial->host)) {
        why = apr_pstrcat(dial->pool, dial->host, ": ", why, NULL);
    }
    finish(dial, status, why);
}

static void on_connected(smtpc_dial_t *dial, smtpc_tcp_t *tcp)
{
    dial->tcp = tcp;
    smtpc__env_log(dial->env, SMTPC_LOG_DEBUG, "%s: connected to %s",
                   dial->host, smtpc__tcp_peer(tcp));
    if (dial->tunnel) {
        start_tunnel(dial);
    }
    else {
        finish(dial, APR_SUCCESS, "");
    }
}

/* smtpc_race_fn_t */
static void on_race(void *baton, smtpc_race_t *race)
{
    smtpc_dial_t *dial = baton;

    dial->race = race;
    if (smtpc__race_status(race) == APR_SUCCESS) {
        on_connected(dial, smtpc__race_tcp(race));
    }
    else {
        give_up(dial, smtpc__race_status(race), smtpc__race_error(race));
    }
}

static void start_race(smtpc_dial_t *dial, const apr_array_header_t *found)
{
    smtpc_race_opts_t opts = { found, dial->target->local_address,
                               dial->deadline, on_race, dial };
    smtpc_race_t *race;
    apr_status_t rv;

    stop(dial);
    dial->resolved = smtpc__monotonic();
    dial->stage = SMTPC_DIAL_CONNECT;
    rv = smtpc__race_begin(&race, dial->loop, &opts, dial->env, dial->pool);
    if (rv != APR_SUCCESS) {
        give_up(dial, rv, "no memory");
    }
    else if (!dial->race) {
        dial->race = race;
    }
}

/* Look-up. */

static void on_lookup(smtpc_dial_t *dial, smtpc_loop_event_e event)
{
    apr_array_header_t *found = NULL;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc__resolve_result(&found, &why, dial->resolve, dial->pool);
    if (rv == APR_SUCCESS) {
        start_race(dial, found);
    }
    else if (!APR_STATUS_IS_EAGAIN(rv)) {
        finish(dial, rv, why);
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        why = apr_psprintf(dial->pool, "cannot look up %s: no answer within "
                           "%s: check this machine's DNS", dial->host,
                           smtpc__race_waited(dial->step_began, dial->pool));
        finish(dial, SMTPC_ETIMEOUT, why);
    }
    else {
        wait_for(dial, smtpc__resolve_socket(dial->resolve), APR_POLLIN);
    }
}

static void start_lookup(smtpc_dial_t *dial)
{
    const char *why = "no memory";
    apr_status_t rv;

    begin_step(dial, SMTPC_DIAL_RESOLVE);
    rv = apr_pool_create(&dial->lookup_pool, dial->pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__resolve_begin(&dial->resolve, &why, dial->host,
                                  dial->port, dial->env, dial->lookup_pool);
    }
    if (rv != APR_SUCCESS) {
        /* Before its pool goes. */
        finish(dial, rv, apr_pstrdup(dial->pool, why));
        return;
    }
    on_lookup(dial, SMTPC_LOOP_IO);
}

/* The proxy. */

/* Send to the proxy what is to be sent. */
static apr_status_t write_tunnel(smtpc_dial_t *dial)
{
    apr_size_t len;
    const char *data = smtpc__tunnel_pull(dial->tunnel, &len);
    apr_status_t rv;

    rv = smtpc__transport_write(smtpc__tcp_transport(dial->tcp), data, &len);
    if (rv == APR_SUCCESS) {
        smtpc__tunnel_sent(dial->tunnel, len);
    }
    return rv;
}

/* Read from the proxy, and nothing that comes behind its answer. */
static apr_status_t read_tunnel(smtpc_dial_t *dial)
{
    char buf[PROXY_BUFFER];
    apr_size_t len = smtpc__tunnel_room(dial->tunnel);
    apr_status_t rv;

    if (len > sizeof(buf)) {
        len = sizeof(buf);
    }
    rv = smtpc__transport_read(smtpc__tcp_transport(dial->tcp), buf, &len);
    if (APR_STATUS_IS_EOF(rv)) {
        return smtpc__tunnel_end(dial->tunnel);
    }
    return rv == APR_SUCCESS ? smtpc__tunnel_feed(dial->tunnel, buf, len)
                             : rv;
}

/* The connection to the proxy, or the proxy, failed. */
static void fail_tunnel(smtpc_dial_t *dial, apr_status_t status)
{
    const char *why = smtpc__tunnel_error(dial->tunnel);

    if (why[0] == '\0') {
        why = apr_pstrcat(dial->pool, "the proxy ", dial->proxy, ": ",
                          smtpc__transport_error(
                              smtpc__tcp_transport(dial->tcp)), NULL);
    }
    finish(dial, status, why);
}

static void on_tunnel(smtpc_dial_t *dial, smtpc_loop_event_e event)
{
    apr_status_t rv = APR_SUCCESS;
    apr_int16_t events = 0;

    while (rv == APR_SUCCESS) {
        switch (smtpc__tunnel_want(dial->tunnel)) {
        case SMTPC_TUNNEL_WRITE:
            events = APR_POLLOUT;
            rv = write_tunnel(dial);
            break;
        case SMTPC_TUNNEL_READ:
            events = APR_POLLIN;
            rv = read_tunnel(dial);
            break;
        default:
            finish(dial, APR_SUCCESS, "");
            return;
        }
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        fail_tunnel(dial, rv);
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        finish(dial, SMTPC_ETIMEOUT,
               apr_psprintf(dial->pool, "the proxy %s did not connect to %s "
                            "within %s", dial->proxy, dial->target->host,
                            smtpc__race_waited(dial->step_began, dial->pool)));
    }
    else {
        wait_for(dial, smtpc__transport_socket(smtpc__tcp_transport(dial->tcp)),
                 events);
    }
}

static void start_tunnel(smtpc_dial_t *dial)
{
    begin_step(dial, SMTPC_DIAL_PROXY);
    on_tunnel(dial, SMTPC_LOOP_IO);
}

/* Setting up. */

/* smtpc_loop_fn_t of the dial */
static void on_event(void *baton, smtpc_loop_event_e event)
{
    smtpc_dial_t *dial = baton;

    switch (dial->stage) {
    case SMTPC_DIAL_RESOLVE:
        on_lookup(dial, event);
        break;
    default:
        on_tunnel(dial, event);
        break;
    }
}

static void start_unix(smtpc_dial_t *dial)
{
    smtpc_tcp_t *tcp;
    apr_status_t rv;

    dial->stage = SMTPC_DIAL_CONNECT;
    dial->host = dial->target->unix_path;
    rv = apr_pool_create(&dial->unix_pool, dial->pool);
    if (rv != APR_SUCCESS) {
        finish(dial, rv, "no memory");
        return;
    }
    rv = smtpc__tcp_connect_unix(&tcp, dial->target->unix_path,
                                 dial->unix_pool);
    if (rv == APR_SUCCESS) {
        on_connected(dial, tcp);
        return;
    }
    give_up(dial, rv,
            apr_pstrdup(dial->pool,
                        smtpc__transport_error(smtpc__tcp_transport(tcp))));
}

/* Whether text is 1 ... max bytes without control characters and blanks. */
static int is_clean(const char *text, apr_size_t max)
{
    apr_size_t len = text ? strlen(text) : 0;

    return len > 0 && len <= max && smtpc__find_control(text, len) == len
           && !strchr(text, ' ');
}

static int is_port(int port)
{
    return port >= 1 && port <= 65535;
}

/* A sentence on what is wrong with the target, or NULL. */
static const char *fault_of(const smtpc_dial_target_t *target)
{
    const char *path = target->unix_path;

    if (path) {
        return path[0] != '/'
                       || smtpc__find_control(path, strlen(path))
                              < strlen(path)
                   ? "the path of the Unix socket is not an absolute one "
                     "without control characters"
                   : NULL;
    }
    if (!is_clean(target->host, SMTPC_LIMIT_HOST) || !is_port(target->port)) {
        return "the host or port to connect to is not one";
    }
    if (target->local_address
        && smtpc__ip_version(target->local_address) == 0) {
        return "the local address to connect from is not an IP address";
    }
    if (target->proxy != SMTPC_PROXY_NONE
        && (!is_clean(target->proxy_host, SMTPC_LIMIT_HOST)
            || !is_port(target->proxy_port))) {
        return "the host or port of the proxy is not one";
    }
    return NULL;
}

/* Prepare the tunnel, which checks what is only for the proxy. */
static apr_status_t make_tunnel(smtpc_dial_t *dial)
{
    const smtpc_dial_target_t *target = dial->target;
    smtpc_tunnel_opts_t opts = { target->proxy,      NULL,
                                 target->host,       target->port,
                                 target->proxy_user, target->proxy_secret };

    dial->host = target->proxy_host;
    dial->port = target->proxy_port;
    dial->proxy = apr_psprintf(dial->pool,
                               strchr(dial->host, ':') ? "[%s]:%d" : "%s:%d",
                               dial->host, dial->port);
    opts.name = dial->proxy;
    return smtpc__tunnel_create(&dial->tunnel, &dial->error, &opts,
                                dial->pool);
}

/* Check the target and prepare what depends on it. */
static apr_status_t take_target(smtpc_dial_t *dial)
{
    const smtpc_dial_target_t *target = dial->target;
    const char *fault = fault_of(target);

    if (fault) {
        dial->error = fault;
        return SMTPC_EARG;
    }
    dial->host = target->host;
    dial->port = target->port;
    return target->unix_path || target->proxy == SMTPC_PROXY_NONE
               ? APR_SUCCESS : make_tunnel(dial);
}

apr_status_t smtpc__dial_begin(smtpc_dial_t **dial, smtpc_loop_t *loop,
                               const smtpc_dial_target_t *target,
                               apr_time_t deadline, smtpc_dial_fn_t done,
                               void *baton, smtpc_env_t *env,
                               apr_pool_t *pool)
{
    smtpc_dial_t *made = apr_pcalloc(pool, sizeof(*made));

    made->pool = pool;
    made->loop = loop;
    made->env = env;
    made->target = target;
    made->deadline = deadline;
    made->error = "";
    *dial = made;
    made->status = take_target(made);
    if (made->status == APR_SUCCESS) {
        made->status = smtpc__watch_create(&made->watch, loop, on_event, made,
                                           pool);
    }
    if (made->status != APR_SUCCESS) {
        return made->status;
    }
    made->status = APR_EAGAIN;
    made->done = done;
    made->baton = baton;
    if (target->unix_path) {
        start_unix(made);
    }
    else {
        start_lookup(made);
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__dial_status(const smtpc_dial_t *dial)
{
    return dial->status;
}

smtpc_dial_stage_e smtpc__dial_stage(const smtpc_dial_t *dial)
{
    return dial->stage;
}

const char *smtpc__dial_error(const smtpc_dial_t *dial)
{
    return dial->error;
}

smtpc_tcp_t *smtpc__dial_tcp(const smtpc_dial_t *dial)
{
    return dial->status == APR_SUCCESS ? dial->tcp : NULL;
}

int smtpc__dial_loopback(const smtpc_dial_t *dial)
{
    return dial->tcp && !dial->tunnel && smtpc__tcp_loopback(dial->tcp);
}

apr_time_t smtpc__dial_resolved(const smtpc_dial_t *dial)
{
    return dial->resolved;
}

void smtpc__dial_cancel(smtpc_dial_t *dial)
{
    dial->done = NULL;
    stop(dial);
    drop_connection(dial);
    if (dial->status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(dial->status)) {
        dial->status = SMTPC_ECANCELLED;
    }
}
