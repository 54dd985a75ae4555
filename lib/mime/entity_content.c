/* SPDX-License-Identifier: Apache-2.0 */
/*
 * entity_content.c: where the content of an entity comes from: text, a file,
 * memory, a source.
 *
 * Text is copied, everything else is read when it is sent.
 */
#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "mime/message_priv.h"

apr_status_t smtpc__entity_set_text(smtpc_entity_t *entity, const char *text)
{
    const char *old = entity->text;
    apr_status_t rv;

    if (text == NULL) {
        text = "";
    }
    if (!smtpc__utf8_valid(text, strlen(text))) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: it is not valid UTF-8; convert it "
                                   "first", smtpc__entity_noun(entity));
    }
    entity->text = text;
    rv = smtpc__entity_check(entity);
    if (rv != APR_SUCCESS) {
        entity->text = old;
        return rv;
    }
    entity->text = apr_pstrdup(entity->message->pool, text);
    entity->source = NULL;
    return APR_SUCCESS;
}

static apr_status_t fail_file(smtpc_entity_t *entity, apr_status_t status,
                              const char *path)
{
    char text[160];

    return smtpc__message_fail(entity->message, status,
                               "%s: cannot read %.300s: %s",
                               smtpc__entity_noun(entity), path,
                               smtpc_strerror(status, text, sizeof(text)));
}

apr_status_t smtpc__entity_set_file(smtpc_entity_t *entity, const char **name,
                                    const char *path)
{
    apr_pool_t *pool = entity->message->pool;
    const char *slash; /* and behind it */
    apr_finfo_t info;
    apr_status_t rv;

    if (path == NULL) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: no path is given",
                                   smtpc__entity_noun(entity));
    }
    slash = strrchr(path, '/');
    slash = slash != NULL ? slash + 1 : path;
    rv = smtpc__message_check(entity->message, "the name of a file", slash,
                              SMTPC_LIMIT_PARAMETER);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_stat(&info, path, APR_FINFO_TYPE, pool);
    /* Some systems do not tell all of what was asked. */
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return fail_file(entity, rv, path);
    }
    if (info.filetype != APR_REG) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: %.300s is not a regular file",
                                   smtpc__entity_noun(entity), path);
    }
    rv = smtpc_source_create_file(&entity->source, path, pool);
    if (rv != APR_SUCCESS) {
        return fail_file(entity, rv, path);
    }
    *name = slash;
    return APR_SUCCESS;
}

apr_status_t smtpc__entity_set_bytes(smtpc_entity_t *entity, const void *data,
                                     apr_size_t len)
{
    if (data == NULL && len > 0) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: no data is given",
                                   smtpc__entity_noun(entity));
    }
    return smtpc_source_create_bytes(&entity->source,
                                     data != NULL ? data : "", len,
                                     entity->message->pool);
}

apr_status_t smtpc__entity_set_source(smtpc_entity_t *entity,
                                      smtpc_source_t *source)
{
    if (source == NULL) {
        return smtpc__message_fail(entity->message, SMTPC_EARG,
                                   "%s: no source is given",
                                   smtpc__entity_noun(entity));
    }
    entity->source = source;
    return APR_SUCCESS;
}

SMTPC_DECLARE(smtpc_source_t *)
smtpc_entity_source(const smtpc_entity_t *entity)
{
    return entity->source;
}
