/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_mail.c: the envelope of a transaction, MAIL and RCPT.
 *
 * With PIPELINING all of it goes out at once and, but for messages that wait
 * for its replies, what begins the content behind it. Which parameters a line
 * has is for terms.c to say. RFC 5321 4.1.1.2, 4.1.1.3; RFC 2920; RFC 1870.
 */
#include "proto/session_int.h"

#include <apr_strings.h>

/* MAIL. */

apr_status_t smtpc__session_send_mail(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv;

    rv = smtpc__command_mail(&session->out, tx->given.envelope->sender,
                             &tx->terms.mail);
    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_RCPT;
        smtpc__session_open_slot(session, SMTPC_STEP_MAIL, tx, 0);
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
    slot->tx->mail_ok = 1;
    smtpc__session_tx_advance(session, slot->tx);
}

void smtpc__session_mail_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)reply;
    smtpc__session_tx_refused(session, slot->tx, "MAIL FROM");
    smtpc__session_tx_advance(session, slot->tx);
}

/* RCPT. */

/* All recipients are composed: the step that begins the content, or none yet
 * if it waits. */
static void next_step(smtpc_session_t *session, smtpc_tx_t *tx)
{
    if (tx->held) {
        session->cursor = SMTPC_STEP_NONE;
        return;
    }
    session->cursor = tx->chunked ? SMTPC_STEP_BDAT : SMTPC_STEP_DATA;
}

apr_status_t smtpc__session_send_rcpt(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);
    const smtpc_envelope_t *envelope = tx->given.envelope;
    apr_uint64_t before = smtpc__session_composed(session);
    apr_size_t i = tx->offered;
    apr_size_t index = smtpc__session_tx_index(tx, i);
    smtpc_rcpt_params_t params;
    apr_status_t rv;

    smtpc__terms_rcpt(&params, &tx->terms, envelope, index);
    rv = smtpc__command_rcpt(&session->out,
                             smtpc__envelope_recipient(envelope, index),
                             &params);
    if (rv == APR_SUCCESS) {
        tx->offered++;
        if (tx->offered == tx->count) {
            next_step(session, tx);
        }
        smtpc__session_open_slot(session, SMTPC_STEP_RCPT, tx, i);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

/* No recipient was accepted: the transaction has failed. */
static void all_refused(smtpc_session_t *session, smtpc_tx_t *tx)
{
    const smtpc_reply_t *reply = session->reply;
    smtpc_result_t *result = tx->given.result;
    apr_size_t last = smtpc__session_tx_index(tx, tx->count - 1);

    smtpc__result_fail(result,
                       tx->deferred > 0 ? SMTPC_ETEMP : SMTPC_EREJECTED,
                       SMTPC_STAGE_RCPT, "%s refused %s%s: %s%s",
                       session->server->host,
                       result->recipients[last].address,
                       tx->count > 1 ? " and all other recipients" : "",
                       smtpc__session_said(session),
                       smtpc__session_advice(session, reply->code));
    smtpc__result_reply(result, reply->code, reply->enhanced, reply->text);
    tx->settled = 1;
}

/* One was refused, and it was to be all or none. */
static void not_all(smtpc_session_t *session, smtpc_tx_t *tx,
                    const smtpc_slot_t *slot)
{
    const smtpc_reply_t *reply = session->reply;
    smtpc_result_t *result = tx->given.result;
    apr_size_t index = smtpc__session_tx_index(tx, slot->index);

    smtpc__result_reply(result, reply->code, reply->enhanced, reply->text);
    smtpc__session_tx_decline(
        session, tx, smtpc__session_refusal(reply->code), SMTPC_RCPT_UNSENT,
        apr_psprintf(result->pool, "%s refused %s, and the message is for "
                     "all recipients or none: %s", session->server->host,
                     result->recipients[index].address,
                     smtpc__session_said(session)));
}

/* A reply to RCPT was recorded. What is behind may be on its way already. */
static void rcpt_answered(smtpc_session_t *session, smtpc_tx_t *tx)
{
    tx->answered++;
    if (tx->answered == tx->count && !tx->settled) {
        if (tx->accepted == 0) {
            all_refused(session, tx);
        }
        else if (tx->held) {
            tx->held = 0;
            next_step(session, tx);
        }
    }
    smtpc__session_tx_advance(session, tx);
}

void smtpc__session_rcpt_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    slot->tx->accepted++;
    rcpt_answered(session, slot->tx);
}

void smtpc__session_rcpt_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    smtpc_tx_t *tx = slot->tx;

    if (smtpc__reply_class(reply->code) == SMTPC_REPLY_TRANSIENT) {
        tx->deferred++;
    }
    if (!tx->settled) {
        smtpc__session_tx_recipient(session, tx, slot->index,
                                    SMTPC_RCPT_REJECTED);
    }
    if (!tx->settled && tx->given.envelope->all_or_none && tx->count > 1) {
        not_all(session, tx, slot);
    }
    rcpt_answered(session, tx);
}
