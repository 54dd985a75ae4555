/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_SOURCE_INT_H
#define SMTPC_BASE_SOURCE_INT_H

/**
 * @file source_int.h
 * Sources for the other layers: concatenation, and why one failed.
 */

#include <smtpclient/source.h>

/** Create @a *source that reads @a parts[0 ... count-1] one behind the other;
 *  its length is known if all theirs are. @a parts is copied, the sources
 *  have to outlive it. */
apr_status_t smtpc__source_create_sequence(smtpc_source_t **source,
                                           smtpc_source_t *const *parts,
                                           apr_size_t count,
                                           apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return one sentence on why @a source failed ("cannot read /a/b: ..."),
 *  or "". Valid as long as the source. For a sequence or an encoder it is
 *  that of the part that failed. */
const char *smtpc__source_error(const smtpc_source_t *source);

/** Read as smtpc_source_read() does, but without a copy if the bytes lie in
 *  memory already: @a *data is set to where they are, there or at @a buf. They
 *  stay until @a source is read again, or as long as they did before. */
apr_status_t smtpc__source_lend(const char **data, char *buf, apr_size_t *len,
                                smtpc_source_t *source) SMTPC_WARN_UNUSED;

/** Return non-zero if @a source can be rewound (which may still fail). */
int smtpc__source_can_rewind(const smtpc_source_t *source);

/** A source made by another file: the callbacks, and where its error text
 *  comes from (NULL: generic text). */
typedef struct smtpc__source_vtable_t {
    smtpc_source_read_fn_t read;
    smtpc_source_rewind_fn_t rewind;
    const char *(*error)(void *baton);
} smtpc__source_vtable_t;

/** Create @a *source over @a vtable (static) and @a baton with @a length. */
apr_status_t smtpc__source_create(smtpc_source_t **source,
                                  const smtpc__source_vtable_t *vtable,
                                  apr_off_t length, void *baton,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
