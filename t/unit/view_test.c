/* SPDX-License-Identifier: Apache-2.0 */
/* view_test.c: views and their resources are added, counted, refused. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

static void views(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *view = NULL;
    int failed = 0;

    tap_is_int(smtpc_message_add_view(&view, m, "text/html", "<p>"), 0,
               "a view");
    tap_ok(smtpc_message_view(m, 0) == view
               && smtpc_message_view(m, 1) == NULL, "is there");
    tap_is_int(smtpc_message_add_view(&view, m, "html", "<p>"), SMTPC_EARG,
               "not a type");
    tap_is_int(smtpc_message_add_view(&view, m, NULL, "<p>"), SMTPC_EARG,
               "no type");
    tap_is_int(smtpc_message_add_view(&view, m, "text/html", "\xff"),
               SMTPC_EARG, "not UTF-8");
    tap_ok(strstr(smtpc_message_error(m), "view: ") == smtpc_message_error(m),
           "%s", smtpc_message_error(m));
    tap_is_int(smtpc_message_add_view(&view, m,
                                      "text/html; charset=iso-8859-1",
                                      "\xe4\xb8\xad"), SMTPC_EARG,
               "not in its charset");
    tap_is_int(smtpc_message_view_count(m), 1, "none was added");
    for (int i = 1; i < SMTPC_LIMIT_VIEWS; i++) {
        failed |= smtpc_message_add_view(NULL, m, "a/b", "") != APR_SUCCESS;
    }
    tap_ok(!failed, "views at the limit");
    tap_is_int(smtpc_message_add_view(NULL, m, "a/b", ""), SMTPC_ELIMIT,
               "one beyond");
    smtpc_message_clear_views(m);
    tap_is_int(smtpc_message_view_count(m), 0, "none any more");
}

static void bytes(void)
{
    static const smtpc_render_t how = { 0 };
    static const smtpc_render_t eight = { .eight_bit = 1 };
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_content_t *content;

    if (smtpc_message_add_view_bytes(NULL, m, "text/html; charset=iso-8859-1",
                                     "\xe4\n", 2)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(strstr(support_render(m, &eight, NULL, tap_pool()),
                  "charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n"
                  "\r\n\xe4\r\n") != NULL, "bytes in their charset");
    smtpc_message_clear_views(m);
    if (smtpc_message_add_view_bytes(NULL, m, "text/html", "\xc3\xa4", 2)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(strstr(support_render(m, &eight, NULL, tap_pool()),
                  "charset=utf-8\r\n") != NULL, "UTF-8 is seen");
    smtpc_message_clear_views(m);
    if (smtpc_message_add_view_bytes(NULL, m, "text/html", "a\xe4", 2)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc__message_render(&content, m, &how,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ESOURCE, "anything else is not guessed");
    smtpc_message_clear_views(m);
    if (smtpc_message_add_view_bytes(NULL, m, "text/html; charset=utf-16",
                                     "\xff\xfe<\0\n\0", 6)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(strstr(support_render(m, &eight, NULL, tap_pool()),
                  "base64\r\n\r\n//48AAoA\r\n") != NULL,
           "wide characters are no text to touch");
}

static void resources(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *view;
    smtpc_resource_t *one = NULL;
    smtpc_attachment_t *a;

    if (smtpc_message_add_view(&view, m, "text/html", "<p>")
        || smtpc_message_attach_bytes(&a, m, "a", NULL, "x", 1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_view_resource_count(view), 0, "none at first");
    tap_is_int(smtpc_view_add_resource_text(&one, view, "css", "text/css",
                                            "p {}"), 0, "a text");
    tap_is_int(smtpc_view_add_resource_source(
                   NULL, view, NULL, "image/gif",
                   support_pieces("gif", 3, 1, 1, tap_pool())), 0, "a source");
    tap_ok(smtpc_view_resource(view, 0) == one
               && smtpc_view_resource(view, 1) != NULL
               && smtpc_view_resource(view, 2) == NULL, "are there");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, a, "x", "a/b", "x", 1),
               SMTPC_EARG, "an attachment shows nothing");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, one, "x", "a/b", "x", 1),
               SMTPC_EARG, "nor does a resource");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, view, "<x>", "a/b", "x",
                                             1), SMTPC_EARG, "a bad id");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, view, "x", "a", "x", 1),
               SMTPC_EARG, "a bad type");
    tap_is_int(smtpc_view_add_resource_bytes(NULL, view, "x", "a/b", NULL, 1),
               SMTPC_EARG, "no bytes");
    tap_is_int(smtpc_view_add_resource_text(NULL, view, "x", NULL, "x"),
               SMTPC_EARG, "no type for a text");
    tap_is_int(smtpc_view_add_resource_file(NULL, view, "x", "a/b", "/no"),
               APR_ENOENT, "no file");
    tap_is_int(smtpc_view_resource_count(view), 2, "none of these was added");
    smtpc_view_clear_resources(view);
    tap_is_int(smtpc_view_resource_count(view), 0, "none any more");
}

static void changed_views(void)
{
    static const smtpc_render_t how = { 0 };
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *a;
    smtpc_view_t *b;

    if (smtpc_message_add_view(&a, m, "text/x-a", "a")
        || smtpc_message_add_view(&b, m, "text/x-b", "b")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_move_view(m, b, 0), 0, "to the front");
    tap_ok(smtpc_message_view(m, 0) == b && smtpc_message_view(m, 1) == a,
           "is there");
    tap_is_str(support_outline(support_render(m, &how, NULL, tap_pool()),
                               tap_pool()),
               "multipart/alternative(text/x-b text/x-a)",
               "is sent in front");
    tap_is_int(smtpc_message_move_view(m, b, 9), 0, "beyond the end");
    tap_ok(smtpc_message_view(m, 1) == b, "is the end");
    tap_is_int(smtpc_message_remove_view(m, smtpc_message_body_entity(m)),
               SMTPC_EARG, "the body is no view");
    tap_is_int(smtpc_message_remove_view(m, a), 0, "taken off");
    tap_ok(smtpc_message_view_count(m) == 1
               && smtpc_message_view(m, 0) == b, "one is left");
    tap_is_int(smtpc_message_move_view(m, a, 0), SMTPC_EARG, "it is gone");
    tap_is_int(smtpc_message_view_count(m), 1, "and stays so");
}

static void changed_resources(void)
{
    smtpc_message_t *m = support_message(tap_pool());
    smtpc_view_t *view;
    smtpc_resource_t *a;
    smtpc_resource_t *b;
    smtpc_resource_t *c;

    if (smtpc_message_add_view(&view, m, "text/html", "<p>")
        || smtpc_view_add_resource_text(&a, view, "a", "text/css", "a")
        || smtpc_view_add_resource_text(&b, view, "b", "text/css", "b")
        || smtpc_view_add_resource_text(&c, smtpc_message_body_entity(m), "c",
                                        "text/css", "c")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_view_move_resource(view, b, 0), 0, "to the front");
    tap_ok(smtpc_view_resource(view, 0) == b
               && smtpc_view_resource(view, 1) == a, "is there");
    tap_is_int(smtpc_view_move_resource(view, b, 2), 0, "beyond the end");
    tap_ok(smtpc_view_resource(view, 1) == b, "is the end");
    tap_is_int(smtpc_view_remove_resource(view, c), SMTPC_EARG,
               "of the body");
    tap_is_int(smtpc_view_move_resource(view, c, 0), SMTPC_EARG, "not here");
    tap_is_int(smtpc_view_remove_resource(a, a), SMTPC_EARG,
               "a resource has none");
    tap_is_int(smtpc_view_remove_resource(view, a), 0, "taken off");
    tap_ok(smtpc_view_resource_count(view) == 1
               && smtpc_view_resource(view, 0) == b, "one is left");
    tap_is_int(smtpc_view_remove_resource(view, a), SMTPC_EARG, "twice");
    tap_is_int(smtpc_entity_set_content_id(b, "a"), 0, "its id is free");
}

int main(void)
{
    views();
    changed_views();
    changed_resources();
    bytes();
    resources();
    return tap_done();
}
