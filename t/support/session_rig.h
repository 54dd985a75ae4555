/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SESSION_RIG_H
#define T_SESSION_RIG_H

/**
 * @file session_rig.h
 * A session with all it needs, made as a case of a script says, and checked
 * against what the case expects. And each case is cut: see rig_cut_everywhere().
 *
 * set (all optional):
 *   security=none|opportunistic|starttls|implicit  user password mechanisms
 *   token=text               that of user, in the place of password; the next
 *                            one is "second"; none, or second to last: there
 *                            is none
 *   link=words  tls=words    of loopback encrypted verified exporter: the link
 *                            at first, and after STARTTLS; with exporter it
 *                            has a binding of 32 times 'b'
 *   nonce=base64             random bytes of SCRAM, default RIG_NONCE
 *   from (<>: null) to (by comma) size eight_bit utf8 content
 *   content_bytes=n          so many, in lines of 64, for content
 *   source_fails=n           the content fails behind n bytes
 *   depth=n lmtp mask=CAP xclient=ADDR binary all_or_none
 *   early=CAP;CAP            what the server offered the last time
 *   recipients=0,2           those of the envelope it is for
 *   name.2=value             counts for the second transaction only
 * expect:
 *   status want stage reply reusable early       of the session
 *   result at code enhanced queue-id bytes recipientN   of the last result
 *   results                                      the status of each
 *   finished untouched                           how many were
 *   2:result and the like                        of the second transaction
 *   error why text log no-log no-error           a part of what is said
 */

#include "replay.h"
#include "proto/session_int.h"

/** That of the example in RFC 5802 5. */
#define RIG_NONCE "fyko+d2lbbFgONRv9qkxdawL"

/** What the owner of a session has. */
typedef struct rig_t {
    const replay_case_t *script;
    smtpc_session_t *session;
    smtpc_server_t server;
    smtpc_env_t *env;
    apr_array_header_t *log;    /**< const char * */
    smtpc_result_t *result;     /**< of the last transaction or command */
    apr_array_header_t *results; /**< of all: smtpc_result_t * */
    int begun;                  /**< transactions */
    int finished;               /**< of them, taken back */
    int untouched;              /**< of them */
    smtpc_xclient_t xclient;
    smtpc_envelope_t *envelope;
    smtpc_source_t *content;
    apr_size_t source_left;     /**< bytes before the source fails */
    apr_pool_t *pool;           /**< of the next transaction */
} rig_t;

/** Make @a rig for @a script: its session waits for the greeting. */
void rig_make(rig_t *rig, const replay_case_t *script, apr_pool_t *pool);

/** Take back all transactions that are over. */
void rig_take_back(rig_t *rig);

/** Begin a transaction on @a session; @a baton is the rig. */
void rig_begin(void *baton, smtpc_session_t *session);

/** Return "STATE code STAGE" of recipient @a i. */
const char *rig_recipient(const rig_t *rig, apr_size_t i);

/** Return the link that @a words describe. */
smtpc_link_t rig_link(const char *words);

/** Send the single command in @a text; @a baton is the rig. */
void rig_ask(void *baton, smtpc_session_t *session, const char *text);

/** Replay all cases of t/scripts/@a name, whole, by line and by byte, and cut
 *  everywhere. */
void rig_run_file(const char *name);

/** Replay the cases in @a text likewise. */
void rig_run_text(const char *text);

/** Replay @a script once for each event and for the middle of each, up to
 *  there: the connection breaks. Every transaction has to be finished once,
 *  and what was not accepted or refused before is not so afterwards. */
void rig_cut_everywhere(const replay_case_t *script);

/* By hand, for what scripts are too small for. */

/** Make @a rig with the settings in @a settings, and feed greeting and
 *  @a ehlo, the whole reply. */
void rig_open(rig_t *rig, const char *settings, const char *ehlo);

/** Feed @a text whole. */
void rig_say(rig_t *rig, const char *text);

/** Pull all there is; return how many bytes. */
apr_size_t rig_drain(rig_t *rig);

/** Return the next number of a generator that is the same everywhere. */
unsigned int rig_random(apr_uint64_t *state);

#endif
