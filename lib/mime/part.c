/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.c: a tree of parts, rendered to a row of sources. RFC 2045, RFC 2046
 * 5.1, RFC 2183.
 *
 * The row is read front to back, so the message is never in memory: only
 * its headers and delimiters are. A part's content has no line end behind it;
 * the one in front of a delimiter belongs to that.
 *
 * The tree is built by this library, a few levels deep, so recursion is safe.
 */
#include "mime/part.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"

smtpc_part_t *smtpc__part_create(const char *type, apr_pool_t *pool)
{
    smtpc_part_t *part = apr_pcalloc(pool, sizeof(*part));

    part->type = type;
    part->params = apr_array_make(pool, 2, sizeof(smtpc_param_t));
    part->encoding = SMTPC_ENCODING_7BIT;
    return part;
}

static void add_param(apr_array_header_t *params, const char *name,
                      const char *value)
{
    smtpc_param_t *param = apr_array_push(params);

    param->name = name;
    param->value = value;
}

void smtpc__part_param(smtpc_part_t *part, const char *name,
                       const char *value)
{
    add_param(part->params, name, value);
}

void smtpc__part_disposition_param(smtpc_part_t *part, const char *name,
                                   const char *value)
{
    if (part->disposition_params == NULL) {
        part->disposition_params = apr_array_make(part->params->pool, 2,
                                                  sizeof(smtpc_param_t));
    }
    add_param(part->disposition_params, name, value);
}

void smtpc__part_field(smtpc_part_t *part, const char *name,
                       const char *value, int structured)
{
    smtpc_part_field_t *field;

    if (part->fields == NULL) {
        part->fields = apr_array_make(part->params->pool, 2,
                                      sizeof(smtpc_part_field_t));
    }
    field = apr_array_push(part->fields);
    field->name = name;
    field->value = value;
    field->structured = structured;
}

void smtpc__part_divide(smtpc_part_t *part, const char *boundary)
{
    part->children = apr_array_make(part->params->pool, 4,
                                    sizeof(smtpc_part_t *));
    part->boundary = boundary;
    smtpc__part_param(part, "boundary", boundary);
}

void smtpc__part_add(smtpc_part_t *parent, smtpc_part_t *child)
{
    APR_ARRAY_PUSH(parent->children, smtpc_part_t *) = child;
}

static const smtpc_part_t *child_at(const smtpc_part_t *part, int i)
{
    return APR_ARRAY_IDX(part->children, i, const smtpc_part_t *);
}

/* Return non-zero if a leaf below part has encoding. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as our trees, not as the input */
static int has_encoding(const smtpc_part_t *part, smtpc_encoding_e encoding)
{
    if (part->children == NULL) {
        return part->encoding == encoding;
    }
    for (int i = 0; i < part->children->nelts; i++) {
        if (has_encoding(child_at(part, i), encoding)) {
            return 1;
        }
    }
    return 0;
}

int smtpc__part_eight_bit(const smtpc_part_t *part)
{
    return has_encoding(part, SMTPC_ENCODING_8BIT);
}

int smtpc__part_binary(const smtpc_part_t *part)
{
    return has_encoding(part, SMTPC_ENCODING_BINARY);
}

/* A multipart may only be 7bit, which goes without saying, 8bit or binary:
 * whatever is the most in it. RFC 2045 6.4. */
static const char *encoding_name(const smtpc_part_t *part)
{
    if (part->children == NULL) {
        return smtpc__encoding_name(part->encoding);
    }
    if (smtpc__part_binary(part)) {
        return smtpc__encoding_name(SMTPC_ENCODING_BINARY);
    }
    return smtpc__part_eight_bit(part)
               ? smtpc__encoding_name(SMTPC_ENCODING_8BIT)
               : NULL;
}

static apr_status_t write_disposition(const smtpc_part_t *part,
                                      smtpc_header_t *header)
{
    apr_array_header_t *all = apr_array_make(part->params->pool, 4,
                                             sizeof(smtpc_param_t));

    if (part->filename != NULL) {
        add_param(all, "filename", part->filename);
    }
    if (part->disposition_params != NULL) {
        apr_array_cat(all, part->disposition_params);
    }
    return smtpc__header_params(header, "Content-Disposition",
                                part->disposition,
                                (const smtpc_param_t *)all->elts,
                                (apr_size_t)all->nelts);
}

static apr_status_t write_fields(const smtpc_part_t *part,
                                 smtpc_header_t *header)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; part->fields != NULL && i < part->fields->nelts
                    && rv == APR_SUCCESS; i++) {
        const smtpc_part_field_t *field
            = &APR_ARRAY_IDX(part->fields, i, smtpc_part_field_t);

        rv = field->structured
                 ? smtpc__header_structured(header, field->name, field->value)
                 : smtpc__header_text(header, field->name, field->value);
    }
    return rv;
}

apr_status_t smtpc__part_header(const smtpc_part_t *part,
                                smtpc_header_t *header)
{
    const char *encoding = encoding_name(part);
    apr_status_t rv = smtpc__header_params(
        header, "Content-Type", part->type,
        (const smtpc_param_t *)part->params->elts,
        (apr_size_t)part->params->nelts);

    if (rv == APR_SUCCESS && encoding != NULL) {
        rv = smtpc__header_structured(header, "Content-Transfer-Encoding",
                                      encoding);
    }
    if (rv == APR_SUCCESS && part->disposition != NULL) {
        rv = write_disposition(part, header);
    }
    return rv == APR_SUCCESS ? write_fields(part, header) : rv;
}

static apr_status_t add_bytes(apr_array_header_t *sources, const char *data,
                              apr_size_t len, apr_pool_t *pool)
{
    smtpc_source_t *source;
    apr_status_t rv = smtpc_source_create_bytes(&source, data, len, pool);

    if (rv == APR_SUCCESS) {
        APR_ARRAY_PUSH(sources, smtpc_source_t *) = source;
    }
    return rv;
}

/* The delimiter in front of a part and the part's header. */
static apr_status_t add_head(const smtpc_part_t *part, const char *delimiter,
                             int utf8, apr_array_header_t *sources, int *raw,
                             apr_pool_t *pool)
{
    smtpc_header_t *header;
    const char *fields;
    apr_size_t len;
    apr_status_t rv = add_bytes(sources, delimiter, strlen(delimiter), pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__header_create(&header, utf8, pool);
    rv = smtpc__part_header(part, header);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    fields = smtpc__header_finish(header, &len);
    *raw |= !smtpc__is_ascii(fields, len);
    return add_bytes(sources, fields, len, pool);
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
static apr_status_t add_children(const smtpc_part_t *part, int utf8,
                                 apr_array_header_t *sources, int *raw,
                                 apr_pool_t *pool)
{
    const char *next = apr_pstrcat(pool, "\r\n--", part->boundary, "\r\n",
                                   NULL);
    const char *close = apr_pstrcat(pool, "\r\n--", part->boundary, "--",
                                    NULL);
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < part->children->nelts && rv == APR_SUCCESS; i++) {
        const smtpc_part_t *child = child_at(part, i);

        /* The first delimiter follows the empty line of the header. */
        rv = add_head(child, i == 0 ? next + 2 : next, utf8, sources, raw,
                      pool);
        if (rv == APR_SUCCESS) {
            rv = smtpc__part_sources(child, utf8, sources, raw, pool);
        }
    }
    return rv == APR_SUCCESS ? add_bytes(sources, close, strlen(close), pool)
                             : rv;
}

/* NOLINTNEXTLINE(misc-no-recursion): as above */
apr_status_t smtpc__part_sources(const smtpc_part_t *part, int utf8,
                                 apr_array_header_t *sources, int *raw,
                                 apr_pool_t *pool)
{
    if (part->children != NULL) {
        return add_children(part, utf8, sources, raw, pool);
    }
    if (part->body != NULL) {
        APR_ARRAY_PUSH(sources, smtpc_source_t *) = part->body;
    }
    return APR_SUCCESS;
}
