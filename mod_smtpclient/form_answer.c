/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_answer.c: what the visitor gets to see.
 *
 * Browsers are redirected (303, so that a reload does not post again) where
 * the configuration names a page, else get a small page of ours. Programs
 * that prefer application/json get that, with the true status.
 *
 * Nothing that the mail server said and no address of ours goes out; the
 * error log has it. Names of fields come back escaped, values never.
 */

#include "form.h"
#include "module.h"

#include <http_protocol.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <jansson.h>

/* Seconds after which a visitor may try again while the relay is away. */
#define RETRY_AFTER "60"

#define TYPE_JSON "application/json"
#define TYPE_HTML "text/html"

/* Our pages need nothing but their own style. */
#define PAGE_POLICY "default-src 'none'; style-src 'unsafe-inline'; "         \
                    "frame-ancestors 'self'; base-uri 'none'"

static const char page_style[] =
    "body{font:1.1em/1.5 system-ui,sans-serif;margin:0;color:#1b1b1f;"
    "background:#f6f6f8}main{max-width:36em;margin:10vh auto;padding:2em;"
    "background:#fff;border:1px solid #ccccd2;border-radius:.5em}"
    "h1{font-size:1.4em;margin:0 0 .5em}li{margin:.25em 0}"
    "@media(prefers-color-scheme:dark){body{color:#ececf1;background:#1b1b1f}"
    "main{background:#26262b;border-color:#4a4a52}}";

/* What a status means to a visitor, and what a send that ended so means. */
typedef struct {
    int status;
    const char *title;
    const char *text;
} saying_t;

static const saying_t sayings[] = {
    { HTTP_BAD_REQUEST, "Please check the form", "Nothing was sent." },
    { HTTP_METHOD_NOT_ALLOWED, "Nothing to see here",
      "This address takes forms that are posted to it. Please use the form." },
    { HTTP_REQUEST_ENTITY_TOO_LARGE, "Too large",
      "The form or a file in it is too large." },
    { HTTP_UNSUPPORTED_MEDIA_TYPE, "Not a form",
      "This address takes HTML forms only, in UTF-8." },
    { HTTP_BAD_GATEWAY, "Not sent",
      "The message could not be sent: the mail server does not take it. "
      "Trying again will not help until this site's mail is repaired." },
    { HTTP_SERVICE_UNAVAILABLE, "Not sent",
      "The message could not be sent at the moment. "
      "Please try again in a few minutes." },
    { HTTP_GATEWAY_TIME_OUT, "Not sent",
      "The message could not be sent: the mail server took too long. "
      "Please try again later." },
    { HTTP_INTERNAL_SERVER_ERROR, "Not sent",
      "The message could not be sent: this form is not set up correctly." },
    { 0, NULL, NULL }
};

static const char in_doubt[] =
    "The message was handed over, but the mail server did not confirm it. It "
    "may have been sent: please do not send it again right away.";

static const saying_t *saying_of(int status)
{
    const saying_t *saying = sayings;

    while (saying->title && saying->status != status) {
        saying++;
    }
    return saying->title ? saying : saying - 1;
}

int msc_form_answer_status(apr_status_t rv)
{
    switch (rv) {
    case SMTPC_EARG:
    case SMTPC_ETLS:
    case SMTPC_EAUTH:
    case SMTPC_EREJECTED:
    case SMTPC_EPROTO:
    case SMTPC_ELIMIT:
    case SMTPC_EEXTENSION:
        return HTTP_BAD_GATEWAY;
    case SMTPC_ECONNECT:
    case SMTPC_ETEMP:
    case SMTPC_EQUEUE:
    case SMTPC_ECANCELLED:
    case SMTPC_ESOURCE:
        return HTTP_SERVICE_UNAVAILABLE;
    case SMTPC_ETIMEOUT:
    case SMTPC_EINDOUBT:
        return HTTP_GATEWAY_TIME_OUT;
    default:
        /* What this process lacks now it may have in a minute. */
        return APR_STATUS_IS_EMFILE(rv) || APR_STATUS_IS_ENFILE(rv)
                       || APR_STATUS_IS_ENOMEM(rv)
                   ? HTTP_SERVICE_UNAVAILABLE
                   : HTTP_INTERNAL_SERVER_ERROR;
    }
}

const char *msc_form_answer_reason(apr_status_t rv)
{
    return rv == SMTPC_EINDOUBT ? in_doubt : NULL;
}

/*
 * Who asks.
 */

/* The quality of one media range of an Accept header in thousandths. */
static int quality_of(const char *params)
{
    const char *q = params ? ap_strcasestr(params, "q=") : NULL;
    double value = q ? strtod(q + 2, NULL) : 1.0;

    return value > 0 && value <= 1 ? (int)(value * 1000) : 0;
}

/* Whether the client asks for JSON by name, and likes HTML less or names it
 * later. Wildcards do not count: browsers and curl send them. */
static int wants_json(request_rec *r)
{
    const char *accept = apr_table_get(r->headers_in, "Accept");
    int json = 0;
    int html = 0;

    while (accept && *accept) {
        const char *range = ap_getword(r->pool, &accept, ',');
        const char *type = ap_getword(r->pool, &range, ';');

        while (apr_isspace(*type)) {
            type++;
        }
        type = ap_getword_white(r->pool, &type);
        if (strcasecmp(type, TYPE_JSON) == 0 && quality_of(range) > html) {
            json = quality_of(range);
        }
        else if (strcasecmp(type, TYPE_HTML) == 0) {
            html = quality_of(range);
        }
    }
    return json > 0 && json >= html;
}

/*
 * JSON.
 */

static int send_json(request_rec *r, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);

    ap_set_content_type(r, TYPE_JSON);
    if (text) {
        ap_rputs(text, r);
        ap_rputs("\n", r);
        free(text);
    }
    json_decref(object);
    return OK;
}

static json_t *json_faults(const msc_form_t *form)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < form->faults->nelts; i++) {
        const msc_form_fault_t *fault =
            &APR_ARRAY_IDX(form->faults, i, msc_form_fault_t);

        json_array_append_new(array,
                              json_pack("{s:s, s:s}", "name", fault->name,
                                        "reason", fault->reason));
    }
    return array;
}

static int send_json_refusal(const msc_form_t *form, int status,
                             const char *why)
{
    json_t *object = json_pack("{s:b, s:i, s:s}", "ok", 0, "status", status,
                               "error", why);

    if (object && form->faults->nelts) {
        json_object_set_new(object, "fields", json_faults(form));
    }
    return send_json(form->r, object);
}

/*
 * Pages.
 */

static void begin_page(request_rec *r, const char *title, const char *role)
{
    const char *shown = ap_escape_html(r->pool, title);

    ap_set_content_type(r, TYPE_HTML "; charset=utf-8");
    apr_table_setn(r->headers_out, "Content-Security-Policy", PAGE_POLICY);
    ap_rvputs(r,
              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
              "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
              "content=\"width=device-width, initial-scale=1\">\n<title>",
              shown, "</title>\n<style>", page_style,
              "</style>\n</head>\n<body>\n<main role=\"", role, "\">\n<h1>",
              shown, "</h1>\n", NULL);
}

static int end_page(request_rec *r)
{
    ap_rputs("</main>\n</body>\n</html>\n", r);
    return OK;
}

static int send_page_refusal(const msc_form_t *form, int status,
                             const char *why)
{
    request_rec *r = form->r;
    int i;

    begin_page(r, saying_of(status)->title, "alert");
    ap_rvputs(r, "<p>", ap_escape_html(r->pool, why), "</p>\n", NULL);
    if (form->faults->nelts) {
        ap_rputs("<ul>\n", r);
        for (i = 0; i < form->faults->nelts; i++) {
            const msc_form_fault_t *fault =
                &APR_ARRAY_IDX(form->faults, i, msc_form_fault_t);

            ap_rvputs(r, "<li><strong>", ap_escape_html(r->pool, fault->name),
                      "</strong> ", ap_escape_html(r->pool, fault->reason),
                      "</li>\n", NULL);
        }
        ap_rputs("</ul>\n", r);
    }
    if (r->method_number == M_POST) {
        ap_rputs("<p>Your browser&#8217;s Back button brings you back to the "
                 "form, most likely with what you typed.</p>\n", r);
    }
    return end_page(r);
}

/* Send the browser to another page; the few words are for those that do not
 * follow. */
static int send_redirect(request_rec *r, const char *target)
{
    const char *shown = ap_escape_html(r->pool, target);

    r->status = HTTP_SEE_OTHER;
    apr_table_setn(r->headers_out, "Location", target);
    begin_page(r, "See other", "main");
    ap_rvputs(r, "<p><a href=\"", shown, "\">", shown, "</a></p>\n", NULL);
    return end_page(r);
}

/* Add status and names of fields to the query of the configured page. */
static const char *error_target(const msc_form_t *form, int status)
{
    apr_pool_t *p = form->r->pool;
    const char *target = form->cfg->form_error_redirect;
    const char *fragment = strchr(target, '#');
    const char *fields = "";
    int i;

    for (i = 0; i < form->faults->nelts; i++) {
        const msc_form_fault_t *fault =
            &APR_ARRAY_IDX(form->faults, i, msc_form_fault_t);

        fields = apr_pstrcat(p, fields, i ? "," : "&fields=",
                             ap_escape_urlencoded(p, fault->name), NULL);
    }
    if (fragment) {
        target = apr_pstrmemdup(p, target, (apr_size_t)(fragment - target));
    }
    return apr_psprintf(p, "%s%sstatus=%d%s%s", target,
                        strchr(target, '?') ? "&" : "?", status, fields,
                        fragment ? fragment : "");
}

static void set_usual_headers(request_rec *r)
{
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_mergen(r->headers_out, "Vary", "Accept");
}

int msc_form_answer_sent(const msc_form_t *form, const char *message_id)
{
    request_rec *r = form->r;

    set_usual_headers(r);
    if (wants_json(r)) {
        return send_json(r, json_pack("{s:b, s:s}", "ok", 1, "messageId",
                                      message_id));
    }
    if (form->cfg->form_redirect) {
        return send_redirect(r, form->cfg->form_redirect);
    }
    begin_page(r, "Thank you", "main");
    ap_rputs("<p role=\"status\">Your message was sent.</p>\n", r);
    return end_page(r);
}

int msc_form_answer_refused(const msc_form_t *form, int status,
                            const char *why)
{
    request_rec *r = form->r;

    why = why ? why : saying_of(status)->text;
    set_usual_headers(r);
    if (status == HTTP_METHOD_NOT_ALLOWED) {
        apr_table_setn(r->headers_out, "Allow", "POST");
    }
    if (status == HTTP_SERVICE_UNAVAILABLE) {
        apr_table_setn(r->headers_out, "Retry-After", RETRY_AFTER);
    }
    r->status = status;
    if (wants_json(r)) {
        return send_json_refusal(form, status, why);
    }
    if (form->cfg->form_error_redirect && r->method_number == M_POST) {
        return send_redirect(r, error_target(form, status));
    }
    return send_page_refusal(form, status, why);
}
