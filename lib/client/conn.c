/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.c: the pump between a session and a transport, and its deadlines.
 *
 * Guarantees: every wait has a deadline, that of the operation or that of
 * the step, whichever is earlier; a step is one reply or one buffer of
 * content, so that a server that sends a byte now and then gains nothing by
 * it. What the server says is read while content is on its way. One callback
 * of the loop does a bounded amount of work. The owner is told exactly once
 * per operation, and last, so that it may begin the next from there.
 *
 * Not done here: whether and where to try again. RFC 5321 4.5.3.2.
 */

#include "client/conn_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"

/** Reads and writes of one callback, so that others on the loop get on. */
#define PUMP_TURNS 32
/** Without a socket to poll: look again after this time. */
#define SOCKETLESS_TICK apr_time_from_msec(1)

/** What a read or write did. */
typedef enum {
    STEP_DONE,  /* something moved */
    STEP_WAIT,  /* nothing to be had now */
    STEP_ENDED  /* the session is over */
} step_e;

static void pump(smtpc_conn_t *conn, int readable);

/* Deadlines. */

void smtpc__conn_step(smtpc_conn_t *conn, apr_interval_time_t timeout)
{
    apr_time_t now = smtpc__monotonic();
    apr_interval_time_t left = conn->deadline - now;

    conn->step_timeout = timeout < left ? timeout : left;
    conn->step_deadline = now + timeout;
}

/* The session is at a new step, or waits for the next reply of the same. */
static void session_step(smtpc_conn_t *conn)
{
    conn->stage = smtpc__session_stage(conn->session);
    conn->given = 0;
    conn->replies = smtpc__session_replies(conn->session);
    smtpc__conn_step(conn, smtpc__session_stage_timeout(conn->session));
}

static apr_time_t next_deadline(const smtpc_conn_t *conn)
{
    return conn->deadline < conn->step_deadline ? conn->deadline
                                                : conn->step_deadline;
}

const char *smtpc__conn_waited(const smtpc_conn_t *conn)
{
    apr_interval_time_t span = conn->step_timeout;

    if (span < 0) {
        span = 0;
    }
    /* What was left is a little less than what was allowed: round. */
    if (span < apr_time_from_sec(2)) {
        return apr_psprintf(conn->pool, "%" APR_TIME_T_FMT " ms",
                            (apr_time_as_msec(span) + 5) / 10 * 10);
    }
    return apr_psprintf(conn->pool, "%" APR_TIME_T_FMT " s",
                        (span + APR_USEC_PER_SEC / 2) / APR_USEC_PER_SEC);
}

void smtpc__conn_watch(smtpc_conn_t *conn, apr_socket_t *socket,
                       apr_int16_t wanted)
{
    apr_time_t until = next_deadline(conn);
    apr_status_t rv;

    if (!socket) {
        apr_time_t tick = smtpc__monotonic() + SOCKETLESS_TICK;

        until = tick < until ? tick : until;
    }
    rv = smtpc__watch_socket(conn->watch, socket, wanted);
    if (rv != APR_SUCCESS) {
        smtpc__conn_fail(conn, SMTPC_ECONNECT, conn->stage,
                         "the event loop does not take the socket");
        return;
    }
    smtpc__watch_deadline(conn->watch, until);
}

/* The end of operations and of the connection. */

/* Tell the owner. Nothing of conn may be touched afterwards. */
static void finish(smtpc_conn_t *conn)
{
    smtpc_conn_fn_t done = conn->done;

    smtpc__watch_end(conn->watch);
    conn->done = NULL;
    conn->result = NULL;
    if (done) {
        done(conn->baton, conn);
    }
}

static void shut(smtpc_conn_t *conn, apr_status_t status, int graceful)
{
    conn->state = SMTPC_CONN_OVER;
    conn->status = status;
    smtpc__watch_end(conn->watch);
    if (conn->transport) {
        smtpc__transport_close(conn->transport, graceful);
    }
}

void smtpc__conn_fail(smtpc_conn_t *conn, apr_status_t status,
                      smtpc_stage_e stage, const char *why)
{
    if (conn->result) {
        smtpc__result_fail(conn->result, status, stage, "%s", why);
    }
    if (conn->session) {
        smtpc__session_abort(conn->session, status, why);
    }
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: %s", conn->server->host,
                   why);
    shut(conn, status, 0);
    finish(conn);
}

/* Write what the session leaves behind, a QUIT nobody waits for. */
static void say_goodbye(smtpc_conn_t *conn)
{
    const char *data;
    apr_size_t len;

    if (smtpc__session_pull(&data, &len, conn->session) == APR_SUCCESS
        && len > 0
        && smtpc__transport_write(conn->transport, data, &len)
               == APR_SUCCESS) {
        smtpc__session_sent(conn->session, len);
    }
}

/* Tell in the result what the server offers. */
static void note_capabilities(smtpc_conn_t *conn)
{
    if (conn->result) {
        conn->result->capabilities = smtpc__caps_text(
            smtpc__session_caps(conn->session), conn->result->pool);
    }
}

/* The session wants the connection closed. */
static void session_over(smtpc_conn_t *conn)
{
    apr_status_t status = smtpc__session_status(conn->session);
    const smtpc_reply_t *reply = smtpc__session_reply(conn->session);

    note_capabilities(conn);
    /* A transaction was settled by the session itself. */
    if (conn->result && conn->messages == 0 && status != APR_SUCCESS) {
        if (reply->code >= 400) {
            smtpc__result_reply(conn->result, reply->code, reply->enhanced,
                                reply->text);
        }
        smtpc__result_fail(conn->result, status,
                           smtpc__session_stage(conn->session), "%s",
                           smtpc__session_error(conn->session));
    }
    say_goodbye(conn);
    /* After QUIT there is no status, but the end all the same. */
    shut(conn, status != APR_SUCCESS ? status : SMTPC_ECONNECT,
         status != SMTPC_ECONNECT && status != SMTPC_ETIMEOUT);
    finish(conn);
}

static void session_ready(smtpc_conn_t *conn)
{
    note_capabilities(conn);
    conn->used = smtpc__monotonic();
    if (conn->created == 0) {
        conn->created = conn->used;
    }
    if (conn->result && conn->messages == 0) {
        conn->result->timings.ready = smtpc__result_elapsed(conn->result);
    }
    finish(conn);
}

/* Pumping. */

/* The transport has no more to give: tell the session why. */
static step_e broken(smtpc_conn_t *conn, apr_status_t status)
{
    const char *why = "the server closed the connection";

    if (!APR_STATUS_IS_EOF(status)) {
        why = smtpc__transport_error(conn->transport);
    }
    smtpc__session_abort(conn->session,
                         APR_STATUS_IS_EOF(status) ? SMTPC_ECONNECT : status,
                         why);
    return STEP_ENDED;
}

/* Read once and feed the session. *readable stays non-zero if there may be
 * more without polling. */
static step_e take(smtpc_conn_t *conn, int *readable)
{
    char buf[SMTPC_LIMIT_INPUT_BUFFER];
    apr_size_t len = sizeof(buf);
    apr_status_t rv;

    rv = smtpc__transport_read(conn->transport, buf, &len);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        *readable = 0;
        return STEP_WAIT;
    }
    if (rv != APR_SUCCESS) {
        return broken(conn, rv);
    }
    *readable = len == sizeof(buf)
                || smtpc__transport_pending(conn->transport);
    rv = smtpc__session_feed(conn->session, buf, len);
    return rv == APR_SUCCESS ? STEP_DONE : STEP_ENDED;
}

/* Write what the session has. A reply is waited for, and the next buffer of
 * content allowed its time, from the moment all of it went. */
static step_e give(smtpc_conn_t *conn)
{
    const char *data;
    apr_size_t len;
    apr_size_t whole;
    apr_status_t rv;

    rv = smtpc__session_pull(&data, &len, conn->session);
    if (rv != APR_SUCCESS) {
        return STEP_ENDED;
    }
    if (len == 0) {
        return STEP_DONE;
    }
    whole = len;
    rv = smtpc__transport_write(conn->transport, data, &len);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return STEP_WAIT;
    }
    if (rv != APR_SUCCESS) {
        return broken(conn, rv);
    }
    smtpc__session_sent(conn->session, len);
    /* A socket that never takes all there is moves on all the same. */
    conn->given += len;
    if (len == whole || conn->given >= SMTPC_LIMIT_OUTPUT_BUFFER) {
        session_step(conn);
    }
    return STEP_DONE;
}

/* Do what the session wants first; STEP_WAIT if it has to be polled for. */
static step_e turn(smtpc_conn_t *conn, smtpc_want_e want, int *readable)
{
    if (*readable) {
        step_e step = take(conn, readable);

        if (step != STEP_WAIT || want == SMTPC_WANT_READ) {
            return step;
        }
    }
    if (want == SMTPC_WANT_READ) {
        return STEP_WAIT;
    }
    return give(conn);
}

/* Wait for what the session wants; content may be answered early, so there
 * is always something to read for. */
static void wait_for(smtpc_conn_t *conn, smtpc_want_e want)
{
    apr_int16_t events = APR_POLLIN;

    if (want == SMTPC_WANT_WRITE) {
        events |= APR_POLLOUT;
    }
    smtpc__conn_watch(conn, smtpc__transport_socket(conn->transport),
                      smtpc__transport_events(conn->transport, events));
}

/* Move bytes until there is nothing to do but wait. `readable` says that
 * there may be something to read without having polled. */
static void pump(smtpc_conn_t *conn, int readable)
{
    int socketless = !smtpc__transport_socket(conn->transport);
    int turns;

    for (turns = 0; turns < PUMP_TURNS; turns++) {
        smtpc_want_e want = smtpc__session_want(conn->session);

        switch (want) {
        case SMTPC_WANT_READY:
            session_ready(conn);
            return;
        case SMTPC_WANT_CLOSE:
            session_over(conn);
            return;
        case SMTPC_WANT_TLS:
            smtpc__conn_start_tls(conn);
            return;
        default:
            break;
        }
        if (smtpc__session_stage(conn->session) != conn->stage
            || smtpc__session_replies(conn->session) != conn->replies) {
            session_step(conn);
        }
        if (turn(conn, want, &readable) == STEP_WAIT) {
            wait_for(conn, want);
            return;
        }
        readable |= socketless;
    }
    /* The others' turn; this one goes on right after. */
    smtpc__watch_deadline(conn->watch, smtpc__monotonic());
}

/* The session waited too long. */
static void timed_out(smtpc_conn_t *conn, apr_time_t now)
{
    const char *why;

    if (now >= conn->deadline && conn->deadline <= conn->step_deadline) {
        why = apr_psprintf(conn->pool, "the time allowed ran out after %s "
                           "without an answer", smtpc__conn_waited(conn));
    }
    else {
        why = apr_psprintf(conn->pool, "no answer within %s",
                           smtpc__conn_waited(conn));
    }
    if (conn->stage == SMTPC_STAGE_GREETING
        && conn->server->security != SMTPC_SECURITY_IMPLICIT) {
        why = apr_pstrcat(conn->pool, why, " (a port that expects TLS from "
                          "the first byte looks like this, too)", NULL);
    }
    smtpc__session_abort(conn->session, SMTPC_ETIMEOUT, why);
    session_over(conn);
}

static void on_event(void *baton, smtpc_loop_event_e event)
{
    smtpc_conn_t *conn = baton;
    apr_time_t now;

    if (conn->state != SMTPC_CONN_SESSION) {
        smtpc__conn_progress(conn, event);
        return;
    }
    if (event == SMTPC_LOOP_TIMEOUT) {
        now = smtpc__monotonic();
        if (now >= next_deadline(conn)) {
            timed_out(conn, now);
            return;
        }
    }
    pump(conn, 1);
}

void smtpc__conn_link_up(smtpc_conn_t *conn)
{
    apr_status_t rv;

    conn->state = SMTPC_CONN_SESSION;
    if (conn->session) {
        smtpc__session_secured(conn->session, &conn->link);
    }
    else {
        rv = smtpc__session_create(&conn->session, conn->server, &conn->link,
                                   conn->env, conn->pool);
        if (rv != APR_SUCCESS && !conn->session) {
            smtpc__conn_fail(conn, rv, SMTPC_STAGE_CONNECT,
                             "no session can be made for this profile");
            return;
        }
    }
    session_step(conn);
    pump(conn, conn->tls && smtpc__transport_pending(conn->transport));
}

/* Calls of the owner. */

/* pool cleanup: the transport knows best how to let go. */
static apr_status_t close_with_pool(void *data)
{
    smtpc__conn_close(data);
    return APR_SUCCESS;
}

apr_status_t smtpc__conn_create(smtpc_conn_t **conn, smtpc_loop_t *loop,
                                const smtpc_server_t *server,
                                smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_conn_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->pool = pool;
    made->loop = loop;
    made->server = server;
    made->env = env;
    made->peer = "";
    made->tls_protocol = "";
    made->tls_cipher = "";
    rv = smtpc__watch_create(&made->watch, loop, on_event, made, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_pre_cleanup_register(pool, made, close_with_pool);
    *conn = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__conn_create_over(smtpc_conn_t **conn,
                                     smtpc_loop_t *loop,
                                     smtpc_transport_t *transport,
                                     const smtpc_link_t *link,
                                     const smtpc_server_t *server,
                                     smtpc_env_t *env, apr_pool_t *pool)
{
    apr_status_t rv = smtpc__conn_create(conn, loop, server, env, pool);

    if (rv == APR_SUCCESS) {
        (*conn)->transport = transport;
        (*conn)->link = *link;
    }
    return rv;
}

/* Begin an operation. */
static void begin(smtpc_conn_t *conn, apr_time_t deadline,
                  smtpc_result_t *result, smtpc_conn_fn_t done, void *baton)
{
    conn->deadline = deadline;
    conn->result = result;
    conn->done = done;
    conn->baton = baton;
}

void smtpc__conn_open(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_result_t *result, smtpc_conn_fn_t done,
                      void *baton)
{
    begin(conn, deadline, result, done, baton);
    if (conn->transport) {
        smtpc__conn_link_up(conn);
    }
    else {
        smtpc__conn_resolve(conn);
    }
}

void smtpc__conn_send(smtpc_conn_t *conn,
                      const smtpc_transaction_t *transaction,
                      apr_time_t deadline, smtpc_conn_fn_t done, void *baton)
{
    smtpc_result_t *result = transaction->result;

    begin(conn, deadline, result, done, baton);
    result->peer = apr_pstrdup(result->pool, conn->peer);
    result->tls_protocol = apr_pstrdup(result->pool, conn->tls_protocol);
    result->tls_cipher = apr_pstrdup(result->pool, conn->tls_cipher);
    conn->messages++;
    smtpc__session_begin(conn->session, transaction);
    session_step(conn);
    pump(conn, 0);
}

void smtpc__conn_quit(smtpc_conn_t *conn, apr_time_t deadline,
                      smtpc_conn_fn_t done, void *baton)
{
    begin(conn, deadline, NULL, done, baton);
    if (conn->state != SMTPC_CONN_SESSION
        || smtpc__session_want(conn->session) != SMTPC_WANT_READY) {
        shut(conn, SMTPC_ECONNECT, 0);
        finish(conn);
        return;
    }
    smtpc__session_quit(conn->session);
    session_step(conn);
    pump(conn, 0);
}

void smtpc__conn_close(smtpc_conn_t *conn)
{
    conn->done = NULL;
    conn->result = NULL;
    if (conn->state == SMTPC_CONN_OVER) {
        return;
    }
    /* A transaction under way is settled: after its final dot, in doubt. */
    if (conn->session) {
        smtpc__session_abort(conn->session, SMTPC_ECONNECT,
                             "the connection was given up");
    }
    shut(conn, SMTPC_ECONNECT, 0);
}

apr_status_t smtpc__conn_status(const smtpc_conn_t *conn)
{
    return conn->status;
}

const smtpc_caps_t *smtpc__conn_caps(const smtpc_conn_t *conn)
{
    return smtpc__session_caps(conn->session);
}

/* Nothing to read, not even the end: the peer is there and silent. A read,
 * not a look, so that what TLS says between records is taken out. */
static int is_quiet(smtpc_conn_t *conn)
{
    char byte;
    apr_size_t len = 1;

    return APR_STATUS_IS_EAGAIN(
        smtpc__transport_read(conn->transport, &byte, &len));
}

int smtpc__conn_reusable(smtpc_conn_t *conn, const smtpc_server_t *server)
{
    apr_time_t now = smtpc__monotonic();

    return conn->state == SMTPC_CONN_SESSION && !conn->done
           && smtpc__session_reusable(conn->session)
           && strcmp(conn->server->key, server->key) == 0
           && conn->messages < SMTPC_LIMIT_CONNECTION_MESSAGES
           && now - conn->used < SMTPC_TIMEOUT_IDLE
           && now - conn->created < SMTPC_TIMEOUT_AGE && is_quiet(conn);
}
