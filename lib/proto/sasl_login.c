/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_login.c: LOGIN. Two questions, whose wording differs from server to
 * server and says nothing: the user name is the first answer, the password
 * the second. draft-murchison-sasl-login.
 */
#include "proto/sasl_int.h"

#include <string.h>

static apr_status_t step(smtpc_sasl_t *sasl)
{
    switch (sasl->steps) {
    case 0:
        break;
    case 1:
        sasl->response = sasl->user;
        sasl->response_len = strlen(sasl->user);
        break;
    default:
        sasl->response = smtpc__secret_bytes(sasl->secret,
                                             &sasl->response_len);
        sasl->done = 1;
        break;
    }
    return APR_SUCCESS;
}

const smtpc_sasl_mech_t smtpc__sasl_login = {
    .bit = SMTPC_MECH_LOGIN,
    .need = SMTPC_SASL_SECRET,
    .strength = 1,
    .step = step,
};
