/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest_test.c: hashes over lists of texts.
 */
#include "../tap/tap.h"

#include <string.h>

#include "base/digest.h"

static const char *digest(const char *const *texts, apr_size_t count)
{
    const char *hex = NULL;

    if (smtpc__digest_texts(&hex, texts, count, tap_pool()) != APR_SUCCESS) {
        tap_bail("no SHA-256");
    }
    return hex;
}

/* Lists that would be alike if texts were only put together. */
static const struct {
    const char *texts[3];
    apr_size_t count;
} lists[] = {
    { { NULL }, 0 },
    { { NULL }, 1 },
    { { "" }, 1 },
    { { "", "" }, 2 },
    { { NULL, "" }, 2 },
    { { "", NULL }, 2 },
    { { "ab" }, 1 },
    { { "ab", "" }, 2 },
    { { "a", "b" }, 2 },
    { { "", "ab" }, 2 },
    { { "b", "a" }, 2 },
    { { "a", NULL, "b" }, 3 },
    { { "a", "", "b" }, 3 },
};

/* Return length bytes of digest in hexadecimal if rv is a success. */
static const char *hex(apr_status_t rv, const unsigned char *bytes,
                       smtpc_hash_e hash)
{
    return rv == APR_SUCCESS
               ? smtpc__hex(bytes, smtpc__hash_length(hash), tap_pool())
               : "none";
}

/* RFC 3174 7.3, RFC 2202 3, RFC 4231 4.3, RFC 6070 2, RFC 7914 11. */
static void hashes(void)
{
    unsigned char out[SMTPC_HASH_MAX];
    const char *what = "what do ya want for nothing?";
    const unsigned char *salt = (const unsigned char *)"salt";

    tap_is_str(hex(smtpc__hash(out, SMTPC_HASH_SHA1, "abc", 3), out,
                   SMTPC_HASH_SHA1),
               "a9993e364706816aba3e25717850c26c9cd0d89d", "SHA-1");
    tap_is_str(hex(smtpc__hmac(out, SMTPC_HASH_SHA1, "Jefe", 4, what, 28),
                   out, SMTPC_HASH_SHA1),
               "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79", "HMAC-SHA-1");
    tap_is_str(hex(smtpc__hmac(out, SMTPC_HASH_SHA256, "Jefe", 4, what, 28),
                   out, SMTPC_HASH_SHA256),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
               "HMAC-SHA-256");
    tap_is_str(hex(smtpc__pbkdf2(out, SMTPC_HASH_SHA1, "password", 8, salt, 4,
                                 4096), out, SMTPC_HASH_SHA1),
               "4b007901b765489abead49d926f721d065a429c1", "PBKDF2, SHA-1");
    tap_is_str(hex(smtpc__pbkdf2(out, SMTPC_HASH_SHA256, "passwd", 6, salt, 4,
                                 1), out, SMTPC_HASH_SHA256),
               "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc",
               "PBKDF2, SHA-256");
}

int main(void)
{
    static const char *const abc[] = { "abc" };
    apr_size_t i;
    apr_size_t j;

    tap_is_str(smtpc__hex((const unsigned char *)"\x00\x9f\xf0", 3,
                          tap_pool()),
               "009ff0", "hexadecimal");
    tap_is_str(smtpc__hex(NULL, 0, tap_pool()), "", "of nothing");
    /* printf '\3\0\0\0\0\0\0\0abc' | sha256sum */
    tap_is_str(digest(abc, 1),
               "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391",
               "SHA-256 over length and text");
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (j = 0; j < i; j++) {
            tap_ok(strcmp(digest(lists[i].texts, lists[i].count),
                          digest(lists[j].texts, lists[j].count))
                       != 0,
                   "lists %d and %d differ", (int)j, (int)i);
        }
    }
    hashes();
    return tap_done();
}
