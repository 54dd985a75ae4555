/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_open.c: a file that the caller has opened as a source: a temporary
 * file without a name, an upload, the end of a pipe.
 *
 * It is read from where it stands and never closed. A regular file can be
 * rewound and knows its length; others are read once.
 */
#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/source_int.h"

typedef struct open_t {
    apr_file_t *file;
    apr_off_t start;
    apr_off_t length; /* SMTPC_LENGTH_UNKNOWN: read once */
    apr_off_t left;   /* of length */
} open_t;

static apr_status_t open_read(void *baton, char *buf, apr_size_t *len)
{
    open_t *o = baton;
    apr_status_t rv;

    /* What has been written behind its end meanwhile was not announced. */
    if (o->length != SMTPC_LENGTH_UNKNOWN && (apr_off_t)*len > o->left) {
        *len = (apr_size_t)o->left;
    }
    if (*len == 0) {
        return APR_EOF;
    }
    rv = apr_file_read(o->file, buf, len);
    if (rv == APR_SUCCESS) {
        o->left -= (apr_off_t)*len;
    }
    return rv;
}

static apr_status_t open_rewind(void *baton)
{
    open_t *o = baton;
    apr_off_t to = o->start;

    o->left = o->length;
    return apr_file_seek(o->file, APR_SET, &to);
}

SMTPC_DECLARE(apr_status_t)
smtpc_source_create_open_file(smtpc_source_t **source, apr_file_t *file,
                              apr_pool_t *pool)
{
    static const smtpc__source_vtable_t vtable = { open_read, open_rewind,
                                                   NULL };
    static const smtpc__source_vtable_t once_vtable = { open_read, NULL,
                                                        NULL };
    open_t *o;
    apr_finfo_t info;
    apr_status_t rv;

    if (file == NULL) {
        return SMTPC_EARG;
    }
    o = apr_pcalloc(pool, sizeof(*o));
    o->file = file;
    o->length = SMTPC_LENGTH_UNKNOWN;
    rv = apr_file_info_get(&info, APR_FINFO_TYPE | APR_FINFO_SIZE, file);
    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return rv;
    }
    if (info.filetype == APR_REG) {
        rv = apr_file_seek(file, APR_CUR, &o->start);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        o->length = info.size > o->start ? info.size - o->start : 0;
        o->left = o->length;
    }
    return smtpc__source_create(source,
                                o->length == SMTPC_LENGTH_UNKNOWN
                                    ? &once_vtable : &vtable,
                                o->length, o, pool);
}
