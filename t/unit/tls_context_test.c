/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_context_test.c: what contexts are like, who shares them, and files that
 * are no good.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <openssl/err.h>

#include "net/tls_context.h"

#include "../support/peer_tls.h"
#include "../tap/tap.h"

static SSL_CTX *get(const smtpc_tls_policy_t *policy, smtpc_env_t *env,
                    apr_pool_t *pool)
{
    const char *why = "";
    SSL_CTX *context;

    if (smtpc__tls_context_get(&context, &why, policy, env, pool)
        != APR_SUCCESS) {
        tap_bail("no context: %s", why);
    }
    return context;
}

static void test_shared(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    smtpc_tls_policy_t policy = { .ca_file = peer_ca_file(ca, pool),
                                  .key = "one",
                                  .verify = 1 };
    smtpc_tls_policy_t bad = { .ca_file = "/no/such", .key = "bad",
                               .verify = 1 };
    const char *why = "";
    smtpc_env_t *env;
    smtpc_env_t *other;
    SSL_CTX *context;
    SSL_CTX *one;

    tap_subtest_begin("contexts");
    if (smtpc_env_create(&env, pool) != APR_SUCCESS
        || smtpc_env_create(&other, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    one = get(&policy, env, pool);
    tap_ok(get(&policy, env, pool) == one, "the same key: the same");
    tap_ok(get(&policy, other, pool) != one, "another env: another");
    policy.verify = 0;
    tap_ok(get(&policy, env, pool) != one, "unverified: another");
    policy.verify = 1;
    policy.key = "two";
    tap_ok(get(&policy, env, pool) != one, "another key: another");
    tap_is_int(smtpc__tls_context_get(&context, &why, &bad, env, pool),
               SMTPC_ETLS, "bad file");
    tap_ok(strstr(why, "/no/such") != NULL, "%s", why);
    bad.ca_file = policy.ca_file;
    tap_ok(get(&bad, env, pool) != NULL, "a failure is not kept");
    tap_is_int(SSL_CTX_get_min_proto_version(one), TLS1_2_VERSION,
               "TLS 1.2 or newer");
    tap_ok(SSL_CTX_get_security_level(one) >= 2, "security level");
    tap_ok(SSL_CTX_get_options(one) & SSL_OP_NO_RENEGOTIATION,
           "no renegotiation");
    tap_ok(SSL_CTX_get_options(one) & SSL_OP_NO_COMPRESSION,
           "no compression");
    tap_ok(!(SSL_CTX_get_options(one) & SSL_OP_IGNORE_UNEXPECTED_EOF),
           "an unexpected end is one");
    tap_is_int(SSL_CTX_get_session_cache_mode(one),
               SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL,
               "sessions are kept elsewhere");
    tap_subtest_end();
}

static void check(const char *what, smtpc_tls_policy_t policy,
                  const char *reason, apr_pool_t *pool)
{
    const char *why = "";
    apr_status_t rv = smtpc__tls_check(&why, &policy, pool);

    if (!reason) {
        tap_is_int(rv, APR_SUCCESS, "%s %s", what, why);
    }
    else {
        tap_ok(rv == SMTPC_ETLS && strstr(why, reason), "%s: %s", what, why);
    }
}

#define POLICY(...) ((smtpc_tls_policy_t){ .verify = 1, __VA_ARGS__ })

static void test_files(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    const char *ca_file = peer_ca_file(ca, pool);
    peer_ca_t *other = peer_ca_create("Other", pool);
    peer_cert_t plain = { 0 };
    const char *pair = peer_ca_client_file(ca, &plain, pool);
    const char *pair2 = peer_ca_client_file(other, &plain, pool);

    tap_subtest_begin("files");
    check("system's CAs", POLICY(.key = ""), NULL, pool);
    check("CA file", POLICY(.ca_file = ca_file), NULL, pool);
    check("no CA file", POLICY(.ca_file = "/no/such"),
          "CA file /no/such: No such file", pool);
    check("empty CA file", POLICY(.ca_file = "/dev/null"), "/dev/null",
          pool);
    check("CA file without certificates", POLICY(.ca_file = "/etc/passwd"),
          "CA file /etc/passwd", pool);
    check("CA directory", POLICY(.ca_directory = "/etc"), NULL, pool);
    check("no directory", POLICY(.ca_directory = "/etc/passwd"),
          "not a directory", pool);
    check("CRL file", POLICY(.ca_file = ca_file,
                             .crl_file = peer_ca_crl_file(ca, NULL, 1, NULL,
                                                          pool)),
          NULL, pool);
    check("no CRL file", POLICY(.crl_file = "/no/such"),
          "CRL file /no/such: No such file", pool);
    check("CRL file with certificates", POLICY(.crl_file = ca_file),
          "CRL file", pool);
    check("client certificate", POLICY(.certificate = pair), NULL, pool);
    check("with its key", POLICY(.certificate = pair,
                                 .certificate_key = pair), NULL, pool);
    check("with another's key", POLICY(.certificate = pair,
                                       .certificate_key = pair2),
          "key of the client certificate", pool);
    check("without a key", POLICY(.certificate = ca_file), "key", pool);
    check("no client certificate", POLICY(.certificate = "/no/such"),
          "client certificate /no/such: No such file", pool);
    tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
    tap_subtest_end();
}

static void test_lists(apr_pool_t *pool)
{
    tap_subtest_begin("lists");
    check("ciphers", POLICY(.ciphers = "ECDHE+AESGCM"), NULL, pool);
    check("unknown ciphers", POLICY(.ciphers = "ROT13"), "knows none", pool);
    check("anonymous ciphers", POLICY(.ciphers = "aNULL:@SECLEVEL=0"),
          "none of them is safe", pool);
    check("ciphers without encryption", POLICY(.ciphers = "eNULL"),
          "none of them is safe", pool);
    check("the same with TLS 1.3, which has its own",
          POLICY(.ciphers = "eNULL", .version = SMTPC_TLS_1_3), NULL, pool);
    check("suites", POLICY(.suites = "TLS_AES_256_GCM_SHA384"), NULL, pool);
    check("unknown suites", POLICY(.suites = "x"), "does not know", pool);
    check("groups", POLICY(.groups = "X25519:P-256"), NULL, pool);
    check("unknown groups", POLICY(.groups = "X25519:x"), "does not know",
          pool);
    tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
    tap_subtest_end();
}

/* The system's file of CAs cannot be opened now: it is no fault of the file,
 * and the context must not do without it for ever. */
static void test_lack(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    smtpc_tls_policy_t policy = { .key = "lack", .verify = 1 };
    struct rlimit before;
    struct rlimit none;
    const char *why = "";
    smtpc_env_t *env;
    SSL_CTX *context = NULL;
    apr_status_t rv;

    tap_subtest_begin("no descriptors");
    if (smtpc_env_create(&env, pool) != APR_SUCCESS
        || getrlimit(RLIMIT_NOFILE, &before) != 0) {
        tap_bail("no env");
    }
    setenv("SSL_CERT_FILE", peer_ca_file(ca, pool), 1);
    none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    rv = smtpc__tls_context_get(&context, &why, &policy, env, pool);
    setrlimit(RLIMIT_NOFILE, &before);
    tap_is_int(rv, SMTPC_ETLS, "no context");
    tap_is_str(why, "cannot read this system's certificate authorities: Too "
               "many open files", "said so");
    tap_is_int(ERR_peek_error(), 0, "the error queue is clean");
    context = get(&policy, env, pool);
    tap_is_int(sk_X509_OBJECT_num(X509_STORE_get0_objects(
                   SSL_CTX_get_cert_store(context))), 1, "later the CA is known");
    unsetenv("SSL_CERT_FILE");
    tap_subtest_end();
}

/* Whatever a list of ciphers or the system's openssl.cnf says. */
static void test_floor(apr_pool_t *pool)
{
    smtpc_tls_policy_t policy = { .key = "floor", .version = SMTPC_TLS_1_3,
                                  .ciphers = "DEFAULT:@SECLEVEL=0" };
    SSL_CTX *context;
    smtpc_env_t *env;

    tap_subtest_begin("floor");
    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    context = get(&policy, env, pool);
    tap_ok(SSL_CTX_get_security_level(context) >= 2, "security level");
    tap_is_int(SSL_CTX_get_min_proto_version(context), TLS1_3_VERSION,
               "TLS 1.3");
    policy.key = "strict";
    policy.ciphers = "DEFAULT:@SECLEVEL=4";
    policy.version = SMTPC_TLS_1_2;
    context = get(&policy, env, pool);
    tap_is_int(SSL_CTX_get_security_level(context), 4,
               "what is stricter stays");
    tap_subtest_end();
}

/* A CRL file that was written anew makes another context. */
static void test_stamp(apr_pool_t *pool)
{
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { 0 };
    SSL_CTX *server = peer_ca_server(ca, &cert, pool);
    smtpc_tls_policy_t policy = { .ca_file = peer_ca_file(ca, pool),
                                  .key = "crl", .verify = 1 };
    SSL_CTX *context;
    smtpc_env_t *env;

    tap_subtest_begin("a CRL file that changes");
    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_is_str(smtpc__tls_context_stamp(&policy, pool), "", "no file");
    policy.crl_file = peer_ca_crl_file(ca, NULL, 1, NULL, pool);
    context = get(&policy, env, pool);
    tap_ok(get(&policy, env, pool) == context, "the same");
    (void)peer_ca_crl_file(ca, server, 1, policy.crl_file, pool);
    tap_ok(get(&policy, env, pool) != context, "another, once it changed");
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_shared(pool);
    test_files(pool);
    test_lack(pool);
    test_lists(pool);
    test_floor(pool);
    test_stamp(pool);
    return tap_done();
}
