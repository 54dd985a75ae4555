/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_CONTENT_H
#define SMTPC_MIME_MESSAGE_CONTENT_H

/**
 * @file message_content.h
 * The tree of parts that a message's body, views and attachments make.
 */

#include "mime/leaf.h"

/**
 * Set @a *root to the tree of parts of @a message, made as @a build says; its
 * area is set here. Sources that were read before are rewound; text from a
 * source is read to see what is in it.
 *
 * @return APR_SUCCESS
 *         else  as smtpc__leaf_make(), or no randomness to be had
 */
apr_status_t smtpc__message_parts(smtpc_part_t **root,
                                  const smtpc_message_t *message,
                                  smtpc_build_t *build) SMTPC_WARN_UNUSED;

#endif
