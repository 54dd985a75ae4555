/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap.h: a small TAP producer for the C tests.
 *
 *     #include "../tap/tap.h"
 *
 *     int main(void)
 *     {
 *         apr_pool_t *pool = tap_pool();
 *
 *         tap_is_str(apr_pstrdup(pool, "a"), "a", "pstrdup copies");
 *         return tap_done();
 *     }
 *
 * No plan is announced in front: tap_done() prints it.  Every check returns
 * 1 when it passed and 0 when it failed, so that dependent checks can be
 * left out.  Every description is a printf format with its arguments.  One
 * thread only: threads report to the main thread, which calls tap_ok().
 */
#ifndef T_TAP_H
#define T_TAP_H

#include <stddef.h>

#include <apr_pools.h>

/** Most subtests that may be open inside each other. */
#define TAP_DEPTH_MAX 8

/** Most bytes of a string or memory block shown when a check fails. */
#define TAP_SHOW_MAX 400

/** Pass when @a cond is true; a failure shows the condition and its place. */
#define tap_ok(cond, ...) \
    tap__ok(!!(cond), __FILE__, __LINE__, #cond, __VA_ARGS__)

/** Pass when the integers @a got and @a want are equal. */
#define tap_is_int(got, want, ...) \
    tap__is_int((long long)(got), (long long)(want), __FILE__, __LINE__, \
                #got, __VA_ARGS__)

/** Pass when both strings are equal or both are NULL. */
#define tap_is_str(got, want, ...) \
    tap__is_str((got), (want), __FILE__, __LINE__, #got, __VA_ARGS__)

/** Pass when both blocks have the same length and the same bytes. */
#define tap_is_mem(got, got_len, want, want_len, ...) \
    tap__is_mem((got), (got_len), (want), (want_len), __FILE__, __LINE__, \
                #got, __VA_ARGS__)

/** Pass always: for a point that is reached or not. */
#define tap_pass(...) tap__ok(1, __FILE__, __LINE__, "reached", __VA_ARGS__)

/** Fail always: for a point that must not be reached. */
#define tap_fail(...) \
    tap__ok(0, __FILE__, __LINE__, "must not be reached", __VA_ARGS__)

/**
 * Print a diagnostic line ("# ...") at the present depth.
 * Line ends inside the text start new diagnostic lines.
 */
void tap_diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * Open a subtest: the checks up to tap_subtest_end() are numbered on their
 * own, printed indented, and count as one check of the level above.
 * Ends the program when more than TAP_DEPTH_MAX are open.
 */
void tap_subtest_begin(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/**
 * Close the innermost subtest.
 * @return 1 when it had at least one check and none failed, else 0
 */
int tap_subtest_end(void);

/**
 * Mark the checks up to tap_todo_end() as not expected to pass yet, with the
 * reason: failures are printed as "# TODO reason" and do not count.
 */
void tap_todo_begin(const char *fmt, ...)
    __attribute__((format(printf, 1, 2)));

/** End what tap_todo_begin() began. */
void tap_todo_end(void);

/** Print "Bail out!" with the reason and end the program with status 255. */
void tap_bail(const char *fmt, ...)
    __attribute__((format(printf, 1, 2), noreturn));

/**
 * Get the root pool of the test, which lives until tap_done(); the first
 * call initialises APR.  Running out of memory bails out.
 */
apr_pool_t *tap_pool(void);

/** A test with a pool of its own. */
typedef void (*tap_test_fn)(apr_pool_t *pool);

/** Run the @a count tests in @a tests in turn, each with a pool below
 *  tap_pool() that is destroyed behind it. */
void tap_run(const tap_test_fn *tests, size_t count);

/**
 * Print the plan, destroy the root pool, end APR.
 * @return the exit status for main(): 0 when there was at least one check,
 *         none failed and every subtest was closed, else 1
 */
int tap_done(void);

/* What the macros call; tests use the macros. */

/** Record one check of a condition. */
int tap__ok(int passed, const char *file, int line, const char *expr,
            const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/** Record one comparison of integers. */
int tap__is_int(long long got, long long want, const char *file, int line,
                const char *expr, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/** Record one comparison of strings. */
int tap__is_str(const char *got, const char *want, const char *file,
                int line, const char *expr, const char *fmt, ...)
    __attribute__((format(printf, 6, 7)));

/** Record one comparison of memory. */
int tap__is_mem(const void *got, size_t got_len, const void *want,
                size_t want_len, const char *file, int line,
                const char *expr, const char *fmt, ...)
    __attribute__((format(printf, 8, 9)));

#endif /* T_TAP_H */
