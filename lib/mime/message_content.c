/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_content.c: from a message's body, views and attachments to a tree
 * of parts. RFC 2046 5.1, RFC 2387.
 *
 *     multipart/mixed, if there are attachments
 *         multipart/alternative, if there are several forms of the text
 *             body; views in their order
 *             multipart/related, where one has resources: it, then those
 *         attachments in their order
 *
 * A message with nothing in it is an empty text; with attachments only, that
 * text comes first.
 *
 * Not here: the leaves (leaf.c).
 */
#include "mime/message_content.h"

#include <string.h>

#include <apr_strings.h>

#include "mime/ident.h"
#include "mime/message_priv.h"

/* Set *part to an empty multipart of type. */
static apr_status_t make_multipart(smtpc_part_t **part, const char *type,
                                   const smtpc_build_t *build)
{
    const char *boundary;
    apr_status_t rv = smtpc__ident_boundary(&boundary, build->env,
                                            build->pool);

    if (rv == APR_SUCCESS) {
        *part = smtpc__part_create(type, build->pool);
        smtpc__part_divide(*part, boundary);
    }
    return rv;
}

static apr_status_t add_leaf(smtpc_part_t *parent, const smtpc_build_t *build,
                             const smtpc_entity_t *entity)
{
    smtpc_part_t *part;
    apr_status_t rv = smtpc__leaf_make(&part, build, entity, 0);

    if (rv == APR_SUCCESS) {
        smtpc__part_add(parent, part);
    }
    return rv;
}

static int has_resources(const smtpc_entity_t *entity)
{
    return entity->resources != NULL && entity->resources->nelts > 0;
}

/* A view or the body, with what it shows. */
static apr_status_t make_view(smtpc_part_t **part, const smtpc_build_t *build,
                              const smtpc_entity_t *view, int last)
{
    apr_status_t rv;

    if (!has_resources(view)) {
        return smtpc__leaf_make(part, build, view, last);
    }
    rv = make_multipart(part, "multipart/related", build);
    if (rv == APR_SUCCESS) {
        smtpc__part_param(*part, "type", view->type->value);
        /* Without "start" it is the first part, which it is; but readers that
         * look for it by name shall find it. */
        if (*view->content_id != '\0') {
            smtpc__part_param(*part, "start",
                              apr_pstrcat(build->pool, "<", view->content_id,
                                          ">", NULL));
        }
        rv = add_leaf(*part, build, view);
    }
    for (int i = 0; rv == APR_SUCCESS && i < view->resources->nelts; i++) {
        rv = add_leaf(*part, build, APR_ARRAY_IDX(view->resources, i,
                                                  const smtpc_entity_t *));
    }
    return rv;
}

static void add_form(apr_array_header_t *forms, const smtpc_entity_t *entity)
{
    APR_ARRAY_PUSH(forms, const smtpc_entity_t *) = entity;
}

/* Add the views that are plain text, or those that are not. */
static void add_views(apr_array_header_t *forms,
                      const smtpc_message_t *message, int plain)
{
    for (int i = 0; i < message->views->nelts; i++) {
        const smtpc_entity_t *view
            = APR_ARRAY_IDX(message->views, i, const smtpc_entity_t *);

        if (smtpc__entity_is_plain(view) == plain) {
            add_form(forms, view);
        }
    }
}

/* The forms of the text, the best one last. */
static apr_array_header_t *forms_of(const smtpc_message_t *message,
                                    apr_pool_t *pool)
{
    apr_array_header_t *forms = apr_array_make(pool, 4,
                                               sizeof(smtpc_entity_t *));
    const smtpc_entity_t *body = message->body;
    int has_body = body->text == NULL || *body->text != '\0'
                   || has_resources(body);

    if (has_body && !smtpc__entity_is_plain(body)) {
        add_views(forms, message, 1);
        add_form(forms, body);
        add_views(forms, message, 0);
    }
    else {
        if (has_body) {
            add_form(forms, body);
        }
        for (int i = 0; i < message->views->nelts; i++) {
            add_form(forms, APR_ARRAY_IDX(message->views, i,
                                          const smtpc_entity_t *));
        }
    }
    if (message->calendar != NULL) {
        add_form(forms, message->calendar);
    }
    if (forms->nelts == 0) {
        add_form(forms, body);
    }
    return forms;
}

/* The text in all its forms. */
static apr_status_t make_text(smtpc_part_t **part, const smtpc_build_t *build,
                              const smtpc_message_t *message, int last)
{
    const apr_array_header_t *forms = forms_of(message, build->pool);
    apr_status_t rv;

    if (forms->nelts == 1) {
        return make_view(part, build,
                         APR_ARRAY_IDX(forms, 0, const smtpc_entity_t *),
                         last);
    }
    rv = make_multipart(part, "multipart/alternative", build);
    for (int i = 0; rv == APR_SUCCESS && i < forms->nelts; i++) {
        smtpc_part_t *form;

        rv = make_view(&form, build,
                       APR_ARRAY_IDX(forms, i, const smtpc_entity_t *), 0);
        if (rv == APR_SUCCESS) {
            smtpc__part_add(*part, form);
        }
    }
    return rv;
}

apr_status_t smtpc__message_parts(smtpc_part_t **root,
                                  const smtpc_message_t *message,
                                  smtpc_build_t *build)
{
    const apr_array_header_t *attachments = message->attachments;
    smtpc_part_t *text;
    apr_status_t rv;

    smtpc__encode_area_create(&build->area, build->pool);
    if (attachments->nelts == 0 && message->calendar_file == NULL) {
        return make_text(root, build, message, 1);
    }
    rv = make_multipart(root, "multipart/mixed", build);
    if (rv == APR_SUCCESS) {
        rv = make_text(&text, build, message, 0);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__part_add(*root, text);
    for (int i = 0; rv == APR_SUCCESS && i < attachments->nelts; i++) {
        rv = add_leaf(*root, build, APR_ARRAY_IDX(attachments, i,
                                                  const smtpc_entity_t *));
    }
    if (rv == APR_SUCCESS && message->calendar_file != NULL) {
        rv = add_leaf(*root, build, message->calendar_file);
    }
    return rv;
}
