/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_SERVER_H
#define SMTPC_MODEL_SERVER_H

/**
 * @file server.h
 * The server profile: everything that decides which connection may carry a
 * message. Filled by the client, then frozen; its key covers every field, so
 * a connection is never used for a profile that differs in any.
 */

#include <smtpclient/proxy.h>
#include <smtpclient/result.h>
#include <smtpclient/secret.h>
#include <smtpclient/security.h>

#include "model/xclient.h"

/** A server profile. Immutable once smtpc__server_freeze() made it. */
typedef struct smtpc_server_t {
    const char *host;            /**< A-label name or IP address, no brackets;
                                      with unix_path for TLS and texts only */
    const char *unix_path;       /**< socket in place of host and port, NULL */
    const char *user;            /**< with one of the next three, or NULL */
    const smtpc_secret_t *secret; /**< its password, or NULL */
    const char *token;           /**< reference to its OAuth token, or NULL */
    smtpc_token_fn_t token_fn;   /**< what gives its OAuth token, or NULL */
    void *token_baton;           /**< with token_fn */
    const char *ambient;         /**< credentials that this process has without
                                      being told: "kerberos", or NULL */
    const char *mechanisms;      /**< SASL names by preference, NULL: all */
    const char *target_name;     /**< SPN for SASL; NULL: from the host */
    const char *hello_name;      /**< EHLO name, never NULL once frozen */
    const char *ca_file;         /**< NULL: system */
    const char *ca_directory;    /**< NULL: system */
    const char *crl_file;        /**< who is revoked; NULL: not checked */
    const char *verify_name;     /**< name in the certificate; NULL: host */
    const char *certificate;     /**< client certificate, or NULL */
    const char *certificate_key; /**< its key; NULL: same file */
    const char *ciphers;         /**< TLS 1.2, OpenSSL's list; NULL: its own */
    const char *cipher_suites;   /**< TLS 1.3, likewise */
    const char *groups;          /**< for key exchange, likewise */
    const char *pins;            /**< of net/tls_pin.h, NULL: any key */
    const char *tlsa;            /**< of net/tls_dane.h, NULL: none given */
    const char *dane_anchor;     /**< file; NULL: the system's */
    const char *dane_resolver;   /**< address; NULL: the system's */
    const char *local_address;   /**< IP address to connect from; NULL: any */
    const char *proxy_host;      /**< with proxy */
    const char *proxy_user;      /**< NULL: the proxy wants no login */
    const smtpc_secret_t *proxy_secret; /**< with proxy_user */
    const smtpc_xclient_t *xclient; /**< whom we speak for, or NULL */
    /** Deadline of each stage; 0: as RFC 5321 4.5.3.2 says. */
    apr_interval_time_t timeouts[SMTPC_STAGE_COUNT];
    apr_interval_time_t acquire_timeout; /**< waiting for a connection; 0: as
                                              long as the operation may */
    apr_interval_time_t idle;    /**< kept without traffic */
    apr_interval_time_t lifetime; /**< kept in all */
    apr_interval_time_t rate_period; /**< of rate; 0: no limit */
    apr_interval_time_t domain_rate_period; /**< of domain_rate; 0: none */
    int port;                    /**< 1 ... 65535 */
    smtpc_security_e security;   /**< never DEFAULT once frozen */
    smtpc_tls_version_e tls_version; /**< at least */
    smtpc_dane_e dane;
    smtpc_proxy_e proxy;
    int proxy_port;
    int lmtp;                    /**< LMTP, not SMTP */
    int masked;                  /**< capabilities not to be used, smtpc_cap_e */
    int depth;                   /**< messages in flight on a connection */
    int max_connections;
    int min_connections;         /**< kept open although idle */
    int max_messages;            /**< per connection; 0: no limit */
    int max_recipients;          /**< per transaction */
    int min_rate;                /**< of content, bytes per second; 0: none */
    int rate;                    /**< messages in rate_period */
    int domain_rate;             /**< and to one domain */
    const char *key;             /**< hash over all of the above, hex */
    const char *tls_key;         /**< hash over the TLS fields, hex */
} smtpc_server_t;

/** Return the security that @a server gets: its own, or the default for its
 *  port, host and credentials. API: smtpc_client_set_security(). */
smtpc_security_e smtpc__server_security(const smtpc_server_t *server);

/** Return what in the TLS settings of @a server does not go together, as a
 *  sentence without the server's name, or NULL. */
const char *smtpc__server_conflict(const smtpc_server_t *server);

/** Return non-zero if there is no mail for @a server without logging in. */
int smtpc__server_logs_in(const smtpc_server_t *server);

/** Return who logs in at @a server, for sentences. */
const char *smtpc__server_login(const smtpc_server_t *server);

/** Return non-zero if @a host is localhost or a loopback address. */
int smtpc__host_is_loopback(const char *host);

/** Set @a *frozen in @a pool to a copy of @a draft with the defaults filled
 *  in (@a hello_name where it has none) and its keys computed. The secrets are
 *  shared with @a draft. */
apr_status_t smtpc__server_freeze(const smtpc_server_t **frozen,
                                  const smtpc_server_t *draft,
                                  const char *hello_name, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Set @a *copy in @a pool to a copy of @a server, which is frozen, that
 *  shares nothing with it: its secrets are copied too. */
apr_status_t smtpc__server_copy(const smtpc_server_t **copy,
                                const smtpc_server_t *server,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
