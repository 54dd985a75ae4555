/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_test.c: mails of every kind, sent in every way over connections that
 * nothing is in front of, while each call that can fail does.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "fault.h"
#include "world.h"

static const char *body_file; /* as mail 0 has it */
static const char *eml_file;  /* mail 0 */
static smtpc_dkim_t *signer;

/* How they are sent. */

static apr_status_t send_and_cancel(world_t *world)
{
    apr_status_t rv = world_start_async(world);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_client_cancel(world->client);
    (void)async_wait(&world->async, 1);
    rv = THEN(world->async.status);
    return rv == SMTPC_ECANCELLED || rv == SMTPC_EINDOUBT ? APR_SUCCESS : rv;
}

/* The mail is made in the call. */
static apr_status_t send_text(world_t *world)
{
    smtpc_result_t *result = NULL;
    apr_status_t rv = smtpc_client_send_text(&result, world->client,
                                             "m0@s.example",
                                             "m0-0@d0.example", "m0",
                                             "Hello\nend of m0\n",
                                             world->pool);

    world_note(world, 0, result);
    return rv;
}

/* The mail is a file. */
static apr_status_t send_raw(world_t *world)
{
    smtpc_source_t *source = NULL;
    smtpc_result_t *result = NULL;
    apr_status_t rv = smtpc_source_create_file(&source, eml_file,
                                               world->pool);

    rv = THEN(smtpc_client_send_raw(&result, world->client, source, NULL,
                                    NULL, world->pool));
    world_note(world, 0, result);
    return rv;
}

/* What is special. */

static apr_status_t set_lmtp(world_t *world)
{
    return smtpc_client_set_lmtp(world->client, 1);
}

static apr_status_t set_unix(world_t *world)
{
    apr_status_t rv = smtpc_client_set_unix_socket(world->client,
                                                   peer_path(world->peer));

    return THEN(set_lmtp(world));
}

static apr_status_t set_failover(world_t *world)
{
    apr_status_t rv = smtpc_client_set_host(world->client, "localhost");

    rv = THEN(smtpc_client_set_port(world->client, world->idle_port));
    return THEN(smtpc_client_add_host(world->client, "127.0.0.1",
                                      peer_port(world->peer)));
}

/* Two transactions for four recipients. */
static apr_status_t set_portions(world_t *world)
{
    return smtpc_client_set_recipients_per_transaction(world->client, 2);
}

static apr_status_t set_signed(world_t *world)
{
    apr_status_t rv = smtpc_client_add_dkim(world->client, signer);

    rv = THEN(smtpc_client_add_default_header(world->client, "X-Shop",
                                              "J\xc3\xbcrgen"));
    return THEN(smtpc_client_add_forced_header(world->client, "Organization",
                                               "Example"));
}

static apr_status_t set_xclient(world_t *world)
{
    static const smtpc_xclient_t other = { .name = "a.example",
                                           .addr = "192.0.2.1",
                                           .login = "ann" };
    apr_status_t rv = smtpc_client_set_xclient(world->client, &other);

    return THEN(smtpc_client_set_local_address(world->client, "127.0.0.1"));
}

static apr_status_t set_international(world_t *world)
{
    return smtpc_client_set_delivery_format(world->client,
                                            SMTPC_FORMAT_INTERNATIONAL);
}

/* What is special about mails. */

static void must(apr_status_t rv)
{
    if (rv != APR_SUCCESS) {
        tap_bail("no mail of that kind");
    }
}

static void dress_file(smtpc_message_t *message, apr_pool_t *pool)
{
    smtpc_source_t *source = NULL;

    must(smtpc_source_create_file(&source, body_file, pool));
    must(smtpc_message_set_body_source(message, source, SMTPC_BODY_TEXT));
}

/* All that extensions of servers are for. */
static void dress_extended(smtpc_message_t *message, apr_pool_t *pool)
{
    (void)pool;
    must(smtpc_message_set_subject(message, "m0"));
    must(smtpc_message_add_reply_to(message, "\xc3\xa9@d0.example"));
    must(smtpc_message_set_notifications(message, SMTPC_NOTIFY_FAILURE
                                                      | SMTPC_NOTIFY_DELAY));
    must(smtpc_message_set_original_recipient(message, "m0-0@d0.example",
                                              "a+b@d0.example"));
    must(smtpc_message_set_return(message, SMTPC_RETURN_HEADERS));
    must(smtpc_message_set_envelope_id(message, "a=b+c"));
    must(smtpc_message_set_deliver_by(message, 3600, SMTPC_BY_RETURN, 0));
}

static const way_t ways[] = {
    { .name = "lock step", .mails = 1, .rcpts = 2, .send = world_send_each },
    { .name = "pipelining, a kept connection",
      .extensions = "PIPELINING\n8BITMIME\nSIZE 1000000", .mails = 2,
      .rcpts = 1, .send = world_send_each },
    { .name = "chunking", .extensions = "PIPELINING\nCHUNKING\n8BITMIME",
      .mails = 1, .rcpts = 2, .send = world_send_each },
    { .name = "a batch", .extensions = "PIPELINING\n8BITMIME", .mails = 4,
      .rcpts = 1, .send = world_send_many },
    { .name = "LMTP", .extensions = "PIPELINING", .lmtp = 1, .mails = 1,
      .rcpts = 2, .set = set_lmtp, .send = world_send_each },
    { .name = "a Unix socket, LMTP", .extensions = "PIPELINING", .lmtp = 1,
      .unix_socket = 1, .mails = 1, .rcpts = 2, .set = set_unix,
      .send = world_send_each },
    { .name = "asynchronous", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .send = world_send_async },
    { .name = "cancelled", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .send = send_and_cancel },
    { .name = "another host", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .set = set_failover, .send = world_send_each },
    { .name = "in portions", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 4, .set = set_portions, .send = world_send_each },
    { .name = "a text", .extensions = "PIPELINING", .mails = 1, .rcpts = 1,
      .send = send_text },
    { .name = "a message in a file", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .send = send_raw },
    { .name = "a body in a file, signed", .extensions = "PIPELINING",
      .mails = 1, .rcpts = 1, .dress = dress_file, .set = set_signed,
      .send = world_send_each },
    { .name = "extensions",
      .extensions = "PIPELINING\nDSN\nDELIVERBY\nSMTPUTF8\n8BITMIME",
      .mails = 1, .rcpts = 1, .dress = dress_extended,
      .set = set_international, .send = world_send_each },
    { .name = "XCLIENT, from an address", .extensions = "PIPELINING",
      .front = { .xclient = 1 }, .mails = 1, .rcpts = 1, .set = set_xclient,
      .send = world_send_each },
    { .name = "a child", .extensions = "PIPELINING", .mails = 3, .rcpts = 1,
      .before = 1, .forked = 1, .send = world_send_each },
    { .name = "a child, asynchronous", .extensions = "PIPELINING",
      .mails = 3, .rcpts = 1, .before = 1, .forked = 1,
      .send = world_send_async },
};

static void make_files(void)
{
    apr_pool_t *pool = tap_pool();
    const char *why = "";

    body_file = dkim_support_file("Hello\nend of m0\n", 0600, pool);
    eml_file = dkim_support_file("From: m0@s.example\nTo: m0-0@d0.example\n"
                                 "Subject: m0\n\nHello\nend of m0\n", 0600,
                                 pool);
    if (smtpc_dkim_create(&signer, &why, "s.example", "a",
                          dkim_support_reference(dkim_support_key(0, pool),
                                                 NULL, pool), pool)) {
        tap_bail("%s", why);
    }
}

int main(void)
{
    make_files();
    world_run(ways, sizeof(ways) / sizeof(ways[0]));
    return tap_done();
}
