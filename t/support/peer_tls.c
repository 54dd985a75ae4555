/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_tls.c: certificates made at run time, so that none can expire in the
 * source tree.
 */

#include "peer_tls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static X509 *make_certificate(const char *type, const char *cn, long from, long until,
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
    X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8,
                               (const unsigned char *)cn, -1, -1, 0);
    X509_set_pubkey(certificate, key);
    return certificate;
}

static peer_ca_t *create_ca(const char *name, long until, apr_pool_t *pool)
{
    peer_ca_t *ca = apr_pcalloc(pool, sizeof(*ca));

    ca->key = make_key(0, pool);
    ca->serial = 1;
    ca->certificate = make_certificate("CN", name, -2, until, 1, ca->key, pool);
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

peer_ca_t *peer_ca_create(const char *name, apr_pool_t *pool)
{
    return create_ca(name, 3, pool);
}

peer_ca_t *peer_ca_create_old(const char *name, apr_pool_t *pool)
{
    return create_ca(name, -1, pool);
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

/* The one name, with its NUL. */
static void add_raw_name(X509 *certificate, const char *raw)
{
    GENERAL_NAMES *names = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *text = ASN1_IA5STRING_new();
    char *copy = OPENSSL_strdup(raw);
    char *bar = strchr(copy, '|');
    int len = (int)strlen(raw);

    if (bar) {
        *bar = '\0';
    }
    ASN1_STRING_set(text, copy, len);
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, name);
    if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, 0)
        != 1) {
        tap_bail("no name %s", raw);
    }
    GENERAL_NAMES_free(names);
    OPENSSL_free(copy);
}

static X509 *issue(peer_ca_t *ca, const peer_cert_t *cert, EVP_PKEY *key,
                   apr_pool_t *pool)
{
    X509 *made = make_certificate(cert->no_cn ? "O" : "CN",
                                  cert->no_cn ? "Peer"
                                  : cert->cn  ? cert->cn : "peer",
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
    if (cert->raw_name) {
        add_raw_name(made, cert->raw_name);
    }
    if (cert->bad_date) {
        ASN1_STRING_set(X509_getm_notAfter(made), "never", 5);
    }
    if (X509_sign(made, cert->self_signed ? key : ca->key,
                  cert->sha1 ? EVP_sha1() : EVP_sha256()) <= 0) {
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
    SSL_CTX_set_cipher_list(context, cert->ciphers ? cert->ciphers
                                                   : "ALL:@SECLEVEL=0");
    if (cert->min_version) {
        SSL_CTX_set_min_proto_version(context, cert->min_version);
    }
    if (cert->anonymous) {
        SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
        SSL_CTX_set_dh_auto(context, 1);
        return context;
    }
    if (SSL_CTX_use_certificate(context, issue(ca, cert, key, pool)) != 1
        || SSL_CTX_use_PrivateKey(context, key) != 1) {
        tap_bail("no server context");
    }
    if (cert->show_ca
        && SSL_CTX_add1_chain_cert(context, ca->certificate) != 1) {
        tap_bail("no chain");
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

const char *peer_ca_crl_file(peer_ca_t *ca, const SSL_CTX *server, long days,
                             const char *path, apr_pool_t *pool)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = X509_gmtime_adj(NULL, -2 * 86400);
    ASN1_TIME *until = X509_gmtime_adj(NULL, days * 86400);
    FILE *file = path ? fopen(path, "w") : new_file(&path, pool);

    X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate));
    X509_CRL_set1_lastUpdate(crl, from);
    X509_CRL_set1_nextUpdate(crl, until);
    if (server) {
        X509_REVOKED *revoked = X509_REVOKED_new();

        X509_REVOKED_set_serialNumber(
            revoked, X509_get_serialNumber(SSL_CTX_get0_certificate(server)));
        X509_REVOKED_set_revocationDate(revoked, from);
        X509_CRL_add0_revoked(crl, revoked);
    }
    if (!file || X509_CRL_sort(crl) != 1
        || X509_CRL_sign(crl, ca->key, EVP_sha256()) <= 0
        || PEM_write_X509_CRL(file, crl) != 1) {
        tap_bail("no list of revocations");
    }
    fclose(file);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    X509_CRL_free(crl);
    return path;
}

const char *peer_pin(const SSL_CTX *server, apr_pool_t *pool)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned char text[2 * EVP_MAX_MD_SIZE];
    unsigned char *der = NULL;
    unsigned int len = 0;
    int size;

    size = i2d_PUBKEY(X509_get0_pubkey(SSL_CTX_get0_certificate(server)),
                      &der);
    if (size <= 0) {
        tap_bail("no key");
    }
    EVP_Digest(der, (size_t)size, hash, &len, EVP_sha256(), NULL);
    OPENSSL_free(der);
    EVP_EncodeBlock(text, hash, (int)len);
    return apr_pstrcat(pool, "sha256//", (char *)text, NULL);
}

const char *peer_tlsa(const SSL_CTX *server, peer_ca_t *ca, int usage,
                      int selector, int type, apr_pool_t *pool)
{
    const X509 *certificate = ca ? ca->certificate
                                 : SSL_CTX_get0_certificate(server);
    const char *text = apr_psprintf(pool, "%d %d %d ", usage, selector, type);
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned char *der = NULL;
    const unsigned char *data = hash;
    unsigned int len;
    unsigned int i;

    len = (unsigned int)(selector == 0
                             ? i2d_X509(certificate, &der)
                             : i2d_PUBKEY(X509_get0_pubkey(certificate),
                                          &der));
    if (type == 0) {
        data = der;
    }
    else {
        EVP_Digest(der, len, hash, &len,
                   type == 1 ? EVP_sha256() : EVP_sha512(), NULL);
    }
    for (i = 0; i < len; i++) {
        text = apr_psprintf(pool, "%s%02x", text, data[i]);
    }
    OPENSSL_free(der);
    return text;
}
