/* SPDX-License-Identifier: Apache-2.0 */
/* entity_test.c: content type, parameters, charset, encoding, file name. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static const smtpc_render_t plain = { 0 };

static smtpc_attachment_t *attachment(smtpc_message_t *m)
{
    smtpc_attachment_t *a;

    if (smtpc_message_attach_bytes(&a, m, "a.bin", NULL, "x\r\n", 3)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    return a;
}

static void types(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_attachment_t *a = attachment(m);
    char name[60];

    tap_is_int(smtpc_entity_type_param_count(a), 0, "no parameters");
    tap_is_int(smtpc_entity_set_content_type(a, "Text/X-Y; A=b; c=\"d e\""),
               0, "a type");
    tap_is_str(smtpc_entity_content_type(a), "text/x-y; a=b; c=\"d e\"",
               "written anew");
    tap_is_str(smtpc_entity_media_type(a), "text/x-y", "without parameters");
    tap_is_str(smtpc_entity_type_param(a, "C"), "d e", "a parameter");
    tap_is_int(smtpc_entity_set_type_param(a, "A", "f\"g"), 0, "changed");
    tap_is_int(smtpc_entity_set_type_param(a, "c", NULL), 0, "taken away");
    tap_is_int(smtpc_entity_set_type_param(a, "New", "1"), 0, "added");
    tap_is_str(smtpc_entity_content_type(a), "text/x-y; a=\"f\\\"g\"; new=1",
               "all of it");
    tap_is_int(smtpc_entity_type_param_count(a), 2, "two parameters");
    tap_is_str(smtpc_entity_type_param_name(a, 0), "a", "the first");
    tap_is_str(smtpc_entity_type_param_value(a, 0), "f\"g", "its value");
    tap_is_str(smtpc_entity_type_param_name(a, 1), "new", "the second");
    tap_is_str(smtpc_entity_type_param_value(a, 1), "1", "its value");
    tap_ok(smtpc_entity_type_param_name(a, 2) == NULL
               && smtpc_entity_type_param_value(a, 2) == NULL,
           "no third one");
    tap_is_int(smtpc_entity_set_type_param(a, "boundary", "x"), SMTPC_EARG,
               "no boundary");
    tap_is_int(smtpc_entity_set_content_type(a, "a/b; boundary=x"),
               SMTPC_EARG, "in no way");
    tap_is_int(smtpc_entity_set_content_type(a, "multipart/mixed"),
               SMTPC_EARG, "no multipart");
    tap_is_int(smtpc_entity_set_content_type(a, "message/rfc822"),
               SMTPC_EARG, "no message");
    tap_is_int(smtpc_entity_set_type_param(a, "a b", "x"), SMTPC_EARG,
               "not a name");
    tap_is_int(smtpc_entity_set_type_param(a, "a*", "x"), SMTPC_EARG,
               "nor RFC 2231");
    tap_is_int(smtpc_entity_set_type_param(a, NULL, "x"), SMTPC_EARG,
               "no name");
    tap_is_int(smtpc_entity_set_type_param(a, "a", "x\r\nBcc: y"), SMTPC_EARG,
               "line ends");
    tap_is_str(smtpc_entity_content_type(a), "text/x-y; a=\"f\\\"g\"; new=1",
               "failures change nothing");
    for (int i = 2; i < 32; i++) {
        apr_snprintf(name, sizeof(name), "p%d", i);
        if (smtpc_entity_set_type_param(a, name, "v")) {
            tap_fail("parameter %d", i);
        }
    }
    tap_is_int(smtpc_entity_set_type_param(a, "last", "v"), SMTPC_ELIMIT,
               "parameters at the limit");
}

static void names(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_attachment_t *a = attachment(m);

    tap_is_str(smtpc_entity_name(a), "a.bin", "a name");
    tap_is_int(smtpc_entity_set_name(a, "b.pdf"), 0, "another");
    tap_is_str(smtpc_entity_content_type(a), "application/pdf",
               "the type is guessed again");
    tap_is_int(smtpc_entity_set_name(a, ""), SMTPC_EARG, "empty");
    tap_is_int(smtpc_entity_set_name(a, "a\nb"), SMTPC_EARG, "a line end");
    tap_is_int(smtpc_entity_set_name(a, NULL), 0, "none");
    tap_is_str(smtpc_entity_name(a), "", "is empty");
}

static void charsets(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_entity_t *body = smtpc_message_body_entity(m);
    smtpc_attachment_t *a = attachment(m);

    smtpc_message_clear_attachments(m);
    if (smtpc_message_set_body(m, "5 \xe2\x82\xac", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_set_charset(body, "iso-8859-1"), SMTPC_EARG,
               "no euro in Latin 1");
    tap_is_str(smtpc_message_error(m),
               "body: character 3, \"\xe2\x82\xac\" (U+20AC), does not exist "
               "in iso-8859-1; use utf-8", "it says which and where");
    tap_is_str(smtpc_entity_charset(body), "", "nothing has changed");
    tap_is_int(smtpc_entity_set_charset(body, "iso-8859-15"), 0, "Latin 9");
    tap_is_str(smtpc_entity_charset(body), "iso-8859-15", "is set");
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()),
                  "charset=iso-8859-15\r\nContent-Transfer-Encoding: "
                  "quoted-printable\r\n\r\n5 =A4\r\n") != NULL, "and written");
    tap_is_int(smtpc_message_set_body(m, "\xe4\xb8\xad", SMTPC_BODY_TEXT),
               SMTPC_EARG, "a text that does not fit what was set");
    tap_is_str(smtpc_message_body(m), "5 \xe2\x82\xac", "the old one stays");
    tap_is_int(smtpc_entity_set_charset(body, "utf-16"), SMTPC_EARG,
               "not for mail");
    tap_is_int(smtpc_entity_set_charset(body, NULL), 0, "by content again");
    tap_is_int(smtpc_entity_set_charset(a, "x-whatever"), 0,
               "for bytes it is a label");
}

static void encodings(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_entity_t *body = smtpc_message_body_entity(m);
    smtpc_attachment_t *a;

    if (smtpc_message_set_body(m, "\xc3\xa4", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_encoding(body), SMTPC_ENCODING_AUTO, "automatic");
    tap_is_int(smtpc_entity_set_encoding(body, SMTPC_ENCODING_7BIT),
               SMTPC_EARG, "not 7bit");
    tap_ok(strstr(smtpc_message_error(m), "above 127") != NULL, "%s",
           smtpc_message_error(m));
    tap_is_int(smtpc_entity_encoding(body), SMTPC_ENCODING_AUTO, "unchanged");
    tap_is_int(smtpc_entity_set_encoding(body, SMTPC_ENCODING_BASE64), 0,
               "base64");
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()),
                  "base64\r\n\r\nw6Q=\r\n") != NULL, "honoured");
    tap_is_int(smtpc_entity_set_encoding(body, SMTPC_ENCODING_8BIT), 0,
               "8bit");
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()),
                  "base64\r\n") != NULL, "which this way does not take");
    tap_ok(strstr(support_render(m, &(smtpc_render_t){ .eight_bit = 1 }, NULL,
                                 tap_pool()),
                  "8bit\r\n\r\n\xc3\xa4\r\n") != NULL, "and this one does");
    tap_is_int(smtpc_entity_set_encoding(body, SMTPC_ENCODING_COUNT),
               SMTPC_EARG, "there is no such");
    tap_is_int(smtpc_entity_set_encoding(body, (smtpc_encoding_e)-2),
               SMTPC_EARG, "nor such");
    if (smtpc_message_attach_message(&a, m, support_message(tap_pool()))) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_entity_set_encoding(a, SMTPC_ENCODING_BASE64),
               SMTPC_EARG, "a message has none to choose");
    tap_is_int(smtpc_entity_set_content_type(a, "a/b"), SMTPC_EARG,
               "and no type");
}

static void flowed(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *html;

    if (smtpc_message_set_body(m, "a  \nb", SMTPC_BODY_TEXT)
        || smtpc_message_add_view(&html, m, "text/html", "x")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_set_body_flowed(m, 1), 0, "flowed");
    tap_ok(smtpc_entity_flowed(smtpc_message_body_entity(m)), "is set");
    tap_is_int(smtpc_entity_set_flowed(html, 1), SMTPC_EARG, "not HTML");
    smtpc_message_clear_views(m);
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()),
                  "text/plain; charset=us-ascii; format=flowed; delsp=no\r\n"
                  "Content-Transfer-Encoding: 7bit\r\n\r\na\r\nb\r\n")
               != NULL, "and written");
}

int main(void)
{
    types();
    names();
    charsets();
    encodings();
    flowed();
    return tap_done();
}
