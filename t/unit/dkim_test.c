/* SPDX-License-Identifier: Apache-2.0 */
/* dkim_test.c: signers: what is taken, what is refused, and the vectors of
 * RFC 8463. */
#include <pthread.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/ec.h>

#include "../support/dkim_support.h"
#include "../tap/tap.h"
#include "mime/dkim_int.h"

static const char *ed_key;

static smtpc_dkim_t *make(const char *domain, const char *selector,
                          const char *key)
{
    smtpc_dkim_t *dkim = NULL;
    const char *why = "";

    if (smtpc_dkim_create(&dkim, &why, domain, selector, key, tap_pool())
        != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    return dkim;
}

static void names(void)
{
    static const char *const domains[] = {
        "", "example", "a;b.example", "a=b.example", "a.example;x=1",
        "a.example\r\nX: y", "a example.org", "a..example", "-.exam\x01ple",
        "example.org:25", "user@example.org", "[192.0.2.1]"
    };
    static const char *const selectors[] = {
        "", ".", "a.", ".a", "a..b", "a;b", "a=b", "a b", "a\r\nb", "a\nb",
        "\xc3\xa4", "a/b"
    };
    smtpc_dkim_t *dkim;
    const char *why;

    for (apr_size_t i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        why = "";
        dkim = NULL;
        tap_is_int(smtpc_dkim_create(&dkim, &why, domains[i], "s", ed_key,
                                     tap_pool()), SMTPC_EARG,
                   "domain %d is refused", (int)i);
        tap_ok(dkim == NULL && strstr(why, "the DKIM domain \"") == why
                   && strpbrk(why, "\r\n") == NULL, "  and named: %s", why);
    }
    for (apr_size_t i = 0; i < sizeof(selectors) / sizeof(selectors[0]);
         i++) {
        why = "";
        tap_is_int(smtpc_dkim_create(&dkim, &why, "example.org", selectors[i],
                                     ed_key, tap_pool()), SMTPC_EARG,
                   "selector %d is refused", (int)i);
        tap_ok(strstr(why, "the DKIM selector \"") == why
                   && strpbrk(why, "\r\n") == NULL, "  and named: %s", why);
    }
    tap_is_int(smtpc_dkim_create(&dkim, NULL, NULL, NULL, NULL, tap_pool()),
               SMTPC_EARG, "nothing at all, and no why");
    tap_is_str(smtpc_dkim_domain(make("EXAMPLE.org", "s", ed_key)),
               "example.org", "lower case");
    tap_is_str(smtpc_dkim_domain(make("b\xc3\xbc" "cher.example", "s",
                                      ed_key)),
               "xn--bcher-kva.example", "A-labels");
    tap_is_str(smtpc_dkim_selector(make("example.org", "Jan_2026.mail-1",
                                        ed_key)),
               "Jan_2026.mail-1", "a selector of two labels");
}

static void keys(void)
{
    static const struct {
        int bits;
        apr_status_t status;
        const char *said;
    } cases[] = { { 512, SMTPC_EARG, "512 bits" },
                  { 1023, SMTPC_EARG, "rsa_keygen_bits:2048" },
                  { 1024, APR_SUCCESS, "only 1024 bits" },
                  { 2047, APR_SUCCESS, "only 2047 bits" },
                  { 2048, APR_SUCCESS, "" } };
    EVP_PKEY *ec = EVP_EC_gen("P-256");
    smtpc_dkim_t *dkim = NULL;
    const char *why = "";

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *key = dkim_support_reference(
            dkim_support_key(cases[i].bits, tap_pool()), NULL, tap_pool());

        why = "";
        dkim = NULL;
        tap_is_int(smtpc_dkim_create(&dkim, &why, "example.org", "s", key,
                                     tap_pool()), cases[i].status,
                   "RSA of %d bits", cases[i].bits);
        if (dkim != NULL) {
            why = smtpc_dkim_warning(dkim);
            tap_is_str(smtpc_dkim_algorithm(dkim), "rsa-sha256", "algorithm");
            tap_ok(strncmp(smtpc_dkim_record(dkim, tap_pool()),
                           "v=DKIM1; k=rsa; p=MI", 20) == 0, "record");
        }
        tap_ok(strstr(why, cases[i].said) != NULL
                   && (*cases[i].said != '\0' || *why == '\0'), "said: %s",
               why);
    }
    tap_is_int(smtpc_dkim_create(&dkim, &why, "example.org", "s",
                                 dkim_support_reference(ec, NULL, tap_pool()),
                                 tap_pool()), SMTPC_EARG, "EC");
    tap_ok(strstr(why, "neither RSA nor Ed25519") != NULL, "said: %s", why);
    EVP_PKEY_free(ec);
}

static void settings(void)
{
    static const char *const identities[] = {
        "", "example.org", "@example.com", "@badexample.org", "a;b@example.org",
        "a b@example.org", "a@b@example.org", "a=b@example.org",
        "a\r\n@example.org", "a@sub.example.com", "@"
    };
    static const char *const headers[] = {
        "", "Subject", "From:DKIM-Signature", "From Received",
        "From Return-Path", "From,bcc", "From From", "From a;b", "From a\nb",
        "From \xc3\xa4"
    };
    smtpc_dkim_t *dkim = make("example.org", "s", ed_key);
    const char *many = "From";

    tap_is_str(smtpc_dkim_error(dkim), "", "no error yet");
    for (apr_size_t i = 0; i < sizeof(identities) / sizeof(identities[0]);
         i++) {
        tap_is_int(smtpc_dkim_set_identity(dkim, identities[i]), SMTPC_EARG,
                   "identity %d is refused", (int)i);
        tap_ok(strstr(smtpc_dkim_error(dkim), "identity") != NULL,
               "  %s", smtpc_dkim_error(dkim));
        tap_ok(dkim->identity == NULL, "  and nothing changed");
    }
    tap_is_int(smtpc_dkim_set_identity(dkim, "@Example.org"), 0, "domain");
    tap_is_str(dkim->identity, "@example.org", "is kept");
    tap_is_int(smtpc_dkim_set_identity(dkim, "web+x@a.b.example.org"), 0,
               "a domain below");
    tap_is_int(smtpc_dkim_set_identity(dkim, NULL), 0, "none");
    tap_ok(dkim->identity == NULL, "is none");
    for (apr_size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        tap_is_int(smtpc_dkim_set_headers(dkim, headers[i]), SMTPC_EARG,
                   "names %d are refused", (int)i);
        tap_ok(dkim->names == NULL, "  %s", smtpc_dkim_error(dkim));
    }
    for (int i = 1; i < SMTPC_LIMIT_DKIM_NAMES; i++) {
        many = apr_psprintf(tap_pool(), "%s:X-%d", many, i);
    }
    tap_is_int(smtpc_dkim_set_headers(dkim, many), 0, "as many as allowed");
    tap_is_int(smtpc_dkim_set_headers(dkim, apr_pstrcat(tap_pool(), many,
                                                        " Y", NULL)),
               SMTPC_ELIMIT, "one more");
    tap_is_int(smtpc_dkim_set_headers(dkim, "to, FROM : subject"), 0, "three");
    tap_is_int(dkim->name_count, 3, "are three");
    tap_is_int(smtpc_dkim_set_headers(dkim, NULL), 0, "the default");
    tap_is_int(smtpc_dkim_set_expire(dkim, -1), SMTPC_EARG, "the past");
    tap_is_int(smtpc_dkim_set_expire(dkim, 315360001), SMTPC_EARG,
               "over ten years");
    tap_is_int(smtpc_dkim_set_expire(dkim, 315360000), 0, "ten years");
    tap_is_int(smtpc_dkim_set_expire(dkim, 0), 0, "never");
}

/* RFC 8463 A.3: the message, its Ed25519 signature, and what was signed. */
static const char signed_text[]
    = "from:Joe SixPack <joe@football.example.com>\r\n"
      "to:Suzie Q <suzie@shopping.example.net>\r\n"
      "subject:Is dinner ready?\r\n"
      "date:Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
      "message-id:<20030712040037.46341.5F8J@football.example.com>\r\n"
      "dkim-signature:v=1; a=ed25519-sha256; c=relaxed/relaxed; "
      "d=football.example.com; i=@football.example.com; q=dns/txt; "
      "s=brisbane; t=1528637909; h=from : to : subject : date : message-id "
      ": from : subject : date; "
      "bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=; b=";
static const char message[]
    = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
      " d=football.example.com; i=@football.example.com;\r\n"
      " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
      " subject : date : message-id : from : subject : date;\r\n"
      " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
      " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
      " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
      "From: Joe SixPack <joe@football.example.com>\r\n"
      "To: Suzie Q <suzie@shopping.example.net>\r\n"
      "Subject: Is dinner ready?\r\n"
      "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
      "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n"
      "\r\n"
      "Hi.\r\n\r\nWe lost the game.  Are you hungry yet?\r\n\r\nJoe.\r\n";

static void rfc8463(void)
{
    smtpc_dkim_t *dkim = make("football.example.com", "brisbane", ed_key);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char signature[SMTPC_DKIM_SIGNATURE_MAX];
    unsigned char text[200];
    apr_size_t len = 0;

    tap_is_str(dkim_support_verify(message, strlen(message), 0,
                                   dkim_support_key(0, tap_pool()),
                                   tap_pool()), NULL,
               "the example verifies: our verifier is right");
    tap_is_str(smtpc_dkim_algorithm(dkim), "ed25519-sha256", "algorithm");
    tap_is_str(smtpc_dkim_record(dkim, tap_pool()),
               "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPc"
               "HURo=", "the record of RFC 8463 A.2");
    EVP_Digest(signed_text, strlen(signed_text), digest, NULL, EVP_sha256(),
               NULL);
    tap_is_int(smtpc__dkim_sign_digest(dkim, signature, &len, digest), 0,
               "signed");
    EVP_EncodeBlock(text, signature, (int)len);
    tap_is_str((const char *)text,
               "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3b"
               "T3FY5OsU7ZbnKELq+eXdp1Q1Dw==", "as in RFC 8463 A.3");
}

#define THREADS 4
#define ROUNDS 50

typedef struct worker_t {
    pthread_t thread;
    const smtpc_dkim_t *dkim;
    EVP_PKEY *key;
    unsigned char digest[SMTPC_DKIM_DIGEST_SIZE];
    int good;
} worker_t;

static void *work(void *baton)
{
    worker_t *worker = baton;
    unsigned char signature[SMTPC_DKIM_SIGNATURE_MAX];

    for (int i = 0; i < ROUNDS; i++) {
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        apr_size_t len = 0;

        worker->good += smtpc__dkim_sign_digest(worker->dkim, signature, &len,
                                                worker->digest) == APR_SUCCESS
                        && EVP_DigestVerifyInit(context, NULL, NULL, NULL,
                                                worker->key) > 0
                        && EVP_DigestVerify(context, signature, len,
                                            worker->digest,
                                            sizeof(worker->digest)) == 1;
        EVP_MD_CTX_free(context);
    }
    return NULL;
}

/* One signer, many threads, each with content of its own. */
static void threads(void)
{
    smtpc_dkim_t *dkim = make("example.org", "s", ed_key);
    EVP_PKEY *key = dkim_support_key(0, tap_pool());
    worker_t workers[THREADS] = { { 0 } };

    for (int i = 0; i < THREADS; i++) {
        workers[i].dkim = dkim;
        workers[i].key = key;
        workers[i].digest[0] = (unsigned char)i;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i])) {
            tap_bail("no thread");
        }
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(workers[i].thread, NULL);
        tap_is_int(workers[i].good, ROUNDS, "thread %d", i);
    }
}

int main(void)
{
    ed_key = dkim_support_reference(dkim_support_key(0, tap_pool()), NULL,
                                    tap_pool());
    names();
    keys();
    settings();
    rfc8463();
    threads();
    return tap_done();
}
