/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_envelope.c: the envelope that follows from a message.
 *
 * The addresses are the ones the header is written from, so the two cannot
 * differ. The order of recipients is .NET's: To, Bcc, Cc.
 */
#include <apr_hash.h>

#include "mime/message_int.h"
#include "mime/message_priv.h"

/* Add those of list that are not in seen, which has user@host. */
static void add_new(smtpc_envelope_t *envelope, apr_hash_t *seen,
                    const apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        const smtpc_address_t *address
            = APR_ARRAY_IDX(list, i, const smtpc_address_t *);
        const char *key = smtpc_address_address(address);

        if (apr_hash_get(seen, key, APR_HASH_KEY_STRING) == NULL) {
            apr_hash_set(seen, key, APR_HASH_KEY_STRING, address);
            smtpc__envelope_add(envelope, address);
        }
    }
}

static int any_needs_utf8(const apr_array_header_t *list)
{
    for (int i = 0; i < list->nelts; i++) {
        if (smtpc__address_needs_utf8(
                APR_ARRAY_IDX(list, i, const smtpc_address_t *))) {
            return 1;
        }
    }
    return 0;
}

/* Bcc is in no header, but in the envelope. */
static int needs_utf8(const smtpc_message_t *message,
                      const smtpc_address_t *from)
{
    return smtpc__address_needs_utf8(from)
           || (message->sender != NULL
               && smtpc__address_needs_utf8(message->sender))
           || any_needs_utf8(message->to) || any_needs_utf8(message->cc)
           || any_needs_utf8(message->bcc)
           || any_needs_utf8(message->reply_to);
}

apr_status_t smtpc__message_envelope(smtpc_envelope_t **envelope,
                                     const char **why,
                                     const smtpc_message_t *message,
                                     const smtpc_address_t *from,
                                     apr_pool_t *pool)
{
    smtpc_envelope_t *made;
    apr_hash_t *seen;

    if (message->from != NULL) {
        from = message->from;
    }
    if (from == NULL) {
        *why = "the message has no From and there is no default for it";
        return SMTPC_EARG;
    }
    made = smtpc__envelope_create(pool);
    seen = apr_hash_make(pool);
    made->sender = message->sender != NULL ? message->sender : from;
    add_new(made, seen, message->to);
    add_new(made, seen, message->bcc);
    add_new(made, seen, message->cc);
    if (smtpc__envelope_count(made) == 0) {
        *why = "the message has no recipient in To, Cc or Bcc";
        return SMTPC_EARG;
    }
    made->size = SMTPC_LENGTH_UNKNOWN;
    made->utf8 = needs_utf8(message, from);
    *envelope = made;
    return APR_SUCCESS;
}
