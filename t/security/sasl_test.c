/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_test.c: logins that libgsasl's server takes, over real TLS; and threat
 * U13: an exchange that is let go of at each of its steps, and each
 * allocation of libgsasl's that fails.
 */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/row.h"
#include "../support/sasl_rig.h"
#include "../support/sasl_server.h"
#include "../tap/tap.h"

/* Allocations of libgsasl's to go until one fails; 0: none does. */
static int failing;
static int failed;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
void *__interceptor_malloc(size_t size);
void *__interceptor_calloc(size_t count, size_t size);
#define real_malloc __interceptor_malloc
#define real_calloc __interceptor_calloc
#else
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
#define real_malloc __libc_malloc
#define real_calloc __libc_calloc
#endif

/* They run before the sanitizers do. */
#define ALLOCATOR                           \
    __attribute__((visibility("default"),  \
                   no_sanitize("address", "undefined", "thread")))

/* Return non-zero if the allocation that caller asks for is to fail. */
__attribute__((no_sanitize("address", "undefined", "thread")))
static int fails(const void *caller)
{
    Dl_info info;

    if (failing == 0 || dladdr(caller, &info) == 0
        || strstr(info.dli_fname, "libgsasl") == NULL || --failing > 0) {
        return 0;
    }
    failed++;
    return 1;
}

ALLOCATOR void *malloc(size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL : real_malloc(size);
}

ALLOCATOR void *calloc(size_t count, size_t size)
{
    return fails(__builtin_return_address(0)) ? NULL
                                              : real_calloc(count, size);
}

/* Walk through an exchange with mechanism for at most steps steps. */
static apr_status_t walk(unsigned int mechanism, const char *question,
                         int steps)
{
    smtpc_server_t server = { 0 };
    smtpc_binding_t none = { 0 };
    smtpc_secret_t *secret;
    smtpc_sasl_t *sasl;
    apr_status_t rv = APR_SUCCESS;

    server.host = "mail.example.org";
    server.user = "ann";
    server.certificate = "/cert.pem";
    row_must(smtpc_secret_load(&secret, NULL, "secret", tap_pool()),
             "secret");
    server.secret = secret;
    row_must(smtpc__sasl_create(&sasl, mechanism, &server, 0, &none, NULL),
             "exchange");
    for (int i = 0; i < steps && rv == APR_SUCCESS
                    && !smtpc__sasl_is_done(sasl); i++) {
        rv = sasl_rig_step(sasl, i == 0 ? NULL : question);
    }
    smtpc__sasl_release(sasl);
    return rv;
}

static void test_u13(void)
{
    static const struct {
        unsigned int mechanism;
        const char *question;
    } rows[] = {
        { SMTPC_MECH_CRAM_MD5, "<1@example.org>" },
        { SMTPC_MECH_EXTERNAL, "" },
        { SMTPC_MECH_NTLM, "NTLM" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *name = smtpc__mech_name(rows[i].mechanism);
        int n = 0;
        int good = 1;

        if (!(smtpc__sasl_built() & rows[i].mechanism)) {
            continue;
        }
        for (int steps = 0; steps < 3; steps++) {
            (void)walk(rows[i].mechanism, rows[i].question, steps);
        }
        tap_pass("U13: %s is let go of at each step", name);
        do {
            failing = ++n;
            failed = 0;
            good &= walk(rows[i].mechanism, rows[i].question, 3)
                        != APR_SUCCESS
                    || failed == 0;
            failing = 0;
        } while (failed > 0);
        tap_ok(n > 1 && good, "U13: %s with each of %d allocations failing",
               name, n - 1);
    }
}

/* Real servers. */

static peer_ca_t *ca;
static const char *ca_file;

/* Send two mails over two connections to a server of TLS up to max_version,
 * logging in with mechanism. */
static void log_in(const char *mechanism, const char *version,
                   int max_version, apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "IP:127.0.0.1", .max_version = max_version };
    sasl_server_t sasl = { .password = "pencil" };
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    apr_status_t rv;

    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.extensions = "AUTH PLAIN SCRAM-SHA-1 SCRAM-SHA-1-PLUS SCRAM-SHA-256 "
                      "SCRAM-SHA-256-PLUS CRAM-MD5";
    smtp.auth = sasl_server_auth;
    smtp.auth_baton = &sasl;
    smtp.max_messages = 1;
    peer = peer_start(peer_smtp_serve, &smtp);
    row_must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    row_must(smtpc_client_set_ca_file(client, ca_file), "CA");
    row_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
             "starttls");
    row_must(smtpc_client_set_credentials(client, "ann", "pencil"),
             "password");
    row_must(smtpc_client_set_auth_mechanisms(client, mechanism),
             "mechanism");
    for (int i = 0; i < 2; i++) {
        rv = mail_send(&result, client, "a@b.test", pool);
        tap_is_int(rv, APR_SUCCESS, "%s, %s, %s: %s",
                   mechanism ? mechanism : "the strongest", version, i == 0 ? "at first" : "TLS resumed",
                   mail_error(result));
    }
    tap_is_int(peer_heard(peer, apr_pstrcat(pool, "AUTH ",
                                            mechanism ? mechanism
                                                : "SCRAM-SHA-256-PLUS",
                                            NULL)), 2, "it was used");
    tap_is_int(sasl.logins, 2, "two logins");
    peer_stop(peer);
}

static void test_logins(apr_pool_t *pool)
{
    static const char *const mechanisms[] = {
        NULL, "SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "CRAM-MD5"
    };

    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        log_in(mechanisms[i], "TLS 1.3", 0, pool);
        log_in(mechanisms[i], "TLS 1.2", TLS1_2_VERSION, pool);
    }
}

/* Somebody between takes -PLUS out of the offer; the server would do it. */
static void test_stripped(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    sasl_server_t sasl = { .password = "pencil" };
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    apr_status_t rv;

    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.extensions = "AUTH PLAIN SCRAM-SHA-256";
    smtp.auth = sasl_server_auth;
    smtp.auth_baton = &sasl;
    peer = peer_start(peer_smtp_serve, &smtp);
    row_must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    row_must(smtpc_client_set_ca_file(client, ca_file), "CA");
    row_must(smtpc_client_set_security(client, SMTPC_SECURITY_STARTTLS),
             "starttls");
    row_must(smtpc_client_set_credentials(client, "ann", "pencil"),
             "password");
    rv = mail_send(&result, client, "a@b.test", pool);
    tap_is_int(rv, SMTPC_EAUTH, "U4: -PLUS was taken out of the offer: %s",
               mail_error(result));
    tap_is_int(peer_heard(peer, "AUTH PLAIN"), 0, "U4: and no password is "
               "shown");
    peer_stop(peer);
}

static void test_certificate(apr_pool_t *pool)
{
    peer_cert_t cert = { .names = "IP:127.0.0.1", .ask_client = 1 };
    peer_cert_t mine = { .usage = "clientAuth" };
    sasl_server_t sasl = { .password = "" };
    smtpc_client_t *client;
    smtpc_result_t *result;
    smtpc_env_t *env;
    peer_smtp_t smtp;
    peer_t *peer;
    apr_status_t rv;

    peer_smtp_init(&smtp);
    smtp.tls = peer_ca_server(ca, &cert, pool);
    smtp.extensions = "AUTH EXTERNAL PLAIN";
    smtp.auth = sasl_server_auth;
    smtp.auth_baton = &sasl;
    peer = peer_start(peer_smtp_serve, &smtp);
    row_must(smtpc_env_create(&env, pool), "env");
    client = mail_client(peer, env, pool);
    row_must(smtpc_client_set_ca_file(client, ca_file), "CA");
    row_must(smtpc_client_set_client_certificate(
                 client, peer_ca_client_file(ca, &mine, pool), NULL),
             "certificate");
    row_must(smtpc_client_set_auth_mechanisms(client, "EXTERNAL"), "EXTERNAL");
    tap_is_int(smtpc_client_security(client), SMTPC_SECURITY_STARTTLS,
               "a login wants TLS");
    rv = mail_send(&result, client, "a@b.test", pool);
    tap_is_int(rv, APR_SUCCESS, "EXTERNAL: %s", mail_error(result));
    tap_is_int(sasl.logins, 1, "a login");
    tap_is_int(peer_heard(peer, "AUTH EXTERNAL ="), 1, "as the certificate");
    peer_stop(peer);
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    ca = peer_ca_create("SASL Test CA", pool);
    ca_file = peer_ca_file(ca, pool);
    test_u13();
    test_logins(pool);
    test_stripped(pool);
    test_certificate(pool);
    return tap_done();
}
