/* SPDX-License-Identifier: Apache-2.0 */
/* source_open_test.c: open files as sources. */
#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/source.h>

#include "../tap/tap.h"

static const char *read_all(smtpc_source_t *source, apr_size_t piece)
{
    char *out = apr_pcalloc(tap_pool(), 100);
    apr_size_t n = 0;
    apr_status_t rv;

    for (;;) {
        apr_size_t len = piece;

        rv = smtpc_source_read(source, out + n, &len);
        if (rv != APR_SUCCESS) {
            return rv == APR_EOF ? out : NULL;
        }
        n += len;
    }
}

static apr_file_t *file_with(const char *text)
{
    const char *dir;
    apr_file_t *file;

    if (apr_temp_dir_get(&dir, tap_pool())
        || apr_file_mktemp(&file, apr_pstrcat(tap_pool(), dir,
                                              "/source_open.XXXXXX", NULL),
                           0, tap_pool())
        || apr_file_write_full(file, text, strlen(text), NULL)) {
        tap_bail("no temporary file");
    }
    return file;
}

static void regular(void)
{
    apr_file_t *file = file_with("0123456789");
    apr_off_t at = 3;
    smtpc_source_t *source;

    if (apr_file_seek(file, APR_SET, &at)
        || smtpc_source_create_open_file(&source, file, tap_pool())) {
        tap_bail("no source");
    }
    tap_is_int(smtpc_source_length(source), 7, "from where it stands");
    tap_is_str(read_all(source, 2), "3456789", "to its end");
    tap_is_int(smtpc_source_rewind(source), 0, "rewound");
    tap_is_str(read_all(source, 50), "3456789", "and read again");
    if (apr_file_write_full(file, "more", 4, NULL)) {
        tap_bail("not written");
    }
    tap_is_int(smtpc_source_rewind(source), 0, "once more");
    tap_is_str(read_all(source, 50), "3456789", "what came later is not read");
    if (apr_file_trunc(file, 5)) {
        tap_bail("not cut");
    }
    tap_is_int(smtpc_source_rewind(source), 0, "a shorter file");
    tap_ok(read_all(source, 50) == NULL, "is a failure");
    if (smtpc_source_create_open_file(&source, file_with(""), tap_pool())) {
        tap_bail("no source");
    }
    tap_is_int(smtpc_source_length(source), 0, "an empty file");
    tap_is_str(read_all(source, 1), "", "has nothing");
}

static void pipes(void)
{
    apr_file_t *in;
    apr_file_t *out;
    smtpc_source_t *source;

    if (apr_file_pipe_create(&in, &out, tap_pool())
        || apr_file_write_full(out, "abc", 3, NULL) || apr_file_close(out)
        || smtpc_source_create_open_file(&source, in, tap_pool())) {
        tap_bail("no pipe");
    }
    tap_is_int(smtpc_source_length(source), SMTPC_LENGTH_UNKNOWN,
               "a pipe does not know its length");
    tap_is_str(read_all(source, 2), "abc", "is read");
    tap_is_int(smtpc_source_rewind(source), APR_ENOTIMPL, "only once");
}

int main(void)
{
    smtpc_source_t *source;

    regular();
    pipes();
    tap_is_int(smtpc_source_create_open_file(&source, NULL, tap_pool()),
               SMTPC_EARG, "no file");
    return tap_done();
}
