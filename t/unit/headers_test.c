/* SPDX-License-Identifier: Apache-2.0 */
/* headers_test.c: functions for single header fields, and the envelope. */
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

/* The value of name in what m renders to, unfolded. */
static const char *rendered(const smtpc_message_t *m, const char *name)
{
    static const smtpc_render_t how = { 0 };

    return support_field(support_render(m, &how, NULL, tap_pool()), name,
                         tap_pool());
}

static void identity(void)
{
    smtpc_message_t *m = message();
    char *long_id = apr_palloc(tap_pool(), 1200);

    (void)support_env(tap_pool());
    tap_is_int(smtpc_message_set_date(m, SUPPORT_NOW - apr_time_from_sec(60)),
               0, "a date");
    tap_is_str(rendered(m, "Date"), "Mon, 05 Jan 2026 09:02:07 +0100",
               "is written");
    tap_is_int(smtpc_message_set_date(m, 0), 0, "no date");
    tap_is_str(rendered(m, "Date"), "Mon, 05 Jan 2026 09:03:07 +0100",
               "is the clock's");
    tap_is_int(smtpc_message_set_message_id(m, "a@b"), 0, "an identifier");
    tap_is_str(rendered(m, "Message-ID"), "<a@b>", "gets its brackets");
    tap_is_int(smtpc_message_set_message_id(m, "<c@d>"), 0, "another");
    tap_is_str(rendered(m, "Message-ID"), "<c@d>", "takes its place");
    tap_is_int(smtpc_message_set_message_id(m, "a b@c"), SMTPC_EARG,
               "a blank");
    tap_is_int(smtpc_message_set_message_id(m, "a@b>\r\nX: <y"), SMTPC_EARG,
               "A9");
    tap_is_int(smtpc_message_set_message_id(m, "<a@b> <c@d>"), SMTPC_EARG,
               "two");
    memset(long_id, 'x', 1199);
    long_id[1199] = '\0';
    long_id[10] = '@';
    tap_is_int(smtpc_message_set_message_id(m, long_id), SMTPC_EARG,
               "too long");
    tap_is_str(rendered(m, "Message-ID"), "<c@d>", "and nothing changed");
    tap_is_int(smtpc_message_set_message_id(m, NULL), 0, "none");
    tap_ok(strstr(rendered(m, "Message-ID"), "@example.org>") != NULL,
           "is made");
}

static void threads(void)
{
    smtpc_message_t *m = message();
    apr_status_t rv = APR_SUCCESS;
    int i;

    tap_is_int(smtpc_message_set_in_reply_to(m, "two@x"), 0, "In-Reply-To");
    tap_is_int(smtpc_message_add_reference(m, "one@x"), 0, "References");
    tap_is_int(smtpc_message_add_reference(m, "<two@x>"), 0, "one more");
    tap_is_str(rendered(m, "In-Reply-To"), "<two@x>", "In-Reply-To");
    tap_is_str(rendered(m, "References"), "<one@x> <two@x>", "References");
    tap_is_int(smtpc_message_add_reference(m, "x"), SMTPC_EARG, "no id");
    tap_is_int(smtpc_message_add_reference(m, NULL), SMTPC_EARG, "none");
    for (i = 2; i < SMTPC_LIMIT_REFERENCES && rv == APR_SUCCESS; i++) {
        rv = smtpc_message_add_reference(
            m, apr_psprintf(tap_pool(), "%d.abcdefghijklmnopq@x.example", i));
    }
    tap_is_int(rv, 0, "as many as there may be");
    tap_is_int(smtpc_message_add_reference(m, "one@more"), SMTPC_ELIMIT,
               "one beyond");
    tap_ok(support_fold_problem(support_render(m, &(smtpc_render_t){ 0 },
                                               NULL, tap_pool()),
                                tap_pool()) == NULL, "folded");
    tap_is_int(smtpc_message_set_header(m, "References", NULL), 0, "gone");
    tap_ok(rendered(m, "References") == NULL, "indeed");
}

static void automatic(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_set_auto_submitted(m, SMTPC_AUTO_REPLIED), 0,
               "Auto-Submitted");
    tap_is_str(rendered(m, "Auto-Submitted"), "auto-replied", "is there");
    tap_is_int(smtpc_message_set_auto_submitted(m, (smtpc_auto_submitted_e)4),
               SMTPC_EARG, "no such value");
    tap_is_int(smtpc_message_set_auto_submitted(m, SMTPC_AUTO_NONE), 0,
               "none");
    tap_ok(rendered(m, "Auto-Submitted") == NULL, "is gone");
    tap_is_int(smtpc_message_set_bulk(m, 1), 0, "bulk");
    tap_is_str(rendered(m, "Precedence"), "bulk", "Precedence");
    tap_is_str(rendered(m, "X-Auto-Response-Suppress"), "All", "Exchange's");
    tap_is_int(smtpc_message_set_bulk(m, 0), 0, "not any more");
    tap_ok(rendered(m, "Precedence") == NULL, "gone");
    for (int i = 0; i < SMTPC_LIMIT_HEADERS - 1; i++) {
        if (smtpc_message_add_header(m, "X-Many", "x")) {
            tap_bail("%s", smtpc_message_error(m));
        }
    }
    tap_is_int(smtpc_message_set_bulk(m, 1), SMTPC_ELIMIT, "no room for both");
    tap_ok(rendered(m, "Precedence") == NULL, "then neither");
    m = message();
    tap_ok(rendered(m, "User-Agent") == NULL && rendered(m, "X-Mailer") == NULL,
           "nobody is told who we are");
}

static void receipts(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_set_disposition_notification_to(
                   m, "Gr\xc3\xbc <a@b.example>, c@d.example"), 0, "MDN");
    tap_is_str(rendered(m, "Disposition-Notification-To"),
               "=?utf-8?B?R3LDvA==?= <a@b.example>, c@d.example", "written");
    tap_is_str(smtpc_message_header(m, "Disposition-Notification-To"),
               "\"Gr\xc3\xbc\" <a@b.example>, c@d.example", "read back");
    tap_is_int(smtpc_message_set_disposition_notification_to(m, "a"),
               SMTPC_EARG, "no mailbox");
    tap_is_int(smtpc_message_add_header(m, "Disposition-Notification-To",
                                        "x@y.example"), SMTPC_EARG,
               "only through its function");
    tap_is_int(smtpc_message_set_return_receipt_to(m, "a@b.example"), 0,
               "Return-Receipt-To");
    tap_is_str(rendered(m, "Return-Receipt-To"), "a@b.example", "written");
    tap_is_int(smtpc_message_set_return_receipt_to(m, NULL), 0, "taken away");
    tap_ok(rendered(m, "Return-Receipt-To") == NULL, "gone");
}

static void envelope(void)
{
    smtpc_message_t *m = message();
    smtpc_envelope_t *e;
    const char *why;

    tap_is_int(smtpc_message_set_envelope(m, "", "x@y.example, z@y.example"),
               0, "null reverse path, other recipients");
    tap_is_int(smtpc__message_envelope(&e, &why, m, NULL, tap_pool()), 0,
               "envelope");
    tap_ok(e->sender == NULL, "<>");
    tap_is_int(smtpc__envelope_count(e), 2, "two recipients");
    tap_is_str(rendered(m, "To"), "to@example.org", "the header stays");
    tap_is_int(smtpc_message_set_envelope(m, "a@b.example", "x"), SMTPC_EARG,
               "a bad recipient");
    tap_is_int(smtpc_message_set_envelope(m, "a", NULL), SMTPC_EARG,
               "a bad sender");
    tap_is_int(smtpc__message_envelope(&e, &why, m, NULL, tap_pool()), 0,
               "envelope");
    tap_ok(e->sender == NULL && smtpc__envelope_count(e) == 2, "as before");
    tap_is_int(smtpc_message_set_envelope(m, NULL, NULL), 0, "the header's");
    tap_is_int(smtpc__message_envelope(&e, &why, m, NULL, tap_pool()), 0,
               "envelope");
    tap_is_str(smtpc_address_address(e->sender), "from@example.org", "From");
}

int main(void)
{
    identity();
    threads();
    automatic();
    receipts();
    envelope();
    return tap_done();
}
