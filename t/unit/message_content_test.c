/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_content_test.c: body and attachments as parts: charset, encoding,
 * bodies from sources, and sources that fail.
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")) {
        tap_bail("no message");
    }
    return m;
}

/* The content fields and what follows. */
static const char *content(const smtpc_message_t *m, int eight_bit)
{
    smtpc_render_t how = { .eight_bit = eight_bit };
    smtpc_content_t *made;
    char *text = support_render(m, &how, &made, tap_pool());

    if (text == NULL) {
        return NULL;
    }
    tap_is_int(made->length, strlen(text), "length as announced");
    tap_is_int(made->eight_bit, strpbrk(text, "\xc3\xa4\xe4") != NULL,
               "8bit as announced");
    return strstr(text, "Content-Type:");
}

static const char *with_body(const char *body, int eight_bit)
{
    smtpc_message_t *m = message();

    if (smtpc_message_set_body(m, body, SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    return content(m, eight_bit);
}

static const char *with_source(const char *body, apr_size_t len)
{
    smtpc_message_t *m = message();

    if (smtpc_message_set_body_source(
            m, support_pieces(body, len, 3, 0, tap_pool()),
            SMTPC_BODY_HTML)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    return content(m, 1);
}

#define TEXT(charset, encoding) \
    "Content-Type: text/plain; charset=" charset "\r\n" \
    "Content-Transfer-Encoding: " encoding "\r\n\r\n"
#define HTML(charset, encoding) \
    "Content-Type: text/html; charset=" charset "\r\n" \
    "Content-Transfer-Encoding: " encoding "\r\n\r\n"

static void bodies(void)
{
    char *line = apr_pcalloc(tap_pool(), 1001);

    tap_is_str(with_body("", 0), TEXT("us-ascii", "7bit"), "none");
    tap_is_str(with_body("a\nb\rc\r\n", 0),
               TEXT("us-ascii", "7bit") "a\r\nb\r\nc\r\n", "ASCII");
    tap_is_str(with_body("a", 1), TEXT("us-ascii", "7bit") "a\r\n",
               "the last line gets its end");
    tap_is_str(with_body("Gr\xc3\xbc\xc3\x9f" "e aus M\xc3\xbcnchen", 0),
               TEXT("utf-8", "quoted-printable")
               "Gr=C3=BC=C3=9Fe aus M=C3=BCnchen\r\n", "Latin");
    tap_is_str(with_body("Gr\xc3\xbc\xc3\x9f" "e", 1),
               TEXT("utf-8", "8bit") "Gr\xc3\xbc\xc3\x9f" "e\r\n",
               "where 8bit may go");
    tap_is_str(with_body("\xe4\xb8\xad\xe6\x96\x87\n", 0),
               TEXT("utf-8", "base64") "5Lit5paHDQo=\r\n", "Chinese");
    memset(line, 'a', 1000);
    tap_ok(strstr(with_body(line, 1), "Encoding: quoted-printable\r\n") != NULL,
           "a line over 998");
}

static void sources(void)
{
    tap_is_str(with_source("<p>\nx", 5),
               HTML("us-ascii", "7bit") "<p>\r\nx\r\n", "printable ASCII");
    tap_is_str(with_source("\xc3\xa4\n", 3),
               HTML("utf-8", "8bit") "\xc3\xa4\r\n", "others as a text");
    tap_is_str(with_source("a\0", 2), HTML("us-ascii", "base64") "YQA=\r\n",
               "also for NUL");
    tap_is_str(with_source("", 0), HTML("us-ascii", "7bit"), "empty");
}

static void replaced(void)
{
    smtpc_message_t *m = message();

    if (smtpc_message_set_body_source(
            m, support_pieces("one", 3, 3, 1, tap_pool()), SMTPC_BODY_HTML)
        || smtpc_message_set_body(m, "two", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(content(m, 0), TEXT("us-ascii", "7bit") "two\r\n",
               "a text after a source");
    if (smtpc_message_set_body_source(
            m, support_pieces("one", 3, 3, 1, tap_pool()),
            SMTPC_BODY_HTML)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(content(m, 0), HTML("us-ascii", "7bit") "one\r\n",
               "a source after a text");
}

static void mixed(void)
{
    smtpc_message_t *m = message();

    if (smtpc_message_attach_bytes(NULL, m, "a.txt", NULL, "x", 1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(content(m, 0),
               "Content-Type: multipart/mixed;\r\n"
               " boundary=\"=_000102030405060708090a0b0c0d0e0f10111213\"\r\n"
               "\r\n"
               "--=_000102030405060708090a0b0c0d0e0f10111213\r\n"
               TEXT("us-ascii", "7bit")
               "\r\n--=_000102030405060708090a0b0c0d0e0f10111213\r\n"
               "Content-Type: text/plain; name=a.txt\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: attachment; filename=a.txt\r\n\r\n"
               "eA=="
               "\r\n--=_000102030405060708090a0b0c0d0e0f10111213--\r\n",
               "an attachment without a body");
    if (smtpc_message_set_body(m, "\xc3\xa4 xyz", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(strstr(content(m, 1),
                  "1213\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n") != NULL,
           "8bit below a multipart is said above");
    tap_ok(strstr(content(m, 1), "8bit\r\n\r\n\xc3\xa4 xyz\r\n--=_") != NULL,
           "text in a multipart keeps its missing line end");
}

static const char *outline(const smtpc_message_t *m)
{
    static const smtpc_render_t how = { 0 };
    char *text = support_render(m, &how, NULL, tap_pool());

    return text != NULL ? support_outline(text, tap_pool()) : "failed";
}

static void structure(void)
{
    smtpc_message_t *m = message();
    smtpc_view_t *html;
    smtpc_view_t *other;
    smtpc_resource_t *logo;
    char *text;

    tap_is_int(smtpc_message_add_view(&html, m, "text/html",
                                      "<img src=\"cid:logo\">"), 0, "a view");
    tap_is_str(outline(m), "text/html", "alone");
    tap_is_int(smtpc_view_add_resource_bytes(&logo, html, "logo", "image/png",
                                             "png", 3), 0, "a resource");
    tap_is_str(outline(m), "multipart/related(text/html image/png)",
               "with what it shows");
    text = support_render(m, &(smtpc_render_t){ 0 }, NULL, tap_pool());
    tap_ok(strstr(text, "; type=\"text/html\"\r\n") != NULL,
           "related says what its root is");
    tap_is_str(support_part(text, 1, tap_pool()),
               "Content-Type: image/png\r\n"
               "Content-Transfer-Encoding: base64\r\n"
               "Content-Disposition: inline\r\n"
               "Content-ID: <logo>\r\n\r\ncG5n", "the resource");
    (void)smtpc_entity_content_id(html);
    text = support_render(m, &(smtpc_render_t){ 0 }, NULL, tap_pool());
    tap_ok(strstr(text, " start=\"<") != NULL, "and where, if that has a name");
    if (smtpc_message_set_body(m, "text\n", SMTPC_BODY_TEXT)
        || smtpc_message_add_view(&other, m, "text/markdown", "*a*")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(outline(m),
               "multipart/alternative(text/plain multipart/related(text/html "
               "image/png) text/markdown)", "the body first, views in order");
    if (smtpc_message_attach_bytes(NULL, m, "a.pdf", NULL, "x", 1)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(outline(m),
               "multipart/mixed(multipart/alternative(text/plain "
               "multipart/related(text/html image/png) text/markdown) "
               "application/pdf)", "all of it");
    if (smtpc_message_set_body(m, "<p>", SMTPC_BODY_HTML)
        || smtpc_message_add_view(NULL, m, "text/plain", "p")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    smtpc_message_clear_attachments(m);
    tap_is_str(outline(m),
               "multipart/alternative(text/plain text/html "
               "multipart/related(text/html image/png) text/markdown)",
               "plain text comes before an HTML body, which stays HTML");
    smtpc_message_clear_views(m);
    tap_is_int(smtpc_view_add_resource_bytes(
                   NULL, smtpc_message_body_entity(m), "x", "image/gif", "g",
                   1), 0, "a resource of the body");
    tap_is_str(outline(m), "multipart/related(text/html image/gif)",
               "works as for a view");
}

static apr_status_t once_read(void *baton, char *buf, apr_size_t *len)
{
    int *left = baton;

    *len = 1;
    *buf = 'x';
    return (*left)-- > 0 ? APR_SUCCESS : (*len = 0, APR_EOF);
}

static apr_status_t failing_read(void *baton, char *buf, apr_size_t *len)
{
    (void)baton;
    (void)buf;
    *len = 0;
    return APR_EGENERAL;
}

static apr_status_t render(const smtpc_message_t *m, smtpc_content_t **made)
{
    static const smtpc_render_t how = { 0 };

    return smtpc__message_render(made, m, &how, support_env(tap_pool()),
                                 tap_pool());
}

static void failures(void)
{
    smtpc_message_t *m = message();
    smtpc_content_t *made;
    smtpc_source_t *source;
    apr_size_t len;
    int left = 3;

    if (smtpc_source_create_callback(&source, once_read, NULL, 3, &left,
                                     tap_pool())
        || smtpc_message_attach_source(NULL, m, "a", NULL, source)) {
        tap_bail("no source");
    }
    tap_is_int(render(m, &made), 0, "a source that can be read once");
    tap_ok(support_read(made->source, 100, &len, tap_pool()) != NULL,
           "is read once");
    tap_is_int(render(m, &made), SMTPC_ESOURCE, "and not again");

    m = message();
    left = 3;
    if (smtpc_source_create_callback(&source, once_read, NULL, 3, &left,
                                     tap_pool())
        || smtpc_message_set_body_source(m, source, SMTPC_BODY_TEXT)) {
        tap_bail("no source");
    }
    tap_is_int(render(m, &made), SMTPC_ESOURCE,
               "a body has to be read twice");
    m = message();
    if (smtpc_source_create_callback(&source, failing_read, NULL, 3, NULL,
                                     tap_pool())
        || smtpc_message_set_body_source(m, source, SMTPC_BODY_TEXT)) {
        tap_bail("no source");
    }
    tap_is_int(render(m, &made), SMTPC_ESOURCE, "a body that fails");
}

int main(void)
{
    bodies();
    sources();
    replaced();
    mixed();
    structure();
    failures();
    return tap_done();
}
