/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_RESULT_H
#define SMTPC_RESULT_H

/**
 * @file result.h
 * What became of one message: how far it got, what the server said, and the
 * state of each recipient.
 *
 * A result lives in the pool given to the call that made it, is complete
 * when that call returns, and never changes afterwards. Texts of the server
 * have their control characters escaped.
 */

#include <smtpclient/status.h>

SMTPC_BEGIN_DECLS

/** The outcome of one message. */
typedef struct smtpc_result_t smtpc_result_t;

/** How far a send got. The order is that of the protocol. */
typedef enum {
    SMTPC_STAGE_NONE,     /**< nothing began */
    SMTPC_STAGE_RESOLVE,  /**< looking up the server's addresses */
    SMTPC_STAGE_CONNECT,  /**< opening the connection */
    SMTPC_STAGE_TLS,      /**< TLS handshake */
    SMTPC_STAGE_GREETING, /**< waiting for the 220 */
    SMTPC_STAGE_EHLO,     /**< EHLO or HELO */
    SMTPC_STAGE_STARTTLS, /**< STARTTLS */
    SMTPC_STAGE_AUTH,     /**< AUTH and its challenges */
    SMTPC_STAGE_MAIL,     /**< MAIL FROM */
    SMTPC_STAGE_RCPT,     /**< RCPT TO */
    SMTPC_STAGE_DATA,     /**< DATA */
    SMTPC_STAGE_CONTENT,  /**< sending the message itself */
    SMTPC_STAGE_END,      /**< waiting for the reply to the final dot */
    SMTPC_STAGE_RSET,     /**< RSET */
    SMTPC_STAGE_ASK,      /**< NOOP, HELP, VRFY, EXPN */
    SMTPC_STAGE_QUIT,     /**< QUIT */
    SMTPC_STAGE_STORE,    /**< writing to the pickup directory */
    SMTPC_STAGE_DONE,     /**< all over */
    SMTPC_STAGE_COUNT
} smtpc_stage_e;

/** What became of a recipient. */
typedef enum {
    SMTPC_RCPT_UNSENT,   /**< not delivered; the message never reached it */
    SMTPC_RCPT_REJECTED, /**< refused by the server, see code */
    SMTPC_RCPT_ACCEPTED, /**< the server took the message for it */
    SMTPC_RCPT_IN_DOUBT  /**< final dot sent, no valid answer seen */
} smtpc_rcpt_state_e;

/** One recipient. */
typedef struct smtpc_recipient_t {
    /** user@host as in the envelope, UTF-8. */
    const char *address;
    /** What became of it. */
    smtpc_rcpt_state_e state;
    /** The reply that decided it: three digits, or 0 if there was none. */
    int code;
    /** Its enhanced status code such as "5.1.1", or "". RFC 3463. */
    const char *enhanced;
    /** Its text, lines separated by '\n', or ours if there was no reply. */
    const char *text;
    /** Where it was decided. */
    smtpc_stage_e stage;
} smtpc_recipient_t;

/** When what was done, in microseconds since the operation began (monotonic
 *  clock); 0 for what was not reached or came with a kept connection. */
typedef struct smtpc_timings_t {
    apr_interval_time_t resolved;  /**< addresses known */
    apr_interval_time_t connected; /**< connection open */
    apr_interval_time_t secured;   /**< TLS established */
    apr_interval_time_t ready;     /**< EHLO and AUTH done */
    apr_interval_time_t envelope;  /**< envelope answered */
    apr_interval_time_t sent;      /**< last byte of the message written */
    apr_interval_time_t total;     /**< final reply seen, or given up */
} smtpc_timings_t;

/** Return the status of @a result: the same as the call returned. */
SMTPC_DECLARE(apr_status_t) smtpc_result_status(const smtpc_result_t *result);
/** Return the stage at which it was decided; DONE if all went. */
SMTPC_DECLARE(smtpc_stage_e) smtpc_result_stage(const smtpc_result_t *result);
/** Return the code of the last reply, or 0 if there was none. */
SMTPC_DECLARE(int) smtpc_result_code(const smtpc_result_t *result);
/** Return the enhanced code of the last reply, or "". */
SMTPC_DECLARE(const char *)
smtpc_result_enhanced(const smtpc_result_t *result);
/** Return all text lines of the last reply separated by '\n', or "". */
SMTPC_DECLARE(const char *) smtpc_result_text(const smtpc_result_t *result);
/** Return what went wrong in our words, or "" if nothing did. */
SMTPC_DECLARE(const char *) smtpc_result_error(const smtpc_result_t *result);
/** Return the id under which the server queued the message, or "". */
SMTPC_DECLARE(const char *)
smtpc_result_queue_id(const smtpc_result_t *result);
/** Return the Message-ID with its angle brackets, or "". */
SMTPC_DECLARE(const char *)
smtpc_result_message_id(const smtpc_result_t *result);
/** Return non-zero if sending the same message later may succeed and cannot
 *  duplicate it. */
SMTPC_DECLARE(int) smtpc_result_is_transient(const smtpc_result_t *result);
/** Return the host that was used as configured, or "" (pickup). */
SMTPC_DECLARE(const char *) smtpc_result_host(const smtpc_result_t *result);
/** Return "address:port" of the peer, or "" if there was none. */
SMTPC_DECLARE(const char *) smtpc_result_peer(const smtpc_result_t *result);
/** Return the TLS version such as "TLSv1.3", or "" if there was no TLS. */
SMTPC_DECLARE(const char *)
smtpc_result_tls_protocol(const smtpc_result_t *result);
/** Return the TLS cipher suite, or "". */
SMTPC_DECLARE(const char *)
smtpc_result_tls_cipher(const smtpc_result_t *result);
/** Return the keywords of the server's EHLO that are known here, separated by
 *  blanks, with their values ("SIZE=1000 8BITMIME AUTH=PLAIN,LOGIN"), or ""
 *  if it offered none or was not asked. */
SMTPC_DECLARE(const char *)
smtpc_result_capabilities(const smtpc_result_t *result);
/** Return the keywords of the extensions that the message asked for and was
 *  sent without because the server does not have them, separated by blanks
 *  ("DSN MT-PRIORITY"), or "". Those under SMTPC_POLICY_DEGRADE are named, see
 *  smtpc_message_set_policy(). @since 0.1 */
SMTPC_DECLARE(const char *) smtpc_result_dropped(const smtpc_result_t *result);
/** Return the file the message was written to (pickup), or "". */
SMTPC_DECLARE(const char *) smtpc_result_path(const smtpc_result_t *result);
/** Return the number of bytes of the message that were sent. */
SMTPC_DECLARE(apr_off_t) smtpc_result_bytes(const smtpc_result_t *result);
/** Return the number of recipients. */
SMTPC_DECLARE(apr_size_t)
smtpc_result_recipient_count(const smtpc_result_t *result);
/** Return recipient @a i in the order To, Bcc, Cc of RCPT, or NULL. */
SMTPC_DECLARE(const smtpc_recipient_t *)
smtpc_result_recipient(const smtpc_result_t *result, apr_size_t i);
/** Return the timings; they live as long as @a result. */
SMTPC_DECLARE(const smtpc_timings_t *)
smtpc_result_timings(const smtpc_result_t *result);

/**
 * Return one line in @a pool that an operator understands: what happened, at
 * which server and stage, to whom, and what to do about it. No secret, no
 * line end. @since 0.1
 */
SMTPC_DECLARE(const char *)
smtpc_result_describe(const smtpc_result_t *result, apr_pool_t *pool);

/** Return the name of @a stage in an operator's words ("waiting for the
 *  greeting"). The string is constant. @since 0.1 */
SMTPC_DECLARE(const char *) smtpc_stage_phrase(smtpc_stage_e stage);

SMTPC_END_DECLS

#endif
