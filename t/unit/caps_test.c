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
    { "X-DSN", 0, 0, 0 },
    { "VRFY", SMTPC_CAP_VRFY, 0, 0 },
    { "expn", SMTPC_CAP_EXPN, 0, 0 },
    { "HELP", SMTPC_CAP_HELP, 0, 0 },
    { "MT-PRIORITY", SMTPC_CAP_MT_PRIORITY, 0, 0 },
    { "MT-PRIORITY MIXER", SMTPC_CAP_MT_PRIORITY, 0, 0 },
    { "PIPECONNECT", SMTPC_CAP_PIPECONNECT, 0, 0 },
    { "PIPE_CONNECT", SMTPC_CAP_PIPECONNECT, 0, 0 },
    { "X_PIPE_CONNECT", SMTPC_CAP_PIPECONNECT, 0, 0 },
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
    { "AUTH DIGEST-MD5  plain ", SMTPC_CAP_AUTH, 0, SMTPC_MECH_PLAIN },
    { "AUTH SCRAM-SHA-1-PLUS SCRAM-SHA-12", SMTPC_CAP_AUTH, 0,
      SMTPC_MECH_SCRAM_SHA_1_PLUS },
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

static const struct {
    const char *line;
    apr_int64_t by_minimum; /* -1: not offered */
} deliver_by[] = {
    { "DELIVERBY", 0 },
    { "DELIVERBY ", 0 },
    { "DELIVERBY 0", 0 },
    { "deliverby 240", 240 },
    { "DELIVERBY 240 ", 240 },
    { "DELIVERBY 240,NEW", 240 },
    { "DELIVERBY 999999999", 999999999 },
    { "DELIVERBY 1000000000", -1 },
    { "DELIVERBY -1", -1 },
    { "DELIVERBY 1 2", -1 },
    { "DELIVERBY=240", -1 },
};

static const struct {
    const char *line;
    apr_int64_t interval; /* -1: not offered */
    apr_int64_t until;    /* in seconds */
} futures[] = {
    { "FUTURERELEASE 604800 2026-11-27T10:00:00Z", 604800, 1795773600 },
    { "futurerelease 1  2026-11-27t10:00:00z ", 1, 1795773600 },
    { "FUTURERELEASE 1 2026-11-27T10:00:00.25Z", 1, 1795773600 },
    { "FUTURERELEASE 1 1970-01-01T00:00:01Z", 1, 1 },
    { "FUTURERELEASE", 0, 0 },
    { "FUTURERELEASE 60", 60, 0 },
    { "FUTURERELEASE 1000000000 2026-11-27T10:00:00Z", -1, 0 },
    { "FUTURERELEASE x 2026-11-27T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 2026-11-27T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27T10:00:00", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27T10:00:00+01:00", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27T10:00:00.Z", -1, 0 },
    { "FUTURERELEASE 1 2026-13-27T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 2026-11-00T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27T24:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 2026-1a-27T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 1969-12-31T10:00:00Z", -1, 0 },
    { "FUTURERELEASE 1 2026-11-27T10:00:00Z 3", -1, 0 },
};

static void times(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(deliver_by) / sizeof(*deliver_by); i++) {
        apr_int64_t minimum = deliver_by[i].by_minimum;
        smtpc_caps_t caps = { 0 };

        smtpc__caps_line(&caps, deliver_by[i].line);
        tap_is_int(caps.bits, minimum >= 0 ? SMTPC_CAP_DELIVERBY : 0, "%s",
                   deliver_by[i].line);
        tap_is_int(caps.by_minimum, minimum > 0 ? minimum : 0, "its minimum");
    }
    for (i = 0; i < sizeof(futures) / sizeof(*futures); i++) {
        apr_int64_t interval = futures[i].interval;
        smtpc_caps_t caps = { 0 };

        smtpc__caps_line(&caps, futures[i].line);
        tap_is_int(caps.bits, interval >= 0 ? SMTPC_CAP_FUTURERELEASE : 0,
                   "%s", futures[i].line);
        tap_is_int(caps.future_interval, interval > 0 ? interval : 0,
                   "its interval");
        tap_is_int(caps.future_until, apr_time_from_sec(futures[i].until),
                   "its time");
    }
}

static const struct {
    const char *line;
    apr_size_t mail;
    apr_size_t rcpt;
    apr_size_t domain;
} limits[] = {
    { "LIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1", 5, 20, 1 },
    { "limits  rcptmax=999999 ", 0, 999999, 0 },
    { "LIMITS", 0, 0, 0 },
    { "LIMITS RCPTMAX", 0, 0, 0 },
    { "LIMITS RCPTMAX=", 0, 0, 0 },
    { "LIMITS RCPTMAX=0", 0, 0, 0 },
    { "LIMITS RCPTMAX=-1 MAILMAX=2", 2, 0, 0 },
    { "LIMITS RCPTMAX=1000000 MAILMAX=2", 2, 0, 0 },
    { "LIMITS RCPTMAX=20x MAILMAX=2", 2, 0, 0 },
    { "LIMITS XRCPTMAX=20 NEW=1=2 MAILMAX=2", 2, 0, 0 },
    { "LIMITS RCPTMAX=7 RCPTMAX=9 MAILMAX=9 MAILMAX=7", 7, 7, 0 },
};

static void limit_values(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
        smtpc_caps_t caps = { 0 };

        smtpc__caps_line(&caps, limits[i].line);
        tap_is_int(caps.bits, SMTPC_CAP_LIMITS, "%s", limits[i].line);
        tap_is_int(caps.mail_max, limits[i].mail, "MAILMAX");
        tap_is_int(caps.rcpt_max, limits[i].rcpt, "RCPTMAX");
        tap_is_int(caps.rcpt_domain_max, limits[i].domain, "RCPTDOMAINMAX");
    }
}

static void xclient(void)
{
    smtpc_caps_t caps = { 0 };

    smtpc__caps_line(&caps, "XCLIENT NAME addr PORT NEW");
    tap_is_int(caps.bits, SMTPC_CAP_XCLIENT, "XCLIENT");
    tap_is_int(caps.xclient,
               SMTPC_XCLIENT_NAME | SMTPC_XCLIENT_ADDR | SMTPC_XCLIENT_PORT,
               "three attributes that are known");
    smtpc__caps_line(&caps, "XCLIENT PROTO HELO LOGIN DESTADDR DESTPORT");
    tap_is_int(caps.xclient, 0xFF, "all of them");
}

/* Everything that is offered is forgotten, and with it its values. */
static void masking(void)
{
    static const char *const offered[] = {
        "SIZE 100", "AUTH PLAIN", "DELIVERBY 10", "LIMITS RCPTMAX=1 "
        "MAILMAX=1 RCPTDOMAINMAX=1", "XCLIENT NAME",
        "FUTURERELEASE 1 2026-11-27T10:00:00Z", "CHUNKING", "DSN"
    };
    smtpc_caps_t caps = { 0 };
    smtpc_caps_t nothing = { 0 };
    smtpc_caps_t before;
    apr_size_t i;

    for (i = 0; i < sizeof(offered) / sizeof(*offered); i++) {
        smtpc__caps_line(&caps, offered[i]);
    }
    before = caps;
    smtpc__caps_mask(&caps, SMTPC_CAP_HELP);
    tap_is_mem(&caps, sizeof(caps), &before, sizeof(before),
               "what is not there is not missed");
    smtpc__caps_mask(&caps, SMTPC_CAP_CHUNKING);
    tap_is_int(caps.bits, before.bits & ~(unsigned int)SMTPC_CAP_CHUNKING,
               "one capability");
    smtpc__caps_mask(&caps, ~0u);
    tap_is_mem(&caps, sizeof(caps), &nothing, sizeof(nothing),
               "all of them, with their values");
    smtpc__caps_line(&caps, "DELIVERBY 10");
    smtpc__caps_line(&caps, "DELIVERBY many");
    tap_ok(caps.bits == 0 && caps.by_minimum == 0,
           "a DELIVERBY that cannot be read takes the first one back");
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
    tap_is_int(smtpc__mech_by_name("DIGEST-MD5"), 0, "unknown");
    tap_is_int(smtpc__mech_by_name(""), 0, "empty");
    tap_is_str(smtpc__mech_name(SMTPC_MECH_PLAIN), "PLAIN", "its name");
    tap_is_str(smtpc__mech_name(SMTPC_MECH_LOGIN), "LOGIN", "its name");
    tap_is_str(smtpc__mech_name(0), "", "none has no name");
    tap_is_int(smtpc__cap_by_name("Chunking"), SMTPC_CAP_CHUNKING,
               "a capability");
    tap_is_int(smtpc__cap_by_name("X_PIPE_CONNECT"), SMTPC_CAP_PIPECONNECT,
               "by its old name");
    tap_is_int(smtpc__cap_by_name("CHUNK"), 0, "unknown");
    tap_is_int(smtpc__cap_by_name(""), 0, "empty");
    tap_is_str(smtpc__cap_name(SMTPC_CAP_PIPECONNECT), "PIPECONNECT",
               "its name");
    tap_is_str(smtpc__cap_name(0), "", "none has no name");
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
    memset(&caps, 0, sizeof(caps));
    smtpc__caps_line(&caps, "LIMITS RCPTDOMAINMAX=3 MAILMAX=2");
    smtpc__caps_line(&caps, "DELIVERBY 240");
    smtpc__caps_line(&caps, "FUTURERELEASE 60 2026-11-27T10:00:00Z");
    smtpc__caps_line(&caps, "XCLIENT NAME PROTO");
    smtpc__caps_line(&caps, "X_PIPE_CONNECT");
    tap_is_str(smtpc__caps_text(&caps, tap_pool()),
               "DELIVERBY=240 FUTURERELEASE=60 LIMITS=MAILMAX:2,"
               "RCPTDOMAINMAX:3 XCLIENT=NAME,PROTO PIPECONNECT",
               "with their values");
}

/* Each member counts, and what lies between them does not. */
static void equal(void)
{
    static const char *const keywords[] = {
        "8BITMIME", "AUTH PLAIN", "SIZE 1000", "DELIVERBY 60",
        "FUTURERELEASE 600 2031-05-06T07:08:09Z", "LIMITS MAILMAX=5",
        "LIMITS RCPTMAX=5", "LIMITS RCPTDOMAINMAX=5", "XCLIENT NAME"
    };
    smtpc_caps_t a;
    smtpc_caps_t b;
    smtpc_caps_t none = { 0 };

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        memset(&a, 0x00, sizeof(a));
        memset(&b, 0xff, sizeof(b));
        b = none;
        smtpc__caps_line(&a, keywords[i]);
        tap_ok(!smtpc__caps_equal(&a, &b), "unlike nothing: %s", keywords[i]);
        smtpc__caps_line(&b, keywords[i]);
        tap_ok(smtpc__caps_equal(&a, &b), "like itself: %s", keywords[i]);
    }
    a = none;
    a.esmtp = 1;
    tap_ok(!smtpc__caps_equal(&a, &none), "HELO is not EHLO");
}

int main(void)
{
    equal();
    texts();
    tap_pool();
    single_lines();
    many_lines();
    mechanism_limit();
    times();
    limit_values();
    xclient();
    masking();
    names();
    return tap_done();
}
