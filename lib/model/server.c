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
#include "base/secret_int.h"
#include "model/server.h"

/* Every field but the keys: name, kind, and whether the TLS key covers it. */
#define SERVER_FIELDS(FIELD)             \
    FIELD(host, TEXT, 0)                 \
    FIELD(port, NUMBER, 0)               \
    FIELD(security, NUMBER, 1)           \
    FIELD(user, TEXT, 0)                 \
    FIELD(secret, SECRET, 0)             \
    FIELD(mechanisms, TEXT, 0)           \
    FIELD(target_name, TEXT, 0)          \
    FIELD(hello_name, TEXT, 0)           \
    FIELD(ca_file, TEXT, 1)              \
    FIELD(ca_directory, TEXT, 1)         \
    FIELD(verify_name, TEXT, 1)          \
    FIELD(certificate, TEXT, 1)          \
    FIELD(certificate_key, TEXT, 1)

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
    KIND_SECRET
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

smtpc_security_e smtpc__server_security(const smtpc_server_t *server)
{
    if (server->security != SMTPC_SECURITY_DEFAULT) {
        return server->security;
    }
    if (server->port == 465) {
        return SMTPC_SECURITY_IMPLICIT;
    }
    if (server->user == NULL && smtpc__host_is_loopback(server->host)) {
        return SMTPC_SECURITY_NONE;
    }
    if (server->port == 587 || server->user != NULL) {
        return SMTPC_SECURITY_STARTTLS;
    }
    return SMTPC_SECURITY_OPPORTUNISTIC;
}

/* Return the text that field of server has, or NULL; numbers and secrets
 * become text in pool. */
static const char *field_text(const smtpc_server_t *server,
                              const field_t *field, apr_pool_t *pool)
{
    const char *at = (const char *)server + field->offset;
    const char *text;
    const smtpc_secret_t *secret;
    int number;

    switch (field->kind) {
    case KIND_NUMBER:
        memcpy(&number, at, sizeof(number));
        return apr_itoa(pool, number);
    case KIND_SECRET:
        memcpy(&secret, at, sizeof(secret));
        return secret != NULL ? smtpc__secret_fingerprint(secret, pool)
                              : NULL;
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
        || (server->user == NULL) != (server->secret == NULL)) {
        return SMTPC_EARG;
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
