/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_PROTO_SESSION_INT_H
#define SMTPC_PROTO_SESSION_INT_H

/**
 * @file session_int.h
 * The inside of a session, for session*.c and steps.c alone.
 *
 * Two cursors move over one table of steps. The *state* is the step whose
 * reply is due: replies move it, through smtpc__session_enter() only. The
 * *cursor* is the step to be sent next: smtpc__session_pull() moves it as far
 * as the window of open reply slots lets it. In lock step the window is one
 * slot; with PIPELINING it is SMTPC_LIMIT_SLOTS, and nothing else changes.
 */

#include "base/buf.h"
#include "base/limits.h"
#include "proto/command.h"
#include "proto/dot.h"
#include "proto/reply_parser.h"
#include "proto/sasl.h"
#include "proto/session.h"
#include "proto/terms.h"

/** Bytes of content read from the source at a time. */
#define SMTPC_CONTENT_BLOCK (SMTPC_LIMIT_OUTPUT_BUFFER / 2)
/** Free bytes below which no more content is put into the output. */
#define SMTPC_CONTENT_ROOM 2048

/** The steps of a session; rows of smtpc__steps. */
typedef enum {
    SMTPC_STEP_GREETING, /**< the server speaks first */
    SMTPC_STEP_EHLO,
    SMTPC_STEP_HELO,
    SMTPC_STEP_STARTTLS,
    SMTPC_STEP_TLS,      /**< the handshake, done by others */
    SMTPC_STEP_AUTH,     /**< AUTH command */
    SMTPC_STEP_SASL,     /**< response to a challenge */
    SMTPC_STEP_CANCEL,   /**< "*" */
    SMTPC_STEP_READY,    /**< no transaction, nothing outstanding */
    SMTPC_STEP_MAIL,
    SMTPC_STEP_RCPT,
    SMTPC_STEP_DATA,
    SMTPC_STEP_CONTENT,  /**< content on its way, terminator not all sent */
    SMTPC_STEP_END,      /**< terminator sent, final reply due */
    SMTPC_STEP_RSET,
    SMTPC_STEP_QUIT,
    SMTPC_STEP_UNASKED,  /**< a reply nobody asked for: 421 or a fault */
    SMTPC_STEP_CLOSED,   /**< the end */
    SMTPC_STEP_COUNT
} smtpc_step_e;

/** No step: nothing is to be sent. */
#define SMTPC_STEP_NONE SMTPC_STEP_COUNT

/** An outstanding reply. */
typedef struct smtpc_slot_t {
    smtpc_step_e step;    /**< whose reply it takes */
    apr_size_t index;     /**< the recipient, for RCPT */
    apr_uint64_t offset;  /**< the reply is due once this many bytes were
                               sent in all */
} smtpc_slot_t;

/** Send the command of a step: append to session->out, open its slot, move
 *  the cursor. A failure ends the session. */
typedef apr_status_t (*smtpc_send_fn_t)(smtpc_session_t *session);

/** Act upon @a reply to what @a slot stands for. */
typedef void (*smtpc_reply_fn_t)(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);

/** A row of the state table. */
typedef struct smtpc_step_t {
    const char *name;             /**< for the log */
    smtpc_stage_e stage;          /**< SMTPC_STAGE_COUNT: stays as it was */
    apr_interval_time_t timeout;  /**< for its reply, or to get it sent */
    unsigned int successors;      /**< bits of smtpc_step_e; UNASKED and
                                       CLOSED may follow any */
    apr_size_t room;              /**< free output that send needs */
    int in_window;                /**< send opens a slot */
    int own_421;                  /**< its functions see 421 themselves */
    smtpc_send_fn_t send;         /**< NULL: sends nothing */
    smtpc_reply_fn_t positive;    /**< by class of reply; NULL: the reply */
    smtpc_reply_fn_t intermediate; /**< breaks the protocol */
    smtpc_reply_fn_t transient;
    smtpc_reply_fn_t permanent;
} smtpc_step_t;

/** The state table. */
extern const smtpc_step_t smtpc__steps[SMTPC_STEP_COUNT];

/** The transaction under way. */
typedef struct smtpc_tx_t {
    smtpc_transaction_t given;
    int active;             /**< begun, and READY not reached again */
    int settled;            /**< the result is complete: hands off */
    int mail_ok;            /**< the server has a transaction open */
    smtpc_terms_t terms;    /**< parameters of MAIL and RCPT */
    apr_size_t count;       /**< recipients */
    apr_size_t offered;     /**< of them, RCPT composed */
    apr_size_t answered;    /**< of them, reply seen */
    apr_size_t accepted;    /**< of them, with 2xx */
    apr_size_t deferred;    /**< of them, with 4xx */
    smtpc_dot_t dot;
    int has_content;        /**< 354 was seen; offsets below are valid */
    int has_dot;            /**< the terminator was composed */
    apr_uint64_t content_offset; /**< of the first byte of content */
    apr_uint64_t dot_offset;     /**< of the first byte of the terminator */
    apr_uint64_t end_offset;     /**< one past its last byte */
} smtpc_tx_t;

/** The AUTH exchange under way. */
typedef struct smtpc_auth_t {
    apr_pool_t *pool;       /**< of this attempt; NULL: none */
    smtpc_sasl_t *sasl;
    unsigned int mechanism;
    unsigned int excluded;  /**< mechanisms that were refused */
    int rounds;             /**< challenges seen */
    const void *response;   /**< to be sent next; NULL: none */
    apr_size_t response_len;
    int deferred;           /**< response is the initial one, which did not
                                 fit the AUTH line */
} smtpc_auth_t;

struct smtpc_session_t {
    apr_pool_t *pool;
    smtpc_env_t *env;
    const smtpc_server_t *server;
    smtpc_link_t link;

    smtpc_step_e state;
    smtpc_step_e cursor;
    smtpc_stage_e stage;
    smtpc_slot_t slots[SMTPC_LIMIT_SLOTS];  /* a ring */
    apr_size_t slot_first;
    apr_size_t slot_count;

    apr_pool_t *parser_pool;
    smtpc_reply_parser_t *parser;
    apr_pool_t *reply_pools[2];  /* the present reply's, and the next one's */
    int reply_pool;              /* index of the present one */
    const smtpc_reply_t *reply;
    apr_uint64_t replies;        /* taken so far */

    smtpc_buf_t out;
    apr_uint64_t sent;  /* bytes sent in all */
    int out_secret;     /* out holds or held a SASL response */
    char *block;        /* content as it comes from the source */

    smtpc_caps_t caps;
    int tls_refused;    /* opportunistic STARTTLS was refused: go on clear */
    smtpc_auth_t auth;
    smtpc_tx_t tx;
    apr_uint64_t transactions;  /* begun so far */

    apr_status_t status;
    const char *error;
};

/* session.c */

/** Make @a step the state: checks that it may follow, and logs it. The only
 *  place where the state is assigned. */
void smtpc__session_enter(smtpc_session_t *session, smtpc_step_e step);

/** Enter @a step and send its command next. */
void smtpc__session_start(smtpc_session_t *session, smtpc_step_e step);

/** Enter READY: the transaction, if any, is over. */
void smtpc__session_ready(smtpc_session_t *session);

/** Return the number of bytes composed so far, sent or not. */
apr_uint64_t smtpc__session_composed(const smtpc_session_t *session);

/** Open a slot for the reply to @a step, due when all that is composed by now
 *  was sent. */
void smtpc__session_open_slot(smtpc_session_t *session, smtpc_step_e step,
                              apr_size_t index);

/** Log the line that the output holds from offset @a before on; with @a mask,
 *  the log has that instead. */
void smtpc__session_log_sent(smtpc_session_t *session, apr_uint64_t before,
                             const char *mask);

/** Put the bare @a command out with a slot for @a step; nothing follows it. */
apr_status_t smtpc__session_send_bare(smtpc_session_t *session,
                                      smtpc_command_e command,
                                      smtpc_step_e step);

/** End the session with @a status and the formatted sentence. What is
 *  composed but not sent is dropped, the transaction settled. */
void smtpc__session_fail(smtpc_session_t *session, apr_status_t status,
                         const char *format, ...) SMTPC_PRINTF(3, 4);

/** As smtpc__session_fail() where the connection is in order: leaves QUIT as
 *  a last line to be pulled, whose answer nobody waits for. */
void smtpc__session_leave(smtpc_session_t *session, apr_status_t status,
                          const char *format, ...) SMTPC_PRINTF(3, 4);

/** Return "550 5.7.1 text" of the present reply, on one line, cut, valid
 *  until the next reply. */
const char *smtpc__session_said(const smtpc_session_t *session);

/** End the session because the present reply is none to @a slot's command. */
void smtpc__session_unexpected(smtpc_session_t *session,
                               const smtpc_slot_t *slot,
                               const smtpc_reply_t *reply);

/** Return non-zero if @a code is positive but belongs to other commands than
 *  those of a transaction (greeting, QUIT, AUTH, HELP): a sign of replies out
 *  of step. */
int smtpc__session_foreign(int code);

/* session_hello.c */

/** Compose EHLO and open its slot. */
apr_status_t smtpc__session_send_ehlo(smtpc_session_t *session);
/** Compose HELO and open its slot. */
apr_status_t smtpc__session_send_helo(smtpc_session_t *session);
/** Compose STARTTLS and open its slot. */
apr_status_t smtpc__session_send_starttls(smtpc_session_t *session);
/** Take a positive greeting. */
void smtpc__session_greeting_ok(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply);
/** Take a negative greeting. */
void smtpc__session_greeting_refused(smtpc_session_t *session,
                                     const smtpc_slot_t *slot,
                                     const smtpc_reply_t *reply);
/** Take a positive reply to EHLO or HELO. */
void smtpc__session_hello_ok(smtpc_session_t *session,
                             const smtpc_slot_t *slot,
                             const smtpc_reply_t *reply);
/** Take a negative reply to EHLO or HELO. */
void smtpc__session_hello_refused(smtpc_session_t *session,
                                  const smtpc_slot_t *slot,
                                  const smtpc_reply_t *reply);
/** Take a positive or intermediate reply to STARTTLS. */
void smtpc__session_starttls_ok(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply);
/** Take a negative reply to STARTTLS. */
void smtpc__session_starttls_refused(smtpc_session_t *session,
                                     const smtpc_slot_t *slot,
                                     const smtpc_reply_t *reply);

/* session_auth.c */

/** Log in if the profile has credentials, else READY. */
void smtpc__session_login(smtpc_session_t *session);
/** Forget the exchange, wiping it. */
void smtpc__session_auth_end(smtpc_session_t *session);
/** Compose AUTH and open its slot. */
apr_status_t smtpc__session_send_auth(smtpc_session_t *session);
/** Compose the response to a challenge. */
apr_status_t smtpc__session_send_sasl(smtpc_session_t *session);
/** Compose "*", which gives up AUTH. */
apr_status_t smtpc__session_send_cancel(smtpc_session_t *session);
/** Take a positive reply to AUTH or a response. */
void smtpc__session_auth_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a challenge. */
void smtpc__session_challenge(smtpc_session_t *session,
                              const smtpc_slot_t *slot,
                              const smtpc_reply_t *reply);
/** Take a negative reply to AUTH or a response. */
void smtpc__session_auth_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** Take the reply to "*". */
void smtpc__session_cancelled(smtpc_session_t *session,
                              const smtpc_slot_t *slot,
                              const smtpc_reply_t *reply);

/* session_mail.c */

/** Settle the transaction, if it is not yet, because the session ends with
 *  @a status and the sentence @a why. */
void smtpc__session_tx_broken(smtpc_session_t *session, apr_status_t status,
                              const char *why);
/** Look whether the terminator is sent by now. */
void smtpc__session_tx_sent(smtpc_session_t *session);
/** Compose MAIL and open its slot. */
apr_status_t smtpc__session_send_mail(smtpc_session_t *session);
/** Compose RCPT for the next recipient. */
apr_status_t smtpc__session_send_rcpt(smtpc_session_t *session);
/** Compose DATA and open its slot. */
apr_status_t smtpc__session_send_data(smtpc_session_t *session);
/** Put as much content out as there is room for. */
apr_status_t smtpc__session_send_content(smtpc_session_t *session);
/** Compose RSET and open its slot. */
apr_status_t smtpc__session_send_rset(smtpc_session_t *session);
/** Take a positive reply to MAIL. */
void smtpc__session_mail_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to MAIL. */
void smtpc__session_mail_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** Take a positive reply to RCPT. */
void smtpc__session_rcpt_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to RCPT. */
void smtpc__session_rcpt_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** Take an intermediate reply to DATA. */
void smtpc__session_data_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to DATA. */
void smtpc__session_data_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** Take a positive final reply. */
void smtpc__session_end_ok(smtpc_session_t *session,
                           const smtpc_slot_t *slot,
                           const smtpc_reply_t *reply);
/** Take a negative final reply. */
void smtpc__session_end_refused(smtpc_session_t *session,
                                const smtpc_slot_t *slot,
                                const smtpc_reply_t *reply);
/** Take a positive reply to RSET. */
void smtpc__session_rset_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to RSET. */
void smtpc__session_rset_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);

/* session_close.c */

/** Compose QUIT and open its slot. */
apr_status_t smtpc__session_send_quit(smtpc_session_t *session);
/** Take any reply to QUIT: the end. */
void smtpc__session_quit_answered(smtpc_session_t *session,
                                  const smtpc_slot_t *slot,
                                  const smtpc_reply_t *reply);
/** Take a reply nobody asked for. */
void smtpc__session_unasked(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);

#endif
