/* SPDX-License-Identifier: Apache-2.0 */
/* param_test.c: parameters in writing: RFC 2045, RFC 2231, and old clients. */
#include "mime/param.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "mime_support.h"

/* The field with this parameter, and a second one if count is 2. */
static char *fields(const char *name, const char *value, int utf8,
                    apr_size_t count)
{
    smtpc_param_t params[] = { { name, value }, { "x", "y" } };
    smtpc_header_t *h;
    apr_size_t len;
    const char *bytes;

    smtpc__header_create(&h, utf8, tap_pool());
    if (smtpc__header_params(h, "C", "a/b", params, count) != APR_SUCCESS) {
        return NULL;
    }
    bytes = smtpc__header_fields(h, &len);
    return apr_pstrmemdup(tap_pool(), bytes, len);
}

static char *field(const char *name, const char *value, int utf8)
{
    return fields(name, value, utf8, 1);
}

static void golden(void)
{
    tap_is_str(field("filename", "a.txt", 0),
               "C: a/b; filename=a.txt\r\n", "token");
    tap_is_str(field("filename", "a b.txt", 0),
               "C: a/b; filename=\"a b.txt\"\r\n", "quoted");
    tap_is_str(field("filename", "a\";b\\.txt", 0),
               "C: a/b; filename=\"a\\\";b\\\\.txt\"\r\n", "escaped");
    tap_is_str(field("filename", "*'%.txt", 0),
               "C: a/b; filename=\"*'%.txt\"\r\n",
               "quoted though a token: readers look for RFC 2231 in it");
    tap_is_str(field("filename", "", 0), "C: a/b; filename=\"\"\r\n",
               "empty");
    tap_is_str(field("filename", "M\xc3\xa4rz.csv", 0),
               "C: a/b; filename*=utf-8''M%C3%A4rz.csv\r\n", "RFC 2231");
    tap_is_str(field("filename", "M\xc3\xa4rz.csv", 1),
               "C: a/b; filename=\"M\xc3\xa4rz.csv\"\r\n", "raw UTF-8");
    tap_is_str(field("name", "M\xc3\xa4rz.csv", 0),
               "C: a/b; name=\"=?utf-8?Q?M=C3=A4rz=2Ecsv?=\"\r\n",
               "encoded words for old clients");
    tap_is_str(field("filename", "a  b", 0),
               "C: a/b; filename*=utf-8''a%20%20b\r\n",
               "blanks that readers would lose");
    tap_is_str(field("filename", "=?utf-8?Q?x?=", 0),
               "C: a/b; filename*=utf-8''%3D%3Futf-8%3FQ%3Fx%3F%3D\r\n",
               "not taken for an encoded word");
}

/* Decode all sections of parameter name in an unfolded value. */
static char *decode_2231(const char *value, const char *name)
{
    char *out = apr_pcalloc(tap_pool(), strlen(value) + 1);
    apr_size_t n = 0;

    for (int section = 0;; section++) {
        const char *mark = apr_psprintf(tap_pool(), "%s*%d*=", name, section);
        const char *p = strstr(value, mark);

        if (p == NULL && section == 0) {
            mark = apr_pstrcat(tap_pool(), name, "*=", NULL);
            p = strstr(value, mark);
        }
        if (p == NULL) {
            return out;
        }
        p += strlen(mark);
        if (section == 0) {
            p += strlen("utf-8''");
        }
        for (; *p != ';' && *p != '\0'; p++) {
            if (*p == '%') {
                char hex[3] = { p[1], p[2], '\0' };

                out[n++] = (char)strtol(hex, NULL, 16);
                p += 2;
            }
            else {
                out[n++] = *p;
            }
        }
    }
}

/* The longest line of text. */
static int longest(const char *text)
{
    apr_size_t most = 0;

    while (*text != '\0') {
        apr_size_t len = strcspn(text, "\r");

        most = len > most ? len : most;
        text += len + 2;
    }
    return (int)most;
}

static void lengths(void)
{
    static const char *const letters[] = { "\xc3\xa4", "a", "%", "\"",
                                           "\xf0\x9f\x98\x80", "a b" };

    for (apr_size_t k = 0; k < 6; k++) {
        char *name = apr_pstrdup(tap_pool(), "\xc3\xa4");
        const char *bad = NULL;

        for (int n = 0; n < 150 && bad == NULL; n++) {
            char *block = fields("filename", name, 0, 2);
            char *legacy = fields("name", name, 0, 2);
            char *value = support_field(block, "C", tap_pool());
            char *quoted = support_field(legacy, "C", tap_pool());

            bad = support_fold_problem(
                apr_pstrcat(tap_pool(), block, "\r\n", NULL), tap_pool());
            if (bad == NULL) {
                bad = support_fold_problem(
                    apr_pstrcat(tap_pool(), legacy, "\r\n", NULL),
                    tap_pool());
            }
            if (bad == NULL && longest(block) > 78) {
                bad = block;
            }
            if (bad == NULL && longest(legacy) > 76) {
                bad = legacy;
            }
            if (bad == NULL && strcmp(decode_2231(value, "filename"), name)) {
                bad = block;
            }
            quoted = apr_pstrdup(tap_pool(), strchr(quoted, '"') + 1);
            *strrchr(quoted, '"') = '\0';
            if (bad == NULL
                && strcmp(support_decode_words(quoted, tap_pool()), name)) {
                bad = legacy;
            }
            name = apr_pstrcat(tap_pool(), name, letters[k], NULL);
        }
        tap_is_str(bad, NULL, "names of %s", letters[k]);
    }
}

static void long_ascii(void)
{
    char *name = apr_pcalloc(tap_pool(), SMTPC_LIMIT_PARAMETER + 2);
    char *block;

    memset(name, 'a', 120);
    block = field("filename", name, 0);
    tap_is_str(decode_2231(support_field(block, "C", tap_pool()), "filename"),
               name, "long ASCII in sections");
    memset(name, 'a', SMTPC_LIMIT_PARAMETER);
    tap_ok(field("filename", name, 0) != NULL, "at the limit");
    name[SMTPC_LIMIT_PARAMETER] = 'a';
    tap_ok(field("filename", name, 0) == NULL, "beyond");
}

static void small(void)
{
    tap_ok(smtpc__is_token("a-b.c", 5), "token");
    tap_ok(!smtpc__is_token("", 0), "empty is none");
    tap_ok(!smtpc__is_token("a b", 3), "blank");
    tap_ok(!smtpc__is_token("a;b", 3), "semicolon");
    tap_ok(smtpc__has_odd_blanks(" a", 2), "blank in front");
    tap_ok(smtpc__has_odd_blanks("a ", 2), "behind");
    tap_ok(smtpc__has_odd_blanks("a  b", 4), "two");
    tap_ok(!smtpc__has_odd_blanks("a b c", 5), "single ones");
    tap_is_str(smtpc__quote("a\"b\\c", 5, tap_pool()), "\"a\\\"b\\\\c\"",
               "quoted");
}

int main(void)
{
    golden();
    lengths();
    long_ascii();
    small();
    return tap_done();
}
