/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_test.c: the setters of a message: what they take, what they refuse,
 * and that a refusal changes nothing. The matrix of injections through the
 * message API is here; message_field_test and attachment_test have the rest.
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"

/* Injections: every way to end or hide a line, and what is no UTF-8. */
static const char *const attacks[] = {
    "\r", "\n", "\r\n", "\r\n ", "\t", "\x7f", "\x01", "\xc2\x85",
    "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc0\x8d\xc0\x8a", "\xff"
};
#define ATTACKS (sizeof(attacks) / sizeof(*attacks))

typedef apr_status_t (*setter_t)(smtpc_message_t *message, const char *text);

static apr_status_t add_header_value(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(m, "X-A", text);
}

static apr_status_t add_header_name(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(m, text, "value");
}

static apr_status_t add_message_id(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(
        m, "Message-ID", apr_pstrcat(tap_pool(), "<", text, "@x>", NULL));
}

static apr_status_t add_references(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(m, "References", text);
}

static apr_status_t add_date(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(
        m, "Date", apr_pstrcat(tap_pool(), "Mon, 05 Jan 2026 09:03:07 +0100",
                               text, NULL));
}

static apr_status_t add_list_header(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_header(
        m, "List-Unsubscribe",
        apr_pstrcat(tap_pool(), "<https://x/", text, ">", NULL));
}

static apr_status_t attach_name(smtpc_message_t *m, const char *text)
{
    return smtpc_message_attach_bytes(NULL, m, text, NULL, "x", 1);
}

static apr_status_t attach_type(smtpc_message_t *m, const char *text)
{
    return smtpc_message_attach_bytes(
        NULL, m, "a", apr_pstrcat(tap_pool(), "text/plain; a=\"", text, "\"",
                                  NULL), "x", 1);
}

static apr_status_t display_name(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_to(
        m, apr_pstrcat(tap_pool(), "\"", text, "\" <a@b.org>", NULL));
}

static apr_status_t local_part(smtpc_message_t *m, const char *text)
{
    return smtpc_message_add_to(
        m, apr_pstrcat(tap_pool(), "\"", text, "\"@b.org", NULL));
}

/* Everything that a message shows of itself, and what it renders to. */
static char *state(smtpc_message_t *m)
{
    smtpc_render_t render = { 0, 1, 1, NULL };
    char *bytes = support_render(m, &render, NULL, tap_pool());

    return apr_psprintf(tap_pool(), "%d %d %d %d %d\n%s",
                        (int)smtpc_message_to_count(m),
                        (int)smtpc_message_cc_count(m),
                        (int)smtpc_message_bcc_count(m),
                        (int)smtpc_message_reply_to_count(m),
                        (int)smtpc_message_attachment_count(m),
                        bytes != NULL ? bytes : "not rendered");
}

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "From <from@example.org>")
        || smtpc_message_set_sender(m, "sender@example.org")
        || smtpc_message_add_to(m, "to@example.org")
        || smtpc_message_add_reply_to(m, "reply@example.org")
        || smtpc_message_set_subject(m, "subject")
        || smtpc_message_set_body(m, "body\n", SMTPC_BODY_TEXT)) {
        tap_bail("no message: %s", smtpc_message_error(m));
    }
    return m;
}

static void injections(void)
{
    static const struct {
        const char *name;
        setter_t set;
        const char *around; /* valid with something else for the % */
    } setters[] = {
        { "from", smtpc_message_set_from, "a%@b.org" },
        { "from domain", smtpc_message_set_from, "a@b%.org" },
        { "from name", smtpc_message_set_from, "\"A%B\" <a@b.org>" },
        { "sender", smtpc_message_set_sender, "a%@b.org" },
        { "to", smtpc_message_add_to, "a%@b.org" },
        { "to, second", smtpc_message_add_to, "a@b.org, c%@d.org" },
        { "cc", smtpc_message_add_cc, "a%@b.org" },
        { "bcc", smtpc_message_add_bcc, "a%@b.org" },
        { "reply-to", smtpc_message_add_reply_to, "a%@b.org" },
        { "display name", display_name, "A%B" },
        { "quoted local part", local_part, "a%b" },
        { "subject", smtpc_message_set_subject, "a%b" },
        { "subject end", smtpc_message_set_subject, "a%" },
        { "header value", add_header_value, "a%b" },
        { "header name", add_header_name, "X-%B" },
        { "message-id", add_message_id, "a%b" },
        { "references", add_references, "<a%b@c>" },
        { "date", add_date, "%" },
        { "list-unsubscribe", add_list_header, "a%b" },
        { "file name", attach_name, "a%b.txt" },
        { "content type parameter", attach_type, "a%b" }
    };
    smtpc_message_t *m = message();
    char *before = state(m);

    for (apr_size_t i = 0; i < sizeof(setters) / sizeof(*setters); i++) {
        const char *mark = strchr(setters[i].around, '%');
        const char *front = apr_pstrmemdup(
            tap_pool(), setters[i].around,
            (apr_size_t)(mark - setters[i].around));

        for (apr_size_t k = 0; k < ATTACKS; k++) {
            const char *text = apr_pstrcat(tap_pool(), front, attacks[k],
                                           mark + 1, NULL);

            tap_is_int(setters[i].set(m, text), SMTPC_EARG, "%s, attack %d",
                       setters[i].name, (int)k);
            tap_ok(*smtpc_message_error(m) != '\0'
                       && strpbrk(smtpc_message_error(m), "\r\n") == NULL,
                   "with a reason on one line");
        }
    }
    tap_is_str(state(m), before, "the message is as before");
}

static void addresses(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_add_to(m, "a@b.org, C <c@d.org>"), 0, "two more");
    tap_is_int(smtpc_message_to_count(m), 3, "make three");
    tap_is_str(smtpc_address_address(smtpc_message_to(m, 0)),
               "to@example.org", "first");
    tap_is_str(smtpc_address_display_name(smtpc_message_to(m, 2)), "C",
               "last");
    tap_ok(smtpc_message_to(m, 3) == NULL, "none beyond");
    tap_is_int(smtpc_message_add_to(m, "e@f.org, nonsense"), SMTPC_EARG,
               "one of two is wrong");
    tap_is_int(smtpc_message_to_count(m), 3, "neither is added");
    tap_ok(strncmp(smtpc_message_error(m), "To: ", 4) == 0,
           "the error names the field: %s", smtpc_message_error(m));
    tap_is_int(smtpc_message_add_cc(m, "x@y.org"), 0, "cc");
    tap_is_str(smtpc_address_address(smtpc_message_cc(m, 0)), "x@y.org",
               "is there");
    tap_is_int(smtpc_message_add_bcc(m, "z@y.org"), 0, "bcc");
    tap_is_str(smtpc_address_address(smtpc_message_bcc(m, 0)), "z@y.org",
               "is there");
    tap_is_str(smtpc_address_address(smtpc_message_reply_to(m, 0)),
               "reply@example.org", "reply-to");
    tap_is_str(smtpc_address_address(smtpc_message_sender(m)),
               "sender@example.org", "sender");
    tap_is_int(smtpc_message_set_sender(m, NULL), 0, "taken away");
    tap_ok(smtpc_message_sender(m) == NULL, "is gone");
    tap_is_int(smtpc_message_set_from_address(m, smtpc_message_cc(m, 0)), 0,
               "from, parsed before");
    tap_is_str(smtpc_address_address(smtpc_message_from(m)), "x@y.org",
               "is there");
    tap_is_int(smtpc_message_set_from(m, NULL), SMTPC_EARG, "no from");
    tap_is_int(smtpc_message_set_from_address(m, NULL), SMTPC_EARG,
               "no from address");
    tap_is_int(smtpc_message_add_to(m, NULL), SMTPC_EARG, "no to");
    tap_is_int(smtpc_message_set_from(m, "a@b.org, c@d.org"), SMTPC_EARG,
               "two are not one");
    tap_is_int(smtpc_message_add_to(m, ""), SMTPC_EARG, "empty");
}

static void texts(void)
{
    smtpc_message_t *m = message();
    char *value = apr_pcalloc(tap_pool(), SMTPC_LIMIT_HEADER_VALUE + 2);

    memset(value, 'a', SMTPC_LIMIT_HEADER_VALUE);
    tap_is_int(smtpc_message_set_subject(m, value), 0, "subject at the limit");
    value[SMTPC_LIMIT_HEADER_VALUE] = 'a';
    tap_is_int(smtpc_message_set_subject(m, value), SMTPC_ELIMIT,
               "one beyond");
    tap_is_int(strlen(smtpc_message_subject(m)), SMTPC_LIMIT_HEADER_VALUE,
               "keeps the one before");
    tap_is_int(smtpc_message_set_subject(m, NULL), 0, "none");
    tap_is_str(smtpc_message_subject(m), "", "is empty");

    tap_is_int(smtpc_message_set_body(m, "a\xff", SMTPC_BODY_TEXT),
               SMTPC_EARG, "body that is no UTF-8");
    tap_is_int(smtpc_message_set_body(m, "a", (smtpc_body_type_e)2),
               SMTPC_EARG, "no such body type");
    tap_is_int(smtpc_message_set_body(m, NULL, SMTPC_BODY_HTML), 0,
               "no body");
    tap_is_int(smtpc_message_set_body_source(m, NULL, SMTPC_BODY_TEXT),
               SMTPC_EARG, "no body source");
    tap_is_int(smtpc_message_set_priority(m, (smtpc_priority_e)3),
               SMTPC_EARG, "no such priority");
    tap_is_int(smtpc_message_set_priority(m, SMTPC_PRIORITY_LOW), 0, "low");
}

static void recipients_limit(void)
{
    smtpc_message_t *m;
    char *list = apr_pstrdup(tap_pool(), "a@b.org");

    if (smtpc_message_create(&m, tap_pool())) {
        tap_bail("no message");
    }
    for (int i = 1; i < 1000; i++) {
        list = apr_pstrcat(tap_pool(), "a@b.org,", list, NULL);
        if (i % 50 == 0) {
            list = apr_pstrdup(tap_pool(), list);
        }
    }
    for (int i = 0; i < SMTPC_LIMIT_RECIPIENTS / 1000; i++) {
        if (smtpc_message_add_bcc(m, list)) {
            tap_fail("a thousand more: %s", smtpc_message_error(m));
        }
    }
    tap_is_int(smtpc_message_bcc_count(m), SMTPC_LIMIT_RECIPIENTS,
               "recipients at the limit");
    tap_is_int(smtpc_message_add_to(m, "a@b.org"), SMTPC_ELIMIT,
               "one beyond, in whatever list");
    tap_is_int(smtpc_message_to_count(m), 0, "is not added");
}

int main(void)
{
    smtpc_message_t *m = message();

    tap_is_str(smtpc_message_error(m), "", "no error yet");
    injections();
    addresses();
    texts();
    recipients_limit();
    return tap_done();
}
