/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.c: the same content for every peer, and in every run.
 */
#include "sample.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "meter.h"

/* 64 bytes each; about one byte in ten of the second is not ASCII, as in
 * German or French. */
static const char ascii_line[] =
    "The quick brown fox jumps over the lazy dog, and it is Friday.\n";
static const char utf8_line[] =
    "Zw\303\266lf Boxk\303\244mpfer jagen Viktor \303\274ber den Sylter "
    "Deich, gut so.\n";

char *sample_body(const char *name)
{
    int utf8 = strcmp(name, "text-utf8") == 0;
    const char *line = utf8 ? utf8_line : ascii_line;
    size_t len = strlen(line);
    char *body;
    size_t n = 0;

    if (strncmp(name, "text-", 5) != 0) {
        return NULL;
    }
    body = malloc(SAMPLE_BODY + 1);
    if (body == NULL) {
        meter_die("no memory");
    }
    while (n + len <= SAMPLE_BODY) {
        memcpy(body + n, line, len);
        n += len;
    }
    memset(body + n, '-', SAMPLE_BODY - n);
    body[SAMPLE_BODY - 1] = '\n';
    body[SAMPLE_BODY] = '\0';
    return body;
}

unsigned char *sample_bytes(size_t len)
{
    unsigned char *bytes = malloc(len);
    uint32_t x = 2463534242u;
    size_t i;

    if (bytes == NULL) {
        meter_die("no memory");
    }
    for (i = 0; i < len; i++) {
        x ^= x << 13;
        x ^= x >> 17;
        x ^= x << 5;
        bytes[i] = (unsigned char)(x >> 11);
    }
    return bytes;
}

size_t sample_size(const char *name)
{
    const char *word = strrchr(name, '-');
    char *end = NULL;
    unsigned long mib = word != NULL ? strtoul(word + 1, &end, 10) : 0;

    if (mib == 0 || mib > 4096 || strcmp(end, "m") != 0) {
        meter_die("no such case");
    }
    return (size_t)mib << 20;
}
