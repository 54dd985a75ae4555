/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_fork_test.c: a child goes on with the handles of its parent: on
 * connections and with a thread of its own, without touching the parent's.
 */

#include <dirent.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** A child that hangs ends after so many seconds, and the test fails. */
#define CHILD_SECONDS 20
/** Kept connections of the parent. */
#define KEPT 3

static SSL_CTX *tls;
static const char *ca_file;

/* What is there before the fork. */
typedef struct rig_t {
    apr_pool_t *pool; /* of env and clients */
    smtpc_env_t *env;
    peer_t *peer;
    int port;
    echo_t echo;
    smtpc_client_t *client;
    smtpc_client_t *busy;
    smtpc_message_t *message;
    async_t async;
} rig_t;

static smtpc_client_t *make_client(rig_t *rig, int secure)
{
    smtpc_client_t *client = mail_client(rig->peer, rig->env, rig->pool);

    if (secure
        && (smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS)
                != APR_SUCCESS
            || smtpc_client_set_ca_file(client, ca_file) != APR_SUCCESS)) {
        tap_bail("no TLS");
    }
    return client;
}

static void rig_start(rig_t *rig, int secure)
{
    memset(rig, 0, sizeof(*rig));
    async_init(&rig->async);
    apr_pool_create_unmanaged(&rig->pool);
    echo_init(&rig->echo);
    rig->echo.extensions = "PIPELINING";
    rig->echo.tls = secure ? tls : NULL;
    rig->peer = peer_start(echo_serve, &rig->echo);
    rig->port = peer_port(rig->peer);
    if (smtpc_env_create(&rig->env, rig->pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    rig->client = make_client(rig, secure);
    rig->busy = make_client(rig, secure);
    rig->message = async_message("parent@y.test", rig->pool);
}

static void rig_end(rig_t *rig)
{
    apr_pool_destroy(rig->pool);
    peer_stop(rig->peer);
    echo_end(&rig->echo);
    async_end(&rig->async);
}

/* Return how many connections to the port this process has open. */
static int connections_to(int port)
{
    DIR *dir = opendir("/proc/self/fd");
    const struct dirent *entry;
    int count = 0;

    while (dir && (entry = readdir(dir)) != NULL) {
        struct sockaddr_in address;
        socklen_t len = sizeof(address);

        count += getpeername(atoi(entry->d_name),
                             (struct sockaddr *)&address, &len) == 0
                 && address.sin_family == AF_INET
                 && ntohs(address.sin_port) == port;
    }
    if (dir) {
        closedir(dir);
    }
    return count;
}

/* Run fn in a child and return its exit status, 99 if it did not exit. */
static int in_child(int (*fn)(rig_t *), rig_t *rig)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        alarm(CHILD_SECONDS);
        _exit(fn(rig));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        tap_bail("no child");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

/* Return the number of the first thing that is wrong in a child, or 0. */
static int send_in_child(rig_t *rig)
{
    smtpc_message_t *message = async_message("child@y.test", rig->pool);
    smtpc_result_t *result;
    int descriptors = process_descriptors();

    if (smtpc_client_send(&result, rig->client, message, rig->pool)
        != APR_SUCCESS) {
        return 1;
    }
    if (strcmp(smtpc_result_queue_id(result), "child") != 0) {
        return 2;
    }
    if (smtpc_result_timings(result)->connected == 0) {
        return 3;
    }
    /* Its own; the parent's are closed here. */
    if (connections_to(rig->port) != 1) {
        return 4;
    }
    if (smtpc_client_send(&result, rig->client, message, rig->pool)
            != APR_SUCCESS
        || smtpc_result_timings(result)->connected != 0) {
        return 5;
    }
    if (smtpc_client_dispose(rig->client) != APR_SUCCESS
        || connections_to(rig->port) != 0) {
        return 6;
    }
    return process_descriptors() > descriptors ? 7 : 0;
}

/* The server answers when all of KEPT have come. */
static void wait_for_all(void *baton, const char *user)
{
    rig_t *rig = baton;

    (void)user;
    (void)echo_finals(&rig->echo, KEPT);
}

/* Give the pool of the parent KEPT idle connections. */
static void keep_some(rig_t *rig)
{
    smtpc_message_t *messages[KEPT];
    smtpc_result_t *results[KEPT];
    int i;

    for (i = 0; i < KEPT; i++) {
        messages[i] = rig->message;
    }
    rig->echo.took = wait_for_all;
    rig->echo.baton = rig;
    tap_is_int(smtpc_client_set_pipeline_depth(rig->client, 1), APR_SUCCESS,
               "one message on each connection");
    tap_is_int(smtpc_client_send_many(results, rig->client, messages, KEPT,
                                      rig->pool), APR_SUCCESS,
               "the parent sends");
    tap_is_int(connections_to(rig->port), KEPT, "and keeps its connections");
}

static void test_idle(int secure)
{
    smtpc_message_t *messages[KEPT];
    smtpc_result_t *results[KEPT];
    rig_t rig;
    int i;

    tap_subtest_begin("with kept connections%s", secure ? ", TLS" : "");
    rig_start(&rig, secure);
    keep_some(&rig);
    tap_is_int(in_child(send_in_child, &rig), 0, "the child sends");
    tap_is_int(peer_accepted(rig.peer), KEPT + 1, "on its own connection");
    tap_is_int(echo_quits(&rig.echo), 1, "which it ends with QUIT");
    tap_is_int(echo_mails(&rig.echo, 0), KEPT + 2, "each mail came once");
    for (i = 0; i < KEPT; i++) {
        messages[i] = rig.message;
    }
    tap_is_int(smtpc_client_send_many(results, rig.client, messages, KEPT,
                                      rig.pool), APR_SUCCESS,
               "the parent goes on");
    for (i = 0; i < KEPT; i++) {
        tap_is_int(smtpc_result_timings(results[i])->connected, 0,
                   "on its connections");
    }
    tap_is_int(peer_accepted(rig.peer), KEPT + 1, "there is no other");
    tap_is_int(echo_quits(&rig.echo), 1, "none was ended");
    rig_end(&rig);
    tap_subtest_end();
}

static void wait_idle(smtpc_client_t *client)
{
    while (smtpc_client_set_timeout(client, apr_time_from_sec(60))
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
}

/* The thread of the parent is not there in the child. */

static int send_async_in_child(rig_t *rig)
{
    smtpc_message_t *message = async_message("child@y.test", rig->pool);
    smtpc_result_t *result;
    async_t async;
    int threads = process_threads();

    if (threads != 1) {
        return 21;
    }
    async_init(&async);
    if (smtpc_client_send_async(rig->client, message, async_completed, &async)
        != APR_SUCCESS) {
        return 22;
    }
    if (async_wait(&async, 1) != 1 || async.status != APR_SUCCESS
        || strcmp(smtpc_result_queue_id(async.result), "child") != 0) {
        return 23;
    }
    if (process_threads() != threads + 1) {
        return 24;
    }
    if (smtpc_client_send_async(rig->busy, message, async_completed, &async)
        != SMTPC_EBUSY) {
        return 25;
    }
    if (smtpc_client_dispose(rig->busy) != APR_SUCCESS) {
        return 26;
    }
    wait_idle(rig->client);
    if (smtpc_client_send(&result, rig->client, message, rig->pool)
            != APR_SUCCESS
        || smtpc_result_timings(result)->connected != 0) {
        return 27;
    }
    return smtpc_client_dispose(rig->client) == APR_SUCCESS ? 0 : 28;
}

/* Only the memory is destroyed. */
static int destroy_in_child(rig_t *rig)
{
    apr_pool_destroy(rig->pool);
    return process_threads() == 1 ? 0 : 41;
}

static void test_thread(int secure)
{
    async_t busy;
    rig_t rig;

    tap_subtest_begin("with the thread at work%s", secure ? ", TLS" : "");
    rig_start(&rig, secure);
    async_init(&busy);
    tap_is_int(smtpc_client_send_async(rig.client, rig.message,
                                       async_completed, &rig.async),
               APR_SUCCESS, "the parent sends");
    tap_is_int(async_wait(&rig.async, 1), 1, "it is completed");
    wait_idle(rig.client);
    echo_hold(&rig.echo, 1);
    tap_is_int(smtpc_client_send_async(rig.busy, rig.message,
                                       async_completed, &busy),
               APR_SUCCESS, "another one");
    tap_is_int(echo_finals(&rig.echo, 2), 2, "is under way");
    tap_is_int(in_child(destroy_in_child, &rig), 0,
               "a child destroys the memory");
    tap_is_int(async_count(&busy), 0, "the parent does not notice");
    tap_is_int(echo_quits(&rig.echo), 0, "nor the server");
    echo_hold(&rig.echo, 0);
    tap_is_int(async_wait(&busy, 1), 1, "it is completed");
    tap_is_int(busy.status, APR_SUCCESS, "sent");
    wait_idle(rig.busy);
    tap_is_int(peer_accepted(rig.peer), 1, "on the parent's connection");
    rig_end(&rig);
    async_end(&busy);
    tap_subtest_end();
}

/* The child sends while the parent does. */
static void test_both(void)
{
    async_t busy;
    rig_t rig;

    tap_subtest_begin("both send");
    rig_start(&rig, 0);
    async_init(&busy);
    tap_is_int(smtpc_client_send_async(rig.client, rig.message,
                                       async_completed, &rig.async),
               APR_SUCCESS, "the parent sends");
    tap_is_int(async_wait(&rig.async, 1), 1, "it is completed");
    wait_idle(rig.client);
    /* This one has an answer at MAIL, and no more for now. */
    rig.echo.took = wait_for_all;
    rig.echo.baton = &rig;
    tap_is_int(smtpc_client_send_async(rig.busy, rig.message,
                                       async_completed, &busy),
               APR_SUCCESS, "another one");
    tap_is_int(echo_finals(&rig.echo, 2), 2, "is under way");
    tap_is_int(in_child(send_async_in_child, &rig), 0, "the child sends");
    tap_is_int(async_wait(&busy, 1), 1, "it is completed");
    tap_is_int(busy.status, APR_SUCCESS, "sent");
    wait_idle(rig.busy);
    tap_is_str(smtpc_result_queue_id(busy.result), "parent",
               "with its own answer");
    tap_is_int(peer_accepted(rig.peer), 2, "the child's was its own");
    rig_end(&rig);
    async_end(&busy);
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };

    tls = peer_ca_server(ca, &cert, pool);
    ca_file = peer_ca_file(ca, pool);
    test_idle(0);
    test_idle(1);
    test_thread(0);
    test_thread(1);
    test_both();
    return tap_done();
}
