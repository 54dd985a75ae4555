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
    smtpc_render_t render = { .utf8 = 1, .pickup = 1 };
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

/* The four lists, with the functions that change each. */
static const struct {
    const char *name;
    apr_status_t (*add)(smtpc_message_t *m, const smtpc_address_t *address);
    apr_status_t (*remove)(smtpc_message_t *m, apr_size_t i);
    apr_status_t (*clear)(smtpc_message_t *m);
    apr_size_t (*count)(const smtpc_message_t *m);
    const smtpc_address_t *(*get)(const smtpc_message_t *m, apr_size_t i);
} lists[] = {
    { "To", smtpc_message_add_to_address, smtpc_message_remove_to,
      smtpc_message_clear_to, smtpc_message_to_count, smtpc_message_to },
    { "Cc", smtpc_message_add_cc_address, smtpc_message_remove_cc,
      smtpc_message_clear_cc, smtpc_message_cc_count, smtpc_message_cc },
    { "Bcc", smtpc_message_add_bcc_address, smtpc_message_remove_bcc,
      smtpc_message_clear_bcc, smtpc_message_bcc_count, smtpc_message_bcc },
    { "Reply-To", smtpc_message_add_reply_to_address,
      smtpc_message_remove_reply_to, smtpc_message_clear_reply_to,
      smtpc_message_reply_to_count, smtpc_message_reply_to }
};
#define LISTS (sizeof(lists) / sizeof(*lists))

/* The parsed mailbox text, in a pool that is destroyed before it is used. */
static void add_parsed(apr_size_t list, smtpc_message_t *m, const char *text)
{
    smtpc_address_t *address;
    apr_pool_t *pool;

    apr_pool_create(&pool, tap_pool());
    if (smtpc_address_parse(&address, text, pool)) {
        tap_bail("not parsed: %s", text);
    }
    tap_is_int(lists[list].add(m, address), 0, "%s: %s", lists[list].name,
               text);
    apr_pool_destroy(pool);
}

/* The lists other than number k have n mailboxes. */
static int others_have(smtpc_message_t *m, apr_size_t k, apr_size_t n)
{
    for (apr_size_t i = 0; i < LISTS; i++) {
        if (i != k && lists[i].count(m) != n) {
            return 0;
        }
    }
    return 1;
}

static void changed_lists(void)
{
    for (apr_size_t i = 0; i < LISTS; i++) {
        smtpc_message_t *m;
        const smtpc_address_t *first;

        if (smtpc_message_create(&m, tap_pool())) {
            tap_bail("no message");
        }
        add_parsed(i, m, "One <one@example.org>");
        add_parsed(i, m, "two@example.org");
        add_parsed(i, m, "three@example.org");
        tap_ok(lists[i].count(m) == 3 && others_have(m, i, 0),
               "three, in this list only");
        tap_is_str(smtpc_address_format(lists[i].get(m, 0), tap_pool()),
                   "\"One\" <one@example.org>", "copied");
        tap_is_int(lists[i].add(m, NULL), SMTPC_EARG, "none");
        tap_is_int(lists[i].remove(m, 3), SMTPC_EARG, "beyond the end");
        tap_is_int(lists[i].remove(m, (apr_size_t)-1), SMTPC_EARG,
                   "far beyond");
        tap_ok(strstr(smtpc_message_error(m), lists[i].name)
                   == smtpc_message_error(m), "%s", smtpc_message_error(m));
        tap_is_int(lists[i].count(m), 3, "takes none out");
        first = lists[i].get(m, 0);
        tap_is_int(lists[i].remove(m, 1), 0, "the one in the middle");
        tap_ok(lists[i].count(m) == 2 && lists[i].get(m, 0) == first,
               "the one in front stays");
        tap_is_str(smtpc_address_address(lists[i].get(m, 1)),
                   "three@example.org", "the last moves up");
        tap_is_int(lists[i].remove(m, 1), 0, "the last");
        tap_ok(lists[i].count(m) == 1 && lists[i].get(m, 1) == NULL,
               "one is left");
        for (apr_size_t k = 0; k < LISTS; k++) {
            if (k != i) {
                add_parsed(k, m, "x@example.org");
            }
        }
        tap_is_int(lists[i].clear(m), 0, "cleared");
        tap_ok(lists[i].count(m) == 0 && others_have(m, i, 1),
               "is empty, the others are not");
        tap_is_int(lists[i].remove(m, 0), SMTPC_EARG, "none to take out");
        tap_is_str(smtpc_address_display_name(first), "One",
                   "what was read stays valid");
    }
}

static void sender_address(void)
{
    smtpc_message_t *m = message();
    smtpc_address_t *address;
    apr_pool_t *pool;

    apr_pool_create(&pool, tap_pool());
    if (smtpc_address_parse(&address, "Some One <one@example.org>", pool)) {
        tap_bail("not parsed");
    }
    tap_is_int(smtpc_message_set_sender_address(m, address), 0, "sender");
    apr_pool_destroy(pool);
    tap_is_str(smtpc_address_format(smtpc_message_sender(m), tap_pool()),
               "\"Some One\" <one@example.org>", "is copied");
    tap_is_int(smtpc_message_set_sender_address(m, NULL), 0, "none");
    tap_ok(smtpc_message_sender(m) == NULL, "takes it away");
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
    tap_is_int(smtpc_message_priority(m), SMTPC_PRIORITY_NORMAL,
               "priority that was never set");
    tap_is_int(smtpc_message_set_priority(m, SMTPC_PRIORITY_LOW), 0, "low");
    tap_is_int(smtpc_message_set_priority(m, (smtpc_priority_e)3),
               SMTPC_EARG, "no such priority");
    tap_is_int(smtpc_message_priority(m), SMTPC_PRIORITY_LOW, "still low");
    tap_is_int(smtpc_message_set_priority(m, SMTPC_PRIORITY_NORMAL), 0,
               "normal");
    tap_is_int(smtpc_message_priority(m), SMTPC_PRIORITY_NORMAL, "again");
}

static void recipients_limit(void)
{
    smtpc_message_t *m;
    smtpc_address_t *one;
    char *list = apr_pstrdup(tap_pool(), "a@b.org");

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_address_parse(&one, "a@b.org", tap_pool())) {
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
    tap_is_int(smtpc_message_add_cc_address(m, one), SMTPC_ELIMIT,
               "nor parsed before");
    tap_is_int(smtpc_message_to_count(m) + smtpc_message_cc_count(m), 0,
               "is not added");
    tap_is_int(smtpc_message_remove_bcc(m, 0), 0, "one less");
    tap_is_int(smtpc_message_add_cc_address(m, one), 0, "makes room");
    tap_is_int(smtpc_message_add_cc_address(m, one), SMTPC_ELIMIT,
               "for one");
}

int main(void)
{
    smtpc_message_t *m = message();

    tap_is_str(smtpc_message_error(m), "", "no error yet");
    injections();
    addresses();
    changed_lists();
    sender_address();
    texts();
    recipients_limit();
    return tap_done();
}
