/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest.c: hashes over lists of texts, for keys of tables, and those that
 * SASL mechanisms compute.
 *
 * Keys of tables are not for secrets: whoever has the hash of a guessable text
 * has the text. Those go through smtpc__secret_fingerprint() first.
 */

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/digest.h"

#define SHA256_BYTES 32

const char *smtpc__hex(const unsigned char *data, apr_size_t len,
                       apr_pool_t *pool)
{
    static const char digits[] = "0123456789abcdef";
    char *hex = apr_palloc(pool, 2 * len + 1);
    apr_size_t i;

    for (i = 0; i < len; i++) {
        hex[2 * i] = digits[data[i] >> 4];
        hex[2 * i + 1] = digits[data[i] & 15];
    }
    hex[2 * len] = '\0';
    return hex;
}

/* Add text with its length to the hash. No text is as long as NULL says. */
static int add_text(EVP_MD_CTX *hash, const char *text)
{
    apr_uint64_t len = text != NULL ? strlen(text) : APR_UINT64_MAX;
    unsigned char prefix[8];
    int i;

    for (i = 0; i < 8; i++) {
        prefix[i] = (unsigned char)(len >> (8 * i));
    }
    return EVP_DigestUpdate(hash, prefix, sizeof(prefix))
           && (text == NULL || EVP_DigestUpdate(hash, text, strlen(text)));
}

apr_status_t smtpc__digest_texts(const char **hex, const char *const *texts,
                                 apr_size_t count, apr_pool_t *pool)
{
    unsigned char digest[EVP_MAX_MD_SIZE] = { 0 };
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    apr_size_t i;
    int good;

    good = hash != NULL && EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
    for (i = 0; good && i < count; i++) {
        good = add_text(hash, texts[i]);
    }
    good = good && EVP_DigestFinal_ex(hash, digest, NULL);
    EVP_MD_CTX_free(hash);
    if (!good) {
        return APR_EGENERAL;
    }
    *hex = smtpc__hex(digest, SHA256_BYTES, pool);
    return APR_SUCCESS;
}

/* Hashes of SASL. */

static const EVP_MD *method(smtpc_hash_e hash)
{
    return hash == SMTPC_HASH_SHA1 ? EVP_sha1() : EVP_sha256();
}

apr_size_t smtpc__hash_length(smtpc_hash_e hash)
{
    return hash == SMTPC_HASH_SHA1 ? 20 : SMTPC_HASH_MAX;
}

apr_status_t smtpc__hash(unsigned char *out, smtpc_hash_e hash,
                         const void *data, apr_size_t len)
{
    return EVP_Digest(data, len, out, NULL, method(hash), NULL) == 1
               ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t smtpc__hmac(unsigned char *out, smtpc_hash_e hash,
                         const void *key, apr_size_t key_len,
                         const void *data, apr_size_t len)
{
    return HMAC(method(hash), key, (int)key_len, data, len, out, NULL) != NULL
               ? APR_SUCCESS : APR_EGENERAL;
}

apr_status_t smtpc__pbkdf2(unsigned char *out, smtpc_hash_e hash,
                           const char *password, apr_size_t len,
                           const unsigned char *salt, apr_size_t salt_len,
                           int rounds)
{
    return PKCS5_PBKDF2_HMAC(password, (int)len, salt, (int)salt_len, rounds,
                             method(hash), (int)smtpc__hash_length(hash), out)
                   == 1
               ? APR_SUCCESS : APR_EGENERAL;
}
