/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_extension.c: what a message asks of servers beyond carrying it.
 *
 * Everything is checked here as it would be when its command is written, so
 * that no send fails because of it; whether a server can do it is decided in
 * proto/terms.c. Nothing of it is in the message itself, so that all of it is
 * allowed for a message that was loaded.
 *
 * Recipients are known by user@host, in the form that smtpc_address_address()
 * gives; one that does not exist when the message is sent is passed over.
 * RFC 3461 4, RFC 8689 2, RFC 2852 4, RFC 4865 4, RFC 6710 4.1, RFC 4954 5.
 */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "base/codec.h"
#include "base/limits.h"
#include "mime/message_priv.h"

/* The first moment of the year 10000, which has no date in RFC 3339. */
#define YEAR_10000 apr_time_from_sec(APR_INT64_C(253402300800))

/* Notifications. */

static apr_status_t check_notify(smtpc_message_t *message, int notify)
{
    if (notify != SMTPC_NOTIFY_NEVER
        && (notify < 0
            || notify > (SMTPC_NOTIFY_SUCCESS | SMTPC_NOTIFY_FAILURE
                         | SMTPC_NOTIFY_DELAY))) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "notifications: %d is neither a "
                                   "combination of SMTPC_NOTIFY_SUCCESS, "
                                   "_FAILURE and _DELAY, nor _NEVER alone",
                                   notify);
    }
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_notifications(smtpc_message_t *message, int notify)
{
    apr_status_t rv = check_notify(message, notify);

    if (rv == APR_SUCCESS) {
        message->notify = (unsigned int)notify;
    }
    return rv;
}

SMTPC_DECLARE(int) smtpc_message_notifications(const smtpc_message_t *message)
{
    return (int)message->notify;
}

/* Single recipients. */

/* Return the options of the recipient user@host, or NULL. */
static smtpc_recipient_options_t *find_options(const smtpc_message_t *message,
                                               const char *key)
{
    return message->recipient_options == NULL
               ? NULL
               : apr_hash_get(message->recipient_options, key,
                              APR_HASH_KEY_STRING);
}

/* Set *options to those of the recipient address, which are made if they are
 * not there. */
static apr_status_t make_options(smtpc_recipient_options_t **options,
                                 smtpc_message_t *message,
                                 const char *address)
{
    const smtpc_address_t *parsed;
    const char *key;
    apr_status_t rv = smtpc__message_address(&parsed, message, "recipient",
                                             address);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    key = smtpc_address_address(parsed);
    *options = find_options(message, key);
    if (*options != NULL) {
        return APR_SUCCESS;
    }
    if (message->recipient_options == NULL) {
        message->recipient_options = apr_hash_make(message->pool);
    }
    if (apr_hash_count(message->recipient_options)
        >= SMTPC_LIMIT_RECIPIENTS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "recipient: there is something said of "
                                   "%d already", SMTPC_LIMIT_RECIPIENTS);
    }
    *options = apr_pcalloc(message->pool, sizeof(**options));
    apr_hash_set(message->recipient_options, key, APR_HASH_KEY_STRING,
                 *options);
    return APR_SUCCESS;
}

/* Return the options of the recipient address, or NULL. */
static const smtpc_recipient_options_t *
options_of(const smtpc_message_t *message, const char *address)
{
    const smtpc_recipient_options_t *options = NULL;
    smtpc_address_t *parsed;
    apr_pool_t *scratch;

    if (message->recipient_options == NULL
        || apr_pool_create(&scratch, message->pool) != APR_SUCCESS) {
        return NULL;
    }
    if (smtpc_address_parse(&parsed, address, scratch) == APR_SUCCESS) {
        options = find_options(message, smtpc_address_address(parsed));
    }
    apr_pool_destroy(scratch);
    return options;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_recipient_notifications(smtpc_message_t *message,
                                          const char *address, int notify)
{
    smtpc_recipient_options_t *options;
    apr_status_t rv = check_notify(message, notify);

    if (rv == APR_SUCCESS) {
        rv = make_options(&options, message, address);
    }
    if (rv == APR_SUCCESS) {
        options->notify = (unsigned int)notify;
    }
    return rv;
}

SMTPC_DECLARE(int)
smtpc_message_recipient_notifications(const smtpc_message_t *message,
                                      const char *address)
{
    const smtpc_recipient_options_t *options = options_of(message, address);

    return (int)(options != NULL && options->notify != 0 ? options->notify
                                                         : message->notify);
}

/* Set *orcpt to "rfc822;user@host" of original, or with type utf-8 if that is
 * not ASCII. It has to fit in its longest form. */
static apr_status_t make_orcpt(const char **orcpt, smtpc_message_t *message,
                               const smtpc_address_t *original)
{
    int utf8 = smtpc__address_needs_utf8(original);
    const char *address = utf8 ? smtpc_address_address(original)
                               : smtpc__address_ascii(original);
    const char *type = utf8 ? "utf-8;" : "rfc822;";
    apr_size_t room = SMTPC_LIMIT_ORCPT + 1 - strlen(type);
    char encoded[SMTPC_LIMIT_ORCPT + 1];
    apr_status_t rv = utf8 ? smtpc__unitext(encoded, room, address, 0)
                           : smtpc__xtext(encoded, room, address);

    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "original recipient: it is "
                                   "over %d bytes as it is written",
                                   SMTPC_LIMIT_ORCPT);
    }
    *orcpt = apr_pstrcat(message->pool, type, address, NULL);
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_original_recipient(smtpc_message_t *message,
                                     const char *address,
                                     const char *original)
{
    const smtpc_address_t *parsed = NULL;
    const char *orcpt = NULL;
    smtpc_recipient_options_t *options;
    apr_status_t rv = APR_SUCCESS;

    if (original != NULL) {
        rv = smtpc__message_address(&parsed, message, "original recipient",
                                    original);
        if (rv == APR_SUCCESS) {
            rv = make_orcpt(&orcpt, message, parsed);
        }
    }
    if (rv == APR_SUCCESS) {
        rv = make_options(&options, message, address);
    }
    if (rv == APR_SUCCESS) {
        options->orcpt = orcpt;
        options->original = parsed != NULL ? smtpc_address_address(parsed)
                                           : NULL;
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_message_original_recipient(const smtpc_message_t *message,
                                 const char *address)
{
    const smtpc_recipient_options_t *options = options_of(message, address);

    return options != NULL ? options->original : NULL;
}

/* Reports. */

SMTPC_DECLARE(apr_status_t) smtpc_message_set_return(smtpc_message_t *message,
                                                     smtpc_return_e what)
{
    if ((unsigned int)what > SMTPC_RETURN_HEADERS) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "return: %d is not a value of "
                                   "smtpc_return_e", (int)what);
    }
    message->asked.ret = what;
    return APR_SUCCESS;
}

SMTPC_DECLARE(smtpc_return_e)
smtpc_message_return(const smtpc_message_t *message)
{
    return message->asked.ret;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_envelope_id(smtpc_message_t *message, const char *id)
{
    char encoded[SMTPC_LIMIT_ENVID + 1];
    apr_status_t rv;

    if (id == NULL) {
        message->asked.envid = NULL;
        return APR_SUCCESS;
    }
    rv = smtpc__message_check(message, "envelope id", id, SMTPC_LIMIT_ENVID);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*id == '\0' || !smtpc__is_ascii(id, strlen(id))) {
        return smtpc__message_fail(message, SMTPC_EARG, "envelope id: it is "
                                   "empty, or not ASCII");
    }
    rv = smtpc__xtext(encoded, sizeof(encoded), id);
    if (rv != APR_SUCCESS) {
        return smtpc__message_fail(message, rv, "envelope id: it is over %d "
                                   "bytes as it is written, where a blank, + "
                                   "and = are three", SMTPC_LIMIT_ENVID);
    }
    message->asked.envid = apr_pstrdup(message->pool, id);
    return APR_SUCCESS;
}

SMTPC_DECLARE(const char *)
smtpc_message_envelope_id(const smtpc_message_t *message)
{
    return message->asked.envid;
}

/* The way of the message. */

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_require_tls(smtpc_message_t *message, int require)
{
    message->asked.require_tls = require != 0;
    return APR_SUCCESS;
}

SMTPC_DECLARE(int) smtpc_message_require_tls(const smtpc_message_t *message)
{
    return message->asked.require_tls;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_deliver_by(smtpc_message_t *message, apr_int32_t seconds,
                             smtpc_by_e mode, int trace)
{
    smtpc_envelope_t *asked = &message->asked;

    if (mode != SMTPC_BY_RETURN && mode != SMTPC_BY_NOTIFY) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "deliver by: %d is not a value of "
                                   "smtpc_by_e", (int)mode);
    }
    if (seconds < 0 && mode == SMTPC_BY_RETURN) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "deliver by: what is to be returned if it "
                                   "is late needs time: %d s are none",
                                   (int)seconds);
    }
    if (seconds > SMTPC_LIMIT_SECONDS || seconds < -SMTPC_LIMIT_SECONDS) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "deliver by: %d s is over %d",
                                   (int)seconds, SMTPC_LIMIT_SECONDS);
    }
    asked->deliver_by_set = seconds != 0 || mode == SMTPC_BY_NOTIFY;
    asked->deliver_by = seconds;
    asked->deliver_by_notify = mode == SMTPC_BY_NOTIFY;
    asked->deliver_by_trace = trace != 0 && asked->deliver_by_set;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_int32_t)
smtpc_message_deliver_by(const smtpc_message_t *message)
{
    return message->asked.deliver_by;
}

SMTPC_DECLARE(smtpc_by_e)
smtpc_message_deliver_by_mode(const smtpc_message_t *message)
{
    return message->asked.deliver_by_notify ? SMTPC_BY_NOTIFY
                                            : SMTPC_BY_RETURN;
}

SMTPC_DECLARE(int)
smtpc_message_deliver_by_trace(const smtpc_message_t *message)
{
    return message->asked.deliver_by_trace;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_hold_for(smtpc_message_t *message, apr_int64_t seconds)
{
    if (seconds < 0 || seconds > SMTPC_LIMIT_SECONDS) {
        return smtpc__message_fail(message,
                                   seconds < 0 ? SMTPC_EARG : SMTPC_ELIMIT,
                                   "hold for: %" APR_INT64_T_FMT " s is not "
                                   "within 0 ... %d", seconds,
                                   SMTPC_LIMIT_SECONDS);
    }
    message->asked.hold_for = seconds;
    message->asked.hold_until = 0;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_int64_t)
smtpc_message_hold_for(const smtpc_message_t *message)
{
    return message->asked.hold_for;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_hold_until(smtpc_message_t *message, apr_time_t when)
{
    if (when < 0 || when >= YEAR_10000) {
        return smtpc__message_fail(message, SMTPC_EARG, "hold until: the "
                                   "time is before 1970 or behind 9999");
    }
    message->asked.hold_until = when;
    message->asked.hold_for = 0;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_time_t)
smtpc_message_hold_until(const smtpc_message_t *message)
{
    return message->asked.hold_until;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_mt_priority(smtpc_message_t *message, int priority)
{
    int none = priority == SMTPC_MT_PRIORITY_NONE;

    if (!none && (priority < -9 || priority > 9)) {
        return smtpc__message_fail(message, SMTPC_EARG, "MT-PRIORITY: %d is "
                                   "not within -9 ... 9", priority);
    }
    message->asked.priority_set = !none;
    message->asked.priority = none ? 0 : priority;
    return APR_SUCCESS;
}

SMTPC_DECLARE(int) smtpc_message_mt_priority(const smtpc_message_t *message)
{
    return message->asked.priority_set ? message->asked.priority
                                       : SMTPC_MT_PRIORITY_NONE;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_submitter(smtpc_message_t *message, const char *address)
{
    const smtpc_address_t *submitter = NULL;
    apr_status_t rv = APR_SUCCESS;

    if (address != NULL && *address != '\0') {
        rv = smtpc__message_address(&submitter, message, "submitter",
                                    address);
    }
    if (rv == APR_SUCCESS) {
        message->asked.submitter_set = address != NULL;
        message->asked.submitter = submitter;
    }
    return rv;
}

SMTPC_DECLARE(const char *)
smtpc_message_submitter(const smtpc_message_t *message)
{
    if (!message->asked.submitter_set) {
        return NULL;
    }
    return message->asked.submitter == NULL
               ? "" : smtpc_address_address(message->asked.submitter);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_all_or_none(smtpc_message_t *message, int all)
{
    message->asked.all_or_none = all != 0;
    return APR_SUCCESS;
}

SMTPC_DECLARE(int) smtpc_message_all_or_none(const smtpc_message_t *message)
{
    return message->asked.all_or_none;
}

/* What if not. */

SMTPC_DECLARE(apr_status_t) smtpc_message_set_policy(
    smtpc_message_t *message, smtpc_extension_e extension,
    smtpc_policy_e policy)
{
    if ((unsigned int)extension >= SMTPC_EXTENSION_COUNT
        || (unsigned int)policy > SMTPC_POLICY_FAIL) {
        return smtpc__message_fail(message, SMTPC_EARG, "policy: %d is not a "
                                   "value of smtpc_extension_e, or %d none "
                                   "of smtpc_policy_e", (int)extension,
                                   (int)policy);
    }
    message->asked.policies[extension] = (unsigned char)policy;
    return APR_SUCCESS;
}

SMTPC_DECLARE(smtpc_policy_e)
smtpc_message_policy(const smtpc_message_t *message,
                     smtpc_extension_e extension)
{
    return (unsigned int)extension < SMTPC_EXTENSION_COUNT
               ? (smtpc_policy_e)message->asked.policies[extension]
               : SMTPC_POLICY_DEFAULT;
}

/* The envelope. */

void smtpc__message_ask(smtpc_envelope_t *envelope,
                        const smtpc_message_t *message)
{
    const smtpc_envelope_t kept = *envelope;

    *envelope = message->asked;
    envelope->sender = kept.sender;
    envelope->recipients = kept.recipients;
    envelope->size = kept.size;
    for (apr_size_t i = 0; i < smtpc__envelope_count(envelope); i++) {
        smtpc_envelope_recipient_t *entry
            = smtpc__envelope_entry(envelope, i);
        const smtpc_recipient_options_t *options
            = find_options(message, smtpc_address_address(entry->address));

        entry->notify = message->notify;
        if (options != NULL) {
            entry->orcpt = options->orcpt;
            entry->notify = options->notify != 0 ? options->notify
                                                 : message->notify;
        }
    }
}
