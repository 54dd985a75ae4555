/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BENCH_SINK_H
#define SMTPC_BENCH_SINK_H

/**
 * @file sink.h
 * What the parts of the sink share: sink.c has the sockets, sink_smtp.c the
 * protocol, sink_tls.c OpenSSL.
 */

#include <openssl/ssl.h>

#include "sink_hash.h"

/** The longest line of a command. */
#define SINK_LINE 16384

/** What was asked for on the command line. */
typedef struct sink_opts_t {
    int port;
    int pipelining;
    int chunking;
    int single;     /**< each reply in a send() of its own */
    int nagle;      /**< TCP_NODELAY is not set */
    long delay_us;  /**< from arrival to handling */
    long spin_us;   /**< look again and again for so long before waiting */
    uint64_t expect; /**< the hash that bodies should have, or 0 */
    const char *cert_file; /**< offer STARTTLS, and write the certificate */
} sink_opts_t;

/** What is printed in the end. */
typedef struct sink_counts_t {
    unsigned long messages;
    unsigned long intact;  /**< with the hash expected */
    unsigned long odd;     /**< with another hash than the first */
    unsigned long bytes;   /**< received, inside of TLS */
    unsigned long connections;
    unsigned long bursts;  /**< pieces read; each is answered by itself */
    unsigned long handshakes;
    unsigned long resumed;
    unsigned long logins;
    unsigned long errors;  /**< commands out of order or unknown */
    uint64_t first;        /**< hash of the first body */
    uint64_t sum;          /**< of all hashes */
} sink_counts_t;

/** What the next byte of a connection belongs to. */
typedef enum {
    TAKE_COMMAND,
    TAKE_LOGIN, /**< a line of AUTH */
    TAKE_DATA,
    TAKE_CHUNK
} take_e;

/** A connection. */
typedef struct conn_t {
    struct conn_t *next; /**< of those that are over */
    int fd; /**< -1: closed, but pieces of it wait for their time */
    int waiting; /**< pieces that wait */
    int writing; /**< epoll was asked when it can be written to */
    SSL *ssl;
    int secured; /**< the handshake was counted */
    int want_tls; /**< as soon as the reply is out */
    int over;     /**< after QUIT */
    take_e take;
    int login_lines; /**< of AUTH, still to come */
    int has_mail;
    int has_rcpt;
    char line[SINK_LINE]; /**< the beginning of a line that is not complete */
    size_t line_len;
    int in_message;     /**< its first byte or chunk was announced */
    int in_body;        /**< the header's empty line was seen */
    size_t header_line; /**< bytes of its line so far */
    int edge;           /**< see sink_smtp.c */
    unsigned long chunk_left;
    int chunk_last;
    hash_t hash;
    char *out; /**< replies not sent yet */
    size_t out_len;
    size_t out_room;
} conn_t;

/** The server. */
typedef struct sink_t {
    sink_opts_t opts;
    sink_counts_t counts;
    SSL_CTX *tls;
    int epoll;
    conn_t *dead; /**< connections to be freed */
} sink_t;

/** Take the @a len bytes at @a data, which came over @a conn. */
void smtp_take(sink_t *sink, conn_t *conn, const char *data, size_t len);

/** Answer @a text on @a conn, now or with other replies. */
void sink_reply(sink_t *sink, conn_t *conn, const char *text);

/** Make a key and a certificate for 127.0.0.1 and localhost, and write the
 *  latter to the file of @a sink. */
void tls_set_up(sink_t *sink);

/** Begin TLS on @a conn. */
void tls_begin(sink_t *sink, conn_t *conn);

/** As read() from @a conn: -1 is nothing yet, 0 the end. */
long tls_read(sink_t *sink, conn_t *conn, char *buf, size_t len);

/** As write() to @a conn: -1 is not now, -2 a failure. */
long tls_write(conn_t *conn, const char *data, size_t len);

/** End TLS on @a conn. */
void tls_end(conn_t *conn);

/** Print @a what went wrong and end the program. */
_Noreturn void sink_die(const char *what);

#endif
