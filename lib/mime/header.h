/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_HEADER_H
#define SMTPC_MIME_HEADER_H

/**
 * @file header.h
 * The one writer of header fields: encodes (RFC 2047), folds (RFC 5322
 * 2.2.3), ends each field with CRLF. Callers give logical values; nothing
 * they give can end a field.
 */

#include <apr_tables.h>

#include "base/limits.h"
#include "model/address_int.h"

/** A header block under construction. */
typedef struct smtpc_header_t smtpc_header_t;

/** Create an empty @a *header in @a pool; with @a utf8 values are written as
 *  raw UTF-8 instead of encoded words. */
void smtpc__header_create(smtpc_header_t **header, int utf8,
                          apr_pool_t *pool);

/** Return NULL if @a name is a field name, else a reason. RFC 5322 3.6.8. */
const char *smtpc__header_name_check(const char *name);

/** Write field @a name with the unstructured text @a value, encoded and
 *  folded as needed. SMTPC_EARG for control characters, SMTPC_ELIMIT if the
 *  block passes SMTPC_LIMIT_HEADER_BLOCK. */
apr_status_t smtpc__header_text(smtpc_header_t *header, const char *name,
                                const char *value) SMTPC_WARN_UNUSED;

/** Write field @a name with @a value as it is: ASCII tokens from this
 *  library or checked by the caller, folded at its blanks. Refuses as
 *  smtpc__header_text(). */
apr_status_t smtpc__header_structured(smtpc_header_t *header,
                                      const char *name, const char *value)
    SMTPC_WARN_UNUSED;

/** Write field @a name with the mailboxes in @a list (const smtpc_address_t
 *  *), folded between them. Does nothing for an empty list. As
 *  smtpc__header_text(), and SMTPC_EEXTENSION for an address that can only
 *  be written in UTF-8 where that is not allowed. */
apr_status_t smtpc__header_addresses(smtpc_header_t *header,
                                     const char *name,
                                     const apr_array_header_t *list)
    SMTPC_WARN_UNUSED;

/** Write field @a name with the text @a phrase (may be "") and behind it
 *  @a spec as it is: ASCII without blanks, checked by the caller. Refuses as
 *  smtpc__header_text(). */
apr_status_t smtpc__header_phrase(smtpc_header_t *header, const char *name,
                                  const char *phrase, const char *spec)
    SMTPC_WARN_UNUSED;

/** A parameter of Content-Type or Content-Disposition. */
typedef struct smtpc_param_t {
    const char *name;  /**< token */
    const char *value; /**< UTF-8 text */
} smtpc_param_t;

/** Write field @a name with token value @a value and @a count @a params,
 *  each as RFC 2231 asks (with plain fallback), folded between them. */
apr_status_t smtpc__header_params(smtpc_header_t *header, const char *name,
                                  const char *value,
                                  const smtpc_param_t *params,
                                  apr_size_t count) SMTPC_WARN_UNUSED;

/** Return the bytes of the fields written so far, without an empty line
 *  behind them; set @a *len. They live until the next call. */
const char *smtpc__header_fields(const smtpc_header_t *header,
                                 apr_size_t *len);

/** End the block with an empty line and return its bytes; set @a *len. They
 *  live as long as the header's pool. */
const char *smtpc__header_finish(smtpc_header_t *header, apr_size_t *len);

#endif
