/* SPDX-License-Identifier: Apache-2.0 */
#ifndef T_FAULT_INJECT_CALLS_H
#define T_FAULT_INJECT_CALLS_H

/**
 * @file inject_calls.h
 * How a call in front of the system's is written, for inject_calls.c, which
 * has most of them, and inject_files.c, which has those about files.
 */

/* Its wrappers have these names, too. */
#undef _FORTIFY_SOURCE

#include "inject.h"

#include <dlfcn.h>
#include <errno.h>

#define HARD(error) { error, 0, #error }
#define SOFT(error) { error, 1, #error }
/** Less was done than was asked for. */
#define SHORT { 0, 1, "short" }
/** The end of what there is to read. */
#define END { 0, 0, "end" }

/** The system's function. */
#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) { \
        next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name); \
    }

#define WAY(name, kind, ...) \
    static const inject_way_t ways[] = { __VA_ARGS__, { 0, 0, NULL } }; \
    const inject_way_t *way \
        = inject(name, ways, kind, __builtin_return_address(0))

/** Return value with errno. */
#define FAIL(name, value, ...) \
    WAY(name, INJECT_CALL, __VA_ARGS__); \
    if (way) { \
        errno = way->error; \
        return value; \
    }

/** Return what says why. */
#define FAIL_CODE(name, ...) \
    WAY(name, INJECT_CALL, __VA_ARGS__); \
    if (way) { \
        return way->error; \
    }

/** Return NULL for want of memory. */
#define FAIL_MEMORY(name) \
    WAY(name, INJECT_MEMORY, HARD(ENOMEM)); \
    if (way) { \
        errno = way->error; \
        return NULL; \
    }

/** Does nothing; a program that needs it has inject_files.c. */
void inject_files(void);

#endif
