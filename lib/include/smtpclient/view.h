/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_VIEW_H
#define SMTPC_VIEW_H

/**
 * @file view.h
 * Other forms of the body (.NET's AlternateView), what they show
 * (LinkedResource), and invitations. What can be set on each is in entity.h.
 *
 * Body and views become multipart/alternative: the body first, then the views
 * in their order, so the one that readers should prefer comes last. An HTML
 * body comes behind views that are text/plain. A single view without a body
 * stands for itself. A view with resources becomes multipart/related with
 * them.
 *
 * In all these functions the first argument (may be NULL) is set on success.
 */

#include <smtpclient/entity.h>
#include <smtpclient/message.h>

SMTPC_BEGIN_DECLS

/**
 * Add a view of type @a content_type with the UTF-8 @a text to @a message.
 * Line ends, charset and transfer encoding are as for smtpc_message_set_body();
 * a charset among the parameters of @a content_type is that of the view, see
 * smtpc_entity_set_charset().
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     invalid UTF-8 in @a text, or @a content_type is not a
 *                        content type or has a charset that does not fit
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_VIEWS
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_message_add_view(smtpc_view_t **view,
                                                   smtpc_message_t *message,
                                                   const char *content_type,
                                                   const char *text)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_message_add_view(), with the bytes read from @a source, which has
 * to outlive @a message and, for text, be able to rewind. They are in the
 * charset that @a content_type names; text without one has to be UTF-8, which
 * is found out when it is sent. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_source(smtpc_view_t **view, smtpc_message_t *message,
                              const char *content_type,
                              smtpc_source_t *source) SMTPC_WARN_UNUSED;

/** As smtpc_message_add_view_source(), with @a len bytes at @a data, which
 *  are not copied and have to outlive @a message. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_bytes(smtpc_view_t **view, smtpc_message_t *message,
                             const char *content_type, const void *data,
                             apr_size_t len) SMTPC_WARN_UNUSED;

/** As smtpc_message_add_view_source(), with the file @a path, read when the
 *  message is sent; NULL for @a content_type: guessed from the extension. See
 *  smtpc_message_attach_file(). @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_file(smtpc_view_t **view, smtpc_message_t *message,
                            const char *content_type, const char *path)
    SMTPC_WARN_UNUSED;

/** Return the number of views of @a message. */
SMTPC_DECLARE(apr_size_t)
smtpc_message_view_count(const smtpc_message_t *message);
/** Return view @a i of @a message, or NULL beyond the last. */
SMTPC_DECLARE(smtpc_view_t *)
smtpc_message_view(const smtpc_message_t *message, apr_size_t i);
/** Take @a view off @a message, SMTPC_EARG if it is none of the message's. It
 *  and its resources must not be used any more. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_remove_view(smtpc_message_t *message,
                                                      smtpc_view_t *view)
    SMTPC_WARN_UNUSED;
/** Put @a view of @a message, SMTPC_EARG if it is none of the message's, where
 *  smtpc_message_view() gives it for @a i, or behind all others if there are
 *  not so many. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_message_move_view(smtpc_message_t *message,
                                                    smtpc_view_t *view,
                                                    apr_size_t i)
    SMTPC_WARN_UNUSED;
/** Take all views off @a message; they must not be used any more. */
SMTPC_DECLARE(void) smtpc_message_clear_views(smtpc_message_t *message);

/**
 * Add the file @a path as a resource that @a view names "cid:" @a id, of type
 * @a content_type (NULL: guessed from the extension). With a NULL @a id it
 * gets one when smtpc_entity_content_id() asks. @a view may be the body of a
 * message, too, see smtpc_message_body_entity().
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a view is no view; as smtpc_entity_set_content_id(),
 *                        smtpc_entity_set_content_type(), or
 *                        smtpc_message_attach_file()
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_ATTACHMENTS
 *         else           what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_file(smtpc_resource_t **resource, smtpc_view_t *view,
                             const char *id, const char *content_type,
                             const char *path) SMTPC_WARN_UNUSED;

/** As smtpc_view_add_resource_file(), with @a len bytes at @a data, which are
 *  not copied and have to outlive the message. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_bytes(smtpc_resource_t **resource,
                              smtpc_view_t *view, const char *id,
                              const char *content_type, const void *data,
                              apr_size_t len) SMTPC_WARN_UNUSED;

/** As smtpc_view_add_resource_file(), with the bytes read from @a source,
 *  which has to outlive the message. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_source(smtpc_resource_t **resource,
                               smtpc_view_t *view, const char *id,
                               const char *content_type,
                               smtpc_source_t *source) SMTPC_WARN_UNUSED;

/** As smtpc_view_add_resource_file(), with the UTF-8 @a text, which is
 *  copied: a style sheet. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_text(smtpc_resource_t **resource, smtpc_view_t *view,
                             const char *id, const char *content_type,
                             const char *text) SMTPC_WARN_UNUSED;

/** Return the number of resources of @a view. */
SMTPC_DECLARE(apr_size_t)
smtpc_view_resource_count(const smtpc_view_t *view);
/** Return resource @a i of @a view, or NULL beyond the last. */
SMTPC_DECLARE(smtpc_resource_t *)
smtpc_view_resource(const smtpc_view_t *view, apr_size_t i);
/** Take @a resource off @a view, SMTPC_EARG if it is none of the view's. It
 *  must not be used any more. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_remove_resource(smtpc_view_t *view, smtpc_resource_t *resource)
    SMTPC_WARN_UNUSED;
/** Put @a resource of @a view, SMTPC_EARG if it is none of the view's, where
 *  smtpc_view_resource() gives it for @a i, or behind all others if there are
 *  not so many. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_view_move_resource(smtpc_view_t *view, smtpc_resource_t *resource,
                         apr_size_t i) SMTPC_WARN_UNUSED;
/** Take all resources off @a view; they must not be used any more. */
SMTPC_DECLARE(void) smtpc_view_clear_resources(smtpc_view_t *view);

/**
 * Let @a message be an invitation: the iCalendar text @a ics becomes the last
 * view (text/calendar with method @a method, which is what mail programs act
 * upon) and an attachment invite.ics (for the others). RFC 6047. NULL for
 * @a ics takes both away. Both are sent behind what else the message has.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a method is not a word of letters and hyphens (such
 *                        as REQUEST, CANCEL, REPLY), or differs from METHOD
 *                        in @a ics; @a ics is not UTF-8 or does not begin with
 *                        BEGIN:VCALENDAR
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_message_set_calendar(smtpc_message_t *message, const char *method,
                           const char *ics) SMTPC_WARN_UNUSED;

SMTPC_END_DECLS

#endif
