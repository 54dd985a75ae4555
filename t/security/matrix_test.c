/* SPDX-License-Identifier: Apache-2.0 */
/*
 * matrix_test.c: every code as the answer to every command. What the state
 * table has no function for must be a breach of the protocol; what becomes of
 * the rest is written down here.
 */

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "proto/session_int.h"
#include "../support/hostile.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** A command, and how a client comes to say it. */
typedef struct place_t {
    const char *id;
    const char *name;
    smtpc_step_e step;
    smtpc_stage_e stage;
    const char *at;             /* as in a move */
    hostile_move_t before;      /* what else the server does */
    const char *extensions;
    smtpc_security_e security;
    const char *user;
} place_t;

/** What has to come of it. */
typedef struct outcome_t {
    apr_status_t status;
    smtpc_stage_e stage;
    int code;
    smtpc_rcpt_state_e state;
    hostile_pool_e pool;
    int connections;
} outcome_t;

/* For STARTTLS. */
static SSL_CTX *tls;
static const char *ca_file;

static void trust(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    if (smtpc_client_set_ca_file(client, ca_file) != APR_SUCCESS) {
        tap_bail("no CA");
    }
}

static const char AUTH[] = "AUTH PLAIN";
static const char PIPELINED[] = "PIPELINING";

static const place_t places[] = {
    { "P10", "greeting", SMTPC_STEP_GREETING, SMTPC_STAGE_GREETING, "",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P12", "EHLO", SMTPC_STEP_EHLO, SMTPC_STAGE_EHLO, "EHLO",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P13", "HELO", SMTPC_STEP_HELO, SMTPC_STAGE_EHLO, "HELO",
      { .at = "EHLO", .say = "500 what?" }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P23", "STARTTLS", SMTPC_STEP_STARTTLS, SMTPC_STAGE_STARTTLS,
      "STARTTLS", { .at = NULL }, NULL, SMTPC_SECURITY_STARTTLS, NULL },
    { "P23", "AUTH", SMTPC_STEP_AUTH, SMTPC_STAGE_AUTH, "AUTH",
      { .at = NULL }, AUTH, SMTPC_SECURITY_NONE, "web" },
    { "P16", "MAIL", SMTPC_STEP_MAIL, SMTPC_STAGE_MAIL, "MAIL",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P16", "MAIL, pipelined", SMTPC_STEP_MAIL, SMTPC_STAGE_MAIL, "MAIL",
      { .at = NULL }, PIPELINED, SMTPC_SECURITY_NONE, NULL },
    { "P16", "RCPT", SMTPC_STEP_RCPT, SMTPC_STAGE_RCPT, "RCPT",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P16", "RCPT, pipelined", SMTPC_STEP_RCPT, SMTPC_STAGE_RCPT, "RCPT",
      { .at = NULL }, PIPELINED, SMTPC_SECURITY_NONE, NULL },
    { "P16", "DATA", SMTPC_STEP_DATA, SMTPC_STAGE_DATA, "DATA",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P16", "DATA, pipelined", SMTPC_STEP_DATA, SMTPC_STAGE_DATA, "DATA",
      { .at = NULL }, PIPELINED, SMTPC_SECURITY_NONE, NULL },
    { "P23", "the dot", SMTPC_STEP_END, SMTPC_STAGE_END, ".",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
    { "P23", "the dot, pipelined", SMTPC_STEP_END, SMTPC_STAGE_END, ".",
      { .at = NULL }, PIPELINED, SMTPC_SECURITY_NONE, NULL },
    { "P23", "the last chunk", SMTPC_STEP_END, SMTPC_STAGE_END, ".",
      { .at = NULL }, "CHUNKING", SMTPC_SECURITY_NONE, NULL },
    { "P13", "RSET", SMTPC_STEP_RSET, SMTPC_STAGE_RSET, "RSET",
      { .at = "RCPT", .say = "550 5.1.1 no" }, NULL, SMTPC_SECURITY_NONE,
      NULL },
    { "P13", "QUIT", SMTPC_STEP_QUIT, SMTPC_STAGE_QUIT, "QUIT",
      { .at = NULL }, NULL, SMTPC_SECURITY_NONE, NULL },
};

static const int codes[] = {
    111, 150, 199, 200, 211, 214, 220, 221, 235, 250, 251, 252, 299, 300, 334,
    354, 399, 421, 450, 451, 452, 454, 500, 501, 502, 503, 504, 530, 535, 550,
    552, 554, 599, 600, 999
};

/* The step's function for a code, as the session would choose it. */
static int is_handled(smtpc_step_e step, int code)
{
    const smtpc_step_t *row = &smtpc__steps[step];

    switch (code / 100) {
    case 2:
        return row->positive != NULL;
    case 3:
        return row->intermediate != NULL;
    case 4:
        return code == 421 || row->transient != NULL;
    case 5:
        return row->permanent != NULL;
    default:
        return 0;
    }
}

/* Codes that only mean something elsewhere. */
static int is_good(smtpc_step_e step, int code)
{
    switch (step) {
    case SMTPC_STEP_GREETING:
    case SMTPC_STEP_STARTTLS:
        return code == 220;
    case SMTPC_STEP_EHLO:
    case SMTPC_STEP_HELO:
        return code == 250;
    case SMTPC_STEP_AUTH:
        return code == 235;
    case SMTPC_STEP_DATA:
        return code == 354;
    default:
        return code / 100 == 2 && code != 211 && code != 214 && code != 220
               && code != 221 && code != 235;
    }
}

static const outcome_t sent = {
    APR_SUCCESS, SMTPC_STAGE_DONE, 250, SMTPC_RCPT_ACCEPTED,
    HOSTILE_KEPT, 1
};

/* A breach of the protocol. */
static outcome_t breach(const place_t *place, int code)
{
    outcome_t outcome = { SMTPC_EPROTO, place->stage, 0, SMTPC_RCPT_UNSENT,
                          HOSTILE_GONE, 1 };

    if (place->step == SMTPC_STEP_END) {
        outcome.status = SMTPC_EINDOUBT;
        outcome.state = SMTPC_RCPT_IN_DOUBT;
    }
    if (place->step == SMTPC_STEP_STARTTLS && code >= 200 && code < 400) {
        outcome.status = SMTPC_ETLS;
    }
    if (place->step == SMTPC_STEP_HELO && (code < 200 || code > 599)) {
        outcome.code = 500; /* the last that was a reply: to EHLO */
    }
    return outcome;
}

/* A refusal before there is a mail, or of it. */
static outcome_t refusal(const place_t *place, int code)
{
    outcome_t outcome = { code / 100 == 5 ? SMTPC_EREJECTED : SMTPC_ETEMP,
                          place->stage, code, SMTPC_RCPT_REJECTED,
                          code == 421 ? HOSTILE_GONE : HOSTILE_KEPT, 1 };

    switch (place->step) {
    case SMTPC_STEP_GREETING:
    case SMTPC_STEP_EHLO:
    case SMTPC_STEP_HELO:
        outcome.status = SMTPC_ETEMP;
        outcome.state = SMTPC_RCPT_UNSENT;
        outcome.pool = HOSTILE_GONE;
        break;
    case SMTPC_STEP_STARTTLS:
        outcome.status = SMTPC_ETLS;
        outcome.state = SMTPC_RCPT_UNSENT;
        outcome.pool = HOSTILE_GONE;
        break;
    case SMTPC_STEP_AUTH:
        outcome.status = code / 100 == 5 ? SMTPC_EAUTH : SMTPC_ETEMP;
        outcome.state = SMTPC_RCPT_UNSENT;
        outcome.pool = HOSTILE_GONE;
        break;
    case SMTPC_STEP_END:
        break;
    default:
        /* The session's end says nothing about the recipient. */
        if (code == 421) {
            outcome.state = SMTPC_RCPT_UNSENT;
        }
        break;
    }
    return outcome;
}

static outcome_t expected(const place_t *place, int code)
{
    outcome_t outcome;

    if (place->step == SMTPC_STEP_QUIT) {
        return sent;
    }
    if (place->step == SMTPC_STEP_RSET) {
        /* The mail was refused before; it is about the next one. */
        outcome = refusal(place, 550);
        outcome.stage = SMTPC_STAGE_RCPT;
        outcome.pool = is_good(place->step, code) ? HOSTILE_KEPT
                                                  : HOSTILE_GONE;
        return outcome;
    }
    if (place->step == SMTPC_STEP_EHLO
        && (code == 500 || code == 502 || code == 504)) {
        return sent;
    }
    if (place->step == SMTPC_STEP_AUTH && code == 334) {
        /* A question of PLAIN, which has none: "*", and no to that. */
        outcome = refusal(place, 502);
        return outcome;
    }
    if (!is_handled(place->step, code)
        || (code / 100 < 4 && !is_good(place->step, code))) {
        return breach(place, code);
    }
    if (code / 100 >= 4) {
        return refusal(place, code);
    }
    outcome = sent;
    outcome.code = place->step == SMTPC_STEP_END ? code : 250;
    return outcome;
}

static void add_tls(hostile_row_t *row)
{
    if (row->security == SMTPC_SECURITY_STARTTLS) {
        row->server.tls = tls;
        row->set_up = trust;
    }
}

static void try_code(const place_t *place, int code, int all_ways)
{
    apr_pool_t *pool = tap_pool();
    outcome_t outcome = expected(place, code);
    hostile_row_t row = {
        .name = apr_psprintf(pool, "%s: %d to %s", all_ways ? "P23" : place->id,
                             code, place->name),
        .server = { .extensions = place->extensions,
                    .moves = { { .at = place->at,
                                 .say = apr_psprintf(pool, "%d so", code) } } },
        .security = place->security,
        .user = place->user,
        .status = outcome.status,
        .stage = outcome.stage,
        .code = outcome.code,
        .state = outcome.state,
        .pool = outcome.pool,
        .connections = outcome.connections,
    };

    add_tls(&row);
    row.server.moves[1] = place->before;
    if (all_ways) {
        hostile_run_one(&row, "");
    }
    else {
        hostile_run_once(&row, "");
    }
}

/* P22: the connection ends instead of a reply. */
static void try_end(const place_t *place, const char *then)
{
    outcome_t outcome = { SMTPC_ECONNECT, place->stage, HOSTILE_ANY,
                          SMTPC_RCPT_UNSENT, HOSTILE_GONE, 1 };
    hostile_row_t row = {
        .name = apr_psprintf(tap_pool(), "P22: %s at %s", then, place->name),
        .server = { .extensions = place->extensions,
                    .moves = { { .at = place->at, .say = "",
                                 .then = then } } },
        .security = place->security,
        .user = place->user,
    };

    switch (place->step) {
    case SMTPC_STEP_END:
        outcome.status = SMTPC_EINDOUBT;
        outcome.state = SMTPC_RCPT_IN_DOUBT;
        break;
    case SMTPC_STEP_RSET:
        outcome = refusal(place, 550);
        outcome.stage = SMTPC_STAGE_RCPT;
        outcome.pool = HOSTILE_GONE;
        break;
    case SMTPC_STEP_QUIT:
        outcome = sent;
        break;
    default:
        break;
    }
    row.status = outcome.status;
    row.stage = outcome.stage;
    row.code = outcome.code;
    row.state = outcome.state;
    row.pool = outcome.pool;
    add_tls(&row);
    row.server.moves[1] = place->before;
    hostile_run_one(&row, "");
}

int main(void)
{
    static const int refusals[] = { 421, 451, 550 };
    static const char *const ends[] = { "reset", "close", "half" };
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    size_t i;
    size_t k;

    tls = peer_ca_server(ca, &cert, tap_pool());
    ca_file = peer_ca_file(ca, tap_pool());
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        for (k = 0; k < sizeof(codes) / sizeof(codes[0]); k++) {
            try_code(&places[i], codes[k], 0);
        }
        for (k = 0; k < sizeof(refusals) / sizeof(refusals[0]); k++) {
            try_code(&places[i], refusals[k], 1);
        }
        /* A reset at once may come before the client has seen that it was
         * connected. */
        for (k = i == 0 ? 1 : 0; k < sizeof(ends) / sizeof(ends[0]); k++) {
            try_end(&places[i], ends[k]);
        }
    }
    return tap_done();
}
