/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity.c: what bodies, views, resources and attachments are: content type,
 * file name, charset, transfer encoding.
 *
 * A content type is parsed when it is given and kept as checked values; it is
 * replaced as a whole, never changed, so that a failure leaves the old one.
 * Text in memory is tried in its charset and encoding at once, a source when
 * it is sent.
 *
 * Not here: where content comes from (entity_content.c), the other header
 * fields (entity_field.c), making a part of it (leaf.c), which entities a
 * message has (attachment.c, view.c).
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ascii.h"
#include "mime/charset.h"
#include "mime/leaf.h"
#include "mime/message_priv.h"
#include "mime/param.h"

static const smtpc_content_type_t *own_type(const char *value,
                                            apr_pool_t *pool)
{
    smtpc_content_type_t *type = apr_pcalloc(pool, sizeof(*type));

    type->value = value;
    return type;
}

smtpc_entity_t *smtpc__entity_create(smtpc_message_t *message,
                                     smtpc_entity_e kind,
                                     smtpc_origin_e origin)
{
    smtpc_entity_t *entity = apr_pcalloc(message->pool, sizeof(*entity));

    entity->message = message;
    entity->kind = kind;
    entity->origin = origin;
    entity->name = "";
    entity->encoding = SMTPC_ENCODING_AUTO;
    entity->size = -1;
    entity->content_id = "";
    entity->location = "";
    entity->description = "";
    entity->language = "";
    entity->disposition
        = kind == SMTPC_ENTITY_ATTACHMENT ? SMTPC_DISPOSITION_ATTACHMENT
        : kind == SMTPC_ENTITY_RESOURCE   ? SMTPC_DISPOSITION_INLINE
                                          : SMTPC_DISPOSITION_NONE;
    smtpc__entity_set_own_type(entity, smtpc__mime_type(""));
    entity->guessed = 1;
    return entity;
}

const char *smtpc__entity_noun(const smtpc_entity_t *entity)
{
    static const char *const nouns[] = {
        [SMTPC_ENTITY_BODY] = "body",
        [SMTPC_ENTITY_VIEW] = "view",
        [SMTPC_ENTITY_RESOURCE] = "resource",
        [SMTPC_ENTITY_ATTACHMENT] = "attachment"
    };

    return nouns[entity->kind];
}

int smtpc__entity_is_plain(const smtpc_entity_t *entity)
{
    return strcmp(entity->type->value, "text/plain") == 0;
}

int smtpc__entity_is_text_type(const smtpc_entity_t *entity)
{
    return strncmp(entity->type->value, "text/", 5) == 0;
}

apr_status_t smtpc__entity_remove(smtpc_message_t *message,
                                  apr_array_header_t *list,
                                  const smtpc_entity_t *entity,
                                  const char *what)
{
    apr_status_t rv = smtpc__message_open(message, what);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (int i = 0; list != NULL && i < list->nelts; i++) {
        smtpc_entity_t **at = &APR_ARRAY_IDX(list, i, smtpc_entity_t *);

        if (*at == entity) {
            list->nelts--;
            memmove(at, at + 1, (apr_size_t)(list->nelts - i) * sizeof(*at));
            return APR_SUCCESS;
        }
    }
    return smtpc__message_fail(message, SMTPC_EARG,
                               "%s: it does not belong here, or was taken off "
                               "before", what);
}

apr_status_t smtpc__entity_move(smtpc_message_t *message,
                                apr_array_header_t *list,
                                smtpc_entity_t *entity, apr_size_t i,
                                const char *what)
{
    apr_status_t rv = smtpc__entity_remove(message, list, entity, what);
    smtpc_entity_t **at;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (i > (apr_size_t)list->nelts) {
        i = (apr_size_t)list->nelts;
    }
    (void)apr_array_push(list);
    at = &APR_ARRAY_IDX(list, i, smtpc_entity_t *);
    memmove(at + 1, at, ((apr_size_t)list->nelts - 1 - i) * sizeof(*at));
    *at = entity;
    return APR_SUCCESS;
}

/* The parameter name (in any case) of type, or NULL. */
static const char *param_of(const smtpc_content_type_t *type,
                            const char *name)
{
    for (apr_size_t i = 0; i < type->count; i++) {
        if (apr_cstr_casecmp(type->params[i].name, name) == 0) {
            return type->params[i].value;
        }
    }
    return NULL;
}

static const char *type_text(const smtpc_content_type_t *type,
                             apr_pool_t *pool)
{
    const char *text = type->value;

    for (apr_size_t i = 0; i < type->count; i++) {
        const char *value = type->params[i].value;
        apr_size_t len = strlen(value);

        if (!smtpc__is_token(value, len)) {
            value = smtpc__quote(value, len, pool);
        }
        text = apr_pstrcat(pool, text, "; ", type->params[i].name, "=", value,
                           NULL);
    }
    return text;
}

void smtpc__entity_set_own_type(smtpc_entity_t *entity,
                                const char *content_type)
{
    entity->type = own_type(content_type, entity->message->pool);
    entity->type_text = content_type;
    entity->guessed = 0;
}

/* Check that entity may have type, or set *why to what speaks against
 * it. */
static apr_status_t check_type(const char **why,
                               const smtpc_entity_t *entity,
                               const smtpc_content_type_t *type,
                               apr_pool_t *pool)
{
    const char *charset = param_of(type, "charset");
    apr_status_t rv = APR_SUCCESS;

    if (strncmp(type->value, "multipart/", 10) == 0
        || strncmp(type->value, "message/", 8) == 0) {
        *why = "multipart and message types cannot be given; the library "
               "makes them";
        return SMTPC_EARG;
    }
    if (param_of(type, "boundary") != NULL) {
        *why = "only the library makes boundaries";
        return SMTPC_EARG;
    }
    if (charset != NULL && entity->origin == SMTPC_ORIGIN_TEXT) {
        rv = smtpc__charset_check(why, charset, pool);
        if (rv != APR_SUCCESS) {
            *why = apr_psprintf(pool, "charset %.40s: %s", charset, *why);
        }
    }
    return rv;
}

static smtpc_content_type_t *copy_type(const smtpc_content_type_t *type,
                                       apr_pool_t *pool)
{
    smtpc_content_type_t *copy = apr_pcalloc(pool, sizeof(*copy));

    copy->value = apr_pstrdup(pool, type->value);
    copy->count = type->count;
    copy->params = apr_palloc(pool, (copy->count + 1)
                                        * sizeof(*copy->params));
    for (apr_size_t i = 0; i < copy->count; i++) {
        copy->params[i].name = apr_pstrdup(pool, type->params[i].name);
        copy->params[i].value = apr_pstrdup(pool, type->params[i].value);
    }
    return copy;
}

/* Let entity have type unless something speaks against it. */
static apr_status_t put_type(smtpc_entity_t *entity,
                             const smtpc_content_type_t *type,
                             apr_pool_t *scratch)
{
    const smtpc_content_type_t *old = entity->type;
    const char *why = "";
    apr_status_t rv = check_type(&why, entity, type, scratch);

    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(entity->message, rv, "%s: content type "
                                   "\"%.100s\": %s",
                                   smtpc__entity_noun(entity), type->value,
                                   why);
    }
    entity->type = type;
    rv = smtpc__entity_check(entity);
    if (rv != APR_SUCCESS) {
        entity->type = old;
        return rv;
    }
    entity->type = copy_type(type, entity->message->pool);
    entity->type_text = type_text(entity->type, entity->message->pool);
    entity->guessed = 0;
    return APR_SUCCESS;
}

/* The entity and its message can be changed, and it has a type to set. */
static apr_status_t check_typed(smtpc_entity_t *entity)
{
    if (entity->origin == SMTPC_ORIGIN_MESSAGE
        || entity->origin == SMTPC_ORIGIN_EML) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: it is a message, whose type and "
                                   "encoding the library chooses",
                                   smtpc__entity_noun(entity));
    }
    return smtpc__message_open(entity->message, smtpc__entity_noun(entity));
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_content_type(smtpc_entity_t *entity,
                              const char *content_type)
{
    smtpc_content_type_t *type;
    const char *why = "";
    apr_pool_t *scratch;
    apr_status_t rv = check_typed(entity);

    if (rv == APR_SUCCESS) {
        rv = apr_pool_create(&scratch, entity->message->pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (content_type == NULL) {
        content_type = "";
    }
    rv = smtpc__content_type_parse(&type, &why, content_type, scratch);
    if (rv == APR_SUCCESS) {
        rv = put_type(entity, type, scratch);
    }
    else {
        (void)smtpc__message_fail(entity->message, rv,
                                  "%s: content type \"%.100s\": %s",
                                  smtpc__entity_noun(entity), content_type,
                                  why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_entity_content_type(const smtpc_entity_t *entity)
{
    return entity->type_text;
}

SMTPC_DECLARE(const char *)
smtpc_entity_media_type(const smtpc_entity_t *entity)
{
    return entity->type->value;
}

/* A copy of type in which parameter name has value, or is not for NULL. */
static smtpc_content_type_t *with_param(const smtpc_content_type_t *type,
                                        const char *name, const char *value,
                                        apr_pool_t *pool)
{
    smtpc_content_type_t *made = copy_type(type, pool);
    apr_size_t n = 0;
    int done = value == NULL;

    for (apr_size_t i = 0; i < type->count; i++) {
        made->params[n] = made->params[i];
        if (apr_cstr_casecmp(made->params[n].name, name) != 0) {
            n++;
        }
        else if (value != NULL) {
            made->params[n++].value = value;
            done = 1;
        }
    }
    if (!done) {
        char *lower = apr_pstrdup(pool, name);

        for (char *p = lower; *p != '\0'; p++) {
            *p = smtpc__to_lower(*p);
        }
        made->params[n].name = lower;
        made->params[n++].value = value;
    }
    made->count = n;
    return made;
}

static apr_status_t check_param(smtpc_entity_t *entity, const char *name,
                                const char *value)
{
    if (name == NULL || !smtpc__is_token(name, strlen(name))
        || strpbrk(name, "*'%") != NULL
        || strlen(name) > SMTPC_LIMIT_HEADER_LINE / 2) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: \"%.40s\" is not the name of a "
                                   "parameter", smtpc__entity_noun(entity),
                                   name != NULL ? name : "");
    }
    return value == NULL ? APR_SUCCESS
                         : smtpc__message_check(entity->message,
                                                "the value of a parameter",
                                                value, SMTPC_LIMIT_PARAMETER);
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_type_param(smtpc_entity_t *entity, const char *name,
                            const char *value)
{
    apr_pool_t *scratch;
    apr_status_t rv = check_typed(entity);

    if (rv == APR_SUCCESS) {
        rv = check_param(entity, name, value);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (value != NULL && param_of(entity->type, name) == NULL
        && entity->type->count >= SMTPC_CONTENT_TYPE_PARAMS) {
        return smtpc__message_fail(entity->message, SMTPC_ELIMIT,
                                   "%s: its content type has %d parameters "
                                   "already", smtpc__entity_noun(entity),
                                   SMTPC_CONTENT_TYPE_PARAMS);
    }
    rv = apr_pool_create(&scratch, entity->message->pool);
    if (rv == APR_SUCCESS) {
        rv = put_type(entity, with_param(entity->type, name, value, scratch),
                      scratch);
        apr_pool_destroy(scratch);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_entity_type_param(const smtpc_entity_t *entity, const char *name)
{
    return param_of(entity->type, name);
}

SMTPC_DECLARE(apr_size_t)
smtpc_entity_type_param_count(const smtpc_entity_t *entity)
{
    return entity->type->count;
}

SMTPC_DECLARE(const char *)
smtpc_entity_type_param_name(const smtpc_entity_t *entity, apr_size_t i)
{
    return i < entity->type->count ? entity->type->params[i].name : NULL;
}

SMTPC_DECLARE(const char *)
smtpc_entity_type_param_value(const smtpc_entity_t *entity, apr_size_t i)
{
    return i < entity->type->count ? entity->type->params[i].value : NULL;
}

apr_status_t smtpc__entity_put_param(smtpc_entity_t *entity,
                                     apr_array_header_t **params,
                                     const char *name, const char *value)
{
    apr_pool_t *pool = entity->message->pool;
    apr_status_t rv = check_param(entity, name, value);
    smtpc_param_t *param;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*params == NULL) {
        *params = apr_array_make(pool, 4, sizeof(smtpc_param_t));
    }
    for (int i = 0; i < (*params)->nelts; i++) {
        param = &APR_ARRAY_IDX(*params, i, smtpc_param_t);
        if (apr_cstr_casecmp(param->name, name) == 0) {
            if (value != NULL) {
                param->value = apr_pstrdup(pool, value);
                return APR_SUCCESS;
            }
            memmove(param, param + 1, (apr_size_t)((*params)->nelts - i - 1)
                                          * sizeof(*param));
            (*params)->nelts--;
            return APR_SUCCESS;
        }
    }
    if (value == NULL) {
        return APR_SUCCESS;
    }
    if ((*params)->nelts >= SMTPC_CONTENT_TYPE_PARAMS) {
        return smtpc__message_fail(entity->message, SMTPC_ELIMIT,
                                   "%s: it has %d such parameters already",
                                   smtpc__entity_noun(entity),
                                   SMTPC_CONTENT_TYPE_PARAMS);
    }
    param = apr_array_push(*params);
    param->name = apr_pstrdup(pool, name);
    param->value = apr_pstrdup(pool, value);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_set_charset(smtpc_entity_t *entity,
                                                     const char *charset)
{
    return smtpc_entity_set_type_param(entity, "charset", charset);
}

SMTPC_DECLARE(const char *)
smtpc_entity_charset(const smtpc_entity_t *entity)
{
    const char *charset = param_of(entity->type, "charset");

    return charset != NULL ? charset : "";
}

apr_status_t smtpc__entity_check(smtpc_entity_t *entity)
{
    const char *why = "";
    apr_pool_t *scratch;
    apr_status_t rv;

    if (entity->text == NULL
        || (entity->encoding == SMTPC_ENCODING_AUTO
            && param_of(entity->type, "charset") == NULL)) {
        return APR_SUCCESS;
    }
    rv = apr_pool_create(&scratch, entity->message->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__leaf_check(entity, &why, scratch);
    if (rv != APR_SUCCESS) {
        /* The text is at fault, unless it is this system. */
        rv = smtpc__message_fail(entity->message,
                                 rv >= SMTPC_STATUS_FIRST ? SMTPC_EARG : rv,
                                 "%s: %s", smtpc__entity_noun(entity), why);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_encoding(smtpc_entity_t *entity, smtpc_encoding_e encoding)
{
    smtpc_encoding_e old = entity->encoding;
    apr_status_t rv = check_typed(entity);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((int)encoding < SMTPC_ENCODING_AUTO
        || (int)encoding >= SMTPC_ENCODING_COUNT) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: there is no transfer encoding %d",
                                   smtpc__entity_noun(entity), (int)encoding);
    }
    entity->encoding = encoding;
    rv = smtpc__entity_check(entity);
    if (rv != APR_SUCCESS) {
        entity->encoding = old;
    }
    return rv;
}

SMTPC_DECLARE(smtpc_encoding_e)
smtpc_entity_encoding(const smtpc_entity_t *entity)
{
    return entity->encoding;
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_set_flowed(smtpc_entity_t *entity,
                                                    int flowed)
{
    apr_status_t rv = check_typed(entity);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (flowed && (entity->origin != SMTPC_ORIGIN_TEXT
                   || !smtpc__entity_is_plain(entity))) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: only text/plain that was given as "
                                   "text can be format=flowed",
                                   smtpc__entity_noun(entity));
    }
    entity->flowed = flowed != 0;
    return APR_SUCCESS;
}

SMTPC_DECLARE(int) smtpc_entity_flowed(const smtpc_entity_t *entity)
{
    return entity->flowed;
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_set_name(smtpc_entity_t *entity,
                                                  const char *name)
{
    apr_status_t rv = smtpc__message_open(entity->message,
                                          smtpc__entity_noun(entity));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (name == NULL) {
        entity->name = "";
        return APR_SUCCESS;
    }
    if (*name == '\0') {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: the file name is empty",
                                   smtpc__entity_noun(entity));
    }
    rv = smtpc__message_check(entity->message,
                              apr_psprintf(entity->message->pool,
                                           "%s: the file name",
                                           smtpc__entity_noun(entity)),
                              name, SMTPC_LIMIT_PARAMETER);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    entity->name = apr_pstrdup(entity->message->pool, name);
    /* A file spooled under a name that says nothing gets its own now. */
    if (entity->guessed && smtpc__mime_type_known(name)) {
        smtpc__entity_set_own_type(entity, smtpc__mime_type(name));
        entity->guessed = 1;
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *) smtpc_entity_name(const smtpc_entity_t *entity)
{
    return entity->name;
}

apr_status_t smtpc__entity_describe(smtpc_entity_t *entity, const char *name,
                                    const char *content_type)
{
    apr_status_t rv = APR_SUCCESS;

    if (name != NULL) {
        rv = smtpc_entity_set_name(entity, name);
    }
    if (rv == APR_SUCCESS && content_type != NULL) {
        rv = smtpc_entity_set_content_type(entity, content_type);
    }
    return rv;
}
