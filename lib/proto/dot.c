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

#include "base/crlf.h"

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
    apr_size_t run = 0;

    if (len > 0 && !dot->cr
        && (dot->in_line || *in != '.' || dot->transparent)) {
        run = smtpc__crlf_run(in, len, !dot->transparent);
    }
    if (run > 0) {
        dot->in_line = in[run - 1] != '\n';
    }
    return run;
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
        if (!dot->in_line && in[i] == '.' && !dot->transparent) {
            out[written++] = '.';
        }
        run = smtpc__crlf_run(in + i, len - i, !dot->transparent);
        if (run == 0) {
            written += end_line(dot, out + written, in[i] == '\r');
            i++;
            continue;
        }
        memcpy(out + written, in + i, run);
        written += run;
        i += run;
        dot->in_line = in[i - 1] != '\n';
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
