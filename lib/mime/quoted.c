/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quoted.c: quoted-printable, RFC 2045 6.7, for text.
 *
 * Line ends of the text stay line ends; blanks before them are escaped. A CR
 * or an LF alone is no line end and escaped too, so that any bytes come back
 * as they were.
 * Beyond the RFC a dot or "From " that begins a line is escaped as well:
 * relays and mailbox files have been known to change those.
 *
 * Not here: making line ends CRLF (encode.c).
 */
#include "mime/quoted.h"

#include <string.h>

/* Characters of a line before its soft break: 76 with it. */
#define LINE_MAX_LEN 75

static int stays(const char *in, apr_size_t len, apr_size_t column)
{
    unsigned char c = (unsigned char)*in;

    if (c == ' ' || c == '\t') {
        /* At the end of a line, or of everything, it could be lost. */
        return len > 1 && in[1] != '\r';
    }
    if (c < ' ' || c > 126 || c == '=') {
        return 0;
    }
    if (column == 0) {
        return c != '.' && !(len >= 5 && memcmp(in, "From ", 5) == 0);
    }
    return 1;
}

static apr_size_t escape(char *out, char c)
{
    static const char hex[] = "0123456789ABCDEF";

    out[0] = '=';
    out[1] = hex[(unsigned char)c >> 4];
    out[2] = hex[(unsigned char)c & 15];
    return 3;
}

apr_size_t smtpc__quoted_step(apr_size_t *column, char *out, apr_size_t room,
                              apr_size_t *used, const char *in,
                              apr_size_t len, int final)
{
    apr_size_t lookahead = final ? 1 : SMTPC_QUOTED_LOOKAHEAD;
    apr_size_t i = 0;
    apr_size_t n = 0;

    while (len - i >= lookahead && room - n >= SMTPC_QUOTED_ROOM) {
        int literal;

        if (in[i] == '\r' && len - i > 1 && in[i + 1] == '\n') {
            memcpy(out + n, "\r\n", 2);
            n += 2;
            i += 2;
            *column = 0;
            continue;
        }
        literal = stays(in + i, len - i, *column);
        if (*column + (literal ? 1 : 3) > LINE_MAX_LEN) {
            memcpy(out + n, "=\r\n", 3);
            n += 3;
            *column = 0;
            continue;
        }
        if (literal) {
            out[n++] = in[i];
            *column += 1;
        }
        else {
            n += escape(out + n, in[i]);
            *column += 3;
        }
        i++;
    }
    *used = i;
    return n;
}
