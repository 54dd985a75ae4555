/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_ADDRESS_PARSE_H
#define SMTPC_MODEL_ADDRESS_PARSE_H

/**
 * @file address_parse.h
 * The grammar of one mailbox: cuts text into pieces, judges no piece.
 */

#include <smtpclient/status.h>

/** The pieces of one mailbox, in the pool given to the parser. */
typedef struct smtpc__mailbox_t {
    const char *name;   /**< display name without quotes, "" if none */
    const char *local;  /**< local part without quotes and backslashes */
    int local_quoted;   /**< it was quoted */
    const char *domain; /**< domain, or address literal with its brackets */
} smtpc__mailbox_t;

/**
 * Cut the mailbox at the start of the @a len bytes of UTF-8 without control
 * characters at @a text into @a *mailbox and set @a *used to the number of
 * bytes read: @a len or, where @a in_list, the offset of a comma. On failure
 * set @a *why to a sentence.
 *
 * One pass, no recursion.
 *
 * @return APR_SUCCESS, or SMTPC_EARG: not a mailbox. RFC 5322 3.4, 4.4.
 */
apr_status_t smtpc__mailbox_parse(smtpc__mailbox_t *mailbox,
                                  apr_size_t *used, const char **why,
                                  const char *text, apr_size_t len,
                                  int in_list, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return @a what with "at character n of" and the text around byte @a at of
 *  the @a len bytes at @a text, cut and escaped, in @a pool. */
const char *smtpc__mailbox_complaint(const char *what, const char *text,
                                     apr_size_t len, apr_size_t at,
                                     apr_pool_t *pool);

/** Return non-zero if @a c can stand in an atom: RFC 5322 3.2.3 and, as in
 *  RFC 6532, all that is not ASCII. */
int smtpc__is_atext(char c);

#endif
