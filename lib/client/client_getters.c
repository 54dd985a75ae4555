/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_getters.c: settings of a client, read back as they were set. They
 * take no lock: do not read while another thread sets.
 */

#include "client/client_int.h"

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

SMTPC_DECLARE(const char *) smtpc_client_user(const smtpc_client_t *client)
{
    return client->draft.user;
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_timeout(const smtpc_client_t *client)
{
    return client->timeout;
}

SMTPC_DECLARE(const char *) smtpc_client_ca_file(const smtpc_client_t *client)
{
    return client->draft.ca_file;
}

SMTPC_DECLARE(const char *)
smtpc_client_ca_directory(const smtpc_client_t *client)
{
    return client->draft.ca_directory;
}

SMTPC_DECLARE(const char *)
smtpc_client_verify_name(const smtpc_client_t *client)
{
    return client->verify_name;
}

SMTPC_DECLARE(const char *)
smtpc_client_client_certificate(const smtpc_client_t *client)
{
    return client->draft.certificate;
}

SMTPC_DECLARE(const char *)
smtpc_client_auth_mechanisms(const smtpc_client_t *client)
{
    return client->draft.mechanisms;
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

SMTPC_DECLARE(const char *)
smtpc_client_pickup_directory(const smtpc_client_t *client)
{
    return client->pickup_directory;
}
