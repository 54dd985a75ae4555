/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode_test.c: encoders as sources: the same bytes however they are read
 * and fed, announced lengths, rewinding, failures.
 */
#include "mime/encode.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/source_int.h"
#include "mime_support.h"

static smtpc_source_t *encoder(smtpc_source_t *in,
                               const smtpc_encode_opts_t *opts,
                               apr_off_t length)
{
    smtpc_encode_area_t *area;
    smtpc_source_t *out;

    smtpc__encode_area_create(&area, tap_pool());
    if (smtpc__encoder_create(&out, in, opts, length, area, tap_pool())
        != APR_SUCCESS) {
        tap_bail("no encoder");
    }
    return out;
}

/* For encode(): the source is memory, which lends its bytes. */
#define LENT 0

static smtpc_source_t *source_of(const char *data, apr_size_t len,
                                 apr_size_t in)
{
    smtpc_source_t *source;

    if (in != LENT) {
        return support_pieces(data, len, in, 1, tap_pool());
    }
    if (smtpc_source_create_bytes(&source, data, len, tap_pool())
        != APR_SUCCESS) {
        tap_bail("no source");
    }
    return source;
}

/* Encode, reading out so many bytes at a time from a source that gives in so
 * many; the announced length has to be right, or reading fails. */
static char *encode(const char *data, apr_size_t len,
                    const smtpc_encode_opts_t *opts, apr_size_t in,
                    apr_size_t out, apr_size_t *out_len)
{
    smtpc_source_t *source = source_of(data, len, in);
    smtpc_encode_area_t *area;
    smtpc_scan_t scan;
    apr_off_t length;

    memset(&scan, 0, sizeof(scan));
    smtpc__scan(&scan, data, len);
    length = smtpc__encoded_length(opts, (apr_off_t)len, &scan);
    if (opts->encoding == SMTPC_ENCODING_QUOTED_PRINTABLE) {
        smtpc__encode_area_create(&area, tap_pool());
        if (smtpc__encoder_measure(&length, source, opts, area, tap_pool())) {
            tap_bail("not measured");
        }
    }
    return support_read(encoder(source, opts, length), out, out_len,
                        tap_pool());
}

static void golden(void)
{
    static const struct {
        const char *in;
        smtpc_encode_opts_t opts;
        const char *out;
    } rows[] = {
        { "", { SMTPC_ENCODING_7BIT, 1, 1 }, "" },
        { "a", { SMTPC_ENCODING_7BIT, 1, 0 }, "a" },
        { "a", { SMTPC_ENCODING_7BIT, 1, 1 }, "a\r\n" },
        { "a\n", { SMTPC_ENCODING_7BIT, 1, 1 }, "a\r\n" },
        { "\n", { SMTPC_ENCODING_7BIT, 1, 1 }, "\r\n" },
        { "a\rb\nc\r\nd\r\r\ne\n\rf", { SMTPC_ENCODING_8BIT, 1, 0 },
          "a\r\nb\r\nc\r\nd\r\n\r\ne\r\n\r\nf" },
        { "a\r", { SMTPC_ENCODING_7BIT, 1, 1 }, "a\r\n" },
        { "a\nb", { SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 1 }, "a\r\nb\r\n" },
        { "a\nb\n", { SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 1 }, "a\r\nb\r\n" },
        { "a\rb ", { SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 0 }, "a\r\nb=20" },
        { "", { SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 1 }, "" },
        { "a\rb \n", { SMTPC_ENCODING_QUOTED_PRINTABLE, 0, 0 },
          "a=0Db =0A" },
        { "a\r\nb", { SMTPC_ENCODING_QUOTED_PRINTABLE, 0, 1 },
          "a\r\nb=\r\n" },
        { "a\r\n", { SMTPC_ENCODING_QUOTED_PRINTABLE, 0, 1 }, "a\r\n" },
        { "", { SMTPC_ENCODING_BASE64, 0, 1 }, "" },
        { "a\rb\nc\r\nd\r\r\ne\n\rf", { SMTPC_ENCODING_BINARY, 0, 0 },
          "a\rb\nc\r\nd\r\r\ne\n\rf" },
        { "a\nb", { SMTPC_ENCODING_BINARY, 1, 1 }, "a\r\nb\r\n" },
        { "a\n", { SMTPC_ENCODING_BASE64, 0, 0 }, "YQo=" },
        { "a\n", { SMTPC_ENCODING_BASE64, 1, 0 }, "YQ0K" },
        { "a\n", { SMTPC_ENCODING_BASE64, 0, 1 }, "YQo=\r\n" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          { SMTPC_ENCODING_BASE64, 0, 0 },
          "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
          "YWFhYWFhYWFh" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
          { SMTPC_ENCODING_BASE64, 0, 1 },
          "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
          "YWFhYWFhYWFh\r\nYg==\r\n" }
    };

    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        apr_size_t len;

        tap_is_str(encode(rows[i].in, strlen(rows[i].in), &rows[i].opts, 99,
                          99, &len), rows[i].out, "golden %d", (int)i);
    }
}

/* Bytes with everything in them that matters to an encoder. */
static char *sample(apr_size_t len, unsigned int seed)
{
    static const char *const items[] = {
        "\r", "\n", "\r\n", " ", "\t", ".", "From ", "=", "word", "\xc3\xa4",
        "a longer run of words without anything special in it "
    };
    char *out = apr_palloc(tap_pool(), len + 64);
    apr_size_t n = 0;

    while (n < len) {
        const char *item;

        seed = seed * 1103515245u + 12345u;
        item = items[(seed >> 16) % 11];
        memcpy(out + n, item, strlen(item));
        n += strlen(item);
    }
    return out;
}

static void pieces(void)
{
    static const apr_size_t sizes[] = { 0, 1, 2, 3, 56, 57, 58, 113, 114, 115,
                                        4095, 4096, 4097, 8207, 8208, 8209,
                                        8265, 40000 };
    static const apr_size_t outs[] = { 1, 7, 78, 1023, 1024, 1025, 4096,
                                       65536 };
    static const apr_size_t ins[] = { 1, 4000, LENT };

    for (int encoding = 0; encoding < SMTPC_ENCODING_COUNT; encoding++) {
        int as_is = encoding == SMTPC_ENCODING_7BIT
                    || encoding == SMTPC_ENCODING_8BIT;

        for (int text = as_is; text < 2; text++) {
            smtpc_encode_opts_t opts = { (smtpc_encoding_e)encoding, text,
                                         text };
            int same = 1;

            for (apr_size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                char *data = sample(sizes[i], (unsigned int)i);
                apr_size_t want_len;
                char *want = encode(data, sizes[i], &opts, 65536, 65536,
                                    &want_len);

                for (apr_size_t k = 0;
                     k < 3 * sizeof(outs) / sizeof(*outs); k++) {
                    apr_size_t len;
                    char *got = encode(data, sizes[i], &opts, ins[k % 3],
                                       outs[k / 3], &len);

                    same &= want != NULL && got != NULL && len == want_len
                            && memcmp(got, want, len) == 0;
                }
            }
            tap_ok(same, "%s%s: the same bytes in any pieces",
                   smtpc__encoding_name((smtpc_encoding_e)encoding),
                   text ? " of text" : "");
        }
    }
}

static void decodes(void)
{
    static const smtpc_encode_opts_t quoted = {
        SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 0
    };
    static const smtpc_encode_opts_t binary = {
        SMTPC_ENCODING_QUOTED_PRINTABLE, 0, 1
    };
    static const smtpc_encode_opts_t base64 = { SMTPC_ENCODING_BASE64, 0, 0 };
    static const smtpc_encode_opts_t plain = { SMTPC_ENCODING_8BIT, 1, 0 };
    char *data = sample(100000, 7);
    apr_size_t len;
    apr_size_t normal_len;
    char *normal = encode(data, 100000, &plain, 5000, 5000, &normal_len);
    char *out = encode(data, 100000, &base64, 5000, 5000, &len);
    char *back;

    tap_is_str(support_wire_problem(apr_pstrcat(tap_pool(), out, "\r\n",
                                                NULL), len + 2), NULL,
               "base64: lines");
    tap_is_int(strcspn(out, "\r"), 76, "base64: 76 characters");
    back = support_decode_base64(out, len, &len, tap_pool());
    tap_ok(len == 100000 && memcmp(back, data, len) == 0,
           "base64 comes back to the byte");
    out = encode(data, 100000, &quoted, 5000, 5000, &len);
    back = support_decode_quoted(out, len, &len, tap_pool());
    tap_ok(back != NULL && len == normal_len && memcmp(back, normal, len) == 0,
           "quoted-printable comes back with CRLF");
    out = encode(data, 100000, &binary, 5000, 5000, &len);
    back = support_decode_quoted(out, len, &len, tap_pool());
    tap_ok(back != NULL && len == 100000 && memcmp(back, data, len) == 0,
           "bytes in quoted-printable come back as they were");
}

static apr_status_t failing(void *baton, char *buf, apr_size_t *len)
{
    int *calls = baton;

    if ((*calls)++ == 0) {
        *len = 1;
        *buf = 'x';
        return APR_SUCCESS;
    }
    return APR_EGENERAL;
}

static void failures(void)
{
    static const smtpc_encode_opts_t opts = { SMTPC_ENCODING_BASE64, 0, 0 };
    smtpc_source_t *bad;
    smtpc_source_t *out;
    char buf[10];
    apr_size_t len = sizeof(buf);
    int calls = 0;

    if (smtpc_source_create_callback(&bad, failing, NULL,
                                     SMTPC_LENGTH_UNKNOWN, &calls,
                                     tap_pool())) {
        tap_bail("no source");
    }
    out = encoder(bad, &opts, SMTPC_LENGTH_UNKNOWN);
    tap_is_int(smtpc_source_read(out, buf, &len), SMTPC_ESOURCE,
               "a source that fails");
    tap_is_str(smtpc__source_error(out), smtpc__source_error(bad),
               "its own words");
    tap_ok(*smtpc__source_error(out) != '\0', "which are some");
    tap_ok(smtpc_source_rewind(out) != APR_SUCCESS, "cannot be rewound");
}

static void rewinding(void)
{
    static const smtpc_encode_opts_t opts = {
        SMTPC_ENCODING_QUOTED_PRINTABLE, 1, 1
    };
    smtpc_source_t *out = encoder(
        support_pieces("a\r\n\xc3\xa4 b ", 8, 2, 0, tap_pool()), &opts,
        SMTPC_LENGTH_UNKNOWN);
    char buf[5];
    apr_size_t len = sizeof(buf);

    tap_is_int(smtpc_source_read(out, buf, &len), 0, "read a little");
    tap_is_int(smtpc_source_rewind(out), 0, "rewind in the middle");
    tap_is_str(support_read(out, 3, &len, tap_pool()),
               "a\r\n=C3=A4 b=20\r\n", "all from the front");
    len = sizeof(buf);
    tap_is_int(smtpc_source_read(out, buf, &len), APR_EOF, "the end stays");
    tap_is_int(smtpc_source_rewind(out), 0, "rewind at the end");
    tap_is_str(support_read(out, 100, &len, tap_pool()),
               "a\r\n=C3=A4 b=20\r\n", "and again");
}

/* Two encoders on one set of buffers: one after the other works, one inside
 * the other is noticed. */
static void sharing(void)
{
    static const smtpc_encode_opts_t opts = { SMTPC_ENCODING_BASE64, 0, 0 };
    smtpc_encode_area_t *area;
    smtpc_source_t *one;
    smtpc_source_t *two;
    char buf[4];
    apr_size_t len = sizeof(buf);

    smtpc__encode_area_create(&area, tap_pool());
    if (smtpc__encoder_create(
            &one, support_pieces("abcdef", 6, 9, 1, tap_pool()), &opts, 8,
            area, tap_pool())
        || smtpc__encoder_create(
            &two, support_pieces("abcdef", 6, 9, 1, tap_pool()), &opts, 8,
            area, tap_pool())) {
        tap_bail("no encoder");
    }
    tap_is_str(support_read(one, 3, &len, tap_pool()), "YWJjZGVm", "one");
    tap_is_str(support_read(two, 3, &len, tap_pool()), "YWJjZGVm", "two");
    tap_is_int(smtpc_source_rewind(one), 0, "rewind");
    tap_is_int(smtpc_source_rewind(two), 0, "both");
    len = sizeof(buf);
    tap_is_int(smtpc_source_read(one, buf, &len), 0, "half of one");
    len = sizeof(buf);
    tap_is_int(smtpc_source_read(two, buf, &len), 0, "half of two");
    len = sizeof(buf);
    tap_is_int(smtpc_source_read(one, buf, &len), SMTPC_ESOURCE,
               "one cannot go on");
}

/* Two encoders over one source, as for a message that is attached twice. */
static void one_source(void)
{
    static const smtpc_encode_opts_t opts = { SMTPC_ENCODING_BASE64, 0, 0 };
    smtpc_source_t *source = support_pieces("abcdef", 6, 9, 1, tap_pool());
    apr_size_t len;

    tap_is_str(support_read(encoder(source, &opts, 8), 3, &len, tap_pool()),
               "YWJjZGVm", "one reads it");
    tap_is_str(support_read(encoder(source, &opts, 8), 3, &len, tap_pool()),
               "YWJjZGVm", "and so does the other");
}

int main(void)
{
    one_source();
    golden();
    pieces();
    decodes();
    failures();
    rewinding();
    sharing();
    return tap_done();
}
