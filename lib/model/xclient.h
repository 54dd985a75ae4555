/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_XCLIENT_H
#define SMTPC_MODEL_XCLIENT_H

/**
 * @file xclient.h
 * What a proxy tells the server of the client it speaks for: Postfix's
 * XCLIENT.
 */

/** Attributes of XCLIENT as bits, in the order they are written. */
typedef enum {
    SMTPC_XCLIENT_NAME = 1u << 0,
    SMTPC_XCLIENT_ADDR = 1u << 1,
    SMTPC_XCLIENT_PORT = 1u << 2,
    SMTPC_XCLIENT_PROTO = 1u << 3,
    SMTPC_XCLIENT_HELO = 1u << 4,
    SMTPC_XCLIENT_LOGIN = 1u << 5,
    SMTPC_XCLIENT_DESTADDR = 1u << 6,
    SMTPC_XCLIENT_DESTPORT = 1u << 7
} smtpc_xclient_e;

/** The client behind a proxy. What is NULL or 0 is not said. */
typedef struct smtpc_xclient_t {
    const char *name;     /**< host name, "[UNAVAILABLE]", "[TEMPUNAVAIL]" */
    const char *addr;     /**< IP address; IPV6: is put in front here */
    int port;             /**< its port */
    const char *proto;    /**< "SMTP" or "ESMTP" */
    const char *helo;     /**< what it said in HELO */
    const char *login;    /**< the user it is */
    const char *destaddr; /**< IP address it connected to */
    int destport;         /**< and port */
} smtpc_xclient_t;

#endif
