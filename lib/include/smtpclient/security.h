/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SECURITY_H
#define SMTPC_SECURITY_H

/**
 * @file security.h
 * How a connection is protected: a value of client handle and server profile
 * alike.
 */

#include <smtpclient/declare.h>

SMTPC_BEGIN_DECLS

/** How the connection is secured. */
typedef enum {
    SMTPC_SECURITY_DEFAULT,       /**< by port, see smtpc_client_set_security */
    SMTPC_SECURITY_NONE,          /**< clear text */
    SMTPC_SECURITY_OPPORTUNISTIC, /**< STARTTLS if offered, unverified */
    SMTPC_SECURITY_STARTTLS,      /**< STARTTLS, verified, or no mail */
    SMTPC_SECURITY_IMPLICIT       /**< TLS from the first byte, verified */
} smtpc_security_e;

SMTPC_END_DECLS

#endif
