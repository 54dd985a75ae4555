/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lifecycle.c: what happens when httpd starts, makes children and ends them.
 *
 * The parent loads secrets and keys, once per configuration and as root, into
 * the configuration's pool; children inherit them. It opens no connection. A
 * child makes its own environment of the library when it begins.
 *
 * The environment hangs on a pool of its own, not on pchild: it has to outlive
 * a request that is cut off.
 *
 * Nothing here is static: modules are unloaded and loaded again at restarts.
 */

#include "cfg.h"
#include "module.h"

#include <http_core.h>
#include <http_log.h>
#include <http_main.h>
#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(smtpclient);

/** Idle connections are looked for this often where there are timers. */
#define TEND_PERIOD apr_time_from_sec(10)

void *msc_lifecycle_create_server(apr_pool_t *p, server_rec *s)
{
    (void)s;
    return apr_pcalloc(p, sizeof(msc_process_t));
}

msc_process_t *msc_lifecycle_process(void)
{
    return ap_get_module_config(ap_server_conf->module_config,
                                &smtpclient_module);
}

/* Load the secret of a section that has credentials of its own. */
static int load_secret(const msc_cfg_section_t *section, apr_pool_t *pconf)
{
    msc_credentials_t *credentials = section->cfg->credentials;
    const char *why = "";
    apr_status_t rv;

    if (!credentials || !credentials->reference || credentials->secret) {
        return OK;
    }
    rv = smtpc_secret_load(&credentials->secret, &why,
                           credentials->reference, pconf);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, section->server,
                     SMTPLOGNO(2) "%s:%d: SMTPCredentials of user %s: %s",
                     credentials->directive->filename,
                     credentials->directive->line_num, credentials->user,
                     why);
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* Load the password that the files of SMTPMailSettings refer to. */
static int resolve_settings(const msc_cfg_section_t *section)
{
    smtpc_settings_t *settings = section->cfg->settings;

    if (settings && smtpc_settings_resolve(settings) != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_EMERG, 0, section->server,
                     SMTPLOGNO(2) "%s:%d: SMTPMailSettings: %s",
                     section->directive->filename,
                     section->directive->line_num,
                     smtpc_settings_error(settings));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    return OK;
}

/* Load the DKIM keys of a section. */
static int load_dkim(const msc_cfg_section_t *section, apr_pool_t *pconf)
{
    const apr_array_header_t *list = section->cfg->dkim;
    int i;

    for (i = 0; list && i < list->nelts; i++) {
        msc_dkim_t *signer = APR_ARRAY_IDX(list, i, msc_dkim_t *);
        const char *why;

        if (!signer->dkim
            && msc_dkim_make(&signer->dkim, &why, signer, pconf)
                   != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_EMERG, 0, signer->server,
                         SMTPLOGNO(16) "%s:%d: SMTPDKIMSign: %s",
                         signer->directive->filename,
                         signer->directive->line_num, why);
            return HTTP_INTERNAL_SERVER_ERROR;
        }
    }
    return OK;
}

int msc_lifecycle_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp, server_rec *s)
{
    apr_array_header_t *sections = msc_cfg_sections(pconf);
    int i;

    (void)plog;
    (void)ptemp;
    (void)s;
    /* At start the configuration is read twice; programs run once. */
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) {
        return OK;
    }
    for (i = 0; i < sections->nelts; i++) {
        const msc_cfg_section_t *section =
            &APR_ARRAY_IDX(sections, i, msc_cfg_section_t);
        int status = load_secret(section, pconf);

        if (status == OK) {
            status = load_dkim(section, pconf);
        }
        if (status == OK) {
            status = resolve_settings(section);
        }
        if (status != OK) {
            return status;
        }
    }
    return OK;
}

/* Before the pools below pchild go. A client that is still alive belongs to a
 * request that is cut off, by a signal handler (prefork) or because the
 * server runs as a single process; it needs the environment, and the process
 * is about to end anyway. */
static apr_status_t end_process(void *baton)
{
    msc_process_t *process = baton;

    if (process->pool && !apr_atomic_read32(&process->clients)) {
        apr_pool_destroy(process->pool);
    }
    process->env = NULL;
    process->pool = NULL;
    return APR_SUCCESS;
}

void msc_lifecycle_child_init(apr_pool_t *pchild, server_rec *s)
{
    msc_process_t *process = msc_lifecycle_process();
    apr_status_t rv = apr_pool_create(&process->pool, NULL);

    if (rv == APR_SUCCESS) {
        rv = smtpc_env_create(&process->env, process->pool);
        if (rv == APR_SUCCESS) {
            /* Requests have a client each: the next one finds the connection
             * of the last. */
            rv = smtpc_env_keep_connections(process->env, 1);
        }
        if (rv != APR_SUCCESS) {
            apr_pool_destroy(process->pool);
        }
    }
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, rv, s,
                     SMTPLOGNO(3) "this child cannot send mail: no "
                     "environment for it could be made");
        process->env = NULL;
        process->pool = NULL;
        return;
    }
    msc_log_attach(process->env, ap_server_conf);
    apr_pool_pre_cleanup_register(pchild, process, end_process);
}

/* An ap_mpm_callback_fn_t. */
static void tend_and_again(void *baton)
{
    msc_process_t *process = baton;

    if (process->env) {
        (void)smtpc_env_close_idle(process->env);
        (void)ap_mpm_register_timed_callback(TEND_PERIOD, tend_and_again,
                                             process);
    }
}

void msc_lifecycle_watch(msc_process_t *process)
{
    if (apr_atomic_cas32(&process->watched, 1, 0) == 0) {
        (void)ap_mpm_register_timed_callback(TEND_PERIOD, tend_and_again,
                                             process);
    }
}

int msc_lifecycle_tend(request_rec *r)
{
    msc_process_t *process = msc_lifecycle_process();
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(r->request_time);
    apr_uint32_t last = apr_atomic_read32(&process->tended);

    if (apr_atomic_read32(&process->watched) && process->env && now != last
        && apr_atomic_cas32(&process->tended, now, last) == last) {
        (void)smtpc_env_close_idle(process->env);
    }
    return DECLINED;
}
