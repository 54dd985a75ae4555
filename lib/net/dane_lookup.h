/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_DANE_LOOKUP_H
#define SMTPC_NET_DANE_LOOKUP_H

/**
 * @file dane_lookup.h
 * TLSA records out of the DNS, validated by libunbound on a thread of its
 * own. RFC 6698 4, RFC 7672 2.
 */

#include <apr_network_io.h>
#include <smtpclient/env.h>

/** What is looked up, and how. Strings are copied. */
typedef struct smtpc_dane_query_t {
    const char *host;     /**< A-label name */
    int port;
    const char *anchor;   /**< file of DNSSEC keys; NULL: the system's */
    const char *resolver; /**< "IP" or "IP@port"; NULL: the system's */
} smtpc_dane_query_t;

/** What is known then. */
typedef enum {
    SMTPC_TLSA_NONE,     /**< there are none, or nobody vouches for them */
    SMTPC_TLSA_UNUSABLE, /**< there are some, but none of use */
    SMTPC_TLSA_USABLE
} smtpc_tlsa_found_e;

/** The answer; strings are in the pool that was given for it. */
typedef struct smtpc_dane_answer_t {
    smtpc_tlsa_found_e found;
    const char *records; /**< usable ones in normal form, see tls_dane.h */
    const char *base;    /**< the name they are for: the host, or what it is
                              an alias of */
} smtpc_dane_answer_t;

/** A look-up under way. */
typedef struct smtpc_dane_lookup_t smtpc_dane_lookup_t;

/** Return non-zero if this library was built with libunbound. */
int smtpc__dane_is_built(void);

/** See that there is a file of DNSSEC keys: @a anchor, or, if that is NULL, the
 *  system's. @a *why is set on failure to one sentence in @a pool. APR_SUCCESS,
 *  or SMTPC_ETLS as smtpc__dane_begin(). */
apr_status_t smtpc__dane_check(const char **why, const char *anchor,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

/**
 * Begin @a *lookup of @a query in @a pool, whose end gives it up. @a *why is
 * set on failure to one sentence in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_ETLS       not built in, or no trust anchor is to be had
 *         SMTPC_ECONNECT   the resolver does not answer: too many look-ups
 *                          were given up already; no thread or memory
 */
apr_status_t smtpc__dane_begin(smtpc_dane_lookup_t **lookup, const char **why,
                               const smtpc_dane_query_t *query,
                               smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return the socket to be polled for reading while smtpc__dane_result() says
 *  APR_EAGAIN. */
apr_socket_t *smtpc__dane_socket(const smtpc_dane_lookup_t *lookup);

/**
 * Set @a answer, with strings in @a pool. @a *why is set on failure to one
 * sentence in @a pool. Never blocks.
 *
 * @return APR_SUCCESS
 *         APR_EAGAIN   not yet
 *         SMTPC_ETEMP  the servers do not answer, or DNSSEC rejects what they
 *                      say: whether there are records is not known
 */
apr_status_t smtpc__dane_result(smtpc_dane_answer_t *answer, const char **why,
                                const smtpc_dane_lookup_t *lookup,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
