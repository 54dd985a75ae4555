/* SPDX-License-Identifier: Apache-2.0 */
/* word_decode_test.c: encoded words as people see them. */
#include <string.h>
#include <time.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "../tap/tap.h"
#include "mime/word_decode.h"

int main(void)
{
    static const struct {
        const char *text;
        const char *want;
        const char *what;
    } cases[] = {
        { "", "", "nothing" },
        { "plain =? text", "plain =? text", "no word" },
        { "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Gr\xc3\xbc\xc3\x9f" "e", "Q" },
        { "=?UTF-8?b?R3LDvMOfZQ==?=", "Gr\xc3\xbc\xc3\x9f" "e", "B" },
        { "=?iso-8859-1?q?a_=FC?= b", "a \xc3\xbc b", "Latin-1, _" },
        { "=?windows-1252?Q?=80?=", "\xe2\x82\xac", "another charset" },
        { "=?utf-8*de?Q?=C3=BC?=", "\xc3\xbc", "a language" },
        { "a =?utf-8?Q?b?=   =?utf-8?Q?c?= d", "a bc d",
          "blanks between words" },
        { "=?utf-8?Q?b?= x =?utf-8?Q?c?=", "b x c", "and others" },
        { "=?utf-8?Q?b?= =?iso-8859-1?Q?=FC?=", "b\xc3\xbc", "two charsets" },
        { "=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", "\xc3\xbc", "a cut character" },
        { "=?utf-8?Q?=C3?=", "=?utf-8?Q?=C3?=", "half a character" },
        { "=?utf-8?Q?a=0D=0ABcc:_x?=", "=?utf-8?Q?a=0D=0ABcc:_x?=",
          "hidden line ends stay hidden" },
        { "=?utf-8?Q?a=00b?=", "=?utf-8?Q?a=00b?=", "so does NUL" },
        { "=?utf-8?B?AA==?=", "=?utf-8?B?AA==?=", "in B too" },
        { "=?utf-8?B?a?=", "=?utf-8?B?a?=", "no base64" },
        { "=?utf-8?Q?=G1?=", "=?utf-8?Q?=G1?=", "no hexadecimal" },
        { "=?utf-8?Q?=1?=", "=?utf-8?Q?=1?=", "cut short" },
        { "=?no-such?Q?a?=", "=?no-such?Q?a?=", "unknown charset" },
        { "=?utf-8?X?a?=", "=?utf-8?X?a?=", "unknown encoding" },
        { "=?utf-8?Q?a", "=?utf-8?Q?a", "no end" },
        { "=?utf-8?Q?a b?=", "=?utf-8?Q?a b?=", "a blank in it" },
        { "x=?utf-8?Q?a?=", "x=?utf-8?Q?a?=", "inside a word" },
        { "(=?utf-8?Q?a?=)", "(a)", "in a comment" },
        { "=?utf-8?Q?" "?=", "", "empty" },
        { "=?utf-8?Q?a?= =?utf-8?X?b?=", "a =?utf-8?X?b?=",
          "a good one and a bad one" }
    };
    apr_array_header_t *many = apr_array_make(tap_pool(), 1, sizeof(char *));
    clock_t began;

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        tap_is_str(smtpc__word_decode(cases[i].text, tap_pool()),
                   cases[i].want, "%s", cases[i].what);
    }
    for (int i = 0; i < 5000; i++) {
        APR_ARRAY_PUSH(many, const char *) = i % 2 ? "=?latin1?Q?=FC?="
                                                   : "=?utf-8?Q?=C3?=";
    }
    began = clock();
    (void)smtpc__word_decode(apr_array_pstrcat(tap_pool(), many, ' '),
                             tap_pool());
    tap_ok(clock() - began < 20 * CLOCKS_PER_SEC, "many of them, in time");
    return tap_done();
}
