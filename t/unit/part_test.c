/* SPDX-License-Identifier: Apache-2.0 */
/* part_test.c: a tree of parts as bytes. */
#include "mime/part.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/source_int.h"
#include "mime_support.h"

static smtpc_part_t *leaf(const char *type, const char *text)
{
    smtpc_part_t *part = smtpc__part_create(type, tap_pool());

    part->body = support_pieces(text, strlen(text), 100, 1, tap_pool());
    return part;
}

/* Header and content of a root, as they stand in a message. */
static char *show(const smtpc_part_t *part, int utf8, int *raw,
                  apr_off_t *length)
{
    apr_array_header_t *sources
        = apr_array_make(tap_pool(), 4, sizeof(smtpc_source_t *));
    smtpc_header_t *header;
    smtpc_source_t *all;
    const char *fields;
    apr_size_t len;

    *raw = 0;
    smtpc__header_create(&header, utf8, tap_pool());
    if (smtpc__part_header(part, header)
        || smtpc__part_sources(part, utf8, sources, raw, tap_pool())
        || smtpc__source_create_sequence(
            &all, (smtpc_source_t *const *)sources->elts,
            (apr_size_t)sources->nelts, tap_pool())) {
        return NULL;
    }
    *length = smtpc_source_length(all);
    fields = smtpc__header_finish(header, &len);
    fields = apr_pstrmemdup(tap_pool(), fields, len);
    return apr_pstrcat(tap_pool(), fields,
                       support_read(all, 100, &len, tap_pool()), NULL);
}

int main(void)
{
    smtpc_part_t *mixed = smtpc__part_create("multipart/mixed", tap_pool());
    smtpc_part_t *inner
        = smtpc__part_create("multipart/alternative", tap_pool());
    smtpc_part_t *file = leaf("text/csv", "YQ==");
    smtpc_part_t *empty = smtpc__part_create("text/plain", tap_pool());
    apr_off_t length;
    int raw;

    tap_is_str(show(leaf("text/plain", "hi"), 0, &raw, &length),
               "Content-Type: text/plain\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\nhi", "a leaf");
    tap_is_int(length, 2, "its length");
    tap_is_str(show(empty, 0, &raw, &length),
               "Content-Type: text/plain\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\n", "an empty one");

    smtpc__part_divide(mixed, "=_o");
    smtpc__part_divide(inner, "=_i");
    smtpc__part_add(inner, leaf("text/plain", "t"));
    smtpc__part_add(inner, leaf("text/html", "h"));
    smtpc__part_add(mixed, inner);
    file->disposition = "attachment";
    file->filename = "M\xc3\xa4rz.csv";
    file->encoding = SMTPC_ENCODING_BASE64;
    smtpc__part_add(mixed, file);
    tap_is_str(show(mixed, 0, &raw, &length),
               "Content-Type: multipart/mixed; boundary=\"=_o\"\r\n\r\n"
               "--=_o\r\n"
               "Content-Type: multipart/alternative; boundary=\"=_i\"\r\n\r\n"
               "--=_i\r\n"
               "Content-Type: text/plain\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\nt\r\n"
               "--=_i\r\n"
               "Content-Type: text/html\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\nh\r\n"
               "--=_i--\r\n"
               "--=_o\r\n"
               "Content-Type: text/csv\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment;"
               " filename*=utf-8''M%C3%A4rz.csv\r\n\r\nYQ==\r\n"
               "--=_o--", "a tree");
    tap_ok(!raw, "without raw UTF-8");
    tap_ok(!smtpc__part_eight_bit(mixed), "and not 8bit");

    APR_ARRAY_IDX(inner->children, 1, smtpc_part_t *)->encoding
        = SMTPC_ENCODING_8BIT;
    tap_ok(smtpc__part_eight_bit(mixed), "8bit below shows above");
    tap_ok(strstr(show(mixed, 1, &raw, &length),
                  "boundary=\"=_o\"\r\nContent-Transfer-Encoding: 8bit\r\n")
               != NULL, "and in the field");
    tap_ok(raw, "raw UTF-8 in a part's header is told");

    tap_ok(!smtpc__part_binary(mixed), "and not binary");
    file->encoding = SMTPC_ENCODING_BINARY;
    tap_ok(smtpc__part_binary(mixed), "binary below shows above");
    tap_ok(strstr(show(mixed, 0, &raw, &length),
                  "boundary=\"=_o\"\r\nContent-Transfer-Encoding: "
                  "binary\r\n") != NULL, "in the field before 8bit");
    tap_ok(strstr(show(inner, 0, &raw, &length),
                  "boundary=\"=_i\"\r\nContent-Transfer-Encoding: "
                  "8bit\r\n") != NULL, "and not where it is not");

    file->body = support_pieces("x", 1, 1, 0, tap_pool());
    show(mixed, 0, &raw, &length);
    tap_is_int(length, SMTPC_LENGTH_UNKNOWN,
               "one unknown length makes all unknown");
    return tap_done();
}
