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
    SMTPC_SASL_SECRET,     /**< a user name and a password */
    SMTPC_SASL_TOKEN,      /**< a user name and a token */
    SMTPC_SASL_DEFAULT,    /**< what this process has: Kerberos */
    SMTPC_SASL_CERTIFICATE /**< a client certificate */
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
    /** Returns non-zero if this build has it; NULL: every build does. */
    int (*built)(unsigned int mechanism);
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
    const smtpc_secret_t *secret; /* password, or token once it is there */
    const char *token;            /* where it comes from, or NULL */
    smtpc_token_fn_t token_fn;
    void *token_baton;
    int refresh;                  /* the last token was refused */
    const char *host;
    int port;
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
    const char *note;             /* what the server said of it, for people */
    void *state;                  /* of the mechanism */
};

/** Let @a why be the reason and return @a status. */
apr_status_t smtpc__sasl_fail(smtpc_sasl_t *sasl, apr_status_t status,
                              const char *why);

/** Return @a name in @a pool with ',' and '=' escaped: RFC 5802 5.1. */
const char *smtpc__sasl_escape(const char *name, apr_pool_t *pool);

#ifdef SMTPC_WITH_GSASL
/** Return non-zero if libgsasl was built with @a mechanism. */
int smtpc__sasl_gsasl_has(unsigned int mechanism);

/** CRAM-MD5, RFC 2195. */
extern const smtpc_sasl_mech_t smtpc__sasl_cram_md5;
/** NTLM, MS-NLMP. */
extern const smtpc_sasl_mech_t smtpc__sasl_ntlm;
/** GSSAPI, RFC 4752. */
extern const smtpc_sasl_mech_t smtpc__sasl_gssapi;
/** GS2-KRB5, RFC 5801. */
extern const smtpc_sasl_mech_t smtpc__sasl_gs2_krb5;
/** EXTERNAL, RFC 4422 A. */
extern const smtpc_sasl_mech_t smtpc__sasl_external;
#endif

/** XOAUTH2, of Google's and Microsoft's. */
extern const smtpc_sasl_mech_t smtpc__sasl_xoauth2;
/** OAUTHBEARER, RFC 7628. */
extern const smtpc_sasl_mech_t smtpc__sasl_oauthbearer;
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
