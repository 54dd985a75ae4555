/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c: clock_gettime() in the place of libc's.
 */

#include "clock.h"

#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static _Atomic apr_int64_t ahead;

void clock_advance(apr_interval_time_t span)
{
    atomic_fetch_add(&ahead, span);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long rv = syscall(SYS_clock_gettime, clock, now);

    if (rv == 0 && clock == CLOCK_MONOTONIC) {
        apr_int64_t span = atomic_load(&ahead);

        now->tv_sec += span / APR_USEC_PER_SEC;
        now->tv_nsec += span % APR_USEC_PER_SEC * 1000;
        if (now->tv_nsec >= 1000000000) {
            now->tv_sec++;
            now->tv_nsec -= 1000000000;
        }
    }
    return (int)rv;
}
