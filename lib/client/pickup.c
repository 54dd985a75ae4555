/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickup.c: a message as a file in a pickup directory.
 *
 * Guarantees: a reader sees the whole message or no file; the file is on the
 * disk, with its name, before success is reported; no file of another is
 * overwritten; a failure leaves nothing behind. Temporary names begin with a
 * dot, which pickup services pass over.
 *
 * The names .NET gives: a random GUID, in lower case, and ".eml".
 */

#include "client/pickup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "base/source_int.h"

/** Names tried; with 122 random bits one is enough. */
#define NAME_TRIES 8
/** "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx" with its end. */
#define GUID_TEXT 37

/* One file being written. */
typedef struct drop_t {
    smtpc_result_t *result;
    const char *directory;
    smtpc_env_t *env;
    apr_pool_t *pool;
    apr_file_t *file;
    const char *temporary; /* NULL: not there */
    const char *path;
} drop_t;

static apr_status_t fail(drop_t *drop, const char *what, const char *path,
                         apr_status_t why)
{
    char reason[128];

    smtpc__result_fail(drop->result, SMTPC_EQUEUE, SMTPC_STAGE_STORE,
                       "cannot %s %s: %s", what, path,
                       apr_strerror(why, reason, sizeof(reason)));
    return SMTPC_EQUEUE;
}

/* Write a random GUID to out. RFC 9562 5.4. */
static apr_status_t make_guid(char *out, smtpc_env_t *env)
{
    unsigned char b[16];
    apr_status_t rv = smtpc__env_random(env, b, sizeof(b));

    if (rv != APR_SUCCESS) {
        return rv;
    }
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    apr_snprintf(out, GUID_TEXT,
                 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-"
                 "%02x%02x%02x%02x%02x%02x",
                 b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9],
                 b[10], b[11], b[12], b[13], b[14], b[15]);
    return APR_SUCCESS;
}

/* Take new names, whose files are not there as far as we can tell. */
static apr_status_t choose_names(drop_t *drop, const char **temporary)
{
    char guid[GUID_TEXT];
    apr_status_t rv = make_guid(guid, drop->env);

    if (rv != APR_SUCCESS) {
        return fail(drop, "make a name for a file in", drop->directory, rv);
    }
    *temporary = apr_pstrcat(drop->pool, drop->directory, "/.", guid, ".tmp",
                             NULL);
    drop->path = apr_pstrcat(drop->pool, drop->directory, "/", guid, ".eml",
                             NULL);
    return APR_SUCCESS;
}

static apr_status_t open_temporary(drop_t *drop)
{
    const char *temporary;
    apr_status_t rv = APR_EEXIST;
    int tries;

    for (tries = 0; tries < NAME_TRIES && APR_STATUS_IS_EEXIST(rv);
         tries++) {
        rv = choose_names(drop, &temporary);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = apr_file_open(&drop->file, temporary,
                           APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE
                               | APR_FOPEN_BINARY,
                           APR_FPROT_UREAD | APR_FPROT_UWRITE
                               | APR_FPROT_GREAD | APR_FPROT_GWRITE,
                           drop->pool);
    }
    if (rv != APR_SUCCESS) {
        return fail(drop, "create a file in", drop->directory, rv);
    }
    drop->temporary = temporary;
    return APR_SUCCESS;
}

static apr_status_t copy_content(drop_t *drop, smtpc_source_t *source)
{
    char *buf = apr_palloc(drop->pool, SMTPC_LIMIT_OUTPUT_BUFFER);

    for (;;) {
        apr_size_t len = SMTPC_LIMIT_OUTPUT_BUFFER;
        apr_status_t rv = smtpc_source_read(source, buf, &len);

        if (APR_STATUS_IS_EOF(rv)) {
            return APR_SUCCESS;
        }
        if (rv != APR_SUCCESS) {
            smtpc__result_fail(drop->result, SMTPC_ESOURCE,
                               SMTPC_STAGE_STORE, "the message was not "
                               "written to %s because a part of it failed: "
                               "%s", drop->directory,
                               smtpc__source_error(source));
            return SMTPC_ESOURCE;
        }
        rv = apr_file_write_full(drop->file, buf, len, NULL);
        if (rv != APR_SUCCESS) {
            return fail(drop, "write", drop->temporary, rv);
        }
        drop->result->bytes += (apr_off_t)len;
    }
}

/* To the disk. A failed sync or close is final: what came of the bytes is
 * not to be found out any more. */
static apr_status_t settle_file(drop_t *drop)
{
    apr_status_t rv = apr_file_sync(drop->file);

    if (rv == APR_SUCCESS) {
        rv = apr_file_close(drop->file);
        drop->file = NULL;
    }
    return rv == APR_SUCCESS ? rv : fail(drop, "write", drop->temporary, rv);
}

/* Give the file its name, unless one has it already. Not all file systems
 * can do that in one step; a link can on those that have links. */
static apr_status_t rename_new(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) {
        return APR_SUCCESS;
    }
    if (errno != EINVAL && errno != ENOSYS) {
        return errno;
    }
    if (link(from, to) != 0) {
        return errno;
    }
    (void)unlink(from);
    return APR_SUCCESS;
}

static apr_status_t publish(drop_t *drop)
{
    const char *unused;
    apr_status_t rv = rename_new(drop->temporary, drop->path);
    int tries;

    for (tries = 1; tries < NAME_TRIES && APR_STATUS_IS_EEXIST(rv);
         tries++) {
        rv = choose_names(drop, &unused);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = rename_new(drop->temporary, drop->path);
    }
    if (rv != APR_SUCCESS) {
        return fail(drop, "rename a file to", drop->path, rv);
    }
    drop->temporary = NULL;
    return APR_SUCCESS;
}

/* The name is on the disk only when the directory is. */
static apr_status_t settle_directory(drop_t *drop)
{
    int fd = open(drop->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    apr_status_t rv = APR_SUCCESS;

    /* One may be allowed to write to a directory but not to read it, as drop
     * boxes are; some file systems have nothing to sync here and say so. */
    if (fd < 0) {
        rv = errno == EACCES ? APR_SUCCESS : errno;
    }
    else {
        if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP) {
            rv = errno;
        }
        close(fd);
    }
    if (rv != APR_SUCCESS) {
        /* Nobody may pick up what is reported as not stored. */
        (void)apr_file_remove(drop->path, drop->pool);
        return fail(drop, "sync", drop->directory, rv);
    }
    return APR_SUCCESS;
}

static apr_status_t write_all(drop_t *drop, smtpc_source_t *source)
{
    apr_status_t rv = open_temporary(drop);

    if (rv == APR_SUCCESS) {
        rv = copy_content(drop, source);
    }
    if (rv == APR_SUCCESS) {
        rv = settle_file(drop);
    }
    if (rv == APR_SUCCESS) {
        rv = publish(drop);
    }
    if (rv == APR_SUCCESS) {
        rv = settle_directory(drop);
    }
    return rv;
}

apr_status_t smtpc__pickup_write(smtpc_result_t *result,
                                 const char *directory,
                                 smtpc_content_t *content, smtpc_env_t *env,
                                 apr_pool_t *pool)
{
    drop_t drop = { .result = result,
                    .directory = directory,
                    .env = env,
                    .pool = pool };
    apr_status_t rv;
    apr_size_t i;

    if (*directory != '/') {
        smtpc__result_fail(result, SMTPC_EQUEUE, SMTPC_STAGE_STORE,
                           "the pickup directory %s is not an absolute path",
                           directory);
        return SMTPC_EQUEUE;
    }
    rv = write_all(&drop, content->source);
    if (drop.file) {
        (void)apr_file_close(drop.file);
    }
    if (drop.temporary) {
        (void)apr_file_remove(drop.temporary, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    result->path = apr_pstrdup(result->pool, drop.path);
    for (i = 0; i < result->recipient_count; i++) {
        smtpc__result_recipient_set(result, i, SMTPC_RCPT_ACCEPTED,
                                    SMTPC_STAGE_STORE, 0, "", "");
    }
    return APR_SUCCESS;
}
