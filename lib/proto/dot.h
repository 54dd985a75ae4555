/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_DOT_H
#define SMTPC_PROTO_DOT_H

/**
 * @file dot.h
 * The one filter all content passes: bare CR and bare LF become CRLF, dots
 * at line starts are doubled, the terminator is written here only, so one
 * message in is one message out on any server. RFC 5321 4.5.2.
 */

#include <smtpclient/status.h>

/** State of the filter; zero it to begin. */
typedef struct smtpc_dot_t {
    int in_line;  /**< 0: at the start of a line */
    int cr;       /**< the last byte in was CR, its CRLF already written */
    int transparent; /**< line ends only: BDAT needs no dots doubled, and no
                          terminator. RFC 3030 2 */
} smtpc_dot_t;

/** Bytes that @a in bytes can become, at most. */
#define SMTPC_DOT_EXPANSION(in) ((in) * 2 + 2)

/** Filter @a len bytes at @a in to @a out, which has room for
 *  SMTPC_DOT_EXPANSION(len); return the number written. */
apr_size_t smtpc__dot_filter(smtpc_dot_t *dot, char *out, const char *in,
                             apr_size_t len);

/** Return how many of the @a len bytes at @a in, from the front, the filter
 *  lets pass as they are, and count them as passed: most content is clean, and
 *  need not be copied for that. */
apr_size_t smtpc__dot_pass(smtpc_dot_t *dot, const char *in, apr_size_t len);

/** Write the terminator (ending a last line without CRLF) to @a out, which
 *  has room for 5 bytes; return the number written. If transparent, only the
 *  CRLF of such a line: 2 bytes at most. */
apr_size_t smtpc__dot_finish(smtpc_dot_t *dot, char *out);

#endif
