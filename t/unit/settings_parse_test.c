/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settings_parse_test.c: every attribute of mailSettings, and what is
 * refused where with which words.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "base/secret_int.h"
#include "model/settings_int.h"

static int line;
static int literal;
static const char *why;

static apr_status_t parse(smtpc__settings_values_t *values, const char *text)
{
    line = 0;
    literal = 0;
    why = "";
    return smtpc__settings_parse(values, &line, &why, &literal, text,
                                 strlen(text), tap_pool(), tap_pool());
}

/* text as <smtp>, on line 4. */
static const char *document(const char *text)
{
    return apr_pstrcat(tap_pool(), "<configuration>\n<system.net>\n"
                       "<mailSettings>\n", text, "\n</mailSettings>\n"
                       "</system.net>\n</configuration>\n", NULL);
}

static const char *network(const char *attribute)
{
    return document(apr_pstrcat(tap_pool(), "<smtp>\n<network ", attribute,
                                "/></smtp>", NULL));
}

static void all(void)
{
    smtpc__settings_values_t v = { 0 };
    apr_size_t len = 0;

    tap_is_int(parse(&v, document(
        "<smtp deliveryMethod=\"SpecifiedPickupDirectory\"\n"
        " deliveryFormat=\"International\" from='\"A &amp; B\" <a@b.test>'>\n"
        "<network host=\" mail.example.org \" port=\" 587 \" userName=\"w b\""
        "\n password=\"&lt;s&#233;cret&gt;\" defaultCredentials=\"False\"\n"
        " enableSsl=\"TRUE\" clientDomain=\"www.example.org\"\n"
        " targetName=\"SMTPSVC/mail\"/>\n"
        "<specifiedPickupDirectory pickupDirectoryLocation=\"/srv/out\"/>\n"
        "</smtp>")), SMTPC_EARG, "a '<' in an attribute: %s", why);
    tap_is_int(line, 5, "is found");
    tap_is_int(parse(&v, document(
        "<smtp deliveryMethod=\"SpecifiedPickupDirectory\"\n"
        " deliveryFormat=\"International\" from='\"A &amp; B\" "
        "&lt;a@b.test&gt;'>\n"
        "<network host=\" mail.example.org \" port=\" 587 \" userName=\"w b\""
        "\n password=\"&lt;s&#233;cret&gt;\" defaultCredentials=\"False\"\n"
        " enableSsl=\"TRUE\" clientDomain=\"www.example.org\"\n"
        " targetName=\"SMTPSVC/mail\"/>\n"
        "<specifiedPickupDirectory pickupDirectoryLocation=\"/srv/out\"/>\n"
        "</smtp>")), APR_SUCCESS, "all there is: %s", why);
    tap_is_int(v.delivery, SMTPC_DELIVER_PICKUP, "deliveryMethod");
    tap_is_int(v.format, SMTPC_FORMAT_INTERNATIONAL, "deliveryFormat");
    tap_is_int(v.default_credentials, 0, "defaultCredentials");
    tap_is_str(v.from, "\"A & B\" <a@b.test>", "from");
    tap_is_str(v.host, "mail.example.org", "host");
    tap_is_int(v.port, 587, "port");
    tap_is_str(v.user, "w b", "userName");
    tap_is_str(v.secret ? smtpc__secret_bytes(v.secret, &len) : NULL,
               "<s\xC3\xA9" "cret>", "password");
    tap_is_int(literal, 7, "which stands on line 7");
    tap_is_str(v.reference, NULL, "and is no reference");
    tap_is_int(v.enable_ssl, 1, "enableSsl");
    tap_is_str(v.hello_name, "www.example.org", "clientDomain");
    tap_is_str(v.target_name, "SMTPSVC/mail", "targetName");
    tap_is_str(v.pickup_directory, "/srv/out", "pickupDirectoryLocation");
}

static void layers(void)
{
    smtpc__settings_values_t v = { 0 };

    tap_is_int(parse(&v, network("host='a.test' port='25' userName='u' "
                                 "password='p' enableSsl='true'")),
               APR_SUCCESS, "first: %s", why);
    tap_is_int(parse(&v, network("port='26' password='env:PW'")),
               APR_SUCCESS, "second: %s", why);
    tap_is_str(v.host, "a.test", "stays");
    tap_is_int(v.port, 26, "is another");
    tap_is_int(v.enable_ssl, 1, "stays");
    tap_ok(v.secret == NULL, "the first password is gone");
    tap_is_str(v.reference, "env:PW", "for a reference");
    tap_is_int(literal, 0, "which may be read by anyone");
    tap_is_int(parse(&v, network("host='' userName='' password='' "
                                 "clientDomain='' targetName='' "
                                 "enableSsl='false'")),
               APR_SUCCESS, "third: %s", why);
    tap_ok(!v.host && !v.user && !v.reference && !v.secret && !v.hello_name
               && !v.target_name && !v.enable_ssl, "takes away");
    tap_is_int(parse(&v, document("<smtp from=''/>")), APR_SUCCESS,
               "no from: %s", why);
    tap_is_str(v.from, NULL, "none");
    tap_is_int(v.port, 26, "all else stays");
}

/* Sections that are not ours, and .NET's old namespace. */
static void neighbours(void)
{
    static const char text[] =
        "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
        "<!-- <mailSettings><x/></mailSettings> -->\n"
        "<configuration xmlns=\"http://schemas.microsoft.com/.NetConf\">\n"
        "<configSections><section name='a' type='b'/></configSections>\n"
        "<mailSettings><x/></mailSettings>\n"
        "<location path='a'><system.net><mailSettings><x/></mailSettings>"
        "</system.net></location>\n"
        "<system.net><connectionManagement><add address='*'/>"
        "</connectionManagement></system.net>\n"
        "<system.net>text<mailSettings><!-- none -->\n<smtp>"
        "<network host='h'/></smtp></mailSettings></system.net>\n"
        "<system.web><compilation debug='true'>x</compilation></system.web>\n"
        "</configuration>\n";
    smtpc__settings_values_t v = { 0 };

    tap_is_int(parse(&v, text), APR_SUCCESS, "a web.config: %s", why);
    tap_is_str(v.host, "h", "host");
    tap_is_int(parse(&v, "<configuration/>"), APR_SUCCESS, "nothing: %s",
               why);
    tap_is_str(v.host, "h", "changes nothing");
}

static const struct {
    const char *text;
    int line;
    const char *why;
} bad[] = {
    { "<smtp delivery=\"x\"/>", 4, "<smtp delivery> is not known; <smtp> "
      "takes deliveryMethod, deliveryFormat, from" },
    { "<smtp/>\n<http/>", 5, "<http> is not known; <mailSettings> takes "
      "<smtp>" },
    { "<smtp>\n<network/>\n<netwrk/></smtp>", 6, "<netwrk> is not known; "
      "<smtp> takes <network>, <specifiedPickupDirectory>" },
    { "<smtp>\n<network\n host='h'\n Host='h'/></smtp>", 7,
      "<network Host> is not known; <network> takes host, port" },
    { "<smtp><network>\n<smtp/></network></smtp>", 5, "<smtp> is not known; "
      "<network> takes no elements" },
    { "<smtp/>\n<smtp/>", 5, "<smtp> is there twice, first on line 4" },
    { "<smtp><network/>\n\n<network/></smtp>", 6, "<network> is there twice, "
      "first on line 4" },
    { "<smtp>\nhost=h</smtp>", 4, "<smtp> has text in it" },
    { "<smtp><network/>host</smtp>", 4, "<smtp> has text in it" },
    { "<x:smtp xmlns:x='urn:x'/>", 4, "<smtp> is not known" },
    { "<smtp xmlns:x='urn:x' x:from='a@b.test'/>", 4, "<smtp from> is not" },
    { "<smtp from='a@b.test'\n deliveryMethod='network'/>", 5,
      "<smtp deliveryMethod>: \"network\" is neither Network nor" },
    { "<smtp deliveryMethod='PickupDirectoryFromIis'/>", 4, "needs a queue, "
      "which this version does not have" },
    { "<smtp deliveryFormat='8bit'/>", 4, "neither SevenBit nor" },
    { "<smtp from='nobody'/>", 4, "<smtp from>: \"nobody\" is not a mailbox:" },
    { "<smtp from='a@b.test, c@d.test'/>", 4, "is not a mailbox:" },
    { "<smtp><specifiedPickupDirectory\n\n"
      "pickupDirectoryLocation='C:\\out'/></smtp>", 6,
      "\"C:\\out\" is not an absolute path" },
};

static const struct {
    const char *attribute;
    const char *why;
} bad_network[] = {
    { "host='a b'", "<network host>: \"a b\" is not a host name" },
    { "host='http://a.test'", "is not a host name" },
    { "clientDomain='a_!'", "<network clientDomain>: \"a_!\" is not a host" },
    { "port='0'", "<network port>: \"0\" is not a port: 1 ... 65535" },
    { "port='65536'", "is not a port" },
    { "port='-25'", "is not a port" },
    { "port='25x'", "is not a port" },
    { "port=''", "is not a port" },
    { "port='99999999999999999999'", "is not a port" },
    { "enableSsl='yes'", "<network enableSsl>: \"yes\" is neither true nor" },
    { "enableSsl=''", "neither true nor false" },
    { "defaultCredentials='1'", "neither true nor false" },
    { "userName='a&#10;b'", "<network userName>: \"a\\x0Ab\" has a control" },
    { "targetName='a&#9;'", "has a control character" },
    { "password='${PW}'", "<network password>: " },
    { "password='sesame&#13;'", "<network password>: " },
    { "passwd='sesame'", "<network passwd> is not known; <network> takes "
      "host, port, userName, password, defaultCredentials, enableSsl, "
      "clientDomain, targetName" },
};

static void refused(void)
{
    smtpc__settings_values_t v = { 0 };
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(parse(&v, document(bad[i].text)), SMTPC_EARG, "%s",
                   bad[i].text);
        tap_is_int(line, bad[i].line, "line");
        tap_ok(strstr(why, bad[i].why) != NULL, "%s", why);
    }
    for (i = 0; i < sizeof(bad_network) / sizeof(bad_network[0]); i++) {
        tap_is_int(parse(&v, network(bad_network[i].attribute)), SMTPC_EARG,
                   "%s", bad_network[i].attribute);
        tap_is_int(line, 5, "line");
        tap_ok(strstr(why, bad_network[i].why) != NULL, "%s", why);
        tap_ok(!strstr(why, "sesame"), "no password in it");
    }
    tap_is_int(parse(&v, "<a>\n<configuration/></a>"), SMTPC_EARG, "root");
    tap_ok(strstr(why, "\"a\" is not <configuration>") != NULL, "%s", why);
    tap_is_int(parse(&v, "<configuration><system.net><mailSettings/>"
                         "</system.net>\n<system.net><mailSettings/>"
                         "</system.net></configuration>"), SMTPC_EARG,
               "two of it");
    tap_is_int(line, 2, "the second");
    tap_is_int(parse(&v, "<configuration>\n"), SMTPC_EARG, "not XML: %s",
               why);
    tap_is_int(line, 1, "line");
}

/* Texts at their limit and one beyond. */
static void limits(void)
{
    static const struct {
        const char *name;
        apr_size_t limit;
        const char *first;
    } texts[] = {
        { "userName", SMTPC_LIMIT_USER, "u" },
        { "targetName", SMTPC_LIMIT_TARGET_NAME, "t" },
        { "password", SMTPC_LIMIT_SECRET, "p" },
    };
    char text[SMTPC_LIMIT_SECRET + 2];
    smtpc__settings_values_t v = { 0 };
    apr_size_t i;
    apr_size_t over;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (over = 0; over < 2; over++) {
            memset(text, *texts[i].first, texts[i].limit + over);
            text[texts[i].limit + over] = '\0';
            tap_is_int(parse(&v, network(apr_pstrcat(tap_pool(),
                                                     texts[i].name, "='",
                                                     text, "'", NULL))),
                       over ? SMTPC_EARG : APR_SUCCESS, "%s of %d bytes",
                       texts[i].name, (int)(texts[i].limit + over));
            tap_ok(strlen(why) < 200, "not all of it in the sentence");
        }
    }
}

int main(void)
{
    tap_pool();
    all();
    layers();
    neighbours();
    refused();
    limits();
    return tap_done();
}
