/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c: the frozen profile of a server, and its keys.
 *
 * One list of fields drives copying and hashing alike, and a static
 * assertion holds it against the structure: a field that is added and
 * forgotten here does not compile. Passwords enter the key as a keyed
 * fingerprint only.
 *
 * It does not check what the setters of the client have checked already but
 * for what would break a command line.
 */

#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/digest.h"
#include "base/hostname.h"
#include "base/limits.h"
#include "base/secret_int.h"
#include "model/server.h"

/* Every field but the keys: name, kind, and whether the TLS key covers it. */
#define SERVER_FIELDS(FIELD)             \
    FIELD(host, TEXT, 0)                 \
    FIELD(unix_path, TEXT, 0)            \
    FIELD(user, TEXT, 0)                 \
    FIELD(secret, SECRET, 0)             \
    FIELD(token, TEXT, 0)                \
    FIELD(token_fn, ADDRESS, 0)          \
    FIELD(token_baton, ADDRESS, 0)       \
    FIELD(ambient, TEXT, 0)              \
    FIELD(mechanisms, TEXT, 0)           \
    FIELD(target_name, TEXT, 0)          \
    FIELD(hello_name, TEXT, 0)           \
    FIELD(ca_file, TEXT, 1)              \
    FIELD(ca_directory, TEXT, 1)         \
    FIELD(crl_file, TEXT, 1)             \
    FIELD(verify_name, TEXT, 1)          \
    FIELD(certificate, TEXT, 1)          \
    FIELD(certificate_key, TEXT, 1)      \
    FIELD(ciphers, TEXT, 1)              \
    FIELD(cipher_suites, TEXT, 1)        \
    FIELD(groups, TEXT, 1)               \
    FIELD(pins, TEXT, 1)                 \
    FIELD(tlsa, TEXT, 0)                 \
    FIELD(dane_anchor, TEXT, 0)          \
    FIELD(dane_resolver, TEXT, 0)        \
    FIELD(local_address, TEXT, 0)        \
    FIELD(proxy_host, TEXT, 0)           \
    FIELD(proxy_user, TEXT, 0)           \
    FIELD(proxy_secret, SECRET, 0)       \
    FIELD(xclient, XCLIENT, 0)           \
    FIELD(timeouts, TIMES, 0)            \
    FIELD(acquire_timeout, TIME, 0)      \
    FIELD(idle, TIME, 0)                 \
    FIELD(lifetime, TIME, 0)             \
    FIELD(rate_period, TIME, 0)          \
    FIELD(domain_rate_period, TIME, 0)   \
    FIELD(port, NUMBER, 0)               \
    FIELD(security, NUMBER, 1)           \
    FIELD(tls_version, NUMBER, 1)        \
    FIELD(dane, NUMBER, 0)               \
    FIELD(proxy, NUMBER, 0)              \
    FIELD(proxy_port, NUMBER, 0)         \
    FIELD(lmtp, NUMBER, 0)               \
    FIELD(masked, NUMBER, 0)             \
    FIELD(depth, NUMBER, 0)              \
    FIELD(max_connections, NUMBER, 0)    \
    FIELD(min_connections, NUMBER, 0)    \
    FIELD(max_messages, NUMBER, 0)       \
    FIELD(max_recipients, NUMBER, 0)     \
    FIELD(min_rate, NUMBER, 0)           \
    FIELD(rate, NUMBER, 0)               \
    FIELD(domain_rate, NUMBER, 0)

/* NOLINTNEXTLINE(bugprone-macro-parentheses): a summand with its sign */
#define FIELD_SIZE(name, kind, tls) +sizeof(((smtpc_server_t *)0)->name)

/* The members have no padding between them, on 32 and on 64 bits. */
_Static_assert(0 SERVER_FIELDS(FIELD_SIZE) + 2 * sizeof(const char *)
                   == sizeof(smtpc_server_t),
               "SERVER_FIELDS names every field of smtpc_server_t");
_Static_assert(sizeof(int) == sizeof(smtpc_security_e),
               "numbers are read as int");

/* What a field holds. */
typedef enum {
    KIND_TEXT,
    KIND_NUMBER,
    KIND_TIME,
    KIND_TIMES,
    KIND_SECRET,
    KIND_ADDRESS,
    KIND_XCLIENT
} kind_e;

/* A field of smtpc_server_t. */
typedef struct field_t {
    apr_size_t offset;
    kind_e kind;
    int tls;
} field_t;

#define FIELD_ENTRY(name, kind, tls) \
    { offsetof(smtpc_server_t, name), KIND_##kind, tls },

static const field_t fields[] = { SERVER_FIELDS(FIELD_ENTRY) };

#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

int smtpc__host_is_loopback(const char *host)
{
    static const unsigned char mapped[12] = { 0, 0, 0, 0, 0,    0,
                                              0, 0, 0, 0, 0xFF, 0xFF };
    unsigned char v6[sizeof(struct in6_addr)];
    unsigned char v4[sizeof(struct in_addr)];

    if (strcasecmp(host, "localhost") == 0) {
        return 1;
    }
    if (inet_pton(AF_INET, host, v4) == 1) {
        return v4[0] == 127;
    }
    if (inet_pton(AF_INET6, host, v6) != 1) {
        return 0;
    }
    return memcmp(v6, &in6addr_loopback, sizeof(v6)) == 0
           || (memcmp(v6, mapped, sizeof(mapped)) == 0 && v6[12] == 127);
}

/* Whether the settings say which key a server has: then there is no mail
 * without it. */
static int names_key(const smtpc_server_t *server)
{
    return server->pins != NULL || server->tlsa != NULL
           || server->dane == SMTPC_DANE_REQUIRED;
}

/* Return non-zero if names has EXTERNAL among its words. */
static int names_external(const char *names)
{
    apr_size_t len;

    for (; names != NULL && *names != '\0'; names += len) {
        names += strspn(names, " ");
        len = strcspn(names, " ");
        if (len == 8 && strncasecmp(names, "EXTERNAL", 8) == 0) {
            return 1;
        }
    }
    return 0;
}

int smtpc__server_logs_in(const smtpc_server_t *server)
{
    return server->user != NULL || server->ambient != NULL
           || (server->certificate != NULL
               && names_external(server->mechanisms));
}

const char *smtpc__server_login(const smtpc_server_t *server)
{
    if (server->user != NULL) {
        return server->user;
    }
    return server->ambient != NULL ? "the user of this process"
                                   : "the client certificate";
}

smtpc_security_e smtpc__server_security(const smtpc_server_t *server)
{
    if (server->security != SMTPC_SECURITY_DEFAULT) {
        return server->security;
    }
    if (server->port == 465) {
        return SMTPC_SECURITY_IMPLICIT;
    }
    /* "localhost" at the far end of a proxy is the proxy's. */
    if (!smtpc__server_logs_in(server) && !names_key(server)
        && (server->unix_path != NULL
            || (server->proxy == SMTPC_PROXY_NONE
                && smtpc__host_is_loopback(server->host)))) {
        return SMTPC_SECURITY_NONE;
    }
    if (server->port == 587 || smtpc__server_logs_in(server)
        || names_key(server)) {
        return SMTPC_SECURITY_STARTTLS;
    }
    return SMTPC_SECURITY_OPPORTUNISTIC;
}

const char *smtpc__server_conflict(const smtpc_server_t *server)
{
    smtpc_security_e security = smtpc__server_security(server);
    const char *name = server->verify_name != NULL ? server->verify_name
                                                   : server->host;

    if (names_key(server) && (security == SMTPC_SECURITY_NONE
                              || security == SMTPC_SECURITY_OPPORTUNISTIC)) {
        return "pins, TLSA records and required DANE need verified TLS: set "
               "security to starttls or implicit";
    }
    if ((server->tlsa != NULL || server->dane == SMTPC_DANE_REQUIRED)
        && smtpc__ip_version(name)) {
        return "TLSA records are for a name, not for an IP address: set the "
               "name of the certificate";
    }
    return NULL;
}

static const char *times_text(const apr_interval_time_t *times,
                              apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = 0; i < SMTPC_STAGE_COUNT; i++) {
        if (times[i] != 0) {
            text = apr_psprintf(pool, "%s%d=%" APR_TIME_T_FMT " ", text, i,
                                times[i]);
        }
    }
    return text;
}

/* Each value with its length in front, so that no two differ in nothing but
 * where one ends. */
static const char *xclient_text(const smtpc_xclient_t *xclient,
                                apr_pool_t *pool)
{
    const char *values[] = { xclient->name, xclient->addr, xclient->proto,
                             xclient->helo, xclient->login,
                             xclient->destaddr };
    const char *text = apr_psprintf(pool, "%d %d", xclient->port,
                                    xclient->destport);
    apr_size_t i;

    for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        const char *value = values[i];

        text = apr_psprintf(pool, "%s %d:%s", text,
                            value != NULL ? (int)strlen(value) : -1,
                            value != NULL ? value : "");
    }
    return text;
}

/* Return the text that field of server has, or NULL; numbers and secrets
 * become text in pool. */
static const char *field_text(const smtpc_server_t *server,
                              const field_t *field, apr_pool_t *pool)
{
    const char *at = (const char *)server + field->offset;
    const char *text;
    const smtpc_secret_t *secret;
    const smtpc_xclient_t *xclient;
    apr_interval_time_t span;
    apr_uintptr_t address;
    int number;

    switch (field->kind) {
    case KIND_NUMBER:
        memcpy(&number, at, sizeof(number));
        return apr_itoa(pool, number);
    case KIND_TIME:
        memcpy(&span, at, sizeof(span));
        return apr_psprintf(pool, "%" APR_TIME_T_FMT, span);
    case KIND_TIMES:
        return times_text(server->timeouts, pool);
    case KIND_XCLIENT:
        memcpy(&xclient, at, sizeof(xclient));
        return xclient != NULL ? xclient_text(xclient, pool) : NULL;
    case KIND_SECRET:
        memcpy(&secret, at, sizeof(secret));
        return secret != NULL ? smtpc__secret_fingerprint(secret, pool)
                              : NULL;
    case KIND_ADDRESS:
        memcpy(&address, at, sizeof(address));
        return apr_psprintf(pool, "%" APR_UINT64_T_HEX_FMT,
                            (apr_uint64_t)address);
    case KIND_TEXT:
    default:
        memcpy(&text, at, sizeof(text));
        return text;
    }
}

/* Set key to the hash over the fields of server, or over those for TLS. */
static apr_status_t make_key(const char **key, const smtpc_server_t *server,
                             int tls_only, apr_pool_t *pool)
{
    const char *texts[FIELD_COUNT];
    apr_size_t count = 0;
    apr_size_t i;

    for (i = 0; i < FIELD_COUNT; i++) {
        if (!tls_only || fields[i].tls) {
            texts[count++] = field_text(server, &fields[i], pool);
        }
    }
    return smtpc__digest_texts(key, texts, count, pool);
}

/* Copy the texts of server to pool, refusing line ends in them. */
static apr_status_t copy_texts(smtpc_server_t *server, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < FIELD_COUNT; i++) {
        char *at = (char *)server + fields[i].offset;
        const char *text;

        if (fields[i].kind != KIND_TEXT) {
            continue;
        }
        memcpy(&text, at, sizeof(text));
        if (text == NULL) {
            continue;
        }
        if (strpbrk(text, "\r\n") != NULL) {
            return SMTPC_EARG;
        }
        text = apr_pstrdup(pool, text);
        memcpy(at, &text, sizeof(text));
    }
    return APR_SUCCESS;
}

/* Copy xclient with its texts to pool. */
static const smtpc_xclient_t *copy_xclient(const smtpc_xclient_t *xclient,
                                           apr_pool_t *pool)
{
    smtpc_xclient_t *copy = apr_pmemdup(pool, xclient, sizeof(*xclient));

    copy->name = apr_pstrdup(pool, xclient->name);
    copy->addr = apr_pstrdup(pool, xclient->addr);
    copy->proto = apr_pstrdup(pool, xclient->proto);
    copy->helo = apr_pstrdup(pool, xclient->helo);
    copy->login = apr_pstrdup(pool, xclient->login);
    copy->destaddr = apr_pstrdup(pool, xclient->destaddr);
    return copy;
}

/* Put the defaults where a number was left out. */
static void fill_numbers(smtpc_server_t *server)
{
    if (server->depth == 0) {
        server->depth = SMTPC_PIPELINE_DEPTH_DEFAULT;
    }
    if (server->max_connections == 0) {
        server->max_connections = SMTPC_CONNECTIONS_DEFAULT;
    }
    if (server->max_recipients == 0) {
        server->max_recipients = SMTPC_TRANSACTION_RECIPIENTS_DEFAULT;
    }
    if (server->idle == 0) {
        server->idle = SMTPC_TIMEOUT_IDLE;
    }
    if (server->lifetime == 0) {
        server->lifetime = SMTPC_TIMEOUT_AGE;
    }
}

/* Return how many things server has that go with a user name. */
static int sources_of(const smtpc_server_t *server)
{
    return (server->secret != NULL) + (server->token != NULL)
           + (server->token_fn != NULL);
}

apr_status_t smtpc__server_freeze(const smtpc_server_t **frozen,
                                  const smtpc_server_t *draft,
                                  const char *hello_name, apr_pool_t *pool)
{
    smtpc_server_t *server = apr_pmemdup(pool, draft, sizeof(*draft));
    apr_status_t rv;

    if (server->hello_name == NULL) {
        server->hello_name = hello_name;
    }
    if (server->host == NULL || server->hello_name == NULL
        || server->port < 1 || server->port > 65535
        || (server->user != NULL) != sources_of(server)
        || (server->proxy_user == NULL) != (server->proxy_secret == NULL)
        || smtpc__server_conflict(server) != NULL) {
        return SMTPC_EARG;
    }
    fill_numbers(server);
    if (server->xclient != NULL) {
        server->xclient = copy_xclient(server->xclient, pool);
    }
    server->security = smtpc__server_security(draft);
    rv = copy_texts(server, pool);
    if (rv == APR_SUCCESS) {
        rv = make_key(&server->key, server, 0, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = make_key(&server->tls_key, server, 1, pool);
    }
    if (rv == APR_SUCCESS) {
        *frozen = server;
    }
    return rv;
}

apr_status_t smtpc__server_copy(const smtpc_server_t **copy,
                                const smtpc_server_t *server,
                                apr_pool_t *pool)
{
    smtpc_server_t *made = apr_pmemdup(pool, server, sizeof(*server));
    apr_status_t rv = copy_texts(made, pool);

    if (rv == APR_SUCCESS && server->secret != NULL) {
        rv = smtpc__secret_copy(&made->secret, server->secret, pool);
    }
    if (rv == APR_SUCCESS && server->proxy_secret != NULL) {
        rv = smtpc__secret_copy(&made->proxy_secret, server->proxy_secret,
                                pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (server->xclient != NULL) {
        made->xclient = copy_xclient(server->xclient, pool);
    }
    made->key = apr_pstrdup(pool, server->key);
    made->tls_key = apr_pstrdup(pool, server->tls_key);
    *copy = made;
    return APR_SUCCESS;
}
