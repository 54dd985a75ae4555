/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_hello.c: greeting, EHLO, HELO or LHLO, STARTTLS, XCLIENT.
 *
 * Whether TLS and login are needed comes from the profile alone; nothing the
 * server says takes them away. What it offers is taken from the last EHLO
 * reply only; where it was guessed from the last time, a difference ends the
 * session. A server that turns us away here has said nothing about the
 * message, so even its 5xx is SMTPC_ETEMP. RFC 5321 3.1, 3.2; RFC 3207;
 * RFC 2033 4.1.
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
    if (session->guessing) {
        smtpc__session_settle_state(session);
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

/* Compose EHLO, LHLO or HELO. */
static apr_status_t send_hello(smtpc_session_t *session, smtpc_hello_e verb,
                               smtpc_step_e step)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_hello(&session->out, verb,
                                           session->server->hello_name);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, step, NULL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

/* Return non-zero if a first transaction may begin on what is only guessed:
 * nothing has to come before it. */
static int may_guess(const smtpc_session_t *session)
{
    smtpc_security_e security = session->server->security;

    return session->guessing
           && (session->early.bits & SMTPC_CAP_PIPELINING)
           && !smtpc__server_logs_in(session->server)
           && session->server->xclient == NULL
           && (session->link.encrypted || security == SMTPC_SECURITY_NONE);
}

apr_status_t smtpc__session_send_ehlo(smtpc_session_t *session)
{
    apr_status_t rv = send_hello(session, session->server->lmtp
                                              ? SMTPC_HELLO_LHLO
                                              : SMTPC_HELLO_EHLO,
                                 SMTPC_STEP_EHLO);

    if (rv == APR_SUCCESS && may_guess(session)) {
        session->caps = session->early;
    }
    return rv;
}

apr_status_t smtpc__session_send_helo(smtpc_session_t *session)
{
    return send_hello(session, SMTPC_HELLO_HELO, SMTPC_STEP_HELO);
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
    smtpc__caps_mask(&session->caps, session->server->masked);
}

/* Whether there is no mail without STARTTLS. */
static int must_encrypt(const smtpc_session_t *session)
{
    return session->server->security == SMTPC_SECURITY_STARTTLS
           || session->link.tls == SMTPC_LINK_REQUIRED;
}

static void require_starttls(smtpc_session_t *session)
{
    smtpc__session_leave(session, SMTPC_ETLS,
                         session->link.tls == SMTPC_LINK_REQUIRED
                             ? "%s does not offer STARTTLS on port %d, though "
                               "it has TLSA records: somebody may be tampering "
                               "with the connection"
                             : "%s does not offer STARTTLS on port %d; set "
                               "security to none or opportunistic if that is "
                               "intended",
                         session->server->host, session->server->port);
}

/* Encrypted if need be: say whom we speak for, or log in. */
static void after_tls(smtpc_session_t *session)
{
    if (session->server->xclient == NULL || session->introduced) {
        smtpc__session_login(session);
        return;
    }
    if (session->caps.bits & SMTPC_CAP_XCLIENT) {
        smtpc__session_start(session, SMTPC_STEP_XCLIENT);
        return;
    }
    smtpc__session_leave(session, SMTPC_EEXTENSION,
                         "%s does not offer XCLIENT to this client; let it "
                         "trust this host (smtpd_authorized_xclient_hosts of "
                         "Postfix), or take the XCLIENT setting away",
                         session->server->host);
}

/* EHLO or HELO is through: TLS, XCLIENT, login or READY comes next. */
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
        if (must_encrypt(session)) {
            require_starttls(session);
            return;
        }
    }
    after_tls(session);
}

/* The reply to a guess: see whether it was right. */
static void compare_guess(smtpc_session_t *session)
{
    if (!smtpc__caps_equal(&session->caps, &session->early)) {
        smtpc__session_fail(session, SMTPC_ECONNECT,
                            "%s offers other extensions than before, which "
                            "early pipelining relied on",
                            session->server->host);
        return;
    }
    session->guessing = 0;
    smtpc__session_tx_guessed(session);
    smtpc__session_settle_state(session);
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
    if (session->guessing && smtpc__session_under_way(session) > 0) {
        compare_guess(session);
        return;
    }
    session->guessing = 0;
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
    if (slot->step == SMTPC_STEP_HELO || session->guessing
        || session->server->lmtp || session->introduced
        || !ehlo_is_unknown(reply->code)) {
        smtpc__session_leave(session, SMTPC_ETEMP,
                             "%s did not accept %s %s: %s",
                             session->server->host,
                             session->server->lmtp
                                 ? "LHLO" : smtpc__steps[slot->step].name,
                             session->server->hello_name,
                             smtpc__session_said(session));
        return;
    }
    if (!session->link.encrypted && must_encrypt(session)) {
        require_starttls(session);
        return;
    }
    if (smtpc__server_logs_in(session->server)) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "%s does not know EHLO, so there is no way to "
                             "log in as %s: %s", session->server->host,
                             smtpc__server_login(session->server),
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
    if (must_encrypt(session)) {
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
    if (must_encrypt(session)) {
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

/* XCLIENT. */

apr_status_t smtpc__session_send_xclient(smtpc_session_t *session)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_xclient(&session->out,
                                             session->server->xclient,
                                             session->caps.xclient);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, SMTPC_STEP_XCLIENT, NULL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

void smtpc__session_xclient_ok(smtpc_session_t *session,
                               const smtpc_slot_t *slot,
                               const smtpc_reply_t *reply)
{
    if (reply->code != 220) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    /* The session begins anew, as that of somebody else. */
    session->introduced = 1;
    memset(&session->caps, 0, sizeof(session->caps));
    smtpc__session_start(session, SMTPC_STEP_EHLO);
}

void smtpc__session_xclient_refused(smtpc_session_t *session,
                                    const smtpc_slot_t *slot,
                                    const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    smtpc__session_leave(session, SMTPC_ETEMP, "%s refused XCLIENT: %s",
                         session->server->host,
                         smtpc__session_said(session));
}
