/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_plain_test.c: the one message of PLAIN.
 */
#include "../support/sasl_rig.h"
#include "../tap/tap.h"

int main(void)
{
    smtpc_sasl_t *sasl = sasl_rig(SMTPC_MECH_PLAIN, "ann",
                                  "p\xc3\xa4ss word", SMTPC_MECH_PLAIN, NULL);
    const void *data;
    apr_size_t len;

    tap_ok(!smtpc__sasl_is_done(sasl), "not done before it spoke");
    tap_is_int(sasl_rig_step(sasl, NULL), APR_SUCCESS, "begun");
    data = smtpc__sasl_response(&len, sasl);
    tap_is_mem(data, len, "\0ann\0p\xc3\xa4ss word", 15, "initial response");
    tap_ok(smtpc__sasl_is_done(sasl), "done");
    tap_is_int(sasl_rig_step(sasl, ""), SMTPC_EPROTO,
               "no challenge is expected");
    return tap_done();
}
