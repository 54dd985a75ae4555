/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_BUF_H
#define SMTPC_BASE_BUF_H

/**
 * @file buf.h
 * A byte buffer of fixed capacity: filled at the end, consumed at the front.
 * It never grows; what does not fit is refused whole.
 */

#include <smtpclient/status.h>

/** A bounded buffer. Read the members, change them only by the calls. */
typedef struct smtpc_buf_t {
    char *data;        /**< the memory */
    apr_size_t start;  /**< first byte not consumed */
    apr_size_t end;    /**< one past the last byte */
    apr_size_t size;   /**< capacity */
} smtpc_buf_t;

/** Give @a buf a capacity of @a size bytes in @a pool, empty. */
void smtpc__buf_init(smtpc_buf_t *buf, apr_size_t size, apr_pool_t *pool);

/** As smtpc__buf_init(), in memory that is wiped with @a pool. */
void smtpc__buf_init_wiped(smtpc_buf_t *buf, apr_size_t size,
                           apr_pool_t *pool);

/** Return the number of bytes held. */
apr_size_t smtpc__buf_used(const smtpc_buf_t *buf);

/** Return the first byte held. */
const char *smtpc__buf_bytes(const smtpc_buf_t *buf);

/** Make the free space contiguous at the end, and set @a *space to it;
 *  return its length. Follow with smtpc__buf_commit(). */
apr_size_t smtpc__buf_space(smtpc_buf_t *buf, char **space);

/** Count @a len bytes, written to the space, as held. */
void smtpc__buf_commit(smtpc_buf_t *buf, apr_size_t len);

/** Forget the first @a len bytes, at most what is held. */
void smtpc__buf_consume(smtpc_buf_t *buf, apr_size_t len);

/** Append @a len bytes at @a data, all or, with SMTPC_ELIMIT, none. */
apr_status_t smtpc__buf_append(smtpc_buf_t *buf, const void *data,
                               apr_size_t len) SMTPC_WARN_UNUSED;

/** Forget all bytes, wiping them. */
void smtpc__buf_clear(smtpc_buf_t *buf);

#endif
