/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resent.c: blocks of Resent fields, RFC 5322 3.6.6.
 *
 * They say who sent a message on, and to whom; nothing else of the message
 * changes, so one that was loaded can have them too. The newest stands on
 * top and is the one the envelope follows.
 *
 * Not here: writing them (message_header.c).
 */
#include "mime/message_priv.h"

#include "base/limits.h"

SMTPC_DECLARE(apr_status_t) smtpc_message_add_resent(smtpc_resent_t **resent,
                                                     smtpc_message_t *message,
                                                     const char *from)
{
    apr_pool_t *pool = message->pool;
    const smtpc_address_t *address;
    smtpc_resent_t *made;
    apr_status_t rv;

    if (from == NULL) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "Resent-From: no address is given");
    }
    if (message->resent->nelts >= SMTPC_LIMIT_RESENT) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "Resent-From: the message was sent on %d "
                                   "times already", SMTPC_LIMIT_RESENT);
    }
    rv = smtpc__message_address(&address, message, "Resent-From", from);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->message = message;
    made->from = address;
    made->to = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    made->cc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    made->bcc = apr_array_make(pool, 1, sizeof(const smtpc_address_t *));
    APR_ARRAY_PUSH(message->resent, smtpc_resent_t *) = made;
    *resent = made;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_resent_set_sender(smtpc_resent_t *resent,
                                                    const char *text)
{
    if (text == NULL) {
        resent->sender = NULL;
        return APR_SUCCESS;
    }
    return smtpc__message_address(&resent->sender, resent->message,
                                  "Resent-Sender", text);
}

SMTPC_DECLARE(apr_status_t) smtpc_resent_set_date(smtpc_resent_t *resent,
                                                  apr_time_t date)
{
    resent->date = date;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t) smtpc_resent_add_to(smtpc_resent_t *resent,
                                                const char *text)
{
    return smtpc__message_addresses(resent->message, resent->to, "Resent-To",
                                    text);
}

SMTPC_DECLARE(apr_status_t) smtpc_resent_add_cc(smtpc_resent_t *resent,
                                                const char *text)
{
    return smtpc__message_addresses(resent->message, resent->cc, "Resent-Cc",
                                    text);
}

SMTPC_DECLARE(apr_status_t) smtpc_resent_add_bcc(smtpc_resent_t *resent,
                                                 const char *text)
{
    return smtpc__message_addresses(resent->message, resent->bcc,
                                    "Resent-Bcc", text);
}
