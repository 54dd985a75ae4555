/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_dane_test.c: TLSA records, read from text and from the wire, and what
 * OpenSSL makes of them. T23 of the lengths is here, where every byte behind
 * the record is one that a sanitizer guards.
 */

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/limits.h"
#include "net/tls_dane.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

#define SHORT "00112233445566778899aabbccddeeff"
#define HASH SHORT SHORT

static void test_text(apr_pool_t *pool)
{
    static const struct {
        const char *text;
        const char *normal; /* NULL: refused */
    } cases[] = {
        { "3 1 1 " HASH, "3 1 1 " HASH },
        { "  2  0  1  00112233 445566778899AABBCCDDEEFF " SHORT " ",
          "2 0 1 " HASH },
        { "3 0 2 " HASH HASH, "3 0 2 " HASH HASH },
        { "3 1 1 " HASH ", 2 0 1 " HASH "; 3 1 2 " HASH HASH,
          "3 1 1 " HASH ", 2 0 1 " HASH ", 3 1 2 " HASH HASH },
        { "", NULL },
        { "3 1 1", NULL },
        { "3 1 1 ", NULL },
        { "3 1 1 " SHORT, NULL },
        { "3 1 1 " HASH "00", NULL },
        { "3 1 1 " HASH "0", NULL },
        { "3 1 2 " HASH, NULL },
        { "3 1 0 " HASH, NULL },
        { "3 1 0", NULL },
        { "0 1 1 " HASH, NULL },
        { "1 1 1 " HASH, NULL },
        { "4 1 1 " HASH, NULL },
        { "255 1 1 " HASH, NULL },
        { "256 1 1 " HASH, NULL },
        { "3 2 1 " HASH, NULL },
        { "3 1 3 " HASH, NULL },
        { "31 1 " HASH, NULL },
        { "-3 1 1 " HASH, NULL },
        { "3 1 1 x" HASH, NULL },
        { "3 1 1 " HASH ", x", NULL },
        { "DANE-EE SPKI SHA2-256 " HASH, NULL },
    };
    apr_size_t i;

    tap_subtest_begin("records as text");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *normal = NULL;
        const char *why = "";
        apr_status_t rv = smtpc__tlsa_parse(&normal, &why, cases[i].text,
                                            pool);

        if (cases[i].normal) {
            tap_is_int(rv, APR_SUCCESS, "\"%s\" %s", cases[i].text, why);
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
    const char *text = "3 1 1 " HASH;
    const char *normal;
    const char *why = "";
    int i;

    tap_subtest_begin("how many");
    for (i = 1; i < SMTPC_LIMIT_TLSA_RECORDS; i++) {
        text = apr_pstrcat(pool, text, ", 3 1 1 " HASH, NULL);
    }
    tap_is_int(smtpc__tlsa_parse(&normal, &why, text, pool), APR_SUCCESS,
               "%d records", i);
    tap_is_int(smtpc__tlsa_parse(&normal, &why,
                                 apr_pstrcat(pool, text, ", 3 1 1 " HASH,
                                             NULL), pool),
               SMTPC_EARG, "one more: %s", why);
    tap_subtest_end();
}

/* Records of every length up to 80, each in memory of just that length. */
static void test_lengths(apr_pool_t *pool)
{
    static const unsigned char heads[][3] = {
        { 3, 1, 0 }, { 3, 1, 1 }, { 3, 0, 2 }, { 2, 0, 0 }, { 0, 0, 1 },
        { 1, 1, 1 }, { 255, 255, 255 }
    };
    apr_size_t i;
    apr_size_t len;

    (void)pool;
    tap_subtest_begin("T23 lengths");
    for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        int usable = 0;
        int wrong = 0;

        for (len = 0; len <= 80; len++) {
            unsigned char *data = malloc(len ? len : 1);
            apr_size_t size = heads[i][2] == 1 ? 35 : 67;
            int good = heads[i][0] >= 2 && heads[i][0] <= 3
                       && (heads[i][2] == 1 || heads[i][2] == 2)
                       && len == size;
            smtpc_tlsa_t record;

            memset(data, 0x30, len ? len : 1);
            memcpy(data, heads[i], len < 3 ? len : 3);
            if (len == 0) {
                free(data);
                data = NULL;
            }
            if ((smtpc__tlsa_read(&record, data, len) == NULL) != good) {
                wrong++;
            }
            usable += good;
            free(data);
        }
        tap_is_int(wrong, 0, "%d %d %d: %d of 81 lengths are right",
                   heads[i][0], heads[i][1], heads[i][2], usable);
    }
    tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
    tap_subtest_end();
}

static void test_openssl(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "DNS:mail.test" };
    SSL_CTX *server = peer_ca_server(ca, &cert, pool);
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    const char *normal;
    const char *why = "";
    SSL *ssl;
    int usage;
    int selector;
    int type;

    tap_subtest_begin("OpenSSL");
    SSL_CTX_dane_enable(context);
    for (usage = 2; usage <= 3; usage++) {
        for (selector = 0; selector <= 1; selector++) {
            for (type = 0; type <= 2; type++) {
                apr_status_t rv = smtpc__tlsa_parse(
                    &normal, &why, peer_tlsa(server, usage == 2 ? ca : NULL,
                                             usage, selector, type, pool),
                    pool);

                ssl = SSL_new(context);
                if (rv == APR_SUCCESS) {
                    rv = smtpc__tls_dane_setup(ssl, "mail.test", normal);
                }
                tap_is_int(rv, APR_SUCCESS, "takes %d %d %d", usage,
                           selector, type);
                SSL_free(ssl);
            }
        }
    }
    ssl = SSL_new(context);
    tap_is_int(smtpc__tls_dane_setup(ssl, "mail.test", "3 1 9 00"),
               SMTPC_ETLS, "nothing that can be used");
    SSL_free(ssl);
    SSL_CTX_free(context);
    context = SSL_CTX_new(TLS_client_method());
    ssl = SSL_new(context);
    tap_is_int(smtpc__tls_dane_setup(ssl, "mail.test", "3 1 1 " HASH),
               SMTPC_ETLS, "a context without DANE");
    ERR_clear_error();
    SSL_free(ssl);
    SSL_CTX_free(context);
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = { test_text, test_limit, test_lengths,
                                         test_openssl };

    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
