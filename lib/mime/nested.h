/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_NESTED_H
#define SMTPC_MIME_NESTED_H

/**
 * @file nested.h
 * Messages inside messages.
 */

#include "mime/leaf.h"

/** Set @a *part to a part with the message that @a entity is. As
 *  smtpc__leaf_make(). */
apr_status_t smtpc__nested_make(smtpc_part_t **part,
                                const smtpc_build_t *build,
                                const smtpc_entity_t *entity)
    SMTPC_WARN_UNUSED;

/**
 * Check that @a attached can be attached to @a message.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    it is that message, or has attached it
 *         SMTPC_ELIMIT  too deep, or too many messages in it
 */
apr_status_t smtpc__nested_check(const smtpc_message_t *message,
                                 const smtpc_message_t *attached)
    SMTPC_WARN_UNUSED;

/**
 * Look at all of @a source and go back to its front: can it be a
 * message/rfc822? Set @a *scan, or @a *why on failure.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it does not begin with a header block, has a NUL, or
 *                        a line that is too long
 *         SMTPC_ESOURCE  @a source failed or cannot rewind
 */
apr_status_t smtpc__nested_scan(smtpc_scan_t *scan, const char **why,
                                smtpc_source_t *source) SMTPC_WARN_UNUSED;

#endif
