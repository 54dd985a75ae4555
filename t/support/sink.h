/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_SINK_H
#define T_SUPPORT_SINK_H

/**
 * @file sink.h
 * A server on a socket that refuses, splits and breaks off as it is told or at
 * random, and that knows for each recipient of each message what it accepted,
 * what it refused, and whether it said so before it was gone.
 *
 * Message i comes from <mI@s.example>, is for <mI-R@dK.example> and has
 * "Subject: mI" and a last line "end of mI".
 */

#include <smtpclient/smtpclient.h>

#include "peer.h"

enum { SINK_MESSAGES = 128, SINK_RCPTS = 130, SINK_RCPT_TEXT = 64 };

/** What became of a recipient here. */
typedef struct sink_rcpt_t {
    int accepted;  /**< times the whole message was taken for it */
    int refused;   /**< times it was refused, alone or with the message */
    int doubtful;  /**< the answer to the whole message may be lost */
} sink_rcpt_t;

/** A sink: zero it, set what is to be set, run it as sink_serve(). */
typedef struct sink_t {
    const char *extensions; /**< lines of EHLO separated by '\n', or NULL */
    int lmtp;
    int rcpt_cap;           /**< recipients of a transaction; 0: any */
    const char *surplus;    /**< said to those beyond; NULL: 452 4.5.3 */
    int mail_cap;           /**< messages of a connection, then 421; 0: any */
    int lose_final;         /**< the answer to this message, from 1, is lost */
    int close_at_mail;      /**< ends at this MAIL, from 1; 0: never */
    int hangs_up;           /**< ends behind this message, from 1; 0: never */
    int singly;             /**< each reply is a segment of its own */
    const char *refuse;     /**< recipients that begin so: 550; or NULL */
    /* One in so many, 0: never. */
    unsigned int refuses, says_421, cuts, resets, splits;
    unsigned int seed;

    pthread_mutex_t lock;
    sink_rcpt_t rcpts[SINK_MESSAGES][SINK_RCPTS];
    apr_time_t began[SINK_MESSAGES]; /**< MAIL came, monotonic */
    int order[SINK_MESSAGES];        /**< messages as they were taken */
    int taken;              /**< transactions accepted */
    int mails;              /**< MAIL commands */
    int most_rcpts;         /**< RCPT accepted of one transaction */
    int most_domains;       /**< and domains of those asked for */
    int broken;             /**< connections cut or reset by chance */
    char violation[256];    /**< what the client must not do, or "" */
} sink_t;

/** Begin @a sink, which was set. */
void sink_init(sink_t *sink);

/** A peer_fn_t whose baton is a sink_t. */
void sink_serve(peer_conn_t *conn, void *baton);

/** The same behind a greeting, and whatever else was said. */
void sink_serve_greeted(peer_conn_t *conn, void *baton);

/** A connection was reset: what was said may be lost, and what was not read
 *  counts, too. */
void sink_doubt_all(sink_t *sink);

/** Make message @a id for @a rcpts recipients in @a domains domains, with
 *  about @a size bytes of text. */
smtpc_message_t *sink_message(int id, int rcpts, int domains,
                              apr_size_t size, apr_pool_t *pool);

/** Return what @a result of message @a id says that is not so, in @a pool, or
 *  NULL. */
const char *sink_compare(const sink_t *sink, int id,
                         const smtpc_result_t *result, apr_pool_t *pool);

#endif
