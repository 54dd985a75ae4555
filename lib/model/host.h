/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_HOST_H
#define SMTPC_MODEL_HOST_H

/**
 * @file host.h
 * Domains and address literals in one normal form.
 */

#include <smtpclient/status.h>

/** The two forms of one domain; equal unless it has U-labels. */
typedef struct smtpc__domain_t {
    const char *unicode; /**< lower case, U-labels: for people and SMTPUTF8 */
    const char *ascii;   /**< lower case, A-labels: for DNS and the wire */
} smtpc__domain_t;

/** Set @a domain, in @a pool, to the normal form of the domain name @a text,
 *  UTF-8 or ASCII. On failure @a *why is set to what is wrong with it, in
 *  words that fit behind "the domain".
 *  @return APR_SUCCESS, SMTPC_EARG, or SMTPC_ELIMIT: too long. RFC 5890. */
apr_status_t smtpc__domain_normal(smtpc__domain_t *domain, const char **why,
                                  const char *text, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** As smtpc__domain_normal(), for the address literal @a text with its
 *  brackets: an IPv4 address, "IPv6:" and an IPv6 address, or another text
 *  of printable ASCII without blanks, brackets of any kind, quotes, commas,
 *  semicolons, at signs and encoded-words. RFC 5321 4.1.3. */
apr_status_t smtpc__literal_normal(smtpc__domain_t *domain, const char **why,
                                   const char *text, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
