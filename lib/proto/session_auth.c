/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_auth.c: AUTH.
 *
 * Credentials in the profile mean: logged in, or no mail. They leave only
 * over verified TLS, or in clear text to a loopback address when the profile
 * says security none; that is looked at before a mechanism is even created.
 * A refusal of the mechanism (504, 534, 538) leads to the next one that is
 * offered and allowed, any other 5xx is SMTPC_EAUTH, so that a wrong password
 * is tried once only; a 4xx is the server's trouble and SMTPC_ETEMP. Nothing
 * but 235, and not before the mechanism has said all, is a success.
 *
 * What the server says to AUTH is looked through for the secret: some repeat
 * it, and replies go into logs and errors.
 *
 * Challenges are limited in length by the reply parser and in number here. A
 * challenge that is not base64, or not expected, is answered with "*".
 * RFC 4954.
 */
#include "proto/session_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/secret_int.h"

/* Return non-zero if secrets may go over the link. */
static int link_is_fit(const smtpc_session_t *session)
{
    if (session->link.encrypted) {
        return session->link.verified;
    }
    return session->link.loopback
           && session->server->security == SMTPC_SECURITY_NONE;
}

static void refuse_link(smtpc_session_t *session)
{
    const char *what = session->link.encrypted
                           ? "its certificate was not verified"
                           : "the connection is not encrypted";

    smtpc__session_leave(session, SMTPC_EAUTH,
                         "the password of %s was not sent to %s because %s; "
                         "set security to starttls or implicit",
                         session->server->user, session->server->host, what);
}

/* Say why no mechanism is left. */
static void no_mechanism(smtpc_session_t *session)
{
    const smtpc_server_t *server = session->server;

    if (session->auth.excluded != 0) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "%s refused every way to log in as %s: %s",
                             server->host, server->user,
                             smtpc__session_said(session));
        return;
    }
    smtpc__session_leave(session, SMTPC_EAUTH,
                         "%s offers no SASL mechanism that may be used "
                         "(allowed: %s)", server->host,
                         server->mechanisms != NULL ? server->mechanisms
                                                    : "PLAIN LOGIN");
}

void smtpc__session_auth_end(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;

    if (auth->pool != NULL) {
        apr_pool_destroy(auth->pool);
        auth->pool = NULL;
        auth->sasl = NULL;
        auth->response = NULL;
        auth->deferred = 0;
        smtpc__reply_parser_line_limit(session->parser,
                                       SMTPC_LIMIT_REPLY_LINE);
    }
}

/* Begin with the best mechanism that was not refused yet. */
static void next_mechanism(smtpc_session_t *session)
{
    const smtpc_server_t *server = session->server;
    smtpc_auth_t *auth = &session->auth;
    apr_status_t rv;

    smtpc__session_auth_end(session);
    auth->mechanism = smtpc__sasl_pick(session->caps.mechanisms,
                                       server->mechanisms, auth->excluded);
    if (auth->mechanism == 0) {
        no_mechanism(session);
        return;
    }
    apr_pool_create(&auth->pool, session->pool);
    rv = smtpc__sasl_create(&auth->sasl, auth->mechanism, server->user,
                            server->secret, auth->pool);
    if (rv != APR_SUCCESS) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "the user name for %s cannot be used",
                             server->host);
        return;
    }
    auth->rounds = 0;
    smtpc__reply_parser_line_limit(session->parser, SMTPC_LIMIT_SASL_LINE);
    smtpc__session_start(session, SMTPC_STEP_AUTH);
}

void smtpc__session_login(smtpc_session_t *session)
{
    const smtpc_server_t *server = session->server;

    if (server->user == NULL) {
        smtpc__session_settle_state(session);
        return;
    }
    if (!link_is_fit(session)) {
        refuse_link(session);
        return;
    }
    if (!(session->caps.bits & SMTPC_CAP_AUTH)) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "%s does not offer AUTH on port %d; take the "
                             "credentials away, or use the port for clients "
                             "that log in (587 or 465)", server->host,
                             server->port);
        return;
    }
    session->auth.excluded = 0;
    next_mechanism(session);
}

apr_status_t smtpc__session_send_auth(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;
    const char *name = smtpc__mech_name(auth->mechanism);
    apr_uint64_t before = smtpc__session_composed(session);
    char mask[SMTPC_LIMIT_COMMAND_LINE];
    apr_status_t rv;

    smtpc__sasl_initial(&auth->response, &auth->response_len, auth->sasl);
    rv = smtpc__command_auth(&session->out, name, auth->response,
                             auth->response_len);
    if (rv == SMTPC_ELIMIT && auth->response != NULL) {
        auth->deferred = 1;
        rv = smtpc__command_auth(&session->out, name, NULL, 0);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    session->out_secret = 1;
    session->cursor = SMTPC_STEP_NONE;
    smtpc__session_open_slot(session, SMTPC_STEP_AUTH, NULL, 0);
    apr_snprintf(mask, sizeof(mask), "AUTH %s%s", name,
                 auth->response != NULL && !auth->deferred ? " ***" : "");
    smtpc__session_log_sent(session, before, mask);
    return APR_SUCCESS;
}

apr_status_t smtpc__session_send_sasl(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_sasl(&session->out, auth->response,
                                          auth->response_len);

    if (rv == APR_SUCCESS) {
        session->out_secret = 1;
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, SMTPC_STEP_SASL, NULL, 0);
        smtpc__session_log_sent(session, before, "***");
    }
    return rv;
}

apr_status_t smtpc__session_send_cancel(smtpc_session_t *session)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_sasl(&session->out, NULL, 0);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, SMTPC_STEP_CANCEL, NULL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

/* Return text with every occurrence of the len bytes at secret replaced. */
static const char *hide(const char *text, const char *secret, apr_size_t len,
                        apr_pool_t *pool)
{
    const char *found;

    /* A secret has no NUL: the mechanisms refuse one that has. */
    while (len > 0 && (found = strstr(text, secret)) != NULL) {
        text = apr_pstrcat(pool, apr_pstrmemdup(pool, text,
                                                (apr_size_t)(found - text)),
                           "***", found + len, NULL);
        if (strstr("***", secret) != NULL) {
            break;
        }
    }
    return text;
}

/* As hide(), for the base64 of len bytes at data. */
static const char *hide_base64(const char *text, const void *data,
                               apr_size_t len, apr_pool_t *pool)
{
    apr_size_t size = smtpc__base64_length(len);
    char *encoded = smtpc__wiped_alloc(pool, size + 1);

    if (len == 0) {
        return text;
    }
    (void)smtpc__base64_encode(encoded, data, len);
    return hide(text, encoded, size, pool);
}

const smtpc_reply_t *smtpc__session_auth_clean(smtpc_session_t *session,
                                               const smtpc_reply_t *reply)
{
    const smtpc_auth_t *auth = &session->auth;
    /* That of the reply itself, which becomes the present one. */
    apr_pool_t *pool = session->reply_pools[!session->reply_pool];
    const char *text = reply->text;
    const char *secret;
    apr_size_t len;
    smtpc_reply_t *clean;

    secret = smtpc__secret_bytes(session->server->secret, &len);
    text = hide(text, secret, len, pool);
    text = hide_base64(text, secret, len, pool);
    if (auth->response != NULL) {
        text = hide_base64(text, auth->response, auth->response_len, pool);
    }
    if (text == reply->text) {
        return reply;
    }
    clean = apr_pmemdup(pool, reply, sizeof(*reply));
    clean->text = text;
    return clean;
}

void smtpc__session_auth_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    smtpc_auth_t *auth = &session->auth;

    if (reply->code != 235 || auth->deferred
        || !smtpc__sasl_is_done(auth->sasl)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__session_auth_end(session);
    smtpc__session_settle_state(session);
}

/* Set the response to the challenge in text; the status is SMTPC_EAUTH or
 * SMTPC_EARG if there is none. */
static apr_status_t respond(smtpc_auth_t *auth, const char *text)
{
    apr_size_t len = strlen(text);
    unsigned char *challenge = apr_palloc(auth->pool, len / 4 * 3 + 1);
    apr_size_t challenge_len;
    apr_status_t rv = smtpc__base64_decode(challenge, &challenge_len, text,
                                           len);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (auth->deferred) {
        auth->deferred = 0;
        return challenge_len == 0 ? APR_SUCCESS : SMTPC_EAUTH;
    }
    return smtpc__sasl_step(&auth->response, &auth->response_len, auth->sasl,
                            challenge, challenge_len);
}

void smtpc__session_challenge(smtpc_session_t *session,
                              const smtpc_slot_t *slot,
                              const smtpc_reply_t *reply)
{
    smtpc_auth_t *auth = &session->auth;

    if (reply->code != 334) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    if (++auth->rounds > SMTPC_LIMIT_SASL_ROUNDS) {
        smtpc__session_fail(session, SMTPC_EPROTO,
                            "%s does not come to an end with its questions "
                            "at AUTH", session->server->host);
        return;
    }
    if (respond(auth, reply->text) != APR_SUCCESS) {
        smtpc__session_start(session, SMTPC_STEP_CANCEL);
        return;
    }
    smtpc__session_start(session, SMTPC_STEP_SASL);
}

/* Return non-zero if code refuses the mechanism, not the credentials. */
static int mechanism_is_refused(int code)
{
    return code == 504 || code == 534 || code == 538;
}

void smtpc__session_auth_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    smtpc_auth_t *auth = &session->auth;

    (void)slot;
    if (mechanism_is_refused(reply->code)) {
        auth->excluded |= auth->mechanism;
        next_mechanism(session);
        return;
    }
    if (smtpc__reply_class(reply->code) == SMTPC_REPLY_TRANSIENT) {
        smtpc__session_leave(session, SMTPC_ETEMP,
                             "%s cannot log anybody in at the moment: %s",
                             session->server->host,
                             smtpc__session_said(session));
        return;
    }
    smtpc__session_leave(session, SMTPC_EAUTH,
                         "%s did not accept the credentials of %s: %s",
                         session->server->host, session->server->user,
                         smtpc__session_said(session));
}

void smtpc__session_cancelled(smtpc_session_t *session,
                              const smtpc_slot_t *slot,
                              const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    smtpc__session_leave(session, SMTPC_EAUTH,
                         "%s asked a question at AUTH %s that this mechanism "
                         "does not have", session->server->host,
                         smtpc__mech_name(session->auth.mechanism));
}
