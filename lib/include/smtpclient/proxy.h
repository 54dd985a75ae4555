/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROXY_H
#define SMTPC_PROXY_H

/**
 * @file proxy.h
 * What a connection goes through: a value of client handle and server profile
 * alike.
 */

#include <smtpclient/declare.h>

SMTPC_BEGIN_DECLS

/** The kind of a proxy. */
typedef enum {
    SMTPC_PROXY_NONE,   /**< straight to the server */
    SMTPC_PROXY_SOCKS5, /**< SOCKS 5, names are looked up by the proxy */
    SMTPC_PROXY_HTTP    /**< the method CONNECT of HTTP */
} smtpc_proxy_e;

SMTPC_END_DECLS

#endif
