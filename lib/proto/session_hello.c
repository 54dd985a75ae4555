/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_hello.c: greeting, EHLO or HELO, STARTTLS.
 *
 * Whether TLS and login are needed comes from the profile alone; nothing the
 * server says takes them away. What it offers is taken from the last EHLO
 * reply only. A server that turns us away here has said nothing about the
 * message, so even its 5xx is SMTPC_ETEMP. RFC 5321 3.1, 3.2; RFC 3207.
 */
#include "proto/session_int.h"

#include <string.h>

#include <apr_strings.h>

void smtpc__session_greeting_ok(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply)
{
    if (reply->code != 220) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__session_start(session, SMTPC_STEP_EHLO);
}

void smtpc__session_greeting_refused(smtpc_session_t *session,
                                     const smtpc_slot_t *slot,
                                     const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    smtpc__session_leave(session, SMTPC_ETEMP,
                         "%s turned the connection away: %s",
                         session->server->host,
                         smtpc__session_said(session));
}

/* Compose EHLO or HELO. */
static apr_status_t send_hello(smtpc_session_t *session, int esmtp,
                               smtpc_step_e step)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_hello(&session->out,
                                           esmtp ? SMTPC_HELLO_EHLO
                                                 : SMTPC_HELLO_HELO,
                                           session->server->hello_name);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, step, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

apr_status_t smtpc__session_send_ehlo(smtpc_session_t *session)
{
    return send_hello(session, 1, SMTPC_STEP_EHLO);
}

apr_status_t smtpc__session_send_helo(smtpc_session_t *session)
{
    return send_hello(session, 0, SMTPC_STEP_HELO);
}

/* Take the lines behind the first one of an EHLO reply as capabilities. */
static void take_caps(smtpc_session_t *session, const smtpc_reply_t *reply)
{
    apr_pool_t *pool = session->reply_pools[session->reply_pool];
    char *line = strchr(apr_pstrdup(pool, reply->text), '\n');

    session->caps.esmtp = 1;
    while (line != NULL) {
        char *end = strchr(++line, '\n');

        if (end != NULL) {
            *end = '\0';
        }
        smtpc__caps_line(&session->caps, line);
        line = end;
    }
}

static void require_starttls(smtpc_session_t *session)
{
    smtpc__session_leave(session, SMTPC_ETLS,
                         "%s does not offer STARTTLS on port %d; set security "
                         "to none or opportunistic if that is intended",
                         session->server->host, session->server->port);
}

/* EHLO or HELO is through: TLS, login or READY comes next. */
static void after_hello(smtpc_session_t *session)
{
    smtpc_security_e security = session->server->security;

    if (!session->link.encrypted && !session->tls_refused
        && (security == SMTPC_SECURITY_STARTTLS
            || security == SMTPC_SECURITY_OPPORTUNISTIC)) {
        if (session->caps.bits & SMTPC_CAP_STARTTLS) {
            smtpc__session_start(session, SMTPC_STEP_STARTTLS);
            return;
        }
        if (security == SMTPC_SECURITY_STARTTLS) {
            require_starttls(session);
            return;
        }
    }
    smtpc__session_login(session);
}

void smtpc__session_hello_ok(smtpc_session_t *session,
                             const smtpc_slot_t *slot,
                             const smtpc_reply_t *reply)
{
    if (reply->code != 250) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    memset(&session->caps, 0, sizeof(session->caps));
    if (slot->step == SMTPC_STEP_EHLO) {
        take_caps(session, reply);
    }
    after_hello(session);
}

/* Return non-zero if code says that the server does not know EHLO. */
static int ehlo_is_unknown(int code)
{
    return code == 500 || code == 502 || code == 504;
}

void smtpc__session_hello_refused(smtpc_session_t *session,
                                  const smtpc_slot_t *slot,
                                  const smtpc_reply_t *reply)
{
    if (slot->step == SMTPC_STEP_HELO || !ehlo_is_unknown(reply->code)) {
        smtpc__session_leave(session, SMTPC_ETEMP,
                             "%s did not accept %s %s: %s",
                             session->server->host,
                             smtpc__steps[slot->step].name,
                             session->server->hello_name,
                             smtpc__session_said(session));
        return;
    }
    if (!session->link.encrypted
        && session->server->security == SMTPC_SECURITY_STARTTLS) {
        require_starttls(session);
        return;
    }
    if (session->server->user != NULL) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "%s does not know EHLO, so there is no way to "
                             "log in as %s: %s", session->server->host,
                             session->server->user,
                             smtpc__session_said(session));
        return;
    }
    smtpc__session_start(session, SMTPC_STEP_HELO);
}

apr_status_t smtpc__session_send_starttls(smtpc_session_t *session)
{
    return smtpc__session_send_bare(session, SMTPC_COMMAND_STARTTLS,
                                    SMTPC_STEP_STARTTLS);
}

void smtpc__session_starttls_ok(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply)
{
    if (reply->code == 220) {
        smtpc__session_enter(session, SMTPC_STEP_TLS);
        return;
    }
    if (session->server->security == SMTPC_SECURITY_STARTTLS) {
        smtpc__session_fail(session, SMTPC_ETLS,
                            "%s broke the protocol: \"%s\" is no answer to "
                            "STARTTLS", session->server->host,
                            smtpc__session_said(session));
        return;
    }
    smtpc__session_unexpected(session, slot, reply);
}

void smtpc__session_starttls_refused(smtpc_session_t *session,
                                     const smtpc_slot_t *slot,
                                     const smtpc_reply_t *reply)
{
    (void)slot;
    if (session->server->security == SMTPC_SECURITY_STARTTLS) {
        smtpc__session_leave(session, SMTPC_ETLS,
                             "%s offered STARTTLS but refused it: %s; the "
                             "message is not sent in clear text",
                             session->server->host,
                             smtpc__session_said(session));
        return;
    }
    if (reply->code == 421) {
        smtpc__session_fail(session, SMTPC_ETEMP,
                            "%s ended the session at STARTTLS: %s",
                            session->server->host,
                            smtpc__session_said(session));
        return;
    }
    session->tls_refused = 1;
    after_hello(session);
}
