/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_ENVELOPE_H
#define SMTPC_MODEL_ENVELOPE_H

/**
 * @file envelope.h
 * Sender and recipients of one transaction, and its parameters. RFC 5321 2.3.1.
 */

#include <apr_tables.h>

#include "model/address_int.h"

/** An envelope. */
typedef struct smtpc_envelope_t {
    /** Reverse path; NULL is the null reverse path <>. */
    const smtpc_address_t *sender;
    /** Recipients: const smtpc_address_t *, in RCPT order. */
    apr_array_header_t *recipients;
    /** Bytes of the content for SIZE, or SMTPC_LENGTH_UNKNOWN. */
    apr_off_t size;
    /** The content has bytes above 0x7f: BODY=8BITMIME. */
    int eight_bit;
    /** NOTIFY of each RCPT, bits of smtpc_notify_e; 0 for none. RFC 3461. */
    unsigned int notify;
    /** Headers or addresses hold raw UTF-8: SMTPUTF8. RFC 6531. */
    int utf8;
} smtpc_envelope_t;

/** Create an empty envelope in @a pool. */
smtpc_envelope_t *smtpc__envelope_create(apr_pool_t *pool);

/** Append @a address (not copied) to the recipients of @a envelope. */
void smtpc__envelope_add(smtpc_envelope_t *envelope,
                         const smtpc_address_t *address);

/** Return recipient @a i. */
const smtpc_address_t *
smtpc__envelope_recipient(const smtpc_envelope_t *envelope, apr_size_t i);

/** Return the number of recipients. */
apr_size_t smtpc__envelope_count(const smtpc_envelope_t *envelope);

/** Return non-zero if an address of @a envelope can only go with SMTPUTF8. */
int smtpc__envelope_needs_utf8(const smtpc_envelope_t *envelope);

#endif
