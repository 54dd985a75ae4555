/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_render.c: from a message to a source of its bytes.
 *
 * Only header blocks and delimiters are made here; content is encoded while
 * the source is read, and what was loaded is passed on as it is. Bcc is never
 * looked at, but for the X-Receiver lines of a pickup file, which are an
 * envelope.
 *
 * Not here: the fields (message_header.c), parts (message_content.c),
 * signatures (dkim_sign.c), which go in front of all but a pickup file's
 * envelope.
 * RFC 5322 3.6.
 */
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/source_int.h"
#include "mime/dkim_sign.h"
#include "mime/header.h"
#include "mime/message_content.h"
#include "mime/message_header.h"
#include "mime/message_int.h"
#include "mime/message_priv.h"
#include "mime/smime_int.h"

/* X-Receiver lines go into blocks of about this size: ten thousand of them
 * are more than a header block may have. */
#define PICKUP_BLOCK (SMTPC_LIMIT_HEADER_BLOCK / 2)

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

/* Add the fields in *header to sources and begin a new block. */
static apr_status_t next_block(smtpc_header_t **header,
                               apr_array_header_t *sources, int utf8,
                               apr_pool_t *pool)
{
    apr_size_t len;
    const char *fields = smtpc__header_fields(*header, &len);

    smtpc__header_create(header, utf8, pool);
    return len == 0 ? APR_SUCCESS : add_bytes(sources, fields, len, pool);
}

static apr_status_t add_receivers(smtpc_header_t **header,
                                  apr_array_header_t *sources,
                                  const apr_array_header_t *list, int utf8,
                                  apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;

    for (int i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        apr_size_t len;

        (void)smtpc__header_fields(*header, &len);
        if (len >= PICKUP_BLOCK) {
            rv = next_block(header, sources, utf8, pool);
        }
        if (rv == APR_SUCCESS) {
            rv = smtpc__message_write_address(
                *header, "X-Receiver",
                APR_ARRAY_IDX(list, i, const smtpc_address_t *), pool);
        }
    }
    return rv;
}

static const apr_array_header_t *
addresses_of(const smtpc_envelope_t *envelope, apr_pool_t *pool)
{
    apr_size_t count = smtpc__envelope_count(envelope);
    apr_array_header_t *list = apr_array_make(
        pool, (int)count, sizeof(const smtpc_address_t *));

    for (apr_size_t i = 0; i < count; i++) {
        APR_ARRAY_PUSH(list, const smtpc_address_t *)
            = smtpc__envelope_recipient(envelope, i);
    }
    return list;
}

/* X-Receiver for To, Cc, Bcc in .NET's order, which is not that of RCPT, or
 * for those of an envelope that follows something else. */
static apr_status_t add_all_receivers(smtpc_header_t **header,
                                      apr_array_header_t *sources,
                                      const smtpc_message_t *message,
                                      const smtpc_envelope_t *envelope,
                                      int utf8, apr_pool_t *pool)
{
    apr_status_t rv;

    if (message->envelope_to != NULL || message->eml != NULL
        || message->resent->nelts > 0) {
        return add_receivers(header, sources, addresses_of(envelope, pool),
                             utf8, pool);
    }
    rv = add_receivers(header, sources, message->to, utf8, pool);
    if (rv == APR_SUCCESS) {
        rv = add_receivers(header, sources, message->cc, utf8, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_receivers(header, sources, message->bcc, utf8, pool);
    }
    return rv;
}

/* The envelope as lines in front of the header. The null reverse path has no
 * X-Sender. */
static apr_status_t add_pickup(apr_array_header_t *sources,
                               const smtpc_message_t *message,
                               const smtpc_address_t *from, int utf8,
                               apr_pool_t *pool)
{
    smtpc_envelope_t *envelope;
    smtpc_header_t *header;
    const char *why;
    apr_status_t rv = smtpc__message_envelope(&envelope, &why, message, from,
                                              pool);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    smtpc__header_create(&header, utf8, pool);
    if (envelope->sender != NULL
        && (message->eml != NULL
            || smtpc__message_field(message, "X-Sender") == NULL)) {
        rv = smtpc__message_write_address(header, "X-Sender",
                                          envelope->sender, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = add_all_receivers(&header, sources, message, envelope, utf8,
                               pool);
    }
    return rv == APR_SUCCESS ? next_block(&header, sources, utf8, pool) : rv;
}

/* A message on its way from parts to bytes. */
typedef struct rendering_t {
    const smtpc_message_t *message;
    const smtpc_render_t *how;
    const smtpc_address_t *from;
    smtpc_env_t *env;
    apr_pool_t *pool;
    apr_array_header_t *sources; /* all, in order */
    int head_count;              /* those in front of the body */
    apr_off_t signed_length;     /* of the body, once it was signed */
} rendering_t;

static apr_status_t make_sequence(smtpc_source_t **source,
                                  const apr_array_header_t *sources,
                                  apr_pool_t *pool)
{
    return smtpc__source_create_sequence(
        source, (smtpc_source_t *const *)sources->elts,
        (apr_size_t)sources->nelts, pool);
}

/* Tell the caller why it failed, if that is known. */
static void say_why(const rendering_t *r, const char *why)
{
    if (r->how->why != NULL && *why != '\0') {
        *r->how->why = why;
    }
}

/* Make the tree of parts, and what S/MIME makes of it. Content that is signed
 * must not be recoded on its way, so it is neither 8bit nor binary. */
static apr_status_t make_parts(smtpc_part_t **root, const rendering_t *r)
{
    const smtpc_smime_t *smime = smtpc__smime_of(r->message);
    smtpc_build_t build = { .render = r->how, .from = r->from,
                            .env = r->env, .pool = r->pool };
    const char *why = "";
    apr_status_t rv;

    build.eight_bit = r->how->eight_bit && r->how->dkim_count == 0
                      && smime == NULL;
    build.binary = r->how->binary && r->how->dkim_count == 0
                   && smime == NULL && !r->how->pickup;
    rv = smtpc__message_parts(root, r->message, &build);

    if (rv == APR_SUCCESS && smime != NULL) {
        rv = smtpc__smime_wrap(root, &why, smime, r->how->utf8, r->env,
                               r->pool);
        if (rv != APR_SUCCESS) {
            say_why(r, why);
        }
    }
    return rv;
}

/* Put the signatures of block and body in front of them. */
static apr_status_t add_signatures(rendering_t *r, const char *block,
                                   apr_size_t len,
                                   const apr_array_header_t *body)
{
    smtpc_dkim_input_t input = { block, len, NULL };
    smtpc_dkim_output_t output;
    const char *why = "";
    apr_status_t rv = make_sequence(&input.body, body, r->pool);

    if (rv == APR_SUCCESS) {
        rv = smtpc__dkim_sign(&output, &why, &input, r->how->dkim,
                              r->how->dkim_count, r->env, r->pool);
    }
    if (rv != APR_SUCCESS) {
        say_why(r, why);
        return rv;
    }
    r->signed_length = output.body_length;
    return add_bytes(r->sources, output.fields, output.len, r->pool);
}

/* The sources of what is behind the header of root. */
static apr_status_t make_body(rendering_t *r, apr_array_header_t *body,
                              const smtpc_part_t *root, int *raw)
{
    apr_status_t rv = smtpc__part_sources(root, r->how->utf8, body, raw,
                                          r->pool);

    if (rv == APR_SUCCESS && root->children != NULL) {
        rv = add_bytes(body, "\r\n", 2, r->pool);
    }
    return rv;
}

/* Add block, signed if that is wanted, and body behind it. */
static apr_status_t add_block(rendering_t *r, const char *block,
                              apr_size_t len, const apr_array_header_t *body)
{
    apr_status_t rv = APR_SUCCESS;

    if (r->how->dkim_count > 0) {
        rv = add_signatures(r, block, len, body);
    }
    if (rv == APR_SUCCESS) {
        rv = add_bytes(r->sources, block, len, r->pool);
    }
    if (rv == APR_SUCCESS) {
        r->head_count = r->sources->nelts;
        apr_array_cat(r->sources, body);
    }
    return rv;
}

/* Add the header block and the content of root. */
static apr_status_t add_message(rendering_t *r, smtpc_content_t *content,
                                const smtpc_part_t *root)
{
    apr_array_header_t *body = apr_array_make(r->pool, 8,
                                              sizeof(smtpc_source_t *));
    smtpc_header_t *header;
    const char *block;
    apr_size_t len;
    int raw = 0;
    apr_status_t rv;

    smtpc__header_create(&header, r->how->utf8, r->pool);
    rv = smtpc__message_write_header(header, &content->message_id, r->message,
                                     r->how, r->env, r->pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__part_header(root, header);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    block = smtpc__header_finish(header, &len);
    raw = !smtpc__is_ascii(block, len);
    rv = make_body(r, body, root, &raw);
    if (rv == APR_SUCCESS) {
        rv = add_block(r, block, len, body);
    }
    content->utf8 = raw;
    content->eight_bit = raw || smtpc__part_eight_bit(root);
    content->binary = smtpc__part_binary(root);
    return rv;
}

/* Add a message that was loaded, behind what it is sent on with. */
static apr_status_t add_loaded(rendering_t *r, smtpc_content_t *content)
{
    const smtpc_eml_t *eml = r->message->eml;
    const char *id = smtpc_message_header(r->message, "Message-ID");
    apr_array_header_t *body = apr_array_make(r->pool, 1,
                                              sizeof(smtpc_source_t *));
    smtpc_header_t *header;
    const char *block;
    apr_size_t len;
    apr_status_t rv;

    smtpc__header_create(&header, r->how->utf8, r->pool);
    rv = smtpc__message_write_resent(header, r->message, r->env, r->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    block = smtpc__header_fields(header, &len);
    block = apr_pstrcat(r->pool, apr_pstrmemdup(r->pool, block, len),
                        apr_pstrmemdup(r->pool, eml->block, eml->block_len),
                        NULL);
    len += eml->block_len;
    rv = smtpc__eml_body(apr_array_push(body), eml, r->pool);
    if (rv == APR_SUCCESS) {
        rv = add_block(r, block, len, body);
    }
    content->message_id = id != NULL ? id : "";
    content->utf8 = !smtpc__is_ascii(block, len);
    content->eight_bit = content->utf8 || eml->eight_bit;
    return rv;
}

/* The length of it all: that of a body that did not tell is known if it was
 * read to be signed. What is in front of it is bytes in memory. */
static apr_off_t total_length(const rendering_t *r,
                              const smtpc_source_t *source)
{
    apr_off_t length = smtpc_source_length(source);

    if (length != SMTPC_LENGTH_UNKNOWN || r->how->dkim_count == 0) {
        return length;
    }
    length = r->signed_length;
    for (int i = 0; i < r->head_count; i++) {
        length += smtpc_source_length(APR_ARRAY_IDX(r->sources, i,
                                                    smtpc_source_t *));
    }
    return length;
}

apr_status_t smtpc__message_render(smtpc_content_t **content,
                                   const smtpc_message_t *message,
                                   const smtpc_render_t *render,
                                   smtpc_env_t *env, apr_pool_t *pool)
{
    rendering_t r = { .message = message, .how = render, .env = env,
                      .pool = pool };
    smtpc_content_t *made = apr_pcalloc(pool, sizeof(*made));
    smtpc_part_t *root = NULL;
    apr_status_t rv = APR_SUCCESS;

    r.from = message->from != NULL ? message->from : render->from;
    if (r.from == NULL && message->eml == NULL) {
        return SMTPC_EARG;
    }
    if (message->eml != NULL && smtpc__smime_of(message) != NULL) {
        say_why(&r, "a message that was loaded is sent as it is, so S/MIME "
                "cannot be added to it");
        return SMTPC_EARG;
    }
    r.sources = apr_array_make(pool, 8, sizeof(smtpc_source_t *));
    if (message->eml == NULL) {
        rv = make_parts(&root, &r);
    }
    if (rv == APR_SUCCESS && render->pickup) {
        rv = add_pickup(r.sources, message, r.from, render->utf8, pool);
    }
    if (rv == APR_SUCCESS) {
        rv = message->eml == NULL ? add_message(&r, made, root)
                                  : add_loaded(&r, made);
    }
    if (rv == APR_SUCCESS) {
        rv = make_sequence(&made->source, r.sources, pool);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    made->length = total_length(&r, made->source);
    *content = made;
    return APR_SUCCESS;
}
