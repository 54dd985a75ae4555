/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope.c: sender, recipients and parameters of one transaction.
 *
 * A plain container: whether it can be sent is the session's to say. Each
 * recipient is offered once, but that is the work of who fills it
 * (mime/message_envelope.c drops doubles): nothing is compared here. RFC 5321
 * 2.3.1.
 */

#include "model/envelope.h"

#include <smtpclient/source.h>

smtpc_envelope_t *smtpc__envelope_create(apr_pool_t *pool)
{
    smtpc_envelope_t *envelope = apr_pcalloc(pool, sizeof(*envelope));

    envelope->recipients = apr_array_make(
        pool, 4, sizeof(smtpc_envelope_recipient_t));
    envelope->size = SMTPC_LENGTH_UNKNOWN;
    return envelope;
}

void smtpc__envelope_add(smtpc_envelope_t *envelope,
                         const smtpc_address_t *address)
{
    smtpc_envelope_recipient_t entry = { .address = address };

    APR_ARRAY_PUSH(envelope->recipients, smtpc_envelope_recipient_t) = entry;
}

smtpc_envelope_recipient_t *
smtpc__envelope_entry(const smtpc_envelope_t *envelope, apr_size_t i)
{
    return &APR_ARRAY_IDX(envelope->recipients, i,
                          smtpc_envelope_recipient_t);
}

const smtpc_address_t *
smtpc__envelope_recipient(const smtpc_envelope_t *envelope, apr_size_t i)
{
    return smtpc__envelope_entry(envelope, i)->address;
}

apr_size_t smtpc__envelope_count(const smtpc_envelope_t *envelope)
{
    return (apr_size_t)envelope->recipients->nelts;
}

int smtpc__envelope_needs_utf8(const smtpc_envelope_t *envelope)
{
    apr_size_t i;

    if (envelope->sender != NULL
        && smtpc__address_needs_utf8(envelope->sender)) {
        return 1;
    }
    for (i = 0; i < smtpc__envelope_count(envelope); i++) {
        if (smtpc__address_needs_utf8(smtpc__envelope_recipient(envelope,
                                                                i))) {
            return 1;
        }
    }
    return 0;
}

int smtpc__envelope_wants_dsn(const smtpc_envelope_t *envelope)
{
    apr_size_t i;

    if (envelope->ret != SMTPC_RETURN_DEFAULT || envelope->envid != NULL) {
        return 1;
    }
    for (i = 0; i < smtpc__envelope_count(envelope); i++) {
        const smtpc_envelope_recipient_t *entry
            = smtpc__envelope_entry(envelope, i);

        if (entry->notify != 0 || entry->orcpt != NULL) {
            return 1;
        }
    }
    return 0;
}
