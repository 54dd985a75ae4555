/* SPDX-License-Identifier: Apache-2.0 */
/* charset_test.c: text in other charsets, and what does not fit. */
#include "mime/charset.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/source_int.h"
#include "mime_support.h"

static smtpc_source_t *encoder(const char *text, const char *charset,
                               apr_size_t piece)
{
    smtpc_source_t *out;

    if (smtpc__charset_encode(&out, support_pieces(text, strlen(text), piece,
                                                   0, tap_pool()),
                              charset, tap_pool())) {
        tap_bail("no encoder for %s", charset);
    }
    return out;
}

static void check(const char *charset, const char *text, const char *want)
{
    apr_size_t len;
    int same = 1;

    tap_is_str(support_read(encoder(text, charset, 4096), 4096, &len,
                            tap_pool()), want, "%s", charset);
    for (apr_size_t piece = 1; piece < 6; piece++) {
        smtpc_source_t *source = encoder(text, charset, piece);
        char *got = support_read(source, 6 - piece, &len, tap_pool());

        same &= got != NULL && strcmp(got, want) == 0;
        same &= smtpc_source_rewind(source) == APR_SUCCESS;
        got = support_read(source, 100, &len, tap_pool());
        same &= got != NULL && strcmp(got, want) == 0;
    }
    tap_ok(same, "%s: in pieces of any size, and again", charset);
}

static void refused(const char *charset, const char *text, const char *want)
{
    smtpc_source_t *source = encoder(text, charset, 2);
    apr_size_t len;

    tap_ok(support_read(source, 3, &len, tap_pool()) == NULL, "%s refuses",
           charset);
    tap_ok(strstr(smtpc__source_error(source), want) != NULL, "%s",
           smtpc__source_error(source));
}

static void long_text(void)
{
    char *text = apr_pstrdup(tap_pool(), "");
    char *want = apr_pstrdup(tap_pool(), "");
    apr_size_t len;

    for (int i = 0; i < 500; i++) {
        text = apr_pstrcat(tap_pool(), text, "aa\xc3\xa4", NULL);
        want = apr_pstrcat(tap_pool(), want, "aa\xe4", NULL);
    }
    tap_is_str(support_read(encoder(text, "iso-8859-1", 999), 333, &len,
                            tap_pool()), want, "longer than the buffers");
    text = apr_pstrcat(tap_pool(), text, "\xe4\xb8\xad", NULL);
    refused("iso-8859-1", text, "character 1501, ");
}

static void names(void)
{
    static const char *const good[] = { "utf-8", "US-ASCII", "iso-8859-15",
                                        "windows-1252", "koi8-r",
                                        "iso-2022-jp", "Shift_JIS",
                                        "gb18030", "Big5" };
    static const char *const bad[] = { "", "no such", "utf-16", "UTF-16LE",
                                       "utf-32", "ebcdic-us", "nosuch",
                                       "iso-8859-1//TRANSLIT",
                                       "utf-8//IGNORE", "a\r\nb" };
    const char *why;

    for (apr_size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
        tap_is_int(smtpc__charset_check(&why, good[i], tap_pool()), 0, "%s",
                   good[i]);
    }
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        why = "";
        tap_is_int(smtpc__charset_check(&why, bad[i], tap_pool()), SMTPC_EARG,
                   "refused: row %d", (int)i);
        tap_ok(*why != '\0', "%s", why);
    }
    tap_ok(smtpc__charset_is_utf8("UTF-8") && smtpc__charset_is_utf8("utf8")
               && !smtpc__charset_is_utf8("utf-7"), "names of UTF-8");
    tap_ok(smtpc__charset_is_wide("UTF-16BE")
               && !smtpc__charset_is_wide("utf-8"), "wide charsets");
}

int main(void)
{
    check("iso-8859-1", "Gr\xc3\xbc\xc3\x9f" "e\n", "Gr\xfc\xdf" "e\n");
    check("windows-1252", "5 \xe2\x82\xac", "5 \x80");
    check("us-ascii", "abc", "abc");
    check("iso-2022-jp", "a\xe6\x97\xa5\nb\xe6\x9c\xac",
          "a\x1b$BF|\x1b(B\nb\x1b$BK\\\x1b(B");
    check("gb18030", "\xe4\xb8\xad\xf0\x9f\x98\x80",
          "\xd6\xd0\x94\x39\xfc\x36");
    check("iso-8859-1", "", "");
    refused("iso-8859-1", "abc\xe2\x82\xac", "character 4, \"\xe2\x82\xac\" "
                                             "(U+20AC)");
    refused("us-ascii", "\xc3\xa4", "character 1, \"\xc3\xa4\" (U+00E4)");
    refused("koi8-r", "\xd1\x8f\xf0\x9f\x98\x80", "(U+1F600)");
    refused("iso-8859-1", "ab\xc3", "not valid UTF-8 behind character 2");
    refused("iso-8859-1", "a\xff" "b", "not valid UTF-8 behind character 1");
    long_text();
    names();
    return tap_done();
}
