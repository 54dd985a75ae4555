/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_file.c: a regular file as a source.
 *
 * The file is open only between its first read and its end, so that a message
 * with a thousand attachments needs one descriptor. It is read, never locked
 * or mapped: a file that shrinks while it is read is a failure, not a signal.
 */

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/source_int.h"

/* A regular file. */
typedef struct file_t {
    const char *path;
    apr_off_t length;
    apr_file_t *file;  /* open between the first read and the end */
    apr_pool_t *pool;  /* of the source */
    apr_pool_t *opened; /* of the open file: reopening must not pile up */
    const char *error;
} file_t;

/* Say in file why it failed and return status. */
static apr_status_t file_fail(file_t *file, apr_status_t status,
                              const char *what)
{
    char text[160];

    file->error = apr_psprintf(file->pool, "cannot %s %s: %s", what,
                               file->path,
                               smtpc_strerror(status, text, sizeof(text)));
    return status;
}

/* Open path without waiting (it may have become a pipe) and look at it. */
static apr_status_t open_regular(apr_file_t **file, apr_finfo_t *info,
                                 const char *path, apr_pool_t *pool)
{
    apr_status_t rv;

    rv = apr_file_open(file, path,
                       APR_FOPEN_READ | APR_FOPEN_BINARY | APR_FOPEN_NONBLOCK,
                       APR_FPROT_OS_DEFAULT, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_info_get(info, APR_FINFO_TYPE | APR_FINFO_SIZE, *file);
    if (rv == APR_SUCCESS && info->filetype != APR_REG) {
        rv = SMTPC_EARG;
    }
    if (rv != APR_SUCCESS) {
        apr_file_close(*file);
    }
    return rv;
}

static void file_close(file_t *file)
{
    if (file->opened != NULL) {
        apr_pool_destroy(file->opened);
        file->opened = NULL;
        file->file = NULL;
    }
}

static apr_status_t file_start(file_t *file)
{
    apr_finfo_t info;
    apr_status_t rv;

    apr_pool_create(&file->opened, file->pool);
    rv = open_regular(&file->file, &info, file->path, file->opened);
    if (rv != APR_SUCCESS) {
        file_fail(file, rv, "open");
    }
    else if (info.size != file->length) {
        file->error = apr_psprintf(file->pool,
                                   "%s changed: it had %" APR_OFF_T_FMT
                                   " bytes when it was attached and has "
                                   "%" APR_OFF_T_FMT " now",
                                   file->path, file->length, info.size);
        rv = SMTPC_ESOURCE;
    }
    if (rv != APR_SUCCESS) {
        file_close(file);
    }
    return rv;
}

static apr_status_t file_read(void *baton, char *buf, apr_size_t *len)
{
    file_t *file = baton;
    apr_status_t rv;

    if (file->file == NULL) {
        rv = file_start(file);
        if (rv != APR_SUCCESS) {
            return rv == APR_EOF ? APR_EGENERAL : rv;
        }
    }
    rv = apr_file_read(file->file, buf, len);
    if (rv != APR_SUCCESS) {
        if (!APR_STATUS_IS_EOF(rv)) {
            file_fail(file, rv, "read");
        }
        file_close(file);
    }
    return rv;
}

static apr_status_t file_rewind(void *baton)
{
    file_t *file = baton;

    file_close(file);
    file->error = "";
    return APR_SUCCESS;
}

static const char *file_error(void *baton)
{
    const file_t *file = baton;

    return file->error;
}

static const smtpc__source_vtable_t file_vtable = { file_read, file_rewind,
                                                    file_error };

SMTPC_DECLARE(apr_status_t) smtpc_source_create_file(smtpc_source_t **source,
                                                     const char *path,
                                                     apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_finfo_t info;
    apr_file_t *opened;
    apr_status_t rv;
    file_t *file;

    apr_pool_create(&scratch, pool);
    rv = open_regular(&opened, &info, path, scratch);
    apr_pool_destroy(scratch);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    file = apr_pcalloc(pool, sizeof(*file));
    file->path = apr_pstrdup(pool, path);
    file->length = info.size;
    file->pool = pool;
    file->error = "";
    return smtpc__source_create(source, &file_vtable, info.size, file, pool);
}
