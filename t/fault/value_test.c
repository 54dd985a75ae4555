/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value_test.c: what is read before anything is sent - settings, secrets,
 * addresses - and what is written instead of sending, a pickup file.
 */

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/async.h"
#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "base/secret_int.h"
#include "fault.h"
#include "model/address_int.h"

#define THEN(step) (rv == APR_SUCCESS ? (step) : rv)

static const char *directory;
static const char *settings_file;
static const char *password_file;

static const char *settings(apr_pool_t *pool, void *baton)
{
    smtpc_client_t *client = NULL;
    smtpc_env_t *env = NULL;
    const char *wrong;
    apr_pool_t *own;
    apr_status_t rv;
    int port = 0;
    char user[8] = "";

    (void)baton;
    apr_pool_create(&own, NULL);
    fault_start();
    rv = smtpc_env_create(&env, own);
    rv = THEN(smtpc_env_load_settings(env, settings_file, own));
    rv = THEN(smtpc_client_create(&client, env, NULL, 0, own));
    if (rv == APR_SUCCESS) {
        port = smtpc_client_port(client);
        apr_cpystrn(user, smtpc_client_user(client), sizeof(user));
    }
    apr_pool_destroy(own);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    if (!wrong && rv == APR_SUCCESS
        && (port != 2525 || strcmp(user, "ann") != 0)) {
        wrong = "success, but other settings";
    }
    return wrong;
}

/* baton is a reference to "s3cret". */
static const char *secret(apr_pool_t *pool, void *baton)
{
    smtpc_secret_t *loaded = NULL;
    const char *why = NULL;
    const char *wrong;
    apr_size_t len = 6;
    const char *bytes = "s3cret";
    apr_pool_t *own;
    apr_status_t rv;
    int same;

    apr_pool_create(&own, pool);
    fault_start();
    rv = smtpc_secret_load(&loaded, &why, baton, own);
    if (rv == APR_SUCCESS) {
        bytes = smtpc__secret_bytes(loaded, &len);
    }
    same = len == 6 && memcmp(bytes, "s3cret", 6) == 0;
    wrong = rv != APR_SUCCESS && (!why || !*why) ? "no reason" : NULL;
    apr_pool_destroy(own);
    (void)fault_stop();
    wrong = wrong ? wrong : fault_judge(rv, pool);
    return wrong || same ? wrong : "success, but another secret";
}

static const char *addresses(apr_pool_t *pool, void *baton)
{
    apr_array_header_t *list
        = apr_array_make(pool, 4, sizeof(smtpc_address_t *));
    const char *why = NULL;
    const char *wrong;
    apr_status_t rv;

    (void)baton;
    fault_start();
    rv = smtpc__address_parse_list(
        list, &why, "J\xc3\xbcrgen <j\xcc\x88@b\xc3\xbc" "cher.example>, "
        "team: a@xn--bcher-kva.example, Re\xcc\x81mi <b@example.net>;", pool);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    if (!wrong && list->nelts != (rv == APR_SUCCESS ? 3 : 0)) {
        wrong = "not all or none of them";
    }
    if (!wrong && rv == APR_SUCCESS
        && strcmp(smtpc_address_host(APR_ARRAY_IDX(list, 1,
                                                   smtpc_address_t *)),
                  "b\xc3\xbc" "cher.example") != 0) {
        wrong = "success, but another domain";
    }
    return wrong;
}

/* Remove all files in the folder; count those that are mails, and others. */
static void empty(int *mails, int *others, const char *folder,
                  apr_pool_t *pool)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    *mails = 0;
    *others = 0;
    while (dir && (entry = readdir(dir)) != NULL) {
        const char *end = strrchr(entry->d_name, '.');

        if (strcmp(entry->d_name, ".") == 0
            || strcmp(entry->d_name, "..") == 0) {
            continue;
        }
        *(end && strcmp(end, ".eml") == 0 ? mails : others) += 1;
        (void)unlink(apr_pstrcat(pool, folder, "/", entry->d_name, NULL));
    }
    if (dir) {
        closedir(dir);
    }
}

/* There is one file if and only if the result says so, and nothing beside. */
static const char *pickup(apr_pool_t *pool, void *baton)
{
    smtpc_message_t *message = async_message("ann@example.net", pool);
    smtpc_client_t *client = NULL;
    smtpc_result_t *result = NULL;
    smtpc_env_t *env = NULL;
    const char *wrong;
    apr_pool_t *own;
    apr_status_t rv;
    int others;
    int mails;

    (void)baton;
    apr_pool_create(&own, NULL);
    fault_start();
    rv = smtpc_env_create(&env, own);
    rv = THEN(smtpc_client_create(&client, env, "mail.test", 25, own));
    rv = THEN(smtpc_client_set_pickup_directory(client, directory));
    rv = THEN(smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP));
    rv = THEN(smtpc_client_send(&result, client, message, pool));
    apr_pool_destroy(own);
    (void)fault_stop();
    wrong = fault_judge(rv, pool);
    empty(&mails, &others, directory, pool);
    if (!wrong && mails != (rv == APR_SUCCESS)) {
        wrong = apr_psprintf(pool, "%d files with status %d", mails, rv);
    }
    /* What could not be removed is left, as its error says. */
    if (!wrong && others > 0 && strcmp(fault_call(), "unlink") != 0) {
        wrong = "a file that was left there";
    }
    return wrong;
}

static void make_files(void)
{
    apr_pool_t *pool = tap_pool();
    const char *temp;
    char *made;

    apr_temp_dir_get(&temp, pool);
    made = apr_pstrcat(pool, temp, "/fault-XXXXXX", NULL);
    if (!mkdtemp(made) || chmod(made, 0700) != 0) {
        tap_bail("no folder");
    }
    directory = made;
    password_file = dkim_support_file("s3cret\n", 0600, pool);
    settings_file = dkim_support_file(
        apr_psprintf(pool, "<configuration><system.net><mailSettings>"
                     "<smtp from=\"a@b.example\"><network host=\"mail.test\" "
                     "port=\"2525\" userName=\"ann\" password=\"file:%s\"/>"
                     "</smtp></mailSettings></system.net></configuration>",
                     password_file), 0600, pool);
    setenv("FAULT_SECRET", "s3cret", 1);
}

int main(void)
{
    make_files();
    fault_run("settings", settings, NULL);
    fault_run("a secret in a file", secret,
              apr_pstrcat(tap_pool(), "file:", password_file, NULL));
    fault_run("a secret in the environment", secret,
              apr_pstrdup(tap_pool(), "env:FAULT_SECRET"));
    fault_run("a secret of a program", secret,
              apr_pstrdup(tap_pool(), "exec:/bin/echo s3cret"));
    fault_run("addresses", addresses, NULL);
    fault_run("pickup", pickup, NULL);
    (void)rmdir(directory);
    return tap_done();
}
