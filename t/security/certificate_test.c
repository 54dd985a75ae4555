/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate_test.c: threats T10 to T13, revocation and pins: certificates of
 * every kind, shown to a client with a password that sends a mail, by
 * STARTTLS and from the first byte. Each has its own sentence.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"

/** Who signed a certificate. */
typedef enum {
    BY_US,   /* the CA that is trusted */
    BY_OTHER /* another one */
} signer_e;

/** A certificate, what the server is called, and what is said. */
typedef struct case_t {
    const char *id;
    peer_cert_t cert;
    const char *name; /* to be verified; NULL: the host, 127.0.0.1 */
    const char *said; /* NULL: it is good */
    signer_e signer;
} case_t;

static const case_t cases[] = {
    { "T10: good", { .names = "DNS:mail.test" }, "mail.test", NULL, BY_US },
    { "T10: expired", { .names = "DNS:mail.test", .from = -9, .until = -2 },
      "mail.test", "the certificate of mail.test expired on 20", BY_US },
    { "T10: not yet valid", { .names = "DNS:mail.test", .from = 1,
                             .until = 2 }, "mail.test",
      "the certificate of mail.test is not valid before 20", BY_US },
    { "T10: self-signed", { .names = "DNS:mail.test", .self_signed = 1 },
      "mail.test", "the certificate of mail.test is self-signed", BY_US },
    { "T10: unknown CA", { .names = "DNS:mail.test" }, "mail.test",
      "comes from the unknown CA \"Other CA\"", BY_OTHER },
    { "T10: unknown CA, whole chain", { .names = "DNS:mail.test",
                                       .show_ca = 1 }, "mail.test",
      "comes from the unknown CA \"Other CA\"", BY_OTHER },
    { "T10: wrong host", { .names = "DNS:mail.example.net" }, "mail.test",
      "the certificate of mail.test is for mail.example.net", BY_US },
    { "T10: wrong host, wildcard", { .names = "DNS:*.example.net" },
      "mail.example.org",
      "the certificate of mail.example.org is for *.example.net", BY_US },
    { "T10: CN only", { .cn = "mail.test" }, "mail.test",
      "names no host in subjectAltName, only the subject \"mail.test\"",
      BY_US },
    { "T10: wrong key usage", { .names = "DNS:mail.test",
                               .usage = "clientAuth" }, "mail.test",
      "the certificate of mail.test is not one for servers", BY_US },
    { "T10: wrong key usage, code signing",
      { .names = "DNS:mail.test", .usage = "codeSigning" }, "mail.test",
      "the certificate of mail.test is not one for servers", BY_US },
    { "T10: any key usage", { .names = "DNS:mail.test",
                             .usage = "serverAuth,clientAuth" }, "mail.test",
      NULL, BY_US },

    { "T11: wildcard", { .names = "DNS:*.example.test" }, "mail.example.test",
      NULL, BY_US },
    { "T11: wildcard for two labels", { .names = "DNS:*.example.test" },
      "a.mail.example.test",
      "the certificate of a.mail.example.test is for *.example.test", BY_US },
    { "T11: wildcard for no label", { .names = "DNS:*.example.test" },
      "example.test", "is for *.example.test", BY_US },
    { "T11: partial wildcard", { .names = "DNS:f*.example.test" },
      "foo.example.test", "is for f*.example.test", BY_US },
    { "T11: partial wildcard at the end", { .names = "DNS:*o.example.test" },
      "foo.example.test", "is for *o.example.test", BY_US },
    { "T11: wildcard in the middle", { .names = "DNS:mail.*.test" },
      "mail.example.test", "is for mail.*.test", BY_US },
    { "T11: two wildcards", { .names = "DNS:*.*.test" }, "mail.example.test",
      "is for *.*.test", BY_US },
    { "T11: wildcard for a top-level domain", { .names = "DNS:*.test" },
      "mail.test", "is for *.test", BY_US },
    { "T11: wildcard for all", { .raw_name = "*" }, "mail.test", "is for *",
      BY_US },
    { "T11: longer than the host", { .names = "DNS:mail.test.evil.test" },
      "mail.test", "is for mail.test.evil.test", BY_US },
    { "T11: shorter than the host", { .names = "DNS:ail.test" }, "mail.test",
      "is for ail.test", BY_US },
    { "T11: the domain only", { .names = "DNS:test" }, "mail.test",
      "is for test", BY_US },
    { "T11: dot at the end of the host", { .names = "DNS:mail.test" },
      "mail.test.", NULL, BY_US },
    { "T11: dot at the end of the name", { .raw_name = "mail.test." },
      "mail.test", "is for mail.test.", BY_US },
    { "T11: case of the name", { .names = "DNS:MAIL.Test" }, "mail.test", NULL,
      BY_US },
    { "T11: case of the host", { .names = "DNS:mail.test" }, "MAIL.Test", NULL,
      BY_US },
    { "T11: IDN", { .names = "DNS:xn--bcher-kva.example" },
      "b\303\274cher.example", NULL, BY_US },
    { "T11: IDN under a wildcard", { .names = "DNS:*.example.test" },
      "b\303\274cher.example.test", NULL, BY_US },
    { "T11: IDN in UTF-8", { .raw_name = "b\303\274cher.example" },
      "b\303\274cher.example", "is for b\303\274cher.example", BY_US },
    { "T11: wildcard in an A-label", { .names = "DNS:xn--*.example" },
      "b\303\274cher.example", "is for xn--*.example", BY_US },

    { "T12: NUL in the name", { .raw_name = "mail.test|.evil.test" },
      "mail.test",
      "the certificate of mail.test is for mail.test\\x00.evil.test", BY_US },
    { "T12: NUL at the end of the name", { .raw_name = "mail.test|" },
      "mail.test", "is for mail.test\\x00", BY_US },
    { "T12: NUL in front", { .raw_name = "|mail.test" }, "mail.test",
      "is for \\x00mail.test", BY_US },
    { "T12: NUL in a wildcard", { .raw_name = "*|.example.test" },
      "mail.example.test", "is for *\\x00.example.test", BY_US },
    { "T12: line ends in the subject",
      { .cn = "x\r\n250 ok", .names = "DNS:a.test" }, "mail.test",
      "is for a.test", BY_US },

    { "T13: IPv4", { .names = "IP:127.0.0.1" }, NULL, NULL, BY_US },
    { "T13: IPv6", { .names = "IP:2001:db8::1" }, "2001:db8::1", NULL, BY_US },
    { "T13: IPv6 in another notation", { .names = "IP:2001:db8::1" },
      "[2001:DB8:0:0::1]", NULL, BY_US },
    { "T13: wrong IPv4", { .names = "IP:127.0.0.2" }, NULL,
      "has no iPAddress entry for 127.0.0.1, it is for 127.0.0.2", BY_US },
    { "T13: wrong IPv6", { .names = "IP:2001:db8::2" }, "2001:db8::1",
      "has no iPAddress entry for 2001:db8::1, it is for 2001:db8::2",
      BY_US },
    { "T13: IPv4 as a DNS name", { .names = "DNS:127.0.0.1" }, NULL,
      "has no iPAddress entry for 127.0.0.1", BY_US },
    { "T13: IPv4 under a wildcard", { .names = "DNS:*.0.0.1" }, NULL,
      "has no iPAddress entry for 127.0.0.1", BY_US },
    { "T13: IPv4 as the CN", { .cn = "127.0.0.1" }, NULL, "names no host",
      BY_US },
    { "T13: IPv4 in IPv6", { .names = "IP:::ffff:127.0.0.1" }, NULL,
      "has no iPAddress entry for 127.0.0.1", BY_US },

    { "T15: key of 1024 bits", { .names = "DNS:mail.test", .small = 1 },
      "mail.test",
      "the certificate of mail.test has a key of 1024 bits, which is too "
      "weak", BY_US },
    { "T15: SHA-1", { .names = "DNS:mail.test", .sha1 = 1 }, "mail.test",
      "the certificate of mail.test is signed with a hash that is too weak",
      BY_US },
};

static smtpc_env_t *env;
static peer_ca_t *ca;
static peer_ca_t *other;
static const char *ca_file;

static void run_case(const case_t *c, int implicit, apr_pool_t *pool)
{
    row_t row = { .security = implicit ? SMTPC_SECURITY_IMPLICIT
                                       : SMTPC_SECURITY_STARTTLS,
                  .verify_name = c->name, .ca_file = ca_file, .user = "web",
                  .status = c->said ? SMTPC_ETLS : APR_SUCCESS,
                  .said = c->said };
    peer_smtp_t smtp;
    peer_t *peer;

    row.id = apr_pstrcat(pool, c->id,
                         implicit ? ", implicit" : ", STARTTLS", NULL);
    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(c->signer == BY_US ? ca : other, &c->cert, pool);
    smtp.implicit = implicit;
    smtp.login = "AHdlYgBzZWNyZXQ=";
    peer = peer_start(peer_smtp_serve, &smtp);
    row_run(&row, peer, env, pool);
    peer_stop(peer);
}

static void test_cases(apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i], 0, pool);
        run_case(&cases[i], 1, pool);
    }
}

static void test_pins(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test" };
    peer_cert_t wrong = { .names = "DNS:other.test" };
    peer_smtp_t smtp;
    peer_t *peer;
    SSL_CTX *one = peer_ca_server(ca, &cert, pool);
    SSL_CTX *two = peer_ca_server(ca, &cert, pool);
    SSL_CTX *bad = peer_ca_server(ca, &wrong, pool);
    row_t row = { .id = "T10: pinned key", .verify_name = "mail.test",
                  .security = SMTPC_SECURITY_STARTTLS, .ca_file = ca_file,
                  .pins = peer_pin(one, pool) };

    peer_smtp_init(&smtp);
    smtp.tls = one;
    peer = peer_start(peer_smtp_serve, &smtp);
    row_run(&row, peer, env, pool);
    peer_stop(peer);
    peer = peer_start(peer_smtp_serve, &smtp);
    row.id = "T10: another key is pinned: says which was seen";
    row.pins = peer_pin(two, pool);
    row.status = SMTPC_ETLS;
    row.said = apr_psprintf(pool, "the public key of mail.test is %s, which "
                            "is not one of the pinned keys",
                            peer_pin(one, pool));
    row_run(&row, peer, env, pool);
    row.id = "T10: one of several pins";
    row.pins = apr_pstrcat(pool, peer_pin(two, pool), " ",
                           peer_pin(one, pool), NULL);
    row.status = APR_SUCCESS;
    row.said = NULL;
    row_run(&row, peer, env, pool);
    peer_stop(peer);

    smtp.tls = bad;
    peer = peer_start(peer_smtp_serve, &smtp);
    row.id = "T10: a pin does not make a wrong name good";
    row.pins = peer_pin(bad, pool);
    row.status = SMTPC_ETLS;
    row.said = "is for other.test";
    row_run(&row, peer, env, pool);
    peer_stop(peer);
}

/* Send a mail, with revocations from the file; the status. */
static void send_with_list(const char *id, const char *list,
                           apr_status_t status, const char *said,
                           peer_t *peer, apr_pool_t *pool)
{
    row_t row = { .verify_name = "mail.test", .ca_file = ca_file,
                  .security = SMTPC_SECURITY_STARTTLS };
    smtpc_client_t *client = row_client(&row, peer, env, pool);
    smtpc_result_t *result;

    tap_subtest_begin("%s", id);
    row_must(smtpc_client_set_crl_file(client, list), "CRL file");
    tap_is_int(mail_send(&result, client, "x@y.test", pool), status,
               "status");
    tap_ok(strstr(mail_error(result), said) != NULL, "%s",
           mail_error(result));
    smtpc_client_dispose(client);
    tap_subtest_end();
}

static void test_revoked(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "DNS:mail.test" };
    SSL_CTX *server = peer_ca_server(ca, &cert, pool);
    SSL_CTX *another = peer_ca_server(ca, &cert, pool);
    const char *list = peer_ca_crl_file(ca, another, 1, NULL, pool);
    peer_smtp_t smtp;
    peer_t *peer;

    peer_smtp_init(&smtp);
    smtp.tls = server;
    peer = peer_start(peer_smtp_serve, &smtp);
    send_with_list("T10: not revoked", list, APR_SUCCESS, "", peer, pool);
    (void)peer_ca_crl_file(ca, server, 2, list, pool);
    send_with_list("T10: revoked, in the same file, which was written anew",
                   list, SMTPC_ETLS, "the certificate of mail.test was "
                   "revoked by \"Test CA\"", peer, pool);
    send_with_list("T10: a list that is out of date",
                   peer_ca_crl_file(ca, NULL, -1, NULL, pool), SMTPC_ETLS,
                   "get a newer one", peer, pool);
    send_with_list("T10: no list of this CA",
                   peer_ca_crl_file(other, NULL, 1, NULL, pool), SMTPC_ETLS,
                   "the CRL file has no list of \"Test CA\"", peer, pool);
    peer_stop(peer);
}

int main(void)
{
    static const tap_test_fn tests[] = { test_cases, test_pins,
                                         test_revoked };
    apr_pool_t *pool = tap_pool();

    row_must(smtpc_env_create(&env, pool), "env");
    ca = peer_ca_create("Test CA", pool);
    other = peer_ca_create("Other CA", pool);
    ca_file = peer_ca_file(ca, pool);
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
