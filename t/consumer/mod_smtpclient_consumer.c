/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mod_smtpclient_consumer.c: a second module that sends mail through the
 * optional functions of the first one, for the tests.
 *
 * The handler smtpclient-consumer does what the query says, and prints lines
 * of the form "key: value":
 *
 *   ?request        sends a mail with the client of the request
 *   ?server         sends a mail with the client of the server
 *   ?settings       prints how the client of the request is configured
 *   ?process        prints the child's process id and memory
 *   ?subrequest=P   runs a subrequest for path P with method POST
 */

#include <stdio.h>
#include <unistd.h>

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <apr_strings.h>

#include <mod_smtpclient.h>

#define CONSUMER_HANDLER "smtpclient-consumer"
#define CONSUMER_TO "consumer@example.net"

/* Longest line of /proc/self/status that is printed. */
#define STATUS_LINE 256

extern module AP_MODULE_DECLARE_DATA smtpclient_consumer_module;

/* What was retrieved; it hangs on the configuration, which goes when the
 * functions go. */
typedef struct {
    APR_OPTIONAL_FN_TYPE(smtpclient_for_request) *for_request;
    APR_OPTIONAL_FN_TYPE(smtpclient_for_server) *for_server;
} functions_t;

static functions_t *functions(void)
{
    return ap_get_module_config(ap_server_conf->module_config,
                                &smtpclient_consumer_module);
}

static void *create_server(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return apr_pcalloc(p, sizeof(functions_t));
}

static void retrieve(void)
{
    functions_t *f = functions();

    f->for_request = APR_RETRIEVE_OPTIONAL_FN(smtpclient_for_request);
    f->for_server = APR_RETRIEVE_OPTIONAL_FN(smtpclient_for_server);
}

static int print_status(request_rec *r, apr_status_t rv)
{
    const char *name = smtpc_status_name(rv);

    ap_rprintf(r, "status: %s\n", name ? name : "other");
    return OK;
}

static int send_mail(request_rec *r, smtpc_client_t *client)
{
    smtpc_result_t *result = NULL;
    apr_status_t rv;

    rv = smtpc_client_send_text(&result, client, NULL, CONSUMER_TO,
                                "From another module", "It works.\n",
                                r->pool);
    if (result) {
        ap_rprintf(r, "message-id: %s\ndescription: %s\n",
                   smtpc_result_message_id(result),
                   smtpc_result_describe(result, r->pool));
    }
    else {
        ap_rprintf(r, "error: %s\n", smtpc_client_error(client));
    }
    return print_status(r, rv);
}

static int print_settings(request_rec *r, smtpc_client_t *client)
{
    const smtpc_address_t *from = smtpc_client_from(client);

    ap_rprintf(r, "host: %s\nport: %d\nsecurity: %d\ntimeout: %d\n",
               smtpc_client_host(client), smtpc_client_port(client),
               smtpc_client_security(client),
               (int)apr_time_as_msec(smtpc_client_timeout(client)));
    ap_rprintf(r, "user: %s\nfrom: %s\ndelivery: %d\npickup: %s\n",
               smtpc_client_user(client) ? smtpc_client_user(client) : "",
               from ? smtpc_address_format(from, r->pool) : "",
               smtpc_client_delivery(client),
               smtpc_client_pickup_directory(client)
                   ? smtpc_client_pickup_directory(client) : "");
    ap_rprintf(r, "ca-file: %s\nverify-name: %s\nmechanisms: %s\nhello: %s\n",
               smtpc_client_ca_file(client) ? smtpc_client_ca_file(client)
                                            : "",
               smtpc_client_verify_name(client)
                   ? smtpc_client_verify_name(client) : "",
               smtpc_client_auth_mechanisms(client)
                   ? smtpc_client_auth_mechanisms(client) : "",
               smtpc_client_hello_name(client)
                   ? smtpc_client_hello_name(client) : "");
    return OK;
}

/* The process, and what the kernel says of its memory and files. */
static int print_process(request_rec *r)
{
    char line[STATUS_LINE];
    FILE *status = fopen("/proc/self/status", "r");

    ap_rprintf(r, "pid: %ld\n", (long)getpid());
    while (status && fgets(line, sizeof(line), status)) {
        if (strncmp(line, "Vm", 2) == 0 || strncmp(line, "Rss", 3) == 0) {
            ap_rputs(line, r);
        }
    }
    if (status) {
        fclose(status);
    }
    return OK;
}

/* Run another handler as a part of this page, with the method POST. */
static int run_subrequest(request_rec *r, const char *path)
{
    request_rec *sub = ap_sub_req_method_uri("POST", path, r,
                                             r->output_filters);
    int status = sub->status == HTTP_OK ? ap_run_sub_req(sub) : sub->status;

    ap_rprintf(r, "subrequest: %d\n", status);
    ap_destroy_sub_req(sub);
    return OK;
}

static int handler(request_rec *r)
{
    const functions_t *f = functions();
    const char *what = r->args ? r->args : "";
    smtpc_client_t *client = NULL;
    apr_status_t rv;

    if (!r->handler || strcmp(r->handler, CONSUMER_HANDLER) != 0) {
        return DECLINED;
    }
    ap_set_content_type(r, "text/plain; charset=utf-8");
    if (strcmp(what, "process") == 0) {
        return print_process(r);
    }
    if (strncmp(what, "subrequest=", 11) == 0) {
        return run_subrequest(r, what + 11);
    }
    if (!f->for_request || !f->for_server) {
        ap_rputs("status: absent\n", r);
        return OK;
    }
    rv = strcmp(what, "server") == 0
             ? f->for_server(&client, r->server, r->pool)
             : f->for_request(&client, r);
    if (rv != APR_SUCCESS) {
        return print_status(r, rv);
    }
    return strcmp(what, "settings") == 0 ? print_settings(r, client)
                                         : send_mail(r, client);
}

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    ap_hook_optional_fn_retrieve(retrieve, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

AP_DECLARE_MODULE(smtpclient_consumer) = {
    STANDARD20_MODULE_STUFF,
    NULL,
    NULL,
    create_server,
    NULL,
    NULL,
    register_hooks,
    AP_MODULE_FLAG_NONE
};
