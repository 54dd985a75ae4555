/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_COMMAND_H
#define SMTPC_PROTO_COMMAND_H

/**
 * @file command.h
 * The only writer of command lines. Arguments are typed (address, integer,
 * host name; base64 and xtext made here); CR, LF and NUL cannot get in: what
 * holds a control character is SMTPC_EARG, and a line or value that would
 * exceed its limit is SMTPC_ELIMIT, with nothing written. RFC 5321 4.1.1.
 */

#include <smtpclient/extension.h>
#include <smtpclient/source.h>

#include "base/buf.h"
#include "model/address_int.h"
#include "model/xclient.h"

/** How a session is opened. */
typedef enum {
    SMTPC_HELLO_HELO,
    SMTPC_HELLO_EHLO,
    SMTPC_HELLO_LHLO /**< LMTP, RFC 2033 */
} smtpc_hello_e;

/** Append "EHLO name", or with another @a verb, to @a out. SMTPC_EARG if
 *  @a name is empty or has a blank. */
apr_status_t smtpc__command_hello(smtpc_buf_t *out, smtpc_hello_e verb,
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

/** Parameters of MAIL; all 0 and NULL, with size SMTPC_LENGTH_UNKNOWN, is
 *  none. */
typedef struct smtpc_mail_params_t {
    apr_off_t size;   /**< SIZE=, or SMTPC_LENGTH_UNKNOWN for none */
    int body_8bit;    /**< BODY=8BITMIME */
    int body_binary;  /**< BODY=BINARYMIME, which wins */
    int utf8;         /**< SMTPUTF8, and addresses as UTF-8 */
    smtpc_return_e ret; /**< RET= */
    const char *envid;  /**< ENVID=, printable ASCII; NULL: none */
    int require_tls;    /**< REQUIRETLS */
    int deliver_by_set; /**< BY=deliver_by;R */
    apr_int32_t deliver_by;
    int deliver_by_notify;  /**< BY=...;N */
    int deliver_by_trace;   /**< BY=...;RT or NT */
    apr_int64_t hold_for;   /**< HOLDFOR=, 0: none */
    apr_time_t hold_until;  /**< HOLDUNTIL=, 0: none; without hold_for */
    int priority_set;       /**< MT-PRIORITY=priority */
    int priority;
    int submitter_set;      /**< AUTH=submitter */
    const smtpc_address_t *submitter; /**< NULL: <> */
} smtpc_mail_params_t;

/**
 * Append MAIL FROM:<sender> with @a params; @a sender NULL is <>.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     envid is not printable ASCII; a number that its
 *                        parameter cannot have; the submitter needs UTF-8
 *                        and utf8 is not set
 *         SMTPC_ELIMIT   envid over SMTPC_LIMIT_ENVID when encoded, or the
 *                        line over SMTPC_LIMIT_ENVELOPE_LINE or the room in
 *                        @a out
 * RFC 1870, RFC 6152, RFC 3030, RFC 6531, RFC 3461 4.3, 4.4, RFC 8689 2,
 * RFC 2852 4, RFC 4865 4, RFC 6710 4.1, RFC 4954 5.
 */
apr_status_t smtpc__command_mail(smtpc_buf_t *out,
                                 const smtpc_address_t *sender,
                                 const smtpc_mail_params_t *params)
    SMTPC_WARN_UNUSED;

/** Parameters of RCPT; all 0 and NULL is none. */
typedef struct smtpc_rcpt_params_t {
    int utf8;            /**< the address as UTF-8 */
    unsigned int notify; /**< NOTIFY=, smtpc_notify_e; NEVER wins */
    const char *orcpt;   /**< ORCPT=, "rfc822;ann@example.net"; NULL: none */
} smtpc_rcpt_params_t;

/**
 * Append RCPT TO:<recipient> with @a params. An orcpt of type utf-8 is
 * written as utf-8-addr-unitext if utf8, else as utf-8-addr-xtext; any other
 * as xtext.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     orcpt is not "type;address" of printable characters
 *                        (beyond ASCII with type utf-8 only)
 *         SMTPC_ELIMIT   orcpt over SMTPC_LIMIT_ORCPT when encoded, or the
 *                        line over SMTPC_LIMIT_ENVELOPE_LINE or the room in
 *                        @a out
 * RFC 3461 4.1, 4.2, RFC 6533 3.
 */
apr_status_t smtpc__command_rcpt(smtpc_buf_t *out,
                                 const smtpc_address_t *recipient,
                                 const smtpc_rcpt_params_t *params)
    SMTPC_WARN_UNUSED;

/** Append "BDAT size", with @a last "BDAT size LAST"; the bytes follow
 *  it without anything in between. RFC 3030 2. */
apr_status_t smtpc__command_bdat(smtpc_buf_t *out, apr_size_t size, int last)
    SMTPC_WARN_UNUSED;

/** Commands a person may want to give. */
typedef enum {
    SMTPC_ASK_NOOP,
    SMTPC_ASK_HELP,
    SMTPC_ASK_VRFY,
    SMTPC_ASK_EXPN,
    SMTPC_ASK_RSET,
    SMTPC_ASK_COUNT
} smtpc_ask_e;

/**
 * Append @a command with @a argument; NULL, which NOOP and HELP allow, is
 * none. Only with @a utf8 it may have characters beyond ASCII; VRFY and EXPN
 * then say SMTPUTF8. RFC 6531 3.7.4.2.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     no argument but one is needed; an empty one, control
 *                        characters, or not UTF-8
 *         SMTPC_ELIMIT   the line over SMTPC_LIMIT_COMMAND_LINE or the room
 *                        in @a out
 */
apr_status_t smtpc__command_ask(smtpc_buf_t *out, smtpc_ask_e command,
                                const char *argument, int utf8)
    SMTPC_WARN_UNUSED;

/**
 * Append XCLIENT with those attributes of @a xclient that are in @a offered
 * (smtpc_xclient_e), their values as xtext.
 *
 * @return APR_SUCCESS
 *         SMTPC_EEXTENSION  none of its attributes is in @a offered
 *         SMTPC_EARG     an empty value, a control character, a port that is
 *                        none
 *         SMTPC_ELIMIT   the line over SMTPC_LIMIT_COMMAND_LINE or the room
 *                        in @a out
 */
apr_status_t smtpc__command_xclient(smtpc_buf_t *out,
                                    const smtpc_xclient_t *xclient,
                                    unsigned int offered) SMTPC_WARN_UNUSED;

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
