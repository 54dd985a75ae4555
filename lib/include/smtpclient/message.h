/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MESSAGE_H
#define SMTPC_MESSAGE_H

/**
 * @file message.h
 * A message to send: who, to whom, subject, body, headers, attachments.
 *
 * A message is built by one thread, then sent any number of times; it is not
 * changed by sending. Every text is UTF-8 and copied; CR, LF, NUL and other
 * control characters are refused in whatever becomes a header. After a call
 * that failed the message is as before, and smtpc_message_error() says why.
 *
 * Bcc recipients are in the envelope and never in the message.
 */

#include <smtpclient/address.h>
#include <smtpclient/source.h>

SMTPC_BEGIN_DECLS

/** A message. */
typedef struct smtpc_message_t smtpc_message_t;
/** One attachment of a message. */
typedef struct smtpc_attachment_t smtpc_attachment_t;

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

/**
 * Add the mailboxes in @a text, separated by commas, to the To list of
 * @a message, all or none of them. The order is kept.
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
 * encoding follow from the text when it is sent.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     invalid UTF-8 in @a text
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_set_body(smtpc_message_t *message,
                                                   const char *text,
                                                   smtpc_body_type_e type)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_set_body(), with the text read from @a source each time
 * the message is sent: for bodies too large for memory. Always sent as
 * utf-8 in base64 unless the source has only printable ASCII lines of at
 * most 998 bytes, which is found out by reading it once before the send;
 * @a source must be able to rewind. It has to outlive @a message. @since 0.1
 *
 * @return APR_SUCCESS
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_body_source(smtpc_message_t *message,
                              smtpc_source_t *source, smtpc_body_type_e type)
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
 *                        Subject, Sender, Reply-To), that nobody may see
 *                        (Resent-Bcc), that is made by the library
 *                        (MIME-Version, Content-*), or that may occur only
 *                        once and does already; a Message-ID or Date that
 *                        is none
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
 * X-Priority, Priority and Importance.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of the enumeration
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_priority(smtpc_message_t *message,
                           smtpc_priority_e priority) SMTPC_WARN_UNUSED;

/**
 * Attach the file @a path under its last component; the content type is
 * guessed from the extension, else application/octet-stream. @a *attachment
 * (may be NULL) is set on success. The file is read while the message is
 * sent, not before, so it has to stay as it is until then.
 *
 * @a path is opened as given: take it from the program, never from anything
 * a stranger sent.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a regular file, or a name that cannot be sent
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_ATTACHMENTS
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_file(smtpc_attachment_t **attachment,
                          smtpc_message_t *message, const char *path)
    SMTPC_WARN_UNUSED;

/**
 * Attach the @a len bytes at @a data, which are not copied and have to
 * outlive @a message, as @a name (NULL: none) of type @a content_type (NULL:
 * guessed from @a name). @a *attachment (may be NULL) is set on success.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     control characters or invalid UTF-8 in @a name, or
 *                        @a content_type is not type/subtype with parameters
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_ATTACHMENTS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_bytes(smtpc_attachment_t **attachment,
                           smtpc_message_t *message, const char *name,
                           const char *content_type, const void *data,
                           apr_size_t len) SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_attach_bytes(), with the bytes read from @a source, which
 * has to outlive @a message. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_source(smtpc_attachment_t **attachment,
                            smtpc_message_t *message, const char *name,
                            const char *content_type, smtpc_source_t *source)
    SMTPC_WARN_UNUSED;

/**
 * Give @a attachment the file name @a name that recipients see. Path parts
 * are not cut off here; receivers do as they like with them. A content type
 * that was guessed is guessed again if the extension of @a name is known.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, control characters, or invalid UTF-8
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_name(smtpc_attachment_t *attachment, const char *name)
    SMTPC_WARN_UNUSED;

/**
 * Give @a attachment the content type @a content_type, "type/subtype" with
 * or without parameters.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a content type, or a multipart or message one
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_content_type(smtpc_attachment_t *attachment,
                                  const char *content_type)
    SMTPC_WARN_UNUSED;

/** Return the file name of @a attachment, or "". */
SMTPC_DECLARE(const char *)
smtpc_attachment_name(const smtpc_attachment_t *attachment);

/** Return the content type of @a attachment. */
SMTPC_DECLARE(const char *)
smtpc_attachment_content_type(const smtpc_attachment_t *attachment);

/** Return the number of attachments of @a message. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_attachment_count(const smtpc_message_t *message);

/**
 * Write @a message to the file @a path as it would be sent (no X-Sender, no
 * Bcc), under a temporary name beside it that is then renamed over @a path.
 * Clock and randomness are the system's. @a pool is for scratch.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no From, or no recipient
 *         SMTPC_ESOURCE  an attachment could not be read
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_save(smtpc_message_t *message,
                                               const char *path,
                                               apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

SMTPC_END_DECLS

#endif
