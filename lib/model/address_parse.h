/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_ADDRESS_PARSE_H
#define SMTPC_MODEL_ADDRESS_PARSE_H

/**
 * @file address_parse.h
 * The grammar of one mailbox, and of the frame of a group: cuts text into
 * pieces, judges no piece.
 */

#include <smtpclient/status.h>

/** Where a mailbox stands, which decides what ends it. */
typedef enum {
    SMTPC__MAILBOX_ALONE,   /**< only the end of the text */
    SMTPC__MAILBOX_IN_LIST, /**< a comma too; a group may begin instead */
    SMTPC__MAILBOX_IN_GROUP /**< a comma or a semicolon too */
} smtpc__mailbox_place_e;

/** The pieces of one mailbox, in the pool given to the parser. */
typedef struct smtpc__mailbox_t {
    int opens_group;    /**< not a mailbox, but the name of a group and the
                             colon; only the name is set */
    const char *name;   /**< display name without quotes, "" if none */
    const char *local;  /**< local part without quotes and backslashes */
    int local_quoted;   /**< it was quoted */
    const char *domain; /**< domain, or address literal with its brackets */
} smtpc__mailbox_t;

/**
 * Cut the mailbox at the start of the @a len bytes of UTF-8 without control
 * characters at @a text into @a *mailbox and set @a *used to the number of
 * bytes read: @a len, the offset of the comma or semicolon that ends it at
 * @a place, or what follows the colon that opens a group, and the blanks and
 * comments behind it. On failure set @a *why to a sentence.
 *
 * One pass, no recursion.
 *
 * @return APR_SUCCESS, or SMTPC_EARG: not a mailbox. RFC 5322 3.4, 4.4.
 */
apr_status_t smtpc__mailbox_parse(smtpc__mailbox_t *mailbox,
                                  apr_size_t *used, const char **why,
                                  const char *text, apr_size_t len,
                                  smtpc__mailbox_place_e place,
                                  apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Set @a *used to the bytes that the semicolon at the start of the @a len
 *  bytes at @a text takes, with the blanks and comments behind it; what
 *  follows is the end or a comma. Otherwise as smtpc__mailbox_parse(). */
apr_status_t smtpc__group_close(apr_size_t *used, const char **why,
                                const char *text, apr_size_t len,
                                apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Return @a what with "at character n of" and the text around byte @a at of
 *  the @a len bytes at @a text, cut and escaped, in @a pool. */
const char *smtpc__mailbox_complaint(const char *what, const char *text,
                                     apr_size_t len, apr_size_t at,
                                     apr_pool_t *pool);

/** Return non-zero if @a c can stand in an atom: RFC 5322 3.2.3 and, as in
 *  RFC 6532, all that is not ASCII. */
int smtpc__is_atext(char c);

#endif
