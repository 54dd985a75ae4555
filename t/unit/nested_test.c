/* SPDX-License-Identifier: Apache-2.0 */
/* nested_test.c: messages inside messages. RFC 2046 5.2.1. */
#include "mime/nested.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static const smtpc_render_t plain = { 0 };

static smtpc_source_t *source(const char *text, apr_size_t len)
{
    return support_pieces(text, len, 3, 1, tap_pool());
}

static void ours(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_message_t *inner = support_message(tap_pool());
    smtpc_attachment_t *a = NULL;
    char *text;
    const char *part;

    if (smtpc_message_set_subject(inner, "inside")
        || smtpc_message_add_bcc(inner, "hidden@example.org")
        || smtpc_message_set_body(inner, "\xc3\xa4", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(inner));
    }
    tap_is_int(smtpc_message_attach_message(&a, m, inner), 0, "a message");
    tap_is_int(smtpc_entity_set_name(a, "inside.eml"), 0, "with a name");
    text = support_render(m, &plain, NULL, tap_pool());
    part = strstr(text, "Content-Type: message/rfc822; name=inside.eml\r\n"
                        "Content-Transfer-Encoding: 7bit\r\n"
                        "Content-Disposition: attachment;"
                        " filename=inside.eml\r\n\r\n");
    tap_ok(part != NULL, "is a message/rfc822");
    tap_ok(strstr(part, "Subject: inside\r\n") != NULL, "with its header");
    tap_ok(strstr(part, "base64\r\n\r\nw6Q=\r\n\r\n--=_") != NULL,
           "its body encoded inside");
    tap_ok(strstr(text, "hidden@") == NULL, "and without its Bcc");
    text = support_render(m, &(smtpc_render_t){ .eight_bit = 1 }, NULL,
                          tap_pool());
    tap_ok(strstr(text, "rfc822; name=inside.eml\r\n"
                        "Content-Transfer-Encoding: 8bit\r\n") != NULL,
           "8bit inside is 8bit outside");
    tap_is_int(smtpc_message_attach_message(NULL, m, inner), 0, "again");
    text = support_render(m, &plain, NULL, tap_pool());
    tap_ok(text != NULL && strstr(strstr(text, "Subject: inside") + 1,
                                  "Subject: inside") != NULL, "twice");
}

static void circles(void)
{
    smtpc_message_t *chain[SMTPC_LIMIT_NESTING + 2];
    smtpc_content_t *content;

    for (int i = 0; i < SMTPC_LIMIT_NESTING + 2; i++) {
        chain[i] = support_message(tap_pool());
    }
    tap_is_int(smtpc_message_attach_message(NULL, chain[0], chain[0]),
               SMTPC_EARG, "not inside itself");
    tap_is_int(smtpc_message_attach_message(NULL, chain[0], NULL),
               SMTPC_EARG, "no message");
    for (int i = 0; i < SMTPC_LIMIT_NESTING; i++) {
        if (smtpc_message_attach_message(NULL, chain[i], chain[i + 1])) {
            tap_bail("%s", smtpc_message_error(chain[i]));
        }
    }
    tap_is_int(smtpc_message_attach_message(NULL, chain[2], chain[0]),
               SMTPC_EARG, "no circle");
    tap_ok(support_render(chain[0], &plain, NULL, tap_pool()) != NULL,
           "depth at the limit");
    /* Made from the outside in, so that only sending sees it. */
    if (smtpc_message_attach_message(NULL, chain[SMTPC_LIMIT_NESTING],
                                     chain[SMTPC_LIMIT_NESTING + 1])) {
        tap_bail("not attached");
    }
    tap_is_int(smtpc__message_render(&content, chain[0], &plain,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ELIMIT, "one beyond");
    tap_is_int(smtpc_message_attach_message(
                   NULL, support_message(tap_pool()), chain[0]),
               SMTPC_ELIMIT, "also when attached");
}

static void finished(void)
{
    static const char eml[] = "Subject: a\nX:\n b\n\nbody\r\nend";
    static const char eight[] = "Subject: a\r\n\r\n\xc3\xa4\r\n";
    smtpc_message_t *m = support_message(tap_pool());
    const char *why = "";
    smtpc_render_t how = { .why = &why };
    smtpc_content_t *content;

    tap_is_int(smtpc_message_attach_eml(NULL, m, "a.eml",
                                        source(eml, sizeof(eml) - 1)), 0,
               "an .eml");
    tap_is_str(support_part(support_render(m, &plain, NULL, tap_pool()), 1,
                            tap_pool()),
               "Content-Type: message/rfc822; name=a.eml\r\n"
               "Content-Transfer-Encoding: 7bit\r\n"
               "Content-Disposition: attachment; filename=a.eml\r\n\r\n"
               "Subject: a\r\nX:\r\n b\r\n\r\nbody\r\nend",
               "only its line ends change");
    smtpc_message_clear_attachments(m);
    tap_is_int(smtpc_message_attach_eml(NULL, m, NULL,
                                        source(eight, sizeof(eight) - 1)), 0,
               "with 8bit");
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_EEXTENSION, "does not go where that is not allowed");
    tap_ok(strstr(why, "above 127") != NULL, "%s", why);
    how.eight_bit = 1;
    tap_ok(strstr(support_render(m, &how, NULL, tap_pool()),
                  "rfc822\r\nContent-Transfer-Encoding: 8bit\r\n") != NULL,
           "but where it is");
}

static void refused(void)
{
    static const struct {
        const char *text;
        apr_size_t len;
        apr_status_t status;
    } rows[] = {
        { "A: b", 4, 0 }, { "A: b\r\n\r\n", 8, 0 }, { "A:b\n c\n\nx", 9, 0 },
        { "A:\xc3\xa4\n", 5, 0 },
        { "", 0, SMTPC_EARG }, { "\r\nA: b\r\n", 8, SMTPC_EARG },
        { " A: b\r\n", 7, SMTPC_EARG }, { "A b: c\r\n", 8, SMTPC_EARG },
        { "nothing\r\n", 9, SMTPC_EARG }, { ": b\r\n", 5, SMTPC_EARG },
        { "From x Mon\nA: b\n", 16, SMTPC_EARG },
        { "A: b\n\na\0b", 9, SMTPC_EARG },
        { "A: b\nC\n\n", 8, SMTPC_EARG },
        { "\xc3\xa4: b\n", 6, SMTPC_EARG }
    };
    smtpc_message_t *m = support_message(tap_pool());
    char *line = apr_pcalloc(tap_pool(), 1010);

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        for (apr_size_t piece = 1; piece < 20; piece += 9) {
            apr_status_t rv = smtpc_message_attach_eml(
                NULL, m, NULL, support_pieces(rows[i].text, rows[i].len,
                                              piece, 1, tap_pool()));

            tap_is_int(rv, rows[i].status, "row %d%s%s", (int)i,
                       rv ? ": " : "", rv ? smtpc_message_error(m) : "");
        }
    }
    memset(line, 'a', 1005);
    memcpy(line, "A: b\n\n", 6);
    tap_is_int(smtpc_message_attach_eml(NULL, m, NULL, source(line, 6 + 998)),
               0, "a line of 998");
    tap_is_int(smtpc_message_attach_eml(NULL, m, NULL, source(line, 6 + 999)),
               SMTPC_EARG, "and of 999");
    tap_is_int(smtpc_message_attach_eml(NULL, m, NULL, NULL), SMTPC_EARG,
               "no source");
}

int main(void)
{
    ours();
    circles();
    finished();
    refused();
    return tap_done();
}
