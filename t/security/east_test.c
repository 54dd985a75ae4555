/* SPDX-License-Identifier: Apache-2.0 */
/*
 * east_test.c: the 57 SMTP cases of the Email Analysis Toolkit, from the paper
 * "Why TLS is better without STARTTLS" (USENIX Security 2021), made anew from
 * what github.com/Email-Analysis-Toolkit/fake-mail-server, testcases/smtp, says
 * of them. Each meets two clients: one that wants TLS and logs in, as the
 * toolkit sets them up, and one that takes TLS where it is offered and has no
 * password.
 */

#include <string.h>

#include <apr_strings.h>

#include "../support/hostile.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

/** All mechanisms of the toolkit's X_1 and 250-all. */
#define MECHANISMS "0SNET ANONYMOUS APOP ATOKEN CRAM_MD5 CRAM-MD5 CRAM-MD52 " \
    "CRAM-MD5-LOCAL CRAM-MD5_NOP_IN CRAM-RIPEMD CRAM-SHA1 CRAM-SHA256 " \
    "CRAM-SHA512 CRYPT DIGEST-MD5 DPLAIN EXTERNAL GS2-IAKERB GS2-KRB5 GSSAPI " \
    "GSS-SPNEGO HASH LOGIN LOGIN1 LOGIN2 LOGIN_2 LOGIN-LDAP LOGIN_MYSQL " \
    "LOGIN_OLD LOGIN_OUD LOGIN_SEG MD5 MD5-CRYPT MSN NTLM OAUTHBEARER " \
    "OLD_LOGIN OMD3-MD5 OTP OWSADMIN PLAIN PLAIN2 PLAIN_3 PLAIN-CLIENTTOKEN " \
    "PLAIN-MD5 PLAIN_MYSQL RPA RSA-AUTH SASLPLAIN SCRAM-MD5 SCRAM-SHA-1 " \
    "SCRAM-SHA-256 SECURID SHA-1 SKEY SPA SSL-REQUIRED X-0THROOT XALIOAUTH " \
    "XOAUTH XOAUTH2 XYMCOOKIE XYMYCONNECT"
#define AUTH_ALL "AUTH " MECHANISMS
#define AUTH "AUTH PLAIN"
#define AUTH_BOTH "AUTH PLAIN LOGIN"

/* The toolkit's replies. */
#define R220 "220 Service ready"
#define R221 "221 Service closing transmission channel"
#define R354 "354 Start mail input; End with <CRLF>.<CRLF>"
#define R421 "421 Service not available"
#define R454 "454 TLS not available due to temporary reason"
#define R500 "500 Syntax error, command unrecognized"
#define R501 "501 Syntax error in parameters or arguments"
#define R502 "502 Command not implemented"
#define R504 "504 Command parameter not implemented"
#define R530 "530 Access denied"
#define R550 "550 Requested action not taken"
#define R554 "554 Transaction failed"

/** What has to come of a case for a client. */
typedef struct end_t {
    apr_status_t status;
    smtpc_stage_e stage;
    const char *heard; /* of the mail, and the end of the connection */
    hostile_pool_e pool;
} end_t;

/** A case. */
typedef struct case_t {
    const char *id;
    const char *name; /* its place in the toolkit */
    const char *clear; /* EHLO before TLS; "" nothing */
    int no_starttls;
    hostile_move_t moves[2];
    end_t required;      /* security starttls, login */
    end_t opportunistic; /* no login */
    apr_status_t none_to; /* of a recipient: SMTPC_EREJECTED, or 0 */
} case_t;

/* Ends that many share. */
#define MAIL_TLS "EHLO STARTTLS TLS EHLO MAIL RCPT DATA ."
#define MAIL_LOGIN "EHLO STARTTLS TLS EHLO AUTH MAIL RCPT DATA ."
#define SENT_LOGIN { APR_SUCCESS, SMTPC_STAGE_DONE, MAIL_LOGIN, HOSTILE_KEPT }
#define SENT_TLS { APR_SUCCESS, SMTPC_STAGE_DONE, MAIL_TLS, HOSTILE_KEPT }
#define SENT_EHLO { APR_SUCCESS, SMTPC_STAGE_DONE, "EHLO MAIL RCPT DATA .", \
                    HOSTILE_KEPT }
#define SENT_HELO { APR_SUCCESS, SMTPC_STAGE_DONE, \
                    "EHLO HELO MAIL RCPT DATA .", HOSTILE_KEPT }
#define SENT_REFUSED { APR_SUCCESS, SMTPC_STAGE_DONE, \
                       "EHLO STARTTLS MAIL RCPT DATA .", HOSTILE_KEPT }
#define NO_TLS(heard) { SMTPC_ETLS, SMTPC_STAGE_EHLO, heard, HOSTILE_GONE }
#define NO_STARTTLS(status, heard) { status, SMTPC_STAGE_STARTTLS, heard, \
                                     HOSTILE_GONE }
#define AT_EHLO(status, heard) { status, SMTPC_STAGE_EHLO, heard, \
                                 HOSTILE_GONE }
#define AT_GREETING(status, heard) { status, SMTPC_STAGE_GREETING, heard, \
                                     HOSTILE_GONE }

/* The families of the toolkit: one reply in the place of a good one. */
#define GREETING(code, status, heard) \
    { "P10", "greeting/" #code, "", 0, { { .at = "", .say = R##code } }, \
      AT_GREETING(status, heard), AT_GREETING(status, heard), 0 }
#define EHLO(code, required, opportunistic) \
    { "P12", "ehlo/" #code, "", 0, { { .at = "EHLO", .say = R##code } }, \
      required, opportunistic, 0 }
#define HELO(code, opportunistic) \
    { "P13", "helo/ehlo500_helo" #code, "", 0, \
      { { .at = "EHLO", .say = R500 }, { .at = "HELO", .say = R##code } }, \
      NO_TLS("EHLO QUIT"), opportunistic, 0 }
#define RSET(code, kept) \
    { "P13", "rset/ehlo500_rset" #code, "", 0, \
      { { .at = "EHLO", .say = R500 }, { .at = "RSET", .say = R##code } }, \
      NO_TLS("EHLO QUIT"), \
      { SMTPC_EREJECTED, SMTPC_STAGE_RCPT, NULL, kept }, SMTPC_EREJECTED }
#define QUIT(code) \
    { "P13", "quit/greeting500_quit" #code, "", 0, \
      { { .at = "", .say = R500 }, { .at = "QUIT", .say = R##code } }, \
      AT_GREETING(SMTPC_ETEMP, "QUIT"), AT_GREETING(SMTPC_ETEMP, "QUIT"), 0 }
#define STARTTLS(id, name, reply, heard, opportunistic) \
    { id, name, "", 0, { { .at = "STARTTLS", .say = reply } }, \
      NO_STARTTLS(SMTPC_ETLS, heard), opportunistic, 0 }

static const case_t cases[] = {
    /* Replies behind the 220: the capabilities of somebody in between. */
    { "T3", "Buffering/B_1", "", 0,
      { { .at = "STARTTLS", .say = "220 Ready to start TLS\r\n"
                                   "250-example.org\r\n250 AUTH LOGIN" } },
      { SMTPC_ETLS, SMTPC_STAGE_TLS, "EHLO STARTTLS", HOSTILE_GONE },
      { SMTPC_ETLS, SMTPC_STAGE_TLS, "EHLO STARTTLS", HOSTILE_GONE }, 0 },
    { "T1", "Negotiation/D_1", "", 1,
      { { .at = "EHLO", .say = R500, .when = HOSTILE_ALWAYS },
        { .at = "STARTTLS", .say = R500 } },
      NO_TLS("EHLO QUIT"), SENT_HELO, 0 },
    { "T1", "Negotiation/O_1", AUTH_BOTH, 1,
      { { .at = "STARTTLS", .say = R502 } }, NO_TLS("EHLO QUIT"), SENT_EHLO,
      0 },
    STARTTLS("T2", "Negotiation/O_2", R502, "EHLO STARTTLS QUIT",
             SENT_REFUSED),
    STARTTLS("T2", "Negotiation/O_3", R454, "EHLO STARTTLS QUIT",
             SENT_REFUSED),
    STARTTLS("T2", "Negotiation/O_4", "354 do something else",
             "EHLO STARTTLS", NO_STARTTLS(SMTPC_EPROTO, "EHLO STARTTLS")),
    { "P14", "others/X_1", AUTH_ALL, 1, { { .at = "STARTTLS", .say = R502 } },
      NO_TLS("EHLO QUIT"), SENT_EHLO, 0 },
    { "P12", "ehlo/250-all", AUTH_ALL, 0, { { .at = NULL } }, SENT_LOGIN,
      SENT_TLS, 0 },
    { "P12", "ehlo/250-all-no-starttls", AUTH_ALL, 1, { { .at = NULL } },
      NO_TLS("EHLO QUIT"), SENT_EHLO, 0 },
    { "P12", "ehlo/250-empty", "", 1, { { .at = NULL } },
      NO_TLS("EHLO QUIT"), SENT_EHLO, 0 },
    EHLO(220, AT_EHLO(SMTPC_EPROTO, "EHLO"), AT_EHLO(SMTPC_EPROTO, "EHLO")),
    EHLO(221, AT_EHLO(SMTPC_EPROTO, "EHLO"), AT_EHLO(SMTPC_EPROTO, "EHLO")),
    EHLO(354, AT_EHLO(SMTPC_EPROTO, "EHLO"), AT_EHLO(SMTPC_EPROTO, "EHLO")),
    EHLO(421, AT_EHLO(SMTPC_ETEMP, "EHLO"), AT_EHLO(SMTPC_ETEMP, "EHLO")),
    EHLO(500, NO_TLS("EHLO QUIT"), SENT_HELO),
    EHLO(501, AT_EHLO(SMTPC_ETEMP, "EHLO QUIT"),
         AT_EHLO(SMTPC_ETEMP, "EHLO QUIT")),
    EHLO(502, NO_TLS("EHLO QUIT"), SENT_HELO),
    EHLO(504, NO_TLS("EHLO QUIT"), SENT_HELO),
    EHLO(530, AT_EHLO(SMTPC_ETEMP, "EHLO QUIT"),
         AT_EHLO(SMTPC_ETEMP, "EHLO QUIT")),
    EHLO(550, AT_EHLO(SMTPC_ETEMP, "EHLO QUIT"),
         AT_EHLO(SMTPC_ETEMP, "EHLO QUIT")),
    { "P10", "greeting/220", "", 0, { { .at = "", .say = R220 } }, SENT_LOGIN,
      SENT_TLS, 0 },
    GREETING(221, SMTPC_EPROTO, ""),
    GREETING(354, SMTPC_EPROTO, ""),
    GREETING(421, SMTPC_ETEMP, ""),
    GREETING(500, SMTPC_ETEMP, "QUIT"),
    GREETING(501, SMTPC_ETEMP, "QUIT"),
    GREETING(530, SMTPC_ETEMP, "QUIT"),
    GREETING(554, SMTPC_ETEMP, "QUIT"),
    HELO(220, AT_EHLO(SMTPC_EPROTO, "EHLO HELO")),
    HELO(221, AT_EHLO(SMTPC_EPROTO, "EHLO HELO")),
    HELO(354, AT_EHLO(SMTPC_EPROTO, "EHLO HELO")),
    HELO(421, AT_EHLO(SMTPC_ETEMP, "EHLO HELO")),
    HELO(500, AT_EHLO(SMTPC_ETEMP, "EHLO HELO QUIT")),
    HELO(501, AT_EHLO(SMTPC_ETEMP, "EHLO HELO QUIT")),
    HELO(530, AT_EHLO(SMTPC_ETEMP, "EHLO HELO QUIT")),
    RSET(220, HOSTILE_GONE),
    RSET(221, HOSTILE_GONE),
    RSET(354, HOSTILE_GONE),
    RSET(421, HOSTILE_GONE),
    RSET(500, HOSTILE_GONE),
    RSET(501, HOSTILE_GONE),
    RSET(530, HOSTILE_GONE),
    QUIT(220), QUIT(221), QUIT(354), QUIT(421), QUIT(500), QUIT(501),
    QUIT(530),
    { "T2", "starttls/220", "", 0, { { .at = "STARTTLS", .say = R220 } },
      SENT_LOGIN, SENT_TLS, 0 },
    STARTTLS("T2", "starttls/221", R221, "EHLO STARTTLS",
             NO_STARTTLS(SMTPC_EPROTO, "EHLO STARTTLS")),
    STARTTLS("T2", "starttls/354", R354, "EHLO STARTTLS",
             NO_STARTTLS(SMTPC_EPROTO, "EHLO STARTTLS")),
    STARTTLS("T2", "starttls/421", R421, "EHLO STARTTLS QUIT",
             NO_STARTTLS(SMTPC_ETEMP, "EHLO STARTTLS")),
    STARTTLS("T2", "starttls/454", R454, "EHLO STARTTLS QUIT", SENT_REFUSED),
    STARTTLS("T2", "starttls/500", R500, "EHLO STARTTLS QUIT", SENT_REFUSED),
    STARTTLS("T2", "starttls/501", R501, "EHLO STARTTLS QUIT", SENT_REFUSED),
    STARTTLS("T2", "starttls/530", R530, "EHLO STARTTLS QUIT", SENT_REFUSED),
};

static const char *ca_file;

static void trust(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    if (smtpc_client_set_ca_file(client, ca_file) != APR_SUCCESS) {
        tap_bail("no CA");
    }
}

static smtpc_rcpt_state_e state_of(apr_status_t status)
{
    if (status == APR_SUCCESS) {
        return SMTPC_RCPT_ACCEPTED;
    }
    return status == SMTPC_EREJECTED ? SMTPC_RCPT_REJECTED
                                     : SMTPC_RCPT_UNSENT;
}

static void try_case(const case_t *c, const end_t *end, int required,
                     SSL_CTX *tls)
{
    apr_pool_t *pool = tap_pool();
    hostile_row_t row = {
        .name = apr_psprintf(pool, "%s: EAST %s", c->id, c->name),
        .server = { .extensions = c->clear,
                    .extensions_tls = AUTH,
                    .tls = c->no_starttls ? NULL : tls,
                    .moves = { c->moves[0], c->moves[1] } },
        .security = required ? SMTPC_SECURITY_STARTTLS
                             : SMTPC_SECURITY_OPPORTUNISTIC,
        .user = required ? "web" : NULL,
        .set_up = trust,
        .status = end->status,
        .stage = end->stage,
        .code = HOSTILE_ANY,
        .state = state_of(end->status),
        .heard = end->heard,
        .pool = end->pool,
    };

    if (required) {
        row.never = end->status == APR_SUCCESS ? NULL : "AUTH MAIL DATA";
    }
    if (c->none_to != APR_SUCCESS && !required) {
        row.server.moves[2].at = "RCPT";
        row.server.moves[2].say = "550 5.1.1 nobody";
    }
    if (end->pool == HOSTILE_KEPT && end->heard) {
        row.heard = apr_pstrcat(pool, end->heard, " MAIL RCPT DATA . QUIT",
                                NULL);
    }
    if (c->no_starttls && required) {
        /* What was in the way is there for ever: no other mail. */
        row.pool = HOSTILE_LAST;
    }
    hostile_run_one(&row, required ? "TLS and login" : "opportunistic");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    peer_ca_t *ca = peer_ca_create("Test CA", pool);
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    SSL_CTX *tls = peer_ca_server(ca, &cert, pool);
    size_t i;

    ca_file = peer_ca_file(ca, pool);
    tap_is_int(sizeof(cases) / sizeof(cases[0]), 57, "all cases are here");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        try_case(&cases[i], &cases[i].required, 1, tls);
        try_case(&cases[i], &cases[i].opportunistic, 0, tls);
    }
    return tap_done();
}
