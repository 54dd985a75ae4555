/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_content.c: the content of a transaction, by DATA or by BDAT, up to
 * the final reply.
 *
 * All of it passes the filter of dot.c, but for binary content, which BDAT
 * alone can carry. By DATA it goes out only if a recipient was accepted; where
 * the server wants some all the same, it gets a lone dot (RFC 2920 3.1).
 *
 * By BDAT a small message is one chunk, composed together with its envelope.
 * A chunk is composed whole or not at all: its length stands in front, and
 * what was announced has to follow whatever the server says meanwhile. So the
 * source is read before the server hears of a chunk, and one that fails costs
 * no more than its own message. LMTP has a final reply for each recipient that
 * was accepted. RFC 5321 4.1.1.4, 4.5.3.2; RFC 3030; RFC 2033 4.2.
 */
#include "proto/session_int.h"

#include <string.h>

#include <apr_strings.h>

/* "BDAT 65536 LAST" and CRLF. */
#define BDAT_LINE 32
/* The most the filter adds at the end of content: a line end, and the
 * terminator. */
#define CONTENT_END 5

/* Return the first recipient of tx from i on that was not refused. */
static apr_size_t next_open(const smtpc_tx_t *tx, apr_size_t i)
{
    const smtpc_recipient_t *recipients = tx->given.result->recipients;

    while (i < tx->count
           && recipients[smtpc__session_tx_index(tx, i)].state
                  != SMTPC_RCPT_UNSENT) {
        i++;
    }
    return i;
}

/* Open the slot of the final reply. That of LMTP takes all of them, one after
 * the other: there may be more recipients than slots. */
static void open_end(smtpc_session_t *session, smtpc_tx_t *tx)
{
    apr_size_t first = 0;

    if (session->server->lmtp && !tx->settled) {
        first = next_open(tx, 0);
        tx->ends = tx->accepted;
    }
    else {
        tx->ends = 1;
    }
    smtpc__session_open_slot(session, SMTPC_STEP_END, tx, first);
}

/* The envelope is through. */
static void note_envelope(smtpc_tx_t *tx)
{
    if (!tx->settled) {
        tx->given.result->timings.envelope =
            smtpc__result_elapsed(tx->given.result);
    }
}

/* A part of the message cannot be read. */
static const char *source_failed(smtpc_session_t *session, smtpc_tx_t *tx)
{
    return apr_psprintf(tx->given.result->pool, "the message was not sent to "
                        "%s because a part of it failed: %s",
                        session->server->host,
                        smtpc__source_error(tx->given.content));
}

/* Reading content. */

/* Return how many bytes of the source fit into room, whatever they are: every
 * one may become two, and the end of the content needs some too. */
static apr_size_t part_size(const smtpc_tx_t *tx, apr_size_t room)
{
    apr_size_t reserved = SMTPC_DOT_EXPANSION(CONTENT_END);
    apr_size_t part;

    if (room <= reserved) {
        return 0;
    }
    part = tx->terms.mail.body_binary ? room - reserved
                                      : (room - reserved) / 2;
    return part < SMTPC_CONTENT_BLOCK ? part : SMTPC_CONTENT_BLOCK;
}

/* Read up to *len bytes of content to space, which has room for what they may
 * become; *len is set to how many they are. What the filter does not change
 * stays where it was read to. */
static apr_status_t read_part(apr_size_t *len, smtpc_session_t *session,
                              smtpc_tx_t *tx, char *space)
{
    apr_status_t rv = smtpc_source_read(tx->given.content, space, len);
    apr_size_t passed;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    tx->read += (apr_off_t)*len;
    if (tx->terms.mail.body_binary) {
        return APR_SUCCESS;
    }
    passed = smtpc__dot_pass(&tx->dot, space, *len);
    if (passed < *len) {
        memcpy(session->block, space + passed, *len - passed);
        *len = passed + smtpc__dot_filter(&tx->dot, space + passed,
                                          session->block, *len - passed);
    }
    return APR_SUCCESS;
}

/* DATA. */

apr_status_t smtpc__session_send_data(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_bare(&session->out, SMTPC_COMMAND_DATA);

    if (rv == APR_SUCCESS) {
        session->cursor = SMTPC_STEP_NONE;
        smtpc__session_open_slot(session, SMTPC_STEP_DATA, tx, 0);
        smtpc__session_log_sent(session, before, NULL);
    }
    return rv;
}

void smtpc__session_data_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    smtpc_tx_t *tx = slot->tx;

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
    note_envelope(tx);
    tx->has_content = 1;
    tx->content_offset = smtpc__session_composed(session);
    open_end(session, tx);
    session->cursor = SMTPC_STEP_CONTENT;
    smtpc__session_settle_state(session);
}

void smtpc__session_data_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)reply;
    smtpc__session_tx_refused(session, slot->tx, "DATA");
    smtpc__session_tx_advance(session, slot->tx);
}

/* Content behind DATA. */

/* Write the terminator behind the content. There is room for it. */
static void end_content(smtpc_session_t *session, smtpc_tx_t *tx)
{
    apr_uint64_t size = smtpc__session_composed(session) - tx->content_offset;
    char *space;

    tx->has_end = 1;
    tx->doubt_offset = smtpc__session_composed(session);
    (void)smtpc__buf_space(&session->out, &space);
    smtpc__buf_commit(&session->out, smtpc__dot_finish(&tx->dot, space));
    tx->end_offset = smtpc__session_composed(session);
    smtpc__session_tx_composed(session, tx);
    smtpc__session_log(session, 'C', "(%" APR_UINT64_T_FMT
                       " bytes of content)", size);
    smtpc__session_log(session, 'C', ".");
}

apr_status_t smtpc__session_send_content(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);
    apr_status_t rv = tx->settled ? APR_EOF : APR_SUCCESS;

    while (rv == APR_SUCCESS) {
        char *space;
        apr_size_t room = smtpc__buf_space(&session->out, &space);
        apr_size_t len;

        if (room < SMTPC_CONTENT_ROOM) {
            return APR_SUCCESS;
        }
        len = part_size(tx, room);
        rv = read_part(&len, session, tx, space);
        if (rv == APR_SUCCESS) {
            smtpc__buf_commit(&session->out, len);
        }
    }
    if (rv == APR_EOF) {
        end_content(session, tx);
        return APR_SUCCESS;
    }
    smtpc__session_fail(session, SMTPC_ESOURCE, "%s",
                        source_failed(session, tx));
    return SMTPC_ESOURCE;
}

/* Chunks. */

/* Fill room bytes at space with content, filtered; *len is set to how many
 * were. APR_EOF: that was all. */
static apr_status_t fill_chunk(apr_size_t *len, smtpc_session_t *session,
                               smtpc_tx_t *tx, char *space, apr_size_t room)
{
    apr_status_t rv = APR_SUCCESS;

    *len = 0;
    while (rv == APR_SUCCESS) {
        apr_size_t part = part_size(tx, room - *len);

        if (part == 0) {
            return APR_SUCCESS;
        }
        rv = read_part(&part, session, tx, space + *len);
        if (rv == APR_SUCCESS) {
            *len += part;
        }
    }
    if (rv == APR_EOF && !tx->terms.mail.body_binary) {
        *len += smtpc__dot_finish(&tx->dot, space + *len);
    }
    return rv;
}

/* Put the line of a chunk in front of its len bytes, which begin BDAT_LINE
 * bytes behind space, and count both as held. */
static apr_status_t put_chunk(smtpc_session_t *session, smtpc_tx_t *tx,
                              char *space, apr_size_t len, int last)
{
    char text[BDAT_LINE];
    smtpc_buf_t line = { text, 0, 0, BDAT_LINE };
    apr_uint64_t before = smtpc__session_composed(session);
    apr_status_t rv = smtpc__command_bdat(&line, len, last);
    apr_size_t line_len = smtpc__buf_used(&line);
    apr_size_t gap = BDAT_LINE - line_len;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (before == session->sent) {
        /* Nothing is in front of it: it begins behind the gap. */
        memcpy(space + gap, text, line_len);
        smtpc__buf_commit(&session->out, BDAT_LINE);
        smtpc__buf_consume(&session->out, gap);
    }
    else {
        memcpy(space, text, line_len);
        memmove(space + line_len, space + BDAT_LINE, len);
        smtpc__buf_commit(&session->out, line_len);
    }
    smtpc__session_log_sent(session, before, NULL);
    smtpc__buf_commit(&session->out, len);
    tx->payload += (apr_off_t)len;
    tx->chunk_end = smtpc__session_composed(session);
    return APR_SUCCESS;
}

/* Return non-zero if it is better to wait until more of the output is free:
 * the rest of the message would fit then, or a larger part of it. */
static int too_little_room(smtpc_session_t *session, const smtpc_tx_t *tx)
{
    apr_size_t most = session->out.size / 2;
    apr_size_t want = most;

    if (smtpc__buf_used(&session->out) == 0) {
        return 0;
    }
    if (tx->given.envelope->size != SMTPC_LENGTH_UNKNOWN
        && tx->given.envelope->size >= tx->read) {
        apr_off_t rest = 2 * (tx->given.envelope->size - tx->read)
                         + SMTPC_CONTENT_ROOM;

        want = rest < (apr_off_t)most ? (apr_size_t)rest : most;
    }
    if (smtpc__session_free(session) >= want) {
        return 0;
    }
    session->wanted = want;
    return 1;
}

/* All chunks are composed. */
static void last_chunk(smtpc_session_t *session, smtpc_tx_t *tx)
{
    tx->has_end = 1;
    tx->end_offset = smtpc__session_composed(session);
    tx->doubt_offset = tx->end_offset - 1;
    open_end(session, tx);
    smtpc__session_tx_composed(session, tx);
    smtpc__session_settle_state(session);
}

apr_status_t smtpc__session_send_bdat(smtpc_session_t *session)
{
    smtpc_tx_t *tx = smtpc__session_newest(session);
    char *space;
    apr_size_t room;
    apr_size_t len;
    apr_status_t rv;

    if (too_little_room(session, tx)) {
        return APR_SUCCESS;
    }
    room = smtpc__buf_space(&session->out, &space);
    rv = fill_chunk(&len, session, tx, space + BDAT_LINE, room - BDAT_LINE);
    if (rv != APR_SUCCESS && rv != APR_EOF) {
        smtpc__session_tx_decline(session, tx, SMTPC_ESOURCE,
                                  SMTPC_RCPT_UNSENT,
                                  source_failed(session, tx));
        smtpc__session_tx_advance(session, tx);
        return APR_SUCCESS;
    }
    if (rv == APR_EOF) {
        rv = put_chunk(session, tx, space, len, 1);
        last_chunk(session, tx);
        return rv;
    }
    rv = put_chunk(session, tx, space, len, 0);
    smtpc__session_open_slot(session, SMTPC_STEP_BDAT, tx, 0);
    return rv;
}

void smtpc__session_bdat_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply)
{
    if (smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    smtpc__session_tx_advance(session, slot->tx);
}

void smtpc__session_bdat_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply)
{
    (void)reply;
    smtpc__session_tx_refused(session, slot->tx, "BDAT");
    smtpc__session_tx_advance(session, slot->tx);
}

/* The final reply. */

/* Keep the id under which the server queued the message; a message that took
 * several transactions has several. */
static void note_queue_id(smtpc_tx_t *tx, const smtpc_reply_t *reply)
{
    smtpc_result_t *result = tx->given.result;
    const char *id = smtpc__reply_queue_id(reply, result->pool);

    if (*id == '\0') {
        return;
    }
    result->queue_id = *result->queue_id == '\0'
                           ? id : apr_pstrcat(result->pool, result->queue_id,
                                              ",", id, NULL);
}

/* A final reply was recorded. */
static void end_answered(smtpc_session_t *session, const smtpc_slot_t *slot)
{
    smtpc_tx_t *tx = slot->tx;

    if (--tx->ends == 0) {
        tx->settled = 1;
    }
    else {
        smtpc__session_reopen_slot(session, slot,
                                   next_open(tx, slot->index + 1));
    }
    smtpc__session_tx_advance(session, tx);
}

void smtpc__session_end_ok(smtpc_session_t *session,
                           const smtpc_slot_t *slot,
                           const smtpc_reply_t *reply)
{
    smtpc_tx_t *tx = slot->tx;
    smtpc_result_t *result = tx->given.result;

    if (!tx->sent || smtpc__session_foreign(reply->code)) {
        smtpc__session_unexpected(session, slot, reply);
        return;
    }
    if (!tx->settled) {
        if (session->server->lmtp) {
            smtpc__session_tx_recipient(session, tx, slot->index,
                                        SMTPC_RCPT_ACCEPTED);
            smtpc__result_reply(result, reply->code, reply->enhanced,
                                reply->text);
        }
        else {
            smtpc__session_tx_settle(session, tx, SMTPC_RCPT_ACCEPTED);
        }
        note_queue_id(tx, reply);
    }
    tx->mail_ok = 0;
    end_answered(session, slot);
}

/* One recipient's final reply of LMTP is a refusal. */
static void lmtp_refused(smtpc_session_t *session, smtpc_tx_t *tx,
                         const smtpc_slot_t *slot)
{
    const smtpc_reply_t *reply = session->reply;

    smtpc__session_tx_recipient(session, tx, slot->index,
                                SMTPC_RCPT_REJECTED);
    smtpc__result_reply(tx->given.result, reply->code, reply->enhanced,
                        reply->text);
    smtpc__result_fail(tx->given.result,
                       smtpc__session_refusal(reply->code), session->stage,
                       "%s refused the message at the end of the content: "
                       "%s", session->server->host,
                       smtpc__session_said(session));
}

void smtpc__session_end_refused(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply)
{
    smtpc_tx_t *tx = slot->tx;
    int was_settled = tx->settled;

    if (session->server->lmtp && !was_settled) {
        lmtp_refused(session, tx, slot);
    }
    else {
        smtpc__session_tx_refused(session, tx, "the end of the content");
    }
    if (reply->code == 421) {
        session->goodbye = 1;
        session->goodbye_tx = tx;
    }
    if (!tx->sent || reply->code == 421) {
        /* Refused before we were through, or with good-bye. The dot that
         * would end the content is not to be sent any more. */
        smtpc__session_fail(session, smtpc__session_refusal(reply->code),
                            "%s: %s", session->server->host,
                            smtpc__session_said(session));
        return;
    }
    if (!tx->chunked) {
        tx->mail_ok = 0;
    }
    else if (was_settled && tx->ends > 1 && session->tx_under_way == 1) {
        /* LMTP, a chunk was refused. Whether the last one has a reply for
         * each recipient then, or one like any command in a bad place, no RFC
         * says; waiting for the others could take until the time is up. */
        smtpc__session_leave(session, SMTPC_EPROTO,
                             "%s refused a part of the content, and how many "
                             "replies are to follow is not known",
                             session->server->host);
        return;
    }
    end_answered(session, slot);
}
