/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_LOCKOUT_H
#define SMTPC_CLIENT_LOCKOUT_H

/**
 * @file lockout.h
 * Logins that were refused, by profile: after SMTPC_LIMIT_LOGIN_FAILURES of
 * them within SMTPC_LOGIN_FAILURE_PERIOD there are no more for a while, so that
 * no server locks the account. One table per env; thread-safe. Other
 * credentials are another profile.
 */

#include <smtpclient/env.h>

#include "model/server.h"

/** Return why there is to be no login at @a server now, as a sentence in
 *  @a pool, or NULL. */
const char *smtpc__lockout_reason(smtpc_env_t *env,
                                  const smtpc_server_t *server,
                                  apr_pool_t *pool);

/** Note that a login at @a server was refused, or (@a refused 0) was not. */
void smtpc__lockout_note(smtpc_env_t *env, const smtpc_server_t *server,
                         int refused, apr_pool_t *pool);

#endif
