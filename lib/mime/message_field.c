/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_field.c: header fields that the caller adds, replaces, takes away
 * and reads back. RFC 5322 3.6.
 *
 * A table says which names are the library's own or have a function, which
 * may occur once, and which are not text but have a syntax to keep. Names
 * that are not in it are text and may occur any number of times. Names that
 * are in it are written as there, whatever the case they were given in. The
 * order is that in which they were added; what replaces a field takes its
 * place.
 *
 * Not here: functions for single fields (headers.c, list_headers.c).
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "mime/header.h"
#include "mime/ident.h"
#include "mime/message_priv.h"

/** What is special about a field name. */
typedef struct rule_t {
    const char *name;
    const char *refusal; /* why it cannot be added, or NULL */
    smtpc_field_e kind;
    int once;
} rule_t;

#define USE(function) "use " function " for it"
#define OURS "the library writes it"

static const rule_t rules[] = {
    { "Auto-Submitted", NULL, SMTPC_FIELD_TEXT, 1 },
    { "Bcc", USE("smtpc_message_add_bcc()"), SMTPC_FIELD_TEXT, 0 },
    { "Cc", USE("smtpc_message_add_cc()"), SMTPC_FIELD_TEXT, 0 },
    { "Date", NULL, SMTPC_FIELD_DATE, 1 },
    { "Disposition-Notification-To",
      USE("smtpc_message_set_disposition_notification_to()"),
      SMTPC_FIELD_TEXT, 0 },
    { "From", USE("smtpc_message_set_from()"), SMTPC_FIELD_TEXT, 0 },
    { "Importance", NULL, SMTPC_FIELD_PRIORITY, 1 },
    { "In-Reply-To", NULL, SMTPC_FIELD_STRUCTURED, 1 },
    { "List-Archive", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Help", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Id", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Owner", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Post", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Subscribe", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Unsubscribe", NULL, SMTPC_FIELD_TEXT, 1 },
    { "List-Unsubscribe-Post", NULL, SMTPC_FIELD_TEXT, 1 },
    { "MIME-Version", OURS, SMTPC_FIELD_TEXT, 0 },
    { "Message-ID", NULL, SMTPC_FIELD_MESSAGE_ID, 1 },
    { "Precedence", NULL, SMTPC_FIELD_TEXT, 1 },
    { "Priority", NULL, SMTPC_FIELD_PRIORITY, 1 },
    { "References", NULL, SMTPC_FIELD_STRUCTURED, 1 },
    { "Reply-To", USE("smtpc_message_add_reply_to()"), SMTPC_FIELD_TEXT, 0 },
    { "Resent-Bcc", "nobody may see it", SMTPC_FIELD_TEXT, 0 },
    { "Resent-Date", NULL, SMTPC_FIELD_STRUCTURED, 0 },
    { "Resent-Message-ID", NULL, SMTPC_FIELD_STRUCTURED, 0 },
    { "Return-Receipt-To",
      USE("smtpc_message_set_return_receipt_to()"), SMTPC_FIELD_TEXT, 0 },
    { "Sender", USE("smtpc_message_set_sender()"), SMTPC_FIELD_TEXT, 0 },
    { "Subject", USE("smtpc_message_set_subject()"), SMTPC_FIELD_TEXT, 0 },
    { "To", USE("smtpc_message_add_to()"), SMTPC_FIELD_TEXT, 0 },
    { "X-Priority", NULL, SMTPC_FIELD_PRIORITY, 1 },
    { "X-Receiver", "it is made from the recipients", SMTPC_FIELD_TEXT, 0 },
    { "X-Sender", NULL, SMTPC_FIELD_TEXT, 1 }
};

static const rule_t *find_rule(const char *name)
{
    static const rule_t content = { "Content-", OURS, SMTPC_FIELD_TEXT, 0 };
    static const rule_t other = { "", NULL, SMTPC_FIELD_TEXT, 0 };

    if (apr_cstr_casecmpn(name, content.name, strlen(content.name)) == 0) {
        return &content;
    }
    for (apr_size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++) {
        if (apr_cstr_casecmp(name, rules[i].name) == 0) {
            return &rules[i];
        }
    }
    return &other;
}

static smtpc_field_t *field_at(const smtpc_message_t *message, int i)
{
    return &APR_ARRAY_IDX(message->fields, i, smtpc_field_t);
}

/* Return the index of the first field from that is called name, or the
 * number of all fields. */
static int find_field(const smtpc_message_t *message, const char *name,
                      int from)
{
    while (from < message->fields->nelts
           && apr_cstr_casecmp(field_at(message, from)->name, name) != 0) {
        from++;
    }
    return from;
}

const smtpc_field_t *smtpc__message_field(const smtpc_message_t *message,
                                          const char *name)
{
    int i = find_field(message, name, 0);

    return i < message->fields->nelts ? field_at(message, i) : NULL;
}

static apr_status_t fail_full(smtpc_message_t *message, const char *name)
{
    return smtpc__message_fail(message, SMTPC_ELIMIT,
                               "header %s: the message has %d added fields "
                               "already", name, SMTPC_LIMIT_HEADERS);
}

/* Take away all fields called name from index from on. */
static void remove_fields(smtpc_message_t *message, const char *name,
                          int from)
{
    int kept = find_field(message, name, from);

    for (int i = kept; i < message->fields->nelts; i++) {
        if (apr_cstr_casecmp(field_at(message, i)->name, name) != 0) {
            *field_at(message, kept++) = *field_at(message, i);
        }
    }
    message->fields->nelts = kept;
}

apr_status_t smtpc__message_put_field(smtpc_message_t *message,
                                      const smtpc_field_t *field)
{
    int i = find_field(message, field->name, 0);

    if (i < message->fields->nelts) {
        *field_at(message, i) = *field;
        remove_fields(message, field->name, i + 1);
        return APR_SUCCESS;
    }
    if (i >= SMTPC_LIMIT_HEADERS) {
        return fail_full(message, field->name);
    }
    APR_ARRAY_PUSH(message->fields, smtpc_field_t) = *field;
    return APR_SUCCESS;
}

/* A word as long as this can stand behind any field name in one line. */
static int has_long_word(const char *value)
{
    while (*value != '\0') {
        apr_size_t len = strcspn(value, " ");

        if (len > SMTPC_LIMIT_CONTENT_LINE / 2) {
            return 1;
        }
        value += len + strspn(value + len, " ");
    }
    return 0;
}

static const char *value_problem(smtpc_field_e kind, const char *value)
{
    switch (kind) {
    case SMTPC_FIELD_MESSAGE_ID:
        return smtpc__ident_is_message_id(value)
                   ? NULL : "it is not of the form <left@right>";
    case SMTPC_FIELD_DATE:
        return smtpc__ident_is_date(value)
                   ? NULL : "it is not a date such as "
                            "\"Mon, 05 Jan 2026 09:03:07 +0100\"";
    case SMTPC_FIELD_STRUCTURED:
        if (!smtpc__is_ascii(value, strlen(value))) {
            return "only ASCII is allowed there";
        }
        return has_long_word(value) ? "a word in it is too long" : NULL;
    case SMTPC_FIELD_TEXT:
    case SMTPC_FIELD_PRIORITY:
    case SMTPC_FIELD_ADDRESSES:
    case SMTPC_FIELD_PHRASE:
        break;
    }
    return NULL;
}

static apr_status_t check_name(smtpc_message_t *message, const char *name,
                               const rule_t *rule)
{
    const char *why = smtpc__header_name_check(name);

    if (why != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG, "header \"%.80s\": %s",
                                   name, why);
    }
    if (rule->refusal != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "header %s cannot be added: %s", name,
                                   rule->refusal);
    }
    return APR_SUCCESS;
}

static apr_status_t check_value(smtpc_message_t *message, const char *name,
                                const rule_t *rule, const char *value)
{
    char what[128];
    const char *why;
    apr_status_t rv;

    if (*value == '\0') {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "header %s: the value is empty", name);
    }
    apr_snprintf(what, sizeof(what), "header %s: the value", name);
    rv = smtpc__message_check(message, what, value, SMTPC_LIMIT_HEADER_VALUE);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    why = value_problem(rule->kind, value);
    if (why != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG, "header %s: %s", name,
                                   why);
    }
    return APR_SUCCESS;
}

/* Check name and value and make *field of them; set *rule. */
static apr_status_t make_field(smtpc_field_t *field, const rule_t **rule,
                               smtpc_message_t *message, const char *name,
                               const char *value)
{
    apr_status_t rv = smtpc__message_open(message, "header");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (name == NULL || value == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "header: no name or no value is given");
    }
    *rule = find_rule(name);
    rv = check_name(message, name, *rule);
    if (rv == APR_SUCCESS) {
        rv = check_value(message, name, *rule, value);
    }
    if (rv == APR_SUCCESS) {
        memset(field, 0, sizeof(*field));
        field->name = (*rule)->name[0] != '\0'
                          ? (*rule)->name : apr_pstrdup(message->pool, name);
        field->value = apr_pstrdup(message->pool, value);
        field->kind = (*rule)->kind;
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_add_header(smtpc_message_t *message,
                                                     const char *name,
                                                     const char *value)
{
    const rule_t *rule = NULL;
    smtpc_field_t field;
    apr_status_t rv = make_field(&field, &rule, message, name, value);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (rule->once && smtpc__message_field(message, name) != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "header %s may occur only once and was "
                                   "added before", name);
    }
    if (message->fields->nelts >= SMTPC_LIMIT_HEADERS) {
        return fail_full(message, name);
    }
    APR_ARRAY_PUSH(message->fields, smtpc_field_t) = field;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_header(smtpc_message_t *message,
                                                     const char *name,
                                                     const char *value)
{
    const rule_t *rule;
    smtpc_field_t field;
    apr_status_t rv;

    if (value == NULL) {
        return smtpc_message_remove_header(message, name);
    }
    rv = make_field(&field, &rule, message, name, value);
    return rv == APR_SUCCESS ? smtpc__message_put_field(message, &field) : rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_header(smtpc_message_t *message, const char *name)
{
    apr_status_t rv = smtpc__message_open(message, "header");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (name == NULL || smtpc__header_name_check(name) != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "header: what is to be removed is no "
                                   "field name");
    }
    remove_fields(message, name, 0);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_header_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->fields->nelts;
}

SMTPC_DECLARE(const char *)
smtpc_message_header_name(const smtpc_message_t *message, apr_size_t i)
{
    return i < (apr_size_t)message->fields->nelts
               ? field_at(message, (int)i)->name : NULL;
}

SMTPC_DECLARE(const char *)
smtpc_message_header_value(const smtpc_message_t *message, apr_size_t i)
{
    return i < (apr_size_t)message->fields->nelts
               ? field_at(message, (int)i)->value : NULL;
}

SMTPC_DECLARE(const char *)
smtpc_message_header(const smtpc_message_t *message, const char *name)
{
    const smtpc_field_t *field
        = name != NULL ? smtpc__message_field(message, name) : NULL;

    return field != NULL ? field->value : NULL;
}
