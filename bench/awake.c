/* SPDX-License-Identifier: Apache-2.0 */
/*
 * awake.c: keeps the processor that it is pinned to from falling asleep.
 *
 * It does nothing, at a priority (SCHED_IDLE) that gives way to everything
 * else. In a virtual machine an idle processor is given back to the host, and
 * to get it again takes longer than a mail does, and never equally long: a
 * client and a server that wait for each other would measure that. Ends with
 * its parent.
 */
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>

#include "meter.h"

int main(void)
{
    struct sched_param none = { 0 };

    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0
        || prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) {
        meter_die("cannot give way");
    }
    for (;;) {
        /* So that the loop is there; a pause would be an exit to the host in
         * some virtual machines. */
        __asm__ volatile("" : : : "memory");
    }
}
