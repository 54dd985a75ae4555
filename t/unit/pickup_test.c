/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pickup_test.c: messages as files, through the public functions.
 */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <signal.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../tap/tap.h"

static smtpc_env_t *env;

static const char *make_directory(apr_pool_t *pool)
{
    const char *temp;
    char *path;

    if (apr_temp_dir_get(&temp, pool) != APR_SUCCESS) {
        tap_bail("no temporary directory");
    }
    path = apr_pstrcat(pool, temp, "/pickup-XXXXXX", NULL);
    if (!mkdtemp(path)) {
        tap_bail("no directory");
    }
    return path;
}

/* Count the files in path; *name is one of them. */
static int list(const char **name, const char *path, apr_pool_t *pool)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    int count = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..")) {
            *name = apr_pstrdup(pool, entry->d_name);
            count++;
        }
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

static void clean(const char *path, apr_pool_t *pool)
{
    const char *name;

    while (list(&name, path, pool) > 0
           && unlink(apr_pstrcat(pool, path, "/", name, NULL)) == 0) {
        continue;
    }
    rmdir(path);
}

static const char *read_file(const char *path, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, 65536);
    apr_size_t len = 65535;
    apr_file_t *file;

    if (apr_file_open(&file, path, APR_FOPEN_READ, 0, pool) != APR_SUCCESS) {
        return "";
    }
    (void)apr_file_read_full(file, text, len, &len);
    apr_file_close(file);
    return text;
}

static smtpc_client_t *make_client(const char *directory, apr_pool_t *pool)
{
    smtpc_client_t *client;

    if (smtpc_client_create(&client, env, NULL, 0, pool) != APR_SUCCESS
        || smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP)
               != APR_SUCCESS
        || smtpc_client_set_pickup_directory(client, directory)
               != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

static smtpc_message_t *make_message(apr_pool_t *pool)
{
    smtpc_message_t *message;

    if (smtpc_message_create(&message, pool) != APR_SUCCESS
        || smtpc_message_set_from(message, "Web <web@example.org>")
               != APR_SUCCESS
        || smtpc_message_add_to(message, "ann@example.net") != APR_SUCCESS
        || smtpc_message_add_cc(message, "cc@example.net") != APR_SUCCESS
        || smtpc_message_add_bcc(message, "bcc@example.net") != APR_SUCCESS
        || smtpc_message_set_subject(message, "Hello") != APR_SUCCESS
        || smtpc_message_set_body(message, "One\n.two\n", SMTPC_BODY_TEXT)
               != APR_SUCCESS) {
        tap_bail("no message");
    }
    return message;
}

static int is_guid(const char *name)
{
    static const char form[] = "xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx.eml";
    apr_size_t i;

    for (i = 0; i < sizeof(form) - 1; i++) {
        const char *allowed = form[i] == 'x' ? "0123456789abcdef"
                              : form[i] == 'y' ? "89ab"
                                               : NULL;

        if (name[i] == '\0'
            || (allowed ? !strchr(allowed, name[i]) : name[i] != form[i])) {
            return 0;
        }
    }
    return name[i] == '\0';
}

static void test_written(apr_pool_t *pool)
{
    const char *directory = make_directory(pool);
    smtpc_client_t *client = make_client(directory, pool);
    const char *name = "";
    const char *text;
    smtpc_result_t *result;
    struct stat info;
    mode_t mask;
    int i;

    tap_subtest_begin("a file");
    mask = umask(007);
    tap_is_int(smtpc_client_send(&result, client, make_message(pool), pool),
               APR_SUCCESS, "written");
    umask(mask);
    tap_is_int(list(&name, directory, pool), 1, "one file");
    tap_ok(is_guid(name), "%s is <guid>.eml", name);
    tap_is_str(smtpc_result_path(result),
               apr_pstrcat(pool, directory, "/", name, NULL), "its path");
    tap_is_int(stat(smtpc_result_path(result), &info), 0, "there");
    tap_is_int(info.st_mode & 07777, 0660, "mode");
    tap_is_int(info.st_size, smtpc_result_bytes(result), "bytes");
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_DONE, "stage");
    tap_is_str(smtpc_result_host(result), "", "no host");
    tap_is_int(smtpc_result_recipient_count(result), 3, "three recipients");
    for (i = 0; i < 3; i++) {
        tap_is_int(smtpc_result_recipient(result, (apr_size_t)i)->state,
                   SMTPC_RCPT_ACCEPTED, "accepted");
    }
    text = read_file(smtpc_result_path(result), pool);
    tap_ok(strncmp(text, "X-Sender: ", 10) == 0, "X-Sender first");
    tap_ok(strstr(text, "X-Receiver: bcc@example.net\r\n") != NULL,
           "X-Receiver for Bcc");
    tap_ok(strstr(text, smtpc_result_message_id(result)) != NULL,
           "Message-ID");
    tap_ok(strstr(text, "\r\n\r\nOne\r\n.two\r\n") != NULL,
           "body, dots as they are");
    for (i = 0; i < 20; i++) {
        if (smtpc_client_send(&result, client, make_message(pool), pool)
            != APR_SUCCESS) {
            break;
        }
    }
    tap_is_int(list(&name, directory, pool), 21, "each its own file");
    clean(directory, pool);
    tap_subtest_end();
}

static apr_status_t fail_read(void *baton, char *buf, apr_size_t *len)
{
    int *calls = baton;

    if (++*calls > 3) {
        return APR_EGENERAL;
    }
    memset(buf, 'x', *len);
    return APR_SUCCESS;
}

static void test_failures(apr_pool_t *pool)
{
    const char *directory = make_directory(pool);
    const char *missing = apr_pstrcat(pool, directory, "/missing", NULL);
    smtpc_client_t *client = make_client(missing, pool);
    smtpc_message_t *message = make_message(pool);
    struct rlimit limit = { 4096, 4096 };
    struct rlimit before;
    smtpc_source_t *source;
    smtpc_result_t *result;
    const char *name = "";
    char *body;
    int calls = 0;

    tap_subtest_begin("failures leave nothing behind");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               SMTPC_EQUEUE, "no directory");
    tap_ok(strstr(smtpc_result_error(result), missing)
               && strstr(smtpc_result_error(result), "No such file"), "%s",
           smtpc_result_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_STORE, "stage");
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent");
    tap_is_int(smtpc_client_set_pickup_directory(client, directory),
               APR_SUCCESS, "directory");
    tap_is_int(smtpc_source_create_callback(&source, fail_read, NULL,
                                            SMTPC_LENGTH_UNKNOWN, &calls,
                                            pool), APR_SUCCESS, "source");
    tap_is_int(smtpc_message_attach_source(NULL, message, "x", NULL, source),
               APR_SUCCESS, "attached");
    tap_is_int(smtpc_client_send(&result, client, message, pool),
               SMTPC_ESOURCE, "attachment fails");
    tap_is_int(list(&name, directory, pool), 0, "no file, not even hidden");
    /* A full disk, as near as a test can come to it. */
    message = make_message(pool);
    body = apr_palloc(pool, 65536);
    memset(body, 'x', 65535);
    for (calls = 60; calls < 65535; calls += 60) {
        body[calls] = '\n';
    }
    body[65535] = '\0';
    tap_is_int(smtpc_message_set_body(message, body, SMTPC_BODY_TEXT),
               APR_SUCCESS, "64 KiB");
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    limit.rlim_max = before.rlim_max;
    setrlimit(RLIMIT_FSIZE, &limit);
    calls = smtpc_client_send(&result, client, message, pool);
    setrlimit(RLIMIT_FSIZE, &before);
    tap_is_int(calls, SMTPC_EQUEUE, "no room: %s",
               smtpc_result_error(result));
    tap_is_int(list(&name, directory, pool), 0, "no file, not even hidden");
    clean(directory, pool);
    tap_subtest_end();
}

/* Names that are there already are not overwritten. */

typedef struct names_t {
    int calls;
    int same; /* so many calls give the same bytes */
} names_t;

static apr_status_t same_random(void *baton, unsigned char *buf,
                                apr_size_t len)
{
    names_t *names = baton;

    names->calls++;
    memset(buf, len == 16 && names->same-- > 0 ? 0 : names->calls, len);
    return APR_SUCCESS;
}

static void test_names(apr_pool_t *pool)
{
    static const char zero[] = "00000000-0000-4000-8000-000000000000.eml";
    const char *directory = make_directory(pool);
    const char *taken = apr_pstrcat(pool, directory, "/", zero, NULL);
    smtpc_client_t *client = make_client(directory, pool);
    smtpc_result_t *result;
    const char *name = "";
    names_t names = { 0, 1000 };
    apr_file_t *file;

    tap_subtest_begin("names that are taken");
    if (apr_file_open(&file, taken, APR_FOPEN_CREATE | APR_FOPEN_WRITE,
                      APR_FPROT_OS_DEFAULT, pool) != APR_SUCCESS) {
        tap_bail("no file");
    }
    apr_file_puts("mine", file);
    apr_file_close(file);
    smtpc_env_set_random(env, same_random, &names);
    tap_is_int(smtpc_client_send(&result, client, make_message(pool), pool),
               SMTPC_EQUEUE, "always the same name: gives up");
    tap_is_int(list(&name, directory, pool), 1, "nothing left behind");
    names.same = 3;
    tap_is_int(smtpc_client_send(&result, client, make_message(pool), pool),
               APR_SUCCESS, "tries other names");
    smtpc_env_set_random(env, NULL, NULL);
    tap_is_int(list(&name, directory, pool), 2, "a file of its own");
    tap_is_str(read_file(taken, pool), "mine", "the other is as it was");
    clean(directory, pool);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    test_written(pool);
    test_failures(pool);
    test_names(pool);
    return tap_done();
}
