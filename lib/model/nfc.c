/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nfc.c: Unicode normalisation form C.
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

#include "base/codec.h"
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
