/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_SMIME_INT_H
#define SMTPC_MIME_SMIME_INT_H

/**
 * @file smime_int.h
 * What makes a message S/MIME, and what becomes of its parts then.
 */

#include <smtpclient/smime.h>

#include "base/env_int.h"
#include "mime/part.h"

/* OpenSSL's types, by the names that need no header of it. */
struct evp_pkey_st;
struct x509_st;
struct stack_st_X509;

/** The S/MIME settings of a message. */
typedef struct smtpc_smime_t {
    struct x509_st *certificate;      /**< the signer's, or NULL */
    struct stack_st_X509 *chain;      /**< its issuers, or NULL */
    struct evp_pkey_st *key;
    struct stack_st_X509 *recipients; /**< or NULL */
    smtpc_smime_cipher_e cipher;
} smtpc_smime_t;

/** Return the settings of @a message if it is to be signed or encrypted, else
 *  NULL. */
const smtpc_smime_t *smtpc__smime_of(const smtpc_message_t *message);

/**
 * Put the part @a *root, which must be 7bit, into what @a smime makes of it:
 * signed, then encrypted. @a utf8 as in smtpc__header_create(). @a *why is set
 * on failure to one sentence in @a pool.
 *
 * Reads the content; memory does not grow with it.
 *
 * @return APR_SUCCESS
 *         SMTPC_ESOURCE  the content failed, or can be read only once
 *         else           OpenSSL could not, no randomness, or no temporary
 *                        file
 */
apr_status_t smtpc__smime_wrap(smtpc_part_t **root, const char **why,
                               const smtpc_smime_t *smime, int utf8,
                               const smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
