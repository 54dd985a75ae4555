/* SPDX-License-Identifier: Apache-2.0 */
/* content_type_test.c: reading content types of the caller. */
#include "mime/content_type.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

static const char *show(const char *text)
{
    smtpc_content_type_t *type;
    const char *why = NULL;
    const char *out;

    if (smtpc__content_type_parse(&type, &why, text, tap_pool())
        != APR_SUCCESS) {
        return why != NULL ? NULL : "no reason";
    }
    out = type->value;
    for (apr_size_t i = 0; i < type->count; i++) {
        out = apr_pstrcat(tap_pool(), out, "|", type->params[i].name, "=",
                          type->params[i].value, NULL);
    }
    return out;
}

int main(void)
{
    static const char *const bad[] = {
        "", "text", "text/", "/plain", "text /plain", "text/plain x",
        "text/plain; charset", "text/plain; charset=", "text/plain; =x",
        "text/plain; a=\"x", "text/plain; a=\"x\\", "text/plain; a=x y",
        "text/plain; a=1; A=2", "text/plain\r\nX: y", "text/plain;\ta=b",
        "text/plain; a=\"x\ny\"", "text/plain; a*=utf-8''x",
        "text/plain; a=\xff", "t\xc3\xa4xt/plain", "text/plain, text/html"
    };
    char *many = apr_pstrdup(tap_pool(), "a/b");
    char *text = apr_pcalloc(tap_pool(), SMTPC_LIMIT_PARAMETER + 2);
    smtpc_content_type_t *type;
    const char *why;

    tap_is_str(show("text/plain"), "text/plain", "plain");
    tap_is_str(show(" Text/PLAIN ; Charset = x"), NULL, "blank at the =");
    tap_is_str(show(" Text/PLAIN ; Charset=UTF-8 ;"),
               "text/plain|charset=UTF-8", "case and blanks");
    tap_is_str(show("a/b; c=\"d;\\\"e\\\\ f\"; g=h"),
               "a/b|c=d;\"e\\ f|g=h", "quoted");
    tap_is_str(show("text/calendar; method=REQUEST; charset=\"utf-8\""),
               "text/calendar|method=REQUEST|charset=utf-8", "calendar");
    tap_is_str(show("a/b; c=\"\xc3\xa4\""), "a/b|c=\xc3\xa4", "UTF-8 value");
    for (apr_size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        tap_is_str(show(bad[i]), NULL, "refused: %d", (int)i);
    }

    for (int i = 0; i < SMTPC_CONTENT_TYPE_PARAMS; i++) {
        many = apr_psprintf(tap_pool(), "%s; p%d=x", many, i);
    }
    tap_ok(show(many) != NULL, "parameters at the limit");
    many = apr_pstrcat(tap_pool(), many, "; q=x", NULL);
    tap_is_int(smtpc__content_type_parse(&type, &why, many, tap_pool()),
               SMTPC_ELIMIT, "one beyond");
    memset(text, 'a', SMTPC_LIMIT_PARAMETER);
    text[1] = '/';
    tap_ok(show(text) != NULL, "length at the limit");
    text[SMTPC_LIMIT_PARAMETER] = 'a';
    tap_is_int(smtpc__content_type_parse(&type, &why, text, tap_pool()),
               SMTPC_ELIMIT, "one beyond");
    return tap_done();
}
