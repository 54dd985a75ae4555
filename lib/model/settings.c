/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings.c: settings from files, in layers.
 *
 * A file is read into wiped memory, and what it says is put over a copy of
 * what is known already, which takes its place only if all of it was good.
 * The settings of an env are one such object, made when first loaded.
 *
 * What the values mean to a client is client/client_settings.c's.
 */

#include <string.h>

#include <apr_file_info.h>
#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/limits.h"
#include "base/secret_int.h"
#include "model/settings_int.h"

/** A sentence of smtpc_settings_error(). */
#define ERROR_SIZE 1024

struct smtpc_settings_t {
    apr_pool_t *pool;
    smtpc__settings_values_t values;
    char error[ERROR_SIZE];
};

/* One load. */
typedef struct load_t {
    smtpc_settings_t *settings;
    smtpc__settings_values_t values;
    const char *path; /* for sentences */
    int literal;      /* line of a password in the file, or 0 */
    int open_to_all;  /* every user of the machine can read the file */
    apr_pool_t *scratch;
} load_t;

/* Note the sentence and return status. */
static apr_status_t fail(smtpc_settings_t *settings, apr_status_t status,
                         const char *format, ...) SMTPC_PRINTF(3, 4);

static apr_status_t fail(smtpc_settings_t *settings, apr_status_t status,
                         const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__verror(settings->error, sizeof(settings->error), format, args);
    va_end(args);
    return status;
}

static apr_status_t fail_file(load_t *load, apr_status_t status)
{
    char words[160];

    return fail(load->settings, status, "%s cannot be read: %s", load->path,
                smtpc_strerror(status, words, sizeof(words)));
}

/* See that path is a file of a size that is read. */
static apr_status_t check_file(load_t *load, const char *path)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path,
                               APR_FINFO_TYPE | APR_FINFO_SIZE
                                   | APR_FINFO_PROT, load->scratch);

    if (rv != APR_SUCCESS && rv != APR_INCOMPLETE) {
        return fail_file(load, rv);
    }
    if (info.filetype != APR_REG) {
        return fail(load->settings, SMTPC_EARG, "%s is not a file",
                    load->path);
    }
    if (info.size > SMTPC_LIMIT_SETTINGS_FILE) {
        return fail(load->settings, SMTPC_ELIMIT, "%s has more than %d bytes",
                    load->path, SMTPC_LIMIT_SETTINGS_FILE);
    }
    load->open_to_all = (info.valid & APR_FINFO_PROT) != 0
                        && (info.protection & APR_FPROT_WREAD) != 0;
    return APR_SUCCESS;
}

/* Read the file at path into wiped memory, with a terminator. */
static apr_status_t read_file(char **text, apr_size_t *len, load_t *load,
                              const char *path)
{
    apr_size_t room = SMTPC_LIMIT_SETTINGS_FILE + 1;
    apr_file_t *file;
    apr_status_t rv = check_file(load, path);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY,
                       APR_OS_DEFAULT, load->scratch);
    if (rv != APR_SUCCESS) {
        return fail_file(load, rv);
    }
    *text = smtpc__wiped_alloc(load->scratch, room + 1);
    rv = apr_file_read_full(file, *text, room, len);
    apr_file_close(file);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return fail_file(load, rv);
    }
    if (*len > SMTPC_LIMIT_SETTINGS_FILE) {
        return fail(load->settings, SMTPC_ELIMIT, "%s has more than %d bytes",
                    load->path, SMTPC_LIMIT_SETTINGS_FILE);
    }
    return APR_SUCCESS;
}

/* Put what the file at path says over the values of load. */
static apr_status_t load_file(load_t *load, const char *path)
{
    const char *why = "";
    apr_size_t len = 0;
    char *text = NULL;
    int line = 1;
    apr_status_t rv;

    load->path = smtpc__escape(path, strlen(path), SMTPC_LIMIT_PARAMETER, 0,
                               load->scratch);
    rv = read_file(&text, &len, load, path);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__settings_parse(&load->values, &line, &why, &load->literal,
                               text, len, load->settings->pool,
                               load->scratch);
    if (rv != APR_SUCCESS) {
        return fail(load->settings, rv, "%s:%d: %s", load->path, line, why);
    }
    return APR_SUCCESS;
}

/* Load the secret that values refer to. */
static apr_status_t resolve(smtpc_settings_t *settings,
                            smtpc__settings_values_t *values)
{
    const char *why = "";
    apr_status_t rv;

    if (values->reference == NULL || values->secret != NULL) {
        return APR_SUCCESS;
    }
    rv = smtpc_secret_load(&values->secret, &why, values->reference,
                           settings->pool);
    if (rv != APR_SUCCESS) {
        return fail(settings, rv, "the password of mailSettings: %s", why);
    }
    return APR_SUCCESS;
}

/* Begin a load: the pool, and what is known. */
static apr_status_t begin(load_t *load, smtpc_settings_t *settings,
                          apr_pool_t *pool)
{
    settings->error[0] = '\0';
    load->settings = settings;
    load->values = settings->values;
    load->literal = 0;
    load->open_to_all = 0;
    return apr_pool_create(&load->scratch, pool);
}

SMTPC_DECLARE(apr_status_t) smtpc_settings_create(smtpc_settings_t **settings,
                                                  apr_pool_t *pool)
{
    smtpc_settings_t *made = apr_pcalloc(pool, sizeof(*made));

    made->pool = pool;
    *settings = made;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_settings_load(smtpc_settings_t *settings,
                                                const char *path,
                                                apr_pool_t *pool)
{
    load_t load;
    apr_status_t rv = begin(&load, settings, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = load_file(&load, path);
    if (rv == APR_SUCCESS) {
        settings->values = load.values;
    }
    apr_pool_destroy(load.scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_settings_resolve(smtpc_settings_t *settings)
{
    settings->error[0] = '\0';
    return resolve(settings, &settings->values);
}

SMTPC_DECLARE(const char *)
smtpc_settings_error(const smtpc_settings_t *settings)
{
    return settings->error;
}

SMTPC_DECLARE(const char *)
smtpc_settings_host(const smtpc_settings_t *settings)
{
    return settings->values.host;
}

SMTPC_DECLARE(int) smtpc_settings_port(const smtpc_settings_t *settings)
{
    return settings->values.port;
}

SMTPC_DECLARE(int)
smtpc_settings_enable_ssl(const smtpc_settings_t *settings)
{
    return settings->values.enable_ssl;
}

SMTPC_DECLARE(const char *)
smtpc_settings_user(const smtpc_settings_t *settings)
{
    return settings->values.user;
}

SMTPC_DECLARE(const char *)
smtpc_settings_reference(const smtpc_settings_t *settings)
{
    return settings->values.reference;
}

SMTPC_DECLARE(const smtpc_secret_t *)
smtpc_settings_secret(const smtpc_settings_t *settings)
{
    return settings->values.secret;
}

SMTPC_DECLARE(const char *)
smtpc_settings_hello_name(const smtpc_settings_t *settings)
{
    return settings->values.hello_name;
}

SMTPC_DECLARE(int)
smtpc_settings_default_credentials(const smtpc_settings_t *settings)
{
    return settings->values.default_credentials;
}

SMTPC_DECLARE(const char *)
smtpc_settings_target_name(const smtpc_settings_t *settings)
{
    return settings->values.target_name;
}

SMTPC_DECLARE(const char *)
smtpc_settings_from(const smtpc_settings_t *settings)
{
    return settings->values.from;
}

SMTPC_DECLARE(smtpc_delivery_e)
smtpc_settings_delivery(const smtpc_settings_t *settings)
{
    return settings->values.delivery;
}

SMTPC_DECLARE(smtpc_delivery_format_e)
smtpc_settings_delivery_format(const smtpc_settings_t *settings)
{
    return settings->values.format;
}

SMTPC_DECLARE(const char *)
smtpc_settings_pickup_directory(const smtpc_settings_t *settings)
{
    return settings->values.pickup_directory;
}

/* The settings of an env. */

static void warn_of_literal(const load_t *load, const smtpc_env_t *env)
{
    if (load->literal != 0 && load->open_to_all) {
        smtpc__env_log(env, SMTPC_LOG_WARNING, "%s:%d: every user of this "
                       "machine can read this password; run chmod o-r on the "
                       "file, or write password=\"file:/path\"", load->path,
                       load->literal);
    }
}

SMTPC_DECLARE(apr_status_t) smtpc_env_load_settings(smtpc_env_t *env,
                                                    const char *path,
                                                    apr_pool_t *pool)
{
    smtpc_settings_t *settings = smtpc__env_settings(env);
    load_t load;
    apr_status_t rv;

    if (settings == NULL) {
        rv = smtpc_settings_create(&settings, smtpc__env_pool(env));
        if (rv != APR_SUCCESS) {
            return rv;
        }
        smtpc__env_set_settings(env, settings);
    }
    rv = begin(&load, settings, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = load_file(&load, path);
    if (rv == APR_SUCCESS) {
        rv = resolve(settings, &load.values);
    }
    if (rv == APR_SUCCESS) {
        settings->values = load.values;
        warn_of_literal(&load, env);
    }
    apr_pool_destroy(load.scratch);
    return rv;
}

SMTPC_DECLARE(const smtpc_settings_t *)
smtpc_env_settings(const smtpc_env_t *env)
{
    return smtpc__env_settings(env);
}

SMTPC_DECLARE(const char *) smtpc_env_settings_error(const smtpc_env_t *env)
{
    const smtpc_settings_t *settings = smtpc__env_settings(env);

    return settings != NULL ? settings->error : "";
}
