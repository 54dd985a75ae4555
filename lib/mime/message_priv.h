/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_PRIV_H
#define SMTPC_MIME_MESSAGE_PRIV_H

/**
 * @file message_priv.h
 * What a message is made of, for the files of this folder that fill it and
 * render it.
 */

#include <apr_tables.h>
#include <smtpclient/message.h>

/** Bytes of the last error's sentence. */
#define SMTPC_MESSAGE_ERROR_SIZE 512

/** How the value of a field that the caller added is written. */
typedef enum {
    SMTPC_FIELD_TEXT,       /**< encoded and folded */
    SMTPC_FIELD_STRUCTURED, /**< ASCII, folded at its blanks */
    SMTPC_FIELD_MESSAGE_ID, /**< structured, the message's identifier */
    SMTPC_FIELD_DATE,       /**< structured, the message's date */
    SMTPC_FIELD_PRIORITY    /**< text; gives way to the priority if set */
} smtpc_field_e;

/** A field that the caller added. */
typedef struct smtpc_field_t {
    const char *name;
    const char *value;
    smtpc_field_e kind;
} smtpc_field_t;

struct smtpc_attachment_t {
    smtpc_message_t *message;
    const char *name;         /**< "" for none */
    const char *content_type; /**< as given, or guessed */
    int guessed;              /**< the type follows the name */
    smtpc_source_t *source;
};

struct smtpc_message_t {
    apr_pool_t *pool;
    const smtpc_address_t *from;
    const smtpc_address_t *sender;
    apr_array_header_t *to;       /**< const smtpc_address_t * */
    apr_array_header_t *cc;
    apr_array_header_t *bcc;
    apr_array_header_t *reply_to;
    const char *subject;          /**< "" for none */
    const char *body;             /**< "" for none */
    smtpc_source_t *body_source;  /**< instead of body, or NULL */
    smtpc_body_type_e body_type;
    int priority;                 /**< smtpc_priority_e, -1: never set */
    apr_array_header_t *fields;   /**< smtpc_field_t */
    apr_array_header_t *attachments; /**< smtpc_attachment_t * */
    char error[SMTPC_MESSAGE_ERROR_SIZE];
};

/** Record the formatted sentence as the error of @a message and return
 *  @a status. Control characters in it are replaced. */
apr_status_t smtpc__message_fail(smtpc_message_t *message,
                                 apr_status_t status, const char *format,
                                 ...) SMTPC_PRINTF(3, 4);

/** Check that @a value, called @a what in errors, can be in a header: valid
 *  UTF-8, no control characters, at most @a limit bytes. */
apr_status_t smtpc__message_check(smtpc_message_t *message, const char *what,
                                  const char *value, apr_size_t limit)
    SMTPC_WARN_UNUSED;

#endif
