/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_EVENT_H
#define SMTPC_EVENT_H

/**
 * @file event.h
 * What a program can watch while mail is sent: one event for each stage that
 * begins, and counters over all of it.
 */

#include <smtpclient/result.h>

SMTPC_BEGIN_DECLS

/** Something happened. Strings live during the call only. */
typedef struct smtpc_event_t {
    /** The stage that began; DONE: the message @a message_id is settled. With
     *  a status other than APR_SUCCESS: the stage that failed. */
    smtpc_stage_e stage;
    /** APR_SUCCESS, or why it failed. */
    apr_status_t status;
    /** Number of the connection, as in transcripts; 0: none. */
    apr_uint64_t connection;
    /** The server as configured, or "". */
    const char *host;
    /** Message-ID with DONE, else "". */
    const char *message_id;
    /** Microseconds since the operation on the connection or, with DONE, the
     *  sending of the message began. */
    apr_interval_time_t elapsed;
    /** A sentence on a failure, or "". */
    const char *text;
} smtpc_event_t;

/** Take one event. Called on whatever thread does the work, with no lock
 *  held; it must not call anything of the client at work but
 *  smtpc_client_cancel(). */
typedef void (*smtpc_event_fn_t)(void *baton, const smtpc_event_t *event);

/** What an env has done since it was created. */
typedef struct smtpc_counters_t {
    apr_uint64_t connections_opened; /**< connected, greeted, logged in */
    apr_uint64_t connections_failed; /**< did not get that far */
    apr_uint64_t connections_reused; /**< taken from the pool by a send */
    apr_uint64_t connections_stale;  /**< found dead in the pool, replaced */
    apr_uint64_t connections_closed; /**< of those opened */
    apr_uint64_t connection_waits;   /**< sends that had to wait for one */
    apr_uint64_t handshakes;         /**< of TLS */
    apr_uint64_t handshakes_resumed; /**< of them, with a kept session */
    apr_uint64_t logins;             /**< successful AUTH */
    apr_uint64_t failovers;          /**< another host was tried */
    apr_uint64_t retries;            /**< messages begun anew elsewhere */
    apr_uint64_t rate_waits;         /**< messages held back by a rate */
    apr_uint64_t messages_accepted;  /**< for all recipients */
    apr_uint64_t messages_partial;   /**< for some */
    apr_uint64_t messages_rejected;  /**< refused for good */
    apr_uint64_t messages_deferred;  /**< refused for now */
    apr_uint64_t messages_in_doubt;  /**< no answer to the whole message */
    apr_uint64_t messages_cancelled;
    apr_uint64_t messages_failed;    /**< not sent for any other reason */
    apr_uint64_t recipients_accepted;
    apr_uint64_t recipients_refused;
    apr_uint64_t bytes;              /**< of content, sent */
} smtpc_counters_t;

SMTPC_END_DECLS

#endif
