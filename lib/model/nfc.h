/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_NFC_H
#define SMTPC_MODEL_NFC_H

/**
 * @file nfc.h
 * Unicode normalisation form C: one spelling for what looks and means the
 * same; and SASLprep, for what people type at two places.
 */

#include <smtpclient/status.h>

/** Set @a *normal to the NFC form of the UTF-8 @a text: a copy in @a pool,
 *  or @a text itself if it is ASCII. The form can be three times as long.
 *  @return APR_SUCCESS, SMTPC_EARG: not UTF-8, or APR_ENOMEM. UAX #15. */
apr_status_t smtpc__nfc(const char **normal, const char *text,
                        apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Write the @a len bytes of UTF-8 at @a text, as SASLprep (RFC 4013 2.1, 2.2)
 *  maps and normalises them, with a terminator to @a out of @a size bytes and
 *  set @a *out_len. What SASLprep prohibits stays: no server has it.
 *  @return APR_SUCCESS, SMTPC_EARG: not UTF-8, SMTPC_ELIMIT: too long, or
 *  APR_ENOMEM */
apr_status_t smtpc__saslprep(char *out, apr_size_t size, apr_size_t *out_len,
                             const char *text, apr_size_t len)
    SMTPC_WARN_UNUSED;

#endif
