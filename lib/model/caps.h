/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_CAPS_H
#define SMTPC_MODEL_CAPS_H

/**
 * @file caps.h
 * What the server said in its EHLO reply. Unknown keywords are ignored, a
 * malformed SIZE counts as not offered. RFC 5321 4.1.1.1.
 */

#include <smtpclient/status.h>

/** Extensions as bits. */
typedef enum {
    SMTPC_CAP_STARTTLS = 1u << 0,
    SMTPC_CAP_SIZE = 1u << 1,
    SMTPC_CAP_8BITMIME = 1u << 2,
    SMTPC_CAP_SMTPUTF8 = 1u << 3,
    SMTPC_CAP_PIPELINING = 1u << 4,
    SMTPC_CAP_CHUNKING = 1u << 5,
    SMTPC_CAP_BINARYMIME = 1u << 6,
    SMTPC_CAP_DSN = 1u << 7,
    SMTPC_CAP_ENHANCEDSTATUSCODES = 1u << 8,
    SMTPC_CAP_REQUIRETLS = 1u << 9,
    SMTPC_CAP_AUTH = 1u << 10
} smtpc_cap_e;

/** SASL mechanisms we can do, as bits. */
typedef enum {
    SMTPC_MECH_PLAIN = 1u << 0,
    SMTPC_MECH_LOGIN = 1u << 1
} smtpc_mech_e;

/** Capabilities of one session; all zero before EHLO. */
typedef struct smtpc_caps_t {
    unsigned int bits;       /**< smtpc_cap_e */
    unsigned int mechanisms; /**< smtpc_mech_e that are offered */
    apr_off_t size;          /**< SIZE limit, 0: none said */
    int esmtp;               /**< EHLO was accepted (not HELO) */
} smtpc_caps_t;

/** Take one line of an EHLO reply behind the first, without code and line
 *  end, into @a caps. */
void smtpc__caps_line(smtpc_caps_t *caps, const char *line);

/** Return the keywords in @a caps with their values, separated by blanks, in
 *  @a pool: "SIZE=1000 8BITMIME AUTH=PLAIN,LOGIN". */
const char *smtpc__caps_text(const smtpc_caps_t *caps, apr_pool_t *pool);

/** Return the mechanism called @a name (any case), or 0. */
unsigned int smtpc__mech_by_name(const char *name);

/** Return the name of the one mechanism @a mech. */
const char *smtpc__mech_name(unsigned int mech);

#endif
