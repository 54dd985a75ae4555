/* SPDX-License-Identifier: Apache-2.0 */
/* list_headers_test.c: the fields of mailing lists. */
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

static const char *rendered(const smtpc_message_t *m, const char *name)
{
    static const smtpc_render_t how = { 0 };
    char *text = support_render(m, &how, NULL, tap_pool());
    const char *problem = support_wire_problem(text, strlen(text));

    return problem != NULL ? problem : support_field(text, name, tap_pool());
}

static void urls(void)
{
    static const struct {
        const char *url;
        const char *want;
    } cases[] = {
        { "https://x.example/u?a=1&b=%20", "<https://x.example/u?a=1&b=%20>" },
        { "mailto:leave@x.example?subject=off",
          "<mailto:leave@x.example?subject=off>" },
        { "https://x.example/a b>,<\"\\y", "<https://x.example/a%20b%3E,%3C%22"
                                           "%5Cy>" },
        { "https://x.example/\xc3\xbc", "<https://x.example/%C3%BC>" }
    };
    static const char *const bad[] = {
        "", "x.example", "javascript:x", "mailto:", "https://",
        "https://x/\r\nBcc: a@b", "https://x/\n", "https://x/\t",
        "https://x/\x7f", "https://x/\xc2\x85", "https://x/\xe2\x80\xa8",
        "https://x/\xc0\x8a", "leave@x.example", "NO"
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        smtpc_message_t *m = message();

        tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_HELP,
                                              cases[i].url), 0, "%s",
                   cases[i].url);
        tap_is_str(rendered(m, "List-Help"), cases[i].want, "is written");
    }
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        smtpc_message_t *m = message();

        tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_ARCHIVE, bad[i]),
                   SMTPC_EARG, "no URL %d: %s", (int)i,
                   smtpc_message_error(m));
        tap_is_int(smtpc_message_header_count(m), 0, "nothing is added");
    }
}

static void limits(void)
{
    smtpc_message_t *m = message();
    char *url = apr_palloc(tap_pool(), SMTPC_LIMIT_LIST_URL + 1);
    apr_status_t rv = APR_SUCCESS;
    int count = 0;

    memset(url, 'x', SMTPC_LIMIT_LIST_URL);
    memcpy(url, "https://", 8);
    url[SMTPC_LIMIT_LIST_URL - 2] = '\0';
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE, url), 0,
               "at the limit");
    tap_ok(strlen(rendered(m, "List-Unsubscribe")) == SMTPC_LIMIT_LIST_URL,
           "is sent");
    url[SMTPC_LIMIT_LIST_URL - 2] = 'x';
    url[SMTPC_LIMIT_LIST_URL - 1] = '\0';
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE, url),
               SMTPC_ELIMIT, "one beyond");
    url[SMTPC_LIMIT_LIST_URL - 2] = '\0';
    while (rv == APR_SUCCESS && count++ < 1000) {
        rv = smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE, url);
    }
    tap_is_int(rv, SMTPC_ELIMIT, "too many after %d", count);
    tap_is_int(smtpc_message_add_list_url(m, (smtpc_list_e)6, url),
               SMTPC_EARG, "no such field");
}

static void one_click(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_set_list_one_click(m, 1), SMTPC_EARG,
               "without a URL");
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE,
                                          "mailto:off@x.example"), 0, "mail");
    tap_is_int(smtpc_message_set_list_one_click(m, 1), SMTPC_EARG,
               "without an https URL");
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE,
                                          "https://x.example/off"), 0, "web");
    tap_is_int(smtpc_message_set_list_one_click(m, 1), 0, "with both");
    tap_is_str(rendered(m, "List-Unsubscribe"),
               "<mailto:off@x.example>, <https://x.example/off>", "in order");
    tap_is_str(rendered(m, "List-Unsubscribe-Post"),
               "List-Unsubscribe=One-Click", "RFC 8058");
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE,
                                          "https://x.example/2"), SMTPC_EARG,
               "a second https URL would say which one is meant");
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_UNSUBSCRIBE, NULL), 0,
               "taken away");
    tap_ok(rendered(m, "List-Unsubscribe") == NULL
               && rendered(m, "List-Unsubscribe-Post") == NULL, "both of it");
    tap_is_int(smtpc_message_add_list_url(m, SMTPC_LIST_POST, "NO"), 0,
               "nobody may post");
    tap_is_str(rendered(m, "List-Post"), "NO", "RFC 2369 3.4");
}

static void list_id(void)
{
    static const char *const bad[] = {
        "", ".a", "a.", "a..b", "a b", "a>b", "a,b", "a@b", "\xc3\xbc.x",
        "a\r\nb"
    };
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_set_list_id(m, "news.x.example", NULL), 0, "id");
    tap_is_str(rendered(m, "List-Id"), "<news.x.example>", "alone");
    tap_is_int(smtpc_message_set_list_id(m, "news.x.example",
                                         "All, \"news\" <evil@x>"), 0,
               "and any text");
    tap_is_str(rendered(m, "List-Id"),
               "\"All, \\\"news\\\" <evil@x>\" <news.x.example>", "in quotes");
    tap_is_int(smtpc_message_set_list_id(m, "n.x", "\xc3\x9c" "ber"), 0,
               "text that is not ASCII");
    tap_is_str(rendered(m, "List-Id"), "=?utf-8?B?w5xiZXI=?= <n.x>",
               "is encoded");
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_is_int(smtpc_message_set_list_id(m, bad[i], NULL), SMTPC_EARG,
                   "\"%d\"", (int)i);
    }
    tap_is_int(smtpc_message_set_list_id(m, NULL, "x"), SMTPC_EARG, "no id");
    tap_is_int(smtpc_message_set_list_id(m, "a", "x\ny"), SMTPC_EARG,
               "a line end in the text");
    tap_is_str(rendered(m, "List-Id"), "=?utf-8?B?w5xiZXI=?= <n.x>",
               "nothing changed");
    tap_is_int(smtpc_message_set_list_id(m, NULL, NULL), 0, "taken away");
    tap_ok(rendered(m, "List-Id") == NULL, "gone");
}

int main(void)
{
    urls();
    limits();
    one_click();
    list_id();
    return tap_done();
}
