/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MSC_API_H
#define MSC_API_H

/**
 * @file api.h
 * From a configuration to a client.
 */

#include "cfg.h"

/** Register the optional functions of mod_smtpclient.h. */
void msc_api_register(void);

/** The optional function smtpclient_for_request(). */
apr_status_t msc_api_for_request(smtpc_client_t **client, request_rec *r);

/**
 * Configure @a client by @a cfg, all but host and port; the secret is left
 * out while it has not been loaded. On failure @a *directive is set to the
 * name of the directive whose value was refused.
 */
apr_status_t msc_api_configure(smtpc_client_t *client, const msc_cfg_t *cfg,
                               const char **directive);

/** Return "directive: what is wrong with it" in @a p, after @a rv; @a client
 *  is NULL if it came to none at all. */
const char *msc_api_reason(const smtpc_client_t *client, apr_status_t rv,
                           const char *directive, apr_pool_t *p);

#endif
