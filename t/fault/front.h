/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FAULT_FRONT_H
#define T_FAULT_FRONT_H

/**
 * @file front.h
 * What a client has to get through before it is at a sink: a proxy, TLS,
 * XCLIENT, a login.
 */

#include "../support/sasl_server.h"
#include "../support/sink.h"

/** A way to a sink; set what is to be. */
typedef struct front_t {
    sink_t *sink;
    enum { FRONT_STRAIGHT, FRONT_SOCKS5, FRONT_HTTP } proxy;
    int proxy_login;        /**< the proxy wants a user and a password */
    SSL_CTX *tls;           /**< with it STARTTLS works */
    int implicit;           /**< TLS from the first byte */
    int breaks_tls;         /**< STARTTLS is offered, and does not work */
    int xclient;            /**< it is told for whom the client speaks */
    /** AUTH: what is offered ("PLAIN XOAUTH2"), or NULL. Everybody gets in
     *  who answers as the mechanism wants. */
    const char *mechanisms;
    const char *challenge;  /**< in base64, or NULL: what it answers to */
    sasl_server_t *sasl;    /**< if set, this looks at what they answer */
    int logins;             /**< how many there were; with the sink's lock */
    int broken;             /**< times TLS did not work; likewise */
} front_t;

/** A peer_fn_t whose baton is a front_t. */
void front_serve(peer_conn_t *conn, void *baton);

#endif
