/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_file_test.c: files as sources, and files that do not stay as they
 * were.
 */
#include "../support/process.h"
#include "../tap/tap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/source_int.h"

static const char *directory;

/* Return the path of name in the test's directory. */
static const char *in_directory(const char *name)
{
    return apr_pstrcat(tap_pool(), directory, "/", name, NULL);
}

static const char *write_file(const char *name, const char *content)
{
    const char *path = in_directory(name);
    apr_file_t *file;

    if (apr_file_open(&file, path,
                      APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE | APR_FOPEN_WRITE,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE, tap_pool())
            != APR_SUCCESS
        || apr_file_puts(content, file) != APR_SUCCESS
        || apr_file_close(file) != APR_SUCCESS) {
        tap_bail("cannot write %s", path);
    }
    return path;
}

/* Read all of source into one string and set status. */
static const char *slurp(smtpc_source_t *source, apr_status_t *status)
{
    const char *all = "";
    char buf[5];

    for (;;) {
        apr_size_t len = sizeof(buf);

        *status = smtpc_source_read(source, buf, &len);
        if (*status != APR_SUCCESS) {
            return all;
        }
        all = apr_pstrcat(tap_pool(), all,
                          apr_pstrmemdup(tap_pool(), buf, len), NULL);
    }
}

static void reading(void)
{
    const char *path = write_file("plain", "some bytes of text\n");
    int before = process_descriptors();
    smtpc_source_t *source;
    apr_size_t len = 4;
    apr_status_t rv;
    char buf[4];

    tap_is_int(smtpc_source_create_file(&source, path, tap_pool()),
               APR_SUCCESS, "a file");
    tap_is_int(smtpc_source_length(source), 19, "has a length");
    tap_is_int(process_descriptors(), before, "and is not open yet");
    tap_is_int(smtpc_source_read(source, buf, &len), APR_SUCCESS, "read");
    tap_is_int(process_descriptors(), before + 1, "it is open");
    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound midway");
    tap_is_str(slurp(source, &rv), "some bytes of text\n", "read in full");
    tap_is_int(rv, APR_EOF, "to its end");
    tap_is_int(process_descriptors(), before, "and closed");
    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound");
    tap_is_str(slurp(source, &rv), "some bytes of text\n", "read again");
}

/* Check that source fails and that its error has path and text in it. */
static void fails_with(smtpc_source_t *source, const char *path,
                       const char *text, const char *what)
{
    apr_status_t rv;

    slurp(source, &rv);
    tap_is_int(rv, SMTPC_ESOURCE, "%s", what);
    tap_ok(strstr(smtpc__source_error(source), path) != NULL
               && strstr(smtpc__source_error(source), text) != NULL,
           "said with its name: %s", smtpc__source_error(source));
}

static void changing(void)
{
    const char *path = write_file("changing", "0123456789");
    smtpc_source_t *source;
    apr_size_t len = 4;
    apr_status_t rv;
    char buf[4];

    if (smtpc_source_create_file(&source, path, tap_pool()) != APR_SUCCESS) {
        tap_bail("no source");
    }
    write_file("changing", "0123456789a");
    fails_with(source, path, "changed", "a file that grew");
    write_file("changing", "012345678");
    (void)!smtpc_source_rewind(source);
    fails_with(source, path, "changed", "a file that shrank");
    write_file("changing", "9876543210");
    tap_is_int(smtpc_source_rewind(source), APR_SUCCESS, "rewound");
    tap_is_str(slurp(source, &rv), "9876543210",
               "a file that has its length again");

    (void)!smtpc_source_rewind(source);
    tap_is_int(smtpc_source_read(source, buf, &len), APR_SUCCESS, "begun");
    if (truncate(path, 6) != 0) {
        tap_bail("cannot truncate");
    }
    slurp(source, &rv);
    tap_is_int(rv, SMTPC_ESOURCE, "a file cut while it is read");
    tap_ok(strstr(smtpc__source_error(source), "after 6 of 10") != NULL,
           "said: %s", smtpc__source_error(source));

    write_file("changing", "0123456789");
    (void)!smtpc_source_rewind(source);
    len = 4;
    tap_is_int(smtpc_source_read(source, buf, &len), APR_SUCCESS, "begun");
    if (truncate(path, 20) != 0) {
        tap_bail("cannot lengthen");
    }
    slurp(source, &rv);
    tap_is_int(rv, SMTPC_ESOURCE, "a file that grows while it is read");

    unlink(path);
    (void)!smtpc_source_rewind(source);
    fails_with(source, path, "open", "a file that went away");
    if (mkfifo(path, 0600) != 0) {
        tap_bail("cannot make a pipe");
    }
    (void)!smtpc_source_rewind(source);
    fails_with(source, path, "open", "a file that became a pipe");
}

static void refused(void)
{
    const char *fifo = in_directory("fifo");
    smtpc_source_t *source;
    apr_status_t rv;

    if (mkfifo(fifo, 0600) != 0) {
        tap_bail("cannot make a pipe");
    }
    rv = smtpc_source_create_file(&source, in_directory("none"), tap_pool());
    tap_ok(APR_STATUS_IS_ENOENT(rv), "no file");
    tap_is_int(smtpc_source_create_file(&source, directory, tap_pool()),
               SMTPC_EARG, "a directory");
    tap_is_int(smtpc_source_create_file(&source, fifo, tap_pool()),
               SMTPC_EARG, "a pipe, without waiting for it");
    tap_is_int(smtpc_source_create_file(&source, "/dev/null", tap_pool()),
               SMTPC_EARG, "a device");
}

static void empty(void)
{
    smtpc_source_t *source;
    apr_status_t rv;

    tap_is_int(smtpc_source_create_file(&source, write_file("empty", ""),
                                        tap_pool()),
               APR_SUCCESS, "an empty file");
    tap_is_int(smtpc_source_length(source), 0, "has no bytes");
    tap_is_str(slurp(source, &rv), "", "gives none");
    tap_is_int(rv, APR_EOF, "and ends");
}

int main(void)
{
    char made[] = "/tmp/smtpc-source-XXXXXX";
    int before;

    tap_pool();
    directory = mkdtemp(made);
    if (directory == NULL) {
        tap_bail("cannot make a directory");
    }
    before = process_descriptors();
    reading();
    changing();
    refused();
    empty();
    tap_is_int(process_descriptors(), before, "no descriptor is left");
    unlink(in_directory("plain"));
    unlink(in_directory("changing"));
    unlink(in_directory("fifo"));
    unlink(in_directory("empty"));
    tap_is_int(rmdir(directory), 0, "nothing is left behind");
    return tap_done();
}
