/* SPDX-License-Identifier: Apache-2.0 */
/*
 * split_test.c: what a server says means the same however it is cut. The cases
 * of t/scripts are cut by t/unit/session_*_test; here whole clients read from
 * sockets.
 */

#include <apr_strings.h>

#include "../support/hostile.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

static const char *ca_file;

static void trust(smtpc_client_t *client, apr_pool_t *pool)
{
    (void)pool;
    if (smtpc_client_set_ca_file(client, ca_file) != APR_SUCCESS) {
        tap_bail("no CA");
    }
}

/* A dialogue with lines that continue, a login, and somebody refused. */
static hostile_row_t dialogue(const char *extensions)
{
    hostile_row_t row = {
        .server = { .extensions = extensions,
                    .moves = { { .at = "", .say = "220-a\r\n220 b" },
                               { .at = "RCPT TO:<no@",
                                 .say = "550-5.1.1 no\r\n550 5.1.1 such",
                                 .when = HOSTILE_ALWAYS },
                               { .at = ".", .say = "250-2.0.0 a\r\n250-\r\n"
                                                   "250 2.0.0 b" } } },
        .security = SMTPC_SECURITY_NONE,
        .user = "web",
        .to = "ann@example.net, no@example.net",
        .status = SMTPC_EPARTIAL, .stage = SMTPC_STAGE_RCPT,
        .code = HOSTILE_ANY, .state = SMTPC_RCPT_ACCEPTED,
        .pool = HOSTILE_LAST,
    };

    return row;
}

/* What the server says in all: fewer bytes than this. */
#define SAID 260

static void test_cuts(const char *extensions, const char *what)
{
    size_t cut;

    tap_subtest_begin("P1: cut in two at every byte, %s", what);
    for (cut = 1; cut < SAID; cut++) {
        hostile_row_t row = dialogue(extensions);

        row.server.cut = cut;
        row.name = apr_psprintf(tap_pool(), "P1: cut at %d", (int)cut);
        hostile_run_once(&row, what);
    }
    tap_subtest_end();
}

int main(void)
{
    static const char LOCK_STEP[] = "AUTH PLAIN";
    static const char PIPELINED[] = "AUTH PLAIN\nPIPELINING\nSIZE 1000000";
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    hostile_row_t row;

    ca_file = peer_ca_file(ca, tap_pool());
    test_cuts(LOCK_STEP, "in lock step");
    test_cuts(PIPELINED, "pipelined");
    row = dialogue(PIPELINED);
    row.name = "P1: byte by byte";
    row.server.piece = 1;
    hostile_run_one(&row, "");
    row.name = "P1: byte by byte, over TLS";
    row.security = SMTPC_SECURITY_STARTTLS;
    row.server.tls = peer_ca_server(ca, &cert, tap_pool());
    row.set_up = trust;
    hostile_run_one(&row, "");
    return tap_done();
}
