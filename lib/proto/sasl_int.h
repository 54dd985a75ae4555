/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SASL_INT_H
#define SMTPC_PROTO_SASL_INT_H

/**
 * @file sasl_int.h
 * What a SASL mechanism has to provide, for sasl.c and the mechanisms alone.
 */

#include "proto/sasl.h"

/** A mechanism. */
typedef struct smtpc_sasl_mech_t {
    /** Its bit. */
    smtpc_mech_e bit;
    /** Set *data and *len to the initial response, in memory wiped with
     *  sasl->pool; NULL if the server speaks first. */
    void (*initial)(const void **data, apr_size_t *len, smtpc_sasl_t *sasl);
    /** Answer a challenge; SMTPC_EAUTH if it is not expected. */
    apr_status_t (*step)(const void **data, apr_size_t *len,
                         smtpc_sasl_t *sasl, const void *challenge,
                         apr_size_t challenge_len);
} smtpc_sasl_mech_t;

struct smtpc_sasl_t {
    const smtpc_sasl_mech_t *mech;
    apr_pool_t *pool;
    const char *user;
    const smtpc_secret_t *secret;
    int steps;  /* challenges answered */
    int done;   /* the mechanism has said all */
};

/** PLAIN, RFC 4616. */
extern const smtpc_sasl_mech_t smtpc__sasl_plain;
/** LOGIN, draft-murchison-sasl-login. */
extern const smtpc_sasl_mech_t smtpc__sasl_login;

#endif
