/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_auth.c: AUTH.
 *
 * Credentials in the profile mean: logged in, or no mail. They leave only
 * over verified TLS, or in clear text to a loopback address when the profile
 * says security none; that is looked at before a mechanism is even created.
 * A refusal of the mechanism (504, 534, 538), and questions that are not the
 * mechanism's, lead to the next one that is offered and allowed; a weaker one
 * has to be named. Any other 5xx is SMTPC_EAUTH, so that a wrong password is
 * tried once only, and a token twice, fetched anew; a 4xx is the server's
 * trouble and SMTPC_ETEMP, as is what this machine lacks for a step. Nothing
 * but 235, and not before the mechanism has said all, is a success.
 *
 * What the server says to AUTH is looked through for the secret: some repeat
 * it, and replies go into logs and errors.
 *
 * Challenges are limited in length by the reply parser and in number here. A
 * challenge that is not base64, or not expected, is answered with "*". What a
 * mechanism is and says is sasl.c's; steps of it that take long are run by the
 * owner (SMTPC_WANT_WORK). RFC 4954.
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
                         "the credentials of %s were not sent to %s because "
                         "%s; set security to starttls or implicit",
                         smtpc__server_login(session->server),
                         session->server->host, what);
}

/* Return the names of mechanisms, separated by blanks. */
static const char *names_of(unsigned int mechanisms, apr_pool_t *pool)
{
    const char *names = "";

    for (unsigned int bit = 1; bit != 0 && bit <= mechanisms; bit <<= 1) {
        if (mechanisms & bit) {
            names = apr_pstrcat(pool, names, *names != '\0' ? " " : "",
                                smtpc__mech_name(bit), NULL);
        }
    }
    return names;
}

/* Return the mechanisms that can be begun. */
static unsigned int usable(const smtpc_session_t *session)
{
    return session->caps.mechanisms & ~session->auth.excluded
           & smtpc__sasl_able(session->server, &session->link.binding);
}

/* The mechanism did not do. A weaker one may be next only over verified TLS,
 * and if the profile names it: else who sits between us and the server could
 * have what the stronger ones protect. */
static void exclude(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;

    auth->excluded |= auth->mechanism;
    if (session->server->mechanisms == NULL
        || !(session->link.encrypted && session->link.verified)) {
        auth->excluded |= ~smtpc__sasl_not_weaker(auth->mechanism);
    }
}

/* Return what there is to say of mechanisms that are left, but weaker. */
static const char *weaker_left(const smtpc_session_t *session)
{
    unsigned int left = session->caps.mechanisms
                        & smtpc__sasl_able(session->server,
                                           &session->link.binding)
                        & ~smtpc__sasl_not_weaker(session->auth.mechanism);

    return left == 0 || session->server->mechanisms != NULL
               ? ""
               : apr_psprintf(session->pool, "; weaker mechanisms (%s) are "
                              "used only if they are named",
                              names_of(left, session->pool));
}

/* Say why no mechanism is left. */
static void no_mechanism(smtpc_session_t *session)
{
    const smtpc_server_t *server = session->server;

    if (session->auth.excluded != 0) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "%s refused every way to log in as %s: %s%s",
                             server->host, smtpc__server_login(server),
                             smtpc__session_said(session),
                             weaker_left(session));
        return;
    }
    smtpc__session_leave(session, SMTPC_EAUTH,
                         "%s offers no SASL mechanism that may be used "
                         "(allowed: %s)", server->host,
                         server->mechanisms != NULL
                             ? server->mechanisms
                             : names_of(smtpc__sasl_able(
                                            server, &session->link.binding),
                                        session->pool));
}

void smtpc__session_auth_end(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;

    if (auth->sasl != NULL) {
        smtpc__sasl_release(auth->sasl);
        auth->sasl = NULL;
        auth->deferred = 0;
        auth->begun = 0;
        smtpc__reply_parser_line_limit(session->parser,
                                       SMTPC_LIMIT_REPLY_LINE);
    }
}

/* Return what a step that failed with status means to who sends: what this
 * machine lacks it may have later, and nobody's credentials are wrong. */
static apr_status_t meaning(apr_status_t status)
{
    switch (status) {
    case SMTPC_EARG:
    case SMTPC_EAUTH:
    case SMTPC_ELIMIT:
    case SMTPC_EPROTO:
        return SMTPC_EAUTH;
    default:
        return SMTPC_ETEMP;
    }
}

/* Do the next step of the exchange, or let it be done if it takes long. */
static void advance(smtpc_session_t *session)
{
    if (smtpc__sasl_blocks(session->auth.sasl)) {
        smtpc__session_enter(session, SMTPC_STEP_WORK);
        return;
    }
    smtpc__sasl_run(session->auth.sasl);
    smtpc__session_auth_worked(session);
}

void smtpc__session_auth_worked(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;
    apr_status_t status = smtpc__sasl_status(auth->sasl);

    if (status == APR_SUCCESS) {
        smtpc__session_start(session, auth->begun ? SMTPC_STEP_SASL
                                                  : SMTPC_STEP_AUTH);
        return;
    }
    auth->failed = status;
    auth->why = smtpc__sasl_error(auth->sasl);
    if (auth->begun) {
        smtpc__session_start(session, SMTPC_STEP_CANCEL);
        return;
    }
    smtpc__session_leave(session, meaning(status),
                         "cannot log in as %s at %s with %s: %s",
                         smtpc__server_login(session->server),
                         session->server->host,
                         smtpc__mech_name(auth->mechanism), auth->why);
}

/* Begin with the chosen mechanism; with refresh and another token than the
 * last. */
static void begin_exchange(smtpc_session_t *session, int refresh)
{
    const smtpc_server_t *server = session->server;
    smtpc_auth_t *auth = &session->auth;
    char text[160];
    apr_status_t rv;

    smtpc__session_auth_end(session);
    rv = smtpc__sasl_create(&auth->sasl, auth->mechanism, server,
                            session->caps.mechanisms, &session->link.binding,
                            session->env);
    if (rv == SMTPC_EARG) {
        smtpc__session_leave(session, SMTPC_EAUTH,
                             "the user name for %s cannot be used",
                             server->host);
        return;
    }
    if (rv != APR_SUCCESS) {
        /* Nothing that anybody could correct. */
        smtpc__session_leave(session, SMTPC_ETEMP,
                             "cannot log in at %s: %s", server->host,
                             smtpc_strerror(rv, text, sizeof(text)));
        return;
    }
    if (refresh) {
        smtpc__sasl_refresh(auth->sasl);
        auth->refreshed = 1;
    }
    auth->rounds = 0;
    smtpc__reply_parser_line_limit(session->parser, SMTPC_LIMIT_SASL_LINE);
    advance(session);
}

/* Begin with the best mechanism that was not refused yet. */
static void next_mechanism(smtpc_session_t *session)
{
    unsigned int mechanism = smtpc__sasl_pick(usable(session),
                                              session->server->mechanisms);

    if (mechanism == 0) {
        no_mechanism(session);
        return;
    }
    session->auth.mechanism = mechanism;
    begin_exchange(session, 0);
}

void smtpc__session_login(smtpc_session_t *session)
{
    const smtpc_server_t *server = session->server;

    if (!smtpc__server_logs_in(server)) {
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
    session->auth.refreshed = 0;
    next_mechanism(session);
}

apr_status_t smtpc__session_send_auth(smtpc_session_t *session)
{
    smtpc_auth_t *auth = &session->auth;
    const char *name = smtpc__mech_name(auth->mechanism);
    apr_uint64_t before = smtpc__session_composed(session);
    char mask[SMTPC_LIMIT_COMMAND_LINE];
    apr_size_t len;
    const void *response = smtpc__sasl_response(&len, auth->sasl);
    apr_status_t rv;

    auth->begun = 1;
    rv = smtpc__command_auth(&session->out, name, response, len);
    if (rv == SMTPC_ELIMIT && response != NULL) {
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
                 response != NULL && !auth->deferred ? " ***" : "");
    smtpc__session_log_sent(session, before, mask);
    return APR_SUCCESS;
}

apr_status_t smtpc__session_send_sasl(smtpc_session_t *session)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_size_t len;
    const void *response = smtpc__sasl_response(&len, session->auth.sasl);
    apr_status_t rv = smtpc__command_sasl(&session->out, response, len);

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

/* As hide(), for the base64 of len bytes at data, padded or not. */
static const char *hide_base64(const char *text, const void *data,
                               apr_size_t len, apr_pool_t *pool)
{
    apr_size_t size = smtpc__base64_length(len);
    char *encoded = smtpc__wiped_alloc(pool, size + 1);

    if (len == 0) {
        return text;
    }
    (void)smtpc__base64_encode(encoded, data, len);
    while (encoded[size - 1] == '=') {
        encoded[--size] = '\0';
    }
    return hide(text, encoded, size, pool);
}

/* As hide_base64(), for what PLAIN says of user and the len bytes at secret:
 * another mechanism may have taken its place meanwhile. */
static const char *hide_plain(const char *text, const char *user,
                              const char *secret, apr_size_t len,
                              apr_pool_t *pool)
{
    apr_size_t user_len = user != NULL ? strlen(user) : 0;
    char *plain = smtpc__wiped_alloc(pool, user_len + len + 2);

    if (user_len == 0) {
        return text;
    }
    memcpy(plain + 1, user, user_len);
    memcpy(plain + user_len + 2, secret, len);
    return hide_base64(text, plain, user_len + len + 2, pool);
}

/* Return reply with text in place of its own. */
static const smtpc_reply_t *with_text(const smtpc_reply_t *reply,
                                      const char *text, apr_pool_t *pool)
{
    smtpc_reply_t *clean = apr_pmemdup(pool, reply, sizeof(*reply));

    clean->text = text;
    return clean;
}

const smtpc_reply_t *smtpc__session_auth_clean(smtpc_session_t *session,
                                               const smtpc_slot_t *slot,
                                               const smtpc_reply_t *reply)
{
    const smtpc_auth_t *auth = &session->auth;
    /* That of the reply itself, which becomes the present one. */
    apr_pool_t *pool = session->reply_pools[!session->reply_pool];
    const char *text = reply->text;
    const char *secret;
    const void *response;
    apr_size_t len;

    if (auth->sasl == NULL) {
        return reply;
    }
    if (slot->step == SMTPC_STEP_UNASKED) {
        /* The exchange may be at work on another thread: hands off. */
        return with_text(reply, "***", pool);
    }
    if (smtpc__sasl_secret(auth->sasl) != NULL) {
        secret = smtpc__secret_bytes(smtpc__sasl_secret(auth->sasl), &len);
        text = hide(text, secret, len, pool);
        text = hide_base64(text, secret, len, pool);
        text = hide_plain(text, session->server->user, secret, len, pool);
    }
    response = smtpc__sasl_response(&len, auth->sasl);
    if (response != NULL) {
        text = hide_base64(text, response, len, pool);
    }
    return text == reply->text ? reply : with_text(reply, text, pool);
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

/* Do what follows from the challenge in text. */
static void respond(smtpc_session_t *session, const char *text)
{
    smtpc_auth_t *auth = &session->auth;
    apr_size_t len = strlen(text);
    /* The reply's own, which becomes the present one. */
    unsigned char *challenge = apr_palloc(
        session->reply_pools[session->reply_pool], len / 4 * 3 + 1);
    apr_size_t challenge_len;

    if (smtpc__base64_decode(challenge, &challenge_len, text, len)
            != APR_SUCCESS
        || (auth->deferred && challenge_len > 0)) {
        auth->failed = SMTPC_EPROTO;
        auth->why = "its question cannot be read";
        smtpc__session_start(session, SMTPC_STEP_CANCEL);
    }
    else if (auth->deferred) {
        auth->deferred = 0;
        smtpc__session_start(session, SMTPC_STEP_SASL);
    }
    else {
        smtpc__sasl_challenge(auth->sasl, challenge, challenge_len);
        advance(session);
    }
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
    respond(session, reply->text);
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
    const char *note = smtpc__sasl_note(auth->sasl);

    (void)slot;
    if (mechanism_is_refused(reply->code)) {
        exclude(session);
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
    if (smtpc__sasl_has_token(auth->sasl) && !auth->refreshed) {
        begin_exchange(session, 1);
        return;
    }
    smtpc__session_leave(session, SMTPC_EAUTH,
                         "%s did not accept the credentials of %s: %s%s%s%s",
                         session->server->host,
                         smtpc__server_login(session->server),
                         smtpc__session_said(session),
                         *note != '\0' ? " (status " : "", note,
                         *note != '\0' ? ")" : "");
}

void smtpc__session_cancelled(smtpc_session_t *session,
                              const smtpc_slot_t *slot,
                              const smtpc_reply_t *reply)
{
    smtpc_auth_t *auth = &session->auth;

    (void)slot;
    (void)reply;
    /* What was not this mechanism at all may be another one's; who failed to
     * prove something gets nothing more to try. */
    exclude(session);
    if (auth->failed == SMTPC_EPROTO
        && smtpc__sasl_pick(usable(session), session->server->mechanisms)
               != 0) {
        next_mechanism(session);
        return;
    }
    smtpc__session_leave(session, meaning(auth->failed),
                         "the login as %s at %s with %s was given up: %s",
                         smtpc__server_login(session->server),
                         session->server->host,
                         smtpc__mech_name(auth->mechanism), auth->why);
}
