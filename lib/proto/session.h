/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SESSION_H
#define SMTPC_PROTO_SESSION_H

/**
 * @file session.h
 * One SMTP or LMTP session as a machine over bytes: feed what arrived, pull
 * what to send, ask what it wants. No socket, no clock, no TLS of its own.
 *
 * Life: create, then do what smtpc__session_want() says. Whenever there is
 * smtpc__session_room(), another transaction may begin, also while others are
 * under way: with PIPELINING its envelope goes out behind the content before
 * it, with CHUNKING whole messages do. Those that are over are taken back with
 * smtpc__session_finished(), in the order they began. READY means that nothing
 * is under way: quit then, until CLOSE.
 *
 * Every command has one reply slot; a reply without one ends the
 * session with SMTPC_EPROTO (an unasked 421 with SMTPC_ETEMP), bytes behind
 * the reply to STARTTLS with SMTPC_ETLS. Whatever ends it settles all
 * transactions under way in their results: recipients are REJECTED, UNSENT
 * or, once the first byte of the terminator (or the last one of the content,
 * with CHUNKING) was handed to the transport, IN_DOUBT. The owner calls
 * smtpc__result_finish().
 *
 * After any fatal outcome want is CLOSE, and smtpc__session_status() says
 * why. A last pull may then give a QUIT, to be written if that does not
 * block; nobody waits for its answer. One thread at a time.
 */

#include "base/env_int.h"
#include "base/result_int.h"
#include "base/source_int.h"
#include "model/caps.h"
#include "model/envelope.h"
#include "model/reply.h"
#include "model/server.h"
#include "proto/command.h"
#include "proto/sasl.h"

/** A session. */
typedef struct smtpc_session_t smtpc_session_t;

/** What the session needs next. */
typedef enum {
    SMTPC_WANT_READ,  /**< bytes from the server: feed */
    SMTPC_WANT_WRITE, /**< bytes to be written: pull, sent; and feed what
                           arrives meanwhile */
    SMTPC_WANT_TLS,   /**< a TLS handshake: then smtpc__session_secured() */
    SMTPC_WANT_WORK,  /**< smtpc__sasl_run() on smtpc__session_sasl(), on any
                           thread: then smtpc__session_worked() */
    SMTPC_WANT_READY, /**< nothing: begin something, or quit */
    SMTPC_WANT_CLOSE  /**< the end: close the connection */
} smtpc_want_e;

/** Whether a link has to be secured, where the profile alone does not say. */
typedef enum {
    SMTPC_LINK_AS_SET,   /**< as the profile says */
    SMTPC_LINK_REQUIRED, /**< STARTTLS, or no mail: there are TLSA records;
                              whether it is verified is settled below */
    SMTPC_LINK_SKIPPED   /**< opportunistic, and a handshake has failed: in
                              clear text */
} smtpc_link_tls_e;

/** What the session has to know of its connection. */
typedef struct smtpc_link_t {
    /** What the connection is called in transcripts. */
    apr_uint64_t number;
    /** The peer's address is a loopback one. */
    int loopback;
    /** The link is encrypted. */
    int encrypted;
    /** And the peer is who the profile says. */
    int verified;
    /** What logins can be bound to; nothing in clear text. */
    smtpc_binding_t binding;
    smtpc_link_tls_e tls;
} smtpc_link_t;

/** One message on its way. All of it outlives the transaction. */
typedef struct smtpc_transaction_t {
    const smtpc_envelope_t *envelope;
    /** The bytes, see smtpc_content_t. Read from its current position. */
    smtpc_source_t *content;
    /** Filled by the session; its recipients are those of the envelope. */
    smtpc_result_t *result;
    /** The recipients of the envelope this is for, by index, ascending; NULL:
     *  all of them. The others are left alone in the result. */
    const apr_size_t *recipients;
    /** How many those are; of no meaning with NULL. */
    apr_size_t count;
    /** Of the owner. */
    void *baton;
} smtpc_transaction_t;

/** What became of a transaction, beside what is in its result. */
typedef struct smtpc_finished_t {
    smtpc_transaction_t transaction;
    /** The session ended before the server answered any command of it but
     *  with good-bye, and nothing can have been delivered: another connection
     *  may begin it anew as if it had not been tried here. */
    int untouched;
    /** Recipients of it the server accepted at RCPT. */
    apr_size_t accepted;
} smtpc_finished_t;

/**
 * Create @a *session in @a pool for @a server over a connection described by
 * @a link (encrypted already with implicit TLS). It waits for the greeting.
 * @a env, @a server and @a pool must outlive it. @a *session is set always.
 *
 * @a early (may be NULL) is what the server offered the last time, with
 * SMTPC_CAP_PIPECONNECT among it: EHLO then goes out without waiting for the
 * greeting, and where no TLS and no login come first, the envelope of a first
 * transaction behind it. If the server offers anything else this time, the
 * session ends with SMTPC_ECONNECT and smtpc__session_was_early().
 *
 * @return APR_SUCCESS
 *         SMTPC_ETLS   the profile wants implicit TLS and @a link is not
 *                      verified; the session is over
 */
apr_status_t smtpc__session_create(smtpc_session_t **session,
                                   const smtpc_server_t *server,
                                   const smtpc_link_t *link,
                                   const smtpc_caps_t *early,
                                   smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Give @a session the @a len bytes at @a data that arrived. Complete replies
 * are acted upon at once. Replies of 4xx and 5xx are a success here.
 *
 * @return APR_SUCCESS    taken; ask smtpc__session_want()
 *         SMTPC_EPROTO   not SMTP, or a reply nobody asked for
 *         SMTPC_ELIMIT   a reply over the limits
 *         SMTPC_ETLS SMTPC_EAUTH ...  what ended the session, see
 *                        smtpc__session_status()
 */
apr_status_t smtpc__session_feed(smtpc_session_t *session, const char *data,
                                 apr_size_t len) SMTPC_WARN_UNUSED;

/** Tell @a session that the peer closed, or that the transport failed, with
 *  @a status (SMTPC_ECONNECT, SMTPC_ETIMEOUT, SMTPC_ETLS, SMTPC_ECANCELLED)
 *  and a sentence @a why without full stop. Feed first what can still be
 *  read: it may hold the reason. Settles what is under way; the session is
 *  over. While QUIT is under way this is no failure. */
void smtpc__session_abort(smtpc_session_t *session, apr_status_t status,
                          const char *why);

/**
 * Set @a *data and @a *len to bytes that are to be written now, at most
 * SMTPC_LIMIT_OUTPUT_BUFFER; *len 0 if there are none. They stay valid until
 * the next call on @a session; pulled again without smtpc__session_sent(),
 * they are the same bytes, perhaps with more behind. Commands are composed,
 * and content is read, normalised and dot-stuffed, here.
 *
 * @return APR_SUCCESS
 *         SMTPC_ESOURCE  the content could not be read: the session is over,
 *                        the final dot was not and must not be sent
 *         SMTPC_EARG SMTPC_ELIMIT  a command cannot be written: likewise
 */
apr_status_t smtpc__session_pull(const char **data, apr_size_t *len,
                                 smtpc_session_t *session) SMTPC_WARN_UNUSED;

/** Tell @a session that the first @a len bytes of the last pull were handed
 *  to the transport. */
void smtpc__session_sent(smtpc_session_t *session, apr_size_t len);

/** Return what @a session needs next. */
smtpc_want_e smtpc__session_want(const smtpc_session_t *session);

/** Tell @a session that TLS is up, as @a link says; all it knew of the
 *  server is forgotten and EHLO follows. Only when it wants TLS. */
void smtpc__session_secured(smtpc_session_t *session,
                            const smtpc_link_t *link);

/** Return the exchange whose next step is to be run. Only when @a session
 *  wants WORK. Whoever runs it elsewhere holds a reference: @a session may end
 *  meanwhile, and lets it be then. */
smtpc_sasl_t *smtpc__session_sasl(const smtpc_session_t *session);

/** Tell @a session that the step was run. Only when it wants WORK. */
void smtpc__session_worked(smtpc_session_t *session);

/** Return non-zero if another transaction may begin: nothing is under way, or
 *  all of the one before is composed and the window, which is the profile's
 *  pipeline depth, is not full. */
int smtpc__session_room(const smtpc_session_t *session);

/** Begin @a transaction, which is copied; what it points to is borrowed until
 *  it is finished. Only when there is room; with one recipient at least. What
 *  the server cannot take is settled without a command. */
void smtpc__session_begin(smtpc_session_t *session,
                          const smtpc_transaction_t *transaction);

/** Take back the oldest transaction into @a finished if it is over; return
 *  non-zero if one was. After CLOSE all of them are. */
int smtpc__session_finished(smtpc_finished_t *finished,
                            smtpc_session_t *session);

/** Return the number of transactions that were begun and not taken back. */
apr_size_t smtpc__session_under_way(const smtpc_session_t *session);

/** Send the single command @a command with @a argument (NULL: none), both
 *  borrowed until READY, and put its reply into @a result, which has no
 *  recipients: 4xx is SMTPC_ETEMP, 5xx SMTPC_EREJECTED there. Only when want
 *  is READY. */
void smtpc__session_ask(smtpc_session_t *session, smtpc_ask_e command,
                        const char *argument, smtpc_result_t *result);

/** Send QUIT. Only when want is READY. */
void smtpc__session_quit(smtpc_session_t *session);

/** Return what the server offers, less what the profile masks; all zero
 *  before there is room for the first time. */
const smtpc_caps_t *smtpc__session_caps(const smtpc_session_t *session);

/** Return the stage @a session is at, for deadlines and error texts. */
smtpc_stage_e smtpc__session_stage(const smtpc_session_t *session);

/** Return how long the stage @a session is at may take: RFC 5321 4.5.3.2. */
apr_interval_time_t
smtpc__session_stage_timeout(const smtpc_session_t *session);

/** Return the number of replies taken so far: a deadline for one reply starts
 *  anew when it changes, or the stage does. */
apr_uint64_t smtpc__session_replies(const smtpc_session_t *session);

/** Return APR_SUCCESS while @a session lives, and after QUIT; else what ended
 *  it. */
apr_status_t smtpc__session_status(const smtpc_session_t *session);

/** Return the sentence that goes with it, or "". */
const char *smtpc__session_error(const smtpc_session_t *session);

/** Return the reply that ended it or the last one seen; code 0 if none. */
const smtpc_reply_t *smtpc__session_reply(const smtpc_session_t *session);

/** Return non-zero if another transaction may follow on this connection:
 *  READY, nothing unread, last reply clean. */
int smtpc__session_reusable(const smtpc_session_t *session);

/** Return the number of replies that are outstanding. */
apr_size_t smtpc__session_outstanding(const smtpc_session_t *session);

/** Return non-zero if @a session relied on what the server had offered before
 *  and has not seen it confirmed (yet). */
int smtpc__session_was_early(const smtpc_session_t *session);

#endif
