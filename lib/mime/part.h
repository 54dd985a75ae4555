/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_PART_H
#define SMTPC_MIME_PART_H

/**
 * @file part.h
 * The tree of a message's MIME parts: leaves have content, the others have
 * parts. The root's fields go into the message's header block.
 */

#include "mime/encode.h"
#include "mime/header.h"

/** Another field of a part. */
typedef struct smtpc_part_field_t {
    const char *name;
    const char *value;
    int structured; /**< tokens, written as they are; else text */
} smtpc_part_field_t;

/** A part. Filled by its maker, then rendered. */
typedef struct smtpc_part_t {
    const char *type;             /**< type/subtype */
    apr_array_header_t *params;   /**< smtpc_param_t of Content-Type */
    const char *disposition;      /**< "attachment", "inline", or NULL */
    const char *filename;         /**< file name, or NULL */
    apr_array_header_t *disposition_params; /**< more of them, or NULL */
    apr_array_header_t *fields;   /**< smtpc_part_field_t, or NULL */
    smtpc_encoding_e encoding;    /**< of a leaf */
    smtpc_source_t *body;         /**< encoded content of a leaf */
    apr_array_header_t *children; /**< smtpc_part_t *, NULL for a leaf */
    const char *boundary;         /**< of a multipart */
} smtpc_part_t;

/** Create a part of type @a type in @a pool, a leaf without content. */
smtpc_part_t *smtpc__part_create(const char *type, apr_pool_t *pool);

/** Add parameter @a name with @a value (neither copied) to the type. */
void smtpc__part_param(smtpc_part_t *part, const char *name,
                       const char *value);

/** Add parameter @a name with @a value (neither copied) to the disposition. */
void smtpc__part_disposition_param(smtpc_part_t *part, const char *name,
                                   const char *value);

/** Add the field @a name with @a value (neither copied), of tokens if
 *  @a structured, else text. */
void smtpc__part_field(smtpc_part_t *part, const char *name,
                       const char *value, int structured);

/** Make @a part a multipart whose parts @a boundary (not copied) divides. */
void smtpc__part_divide(smtpc_part_t *part, const char *boundary);

/** Append @a child to the multipart @a parent. */
void smtpc__part_add(smtpc_part_t *parent, smtpc_part_t *child);

/** Return non-zero if content below @a part is 8bit. */
int smtpc__part_eight_bit(const smtpc_part_t *part);

/** Return non-zero if content below @a part is binary. */
int smtpc__part_binary(const smtpc_part_t *part);

/** Write the fields of @a part to @a header. */
apr_status_t smtpc__part_header(const smtpc_part_t *part,
                                smtpc_header_t *header) SMTPC_WARN_UNUSED;

/** Append to @a sources (smtpc_source_t *) those that give the content of
 *  @a part, without a line end behind it, headers of parts in it included;
 *  @a utf8 as in smtpc__header_create(). @a *raw is set if a header has bytes
 *  above 0x7f. */
apr_status_t smtpc__part_sources(const smtpc_part_t *part, int utf8,
                                 apr_array_header_t *sources, int *raw,
                                 apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
