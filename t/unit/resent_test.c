/* SPDX-License-Identifier: Apache-2.0 */
/* resent_test.c: blocks of Resent fields. */
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

/* Sender and recipients of m in one string. */
static const char *envelope(const smtpc_message_t *m)
{
    smtpc_envelope_t *e;
    const char *why = "";
    const char *text;

    if (smtpc__message_envelope(&e, &why, m, NULL, tap_pool())) {
        return why;
    }
    text = smtpc_address_address(e->sender);
    for (apr_size_t i = 0; i < smtpc__envelope_count(e); i++) {
        text = apr_pstrcat(
            tap_pool(), text, " ",
            smtpc_address_address(smtpc__envelope_recipient(e, i)), NULL);
    }
    return text;
}

int main(void)
{
    static const smtpc_render_t how = { 0 };
    smtpc_message_t *m = message();
    smtpc_resent_t *first;
    smtpc_resent_t *second;
    apr_status_t rv = APR_SUCCESS;
    char *text;

    (void)support_env(tap_pool());
    tap_is_int(smtpc_message_add_resent(&first, m, "Ann <ann@a.example>"), 0,
               "a block");
    tap_is_int(smtpc_resent_add_to(first, "b@b.example, c@c.example"), 0,
               "To");
    tap_is_int(smtpc_resent_set_date(first,
                                     SUPPORT_NOW - apr_time_from_sec(60)), 0,
               "a date");
    tap_is_str(envelope(m), "ann@a.example b@b.example c@c.example",
               "the envelope is its");
    tap_is_int(smtpc_message_add_resent(&second, m, "d@d.example"), 0,
               "another block");
    tap_is_int(smtpc_resent_set_sender(second, "e@e.example"), 0, "Sender");
    tap_is_str(envelope(m), "the newest Resent block has no recipient",
               "it decides alone");
    tap_is_int(smtpc_resent_add_cc(second, "f@f.example"), 0, "Cc");
    tap_is_int(smtpc_resent_add_bcc(second, "g@g.example"), 0, "Bcc");
    tap_is_str(envelope(m), "e@e.example g@g.example f@f.example",
               "the newest decides");
    tap_is_int(smtpc_resent_add_to(second, "x"), SMTPC_EARG, "no mailbox");
    tap_is_int(smtpc_resent_add_to(second, "x@y.example\r\nBcc: z@y.example"),
               SMTPC_EARG, "a line end");
    tap_is_int(smtpc_message_add_resent(&second, m, "x"), SMTPC_EARG,
               "no mailbox");
    text = support_render(m, &how, NULL, tap_pool());
    text = apr_pstrmemdup(tap_pool(), text,
                          (apr_size_t)(strstr(text, "MIME-") - text));
    tap_is_str(text,
               "Resent-Date: Mon, 05 Jan 2026 09:03:07 +0100\r\n"
               "Resent-From: d@d.example\r\n"
               "Resent-Sender: e@e.example\r\n"
               "Resent-Cc: f@f.example\r\n"
               "Resent-Message-ID: <000102030405060708090a0b0c0d0e0f10111213"
               "@d.example>\r\n"
               "Resent-Date: Mon, 05 Jan 2026 09:02:07 +0100\r\n"
               "Resent-From: \"Ann\" <ann@a.example>\r\n"
               "Resent-To: b@b.example, c@c.example\r\n"
               "Resent-Message-ID: <1415161718191a1b1c1d1e1f2021222324252627"
               "@a.example>\r\n", "the newest on top, no Bcc");
    for (int i = 2; i < SMTPC_LIMIT_RESENT && rv == APR_SUCCESS; i++) {
        rv = smtpc_message_add_resent(&second, m, "h@h.example");
    }
    tap_is_int(rv, 0, "as many as there may be");
    tap_is_int(smtpc_message_add_resent(&second, m, "h@h.example"),
               SMTPC_ELIMIT, "one beyond");
    return tap_done();
}
