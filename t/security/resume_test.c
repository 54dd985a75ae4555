/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resume_test.c: threat T20: to whom a session of TLS is offered, and what else
 * is in a ClientHello that should not be.
 */

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"

static smtpc_env_t *env;
static peer_ca_t *ca;
static const char *ca_file;

static peer_t *start_smtp(peer_smtp_t *smtp, const peer_cert_t *cert,
                          apr_pool_t *pool)
{
    peer_smtp_init(smtp);
    smtp->tls = peer_ca_server(ca, cert, pool);
    return peer_start(peer_smtp_serve, smtp);
}

/** What a client's hello has. */
typedef struct hello_t {
    int offered; /* a session of TLS 1.3 */
    int alpn;
    int early;
    int count;
} hello_t;

static int on_hello(SSL *ssl, int *alert, void *arg)
{
    hello_t *hello = arg;
    const unsigned char *data;
    size_t len;

    (void)alert;
    hello->count++;
    hello->offered = SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_psk, &data,
                                               &len);
    hello->alpn |= SSL_client_hello_get0_ext(
        ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &data, &len);
    hello->early |= SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_early_data,
                                              &data, &len);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/** A change that makes another profile. */
typedef struct change_t {
    const char *what;
    apr_status_t (*set)(smtpc_client_t *client, const char *text);
    const char *text;
} change_t;

static apr_status_t set_login(smtpc_client_t *client, const char *text)
{
    return smtpc_client_set_credentials(client, "web", text);
}

static apr_status_t set_opportunistic(smtpc_client_t *client,
                                      const char *text)
{
    (void)text;
    return smtpc_client_set_security(client, SMTPC_SECURITY_OPPORTUNISTIC);
}

static apr_status_t set_certificate(smtpc_client_t *client, const char *text)
{
    return smtpc_client_set_client_certificate(client, text, NULL);
}

static apr_status_t set_13(smtpc_client_t *client, const char *text)
{
    (void)text;
    return smtpc_client_set_tls_version(client, SMTPC_TLS_1_3);
}

/* Connect as profile A, changed as change says, and check what is offered. */
static void resume(const char *id, const change_t *change, int offered,
                   peer_t *peer, const hello_t *hello, apr_pool_t *pool)
{
    row_t row = { .security = SMTPC_SECURITY_STARTTLS,
                  .verify_name = "mail.test", .ca_file = ca_file };
    smtpc_client_t *client = row_client(&row, peer, env, pool);
    int before = hello->count;
    smtpc_result_t *result;
    apr_status_t rv;

    if (change) {
        row_must(change->set(client, change->text), change->what);
    }
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_ok(rv == APR_SUCCESS && hello->count == before + 1
               && hello->offered == offered, "T20: %s: %s %s", id,
           offered ? "offers a session" : "offers none", mail_error(result));
    smtpc_client_dispose(client);
}

static void t20(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test,DNS:other.test" };
    peer_cert_t client = { .usage = "clientAuth" };
    hello_t hello = { .offered = 0 };
    peer_smtp_t smtp;
    peer_t *peer = start_smtp(&smtp, &cert, pool);
    const change_t changes[] = {
        { "another EHLO name", smtpc_client_set_hello_name, "b.test" },
        { "another name", smtpc_client_set_verify_name, "other.test" },
        { "another CA file", smtpc_client_set_ca_file,
          peer_ca_file(ca, pool) },
        { "revocations", smtpc_client_set_crl_file,
          peer_ca_crl_file(ca, NULL, 1, NULL, pool) },
        { "a pin", smtpc_client_set_pins, peer_pin(smtp.tls, pool) },
        { "a TLSA record", smtpc_client_set_tlsa_records,
          peer_tlsa(smtp.tls, NULL, 3, 1, 1, pool) },
        { "ciphers", smtpc_client_set_ciphers, "ECDHE+AESGCM" },
        { "groups", smtpc_client_set_groups, "P-256" },
        { "suites", smtpc_client_set_cipher_suites,
          "TLS_AES_256_GCM_SHA384" },
        { "TLS 1.3", set_13, NULL },
        { "a client certificate", set_certificate,
          peer_ca_client_file(ca, &client, pool) },
        { "credentials", set_login, "secret" },
        { "no verification", set_opportunistic, NULL },
    };
    apr_size_t i;

    SSL_CTX_set_client_hello_cb(smtp.tls, on_hello, &hello);
    SSL_CTX_set_session_id_context(smtp.tls, (const unsigned char *)"t", 1);
    smtp.login = "AHdlYgBzZWNyZXQ=";
    resume("profile A, first", NULL, 0, peer, &hello, pool);
    resume("profile A, again", NULL, 1, peer, &hello, pool);
    for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        resume(changes[i].what, &changes[i], 0, peer, &hello, pool);
        resume(changes[i].what, &changes[i], 1, peer, &hello, pool);
    }
    resume("profile A, at last", NULL, 1, peer, &hello, pool);
    tap_is_int(hello.alpn, 0, "T20: no ALPN in any hello");
    tap_is_int(hello.early, 0, "T20: no early data in any hello");
    peer_stop(peer);
}

int main(void)
{
    static const tap_test_fn tests[] = { t20 };
    apr_pool_t *pool = tap_pool();

    row_must(smtpc_env_create(&env, pool), "env");
    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
