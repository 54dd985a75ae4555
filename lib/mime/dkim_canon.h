/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_DKIM_CANON_H
#define SMTPC_MIME_DKIM_CANON_H

/**
 * @file dkim_canon.h
 * The relaxed canonical forms of RFC 6376 3.4: what a signature is made over,
 * whatever relays do to blanks and folds.
 */

#include <smtpclient/status.h>

/** Takes the next bytes of a canonical form. */
typedef void (*smtpc__dkim_write_fn_t)(void *baton, const char *data,
                                       apr_size_t len);

/** Bytes collected before they are written. */
#define SMTPC_DKIM_BODY_BUFFER 4096

/** A body on its way through; filled by smtpc__dkim_body_begin(). */
typedef struct smtpc_dkim_body_t {
    smtpc__dkim_write_fn_t write;
    void *baton;
    apr_uint64_t breaks; /**< line ends seen since the last text */
    int blank;           /**< blanks seen since then, on this line */
    int cr;              /**< the last byte in was CR */
    int text;            /**< there was text */
    apr_size_t used;
    char buf[SMTPC_DKIM_BODY_BUFFER];
} smtpc_dkim_body_t;

/** Begin a body whose canonical form goes to @a write with @a baton. */
void smtpc__dkim_body_begin(smtpc_dkim_body_t *body,
                            smtpc__dkim_write_fn_t write, void *baton);

/** Take the next @a len bytes at @a data of @a body. CR, LF and CRLF are line
 *  ends, as they are for the filter in front of the wire (proto/dot.h). */
void smtpc__dkim_body_feed(smtpc_dkim_body_t *body, const char *data,
                           apr_size_t len);

/** End @a body: its last line ends with CRLF, if it has any text. */
void smtpc__dkim_body_end(smtpc_dkim_body_t *body);

/** A field of a header block. */
typedef struct smtpc_dkim_field_t {
    const char *data;    /**< name, colon, value, CRLF */
    apr_size_t len;
    apr_size_t name_len;
} smtpc_dkim_field_t;

/** Find the field at @a *pos of the @a *len bytes of a header block and go
 *  behind it; return zero at the empty line or the end. */
int smtpc__dkim_next_field(smtpc_dkim_field_t *field, const char **pos,
                           apr_size_t *len);

/** Write the canonical form of @a field, which is never longer than it and
 *  ends with CRLF, to @a out; return its length. */
apr_size_t smtpc__dkim_relax_field(char *out,
                                   const smtpc_dkim_field_t *field);

#endif
