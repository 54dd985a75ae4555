/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_threads_test.c: many threads, one env: every mail arrives once, and
 * every result belongs to its mail. Meant for ThreadSanitizer.
 */

#include <pthread.h>
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
    int connections; /* the most, 0: as it comes */
    int mails;
    pthread_barrier_t *all_done;
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
    if (rv == APR_SUCCESS && work->connections > 0) {
        rv = smtpc_client_set_max_connections(client, work->connections);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_client_set_messages_per_connection(client, 0);
    }
    for (i = 0; i < work->mails && rv == APR_SUCCESS; i++) {
        apr_pool_clear(pool);
        rv = send_one(work, client, i, pool);
        work->sent += rv == APR_SUCCESS;
    }
    /* The last of a profile ends its connections: not before all sent. */
    (void)pthread_barrier_wait(work->all_done);
    apr_pool_destroy(root);
    return NULL;
}

/* What a run of all threads is like. */
typedef struct plan_t {
    const char *what;
    const char *host;
    const char *ca_file;
    int connections; /* see work_t */
    int mails;
} plan_t;

static void test_threads(const plan_t *plan, peer_smtp_t *smtp, peer_t *peer,
                         smtpc_env_t *env, apr_pool_t *pool)
{
    int most = plan->connections > 0 ? plan->connections : 5;
    const char *what = plan->what;
    pthread_barrier_t all_done;
    apr_thread_t *threads[THREADS];
    work_t works[THREADS];
    int sent = 0;
    int strange = 0;
    int i;

    pthread_barrier_init(&all_done, NULL, THREADS);
    memset(works, 0, sizeof(works));
    for (i = 0; i < THREADS; i++) {
        works[i].env = env;
        works[i].number = i;
        works[i].host = plan->host;
        works[i].port = peer_port(peer);
        works[i].ca_file = plan->ca_file;
        works[i].connections = plan->connections;
        works[i].mails = plan->mails;
        works[i].all_done = &all_done;
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
    pthread_barrier_destroy(&all_done);
    tap_is_int(sent, THREADS * plan->mails, "%s: all sent", what);
    tap_is_int(strange, 0, "%s: every result is of its own mail", what);
    tap_ok(peer_quiet(peer), "%s: all connections ended", what);
    tap_is_int(smtp->messages, THREADS * plan->mails,
               "%s: all arrived once", what);
    tap_ok(peer_accepted(peer) >= 1 && peer_accepted(peer) <= most,
           "%s: %d connections, at most %d", what, peer_accepted(peer), most);
    tap_is_int(peer_heard(peer, "QUIT"), peer_accepted(peer),
               "%s: QUIT on each", what);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { .names = "DNS:localhost" };
    plan_t plans[] = {
        { "clear, shared", "127.0.0.1", NULL, 0, MAILS },
        { "clear, one each", "127.0.0.1", NULL, THREADS, MAILS },
        { "TLS, shared", "localhost", "", 0, 5 },
        { "TLS, one each", "localhost", "", THREADS, 5 },
    };
    apr_size_t i;
    peer_smtp_t smtp;
    smtpc_env_t *env;
    peer_t *peer;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    for (i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        peer_smtp_init(&smtp);
        smtp.extensions = "PIPELINING\n8BITMIME";
        if (plans[i].ca_file) {
            plans[i].ca_file = ca_file;
            smtp.tls = peer_ca_server(ca, &cert, pool);
        }
        peer = peer_start(peer_smtp_serve, &smtp);
        test_threads(&plans[i], &smtp, peer, env, pool);
        peer_stop(peer);
    }
    return tap_done();
}
