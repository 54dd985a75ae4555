/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command_test.c: the exact bytes of every command, and that nothing is
 * written of one that is refused.
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "proto/command.h"

static smtpc_buf_t out;

static const smtpc_address_t *address(const char *text)
{
    smtpc_address_t *parsed;

    if (smtpc_address_parse(&parsed, text, tap_pool()) != APR_SUCCESS) {
        tap_bail("address %s", text);
    }
    return parsed;
}

/* Check that rv is status and that out holds wanted; empty it. */
static void check(apr_status_t rv, apr_status_t status, const char *wanted,
                  const char *what)
{
    tap_is_int(rv, status, "%s: status", what);
    tap_is_mem(smtpc__buf_bytes(&out), smtpc__buf_used(&out), wanted,
               strlen(wanted), "%s: bytes", what);
    smtpc__buf_clear(&out);
}

static void test_hello(void)
{
    char name[SMTPC_LIMIT_COMMAND_LINE];
    const char *line;

    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a.example"), 0,
          "EHLO a.example\r\n", "EHLO");
    check(smtpc__command_hello(&out, SMTPC_HELLO_HELO, "[127.0.0.1]"), 0,
          "HELO [127.0.0.1]\r\n", "HELO");
    check(smtpc__command_hello(&out, SMTPC_HELLO_LHLO, "a.example"), 0,
          "LHLO a.example\r\n", "LHLO");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, ""), SMTPC_EARG, "", "no name");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a b"), SMTPC_EARG, "", "A6 blank");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a\r\nRSET"), SMTPC_EARG, "",
          "A6 CRLF");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a\nb"), SMTPC_EARG, "", "A6 LF");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a\tb"), SMTPC_EARG, "", "A6 tab");
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, "a\x7f"), SMTPC_EARG, "", "A6 DEL");
    memset(name, 'x', sizeof(name));
    name[SMTPC_LIMIT_COMMAND_LINE - 7] = '\0';
    line = apr_pstrcat(tap_pool(), "EHLO ", name, "\r\n", NULL);
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, name), 0, line, "at the limit");
    name[SMTPC_LIMIT_COMMAND_LINE - 7] = 'x';
    name[SMTPC_LIMIT_COMMAND_LINE - 6] = '\0';
    check(smtpc__command_hello(&out, SMTPC_HELLO_EHLO, name), SMTPC_ELIMIT, "", "beyond");
}

static void test_bare(void)
{
    check(smtpc__command_bare(&out, SMTPC_COMMAND_STARTTLS), 0,
          "STARTTLS\r\n", "STARTTLS");
    check(smtpc__command_bare(&out, SMTPC_COMMAND_DATA), 0, "DATA\r\n",
          "DATA");
    check(smtpc__command_bare(&out, SMTPC_COMMAND_RSET), 0, "RSET\r\n",
          "RSET");
    check(smtpc__command_bare(&out, SMTPC_COMMAND_QUIT), 0, "QUIT\r\n",
          "QUIT");
}

static void test_mail(void)
{
    smtpc_mail_params_t params = { .size = SMTPC_LENGTH_UNKNOWN };

    check(smtpc__command_mail(&out, address("a@b.example"), &params), 0,
          "MAIL FROM:<a@b.example>\r\n", "plain");
    check(smtpc__command_mail(&out, NULL, &params), 0, "MAIL FROM:<>\r\n",
          "null reverse path");
    params.size = 0;
    check(smtpc__command_mail(&out, NULL, &params), 0,
          "MAIL FROM:<> SIZE=0\r\n", "size 0");
    params.size = APR_INT64_MAX;
    params.body_8bit = 1;
    check(smtpc__command_mail(&out, NULL, &params), 0,
          "MAIL FROM:<> SIZE=9223372036854775807 BODY=8BITMIME\r\n",
          "8BITMIME");
    params.size = 7;
    params.utf8 = 1;
    check(smtpc__command_mail(&out, address("j\xc3\xbc@b\xc3\xbc.example"),
                              &params), 0,
          "MAIL FROM:<j\xc3\xbc@b\xc3\xbc.example> SIZE=7 BODY=8BITMIME "
          "SMTPUTF8\r\n", "SMTPUTF8");
    params.utf8 = 0;
    check(smtpc__command_mail(&out, address("a@b\xc3\xbc.example"), &params),
          0, "MAIL FROM:<a@xn--b-eha.example> SIZE=7 BODY=8BITMIME\r\n",
          "A-label");
}

/* Check MAIL FROM:<> with params against wanted, or the status. */
static void check_mail(const smtpc_mail_params_t *params, apr_status_t status,
                       const char *wanted, const char *what)
{
    smtpc_mail_params_t copy = *params;

    copy.size = SMTPC_LENGTH_UNKNOWN;
    check(smtpc__command_mail(&out, NULL, &copy), status,
          status != APR_SUCCESS ? ""
                                : apr_pstrcat(tap_pool(), "MAIL FROM:<>",
                                              wanted, "\r\n", NULL), what);
}

#define MAIL(wanted, what, ...) \
    check_mail(&(smtpc_mail_params_t){ __VA_ARGS__ }, APR_SUCCESS, wanted, \
               what)
#define BAD_MAIL(status, what, ...) \
    check_mail(&(smtpc_mail_params_t){ __VA_ARGS__ }, status, "", what)

static void test_mail_body_and_dsn(void)
{
    MAIL(" BODY=BINARYMIME", "BINARYMIME", .body_binary = 1);
    MAIL(" BODY=BINARYMIME", "which wins", .body_binary = 1, .body_8bit = 1);
    MAIL(" RET=FULL", "RET=FULL", .ret = SMTPC_RETURN_FULL);
    MAIL(" RET=HDRS ENVID=a1", "RET=HDRS", .ret = SMTPC_RETURN_HEADERS,
         .envid = "a1");
    MAIL(" ENVID=a+2Bb+3Dc+20+2B00", "A13 ENVID", .envid = "a+b=c +00");
    BAD_MAIL(SMTPC_EARG, "an empty ENVID", .envid = "");
    BAD_MAIL(SMTPC_EARG, "A13 CRLF in ENVID", .envid = "a\r\nRSET");
    BAD_MAIL(SMTPC_EARG, "A13 TAB in ENVID", .envid = "a\tb");
    BAD_MAIL(SMTPC_EARG, "A13 UTF-8 in ENVID", .envid = "j\xc3\xbc");
    MAIL(" REQUIRETLS", "REQUIRETLS", .require_tls = 1);
}

static void test_mail_times(void)
{
    MAIL(" BY=120;R", "BY", .deliver_by_set = 1, .deliver_by = 120);
    MAIL(" BY=-9;NT", "BY with N and T", .deliver_by_set = 1,
         .deliver_by = -9, .deliver_by_notify = 1, .deliver_by_trace = 1);
    MAIL(" BY=0;N", "BY=0", .deliver_by_set = 1, .deliver_by_notify = 1);
    MAIL(" BY=999999999;RT", "BY at its limit", .deliver_by_set = 1,
         .deliver_by = 999999999, .deliver_by_trace = 1);
    MAIL("", "without its flag", .deliver_by = 9);
    BAD_MAIL(SMTPC_EARG, "BY beyond", .deliver_by_set = 1,
             .deliver_by = 1000000000);
    BAD_MAIL(SMTPC_EARG, "BY far behind", .deliver_by_set = 1,
             .deliver_by = -1000000000, .deliver_by_notify = 1);
    BAD_MAIL(SMTPC_EARG, "BY=0;R", .deliver_by_set = 1);
    MAIL(" HOLDFOR=1", "HOLDFOR", .hold_for = 1);
    MAIL(" HOLDFOR=999999999", "at its limit", .hold_for = 999999999);
    BAD_MAIL(SMTPC_EARG, "beyond", .hold_for = 1000000000);
    BAD_MAIL(SMTPC_EARG, "HOLDFOR=-1", .hold_for = -1);
    MAIL(" HOLDUNTIL=2026-11-27T10:00:00Z", "HOLDUNTIL",
         .hold_until = apr_time_from_sec(1795773600) + 999999);
    MAIL(" HOLDFOR=5", "HOLDFOR wins", .hold_for = 5,
         .hold_until = apr_time_from_sec(1795773600));
    BAD_MAIL(SMTPC_EARG, "the year 10000",
             .hold_until = apr_time_from_sec(APR_INT64_C(253402300800)));
    MAIL(" HOLDUNTIL=9999-12-31T23:59:59Z", "the last second before",
         .hold_until = apr_time_from_sec(APR_INT64_C(253402300799)));
    BAD_MAIL(SMTPC_EARG, "before the year 0",
             .hold_until = apr_time_from_sec(APR_INT64_C(-62167219201)));
}

static void test_mail_priority_and_submitter(void)
{
    MAIL(" MT-PRIORITY=-9", "MT-PRIORITY=-9", .priority_set = 1,
         .priority = -9);
    MAIL(" MT-PRIORITY=9", "MT-PRIORITY=9", .priority_set = 1, .priority = 9);
    MAIL(" MT-PRIORITY=0", "MT-PRIORITY=0", .priority_set = 1);
    BAD_MAIL(SMTPC_EARG, "MT-PRIORITY=10", .priority_set = 1, .priority = 10);
    BAD_MAIL(SMTPC_EARG, "MT-PRIORITY=-10", .priority_set = 1,
             .priority = -10);
    MAIL(" AUTH=<>", "no submitter", .submitter_set = 1);
    MAIL(" AUTH=e+3Dmc2+2Bx@example.com", "the example of RFC 4954 5",
         .submitter_set = 1, .submitter = address("e=mc2+x@example.com"));
    MAIL(" AUTH=a@xn--b-eha.example", "A-label", .submitter_set = 1,
         .submitter = address("a@b\xc3\xbc.example"));
    MAIL(" SMTPUTF8 AUTH=j+C3+BC@b+C3+BC.example", "UTF-8", .utf8 = 1,
         .submitter_set = 1,
         .submitter = address("j\xc3\xbc@b\xc3\xbc.example"));
    BAD_MAIL(SMTPC_EARG, "UTF-8 without SMTPUTF8", .submitter_set = 1,
             .submitter = address("j\xc3\xbc@b.example"));
}

/* Everything at once, as long as it gets, is within the limit of a line. */
static void test_mail_longest(void)
{
    smtpc_mail_params_t params = {
        .size = APR_INT64_MAX, .body_binary = 1, .utf8 = 1,
        .ret = SMTPC_RETURN_HEADERS, .require_tls = 1, .deliver_by_set = 1,
        .deliver_by = -999999999, .deliver_by_notify = 1,
        .deliver_by_trace = 1, .hold_until = apr_time_from_sec(1795773600),
        .priority_set = 1, .priority = -9, .submitter_set = 1
    };
    char local[SMTPC_LIMIT_LOCAL_PART + 1];
    char envid[SMTPC_LIMIT_ENVID + 2];
    const smtpc_address_t *longest;
    const char *line;

    memset(local, '=', sizeof(local));
    local[SMTPC_LIMIT_LOCAL_PART] = '\0';
    longest = address(apr_psprintf(tap_pool(), "%s@%s.%s.%s.example", local,
                                   apr_pstrmemdup(tap_pool(), "x23456789"
                                       "0123456789012345678901234567890123"
                                       "45678901234567890", 60),
                                   "y", "z"));
    memset(envid, 'x', sizeof(envid));
    envid[SMTPC_LIMIT_ENVID] = '\0';
    params.envid = envid;
    params.submitter = longest;
    tap_is_int(smtpc__command_mail(&out, longest, &params), APR_SUCCESS,
               "the longest MAIL");
    line = apr_pstrmemdup(tap_pool(), smtpc__buf_bytes(&out),
                          smtpc__buf_used(&out));
    tap_ok(strlen(line) < SMTPC_LIMIT_ENVELOPE_LINE && strchr(line, '\r')
               && strstr(line, "=====@") != NULL
               && strstr(line, "+3D+3D@") != NULL, "is within its limit");
    smtpc__buf_clear(&out);
    envid[SMTPC_LIMIT_ENVID] = 'x';
    envid[SMTPC_LIMIT_ENVID + 1] = '\0';
    check(smtpc__command_mail(&out, NULL, &params), SMTPC_ELIMIT, "",
          "a longer ENVID");
    envid[SMTPC_LIMIT_ENVID] = '\0';
    envid[0] = '+';
    check(smtpc__command_mail(&out, NULL, &params), SMTPC_ELIMIT, "",
          "longer by what stands for it");
}

/* Check RCPT TO:<a@b.example> with params against wanted, or the status. */
static void check_rcpt(const smtpc_rcpt_params_t *params, apr_status_t status,
                       const char *wanted, const char *what)
{
    check(smtpc__command_rcpt(&out, address("a@b.example"), params), status,
          status != APR_SUCCESS ? ""
                                : apr_pstrcat(tap_pool(),
                                              "RCPT TO:<a@b.example>", wanted,
                                              "\r\n", NULL), what);
}

#define RCPT(wanted, what, ...) \
    check_rcpt(&(smtpc_rcpt_params_t){ __VA_ARGS__ }, APR_SUCCESS, wanted, \
               what)
#define BAD_RCPT(status, what, ...) \
    check_rcpt(&(smtpc_rcpt_params_t){ __VA_ARGS__ }, status, "", what)

static void test_rcpt(void)
{
    smtpc_rcpt_params_t none = { 0 };

    RCPT("", "plain", .notify = 0);
    check(smtpc__command_rcpt(&out, address("\"a> x\"@b.example"), &none), 0,
          "RCPT TO:<\"a> x\"@b.example>\r\n", "A3 stays in its quotes");
    check(smtpc__command_rcpt(&out, address("a@b\xc3\xbc.example"), &none),
          0, "RCPT TO:<a@xn--b-eha.example>\r\n", "A-label");
    check(smtpc__command_rcpt(&out, address("-a@b.example"), &none), 0,
          "RCPT TO:<-a@b.example>\r\n", "A15");
    RCPT(" NOTIFY=SUCCESS,FAILURE,DELAY", "all reports, in .NET's order",
         .notify = SMTPC_NOTIFY_DELAY | SMTPC_NOTIFY_SUCCESS
                   | SMTPC_NOTIFY_FAILURE);
    RCPT(" NOTIFY=DELAY", "one", .notify = SMTPC_NOTIFY_DELAY);
    RCPT(" NOTIFY=NEVER", "none", .notify = SMTPC_NOTIFY_NEVER);
    RCPT("", "nothing that is known", .notify = 8);
}

static void test_orcpt(void)
{
    char longest[SMTPC_LIMIT_ORCPT + 2];

    RCPT(" ORCPT=rfc822;ann@b.example", "ORCPT",
         .orcpt = "rfc822;ann@b.example");
    RCPT(" NOTIFY=NEVER ORCPT=rfc822;a+2Bb+3Dc@b.example", "A13",
         .notify = SMTPC_NOTIFY_NEVER, .orcpt = "rfc822;a+b=c@b.example");
    RCPT(" ORCPT=rfc822;+2B00", "A13 +00", .orcpt = "rfc822;+00");
    RCPT(" ORCPT=x-4;a+20b;c", "another type", .orcpt = "x-4;a b;c");
    RCPT(" ORCPT=x-abc;ann+2B", "a type as long as utf-8",
         .orcpt = "x-abc;ann+");
    RCPT(" ORCPT=utf-8;j\xc3\xbc\\x{2B}x@b.example", "unitext", .utf8 = 1,
         .orcpt = "utf-8;j\xc3\xbc+x@b.example");
    RCPT(" ORCPT=UTF-8;j\\x{FC}\\x{2B}x@b.example", "the form in ASCII",
         .orcpt = "UTF-8;j\xc3\xbc+x@b.example");
    BAD_RCPT(SMTPC_EARG, "UTF-8 in rfc822", .utf8 = 1,
             .orcpt = "rfc822;j\xc3\xbc@b.example");
    BAD_RCPT(SMTPC_EARG, "no type", .orcpt = "ann@b.example");
    BAD_RCPT(SMTPC_EARG, "an empty type", .orcpt = ";ann@b.example");
    BAD_RCPT(SMTPC_EARG, "a bad type", .orcpt = "rfc 822;ann@b.example");
    BAD_RCPT(SMTPC_EARG, "no address", .orcpt = "rfc822;");
    BAD_RCPT(SMTPC_EARG, "nothing", .orcpt = "");
    BAD_RCPT(SMTPC_EARG, "A13 CRLF", .orcpt = "rfc822;a\r\nRSET");
    BAD_RCPT(SMTPC_EARG, "A13 CRLF in utf-8", .orcpt = "utf-8;a\r\nRSET");
    memset(longest, 'x', sizeof(longest));
    longest[1] = ';';
    longest[SMTPC_LIMIT_ORCPT] = '\0';
    RCPT(apr_pstrcat(tap_pool(), " ORCPT=", longest, NULL), "at the limit",
         .orcpt = longest);
    longest[SMTPC_LIMIT_ORCPT] = 'x';
    longest[SMTPC_LIMIT_ORCPT + 1] = '\0';
    BAD_RCPT(SMTPC_ELIMIT, "beyond", .orcpt = longest);
    longest[SMTPC_LIMIT_ORCPT] = ';';
    longest[1] = 'x';
    BAD_RCPT(SMTPC_EARG, "a type and nothing else", .orcpt = longest);
    BAD_RCPT(SMTPC_ELIMIT, "a type that fills the value",
             .orcpt = apr_pstrcat(tap_pool(), longest, "ann", NULL));
}

static void test_bdat(void)
{
    check(smtpc__command_bdat(&out, 16384, 0), 0, "BDAT 16384\r\n", "BDAT");
    check(smtpc__command_bdat(&out, 1, 1), 0, "BDAT 1 LAST\r\n", "LAST");
    check(smtpc__command_bdat(&out, 0, 1), 0, "BDAT 0 LAST\r\n", "empty");
    check(smtpc__command_bdat(&out, (apr_size_t)-1, 1), 0,
          apr_psprintf(tap_pool(), "BDAT %" APR_SIZE_T_FMT " LAST\r\n",
                       (apr_size_t)-1), "the largest");
}

static void test_ask(void)
{
    char longest[SMTPC_LIMIT_COMMAND_LINE];

    check(smtpc__command_ask(&out, SMTPC_ASK_NOOP, NULL, 0), 0, "NOOP\r\n",
          "NOOP");
    check(smtpc__command_ask(&out, SMTPC_ASK_NOOP, "x", 0), 0, "NOOP x\r\n",
          "NOOP with an argument");
    check(smtpc__command_ask(&out, SMTPC_ASK_HELP, NULL, 1), 0, "HELP\r\n",
          "HELP");
    check(smtpc__command_ask(&out, SMTPC_ASK_HELP, "MAIL", 0), 0,
          "HELP MAIL\r\n", "HELP with an argument");
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, "ann", 1), 0,
          "VRFY ann\r\n", "VRFY");
    check(smtpc__command_ask(&out, SMTPC_ASK_EXPN, "staff list", 0), 0,
          "EXPN staff list\r\n", "EXPN");
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, "j\xc3\xbc", 1), 0,
          "VRFY j\xc3\xbc SMTPUTF8\r\n", "VRFY in UTF-8");
    check(smtpc__command_ask(&out, SMTPC_ASK_HELP, "j\xc3\xbc", 1), 0,
          "HELP j\xc3\xbc\r\n", "which HELP does not know");
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, "j\xc3\xbc", 0),
          SMTPC_EARG, "", "which the server does not have");
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, "j\xc3", 1), SMTPC_EARG,
          "", "not UTF-8");
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, NULL, 0), SMTPC_EARG, "",
          "VRFY of nobody");
    check(smtpc__command_ask(&out, SMTPC_ASK_EXPN, "", 0), SMTPC_EARG, "",
          "EXPN of nothing");
    check(smtpc__command_ask(&out, SMTPC_ASK_NOOP, " ", 0), SMTPC_EARG, "",
          "a blank");
    check(smtpc__command_ask(&out, SMTPC_ASK_NOOP, "a\r\nRSET", 0),
          SMTPC_EARG, "", "CRLF");
    memset(longest, 'x', sizeof(longest));
    longest[SMTPC_LIMIT_COMMAND_LINE - 7] = '\0';
    tap_is_int(smtpc__command_ask(&out, SMTPC_ASK_VRFY, longest, 0), 0,
               "at the limit");
    smtpc__buf_clear(&out);
    longest[SMTPC_LIMIT_COMMAND_LINE - 7] = 'x';
    longest[SMTPC_LIMIT_COMMAND_LINE - 6] = '\0';
    check(smtpc__command_ask(&out, SMTPC_ASK_VRFY, longest, 0), SMTPC_ELIMIT,
          "", "beyond");
}

#define XCLIENT(status, wanted, what, offered, ...) \
    check(smtpc__command_xclient(&out, \
                                 &(smtpc_xclient_t){ __VA_ARGS__ }, \
                                 offered), status, wanted, what)

static void test_xclient(void)
{
    char longest[SMTPC_LIMIT_COMMAND_LINE];

    XCLIENT(0, "XCLIENT NAME=[UNAVAILABLE] ADDR=192.0.2.1 PORT=1 PROTO=ESMTP "
               "HELO=a+20b LOGIN=x+2By DESTADDR=IPV6:2001:db8::1 "
               "DESTPORT=65535\r\n", "all attributes", 0xFFu,
            "[UNAVAILABLE]", "192.0.2.1", 1, "ESMTP", "a b", "x+y",
            "2001:db8::1", 65535);
    XCLIENT(0, "XCLIENT ADDR=IPV6:::1\r\n", "what is not offered is not said",
            SMTPC_XCLIENT_ADDR | SMTPC_XCLIENT_LOGIN, .name = "a",
            .addr = "IPV6:::1", .port = 5);
    XCLIENT(SMTPC_EEXTENSION, "", "nothing is offered", SMTPC_XCLIENT_NAME,
            .addr = "192.0.2.1");
    XCLIENT(SMTPC_EEXTENSION, "", "nothing is said", 0xFFu, .port = 0);
    XCLIENT(SMTPC_EARG, "", "an empty value", 0xFFu, .name = "");
    XCLIENT(SMTPC_EARG, "", "CRLF", 0xFFu, .helo = "a\r\nRSET");
    XCLIENT(SMTPC_EARG, "", "a port", 0xFFu, .port = 65536);
    XCLIENT(SMTPC_EARG, "", "a negative port", 0xFFu, .destport = -1);
    memset(longest, 'x', sizeof(longest));
    longest[SMTPC_LIMIT_COMMAND_LINE - 16] = '\0';
    XCLIENT(0, apr_pstrcat(tap_pool(), "XCLIENT LOGIN=", longest, "\r\n",
                           NULL), "at the limit", 0xFFu, .login = longest);
    longest[SMTPC_LIMIT_COMMAND_LINE - 16] = 'x';
    longest[SMTPC_LIMIT_COMMAND_LINE - 15] = '\0';
    XCLIENT(SMTPC_ELIMIT, "", "beyond", 0xFFu, .login = longest);
}

static void test_auth(void)
{
    char initial[400];

    memset(initial, 0, sizeof(initial));
    check(smtpc__command_auth(&out, "LOGIN", NULL, 0), 0, "AUTH LOGIN\r\n",
          "none");
    check(smtpc__command_auth(&out, "PLAIN", "\0a\0b", 4), 0,
          "AUTH PLAIN AGEAYg==\r\n", "initial response");
    check(smtpc__command_auth(&out, "EXTERNAL", "", 0), 0,
          "AUTH EXTERNAL =\r\n", "empty");
    check(smtpc__command_auth(&out, "X\r\n", NULL, 0), SMTPC_EARG, "",
          "mechanism");
    tap_is_int(smtpc__command_auth(&out, "PLAIN", initial, 372), 0,
               "U10 fits");
    tap_is_int(smtpc__buf_used(&out), 509, "its length");
    smtpc__buf_clear(&out);
    check(smtpc__command_auth(&out, "PLAIN", initial, 373), SMTPC_ELIMIT, "",
          "U10 does not fit");
}

static void test_sasl(void)
{
    char *data = apr_pcalloc(tap_pool(), SMTPC_LIMIT_SASL_LINE);

    check(smtpc__command_sasl(&out, "ab", 2), 0, "YWI=\r\n", "response");
    check(smtpc__command_sasl(&out, "", 0), 0, "\r\n", "empty");
    check(smtpc__command_sasl(&out, NULL, 0), 0, "*\r\n", "cancel");
    tap_is_int(smtpc__command_sasl(&out, data, 9213), 0, "at the limit");
    tap_is_int(smtpc__buf_used(&out), 12286, "its length");
    smtpc__buf_clear(&out);
    check(smtpc__command_sasl(&out, data, 9216), SMTPC_ELIMIT, "", "beyond");
}

/* A buffer without room: refused whole. */
static void test_room(void)
{
    smtpc_buf_t small;

    smtpc__buf_init(&small, 10, tap_pool());
    tap_is_int(smtpc__command_bare(&small, SMTPC_COMMAND_STARTTLS), 0,
               "fits exactly");
    smtpc__buf_clear(&small);
    tap_is_int(smtpc__command_hello(&small, SMTPC_HELLO_EHLO, "abcd"), SMTPC_ELIMIT,
               "does not fit");
    tap_is_int(smtpc__buf_used(&small), 0, "nothing written");
    tap_is_int(smtpc__command_sasl(&small, "abcdefg", 7), SMTPC_ELIMIT,
               "base64 does not fit");
    tap_is_int(smtpc__buf_used(&small), 0, "nothing written");
}

int main(void)
{
    smtpc__buf_init(&out, 16384, tap_pool());
    test_hello();
    test_bare();
    test_mail();
    test_mail_body_and_dsn();
    test_mail_times();
    test_mail_priority_and_submitter();
    test_mail_longest();
    test_rcpt();
    test_orcpt();
    test_bdat();
    test_ask();
    test_xclient();
    test_auth();
    test_sasl();
    test_room();
    return tap_done();
}
