/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_ask_test.c: single commands.
 */
#include "../support/session_rig.h"
#include "../tap/tap.h"

int main(void)
{
    rig_run_file("session_ask.txt");
    return tap_done();
}
