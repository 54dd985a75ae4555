/* SPDX-License-Identifier: Apache-2.0 */
/* message_body_test.c: what is set on a body is read back and sent. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static const char *content(const smtpc_message_t *m)
{
    static const smtpc_render_t how = { 0 };
    char *text = support_render(m, &how, NULL, tap_pool());

    return text != NULL ? strstr(text, "Content-Type:") : NULL;
}

int main(void)
{
    static const smtpc_render_t how = { 0 };
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_content_t *made;

    tap_is_str(smtpc_message_body(m), "", "no body at first");
    tap_is_int(smtpc_message_body_type(m), SMTPC_BODY_TEXT, "a text");
    tap_is_int(smtpc_message_set_body(m, "<p>\xc3\xa4", SMTPC_BODY_HTML), 0,
               "HTML");
    tap_is_str(smtpc_message_body(m), "<p>\xc3\xa4", "is read back");
    tap_is_int(smtpc_message_body_type(m), SMTPC_BODY_HTML, "with its type");
    tap_is_int(smtpc_message_set_body_charset(m, "iso-8859-1"), 0,
               "a charset");
    tap_is_str(smtpc_message_body_charset(m), "iso-8859-1", "is read back");
    tap_is_int(smtpc_message_set_body_encoding(m, SMTPC_ENCODING_BASE64), 0,
               "an encoding");
    tap_is_int(smtpc_message_body_encoding(m), SMTPC_ENCODING_BASE64,
               "is read back");
    tap_is_str(content(m), "Content-Type: text/html; charset=iso-8859-1\r\n"
               "Content-Transfer-Encoding: base64\r\n\r\nPHA+5A==\r\n",
               "and sent");
    tap_is_int(smtpc_message_set_body(m, "\xc3\xb6", SMTPC_BODY_TEXT), 0,
               "another text");
    tap_is_str(content(m), "Content-Type: text/plain; charset=iso-8859-1\r\n"
               "Content-Transfer-Encoding: base64\r\n\r\n9g==\r\n",
               "keeps what was set");
    tap_is_str(smtpc_entity_content_type(smtpc_message_body_entity(m)),
               "text/plain; charset=iso-8859-1", "and says so");
    tap_is_int(smtpc_message_set_body(m, "x", (smtpc_body_type_e)7),
               SMTPC_EARG, "no such type");
    tap_is_int(smtpc_message_set_body(m, "\xe2\x82\xac", SMTPC_BODY_TEXT),
               SMTPC_EARG, "does not fit");
    tap_is_str(smtpc_message_body(m), "\xc3\xb6", "so the old one stays");
    tap_is_int(smtpc_message_set_body_source(m, NULL, SMTPC_BODY_TEXT),
               SMTPC_EARG, "no source");
    if (smtpc_message_set_body_source(
            m, support_pieces("a\xe2\x82\xac", 4, 1, 0, tap_pool()),
            SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(smtpc_message_body(m), "", "a source is no text");
    {
        smtpc_render_t tell = how;
        const char *why = NULL;

        tell.why = &why;
        tap_is_int(smtpc__message_render(&made, m, &tell,
                                         support_env(tap_pool()),
                                         tap_pool()), SMTPC_ESOURCE,
                   "a source that does not fit is found when it is sent");
        tap_is_str(why, "body: character 2, \"\xe2\x82\xac\" (U+20AC), does "
                        "not exist in iso-8859-1; use utf-8", "and why");
    }
    tap_is_int(smtpc_message_set_body(m, NULL, SMTPC_BODY_TEXT), 0, "NULL");
    tap_is_str(smtpc_message_body(m), "", "is empty");
    return tap_done();
}
