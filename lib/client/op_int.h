/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_OP_INT_H
#define SMTPC_CLIENT_OP_INT_H

/**
 * @file op_int.h
 * The inside of an operation, for op*.c and delivery.c: op.c runs its lanes,
 * each of which has one connection at a time, op_lane.c is the life of a lane,
 * delivery.c is one message.
 */

#include "client/op.h"
#include "mime/message_int.h"

/** What a lane does. */
typedef enum {
    SMTPC_LANE_NONE,     /**< nothing, for good or for now */
    SMTPC_LANE_WAITING,  /**< for a connection */
    SMTPC_LANE_PROBING,  /**< whether a kept one is alive */
    SMTPC_LANE_OPENING,  /**< a new one */
    SMTPC_LANE_WORKING,
    SMTPC_LANE_PARKED    /**< has one, and waits for a rate */
} smtpc_lane_state_e;

/** One connection of an operation, and the next when it is gone. */
typedef struct smtpc_lane_t {
    smtpc_op_t *op;
    smtpc_lane_state_e state;
    int route;              /**< index of the server */
    int tried;              /**< servers that failed one after the other */
    smtpc_ticket_t ticket;
    apr_time_t acquire_until; /**< while waiting */
    smtpc_pooled_t *pooled; /**< or NULL */
    int kept;               /**< it came from the pool */
    int worked;             /**< a message on it was answered */
    int plain;              /**< no opportunistic TLS: it failed */
    int blind;              /**< no early pipelining: it was wrong */
    smtpc_result_t *opening; /**< what became of opening */
    smtpc_result_t *probe;
} smtpc_lane_t;

/** A message on its way. */
typedef struct smtpc_delivery_t {
    smtpc_op_t *op;
    apr_size_t index;       /**< of the message */
    apr_pool_t *pool;       /**< of all that is needed until it is settled */
    smtpc_envelope_t *envelope;
    smtpc_content_t *content; /**< as rendered, or NULL */
    int eight_bit;          /**< how */
    int utf8;
    int binary;
    smtpc_result_t *result;
    apr_size_t *left;       /**< recipients to be offered yet, by index */
    apr_size_t left_count;
    apr_size_t *offered;    /**< those of the transaction under way */
    apr_size_t offered_count;
    const char **domains;   /**< of the recipients, each once */
    apr_size_t domain_count;
    int rated;              /**< its rate is taken */
    apr_time_t not_before;  /**< of its rate */
    int attempts;
    struct smtpc_delivery_t *next; /**< in a list of the operation */
} smtpc_delivery_t;

struct smtpc_op_t {
    smtpc_op_setup_t setup;
    smtpc_env_t *env;
    const smtpc_message_t *const *messages;
    smtpc_result_t **results;
    apr_size_t count;
    apr_size_t next;            /**< the first message not looked at */
    apr_size_t settled;
    smtpc_delivery_t *again;    /**< to be begun (anew), in order */
    smtpc_delivery_t **again_end;
    smtpc_delivery_t *held;     /**< by their rates */
    apr_size_t held_count;
    smtpc_delivery_t *free;     /**< used up */
    smtpc_lane_t *lanes;
    int lane_count;
    smtpc_watch_t *timer;
    apr_time_t deadline;        /**< 0: each step has its own */
    apr_time_t began;
    int ending;                 /**< being aborted */
    int starting;               /**< lanes are gone through: not over yet */
    int over;
    int asking;                 /**< a single command */
    smtpc_ask_e command;
    const char *argument;
};

/** Return non-zero if there is a message to be begun, now or later. op.c */
int smtpc__op_has_more(const smtpc_op_t *op);

/** Return the deadline of a step that begins now. op.c */
apr_time_t smtpc__op_deadline(const smtpc_op_t *op);

/** Set the timer anew. op.c */
void smtpc__op_arm(smtpc_op_t *op);

/** Something ended: see whether all did. op.c */
void smtpc__op_advance(smtpc_op_t *op);

/** Settle all messages that were not begun with @a status at @a stage and
 *  @a why, and what @a like (or NULL) says of the server. op.c */
void smtpc__op_fail_rest(smtpc_op_t *op, apr_status_t status,
                         smtpc_stage_e stage, const char *why,
                         const smtpc_result_t *like);

/** Let @a lane begin: it asks for a connection. op_lane.c */
void smtpc__lane_start(smtpc_lane_t *lane);

/** Let @a lane begin with what was granted by @a ticket. op_lane.c */
void smtpc__lane_granted(smtpc_lane_t *lane, const smtpc_ticket_t *ticket);

/** Go on with the connection that @a lane has. op_lane.c */
void smtpc__lane_work(smtpc_lane_t *lane);

/** Let @a lane go: what it has is given back, or aborted with @a status and
 *  @a why if that is not APR_SUCCESS. op_lane.c */
void smtpc__lane_end(smtpc_lane_t *lane, apr_status_t status,
                     const char *why);

/** The wait of @a lane for a connection has lasted too long. op_lane.c */
void smtpc__lane_timed_out(smtpc_lane_t *lane);

/** Return the next delivery that may begin on @a lane 's connection now, or
 *  NULL. It has envelope, result and rate. delivery.c */
smtpc_delivery_t *smtpc__delivery_pick(smtpc_lane_t *lane);

/** Make the content of @a delivery ready for a server with @a caps; if that
 *  fails it is settled. delivery.c */
apr_status_t smtpc__delivery_prepare(smtpc_delivery_t *delivery,
                                     const smtpc_caps_t *caps)
    SMTPC_WARN_UNUSED;

/** Fill @a transaction with those recipients of @a delivery that the next
 *  transaction is for. delivery.c */
void smtpc__delivery_transaction(smtpc_transaction_t *transaction,
                                 smtpc_delivery_t *delivery,
                                 const smtpc_lane_t *lane);

/** A transaction of @a delivery is over: it is settled, or begun again.
 *  @a again says that this connection was to blame; it is 2 if others got on
 *  by it, so that this try does not count. delivery.c */
void smtpc__delivery_finished(smtpc_delivery_t *delivery,
                              const smtpc_finished_t *finished, int again);

/** See whether the delivery format can write the addresses of @a envelope;
 *  @a utf8: it is the international one. A failure is in @a result. .NET finds
 *  out after connecting, for nothing. APR_SUCCESS or SMTPC_EEXTENSION.
 *  delivery.c */
apr_status_t smtpc__delivery_format(smtpc_envelope_t *envelope,
                                    smtpc_result_t *result, int utf8)
    SMTPC_WARN_UNUSED;

/** Return what a rendering that failed with @a status and without a sentence
 *  is to be told by. delivery.c */
const char *smtpc__delivery_reason(apr_status_t status);

/** Finish @a result, which is complete; count it, log it and tell who
 *  watches. Return its status. delivery.c */
apr_status_t smtpc__delivery_conclude(smtpc_env_t *env,
                                      smtpc_result_t *result);

/** Settle @a delivery: its result is complete. delivery.c */
void smtpc__delivery_settle(smtpc_delivery_t *delivery);

/** Get the first message that can be sent ready to be begun. delivery.c */
void smtpc__delivery_begin(smtpc_op_t *op);

/** Get the next message ready for a server with @a caps, if none is: while
 *  others wait for their replies. delivery.c */
void smtpc__delivery_ahead(smtpc_op_t *op, const smtpc_caps_t *caps);

/** Create the delivery of message @a index with its result; if the message
 *  cannot be sent at all, it is settled and this returns NULL. delivery.c */
smtpc_delivery_t *smtpc__delivery_create(smtpc_op_t *op, apr_size_t index);

#endif
