/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_parser.c: libFuzzer entry for the form parser.
 *
 * The first byte of the input chooses: bit 0 the encoding, bits 1 to 3 one
 * of a few limits, bits 4 to 7 the size of the pieces.  The rest is the
 * body, fed once whole and once in pieces.  Besides the sanitizers, this
 * checks that both ways agree and that what the parser promises of names and
 * values holds.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "../../mod_smtpclient/form_parser.h"

/* What one way of feeding gave: counts, and a hash of names and data. */
typedef struct {
    apr_status_t status;
    uint64_t hash;
    size_t begins;
    size_t ends;
    size_t part_bytes;
    size_t part_limit;
    int is_field;
    msc_form_limits_t limits;
} outcome_t;

/* FNV-1a; does not depend on how the data is cut. */
static void mix(outcome_t *out, const char *data, size_t len)
{
    size_t i;

    for (i = 0; i < len; i++) {
        out->hash = (out->hash ^ (unsigned char)data[i]) * 1099511628211ULL;
    }
}

static void check_name(outcome_t *out, const char *name)
{
    size_t len = strlen(name);
    size_t i;

    require(len > 0 && len <= out->limits.name_bytes);
    for (i = 0; i < len; i++) {
        require((unsigned char)name[i] >= ' ' && name[i] != 0x7f);
    }
    mix(out, name, len + 1);
}

static apr_status_t on_begin(void *baton, const msc_form_part_t *part)
{
    outcome_t *out = baton;

    require(out->begins == out->ends);
    out->begins++;
    out->is_field = part->filename == NULL;
    out->part_bytes = 0;
    out->part_limit = (size_t)(out->is_field ? out->limits.field_bytes
                                             : out->limits.file_bytes);
    check_name(out, part->name);
    if (part->filename != NULL) {
        check_name(out, part->filename);
        require(strpbrk(part->filename, "/\\") == NULL);
    }
    if (part->content_type != NULL) {
        require(strlen(part->content_type) < out->limits.part_header_bytes);
        require(strpbrk(part->content_type, "\r\n") == NULL);
        mix(out, part->content_type, strlen(part->content_type) + 1);
    }
    return APR_SUCCESS;
}

static apr_status_t on_data(void *baton, const char *data, apr_size_t len)
{
    outcome_t *out = baton;

    require(len > 0 && out->begins == out->ends + 1);
    out->part_bytes += len;
    require(out->part_bytes <= out->part_limit);
    require(!out->is_field || memchr(data, '\0', len) == NULL);
    mix(out, data, len);
    return APR_SUCCESS;
}

static apr_status_t on_end(void *baton)
{
    outcome_t *out = baton;

    out->ends++;
    require(out->begins == out->ends);
    mix(out, "", 1);
    return APR_SUCCESS;
}

static msc_form_parser_t *parse(outcome_t *out, uint8_t choice,
                                const uint8_t *data, size_t size,
                                size_t piece, apr_pool_t *pool)
{
    static const msc_form_callbacks_t callbacks = { on_begin, on_data,
                                                    on_end };
    msc_form_parser_t *parser;
    apr_status_t rv;

    memset(out, 0, sizeof(*out));
    msc_form_limits_init(&out->limits);
    if (choice & 2) {
        out->limits.field_bytes = 16;
        out->limits.file_bytes = 16;
    }
    if (choice & 4) {
        out->limits.fields = 2;
        out->limits.files = 1;
    }
    if (choice & 8) {
        out->limits.name_bytes = 4;
        out->limits.part_header_bytes = 100;
    }
    rv = msc_form_parser_create(&parser,
                                choice & 1
                                    ? "multipart/form-data; boundary=B"
                                    : "application/x-www-form-urlencoded",
                                &out->limits, &callbacks, out, pool);
    while (rv == APR_SUCCESS && size > 0) {
        size_t len = piece < size ? piece : size;
        char *copy = malloc(len);

        require(copy != NULL);
        memcpy(copy, data, len);
        rv = msc_form_parser_feed(parser, copy, len);
        free(copy);
        data += len;
        size -= len;
    }
    if (rv == APR_SUCCESS) {
        rv = msc_form_parser_end(parser);
    }
    out->status = rv;
    require(rv != APR_SUCCESS || out->begins == out->ends);
    require((rv == APR_SUCCESS) == (*msc_form_parser_error(parser) == '\0'));
    return parser;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    outcome_t whole;
    outcome_t pieces;
    const char *error;
    apr_pool_t *pool;

    if (size == 0) {
        return 0;
    }
    pool = fuzz_pool();
    error = msc_form_parser_error(parse(&whole, data[0], data + 1, size - 1,
                                        size, pool));
    require(strcmp(error, msc_form_parser_error(
                              parse(&pieces, data[0], data + 1, size - 1,
                                    1 + (data[0] >> 4), pool))) == 0);
    require(whole.status == pieces.status && whole.hash == pieces.hash
            && whole.begins == pieces.begins && whole.ends == pieces.ends);
    apr_pool_clear(pool);
    return 0;
}
