/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_support.c: feeding the form parser in pieces and writing down what it
 * reports.  Links with the parser and nothing of httpd.
 */
#include "form_support.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

static void write_down(form_recorder_t *seen, const char *data, size_t len)
{
    if (len > FORM_TRACE_MAX - seen->len) {
        len = FORM_TRACE_MAX - seen->len;
    }
    memcpy(seen->trace + seen->len, data, len);
    seen->len += len;
}

static void write_text(form_recorder_t *seen, const char *text)
{
    write_down(seen, text, strlen(text));
}

static int fails_in(const form_recorder_t *seen, const char *where)
{
    return seen->fail_in != NULL && strcmp(seen->fail_in, where) == 0;
}

static apr_status_t on_begin(void *baton, const msc_form_part_t *part)
{
    form_recorder_t *seen = baton;

    seen->begins++;
    write_text(seen, part->name);
    if (part->filename != NULL) {
        write_text(seen, "@");
        write_text(seen, part->filename);
    }
    if (part->content_type != NULL) {
        write_text(seen, "(");
        write_text(seen, part->content_type);
        write_text(seen, ")");
    }
    write_text(seen, "=");
    return fails_in(seen, "begin") ? FORM_CALLBACK_STATUS : APR_SUCCESS;
}

static apr_status_t on_data(void *baton, const char *data, apr_size_t len)
{
    form_recorder_t *seen = baton;

    seen->datas++;
    if (len == 0) {
        write_text(seen, "[empty data]");
    }
    seen->data_bytes += (apr_off_t)len;
    write_down(seen, data, len);
    return fails_in(seen, "data") ? FORM_CALLBACK_STATUS : APR_SUCCESS;
}

static apr_status_t on_end(void *baton)
{
    form_recorder_t *seen = baton;

    seen->ends++;
    write_text(seen, ";");
    return fails_in(seen, "end") ? FORM_CALLBACK_STATUS : APR_SUCCESS;
}

const msc_form_callbacks_t form_callbacks = {on_begin, on_data, on_end};

/* Feed one piece from a block of exactly its size. */
static apr_status_t feed_copy(msc_form_parser_t *parser, const char *data,
                              size_t len)
{
    char *copy = malloc(len);
    apr_status_t rv;

    if (copy == NULL && len > 0) {
        tap_bail("out of memory");
    }
    if (len > 0) {
        memcpy(copy, data, len);
    }
    rv = msc_form_parser_feed(parser, copy, len);
    free(copy);
    return rv;
}

void form_parse(form_outcome_t *out, const char *content_type,
                const msc_form_limits_t *limits, const char *body, size_t len,
                form_cut_fn_t cut, void *baton)
{
    const char *fail_in = out->seen.fail_in;
    msc_form_parser_t *parser;
    apr_pool_t *pool;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    out->seen.fail_in = fail_in;
    apr_pool_create(&pool, tap_pool());
    rv = msc_form_parser_create(&parser, content_type, limits, &form_callbacks,
                                &out->seen, pool);
    while (rv == APR_SUCCESS && len > 0) {
        size_t piece = cut(body, len, baton);

        rv = feed_copy(parser, body, piece);
        body += piece;
        len -= piece;
    }
    if (rv == APR_SUCCESS) {
        rv = msc_form_parser_end(parser);
    }
    out->status = rv;
    apr_cpystrn(out->error, msc_form_parser_error(parser), sizeof(out->error));
    apr_pool_destroy(pool);
}

/*
 * Ways to cut
 */

size_t form_cut_nowhere(const char *data, size_t len, void *baton)
{
    (void)data;
    (void)baton;
    return len;
}

size_t form_cut_lines(const char *data, size_t len, void *baton)
{
    const char *lf = memchr(data, '\n', len);

    (void)baton;
    return lf != NULL ? (size_t)(lf - data) + 1 : len;
}

size_t form_cut_bytes(const char *data, size_t len, void *baton)
{
    (void)data;
    (void)len;
    (void)baton;
    return 1;
}

/* Cut once, after *baton bytes; an empty piece is fed as well. */
static size_t cut_once(const char *data, size_t len, void *baton)
{
    size_t *first = baton;
    size_t piece = *first < len ? *first : len;

    (void)data;
    *first = len;
    return piece;
}

unsigned form_random(unsigned long long *seed)
{
    *seed = *seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(*seed >> 33);
}

size_t form_cut_randomly(const char *data, size_t len, void *baton)
{
    size_t piece = form_random(baton) % (form_random(baton) % 4 ? 8 : 200);

    (void)data;
    return piece < len ? piece : len;
}

/*
 * Vectors
 */

static int is_outcome(const form_outcome_t *out, const form_vector_t *vector,
                      const char *error)
{
    return out->status == vector->status &&
           out->seen.len == vector->trace_len &&
           memcmp(out->seen.trace, vector->trace, vector->trace_len) == 0 &&
           strcmp(out->error, error) == 0 &&
           (vector->error == NULL) == (error[0] == '\0') &&
           (vector->error == NULL || strstr(error, vector->error));
}

static void show(const form_outcome_t *out, const form_vector_t *vector)
{
    tap_is_int(out->status - MSC_FORM_START_STATUS,
               vector->status - MSC_FORM_START_STATUS, "  status");
    tap_is_mem(out->seen.trace, out->seen.len, vector->trace, vector->trace_len,
               "  trace");
    tap_diag("error: %s", out->error);
    tap_diag(" want: %s", vector->error != NULL ? vector->error : "");
}

static void run_vector(const form_vector_t *vector)
{
    static form_outcome_t out;
    char error[512];
    size_t first;
    size_t cut;

    out.seen.fail_in = NULL;
    form_parse(&out, vector->content_type, NULL, vector->body, vector->body_len,
               form_cut_nowhere, NULL);
    memcpy(error, out.error, sizeof(error));
    if (!tap_ok(is_outcome(&out, vector, error), "%s: whole", vector->label)) {
        show(&out, vector);
        return;
    }
    form_parse(&out, vector->content_type, NULL, vector->body, vector->body_len,
               form_cut_lines, NULL);
    if (!tap_ok(is_outcome(&out, vector, error), "%s: by line",
                vector->label)) {
        show(&out, vector);
    }
    form_parse(&out, vector->content_type, NULL, vector->body, vector->body_len,
               form_cut_bytes, NULL);
    if (!tap_ok(is_outcome(&out, vector, error), "%s: by byte",
                vector->label)) {
        show(&out, vector);
    }
    for (cut = 0; cut <= vector->body_len; cut++) {
        first = cut;
        form_parse(&out, vector->content_type, NULL, vector->body,
                   vector->body_len, cut_once, &first);
        if (!is_outcome(&out, vector, error)) {
            break;
        }
    }
    if (!tap_ok(cut > vector->body_len, "%s: every two pieces",
                vector->label)) {
        tap_diag("cut after %d bytes", (int)cut);
        show(&out, vector);
    }
}

void form_run_vectors(const form_vector_t *vectors, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        run_vector(&vectors[i]);
    }
}
