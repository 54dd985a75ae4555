/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_test.c: mailboxes as values: normal form, limits, lists, equality.
 *
 * Which texts are mailboxes at all is address_parse_test's.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

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

static const struct {
    const char *text;
    const char *name;
    const char *user;
    const char *host;
    const char *ascii;
    const char *format;
} normal[] = {
    { "ann@example.net", "", "ann", "example.net", "ann@example.net",
      "ann@example.net" },
    { "Ann <Ann@Example.NET>", "Ann", "Ann", "example.net",
      "Ann@example.net", "\"Ann\" <Ann@example.net>" },
    { "\"Ann \\\"A\\\\\" <a@b>", "Ann \"A\\", "a", "b", "a@b",
      "\"Ann \\\"A\\\\\" <a@b>" },
    { "\"ann\"@b", "", "ann", "b", "ann@b", "ann@b" },
    { "\"a b\"@b", "", "\"a b\"", "b", "\"a b\"@b", "\"a b\"@b" },
    { "\"a\\ b\"@b", "", "\"a b\"", "b", "\"a b\"@b", "\"a b\"@b" },
    { "\"a\\\"\\\\b\"@b", "", "\"a\\\"\\\\b\"", "b", "\"a\\\"\\\\b\"@b",
      "\"a\\\"\\\\b\"@b" },
    { "\"a@b> ORCPT=x\"@d", "", "\"a@b> ORCPT=x\"", "d",
      "\"a@b> ORCPT=x\"@d", "\"a@b> ORCPT=x\"@d" },
    { "a..b@c", "", "\"a..b\"", "c", "\"a..b\"@c", "\"a..b\"@c" },
    { "a.@c", "", "\"a.\"", "c", "\"a.\"@c", "\"a.\"@c" },
    { "-f@c", "", "-f", "c", "-f@c", "-f@c" },
    { "a@[127.0.0.1]", "", "a", "[127.0.0.1]", "a@[127.0.0.1]",
      "a@[127.0.0.1]" },
    { "a@[ipv6:2001:DB8:0:0::1]", "", "a", "[IPv6:2001:db8::1]",
      "a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]" },
    { "\xc3\xa9t\xc3\xa9@b", "", "\xc3\xa9t\xc3\xa9", "b",
      "\xc3\xa9t\xc3\xa9@b", "\xc3\xa9t\xc3\xa9@b" },
    { "M\xc3\xbcller <a@B\xc3\x9c" "cher.example>", "M\xc3\xbcller", "a",
      "b\xc3\xbc" "cher.example", "a@xn--bcher-kva.example",
      "\"M\xc3\xbcller\" <a@b\xc3\xbc" "cher.example>" },
    { "a@XN--BCHER-KVA.example", "", "a", "b\xc3\xbc" "cher.example",
      "a@xn--bcher-kva.example", "a@b\xc3\xbc" "cher.example" },
    { "a@stra\xc3\x9f" "e.example", "", "a", "stra\xc3\x9f" "e.example",
      "a@xn--strae-oqa.example", "a@stra\xc3\x9f" "e.example" },
};

static void normal_forms(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(normal) / sizeof(normal[0]); i++) {
        smtpc_address_t *address = parse(normal[i].text);
        const char *format = smtpc_address_format(address, tap_pool());

        tap_is_str(smtpc_address_display_name(address), normal[i].name,
                   "name of %s", normal[i].text);
        tap_is_str(smtpc_address_user(address), normal[i].user, "user");
        tap_is_str(smtpc_address_host(address), normal[i].host, "host");
        tap_is_str(smtpc_address_address(address),
                   apr_pstrcat(tap_pool(), normal[i].user, "@",
                               normal[i].host, NULL),
                   "address");
        tap_is_str(smtpc__address_ascii(address), normal[i].ascii,
                   "on the wire");
        tap_is_str(format, normal[i].format, "for people");
        tap_ok(smtpc_address_equal(parse(format), address)
                   && strcmp(smtpc_address_format(parse(format), tap_pool()),
                             format)
                          == 0,
               "which is read back");
    }
}

static void needs_utf8(void)
{
    tap_ok(!smtpc__address_needs_utf8(parse("ann@example.net")), "ASCII");
    tap_ok(!smtpc__address_needs_utf8(parse("\xc3\xa9 <a@b\xc3\xbc" "c>")),
           "UTF-8 in name and domain can be written in ASCII");
    tap_ok(smtpc__address_needs_utf8(parse("\xc3\xa9@b")),
           "UTF-8 in the local part cannot");
    tap_ok(smtpc__address_needs_utf8(parse("\"\xc3\xa9 x\"@b")),
           "nor in quotes");
}

static const struct {
    const char *a;
    const char *b;
    int equal;
} pairs[] = {
    { "a@b", "a@b", 1 },
    { "a@b", "A@B", 1 },
    { "Ann <a@b>", "ANN <A@b>", 1 },
    { "Ann <a@b>", "\"Ann\" <a@b>", 1 },
    { "Ann <a@b>", "a@b", 0 },
    { "Ann <a@b>", "Bob <a@b>", 0 },
    { "a@b", "a@c", 0 },
    { "a@b", "b@b", 0 },
    { "\"a\"@b", "a@b", 1 },
    { "a@xn--bcher-kva.de", "a@b\xc3\xbc" "cher.de", 1 },
};

static void equality(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        tap_is_int(!!smtpc_address_equal(parse(pairs[i].a),
                                         parse(pairs[i].b)),
                   pairs[i].equal, "%s and %s", pairs[i].a, pairs[i].b);
    }
}

static apr_status_t status_of(const char *text)
{
    smtpc_address_t *address;

    return smtpc_address_parse(&address, text, tap_pool());
}

static void limits(void)
{
    apr_pool_t *pool = tap_pool();
    const char *local = repeat("a", SMTPC_LIMIT_LOCAL_PART);
    const char *labels = repeat("abcdefghi.", 18); /* 180 bytes */
    const char *name = repeat("n", SMTPC_LIMIT_ADDRESS_TEXT - 6);
    const char *quoted = repeat("\\\"", SMTPC_LIMIT_LOCAL_PART / 2 - 1);

    tap_is_int(status_of(apr_pstrcat(pool, local, "@b", NULL)), APR_SUCCESS,
               "64 bytes of local part");
    tap_is_int(status_of(apr_pstrcat(pool, local, "a@b", NULL)), SMTPC_ELIMIT,
               "65 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "\"", quoted, "\"@b", NULL)),
               APR_SUCCESS, "64 bytes with quotes");
    tap_is_int(status_of(apr_pstrcat(pool, "\"", quoted, "x\"@b", NULL)),
               SMTPC_ELIMIT, "65 bytes with quotes");
    tap_is_int(status_of(apr_pstrcat(pool, local, "@", labels, "abcdefghi",
                                     NULL)),
               APR_SUCCESS, "254 bytes of address");
    tap_is_int(status_of(apr_pstrcat(pool, local, "@", labels, "abcdefghij",
                                     NULL)),
               SMTPC_ELIMIT, "255 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "a@", repeat("a", 63), NULL)),
               APR_SUCCESS, "a label of 63 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "a@", repeat("a", 64), NULL)),
               SMTPC_EARG, "a label of 64 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "a@", repeat("ab.", 90), "c",
                                     NULL)),
               SMTPC_ELIMIT, "a domain of 271 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "a@", repeat("\xc3\xa9.", 700),
                                     "c", NULL)),
               SMTPC_ELIMIT, "a domain of 2100 bytes of UTF-8");
    tap_is_int(status_of(apr_pstrcat(pool, name, " <a@b>", NULL)),
               APR_SUCCESS, "4096 bytes of text");
    tap_is_int(status_of(apr_pstrcat(pool, name, "n <a@b>", NULL)),
               SMTPC_ELIMIT, "4097 bytes");
}

static const struct {
    const char *spec;
    const char *name;
    apr_status_t status;
    const char *format;
} created[] = {
    { "a@b", NULL, APR_SUCCESS, "a@b" },
    { "a@b", "", APR_SUCCESS, "a@b" },
    { "a@b", "Ann", APR_SUCCESS, "\"Ann\" <a@b>" },
    { "a@b", "x <c@d>, e", APR_SUCCESS, "\"x <c@d>, e\" <a@b>" },
    { "a@b", "\"Ann\"", APR_SUCCESS, "\"\\\"Ann\\\"\" <a@b>" },
    { "Bob <a@b>", "Ann", APR_SUCCESS, "\"Ann\" <a@b>" },
    { "Bob <a@b>", NULL, APR_SUCCESS, "a@b" },
    { "a@b", "A\r\nBcc: c@d", SMTPC_EARG, NULL },
    { "a@b", "A\tB", SMTPC_EARG, NULL },
    { "a@b", "A\xff", SMTPC_EARG, NULL },
    { "a@b", "A\xc2\x85", SMTPC_EARG, NULL },
    { "a", "Ann", SMTPC_EARG, NULL },
    { "a@b, c@d", "Ann", SMTPC_EARG, NULL },
    { "", "Ann", SMTPC_EARG, NULL },
    { NULL, "Ann", SMTPC_EARG, NULL },
};

static void creation(void)
{
    smtpc_address_t *address = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(created) / sizeof(created[0]); i++) {
        apr_status_t rv = smtpc_address_create(&address, created[i].spec,
                                               created[i].name, tap_pool());

        if (tap_is_int(rv, created[i].status, "create %d", (int)i)
            && rv == APR_SUCCESS) {
            tap_is_str(smtpc_address_format(address, tap_pool()),
                       created[i].format, "as text");
        }
    }
    tap_is_int(smtpc_address_create(&address, "a@b",
                                    repeat("n", SMTPC_LIMIT_ADDRESS_TEXT),
                                    tap_pool()),
               APR_SUCCESS, "a name of 4096 bytes");
    tap_is_int(smtpc_address_create(&address, "a@b",
                                    repeat("n", SMTPC_LIMIT_ADDRESS_TEXT + 1),
                                    tap_pool()),
               SMTPC_ELIMIT, "a name of 4097 bytes");
}

static void copying(void)
{
    apr_pool_t *pool;
    smtpc_address_t *address = NULL;
    smtpc_address_t *copy;
    char text[] = "M\xc3\xbcller <\xc3\xa9@b\xc3\xbc" "cher.example>";

    apr_pool_create(&pool, tap_pool());
    if (smtpc_address_parse(&address, text, pool) != APR_SUCCESS) {
        tap_bail("not parsed");
    }
    memset(text, 'x', sizeof(text) - 1);
    copy = smtpc__address_copy(address, tap_pool());
    apr_pool_destroy(pool);
    tap_is_str(smtpc_address_format(copy, tap_pool()),
               "\"M\xc3\xbcller\" <\xc3\xa9@b\xc3\xbc" "cher.example>",
               "a copy has texts of its own");
    tap_is_str(smtpc__address_ascii(copy), "\xc3\xa9@xn--bcher-kva.example",
               "all of them");
    tap_ok(smtpc__address_needs_utf8(copy), "and the rest");
}

/* Parse text as a list behind one address and require status and the new
 * addresses, separated by blanks. */
static void list_gives(const char *text, apr_status_t status,
                       const char *want, const char *what)
{
    apr_array_header_t *list = apr_array_make(tap_pool(), 1,
                                              sizeof(smtpc_address_t *));
    const char *got = "";
    const char *why = "";
    apr_status_t rv;
    int i;

    APR_ARRAY_PUSH(list, smtpc_address_t *) = parse("first@x");
    rv = smtpc__address_parse_list(list, &why, text, tap_pool());
    tap_is_int(rv, status, "list: %s (%s)", what, why);
    for (i = 1; i < list->nelts; i++) {
        got = apr_pstrcat(tap_pool(), got, i > 1 ? " " : "",
                          smtpc_address_address(
                              APR_ARRAY_IDX(list, i, smtpc_address_t *)),
                          NULL);
    }
    tap_is_str(got, want, "%s", rv == APR_SUCCESS ? "all in order" : "none");
    tap_is_str(smtpc_address_address(APR_ARRAY_IDX(list, 0,
                                                   smtpc_address_t *)),
               "first@x", "what was there stays");
    tap_is_int(*why != '\0', rv != APR_SUCCESS, "why");
}

static void lists(void)
{
    list_gives("a@b", APR_SUCCESS, "a@b", "one");
    list_gives("a@b,c@d", APR_SUCCESS, "a@b c@d", "two");
    list_gives(" a@b , \"x, y\" <c@d> (z, z) ,E <e@[1.2.3.4]>", APR_SUCCESS,
               "a@b c@d e@[1.2.3.4]", "commas in quotes and comments");
    list_gives("a@b,a@b", APR_SUCCESS, "a@b a@b", "doubled");
    list_gives("", SMTPC_EARG, "", "empty");
    list_gives(NULL, SMTPC_EARG, "", "NULL");
    list_gives(",a@b", SMTPC_EARG, "", "a leading comma");
    list_gives("a@b,", SMTPC_EARG, "", "a trailing comma");
    list_gives("a@b,,c@d", SMTPC_EARG, "", "a doubled comma");
    list_gives("a@b, (x) ,c@d", SMTPC_EARG, "", "a comment alone");
    list_gives("a@b;c@d", SMTPC_EARG, "", "a semicolon");
    list_gives("a@b c@d", SMTPC_EARG, "", "no separator");
    list_gives("a@b, c", SMTPC_EARG, "", "a bad one behind a good one");
    list_gives("x: a@b, c@d;", SMTPC_EARG, "", "a group");
    list_gives("<a@b, c@d>", SMTPC_EARG, "", "a list in brackets");
    list_gives("a@b,\r\n c@d", SMTPC_EARG, "", "folded");
    list_gives("a@b,c@d\xff", SMTPC_EARG, "", "invalid UTF-8");
}

static void list_limits(void)
{
    apr_pool_t *pool = tap_pool();
    apr_array_header_t *list = apr_array_make(pool, 1,
                                              sizeof(smtpc_address_t *));
    const char *most = repeat("a@b,", SMTPC_LIMIT_RECIPIENTS - 1);
    const char *why;

    tap_is_int(smtpc__address_parse_list(list, &why,
                                         apr_pstrcat(pool, most, "a@b",
                                                     NULL),
                                         pool),
               APR_SUCCESS, "10000 addresses");
    tap_is_int(list->nelts, SMTPC_LIMIT_RECIPIENTS, "all there");
    tap_is_int(smtpc__address_parse_list(list, &why, "a@b", pool),
               SMTPC_ELIMIT, "one more");
    tap_is_int(list->nelts, SMTPC_LIMIT_RECIPIENTS, "is not added");
    apr_array_clear(list);
    tap_is_int(smtpc__address_parse_list(list, &why,
                                         apr_pstrcat(pool, "a@b,", most,
                                                     "a@b", NULL),
                                         pool),
               SMTPC_ELIMIT, "10001 in one text");
    tap_is_int(list->nelts, 0, "none is added");
    tap_is_int(smtpc__address_parse_list(
                   list, &why,
                   apr_pstrcat(pool, repeat(" ", SMTPC_LIMIT_ADDRESS_TEXT),
                               "a@b", NULL),
                   pool),
               SMTPC_ELIMIT, "one item over 4096 bytes");
}

/* A list of the greatest length and each of the shapes that make bad parsers
 * quadratic or recursive. The time is generous: linear takes milliseconds. */
static void hostile_lists(void)
{
    static const char *const pieces[] = {
        "@", ",", "(", ")", "\"", "\\", "<", ">", "[", ";", ":", " ",
        "a@b ", "(\\", "a.", "\"\" ", "<a@", "x (", "a\"b\" ", "[ ",
        "\xc3\xa9", "\xff", "a@b,", "=?", "@[", "\" \\"
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
    tap_is_int(status_of(repeat("(", SMTPC_LIMIT_ADDRESS_TEXT)), SMTPC_EARG,
               "deep comments");
}

static void too_long_list(void)
{
    apr_array_header_t *list = apr_array_make(tap_pool(), 1,
                                              sizeof(smtpc_address_t *));
    const char *why;

    tap_is_int(smtpc__address_parse_list(
                   list, &why, repeat(" ", SMTPC_LIMIT_ADDRESS_LIST + 1),
                   tap_pool()),
               SMTPC_ELIMIT, "a text over 1 MiB");
}

int main(void)
{
    tap_pool();
    normal_forms();
    needs_utf8();
    equality();
    limits();
    creation();
    copying();
    lists();
    list_limits();
    hostile_lists();
    too_long_list();
    return tap_done();
}
