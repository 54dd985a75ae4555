/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SOURCE_H
#define SMTPC_SOURCE_H

/**
 * @file source.h
 * A pull-style source of bytes: what attachments and whole messages are read
 * from. docs/io-contract.md states the contract in full.
 *
 * A source is read once from front to end and, if it can be rewound, again
 * from the front. It belongs to one thread at a time.
 */

#include <apr_file_io.h>
#include <smtpclient/status.h>

struct apr_bucket_brigade;

SMTPC_BEGIN_DECLS

/** A source of bytes. */
typedef struct smtpc_source_t smtpc_source_t;

/** The length of a source that does not know it. */
#define SMTPC_LENGTH_UNKNOWN ((apr_off_t)-1)

/**
 * Put up to @a *len bytes into @a buf and set @a *len to their number.
 *
 * APR_SUCCESS comes with at least one byte (short reads are fine), APR_EOF
 * with none, and then every time until a rewind. Any other status ends the
 * source for good and the message that uses it is not sent.
 */
typedef apr_status_t (*smtpc_source_read_fn_t)(void *baton, char *buf,
                                               apr_size_t *len);

/** Go back to the first byte; anything but APR_SUCCESS is a refusal. */
typedef apr_status_t (*smtpc_source_rewind_fn_t)(void *baton);

/**
 * Create @a *source over the @a len bytes at @a data, which are not copied
 * and have to outlive it. Length known, can be rewound. @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_source_create_bytes(smtpc_source_t **source,
                                                      const void *data,
                                                      apr_size_t len,
                                                      apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Create @a *source over the regular file @a path. The file is looked at now
 * (it must be there and readable), opened at the first read and closed at its
 * end or with @a pool. A file that changes its length between now and the
 * read ends in SMTPC_ESOURCE.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    @a path is not a regular file
 *         else          what APR says of the path
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_source_create_file(smtpc_source_t **source,
                                                     const char *path,
                                                     apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Create @a *source over the open @a file, from where it stands to its end
 * now. A regular file knows its length and can be rewound; it must not be
 * moved by others while the source is in use. Anything else is read once.
 * @a file is not closed and has to outlive the source.
 *
 * @return APR_SUCCESS
 *         else          what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_source_create_open_file(smtpc_source_t **source, apr_file_t *file,
                              apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Create @a *source over the bytes in the apr_bucket_brigade @a brigade, which
 * has to outlive it, unchanged. If all its buckets know their length, the
 * source does too and can be rewound, and @a brigade stays as it is; else
 * (pipes, sockets) reading uses it up. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_source_create_brigade(smtpc_source_t **source,
                            struct apr_bucket_brigade *brigade,
                            apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Create @a *source over functions of the caller: @a read, @a rewind (NULL:
 * the source can be read only once) and @a length in bytes
 * (SMTPC_LENGTH_UNKNOWN if not known), each called with @a baton. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_source_create_callback(smtpc_source_t **source,
                             smtpc_source_read_fn_t read,
                             smtpc_source_rewind_fn_t rewind,
                             apr_off_t length, void *baton, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Read up to @a *len (at least 1) bytes of @a source into @a buf and set
 * @a *len to their number.
 *
 * @return APR_SUCCESS      one byte or more
 *         APR_EOF          no more, @a *len is 0; the same again until rewound
 *         SMTPC_ESOURCE    read failed, or not the announced length;
 *                          the same again until rewound
 * Blocks as long as the source does. @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_source_read(smtpc_source_t *source,
                                              char *buf, apr_size_t *len)
    SMTPC_WARN_UNUSED;

/**
 * Go back to the first byte of @a source. A source nothing was read from is
 * always at its first byte.
 *
 * @return APR_SUCCESS
 *         APR_ENOTIMPL     this source can be read only once
 *         SMTPC_ESOURCE    it failed to go back
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_source_rewind(smtpc_source_t *source)
    SMTPC_WARN_UNUSED;

/**
 * Return the number of bytes from front to end of @a source, or
 * SMTPC_LENGTH_UNKNOWN. @since 0.1
 */
SMTPC_DECLARE(apr_off_t) smtpc_source_length(const smtpc_source_t *source);

SMTPC_END_DECLS

#endif
