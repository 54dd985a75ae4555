/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_list_test.c: lists: what separates mailboxes, groups, limits, and
 * texts made to keep a parser busy.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "model/address_int.h"

/* Return n times the text piece. */
static char *repeat(const char *piece, apr_size_t n)
{
    apr_size_t len = strlen(piece);
    char *text = apr_palloc(tap_pool(), n * len + 1);
    apr_size_t i;

    for (i = 0; i < n; i++) {
        memcpy(text + i * len, piece, len);
    }
    text[n * len] = '\0';
    return text;
}

static smtpc_address_t *parse(const char *text)
{
    smtpc_address_t *address = NULL;
    const char *why = "";

    if (smtpc_address_try(&address, &why, text, tap_pool())
        != APR_SUCCESS) {
        tap_bail("\"%s\": %s", text, why);
    }
    return address;
}

/* Return the addresses of list behind the first one, separated by blanks. */
static const char *rest(const apr_array_header_t *list)
{
    const char *all = "";
    int i;

    for (i = 1; i < list->nelts; i++) {
        all = apr_pstrcat(tap_pool(), all, i > 1 ? " " : "",
                          smtpc_address_address(
                              APR_ARRAY_IDX(list, i, smtpc_address_t *)),
                          NULL);
    }
    return all;
}

static const struct {
    const char *text;
    const char *addresses;
} accepted[] = {
    { "a@b", "a@b" },
    { "a@b,c@d", "a@b c@d" },
    { " a@b , \"x, y\" <c@d> (z, z) ,E <e@[1.2.3.4]>", "a@b c@d e@[1.2.3.4]" },
    { "a@b,a@b", "a@b a@b" },
    { "\"a;b:c\" <a@b>,\"x:\"@d", "a@b \"x:\"@d" },
    { "Friends: ann@x, bob@y;", "ann@x bob@y" },
    { "Friends:ann@x;", "ann@x" },
    { "undisclosed-recipients:;", "" },
    { "undisclosed-recipients: ;", "" },
    { " no one (at all) : (not (one)) ; (here) ", "" },
    { "\"A: group; really\": a@b;", "a@b" },
    { "a@b, Friends: c@d, E <e@f>; , g@h", "a@b c@d e@f g@h" },
    { "x:;,y:a@b;,z:;", "a@b" },
    { "x: <a@b>;,<c@d>", "a@b c@d" },
    { "x: \"n\" a@b ;", "a@b" },
    { "x: N\xc3\xa9 <a@b>(;),c@[IPv6:::1];", "a@b c@[IPv6:::1]" },
};

static const struct {
    const char *text;
    const char *why;
} refused[] = {
    { "", "empty" },
    { ",a@b", "no address" },
    { "a@b,", "no address" },
    { "a@b,,c@d", "no address" },
    { "a@b, (x) ,c@d", "no address" },
    { "a@b;c@d", "a semicolon (separate" },
    { "a@b;", "a semicolon (separate" },
    { ";", "a semicolon (separate" },
    { "a@b c@d", "text behind the address" },
    { "a@b, c", "no @" },
    { "<a@b, c@d>", "a < that is not closed at character 1" },
    { "a@b,\r\n c@d", "control character" },
    { "a@b,c@d\xff", "UTF-8" },
    { ":", "a colon without the name" },
    { ":a@b;", "a colon without the name" },
    { "a@b,:;", "a colon without the name" },
    { "x:", "a group that no semicolon ends" },
    { "x: a@b", "a group that no semicolon ends at character 4 of" },
    { "x: a@b, c@d", "a group that no semicolon ends" },
    { "mailto:a@b", "a group that no semicolon ends" },
    { "x: y: a@b;;", "a group inside a group" },
    { "x: a@b, y: c@d;;", "a group inside a group" },
    { "x::;", "a colon" },
    { "x: a@b;;", "text behind a group" },
    { "x: a@b; c@d", "text behind a group" },
    { "x:; y", "text behind a group" },
    { "x: a@b,;", "no address" },
    { "x:,a@b;", "no address" },
    { "x: a;", "no @" },
    { "x: <a@b;", "a < that is not closed" },
    { "x:;(", "a parenthesis that is not closed" },
    { "x:(;", "a parenthesis that is not closed" },
    { "x \"y\": a@b;", "partly in quotes" },
    { "a@b:c@d;", "text behind the address" },
    { "<a@b>:c@d;", "text behind the address" },
    { "x: a@b;,", "no address" },
};

static void accepting(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(accepted) / sizeof(accepted[0]); i++) {
        apr_array_header_t *list = apr_array_make(tap_pool(), 1,
                                                  sizeof(smtpc_address_t *));
        const char *why = "";
        apr_status_t rv;

        APR_ARRAY_PUSH(list, smtpc_address_t *) = parse("first@x");
        rv = smtpc__address_parse_list(list, &why, accepted[i].text,
                                       tap_pool());
        tap_is_int(rv, APR_SUCCESS, "list: %s (%s)", accepted[i].text, why);
        tap_is_str(rest(list), accepted[i].addresses, "all in order");
    }
}

static void refusing(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        apr_array_header_t *list = apr_array_make(tap_pool(), 1,
                                                  sizeof(smtpc_address_t *));
        const char *why = "";
        apr_status_t rv;

        APR_ARRAY_PUSH(list, smtpc_address_t *) = parse("first@x");
        rv = smtpc__address_parse_list(list, &why, refused[i].text,
                                       tap_pool());
        tap_is_int(rv, SMTPC_EARG, "refused: %s",
                   smtpc__escape(refused[i].text, strlen(refused[i].text),
                                 100, 0, tap_pool()));
        tap_ok(strstr(why, refused[i].why) != NULL, "why: %s", why);
        tap_is_int(list->nelts, 1, "what was there stays, alone");
    }
}

/* Every text of up to six of these: what is accepted prints as a list that
 * is read back as the same. */
static void small_texts(void)
{
    static const char alphabet[] = "a@:;,<> ";
    enum { LETTERS = sizeof(alphabet) - 1, LENGTH = 6 };
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
        smtpc_address_list_t *list = NULL;
        smtpc_address_list_t *again = NULL;
        const char *format;
        char text[LENGTH + 1];
        apr_size_t left = n;

        for (i = 0; i < LENGTH; i++, left /= LETTERS) {
            text[i] = alphabet[left % LETTERS];
        }
        text[LENGTH] = '\0';
        apr_pool_clear(pool);
        if (smtpc_address_list_parse(&list, text, pool) != APR_SUCCESS) {
            continue;
        }
        taken++;
        format = smtpc_address_list_format(list, pool);
        if (*format == '\0') {
            wrong += smtpc_address_list_count(list) != 0;
        }
        else if (smtpc_address_list_parse(&again, format, pool)
                     != APR_SUCCESS
                 || strcmp(format, smtpc_address_list_format(again, pool))
                        != 0) {
            wrong++;
            tap_diag("\"%s\"", text);
        }
    }
    tap_is_int(wrong, 0, "all lists of six characters print and parse");
    tap_ok(taken > 100, "there are %d", (int)taken);
}

static void limits(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *list = apr_array_make(pool, 1,
                                              sizeof(smtpc_address_t *));
    const char *most = repeat("a@b,", SMTPC_LIMIT_RECIPIENTS - 1);
    const char *comment = repeat("n", SMTPC_LIMIT_ADDRESS_TEXT - 3);
    const char *why;

    tap_is_int(smtpc__address_parse_list(list, &why,
                                         apr_pstrcat(pool, most, "a@b, x:;",
                                                     NULL),
                                         pool),
               APR_SUCCESS, "10000 addresses");
    tap_is_int(list->nelts, SMTPC_LIMIT_RECIPIENTS, "all there");
    tap_is_int(smtpc__address_parse_list(list, &why, "a@b", pool),
               SMTPC_ELIMIT, "one more");
    tap_is_int(list->nelts, SMTPC_LIMIT_RECIPIENTS, "is not added");
    apr_array_clear(list);
    tap_is_int(smtpc__address_parse_list(list, &why,
                                         apr_pstrcat(pool, "x: a@b,", most,
                                                     "a@b;", NULL),
                                         pool),
               SMTPC_ELIMIT, "10001 in one text");
    tap_is_int(list->nelts, 0, "none is added");
    tap_is_int(smtpc__address_parse_list(
                   list, &why,
                   apr_pstrcat(pool, repeat(" ", SMTPC_LIMIT_ADDRESS_TEXT),
                               "a@b", NULL),
                   pool),
               SMTPC_ELIMIT, "one item over 4096 bytes");
    tap_is_int(smtpc__address_parse_list(
                   list, &why, apr_pstrcat(pool, comment, " :;", NULL), pool),
               APR_SUCCESS, "4096 bytes up to the end of a group's colon");
    tap_is_int(smtpc__address_parse_list(
                   list, &why, apr_pstrcat(pool, comment, "nn :;", NULL),
                   pool),
               SMTPC_ELIMIT, "more of it");
    tap_is_int(smtpc__address_parse_list(
                   list, &why, repeat(" ", SMTPC_LIMIT_ADDRESS_LIST + 1),
                   tap_pool()),
               SMTPC_ELIMIT, "a text over 1 MiB");
}

/* A list of the greatest length and each of the shapes that make bad parsers
 * quadratic or recursive. The time is generous: linear takes milliseconds. */
static void hostile(void)
{
    static const char *const pieces[] = {
        "@", ",", "(", ")", "\"", "\\", "<", ">", "[", ";", ":", " ",
        "a@b ", "(\\", "a.", "\"\" ", "<a@", "x (", "a\"b\" ", "[ ",
        "\xc3\xa9", "\xff", "a@b,", "=?", "@[", "\" \\", "a:", "a:(", "a:;",
        "a:;(", "\"a\": ", "a: b@c; ", "\xcc\x81\xcc\xa7", "a:b@c,"
    };
    apr_size_t i;

    for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        apr_pool_t *pool;
        apr_array_header_t *list;
        apr_size_t n = SMTPC_LIMIT_ADDRESS_LIST / strlen(pieces[i]);
        const char *text = repeat(pieces[i], n);
        apr_time_t began = apr_time_now();
        const char *why = "";
        apr_status_t rv;

        apr_pool_create(&pool, tap_pool());
        list = apr_array_make(pool, 1, sizeof(smtpc_address_t *));
        rv = smtpc__address_parse_list(list, &why, text, pool);
        tap_ok((rv == SMTPC_EARG || rv == SMTPC_ELIMIT) && list->nelts == 0,
               "1 MiB of it: %s", why);
        tap_ok(strlen(why) < 600, "the sentence stays short");
        tap_ok(apr_time_now() - began < apr_time_from_sec(10),
               "in linear time");
        apr_pool_destroy(pool);
    }
}

/* Empty groups are the one thing of which a list can have more than its
 * limit of recipients. */
static void many_groups(void)
{
    smtpc_address_list_t *list = NULL;
    apr_size_t n = (SMTPC_LIMIT_ADDRESS_LIST - 3) / 4;
    apr_time_t began = apr_time_now();

    tap_is_int(smtpc_address_list_parse(
                   &list,
                   apr_pstrcat(tap_pool(), repeat("g:;,", n), "g:;", NULL),
                   tap_pool()),
               APR_SUCCESS, "1 MiB of empty groups");
    tap_is_int(smtpc_address_list_count(list), 0, "has nobody");
    tap_ok(apr_time_now() - began < apr_time_from_sec(10), "in linear time");
}

static void collection(void)
{
    smtpc_address_list_t *list = smtpc_address_list_create(tap_pool());
    const smtpc_address_t *kept;
    const char *why = "";

    tap_is_int(smtpc_address_list_count(list), 0, "a list begins empty");
    tap_is_str(smtpc_address_list_format(list, tap_pool()), "",
               "and prints as nothing");
    tap_ok(smtpc_address_list_get(list, 0) == NULL, "it has no first one");
    tap_is_int(smtpc_address_list_add(list, &why, "a@b, G: C <c@d>;"),
               APR_SUCCESS, "text is added");
    tap_is_int(smtpc_address_list_add_address(list, parse("e@f")),
               APR_SUCCESS, "a mailbox is added");
    tap_is_str(smtpc_address_list_format(list, tap_pool()),
               "a@b, \"C\" <c@d>, e@f", "they are joined with commas");
    tap_is_int(smtpc_address_list_add(list, &why, "x@y, z"), SMTPC_EARG,
               "a bad text");
    tap_ok(strstr(why, "no @") != NULL, "why: %s", why);
    tap_is_int(smtpc_address_list_add(list, NULL, "x@y, z"), SMTPC_EARG,
               "nobody has to ask why");
    tap_is_int(smtpc_address_list_add(list, &why, NULL), SMTPC_EARG, "NULL");
    tap_is_int(smtpc_address_list_add_address(list, NULL), SMTPC_EARG,
               "nor an address that is none");
    tap_is_int(smtpc_address_list_count(list), 3, "adds nothing");
    tap_is_int(smtpc_address_list_find(list, parse("\"c\" <C@D>")), 1,
               "found as equality says");
    tap_is_int(smtpc_address_list_find(list, parse("c@d")), 3,
               "or not, which is the count");
    kept = smtpc_address_list_get(list, 1);
    tap_is_int(smtpc_address_list_remove(list, 3), SMTPC_EARG,
               "nothing to remove beyond the end");
    tap_is_int(smtpc_address_list_remove(list, 0), APR_SUCCESS,
               "the first is removed");
    tap_is_str(smtpc_address_list_format(list, tap_pool()),
               "\"C\" <c@d>, e@f", "the others move up");
    tap_ok(smtpc_address_list_get(list, 0) == kept, "and stay the same");
    tap_is_int(smtpc_address_list_remove(list, 1), APR_SUCCESS,
               "the last is removed");
    tap_is_int(smtpc_address_list_count(list), 1, "one is left");
    smtpc_address_list_clear(list);
    tap_is_int(smtpc_address_list_count(list), 0, "cleared");
}

static void collection_limit(void)
{
    smtpc_address_list_t *list = NULL;
    const char *why = "";

    tap_is_int(smtpc_address_list_try(
                   &list, &why,
                   apr_pstrcat(tap_pool(),
                               repeat("a@b,", SMTPC_LIMIT_RECIPIENTS - 1),
                               "a@b", NULL),
                   tap_pool()),
               APR_SUCCESS, "10000 in a list");
    tap_is_int(smtpc_address_list_add(list, &why, "a@b"), SMTPC_ELIMIT,
               "one more as text: %s", why);
    tap_is_int(smtpc_address_list_add_address(list, parse("a@b")),
               SMTPC_ELIMIT, "or as a mailbox");
    tap_is_int(smtpc_address_list_count(list), SMTPC_LIMIT_RECIPIENTS,
               "is not there");
    list = NULL;
    tap_is_int(smtpc_address_list_try(&list, &why, "a", tap_pool()),
               SMTPC_EARG, "no list");
    tap_ok(list == NULL, "is made");
}

/* A list has texts of its own. */
static void lifetime(void)
{
    smtpc_address_list_t *list = smtpc_address_list_create(tap_pool());
    smtpc_address_t *address = NULL;
    apr_pool_t *pool;
    char text[] = "Ann <a@b>";
    const char *why;

    apr_pool_create(&pool, tap_pool());
    if (smtpc_address_parse(&address, "Bob <c@d>", pool) != APR_SUCCESS
        || smtpc_address_list_add(list, &why, text) != APR_SUCCESS
        || smtpc_address_list_add_address(list, address) != APR_SUCCESS) {
        tap_bail("not added");
    }
    memset(text, 'x', sizeof(text) - 1);
    apr_pool_destroy(pool);
    tap_is_str(smtpc_address_list_format(list, tap_pool()),
               "\"Ann\" <a@b>, \"Bob\" <c@d>", "a list has its own texts");
}

int main(void)
{
    tap_pool();
    accepting();
    refusing();
    small_texts();
    limits();
    hostile();
    many_groups();
    collection();
    collection_limit();
    lifetime();
    return tap_done();
}
