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
 *
 * Transactions are in a ring in the order they began: the cursor composes the
 * newest of them, replies settle the others one after the other.
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
#define SMTPC_CONTENT_BLOCK (SMTPC_LIMIT_SESSION_BUFFER / 2)
/** Free bytes below which no more content is put into the output. */
#define SMTPC_CONTENT_ROOM 2048
/** Transactions in the ring; one more than can be under way, so that a new
 *  one never meets the oldest. */
#define SMTPC_RING (SMTPC_LIMIT_PIPELINE_DEPTH + 1)

/** The steps of a session; rows of smtpc__steps. */
typedef enum {
    SMTPC_STEP_GREETING, /**< the server speaks first */
    SMTPC_STEP_EHLO,     /**< or LHLO */
    SMTPC_STEP_HELO,
    SMTPC_STEP_STARTTLS,
    SMTPC_STEP_TLS,      /**< the handshake, done by others */
    SMTPC_STEP_XCLIENT,
    SMTPC_STEP_WORK,     /**< a step of SASL that takes long, done by others */
    SMTPC_STEP_AUTH,     /**< AUTH command */
    SMTPC_STEP_SASL,     /**< response to a challenge */
    SMTPC_STEP_CANCEL,   /**< "*" */
    SMTPC_STEP_READY,    /**< no transaction, nothing outstanding */
    SMTPC_STEP_MAIL,
    SMTPC_STEP_RCPT,
    SMTPC_STEP_DATA,
    SMTPC_STEP_BDAT,     /**< a chunk that is not the last */
    SMTPC_STEP_CONTENT,  /**< content on its way, its end not all sent */
    SMTPC_STEP_END,      /**< all content sent, final reply due */
    SMTPC_STEP_RSET,
    SMTPC_STEP_ASK,      /**< a single command that was asked for */
    SMTPC_STEP_QUIT,
    SMTPC_STEP_UNASKED,  /**< a reply nobody asked for: 421 or a fault */
    SMTPC_STEP_CLOSED,   /**< the end */
    SMTPC_STEP_COUNT
} smtpc_step_e;

/** No step: nothing is to be sent. */
#define SMTPC_STEP_NONE SMTPC_STEP_COUNT

/** A transaction under way. */
typedef struct smtpc_tx_t {
    smtpc_transaction_t given;
    smtpc_terms_t terms;    /**< what this server makes of its envelope */
    int undecided;          /**< declined by what is only guessed */
    int settled;            /**< the result is complete: hands off */
    int composed;           /**< nothing of it is to be sent any more */
    int over;               /**< and no reply is outstanding: take it back */
    int held;               /**< content waits for the envelope's replies */
    int chunked;            /**< BDAT, not DATA */
    int mail_ok;            /**< the server has a transaction open */
    int touched;            /**< a reply to it came */
    apr_size_t slots;       /**< replies outstanding */
    apr_size_t count;       /**< recipients */
    apr_size_t offered;     /**< of them, RCPT composed */
    apr_size_t answered;    /**< of them, reply seen */
    apr_size_t accepted;    /**< of them, with 2xx */
    apr_size_t deferred;    /**< of them, with 4xx */
    apr_size_t ends;        /**< final replies outstanding: LMTP has one for
                                 each recipient it accepted */
    smtpc_dot_t dot;
    int has_content;        /**< content_offset is valid */
    int has_end;            /**< doubt_offset and end_offset are */
    int sent;               /**< the end was sent */
    apr_off_t read;         /**< bytes read from the source */
    apr_off_t payload;      /**< bytes of content composed in chunks */
    apr_uint64_t chunk_end; /**< one past the last byte of the last of them */
    apr_uint64_t content_offset; /**< of the first byte of content */
    apr_uint64_t doubt_offset; /**< of the first byte that, once sent, may
                                    get the message delivered */
    apr_uint64_t end_offset;   /**< one past the last byte */
} smtpc_tx_t;

/** An outstanding reply. */
typedef struct smtpc_slot_t {
    smtpc_step_e step;    /**< whose reply it takes */
    smtpc_tx_t *tx;       /**< of which transaction, or NULL */
    apr_size_t index;     /**< the recipient, by its place in the
                               transaction, for RCPT and END of LMTP */
    apr_uint64_t offset;  /**< the reply is due once this many bytes were
                               sent in all */
} smtpc_slot_t;

/** Send the command of a step: append to session->out, open its slot, move
 *  the cursor; or set session->wanted, if there is not room enough. A failure
 *  ends the session. */
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

/** The AUTH exchange under way. */
typedef struct smtpc_auth_t {
    smtpc_sasl_t *sasl;     /**< of this attempt; NULL: none */
    unsigned int mechanism;
    unsigned int excluded;  /**< mechanisms that were refused, or are weaker
                                 than one that was */
    int rounds;             /**< challenges seen */
    int refreshed;          /**< the token is the second of this login */
    int begun;              /**< AUTH was sent */
    int deferred;           /**< the response is the initial one, which did
                                 not fit the AUTH line */
    apr_status_t failed;    /**< of the step that led to "*" */
    const char *why;        /**< likewise */
} smtpc_auth_t;

/** The single command under way. */
typedef struct smtpc_asked_t {
    smtpc_ask_e command;
    const char *argument;   /**< or NULL */
    smtpc_result_t *result; /**< NULL: none is under way */
} smtpc_asked_t;

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
    apr_size_t wanted;  /* free output the cursor waits for, beyond room */
    apr_uint64_t sent;  /* bytes sent in all */
    int out_secret;     /* out holds or held a SASL response */
    char *block;        /* content as it comes from the source */

    smtpc_caps_t caps;
    smtpc_caps_t early; /* what it offered the last time, if guessing */
    int guessing;       /* caps are early's: no EHLO reply yet */
    int tls_refused;    /* opportunistic STARTTLS was refused: go on clear */
    int introduced;     /* XCLIENT was accepted */
    smtpc_auth_t auth;
    smtpc_asked_t asked;
    smtpc_tx_t ring[SMTPC_RING];
    apr_size_t tx_first;        /* the oldest */
    apr_size_t tx_count;        /* not taken back */
    apr_size_t tx_sent;         /* of them, from the oldest on, with all sent
                                   or nothing to be sent */
    apr_size_t tx_under_way;    /* of them, not over */
    apr_uint64_t transactions;  /* begun so far */
    int goodbye;                /* 421 answered a command: the server did not
                                   look at what is behind it */
    const smtpc_tx_t *goodbye_tx; /* and it was a final reply of this one */

    apr_status_t status;
    const char *error;
};

/* session.c */

/** Make @a step the state: checks that it may follow, and logs it. The only
 *  place where the state is assigned. */
void smtpc__session_enter(smtpc_session_t *session, smtpc_step_e step);

/** Enter @a step and send its command next. */
void smtpc__session_start(smtpc_session_t *session, smtpc_step_e step);

/** Enter the state that follows from slots and cursor: what is waited for,
 *  what is to be sent, or READY. */
void smtpc__session_settle_state(smtpc_session_t *session);

/** Return the number of bytes composed so far, sent or not. */
apr_uint64_t smtpc__session_composed(const smtpc_session_t *session);

/** Open a slot for the reply to @a step of @a tx (NULL: of none), due when all
 *  that is composed by now was sent. */
void smtpc__session_open_slot(smtpc_session_t *session, smtpc_step_e step,
                              smtpc_tx_t *tx, apr_size_t index);

/** Put @a slot, the reply to which was just taken, back in front for the next
 *  reply to the same command, which is about @a index. */
void smtpc__session_reopen_slot(smtpc_session_t *session,
                                const smtpc_slot_t *slot, apr_size_t index);

/** Return the number of free bytes of output. */
apr_size_t smtpc__session_free(const smtpc_session_t *session);

/** Log a line of side 'C' or 'S', and give it to the transcript. */
void smtpc__session_log(smtpc_session_t *session, char side,
                        const char *format, ...) SMTPC_PRINTF(3, 4);

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
 *  a last line to be pulled, whose answer nobody waits for, unless something
 *  was dropped that may be half sent. */
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
/** Take what smtpc__sasl_run() left. */
void smtpc__session_auth_worked(smtpc_session_t *session);
/** Compose AUTH and open its slot. */
apr_status_t smtpc__session_send_auth(smtpc_session_t *session);
/** Compose the response to a challenge. */
apr_status_t smtpc__session_send_sasl(smtpc_session_t *session);
/** Compose "*", which gives up AUTH. */
apr_status_t smtpc__session_send_cancel(smtpc_session_t *session);
/** Return @a reply, which @a slot takes, or if a login is under way and the
 *  server repeats the secret, in clear or in base64, a copy of it with "***" in
 *  its place; where nobody asked, in place of all text. It lives as long as
 *  @a reply. */
const smtpc_reply_t *smtpc__session_auth_clean(smtpc_session_t *session,
                                               const smtpc_slot_t *slot,
                                               const smtpc_reply_t *reply);
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

/** Take a positive reply to XCLIENT. */
void smtpc__session_xclient_ok(smtpc_session_t *session,
                               const smtpc_slot_t *slot,
                               const smtpc_reply_t *reply);
/** Take a negative reply to XCLIENT. */
void smtpc__session_xclient_refused(smtpc_session_t *session,
                                    const smtpc_slot_t *slot,
                                    const smtpc_reply_t *reply);
/** Compose XCLIENT and open its slot. */
apr_status_t smtpc__session_send_xclient(smtpc_session_t *session);

/* session_tx.c */

/** Return the transaction that the cursor composes: the newest. */
smtpc_tx_t *smtpc__session_newest(smtpc_session_t *session);
/** Settle all transactions that are not yet, because the session ends with
 *  @a status and the sentence @a why. */
void smtpc__session_broken(smtpc_session_t *session, apr_status_t status,
                           const char *why);
/** Look whose content is sent by now. */
void smtpc__session_tx_sent(smtpc_session_t *session);
/** @a tx was refused as a whole, in reply to @a command: settle it. */
void smtpc__session_tx_refused(smtpc_session_t *session, smtpc_tx_t *tx,
                               const char *command);
/** Settle all recipients of @a tx that were not refused one by one with
 *  @a state and the present reply. */
void smtpc__session_tx_settle(smtpc_session_t *session, smtpc_tx_t *tx,
                              smtpc_rcpt_state_e state);
/** Set recipient @a i of @a tx to @a state by the present reply. */
void smtpc__session_tx_recipient(smtpc_session_t *session, smtpc_tx_t *tx,
                                 apr_size_t i, smtpc_rcpt_state_e state);
/** Settle @a tx, which cannot be sent for a reason of ours: all its
 *  recipients are @a state, and the result says @a why. */
void smtpc__session_tx_decline(smtpc_session_t *session, smtpc_tx_t *tx,
                               apr_status_t status, smtpc_rcpt_state_e state,
                               const char *why);
/** A reply to @a tx (NULL: to none) was dealt with, or it was settled: see
 *  whether it is over and what comes next. */
void smtpc__session_tx_advance(smtpc_session_t *session, smtpc_tx_t *tx);
/** What was guessed of the server is so: decide what waited for that. */
void smtpc__session_tx_guessed(smtpc_session_t *session);
/** Nothing more of @a tx is to be sent. */
void smtpc__session_tx_composed(smtpc_session_t *session, smtpc_tx_t *tx);
/** Return where recipient @a i of @a tx is in its envelope and result. */
apr_size_t smtpc__session_tx_index(const smtpc_tx_t *tx, apr_size_t i);
/** Return what @a code says of when to try again: SMTPC_ETEMP or
 *  SMTPC_EREJECTED. */
apr_status_t smtpc__session_refusal(int code);
/** Return what an operator can do about a refusal with @a code, or "". */
const char *smtpc__session_advice(const smtpc_session_t *session, int code);
/** Compose RSET and open its slot. */
apr_status_t smtpc__session_send_rset(smtpc_session_t *session);
/** Take a positive reply to RSET. */
void smtpc__session_rset_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to RSET. */
void smtpc__session_rset_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);

/* session_mail.c */

/** Compose MAIL and open its slot. */
apr_status_t smtpc__session_send_mail(smtpc_session_t *session);
/** Compose RCPT for the next recipient. */
apr_status_t smtpc__session_send_rcpt(smtpc_session_t *session);
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

/* session_content.c */

/** Compose DATA and open its slot. */
apr_status_t smtpc__session_send_data(smtpc_session_t *session);
/** Put as much content out as there is room for. */
apr_status_t smtpc__session_send_content(smtpc_session_t *session);
/** Compose BDAT with as much content as there is room for. */
apr_status_t smtpc__session_send_bdat(smtpc_session_t *session);
/** Take an intermediate reply to DATA. */
void smtpc__session_data_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to DATA. */
void smtpc__session_data_refused(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** Take a positive reply to a chunk. */
void smtpc__session_bdat_ok(smtpc_session_t *session,
                            const smtpc_slot_t *slot,
                            const smtpc_reply_t *reply);
/** Take a negative reply to a chunk. */
void smtpc__session_bdat_refused(smtpc_session_t *session,
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

/* session_ask.c */

/** Compose the command that was asked for and open its slot. */
apr_status_t smtpc__session_send_ask(smtpc_session_t *session);
/** Take any reply to it. */
void smtpc__session_ask_answered(smtpc_session_t *session,
                                 const smtpc_slot_t *slot,
                                 const smtpc_reply_t *reply);
/** The session ends: so does the command under way, if one is. */
void smtpc__session_ask_broken(smtpc_session_t *session, apr_status_t status,
                               const char *why);

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
