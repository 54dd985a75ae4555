/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostname_test.c: what is a host name, and finding this host's full one.
 */
#include "../tap/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/hostname.h"
#include "base/limits.h"

static const struct {
    const char *name;
    int valid;
} names[] = {
    { "localhost", 1 },
    { "mail.example.org", 1 },
    { "MAIL.Example.ORG", 1 },
    { "a", 1 },
    { "a-b.c-d", 1 },
    { "_dmarc.example.org", 1 },
    { "3com.com", 1 },
    { "xn--bcher-kva.example", 1 },
    { "1.2.3.x", 1 },
    { "", 0 },
    { ".", 0 },
    { ".a", 0 },
    { "a.", 0 },
    { "a..b", 0 },
    { "-a", 0 },
    { "a-", 0 },
    { "a.-b", 0 },
    { "a b", 0 },
    { "a\r\nb", 0 },
    { "a\tb", 0 },
    { "b\xc3\xbc" "cher.example", 0 },
    { "a/b", 0 },
    { "a@b", 0 },
    { "[a]", 0 },
    { "127.0.0.1", 0 },
    { "127.1", 0 },
    { "2130706433", 0 },
    { "0x7f000001", 0 },
    { "127.0.0.0X1", 0 },
    { "0x", 0 },
    { "0x7f000001g", 1 },
    { "0x7f.example", 1 },
    { "a.1", 0 },
    { "::1", 0 },
};

static void validity(void)
{
    char name[SMTPC_LIMIT_DOMAIN + 2];
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        tap_is_int(smtpc__hostname_valid(names[i].name,
                                         strlen(names[i].name)),
                   names[i].valid, "name %d", (int)i);
    }
    tap_ok(!smtpc__hostname_valid("a\0b", 3), "NUL is in no name");

    memset(name, 'a', sizeof(name));
    tap_ok(smtpc__hostname_valid(name, 63), "a label of 63 bytes");
    tap_ok(!smtpc__hostname_valid(name, 64), "a label of 64 bytes");
    for (i = 50; i < sizeof(name); i += 51) {
        name[i] = '.';
    }
    tap_ok(smtpc__hostname_valid(name, SMTPC_LIMIT_DOMAIN - 1)
               && name[SMTPC_LIMIT_DOMAIN - 1] == '.',
           "254 bytes");
    name[SMTPC_LIMIT_DOMAIN - 1] = 'a';
    tap_ok(smtpc__hostname_valid(name, SMTPC_LIMIT_DOMAIN), "255 bytes");
    tap_ok(!smtpc__hostname_valid(name, SMTPC_LIMIT_DOMAIN + 1),
           "256 bytes");
}

static void addresses(void)
{
    tap_is_int(smtpc__ip_version("127.0.0.1"), 4, "IPv4");
    tap_is_int(smtpc__ip_version("::1"), 6, "IPv6");
    tap_is_int(smtpc__ip_version("fe80::1%eth0"), 0, "no zones");
    tap_is_int(smtpc__ip_version("127.0.0.256"), 0, "out of range");
    tap_is_int(smtpc__ip_version("127.0.0.01"), 0, "a leading zero");
    tap_is_int(smtpc__ip_version("[127.0.0.1]"), 0, "no brackets");
    tap_is_int(smtpc__ip_version(""), 0, "nothing");

    tap_ok(smtpc__is_ip_literal("[127.0.0.1]"), "IPv4 literal");
    tap_ok(smtpc__is_ip_literal("[IPv6:::1]"), "IPv6 literal");
    tap_ok(smtpc__is_ip_literal("[ipv6:2001:db8::1]"), "tag in lower case");
    tap_ok(!smtpc__is_ip_literal("[::1]"), "IPv6 without its tag");
    tap_ok(!smtpc__is_ip_literal("[IPv6:127.0.0.1]"), "IPv4 with the tag");
    tap_ok(!smtpc__is_ip_literal("[IPv6:]"), "the tag alone");
    tap_ok(!smtpc__is_ip_literal("127.0.0.1"), "no brackets");
    tap_ok(!smtpc__is_ip_literal("[]"), "empty brackets");
    tap_ok(!smtpc__is_ip_literal("["), "half a bracket");
    tap_ok(!smtpc__is_ip_literal("[127.0.0.1]]"), "one bracket more");
    tap_ok(!smtpc__is_ip_literal("[127.0.0.1\r\n]"), "a line end");
    tap_ok(!smtpc__is_ip_literal(apr_psprintf(tap_pool(), "[IPv6:%0300d]",
                                              1)),
           "longer than any address");
    tap_ok(!smtpc__is_ip_literal(apr_psprintf(tap_pool(), "[%050d]", 1)),
           "longer than any address, without tag");
}

/* Return the path of a new file with content. */
static const char *make_hosts(const char *content)
{
    const char *dir;
    char *path;
    apr_file_t *file;

    if (apr_temp_dir_get(&dir, tap_pool()) != APR_SUCCESS) {
        tap_bail("no directory for temporary files");
    }
    path = apr_pstrcat(tap_pool(), dir, "/smtpc-hosts-XXXXXX", NULL);
    if (apr_file_mktemp(&file, path,
                        APR_FOPEN_CREATE | APR_FOPEN_WRITE | APR_FOPEN_EXCL,
                        tap_pool())
            != APR_SUCCESS
        || apr_file_puts(content, file) != APR_SUCCESS
        || apr_file_close(file) != APR_SUCCESS) {
        tap_bail("cannot write %s", path);
    }
    return path;
}

static void qualifying(void)
{
    apr_pool_t *pool = tap_pool();
    const char *hosts = make_hosts("# comment web.bad.example web\n"
                                   "\n"
                                   "127.0.0.1\tlocalhost\n"
                                   "10.0.0.1 other.example.org other\n"
                                   "10.0.0.2 web.bad_.-x web\n"
                                   "10.0.0.3 webb.example.org webb\n"
                                   "10.0.0.4 web.not-ours.example # web\n"
                                   "10.0.0.5 webmail.example.org web\n"
                                   "10.0.1.1\tWEB.example.org  web www\r\n"
                                   "10.0.1.2 web.later.example web\n");

    tap_is_str(smtpc__hostname_qualify("web", hosts, pool), "WEB.example.org",
               "the full name is on the line of the short one");
    tap_is_str(smtpc__hostname_qualify("mail", hosts, pool), "mail",
               "a name that is not listed stays short");
    tap_is_str(smtpc__hostname_qualify("a.example.net", hosts, pool),
               "a.example.net", "a full name stays");
    tap_is_str(smtpc__hostname_qualify("web", "/nonexistent/hosts", pool),
               "web", "no file, no domain");
    tap_is_str(smtpc__hostname_qualify("we b", hosts, pool), "[127.0.0.1]",
               "an invalid name gives an address literal");
    tap_is_str(smtpc__hostname_qualify("", hosts, pool), "[127.0.0.1]",
               "so does none");
    apr_file_remove(hosts, pool);
}

static void hosts_limit(void)
{
    const char *lines = "";
    const char *hosts;
    int i;

    for (i = 1; i < SMTPC_LIMIT_HOSTS_LINES; i++) {
        lines = apr_pstrcat(tap_pool(), lines, "\n", NULL);
    }
    hosts = make_hosts(apr_pstrcat(tap_pool(), lines,
                                   "10.0.0.1 last.example.org last\n"
                                   "10.0.0.2 beyond.example.org beyond\n",
                                   NULL));
    tap_is_str(smtpc__hostname_qualify("last", hosts, tap_pool()),
               "last.example.org", "line 1000 is read");
    tap_is_str(smtpc__hostname_qualify("beyond", hosts, tap_pool()), "beyond",
               "line 1001 is not");
    apr_file_remove(hosts, tap_pool());
}

static void own(void)
{
    const char *name = smtpc__hostname_system(tap_pool());

    tap_ok(smtpc__hostname_valid(name, strlen(name))
               || strcmp(name, "[127.0.0.1]") == 0,
           "this host is called \"%s\"", name);
}

int main(void)
{
    validity();
    addresses();
    qualifying();
    hosts_limit();
    own();
    return tap_done();
}
