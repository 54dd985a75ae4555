/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_LIMITS_H
#define SMTPC_CLIENT_LIMITS_H

/**
 * @file client_limits.h
 * How many connections a client makes, what goes over each, how long it
 * waits and how fast it sends.
 *
 * The setters return what those of client.h do. Times are in microseconds,
 * at most a week. Connections are shared by all clients of an env whose
 * settings are the same, and so are their number and their rates.
 */

#include <smtpclient/client.h>

SMTPC_BEGIN_DECLS

/** How long an answer of the server is waited for. */
typedef enum {
    SMTPC_PATIENCE_RUNNER,     /**< as RFC 5321 4.5.3.2 says, minutes: for
                                    programs that nobody waits for */
    SMTPC_PATIENCE_INTERACTIVE /**< 10 s at every stage */
} smtpc_patience_e;

/** Make at most @a count connections to a server: 1 ... 256 and not less than
 *  are kept open; 5 at first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_max_connections(smtpc_client_t *client, int count)
    SMTPC_WARN_UNUSED;

/** Keep @a count connections open although they are idle, 0 ... the most
 *  there may be; 0 at first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_min_connections(smtpc_client_t *client, int count)
    SMTPC_WARN_UNUSED;

/** Have at most @a depth messages, 1 ... 64, under way on a connection whose
 *  server takes them so; each is in doubt if it breaks. 8 at first.
 *  @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_pipeline_depth(smtpc_client_t *client, int depth)
    SMTPC_WARN_UNUSED;

/** Send at most @a count messages over a connection, 0: any number; 100 at
 *  first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_messages_per_connection(smtpc_client_t *client, int count)
    SMTPC_WARN_UNUSED;

/** Give the server at most @a count recipients, 1 ... 10000, at a time, less
 *  if it says so; 100 at first, which every server has to take, RFC 5321
 *  4.5.3.1.8. A message to more of them is sent several times. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_recipients_per_transaction(smtpc_client_t *client,
                                            int count) SMTPC_WARN_UNUSED;

/** Close a connection that has been idle for @a time, > 0; 30 s at first.
 *  @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_idle_timeout(smtpc_client_t *client,
                              apr_interval_time_t time) SMTPC_WARN_UNUSED;

/** Use a connection for at most @a time, > 0, in all; 300 s at first.
 *  @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_connection_lifetime(smtpc_client_t *client,
                                     apr_interval_time_t time)
    SMTPC_WARN_UNUSED;

/** Wait at most @a time for a connection when all are in use; 0, as at first:
 *  as long as the operation may take. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_acquire_timeout(smtpc_client_t *client,
                                 apr_interval_time_t time) SMTPC_WARN_UNUSED;

/**
 * Wait at most @a time for each answer at @a stage, SMTPC_STAGE_RESOLVE ...
 * SMTPC_STAGE_ASK; 0, as at first: as long as RFC 5321 4.5.3.2 says. The
 * timeout of the whole operation, smtpc_client_set_timeout(), holds as
 * well. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_stage_timeout(smtpc_client_t *client, smtpc_stage_e stage,
                               apr_interval_time_t time) SMTPC_WARN_UNUSED;

/** Set the timeouts of all stages to what @a patience means; those that were
 *  set are lost. SMTPC_PATIENCE_RUNNER at first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_patience(smtpc_client_t *client, smtpc_patience_e patience)
    SMTPC_WARN_UNUSED;

/** Give up on a server that takes less than @a rate bytes of content per
 *  second on average, 0: never; 500 at first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_min_data_rate(smtpc_client_t *client, int rate)
    SMTPC_WARN_UNUSED;

/** Send at most @a messages in @a time; 0, 0, as at first: any number. Those
 *  beyond wait. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_rate_limit(smtpc_client_t *client, int messages,
                            apr_interval_time_t time) SMTPC_WARN_UNUSED;

/** As smtpc_client_set_rate_limit(), for the messages to recipients in one
 *  domain. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_domain_rate_limit(smtpc_client_t *client, int messages,
                                   apr_interval_time_t time)
    SMTPC_WARN_UNUSED;

/**
 * Do without the extensions whose EHLO keywords are in @a names, separated by
 * blanks ("CHUNKING PIPELINING"), as if servers did not offer them: for
 * servers that do not do what they say. NULL, as at first: without none. What
 * a setting or a message needs is still needed. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_mask_capabilities(smtpc_client_t *client, const char *names)
    SMTPC_WARN_UNUSED;

/** Return the most connections. */
SMTPC_DECLARE(int) smtpc_client_max_connections(const smtpc_client_t *client);
/** Return the number of connections that are kept open. */
SMTPC_DECLARE(int) smtpc_client_min_connections(const smtpc_client_t *client);
/** Return the most messages under way on a connection. */
SMTPC_DECLARE(int) smtpc_client_pipeline_depth(const smtpc_client_t *client);
/** Return the most messages of a connection, or 0. */
SMTPC_DECLARE(int)
smtpc_client_messages_per_connection(const smtpc_client_t *client);
/** Return the most recipients of a transaction. */
SMTPC_DECLARE(int)
smtpc_client_recipients_per_transaction(const smtpc_client_t *client);
/** Return how long a connection may be idle. */
SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_idle_timeout(const smtpc_client_t *client);
/** Return how long a connection is used in all. */
SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_connection_lifetime(const smtpc_client_t *client);
/** Return how long a connection is waited for, or 0. */
SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_acquire_timeout(const smtpc_client_t *client);
/** Return the timeout that was set for @a stage, or 0. */
SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_stage_timeout(const smtpc_client_t *client,
                           smtpc_stage_e stage);
/** Return the patience that was set last. */
SMTPC_DECLARE(smtpc_patience_e)
smtpc_client_patience(const smtpc_client_t *client);
/** Return the least bytes of content per second, or 0. */
SMTPC_DECLARE(int) smtpc_client_min_data_rate(const smtpc_client_t *client);
/** Return how many messages are sent in @a *time (may be NULL), which is set;
 *  0 and 0: any number. */
SMTPC_DECLARE(int) smtpc_client_rate_limit(apr_interval_time_t *time,
                                           const smtpc_client_t *client);
/** As smtpc_client_rate_limit(), for the messages to one domain. */
SMTPC_DECLARE(int)
smtpc_client_domain_rate_limit(apr_interval_time_t *time,
                               const smtpc_client_t *client);
/** Return the EHLO keywords that are masked, or NULL; the string lives until
 *  they are set again. */
SMTPC_DECLARE(const char *)
smtpc_client_masked_capabilities(const smtpc_client_t *client);

SMTPC_END_DECLS

#endif
