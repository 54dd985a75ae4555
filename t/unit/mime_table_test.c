/* SPDX-License-Identifier: Apache-2.0 */
/* mime_table_test.c: content types from a file of httpd's kind. */
#include "mime/mime_table.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static const char *path;
static char logged[200];

static void take_line(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    apr_cpystrn(logged, text, sizeof(logged));
}

static apr_status_t load(smtpc_env_t *env, const char *text, apr_size_t len)
{
    apr_file_t *file;

    if (apr_file_open(&file, path,
                      APR_FOPEN_WRITE | APR_FOPEN_TRUNCATE | APR_FOPEN_CREATE,
                      APR_FPROT_OS_DEFAULT, tap_pool())
        || apr_file_write_full(file, text, len, NULL)
        || apr_file_close(file)) {
        tap_bail("no file");
    }
    *logged = '\0';
    return smtpc_env_load_mime_types(env, path);
}

static void guesses(smtpc_env_t *env)
{
    static const smtpc_render_t how = { 0 };
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_content_t *content;
    apr_size_t len;
    char *text;

    if (smtpc_message_attach_bytes(NULL, m, "a.TXT", NULL, "x", 1)
        || smtpc_message_attach_bytes(NULL, m, "b.txt", "text/x-own", "x", 1)
        || smtpc_message_attach_bytes(NULL, m, "c.pdf", NULL, "x", 1)
        || smtpc__message_render(&content, m, &how, env, tap_pool())) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_read(content->source, 4096, &len, tap_pool());
    tap_is_str(support_outline(text, tap_pool()),
               "multipart/mixed(text/plain text/x-changed text/x-own "
               "application/pdf)", "attachments follow, unless they have one");
}

static void limits(smtpc_env_t *env)
{
    char *text = apr_palloc(tap_pool(), SMTPC_LIMIT_MIME_TYPES_FILE + 1);
    apr_size_t n = 4;

    memset(text, '#', SMTPC_LIMIT_MIME_TYPES_FILE + 1);
    tap_is_int(load(env, text, SMTPC_LIMIT_MIME_TYPES_FILE), 0,
               "size at the limit");
    tap_is_int(load(env, text, SMTPC_LIMIT_MIME_TYPES_FILE + 1), SMTPC_ELIMIT,
               "one beyond");
    memcpy(text, "a/b ", 4);
    for (int i = 0; i <= SMTPC_LIMIT_MIME_TYPES; i++) {
        n += (apr_size_t)apr_snprintf(text + n, 10, "x%d ", i);
    }
    tap_is_int(load(env, text, n), SMTPC_ELIMIT, "extensions over the limit");
    tap_is_str(smtpc_env_mime_type(env, "a.x7"), "application/octet-stream",
               "change nothing");
    memset(text + 4, 'e', SMTPC_LIMIT_EXTENSION + 1);
    tap_is_int(load(env, text, 4 + SMTPC_LIMIT_EXTENSION), 0,
               "extension at the limit");
    tap_is_int(load(env, text, 4 + SMTPC_LIMIT_EXTENSION + 1), SMTPC_EARG,
               "one beyond");
}

int main(void)
{
    static const char good[]
        = "# comment\n\n \ntext/X-Changed\ttxt  ASC # more\r\n"
          "application/x-none\n"
          "message/rfc822 eml\nfont/x fnt";
    static const char *const bad[] = { "text txt", "text/ x", "/x y",
                                       "te xt/plain txt", "a/b/c x" };
    smtpc_env_t *env = support_env(tap_pool());
    const char *dir;

    if (apr_temp_dir_get(&dir, tap_pool())) {
        tap_bail("no temporary directory");
    }
    path = apr_psprintf(tap_pool(), "%s/mime_table_test.%" APR_PID_T_FMT, dir,
                        getpid());
    smtpc_env_set_log(env, SMTPC_LOG_ERROR, take_line, NULL);
    tap_is_str(smtpc_env_mime_type(env, "a.txt"), "text/plain", "built in");
    tap_is_int(load(env, good, sizeof(good) - 1), 0, "a file");
    tap_is_str(smtpc_env_mime_type(env, "a.TxT"), "text/x-changed",
               "has priority");
    tap_is_str(smtpc_env_mime_type(env, "a.asc"), "text/x-changed",
               "any of its extensions");
    tap_is_str(smtpc_env_mime_type(env, "a.fnt"), "font/x", "the last line");
    tap_is_str(smtpc_env_mime_type(env, "a.pdf"), "application/pdf",
               "others stay");
    tap_is_str(smtpc_env_mime_type(env, "a.eml"), "application/octet-stream",
               "messages are no files");
    tap_is_str(smtpc_env_mime_type(env, "txt"), "application/octet-stream",
               "no extension");
    tap_is_str(smtpc_env_mime_type(NULL, "a.txt"), "text/plain", "no env");
    guesses(env);
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        const char *text = apr_pstrcat(tap_pool(), "a/b new\n", bad[i], NULL);

        tap_is_int(load(env, text, strlen(text)), SMTPC_EARG,
                   "row %d is refused", (int)i);
        tap_ok(strstr(logged, ", line 2: ") != NULL, "%s", logged);
    }
    tap_is_str(smtpc_env_mime_type(env, "a.new"), "application/octet-stream",
               "and changes nothing");
    tap_is_int(load(env, "a/c txt", 7), 0, "another file");
    tap_is_str(smtpc_env_mime_type(env, "a.txt"), "a/c", "has priority");
    tap_is_str(smtpc_env_mime_type(env, "a.fnt"), "font/x", "and adds");
    tap_is_int(smtpc_env_load_mime_types(env, NULL), SMTPC_EARG, "no path");
    limits(env);
    (void)apr_file_remove(path, tap_pool());
    tap_is_int(smtpc_env_load_mime_types(env, path), APR_ENOENT, "no file");
    return tap_done();
}
