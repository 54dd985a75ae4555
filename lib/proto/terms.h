/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_TERMS_H
#define SMTPC_PROTO_TERMS_H

/**
 * @file terms.h
 * What one server makes of one envelope: the parameters of MAIL and RCPT, or
 * why it is not offered to the server at all. A pure function.
 */

#include "model/caps.h"
#include "model/envelope.h"
#include "proto/command.h"

/** The terms of one transaction. Strings and addresses in it are those of the
 *  envelope. */
typedef struct smtpc_terms_t {
    /** Parameters of MAIL; utf8 is that of RCPT, too. */
    smtpc_mail_params_t mail;
    /** RCPT may carry NOTIFY and ORCPT. */
    int dsn;
    /** 1u << smtpc_extension_e: asked for and left out under DEGRADE. What
     *  was left out under IGNORE is not in it. */
    unsigned int dropped;
} smtpc_terms_t;

/**
 * Set @a *terms to what of @a envelope goes to the server @a host, which
 * offers @a caps, over a link that is encrypted and whose peer was verified
 * if @a encrypted_and_verified. Where it lacks something the policies of
 * @a envelope decide; SMTPC_POLICY_DEFAULT is
 *
 * - FAIL for 8BITMIME and SMTPUTF8 (the content is rendered already: what
 *   could be recoded was), BINARYMIME, REQUIRETLS, DELIVERBY, FUTURERELEASE;
 * - DEGRADE for MT-PRIORITY;
 * - IGNORE for DSN, as .NET has it, and AUTH.
 *
 * A server that offers DELIVERBY or FUTURERELEASE but not for so short or
 * long a time lacks it. BINARYMIME, which needs CHUNKING, and SMTPUTF8 for
 * an address cannot be done without, whatever the policy.
 *
 * @a *why is set on failure: a sentence in @a pool without full stop, with
 * @a host and what can be done.
 *
 * @return APR_SUCCESS
 *         SMTPC_EEXTENSION  something is missing and the policy is FAIL, or
 *                           it cannot be done without
 *         SMTPC_EREJECTED   the size is over what @a caps allow
 */
apr_status_t smtpc__terms_make(smtpc_terms_t *terms, const char **why,
                               const smtpc_envelope_t *envelope,
                               const smtpc_caps_t *caps, const char *host,
                               int encrypted_and_verified, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Set @a params to those of RCPT for recipient @a i of @a envelope under
 *  @a terms. */
void smtpc__terms_rcpt(smtpc_rcpt_params_t *params,
                       const smtpc_terms_t *terms,
                       const smtpc_envelope_t *envelope, apr_size_t i);

/** Return the keywords of what was dropped in @a pool, separated by blanks
 *  ("DSN MT-PRIORITY"), or "". */
const char *smtpc__terms_dropped(const smtpc_terms_t *terms,
                                 apr_pool_t *pool);

#endif
