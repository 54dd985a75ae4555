/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_tx_test.c: several transactions under way.
 */
#include "../support/session_rig.h"
#include "../tap/tap.h"

/* The ring is full: as many as can be under way, and one that is not taken
 * back. */
static void test_ring(void)
{
    rig_t rig;
    int begun = 0;

    rig_open(&rig, "set depth=64\n",
             "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n");
    while (smtpc__session_room(rig.session) && begun < 100) {
        rig_begin(&rig, rig.session);
        (void)rig_drain(&rig);
        begun++;
    }
    /* The first takes three slots, each behind it one more for RSET. */
    tap_is_int(begun, SMTPC_LIMIT_SLOTS / 4, "slots are what limits");
    tap_ok(smtpc__session_outstanding(rig.session) <= SMTPC_LIMIT_SLOTS,
           "%d replies outstanding",
           (int)smtpc__session_outstanding(rig.session));
    for (int i = 0; i < begun; i++) {
        rig_say(&rig, i == 0 ? "250 a\r\n250 b\r\n250 c\r\n"
                             : "250 r\r\n250 a\r\n250 b\r\n250 c\r\n");
    }
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY,
               "all answered");
    rig_take_back(&rig);
    tap_is_int(rig.finished, begun, "all finished");
}

int main(void)
{
    rig_run_file("session_window.txt");
    test_ring();
    return tap_done();
}
