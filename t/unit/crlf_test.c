/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crlf_test.c: what stays of a text, against a second way to find it, for
 * texts that are long enough to be looked at in blocks.
 */
#include <string.h>

#include "../tap/tap.h"
#include "base/crlf.h"

/* Byte by byte, looking back. */
static apr_size_t expected(const char *text, apr_size_t len, int dots)
{
    for (apr_size_t i = 0; i < len; i++) {
        char before = i > 0 ? text[i - 1] : 'x';

        if (before == '\r' && text[i] != '\n') {
            return i - 1;
        }
        if ((text[i] == '\n' && before != '\r')
            || (dots && text[i] == '.' && before == '\n')) {
            return i;
        }
    }
    return len > 0 && text[len - 1] == '\r' ? len - 1 : len;
}

/* Every text of up to six bytes out of CR, LF, dot and a letter. */
static void test_short(void)
{
    enum { LENGTH = 6 };
    unsigned int bad = 0;

    for (unsigned int n = 0; n < 1u << (2 * LENGTH); n++) {
        char text[LENGTH];

        for (int i = 0; i < LENGTH; i++) {
            text[i] = "\r\n.x"[n >> (2 * i) & 3];
        }
        for (apr_size_t len = 0; len <= LENGTH; len++) {
            for (int dots = 0; dots < 2; dots++) {
                bad += smtpc__crlf_run(text, len, dots)
                       != expected(text, len, dots);
            }
        }
    }
    tap_is_int(bad, 0, "4096 texts of every length");
}

/* Three bytes at every place of a text of lines, and its end at every place
 * behind them. */
static void test_blocks(void)
{
    enum { LENGTH = 200, MIDDLE = 3 };
    unsigned int bad = 0;

    for (unsigned int n = 0; n < 1u << (2 * MIDDLE); n++) {
        for (apr_size_t at = 0; at + MIDDLE <= LENGTH; at++) {
            char text[LENGTH];

            memset(text, 'x', sizeof(text));
            for (apr_size_t line = 30; line + 2 < LENGTH; line += 33) {
                memcpy(text + line, "\r\n", 2);
            }
            for (apr_size_t i = 0; i < MIDDLE; i++) {
                text[at + i] = "\r\n.x"[n >> (2 * i) & 3];
            }
            for (apr_size_t len = at; len <= LENGTH; len++) {
                for (int dots = 0; dots < 2; dots++) {
                    bad += smtpc__crlf_run(text, len, dots)
                           != expected(text, len, dots);
                }
            }
        }
    }
    tap_is_int(bad, 0, "three bytes at every place of a text of 200");
}

/* A text that is right stays whole, however many blocks it has. */
static void test_right(void)
{
    char text[64 * 78];

    for (apr_size_t i = 0; i < sizeof(text); i += 78) {
        memset(text + i, '.', 76);
        text[i] = 'x';
        memcpy(text + i + 76, "\r\n", 2);
    }
    tap_is_int((int)smtpc__crlf_run(text, sizeof(text), 1),
               (int)sizeof(text), "lines that end with CRLF");
    text[0] = '.';
    tap_is_int((int)smtpc__crlf_run(text, sizeof(text), 1),
               (int)sizeof(text), "a dot at the front is not looked at");
    text[20 * 78] = '.';
    tap_is_int((int)smtpc__crlf_run(text, sizeof(text), 1), 20 * 78,
               "a dot behind a line end");
    tap_is_int((int)smtpc__crlf_run(text, sizeof(text), 0),
               (int)sizeof(text), "which only matters with dots");
}

int main(void)
{
    test_short();
    test_blocks();
    test_right();
    return tap_done();
}
