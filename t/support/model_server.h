/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_MODEL_SERVER_H
#define T_MODEL_SERVER_H

/**
 * @file model_server.h
 * A server in memory that is as hostile as the RFCs allow: it refuses what it
 * likes, keeps or drops transactions where that is indeterminate, says 421
 * anywhere, goes away at any byte. And it is honest: it records what it
 * accepted, whom it refused, and at which byte of its replies it said so.
 *
 * Message i comes from <mI@s.example> and is for <mI-R@r.example>; each has
 * bytes of its own. What does not fit together is a violation, and so is a
 * client that does what it must not.
 */

#include <apr_pools.h>

#define MODEL_MESSAGES 12
#define MODEL_RCPTS 4

/** Extensions it may offer. */
enum {
    MODEL_PIPELINING = 1, MODEL_CHUNKING = 2, MODEL_8BITMIME = 4,
    MODEL_BINARYMIME = 8, MODEL_PIPECONNECT = 16, MODEL_SIZE = 32
};

/** What has to arrive of a message, and what did. */
typedef struct model_message_t {
    const char *data;       /**< the content as DATA has it, with the dot */
    apr_size_t data_len;
    apr_size_t data_doubt;  /**< first byte of the terminator in it */
    const char *chunk;      /**< as BDAT has it */
    apr_size_t chunk_len;
    unsigned int rcpts;     /**< bits: those it is for */
    int all_or_none;

    int mails;              /**< MAIL commands seen */
    int handed;             /**< all of it arrived, to be taken or not */
    int doubtful;           /**< a byte of the terminator did */
    apr_uint64_t refused;   /**< end of the first reply against all of it */
    unsigned int asked;     /**< bits: RCPT seen */
    apr_uint64_t rcpt_refused[MODEL_RCPTS]; /**< end of that reply, or 0 */
    apr_uint64_t accepted[MODEL_RCPTS];     /**< end of the 250, or 0 */
} model_message_t;

/** What it does with its bytes. */
typedef enum {
    MODEL_COMMAND, MODEL_DATA, MODEL_CHUNK, MODEL_DEAD
} model_mode_e;

/** The server. */
typedef struct model_server_t {
    /* To be set. */
    unsigned int caps;
    int lmtp;
    unsigned int refuses;   /**< one in so many; 0: never */
    int dies_at;            /**< says 421 at this command; 0: never */
    int interrupts;         /**< may refuse content before its end */
    int turns_away;         /**< by its greeting */
    int odd;                /**< refuses RSET now and then: not legal */
    apr_uint64_t *random;
    model_message_t *messages;
    int message_count;

    /* What it says. */
    char *out;              /**< its replies, all of them */
    apr_size_t out_size;
    apr_uint64_t said;      /**< bytes of them */
    apr_uint64_t sent;      /**< bytes the client sent: kept by the driver */
    apr_uint64_t taken;     /**< of them, looked at */
    apr_uint64_t goodbye;   /**< end of 421, or 0 */
    apr_uint64_t interrupted; /**< end of a reply amidst content, or 0 */
    apr_uint64_t unreset;   /**< end of a refusal of RSET, or 0 */
    int answer;             /**< code of the last single command */
    int quit;
    const char *violation;  /**< what the client must not do, or NULL */

    /* Inside. */
    model_mode_e mode;
    char line[2048];
    apr_size_t line_len;
    int commands;
    int unheard;            /**< line is a command that got 421 */
    int draining;           /**< it is gone: what could it have had? */
    int present;            /**< message of the last MAIL, -1: none */
    int open;               /**< a transaction is, for present */
    int owner;              /**< message whose MAIL opened it */
    int failed;             /**< a chunk of it did */
    unsigned int rcpts;     /**< bits: accepted */
    apr_size_t at;          /**< content received */
    int differs;            /**< from what it should be */
    int eol;                /**< of CRLF . CRLF, bytes seen */
    apr_size_t chunk_left;
    int chunk_last;
    apr_pool_t *pool;
} model_server_t;

/** Say the greeting. What is to be set is. */
void model_open(model_server_t *server);

/** Look at the @a len bytes at @a data. */
void model_take(model_server_t *server, const char *data, apr_size_t len);

/** Say 421 and be gone. */
void model_goodbye(model_server_t *server);

/** The server is gone without having looked at the @a len bytes at @a data:
 *  note what it could have had. */
void model_drain(model_server_t *server, const char *data, apr_size_t len);

#endif
