/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_body.c: reads the body of a request, and keeps what the form parser
 * reports.
 *
 * Memory does not grow with the body: it is read in small pieces that are
 * freed at once; plain fields may have MSC_FORM_TEXT_MAX bytes together,
 * files MSC_FORM_MEMORY_MAX. What is beyond that of a file, or of one file
 * beyond MSC_FORM_FILE_MEMORY_MAX, goes to a temporary file that only we can
 * read and whose name is removed before the first byte is written: whatever
 * happens to us, nothing is left behind.
 *
 * Reads as any handler does, through the input filters, so that
 * LimitRequestBody, mod_reqtimeout and "Expect: 100-continue" work.
 */

#include "form.h"
#include "module.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <util_filter.h>
#include <apr_strings.h>

APLOG_USE_MODULE(smtpclient);

/* What the callbacks return, to be told from statuses of the parser. */
#define BODY_TOO_MUCH_TEXT (MSC_FORM_START_STATUS + 20)
#define BODY_NO_SPOOL (MSC_FORM_START_STATUS + 21)

/* Room to begin the value of a field with. */
#define VALUE_ROOM 256

/* A body being read. */
typedef struct {
    msc_form_t *form;
    msc_form_parser_t *parser;
    msc_form_item_t *item; /* the part in hand */
    apr_pool_t *scratch;   /* of the value in hand */
    char *value;
    apr_size_t value_len;
    apr_size_t value_size;
    apr_size_t text;   /* bytes of all fields, names too */
    apr_size_t memory; /* bytes of all files in memory */
    apr_off_t body;    /* bytes read */
    apr_off_t body_max;
} body_t;

static apr_status_t part_begin(void *baton, const msc_form_part_t *part)
{
    body_t *body = baton;
    apr_pool_t *p = body->form->r->pool;
    msc_form_item_t *item = apr_pcalloc(p, sizeof(*item));

    body->text += strlen(part->name);
    item->name = apr_pstrdup(p, part->name);
    if (part->filename) {
        body->text += strlen(part->filename);
        item->filename = apr_pstrdup(p, part->filename);
        item->content_type = apr_pstrdup(p, part->content_type);
    }
    body->item = item;
    body->value_len = 0;
    return body->text > MSC_FORM_TEXT_MAX ? BODY_TOO_MUCH_TEXT : APR_SUCCESS;
}

static apr_status_t add_to_value(body_t *body, const char *data,
                                 apr_size_t len)
{
    body->text += len;
    if (body->text > MSC_FORM_TEXT_MAX) {
        return BODY_TOO_MUCH_TEXT;
    }
    if (body->value_len + len > body->value_size) {
        apr_size_t size = body->value_size ? body->value_size : VALUE_ROOM;
        char *larger;

        while (size < body->value_len + len) {
            size *= 2;
        }
        larger = apr_palloc(body->scratch, size);
        if (body->value_len) {
            memcpy(larger, body->value, body->value_len);
        }
        body->value = larger;
        body->value_size = size;
    }
    memcpy(body->value + body->value_len, data, len);
    body->value_len += len;
    return APR_SUCCESS;
}

static void add_to_memory(body_t *body, const char *data, apr_size_t len)
{
    msc_form_item_t *item = body->item;

    body->memory += len;
    while (len) {
        msc_form_block_t *block = item->last;
        apr_size_t room;

        if (!block || block->len == MSC_FORM_BLOCK) {
            block = apr_palloc(body->form->r->pool, sizeof(*block));
            block->next = NULL;
            block->len = 0;
            if (item->last) {
                item->last->next = block;
            }
            else {
                item->first = block;
            }
            item->last = block;
        }
        room = MSC_FORM_BLOCK - block->len;
        room = room < len ? room : len;
        memcpy(block->data + block->len, data, room);
        block->len += room;
        data += room;
        len -= room;
    }
}

/* Make the temporary file of a large upload, and move to it what is in
 * memory. apr_file_mktemp() makes it with mode 0600. */
static apr_status_t open_spool(body_t *body)
{
    msc_form_item_t *item = body->item;
    apr_pool_t *p = body->form->r->pool;
    const char *dir = body->form->cfg->form_temp_directory;
    msc_form_block_t *block;
    apr_status_t rv = APR_SUCCESS;
    char *name;

    if (!dir) {
        rv = apr_temp_dir_get(&dir, p);
    }
    if (rv == APR_SUCCESS) {
        name = apr_pstrcat(p, dir, "/smtpclient-XXXXXX", NULL);
        rv = apr_file_mktemp(&item->spool, name,
                             APR_FOPEN_CREATE | APR_FOPEN_READ
                                 | APR_FOPEN_WRITE | APR_FOPEN_EXCL
                                 | APR_FOPEN_BUFFERED,
                             p);
        if (rv == APR_SUCCESS) {
            rv = apr_file_remove(name, p);
        }
    }
    for (block = item->first; rv == APR_SUCCESS && block;
         block = block->next) {
        rv = apr_file_write_full(item->spool, block->data, block->len, NULL);
    }
    item->first = NULL;
    item->last = NULL;
    return rv;
}

static apr_status_t spool_failed(body_t *body, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, body->form->r,
                  SMTPLOGNO(8) "cannot store an uploaded file in %s; see that "
                  "it has space and that httpd's children may write there, "
                  "or name another by SMTPFormTempDirectory",
                  body->form->cfg->form_temp_directory
                      ? body->form->cfg->form_temp_directory
                      : "the system's temporary directory");
    return BODY_NO_SPOOL;
}

static apr_status_t add_to_file(body_t *body, const char *data,
                                apr_size_t len)
{
    msc_form_item_t *item = body->item;
    apr_status_t rv = APR_SUCCESS;

    item->length += (apr_off_t)len;
    if (!item->spool && item->length <= MSC_FORM_FILE_MEMORY_MAX
        && body->memory + len <= MSC_FORM_MEMORY_MAX) {
        add_to_memory(body, data, len);
        return APR_SUCCESS;
    }
    if (!item->spool) {
        rv = open_spool(body);
    }
    if (rv == APR_SUCCESS) {
        rv = apr_file_write_full(item->spool, data, len, NULL);
    }
    return rv == APR_SUCCESS ? rv : spool_failed(body, rv);
}

static apr_status_t part_data(void *baton, const char *data, apr_size_t len)
{
    body_t *body = baton;

    return body->item->filename ? add_to_file(body, data, len)
                                : add_to_value(body, data, len);
}

static apr_status_t part_end(void *baton)
{
    body_t *body = baton;
    msc_form_item_t *item = body->item;
    apr_status_t rv = APR_SUCCESS;

    if (item->spool) {
        rv = apr_file_flush(item->spool);
    }
    else if (!item->filename) {
        item->length = (apr_off_t)body->value_len;
        item->value = apr_pstrmemdup(body->form->r->pool,
                                     body->value_len ? body->value : "",
                                     body->value_len);
    }
    APR_ARRAY_PUSH(body->form->items, msc_form_item_t *) = item;
    return rv == APR_SUCCESS ? rv : spool_failed(body, rv);
}

static const char *too_large(const body_t *body)
{
    return apr_psprintf(body->form->r->pool,
                        "The form is larger than the %" APR_OFF_T_FMT
                        " bytes that are taken here.", body->body_max);
}

/* The status of HTTP and the sentence for what the parser or a callback
 * said. */
static int refuse(const body_t *body, apr_status_t rv, const char **why)
{
    switch (rv) {
    case MSC_FORM_ETYPE:
        *why = msc_form_parser_error(body->parser);
        return HTTP_UNSUPPORTED_MEDIA_TYPE;
    case MSC_FORM_ETOOLARGE:
        *why = msc_form_parser_error(body->parser);
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    case MSC_FORM_EMALFORMED:
        *why = msc_form_parser_error(body->parser);
        return HTTP_BAD_REQUEST;
    case BODY_TOO_MUCH_TEXT:
        *why = apr_psprintf(body->form->r->pool,
                            "The fields of the form hold more than the %d "
                            "bytes of text that are taken.",
                            MSC_FORM_TEXT_MAX);
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    case BODY_NO_SPOOL:
        return HTTP_SERVICE_UNAVAILABLE;
    default:
        return HTTP_INTERNAL_SERVER_ERROR;
    }
}

/* Feed the parser what is in a brigade. */
static int feed(body_t *body, apr_bucket_brigade *bb, int *ended,
                const char **why)
{
    apr_bucket *bucket;
    const char *data;
    apr_size_t len;
    apr_status_t rv;

    for (bucket = APR_BRIGADE_FIRST(bb); bucket != APR_BRIGADE_SENTINEL(bb);
         bucket = APR_BUCKET_NEXT(bucket)) {
        if (APR_BUCKET_IS_EOS(bucket)) {
            *ended = 1;
            return OK;
        }
        if (APR_BUCKET_IS_METADATA(bucket)) {
            continue;
        }
        rv = apr_bucket_read(bucket, &data, &len, APR_BLOCK_READ);
        if (rv != APR_SUCCESS) {
            return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        }
        body->body += (apr_off_t)len;
        if (body->body > body->body_max) {
            *why = too_large(body);
            return HTTP_REQUEST_ENTITY_TOO_LARGE;
        }
        rv = msc_form_parser_feed(body->parser, data, len);
        if (rv != APR_SUCCESS) {
            return refuse(body, rv, why);
        }
    }
    return OK;
}

static int read_all(body_t *body, const char **why)
{
    request_rec *r = body->form->r;
    apr_bucket_brigade *bb = apr_brigade_create(r->pool,
                                                r->connection->bucket_alloc);
    int status = OK;
    int ended = 0;

    while (status == OK && !ended) {
        apr_status_t rv = ap_get_brigade(r->input_filters, bb,
                                         AP_MODE_READBYTES, APR_BLOCK_READ,
                                         MSC_FORM_BLOCK);

        status = rv == APR_SUCCESS
                     ? feed(body, bb, &ended, why)
                     : ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
        apr_brigade_cleanup(bb);
    }
    apr_brigade_destroy(bb);
    if (status == OK) {
        apr_status_t rv = msc_form_parser_end(body->parser);

        status = rv == APR_SUCCESS ? OK : refuse(body, rv, why);
    }
    return status;
}

static void set_limits(msc_form_limits_t *limits, const msc_cfg_t *cfg)
{
    msc_form_limits_init(limits);
    if (msc_cfg_is_set(cfg, MSC_CFG_FORM_MAX_FILES)) {
        limits->files = (apr_size_t)cfg->form_max_files;
    }
    if (msc_cfg_is_set(cfg, MSC_CFG_FORM_MAX_FILE_SIZE)) {
        limits->file_bytes = cfg->form_max_file_size;
    }
}

/* Whether the length that the request announces is over the limit. */
static int announces_too_much(const body_t *body)
{
    const char *text = apr_table_get(body->form->r->headers_in,
                                     "Content-Length");
    apr_off_t length;
    char *end;

    return text && apr_strtoff(&length, text, &end, 10) == APR_SUCCESS
           && !*end && length > body->body_max;
}

int msc_form_body_read(msc_form_t *form, const char **why)
{
    static const msc_form_callbacks_t callbacks = { part_begin, part_data,
                                                    part_end };
    request_rec *r = form->r;
    msc_form_limits_t limits;
    body_t body = { 0 };
    apr_status_t rv;
    int status;

    *why = NULL;
    body.form = form;
    body.body_max = msc_cfg_is_set(form->cfg, MSC_CFG_FORM_MAX_BODY)
                        ? form->cfg->form_max_body
                        : MSC_FORM_BODY_DEFAULT;
    set_limits(&limits, form->cfg);
    rv = msc_form_parser_create(&body.parser,
                                apr_table_get(r->headers_in, "Content-Type"),
                                &limits, &callbacks, &body, r->pool);
    if (rv != APR_SUCCESS) {
        return refuse(&body, rv, why);
    }
    if (announces_too_much(&body)) {
        *why = too_large(&body);
        return HTTP_REQUEST_ENTITY_TOO_LARGE;
    }
    apr_pool_create(&body.scratch, r->pool);
    status = read_all(&body, why);
    apr_pool_destroy(body.scratch);
    return status;
}

static apr_status_t read_blocks(void *baton, char *buf, apr_size_t *len)
{
    msc_form_item_t *item = baton;

    if (item->at && item->offset == item->at->len) {
        item->at = item->at->next;
        item->offset = 0;
    }
    if (!item->at) {
        *len = 0;
        return APR_EOF;
    }
    if (*len > item->at->len - item->offset) {
        *len = item->at->len - item->offset;
    }
    memcpy(buf, item->at->data + item->offset, *len);
    item->offset += *len;
    return APR_SUCCESS;
}

static apr_status_t rewind_blocks(void *baton)
{
    msc_form_item_t *item = baton;

    item->at = item->first;
    item->offset = 0;
    return APR_SUCCESS;
}

static apr_status_t read_spool(void *baton, char *buf, apr_size_t *len)
{
    const msc_form_item_t *item = baton;

    return apr_file_read(item->spool, buf, len);
}

static apr_status_t rewind_spool(void *baton)
{
    const msc_form_item_t *item = baton;
    apr_off_t start = 0;

    return apr_file_seek(item->spool, APR_SET, &start);
}

apr_status_t msc_form_body_source(smtpc_source_t **source,
                                  msc_form_item_t *item, apr_pool_t *p)
{
    apr_status_t rv;

    if (!item->spool) {
        rewind_blocks(item);
        return smtpc_source_create_callback(source, read_blocks,
                                            rewind_blocks, item->length,
                                            item, p);
    }
    rv = rewind_spool(item);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    return smtpc_source_create_callback(source, read_spool, rewind_spool,
                                        item->length, item, p);
}
