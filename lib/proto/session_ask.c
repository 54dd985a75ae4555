/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_ask.c: single commands whose reply is what the caller wants to see:
 * NOOP, HELP, VRFY, EXPN, and RSET, which also probes a connection that was
 * idle. The reply is data, whatever it says; only what ends the session is
 * more than that. RFC 5321 3.5, 4.1.1.5 - 4.1.1.9.
 */
#include "proto/session_int.h"

#include <assert.h>

void smtpc__session_ask(smtpc_session_t *session, smtpc_ask_e command,
                        const char *argument, smtpc_result_t *result)
{
    assert(session->state == SMTPC_STEP_READY);
    session->asked.command = command;
    session->asked.argument = argument;
    session->asked.result = result;
    smtpc__session_start(session, SMTPC_STEP_ASK);
}

apr_status_t smtpc__session_send_ask(smtpc_session_t *session)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_ask(
        &session->out, session->asked.command, session->asked.argument,
        (session->caps.bits & SMTPC_CAP_SMTPUTF8) != 0);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, SMTPC_STEP_ASK, NULL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

void smtpc__session_ask_answered(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    smtpc_result_t *result = session->asked.result;

    if (reply->code == 220 || reply->code == 221 || reply->code == 235) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__result_reply(result, reply->code, reply->enhanced, reply->text);
    if (reply->code >= 400) {
        smtpc__result_fail(result, smtpc__session_refusal(reply->code),
                           SMTPC_STAGE_ASK, "%s: %s", session->server->host,
                           smtpc__session_said(session));
    }
    session->asked.result = NULL;
    if (reply->code == 421) {
        smtpc__session_fail(session, SMTPC_ETEMP, "%s ended the session: %s",
                            session->server->host,
                            smtpc__session_said(session));
        return;
    }
    smtpc__session_settle_state(session);
}

void smtpc__session_ask_broken(smtpc_session_t *session, apr_status_t status,
                               const char *why)
{
    if (session->asked.result != NULL) {
        smtpc__result_fail(session->asked.result, status, SMTPC_STAGE_ASK,
                           "%s", why);
        session->asked.result = NULL;
    }
}
