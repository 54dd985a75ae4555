/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delivery.c: one message of an operation, from its envelope to its result.
 *
 * A message may take several transactions: when it has more recipients than
 * the server or the client wants at a time, or when the server says so in the
 * middle (452 or 552 "too many"). Each recipient is offered to a server again
 * only if nothing can have been delivered to it. "In doubt" is settled at
 * once, for good. RFC 5321 4.5.3.1.10, RFC 9422.
 *
 * The content is rendered for what the server can take and kept for further
 * transactions, so that all recipients get the same bytes.
 */

#include "client/op_int.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "base/source_int.h"

/* Making. */

/* Return the domain of an address, in the form for the wire. */
static const char *domain_of(const smtpc_address_t *address)
{
    const char *at = strrchr(smtpc__address_ascii(address), '@');

    return at ? at + 1 : "";
}

static int known(const char *const *names, apr_size_t count, const char *name)
{
    apr_size_t i;

    for (i = 0; i < count; i++) {
        if (strcasecmp(names[i], name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Find the domains of all recipients, for their rates. */
static void find_domains(smtpc_delivery_t *delivery)
{
    apr_size_t count = smtpc__envelope_count(delivery->envelope);
    apr_size_t i;

    delivery->domains = apr_palloc(delivery->pool,
                                   count * sizeof(*delivery->domains));
    for (i = 0; i < count; i++) {
        const char *domain = domain_of(
            smtpc__envelope_recipient(delivery->envelope, i));

        if (!known(delivery->domains, delivery->domain_count, domain)) {
            delivery->domains[delivery->domain_count++] = domain;
        }
    }
}

/* Make the result, with the addresses as they are in the envelope. */
static void make_result(smtpc_delivery_t *delivery)
{
    smtpc_op_t *op = delivery->op;
    apr_size_t count = smtpc__envelope_count(delivery->envelope);
    apr_pool_t *pool = op->setup.result_pool;
    apr_size_t i;

    smtpc__result_create(&delivery->result, count, pool);
    if (op->count == 1) {
        delivery->result->began = op->began;
    }
    delivery->result->host = apr_pstrdup(pool, op->setup.routes[0].host);
    delivery->left = apr_palloc(delivery->pool, count * sizeof(apr_size_t));
    delivery->offered = apr_palloc(delivery->pool,
                                   count * sizeof(apr_size_t));
    delivery->left_count = count;
    for (i = 0; i < count; i++) {
        delivery->left[i] = i;
        delivery->result->recipients[i].address = apr_pstrdup(
            pool, smtpc_address_address(
                      smtpc__envelope_recipient(delivery->envelope, i)));
    }
}

/* Return the address of the envelope that only UTF-8 can write, or NULL. */
static const smtpc_address_t *utf8_address(const smtpc_envelope_t *envelope)
{
    apr_size_t count = smtpc__envelope_count(envelope);
    apr_size_t i;

    if (envelope->sender && smtpc__address_needs_utf8(envelope->sender)) {
        return envelope->sender;
    }
    for (i = 0; i < count; i++) {
        const smtpc_address_t *address = smtpc__envelope_recipient(envelope,
                                                                   i);

        if (smtpc__address_needs_utf8(address)) {
            return address;
        }
    }
    return NULL;
}

apr_status_t smtpc__delivery_format(smtpc_envelope_t *envelope,
                                    smtpc_result_t *result, int utf8)
{
    const smtpc_address_t *address = utf8_address(envelope);

    envelope->utf8 |= address != NULL;
    if (utf8 || !envelope->utf8) {
        return APR_SUCCESS;
    }
    smtpc__result_fail(result, SMTPC_EEXTENSION, SMTPC_STAGE_NONE,
                       "%s cannot be written in ASCII; set the delivery "
                       "format to international, or change it",
                       address ? smtpc_address_address(address)
                               : "an address or other text of the header");
    return SMTPC_EEXTENSION;
}

/* Take memory for a delivery: that of one that is settled, if there is one. */
static smtpc_delivery_t *allocate(smtpc_op_t *op)
{
    smtpc_delivery_t *delivery = op->free;
    apr_pool_t *pool;

    if (delivery) {
        op->free = delivery->next;
        pool = delivery->pool;
        apr_pool_clear(pool);
    }
    else {
        delivery = apr_palloc(op->setup.pool, sizeof(*delivery));
        apr_pool_create(&pool, op->setup.pool);
    }
    memset(delivery, 0, sizeof(*delivery));
    delivery->pool = pool;
    delivery->op = op;
    return delivery;
}

smtpc_delivery_t *smtpc__delivery_create(smtpc_op_t *op, apr_size_t index)
{
    smtpc_delivery_t *delivery = allocate(op);
    const char *why = "";
    apr_status_t rv;

    delivery->index = index;
    rv = op->messages[index]
             ? smtpc__message_envelope(&delivery->envelope, &why,
                                       op->messages[index], op->setup.from,
                                       delivery->pool)
             : SMTPC_EARG;
    if (rv != APR_SUCCESS) {
        delivery->envelope = smtpc__envelope_create(delivery->pool);
        make_result(delivery);
        smtpc__result_fail(delivery->result, rv, SMTPC_STAGE_NONE, "%s",
                           *why != '\0' ? why : "there is no message");
        smtpc__delivery_settle(delivery);
        return NULL;
    }
    make_result(delivery);
    if (smtpc__delivery_format(delivery->envelope, delivery->result,
                               op->setup.utf8) != APR_SUCCESS) {
        smtpc__delivery_settle(delivery);
        return NULL;
    }
    return delivery;
}

/* Rates. */

/* Take the rate of delivery, if it was not yet and can be now. */
static int take_rate(smtpc_delivery_t *delivery, smtpc_bucket_t *bucket)
{
    const smtpc_server_t *server = smtpc__bucket_server(bucket);
    apr_interval_time_t wait;

    if (delivery->rated
        || (server->rate_period == 0 && server->domain_rate_period == 0)) {
        return 1;
    }
    if (!delivery->domains && server->domain_rate_period != 0) {
        find_domains(delivery);
    }
    wait = smtpc__bucket_take_rate(bucket, delivery->domains,
                                   delivery->domain_count);
    delivery->rated = wait == 0;
    delivery->not_before = smtpc__monotonic() + wait;
    return delivery->rated;
}

/* Take the first held delivery whose time has come off the list. */
static smtpc_delivery_t *pick_held(smtpc_op_t *op, smtpc_bucket_t *bucket)
{
    apr_time_t now = smtpc__monotonic();
    smtpc_delivery_t **at;

    for (at = &op->held; *at; at = &(*at)->next) {
        smtpc_delivery_t *delivery = *at;

        if (delivery->not_before <= now && take_rate(delivery, bucket)) {
            *at = delivery->next;
            op->held_count--;
            return delivery;
        }
    }
    return NULL;
}

/* Put delivery behind those that are held. */
static void hold(smtpc_delivery_t *delivery)
{
    smtpc_op_t *op = delivery->op;
    smtpc_delivery_t **at = &op->held;

    while (*at) {
        at = &(*at)->next;
    }
    delivery->next = NULL;
    *at = delivery;
    op->held_count++;
    smtpc__env_count(op->env, SMTPC_COUNTER(rate_waits), 1);
}

/* Return the next message nobody looked at yet, as a delivery. */
static smtpc_delivery_t *pick_new(smtpc_op_t *op)
{
    while (op->next < op->count) {
        smtpc_delivery_t *delivery = smtpc__delivery_create(op, op->next++);

        if (delivery) {
            return delivery;
        }
    }
    return NULL;
}

smtpc_delivery_t *smtpc__delivery_pick(smtpc_lane_t *lane)
{
    smtpc_op_t *op = lane->op;
    smtpc_bucket_t *bucket = op->setup.routes[lane->route].bucket;
    smtpc_delivery_t *delivery;

    for (;;) {
        delivery = op->again;
        if (delivery) {
            op->again = delivery->next;
            if (!op->again) {
                op->again_end = &op->again;
            }
        }
        else {
            delivery = pick_held(op, bucket);
            if (!delivery && op->held_count < SMTPC_LIMIT_RATE_AHEAD) {
                delivery = pick_new(op);
            }
        }
        if (!delivery || take_rate(delivery, bucket)) {
            return delivery;
        }
        hold(delivery);
    }
}

/* Content. */

const char *smtpc__delivery_reason(apr_status_t status)
{
    switch (status) {
    case SMTPC_ELIMIT:
        return "the header of the message is too long: shorten or leave out "
               "header fields";
    case SMTPC_ESOURCE:
        return "a part of it that was read before cannot be read again";
    default:
        return "no random bytes for Message-ID and boundaries to be had";
    }
}

/* Render the message as delivery says. */
static apr_status_t render(smtpc_delivery_t *delivery)
{
    const smtpc_op_setup_t *setup = &delivery->op->setup;
    smtpc_render_t how = { 0 };
    const char *why = NULL;
    apr_status_t rv;

    how.eight_bit = delivery->eight_bit;
    how.utf8 = delivery->utf8;
    how.binary = delivery->binary;
    how.from = setup->from;
    how.dkim = setup->dkim;
    how.dkim_count = setup->dkim_count;
    how.defaults = setup->defaults;
    how.forced = setup->forced;
    how.why = &why;
    rv = smtpc__message_render(&delivery->content,
                               delivery->op->messages[delivery->index], &how,
                               delivery->op->env, delivery->pool);
    if (rv != APR_SUCCESS) {
        delivery->content = NULL;
        smtpc__result_fail(delivery->result, rv, SMTPC_STAGE_MAIL, "%s",
                           why ? why : smtpc__delivery_reason(rv));
        return rv;
    }
    delivery->result->message_id = apr_pstrdup(
        setup->result_pool, delivery->content->message_id);
    return APR_SUCCESS;
}

/* Go back to the beginning of content that was rendered before. */
static apr_status_t read_again(smtpc_delivery_t *delivery)
{
    apr_status_t rv = smtpc_source_rewind(delivery->content->source);

    if (rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    smtpc__result_fail(delivery->result, SMTPC_ESOURCE, SMTPC_STAGE_MAIL,
                       "a part of the message that was sent before cannot be "
                       "read again: %s",
                       smtpc__source_error(delivery->content->source));
    return SMTPC_ESOURCE;
}

apr_status_t smtpc__delivery_prepare(smtpc_delivery_t *delivery,
                                     const smtpc_caps_t *caps)
{
    const smtpc_message_t *message
        = delivery->op->messages[delivery->index];
    int eight_bit = (caps->bits & SMTPC_CAP_8BITMIME) != 0;
    int utf8 = delivery->op->setup.utf8
               && (caps->bits & SMTPC_CAP_SMTPUTF8);
    int binary = (caps->bits & SMTPC_CAP_BINARYMIME)
                 && (caps->bits & SMTPC_CAP_CHUNKING);
    apr_status_t rv;

    if (delivery->content && delivery->eight_bit == eight_bit
        && delivery->utf8 == utf8 && delivery->binary == binary) {
        rv = read_again(delivery);
    }
    else {
        delivery->eight_bit = eight_bit;
        delivery->utf8 = utf8;
        delivery->binary = binary;
        rv = render(delivery);
    }
    if (rv != APR_SUCCESS) {
        smtpc__delivery_settle(delivery);
        return rv;
    }
    delivery->envelope->size = delivery->content->length;
    /* What was loaded is not encoded, so the session has to refuse it. */
    delivery->envelope->eight_bit
        = delivery->content->eight_bit
          && (eight_bit || smtpc__message_is_loaded(message));
    delivery->envelope->utf8 |= delivery->content->utf8;
    delivery->envelope->binary = delivery->content->binary;
    return APR_SUCCESS;
}

/* Transactions. */

/* Return how many recipients one transaction may have. */
static apr_size_t most_recipients(const smtpc_delivery_t *delivery,
                                  const smtpc_server_t *server,
                                  const smtpc_caps_t *caps)
{
    apr_size_t most = (apr_size_t)server->max_recipients;

    if (delivery->envelope->all_or_none) {
        return delivery->left_count;
    }
    if (caps->rcpt_max > 0 && caps->rcpt_max < most) {
        most = caps->rcpt_max;
    }
    return most < delivery->left_count ? most : delivery->left_count;
}

/* Return how many of the first `most` recipients left have no more domains
 * than the server wants. */
static apr_size_t within_domains(smtpc_delivery_t *delivery, apr_size_t most,
                                 apr_size_t limit)
{
    const char **seen;
    apr_size_t count = 0;
    apr_size_t i;

    if (limit == 0 || delivery->envelope->all_or_none) {
        return most;
    }
    seen = apr_palloc(delivery->pool, most * sizeof(*seen));
    for (i = 0; i < most; i++) {
        const char *domain = domain_of(smtpc__envelope_recipient(
            delivery->envelope, delivery->left[i]));

        if (!known(seen, count, domain)) {
            if (count == limit) {
                return i;
            }
            seen[count++] = domain;
        }
    }
    return most;
}

void smtpc__delivery_transaction(smtpc_transaction_t *transaction,
                                 smtpc_delivery_t *delivery,
                                 const smtpc_lane_t *lane)
{
    smtpc_op_t *op = delivery->op;
    const smtpc_server_t *server = smtpc__bucket_server(
        op->setup.routes[lane->route].bucket);
    const smtpc_caps_t *caps = smtpc__conn_caps(lane->pooled->conn);
    apr_size_t count = most_recipients(delivery, server, caps);

    count = within_domains(delivery, count, caps->rcpt_domain_max);
    memcpy(delivery->offered, delivery->left, count * sizeof(apr_size_t));
    delivery->offered_count = count;
    delivery->left_count -= count;
    memmove(delivery->left, delivery->left + count,
            delivery->left_count * sizeof(apr_size_t));
    memset(transaction, 0, sizeof(*transaction));
    transaction->envelope = delivery->envelope;
    transaction->content = delivery->content->source;
    transaction->result = delivery->result;
    transaction->recipients = delivery->offered;
    transaction->count = count;
    transaction->baton = delivery;
    delivery->result->host = apr_pstrdup(op->setup.result_pool,
                                         op->setup.routes[lane->route].host);
}

/* Return non-zero if the server refused recipient because the transaction has
 * too many of them already. */
static int is_one_too_many(const smtpc_recipient_t *recipient)
{
    if (recipient->state != SMTPC_RCPT_REJECTED
        || recipient->stage != SMTPC_STAGE_RCPT) {
        return 0;
    }
    if (strcmp(recipient->enhanced, "4.5.3") == 0
        || strcmp(recipient->enhanced, "5.5.3") == 0) {
        return 1;
    }
    /* 452 is also that of a full disk, and 552 that of a full mailbox. */
    return (recipient->code == 452 || recipient->code == 552)
           && (*recipient->enhanced == '\0'
               || strncmp(recipient->enhanced + 1, ".2.", 3) != 0)
           && strcasestr(recipient->text, "too many") != NULL;
}

/* Put recipient i back among those to be offered. */
static void offer_again(smtpc_delivery_t *delivery, apr_size_t i)
{
    smtpc_recipient_t *recipient = &delivery->result->recipients[i];

    recipient->state = SMTPC_RCPT_UNSENT;
    recipient->stage = SMTPC_STAGE_NONE;
    recipient->code = 0;
    recipient->enhanced = "";
    recipient->text = "";
    delivery->left[delivery->left_count++] = i;
}

/* Take those that were one too many back; return how many there are. */
static apr_size_t take_surplus(smtpc_delivery_t *delivery)
{
    apr_size_t count = 0;
    apr_size_t i;

    for (i = 0; i < delivery->offered_count; i++) {
        apr_size_t index = delivery->offered[i];

        if (is_one_too_many(&delivery->result->recipients[index])) {
            offer_again(delivery, index);
            count++;
        }
    }
    return count;
}

/* Put delivery behind those that are to be begun anew. */
static void begin_again(smtpc_delivery_t *delivery)
{
    smtpc_op_t *op = delivery->op;

    delivery->next = NULL;
    *op->again_end = delivery;
    op->again_end = &delivery->next;
}

void smtpc__delivery_begin(smtpc_op_t *op)
{
    smtpc_delivery_t *first = pick_new(op);

    if (first) {
        begin_again(first);
    }
}

void smtpc__delivery_ahead(smtpc_op_t *op, const smtpc_caps_t *caps)
{
    smtpc_delivery_t *first;

    /* What a rate holds comes first. */
    if (op->again || op->held) {
        return;
    }
    first = pick_new(op);
    if (first && smtpc__delivery_prepare(first, caps) == APR_SUCCESS) {
        begin_again(first);
    }
}

/* What a transaction that is over comes to as a whole does not count. */
static void forget_status(smtpc_result_t *result)
{
    result->status = APR_SUCCESS;
    result->stage = SMTPC_STAGE_NONE;
    result->error = "";
}

/* Return non-zero if the server refused each recipient of the transaction by
 * itself: others may do better. */
static int only_recipients_refused(const smtpc_delivery_t *delivery)
{
    apr_size_t i;

    for (i = 0; i < delivery->offered_count; i++) {
        const smtpc_recipient_t *recipient =
            &delivery->result->recipients[delivery->offered[i]];

        if (recipient->state != SMTPC_RCPT_REJECTED
            || recipient->stage != SMTPC_STAGE_RCPT) {
            return 0;
        }
    }
    return 1;
}

/* Nothing of the transaction counts: forget it. */
static void forget_transaction(smtpc_delivery_t *delivery)
{
    smtpc_result_t *result = delivery->result;
    apr_size_t i;

    for (i = 0; i < delivery->offered_count; i++) {
        offer_again(delivery, delivery->offered[i]);
    }
    forget_status(result);
    result->code = 0;
    result->enhanced = "";
    result->text = "";
    result->bytes = 0;
    memset(&result->timings, 0, sizeof(result->timings));
    smtpc__env_count(delivery->op->env, SMTPC_COUNTER(retries), 1);
}

void smtpc__delivery_finished(smtpc_delivery_t *delivery,
                              const smtpc_finished_t *finished, int again)
{
    apr_status_t status = delivery->result->status;

    if (finished->untouched && again && !delivery->op->ending
        && (status == SMTPC_ECONNECT || status == SMTPC_ETEMP)
        && (again == 2 || ++delivery->attempts < SMTPC_LIMIT_ATTEMPTS)) {
        forget_transaction(delivery);
        begin_again(delivery);
        return;
    }
    if ((status == APR_SUCCESS || only_recipients_refused(delivery))
        && !delivery->envelope->all_or_none) {
        /* If it takes none at all, another transaction would not help. */
        if (finished->accepted > 0) {
            (void)take_surplus(delivery);
        }
        if (delivery->left_count > 0 && !delivery->op->ending) {
            forget_status(delivery->result);
            begin_again(delivery);
            return;
        }
    }
    smtpc__delivery_settle(delivery);
}

/* Settling. */

/* The counters of messages and recipients. */
static void count_result(smtpc_env_t *env, const smtpc_result_t *result)
{
    static const struct {
        apr_status_t status;
        apr_size_t counter;
    } kinds[] = {
        { APR_SUCCESS, SMTPC_COUNTER(messages_accepted) },
        { SMTPC_EPARTIAL, SMTPC_COUNTER(messages_partial) },
        { SMTPC_EREJECTED, SMTPC_COUNTER(messages_rejected) },
        { SMTPC_ETEMP, SMTPC_COUNTER(messages_deferred) },
        { SMTPC_EINDOUBT, SMTPC_COUNTER(messages_in_doubt) },
        { SMTPC_ECANCELLED, SMTPC_COUNTER(messages_cancelled) },
    };
    apr_size_t counter = SMTPC_COUNTER(messages_failed);
    apr_uint64_t accepted = 0;
    apr_uint64_t refused = 0;
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (kinds[i].status == result->status) {
            counter = kinds[i].counter;
        }
    }
    for (i = 0; i < result->recipient_count; i++) {
        accepted += result->recipients[i].state == SMTPC_RCPT_ACCEPTED;
        refused += result->recipients[i].state == SMTPC_RCPT_REJECTED;
    }
    smtpc__env_count(env, counter, 1);
    smtpc__env_count(env, SMTPC_COUNTER(recipients_accepted), accepted);
    smtpc__env_count(env, SMTPC_COUNTER(recipients_refused), refused);
    smtpc__env_count(env, SMTPC_COUNTER(bytes),
                     (apr_uint64_t)result->bytes);
}

static apr_size_t count_accepted(const smtpc_result_t *result)
{
    apr_size_t accepted = 0;
    apr_size_t i;

    for (i = 0; i < result->recipient_count; i++) {
        accepted += result->recipients[i].state == SMTPC_RCPT_ACCEPTED;
    }
    return accepted;
}

static void log_result(smtpc_env_t *env, const smtpc_result_t *result)
{
    const char *name = smtpc_status_name(result->status);

    if (!smtpc__env_logs(env, SMTPC_LOG_INFO)) {
        return;
    }
    smtpc__env_log(env, SMTPC_LOG_INFO,
                   "%s to %s: %s for %" APR_SIZE_T_FMT " of %" APR_SIZE_T_FMT
                   " recipients, %" APR_OFF_T_FMT " bytes, %" APR_TIME_T_FMT
                   " ms%s%s%s%s",
                   *result->message_id ? result->message_id : "message",
                   *result->host ? result->host : "pickup directory",
                   name ? name : "error", count_accepted(result),
                   result->recipient_count, result->bytes,
                   apr_time_as_msec(result->timings.total),
                   *result->queue_id ? ", queued as " : "",
                   result->queue_id, *result->error ? ": " : "",
                   result->error);
}

apr_status_t smtpc__delivery_conclude(smtpc_env_t *env,
                                      smtpc_result_t *result)
{
    apr_status_t rv = smtpc__result_finish(result);
    smtpc_event_t event = { 0 };

    count_result(env, result);
    log_result(env, result);
    if (smtpc__env_watched(env)) {
        event.stage = SMTPC_STAGE_DONE;
        event.status = rv;
        event.host = result->host;
        event.message_id = result->message_id;
        event.elapsed = result->timings.total;
        event.text = result->error;
        smtpc__env_event(env, &event);
    }
    return rv;
}

void smtpc__delivery_settle(smtpc_delivery_t *delivery)
{
    smtpc_op_t *op = delivery->op;

    (void)smtpc__delivery_conclude(op->env, delivery->result);
    op->results[delivery->index] = delivery->result;
    op->settled++;
    /* Files and converters of the message are not kept until the next one. */
    apr_pool_clear(delivery->pool);
    delivery->next = op->free;
    op->free = delivery;
}
