/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_expr.c: %{smtpform:name}, a string function of httpd's expressions.
 *
 * It has a value once the form has been read: in our own directives, and in
 * what other modules evaluate later ("Header always set ..."). In <If> or
 * RewriteCond, which come before the handler, it is empty. Values are never
 * parsed as expressions themselves.
 *
 * Directives of ours get the values as they are, and refuse what they cannot
 * take. Others get blanks for control characters: most put the value into a
 * header of the answer, where httpd would fail on a line end.
 */

#include "form.h"
#include "module.h"

#include <apr_lib.h>
#include <apr_strings.h>

static const char *without_controls(apr_pool_t *p, const char *value)
{
    char *copy = apr_pstrdup(p, value);
    char *c;

    for (c = copy; *c; c++) {
        if (apr_iscntrl(*c)) {
            *c = ' ';
        }
    }
    return copy;
}

static const char *value_of(ap_expr_eval_ctx_t *ctx, const void *data,
                            const char *arg)
{
    const msc_form_t *form = ctx->r ? msc_form_of_request(ctx->r) : NULL;
    const char *value;

    (void)data;
    if (!form || !arg) {
        return "";
    }
    value = msc_form_value(form, arg, ctx->p);
    return form->evaluating ? value : without_controls(ctx->p, value);
}

int msc_form_expr_lookup(ap_expr_lookup_parms *parms)
{
    if (parms->type != AP_EXPR_FUNC_STRING
        || strcasecmp(parms->name, MSC_FORM_FUNCTION) != 0) {
        return DECLINED;
    }
    *parms->func = (const void *)value_of;
    *parms->data = NULL;
    return OK;
}
