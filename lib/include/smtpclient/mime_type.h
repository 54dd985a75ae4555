/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_TYPE_H
#define SMTPC_MIME_TYPE_H

/**
 * @file mime_type.h
 * Content types by file name extension, for attachments whose type nobody
 * named.
 */

#include <smtpclient/env.h>

SMTPC_BEGIN_DECLS

/**
 * Read the file @a path, in the syntax of httpd's mime.types ("type extension
 * ..." in a line, "#" begins a comment), and let its types have priority over
 * those that the library knows. Another file adds to the ones before it and
 * has priority over them. Types multipart/ and message/ are left out: they
 * cannot be attached as a file.
 *
 * Not while other threads use @a env.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     a line is not in this syntax; which one is logged
 *         SMTPC_ELIMIT   larger than SMTPC_LIMIT_MIME_TYPES_FILE, or more
 *                        than SMTPC_LIMIT_MIME_TYPES extensions
 *         else           what APR says of the file
 *         After a failure nothing has changed.
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_load_mime_types(smtpc_env_t *env,
                                                      const char *path)
    SMTPC_WARN_UNUSED;

/**
 * Return the content type that the extension of the file name @a name stands
 * for in @a env (NULL: what the library knows), or "application/octet-stream".
 * It lives as long as @a env. Thread-safe. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_env_mime_type(const smtpc_env_t *env,
                                                const char *name);

SMTPC_END_DECLS

#endif
