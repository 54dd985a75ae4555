/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_body.c: the body of a message, an entity that is always there and
 * may be empty. Charset and transfer encoding that were set stay when the text
 * is replaced.
 */
#include <string.h>

#include <apr_strings.h>

#include "mime/message_priv.h"

static apr_status_t check_type(smtpc_message_t *message,
                               smtpc_body_type_e type)
{
    if (type != SMTPC_BODY_TEXT && type != SMTPC_BODY_HTML) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "body: the type is neither "
                                   "SMTPC_BODY_TEXT nor SMTPC_BODY_HTML");
    }
    return smtpc__message_open(message, "body");
}

/* Let the body be of type, with the parameters it has. */
static void put_type(smtpc_entity_t *body, smtpc_body_type_e type)
{
    const char *value = type == SMTPC_BODY_HTML ? "text/html" : "text/plain";
    smtpc_content_type_t *made;

    if (strcmp(body->type->value, value) == 0) {
        return;
    }
    made = apr_pmemdup(body->message->pool, body->type, sizeof(*made));
    made->value = value;
    body->type_text = apr_pstrcat(body->message->pool, value,
                                  body->type_text
                                      + strlen(body->type->value), NULL);
    body->type = made;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_body(smtpc_message_t *message,
                                                   const char *text,
                                                   smtpc_body_type_e type)
{
    apr_status_t rv = check_type(message, type);

    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_text(message->body, text);
    }
    if (rv == APR_SUCCESS) {
        put_type(message->body, type);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_source(smtpc_message_t *message,
                              smtpc_source_t *source, smtpc_body_type_e type)
{
    apr_status_t rv = check_type(message, type);

    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_source(message->body, source);
    }
    if (rv == APR_SUCCESS) {
        message->body->text = NULL;
        put_type(message->body, type);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_message_body(const smtpc_message_t *message)
{
    return message->body->text != NULL ? message->body->text : "";
}

SMTPC_DECLARE(smtpc_body_type_e)
smtpc_message_body_type(const smtpc_message_t *message)
{
    return strcmp(message->body->type->value, "text/html") == 0
               ? SMTPC_BODY_HTML : SMTPC_BODY_TEXT;
}

SMTPC_DECLARE(smtpc_entity_t *)
smtpc_message_body_entity(smtpc_message_t *message)
{
    return message->body;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_charset(smtpc_message_t *message, const char *charset)
{
    return smtpc_entity_set_charset(message->body, charset);
}

SMTPC_DECLARE(const char *)
smtpc_message_body_charset(const smtpc_message_t *message)
{
    return smtpc_entity_charset(message->body);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_encoding(smtpc_message_t *message,
                                smtpc_encoding_e encoding)
{
    return smtpc_entity_set_encoding(message->body, encoding);
}

SMTPC_DECLARE(smtpc_encoding_e)
smtpc_message_body_encoding(const smtpc_message_t *message)
{
    return smtpc_entity_encoding(message->body);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_flowed(smtpc_message_t *message, int flowed)
{
    return smtpc_entity_set_flowed(message->body, flowed);
}
