/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.c: a message while it is put together: addresses, subject, priority.
 *
 * Everything is checked when it is given, copied into the message's pool on
 * success only, and never looked at again until it is rendered.
 *
 * Not here: the body (message_body.c), header fields of the caller
 * (message_field.c), attachments (attachment.c), views (view.c), turning it
 * into bytes (message_render.c).
 */
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "mime/message_priv.h"
#include "model/address_int.h"

/* Of SMTPC_LIMIT_RECIPIENTS, in all lists together. */
static const char too_many[]
    = "the message would have more than 10000 addresses";

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
    m->resent = apr_array_make(pool, 0, sizeof(smtpc_resent_t *));
    m->subject = "";
    m->views = apr_array_make(pool, 2, sizeof(smtpc_view_t *));
    m->body = smtpc__entity_create(m, SMTPC_ENTITY_BODY, SMTPC_ORIGIN_TEXT);
    m->body->text = "";
    smtpc__entity_set_own_type(m->body, "text/plain");
    m->priority = -1;
    *message = m;
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *)
smtpc_message_error(const smtpc_message_t *message)
{
    return message->error;
}

#undef smtpc__message_fail /* a macro for the analyser */

apr_status_t smtpc__message_fail(smtpc_message_t *message,
                                 apr_status_t status, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__verror(message->error, sizeof(message->error), format, args);
    va_end(args);
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

apr_status_t smtpc__message_open(smtpc_message_t *message, const char *what)
{
    if (message->eml == NULL) {
        return APR_SUCCESS;
    }
    return smtpc__message_fail(message, SMTPC_EARG,
                               "%s: the message was loaded and is sent as it "
                               "is; nothing in it can be changed", what);
}

/* What fails leaves nothing in the message's pool. */
apr_status_t smtpc__message_address(const smtpc_address_t **address,
                                    smtpc_message_t *message,
                                    const char *what, const char *text)
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

/* Set an address of message that a loaded one has already. */
static apr_status_t set_address(const smtpc_address_t **address,
                                smtpc_message_t *message, const char *what,
                                const char *text)
{
    apr_status_t rv = smtpc__message_open(message, what);

    return rv == APR_SUCCESS
               ? smtpc__message_address(address, message, what, text) : rv;
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
    if (smtpc__message_open(message, "From") != APR_SUCCESS) {
        return SMTPC_EARG;
    }
    message->from = smtpc__address_copy(address, message->pool);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_sender(smtpc_message_t *message,
                                                     const char *text)
{
    if (text == NULL) {
        return smtpc_message_set_sender_address(message, NULL);
    }
    return set_address(&message->sender, message, "Sender", text);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_sender_address(smtpc_message_t *message,
                                 const smtpc_address_t *address)
{
    apr_status_t rv = smtpc__message_open(message, "Sender");

    if (rv == APR_SUCCESS) {
        message->sender = address != NULL
                              ? smtpc__address_copy(address, message->pool)
                              : NULL;
    }
    return rv;
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

apr_status_t smtpc__message_addresses(smtpc_message_t *message,
                                      apr_array_header_t *list,
                                      const char *what, const char *text)
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
        why = too_many;
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

static apr_status_t add_addresses(smtpc_message_t *message,
                                  apr_array_header_t *list, const char *what,
                                  const char *text)
{
    apr_status_t rv = smtpc__message_open(message, what);

    return rv == APR_SUCCESS
               ? smtpc__message_addresses(message, list, what, text) : rv;
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

static apr_status_t add_address(smtpc_message_t *message,
                                apr_array_header_t *list, const char *what,
                                const smtpc_address_t *address)
{
    apr_status_t rv = smtpc__message_open(message, what);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (address == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s: no address is given", what);
    }
    if (address_count(message) >= SMTPC_LIMIT_RECIPIENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT, "%s: %s", what,
                                   too_many);
    }
    APR_ARRAY_PUSH(list, const smtpc_address_t *)
        = smtpc__address_copy(address, message->pool);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_to_address(smtpc_message_t *message,
                             const smtpc_address_t *address)
{
    return add_address(message, message->to, "To", address);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_cc_address(smtpc_message_t *message,
                             const smtpc_address_t *address)
{
    return add_address(message, message->cc, "Cc", address);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_bcc_address(smtpc_message_t *message,
                              const smtpc_address_t *address)
{
    return add_address(message, message->bcc, "Bcc", address);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reply_to_address(smtpc_message_t *message,
                                   const smtpc_address_t *address)
{
    return add_address(message, message->reply_to, "Reply-To", address);
}

static apr_status_t remove_address(smtpc_message_t *message,
                                   apr_array_header_t *list,
                                   const char *what, apr_size_t i)
{
    const smtpc_address_t **at;
    apr_status_t rv = smtpc__message_open(message, what);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (i >= (apr_size_t)list->nelts) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s: there is no mailbox %" APR_SIZE_T_FMT
                                   ", the list has %d, counted from 0", what,
                                   i, list->nelts);
    }
    at = &APR_ARRAY_IDX(list, i, const smtpc_address_t *);
    list->nelts--;
    memmove(at, at + 1, ((apr_size_t)list->nelts - i) * sizeof(*at));
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_to(smtpc_message_t *message, apr_size_t i)
{
    return remove_address(message, message->to, "To", i);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_cc(smtpc_message_t *message, apr_size_t i)
{
    return remove_address(message, message->cc, "Cc", i);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_bcc(smtpc_message_t *message, apr_size_t i)
{
    return remove_address(message, message->bcc, "Bcc", i);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_reply_to(smtpc_message_t *message, apr_size_t i)
{
    return remove_address(message, message->reply_to, "Reply-To", i);
}

static apr_status_t clear_addresses(smtpc_message_t *message,
                                    apr_array_header_t *list,
                                    const char *what)
{
    apr_status_t rv = smtpc__message_open(message, what);

    if (rv == APR_SUCCESS) {
        apr_array_clear(list);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_clear_to(smtpc_message_t *message)
{
    return clear_addresses(message, message->to, "To");
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_clear_cc(smtpc_message_t *message)
{
    return clear_addresses(message, message->cc, "Cc");
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_clear_bcc(smtpc_message_t *message)
{
    return clear_addresses(message, message->bcc, "Bcc");
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_clear_reply_to(smtpc_message_t *message)
{
    return clear_addresses(message, message->reply_to, "Reply-To");
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
    rv = smtpc__message_open(message, "Subject");
    if (rv == APR_SUCCESS) {
        rv = smtpc__message_check(message, "Subject", subject,
                                  SMTPC_LIMIT_HEADER_VALUE);
    }
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

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_priority(smtpc_message_t *message,
                           smtpc_priority_e priority)
{
    if (priority != SMTPC_PRIORITY_NORMAL && priority != SMTPC_PRIORITY_LOW
        && priority != SMTPC_PRIORITY_HIGH) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "priority: it is not NORMAL, LOW or HIGH");
    }
    if (smtpc__message_open(message, "priority") != APR_SUCCESS) {
        return SMTPC_EARG;
    }
    message->priority = (int)priority;
    return APR_SUCCESS;
}

SMTPC_DECLARE(smtpc_priority_e)
smtpc_message_priority(const smtpc_message_t *message)
{
    return message->priority >= 0 ? (smtpc_priority_e)message->priority
                                  : SMTPC_PRIORITY_NORMAL;
}
