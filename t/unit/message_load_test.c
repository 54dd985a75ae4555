/* SPDX-License-Identifier: Apache-2.0 */
/* message_load_test.c: an .eml that is looked at and sent again. */
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "../tap/tap.h"
#include "mime_support.h"

static smtpc_message_t *load(const char *text)
{
    smtpc_source_t *source;
    smtpc_message_t *m;

    if (smtpc_source_create_bytes(&source, text, strlen(text), tap_pool())
        || smtpc_message_load_source(&m, source, tap_pool())) {
        tap_bail("not loaded: %s", smtpc_message_error(m));
    }
    return m;
}

static const char *envelope(const smtpc_message_t *m)
{
    smtpc_envelope_t *e;
    const char *why = "";
    const char *text;

    if (smtpc__message_envelope(&e, &why, m, NULL, tap_pool())) {
        return why;
    }
    text = e->sender != NULL ? smtpc_address_address(e->sender) : "<>";
    for (apr_size_t i = 0; i < smtpc__envelope_count(e); i++) {
        text = apr_pstrcat(
            tap_pool(), text, " ",
            smtpc_address_address(smtpc__envelope_recipient(e, i)), NULL);
    }
    return text;
}

static const char eml[] =
    "Received: from x by y\r\n"
    "From: =?utf-8?Q?Gr=C3=BC?= <a@b.example>, second@b.example\r\n"
    "TO: \"C, D\" <c@d.example>,\r\n =?utf-8?Q?x=2C?= <e@f.example>\r\n"
    "To: (none) g@h.example\r\n"
    "Cc: undisclosed-recipients:;\r\n"
    "Bcc: secret@x.example\r\n"
    "Reply-To: r@s.example\r\n"
    "Subject: =?iso-8859-1?Q?=FCber?=\r\n =?iso-8859-1?Q?_all?=\r\n"
    "Message-ID: <id@x.example>\r\n"
    "X-Odd:value\r\n\r\n"
    "body\r\n.\r\n";

static void envelope_stripped(void)
{
    static const smtpc_render_t network = { 0 };
    static const smtpc_render_t pickup = { .pickup = 1 };
    smtpc_message_t *m = load("x-receiver : evil@x.example\r\n"
                              "X-Sender: boss@x.example\r\n"
                              "From: a@b.example\r\nTo: c@d.example\r\n\r\n");

    tap_is_str(support_render(m, &network, NULL, tap_pool()),
               "From: a@b.example\r\nTo: c@d.example\r\n\r\n",
               "the envelope of a pickup file is not sent");
    tap_is_str(support_render(m, &pickup, NULL, tap_pool()),
               "X-Sender: a@b.example\r\nX-Receiver: c@d.example\r\n"
               "From: a@b.example\r\nTo: c@d.example\r\n\r\n",
               "nor does it add to that of another");
}

static void looked_at(void)
{
    smtpc_message_t *m = load(eml);

    tap_is_str(smtpc_address_display_name(smtpc_message_from(m)),
               "Gr\xc3\xbc", "From");
    tap_is_int(smtpc_message_to_count(m), 3, "To");
    tap_is_str(smtpc_address_display_name(smtpc_message_to(m, 0)), "C, D",
               "quoted");
    tap_is_str(smtpc_address_display_name(smtpc_message_to(m, 1)), "x,",
               "a comma in an encoded word divides nothing");
    tap_is_str(smtpc_address_address(smtpc_message_to(m, 2)), "g@h.example",
               "a comment");
    tap_is_int(smtpc_message_cc_count(m), 0, "an empty group");
    tap_is_int(smtpc_message_bcc_count(m), 1, "Bcc");
    tap_is_str(smtpc_address_address(smtpc_message_reply_to(m, 0)),
               "r@s.example", "Reply-To");
    tap_is_str(smtpc_message_subject(m), "\xc3\xbc" "ber all", "Subject");
    tap_is_int(smtpc_message_header_count(m), 10, "fields");
    tap_is_str(smtpc_message_header_name(m, 2), "TO", "in order, as written");
    tap_is_str(smtpc_message_header(m, "x-odd"), "value", "by name");
    tap_is_str(envelope(m), "a@b.example c@d.example e@f.example g@h.example "
               "secret@x.example", "envelope");
}

static void sent_again(void)
{
    static const smtpc_render_t how = { 0 };
    static const smtpc_render_t pickup = { .pickup = 1 };
    smtpc_message_t *m = load(eml);
    smtpc_content_t *content;
    smtpc_resent_t *resent;
    char *want = apr_pstrdup(tap_pool(), eml);
    char *bcc = strstr(want, "Bcc:");
    char *text;

    memmove(bcc, strstr(bcc, "Reply-To"), strlen(strstr(bcc, "Reply-To")) + 1);
    text = support_render(m, &how, &content, tap_pool());
    tap_is_str(text, want, "all but Bcc");
    tap_is_int(content->length, (apr_off_t)strlen(want), "its length");
    tap_is_str(content->message_id, "<id@x.example>", "its identifier");
    tap_ok(!content->eight_bit && !content->utf8, "7bit");
    tap_is_str(support_render(m, &how, NULL, tap_pool()), want, "again");
    tap_is_str(support_render(m, &pickup, NULL, tap_pool()),
               apr_pstrcat(tap_pool(), "X-Sender: =?utf-8?B?R3LDvA==?= "
                           "<a@b.example>\r\n"
                           "X-Receiver: \"C, D\" <c@d.example>\r\n"
                           "X-Receiver: \"x,\" <e@f.example>\r\n"
                           "X-Receiver: g@h.example\r\n"
                           "X-Receiver: secret@x.example\r\n", want, NULL),
               "into a pickup directory");
    tap_is_int(smtpc_message_add_resent(&resent, m, "n@o.example"), 0,
               "sent on");
    tap_is_int(smtpc_resent_add_to(resent, "p@q.example"), 0, "to another");
    tap_is_str(envelope(m), "n@o.example p@q.example", "who gets it alone");
    text = support_render(m, &how, NULL, tap_pool());
    tap_ok(strncmp(text, "Resent-Date: ", 13) == 0
               && strcmp(strstr(text, "Received: "), want) == 0,
           "a block in front of it");
    tap_is_int(smtpc_message_set_envelope(m, "", "z@z.example"), 0,
               "or an envelope");
    tap_is_str(envelope(m), "<> z@z.example", "of the caller's");
}

static void lists_stay(smtpc_message_t *m)
{
    const smtpc_address_t *one = smtpc_message_from(m);
    smtpc_entity_t *body = smtpc_message_body_entity(m);

    tap_is_int(smtpc_message_set_sender_address(m, one), SMTPC_EARG,
               "Sender");
    tap_is_int(smtpc_message_set_sender_address(m, NULL), SMTPC_EARG,
               "Sender");
    tap_is_int(smtpc_message_add_to_address(m, one), SMTPC_EARG, "To");
    tap_is_int(smtpc_message_add_cc_address(m, one), SMTPC_EARG, "Cc");
    tap_is_int(smtpc_message_add_bcc_address(m, one), SMTPC_EARG, "Bcc");
    tap_is_int(smtpc_message_add_reply_to_address(m, one), SMTPC_EARG,
               "Reply-To");
    tap_is_int(smtpc_message_remove_to(m, 0), SMTPC_EARG, "To");
    tap_is_int(smtpc_message_remove_bcc(m, 0), SMTPC_EARG, "Bcc");
    tap_is_int(smtpc_message_remove_reply_to(m, 0), SMTPC_EARG, "Reply-To");
    tap_is_int(smtpc_message_clear_to(m), SMTPC_EARG, "To");
    tap_is_int(smtpc_message_clear_cc(m), SMTPC_EARG, "Cc");
    tap_is_int(smtpc_message_clear_bcc(m), SMTPC_EARG, "Bcc");
    tap_is_int(smtpc_message_clear_reply_to(m), SMTPC_EARG, "Reply-To");
    tap_is_int(smtpc_message_remove_attachment(m, body), SMTPC_EARG,
               "attachments");
    tap_is_int(smtpc_message_move_view(m, body, 0), SMTPC_EARG, "views");
    tap_ok(strstr(smtpc_message_error(m), "loaded") != NULL, "%s",
           smtpc_message_error(m));
    tap_ok(smtpc_message_to_count(m) == 3 && smtpc_message_bcc_count(m) == 1
               && smtpc_message_reply_to_count(m) == 1, "the lists stay");
}

static void unchangeable(void)
{
    smtpc_message_t *m = load(eml);

    tap_is_int(smtpc_message_set_from(m, "x@y.example"), SMTPC_EARG, "From");
    tap_is_int(smtpc_message_set_sender(m, NULL), SMTPC_EARG, "Sender");
    tap_is_int(smtpc_message_set_sender(m, "x@y.example"), SMTPC_EARG,
               "Sender");
    tap_is_int(smtpc_message_set_from_address(m, smtpc_message_from(m)),
               SMTPC_EARG, "From");
    tap_is_int(smtpc_message_add_bcc(m, "x@y.example"), SMTPC_EARG, "Bcc");
    lists_stay(m);
    tap_is_int(smtpc_message_set_subject(m, "x"), SMTPC_EARG, "Subject");
    tap_is_int(smtpc_message_set_body(m, "x", SMTPC_BODY_TEXT), SMTPC_EARG,
               "body");
    tap_is_int(smtpc_message_set_priority(m, SMTPC_PRIORITY_LOW), SMTPC_EARG,
               "priority");
    tap_is_int(smtpc_message_add_header(m, "X", "y"), SMTPC_EARG, "header");
    tap_is_int(smtpc_message_set_header(m, "X-Odd", NULL), SMTPC_EARG,
               "header");
    tap_is_int(smtpc_message_set_list_id(m, "a", NULL), SMTPC_EARG, "list");
    tap_is_int(smtpc_message_add_reference(m, "a@b"), SMTPC_EARG,
               "References");
    tap_ok(strstr(smtpc_message_error(m), "loaded") != NULL, "%s",
           smtpc_message_error(m));
}

static void resent(void)
{
    tap_is_str(envelope(load("Received: x\r\n"
                             "Resent-To: new@x.example\r\n"
                             "Resent-From: a@x.example\r\n"
                             "Resent-Bcc: b@x.example\r\n"
                             "Resent-To: old@x.example\r\n"
                             "Resent-From: c@x.example\r\n"
                             "From: d@x.example\r\nTo: e@x.example\r\n\r\n")),
               "a@x.example new@x.example b@x.example", "the topmost block");
    tap_is_str(envelope(load("Resent-Sender: s@x.example\r\n"
                             "Resent-From: a@x.example\r\n"
                             "Resent-Cc: n@x.example\r\nReceived: x\r\n"
                             "Resent-To: old@x.example\r\n\r\n")),
               "s@x.example n@x.example", "another field ends it");
    tap_is_str(envelope(load("Sender: s@x.example\nFrom: f@x.example\n"
                             "To: t@x.example\n\n")),
               "s@x.example t@x.example", "Sender");
}

static void problems(void)
{
    smtpc_message_t *m = load("From: f@x.example\nTo: not one\n\nx");
    const char *path = apr_psprintf(tap_pool(), "/tmp/load-test-%d.eml",
                                    (int)getpid());

    tap_ok(strncmp(envelope(m), "To of the message: ", 19) == 0, "%s",
           envelope(m));
    tap_is_int(smtpc_message_set_envelope(m, NULL, "t@x.example"), 0,
               "the caller knows better");
    tap_is_str(envelope(m), "f@x.example t@x.example", "and is believed");
    tap_is_str(envelope(load("To: a@b.example\n\n")),
               "the message has no sender", "no From");
    tap_is_str(envelope(load("From: a@b.example\n\n")),
               "the message has no recipient in To, Cc or Bcc", "no To");
    tap_is_int(smtpc_message_load(&m, path, tap_pool()), APR_ENOENT,
               "no file");
    tap_ok(strstr(smtpc_message_error(m), path) != NULL, "%s",
           smtpc_message_error(m));
    tap_is_int(smtpc_message_load(&m, NULL, tap_pool()), SMTPC_EARG,
               "no path");
    tap_is_int(smtpc_message_load_source(&m, NULL, tap_pool()), SMTPC_EARG,
               "no source");
    m = load(eml);
    tap_is_int(smtpc_message_save(m, path, tap_pool()), 0, "saved");
    tap_is_int(smtpc_message_load(&m, path, tap_pool()), 0, "loaded again");
    tap_is_str(smtpc_message_subject(m), "\xc3\xbc" "ber all", "it is it");
    tap_is_int(smtpc_message_bcc_count(m), 0, "but for Bcc");
    (void)apr_file_remove(path, tap_pool());
}

int main(void)
{
    (void)support_env(tap_pool());
    looked_at();
    envelope_stripped();
    sent_again();
    unchangeable();
    resent();
    problems();
    return tap_done();
}
