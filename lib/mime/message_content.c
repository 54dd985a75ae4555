/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_content.c: from a message's body and attachments to a tree of
 * parts. RFC 2045, RFC 2046 4.1 and 5.1.3.
 *
 * A message without attachments is its text; with attachments it is
 * multipart/mixed of the text, even an empty one, and them. Charset and
 * encoding of the text follow from what is in it, those of attachments are
 * not touched: base64 keeps every byte.
 */
#include "mime/message_content.h"

#include <string.h>

#include <apr_strings.h>

#include "mime/content_type.h"
#include "mime/ident.h"
#include "mime/message_priv.h"

/* Bytes of a body source looked at in one go. */
#define SCAN_SIZE 8192

static apr_status_t rewind_source(smtpc_source_t *source)
{
    return smtpc_source_rewind(source) == APR_SUCCESS ? APR_SUCCESS
                                                      : SMTPC_ESOURCE;
}

/* Look at all of source and go back to its front. */
static apr_status_t scan_source(smtpc_scan_t *scan, smtpc_source_t *source)
{
    char buf[SCAN_SIZE];
    apr_size_t len;
    apr_status_t rv = rewind_source(source);

    while (rv == APR_SUCCESS) {
        len = sizeof(buf);
        rv = smtpc_source_read(source, buf, &len);
        if (rv == APR_SUCCESS) {
            smtpc__scan(scan, buf, len);
        }
    }
    return APR_STATUS_IS_EOF(rv) ? rewind_source(source) : SMTPC_ESOURCE;
}

/* Let part read source, of which scan tells, and encode it as opts says to
 * length bytes. */
static apr_status_t set_text(smtpc_part_t *part, smtpc_source_t *source,
                             const smtpc_encode_opts_t *opts,
                             const smtpc_scan_t *scan, apr_off_t length,
                             smtpc_encode_area_t *area, apr_pool_t *pool)
{
    part->encoding = opts->encoding;
    smtpc__part_param(part, "charset",
                      scan->eight_bit > 0 ? "utf-8" : "us-ascii");
    if (scan->length == 0) {
        return APR_SUCCESS;
    }
    return smtpc__encoder_create(&part->body, source, opts, length, area,
                                 pool);
}

static apr_status_t body_from_source(smtpc_part_t *part,
                                     const smtpc_message_t *message, int last,
                                     smtpc_encode_area_t *area,
                                     apr_pool_t *pool)
{
    smtpc_encode_opts_t opts = { SMTPC_ENCODING_7BIT, 1, last };
    smtpc_scan_t scan;
    apr_status_t rv;

    memset(&scan, 0, sizeof(scan));
    rv = scan_source(&scan, message->body_source);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (!smtpc__scan_is_plain(&scan)) {
        opts.encoding = SMTPC_ENCODING_BASE64;
    }
    return set_text(part, message->body_source, &opts, &scan,
                    smtpc__encoded_length(&opts, 0, &scan), area, pool);
}

static apr_status_t body_from_text(smtpc_part_t *part,
                                   const smtpc_message_t *message, int last,
                                   int eight_bit, smtpc_encode_area_t *area,
                                   apr_pool_t *pool)
{
    smtpc_encode_opts_t opts = { SMTPC_ENCODING_7BIT, 1, last };
    apr_size_t len = strlen(message->body);
    smtpc_source_t *source;
    smtpc_scan_t scan;
    apr_off_t length;
    apr_status_t rv;

    memset(&scan, 0, sizeof(scan));
    smtpc__scan(&scan, message->body, len);
    opts.encoding = smtpc__scan_choose(&scan, eight_bit);
    length = opts.encoding == SMTPC_ENCODING_QUOTED
                 ? smtpc__quoted_length(message->body, len, last)
                 : smtpc__encoded_length(&opts, 0, &scan);
    rv = smtpc_source_create_bytes(&source, message->body, len, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return set_text(part, source, &opts, &scan, length, area, pool);
}

/* The text part; last if nothing follows it. */
static apr_status_t make_body(smtpc_part_t **part,
                              const smtpc_message_t *message, int last,
                              int eight_bit, smtpc_encode_area_t *area,
                              apr_pool_t *pool)
{
    *part = smtpc__part_create(message->body_type == SMTPC_BODY_HTML
                                   ? "text/html" : "text/plain", pool);
    return message->body_source != NULL
               ? body_from_source(*part, message, last, area, pool)
               : body_from_text(*part, message, last, eight_bit, area, pool);
}

/* The type of attachment with its parameters; its name, if it has one, is
 * the name parameter. */
static apr_status_t set_type(smtpc_part_t **part,
                             const smtpc_attachment_t *attachment,
                             apr_pool_t *pool)
{
    smtpc_content_type_t *type;
    const char *why;
    int named = *attachment->name != '\0';
    apr_status_t rv = smtpc__content_type_parse(
        &type, &why, attachment->content_type, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *part = smtpc__part_create(type->value, pool);
    for (apr_size_t i = 0; i < type->count; i++) {
        if (!named || strcmp(type->params[i].name, "name") != 0) {
            smtpc__part_param(*part, type->params[i].name,
                              type->params[i].value);
        }
    }
    if (named) {
        smtpc__part_param(*part, "name", attachment->name);
        (*part)->filename = attachment->name;
    }
    return APR_SUCCESS;
}

static apr_status_t make_attachment(smtpc_part_t **part,
                                    const smtpc_attachment_t *attachment,
                                    smtpc_encode_area_t *area,
                                    apr_pool_t *pool)
{
    static const smtpc_encode_opts_t opts = { SMTPC_ENCODING_BASE64, 0, 0 };
    apr_off_t length;
    apr_status_t rv = rewind_source(attachment->source);

    if (rv == APR_SUCCESS) {
        rv = set_type(part, attachment, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    (*part)->disposition = "attachment";
    (*part)->encoding = opts.encoding;
    length = smtpc__encoded_length(
        &opts, smtpc_source_length(attachment->source), NULL);
    return smtpc__encoder_create(&(*part)->body, attachment->source, &opts,
                                 length, area, pool);
}

/* Put body and the attachments of message into a multipart/mixed. */
static apr_status_t make_mixed(smtpc_part_t **root,
                               const smtpc_message_t *message,
                               smtpc_part_t *body, const smtpc_env_t *env,
                               smtpc_encode_area_t *area, apr_pool_t *pool)
{
    const char *boundary;
    apr_status_t rv = smtpc__ident_boundary(&boundary, env, pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    *root = smtpc__part_create("multipart/mixed", pool);
    smtpc__part_divide(*root, boundary);
    smtpc__part_add(*root, body);
    for (int i = 0; i < message->attachments->nelts; i++) {
        smtpc_part_t *part;

        rv = make_attachment(&part,
                             APR_ARRAY_IDX(message->attachments, i,
                                           const smtpc_attachment_t *),
                             area, pool);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        smtpc__part_add(*root, part);
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__message_parts(smtpc_part_t **root,
                                  const smtpc_message_t *message,
                                  int eight_bit, const smtpc_env_t *env,
                                  apr_pool_t *pool)
{
    int single = message->attachments->nelts == 0;
    smtpc_encode_area_t *area;
    smtpc_part_t *body;
    apr_status_t rv;

    smtpc__encode_area_create(&area, pool);
    rv = make_body(&body, message, single, eight_bit, area, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (single) {
        *root = body;
        return APR_SUCCESS;
    }
    return make_mixed(root, message, body, env, area, pool);
}
