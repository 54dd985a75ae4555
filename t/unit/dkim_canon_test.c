/* SPDX-License-Identifier: Apache-2.0 */
/* dkim_canon_test.c: RFC 6376's examples, and pieces of every size. */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime/dkim_canon.h"

typedef struct out_t {
    char data[200000];
    apr_size_t len;
} out_t;

static void collect(void *baton, const char *data, apr_size_t len)
{
    out_t *out = baton;

    if (len > sizeof(out->data) - out->len - 1) {
        tap_bail("too much");
    }
    memcpy(out->data + out->len, data, len);
    out->len += len;
    out->data[out->len] = '\0';
}

/* The canonical form of in, fed piece bytes at a time. */
static out_t *relaxed(const char *in, apr_size_t len, apr_size_t piece)
{
    out_t *out = apr_pcalloc(tap_pool(), sizeof(*out));
    smtpc_dkim_body_t *body = apr_palloc(tap_pool(), sizeof(*body));

    smtpc__dkim_body_begin(body, collect, out);
    while (len > 0) {
        apr_size_t n = piece < len ? piece : len;

        smtpc__dkim_body_feed(body, in, n);
        in += n;
        len -= n;
    }
    smtpc__dkim_body_end(body);
    return out;
}

static void bodies(void)
{
    static const struct {
        const char *name;
        const char *in;
        const char *out;
    } cases[] = {
        { "RFC 6376 3.4.5", " C \r\nD \t E\r\n\r\n\r\n", " C\r\nD E\r\n" },
        { "empty", "", "" },
        { "one empty line", "\r\n", "" },
        { "empty lines only", "\r\n\r\n\r\n", "" },
        { "blank lines only", " \r\n\t\r\n \t", "" },
        { "no line end", "abc", "abc\r\n" },
        { "no line end behind blanks", "abc  \t", "abc\r\n" },
        { "empty lines in front", "\r\n\r\na\r\n", "\r\n\r\na\r\n" },
        { "empty lines between", "a\r\n\r\n \r\nb", "a\r\n\r\n\r\nb\r\n" },
        { "blanks in front", "\t  a b\r\n", " a b\r\n" },
        { "LF", "a\nb\n\n", "a\r\nb\r\n" },
        { "CR", "a\rb\r\r", "a\r\nb\r\n" },
        { "CR and CRLF", "a\r\r\nb", "a\r\n\r\nb\r\n" },
        { "LF CR", "a\n\rb", "a\r\n\r\nb\r\n" },
        { "dots are not doubled", ".\r\n..\r\n", ".\r\n..\r\n" },
        { "bytes above 127", "\xc3\xa4 \xff\r\n", "\xc3\xa4 \xff\r\n" },
    };

    for (apr_size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        apr_size_t len = strlen(cases[i].in);

        for (apr_size_t piece = 1; piece <= 7; piece += 2) {
            tap_is_str(relaxed(cases[i].in, len, piece)->data, cases[i].out,
                       "%s, %d at a time", cases[i].name, (int)piece);
        }
    }
    tap_is_mem(relaxed("a\0b", 3, 1)->data, 5, "a\0b\r\n", 5, "NUL");
}

/* A body that crosses every buffer edge, in pieces of every kind. */
static void sizes(void)
{
    static const apr_size_t pieces[] = { 1, 2, 3, 7, 4095, 4096, 4097, 65536 };
    apr_size_t len = 0;
    char *in = apr_palloc(tap_pool(), 150000);
    unsigned int random = 1;
    out_t *whole;

    while (len < 140000) {
        random = random * 1103515245 + 12345;
        switch (random >> 16 & 7) {
        case 0: memcpy(in + len, "\r\n", 2); len += 2; break;
        case 1: in[len++] = ' '; break;
        case 2: in[len++] = '\t'; break;
        case 3: in[len++] = '\n'; break;
        default:
            memset(in + len, 'x', random >> 20 & 511);
            len += random >> 20 & 511;
        }
    }
    memset(in + len, 'y', 9000);
    len += 9000;
    whole = relaxed(in, len, len);
    for (apr_size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
        out_t *out = relaxed(in, len, pieces[i]);

        tap_ok(out->len == whole->len
                   && memcmp(out->data, whole->data, out->len) == 0,
               "%d bytes at a time", (int)pieces[i]);
    }
    memset(in, '\n', 50000);
    in[50000] = 'x';
    tap_is_int(relaxed(in, 50001, 997)->len, 100003,
               "fifty thousand empty lines and a word");
    tap_is_int(relaxed(in, 50000, 997)->len, 0, "without the word: nothing");
}

static void headers(void)
{
    static const char block[] = "A: X\r\nB : Y\t\r\n\tZ  \r\nEmpty:\r\n"
                                "Sub-Ject:  a \r\n \r\n b:c\r\n\r\nbody\r\n";
    static const char *const wanted[] = { "a:X\r\n", "b:Y Z\r\n", "empty:\r\n",
                                          "sub-ject:a b:c\r\n" };
    const char *pos = block;
    apr_size_t len = strlen(block);
    smtpc_dkim_field_t field;
    char out[100];
    int n = 0;

    while (n < 4 && smtpc__dkim_next_field(&field, &pos, &len)) {
        apr_size_t got = smtpc__dkim_relax_field(out, &field);

        tap_ok(got <= field.len, "not longer");
        out[got] = '\0';
        tap_is_str(out, wanted[n], "field %d", n);
        n++;
    }
    tap_is_int(n, 4, "four fields");
    tap_ok(!smtpc__dkim_next_field(&field, &pos, &len), "and no more");
    tap_is_str(pos, "\r\nbody\r\n", "up to the empty line");
    len = 0;
    tap_ok(!smtpc__dkim_next_field(&field, &pos, &len), "nothing in nothing");
}

int main(void)
{
    bodies();
    sizes();
    headers();
    return tap_done();
}
