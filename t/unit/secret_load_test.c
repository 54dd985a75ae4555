/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_load_test.c: references to secrets, good, bad and hostile.
 */
#include "../support/process.h"
#include "../tap/tap.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"
#include "base/secret_store.h"

static const char *directory;

/* Write len bytes to the file name with mode; return its path. */
static const char *write_file(const char *name, const char *content,
                              apr_size_t len, int mode)
{
    const char *path = apr_pstrcat(tap_pool(), directory, "/", name, NULL);
    apr_file_t *file;

    unlink(path);
    if (apr_file_open(&file, path,
                      APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_WRITE,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, tap_pool())
            != APR_SUCCESS
        || apr_file_write_full(file, content, len, NULL) != APR_SUCCESS
        || apr_file_close(file) != APR_SUCCESS
        || chmod(path, (mode_t)mode) != 0) {
        tap_bail("cannot write %s", path);
    }
    return path;
}

/* Load reference and require it to be want. */
static void loads(const char *reference, const char *want, const char *what)
{
    smtpc_secret_t *secret = NULL;
    const char *why = "";
    apr_size_t len = 0;
    apr_status_t rv;

    rv = smtpc_secret_load(&secret, &why, reference, tap_pool());
    if (tap_is_int(rv, APR_SUCCESS, "loaded: %s", what)) {
        const char *bytes = smtpc__secret_bytes(secret, &len);

        tap_is_mem(bytes, len, want, strlen(want), "as it is written");
    }
    else {
        tap_diag("%s", why);
    }
}

/* Load reference and require it to fail with status and text in why. */
static void refuses(const char *reference, apr_status_t status,
                    const char *text, const char *what)
{
    smtpc_secret_t *secret = NULL;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc_secret_load(&secret, &why, reference, tap_pool());
    tap_is_int(rv, status, "refused: %s", what);
    tap_ok(strstr(why, text) != NULL && strstr(why, "hunter") == NULL,
           "why: %s", why);
    tap_ok(secret == NULL, "no secret is set");
    tap_is_int(smtpc_secret_load(&secret, NULL, reference, tap_pool()),
               status, "why need not be asked for");
}

static void literals(void)
{
    char text[SMTPC_LIMIT_SECRET + 2];

    loads("hunter2", "hunter2", "a text");
    loads(" pass word ", " pass word ", "blanks");
    loads("p\xc3\xa4ss$word{x}", "p\xc3\xa4ss$word{x}", "UTF-8 and a $");
    loads("File:/x", "File:/x", "what only looks like a reference");
    refuses("", SMTPC_EARG, "empty", "nothing");
    refuses(NULL, SMTPC_EARG, "empty", "NULL");
    refuses("hunter\n2", SMTPC_EARG, "line end", "LF");
    refuses("hunter2\r", SMTPC_EARG, "line end", "CR");
    refuses("hunter${SECRET}", SMTPC_EARG, "variable",
            "a variable nobody replaced");
    memset(text, 'x', sizeof(text));
    text[SMTPC_LIMIT_SECRET] = '\0';
    loads(text, text, "the longest");
    text[SMTPC_LIMIT_SECRET] = 'x';
    text[SMTPC_LIMIT_SECRET + 1] = '\0';
    refuses(text, SMTPC_EARG, "more than 4096", "one byte more");
}

static const char *file_with(const char *content, apr_size_t len, int mode)
{
    return apr_pstrcat(tap_pool(), "file:",
                       write_file("secret", content, len, mode), NULL);
}

static void files(void)
{
    char text[SMTPC_LIMIT_SECRET + 8];

    loads(file_with("hunter2\n", 8, 0600), "hunter2", "a line");
    loads(file_with("hunter2", 7, 0400), "hunter2", "no line end");
    loads(file_with("hunter2\r\n", 9, 0640), "hunter2", "CRLF, group");
    loads(file_with("hunter2\nmore\n", 13, 0600), "hunter2", "two lines");
    loads(file_with(" ${x} \n", 7, 0600), " ${x} ", "odd characters");
    refuses(file_with("", 0, 0600), SMTPC_EARG, "empty", "an empty file");
    refuses(file_with("\nhunter2", 8, 0600), SMTPC_EARG, "empty first line",
            "an empty first line");
    refuses(file_with("hunter\0\n", 8, 0600), SMTPC_EARG, "NUL", "NUL");
    refuses(file_with("hun\rter\n", 8, 0600), SMTPC_EARG, "line end", "CR");
    refuses(file_with("hunter2\n", 8, 0604), SMTPC_EARG, "chmod o-rwx",
            "others can read");
    refuses(file_with("hunter2\n", 8, 0602), SMTPC_EARG, "chmod o-rwx",
            "others can write");
    memset(text, 'x', sizeof(text));
    text[SMTPC_LIMIT_SECRET] = '\r';
    text[SMTPC_LIMIT_SECRET + 1] = '\n';
    text[SMTPC_LIMIT_SECRET + 2] = 'y';
    loads(file_with(text, SMTPC_LIMIT_SECRET + 3, 0600),
          apr_pstrmemdup(tap_pool(), text, SMTPC_LIMIT_SECRET),
          "the longest line");
    text[SMTPC_LIMIT_SECRET] = 'x';
    refuses(file_with(text, SMTPC_LIMIT_SECRET + 3, 0600), SMTPC_EARG,
            "more than 4096", "one byte more");
    text[SMTPC_LIMIT_SECRET + 1] = 'x';
    refuses(file_with(text, sizeof(text), 0600), SMTPC_EARG,
            "more than 4096", "far more");
}

static void not_files(void)
{
    const char *fifo = apr_pstrcat(tap_pool(), directory, "/fifo", NULL);

    refuses("file:", SMTPC_EARG, "no path", "no path");
    refuses("file:no/such/secret", APR_ENOENT, "no/such/secret",
            "a relative path that leads nowhere");
    refuses(apr_pstrcat(tap_pool(), "file:", directory, NULL), SMTPC_EARG,
            "regular", "a directory");
    refuses(apr_pstrcat(tap_pool(), "file:", directory, "/none", NULL),
            APR_ENOENT, "cannot be opened", "no file");
    if (mkfifo(fifo, 0600) != 0) {
        tap_bail("cannot make a pipe");
    }
    refuses(apr_pstrcat(tap_pool(), "file:", fifo, NULL), SMTPC_EARG,
            "regular", "a pipe, without waiting");
    unlink(fifo);
    refuses("file:/dev/zero", SMTPC_EARG, "regular", "a device");
}

static void variables(void)
{
    setenv("SMTPC_TEST_SECRET", "hunter2", 1);
    loads("env:SMTPC_TEST_SECRET", "hunter2", "a variable");
    setenv("SMTPC_TEST_SECRET", "", 1);
    refuses("env:SMTPC_TEST_SECRET", SMTPC_EARG, "empty", "an empty one");
    setenv("SMTPC_TEST_SECRET", "hunter\n2", 1);
    refuses("env:SMTPC_TEST_SECRET", SMTPC_EARG, "line end", "two lines");
    unsetenv("SMTPC_TEST_SECRET");
    refuses("env:SMTPC_TEST_SECRET", APR_ENOENT, "not set", "none");
    refuses("env:", APR_ENOENT, "not set", "no name");
}

static const char *script_with(const char *content)
{
    return apr_pstrcat(tap_pool(), "exec:",
                       write_file("program",
                                  apr_pstrcat(tap_pool(), "#!/bin/sh\n",
                                              content, NULL),
                                  strlen(content) + 10, 0700),
                       NULL);
}

static void programs(void)
{
    const char *program;

    loads(script_with("echo hunter2\n"), "hunter2", "a program");
    loads(script_with("printf 'hunter2\\r\\nmore'\n"), "hunter2",
          "its first line");
    loads(script_with("echo hunter2; dd if=/dev/zero bs=1024 count=200 "
                      "2>/dev/null\n"),
          "hunter2", "a program that goes on writing");
    loads(script_with("cat; echo hunter2\n"), "hunter2",
          "a program that reads its input, which is empty");
    program = script_with("printf %s \"$1-$2-$#\"\n");
    loads(apr_pstrcat(tap_pool(), program, " 'a b' $(id);x", NULL),
          "a b-$(id);x-2", "arguments, without a shell");
    refuses(script_with("echo hunter2; exit 3\n"), APR_EGENERAL,
            "exit status 3", "a program that fails");
    refuses(script_with("echo hunter2; kill -9 $$\n"), APR_EGENERAL,
            "signal", "a program that is killed");
    refuses(script_with("exit 0\n"), SMTPC_EARG, "empty", "no output");
    refuses(script_with("printf 'hun\\000ter'\n"), SMTPC_EARG, "NUL", "NUL");
    refuses("exec:sh -c id", SMTPC_EARG, "absolute", "a relative program");
    refuses("exec:", SMTPC_EARG, "absolute", "no program");
    refuses("exec:/nonexistent/program hunter2", APR_ENOENT,
            "cannot be started", "a program that is not there");
    program = script_with("echo hunter2\n");
    tap_is_int(chmod(program + strlen("exec:"), 0702), 0, "open to others");
    refuses(program, SMTPC_EARG, "chmod o-w", "a program others can change");
}

/* The deadline of a program is kept, whichever way it hangs. */
static void deadline(const char *reference, const char *what)
{
    apr_time_t began = smtpc__monotonic();
    smtpc_secret_t *secret;
    const char *why = "";
    apr_status_t rv;

    rv = smtpc__secret_load_within(&secret, &why, reference,
                                   apr_time_from_msec(200), tap_pool());
    tap_is_int(rv, APR_TIMEUP, "ended: %s", what);
    tap_ok(strstr(why, "killed") != NULL, "why: %s", why);
    tap_ok(smtpc__monotonic() - began < apr_time_from_sec(20),
           "in good time");
}

static void hanging_programs(void)
{
    apr_time_t began = smtpc__monotonic();

    deadline("exec:/bin/sleep 300", "a program that says nothing");
    deadline(script_with("exec >&-\nexec sleep 300\n"),
             "a program that closes its output and stays");
    deadline(script_with("while :; do echo hunter2; done\n"),
             "a program that never stops writing");
    tap_ok(smtpc__monotonic() - began >= apr_time_from_msec(600),
           "none was ended early");
    tap_ok(waitpid(-1, NULL, WNOHANG) == -1, "no child is left");
}

int main(void)
{
    char made[] = "/tmp/smtpc-secret-XXXXXX";
    int before;

    tap_pool();
    directory = mkdtemp(made);
    if (directory == NULL) {
        tap_bail("cannot make a directory");
    }
    /* What a program would read if it got our standard input. */
    if (freopen(write_file("secret", "stolen\n", 7, 0600), "r", stdin)
        == NULL) {
        tap_bail("cannot change the standard input");
    }
    before = process_descriptors();
    literals();
    files();
    not_files();
    variables();
    programs();
    hanging_programs();
    tap_is_int(process_descriptors(), before, "no descriptor is left");
    unlink(apr_pstrcat(tap_pool(), directory, "/secret", NULL));
    unlink(apr_pstrcat(tap_pool(), directory, "/program", NULL));
    tap_is_int(rmdir(directory), 0, "nothing is left behind");
    return tap_done();
}
