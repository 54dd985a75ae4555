/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FAULT_WORLD_H
#define T_FAULT_WORLD_H

/**
 * @file world.h
 * A client, a sink and the mails between them, made anew for each run of a
 * scenario. What the results say is what the sink knows, nothing arrives
 * twice, nothing is waited for, and the client says which.
 */

#include <smtpclient/smtpclient.h>

#include "../support/async.h"
#include "../support/peer_tls.h"
#include "front.h"

/** Mails of a scenario, at most. */
#define WORLD_MAILS 4
/** Recipients of each. */
#define WORLD_RCPTS 4

/** Go on to the next step if there was no failure before. */
#define THEN(step) (rv == APR_SUCCESS ? (step) : rv)

typedef struct world_t world_t;

/** A scenario. */
typedef struct way_t {
    const char *name;
    const char *extensions; /**< of the sink */
    front_t front;          /**< its sink is made for each run, */
    SSL_CTX **tls;          /**< and its TLS was made before */
    int lmtp;
    int unix_socket;
    int hangs_up;           /**< the sink, behind this mail, from 1 */
    int mails;
    int rcpts;              /**< of each */
    int before;             /**< mails of these that go before calls fail */
    unsigned int spare;     /**< see inject_spare() */
    int forked;             /**< a child sends the next; the rest goes then */
    /** What is special about the mails, or NULL. */
    void (*dress)(smtpc_message_t *message, apr_pool_t *pool);
    /** Set what is special about the client, or NULL. */
    apr_status_t (*set)(world_t *world);
    /** What comes to pass between the mails before and the others, or NULL:
     *  with it there is a client before calls fail. */
    void (*between)(world_t *world);
    /** Send; results are in the world. */
    apr_status_t (*send)(world_t *world);
} way_t;

/** What a result said. */
typedef struct said_t {
    int known; /**< there was one */
    apr_status_t status;
    smtpc_rcpt_state_e states[WORLD_RCPTS];
    char error[512];
} said_t;

/** What came of a run. A child shares it. */
typedef struct outcome_t {
    said_t said[WORLD_MAILS];
    apr_status_t status;
    apr_status_t disposed;
    int started;            /**< asynchronously */
    int completed;
} outcome_t;

/** One run of it. */
struct world_t {
    const way_t *way;
    sink_t *sink;
    front_t front;
    peer_t *peer;
    int idle_port;          /**< where nobody listens */
    apr_pool_t *pool;       /**< of the run: messages, results */
    apr_pool_t *own;        /**< of env and client */
    smtpc_env_t *env;
    smtpc_client_t *client;
    smtpc_message_t *mails[WORLD_MAILS];
    outcome_t *out;
    async_t async;
    int sent;               /**< mails, before calls fail */
    int until;              /**< mails are sent before this one */
};

/** Run @a ways, each a scenario. */
void world_run(const way_t *ways, apr_size_t count);

/** Make a client of @a world, as its way says, in world->own. */
apr_status_t world_client(smtpc_client_t **client, world_t *world);

/** Note what @a result, which may be NULL, says of mail @a id. */
void world_note(world_t *world, int id, const smtpc_result_t *result);

/** Ways to send: one after the other, */
apr_status_t world_send_each(world_t *world);
/** all as a batch, */
apr_status_t world_send_many(world_t *world);
/** and without waiting: one; what it is like is noted when it is over. */
apr_status_t world_send_async(world_t *world);

/** Begin what world_send_async() waits for. */
apr_status_t world_start_async(world_t *world);

/** For a way's between: wait until the sink has ended its connections. */
void world_wait_closed(world_t *world);

/** For a way's between: make TLS contexts and whatever else a client can make
 *  without a connection. */
void world_prepare(world_t *world);

#endif
