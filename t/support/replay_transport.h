/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_REPLAY_TRANSPORT_H
#define T_REPLAY_TRANSPORT_H

/**
 * @file replay_transport.h
 * A script of replay.h as a transport: what is written must be what the
 * client says there, what is read is what the server says. SEND and QUIT are
 * passed over; TLS cannot be played. There is no socket: APR_EAGAIN means
 * that it is the other side's turn, and waiting does not change that. Who reads
 * twice without smtpc__transport_expect() in between is complained of.
 */

#include "net/transport.h"
#include "replay.h"

/** A scripted transport. */
typedef struct replay_transport_t replay_transport_t;

/** What goes wrong. Reads and writes are counted together, from 1. */
typedef struct replay_faults_t {
    apr_size_t fail_at;      /**< this operation and all behind it fail; 0:
                                  none */
    apr_status_t status;     /**< with this */
    int gone;                /**< what is said early comes together with the
                                  end: it is seen by a write that fails, with
                                  status, and can be read afterwards */
    apr_size_t again_every;  /**< each operation with a number divisible by
                                  this says APR_EAGAIN; 0: none */
} replay_faults_t;

/** Create a transport in @a pool that plays @a script, cut as @a cut says,
 *  with @a faults (NULL: none). */
replay_transport_t *replay_transport_create(const replay_case_t *script,
                                            replay_cut_e cut,
                                            const replay_faults_t *faults,
                                            apr_pool_t *pool);

/** Return @a replay as a transport. */
smtpc_transport_t *replay_transport_get(replay_transport_t *replay);

/** Return what went otherwise than written, or NULL. After the end of a
 *  dialogue, a script that was not played to its end is a complaint, too. */
const char *replay_transport_complaint(replay_transport_t *replay,
                                       int at_end);

/** Return the number of reads and writes so far. */
apr_size_t replay_transport_operations(const replay_transport_t *replay);

/** How it was closed. */
typedef enum {
    REPLAY_OPEN,
    REPLAY_CLOSED,
    REPLAY_CLOSED_GRACEFULLY
} replay_closed_e;

/** Return how @a replay was closed. */
replay_closed_e replay_transport_closed(const replay_transport_t *replay);

#endif
