/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_ECHO_H
#define T_SUPPORT_ECHO_H

/**
 * @file echo.h
 * A server that says whose mail it took: the final reply to a message for
 * user@host is "250 2.0.0 Ok: queued as user". It knows PIPELINING, CHUNKING
 * and STARTTLS, can hold back its final replies, and can tell the test of
 * every step and read before it answers.
 */

#include "peer.h"

/** A server; see echo_init(). */
typedef struct echo_t {
    const char *extensions; /**< lines of EHLO separated by '\n' */
    SSL_CTX *tls;           /**< with it STARTTLS works */
    /** Called on the thread of the connection before each answer, the
     *  greeting included; NULL: not. */
    void (*step)(void *baton);
    /** Called after each read with the bytes that came; NULL: not. */
    void (*came)(void *baton, size_t bytes);
    size_t piece;           /**< bytes read at a time, 0: as they come */
    void *baton;
    int narrow;             /**< take little into the socket */
    /** Called with each recipient of a message that came; NULL: not. */
    void (*took)(void *baton, const char *user);

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    int held;             /* final replies are */
    int finals;           /* whole contents seen: the dot, the last byte */
    int mails;            /* MAIL commands */
    int quits;
} echo_t;

/** Begin with nothing special: no extensions. */
void echo_init(echo_t *echo);

/** Free what echo_init() made. */
void echo_end(echo_t *echo);

/** A peer_fn_t whose baton is an echo_t. */
void echo_serve(peer_conn_t *conn, void *baton);

/** Hold final replies back, or let them go. */
void echo_hold(echo_t *echo, int hold);

/** Wait until @a count contents came, at most 20 s; return how many did. */
int echo_finals(echo_t *echo, int count);

/** Wait until @a count MAIL commands came, at most 20 s; return how many. */
int echo_mails(echo_t *echo, int count);

/** Return how many QUIT commands came. */
int echo_quits(echo_t *echo);

#endif
