/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mime_table.c: content types from files in the syntax of httpd's mime.types.
 *
 * The table is made before other threads use the env and constant from then
 * on, so that looking something up takes no lock.
 *
 * Not here: the types that the library knows (mime_type.c).
 */
#include "mime/mime_table.h"

#include <string.h>

#include <apr_file_io.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ascii.h"
#include "mime/content_type.h"
#include "mime/param.h"

struct smtpc_mime_table_t {
    apr_hash_t *types; /* extension in lower case -> type */
};

/* Copy len characters in lower case, terminated. */
static void lower(char *out, const char *text, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        out[i] = smtpc__to_lower(text[i]);
    }
    out[len] = '\0';
}

const char *smtpc__mime_table_find(const smtpc_env_t *env, const char *name)
{
    const smtpc_mime_table_t *table = smtpc__env_mime_table(env);
    const char *dot = strrchr(name, '.');
    char extension[SMTPC_LIMIT_EXTENSION + 1];
    apr_size_t len;

    if (table == NULL || dot == NULL) {
        return NULL;
    }
    len = strlen(dot + 1);
    if (len == 0 || len > SMTPC_LIMIT_EXTENSION) {
        return NULL;
    }
    lower(extension, dot + 1, len);
    return apr_hash_get(table->types, extension, (apr_ssize_t)len);
}

SMTPC_DECLARE(const char *) smtpc_env_mime_type(const smtpc_env_t *env,
                                                const char *name)
{
    const char *found = env != NULL ? smtpc__mime_table_find(env, name)
                                    : NULL;

    return found != NULL ? found : smtpc__mime_type(name);
}

/* type "/" subtype. */
static int is_type(const char *text, apr_size_t len)
{
    const char *slash = memchr(text, '/', len);

    return slash != NULL && smtpc__is_token(text, (apr_size_t)(slash - text))
           && smtpc__is_token(slash + 1,
                              len - 1 - (apr_size_t)(slash - text));
}

static int is_composite(const char *type)
{
    return strncmp(type, "multipart/", 10) == 0
           || strncmp(type, "message/", 8) == 0;
}

/* The next word of a line, or NULL; moves *p behind it and sets *len. */
static const char *next_word(const char **p, apr_size_t *len)
{
    const char *word = *p + strspn(*p, " \t\r");

    *len = strcspn(word, " \t\r");
    *p = word + *len;
    return *len > 0 && *word != '#' ? word : NULL;
}

/* Put what line says into types, whose strings go into pool. */
static apr_status_t read_line(apr_hash_t *types, const char *line,
                              apr_pool_t *pool)
{
    apr_size_t len;
    const char *word = next_word(&line, &len);
    char *type;

    if (word == NULL) {
        return APR_SUCCESS;
    }
    if (!is_type(word, len) || len > SMTPC_LIMIT_CONTENT_LINE / 2) {
        return SMTPC_EARG;
    }
    type = apr_palloc(pool, len + 1);
    lower(type, word, len);
    while ((word = next_word(&line, &len)) != NULL) {
        char *extension;

        if (len > SMTPC_LIMIT_EXTENSION) {
            return SMTPC_EARG;
        }
        extension = apr_palloc(pool, len + 1);
        lower(extension, word, len);
        if (!is_composite(type)) {
            apr_hash_set(types, extension, (apr_ssize_t)len, type);
        }
        if (apr_hash_count(types) > SMTPC_LIMIT_MIME_TYPES) {
            return SMTPC_ELIMIT;
        }
    }
    return APR_SUCCESS;
}

/* Read the whole file path into *text. */
static apr_status_t read_file(char **text, const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_size_t len;
    apr_status_t rv = apr_file_open(&file, path,
                                    APR_FOPEN_READ | APR_FOPEN_BINARY,
                                    APR_FPROT_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *text = apr_palloc(pool, SMTPC_LIMIT_MIME_TYPES_FILE + 2);
    rv = apr_file_read_full(file, *text, SMTPC_LIMIT_MIME_TYPES_FILE + 1,
                            &len);
    (void)apr_file_close(file);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return rv;
    }
    (*text)[len] = '\0';
    return len > SMTPC_LIMIT_MIME_TYPES_FILE ? SMTPC_ELIMIT : APR_SUCCESS;
}

static apr_status_t read_table(smtpc_env_t *env, apr_hash_t *types,
                               const char *path, apr_pool_t *scratch)
{
    int number = 1;
    char *text;
    apr_status_t rv = read_file(&text, path, scratch);

    for (; rv == APR_SUCCESS && *text != '\0'; number++) {
        char *end = text + strcspn(text, "\n");
        int more = *end == '\n';

        *end = '\0';
        rv = read_line(types, text, smtpc__env_pool(env));
        if (rv != APR_SUCCESS) {
            smtpc__env_log(env, SMTPC_LOG_ERROR,
                           "%s, line %d: %s", path, number,
                           rv == SMTPC_EARG
                               ? "not \"type/subtype extension ...\""
                               : "too many extensions");
        }
        text = end + more;
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_env_load_mime_types(smtpc_env_t *env,
                                                      const char *path)
{
    apr_pool_t *pool = smtpc__env_pool(env);
    const smtpc_mime_table_t *old = smtpc__env_mime_table(env);
    smtpc_mime_table_t *table;
    apr_pool_t *scratch;
    apr_status_t rv;

    if (path == NULL) {
        return SMTPC_EARG;
    }
    rv = apr_pool_create(&scratch, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    table = apr_pcalloc(pool, sizeof(*table));
    table->types = old != NULL ? apr_hash_copy(pool, old->types)
                               : apr_hash_make(pool);
    rv = read_table(env, table->types, path, scratch);
    apr_pool_destroy(scratch);
    if (rv == APR_SUCCESS) {
        smtpc__env_set_mime_table(env, table);
    }
    return rv;
}
