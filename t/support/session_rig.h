/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SESSION_RIG_H
#define T_SESSION_RIG_H

/**
 * @file session_rig.h
 * A session with all it needs, made as a case of a script says, and checked
 * against what the case expects.
 *
 * set (all optional):
 *   security=none|opportunistic|starttls|implicit  user password mechanisms
 *   link=words  tls=words    of loopback encrypted verified: the link at
 *                            first, and after STARTTLS
 *   from (<>: null) to (by comma) size eight_bit utf8 content
 *   source_fails=n           the content fails behind n bytes
 * expect:
 *   status want stage reply reusable             of the session
 *   result at code enhanced queue-id bytes recipientN   of the last result
 *   error why text log no-log                    a part of what is said
 */

#include "replay.h"
#include "proto/session_int.h"

/** What the owner of a session has. */
typedef struct rig_t {
    const replay_case_t *script;
    smtpc_session_t *session;
    smtpc_server_t server;
    smtpc_env_t *env;
    apr_array_header_t *log;    /**< const char * */
    smtpc_result_t *result;     /**< of the last transaction */
    smtpc_envelope_t *envelope;
    smtpc_source_t *content;
    apr_size_t source_left;     /**< bytes before the source fails */
    apr_pool_t *pool;           /**< of the next transaction */
} rig_t;

/** Make @a rig for @a script: its session waits for the greeting. */
void rig_make(rig_t *rig, const replay_case_t *script, apr_pool_t *pool);

/** Begin a transaction on @a session; @a baton is the rig. */
void rig_begin(void *baton, smtpc_session_t *session);

/** Return "STATE code STAGE" of recipient @a i. */
const char *rig_recipient(const rig_t *rig, apr_size_t i);

/** Return the link that @a words describe. */
smtpc_link_t rig_link(const char *words);

/** Replay all cases of t/scripts/@a name, whole, by line and by byte. */
void rig_run_file(const char *name);

/** Replay the cases in @a text likewise. */
void rig_run_text(const char *text);

/* By hand, for what scripts are too small for. */

/** Make @a rig with the settings in @a settings, and feed greeting and
 *  @a ehlo, the whole reply. */
void rig_open(rig_t *rig, const char *settings, const char *ehlo);

/** Feed @a text whole. */
void rig_say(rig_t *rig, const char *text);

/** Pull all there is; return how many bytes. */
apr_size_t rig_drain(rig_t *rig);

#endif
