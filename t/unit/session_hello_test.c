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

int main(void)
{
    rig_run_file("session_hello.txt");
    rig_run_file("session_tls.txt");
    test_starttls_codes();
    return tap_done();
}
