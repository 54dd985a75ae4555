/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_ENTITY_H
#define SMTPC_ENTITY_H

/**
 * @file entity.h
 * What bodies, views, linked resources and attachments have in common: the
 * counterpart of .NET's AttachmentBase with ContentType and
 * ContentDisposition.
 *
 * An attachment, a view and a resource *is* an entity, so that every function
 * here takes each of them: smtpc_entity_set_language(attachment, "de").
 * They belong to their message and live as long as it. Text is UTF-8 and is
 * copied; line ends and control characters are refused in whatever becomes a
 * header. After a call that failed the entity is as before, and
 * smtpc_message_error() of its message says why.
 */

#include <smtpclient/source.h>

SMTPC_BEGIN_DECLS

/** Content with the header fields that describe it, RFC 2045. */
typedef struct smtpc_entity_t smtpc_entity_t;
/** An entity that is a file for the recipient. */
typedef smtpc_entity_t smtpc_attachment_t;
/** An entity that is one form of the body. */
typedef smtpc_entity_t smtpc_view_t;
/** An entity that a view shows: a picture in HTML. */
typedef smtpc_entity_t smtpc_resource_t;

/** Content transfer encodings, RFC 2045 6, numbered as .NET's. */
typedef enum {
    SMTPC_ENCODING_AUTO = -1, /**< what the content and the server ask for */
    SMTPC_ENCODING_QUOTED_PRINTABLE = 0,
    SMTPC_ENCODING_BASE64 = 1,
    SMTPC_ENCODING_7BIT = 2,
    SMTPC_ENCODING_8BIT = 3,
    SMTPC_ENCODING_BINARY = 4, /**< which .NET does not have */
    SMTPC_ENCODING_COUNT
} smtpc_encoding_e;

/** How a reader is to show an entity, RFC 2183. */
typedef enum {
    SMTPC_DISPOSITION_NONE,       /**< no Content-Disposition */
    SMTPC_DISPOSITION_ATTACHMENT, /**< to be saved or opened */
    SMTPC_DISPOSITION_INLINE,     /**< where it stands */
    SMTPC_DISPOSITION_COUNT
} smtpc_disposition_e;

/**
 * Give @a entity the file name @a name that recipients see, as filename of
 * Content-Disposition and, for old readers, as name of Content-Type; always
 * in UTF-8 (there is no NameEncoding: RFC 2231 and RFC 2047 write it where it
 * is not ASCII). NULL takes it away. Path parts are not cut off here;
 * receivers do as they like with them. A content type that was guessed is
 * guessed again if the extension of @a name is known.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, control characters, or invalid UTF-8
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_PARAMETER
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_name(smtpc_entity_t *entity,
                                                  const char *name)
    SMTPC_WARN_UNUSED;
/** Return the file name of @a entity, or "". */
SMTPC_DECLARE(const char *) smtpc_entity_name(const smtpc_entity_t *entity);

/**
 * Give @a entity the content type @a content_type, "type/subtype" with or
 * without parameters.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a content type, a multipart or message one, a
 *                        boundary, or as smtpc_entity_set_charset()
 *         SMTPC_ELIMIT   too long, or too many parameters
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_content_type(smtpc_entity_t *entity,
                              const char *content_type) SMTPC_WARN_UNUSED;
/** Return the content type of @a entity with its parameters, written in one
 *  line. A charset that follows from the text is not in it. */
SMTPC_DECLARE(const char *)
smtpc_entity_content_type(const smtpc_entity_t *entity);
/** Return type/subtype of @a entity in lower case. */
SMTPC_DECLARE(const char *)
smtpc_entity_media_type(const smtpc_entity_t *entity);

/**
 * Set parameter @a name of the content type of @a entity to @a value; NULL
 * takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a parameter name, control characters or invalid
 *                        UTF-8 in @a value, "boundary", or as
 *                        smtpc_entity_set_charset()
 *         SMTPC_ELIMIT   too long, or too many parameters
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_type_param(smtpc_entity_t *entity, const char *name,
                            const char *value) SMTPC_WARN_UNUSED;
/** Return the value of parameter @a name of the content type, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_entity_type_param(const smtpc_entity_t *entity, const char *name);
/** Return the number of parameters that smtpc_entity_content_type() shows. */
SMTPC_DECLARE(apr_size_t)
smtpc_entity_type_param_count(const smtpc_entity_t *entity);
/** Return the name of parameter @a i of these, in lower case, or NULL beyond
 *  the last. */
SMTPC_DECLARE(const char *)
smtpc_entity_type_param_name(const smtpc_entity_t *entity, apr_size_t i);
/** Return the value of parameter @a i, or NULL beyond the last. */
SMTPC_DECLARE(const char *)
smtpc_entity_type_param_value(const smtpc_entity_t *entity, apr_size_t i);

/**
 * Let @a entity be written in @a charset; NULL: us-ascii if the text has
 * nothing else, else utf-8. Text given in UTF-8 is converted with iconv
 * when it is sent. For bytes given as such it only says what they are in.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a charset that can be had here, or one whose
 *                        line ends are not CR LF (utf-16); the text has a
 *                        character that it does not: the error names the
 *                        first and its place
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_charset(smtpc_entity_t *entity,
                                                     const char *charset)
    SMTPC_WARN_UNUSED;
/** Return the charset that was set, or "". */
SMTPC_DECLARE(const char *)
smtpc_entity_charset(const smtpc_entity_t *entity);

/**
 * Let @a entity be sent in transfer encoding @a encoding.
 *
 * AUTO looks at text and takes 7bit for ASCII, 8bit where the server has
 * 8BITMIME, else quoted-printable while that stays readable, else base64; and
 * for everything that was not given as text binary, which costs nothing, where
 * the server has BINARYMIME and CHUNKING, else base64. 8BIT becomes one of the
 * others where the server has no 8BITMIME, BINARY becomes base64 where it
 * cannot be sent; so it does in a message that is signed, encrypted, stored,
 * or attached to another. 7BIT and 8BIT never change bytes that were not given
 * as text, which therefore need CRLF line ends.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     the content cannot be sent in it: bytes above 127, a
 *                        NUL, a line over 998 bytes, line ends that are not
 *                        CRLF. For content from a source this is found when
 *                        it is sent
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_encoding(
    smtpc_entity_t *entity, smtpc_encoding_e encoding) SMTPC_WARN_UNUSED;
/** Return the transfer encoding that was set, or SMTPC_ENCODING_AUTO. */
SMTPC_DECLARE(smtpc_encoding_e)
smtpc_entity_encoding(const smtpc_entity_t *entity);

/**
 * Send @a entity, which is text/plain given as text, as format=flowed if
 * @a flowed: paragraphs in lines of at most 78 characters that readers join
 * again to fit the window. RFC 3676 (delsp=no). Blanks at line ends go.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not text/plain, or not given as text
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_flowed(smtpc_entity_t *entity,
                                                    int flowed)
    SMTPC_WARN_UNUSED;
/** Return non-zero if @a entity is to be sent as format=flowed. */
SMTPC_DECLARE(int) smtpc_entity_flowed(const smtpc_entity_t *entity);

/**
 * Give @a entity the Content-ID @a id, without angle brackets: what "cid:"
 * in HTML names. NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, not printable ASCII, a blank or an angle
 *                        bracket in it, or that of another resource of the
 *                        same view
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_CONTENT_ID
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_content_id(
    smtpc_entity_t *entity, const char *id) SMTPC_WARN_UNUSED;
/**
 * Return the Content-ID of @a entity. If it has none it gets one that nobody
 * can guess; "" if there is no randomness to be had. Without this call an
 * entity that was given none is sent without. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_entity_content_id(smtpc_entity_t *entity);

/**
 * Say how @a entity is to be shown. Attachments begin as ATTACHMENT,
 * resources as INLINE, bodies and views as NONE, which leaves out all
 * parameters of Content-Disposition, too.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a value of the enumeration
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_disposition(smtpc_entity_t *entity,
                             smtpc_disposition_e disposition)
    SMTPC_WARN_UNUSED;
/** Return how @a entity is to be shown. */
SMTPC_DECLARE(smtpc_disposition_e)
smtpc_entity_disposition(const smtpc_entity_t *entity);

/**
 * Set parameter @a name of Content-Disposition of @a entity to @a value; NULL
 * takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a parameter name, one that has a function of its
 *                        own here (filename, the dates, size), control
 *                        characters or invalid UTF-8 in @a value
 *         SMTPC_ELIMIT   too long, or too many parameters
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_disposition_param(smtpc_entity_t *entity, const char *name,
                                   const char *value) SMTPC_WARN_UNUSED;
/** Return the value of that parameter, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param(const smtpc_entity_t *entity,
                               const char *name);
/** Return the number of parameters that were set so; those that have a
 *  function of their own are not among them. */
SMTPC_DECLARE(apr_size_t)
smtpc_entity_disposition_param_count(const smtpc_entity_t *entity);
/** Return the name of parameter @a i of these, or NULL beyond the last. */
SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param_name(const smtpc_entity_t *entity,
                                    apr_size_t i);
/** Return the value of parameter @a i of these, or NULL beyond the last. */
SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param_value(const smtpc_entity_t *entity,
                                     apr_size_t i);

/** Set the parameter creation-date of @a entity; 0 takes it away. */
SMTPC_DECLARE(void)
smtpc_entity_set_creation_date(smtpc_entity_t *entity, apr_time_t date);
/** Return the creation date that was set, or 0. */
SMTPC_DECLARE(apr_time_t)
smtpc_entity_creation_date(const smtpc_entity_t *entity);
/** Set the parameter modification-date of @a entity; 0 takes it away. */
SMTPC_DECLARE(void)
smtpc_entity_set_modification_date(smtpc_entity_t *entity, apr_time_t date);
/** Return the modification date that was set, or 0. */
SMTPC_DECLARE(apr_time_t)
smtpc_entity_modification_date(const smtpc_entity_t *entity);
/** Set the parameter read-date of @a entity; 0 takes it away. */
SMTPC_DECLARE(void)
smtpc_entity_set_read_date(smtpc_entity_t *entity, apr_time_t date);
/** Return the read date that was set, or 0. */
SMTPC_DECLARE(apr_time_t)
smtpc_entity_read_date(const smtpc_entity_t *entity);
/** Set the parameter size of @a entity; a negative one takes it away. It is
 *  only what recipients are told. */
SMTPC_DECLARE(void)
smtpc_entity_set_size(smtpc_entity_t *entity, apr_off_t size);
/** Return the size that was set, or -1. */
SMTPC_DECLARE(apr_off_t) smtpc_entity_size(const smtpc_entity_t *entity);

/**
 * Give @a entity the Content-Location @a uri, RFC 2557: .NET's BaseUri of a
 * view (relative links in it start from there) and ContentLink of a resource
 * (what links name instead of "cid:"). NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, or not printable ASCII without blanks
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_URI
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_location(smtpc_entity_t *entity,
                                                      const char *uri)
    SMTPC_WARN_UNUSED;
/** Return the Content-Location of @a entity, or "". */
SMTPC_DECLARE(const char *)
smtpc_entity_location(const smtpc_entity_t *entity);

/**
 * Give @a entity the Content-Description @a text; NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty, control characters, or invalid UTF-8
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_PARAMETER
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_description(smtpc_entity_t *entity, const char *text)
    SMTPC_WARN_UNUSED;
/** Return the Content-Description of @a entity, or "". */
SMTPC_DECLARE(const char *)
smtpc_entity_description(const smtpc_entity_t *entity);

/**
 * Give @a entity the Content-Language @a tags, "de" or "de-CH, fr", RFC 3282;
 * NULL takes it away.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not language tags
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_PARAMETER
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_set_language(smtpc_entity_t *entity,
                                                      const char *tags)
    SMTPC_WARN_UNUSED;
/** Return the Content-Language of @a entity, or "". */
SMTPC_DECLARE(const char *)
smtpc_entity_language(const smtpc_entity_t *entity);

/**
 * Add a header field to @a entity, behind those added before. In a part only
 * fields that begin with Content- mean anything (RFC 2045 9); those that
 * begin with X- may be added too.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     another name, one that has a function here or is the
 *                        envelope's (X-Sender, X-Receiver) or a priority;
 *                        empty @a value, control characters, invalid UTF-8
 *         SMTPC_ELIMIT   SMTPC_LIMIT_ENTITY_HEADERS fields, or a value longer
 *                        than SMTPC_LIMIT_HEADER_VALUE
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_entity_add_header(smtpc_entity_t *entity,
                                                    const char *name,
                                                    const char *value)
    SMTPC_WARN_UNUSED;
/** Return the value of the first field @a name that was added, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_entity_header(const smtpc_entity_t *entity, const char *name);

/** Return the source that @a entity is read from (.NET's ContentStream), or
 *  NULL if it was given as text or as a message. */
SMTPC_DECLARE(smtpc_source_t *)
smtpc_entity_source(const smtpc_entity_t *entity);

SMTPC_END_DECLS

#endif
