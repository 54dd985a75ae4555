/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_ADDRESS_H
#define SMTPC_ADDRESS_H

/**
 * @file address.h
 * A validated mailbox: display name, local part, domain. Immutable. And
 * lists of them.
 *
 * Parsed once, stored in one normal form (Unicode NFC, domain in lower case,
 * quotes only where needed), printed from it for envelope and header alike:
 * no CR, LF, NUL or control character survives the parser. What is accepted
 * and what is not is in docs/addresses.md. Mailboxes and lists that nobody
 * changes can be read by several threads. RFC 5322 3.4, RFC 6531 3.3.
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
 *         SMTPC_ELIMIT   longer than 4096 bytes, a name over 1024 bytes, or
 *                        a local part or domain longer than RFC 5321
 *                        4.5.3.1 allows
 *         APR_ENOMEM
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
 * @a name (NULL: none), which is text and never parsed: quotes in it are part
 * of the name. A name within @a spec is dropped.
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

/** Return the display name, unquoted UTF-8 in NFC, or "" if there is none. */
SMTPC_DECLARE(const char *)
smtpc_address_display_name(const smtpc_address_t *address);

/** Return the local part in NFC, with its quotes if it needs them. */
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

/** Return a hash of @a address, the same for equal addresses. It is not
 *  keyed and may be another in the next version. @since 0.1 */
SMTPC_DECLARE(apr_uint32_t)
smtpc_address_hash(const smtpc_address_t *address);

/** A list of mailboxes, in order; the same one can be there twice. */
typedef struct smtpc_address_list_t smtpc_address_list_t;

/** Create an empty list in @a pool. @since 0.1 */
SMTPC_DECLARE(smtpc_address_list_t *)
smtpc_address_list_create(apr_pool_t *pool);

/**
 * Parse @a text, mailboxes and groups separated by commas, into a new list
 * @a *list in @a pool.
 *
 * A group, `Friends: ann@example.net, bob@example.net;`, adds its members, of
 * which it may have none; its name is not kept. Groups do not nest.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG     not a list: an empty item, or one that
 *                        smtpc_address_parse() refuses
 *         SMTPC_ELIMIT   an item as in smtpc_address_parse(), a text of more
 *                        than 1 MiB, or more than 10000 mailboxes
 *         APR_ENOMEM
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_address_list_parse(smtpc_address_list_t **list, const char *text,
                         apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** As smtpc_address_list_parse(), and on failure set @a *why, unless @a why
 *  is NULL, to one sentence in @a pool that says what is wrong and where.
 *  @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_address_list_try(smtpc_address_list_t **list, const char **why,
                       const char *text, apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Append the mailboxes in @a text to @a list, all or none of them; @a why,
 *  in the list's pool, and the status as in smtpc_address_list_try().
 *  @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_address_list_add(smtpc_address_list_t *list, const char **why,
                       const char *text) SMTPC_WARN_UNUSED;

/** Append a copy of @a address to @a list; SMTPC_EARG if it is NULL,
 *  SMTPC_ELIMIT beyond 10000. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_address_list_add_address(smtpc_address_list_t *list,
                               const smtpc_address_t *address)
    SMTPC_WARN_UNUSED;

/** Return the number of mailboxes in @a list. @since 0.1 */
SMTPC_DECLARE(apr_size_t)
smtpc_address_list_count(const smtpc_address_list_t *list);

/** Return mailbox @a i of @a list, or NULL beyond its end. It lives as long
 *  as the list. @since 0.1 */
SMTPC_DECLARE(const smtpc_address_t *)
smtpc_address_list_get(const smtpc_address_list_t *list, apr_size_t i);

/** Return the index of the first mailbox of @a list that is equal to
 *  @a address, or the number of mailboxes if none is. @since 0.1 */
SMTPC_DECLARE(apr_size_t)
smtpc_address_list_find(const smtpc_address_list_t *list,
                        const smtpc_address_t *address);

/** Take mailbox @a i out of @a list; SMTPC_EARG if there is none. What
 *  smtpc_address_list_get() gave stays valid. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_address_list_remove(smtpc_address_list_t *list, apr_size_t i)
    SMTPC_WARN_UNUSED;

/** Take all mailboxes out of @a list. @since 0.1 */
SMTPC_DECLARE(void) smtpc_address_list_clear(smtpc_address_list_t *list);

/** Return the mailboxes of @a list as smtpc_address_format() gives them,
 *  joined with ", ", in @a pool; "" for an empty list.
 *  smtpc_address_list_parse() reads it back if it is within its limits.
 *  @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_address_list_format(const smtpc_address_list_t *list, apr_pool_t *pool);

SMTPC_END_DECLS

#endif
