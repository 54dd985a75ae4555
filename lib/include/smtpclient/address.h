/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_ADDRESS_H
#define SMTPC_ADDRESS_H

/**
 * @file address.h
 * A validated mailbox: display name, local part, domain. Immutable.
 *
 * Parsed once, stored in one normal form, printed from it for envelope and
 * header alike: no CR, LF, NUL or control character survives the parser.
 * RFC 5322 3.4, RFC 6531 3.3.
 */

#include <smtpclient/status.h>

SMTPC_BEGIN_DECLS

/** A mailbox. */
typedef struct smtpc_address_t smtpc_address_t;

/**
 * Parse @a text, one mailbox such as `Ann <ann@example.net>`, into
 * @a *address in @a pool.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not exactly one mailbox
 *         SMTPC_ELIMIT   longer than SMTPC_LIMIT_ADDRESS_TEXT, or a local
 *                        part or domain longer than RFC 5321 4.5.3.1 allows
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_address_parse(smtpc_address_t **address,
                                                const char *text,
                                                apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * As smtpc_address_parse(), and on failure set @a *why to one sentence in
 * @a pool that says what is wrong and where. @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_address_try(smtpc_address_t **address,
                                              const char **why,
                                              const char *text,
                                              apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Create @a *address from @a spec ("ann@example.net") and the display name
 * @a name (NULL: none), which is text and never parsed.
 *
 * @return as smtpc_address_parse(); SMTPC_EARG also for a name with control
 *         characters or invalid UTF-8
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_address_create(smtpc_address_t **address,
                                                 const char *spec,
                                                 const char *name,
                                                 apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return the display name, unquoted UTF-8, or "" if there is none. */
SMTPC_DECLARE(const char *)
smtpc_address_display_name(const smtpc_address_t *address);

/** Return the local part, with its quotes if it needs them. */
SMTPC_DECLARE(const char *) smtpc_address_user(const smtpc_address_t *address);

/** Return the domain in lower case, U-labels, or an address literal. */
SMTPC_DECLARE(const char *) smtpc_address_host(const smtpc_address_t *address);

/** Return local part, "@" and domain. */
SMTPC_DECLARE(const char *)
smtpc_address_address(const smtpc_address_t *address);

/**
 * Return @a address as text for people, in @a pool: `"name" <user@host>` or
 * `user@host`, UTF-8. smtpc_address_parse() reads it back. @since 0.1
 */
SMTPC_DECLARE(const char *)
smtpc_address_format(const smtpc_address_t *address, apr_pool_t *pool);

/**
 * Return non-zero if @a a and @a b are equal as .NET's MailAddress is: their
 * texts as smtpc_address_format() gives them, display names included, are
 * compared without regard to the case of ASCII letters. @since 0.1
 */
SMTPC_DECLARE(int) smtpc_address_equal(const smtpc_address_t *a,
                                       const smtpc_address_t *b);

SMTPC_END_DECLS

#endif
