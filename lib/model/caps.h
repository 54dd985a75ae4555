/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_CAPS_H
#define SMTPC_MODEL_CAPS_H

/**
 * @file caps.h
 * What the server said in its EHLO reply. Unknown keywords are ignored;
 * SIZE, DELIVERBY and FUTURERELEASE count as not offered if their values are
 * malformed, single values of LIMITS as not said. RFC 5321 4.1.1.1.
 */

#include <smtpclient/status.h>

#include "model/xclient.h"

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
    SMTPC_CAP_AUTH = 1u << 10,
    SMTPC_CAP_DELIVERBY = 1u << 11,
    SMTPC_CAP_FUTURERELEASE = 1u << 12,
    SMTPC_CAP_MT_PRIORITY = 1u << 13,
    SMTPC_CAP_LIMITS = 1u << 14,
    SMTPC_CAP_XCLIENT = 1u << 15,
    SMTPC_CAP_PIPECONNECT = 1u << 16, /**< also as PIPE_CONNECT, X_PIPE_... */
    SMTPC_CAP_VRFY = 1u << 17,
    SMTPC_CAP_EXPN = 1u << 18,
    SMTPC_CAP_HELP = 1u << 19
} smtpc_cap_e;

/** SASL mechanisms we know, as bits; proto/sasl.h says which we can do. */
typedef enum {
    SMTPC_MECH_PLAIN = 1u << 0,
    SMTPC_MECH_LOGIN = 1u << 1,
    SMTPC_MECH_CRAM_MD5 = 1u << 2,
    SMTPC_MECH_SCRAM_SHA_1 = 1u << 3,
    SMTPC_MECH_SCRAM_SHA_1_PLUS = 1u << 4,
    SMTPC_MECH_SCRAM_SHA_256 = 1u << 5,
    SMTPC_MECH_SCRAM_SHA_256_PLUS = 1u << 6,
    SMTPC_MECH_GSSAPI = 1u << 7,
    SMTPC_MECH_GS2_KRB5 = 1u << 8,
    SMTPC_MECH_NTLM = 1u << 9,
    SMTPC_MECH_EXTERNAL = 1u << 10,
    SMTPC_MECH_XOAUTH2 = 1u << 11,
    SMTPC_MECH_OAUTHBEARER = 1u << 12
} smtpc_mech_e;

/** Capabilities of one session; all zero before EHLO. */
typedef struct smtpc_caps_t {
    unsigned int bits;       /**< smtpc_cap_e */
    unsigned int mechanisms; /**< smtpc_mech_e that are offered */
    apr_off_t size;          /**< SIZE limit, 0: none said */
    int esmtp;               /**< EHLO was accepted (not HELO) */
    /** Least seconds of DELIVERBY in mode R, 0: none said. RFC 2852 3. */
    apr_int64_t by_minimum;
    /** Most seconds of FUTURERELEASE, 0: none said. RFC 4865 3. */
    apr_int64_t future_interval;
    /** Latest time of FUTURERELEASE, 0: none said. */
    apr_time_t future_until;
    /** MAIL commands of a session, 0: none said. RFC 9422 4. */
    apr_size_t mail_max;
    /** RCPT commands of a transaction, 0: none said. */
    apr_size_t rcpt_max;
    /** Domains of recipients in a session, 0: none said. */
    apr_size_t rcpt_domain_max;
    /** Attributes of XCLIENT that are taken: smtpc_xclient_e. */
    unsigned int xclient;
} smtpc_caps_t;

/** Take one line of an EHLO reply behind the first, without code and line
 *  end, into @a caps. */
void smtpc__caps_line(smtpc_caps_t *caps, const char *line);

/** Return non-zero if @a a and @a b say the same of everything. */
int smtpc__caps_equal(const smtpc_caps_t *a, const smtpc_caps_t *b);

/** Return the keywords in @a caps with their values, separated by blanks, in
 *  @a pool: "SIZE=1000 8BITMIME AUTH=PLAIN,LOGIN". */
const char *smtpc__caps_text(const smtpc_caps_t *caps, apr_pool_t *pool);

/** Return the capability called @a name (any case), or 0. */
unsigned int smtpc__cap_by_name(const char *name);

/** Return the keyword of the one capability @a bit, or "". */
const char *smtpc__cap_name(unsigned int bit);

/** Forget the capabilities in @a mask (smtpc_cap_e) with all their values, as
 *  if the server had not named them. */
void smtpc__caps_mask(smtpc_caps_t *caps, unsigned int mask);

/** Return the mechanism called @a name (any case), or 0. */
unsigned int smtpc__mech_by_name(const char *name);

/** Return the name of the one mechanism @a mech. */
const char *smtpc__mech_name(unsigned int mech);

#endif
