/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_VERIFY_H
#define SMTPC_NET_TLS_VERIFY_H

/**
 * @file tls_verify.h
 * Which certificates are good, and why one is not, in an operator's words.
 * RFC 9525, RFC 7817.
 */

#include <openssl/ssl.h>
#include <smtpclient/status.h>

#include "base/limits.h"
#include "net/tls.h"
#include "net/tls_pin.h"

struct smtpc_tls_keeper_t;

/** What was wrong with a certificate: OpenSSL forgets the certificate when
 *  it fails the handshake. Texts are escaped. It is the application data of
 *  its SSL, which has room for one pointer. */
typedef struct smtpc_tls_fault_t {
    int error;                                   /**< X509_V_ERR_*, 0: none */
    int depth;                                   /**< 0: the server's own */
    char subject[SMTPC_LIMIT_CERTIFICATE_TEXT];  /**< whose it is */
    char issuer[SMTPC_LIMIT_CERTIFICATE_TEXT];   /**< who signed it */
    char names[SMTPC_LIMIT_CERTIFICATE_TEXT];    /**< what it is for, or "" */
    char from[16];                               /**< YYYY-MM-DD */
    char until[16];                              /**< YYYY-MM-DD */
    int bits;                                    /**< of its key */
    char pin[SMTPC_TLS_PIN_SIZE];                /**< of its key */
    unsigned long lack;                          /**< OpenSSL's error if
                                                      authorities could not
                                                      be read, or 0 */
    const char *pins;                            /**< wanted, or NULL */
    smtpc_tls_version_e version;                 /**< wanted at least */
    const struct smtpc_tls_keeper_t *keeper;     /**< of tls_session.c, or
                                                      NULL */
} smtpc_tls_fault_t;

/** Make @a ssl accept only a certificate chain for the host of @a policy (a
 *  name, or an IP address that must be in a SAN iPAddress), or one that its
 *  TLSA records are for, whose key is one of its pins if it has any; and send
 *  SNI for a name. @a fault outlives @a ssl and is filled when a certificate
 *  is refused. SMTPC_ETLS if OpenSSL does not take host or records. */
apr_status_t smtpc__tls_verify_setup(SSL *ssl,
                                     const smtpc_tls_policy_t *policy,
                                     smtpc_tls_fault_t *fault)
    SMTPC_WARN_UNUSED;

/** Send SNI for @a host, if it is a name, and accept any certificate: for
 *  opportunistic TLS. */
void smtpc__tls_verify_none(SSL *ssl, const char *host);

/** Return what this process lacks, in the system's words in @a pool, if that
 *  is what the error @a code of OpenSSL's is about, or NULL. */
const char *smtpc__tls_lack(unsigned long code, apr_pool_t *pool);

/** Return one sentence in @a pool on why the handshake with @a host failed,
 *  from @a fault or OpenSSL's error queue, which is emptied: what is wrong
 *  and what to do. */
const char *smtpc__tls_verify_reason(const smtpc_tls_fault_t *fault,
                                     const char *host, apr_pool_t *pool);

#endif
