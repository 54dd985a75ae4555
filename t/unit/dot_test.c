/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dot_test.c: line ends and dots, however the content is cut.
 *
 * Each vector goes through in one piece, in two at every place, and byte by
 * byte; a reader that takes a bare LF for a line end must not find a dot
 * alone on a line before the terminator (P25, P26).
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "proto/dot.h"

#define VECTOR(text) text, sizeof(text) - 1

static const struct {
    const char *in;
    apr_size_t in_len;
    const char *out;  /* with terminator */
    apr_size_t out_len;
} vectors[] = {
    { VECTOR(""), VECTOR(".\r\n") },
    { VECTOR("a"), VECTOR("a\r\n.\r\n") },
    { VECTOR("a\r\n"), VECTOR("a\r\n.\r\n") },
    { VECTOR("a\n"), VECTOR("a\r\n.\r\n") },
    { VECTOR("a\r"), VECTOR("a\r\n.\r\n") },
    { VECTOR("\r\n"), VECTOR("\r\n.\r\n") },
    { VECTOR("\r"), VECTOR("\r\n.\r\n") },
    { VECTOR("\n"), VECTOR("\r\n.\r\n") },
    { VECTOR("."), VECTOR("..\r\n.\r\n") },
    { VECTOR(".."), VECTOR("...\r\n.\r\n") },
    { VECTOR(".\r\n"), VECTOR("..\r\n.\r\n") },
    { VECTOR("a.b.\r\n.c\r\n"), VECTOR("a.b.\r\n..c\r\n.\r\n") },
    { VECTOR("a\r\r\nb"), VECTOR("a\r\n\r\nb\r\n.\r\n") },
    { VECTOR("a\n\rb"), VECTOR("a\r\n\r\nb\r\n.\r\n") },
    { VECTOR("a\n\nb"), VECTOR("a\r\n\r\nb\r\n.\r\n") },
    { VECTOR("a\r\n\nb"), VECTOR("a\r\n\r\nb\r\n.\r\n") },
    { VECTOR("a\0b\xff"), VECTOR("a\0b\xff\r\n.\r\n") },
    /* P26: the nine sequences that end the content for some server. */
    { VECTOR("x\n.\ny"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\n.\ry"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\r.\ny"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\r.\ry"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\n.\r\ny"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\r.\r\ny"), VECTOR("x\r\n..\r\ny\r\n.\r\n") },
    { VECTOR("x\r\n.\r\r\ny"), VECTOR("x\r\n..\r\n\r\ny\r\n.\r\n") },
    { VECTOR("x\r\r\n.\r\r\ny"), VECTOR("x\r\n\r\n..\r\n\r\ny\r\n.\r\n") },
    { VECTOR("x\r\n\0.\r\ny"), VECTOR("x\r\n\0.\r\ny\r\n.\r\n") },
};
#define VECTOR_COUNT (sizeof(vectors) / sizeof(vectors[0]))

/* Filter in with a cut behind each multiple of step and at cut. */
static apr_size_t filter(char *out, const char *in, apr_size_t len,
                         apr_size_t step, apr_size_t cut)
{
    smtpc_dot_t dot;
    apr_size_t written = 0;
    apr_size_t at = 0;

    memset(&dot, 0, sizeof(dot));
    while (at < len) {
        apr_size_t n = len - at < step ? len - at : step;

        if (at < cut && at + n > cut) {
            n = cut - at;
        }
        written += smtpc__dot_filter(&dot, out + written, in + at, n);
        at += n;
    }
    return written + smtpc__dot_finish(&dot, out + written);
}

static void test_vectors(void)
{
    char out[256];

    for (apr_size_t i = 0; i < VECTOR_COUNT; i++) {
        apr_size_t len = vectors[i].in_len;
        int same = 1;

        tap_is_mem(out, filter(out, vectors[i].in, len, sizeof(out), 0),
                   vectors[i].out, vectors[i].out_len, "vector %d", (int)i);
        for (apr_size_t cut = 1; cut < len; cut++) {
            same &= filter(out, vectors[i].in, len, sizeof(out), cut)
                        == vectors[i].out_len
                    && memcmp(out, vectors[i].out, vectors[i].out_len) == 0;
        }
        same &= filter(out, vectors[i].in, len, 1, 0) == vectors[i].out_len
                && memcmp(out, vectors[i].out, vectors[i].out_len) == 0;
        tap_ok(same, "vector %d cut anywhere", (int)i);
    }
}

/* Return how many messages a server that takes CR, LF and CRLF for line ends
 * sees in out: dots alone on a line. */
static int messages_seen(const char *out, apr_size_t len)
{
    int seen = 0;
    apr_size_t start = 0;

    for (apr_size_t i = 0; i < len; i++) {
        if (out[i] == '\r' || out[i] == '\n') {
            seen += i - start == 1 && out[start] == '.';
            start = i + 1;
        }
    }
    return seen;
}

/* Every content of up to eight bytes out of CR, LF, dot and a letter. */
static void test_all_short(void)
{
    enum { LENGTH = 8 };
    char in[LENGTH];
    char out[SMTPC_DOT_EXPANSION(LENGTH) + 5];
    char cut[SMTPC_DOT_EXPANSION(LENGTH) + 5 + 2 * LENGTH];
    unsigned int bad = 0;

    for (unsigned int n = 0; n < 1u << (2 * LENGTH); n++) {
        apr_size_t out_len;
        apr_size_t cut_len;

        for (int i = 0; i < LENGTH; i++) {
            in[i] = "\r\n.x"[n >> (2 * i) & 3];
        }
        out_len = filter(out, in, LENGTH, LENGTH, 0);
        cut_len = filter(cut, in, LENGTH, 1, 0);
        bad += messages_seen(out, out_len) != 1 || cut_len != out_len
               || memcmp(out, cut, out_len) != 0
               || memcmp(out + out_len - 3, ".\r\n", 3) != 0;
        for (apr_size_t i = 0; i < out_len; i++) {
            bad += (out[i] == '\r') != (i + 1 < out_len
                                        && out[i + 1] == '\n')
                   && out[i] == '\r';
            bad += out[i] == '\n' && (i == 0 || out[i - 1] != '\r');
        }
    }
    tap_is_int(bad, 0, "65536 contents: one message each, CRLF only");
}

/* For chunks: line ends only, no dot doubled, no terminator. Every content of
 * up to eight bytes, whole and cut, against another way to write it. */
static void test_transparent(void)
{
    enum { LENGTH = 8 };
    unsigned int bad = 0;

    for (unsigned int n = 0; n < 1u << (2 * LENGTH); n++) {
        for (int step = 1; step <= LENGTH; step += LENGTH - 1) {
            char in[LENGTH];
            char out[SMTPC_DOT_EXPANSION(LENGTH) + 2 + 2 * LENGTH] = { 0 };
            char wanted[2 * LENGTH + 2];
            apr_size_t out_len = 0;
            apr_size_t len = 0;
            smtpc_dot_t dot = { 0, 0, 1 };

            for (int i = 0; i < LENGTH; i++) {
                in[i] = "\r\n.x"[n >> (2 * i) & 3];
                if (in[i] == '\n' && i > 0 && in[i - 1] == '\r') {
                    continue;
                }
                if (in[i] == '\r' || in[i] == '\n') {
                    wanted[len++] = '\r';
                    wanted[len++] = '\n';
                }
                else {
                    wanted[len++] = in[i];
                }
            }
            if (wanted[len - 1] != '\n') {
                wanted[len++] = '\r';
                wanted[len++] = '\n';
            }
            for (int i = 0; i < LENGTH; i += step) {
                out_len += smtpc__dot_filter(&dot, out + out_len, in + i,
                                             (apr_size_t)step);
            }
            out_len += smtpc__dot_finish(&dot, out + out_len);
            bad += out_len != len || memcmp(out, wanted, len) != 0;
        }
    }
    tap_is_int(bad, 0, "65536 contents for chunks");
}

/* The worst case fits what the header promises. */
static void test_expansion(void)
{
    char in[100];
    char out[SMTPC_DOT_EXPANSION(sizeof(in))];
    smtpc_dot_t dot = { 0, 0, 0 };

    memset(in, '\n', sizeof(in));
    tap_ok(smtpc__dot_filter(&dot, out, in, sizeof(in)) <= sizeof(out),
           "line ends only");
    for (apr_size_t i = 0; i < sizeof(in); i += 2) {
        in[i] = '.';
    }
    memset(&dot, 0, sizeof(dot));
    tap_ok(smtpc__dot_filter(&dot, out, in, sizeof(in)) <= sizeof(out),
           "dots and line ends");
}

/* Filter in as the session does: what passes stays where it is. */
static apr_size_t pass_and_filter(smtpc_dot_t *dot, char *out, const char *in,
                                  apr_size_t len, apr_size_t step)
{
    apr_size_t written = 0;

    for (apr_size_t at = 0; at < len; at += step) {
        apr_size_t n = len - at < step ? len - at : step;
        apr_size_t passed = smtpc__dot_pass(dot, in + at, n);

        memcpy(out + written, in + at, passed);
        written += passed;
        written += smtpc__dot_filter(dot, out + written, in + at + passed,
                                     n - passed);
    }
    return written + smtpc__dot_finish(dot, out + written);
}

/* What passes unseen by the filter is what it would not change, wherever it
 * lies in the words that are looked at at a time. */
static void test_pass(void)
{
    enum { MIDDLE = 8, LENGTH = 48 };
    static const apr_size_t fronts[] = { 0, 7, 15, 16, 30 };
    static const apr_size_t steps[] = { 1, 5, 17, LENGTH };
    smtpc_dot_t idle = { 0 };
    unsigned int bad = 0;

    for (unsigned int n = 0; n < 1u << (2 * MIDDLE); n++) {
        apr_size_t front = fronts[n % 5];
        apr_size_t step = steps[n / 5 % 4];
        char in[LENGTH];
        char wanted[SMTPC_DOT_EXPANSION(LENGTH) + 5];
        char got[SMTPC_DOT_EXPANSION(LENGTH) + 5 + 2 * LENGTH];

        memset(in, 'x', sizeof(in));
        for (int i = 0; i < MIDDLE; i++) {
            in[front + (apr_size_t)i] = "\r\n.x"[n >> (2 * i) & 3];
        }
        for (int transparent = 0; transparent < 2; transparent++) {
            smtpc_dot_t one = { .transparent = transparent };
            smtpc_dot_t two = { .transparent = transparent };
            apr_size_t len = smtpc__dot_filter(&one, wanted, in, LENGTH);

            len += smtpc__dot_finish(&one, wanted + len);
            bad += pass_and_filter(&two, got, in, LENGTH, step) != len
                   || memcmp(got, wanted, len) != 0;
        }
    }
    tap_is_int(bad, 0, "65536 contents pass as they are filtered");
    tap_is_int(smtpc__dot_pass(&idle, ".", 0), 0, "of nothing nothing passes");
    tap_is_int(idle.in_line, 0, "and nothing changes");
}

int main(void)
{
    test_pass();
    test_vectors();
    test_all_short();
    test_transparent();
    test_expansion();
    return tap_done();
}
