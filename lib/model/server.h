/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_SERVER_H
#define SMTPC_MODEL_SERVER_H

/**
 * @file server.h
 * The server profile: everything that decides which connection may carry a
 * message. Filled by the client, then frozen; its key covers every field, so
 * a connection is never used for a profile that differs in any.
 */

#include <smtpclient/secret.h>
#include <smtpclient/security.h>

/** A server profile. Immutable once smtpc__server_freeze() made it. */
typedef struct smtpc_server_t {
    const char *host;            /**< A-label name or IP address, no brackets */
    int port;                    /**< 1 ... 65535 */
    smtpc_security_e security;   /**< never DEFAULT once frozen */
    const char *user;            /**< NULL: no credentials */
    const smtpc_secret_t *secret; /**< with user */
    const char *mechanisms;      /**< SASL names by preference, NULL: all */
    const char *target_name;     /**< SPN for SASL; NULL: from the host */
    const char *hello_name;      /**< EHLO name, never NULL once frozen */
    const char *ca_file;         /**< NULL: system */
    const char *ca_directory;    /**< NULL: system */
    const char *verify_name;     /**< name in the certificate; NULL: host */
    const char *certificate;     /**< client certificate, or NULL */
    const char *certificate_key; /**< its key; NULL: same file */
    const char *key;             /**< hash over all of the above, hex */
    const char *tls_key;         /**< hash over the TLS fields, hex */
} smtpc_server_t;

/** Return the security that @a server gets: its own, or the default for its
 *  port, host and credentials. API: smtpc_client_set_security(). */
smtpc_security_e smtpc__server_security(const smtpc_server_t *server);

/** Return non-zero if @a host is localhost or a loopback address. */
int smtpc__host_is_loopback(const char *host);

/** Set @a *frozen in @a pool to a copy of @a draft with the defaults filled
 *  in (@a hello_name where it has none) and its keys computed. The secret is
 *  shared with @a draft. */
apr_status_t smtpc__server_freeze(const smtpc_server_t **frozen,
                                  const smtpc_server_t *draft,
                                  const char *hello_name, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
