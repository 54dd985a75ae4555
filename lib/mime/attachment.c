/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attachment.c: attachments of a message, from files, memory and sources.
 *
 * An attachment is a source and two checked texts, its name and its content
 * type. It is always sent in base64, so that its bytes arrive as they are.
 *
 * Not here: message/ types. RFC 2046 5.2.1 forbids base64 for them, so they
 * are refused.
 */
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/content_type.h"
#include "mime/message_priv.h"

static apr_status_t check_content_type(smtpc_message_t *message,
                                       const char *text)
{
    smtpc_content_type_t *type;
    const char *why = "";
    apr_pool_t *scratch;
    apr_status_t rv = apr_pool_create(&scratch, message->pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__content_type_parse(&type, &why, text, scratch);
    if (rv == APR_SUCCESS
        && (strncmp(type->value, "multipart/", 10) == 0
            || strncmp(type->value, "message/", 8) == 0)) {
        rv = SMTPC_EARG;
        why = "multipart and message types cannot be attached";
    }
    if (rv != APR_SUCCESS) {
        (void)smtpc__message_fail(message, rv,
                                  "attachment: content type \"%.100s\": %s",
                                  text, why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

static apr_status_t check_name(smtpc_message_t *message, const char *name)
{
    if (*name == '\0') {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: the file name is empty");
    }
    return smtpc__message_check(message, "attachment: the file name", name,
                                SMTPC_LIMIT_PARAMETER);
}

/* Everything that can be wrong apart from the source. */
static apr_status_t check(smtpc_message_t *message, const char *name,
                          const char *content_type)
{
    apr_status_t rv = APR_SUCCESS;

    if (message->attachments->nelts >= SMTPC_LIMIT_ATTACHMENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "attachment: the message has %d already",
                                   SMTPC_LIMIT_ATTACHMENTS);
    }
    if (name != NULL) {
        rv = check_name(message, name);
    }
    if (rv == APR_SUCCESS && content_type != NULL) {
        rv = check_content_type(message, content_type);
    }
    return rv;
}

static void add(smtpc_attachment_t **attachment, smtpc_message_t *message,
                const char *name, const char *content_type,
                smtpc_source_t *source)
{
    smtpc_attachment_t *a = apr_pcalloc(message->pool, sizeof(*a));

    a->message = message;
    a->name = name != NULL ? apr_pstrdup(message->pool, name) : "";
    a->guessed = content_type == NULL;
    a->content_type = a->guessed ? smtpc__mime_type(a->name)
                                 : apr_pstrdup(message->pool, content_type);
    a->source = source;
    APR_ARRAY_PUSH(message->attachments, smtpc_attachment_t *) = a;
    if (attachment != NULL) {
        *attachment = a;
    }
}

static apr_status_t check_file(smtpc_message_t *message, const char *path)
{
    apr_finfo_t info;
    char text[160];
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, message->pool);

    /* Some systems do not tell all of what was asked. */
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return smtpc__message_fail(
            message, rv, "attachment: cannot read %.300s: %s", path,
            smtpc_strerror(rv, text, sizeof(text)));
    }
    if (info.filetype != APR_REG) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: %.300s is not a regular file",
                                   path);
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_file(smtpc_attachment_t **attachment,
                          smtpc_message_t *message, const char *path)
{
    smtpc_source_t *source;
    const char *name;
    char text[160];
    apr_status_t rv;

    if (path == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: no path is given");
    }
    name = strrchr(path, '/');
    name = name != NULL ? name + 1 : path;
    rv = check(message, name, NULL);
    if (rv == APR_SUCCESS) {
        rv = check_file(message, path);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_source_create_file(&source, path, message->pool);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(
            message, rv, "attachment: cannot read %.300s: %s", path,
            smtpc_strerror(rv, text, sizeof(text)));
    }
    add(attachment, message, name, NULL, source);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_bytes(smtpc_attachment_t **attachment,
                           smtpc_message_t *message, const char *name,
                           const char *content_type, const void *data,
                           apr_size_t len)
{
    smtpc_source_t *source;
    apr_status_t rv = check(message, name, content_type);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (data == NULL && len > 0) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: no data is given");
    }
    rv = smtpc_source_create_bytes(&source, data != NULL ? data : "", len,
                                   message->pool);
    if (rv == APR_SUCCESS) {
        add(attachment, message, name, content_type, source);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_source(smtpc_attachment_t **attachment,
                            smtpc_message_t *message, const char *name,
                            const char *content_type, smtpc_source_t *source)
{
    apr_status_t rv = check(message, name, content_type);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (source == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "attachment: no source is given");
    }
    add(attachment, message, name, content_type, source);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_name(smtpc_attachment_t *attachment, const char *name)
{
    apr_status_t rv = check_name(attachment->message,
                                 name != NULL ? name : "");

    if (rv == APR_SUCCESS) {
        attachment->name = apr_pstrdup(attachment->message->pool, name);
        /* A file spooled under a name that says nothing gets its own now. */
        if (attachment->guessed && smtpc__mime_type_known(name)) {
            attachment->content_type = smtpc__mime_type(name);
        }
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_content_type(smtpc_attachment_t *attachment,
                                  const char *content_type)
{
    apr_status_t rv = check_content_type(
        attachment->message, content_type != NULL ? content_type : "");

    if (rv == APR_SUCCESS) {
        attachment->content_type = apr_pstrdup(attachment->message->pool,
                                               content_type);
        attachment->guessed = 0;
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_attachment_name(const smtpc_attachment_t *attachment)
{
    return attachment->name;
}

SMTPC_DECLARE(const char *)
smtpc_attachment_content_type(const smtpc_attachment_t *attachment)
{
    return attachment->content_type;
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_attachment_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->attachments->nelts;
}
