/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_DKIM_H
#define SMTPC_DKIM_H

/**
 * @file dkim.h
 * A DKIM signer: domain, selector and private key. A client that has one or
 * several signs every message it sends. RFC 6376, RFC 8301, RFC 8463.
 *
 * The algorithm follows from the key: rsa-sha256 or ed25519-sha256. Two
 * signers, one of each, are what RFC 8463 asks of those who want to use
 * Ed25519 today. Canonicalisation is relaxed/relaxed, so that relays may
 * fold headers anew.
 *
 * Set up a signer first, then share it: signing does not change it, any
 * number of clients and threads may do it at a time.
 */

#include <smtpclient/status.h>

SMTPC_BEGIN_DECLS

/** A signer. */
typedef struct smtpc_dkim_t smtpc_dkim_t;

/**
 * Create @a *dkim in @a pool, which signs for @a domain with the private key
 * that @a key_reference names and whose public half is published under
 * @a selector, as a TXT record of `selector._domainkey.domain`.
 *
 * @a key_reference is as for smtpc_secret_load(), but the whole file or
 * output is the key, in PEM form without a pass phrase: RSA of 1024 to 8192
 * bits, 2048 are advised, or Ed25519. It is wiped when @a pool is destroyed.
 * @a *why, if not NULL, is set on failure to one sentence in @a pool that says
 * what is wrong and how to get it right.
 *
 * Blocks as smtpc_secret_load() does.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     @a domain is not a domain name with a dot in it;
 *                        @a selector is not one or more labels of letters,
 *                        digits, hyphens and underscores; no usable key
 *         else           as smtpc_secret_load()
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_dkim_create(smtpc_dkim_t **dkim,
                                              const char **why,
                                              const char *domain,
                                              const char *selector,
                                              const char *key_reference,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Return one sentence about the last setter of @a dkim that failed, or "".
 * It lives until the next one. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_dkim_error(const smtpc_dkim_t *dkim);

/**
 * Sign on behalf of @a identity: `user@domain` or `@domain`, where domain is
 * that of the signer or below it. NULL: say nothing about it, which means
 * `@domain`.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     it is neither, or of another domain
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_identity(smtpc_dkim_t *dkim,
                                                    const char *identity)
    SMTPC_WARN_UNUSED;

/**
 * Let signatures expire @a seconds (0 ... 10 years) after they were made; 0,
 * as at first: never. Mail waits in queues for days.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     out of range
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_expire(smtpc_dkim_t *dkim,
                                                  apr_int64_t seconds)
    SMTPC_WARN_UNUSED;

/**
 * Sign the header fields @a names, separated by blanks, commas or colons:
 * every instance that is there and one that is not, so that nobody can add
 * one later. NULL: the default.
 *
 * By default that is done with From, Reply-To, Subject, Date, To, Cc,
 * Message-ID, In-Reply-To, References, MIME-Version, Content-Type and
 * Content-Transfer-Encoding; with Sender, List-Unsubscribe and
 * List-Unsubscribe-Post if there is one; and List-Id, List-Help, List-Owner,
 * List-Subscribe, List-Post and List-Archive are signed as they are.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not field names; From is missing; or a field that
 *                        others write: DKIM-Signature, Received,
 *                        Return-Path, Bcc
 *         SMTPC_ELIMIT   more than SMTPC_LIMIT_DKIM_NAMES
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_dkim_set_headers(smtpc_dkim_t *dkim,
                                                   const char *names)
    SMTPC_WARN_UNUSED;

/** Return the domain in lower case, A-labels. */
SMTPC_DECLARE(const char *) smtpc_dkim_domain(const smtpc_dkim_t *dkim);
/** Return the selector. */
SMTPC_DECLARE(const char *) smtpc_dkim_selector(const smtpc_dkim_t *dkim);
/** Return "rsa-sha256" or "ed25519-sha256". */
SMTPC_DECLARE(const char *) smtpc_dkim_algorithm(const smtpc_dkim_t *dkim);

/** Return a sentence on why receivers may not trust this key, such as an RSA
 *  key below 2048 bits, or "". @since 0.1 */
SMTPC_DECLARE(const char *) smtpc_dkim_warning(const smtpc_dkim_t *dkim);

/**
 * Return in @a pool the text of the TXT record to publish for @a dkim:
 * "v=DKIM1; k=...; p=...". NULL if OpenSSL cannot write the key. @since 0.1
 */
SMTPC_DECLARE(const char *) smtpc_dkim_record(const smtpc_dkim_t *dkim,
                                              apr_pool_t *pool);

SMTPC_END_DECLS

#endif
