/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leaf_test.c: every transfer encoding with every kind of content, as text
 * and as bytes: what is honoured, what becomes another, what is refused.
 */
#include "mime/leaf.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

#define LONG_LEN 999

typedef struct row_t {
    const char *what;
    const char *data;
    apr_size_t len;
    const char *text[SMTPC_ENCODING_COUNT];  /* result by encoding, as text */
    const char *bytes[SMTPC_ENCODING_COUNT]; /* and as bytes; NULL: refused */
} row_t;

#define QP "quoted-printable"

/* In the order of smtpc_encoding_e: QP, base64, 7bit, 8bit, binary, which is
 * not allowed here. */
static const row_t rows[] = {
    { "ASCII in CRLF", "abc\r\n", 5,
      { QP, "base64", "7bit", "7bit", "base64" },
      { QP, "base64", "7bit", "7bit", "base64" } },
    { "ASCII in LF", "abc\n", 4, { QP, "base64", "7bit", "7bit", "base64" },
      { QP, "base64", NULL, NULL, "base64" } },
    { "a CR alone", "a\rc\r\n", 5,
      { QP, "base64", "7bit", "7bit", "base64" },
      { QP, "base64", NULL, NULL, "base64" } },
    { "Latin", "\xc3\xa4 b\r\n", 6, { QP, "base64", NULL, "8bit", "base64" },
      { QP, "base64", NULL, "8bit", "base64" } },
    { "NUL", "a\0b\r\n", 5, { QP, "base64", NULL, NULL, "base64" },
      { QP, "base64", NULL, NULL, "base64" } }
};

/* The encoding of the last part of a message with an attachment, or NULL. */
static const char *encoding_of(smtpc_attachment_t *a, smtpc_message_t *m,
                               smtpc_encoding_e encoding, int eight_bit,
                               const char *want, apr_size_t want_len)
{
    const char *why = "";
    smtpc_render_t how = { .eight_bit = eight_bit, .why = &why };
    smtpc_content_t *content;
    apr_size_t len;
    char *text;
    char *part;
    const char *got;
    apr_status_t rv;

    if (smtpc_entity_set_encoding(a, encoding)) {
        return NULL;
    }
    rv = smtpc__message_render(&content, m, &how, support_env(tap_pool()),
                               tap_pool());
    if (rv != APR_SUCCESS) {
        tap_is_int(rv, SMTPC_EARG, "refused: %s", why);
        return NULL;
    }
    text = support_read(content->source, 777, &len, tap_pool());
    if (text == NULL || content->length != (apr_off_t)len) {
        return "not of the announced length";
    }
    part = support_part(text, 1, tap_pool());
    got = support_field(part, "Content-Transfer-Encoding", tap_pool());
    part = (char *)support_body(part);
    len = strlen(part);
    if (strcmp(got, "base64") == 0) {
        part = support_decode_base64(part, len, &len, tap_pool());
    }
    else if (strcmp(got, QP) == 0) {
        part = support_decode_quoted(part, len, &len, tap_pool());
    }
    tap_is_mem(part, len, want, want_len, "%s comes back", got);
    return got;
}

static const char *crlf(const char *data, apr_size_t len, apr_size_t *out_len)
{
    char *out = apr_palloc(tap_pool(), 2 * len + 1);
    apr_size_t n = 0;

    for (apr_size_t i = 0; i < len; i++) {
        if (data[i] == '\r' || data[i] == '\n') {
            out[n++] = '\r';
            out[n++] = '\n';
            i += data[i] == '\r' && i + 1 < len && data[i + 1] == '\n';
        }
        else {
            out[n++] = data[i];
        }
    }
    *out_len = n;
    return out;
}

static void matrix(void)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        for (int e = 0; e < SMTPC_ENCODING_COUNT; e++) {
            const row_t *row = &rows[i];
            smtpc_message_t *m = support_message(tap_pool());
            smtpc_attachment_t *a;
            smtpc_view_t *view;
            const char *want;
            apr_size_t len;

            if (smtpc_message_attach_bytes(&a, m, "x", "a/b", row->data,
                                           row->len)) {
                tap_bail("%s", smtpc_message_error(m));
            }
            tap_is_str(encoding_of(a, m, (smtpc_encoding_e)e, 1, row->data,
                                   row->len), row->bytes[e],
                       "%s as bytes in encoding %d", row->what, e);
            m = support_message(tap_pool());
            want = crlf(row->data, row->len, &len);
            if (smtpc_message_set_body(m, "x", SMTPC_BODY_TEXT)
                || smtpc_message_add_view_source(
                    &view, m, "text/plain",
                    support_pieces(row->data, row->len, 2, 0, tap_pool()))) {
                tap_bail("%s", smtpc_message_error(m));
            }
            tap_is_str(encoding_of(view, m, (smtpc_encoding_e)e, 1, want,
                                   len), row->text[e],
                       "%s as text in encoding %d", row->what, e);
        }
    }
}

static void long_lines(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    char *line = apr_pcalloc(tap_pool(), LONG_LEN + 1);

    memset(line, 'a', LONG_LEN - 1);
    if (smtpc_message_set_body(m, line, SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_set_body_encoding(m, SMTPC_ENCODING_7BIT), 0,
               "a line of 998");
    line[LONG_LEN - 1] = 'a';
    tap_is_int(smtpc_message_set_body(m, line, SMTPC_BODY_TEXT), SMTPC_EARG,
               "not one of 999");
    tap_ok(strstr(smtpc_message_error(m), "a line of 999 bytes") != NULL,
           "%s", smtpc_message_error(m));
    tap_is_int(smtpc_message_set_body_encoding(
                   m, SMTPC_ENCODING_QUOTED_PRINTABLE), 0, "quoted");
    tap_is_int(smtpc_message_set_body(m, line, SMTPC_BODY_TEXT), 0,
               "takes it");
    tap_is_int(smtpc_message_set_body_encoding(m, SMTPC_ENCODING_8BIT),
               SMTPC_EARG, "8bit does not");
}

/* Characters over the edges of what is read at once, and bad ones. */
static void edges(void)
{
    static const smtpc_render_t how = { 0 };
    apr_size_t size = 8192 * 2 + 10;
    char *text = apr_pcalloc(tap_pool(), size);
    smtpc_content_t *content;
    int same = 1;

    for (apr_size_t at = 8185; at < 8195; at++) {
        smtpc_message_t *m = support_message(tap_pool());
        char *got;

        memset(text, 'a', size - 1);
        for (apr_size_t i = 70; i < size; i += 71) {
            text[i] = '\n';
        }
        memcpy(text + at, "\xf0\x9f\x98\x80", 4);
        if (smtpc_message_set_body_source(
                m, support_pieces(text, size - 1, 8192, 0, tap_pool()),
                SMTPC_BODY_TEXT)) {
            tap_bail("%s", smtpc_message_error(m));
        }
        got = support_render(m, &how, NULL, tap_pool());
        same &= got != NULL && strstr(got, "=F0=9F=98=80") != NULL;
        text[at + 3] = 'x';
        same &= smtpc__message_render(&content, m, &how,
                                      support_env(tap_pool()), tap_pool())
                == SMTPC_ESOURCE;
    }
    tap_ok(same, "characters over the edge of a piece are whole or refused");
}

static void once(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_source_t *source = support_pieces("a\xc3\xa4", 3, 1, 0, tap_pool());

    if (smtpc_message_attach_source(NULL, m, "a", "a/b", source)
        || smtpc_message_attach_source(NULL, m, "b", "a/b", source)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_set_encoding(smtpc_message_attachment(m, 1),
                                         SMTPC_ENCODING_QUOTED_PRINTABLE), 0,
               "one source twice");
    tap_ok(strstr(support_render(m, &(smtpc_render_t){ 0 }, NULL, tap_pool()),
                  "\r\n\r\na=C3=A4\r\n--=_") != NULL, "is read for each");
}

int main(void)
{
    matrix();
    long_lines();
    edges();
    once();
    return tap_done();
}
