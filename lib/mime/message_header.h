/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_HEADER_H
#define SMTPC_MIME_MESSAGE_HEADER_H

/**
 * @file message_header.h
 * The header fields of a message, all but those of its content.
 */

#include "mime/header.h"
#include "mime/message_int.h"

/** Write @a name with the one mailbox @a address to @a header. */
apr_status_t smtpc__message_write_address(smtpc_header_t *header,
                                          const char *name,
                                          const smtpc_address_t *address,
                                          apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Write the Resent blocks of @a message, the newest first. */
apr_status_t smtpc__message_write_resent(smtpc_header_t *header,
                                         const smtpc_message_t *message,
                                         smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Write all fields of @a message, whose From may be that of @a how, but those
 * of its content, and set @a *id to its Message-ID, in @a pool.
 *
 * @return as smtpc__message_render()
 */
apr_status_t smtpc__message_write_header(smtpc_header_t *header,
                                         const char **id,
                                         const smtpc_message_t *message,
                                         const smtpc_render_t *how,
                                         smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
