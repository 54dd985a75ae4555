/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_injection_test.c: addresses made to become something else on the
 * wire or in a header: parameters of MAIL and RCPT, further recipients,
 * further fields. Each is refused, or comes out between the brackets as one
 * path, the same in envelope and header.
 *
 * The ids are those of the classes: A2 a line end in a quoted local part, A3
 * parameters behind a quote (CVE-2025-59937), A4 characters whose low byte is
 * a line end, A12 encoded words in an address, A14 nesting and masses, A15
 * what a command line would take for an option, A17 Bcc, and one form for
 * envelope and header.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/buf.h"
#include "base/codec.h"
#include "base/limits.h"
#include "mime_support.h"
#include "proto/command.h"

/* U+760A and U+760D: as 8 bits LF and CR. */
#define LOW_LF "\xe7\x98\x8a"
#define LOW_CR "\xe7\x98\x8d"

static const struct {
    const char *id;
    const char *text;
    const char *path; /* what is between the brackets; NULL: refused */
} rows[] = {
    { "A2", "\"a\r\nRCPT TO:<x@y>\"@d", NULL },
    { "A2", "\"a\r\n b\"@d", NULL },
    { "A2", "\"a\\\r\\\nb\"@d", NULL },
    { "A2", "\"a\nDATA\"@d", NULL },
    { "A2", "\"a\rDATA\"@d", NULL },
    { "A2", "\"a\\\nb\"@d", NULL },
    { "A2", "<\"a\r\n\"@d>", NULL },
    { "A2", "\"\r\nBcc: x@y\" <a@d>", NULL },
    { "A2", "a@d\r\nRSET", NULL },
    { "A2", "a@[\r\n1.2.3.4]", NULL },
    { "A2", "a@d (\r\nRSET)", NULL },
    { "A2", "\"a\xc2\x85" "b\"@d", NULL },
    { "A2", "\"a\xe2\x80\xa8" "b\"@d", NULL },

    { "A3", "\"a@b> ORCPT=x\"@d", "\"a@b> ORCPT=x\"@d" },
    { "A3", "\"a@b> ORCPT=rfc822;x@y NOTIFY=NEVER <\"@d",
      "\"a@b> ORCPT=rfc822;x@y NOTIFY=NEVER <\"@d" },
    { "A3", "\"a@b> SIZE=1 BODY=8BITMIME AUTH=<>\"@d",
      "\"a@b> SIZE=1 BODY=8BITMIME AUTH=<>\"@d" },
    { "A3", "\"a> SMTPUTF8\"@d", "\"a> SMTPUTF8\"@d" },
    { "A3", "<\"a@b> ORCPT=x\"@d>", "\"a@b> ORCPT=x\"@d" },
    { "A3", "\"N\" <\"a@b> X=y\"@d>", "\"a@b> X=y\"@d" },
    { "A3", "\"a\\\"@b> ORCPT=x\"@d", "\"a\\\"@b> ORCPT=x\"@d" },
    { "A3", "\"a\\\\\\\"@b> ORCPT=x\"@d", "\"a\\\\\\\"@b> ORCPT=x\"@d" },
    { "A3", "\"a\\\\\"@b> ORCPT=x\"@d", NULL },
    { "A3", "\"a\\\\\"> ORCPT=x", NULL },
    { "A3", "\"\\a\\@\\b\\>\"@d", "\"a@b>\"@d" },
    { "A3", "\"a@b>(\"@d", "\"a@b>(\"@d" },
    { "A3", "(> ORCPT=x)a@d", "a@d" },
    { "A3", "a(@b> ORCPT=x)@d", "a@d" },
    { "A3", "a@d(> ORCPT=x)", "a@d" },
    { "A3", "a@d(\\)> ORCPT=x)", "a@d" },
    { "A3", "a@d(()> ORCPT=x", NULL },
    { "A3", "a@b> ORCPT=x@d", NULL },
    { "A3", "a@b>@d", NULL },
    { "A3", "<a@b> ORCPT=x", NULL },
    { "A3", "<a@b ORCPT=x>", NULL },
    { "A3", "<<a@b>@d>", NULL },
    { "A3", "a@b@d", NULL },
    { "A3", "\"a@b\"@c@d", NULL },
    { "A3", "@x,@y:a@d", NULL },
    { "A3", "a@[1.2.3.4> ORCPT=x]", NULL },
    { "A3", "a@[x>ORCPT=y]", NULL },
    { "A3", "a@[x]> ORCPT=y", NULL },
    { "A3", "a@[x,b@c]", NULL },
    { "A3", "a@[x\"y]", NULL },
    { "A3", "a@[x-tag:a/b!=c]", "a@[x-tag:a/b!=c]" },
    { "A3", "a@d\\> ORCPT=x", NULL },
    { "A3", "\"a\"> ORCPT=x\"@d", NULL },
    { "A3", "\"a\xe2\x80\x8b@b> X\"@d", NULL },
    { "A3", "a\xe2\x80\xae" "b@d", NULL },
    { "A3", "a\xef\xbc\x9e\xe3\x80\x80ORCPT=x@d", NULL },
    { "A3", "a\xef\xbc\x9e" "b@d", "a\xef\xbc\x9e" "b@d" },
    { "A3", "a@d\xef\xbc\x9e" "b", NULL },
    { "A3", "a@b\xef\xbc\xa0" "c@d", NULL },
    { "A3", "a@b\xe2\x92\x88" "d", NULL },
    { "A3", "a\xcd\xbe@d", "\"a;\"@d" },
    { "A3", "\"a\xe2\x89\xae" "b\"@d", "a\xe2\x89\xae" "b@d" },

    { "A4", "a" LOW_LF "b@d", "a" LOW_LF "b@d" },
    { "A4", "a" LOW_CR LOW_LF "RSET@d", "a" LOW_CR LOW_LF "RSET@d" },
    { "A4", "\"x " LOW_CR LOW_LF "y\" <a@d>", "a@d" },
    { "A4", "a@" LOW_CR LOW_LF ".d", "a@" LOW_CR LOW_LF ".d" },
    { "A4", "\"" LOW_CR LOW_LF " x\"@d", "\"" LOW_CR LOW_LF " x\"@d" },
    { "A4", "a\xc4\x8a\xc4\x8d@d", "a\xc4\x8a\xc4\x8d@d" },
    { "A4", "a@[" LOW_LF "]", NULL },

    { "A12", "=?utf-8?q?x=40y=3E?=@d", NULL },
    { "A12", "=?x?q?x?=a@d", NULL },
    { "A12", "<=?utf-8?b?YUBi?=@d>", NULL },
    { "A12", "\"=?utf-8?q?x?=\"@d", NULL },
    { "A12", "\"=\\?utf-8\\?q\\?x\\?=\"@d", NULL },
    { "A12", "a=?b@d", NULL },
    { "A12", "a@=?utf-8?q?x?=", NULL },
    { "A12", "a@[=?utf-8?q?x?=]", NULL },
    { "A12", "=?utf-8?q?x=40y?= <a@d>", "a@d" },

    { "A15", "-f@d", "-f@d" },
    { "A15", "--@d", "--@d" },
    { "A15", "-OQueueDirectory=/tmp@d", "-OQueueDirectory=/tmp@d" },
    { "A15", "\"-f -X/tmp/x\"@d", "\"-f -X/tmp/x\"@d" },
    { "A15", "\"a\\\" -X/tmp/x \"@d", "\"a\\\" -X/tmp/x \"@d" },
    { "A15", "'a'@d", "'a'@d" },
    { "A15", "$(a)@d", "$@d" },
    { "A15", "`a`@d", "`a`@d" },
    { "A15", "|/bin/a@d", "|/bin/a@d" },
    { "A15", "a@-d", NULL },
};

/* Return why line is not verb, one path in brackets and CRLF, or NULL: read
 * as a server does that knows quotes, and not by our parser. */
static const char *line_problem(const char *line, const char *verb)
{
    apr_size_t len = strlen(line);
    int quoted = 0;
    int literal = 0;
    const char *c;

    if (strncmp(line, verb, strlen(verb)) != 0) {
        return "another verb";
    }
    if (len < 2 || strpbrk(line, "\r\n") != line + len - 2
        || strcmp(line + len - 2, "\r\n") != 0) {
        return "a line end within";
    }
    for (c = line + strlen(verb); c < line + len - 2; c++) {
        if (*c == '\\' && quoted) {
            c++;
        }
        else if (*c == '"' && !literal) {
            quoted = !quoted;
        }
        else if (!quoted && (*c == '[' || *c == ']')) {
            literal = *c == '[';
        }
        else if (*c == '>' && !quoted && !literal) {
            return c[1] == '\r' ? NULL : "something behind the path";
        }
    }
    return "no end of the path";
}

/* Return the line that the command builder wrote, and empty the buffer. */
static const char *take(smtpc_buf_t *out)
{
    const char *line = apr_pstrmemdup(tap_pool(), smtpc__buf_bytes(out),
                                      smtpc__buf_used(out));

    smtpc__buf_clear(out);
    return line;
}

/* Check the command lines of an address. */
static void check_wire(const smtpc_address_t *address, const char *path)
{
    smtpc_mail_params_t params = { .size = SMTPC_LENGTH_UNKNOWN };
    smtpc_buf_t out;
    const char *line;
    int utf8;

    smtpc__buf_init(&out, SMTPC_LIMIT_ENVELOPE_LINE, tap_pool());
    for (utf8 = smtpc__address_needs_utf8(address); utf8 < 2; utf8++) {
        smtpc_rcpt_params_t rcpt = { .utf8 = utf8 };

        tap_is_int(smtpc__command_rcpt(&out, address, &rcpt), APR_SUCCESS,
                   "RCPT, utf8 %d", utf8);
        line = take(&out);
        tap_is_str(line_problem(line, "RCPT TO:<"), NULL, "has one path");
        if (utf8) {
            tap_is_str(line, apr_pstrcat(tap_pool(), "RCPT TO:<", path,
                                         ">\r\n", NULL),
                       "the normal form");
        }
        else {
            tap_ok(smtpc__is_ascii(line, strlen(line)), "is ASCII");
        }
    }
    tap_is_int(smtpc__command_mail(&out, address, &params), APR_SUCCESS,
               "MAIL");
    tap_is_str(line_problem(take(&out), "MAIL FROM:<"), NULL,
               "has one path, too");
}

/* Check that address as From and To is the only mailbox of these fields. */
static void check_header(const char *text, const smtpc_address_t *address)
{
    smtpc_render_t render = { .utf8 = 1 };
    const char *want = smtpc_address_address(address);
    smtpc_message_t *m;
    char *head;

    if (*smtpc_address_display_name(address) != '\0') {
        want = apr_pstrcat(tap_pool(), "<", want, ">", NULL);
    }
    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, text) || smtpc_message_add_to(m, text)
        || smtpc_message_set_body(m, "x\n", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    head = support_render(m, &render, NULL, tap_pool());
    if (head == NULL) {
        tap_bail("not rendered");
    }
    tap_is_str(support_wire_problem(head, strlen(head)), NULL,
               "the message can be sent");
    tap_is_str(support_fold_problem(head, tap_pool()), NULL,
               "its header is folded as it should be");
    for (int i = 0; i < 2; i++) {
        const char *field = support_field(head, i ? "From" : "To",
                                          tap_pool());
        apr_size_t cut = strlen(field) - strlen(want);

        tap_ok(strlen(field) >= strlen(want)
                   && strcmp(field + cut, want) == 0
                   && (cut == 0 || field[cut - 1] == ' '),
               "%s ends with %s", field, want);
    }
    tap_ok(support_field(head, "Bcc", tap_pool()) == NULL
               && support_field(head, "Cc", tap_pool()) == NULL,
           "no other field came up");
}

/* Check that no function takes text. */
static void check_refused(const char *text)
{
    smtpc_address_t *address;
    smtpc_address_list_t *list;
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())) {
        tap_bail("no message");
    }
    tap_is_int(smtpc_address_create(&address, text, "N", tap_pool()),
               SMTPC_EARG, "nor with a name beside it");
    tap_is_int(smtpc_address_list_parse(&list, text, tap_pool()), SMTPC_EARG,
               "nor in a list");
    tap_ok(smtpc_message_set_from(m, text) == SMTPC_EARG
               && smtpc_message_set_sender(m, text) == SMTPC_EARG
               && smtpc_message_add_to(m, text) == SMTPC_EARG
               && smtpc_message_add_cc(m, text) == SMTPC_EARG
               && smtpc_message_add_bcc(m, text) == SMTPC_EARG
               && smtpc_message_add_reply_to(m, text) == SMTPC_EARG,
           "nor does a message");
    tap_ok(smtpc_message_from(m) == NULL && smtpc_message_to_count(m) == 0,
           "which stays as it was");
}

static void matrix(void)
{
    int parameters = 0;
    apr_size_t i;

    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_address_t *address = NULL;
        const char *why = "";
        apr_status_t rv = smtpc_address_try(&address, &why, rows[i].text,
                                            tap_pool());

        parameters += strcmp(rows[i].id, "A3") == 0;
        tap_is_int(rv, rows[i].path != NULL ? APR_SUCCESS : SMTPC_EARG,
                   "%s %s (%s)", rows[i].id,
                   smtpc__escape(rows[i].text, strlen(rows[i].text), 200, 0,
                                 tap_pool()),
                   why);
        if (rv != APR_SUCCESS) {
            check_refused(rows[i].text);
            continue;
        }
        tap_is_str(smtpc_address_address(address), rows[i].path, "one path");
        check_wire(address, rows[i].path);
        check_header(rows[i].text, address);
    }
    tap_ok(parameters >= 24, "A3 has %d payloads", parameters);
}

/* A4 in each charset path: raw UTF-8 and encoded words. */
static void low_bytes(void)
{
    static const char text[] = "\"" LOW_CR LOW_LF "Bcc: x@y\" <a@" LOW_CR
                               LOW_LF ".d>";
    smtpc_render_t render = { .utf8 = 0 };
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, text) || smtpc_message_add_to(m, text)
        || smtpc_message_set_body(m, LOW_CR LOW_LF "\n", SMTPC_BODY_TEXT)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    for (render.utf8 = 0; render.utf8 < 2; render.utf8++) {
        for (render.eight_bit = 0; render.eight_bit < 2;
             render.eight_bit++) {
            char *all = support_render(m, &render, NULL, tap_pool());

            tap_ok(all != NULL
                       && support_wire_problem(all, strlen(all)) == NULL
                       && support_field(all, "Bcc", tap_pool()) == NULL,
                   "A4 utf8 %d, 8bit %d: no line end came out of it",
                   render.utf8, render.eight_bit);
            tap_ok(strstr(support_decode_words(
                              support_field(all, "To", tap_pool()),
                              tap_pool()),
                          LOW_CR LOW_LF "Bcc: x@y")
                       != NULL,
                   "and the name is the same");
        }
    }
}

/* A14: deep and many. The time is generous: it takes milliseconds. */
static void masses(void)
{
    static const char *const pieces[] = { "g:", "(", "<", "\"", "[", "@",
                                          ",", ";", "g:(", "g:<" };
    enum { DEPTH = 10000, SIZE = 1048576 };
    apr_size_t i;
    apr_size_t n;

    for (i = 0; i < 2 * sizeof(pieces) / sizeof(pieces[0]); i++) {
        const char *piece = pieces[i / 2];
        apr_size_t len = strlen(piece);
        apr_size_t count = i % 2 ? SIZE / len : DEPTH;
        char *text = apr_palloc(tap_pool(), count * len + 1);
        smtpc_address_list_t *list = NULL;
        apr_time_t began = apr_time_now();
        apr_status_t rv;

        for (n = 0; n < count; n++) {
            memcpy(text + n * len, piece, len);
        }
        text[count * len] = '\0';
        rv = smtpc_address_list_parse(&list, text, tap_pool());
        tap_ok((rv == SMTPC_EARG || rv == SMTPC_ELIMIT) && list == NULL,
               "A14 %" APR_SIZE_T_FMT " times %s", count, piece);
        tap_ok(apr_time_now() - began < apr_time_from_sec(10), "at once");
    }
}

/* A17: what the header says is what the envelope says, in each form, and of
 * Bcc the header says nothing. */
static void one_form(void)
{
    smtpc_render_t render = { .utf8 = 0 };
    smtpc_envelope_t *envelope = NULL;
    smtpc_message_t *m;
    const char *why;
    char *all;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "\"ann\"@EXAMPLE.net")
        || smtpc_message_add_to(m, "x@B\xc3\x9c" "CHER.example, "
                                   "G: \"y\"@bu\xcc\x88" "cher.Example;")
        || smtpc_message_add_bcc(m, "Secret <hidden@h\xc3\xb6" "f.example>, "
                                    "H: other@hidden.example;")
        || smtpc_message_set_body(m, "x\n", SMTPC_BODY_TEXT)
        || smtpc__message_envelope(&envelope, &why, m, NULL, tap_pool())) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(smtpc__address_ascii(envelope->sender), "ann@example.net",
               "A17 the sender has one form");
    tap_is_int(smtpc__envelope_count(envelope), 4, "four recipients");
    tap_is_str(smtpc__address_ascii(smtpc__envelope_recipient(envelope, 1)),
               "y@xn--bcher-kva.example", "the second one's envelope");
    for (render.utf8 = 0; render.utf8 < 2; render.utf8++) {
        all = support_render(m, &render, NULL, tap_pool());
        tap_is_str(support_field(all, "From", tap_pool()), "ann@example.net",
                   "From, utf8 %d", render.utf8);
        tap_is_str(support_field(all, "To", tap_pool()),
                   render.utf8
                       ? "x@b\xc3\xbc" "cher.example, y@b\xc3\xbc"
                         "cher.example"
                       : "x@xn--bcher-kva.example, y@xn--bcher-kva.example",
                   "To");
        tap_ok(strcasestr(all, "bcc") == NULL && strstr(all, "hidden") == NULL
                   && strstr(all, "ecret") == NULL
                   && strstr(all, "xn--hf-fka") == NULL,
               "nothing of Bcc");
    }
}

int main(void)
{
    tap_pool();
    matrix();
    low_bytes();
    masses();
    one_form();
    return tap_done();
}
