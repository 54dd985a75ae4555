/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_render_test.c: whole messages, byte by byte, with clock and
 * randomness fixed.
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

#define ID "<000102030405060708090a0b0c0d0e0f10111213@example.org>"
#define DATE "Date: Mon, 05 Jan 2026 09:03:07 +0100\r\n"

static const smtpc_render_t plain = { 0 };

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "Ann <ann@example.org>")) {
        tap_bail("no message");
    }
    return m;
}

static void smallest(void)
{
    smtpc_message_t *m = message();
    smtpc_content_t *content;
    char *text;

    if (smtpc_message_add_to(m, "bob@example.org")
        || smtpc_message_set_subject(m, "hi")
        || smtpc_message_set_body(m, "hello\n", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &plain, &content, tap_pool());
    tap_is_str(text,
               "MIME-Version: 1.0\r\n"
               "From: \"Ann\" <ann@example.org>\r\n"
               "To: bob@example.org\r\n"
               DATE
               "Message-ID: " ID "\r\n"
               "Subject: hi\r\n"
               "Content-Type: text/plain; charset=us-ascii\r\n"
               "Content-Transfer-Encoding: 7bit\r\n"
               "\r\n"
               "hello\r\n", "a small message");
    tap_is_int(content->length, strlen(text), "its length");
    tap_ok(!content->eight_bit, "is 7bit");
    tap_is_str(content->message_id, ID, "its Message-ID");
}

static void everything(void)
{
    smtpc_message_t *m = message();

    if (smtpc_message_set_sender(m, "desk@example.org")
        || smtpc_message_add_to(m, "\"Bob B\" <bob@example.org>")
        || smtpc_message_add_cc(m, "J\xc3\xb6rg <j@example.org>")
        || smtpc_message_add_bcc(m, "secret@example.org")
        || smtpc_message_add_reply_to(m, "r1@example.org, r2@example.org")
        || smtpc_message_set_priority(m, SMTPC_PRIORITY_HIGH)
        || smtpc_message_add_header(m, "X-Shop", "42")
        || smtpc_message_set_subject(m, "\xe2\x84\x96" "1")
        || smtpc_message_set_body(m, "<p>\n", SMTPC_BODY_HTML)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(support_render(m, &plain, NULL, tap_pool()),
               "X-Shop: 42\r\n"
               "MIME-Version: 1.0\r\n"
               "Sender: desk@example.org\r\n"
               "From: \"Ann\" <ann@example.org>\r\n"
               "To: \"Bob B\" <bob@example.org>\r\n"
               "Cc: =?utf-8?B?SsO2cmc=?= <j@example.org>\r\n"
               "Reply-To: r1@example.org, r2@example.org\r\n"
               "X-Priority: 1\r\n"
               "Priority: urgent\r\n"
               "Importance: high\r\n"
               DATE
               "Message-ID: " ID "\r\n"
               "Subject: =?utf-8?B?4oSWMQ==?=\r\n"
               "Content-Type: text/html; charset=us-ascii\r\n"
               "Content-Transfer-Encoding: 7bit\r\n"
               "\r\n"
               "<p>\r\n", "fields in the order of .NET, no Bcc");
    if (smtpc_message_set_sender(m, "Other Name <ann@example.org>")
        || smtpc_message_set_priority(m, SMTPC_PRIORITY_LOW)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()), "Sender:")
               == NULL, "no Sender that is From");
    tap_ok(strstr(support_render(m, &plain, NULL, tap_pool()),
                  "X-Priority: 5\r\nPriority: non-urgent\r\n"
                  "Importance: low\r\n") != NULL, "low priority");
}

static void hidden(void)
{
    smtpc_message_t *m = message();
    char *text;

    if (smtpc_message_add_bcc(m, "secret@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &plain, NULL, tap_pool());
    tap_is_str(support_field(text, "To", tap_pool()),
               "undisclosed-recipients:;", "Bcc alone");
    tap_ok(strstr(text, "secret") == NULL, "is in no field");
    if (smtpc_message_add_cc(m, "cc@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(support_field(support_render(m, &plain, NULL, tap_pool()),
                             "To", tap_pool()), NULL,
               "no To where there is a Cc");
}

static void pickup(void)
{
    smtpc_render_t render = { .pickup = 1 };
    smtpc_message_t *m = message();
    char *text;

    if (smtpc_message_add_to(m, "T <t@example.org>")
        || smtpc_message_add_cc(m, "c@example.org")
        || smtpc_message_add_bcc(m, "b@example.org, t@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &render, NULL, tap_pool());
    *strstr(text, "MIME") = '\0';
    tap_is_str(text,
               "X-Sender: \"Ann\" <ann@example.org>\r\n"
               "X-Receiver: \"T\" <t@example.org>\r\n"
               "X-Receiver: c@example.org\r\n"
               "X-Receiver: b@example.org\r\n"
               "X-Receiver: t@example.org\r\n", "To, Cc, Bcc in front");
    if (smtpc_message_set_sender(m, "s@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &render, NULL, tap_pool());
    tap_ok(strncmp(text, "X-Sender: s@example.org\r\n", 25) == 0, "Sender");
    if (smtpc_message_add_header(m, "X-Sender", "own@example.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &render, NULL, tap_pool());
    tap_ok(strncmp(text, "X-Receiver: ", 12) == 0, "not beside the caller's");
    tap_is_str(support_field(text, "X-Sender", tap_pool()),
               "own@example.org", "which stands below");
    render.pickup = 0;
    text = support_render(m, &render, NULL, tap_pool());
    tap_ok(strstr(text, "X-Receiver") == NULL, "none on the network");
}

/* More X-Receiver lines than a header block may have bytes. */
static void many_receivers(void)
{
    smtpc_render_t render = { .pickup = 1 };
    smtpc_message_t *m = message();
    int lines = 0;
    char *text;

    for (int i = 0; i < 5000; i++) {
        if (smtpc_message_add_bcc(
                m, apr_psprintf(tap_pool(), "receiver-%d@example.org", i))) {
            tap_bail("%s", smtpc_message_error(m));
        }
    }
    text = support_render(m, &render, NULL, tap_pool());
    tap_ok(text != NULL, "rendered");
    while (text != NULL && (text = strstr(text, "X-Receiver:")) != NULL) {
        lines++;
        text++;
    }
    tap_is_int(lines, 5000, "every receiver has its line");
}

static void utf8(void)
{
    smtpc_render_t render = { .eight_bit = 1, .utf8 = 1 };
    smtpc_message_t *m = message();
    smtpc_content_t *content;
    char *text;

    if (smtpc_message_add_to(m, "J\xc3\xb6rg <j\xc3\xb6rg@\xc3\xa4.org>")
        || smtpc_message_set_subject(m, "Gr\xc3\xbc\xc3\x9f" "e")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = support_render(m, &render, &content, tap_pool());
    tap_is_str(support_field(text, "To", tap_pool()),
               "\"J\xc3\xb6rg\" <j\xc3\xb6rg@\xc3\xa4.org>", "raw address");
    tap_is_str(support_field(text, "Subject", tap_pool()),
               "Gr\xc3\xbc\xc3\x9f" "e", "raw subject");
    tap_ok(content->eight_bit, "told to be 8bit");
    render.utf8 = 0;
    tap_is_int(smtpc__message_render(&content, m, &render,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_EEXTENSION, "cannot be written without SMTPUTF8");
}

static void from_default(void)
{
    smtpc_render_t render = { 0 };
    smtpc_message_t *m;
    smtpc_address_t *from;
    smtpc_content_t *content;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_add_to(m, "a@b.org")
        || smtpc_address_parse(&from, "D <d@example.org>", tap_pool())) {
        tap_bail("no message");
    }
    tap_is_int(smtpc__message_render(&content, m, &render,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_EARG, "no From at all");
    render.from = from;
    tap_is_str(support_field(support_render(m, &render, NULL, tap_pool()),
                             "From", tap_pool()),
               "\"D\" <d@example.org>", "the client's default");
}

static void header_limit(void)
{
    smtpc_message_t *m = message();
    smtpc_content_t *content;
    char *value = apr_pcalloc(tap_pool(), 60001);

    for (int i = 0; i < 60000; i++) {
        value[i] = i % 50 == 0 ? ' ' : 'a';
    }
    value[0] = 'a';
    if (smtpc_message_add_to(m, "a@b.org")
        || smtpc_message_add_header(m, "X-A", value)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_ok(support_render(m, &plain, NULL, tap_pool()) != NULL,
           "a large header");
    if (smtpc_message_add_header(m, "X-A", value)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc__message_render(&content, m, &plain,
                                     support_env(tap_pool()), tap_pool()),
               SMTPC_ELIMIT, "one too large");
}

static void twice(void)
{
    smtpc_message_t *m = message();
    smtpc_content_t *content;
    char *first;
    char *second;
    apr_size_t len;

    if (smtpc_message_add_to(m, "a@b.org")
        || smtpc_message_set_body(m, "\xc3\xa4 and more\n", SMTPC_BODY_TEXT)
        || smtpc_message_attach_bytes(NULL, m, "a", NULL, "abc", 3)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    first = support_render(m, &plain, &content, tap_pool());
    tap_is_int(smtpc_source_rewind(content->source), 0, "rewound");
    second = support_read(content->source, 5, &len, tap_pool());
    tap_is_str(second, first, "the same bytes again");
    tap_is_str(support_render(m, &plain, NULL, tap_pool()), first,
               "and from a second rendering with the same clock");
}

int main(void)
{
    smallest();
    everything();
    hidden();
    pickup();
    many_receivers();
    utf8();
    from_default();
    header_limit();
    twice();
    return tap_done();
}
