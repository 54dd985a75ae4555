/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_CONTENT_TYPE_H
#define SMTPC_MIME_CONTENT_TYPE_H

/**
 * @file content_type.h
 * Content types: read from the caller's text, guessed from a file name.
 */

#include "mime/header.h"

/** Parameters a content type may have: more is no type but an attack. */
#define SMTPC_CONTENT_TYPE_PARAMS 32

/** A content type. */
typedef struct smtpc_content_type_t {
    const char *value;           /**< type/subtype in lower case */
    smtpc_param_t *params;       /**< parameters, names in lower case */
    apr_size_t count;
} smtpc_content_type_t;

/**
 * Parse @a text, `type/subtype; name=value; name="value"`, into @a *type in
 * @a pool. RFC 2045 5.1, without comments. @a *why tells of a failure.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a content type, invalid UTF-8, control
 *                        characters, or a parameter given twice
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_PARAMETER, or more than
 *                        SMTPC_CONTENT_TYPE_PARAMS parameters
 */
apr_status_t smtpc__content_type_parse(smtpc_content_type_t **type,
                                       const char **why, const char *text,
                                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return the content type that the extension of @a name stands for, or
 *  "application/octet-stream". The string is constant. */
const char *smtpc__mime_type(const char *name);

/** Return non-zero if the extension of @a name is known. */
int smtpc__mime_type_known(const char *name);

#endif
