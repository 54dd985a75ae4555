/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_test.c: mails over TLS while each call that can fail does: contexts and
 * handshakes, certificates of both sides, TLSA records, and TLS that does not
 * come about. Whoever gets a mail has shown what was asked for: the sink is
 * behind a server that has nothing else to show.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <openssl/pem.h>

#include "../support/dns_zone.h"
#include "../tap/tap.h"
#include "fault.h"
#include "net/dane_lookup.h"
#include "world.h"

/** A name whose TLSA records are looked up. */
#define DANE_NAME "mail.dane.example"

static SSL_CTX *server_tls;   /* each handshake is a whole one */
static SSL_CTX *asking_tls;   /* it wants a certificate */
static SSL_CTX *resuming_tls;
static const char *ca_file;
static const char *ca_directory;
static const char *ca_link;      /* in it */
static const char *crl_file;
static const char *certificate_file;
static const char *pin;          /* of asking_tls */
static const char *record;       /* TLSA of server_tls */
static const dns_server_t *names;
#ifdef SMTPC_WITH_GSASL
static sasl_server_t sasl = { .password = "s3cret" };
#endif

static apr_status_t set_tls(world_t *world, smtpc_security_e security)
{
    /* A connection for each: the context is made for that of the first. */
    apr_status_t rv
        = smtpc_client_set_messages_per_connection(world->client, 1);

    return THEN(smtpc_client_set_security(world->client, security));
}

static apr_status_t set_plain(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_file(world->client, ca_file);

    return THEN(set_tls(world, SMTPC_SECURITY_STARTTLS));
}

/* All that can be asked of a server, and shown to it. */
static apr_status_t set_all(world_t *world)
{
    smtpc_client_t *client = world->client;
    apr_status_t rv = smtpc_client_set_ca_file(client, ca_file);

    rv = THEN(smtpc_client_set_crl_file(client, crl_file));
    rv = THEN(smtpc_client_set_pins(client, pin));
    rv = THEN(smtpc_client_set_client_certificate(client, certificate_file,
                                                  NULL));
    rv = THEN(smtpc_client_set_auth_mechanisms(client, "EXTERNAL"));
    rv = THEN(smtpc_client_set_ciphers(client, "ECDHE+AESGCM"));
    rv = THEN(smtpc_client_set_cipher_suites(client,
                                             "TLS_AES_128_GCM_SHA256"));
    rv = THEN(smtpc_client_set_groups(client, "X25519:P-256"));
    return THEN(set_tls(world, SMTPC_SECURITY_STARTTLS));
}

/* A connection for each; that of the second resumes the session of the
 * first. */
static apr_status_t set_resumed(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_file(world->client, ca_file);

    return THEN(set_tls(world, SMTPC_SECURITY_IMPLICIT));
}

static apr_status_t set_directory(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_directory(world->client,
                                                    ca_directory);

    return THEN(set_tls(world, SMTPC_SECURITY_STARTTLS));
}

static apr_status_t set_records(world_t *world)
{
    apr_status_t rv = smtpc_client_set_tlsa_records(world->client, record);

    rv = THEN(smtpc_client_set_verify_name(world->client, DANE_NAME));
    return THEN(set_tls(world, SMTPC_SECURITY_STARTTLS));
}

static apr_status_t set_lookup(world_t *world)
{
    smtpc_client_t *client = world->client;
    apr_status_t rv = smtpc_client_set_dane(client, SMTPC_DANE_ON);

    rv = THEN(smtpc_client_set_ca_file(client, ca_file));
    rv = THEN(smtpc_client_set_dane_anchor(client,
                                           dns_server_anchor(names)));
    rv = THEN(smtpc_client_set_dane_resolver(client,
                                             dns_server_address(names)));
    rv = THEN(smtpc_client_set_verify_name(client, DANE_NAME));
    return THEN(set_tls(world, SMTPC_SECURITY_OPPORTUNISTIC));
}

static apr_status_t set_opportunistic(world_t *world)
{
    return set_tls(world, SMTPC_SECURITY_OPPORTUNISTIC);
}

#ifdef SMTPC_WITH_GSASL
static apr_status_t set_bound(world_t *world)
{
    apr_status_t rv = smtpc_client_set_ca_file(world->client, ca_file);

    rv = THEN(smtpc_client_set_credentials(world->client, "ann", "s3cret"));
    return THEN(set_tls(world, SMTPC_SECURITY_STARTTLS));
}
#endif

/* The context alone, which has most of the calls; baton is a way, for what is
 * set. */
static const char *context(apr_pool_t *pool, void *baton)
{
    world_t world = { .way = baton, .pool = pool };
    apr_status_t rv;

    apr_pool_create(&world.own, NULL);
    inject_spare(world.way->spare);
    fault_start();
    rv = smtpc_env_create(&world.env, world.own);
    rv = THEN(smtpc_client_create(&world.client, world.env, "mail.test", 587,
                                  world.own));
    rv = THEN(world.way->set(&world));
    rv = THEN(smtpc_client_check(world.client));
    apr_pool_destroy(world.own);
    (void)fault_stop();
    return fault_judge(rv, pool);
}

static const way_t ways[] = {
    { .name = "STARTTLS", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .tls = &server_tls, .set = set_plain,
      .send = world_send_each },
    { .name = "STARTTLS, all there is", .extensions = "PIPELINING",
      .mails = 2, .rcpts = 1, .before = 1, .spare = 29, .tls = &asking_tls,
      .front = { .mechanisms = "EXTERNAL" }, .set = set_all,
      .send = world_send_each },
    { .name = "implicit TLS, resumed", .extensions = "PIPELINING",
      .mails = 2, .rcpts = 1, .before = 1, .tls = &resuming_tls,
      .front = { .implicit = 1 }, .set = set_resumed,
      .send = world_send_each },
    { .name = "a directory of authorities", .extensions = "PIPELINING",
      .spare = 50, .mails = 1, .rcpts = 1, .tls = &server_tls,
      .set = set_directory, .send = world_send_each },
    { .name = "TLSA records", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .spare = 50, .tls = &server_tls,
      .set = set_records, .send = world_send_each },
    { .name = "TLS that breaks", .extensions = "PIPELINING", .mails = 1,
      .rcpts = 1, .spare = 50, .front = { .breaks_tls = 1 },
      .set = set_opportunistic, .send = world_send_each },
#ifdef SMTPC_WITH_GSASL
    { .name = "SCRAM, bound to TLS", .extensions = "PIPELINING", .mails = 2,
      .rcpts = 1, .before = 1, .spare = 50, .tls = &server_tls,
      .front = { .mechanisms = "SCRAM-SHA-256-PLUS SCRAM-SHA-256",
                 .sasl = &sasl },
      .set = set_bound, .send = world_send_each },
#endif
};

static const way_t contexts[] = {
    { .name = "TLS context", .set = set_plain },
    { .name = "TLS context, all there is", .spare = 37, .set = set_all },
};

/* Where nothing is known of TLSA records, nothing is sent. */
static apr_status_t send_looked_up(world_t *world)
{
    apr_status_t rv = world_send_each(world);
    const char *call = inject_so_far().call;

    if (rv == APR_SUCCESS && call && strncmp(call, "ub_", 3) == 0) {
        apr_cpystrn(world->sink->violation, "sent, though nothing was known "
                    "of TLSA records", sizeof(world->sink->violation));
    }
    return rv;
}

static const way_t lookup = {
    .name = "TLSA records, looked up", .extensions = "PIPELINING",
    .mails = 1, .rcpts = 1, .spare = 50, .tls = &server_tls,
    .set = set_lookup, .send = send_looked_up
};

/* A folder with the authority, as OpenSSL looks for it. */
static void make_directory(apr_pool_t *pool)
{
    FILE *from = fopen(ca_file, "r");
    X509 *authority = from ? PEM_read_X509(from, NULL, NULL, NULL) : NULL;
    const char *temp;
    char *made;

    apr_temp_dir_get(&temp, pool);
    made = apr_pstrcat(pool, temp, "/fault-XXXXXX", NULL);
    if (!authority || !mkdtemp(made)) {
        tap_bail("no folder");
    }
    ca_link = apr_psprintf(pool, "%s/%08lx.0", made,
                           X509_subject_name_hash(authority));
    if (symlink(ca_file, ca_link) != 0) {
        tap_bail("no link");
    }
    X509_free(authority);
    fclose(from);
    ca_directory = made;
}

/* Let each handshake with server be a whole one. */
static SSL_CTX *whole(SSL_CTX *server)
{
    SSL_CTX_set_num_tickets(server, 0);
    SSL_CTX_set_options(server, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(server, SSL_SESS_CACHE_OFF);
    return server;
}

/* Answers for all ports: the sink has another one each time. */
static void run_lookup(apr_pool_t *pool)
{
    dns_zone_t zones[] = {
        { "dane.example", DNS_ZONE_SIGNED,
          apr_pstrcat(pool, "mail A 127.0.0.1\n*._tcp.mail TLSA ", record,
                      "\n", NULL) },
        { NULL, DNS_ZONE_SIGNED, NULL }
    };

    names = dns_server_start(zones, pool);
    world_run(&lookup, 1);
}

int main(void)
{
    const peer_cert_t good = { .names = "IP:127.0.0.1" };
    const peer_cert_t asking = { .names = "IP:127.0.0.1", .ask_client = 1 };
    const peer_cert_t mine = { .usage = "clientAuth" };
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    apr_size_t i;

    ca_file = peer_ca_file(ca, pool);
    crl_file = peer_ca_crl_file(ca, NULL, 1, NULL, pool);
    certificate_file = peer_ca_client_file(ca, &mine, pool);
    make_directory(pool);
    resuming_tls = peer_ca_server(ca, &good, pool);
    server_tls = whole(peer_ca_server(ca, &good, pool));
    asking_tls = whole(peer_ca_server(ca, &asking, pool));
    pin = peer_pin(asking_tls, pool);
    record = peer_tlsa(server_tls, NULL, 3, 1, 1, pool);
    for (i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
        fault_run(contexts[i].name, context, (void *)&contexts[i]);
    }
    world_run(ways, sizeof(ways) / sizeof(ways[0]));
    if (smtpc__dane_is_built()) {
        run_lookup(pool);
    }
    (void)unlink(ca_link);
    (void)rmdir(ca_directory);
    return tap_done();
}
