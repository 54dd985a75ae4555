/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_plain_test.c: the one message of PLAIN.
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

    if (smtpc_secret_load(&secret, NULL, "p\xc3\xa4ss word", tap_pool())
        != APR_SUCCESS) {
        tap_bail("secret");
    }
    tap_is_int(smtpc__sasl_create(&sasl, SMTPC_MECH_PLAIN, "ann", secret,
                                  tap_pool()), APR_SUCCESS, "create");
    tap_ok(!smtpc__sasl_is_done(sasl), "not done before it spoke");
    smtpc__sasl_initial(&data, &len, sasl);
    tap_is_mem(data, len, "\0ann\0p\xc3\xa4ss word", 15, "initial response");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(smtpc__sasl_step(&data, &len, sasl, "", 0), SMTPC_EAUTH,
               "no challenge is expected");
    return tap_done();
}
