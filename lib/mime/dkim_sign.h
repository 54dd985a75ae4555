/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_DKIM_SIGN_H
#define SMTPC_MIME_DKIM_SIGN_H

/**
 * @file dkim_sign.h
 * The DKIM-Signature fields of a rendered message.
 */

#include <smtpclient/dkim.h>
#include <smtpclient/source.h>

#include "base/env_int.h"

/** A rendered message to sign. */
typedef struct smtpc_dkim_input_t {
    const char *block;    /**< the header block; an empty line may end it */
    apr_size_t block_len;
    /** What follows the empty line. Read once, then rewound. */
    smtpc_source_t *body;
} smtpc_dkim_input_t;

/** The fields to put in front of it. */
typedef struct smtpc_dkim_output_t {
    const char *fields;     /**< one DKIM-Signature for each signer */
    apr_size_t len;
    apr_off_t body_length;  /**< bytes of the body */
} smtpc_dkim_output_t;

/**
 * Sign @a input with each of the @a count @a signers, in this order, into
 * @a output in @a pool. @a *why is set on failure to one sentence in @a pool.
 *
 * Reads the whole body, in one pass for all signers, and so blocks as long as
 * it does.
 *
 * @return APR_SUCCESS
 *         SMTPC_ESOURCE  the body failed, or can be read only once
 *         SMTPC_ELIMIT   the fields are longer than a header block may be
 *         APR_EGENERAL   OpenSSL could not hash or sign
 */
apr_status_t smtpc__dkim_sign(smtpc_dkim_output_t *output, const char **why,
                              const smtpc_dkim_input_t *input,
                              const smtpc_dkim_t *const *signers,
                              apr_size_t count, const smtpc_env_t *env,
                              apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
