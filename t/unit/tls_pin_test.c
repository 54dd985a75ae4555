/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_pin_test.c: pins, read and made.
 */

#include <string.h>

#include <apr_strings.h>
#include <openssl/ssl.h>

#include "base/limits.h"
#include "net/tls_pin.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

#define HEX "000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"
#define PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
#define OTHER "sha256//AQECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void test_parse(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *normal; /* NULL: refused */
    } cases[] = {
        { PIN, PIN },
        { HEX, PIN },
        { "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10:11:12:13:14:15:"
          "16:17:18:19:1a:1b:1c:1d:1e:1f", PIN },
        { " " PIN "  " OTHER " ", PIN " " OTHER },
        { PIN ";" OTHER "," HEX, PIN " " OTHER " " PIN },
        { "", NULL },
        { " , ", NULL },
        { "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", NULL },
        { "sha1//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", NULL },
        { "sha256//", NULL },
        { "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8", NULL },
        { "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=", NULL },
        { "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g", NULL },
        { HEX "0", NULL },
        { "00010203", NULL },
        { ":" HEX, NULL },
        { "00::0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
          NULL },
        { PIN " x", NULL },
    };
    apr_size_t i;

    tap_subtest_begin("pins as text");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *normal = NULL;
        const char *why = "";
        apr_status_t rv = smtpc__tls_pins_parse(&normal, &why, cases[i].text,
                                                pool);

        if (cases[i].normal) {
            tap_is_int(rv, APR_SUCCESS, "\"%s\"", cases[i].text);
            tap_is_str(normal, cases[i].normal, "its normal form");
        }
        else {
            tap_ok(rv == SMTPC_EARG && *why, "\"%s\": %s", cases[i].text, why);
        }
    }
    tap_subtest_end();
}

static void test_limit(apr_pool_t *pool)
{
    const char *text = PIN;
    const char *normal;
    const char *why = "";
    int i;

    tap_subtest_begin("how many");
    for (i = 1; i < SMTPC_LIMIT_TLS_PINS; i++) {
        text = apr_pstrcat(pool, text, " ", OTHER, NULL);
    }
    tap_is_int(smtpc__tls_pins_parse(&normal, &why, text, pool), APR_SUCCESS,
               "%d pins", i);
    tap_is_str(normal, text, "all of them");
    text = apr_pstrcat(pool, text, " ", OTHER, NULL);
    tap_is_int(smtpc__tls_pins_parse(&normal, &why, text, pool), SMTPC_EARG,
               "one more: %s", why);
    tap_subtest_end();
}

static void test_key(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "DNS:mail.test" };
    SSL_CTX *one = peer_ca_server(ca, &cert, pool);
    SSL_CTX *two = peer_ca_server(ca, &cert, pool);
    char pin[SMTPC_TLS_PIN_SIZE];

    tap_subtest_begin("pins of keys");
    smtpc__tls_pin_of(pin, SSL_CTX_get0_certificate(one));
    tap_is_str(pin, peer_pin(one, pool), "the pin of a key");
    tap_ok(smtpc__tls_pins_have(pin, pin), "is itself");
    tap_ok(!smtpc__tls_pins_have(peer_pin(two, pool), pin),
           "and not another");
    tap_ok(smtpc__tls_pins_have(apr_pstrcat(pool, PIN " ", pin, " " OTHER,
                                            NULL), pin), "is among several");
    tap_ok(!smtpc__tls_pins_have(PIN " " OTHER, pin), "or not");
    tap_ok(!smtpc__tls_pins_have(PIN, ""), "no key is not pinned");
    tap_ok(!smtpc__tls_pins_have(PIN, "sha256//"), "nor is a part of it");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { test_parse, test_limit, test_key };

    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
