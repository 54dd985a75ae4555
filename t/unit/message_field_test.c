/* SPDX-License-Identifier: Apache-2.0 */
/* message_field_test.c: fields that the caller adds. */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>

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
    static const smtpc_render_t how = { 0 };

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
               "Message-ID: <mine@example.org>\r\nX-B: 3\r\n"
               "Date: 1 Feb 2003 04:05 +0000\r\nMIME-Version: 1.0\r\n",
               "in the order given, in front of all others, in .NET's case");
    text = strstr(text, "From:");
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

/* Names and values as they are read back, in one string. */
static const char *fields(const smtpc_message_t *m)
{
    const char *all = "";

    for (apr_size_t i = 0; i < smtpc_message_header_count(m); i++) {
        all = apr_pstrcat(tap_pool(), all, smtpc_message_header_name(m, i),
                          "=", smtpc_message_header_value(m, i), ";", NULL);
    }
    return all;
}

static void changed(void)
{
    smtpc_message_t *m = message();
    int bad = 0;

    bad |= smtpc_message_add_header(m, "X-A", "1");
    bad |= smtpc_message_add_header(m, "Keywords", "one");
    bad |= smtpc_message_add_header(m, "X-B", "2");
    bad |= smtpc_message_add_header(m, "keywords", "tw\xc3\xb6");
    tap_ok(!bad, "%s", smtpc_message_error(m));
    tap_is_str(fields(m), "X-A=1;Keywords=one;X-B=2;keywords=tw\xc3\xb6;",
               "all that was added, in order");
    tap_is_str(smtpc_message_header(m, "KEYWORDS"), "one", "the first");
    tap_ok(smtpc_message_header(m, "X-C") == NULL, "none");
    tap_ok(smtpc_message_header_name(m, 4) == NULL
               && smtpc_message_header_value(m, 4) == NULL, "beyond the end");
    tap_is_int(smtpc_message_set_header(m, "keywords", "x"), 0, "set");
    tap_is_str(fields(m), "X-A=1;keywords=x;X-B=2;",
               "one for all, in the place of the first");
    tap_is_int(smtpc_message_set_header(m, "importance", "low"), 0, "set");
    tap_is_int(smtpc_message_set_header(m, "Importance", "high"), 0,
               "what may be there once can be set again");
    tap_is_str(fields(m), "X-A=1;keywords=x;X-B=2;Importance=high;",
               "behind the others if it is new");
    tap_is_int(smtpc_message_set_header(m, "X-A", "a\r\nBcc: x@y"),
               SMTPC_EARG, "a line end");
    tap_is_int(smtpc_message_set_header(m, "Bcc", "x@y"), SMTPC_EARG, "Bcc");
    tap_is_int(smtpc_message_remove_header(m, "X Y"), SMTPC_EARG, "no name");
    tap_is_str(fields(m), "X-A=1;keywords=x;X-B=2;Importance=high;",
               "nothing of that changed a thing");
    tap_is_int(smtpc_message_remove_header(m, "x-a"), 0, "remove");
    tap_is_int(smtpc_message_set_header(m, "X-B", NULL), 0, "set to nothing");
    tap_is_int(smtpc_message_remove_header(m, "X-B"), 0, "there is none");
    tap_is_str(fields(m), "keywords=x;Importance=high;", "gone");
    tap_is_int(smtpc_message_set_priority(m, SMTPC_PRIORITY_NORMAL), 0,
               "explicit Normal");
    tap_ok(strstr(render(m), "Importance") == NULL,
           "takes the priority that was added away");
}

int main(void)
{
    refused();
    once();
    written();
    priority();
    limits();
    changed();
    return tap_done();
}
