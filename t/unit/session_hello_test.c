/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_hello_test.c: greeting, EHLO, HELO and STARTTLS.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

/* T2: everything but 220 to a STARTTLS that is required. */
static void test_starttls_codes(void)
{
    static const char *const codes[] = { "221", "235", "250", "354", "421",
                                         "454", "500", "501", "502", "530",
                                         "554" };
    apr_pool_t *pool = tap_pool();

    for (apr_size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        rig_run_text(apr_pstrcat(pool, "=== T2 STARTTLS ", codes[i],
                             "\nset security=starttls\n"
                             "HELLO STARTTLS\nC: STARTTLS\nS: ", codes[i],
                             " x\n", codes[i][0] >= '4' ? "C: QUIT\n" : "",
                             "expect want close\nexpect status ETLS\n"
                             "expect stage STARTTLS\n", NULL));
    }
}

/* T6: what was offered in clear text is forgotten with the handshake. */
static void test_caps_forgotten(void)
{
    smtpc_link_t link = rig_link("encrypted verified");
    rig_t rig;

    rig_open(&rig, "set security=starttls\n",
             "250-hi\r\n250-PIPELINING\r\n250 STARTTLS\r\n");
    (void)rig_drain(&rig);
    rig_say(&rig, "220 go\r\n");
    tap_ok(smtpc__session_caps(rig.session)->bits != 0, "offered before");
    smtpc__session_secured(rig.session, &link);
    tap_is_int(smtpc__session_caps(rig.session)->bits, 0, "nothing after");
}

int main(void)
{
    rig_run_file("session_hello.txt");
    rig_run_file("session_tls.txt");
    rig_run_file("session_early.txt");
    rig_run_file("session_xclient.txt");
    test_starttls_codes();
    test_caps_forgotten();
    return tap_done();
}
