/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_send.c: one send, from the argument checks to the result.
 *
 * The checks come in .NET's order: disposed of, busy, no message, no From,
 * no recipient. Everything after them has a result.
 *
 * A kept connection is looked at before it is used. If it breaks all the
 * same before the server answered anything for this message, nothing can
 * have been delivered, and the send goes on with a new connection as if the
 * old one had never been there. There is no other retry here.
 */

#include "client/client_int.h"

#include <unistd.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "client/pickup.h"
#include "mime/message_int.h"

/** One send. */
typedef struct op_t {
    smtpc_client_t *client;
    const smtpc_message_t *message;
    smtpc_envelope_t *envelope;
    apr_pool_t *pool; /* the caller's, for the result */
    smtpc_result_t *result;
    apr_time_t deadline;
} op_t;

/* Make the result, with the addresses as they are in the envelope. */
static void make_result(op_t *op)
{
    apr_size_t count = smtpc__envelope_count(op->envelope);
    apr_size_t i;

    smtpc__result_create(&op->result, count, op->pool);
    for (i = 0; i < count; i++) {
        op->result->recipients[i].address = apr_pstrdup(
            op->pool, smtpc_address_address(
                          smtpc__envelope_recipient(op->envelope, i)));
    }
    if (op->client->delivery == SMTPC_DELIVER_NETWORK) {
        op->result->host = apr_pstrdup(op->pool, op->client->host);
    }
}

/* Begin anew after a kept connection was lost; the clock runs on. */
static void remake_result(op_t *op)
{
    apr_time_t began = op->result->began;

    make_result(op);
    op->result->began = began;
}

static const char *render_reason(apr_status_t status)
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

/* Render the message with what the client adds to it; a failure is in the
 * result. */
static apr_status_t render(smtpc_content_t **content, op_t *op,
                           const smtpc_render_t *how, smtpc_stage_e stage)
{
    smtpc_client_t *client = op->client;
    smtpc_render_t full = *how;
    const char *why = NULL;
    apr_status_t rv;

    full.from = client->from;
    full.dkim = client->dkim;
    full.dkim_count = client->dkim_count;
    full.defaults = client->defaults;
    full.forced = client->forced;
    full.why = &why;
    rv = smtpc__message_render(content, op->message, &full, client->env,
                               client->scratch);
    if (rv != APR_SUCCESS) {
        smtpc__result_fail(op->result, rv, stage, "%s",
                           why ? why : render_reason(rv));
        return rv;
    }
    op->result->message_id = apr_pstrdup(op->pool, (*content)->message_id);
    return APR_SUCCESS;
}

/* Pickup. */

static void deliver_pickup(op_t *op)
{
    smtpc_client_t *client = op->client;
    smtpc_render_t how = { 0 };
    smtpc_content_t *content;

    how.pickup = 1;
    how.utf8 = client->format == SMTPC_FORMAT_INTERNATIONAL;
    if (render(&content, op, &how, SMTPC_STAGE_STORE) == APR_SUCCESS) {
        /* What became of it is in the result. */
        (void)smtpc__pickup_write(op->result, client->pickup_directory,
                                  content, client->env, client->scratch);
    }
}

/* Network. */

/* Make the connection with a profile of its own, which outlives changes of
 * the client's. */
static apr_status_t make_connection(smtpc_client_t *client)
{
    const smtpc_server_t *server;
    apr_status_t rv;

    rv = apr_pool_create(&client->conn_pool, client->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc__server_freeze(&server, &client->draft,
                              smtpc__env_host_name(client->env),
                              client->conn_pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__conn_create(&client->conn, client->loop, server,
                                client->env, client->conn_pool);
    }
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(client->conn_pool);
        client->conn_pool = NULL;
        client->conn = NULL;
        return rv;
    }
    client->pid = getpid();
    return APR_SUCCESS;
}

/* Open a new connection; a failure is in the result. */
static apr_status_t connect_anew(op_t *op)
{
    smtpc_client_t *client = op->client;
    apr_status_t rv;

    rv = make_connection(client);
    if (rv == APR_SUCCESS) {
        client->done = 0;
        smtpc__conn_open(client->conn, op->deadline, op->result,
                         smtpc__client_done, client);
        rv = smtpc__client_run(client);
    }
    if (rv != APR_SUCCESS) {
        smtpc__result_fail(op->result, rv, SMTPC_STAGE_CONNECT,
                           "no connection to %s can be set up on this "
                           "machine", client->host);
        smtpc__client_drop(client, 0);
        return rv;
    }
    rv = smtpc__conn_status(client->conn);
    if (rv != APR_SUCCESS) {
        smtpc__client_drop(client, 0);
    }
    return rv;
}

/* Hand the message over; what becomes of it is in the result. */
static void transact(op_t *op)
{
    smtpc_client_t *client = op->client;
    const smtpc_caps_t *caps = smtpc__conn_caps(client->conn);
    smtpc_render_t how = { 0 };
    smtpc_transaction_t transaction;
    smtpc_content_t *content;
    apr_status_t rv;

    how.eight_bit = (caps->bits & SMTPC_CAP_8BITMIME) != 0;
    how.utf8 = client->format == SMTPC_FORMAT_INTERNATIONAL
               && (caps->bits & SMTPC_CAP_SMTPUTF8);
    if (render(&content, op, &how, SMTPC_STAGE_MAIL) != APR_SUCCESS) {
        return;
    }
    op->envelope->size = content->length;
    /* What was loaded is not encoded, so the session has to refuse it. */
    op->envelope->eight_bit
        = content->eight_bit
          && (how.eight_bit || smtpc__message_is_loaded(op->message));
    op->envelope->utf8 |= content->utf8;
    transaction.envelope = op->envelope;
    transaction.content = content->source;
    transaction.result = op->result;
    client->done = 0;
    smtpc__conn_send(client->conn, &transaction, op->deadline,
                     smtpc__client_done, client);
    rv = smtpc__client_run(client);
    if (rv != APR_SUCCESS) {
        smtpc__result_fail(op->result, rv, SMTPC_STAGE_MAIL,
                           "waiting for %s failed on this machine",
                           client->host);
    }
    if (smtpc__conn_status(client->conn) != APR_SUCCESS) {
        smtpc__client_drop(client, 0);
    }
}

/* The server had gone before it saw this message: it answered nothing, or
 * said good-bye. */
static int lost_unanswered(const smtpc_result_t *result)
{
    if (result->stage != SMTPC_STAGE_MAIL) {
        return 0;
    }
    return (result->status == SMTPC_ECONNECT && result->code == 0)
           || (result->status == SMTPC_ETEMP && result->code == 421);
}

static void deliver_network(op_t *op)
{
    smtpc_client_t *client = op->client;
    int kept;

    op->deadline = op->result->began + client->timeout;
    if (smtpc__client_freeze(client) != APR_SUCCESS) {
        smtpc__result_fail(op->result, SMTPC_EARG, SMTPC_STAGE_NONE,
                           "the settings for %s do not go together",
                           client->host);
        return;
    }
    if (client->conn
        && (client->pid != getpid()
            || !smtpc__conn_reusable(client->conn, client->server))) {
        smtpc__client_drop(client, 0);
    }
    kept = client->conn != NULL;
    if (!kept && connect_anew(op) != APR_SUCCESS) {
        return;
    }
    transact(op);
    if (kept && !client->conn && lost_unanswered(op->result)) {
        smtpc__env_log(client->env, SMTPC_LOG_DEBUG, "%s: the kept "
                       "connection was gone, trying a new one",
                       client->host);
        remake_result(op);
        if (connect_anew(op) == APR_SUCCESS) {
            transact(op);
        }
    }
}

/* The checks, and the line in the log. */

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

/* See whether the delivery format can write the addresses; a failure is in
 * the result. .NET finds out after connecting, for nothing. */
static apr_status_t check_format(op_t *op)
{
    const smtpc_address_t *address = utf8_address(op->envelope);

    op->envelope->utf8 |= address != NULL;
    if (op->client->format == SMTPC_FORMAT_INTERNATIONAL
        || !op->envelope->utf8) {
        return APR_SUCCESS;
    }
    smtpc__result_fail(op->result, SMTPC_EEXTENSION, SMTPC_STAGE_NONE,
                       "%s cannot be written in ASCII; set the delivery "
                       "format to international, or change it",
                       address ? smtpc_address_address(address)
                               : "an address or other text of the header");
    return SMTPC_EEXTENSION;
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

static void log_result(const op_t *op)
{
    const smtpc_result_t *result = op->result;
    smtpc_env_t *env = op->client->env;
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

/* What can be said before anything is done. */
static apr_status_t check(op_t *op)
{
    smtpc_client_t *client = op->client;
    const char *why = "";
    apr_status_t rv;

    if (!op->message) {
        return smtpc__client_fail(client, SMTPC_EARG, "there is no message");
    }
    rv = smtpc__message_envelope(&op->envelope, &why, op->message,
                                 client->from, client->scratch);
    if (rv != APR_SUCCESS) {
        return smtpc__client_fail(client, rv, "%s", why);
    }
    if (client->delivery == SMTPC_DELIVER_PICKUP
        && !client->pickup_directory) {
        return smtpc__client_fail(client, SMTPC_EARG, "no pickup directory "
                                  "is set for the delivery \"pickup\"");
    }
    return APR_SUCCESS;
}

static void deliver(op_t *op)
{
    if (op->client->delivery == SMTPC_DELIVER_PICKUP) {
        deliver_pickup(op);
    }
    else {
        deliver_network(op);
    }
}

/* One send, with client->scratch for all that is not in the result. */
static apr_status_t run(smtpc_result_t **result, smtpc_client_t *client,
                        const smtpc_message_t *message, apr_pool_t *pool)
{
    op_t op = { 0 };
    apr_status_t rv;

    op.client = client;
    op.message = message;
    op.pool = pool;
    rv = check(&op);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    make_result(&op);
    if (check_format(&op) == APR_SUCCESS) {
        deliver(&op);
    }
    rv = smtpc__result_finish(op.result);
    log_result(&op);
    if (result) {
        *result = op.result;
    }
    return rv;
}

apr_status_t smtpc__client_send(smtpc_result_t **result,
                                smtpc_client_t *client,
                                const smtpc_message_t *message,
                                apr_pool_t *pool)
{
    apr_status_t rv;

    apr_pool_clear(client->scratch);
    rv = run(result, client, message, pool);
    /* Files, ciphertext spooled on disk and converters of the message are not
     * kept until the next one. */
    apr_pool_clear(client->scratch);
    return rv;
}
