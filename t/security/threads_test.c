/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threads_test.c: 64 threads over a few shared connections, to a server that
 * refuses, breaks off and accepts as each address asks for: every answer has
 * to reach the mail it is for. LOAD_MAILS sets how many each thread sends.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/mail.h"
#include "../support/peer.h"
#include "../tap/tap.h"

enum { THREADS = 64, MAILS = 50 };
/** Mails of a thread that may end a connection: the server counts those. */
enum { RUDE = 50 };

/* What recipients are called: the first letter says what becomes of them. */
static const char fates[] = "aaarda" "abac";

/* The fate of mail i of a thread. */
static char fate_of(int thread, int i)
{
    char fate = fates[(thread + i) % (sizeof(fates) - 1)];

    return i >= RUDE && (fate == 'b' || fate == 'c') ? 'a' : fate;
}

/** A transaction at the server. */
typedef struct mail_t {
    char name[64]; /* of the recipient */
} mail_t;

/* Answer the whole message; zero if that was the end. */
static int say_final(peer_conn_t *conn, const char *name)
{
    switch (*name) {
    case 'd':
        return peer_say(conn, "554 5.6.0 %s", name);
    case 'c':
        (void)peer_say(conn, "421 4.3.2 %s", name);
        return 0;
    case 'b':
        return 0;
    default:
        return peer_say(conn, "250 2.0.0 queued as %s", name);
    }
}

/* Answer a command; zero if that was the end. */
static int say_reply(peer_conn_t *conn, const char *line, mail_t *mail)
{
    if (strncmp(line, "EHLO", 4) == 0) {
        return peer_say(conn, "250-fates\r\n250 PIPELINING");
    }
    if (sscanf(line, "RCPT TO:<%63[^@]", mail->name) == 1
        && *mail->name == 'r') {
        return peer_say(conn, "550 5.1.1 %s", mail->name);
    }
    if (strcmp(line, "QUIT") == 0) {
        (void)peer_say(conn, "221 bye");
        return 0;
    }
    return peer_say(conn, "250 2.1.0 ok");
}

static void serve(peer_conn_t *conn, void *baton)
{
    mail_t mail = { "" };
    char line[1024];
    int content = 0;

    (void)baton;
    (void)peer_say(conn, "220 fates");
    while (peer_read_line(conn, line, sizeof(line))) {
        int goes_on = 1;

        if (content) {
            content = strcmp(line, ".") != 0;
            goes_on = content || say_final(conn, mail.name);
        }
        else if (strcmp(line, "DATA") == 0) {
            content = *mail.name != 'r';
            goes_on = peer_say(conn, content ? "354 go" : "503 nobody");
        }
        else {
            goes_on = say_reply(conn, line, &mail);
        }
        if (!goes_on) {
            return;
        }
    }
}

/** A thread, and what it found wrong. */
typedef struct worker_t {
    smtpc_env_t *env;
    int port;
    int number;
    int mails;
    int sent;
    int wrong;
    char what[256]; /* the first that was */
} worker_t;

static apr_status_t wanted(char fate)
{
    switch (fate) {
    case 'r':
    case 'd':
        return SMTPC_EREJECTED;
    case 'c':
        return SMTPC_ETEMP;
    case 'b':
        return SMTPC_EINDOUBT;
    default:
        return APR_SUCCESS;
    }
}

static void send_one(worker_t *worker, smtpc_client_t *client, int i,
                     apr_pool_t *pool)
{
    char fate = fate_of(worker->number, i);
    const char *name = apr_psprintf(pool, "%c-%d-%d", fate, worker->number,
                                    i);
    smtpc_result_t *result;
    apr_status_t rv = mail_send(&result, client,
                                apr_pstrcat(pool, name, "@x.test", NULL),
                                pool);

    if (rv != wanted(fate) || !result
        || (fate != 'b' && !strstr(smtpc_result_text(result), name))) {
        if (worker->wrong++ == 0) {
            apr_snprintf(worker->what, sizeof(worker->what), "%s: %d, %s, %s",
                         name, rv, mail_error(result),
                         result ? smtpc_result_text(result) : "");
        }
    }
    worker->sent++;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    smtpc_client_t *client;
    apr_pool_t *root;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create_unmanaged(&root);
    apr_pool_create(&pool, root);
    if (smtpc_client_create(&client, worker->env, "127.0.0.1", worker->port,
                            root) == APR_SUCCESS
        && smtpc_client_set_max_connections(client, 8) == APR_SUCCESS
        && smtpc_client_set_messages_per_connection(client, 0)
               == APR_SUCCESS) {
        for (i = 0; i < worker->mails; i++) {
            send_one(worker, client, i, pool);
            apr_pool_clear(pool);
        }
    }
    apr_pool_destroy(root);
    return NULL;
}

int main(void)
{
    const char *wish = getenv("LOAD_MAILS");
    int mails = wish ? atoi(wish) : MAILS;
    apr_pool_t *pool = tap_pool();
    peer_t *peer = peer_start(serve, NULL);
    apr_thread_t *threads[THREADS];
    worker_t workers[THREADS];
    smtpc_env_t *env;
    int sent = 0;
    int wrong = 0;
    int i;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS
        || smtpc_env_keep_connections(env, 1) != APR_SUCCESS) {
        tap_bail("no env");
    }
    memset(workers, 0, sizeof(workers));
    for (i = 0; i < THREADS; i++) {
        workers[i].env = env;
        workers[i].port = peer_port(peer);
        workers[i].number = i;
        workers[i].mails = mails;
        if (apr_thread_create(&threads[i], NULL, work, &workers[i], pool)
            != APR_SUCCESS) {
            tap_bail("no thread");
        }
    }
    for (i = 0; i < THREADS; i++) {
        apr_status_t rv;

        apr_thread_join(&rv, threads[i]);
        sent += workers[i].sent;
        wrong += workers[i].wrong;
        if (workers[i].wrong > 0) {
            tap_diag("%s", workers[i].what);
        }
    }
    tap_is_int(sent, THREADS * mails, "R10: %d threads sent %d each", THREADS,
               mails);
    tap_is_int(wrong, 0, "R10: every answer reached its own mail");
    peer_stop(peer);
    return tap_done();
}
