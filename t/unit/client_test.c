/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_test.c: the life of a client handle, and that it does one thing at a time.
 */

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/mail.h"
#include "../tap/tap.h"


static smtpc_env_t *env;

static void test_arguments(apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_message_t *message;
    smtpc_result_t *result;

    tap_subtest_begin("argument checks");
    tap_is_int(smtpc_client_create(&client, env, "", 25, pool), SMTPC_EARG,
               "empty host");
    tap_is_int(smtpc_client_create(&client, env, "a b", 25, pool), SMTPC_EARG,
               "blank in the host");
    tap_is_int(smtpc_client_create(&client, env, "a", 65536, pool),
               SMTPC_EARG, "port over the end");
    tap_is_int(smtpc_client_create(&client, env, "a", -1, pool), SMTPC_EARG,
               "port below the start");
    tap_is_int(smtpc_client_create(&client, env, NULL, 0, pool), APR_SUCCESS,
               "defaults");
    tap_is_str(smtpc_client_host(client), "localhost", "host");
    tap_is_int(smtpc_client_port(client), 25, "port");
    result = (smtpc_result_t *)client;
    tap_is_int(smtpc_client_send(&result, client, NULL, pool), SMTPC_EARG,
               "no message");
    tap_ok(result == NULL, "no result");
    tap_ok(smtpc_client_error(client)[0] != '\0', "but a sentence: %s",
           smtpc_client_error(client));
    tap_is_int(smtpc_message_create(&message, pool), APR_SUCCESS, "message");
    tap_is_int(smtpc_message_add_to(message, "a@b.test"), APR_SUCCESS, "To");
    tap_is_int(smtpc_client_send(&result, client, message, pool), SMTPC_EARG,
               "no From");
    tap_ok(strstr(smtpc_client_error(client), "From") != NULL, "said: %s",
           smtpc_client_error(client));
    tap_is_int(smtpc_message_create(&message, pool), APR_SUCCESS, "message");
    tap_is_int(smtpc_message_set_from(message, "a@b.test"), APR_SUCCESS,
               "From");
    tap_is_int(smtpc_client_send(&result, client, message, pool), SMTPC_EARG,
               "no recipient");
    tap_is_int(smtpc_client_send_text(NULL, client, "a@b.test\r\nRCPT", "x@y",
                                      "s", "b", pool), SMTPC_EARG,
               "line end in From");
    tap_ok(smtpc_client_error(client)[0] != '\0', "said: %s",
           smtpc_client_error(client));
    tap_is_int(smtpc_client_set_delivery(client, SMTPC_DELIVER_PICKUP),
               APR_SUCCESS, "pickup");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_EARG,
               "no directory");
    tap_subtest_end();
}

/* A second thread finds the client busy. */

typedef struct busy_t {
    smtpc_client_t *client;
    apr_pool_t *pool;
    apr_status_t status;
} busy_t;

static void *APR_THREAD_FUNC busy_run(apr_thread_t *thread, void *data)
{
    busy_t *busy = data;
    smtpc_result_t *result;

    (void)thread;
    busy->status = mail_send(&result, busy->client, "x@y.test", busy->pool);
    return NULL;
}

/* Every setter of what a send goes by is guarded. */
static void check_guarded(smtpc_client_t *c)
{
    tap_is_int(smtpc_client_set_host(c, "a"), SMTPC_EBUSY, "host");
    tap_is_int(smtpc_client_set_port(c, 1), SMTPC_EBUSY, "port");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_NONE), SMTPC_EBUSY,
               "security");
    tap_is_int(smtpc_client_set_credentials(c, "a", "b"), SMTPC_EBUSY,
               "credentials");
    tap_is_int(smtpc_client_set_secret(c, NULL, NULL), SMTPC_EBUSY, "secret");
    tap_is_int(smtpc_client_set_timeout(c, 1), SMTPC_EBUSY, "timeout");
    tap_is_int(smtpc_client_set_ca_file(c, NULL), SMTPC_EBUSY, "CA file");
    tap_is_int(smtpc_client_set_ca_directory(c, NULL), SMTPC_EBUSY,
               "CA directory");
    tap_is_int(smtpc_client_set_verify_name(c, NULL), SMTPC_EBUSY,
               "verify name");
    tap_is_int(smtpc_client_set_client_certificate(c, NULL, NULL),
               SMTPC_EBUSY, "certificate");
    tap_is_int(smtpc_client_set_auth_mechanisms(c, NULL), SMTPC_EBUSY,
               "mechanisms");
    tap_is_int(smtpc_client_set_hello_name(c, NULL), SMTPC_EBUSY, "hello");
    tap_is_int(smtpc_client_set_from(c, NULL), SMTPC_EBUSY, "from");
    tap_is_int(smtpc_client_set_delivery(c, SMTPC_DELIVER_NETWORK),
               SMTPC_EBUSY, "delivery");
    tap_is_int(smtpc_client_set_pickup_directory(c, NULL), SMTPC_EBUSY,
               "pickup directory");
    tap_is_int(smtpc_client_set_max_connections(c, 1), SMTPC_EBUSY,
               "connections");
    tap_is_int(smtpc_client_add_host(c, "b", 1), SMTPC_EBUSY, "another host");
}

static void test_busy(apr_pool_t *pool)
{
    static const peer_answer_t answers[] = { { "MAIL", "!silent" },
                                             { NULL, NULL } };
    peer_smtp_t smtp;
    peer_t *peer;
    busy_t busy;
    apr_thread_t *thread;
    smtpc_result_t *result;
    smtpc_client_t *c;
    apr_status_t status;

    tap_subtest_begin("one operation at a time");
    peer_smtp_init(&smtp);
    smtp.answers = answers;
    peer = peer_start(peer_smtp_serve, &smtp);
    c = busy.client = mail_client(peer, env, pool);
    apr_pool_create_unmanaged(&busy.pool);
    apr_thread_create(&thread, NULL, busy_run, &busy, pool);
    while (peer_heard(peer, "MAIL") == 0) {
        apr_thread_yield();
    }
    tap_is_int(mail_send(&result, c, "x@y.test", pool), SMTPC_EBUSY, "send");
    tap_ok(result == NULL, "no result");
    check_guarded(c);
    tap_is_int(smtpc_client_dispose(c), APR_SUCCESS, "dispose cancels");
    tap_is_int(smtpc_client_set_port(c, 1), SMTPC_EDISPOSED,
               "and has waited for the end");
    apr_thread_join(&status, thread);
    tap_is_int(busy.status, SMTPC_ECANCELLED, "of the first");
    apr_pool_destroy(busy.pool);
    tap_is_int(smtpc_client_dispose(c), APR_SUCCESS, "dispose again");
    tap_ok(peer_quiet(peer), "its connection is cut");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "without QUIT");
    peer_stop(peer);
    tap_subtest_end();
}

/* A child lets go of the parent's connection without a word. */
static void test_fork(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;
    smtpc_result_t *result;
    int status = -1;
    pid_t pid;

    tap_subtest_begin("a child process");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = mail_client(peer, env, pool);
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "before the fork");
    pid = fork();
    if (pid == 0) {
        _exit(smtpc_client_dispose(client) == APR_SUCCESS ? 0 : 1);
    }
    waitpid(pid, &status, 0);
    tap_is_int(status, 0, "the child disposed of its copy");
    tap_is_int(peer_heard(peer, "QUIT"), 0, "and said nothing");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "the parent goes on");
    tap_is_int(peer_accepted(peer), 1, "on its connection");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_arguments,
        test_busy,
        test_fork
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
