/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_header.c: header values of form posts and their parameters.
 *
 * Reads "head; attribute=value; attribute="quoted value"".  Everything is
 * done inside the given text: nothing is allocated.
 *
 * Names follow browsers, not RFC 2045: inside the quotes %22, %0D and %0A
 * stand for the characters that cannot be written, a backslash quotes only a
 * quotation mark (file names of Windows hold plain ones), and other percent
 * signs are themselves.  The parameter filename* is ignored, because RFC
 * 7578 4.2 forbids it and two names for one file invite disagreement.
 *
 * Does not unfold lines: no browser folds them.
 *
 * RFC 7578 4.2, RFC 2045 5.1, RFC 2046 5.1.1; HTML Standard 4.10.21.8.
 */
#include "form_private.h"

#include <string.h>

#include <apr_strings.h>

static int is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static int is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')
           || (c >= 'a' && c <= 'z');
}

/* Token characters of RFC 7230 3.2.6. */
static int is_token(char c)
{
    return is_alnum(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

static void skip_blanks(const char **cursor)
{
    while (is_blank(**cursor)) {
        (*cursor)++;
    }
}

static msc_form_slice_t take_token(const char **cursor)
{
    msc_form_slice_t token = { *cursor, 0 };

    while (is_token(**cursor)) {
        (*cursor)++;
        token.len++;
    }
    return token;
}

msc_form_slice_t msc_form_header_head(const char **cursor)
{
    msc_form_slice_t head;

    skip_blanks(cursor);
    head.ptr = *cursor;
    *cursor += strcspn(*cursor, ";");
    head.len = (apr_size_t)(*cursor - head.ptr);
    while (head.len > 0 && is_blank(head.ptr[head.len - 1])) {
        head.len--;
    }
    return head;
}

/* Take a quoted string; the cursor is behind the opening mark. */
static int take_quoted(const char **cursor, msc_form_slice_t *value)
{
    value->ptr = *cursor;
    while (**cursor != '"') {
        if (**cursor == '\0') {
            return 0;
        }
        if (**cursor == '\\' && (*cursor)[1] == '"') {
            (*cursor)++;
        }
        (*cursor)++;
    }
    value->len = (apr_size_t)(*cursor - value->ptr);
    (*cursor)++;
    return 1;
}

int msc_form_header_param(const char **cursor, msc_form_param_t *param)
{
    skip_blanks(cursor);
    if (**cursor != '\0' && **cursor != ';') {
        return -1; /* something follows the value before */
    }
    while (**cursor == ';' || is_blank(**cursor)) {
        (*cursor)++;
    }
    if (**cursor == '\0') {
        return 0;
    }
    param->attribute = take_token(cursor);
    if (param->attribute.len == 0 || **cursor != '=') {
        return -1;
    }
    (*cursor)++;
    param->quoted = **cursor == '"';
    if (param->quoted) {
        (*cursor)++;
        return take_quoted(cursor, &param->value) ? 1 : -1;
    }
    param->value = take_token(cursor);
    return param->value.len > 0 ? 1 : -1;
}

int msc_form_header_is(msc_form_slice_t slice, const char *text)
{
    apr_size_t i;

    for (i = 0; i < slice.len && text[i] != '\0'; i++) {
        char c = slice.ptr[i];

        if (c >= 'A' && c <= 'Z') {
            c = (char)(c - 'A' + 'a');
        }
        if (c != text[i]) {
            return 0;
        }
    }
    return i == slice.len && text[i] == '\0';
}

int msc_form_header_is_utf8(msc_form_slice_t charset)
{
    return msc_form_header_is(charset, "utf-8")
           || msc_form_header_is(charset, "us-ascii");
}

apr_size_t msc_form_header_boundary(char out[MSC_FORM_BOUNDARY_MAX],
                                    const msc_form_param_t *param)
{
    apr_size_t len = 0;
    apr_size_t i;

    for (i = 0; i < param->value.len; i++) {
        char c = param->value.ptr[i];

        if (len == MSC_FORM_BOUNDARY_MAX
            || (!is_alnum(c) && (c == '\0' || !strchr("'()+_,-./:=? ", c)))) {
            return 0; /* an escape too: no boundary needs one */
        }
        out[len++] = c;
    }
    return len > 0 && out[len - 1] != ' ' ? len : 0;
}

/* Get the character a percent escape of names stands for; 0 when the text is
 * not one of the three. */
static char escape(const char *text, apr_size_t len)
{
    if (len < 3 || text[0] != '%') {
        return 0;
    }
    if (text[1] == '2' && text[2] == '2') {
        return '"';
    }
    if (text[1] != '0') {
        return 0;
    }
    return text[2] == 'D' || text[2] == 'd'   ? '\r'
           : text[2] == 'A' || text[2] == 'a' ? '\n'
                                              : 0;
}

/* Decode a name inside its line, ended by NUL.  It is written from the byte
 * before the value on, a '=' or '"', which makes room for the NUL. */
static const char *decode_name(const msc_form_param_t *param, char *line)
{
    const char *from = param->value.ptr;
    const char *end = from + param->value.len;
    char *start = line + (from - line) - 1;
    char *to = start;

    while (from < end) {
        apr_size_t left = (apr_size_t)(end - from);
        char c = param->quoted ? escape(from, left) : 0;

        if (c != 0) {
            from += 3;
        }
        else {
            if (param->quoted && left > 1 && from[0] == '\\'
                && from[1] == '"') {
                from++;
            }
            c = *from++;
        }
        *to++ = c;
    }
    *to = '\0';
    return start;
}

/* Drop the folders of a file name; "." and ".." are not files. */
static const char *base_name(const char *path)
{
    const char *base = path;

    for (; *path != '\0'; path++) {
        if (*path == '/' || *path == '\\') {
            base = path + 1;
        }
    }
    return strcmp(base, ".") == 0 || strcmp(base, "..") == 0 ? "" : base;
}

static const char *read_disposition(msc_form_header_t *header, char *line,
                                    const char *cursor)
{
    static const char broken[] = "has a Content-Disposition that is not "
                                 "well formed";
    msc_form_param_t param;
    int found;

    if (header->has_disposition) {
        return "has two Content-Disposition lines";
    }
    header->has_disposition = 1;
    if (!msc_form_header_is(msc_form_header_head(&cursor), "form-data")) {
        return "has a part that is not form-data";
    }
    while ((found = msc_form_header_param(&cursor, &param)) > 0) {
        if (msc_form_header_is(param.attribute, "name")) {
            if (header->name != NULL) {
                return "has two names";
            }
            header->name = decode_name(&param, line);
        }
        else if (msc_form_header_is(param.attribute, "filename")) {
            if (header->filename != NULL) {
                return "has two file names";
            }
            header->filename = base_name(decode_name(&param, line));
        }
    }
    return found < 0 ? broken : NULL;
}

/* Tell whether a head is type/subtype. */
static int is_media_type(msc_form_slice_t head)
{
    const char *cursor = head.ptr;

    if (take_token(&cursor).len == 0 || *cursor != '/') {
        return 0;
    }
    cursor++;
    return take_token(&cursor).len > 0 && cursor == head.ptr + head.len;
}

static const char *read_content_type(msc_form_header_t *header,
                                     const char *value)
{
    static const char nested[] = "multipart/";
    const char *cursor = value;
    msc_form_slice_t head;
    msc_form_param_t param;
    int found;

    if (header->has_content_type) {
        return "has two Content-Type lines";
    }
    header->has_content_type = 1;
    head = msc_form_header_head(&cursor);
    if (head.len >= sizeof(nested) - 1) {
        msc_form_slice_t start = { head.ptr, sizeof(nested) - 1 };

        if (msc_form_header_is(start, nested)) {
            return "holds a multipart inside, which is not accepted";
        }
    }
    while ((found = msc_form_header_param(&cursor, &param)) > 0) {
        if (msc_form_header_is(param.attribute, "charset")
            && !msc_form_header_is_utf8(param.value)) {
            header->foreign_charset = 1;
        }
    }
    /* What is no media type is a fault of the visitor's system that he
     * cannot mend: the file is taken as one without a type. */
    if (found == 0 && is_media_type(head)) {
        header->content_type = value;
    }
    return NULL;
}

static const char *read_encoding(msc_form_header_t *header,
                                 const char *value)
{
    msc_form_slice_t slice = { value, strlen(value) };

    if (header->has_encoding) {
        return "has two Content-Transfer-Encoding lines";
    }
    header->has_encoding = 1;
    if (!msc_form_header_is(slice, "binary")
        && !msc_form_header_is(slice, "7bit")
        && !msc_form_header_is(slice, "8bit")) {
        return "has a Content-Transfer-Encoding that is not accepted";
    }
    return NULL;
}

const char *msc_form_header_line(msc_form_header_t *header, char *line)
{
    const char *cursor = line;
    msc_form_slice_t name = take_token(&cursor);
    apr_size_t len = strlen(line);

    if (name.len == 0 || *cursor != ':') {
        return "has a part with a header line that is not well formed";
    }
    while (len > 0 && is_blank(line[len - 1])) {
        line[--len] = '\0';
    }
    cursor++;
    skip_blanks(&cursor);
    if (msc_form_header_is(name, "content-disposition")) {
        return read_disposition(header, line, cursor);
    }
    if (msc_form_header_is(name, "content-type")) {
        return read_content_type(header, cursor);
    }
    if (msc_form_header_is(name, "content-transfer-encoding")) {
        return read_encoding(header, cursor);
    }
    return NULL;
}
