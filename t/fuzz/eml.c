/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eml.c: libFuzzer entry for messages that exist as bytes.
 *
 * Besides the sanitizers, this checks of what is sent of the input: all line
 * ends are CRLF, no NUL, no line over 998 bytes, no Bcc as a reader of RFC
 * 5322 4.5 sees it; that it does not depend on how the input is cut; that
 * sending it once more changes nothing; and that an input that has nothing to
 * be changed is not changed.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "base/limits.h"
#include "base/source_int.h"
#include "mime/eml.h"
#include "mime/message_int.h"

/* Longest input worth a look. */
#define INPUT_MAX 65536

/* A source that gives at most piece bytes at a time. */
typedef struct piece_t {
    const char *data;
    apr_size_t len;
    apr_size_t at;
    apr_size_t piece;
} piece_t;

/* What came out. */
typedef struct out_t {
    char *data;
    apr_size_t len;
} out_t;

static apr_status_t piece_read(void *baton, char *buf, apr_size_t *len)
{
    piece_t *p = baton;
    apr_size_t n = p->len - p->at;

    n = n < p->piece ? n : p->piece;
    n = n < *len ? n : *len;
    memcpy(buf, p->data + p->at, n);
    p->at += n;
    *len = n;
    return n > 0 ? APR_SUCCESS : APR_EOF;
}

static apr_status_t piece_rewind(void *baton)
{
    ((piece_t *)baton)->at = 0;
    return APR_SUCCESS;
}

static smtpc_source_t *make_source(const char *data, apr_size_t len,
                                   apr_size_t piece, apr_pool_t *pool)
{
    piece_t *p = apr_pcalloc(pool, sizeof(*p));
    smtpc_source_t *source;

    p->data = data;
    p->len = len;
    p->piece = piece;
    require(smtpc_source_create_callback(&source, piece_read, piece_rewind,
                                         SMTPC_LENGTH_UNKNOWN, p, pool)
            == APR_SUCCESS);
    return source;
}

/* Read all of source behind block. */
static void collect(out_t *out, const smtpc_eml_t *eml,
                    smtpc_source_t *source, apr_size_t piece,
                    apr_pool_t *pool)
{
    apr_size_t size = eml->block_len + (apr_size_t)eml->body_length;

    out->data = apr_palloc(pool, size + 1);
    memcpy(out->data, eml->block, eml->block_len);
    out->len = eml->block_len;
    for (;;) {
        apr_size_t len = size + 1 - out->len;
        apr_status_t rv;

        len = len < piece ? len : piece;
        rv = smtpc_source_read(source, out->data + out->len, &len);
        if (APR_STATUS_IS_EOF(rv)) {
            break;
        }
        require(rv == APR_SUCCESS);
        out->len += len;
        require(out->len <= size);
    }
    require(out->len == size);
}

static apr_status_t convert(out_t *out, const char *data, apr_size_t len,
                            apr_size_t piece, apr_pool_t *pool)
{
    const char *why = NULL;
    smtpc_source_t *body;
    smtpc_eml_t *eml;
    apr_status_t rv = smtpc__eml_load(&eml, &why,
                                      make_source(data, len, piece, pool),
                                      pool);

    if (rv != APR_SUCCESS) {
        require(why != NULL && *why != '\0');
        return rv;
    }
    require(smtpc__eml_body(&body, eml, pool) == APR_SUCCESS);
    collect(out, eml, body, piece, pool);
    require(eml->head_len <= SMTPC_LIMIT_HEADER_BLOCK);
    return APR_SUCCESS;
}

static void check_wire(const out_t *out)
{
    apr_size_t column = 0;

    require(out->len < 2
            || memcmp(out->data + out->len - 2, "\r\n", 2) == 0);
    for (apr_size_t i = 0; i < out->len; i++) {
        char c = out->data[i];

        require(c != '\0');
        if (c == '\r') {
            require(i + 1 < out->len && out->data[i + 1] == '\n');
        }
        else if (c == '\n') {
            require(i > 0 && out->data[i - 1] == '\r');
            column = 0;
        }
        else {
            require(++column <= SMTPC_LIMIT_CONTENT_LINE);
        }
    }
}

/* Return non-zero if the line at p is a field called name. */
static int is_field(const char *p, const char *name)
{
    if (strncasecmp(p, name, strlen(name)) != 0) {
        return 0;
    }
    p += strlen(name);
    return p[strspn(p, " \t")] == ':';
}

static void check_hidden(const out_t *out, apr_pool_t *pool)
{
    const char *p = apr_pstrmemdup(pool, out->data, out->len);

    while (*p != '\0' && *p != '\r') {
        require(!is_field(p, "Bcc") && !is_field(p, "Resent-Bcc"));
        p = strstr(p, "\r\n") + 2;
    }
}

/* Whatever is said of the message is no reason to fall over. */
static void look(const char *data, apr_size_t len, apr_pool_t *pool)
{
    smtpc_envelope_t *envelope;
    smtpc_message_t *message;
    const char *why = "";

    if (smtpc_message_load_source(&message, make_source(data, len, 100, pool),
                                  pool) != APR_SUCCESS) {
        require(*smtpc_message_error(message) != '\0');
        return;
    }
    for (apr_size_t i = 0; i < smtpc_message_header_count(message); i++) {
        require(strpbrk(smtpc_message_header_value(message, i), "\r\n")
                == NULL);
    }
    if (smtpc__message_envelope(&envelope, &why, message, NULL, pool)
        == APR_SUCCESS) {
        require(smtpc__envelope_count(envelope) > 0);
    }
    else {
        require(*why != '\0');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    apr_pool_t *pool;
    apr_status_t rv;
    out_t whole;
    out_t pieces;
    out_t again;

    if (size > INPUT_MAX) {
        return 0;
    }
    pool = fuzz_pool();
    rv = convert(&whole, text, size, size + 1, pool);
    require(convert(&pieces, text, size, 1 + size % 7, pool) == rv);
    look(text, size, pool);
    if (rv == APR_SUCCESS) {
        require(whole.len == pieces.len
                && memcmp(whole.data, pieces.data, whole.len) == 0);
        check_wire(&whole);
        check_hidden(&whole, pool);
        if (whole.len > 0) {
            require(convert(&again, whole.data, whole.len, 512, pool)
                    == APR_SUCCESS);
            require(whole.len == again.len
                    && memcmp(whole.data, again.data, whole.len) == 0);
        }
    }
    apr_pool_clear(pool);
    return 0;
}
