/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn.c: the pump between a session and a transport, and its deadlines.
 *
 * Guarantees: every wait has a deadline, that of the operation or that of
 * the step, whichever is earlier; a step is one reply or one buffer of
 * content, so that a server that sends a byte now and then gains nothing by
 * it, and content has to go at SMTPC_MIN_DATA_RATE on average. What the
 * server says is read while content is on its way. All that can be composed
 * is, before anything is written: a window of small messages is one write. One callback
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
    STEP_YIELD, /* the loop has to get on first */
    STEP_ENDED  /* the session is over */
} step_e;

/* Deadlines. */

void smtpc__conn_step(smtpc_conn_t *conn, apr_interval_time_t timeout)
{
    apr_time_t now = smtpc__monotonic();
    apr_interval_time_t left = conn->deadline - now;

    conn->step_timeout = timeout < left ? timeout : left;
    conn->step_deadline = now + timeout;
}

void smtpc__conn_event(const smtpc_conn_t *conn, smtpc_stage_e stage,
                       apr_status_t status, const char *text)
{
    smtpc_event_t event = { 0 };

    if (!smtpc__env_watched(conn->env)) {
        return;
    }
    event.stage = stage;
    event.status = status;
    event.connection = conn->number;
    event.host = conn->server->host;
    event.message_id = "";
    event.elapsed = smtpc__monotonic() - conn->op_began;
    event.text = text;
    smtpc__env_event(conn->env, &event);
}

/* How long the stage the session is at may take: as the profile says, if it
 * does. */
static apr_interval_time_t stage_timeout(const smtpc_conn_t *conn)
{
    apr_interval_time_t own = conn->server->timeouts[conn->stage];

    return own != 0 ? own : smtpc__session_stage_timeout(conn->session);
}

/* The session is at a new step, or waits for the next reply of the same. */
void smtpc__conn_session_step(smtpc_conn_t *conn)
{
    smtpc_stage_e stage = smtpc__session_stage(conn->session);

    if (stage != conn->stage) {
        conn->stage = stage;
        conn->content_began = 0;
        /* None: it is READY. */
        if (stage != SMTPC_STAGE_NONE) {
            smtpc__conn_event(conn, stage, APR_SUCCESS, "");
        }
    }
    conn->given = 0;
    conn->replies = smtpc__session_replies(conn->session);
    smtpc__conn_step(conn, stage_timeout(conn));
}

/* Return when the content on its way is too slow: RFC 5321's time for a block
 * of it, and what was written since at the least rate. */
static apr_time_t rate_deadline(const smtpc_conn_t *conn)
{
    return conn->content_began + stage_timeout(conn)
           + apr_time_from_sec(conn->content_given / conn->server->min_rate);
}

static apr_time_t next_deadline(const smtpc_conn_t *conn)
{
    apr_time_t next = conn->deadline < conn->step_deadline
                          ? conn->deadline : conn->step_deadline;

    if (conn->content_began != 0 && conn->server->min_rate > 0) {
        apr_time_t rate = rate_deadline(conn);

        next = rate < next ? rate : next;
    }
    return next;
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

apr_status_t smtpc__conn_watch(smtpc_conn_t *conn, apr_socket_t *socket,
                               apr_int16_t wanted)
{
    apr_time_t until = next_deadline(conn);
    apr_status_t rv;

    if (!socket) {
        apr_time_t tick = smtpc__monotonic() + SOCKETLESS_TICK;

        until = tick < until ? tick : until;
    }
    rv = smtpc__watch_socket(conn->watch, socket, wanted);
    if (rv == APR_SUCCESS) {
        smtpc__watch_deadline(conn->watch, until);
    }
    return rv;
}

/* The end of operations and of the connection. */

/* Tell the owner. Nothing of conn may be touched afterwards. */
void smtpc__conn_finish(smtpc_conn_t *conn)
{
    smtpc_conn_fn_t done = conn->done;

    smtpc__watch_end(conn->watch);
    conn->done = NULL;
    conn->work.next = NULL;
    conn->work.cancelled = NULL;
    conn->result = NULL;
    if (done) {
        done(conn->baton, conn);
    }
}

void smtpc__conn_shut(smtpc_conn_t *conn, apr_status_t status, int graceful)
{
    if (conn->created != 0 && conn->state != SMTPC_CONN_OVER) {
        smtpc__env_count(conn->env, SMTPC_COUNTER(connections_closed), 1);
    }
    conn->state = SMTPC_CONN_OVER;
    conn->status = status;
    smtpc__watch_end(conn->watch);
    smtpc__conn_drop_work(conn);
    if (conn->dial && !conn->transport) {
        smtpc__dial_cancel(conn->dial);
    }
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
    smtpc__conn_event(conn, stage, status, why);
    smtpc__env_log(conn->env, SMTPC_LOG_DEBUG, "%s: %s", conn->server->host,
                   why);
    smtpc__conn_shut(conn, status, 0);
    smtpc__conn_finish(conn);
}

/* Write what the session leaves behind, a QUIT nobody waits for. */
void smtpc__conn_say_goodbye(smtpc_conn_t *conn)
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
void smtpc__conn_note_capabilities(smtpc_conn_t *conn,
                                   smtpc_result_t *result)
{
    if (!conn->capabilities) {
        conn->capabilities = smtpc__caps_text(
            smtpc__session_caps(conn->session), conn->pool);
    }
    result->capabilities = apr_pstrdup(result->pool, conn->capabilities);
}

/* Hand over the transactions that are over. */
void smtpc__conn_take_back(smtpc_conn_t *conn)
{
    smtpc_finished_t finished;

    while (smtpc__session_finished(&finished, conn->session)) {
        if (conn->work.finished) {
            conn->work.finished(conn->work.baton, conn, &finished);
        }
    }
}

/* Begin another transaction, if there is room for it and one. */
static int begin_more(smtpc_conn_t *conn)
{
    return conn->work.next && smtpc__session_room(conn->session)
           && conn->work.next(conn->work.baton, conn);
}

/* The session wants the connection closed. */
void smtpc__conn_session_over(smtpc_conn_t *conn)
{
    apr_status_t status = smtpc__session_status(conn->session);
    const smtpc_reply_t *reply = smtpc__session_reply(conn->session);

    if (conn->result) {
        smtpc__conn_note_capabilities(conn, conn->result);
    }
    if (status != APR_SUCCESS) {
        smtpc__conn_event(conn, smtpc__session_stage(conn->session), status,
                          smtpc__session_error(conn->session));
    }
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
    smtpc__conn_say_goodbye(conn);
    /* After QUIT there is no status, but the end all the same. */
    smtpc__conn_shut(conn, status != APR_SUCCESS ? status : SMTPC_ECONNECT,
         status != SMTPC_ECONNECT && status != SMTPC_ETIMEOUT);
    smtpc__conn_take_back(conn);
    smtpc__conn_finish(conn);
}

/* Nothing is under way, or the first transaction may begin already. */
static void session_ready(smtpc_conn_t *conn)
{
    if (conn->result) {
        smtpc__conn_note_capabilities(conn, conn->result);
        if (conn->messages == 0) {
            conn->result->timings.ready = smtpc__result_elapsed(conn->result);
        }
    }
    conn->used = smtpc__monotonic();
    if (conn->created == 0) {
        conn->created = conn->used;
        smtpc__env_count(conn->env, SMTPC_COUNTER(connections_opened), 1);
        if (smtpc__server_logs_in(conn->server)) {
            smtpc__env_count(conn->env, SMTPC_COUNTER(logins), 1);
        }
    }
    smtpc__conn_finish(conn);
}

/* Return non-zero if the way to READY is long enough gone to begin: early
 * pipelining. */
static int is_ready_early(const smtpc_conn_t *conn)
{
    return conn->created == 0 && !conn->work.next
           && smtpc__session_was_early(conn->session)
           && smtpc__session_room(conn->session);
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

/* Tell the transport whether the server has to say more before we do: what is
 * written next acknowledges by itself what was read. */
static void tell_expected(smtpc_conn_t *conn)
{
    smtpc__transport_expect(conn->transport,
                            smtpc__session_want(conn->session)
                                    == SMTPC_WANT_READ
                                && smtpc__session_outstanding(conn->session)
                                       > 0);
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
        /* It may have been something of TLS alone, such as tickets, and the
         * reply waits until that is acknowledged. */
        tell_expected(conn);
        *readable = 0;
        return STEP_WAIT;
    }
    if (rv != APR_SUCCESS) {
        return broken(conn, rv);
    }
    *readable = len == sizeof(buf)
                || smtpc__transport_pending(conn->transport);
    rv = smtpc__session_feed(conn->session, buf, len);
    if (rv != APR_SUCCESS) {
        return STEP_ENDED;
    }
    tell_expected(conn);
    return STEP_DONE;
}

/* Nothing can be written any more. What the server said before it went away
 * is still there to be read, and says more than that it is gone: a refusal, or
 * the replies to earlier messages. */
static step_e unwritable(smtpc_conn_t *conn, apr_status_t status)
{
    int readable = 1;
    step_e step = take(conn, &readable);

    return step == STEP_WAIT ? broken(conn, status) : step;
}

/* Compose all there is: the commands of the next transactions stand behind
 * those of the last. */
static apr_status_t compose(const char **data, apr_size_t *len,
                            smtpc_conn_t *conn)
{
    apr_status_t rv;

    do {
        rv = smtpc__session_pull(data, len, conn->session);
    } while (rv == APR_SUCCESS && begin_more(conn));
    return rv;
}

/* Write what the session has. A reply is waited for, and the next buffer of
 * content allowed its time, from the moment all of it went. */
static step_e give(smtpc_conn_t *conn)
{
    const char *data;
    apr_size_t len;
    apr_size_t whole;
    apr_status_t rv;

    rv = compose(&data, &len, conn);
    if (rv != APR_SUCCESS) {
        return STEP_ENDED;
    }
    if (len == 0) {
        return STEP_DONE;
    }
    if (conn->work.cancelled && atomic_load(conn->work.cancelled)) {
        return STEP_YIELD;
    }
    whole = len;
    rv = smtpc__transport_write(conn->transport, data, &len);
    if (APR_STATUS_IS_EAGAIN(rv)) {
        return STEP_WAIT;
    }
    if (rv != APR_SUCCESS) {
        return unwritable(conn, rv);
    }
    smtpc__session_sent(conn->session, len);
    if (conn->stage == SMTPC_STAGE_CONTENT) {
        if (conn->content_began == 0) {
            conn->content_began = smtpc__monotonic();
            conn->content_given = 0;
        }
        conn->content_given += (apr_off_t)len;
    }
    /* A socket that never takes all there is moves on all the same. */
    conn->given += len;
    if (len == whole || conn->given >= SMTPC_LIMIT_OUTPUT_BUFFER) {
        smtpc__conn_session_step(conn);
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
    else if (conn->work.next && conn->work.ahead) {
        conn->work.ahead(conn->work.baton, conn);
    }
    if (smtpc__conn_watch(conn, smtpc__transport_socket(conn->transport),
                          smtpc__transport_events(conn->transport, events))
        != APR_SUCCESS) {
        smtpc__session_abort(conn->session, SMTPC_ECONNECT,
                             SMTPC_CONN_UNWATCHED);
        smtpc__conn_session_over(conn);
    }
}

/* Move bytes until there is nothing to do but wait. `readable` says that
 * there may be something to read without having polled. */
void smtpc__conn_pump(smtpc_conn_t *conn, int readable)
{
    int socketless = !smtpc__transport_socket(conn->transport);
    int turns;

    for (turns = 0; turns < PUMP_TURNS; turns++) {
        smtpc_want_e want;
        step_e step;

        /* One that is declined is over at once. */
        do {
            smtpc__conn_take_back(conn);
        } while (begin_more(conn));
        want = smtpc__session_want(conn->session);
        switch (want) {
        case SMTPC_WANT_READY:
            session_ready(conn);
            return;
        case SMTPC_WANT_CLOSE:
            smtpc__conn_session_over(conn);
            return;
        case SMTPC_WANT_TLS:
            smtpc__conn_start_tls(conn);
            return;
        case SMTPC_WANT_WORK:
            smtpc__conn_start_work(conn);
            return;
        default:
            break;
        }
        if (smtpc__session_stage(conn->session) != conn->stage
            || smtpc__session_replies(conn->session) != conn->replies) {
            smtpc__conn_session_step(conn);
        }
        step = turn(conn, want, &readable);
        if (step == STEP_WAIT) {
            wait_for(conn, want);
            return;
        }
        if (step == STEP_YIELD) {
            break;
        }
        if (is_ready_early(conn)) {
            session_ready(conn);
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

    if (now < conn->deadline && now < conn->step_deadline) {
        why = apr_psprintf(conn->pool, "it took the message at less than %d "
                           "bytes per second", conn->server->min_rate);
    }
    else if (now >= conn->deadline && conn->deadline <= conn->step_deadline) {
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
    smtpc__conn_session_over(conn);
}

void smtpc__conn_on_event(void *baton, smtpc_loop_event_e event)
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
    smtpc__conn_pump(conn, 1);
}

void smtpc__conn_link_up(smtpc_conn_t *conn)
{
    apr_status_t rv;

    conn->state = SMTPC_CONN_SESSION;
    if (conn->session) {
        smtpc__session_secured(conn->session, &conn->link);
    }
    else {
        int same = conn->early && strcmp(conn->early_peer, conn->peer) == 0;

        conn->link.number = conn->number;
        rv = smtpc__session_create(&conn->session, conn->server, &conn->link,
                                   same ? conn->early : NULL, conn->env,
                                   conn->pool);
        if (rv != APR_SUCCESS && !conn->session) {
            smtpc__conn_fail(conn, rv, SMTPC_STAGE_CONNECT,
                             "no session can be made for this profile");
            return;
        }
    }
    smtpc__conn_session_step(conn);
    smtpc__conn_pump(conn, conn->tls && smtpc__transport_pending(conn->transport));
}
