/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_QUOTED_H
#define SMTPC_MIME_QUOTED_H

/**
 * @file quoted.h
 * Quoted-printable, piece by piece; CRLF is a line end.
 */

#include <apr.h>

/** Bytes that have to be there, unless the text ends before, to go on. */
#define SMTPC_QUOTED_LOOKAHEAD 5
/** Room that has to be there to go on. */
#define SMTPC_QUOTED_ROOM 8

/**
 * Encode from the @a len bytes at @a in, with @a final the last of the text,
 * into @a out of @a room bytes; set @a *used to the bytes encoded and return
 * the bytes written. @a *column is the position on the line, 0 at first.
 * Stops where the room or, unless @a final, the lookahead ends.
 */
apr_size_t smtpc__quoted_step(apr_size_t *column, char *out, apr_size_t room,
                              apr_size_t *used, const char *in,
                              apr_size_t len, int final);

#endif
