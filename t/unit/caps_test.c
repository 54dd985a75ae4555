/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caps_test.c: EHLO lines, as servers say them and as attackers do.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

static const struct {
    const char *line;
    unsigned int bits;
    apr_off_t size;
    unsigned int mechanisms;
} lines[] = {
    { "STARTTLS", SMTPC_CAP_STARTTLS, 0, 0 },
    { "starttls", SMTPC_CAP_STARTTLS, 0, 0 },
    { "8BITMIME", SMTPC_CAP_8BITMIME, 0, 0 },
    { "SMTPUTF8", SMTPC_CAP_SMTPUTF8, 0, 0 },
    { "PIPELINING", SMTPC_CAP_PIPELINING, 0, 0 },
    { "CHUNKING", SMTPC_CAP_CHUNKING, 0, 0 },
    { "BINARYMIME", SMTPC_CAP_BINARYMIME, 0, 0 },
    { "DSN", SMTPC_CAP_DSN, 0, 0 },
    { "ENHANCEDSTATUSCODES", SMTPC_CAP_ENHANCEDSTATUSCODES, 0, 0 },
    { "REQUIRETLS", SMTPC_CAP_REQUIRETLS, 0, 0 },
    { "DSN parameter", SMTPC_CAP_DSN, 0, 0 },
    { "", 0, 0, 0 },
    { " ", 0, 0, 0 },
    { " DSN", 0, 0, 0 },
    { "DSNX", 0, 0, 0 },
    { "DS", 0, 0, 0 },
    { "XDSN", 0, 0, 0 },
    { "DSN=", 0, 0, 0 },
    { "STARTTLS\\x0D", 0, 0, 0 },
    { "VRFY", 0, 0, 0 },
    { "SIZE 10240000", SMTPC_CAP_SIZE, 10240000, 0 },
    { "size  7 ", SMTPC_CAP_SIZE, 7, 0 },
    { "SIZE", SMTPC_CAP_SIZE, 0, 0 },
    { "SIZE ", SMTPC_CAP_SIZE, 0, 0 },
    { "SIZE 0", SMTPC_CAP_SIZE, 0, 0 },
    { "SIZE 999999999999999999", SMTPC_CAP_SIZE,
      APR_INT64_C(999999999999999999), 0 },
    { "SIZE 18446744073709551616", 0, 0, 0 },
    { "SIZE -1", 0, 0, 0 },
    { "SIZE +1", 0, 0, 0 },
    { "SIZE 1e9", 0, 0, 0 },
    { "SIZE 10 20", 0, 0, 0 },
    { "SIZE=10", 0, 0, 0 },
    { "AUTH PLAIN LOGIN", SMTPC_CAP_AUTH, 0,
      SMTPC_MECH_PLAIN | SMTPC_MECH_LOGIN },
    { "auth login", SMTPC_CAP_AUTH, 0, SMTPC_MECH_LOGIN },
    { "AUTH=LOGIN PLAIN", SMTPC_CAP_AUTH, 0,
      SMTPC_MECH_PLAIN | SMTPC_MECH_LOGIN },
    { "AUTH CRAM-MD5  plain ", SMTPC_CAP_AUTH, 0, SMTPC_MECH_PLAIN },
    { "AUTH", SMTPC_CAP_AUTH, 0, 0 },
    { "AUTH PLAINX XPLAIN PLAI", SMTPC_CAP_AUTH, 0, 0 },
    { "AUTHPLAIN", 0, 0, 0 },
};

static void single_lines(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        smtpc_caps_t caps = { 0 };

        smtpc__caps_line(&caps, lines[i].line);
        tap_is_int(caps.bits, lines[i].bits, "\"%s\"", lines[i].line);
        tap_is_int(caps.size, lines[i].size, "size");
        tap_is_int(caps.mechanisms, lines[i].mechanisms, "mechanisms");
        tap_is_int(caps.esmtp, 0, "who asked is not ours to say");
    }
}

static void many_lines(void)
{
    smtpc_caps_t caps = { 0 };

    smtpc__caps_line(&caps, "SIZE 100");
    smtpc__caps_line(&caps, "AUTH LOGIN");
    smtpc__caps_line(&caps, "AUTH=PLAIN");
    smtpc__caps_line(&caps, "DSN");
    smtpc__caps_line(&caps, "DSN");
    tap_is_int(caps.bits, SMTPC_CAP_SIZE | SMTPC_CAP_AUTH | SMTPC_CAP_DSN,
               "lines add up");
    tap_is_int(caps.mechanisms, SMTPC_MECH_PLAIN | SMTPC_MECH_LOGIN,
               "mechanisms too");
    smtpc__caps_line(&caps, "SIZE many");
    tap_ok(!(caps.bits & SMTPC_CAP_SIZE) && caps.size == 0,
           "a SIZE that cannot be read takes the first one back");
}

static void mechanism_limit(void)
{
    smtpc_caps_t caps = { 0 };
    const char *line = "AUTH";
    int i;

    for (i = 0; i < SMTPC_LIMIT_AUTH_MECHANISMS - 1; i++) {
        line = apr_psprintf(tap_pool(), "%s X%d", line, i);
    }
    smtpc__caps_line(&caps, apr_pstrcat(tap_pool(), line, " PLAIN LOGIN",
                                        NULL));
    tap_is_int(caps.mechanisms, SMTPC_MECH_PLAIN,
               "32 mechanisms are looked at and no more");
}

static void names(void)
{
    tap_is_int(smtpc__mech_by_name("PLAIN"), SMTPC_MECH_PLAIN, "PLAIN");
    tap_is_int(smtpc__mech_by_name("login"), SMTPC_MECH_LOGIN, "login");
    tap_is_int(smtpc__mech_by_name("GSSAPI"), 0, "unknown");
    tap_is_int(smtpc__mech_by_name(""), 0, "empty");
    tap_is_str(smtpc__mech_name(SMTPC_MECH_PLAIN), "PLAIN", "its name");
    tap_is_str(smtpc__mech_name(SMTPC_MECH_LOGIN), "LOGIN", "its name");
    tap_is_str(smtpc__mech_name(0), "", "none has no name");
}

static void texts(void)
{
    smtpc_caps_t caps;

    memset(&caps, 0, sizeof(caps));
    tap_is_str(smtpc__caps_text(&caps, tap_pool()), "", "nothing offered");
    smtpc__caps_line(&caps, "auth LOGIN FOO PLAIN");
    smtpc__caps_line(&caps, "X-OTHER 1");
    smtpc__caps_line(&caps, "SIZE 1000");
    smtpc__caps_line(&caps, "8bitmime");
    tap_is_str(smtpc__caps_text(&caps, tap_pool()),
               "SIZE=1000 8BITMIME AUTH=PLAIN,LOGIN", "known keywords");
}

int main(void)
{
    texts();
    tap_pool();
    single_lines();
    many_lines();
    mechanism_limit();
    names();
    return tap_done();
}
