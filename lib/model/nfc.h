/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_NFC_H
#define SMTPC_MODEL_NFC_H

/**
 * @file nfc.h
 * Unicode normalisation form C: one spelling for what looks and means the
 * same.
 */

#include <smtpclient/status.h>

/** Set @a *normal to the NFC form of the UTF-8 @a text: a copy in @a pool,
 *  or @a text itself if it is ASCII. The form can be three times as long.
 *  @return APR_SUCCESS, SMTPC_EARG: not UTF-8, or APR_ENOMEM. UAX #15. */
apr_status_t smtpc__nfc(const char **normal, const char *text,
                        apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
