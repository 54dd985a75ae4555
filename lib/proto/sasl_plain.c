/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_plain.c: PLAIN. One message: no authorization identity, NUL, user,
 * NUL, password, as they are. Whether the link is fit for it is decided by
 * the session. RFC 4616.
 */
#include "proto/sasl_int.h"

#include <string.h>

static void initial(const void **data, apr_size_t *len, smtpc_sasl_t *sasl)
{
    apr_size_t user_len = strlen(sasl->user);
    apr_size_t secret_len;
    const char *secret = smtpc__secret_bytes(sasl->secret, &secret_len);
    char *message;

    *len = user_len + secret_len + 2;
    message = smtpc__wiped_alloc(sasl->pool, *len);
    memcpy(message + 1, sasl->user, user_len);
    memcpy(message + 2 + user_len, secret, secret_len);
    *data = message;
    sasl->done = 1;
}

static apr_status_t step(const void **data, apr_size_t *len,
                         smtpc_sasl_t *sasl, const void *challenge,
                         apr_size_t challenge_len)
{
    (void)data;
    (void)len;
    (void)sasl;
    (void)challenge;
    (void)challenge_len;
    return SMTPC_EAUTH;
}

const smtpc_sasl_mech_t smtpc__sasl_plain = {
    SMTPC_MECH_PLAIN,
    initial,
    step,
};
