/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_FLOWED_H
#define SMTPC_MIME_FLOWED_H

/**
 * @file flowed.h
 * Text as format=flowed, RFC 3676.
 */

#include <smtpclient/source.h>

/** Create @a *flowed in @a pool, which reads the UTF-8 text of @a source and
 *  gives it with soft line breaks, delsp=no. Its bytes do not depend on how it
 *  is read. It can be rewound if @a source can. */
apr_status_t smtpc__flowed_create(smtpc_source_t **flowed,
                                  smtpc_source_t *source, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

#endif
