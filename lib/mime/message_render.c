/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_render.c: from a message to a source of its bytes.
 *
 * The header fields are in the order of .NET: the caller's, MIME-Version,
 * Sender, From, To, Cc, Reply-To, priority, Date, Message-ID, Subject, then
 * those of the content. Only they and the delimiters are made here; content
 * is encoded while the source is read. Bcc is never looked at, but for the
 * X-Receiver lines of a pickup file, which are an envelope.
 *
 * Not here: the syntax of fields (header.c), parts (message_content.c).
 * RFC 5322 3.6.
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/source_int.h"
#include "mime/header.h"
#include "mime/ident.h"
#include "mime/message_content.h"
#include "mime/message_int.h"
#include "mime/message_priv.h"

/* X-Receiver lines go into blocks of about this size: ten thousand of them
 * are more than a header block may have. */
#define PICKUP_BLOCK (SMTPC_LIMIT_HEADER_BLOCK / 2)

/* Write name with the one mailbox address. */
static apr_status_t write_address(smtpc_header_t *header, const char *name,
                                  const smtpc_address_t *address,
                                  apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(address));

    APR_ARRAY_PUSH(list, const smtpc_address_t *) = address;
    return smtpc__header_addresses(header, name, list);
}

/* Write the caller's fields; set *id to its Message-ID and *dated if it has
 * a date. */
static apr_status_t write_fields(smtpc_header_t *header,
                                 const smtpc_message_t *message,
                                 const char **id, int *dated)
{
    for (int i = 0; i < message->fields->nelts; i++) {
        const smtpc_field_t *field
            = &APR_ARRAY_IDX(message->fields, i, smtpc_field_t);
        apr_status_t rv;

        if (field->kind == SMTPC_FIELD_PRIORITY && message->priority >= 0) {
            continue;
        }
        if (field->kind == SMTPC_FIELD_TEXT
            || field->kind == SMTPC_FIELD_PRIORITY) {
            rv = smtpc__header_text(header, field->name, field->value);
        }
        else {
            rv = smtpc__header_structured(header, field->name, field->value);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        if (field->kind == SMTPC_FIELD_MESSAGE_ID) {
            *id = field->value;
        }
        *dated |= field->kind == SMTPC_FIELD_DATE;
    }
    return APR_SUCCESS;
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
        rv = write_address(header, "Sender", message->sender, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = write_address(header, "From", from, pool);
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

/* Write all fields but those of the content. */
static apr_status_t write_header(smtpc_header_t *header, const char **id,
                                 const smtpc_message_t *message,
                                 const smtpc_address_t *from,
                                 smtpc_env_t *env, apr_pool_t *pool)
{
    int dated = 0;
    apr_status_t rv = write_fields(header, message, id, &dated);

    if (rv == APR_SUCCESS) {
        rv = smtpc__header_structured(header, "MIME-Version", "1.0");
    }
    if (rv == APR_SUCCESS) {
        rv = write_people(header, message, from, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = write_priority(header, message->priority);
    }
    if (rv == APR_SUCCESS) {
        rv = write_identity(header, dated, id, env, from, pool);
    }
    if (rv == APR_SUCCESS && *message->subject != '\0') {
        rv = smtpc__header_text(header, "Subject", message->subject);
    }
    return rv;
}

static apr_status_t add_bytes(apr_array_header_t *sources, const char *data,
                              apr_size_t len, apr_pool_t *pool)
{
    smtpc_source_t *source;
    apr_status_t rv = smtpc_source_create_bytes(&source, data, len, pool);

    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(sources, smtpc_source_t *) = source;
    }
    return rv;
}

/* Add the fields in *header to sources and begin a new block. */
static apr_status_t next_block(smtpc_header_t **header,
                               apr_array_header_t *sources, int utf8,
                               apr_pool_t *pool)
{
    apr_size_t len;
    const char *fields = smtpc__header_fields(*header, &len);

    smtpc__header_create(header, utf8, pool);
    return len == 0 ? APR_SUCCESS : add_bytes(sources, fields, len, pool);
}

static apr_status_t add_receivers(smtpc_header_t **header,
                                  apr_array_header_t *sources,
                                  const apr_array_header_t *list, int utf8,
                                  apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        apr_size_t len;

        (void)smtpc__header_fields(*header, &len);
        if (len >= PICKUP_BLOCK) {
            rv = next_block(header, sources, utf8, pool);
        }
        if (rv == APR_SUCCESS) {
            rv = write_address(*header, "X-Receiver",
                               APR_ARRAY_IDX(list, i,
                                             const smtpc_address_t *),
                               pool);
        }
    }
    return rv;
}

static int has_field(const smtpc_message_t *message, const char *name)
{
    for (int i = 0; i < message->fields->nelts; i++) {
        if (apr_cstr_casecmp(
                APR_ARRAY_IDX(message->fields, i, smtpc_field_t).name, name)
            == 0) {
            return 1;
        }
    }
    return 0;
}

/* The envelope as lines in front of the header: X-Sender, and X-Receiver for
 * To, Cc, Bcc in .NET's order, which is not that of RCPT. */
static apr_status_t add_pickup(apr_array_header_t *sources,
                               const smtpc_message_t *message,
                               const smtpc_address_t *from, int utf8,
                               apr_pool_t *pool)
{
    smtpc_header_t *header;
    apr_status_t rv = APR_SUCCESS;

    smtpc__header_create(&header, utf8, pool);
    if (!has_field(message, "X-Sender")) {
        rv = write_address(header, "X-Sender",
                           message->sender != NULL ? message->sender : from,
                           pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_receivers(&header, sources, message->to, utf8, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_receivers(&header, sources, message->cc, utf8, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_receivers(&header, sources, message->bcc, utf8, pool);
    }
    return rv == APR_SUCCESS ? next_block(&header, sources, utf8, pool) : rv;
}

/* Add the header block and the content of root. */
static apr_status_t add_message(apr_array_header_t *sources,
                                smtpc_content_t *content,
                                const smtpc_message_t *message,
                                const smtpc_address_t *from,
                                const smtpc_part_t *root, int utf8,
                                smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_header_t *header;
    const char *block;
    apr_size_t len;
    int raw = 0;
    apr_status_t rv;

    smtpc__header_create(&header, utf8, pool);
    rv = write_header(header, &content->message_id, message, from, env, pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__part_header(root, header);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    block = smtpc__header_finish(header, &len);
    raw = !smtpc__is_ascii(block, len);
    rv = add_bytes(sources, block, len, pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__part_sources(root, utf8, sources, &raw, pool);
    }
    if (rv == APR_SUCCESS && root->children != NULL) {
        rv = add_bytes(sources, "\r\n", 2, pool);
    }
    content->eight_bit = raw || smtpc__part_eight_bit(root);
    return rv;
}

apr_status_t smtpc__message_render(smtpc_content_t **content,
                                   const smtpc_message_t *message,
                                   const smtpc_render_t *render,
                                   smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_content_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_array_header_t *sources
        = apr_array_make(pool, 8, sizeof(smtpc_source_t *));
    const smtpc_address_t *from
        = message->from != NULL ? message->from : render->from;
    smtpc_part_t *root;
    apr_status_t rv;

    if (from == NULL) {
        return SMTPC_EARG;
    }
    rv = smtpc__message_parts(&root, message, render->eight_bit, env, pool);
    if (rv == APR_SUCCESS && render->pickup) {
        rv = add_pickup(sources, message, from, render->utf8, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_message(sources, made, message, from, root, render->utf8,
                         env, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__source_create_sequence(
            &made->source, (smtpc_source_t *const *)sources->elts,
            (apr_size_t)sources->nelts, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->length = smtpc_source_length(made->source);
    *content = made;
    return APR_SUCCESS;
}
