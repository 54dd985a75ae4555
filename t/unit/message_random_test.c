/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_random_test.c: two thousand messages of every structure made at
 * random from a fixed seed. What went in comes out again, and every message
 * keeps the rules of the wire: line ends, line lengths, folds, 8bit only where
 * it is said, the announced length, the same bytes however they are pulled.
 *
 * "message_random_test DIR COUNT" writes messages and what is in them as
 * DIR/N.eml and DIR/N.json, for comparison by independent parsers:
 * t/interop/mime.t.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>
#include <apr_xlate.h>

#include "../tap/tap.h"
#include "random_message.h"

#define MESSAGES 2000
#define SEED 20260105u

/* Bytes of a part or message that is being looked at. */
typedef struct span_t {
    const char *data;
    apr_size_t len;
    apr_pool_t *pool;
} span_t;

/* The text that n was given, with line ends as a reader finds them. */
static const char *with_crlf(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(text) + 1);
    apr_size_t n = 0;

    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '\r' || *p == '\n') {
            out[n++] = '\r';
            out[n++] = '\n';
            p += p[0] == '\r' && p[1] == '\n';
        }
        else {
            out[n++] = *p;
        }
    }
    out[n] = '\0';
    return out;
}

/* Text in charset as UTF-8, or NULL. */
static const char *to_utf8(const char *text, apr_size_t len,
                           const char *charset, apr_pool_t *pool)
{
    apr_size_t room = 4 * len + 16;
    apr_size_t left = room;
    char *out = apr_palloc(pool, room + 1);
    apr_xlate_t *xlate;

    if (charset == NULL) {
        return apr_pstrmemdup(pool, text, len);
    }
    if (apr_xlate_open(&xlate, "UTF-8", charset, pool)
        || apr_xlate_conv_buffer(xlate, text, &len, out, &left) || len > 0) {
        return NULL;
    }
    out[room - left] = '\0';
    return out;
}

/* Join the lines of format=flowed; quotes are not in these texts, but their
 * marks may begin a line. */
static const char *unflow(const char *text, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, strlen(text) + 1);
    apr_size_t n = 0;

    while (*text != '\0') {
        const char *end = strstr(text, "\r\n");
        apr_size_t len = end != NULL ? (apr_size_t)(end - text)
                                     : strlen(text);
        int soft = end != NULL && len > 0 && text[len - 1] == ' ';

        if (*text == ' ') {
            text++;
            len--;
        }
        memcpy(out + n, text, len);
        n += len;
        text += len;
        if (end != NULL) {
            if (!soft) {
                memcpy(out + n, "\r\n", 2);
                n += 2;
            }
            text += 2;
        }
    }
    out[n] = '\0';
    return out;
}

static const char *text_problem(const random_node_t *n, const char *got,
                                apr_size_t len, const char *encoding,
                                apr_pool_t *pool)
{
    const char *want = with_crlf(n->text, pool);
    const char *text = to_utf8(got, len, n->charset, pool);
    apr_size_t want_len = strlen(want);

    if (text == NULL) {
        return "text that is not in its charset";
    }
    if (n->last && want_len > 0 && want[want_len - 1] != '\n'
        && strcmp(encoding, "base64") != 0) {
        want = apr_pstrcat(pool, want, "\r\n", NULL);
    }
    if (n->flowed) {
        text = unflow(text, pool);
    }
    if (strcmp(text, want) != 0) {
        tap_diag("got  \"%s\"", text);
        tap_diag("want \"%s\"", want);
        return "text differs";
    }
    return NULL;
}

static const char *leaf_problem(const random_node_t *n, const span_t *part)
{
    const char *encoding = support_field(
        part->data, "Content-Transfer-Encoding", part->pool);
    const char *body = support_body(part->data);
    apr_size_t len = part->len - (apr_size_t)(body - part->data);
    const char *got = body;

    if (encoding == NULL) {
        return "a leaf without an encoding";
    }
    if (strcmp(encoding, "base64") == 0) {
        got = support_decode_base64(body, len, &len, part->pool);
    }
    else if (strcmp(encoding, "quoted-printable") == 0) {
        got = support_decode_quoted(body, len, &len, part->pool);
    }
    else {
        for (apr_size_t i = 0; i < len; i++) {
            if ((unsigned char)body[i] > 127 && strcmp(encoding, "8bit")) {
                return "8bit content that is not said to be";
            }
        }
    }
    if (got == NULL) {
        return "content that cannot be decoded";
    }
    if (n->text != NULL) {
        return text_problem(n, got, len, encoding, part->pool);
    }
    return len == n->len && memcmp(got, n->data, len) == 0
               ? NULL : "content differs";
}

static const char *node_problem(const random_node_t *n, const span_t *part);

/* Where the parts of the multipart are, by its boundary. */
static const char *multipart_problem(const random_node_t *n,
                                     const span_t *part)
{
    const char *type = support_field(part->data, "Content-Type", part->pool);
    const char *delimiter = strstr(type, "boundary=\"");
    const char *at;

    if (delimiter == NULL) {
        return "a multipart without a boundary";
    }
    delimiter += strlen("boundary=\"");
    delimiter = apr_pstrcat(part->pool, "\r\n--",
                            apr_pstrmemdup(part->pool, delimiter,
                                           strcspn(delimiter, "\"")), NULL);
    at = strstr(part->data, delimiter);
    for (int i = 0; i < n->parts->nelts; i++) {
        span_t child = { NULL, 0, part->pool };
        const char *why;

        if (at == NULL) {
            return "a part is missing";
        }
        child.data = at + strlen(delimiter) + 2;
        /* No content of ours has the delimiter or, encoded, a NUL. */
        at = strstr(child.data, delimiter);
        if (at == NULL) {
            return "a part without an end";
        }
        child.len = (apr_size_t)(at - child.data);
        why = node_problem(APR_ARRAY_IDX(n->parts, i, const random_node_t *),
                           &child);
        if (why != NULL) {
            return why;
        }
    }
    return strncmp(at + strlen(delimiter), "--", 2) == 0
               ? NULL : "no end, or more behind it";
}

static const char *field_problem(const span_t *part, const char *name,
                                 const char *want)
{
    const char *raw = support_field(part->data, name, part->pool);
    const char *got = raw != NULL ? support_decode_words(raw, part->pool)
                                  : NULL;

    if (want == NULL ? got != NULL : got == NULL || strcmp(got, want) != 0) {
        tap_diag("got  %s", got != NULL ? got : "nothing");
        tap_diag("want %s", want != NULL ? want : "nothing");
        return name;
    }
    return NULL;
}

static const char *message_problem(const random_message_t *m,
                                   const span_t *span);

static const char *fields_problem(const random_node_t *n, const span_t *part)
{
    const char *type = support_field(part->data, "Content-Type", part->pool);
    const char *why = support_fold_problem(part->data, part->pool);

    if (why == NULL && type != NULL
        && (apr_cstr_casecmpn(type, n->type, strlen(n->type)) != 0
            || strchr("; ", type[strlen(n->type)]) == NULL)) {
        tap_diag("%s is not %s", type, n->type);
        why = "the type";
    }
    if (why == NULL) {
        why = field_problem(part, "Content-ID",
                            n->cid != NULL ? apr_pstrcat(part->pool, "<",
                                                         n->cid, ">", NULL)
                                           : NULL);
    }
    if (why == NULL) {
        why = field_problem(part, "Content-Description", n->description);
    }
    if (why == NULL) {
        why = field_problem(part, "Content-Language", n->language);
    }
    return why == NULL ? field_problem(part, "Content-Location", n->location)
                       : why;
}

static const char *node_problem(const random_node_t *n, const span_t *part)
{
    const char *why = fields_problem(n, part);

    if (why != NULL) {
        return why;
    }
    if (n->parts != NULL) {
        return multipart_problem(n, part);
    }
    if (n->nested != NULL) {
        span_t inner = { support_body(part->data), 0, part->pool };

        inner.len = part->len - (apr_size_t)(inner.data - part->data);
        return message_problem(n->nested, &inner);
    }
    return leaf_problem(n, part);
}

static const char *message_problem(const random_message_t *m,
                                   const span_t *span)
{
    const char *why = field_problem(span, "Subject", m->subject);

    if (why == NULL) {
        why = field_problem(span, "X-Random", m->header);
    }
    /* A finished message has no fields of MIME. */
    return why != NULL || m->message == NULL ? why
                                             : node_problem(m->root, span);
}

static const char *render_problem(const random_message_t *m, char **bytes,
                                  apr_size_t *len)
{
    static const apr_size_t pieces[] = { 65536, 1, 7 };
    smtpc_content_t *content;
    const char *why = "not rendered";
    smtpc_render_t how = m->render;
    apr_size_t n = 0;

    how.why = &why;
    if (smtpc__message_render(&content, m->message, &how,
                              support_env(m->pool), m->pool)) {
        return why;
    }
    for (int i = 0; i < 3; i++) {
        char *again;

        if (smtpc_source_rewind(content->source)) {
            return "not rewound";
        }
        again = support_read(content->source, pieces[i], &n, m->pool);
        if (again == NULL) {
            return "not read";
        }
        if (i > 0 && (n != *len || memcmp(again, *bytes, n) != 0)) {
            return "other bytes in other pieces";
        }
        *bytes = again;
        *len = n;
    }
    if (content->length != SMTPC_LENGTH_UNKNOWN
        && content->length != (apr_off_t)n) {
        return "not the announced length";
    }
    for (apr_size_t i = 0; i < n && !content->eight_bit; i++) {
        if ((unsigned char)(*bytes)[i] > 127) {
            return "8bit that is not announced";
        }
    }
    return content->eight_bit && !m->render.eight_bit && !m->render.utf8
               ? "8bit where it is not allowed" : NULL;
}

static const char *problem(const random_message_t *m)
{
    span_t span = { NULL, 0, m->pool };
    char *bytes;
    const char *why = render_problem(m, &bytes, &span.len);

    if (why == NULL) {
        why = support_wire_problem(bytes, span.len);
        span.data = bytes;
    }
    if (why == NULL) {
        why = support_fold_problem(bytes, m->pool);
    }
    return why == NULL ? message_problem(m, &span) : why;
}

/* Write one message and what is in it. */
static const char *write_case(const random_message_t *m, const char *dir,
                              unsigned int i)
{
    apr_size_t len;
    char *bytes;
    const char *why = render_problem(m, &bytes, &len);
    FILE *file;

    if (why != NULL) {
        return why;
    }
    file = fopen(apr_psprintf(m->pool, "%s/%u.eml", dir, i), "wb");
    if (file == NULL) {
        return "no .eml file";
    }
    (void)fwrite(bytes, 1, len, file);
    fclose(file);
    file = fopen(apr_psprintf(m->pool, "%s/%u.json", dir, i), "wb");
    if (file == NULL) {
        return "no .json file";
    }
    random_message_json(file, m);
    return fclose(file) == 0 ? NULL : "not written";
}

int main(int argc, char **argv)
{
    unsigned int count = argc >= 3 ? (unsigned int)strtoul(argv[2], NULL, 10)
                                   : MESSAGES;
    unsigned int seed = argc == 4 ? (unsigned int)strtoul(argv[3], NULL, 10)
                                  : SEED;
    unsigned int good = 0;

    for (unsigned int i = 0; i < count; i++) {
        const char *why = NULL;
        random_message_t *m;
        apr_pool_t *pool;

        if (apr_pool_create(&pool, tap_pool())) {
            tap_bail("no pool");
        }
        m = random_message(seed + i * 7919u, pool, &why);
        if (why == NULL) {
            why = argc >= 3 ? write_case(m, argv[1], i) : problem(m);
        }
        if (why == NULL) {
            good++;
        }
        else {
            tap_diag("message %u: %s", i, why);
        }
        apr_pool_destroy(pool);
    }
    tap_is_int(good, count, "every message keeps the rules and its content");
    return tap_done();
}
