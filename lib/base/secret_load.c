/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secret_load.c: from a reference to the secret it names.
 *
 * file: a regular file that others can neither read nor write. exec: a
 * program that others cannot write, started without a shell, with /dev/null
 * as its input, ended by SIGKILL at SMTPC_SECRET_EXEC_TIMEOUT. env: a variable. Else the text
 * itself. No sentence made here holds a byte of the secret, nor the
 * arguments of a program, which may be secret too.
 *
 * It does not watch files for changes.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/codec.h"
#include "base/env_int.h"
#include "base/limits.h"
#include "base/secret_store.h"

/* What is read beyond the limit: CRLF, and one byte to see that there is
 * more. */
#define SPARE 3

/* The pauses between two looks at a program that has closed its output. */
#define REAP_PAUSE apr_time_from_msec(2)

/* A load in progress. */
typedef struct load_t {
    apr_pool_t *pool;
    apr_pool_t *scratch;
    int whole;           /* all lines, not only the first */
    apr_size_t limit;
    char *room;          /* limit + SPARE bytes */
    apr_size_t size;
    apr_size_t len;      /* bytes in it */
    const char *noun;    /* "secret" or "private key", for sentences */
    const char *subject; /* "secret file \"/etc/pw\"", for sentences */
    const char *why;
} load_t;

/* Set why to subject and text and return status. */
static apr_status_t refuse(load_t *load, apr_status_t status,
                           const char *text)
{
    load->why = apr_psprintf(load->pool, "%s %s", load->subject, text);
    return status;
}

/* As refuse(), with the system's words for status. */
static apr_status_t refuse_status(load_t *load, apr_status_t status,
                                  const char *what)
{
    char words[160];

    smtpc_strerror(status, words, sizeof(words));
    return refuse(load, status,
                  apr_psprintf(load->scratch, "%s: %s", what, words));
}

/* Cut the bytes read to the first line, without its line end, unless all
 * lines are wanted. */
static apr_status_t keep_first_line(load_t *load)
{
    const char *end = memchr(load->room, '\n', load->len);

    if (load->whole) {
        return APR_SUCCESS;
    }
    if (end != NULL) {
        load->len = (apr_size_t)(end - load->room);
        if (load->len > 0 && load->room[load->len - 1] == '\r') {
            load->len--;
        }
    }
    if (load->len == 0) {
        return refuse(load, SMTPC_EARG,
                      "has an empty first line where the secret should be");
    }
    return APR_SUCCESS;
}

/* Check that what was loaded can be a secret. */
static apr_status_t check(load_t *load)
{
    if (load->len == 0) {
        return refuse(load, SMTPC_EARG, "is empty");
    }
    if (load->len > load->limit) {
        return refuse(load, SMTPC_EARG,
                      apr_psprintf(load->scratch,
                                   "holds a %s of more than %" APR_SIZE_T_FMT
                                   " bytes", load->noun, load->limit));
    }
    if (load->whole) {
        return APR_SUCCESS;
    }
    if (memchr(load->room, '\0', load->len) != NULL
        || memchr(load->room, '\r', load->len) != NULL
        || memchr(load->room, '\n', load->len) != NULL) {
        return refuse(load, SMTPC_EARG,
                      "holds a line end or NUL inside the secret");
    }
    return APR_SUCCESS;
}

/* Copy text to the room, as much of it as there is room for. */
static void take_text(load_t *load, const char *text)
{
    load->len = strnlen(text, load->size);
    memcpy(load->room, text, load->len);
}

/* Check that fd is a file whose content only we and its group can know. */
static apr_status_t check_file(load_t *load, int fd)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return refuse_status(load, APR_FROM_OS_ERROR(errno),
                             "cannot be looked at");
    }
    if (!S_ISREG(info.st_mode)) {
        return refuse(load, SMTPC_EARG, "is not a regular file");
    }
    if (info.st_mode & (S_IROTH | S_IWOTH)) {
        return refuse(load, SMTPC_EARG,
                      "is open to every user of this machine; run "
                      "chmod o-rwx on it");
    }
    return APR_SUCCESS;
}

/* Read fd until the room is full, what is wanted is complete, or the end. */
static apr_status_t read_file(load_t *load, int fd)
{
    while (load->len < load->size
           && (load->whole
               || memchr(load->room, '\n', load->len) == NULL)) {
        ssize_t got = read(fd, load->room + load->len,
                           load->size - load->len);

        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            return refuse_status(load, APR_FROM_OS_ERROR(errno),
                                 "cannot be read");
        }
        if (got == 0) {
            break;
        }
        load->len += (apr_size_t)got;
    }
    return APR_SUCCESS;
}

static apr_status_t load_file(load_t *load, const char *path)
{
    apr_status_t rv;
    int fd;

    load->subject = apr_psprintf(load->pool, "%s file \"%s\"", load->noun,
                                 smtpc__escape(path, strlen(path),
                                               SMTPC_LIMIT_PARAMETER, 0,
                                               load->scratch));
    if (*path == '\0') {
        return refuse(load, SMTPC_EARG, "has no path; write file:/path");
    }
    /* Non-blocking: opening a pipe must not wait for a writer. */
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (fd < 0) {
        return refuse_status(load, APR_FROM_OS_ERROR(errno),
                             "cannot be opened");
    }
    rv = check_file(load, fd);
    if (rv == APR_SUCCESS) {
        rv = read_file(load, fd);
    }
    close(fd);
    return rv == APR_SUCCESS ? keep_first_line(load) : rv;
}

static apr_status_t load_env(load_t *load, const char *name)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): the library never sets one */
    const char *value = getenv(name);

    load->subject = apr_psprintf(load->pool, "environment variable \"%s\"",
                                 smtpc__escape(name, strlen(name),
                                               SMTPC_LIMIT_PARAMETER, 0,
                                               load->scratch));
    if (value == NULL) {
        return refuse(load, APR_ENOENT, "is not set");
    }
    take_text(load, value);
    return APR_SUCCESS;
}

/* Start argv with its output in a pipe and set proc. */
static apr_status_t start(apr_proc_t *proc, char **argv, apr_pool_t *pool)
{
    apr_procattr_t *attr;
    apr_file_t *input;
    apr_status_t rv;

    rv = apr_file_open(&input, "/dev/null", APR_FOPEN_READ,
                       APR_FPROT_OS_DEFAULT, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_procattr_create(&attr, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_procattr_child_in_set(attr, input, NULL);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_procattr_io_set(attr, APR_NO_PIPE, APR_CHILD_BLOCK,
                                 APR_NO_PIPE);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_procattr_cmdtype_set(attr, APR_PROGRAM_ENV);
    }
    if (rv == APR_SUCCESS) {
        /* A program that is not there is found out before the fork. */
        rv = apr_procattr_error_check_set(attr, 1);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_proc_create(proc, argv[0], (const char *const *)argv, NULL,
                             attr, pool);
    }
    return rv;
}

/* Read all that comes from fd up to deadline; what there is no room for is
 * dropped, so that the program does not fail on a closed pipe. */
static apr_status_t drain(load_t *load, int fd, apr_time_t deadline)
{
    char *rest = smtpc__wiped_alloc(load->scratch, SMTPC_LIMIT_SECRET);
    struct pollfd ready = { fd, POLLIN, 0 };

    for (;;) {
        apr_time_t left = deadline - smtpc__monotonic();
        int full = load->len == load->size;
        ssize_t got;

        if (left <= 0) {
            return APR_TIMEUP;
        }
        if (poll(&ready, 1, (int)(left / 1000) + 1) <= 0) {
            continue;
        }
        got = full ? read(fd, rest, SMTPC_LIMIT_SECRET)
                   : read(fd, load->room + load->len, load->size - load->len);
        if (got == 0) {
            return APR_SUCCESS;
        }
        if (got < 0) {
            if (errno == EINTR || errno == EAGAIN) {
                continue;
            }
            return APR_FROM_OS_ERROR(errno);
        }
        load->len += full ? 0 : (apr_size_t)got;
    }
}

/* Wait for proc up to deadline and set code to its exit status, or to -1 if
 * it was ended by a signal. */
static apr_status_t reap(apr_proc_t *proc, int *code, apr_time_t deadline)
{
    for (;;) {
        apr_exit_why_e how;
        apr_status_t rv = apr_proc_wait(proc, code, &how, APR_NOWAIT);

        if (APR_STATUS_IS_CHILD_DONE(rv)) {
            *code = APR_PROC_CHECK_EXIT(how) ? *code : -1;
            return APR_SUCCESS;
        }
        if (!APR_STATUS_IS_CHILD_NOTDONE(rv)) {
            return rv;
        }
        if (smtpc__monotonic() >= deadline) {
            return APR_TIMEUP;
        }
        apr_sleep(REAP_PAUSE);
    }
}

/* End proc, which did not end by itself. */
static void end(apr_proc_t *proc)
{
    apr_exit_why_e how;
    int code;

    kill(proc->pid, SIGKILL);
    (void)apr_proc_wait(proc, &code, &how, APR_WAIT);
}

/* Run argv and take its output. */
static apr_status_t run(load_t *load, char **argv,
                        apr_interval_time_t timeout)
{
    apr_time_t deadline = smtpc__monotonic() + timeout;
    apr_os_file_t fd = -1;
    apr_proc_t proc;
    apr_status_t rv;
    int code = 0;

    rv = start(&proc, argv, load->scratch);
    if (rv != APR_SUCCESS) {
        return refuse_status(load, rv, "cannot be started");
    }
    apr_os_file_get(&fd, proc.out);
    rv = drain(load, fd, deadline);
    apr_file_close(proc.out);
    if (rv == APR_SUCCESS) {
        rv = reap(&proc, &code, deadline);
    }
    if (rv == APR_TIMEUP) {
        end(&proc);
        return refuse(load, rv,
                      apr_psprintf(load->scratch,
                                   "did not end within %d seconds and was "
                                   "killed",
                                   (int)apr_time_sec(timeout)));
    }
    if (rv != APR_SUCCESS) {
        end(&proc);
        return refuse_status(load, rv, "failed");
    }
    if (code != 0) {
        return refuse(load, APR_EGENERAL,
                      code < 0 ? "was ended by a signal"
                               : apr_psprintf(load->scratch,
                                              "ended with exit status %d",
                                              code));
    }
    return keep_first_line(load);
}

/* Check that not every user can put another program in the place of the one
 * at path. That there is one, starting it will tell. */
static apr_status_t check_program(load_t *load, const char *path)
{
    struct stat info;

    if (stat(path, &info) == 0 && (info.st_mode & S_IWOTH)) {
        return refuse(load, SMTPC_EARG,
                      "can be changed by every user of this machine; run "
                      "chmod o-w on it");
    }
    return APR_SUCCESS;
}

static apr_status_t load_exec(load_t *load, const char *command,
                              apr_interval_time_t timeout)
{
    char **argv;
    apr_status_t rv;

    load->subject = apr_pstrcat(load->pool, load->noun, " program", NULL);
    rv = apr_tokenize_to_argv(command, &argv, load->scratch);
    if (rv != APR_SUCCESS || argv[0] == NULL || argv[0][0] != '/') {
        return refuse(load, SMTPC_EARG,
                      "is not an absolute path; write exec:/path arguments");
    }
    load->subject = apr_psprintf(load->pool, "%s program \"%s\"", load->noun,
                                 smtpc__escape(argv[0], strlen(argv[0]),
                                               SMTPC_LIMIT_PARAMETER, 0,
                                               load->scratch));
    rv = check_program(load, argv[0]);
    return rv == APR_SUCCESS ? run(load, argv, timeout) : rv;
}

static apr_status_t load_literal(load_t *load, const char *text)
{
    load->subject = apr_pstrcat(load->pool, "the ", load->noun, NULL);
    if (strstr(text, "${") != NULL) {
        return refuse(load, SMTPC_EARG,
                      "holds \"${\": a variable that was not replaced; define "
                      "it, or refer to a file with file:/path");
    }
    take_text(load, text);
    return APR_SUCCESS;
}

/* Return what follows prefix in text, or NULL if it does not start so. */
static const char *behind(const char *text, const char *prefix)
{
    apr_size_t len = strlen(prefix);

    return strncmp(text, prefix, len) == 0 ? text + len : NULL;
}

/* Fill the room of load from reference. */
static apr_status_t resolve(load_t *load, const char *reference,
                            apr_interval_time_t timeout)
{
    const char *rest;
    apr_status_t rv;

    if ((rest = behind(reference, "file:")) != NULL) {
        rv = load_file(load, rest);
    }
    else if ((rest = behind(reference, "exec:")) != NULL) {
        rv = load_exec(load, rest, timeout);
    }
    else if ((rest = behind(reference, "env:")) != NULL) {
        rv = load_env(load, rest);
    }
    else {
        rv = load_literal(load, reference);
    }
    return rv == APR_SUCCESS ? check(load) : rv;
}

/* Load *secret from reference as load says. */
static apr_status_t load_secret(smtpc_secret_t **secret, const char **why,
                                load_t *load, const char *reference,
                                apr_interval_time_t timeout)
{
    smtpc_secret_t *made;
    apr_status_t rv;

    if (reference == NULL) {
        reference = "";
    }
    load->size = load->limit + SPARE;
    rv = smtpc__secret_create(&made, &load->room, load->size, load->pool);
    if (rv != APR_SUCCESS) {
        if (why != NULL) {
            *why = "there is no memory for the secret";
        }
        return rv;
    }
    apr_pool_create(&load->scratch, load->pool);
    rv = resolve(load, reference, timeout);
    apr_pool_destroy(load->scratch);
    if (rv != APR_SUCCESS) {
        smtpc__secret_destroy(made, load->pool);
        if (why != NULL) {
            *why = load->why;
        }
        return rv;
    }
    smtpc__secret_set_length(made, load->len);
    *secret = made;
    return APR_SUCCESS;
}

apr_status_t smtpc__secret_load_within(smtpc_secret_t **secret,
                                       const char **why,
                                       const char *reference,
                                       apr_interval_time_t timeout,
                                       apr_pool_t *pool)
{
    load_t load = { .pool = pool, .noun = "secret",
                    .limit = SMTPC_LIMIT_SECRET };

    return load_secret(secret, why, &load, reference, timeout);
}

apr_status_t smtpc__secret_load_key(smtpc_secret_t **secret,
                                    const char **why, const char *reference,
                                    apr_pool_t *pool)
{
    load_t load = { .pool = pool, .noun = "private key", .whole = 1,
                    .limit = SMTPC_LIMIT_PRIVATE_KEY };

    return load_secret(secret, why, &load, reference,
                       SMTPC_SECRET_EXEC_TIMEOUT);
}

SMTPC_DECLARE(apr_status_t) smtpc_secret_load(smtpc_secret_t **secret,
                                              const char **why,
                                              const char *reference,
                                              apr_pool_t *pool)
{
    return smtpc__secret_load_within(secret, why, reference,
                                     SMTPC_SECRET_EXEC_TIMEOUT, pool);
}
