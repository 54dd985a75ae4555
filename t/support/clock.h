/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_CLOCK_H
#define T_SUPPORT_CLOCK_H

/**
 * @file clock.h
 * The monotonic clock of a test program that links this: it can be set
 * forward, so that nobody has to wait for what takes minutes.
 */

#include <apr_time.h>

/** Set the monotonic clock of this process @a span forward. */
void clock_advance(apr_interval_time_t span);

#endif
