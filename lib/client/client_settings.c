/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_settings.c: settings of a client, checked when they are set.
 *
 * A value is checked before anything is changed. Names of hosts are kept as
 * they were given, for reading back, and in the form that goes on the wire.
 * A wrong path is told to who sets it and not to who sends the first mail;
 * what is in the files, smtpc_client_check() tells. Setting the same thing
 * again and again does not use up memory.
 */

#include "client/client_int.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "model/address_int.h"

/** Room in the error text for a value that was refused. */
#define QUOTED 80

/* What the files of the settings share. */

const char *smtpc__client_keep(smtpc_client_t *client,
                               smtpc_client_text_e which, const char *text)
{
    smtpc_client_text_t *place = &client->texts[which];
    apr_size_t size;

    if (!text) {
        return NULL;
    }
    size = strlen(text) + 1;
    if (size > place->size) {
        /* At least twice as much: the sum of all is bounded by the last. */
        place->size = size > 2 * place->size ? size : 2 * place->size;
        place->data = apr_palloc(client->pool, place->size);
    }
    memmove(place->data, text, size);
    return place->data;
}

const char *smtpc__client_quoted(smtpc_client_t *client, const char *text)
{
    return smtpc__escape(text, strlen(text), QUOTED, 0, client->scratch);
}

apr_status_t smtpc__client_setter_begin(smtpc_client_t *client)
{
    apr_status_t rv = smtpc__client_begin(client);

    if (rv == APR_SUCCESS) {
        (void)smtpc__client_scratch(client);
    }
    return rv;
}

apr_status_t smtpc__client_profile_end(smtpc_client_t *client,
                                       apr_status_t status)
{
    if (status == APR_SUCCESS) {
        client->route_count = 0;
    }
    return smtpc__client_end(client, status);
}

int smtpc__client_text_valid(const char *text, apr_size_t max)
{
    apr_size_t len = strlen(text);

    return len > 0 && len <= max && smtpc__utf8_valid(text, len)
           && smtpc__find_control(text, len) == len;
}

apr_status_t smtpc__client_load_secret(const smtpc_secret_t **secret,
                                       apr_pool_t **secret_pool,
                                       smtpc_client_t *client,
                                       const char *reference)
{
    smtpc_secret_t *loaded;
    const char *why = "";
    apr_pool_t *pool;
    apr_status_t rv = apr_pool_create(&pool, client->pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_secret_load(&loaded, &why, reference, pool);
    if (rv != APR_SUCCESS) {
        (void)smtpc__client_fail(client, rv, "%s", why);
        apr_pool_destroy(pool);
        return rv;
    }
    *secret = loaded;
    *secret_pool = pool;
    return APR_SUCCESS;
}

apr_status_t smtpc__client_check_host(const char **normal,
                                      smtpc_client_t *client,
                                      const char *host)
{
    apr_status_t rv;

    if (!host || *host == '\0') {
        return smtpc__client_fail(client, SMTPC_EARG, "the host is empty");
    }
    rv = smtpc__host_check(normal, host, client->scratch);
    if (rv == APR_ENOMEM) {
        return smtpc__client_fail(client, rv, "no memory to look at the host "
                                  "\"%s\"",
                                  smtpc__client_quoted(client, host));
    }
    if (rv != APR_SUCCESS) {
        return smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not a host "
                                  "name or IP address",
                                  smtpc__client_quoted(client, host));
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__client_check_name(const char **normal,
                                      smtpc_client_t *client,
                                      const char *name)
{
    *normal = NULL;
    return name ? smtpc__client_check_host(normal, client, name)
                : APR_SUCCESS;
}

/* Host and port. */

SMTPC_DECLARE(apr_status_t) smtpc_client_set_host(smtpc_client_t *client,
                                                  const char *host)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_check_host(&normal, client, host);
    if (rv == APR_SUCCESS) {
        client->host = smtpc__client_keep(client, SMTPC_TEXT_HOST, host);
        client->draft.host =
            smtpc__client_keep(client, SMTPC_TEXT_HOST_NAME, normal);
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_port(smtpc_client_t *client,
                                                  int port)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (port < 1 || port > 65535) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a port: 1 ... "
                                "65535", port);
    }
    else {
        client->draft.port = port;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_security(smtpc_client_t *client, smtpc_security_e security)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)security > SMTPC_SECURITY_IMPLICIT) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_security_e", (int)security);
    }
    else {
        client->draft.security = security;
    }
    return smtpc__client_profile_end(client, rv);
}

/* An address goes into EHLO as a literal, RFC 5321 4.1.3. */
static const char *hello_form(const char *normal, apr_pool_t *pool)
{
    char first;

    if (!normal) {
        return NULL;
    }
    if (strchr(normal, ':')) {
        return apr_pstrcat(pool, "[IPv6:", normal, "]", NULL);
    }
    /* No top-level domain is all digits. */
    first = strrchr(normal, '.') ? strrchr(normal, '.')[1] : '\0';
    if (first >= '0' && first <= '9') {
        return apr_pstrcat(pool, "[", normal, "]", NULL);
    }
    return normal;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_hello_name(smtpc_client_t *client, const char *name)
{
    const char *normal;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__client_check_name(&normal, client, name);
    if (rv == APR_SUCCESS) {
        client->hello_name = smtpc__client_keep(client, SMTPC_TEXT_HELLO,
                                                name);
        client->draft.hello_name =
            smtpc__client_keep(client, SMTPC_TEXT_HELLO_NAME,
                               hello_form(normal, client->scratch));
    }
    return smtpc__client_profile_end(client, rv);
}

/* What is not in the server profile. */

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_timeout(smtpc_client_t *client, apr_interval_time_t timeout)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (timeout <= 0 || timeout > SMTPC_LIMIT_TIMEOUT) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "the timeout has to be "
                                "more than nothing and at most %d days",
                                (int)(SMTPC_LIMIT_TIMEOUT
                                      / apr_time_from_sec(86400)));
    }
    else {
        client->timeout = timeout;
    }
    return smtpc__client_end(client, rv);
}

static apr_status_t set_from(smtpc_client_t *client, const char *text)
{
    smtpc_address_t *address = NULL;
    apr_pool_t *pool = NULL;
    const char *why = "";
    apr_status_t rv = APR_SUCCESS;

    if (text) {
        rv = apr_pool_create(&pool, client->pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        rv = smtpc_address_try(&address, &why, text, pool);
    }
    if (rv != APR_SUCCESS) {
        (void)smtpc__client_fail(client, rv, "%s", why);
        apr_pool_destroy(pool);
        return rv;
    }
    if (client->from_pool) {
        apr_pool_destroy(client->from_pool);
    }
    client->from_pool = pool;
    client->from = address;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_client_set_from(smtpc_client_t *client,
                                                  const char *address)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    return smtpc__client_end(client, set_from(client, address));
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_delivery(smtpc_client_t *client, smtpc_delivery_e delivery)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)delivery > SMTPC_DELIVER_PICKUP) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_delivery_e", (int)delivery);
    }
    else {
        client->delivery = delivery;
    }
    return smtpc__client_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_delivery_format(smtpc_client_t *client,
                                 smtpc_delivery_format_e format)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)format > SMTPC_FORMAT_INTERNATIONAL) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_delivery_format_e", (int)format);
    }
    else {
        client->format = format;
    }
    return smtpc__client_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_pickup_directory(smtpc_client_t *client, const char *path)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (path
        && (*path != '/' || !smtpc__utf8_valid(path, strlen(path))
            || smtpc__find_control(path, strlen(path)) != strlen(path))) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "the pickup directory "
                                "\"%s\" is not an absolute path of "
                                "printable UTF-8",
                                smtpc__client_quoted(client, path));
    }
    else {
        client->pickup_directory = smtpc__client_keep(client,
                                                      SMTPC_TEXT_PICKUP, path);
    }
    return smtpc__client_end(client, rv);
}

/* Reading back. */

SMTPC_DECLARE(const char *) smtpc_client_host(const smtpc_client_t *client)
{
    return client->host;
}

SMTPC_DECLARE(int) smtpc_client_port(const smtpc_client_t *client)
{
    return client->draft.port;
}

SMTPC_DECLARE(smtpc_security_e)
smtpc_client_security(const smtpc_client_t *client)
{
    return smtpc__server_security(&client->draft);
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_timeout(const smtpc_client_t *client)
{
    return client->timeout;
}

SMTPC_DECLARE(const char *)
smtpc_client_hello_name(const smtpc_client_t *client)
{
    return client->hello_name;
}

SMTPC_DECLARE(const smtpc_address_t *)
smtpc_client_from(const smtpc_client_t *client)
{
    return client->from;
}

SMTPC_DECLARE(smtpc_delivery_e)
smtpc_client_delivery(const smtpc_client_t *client)
{
    return client->delivery;
}

SMTPC_DECLARE(smtpc_delivery_format_e)
smtpc_client_delivery_format(const smtpc_client_t *client)
{
    return client->format;
}

SMTPC_DECLARE(const char *)
smtpc_client_pickup_directory(const smtpc_client_t *client)
{
    return client->pickup_directory;
}
