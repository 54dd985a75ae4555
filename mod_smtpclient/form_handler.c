/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_handler.c: the handler smtpclient-form. A form comes in, a mail goes
 * out, and the visitor is told when the mail server has taken it.
 *
 * A form is handled once, whatever becomes of its request inside the server:
 * not again when the request is redirected (error pages), and not for parts
 * of other pages.
 *
 * The message is sent while the visitor waits, for at most SMTPTimeout. The
 * connection is closed with the request's pool, after the answer has gone.
 */

#include "api.h"
#include "form.h"
#include "module.h"

#include <http_log.h>
#include <http_protocol.h>
#include <apr_strings.h>

APLOG_USE_MODULE(smtpclient);

/* Fields to make room for at first. */
#define ITEMS_USUAL 8

const char *msc_form_value(const msc_form_t *form, const char *name,
                           apr_pool_t *p)
{
    const char *joined = NULL;
    int i;

    for (i = 0; i < form->items->nelts; i++) {
        const msc_form_item_t *item = APR_ARRAY_IDX(form->items, i,
                                                    msc_form_item_t *);
        const char *value = item->value ? item->value : item->filename;

        if (strcmp(item->name, name) == 0) {
            joined = joined ? apr_pstrcat(p, joined, ", ", value, NULL)
                            : value;
        }
    }
    return joined ? joined : "";
}

void msc_form_fault(msc_form_t *form, const char *name, const char *reason)
{
    msc_form_fault_t *fault;
    int i;

    for (i = 0; i < form->faults->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(form->faults, i, msc_form_fault_t).name,
                   name) == 0) {
            return;
        }
    }
    fault = apr_array_push(form->faults);
    fault->name = name;
    fault->reason = reason;
}

/* The form among a request and those it was redirected from. */
static const msc_form_t *form_before(request_rec *r)
{
    const msc_form_t *form = NULL;

    for (; r && !form; r = r->prev) {
        form = ap_get_module_config(r->request_config, &smtpclient_module);
    }
    return form;
}

const msc_form_t *msc_form_of_request(request_rec *r)
{
    const msc_form_t *form = NULL;

    for (; r && !form; r = r->main) {
        form = form_before(r);
    }
    return form;
}

static msc_form_t *create(request_rec *r)
{
    msc_form_t *form = apr_pcalloc(r->pool, sizeof(*form));

    form->r = r;
    form->cfg = msc_cfg_of_request(r);
    form->items = apr_array_make(r->pool, ITEMS_USUAL,
                                 sizeof(msc_form_item_t *));
    form->faults = apr_array_make(r->pool, ITEMS_USUAL,
                                  sizeof(msc_form_fault_t));
    return form;
}

/* Answer without having read the body to its end: what is left of it must
 * not be taken for the next request. */
static int refuse_early(const msc_form_t *form, int status, const char *why)
{
    form->r->connection->keepalive = AP_CONN_CLOSE;
    return msc_form_answer_refused(form, status, why);
}

/* Whether the configuration has what a form needs; `httpd -t` cannot always
 * tell. */
static int is_configured(const msc_form_t *form)
{
    const char *missing = NULL;

    if (!msc_cfg_from(form->cfg)) {
        missing = "SMTPFrom with an address of this site";
    }
    else if (!form->cfg->form_to || !form->cfg->form_to->nelts) {
        missing = "SMTPFormTo with the address that is to get the mail";
    }
    if (missing) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, form->r,
                      SMTPLOGNO(12) "the form at %s cannot be used: add %s",
                      form->r->uri, missing);
    }
    return !missing;
}

/* Log the outcome, and answer. */
static int conclude(const msc_form_t *form, apr_status_t rv,
                    const smtpc_result_t *result, const char *client_error)
{
    request_rec *r = form->r;
    const char *what = result ? smtpc_result_describe(result, r->pool)
                              : client_error;

    if (rv == APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r,
                      SMTPLOGNO(13) "form mail sent: %s", what);
    }
    else if (rv == SMTPC_EPARTIAL) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r,
                      SMTPLOGNO(14) "form mail not sent to all: %s", what);
    }
    else {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      SMTPLOGNO(15) "form mail not sent: %s", what);
        return msc_form_answer_refused(form, msc_form_answer_status(rv),
                                       msc_form_answer_reason(rv));
    }
    return msc_form_answer_sent(form, smtpc_result_message_id(result));
}

static int send_form(msc_form_t *form)
{
    request_rec *r = form->r;
    smtpc_message_t *message;
    smtpc_client_t *client;
    smtpc_result_t *result = NULL;
    apr_status_t rv;

    if (!form->items->nelts) {
        return msc_form_answer_refused(form, HTTP_BAD_REQUEST,
                                       "The form is empty.");
    }
    rv = msc_form_message_create(&message, form);
    if (rv != APR_SUCCESS) {
        return msc_form_answer_refused(form,
                                       rv == SMTPC_EARG
                                           ? HTTP_BAD_REQUEST
                                           : HTTP_INTERNAL_SERVER_ERROR,
                                       NULL);
    }
    rv = msc_api_for_request(&client, r);
    if (rv != APR_SUCCESS) {
        return msc_form_answer_refused(form, HTTP_INTERNAL_SERVER_ERROR,
                                       NULL);
    }
    rv = smtpc_client_send(&result, client, message, r->pool);
    if (rv == SMTPC_EEXTENSION && form->reply_to_foreign) {
        msc_form_message_blame_address(form);
        return msc_form_answer_refused(form, HTTP_BAD_REQUEST, NULL);
    }
    return conclude(form, rv, result, smtpc_client_error(client));
}

int msc_form_handler(request_rec *r)
{
    msc_form_t *form;
    const char *why;
    int status;

    if (!r->handler || strcmp(r->handler, MSC_FORM_HANDLER) != 0) {
        return DECLINED;
    }
    if (r->main || form_before(r)) {
        return HTTP_METHOD_NOT_ALLOWED;
    }
    form = create(r);
    if (r->method_number != M_POST) {
        return msc_form_answer_refused(form, HTTP_METHOD_NOT_ALLOWED, NULL);
    }
    ap_set_module_config(r->request_config, &smtpclient_module, form);
    if (!is_configured(form)) {
        return refuse_early(form, HTTP_INTERNAL_SERVER_ERROR, NULL);
    }
    status = msc_form_body_read(form, &why);
    if (status == OK) {
        return send_form(form);
    }
    if (status == AP_FILTER_ERROR || status == DONE
        || status == HTTP_REQUEST_TIME_OUT) {
        return status;
    }
    return refuse_early(form, status, why);
}
