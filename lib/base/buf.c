/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf.c: the bounded byte buffer.
 *
 * Invariant: start <= end <= size. It never grows, so whoever fills it has
 * to say what happens when it is full.
 */

#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/secret_int.h"

void smtpc__buf_init(smtpc_buf_t *buf, apr_size_t size, apr_pool_t *pool)
{
    buf->data = apr_palloc(pool, size);
    buf->start = 0;
    buf->end = 0;
    buf->size = size;
}

void smtpc__buf_init_wiped(smtpc_buf_t *buf, apr_size_t size,
                           apr_pool_t *pool)
{
    buf->data = smtpc__wiped_alloc(pool, size);
    buf->start = 0;
    buf->end = 0;
    buf->size = size;
}

apr_size_t smtpc__buf_used(const smtpc_buf_t *buf)
{
    return buf->end - buf->start;
}

const char *smtpc__buf_bytes(const smtpc_buf_t *buf)
{
    return buf->data + buf->start;
}

apr_size_t smtpc__buf_space(smtpc_buf_t *buf, char **space)
{
    apr_size_t used = smtpc__buf_used(buf);

    if (buf->start > 0) {
        memmove(buf->data, buf->data + buf->start, used);
        buf->start = 0;
        buf->end = used;
    }
    *space = buf->data + buf->end;
    return buf->size - buf->end;
}

void smtpc__buf_commit(smtpc_buf_t *buf, apr_size_t len)
{
    assert(len <= buf->size - buf->end);
    buf->end += len;
}

void smtpc__buf_consume(smtpc_buf_t *buf, apr_size_t len)
{
    apr_size_t used = smtpc__buf_used(buf);

    if (len >= used) {
        buf->start = 0;
        buf->end = 0;
    }
    else {
        buf->start += len;
    }
}

apr_status_t smtpc__buf_append(smtpc_buf_t *buf, const void *data,
                               apr_size_t len)
{
    char *space;

    if (len == 0) {
        return APR_SUCCESS;
    }
    if (len > buf->size - smtpc__buf_used(buf)) {
        return SMTPC_ELIMIT;
    }
    if (len <= buf->size - buf->end) {
        space = buf->data + buf->end;
    }
    else {
        smtpc__buf_space(buf, &space);
    }
    memcpy(space, data, len);
    buf->end += len;
    return APR_SUCCESS;
}

void smtpc__buf_clear(smtpc_buf_t *buf)
{
    /* All of it: moving the bytes to the front leaves copies behind. */
    smtpc__wipe(buf->data, buf->size);
    buf->start = 0;
    buf->end = 0;
}
