/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_scram_test.c: SCRAM: the examples of the RFCs, what a server must not
 * say, and both sides of channel binding.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/sasl_rig.h"
#include "../tap/tap.h"

#define S1 SMTPC_MECH_SCRAM_SHA_1
#define S1P SMTPC_MECH_SCRAM_SHA_1_PLUS
#define S256 SMTPC_MECH_SCRAM_SHA_256
#define S256P SMTPC_MECH_SCRAM_SHA_256_PLUS
#define NONCE "rOprNGfwEbeRWgbNEkqO"
#define SALT "s=W22ZaJ0SNY7soEsUEjb6gQ=="

/* Return an exchange whose nonce is nonce, one step on. */
static smtpc_sasl_t *begin(unsigned int mechanism, const char *nonce)
{
    smtpc_sasl_t *sasl = sasl_rig(mechanism, "user", "pencil", mechanism,
                                  NULL);

    sasl->nonce = nonce;
    if (sasl_rig_step(sasl, NULL) != APR_SUCCESS) {
        tap_bail("first step");
    }
    return sasl;
}

static void example(unsigned int mechanism, const char *nonce,
                    const char *const *lines, const char *name)
{
    smtpc_sasl_t *sasl = begin(mechanism, nonce);

    tap_subtest_begin("%s", name);
    sasl_rig_says(sasl, lines[0], "client first");
    tap_is_int(sasl_rig_step(sasl, lines[1]), APR_SUCCESS, "server first");
    sasl_rig_says(sasl, lines[2], "client final");
    tap_ok(!smtpc__sasl_is_done(sasl), "not done before the server's proof");
    tap_is_int(sasl_rig_step(sasl, lines[3]), APR_SUCCESS, "server final");
    sasl_rig_says(sasl, "", "nothing more to say");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_subtest_end();
}

static void test_examples(void)
{
    static const char *const sha_1[] = {
        "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
        "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,"
        "i=4096",
        "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
        "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
        "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="
    };
    static const char *const sha_256[] = {
        "n,,n=user,r=" NONCE,
        "r=" NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0," SALT ",i=4096",
        "c=biws,r=" NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
    };

    example(S1, "fyko+d2lbbFgONRv9qkxdawL", sha_1, "RFC 5802 5");
    example(S256, NONCE, sha_256, "RFC 7677 3");
}

/* What the server's first message may be, and must not. */
static void test_offers(void)
{
    static const struct {
        const char *text;
        apr_status_t status;
        const char *why;
    } rows[] = {
        { "r=" NONCE "x," SALT ",i=4096", APR_SUCCESS, "" },
        { "r=" NONCE "x," SALT ",i=4096,x=ext", APR_SUCCESS, "" },
        { "r=" NONCE "," SALT ",i=4096", SMTPC_EAUTH, "repeating" },
        { "r=other," SALT ",i=4096", SMTPC_EAUTH, "repeating" },
        { "r=XOprNGfwEbeRWgbNEkqOx," SALT ",i=4096", SMTPC_EAUTH,
          "repeating" },
        { "r=," SALT ",i=4096", SMTPC_EAUTH, "repeating" },
        { "r=" NONCE "x,i=4096," SALT, SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT, SMTPC_EPROTO, "" },
        { "r=" NONCE "x,i=4096", SMTPC_EPROTO, "" },
        { SALT ",i=4096", SMTPC_EPROTO, "" },
        { "m=ext,r=" NONCE "x," SALT ",i=4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x,s=,i=4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x,s==AAA,i=4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x,s=AAA=BBB,i=4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x,s=W2\"2,i=4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT ",i=", SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT ",i=-4096", SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT ",i=4096x", SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT ",i=0", SMTPC_EAUTH, "hashed 0 times" },
        { "r=" NONCE "x," SALT ",i=4095", SMTPC_EAUTH, "4095" },
        { "r=" NONCE "x," SALT ",i=1000000", APR_SUCCESS, "" },
        { "r=" NONCE "x," SALT ",i=1000001", SMTPC_EAUTH, "1000001" },
        { "r=" NONCE "x," SALT ",i=999999999", SMTPC_EAUTH, "" },
        { "r=" NONCE "x," SALT ",i=1000000000", SMTPC_EPROTO, "" },
        { "r=" NONCE "x," SALT ",i=4294971392", SMTPC_EPROTO, "" },
        { "", SMTPC_EPROTO, "" },
        { "r", SMTPC_EPROTO, "" },
        { "e=other-error", SMTPC_EPROTO, "" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_sasl_t *sasl = begin(S256, NONCE);

        tap_is_int(sasl_rig_step(sasl, rows[i].text), rows[i].status,
                   "U5 \"%s\"", rows[i].text);
        tap_ok(strstr(smtpc__sasl_error(sasl), rows[i].why) != NULL,
               "said: %s", smtpc__sasl_error(sasl));
    }
}

static void test_nul(void)
{
    smtpc_sasl_t *sasl = begin(S256, NONCE);
    static const char text[] = "r=" NONCE "x," SALT ",i=4096\0,x=y";

    smtpc__sasl_challenge(sasl, text, sizeof(text) - 1);
    smtpc__sasl_run(sasl);
    tap_is_int(smtpc__sasl_status(sasl), SMTPC_EPROTO, "U6 NUL inside");
}

/* The server's last message. */
static void test_proofs(void)
{
    static const char good[] =
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";
    static const struct {
        const char *text;
        apr_status_t status;
        const char *why;
    } rows[] = {
        { good, APR_SUCCESS, "" },
        { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=,x=y", APR_SUCCESS,
          "" },
        { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5=", SMTPC_EAUTH,
          "impostor" },
        { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=A", SMTPC_EAUTH,
          "impostor" },
        { "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4", SMTPC_EAUTH,
          "impostor" },
        { "v=", SMTPC_EAUTH, "impostor" },
        { "", SMTPC_EAUTH, "impostor" },
        { "e=invalid-proof", SMTPC_EAUTH, "it says invalid-proof" },
        { "e=\r\nx", SMTPC_EAUTH,
          "it says that it failed, in words of its own" },
        { "e=unknown-user,x=y", SMTPC_EAUTH, "it says unknown-user" },
        { "e=pencil", SMTPC_EAUTH,
          "it says that it failed, in words of its own" },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_sasl_t *sasl = begin(S256, NONCE);

        (void)sasl_rig_step(sasl, "r=" NONCE "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
                            SALT ",i=4096");
        tap_is_int(sasl_rig_step(sasl, rows[i].text), rows[i].status,
                   "U5 \"%s\"", rows[i].text);
        tap_ok(strstr(smtpc__sasl_error(sasl), rows[i].why) != NULL,
               "said: %s", smtpc__sasl_error(sasl));
        tap_is_int(smtpc__sasl_is_done(sasl), rows[i].status == APR_SUCCESS,
                   "done or not");
    }
}

/* The GS2 header: RFC 5802 6. */
static void test_binding(void)
{
    smtpc_binding_t exporter = { "tls-exporter", "0123456789012345678901", 22 };
    const struct {
        unsigned int mechanism;
        unsigned int offered;
        const smtpc_binding_t *binding;
        const char *header;
        const char *channel;
    } rows[] = {
        { S256, S256, NULL, "n,,", "c=biws," },
        { S256, S256, &exporter, "y,,", "c=eSws," },
        { S256, S256 | S256P, &exporter, "n,,", "c=biws," },
        { S256, S256 | S1P, &exporter, "n,,", "c=biws," },
        { S256P, S256 | S256P, &exporter, "p=tls-exporter,,",
          "c=cD10bHMtZXhwb3J0ZXIsLDAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=," },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_sasl_t *sasl = sasl_rig(rows[i].mechanism, "user", "pencil",
                                      rows[i].offered, rows[i].binding);
        apr_size_t len;

        sasl->nonce = NONCE;
        (void)sasl_rig_step(sasl, NULL);
        sasl_rig_says(sasl, apr_pstrcat(tap_pool(), rows[i].header,
                                        "n=user,r=" NONCE, NULL),
                      "the first message");
        (void)sasl_rig_step(sasl, "r=" NONCE "x," SALT ",i=4096");
        tap_ok(strncmp(smtpc__sasl_response(&len, sasl), rows[i].channel,
                       strlen(rows[i].channel)) == 0, "%s is in the second",
               rows[i].channel);
    }
}

/* Names and passwords beyond plain ASCII; an own nonce. */
static void test_names(void)
{
    smtpc_sasl_t *sasl = sasl_rig(S256, "a,b=c\xc2\xad", "x", S256, NULL);
    smtpc_sasl_t *random = sasl_rig(S256, "a", "x", S256, NULL);
    smtpc_sasl_t *other = sasl_rig(S256, "a", "x", S256, NULL);
    const char *first;
    const char *second;
    apr_size_t len;

    sasl->nonce = NONCE;
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "a name");
    sasl_rig_says(sasl, "n,,n=a=2Cb=3Dc,r=" NONCE, "escaped and prepared");
    (void)sasl_rig_step(random, NULL);
    (void)sasl_rig_step(other, NULL);
    first = smtpc__sasl_response(&len, random);
    second = smtpc__sasl_response(&len, other);
    tap_is_int(len, strlen("n,,n=a,r=") + 24, "a nonce of 18 bytes");
    tap_ok(memcmp(first, second, len) != 0, "that never comes again");
}

int main(void)
{
    test_examples();
    test_offers();
    test_nul();
    test_proofs();
    test_binding();
    test_names();
    return tap_done();
}
