/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_route.c: where the connections of a client go.
 *
 * Checked, kept and read back as in client_settings.c. Whether a host, a
 * socket or a proxy is there, the first connection finds out. What XCLIENT
 * says is given to the writer of commands once, so that a value that it would
 * refuse is told to who sets it.
 */

#include "client/client_int.h"

#include <string.h>

#include <apr_strings.h>

#include "base/buf.h"
#include "base/hostname.h"
#include "base/limits.h"
#include "model/address_int.h"
#include "proto/command.h"

/* Hosts. */

/* Make room for hosts, in memory that goes when they are cleared. */
static apr_status_t make_hosts(smtpc_client_t *client)
{
    apr_status_t rv;

    if (client->hosts) {
        return APR_SUCCESS;
    }
    rv = apr_pool_create(&client->hosts_pool, client->pool);
    if (rv == APR_SUCCESS) {
        client->hosts = apr_array_make(client->hosts_pool,
                                       SMTPC_LIMIT_HOSTS - 1,
                                       sizeof(smtpc_client_host_t));
    }
    return rv;
}

static apr_status_t add_host(smtpc_client_t *client, const char *host,
                             int port)
{
    smtpc_client_host_t *made;
    const char *normal;
    apr_status_t rv = smtpc__client_check_host(&normal, client, host);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (port < 0 || port > 65535) {
        return smtpc__client_fail(client, SMTPC_EARG, "%d is not a port: 1 "
                                  "... 65535, or 0", port);
    }
    if (smtpc_client_host_count(client) == SMTPC_LIMIT_HOSTS) {
        return smtpc__client_fail(client, SMTPC_ELIMIT, "a client has at "
                                  "most %d hosts", SMTPC_LIMIT_HOSTS);
    }
    rv = make_hosts(client);
    if (rv == APR_SUCCESS) {
        made = apr_array_push(client->hosts);
        made->host = apr_pstrdup(client->hosts_pool, host);
        made->normal = apr_pstrdup(client->hosts_pool, normal);
        made->port = port;
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_add_host(smtpc_client_t *client,
                                                  const char *host, int port)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return smtpc__client_profile_end(client, add_host(client, host, port));
}

SMTPC_DECLARE(apr_status_t) smtpc_client_clear_hosts(smtpc_client_t *client)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (client->hosts) {
        apr_pool_destroy(client->hosts_pool);
        client->hosts_pool = NULL;
        client->hosts = NULL;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_host_order(smtpc_client_t *client, smtpc_host_order_e order)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)order > SMTPC_HOSTS_ROUND_ROBIN) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_host_order_e", (int)order);
    }
    else {
        client->host_order = order;
    }
    return smtpc__client_profile_end(client, rv);
}

/* The ends of a connection. */

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_unix_socket(smtpc_client_t *client, const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (path
        && (*path != '/'
            || !smtpc__client_text_valid(path, SMTPC_LIMIT_UNIX_PATH))) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "the socket \"%s\" is not "
                                "an absolute path of printable UTF-8 with at "
                                "most %d bytes",
                                smtpc__client_quoted(client, path),
                                SMTPC_LIMIT_UNIX_PATH);
    }
    else {
        client->draft.unix_path =
            smtpc__client_keep(client, SMTPC_TEXT_UNIX_SOCKET, path);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Set *normal to ip without brackets, NULL for NULL. */
static apr_status_t check_ip(const char **normal, smtpc_client_t *client,
                             const char *ip)
{
    *normal = NULL;
    if (ip
        && (smtpc__host_check(normal, ip, client->scratch) != APR_SUCCESS
            || smtpc__ip_version(*normal) == 0)) {
        return smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not an IP "
                                  "address", smtpc__client_quoted(client, ip));
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_local_address(smtpc_client_t *client, const char *ip)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_ip(&normal, client, ip);
    if (rv == APR_SUCCESS) {
        client->draft.local_address =
            smtpc__client_keep(client, SMTPC_TEXT_LOCAL_ADDRESS, normal);
    }
    return smtpc__client_profile_end(client, rv);
}

/* The proxy. */

/* Set *normal to the name of the proxy's host for the wire. */
static apr_status_t check_proxy(const char **normal, smtpc_client_t *client,
                                smtpc_proxy_e proxy, const char *host,
                                int port)
{
    *normal = NULL;
    if ((unsigned int)proxy > SMTPC_PROXY_HTTP) {
        return smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                  "smtpc_proxy_e", (int)proxy);
    }
    if (proxy == SMTPC_PROXY_NONE) {
        return !host && port == 0
                   ? APR_SUCCESS
                   : smtpc__client_fail(client, SMTPC_EARG, "a host or port "
                                        "of a proxy, but no kind of it");
    }
    if (port < 1 || port > 65535) {
        return smtpc__client_fail(client, SMTPC_EARG, "%d is not a port: 1 "
                                  "... 65535", port);
    }
    return smtpc__client_check_host(normal, client, host);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_proxy(smtpc_client_t *client, smtpc_proxy_e proxy,
                       const char *host, int port)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_proxy(&normal, client, proxy, host, port);
    if (rv == APR_SUCCESS) {
        client->draft.proxy = proxy;
        client->draft.proxy_port = port;
        client->proxy_host = smtpc__client_keep(client, SMTPC_TEXT_PROXY_HOST,
                                                host);
        client->draft.proxy_host =
            smtpc__client_keep(client, SMTPC_TEXT_PROXY_HOST_NAME, normal);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Take user and secret, whose memory is secret_pool, or NULL for all. */
static void take_proxy_credentials(smtpc_client_t *client, const char *user,
                                   const smtpc_secret_t *secret,
                                   apr_pool_t *secret_pool)
{
    client->draft.proxy_user = smtpc__client_keep(client,
                                                  SMTPC_TEXT_PROXY_USER,
                                                  user);
    client->draft.proxy_secret = secret;
    if (client->proxy_secret_pool) {
        apr_pool_destroy(client->proxy_secret_pool);
    }
    client->proxy_secret_pool = secret_pool;
}

static apr_status_t load_proxy_credentials(smtpc_client_t *client,
                                           const char *user,
                                           const char *reference)
{
    const smtpc_secret_t *secret;
    apr_pool_t *pool;
    apr_status_t rv;

    if (!smtpc__client_text_valid(user, SMTPC_LIMIT_PROXY_USER)) {
        return smtpc__client_fail(client, SMTPC_EARG, "the user name for the "
                                  "proxy is empty, too long, not UTF-8 or "
                                  "has control characters");
    }
    rv = smtpc__client_load_secret(&secret, &pool, client, reference);
    if (rv == APR_SUCCESS) {
        take_proxy_credentials(client, user, secret, pool);
    }
    return rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_proxy_credentials(smtpc_client_t *client, const char *user,
                                   const char *reference)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!user && !reference) {
        take_proxy_credentials(client, NULL, NULL, NULL);
    }
    else if (!user || !reference) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "credentials need a user "
                                "name and a secret");
    }
    else {
        rv = load_proxy_credentials(client, user, reference);
    }
    return smtpc__client_profile_end(client, rv);
}

/* What is spoken, and for whom. */

SMTPC_DECLARE(apr_status_t) smtpc_client_set_lmtp(smtpc_client_t *client,
                                                  int on)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    client->draft.lmtp = on != 0;
    return smtpc__client_profile_end(client, rv);
}

/* See that text, if it is said, is what an attribute may be. */
static apr_status_t check_attribute(smtpc_client_t *client, const char *name,
                                    const char *text, apr_size_t max)
{
    if (text && !smtpc__client_text_valid(text, max)) {
        return smtpc__client_fail(client, SMTPC_EARG, "%s of XCLIENT, \"%s\", "
                                  "is empty, too long, not UTF-8 or has "
                                  "control characters", name,
                                  smtpc__client_quoted(client, text));
    }
    return APR_SUCCESS;
}

/* See that the command with all of xclient can be written. */
static apr_status_t check_command(smtpc_client_t *client,
                                  const smtpc_xclient_t *xclient)
{
    smtpc_buf_t command;
    apr_status_t rv;

    smtpc__buf_init(&command, SMTPC_LIMIT_COMMAND_LINE, client->scratch);
    rv = smtpc__command_xclient(&command, xclient, ~0u);
    if (rv != APR_SUCCESS) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "XCLIENT %s",
                                rv == SMTPC_EEXTENSION
                                    ? "has nothing to say"
                                    : rv == SMTPC_ELIMIT
                                    ? "is too long for a line of SMTP"
                                    : "has a port that is none");
    }
    return rv;
}

/* Check what *xclient says, and put its addresses into normal form. */
static apr_status_t check_xclient(smtpc_client_t *client,
                                  smtpc_xclient_t *xclient)
{
    apr_status_t rv;

    rv = check_attribute(client, "NAME", xclient->name, SMTPC_LIMIT_HOST);
    if (rv == APR_SUCCESS) {
        rv = check_attribute(client, "HELO", xclient->helo, SMTPC_LIMIT_HOST);
    }
    if (rv == APR_SUCCESS) {
        rv = check_attribute(client, "LOGIN", xclient->login,
                             SMTPC_LIMIT_USER);
    }
    if (rv == APR_SUCCESS) {
        rv = check_ip(&xclient->addr, client, xclient->addr);
    }
    if (rv == APR_SUCCESS) {
        rv = check_ip(&xclient->destaddr, client, xclient->destaddr);
    }
    if (rv == APR_SUCCESS && xclient->proto
        && strcmp(xclient->proto, "SMTP") != 0
        && strcmp(xclient->proto, "ESMTP") != 0) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "PROTO of XCLIENT is "
                                "\"%s\", neither SMTP nor ESMTP",
                                smtpc__client_quoted(client, xclient->proto));
    }
    return rv == APR_SUCCESS ? check_command(client, xclient) : rv;
}

/* Keep a copy of xclient. */
static void take_xclient(smtpc_client_t *client,
                         const smtpc_xclient_t *xclient)
{
    smtpc_xclient_t *own = &client->xclient;

    own->name = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_NAME,
                                   xclient->name);
    own->addr = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_ADDR,
                                   xclient->addr);
    own->port = xclient->port;
    own->proto = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_PROTO,
                                    xclient->proto);
    own->helo = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_HELO,
                                   xclient->helo);
    own->login = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_LOGIN,
                                    xclient->login);
    own->destaddr = smtpc__client_keep(client, SMTPC_TEXT_XCLIENT_DESTADDR,
                                       xclient->destaddr);
    own->destport = xclient->destport;
    client->draft.xclient = own;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_xclient(smtpc_client_t *client,
                         const smtpc_xclient_t *xclient)
{
    smtpc_xclient_t checked;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!xclient) {
        client->draft.xclient = NULL;
        return smtpc__client_profile_end(client, rv);
    }
    checked = *xclient;
    rv = check_xclient(client, &checked);
    if (rv == APR_SUCCESS) {
        take_xclient(client, &checked);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Reading back. */

/* Return host i of those behind the first, or NULL. */
static const smtpc_client_host_t *further_host(const smtpc_client_t *client,
                                               apr_size_t i)
{
    if (i == 0 || i >= smtpc_client_host_count(client)) {
        return NULL;
    }
    return &APR_ARRAY_IDX(client->hosts, i - 1, smtpc_client_host_t);
}

SMTPC_DECLARE(apr_size_t)
smtpc_client_host_count(const smtpc_client_t *client)
{
    return 1 + (client->hosts ? (apr_size_t)client->hosts->nelts : 0);
}

SMTPC_DECLARE(const char *) smtpc_client_host_at(const smtpc_client_t *client,
                                                 apr_size_t i)
{
    const smtpc_client_host_t *further = further_host(client, i);

    if (further) {
        return further->host;
    }
    return i == 0 ? client->host : NULL;
}

SMTPC_DECLARE(int) smtpc_client_port_at(const smtpc_client_t *client,
                                        apr_size_t i)
{
    const smtpc_client_host_t *further = further_host(client, i);

    if (further && further->port != 0) {
        return further->port;
    }
    return i == 0 || further ? client->draft.port : 0;
}

SMTPC_DECLARE(smtpc_host_order_e)
smtpc_client_host_order(const smtpc_client_t *client)
{
    return client->host_order;
}

SMTPC_DECLARE(const char *)
smtpc_client_unix_socket(const smtpc_client_t *client)
{
    return client->draft.unix_path;
}

SMTPC_DECLARE(const char *)
smtpc_client_local_address(const smtpc_client_t *client)
{
    return client->draft.local_address;
}

SMTPC_DECLARE(smtpc_proxy_e) smtpc_client_proxy(const smtpc_client_t *client)
{
    return client->draft.proxy;
}

SMTPC_DECLARE(const char *)
smtpc_client_proxy_host(const smtpc_client_t *client)
{
    return client->proxy_host;
}

SMTPC_DECLARE(int) smtpc_client_proxy_port(const smtpc_client_t *client)
{
    return client->draft.proxy_port;
}

SMTPC_DECLARE(const char *)
smtpc_client_proxy_user(const smtpc_client_t *client)
{
    return client->draft.proxy_user;
}

SMTPC_DECLARE(int) smtpc_client_lmtp(const smtpc_client_t *client)
{
    return client->draft.lmtp;
}

SMTPC_DECLARE(const smtpc_xclient_t *)
smtpc_client_xclient(const smtpc_client_t *client)
{
    return client->draft.xclient;
}
