/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_UNIT_MIME_SUPPORT_H
#define T_UNIT_MIME_SUPPORT_H

/**
 * @file mime_support.h
 * For the tests of lib/mime: an env that gives the same bytes each time, and
 * readers of what was written, made from the RFCs and not from our writers.
 */

#include <smtpclient/attachment.h>
#include <smtpclient/view.h>

#include "mime/message_int.h"

/** The time of support_env(): 5 January 2026, 08:03:07 UTC. */
#define SUPPORT_NOW (APR_INT64_C(1767600187) * APR_USEC_PER_SEC)

/** Return an env in @a pool with clock SUPPORT_NOW, random bytes 0, 1, 2 ...,
 *  and host name host.example; local time becomes UTC+1. */
smtpc_env_t *support_env(apr_pool_t *pool);

/** Read all of @a source, @a piece bytes at a time, into @a pool; set @a *len.
 *  NULL if it fails. The result is terminated. */
char *support_read(smtpc_source_t *source, apr_size_t piece, apr_size_t *len,
                   apr_pool_t *pool);

/** Return what @a message renders to with @a render and support_env(), or
 *  NULL; @a content may be NULL. */
char *support_render(const smtpc_message_t *message,
                     const smtpc_render_t *render, smtpc_content_t **content,
                     apr_pool_t *pool);

/** Return why @a len bytes at @a text could not be sent by SMTP (line ends,
 *  line length, NUL), or NULL. */
const char *support_wire_problem(const char *text, apr_size_t len);

/** Return why the header block in front of @a text is not folded as it
 *  should be, or NULL: 78 characters, 76 with an encoded word, unless one
 *  word is longer. */
const char *support_fold_problem(const char *text, apr_pool_t *pool);

/** Return the value of the first field @a name in the header block at
 *  @a text, unfolded, without the blank behind the colon; NULL if none. */
char *support_field(const char *text, const char *name, apr_pool_t *pool);

/** Return @a value with its encoded words decoded, RFC 2047 6. */
char *support_decode_words(const char *value, apr_pool_t *pool);

/** Return the tree of parts of the message @a text, in short:
 *  "multipart/mixed(text/plain application/pdf)". */
char *support_outline(const char *text, apr_pool_t *pool);

/** Return a message from from@example.org to to@example.org. */
smtpc_message_t *support_message(apr_pool_t *pool);

/** Return the header and content of part @a i (0: the first leaf or inner
 *  multipart) of the message @a text, up to the next delimiter. */
char *support_part(const char *text, int i, apr_pool_t *pool);

/** Return the content behind the header block at @a text. */
const char *support_body(const char *text);

/** Return @a len bytes of quoted-printable at @a text decoded; set
 *  @a *out_len. NULL if malformed. */
char *support_decode_quoted(const char *text, apr_size_t len,
                            apr_size_t *out_len, apr_pool_t *pool);

/** Return @a len bytes of base64 with line ends at @a text decoded; set
 *  @a *out_len. NULL if malformed. */
char *support_decode_base64(const char *text, apr_size_t len,
                            apr_size_t *out_len, apr_pool_t *pool);

/** Create a source over @a len bytes at @a data that gives at most @a piece
 *  bytes at a time; @a known tells whether it knows its length. */
smtpc_source_t *support_pieces(const char *data, apr_size_t len,
                               apr_size_t piece, int known,
                               apr_pool_t *pool);

#endif
