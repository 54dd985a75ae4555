/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nested.c: messages as parts, RFC 2046 5.2.1 and RFC 6532 3.7.
 *
 * A message/rfc822 may not be encoded, so that what is in it decides between
 * 7bit and 8bit. A message of ours is rendered for the same way as the one
 * around it and so fits always. A finished one is sent as it is, or not at
 * all: changing encodings inside it would break its signatures.
 *
 * Nothing in them is binary: RFC 2046 allows it, readers do not expect it.
 *
 * Messages may be in messages; how deep is limited, so recursion is safe.
 */
#include "mime/nested.h"

#include <string.h>

#include "base/limits.h"
#include "base/source_int.h"
#include "mime/message_priv.h"

/* Bytes looked at in one go. */
#define SCAN_SIZE 8192

/* Messages that are looked at for a circle. */
#define VISITS_MAX 10000

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than SMTPC_LIMIT_NESTING */
static apr_status_t visit(const smtpc_message_t *wanted,
                          const smtpc_message_t *message, int depth,
                          int *visits)
{
    apr_status_t rv = message == wanted ? SMTPC_EARG : APR_SUCCESS;

    if (depth > SMTPC_LIMIT_NESTING || ++*visits > VISITS_MAX) {
        return SMTPC_ELIMIT;
    }
    for (int i = 0; rv == APR_SUCCESS && i < message->attachments->nelts;
         i++) {
        const smtpc_entity_t *entity = APR_ARRAY_IDX(
            message->attachments, i, const smtpc_entity_t *);

        if (entity->nested != NULL) {
            rv = visit(wanted, entity->nested, depth + 1, visits);
        }
    }
    return rv;
}

apr_status_t smtpc__nested_check(const smtpc_message_t *message,
                                 const smtpc_message_t *attached)
{
    int visits = 0;

    return visit(message, attached, 1, &visits);
}

/* The header block of a message while it is read. */
typedef struct head_t {
    apr_size_t fields; /* lines so far */
    apr_size_t column; /* of the present line */
    int cr;            /* the last byte was a CR */
    int colon;         /* the line has a colon behind a name */
    int folded;        /* it begins with a blank */
    int done;
    int bad;
} head_t;

static void head_line_end(head_t *head)
{
    if (head->column == 0) {
        head->done = 1;
        head->bad |= head->fields == 0;
    }
    else if (head->folded ? head->fields == 0 : !head->colon) {
        head->bad = 1;
    }
    head->fields++;
    head->column = 0;
    head->colon = 0;
    head->folded = 0;
}

static void head_byte(head_t *head, unsigned char c)
{
    if (c == ' ' || c == '\t') {
        if (head->column == 0) {
            head->folded = 1;
        }
        else if (!head->folded && !head->colon) {
            head->bad = 1;
        }
    }
    else if (!head->folded && !head->colon) {
        head->colon = c == ':' && head->column > 0;
        head->bad |= c < ' ' || c > 126 || (c == ':' && head->column == 0);
    }
    head->column++;
}

static void look_at_head(head_t *head, const char *data, apr_size_t len)
{
    for (apr_size_t i = 0; i < len && !head->done && !head->bad; i++) {
        if (data[i] == '\r' || (data[i] == '\n' && !head->cr)) {
            head_line_end(head);
        }
        else if (data[i] != '\n') {
            head_byte(head, (unsigned char)data[i]);
        }
        head->cr = data[i] == '\r';
    }
}

static const char *eml_problem(const head_t *head, const smtpc_scan_t *scan)
{
    if (head->bad || head->fields == 0) {
        return "it does not begin with the header of a message";
    }
    if (scan->nul) {
        return "it has a NUL; attach it as application/octet-stream";
    }
    if (scan->longest > SMTPC_LIMIT_CONTENT_LINE) {
        return "it has a line over 998 bytes, which mail does not allow; "
               "attach it as application/octet-stream";
    }
    return NULL;
}

apr_status_t smtpc__nested_scan(smtpc_scan_t *scan, const char **why,
                                smtpc_source_t *source)
{
    char buf[SCAN_SIZE];
    apr_status_t rv = smtpc_source_rewind(source);
    head_t head;

    memset(scan, 0, sizeof(*scan));
    memset(&head, 0, sizeof(head));
    while (rv == APR_SUCCESS) {
        apr_size_t len = sizeof(buf);

        rv = smtpc_source_read(source, buf, &len);
        if (rv == APR_SUCCESS) {
            smtpc__scan(scan, buf, len);
            look_at_head(&head, buf, len);
        }
    }
    if (APR_STATUS_IS_EOF(rv)) {
        if (head.column > 0 && !head.done) {
            head_line_end(&head);
        }
        *why = eml_problem(&head, scan);
        if (*why != NULL) {
            return SMTPC_EARG;
        }
        rv = smtpc_source_rewind(source);
    }
    if (rv != APR_SUCCESS) {
        *why = rv == APR_ENOTIMPL ? "its source cannot rewind"
                                  : smtpc__source_error(source);
        return SMTPC_ESOURCE;
    }
    return APR_SUCCESS;
}

static smtpc_part_t *make_part(const smtpc_build_t *build,
                               const smtpc_entity_t *entity, const char *type,
                               int eight_bit)
{
    smtpc_part_t *part = smtpc__part_create(type, build->pool);

    if (*entity->name != '\0') {
        smtpc__part_param(part, "name", entity->name);
    }
    part->encoding = eight_bit ? SMTPC_ENCODING_8BIT : SMTPC_ENCODING_7BIT;
    smtpc__leaf_describe(part, build, entity);
    return part;
}

static const char no_8bitmime[] = "it has bytes above 127, which can only "
                                  "go as they are to a server with 8BITMIME, "
                                  "unsigned; a message cannot be encoded";

static apr_status_t make_eml(smtpc_part_t **part, const smtpc_build_t *build,
                             const smtpc_entity_t *entity)
{
    smtpc_encode_opts_t opts = { SMTPC_ENCODING_8BIT, 1, 0 };
    const char *why = "";
    smtpc_scan_t scan;
    apr_status_t rv = smtpc__nested_scan(&scan, &why, entity->source);

    if (rv != APR_SUCCESS) {
        return smtpc__build_fail(build, rv, entity, why);
    }
    if (scan.eight_bit > 0 && !build->eight_bit) {
        return smtpc__build_fail(build, SMTPC_EEXTENSION, entity,
                                 no_8bitmime);
    }
    *part = make_part(build, entity, "message/rfc822", scan.eight_bit > 0);
    return smtpc__encoder_create(&(*part)->body, entity->source, &opts,
                                 smtpc__encoded_length(&opts, 0, &scan),
                                 build->area, build->pool);
}

/* Render nested with raw UTF-8 in its header only where it has to be. */
static apr_status_t render(smtpc_content_t **content,
                           const smtpc_build_t *build,
                           const smtpc_message_t *nested)
{
    smtpc_render_t how;
    apr_status_t rv;

    memset(&how, 0, sizeof(how));
    how.eight_bit = build->eight_bit;
    how.from = build->from;
    how.why = build->render->why;
    how.depth = build->render->depth + 1;
    rv = smtpc__message_render(content, nested, &how, build->env,
                               build->pool);
    if (rv == SMTPC_EEXTENSION && build->render->utf8) {
        how.utf8 = 1;
        rv = smtpc__message_render(content, nested, &how, build->env,
                                   build->pool);
    }
    return rv;
}

static apr_status_t make_message(smtpc_part_t **part,
                                 const smtpc_build_t *build,
                                 const smtpc_entity_t *entity)
{
    smtpc_content_t *content;
    apr_status_t rv;

    if (build->render->depth >= SMTPC_LIMIT_NESTING) {
        return smtpc__build_fail(build, SMTPC_ELIMIT, entity,
                                 "messages are attached to messages too "
                                 "deep");
    }
    rv = render(&content, build, entity->nested);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (content->eight_bit && !build->eight_bit) {
        return smtpc__build_fail(build, SMTPC_EEXTENSION, entity,
                                 no_8bitmime);
    }
    *part = make_part(build, entity,
                      content->utf8 ? "message/global" : "message/rfc822",
                      content->eight_bit);
    (*part)->body = content->source;
    return APR_SUCCESS;
}

apr_status_t smtpc__nested_make(smtpc_part_t **part,
                                const smtpc_build_t *build,
                                const smtpc_entity_t *entity)
{
    return entity->origin == SMTPC_ORIGIN_EML
               ? make_eml(part, build, entity)
               : make_message(part, build, entity);
}
