/* SPDX-License-Identifier: Apache-2.0 */
/* scan_test.c: what is in a text, and the encoding that follows. */
#include "mime/scan.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

static smtpc_scan_t scan(const char *data, apr_size_t len, apr_size_t piece)
{
    smtpc_scan_t s;

    memset(&s, 0, sizeof(s));
    for (apr_size_t i = 0; i < len; i += piece) {
        smtpc__scan(&s, data + i, len - i < piece ? len - i : piece);
    }
    return s;
}

static void check(const char *what, const char *data, apr_size_t len,
                  smtpc_encoding_e strict, smtpc_encoding_e eight)
{
    smtpc_scan_t whole = scan(data, len, len + 1);
    smtpc_scan_t bytes = scan(data, len, 1);

    tap_is_mem(&bytes, sizeof(bytes), &whole, sizeof(whole),
               "%s: the same by the byte", what);
    tap_is_str(smtpc__encoding_name(smtpc__scan_choose(&whole, 0)),
               smtpc__encoding_name(strict), "%s: on a 7bit way", what);
    tap_is_str(smtpc__encoding_name(smtpc__scan_choose(&whole, 1)),
               smtpc__encoding_name(eight), "%s: on an 8bit way", what);
}

int main(void)
{
    char *line = apr_palloc(tap_pool(), 2000);
    smtpc_scan_t s = scan("a\nb\r\nc\rd\r\n\r\nee", 14, 20);

    tap_is_int(s.length, 16, "line ends count two");
    tap_is_int(s.line, 2, "the last line");
    tap_is_int(s.longest, 2, "the longest");
    s = scan("a\r", 2, 1);
    tap_is_int(s.length, 3, "CR at the end");
    tap_is_int(s.line, 0, "ends a line");
    s = scan("\x1b[1m\tx", 6, 9);
    tap_is_int(s.controls, 1, "ESC is a control, TAB is not");
    s = scan("abc\n", 4, 9);
    tap_is_int(smtpc__scan_bare(&s), 1, "an LF alone");
    s = scan("a\r\nb\r\n", 6, 9);
    tap_is_int(smtpc__scan_bare(&s), 0, "CRLF is whole");
    s = scan("\r\r\n\n\rx\r", 7, 1);
    tap_is_int(smtpc__scan_bare(&s), 4, "CR and LF alone, also at the end");

    check("empty", "", 0, SMTPC_ENCODING_7BIT, SMTPC_ENCODING_7BIT);
    check("ASCII", "abc\n", 4, SMTPC_ENCODING_7BIT, SMTPC_ENCODING_7BIT);
    check("Latin", "Gr\xc3\xbc\xc3\x9f" "e aus\n", 12, SMTPC_ENCODING_QUOTED_PRINTABLE,
          SMTPC_ENCODING_8BIT);
    check("Chinese", "\xe4\xb8\xad\xe6\x96\x87\n", 7, SMTPC_ENCODING_BASE64,
          SMTPC_ENCODING_8BIT);
    check("NUL", "a\0b", 3, SMTPC_ENCODING_BASE64, SMTPC_ENCODING_BASE64);
    memset(line, 'a', 2000);
    check("line of 998", line, 998, SMTPC_ENCODING_7BIT, SMTPC_ENCODING_7BIT);
    check("line of 999", line, 999, SMTPC_ENCODING_QUOTED_PRINTABLE,
          SMTPC_ENCODING_QUOTED_PRINTABLE);
    line[998] = '\r';
    check("998 and CR", line, 1500, SMTPC_ENCODING_7BIT, SMTPC_ENCODING_7BIT);
    memset(line, 0xc3, 2000);
    check("long 8-bit line", line, 999, SMTPC_ENCODING_BASE64,
          SMTPC_ENCODING_BASE64);
    return tap_done();
}
