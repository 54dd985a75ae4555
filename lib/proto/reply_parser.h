/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_REPLY_PARSER_H
#define SMTPC_PROTO_REPLY_PARSER_H

/**
 * @file reply_parser.h
 * Bytes to replies: incremental, bounded. CRLF is the only line end, all
 * lines of a reply carry the same code, the first digit is 2 to 5.
 * RFC 5321 4.2.
 */

#include "model/reply.h"

/** A parser. */
typedef struct smtpc_reply_parser_t smtpc_reply_parser_t;

/** Create @a *parser in @a pool. */
void smtpc__reply_parser_create(smtpc_reply_parser_t **parser,
                                apr_pool_t *pool);

/** Allow lines of @a bytes (SMTPC_LIMIT_REPLY_LINE or, during AUTH,
 *  SMTPC_LIMIT_SASL_LINE). */
void smtpc__reply_parser_line_limit(smtpc_reply_parser_t *parser,
                                    apr_size_t bytes);

/**
 * Take bytes of the @a len at @a data up to the end of one reply; set
 * @a *used to their number. If that completes a reply, @a *reply is set in
 * @a pool, else to NULL.
 *
 * @return APR_SUCCESS
 *         SMTPC_EPROTO   not a reply; see smtpc__reply_parser_error()
 *         SMTPC_ELIMIT   line, reply or number of lines over its limit
 *         The parser is of no use after a failure.
 */
apr_status_t smtpc__reply_parser_feed(const smtpc_reply_t **reply,
                                      apr_size_t *used,
                                      smtpc_reply_parser_t *parser,
                                      const char *data, apr_size_t len,
                                      apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return non-zero if part of a reply was taken. */
int smtpc__reply_parser_pending(const smtpc_reply_parser_t *parser);

/** Return what was wrong, in words for the log, or "". */
const char *smtpc__reply_parser_error(const smtpc_reply_parser_t *parser);

#endif
