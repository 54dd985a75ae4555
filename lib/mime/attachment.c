/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attachment.c: attachments of a message, from files, memory, text, sources
 * and other messages.
 *
 * What was not given as text is sent in base64, so that its bytes arrive as
 * they are, unless the caller sets another encoding.
 *
 * Not here: what can be set on an attachment (entity.c, entity_field.c).
 */
#include "base/limits.h"
#include "mime/message_priv.h"
#include "mime/nested.h"

#include <smtpclient/attachment.h>

/* Make *made, for content from origin; it is not attached yet. */
static apr_status_t begin(smtpc_attachment_t **made, smtpc_message_t *message,
                          smtpc_origin_e origin)
{
    apr_status_t rv = smtpc__message_open(message, "attachment");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (message->attachments->nelts >= SMTPC_LIMIT_ATTACHMENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "attachment: the message has %d already",
                                   SMTPC_LIMIT_ATTACHMENTS);
    }
    *made = smtpc__entity_create(message, SMTPC_ENTITY_ATTACHMENT, origin);
    return APR_SUCCESS;
}

static void attach(smtpc_attachment_t **attachment, smtpc_attachment_t *made)
{
    APR_ARRAY_PUSH(made->message->attachments, smtpc_attachment_t *) = made;
    if (attachment != NULL) {
        *attachment = made;
    }
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_file(smtpc_attachment_t **attachment,
                          smtpc_message_t *message, const char *path)
{
    smtpc_attachment_t *made;
    const char *name;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_DATA);

    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_file(made, &name, path);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_describe(made, name, NULL);
    }
    if (rv == APR_SUCCESS) {
        attach(attachment, made);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_bytes(smtpc_attachment_t **attachment,
                           smtpc_message_t *message, const char *name,
                           const char *content_type, const void *data,
                           apr_size_t len)
{
    smtpc_attachment_t *made;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_DATA);

    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_describe(made, name, content_type);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_bytes(made, data, len);
    }
    if (rv == APR_SUCCESS) {
        attach(attachment, made);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_source(smtpc_attachment_t **attachment,
                            smtpc_message_t *message, const char *name,
                            const char *content_type, smtpc_source_t *source)
{
    smtpc_attachment_t *made;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_DATA);

    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_describe(made, name, content_type);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_source(made, source);
    }
    if (rv == APR_SUCCESS) {
        attach(attachment, made);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_text(smtpc_attachment_t **attachment,
                          smtpc_message_t *message, const char *name,
                          const char *content_type, const char *text)
{
    smtpc_attachment_t *made;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_TEXT);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__entity_set_own_type(made, "text/plain");
    made->guessed = 1;
    made->text = "";
    rv = smtpc__entity_describe(made, name, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_text(made, text);
    }
    if (rv == APR_SUCCESS) {
        attach(attachment, made);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_message(smtpc_attachment_t **attachment,
                             smtpc_message_t *message,
                             const smtpc_message_t *attached)
{
    smtpc_attachment_t *made;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_MESSAGE);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (attached == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: no message is given");
    }
    rv = smtpc__nested_check(message, attached);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv,
                                   rv == SMTPC_EARG
                                       ? "attachment: the message would be "
                                         "inside itself"
                                       : "attachment: messages are attached "
                                         "to messages too deep");
    }
    smtpc__entity_set_own_type(made, "message/rfc822");
    made->nested = attached;
    attach(attachment, made);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_eml(smtpc_attachment_t **attachment,
                         smtpc_message_t *message, const char *name,
                         smtpc_source_t *source)
{
    smtpc_attachment_t *made;
    const char *why = "";
    smtpc_scan_t scan;
    apr_status_t rv = begin(&made, message, SMTPC_ORIGIN_EML);

    if (rv == APR_SUCCESS) {
        smtpc__entity_set_own_type(made, "message/rfc822");
        rv = smtpc__entity_describe(made, name, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_source(made, source);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__nested_scan(&scan, &why, source);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "attachment: %s", why);
    }
    attach(attachment, made);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_name(smtpc_attachment_t *attachment, const char *name)
{
    return smtpc_entity_set_name(attachment, name != NULL ? name : "");
}

SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_content_type(smtpc_attachment_t *attachment,
                                  const char *content_type)
{
    return smtpc_entity_set_content_type(attachment, content_type);
}

SMTPC_DECLARE(const char *)
smtpc_attachment_name(const smtpc_attachment_t *attachment)
{
    return attachment->name;
}

SMTPC_DECLARE(const char *)
smtpc_attachment_content_type(const smtpc_attachment_t *attachment)
{
    return attachment->type_text;
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_attachment_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->attachments->nelts;
}

SMTPC_DECLARE(smtpc_attachment_t *)
smtpc_message_attachment(const smtpc_message_t *message, apr_size_t i)
{
    return i < (apr_size_t)message->attachments->nelts
               ? APR_ARRAY_IDX(message->attachments, i, smtpc_attachment_t *)
               : NULL;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_attachment(smtpc_message_t *message,
                                smtpc_attachment_t *attachment)
{
    return smtpc__entity_remove(message, message->attachments, attachment,
                                "attachment");
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_move_attachment(smtpc_message_t *message,
                              smtpc_attachment_t *attachment, apr_size_t i)
{
    return smtpc__entity_move(message, message->attachments, attachment, i,
                              "attachment");
}

SMTPC_DECLARE(void) smtpc_message_clear_attachments(smtpc_message_t *message)
{
    apr_array_clear(message->attachments);
}
