/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_XCLIENT_H
#define SMTPC_XCLIENT_H

/**
 * @file xclient.h
 * What a proxy tells the server of the client it speaks for, Postfix's
 * XCLIENT: a value of client handle and server profile alike.
 */

#include <smtpclient/declare.h>

SMTPC_BEGIN_DECLS

/** The client behind a proxy. What is NULL or 0 is not said. */
typedef struct smtpc_xclient_t {
    const char *name;     /**< host name, "[UNAVAILABLE]", "[TEMPUNAVAIL]" */
    const char *addr;     /**< IP address; IPV6: is put in front by us */
    int port;             /**< its port */
    const char *proto;    /**< "SMTP" or "ESMTP" */
    const char *helo;     /**< what it said in HELO */
    const char *login;    /**< the user it is */
    const char *destaddr; /**< IP address it connected to */
    int destport;         /**< and port */
} smtpc_xclient_t;

SMTPC_END_DECLS

#endif
