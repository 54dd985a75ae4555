/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MIME_IDENT_H
#define SMTPC_MIME_IDENT_H

/**
 * @file ident.h
 * What makes a rendered message itself: Date, Message-ID, boundaries.
 */

#include "base/env_int.h"
#include "model/address_int.h"

/** Bytes a date takes with its terminator. */
#define SMTPC_IDENT_DATE_SIZE 40

/** Write @a now as a date of RFC 5322 3.3 with weekday, in local time with
 *  its offset, whatever the locale, into @a out of SMTPC_IDENT_DATE_SIZE
 *  bytes. */
void smtpc__ident_date(char *out, apr_time_t now);

/** Set @a *id in @a pool to a Message-ID, in angle brackets, of random
 *  characters at the domain of @a from, or at this host's name if that is
 *  NULL. The status is that of smtpc__env_random(). */
apr_status_t smtpc__ident_message_id(const char **id, const smtpc_env_t *env,
                                     const smtpc_address_t *from,
                                     apr_pool_t *pool) SMTPC_WARN_UNUSED;

/** Set @a *boundary in @a pool to a random boundary. It cannot occur in
 *  quoted-printable or base64, and nobody can guess it for other content.
 *  The status is that of smtpc__env_random(). */
apr_status_t smtpc__ident_boundary(const char **boundary,
                                   const smtpc_env_t *env, apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return non-zero if @a text is one message identifier in angle brackets,
 *  RFC 5322 3.6.4. */
int smtpc__ident_is_message_id(const char *text);

/** Return non-zero if @a text is a date and time of RFC 5322 3.3. */
int smtpc__ident_is_date(const char *text);

#endif
