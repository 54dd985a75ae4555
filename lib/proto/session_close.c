/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_close.c: the ways a session ends.
 *
 * QUIT on an idle session is the only end without a failure. Every other end
 * records the first cause in a sentence for the operator and settles the
 * transaction. Nothing that was composed but not sent goes out any more, the
 * final dot least of all; where the connection is in order and nothing is
 * under way, QUIT does. RFC 5321 3.8, 4.1.1.10.
 */
#include "proto/session_int.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/* Record the first cause and close. */
static void end(smtpc_session_t *session, apr_status_t status,
                const char *why)
{
    if (session->state == SMTPC_STEP_CLOSED) {
        return;
    }
    smtpc__session_broken(session, status, why);
    smtpc__session_ask_broken(session, status, why);
    session->status = status;
    session->error = why;
    session->cursor = SMTPC_STEP_NONE;
    session->slot_count = 0;
    smtpc__buf_clear(&session->out);
    smtpc__session_auth_end(session);
    smtpc__session_enter(session, SMTPC_STEP_CLOSED);
}

void smtpc__session_fail(smtpc_session_t *session, apr_status_t status,
                         const char *format, ...)
{
    va_list args;
    const char *why;

    va_start(args, format);
    why = apr_pvsprintf(session->pool, format, args);
    va_end(args);
    end(session, status, why);
}

void smtpc__session_leave(smtpc_session_t *session, apr_status_t status,
                          const char *format, ...)
{
    int all_sent = smtpc__buf_used(&session->out) == 0;
    apr_uint64_t before;
    va_list args;
    const char *why;

    va_start(args, format);
    why = apr_pvsprintf(session->pool, format, args);
    va_end(args);
    end(session, status, why);
    if (!all_sent) {
        /* Behind half a chunk it would be content. */
        return;
    }
    before = smtpc__session_composed(session);
    if (smtpc__command_bare(&session->out, SMTPC_COMMAND_QUIT)
        == APR_SUCCESS) {
        smtpc__session_log_sent(session, before, NULL);
    }
}

const char *smtpc__session_said(const smtpc_session_t *session)
{
    const smtpc_reply_t *reply = session->reply;
    apr_pool_t *pool = session->reply_pools[session->reply_pool];
    apr_size_t len = smtpc__utf8_cut(reply->text, strlen(reply->text),
                                     SMTPC_LIMIT_REPLY_QUOTED);
    char *text;

    text = apr_psprintf(pool, "%d %s%s%.*s", reply->code, reply->enhanced,
                        *reply->enhanced != '\0' ? " " : "", (int)len,
                        reply->text);
    for (char *p = strchr(text, '\n'); p != NULL; p = strchr(p, '\n')) {
        *p = ' ';
    }
    return text;
}

void smtpc__session_unexpected(smtpc_session_t *session,
                               const smtpc_slot_t *slot,
                               const smtpc_reply_t *reply)
{
    (void)reply;
    smtpc__session_fail(session, SMTPC_EPROTO,
                        "%s broke the protocol: \"%s\" is no answer to %s",
                        session->server->host, smtpc__session_said(session),
                        smtpc__steps[slot->step].name);
}

int smtpc__session_foreign(int code)
{
    switch (code) {
    case 211:
    case 214:
    case 220:
    case 221:
    case 235:
        return 1;
    default:
        return 0;
    }
}

void smtpc__session_abort(smtpc_session_t *session, apr_status_t status,
                          const char *why)
{
    if (session->state == SMTPC_STEP_QUIT) {
        end(session, APR_SUCCESS, "");
        return;
    }
    if (session->state == SMTPC_STEP_READY) {
        smtpc__session_fail(session, status, "%s: %s", session->server->host,
                            why);
        return;
    }
    smtpc__session_fail(session, status, "%s: %s, while %s",
                        session->server->host, why,
                        smtpc_stage_phrase(session->stage));
}

void smtpc__session_quit(smtpc_session_t *session)
{
    smtpc__session_start(session, SMTPC_STEP_QUIT);
}

apr_status_t smtpc__session_send_quit(smtpc_session_t *session)
{
    return smtpc__session_send_bare(session, SMTPC_COMMAND_QUIT,
                                    SMTPC_STEP_QUIT);
}

void smtpc__session_quit_answered(smtpc_session_t *session,
                                  const smtpc_slot_t *slot,
                                  const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    end(session, APR_SUCCESS, "");
}

void smtpc__session_unasked(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    (void)slot;
    if (reply->code == 421) {
        smtpc__session_fail(session, SMTPC_ETEMP,
                            "%s ended the session: %s",
                            session->server->host,
                            smtpc__session_said(session));
        return;
    }
    smtpc__session_fail(session, SMTPC_EPROTO,
                        "%s sent a reply that no command asked for: %s",
                        session->server->host,
                        smtpc__session_said(session));
}
