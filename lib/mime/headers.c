/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headers.c: functions for single header fields, and for an envelope that
 * differs from them.
 *
 * Each makes a field of the store in message_field.c, so that it can be read
 * back, replaced and taken away like any other.
 *
 * Not here: lists (list_headers.c), sending on (resent.c), what else the
 * envelope says (message_extension.c).
 * RFC 5322 3.6, RFC 3834 5, RFC 8098 2.1.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ident.h"
#include "mime/message_priv.h"

/* Put a field of kind with value, which lives as long as message. */
static apr_status_t put(smtpc_message_t *message, const char *name,
                        const char *value, smtpc_field_e kind)
{
    smtpc_field_t field = { .name = name, .value = value, .kind = kind };

    return smtpc__message_put_field(message, &field);
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_date(smtpc_message_t *message,
                                                   apr_time_t date)
{
    char text[SMTPC_IDENT_DATE_SIZE];

    if (date == 0) {
        return smtpc_message_remove_header(message, "Date");
    }
    smtpc__ident_date(text, date);
    return smtpc_message_set_header(message, "Date", text);
}

/* Set *bracketed to the identifier id with its angle brackets. */
static apr_status_t make_id(const char **bracketed, smtpc_message_t *message,
                            const char *name, const char *id)
{
    const char *made = id;
    apr_status_t rv = smtpc__message_open(message, name);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    /* Nothing so long is copied. */
    if (id[0] != '<' && strlen(id) <= SMTPC_LIMIT_CONTENT_LINE) {
        made = apr_pstrcat(message->pool, "<", id, ">", NULL);
    }
    if (!smtpc__ident_is_message_id(made)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s: the identifier is not of the form "
                                   "left@right, or too long", name);
    }
    *bracketed = made;
    return APR_SUCCESS;
}

static apr_status_t set_id(smtpc_message_t *message, const char *name,
                           const char *id)
{
    apr_status_t rv;

    if (id == NULL) {
        return smtpc_message_remove_header(message, name);
    }
    rv = make_id(&id, message, name, id);
    return rv == APR_SUCCESS ? smtpc_message_set_header(message, name, id)
                             : rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_message_id(smtpc_message_t *message, const char *id)
{
    return set_id(message, "Message-ID", id);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_in_reply_to(smtpc_message_t *message, const char *id)
{
    return set_id(message, "In-Reply-To", id);
}

static int count_words(const char *text)
{
    int count = 0;

    for (text += strspn(text, " "); *text != '\0';
         text += strspn(text, " ")) {
        text += strcspn(text, " ");
        count++;
    }
    return count;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reference(smtpc_message_t *message, const char *id)
{
    const char *before = smtpc_message_header(message, "References");
    apr_status_t rv;

    if (id == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "References: no identifier is given");
    }
    rv = make_id(&id, message, "References", id);
    if (rv != APR_SUCCESS || before == NULL) {
        return rv == APR_SUCCESS
                   ? smtpc_message_set_header(message, "References", id)
                   : rv;
    }
    if (count_words(before) >= SMTPC_LIMIT_REFERENCES) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "References: there are %d already",
                                   SMTPC_LIMIT_REFERENCES);
    }
    return put(message, "References",
               apr_pstrcat(message->pool, before, " ", id, NULL),
               SMTPC_FIELD_STRUCTURED);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_auto_submitted(smtpc_message_t *message,
                                 smtpc_auto_submitted_e value)
{
    static const char *const names[] = {
        NULL, "auto-generated", "auto-replied", "auto-notified"
    };

    if ((unsigned int)value >= sizeof(names) / sizeof(*names)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "Auto-Submitted: %d is not a value of "
                                   "smtpc_auto_submitted_e", (int)value);
    }
    return smtpc_message_set_header(message, "Auto-Submitted", names[value]);
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_bulk(smtpc_message_t *message,
                                                   int bulk)
{
    static const char suppress[] = "X-Auto-Response-Suppress";
    int missing = (smtpc__message_field(message, "Precedence") == NULL)
                  + (smtpc__message_field(message, suppress) == NULL);
    apr_status_t rv;

    /* Both or none. */
    if (bulk && message->eml == NULL
        && message->fields->nelts + missing > SMTPC_LIMIT_HEADERS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT, "bulk: there are "
                                   "too many added header fields");
    }
    rv = smtpc_message_set_header(message, "Precedence",
                                  bulk ? "bulk" : NULL);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return smtpc_message_set_header(message, suppress, bulk ? "All" : NULL);
}

/* The mailboxes of list as text to be read back. */
static const char *list_text(const apr_array_header_t *list,
                             apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, 2 * list->nelts,
                                               sizeof(const char *));

    for (int i = 0; i < list->nelts; i++) {
        if (i > 0) {
            APR_ARRAY_PUSH(parts, const char *) = ", ";
        }
        APR_ARRAY_PUSH(parts, const char *) = smtpc_address_format(
            APR_ARRAY_IDX(list, i, const smtpc_address_t *), pool);
    }
    return apr_array_pstrcat(pool, parts, 0);
}

static apr_status_t set_addresses(smtpc_message_t *message, const char *name,
                                  const char *text)
{
    smtpc_field_t field = { .name = name, .kind = SMTPC_FIELD_ADDRESSES };
    apr_array_header_t *list;
    apr_status_t rv;

    if (text == NULL) {
        return smtpc_message_remove_header(message, name);
    }
    rv = smtpc__message_open(message, name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    list = apr_array_make(message->pool, 1, sizeof(const smtpc_address_t *));
    rv = smtpc__message_addresses(message, list, name, text);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    field.list = list;
    field.value = list_text(list, message->pool);
    return smtpc__message_put_field(message, &field);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_disposition_notification_to(smtpc_message_t *message,
                                              const char *text)
{
    return set_addresses(message, "Disposition-Notification-To", text);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_return_receipt_to(smtpc_message_t *message,
                                    const char *text)
{
    return set_addresses(message, "Return-Receipt-To", text);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_envelope(smtpc_message_t *message, const char *from,
                           const char *recipients)
{
    const smtpc_address_t *sender = NULL;
    apr_array_header_t *to = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (from != NULL && *from != '\0') {
        rv = smtpc__message_address(&sender, message, "envelope sender",
                                    from);
    }
    if (rv == APR_SUCCESS && recipients != NULL) {
        to = apr_array_make(message->pool, 4,
                            sizeof(const smtpc_address_t *));
        rv = smtpc__message_addresses(message, to, "envelope recipients",
                                      recipients);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    message->envelope_from_set = from != NULL;
    message->envelope_sender = sender;
    message->envelope_to = to;
    return APR_SUCCESS;
}
