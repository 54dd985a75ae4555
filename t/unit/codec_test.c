/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec_test.c: encodings against the vectors of their RFCs, and round trips.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_encode.h>
#include <apr_strings.h>

#include "base/codec.h"

/* RFC 4648 10. */
static const struct {
    const char *plain;
    const char *encoded;
} base64_vectors[] = {
    { "", "" },
    { "f", "Zg==" },
    { "fo", "Zm8=" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg==" },
    { "fooba", "Zm9vYmE=" },
    { "foobar", "Zm9vYmFy" },
    { "\xff\xfe\xfd", "//79" },
};

static void base64(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(base64_vectors) / sizeof(base64_vectors[0]); i++) {
        const char *plain = base64_vectors[i].plain;
        const char *encoded = base64_vectors[i].encoded;
        unsigned char decoded[16];
        char text[16];
        apr_size_t len;

        tap_is_int(smtpc__base64_length(strlen(plain)), strlen(encoded),
                   "base64 vector %d: length", (int)i);
        len = smtpc__base64_encode(text, plain, strlen(plain));
        tap_is_mem(text, len, encoded, strlen(encoded), "encoded");
        tap_is_int(smtpc__base64_decode(decoded, &len, encoded,
                                        strlen(encoded)),
                   APR_SUCCESS, "decoded");
        tap_is_mem(decoded, len, plain, strlen(plain), "to what it was");
    }
}

static void base64_all_bytes(void)
{
    unsigned char data[259];
    unsigned char decoded[259];
    char text[sizeof(data) * 2];
    apr_size_t good = 0;
    apr_size_t len;

    for (len = 0; len < sizeof(data); len++) {
        data[len] = (unsigned char)(len * 167 + 13);
    }
    for (len = 0; len <= sizeof(data); len++) {
        const char *apr = apr_pencode_base64_binary(tap_pool(), data, len,
                                                    APR_ENCODE_NONE, NULL);
        apr_size_t encoded = smtpc__base64_encode(text, data, len);
        apr_size_t back = 0;

        good += encoded == strlen(apr) && memcmp(text, apr, encoded) == 0
                && smtpc__base64_decode(decoded, &back, text, encoded)
                       == APR_SUCCESS
                && back == len && memcmp(decoded, data, len) == 0;
    }
    tap_is_int(good, sizeof(data) + 1,
               "every length is encoded as APR does and decoded again");
}

static void base64_refused(void)
{
    static const char *const texts[] = {
        "Z",      "Zg",     "Zg=",   "Zg===",    "=",    "====",
        "Zh==",   "Zm9=",   "Zm8=Zm8=", "Zg==Zm9v", "Zm 9", "Zm9v\n",
        "Zm-_",   "Z===",   "Zm\0v", "\xc3\xa9==", "Z=g=",
    };
    apr_size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        unsigned char decoded[16];
        apr_size_t len = 77;
        apr_size_t text_len = strlen(texts[i]);

        text_len = text_len == 2 && texts[i][1] == 'm' ? 4 : text_len;
        tap_is_int(smtpc__base64_decode(decoded, &len, texts[i], text_len),
                   SMTPC_EARG, "not base64: %s",
                   smtpc__escape(texts[i], text_len, 20, 0, tap_pool()));
        tap_is_int(len, 77, "and no length is set");
    }
}

/* What stands behind the text must not help it. */
static void base64_cut(void)
{
    unsigned char decoded[16];
    apr_size_t len;
    apr_size_t cut;

    for (cut = 1; cut < 8; cut++) {
        if (cut != 4) {
            tap_is_int(smtpc__base64_decode(decoded, &len, "Zm9vZg==", cut),
                       SMTPC_EARG, "cut after %d characters", (int)cut);
        }
    }
}

static const struct {
    const char *text;
    const char *xtext; /* NULL: refused */
    const char *unitext;
    const char *seven; /* utf-8-addr-xtext */
    const char *what;
} xtexts[] = {
    { "ann@example.net", "ann@example.net", "ann@example.net",
      "ann@example.net", "plain text stays" },
    { "a+b=c d", "a+2Bb+3Dc+20d", "a\\x{2B}b\\x{3D}c\\x{20}d",
      "a\\x{2B}b\\x{3D}c\\x{20}d", "A13: + and = and blanks" },
    { "+00", "+2B00", "\\x{2B}00", "\\x{2B}00", "A13: +00 is no NUL" },
    { "a\\b", "a\\b", "a\\x{5C}b", "a\\x{5C}b", "the escape itself" },
    { "a\r\nb", NULL, NULL, NULL, "A13: CR LF" },
    { "a\tb", NULL, NULL, NULL, "A13: TAB" },
    { "a\x01", NULL, NULL, NULL, "A13: a control character" },
    { "a\x7f", NULL, NULL, NULL, "A13: DEL" },
    { "j\xc3\xbc@x", "j+C3+BC@x", "j\xc3\xbc@x", "j\\x{FC}@x", "U+00FC" },
    { "\xc2\x80", "+C2+80", NULL, NULL, "U+0080 is a control character" },
    { "\xc2\xa0", "+C2+A0", "\xc2\xa0", "\\x{A0}", "two bytes" },
    { "\xe4\xb8\xad", "+E4+B8+AD", "\xe4\xb8\xad", "\\x{4E2D}",
      "three bytes" },
    { "\xf0\x9f\x98\x80", "+F0+9F+98+80", "\xf0\x9f\x98\x80", "\\x{1F600}",
      "four bytes" },
    { "\xff", "+FF", NULL, NULL, "not UTF-8" },
    { "\xc3", "+C3", NULL, NULL, "cut UTF-8" },
    { "", "", "", "", "nothing stays nothing" },
};

/* Check rv and out, of which size bytes are needed, against want. */
static void check_xtext(apr_status_t rv, const char *out, const char *want,
                        const char *what)
{
    tap_is_int(rv, want != NULL ? APR_SUCCESS : SMTPC_EARG, "%s: status",
               what);
    if (want != NULL && rv == APR_SUCCESS) {
        tap_is_str(out, want, "%s", what);
    }
}

static void xtext(void)
{
    char out[100];
    apr_size_t i;

    for (i = 0; i < sizeof(xtexts) / sizeof(*xtexts); i++) {
        const char *text = xtexts[i].text;
        const char *want = xtexts[i].xtext;

        check_xtext(smtpc__xtext(out, sizeof(out), text), out, want,
                    xtexts[i].what);
        check_xtext(smtpc__unitext(out, sizeof(out), text, 1), out,
                    xtexts[i].unitext, xtexts[i].what);
        check_xtext(smtpc__unitext(out, sizeof(out), text, 0), out,
                    xtexts[i].seven, xtexts[i].what);
        if (want != NULL) {
            tap_is_int(smtpc__xtext(out, strlen(want) + 1, text), APR_SUCCESS,
                       "room for it and no more");
            tap_is_int(smtpc__xtext(out, strlen(want), text), SMTPC_ELIMIT,
                       "a byte less");
        }
        if (xtexts[i].seven != NULL) {
            apr_size_t room = strlen(xtexts[i].seven) + 1;

            tap_is_int(smtpc__unitext(out, room, text, 0), APR_SUCCESS,
                       "room for it and no more");
            tap_is_int(smtpc__unitext(out, room - 1, text, 0), SMTPC_ELIMIT,
                       "a byte less");
        }
    }
}

static const struct {
    const char *text;
    apr_size_t len;
    apr_size_t want;
    const char *what;
} utf8_vectors[] = {
    { "a", 1, 1, "ASCII" },
    { "\0", 1, 1, "NUL" },
    { "\x7f", 1, 1, "DEL" },
    { "\x80", 1, 0, "a lone continuation" },
    { "\xc1\xbf", 2, 0, "overlong, two bytes" },
    { "\xc2\x80", 2, 2, "U+0080" },
    { "\xc2", 1, 0, "cut after the first of two" },
    { "\xc2g", 2, 0, "no continuation" },
    { "\xc3\xa9", 1, 0, "one of two bytes" },
    { "\xe2\x82\xac", 2, 0, "two of three bytes" },
    { "\xf0\x9f\x98\x80", 3, 0, "three of four bytes" },
    { "\xdf\xbf", 2, 2, "U+07FF" },
    { "\xe0\x9f\xbf", 3, 0, "overlong, three bytes" },
    { "\xe0\xa0\x80", 3, 3, "U+0800" },
    { "\xe0\xa0", 2, 0, "cut after the second of three" },
    { "\xed\x9f\xbf", 3, 3, "U+D7FF" },
    { "\xed\xa0\x80", 3, 0, "U+D800, a surrogate" },
    { "\xed\xbf\xbf", 3, 0, "U+DFFF, a surrogate" },
    { "\xee\x80\x80", 3, 3, "U+E000" },
    { "\xef\xbf\xbf", 3, 3, "U+FFFF" },
    { "\xf0\x8f\xbf\xbf", 4, 0, "overlong, four bytes" },
    { "\xf0\x90\x80\x80", 4, 4, "U+10000" },
    { "\xf4\x8f\xbf\xbf", 4, 4, "U+10FFFF" },
    { "\xf4\x90\x80\x80", 4, 0, "U+110000" },
    { "\xf5\x80\x80\x80", 4, 0, "beyond Unicode" },
    { "\xf0\x9f\x98", 3, 0, "cut after the third of four" },
    { "\xf0\x9f\x98g", 4, 0, "no last continuation" },
    { "\xff", 1, 0, "0xFF" },
    { "", 0, 0, "nothing" },
};

static void utf8(void)
{
    char text[80];
    int wrong = 0;
    apr_size_t i;

    for (i = 0; i < sizeof(utf8_vectors) / sizeof(utf8_vectors[0]); i++) {
        tap_is_int(smtpc__utf8_char(utf8_vectors[i].text,
                                    utf8_vectors[i].len),
                   utf8_vectors[i].want, "UTF-8: %s", utf8_vectors[i].what);
    }
    tap_ok(smtpc__utf8_valid("", 0), "nothing is valid");
    tap_ok(smtpc__utf8_valid("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 10),
           "one character of each length is valid");
    tap_ok(!smtpc__utf8_valid("a\xc3\xa9\xe2\x82", 5), "a cut one is not");
    tap_ok(smtpc__is_ascii("abc\x7f", 4), "DEL is ASCII");
    tap_ok(!smtpc__is_ascii("abc\x80", 4), "0x80 is not");
    memset(text, 'a', sizeof(text));
    for (apr_size_t len = 0; len <= sizeof(text); len++) {
        wrong += !smtpc__is_ascii(text, len);
        for (apr_size_t at = 0; at < len; at++) {
            text[at] = '\xc3';
            wrong += smtpc__is_ascii(text, len);
            text[at] = 'a';
        }
    }
    tap_is_int(wrong, 0, "at any place of texts of any length");
}

static const struct {
    const char *text;
    apr_size_t len;
    apr_size_t want;
} control_vectors[] = {
    { "plain", 5, 5 },
    { "a\0b", 3, 1 },
    { "ab\r", 3, 2 },
    { "\n", 1, 0 },
    { "a\tb", 3, 1 },
    { "a\x1b[0m", 5, 1 },
    { "ab\x7f", 3, 2 },
    { "a\xc2\x85", 3, 1 },
    { "a\xc2\x80", 3, 1 },
    { "a\xc2\x9f", 3, 1 },
    { "a\xc2\xa0", 3, 3 },
    { "a\xe2\x80\xa8", 4, 1 },
    { "a\xe2\x80\xa9", 4, 1 },
    { "a\xe2\x80\xa7", 4, 4 },
    { "a\xe2\x80\xaa", 4, 4 },
    { "\xe7\x98\x8d\xe7\x98\x8a", 6, 6 }, /* U+760D U+760A */
    { "a\xc2", 2, 2 },
    { "a\xe2\x80", 3, 3 },
};

static void controls(void)
{
    apr_size_t i;

    for (i = 0; i < sizeof(control_vectors) / sizeof(control_vectors[0]);
         i++) {
        tap_is_int(smtpc__find_control(control_vectors[i].text,
                                       control_vectors[i].len),
                   control_vectors[i].want, "controls of vector %d", (int)i);
    }
}

static void escaping(void)
{
    apr_pool_t *pool = tap_pool();
    char out[9];

    tap_is_str(smtpc__escape("a\r\nb\x1b\x7f", 6, 100, 0, pool),
               "a\\x0D\\x0Ab\\x1B\\x7F", "controls are escaped");
    tap_is_str(smtpc__escape("a\r\nb", 4, 100, 1, pool), "a\\x0D\nb",
               "a line end can be kept");
    tap_is_str(smtpc__escape("\xc3\xa9\xc2\x85\xe2\x80\xa8", 7, 100, 0, pool),
               "\xc3\xa9\\xC2\\x85\\xE2\\x80\\xA8",
               "UTF-8 stays, its controls do not");
    tap_is_str(smtpc__escape("a\xff\xc3", 3, 100, 0, pool), "a\\xFF\\xC3",
               "invalid UTF-8 is escaped");
    tap_is_str(smtpc__escape("a\0b", 3, 100, 0, pool), "a\\x00b",
               "NUL is escaped");
    tap_is_str(smtpc__escape("abcdef", 6, 3, 0, pool), "abc", "cut");
    tap_is_str(smtpc__escape("ab\xe2\x82\xac", 5, 4, 0, pool), "ab",
               "a character is not cut in two");
    tap_is_str(smtpc__escape("", 0, 0, 0, pool), "", "nothing");

    tap_is_int(smtpc__escape_into(out, sizeof(out), "abcdefghij", 10, 0), 8,
               "as much as fits is written");
    tap_is_str(out, "abcdefgh", "and terminated");
    tap_is_int(smtpc__escape_into(out, sizeof(out), "abcde\r", 6, 0), 5,
               "an escape is not cut in two");
    tap_is_int(smtpc__escape_into(out, sizeof(out), "abcd\r", 5, 0), 8,
               "an escape may end at the last byte");
    tap_is_int(smtpc__escape_into(out, 1, "abc", 3, 0), 0,
               "room for the terminator alone");
    tap_is_str(out, "", "holds it");
    tap_is_int(smtpc__escape_into(out, 0, "abc", 3, 0), 0, "no room");
}

static void cutting(void)
{
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    static const apr_size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };
    apr_size_t max;

    for (max = 0; max < sizeof(want) / sizeof(want[0]); max++) {
        tap_is_int(smtpc__utf8_cut(text, 10, max), want[max],
                   "cut at %d bytes", (int)max);
    }
    tap_is_int(smtpc__utf8_cut("\x80\x80\x80\x80\x80\x80", 6, 5), 5,
               "what is no UTF-8 is cut anywhere");
}

static void print(char *out, apr_size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__vformat(out, size, format, args);
    va_end(args);
}

static void tell(char *out, apr_size_t size, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    smtpc__verror(out, size, format, args);
    va_end(args);
}

static void errors(void)
{
    char out[32];

    tell(out, sizeof(out), "%s", "a\r\n\x7f\xc3\xa9 \xc3x\xff\xe2\x80\xa8.");
    tap_is_str(out, "a???\xc3\xa9 ?x????.", "what is told can be shown");
    tell(out, 3, "%s", "a\xe2\x82\xac");
    tap_is_str(out, "a", "and is cut between characters");
    tell(out, 3, "%s", "");
    tap_is_str(out, "", "nothing");
}

static void printing(void)
{
    const char *text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    static const apr_size_t want[] = { 0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10 };
    char out[16];

    for (apr_size_t max = 0; max < sizeof(want) / sizeof(want[0]); max++) {
        print(out, max + 1, "%s", text);
        tap_is_int(strlen(out), want[max], "printed into %d bytes",
                   (int)max + 1);
    }
    print(out, 6, "%s", "\x80\x80\x80\x80\x80\x80");
    tap_is_int(strlen(out), 5, "what is no UTF-8 is cut anywhere");
}

int main(void)
{
    base64();
    base64_all_bytes();
    base64_refused();
    base64_cut();
    xtext();
    utf8();
    controls();
    escaping();
    cutting();
    printing();
    errors();
    return tap_done();
}
