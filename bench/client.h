/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BENCH_CLIENT_H
#define SMTPC_BENCH_CLIENT_H

/**
 * @file client.h
 * What the programs of the send suite share: arguments, the mail that they
 * send, the stop watch, and the line of JSON that they print.
 */

#include <stddef.h>

/** Of every mail, in the envelope. */
#define CLIENT_FROM "bench@example.com"
#define CLIENT_TO "sink@test.example"

/** What was asked for, as NAME=VALUE on the command line. */
typedef struct client_t {
    const char *mode;  /**< what to do, in the words of README */
    long port;         /**< on 127.0.0.1 */
    long messages;
    long warmup;       /**< messages before the stop watch starts */
    long connections;
    long bytes;        /**< of an attachment */
    long per_connection; /**< messages over one connection at most, 0: any */
    const char *cert;  /**< CA for STARTTLS, or NULL */
    char *mail;        /**< header and body with CRLF, or NULL */
    size_t mail_len;
    double wall_s;
    double cpu_s;      /**< of all threads */
} client_t;

/** Read the arguments, and the file that mail= names. */
void client_args(client_t *client, int argc, char **argv);

/** Return where the body of the mail begins. */
const char *client_body(const client_t *client);

/** Start the stop watch. */
void client_start(client_t *client);

/** Stop it. */
void client_stop(client_t *client);

/** Print the line; @a more is further members, each with a comma in front. */
void client_print(const client_t *client, const char *more);

#endif
