/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_tx.c: the transactions under way, how each is settled, and when the
 * next may begin.
 *
 * Each recipient ends as what the server said of it; a refusal is recorded
 * when it comes, everything else when the transaction is settled, once. The
 * real cause is what settles it: replies to commands that were in the same
 * write are read, and change nothing.
 *
 * Before the first byte of the terminator went out, or the last byte of the
 * last chunk, nothing can have been delivered; from there on, and without a
 * valid reply, everything is in doubt.
 *
 * Where a transaction ends in any other way than at the end of its content,
 * the server may still have one open, and after a refused chunk nobody knows
 * what it has (RFC 3030 2): RSET comes before anything else. In a window of
 * chunked messages it stands between them, since it cannot be known when the
 * next one is composed how the one before will end; it costs no round trip.
 * RFC 5321 3.3, 4.5.3.2, 6.1; RFC 2920 3.1.
 */
#include "proto/session_int.h"

#include <assert.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

/* Slots that a transaction with one recipient takes, RSET included: with
 * fewer free there is no room for it. */
#define SLOTS_OF_TRANSACTION 4

/* The ring. */

static smtpc_tx_t *at(smtpc_session_t *session, apr_size_t i)
{
    return &session->ring[(session->tx_first + i) % SMTPC_RING];
}

smtpc_tx_t *smtpc__session_newest(smtpc_session_t *session)
{
    return at(session, session->tx_count - 1);
}

static const smtpc_tx_t *newest(const smtpc_session_t *session)
{
    return &session->ring[(session->tx_first + session->tx_count - 1)
                          % SMTPC_RING];
}

apr_size_t smtpc__session_tx_index(const smtpc_tx_t *tx, apr_size_t i)
{
    return tx->given.recipients != NULL ? tx->given.recipients[i] : i;
}

apr_size_t smtpc__session_under_way(const smtpc_session_t *session)
{
    return session->tx_count;
}

/* Settling. */

/* Set all recipients that were not refused one by one to state. */
static void set_recipients(smtpc_tx_t *tx, smtpc_rcpt_state_e state,
                           smtpc_stage_e stage, int code,
                           const char *enhanced, const char *text)
{
    smtpc_result_t *result = tx->given.result;

    for (apr_size_t i = 0; i < tx->count; i++) {
        apr_size_t index = smtpc__session_tx_index(tx, i);

        if (result->recipients[index].state == SMTPC_RCPT_UNSENT) {
            smtpc__result_recipient_set(result, index, state, stage, code,
                                        enhanced, text);
        }
    }
    tx->settled = 1;
}

/* Return text cut to what is kept with a recipient. */
static const char *recipient_text(smtpc_session_t *session, const char *text)
{
    apr_size_t len = strlen(text);
    apr_size_t cut = smtpc__utf8_cut(text, len, SMTPC_LIMIT_RECIPIENT_TEXT);

    if (cut == len) {
        return text;
    }
    return apr_pstrmemdup(session->reply_pools[session->reply_pool], text,
                          cut);
}

/* Record the present reply as the one that decided. */
static void record_reply(smtpc_session_t *session, smtpc_tx_t *tx)
{
    const smtpc_reply_t *reply = session->reply;

    smtpc__result_reply(tx->given.result, reply->code, reply->enhanced,
                        reply->text);
}

void smtpc__session_tx_recipient(smtpc_session_t *session, smtpc_tx_t *tx,
                                 apr_size_t i, smtpc_rcpt_state_e state)
{
    const smtpc_reply_t *reply = session->reply;

    smtpc__result_recipient_set(tx->given.result,
                                smtpc__session_tx_index(tx, i), state,
                                session->stage, reply->code, reply->enhanced,
                                recipient_text(session, reply->text));
}

void smtpc__session_tx_settle(smtpc_session_t *session, smtpc_tx_t *tx,
                              smtpc_rcpt_state_e state)
{
    const smtpc_reply_t *reply = session->reply;

    record_reply(session, tx);
    set_recipients(tx, state, session->stage, reply->code, reply->enhanced,
                   recipient_text(session, reply->text));
}

apr_status_t smtpc__session_refusal(int code)
{
    return smtpc__reply_class(code) == SMTPC_REPLY_TRANSIENT ? SMTPC_ETEMP
                                                             : SMTPC_EREJECTED;
}

const char *smtpc__session_advice(const smtpc_session_t *session, int code)
{
    if (code != 530) {
        return "";
    }
    return !smtpc__server_logs_in(session->server)
               ? "; the server wants a login: set credentials"
               : "; the server wants TLS: set security to starttls";
}

void smtpc__session_tx_refused(smtpc_session_t *session, smtpc_tx_t *tx,
                               const char *command)
{
    int code = session->reply->code;

    if (tx->settled) {
        return;
    }
    smtpc__result_fail(tx->given.result, smtpc__session_refusal(code),
                       session->stage, "%s refused the message at %s: %s%s",
                       session->server->host, command,
                       smtpc__session_said(session),
                       smtpc__session_advice(session, code));
    smtpc__session_tx_settle(session, tx, SMTPC_RCPT_REJECTED);
}

void smtpc__session_tx_decline(smtpc_session_t *session, smtpc_tx_t *tx,
                               apr_status_t status, smtpc_rcpt_state_e state,
                               const char *why)
{
    smtpc_stage_e stage = tx->offered > 0 ? session->stage
                                          : SMTPC_STAGE_MAIL;

    if (tx->settled) {
        return;
    }
    smtpc__result_fail(tx->given.result, status, stage, "%s", why);
    set_recipients(tx, state, stage, 0, "", recipient_text(session, why));
}

/* Return non-zero if tx may have been delivered by what was sent. Commands are
 * answered in order, so a server that said good-bye did not look at what is
 * behind the command it said it to. */
static int in_doubt(const smtpc_session_t *session, const smtpc_tx_t *tx)
{
    if (session->goodbye && tx != session->goodbye_tx) {
        return 0;
    }
    return tx->has_end && session->sent > tx->doubt_offset;
}

/* The session ends: settle tx. */
static void tx_broken(smtpc_session_t *session, smtpc_tx_t *tx,
                      apr_status_t status, const char *why)
{
    smtpc_result_t *result = tx->given.result;
    int code = session->reply->code;

    if (tx->settled) {
        return;
    }
    if (in_doubt(session, tx)) {
        smtpc__result_fail(result, SMTPC_EINDOUBT, SMTPC_STAGE_END,
                           "%s; the whole message was sent, so it may have "
                           "been delivered", why);
        set_recipients(tx, SMTPC_RCPT_IN_DOUBT, SMTPC_STAGE_END, 0, "",
                       recipient_text(session, why));
        tx->touched = 1;
        return;
    }
    smtpc__result_fail(result, status, session->stage, "%s", why);
    if (status == SMTPC_ETEMP) {
        record_reply(session, tx);
    }
    set_recipients(tx, SMTPC_RCPT_UNSENT, session->stage,
                   status == SMTPC_ETEMP ? code : 0, "",
                   recipient_text(session, why));
}

void smtpc__session_broken(smtpc_session_t *session, apr_status_t status,
                           const char *why)
{
    for (apr_size_t i = 0; i < session->tx_count; i++) {
        smtpc_tx_t *tx = at(session, i);

        tx_broken(session, tx, status, why);
        tx->over = 1;
    }
    session->tx_under_way = 0;
}

/* The flow. */

/* Return non-zero if the cursor composes tx. */
static int is_composed_now(const smtpc_session_t *session,
                           const smtpc_tx_t *tx)
{
    return session->cursor != SMTPC_STEP_NONE && !tx->composed
           && tx == newest(session);
}

/* tx is settled: what of it was not begun is not sent. */
static void stop_composing(smtpc_session_t *session, smtpc_tx_t *tx)
{
    if (!is_composed_now(session, tx)) {
        return;
    }
    if (session->cursor == SMTPC_STEP_MAIL
        || session->cursor == SMTPC_STEP_RCPT
        || session->cursor == SMTPC_STEP_DATA
        || session->cursor == SMTPC_STEP_BDAT) {
        session->cursor = SMTPC_STEP_NONE;
    }
}

void smtpc__session_tx_composed(smtpc_session_t *session, smtpc_tx_t *tx)
{
    tx->composed = 1;
    session->cursor = SMTPC_STEP_NONE;
}

/* tx is over. If the server has it open still, close it there, unless that
 * was composed with what came behind. */
static void end_transaction(smtpc_session_t *session, smtpc_tx_t *tx)
{
    tx->over = 1;
    tx->composed = 1;
    session->tx_under_way--;
    if (tx->mail_ok && session->tx_under_way == 0) {
        session->cursor = SMTPC_STEP_RSET;
    }
}

void smtpc__session_tx_advance(smtpc_session_t *session, smtpc_tx_t *tx)
{
    if (session->state == SMTPC_STEP_CLOSED) {
        return;
    }
    if (tx != NULL && tx->settled && !tx->over) {
        stop_composing(session, tx);
        if (tx->slots == 0 && !is_composed_now(session, tx)) {
            end_transaction(session, tx);
        }
    }
    smtpc__session_settle_state(session);
}

int smtpc__session_room(const smtpc_session_t *session)
{
    const smtpc_tx_t *last;

    if (session->tx_count >= SMTPC_RING || session->asked.result != NULL) {
        return 0;
    }
    if (session->state == SMTPC_STEP_READY) {
        return session->cursor == SMTPC_STEP_NONE;
    }
    if (session->guessing) {
        return session->tx_count == 0 && session->caps.bits != 0
               && session->cursor == SMTPC_STEP_NONE
               && session->state != SMTPC_STEP_CLOSED;
    }
    if (session->tx_under_way == 0
        || session->tx_under_way >= (apr_size_t)session->server->depth
        || !(session->caps.bits & SMTPC_CAP_PIPELINING)
        || session->slot_count + SLOTS_OF_TRANSACTION > SMTPC_LIMIT_SLOTS) {
        return 0;
    }
    last = newest(session);
    return last->composed && !last->settled
           && session->cursor == SMTPC_STEP_NONE;
}

/* Decide how the content of tx goes out. */
static void plan(const smtpc_session_t *session, smtpc_tx_t *tx)
{
    const smtpc_envelope_t *envelope = tx->given.envelope;

    tx->chunked = (session->caps.bits & SMTPC_CAP_CHUNKING) != 0;
    tx->dot.transparent = tx->chunked;
    tx->held = envelope->all_or_none
               || (tx->chunked
                   && (session->server->lmtp
                       || envelope->size == SMTPC_LENGTH_UNKNOWN
                       || envelope->size > SMTPC_LIMIT_EAGER_CONTENT));
}

/* Put tx behind what is under way. */
static void start(smtpc_session_t *session, smtpc_tx_t *tx)
{
    int behind = session->tx_under_way > 0;

    session->tx_under_way++;
    /* tx->chunked is that of the one before: the server has not changed. */
    session->cursor = behind && tx->chunked ? SMTPC_STEP_RSET
                                            : SMTPC_STEP_MAIL;
    smtpc__session_settle_state(session);
}

/* Start tx, or settle it if this server cannot take it; what is only guessed
 * of the server settles nothing. */
static void go_or_decline(smtpc_session_t *session, smtpc_tx_t *tx)
{
    smtpc_result_t *result = tx->given.result;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc__terms_make(&tx->terms, &why, tx->given.envelope,
                           &session->caps, session->server->host,
                           session->link.encrypted && session->link.verified,
                           result->pool);
    if (rv != APR_SUCCESS && session->guessing) {
        tx->undecided = 1;
        session->tx_under_way++;
        return;
    }
    if (rv != APR_SUCCESS) {
        smtpc__session_tx_decline(session, tx, rv,
                                  rv == SMTPC_EREJECTED ? SMTPC_RCPT_REJECTED
                                                        : SMTPC_RCPT_UNSENT,
                                  why);
        tx->touched = 1;
        tx->composed = 1;
        tx->over = 1;
        return;
    }
    if (tx->terms.dropped != 0) {
        result->dropped = smtpc__terms_dropped(&tx->terms, result->pool);
    }
    plan(session, tx);
    start(session, tx);
}

void smtpc__session_begin(smtpc_session_t *session,
                          const smtpc_transaction_t *transaction)
{
    smtpc_result_t *result = transaction->result;
    smtpc_tx_t *tx;

    assert(smtpc__session_room(session));
    session->tx_count++;
    tx = smtpc__session_newest(session);
    memset(tx, 0, sizeof(*tx));
    tx->given = *transaction;
    tx->count = transaction->recipients != NULL
                    ? transaction->count
                    : smtpc__envelope_count(transaction->envelope);
    assert(tx->count > 0);
    if (session->transactions++ == 0) {
        result->timings.ready = smtpc__result_elapsed(result);
    }
    go_or_decline(session, tx);
}

void smtpc__session_tx_guessed(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);

    if (tx->undecided) {
        tx->undecided = 0;
        session->tx_under_way--;
        go_or_decline(session, tx);
    }
}

int smtpc__session_finished(smtpc_finished_t *finished,
                            smtpc_session_t *session)
{
    smtpc_tx_t *tx = at(session, 0);

    if (session->tx_count == 0 || !tx->over) {
        return 0;
    }
    finished->transaction = tx->given;
    finished->accepted = tx->accepted;
    finished->untouched = session->state == SMTPC_STEP_CLOSED && !tx->touched;
    session->tx_first = (session->tx_first + 1) % SMTPC_RING;
    session->tx_count--;
    if (session->tx_sent > 0) {
        session->tx_sent--;
    }
    return 1;
}

/* What was sent. */

/* Note how much of the content of tx went out. */
static void note_bytes(const smtpc_session_t *session, smtpc_tx_t *tx)
{
    smtpc_result_t *result = tx->given.result;
    apr_uint64_t end = session->sent;

    if (tx->settled) {
        return;
    }
    if (tx->chunked) {
        if (tx->chunk_end != 0 && session->sent >= tx->chunk_end) {
            result->bytes = tx->payload;
        }
        return;
    }
    if (tx->has_end && end > tx->doubt_offset) {
        end = tx->doubt_offset;
    }
    if (tx->has_content && end > tx->content_offset) {
        result->bytes = (apr_off_t)(end - tx->content_offset);
    }
}

void smtpc__session_tx_sent(smtpc_session_t *session)
{
    while (session->tx_sent < session->tx_count) {
        smtpc_tx_t *tx = at(session, session->tx_sent);

        if (!tx->over) {
            note_bytes(session, tx);
            tx->sent = tx->has_end && session->sent >= tx->end_offset;
            if (!tx->sent) {
                break;
            }
            if (!tx->settled) {
                tx->given.result->timings.sent =
                    smtpc__result_elapsed(tx->given.result);
            }
        }
        session->tx_sent++;
    }
    if (session->state == SMTPC_STEP_CONTENT) {
        smtpc__session_settle_state(session);
    }
}

/* RSET. */

apr_status_t smtpc__session_send_rset(smtpc_session_t *session)
{
    apr_status_t rv = smtpc__session_send_bare(session, SMTPC_COMMAND_RSET,
                                               SMTPC_STEP_RSET);

    if (rv == APR_SUCCESS && session->tx_count > 0
        && !smtpc__session_newest(session)->composed) {
        session->cursor = SMTPC_STEP_MAIL;
    }
    return rv;
}

void smtpc__session_rset_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__session_settle_state(session);
}

void smtpc__session_rset_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    smtpc__session_leave(session, SMTPC_EPROTO, "%s refused RSET: %s",
                         session->server->host,
                         smtpc__session_said(session));
}
