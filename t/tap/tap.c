/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap.c: a small TAP producer for the C tests.
 *
 * Output goes to stdout, one flushed line at a time, so that what was
 * reported before a crash is not lost and a fork does not repeat it.
 * Text is escaped: no check can forge a TAP line.  The state is one static
 * structure: a test program has one result stream, as it has one stdout.
 *
 * It does not run tests in threads or processes, and has no skip: a test
 * that cannot run here is a failure to be seen, not a pass.
 *
 * Format: Test Anything Protocol 13 with indented subtests.
 */
#include "tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

/* Longest description; the rest is cut. */
#define TEXT_MAX 1024

/* Exit status that tells a harness that the run was given up. */
#define BAIL_STATUS 255

typedef struct {
    unsigned long run;
    unsigned long failed;
    char name[TEXT_MAX];
} level_t;

static struct {
    level_t levels[TAP_DEPTH_MAX + 1];
    unsigned depth;
    int todo;
    char todo_reason[TEXT_MAX];
    apr_pool_t *pool;
} tap;

static void indent(void)
{
    printf("%*s", (int)tap.depth * 4, "");
}

/* Print the text of a description: one line, '#' and '\' escaped. */
static void put_description(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '#' || c == '\\') {
            putchar('\\');
        }
        putchar(c < ' ' || c == 0x7f ? ' ' : c);
    }
}

static void put_diag(const char *text)
{
    indent();
    fputs("# ", stdout);
    for (; *text != '\0'; text++) {
        if (*text == '\n') {
            if (text[1] == '\0') {
                break;
            }
            putchar('\n');
            indent();
            fputs("# ", stdout);
        }
        else {
            putchar((unsigned char)*text);
        }
    }
    putchar('\n');
    fflush(stdout);
}

/* Print a labelled value as a C string literal, cut at TAP_SHOW_MAX. */
static void put_value(const char *label, const void *data, size_t len)
{
    const unsigned char *bytes = data;
    size_t i;

    indent();
    printf("#   %s: ", label);
    if (bytes == NULL) {
        puts("NULL");
        return;
    }
    putchar('"');
    for (i = 0; i < len && i < TAP_SHOW_MAX; i++) {
        if (bytes[i] == '\r') {
            fputs("\\r", stdout);
        }
        else if (bytes[i] == '\n') {
            fputs("\\n", stdout);
        }
        else if (bytes[i] == '"' || bytes[i] == '\\') {
            printf("\\%c", bytes[i]);
        }
        else if (bytes[i] < ' ' || bytes[i] >= 0x7f) {
            printf("\\x%02x", bytes[i]);
        }
        else {
            putchar(bytes[i]);
        }
    }
    printf("\"%s (%lu bytes)\n", i < len ? "..." : "", (unsigned long)len);
}

/* Print one result line and count it; on failure, say where it was. */
static int report(int passed, const char *file, int line, const char *expr,
                  const char *text)
{
    level_t *level = &tap.levels[tap.depth];

    level->run++;
    indent();
    printf("%sok %lu - ", passed ? "" : "not ", level->run);
    put_description(text);
    if (tap.todo) {
        fputs(" # TODO ", stdout);
        put_description(tap.todo_reason);
    }
    putchar('\n');
    if (!passed) {
        if (!tap.todo) {
            level->failed++;
        }
        if (file != NULL) {
            indent();
            printf("#   failed at %s:%d: %s\n", file, line, expr);
            /* What prove shows although it hides the other lines. */
            fprintf(stderr, "# failed at %s:%d: %s (%s)\n", file, line, text,
                    expr);
        }
    }
    fflush(stdout);
    return passed;
}

static int report_va(int passed, const char *file, int line,
                     const char *expr, const char *fmt, va_list args)
    __attribute__((format(printf, 5, 0)));

static int report_va(int passed, const char *file, int line,
                     const char *expr, const char *fmt, va_list args)
{
    char text[TEXT_MAX];

    vsnprintf(text, sizeof(text), fmt, args);
    return report(passed, file, line, expr, text);
}

int tap__ok(int passed, const char *file, int line, const char *expr,
            const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_va(passed, file, line, expr, fmt, args);
    va_end(args);
    return passed;
}

int tap__is_int(long long got, long long want, const char *file, int line,
                const char *expr, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    report_va(got == want, file, line, expr, fmt, args);
    va_end(args);
    if (got != want) {
        tap_diag("   got: %lld\n  want: %lld", got, want);
        fprintf(stderr, "#    got: %lld, want: %lld\n", got, want);
    }
    return got == want;
}

int tap__is_str(const char *got, const char *want, const char *file,
                int line, const char *expr, const char *fmt, ...)
{
    int passed = got == NULL || want == NULL ? got == want
                                             : strcmp(got, want) == 0;
    va_list args;

    va_start(args, fmt);
    report_va(passed, file, line, expr, fmt, args);
    va_end(args);
    if (!passed) {
        put_value(" got", got, got == NULL ? 0 : strlen(got));
        put_value("want", want, want == NULL ? 0 : strlen(want));
        fflush(stdout);
    }
    return passed;
}

int tap__is_mem(const void *got, size_t got_len, const void *want,
                size_t want_len, const char *file, int line,
                const char *expr, const char *fmt, ...)
{
    const unsigned char *a = got;
    const unsigned char *b = want;
    size_t at = 0;
    int passed;
    va_list args;

    while (a != NULL && b != NULL && at < got_len && at < want_len
           && a[at] == b[at]) {
        at++;
    }
    passed = got_len == want_len && at == got_len;
    va_start(args, fmt);
    report_va(passed, file, line, expr, fmt, args);
    va_end(args);
    if (!passed) {
        tap_diag("  first difference at byte %lu", (unsigned long)at);
        put_value(" got", got, got_len);
        put_value("want", want, want_len);
        fflush(stdout);
    }
    return passed;
}

void tap_diag(const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    put_diag(text);
}

void tap_subtest_begin(const char *fmt, ...)
{
    level_t *level;
    va_list args;

    if (tap.depth == TAP_DEPTH_MAX) {
        tap_bail("more than %d subtests are open", TAP_DEPTH_MAX);
    }
    tap.depth++;
    level = &tap.levels[tap.depth];
    level->run = 0;
    level->failed = 0;
    va_start(args, fmt);
    vsnprintf(level->name, sizeof(level->name), fmt, args);
    va_end(args);
    indent();
    fputs("# Subtest: ", stdout);
    put_description(level->name);
    putchar('\n');
    fflush(stdout);
}

int tap_subtest_end(void)
{
    level_t *level = &tap.levels[tap.depth];
    int passed;

    if (tap.depth == 0) {
        tap_bail("tap_subtest_end() without an open subtest");
    }
    indent();
    printf("1..%lu\n", level->run);
    passed = level->run > 0 && level->failed == 0;
    if (level->run == 0) {
        put_diag("the subtest has no checks");
    }
    tap.depth--;
    return report(passed, NULL, 0, NULL, level->name);
}

void tap_todo_begin(const char *fmt, ...)
{
    va_list args;

    tap.todo = 1;
    va_start(args, fmt);
    vsnprintf(tap.todo_reason, sizeof(tap.todo_reason), fmt, args);
    va_end(args);
}

void tap_todo_end(void)
{
    tap.todo = 0;
}

void tap_bail(const char *fmt, ...)
{
    char text[TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    fputs("Bail out! ", stdout);
    put_description(text);
    putchar('\n');
    fflush(stdout);
    exit(BAIL_STATUS);
}

static int out_of_memory(int status)
{
    (void)status;
    tap_bail("out of memory");
}

apr_pool_t *tap_pool(void)
{
    if (tap.pool == NULL) {
        if (apr_initialize() != APR_SUCCESS
            || apr_pool_create_ex(&tap.pool, NULL, out_of_memory, NULL)
                   != APR_SUCCESS) {
            tap_bail("APR cannot be initialised");
        }
    }
    return tap.pool;
}

void tap_run(const tap_test_fn *tests, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        apr_pool_t *pool;

        if (apr_pool_create(&pool, tap_pool()) != APR_SUCCESS) {
            tap_bail("no pool");
        }
        tests[i](pool);
        apr_pool_destroy(pool);
    }
}

int tap_done(void)
{
    unsigned open = tap.depth;
    int failed;

    tap.depth = 0;
    if (tap.pool != NULL) {
        apr_pool_destroy(tap.pool);
        tap.pool = NULL;
        apr_terminate();
    }
    printf("1..%lu\n", tap.levels[0].run);
    if (open > 0) {
        tap_diag("%u subtests were not closed, the inner one is \"%s\"",
                 open, tap.levels[open].name);
    }
    if (tap.levels[0].run == 0) {
        tap_diag("no checks were run");
    }
    if (tap.levels[0].failed > 0) {
        tap_diag("%lu of %lu checks failed", tap.levels[0].failed,
                 tap.levels[0].run);
    }
    fflush(stdout);
    failed = open > 0 || tap.levels[0].run == 0 || tap.levels[0].failed > 0;
    return failed ? 1 : 0;
}
