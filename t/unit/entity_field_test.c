/* SPDX-License-Identifier: Apache-2.0 */
/* entity_field_test.c: the fields that describe an entity. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static smtpc_message_t *m;
static smtpc_attachment_t *a;

static char *filled(apr_size_t len)
{
    char *text = apr_pcalloc(tap_pool(), len + 1);

    memset(text, 'a', len);
    return text;
}

static void golden(void)
{
    static const smtpc_render_t how = { 0 };

    smtpc_entity_set_creation_date(a, SUPPORT_NOW);
    smtpc_entity_set_modification_date(a, SUPPORT_NOW + APR_USEC_PER_SEC);
    smtpc_entity_set_read_date(a, SUPPORT_NOW);
    smtpc_entity_set_size(a, 4711);
    if (smtpc_entity_set_content_id(a, "x@y")
        || smtpc_entity_set_disposition(a, SMTPC_DISPOSITION_INLINE)
        || smtpc_entity_set_disposition_param(a, "x-note", "a b")
        || smtpc_entity_set_location(a, "http://example.org/a")
        || smtpc_entity_set_description(a, "Gr\xc3\xbc\xc3\x9f" "e")
        || smtpc_entity_set_language(a, "de-CH, fr")
        || smtpc_entity_add_header(a, "Content-MD5", "Q2hlY2sgSW50ZWdyaXR5IQ==")
        || smtpc_entity_add_header(a, "X-Any", "one two")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(
        support_part(support_render(m, &how, NULL, tap_pool()), 1,
                     tap_pool()),
        "Content-Type: application/pdf; name=a.pdf\r\n"
        "Content-Transfer-Encoding: base64\r\n"
        "Content-Disposition: inline; filename=a.pdf;\r\n"
        " creation-date=\"Mon, 05 Jan 2026 09:03:07 +0100\";\r\n"
        " modification-date=\"Mon, 05 Jan 2026 09:03:08 +0100\";\r\n"
        " read-date=\"Mon, 05 Jan 2026 09:03:07 +0100\"; size=4711;"
        " x-note=\"a b\"\r\n"
        "Content-ID: <x@y>\r\n"
        "Content-Description: =?utf-8?B?R3LDvMOfZQ==?=\r\n"
        "Content-Location: http://example.org/a\r\n"
        "Content-Language: de-CH, fr\r\n"
        "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
        "X-Any: one two\r\n\r\neA==", "all of them");
    tap_ok(smtpc_entity_creation_date(a) == SUPPORT_NOW
               && smtpc_entity_modification_date(a)
                      == SUPPORT_NOW + APR_USEC_PER_SEC
               && smtpc_entity_read_date(a) == SUPPORT_NOW
               && smtpc_entity_size(a) == 4711, "dates and size");
    tap_is_str(smtpc_entity_disposition_param(a, "X-Note"), "a b",
               "parameter");
    tap_is_int(smtpc_entity_disposition(a), SMTPC_DISPOSITION_INLINE,
               "disposition");
    tap_is_str(smtpc_entity_location(a), "http://example.org/a", "location");
    tap_is_str(smtpc_entity_description(a), "Gr\xc3\xbc\xc3\x9f" "e",
               "description");
    tap_is_str(smtpc_entity_language(a), "de-CH, fr", "language");
    tap_is_str(smtpc_entity_header(a, "content-md5"),
               "Q2hlY2sgSW50ZWdyaXR5IQ==", "header");
    tap_is_int(smtpc_entity_set_disposition(a, SMTPC_DISPOSITION_NONE), 0,
               "none");
    tap_ok(strstr(support_render(m, &how, NULL, tap_pool()),
                  "Content-Disposition") == NULL, "is not written");
}

static void removed(void)
{
    smtpc_entity_set_creation_date(a, 0);
    smtpc_entity_set_size(a, -7);
    tap_ok(smtpc_entity_set_location(a, NULL) == APR_SUCCESS
               && smtpc_entity_set_description(a, NULL) == APR_SUCCESS
               && smtpc_entity_set_language(a, NULL) == APR_SUCCESS
               && smtpc_entity_set_content_id(a, NULL) == APR_SUCCESS
               && smtpc_entity_set_disposition_param(a, "x-note", NULL)
                      == APR_SUCCESS, "NULL takes away");
    tap_is_str(smtpc_entity_location(a), "", "location");
    tap_is_str(smtpc_entity_description(a), "", "description");
    tap_is_str(smtpc_entity_language(a), "", "language");
    tap_is_str(smtpc_entity_disposition_param(a, "x-note"), NULL,
               "parameter");
    tap_is_int(smtpc_entity_size(a), -1, "size");
}

static void listed(void)
{
    tap_is_int(smtpc_entity_disposition_param_count(a), 0, "none is left");
    tap_ok(smtpc_entity_disposition_param_name(a, 0) == NULL
               && smtpc_entity_disposition_param_value(a, 0) == NULL,
           "none to read");
    tap_ok(smtpc_entity_set_disposition_param(a, "x-one", "1") == 0
               && smtpc_entity_set_disposition_param(a, "x-two", "2") == 0
               && smtpc_entity_set_disposition_param(a, "x-three", "3") == 0
               && smtpc_entity_set_disposition_param(a, "X-One", NULL) == 0,
           "three, one taken away");
    tap_is_int(smtpc_entity_disposition_param_count(a), 2, "two parameters");
    tap_is_str(smtpc_entity_disposition_param_name(a, 0), "x-two",
               "the first");
    tap_is_str(smtpc_entity_disposition_param_value(a, 1), "3",
               "value of the second");
    tap_ok(smtpc_entity_disposition_param_name(a, 2) == NULL
               && smtpc_entity_disposition_param_value(a, 2) == NULL,
           "no third one");
}

static void ids(void)
{
    char *first = apr_pstrdup(tap_pool(), smtpc_entity_content_id(a));
    smtpc_view_t *view;
    smtpc_resource_t *one;
    smtpc_resource_t *two;

    tap_is_int(strspn(first, "0123456789abcdef"), 40, "made when asked for");
    tap_is_str(smtpc_entity_content_id(a), first, "and stays");
    tap_is_int(smtpc_entity_set_content_id(a, NULL), 0, "taken away");
    tap_ok(strcmp(smtpc_entity_content_id(a), first) != 0,
           "another one then");
    if (smtpc_message_add_view(&view, m, "text/html", "x")
        || smtpc_view_add_resource_bytes(&one, view, "one", "image/png", "x",
                                         1)
        || smtpc_view_add_resource_bytes(&two, view, NULL, "image/png", "x",
                                         1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_set_content_id(two, "one"), SMTPC_EARG,
               "not twice in a view");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, view, "one", "image/png",
                                             "x", 1), SMTPC_EARG,
               "also when added");
    tap_is_int(smtpc_view_resource_count(view), 2, "which adds nothing");
    tap_is_int(smtpc_entity_set_content_id(one, "one"), 0, "its own it is");
}

typedef apr_status_t (*setter_t)(smtpc_entity_t *entity, const char *value);

static void refused(void)
{
    static const struct {
        const char *what;
        setter_t set;
        const char *value;
    } rows[] = {
        { "id", smtpc_entity_set_content_id, "" },
        { "id", smtpc_entity_set_content_id, "<a>" },
        { "id", smtpc_entity_set_content_id, "a b" },
        { "id", smtpc_entity_set_content_id, "a\r\nBcc: x" },
        { "id", smtpc_entity_set_content_id, "\xc3\xa4" },
        { "location", smtpc_entity_set_location, "" },
        { "location", smtpc_entity_set_location, "http://a/ b" },
        { "location", smtpc_entity_set_location, "http://\xc3\xa4/" },
        { "location", smtpc_entity_set_location, "a\nb" },
        { "description", smtpc_entity_set_description, "" },
        { "description", smtpc_entity_set_description, "a\r\nb" },
        { "description", smtpc_entity_set_description, "\xff" },
        { "language", smtpc_entity_set_language, "" },
        { "language", smtpc_entity_set_language, "-de" },
        { "language", smtpc_entity_set_language, "de," },
        { "language", smtpc_entity_set_language, "de\r\nX: y" },
        { "language", smtpc_entity_set_language, "d\xc3\xa9" }
    };
    static const char *const names[] = {
        "Bcc", "Subject", "From", "Content-Type", "content-disposition",
        "Content-Transfer-Encoding", "Content-ID", "X-Sender", "X-Receiver",
        "X-Priority", "", "X Y", "X-Y:", "X-\r\nBcc"
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        tap_is_int(rows[i].set(a, rows[i].value), SMTPC_EARG,
                   "%s: row %d is refused", rows[i].what, (int)i);
    }
    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        tap_is_int(smtpc_entity_add_header(a, names[i], "x"), SMTPC_EARG,
                   "header: row %d is refused", (int)i);
    }
    tap_is_int(smtpc_entity_add_header(a, "X-A", "a\r\nBcc: x"), SMTPC_EARG,
               "header: line end");
    tap_is_int(smtpc_entity_add_header(a, "X-A", ""), SMTPC_EARG,
               "header: empty");
    tap_is_int(smtpc_entity_add_header(a, NULL, "x"), SMTPC_EARG,
               "header: no name");
    tap_is_int(smtpc_entity_set_disposition_param(a, "Filename", "x"),
               SMTPC_EARG, "filename has a function");
    tap_is_int(smtpc_entity_set_disposition_param(a, "size", "1"),
               SMTPC_EARG, "size too");
    tap_is_int(smtpc_entity_set_disposition_param(a, "a", "\r\n"),
               SMTPC_EARG, "parameter: line end");
    tap_is_int(smtpc_entity_set_disposition(a, (smtpc_disposition_e)3),
               SMTPC_EARG, "no such disposition");
}

static void limits(void)
{
    int failed = 0;

    tap_is_int(smtpc_entity_set_content_id(a, filled(SMTPC_LIMIT_CONTENT_ID)),
               0, "id at the limit");
    tap_is_int(smtpc_entity_set_content_id(
                   a, filled(SMTPC_LIMIT_CONTENT_ID + 1)), SMTPC_ELIMIT,
               "one beyond");
    tap_is_int(smtpc_entity_set_location(a, filled(SMTPC_LIMIT_URI)), 0,
               "URI at the limit");
    tap_ok(support_render(m, &(smtpc_render_t){ 0 }, NULL, tap_pool())
               != NULL, "which can be written");
    tap_is_int(smtpc_entity_set_location(a, filled(SMTPC_LIMIT_URI + 1)),
               SMTPC_ELIMIT, "one beyond");
    tap_is_int(smtpc_entity_set_language(a, filled(SMTPC_LIMIT_LANGUAGE)), 0,
               "language at the limit");
    tap_is_int(smtpc_entity_set_language(a, filled(SMTPC_LIMIT_LANGUAGE + 1)),
               SMTPC_ELIMIT, "one beyond");
    for (int i = 2; i < SMTPC_LIMIT_ENTITY_HEADERS; i++) {
        failed |= smtpc_entity_add_header(a, "X-A", "x") != APR_SUCCESS;
    }
    tap_ok(!failed, "headers at the limit");
    tap_is_int(smtpc_entity_add_header(a, "X-A", "x"), SMTPC_ELIMIT,
               "one beyond");
}

int main(void)
{
    m = support_message(tap_pool());
    if (smtpc_message_attach_bytes(&a, m, "a.pdf", NULL, "x", 1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    golden();
    removed();
    listed();
    ids();
    refused();
    limits();
    return tap_done();
}
