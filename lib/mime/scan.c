/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan.c: looking at a text once, in pieces of any size, to choose how it is
 * sent. RFC 2045 6, RFC 5322 2.1.1.
 *
 * Text in a language of Latin letters stays readable in the raw message; in
 * other scripts quoted-printable helps nobody and base64 is shorter.
 */
#include "mime/scan.h"

#include "base/limits.h"

/* Quoted-printable is readable while at most one byte in so many is
 * escaped; from there on it is longer than base64 too. */
#define READABLE_SHARE 3

const char *smtpc__encoding_name(smtpc_encoding_e encoding)
{
    static const char *const names[SMTPC_ENCODING_COUNT] = {
        [SMTPC_ENCODING_QUOTED_PRINTABLE] = "quoted-printable",
        [SMTPC_ENCODING_BASE64] = "base64",
        [SMTPC_ENCODING_7BIT] = "7bit",
        [SMTPC_ENCODING_8BIT] = "8bit",
        [SMTPC_ENCODING_BINARY] = "binary"
    };

    return names[encoding];
}

static void scan_line_end(smtpc_scan_t *scan)
{
    scan->length += 2;
    scan->line = 0;
}

static void scan_byte(smtpc_scan_t *scan, unsigned char c)
{
    scan->length++;
    scan->line++;
    if (scan->line > scan->longest) {
        scan->longest = scan->line;
    }
    scan->eight_bit += c > 0x7f;
    scan->escaped += (c < ' ' && c != '\t') || c >= 0x7f || c == '=';
    scan->controls += (c < ' ' && c != '\t') || c == 0x7f;
    scan->nul |= c == '\0';
}

/* Return how many of len bytes at data are those that most texts are made of
 * and of which nothing but their number counts. */
static apr_size_t plain_run(const char *data, apr_size_t len)
{
    static const unsigned char plain[256] = {
        ['\t'] = 1, [' ' ... '=' - 1] = 1, ['=' + 1 ... '~'] = 1
    };
    apr_size_t n = 0;

    while (n < len && plain[(unsigned char)data[n]]) {
        n++;
    }
    return n;
}

static void scan_run(smtpc_scan_t *scan, apr_size_t run)
{
    scan->length += run;
    scan->line += run;
    if (scan->line > scan->longest) {
        scan->longest = scan->line;
    }
    scan->bare += scan->cr;
    scan->cr = 0;
}

void smtpc__scan(smtpc_scan_t *scan, const char *data, apr_size_t len)
{
    for (apr_size_t i = 0; i < len; i++) {
        apr_size_t run = plain_run(data + i, len - i);

        if (run > 0) {
            scan_run(scan, run);
            i += run;
            if (i == len) {
                return;
            }
        }
        scan->bare += scan->cr != (data[i] == '\n');
        if (data[i] == '\r' || (data[i] == '\n' && !scan->cr)) {
            scan_line_end(scan);
        }
        else if (data[i] != '\n') {
            scan_byte(scan, (unsigned char)data[i]);
        }
        scan->cr = data[i] == '\r';
    }
}

smtpc_encoding_e smtpc__scan_choose(const smtpc_scan_t *scan, int eight_bit)
{
    if (!scan->nul && scan->longest <= SMTPC_LIMIT_CONTENT_LINE) {
        if (scan->eight_bit == 0) {
            return SMTPC_ENCODING_7BIT;
        }
        if (eight_bit) {
            return SMTPC_ENCODING_8BIT;
        }
    }
    return !scan->nul && scan->escaped * READABLE_SHARE <= scan->length
               ? SMTPC_ENCODING_QUOTED_PRINTABLE
               : SMTPC_ENCODING_BASE64;
}

apr_off_t smtpc__scan_bare(const smtpc_scan_t *scan)
{
    return scan->bare + scan->cr;
}
