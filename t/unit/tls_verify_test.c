/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_verify_test.c: certificates of every kind, shown by a server of
 * threads, and what is said about those that are refused.
 */

#include <poll.h>
#include <string.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "net/tcp.h"
#include "net/tls.h"
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
    return tap_done();
}
