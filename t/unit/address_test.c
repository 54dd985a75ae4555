/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_test.c: mailboxes as values: normal form, limits, equality.
 *
 * Which texts are mailboxes at all is address_parse_test's, lists are
 * address_list_test's.
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
    /* One spelling: e and U+0301 are U+00E9, in each piece. */
    { "Re\xcc\x81mi <re\xcc\x81mi@re\xcc\x81mi.example>", "R\xc3\xa9mi",
      "r\xc3\xa9mi", "r\xc3\xa9mi.example",
      "r\xc3\xa9mi@xn--rmi-bma.example",
      "\"R\xc3\xa9mi\" <r\xc3\xa9mi@r\xc3\xa9mi.example>" },
    { "\"o\xcc\x88 x\"@b", "", "\"\xc3\xb6 x\"", "b", "\"\xc3\xb6 x\"@b",
      "\"\xc3\xb6 x\"@b" },
    /* U+212A KELVIN SIGN is K, U+037E GREEK QUESTION MARK is ';', which then
     * needs quotes, U+1FEF is '`'. */
    { "\xe2\x84\xaa <\xe2\x84\xaa@b>", "K", "K", "b", "K@b",
      "\"K\" <K@b>" },
    { "a\xcd\xbe" "b@c", "", "\"a;b\"", "c", "\"a;b\"@c", "\"a;b\"@c" },
    { "x\xcd\xbey <a\xe1\xbf\xaf@c>", "x;y", "a`", "c", "a`@c",
      "\"x;y\" <a`@c>" },
    /* Hangul letters are syllables. */
    { "\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab@b", "", "\xed\x95\x9c", "b",
      "\xed\x95\x9c@b", "\xed\x95\x9c@b" },
    /* A mark that joins nothing before it stays where it is. */
    { "a\xcc\xb8@b", "", "a\xcc\xb8", "b", "a\xcc\xb8@b", "a\xcc\xb8@b" },
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
    { "re\xcc\x81mi@b", "r\xc3\xa9mi@b", 1 },
    { "Re\xcc\x81mi <a@b>", "R\xc3\xa9mi <a@b>", 1 },
    { "\xc3\xa9@b", "\xc3\x89@b", 0 },
    { "a@b\xc3\x9c" ".de", "a@B\xc3\xbc" ".de", 1 },
    { "AB <c@d>", "A <Bc@d>", 0 },
};

static void equality(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        const smtpc_address_t *a = parse(pairs[i].a);
        const smtpc_address_t *b = parse(pairs[i].b);

        tap_is_int(!!smtpc_address_equal(a, b), pairs[i].equal, "%s and %s",
                   pairs[i].a, pairs[i].b);
        tap_is_int(smtpc_address_hash(a) == smtpc_address_hash(b),
                   pairs[i].equal, "their hashes");
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
    const char *name = repeat("n", SMTPC_LIMIT_DISPLAY_NAME);
    const char *comment = apr_pstrcat(
        pool, "(", repeat("n", SMTPC_LIMIT_ADDRESS_TEXT - 5), ")", NULL);
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
    /* Three bytes of UTF-8 with their dot are eight as an A-label. */
    tap_is_int(status_of(apr_pstrcat(pool, repeat("a", 12), "@",
                                     repeat("\xc3\xa9.", 30), "c", NULL)),
               APR_SUCCESS, "254 bytes in A-labels");
    tap_is_int(status_of(apr_pstrcat(pool, repeat("a", 13), "@",
                                     repeat("\xc3\xa9.", 30), "c", NULL)),
               SMTPC_ELIMIT, "255 bytes in A-labels");
    tap_is_int(status_of(apr_pstrcat(pool, comment, "a@b", NULL)),
               APR_SUCCESS, "4096 bytes of text");
    tap_is_int(status_of(apr_pstrcat(pool, comment, "aa@b", NULL)),
               SMTPC_ELIMIT, "4097 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, name, " <a@b>", NULL)),
               APR_SUCCESS, "1024 bytes of name");
    tap_is_int(status_of(apr_pstrcat(pool, name, "n <a@b>", NULL)),
               SMTPC_ELIMIT, "1025 bytes");
    /* U+0344 becomes U+0308 U+0301: two bytes become four. */
    tap_is_int(status_of(apr_pstrcat(pool, repeat("\xcd\x84", 256), " <a@b>",
                                     NULL)),
               APR_SUCCESS, "1024 bytes in their normal form");
    tap_is_int(status_of(apr_pstrcat(pool, repeat("\xcd\x84", 256), "n <a@b>",
                                     NULL)),
               SMTPC_ELIMIT, "1025 bytes");
    tap_is_int(status_of(apr_pstrcat(pool, "q", repeat("\xcd\x84", 15),
                                     "aaa@b", NULL)),
               APR_SUCCESS, "a local part of 64 bytes in its normal form");
    tap_is_int(status_of(apr_pstrcat(pool, "q", repeat("\xcd\x84", 16), "@b",
                                     NULL)),
               SMTPC_ELIMIT, "65 bytes");
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
    { "a@b", "Re\xcc\x81mi", APR_SUCCESS, "\"R\xc3\xa9mi\" <a@b>" },
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
                                    repeat("\"", SMTPC_LIMIT_DISPLAY_NAME),
                                    tap_pool()),
               APR_SUCCESS, "a name of 1024 bytes");
    tap_ok(smtpc_address_equal(parse(smtpc_address_format(address,
                                                          tap_pool())),
                               address),
           "is read back, quoted as it is");
    tap_is_int(smtpc_address_create(&address, "a@b",
                                    repeat("n", SMTPC_LIMIT_DISPLAY_NAME + 1),
                                    tap_pool()),
               SMTPC_ELIMIT, "a name of 1025 bytes");
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

int main(void)
{
    tap_pool();
    normal_forms();
    needs_utf8();
    equality();
    limits();
    creation();
    copying();
    return tap_done();
}
