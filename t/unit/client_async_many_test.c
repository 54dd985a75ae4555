/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_async_many_test.c: ten thousand mails wait for their turn at once,
 * with one thread, next to no memory and as many connections as is allowed.
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/echo.h"
#include "../support/mail.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** Mails, each of a client of its own. */
#define MAILS 10000
/** Connections they may use. */
#define CONNECTIONS 16
/** Bytes that a mail may take while it waits. */
#define BYTES_MAX 4096

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_KNOWN 0
#else
#define MEMORY_IS_KNOWN 1
#endif

typedef struct many_t {
    async_t async;
    unsigned char seen[MAILS]; /* completions of each */
    int wrong;                 /* not accepted, or of another mail */
    int threads_wrong;         /* not on the first one's thread */
    pthread_t thread;
} many_t;

typedef struct mail_t {
    many_t *many;
    int number;
    smtpc_client_t *client;
    smtpc_message_t *message;
} mail_t;

static void on_mail(smtpc_client_t *client, apr_status_t status,
                    const smtpc_result_t *result, void *baton)
{
    mail_t *mail = baton;
    many_t *many = mail->many;
    char user[32];

    /* One thread: no lock. */
    if (many->async.completed == 0) {
        many->thread = pthread_self();
    }
    many->threads_wrong += !pthread_equal(many->thread, pthread_self());
    apr_snprintf(user, sizeof(user), "user%d", mail->number);
    many->wrong += status != APR_SUCCESS || client != mail->client
                   || strcmp(smtpc_result_queue_id(result), user) != 0;
    many->seen[mail->number]++;
    async_completed(client, status, result, &many->async);
}

/* Bytes that the process has in memory. APR maps its own, so that
 * mallinfo2() knows nothing of it. */
static long long bytes_used(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long long size;
    long long resident;

    if (!file || fscanf(file, "%lld %lld", &size, &resident) != 2) {
        tap_bail("no /proc/self/statm");
    }
    fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static void make_all(mail_t *mails, many_t *many, peer_t *peer,
                     smtpc_env_t *env, apr_pool_t *pool)
{
    int failed = 0;
    int i;

    for (i = 0; i < MAILS; i++) {
        mails[i].many = many;
        mails[i].number = i;
        mails[i].client = mail_client(peer, env, pool);
        mails[i].message = async_message(apr_psprintf(pool, "user%d@y.test",
                                                      i), pool);
        failed += smtpc_client_set_max_connections(mails[i].client,
                                                   CONNECTIONS)
                      != APR_SUCCESS
                  || smtpc_client_set_timeout(mails[i].client,
                                              apr_time_from_sec(600))
                         != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "%d clients", MAILS);
}

static void submit_all(mail_t *mails)
{
    int failed = 0;
    int i;

    for (i = 0; i < MAILS; i++) {
        failed += smtpc_client_send_async(mails[i].client, mails[i].message,
                                          on_mail, &mails[i]) != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "%d submitted", MAILS);
}

/* Until all but those that have a connection wait for one. */
static void wait_until_waiting(const smtpc_env_t *env)
{
    smtpc_counters_t counters;

    do {
        apr_thread_yield();
        smtpc_env_counters(&counters, env);
    } while (counters.connection_waits < MAILS - CONNECTIONS);
}

static void check_seen(const many_t *many)
{
    int strange = 0;
    int i;

    for (i = 0; i < MAILS; i++) {
        strange += many->seen[i] != 1;
    }
    tap_is_int(strange, 0, "each completed once");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_pool_t *clients;
    mail_t *mails = apr_pcalloc(pool, MAILS * sizeof(*mails));
    many_t *many = apr_pcalloc(pool, sizeof(*many));
    smtpc_env_t *env;
    peer_t *peer;
    echo_t echo;
    int threads;
    long long before;
    long long grown;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    async_init(&many->async);
    echo_init(&echo);
    echo.extensions = "PIPELINING";
    echo_hold(&echo, 1);
    peer = peer_start(echo_serve, &echo);
    threads = process_threads();
    apr_pool_create(&clients, pool);
    make_all(mails, many, peer, env, clients);
    before = bytes_used();
    submit_all(mails);
    wait_until_waiting(env);
    tap_is_int(echo_finals(&echo, CONNECTIONS), CONNECTIONS,
               "as many are at work as there are connections");
    grown = (bytes_used() - before) / MAILS;
    /* The rest are those of the server. */
    tap_is_int(process_threads() - CONNECTIONS, threads + 1, "one more thread");
    tap_is_int(async_count(&many->async), 0, "none is completed");
    tap_diag("%d bytes for each mail that waits", (int)grown);
    if (MEMORY_IS_KNOWN) {
        tap_ok(grown < BYTES_MAX, "a mail that waits takes %d bytes",
               (int)grown);
    }
    echo_hold(&echo, 0);
    tap_is_int(async_wait(&many->async, MAILS), MAILS, "all completed");
    apr_pool_destroy(clients);
    check_seen(many);
    tap_is_int(many->wrong, 0, "each accepted, with its own result");
    tap_is_int(many->threads_wrong, 0, "all on one thread");
    tap_ok(peer_quiet(peer), "all connections ended");
    tap_is_int(echo.finals, MAILS, "each arrived once");
    peer_stop(peer);
    echo_end(&echo);
    async_end(&many->async);
    return tap_done();
}
