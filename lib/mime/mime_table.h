/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MIME_TABLE_H
#define SMTPC_MIME_MIME_TABLE_H

/**
 * @file mime_table.h
 * Content types by extension that an env was given.
 */

#include <smtpclient/mime_type.h>

#include "base/env_int.h"

/** Return the content type that a file given to smtpc_env_load_mime_types()
 *  has for the extension of the file name @a name, or NULL. */
const char *smtpc__mime_table_find(const smtpc_env_t *env, const char *name);

#endif
