/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_type.c: reading a content type that the caller wrote. RFC 2045 5.1.
 *
 * The result has separate, checked values, and header.c writes them anew, so
 * that nothing of the caller's syntax reaches the message.
 *
 * Not here: RFC 2231 in the input (a value is text, give it as it is) and
 * comments.
 */
#include "mime/content_type.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "mime/ascii.h"
#include "mime/param.h"

static const char *skip_blanks(const char *p)
{
    return p + strspn(p, " ");
}

static apr_size_t token_length(const char *p)
{
    apr_size_t n = 0;

    while (p[n] != '\0' && smtpc__is_token(p + n, 1)) {
        n++;
    }
    return n;
}

static const char *lower(const char *p, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_pstrmemdup(pool, p, len);

    for (apr_size_t i = 0; i < len; i++) {
        out[i] = smtpc__to_lower(out[i]);
    }
    return out;
}

/* Read type "/" subtype at *p, moved behind it; NULL if it is not there. */
static const char *read_type(const char **p, apr_pool_t *pool)
{
    const char *start = skip_blanks(*p);
    apr_size_t major = token_length(start);
    apr_size_t minor;

    if (major == 0 || start[major] != '/') {
        return NULL;
    }
    minor = token_length(start + major + 1);
    if (minor == 0) {
        return NULL;
    }
    *p = start + major + 1 + minor;
    return lower(start, major + 1 + minor, pool);
}

/* Read a quoted string at *p, moved behind it; NULL if it has no end. */
static const char *read_quoted(const char **p, apr_pool_t *pool)
{
    const char *in = *p + 1;
    char *out = apr_palloc(pool, strlen(in) + 1);
    apr_size_t n = 0;

    while (*in != '"') {
        if (*in == '\\') {
            in++;
        }
        if (*in == '\0') {
            return NULL;
        }
        out[n++] = *in++;
    }
    out[n] = '\0';
    *p = in + 1;
    return out;
}

/* Read name=value at *p, moved behind it. */
static int read_param(smtpc_param_t *param, const char **p, apr_pool_t *pool)
{
    const char *start = *p;
    apr_size_t len = token_length(start);

    /* "*" belongs to RFC 2231, which header.c adds where it is needed. */
    if (len == 0 || start[len] != '=' || memchr(start, '*', len) != NULL
        || len > SMTPC_LIMIT_HEADER_LINE / 2) {
        return 0;
    }
    param->name = lower(start, len, pool);
    *p = start + len + 1;
    if (**p == '"') {
        param->value = read_quoted(p, pool);
        return param->value != NULL;
    }
    len = token_length(*p);
    param->value = apr_pstrmemdup(pool, *p, len);
    *p += len;
    return len > 0;
}

static int is_given(const smtpc_content_type_t *type, const char *name)
{
    for (apr_size_t i = 0; i < type->count; i++) {
        if (strcmp(type->params[i].name, name) == 0) {
            return 1;
        }
    }
    return 0;
}

static apr_status_t read_params(smtpc_content_type_t *type, const char **why,
                                const char *p, apr_pool_t *pool)
{
    for (p = skip_blanks(p); *p == ';'; p = skip_blanks(p)) {
        smtpc_param_t *param = &type->params[type->count];

        p = skip_blanks(p + 1);
        if (*p == '\0') {
            break;
        }
        if (type->count == SMTPC_CONTENT_TYPE_PARAMS) {
            *why = "it has too many parameters";
            return SMTPC_ELIMIT;
        }
        if (!read_param(param, &p, pool)) {
            *why = "its parameters are not all name=value";
            return SMTPC_EARG;
        }
        if (is_given(type, param->name)) {
            *why = "a parameter is given twice";
            return SMTPC_EARG;
        }
        type->count++;
    }
    if (*p != '\0') {
        *why = "something that is no parameter follows";
        return SMTPC_EARG;
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__content_type_parse(smtpc_content_type_t **type,
                                       const char **why, const char *text,
                                       apr_pool_t *pool)
{
    smtpc_content_type_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_size_t len = strlen(text);
    const char *p = text;
    apr_status_t rv;

    if (len > SMTPC_LIMIT_PARAMETER) {
        *why = "it is too long";
        return SMTPC_ELIMIT;
    }
    if (!smtpc__utf8_valid(text, len)
        || smtpc__find_control(text, len) < len) {
        *why = "it has control characters or is not UTF-8";
        return SMTPC_EARG;
    }
    made->value = read_type(&p, pool);
    if (made->value == NULL) {
        *why = "it does not begin with type/subtype";
        return SMTPC_EARG;
    }
    made->params = apr_pcalloc(pool, SMTPC_CONTENT_TYPE_PARAMS
                                         * sizeof(*made->params));
    rv = read_params(made, why, p, pool);
    if (rv == APR_SUCCESS) {
        *type = made;
    }
    return rv;
}
