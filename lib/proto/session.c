/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.c: the engine that moves a session over the table of steps.c.
 *
 * Bytes in: each reply goes to the oldest open slot and only once the command
 * it answers was sent whole; bytes that belong to no slot end the session.
 * Bytes out: the cursor composes commands and content as far as window and
 * output buffer reach. Both meet in smtpc__session_enter(), which alone
 * assigns the state.
 *
 * All memory of a session is allocated when it is created, but for what one
 * reply and one AUTH attempt need; those have pools of their own. What the
 * single steps do is in session_hello.c, _auth.c, _tx.c, _mail.c, _content.c,
 * _ask.c and _close.c.
 * RFC 5321, RFC 2920, RFC 3207 4.2.
 */
#include "proto/session_int.h"

#include <assert.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/* What session->reply is before the first one. */
static const smtpc_reply_t no_reply = { 0, "", "", 0 };

static void create_parser(smtpc_session_t *session)
{
    if (session->parser_pool != NULL) {
        apr_pool_destroy(session->parser_pool);
    }
    apr_pool_create(&session->parser_pool, session->pool);
    smtpc__reply_parser_create(&session->parser, session->parser_pool);
}

/* A pool cleanup: an exchange under way is in a pool of its own. */
static apr_status_t end_auth(void *data)
{
    smtpc__session_auth_end(data);
    return APR_SUCCESS;
}

apr_status_t smtpc__session_create(smtpc_session_t **session,
                                   const smtpc_server_t *server,
                                   const smtpc_link_t *link,
                                   const smtpc_caps_t *early,
                                   smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_session_t *created = apr_pcalloc(pool, sizeof(*created));

    created->pool = pool;
    apr_pool_cleanup_register(pool, created, end_auth, apr_pool_cleanup_null);
    created->env = env;
    created->server = server;
    created->link = *link;
    created->tls_refused = link->tls == SMTPC_LINK_SKIPPED;
    created->state = SMTPC_STEP_GREETING;
    created->stage = SMTPC_STAGE_GREETING;
    created->cursor = SMTPC_STEP_NONE;
    created->reply = &no_reply;
    created->error = "";
    created->block = apr_palloc(pool, SMTPC_CONTENT_BLOCK);
    apr_pool_create(&created->reply_pools[0], pool);
    apr_pool_create(&created->reply_pools[1], pool);
    smtpc__buf_init_wiped(&created->out, SMTPC_LIMIT_SESSION_BUFFER, pool);
    create_parser(created);
    smtpc__session_open_slot(created, SMTPC_STEP_GREETING, NULL, 0);
    *session = created;
    if (server->security == SMTPC_SECURITY_IMPLICIT
        && !(link->encrypted && link->verified)) {
        smtpc__session_fail(created, SMTPC_ETLS,
                            "TLS with %s is not verified, as security "
                            "implicit requires", server->host);
        return SMTPC_ETLS;
    }
    if (early != NULL) {
        created->early = *early;
        created->guessing = 1;
        created->cursor = SMTPC_STEP_EHLO;
    }
    return APR_SUCCESS;
}

/* State and cursor. */

void smtpc__session_enter(smtpc_session_t *session, smtpc_step_e step)
{
    const smtpc_step_t *from = &smtpc__steps[session->state];
    const smtpc_step_t *to = &smtpc__steps[step];

    assert((from->successors & (1u << step)) != 0
           || (session->state != SMTPC_STEP_CLOSED
               && (step == SMTPC_STEP_CLOSED || step == SMTPC_STEP_UNASKED)));
    if (smtpc__env_logs(session->env, SMTPC_LOG_DEBUG)) {
        smtpc__env_log(session->env, SMTPC_LOG_DEBUG, "%s: %s -> %s",
                       session->server->host, from->name, to->name);
    }
    session->state = step;
    if (to->stage != SMTPC_STAGE_COUNT) {
        session->stage = to->stage;
    }
}

void smtpc__session_start(smtpc_session_t *session, smtpc_step_e step)
{
    smtpc__session_enter(session, step);
    session->cursor = step;
}

/* Return the step that the oldest slot stands for: its final reply is not
 * waited for before all content was sent. */
static smtpc_step_e due_step(const smtpc_session_t *session)
{
    const smtpc_slot_t *slot = &session->slots[session->slot_first];

    if (slot->step == SMTPC_STEP_END && !slot->tx->sent) {
        return SMTPC_STEP_CONTENT;
    }
    return slot->step;
}

void smtpc__session_settle_state(smtpc_session_t *session)
{
    smtpc_step_e next = SMTPC_STEP_READY;

    if (session->state == SMTPC_STEP_CLOSED
        || session->state == SMTPC_STEP_UNASKED) {
        return;
    }
    if (session->slot_count > 0) {
        next = due_step(session);
    }
    else if (session->cursor != SMTPC_STEP_NONE) {
        next = session->cursor;
    }
    if (next != session->state) {
        smtpc__session_enter(session, next);
    }
}

apr_uint64_t smtpc__session_composed(const smtpc_session_t *session)
{
    return session->sent + smtpc__buf_used(&session->out);
}

/* Slots. */

void smtpc__session_open_slot(smtpc_session_t *session, smtpc_step_e step,
                              smtpc_tx_t *tx, apr_size_t index)
{
    smtpc_slot_t *slot;

    assert(session->slot_count < SMTPC_LIMIT_SLOTS);
    slot = &session->slots[(session->slot_first + session->slot_count)
                           % SMTPC_LIMIT_SLOTS];
    slot->step = step;
    slot->tx = tx;
    slot->index = index;
    slot->offset = smtpc__session_composed(session);
    session->slot_count++;
    if (tx != NULL) {
        tx->slots++;
    }
}

void smtpc__session_reopen_slot(smtpc_session_t *session,
                                const smtpc_slot_t *slot, apr_size_t index)
{
    smtpc_slot_t *first;

    assert(session->slot_count < SMTPC_LIMIT_SLOTS);
    session->slot_first = (session->slot_first + SMTPC_LIMIT_SLOTS - 1)
                          % SMTPC_LIMIT_SLOTS;
    first = &session->slots[session->slot_first];
    *first = *slot;
    first->index = index;
    session->slot_count++;
    if (slot->tx != NULL) {
        slot->tx->slots++;
    }
}

static smtpc_slot_t take_slot(smtpc_session_t *session)
{
    smtpc_slot_t slot = session->slots[session->slot_first];

    assert(session->slot_count > 0);
    session->slot_first = (session->slot_first + 1) % SMTPC_LIMIT_SLOTS;
    session->slot_count--;
    if (slot.tx != NULL) {
        slot.tx->slots--;
    }
    return slot;
}

/* Return non-zero if a reply is due: its command was sent to the end. */
static int reply_is_due(const smtpc_session_t *session)
{
    return session->slot_count > 0
           && session->slots[session->slot_first].offset <= session->sent;
}

static apr_size_t window(const smtpc_session_t *session)
{
    return session->guessing || (session->caps.bits & SMTPC_CAP_PIPELINING)
               ? SMTPC_LIMIT_SLOTS : 1;
}

/* Output. */

apr_size_t smtpc__session_free(const smtpc_session_t *session)
{
    return session->out.size - smtpc__buf_used(&session->out);
}

/* Return non-zero if the cursor has to wait for the reply to EHLO: what was
 * guessed may be wrong, and content could not be taken back. */
static int guess_ends(const smtpc_session_t *session)
{
    return session->guessing && session->cursor != SMTPC_STEP_EHLO
           && session->cursor != SMTPC_STEP_MAIL
           && session->cursor != SMTPC_STEP_RCPT;
}

/* Return non-zero if the cursor can go on now. */
static int can_send(const smtpc_session_t *session)
{
    const smtpc_step_t *step;

    if (session->cursor == SMTPC_STEP_NONE
        || session->state == SMTPC_STEP_CLOSED
        || session->state == SMTPC_STEP_UNASKED || guess_ends(session)) {
        return 0;
    }
    step = &smtpc__steps[session->cursor];
    if (step->in_window && session->slot_count >= window(session)) {
        return 0;
    }
    return smtpc__session_free(session) >= (session->wanted > step->room
                                                ? session->wanted
                                                : step->room);
}

void smtpc__session_log(smtpc_session_t *session, char side,
                        const char *format, ...)
{
    char line[SMTPC_LIMIT_LOG_LINE + 1];
    va_list args;

    if (!smtpc__env_transcribes(session->env)) {
        return;
    }
    va_start(args, format);
    smtpc__vformat(line, sizeof(line), format, args);
    va_end(args);
    smtpc__env_transcribe(session->env, session->link.number, side, line);
}

void smtpc__session_log_sent(smtpc_session_t *session, apr_uint64_t before,
                             const char *mask)
{
    apr_size_t start = (apr_size_t)(before - session->sent);
    apr_size_t len = smtpc__buf_used(&session->out) - start;

    if (mask != NULL) {
        smtpc__session_log(session, 'C', "%s", mask);
        return;
    }
    smtpc__session_log(session, 'C', "%.*s", (int)(len > 2 ? len - 2 : 0),
                       smtpc__buf_bytes(&session->out) + start);
}

apr_status_t smtpc__session_send_bare(smtpc_session_t *session,
                                      smtpc_command_e command,
                                      smtpc_step_e step)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_bare(&session->out, command);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, step, NULL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

apr_status_t smtpc__session_pull(const char **data, apr_size_t *len,
                                 smtpc_session_t *session)
{
    *data = NULL;
    *len = 0;
    while (can_send(session)) {
        smtpc_step_e step = session->cursor;
        apr_status_t rv;

        session->wanted = 0;
        rv = smtpc__steps[step].send(session);
        if (rv != APR_SUCCESS) {
            smtpc__session_fail(session, rv, "%s for %s cannot be written",
                                smtpc__steps[step].name,
                                session->server->host);
            return session->status;
        }
    }
    *data = smtpc__buf_bytes(&session->out);
    *len = smtpc__buf_used(&session->out);
    return APR_SUCCESS;
}

void smtpc__session_sent(smtpc_session_t *session, apr_size_t len)
{
    assert(len <= smtpc__buf_used(&session->out));
    smtpc__buf_consume(&session->out, len);
    session->sent += len;
    if (session->out_secret && smtpc__buf_used(&session->out) == 0) {
        smtpc__buf_clear(&session->out);
        session->out_secret = 0;
    }
    smtpc__session_tx_sent(session);
}

/* Input. */

/* Log reply line by line, as it came but for what is not printable. */
static void log_reply(smtpc_session_t *session, const smtpc_reply_t *reply)
{
    const char *line = reply->text;
    const char *enhanced = reply->enhanced;

    if (!smtpc__env_transcribes(session->env)) {
        return;
    }
    for (;;) {
        const char *end = strchr(line, '\n');
        int len = (int)(end != NULL ? (apr_size_t)(end - line)
                                    : strlen(line));

        smtpc__session_log(session, 'S', "%d%c%s%s%.*s", reply->code,
                           end != NULL ? '-' : ' ', enhanced,
                           *enhanced != '\0' ? " " : "", len, line);
        if (end == NULL) {
            return;
        }
        line = end + 1;
    }
}

static smtpc_reply_fn_t reply_function(const smtpc_step_t *step, int code)
{
    switch (smtpc__reply_class(code)) {
    case SMTPC_REPLY_POSITIVE:
        return step->positive;
    case SMTPC_REPLY_INTERMEDIATE:
        return step->intermediate;
    case SMTPC_REPLY_TRANSIENT:
        return step->transient;
    case SMTPC_REPLY_PERMANENT:
        return step->permanent;
    default:
        return NULL;
    }
}

/* Give reply to the command of the oldest slot. */
static void take_reply(smtpc_session_t *session, const smtpc_reply_t *reply)
{
    smtpc_slot_t slot = take_slot(session);
    const smtpc_step_t *step = &smtpc__steps[slot.step];
    smtpc_reply_fn_t fn = reply_function(step, reply->code);
    /* A mechanism needs a challenge whole, but it is not for people. */
    const smtpc_reply_t *shown = smtpc__session_auth_clean(session, &slot,
                                                           reply);

    log_reply(session, shown);
    if (slot.tx != NULL && reply->code != 421) {
        slot.tx->touched = 1;
    }
    session->reply = shown;
    session->replies++;
    session->reply_pool = !session->reply_pool;
    apr_pool_clear(session->reply_pools[!session->reply_pool]);
    if (reply->code == 421 && !step->own_421) {
        session->goodbye = 1;
        smtpc__session_fail(session, SMTPC_ETEMP,
                            "%s ended the session, %s: %s",
                            session->server->host,
                            smtpc_stage_phrase(session->stage),
                            smtpc__session_said(session));
    }
    else if (fn == NULL) {
        smtpc__session_unexpected(session, &slot, reply);
    }
    else {
        fn(session, &slot, reply);
    }
}

/* A reply begins with the byte first: see that one is due. Only "421", which
 * a server may say at any time, is read on without. */
static void expect_reply(smtpc_session_t *session, char first)
{
    if (reply_is_due(session)) {
        return;
    }
    if (session->state == SMTPC_STEP_TLS) {
        smtpc__session_fail(session, SMTPC_ETLS,
                            "bytes of %s came behind its reply to STARTTLS, "
                            "before the handshake: somebody may be injecting "
                            "replies", session->server->host);
        return;
    }
    if (first != '4') {
        smtpc__session_fail(session, SMTPC_EPROTO,
                            "%s sent a reply that no command asked for",
                            session->server->host);
        return;
    }
    smtpc__session_enter(session, SMTPC_STEP_UNASKED);
    session->cursor = SMTPC_STEP_NONE;
    session->slot_count = 0;
    smtpc__buf_clear(&session->out);
    smtpc__session_open_slot(session, SMTPC_STEP_UNASKED, NULL, 0);
}

/* End the session because the parser did not take what came. While a login is
 * under way the bytes themselves are not shown: some servers repeat secrets. */
static void not_smtp(smtpc_session_t *session, apr_status_t status)
{
    const char *why = smtpc__reply_parser_error(session->parser);
    const char *bytes = session->auth.sasl != NULL ? strstr(why, " at \"")
                                                   : NULL;

    smtpc__session_fail(session, status, "%s does not speak SMTP, %s: %.*s",
                        session->server->host,
                        smtpc_stage_phrase(session->stage),
                        (int)(bytes != NULL ? (apr_size_t)(bytes - why)
                                            : strlen(why)), why);
}

/* Give data to the parser; return how much of it was taken. */
static apr_size_t parse(smtpc_session_t *session, const char *data,
                        apr_size_t len)
{
    const smtpc_reply_t *reply;
    apr_size_t used;
    apr_status_t rv;

    rv = smtpc__reply_parser_feed(&reply, &used, session->parser, data, len,
                                  session->reply_pools[!session->reply_pool]);
    if (rv != APR_SUCCESS) {
        not_smtp(session, rv);
        return len;
    }
    if (reply != NULL) {
        take_reply(session, reply);
    }
    return used;
}

apr_status_t smtpc__session_feed(smtpc_session_t *session, const char *data,
                                 apr_size_t len)
{
    while (len > 0 && session->state != SMTPC_STEP_CLOSED) {
        apr_size_t used = 0;

        if (!smtpc__reply_parser_pending(session->parser)) {
            expect_reply(session, *data);
        }
        if (session->state != SMTPC_STEP_CLOSED) {
            used = parse(session, data, len);
        }
        data += used;
        len -= used;
    }
    return session->status;
}

/* Calls of the owner. */

smtpc_want_e smtpc__session_want(const smtpc_session_t *session)
{
    switch (session->state) {
    case SMTPC_STEP_CLOSED:
        return SMTPC_WANT_CLOSE;
    case SMTPC_STEP_TLS:
        return SMTPC_WANT_TLS;
    case SMTPC_STEP_WORK:
        return SMTPC_WANT_WORK;
    case SMTPC_STEP_READY:
        return SMTPC_WANT_READY;
    default:
        break;
    }
    if (smtpc__buf_used(&session->out) > 0 || can_send(session)) {
        return SMTPC_WANT_WRITE;
    }
    return SMTPC_WANT_READ;
}

apr_size_t smtpc__session_outstanding(const smtpc_session_t *session)
{
    return session->slot_count;
}

int smtpc__session_was_early(const smtpc_session_t *session)
{
    return session->guessing;
}

void smtpc__session_secured(smtpc_session_t *session,
                            const smtpc_link_t *link)
{
    assert(session->state == SMTPC_STEP_TLS);
    session->link = *link;
    memset(&session->caps, 0, sizeof(session->caps));
    session->introduced = 0;
    create_parser(session);
    if (!link->encrypted
        || (!link->verified
            && session->server->security == SMTPC_SECURITY_STARTTLS)) {
        smtpc__session_fail(session, SMTPC_ETLS,
                            "TLS with %s is not verified, as security "
                            "starttls requires", session->server->host);
        return;
    }
    smtpc__session_start(session, SMTPC_STEP_EHLO);
}

smtpc_sasl_t *smtpc__session_sasl(const smtpc_session_t *session)
{
    return session->auth.sasl;
}

void smtpc__session_worked(smtpc_session_t *session)
{
    assert(session->state == SMTPC_STEP_WORK);
    smtpc__session_auth_worked(session);
}

const smtpc_caps_t *smtpc__session_caps(const smtpc_session_t *session)
{
    return &session->caps;
}

smtpc_stage_e smtpc__session_stage(const smtpc_session_t *session)
{
    return session->stage;
}

apr_interval_time_t
smtpc__session_stage_timeout(const smtpc_session_t *session)
{
    return smtpc__steps[session->state].timeout;
}

apr_uint64_t smtpc__session_replies(const smtpc_session_t *session)
{
    return session->replies;
}

apr_status_t smtpc__session_status(const smtpc_session_t *session)
{
    return session->status;
}

const char *smtpc__session_error(const smtpc_session_t *session)
{
    return session->error;
}

const smtpc_reply_t *smtpc__session_reply(const smtpc_session_t *session)
{
    return session->reply;
}

int smtpc__session_reusable(const smtpc_session_t *session)
{
    return session->state == SMTPC_STEP_READY && session->slot_count == 0
           && !smtpc__reply_parser_pending(session->parser);
}
