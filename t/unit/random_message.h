/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_UNIT_RANDOM_MESSAGE_H
#define T_UNIT_RANDOM_MESSAGE_H

/**
 * @file random_message.h
 * Messages of every structure made at random from a seed, together with what
 * a reader has to find in them.
 */

#include <stdio.h>

#include "mime_support.h"

/** Most addresses of a message, From included. */
#define RANDOM_ADDRESSES 6

typedef struct random_message_t random_message_t;
typedef struct random_node_t random_node_t;

/** A part as a reader has to find it. What is NULL must not be there. */
struct random_node_t {
    const char *type;          /**< type/subtype */
    apr_array_header_t *parts; /**< random_node_t *, of a multipart */
    random_message_t *nested;  /**< of a message/rfc822 */
    const char *text;          /**< UTF-8 that was given, any line ends */
    const char *charset;       /**< that it was to be written in */
    int flowed;
    int last;                  /**< ends the message */
    const char *data;          /**< bytes that were given */
    apr_size_t len;
    const char *name;
    const char *disposition;
    const char *cid;
    const char *description;
    const char *language;
    const char *location;
    const char *param;         /**< value of parameter x-param */
};

/** A message and what is in it. */
struct random_message_t {
    apr_pool_t *pool;
    unsigned int seed;
    int depth;                 /**< messages around it */
    smtpc_message_t *message;  /**< NULL: a finished one */
    smtpc_render_t render;
    const char *subject;
    const char *header;        /**< X-Random, or NULL */
    const char *names[RANDOM_ADDRESSES];
    int addresses;
    random_node_t *root;
};

/** Make the message of @a seed in @a pool; NULL for @a why if that worked. */
random_message_t *random_message(unsigned int seed, apr_pool_t *pool,
                                 const char **why);

/** Write what is in @a m as JSON; strings and bytes are hexadecimal. */
void random_message_json(FILE *file, const random_message_t *m);

#endif
