/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_binary_test.c: BINARYMIME: bytes stay as they are where that is
 * allowed, are labelled so up to the root, and only there.
 */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>
#include <smtpclient/smime.h>

#include "../support/dkim_support.h"
#include "../support/smime_support.h"
#include "../tap/tap.h"
#include "mime_support.h"

#define CTE "Content-Transfer-Encoding"
#define DAY 86400

static const smtpc_render_t binary = { .binary = 1, .eight_bit = 1 };
static const smtpc_render_t lines = { .eight_bit = 1 };

/* Bytes that lines, dots, delimiters and strings would break. */
static char *sample(apr_size_t len, unsigned int seed)
{
    static const char *const items[] = {
        "\r", "\n", "\r\n", "\r\n.\r\n", "\n--", "\r\n--=_", "\xff\xfe", ".",
        "From ", "a word", "\r\n\r\n", "BDAT 5 LAST\r\n"
    };
    char *out = apr_palloc(tap_pool(), len + 32);
    apr_size_t n = 0;

    while (n < len) {
        seed = seed * 1103515245u + 12345u;
        if ((seed >> 16) % 5 == 0) {
            out[n++] = (char)(seed >> 20);
        }
        else {
            const char *item = items[(seed >> 16)
                                     % (sizeof(items) / sizeof(*items))];

            memcpy(out + n, item, strlen(item));
            n += strlen(item);
        }
    }
    return out;
}

/* Where the len bytes at part are in the all_len bytes at all, or NULL. */
static const char *find(const char *all, apr_size_t all_len, const char *part,
                        apr_size_t len)
{
    return memmem(all, all_len, part, len);
}

/* Render m and read it in pieces; the announced length has to be right. */
static char *render(smtpc_content_t **content, apr_size_t *len,
                    const smtpc_message_t *m, const smtpc_render_t *how,
                    apr_size_t piece)
{
    smtpc_render_t with_why = *how;
    const char *why = "";
    char *text = NULL;
    apr_status_t rv;

    with_why.why = &why;
    rv = smtpc__message_render(content, m, &with_why,
                               support_env(tap_pool()), tap_pool());
    if (rv == APR_SUCCESS) {
        text = support_read((*content)->source, piece, len, tap_pool());
    }
    if (text == NULL) {
        tap_bail("not rendered: %d %s", rv, why);
    }
    tap_is_int((*content)->length, *len, "the length is the announced one");
    return text;
}

static smtpc_message_t *with_bytes(const char *data, apr_size_t len)
{
    smtpc_message_t *m = support_message(tap_pool());

    if (smtpc_message_set_body(m, "hello\n", SMTPC_BODY_TEXT)
        || smtpc_message_attach_bytes(NULL, m, "a.bin", NULL, data, len)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    return m;
}

/* Every length around the sizes of buffers, and every way to read. */
static void round_trip(void)
{
    static const apr_size_t lengths[] = {
        0, 1, 2, 57, 998, 999, 4095, 4096, 4097, 8207, 8208, 8209, 16384,
        100000
    };
    static const apr_size_t pieces[] = { 1, 7, 1023, 1024, 5000, 16384 };

    for (apr_size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++) {
        apr_size_t len = lengths[i];
        const char *data = sample(len, (unsigned int)len);
        smtpc_message_t *m = with_bytes(data, len);
        smtpc_content_t *content;
        apr_size_t first_len;
        const char *first = render(&content, &first_len, m, &binary, 4096);
        const char *boundary = support_field(first, "Content-Type",
                                             tap_pool());
        const char *after;
        const char *at;

        tap_ok(content->binary, "%d bytes are binary", (int)len);
        boundary = strchr(boundary, '"') + 1;
        boundary = apr_pstrndup(tap_pool(), boundary, strcspn(boundary,
                                                              "\""));
        after = apr_pstrcat(tap_pool(), "\r\n--", boundary, "--\r\n", NULL);
        at = first + first_len - strlen(after) - len;
        tap_ok(memcmp(at - 4, "\r\n\r\n", 4) == 0, "a header in front");
        tap_is_mem(at, len, data, len, "the bytes untouched");
        tap_is_str(at + len, after, "and the delimiter behind them");
        for (apr_size_t k = 0; k < sizeof(pieces) / sizeof(*pieces); k++) {
            apr_size_t again_len;
            const char *again;

            if (smtpc_source_rewind(content->source)) {
                tap_bail("cannot rewind");
            }
            again = support_read(content->source, pieces[k], &again_len,
                                 tap_pool());
            tap_ok(again_len == first_len
                       && memcmp(first, again, first_len) == 0,
                   "the same in pieces of %d", (int)pieces[k]);
        }
    }
}

/* Who is labelled how. */
static void labels(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *view;
    smtpc_content_t *content;
    apr_size_t len;
    const char *text;

    if (smtpc_message_set_body(m, "t\xc3\xa4xt\n", SMTPC_BODY_TEXT)
        || smtpc_message_add_view(&view, m, "text/html", "<p>\n")
        || smtpc_view_add_resource_bytes(NULL, view, "p", "image/png", "a\nb",
                                         3)
        || smtpc_message_attach_text(NULL, m, "n.txt", "text/plain", "x\n")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(&content, &len, m, &binary, 777);
    tap_is_str(support_outline(text, tap_pool()),
               "multipart/mixed(multipart/alternative(text/plain "
               "multipart/related(text/html image/png)) text/plain)",
               "a tree");
    tap_is_str(support_field(text, CTE, tap_pool()), "binary", "the root");
    tap_is_str(support_field(support_part(text, 0, tap_pool()), CTE,
                             tap_pool()), "binary", "alternative");
    tap_is_str(support_field(support_part(text, 1, tap_pool()), CTE,
                             tap_pool()), "8bit", "text is text");
    tap_is_str(support_field(support_part(text, 2, tap_pool()), CTE,
                             tap_pool()), "binary", "related");
    tap_is_str(support_field(support_part(text, 3, tap_pool()), CTE,
                             tap_pool()), "7bit", "HTML is text");
    tap_is_str(support_field(support_part(text, 4, tap_pool()), CTE,
                             tap_pool()), "binary", "a picture is not");
    /* Behind the ends of two multiparts. */
    tap_is_str(support_field(support_part(text, 7, tap_pool()), CTE,
                             tap_pool()), "7bit", "attached text is text");
    tap_ok(content->binary && content->eight_bit, "both are told");
    text = render(&content, &len, m, &lines, 777);
    tap_is_str(support_field(text, CTE, tap_pool()), "8bit",
               "where binary is not allowed");
    tap_is_str(support_field(support_part(text, 4, tap_pool()), CTE,
                             tap_pool()), "base64", "the picture is base64");
    tap_ok(!content->binary && content->eight_bit, "which is told");
}

/* What the caller chose. */
static void chosen(void)
{
    static const char data[] = "a\nb\0c\r\xff";
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_attachment_t *a;
    smtpc_content_t *content;
    apr_size_t len;
    const char *text;

    if (smtpc_message_attach_bytes(&a, m, "a", NULL, data, sizeof(data))) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_set_encoding(a, SMTPC_ENCODING_BINARY), 0,
               "binary");
    tap_is_int(smtpc_entity_encoding(a), SMTPC_ENCODING_BINARY, "read back");
    text = render(&content, &len, m, &binary, 777);
    tap_ok(content->binary && find(text, len, data, sizeof(data)) != NULL,
           "is binary");
    text = render(&content, &len, m, &lines, 777);
    tap_ok(!content->binary
               && find(text, len, "base64\r\n", 8) != NULL,
           "is base64 where that is not allowed");
    tap_is_int(smtpc_entity_set_encoding(a, SMTPC_ENCODING_BASE64), 0,
               "base64");
    (void)render(&content, &len, m, &binary, 777);
    tap_ok(!content->binary, "stays base64");
    tap_is_int(smtpc_entity_set_encoding(a, SMTPC_ENCODING_COUNT), SMTPC_EARG,
               "no encoding");

    m = support_message(tap_pool());
    if (smtpc_message_set_body(m, "one\ntwo", SMTPC_BODY_TEXT)
        || smtpc_message_set_body_encoding(m, SMTPC_ENCODING_BINARY)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(&content, &len, m, &binary, 777);
    tap_is_str(support_body(text), "one\r\ntwo\r\n",
               "text in binary has its line ends");
    tap_is_str(support_field(text, CTE, tap_pool()), "binary", "and label");
}

/* A message that is nothing but bytes ends with them. */
static void alone(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_content_t *content;
    apr_size_t len;
    const char *text;

    if (smtpc_message_add_view_bytes(NULL, m, "application/x-a", "a\nb", 3)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(&content, &len, m, &binary, 777);
    tap_is_str(support_body(text), "a\nb", "no line end behind it");
    tap_ok(content->binary, "is binary");
    text = render(&content, &len, m, &lines, 777);
    tap_is_str(support_body(text), "YQpi\r\n", "and one behind base64");
}

/* Sources: lengths that are not known, and failures. */
static void sources(void)
{
    static const char data[] = "a\nb\0c";
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_content_t *content = NULL;
    apr_size_t len;
    char *text;

    if (smtpc_message_attach_source(NULL, m, "a", NULL,
                                    support_pieces(data, sizeof(data), 2, 0,
                                                   tap_pool()))
        || smtpc__message_render(&content, m, &binary,
                                 support_env(tap_pool()), tap_pool())) {
        tap_bail("no message");
    }
    tap_is_int(content->length, SMTPC_LENGTH_UNKNOWN, "a length not known");
    text = support_read(content->source, 100, &len, tap_pool());
    tap_ok(text != NULL && find(text, len, data, sizeof(data)) != NULL,
           "its bytes are there");
}

/* Content that must not be binary is base64, as without BINARYMIME. */
static void never(void)
{
    static const char data[] = "a\nb";
    EVP_PKEY *key = dkim_support_key(2048, tap_pool());
    smtpc_message_t *m = with_bytes(data, 3);
    smtpc_message_t *outer = support_message(tap_pool());
    smtpc_render_t how = binary;
    const smtpc_dkim_t *signers[1];
    smtpc_content_t *content;
    smtpc_dkim_t *dkim;
    apr_size_t len;
    const char *text;
    const char *certificate;

    how.pickup = 1;
    text = render(&content, &len, m, &how, 777);
    tap_ok(!content->binary && strstr(text, "YQpi\r\n") != NULL,
           "in a pickup directory");

    how = binary;
    if (smtpc_dkim_create(&dkim, NULL, "example.org", "s",
                          dkim_support_reference(key, NULL, tap_pool()),
                          tap_pool())) {
        tap_bail("no signer");
    }
    signers[0] = dkim;
    how.dkim = signers;
    how.dkim_count = 1;
    text = render(&content, &len, m, &how, 777);
    tap_ok(!content->binary && strstr(text, "YQpi\r\n") != NULL, "DKIM");

    if (smtpc_message_attach_message(NULL, outer, m)) {
        tap_bail("%s", smtpc_message_error(outer));
    }
    text = render(&content, &len, outer, &binary, 777);
    tap_ok(!content->binary && strstr(text, "YQpi\r\n") != NULL,
           "a message in a message");

    certificate = smime_support_file(
        smime_support_certificate(key, -DAY, DAY,
                                  "digitalSignature,keyEncipherment",
                                  tap_pool()), key, tap_pool());
    if (smtpc_message_set_smime_signer(m, certificate, NULL)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(&content, &len, m, &binary, 777);
    tap_ok(!content->binary && strstr(text, "YQpi\r\n") != NULL, "S/MIME");
}

int main(void)
{
    round_trip();
    labels();
    chosen();
    alone();
    sources();
    never();
    return tap_done();
}
