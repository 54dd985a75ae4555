/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_ENV_H
#define SMTPC_ENV_H

/**
 * @file env.h
 * What a process shares: clock, randomness, host name, log sink, and the
 * objects that client handles have in common (TLS contexts, connections).
 *
 * Make one per process. There are no globals beside it. A child that inherits
 * one across a fork may use it if no other thread of the parent was inside a
 * call with it at that moment: it gets connections and a thread of its own, and
 * closes its copies of the parent's without a word on them.
 */

#include <smtpclient/event.h>
#include <smtpclient/status.h>

SMTPC_BEGIN_DECLS

/** The environment of a process. */
typedef struct smtpc_env_t smtpc_env_t;

/** How important a log line is; the numbers grow with the detail. */
typedef enum {
    SMTPC_LOG_ERROR,   /**< somebody has to act */
    SMTPC_LOG_WARNING, /**< works, but not as configured */
    SMTPC_LOG_INFO,    /**< one line per message or connection */
    SMTPC_LOG_DEBUG,   /**< states of the session */
    SMTPC_LOG_TRACE    /**< C: and S: lines, secrets masked */
} smtpc_log_level_e;

/**
 * Take one log line: @a text has no line end, its control characters are
 * escaped and it never holds a secret; it lives during the call only. Called
 * on whatever thread does the work, with no lock held.
 */
typedef void (*smtpc_log_fn_t)(void *baton, smtpc_log_level_e level,
                               const char *text);

/**
 * Take one line of the dialogue with a server: @a side is 'C' for what was
 * sent, 'S' for what was received. @a line has no line end, its control
 * characters are escaped, passwords and tokens are "***", content is told by
 * its size; it lives during the call only. @a connection is a number that
 * connections of one env have one after the other. Called on whatever thread
 * does the work, with no lock held.
 */
typedef void (*smtpc_transcript_fn_t)(void *baton, apr_uint64_t connection,
                                      char side, const char *line);

/** Microseconds since 1970 (wall clock), for the Date header. */
typedef apr_time_t (*smtpc_clock_fn_t)(void *baton);

/** Fill @a len bytes at @a buf with unpredictable bytes. */
typedef apr_status_t (*smtpc_random_fn_t)(void *baton, unsigned char *buf,
                                          apr_size_t len);

/**
 * Create @a *env in @a pool, with the system's clock, OpenSSL's random
 * generator, no log sink, and this machine's name.
 *
 * The env and all it shares live until @a pool is destroyed. Any number of
 * threads may use one env at once; the setters below are to be called before
 * that.
 *
 * @return APR_SUCCESS, or what APR says when a lock cannot be made.
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_create(smtpc_env_t **env,
                                             apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Hand log lines up to @a level to @a fn with @a baton; a NULL @a fn ends
 * logging. Not while other threads use @a env. @since 0.1
 */
SMTPC_DECLARE(void) smtpc_env_set_log(smtpc_env_t *env,
                                      smtpc_log_level_e level,
                                      smtpc_log_fn_t fn, void *baton);

/**
 * Hand the dialogue with all servers to @a fn with @a baton, line by line; a
 * NULL @a fn ends that. Not while other threads use @a env. @since 0.2
 */
SMTPC_DECLARE(void) smtpc_env_set_transcript(smtpc_env_t *env,
                                             smtpc_transcript_fn_t fn,
                                             void *baton);

/**
 * Tell @a fn with @a baton of every stage of every connection and of every
 * message that is settled; a NULL @a fn ends that. Not while other threads use
 * @a env. @since 0.2
 */
SMTPC_DECLARE(void) smtpc_env_set_events(smtpc_env_t *env,
                                         smtpc_event_fn_t fn, void *baton);

/** Set @a *counters to what @a env has done so far. The numbers are of about
 *  the same moment. Thread-safe. @since 0.2 */
SMTPC_DECLARE(void) smtpc_env_counters(smtpc_counters_t *counters,
                                       const smtpc_env_t *env);

/**
 * Take the time of day from @a fn with @a baton instead of the system: for
 * tests that need the same bytes each time. Deadlines always use the
 * monotonic clock. Not while other threads use @a env. @since 0.1
 */
SMTPC_DECLARE(void) smtpc_env_set_clock(smtpc_env_t *env, smtpc_clock_fn_t fn,
                                        void *baton);

/**
 * Take random bytes (Message-ID, boundaries, file names) from @a fn with
 * @a baton instead of OpenSSL. Whoever makes them predictable outside a test
 * lets a stranger guess boundaries. Not while other threads use @a env.
 * @since 0.1
 */
SMTPC_DECLARE(void) smtpc_env_set_random(smtpc_env_t *env,
                                         smtpc_random_fn_t fn, void *baton);

/**
 * With @a keep not 0, connections that no client uses any more stay open as
 * long as their idle time allows, for clients with the same settings to come;
 * at first they end with the last client that used them, as in .NET. For
 * programs that make a client for each message. Thread-safe.
 *
 * @return APR_SUCCESS, or what the system says when a lock cannot be made.
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_keep_connections(smtpc_env_t *env,
                                                       int keep);

/**
 * End connections that are idle for longer than their clients allow
 * (smtpc_client_set_idle_timeout()), with QUIT and without waiting for its
 * answer. Each send does so on its way, and so does the thread for
 * asynchronous calls while there is one; a program that neither sends for a
 * while nor wants to leave them to the server calls it now and then. More than
 * once a second it does nothing. Thread-safe, does not block.
 *
 * @return APR_SUCCESS, or what the system says when a lock cannot be made.
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_close_idle(smtpc_env_t *env);

/**
 * Call this host @a name in EHLO where the client sets none, and in
 * Message-IDs where From has no domain. @a name is a domain name or an
 * address literal and is copied.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    not a host name: nothing was changed
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_set_host_name(smtpc_env_t *env,
                                                    const char *name)
    SMTPC_WARN_UNUSED;

SMTPC_END_DECLS

#endif
