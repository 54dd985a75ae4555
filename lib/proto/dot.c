/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dot.c: the filter between content and wire.
 *
 * Three states: at the start of a line, inside a line, and behind a CR whose
 * CRLF was written at once, so that an LF following it is swallowed. The
 * state alone carries over from call to call: the output is the same however
 * the input is cut. Neither a bare CR nor a bare LF leaves it, and a lone dot
 * on a line is written by smtpc__dot_finish() only, which is what keeps one
 * message from becoming two (SMTP smuggling).
 *
 * It does not limit line lengths and does not look at any other byte: that is
 * for the encoders above it. RFC 5321 2.3.8, 4.5.2.
 */
#include "proto/dot.h"

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#ifdef __SSE2__
/* Return how many of len bytes at text come before the first CR or LF: 16 at a
 * time, because all content passes here. */
static apr_size_t plain_run(const char *text, apr_size_t len)
{
    const __m128i cr = _mm_set1_epi8('\r');
    const __m128i lf = _mm_set1_epi8('\n');
    apr_size_t n = 0;

    for (; len - n >= 16; n += 16) {
        __m128i part = _mm_loadu_si128((const __m128i *)(text + n));
        int found = _mm_movemask_epi8(_mm_or_si128(_mm_cmpeq_epi8(part, cr),
                                                   _mm_cmpeq_epi8(part, lf)));

        if (found != 0) {
            return n + (apr_size_t)__builtin_ctz((unsigned int)found);
        }
    }
    while (n < len && text[n] != '\r' && text[n] != '\n') {
        n++;
    }
    return n;
}
#else
/* How far a run is looked for: text full of CR and without LF must not be
 * searched anew to its end behind each of them. */
#define RUN_MAX 1024

/* Return how many of len bytes at text come before the first CR or LF, at most
 * RUN_MAX. */
static apr_size_t plain_run(const char *text, apr_size_t len)
{
    const char *end;

    len = len < RUN_MAX ? len : RUN_MAX;
    end = memchr(text, '\n', len);
    len = end != NULL ? (apr_size_t)(end - text) : len;
    end = memchr(text, '\r', len);
    return end != NULL ? (apr_size_t)(end - text) : len;
}
#endif

/* Write a line end, and note whether an LF right behind belongs to it. */
static apr_size_t end_line(smtpc_dot_t *dot, char *out, int cr)
{
    out[0] = '\r';
    out[1] = '\n';
    dot->in_line = 0;
    dot->cr = cr;
    return 2;
}

apr_size_t smtpc__dot_pass(smtpc_dot_t *dot, const char *in, apr_size_t len)
{
    apr_size_t i = 0;

    if (dot->cr) {
        return 0;
    }
    while (i < len) {
        apr_size_t run;

        if (!dot->in_line && in[i] == '.' && !dot->transparent) {
            break;
        }
        run = plain_run(in + i, len - i);
        if (run > 0) {
            dot->in_line = 1;
            i += run;
        }
        if (i < len && (in[i] == '\r' || in[i] == '\n')) {
            if (len - i < 2 || in[i] != '\r' || in[i + 1] != '\n') {
                break;
            }
            dot->in_line = 0;
            i += 2;
        }
    }
    return i;
}

apr_size_t smtpc__dot_filter(smtpc_dot_t *dot, char *out, const char *in,
                             apr_size_t len)
{
    apr_size_t written = 0;
    apr_size_t i = 0;

    while (i < len) {
        apr_size_t run;

        if (in[i] == '\n' && dot->cr) {
            dot->cr = 0;
            i++;
            continue;
        }
        if (in[i] == '\r' || in[i] == '\n') {
            written += end_line(dot, out + written, in[i] == '\r');
            i++;
            continue;
        }
        if (!dot->in_line && in[i] == '.' && !dot->transparent) {
            out[written++] = '.';
        }
        run = plain_run(in + i, len - i);
        memcpy(out + written, in + i, run);
        written += run;
        i += run;
        dot->in_line = 1;
        dot->cr = 0;
    }
    return written;
}

apr_size_t smtpc__dot_finish(smtpc_dot_t *dot, char *out)
{
    apr_size_t written = 0;

    if (dot->in_line) {
        written = end_line(dot, out, 0);
    }
    dot->in_line = 0;
    dot->cr = 0;
    if (dot->transparent) {
        return written;
    }
    memcpy(out + written, ".\r\n", 3);
    return written + 3;
}
