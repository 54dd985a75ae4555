/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mod_smtpclient.c: the module record and its hooks.
 *
 * Where to read on: cfg.h for the configuration, lifecycle.c for what happens
 * when, form.h for the way of a form from request to mail, mod_smtpclient.h
 * for what other modules get.
 */

#include "api.h"
#include "cfg.h"
#include "module.h"

#include <http_log.h>
#include <http_protocol.h>

static void register_hooks(apr_pool_t *p)
{
    (void)p;
    /* Before the configuration is parsed, which has %{smtpform:...} in it. */
    ap_hook_expr_lookup(msc_form_expr_lookup, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_check_config(msc_cfg_check, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(msc_lifecycle_post_config, NULL, NULL,
                        APR_HOOK_MIDDLE);
    /* First: other modules may use our functions in their child_init. */
    ap_hook_child_init(msc_lifecycle_child_init, NULL, NULL, APR_HOOK_FIRST);
    ap_hook_handler(msc_form_handler, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_log_transaction(msc_lifecycle_tend, NULL, NULL, APR_HOOK_MIDDLE);
    msc_api_register();
}

AP_DECLARE_MODULE(smtpclient) = {
    STANDARD20_MODULE_STUFF,
    msc_cfg_create,              /* create per-directory record */
    msc_cfg_merge,               /* merge per-directory records */
    msc_lifecycle_create_server, /* create per-server record */
    NULL,                        /* of the main server only: nothing to merge */
    msc_cfg_cmds,                /* directives */
    register_hooks,
    AP_MODULE_FLAG_NONE
};
