/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_plain.c: PLAIN. One message: no authorization identity, NUL, user,
 * NUL, password, as they are. Whether the link is fit for it is decided by
 * the session. RFC 4616.
 */
#include "proto/sasl_int.h"

#include <string.h>

static apr_status_t step(smtpc_sasl_t *sasl)
{
    apr_size_t user_len = strlen(sasl->user);
    apr_size_t secret_len;
    const char *secret = smtpc__secret_bytes(sasl->secret, &secret_len);
    char *message;

    sasl->response_len = user_len + secret_len + 2;
    message = smtpc__wiped_alloc(sasl->pool, sasl->response_len);
    memcpy(message + 1, sasl->user, user_len);
    memcpy(message + 2 + user_len, secret, secret_len);
    sasl->response = message;
    sasl->done = 1;
    return APR_SUCCESS;
}

const smtpc_sasl_mech_t smtpc__sasl_plain = {
    .bit = SMTPC_MECH_PLAIN,
    .need = SMTPC_SASL_SECRET,
    .strength = 1,
    .step = step,
};
