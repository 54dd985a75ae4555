/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_field.c: the header fields of an entity that describe it:
 * Content-Disposition with its parameters (RFC 2183), Content-ID and
 * Content-Description (RFC 2045 7 and 8), Content-Location (RFC 2557),
 * Content-Language (RFC 3282), and those that the caller adds.
 *
 * An entity that is all a message has gives its fields to the message's
 * header, so that none can be added that means something there.
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_general.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ascii.h"
#include "mime/message_priv.h"

/* Random bytes of a Content-ID. */
#define ID_BYTES 20

static apr_status_t check_open(smtpc_entity_t *entity)
{
    return smtpc__message_open(entity->message, smtpc__entity_noun(entity));
}

static apr_status_t refuse(smtpc_entity_t *entity, apr_status_t status,
                           const char *field, const char *why)
{
    return smtpc__message_fail(entity->message, status, "%s: %s: %s",
                               smtpc__entity_noun(entity), field, why);
}

/* A value of printable ASCII without blanks, of at most limit characters. */
static apr_status_t check_visible(smtpc_entity_t *entity, const char *field,
                                  const char *value, apr_size_t limit)
{
    apr_size_t len = strlen(value);

    if (len > limit) {
        return refuse(entity, SMTPC_ELIMIT, field, "it is too long");
    }
    if (len == 0) {
        return refuse(entity, SMTPC_EARG, field, "it is empty");
    }
    for (apr_size_t i = 0; i < len; i++) {
        if (value[i] <= ' ' || value[i] >= 127) {
            return refuse(entity, SMTPC_EARG, field,
                          "it may only have printable ASCII characters and "
                          "no blank");
        }
    }
    return APR_SUCCESS;
}

/* The place of value: the old one, a copy, or "" for NULL. */
static void replace(const char **place, smtpc_entity_t *entity,
                    const char *value)
{
    *place = value != NULL ? apr_pstrdup(entity->message->pool, value) : "";
}

/* Another resource of the view that entity is in has this id. */
static int id_is_taken(const smtpc_entity_t *entity, const char *id,
                       const smtpc_entity_t *view)
{
    const apr_array_header_t *all = view->resources;
    int mine = 0;
    int taken = 0;

    for (int i = 0; all != NULL && i < all->nelts; i++) {
        const smtpc_entity_t *other
            = APR_ARRAY_IDX(all, i, const smtpc_entity_t *);

        mine |= other == entity;
        taken |= other != entity && strcmp(other->content_id, id) == 0;
    }
    return mine && taken;
}

static int id_is_taken_anywhere(const smtpc_entity_t *entity, const char *id)
{
    const smtpc_message_t *message = entity->message;

    if (id_is_taken(entity, id, message->body)) {
        return 1;
    }
    for (int i = 0; i < message->views->nelts; i++) {
        if (id_is_taken(entity, id, APR_ARRAY_IDX(message->views, i,
                                                  const smtpc_entity_t *))) {
            return 1;
        }
    }
    return 0;
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_content_id(smtpc_entity_t *entity, const char *id)
{
    apr_status_t rv = check_open(entity);

    if (rv == APR_SUCCESS && id != NULL) {
        rv = check_visible(entity, "Content-ID", id, SMTPC_LIMIT_CONTENT_ID);
        if (rv == APR_SUCCESS && strpbrk(id, "<>") != NULL) {
            rv = refuse(entity, SMTPC_EARG, "Content-ID",
                        "it has an angle bracket; they are added when it is "
                        "sent");
        }
        if (rv == APR_SUCCESS && id_is_taken_anywhere(entity, id)) {
            rv = refuse(entity, SMTPC_EARG, "Content-ID",
                        "another resource of the view has it");
        }
    }
    if (rv == APR_SUCCESS) {
        replace(&entity->content_id, entity, id);
    }
    return rv;
}

SMTPC_DECLARE(const char *) smtpc_entity_content_id(smtpc_entity_t *entity)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[ID_BYTES];
    char digits[2 * ID_BYTES + 1];

    if (*entity->content_id != '\0'
        || apr_generate_random_bytes(bytes, sizeof(bytes)) != APR_SUCCESS) {
        return entity->content_id;
    }
    for (apr_size_t i = 0; i < ID_BYTES; i++) {
        digits[2 * i] = hex[bytes[i] >> 4];
        digits[2 * i + 1] = hex[bytes[i] & 15];
    }
    digits[2 * ID_BYTES] = '\0';
    /* The syntax wants a domain; the digits alone make it unique. */
    entity->content_id = apr_pstrcat(entity->message->pool, digits,
                                     "@part.invalid", NULL);
    return entity->content_id;
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_disposition(smtpc_entity_t *entity,
                             smtpc_disposition_e disposition)
{
    apr_status_t rv = check_open(entity);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((int)disposition < 0 || disposition >= SMTPC_DISPOSITION_COUNT) {
        return refuse(entity, SMTPC_EARG, "Content-Disposition",
                      "it is not NONE, ATTACHMENT or INLINE");
    }
    entity->disposition = disposition;
    return APR_SUCCESS;
}

SMTPC_DECLARE(smtpc_disposition_e)
smtpc_entity_disposition(const smtpc_entity_t *entity)
{
    return entity->disposition;
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_disposition_param(smtpc_entity_t *entity, const char *name,
                                   const char *value)
{
    static const char *const own[] = { "filename", "creation-date",
                                       "modification-date", "read-date",
                                       "size" };
    apr_status_t rv = check_open(entity);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (apr_size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (name != NULL && apr_cstr_casecmp(name, own[i]) == 0) {
            return refuse(entity, SMTPC_EARG, own[i],
                          "it has a function of its own");
        }
    }
    return smtpc__entity_put_param(entity, &entity->disposition_params, name,
                                   value);
}

static const char *find(const apr_array_header_t *params, const char *name)
{
    for (int i = 0; params != NULL && i < params->nelts; i++) {
        const smtpc_param_t *param = &APR_ARRAY_IDX(params, i, smtpc_param_t);

        if (apr_cstr_casecmp(param->name, name) == 0) {
            return param->value;
        }
    }
    return NULL;
}

SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param(const smtpc_entity_t *entity,
                               const char *name)
{
    return find(entity->disposition_params, name);
}

SMTPC_DECLARE(apr_size_t)
smtpc_entity_disposition_param_count(const smtpc_entity_t *entity)
{
    return entity->disposition_params != NULL
               ? (apr_size_t)entity->disposition_params->nelts : 0;
}

SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param_name(const smtpc_entity_t *entity,
                                    apr_size_t i)
{
    return i < smtpc_entity_disposition_param_count(entity)
               ? APR_ARRAY_IDX(entity->disposition_params, i,
                               smtpc_param_t).name
               : NULL;
}

SMTPC_DECLARE(const char *)
smtpc_entity_disposition_param_value(const smtpc_entity_t *entity,
                                     apr_size_t i)
{
    return i < smtpc_entity_disposition_param_count(entity)
               ? APR_ARRAY_IDX(entity->disposition_params, i,
                               smtpc_param_t).value
               : NULL;
}

SMTPC_DECLARE(void)
smtpc_entity_set_creation_date(smtpc_entity_t *entity, apr_time_t date)
{
    entity->dates[SMTPC_DATE_CREATION] = date;
}

SMTPC_DECLARE(apr_time_t)
smtpc_entity_creation_date(const smtpc_entity_t *entity)
{
    return entity->dates[SMTPC_DATE_CREATION];
}

SMTPC_DECLARE(void)
smtpc_entity_set_modification_date(smtpc_entity_t *entity, apr_time_t date)
{
    entity->dates[SMTPC_DATE_MODIFICATION] = date;
}

SMTPC_DECLARE(apr_time_t)
smtpc_entity_modification_date(const smtpc_entity_t *entity)
{
    return entity->dates[SMTPC_DATE_MODIFICATION];
}

SMTPC_DECLARE(void)
smtpc_entity_set_read_date(smtpc_entity_t *entity, apr_time_t date)
{
    entity->dates[SMTPC_DATE_READ] = date;
}

SMTPC_DECLARE(apr_time_t)
smtpc_entity_read_date(const smtpc_entity_t *entity)
{
    return entity->dates[SMTPC_DATE_READ];
}

SMTPC_DECLARE(void)
smtpc_entity_set_size(smtpc_entity_t *entity, apr_off_t size)
{
    entity->size = size < 0 ? -1 : size;
}

SMTPC_DECLARE(apr_off_t) smtpc_entity_size(const smtpc_entity_t *entity)
{
    return entity->size;
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_set_location(smtpc_entity_t *entity,
                                                      const char *uri)
{
    apr_status_t rv = check_open(entity);

    if (rv == APR_SUCCESS && uri != NULL) {
        rv = check_visible(entity, "Content-Location", uri, SMTPC_LIMIT_URI);
    }
    if (rv == APR_SUCCESS) {
        replace(&entity->location, entity, uri);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_entity_location(const smtpc_entity_t *entity)
{
    return entity->location;
}

SMTPC_DECLARE(apr_status_t)
smtpc_entity_set_description(smtpc_entity_t *entity, const char *text)
{
    apr_status_t rv = check_open(entity);

    if (rv == APR_SUCCESS && text != NULL) {
        rv = *text == '\0' ? refuse(entity, SMTPC_EARG, "Content-Description",
                                    "it is empty")
                           : smtpc__message_check(entity->message,
                                                  "Content-Description", text,
                                                  SMTPC_LIMIT_PARAMETER);
    }
    if (rv == APR_SUCCESS) {
        replace(&entity->description, entity, text);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_entity_description(const smtpc_entity_t *entity)
{
    return entity->description;
}

/* Tags of letters, digits and hyphens, divided by a comma and blanks. */
static int is_language(const char *tags)
{
    apr_size_t len = 0;

    for (;; tags++) {
        if (smtpc__is_alnum(*tags) || (*tags == '-' && len > 0)) {
            len++;
            continue;
        }
        if (len == 0) {
            return 0;
        }
        if (*tags != ',') {
            return *tags == '\0';
        }
        len = 0;
        while (tags[1] == ' ') {
            tags++;
        }
    }
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_set_language(smtpc_entity_t *entity,
                                                      const char *tags)
{
    apr_status_t rv = check_open(entity);

    if (rv == APR_SUCCESS && tags != NULL) {
        if (strlen(tags) > SMTPC_LIMIT_LANGUAGE) {
            rv = refuse(entity, SMTPC_ELIMIT, "Content-Language",
                        "it is too long");
        }
        else if (!is_language(tags)) {
            rv = refuse(entity, SMTPC_EARG, "Content-Language",
                        "it is not a tag such as \"de\" or \"de-CH, fr\"");
        }
    }
    if (rv == APR_SUCCESS) {
        replace(&entity->language, entity, tags);
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_entity_language(const smtpc_entity_t *entity)
{
    return entity->language;
}

/* Why a field of this name cannot be added, or NULL. */
static const char *name_problem(const char *name)
{
    static const char *const own[] = {
        "Content-Type", "Content-Transfer-Encoding", "Content-Disposition",
        "Content-ID", "Content-Location", "Content-Description",
        "Content-Language"
    };
    static const char *const others[] = { "X-Sender", "X-Receiver",
                                          "X-Priority" };
    const char *why = smtpc__header_name_check(name);

    if (why != NULL) {
        return why;
    }
    for (apr_size_t i = 0; i < sizeof(own) / sizeof(*own); i++) {
        if (apr_cstr_casecmp(name, own[i]) == 0) {
            return "the library writes it";
        }
    }
    for (apr_size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
        if (apr_cstr_casecmp(name, others[i]) == 0) {
            return "it belongs to the message";
        }
    }
    return apr_cstr_casecmpn(name, "Content-", 8) == 0
                   || apr_cstr_casecmpn(name, "X-", 2) == 0
               ? NULL : "only Content- and X- fields mean anything here";
}

SMTPC_DECLARE(apr_status_t) smtpc_entity_add_header(smtpc_entity_t *entity,
                                                    const char *name,
                                                    const char *value)
{
    apr_pool_t *pool = entity->message->pool;
    apr_status_t rv = check_open(entity);
    smtpc_param_t *field;
    const char *why;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (name == NULL || value == NULL || *value == '\0') {
        return refuse(entity, SMTPC_EARG, "header",
                      "no name or no value is given");
    }
    why = name_problem(name);
    if (why != NULL) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: header \"%.80s\": %s",
                                   smtpc__entity_noun(entity), name, why);
    }
    rv = smtpc__message_check(entity->message, "the value of a header", value,
                              SMTPC_LIMIT_HEADER_VALUE);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (entity->fields == NULL) {
        entity->fields = apr_array_make(pool, 2, sizeof(smtpc_param_t));
    }
    if (entity->fields->nelts >= SMTPC_LIMIT_ENTITY_HEADERS) {
        return refuse(entity, SMTPC_ELIMIT, "header", "there are too many");
    }
    field = apr_array_push(entity->fields);
    field->name = apr_pstrdup(pool, name);
    field->value = apr_pstrdup(pool, value);
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *)
smtpc_entity_header(const smtpc_entity_t *entity, const char *name)
{
    return find(entity->fields, name);
}
