/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SASL_H
#define SMTPC_PROTO_SASL_H

/**
 * @file sasl.h
 * SASL exchanges, client side: challenge in, response out. RFC 4422.
 *
 * Some steps take long: they hash a million times, or ask a key distribution
 * centre. An exchange therefore shares nothing with its session: whoever holds
 * a reference can let a step run on a thread of its own, and leave it there.
 */

#include "base/env_int.h"
#include "base/limits.h"
#include "base/secret_int.h"
#include "model/caps.h"
#include "model/server.h"

/** What binds a login to the TLS connection it goes over. */
typedef struct smtpc_binding_t {
    const char *name;  /**< "tls-exporter" or "tls-unique"; NULL: none */
    unsigned char data[SMTPC_LIMIT_BINDING];
    apr_size_t len;
} smtpc_binding_t;

/** One exchange. */
typedef struct smtpc_sasl_t smtpc_sasl_t;

/** Return the mechanisms (smtpc_mech_e) that this build has. */
unsigned int smtpc__sasl_built(void);

/** Return those of them that go with the credentials of @a server over a
 *  connection with @a binding, and that may be used without being named. */
unsigned int smtpc__sasl_able(const smtpc_server_t *server,
                              const smtpc_binding_t *binding);

/** Pick from @a usable (bits of smtpc_mech_e) the first that @a preference
 *  names (separated by blanks; NULL: the strongest); 0 if there is none. */
unsigned int smtpc__sasl_pick(unsigned int usable, const char *preference);

/** Return those mechanisms that are not weaker than @a mechanism. */
unsigned int smtpc__sasl_not_weaker(unsigned int mechanism);

/**
 * Begin @a *sasl with @a mechanism for @a server, of which nothing is borrowed.
 * @a offered is what the peer offers; @a binding what its connection has. The
 * caller has the one reference to it.
 *
 * @return APR_SUCCESS
 *         SMTPC_ELIMIT   the user name is too long
 *         SMTPC_EARG     not one mechanism of this build
 *         APR_ENOMEM
 */
apr_status_t smtpc__sasl_create(smtpc_sasl_t **sasl, unsigned int mechanism,
                                const smtpc_server_t *server,
                                unsigned int offered,
                                const smtpc_binding_t *binding,
                                smtpc_env_t *env) SMTPC_WARN_UNUSED;

/** Hold @a sasl for one more owner. */
void smtpc__sasl_retain(smtpc_sasl_t *sasl);

/** Let go of @a sasl; the last one wipes and frees it. */
void smtpc__sasl_release(smtpc_sasl_t *sasl);

/** Let the next step be the answer to the @a len decoded bytes at
 *  @a challenge, which are copied. Before the first step there is none. */
void smtpc__sasl_challenge(smtpc_sasl_t *sasl, const void *challenge,
                           apr_size_t len);

/** Return non-zero if the next step may take long. */
int smtpc__sasl_blocks(const smtpc_sasl_t *sasl);

/** Do the next step: see what follows. One thread at a time. */
void smtpc__sasl_run(smtpc_sasl_t *sasl);

/**
 * Return what became of the last step.
 *
 * @return APR_SUCCESS   there is a response
 *         SMTPC_EPROTO  the challenge is nothing this mechanism knows
 *         SMTPC_EAUTH   the exchange failed for good
 *         others        on this side, for want of memory or the like
 */
apr_status_t smtpc__sasl_status(const smtpc_sasl_t *sasl);

/** Return why the last step failed, or "": no more than a few words, and none
 *  of a secret. */
const char *smtpc__sasl_error(const smtpc_sasl_t *sasl);

/** Let the token be another one than the last, which was refused. */
void smtpc__sasl_refresh(smtpc_sasl_t *sasl);

/** Return non-zero if @a sasl shows a token, which can be refreshed. */
int smtpc__sasl_has_token(const smtpc_sasl_t *sasl);

/** Return what the server said of the token, or "". */
const char *smtpc__sasl_note(const smtpc_sasl_t *sasl);

/** Return the password or token that @a sasl has, or NULL. */
const smtpc_secret_t *smtpc__sasl_secret(const smtpc_sasl_t *sasl);

/** Return the response, and set @a *len; NULL if the server speaks first. */
const void *smtpc__sasl_response(apr_size_t *len, const smtpc_sasl_t *sasl);

/** Return non-zero if the mechanism has said all it has to say: only then
 *  may the server say 235. */
int smtpc__sasl_is_done(const smtpc_sasl_t *sasl);

#endif
