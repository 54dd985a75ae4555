/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c: the life of a client handle, and who may use it when.
 *
 * One word says idle, busy or disposed of; the thread that turns it from
 * idle to busy owns everything else until it turns it back, so there is no
 * lock. A handle lives in a pool of its own: the caller's pool may be used by
 * other threads meanwhile.
 *
 * A process that inherits a handle by fork closes its copy of the descriptor
 * and says nothing on it: QUIT or close_notify there would end the parent's
 * connection.
 */

#include "client/client_int.h"

#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/** The port of SMTP. */
#define PORT_SMTP 25
/** Watches of the loop of a blocking client: one connection. */
#define WATCHES 4

apr_status_t smtpc__client_begin(smtpc_client_t *client)
{
    int state = SMTPC_CLIENT_IDLE;

    if (atomic_compare_exchange_strong(&client->state, &state,
                                       SMTPC_CLIENT_BUSY)) {
        client->error[0] = '\0';
        return APR_SUCCESS;
    }
    return state == SMTPC_CLIENT_DISPOSED ? SMTPC_EDISPOSED : SMTPC_EBUSY;
}

apr_status_t smtpc__client_end(smtpc_client_t *client, apr_status_t status)
{
    atomic_store(&client->state, SMTPC_CLIENT_IDLE);
    return status;
}

apr_status_t smtpc__client_fail(smtpc_client_t *client, apr_status_t status,
                                const char *format, ...)
{
    va_list args;
    apr_size_t len;

    va_start(args, format);
    apr_vsnprintf(client->error, sizeof(client->error), format, args);
    va_end(args);
    len = strlen(client->error);
    client->error[smtpc__utf8_cut(client->error, len, len)] = '\0';
    return status;
}

void smtpc__client_done(void *baton, smtpc_conn_t *conn)
{
    smtpc_client_t *client = baton;

    (void)conn;
    client->done = 1;
    smtpc__loop_stop(client->loop);
}

apr_status_t smtpc__client_run(smtpc_client_t *client)
{
    apr_status_t rv = APR_SUCCESS;

    /* It may have ended before there was anything to wait for. */
    if (!client->done) {
        rv = smtpc__loop_run(client->loop);
    }
    if (rv == APR_SUCCESS && !client->done) {
        rv = APR_EGENERAL;
    }
    if (rv != APR_SUCCESS) {
        smtpc__conn_close(client->conn);
    }
    return rv;
}

void smtpc__client_drop(smtpc_client_t *client, apr_interval_time_t wait)
{
    if (!client->conn) {
        return;
    }
    if (client->pid != getpid()
        || smtpc__conn_status(client->conn) != APR_SUCCESS) {
        smtpc__conn_close(client->conn);
    }
    else {
        client->done = 0;
        smtpc__conn_quit(client->conn, smtpc__monotonic() + wait,
                         smtpc__client_done, client);
        (void)smtpc__client_run(client);
    }
    client->conn = NULL;
    apr_pool_destroy(client->conn_pool);
    client->conn_pool = NULL;
}

apr_status_t smtpc__client_freeze(smtpc_client_t *client)
{
    apr_status_t rv = APR_SUCCESS;

    if (client->server) {
        return APR_SUCCESS;
    }
    if (client->server_pool) {
        apr_pool_clear(client->server_pool);
    }
    else {
        rv = apr_pool_create(&client->server_pool, client->pool);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__server_freeze(&client->server, &client->draft,
                                  smtpc__env_host_name(client->env),
                                  client->server_pool);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_dispose(smtpc_client_t *client)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv != APR_SUCCESS) {
        return rv == SMTPC_EDISPOSED ? APR_SUCCESS : rv;
    }
    smtpc__client_drop(client, SMTPC_LIMIT_QUIT_WAIT);
    atomic_store(&client->state, SMTPC_CLIENT_DISPOSED);
    return APR_SUCCESS;
}

/* Cleanup of the caller's pool. */
static apr_status_t destroy_client(void *data)
{
    smtpc_client_t *client = data;

    (void)smtpc_client_dispose(client);
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

SMTPC_DECLARE(apr_status_t) smtpc_client_create(smtpc_client_t **client,
                                                smtpc_env_t *env,
                                                const char *host, int port,
                                                apr_pool_t *pool)
{
    apr_pool_t *root;
    smtpc_client_t *made;
    apr_status_t rv;

    rv = smtpc__pool_create(&root);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    apr_pool_tag(root, "smtpc_client");
    made = apr_pcalloc(root, sizeof(*made));
    made->pool = root;
    made->env = env;
    made->timeout = SMTPC_TIMEOUT_DEFAULT;
    rv = apr_pool_create(&made->scratch, root);
    if (rv == APR_SUCCESS) {
        rv = smtpc__loop_create(&made->loop, WATCHES, root);
    }
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

SMTPC_DECLARE(apr_status_t) smtpc_client_send(smtpc_result_t **result,
                                              smtpc_client_t *client,
                                              const smtpc_message_t *message,
                                              apr_pool_t *pool)
{
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_send(result, client, message, pool);
    return smtpc__client_end(client, rv);
}

/* Build the message of smtpc_client_send_text(). */
static apr_status_t build_text(smtpc_message_t *message, const char *from,
                               const char *recipients, const char *subject,
                               const char *body)
{
    apr_status_t rv = APR_SUCCESS;

    if (from) {
        rv = smtpc_message_set_from(message, from);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_add_to(message, recipients ? recipients : "");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_subject(message, subject);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_message_set_body(message, body ? body : "",
                                    SMTPC_BODY_TEXT);
    }
    return rv;
}

/* smtpc_client_send_text() for the caller that made client busy. */
static apr_status_t send_text(smtpc_result_t **result,
                              smtpc_client_t *client, const char *from,
                              const char *recipients, const char *subject,
                              const char *body, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    smtpc_message_t *message;
    apr_status_t rv;

    rv = apr_pool_create(&scratch, client->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_message_create(&message, scratch);
    if (rv == APR_SUCCESS) {
        rv = build_text(message, from, recipients, subject, body);
        if (rv != APR_SUCCESS) {
            (void)smtpc__client_fail(client, rv, "%s",
                                     smtpc_message_error(message));
        }
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__client_send(result, client, message, pool);
    }
    apr_pool_destroy(scratch);
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_send_text(smtpc_result_t **result, smtpc_client_t *client,
                       const char *from, const char *recipients,
                       const char *subject, const char *body,
                       apr_pool_t *pool)
{
    apr_status_t rv;

    if (result) {
        *result = NULL;
    }
    rv = smtpc__client_begin(client);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = send_text(result, client, from, recipients, subject, body, pool);
    return smtpc__client_end(client, rv);
}
