/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_login_test.c: the two answers of LOGIN.
 */
#include <string.h>

#include "../tap/tap.h"
#include "proto/sasl.h"

int main(void)
{
    smtpc_secret_t *secret;
    smtpc_sasl_t *sasl;
    const void *data;
    apr_size_t len;

    if (smtpc_secret_load(&secret, NULL, "secret", tap_pool())
        != APR_SUCCESS) {
        tap_bail("secret");
    }
    tap_is_int(smtpc__sasl_create(&sasl, SMTPC_MECH_LOGIN, "ann", secret,
                                  tap_pool()), APR_SUCCESS, "create");
    smtpc__sasl_initial(&data, &len, sasl);
    tap_ok(data == NULL, "the server speaks first");
    tap_is_int(smtpc__sasl_step(&data, &len, sasl, "Username:", 9),
               APR_SUCCESS, "first question");
    tap_is_mem(data, len, "ann", 3, "user");
    tap_ok(!smtpc__sasl_is_done(sasl), "not done");
    tap_is_int(smtpc__sasl_step(&data, &len, sasl, "", 0), APR_SUCCESS,
               "second question, empty");
    tap_is_mem(data, len, "secret", 6, "password");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(smtpc__sasl_step(&data, &len, sasl, "more", 4), SMTPC_EAUTH,
               "no third question");
    return tap_done();
}
