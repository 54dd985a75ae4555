/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MESSAGE_H
#define SMTPC_MESSAGE_H

/**
 * @file message.h
 * A message to send: who, to whom, subject, body, headers. What else it can
 * hold is in attachment.h and view.h.
 *
 * A message is built by one thread, then sent any number of times; it is not
 * changed by sending. Every text is UTF-8 and copied; CR, LF, NUL and other
 * control characters are refused in whatever becomes a header. After a call
 * that failed the message is as before, and smtpc_message_error() says why.
 *
 * Bcc recipients are in the envelope and never in the message.
 */

#include <smtpclient/address.h>
#include <smtpclient/entity.h>

SMTPC_BEGIN_DECLS

/** A message. */
typedef struct smtpc_message_t smtpc_message_t;

/** What the body is. */
typedef enum {
    SMTPC_BODY_TEXT, /**< text/plain */
    SMTPC_BODY_HTML  /**< text/html */
} smtpc_body_type_e;

/** Priority, as .NET's MailPriority. */
typedef enum {
    SMTPC_PRIORITY_NORMAL = 0,
    SMTPC_PRIORITY_LOW = 1,
    SMTPC_PRIORITY_HIGH = 2
} smtpc_priority_e;

/**
 * Create an empty @a *message in @a pool, which everything put into it lives
 * in too.
 *
 * @return APR_SUCCESS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_create(smtpc_message_t **message,
                                                 apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Return one sentence about the last call on @a message that failed, or ""
 * if none did. It lives until the next call on @a message. @since 0.1
 */
SMTPC_DECLARE(const char *)
smtpc_message_error(const smtpc_message_t *message);

/**
 * Set From of @a message to the one mailbox in @a text; it is the envelope
 * sender too unless smtpc_message_set_sender() names another.
 *
 * @return APR_SUCCESS, or as smtpc_address_parse()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_from(smtpc_message_t *message,
                                                   const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_set_from(), with a mailbox parsed before. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_from_address(smtpc_message_t *message,
                               const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/**
 * Set Sender of @a message and its envelope sender, where bounces go, to the
 * one mailbox in @a text; NULL takes it away.
 *
 * @return APR_SUCCESS, or as smtpc_address_parse()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_sender(smtpc_message_t *message,
                                                     const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_set_sender(), with a mailbox parsed before, which is
 *  copied. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_sender_address(smtpc_message_t *message,
                                 const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/**
 * Add the mailboxes in @a text, separated by commas, to the To list of
 * @a message, all or none of them. The order is kept. Groups add their
 * members, see smtpc_address_list_parse().
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a list of mailboxes: an empty item, or one
 *                        that smtpc_address_parse() refuses
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_RECIPIENTS in all lists
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_to(smtpc_message_t *message,
                                                 const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for the Cc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_cc(smtpc_message_t *message,
                                                 const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for recipients nobody sees. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_bcc(smtpc_message_t *message,
                                                  const char *text)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to(), for the Reply-To list. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reply_to(smtpc_message_t *message, const char *text)
    SMTPC_WARN_UNUSED;

/**
 * Add a copy of @a address to the To list of @a message.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a address is NULL
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_RECIPIENTS in all lists
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_to_address(smtpc_message_t *message,
                             const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to_address(), for the Cc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_cc_address(smtpc_message_t *message,
                             const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to_address(), for recipients nobody sees.
 *  @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_bcc_address(smtpc_message_t *message,
                              const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_add_to_address(), for the Reply-To list. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_reply_to_address(smtpc_message_t *message,
                                   const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/**
 * Take mailbox @a i out of the To list of @a message; those behind it move
 * up. What smtpc_message_to() gave stays valid.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     there is none
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_remove_to(smtpc_message_t *message,
                                                    apr_size_t i)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_remove_to(), for the Cc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_remove_cc(smtpc_message_t *message,
                                                    apr_size_t i)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_remove_to(), for the Bcc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_remove_bcc(smtpc_message_t *message,
                                                     apr_size_t i)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_remove_to(), for the Reply-To list. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_reply_to(smtpc_message_t *message, apr_size_t i)
    SMTPC_WARN_UNUSED;

/** Take all mailboxes out of the To list of @a message; SMTPC_EARG for a
 *  message that was loaded. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_clear_to(smtpc_message_t *message)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_clear_to(), for the Cc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_clear_cc(smtpc_message_t *message)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_clear_to(), for the Bcc list. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_clear_bcc(smtpc_message_t *message)
    SMTPC_WARN_UNUSED;

/** As smtpc_message_clear_to(), for the Reply-To list. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_clear_reply_to(smtpc_message_t *message) SMTPC_WARN_UNUSED;

/** Return From of @a message, or NULL. It lives as long as the message. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_from(const smtpc_message_t *message);

/** Return Sender of @a message, or NULL. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_sender(const smtpc_message_t *message);

/** Return the number of mailboxes in the To list. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_to_count(const smtpc_message_t *message);
/** Return mailbox @a i of the To list, or NULL beyond its end. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_to(const smtpc_message_t *message, apr_size_t i);

/** Return the number of mailboxes in the Cc list. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_cc_count(const smtpc_message_t *message);
/** Return mailbox @a i of the Cc list, or NULL beyond its end. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_cc(const smtpc_message_t *message, apr_size_t i);

/** Return the number of mailboxes in the Bcc list. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_bcc_count(const smtpc_message_t *message);
/** Return mailbox @a i of the Bcc list, or NULL beyond its end. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_bcc(const smtpc_message_t *message, apr_size_t i);

/** Return the number of mailboxes in the Reply-To list. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_reply_to_count(const smtpc_message_t *message);
/** Return mailbox @a i of the Reply-To list, or NULL beyond its end. */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_message_reply_to(const smtpc_message_t *message, apr_size_t i);

/**
 * Set the Subject of @a message; "" or NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     control characters or invalid UTF-8 in @a subject
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_HEADER_VALUE
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_subject(smtpc_message_t *message, const char *subject)
    SMTPC_WARN_UNUSED;

/** Return the Subject of @a message, or "". */
SMTPC_DECLARE(const char *)
smtpc_message_subject(const smtpc_message_t *message);

/**
 * Set the body of @a message to @a text of type @a type. Line ends may be
 * LF, CRLF or CR; CRLF is sent. Charset (us-ascii or utf-8) and transfer
 * encoding follow from the text when it is sent, unless the functions below
 * have set them. Other forms of the body are in view.h, attachments in
 * attachment.h.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     invalid UTF-8 in @a text, or it cannot be sent in the
 *                        charset or the transfer encoding that was set
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_body(smtpc_message_t *message,
                                                   const char *text,
                                                   smtpc_body_type_e type)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_set_body(), with the UTF-8 text read from @a source each
 * time the message is sent: for bodies too large for memory. It is read once
 * (twice if it becomes quoted-printable) before the send to see what is in
 * it, so @a source must be able to rewind. It has to outlive @a message.
 *
 * @return APR_SUCCESS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_source(smtpc_message_t *message,
                              smtpc_source_t *source, smtpc_body_type_e type)
    SMTPC_WARN_UNUSED;

/** Return the body of @a message, or "" if it is read from a source. */
SMTPC_DECLARE(const char *)
smtpc_message_body(const smtpc_message_t *message);
/** Return what the body of @a message is. */
SMTPC_DECLARE(smtpc_body_type_e)
smtpc_message_body_type(const smtpc_message_t *message);
/** Return the body of @a message as an entity, for what entity.h can set:
 *  language, parameters, headers ... It is always there. */
SMTPC_DECLARE(smtpc_entity_t *)
smtpc_message_body_entity(smtpc_message_t *message);

/** Let the body of @a message be written in @a charset (NULL: by content), as
 *  smtpc_entity_set_charset(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_charset(smtpc_message_t *message, const char *charset)
    SMTPC_WARN_UNUSED;
/** Return the charset that was set, or "". */
SMTPC_DECLARE(const char *)
smtpc_message_body_charset(const smtpc_message_t *message);

/** Let the body of @a message be sent in @a encoding, as
 *  smtpc_entity_set_encoding(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_encoding(smtpc_message_t *message,
                                smtpc_encoding_e encoding) SMTPC_WARN_UNUSED;
/** Return the transfer encoding that was set, or SMTPC_ENCODING_AUTO. */
SMTPC_DECLARE(smtpc_encoding_e)
smtpc_message_body_encoding(const smtpc_message_t *message);

/** Let a text body of @a message be sent as format=flowed if @a flowed, as
 *  smtpc_entity_set_flowed(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_flowed(smtpc_message_t *message, int flowed)
    SMTPC_WARN_UNUSED;

/**
 * Add a header field to @a message, behind those added before; the same name
 * may be added more than once where RFC 5322 3.6 allows it.
 *
 * @a name is a field name; @a value is text that is encoded and folded as
 * needed. Message-ID, Date, In-Reply-To, References and the like may be
 * given; a Message-ID or Date given here replaces the generated one.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a field name; control characters or invalid
 *                        UTF-8 in @a value; empty @a value; a field that has
 *                        a function of its own here (From, To, Cc, Bcc,
 *                        Subject, Sender, Reply-To,
 *                        Disposition-Notification-To,
 *                        Return-Receipt-To), that nobody may see
 *                        (Resent-Bcc), that is made by the library
 *                        (MIME-Version, Content-*, X-Receiver), or that may
 *                        occur only once and does already; a Message-ID or
 *                        Date that is none
 *         SMTPC_ELIMIT   SMTPC_LIMIT_HEADERS fields, or a value longer than
 *                        SMTPC_LIMIT_HEADER_VALUE
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_header(smtpc_message_t *message,
                                                     const char *name,
                                                     const char *value)
    SMTPC_WARN_UNUSED;

/**
 * Set the priority of @a message, which writes or (NORMAL) leaves out
 * X-Priority, Priority and Importance; those that were added by hand are left
 * out in any case then.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of the enumeration
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_priority(smtpc_message_t *message,
                           smtpc_priority_e priority) SMTPC_WARN_UNUSED;
/** Return the priority that was set, or SMTPC_PRIORITY_NORMAL; fields added by
 *  hand, or loaded, are not looked at. */
SMTPC_DECLARE(smtpc_priority_e)
smtpc_message_priority(const smtpc_message_t *message);

/**
 * Write @a message to the file @a path as it would be sent (no X-Sender, no
 * Bcc), under a temporary name beside it that is then renamed over @a path.
 * Clock and randomness are the system's. @a pool is for scratch.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no From, or no recipient
 *         SMTPC_EEXTENSION  an attached message is 8bit
 *         SMTPC_ELIMIT   the header is too long
 *         SMTPC_ESOURCE  an attachment could not be read
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_save(smtpc_message_t *message,
                                               const char *path,
                                               apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Read the message in the file @a path, an .eml, into @a *message in @a pool.
 * It can be looked at (From, To, Subject ... are decoded; all fields are in
 * smtpc_message_header()), and sent or saved again with the bytes it has: only
 * Bcc and Resent-Bcc are left out, and CR, LF and CRLF become CRLF. Nothing
 * in it can be changed, but Resent blocks can be put in front of it, and the
 * envelope and notifications are the caller's.
 *
 * Its envelope is what smtpc_message_set_envelope() says, else what it says
 * itself: Resent-Sender, Resent-From, Sender or From, the first of them; and
 * To, Bcc, Cc, or Resent-To, Resent-Bcc, Resent-Cc of its topmost Resent block.
 *
 * The file is read now and each time it is sent, and has to stay as it is.
 * @a path is opened as given: take it from the program, never from anything a
 * stranger sent. @a *message is set in any case, so that
 * smtpc_message_error() can say what is wrong; after a failure it is good for
 * nothing else.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty; a NUL; a line over 998 bytes; a header that
 *                        is none, or has bytes that are not UTF-8
 *         SMTPC_ELIMIT   a header over SMTPC_LIMIT_HEADER_BLOCK
 *         SMTPC_ESOURCE  it could not be read
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_load(smtpc_message_t **message,
                                               const char *path,
                                               apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_load(), from @a source, which has to outlive the message
 * and to be one that can be rewound (else SMTPC_EARG). @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_load_source(smtpc_message_t **message, smtpc_source_t *source,
                          apr_pool_t *pool) SMTPC_WARN_UNUSED;

SMTPC_END_DECLS

#endif
