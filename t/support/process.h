/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_SUPPORT_PROCESS_H
#define T_SUPPORT_PROCESS_H

/**
 * @file process.h
 * What this process has open and running.
 */

/** Return how many threads the process has that are not about to end. */
int process_threads(void);

/** Return how many they are as soon as they are @a count: what nobody joins
 *  ends a moment after its work. After some seconds return what they are. */
int process_threads_wait(int count);

/** Return how many descriptors the process has open. */
int process_descriptors(void);

#endif
