/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_PEER_TLS_H
#define T_SUPPORT_PEER_TLS_H

/**
 * @file peer_tls.h
 * A certificate authority that lives as long as a test, and servers with
 * certificates of every good and bad kind.
 */

#include <apr_pools.h>
#include <openssl/ssl.h>

/** A certificate authority. */
typedef struct peer_ca_t peer_ca_t;

/** What a certificate is to be like; all zero is a good one without names. */
typedef struct peer_cert_t {
    const char *names;    /**< subjectAltName as openssl.cnf has it:
                               "DNS:mail.test,IP:127.0.0.1", or NULL */
    const char *cn;       /**< common name, NULL: "peer" */
    long from;            /**< days from now, 0: yesterday */
    long until;           /**< days from now, 0: tomorrow */
    int self_signed;
    const char *usage;    /**< extendedKeyUsage, NULL: serverAuth */
    int small;            /**< RSA key of 1024 bits */
    int no_cn;            /**< the subject is O=Peer alone */
    int bad_date;         /**< notAfter is no date */
    int sha1;             /**< signed with SHA-1 */
    const char *raw_name; /**< one dNSName of these bytes, with a NUL in the
                               middle where it has a '|' */
    int show_ca;          /**< the server sends the CA's certificate, too */
    int min_version;      /**< of the server, 0: any */
    const char *ciphers;  /**< of the server up to TLS 1.2, NULL: all */
    int anonymous;        /**< the server has no certificate at all */
    int max_version;      /**< of the server: TLS1_2_VERSION ..., 0: any */
    int ask_client;       /**< the server wants a certificate of this CA */
} peer_cert_t;

/** Make a CA called @a name that ends with @a pool. */
peer_ca_t *peer_ca_create(const char *name, apr_pool_t *pool);

/** As peer_ca_create(), but the CA expired yesterday. */
peer_ca_t *peer_ca_create_old(const char *name, apr_pool_t *pool);

/** Write the certificate of @a ca to a new file that goes with @a pool;
 *  return its path. */
const char *peer_ca_file(peer_ca_t *ca, apr_pool_t *pool);

/** Make a context for servers that show a certificate as @a cert says, signed
 *  by @a ca; it ends with @a pool. */
SSL_CTX *peer_ca_server(peer_ca_t *ca, const peer_cert_t *cert,
                        apr_pool_t *pool);

/** Write a list of revocations of @a ca, good for @a days from now, that has
 *  the certificate of @a server (NULL: none), to a new file that goes with
 *  @a pool; return its path. With @a path that file is written instead. */
const char *peer_ca_crl_file(peer_ca_t *ca, const SSL_CTX *server, long days,
                             const char *path, apr_pool_t *pool);

/** Return "sha256//" and the base64 of the SHA-256 of the public key of
 *  @a server. */
const char *peer_pin(const SSL_CTX *server, apr_pool_t *pool);

/** Return a TLSA record for the certificate of @a server, or, with @a ca not
 *  NULL, that of @a ca, as a zone file has it. */
const char *peer_tlsa(const SSL_CTX *server, peer_ca_t *ca, int usage,
                      int selector, int type, apr_pool_t *pool);

/** Write a certificate as @a cert says, and its key, to a new file that goes
 *  with @a pool; return its path. */
const char *peer_ca_client_file(peer_ca_t *ca, const peer_cert_t *cert,
                                apr_pool_t *pool);

#endif
