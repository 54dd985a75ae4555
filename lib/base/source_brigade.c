/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_brigade.c: a bucket brigade as a source.
 *
 * If all its buckets know their length they can be copied, and copies are
 * what is read, so that the brigade stays as it is and can be read again.
 * Reading a bucket brings it into memory; each copy is deleted as soon as it
 * was read, so that there is one piece at a time. Pipes and sockets cannot be
 * copied: such a brigade is used up by reading it once.
 *
 * Metadata buckets are passed over.
 */
#include <string.h>

#include <apr_buckets.h>

#include "base/source_int.h"

typedef struct brigade_t {
    apr_bucket_brigade *all;
    apr_bucket_brigade *work; /* what is being read */
    apr_bucket *next;         /* the bucket of all that comes then */
    int copies;
    const char *data;         /* rest of the first bucket of work */
    apr_size_t len;
} brigade_t;

/* Let work hold the next bucket, or a copy of it; APR_EOF: there is none. */
static apr_status_t take_next(brigade_t *b)
{
    apr_bucket *bucket = b->copies ? b->next : APR_BRIGADE_FIRST(b->all);
    apr_status_t rv;

    if (bucket == APR_BRIGADE_SENTINEL(b->all)) {
        return APR_EOF;
    }
    if (!b->copies) {
        APR_BUCKET_REMOVE(bucket);
    }
    else {
        b->next = APR_BUCKET_NEXT(bucket);
        rv = apr_bucket_copy(bucket, &bucket);
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    /* A mapped file costs memory at each read, and a signal if it shrinks. */
    if (APR_BUCKET_IS_FILE(bucket)) {
        (void)apr_bucket_file_enable_mmap(bucket, 0);
    }
    APR_BRIGADE_INSERT_TAIL(b->work, bucket);
    return APR_SUCCESS;
}

/* Get bytes to data unless there are none left. */
static apr_status_t get_bytes(brigade_t *b)
{
    while (b->len == 0) {
        apr_bucket *bucket;
        apr_status_t rv;

        if (b->data != NULL) {
            apr_bucket_delete(APR_BRIGADE_FIRST(b->work));
            b->data = NULL;
        }
        if (APR_BRIGADE_EMPTY(b->work)) {
            rv = take_next(b);
            if (rv != APR_SUCCESS) {
                return rv;
            }
        }
        bucket = APR_BRIGADE_FIRST(b->work);
        if (APR_BUCKET_IS_METADATA(bucket)) {
            apr_bucket_delete(bucket);
            continue;
        }
        /* What was too long to be read in one piece becomes two buckets. */
        rv = apr_bucket_read(bucket, &b->data, &b->len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            b->data = NULL;
            b->len = 0;
            return APR_STATUS_IS_EOF(rv) ? APR_EGENERAL : rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t brigade_read(void *baton, char *buf, apr_size_t *len)
{
    brigade_t *b = baton;
    apr_status_t rv = get_bytes(b);

    if (rv != APR_SUCCESS) {
        *len = 0;
        return rv;
    }
    *len = *len < b->len ? *len : b->len;
    memcpy(buf, b->data, *len);
    b->data += *len;
    b->len -= *len;
    return APR_SUCCESS;
}

static apr_status_t brigade_rewind(void *baton)
{
    brigade_t *b = baton;

    b->data = NULL;
    b->len = 0;
    b->next = APR_BRIGADE_FIRST(b->all);
    return apr_brigade_cleanup(b->work);
}

SMTPC_DECLARE(apr_status_t)
smtpc_source_create_brigade(smtpc_source_t **source,
                            struct apr_bucket_brigade *brigade,
                            apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = { brigade_read,
                                                   brigade_rewind, NULL };
    static const smtpc__source_vtable_t once_vtable = { brigade_read, NULL,
                                                        NULL };
    apr_off_t length = 0;
    apr_bucket *bucket;
    brigade_t *b;

    if (brigade == NULL) {
        return SMTPC_EARG;
    }
    for (bucket = APR_BRIGADE_FIRST(brigade);
         bucket != APR_BRIGADE_SENTINEL(brigade)
         && length != SMTPC_LENGTH_UNKNOWN;
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        length = bucket->length == (apr_size_t)-1
                     ? SMTPC_LENGTH_UNKNOWN
                     : length + (apr_off_t)bucket->length;
    }
    b = apr_pcalloc(pool, sizeof(*b));
    b->all = brigade;
    b->work = apr_brigade_create(pool, brigade->bucket_alloc);
    b->copies = length != SMTPC_LENGTH_UNKNOWN;
    b->next = APR_BRIGADE_FIRST(brigade);
    return smtpc__source_create(source, b->copies ? &vtable : &once_vtable,
                                length, b, pool);
}
