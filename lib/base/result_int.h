/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BASE_RESULT_INT_H
#define SMTPC_BASE_RESULT_INT_H

/**
 * @file result_int.h
 * The result as the layers fill it. The first failure counts: a later one
 * never overwrites it.
 */

#include <smtpclient/result.h>

struct smtpc_result_t {
    apr_pool_t *pool;
    apr_status_t status;
    smtpc_stage_e stage;
    int code;
    const char *enhanced;
    const char *text;
    const char *error;
    const char *queue_id;
    const char *message_id;
    const char *host;
    const char *peer;
    const char *tls_protocol;
    const char *tls_cipher;
    const char *capabilities;
    const char *dropped;
    const char *path;
    int transient;
    apr_off_t bytes;
    smtpc_recipient_t *recipients;
    apr_size_t recipient_count;
    smtpc_timings_t timings;
    /** smtpc__monotonic() when the operation began; timings count from it. */
    apr_time_t began;
};

/** Create @a *result in @a pool: nothing began, all texts "", began now,
 *  @a recipient_count recipients UNSENT whose addresses the caller sets. */
void smtpc__result_create(smtpc_result_t **result,
                          apr_size_t recipient_count, apr_pool_t *pool);

/** Record in @a result the first failure: @a status at @a stage with the
 *  formatted sentence. Does nothing if one is recorded. */
void smtpc__result_fail(smtpc_result_t *result, apr_status_t status,
                        smtpc_stage_e stage, const char *format, ...)
    SMTPC_PRINTF(4, 5);

/** Record the last reply. @a enhanced and @a text are copied. */
void smtpc__result_reply(smtpc_result_t *result, int code,
                         const char *enhanced, const char *text);

/** Set recipient @a i to @a state, decided at @a stage by the reply with
 *  @a code (0: none), @a enhanced and @a text, which are copied. */
void smtpc__result_recipient_set(smtpc_result_t *result, apr_size_t i,
                                 smtpc_rcpt_state_e state,
                                 smtpc_stage_e stage, int code,
                                 const char *enhanced, const char *text);

/** Return microseconds since the operation began, at least 1. */
apr_interval_time_t smtpc__result_elapsed(const smtpc_result_t *result);

/** Derive status, transient and stage from the recipients' states and the
 *  recorded failure, and set timings.total. Called once, at the end. */
apr_status_t smtpc__result_finish(smtpc_result_t *result);

#endif
