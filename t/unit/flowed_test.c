/* SPDX-License-Identifier: Apache-2.0 */
/* flowed_test.c: format=flowed. RFC 3676. */
#include "mime/flowed.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

#define WORDS "aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk llll "

static char *flow(const char *text, apr_size_t in, apr_size_t out)
{
    smtpc_source_t *source;
    apr_size_t len;

    if (smtpc__flowed_create(&source, support_pieces(text, strlen(text), in,
                                                     0, tap_pool()),
                             tap_pool())) {
        tap_bail("no source");
    }
    return support_read(source, out, &len, tap_pool());
}

static void check(const char *text, const char *want)
{
    char *got = flow(text, 4096, 4096);
    int same = 1;

    tap_is_str(got, want, "%.30s", want);
    for (apr_size_t piece = 1; piece < 6; piece++) {
        same &= strcmp(flow(text, piece, 6 - piece), want) == 0;
    }
    tap_ok(same, "the same in pieces of any size");
}

static const char *prefix_of(const char *line, apr_size_t *depth)
{
    *depth = strspn(line, ">");
    line += *depth;
    return *line == ' ' ? line + 1 : line;
}

/* Read format=flowed as RFC 3676 4.1 says; depth of a paragraph in front. */
static char *unflow(const char *text)
{
    char *out = apr_pstrdup(tap_pool(), "");
    int open = 0;
    apr_size_t open_depth = 0;

    while (*text != '\0') {
        apr_size_t len = strcspn(text, "\r");
        char *line = apr_pstrmemdup(tap_pool(), text, len);
        apr_size_t depth;
        const char *rest = prefix_of(line, &depth);
        int soft = len > 0 && line[len - 1] == ' '
                   && strcmp(rest, "-- ") != 0;

        if (!open || depth != open_depth) {
            for (apr_size_t i = 0; i < depth; i++) {
                out = apr_pstrcat(tap_pool(), out, ">", NULL);
            }
        }
        out = apr_pstrcat(tap_pool(), out, rest, soft ? "" : "\n", NULL);
        open = soft;
        open_depth = depth;
        text += len + (text[len] == '\r' ? 2 : 0);
    }
    return out;
}

static const char *long_line(const char *text)
{
    while (*text != '\0') {
        apr_size_t len = strcspn(text, "\r");
        apr_size_t width = 0;
        apr_size_t depth;
        const char *rest = prefix_of(text, &depth);
        const char *blank = memchr(rest, ' ', len - (apr_size_t)(rest - text));

        for (apr_size_t i = 0; i < len; i++) {
            width += ((unsigned char)text[i] & 0xc0) != 0x80;
        }
        if (width > 78 && blank != NULL && blank != rest
            && (apr_size_t)(blank - text) < len - 1) {
            return apr_pstrmemdup(tap_pool(), text, len);
        }
        text += len + (text[len] == '\r' ? 2 : 0);
    }
    return NULL;
}

static void random_texts(void)
{
    static const char *const items[] = {
        "a", "word", " ", " ", "  ", "\xc3\xa4", "\xe4\xb8\xad", "From ",
        "-- ", "-", "longerword", "averyveryverylongwordwithoutablank", ">"
    };
    unsigned int seed = 4711;
    int good = 0;

    for (int n = 0; n < 400; n++) {
        char *text = apr_pstrdup(tap_pool(), "");
        const char *flowed;

        for (int line = 0; line < 4; line++) {
            char *one = apr_pstrdup(tap_pool(), line == 2 ? ">>" : "x");

            for (int i = 0; i < n % 60; i++) {
                seed = seed * 1664525u + 1013904223u;
                one = apr_pstrcat(tap_pool(), one, items[(seed >> 8) % 13],
                                  NULL);
            }
            one = apr_pstrcat(tap_pool(), one, "y", NULL);
            /* The blank behind quote marks is no text. */
            if (line == 2) {
                apr_size_t depth;
                const char *rest = prefix_of(one, &depth);

                rest += strspn(rest, " >-");
                one = apr_pstrcat(tap_pool(),
                                  apr_pstrmemdup(tap_pool(), one, depth),
                                  rest, NULL);
            }
            text = apr_pstrcat(tap_pool(), text, one, "\n", NULL);
        }
        flowed = flow(text, 7, 1000);
        if (strcmp(unflow(flowed), text) == 0 && long_line(flowed) == NULL) {
            good++;
        }
        else {
            tap_diag("text %d: %s", n, long_line(flowed)
                                           ? long_line(flowed) : "differs");
        }
    }
    tap_is_int(good, 400, "texts come back from lines of at most 78");
}

int main(void)
{
    char *text;

    check("", "");
    check("a\nb\r\nc\rd", "a\r\nb\r\nc\r\nd");
    check("a  \nb ", "a\r\nb");
    check("   \n", "\r\n");
    check("\n\n", "\r\n\r\n");
    check(" a\nFrom b\n", "  a\r\n From b\r\n");
    check("-- \nme", "-- \r\nme");
    check(">a\n>> b\n> \n>\n", "> a\r\n>> b\r\n>\r\n>\r\n");
    check(WORDS WORDS "x\n",
          WORDS "aaaa bbbb cccc \r\n"
          "dddd eeee ffff gggg hhhh iiii jjjj kkkk llll x\r\n");
    check("> " WORDS WORDS "x",
          "> " WORDS "aaaa bbbb cccc \r\n"
          "> dddd eeee ffff gggg hhhh iiii jjjj kkkk llll x");
    check(WORDS "aaaa bbbb cccc >xyz From y " WORDS,
          WORDS "aaaa bbbb cccc \r\n"
          " >xyz From y aaaa bbbb cccc dddd eeee ffff gggg hhhh iiii jjjj kkkk "
          "llll");
    /* Exactly 78, and one more. */
    check(WORDS "aaaa bbbb cccc ddd", WORDS "aaaa bbbb cccc ddd");
    check(WORDS "aaaa bbbb cccc dddd",
          WORDS "aaaa bbbb cccc \r\ndddd");
    /* A "-- " made by breaking would begin a signature. */
    check("-- wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
          "wwwwwwwwwwwwwwwwwwwwwwwwww end",
          "-- wwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwwww"
          "wwwwwwwwwwwwwwwwwwwwwwwwww \r\nend");
    text = apr_pcalloc(tap_pool(), 5001);
    memset(text, 'w', 5000);
    check(text, text);
    text = apr_pstrcat(tap_pool(), text, " end\nz", NULL);
    tap_is_int(strstr(flow(text, 100, 100), " \r\nend\r\nz")
                   - flow(text, 100, 100) >= 0, 1, "a word longer than all");
    random_texts();
    return tap_done();
}
