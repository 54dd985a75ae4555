/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_MAIL_H
#define T_SUPPORT_MAIL_H

/**
 * @file mail.h
 * What every test of the client does: a client for a peer, and a mail.
 */

#include <smtpclient/smtpclient.h>

#include "peer.h"

/** Return a client for @a peer on @a env; ends the test if there is none. */
smtpc_client_t *mail_client(peer_t *peer, smtpc_env_t *env,
                            apr_pool_t *pool);

/** Return a client of @a env for mail.test, port 587, to be set up, not used;
 *  ends the test if there is none. */
smtpc_client_t *mail_client_unused(smtpc_env_t *env, apr_pool_t *pool);

/** Send "Hello", "First mail." from web@example.org to @a recipients. */
apr_status_t mail_send(smtpc_result_t **result, smtpc_client_t *client,
                       const char *recipients, apr_pool_t *pool);

/** Return the error in @a result, or that there is none. */
const char *mail_error(const smtpc_result_t *result);

/** Return a port of 127.0.0.1 on which nobody listens. */
int mail_closed_port(void);

#endif
