/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_CLIENT_INT_H
#define SMTPC_CLIENT_CLIENT_INT_H

/**
 * @file client_int.h
 * The inside of a client handle, for client*.c alone: client.c is its life,
 * client_settings.c, client_apply.c, client_headers.c and client_dkim.c its
 * settings, client_check.c judges them together, client_send.c its one
 * operation, client_raw.c that of raw messages.
 */

#include <stdatomic.h>

#include <smtpclient/client.h>

#include "base/limits.h"
#include "client/conn.h"
#include "model/server.h"

/** A text that can be set again and again: its memory is used anew. */
typedef struct smtpc_client_text_t {
    char *data;
    apr_size_t size;
} smtpc_client_text_t;

/** The texts of a client. */
typedef enum {
    SMTPC_TEXT_HOST,      /**< as it was set */
    SMTPC_TEXT_HOST_NAME, /**< in A-labels */
    SMTPC_TEXT_USER,
    SMTPC_TEXT_CA_FILE,
    SMTPC_TEXT_CA_DIRECTORY,
    SMTPC_TEXT_VERIFY,
    SMTPC_TEXT_VERIFY_NAME,
    SMTPC_TEXT_CERTIFICATE,
    SMTPC_TEXT_CERTIFICATE_KEY,
    SMTPC_TEXT_MECHANISMS,
    SMTPC_TEXT_TARGET_NAME,
    SMTPC_TEXT_HELLO,
    SMTPC_TEXT_HELLO_NAME,
    SMTPC_TEXT_PICKUP,
    SMTPC_TEXT_COUNT
} smtpc_client_text_e;

/** What a client is doing: the values of smtpc_client_t.state. */
typedef enum {
    SMTPC_CLIENT_IDLE,
    SMTPC_CLIENT_BUSY,
    SMTPC_CLIENT_DISPOSED
} smtpc_client_state_e;

struct smtpc_client_t {
    apr_pool_t *pool;   /**< a root of its own */
    smtpc_env_t *env;
    atomic_int state;   /**< whoever made it BUSY owns the rest */
    char error[SMTPC_LIMIT_CLIENT_ERROR];

    /* Settings. NULL in the strings: not set. */
    smtpc_client_text_t texts[SMTPC_TEXT_COUNT];
    smtpc_server_t draft;
    const char *host;        /**< as set */
    const char *verify_name; /**< as set */
    const char *hello_name;  /**< as set */
    apr_pool_t *secret_pool; /**< of the secret we loaded, or NULL */
    apr_interval_time_t timeout;
    apr_pool_t *from_pool;   /**< of from, or NULL */
    const smtpc_address_t *from;
    smtpc_delivery_e delivery;
    smtpc_delivery_format_e format;
    const char *pickup_directory;
    const smtpc_dkim_t *dkim[SMTPC_LIMIT_DKIM_SIGNERS];
    apr_size_t dkim_count;
    smtpc_message_t *defaults; /**< its added fields, or NULL */
    smtpc_message_t *forced;   /**< likewise */
    apr_pool_t *defaults_pool; /**< of defaults, or NULL */
    apr_pool_t *forced_pool;   /**< of forced, or NULL */

    /** draft frozen, or NULL since a setter ran. */
    const smtpc_server_t *server;
    apr_pool_t *server_pool;

    /* The operation and the kept connection. */
    apr_pool_t *scratch; /**< cleared when an operation begins */
    smtpc_loop_t *loop;
    apr_pool_t *conn_pool; /**< of conn and its own profile */
    smtpc_conn_t *conn;    /**< NULL: none */
    pid_t pid;             /**< process that made conn */
    int done;              /**< the operation of conn has ended */
};

/** Make @a client busy with this caller, forgetting the last error:
 *  APR_SUCCESS, SMTPC_EDISPOSED or SMTPC_EBUSY. client.c */
apr_status_t smtpc__client_begin(smtpc_client_t *client) SMTPC_WARN_UNUSED;

/** End what smtpc__client_begin() began; return @a status. client.c */
apr_status_t smtpc__client_end(smtpc_client_t *client, apr_status_t status);

/** Note the formatted sentence as the error of the call under way and return
 *  @a status. client.c */
apr_status_t smtpc__client_fail(smtpc_client_t *client, apr_status_t status,
                                const char *format, ...) SMTPC_PRINTF(3, 4);

/** Set client->server to the profile that the settings make, if a setter ran
 *  since the last time. client.c */
apr_status_t smtpc__client_freeze(smtpc_client_t *client) SMTPC_WARN_UNUSED;

/** Let go of the kept connection of @a client, if there is one: QUIT, and
 *  @a wait for the answer; in another process than the one that made it just
 *  the descriptor. client.c */
void smtpc__client_drop(smtpc_client_t *client, apr_interval_time_t wait);

/** Run the loop of @a client until the operation of its connection has ended,
 *  which smtpc__client_done() notes. If the loop fails, the connection is
 *  closed. client.c */
apr_status_t smtpc__client_run(smtpc_client_t *client);

/** A smtpc_conn_fn_t whose baton is the client. client.c */
void smtpc__client_done(void *baton, smtpc_conn_t *conn);

/** Send @a message, as smtpc_client_send(), for the caller that made
 *  @a client busy. client_send.c */
apr_status_t smtpc__client_send(smtpc_result_t **result,
                                smtpc_client_t *client,
                                const smtpc_message_t *message,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
