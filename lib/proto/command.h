/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_COMMAND_H
#define SMTPC_PROTO_COMMAND_H

/**
 * @file command.h
 * The only writer of command lines. Arguments are typed (address, integer,
 * host name, base64 made here); CR, LF and NUL cannot get in, and a line
 * that would exceed its limit is SMTPC_ELIMIT with nothing written.
 * RFC 5321 4.1.1.
 */

#include <smtpclient/source.h>

#include "base/buf.h"
#include "model/address_int.h"

/** Append "EHLO name" (or HELO if not @a esmtp) to @a out. */
apr_status_t smtpc__command_hello(smtpc_buf_t *out, int esmtp,
                                  const char *name) SMTPC_WARN_UNUSED;

/** A command without arguments. */
typedef enum {
    SMTPC_COMMAND_STARTTLS,
    SMTPC_COMMAND_DATA,
    SMTPC_COMMAND_RSET,
    SMTPC_COMMAND_QUIT,
    SMTPC_COMMAND_COUNT
} smtpc_command_e;

/** Append the bare command @a command to @a out. */
apr_status_t smtpc__command_bare(smtpc_buf_t *out, smtpc_command_e command)
    SMTPC_WARN_UNUSED;

/** Parameters of MAIL. */
typedef struct smtpc_mail_params_t {
    apr_off_t size; /**< SIZE=, or SMTPC_LENGTH_UNKNOWN for none */
    int body_8bit;  /**< BODY=8BITMIME */
    int utf8;       /**< SMTPUTF8, and the address as UTF-8 */
} smtpc_mail_params_t;

/** Append MAIL FROM:<sender> with @a params; @a sender NULL is <>. */
apr_status_t smtpc__command_mail(smtpc_buf_t *out,
                                 const smtpc_address_t *sender,
                                 const smtpc_mail_params_t *params)
    SMTPC_WARN_UNUSED;

/** NOTIFY of RCPT as bits, the values of the public smtpc_notify_e;
 *  RFC 3461 4.1. */
typedef enum {
    SMTPC_DSN_SUCCESS = 1,
    SMTPC_DSN_FAILURE = 2,
    SMTPC_DSN_DELAY = 4,
    SMTPC_DSN_NEVER = 134217728
} smtpc_dsn_e;

/** Append RCPT TO:<recipient>; with @a utf8 the address as UTF-8. @a notify
 *  (smtpc_dsn_e) not 0 adds NOTIFY=, NEVER alone or SUCCESS,FAILURE,DELAY. */
apr_status_t smtpc__command_rcpt(smtpc_buf_t *out,
                                 const smtpc_address_t *recipient, int utf8,
                                 unsigned int notify) SMTPC_WARN_UNUSED;

/** Append "AUTH mechanism" with @a len bytes of initial response at
 *  @a initial in base64 ("=" if empty), or none if @a initial is NULL. */
apr_status_t smtpc__command_auth(smtpc_buf_t *out, const char *mechanism,
                                 const void *initial, apr_size_t len)
    SMTPC_WARN_UNUSED;

/** Append a SASL response of @a len bytes at @a data in base64, or "*" to
 *  give up if @a data is NULL. */
apr_status_t smtpc__command_sasl(smtpc_buf_t *out, const void *data,
                                 apr_size_t len) SMTPC_WARN_UNUSED;

#endif
