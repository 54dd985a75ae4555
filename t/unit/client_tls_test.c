/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_tls_test.c: what a client is told of TLS.
 */

#include <string.h>

#include <smtpclient/smtpclient.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

static void test_tls(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_cert_t cert = { 0 };
    const char *pair = peer_ca_client_file(ca, &cert, pool);
    const char *error;

    tap_subtest_begin("trust");
    tap_is_int(smtpc_client_set_ca_file(c, ca_file), APR_SUCCESS, "CA file");
    tap_is_str(smtpc_client_ca_file(c), ca_file, "reads");
    tap_is_int(smtpc_client_set_ca_file(c, "/no/such/ca"), SMTPC_EARG,
               "CA file that is not there");
    error = smtpc_client_error(c);
    tap_ok(strstr(error, "/no/such/ca") && strstr(error, "No such file"),
           "said: %s", error);
    tap_is_int(smtpc_client_set_ca_file(c, "/etc"), SMTPC_EARG,
               "a directory is no CA file");
    tap_is_str(smtpc_client_ca_file(c), ca_file, "nothing changed");
    tap_is_int(smtpc_client_set_ca_directory(c, "/etc"), APR_SUCCESS,
               "CA directory");
    tap_is_str(smtpc_client_ca_directory(c), "/etc", "reads");
    tap_is_int(smtpc_client_set_ca_directory(c, ca_file), SMTPC_EARG,
               "not a directory");
    tap_is_int(smtpc_client_set_client_certificate(c, pair, NULL),
               APR_SUCCESS, "client certificate");
    tap_is_str(smtpc_client_client_certificate(c), pair, "reads");
    tap_subtest_end();
}

static void test_verify_name(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("verify name");
    tap_is_int(smtpc_client_set_verify_name(c, "other.test"), APR_SUCCESS,
               "set");
    tap_is_str(smtpc_client_verify_name(c), "other.test", "reads");
    tap_is_int(smtpc_client_set_verify_name(c, ""), SMTPC_EARG, "empty");
    tap_is_str(smtpc_client_verify_name(c), "other.test", "unchanged");
    tap_subtest_end();
}

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

/** A setter of a text, its getter, a value, what is read, and one that is
 *  refused with a part of the sentence. */
typedef struct text_t {
    const char *what;
    apr_status_t (*set)(smtpc_client_t *client, const char *text);
    const char *(*get)(const smtpc_client_t *client);
    const char *good;
    const char *reads;
    const char *bad;
    const char *why;
} text_t;

static const text_t texts[] = {
    { "ciphers", smtpc_client_set_ciphers, smtpc_client_ciphers,
      "ECDHE+AESGCM", "ECDHE+AESGCM", "ROT13", "OpenSSL knows none" },
    { "ciphers that are too weak", smtpc_client_set_ciphers,
      smtpc_client_ciphers, "DEFAULT:@SECLEVEL=0", "DEFAULT:@SECLEVEL=0",
      "NULL:aNULL:@SECLEVEL=0", "none of them is safe" },
    { "cipher suites", smtpc_client_set_cipher_suites,
      smtpc_client_cipher_suites, "TLS_AES_128_GCM_SHA256",
      "TLS_AES_128_GCM_SHA256", "TLS_ROT13", "TLS_ROT13" },
    { "groups", smtpc_client_set_groups, smtpc_client_groups, "P-384:X25519",
      "P-384:X25519", "P-13", "P-13" },
    { "pins", smtpc_client_set_pins, smtpc_client_pins, PIN ", " HEX,
      PIN " " PIN, "sha256//AAAA", "is no pin" },
    { "TLSA records", smtpc_client_set_tlsa_records,
      smtpc_client_tlsa_records, "3 1 1 " HEX "; 2 0 1 " HEX,
      "3 1 1 " HEX ", 2 0 1 " HEX, "1 1 1 " HEX, "usage is not 2" },
    { "name server", smtpc_client_set_dane_resolver,
      smtpc_client_dane_resolver, "127.0.0.1@65535", "127.0.0.1@65535",
      "127.0.0.1@65536", "an IP address" },
    { "name server, IPv6", smtpc_client_set_dane_resolver,
      smtpc_client_dane_resolver, "::1", "::1", "::1@", "an IP address" },
    { "name server by name", smtpc_client_set_dane_resolver,
      smtpc_client_dane_resolver, "192.0.2.1@53", "192.0.2.1@53",
      "ns.example", "an IP address" },
    { "CRL file", smtpc_client_set_crl_file, smtpc_client_crl_file,
      "/dev/null", "/dev/null", "/no/such", "No such file" },
    { "DNSSEC keys", smtpc_client_set_dane_anchor, smtpc_client_dane_anchor,
      "/dev/null", "/dev/null", "/etc", "is a directory" },
};

static void test_texts(apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        smtpc_client_t *c = mail_client_unused(env, pool);
        const text_t *text = &texts[i];

        tap_subtest_begin("%s", text->what);
        tap_is_str(text->get(c), NULL, "not set");
        tap_is_int(text->set(c, text->good), APR_SUCCESS, "%s", text->good);
        tap_is_str(text->get(c), text->reads, "reads");
        tap_is_int(text->set(c, text->bad), SMTPC_EARG, "%s", text->bad);
        tap_ok(strstr(smtpc_client_error(c), text->why) != NULL, "%s",
               smtpc_client_error(c));
        tap_is_int(text->set(c, ""), SMTPC_EARG, "nothing");
        tap_is_int(text->set(c, "a\nb"), SMTPC_EARG, "a line end");
        tap_is_str(text->get(c), text->reads, "unchanged");
        tap_is_int(text->set(c, NULL), APR_SUCCESS, "taken away");
        tap_is_str(text->get(c), NULL, "reads");
        tap_subtest_end();
    }
}

static void test_versions(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("versions");
    tap_is_int(smtpc_client_tls_version(c), SMTPC_TLS_1_2, "TLS 1.2 at first");
    tap_is_int(smtpc_client_set_tls_version(c, SMTPC_TLS_1_3), APR_SUCCESS,
               "TLS 1.3");
    tap_is_int(smtpc_client_tls_version(c), SMTPC_TLS_1_3, "reads");
    tap_is_int(smtpc_client_set_tls_version(c, SMTPC_TLS_1_3 + 1), SMTPC_EARG,
               "none newer");
    tap_is_int(smtpc_client_set_tls_version(c, (smtpc_tls_version_e)-1),
               SMTPC_EARG, "none older");
    tap_is_int(smtpc_client_tls_version(c), SMTPC_TLS_1_3, "unchanged");
    tap_subtest_end();
}

/* Which settings go together is told when they are checked. */
static void test_together(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("DANE, and what goes together");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_DEFAULT),
               APR_SUCCESS, "default security");
    tap_is_int(smtpc_client_dane(c), SMTPC_DANE_OFF, "no look-ups at first");
    tap_is_int(smtpc_client_set_dane(c, SMTPC_DANE_REQUIRED + 1), SMTPC_EARG,
               "no such value");
    tap_is_int(smtpc_client_set_host(c, "192.0.2.1"), APR_SUCCESS, "host");
    tap_is_int(smtpc_client_set_tlsa_records(c, "3 1 1 " HEX), APR_SUCCESS,
               "TLSA records");
    tap_is_int(smtpc_client_security(c), SMTPC_SECURITY_STARTTLS,
               "TLS is required");
    tap_is_int(smtpc_client_check(c), SMTPC_EARG, "for an IP address: %s",
               smtpc_client_error(c));
    tap_is_int(smtpc_client_set_verify_name(c, "mail.example"), APR_SUCCESS,
               "a name");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "goes together");
    tap_is_int(smtpc_client_set_security(c, SMTPC_SECURITY_OPPORTUNISTIC),
               APR_SUCCESS, "opportunistic");
    tap_is_int(smtpc_client_check(c), SMTPC_EARG, "does not: %s",
               smtpc_client_error(c));
    tap_is_int(smtpc_client_set_tlsa_records(c, NULL), APR_SUCCESS,
               "no records");
    tap_is_int(smtpc_client_set_pins(c, PIN), APR_SUCCESS, "a pin");
    tap_is_int(smtpc_client_check(c), SMTPC_EARG, "does not either: %s",
               smtpc_client_error(c));
    tap_is_int(smtpc_client_set_pins(c, NULL), APR_SUCCESS, "no pin");
    tap_is_int(smtpc_client_check(c), APR_SUCCESS, "goes together");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_tls,
        test_verify_name,
        test_texts,
        test_versions,
        test_together
    };

    if (smtpc_env_create(&env, tap_pool()) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
