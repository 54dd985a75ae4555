/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_ENCODE_H
#define SMTPC_MIME_ENCODE_H

/**
 * @file encode.h
 * Content transfer encodings as sources over sources.
 */

#include <smtpclient/source.h>

#include "mime/scan.h"

/** The buffers of the encoders of one message: they are read one after the
 *  other, so one set serves any number of them. */
typedef struct smtpc_encode_area_t smtpc_encode_area_t;

/** How an encoder treats what it reads. */
typedef struct smtpc_encode_opts_t {
    smtpc_encoding_e encoding;
    /** Text: CR, LF and CRLF are line ends and become CRLF. 7bit and 8bit
     *  need content that has no other line ends, or this; binary does not. */
    int text;
    /** End what is not empty with CRLF: it is the end of the message. */
    int last;
} smtpc_encode_opts_t;

/** Create @a *area in @a pool; its memory is taken at the first read. */
void smtpc__encode_area_create(smtpc_encode_area_t **area, apr_pool_t *pool);

/** Return the bytes that @a opts makes of @a length bytes that are no text,
 *  or of the text that @a scan (else NULL) saw whole: SMTPC_LENGTH_UNKNOWN if
 *  that cannot be told from it. */
apr_off_t smtpc__encoded_length(const smtpc_encode_opts_t *opts,
                                apr_off_t length, const smtpc_scan_t *scan);

/** Set @a *length to the bytes that @a opts makes of what @a source reads, by
 *  encoding it all; go back to its front. The status is that of reading. */
apr_status_t smtpc__encoder_measure(apr_off_t *length, smtpc_source_t *source,
                                    const smtpc_encode_opts_t *opts,
                                    smtpc_encode_area_t *area,
                                    apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Create @a *encoded in @a pool, which reads @a source and encodes it as
 * @a opts says to @a length bytes (or SMTPC_LENGTH_UNKNOWN). Its bytes do not
 * depend on how it is read. It can be rewound if @a source can. Of the
 * encoders that share @a area only one may be between its first and its last
 * byte.
 */
apr_status_t smtpc__encoder_create(smtpc_source_t **encoded,
                                   smtpc_source_t *source,
                                   const smtpc_encode_opts_t *opts,
                                   apr_off_t length,
                                   smtpc_encode_area_t *area,
                                   apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
