/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SASL_INT_H
#define SMTPC_PROTO_SASL_INT_H

/**
 * @file sasl_int.h
 * What a SASL mechanism has to provide, for sasl*.c alone.
 */

#include <stdatomic.h>

#include "proto/sasl.h"

/** What a mechanism needs to log in. */
typedef enum {
    SMTPC_SASL_SECRET   /**< a user name and a password */
} smtpc_sasl_need_e;

/** A mechanism. */
typedef struct smtpc_sasl_mech_t {
    /** Its bit. */
    smtpc_mech_e bit;
    /** What it needs. */
    smtpc_sasl_need_e need;
    /** 4: bound to the TLS connection; 3: proves and asks for a proof; 2: does
     *  not show the secret; 1: shows it. */
    int strength;
    /** Steps that may take long, from bit 0 on. */
    unsigned int blocking;
    /** Only used where it is named. */
    int by_name;
    /** Answer sasl->challenge (NULL at step 0): set response, response_len
     *  and done, or why and return as smtpc__sasl_status(). */
    apr_status_t (*step)(smtpc_sasl_t *sasl);
} smtpc_sasl_mech_t;

struct smtpc_sasl_t {
    const smtpc_sasl_mech_t *mech;
    atomic_int references;
    apr_pool_t *pool;             /* a root of its own */
    smtpc_env_t *env;             /* of step 0 only */
    const char *user;             /* or NULL */
    const smtpc_secret_t *secret; /* or NULL */
    const char *host;
    const char *target_name;      /* or NULL */
    smtpc_binding_t binding;
    unsigned int offered;
    const char *nonce;            /* NULL: at random */

    int steps;                    /* done so far */
    const void *challenge;        /* of this step */
    apr_size_t challenge_len;
    const void *response;
    apr_size_t response_len;
    int done;                     /* the mechanism has said all */
    apr_status_t status;          /* of the last step */
    const char *why;              /* it failed */
    void *state;                  /* of the mechanism */
};

/** Let @a why be the reason and return @a status. */
apr_status_t smtpc__sasl_fail(smtpc_sasl_t *sasl, apr_status_t status,
                              const char *why);

/** PLAIN, RFC 4616. */
extern const smtpc_sasl_mech_t smtpc__sasl_plain;
/** LOGIN, draft-murchison-sasl-login. */
extern const smtpc_sasl_mech_t smtpc__sasl_login;
/** SCRAM-SHA-1, RFC 5802. */
extern const smtpc_sasl_mech_t smtpc__sasl_scram_sha_1;
/** SCRAM-SHA-1-PLUS, RFC 5802. */
extern const smtpc_sasl_mech_t smtpc__sasl_scram_sha_1_plus;
/** SCRAM-SHA-256, RFC 7677. */
extern const smtpc_sasl_mech_t smtpc__sasl_scram_sha_256;
/** SCRAM-SHA-256-PLUS, RFC 7677. */
extern const smtpc_sasl_mech_t smtpc__sasl_scram_sha_256_plus;

#endif
