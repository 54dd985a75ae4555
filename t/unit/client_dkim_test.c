/* SPDX-License-Identifier: Apache-2.0 */
/* client_dkim_test.c: what a client with signers sends, as it arrives. */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/smtpclient.h>

#include "../support/dkim_support.h"
#include "../support/peer.h"
#include "../tap/tap.h"
#include "base/limits.h"

static smtpc_env_t *env;

static smtpc_dkim_t *make(const char *selector, EVP_PKEY *key)
{
    smtpc_dkim_t *dkim = NULL;
    const char *why = "";

    if (smtpc_dkim_create(&dkim, &why, "example.org", selector,
                          dkim_support_reference(key, NULL, tap_pool()),
                          tap_pool()) != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    return dkim;
}

static smtpc_client_t *make_client(peer_t *peer)
{
    smtpc_client_t *client;

    if (smtpc_client_create(&client, env, "127.0.0.1", peer_port(peer),
                            tap_pool()) != APR_SUCCESS) {
        tap_bail("no client");
    }
    return client;
}

/* The body asks for 8bit, and has dots and no line end at its end. */
static const char *send_one(smtpc_client_t *client)
{
    smtpc_result_t *result = NULL;
    apr_status_t rv = smtpc_client_send_text(&result, client,
                                             "web@example.org",
                                             "ann@example.net", "Gr\xc3\xbc"
                                             "\xc3\x9f" "e", "\xc3\xa4  b \n"
                                             ".\n..\n\n\nend", tap_pool());

    return rv == APR_SUCCESS ? NULL : smtpc_client_error(client);
}

static void both(void)
{
    EVP_PKEY *rsa = dkim_support_key(2048, tap_pool());
    EVP_PKEY *ed = dkim_support_key(0, tap_pool());
    smtpc_dkim_t *signers[2] = { make("rsa", rsa), make("ed", ed) };
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;

    peer_smtp_init(&smtp);
    smtp.extensions = "SIZE 1000000\n8BITMIME\nPIPELINING";
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer);
    for (int i = 0; i < 2; i++) {
        tap_is_int(smtpc_client_add_dkim(client, signers[i]), 0, "added");
    }
    tap_is_int(smtpc_client_dkim_count(client), 2, "two");
    tap_is_str(send_one(client), NULL, "sent");
    tap_is_int(smtpc_client_add_dkim(client, NULL), 0, "taken away");
    tap_is_int(smtpc_client_dkim_count(client), 0, "none");
    (void)smtpc_client_dispose(client);
    tap_is_int(smtpc_client_add_dkim(client, signers[0]), SMTPC_EDISPOSED,
               "disposed of");
    peer_quiet(peer);
    tap_is_int(peer_heard(peer, "MAIL FROM:<web@example.org> BODY=8BITMIME"),
               0, "not as 8bit");
    peer_stop(peer);
    tap_is_str(dkim_support_verify(smtp.last, strlen(smtp.last), 0, rsa,
                                   tap_pool()), NULL, "RSA verifies");
    tap_is_str(dkim_support_verify(smtp.last, strlen(smtp.last), 1, ed,
                                   tap_pool()), NULL, "Ed25519 verifies");
    tap_is_str(dkim_support_verify(smtp.last, strlen(smtp.last), 2, ed,
                                   tap_pool()), "no such signature",
               "and that is all");
}

static void limit(void)
{
    smtpc_dkim_t *dkim = make("ed", dkim_support_key(0, tap_pool()));
    peer_smtp_t smtp;
    peer_t *peer;
    smtpc_client_t *client;

    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer);
    for (int i = 0; i < SMTPC_LIMIT_DKIM_SIGNERS; i++) {
        if (smtpc_client_add_dkim(client, dkim) != APR_SUCCESS) {
            tap_fail("signer %d", i);
        }
    }
    tap_is_int(smtpc_client_add_dkim(client, dkim), SMTPC_ELIMIT,
               "one too many");
    tap_ok(strstr(smtpc_client_error(client), "at most 8") != NULL, "%s",
           smtpc_client_error(client));
    tap_is_str(send_one(client), NULL, "as many as allowed are used");
    (void)smtpc_client_dispose(client);
    peer_stop(peer);
    tap_ok(dkim_support_tag(smtp.last, 0, 7, "b", tap_pool()) != NULL,
           "eight signatures");
}

static apr_status_t read_nothing(void *baton, char *buf, apr_size_t *len)
{
    (void)baton;
    (void)buf;
    *len = 0;
    return APR_EOF;
}

static void once_only(void)
{
    smtpc_dkim_t *dkim = make("ed", dkim_support_key(0, tap_pool()));
    smtpc_result_t *result = NULL;
    smtpc_message_t *message;
    smtpc_source_t *source;
    smtpc_client_t *client;
    peer_smtp_t smtp;
    peer_t *peer;

    peer_smtp_init(&smtp);
    peer = peer_start(peer_smtp_serve, &smtp);
    client = make_client(peer);
    if (smtpc_client_add_dkim(client, dkim)
        || smtpc_message_create(&message, tap_pool())
        || smtpc_message_set_from(message, "web@example.org")
        || smtpc_message_add_to(message, "ann@example.net")
        || smtpc_source_create_callback(&source, read_nothing, NULL, 0, NULL,
                                        tap_pool())
        || smtpc_message_attach_source(NULL, message, "a", NULL, source)) {
        tap_bail("no message");
    }
    tap_is_int(smtpc_client_send(&result, client, message, tap_pool()),
               SMTPC_ESOURCE, "an attachment that is read once");
    tap_ok(strstr(smtpc_result_error(result), "read twice") != NULL, "%s",
           smtpc_result_error(result));
    (void)smtpc_client_dispose(client);
    peer_stop(peer);
    tap_is_int(smtp.messages, 0, "nothing was sent");
}

int main(void)
{
    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    both();
    limit();
    once_only();
    return tap_done();
}
