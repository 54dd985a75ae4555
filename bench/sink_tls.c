/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_tls.c: the sink's TLS: a certificate made at the start, TLS 1.2 or 1.3,
 * and sessions that clients can resume, by ticket as servers do by default.
 */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "sink.h"

static const unsigned char session_id_context[] = "sink";

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX context;
    X509_EXTENSION *extension;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL || !X509_add_ext(cert, extension, -1)) {
        sink_die("cannot make a certificate");
    }
    X509_EXTENSION_free(extension);
}

static X509 *certificate(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name;

    if (cert == NULL || !X509_set_version(cert, 2)
        || !ASN1_INTEGER_set(X509_get_serialNumber(cert), 1)
        || X509_gmtime_adj(X509_getm_notBefore(cert), -3600) == NULL
        || X509_gmtime_adj(X509_getm_notAfter(cert), 86400) == NULL
        || !X509_set_pubkey(cert, key)) {
        sink_die("cannot make a certificate");
    }
    name = X509_get_subject_name(cert);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     (const unsigned char *)"localhost", -1,
                                     -1, 0);
    (void)X509_set_issuer_name(cert, name);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_subject_alt_name, "IP:127.0.0.1,DNS:localhost");
    if (X509_sign(cert, key, EVP_sha256()) == 0) {
        sink_die("cannot sign a certificate");
    }
    return cert;
}

void tls_set_up(sink_t *sink)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *cert;
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    FILE *file;

    if (key == NULL || tls == NULL) {
        sink_die("cannot make a key");
    }
    cert = certificate(key);
    file = fopen(sink->opts.cert_file, "w");
    if (file == NULL || !PEM_write_X509(file, cert) || fclose(file) != 0) {
        sink_die("cannot write the certificate");
    }
    if (SSL_CTX_use_certificate(tls, cert) != 1
        || SSL_CTX_use_PrivateKey(tls, key) != 1
        || SSL_CTX_set_session_id_context(tls, session_id_context,
                                          sizeof(session_id_context) - 1)
               != 1) {
        sink_die("cannot use the certificate");
    }
    (void)SSL_CTX_set_mode(tls, SSL_MODE_ENABLE_PARTIAL_WRITE
                                    | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    X509_free(cert);
    EVP_PKEY_free(key);
    sink->tls = tls;
}

void tls_begin(sink_t *sink, conn_t *conn)
{
    conn->want_tls = 0;
    conn->ssl = SSL_new(sink->tls);
    if (conn->ssl == NULL || SSL_set_fd(conn->ssl, conn->fd) != 1) {
        sink_die("cannot begin TLS");
    }
    SSL_set_accept_state(conn->ssl);
}

long tls_read(sink_t *sink, conn_t *conn, char *buf, size_t len)
{
    size_t got = 0;
    int ok = SSL_read_ex(conn->ssl, buf, len, &got);

    if (!conn->secured && SSL_is_init_finished(conn->ssl)) {
        conn->secured = 1;
        sink->counts.handshakes++;
        sink->counts.resumed += SSL_session_reused(conn->ssl) == 1;
    }
    if (ok) {
        return (long)got;
    }
    switch (SSL_get_error(conn->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -1;
    default:
        return 0;
    }
}

long tls_write(conn_t *conn, const char *data, size_t len)
{
    size_t sent = 0;

    if (SSL_write_ex(conn->ssl, data, len, &sent)) {
        return (long)sent;
    }
    switch (SSL_get_error(conn->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return -1;
    default:
        return -2;
    }
}

void tls_end(conn_t *conn)
{
    (void)SSL_shutdown(conn->ssl);
    SSL_free(conn->ssl);
    conn->ssl = NULL;
}
