/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_tls.c: certificates made at run time, so that none can expire in the
 * source tree.
 */

#include "peer_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "../tap/tap.h"

struct peer_ca_t {
    EVP_PKEY *key;
    X509 *certificate;
    long serial;
};

static apr_status_t free_key(void *data)
{
    EVP_PKEY_free(data);
    return APR_SUCCESS;
}

static apr_status_t free_certificate(void *data)
{
    X509_free(data);
    return APR_SUCCESS;
}

static apr_status_t free_context(void *data)
{
    SSL_CTX_free(data);
    return APR_SUCCESS;
}

static apr_status_t remove_file(void *data)
{
    unlink(data);
    return APR_SUCCESS;
}

static EVP_PKEY *make_key(int small, apr_pool_t *pool)
{
    EVP_PKEY *key = small ? EVP_RSA_gen(1024) : EVP_EC_gen("P-256");

    if (!key) {
        tap_bail("no key");
    }
    apr_pool_cleanup_register(pool, key, free_key, apr_pool_cleanup_null);
    return key;
}

static void extend(X509 *certificate, X509 *issuer, int nid,
                   const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (!extension) {
        tap_bail("no extension %s", value);
    }
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

static X509 *make_certificate(const char *cn, long from, long until,
                              long serial, EVP_PKEY *key, apr_pool_t *pool)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    apr_pool_cleanup_register(pool, certificate, free_certificate,
                              apr_pool_cleanup_null);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from * 86400);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until * 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               (const unsigned char *)cn, -1, -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

peer_ca_t *peer_ca_create(const char *name, apr_pool_t *pool)
{
    peer_ca_t *ca = apr_pcalloc(pool, sizeof(*ca));

    ca->key = make_key(0, pool);
    ca->serial = 1;
    ca->certificate = make_certificate(name, -2, 3, 1, ca->key, pool);
    X509_set_issuer_name(ca->certificate,
                         X509_get_subject_name(ca->certificate));
    extend(ca->certificate, ca->certificate, NID_basic_constraints,
           "critical,CA:TRUE");
    extend(ca->certificate, ca->certificate, NID_key_usage,
           "critical,keyCertSign,cRLSign");
    extend(ca->certificate, ca->certificate, NID_subject_key_identifier,
           "hash");
    if (X509_sign(ca->certificate, ca->key, EVP_sha256()) <= 0) {
        tap_bail("no CA certificate");
    }
    return ca;
}

/* Open a new temporary file that is removed with pool. */
static FILE *new_file(const char **path, apr_pool_t *pool)
{
    const char *dir;
    char *name;
    int fd;

    if (apr_temp_dir_get(&dir, pool) != APR_SUCCESS) {
        tap_bail("no temporary directory");
    }
    name = apr_pstrcat(pool, dir, "/peer-XXXXXX", NULL);
    fd = mkstemp(name);
    if (fd < 0) {
        tap_bail("no temporary file");
    }
    apr_pool_cleanup_register(pool, name, remove_file, apr_pool_cleanup_null);
    *path = name;
    return fdopen(fd, "w");
}

const char *peer_ca_file(peer_ca_t *ca, apr_pool_t *pool)
{
    const char *path;
    FILE *file = new_file(&path, pool);

    PEM_write_X509(file, ca->certificate);
    fclose(file);
    return path;
}

static X509 *issue(peer_ca_t *ca, const peer_cert_t *cert, EVP_PKEY *key,
                   apr_pool_t *pool)
{
    X509 *made = make_certificate(cert->cn ? cert->cn : "peer",
                                  cert->from ? cert->from : -1,
                                  cert->until ? cert->until : 1,
                                  ++ca->serial, key, pool);
    X509 *issuer = cert->self_signed ? made : ca->certificate;

    X509_set_issuer_name(made, X509_get_subject_name(issuer));
    extend(made, issuer, NID_basic_constraints, "CA:FALSE");
    extend(made, issuer, NID_ext_key_usage,
           cert->usage ? cert->usage : "serverAuth");
    if (cert->names) {
        extend(made, issuer, NID_subject_alt_name, cert->names);
    }
    if (X509_sign(made, cert->self_signed ? key : ca->key, EVP_sha256())
        <= 0) {
        tap_bail("no certificate");
    }
    return made;
}

SSL_CTX *peer_ca_server(peer_ca_t *ca, const peer_cert_t *cert,
                        apr_pool_t *pool)
{
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    EVP_PKEY *key = make_key(cert->small, pool);

    apr_pool_cleanup_register(pool, context, free_context,
                              apr_pool_cleanup_null);
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, 0);
    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0");
    if (SSL_CTX_use_certificate(context, issue(ca, cert, key, pool)) != 1
        || SSL_CTX_use_PrivateKey(context, key) != 1) {
        tap_bail("no server context");
    }
    if (cert->max_version) {
        SSL_CTX_set_max_proto_version(context, cert->max_version);
    }
    if (cert->ask_client) {
        X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
                            ca->certificate);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER
                                        | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
                           NULL);
    }
    return context;
}

const char *peer_ca_client_file(peer_ca_t *ca, const peer_cert_t *cert,
                                apr_pool_t *pool)
{
    const char *path;
    FILE *file = new_file(&path, pool);
    EVP_PKEY *key = make_key(0, pool);

    PEM_write_X509(file, issue(ca, cert, key, pool));
    PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
    fclose(file);
    return path;
}
