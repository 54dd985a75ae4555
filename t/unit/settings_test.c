/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_test.c: files, layers of them, secrets, and the settings of an
 * env.
 */
#include "../tap/tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/settings.h>

#include "base/limits.h"
#include "base/secret_int.h"

#define HEAD "<configuration><system.net><mailSettings>\n<smtp>"
#define TAIL "</smtp></mailSettings></system.net></configuration>\n"

static const char *directory;

static const char *path_of(const char *name)
{
    return apr_pstrcat(tap_pool(), directory, "/", name, NULL);
}

static const char *write_file(const char *name, const char *content,
                              int mode)
{
    const char *path = path_of(name);
    apr_file_t *file;

    if (apr_file_open(&file, path,
                      APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE
                          | APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT,
                      tap_pool()) != APR_SUCCESS
        || apr_file_write_full(file, content, strlen(content), NULL)
               != APR_SUCCESS
        || apr_file_close(file) != APR_SUCCESS
        || chmod(path, (mode_t)mode) != 0) {
        tap_bail("cannot write %s", path);
    }
    return path;
}

static const char *network(const char *name, const char *attributes)
{
    return write_file(name, apr_pstrcat(tap_pool(), HEAD "<network ",
                                        attributes, "/>" TAIL, NULL), 0600);
}

static smtpc_settings_t *create(void)
{
    smtpc_settings_t *settings = NULL;

    if (smtpc_settings_create(&settings, tap_pool()) != APR_SUCCESS) {
        tap_bail("no settings");
    }
    return settings;
}

static const char *secret_of(const smtpc_settings_t *settings)
{
    const smtpc_secret_t *secret = smtpc_settings_secret(settings);
    apr_size_t len;

    return secret ? smtpc__secret_bytes(secret, &len) : NULL;
}

static void empty(void)
{
    const smtpc_settings_t *s = create();

    tap_ok(!smtpc_settings_host(s) && smtpc_settings_port(s) == 0
               && !smtpc_settings_enable_ssl(s) && !smtpc_settings_user(s)
               && !smtpc_settings_reference(s) && !smtpc_settings_secret(s)
               && !smtpc_settings_hello_name(s)
               && !smtpc_settings_target_name(s) && !smtpc_settings_from(s)
               && !smtpc_settings_pickup_directory(s), "nothing is set");
    tap_is_int(smtpc_settings_delivery(s), SMTPC_DELIVER_NETWORK,
               "to the network");
    tap_is_int(smtpc_settings_delivery_format(s), SMTPC_FORMAT_SEVENBIT,
               "in ASCII");
    tap_is_str(smtpc_settings_error(s), "", "no error");
}

static void getters(void)
{
    smtpc_settings_t *s = create();

    tap_is_int(smtpc_settings_load(s, write_file("all.config",
        "<configuration><system.net><mailSettings><smtp "
        "deliveryMethod='SpecifiedPickupDirectory' from='a@b.test' "
        "deliveryFormat='International'><network host='h.test' port='587' "
        "userName='u' password='p' enableSsl='true' clientDomain='c.test' "
        "targetName='t'/><specifiedPickupDirectory "
        "pickupDirectoryLocation='/o'/>" TAIL, 0600), tap_pool()),
        APR_SUCCESS, "loaded: %s", smtpc_settings_error(s));
    tap_is_str(smtpc_settings_host(s), "h.test", "host");
    tap_is_int(smtpc_settings_port(s), 587, "port");
    tap_is_int(smtpc_settings_enable_ssl(s), 1, "enableSsl");
    tap_is_str(smtpc_settings_user(s), "u", "user");
    tap_is_str(secret_of(s), "p", "password");
    tap_is_str(smtpc_settings_hello_name(s), "c.test", "hello name");
    tap_is_str(smtpc_settings_target_name(s), "t", "target name");
    tap_is_str(smtpc_settings_from(s), "a@b.test", "from");
    tap_is_int(smtpc_settings_delivery(s), SMTPC_DELIVER_PICKUP, "delivery");
    tap_is_int(smtpc_settings_delivery_format(s), SMTPC_FORMAT_INTERNATIONAL,
               "format");
    tap_is_str(smtpc_settings_pickup_directory(s), "/o", "directory");
}

static void layers(void)
{
    const char *machine = network("machine.config", "host='a.test' "
                                  "port='25' userName='u'");
    const char *app = network("web.config", "port='587' password='p'");
    const char *bad = network("bad.config", "host='b.test'\n port='x'");
    smtpc_settings_t *s = create();

    tap_is_int(smtpc_settings_load(s, machine, tap_pool()), APR_SUCCESS,
               "the machine's");
    tap_is_int(smtpc_settings_load(s, app, tap_pool()), APR_SUCCESS,
               "the application's");
    tap_is_str(smtpc_settings_host(s), "a.test", "one says the host");
    tap_is_int(smtpc_settings_port(s), 587, "the other overrides the port");
    tap_is_str(smtpc_settings_user(s), "u", "one the user");
    tap_is_str(secret_of(s), "p", "the other the password");
    tap_is_int(smtpc_settings_load(s, bad, tap_pool()), SMTPC_EARG, "bad");
    tap_is_str(smtpc_settings_error(s),
               apr_pstrcat(tap_pool(), bad, ":3: <network port>: \"x\" is "
                           "not a port: 1 ... 65535", NULL),
               "says file, line, what");
    tap_is_str(smtpc_settings_host(s), "a.test", "and changes nothing");
    tap_is_int(smtpc_settings_load(s, app, tap_pool()), APR_SUCCESS, "again");
    tap_is_str(smtpc_settings_error(s), "", "the error is forgotten");
}

static void files(void)
{
    smtpc_settings_t *s = create();
    char *big = malloc(SMTPC_LIMIT_SETTINGS_FILE + 2);
    const char *doc = "<configuration/>";

    tap_is_int(smtpc_settings_load(s, path_of("none"), tap_pool()),
               APR_ENOENT, "no file: %s", smtpc_settings_error(s));
    tap_ok(strstr(smtpc_settings_error(s), path_of("none")) != NULL,
           "is named");
    tap_is_int(smtpc_settings_load(s, directory, tap_pool()), SMTPC_EARG,
               "a directory: %s", smtpc_settings_error(s));
    tap_is_int(mkfifo(path_of("fifo"), 0600), 0, "a pipe");
    tap_is_int(smtpc_settings_load(s, path_of("fifo"), tap_pool()),
               SMTPC_EARG, "nobody waits for it: %s",
               smtpc_settings_error(s));
    memset(big, ' ', SMTPC_LIMIT_SETTINGS_FILE + 1);
    memcpy(big, doc, strlen(doc));
    big[SMTPC_LIMIT_SETTINGS_FILE + 1] = '\0';
    tap_is_int(smtpc_settings_load(s, write_file("big", big, 0600),
                                   tap_pool()), SMTPC_ELIMIT,
               "over the limit: %s", smtpc_settings_error(s));
    big[SMTPC_LIMIT_SETTINGS_FILE] = '\0';
    tap_is_int(smtpc_settings_load(s, write_file("big", big, 0600),
                                   tap_pool()), APR_SUCCESS, "at the limit");
    free(big);
    tap_is_int(smtpc_settings_load(s, write_file("dtd", "<configuration>\n"
                                   "<!ENTITY a 'b'></configuration>", 0600),
                                   tap_pool()), SMTPC_EARG, "an entity");
    tap_ok(strstr(smtpc_settings_error(s), "dtd:2: a document type") != NULL,
           "%s", smtpc_settings_error(s));
}

/* The password of a big file of tags is refused or read in no time. */
static void hostile(void)
{
    apr_size_t count = SMTPC_LIMIT_SETTINGS_FILE / 4 - 16;
    char *text = calloc(1, SMTPC_LIMIT_SETTINGS_FILE);
    smtpc_settings_t *s = create();
    apr_size_t i;

    memcpy(text, "<configuration>", 15);
    for (i = 0; i < count; i++) {
        memcpy(text + 15 + 4 * i, "<a/>", 4);
    }
    memcpy(text + 15 + 4 * count, "</configuration>", 16);
    tap_is_int(smtpc_settings_load(s, write_file("many", text, 0600),
                                   tap_pool()), APR_SUCCESS, "many tags");
    text[15 + 4 * count] = '\n';
    tap_is_int(smtpc_settings_load(s, write_file("many", text, 0600),
                                   tap_pool()), SMTPC_EARG, "and no end");
    tap_ok(strstr(smtpc_settings_error(s), "many:2: ") != NULL, "%s",
           smtpc_settings_error(s));
    free(text);
}

static void references(void)
{
    smtpc_settings_t *s = create();
    const char *file = write_file("pw", "sesame\n", 0600);

    tap_is_int(smtpc_settings_load(s, network("ref.config", apr_pstrcat(
        tap_pool(), "userName='u' password='file:", file, "'", NULL)),
        tap_pool()), APR_SUCCESS, "a reference");
    tap_is_str(smtpc_settings_reference(s),
               apr_pstrcat(tap_pool(), "file:", file, NULL), "can be read");
    tap_is_str(secret_of(s), NULL, "is not followed");
    tap_is_int(smtpc_settings_resolve(s), APR_SUCCESS, "but when told to");
    tap_is_str(secret_of(s), "sesame", "the secret");
    unlink(file);
    tap_is_int(smtpc_settings_resolve(s), APR_SUCCESS, "once only");
    tap_is_int(smtpc_settings_load(s, network("ref.config",
        "password='file:/none/pw'"), tap_pool()), APR_SUCCESS, "another");
    tap_is_int(smtpc_settings_resolve(s), APR_ENOENT, "that is not there");
    tap_ok(strstr(smtpc_settings_error(s), "/none/pw") != NULL, "%s",
           smtpc_settings_error(s));
    tap_is_int(smtpc_settings_resolve(create()), APR_SUCCESS,
               "nothing to load");
}

static char logged[1024];

static void log_line(void *baton, smtpc_log_level_e level, const char *text)
{
    (void)baton;
    (void)level;
    apr_cpystrn(logged, text, sizeof(logged));
}

static void of_env(void)
{
    const char *app = network("env.config", "host='a.test' userName='u'\n"
                                            " password='sesame'");
    smtpc_env_t *env = NULL;

    tap_is_int(smtpc_env_create(&env, tap_pool()), APR_SUCCESS, "env");
    smtpc_env_set_log(env, SMTPC_LOG_WARNING, log_line, NULL);
    tap_ok(smtpc_env_settings(env) == NULL, "has none");
    tap_is_str(smtpc_env_settings_error(env), "", "and no error");
    tap_is_int(smtpc_env_load_settings(env, path_of("none"), tap_pool()),
               APR_ENOENT, "no file");
    tap_ok(strstr(smtpc_env_settings_error(env), "none") != NULL, "%s",
           smtpc_env_settings_error(env));
    tap_is_int(smtpc_env_load_settings(env, app, tap_pool()), APR_SUCCESS,
               "loaded");
    tap_is_str(secret_of(smtpc_env_settings(env)), "sesame", "password");
    tap_is_str(logged, "", "nobody else reads it");
    tap_is_int(smtpc_env_load_settings(env, network("env2.config",
        "host='b.test' password='file:/none/pw'"), tap_pool()), APR_ENOENT,
        "a password that is not there: %s", smtpc_env_settings_error(env));
    tap_is_str(smtpc_settings_host(smtpc_env_settings(env)), "a.test",
               "nothing changed");
    tap_is_str(secret_of(smtpc_env_settings(env)), "sesame",
               "not the password either");
    tap_is_int(smtpc_env_load_settings(env, network("env2.config",
        "host='b.test'"), tap_pool()), APR_SUCCESS, "another layer");
    tap_is_str(smtpc_settings_host(smtpc_env_settings(env)), "b.test",
               "over the first");
    tap_is_str(smtpc_settings_user(smtpc_env_settings(env)), "u",
               "which still holds");
    tap_is_int(chmod(app, 0644), 0, "open to all");
    tap_is_int(smtpc_env_load_settings(env, app, tap_pool()), APR_SUCCESS,
               "is taken");
    tap_ok(strstr(logged, "env.config:3: every user") != NULL
               && !strstr(logged, "sesame"), "with a warning: %s", logged);
}

int main(void)
{
    static const char *const names[] = {
        "all.config", "bad.config", "big", "dtd", "env.config",
        "env2.config", "fifo", "machine.config", "many", "ref.config",
        "web.config"
    };
    char name[] = "/tmp/smtpc-settings-XXXXXX";
    apr_size_t i;

    tap_pool();
    directory = mkdtemp(name);
    if (!directory) {
        tap_bail("no directory");
    }
    empty();
    getters();
    layers();
    files();
    hostile();
    references();
    of_env();
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(path_of(names[i]));
    }
    tap_is_int(rmdir(directory), 0, "nothing else was written");
    return tap_done();
}
