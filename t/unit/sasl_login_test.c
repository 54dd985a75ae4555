/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_login_test.c: the two answers of LOGIN.
 */
#include "../support/sasl_rig.h"
#include "../tap/tap.h"

int main(void)
{
    smtpc_sasl_t *sasl = sasl_rig(SMTPC_MECH_LOGIN, "ann", "secret",
                                  SMTPC_MECH_LOGIN, NULL);
    apr_size_t len;

    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "begun");
    tap_ok(smtpc__sasl_response(&len, sasl) == NULL,
           "the server speaks first");
    tap_is_int(sasl_rig_step(sasl, "Username:"), APR_SUCCESS,
               "first question");
    sasl_rig_says(sasl, "ann", "user");
    tap_ok(!smtpc__sasl_is_done(sasl), "not done");
    tap_is_int(sasl_rig_step(sasl, ""), APR_SUCCESS, "second, empty");
    sasl_rig_says(sasl, "secret", "password");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(sasl_rig_step(sasl, "more"), SMTPC_EPROTO, "no third one");
    return tap_done();
}
