/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_login.c: LOGIN. Two questions, whose wording differs from server to
 * server and says nothing: the user name is the first answer, the password
 * the second. draft-murchison-sasl-login.
 */
#include "proto/sasl_int.h"

#include <string.h>

static void initial(const void **data, apr_size_t *len, smtpc_sasl_t *sasl)
{
    (void)sasl;
    *data = NULL;
    *len = 0;
}

static apr_status_t step(const void **data, apr_size_t *len,
                         smtpc_sasl_t *sasl, const void *challenge,
                         apr_size_t challenge_len)
{
    (void)challenge;
    (void)challenge_len;
    switch (sasl->steps) {
    case 0:
        *data = sasl->user;
        *len = strlen(sasl->user);
        return APR_SUCCESS;
    case 1:
        *data = smtpc__secret_bytes(sasl->secret, len);
        sasl->done = 1;
        return APR_SUCCESS;
    default:
        return SMTPC_EAUTH;
    }
}

const smtpc_sasl_mech_t smtpc__sasl_login = {
    SMTPC_MECH_LOGIN,
    initial,
    step,
};
