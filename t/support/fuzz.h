/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FUZZ_H
#define T_FUZZ_H

/**
 * @file fuzz.h
 * What the entries for libFuzzer share: promises that are checked, a pool for
 * one input, and inputs as text.
 */

#include <stddef.h>
#include <stdint.h>

#include <apr_pools.h>

/** End the program unless @a promise holds. Each has its line in the output:
 *  the optimiser makes all calls of abort() one. */
#define require(promise) \
    ((promise) ? (void)0 : fuzz_broken(__FILE__, __LINE__, #promise))

/** What require() does. */
void fuzz_broken(const char *file, int line, const char *promise)
    __attribute__((noreturn));

/** Called by libFuzzer once, before the first input. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/** Called by libFuzzer for every input; each entry defines it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** Return the pool for one input, to be cleared behind it: the same at every
 *  call, because to clear one costs less than to make one. */
apr_pool_t *fuzz_pool(void);

/** Return a copy of @a size bytes at @a data with a terminator, to be freed.
 *  It is not in a pool: a read beyond the end is to be seen. */
char *fuzz_text(const void *data, size_t size);

/** Require @a text to be one line of UTF-8 that can be logged, of at most
 *  @a max bytes. */
void fuzz_check_line(const char *text, size_t max);

/** As fuzz_check_line(), but of lines with LF between them. */
void fuzz_check_lines(const char *text, size_t max);

#endif
