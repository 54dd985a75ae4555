/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_LEAF_H
#define SMTPC_MIME_LEAF_H

/**
 * @file leaf.h
 * From an entity to a part: charset, transfer encoding, fields.
 */

#include <smtpclient/entity.h>

#include "mime/message_int.h"
#include "mime/part.h"

/** What the parts of one message are made with. */
typedef struct smtpc_build_t {
    const smtpc_render_t *render;
    const smtpc_address_t *from; /**< for messages in it that have none */
    int eight_bit;               /**< 8bit content is allowed */
    int binary;                  /**< and content that is not lines */
    smtpc_env_t *env;
    smtpc_encode_area_t *area;
    apr_pool_t *pool;
} smtpc_build_t;

/** Record @a why as the reason of the failure @a status, which is returned. */
apr_status_t smtpc__build_fail(const smtpc_build_t *build,
                               apr_status_t status,
                               const smtpc_entity_t *entity,
                               const char *why);

/**
 * Set @a *part to a leaf with the content of @a entity; it is the end of the
 * message if @a last. Text, and what has an encoding that was set, is read
 * once to see what is in it, twice if it becomes quoted-printable.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it cannot be sent in the encoding that was set
 *         SMTPC_ESOURCE  a source failed or cannot be read again; a character
 *                        that is not in the charset; text that is not UTF-8
 *         else           as smtpc__message_render(), for a message
 */
apr_status_t smtpc__leaf_make(smtpc_part_t **part, const smtpc_build_t *build,
                              const smtpc_entity_t *entity, int last)
    SMTPC_WARN_UNUSED;

/** Check that the text in memory of @a entity can be sent in its charset and
 *  encoding to a server that takes 8bit; @a *why (in @a pool) if not. */
apr_status_t smtpc__leaf_check(const smtpc_entity_t *entity, const char **why,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Write the fields of @a entity other than those of its type and encoding to
 *  @a part. */
void smtpc__leaf_describe(smtpc_part_t *part, const smtpc_build_t *build,
                          const smtpc_entity_t *entity);

#endif
