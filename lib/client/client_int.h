/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_CLIENT_INT_H
#define SMTPC_CLIENT_CLIENT_INT_H

/**
 * @file client_int.h
 * The inside of a client handle, for client*.c alone: client.c is its life,
 * client_settings.c, client_route.c, client_limits.c, client_apply.c,
 * client_headers.c and client_dkim.c its settings, client_check.c judges them
 * together. client_run.c runs an operation, client_send.c, client_batch.c,
 * client_raw.c, client_async.c and client_ask.c are the kinds of it.
 */

#include <pthread.h>
#include <stdatomic.h>

#include <apr_tables.h>

#include <smtpclient/client.h>
#include <smtpclient/client_auth.h>
#include <smtpclient/client_limits.h>
#include <smtpclient/client_route.h>
#include <smtpclient/client_tls.h>

#include "base/limits.h"
#include "client/op.h"
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
    SMTPC_TEXT_TOKEN,
    SMTPC_TEXT_CA_FILE,
    SMTPC_TEXT_CA_DIRECTORY,
    SMTPC_TEXT_VERIFY,
    SMTPC_TEXT_VERIFY_NAME,
    SMTPC_TEXT_CERTIFICATE,
    SMTPC_TEXT_CERTIFICATE_KEY,
    SMTPC_TEXT_CRL_FILE,
    SMTPC_TEXT_CIPHERS,
    SMTPC_TEXT_CIPHER_SUITES,
    SMTPC_TEXT_GROUPS,
    SMTPC_TEXT_PINS,
    SMTPC_TEXT_TLSA,
    SMTPC_TEXT_DANE_ANCHOR,
    SMTPC_TEXT_DANE_RESOLVER,
    SMTPC_TEXT_MECHANISMS,
    SMTPC_TEXT_TARGET_NAME,
    SMTPC_TEXT_HELLO,
    SMTPC_TEXT_HELLO_NAME,
    SMTPC_TEXT_PICKUP,
    SMTPC_TEXT_UNIX_SOCKET,
    SMTPC_TEXT_LOCAL_ADDRESS,
    SMTPC_TEXT_PROXY_HOST,      /**< as it was set */
    SMTPC_TEXT_PROXY_HOST_NAME, /**< in A-labels */
    SMTPC_TEXT_PROXY_USER,
    SMTPC_TEXT_XCLIENT_NAME,
    SMTPC_TEXT_XCLIENT_ADDR,
    SMTPC_TEXT_XCLIENT_PROTO,
    SMTPC_TEXT_XCLIENT_HELO,
    SMTPC_TEXT_XCLIENT_LOGIN,
    SMTPC_TEXT_XCLIENT_DESTADDR,
    SMTPC_TEXT_MASKED,
    SMTPC_TEXT_COUNT
} smtpc_client_text_e;

/** A further host of a client. */
typedef struct smtpc_client_host_t {
    const char *host;   /**< as it was given */
    const char *normal; /**< in A-labels, or an address without brackets */
    int port;           /**< 0: the client's */
} smtpc_client_host_t;

/** What a client is doing: the values of smtpc_client_t.state. */
typedef enum {
    SMTPC_CLIENT_IDLE,
    SMTPC_CLIENT_BUSY,
    SMTPC_CLIENT_COMPLETING, /**< its completion is being told: idle to the
                                  engine's thread, busy to others */
    SMTPC_CLIENT_DISPOSED
} smtpc_client_state_e;

struct smtpc_client_t {
    apr_pool_t *pool;   /**< a root of its own */
    smtpc_env_t *env;
    atomic_int state;   /**< whoever made it BUSY owns the rest */
    atomic_int process; /**< which made it so last */
    _Atomic apr_uintptr_t owner; /**< thread in a call that blocks, or 0 */
    int abandoned;      /**< it was busy in the parent of this process */
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
    apr_pool_t *hosts_pool;    /**< of hosts, or NULL */
    apr_array_header_t *hosts; /**< smtpc_client_host_t behind the first host,
                                    which is not among them; NULL: none */
    smtpc_host_order_e host_order;
    const char *proxy_host;        /**< as set */
    apr_pool_t *proxy_secret_pool; /**< of draft.proxy_secret, or NULL */
    smtpc_xclient_t xclient;   /**< what draft.xclient points to, or NULL */
    smtpc_patience_e patience; /**< set last */
    const char *masked;        /**< the names of draft.masked, or NULL */

    /* The operation. */
    apr_pool_t *scratch;       /**< cleared when an operation begins */
    smtpc_engine_t *engine;    /**< NULL before the first one */
    smtpc_route_t routes[SMTPC_LIMIT_HOSTS]; /**< as the settings say */
    int route_count;           /**< 0: a setter ran since */
    unsigned int turn;         /**< operations so far, for round robin */
    apr_array_header_t *joined; /**< smtpc_bucket_t *, each once; or NULL */
    smtpc_op_t *op;            /**< on op_loop's thread; NULL: not begun */
    smtpc_engine_user_t user;  /**< of the engine's thread */
    smtpc_task_t start;        /**< of an asynchronous operation */
    smtpc_ticket_t ticket;     /**< what it waits for before it begins */
    int waiting;               /**< it does */
    int route;                 /**< of the ticket */
    smtpc_watch_t *timer;      /**< how long it may; NULL: none made yet */
    apr_time_t began;          /**< when it was taken on */
    const smtpc_message_t *message; /**< of it */
    smtpc_completed_fn_t completed;
    void *baton;
    smtpc_result_t *result;    /**< of it */
    apr_pool_t *result_pools[2]; /**< of the last one and this one */
    int result_pool;           /**< index of this one's */
    int completing;            /**< the engine's thread tells the completion */
    int *gone;                 /**< set when the handle ends meanwhile; NULL */

    pthread_mutex_t lock;      /**< guards what follows, and engine */
    pthread_cond_t idle;       /**< the state became IDLE or DISPOSED */
    smtpc_loop_t *op_loop;     /**< of the operation; NULL: none to cancel */
    smtpc_task_t cancel;
    atomic_int cancelled;      /**< the operation was */
    int waiters;               /**< threads that wait for idle */
};

/** Return the scratch pool of @a client, empty. client.c */
apr_pool_t *smtpc__client_scratch(smtpc_client_t *client);

/** Let @a client have an engine of this process and the routes of its
 *  settings; a failure is noted as the error. client_run.c */
apr_status_t smtpc__client_connectable(smtpc_client_t *client)
    SMTPC_WARN_UNUSED;

/** Fill @a setup for an operation of @a client on @a loop whose results are in
 *  @a pool, and which tries the routes from @a first on. client_run.c */
void smtpc__client_setup(smtpc_op_setup_t *setup, smtpc_client_t *client,
                         int first, smtpc_loop_t *loop, apr_pool_t *pool);

/** Settle the asynchronous operation of @a client, which waits to begin, with
 *  @a status and @a why. client_async.c */
void smtpc__client_refuse(smtpc_client_t *client, apr_status_t status,
                          const char *why);

/** Begins an operation as @a setup says: sets client->op. */
typedef void (*smtpc__client_begin_fn_t)(smtpc_client_t *client,
                                         const smtpc_op_setup_t *setup,
                                         void *baton);

/** Run the operation that @a begin begins on the calling thread until it is
 *  over, with results in @a pool, over up to @a connections connections. The
 *  status is not that of the operation: APR_SUCCESS if it ran; else it was not
 *  begun, see smtpc_client_error(). client_run.c */
apr_status_t smtpc__client_run(smtpc_client_t *client, int connections,
                               smtpc__client_begin_fn_t begin, void *baton,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** From here on, until smtpc__client_unwatch(), the operation of @a client on
 *  @a loop can be cancelled by others. client_run.c */
void smtpc__client_watch(smtpc_client_t *client, smtpc_loop_t *loop);

/** The operation is over; return non-zero if it was cancelled. client_run.c */
int smtpc__client_unwatch(smtpc_client_t *client);

/** Let @a client leave all connections it shares, and end those that nobody
 *  else does, waiting for them at most @a wait. client_run.c */
void smtpc__client_leave(smtpc_client_t *client, apr_interval_time_t wait);

/** The completion was told: idle to all now. client.c */
void smtpc__client_completed(smtpc_client_t *client);

/** Free the scratch pool of @a client. client.c */
void smtpc__client_drop_scratch(smtpc_client_t *client);

/** If @a client runs an operation on the engine's thread, and this is that
 *  thread, end it and return non-zero. client_async.c */
int smtpc__client_abort_here(smtpc_client_t *client);

/** The checks of a send that come before there is a result: the message, its
 *  envelope, the pickup directory. client_send.c */
apr_status_t smtpc__client_check_message(smtpc_client_t *client,
                                         const smtpc_message_t *message)
    SMTPC_WARN_UNUSED;

/** Write @a message, which was checked, to the pickup directory; @a *result is
 *  made in @a pool. client_send.c */
void smtpc__client_pickup(smtpc_result_t **result, smtpc_client_t *client,
                          const smtpc_message_t *message, apr_pool_t *pool);

/** Make @a client busy with this caller, forgetting the last error:
 *  APR_SUCCESS, SMTPC_EDISPOSED or SMTPC_EBUSY. client.c */
apr_status_t smtpc__client_begin(smtpc_client_t *client) SMTPC_WARN_UNUSED;

/** End what smtpc__client_begin() began; return @a status. client.c */
apr_status_t smtpc__client_end(smtpc_client_t *client, apr_status_t status);

/** Note the formatted sentence as the error of the call under way and return
 *  @a status. client.c */
apr_status_t smtpc__client_fail(smtpc_client_t *client, apr_status_t status,
                                const char *format, ...) SMTPC_PRINTF(3, 4);
#ifdef __clang_analyzer__
/* It does not see from other files that what is returned is no success. */
#define smtpc__client_fail(client, status, ...) \
    ((void)(smtpc__client_fail)(client, status, __VA_ARGS__), (status))
#endif

/** Begin a setter: as smtpc__client_begin(), with an empty client->scratch.
 *  client_settings.c */
apr_status_t smtpc__client_setter_begin(smtpc_client_t *client)
    SMTPC_WARN_UNUSED;

/** End a setter of something that is in the server profile, which is made
 *  anew if @a status is APR_SUCCESS; return @a status. client_settings.c */
apr_status_t smtpc__client_profile_end(smtpc_client_t *client,
                                       apr_status_t status);

/** Return a copy of @a text that lives until the next one for @a which is
 *  kept, and overwrites it; NULL stays NULL. client_settings.c */
const char *smtpc__client_keep(smtpc_client_t *client,
                               smtpc_client_text_e which, const char *text);

/** Return @a text for an error sentence: escaped and cut, in
 *  client->scratch. client_settings.c */
const char *smtpc__client_quoted(smtpc_client_t *client, const char *text);

/** Return non-zero if @a text has 1 ... @a max bytes of UTF-8 without control
 *  characters. client_settings.c */
int smtpc__client_text_valid(const char *text, apr_size_t max);

/** Set @a *normal, in client->scratch, to @a host in the form for the wire, or
 *  note that it is none. client_settings.c */
apr_status_t smtpc__client_check_host(const char **normal,
                                      smtpc_client_t *client,
                                      const char *host) SMTPC_WARN_UNUSED;

/** As smtpc__client_check_host(), with NULL for a @a name of NULL.
 *  client_settings.c */
apr_status_t smtpc__client_check_name(const char **normal,
                                      smtpc_client_t *client,
                                      const char *name) SMTPC_WARN_UNUSED;

/** Load @a *secret from @a reference, see smtpc_secret_load(), in a new pool
 *  @a *secret_pool, or note why not. client_settings.c */
apr_status_t smtpc__client_load_secret(const smtpc_secret_t **secret,
                                       apr_pool_t **secret_pool,
                                       smtpc_client_t *client,
                                       const char *reference)
    SMTPC_WARN_UNUSED;

/** Set @a *server in the scratch pool to the profile that the settings make; a
 *  failure is noted as the error. client.c */
apr_status_t smtpc__client_freeze(const smtpc_server_t **server,
                                  smtpc_client_t *client) SMTPC_WARN_UNUSED;

/** Send @a message, as smtpc_client_send(), for the caller that made
 *  @a client busy. client_send.c */
apr_status_t smtpc__client_send(smtpc_result_t **result,
                                smtpc_client_t *client,
                                const smtpc_message_t *message,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
