/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smime.c: certificates and keys of S/MIME messages.
 *
 * Whatever makes a certificate unfit is found out when it is given, not when
 * a message is rendered. Not checked is who issued it: that is for those who
 * get the message, or gave us their certificate.
 *
 * Not here: signatures and encryption (smime_wrap.c). RFC 8550.
 */
#include "mime/smime_int.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <apr_errno.h>
#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/limits.h"
#include "mime/message_priv.h"
#include "mime/private_key.h"

static apr_status_t free_certificates(void *data)
{
    sk_X509_pop_free(data, X509_free);
    return APR_SUCCESS;
}

static apr_status_t free_list(void *data)
{
    sk_X509_free(data);
    return APR_SUCCESS;
}

/* The settings of message, made when they are first needed. */
static smtpc_smime_t *settings(smtpc_message_t *message)
{
    if (message->smime == NULL) {
        message->smime = apr_pcalloc(message->pool, sizeof(smtpc_smime_t));
    }
    return message->smime;
}

const smtpc_smime_t *smtpc__smime_of(const smtpc_message_t *message)
{
    const smtpc_smime_t *smime = message->smime;

    return smime != NULL
                   && (smime->certificate != NULL || smime->recipients != NULL)
               ? smime : NULL;
}

/* All certificates in bio, up to one more than the limit; NULL if there is no
 * memory. */
static STACK_OF(X509) *read_all(BIO *bio)
{
    STACK_OF(X509) *list = sk_X509_new_null();
    X509 *certificate;

    while (list != NULL && sk_X509_num(list) <= SMTPC_LIMIT_SMIME_CHAIN
           && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))
                  != NULL) {
        if (sk_X509_push(list, certificate) <= 0) {
            X509_free(certificate);
            break;
        }
    }
    return list;
}

/* Load the certificates in the file path, one or more; they live as long as
 * message. */
static apr_status_t load(STACK_OF(X509) **list, smtpc_message_t *message,
                         const char *path)
{
    FILE *file = *path != '\0' ? fopen(path, "re") : NULL;
    char text[160];
    BIO *bio;

    *list = NULL;
    if (file == NULL) {
        apr_status_t rv = *path != '\0' ? APR_FROM_OS_ERROR(errno)
                                        : SMTPC_EARG;

        return smtpc__message_fail(message, rv,
                                   "S/MIME certificate file \"%.300s\" cannot "
                                   "be opened: %s", path,
                                   smtpc_strerror(rv, text, sizeof(text)));
    }
    ERR_clear_error();
    bio = BIO_new_fp(file, BIO_CLOSE);
    if (bio != NULL) {
        *list = read_all(bio);
    }
    else {
        (void)fclose(file);
    }
    BIO_free(bio);
    /* What ends the list may be the end of memory, too. */
    if (smtpc__crypto_no_memory() || *list == NULL) {
        sk_X509_pop_free(*list, X509_free);
        return smtpc__message_fail(message, APR_ENOMEM,
                                   "no memory for the certificates in "
                                   "\"%.300s\"", path);
    }
    apr_pool_cleanup_register(message->pool, *list, free_certificates,
                              apr_pool_cleanup_null);
    if (sk_X509_num(*list) > SMTPC_LIMIT_SMIME_CHAIN) {
        return smtpc__message_fail(message, SMTPC_ELIMIT, "\"%.300s\" has "
                                   "more than %d certificates", path,
                                   SMTPC_LIMIT_SMIME_CHAIN);
    }
    if (sk_X509_num(*list) == 0) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "\"%.300s\" has no certificate in PEM form, "
                                   "which begins with -----BEGIN "
                                   "CERTIFICATE-----", path);
    }
    return APR_SUCCESS;
}

/* Check that certificate, from path, is valid today and for purpose, which
 * is called what. */
static apr_status_t check(smtpc_message_t *message, X509 *certificate,
                          const char *path, int purpose, const char *what)
{
    /* The key is read with the certificate; if that fails, nobody says so. */
    if (X509_get0_pubkey(certificate) == NULL) {
        ERR_clear_error();
        return smtpc__message_fail(message, SMTPC_EARG, "the certificate in "
                                   "\"%.300s\" has a key that OpenSSL cannot "
                                   "read", path);
    }
    if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) {
        return smtpc__message_fail(message, SMTPC_EARG, "the certificate in "
                                   "\"%.300s\" is not valid yet", path);
    }
    if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) {
        return smtpc__message_fail(message, SMTPC_EARG, "the certificate in "
                                   "\"%.300s\" has expired; get a new one",
                                   path);
    }
    if (X509_check_purpose(certificate, purpose, 0) != 1) {
        return smtpc__message_fail(message, SMTPC_EARG, "the certificate in "
                                   "\"%.300s\" is not for S/MIME %s: its key "
                                   "usage does not allow it", path, what);
    }
    return APR_SUCCESS;
}

static apr_status_t load_key(EVP_PKEY **key, smtpc_message_t *message,
                             const char *certificate, const char *reference)
{
    const char *why = "";
    apr_status_t rv;

    if (reference == NULL) {
        reference = apr_pstrcat(message->pool, "file:", certificate, NULL);
    }
    rv = smtpc__private_key_load(key, &why, reference, message->pool);
    return rv == APR_SUCCESS ? rv : smtpc__message_fail(message, rv, "%s",
                                                        why);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_smime_signer(smtpc_message_t *message,
                               const char *certificate,
                               const char *key_reference)
{
    smtpc_smime_t *smime = settings(message);
    STACK_OF(X509) *list;
    EVP_PKEY *key = NULL;
    X509 *own;
    apr_status_t rv;

    if (certificate == NULL) {
        if (key_reference != NULL) {
            return smtpc__message_fail(message, SMTPC_EARG, "an S/MIME key "
                                       "without a certificate");
        }
        smime->certificate = NULL;
        return APR_SUCCESS;
    }
    rv = load(&list, message, certificate);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    own = sk_X509_value(list, 0);
    rv = check(message, own, certificate, X509_PURPOSE_SMIME_SIGN,
               "signatures");
    if (rv == APR_SUCCESS) {
        rv = load_key(&key, message, certificate, key_reference);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (X509_check_private_key(own, key) != 1) {
        ERR_clear_error();
        return smtpc__message_fail(message, SMTPC_EARG, "the private key is "
                                   "not that of the certificate in \"%.300s\"",
                                   certificate);
    }
    smime->certificate = own;
    smime->chain = list;
    smime->key = key;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_smime_recipient(smtpc_message_t *message,
                                  const char *certificate)
{
    smtpc_smime_t *smime = settings(message);
    STACK_OF(X509) *list;
    apr_status_t rv;

    if (certificate == NULL) {
        smime->recipients = NULL;
        return APR_SUCCESS;
    }
    if (smime->recipients != NULL
        && sk_X509_num(smime->recipients) >= SMTPC_LIMIT_SMIME_RECIPIENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT, "a message is "
                                   "encrypted for at most %d certificates",
                                   SMTPC_LIMIT_SMIME_RECIPIENTS);
    }
    rv = load(&list, message, certificate);
    if (rv == APR_SUCCESS) {
        rv = check(message, sk_X509_value(list, 0), certificate,
                   X509_PURPOSE_SMIME_ENCRYPT, "encryption");
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (smime->recipients == NULL) {
        /* The certificates belong to the lists they came in. */
        smime->recipients = sk_X509_new_null();
        if (smime->recipients != NULL) {
            apr_pool_cleanup_register(message->pool, smime->recipients,
                                      free_list, apr_pool_cleanup_null);
        }
    }
    if (smime->recipients == NULL
        || sk_X509_push(smime->recipients, sk_X509_value(list, 0)) <= 0) {
        return smtpc__message_fail(message, APR_ENOMEM,
                                   "no memory for a certificate");
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_smime_cipher(smtpc_message_t *message,
                               smtpc_smime_cipher_e cipher)
{
    if ((unsigned int)cipher > SMTPC_SMIME_AES_256_GCM) {
        return smtpc__message_fail(message, SMTPC_EARG, "%d is not a value "
                                   "of smtpc_smime_cipher_e", (int)cipher);
    }
    settings(message)->cipher = cipher;
    return APR_SUCCESS;
}
