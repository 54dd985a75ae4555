/* SPDX-License-Identifier: Apache-2.0 */
/* word_test.c: encoded words, RFC 2047. */
#include "mime/word.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

static void check_form(const char *text, smtpc_word_e want, const char *word)
{
    char out[SMTPC_WORD_MAX + 1];
    apr_size_t taken;
    apr_size_t n;

    tap_is_int(smtpc__word_choose(text, strlen(text)), want, "form of %s",
               word);
    n = smtpc__word_write(out, &taken, want, text, strlen(text), 75);
    out[n] = '\0';
    tap_is_str(out, word, "written");
    tap_is_int(taken, strlen(text), "all of it");
}

/* Whatever the room, each word is valid alone and together they are the
 * text. */
static void check_rooms(const char *text, smtpc_word_e form)
{
    apr_pool_t *pool = tap_pool();
    int good = 1;

    for (apr_size_t room = 24; room <= 80; room++) {
        const char *p = text;
        char *all = apr_pstrdup(pool, "");

        while (*p != '\0') {
            char out[SMTPC_WORD_MAX + 1];
            apr_size_t taken;
            apr_size_t n = smtpc__word_write(out, &taken, form, p, strlen(p),
                                             room);

            if (n == 0 || n > room || n > SMTPC_WORD_MAX || taken == 0
                || (p[taken] & 0xc0) == 0x80) {
                good = 0;
                break;
            }
            out[n] = '\0';
            all = apr_pstrcat(pool, all, support_decode_words(out, pool),
                              NULL);
            p += taken;
        }
        good &= strcmp(all, text) == 0;
    }
    tap_ok(good, "form %d: whole characters in every room", form);
}

int main(void)
{
    static const char mixed[]
        = "a\xc3\xa4\xe2\x84\x96 \xf0\x9f\x98\x80 plain words, = and ? and _ "
          "\xc3\xa4\xc3\xb6\xc3\xbc\xf0\x9f\x98\x80\xf0\x9f\x98\x80 end";
    char out[SMTPC_WORD_MAX];
    apr_size_t taken = 1;

    check_form("J\xc3\xb6rg M\xc3\xbcller", SMTPC_WORD_Q,
               "=?utf-8?Q?J=C3=B6rg_M=C3=BCller?=");
    check_form("a_b", SMTPC_WORD_Q, "=?utf-8?Q?a=5Fb?=");
    check_form("Hi \xc3\x9c", SMTPC_WORD_B, "=?utf-8?B?SGkgw5w=?=");
    check_form("\xe4\xb8\xad\xe6\x96\x87", SMTPC_WORD_B,
               "=?utf-8?B?5Lit5paH?=");
    check_rooms(mixed, SMTPC_WORD_Q);
    check_rooms(mixed, SMTPC_WORD_B);

    tap_is_int(smtpc__word_write(out, &taken, SMTPC_WORD_Q,
                                 "\xf0\x9f\x98\x80", 4, 23), 0,
               "no room for a character of twelve");
    tap_is_int(taken, 0, "nothing taken");
    tap_is_int(smtpc__word_write(out, &taken, SMTPC_WORD_B, "a", 1, 3), 0,
               "no room for the frame");
    tap_ok(smtpc__word_looks_encoded("x=?y", 4), "=? inside a word");
    tap_ok(!smtpc__word_looks_encoded("x=?", 2), "cut before the ?");
    tap_ok(!smtpc__word_looks_encoded("?=", 2), "the other way round");
    return tap_done();
}
