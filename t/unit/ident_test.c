/* SPDX-License-Identifier: Apache-2.0 */
/* ident_test.c: dates, message identifiers, boundaries. */
#include "mime/ident.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../tap/tap.h"
#include "mime_support.h"

static void check_date(const char *zone, apr_int64_t seconds,
                       const char *want)
{
    char date[SMTPC_IDENT_DATE_SIZE];

    setenv("TZ", zone, 1);
    tzset();
    smtpc__ident_date(date, apr_time_from_sec(seconds));
    tap_is_str(date, want, "in %s", zone);
    tap_ok(smtpc__ident_is_date(date), "and we accept it ourselves");
}

static void dates(void)
{
    static const char *const good[] = {
        "Mon, 05 Jan 2026 09:03:07 +0100", "5 Jan 2026 09:03 +0000",
        "mon,5 jan 2026 09:03:07 -0930", "1 Feb 1999 00:00:60 GMT",
        "31 Dec 2026 23:59:59 UT"
    };
    static const char *const bad[] = {
        "", "Mon", "Mon,", "Mon 05 Jan 2026 09:03:07 +0100",
        "Xyz, 05 Jan 2026 09:03:07 +0100", "32 Jan 2026 09:03:07 +0100",
        "0 Jan 2026 09:03:07 +0100", "05 Jax 2026 09:03:07 +0100",
        "05 Jan 26 09:03:07 +0100", "05 Jan 2026 24:03:07 +0100",
        "05 Jan 2026 09:60:07 +0100", "05 Jan 2026 09:03:61 +0100",
        "05 Jan 2026 09:03:07", "05 Jan 2026 09:03:07 0100",
        "05 Jan 2026 09:03:07 +01000", "05 Jan 2026 09:03:07 +100",
        "05 Jan 2026 09:03:07 +0100 x", "2026-01-05T09:03:07Z"
    };

    check_date("CET-1", 1767600187, "Mon, 05 Jan 2026 09:03:07 +0100");
    check_date("UTC0", 1767600187, "Mon, 05 Jan 2026 08:03:07 +0000");
    check_date("IST-5:30", 1767600187, "Mon, 05 Jan 2026 13:33:07 +0530");
    check_date("NST3:30", 1767600187, "Mon, 05 Jan 2026 04:33:07 -0330");
    check_date("UTC0", 0, "Thu, 01 Jan 1970 00:00:00 +0000");
    check_date("UTC0", APR_INT64_C(4102444799),
               "Thu, 31 Dec 2099 23:59:59 +0000");
    for (apr_size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        tap_ok(smtpc__ident_is_date(good[i]), "accepted: %s", good[i]);
    }
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_ok(!smtpc__ident_is_date(bad[i]), "refused: %s", bad[i]);
    }
}

static void message_ids(void)
{
    static const char *const bad[] = {
        "", "<>", "<@>", "a@b", "<a@b", "a@b>", "<a>", "<@b>", "<a@>",
        "<a b@c>", "<a@b><c@d>", "<a@b>\r\nX: y", "<\xc3\xa4@b>", "<a@b>x"
    };
    smtpc_env_t *env = support_env(tap_pool());
    smtpc_address_t *from;
    const char *id;
    const char *next;

    if (smtpc_address_parse(&from, "a@\xc3\xa4.org", tap_pool())) {
        tap_bail("address");
    }
    tap_is_int(smtpc__ident_message_id(&id, env, from, tap_pool()), 0, "made");
    tap_is_str(id, "<000102030405060708090a0b0c0d0e0f10111213@xn--4ca.org>",
               "random, domain of From as A-label");
    tap_ok(smtpc__ident_is_message_id(id), "and we accept it ourselves");
    tap_is_int(smtpc__ident_message_id(&next, env, from, tap_pool()), 0,
               "again");
    tap_ok(strcmp(id, next) != 0, "is another");
    tap_is_int(smtpc__ident_message_id(&id, env, NULL, tap_pool()), 0,
               "without From");
    tap_ok(strstr(id, "@host.example>") != NULL, "host name");
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_ok(!smtpc__ident_is_message_id(bad[i]), "refused: %d", (int)i);
    }
}

static apr_status_t no_random(void *baton, unsigned char *buf, apr_size_t len)
{
    (void)baton;
    (void)buf;
    (void)len;
    return APR_EGENERAL;
}

static void boundaries(void)
{
    smtpc_env_t *env = support_env(tap_pool());
    const char *boundary = "x";

    tap_is_int(smtpc__ident_boundary(&boundary, env, tap_pool()), 0, "made");
    tap_is_str(boundary, "=_000102030405060708090a0b0c0d0e0f10111213",
               "random");
    tap_ok(strlen(boundary) <= 70, "RFC 2046 length");
    smtpc_env_set_random(env, no_random, NULL);
    tap_ok(smtpc__ident_boundary(&boundary, env, tap_pool()) != APR_SUCCESS,
           "no randomness, no boundary");
    tap_ok(smtpc__ident_message_id(&boundary, env, NULL, tap_pool())
               != APR_SUCCESS, "and no Message-ID");
}

int main(void)
{
    /* A locale with other names of days, where there is one. */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        (void)setlocale(LC_ALL, "C.UTF-8");
    }
    dates();
    message_ids();
    boundaries();
    return tap_done();
}
