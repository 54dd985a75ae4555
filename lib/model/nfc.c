/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfc.c: Unicode normalisation form C, and SASLprep, which is built on KC.
 *
 * RFC 6532 3.1 asks for NFC in addresses: without it two spellings of one
 * name are different mailboxes, and a reader that normalises the whole text
 * finds other characters than were checked here. The tables are those of
 * libunistring, which libidn2 brings into the process in any case.
 *
 * Normalising can make ASCII characters with a meaning of their own (U+037E
 * becomes ';'), so it goes before every check and every decision to quote.
 * UAX #15.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <uninorm.h>
#include <unistr.h>

#include "base/codec.h"
#include "base/secret_int.h"
#include "model/nfc.h"

apr_status_t smtpc__nfc(const char **normal, const char *text,
                        apr_pool_t *pool)
{
    size_t len = strlen(text);
    uint8_t *made;

    if (smtpc__is_ascii(text, len)) {
        *normal = text;
        return APR_SUCCESS;
    }
    if (!smtpc__utf8_valid(text, len)) {
        return SMTPC_EARG;
    }
    made = u8_normalize(UNINORM_NFC, (const uint8_t *)text, len, NULL, &len);
    if (made == NULL) {
        return errno == EILSEQ ? SMTPC_EARG : APR_ENOMEM;
    }
    *normal = apr_pstrmemdup(pool, (const char *)made, len);
    free(made);
    return APR_SUCCESS;
}

/* SASLprep. */

/* Return non-zero if SASLprep maps c to nothing: RFC 3454 B.1. */
static int is_dropped(ucs4_t c)
{
    return c == 0xAD || c == 0x34F || c == 0x1806 || (c >= 0x180B && c <= 0x180D)
           || (c >= 0x200B && c <= 0x200D) || c == 0x2060
           || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

/* Return non-zero if SASLprep maps c to a blank: RFC 3454 C.1.2, but for
 * U+200B, which is dropped before. */
static int is_blank(ucs4_t c)
{
    return c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A)
           || c == 0x202F || c == 0x205F || c == 0x3000;
}

/* Write the len bytes at text, with what is dropped or a blank mapped, to out,
 * which has room for as many; return how many they are. */
static size_t map(uint8_t *out, const uint8_t *text, size_t len)
{
    size_t used = 0;
    size_t i = 0;

    while (i < len) {
        ucs4_t c;
        int size = u8_mbtouc(&c, text + i, len - i);

        if (is_blank(c)) {
            out[used++] = ' ';
        }
        else if (!is_dropped(c)) {
            memcpy(out + used, text + i, (size_t)size);
            used += (size_t)size;
        }
        i += (size_t)size;
    }
    return used;
}

/* The text may be a password: what is made on the way is wiped. */
apr_status_t smtpc__saslprep(char *out, apr_size_t size, apr_size_t *out_len,
                             const char *text, apr_size_t len)
{
    uint8_t *mapped;
    uint8_t *made;
    size_t used = size - 1;
    apr_status_t rv = APR_SUCCESS;

    if (!smtpc__utf8_valid(text, len)) {
        return SMTPC_EARG;
    }
    if (len >= size) {
        return SMTPC_ELIMIT;
    }
    mapped = malloc(len + 1);
    if (mapped == NULL) {
        return APR_ENOMEM;
    }
    len = map(mapped, (const uint8_t *)text, len);
    made = u8_normalize(UNINORM_NFKC, mapped, len, (uint8_t *)out, &used);
    if (made == NULL) {
        rv = APR_ENOMEM;
    }
    else if (made != (uint8_t *)out) {
        /* It did not fit. */
        smtpc__wipe(made, used);
        free(made);
        rv = SMTPC_ELIMIT;
    }
    else {
        out[used] = '\0';
        *out_len = used;
    }
    smtpc__wipe(mapped, len);
    free(mapped);
    return rv;
}
