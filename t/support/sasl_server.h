/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SASL_SERVER_H
#define T_SASL_SERVER_H

/**
 * @file sasl_server.h
 * The server side of SASL, by libgsasl, for peers. Only in builds with it.
 */

#include "peer.h"

/** Who may log in, and how. */
typedef struct sasl_server_t {
    const char *password; /**< of all users */
    const char *service;  /**< of GSSAPI: "smtp" */
    const char *host;     /**< likewise */
    int logins;           /**< that succeeded */
    char principal[128];  /**< who logged in last with GSSAPI */
} sasl_server_t;

/** The auth of a peer_smtp_t; the baton is a sasl_server_t. What binds a login
 *  is that of the connection's TLS, as this side has it. */
int sasl_server_auth(peer_conn_t *conn, const char *line, void *baton);

#endif
