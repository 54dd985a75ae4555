/* SPDX-License-Identifier: Apache-2.0 */
/*
 * smime_support.c: see smime_support.h. Ends the test when OpenSSL does not
 * do as it should.
 */
#include "smime_support.h"

#include <apr_strings.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "../tap/tap.h"
#include "dkim_support.h"

static apr_status_t free_certificate(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static int add_usage(X509 *certificate, const char *usage)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL,
                                                    NID_key_usage, usage);
    int good = extension != NULL
               && X509_add_ext(certificate, extension, -1);

    X509_EXTENSION_free(extension);
    return good;
}

X509 *smime_support_certificate(EVP_PKEY *key, long from, long to,
                                const char *usage, apr_pool_t *pool)
{
    X509 *made = X509_new();
    X509_NAME *name = made != NULL ? X509_get_subject_name(made) : NULL;

    if (name == NULL || !X509_set_version(made, X509_VERSION_3)
        || !ASN1_INTEGER_set(X509_get_serialNumber(made), 42)
        || !X509_gmtime_adj(X509_getm_notBefore(made), from)
        || !X509_gmtime_adj(X509_getm_notAfter(made), to)
        || !X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                       (const unsigned char *)"test", -1, -1,
                                       0)
        || !X509_set_issuer_name(made, name) || !X509_set_pubkey(made, key)
        || !add_usage(made, usage) || !X509_sign(made, key, EVP_sha256())) {
        tap_bail("no certificate");
    }
    apr_pool_cleanup_register(pool, made, free_certificate,
                              apr_pool_cleanup_null);
    return made;
}

const char *smime_support_file(X509 *certificate, EVP_PKEY *key,
                               apr_pool_t *pool)
{
    BIO *bio = BIO_new(BIO_s_mem());
    const char *path;
    char *text;
    long len;

    if (bio == NULL || !PEM_write_bio_X509(bio, certificate)
        || (key != NULL
            && !PEM_write_bio_PrivateKey(bio, key, NULL, NULL, 0, NULL,
                                         NULL))) {
        tap_bail("no PEM");
    }
    len = BIO_get_mem_data(bio, &text);
    path = dkim_support_file(apr_pstrmemdup(pool, text, (apr_size_t)len),
                             0600, pool);
    BIO_free(bio);
    return path;
}
