/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_MODEL_MAIL_H
#define T_MODEL_MAIL_H

/**
 * @file model_mail.h
 * Random messages for model_server.h: envelope, source and result for the
 * session, and what of it has to arrive for the server.
 */

#include "model_server.h"
#include "session_rig.h"

/** What the client has of a message. */
typedef struct model_mail_t {
    smtpc_envelope_t *envelope;
    smtpc_source_t *content;
    smtpc_result_t *result;
    apr_size_t indices[MODEL_RCPTS]; /**< recipients it is for */
    apr_size_t count;       /**< of them */
    apr_size_t named;       /**< recipients in the envelope */
    int cannot_go;          /**< this server does not take it */
    int fails;              /**< its source does */
    apr_size_t fails_at;
    const char *bytes;      /**< what the source has */
    apr_size_t len;
    apr_size_t read;
    /* Of the driver. */
    int begun;
    int finished;
    int untouched;
} model_mail_t;

/** Make @a mail and @a model, message @a id, for a server with @a caps. */
void model_mail_make(model_mail_t *mail, model_message_t *model, int id,
                     unsigned int caps, apr_uint64_t *random,
                     apr_pool_t *pool);

#endif
