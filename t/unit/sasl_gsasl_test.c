/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_gsasl_test.c: mechanisms of libgsasl, against examples; and SCRAM
 * against libgsasl's server, written by others.
 */
#include <string.h>

#include <apr_strings.h>
#include <gsasl.h>

#include "../support/sasl_rig.h"
#include "../tap/tap.h"

/* The leak sanitizer asks this. libgssglue leaves 16 bytes of Kerberos's behind
 * per process, however many logins there are. */
const char *__lsan_default_suppressions(void)
    __attribute__((visibility("default")));
const char *__lsan_default_suppressions(void)
{
    return "leak:libgssapi_krb5\n";
}

/* RFC 2195 2. */
static void test_cram_md5(void)
{
    smtpc_sasl_t *sasl = sasl_rig(SMTPC_MECH_CRAM_MD5, "tim", "tanstaaftanstaaf",
                                  0, NULL);
    apr_size_t len;

    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "CRAM-MD5");
    tap_ok(smtpc__sasl_response(&len, sasl) == NULL, "the server speaks");
    tap_is_int(sasl_rig_step(sasl, "<1896.697170952@postoffice.reston.mci.net>"),
               APR_SUCCESS, "its question");
    sasl_rig_says(sasl, "tim b913a602c7eda7a495b4e6e7334d3890", "RFC 2195 2");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(sasl_rig_step(sasl, "<more>"), SMTPC_EPROTO, "no second one");
    sasl = sasl_rig(SMTPC_MECH_CRAM_MD5, "tim", "x", 0, NULL);
    (void)sasl_rig_step(sasl, NULL);
    tap_is_int(sasl_rig_step(sasl, ""), SMTPC_EPROTO, "an empty question");
}

static void test_external(void)
{
    smtpc_sasl_t *sasl;
    smtpc_server_t server = { 0 };
    apr_size_t len;

    server.host = "mail.example.org";
    server.certificate = "/cert.pem";
    sasl = sasl_rig_server(SMTPC_MECH_EXTERNAL, &server, 0, NULL);
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "EXTERNAL");
    tap_ok(smtpc__sasl_response(&len, sasl) != NULL && len == 0,
           "an empty response: who the certificate says");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(smtpc__sasl_able(&server, &(smtpc_binding_t){ 0 }), 0,
               "is not used unless it is named");
    server.mechanisms = "EXTERNAL";
    tap_is_int(smtpc__sasl_able(&server, &(smtpc_binding_t){ 0 }),
               SMTPC_MECH_EXTERNAL, "and is if it is");
}

/* The example of MS-NLMP 4.2.2: its challenge, and the NTLMv1 response. */
static void test_ntlm(void)
{
    static const char challenge[] =
        "NTLMSSP\0\2\0\0\0\0\0\0\0\x38\0\0\0\1\2\0\0"
        "\x01\x23\x45\x67\x89\xab\xcd\xef\0\0\0\0\0\0\0\0"
        "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    static const char response[] =
        "\x67\xc4\x30\x11\xf3\x02\x98\xa2\xad\x35\xec\xe6\x4f\x16"
        "\x33\x1c\x44\xbd\xbe\xd9\x27\x84\x1f\x94";
    smtpc_sasl_t *sasl = sasl_rig(SMTPC_MECH_NTLM, "Domain\\User", "Password",
                                  0, NULL);
    const char *data;
    apr_size_t len;

    if (!(smtpc__sasl_built() & SMTPC_MECH_NTLM)) {
        tap_pass("libgsasl was built without NTLM");
        return;
    }
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "NTLM");
    data = smtpc__sasl_response(&len, sasl);
    tap_ok(len > 12 && memcmp(data, "NTLMSSP\0\1\0\0\0", 12) == 0,
           "negotiates");
    smtpc__sasl_challenge(sasl, challenge, sizeof(challenge) - 1);
    smtpc__sasl_run(sasl);
    tap_is_int(smtpc__sasl_status(sasl), APR_SUCCESS, "the challenge");
    data = smtpc__sasl_response(&len, sasl);
    tap_ok(len > 12 && memcmp(data, "NTLMSSP\0\3\0\0\0", 12) == 0,
           "authenticates");
    tap_ok(data != NULL && memmem(data, len, response, 24) != NULL,
           "with the response of MS-NLMP 4.2.2.2.1");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
}

/* Without a ticket, which Kerberos says in its way, and we in ours. */
static void test_no_ticket(void)
{
    smtpc_server_t server = { 0 };
    smtpc_sasl_t *sasl;

    server.host = "mail.example.org";
    server.ambient = "kerberos";
    server.target_name = "SMTPSVC/relay.example.org";
    sasl = sasl_rig_server(SMTPC_MECH_GSSAPI, &server, 0, NULL);
    tap_ok(smtpc__sasl_blocks(sasl), "Kerberos may take long");
    tap_is_int(sasl_rig_step(sasl, NULL), SMTPC_EAUTH, "no ticket");
    tap_ok(strstr(smtpc__sasl_error(sasl), "no ticket for "
                  "SMTPSVC@relay.example.org") != NULL, "said: %s",
           smtpc__sasl_error(sasl));
}

/* SCRAM against libgsasl's server. */

typedef struct scram_server_t {
    const char *password;
    const char *exporter; /* in base64, or NULL */
} scram_server_t;

/* A Gsasl_callback_function. */
static int serve(Gsasl *context, Gsasl_session *session,
                 Gsasl_property property)
{
    const scram_server_t *server = gsasl_callback_hook_get(context);

    switch ((int)property) {
    case GSASL_PASSWORD:
        return gsasl_property_set(session, property, server->password);
    case GSASL_CB_TLS_EXPORTER:
        return server->exporter != NULL
                   ? gsasl_property_set(session, property, server->exporter)
                   : GSASL_NO_CALLBACK;
    case GSASL_SCRAM_ITER:
        return gsasl_property_set(session, property, "5000");
    default:
        return GSASL_NO_CALLBACK;
    }
}

/* Let sasl talk with libgsasl's server; return non-zero if it logs in. */
static int log_in(smtpc_sasl_t *sasl, const scram_server_t *server)
{
    Gsasl *context;
    Gsasl_session *session;
    int rc;

    if (gsasl_init(&context) != GSASL_OK
        || gsasl_server_start(context, smtpc__mech_name(sasl->mech->bit),
                              &session) != GSASL_OK) {
        tap_bail("no server");
    }
    gsasl_callback_set(context, serve);
    gsasl_callback_hook_set(context, (void *)server);
    (void)sasl_rig_step(sasl, NULL);
    do {
        apr_size_t len;
        const char *said = smtpc__sasl_response(&len, sasl);
        char *data = NULL;
        size_t size = 0;

        rc = smtpc__sasl_status(sasl) == APR_SUCCESS && len > 0
                 ? gsasl_step(session, said, len, &data, &size)
                 : GSASL_AUTHENTICATION_ERROR;
        if (size > 0) {
            smtpc__sasl_challenge(sasl, data, size);
            smtpc__sasl_run(sasl);
        }
        gsasl_free(data);
    } while (rc == GSASL_NEEDS_MORE);
    gsasl_finish(session);
    gsasl_done(context);
    return rc == GSASL_OK && smtpc__sasl_is_done(sasl)
           && smtpc__sasl_status(sasl) == APR_SUCCESS;
}

static void test_scram_server(void)
{
    const unsigned int s1 = SMTPC_MECH_SCRAM_SHA_1;
    const unsigned int s256 = SMTPC_MECH_SCRAM_SHA_256;
    const unsigned int s256p = SMTPC_MECH_SCRAM_SHA_256_PLUS;
    const char *euro = "p\xc3\xa4\xe2\x82\xac\xc2\xaa";
    smtpc_binding_t binding = { "tls-exporter", "bbb", 3 };
    scram_server_t plain = { "pencil", NULL };
    scram_server_t bound = { "pencil", "YmJi" };
    scram_server_t other = { "pencil", "eHh4" };
    scram_server_t letters = { euro, NULL };

    tap_ok(log_in(sasl_rig(s1, "ann", "pencil", s1, NULL), &plain),
           "SCRAM-SHA-1 with libgsasl");
    tap_ok(log_in(sasl_rig(s256, "a=n,n", "pencil", s256, NULL), &plain),
           "SCRAM-SHA-256 with libgsasl");
    tap_ok(!log_in(sasl_rig(s256, "ann", "pen", s256, NULL), &plain),
           "not with a wrong password");
    tap_ok(log_in(sasl_rig(s256, "ann", euro, s256, NULL), &letters),
           "a password that SASLprep changes");
    tap_ok(log_in(sasl_rig(s256p, "ann", "pencil", s256p, &binding), &bound),
           "SCRAM-SHA-256-PLUS with libgsasl");
    tap_ok(!log_in(sasl_rig(s256p, "ann", "pencil", s256p, &binding), &other),
           "not over another TLS connection");
    tap_ok(log_in(sasl_rig(s256, "ann", "pencil", s256, &binding), &plain),
           "y: this side could bind, that one cannot");
    tap_ok(!log_in(sasl_rig(s256, "ann", "pencil", s256, &binding), &bound),
           "y: both could, so somebody took it out of the offer");
}

int main(void)
{
    test_cram_md5();
    test_external();
    test_ntlm();
    test_no_ticket();
    test_scram_server();
    return tap_done();
}
