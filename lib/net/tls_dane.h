/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_DANE_H
#define SMTPC_NET_TLS_DANE_H

/**
 * @file tls_dane.h
 * TLSA records: which certificate, or whose, a server has. A list of them in
 * normal form is "usage selector type hex" separated by ", ". RFC 6698,
 * RFC 7672.
 */

#include <smtpclient/status.h>

struct ssl_st; /* SSL of OpenSSL */

/** A TLSA record: what stands in the DNS. */
typedef struct smtpc_tlsa_t {
    int usage;                 /**< 2: DANE-TA, 3: DANE-EE */
    int selector;              /**< 0: certificate, 1: public key */
    int type;                  /**< 0: all of it, 1: SHA-256, 2: SHA-512 */
    const unsigned char *data;
    apr_size_t len;
} smtpc_tlsa_t;

/** Return why @a record says nothing about a mail server, or NULL if it
 *  does: RFC 7672 3.1. */
const char *smtpc__tlsa_unusable(const smtpc_tlsa_t *record);

/** Set @a record to the @a len bytes at @a data out of the DNS, which it goes
 *  on to use; return why it says nothing, or NULL. */
const char *smtpc__tlsa_read(smtpc_tlsa_t *record, const void *data,
                             apr_size_t len);

/** Return @a record as text in @a pool. */
const char *smtpc__tlsa_text(const smtpc_tlsa_t *record, apr_pool_t *pool);

/**
 * Set @a *normal in @a pool to the normal form of @a text: records as zone
 * files have them, separated by commas or semicolons, with blanks among the
 * hexadecimal digits or without. On failure @a *why is one sentence.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG  something is no record, or one that is not usable;
 *                     there is none, or more than SMTPC_LIMIT_TLSA_RECORDS
 */
apr_status_t smtpc__tlsa_parse(const char **normal, const char **why,
                               const char *text, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Let @a ssl, whose context has DANE, accept what @a records, in normal
 *  form, say of @a host, and nothing else. SMTPC_ETLS if OpenSSL takes none
 *  of them. */
apr_status_t smtpc__tls_dane_setup(struct ssl_st *ssl, const char *host,
                                   const char *records) SMTPC_WARN_UNUSED;

#endif
