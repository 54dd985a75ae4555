/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_parse_test.c: which texts are one mailbox, and what is said of
 * those that are not.
 *
 * The accepted ones follow .NET's MailAddress but where its reading could
 * send mail elsewhere than the writer meant; those are among the refused.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "model/address_int.h"
#include "model/address_parse.h"

static const struct {
    const char *text;
    const char *name;
    const char *address;
} accepted[] = {
    { "a@b", "", "a@b" },
    { "<a@b>", "", "a@b" },
    { "  a@b  ", "", "a@b" },
    { " < a @ b > ", "", "a@b" },
    { "name <a@b>", "name", "a@b" },
    { "two names <a@b>", "two names", "a@b" },
    { "    leading blanks  <a@b>", "leading blanks", "a@b" },
    { "name<a@b>", "name", "a@b" },
    { "a.b <c@d.e>", "a.b", "c@d.e" },
    { "\"name\" <a@b>", "name", "a@b" },
    { "\"name\"<a@b>", "name", "a@b" },
    { "\"name\" a@b", "name", "a@b" },
    { "\"name\"a@b", "name", "a@b" },
    { "\"name\"\"a\"@b", "name", "a@b" },
    { "\" comma, in \" a@b", " comma, in ", "a@b" },
    { "\"a@b\" <c@d>", "a@b", "c@d" },
    { "\"\" <a@b>", "", "a@b" },
    { "\"\\\"ends\" a@b", "\"ends", "a@b" },
    { "\"mid\\\"dle\" a@b", "mid\"dle", "a@b" },
    { "\"back\\\\slash\" a@b", "back\\slash", "a@b" },
    { "name a@b", "name", "a@b" },
    { "two names a@b", "two names", "a@b" },
    { "name \"quoted user\"@b", "name", "\"quoted user\"@b" },
    { "Square[Bracket <a@b>", "Square[Bracket", "a@b" },
    { "DOMAIN\\user <a@b>", "DOMAIN\\user", "a@b" },
    { "Quote\\ed a@b", "Quote\\ed", "a@b" },
    { "O'Neil & Sons <a@b>", "O'Neil & Sons", "a@b" },
    { "Dr. M\xc3\xbcller <a@b>", "Dr. M\xc3\xbcller", "a@b" },
    { "\"Dr. M\xc3\xbcller\" <a@b>", "Dr. M\xc3\xbcller", "a@b" },
    { "\"esc\\\xc3\xa9\" <a@b>", "esc\xc3\xa9", "a@b" },
    { "\xe3\x81\x84 \xe3\x81\xa9 \xe3\x81\x84.\xe3\x81\xa9@\xe3\x81\x84.c",
      "\xe3\x81\x84 \xe3\x81\xa9",
      "\xe3\x81\x84.\xe3\x81\xa9@\xe3\x81\x84.c" },
    { "=?utf-8?q?Ann?= <a@b>", "=?utf-8?q?Ann?=", "a@b" },
    { "(c)n(c)<(c)a.b(c)@(c)d.e(c)>(c)", "(c)n(c)", "a.b@d.e" },
    { "(c)\"n\"(c)<(c)\"a\"(c)@(c)d(c)>", "n", "a@d" },
    { "(c)a(c)@(c)d(c)", "", "a@d" },
    { "(c)a(c)@(c)[1.2.3.4](c)", "", "a@[1.2.3.4]" },
    { "name (ignored) a@b", "name", "a@b" },
    { "name (kept) <a@b>", "name (kept)", "a@b" },
    { "\"name\" (ignored) <a@b>", "name", "a@b" },
    { "\"(no)name(no)\"(comment) <a@b>", "(no)name(no)", "a@b" },
    { "((nested) (twice (deep))) <a@b>", "((nested) (twice (deep)))",
      "a@b" },
    { "(escaped \\) \\( one) <a@b>", "(escaped \\) \\( one)", "a@b" },
    { "<a@b> (two) (comments)", "", "a@b" },
    { "a@b (c@d)", "", "a@b" },
    { "\"Spaced Out\"@b", "", "\"Spaced Out\"@b" },
    { "\"te\\@st\"@b", "", "\"te@st\"@b" },
    { "\"a)b\"@c", "", "\"a)b\"@c" },
    { "\".a\"@b", "", "\".a\"@b" },
    { "customer/department=shipping@b", "",
      "customer/department=shipping@b" },
    { "$A12345@b", "", "$A12345@b" },
    { "user+box@b", "", "user+box@b" },
    { "!def!xyz%abc@b", "", "!def!xyz%abc@b" },
    { "_some{|}~`^#*?'@b", "", "_some{|}~`^#*?'@b" },
    { "a..b@c", "", "\"a..b\"@c" },
    { "a..b...@c", "", "\"a..b...\"@c" },
    { "a@_b.c", "", "a@_b.c" },
    { "a@[mail.com]", "", "a@[mail.com]" },
    { "a@[x-tag:any/thing!]", "", "a@[x-tag:any/thing!]" },
    { "a@[IPv6:::ffff:1.2.3.4]", "", "a@[IPv6:::ffff:1.2.3.4]" },
};

static void accepting(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        smtpc_address_t *address = NULL;
        const char *why = "";
        apr_status_t rv;

        rv = smtpc_address_try(&address, &why, accepted[i].text, tap_pool());
        if (!tap_is_int(rv, APR_SUCCESS, "mailbox: %s (%s)", accepted[i].text,
                        why)) {
            continue;
        }
        tap_is_str(smtpc_address_display_name(address), accepted[i].name,
                   "its name");
        tap_is_str(smtpc_address_address(address), accepted[i].address,
                   "its address");
    }
}

static const struct {
    const char *text;
    const char *why;
} refused[] = {
    { "", "empty" },
    { " ", "no address at character 2 of \" \"" },
    { "(c)", "no address" },
    { "a", "no @" },
    { "a b", "no @" },
    { "<a>", "no @ at character 3" },
    { "@b", "nothing before the @ at character 1" },
    { "<@b>", "nothing before the @" },
    { "name @b.c@d", "two @" },
    { "a@", "no domain at character 3 of \"a@\"" },
    { "<a@>", "no domain" },
    { "<>", "nothing before the @" },
    { "a@b@c", "two @ at character 4 of \"a@b@c\"" },
    { "<a@b@c>", "two @" },
    { "a@b c", "text behind the address at character 5" },
    { "a@b <c@d>", "text behind the address" },
    { "<a@b> <c@d>", "text behind the address" },
    { "<a@b> c", "text behind the address" },
    { "<a@b>>", "a > without its <" },
    { "missing@bracket>", "a > without its <" },
    { "<a@b", "a < that is not closed at character 1" },
    { "<<a@b>>", "nothing before the @" },
    { "<x <a@b>", "no @" },
    { "a <b <c@d>", "no @" },
    { "a@b;N <c@d>", "a semicolon" },
    { "N; <c@d>", "a semicolon" },
    { "a@b, c@d", "a comma where one address is wanted" },
    { "Doe, John <a@b>", "a comma" },
    { "friends: a@b, c@d;", "groups stand in lists only" },
    { ":a@b", "a colon" },
    { "mailto:a@b", "a colon" },
    { "<@r,@s:a@b>", "nothing before the @" },
    { ".a@b", "a dot that begins" },
    { "...a@b", "a dot that begins" },
    { "a@.b", "domain" },
    { "a@b..c", "domain" },
    { "a@b.", "domain" },
    { "a@-b", "domain" },
    { "a@b_!c", "domain" },
    { "a@b/c", "domain" },
    { "a@127.0.0.1", "write it in brackets" },
    { "a@1.2.3", "domain" },
    { "a@\"b\"", "a quote in the domain" },
    { "a@b\"c\"", "text behind the address" },
    { "\"a\".b@c", "a dot that begins" },
    { "\"a\".\"b\"@c", "partly in quotes" },
    { "<\"a\".\"b\"@c>", "no @" },
    { "a.\"b\"@c", "a quote in the middle" },
    { "name\"a\"@b", "a quote in the middle" },
    { "test \"test\" a@b", "partly in quotes" },
    { "\"test\" \"test\" a@b", "partly in quotes" },
    { "\"test\" test a@b", "partly in quotes" },
    { "\"test\"test a@b", "partly in quotes" },
    { "Bob \"b\" <a@b>", "partly in quotes" },
    { "\"unbalanced\"q\" \"a\"@b", "a quote that is not closed" },
    { "\"a@b", "a quote that is not closed at character 1" },
    { "\"a\\\"@b", "a quote that is not closed" },
    { "\"\"@b", "nothing before the @" },
    { "test[test]@b", "only have in quotes at character 5" },
    { "te\\st@b", "only have in quotes" },
    { "[domain]", "no @" },
    { "a@[", "a bracket that is not closed" },
    { "a@[]", "literal" },
    { "a@[ 1.2.3.4 ]", "literal" },
    { "a@[1.2.3.256]", "literal" },
    { "a@[a\\b]", "literal" },
    { "a@[a[b]", "literal" },
    { "a@[IPv6:1.2.3.4]", "IPv6" },
    { "a@[b\xe3\x81\xa9]", "literal" },
    { "a@[b]c", "text behind the address" },
    { "(a@b", "a parenthesis that is not closed at character 1" },
    { "a@b (c", "a parenthesis that is not closed" },
    { "a@b)", "a parenthesis that was not opened" },
    { ")a@b", "a parenthesis that was not opened" },
    { "(d)d(\\", "a parenthesis that is not closed" },
    { "(c\\) <a@b>", "a parenthesis that is not closed" },
    { "=?utf-8?q?a?=@b", "encoded-word" },
    { "\"=?utf-8?q?a@c?= x\"@b", "encoded-word" },
    { "a\xc2\xa0@b", "invisible" },
    { "a\xe2\x80\xae" "b@c", "invisible" },
    { "\xef\xbb\xbf" "a@b", "invisible" },
    { "\"a\xe2\x81\xa6\"@b", "invisible" },
    { "a\xe3\x80\x80@b", "invisible" },
    { "a\xcd\x8f@b", "invisible" },
    { "a\xe2\xa0\x80@b", "invisible" },
    { "a\xf0\x9f\xbf\xbe@b", "invisible" },
    { "a\xe2\x80\x80@b", "invisible" },
    { "<\xcc\xb8" "a@b>", "changes what is before it" },
    { "\xcc\xa7\xcc\xb8" "a@b", "changes what is before it" },
    { "\"\xcc\xb8\"@b", "changes what is before it" },
    { "a@\xcc\xb8" "b", "domain" },
    { "a@b\xcd\xbe" "c", "domain" },
    { "a@b\xff.c", "invalid UTF-8 at character 4 of \"a@b\\xFF.c\"" },
    { "a\xed\xa0\x80@b", "UTF-8" },
    { "\xc0\xaf <a@b>", "UTF-8" },
    { "a@b\xe2\x80\xae.c", "domain" },
    { "a@b\xef\xbc\xa0" "c.d", "domain" },
    { "a@\xc3\xa9..c", "domain" },
    { "testuser@[mail.com \r\n ]", "control character at character 20" },
};

static void refusing(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        smtpc_address_t *address = NULL;
        const char *why = "";
        const char *shown = smtpc__escape(refused[i].text,
                                          strlen(refused[i].text), 100, 0,
                                          tap_pool());
        apr_status_t rv;

        rv = smtpc_address_try(&address, &why, refused[i].text, tap_pool());
        tap_is_int(rv, SMTPC_EARG, "refused: %s", shown);
        tap_ok(strstr(why, refused[i].why) != NULL && address == NULL,
               "why: %s", why);
    }
}

/* Every control character at every place of a mailbox. */
static void controls(void)
{
    static const char *const bad[] = {
        "\r", "\n", "\r\n", "\r\n ", "\t", "\f", "\x01", "\x1b", "\x7f",
        "\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc0\x8a"
    };
    static const char mailbox[] = "(c) \"n m\" <\"l p\"@dom.ain> (c)";
    apr_size_t i;
    apr_size_t at;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        apr_size_t let_through = 0;

        for (at = 0; at < sizeof(mailbox); at++) {
            smtpc_address_t *address;
            const char *text = apr_psprintf(tap_pool(), "%.*s%s%s", (int)at,
                                            mailbox, bad[i], mailbox + at);

            let_through += smtpc_address_parse(&address, text, tap_pool())
                           != SMTPC_EARG;
        }
        tap_is_int(let_through, 0, "control %d is refused everywhere",
                   (int)i);
    }
}

/* Whatever is accepted prints as something that has its @ and its brackets
 * where they belong: every text of up to five of these characters. */
static void small_texts(void)
{
    static const char alphabet[] = "a@<>\".,( )\\[";
    enum { LETTERS = sizeof(alphabet) - 1, LENGTH = 5 };
    apr_size_t taken = 0;
    apr_size_t wrong = 0;
    apr_size_t n;
    apr_size_t total = 1;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, tap_pool());
    for (i = 0; i < LENGTH; i++) {
        total *= LETTERS;
    }
    for (n = 0; n < total; n++) {
        smtpc_address_t *address = NULL;
        smtpc_address_t *again = NULL;
        char text[LENGTH + 1];
        apr_size_t rest = n;

        for (i = 0; i < LENGTH; i++, rest /= LETTERS) {
            text[i] = alphabet[rest % LETTERS];
        }
        text[LENGTH] = '\0';
        apr_pool_clear(pool);
        if (smtpc_address_parse(&address, text, pool) != APR_SUCCESS) {
            continue;
        }
        taken++;
        if (smtpc_address_parse(&again, smtpc_address_format(address, pool),
                                pool)
                != APR_SUCCESS
            || !smtpc_address_equal(address, again)
            || strpbrk(smtpc_address_host(address), "@<>\" ,()\\") != NULL
            || (*smtpc_address_user(address) != '"'
                && strpbrk(smtpc_address_user(address), "@<>\" ,()\\[")
                       != NULL)) {
            wrong++;
            tap_diag("\"%s\"", text);
        }
    }
    tap_is_int(wrong, 0, "all mailboxes of five characters print and parse");
    tap_ok(taken > 30, "there are %d", (int)taken);
}

static void complaints(void)
{
    const char *text = apr_pstrcat(tap_pool(),
                                   "0123456789012345678901234567890123456789"
                                   "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                                   "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
                                   "@@\x1b"
                                   "9876543210987654321098765432109876543210",
                                   NULL);
    char broken[2000];

    tap_is_str(smtpc__mailbox_complaint("two @", text, strlen(text), 61,
                                        tap_pool()),
               "two @ at character 52 of \"...123456789012345678901234567890"
               "123456789\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
               "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9@@\\x1B9876543210987654321098"
               "765432...\"",
               "a complaint shows what is around, cut and escaped");
    memset(broken, 0x82, sizeof(broken));
    tap_ok(strlen(smtpc__mailbox_complaint("x", broken, sizeof(broken), 1999,
                                           tap_pool())) < 400,
           "no more of text that is not UTF-8");
    tap_is_str(smtpc__mailbox_complaint("x", "ab", 2, 2, tap_pool()),
               "x at character 3 of \"ab\"", "or at the end");
}

int main(void)
{
    tap_pool();
    accepting();
    refusing();
    controls();
    small_texts();
    complaints();
    return tap_done();
}
