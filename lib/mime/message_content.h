/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_CONTENT_H
#define SMTPC_MIME_MESSAGE_CONTENT_H

/**
 * @file message_content.h
 * The parts that a message's body and attachments make.
 */

#include <smtpclient/message.h>

#include "base/env_int.h"
#include "mime/part.h"

/**
 * Set @a *root in @a pool to the tree of parts of @a message, for a way that
 * allows 8bit content if @a eight_bit. Sources that were read before are
 * rewound; a body that is a source is read once to see what is in it.
 *
 * @return APR_SUCCESS
 *         SMTPC_ESOURCE  a source failed, or cannot be read again
 *         else           no randomness to be had
 */
apr_status_t smtpc__message_parts(smtpc_part_t **root,
                                  const smtpc_message_t *message,
                                  int eight_bit, const smtpc_env_t *env,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
