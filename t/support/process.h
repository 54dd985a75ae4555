/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_PROCESS_H
#define T_SUPPORT_PROCESS_H

/**
 * @file process.h
 * What this process has open and running.
 */

/** Return how many threads the process has that are not about to end. */
int process_threads(void);

/** Return how many descriptors the process has open. */
int process_descriptors(void);

#endif
