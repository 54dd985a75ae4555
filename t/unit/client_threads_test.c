/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_threads_test.c: many threads, one env: every mail arrives once, and
 * every result belongs to its mail. Meant for ThreadSanitizer.
 */

#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <smtpclient/smtpclient.h>

#include "../support/peer.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

#define THREADS 16
#define MAILS 50

typedef struct work_t {
    smtpc_env_t *env;
    int number;
    const char *host;
    int port;
    const char *ca_file;
    int mails;
    int sent;
    int strange;    /* results of another mail */
    char error[512];
} work_t;

static apr_status_t send_one(work_t *work, smtpc_client_t *client, int i,
                             apr_pool_t *pool)
{
    const char *to = apr_psprintf(pool, "user%d@t%d.test", i,
                                  work->number);
    smtpc_result_t *result;
    apr_status_t rv;

    rv = smtpc_client_send_text(&result, client, "web@example.org", to,
                                "Hello", "First mail.\n", pool);
    if (!result
        || strcasecmp(smtpc_result_recipient(result, 0)->address, to) != 0) {
        work->strange++;
    }
    if (rv != APR_SUCCESS && result) {
        apr_cpystrn(work->error, smtpc_result_error(result),
                    sizeof(work->error));
    }
    return rv;
}

static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *data)
{
    work_t *work = data;
    smtpc_client_t *client;
    apr_pool_t *root;
    apr_pool_t *pool;
    apr_status_t rv;
    int i;

    (void)thread;
    apr_pool_create_unmanaged(&root);
    apr_pool_create(&pool, root);
    rv = smtpc_client_create(&client, work->env, work->host, work->port,
                             root);
    if (rv == APR_SUCCESS && work->ca_file) {
        rv = smtpc_client_set_ca_file(client, work->ca_file);
        if (rv == APR_SUCCESS) {
            rv = smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS);
        }
    }
    for (i = 0; i < work->mails && rv == APR_SUCCESS; i++) {
        apr_pool_clear(pool);
        rv = send_one(work, client, i, pool);
        work->sent += rv == APR_SUCCESS;
    }
    apr_pool_destroy(root);
    return NULL;
}

static void test_threads(const char *what, const char *host, int port,
                         const char *ca_file, int mails, peer_smtp_t *smtp,
                         peer_t *peer, smtpc_env_t *env, apr_pool_t *pool)
{
    apr_thread_t *threads[THREADS];
    work_t works[THREADS];
    int sent = 0;
    int strange = 0;
    int i;

    memset(works, 0, sizeof(works));
    for (i = 0; i < THREADS; i++) {
        works[i].env = env;
        works[i].number = i;
        works[i].host = host;
        works[i].port = port;
        works[i].ca_file = ca_file;
        works[i].mails = mails;
        if (apr_thread_create(&threads[i], NULL, run, &works[i], pool)
            != APR_SUCCESS) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
        sent += works[i].sent;
        strange += works[i].strange;
        if (works[i].error[0]) {
            tap_diag("%s", works[i].error);
        }
    }
    tap_is_int(sent, THREADS * mails, "%s: all sent", what);
    tap_is_int(strange, 0, "%s: every result is of its own mail", what);
    tap_ok(peer_quiet(peer), "%s: all connections ended", what);
    tap_is_int(smtp->messages, THREADS * mails, "%s: all arrived once", what);
    tap_is_int(peer_accepted(peer), THREADS, "%s: a connection each", what);
    tap_is_int(peer_heard(peer, "QUIT"), THREADS, "%s: QUIT each", what);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { .names = "DNS:localhost" };
    peer_smtp_t smtp;
    smtpc_env_t *env;
    peer_t *peer;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    peer_smtp_init(&smtp);
    smtp.extensions = "PIPELINING\n8BITMIME";
    peer = peer_start(peer_smtp_serve, &smtp);
    test_threads("clear", "127.0.0.1", peer_port(peer), NULL, MAILS, &smtp,
                 peer, env, pool);
    peer_stop(peer);

    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    peer = peer_start(peer_smtp_serve, &smtp);
    test_threads("TLS", "localhost", peer_port(peer), ca_file, 5, &smtp, peer,
                 env, pool);
    peer_stop(peer);
    return tap_done();
}
