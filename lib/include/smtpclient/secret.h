/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SECRET_H
#define SMTPC_SECRET_H

/**
 * @file secret.h
 * A password or token: wiped with its pool, kept out of core dumps, never
 * printable. Written down it is a reference to where the secret is.
 */

#include <smtpclient/status.h>

SMTPC_BEGIN_DECLS

/** A secret in memory. */
typedef struct smtpc_secret_t smtpc_secret_t;

/**
 * Load @a *secret from @a reference into memory of its own that is wiped and
 * freed when @a pool is destroyed.
 *
 * @a reference is "file:path" (first line; others than owner and group must
 * have no access), "exec:/path arg ..." (first line of its output, no shell,
 * the path absolute, others must not be able to write to it,
 * SMTPC_SECRET_EXEC_TIMEOUT), "env:NAME", or the secret itself. @a *why, if
 * not NULL, is set on failure to one sentence in @a pool that says what is
 * wrong with the reference and never holds the secret.
 *
 * Blocks while it reads; "exec:" starts a process, so call it only with a
 * reference from configuration.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    empty, holds NUL, CR or LF, or is over
 *                       SMTPC_LIMIT_SECRET bytes; a file others can read or
 *                       write, or not a regular one; a program that others
 *                       can write, or whose path is not absolute; "${" in
 *                       the secret itself, which is a variable nobody
 *                       replaced
 *         APR_TIMEUP    the program did not end in time and was killed
 *         APR_EGENERAL  the program ended with a failure
 *         APR_ENOENT    no such file, program or variable
 *         else          what APR says of the file or program
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_secret_load(smtpc_secret_t **secret,
                                              const char **why,
                                              const char *reference,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Give an access token: set @a *token to a secret in @a pool, for example by
 * smtpc_secret_load(). Called for each login that needs one, on a thread of
 * its own, which may block; with @a refresh not 0 the server refused the last
 * one: get another. @a *why is set on failure to a few words in @a pool that do
 * not hold the token.
 *
 * A call that does not come back in time is left behind: @a baton has to stay
 * valid as long as it runs, also after the client has gone. Of those that are
 * left at its end, the environment waits two seconds for.
 *
 * @return APR_SUCCESS, or anything else: there is none
 * @since 0.3
 */
typedef apr_status_t (*smtpc_token_fn_t)(smtpc_secret_t **token,
                                         const char **why, int refresh,
                                         void *baton, apr_pool_t *pool);

SMTPC_END_DECLS

#endif
