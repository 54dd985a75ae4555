/* SPDX-License-Identifier: Apache-2.0 */
/*
 * view.c: alternate views of a message, and the resources that a view or the
 * body shows.
 *
 * Not here: what can be set on them (entity.c, entity_field.c), the order they
 * are sent in (message_content.c), invitations (calendar.c).
 */
#include <smtpclient/view.h>

#include "base/limits.h"
#include "mime/message_priv.h"

static apr_status_t begin_view(smtpc_view_t **made, smtpc_message_t *message,
                               smtpc_origin_e origin)
{
    apr_status_t rv = smtpc__message_open(message, "view");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (message->views->nelts >= SMTPC_LIMIT_VIEWS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "view: the message has %d already",
                                   SMTPC_LIMIT_VIEWS);
    }
    *made = smtpc__entity_create(message, SMTPC_ENTITY_VIEW, origin);
    return APR_SUCCESS;
}

static apr_status_t set_type(smtpc_entity_t *entity, const char *content_type)
{
    if (content_type == NULL) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: no content type is given",
                                   smtpc__entity_noun(entity));
    }
    return smtpc_entity_set_content_type(entity, content_type);
}

static apr_status_t end_view(smtpc_view_t **view, smtpc_view_t *made,
                             apr_status_t rv)
{
    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(made->message->views, smtpc_view_t *) = made;
        if (view != NULL) {
            *view = made;
        }
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_add_view(smtpc_view_t **view,
                                                   smtpc_message_t *message,
                                                   const char *content_type,
                                                   const char *text)
{
    smtpc_view_t *made;
    apr_status_t rv = begin_view(&made, message, SMTPC_ORIGIN_TEXT);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->text = "";
    rv = set_type(made, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_text(made, text);
    }
    return end_view(view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_source(smtpc_view_t **view, smtpc_message_t *message,
                              const char *content_type,
                              smtpc_source_t *source)
{
    smtpc_view_t *made;
    apr_status_t rv = begin_view(&made, message, SMTPC_ORIGIN_DATA);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = set_type(made, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_source(made, source);
    }
    return end_view(view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_bytes(smtpc_view_t **view, smtpc_message_t *message,
                             const char *content_type, const void *data,
                             apr_size_t len)
{
    smtpc_view_t *made;
    apr_status_t rv = begin_view(&made, message, SMTPC_ORIGIN_DATA);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = set_type(made, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_bytes(made, data, len);
    }
    return end_view(view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_view_file(smtpc_view_t **view, smtpc_message_t *message,
                            const char *content_type, const char *path)
{
    smtpc_view_t *made;
    const char *name;
    apr_status_t rv = begin_view(&made, message, SMTPC_ORIGIN_DATA);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__entity_set_file(made, &name, path);
    if (rv == APR_SUCCESS) {
        rv = set_type(made, content_type != NULL ? content_type
                                                 : smtpc__mime_type(name));
    }
    return end_view(view, made, rv);
}

SMTPC_DECLARE(apr_size_t)
smtpc_message_view_count(const smtpc_message_t *message)
{
    return (apr_size_t)message->views->nelts;
}

SMTPC_DECLARE(smtpc_view_t *)
smtpc_message_view(const smtpc_message_t *message, apr_size_t i)
{
    return i < (apr_size_t)message->views->nelts
               ? APR_ARRAY_IDX(message->views, i, smtpc_view_t *)
               : NULL;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_remove_view(smtpc_message_t *message,
                                                      smtpc_view_t *view)
{
    return smtpc__entity_remove(message, message->views, view, "view");
}

SMTPC_DECLARE(apr_status_t) smtpc_message_move_view(smtpc_message_t *message,
                                                    smtpc_view_t *view,
                                                    apr_size_t i)
{
    return smtpc__entity_move(message, message->views, view, i, "view");
}

SMTPC_DECLARE(void) smtpc_message_clear_views(smtpc_message_t *message)
{
    apr_array_clear(message->views);
}

/* Make *made for view, which it is in already so that its id is checked. */
static apr_status_t begin_resource(smtpc_resource_t **made,
                                   smtpc_view_t *view, smtpc_origin_e origin,
                                   const char *id)
{
    smtpc_message_t *message = view->message;
    apr_status_t rv = smtpc__message_open(message, "resource");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (view->kind != SMTPC_ENTITY_VIEW && view->kind != SMTPC_ENTITY_BODY) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "resource: only a view or a body can have "
                                   "resources, this is an entity of kind "
                                   "\"%s\"", smtpc__entity_noun(view));
    }
    if (view->resources == NULL) {
        view->resources = apr_array_make(message->pool, 2,
                                         sizeof(smtpc_resource_t *));
    }
    if (view->resources->nelts >= SMTPC_LIMIT_ATTACHMENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "resource: the view has %d already",
                                   SMTPC_LIMIT_ATTACHMENTS);
    }
    *made = smtpc__entity_create(message, SMTPC_ENTITY_RESOURCE, origin);
    APR_ARRAY_PUSH(view->resources, smtpc_resource_t *) = *made;
    rv = id != NULL ? smtpc_entity_set_content_id(*made, id) : APR_SUCCESS;
    if (rv != APR_SUCCESS) {
        view->resources->nelts--;
    }
    return rv;
}

/* Keep made, or take it away again. */
static apr_status_t end_resource(smtpc_resource_t **resource,
                                 smtpc_view_t *view, smtpc_resource_t *made,
                                 apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        view->resources->nelts--;
    }
    else if (resource != NULL) {
        *resource = made;
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_file(smtpc_resource_t **resource, smtpc_view_t *view,
                             const char *id, const char *content_type,
                             const char *path)
{
    smtpc_resource_t *made;
    const char *name;
    apr_status_t rv = begin_resource(&made, view, SMTPC_ORIGIN_DATA, id);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__entity_set_file(made, &name, path);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_describe(made, name, content_type);
    }
    return end_resource(resource, view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_bytes(smtpc_resource_t **resource,
                              smtpc_view_t *view, const char *id,
                              const char *content_type, const void *data,
                              apr_size_t len)
{
    smtpc_resource_t *made;
    apr_status_t rv = begin_resource(&made, view, SMTPC_ORIGIN_DATA, id);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__entity_describe(made, NULL, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_bytes(made, data, len);
    }
    return end_resource(resource, view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_source(smtpc_resource_t **resource,
                               smtpc_view_t *view, const char *id,
                               const char *content_type,
                               smtpc_source_t *source)
{
    smtpc_resource_t *made;
    apr_status_t rv = begin_resource(&made, view, SMTPC_ORIGIN_DATA, id);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__entity_describe(made, NULL, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_source(made, source);
    }
    return end_resource(resource, view, made, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_add_resource_text(smtpc_resource_t **resource, smtpc_view_t *view,
                             const char *id, const char *content_type,
                             const char *text)
{
    smtpc_resource_t *made;
    apr_status_t rv = begin_resource(&made, view, SMTPC_ORIGIN_TEXT, id);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->text = "";
    rv = set_type(made, content_type);
    if (rv == APR_SUCCESS) {
        rv = smtpc__entity_set_text(made, text);
    }
    return end_resource(resource, view, made, rv);
}

SMTPC_DECLARE(apr_size_t)
smtpc_view_resource_count(const smtpc_view_t *view)
{
    return view->resources != NULL ? (apr_size_t)view->resources->nelts : 0;
}

SMTPC_DECLARE(smtpc_resource_t *)
smtpc_view_resource(const smtpc_view_t *view, apr_size_t i)
{
    return i < smtpc_view_resource_count(view)
               ? APR_ARRAY_IDX(view->resources, i, smtpc_resource_t *)
               : NULL;
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_remove_resource(smtpc_view_t *view, smtpc_resource_t *resource)
{
    return smtpc__entity_remove(view->message, view->resources, resource,
                                "resource");
}

SMTPC_DECLARE(apr_status_t)
smtpc_view_move_resource(smtpc_view_t *view, smtpc_resource_t *resource,
                         apr_size_t i)
{
    return smtpc__entity_move(view->message, view->resources, resource, i,
                              "resource");
}

SMTPC_DECLARE(void) smtpc_view_clear_resources(smtpc_view_t *view)
{
    if (view->resources != NULL) {
        apr_array_clear(view->resources);
    }
}
