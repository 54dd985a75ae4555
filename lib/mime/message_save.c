/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_save.c: a message as a file.
 *
 * The file appears under its name only when it is complete: it is written
 * beside it under a random name and renamed. Whatever fails, no temporary
 * file is left. It is not synced: a copy for people, not a queue.
 */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "base/source_int.h"
#include "mime/message_int.h"
#include "mime/message_priv.h"

/* As editors make files: readable by all unless the umask says otherwise. */
#define MODE (APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD \
              | APR_FPROT_WREAD)

/* Random bytes in the temporary name. */
#define NAME_BYTES 8

static apr_status_t fail_file(smtpc_message_t *message, apr_status_t status,
                              const char *path)
{
    char text[160];

    return smtpc__message_fail(message, status, "cannot write %.300s: %s",
                               path,
                               smtpc_strerror(status, text, sizeof(text)));
}

static apr_status_t temporary_name(const char **name, const char *path,
                                   const smtpc_env_t *env, apr_pool_t *pool)
{
    unsigned char random[NAME_BYTES];
    apr_status_t rv = smtpc__env_random(env, random, sizeof(random));

    if (rv == APR_SUCCESS) {
        apr_uint64_t number;

        memcpy(&number, random, sizeof(number));
        *name = apr_psprintf(pool, "%s.%" APR_UINT64_T_HEX_FMT ".tmp", path,
                             number);
    }
    return rv;
}

static apr_status_t copy(smtpc_message_t *message, const char *name,
                         apr_file_t *file, smtpc_source_t *source,
                         apr_pool_t *pool)
{
    char *buf = apr_palloc(pool, SMTPC_LIMIT_OUTPUT_BUFFER);

    for (;;) {
        apr_size_t len = SMTPC_LIMIT_OUTPUT_BUFFER;
        apr_status_t rv = smtpc_source_read(source, buf, &len);

        if (APR_STATUS_IS_EOF(rv)) {
            return APR_SUCCESS;
        }
        if (rv != APR_SUCCESS) {
            return smtpc__message_fail(message, SMTPC_ESOURCE, "content: %s",
                                       smtpc__source_error(source));
        }
        rv = apr_file_write_full(file, buf, len, NULL);
        if (rv != APR_SUCCESS) {
            return fail_file(message, rv, name);
        }
    }
}

static apr_status_t write_file(smtpc_message_t *message, const char *path,
                               smtpc_source_t *source, const smtpc_env_t *env,
                               apr_pool_t *pool)
{
    const char *name = NULL;
    apr_file_t *file;
    apr_status_t rv = temporary_name(&name, path, env, pool);
    apr_status_t closed;

    if (rv == APR_SUCCESS) {
        rv = apr_file_open(&file, name,
                           APR_FOPEN_WRITE | APR_FOPEN_CREATE
                               | APR_FOPEN_EXCL | APR_FOPEN_BINARY,
                           MODE, pool);
    }
    if (rv != APR_SUCCESS) {
        return fail_file(message, rv, path);
    }
    rv = copy(message, name, file, source, pool);
    closed = apr_file_close(file);
    if (rv == APR_SUCCESS) {
        rv = closed == APR_SUCCESS ? apr_file_rename(name, path, pool)
                                   : closed;
        if (rv != APR_SUCCESS) {
            (void)fail_file(message, rv, path);
        }
    }
    if (rv != APR_SUCCESS) {
        (void)apr_file_remove(name, pool);
    }
    return rv;
}

static apr_status_t save(smtpc_message_t *message, const char *path,
                         apr_pool_t *pool)
{
    smtpc_render_t render = { 0 };
    smtpc_envelope_t *envelope;
    smtpc_content_t *content;
    smtpc_env_t *env;
    const char *why = "";
    char text[160];
    apr_status_t rv = smtpc_env_create(&env, pool);

    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "no environment: %s",
                                   smtpc_strerror(rv, text, sizeof(text)));
    }
    rv = smtpc__message_envelope(&envelope, &why, message, NULL, pool);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "%s", why);
    }
    render.utf8 = envelope->utf8;
    render.why = &why;
    rv = smtpc__message_render(&content, message, &render, env, pool);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "cannot be rendered: %s",
                                   *why != '\0'
                                       ? why
                                       : smtpc_strerror(rv, text,
                                                        sizeof(text)));
    }
    return write_file(message, path, content->source, env, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_message_save(smtpc_message_t *message,
                                               const char *path,
                                               apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_status_t rv;

    if (path == NULL || *path == '\0') {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "save: no path is given");
    }
    rv = apr_pool_create(&scratch, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = save(message, path, scratch);
    apr_pool_destroy(scratch);
    return rv;
}
