/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_context.c: contexts with their certificate authorities and client
 * certificate, made once per env and policy.
 *
 * Guarantees: TLS 1.2 or newer, OpenSSL's security level 2 or higher (no key
 * below 112 bits of strength, no SHA-1, no anonymous server) whatever
 * openssl.cnf and lists of ciphers say, no compression, no renegotiation, no
 * ALPN, sessions only as tls_session.c keeps them; nothing is asked on a
 * terminal. Settings of OpenSSL as a whole are never touched: httpd and
 * mod_ssl use it too. RFC 8996, RFC 9325.
 *
 * Files are read once for a context, but a list of revocations is out of date
 * after days: a context goes with its time and size.
 */

#include "net/tls_context.h"

#include <string.h>

#include <apr_file_info.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/limits.h"
#include "net/tls_session.h"
#include "net/tls_verify.h"

/** OpenSSL's level for keys of 2048 bits and no SHA-1. */
#define SECURITY_LEVEL 2
/** First byte of the identifiers of TLS 1.3's cipher suites, RFC 8446 B.4. */
#define TLS13_SUITES 0x13

/* What making a context takes and says. */
typedef struct request_t {
    const smtpc_tls_policy_t *policy;
    const char **why;
    apr_pool_t *pool; /* for why */
} request_t;

static apr_status_t free_context(void *data)
{
    SSL_CTX_free(data);
    return APR_SUCCESS;
}

/* What OpenSSL calls for the password of a key: there is nobody to ask. */
static int no_password(char *buf, int size, int writing, void *baton)
{
    (void)writing;
    (void)baton;
    if (size > 0) {
        buf[0] = '\0';
    }
    return -1;
}

/* Set *why to "what path: reason", where the file system's reason comes
 * before OpenSSL's. */
static apr_status_t refuse(const request_t *request, const char *what,
                           const char *path)
{
    unsigned long code = ERR_peek_last_error();
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    char text[128];
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;

    rv = apr_stat(&info, path, APR_FINFO_TYPE, request->pool);
    if (rv == APR_SUCCESS || rv == APR_INCOMPLETE) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, 0, request->pool);
        if (rv == APR_SUCCESS) {
            apr_file_close(file);
        }
    }
    if (rv != APR_SUCCESS) {
        reason = apr_strerror(rv, text, sizeof(text));
    }
    ERR_clear_error();
    *request->why = apr_psprintf(request->pool, "cannot use the %s %s: %s",
                                 what, path,
                                 reason ? reason : "it is not in PEM format");
    return SMTPC_ETLS;
}

static int is_directory(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    return (rv == APR_SUCCESS || rv == APR_INCOMPLETE)
           && info.filetype == APR_DIR;
}

/* What SSL_CTX_set_default_verify_paths() does. That takes a file which could
 * not be opened for one which is not there, and the context would know no
 * authorities as long as the process lives. */
static apr_status_t load_defaults(SSL_CTX *context, const request_t *request)
{
    X509_LOOKUP *lookup;
    const char *lack;

    lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context),
                                   X509_LOOKUP_file());
    if (!lookup || SSL_CTX_set_default_verify_dir(context) != 1
        || SSL_CTX_set_default_verify_store(context) != 1) {
        ERR_clear_error();
        *request->why = "cannot use this system's certificate authorities: "
                        "name a CA file";
        return SMTPC_ETLS;
    }
    if (X509_LOOKUP_load_file(lookup, NULL, X509_FILETYPE_DEFAULT) != 1) {
        lack = smtpc__tls_lack(ERR_peek_error(), request->pool);
        ERR_clear_error();
        if (lack) {
            *request->why = apr_psprintf(request->pool, "cannot read this "
                                         "system's certificate authorities: "
                                         "%s", lack);
            return SMTPC_ETLS;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t load_authorities(SSL_CTX *context,
                                     const request_t *request)
{
    const smtpc_tls_policy_t *policy = request->policy;

    if (!policy->ca_file && !policy->ca_directory) {
        return load_defaults(context, request);
    }
    if (policy->ca_file
        && SSL_CTX_load_verify_file(context, policy->ca_file) != 1) {
        return refuse(request, "CA file", policy->ca_file);
    }
    if (policy->ca_directory) {
        if (!is_directory(policy->ca_directory, request->pool)) {
            *request->why = apr_psprintf(request->pool, "cannot use the CA "
                                         "directory %s: it is not a directory",
                                         policy->ca_directory);
            return SMTPC_ETLS;
        }
        if (SSL_CTX_load_verify_dir(context, policy->ca_directory) != 1) {
            return refuse(request, "CA directory", policy->ca_directory);
        }
    }
    /* Who names certificates may name one that is not a root. */
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                X509_V_FLAG_PARTIAL_CHAIN);
    return APR_SUCCESS;
}

static apr_status_t load_certificate(SSL_CTX *context,
                                     const request_t *request)
{
    const char *certificate = request->policy->certificate;
    const char *key = request->policy->certificate_key;

    if (!certificate) {
        return APR_SUCCESS;
    }
    if (!key) {
        key = certificate;
    }
    SSL_CTX_set_default_passwd_cb(context, no_password);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        return refuse(request, "client certificate", certificate);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1
        || SSL_CTX_check_private_key(context) != 1) {
        return refuse(request, "key of the client certificate", key);
    }
    return APR_SUCCESS;
}

/* Who is revoked, by every authority of a chain. */
static apr_status_t load_revocations(SSL_CTX *context,
                                     const request_t *request)
{
    const char *path = request->policy->crl_file;
    X509_LOOKUP *lookup;

    if (!path) {
        return APR_SUCCESS;
    }
    lookup = X509_STORE_add_lookup(SSL_CTX_get_cert_store(context),
                                   X509_LOOKUP_file());
    if (!lookup || X509_load_crl_file(lookup, path, X509_FILETYPE_PEM) < 1) {
        return refuse(request, "CRL file", path);
    }
    X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(context),
                                X509_V_FLAG_CRL_CHECK
                                    | X509_V_FLAG_CRL_CHECK_ALL);
    return APR_SUCCESS;
}

/* Set *why to what is wrong with a list. */
static apr_status_t refuse_list(const request_t *request, const char *what,
                                const char *list, const char *reason)
{
    ERR_clear_error();
    *request->why = apr_psprintf(
        request->pool, "cannot use the %s \"%s\": %s", what,
        smtpc__escape(list, strlen(list), SMTPC_LIMIT_CERTIFICATE_TEXT, 0,
                      request->pool), reason);
    return SMTPC_ETLS;
}

/* Whether the strength that is asked for leaves a cipher of TLS 1.2. */
static int has_cipher(SSL_CTX *context)
{
    SSL *ssl = SSL_new(context);
    STACK_OF(SSL_CIPHER) *left = ssl ? SSL_get1_supported_ciphers(ssl) : NULL;
    int found = 0;
    int i;

    for (i = 0; i < (left ? sk_SSL_CIPHER_num(left) : 0); i++) {
        int id = SSL_CIPHER_get_protocol_id(sk_SSL_CIPHER_value(left, i));

        found |= id >> 8 != TLS13_SUITES;
    }
    sk_SSL_CIPHER_free(left);
    SSL_free(ssl);
    return found;
}

/* The lists, before the security level: a list of ciphers may hold one. */
static apr_status_t set_lists(SSL_CTX *context, const request_t *request)
{
    const smtpc_tls_policy_t *policy = request->policy;

    if (policy->ciphers
        && SSL_CTX_set_cipher_list(context, policy->ciphers) != 1) {
        return refuse_list(request, "TLS 1.2 ciphers", policy->ciphers,
                           "OpenSSL knows none of them");
    }
    if (policy->suites
        && SSL_CTX_set_ciphersuites(context, policy->suites) != 1) {
        return refuse_list(request, "TLS 1.3 cipher suites", policy->suites,
                           "OpenSSL does not know one of them");
    }
    if (policy->groups
        && SSL_CTX_set1_groups_list(context, policy->groups) != 1) {
        return refuse_list(request, "groups for key exchange",
                           policy->groups,
                           "OpenSSL does not know one of them");
    }
    return APR_SUCCESS;
}

/* See that enough of the lists is left. */
static apr_status_t check_lists(SSL_CTX *context, const request_t *request)
{
    const smtpc_tls_policy_t *policy = request->policy;

    if (policy->ciphers && policy->version == SMTPC_TLS_1_2
        && !has_cipher(context)) {
        return refuse_list(request, "TLS 1.2 ciphers", policy->ciphers,
                           "none of them is safe");
    }
    return APR_SUCCESS;
}

static void harden(SSL_CTX *context, const smtpc_tls_policy_t *policy)
{
    int least = policy->version == SMTPC_TLS_1_3 ? TLS1_3_VERSION
                                                 : TLS1_2_VERSION;

    if (SSL_CTX_get_min_proto_version(context) < least) {
        SSL_CTX_set_min_proto_version(context, least);
    }
    if (SSL_CTX_get_security_level(context) < SECURITY_LEVEL) {
        SSL_CTX_set_security_level(context, SECURITY_LEVEL);
    }
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION
                                     | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_dane_enable(context);
    /* A stream that is cut must not look like one that ended. */
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    smtpc__tls_session_context(context);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE
                                  | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER
                                  | SSL_MODE_RELEASE_BUFFERS);
}

static apr_status_t fill(SSL_CTX *context, const request_t *request)
{
    apr_status_t rv = set_lists(context, request);

    harden(context, request->policy);
    if (rv == APR_SUCCESS) {
        rv = check_lists(context, request);
    }
    if (rv == APR_SUCCESS && request->policy->verify) {
        rv = load_authorities(context, request);
    }
    if (rv == APR_SUCCESS && request->policy->verify) {
        rv = load_revocations(context, request);
    }
    if (rv == APR_SUCCESS) {
        rv = load_certificate(context, request);
    }
    return rv;
}

/* smtpc__share_fn_t: baton is a request_t. */
static apr_status_t context_create(void **object, void *baton,
                                   apr_pool_t *pool)
{
    const request_t *request = baton;
    SSL_CTX *context;
    apr_status_t rv;

    ERR_clear_error();
    context = SSL_CTX_new(TLS_client_method());
    if (!context) {
        ERR_clear_error();
        *request->why = "OpenSSL cannot make a TLS context: check its "
                        "configuration (openssl.cnf)";
        return SMTPC_ETLS;
    }
    rv = fill(context, request);
    if (rv != APR_SUCCESS) {
        SSL_CTX_free(context);
        return rv;
    }
    apr_pool_cleanup_register(pool, context, free_context,
                              apr_pool_cleanup_null);
    *object = context;
    return APR_SUCCESS;
}

const char *smtpc__tls_context_stamp(const smtpc_tls_policy_t *policy,
                                     apr_pool_t *pool)
{
    apr_finfo_t info;

    if (!policy->crl_file
        || apr_stat(&info, policy->crl_file, APR_FINFO_MTIME | APR_FINFO_SIZE,
                    pool) != APR_SUCCESS) {
        return "";
    }
    return apr_psprintf(pool, "%" APR_TIME_T_FMT ".%" APR_OFF_T_FMT,
                        info.mtime, info.size);
}

apr_status_t smtpc__tls_context_get(SSL_CTX **context, const char **why,
                                    const smtpc_tls_policy_t *policy,
                                    smtpc_env_t *env, apr_pool_t *pool)
{
    request_t request = { policy, why, pool };
    void *object = NULL;
    const char *key;
    apr_status_t rv;

    *why = "no lock for the TLS contexts to be had";
    key = apr_pstrcat(pool, policy->verify ? "tls/verify/" : "tls/any/",
                      policy->key, "/", smtpc__tls_context_stamp(policy, pool),
                      NULL);
    rv = smtpc__env_share(&object, env, key, context_create, &request, pool);
    if (rv != APR_SUCCESS) {
        return SMTPC_ETLS;
    }
    *context = object;
    return APR_SUCCESS;
}

apr_status_t smtpc__tls_check(const char **why,
                              const smtpc_tls_policy_t *policy,
                              apr_pool_t *pool)
{
    request_t request = { policy, why, pool };
    void *object;
    apr_pool_t *scratch;
    apr_status_t rv;

    rv = apr_pool_create(&scratch, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = context_create(&object, &request, scratch);
    apr_pool_destroy(scratch);
    return rv;
}
