/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_HOSTILE_H
#define T_SUPPORT_HOSTILE_H

/**
 * @file hostile.h
 * A server that does one bad thing, and a whole client that meets it.
 *
 * The server is a good one but for its moves: a move says what comes in the
 * place of the good answer to a line. It takes what it said seriously: after a
 * refused MAIL there is no RCPT, content follows 354 only. All that arrives
 * is recorded.
 *
 * A row of a table is a server, a client and what has to become of a mail.
 * hostile_run() tries each row three times, with the calls that block, that
 * come back at once and that take many mails, and looks at status, stage,
 * reply and recipient, at what the server heard, and at whether the next mail
 * goes over the same connection.
 */

#include <smtpclient/smtpclient.h>

#include "peer.h"

/** Moves of a server, connections that are recorded one by one. */
enum { HOSTILE_MOVES = 8, HOSTILE_CONNS = 8, HOSTILE_HEARD = 4096,
       HOSTILE_WIRE = 262144 };

/** A code that does not matter. */
#define HOSTILE_ANY (-1)

/** When a move counts. */
enum { HOSTILE_ALWAYS = 1, HOSTILE_CLEAR = 2, HOSTILE_TLS = 4 };

/** The good answer to a line is replaced by this, once. */
typedef struct hostile_move_t {
    /** Lines that begin so, any case; "" is the greeting, "." the end of the
     *  content (and BDAT with LAST), "*" the content itself: the move is made
     *  behind 354. */
    const char *at;
    /** What is said, with CRLF behind it; "" nothing; NULL the good answer.
     *  If it ends with a reply 354 to DATA, or a 220 to STARTTLS, content or
     *  TLS follow. */
    const char *say;
    /** Bytes of @a say if they are all that is said, without CRLF; RAW(). */
    size_t raw;
    /** And then: NULL, "close", "reset", "cut" (no close_notify), "silent",
     *  "half" (says no more, listens), "endless" (says it for ever). */
    const char *then;
    /** HOSTILE_ALWAYS: each time. HOSTILE_CLEAR, HOSTILE_TLS: only so. */
    int when;
} hostile_move_t;

/** Exact bytes of a move: { "DATA", RAW("354 go\n") }. */
#define HOSTILE_RAW(bytes) (bytes), sizeof(bytes) - 1

/** What a server is. */
typedef struct hostile_server_t {
    const char *extensions;     /**< lines of EHLO separated by '\n', or NULL */
    const char *extensions_tls; /**< over TLS; NULL: the same */
    SSL_CTX *tls;               /**< STARTTLS is offered and works */
    int implicit;               /**< TLS from the first byte */
    size_t piece;               /**< bytes said at a time; 0: all */
    size_t cut;                 /**< what a connection is told is in two pieces,
                                     the first one of so many bytes; 0: not */
    hostile_move_t moves[HOSTILE_MOVES]; /**< up to one without at */
} hostile_server_t;

/** A server that runs. */
typedef struct hostile_t {
    const hostile_server_t *server;
    pthread_mutex_t lock;  /**< of what follows */
    int made[HOSTILE_MOVES];
    /** First words of each connection's lines: "EHLO MAIL RCPT DATA . QUIT";
     *  TLS is the handshake, BDAT includes its chunk. */
    char heard[HOSTILE_CONNS][HOSTILE_HEARD];
    char wire[HOSTILE_WIRE]; /**< all lines and content, as far as they fit */
    size_t wire_len;
    int mails;             /**< contents that were accepted */
    int finals;            /**< contents that were seen to their end */
} hostile_t;

/** Begin @a hostile with @a server. */
void hostile_init(hostile_t *hostile, const hostile_server_t *server);

/** A peer_fn_t whose baton is a hostile_t. */
void hostile_serve(peer_conn_t *conn, void *baton);

/** Return what connection @a index heard, copied to @a pool. */
const char *hostile_heard(hostile_t *hostile, int index, apr_pool_t *pool);

/** Return non-zero if @a text was among all that arrived. */
int hostile_saw(hostile_t *hostile, const char *text);

/** A server, and a client for it, by hand. */
typedef struct hostile_meeting_t {
    apr_pool_t *pool;
    smtpc_env_t *env;
    smtpc_client_t *client;
    hostile_t hostile;
    peer_t *peer;
} hostile_meeting_t;

/** Start @a server, and make a client for it, with a pool of its own. */
void hostile_meet(hostile_meeting_t *meeting, const hostile_server_t *server);

/** Dispose of the client, wait for the connections to end, and end the
 *  server. What was recorded can be read until hostile_forget(). */
void hostile_part(hostile_meeting_t *meeting);

/** Free all of @a meeting. */
void hostile_forget(hostile_meeting_t *meeting);

/** What has to become of the connection. */
typedef enum {
    HOSTILE_GONE, /**< the next mail has one of its own */
    HOSTILE_KEPT, /**< the next mail goes over it */
    HOSTILE_LAST  /**< no next mail is sent */
} hostile_pool_e;

/** A row. */
typedef struct hostile_row_t {
    const char *name;          /**< begins with the id of threats: "P10: x" */
    hostile_server_t server;
    smtpc_security_e security; /**< at first: as the host says */
    const char *user;          /**< with the password "hunter2", or NULL */
    const char *to;            /**< NULL: ann@example.net */
    const char *body;          /**< NULL: two lines */
    int timeout;               /**< ms; 0: 20 s */
    /** Whatever else the client, or the message, needs; NULL: nothing. */
    void (*set_up)(smtpc_client_t *client, apr_pool_t *pool);
    void (*make)(smtpc_message_t *message, apr_pool_t *pool);

    apr_status_t status;
    smtpc_stage_e stage;
    int code;                  /**< of the last reply; HOSTILE_ANY */
    smtpc_rcpt_state_e state;  /**< of the first recipient */
    const char *heard;         /**< by the first connection; NULL: whatever */
    const char *never;         /**< words that may not be heard before the next
                                    mail's connection: "DATA AUTH" */
    hostile_pool_e pool;
    int connections;           /**< before the next mail; 0: one */
    const char *says;          /**< a part of the error, or NULL */
    /** Look at the rest of the result; NULL: nothing. */
    void (*check)(const smtpc_result_t *result, apr_pool_t *pool);
} hostile_row_t;

/** Try the @a count rows at @a rows. */
void hostile_run(const hostile_row_t *rows, size_t count);

/** Try @a row; @a what is added to its name. */
void hostile_run_one(const hostile_row_t *row, const char *what);

/** Try @a row with the call that blocks only: for large matrices. */
void hostile_run_once(const hostile_row_t *row, const char *what);

#endif
