/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.c: a message while it is put together: addresses, subject, body,
 * priority.
 *
 * Everything is checked when it is given, copied into the message's pool on
 * success only, and never looked at again until it is rendered.
 *
 * Not here: header fields of the caller (message_field.c), attachments
 * (attachment.c), turning it into bytes (message_render.c).
 */
#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "mime/message_priv.h"
#include "model/address_int.h"

SMTPC_DECLARE(apr_status_t) smtpc_message_create(smtpc_message_t **message,
                                                 apr_pool_t *pool)
{
    smtpc_message_t *m = apr_pcalloc(pool, sizeof(*m));

    m->pool = pool;
    m->to = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    m->cc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    m->bcc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    m->reply_to = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    m->fields = apr_array_make(pool, 4, sizeof(smtpc_field_t));
    m->attachments = apr_array_make(pool, 2, sizeof(smtpc_attachment_t *));
    m->subject = "";
    m->body = "";
    m->priority = -1;
    *message = m;
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *)
smtpc_message_error(const smtpc_message_t *message)
{
    return message->error;
}

apr_status_t smtpc__message_fail(smtpc_message_t *message,
                                 apr_status_t status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    apr_vsnprintf(message->error, sizeof(message->error), format, args);
    va_end(args);
    for (char *p = message->error; *p != '\0'; p++) {
        if ((unsigned char)*p < ' ' || *p == 127) {
            *p = '?';
        }
    }
    return status;
}

apr_status_t smtpc__message_check(smtpc_message_t *message, const char *what,
                                  const char *value, apr_size_t limit)
{
    apr_size_t len = strlen(value);
    apr_size_t control;

    if (len > limit) {
        return smtpc__message_fail(
            message, SMTPC_ELIMIT,
            "%s is %" APR_SIZE_T_FMT " bytes long; at most %" APR_SIZE_T_FMT
            " are allowed", what, len, limit);
    }
    if (!smtpc__utf8_valid(value, len)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s is not valid UTF-8; convert it first",
                                   what);
    }
    control = smtpc__find_control(value, len);
    if (control < len) {
        return smtpc__message_fail(
            message, SMTPC_EARG,
            "%s has a line end, tab or other control character at byte "
            "%" APR_SIZE_T_FMT "; remove it", what, control + 1);
    }
    return APR_SUCCESS;
}

/* Parse text into *address in the message's pool; what fails leaves nothing
 * there. */
static apr_status_t set_address(const smtpc_address_t **address,
                                smtpc_message_t *message, const char *what,
                                const char *text)
{
    smtpc_address_t *parsed = NULL;
    const char *why = "";
    apr_pool_t *scratch;
    apr_status_t rv = apr_pool_create(&scratch, message->pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_address_try(&parsed, &why, text, scratch);
    if (rv == APR_SUCCESS) {
        *address = smtpc__address_copy(parsed, message->pool);
    }
    else {
        (void)smtpc__message_fail(message, rv, "%s: %s", what, why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_from(smtpc_message_t *message,
                                                   const char *text)
{
    if (text == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "From: no address is given");
    }
    return set_address(&message->from, message, "From", text);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_from_address(smtpc_message_t *message,
                               const smtpc_address_t *address)
{
    if (address == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "From: no address is given");
    }
    message->from = smtpc__address_copy(address, message->pool);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_sender(smtpc_message_t *message,
                                                     const char *text)
{
    if (text == NULL) {
        message->sender = NULL;
        return APR_SUCCESS;
    }
    return set_address(&message->sender, message, "Sender", text);
}

static int address_count(const smtpc_message_t *message)
{
    return message->to->nelts + message->cc->nelts + message->bcc->nelts
           + message->reply_to->nelts;
}

static void append_copies(apr_array_header_t *list,
                          const apr_array_header_t *parsed)
{
    for (int i = 0; i < parsed->nelts; i++) {
        const smtpc_address_t *address
            = APR_ARRAY_IDX(parsed, i, const smtpc_address_t *);

        APR_ARRAY_PUSH(list, const smtpc_address_t *)
            = smtpc__address_copy(address, list->pool);
    }
}

static apr_status_t add_addresses(smtpc_message_t *message,
                                  apr_array_header_t *list, const char *what,
                                  const char *text)
{
    apr_array_header_t *parsed;
    const char *why = "";
    apr_pool_t *scratch;
    apr_status_t rv;

    if (text == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s: no address is given", what);
    }
    rv = apr_pool_create(&scratch, message->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    parsed = apr_array_make(scratch, 4, sizeof(const smtpc_address_t *));
    rv = smtpc__address_parse_list(parsed, &why, text, scratch);
    if (rv == APR_SUCCESS
        && parsed->nelts > SMTPC_LIMIT_RECIPIENTS - address_count(message)) {
        rv = SMTPC_ELIMIT;
        why = "the message would have more than 10000 addresses";
    }
    if (rv == APR_SUCCESS) {
        append_copies(list, parsed);
    }
    else {
        (void)smtpc__message_fail(message, rv, "%s: %s", what, why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_add_to(smtpc_message_t *message,
                                                 const char *text)
{
    return add_addresses(message, message->to, "To", text);
}

SMTPC_DECLARE(apr_status_t) smtpc_message_add_cc(smtpc_message_t *message,
                                                 const char *text)
{
    return add_addresses(message, message->cc, "Cc", text);
}

SMTPC_DECLARE(apr_status_t) smtpc_message_add_bcc(smtpc_message_t *message,
                                                  const char *text)
{
    return add_addresses(message, message->bcc, "Bcc", text);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reply_to(smtpc_message_t *message, const char *text)
{
    return add_addresses(message, message->reply_to, "Reply-To", text);
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_from(const smtpc_message_t *message)
{
    return message->from;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_sender(const smtpc_message_t *message)
{
    return message->sender;
}

static const smtpc_address_t *address_at(const apr_array_header_t *list,
                                         apr_size_t i)
{
    return i < (apr_size_t)list->nelts
               ? APR_ARRAY_IDX(list, i, const smtpc_address_t *)
               : NULL;
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_to_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->to->nelts;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_to(const smtpc_message_t *message, apr_size_t i)
{
    return address_at(message->to, i);
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_cc_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->cc->nelts;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_cc(const smtpc_message_t *message, apr_size_t i)
{
    return address_at(message->cc, i);
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_bcc_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->bcc->nelts;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_bcc(const smtpc_message_t *message, apr_size_t i)
{
    return address_at(message->bcc, i);
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_reply_to_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->reply_to->nelts;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_reply_to(const smtpc_message_t *message, apr_size_t i)
{
    return address_at(message->reply_to, i);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_subject(smtpc_message_t *message, const char *subject)
{
    apr_status_t rv;

    if (subject == NULL) {
        subject = "";
    }
    rv = smtpc__message_check(message, "Subject", subject,
                              SMTPC_LIMIT_HEADER_VALUE);
    if (rv == APR_SUCCESS) {
        message->subject = apr_pstrdup(message->pool, subject);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_message_subject(const smtpc_message_t *message)
{
    return message->subject;
}

static apr_status_t check_body_type(smtpc_message_t *message,
                                    smtpc_body_type_e type)
{
    if (type != SMTPC_BODY_TEXT && type != SMTPC_BODY_HTML) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "body: the type is neither "
                                   "SMTPC_BODY_TEXT nor SMTPC_BODY_HTML");
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_body(smtpc_message_t *message,
                                                   const char *text,
                                                   smtpc_body_type_e type)
{
    apr_status_t rv = check_body_type(message, type);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (text == NULL) {
        text = "";
    }
    if (!smtpc__utf8_valid(text, strlen(text))) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "body: it is not valid UTF-8; convert it "
                                   "first");
    }
    message->body = apr_pstrdup(message->pool, text);
    message->body_source = NULL;
    message->body_type = type;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_source(smtpc_message_t *message,
                              smtpc_source_t *source, smtpc_body_type_e type)
{
    apr_status_t rv = check_body_type(message, type);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (source == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "body: no source is given");
    }
    message->body = "";
    message->body_source = source;
    message->body_type = type;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_priority(smtpc_message_t *message,
                           smtpc_priority_e priority)
{
    if (priority != SMTPC_PRIORITY_NORMAL && priority != SMTPC_PRIORITY_LOW
        && priority != SMTPC_PRIORITY_HIGH) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "priority: it is not NORMAL, LOW or HIGH");
    }
    message->priority = (int)priority;
    return APR_SUCCESS;
}
