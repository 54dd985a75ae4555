/* SPDX-License-Identifier: Apache-2.0 */
/* calendar_test.c: invitations. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

#define ICS "BEGIN:VCALENDAR\nVERSION:2.0\nMETHOD:REQUEST\nEND:VCALENDAR\n"

int main(void)
{
    static const smtpc_render_t how = { 0 };
    static const struct {
        const char *method;
        const char *ics;
    } bad[] = {
        { NULL, ICS }, { "", ICS }, { "A B", ICS }, { "A\r\nB", ICS },
        { "REQUEST; x=y", ICS }, { "CANCEL", ICS }, { "PUBLISH", ICS },
        { "REQUES", ICS },
        { "REQUEST", "" }, { "REQUEST", "VCALENDAR" },
        { "REQUEST", "BEGIN:VCALENDAR\n\xff" }
    };
    smtpc_message_t *m = support_message(tap_pool());
    char *text;

    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_is_int(smtpc_message_set_calendar(m, bad[i].method, bad[i].ics),
                   SMTPC_EARG, "row %d is refused: %s", (int)i,
                   smtpc_message_error(m));
    }
    if (smtpc_message_set_body(m, "come\n", SMTPC_BODY_TEXT)
        || smtpc_message_add_view(NULL, m, "text/html", "<p>come")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_int(smtpc_message_set_calendar(m, "Request", ICS), 0,
               "an invitation");
    text = support_render(m, &how, NULL, tap_pool());
    tap_is_str(support_outline(text, tap_pool()),
               "multipart/mixed(multipart/alternative(text/plain text/html "
               "text/calendar) application/ics)", "is a view and a file");
    tap_is_str(support_part(text, 3, tap_pool()),
               "Content-Type: text/calendar; method=Request;"
               " charset=us-ascii\r\n"
               "Content-Transfer-Encoding: 7bit\r\n\r\n"
               "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\n"
               "END:VCALENDAR\r\n", "the view");
    tap_ok(strstr(text, "Content-Type: application/ics; name=invite.ics\r\n"
                        "Content-Transfer-Encoding: base64\r\n"
                        "Content-Disposition: attachment;"
                        " filename=invite.ics\r\n") != NULL, "the file");
    tap_is_int(smtpc_message_attachment_count(m), 0, "which is not counted");
    tap_is_int(smtpc_message_set_calendar(m, NULL, NULL), 0, "taken away");
    tap_is_str(support_outline(support_render(m, &how, NULL, tap_pool()),
                               tap_pool()),
               "multipart/alternative(text/plain text/html)", "both of it");
    tap_is_int(smtpc_message_set_calendar(m, "X-OTHER",
                                          "begin:vcalendar\n"), 0,
               "a text without a method");
    return tap_done();
}
