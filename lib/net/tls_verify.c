/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_verify.c: whose certificate is good, and sentences for the others.
 *
 * The name is looked for in subjectAltName only, never in the common name;
 * "*" stands for one whole left label (RFC 9525 6.3, 6.4). An address must be
 * in an iPAddress entry and sends no SNI (RFC 6066 3). Chain, dates, purpose
 * and strength are OpenSSL's to check, and so are TLSA records, which take the
 * place of the authorities. A pin is one condition more.
 *
 * Texts in certificates come from the peer: they are cut and escaped.
 * Revocation is not looked up, which would mean connections of its own: there
 * is the file that tls_context.c loads.
 */

#include "net/tls_verify.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <apr_strings.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/codec.h"
#include "base/limits.h"
#include "net/tls_dane.h"

/** What an operator can do about a CA that is not trusted. */
#define TRUST_HINT \
    "if it is the right server, name the certificate of its CA as CA file"

static int is_address(const char *host)
{
    ASN1_OCTET_STRING *octets = a2i_IPADDRESS(host);

    ASN1_OCTET_STRING_free(octets);
    return octets != NULL;
}

/* Put host without a dot at its end into buf. */
static const char *without_dot(char *buf, apr_size_t size, const char *host)
{
    apr_size_t len;

    apr_cpystrn(buf, host, size);
    len = strlen(buf);
    if (len > 1 && buf[len - 1] == '.') {
        buf[len - 1] = '\0';
    }
    return buf;
}

/* Write "CN" or the whole name of name to out. */
static void name_text(char *out, apr_size_t size, const X509_NAME *name)
{
    unsigned char *text = NULL;
    char line[SMTPC_LIMIT_CERTIFICATE_TEXT];
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    int len = -1;

    if (at >= 0) {
        X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, at);

        len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(entry));
    }
    if (len >= 0) {
        smtpc__escape_into(out, size, (const char *)text, (apr_size_t)len, 0);
        OPENSSL_free(text);
        return;
    }
    line[0] = '\0';
    X509_NAME_oneline(name, line, sizeof(line));
    smtpc__escape_into(out, size, line, strlen(line), 0);
}

/* Write the address in an iPAddress entry to out. */
static apr_size_t address_text(char *out, apr_size_t size,
                               const ASN1_OCTET_STRING *address)
{
    int len = ASN1_STRING_length(address);
    int family = len == 4 ? AF_INET : AF_INET6;

    if (len != 4 && len != 16) {
        return 0;
    }
    (void)inet_ntop(family, ASN1_STRING_get0_data(address), out,
                    (socklen_t)size);
    return strlen(out);
}

/* Write the text of one alternative name to out; 0 if it is of no kind that
 * names a host. */
static apr_size_t alternative_text(char *out, apr_size_t size,
                                   const GENERAL_NAME *name)
{
    switch (name->type) {
    case GEN_DNS:
        return smtpc__escape_into(
            out, size, (const char *)ASN1_STRING_get0_data(name->d.dNSName),
            (apr_size_t)ASN1_STRING_length(name->d.dNSName), 0);
    case GEN_IPADD:
        return address_text(out, size, name->d.iPAddress);
    default:
        return 0;
    }
}

/* Write the names the certificate is for to out, as many as fit. */
static void names_text(char *out, apr_size_t size, const X509 *certificate)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name,
                                            NULL, NULL);
    apr_size_t used = 0;
    int count = names ? sk_GENERAL_NAME_num(names) : 0;
    int i;

    out[0] = '\0';
    for (i = 0; i < count; i++) {
        char one[SMTPC_LIMIT_CERTIFICATE_TEXT];
        apr_size_t len = alternative_text(
            one, sizeof(one), sk_GENERAL_NAME_value(names, i));

        if (len == 0) {
            continue;
        }
        if (used + len + sizeof(", ...") >= size) {
            apr_cpystrn(out + used, used ? ", ..." : "...", size - used);
            break;
        }
        used += (apr_size_t)apr_snprintf(out + used, size - used, "%s%s",
                                         used ? ", " : "", one);
    }
    GENERAL_NAMES_free(names);
}

static void date_text(char *out, apr_size_t size, const ASN1_TIME *when)
{
    struct tm tm;

    if (ASN1_TIME_to_tm(when, &tm) != 1) {
        apr_cpystrn(out, "?", size);
        return;
    }
    apr_snprintf(out, size, "%04d-%02d-%02d", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday);
}

static void note_certificate(smtpc_tls_fault_t *fault,
                             const X509 *certificate)
{
    name_text(fault->subject, sizeof(fault->subject),
              X509_get_subject_name(certificate));
    name_text(fault->issuer, sizeof(fault->issuer),
              X509_get_issuer_name(certificate));
    names_text(fault->names, sizeof(fault->names), certificate);
    date_text(fault->from, sizeof(fault->from),
              X509_get0_notBefore(certificate));
    date_text(fault->until, sizeof(fault->until),
              X509_get0_notAfter(certificate));
    /* 0 for a key that OpenSSL does not know. */
    fault->bits = EVP_PKEY_get_bits(X509_get0_pubkey(certificate));
    smtpc__tls_pin_of(fault->pin, certificate);
}

/* Whether the key of the server's own certificate is one of those wanted. */
static int is_pinned(const smtpc_tls_fault_t *fault, const X509 *certificate)
{
    char pin[SMTPC_TLS_PIN_SIZE];

    smtpc__tls_pin_of(pin, certificate);
    return smtpc__tls_pins_have(fault->pins, pin);
}

/* Called by OpenSSL with each verdict on the chain: keep a fault, which ends
 * the handshake, and add that of a key that is not pinned. The fault is the
 * SSL's application data, whose slot exists in every SSL and has no functions
 * of ours attached; it was set before this function was. */
static int judge(int ok, X509_STORE_CTX *context)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(
        context, SSL_get_ex_data_X509_STORE_CTX_idx());
    smtpc_tls_fault_t *fault = SSL_get_app_data(ssl);
    const X509 *certificate = X509_STORE_CTX_get_current_cert(context);

    if (ok && fault->pins && X509_STORE_CTX_get_error_depth(context) == 0
        && !is_pinned(fault, certificate)) {
        X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
        ok = 0;
    }
    if (!ok) {
        /* Those in a directory are read when they are needed. */
        fault->lack = ERR_peek_error();
        fault->error = X509_STORE_CTX_get_error(context);
        fault->depth = X509_STORE_CTX_get_error_depth(context);
        note_certificate(fault, certificate);
    }
    return ok;
}

/* Ask for the certificate of name, unless it is an address (RFC 6066 3); zero
 * if OpenSSL does not take it. */
static int send_sni(SSL *ssl, const char *name)
{
    return is_address(name) || SSL_set_tlsext_host_name(ssl, name) == 1;
}

/* What the certificate has to be for, and what it may be instead. */
static apr_status_t set_identity(SSL *ssl, const char *name,
                                 const char *tlsa)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
    int taken = is_address(name)
                    ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
                    : X509_VERIFY_PARAM_set1_host(param, name, strlen(name));

    X509_VERIFY_PARAM_set_hostflags(param,
                                    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS
                                        | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (taken + send_sni(ssl, name) != 2) {
        return SMTPC_ETLS;
    }
    return tlsa ? smtpc__tls_dane_setup(ssl, name, tlsa) : APR_SUCCESS;
}

apr_status_t smtpc__tls_verify_setup(SSL *ssl,
                                     const smtpc_tls_policy_t *policy,
                                     smtpc_tls_fault_t *fault)
{
    char buf[SMTPC_LIMIT_HOST + 1];
    const char *name = without_dot(buf, sizeof(buf), policy->host);

    memset(fault, 0, sizeof(*fault));
    if (name[0] == '\0') {
        /* OpenSSL would take "" as "any host". */
        return SMTPC_ETLS;
    }
    fault->pins = policy->pins;
    SSL_set_app_data(ssl, fault);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, judge);
    return set_identity(ssl, name, policy->tlsa);
}

void smtpc__tls_verify_none(SSL *ssl, const char *host)
{
    char buf[SMTPC_LIMIT_HOST + 1];

    SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
    /* A name that cannot be asked for is no reason to go without TLS. */
    (void)send_sni(ssl, without_dot(buf, sizeof(buf), host));
}

/* Sentences. */

static const char *name_reason(const smtpc_tls_fault_t *fault,
                               const char *host, apr_pool_t *pool)
{
    if (fault->names[0] == '\0') {
        return apr_psprintf(pool, "the certificate of %s names no host in "
                            "subjectAltName, only the subject \"%s\", which "
                            "does not count: have it issued anew", host,
                            fault->subject);
    }
    if (fault->error == X509_V_ERR_IP_ADDRESS_MISMATCH) {
        return apr_psprintf(pool, "the certificate has no iPAddress entry for "
                            "%s, it is for %s: name the server as its "
                            "certificate does", host, fault->names);
    }
    return apr_psprintf(pool, "the certificate of %s is for %s: name the "
                        "server as its certificate does", host,
                        fault->names);
}

/* Whose certificate it is, for a sentence. */
static const char *whose(const smtpc_tls_fault_t *fault, const char *host,
                         apr_pool_t *pool)
{
    return fault->depth == 0
               ? apr_pstrcat(pool, "the certificate of ", host, NULL)
               : apr_psprintf(pool, "the CA certificate \"%s\" in the chain "
                              "of %s", fault->subject, host);
}

static const char *date_reason(const smtpc_tls_fault_t *fault,
                               const char *host, apr_pool_t *pool)
{
    if (fault->error == X509_V_ERR_CERT_HAS_EXPIRED) {
        return apr_psprintf(pool, "%s expired on %s: it has to be renewed",
                            whose(fault, host, pool), fault->until);
    }
    return apr_psprintf(pool, "%s is not valid before %s: check the clocks "
                        "of both machines", whose(fault, host, pool), fault->from);
}

static const char *weak_reason(const smtpc_tls_fault_t *fault,
                               const char *host, apr_pool_t *pool)
{
    if (fault->error == X509_V_ERR_CA_MD_TOO_WEAK) {
        return apr_psprintf(pool, "%s is signed with a hash that is too weak "
                            "(SHA-1 or older): have it issued anew",
                            whose(fault, host, pool));
    }
    return apr_psprintf(pool, "%s has a key of %d bits, which is too weak: "
                        "have it issued anew for a new key",
                        whose(fault, host, pool), fault->bits);
}

static const char *revoked_reason(const smtpc_tls_fault_t *fault,
                                  const char *host, apr_pool_t *pool)
{
    switch (fault->error) {
    case X509_V_ERR_CERT_REVOKED:
        return apr_psprintf(pool, "%s was revoked by \"%s\": it is not to be "
                            "trusted any more", whose(fault, host, pool),
                            fault->issuer);
    case X509_V_ERR_UNABLE_TO_GET_CRL:
        return apr_psprintf(pool, "whether %s is revoked cannot be told: the "
                            "CRL file has no list of \"%s\"",
                            whose(fault, host, pool), fault->issuer);
    default:
        return apr_psprintf(pool, "whether %s is revoked cannot be told: the "
                            "list of \"%s\" in the CRL file is no good (%s): "
                            "get a newer one", whose(fault, host, pool),
                            fault->issuer,
                            X509_verify_cert_error_string(fault->error));
    }
}

/* The key is neither pinned nor in the DNS: say what would be right for it. */
static const char *key_reason(const smtpc_tls_fault_t *fault,
                              const char *host, apr_pool_t *pool)
{
    return apr_psprintf(pool, "the public key of %s is %s, which is %s: if it "
                        "is the right server, its key was changed", host,
                        fault->pin,
                        fault->error == X509_V_ERR_DANE_NO_MATCH
                            ? "not what its TLSA records say"
                            : "not one of the pinned keys");
}

/* A fault of more than one kind of certificate, or NULL. */
static const char *common_reason(const smtpc_tls_fault_t *fault,
                                 const char *host, apr_pool_t *pool)
{
    switch (fault->error) {
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return weak_reason(fault, host, pool);
    case X509_V_ERR_CERT_REVOKED:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_CRL_SIGNATURE_FAILURE:
    case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
        return revoked_reason(fault, host, pool);
    case X509_V_ERR_APPLICATION_VERIFICATION:
    case X509_V_ERR_DANE_NO_MATCH:
        return key_reason(fault, host, pool);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return name_reason(fault, host, pool);
    default:
        return NULL;
    }
}

const char *smtpc__tls_lack(unsigned long code, apr_pool_t *pool)
{
    char text[128];
    int error = ERR_SYSTEM_ERROR(code) ? ERR_GET_REASON(code) : 0;

    if (error != EMFILE && error != ENFILE && error != ENOMEM) {
        return NULL;
    }
    return apr_pstrdup(pool, apr_strerror(error, text, sizeof(text)));
}

static const char *fault_reason(const smtpc_tls_fault_t *fault,
                                const char *host, apr_pool_t *pool)
{
    const char *common = common_reason(fault, host, pool);
    const char *lack = smtpc__tls_lack(fault->lack, pool);

    if (common) {
        return common;
    }
    if (lack) {
        return apr_psprintf(pool, "the certificate of %s could not be checked "
                            "because its CA could not be read: %s", host,
                            lack);
    }
    switch (fault->error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return date_reason(fault, host, pool);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        return apr_psprintf(pool, "the certificate of %s is self-signed and "
                            "not trusted: if it is the right server, name "
                            "this certificate as CA file", host);
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        return apr_psprintf(pool, "the certificate of %s comes from the "
                            "unknown CA \"%s\": " TRUST_HINT, host,
                            fault->subject);
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return apr_psprintf(pool, "the certificate of %s comes from the "
                            "unknown CA \"%s\", or the server does not send "
                            "its whole chain: " TRUST_HINT, host,
                            fault->issuer);
    case X509_V_ERR_INVALID_PURPOSE:
        return apr_psprintf(pool, "the certificate of %s is not one for "
                            "servers: have it issued anew", host);
    default:
        return apr_psprintf(pool, "the certificate of %s was refused: %s "
                            "(\"%s\")", host,
                            X509_verify_cert_error_string(fault->error),
                            fault->subject);
    }
}

/* What OpenSSL's reason code means to somebody who runs a mail server, or
 * NULL. */
static const char *known_reason(int code, smtpc_tls_version_e version)
{
    switch (code) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_BAD_PROTOCOL_VERSION_NUMBER:
        return version == SMTPC_TLS_1_3
                   ? "it does not offer TLS 1.3, which the settings require"
                   : "it offers neither TLS 1.2 nor TLS 1.3: update it";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "what it sends is not TLS: check port and security setting";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_NO_SHARED_CIPHER:
        return "it has no cipher suite in common with us, or wants a client "
               "certificate";
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        return "it wants a client certificate: set one";
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
        return "it does not accept our client certificate";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
        return "it has no certificate for this name";
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
        return "its key is too short to be safe: it needs a new one";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
        return "it closed the connection";
    default:
        return NULL;
    }
}

const char *smtpc__tls_verify_reason(const smtpc_tls_fault_t *fault,
                                     const char *host, apr_pool_t *pool)
{
    unsigned long first = ERR_peek_error();
    const char *known = NULL;
    char text[SMTPC_LIMIT_CERTIFICATE_TEXT];

    if (fault->error != X509_V_OK) {
        ERR_clear_error();
        return fault_reason(fault, host, pool);
    }
    if (ERR_GET_LIB(first) == ERR_LIB_SSL) {
        known = known_reason(ERR_GET_REASON(first), fault->version);
    }
    if (!known) {
        const char *reason = first ? ERR_reason_error_string(first) : NULL;

        apr_cpystrn(text, reason ? reason : "no reason given", sizeof(text));
        known = text;
    }
    ERR_clear_error();
    return apr_psprintf(pool, "no TLS with %s: %s", host, known);
}
