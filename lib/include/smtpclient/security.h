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
    SMTPC_SECURITY_OPPORTUNISTIC, /**< STARTTLS if offered, unverified; else
                                       clear text, without credentials */
    SMTPC_SECURITY_STARTTLS,      /**< STARTTLS, verified, or no mail */
    SMTPC_SECURITY_IMPLICIT       /**< TLS from the first byte, verified */
} smtpc_security_e;

/** The oldest version of TLS that is spoken. */
typedef enum {
    SMTPC_TLS_1_2, /**< RFC 5246, and newer ones: RFC 9325 3.1 */
    SMTPC_TLS_1_3  /**< RFC 8446 */
} smtpc_tls_version_e;

/** Whether TLSA records in the DNS say which certificate is good. RFC 7672 */
typedef enum {
    SMTPC_DANE_OFF,     /**< they are not looked up */
    SMTPC_DANE_ON,      /**< where there are some, see
                             smtpc_client_set_dane() */
    SMTPC_DANE_REQUIRED /**< where there are none, no mail */
} smtpc_dane_e;

SMTPC_END_DECLS

#endif
