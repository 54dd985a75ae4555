/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_verify_test.c: certificates of every kind, shown by a server of
 * threads, and what is said about those that are refused.
 */

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <openssl/err.h>

#include "net/tcp.h"
#include "net/tls.h"
#include "net/tls_verify.h"
#include "../support/peer.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** A certificate, who asks for it, and what comes of it. */
typedef struct case_t {
    const char *what;
    peer_cert_t cert;
    const char *host;
    const char *reason; /* part of the sentence; NULL: accepted */
} case_t;

static const case_t cases[] = {
    { "the name", { .names = "DNS:mail.test" }, "mail.test", NULL },
    { "another case", { .names = "DNS:MAIL.Test" }, "mail.test", NULL },
    { "dot at the end of the host", { .names = "DNS:mail.test" },
      "mail.test.", NULL },
    { "second of several", { .names = "DNS:a.test,DNS:mail.test" },
      "mail.test", NULL },
    { "wildcard", { .names = "DNS:*.example.test" }, "mail.example.test",
      NULL },
    { "IPv4", { .names = "IP:127.0.0.1" }, "127.0.0.1", NULL },
    { "IPv6", { .names = "IP:::1" }, "::1", NULL },
    { "wrong name", { .names = "DNS:other.test" }, "mail.test",
      "the certificate of mail.test is for other.test" },
    { "wrong names", { .names = "DNS:a.test,IP:192.0.2.1" }, "mail.test",
      "is for a.test, 192.0.2.1" },
    { "wildcard for two labels", { .names = "DNS:*.example.test" },
      "a.mail.example.test", "is for *.example.test" },
    { "wildcard for no label", { .names = "DNS:*.example.test" },
      "example.test", "is for *.example.test" },
    { "part of a label", { .names = "DNS:m*.example.test" },
      "mail.example.test", "is for m*.example.test" },
    { "wildcard for a top-level domain", { .names = "DNS:*.test" },
      "mail.test", "is for *.test" },
    { "substring", { .names = "DNS:mail.test.evil.test" }, "mail.test",
      "is for mail.test.evil.test" },
    { "common name only", { .cn = "mail.test" }, "mail.test",
      "names no host in subjectAltName" },
    { "common name besides another name",
      { .cn = "mail.test", .names = "DNS:other.test" }, "mail.test",
      "is for other.test" },
    { "IP address as name", { .names = "DNS:127.0.0.1" }, "127.0.0.1",
      "has no iPAddress entry for 127.0.0.1, it is for 127.0.0.1" },
    { "IP address as common name", { .cn = "127.0.0.1" }, "127.0.0.1",
      "names no host" },
    { "wrong IP address", { .names = "IP:127.0.0.2" }, "127.0.0.1",
      "no iPAddress entry for 127.0.0.1, it is for 127.0.0.2" },
    { "expired", { .names = "DNS:mail.test", .from = -10, .until = -3 },
      "mail.test", "the certificate of mail.test expired on 20" },
    { "not yet valid", { .names = "DNS:mail.test", .from = 2, .until = 3 },
      "mail.test", "is not valid before 20" },
    { "self-signed", { .names = "DNS:mail.test", .self_signed = 1 },
      "mail.test", "is self-signed" },
    { "for clients only",
      { .names = "DNS:mail.test", .usage = "clientAuth" }, "mail.test",
      "is not one for servers" },
    { "RSA with 1024 bits", { .names = "DNS:mail.test", .small = 1 },
      "mail.test",
      "the certificate of mail.test has a key of 1024 bits, which is too "
      "weak" },
    { "SHA-1", { .names = "DNS:mail.test", .sha1 = 1 }, "mail.test",
      "the certificate of mail.test is signed with a hash that is too weak" },
    { "NUL in the name", { .raw_name = "mail.test|.evil.test" }, "mail.test",
      "the certificate of mail.test is for mail.test\\x00.evil.test" },
    { "dot at the end of the name", { .raw_name = "mail.test." },
      "mail.test", "is for mail.test." },
    { "internationalised", { .names = "DNS:xn--bcher-kva.example" },
      "xn--bcher-kva.example", NULL },
    { "internationalised, in UTF-8", { .raw_name = "b\303\274cher.example" },
      "xn--bcher-kva.example", "is for b\303\274cher.example" },
    { "wildcard in an internationalised label",
      { .names = "DNS:xn--*.example" }, "xn--bcher-kva.example",
      "is for xn--*.example" },
    { "no common name", { .no_cn = 1 }, "mail.test",
      "only the subject \"/O=Peer\"" },
    { "names of other kinds", { .names = "email:a@mail.test,URI:smtp://x,"
                                         "DNS:other.test" }, "mail.test",
      "is for other.test" },
    { "names of other kinds only", { .names = "email:a@mail.test" },
      "mail.test", "names no host in subjectAltName" },
    { "an address of five bytes",
      { .names = "DER:30:07:87:05:7f:00:00:01:01" }, "127.0.0.1",
      "names no host in subjectAltName" },
    { "more names than there is room for",
      { .names = "DNS:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test,"
                 "DNS:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb.test,"
                 "DNS:cccccccccccccccccccccccccccccccccccccccccccccccccc.test,"
                 "DNS:dddddddddddddddddddddddddddddddddddddddddddddddddd.test,"
                 "DNS:eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee.test"
      }, "mail.test", "dddd.test, ...: name" },
    { "one name that is too long",
      { .raw_name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa."
                    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.test" },
      "mail.test", "is for ...: name" },
    { "no date", { .names = "DNS:mail.test", .bad_date = 1 }, "mail.test",
      "was refused: format error in certificate's notAfter field" },
    { "control characters in the name",
      { .names = "DNS:a.test", .cn = "x\r\nX: y" }, "mail.test", "a.test" },
};

static void serve_tls(peer_conn_t *conn, void *baton)
{
    if (peer_tls(conn, baton)) {
        peer_wait_end(conn);
    }
}

static int fd_of(smtpc_transport_t *transport)
{
    int fd = -1;

    (void)apr_os_sock_get(&fd, smtpc__transport_socket(transport));
    return fd;
}

static void wait_for(smtpc_transport_t *transport, apr_int16_t events)
{
    struct pollfd fd = { fd_of(transport),
                         (short)((events & APR_POLLIN ? POLLIN : 0)
                                 | (events & APR_POLLOUT ? POLLOUT : 0)), 0 };

    if (poll(&fd, 1, 10000) != 1) {
        tap_bail("nothing within 10 s");
    }
}

/* Shake hands with the server; *why is the sentence if that fails. */
static apr_status_t shake(const char **why, int port,
                          const smtpc_tls_policy_t *policy, smtpc_env_t *env,
                          apr_pool_t *pool)
{
    apr_sockaddr_t *address;
    smtpc_transport_t *under;
    apr_int16_t events;
    smtpc_tls_t *tls;
    smtpc_tcp_t *tcp;
    apr_status_t rv;

    *why = "";
    apr_sockaddr_info_get(&address, "127.0.0.1", APR_INET, (apr_port_t)port,
                          0, pool);
    rv = smtpc__tcp_connect(&tcp, address, NULL, pool);
    under = smtpc__tcp_transport(tcp);
    while (APR_STATUS_IS_EAGAIN(rv)) {
        wait_for(under, APR_POLLOUT);
        rv = smtpc__tcp_connected(tcp);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__tls_create(&tls, why, under, policy, env, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    while (APR_STATUS_IS_EAGAIN(rv = smtpc__tls_handshake(tls, &events))) {
        wait_for(under, events);
    }
    if (rv != APR_SUCCESS) {
        *why = smtpc__transport_error(smtpc__tls_transport(tls));
    }
    smtpc__transport_close(smtpc__tls_transport(tls), 1);
    return rv;
}

static void test_case(const case_t *test, peer_ca_t *ca, const char *ca_file,
                      smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_tls_policy_t policy = { .host = test->host,
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    peer_t *peer = peer_start(serve_tls,
                              peer_ca_server(ca, &test->cert, pool));
    const char *why;
    apr_status_t rv;

    rv = shake(&why, peer_port(peer), &policy, env, pool);
    if (!test->reason) {
        tap_is_int(rv, APR_SUCCESS, "%s: accepted %s", test->what, why);
    }
    else {
        tap_ok(rv == SMTPC_ETLS && strstr(why, test->reason) != NULL
                   && strpbrk(why, "\r\n") == NULL, "%s: %s", test->what,
               why);
    }
    policy.verify = 0;
    policy.key = "any";
    if (!test->cert.small) {
        tap_is_int(shake(&why, peer_port(peer), &policy, env, pool),
                   APR_SUCCESS, "%s: accepted unverified", test->what);
    }
    peer_stop(peer);
}

/* The server's CA is not the one that is trusted. */
static void test_unknown_ca(const char *ca_file, smtpc_env_t *env,
                            apr_pool_t *pool)
{
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = ca_file,
                                  .key = "test",
                                  .verify = 1 };
    peer_cert_t cert = { .names = "DNS:mail.test" };
    peer_ca_t *other = peer_ca_create("Other CA", pool);
    peer_t *peer = peer_start(serve_tls, peer_ca_server(other, &cert, pool));
    const char *why;

    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), SMTPC_ETLS,
               "unknown CA");
    tap_ok(strstr(why, "unknown CA \"Other CA\"") != NULL, "%s", why);
    policy.key = "system";
    policy.ca_file = NULL;
    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), SMTPC_ETLS,
               "the system does not know it either");
    policy.key = "other";
    policy.ca_file = peer_ca_file(other, pool);
    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), APR_SUCCESS,
               "its own CA, same env: accepted");
    policy.key = "test";
    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), SMTPC_ETLS,
               "contexts of one env do not mix");
    peer_stop(peer);
}

/* The CA itself is out of date. */
static void test_old_ca(smtpc_env_t *env, apr_pool_t *pool)
{
    peer_ca_t *old = peer_ca_create_old("Old CA", pool);
    smtpc_tls_policy_t policy = { .host = "mail.test",
                                  .ca_file = peer_ca_file(old, pool),
                                  .key = "old", .verify = 1 };
    peer_cert_t cert = { .names = "DNS:mail.test" };
    peer_t *peer = peer_start(serve_tls, peer_ca_server(old, &cert, pool));
    const char *why;

    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), SMTPC_ETLS,
               "a CA that has expired");
    tap_ok(strstr(why, "the CA certificate \"Old CA\" in the chain of "
                       "mail.test expired on 20") != NULL, "%s", why);
    policy.host = "";
    tap_is_int(shake(&why, peer_port(peer), &policy, env, pool), SMTPC_ETLS,
               "no name at all: %s", why);
    peer_stop(peer);
}

/* A sentence for each verdict of OpenSSL on a certificate. */
static void test_verdicts(apr_pool_t *pool)
{
    static const struct {
        int error;
        int depth;
        const char *said;
    } verdicts[] = {
        { X509_V_ERR_CERT_HAS_EXPIRED, 0, "of h expired on" },
        { X509_V_ERR_CERT_HAS_EXPIRED, 1, "\"S\" in the chain of h expired" },
        { X509_V_ERR_CERT_NOT_YET_VALID, 0, "of h is not valid before" },
        { X509_V_ERR_CERT_NOT_YET_VALID, 1, "chain of h is not valid" },
        { X509_V_ERR_HOSTNAME_MISMATCH, 0, "of h is for N" },
        { X509_V_ERR_IP_ADDRESS_MISMATCH, 0, "no iPAddress entry for h" },
        { X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0, "is self-signed" },
        { X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 1, "unknown CA \"S\"" },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, 0, "unknown CA \"I\"" },
        { X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0, "CA \"I\"" },
        { X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, 0, "CA \"I\"" },
        { X509_V_ERR_INVALID_PURPOSE, 0, "not one for servers" },
        { X509_V_ERR_EE_KEY_TOO_SMALL, 0, "of h has a key of 512 bits" },
        { X509_V_ERR_CA_KEY_TOO_SMALL, 1, "\"S\" in the chain of h has" },
        { X509_V_ERR_CA_MD_TOO_WEAK, 1, "signed with a hash" },
        { X509_V_ERR_CERT_REVOKED, 0, "of h was revoked by \"I\"" },
        { X509_V_ERR_CERT_REVOKED, 1, "chain of h was revoked by \"I\"" },
        { X509_V_ERR_UNABLE_TO_GET_CRL, 0, "has no list of \"I\"" },
        { X509_V_ERR_CRL_HAS_EXPIRED, 0, "get a newer one" },
        { X509_V_ERR_CRL_NOT_YET_VALID, 0, "get a newer one" },
        { X509_V_ERR_CRL_SIGNATURE_FAILURE, 0, "get a newer one" },
        { X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, 0, "get a newer one" },
        { X509_V_ERR_APPLICATION_VERIFICATION, 0, "key of h is P, which is "
          "not one of the pinned" },
        { X509_V_ERR_DANE_NO_MATCH, 0, "key of h is P, which is not what" },
        { X509_V_ERR_PATH_LENGTH_EXCEEDED, 1, "was refused: path length" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++) {
        smtpc_tls_fault_t fault = { .error = verdicts[i].error,
                                    .depth = verdicts[i].depth,
                                    .subject = "S", .issuer = "I",
                                    .names = "N", .from = "2000-01-01",
                                    .until = "2001-01-01", .bits = 512,
                                    .pin = "P" };
        const char *why = smtpc__tls_verify_reason(&fault, "h", pool);

        tap_ok(strstr(why, verdicts[i].said) != NULL, "verdict %d: %s",
               verdicts[i].error, why);
    }
}

/* A CA that could not be read is not an unknown one. */
static void test_lack(apr_pool_t *pool)
{
    smtpc_tls_fault_t fault = {
        .error = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, .issuer = "I"
    };
    static const int lacks[] = { EMFILE, ENFILE, ENOMEM };
    const char *why;

    ERR_clear_error();
    ERR_raise(ERR_LIB_SYS, EMFILE);
    fault.lack = ERR_peek_error();
    why = smtpc__tls_verify_reason(&fault, "h", pool);
    tap_is_str(why, "the certificate of h could not be checked because its "
               "CA could not be read: Too many open files", "EMFILE");
    ERR_raise(ERR_LIB_SYS, ENOENT);
    fault.lack = ERR_peek_error();
    why = smtpc__tls_verify_reason(&fault, "h", pool);
    tap_ok(strstr(why, "unknown CA \"I\"") != NULL, "ENOENT: %s", why);
    tap_ok(!smtpc__tls_lack(0, pool), "no error");
    tap_ok(!smtpc__tls_lack(ERR_PACK(ERR_LIB_SSL, 0, EMFILE), pool),
           "the number of another one");
    for (size_t i = 0; i < sizeof(lacks) / sizeof(lacks[0]); i++) {
        ERR_raise(ERR_LIB_SYS, lacks[i]);
        tap_ok(smtpc__tls_lack(ERR_get_error(), pool) != NULL, "error %d",
               lacks[i]);
    }
}

/* And for each failure of a handshake. */
static void test_failures(apr_pool_t *pool)
{
    static const struct {
        int reason;
        const char *said;
    } failures[] = {
        { SSL_R_UNSUPPORTED_PROTOCOL, "neither TLS 1.2 nor" },
        { SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, "neither TLS 1.2 nor" },
        { SSL_R_BAD_PROTOCOL_VERSION_NUMBER, "neither TLS 1.2 nor" },
        { SSL_R_WRONG_VERSION_NUMBER, "not TLS" },
        { SSL_R_HTTP_REQUEST, "not TLS" },
        { SSL_R_PACKET_LENGTH_TOO_LONG, "not TLS" },
        { SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "no cipher suite in common" },
        { SSL_R_NO_PROTOCOLS_AVAILABLE, "no cipher suite in common" },
        { SSL_R_NO_SHARED_CIPHER, "no cipher suite in common" },
        { SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, "set one" },
        { SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "our client certificate" },
        { SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "our client certificate" },
        { SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "our client certificate" },
        { SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "our client certificate" },
        { SSL_R_TLSV1_ALERT_UNKNOWN_CA, "our client certificate" },
        { SSL_R_TLSV1_ALERT_ACCESS_DENIED, "our client certificate" },
        { SSL_R_TLSV1_UNRECOGNIZED_NAME, "no certificate for this name" },
        { SSL_R_DH_KEY_TOO_SMALL, "too short" },
        { SSL_R_EE_KEY_TOO_SMALL, "too short" },
        { SSL_R_CA_KEY_TOO_SMALL, "too short" },
        { SSL_R_UNEXPECTED_EOF_WHILE_READING, "closed the connection" },
        { SSL_R_BAD_SIGNATURE, "bad signature" },
    };
    smtpc_tls_fault_t none = { .error = X509_V_OK };
    apr_size_t i;

    for (i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        const char *why;

        ERR_clear_error();
        ERR_raise(ERR_LIB_SSL, failures[i].reason);
        why = smtpc__tls_verify_reason(&none, "h", pool);
        tap_ok(strstr(why, failures[i].said) != NULL
                   && strstr(why, "no TLS with h: ") == why
                   && ERR_peek_error() == 0, "failure %d: %s",
               failures[i].reason, why);
    }
    ERR_raise(ERR_LIB_SSL, SSL_R_UNSUPPORTED_PROTOCOL);
    none.version = SMTPC_TLS_1_3;
    tap_ok(strstr(smtpc__tls_verify_reason(&none, "h", pool),
                  "does not offer TLS 1.3") != NULL, "TLS 1.3 required");
    ERR_raise(ERR_LIB_EVP, ERR_R_MALLOC_FAILURE);
    tap_ok(strstr(smtpc__tls_verify_reason(&none, "h", pool), "malloc")
               != NULL, "another part of OpenSSL");
    ERR_raise(ERR_LIB_USER, 99);
    tap_ok(strstr(smtpc__tls_verify_reason(&none, "h", pool),
                  "no reason given") != NULL, "a reason without a name");
    tap_ok(strstr(smtpc__tls_verify_reason(&none, "h", pool),
                  "no reason given") != NULL, "none at all");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    smtpc_env_t *env;
    apr_size_t i;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        test_case(&cases[i], ca, ca_file, env, pool);
    }
    test_unknown_ca(ca_file, env, pool);
    test_old_ca(env, pool);
    test_verdicts(pool);
    test_lack(pool);
    test_failures(pool);
    return tap_done();
}
