/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_parser.c: the public face of the form parser, and the rules that both
 * encodings share: counts, sizes, text checks and the callbacks of a part.
 *
 * The two encodings cut the body into parts and call
 * msc_form_parser_part_begin(), _part_data() and _part_end().  A rule is
 * applied at the first byte that breaks it, after everything before that
 * byte was handed on: so the outcome does not depend on how the body arrives.
 *
 * Does not store anything, does not read sockets, does not know which fields
 * a form should have.
 *
 * RFC 7578; HTML Standard 4.10.21; URL Standard 5.
 */
#include "form_private.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

/* Says which encodings are understood, for the error sentences. */
#define FORM_TYPES "application/x-www-form-urlencoded or multipart/form-data"

void msc_form_limits_init(msc_form_limits_t *limits)
{
    limits->fields = MSC_FORM_FIELDS_DEFAULT;
    limits->files = MSC_FORM_FILES_DEFAULT;
    limits->field_bytes = MSC_FORM_FIELD_BYTES_DEFAULT;
    limits->file_bytes = MSC_FORM_FILE_BYTES_DEFAULT;
    limits->name_bytes = MSC_FORM_NAME_BYTES_DEFAULT;
    limits->part_header_bytes = MSC_FORM_PART_HEADER_BYTES_DEFAULT;
}

/* Write the sentence of an error. */
static void explain(msc_form_parser_t *parser, const char *problem)
{
    char name[MSC_FORM_SHOWN_NAME_SIZE];
    char filename[MSC_FORM_SHOWN_NAME_SIZE];

    if (parser->name == NULL) {
        apr_snprintf(parser->error, sizeof(parser->error), "The form %s.",
                     problem);
        return;
    }
    msc_form_text_show(name, parser->name);
    if (parser->filename == NULL || parser->filename[0] == '\0') {
        apr_snprintf(parser->error, sizeof(parser->error),
                     "The field \"%s\" %s.", name, problem);
        return;
    }
    msc_form_text_show(filename, parser->filename);
    apr_snprintf(parser->error, sizeof(parser->error),
                 "The file \"%s\" in the field \"%s\" %s.", filename, name,
                 problem);
}

apr_status_t msc_form_parser_fail(msc_form_parser_t *parser,
                                  apr_status_t status, const char *fmt, ...)
{
    char problem[MSC_FORM_ERROR_MAX];
    va_list args;

    va_start(args, fmt);
    apr_vsnprintf(problem, sizeof(problem), fmt, args);
    va_end(args);
    explain(parser, problem);
    parser->status = status;
    return status;
}

/* Pass on what a callback returned. */
static apr_status_t called(msc_form_parser_t *parser, apr_status_t status)
{
    if (status != APR_SUCCESS) {
        return msc_form_parser_fail(parser, status, "could not be taken in "
                                                    "by the server");
    }
    return APR_SUCCESS;
}

/*
 * Parts
 */

static apr_status_t check_name(msc_form_parser_t *parser, const char *name,
                               const char *what)
{
    if (strlen(name) > parser->limits.name_bytes) {
        return msc_form_parser_fail(parser, MSC_FORM_ETOOLARGE,
                                    "has %s of more than %" APR_SIZE_T_FMT
                                    " bytes, please use a shorter one",
                                    what, parser->limits.name_bytes);
    }
    if (!msc_form_text_is_name(name)) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has %s with control characters or "
                                    "invalid UTF-8", what);
    }
    return APR_SUCCESS;
}

/* Count a part against its limit. */
static apr_status_t count(msc_form_parser_t *parser, apr_size_t *counter,
                          apr_size_t limit, const char *what)
{
    if (*counter >= limit) {
        parser->name = NULL; /* the whole form is at fault, not this part */
        return msc_form_parser_fail(parser, MSC_FORM_ETOOLARGE,
                                    "has more than %" APR_SIZE_T_FMT " %s",
                                    limit, what);
    }
    (*counter)++;
    return APR_SUCCESS;
}

static msc_form_sink_e choose_sink(const msc_form_header_t *header)
{
    if (header->filename != NULL) {
        return header->filename[0] != '\0' ? MSC_FORM_SINK_FILE
                                           : MSC_FORM_SINK_NO_FILE;
    }
    return strcmp(header->name, "_charset_") == 0 ? MSC_FORM_SINK_CHARSET
                                                  : MSC_FORM_SINK_FIELD;
}

/* Check and count a part whose sink has been chosen. */
static apr_status_t admit(msc_form_parser_t *parser,
                          const msc_form_header_t *header)
{
    apr_status_t rv = check_name(parser, header->name, "a name");

    if (rv == APR_SUCCESS && header->filename != NULL) {
        rv = check_name(parser, header->filename, "a file name");
    }
    if (rv != APR_SUCCESS || parser->sink == MSC_FORM_SINK_NO_FILE) {
        return rv;
    }
    if (parser->sink == MSC_FORM_SINK_FILE) {
        return count(parser, &parser->files, parser->limits.files,
                     "files, please attach fewer");
    }
    if (header->foreign_charset) {
        return msc_form_parser_fail(parser, MSC_FORM_ETYPE,
                                    "is in another charset than UTF-8");
    }
    return count(parser, &parser->fields, parser->limits.fields, "fields");
}

apr_status_t msc_form_parser_part_begin(msc_form_parser_t *parser,
                                        const msc_form_header_t *header)
{
    msc_form_part_t part;
    apr_status_t rv;

    if (header->name == NULL || header->name[0] == '\0') {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a field without a name");
    }
    parser->name = header->name;
    parser->filename = header->filename;
    parser->sink = choose_sink(header);
    parser->bytes = 0;
    parser->charset_len = 0;
    memset(&parser->utf8, 0, sizeof(parser->utf8));
    rv = admit(parser, header);
    if (rv != APR_SUCCESS || parser->sink == MSC_FORM_SINK_NO_FILE
        || parser->sink == MSC_FORM_SINK_CHARSET) {
        return rv;
    }
    part.name = header->name;
    part.filename = header->filename;
    part.content_type = header->content_type;
    return called(parser, parser->callbacks.part_begin(parser->baton, &part));
}

/* Get how many bytes of a field's value may stand there. */
static apr_size_t check_text(msc_form_parser_t *parser, const char *data,
                             apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (data[i] == '\0'
            || !msc_form_text_utf8_step(&parser->utf8,
                                        (unsigned char)data[i])) {
            break;
        }
    }
    return i;
}

/* Hand on data of a field or file up to the first byte that may not be. */
static apr_status_t deliver(msc_form_parser_t *parser, const char *data,
                            apr_size_t len)
{
    int is_file = parser->sink == MSC_FORM_SINK_FILE;
    apr_off_t limit = is_file ? parser->limits.file_bytes
                              : parser->limits.field_bytes;
    apr_off_t room = limit > parser->bytes ? limit - parser->bytes : 0;
    apr_size_t fits = (apr_uint64_t)room < len ? (apr_size_t)room : len;
    apr_size_t good = is_file ? fits : check_text(parser, data, fits);
    apr_status_t rv;

    if (good > 0) {
        parser->bytes += (apr_off_t)good;
        rv = parser->callbacks.part_data(parser->baton, data, good);
        if (rv != APR_SUCCESS) {
            return called(parser, rv);
        }
    }
    if (good < fits) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "holds a NUL character or invalid UTF-8");
    }
    if (fits < len) {
        return msc_form_parser_fail(parser, MSC_FORM_ETOOLARGE,
                                    "is larger than %" APR_OFF_T_FMT
                                    " bytes, please send less", limit);
    }
    return APR_SUCCESS;
}

apr_status_t msc_form_parser_part_data(msc_form_parser_t *parser,
                                       const char *data, apr_size_t len)
{
    apr_size_t room;

    if (len == 0) {
        return APR_SUCCESS;
    }
    switch (parser->sink) {
    case MSC_FORM_SINK_NO_FILE:
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a file without a name");
    case MSC_FORM_SINK_CHARSET:
        room = sizeof(parser->charset) - parser->charset_len;
        if (len > room) {
            return msc_form_parser_fail(parser, MSC_FORM_ETYPE,
                                        "does not say utf-8");
        }
        memcpy(parser->charset + parser->charset_len, data, len);
        parser->charset_len += len;
        return APR_SUCCESS;
    default:
        return deliver(parser, data, len);
    }
}

apr_status_t msc_form_parser_part_end(msc_form_parser_t *parser)
{
    msc_form_slice_t charset = { parser->charset, parser->charset_len };
    apr_status_t rv = APR_SUCCESS;

    if (parser->sink == MSC_FORM_SINK_FIELD && parser->utf8.missing > 0) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "ends inside a UTF-8 character");
    }
    if (parser->sink == MSC_FORM_SINK_CHARSET && charset.len > 0
        && !msc_form_header_is_utf8(charset)) {
        return msc_form_parser_fail(parser, MSC_FORM_ETYPE,
                                    "does not say utf-8");
    }
    if (parser->sink == MSC_FORM_SINK_FIELD
        || parser->sink == MSC_FORM_SINK_FILE) {
        rv = called(parser, parser->callbacks.part_end(parser->baton));
    }
    if (rv == APR_SUCCESS) {
        parser->sink = MSC_FORM_SINK_NONE;
        parser->name = NULL;
        parser->filename = NULL;
    }
    return rv;
}

/*
 * Creation
 */

/* Read the parameters of the request's Content-Type. */
static apr_status_t read_params(msc_form_parser_t *parser, const char *cursor,
                                char *boundary, apr_size_t *boundary_len)
{
    msc_form_param_t param;
    int found;

    while ((found = msc_form_header_param(&cursor, &param)) > 0) {
        if (msc_form_header_is(param.attribute, "charset")
            && !msc_form_header_is_utf8(param.value)) {
            return msc_form_parser_fail(parser, MSC_FORM_ETYPE,
                                        "is not sent as UTF-8");
        }
        if (msc_form_header_is(param.attribute, "boundary")) {
            if (*boundary_len > 0) {
                return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                            "has two boundaries in its "
                                            "Content-Type");
            }
            *boundary_len = msc_form_header_boundary(boundary, &param);
            if (*boundary_len == 0) {
                return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                            "has a boundary that is not "
                                            "valid");
            }
        }
    }
    if (found < 0) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a Content-Type that is not well "
                                    "formed");
    }
    return APR_SUCCESS;
}

/* Make the state of the encoding that the Content-Type names. */
static apr_status_t choose_encoding(msc_form_parser_t *parser,
                                    const char *content_type,
                                    apr_pool_t *pool)
{
    char boundary[MSC_FORM_BOUNDARY_MAX];
    apr_size_t boundary_len = 0;
    const char *cursor = content_type;
    msc_form_slice_t head = msc_form_header_head(&cursor);
    int is_multipart = msc_form_header_is(head, "multipart/form-data");
    apr_status_t rv;

    if (!is_multipart
        && !msc_form_header_is(head, "application/x-www-form-urlencoded")) {
        return msc_form_parser_fail(parser, MSC_FORM_ETYPE,
                                    "is not sent as " FORM_TYPES);
    }
    if (strlen(cursor) > MSC_FORM_CONTENT_TYPE_MAX) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has a Content-Type that is too long");
    }
    rv = read_params(parser, cursor, boundary, &boundary_len);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!is_multipart) {
        msc_form_urlencoded_create(parser, pool);
        return APR_SUCCESS;
    }
    if (boundary_len == 0) {
        return msc_form_parser_fail(parser, MSC_FORM_EMALFORMED,
                                    "has no boundary in its Content-Type");
    }
    msc_form_multipart_create(parser, boundary, boundary_len, pool);
    return APR_SUCCESS;
}

static int is_buffer_size(apr_size_t size)
{
    return size > 0 && size <= MSC_FORM_BUFFER_MAX;
}

apr_status_t msc_form_parser_create(msc_form_parser_t **parser,
                                    const char *content_type,
                                    const msc_form_limits_t *limits,
                                    const msc_form_callbacks_t *callbacks,
                                    void *baton, apr_pool_t *pool)
{
    msc_form_parser_t *made = apr_pcalloc(pool, sizeof(*made));

    *parser = made;
    if (limits != NULL) {
        made->limits = *limits;
    }
    else {
        msc_form_limits_init(&made->limits);
    }
    made->callbacks = *callbacks;
    made->baton = baton;
    if (!is_buffer_size(made->limits.name_bytes)
        || !is_buffer_size(made->limits.part_header_bytes)) {
        return msc_form_parser_fail(made, APR_EINVAL,
                                    "cannot be read with these limits");
    }
    return choose_encoding(made, content_type != NULL ? content_type : "",
                           pool);
}

/*
 * Feeding
 */

apr_status_t msc_form_parser_feed(msc_form_parser_t *parser,
                                  const char *data, apr_size_t len)
{
    if (parser->status != APR_SUCCESS) {
        return parser->status;
    }
    if (parser->ended) {
        return APR_EINVAL;
    }
    return parser->multipart != NULL
               ? msc_form_multipart_feed(parser, data, len)
               : msc_form_urlencoded_feed(parser, data, len);
}

apr_status_t msc_form_parser_end(msc_form_parser_t *parser)
{
    if (parser->status != APR_SUCCESS || parser->ended) {
        return parser->status;
    }
    parser->ended = 1;
    return parser->multipart != NULL ? msc_form_multipart_end(parser)
                                     : msc_form_urlencoded_end(parser);
}

const char *msc_form_parser_error(const msc_form_parser_t *parser)
{
    return parser->error;
}
