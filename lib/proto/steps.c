/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps.c: the state table of a session.
 *
 * One row per step: what it is called, how long it may take, what sends its
 * command, what acts upon each class of reply, and which steps may follow. A
 * class without a function breaks the protocol. The table has no code; the
 * functions are in session_hello.c, session_auth.c, session_mail.c and
 * session_close.c.
 *
 * Times are those of RFC 5321 4.5.3.2; TLS and RSET, for which it has none,
 * as long as good servers need at most. A caller's deadline comes on top.
 */
#include "proto/session_int.h"

#define SECONDS(n) apr_time_from_sec(n)
#define TO(step) (1u << SMTPC_STEP_##step)

/* A command line that is no MAIL or RCPT. */
#define ROOM_COMMAND SMTPC_LIMIT_COMMAND_LINE
#define ROOM_ENVELOPE SMTPC_LIMIT_ENVELOPE_LINE
#define ROOM_SASL SMTPC_LIMIT_SASL_LINE

const smtpc_step_t smtpc__steps[SMTPC_STEP_COUNT] = {
    [SMTPC_STEP_GREETING] = {
        .name = "greeting",
        .stage = SMTPC_STAGE_GREETING,
        .timeout = SECONDS(300),
        .successors = TO(EHLO),
        .positive = smtpc__session_greeting_ok,
        .transient = smtpc__session_greeting_refused,
        .permanent = smtpc__session_greeting_refused,
    },
    [SMTPC_STEP_EHLO] = {
        .name = "EHLO",
        .stage = SMTPC_STAGE_EHLO,
        .timeout = SECONDS(300),
        .successors = TO(HELO) | TO(STARTTLS) | TO(AUTH) | TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_ehlo,
        .positive = smtpc__session_hello_ok,
        .transient = smtpc__session_hello_refused,
        .permanent = smtpc__session_hello_refused,
    },
    [SMTPC_STEP_HELO] = {
        .name = "HELO",
        .stage = SMTPC_STAGE_EHLO,
        .timeout = SECONDS(300),
        .successors = TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_helo,
        .positive = smtpc__session_hello_ok,
        .transient = smtpc__session_hello_refused,
        .permanent = smtpc__session_hello_refused,
    },
    [SMTPC_STEP_STARTTLS] = {
        .name = "STARTTLS",
        .stage = SMTPC_STAGE_STARTTLS,
        .timeout = SECONDS(120),
        .successors = TO(TLS) | TO(AUTH) | TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .own_421 = 1,
        .send = smtpc__session_send_starttls,
        .positive = smtpc__session_starttls_ok,
        .intermediate = smtpc__session_starttls_ok,
        .transient = smtpc__session_starttls_refused,
        .permanent = smtpc__session_starttls_refused,
    },
    [SMTPC_STEP_TLS] = {
        .name = "TLS",
        .stage = SMTPC_STAGE_TLS,
        .timeout = SECONDS(30),
        .successors = TO(EHLO),
    },
    [SMTPC_STEP_AUTH] = {
        .name = "AUTH",
        .stage = SMTPC_STAGE_AUTH,
        .timeout = SECONDS(300),
        .successors = TO(AUTH) | TO(SASL) | TO(CANCEL) | TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_auth,
        .positive = smtpc__session_auth_ok,
        .intermediate = smtpc__session_challenge,
        .transient = smtpc__session_auth_refused,
        .permanent = smtpc__session_auth_refused,
    },
    [SMTPC_STEP_SASL] = {
        .name = "SASL response",
        .stage = SMTPC_STAGE_AUTH,
        .timeout = SECONDS(300),
        .successors = TO(AUTH) | TO(SASL) | TO(CANCEL) | TO(READY),
        .room = ROOM_SASL,
        .in_window = 1,
        .send = smtpc__session_send_sasl,
        .positive = smtpc__session_auth_ok,
        .intermediate = smtpc__session_challenge,
        .transient = smtpc__session_auth_refused,
        .permanent = smtpc__session_auth_refused,
    },
    [SMTPC_STEP_CANCEL] = {
        .name = "SASL cancel",
        .stage = SMTPC_STAGE_AUTH,
        .timeout = SECONDS(300),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_cancel,
        .transient = smtpc__session_cancelled,
        .permanent = smtpc__session_cancelled,
    },
    [SMTPC_STEP_READY] = {
        .name = "ready",
        .stage = SMTPC_STAGE_NONE,
        .successors = TO(MAIL) | TO(QUIT),
    },
    [SMTPC_STEP_MAIL] = {
        .name = "MAIL",
        .stage = SMTPC_STAGE_MAIL,
        .timeout = SECONDS(300),
        .successors = TO(RCPT) | TO(READY),
        .room = ROOM_ENVELOPE,
        .in_window = 1,
        .send = smtpc__session_send_mail,
        .positive = smtpc__session_mail_ok,
        .transient = smtpc__session_mail_refused,
        .permanent = smtpc__session_mail_refused,
    },
    [SMTPC_STEP_RCPT] = {
        .name = "RCPT",
        .stage = SMTPC_STAGE_RCPT,
        .timeout = SECONDS(300),
        .successors = TO(DATA) | TO(RSET) | TO(READY),
        .room = ROOM_ENVELOPE,
        .in_window = 1,
        .send = smtpc__session_send_rcpt,
        .positive = smtpc__session_rcpt_ok,
        .transient = smtpc__session_rcpt_refused,
        .permanent = smtpc__session_rcpt_refused,
    },
    [SMTPC_STEP_DATA] = {
        .name = "DATA",
        .stage = SMTPC_STAGE_DATA,
        .timeout = SECONDS(120),
        .successors = TO(CONTENT) | TO(RSET) | TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_data,
        .intermediate = smtpc__session_data_ok,
        .transient = smtpc__session_data_refused,
        .permanent = smtpc__session_data_refused,
    },
    [SMTPC_STEP_CONTENT] = {
        .name = "content",
        .stage = SMTPC_STAGE_CONTENT,
        .timeout = SECONDS(180),
        .successors = TO(END),
        .room = SMTPC_CONTENT_ROOM,
        .send = smtpc__session_send_content,
        /* Replies: its slot is that of END. */
    },
    [SMTPC_STEP_END] = {
        .name = "end of data",
        .stage = SMTPC_STAGE_END,
        .timeout = SECONDS(600),
        .successors = TO(READY),
        .own_421 = 1,
        .positive = smtpc__session_end_ok,
        .transient = smtpc__session_end_refused,
        .permanent = smtpc__session_end_refused,
    },
    [SMTPC_STEP_RSET] = {
        .name = "RSET",
        .stage = SMTPC_STAGE_RSET,
        .timeout = SECONDS(20),
        .successors = TO(READY),
        .room = ROOM_COMMAND,
        .in_window = 1,
        .send = smtpc__session_send_rset,
        .positive = smtpc__session_rset_ok,
        .transient = smtpc__session_rset_refused,
        .permanent = smtpc__session_rset_refused,
    },
    [SMTPC_STEP_QUIT] = {
        .name = "QUIT",
        .stage = SMTPC_STAGE_QUIT,
        .timeout = SMTPC_LIMIT_QUIT_WAIT,
        .room = ROOM_COMMAND,
        .in_window = 1,
        .own_421 = 1,
        .send = smtpc__session_send_quit,
        .positive = smtpc__session_quit_answered,
        .intermediate = smtpc__session_quit_answered,
        .transient = smtpc__session_quit_answered,
        .permanent = smtpc__session_quit_answered,
    },
    [SMTPC_STEP_UNASKED] = {
        .name = "unasked reply",
        .stage = SMTPC_STAGE_COUNT,
        .timeout = SECONDS(20),
        .own_421 = 1,
        .positive = smtpc__session_unasked,
        .intermediate = smtpc__session_unasked,
        .transient = smtpc__session_unasked,
        .permanent = smtpc__session_unasked,
    },
    [SMTPC_STEP_CLOSED] = {
        .name = "closed",
        .stage = SMTPC_STAGE_COUNT,
    },
};
