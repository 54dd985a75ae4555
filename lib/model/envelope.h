/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_ENVELOPE_H
#define SMTPC_MODEL_ENVELOPE_H

/**
 * @file envelope.h
 * Sender and recipients of one transaction, and what is asked of the server
 * for it. RFC 5321 2.3.1. What a server makes of it is in proto/terms.h.
 */

#include <apr_tables.h>
#include <smtpclient/extension.h>

#include "model/address_int.h"

/** A recipient. */
typedef struct smtpc_envelope_recipient_t {
    const smtpc_address_t *address;
    /** NOTIFY, bits of smtpc_notify_e; 0: none. RFC 3461 4.1. */
    unsigned int notify;
    /** ORCPT, "rfc822;ann@example.net", not encoded; NULL: none.
     *  RFC 3461 4.2, RFC 6533 3. */
    const char *orcpt;
} smtpc_envelope_recipient_t;

/** An envelope. */
typedef struct smtpc_envelope_t {
    /** Reverse path; NULL is the null reverse path <>. */
    const smtpc_address_t *sender;
    /** Recipients: smtpc_envelope_recipient_t, in RCPT order. */
    apr_array_header_t *recipients;
    /** Bytes of the content for SIZE, or SMTPC_LENGTH_UNKNOWN. */
    apr_off_t size;
    /** The content has bytes above 0x7f: BODY=8BITMIME. */
    int eight_bit;
    /** The content is not lines: BODY=BINARYMIME, BDAT only. RFC 3030. */
    int binary;
    /** Headers or addresses hold raw UTF-8: SMTPUTF8. RFC 6531. */
    int utf8;
    /** RET. RFC 3461 4.3. */
    smtpc_return_e ret;
    /** ENVID, not encoded; NULL: none. RFC 3461 4.4. */
    const char *envid;
    /** REQUIRETLS. RFC 8689. */
    int require_tls;
    /** BY: deliver_by counts. RFC 2852. */
    int deliver_by_set;
    /** Seconds; may be 0 or less only with deliver_by_notify. */
    apr_int32_t deliver_by;
    /** Mode N, else R. */
    int deliver_by_notify;
    /** Reports from relays on the way are wanted. */
    int deliver_by_trace;
    /** HOLDFOR: seconds, 0: none. RFC 4865. */
    apr_int64_t hold_for;
    /** HOLDUNTIL: 0: none. */
    apr_time_t hold_until;
    /** MT-PRIORITY: priority counts. RFC 6710. */
    int priority_set;
    /** -9 ... 9. */
    int priority;
    /** AUTH=: submitter counts. RFC 4954 5. */
    int submitter_set;
    /** NULL: <>. */
    const smtpc_address_t *submitter;
    /** Every recipient is accepted, or nothing is sent. */
    int all_or_none;
    /** What if the server does not have it: smtpc_policy_e. */
    unsigned char policies[SMTPC_EXTENSION_COUNT];
} smtpc_envelope_t;

/** Create an empty envelope in @a pool. */
smtpc_envelope_t *smtpc__envelope_create(apr_pool_t *pool);

/** Append @a address (not copied) to the recipients of @a envelope. */
void smtpc__envelope_add(smtpc_envelope_t *envelope,
                         const smtpc_address_t *address);

/** Return entry @a i of the recipients, to look at or to change; it stays
 *  where it is until the next smtpc__envelope_add(). */
smtpc_envelope_recipient_t *
smtpc__envelope_entry(const smtpc_envelope_t *envelope, apr_size_t i);

/** Return the address of recipient @a i. */
const smtpc_address_t *
smtpc__envelope_recipient(const smtpc_envelope_t *envelope, apr_size_t i);

/** Return the number of recipients. */
apr_size_t smtpc__envelope_count(const smtpc_envelope_t *envelope);

/** Return non-zero if the sender or a recipient of @a envelope can only go
 *  with SMTPUTF8. */
int smtpc__envelope_needs_utf8(const smtpc_envelope_t *envelope);

/** Return non-zero if @a envelope has a parameter that needs DSN. */
int smtpc__envelope_wants_dsn(const smtpc_envelope_t *envelope);

#endif
