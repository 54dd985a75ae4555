/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay_transport.c: the scripted peer behind the transport's vtable.
 *
 * The first difference is kept as the complaint and breaks the connection,
 * so that what follows from it is not reported in its place.
 */
#include "replay_transport.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

struct replay_transport_t {
    smtpc_transport_t base;  /* first: the cast back relies on it */
    const replay_case_t *script;
    replay_cut_e cut;
    replay_faults_t faults;
    int event;               /* index of the present one */
    apr_size_t at;           /* bytes of it that are done */
    apr_size_t operations;
    int unread;              /* a read was not followed by an expect */
    int gone;                /* a write saw that the server is */
    replay_closed_e closed;
    const char *complaint;
    const char *error;
    apr_pool_t *pool;
};

/* Return the present event, or NULL at the end; steps over what is done and
 * over what only the owner of a session acts upon. */
static const replay_event_t *present(replay_transport_t *replay)
{
    while (replay->event < replay->script->events->nelts) {
        const replay_event_t *event = &APR_ARRAY_IDX(
            replay->script->events, replay->event, replay_event_t);
        int skip = event->kind == REPLAY_SEND || event->kind == REPLAY_QUIT
                   || event->kind == REPLAY_WORK;
        int done = event->data != NULL && replay->at == event->len;

        if (event->kind == REPLAY_TLS) {
            tap_bail("line %d: TLS cannot be played here", event->line);
        }
        if (!skip && !done) {
            return event;
        }
        replay->event++;
        replay->at = 0;
    }
    return NULL;
}

static int server_speaks(const replay_event_t *event)
{
    return event != NULL && (event->kind == REPLAY_SERVER
                             || event->kind == REPLAY_SERVER_EARLY);
}

static apr_status_t complain(replay_transport_t *replay,
                             const replay_event_t *event, const char *data,
                             apr_size_t len)
{
    if (replay->complaint == NULL) {
        replay->complaint = apr_psprintf(
            replay->pool, "line %d: expected %s, got %s",
            event != NULL ? event->line : 0,
            event == NULL ? "no more"
            : event->kind == REPLAY_CLIENT_SAYS
                ? replay_quote(event->data + replay->at,
                               event->len - replay->at, replay->pool)
                : "silence",
            replay_quote(data, len, replay->pool));
    }
    replay->error = "the script has something else here";
    return SMTPC_ECONNECT;
}

/* Count an operation; return its fault, if it has one. */
static apr_status_t fault(replay_transport_t *replay)
{
    const replay_faults_t *faults = &replay->faults;

    replay->operations++;
    if (replay->closed != REPLAY_OPEN) {
        replay->error = "used after it was closed";
        return SMTPC_ECONNECT;
    }
    if (faults->fail_at != 0 && replay->operations >= faults->fail_at) {
        replay->error = "failed as the test wants it";
        return faults->status;
    }
    if (faults->again_every != 0
        && replay->operations % faults->again_every == 0) {
        return APR_EAGAIN;
    }
    return APR_SUCCESS;
}

/* Copy what the server says, as much as cut and space allow. */
static apr_size_t copy_out(replay_transport_t *replay, char *buf,
                           apr_size_t space)
{
    apr_size_t copied = 0;
    const replay_event_t *event = present(replay);

    while (server_speaks(event) && copied < space) {
        apr_size_t len = event->len - replay->at;

        if (replay->cut == REPLAY_BY_BYTE) {
            len = 1;
        }
        len = len < space - copied ? len : space - copied;
        memcpy(buf + copied, event->data + replay->at, len);
        replay->at += len;
        copied += len;
        if (replay->cut != REPLAY_WHOLE) {
            break;
        }
        event = present(replay);
    }
    return copied;
}

static apr_status_t do_read(smtpc_transport_t *transport, char *buf,
                            apr_size_t *len)
{
    replay_transport_t *replay = (replay_transport_t *)transport;
    apr_size_t space = *len;
    apr_status_t rv = fault(replay);
    const replay_event_t *event;

    *len = 0;
    if (replay->unread && replay->complaint == NULL) {
        replay->complaint = "read again without a word on what is expected";
    }
    replay->unread = 1;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    event = present(replay);
    if (event == NULL || event->kind == REPLAY_EOF) {
        return APR_EOF;
    }
    if (!server_speaks(event)
        || (event->kind == REPLAY_SERVER_EARLY && replay->faults.gone
            && !replay->gone)) {
        return APR_EAGAIN;
    }
    *len = copy_out(replay, buf, space);
    return APR_SUCCESS;
}

static apr_status_t do_write(smtpc_transport_t *transport, const char *data,
                             apr_size_t *len)
{
    replay_transport_t *replay = (replay_transport_t *)transport;
    const replay_event_t *event = present(replay);
    apr_size_t offered = *len;
    apr_status_t rv = fault(replay);

    *len = 0;
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (event != NULL && event->kind == REPLAY_SERVER_EARLY
        && replay->faults.gone) {
        replay->gone = 1;
        replay->error = "the server is gone";
        return replay->faults.status;
    }
    if (event != NULL && event->kind == REPLAY_SERVER_EARLY) {
        *len = offered;
        return APR_SUCCESS;
    }
    if (event != NULL && event->kind == REPLAY_TIMEOUT) {
        return APR_EAGAIN;
    }
    if (event != NULL && event->kind == REPLAY_EOF) {
        replay->error = "the server closed the connection";
        return SMTPC_ECONNECT;
    }
    if (event == NULL || event->kind != REPLAY_CLIENT_SAYS) {
        return complain(replay, event, data, offered);
    }
    offered = offered < event->len - replay->at ? offered
                                                : event->len - replay->at;
    if (replay->cut == REPLAY_BY_BYTE) {
        offered = 1;
    }
    if (memcmp(data, event->data + replay->at, offered) != 0) {
        return complain(replay, event, data, offered);
    }
    replay->at += offered;
    *len = offered;
    return APR_SUCCESS;
}

static apr_int16_t do_events(smtpc_transport_t *transport, apr_int16_t wanted)
{
    (void)transport;
    return wanted;
}

static apr_socket_t *do_socket(smtpc_transport_t *transport)
{
    (void)transport;
    return NULL;
}

static int do_pending(smtpc_transport_t *transport)
{
    return server_speaks(present((replay_transport_t *)transport));
}

static void do_close(smtpc_transport_t *transport, int graceful)
{
    replay_transport_t *replay = (replay_transport_t *)transport;

    if (replay->closed == REPLAY_OPEN) {
        replay->closed = graceful ? REPLAY_CLOSED_GRACEFULLY : REPLAY_CLOSED;
    }
}

static const char *do_error(smtpc_transport_t *transport)
{
    return ((replay_transport_t *)transport)->error;
}

static void do_expect(smtpc_transport_t *transport, int more)
{
    ((replay_transport_t *)transport)->unread = 0;
    (void)more;
}

static const smtpc_transport_vtable_t vtable = {
    do_read,    do_write, do_events, do_socket,
    do_pending, do_close, do_error,  do_expect,
};

replay_transport_t *replay_transport_create(const replay_case_t *script,
                                            replay_cut_e cut,
                                            const replay_faults_t *faults,
                                            apr_pool_t *pool)
{
    replay_transport_t *replay = apr_pcalloc(pool, sizeof(*replay));

    replay->base.vtable = &vtable;
    replay->script = script;
    replay->cut = cut;
    if (faults != NULL) {
        replay->faults = *faults;
    }
    replay->error = "";
    replay->pool = pool;
    return replay;
}

smtpc_transport_t *replay_transport_get(replay_transport_t *replay)
{
    return &replay->base;
}

const char *replay_transport_complaint(replay_transport_t *replay, int at_end)
{
    const replay_event_t *event = present(replay);

    if (replay->complaint == NULL && at_end && event != NULL
        && event->kind != REPLAY_EOF && event->kind != REPLAY_TIMEOUT) {
        return apr_psprintf(replay->pool, "line %d: not reached",
                            event->line);
    }
    return replay->complaint;
}

apr_size_t replay_transport_operations(const replay_transport_t *replay)
{
    return replay->operations;
}

replay_closed_e replay_transport_closed(const replay_transport_t *replay)
{
    return replay->closed;
}
