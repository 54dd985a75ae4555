/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_mail.c: one transaction, from MAIL to the reply to the final dot.
 *
 * Each recipient ends as what the server said of it; a refusal is recorded
 * when it comes, everything else when the transaction is settled, once. The
 * real cause is what settles it: replies to commands that were in the same
 * write are read, and change nothing. Content goes out only if a recipient
 * was accepted; where the server wants some all the same, it gets a lone dot
 * (RFC 2920 3.1).
 *
 * Before the first byte of the terminator went out nothing can have been
 * delivered; from there on, and without a valid reply, everything is in
 * doubt. RFC 5321 3.3, 4.5.3.2, 6.1; RFC 1870; RFC 2920.
 */
#include "proto/session_int.h"

#include <assert.h>
#include <string.h>

#include <apr_strings.h>

/* Settling. */

/* Set all recipients that were not refused one by one to state. */
static void set_recipients(smtpc_session_t *session, smtpc_rcpt_state_e state,
                           smtpc_stage_e stage, int code,
                           const char *enhanced, const char *text)
{
    smtpc_result_t *result = session->tx.given.result;

    for (apr_size_t i = 0; i < session->tx.count; i++) {
        if (result->recipients[i].state != SMTPC_RCPT_REJECTED) {
            smtpc__result_recipient_set(result, i, state, stage, code,
                                        enhanced, text);
        }
    }
    session->tx.settled = 1;
}

/* Return text cut to what is kept with a recipient. */
static const char *recipient_text(smtpc_session_t *session, const char *text)
{
    if (strlen(text) <= SMTPC_LIMIT_RECIPIENT_TEXT) {
        return text;
    }
    return apr_pstrmemdup(session->reply_pools[session->reply_pool], text,
                          SMTPC_LIMIT_RECIPIENT_TEXT);
}

/* Record the present reply as the one that decided. */
static void record_reply(smtpc_session_t *session)
{
    const smtpc_reply_t *reply = session->reply;

    smtpc__result_reply(session->tx.given.result, reply->code,
                        reply->enhanced, reply->text);
}

/* Settle the transaction with the present reply. */
static void settle(smtpc_session_t *session, smtpc_rcpt_state_e state)
{
    const smtpc_reply_t *reply = session->reply;

    record_reply(session);
    set_recipients(session, state, session->stage, reply->code,
                   reply->enhanced, recipient_text(session, reply->text));
}

static apr_status_t refusal(int code)
{
    return smtpc__reply_class(code) == SMTPC_REPLY_TRANSIENT ? SMTPC_ETEMP
                                                             : SMTPC_EREJECTED;
}

/* Return what an operator can do about a refusal with code. */
static const char *advice(const smtpc_session_t *session, int code)
{
    if (code != 530) {
        return "";
    }
    return session->server->user == NULL
               ? "; the server wants a login: set credentials"
               : "; the server wants TLS: set security to starttls";
}

/* The server refused the message as a whole, in reply to command. */
static void settle_refused(smtpc_session_t *session, const char *command)
{
    int code = session->reply->code;

    if (session->tx.settled) {
        return;
    }
    smtpc__result_fail(session->tx.given.result, refusal(code),
                       session->stage, "%s refused the message at %s: %s%s",
                       session->server->host, command,
                       smtpc__session_said(session), advice(session, code));
    settle(session, SMTPC_RCPT_REJECTED);
}

/* Return non-zero if the terminator may have reached the server. */
static int in_doubt(const smtpc_session_t *session)
{
    return session->tx.has_dot && session->sent > session->tx.dot_offset;
}

void smtpc__session_tx_broken(smtpc_session_t *session, apr_status_t status,
                              const char *why)
{
    smtpc_result_t *result = session->tx.given.result;
    int code = session->reply->code;

    if (session->tx.settled) {
        return;
    }
    if (in_doubt(session)) {
        smtpc__result_fail(result, SMTPC_EINDOUBT, SMTPC_STAGE_END,
                           "%s; the whole message was sent, so it may have "
                           "been delivered", why);
        set_recipients(session, SMTPC_RCPT_IN_DOUBT, SMTPC_STAGE_END, 0, "",
                       recipient_text(session, why));
        return;
    }
    smtpc__result_fail(result, status, session->stage, "%s", why);
    if (status == SMTPC_ETEMP) {
        record_reply(session);
    }
    set_recipients(session, SMTPC_RCPT_UNSENT, session->stage,
                   status == SMTPC_ETEMP ? code : 0, "",
                   recipient_text(session, why));
}

/* The flow. */

/* The server has no transaction of ours any more, or is to have none. */
static void finish(smtpc_session_t *session)
{
    if (session->tx.mail_ok) {
        smtpc__session_start(session, SMTPC_STEP_RSET);
        return;
    }
    smtpc__session_ready(session);
}

/* A reply was dealt with: the next state is that of the oldest slot, or of
 * the cursor, or the transaction is over. */
static void advance(smtpc_session_t *session)
{
    smtpc_step_e next = session->cursor;

    if (session->slot_count > 0) {
        next = session->slots[session->slot_first].step;
    }
    if (next == SMTPC_STEP_NONE) {
        finish(session);
    }
    else if (next != session->state) {
        smtpc__session_enter(session, next);
    }
}

/* Settle without a command: this server cannot take the message. */
static void decline(smtpc_session_t *session, apr_status_t status,
                    smtpc_rcpt_state_e state, const char *why)
{
    smtpc__result_fail(session->tx.given.result, status, SMTPC_STAGE_MAIL,
                       "%s", why);
    set_recipients(session, state, SMTPC_STAGE_MAIL, 0, "", why);
}

/* Settle the transaction if the server lacks what the envelope needs. */
static void make_terms(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    const char *why = NULL;
    apr_status_t rv;

    rv = smtpc__terms_make(&tx->terms, &why, tx->given.envelope,
                           &session->caps, session->server->host,
                           session->link.encrypted && session->link.verified,
                           tx->given.result->pool);
    if (rv != APR_SUCCESS) {
        decline(session, rv, rv == SMTPC_EREJECTED ? SMTPC_RCPT_REJECTED
                                                   : SMTPC_RCPT_UNSENT, why);
        return;
    }
    tx->given.result->dropped = smtpc__terms_dropped(
        &tx->terms, tx->given.result->pool);
}

void smtpc__session_begin(smtpc_session_t *session,
                          const smtpc_transaction_t *transaction)
{
    smtpc_tx_t *tx = &session->tx;

    assert(session->state == SMTPC_STEP_READY);
    memset(tx, 0, sizeof(*tx));
    tx->given = *transaction;
    tx->count = smtpc__envelope_count(transaction->envelope);
    assert(tx->count > 0 && tx->count == transaction->result->recipient_count);
    if (session->transactions++ == 0) {
        transaction->result->timings.ready =
            smtpc__result_elapsed(transaction->result);
    }
    make_terms(session);
    if (!tx->settled) {
        tx->active = 1;
        smtpc__session_start(session, SMTPC_STEP_MAIL);
    }
}

/* MAIL. */

apr_status_t smtpc__session_send_mail(smtpc_session_t *session)
{
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_mail(&session->out,
                                          session->tx.given.envelope->sender,
                                          &session->tx.terms.mail);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_RCPT;
        smtpc__session_open_slot(session, SMTPC_STEP_MAIL, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

void smtpc__session_mail_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    session->tx.mail_ok = 1;
    advance(session);
}

void smtpc__session_mail_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    settle_refused(session, "MAIL FROM");
    session->cursor = SMTPC_STEP_NONE;
    advance(session);
}

/* RCPT. */

apr_status_t smtpc__session_send_rcpt(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    apr_uint64_t before = smtpc__session_composed(session);
    apr_size_t i = tx->offered;
    smtpc_rcpt_params_t params;
    apr_status_t rv;

    smtpc__terms_rcpt(&params, &tx->terms, tx->given.envelope, i);
    rv = smtpc__command_rcpt(&session->out,
                             smtpc__envelope_recipient(tx->given.envelope, i),
                             &params);
    if (rv == APR_SUCCESS) {
        tx->offered++;
        if (tx->offered == tx->count) {
            session->cursor = SMTPC_STEP_DATA;
        }
        smtpc__session_open_slot(session, SMTPC_STEP_RCPT, i);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

/* No recipient was accepted: the transaction has failed. */
static void all_refused(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    const smtpc_result_t *result = tx->given.result;

    smtpc__result_fail(tx->given.result,
                       tx->deferred > 0 ? SMTPC_ETEMP : SMTPC_EREJECTED,
                       SMTPC_STAGE_RCPT, "%s refused %s%s: %s%s",
                       session->server->host,
                       result->recipients[tx->count - 1].address,
                       tx->count > 1 ? " and all other recipients" : "",
                       smtpc__session_said(session),
                       advice(session, session->reply->code));
    record_reply(session);
    tx->settled = 1;
}

/* A reply to RCPT was recorded. DATA may be on its way already. */
static void rcpt_answered(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;

    tx->answered++;
    if (tx->answered == tx->count && tx->accepted == 0 && !tx->settled) {
        all_refused(session);
    }
    if (tx->settled && session->cursor == SMTPC_STEP_DATA) {
        session->cursor = SMTPC_STEP_NONE;
    }
    advance(session);
}

void smtpc__session_rcpt_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    session->tx.accepted++;
    rcpt_answered(session);
}

void smtpc__session_rcpt_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    if (smtpc__reply_class(reply->code) == SMTPC_REPLY_TRANSIENT) {
        session->tx.deferred++;
    }
    if (!session->tx.settled) {
        smtpc__result_recipient_set(session->tx.given.result, slot->index,
                                    SMTPC_RCPT_REJECTED, SMTPC_STAGE_RCPT,
                                    reply->code, reply->enhanced,
                                    recipient_text(session, reply->text));
    }
    rcpt_answered(session);
}

/* DATA. */

apr_status_t smtpc__session_send_data(smtpc_session_t *session)
{
    return smtpc__session_send_bare(session, SMTPC_COMMAND_DATA,
                                    SMTPC_STEP_DATA);
}

void smtpc__session_data_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    smtpc_tx_t *tx = &session->tx;

    if (reply->code != 354) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    if (tx->settled && tx->accepted > 0) {
        /* MAIL was refused but RCPT was not: a dot might send a message. */
        smtpc__session_fail(session, SMTPC_EPROTO,
                            "%s wants content for a message whose sender it "
                            "refused", session->server->host);
        return;
    }
    if (!tx->settled) {
        tx->given.result->timings.envelope =
            smtpc__result_elapsed(tx->given.result);
    }
    tx->has_content = 1;
    tx->content_offset = smtpc__session_composed(session);
    smtpc__session_open_slot(session, SMTPC_STEP_END, 0);
    smtpc__session_start(session, SMTPC_STEP_CONTENT);
}

void smtpc__session_data_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)slot;
    (void)reply;
    settle_refused(session, "DATA");
    advance(session);
}

/* Content. */

/* Write the terminator behind the content. There is room for it. */
static void end_content(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    apr_uint64_t size = smtpc__session_composed(session) - tx->content_offset;
    char *space;

    tx->has_dot = 1;
    tx->dot_offset = smtpc__session_composed(session);
    (void)smtpc__buf_space(&session->out, &space);
    smtpc__buf_commit(&session->out, smtpc__dot_finish(&tx->dot, space));
    tx->end_offset = smtpc__session_composed(session);
    session->cursor = SMTPC_STEP_NONE;
    if (smtpc__env_logs(session->env, SMTPC_LOG_TRACE)) {
        smtpc__env_log(session->env, SMTPC_LOG_TRACE,
                       "C: (%" APR_UINT64_T_FMT " bytes of content)", size);
        smtpc__env_log(session->env, SMTPC_LOG_TRACE, "C: .");
    }
}

apr_status_t smtpc__session_send_content(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    apr_status_t rv = tx->settled ? APR_EOF : APR_SUCCESS;

    while (rv == APR_SUCCESS) {
        char *space;
        apr_size_t room = smtpc__buf_space(&session->out, &space);
        apr_size_t len = room / 2 - SMTPC_DOT_EXPANSION(2);

        if (room < SMTPC_CONTENT_ROOM) {
            return APR_SUCCESS;
        }
        if (len > SMTPC_CONTENT_BLOCK) {
            len = SMTPC_CONTENT_BLOCK;
        }
        rv = smtpc_source_read(tx->given.content, session->block, &len);
        if (rv == APR_SUCCESS) {
            len = smtpc__dot_filter(&tx->dot, space, session->block, len);
            smtpc__buf_commit(&session->out, len);
        }
    }
    if (rv == APR_EOF) {
        end_content(session);
        return APR_SUCCESS;
    }
    smtpc__session_fail(session, SMTPC_ESOURCE, "the message was not sent to "
                        "%s because a part of it failed: %s",
                        session->server->host,
                        smtpc__source_error(tx->given.content));
    return SMTPC_ESOURCE;
}

void smtpc__session_tx_sent(smtpc_session_t *session)
{
    smtpc_tx_t *tx = &session->tx;
    smtpc_result_t *result = tx->given.result;
    apr_uint64_t end = session->sent;

    if (session->state != SMTPC_STEP_CONTENT) {
        return;
    }
    if (tx->has_dot && end > tx->dot_offset) {
        end = tx->dot_offset;
    }
    if (!tx->settled) {
        result->bytes = (apr_off_t)(end - tx->content_offset);
    }
    if (tx->has_dot && session->sent >= tx->end_offset) {
        if (!tx->settled) {
            result->timings.sent = smtpc__result_elapsed(result);
        }
        smtpc__session_enter(session, SMTPC_STEP_END);
    }
}

/* The final reply. */

void smtpc__session_end_ok(smtpc_session_t *session,
                           const smtpc_slot_t *slot,
                           const smtpc_reply_t *reply)
{
    smtpc_result_t *result = session->tx.given.result;

    if (session->state != SMTPC_STEP_END
        || smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    if (!session->tx.settled) {
        settle(session, SMTPC_RCPT_ACCEPTED);
        result->queue_id = smtpc__reply_queue_id(reply, result->pool);
    }
    session->tx.mail_ok = 0;
    advance(session);
}

void smtpc__session_end_refused(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply)
{
    (void)slot;
    settle_refused(session, "the end of the content");
    if (session->state != SMTPC_STEP_END || reply->code == 421) {
        /* Refused before we were through, or with good-bye. The dot that
         * would end the content is not to be sent any more. */
        smtpc__session_fail(session, refusal(reply->code), "%s: %s",
                            session->server->host,
                            smtpc__session_said(session));
        return;
    }
    session->tx.mail_ok = 0;
    advance(session);
}

/* RSET. */

apr_status_t smtpc__session_send_rset(smtpc_session_t *session)
{
    return smtpc__session_send_bare(session, SMTPC_COMMAND_RSET,
                                    SMTPC_STEP_RSET);
}

void smtpc__session_rset_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__session_ready(session);
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
