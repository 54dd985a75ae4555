/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server_test.c: the frozen profile: defaults, copies, and keys that differ
 * whenever a field does.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "model/server.h"

static const smtpc_secret_t *secret(const char *text)
{
    smtpc_secret_t *loaded = NULL;

    if (smtpc_secret_load(&loaded, NULL, text, tap_pool()) != APR_SUCCESS) {
        tap_bail("no secret");
    }
    return loaded;
}

/* Return a draft with every field set. */
static smtpc_server_t full(void)
{
    smtpc_server_t draft = { 0 };

    draft.host = "mail.example.org";
    draft.port = 587;
    draft.security = SMTPC_SECURITY_STARTTLS;
    draft.user = "web";
    draft.secret = secret("hunter2");
    draft.mechanisms = "PLAIN";
    draft.target_name = "SMTPSVC/mail.example.org";
    draft.hello_name = "web.example.org";
    draft.ca_file = "/ca.pem";
    draft.ca_directory = "/ca";
    draft.verify_name = "mx.example.org";
    draft.certificate = "/cert.pem";
    draft.certificate_key = "/key.pem";
    draft.crl_file = "/crl.pem";
    draft.ciphers = "ECDHE+AESGCM";
    draft.cipher_suites = "TLS_AES_128_GCM_SHA256";
    draft.groups = "X25519";
    draft.pins = "sha256//a";
    draft.tlsa = "3 1 1 00";
    draft.dane_anchor = "/root.key";
    draft.dane_resolver = "127.0.0.1";
    return draft;
}

static const smtpc_server_t *freeze(const smtpc_server_t *draft)
{
    const smtpc_server_t *frozen = NULL;

    if (smtpc__server_freeze(&frozen, draft, "host.example.org", tap_pool())
        != APR_SUCCESS) {
        tap_bail("not frozen");
    }
    return frozen;
}

/* Require that draft has other keys than full() does; whether the TLS key is
 * another one too is tls. */
static void differs(const smtpc_server_t *draft, int tls, const char *what)
{
    smtpc_server_t same = full();
    const smtpc_server_t *a = freeze(&same);
    const smtpc_server_t *b = freeze(draft);

    tap_ok(strcmp(a->key, b->key) != 0, "%s is in the key", what);
    tap_is_int(strcmp(a->tls_key, b->tls_key) != 0, tls,
               "%s is %sin the TLS key", what, tls ? "" : "not ");
}

/* Change each text field to another text, to "" and to NULL. */
static void text_fields(void)
{
    static const struct {
        apr_size_t offset;
        int tls;
        int required;
        const char *name;
    } fields[] = {
        { offsetof(smtpc_server_t, host), 0, 1, "host" },
        { offsetof(smtpc_server_t, user), 0, 1, "user" },
        { offsetof(smtpc_server_t, mechanisms), 0, 0, "mechanisms" },
        { offsetof(smtpc_server_t, target_name), 0, 0, "target_name" },
        { offsetof(smtpc_server_t, hello_name), 0, 0, "hello_name" },
        { offsetof(smtpc_server_t, ca_file), 1, 0, "ca_file" },
        { offsetof(smtpc_server_t, ca_directory), 1, 0, "ca_directory" },
        { offsetof(smtpc_server_t, verify_name), 1, 0, "verify_name" },
        { offsetof(smtpc_server_t, certificate), 1, 0, "certificate" },
        { offsetof(smtpc_server_t, certificate_key), 1, 0,
          "certificate_key" },
        { offsetof(smtpc_server_t, crl_file), 1, 0, "crl_file" },
        { offsetof(smtpc_server_t, ciphers), 1, 0, "ciphers" },
        { offsetof(smtpc_server_t, cipher_suites), 1, 0, "cipher_suites" },
        { offsetof(smtpc_server_t, groups), 1, 0, "groups" },
        { offsetof(smtpc_server_t, pins), 1, 0, "pins" },
        { offsetof(smtpc_server_t, tlsa), 0, 0, "tlsa" },
        { offsetof(smtpc_server_t, dane_anchor), 0, 0, "dane_anchor" },
        { offsetof(smtpc_server_t, dane_resolver), 0, 0, "dane_resolver" },
    };
    static const char *const values[] = { "other", "", NULL };
    apr_size_t i;
    apr_size_t j;

    for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const smtpc_server_t *frozen[3];

        for (j = 0; j < 3 - (apr_size_t)fields[i].required; j++) {
            smtpc_server_t draft = full();

            memcpy((char *)&draft + fields[i].offset, &values[j],
                   sizeof(values[j]));
            differs(&draft, fields[i].tls, fields[i].name);
            frozen[j] = freeze(&draft);
        }
        if (!fields[i].required) {
            tap_ok(strcmp(frozen[1]->key, frozen[2]->key) != 0,
                   "\"\" is not NULL");
        }
    }
}

static void other_fields(void)
{
    smtpc_server_t draft = full();
    smtpc_server_t same = full();

    tap_is_str(freeze(&draft)->key, freeze(&same)->key,
               "equal profiles have equal keys, equal secrets too");
    tap_is_str(freeze(&draft)->tls_key, freeze(&same)->tls_key,
               "and equal TLS keys");
    tap_is_int(strlen(freeze(&draft)->key), 64, "a key has 64 characters");
    tap_ok(strcmp(freeze(&draft)->key, freeze(&draft)->tls_key) != 0,
           "the keys are two");
    draft.port = 588;
    differs(&draft, 0, "port");
    draft = full();
    draft.security = SMTPC_SECURITY_IMPLICIT;
    differs(&draft, 1, "security");
    draft = full();
    draft.tls_version = SMTPC_TLS_1_3;
    differs(&draft, 1, "tls_version");
    draft = full();
    draft.dane = SMTPC_DANE_ON;
    differs(&draft, 0, "dane");
    draft = full();
    draft.secret = secret("hunter3");
    differs(&draft, 0, "secret");
    draft = full();
    draft.user = NULL;
    draft.secret = NULL;
    differs(&draft, 0, "having credentials");
}

/* Texts that would be the same if they were only put together. */
static void boundaries(void)
{
    smtpc_server_t a = full();
    smtpc_server_t b = full();

    a.ca_file = "/ab";
    a.ca_directory = "/c";
    b.ca_file = "/a";
    b.ca_directory = "b/c";
    tap_ok(strcmp(freeze(&a)->key, freeze(&b)->key) != 0,
           "a text does not run into the next");
    a.ca_file = NULL;
    a.ca_directory = "/x";
    b.ca_file = "/x";
    b.ca_directory = NULL;
    tap_ok(strcmp(freeze(&a)->key, freeze(&b)->key) != 0,
           "a text does not take another's place");
}

static void copies(void)
{
    char host[] = "mail.example.org";
    char login[] = "ann";
    smtpc_xclient_t xclient = { .login = login, .port = 7 };
    smtpc_server_t draft = { 0 };
    const smtpc_server_t *frozen;

    draft.host = host;
    draft.port = 25;
    draft.xclient = &xclient;
    frozen = freeze(&draft);
    host[0] = 'x';
    login[0] = 'x';
    xclient.port = 8;
    tap_is_str(frozen->xclient->login, "ann", "those of XCLIENT, too");
    tap_is_int(frozen->xclient->port, 7, "and its numbers");
    tap_is_str(frozen->host, "mail.example.org", "texts are copied");
    tap_is_str(frozen->hello_name, "host.example.org",
               "the EHLO name is filled in");
    tap_is_int(frozen->security, SMTPC_SECURITY_OPPORTUNISTIC,
               "the security too");
    tap_is_str(draft.hello_name, NULL, "the draft stays as it was");
    tap_is_int(draft.security, SMTPC_SECURITY_DEFAULT, "all of it");
}

static void refused(void)
{
    const smtpc_server_t *frozen = NULL;
    smtpc_server_t draft = full();
    int port;

    draft.host = NULL;
    tap_is_int(smtpc__server_freeze(&frozen, &draft, "h", tap_pool()),
               SMTPC_EARG, "no host");
    for (port = 0; port < 2; port++) {
        draft = full();
        draft.port = port ? 65536 : 0;
        tap_is_int(smtpc__server_freeze(&frozen, &draft, "h", tap_pool()),
                   SMTPC_EARG, "port %d", draft.port);
    }
    draft = full();
    draft.secret = NULL;
    tap_is_int(smtpc__server_freeze(&frozen, &draft, "h", tap_pool()),
               SMTPC_EARG, "a user without a secret");
    draft = full();
    draft.user = NULL;
    tap_is_int(smtpc__server_freeze(&frozen, &draft, "h", tap_pool()),
               SMTPC_EARG, "a secret without a user");
    draft = full();
    draft.hello_name = NULL;
    tap_is_int(smtpc__server_freeze(&frozen, &draft, NULL, tap_pool()),
               SMTPC_EARG, "no EHLO name at all");
    draft.hello_name = "a\r\nRSET";
    tap_is_int(smtpc__server_freeze(&frozen, &draft, "h", tap_pool()),
               SMTPC_EARG, "a line end");
    tap_ok(frozen == NULL, "nothing was frozen");
}

static const struct {
    const char *host;
    int port;
    const char *user;
    smtpc_security_e set;
    smtpc_security_e want;
} securities[] = {
    { "mail.x", 25, NULL, SMTPC_SECURITY_DEFAULT,
      SMTPC_SECURITY_OPPORTUNISTIC },
    { "mail.x", 25, "u", SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_STARTTLS },
    { "mail.x", 587, NULL, SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_STARTTLS },
    { "mail.x", 587, "u", SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_STARTTLS },
    { "mail.x", 465, NULL, SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_IMPLICIT },
    { "mail.x", 465, "u", SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_IMPLICIT },
    { "localhost", 465, NULL, SMTPC_SECURITY_DEFAULT,
      SMTPC_SECURITY_IMPLICIT },
    { "localhost", 25, NULL, SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_NONE },
    { "localhost", 587, NULL, SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_NONE },
    { "::1", 2525, NULL, SMTPC_SECURITY_DEFAULT, SMTPC_SECURITY_NONE },
    { "localhost", 25, "u", SMTPC_SECURITY_DEFAULT,
      SMTPC_SECURITY_STARTTLS },
    { "127.0.0.1", 587, "u", SMTPC_SECURITY_DEFAULT,
      SMTPC_SECURITY_STARTTLS },
    { "mail.x", 465, "u", SMTPC_SECURITY_NONE, SMTPC_SECURITY_NONE },
    { "mail.x", 25, NULL, SMTPC_SECURITY_IMPLICIT, SMTPC_SECURITY_IMPLICIT },
    { "localhost", 25, NULL, SMTPC_SECURITY_STARTTLS,
      SMTPC_SECURITY_STARTTLS },
};

static void default_security(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(securities) / sizeof(securities[0]); i++) {
        smtpc_server_t draft = { 0 };

        draft.host = securities[i].host;
        draft.port = securities[i].port;
        draft.user = securities[i].user;
        draft.security = securities[i].set;
        tap_is_int(smtpc__server_security(&draft), securities[i].want,
                   "%s:%d %s", draft.host, draft.port,
                   draft.user != NULL ? "with credentials" : "without");
    }
}

/* Behind a proxy, "localhost" is not this machine. */
static void loopback_of_proxy(void)
{
    smtpc_server_t server = { .host = "localhost", .port = 25,
                              .proxy = SMTPC_PROXY_SOCKS5 };

    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_OPPORTUNISTIC,
               "localhost of a proxy");
    server.unix_path = "/run/smtp";
    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_NONE,
               "a Unix socket");
}

/* What names the key of a server needs TLS, and a name. */
static void keys(void)
{
    smtpc_server_t server = { .host = "localhost", .port = 25 };

    tap_is_str(smtpc__server_conflict(&server), NULL, "nothing to require");
    server.pins = "sha256//a";
    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_STARTTLS,
               "a pin requires TLS");
    tap_is_str(smtpc__server_conflict(&server), NULL, "by itself");
    server.security = SMTPC_SECURITY_OPPORTUNISTIC;
    tap_ok(smtpc__server_conflict(&server) != NULL,
           "not with opportunistic TLS: %s", smtpc__server_conflict(&server));
    server.security = SMTPC_SECURITY_NONE;
    tap_ok(smtpc__server_conflict(&server) != NULL, "nor without");
    server.security = SMTPC_SECURITY_DEFAULT;
    server.pins = NULL;
    server.dane = SMTPC_DANE_REQUIRED;
    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_STARTTLS,
               "required DANE requires TLS");
    server.host = "127.0.0.1";
    tap_ok(smtpc__server_conflict(&server) != NULL, "and a name: %s",
           smtpc__server_conflict(&server));
    server.verify_name = "mail.example.org";
    tap_is_str(smtpc__server_conflict(&server), NULL, "it has one");
    server.dane = SMTPC_DANE_OFF;
    server.tlsa = "3 1 1 00";
    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_STARTTLS,
               "a TLSA record requires TLS");
    server.verify_name = NULL;
    tap_ok(smtpc__server_conflict(&server) != NULL, "and a name");
    server.tlsa = NULL;
    server.dane = SMTPC_DANE_ON;
    tap_is_int(smtpc__server_security(&server), SMTPC_SECURITY_NONE,
               "looking for records does not");
    tap_is_str(smtpc__server_conflict(&server), NULL, "nor a name");
}

static void loopback(void)
{
    static const char *const yes[] = { "localhost", "LOCALHOST", "127.0.0.1",
                                       "127.255.255.254", "::1",
                                       "::ffff:127.0.0.1" };
    static const char *const no[] = { "", "example.org", "128.0.0.1",
                                      "localhost.example.org", "::2",
                                      "127.0.0.1.example.org", "0.0.0.0",
                                      "xlocalhost", "::ffff:128.0.0.1",
                                      "::127.0.0.1" };
    apr_size_t i;

    for (i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        tap_ok(smtpc__host_is_loopback(yes[i]), "loopback: %s", yes[i]);
    }
    for (i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        tap_ok(!smtpc__host_is_loopback(no[i]), "not: %s", no[i]);
    }
}

int main(void)
{
    tap_pool();
    text_fields();
    other_fields();
    boundaries();
    copies();
    refused();
    default_security();
    loopback();
    loopback_of_proxy();
    keys();
    return tap_done();
}
