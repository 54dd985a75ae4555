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

/** A domain that libidn2 has to write in ASCII. */
#define BUCHER "b\xc3\xbc" "cher.example"

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

/* Ways to hand a message to a client. */

static apr_status_t hand_one(smtpc_client_t *client, smtpc_message_t *message,
                             apr_pool_t *pool)
{
    smtpc_result_t *result = NULL;

    return smtpc_client_send(&result, client, message, pool);
}

static apr_status_t hand_many(smtpc_client_t *client,
                              smtpc_message_t *message, apr_pool_t *pool)
{
    smtpc_result_t *result = NULL;

    return smtpc_client_send_many(&result, client, &message, 1, pool);
}

static apr_status_t hand_async(smtpc_client_t *client,
                               smtpc_message_t *message, apr_pool_t *pool)
{
    async_t async;
    apr_status_t rv;

    (void)pool;
    async_init(&async);
    rv = smtpc_client_send_async(client, message, async_completed, &async);
    if (rv == APR_SUCCESS) {
        (void)async_wait(&async, 1);
        rv = async.status;
    }
    async_end(&async);
    return rv;
}

/* One of them, and what it is called. */
typedef struct hand_t {
    const char *name;
    apr_status_t (*hand)(smtpc_client_t *client, smtpc_message_t *message,
                         apr_pool_t *pool);
} hand_t;

/* There is one file if and only if the status says so, and nothing beside;
 * baton is a hand_t. */
static const char *pickup(apr_pool_t *pool, void *baton)
{
    const hand_t *hand = baton;
    smtpc_message_t *message = async_message("ann@example.net", pool);
    smtpc_client_t *client = NULL;
    smtpc_env_t *env = NULL;
    const char *wrong;
    apr_pool_t *own;
    apr_status_t rv;
    int others;
    int mails;

    apr_pool_create(&own, NULL);
    fault_start();
    rv = smtpc_env_create(&env, own);
    rv = THEN(smtpc_client_create(&client, env, "mail.test", 25, own));
    rv = THEN(smtpc_client_set_pickup_directory(client, directory));
    rv = THEN(smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP));
    rv = THEN(hand->hand(client, message, pool));
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

/* What a client is told: names in normal form, addresses, secrets, fields. */
static apr_status_t configure(smtpc_client_t *client)
{
    static const smtpc_xclient_t other = { .name = "[UNAVAILABLE]",
                                           .addr = "::1" };
    apr_status_t rv = smtpc_client_set_host(client, BUCHER);

    rv = THEN(smtpc_client_add_host(client, BUCHER, 26));
    rv = THEN(smtpc_client_set_verify_name(client, BUCHER));
    rv = THEN(smtpc_client_set_hello_name(client, "a.example"));
    rv = THEN(smtpc_client_set_from(client, "ann@" BUCHER));
    rv = THEN(smtpc_client_set_proxy(client, SMTPC_PROXY_SOCKS5, BUCHER, 1));
    rv = THEN(smtpc_client_set_proxy_credentials(client, "ann", "s3cret"));
    rv = THEN(smtpc_client_set_local_address(client, "::1"));
    rv = THEN(smtpc_client_set_xclient(client, &other));
    rv = THEN(smtpc_client_set_ciphers(client, "ECDHE+AESGCM"));
    rv = THEN(smtpc_client_set_cipher_suites(client,
                                             "TLS_AES_128_GCM_SHA256"));
    rv = THEN(smtpc_client_set_groups(client, "X25519"));
    rv = THEN(smtpc_client_mask_capabilities(client, "CHUNKING"));
    rv = THEN(smtpc_client_add_default_header(client, "X-Site", BUCHER));
    return THEN(smtpc_client_add_forced_header(client, "X-Shop", BUCHER));
}

static const char *told(apr_pool_t *pool, void *baton)
{
    smtpc_client_t *client = NULL;
    smtpc_env_t *env = NULL;
    const char *wrong;
    apr_pool_t *own;
    apr_status_t rv;
    char reason[256] = "no client";
    int same;

    (void)baton;
    /* Lists for TLS are tried out on a context, which tls_test makes. */
    inject_spare(37);
    apr_pool_create(&own, NULL);
    fault_start();
    rv = smtpc_env_create(&env, own);
    rv = THEN(smtpc_client_create(&client, env, NULL, 0, own));
    rv = THEN(configure(client));
    if (client) {
        apr_cpystrn(reason, smtpc_client_error(client), sizeof(reason));
    }
    same = rv != APR_SUCCESS
           || strcmp(smtpc_client_host(client), BUCHER) == 0;
    apr_pool_destroy(own);
    (void)fault_stop();
    inject_spare(0);
    wrong = fault_judge(rv, pool);
    if (wrong) {
        return apr_psprintf(pool, "%s (%s)", wrong, reason);
    }
    if (rv != APR_SUCCESS && reason[0] == '\0') {
        return "no reason";
    }
    return same ? NULL : "success, but another host";
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
    static hand_t hands[] = { { "pickup", hand_one },
                              { "pickup, a batch", hand_many },
                              { "pickup, asynchronous", hand_async } };
    apr_size_t i;

    make_files();
    fault_run("settings", settings, NULL);
    fault_run("a secret in a file", secret,
              apr_pstrcat(tap_pool(), "file:", password_file, NULL));
    fault_run("a secret in the environment", secret,
              apr_pstrdup(tap_pool(), "env:FAULT_SECRET"));
    fault_run("a secret of a program", secret,
              apr_pstrdup(tap_pool(), "exec:/bin/echo s3cret"));
    fault_run("addresses", addresses, NULL);
    fault_run("a client's settings", told, NULL);
    for (i = 0; i < sizeof(hands) / sizeof(hands[0]); i++) {
        fault_run(hands[i].name, pickup, &hands[i]);
    }
    (void)rmdir(directory);
    return tap_done();
}
