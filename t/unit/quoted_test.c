/* SPDX-License-Identifier: Apache-2.0 */
/* quoted_test.c: quoted-printable in steps. RFC 2045 6.7. */
#include "mime/quoted.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

/* Encode with so much room, giving so many bytes at a time. */
static char *encode(const char *in, apr_size_t len, apr_size_t room,
                    apr_size_t piece)
{
    char *out = apr_palloc(tap_pool(), 4 * len + 100);
    apr_size_t column = 0;
    apr_size_t n = 0;
    apr_size_t given = 0;
    apr_size_t done = 0;

    while (done < len) {
        apr_size_t used;

        n += smtpc__quoted_step(&column, out + n, room, &used, in + done,
                                given - done, given == len);
        done += used;
        given = len - given < piece ? len : given + piece;
        /* Both bytes of a line end come together. */
        if (given < len && in[given] == '\n' && in[given - 1] == '\r') {
            given++;
        }
    }
    out[n] = '\0';
    return out;
}

static void check(const char *in, const char *want)
{
    apr_size_t len = strlen(in);
    int same = 1;

    tap_is_str(encode(in, len, 4096, 4096), want, "%.20s", want);
    for (apr_size_t piece = 1; piece < 9; piece++) {
        for (apr_size_t room = SMTPC_QUOTED_ROOM; room < 14; room++) {
            same &= strcmp(encode(in, len, room, piece), want) == 0;
        }
    }
    tap_ok(same, "the same in steps of any size");
}

int main(void)
{
    char line[400];
    const char *bad = NULL;

    check("abc", "abc");
    check("a=b", "a=3Db");
    check("\xc3\xa4", "=C3=A4");
    check("a \r\nb\t\r\nc ", "a=20\r\nb=09\r\nc=20");
    check("a b\tc", "a b\tc");
    check(".\r\n..\r\na.", "=2E\r\n=2E.\r\na.");
    check("From x\r\nFrom\r\nfFrom ", "=46rom x\r\nFrom\r\nfFrom=20");
    check("\x1b\x7f", "=1B=7F");
    check("\r\n\r\n", "\r\n\r\n");
    check("a\rb\nc\r\r\n\n\r", "a=0Db=0Ac=0D\r\n=0A=0D");

    /* Lines of every length, of letters that do not divide 75. */
    for (apr_size_t n = 1; n < 300 && bad == NULL; n++) {
        static const char *const letters[] = { "a", "\xc3\xa4", " ", ".",
                                               "From ", "a\xc3\xa4= " };

        for (apr_size_t k = 0; k < 6; k++) {
            apr_size_t len;
            char *out;
            char *back;

            for (apr_size_t i = 0; i < n; i++) {
                line[i] = letters[k][i % strlen(letters[k])];
            }
            memcpy(line + n, "\r\nx", 4);
            out = encode(line, n + 3, 4096, 4096);
            back = support_decode_quoted(out, strlen(out), &len, tap_pool());
            if (back == NULL || strcmp(back, line) != 0) {
                bad = out;
            }
        }
    }
    tap_is_str(bad, NULL, "every length comes back, no line over 76");
    return tap_done();
}
