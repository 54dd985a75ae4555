/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_MESSAGE_INT_H
#define SMTPC_MIME_MESSAGE_INT_H

/**
 * @file message_int.h
 * A message made ready to be read as bytes. The message itself is not
 * changed: Date, Message-ID and boundaries belong to the rendering.
 */

#include <smtpclient/dkim.h>
#include <smtpclient/message.h>

#include "base/env_int.h"
#include "model/envelope.h"

/** How a message is to be rendered. */
typedef struct smtpc_render_t {
    /** The bytes go where 8bit content is allowed (8BITMIME). */
    int eight_bit;
    /** The bytes go where BINARYMIME and CHUNKING are offered: what would be
     *  base64 only because nobody knows of what it is, is sent as it is.
     *  Content that is signed, encrypted or for a pickup directory is never
     *  binary, nor are messages in the message. RFC 3030. */
    int binary;
    /** Headers may hold raw UTF-8 (SMTPUTF8). */
    int utf8;
    /** Write X-Sender and X-Receiver in front: pickup directory. */
    int pickup;
    /** From of messages that have none, or NULL. */
    const smtpc_address_t *from;
    /** Its added fields are for messages that have none of the name; or
     *  NULL. A loaded message gets neither these nor the next. */
    const smtpc_message_t *defaults;
    /** Its added fields replace those of the message; or NULL. */
    const smtpc_message_t *forced;
    /** Sign with each of these, in this order. Signed content is never 8bit:
     *  a relay that had to encode it would break the signature. */
    const smtpc_dkim_t *const *dkim;
    apr_size_t dkim_count;
    /** Where to put a sentence that says more than the status of a failure,
     *  or NULL. It is in the pool of the content. */
    const char **why;
    /** How many messages this one is inside of. */
    int depth;
} smtpc_render_t;

/** A message as bytes. */
typedef struct smtpc_content_t {
    /** All bytes from the first header to the last line's CRLF: only CRLF
     *  line ends, no line over 998 bytes, no NUL, not dot-stuffed. Can be
     *  rewound if all attachments can. If binary none of this holds but the
     *  last: the bytes must not be normalised, and there may be no line end
     *  behind the last. */
    smtpc_source_t *source;
    /** Its length, or SMTPC_LENGTH_UNKNOWN; always known if it is signed. */
    apr_off_t length;
    /** It has bytes above 0x7f, not counting parts that are binary. */
    int eight_bit;
    /** A part of it is binary, whatever bytes it has: BODY=BINARYMIME. */
    int binary;
    /** A header field holds raw UTF-8: needs SMTPUTF8. */
    int utf8;
    /** Message-ID with angle brackets; "" if a loaded message has none. */
    const char *message_id;
} smtpc_content_t;

/**
 * Render @a message as @a render says into @a *content in @a pool. Date,
 * Message-ID and boundaries are made here from @a env, so reading the source
 * twice gives the same bytes. Attachments are not read, but rewound if they
 * were read before; to be signed they are read once and rewound, and so is
 * text, and what the caller chose an encoding for. Memory does not grow with
 * their size.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     neither @a message nor @a render has a From, or
 *                        content does not fit the encoding chosen for it
 *         SMTPC_ELIMIT   header block over SMTPC_LIMIT_HEADER_BLOCK,
 *                        or messages SMTPC_LIMIT_NESTING deep
 *         SMTPC_EEXTENSION  an address can only be written in UTF-8, see
 *                        smtpc_envelope_t.utf8, and @a render forbids it; an
 *                        attached message has 8bit content and it is
 *                        forbidden
 *         SMTPC_ESOURCE  an attachment read before cannot be read again, or
 *                        text from a source failed, is not UTF-8, or does not
 *                        fit its charset
 *         else           no randomness to be had
 */
apr_status_t smtpc__message_render(smtpc_content_t **content,
                                   const smtpc_message_t *message,
                                   const smtpc_render_t *render,
                                   smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Make the envelope of @a message in @a pool: what it was given, else what
 * its newest Resent block says, else: sender is Sender, else From, else
 * @a from (may be NULL); recipients To, Bcc, Cc in this order, each mailbox
 * once. utf8 is set if an address of the envelope or the header needs
 * it; size and eight_bit are for the caller to set. @a *why says in @a pool what is missing.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no From and no @a from, or no recipient
 */
apr_status_t smtpc__message_envelope(smtpc_envelope_t **envelope,
                                     const char **why,
                                     const smtpc_message_t *message,
                                     const smtpc_address_t *from,
                                     apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return non-zero if @a message was loaded: its bytes are sent as they are,
 *  whatever a rendering says. */
int smtpc__message_is_loaded(const smtpc_message_t *message);

#endif
