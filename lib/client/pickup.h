/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_PICKUP_H
#define SMTPC_CLIENT_PICKUP_H

/**
 * @file pickup.h
 * Delivery into a pickup directory in .NET's format, durable and atomic:
 * written and synced under a temporary name, then renamed to <guid>.eml.
 */

#include "base/result_int.h"
#include "mime/message_int.h"

/**
 * Write @a content to a new file in @a directory and record in @a result its
 * path, the bytes and the recipients as ACCEPTED, or what failed. The file
 * is 0660 less the umask, so that a program of the same group can collect it;
 * a reader never sees part of a message.
 *
 * @return APR_SUCCESS
 *         SMTPC_EQUEUE    the directory or file could not be written
 *         SMTPC_ESOURCE   an attachment could not be read
 */
apr_status_t smtpc__pickup_write(smtpc_result_t *result,
                                 const char *directory,
                                 smtpc_content_t *content, smtpc_env_t *env,
                                 apr_pool_t *pool);

#endif
