/* SPDX-License-Identifier: Apache-2.0 */
/*
 * result.c: what became of one message.
 *
 * Holds the rules that turn recipients' states and the first failure into
 * one status (smtpc__result_finish). "In doubt" is never turned into another
 * value. Sentences for people are describe.c's. RFC 5321 4.2, 6.1.
 */

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/limits.h"
#include "base/result_int.h"

/* How many recipients ended how. */
typedef struct tally_t {
    apr_size_t accepted;
    apr_size_t in_doubt;
    apr_size_t refused;   /* rejected in all */
    apr_size_t temporary; /* rejected with a 4xx */
} tally_t;

void smtpc__result_create(smtpc_result_t **result,
                          apr_size_t recipient_count, apr_pool_t *pool)
{
    smtpc_result_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_size_t i;

    made->pool = pool;
    made->enhanced = "";
    made->text = "";
    made->error = "";
    made->queue_id = "";
    made->capabilities = "";
    made->message_id = "";
    made->host = "";
    made->peer = "";
    made->tls_protocol = "";
    made->tls_cipher = "";
    made->path = "";
    made->dropped = "";
    made->recipients = apr_pcalloc(pool, (recipient_count + 1)
                                             * sizeof(*made->recipients));
    made->recipient_count = recipient_count;
    for (i = 0; i < recipient_count; i++) {
        made->recipients[i].address = "";
        made->recipients[i].enhanced = "";
        made->recipients[i].text = "";
    }
    made->began = smtpc__monotonic();
    *result = made;
}

void smtpc__result_fail(smtpc_result_t *result, apr_status_t status,
                        smtpc_stage_e stage, const char *format, ...)
{
    const char *text;
    va_list args;

    if (result->status != APR_SUCCESS) {
        return;
    }
    va_start(args, format);
    text = apr_pvsprintf(result->pool, format, args);
    va_end(args);
    result->status = status;
    result->stage = stage;
    result->error = smtpc__escape(text, strlen(text),
                                  SMTPC_LIMIT_REPLY_BYTES, 0, result->pool);
}

void smtpc__result_reply(smtpc_result_t *result, int code,
                         const char *enhanced, const char *text)
{
    result->code = code;
    result->enhanced = apr_pstrdup(result->pool, enhanced);
    result->text = apr_pstrdup(result->pool, text);
}

void smtpc__result_recipient_set(smtpc_result_t *result, apr_size_t i,
                                 smtpc_rcpt_state_e state,
                                 smtpc_stage_e stage, int code,
                                 const char *enhanced, const char *text)
{
    smtpc_recipient_t *recipient;

    if (i >= result->recipient_count) {
        return;
    }
    recipient = &result->recipients[i];
    recipient->state = state;
    recipient->stage = stage;
    recipient->code = code;
    recipient->enhanced = apr_pstrdup(result->pool, enhanced);
    recipient->text = apr_pstrdup(result->pool, text);
}

apr_interval_time_t smtpc__result_elapsed(const smtpc_result_t *result)
{
    apr_interval_time_t elapsed = smtpc__monotonic() - result->began;

    return elapsed > 0 ? elapsed : 1;
}

static tally_t count_recipients(const smtpc_result_t *result)
{
    tally_t tally = { 0, 0, 0, 0 };
    apr_size_t i;

    for (i = 0; i < result->recipient_count; i++) {
        const smtpc_recipient_t *recipient = &result->recipients[i];

        switch (recipient->state) {
        case SMTPC_RCPT_ACCEPTED:
            tally.accepted++;
            break;
        case SMTPC_RCPT_IN_DOUBT:
            tally.in_doubt++;
            break;
        case SMTPC_RCPT_REJECTED:
            tally.refused++;
            if (recipient->code >= 400 && recipient->code < 500) {
                tally.temporary++;
            }
            break;
        case SMTPC_RCPT_UNSENT:
            break;
        }
    }
    return tally;
}

/* Return the status that the recipients and the recorded failure add up to.
 * A retry makes sense as soon as one recipient was refused only for now, so
 * one 4xx among 5xx is SMTPC_ETEMP; each recipient tells its own state. */
static apr_status_t derive_status(const smtpc_result_t *result,
                                  const tally_t *tally)
{
    if (tally->in_doubt > 0) {
        return SMTPC_EINDOUBT;
    }
    if (tally->accepted > 0) {
        return tally->accepted == result->recipient_count ? APR_SUCCESS
                                                          : SMTPC_EPARTIAL;
    }
    if (tally->refused > 0
        && (tally->refused == result->recipient_count
            || result->status == APR_SUCCESS)) {
        return tally->temporary > 0 ? SMTPC_ETEMP : SMTPC_EREJECTED;
    }
    if (result->status == APR_SUCCESS && result->recipient_count > 0) {
        /* Nobody recorded anything: never let that look like success. */
        return APR_EGENERAL;
    }
    return result->status;
}

/* Return the stage at which the first recipient was refused, or otherwise if
 * none was. */
static smtpc_stage_e refused_stage(const smtpc_result_t *result,
                                   smtpc_stage_e otherwise)
{
    apr_size_t i;

    for (i = 0; i < result->recipient_count; i++) {
        if (result->recipients[i].state == SMTPC_RCPT_REJECTED) {
            return result->recipients[i].stage;
        }
    }
    return otherwise;
}

/* Return the stage that belongs to status; result has the recorded one. */
static smtpc_stage_e derive_stage(const smtpc_result_t *result,
                                  apr_status_t status)
{
    if (status == APR_SUCCESS) {
        return SMTPC_STAGE_DONE;
    }
    if (status == SMTPC_EINDOUBT) {
        return result->status != APR_SUCCESS ? result->stage
                                             : SMTPC_STAGE_END;
    }
    if (status != result->status) {
        return refused_stage(result, result->stage);
    }
    return result->stage;
}

/* Return non-zero if the same message may be sent again later with hope and
 * without duplicates. What has to be put right by a person (TLS, login) is
 * no reason to retry unless the server itself said "later". */
static int derive_transient(const smtpc_result_t *result,
                            apr_status_t status)
{
    switch (status) {
    case SMTPC_ECONNECT:
    case SMTPC_ETIMEOUT:
    case SMTPC_ETEMP:
    case SMTPC_EPROTO:
        return 1;
    case SMTPC_ELIMIT:
        /* All connections that are allowed were in use. */
        return result->stage == SMTPC_STAGE_CONNECT;
    case SMTPC_ETLS:
    case SMTPC_EAUTH:
        return result->code >= 400 && result->code < 500;
    default:
        return 0;
    }
}

/* Return our words for a status that came from the recipients alone. */
static const char *derive_error(const smtpc_result_t *result,
                                const tally_t *tally, apr_status_t status)
{
    if (status == APR_SUCCESS) {
        return "";
    }
    if (*result->error != '\0') {
        return result->error;
    }
    if (tally->refused > 0) {
        return apr_psprintf(result->pool,
                            "refused for %" APR_SIZE_T_FMT
                            " of %" APR_SIZE_T_FMT " recipients",
                            tally->refused, result->recipient_count);
    }
    if (status == SMTPC_EINDOUBT) {
        return "the message was sent but no valid answer came";
    }
    return "not sent, and the reason was not recorded";
}

apr_status_t smtpc__result_finish(smtpc_result_t *result)
{
    tally_t tally = count_recipients(result);
    apr_status_t status = derive_status(result, &tally);

    result->stage = derive_stage(result, status);
    result->transient = derive_transient(result, status);
    result->error = derive_error(result, &tally, status);
    result->status = status;
    result->timings.total = smtpc__result_elapsed(result);
    return status;
}

SMTPC_DECLARE(apr_status_t) smtpc_result_status(const smtpc_result_t *result)
{
    return result->status;
}

SMTPC_DECLARE(smtpc_stage_e) smtpc_result_stage(const smtpc_result_t *result)
{
    return result->stage;
}

SMTPC_DECLARE(int) smtpc_result_code(const smtpc_result_t *result)
{
    return result->code;
}

SMTPC_DECLARE(const char *)
smtpc_result_enhanced(const smtpc_result_t *result)
{
    return result->enhanced;
}

SMTPC_DECLARE(const char *) smtpc_result_text(const smtpc_result_t *result)
{
    return result->text;
}

SMTPC_DECLARE(const char *) smtpc_result_error(const smtpc_result_t *result)
{
    return result->error;
}

SMTPC_DECLARE(const char *)
smtpc_result_capabilities(const smtpc_result_t *result)
{
    return result->capabilities;
}

SMTPC_DECLARE(const char *) smtpc_result_dropped(const smtpc_result_t *result)
{
    return result->dropped;
}

SMTPC_DECLARE(const char *)
smtpc_result_queue_id(const smtpc_result_t *result)
{
    return result->queue_id;
}

SMTPC_DECLARE(const char *)
smtpc_result_message_id(const smtpc_result_t *result)
{
    return result->message_id;
}

SMTPC_DECLARE(int) smtpc_result_is_transient(const smtpc_result_t *result)
{
    return result->transient;
}

SMTPC_DECLARE(const char *) smtpc_result_host(const smtpc_result_t *result)
{
    return result->host;
}

SMTPC_DECLARE(const char *) smtpc_result_peer(const smtpc_result_t *result)
{
    return result->peer;
}

SMTPC_DECLARE(const char *)
smtpc_result_tls_protocol(const smtpc_result_t *result)
{
    return result->tls_protocol;
}

SMTPC_DECLARE(const char *)
smtpc_result_tls_cipher(const smtpc_result_t *result)
{
    return result->tls_cipher;
}

SMTPC_DECLARE(const char *) smtpc_result_path(const smtpc_result_t *result)
{
    return result->path;
}

SMTPC_DECLARE(apr_off_t) smtpc_result_bytes(const smtpc_result_t *result)
{
    return result->bytes;
}

SMTPC_DECLARE(apr_size_t)
smtpc_result_recipient_count(const smtpc_result_t *result)
{
    return result->recipient_count;
}

SMTPC_DECLARE(const smtpc_recipient_t *)
smtpc_result_recipient(const smtpc_result_t *result, apr_size_t i)
{
    return i < result->recipient_count ? &result->recipients[i] : NULL;
}

SMTPC_DECLARE(const smtpc_timings_t *)
smtpc_result_timings(const smtpc_result_t *result)
{
    return &result->timings;
}
