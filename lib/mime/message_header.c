/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_header.c: which header fields a message has, and their order.
 *
 * Resent blocks stand on top, RFC 5322 3.6.6. Then the order is .NET's: the
 * caller's, the client's defaults and overrides, MIME-Version, Sender, From,
 * To, Cc, Reply-To, priority, Date, Message-ID, Subject. A default is for
 * messages that have no field of its name; an override replaces all of its
 * name. There is no code that could write Bcc or Resent-Bcc.
 *
 * Not here: the syntax of fields (header.c), those of the content (part.c).
 * RFC 5322 3.6.
 */
#include "mime/message_header.h"

#include <string.h>

#include <apr_strings.h>

#include "mime/ident.h"
#include "mime/message_priv.h"

/* What the fields written so far have said already. */
typedef struct said_t {
    const char *id; /* Message-ID, or NULL */
    int dated;
    int priority;   /* an override said it */
} said_t;

apr_status_t smtpc__message_write_address(smtpc_header_t *header,
                                          const char *name,
                                          const smtpc_address_t *address,
                                          apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(address));

    APR_ARRAY_PUSH(list, const smtpc_address_t *) = address;
    return smtpc__header_addresses(header, name, list);
}

static apr_status_t write_field(smtpc_header_t *header,
                                const smtpc_field_t *field, said_t *said)
{
    switch (field->kind) {
    case SMTPC_FIELD_TEXT:
    case SMTPC_FIELD_PRIORITY:
        return smtpc__header_text(header, field->name, field->value);
    case SMTPC_FIELD_ADDRESSES:
        return smtpc__header_addresses(header, field->name, field->list);
    case SMTPC_FIELD_PHRASE:
        return smtpc__header_phrase(header, field->name, field->phrase,
                                    field->spec);
    case SMTPC_FIELD_MESSAGE_ID:
        said->id = field->value;
        break;
    case SMTPC_FIELD_DATE:
        said->dated = 1;
        break;
    case SMTPC_FIELD_STRUCTURED:
        break;
    }
    return smtpc__header_structured(header, field->name, field->value);
}

/* Return non-zero if a field called name is in the ones of message. */
static int has(const smtpc_message_t *message, const char *name)
{
    return message != NULL && smtpc__message_field(message, name) != NULL;
}

/* Write the fields of message whose names neither first nor second has. */
static apr_status_t write_fields(smtpc_header_t *header, said_t *said,
                                 const smtpc_message_t *message,
                                 const smtpc_message_t *first,
                                 const smtpc_message_t *second, int priority)
{
    for (int i = 0; message != NULL && i < message->fields->nelts; i++) {
        const smtpc_field_t *field
            = &APR_ARRAY_IDX(message->fields, i, smtpc_field_t);
        apr_status_t rv;

        if (has(first, field->name) || has(second, field->name)
            || (field->kind == SMTPC_FIELD_PRIORITY && priority >= 0)) {
            continue;
        }
        rv = write_field(header, field, said);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

/* An override of one field of the priority speaks for all three. */
static int overrides_priority(const smtpc_message_t *forced)
{
    return has(forced, "X-Priority") || has(forced, "Priority")
           || has(forced, "Importance");
}

/* Write the caller's fields, and the client's. */
static apr_status_t write_added(smtpc_header_t *header, said_t *said,
                                const smtpc_message_t *message,
                                const smtpc_render_t *how)
{
    int forced = overrides_priority(how->forced);
    int priority = forced ? 0 : message->priority;
    apr_status_t rv = write_fields(header, said, message, how->forced, NULL,
                                   priority);

    if (rv == APR_SUCCESS) {
        rv = write_fields(header, said, how->defaults, how->forced, message,
                          priority);
    }
    if (rv == APR_SUCCESS) {
        rv = write_fields(header, said, how->forced, NULL, NULL, -1);
    }
    said->priority = forced;
    return rv;
}

/* One block: RFC 5322 3.6.6, in the order of its grammar. */
static apr_status_t write_block(smtpc_header_t *header,
                                const smtpc_resent_t *resent,
                                smtpc_env_t *env, apr_pool_t *pool)
{
    char date[SMTPC_IDENT_DATE_SIZE];
    const char *id = NULL;
    apr_status_t rv = smtpc__ident_message_id(&id, env, resent->from, pool);

    smtpc__ident_date(date, resent->date != 0 ? resent->date
                                              : smtpc__env_now(env));
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_structured(header, "Resent-Date", date);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__message_write_address(header, "Resent-From",
                                          resent->from, pool);
    }
    if (rv == APR_SUCCESS && resent->sender != NULL) {
        rv = smtpc__message_write_address(header, "Resent-Sender",
                                          resent->sender, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_addresses(header, "Resent-To", resent->to);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_addresses(header, "Resent-Cc", resent->cc);
    }
    return rv == APR_SUCCESS
               ? smtpc__header_structured(header, "Resent-Message-ID", id)
               : rv;
}

apr_status_t smtpc__message_write_resent(smtpc_header_t *header,
                                         const smtpc_message_t *message,
                                         smtpc_env_t *env, apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = message->resent->nelts; i > 0 && rv == APR_SUCCESS; i--) {
        rv = write_block(header, APR_ARRAY_IDX(message->resent, i - 1,
                                               const smtpc_resent_t *),
                         env, pool);
    }
    return rv;
}

/* RFC 5322 3.6.2: no Sender if it says the same as From. */
static int sender_is_shown(const smtpc_message_t *message,
                           const smtpc_address_t *from)
{
    return message->sender != NULL
           && strcmp(smtpc_address_address(message->sender),
                     smtpc_address_address(from)) != 0;
}

static apr_status_t write_people(smtpc_header_t *header,
                                 const smtpc_message_t *message,
                                 const smtpc_address_t *from,
                                 apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    if (sender_is_shown(message, from)) {
        rv = smtpc__message_write_address(header, "Sender", message->sender,
                                          pool);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__message_write_address(header, "From", from, pool);
    }
    if (rv == APR_SUCCESS && message->to->nelts + message->cc->nelts == 0) {
        /* Servers add a To of their own to a message without any. */
        rv = smtpc__header_structured(header, "To",
                                      "undisclosed-recipients:;");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_addresses(header, "To", message->to);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_addresses(header, "Cc", message->cc);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_addresses(header, "Reply-To", message->reply_to);
    }
    return rv;
}

static apr_status_t write_priority(smtpc_header_t *header, int priority)
{
    int high = priority == SMTPC_PRIORITY_HIGH;
    apr_status_t rv;

    if (priority != SMTPC_PRIORITY_HIGH && priority != SMTPC_PRIORITY_LOW) {
        return APR_SUCCESS;
    }
    rv = smtpc__header_structured(header, "X-Priority", high ? "1" : "5");
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_structured(header, "Priority",
                                      high ? "urgent" : "non-urgent");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_structured(header, "Importance",
                                      high ? "high" : "low");
    }
    return rv;
}

/* Write Date and Message-ID unless the caller gave them; set *id. */
static apr_status_t write_identity(smtpc_header_t *header, int dated,
                                   const char **id, smtpc_env_t *env,
                                   const smtpc_address_t *from,
                                   apr_pool_t *pool)
{
    char date[SMTPC_IDENT_DATE_SIZE];
    apr_status_t rv = APR_SUCCESS;

    if (!dated) {
        smtpc__ident_date(date, smtpc__env_now(env));
        rv = smtpc__header_structured(header, "Date", date);
    }
    if (rv == APR_SUCCESS && *id == NULL) {
        rv = smtpc__ident_message_id(id, env, from, pool);
        if (rv == APR_SUCCESS) {
            rv = smtpc__header_structured(header, "Message-ID", *id);
        }
    }
    return rv;
}

apr_status_t smtpc__message_write_header(smtpc_header_t *header,
                                         const char **id,
                                         const smtpc_message_t *message,
                                         const smtpc_render_t *how,
                                         smtpc_env_t *env, apr_pool_t *pool)
{
    const smtpc_address_t *from
        = message->from != NULL ? message->from : how->from;
    said_t said = { 0 };
    apr_status_t rv = smtpc__message_write_resent(header, message, env, pool);

    if (rv == APR_SUCCESS) {
        rv = write_added(header, &said, message, how);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__header_structured(header, "MIME-Version", "1.0");
    }
    if (rv == APR_SUCCESS) {
        rv = write_people(header, message, from, pool);
    }
    if (rv == APR_SUCCESS && !said.priority) {
        rv = write_priority(header, message->priority);
    }
    if (rv == APR_SUCCESS) {
        rv = write_identity(header, said.dated, &said.id, env, from, pool);
    }
    if (rv == APR_SUCCESS && *message->subject != '\0') {
        rv = smtpc__header_text(header, "Subject", message->subject);
    }
    *id = said.id;
    return rv;
}
