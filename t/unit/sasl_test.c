/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_test.c: which mechanism is picked, and the frame of an exchange.
 */
#include <string.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "proto/sasl.h"

#define P SMTPC_MECH_PLAIN
#define L SMTPC_MECH_LOGIN

static void test_pick(void)
{
    static const struct {
        unsigned int offered;
        const char *preference;
        unsigned int excluded;
        unsigned int picked;
    } rows[] = {
        { P | L, NULL, 0, P },
        { L, NULL, 0, L },
        { 0, NULL, 0, 0 },
        { P | L, NULL, P, L },
        { P | L, NULL, P | L, 0 },
        { P | L, "LOGIN PLAIN", 0, L },
        { P | L, "LOGIN PLAIN", L, P },
        { P | L, "login", 0, L },
        { P | L, "  LOGIN  ", 0, L },
        { P, "LOGIN", 0, 0 },
        { P | L, "", 0, 0 },
        { P | L, "SCRAM-SHA-256 PLAIN", 0, P },
        { P | L, "PLAINX", 0, 0 },
        { P | L, "XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX LOGIN", 0, L },
        { P | L, "PLAINXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX", 0, 0 },
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_int(smtpc__sasl_pick(rows[i].offered, rows[i].preference,
                                    rows[i].excluded), rows[i].picked,
                   "pick %d", (int)i);
    }
}

static void test_create(void)
{
    char user[SMTPC_LIMIT_USER + 2];
    smtpc_secret_t *secret;
    smtpc_sasl_t *sasl;

    if (smtpc_secret_load(&secret, NULL, "secret", tap_pool())
        != APR_SUCCESS) {
        tap_bail("secret");
    }
    memset(user, 'x', sizeof(user));
    user[SMTPC_LIMIT_USER] = '\0';
    tap_is_int(smtpc__sasl_create(&sasl, P, user, secret, tap_pool()),
               APR_SUCCESS, "user at the limit");
    user[SMTPC_LIMIT_USER] = 'x';
    user[SMTPC_LIMIT_USER + 1] = '\0';
    tap_is_int(smtpc__sasl_create(&sasl, P, user, secret, tap_pool()),
               SMTPC_ELIMIT, "beyond");
    tap_is_int(smtpc__sasl_create(&sasl, 1u << 31, "a", secret, tap_pool()),
               SMTPC_EARG, "unknown mechanism");
    tap_is_int(smtpc__sasl_create(&sasl, P | L, "a", secret, tap_pool()),
               SMTPC_EARG, "two mechanisms");
}

int main(void)
{
    test_pick();
    test_create();
    return tap_done();
}
