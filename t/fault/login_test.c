/* SPDX-License-Identifier: Apache-2.0 */
/*
 * login_test.c: mails that have to get through a proxy or a login first, while
 * each call that can fail does. That a fault of this machine is never taken
 * for wrong credentials, fault_judge() knows.
 */

#include <apr_strings.h>

#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "fault.h"
#include "proto/sasl.h"
#include "world.h"

static const char *token_reference;
#ifdef SMTPC_WITH_GSASL
static sasl_server_t sasl = { .password = "s3cret" };
#endif

/* The challenge of MS-NLMP 4.2.2, in base64. */
#define NTLM_CHALLENGE \
    "TlRMTVNTUAACAAAAAAAAADgAAAABAgAAASNFZ4mrze8AAAAAAAAAAAAAAAAAAAAAAAAAAAAA" \
    "AAA="

static apr_status_t set_login(world_t *world)
{
    apr_status_t rv = smtpc_client_set_credentials(world->client, "ann",
                                                   "s3cret");

    /* Some are used only if they are named. */
    rv = THEN(smtpc_client_set_auth_mechanisms(world->client,
                                               world->way->front.mechanisms));
    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_NONE));
}

static apr_status_t set_token(world_t *world)
{
    apr_status_t rv = smtpc_client_set_token(world->client, "ann",
                                             token_reference);

    return THEN(smtpc_client_set_security(world->client,
                                          SMTPC_SECURITY_NONE));
}

static apr_status_t set_proxy(world_t *world)
{
    smtpc_proxy_e proxy = world->way->front.proxy == FRONT_HTTP
                              ? SMTPC_PROXY_HTTP : SMTPC_PROXY_SOCKS5;
    /* Nobody asks for this name but the proxy. */
    apr_status_t rv = smtpc_client_set_host(world->client, "192.0.2.1");

    rv = THEN(smtpc_client_set_proxy(world->client, proxy, "127.0.0.1",
                                     peer_port(world->peer)));
    if (world->way->front.proxy_login) {
        rv = THEN(smtpc_client_set_proxy_credentials(world->client, "ann",
                                                     "s3cret"));
    }
    return rv;
}

static const way_t ways[] = {
    { .name = "SOCKS", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .proxy = FRONT_SOCKS5 }, .set = set_proxy,
      .send = world_send_each },
    { .name = "SOCKS with a password", .extensions = "PIPELINING",
      .mails = 1, .rcpts = 1,
      .front = { .proxy = FRONT_SOCKS5, .proxy_login = 1 }, .set = set_proxy,
      .send = world_send_each },
    { .name = "HTTP proxy", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .front = { .proxy = FRONT_HTTP }, .set = set_proxy,
      .send = world_send_each },
    { .name = "HTTP proxy with a password", .extensions = "PIPELINING",
      .mails = 1, .rcpts = 1,
      .front = { .proxy = FRONT_HTTP, .proxy_login = 1 }, .set = set_proxy,
      .send = world_send_each },
    { .name = "AUTH PLAIN", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .front = { .mechanisms = "PLAIN" }, .set = set_login,
      .send = world_send_each },
    { .name = "XOAUTH2", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .mechanisms = "XOAUTH2" }, .set = set_token,
      .send = world_send_each },
};

#ifdef SMTPC_WITH_GSASL
static const way_t ways_of_gsasl[] = {
    { .name = "SCRAM", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .mechanisms = "SCRAM-SHA-256", .sasl = &sasl },
      .set = set_login, .send = world_send_each },
    { .name = "CRAM-MD5", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .front = { .mechanisms = "CRAM-MD5", .sasl = &sasl },
      .set = set_login, .send = world_send_each },
};
#endif

static const way_t ntlm = {
    .name = "NTLM", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
    .front = { .mechanisms = "NTLM", .challenge = NTLM_CHALLENGE },
    .set = set_login, .send = world_send_each
};

int main(void)
{
    token_reference = apr_pstrcat(
        tap_pool(), "file:", dkim_support_file("t0ken\n", 0600, tap_pool()),
        NULL);
    world_run(ways, sizeof(ways) / sizeof(ways[0]));
#ifdef SMTPC_WITH_GSASL
    world_run(ways_of_gsasl,
              sizeof(ways_of_gsasl) / sizeof(ways_of_gsasl[0]));
#endif
    if (smtpc__sasl_built() & SMTPC_MECH_NTLM) {
        world_run(&ntlm, 1);
    }
    return tap_done();
}
