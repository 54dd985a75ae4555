/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_BENCH_METER_H
#define SMTPC_BENCH_METER_H

/**
 * @file meter.h
 * What all programs of the benchmark share: the stop watch and the line of
 * JSON that they print. README says what the figures mean.
 */

#include <stddef.h>

/** What was spent between two moments, and the most memory ever used. */
typedef struct meter_t {
    double wall_s; /**< seconds on the clock */
    double cpu_s;  /**< seconds of CPU of the thread that measures */
} meter_t;

/** Begin to measure, on this thread. */
void meter_start(meter_t *meter);

/** Put what was spent since meter_start() into @a meter. */
void meter_stop(meter_t *meter);

/** Print the line for @a peer in @a name: it composed @a messages messages of
 *  @a bytes bytes in all for what @a meter says. */
void meter_print(const meter_t *meter, const char *name, const char *peer,
                 long messages, double bytes);

/** Return the most memory that the process ever had, in KiB. */
long meter_peak_kb(void);

/** Return the positive number in @a text, or end the program. */
long meter_count(const char *text);

/** Print @a what went wrong and end the program. */
_Noreturn void meter_die(const char *what);

#endif
