/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_ROW_H
#define T_SUPPORT_ROW_H

/**
 * @file row.h
 * A row of the catalogue of threats: a client is set up, sends a mail to a
 * server that means harm, and then what it says, what was on the wire and
 * what stayed in the pool are looked at.
 */

#include <smtpclient/smtpclient.h>

#include "peer.h"

/** What is set, and what has to come of it. */
typedef struct row_t {
    const char *id;             /**< "T1 STARTTLS is not offered" */
    smtpc_security_e security;
    const char *host;           /**< NULL: 127.0.0.1 */
    const char *verify_name;    /**< NULL: the host */
    const char *ca_file;        /**< NULL: the system's */
    const char *user;           /**< with the password "secret"; NULL: none */
    const char *pins;           /**< NULL: any key */
    apr_status_t status;        /**< of the send */
    const char *said;           /**< part of the error, or NULL: none */
    int keeps;                  /**< the failure is the message's alone */
} row_t;

/** Return a client for @a peer, as @a row says, in @a pool. */
smtpc_client_t *row_client(const row_t *row, peer_t *peer, smtpc_env_t *env,
                           apr_pool_t *pool);

/**
 * Send a mail, as @a row says, and check in a subtest called by its id: the
 * status, the sentence, and, if that is a failure, that neither credentials
 * nor envelope were said to @a peer, that its certificate got no second
 * connection, and that nothing stayed in the pool.
 */
void row_run(const row_t *row, peer_t *peer, smtpc_env_t *env,
             apr_pool_t *pool);

/** Check that nothing of a mail or of credentials was said to @a peer. */
void row_nothing_said(peer_t *peer);

/** End the test if @a rv is not APR_SUCCESS. */
void row_must(apr_status_t rv, const char *what);

#endif
