/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfc_test.c: normal forms, from the examples of UAX #15 and its edge cases.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "model/nfc.h"

static const struct {
    const char *text;
    const char *normal;
    const char *what;
} forms[] = {
    { "", "", "nothing" },
    { "plain \x7e", "plain \x7e", "ASCII" },
    { "e\xcc\x81", "\xc3\xa9", "a letter and its accent" },
    { "\xc3\xa9", "\xc3\xa9", "what is composed already" },
    { "\xe2\x84\xab", "\xc3\x85", "U+212B ANGSTROM SIGN" },
    { "\xe2\x84\xa6", "\xce\xa9", "U+2126 OHM SIGN" },
    { "s\xcc\x87\xcc\xa3", "\xe1\xb9\xa9", "two marks in the wrong order" },
    { "\xe1\xba\x9b\xcc\xa3", "\xe1\xba\x9b\xcc\xa3", "one that stays" },
    { "\xef\xac\x81", "\xef\xac\x81", "a ligature is no canonical form" },
    { "\xe0\xa5\x98", "\xe0\xa4\x95\xe0\xa4\xbc", "a composition exclusion" },
    { "\xe1\x84\x80\xe1\x85\xa1\xe1\x86\xa8", "\xea\xb0\x81", "Hangul" },
    { "\xcd\xbe", ";", "U+037E becomes ASCII" },
    { "<\xcc\xb8", "\xe2\x89\xae", "ASCII becomes U+226E" },
    { "\xf0\x9d\x85\x9f", "\xf0\x9d\x85\x98\xf0\x9d\x85\xa5",
      "beyond the basic plane" },
};

static void forming(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        const char *normal = NULL;
        const char *again = NULL;

        tap_is_int(smtpc__nfc(&normal, forms[i].text, tap_pool()),
                   APR_SUCCESS, "%s", forms[i].what);
        tap_is_str(normal, forms[i].normal, "its form");
        tap_is_int(smtpc__nfc(&again, normal, tap_pool()), APR_SUCCESS,
                   "once more");
        tap_is_str(again, normal, "changes nothing");
    }
}

static void refusing(void)
{
    static const char *const bad[] = { "\xff", "a\xed\xa0\x80", "\xc0\xaf",
                                       "\xc3", "\xf4\x90\x80\x80" };
    const char *normal = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        tap_is_int(smtpc__nfc(&normal, bad[i], tap_pool()), SMTPC_EARG,
                   "refused: %s",
                   smtpc__escape(bad[i], strlen(bad[i]), 20, 0, tap_pool()));
    }
    tap_ok(normal == NULL, "nothing is set");
}

/* Marks of alternating classes make a slow sort quadratic. The time is
 * generous: it takes milliseconds. */
static void many_marks(void)
{
    enum { PAIRS = 100000 };
    char *text = apr_palloc(tap_pool(), 4 * PAIRS + 2);
    const char *normal = NULL;
    apr_time_t began = apr_time_now();
    apr_size_t i;

    text[0] = 'a';
    for (i = 0; i < PAIRS; i++) {
        memcpy(text + 1 + 4 * i, "\xcc\x81\xcc\xa7", 4);
    }
    text[4 * PAIRS + 1] = '\0';
    tap_is_int(smtpc__nfc(&normal, text, tap_pool()), APR_SUCCESS,
               "200000 marks on one letter");
    tap_ok(apr_time_now() - began < apr_time_from_sec(10), "take no time");
    tap_is_int(strlen(normal), 4 * PAIRS, "the first accent is composed");
}

/* The examples of RFC 4013 3, and what is mapped. */
static void preparing(void)
{
    static const struct {
        const char *text;
        const char *prepared;
    } rows[] = {
        { "I\xc2\xadX", "IX" },
        { "user", "user" },
        { "USER", "USER" },
        { "\xc2\xaa", "a" },
        { "\xe2\x85\xa8", "IX" },
        { "a\xc2\xa0z", "a z" },
        { "a\xe3\x80\x80z", "a z" },
        { "a\xe2\x80\x8bz", "az" },
        { "e\xcc\x81", "\xc3\xa9" },
        { "", "" },
    };
    char out[8];
    char most[34];
    apr_size_t len;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        tap_is_int(smtpc__saslprep(out, sizeof(out), &len, rows[i].text,
                                   strlen(rows[i].text)), APR_SUCCESS,
                   "SASLprep %d", (int)i);
        tap_is_str(out, rows[i].prepared, "is \"%s\"", rows[i].prepared);
        tap_is_int(len, strlen(rows[i].prepared), "its length");
    }
    tap_is_int(smtpc__saslprep(out, sizeof(out), &len, "\xff", 1),
               SMTPC_EARG, "not UTF-8");
    tap_is_int(smtpc__saslprep(out, sizeof(out), &len, "1234567", 7),
               APR_SUCCESS, "as long as there is room");
    tap_is_int(smtpc__saslprep(out, sizeof(out), &len, "12345678", 8),
               SMTPC_ELIMIT, "one more");
    tap_is_int(smtpc__saslprep(out, sizeof(out), &len, "\xef\xb7\xba", 3),
               SMTPC_ELIMIT, "one that grows beyond");
    tap_is_int(smtpc__saslprep(most, sizeof(most), &len, "\xef\xb7\xba", 3),
               APR_SUCCESS, "and fits");
    tap_is_int(len, 33, "in eleven times the room");
}

int main(void)
{
    tap_pool();
    preparing();
    forming();
    refusing();
    many_marks();
    return tap_done();
}
