/* SPDX-License-Identifier: Apache-2.0 */
/* source_brigade_test.c: bucket brigades as sources. */
#include <string.h>

#include <apr_buckets.h>
#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/source.h>

#include "../tap/tap.h"

#define FILE_SIZE 300000

static apr_bucket_alloc_t *alloc;

static char *read_all(smtpc_source_t *source, apr_size_t piece,
                      apr_size_t *total)
{
    char *out = apr_pcalloc(tap_pool(), FILE_SIZE + 1000);
    apr_size_t n = 0;
    apr_status_t rv;

    for (;;) {
        apr_size_t len = piece;

        rv = smtpc_source_read(source, out + n, &len);
        if (rv != APR_SUCCESS) {
            *total = n;
            return rv == APR_EOF ? out : NULL;
        }
        n += len;
    }
}

static apr_bucket_brigade *brigade_of(apr_bucket *first, ...)
{
    apr_bucket_brigade *bb = apr_brigade_create(tap_pool(), alloc);
    va_list more;

    va_start(more, first);
    for (apr_bucket *b = first; b != NULL; b = va_arg(more, apr_bucket *)) {
        APR_BRIGADE_INSERT_TAIL(bb, b);
    }
    va_end(more);
    return bb;
}

static smtpc_source_t *source_of(apr_bucket_brigade *bb)
{
    smtpc_source_t *source;

    if (smtpc_source_create_brigade(&source, bb, tap_pool())) {
        tap_bail("no source");
    }
    return source;
}

static void memory(void)
{
    apr_bucket_brigade *bb = brigade_of(
        apr_bucket_immortal_create("abc", 3, alloc),
        apr_bucket_flush_create(alloc),
        apr_bucket_heap_create("", 0, NULL, alloc),
        apr_bucket_transient_create("def", 3, alloc),
        apr_bucket_eos_create(alloc), NULL);
    smtpc_source_t *source = source_of(bb);
    apr_size_t len;

    tap_is_int(smtpc_source_length(source), 6, "length");
    tap_is_str(read_all(source, 2, &len), "abcdef", "all buckets");
    tap_is_int(smtpc_source_rewind(source), 0, "rewound");
    tap_is_str(read_all(source, 100, &len), "abcdef", "again");
    len = 2;
    tap_is_int(smtpc_source_rewind(source), 0, "once more");
    tap_is_int(smtpc_source_read(source, (char[2]){ 0 }, &len), 0, "a little");
    tap_is_int(smtpc_source_rewind(source), 0, "rewound in the middle");
    tap_is_str(read_all(source, 1, &len), "abcdef", "from the front");
    source = source_of(brigade_of(NULL));
    tap_is_str(read_all(source, 1, &len), "", "no bucket");
}

static void files(void)
{
    char *data = apr_palloc(tap_pool(), FILE_SIZE);
    const char *dir;
    apr_file_t *file;
    apr_bucket_brigade *bb = apr_brigade_create(tap_pool(), alloc);
    smtpc_source_t *source;
    apr_size_t len;
    char *got;

    for (int i = 0; i < FILE_SIZE; i++) {
        data[i] = (char)(i % 251);
    }
    if (apr_temp_dir_get(&dir, tap_pool())
        || apr_file_mktemp(&file, apr_pstrcat(tap_pool(), dir,
                                              "/source_brigade.XXXXXX", NULL),
                           0, tap_pool())
        || apr_file_write_full(file, data, FILE_SIZE, NULL)) {
        tap_bail("no temporary file");
    }
    apr_brigade_insert_file(bb, file, 10, FILE_SIZE - 10, tap_pool());
    source = source_of(bb);
    for (int i = 0; i < 2; i++) {
        got = read_all(source, 7777, &len);
        tap_is_mem(got, len, data + 10, FILE_SIZE - 10, "a file, pass %d", i);
        tap_is_int(smtpc_source_rewind(source), 0, "rewound");
    }
    tap_ok(APR_BUCKET_IS_FILE(APR_BRIGADE_FIRST(bb))
               && APR_BUCKET_NEXT(APR_BRIGADE_FIRST(bb))
                      == APR_BRIGADE_SENTINEL(bb),
           "the brigade is as it was");
}

static void pipes(void)
{
    apr_file_t *in;
    apr_file_t *out;
    smtpc_source_t *source;
    apr_size_t len;

    if (apr_file_pipe_create(&in, &out, tap_pool())
        || apr_file_write_full(out, "piped", 5, NULL)
        || apr_file_close(out)) {
        tap_bail("no pipe");
    }
    source = source_of(brigade_of(apr_bucket_immortal_create("a ", 2, alloc),
                                  apr_bucket_pipe_create(in, alloc),
                                  apr_bucket_immortal_create(" b", 2, alloc),
                                  NULL));
    tap_is_int(smtpc_source_length(source), SMTPC_LENGTH_UNKNOWN,
               "a pipe has no length");
    tap_is_str(read_all(source, 3, &len), "a piped b", "is read in its place");
    tap_is_int(smtpc_source_rewind(source), APR_ENOTIMPL, "once");
}

int main(void)
{
    smtpc_source_t *source;

    alloc = apr_bucket_alloc_create(tap_pool());
    memory();
    files();
    pipes();
    tap_is_int(smtpc_source_create_brigade(&source, NULL, tap_pool()),
               SMTPC_EARG, "no brigade");
    return tap_done();
}
