/* SPDX-License-Identifier: Apache-2.0 */
/*
 * host_test.c: domains, literals and configured hosts in normal form.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/address_int.h"
#include "model/host.h"

static const struct {
    const char *text;
    const char *unicode; /* NULL: refused */
    const char *ascii;
} domains[] = {
    { "example.org", "example.org", "example.org" },
    { "EXAMPLE.Org", "example.org", "example.org" },
    { "localhost", "localhost", "localhost" },
    { "b\xc3\xbc" "cher.example", "b\xc3\xbc" "cher.example",
      "xn--bcher-kva.example" },
    { "B\xc3\x9c" "CHER.Example", "b\xc3\xbc" "cher.example",
      "xn--bcher-kva.example" },
    { "bu\xcc\x88" "cher.example", "b\xc3\xbc" "cher.example",
      "xn--bcher-kva.example" }, /* decomposed: NFC is applied */
    { "xn--bcher-kva.example", "b\xc3\xbc" "cher.example",
      "xn--bcher-kva.example" },
    { "xn--fa-hia.de", "fa\xc3\x9f.de", "xn--fa-hia.de" },
    { "fa\xc3\x9f.de", "fa\xc3\x9f.de", "xn--fa-hia.de" },
    { "\xe4\xbe\x8b\xe3\x80\x82jp", "\xe4\xbe\x8b.jp", "xn--fsq.jp" },
    { "\xef\xbd\x81.b", "a.b", "a.b" }, /* a fullwidth letter */
    { "xn--a.example", "xn--a.example", "xn--a.example" },
    /* What no A-label stands for stays as it is: a decomposed letter, a
     * bidirectional control, a dot, an @. */
    { "xn--bucher-xyd.de", "xn--bucher-xyd.de", "xn--bucher-xyd.de" },
    { "xn--ab-g4t.de", "xn--ab-g4t.de", "xn--ab-g4t.de" },
    { "xn--x-83t.de", "xn--x-83t.de", "xn--x-83t.de" },
    { "xn--xy-iw3n.de", "xn--xy-iw3n.de", "xn--xy-iw3n.de" },
    { "xn--.example", NULL, NULL }, /* ends with a hyphen */
    { "", NULL, NULL },
    { "a..b", NULL, NULL },
    { "a b", NULL, NULL },
    { "a@b", NULL, NULL },
    { "a/b", NULL, NULL },
    { "a\r\nb", NULL, NULL },
    { "127.0.0.1", NULL, NULL },
    { "1.2", NULL, NULL },
    { "::1", NULL, NULL },
    { "a\xef\xbc\xa0" "b", NULL, NULL }, /* a fullwidth @ */
    { "a\xe2\x80\xa4" "b\xef\xbc\x8f" "c", NULL, NULL },
    { "a\xe2\x80\x8b" "b\xc2\xa0" "c", NULL, NULL },
    { "\xe2\x80\xae" "a.b", NULL, NULL },
};

static void normal_domains(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
        smtpc__domain_t domain = { NULL, NULL };
        const char *why = "";
        apr_status_t rv;

        rv = smtpc__domain_normal(&domain, &why, domains[i].text, tap_pool());
        tap_is_int(rv, domains[i].ascii != NULL ? APR_SUCCESS : SMTPC_EARG,
                   "domain %d (%s)", (int)i, why);
        tap_is_str(domain.unicode, domains[i].unicode, "for people");
        tap_is_str(domain.ascii, domains[i].ascii, "for the wire");
        tap_is_int(*why == '\0', rv == APR_SUCCESS, "why");
    }
}

static const struct {
    const char *text;
    const char *want; /* NULL: refused */
} literals[] = {
    { "[127.0.0.1]", "[127.0.0.1]" },
    { "[IPv6:2001:DB8:0::1]", "[IPv6:2001:db8::1]" },
    { "[ipv6:::1]", "[IPv6:::1]" },
    { "[tag:text]", "[tag:text]" },
    { "[mail.com]", "[mail.com]" },
    { "[1.2.3.4.x]", "[1.2.3.4.x]" },
    { "[]", NULL },
    { "[ ]", NULL },
    { "[127.0.0.256]", NULL },
    { "[127.0.0]", NULL },
    { "[12]", NULL },
    { "[IPv6:]", NULL },
    { "[IPv6:127.0.0.1]", NULL },
    { "[IPv6:fe80::1%eth0]", NULL },
    { "[a b]", NULL },
    { "[a\\]", NULL },
    { "[[]", NULL },
    { "[a\x7f]", NULL },
    { "[\xc3\xa9]", NULL },
};

static void normal_literals(void)
{
    smtpc__domain_t domain;
    const char *why;
    char text[SMTPC_LIMIT_DOMAIN + 2];
    apr_size_t i;

    for (i = 0; i < sizeof(literals) / sizeof(literals[0]); i++) {
        apr_status_t rv;

        domain.unicode = domain.ascii = NULL;
        why = "";
        rv = smtpc__literal_normal(&domain, &why, literals[i].text,
                                   tap_pool());
        tap_is_int(rv, literals[i].want != NULL ? APR_SUCCESS : SMTPC_EARG,
                   "literal %s (%s)", literals[i].text, why);
        tap_is_str(domain.ascii, literals[i].want, "for the wire");
        tap_is_str(domain.unicode, literals[i].want, "for people");
    }
    memset(text, 'a', sizeof(text));
    text[0] = '[';
    text[SMTPC_LIMIT_DOMAIN - 1] = ']';
    text[SMTPC_LIMIT_DOMAIN] = '\0';
    tap_is_int(smtpc__literal_normal(&domain, &why, text, tap_pool()),
               APR_SUCCESS, "a literal of 255 bytes");
    text[SMTPC_LIMIT_DOMAIN - 1] = 'a';
    text[SMTPC_LIMIT_DOMAIN] = ']';
    text[SMTPC_LIMIT_DOMAIN + 1] = '\0';
    tap_is_int(smtpc__literal_normal(&domain, &why, text, tap_pool()),
               SMTPC_ELIMIT, "a literal of 256 bytes");
}

static const struct {
    const char *text;
    const char *want; /* NULL: refused */
} hosts[] = {
    { "mail.example.org", "mail.example.org" },
    { "Mail.Example.Org.", "mail.example.org" },
    { "localhost", "localhost" },
    { "b\xc3\xbc" "cher.example", "xn--bcher-kva.example" },
    { "127.0.0.1", "127.0.0.1" },
    { "[127.0.0.1]", "127.0.0.1" },
    { "::1", "::1" },
    { "[::1]", "::1" },
    { "[IPv6:2001:DB8::0:1]", "2001:db8::1" },
    { "2001:DB8:0:0:0:0:0:1", "2001:db8::1" },
    { NULL, NULL },
    { "", NULL },
    { ".", NULL },
    { "..", NULL },
    { "a..", NULL },
    { "[]", NULL },
    { "[a]", NULL },
    { "[IPv6:127.0.0.1]", NULL },
    { "[IPv6:a]", NULL },
    { "127.0.0.1.", NULL },
    { "127.1", NULL },
    { "0x7f000001", NULL },
    { "2130706433", NULL },
    { "fe80::1%eth0", NULL },
    { "a:25", NULL },
    { "smtp://a", NULL },
    { "a%0d%0ab", NULL },
    { "a\r\nb", NULL },
    { "a b", NULL },
    { "a\tb", NULL },
    { "a\x7f", NULL },
    { "a\xc2\x85", NULL },
    { "a\xff", NULL },
    { "user@host", NULL },
    { "-a", NULL },
};

static void configured_hosts(void)
{
    char text[5000];
    apr_size_t i;
    const char *normal;

    for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        apr_status_t rv;

        normal = NULL;
        rv = smtpc__host_check(&normal, hosts[i].text, tap_pool());
        tap_is_int(rv, hosts[i].want != NULL ? APR_SUCCESS : SMTPC_EARG,
                   "host %d", (int)i);
        tap_is_str(normal, hosts[i].want, "normal form");
    }
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    tap_is_int(smtpc__host_check(&normal, text, tap_pool()), SMTPC_EARG,
               "far too long");
}

int main(void)
{
    tap_pool();
    normal_domains();
    normal_literals();
    configured_hosts();
    return tap_done();
}
