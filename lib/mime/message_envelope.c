/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_envelope.c: the envelope that follows from a message.
 *
 * The addresses are the ones the header is written from, so the two cannot
 * differ, unless the caller gave an envelope of its own. The order of
 * recipients is .NET's: To, Bcc, Cc. A Resent block takes the place of all
 * that the message says, the newest of them decides. RFC 5322 3.6.6.
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

/* Bcc is in no header, but in the envelope. Lists of added fields are in the
 * header only. */
static int needs_utf8(const smtpc_message_t *message,
                      const smtpc_address_t *from)
{
    for (int i = 0; i < message->fields->nelts; i++) {
        const smtpc_field_t *field
            = &APR_ARRAY_IDX(message->fields, i, smtpc_field_t);

        if (field->list != NULL && any_needs_utf8(field->list)) {
            return 1;
        }
    }
    return smtpc__address_needs_utf8(from)
           || (message->sender != NULL
               && smtpc__address_needs_utf8(message->sender))
           || any_needs_utf8(message->to) || any_needs_utf8(message->cc)
           || any_needs_utf8(message->bcc)
           || any_needs_utf8(message->reply_to);
}

static int resent_needs_utf8(const smtpc_message_t *message)
{
    for (int i = 0; i < message->resent->nelts; i++) {
        const smtpc_resent_t *resent
            = APR_ARRAY_IDX(message->resent, i, const smtpc_resent_t *);

        if (smtpc__address_needs_utf8(resent->from)
            || (resent->sender != NULL
                && smtpc__address_needs_utf8(resent->sender))
            || any_needs_utf8(resent->to) || any_needs_utf8(resent->cc)) {
            return 1;
        }
    }
    return 0;
}

/* Return the Resent block that decides, or NULL. */
static const smtpc_resent_t *newest_resent(const smtpc_message_t *message)
{
    int count = message->resent->nelts;

    return count > 0 ? APR_ARRAY_IDX(message->resent, count - 1,
                                     const smtpc_resent_t *)
                     : message->eml_resent;
}

/* Set the sender of envelope; 0 if there is none. */
static int find_sender(smtpc_envelope_t *envelope,
                       const smtpc_message_t *message,
                       const smtpc_resent_t *resent,
                       const smtpc_address_t *from)
{
    if (message->envelope_from_set) {
        envelope->sender = message->envelope_sender;
        return 1;
    }
    if (resent != NULL) {
        envelope->sender = resent->sender != NULL ? resent->sender
                                                  : resent->from;
    }
    else {
        envelope->sender = message->sender != NULL ? message->sender : from;
    }
    return envelope->sender != NULL;
}

static void find_recipients(smtpc_envelope_t *envelope,
                            const smtpc_message_t *message,
                            const smtpc_resent_t *resent, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);

    if (message->envelope_to != NULL) {
        add_new(envelope, seen, message->envelope_to);
    }
    else if (resent != NULL) {
        add_new(envelope, seen, resent->to);
        add_new(envelope, seen, resent->bcc);
        add_new(envelope, seen, resent->cc);
    }
    else {
        add_new(envelope, seen, message->to);
        add_new(envelope, seen, message->bcc);
        add_new(envelope, seen, message->cc);
    }
}

/* Return what there is to say of an envelope without sender or recipient. */
static const char *complaint(const smtpc_message_t *message, const char *what)
{
    return message->eml_problem != NULL ? message->eml_problem : what;
}

apr_status_t smtpc__message_envelope(smtpc_envelope_t **envelope,
                                     const char **why,
                                     const smtpc_message_t *message,
                                     const smtpc_address_t *from,
                                     apr_pool_t *pool)
{
    const smtpc_resent_t *resent = newest_resent(message);
    smtpc_envelope_t *made = smtpc__envelope_create(pool);

    if (message->from != NULL) {
        from = message->from;
    }
    if (message->eml == NULL && from == NULL) {
        *why = "the message has no From and there is no default for it";
        return SMTPC_EARG;
    }
    if (!find_sender(made, message, resent, from)) {
        *why = complaint(message, "the message has no sender");
        return SMTPC_EARG;
    }
    find_recipients(made, message, resent, pool);
    if (smtpc__envelope_count(made) == 0
        || (message->eml_problem != NULL && message->envelope_to == NULL
            && message->resent->nelts == 0)) {
        *why = complaint(message, resent != NULL
                             ? "the newest Resent block has no recipient"
                             : "the message has no recipient in To, Cc or "
                               "Bcc");
        return SMTPC_EARG;
    }
    smtpc__message_ask(made, message);
    made->utf8 = resent_needs_utf8(message)
                 || (message->eml != NULL ? message->eml->utf8
                                          : needs_utf8(message, from));
    *envelope = made;
    return APR_SUCCESS;
}
