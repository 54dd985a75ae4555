/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest_test.c: hashes over lists of texts.
 */
#include "../tap/tap.h"

#include <string.h>

#include "base/digest.h"

static const char *digest(const char *const *texts, apr_size_t count)
{
    const char *hex = NULL;

    if (smtpc__digest_texts(&hex, texts, count, tap_pool()) != APR_SUCCESS) {
        tap_bail("no SHA-256");
    }
    return hex;
}

/* Lists that would be alike if texts were only put together. */
static const struct {
    const char *texts[3];
    apr_size_t count;
} lists[] = {
    { { NULL }, 0 },
    { { NULL }, 1 },
    { { "" }, 1 },
    { { "", "" }, 2 },
    { { NULL, "" }, 2 },
    { { "", NULL }, 2 },
    { { "ab" }, 1 },
    { { "ab", "" }, 2 },
    { { "a", "b" }, 2 },
    { { "", "ab" }, 2 },
    { { "b", "a" }, 2 },
    { { "a", NULL, "b" }, 3 },
    { { "a", "", "b" }, 3 },
};

int main(void)
{
    static const char *const abc[] = { "abc" };
    apr_size_t i;
    apr_size_t j;

    tap_is_str(smtpc__hex((const unsigned char *)"\x00\x9f\xf0", 3,
                          tap_pool()),
               "009ff0", "hexadecimal");
    tap_is_str(smtpc__hex(NULL, 0, tap_pool()), "", "of nothing");
    /* printf '\3\0\0\0\0\0\0\0abc' | sha256sum */
    tap_is_str(digest(abc, 1),
               "ce91dc5eec0139adf091900d225971d6ad246a845bad791b5693a9d0d55dd391",
               "SHA-256 over length and text");
    for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (j = 0; j < i; j++) {
            tap_ok(strcmp(digest(lists[i].texts, lists[i].count),
                          digest(lists[j].texts, lists[j].count))
                       != 0,
                   "lists %d and %d differ", (int)j, (int)i);
        }
    }
    return tap_done();
}
