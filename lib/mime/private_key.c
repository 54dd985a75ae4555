/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private_key.c: from a reference to a key of OpenSSL's.
 *
 * The text of the key is in wiped memory while it is parsed and gone
 * afterwards; the key itself OpenSSL wipes when it frees it. A pass phrase
 * would have to lie beside the key, so keys that need one are refused.
 * RFC 7468.
 */
#include "mime/private_key.h"

#include <string.h>

#include <apr_strings.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/secret_store.h"

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

/* What the reference is called in sentences: the key itself never is. */
static const char *subject(const char *reference, apr_pool_t *pool)
{
    if (strncmp(reference, "file:", 5) != 0) {
        return "the private key";
    }
    reference += 5;
    return apr_psprintf(pool, "private key file \"%s\"",
                        smtpc__escape(reference, strlen(reference),
                                      SMTPC_LIMIT_PARAMETER, 0, pool));
}

/* A pem_password_cb that has none; notes in baton that one was asked for. */
static int no_password(char *buf, int size, int writing, void *baton)
{
    (void)buf;
    (void)size;
    (void)writing;
    *(int *)baton = 1;
    return -1;
}

int smtpc__crypto_no_memory(void)
{
    unsigned long code;
    int found = 0;

    while ((code = ERR_get_error()) != 0) {
        found |= ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;
    }
    return found;
}

static EVP_PKEY *parse(const smtpc_secret_t *secret, int *encrypted)
{
    apr_size_t len;
    const char *text = smtpc__secret_bytes(secret, &len);
    BIO *bio = BIO_new_mem_buf(text, (int)len);
    EVP_PKEY *key = NULL;

    if (bio != NULL) {
        key = PEM_read_bio_PrivateKey(bio, NULL, no_password, encrypted);
    }
    BIO_free(bio);
    return key;
}

apr_status_t smtpc__private_key_load(struct evp_pkey_st **key,
                                     const char **why, const char *reference,
                                     apr_pool_t *pool)
{
    apr_pool_t *scratch;
    smtpc_secret_t *secret;
    EVP_PKEY *made;
    int encrypted = 0;
    int no_memory;
    apr_status_t rv;

    if (reference == NULL) {
        reference = "";
    }
    rv = apr_pool_create(&scratch, pool);
    if (rv != APR_SUCCESS) {
        *why = "there is no memory for the private key";
        return rv;
    }
    rv = smtpc__secret_load_key(&secret, why, reference, scratch);
    if (rv != APR_SUCCESS) {
        *why = apr_pstrdup(pool, *why);
        apr_pool_destroy(scratch);
        return rv;
    }
    ERR_clear_error();
    made = parse(secret, &encrypted);
    apr_pool_destroy(scratch);
    no_memory = smtpc__crypto_no_memory();
    if (made == NULL && no_memory) {
        *why = apr_pstrcat(pool, "there is no memory for ",
                           subject(reference, pool), NULL);
        return APR_ENOMEM;
    }
    if (made == NULL) {
        *why = apr_pstrcat(pool, subject(reference, pool),
                           encrypted ? " needs a pass phrase; take it away "
                                       "with openssl pkey -in old -out new"
                                     : " is not a private key in PEM form, "
                                       "which begins with -----BEGIN PRIVATE "
                                       "KEY-----", NULL);
        return SMTPC_EARG;
    }
    apr_pool_cleanup_register(pool, made, free_key, apr_pool_cleanup_null);
    *key = made;
    return APR_SUCCESS;
}
