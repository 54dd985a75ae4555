/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_PRIV_H
#define SMTPC_MIME_MESSAGE_PRIV_H

/**
 * @file message_priv.h
 * What a message is made of, for the files of this folder that fill it and
 * render it.
 */

#include <apr_hash.h>
#include <apr_tables.h>
#include <smtpclient/headers.h>

#include "mime/eml.h"
#include "mime/entity_priv.h"
#include "model/envelope.h"

/** Bytes of the last error's sentence. */
#define SMTPC_MESSAGE_ERROR_SIZE 512

/** How the value of a field that the caller added is written. */
typedef enum {
    SMTPC_FIELD_TEXT,       /**< encoded and folded */
    SMTPC_FIELD_STRUCTURED, /**< ASCII, folded at its blanks */
    SMTPC_FIELD_MESSAGE_ID, /**< structured, the message's identifier */
    SMTPC_FIELD_DATE,       /**< structured, the message's date */
    SMTPC_FIELD_PRIORITY,   /**< text; gives way to the priority if set */
    SMTPC_FIELD_ADDRESSES,  /**< the mailboxes in list */
    SMTPC_FIELD_PHRASE      /**< phrase, and then value as it is */
} smtpc_field_e;

/** A field that the caller added. */
typedef struct smtpc_field_t {
    const char *name;
    const char *value; /**< as it is read back */
    smtpc_field_e kind;
    const apr_array_header_t *list; /**< const smtpc_address_t * */
    const char *phrase;
    const char *spec; /**< what stands behind phrase */
} smtpc_field_t;

/** What was said of a single recipient. */
typedef struct smtpc_recipient_options_t {
    unsigned int notify;  /**< smtpc_notify_e, 0: as for all */
    const char *original; /**< user@host of ORCPT, or NULL */
    const char *orcpt;    /**< the same as smtpc_envelope_recipient_t has it */
} smtpc_recipient_options_t;

struct smtpc_resent_t {
    smtpc_message_t *message;
    const smtpc_address_t *from;
    const smtpc_address_t *sender;   /**< or NULL */
    apr_array_header_t *to;          /**< const smtpc_address_t * */
    apr_array_header_t *cc;
    apr_array_header_t *bcc;
    apr_time_t date;                 /**< 0: when it is sent */
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
    smtpc_entity_t *body;
    apr_array_header_t *views;    /**< smtpc_view_t * */
    smtpc_view_t *calendar;       /**< the last view, or NULL */
    smtpc_attachment_t *calendar_file; /**< and the last attachment */
    int priority;                 /**< smtpc_priority_e, -1: never set */
    apr_array_header_t *fields;   /**< smtpc_field_t */
    apr_array_header_t *attachments; /**< smtpc_attachment_t * */
    struct smtpc_smime_t *smime;  /**< NULL: none */
    apr_array_header_t *resent;   /**< smtpc_resent_t *, the oldest first */
    unsigned int notify;          /**< smtpc_notify_e of all recipients */
    apr_hash_t *recipient_options; /**< by user@host, or NULL: none */
    smtpc_envelope_t asked;       /**< parameters of MAIL; the rest is 0 */
    int envelope_from_set;        /**< envelope_sender counts */
    const smtpc_address_t *envelope_sender; /**< NULL: <> */
    apr_array_header_t *envelope_to; /**< NULL: of the header */
    const smtpc_eml_t *eml;       /**< loaded: sent as it is; or NULL */
    const smtpc_resent_t *eml_resent; /**< its newest Resent block, or NULL */
    const char *eml_problem;      /**< an address of it that is none */
    char error[SMTPC_MESSAGE_ERROR_SIZE];
};

/** Record the formatted sentence as the error of @a message and return
 *  @a status. Control characters in it are replaced. */
apr_status_t smtpc__message_fail(smtpc_message_t *message,
                                 apr_status_t status, const char *format,
                                 ...) SMTPC_PRINTF(3, 4);
#ifdef __clang_analyzer__
/* It does not see from other files that what is returned is no success. */
#define smtpc__message_fail(message, status, ...) \
    ((void)(smtpc__message_fail)(message, status, __VA_ARGS__), (status))
#endif

/** Check that @a value, called @a what in errors, can be in a header: valid
 *  UTF-8, no control characters, at most @a limit bytes. */
apr_status_t smtpc__message_check(smtpc_message_t *message, const char *what,
                                  const char *value, apr_size_t limit)
    SMTPC_WARN_UNUSED;

/** Return APR_SUCCESS, or SMTPC_EARG for a message that was loaded, which
 *  nothing can be changed in, with @a what as its name in the error. */
apr_status_t smtpc__message_open(smtpc_message_t *message, const char *what)
    SMTPC_WARN_UNUSED;

/** Parse @a text, mailboxes separated by commas and called @a what in
 *  errors, and append them to @a list of @a message, all or none. */
apr_status_t smtpc__message_addresses(smtpc_message_t *message,
                                      apr_array_header_t *list,
                                      const char *what, const char *text)
    SMTPC_WARN_UNUSED;

/** Parse @a text, one mailbox called @a what in errors, to @a *address in the
 *  pool of @a message. */
apr_status_t smtpc__message_address(const smtpc_address_t **address,
                                    smtpc_message_t *message,
                                    const char *what, const char *text)
    SMTPC_WARN_UNUSED;

/** Give @a envelope, which has sender and recipients, what @a message asks
 *  for beyond them; it borrows from the message. */
void smtpc__message_ask(smtpc_envelope_t *envelope,
                        const smtpc_message_t *message);

/** Return the first field called @a name that was added, or NULL. */
const smtpc_field_t *smtpc__message_field(const smtpc_message_t *message,
                                          const char *name);

/** Put @a field, whose strings live as long as @a message and were checked,
 *  in the place of the fields of its name, or behind all others. SMTPC_ELIMIT
 *  if there are too many. */
apr_status_t smtpc__message_put_field(smtpc_message_t *message,
                                      const smtpc_field_t *field)
    SMTPC_WARN_UNUSED;

#endif
