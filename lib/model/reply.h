/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_REPLY_H
#define SMTPC_MODEL_REPLY_H

/**
 * @file reply.h
 * One reply of the server: three digits decide, the text is data.
 * RFC 5321 4.2, RFC 2034, RFC 3463.
 */

#include <smtpclient/status.h>

/** The class of a reply: its first digit. */
typedef enum {
    SMTPC_REPLY_NONE = 0,
    SMTPC_REPLY_POSITIVE = 2,     /**< done */
    SMTPC_REPLY_INTERMEDIATE = 3, /**< go on */
    SMTPC_REPLY_TRANSIENT = 4,    /**< not now */
    SMTPC_REPLY_PERMANENT = 5     /**< no */
} smtpc_reply_class_e;

/** A reply. */
typedef struct smtpc_reply_t {
    /** 200 ... 599. */
    int code;
    /** Enhanced code of the first line if it fits the code, else "". It is
     *  not part of the text then. */
    const char *enhanced;
    /** Lines without code and line end, control characters escaped,
     *  separated by '\n'. */
    const char *text;
    /** Number of lines. */
    apr_size_t lines;
} smtpc_reply_t;

/** Return the class of @a code. */
smtpc_reply_class_e smtpc__reply_class(int code);

/**
 * Split a leading enhanced status code ("5.1.1 ") off @a text, if it is well
 * formed and its class is that of @a code. @a *enhanced is set to it in
 * @a pool or to ""; the return value is the text behind it.
 */
const char *smtpc__reply_split_enhanced(const char **enhanced, int code,
                                        const char *text, apr_pool_t *pool);

/** Return the id under which the server says in the reply to the final dot
 *  that it queued the message (Postfix, Exim, Sendmail, OpenSMTPD, Exchange
 *  and others), in @a pool, or "". It has no blanks or control characters and
 *  at most 128 bytes. */
const char *smtpc__reply_queue_id(const smtpc_reply_t *reply,
                                  apr_pool_t *pool);

#endif
