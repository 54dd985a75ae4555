/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_PEER_H
#define T_SUPPORT_PEER_H

/**
 * @file peer.h
 * A server for tests: threads on a port of 127.0.0.1 that the kernel chose.
 * Every connection gets a thread that runs a function of the test, or the
 * small SMTP server below.
 */

#include <pthread.h>
#include <stddef.h>

#include <openssl/ssl.h>

/** A server. */
typedef struct peer_t peer_t;
/** One of its connections. */
typedef struct peer_conn_t peer_conn_t;

/** Serve one connection; it is closed on return. */
typedef void (*peer_fn_t)(peer_conn_t *conn, void *baton);

/** Start a server that runs @a fn with @a baton for each connection. Ends
 *  the test if it cannot. */
peer_t *peer_start(peer_fn_t fn, void *baton);

/** Start one on a Unix socket instead, with a path of its own. */
peer_t *peer_start_unix(peer_fn_t fn, void *baton);

/** Cut all connections, end all threads, free everything. */
void peer_stop(peer_t *peer);

/** Return the port. */
int peer_port(const peer_t *peer);

/** Return the path of the Unix socket. */
const char *peer_path(const peer_t *peer);

/** Return how many connections were accepted so far. */
int peer_accepted(peer_t *peer);

/** Wait until all connections accepted so far have ended, at most 10 s;
 *  return non-zero if they have. */
int peer_quiet(peer_t *peer);

/** Return how many lines that begin with @a start (any case) came so far, on
 *  all connections. Only what peer_read_line() read counts. */
int peer_heard(peer_t *peer, const char *start);

/** Return the number of this connection, 0 for the first. */
int peer_conn_index(const peer_conn_t *conn);

/** Put the IPv4 address that the client comes from into @a text. */
void peer_client(const peer_conn_t *conn, char *text, size_t size);

/** Send the formatted text and CRLF; zero if the client has gone. */
int peer_say(peer_conn_t *conn, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Send @a len bytes; zero if the client has gone. */
int peer_send(peer_conn_t *conn, const void *data, size_t len);

/** Read up to @a size bytes; their number, or 0 at the end. */
size_t peer_read(peer_conn_t *conn, void *data, size_t size);

/** Read one byte, out of a buffer; zero at the end. */
int peer_read_byte(peer_conn_t *conn, char *byte);

/** Read a line without its CRLF into @a line; zero at the end. */
int peer_read_line(peer_conn_t *conn, char *line, size_t size);

/** The same for a line of content, which is not remembered. */
int peer_read_raw_line(peer_conn_t *conn, char *line, size_t size);

/** Read and forget until the client closes or peer_stop() is called. */
void peer_wait_end(peer_conn_t *conn);

/** Read nothing until the client has gone or peer_stop() is called. */
void peer_wait_hangup(peer_conn_t *conn);

/** Do a TLS handshake as server; zero if it failed. */
int peer_tls(peer_conn_t *conn, SSL_CTX *context);

/** Send one more session ticket of TLS 1.3, a record without data; zero if the
 *  client has gone. */
int peer_ticket(peer_conn_t *conn);

/** Return its TLS, or NULL. */
SSL *peer_ssl(peer_conn_t *conn);

/** Say no more, but go on listening. */
void peer_half_close(peer_conn_t *conn);

/** End the connection with a reset. */
void peer_reset(peer_conn_t *conn);

/** Close without close_notify even though TLS is up. */
void peer_cut(peer_conn_t *conn);

/** Send each thing that is said at once, as a segment of its own. */
void peer_prompt(peer_conn_t *conn);

/** Let the system take only a little of what the client sends before it is
 *  read here. */
void peer_narrow(peer_conn_t *conn);

/** An answer of the SMTP server to lines that begin with `start`. */
typedef struct peer_answer_t {
    const char *start;
    /** What to say. "!close" closes, "!reset" resets, "!cut" closes without
     *  close_notify, "!silent" says nothing ever again. "" is no answer. */
    const char *say;
} peer_answer_t;

/** The small SMTP server: run it as peer_smtp_serve() with one of these. */
typedef struct peer_smtp_t {
    const char *greeting;   /**< NULL: "220 peer ESMTP"; see `say` above */
    const char *extensions; /**< lines of EHLO separated by '\n', or NULL */
    SSL_CTX *tls;           /**< with it STARTTLS works */
    int implicit;           /**< TLS from the first byte */
    const char *login;      /**< base64 that AUTH PLAIN must give, or NULL */
    /** Answers lines that begin with AUTH, or NULL; zero is the end. */
    int (*auth)(peer_conn_t *conn, const char *line, void *baton);
    void *auth_baton;
    const peer_answer_t *answers; /**< up to one without start, or NULL */
    int max_messages;       /**< per connection, then 421; 0: no limit */
    /* What came; read it after peer_quiet() or peer_stop(). */
    int messages;           /**< accepted */
    unsigned long long bytes; /**< of content */
    char last[65536];       /**< the last content, as far as it fits */
    pthread_mutex_t lock;
} peer_smtp_t;

/** Make @a smtp a server with nothing special. */
void peer_smtp_init(peer_smtp_t *smtp);

/** A peer_fn_t whose baton is a peer_smtp_t. */
void peer_smtp_serve(peer_conn_t *conn, void *baton);

#endif
