/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_close_test.c: QUIT, failures, and what is left afterwards.
 */
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

int main(void)
{
    rig_run_file("session_close.txt");
    return tap_done();
}
