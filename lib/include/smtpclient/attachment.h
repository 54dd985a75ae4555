/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_ATTACHMENT_H
#define SMTPC_ATTACHMENT_H

/**
 * @file attachment.h
 * Attachments of a message: files, bytes, text, sources, other messages. What
 * can be set on each is in entity.h.
 *
 * In all these functions @a *attachment (may be NULL) is set on success, and
 * SMTPC_ELIMIT is returned for more than SMTPC_LIMIT_ATTACHMENTS.
 */

#include <smtpclient/entity.h>
#include <smtpclient/message.h>

SMTPC_BEGIN_DECLS

/**
 * Attach the file @a path under its last component; the content type is
 * guessed from the extension, else application/octet-stream. The file is read
 * while the message is sent, not before, so it has to stay as it is until
 * then.
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
 * guessed from @a name).
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
 * has to outlive @a message. An open file, a bucket brigade or a callback is
 * attached in this way, see source.h. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_source(smtpc_attachment_t **attachment,
                            smtpc_message_t *message, const char *name,
                            const char *content_type, smtpc_source_t *source)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_attach_bytes(), with the UTF-8 @a text, which is copied:
 * its line ends become CRLF, its charset and transfer encoding follow from
 * what is in it. .NET's CreateAttachmentFromString. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_text(smtpc_attachment_t **attachment,
                          smtpc_message_t *message, const char *name,
                          const char *content_type, const char *text)
    SMTPC_WARN_UNUSED;

/**
 * Attach the message @a attached to @a message as message/rfc822
 * (message/global if an address of it can only be written in UTF-8). It is
 * rendered when @a message is, without its Bcc, and has to outlive it.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no From in either when sent; @a attached is, or has
 *                        attached, @a message
 *         SMTPC_ELIMIT   messages in messages SMTPC_LIMIT_NESTING deep
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_message(smtpc_attachment_t **attachment,
                             smtpc_message_t *message,
                             const smtpc_message_t *attached)
    SMTPC_WARN_UNUSED;

/**
 * Attach the finished message that @a source reads (an .eml file) as
 * message/rfc822 under @a name (NULL: none). RFC 2046 5.2.1 allows no
 * encoding but 7bit and 8bit there, so that it is looked at now, and again
 * when it is sent. Line ends become CRLF, nothing else changes. @a source
 * must be able to rewind and has to outlive @a message.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it does not begin with a header, has a NUL, or a line
 *                        over 998 bytes: attach it as
 *                        application/octet-stream then
 *         SMTPC_ESOURCE  @a source failed or cannot rewind
 *         When it is sent: SMTPC_EEXTENSION if it has bytes above 127 and the
 *         server has no 8BITMIME
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_attach_eml(smtpc_attachment_t **attachment,
                         smtpc_message_t *message, const char *name,
                         smtpc_source_t *source) SMTPC_WARN_UNUSED;

/** As smtpc_entity_set_name(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_attachment_set_name(smtpc_attachment_t *attachment, const char *name)
    SMTPC_WARN_UNUSED;

/** As smtpc_entity_set_content_type(). @since 0.1 */
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
/** Return attachment @a i of @a message, or NULL beyond the last. */
SMTPC_DECLARE(smtpc_attachment_t *)
smtpc_message_attachment(const smtpc_message_t *message, apr_size_t i);
/**
 * Take @a attachment off @a message; it must not be used any more.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it is none of the message's
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_remove_attachment(smtpc_message_t *message,
                                smtpc_attachment_t *attachment)
    SMTPC_WARN_UNUSED;
/**
 * Put @a attachment of @a message where smtpc_message_attachment() gives it
 * for @a i, or behind all others if there are not so many.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it is none of the message's
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_move_attachment(smtpc_message_t *message,
                              smtpc_attachment_t *attachment, apr_size_t i)
    SMTPC_WARN_UNUSED;
/** Take all attachments off @a message; they must not be used any more. A
 *  message that was loaded keeps its own. */
SMTPC_DECLARE(void) smtpc_message_clear_attachments(smtpc_message_t *message);

SMTPC_END_DECLS

#endif
