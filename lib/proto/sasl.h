/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SASL_H
#define SMTPC_PROTO_SASL_H

/**
 * @file sasl.h
 * SASL exchanges, client side: challenge in, response out, no I/O.
 * RFC 4422, RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN).
 */

#include "base/secret_int.h"
#include "model/caps.h"

/** One exchange. */
typedef struct smtpc_sasl_t smtpc_sasl_t;

/** Pick from @a offered (bits of smtpc_mech_e) the first that @a preference
 *  (names separated by blanks, NULL: strongest first) names, but none of
 *  @a excluded; 0 if there is none. */
unsigned int smtpc__sasl_pick(unsigned int offered, const char *preference,
                              unsigned int excluded);

/** Begin @a *sasl with @a mechanism for @a user and @a secret in @a pool;
 *  responses are in memory wiped with @a pool. */
apr_status_t smtpc__sasl_create(smtpc_sasl_t **sasl, unsigned int mechanism,
                                const char *user,
                                const smtpc_secret_t *secret,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Set @a *data to the initial response and @a *len to its length, or
 *  @a *data to NULL if the mechanism has none. */
void smtpc__sasl_initial(const void **data, apr_size_t *len,
                         smtpc_sasl_t *sasl);

/** Answer the decoded @a challenge of @a challenge_len bytes: set @a *data
 *  and @a *len. SMTPC_EAUTH if the mechanism did not expect it. */
apr_status_t smtpc__sasl_step(const void **data, apr_size_t *len,
                              smtpc_sasl_t *sasl, const void *challenge,
                              apr_size_t challenge_len) SMTPC_WARN_UNUSED;

/** Return non-zero if the mechanism has said all it has to say: only then
 *  may the server say 235. */
int smtpc__sasl_is_done(const smtpc_sasl_t *sasl);

#endif
