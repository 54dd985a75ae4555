/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_dane_test.c: the look-up of TLSA records before a connection: when
 * there is none, how long it may take, and that it can be given up. What is
 * made of records, t/security/dane_test.c tests.
 */

#include <arpa/inet.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "net/dane_lookup.h"
#include "../support/async.h"
#include "../support/mail.h"
#include "../tap/tap.h"

/** A name that a resolver has to be asked for. */
#define NAME "mail.dane.example"

static smtpc_env_t *env;

/* Open a socket that takes questions and answers none; its address. */
static int open_silence(char *address, apr_size_t size)
{
    struct sockaddr_in in = { .sin_family = AF_INET };
    socklen_t len = sizeof(in);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&in, len) != 0
        || getsockname(fd, (struct sockaddr *)&in, &len) != 0) {
        tap_bail("no socket");
    }
    apr_snprintf(address, size, "127.0.0.1@%d", ntohs(in.sin_port));
    return fd;
}

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, (int)rv);
    }
}

/* A client that asks a resolver that does not answer. */
static smtpc_client_t *make_client(peer_t *peer, const char *resolver,
                                   apr_pool_t *pool)
{
    smtpc_client_t *client = mail_client(peer, env, pool);

    must(smtpc_client_set_dane(client, SMTPC_DANE_ON), "DANE");
    must(smtpc_client_set_dane_anchor(client, "/dev/null"), "anchor");
    must(smtpc_client_set_dane_resolver(client, resolver), "resolver");
    must(smtpc_client_set_security(client, SMTPC_SECURITY_OPPORTUNISTIC),
         "security");
    return client;
}

static void test_none(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_t *peer;
    char address[64];
    int fd = open_silence(address, sizeof(address));

    tap_subtest_begin("no look-up");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer, address, pool);
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "an IP address has no records");
    must(smtpc_client_set_verify_name(client, NAME), "name");
    must(smtpc_client_set_security(client, SMTPC_SECURITY_NONE), "security");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), APR_SUCCESS,
               "nor does clear text need any");
    smtpc_client_dispose(client);
    peer_stop(peer);
    close(fd);
    tap_subtest_end();
}

static void test_slow(apr_pool_t *pool)
{
    peer_smtp_t smtp;
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_t *peer;
    char address[64];
    int fd = open_silence(address, sizeof(address));

    tap_subtest_begin("a resolver that does not answer");
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer, address, pool);
    must(smtpc_client_set_verify_name(client, NAME), "name");
    must(smtpc_client_set_timeout(client, apr_time_from_msec(300)), "time");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), SMTPC_ETIMEOUT,
               "in time");
    tap_ok(strstr(mail_error(result), "TLSA records of " NAME) != NULL, "%s",
           mail_error(result));
    tap_is_int(smtpc_result_stage(result), SMTPC_STAGE_RESOLVE, "stage");
    tap_is_int(peer_accepted(peer), 0, "nobody was connected to");
    smtpc_client_dispose(client);
    peer_stop(peer);
    close(fd);
    tap_subtest_end();
}

static void test_cancel(apr_pool_t *pool)
{
    smtpc_client_t *client;
    peer_smtp_t smtp;
    peer_t *peer;
    async_t async;
    char address[64];
    int fd = open_silence(address, sizeof(address));

    tap_subtest_begin("cancelled");
    async_init(&async);
    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer, address, pool);
    must(smtpc_client_set_verify_name(client, NAME), "name");
    must(smtpc_client_send_async(client, async_message("x@y.test", pool),
                                 async_completed, &async), "send");
    must(smtpc_client_cancel(client), "cancel");
    tap_is_int(async_wait(&async, 1), 1, "completed");
    tap_is_int(async.status, SMTPC_ECANCELLED, "cancelled");
    tap_is_int(peer_accepted(peer), 0, "nobody was connected to");
    smtpc_client_dispose(client);
    async_end(&async);
    peer_stop(peer);
    close(fd);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { test_none, test_slow, test_cancel };

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    if (smtpc__dane_is_built()) {
        tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    }
    else {
        smtpc_client_t *client = mail_client_unused(env, tap_pool());

        tap_is_int(smtpc_client_set_dane(client, SMTPC_DANE_ON), SMTPC_EARG,
                   "built without: %s", smtpc_client_error(client));
    }
    return tap_done();
}
