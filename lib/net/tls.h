/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_NET_TLS_H
#define SMTPC_NET_TLS_H

/**
 * @file tls.h
 * TLS 1.2 or 1.3 over any transport, by OpenSSL. Verification is on unless
 * the policy says otherwise for this connection; there is no global switch.
 * RFC 8314, RFC 9325, RFC 9525.
 *
 * As a transport: a stream that ends without close_notify is SMTPC_ECONNECT,
 * never APR_EOF; what a write took may still wait inside, then the events to
 * poll for have APR_POLLOUT, and the next read or write sends it.
 */

#include <smtpclient/env.h>
#include <smtpclient/security.h>

#include "net/transport.h"

/** What TLS has to be like. Pins and TLSA records count with verify alone.
 *  Strings are borrowed for the life of the
 *  connection. */
typedef struct smtpc_tls_policy_t {
    const char *host;            /**< name or IP the certificate must be for */
    int port;                    /**< for sentences; 0: none */
    int implicit;                /**< TLS from the first byte: likewise */
    const char *ca_file;         /**< PEM, or NULL */
    const char *ca_directory;    /**< hashed, or NULL; both NULL: system */
    const char *crl_file;        /**< PEM, or NULL: nobody is revoked */
    const char *certificate;     /**< client certificate chain, or NULL */
    const char *certificate_key; /**< its key, NULL: same file */
    smtpc_tls_version_e version; /**< at least */
    const char *ciphers;         /**< TLS 1.2, OpenSSL's list, or NULL */
    const char *suites;          /**< TLS 1.3, likewise */
    const char *groups;          /**< for key exchange, likewise */
    const char *pins;            /**< of tls_pin.h, or NULL: any key */
    const char *tlsa;            /**< of tls_dane.h: they alone say which
                                      certificate is good; NULL: the
                                      authorities do */
    const char *key;             /**< identifies all above but for tlsa:
                                      contexts are shared under it for the
                                      life of the env */
    const char *session_key;     /**< connections with the same one may resume
                                      each other's sessions if all above is
                                      the same, too: profile, host and port;
                                      NULL: none does */
    int verify;                  /**< 0: opportunistic, accept any peer */
} smtpc_tls_policy_t;

/** What was agreed. Strings are static or live with the connection. */
typedef struct smtpc_tls_facts_t {
    const char *protocol; /**< "TLSv1.3" */
    const char *cipher;   /**< suite name */
    int verified;         /**< the peer is who the policy says */
    int resumed;          /**< an earlier session: it was verified then */
} smtpc_tls_facts_t;

/** A TLS connection. */
typedef struct smtpc_tls_t smtpc_tls_t;

/**
 * Create @a *tls over @a under in @a pool; nothing is sent yet. @a *why says
 * in @a pool what is wrong with the policy's files and lists.
 *
 * @return APR_SUCCESS
 *         SMTPC_ETLS   a file is unusable, or a list of ciphers, groups or
 *                      TLSA records has nothing that can be used
 */
apr_status_t smtpc__tls_create(smtpc_tls_t **tls, const char **why,
                               smtpc_transport_t *under,
                               const smtpc_tls_policy_t *policy,
                               smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Check @a policy 's files and lists as smtpc__tls_create() does, without a connection
 * and without keeping anything: for setters and configuration tests. Host and
 * key are not looked at. Statuses and @a *why as there.
 */
apr_status_t smtpc__tls_check(const char **why,
                              const smtpc_tls_policy_t *policy,
                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Go on with the handshake: APR_SUCCESS, APR_EAGAIN (poll for @a *events),
 *  or SMTPC_ETLS / SMTPC_ECONNECT (the connection broke), see
 *  smtpc__transport_error(). */
apr_status_t smtpc__tls_handshake(smtpc_tls_t *tls, apr_int16_t *events)
    SMTPC_WARN_UNUSED;

/** Set @a *facts; only after the handshake. */
void smtpc__tls_facts(smtpc_tls_facts_t *facts, smtpc_tls_t *tls);

/** Write what binds a login to @a tls to @a data, whose size is @a *len, set
 *  @a *len, and return its name: "tls-exporter" with TLS 1.3 (RFC 9266),
 *  "tls-unique" with 1.2 (RFC 5929); NULL if there is none that is safe. Only
 *  after the handshake. */
const char *smtpc__tls_binding(unsigned char *data, apr_size_t *len,
                               smtpc_tls_t *tls);

/** Return @a tls as a transport, which closes the one under it too. */
smtpc_transport_t *smtpc__tls_transport(smtpc_tls_t *tls);

#endif
