/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_test.c: which mechanism is picked, and the frame of an exchange.
 */
#include <string.h>

#include "../support/sasl_rig.h"
#include "../tap/tap.h"

#define P SMTPC_MECH_PLAIN
#define L SMTPC_MECH_LOGIN
#define S1 SMTPC_MECH_SCRAM_SHA_1
#define S1P SMTPC_MECH_SCRAM_SHA_1_PLUS
#define S256 SMTPC_MECH_SCRAM_SHA_256
#define S256P SMTPC_MECH_SCRAM_SHA_256_PLUS

static void test_pick(void)
{
    static const struct {
        unsigned int usable;
        const char *preference;
        unsigned int picked;
    } rows[] = {
        { P | L, NULL, P },
        { L, NULL, L },
        { 0, NULL, 0 },
        { P | L | S1, NULL, S1 },
        { P | S1 | S256, NULL, S256 },
        { P | S1P | S256, NULL, S1P },
        { S1P | S256P, NULL, S256P },
        { P | L, "LOGIN PLAIN", L },
        { P, "LOGIN PLAIN", P },
        { P | L, "login", L },
        { P | L, "  LOGIN  ", L },
        { P, "LOGIN", 0 },
        { P | L, "", 0 },
        { P | L, "SCRAM-SHA-256 PLAIN", P },
        { P | S256 | S256P, "SCRAM-SHA-256 PLAIN", S256 },
        { P | L, "PLAINX", 0 },
        { P | L, "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX LOGIN", L },
        { P | L, "PLAINXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_int(smtpc__sasl_pick(rows[i].usable, rows[i].preference),
                   rows[i].picked, "pick %d", (int)i);
    }
}

static void test_able(void)
{
    smtpc_server_t server = { 0 };
    smtpc_binding_t binding = { 0 };
    smtpc_secret_t *secret;

    tap_is_int(smtpc__sasl_able(&server, &binding), 0, "nothing to log in "
               "with");
    if (smtpc_secret_load(&secret, NULL, "x", tap_pool()) != APR_SUCCESS) {
        tap_bail("secret");
    }
    server.secret = secret;
    tap_is_int(smtpc__sasl_able(&server, &binding) & (P | S256 | S256P),
               P | S256, "a password without anything to bind to");
    binding.name = "tls-exporter";
    tap_is_int(smtpc__sasl_able(&server, &binding) & (P | S256 | S256P),
               P | S256 | S256P, "and with it");
}

static void test_strength(void)
{
    tap_is_int(smtpc__sasl_not_weaker(P) & (P | L | S1), P | L | S1,
               "nothing is weaker than PLAIN");
    tap_is_int(smtpc__sasl_not_weaker(S256) & (P | L | S1 | S256P),
               S1 | S256P, "PLAIN is weaker than SCRAM");
    tap_is_int(smtpc__sasl_not_weaker(S1P) & (P | L | S256 | S256P), S256P,
               "and SCRAM without binding than that with it");
}

static apr_status_t create(unsigned int mechanism, const char *user)
{
    static const smtpc_binding_t none;
    smtpc_server_t server = { 0 };
    smtpc_sasl_t *sasl;
    apr_status_t rv;

    server.host = "mail.example.org";
    server.user = user;
    rv = smtpc__sasl_create(&sasl, mechanism, &server, 0, &none, NULL);
    if (rv == APR_SUCCESS) {
        smtpc__sasl_release(sasl);
    }
    return rv;
}

static void test_create(void)
{
    char user[SMTPC_LIMIT_USER + 2];

    memset(user, 'x', sizeof(user));
    user[SMTPC_LIMIT_USER] = '\0';
    tap_is_int(create(P, user), APR_SUCCESS, "user at the limit");
    user[SMTPC_LIMIT_USER] = 'x';
    user[SMTPC_LIMIT_USER + 1] = '\0';
    tap_is_int(create(P, user), SMTPC_ELIMIT, "beyond");
    tap_is_int(create(1u << 31, "a"), SMTPC_EARG, "unknown mechanism");
    tap_is_int(create(P | L, "a"), SMTPC_EARG, "two mechanisms");
}

/* Whoever runs a step elsewhere keeps the exchange when the session ends. */
static void test_reference(void)
{
    smtpc_sasl_t *sasl = sasl_rig(S256, "ann", "secret", S256, NULL);

    smtpc__sasl_retain(sasl);
    smtpc__sasl_release(sasl);
    tap_ok(!smtpc__sasl_blocks(sasl), "the first step is quick");
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "one owner is left");
    tap_ok(smtpc__sasl_blocks(sasl), "the second hashes");
    tap_is_str(smtpc__sasl_error(sasl), "", "no complaint");
}

int main(void)
{
    test_pick();
    test_able();
    test_strength();
    test_create();
    test_reference();
    return tap_done();
}
