/* SPDX-License-Identifier: Apache-2.0 */
/* message_field_test.c: fields that the caller adds. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
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

static char *render(const smtpc_message_t *m)
{
    static const smtpc_render_t how = { 0, 0, 0, NULL };

    return support_render(m, &how, NULL, tap_pool());
}

static void refused(void)
{
    static const char *const names[] = {
        "Bcc", "bcc", "BCC", "Resent-Bcc", "From", "To", "Cc", "Subject",
        "Sender", "Reply-To", "MIME-Version", "Content-Type",
        "content-disposition", "Content-", "", "A B", "A:", "\xc3\xa4"
    };
    smtpc_message_t *m = message();
    char *before = render(m);

    for (apr_size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        tap_is_int(smtpc_message_add_header(m, names[i], "x"), SMTPC_EARG,
                   "name \"%s\"", names[i]);
        tap_ok(strncmp(smtpc_message_error(m), "header ", 7) == 0, "%s",
               smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_add_header(m, "X-A", ""), SMTPC_EARG,
               "empty value");
    tap_is_int(smtpc_message_add_header(m, NULL, "x"), SMTPC_EARG, "no name");
    tap_is_int(smtpc_message_add_header(m, "X", NULL), SMTPC_EARG,
               "no value");
    tap_is_int(smtpc_message_add_header(m, "Message-ID", "a@b"), SMTPC_EARG,
               "Message-ID without brackets");
    tap_is_int(smtpc_message_add_header(m, "Date", "yesterday"), SMTPC_EARG,
               "no date");
    tap_is_int(smtpc_message_add_header(m, "References", "<\xc3\xa4@b>"),
               SMTPC_EARG, "UTF-8 where none may be");
    tap_is_str(render(m), before, "the message is as before");
}

static void once(void)
{
    static const char *const rows[][2] = {
        { "Message-ID", "<a@b>" }, { "In-Reply-To", "<a@b>" },
        { "References", "<a@b> <c@d>" },
        { "Date", "Mon, 05 Jan 2026 09:03:07 +0100" },
        { "X-Priority", "1" }, { "Importance", "high" },
        { "Priority", "urgent" }, { "X-Sender", "a@b.org" }
    };
    smtpc_message_t *m = message();

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        tap_is_int(smtpc_message_add_header(m, rows[i][0], rows[i][1]), 0,
                   "%s", rows[i][0]);
        tap_is_int(smtpc_message_add_header(m, rows[i][0], rows[i][1]),
                   SMTPC_EARG, "but once");
    }
    tap_is_int(smtpc_message_add_header(m, "Comments", "a"), 0, "Comments");
    tap_is_int(smtpc_message_add_header(m, "Comments", "b"), 0, "twice");
}

static void written(void)
{
    smtpc_message_t *m = message();
    char *text;

    if (smtpc_message_add_header(m, "X-B", "Gr\xc3\xbc\xc3\x9f" "e")
        || smtpc_message_add_header(m, "X-A", "2")
        || smtpc_message_add_header(m, "message-id", "<mine@example.org>")
        || smtpc_message_add_header(m, "X-B", "3")
        || smtpc_message_add_header(m, "date", "1 Feb 2003 04:05 +0000")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    text = render(m);
    tap_is_str(apr_pstrmemdup(tap_pool(), text,
                              (apr_size_t)(strstr(text, "From:") - text)),
               "X-B: =?utf-8?B?R3LDvMOfZQ==?=\r\nX-A: 2\r\n"
               "message-id: <mine@example.org>\r\nX-B: 3\r\n"
               "date: 1 Feb 2003 04:05 +0000\r\nMIME-Version: 1.0\r\n",
               "in the order given, in front of all others");
    tap_ok(strstr(text, "\r\nDate:") == NULL, "no second date");
    tap_ok(strstr(text, "\r\nMessage-ID:") == NULL, "no second Message-ID");
}

static void priority(void)
{
    smtpc_message_t *m = message();

    if (smtpc_message_add_header(m, "X-Priority", "3")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(support_field(render(m), "X-Priority", tap_pool()), "3",
               "the caller's while no priority is set");
    if (smtpc_message_set_priority(m, SMTPC_PRIORITY_HIGH)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(support_field(render(m), "X-Priority", tap_pool()), "1",
               "then ours");
    if (smtpc_message_set_priority(m, SMTPC_PRIORITY_NORMAL)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(support_field(render(m), "X-Priority", tap_pool()), NULL,
               "and none for normal");
}

static void limits(void)
{
    smtpc_message_t *m = message();
    char *value = apr_pcalloc(tap_pool(), SMTPC_LIMIT_HEADER_VALUE + 2);
    int failed = 0;

    memset(value, 'a', SMTPC_LIMIT_HEADER_VALUE);
    tap_is_int(smtpc_message_add_header(m, "X-A", value), 0,
               "value at the limit");
    value[SMTPC_LIMIT_HEADER_VALUE] = 'a';
    tap_is_int(smtpc_message_add_header(m, "X-A", value), SMTPC_ELIMIT,
               "one beyond");
    value[600] = '\0';
    tap_is_int(smtpc_message_add_header(m, "References", value), SMTPC_EARG,
               "a word that fits in no line");
    m = message();
    for (int i = 0; i < SMTPC_LIMIT_HEADERS; i++) {
        failed |= smtpc_message_add_header(m, "X-A", "b") != APR_SUCCESS;
    }
    tap_ok(!failed, "fields at the limit");
    tap_is_int(smtpc_message_add_header(m, "X-A", "b"), SMTPC_ELIMIT,
               "one beyond");
}

int main(void)
{
    refused();
    once();
    written();
    priority();
    limits();
    return tap_done();
}
