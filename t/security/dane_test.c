/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dane_test.c: threat T23: TLSA records of every good and bad kind, given as a
 * setting and looked up at a name server on loopback whose zones are really
 * signed, and what a client makes of them. RFC 7672.
 */

#include <string.h>

#include <apr_strings.h>

#include "net/dane_lookup.h"
#include "../support/dns_zone.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../tap/tap.h"

/** A record that is for nobody. */
#define NOBODY \
    "3 1 1 00000000000000000000000000000000" \
    "00000000000000000000000000000000"

static smtpc_env_t *env;
static peer_ca_t *ca;
static const char *ca_file;

/** Servers: what their certificates are like. */
typedef struct servers_t {
    SSL_CTX *own;     /* self-signed, of another name, and expired */
    SSL_CTX *good;    /* by the CA, whose certificate it sends */
    SSL_CTX *wrong;   /* the same for another name */
    SSL_CTX *expired; /* the same, too late */
} servers_t;

static void make_servers(servers_t *servers, apr_pool_t *pool)
{
    peer_cert_t own = { .names = "DNS:elsewhere.test", .self_signed = 1,
                        .from = -9, .until = -2 };
    peer_cert_t good = { .names = "DNS:mail.dane.example", .show_ca = 1 };
    peer_cert_t wrong = { .names = "DNS:elsewhere.test", .show_ca = 1 };
    peer_cert_t expired = { .names = "DNS:mail.dane.example", .show_ca = 1,
                            .from = -9, .until = -2 };

    servers->own = peer_ca_server(ca, &own, pool);
    servers->good = peer_ca_server(ca, &good, pool);
    servers->wrong = peer_ca_server(ca, &wrong, pool);
    servers->expired = peer_ca_server(ca, &expired, pool);
}

/* Records that are given. */

/* Send to a server with this context, NULL for one without TLS, with the
 * records; the outcome has to be as said (NULL: sent, in TLS). */
static void given(const char *id, SSL_CTX *server, const char *records,
                  smtpc_security_e security, const char *said,
                  apr_pool_t *pool)
{
    row_t row = { .security = security, .verify_name = "mail.dane.example" };
    smtpc_client_t *client;
    smtpc_result_t *result;
    peer_smtp_t smtp;
    peer_t *peer;
    apr_status_t rv;

    tap_subtest_begin("%s", id);
    peer_smtp_init(&smtp);
    smtp.tls = server;
    smtp.implicit = security == SMTPC_SECURITY_IMPLICIT;
    peer = peer_start(peer_smtp_serve, &smtp);
    client = row_client(&row, peer, env, pool);
    row_must(smtpc_client_set_tlsa_records(client, records), "records");
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, said ? SMTPC_ETLS : APR_SUCCESS, "%s", mail_error(result));
    if (said) {
        tap_ok(strstr(mail_error(result), said) != NULL, "said");
        row_nothing_said(peer);
    }
    else {
        tap_ok(*smtpc_result_tls_protocol(result), "in TLS");
    }
    tap_is_int(peer_accepted(peer), 1, "one connection");
    smtpc_client_dispose(client);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_given(apr_pool_t *pool)
{
    const smtpc_security_e starttls = SMTPC_SECURITY_STARTTLS;
    servers_t servers;
    int selector;
    int type;

    make_servers(&servers, pool);
    for (selector = 0; selector <= 1; selector++) {
        for (type = 0; type <= 2; type++) {
            given(apr_psprintf(pool, "T23: 3 %d %d, the server's own, "
                               "whatever its name and dates", selector, type),
                  servers.own,
                  peer_tlsa(servers.own, NULL, 3, selector, type, pool),
                  starttls, NULL, pool);
            given(apr_psprintf(pool, "T23: 2 %d %d, an authority that the "
                               "server sends", selector, type), servers.good,
                  peer_tlsa(servers.good, ca, 2, selector, type, pool),
                  starttls, NULL, pool);
        }
    }
    given("T23: TLS from the first byte", servers.own,
          peer_tlsa(servers.own, NULL, 3, 1, 1, pool),
          SMTPC_SECURITY_IMPLICIT, NULL, pool);
    given("T23: by default TLS is required with a record", servers.own,
          peer_tlsa(servers.own, NULL, 3, 1, 1, pool),
          SMTPC_SECURITY_DEFAULT, NULL, pool);
    given("T23: no STARTTLS", NULL,
          peer_tlsa(servers.own, NULL, 3, 1, 1, pool),
          SMTPC_SECURITY_DEFAULT, "does not offer STARTTLS", pool);
    given("T23: another key", servers.good, NOBODY, starttls,
          "which is not what its TLSA records say", pool);
    given("T23: says which key it is", servers.good, NOBODY, starttls,
          peer_pin(servers.good, pool), pool);
    given("T23: one of two", servers.own,
          apr_pstrcat(pool, NOBODY ", ",
                      peer_tlsa(servers.own, NULL, 3, 1, 1, pool), NULL),
          starttls, NULL, pool);
    given("T23: 2 1 1, another name", servers.wrong,
          peer_tlsa(servers.wrong, ca, 2, 1, 1, pool), starttls,
          "is for elsewhere.test", pool);
    given("T23: 2 1 1, expired", servers.expired,
          peer_tlsa(servers.expired, ca, 2, 1, 1, pool), starttls,
          "expired on", pool);
    given("T23: 2 1 1 of the server's own key is no authority",
          servers.own, peer_tlsa(servers.own, NULL, 2, 1, 1, pool), starttls,
          "", pool);
}

/* Records that are looked up. */

/** What the name server has for a host. */
typedef enum {
    RECORD_NONE,
    RECORD_GOOD,   /* 3 1 1 of the server */
    RECORD_OTHER,  /* of another key */
    RECORD_PKIX,   /* usage 1: of no use */
    RECORD_SHORT   /* a digest of 5 bytes */
} record_e;

/** A case. */
typedef struct case_t {
    const char *id;
    const char *zone;           /* without "example": dane, plain, forged,
                                   nowhere */
    record_e record;
    smtpc_security_e security;
    smtpc_dane_e dane;
    int tls;                    /* the server: 0 no TLS, 1 a certificate that
                                   nobody vouches for, 2 TLS 1.1 only, 3 one of
                                   the CA that is trusted */
    apr_status_t status;
    int encrypted;              /* of a success */
    const char *said;
} case_t;

#define OPPORTUNISTIC SMTPC_SECURITY_OPPORTUNISTIC
#define STARTTLS SMTPC_SECURITY_STARTTLS
#define ON SMTPC_DANE_ON
#define REQUIRED SMTPC_DANE_REQUIRED

static const case_t cases[] = {
    { "T23: a good record", "dane", RECORD_GOOD, OPPORTUNISTIC, ON, 1,
      APR_SUCCESS, 1, NULL },
    { "T23: a good record, STARTTLS required", "dane", RECORD_GOOD, STARTTLS,
      ON, 1, APR_SUCCESS, 1, NULL },
    { "T23: a good record, DANE required", "dane", RECORD_GOOD, STARTTLS,
      REQUIRED, 1, APR_SUCCESS, 1, NULL },
    { "T23: a good record, STARTTLS is stripped", "dane", RECORD_GOOD,
      OPPORTUNISTIC, ON, 0, SMTPC_ETLS, 0, "though it has TLSA records" },
    { "T23: a good record, the handshake fails", "dane", RECORD_GOOD,
      OPPORTUNISTIC, ON, 2, SMTPC_ETLS, 0, "TLS 1.2" },
    { "T23: a record of another key", "dane", RECORD_OTHER, OPPORTUNISTIC, ON,
      1, SMTPC_ETLS, 0, "not what its TLSA records say" },
    { "T23: a record of another key, though the CA is trusted", "dane",
      RECORD_OTHER, STARTTLS, ON, 3, SMTPC_ETLS, 0,
      "not what its TLSA records say" },

    { "T23: usage 1: TLS is required, unauthenticated", "dane", RECORD_PKIX,
      OPPORTUNISTIC, ON, 1, APR_SUCCESS, 1, NULL },
    { "T23: usage 1: no STARTTLS, no mail", "dane", RECORD_PKIX,
      OPPORTUNISTIC, ON, 0, SMTPC_ETLS, 0, "though it has TLSA records" },
    { "T23: usage 1: the handshake fails, no mail", "dane", RECORD_PKIX,
      OPPORTUNISTIC, ON, 2, SMTPC_ETLS, 0, "TLS 1.2" },
    { "T23: usage 1 does not make less of what is required", "dane",
      RECORD_PKIX, STARTTLS, ON, 1, SMTPC_ETLS, 0, "self-signed" },
    { "T23: usage 1, DANE required", "dane", RECORD_PKIX, STARTTLS, REQUIRED,
      3, SMTPC_ETLS, 0, "is of use for mail, which the settings require" },
    { "T23: a digest of 5 bytes: TLS is required", "dane", RECORD_SHORT,
      OPPORTUNISTIC, ON, 1, APR_SUCCESS, 1, NULL },
    { "T23: a digest of 5 bytes: no STARTTLS, no mail", "dane", RECORD_SHORT,
      OPPORTUNISTIC, ON, 0, SMTPC_ETLS, 0, "though it has TLSA records" },

    { "T23: no record", "dane", RECORD_NONE, OPPORTUNISTIC, ON, 0,
      APR_SUCCESS, 0, NULL },
    { "T23: no record, the CA counts", "dane", RECORD_NONE, STARTTLS, ON, 3,
      APR_SUCCESS, 1, NULL },
    { "T23: no record, nobody vouches for it", "dane", RECORD_NONE, STARTTLS,
      ON, 1, SMTPC_ETLS, 0, "self-signed" },
    { "T23: no record, DANE required", "dane", RECORD_NONE, STARTTLS,
      REQUIRED, 3, SMTPC_ETLS, 0, "has no TLSA records that DNSSEC vouches" },

    { "T23: an insecure answer does not count", "plain", RECORD_OTHER,
      OPPORTUNISTIC, ON, 1, APR_SUCCESS, 1, NULL },
    { "T23: nor does it require TLS", "plain", RECORD_GOOD, OPPORTUNISTIC, ON,
      0, APR_SUCCESS, 0, NULL },
    { "T23: nor vouch for a certificate", "plain", RECORD_GOOD, STARTTLS, ON,
      1, SMTPC_ETLS, 0, "self-signed" },
    { "T23: an insecure answer, DANE required", "plain", RECORD_GOOD,
      STARTTLS, REQUIRED, 1, SMTPC_ETLS, 0, "that DNSSEC vouches for" },

    { "T23: a forged answer", "forged", RECORD_GOOD, OPPORTUNISTIC, ON, 1,
      SMTPC_ETEMP, 0, "is not known, so nothing is sent" },
    { "T23: a forged answer, STARTTLS required", "forged", RECORD_GOOD,
      STARTTLS, ON, 3, SMTPC_ETEMP, 0, "is not known, so nothing is sent" },
    { "T23: SERVFAIL", "nowhere", RECORD_NONE, OPPORTUNISTIC, ON, 1,
      SMTPC_ETEMP, 0, "SERVFAIL" },
    { "T23: SERVFAIL, DANE required", "nowhere", RECORD_NONE, STARTTLS,
      REQUIRED, 3, SMTPC_ETEMP, 0, "SERVFAIL" },
};

#define CASES (sizeof(cases) / sizeof(cases[0]))

/** What the cases need. */
typedef struct rig_t {
    SSL_CTX *contexts[4]; /* by case_t.tls */
    peer_smtp_t smtps[CASES];
    peer_t *peers[CASES];
    const char *records[4]; /* lines of the zones */
} rig_t;

static const char *const zone_names[] = { "dane", "plain", "forged",
                                          "nowhere" };

static int zone_of(const case_t *c)
{
    int i = 0;

    while (strcmp(zone_names[i], c->zone) != 0) {
        i++;
    }
    return i;
}

/* The record of a host, as a line, or none. */
static const char *record_of(const case_t *c, SSL_CTX *server, int port,
                             const char *host, apr_pool_t *pool)
{
    const char *data = NOBODY;

    switch (c->record) {
    case RECORD_NONE:
        return "";
    case RECORD_GOOD:
        data = peer_tlsa(server, NULL, 3, 1, 1, pool);
        break;
    case RECORD_PKIX:
        data = peer_tlsa(server, NULL, 1, 1, 1, pool);
        break;
    case RECORD_SHORT:
        data = "3 1 1 0102030405";
        break;
    case RECORD_OTHER:
    default:
        break;
    }
    return apr_psprintf(pool, "_%d._tcp.%s TLSA %s\n", port, host, data);
}

/* Start a server for each case, and collect the lines of the zones. */
static void start_all(rig_t *rig, apr_pool_t *pool)
{
    peer_cert_t own = { .names = "DNS:elsewhere.test", .self_signed = 1 };
    peer_cert_t old = { .names = "DNS:elsewhere.test",
                        .max_version = TLS1_1_VERSION };
    peer_cert_t good = { .names = "DNS:*.dane.example" };
    apr_size_t i;

    rig->contexts[1] = peer_ca_server(ca, &own, pool);
    rig->contexts[2] = peer_ca_server(ca, &old, pool);
    rig->contexts[3] = peer_ca_server(ca, &good, pool);
    for (i = 0; i < 4; i++) {
        rig->records[i] = "";
    }
    for (i = 0; i < CASES; i++) {
        int zone = zone_of(&cases[i]);
        SSL_CTX *server = rig->contexts[cases[i].tls];
        const char *host = apr_psprintf(pool, "h%d", (int)i);

        peer_smtp_init(&rig->smtps[i]);
        rig->smtps[i].tls = server;
        rig->peers[i] = peer_start(peer_smtp_serve, &rig->smtps[i]);
        rig->records[zone] = apr_pstrcat(
            pool, rig->records[zone], host, " A 127.0.0.1\n",
            record_of(&cases[i], server ? server : rig->contexts[1],
                      peer_port(rig->peers[i]), host, pool), NULL);
    }
}

static smtpc_client_t *make_client(const case_t *c, const char *name,
                                   peer_t *peer, const dns_server_t *dns,
                                   apr_pool_t *pool)
{
    row_t row = { .security = c->security, .verify_name = name,
                  .ca_file = ca_file };
    smtpc_client_t *client = row_client(&row, peer, env, pool);

    row_must(smtpc_client_set_dane(client, c->dane), "DANE");
    row_must(smtpc_client_set_dane_anchor(client, dns_server_anchor(dns)),
             "anchor");
    row_must(smtpc_client_set_dane_resolver(client, dns_server_address(dns)),
             "resolver");
    return client;
}

static void run_case(rig_t *rig, apr_size_t i, const dns_server_t *dns,
                     apr_pool_t *pool)
{
    const case_t *c = &cases[i];
    const char *name = apr_psprintf(pool, "h%d.%s.example", (int)i, c->zone);
    smtpc_client_t *client = make_client(c, name, rig->peers[i], dns, pool);
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("%s", c->id);
    rv = mail_send(&result, client, "x@y.test", pool);
    tap_is_int(rv, c->status, "%s", mail_error(result));
    if (c->said) {
        tap_ok(strstr(mail_error(result), c->said) != NULL, "said");
    }
    if (c->status == APR_SUCCESS) {
        tap_is_int(*smtpc_result_tls_protocol(result) != '\0', c->encrypted,
                   "encrypted or not");
    }
    else {
        row_nothing_said(rig->peers[i]);
        tap_is_int(peer_accepted(rig->peers[i]), c->status == SMTPC_ETEMP
                       || c->dane == REQUIRED ? 0 : 1, "connections");
    }
    smtpc_client_dispose(client);
    peer_stop(rig->peers[i]);
    tap_subtest_end();
}

static void test_looked_up(apr_pool_t *pool)
{
    rig_t *rig = apr_pcalloc(pool, sizeof(*rig));
    dns_server_t *dns;
    apr_size_t i;

    start_all(rig, pool);
    {
        dns_zone_t zones[] = {
            { "dane.example", DNS_ZONE_SIGNED, rig->records[0] },
            { "plain.example", DNS_ZONE_UNSIGNED, rig->records[1] },
            { "forged.example", DNS_ZONE_BOGUS, rig->records[2] },
            { NULL, DNS_ZONE_SIGNED, NULL }
        };

        dns = dns_server_start(zones, pool);
    }
    for (i = 0; i < CASES; i++) {
        run_case(rig, i, dns, pool);
    }
}

int main(void)
{
    static const tap_test_fn tests[] = { test_given, test_looked_up };
    apr_pool_t *pool = tap_pool();

    row_must(smtpc_env_create(&env, pool), "env");
    ca = peer_ca_create("Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    tap_run(tests, smtpc__dane_is_built() ? 2 : 1);
    return tap_done();
}
