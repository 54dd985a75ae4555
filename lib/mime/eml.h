/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_EML_H
#define SMTPC_MIME_EML_H

/**
 * @file eml.h
 * A message that exists as bytes: its header taken apart, its body read when
 * it is sent. What is sent is what was read, but for line ends and Bcc.
 */

#include <apr_tables.h>
#include <smtpclient/source.h>

/** One field of the header. */
typedef struct smtpc_eml_field_t {
    const char *name;
    const char *value; /**< unfolded, without blanks around it */
} smtpc_eml_field_t;

/** A message as it was read. */
typedef struct smtpc_eml_t {
    smtpc_source_t *source;
    const char *head;          /**< all in front of the body, line ends CRLF */
    apr_size_t head_len;
    const char *block;         /**< head without Bcc and Resent-Bcc */
    apr_size_t block_len;
    apr_array_header_t *fields; /**< smtpc_eml_field_t, Bcc too */
    apr_off_t body_length;     /**< with line ends CRLF */
    int eight_bit;             /**< the body has bytes above 0x7f */
    int utf8;                  /**< the header has */
} smtpc_eml_t;

/**
 * Read all of @a source, which must be able to rewind, and take its header
 * apart into @a *eml in @a pool, which keeps @a source. CR, LF and CRLF are
 * line ends; what follows is about the lines they make. Memory does not grow
 * with the body. @a *why says what is wrong.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     empty; a NUL; a line over 998 bytes; a line of the
 *                        header that is no field, or bytes in it that are no
 *                        UTF-8; @a source cannot be read twice
 *         SMTPC_ELIMIT   a header over SMTPC_LIMIT_HEADER_BLOCK
 *         SMTPC_ESOURCE  @a source failed
 */
apr_status_t smtpc__eml_load(smtpc_eml_t **eml, const char **why,
                             smtpc_source_t *source, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Create @a *body in @a pool, which reads the source of @a eml, rewound now,
 * again and gives what is behind the header. It fails if that is not what it
 * was before: another header, length, or content that was not looked for.
 *
 * @return APR_SUCCESS, or SMTPC_ESOURCE if it cannot be rewound
 */
apr_status_t smtpc__eml_body(smtpc_source_t **body, const smtpc_eml_t *eml,
                             apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
