/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_dotnet_test.c: our reading of addresses beside .NET's.
 *
 * One row per shape that System.Net.Mail.MailAddress is known to accept or
 * refuse, and what we do with it. A row where the two differ names the
 * difference by its letter in docs/addresses.md; the rows are the proof that
 * the page is complete: no row without its letter, no letter without a row.
 */
#include "../tap/tap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "model/address_int.h"

#define JAPANESE "\xe3\x81\x84.\xe3\x81\xa9" /* two letters and a dot */

/* A row: what .NET's parser and ours say to text. name and address are ours;
 * address NULL: refused. */
typedef struct row_t {
    const char *text;
    int dotnet;       /* .NET accepts it */
    const char *name;
    const char *address;
    char difference;  /* its letter in docs/addresses.md, or 0 */
} row_t;

/* One mailbox alone: MailAddress(text). */
static const row_t singles[] = {
    /* With brackets and without, name or none, quoted or not. */
    { "ann@example.net", 1, "", "ann@example.net", 0 },
    { "Ann3@Example.NET", 1, "", "Ann3@example.net", 0 },
    { "ann_b@example.net", 1, "", "ann_b@example.net", 0 },
    { "<ann@example.net>", 1, "", "ann@example.net", 0 },
    { "Ann <ann@example.net>", 1, "Ann", "ann@example.net", 0 },
    { "Ann Bee <ann@example.net>", 1, "Ann Bee", "ann@example.net", 0 },
    { "    Ann Bee  <ann@example.net>", 1, "Ann Bee", "ann@example.net", 0 },
    { "\"Ann Bee\" <ann@example.net>", 1, "Ann Bee", "ann@example.net", 0 },
    { "\"Ann Bee\" ann@example.net", 1, "Ann Bee", "ann@example.net", 0 },
    { "\"Ann\"ann@example.net", 1, "Ann", "ann@example.net", 0 },
    { "\"Ann\"\"ann\"@example.net", 1, "Ann", "ann@example.net", 0 },
    { "Ann ann@example.net", 1, "Ann", "ann@example.net", 0 },
    { "a.b <c@d.e>", 1, "a.b", "c@d.e", 0 },
    { " \", comma\" ann@example.net", 1, ", comma", "ann@example.net", 0 },
    { "\"a \\\"b\\\" c\" \"d\"@e", 1, "a \"b\" c", "d@e", 0 },
    { "\"\\\"first\" a@b", 1, "\"first", "a@b", 0 },
    { "\"mid\\\"dle\" a@b", 1, "mid\"dle", "a@b", 0 },
    { "Name \"te[xt\"@b", 1, "Name", "\"te[xt\"@b", 0 },
    { "Na[me \"text\"@b", 1, "Na[me", "text@b", 0 },
    { "<a@b>  ", 1, "", "a@b", 0 },
    { "a@b  ", 1, "", "a@b", 0 },
    /* Comments, nested and escaped, around every piece. */
    { "(c)a.b(c)<(c)d.e(c)@(c)f.g(c)>", 1, "(c)a.b(c)", "d.e@f.g", 0 },
    { "(c)\" a;,b.c \"(c)<(c)d(c)@(c)f.g(c)>", 1, " a;,b.c ", "d@f.g", 0 },
    { "(c)a(c)<(c)\" b);,c \"(c)@(c)d.e(c)>", 1, "(c)a(c)",
      "\" b);,c \"@d.e", 0 },
    { "(c)a.b(c)@(c)d.e(c)", 1, "", "a.b@d.e", 0 },
    { "(c)\" a;,b \"(c)@(c)d.e(c)", 1, "", "\" a;,b \"@d.e", 0 },
    { "(c)name(c) <a@b.c>", 1, "(c)name(c)", "a@b.c", 0 },
    { "\"(n)name(n)\"(c) <a@b.c>", 1, "(n)name(n)", "a@b.c", 0 },
    { "<a@b> (c) ", 1, "", "a@b", 0 },
    { "a@b (c) ", 1, "", "a@b", 0 },
    { "<a@b> (two) (of them)", 1, "", "a@b", 0 },
    { "name (dropped) a@b", 1, "name", "a@b", 0 },
    { "name (kept) <a@b>", 1, "name (kept)", "a@b", 0 },
    { "\"name\" (dropped) <a@b>", 1, "name", "a@b", 0 },
    { "((nested)) <\"a\"@b>", 1, "((nested))", "a@b", 0 },
    { "(one\\)two) <\"a\"@b>", 1, "(one\\)two)", "a@b", 0 },
    { "(\xe3\x81\x84) <\"a\"@b>", 1, "(\xe3\x81\x84)", "a@b", 0 },
    { "(\\\xe3\x81\x84) <\"a\"@b>", 1, "(\\\xe3\x81\x84)", "a@b", 0 },
    /* Local parts. */
    { "\"Ann Bee\"@example.net", 1, "", "\"Ann Bee\"@example.net", 0 },
    { "\"ann\"@example.net", 1, "", "ann@example.net", 'q' },
    { "customer/department=shipping@b", 1, "",
      "customer/department=shipping@b", 0 },
    { "$A12345@b", 1, "", "$A12345@b", 0 },
    { "user+box@b", 1, "", "user+box@b", 0 },
    { "!def!xyz%abc@b", 1, "", "!def!xyz%abc@b", 0 },
    { "_a@b", 1, "", "_a@b", 0 },
    { "\"te\\@st\"@b", 1, "", "\"te@st\"@b", 'q' },
    { "a..b@c", 1, "", "\"a..b\"@c", 'q' },
    { "a..b...@c", 1, "", "\"a..b...\"@c", 'q' },
    { "a.\"b\"@c", 1, NULL, NULL, 'g' },
    { "name\"a\"@b", 1, NULL, NULL, 'g' },
    { "first name\"a\"@b", 1, NULL, NULL, 'g' },
    { "\"a\".\"b\"@c", 0, NULL, NULL, 0 },
    { "\"a\".b@c", 0, NULL, NULL, 0 },
    { "<\"a\".\"b\"@c>", 0, NULL, NULL, 0 },
    { "a[b]@c", 0, NULL, NULL, 0 },
    { "...a@b", 0, NULL, NULL, 0 },
    { ".a@b", 0, NULL, NULL, 0 },
    { "@b", 0, NULL, NULL, 0 },
    { "m@d@b", 0, NULL, NULL, 0 },
    { "\"\"@b", 1, NULL, NULL, 'e' },
    /* Domains. */
    { "a@[example.net]", 1, "", "a@[example.net]", 0 },
    { "a@[192.0.2.1]", 1, "", "a@[192.0.2.1]", 0 },
    { "a@[ example.net]", 1, NULL, NULL, 'l' },
    { "a@[example.net ]", 1, NULL, NULL, 'l' },
    { "(c)a(c)@(c)[  te st ](c)", 1, NULL, NULL, 'l' },
    { "\"n\" a@(c)[ex\\@ple](c)", 1, NULL, NULL, 'l' },
    { "a@[]", 1, NULL, NULL, 'l' },
    { "a@[b;c,d]", 1, NULL, NULL, 'l' },
    { "a@[b@c]", 1, NULL, NULL, 'l' },
    { "a@[x\xe3\x81\xa9.net]", 0, NULL, NULL, 0 },
    { "[example]", 0, NULL, NULL, 0 },
    { "a@", 0, NULL, NULL, 0 },
    { "a@.b.c", 0, NULL, NULL, 0 },
    { "a@b..c", 1, NULL, NULL, 'h' },
    { "a@b.", 1, NULL, NULL, 'h' },
    { "a@b!c", 1, NULL, NULL, 'h' },
    { "a@127.0.0.1", 1, NULL, NULL, 'h' },
    /* Unicode. */
    { "\xe3\x81\x84\xe3\x81\xa9 A <a@b>", 1, "\xe3\x81\x84\xe3\x81\xa9 A",
      "a@b", 0 },
    { "\"\xe3\x81\x84 A\" <a@b>", 1, "\xe3\x81\x84 A", "a@b", 0 },
    { "\"\xe3\x81\x84 A\" a@b", 1, "\xe3\x81\x84 A", "a@b", 0 },
    { "Dr. M\xc3\xbcller <a@b>", 1, "Dr. M\xc3\xbcller", "a@b", 0 },
    { "Dr M\xc3\xbcller <a@b>", 1, "Dr M\xc3\xbcller", "a@b", 0 },
    { "\"x \\\xe3\x81\x84\" <a@b>", 1, "x \xe3\x81\x84", "a@b", 0 },
    { "Name \"a\xe3\x81\x84\"@b", 1, "Name", "a\xe3\x81\x84@b", 'q' },
    { "<\"a \\\xe3\x81\x84\"@b>", 1, "", "\"a \xe3\x81\x84\"@b", 'q' },
    { "\"n\" <" JAPANESE "@b>", 1, "n", JAPANESE "@b", 0 },
    { "\"n\" <a@" JAPANESE ">", 1, "n", "a@" JAPANESE, 0 },
    { "\xe3\x81\x84 " JAPANESE "@" JAPANESE, 1, "\xe3\x81\x84",
      JAPANESE "@" JAPANESE, 0 },
    { "Re\xcc\x81mi <re\xcc\x81mi@b>", 1, "R\xc3\xa9mi", "r\xc3\xa9mi@b", 0 },
    { "a@b\xed\xa0\x80.c", 0, NULL, NULL, 0 },
    { "a\xed\xa0\x80@b", 0, NULL, NULL, 0 },
    { "\xed\xa0\x80 a@b", 0, NULL, NULL, 0 },
    { "a\xc2\xa0@b", 1, NULL, NULL, 'i' },
    { "\xef\xbb\xbf" "a@b", 1, NULL, NULL, 'i' },
    { "a\xe2\x80\xae" "b@c", 1, NULL, NULL, 'i' },
    { "=?utf-8?q?a?=@b", 1, NULL, NULL, 'w' },
    { "<\xcc\xb8" "a@b>", 0, NULL, NULL, 0 },
    /* Folding and other control characters. */
    { "\"a \r\n b\" <\"c\"@d>", 1, NULL, NULL, 'f' },
    { "\"a\r\n b\"@c", 1, NULL, NULL, 'f' },
    { "a@[b \r\n ]", 1, NULL, NULL, 'f' },
    { "a@[ \r\n b]", 1, NULL, NULL, 'f' },
    { "(a \f b) <\"c\"@d>", 1, NULL, NULL, 'f' },
    { "\"a \f b\" <\"c\"@d>", 1, NULL, NULL, 'f' },
    { "Ann\tBee <a@b>", 1, NULL, NULL, 'f' },
    { "a@[b \r ]", 0, NULL, NULL, 0 },
    { "a@[b \n ]", 0, NULL, NULL, 0 },
    /* Quotes, brackets and parentheses out of place. */
    { "a \"b\" c@d", 0, NULL, NULL, 0 },
    { "\"a\" \"b\" c@d", 0, NULL, NULL, 0 },
    { "\"a\" b c@d", 0, NULL, NULL, 0 },
    { "\"a\"b c@d", 0, NULL, NULL, 0 },
    { "Quote\\\"Mid a@b", 1, NULL, NULL, 'g' },
    { "\"a\"b\" \"c\"@d", 0, NULL, NULL, 0 },
    { "\"a b\"c\" \"d\"@e", 0, NULL, NULL, 0 },
    { "\"\\\\\"a\" b@c", 0, NULL, NULL, 0 },
    { "Bob \"b\" <a@b>", 0, NULL, NULL, 0 },
    { "(d)d(\\", 0, NULL, NULL, 0 },
    { "(a@b", 0, NULL, NULL, 0 },
    { "a@b>", 0, NULL, NULL, 0 },
    { "<a@b", 0, NULL, NULL, 0 },
    { "<a@b> c", 0, NULL, NULL, 0 },
    { ":a@b", 0, NULL, NULL, 0 },
    { "a@b <c@d>", 1, NULL, NULL, 'v' },
    { "<a@b> <c@d>", 1, NULL, NULL, 'v' },
    { "a@b;N <c@d>", 1, NULL, NULL, 'v' },
    /* Nothing, and more than one. */
    { "", 0, NULL, NULL, 0 },
    { NULL, 0, NULL, NULL, 0 },
    { " ", 0, NULL, NULL, 0 },
    { " , \"n\" <a@b>", 0, NULL, NULL, 0 },
    { "a@b, c@d", 0, NULL, NULL, 0 },
};

/* Lists: MailAddressCollection.Add(text). The address is the first one. */
static const row_t lists[] = {
    { "a@b,c@d", 1, "", "a@b", 0 },
    { " \"x, y\" <a@b> , c@d", 1, "x, y", "a@b", 0 },
    { "A <a@b>,\"B\" c@d (e, f)", 1, "A", "a@b", 0 },
    { "a@b,a@b", 1, "", "a@b", 0 },
    { ",a@b", 0, NULL, NULL, 0 },
    { "a@b,", 0, NULL, NULL, 0 },
    { "a@b,,c@d", 0, NULL, NULL, 0 },
    { "a@b;c@d", 0, NULL, NULL, 0 },
    { "a@b c@d", 1, NULL, NULL, 'v' },
    { "", 0, NULL, NULL, 0 },
    { NULL, 0, NULL, NULL, 0 },
    { "Friends: a@b, c@d;", 0, "", "a@b", 'm' },
    { "x@y, \xed\xa0\x80@b", 0, NULL, NULL, 0 },
};

/* Constructor with a display name: MailAddress(text, name). */
static const struct {
    const char *text;
    const char *name;
    const char *dotnet; /* what DisplayName is there */
    const char *ours;
    char difference;
} named[] = {
    { "a@b", "Ann", "Ann", "Ann", 0 },
    { "Bob <a@b>", "Ann", "Ann", "Ann", 0 },
    { "a@b", "", "", "", 0 },
    { "a@b", NULL, "", "", 0 },
    { "Bob <a@b>", NULL, "Bob", "", 'n' },
    { "Bob <a@b>", "", "Bob", "", 'n' },
    { "a@b", "\"Ann\"", "Ann", "\"Ann\"", 'n' },
    { "a@b", "Ann <c@d>", "Ann <c@d>", "Ann <c@d>", 0 },
    { "a@b", "Re\xcc\x81mi", "R\xc3\xa9mi", "R\xc3\xa9mi", 0 },
};

/* The letters met in the rows, by their place in the alphabet. */
static int met[26];

static const char *shown(const char *text)
{
    return text == NULL ? "NULL"
                        : smtpc__escape(text, strlen(text), 200, 0,
                                        tap_pool());
}

/* A row has a letter if, and only if, one of the two refuses its text; q is
 * the one for texts both accept, in another form. */
static void check_letter(const row_t *row)
{
    int accepted = row->address != NULL;

    tap_ok(row->difference != 0 || accepted == row->dotnet,
           "a difference has its letter");
    tap_ok(row->difference == 0 || accepted != row->dotnet
               || row->difference == 'q',
           "a letter has its difference");
    if (row->difference != 0) {
        met[row->difference - 'a']++;
    }
}

static void check_single(const row_t *row)
{
    smtpc_address_t *address = NULL;
    const char *why = "";
    apr_status_t rv = smtpc_address_try(&address, &why, row->text,
                                        tap_pool());

    tap_is_int(rv, row->address != NULL ? APR_SUCCESS : SMTPC_EARG,
               "%s (%s)", shown(row->text), why);
    if (rv == APR_SUCCESS) {
        tap_is_str(smtpc_address_display_name(address), row->name, "name");
        tap_is_str(smtpc_address_address(address), row->address, "address");
    }
    check_letter(row);
}

static void check_list(const row_t *row)
{
    smtpc_address_list_t *list = NULL;
    const char *why = "";
    apr_status_t rv = smtpc_address_list_try(&list, &why, row->text,
                                             tap_pool());

    tap_is_int(rv, row->address != NULL ? APR_SUCCESS : SMTPC_EARG,
               "list %s (%s)", shown(row->text), why);
    if (rv == APR_SUCCESS) {
        const smtpc_address_t *address = smtpc_address_list_get(list, 0);

        tap_is_int(smtpc_address_list_count(list), 2, "two mailboxes");
        tap_is_str(smtpc_address_display_name(address), row->name, "name");
        tap_is_str(smtpc_address_address(address), row->address, "address");
    }
    check_letter(row);
}

static void check_named(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        smtpc_address_t *address = NULL;

        tap_is_int(smtpc_address_create(&address, named[i].text,
                                        named[i].name, tap_pool()),
                   APR_SUCCESS, "create %s, %s", named[i].text,
                   shown(named[i].name));
        tap_is_str(smtpc_address_display_name(address), named[i].ours,
                   "its name");
        tap_is_int(named[i].difference != 0,
                   strcmp(named[i].ours, named[i].dotnet) != 0,
                   "a difference has its letter");
        if (named[i].difference != 0) {
            met[named[i].difference - 'a']++;
        }
    }
}

/* All valid texts of .NET's that are valid here make one list, and one bad
 * one spoils it. */
static void check_joined(void)
{
    const char *all = "";
    smtpc_address_list_t *list = NULL;
    apr_size_t count = 0;
    apr_size_t i;
    const char *why = "";

    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        if (singles[i].address != NULL) {
            all = apr_pstrcat(tap_pool(), all, count++ > 0 ? "," : "",
                              singles[i].text, NULL);
        }
    }
    tap_is_int(smtpc_address_list_try(&list, &why, all, tap_pool()),
               APR_SUCCESS, "all of them in one list (%s)", why);
    tap_is_int(smtpc_address_list_count(list), count, "each is there");
    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        if (singles[i].address == NULL && singles[i].text != NULL
            && smtpc_address_list_parse(
                   &list,
                   apr_pstrcat(tap_pool(), all, ",", singles[i].text, NULL),
                   tap_pool())
                   == APR_SUCCESS
            && strcmp(singles[i].text, "a@b, c@d") != 0) {
            tap_ok(0, "%s does not spoil a list", shown(singles[i].text));
        }
    }
}

/* The page of differences has a line "- **x** ..." for each letter met. */
static void check_page(void)
{
    const char *top = getenv("TOP_SRCDIR");
    const char *path = apr_pstrcat(tap_pool(), top != NULL ? top : ".",
                                   "/docs/addresses.md", NULL);
    int listed[26] = { 0 };
    char line[512];
    FILE *page = fopen(path, "r");
    int i;

    if (page == NULL) {
        tap_bail("no %s", path);
    }
    while (fgets(line, sizeof(line), page) != NULL) {
        if (strncmp(line, "- **", 4) == 0 && line[4] >= 'a' && line[4] <= 'z'
            && line[5] == '*') {
            listed[line[4] - 'a']++;
        }
    }
    fclose(page);
    for (i = 0; i < 26; i++) {
        tap_is_int(listed[i], met[i] != 0, "difference %c", 'a' + i);
    }
}

int main(void)
{
    apr_size_t i;

    tap_pool();
    for (i = 0; i < sizeof(singles) / sizeof(singles[0]); i++) {
        check_single(&singles[i]);
    }
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        check_list(&lists[i]);
    }
    check_named();
    check_joined();
    check_page();
    return tap_done();
}
