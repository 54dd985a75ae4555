/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_ROUTE_H
#define SMTPC_CLIENT_ROUTE_H

/**
 * @file client_route.h
 * Where the connections of a client go: several servers, a Unix socket,
 * through a proxy, from which address; and as what they speak.
 *
 * The setters return what those of client.h do, and what they say. Strings
 * and structures are copied. What was set is read back below; the strings
 * live until the next setter of the same name.
 */

#include <smtpclient/client.h>
#include <smtpclient/proxy.h>
#include <smtpclient/xclient.h>

SMTPC_BEGIN_DECLS

/** Which of several servers is taken. */
typedef enum {
    SMTPC_HOSTS_FAILOVER,   /**< the first that can be reached */
    SMTPC_HOSTS_ROUND_ROBIN /**< each in turn, and the next if it cannot be
                                 reached */
} smtpc_host_order_e;

/**
 * Send to @a host, a domain name or an IP address, too, on @a port (1 ...
 * 65535; 0: the port of @a client). All other settings hold for it as they
 * do for the host of smtpc_client_set_host(), which stays the first.
 *
 * @return also SMTPC_ELIMIT  there are 16 hosts
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t) smtpc_client_add_host(smtpc_client_t *client,
                                                  const char *host, int port)
    SMTPC_WARN_UNUSED;

/** Forget all hosts of @a client but the first. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_clear_hosts(smtpc_client_t *client)
    SMTPC_WARN_UNUSED;

/** Take the hosts in @a order; SMTPC_HOSTS_FAILOVER at first. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_host_order(smtpc_client_t *client, smtpc_host_order_e order)
    SMTPC_WARN_UNUSED;

/**
 * Connect to the Unix socket @a path, which must be absolute, of at most 107
 * bytes, in the place of hosts and ports, and without a proxy; NULL: not. The
 * host is still what the certificate has to be for. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_unix_socket(smtpc_client_t *client, const char *path)
    SMTPC_WARN_UNUSED;

/** Connect from the IP address @a ip of this machine, with brackets or
 *  without; NULL: from any. @since 0.2 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_local_address(smtpc_client_t *client, const char *ip)
    SMTPC_WARN_UNUSED;

/**
 * Connect through the proxy at @a host and @a port (1 ... 65535), which looks
 * up the names of the servers. SMTPC_PROXY_NONE, which it is at first, goes
 * with NULL and 0. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_proxy(smtpc_client_t *client, smtpc_proxy_e proxy,
                       const char *host, int port) SMTPC_WARN_UNUSED;

/**
 * Log in to the proxy as @a user (at most 255 bytes) with the secret that
 * @a reference names, see smtpc_secret_load(), which is called now. NULL,
 * NULL takes the credentials away. They are sent in the clear: that is all
 * that proxies know.
 *
 * @return also what smtpc_secret_load() returns
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_proxy_credentials(smtpc_client_t *client, const char *user,
                                   const char *reference) SMTPC_WARN_UNUSED;

/** Speak LMTP, RFC 2033, if @a on is not 0, and SMTP if it is. @since 0.2 */
SMTPC_DECLARE(apr_status_t) smtpc_client_set_lmtp(smtpc_client_t *client,
                                                  int on) SMTPC_WARN_UNUSED;

/**
 * Tell the server with XCLIENT that @a client speaks for @a xclient, in which
 * something has to be said; NULL: for itself. A server that does not take
 * XCLIENT from this machine gets no mail. @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_xclient(smtpc_client_t *client,
                         const smtpc_xclient_t *xclient) SMTPC_WARN_UNUSED;

/** Return the number of hosts, the first one among them. */
SMTPC_DECLARE(apr_size_t)
smtpc_client_host_count(const smtpc_client_t *client);
/** Return host @a i, 0 being the first, as it was set; NULL: not so many. It
 *  lives until the hosts are cleared, the first until it is set. */
SMTPC_DECLARE(const char *) smtpc_client_host_at(const smtpc_client_t *client,
                                                 apr_size_t i);
/** Return the port of host @a i, or 0: not so many. */
SMTPC_DECLARE(int) smtpc_client_port_at(const smtpc_client_t *client,
                                        apr_size_t i);
/** Return in which order hosts are taken. */
SMTPC_DECLARE(smtpc_host_order_e)
smtpc_client_host_order(const smtpc_client_t *client);
/** Return the path of the Unix socket, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_unix_socket(const smtpc_client_t *client);
/** Return the address to connect from, without brackets, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_local_address(const smtpc_client_t *client);
/** Return the kind of the proxy. */
SMTPC_DECLARE(smtpc_proxy_e) smtpc_client_proxy(const smtpc_client_t *client);
/** Return the host of the proxy, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_proxy_host(const smtpc_client_t *client);
/** Return the port of the proxy, or 0. */
SMTPC_DECLARE(int) smtpc_client_proxy_port(const smtpc_client_t *client);
/** Return the user name for the proxy, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_proxy_user(const smtpc_client_t *client);
/** Return non-zero if LMTP is spoken. */
SMTPC_DECLARE(int) smtpc_client_lmtp(const smtpc_client_t *client);
/** Return whom the client speaks for, or NULL. */
SMTPC_DECLARE(const smtpc_xclient_t *)
smtpc_client_xclient(const smtpc_client_t *client);

SMTPC_END_DECLS

#endif
