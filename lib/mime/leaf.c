/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf.c: from an entity to a part: which charset, which transfer encoding.
 * RFC 2045 6, RFC 2046 4.1.2.
 *
 * Text passes through up to three filters, each a source over the one before:
 * format=flowed, charset, transfer encoding. It is read once in front of the
 * last to see what is in it. What was not given as text is base64 or binary,
 * unread, unless the caller asked for something else.
 *
 * Not here: messages as parts (nested.c), the tree (message_content.c).
 */
#include "mime/leaf.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/source_int.h"
#include "mime/charset.h"
#include "mime/flowed.h"
#include "mime/ident.h"
#include "mime/message_priv.h"
#include "mime/mime_table.h"
#include "mime/nested.h"

/* Bytes of a source looked at in one go. */
#define SCAN_SIZE 8192

/* The content of an entity on its way to a part. */
typedef struct content_t {
    const smtpc_entity_t *entity;
    const char *charset; /* that was set, or NULL */
    smtpc_source_t *source;
    int text;            /* its line ends become CRLF */
    int utf8;            /* it has to be UTF-8 */
    int eight_bit;       /* it may be 8bit */
    int binary;          /* it may be binary */
    smtpc_scan_t scan;
    smtpc_encode_opts_t opts;
} content_t;

apr_status_t smtpc__build_fail(const smtpc_build_t *build,
                               apr_status_t status,
                               const smtpc_entity_t *entity, const char *why)
{
    if (build->render->why != NULL && *why != '\0') {
        const char *name = entity->name;

        *build->render->why = apr_pstrcat(
            build->pool, smtpc__entity_noun(entity), *name != '\0' ? " " : "",
            smtpc__escape(name, strlen(name), 100, 0, build->pool), ": ", why,
            NULL);
    }
    return status;
}

static apr_status_t rewind_source(smtpc_source_t *source, const char **why)
{
    apr_status_t rv = smtpc_source_rewind(source);

    if (rv == APR_SUCCESS) {
        return APR_SUCCESS;
    }
    *why = rv == APR_ENOTIMPL
               ? "it was read before and cannot be read again: its source "
                 "cannot rewind"
               : smtpc__source_error(source);
    return SMTPC_ESOURCE;
}

/* The filters in front of the transfer encoding. */
static apr_status_t add_filters(content_t *c, const char **why,
                                apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    if (c->entity->flowed && smtpc__entity_is_plain(c->entity)) {
        rv = smtpc__flowed_create(&c->source, c->source, pool);
    }
    if (rv == APR_SUCCESS && c->charset != NULL
        && !smtpc__charset_is_utf8(c->charset)) {
        c->utf8 = 0;
        rv = smtpc__charset_encode(&c->source, c->source, c->charset, pool);
        if (rv != APR_SUCCESS) {
            *why = rv == SMTPC_EARG ? "its charset is not known any more"
                                    : "its charset cannot be looked up";
        }
    }
    return rv;
}

/* Begin with the content of entity. */
static apr_status_t open_content(content_t *c, const smtpc_entity_t *entity,
                                 const char **why, apr_pool_t *pool)
{
    apr_status_t rv;

    memset(c, 0, sizeof(*c));
    c->entity = entity;
    c->charset = smtpc_entity_type_param(entity, "charset");
    c->source = entity->source;
    if (entity->text != NULL) {
        rv = smtpc_source_create_bytes(&c->source, entity->text,
                                       strlen(entity->text), pool);
    }
    else {
        rv = rewind_source(c->source, why);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (entity->origin == SMTPC_ORIGIN_TEXT) {
        c->text = 1;
        c->utf8 = entity->text == NULL;
        return add_filters(c, why, pool);
    }
    if (entity->kind == SMTPC_ENTITY_VIEW
        && smtpc__entity_is_text_type(entity)) {
        c->text = c->charset == NULL || !smtpc__charset_is_wide(c->charset);
        c->utf8 = c->charset == NULL || smtpc__charset_is_utf8(c->charset);
    }
    return APR_SUCCESS;
}

/* Bytes at the end of len bytes at text that may begin a character. */
static apr_size_t tail_length(const char *text, apr_size_t len)
{
    for (apr_size_t n = 1; n <= 3 && n <= len; n++) {
        unsigned char c = (unsigned char)text[len - n];

        if ((c & 0xc0) != 0x80) {
            apr_size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2
                                                                        : 1;

            return want > n ? n : 0;
        }
    }
    return 0;
}

/* Look at the source from where it is to its end. */
static apr_status_t scan_source(content_t *c, const char **why)
{
    char buf[SCAN_SIZE];
    apr_size_t held = 0; /* bytes of a character that is cut */

    for (;;) {
        apr_size_t len = sizeof(buf) - held;
        apr_status_t rv = smtpc_source_read(c->source, buf + held, &len);
        int end = APR_STATUS_IS_EOF(rv);
        apr_size_t tail;

        if (rv != APR_SUCCESS && !end) {
            *why = smtpc__source_error(c->source);
            return SMTPC_ESOURCE;
        }
        smtpc__scan(&c->scan, buf + held, len);
        len += held;
        tail = c->utf8 && !end ? tail_length(buf, len) : 0;
        if (c->utf8 && !smtpc__utf8_valid(buf, len - tail)) {
            *why = c->entity->origin == SMTPC_ORIGIN_TEXT
                       ? "it is not valid UTF-8"
                       : "it is not valid UTF-8; name the charset it is in";
            return SMTPC_ESOURCE;
        }
        if (end) {
            return rewind_source(c->source, why);
        }
        memmove(buf, buf + len - tail, tail);
        held = tail;
    }
}

static apr_status_t scan(content_t *c, const char **why)
{
    if (c->entity->text != NULL && c->charset == NULL
        && !c->entity->flowed) {
        smtpc__scan(&c->scan, c->entity->text, strlen(c->entity->text));
        return APR_SUCCESS;
    }
    return scan_source(c, why);
}

/* What keeps the content from being sent as it is, or NULL. */
static const char *copy_problem(const content_t *c, int seven, int last,
                                apr_pool_t *pool)
{
    if (c->scan.nul) {
        return "it has a NUL; use base64";
    }
    if (c->scan.longest > SMTPC_LIMIT_CONTENT_LINE) {
        return apr_psprintf(pool, "it has a line of %" APR_OFF_T_FMT " bytes "
                            "and mail allows 998; use quoted-printable or "
                            "base64", c->scan.longest);
    }
    if (seven && c->scan.eight_bit > 0) {
        return "it has bytes above 127, which 7bit has not; use "
               "quoted-printable or base64";
    }
    if (!c->text && (smtpc__scan_bare(&c->scan) > 0
                     || (last && c->scan.line > 0))) {
        return "its line ends are not all CRLF and would be changed; use "
               "base64";
    }
    return NULL;
}

/* Bytes that need not be lines. As binary they stay as they are, even at the
 * end of the message; text still has its line ends. */
static void choose_bytes(content_t *c)
{
    c->opts.encoding = c->binary ? SMTPC_ENCODING_BINARY
                                 : SMTPC_ENCODING_BASE64;
    if (c->binary && !c->text) {
        c->opts.last = 0;
    }
}

/* The transfer encoding, which the caller may have chosen. */
static apr_status_t choose(content_t *c, int last, const char **why,
                           apr_pool_t *pool)
{
    smtpc_encoding_e wanted = c->entity->encoding;

    c->opts.text = c->text;
    c->opts.last = last;
    c->opts.encoding = wanted;
    if (wanted == SMTPC_ENCODING_BINARY
        || (wanted == SMTPC_ENCODING_AUTO && !c->text)) {
        choose_bytes(c);
        return APR_SUCCESS;
    }
    if (wanted == SMTPC_ENCODING_AUTO) {
        c->opts.encoding = smtpc__scan_choose(&c->scan, c->eight_bit);
        return APR_SUCCESS;
    }
    if (wanted != SMTPC_ENCODING_7BIT && wanted != SMTPC_ENCODING_8BIT) {
        return APR_SUCCESS;
    }
    *why = copy_problem(c, wanted == SMTPC_ENCODING_7BIT, last, pool);
    if (*why != NULL) {
        return SMTPC_EARG;
    }
    if (c->scan.eight_bit == 0) {
        c->opts.encoding = SMTPC_ENCODING_7BIT;
    }
    else if (!c->eight_bit) {
        c->opts.encoding = smtpc__scan_choose(&c->scan, 0);
    }
    return APR_SUCCESS;
}

/* Let part read the content, encoded. */
static apr_status_t set_body(smtpc_part_t *part, content_t *c,
                             int scanned, smtpc_encode_area_t *area,
                             const char **why, apr_pool_t *pool)
{
    apr_off_t length;

    part->encoding = c->opts.encoding;
    if (scanned && c->scan.length == 0) {
        return APR_SUCCESS;
    }
    if (c->opts.encoding == SMTPC_ENCODING_QUOTED_PRINTABLE) {
        apr_status_t rv = smtpc__encoder_measure(&length, c->source, &c->opts,
                                                 area, pool);

        if (rv != APR_SUCCESS) {
            *why = smtpc__source_error(c->source);
            return SMTPC_ESOURCE;
        }
    }
    else {
        length = smtpc__encoded_length(&c->opts,
                                       smtpc_source_length(c->source),
                                       scanned ? &c->scan : NULL);
    }
    return smtpc__encoder_create(&part->body, c->source, &c->opts, length,
                                 area, pool);
}

/* The label of text that names no charset, or NULL. */
static const char *label(const content_t *c)
{
    if (c->charset != NULL || !c->text
        || !smtpc__entity_is_text_type(c->entity)) {
        return NULL;
    }
    return c->scan.eight_bit > 0 ? "utf-8" : "us-ascii";
}

/* The part with its type and parameters; the name of the entity, if it has
 * one, is the name parameter. */
static smtpc_part_t *typed_part(const content_t *c,
                                const smtpc_build_t *build)
{
    const smtpc_entity_t *entity = c->entity;
    const char *value = entity->type->value;
    int named = *entity->name != '\0';
    int flowed = entity->flowed && smtpc__entity_is_plain(entity);
    const char *charset = label(c);
    smtpc_part_t *part;

    if (entity->guessed && named) {
        const char *known = smtpc__mime_table_find(build->env, entity->name);

        value = known != NULL ? known : value;
    }
    part = smtpc__part_create(value, build->pool);
    for (apr_size_t i = 0; i < entity->type->count; i++) {
        const smtpc_param_t *param = &entity->type->params[i];
        int ours = flowed && (strcmp(param->name, "format") == 0
                              || strcmp(param->name, "delsp") == 0);

        if (!ours && (!named || strcmp(param->name, "name") != 0)) {
            smtpc__part_param(part, param->name, param->value);
        }
    }
    if (charset != NULL) {
        smtpc__part_param(part, "charset", charset);
    }
    if (flowed) {
        smtpc__part_param(part, "format", "flowed");
        smtpc__part_param(part, "delsp", "no");
    }
    if (named) {
        smtpc__part_param(part, "name", entity->name);
    }
    return part;
}

static void add_date(smtpc_part_t *part, const char *name, apr_time_t date,
                     apr_pool_t *pool)
{
    if (date != 0) {
        char *text = apr_palloc(pool, SMTPC_IDENT_DATE_SIZE);

        smtpc__ident_date(text, date);
        smtpc__part_disposition_param(part, name, text);
    }
}

static void describe_disposition(smtpc_part_t *part,
                                 const smtpc_entity_t *entity,
                                 apr_pool_t *pool)
{
    const apr_array_header_t *params = entity->disposition_params;

    if (entity->disposition == SMTPC_DISPOSITION_NONE) {
        return;
    }
    part->disposition = entity->disposition == SMTPC_DISPOSITION_INLINE
                            ? "inline" : "attachment";
    if (*entity->name != '\0') {
        part->filename = entity->name;
    }
    add_date(part, "creation-date", entity->dates[SMTPC_DATE_CREATION], pool);
    add_date(part, "modification-date",
             entity->dates[SMTPC_DATE_MODIFICATION], pool);
    add_date(part, "read-date", entity->dates[SMTPC_DATE_READ], pool);
    if (entity->size >= 0) {
        smtpc__part_disposition_param(
            part, "size", apr_psprintf(pool, "%" APR_OFF_T_FMT,
                                       entity->size));
    }
    for (int i = 0; params != NULL && i < params->nelts; i++) {
        const smtpc_param_t *param = &APR_ARRAY_IDX(params, i, smtpc_param_t);

        smtpc__part_disposition_param(part, param->name, param->value);
    }
}

void smtpc__leaf_describe(smtpc_part_t *part, const smtpc_build_t *build,
                          const smtpc_entity_t *entity)
{
    const apr_array_header_t *fields = entity->fields;

    describe_disposition(part, entity, build->pool);
    if (*entity->content_id != '\0') {
        smtpc__part_field(part, "Content-ID",
                          apr_pstrcat(build->pool, "<", entity->content_id,
                                      ">", NULL), 1);
    }
    if (*entity->description != '\0') {
        smtpc__part_field(part, "Content-Description", entity->description,
                          0);
    }
    if (*entity->location != '\0') {
        smtpc__part_field(part, "Content-Location", entity->location, 1);
    }
    if (*entity->language != '\0') {
        smtpc__part_field(part, "Content-Language", entity->language, 1);
    }
    for (int i = 0; fields != NULL && i < fields->nelts; i++) {
        const smtpc_param_t *field = &APR_ARRAY_IDX(fields, i, smtpc_param_t);

        smtpc__part_field(part, field->name, field->value, 0);
    }
}

apr_status_t smtpc__leaf_make(smtpc_part_t **part, const smtpc_build_t *build,
                              const smtpc_entity_t *entity, int last)
{
    const char *why = "";
    content_t c;
    int scanned;
    apr_status_t rv;

    if (entity->origin == SMTPC_ORIGIN_MESSAGE
        || entity->origin == SMTPC_ORIGIN_EML) {
        return smtpc__nested_make(part, build, entity);
    }
    rv = open_content(&c, entity, &why, build->pool);
    c.eight_bit = build->eight_bit;
    c.binary = build->binary;
    scanned = c.text || (entity->encoding != SMTPC_ENCODING_AUTO
                         && entity->encoding != SMTPC_ENCODING_BASE64
                         && entity->encoding != SMTPC_ENCODING_BINARY);
    if (rv == APR_SUCCESS && scanned) {
        rv = scan(&c, &why);
    }
    if (rv == APR_SUCCESS) {
        rv = choose(&c, last, &why, build->pool);
    }
    if (rv == APR_SUCCESS) {
        *part = typed_part(&c, build);
        rv = set_body(*part, &c, scanned, build->area, &why, build->pool);
    }
    if (rv != APR_SUCCESS) {
        return smtpc__build_fail(build, rv, entity, why);
    }
    smtpc__leaf_describe(*part, build, entity);
    return APR_SUCCESS;
}

apr_status_t smtpc__leaf_check(const smtpc_entity_t *entity, const char **why,
                               apr_pool_t *pool)
{
    content_t c;
    apr_status_t rv = open_content(&c, entity, why, pool);

    c.eight_bit = 1;
    if (rv == APR_SUCCESS) {
        rv = scan(&c, why);
    }
    return rv == APR_SUCCESS ? choose(&c, 1, why, pool) : rv;
}
