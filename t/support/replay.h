/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_REPLAY_H
#define T_REPLAY_H

/**
 * @file replay.h
 * The scripted peer: dialogues in text files that are replayed against a
 * session, or through replay_transport.h against a connection.
 *
 * A file holds cases. Blank lines and lines with '#' in front are skipped:
 *
 *   === name                 begins a case
 *   set name=value           for whoever runs the case, see replay_value()
 *   set-raw name=value       the same with \r \n \t \\ \xNN
 *   S: 250 ok                the server says the line and CRLF
 *   S-raw: 250 ok\r\n        the server says these bytes; \r \n \t \0 \\ \xNN
 *   S-early: 550 no          as S, while the client has more to write
 *   C: DATA                  the client must say exactly this and CRLF
 *   C-raw: a\r\n             the client must say exactly these bytes
 *   TLS                      the client must want TLS, and gets it
 *   WORK                     the client must want to do a long step of SASL,
 *                            and does it
 *   SEND                     the next transaction begins
 *   ROOM 1                   smtpc__session_room() says so
 *   ASK NOOP text            the owner calls smtpc__session_ask()
 *   QUIT                     the owner calls smtpc__session_quit()
 *   EOF                      the server closes the connection
 *   TIMEOUT                  the owner's deadline passes
 *   expect what ...          for whoever runs the case
 *
 * Lines of the server that follow each other are one segment when whole
 * segments are delivered. Macros for what most cases share:
 *
 *   HELLO cap; cap           greeting, EHLO and its reply with these lines
 *   LHELLO cap; cap          the same with LHLO
 *   EHLO cap; cap            EHLO and its reply
 *   ENVELOPE                 SEND, MAIL and RCPT, both accepted
 *   DATA                     DATA, 354, the content of REPLAY_CONTENT
 *   MESSAGE                  ENVELOPE, DATA and a positive final reply
 *   ENVELOPE-DATA            the client says MAIL, RCPT and DATA
 *   CONTENT                  the client says REPLAY_CONTENT and the dot
 *   CHUNKED                  the client says MAIL, RCPT and all by BDAT
 *   BYE                      QUIT and its reply
 */

#include <apr_tables.h>

#include "proto/session.h"

/** Sender, recipient and content that the macros expect. */
#define REPLAY_CLIENT "client.example.org"
#define REPLAY_FROM "web@example.org"
#define REPLAY_TO "ann@example.net"
#define REPLAY_CONTENT "Subject: hi\r\n\r\nHello\r\n"

/** What a line of a script says. */
typedef enum {
    REPLAY_SERVER,
    REPLAY_SERVER_EARLY,
    REPLAY_CLIENT_SAYS,
    REPLAY_TLS,
    REPLAY_WORK,
    REPLAY_SEND,
    REPLAY_ROOM,
    REPLAY_ASK,
    REPLAY_QUIT,
    REPLAY_EOF,
    REPLAY_TIMEOUT
} replay_kind_e;

/** One event. */
typedef struct replay_event_t {
    replay_kind_e kind;
    const char *data;  /**< of SERVER and CLIENT_SAYS; text of ROOM, ASK */
    apr_size_t len;
    int line;          /**< in the file */
} replay_event_t;

/** One case. */
typedef struct replay_case_t {
    const char *name;
    apr_array_header_t *events;  /**< replay_event_t */
    apr_table_t *values;         /**< of set */
    apr_array_header_t *expects; /**< const char *: what follows "expect " */
} replay_case_t;

/** Return the cases (replay_case_t *) in @a text; bails out on a mistake. */
apr_array_header_t *replay_parse(const char *text, const char *name,
                                 apr_pool_t *pool);

/** Return the cases in t/scripts/@a name below $TOP_SRCDIR or ".". */
apr_array_header_t *replay_load(const char *name, apr_pool_t *pool);

/** Return what the case sets @a name to, or @a otherwise. */
const char *replay_value(const replay_case_t *script, const char *name,
                         const char *otherwise);

/** Return @a len bytes at @a data as in a script, quoted. */
const char *replay_quote(const char *data, apr_size_t len, apr_pool_t *pool);

/** How the bytes are cut on their way to the session. */
typedef enum {
    REPLAY_WHOLE,   /**< segments as the script has them */
    REPLAY_BY_LINE, /**< line by line */
    REPLAY_BY_BYTE, /**< byte by byte, both ways */
    REPLAY_CUT_COUNT
} replay_cut_e;

/** Return the name of @a cut. */
const char *replay_cut_name(replay_cut_e cut);

/** Who owns the session. */
typedef struct replay_owner_t {
    /** SEND: begin the next transaction. */
    void (*send)(void *baton, smtpc_session_t *session);
    /** ASK: call smtpc__session_ask() for @a text. */
    void (*ask)(void *baton, smtpc_session_t *session, const char *text);
    /** TLS: what smtpc__session_secured() is told. */
    smtpc_link_t secured;
    void *baton;
} replay_owner_t;

/** Replay @a script against @a session; return NULL if all went as written,
 *  else one line that says where and how not. */
const char *replay_session(smtpc_session_t *session,
                           const replay_case_t *script, replay_cut_e cut,
                           const replay_owner_t *owner, apr_pool_t *pool);

#endif
