/* SPDX-License-Identifier: Apache-2.0 */
/* message_header_test.c: the fields of a message, with a client's. */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "../tap/tap.h"
#include "mime_support.h"

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")
        || smtpc_message_set_subject(m, "hi")) {
        tap_bail("no message");
    }
    return m;
}

/* The header of m in front of its content. */
static const char *header(const smtpc_message_t *m,
                          const smtpc_message_t *defaults,
                          const smtpc_message_t *forced)
{
    smtpc_render_t how = { 0 };
    char *text;

    how.defaults = defaults;
    how.forced = forced;
    text = support_render(m, &how, NULL, tap_pool());
    return apr_pstrmemdup(tap_pool(), text,
                          (apr_size_t)(strstr(text, "Content-") - text));
}

#define TAIL "MIME-Version: 1.0\r\nFrom: from@example.org\r\n" \
             "To: to@example.org\r\n"
#define DATE "Date: Mon, 05 Jan 2026 09:03:07 +0100\r\n" \
             "Message-ID: <000102030405060708090a0b0c0d0e0f10111213" \
             "@example.org>\r\nSubject: hi\r\n"

int main(void)
{
    smtpc_message_t *m = message();
    smtpc_message_t *defaults = message();
    smtpc_message_t *forced = message();
    int bad = 0;

    (void)support_env(tap_pool());
    tap_is_str(header(m, NULL, NULL), TAIL DATE, "nothing added");
    bad |= smtpc_message_add_header(m, "X-A", "mine");
    bad |= smtpc_message_add_header(m, "X-C", "mine");
    bad |= smtpc_message_add_header(defaults, "x-a", "default");
    bad |= smtpc_message_add_header(defaults, "X-B", "default 1");
    bad |= smtpc_message_add_header(defaults, "X-B", "default 2");
    bad |= smtpc_message_add_header(defaults, "X-D", "default");
    bad |= smtpc_message_add_header(forced, "x-c", "forced");
    bad |= smtpc_message_add_header(forced, "X-D", "forced");
    tap_ok(!bad, "fields");
    tap_is_str(header(m, defaults, forced),
               "X-A: mine\r\nX-B: default 1\r\nX-B: default 2\r\n"
               "x-c: forced\r\nX-D: forced\r\n" TAIL DATE,
               "defaults for what is missing, overrides for all");
    bad |= smtpc_message_set_priority(m, SMTPC_PRIORITY_HIGH);
    bad |= smtpc_message_add_header(defaults, "Importance", "low");
    tap_ok(strstr(header(m, defaults, NULL), "Importance: low") == NULL,
           "a priority is more than a default");
    bad |= smtpc_message_add_header(forced, "X-Priority", "3");
    tap_ok(strstr(header(m, NULL, forced), "X-Priority: 3\r\n") != NULL
               && strstr(header(m, NULL, forced), "urgent") == NULL
               && strstr(header(m, NULL, forced), "X-Priority: 1") == NULL,
           "but less than an override");
    tap_ok(!bad, "set");
    return tap_done();
}
