/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_ADDRESS_INT_H
#define SMTPC_MODEL_ADDRESS_INT_H

/**
 * @file address_int.h
 * Addresses for the writers of envelope and header, and lists of them.
 */

#include <apr_tables.h>
#include <smtpclient/address.h>

#include "model/address_parse.h"

/** Return user@host with the host in A-labels: what goes on the wire where
 *  UTF-8 does not. The local part may still be UTF-8. */
const char *smtpc__address_ascii(const smtpc_address_t *address);

/** Return non-zero if the local part is not ASCII, so that the address can
 *  only be sent with SMTPUTF8. */
int smtpc__address_needs_utf8(const smtpc_address_t *address);

/** Return a copy of @a address in @a pool. */
smtpc_address_t *smtpc__address_copy(const smtpc_address_t *address,
                                     apr_pool_t *pool);

/** Check that @a text is not NULL or "", has at most @a max bytes, all of
 *  them UTF-8 without control characters, and set @a *len; @a *why as in
 *  smtpc_address_try(). */
apr_status_t smtpc__address_check_text(apr_size_t *len, const char **why,
                                       const char *text, apr_size_t max,
                                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Read the mailbox at the start of the @a len bytes of checked text at
 *  @a text into @a *address, or NULL if a group begins there instead;
 *  @a *used, @a *why and @a place as in smtpc__mailbox_parse(). */
apr_status_t smtpc__address_read(smtpc_address_t **address,
                                 apr_size_t *used, const char **why,
                                 const char *text, apr_size_t len,
                                 smtpc__mailbox_place_e place,
                                 apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Parse @a text, mailboxes and groups separated by commas, and append each
 *  mailbox (as smtpc_address_t *) to @a list, all or none; the names of
 *  groups are dropped. @a *why as in smtpc_address_try(). Linear in the
 *  length of @a text, no recursion. */
apr_status_t smtpc__address_parse_list(apr_array_header_t *list,
                                       const char **why, const char *text,
                                       apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Check that @a host is a domain name (UTF-8 allowed), an IP address or an
 *  address literal, and set @a *normal to it in lower-case A-label form
 *  (address without brackets) in @a pool. SMTPC_EARG if not. */
apr_status_t smtpc__host_check(const char **normal, const char *host,
                               apr_pool_t *pool) SMTPC_WARN_UNUSED;

#endif
