/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tap_test.c: what t/tap prints and returns, seen from outside.
 *
 * Every case runs in a child process of its own, because a producer that
 * reports on itself could hide its own fault; the parent compares output and
 * exit status.
 */
#include "../tap/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUTPUT_MAX 8192

static int passing(void)
{
    tap_ok(1, "plain %s", "yes");
    tap_is_int(3, 3, "three");
    tap_is_str(NULL, NULL, "two NULLs");
    tap_is_mem("a\0b", 3, "a\0b", 3, "with NUL");
    tap_is_mem(NULL, 0, "", 0, "empty");
    return tap_done();
}

static int failing(void)
{
    tap_ok(0, "no # really\nok 2");
    tap_is_int(1, 2, "int");
    tap_is_str(NULL, "a\"\r\n\x01", "str");
    tap_is_mem("ab", 2, "abc", 3, "mem");
    return tap_done();
}

static int nothing(void)
{
    return tap_done();
}

static int subtests(void)
{
    tap_subtest_begin("outer");
    tap_subtest_begin("inner");
    tap_pass("in");
    tap_subtest_end();
    tap_subtest_end();
    tap_subtest_begin("bad");
    tap_subtest_end();
    return tap_done();
}

static int unclosed(void)
{
    tap_pass("one");
    tap_subtest_begin("open");
    tap_pass("in");
    return tap_done();
}

static int todo(void)
{
    tap_todo_begin("because %d", 7);
    tap_ok(0, "not yet");
    tap_todo_end();
    tap_ok(1, "yes");
    return tap_done();
}

static int bail(void)
{
    tap_ok(1, "yes");
    tap_bail("stop %s", "it");
}

static int pools(void)
{
    tap_ok(tap_pool() != NULL, "a pool");
    tap_ok(tap_pool() == tap_pool(), "always the same");
    return tap_done();
}

/* Run a case in a child; returns its exit status and its output. */
static int run(int (*body)(void), char *output)
{
    int fds[2];
    int status = 0;
    size_t len = 0;
    ssize_t got;
    pid_t pid;

    if (pipe(fds) != 0 || (pid = fork()) < 0) {
        tap_bail("pipe or fork failed");
    }
    if (pid == 0) {
        close(fds[0]);
        dup2(fds[1], STDOUT_FILENO);
        /* What fails on purpose is not to be read there. */
        (void)!freopen("/dev/null", "w", stderr);
        exit(body());
    }
    close(fds[1]);
    while (len < OUTPUT_MAX - 1
           && (got = read(fds[0], output + len, OUTPUT_MAX - 1 - len)) > 0) {
        len += (size_t)got;
    }
    output[len] = '\0';
    close(fds[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
    static const struct {
        const char *name;
        int (*body)(void);
        int status;
        const char *output[6]; /* the output must contain each of these */
    } cases[] = {
        { "passing", passing, 0,
          { "ok 1 - plain yes\nok 2 - three\nok 3 - two NULLs\n"
            "ok 4 - with NUL\nok 5 - empty\n1..5\n" } },
        { "failing", failing, 1,
          { "not ok 1 - no \\# really ok 2\n#   failed at ",
            "not ok 2 - int\n", "#    got: 1\n#   want: 2\n",
            "got: NULL\n#   want: \"a\\\"\\r\\n\\x01\" (5 bytes)\n",
            "#   first difference at byte 2\n",
            "1..4\n# 4 of 4 checks failed\n" } },
        { "nothing", nothing, 1, { "1..0\n# no checks were run\n" } },
        { "subtests", subtests, 1,
          { "    # Subtest: outer\n        # Subtest: inner\n"
            "        ok 1 - in\n        1..1\n    ok 1 - inner\n"
            "    1..1\nok 1 - outer\n",
            "    1..0\n    # the subtest has no checks\nnot ok 2 - bad\n",
            "1..2\n# 1 of 2 checks failed\n" } },
        { "unclosed", unclosed, 1, { "1..1\n# 1 subtests were not closed" } },
        { "todo", todo, 0,
          { "not ok 1 - not yet # TODO because 7\n",
            "ok 2 - yes\n1..2\n" } },
        { "bail", bail, 255, { "ok 1 - yes\nBail out! stop it\n" } },
        { "pools", pools, 0, { "1..2\n" } },
    };
    enum { CASES = sizeof(cases) / sizeof(cases[0]) };
    static char outputs[CASES][OUTPUT_MAX];
    int statuses[CASES];
    size_t i;
    size_t k;

    /* All children first: each inherits a producer that has seen nothing. */
    for (i = 0; i < CASES; i++) {
        statuses[i] = run(cases[i].body, outputs[i]);
    }
    for (i = 0; i < CASES; i++) {
        tap_is_int(statuses[i], cases[i].status, "%s: exit status",
                   cases[i].name);
        for (k = 0; k < 6 && cases[i].output[k] != NULL; k++) {
            if (!tap_ok(strstr(outputs[i], cases[i].output[k]) != NULL,
                        "%s: output %d", cases[i].name, (int)k)) {
                tap_diag("%s", outputs[i]);
            }
        }
    }
    return tap_done();
}
