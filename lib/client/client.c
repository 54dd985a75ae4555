/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: the life of a client handle, and who may use it when.
 *
 * One word says idle, busy or disposed of; the thread that turns it from
 * idle to busy owns everything else until it turns it back, so that there is
 * no lock but for those who wait for that, or want to cancel. A handle lives
 * in a pool of its own: the caller's pool may be used by other threads
 * meanwhile. Its memory comes from the env, which is shared, because a handle
 * that waits for its turn should cost next to nothing.
 */

#include "client/client_int.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/** The port of SMTP. */
#define PORT_SMTP 25

apr_status_t smtpc__client_begin(smtpc_client_t *client)
{
    int state = SMTPC_CLIENT_IDLE;
    int busy;

    busy = atomic_compare_exchange_strong(&client->state, &state,
                                          SMTPC_CLIENT_BUSY);
    if (!busy && state == SMTPC_CLIENT_COMPLETING
        && smtpc__engine_on_thread(client->engine)) {
        /* Nobody else turns it from that. */
        atomic_store(&client->state, SMTPC_CLIENT_BUSY);
        busy = 1;
    }
    if (busy) {
        atomic_store(&client->process, getpid());
        atomic_store(&client->owner, (apr_uintptr_t)pthread_self());
        client->error[0] = '\0';
        return APR_SUCCESS;
    }
    return state == SMTPC_CLIENT_DISPOSED ? SMTPC_EDISPOSED : SMTPC_EBUSY;
}

void smtpc__client_drop_scratch(smtpc_client_t *client)
{
    if (client->scratch) {
        apr_pool_destroy(client->scratch);
        client->scratch = NULL;
    }
}

/* Turn client, which is busy, to state, and tell who waits for that. */
static void become(smtpc_client_t *client, smtpc_client_state_e state)
{
    atomic_store(&client->owner, 0);
    smtpc__client_drop_scratch(client);
    if (state == SMTPC_CLIENT_IDLE && client->completing) {
        state = SMTPC_CLIENT_COMPLETING;
    }
    pthread_mutex_lock(&client->lock);
    atomic_store(&client->state, state);
    if (client->waiters > 0) {
        pthread_cond_broadcast(&client->idle);
    }
    pthread_mutex_unlock(&client->lock);
}

apr_status_t smtpc__client_end(smtpc_client_t *client, apr_status_t status)
{
    become(client, SMTPC_CLIENT_IDLE);
    return status;
}

void smtpc__client_completed(smtpc_client_t *client)
{
    int state = SMTPC_CLIENT_COMPLETING;

    pthread_mutex_lock(&client->lock);
    client->completing = 0;
    (void)atomic_compare_exchange_strong(&client->state, &state,
                                         SMTPC_CLIENT_IDLE);
    if (client->waiters > 0) {
        pthread_cond_broadcast(&client->idle);
    }
    pthread_mutex_unlock(&client->lock);
}

apr_pool_t *smtpc__client_scratch(smtpc_client_t *client)
{
    if (client->scratch) {
        apr_pool_clear(client->scratch);
    }
    else {
        /* Fails only where the process ends, see smtpc__pool_create(). */
        apr_pool_create(&client->scratch, client->pool);
    }
    return client->scratch;
}

#undef smtpc__client_fail /* a macro for the analyser */

apr_status_t smtpc__client_fail(smtpc_client_t *client, apr_status_t status,
                                const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__verror(client->error, sizeof(client->error), format, args);
    va_end(args);
    return status;
}

apr_status_t smtpc__client_freeze(const smtpc_server_t **server,
                                  smtpc_client_t *client)
{
    const char *conflict = smtpc__server_conflict(&client->draft);
    apr_status_t rv;
    char text[160];

    if (conflict) {
        return smtpc__client_fail(client, SMTPC_EARG, "the settings for %s do "
                                  "not go together: %s", client->host,
                                  conflict);
    }
    rv = smtpc__server_freeze(server, &client->draft,
                              smtpc__env_host_name(client->env),
                              client->scratch);
    if (rv == SMTPC_EARG) {
        return smtpc__client_fail(client, rv, "the settings for %s do not go "
                                  "together", client->host);
    }
    if (rv != APR_SUCCESS) {
        return smtpc__client_fail(client, rv, "the settings for %s cannot be "
                                  "kept: %s", client->host,
                                  smtpc_strerror(rv, text, sizeof(text)));
    }
    return APR_SUCCESS;
}

static int is_busy(smtpc_client_t *client)
{
    int state = atomic_load(&client->state);

    return state == SMTPC_CLIENT_BUSY || state == SMTPC_CLIENT_COMPLETING;
}

/* If client is a copy of one that was busy when this process was forked, end
 * it without a look at what the parent was in the middle of, and return
 * non-zero. */
static int abandon(smtpc_client_t *client)
{
    if (!is_busy(client) || atomic_load(&client->process) == getpid()) {
        return 0;
    }
    client->abandoned = 1;
    atomic_store(&client->state, SMTPC_CLIENT_DISPOSED);
    return 1;
}

/* Return non-zero if client is busy with a call of this very thread: this is a
 * callback of a source, or a signal handler, as in which httpd's prefork ends
 * its pools. Nothing can be waited for then. */
static int is_own(const smtpc_client_t *client)
{
    return atomic_load(&client->owner) == (apr_uintptr_t)pthread_self();
}

/* Cancel what runs on client and wait until it is idle; make it busy with
 * this caller. */
static apr_status_t wait_for_idle(smtpc_client_t *client)
{
    apr_status_t rv;

    while ((rv = smtpc__client_begin(client)) == SMTPC_EBUSY) {
        if (is_own(client)) {
            return rv;
        }
        if (abandon(client) || smtpc__client_abort_here(client)) {
            continue;
        }
        (void)smtpc_client_cancel(client);
        pthread_mutex_lock(&client->lock);
        client->waiters++;
        while (is_busy(client)) {
            pthread_cond_wait(&client->idle, &client->lock);
        }
        client->waiters--;
        pthread_mutex_unlock(&client->lock);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_dispose(smtpc_client_t *client)
{
    apr_status_t rv = wait_for_idle(client);

    if (rv != APR_SUCCESS) {
        return rv == SMTPC_EDISPOSED ? APR_SUCCESS : rv;
    }
    smtpc__client_leave(client, SMTPC_LIMIT_QUIT_WAIT);
    become(client, SMTPC_CLIENT_DISPOSED);
    return APR_SUCCESS;
}

/* A completion that disposed of client looks at it until it returns. */
static void wait_for_completion(smtpc_client_t *client)
{
    if (!client->engine || !smtpc__engine_is_here(client->engine)
        || smtpc__engine_on_thread(client->engine)) {
        return;
    }
    pthread_mutex_lock(&client->lock);
    client->waiters++;
    while (client->completing) {
        pthread_cond_wait(&client->idle, &client->lock);
    }
    client->waiters--;
    pthread_mutex_unlock(&client->lock);
}

/* Cleanup of the caller's pool. */
static apr_status_t destroy_client(void *data)
{
    smtpc_client_t *client = data;

    if (smtpc_client_dispose(client) != APR_SUCCESS || client->abandoned) {
        /* Somebody is in the middle of it and may come back. */
        return APR_SUCCESS;
    }
    wait_for_completion(client);
    if (client->gone) {
        *client->gone = 1;
    }
    pthread_cond_destroy(&client->idle);
    pthread_mutex_destroy(&client->lock);
    apr_pool_destroy(client->pool);
    return APR_SUCCESS;
}

/* Set the first host and port, and what else the settings of the env say. */
static apr_status_t set_up(smtpc_client_t *client, const char *host, int port)
{
    const smtpc_settings_t *settings = smtpc_env_settings(client->env);
    apr_status_t rv;

    if (settings && !host) {
        host = smtpc_settings_host(settings);
    }
    if (settings && port == 0) {
        port = smtpc_settings_port(settings);
    }
    rv = smtpc_client_set_host(client, host ? host : "localhost");
    if (rv == APR_SUCCESS) {
        rv = smtpc_client_set_port(client, port != 0 ? port : PORT_SMTP);
    }
    if (rv == APR_SUCCESS && settings) {
        rv = smtpc_client_apply_settings(client, settings);
        if (rv != APR_SUCCESS) {
            smtpc__env_log(client->env, SMTPC_LOG_ERROR, "no client: %s",
                           client->error);
        }
    }
    return rv;
}

static apr_status_t make_locks(smtpc_client_t *client)
{
    apr_status_t rv = pthread_mutex_init(&client->lock, NULL);

    return rv == APR_SUCCESS ? pthread_cond_init(&client->idle, NULL) : rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_create(smtpc_client_t **client,
                                                smtpc_env_t *env,
                                                const char *host, int port,
                                                apr_pool_t *pool)
{
    apr_pool_t *root;
    smtpc_client_t *made;
    apr_status_t rv;

    rv = smtpc__env_pool_create(&root, env);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(root, "smtpc_client");
    made = apr_pcalloc(root, sizeof(*made));
    made->pool = root;
    made->env = env;
    made->timeout = SMTPC_TIMEOUT_DEFAULT;
    made->draft.max_messages = SMTPC_CONNECTION_MESSAGES_DEFAULT;
    made->draft.min_rate = SMTPC_MIN_DATA_RATE;
    rv = make_locks(made);
    if (rv == APR_SUCCESS) {
        rv = set_up(made, host, port);
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(root);
        return rv;
    }
    apr_pool_cleanup_register(pool, made, destroy_client,
                              apr_pool_cleanup_null);
    *client = made;
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *) smtpc_client_error(const smtpc_client_t *client)
{
    return client->error;
}
