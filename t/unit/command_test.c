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

    check(smtpc__command_hello(&out, 1, "a.example"), 0,
          "EHLO a.example\r\n", "EHLO");
    check(smtpc__command_hello(&out, 0, "[127.0.0.1]"), 0,
          "HELO [127.0.0.1]\r\n", "HELO");
    check(smtpc__command_hello(&out, 1, ""), SMTPC_EARG, "", "no name");
    check(smtpc__command_hello(&out, 1, "a b"), SMTPC_EARG, "", "A6 blank");
    check(smtpc__command_hello(&out, 1, "a\r\nRSET"), SMTPC_EARG, "",
          "A6 CRLF");
    check(smtpc__command_hello(&out, 1, "a\nb"), SMTPC_EARG, "", "A6 LF");
    check(smtpc__command_hello(&out, 1, "a\tb"), SMTPC_EARG, "", "A6 tab");
    check(smtpc__command_hello(&out, 1, "a\x7f"), SMTPC_EARG, "", "A6 DEL");
    memset(name, 'x', sizeof(name));
    name[SMTPC_LIMIT_COMMAND_LINE - 7] = '\0';
    line = apr_pstrcat(tap_pool(), "EHLO ", name, "\r\n", NULL);
    check(smtpc__command_hello(&out, 1, name), 0, line, "at the limit");
    name[SMTPC_LIMIT_COMMAND_LINE - 7] = 'x';
    name[SMTPC_LIMIT_COMMAND_LINE - 6] = '\0';
    check(smtpc__command_hello(&out, 1, name), SMTPC_ELIMIT, "", "beyond");
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
    smtpc_mail_params_t params = { SMTPC_LENGTH_UNKNOWN, 0, 0 };

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

static void test_rcpt(void)
{
    check(smtpc__command_rcpt(&out, address("a@b.example"), 0, 0), 0,
          "RCPT TO:<a@b.example>\r\n", "plain");
    check(smtpc__command_rcpt(&out, address("\"a> x\"@b.example"), 0, 0), 0,
          "RCPT TO:<\"a> x\"@b.example>\r\n", "A3 stays in its quotes");
    check(smtpc__command_rcpt(&out, address("a@b\xc3\xbc.example"), 0, 0), 0,
          "RCPT TO:<a@xn--b-eha.example>\r\n", "A-label");
    check(smtpc__command_rcpt(&out, address("-a@b.example"), 0, 0), 0,
          "RCPT TO:<-a@b.example>\r\n", "A15");
    check(smtpc__command_rcpt(&out, address("a@b.example"), 0,
                              SMTPC_DSN_DELAY | SMTPC_DSN_SUCCESS
                                  | SMTPC_DSN_FAILURE), 0,
          "RCPT TO:<a@b.example> NOTIFY=SUCCESS,FAILURE,DELAY\r\n",
          "all reports, in .NET's order");
    check(smtpc__command_rcpt(&out, address("a@b.example"), 0,
                              SMTPC_DSN_DELAY), 0,
          "RCPT TO:<a@b.example> NOTIFY=DELAY\r\n", "one");
    check(smtpc__command_rcpt(&out, address("a@b.example"), 0,
                              SMTPC_DSN_NEVER), 0,
          "RCPT TO:<a@b.example> NOTIFY=NEVER\r\n", "none");
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
    tap_is_int(smtpc__command_hello(&small, 1, "abcd"), SMTPC_ELIMIT,
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
    test_rcpt();
    test_auth();
    test_sasl();
    test_room();
    return tap_done();
}
