/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_STATUS_H
#define SMTPC_STATUS_H

/**
 * @file status.h
 * What a call can tell its caller, as apr_status_t values of our own range.
 *
 * A status says what the *caller* must know; what the server said is data,
 * in smtpc_result_t. The range is APR_OS_START_USERERR + 3000 ... 3149 (3150
 * ... 3199 are mod_smtpclient's own); other values that come back are APR's
 * (APR_ENOENT for a missing file ...).
 */

#include <smtpclient/declare.h>

SMTPC_BEGIN_DECLS

/** First value of our range. */
#define SMTPC_STATUS_FIRST (APR_OS_START_USERERR + 3000)

/** Another operation runs on this client handle. */
#define SMTPC_EBUSY (SMTPC_STATUS_FIRST + 0)
/** The client was disposed of. */
#define SMTPC_EDISPOSED (SMTPC_STATUS_FIRST + 1)
/** An argument or a message is invalid; nothing was sent. */
#define SMTPC_EARG (SMTPC_STATUS_FIRST + 2)
/** The server could not be reached, or the connection broke, before the
 *  message was handed over. Nothing was delivered; try again later. */
#define SMTPC_ECONNECT (SMTPC_STATUS_FIRST + 3)
/** A deadline passed before the message was handed over. */
#define SMTPC_ETIMEOUT (SMTPC_STATUS_FIRST + 4)
/** TLS could not be had as required: not offered, handshake or certificate. */
#define SMTPC_ETLS (SMTPC_STATUS_FIRST + 5)
/** The server did not accept our credentials, or they could not be used. */
#define SMTPC_EAUTH (SMTPC_STATUS_FIRST + 6)
/** The server refused for now (4xx): a later try may succeed. */
#define SMTPC_ETEMP (SMTPC_STATUS_FIRST + 7)
/** Every recipient, or the message, was refused for good (5xx). */
#define SMTPC_EREJECTED (SMTPC_STATUS_FIRST + 8)
/** Sent to some recipients; others were refused. See the result. */
#define SMTPC_EPARTIAL (SMTPC_STATUS_FIRST + 9)
/** The server broke the protocol; the connection was closed. */
#define SMTPC_EPROTO (SMTPC_STATUS_FIRST + 10)
/** The whole message was sent but its final reply was not seen: it may or
 *  may not have been delivered, and sending it again may duplicate it. */
#define SMTPC_EINDOUBT (SMTPC_STATUS_FIRST + 11)
/** A limit of ours was reached (a named constant of base/limits.h). */
#define SMTPC_ELIMIT (SMTPC_STATUS_FIRST + 12)
/** The message needs an extension that this server does not offer. */
#define SMTPC_EEXTENSION (SMTPC_STATUS_FIRST + 13)
/** The caller cancelled the operation. */
#define SMTPC_ECANCELLED (SMTPC_STATUS_FIRST + 14)
/** The message could not be stored (pickup directory, queue). */
#define SMTPC_EQUEUE (SMTPC_STATUS_FIRST + 15)
/** A part of the message (file, callback) failed while it was being read. */
#define SMTPC_ESOURCE (SMTPC_STATUS_FIRST + 16)
/** One past the last value in use. */
#define SMTPC_STATUS_END (SMTPC_STATUS_FIRST + 17)

/**
 * Put a sentence for @a status into @a buf of @a size bytes, always
 * terminated, and return @a buf. Values outside our range are passed on to
 * apr_strerror(). Thread-safe. @since 0.1
 */
SMTPC_DECLARE(char *) smtpc_strerror(apr_status_t status, char *buf,
                                     apr_size_t size);

/**
 * Return the name of @a status as written in this header ("SMTPC_EBUSY"),
 * "APR_SUCCESS", or NULL for a value that is not ours. The string is
 * constant. Thread-safe. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_status_name(apr_status_t status);

/**
 * Return the version of the library that is loaded, as
 * SMTPC_VERSION_STRING. Thread-safe. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_version(void);

SMTPC_END_DECLS

#endif
