/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MSC_MODULE_H
#define MSC_MODULE_H

/**
 * @file module.h
 * What the files of the module share beside the configuration: the state of
 * the process, log tags and the functions behind the hooks.
 */

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>

#include "mod_smtpclient.h"

/** The module record: key of configuration and request vectors. */
extern module AP_MODULE_DECLARE_DATA smtpclient_module;

/**
 * Tag of a log line of this module. Numbers are never used twice; the AHnnnnn
 * tags belong to httpd's own modules.
 */
#define SMTPLOGNO(n) "SMTP" #n ": "

/** The handler's name in SetHandler. */
#define MSC_FORM_HANDLER "smtpclient-form"

/** Name of the expression function of form fields. */
#define MSC_FORM_FUNCTION "smtpform"

/**
 * What belongs to a process. It hangs on the main server's configuration, so
 * that it goes with the configuration when httpd restarts.
 */
typedef struct {
    /** The library's environment; NULL in the parent. */
    smtpc_env_t *env;
    /** Where @a env lives: a root pool with an allocator of its own. */
    apr_pool_t *pool;
    /** Clients alive. */
    apr_uint32_t clients;
    /** Second in which idle connections were last looked for. */
    apr_uint32_t tended;
    /** There are connections to look for, and a timer for it if the MPM has
     *  any. */
    apr_uint32_t watched;
} msc_process_t;

/*
 * lifecycle.c
 */

/** Create the per-server record of the module for @a s in @a p. */
void *msc_lifecycle_create_server(apr_pool_t *p, server_rec *s);

/** Return this process's state, never NULL. */
msc_process_t *msc_lifecycle_process(void);

/** post_config: load the secrets while we are root. */
int msc_lifecycle_post_config(apr_pool_t *pconf, apr_pool_t *plog,
                              apr_pool_t *ptemp, server_rec *s);

/** child_init: create the environment of the child. */
void msc_lifecycle_child_init(apr_pool_t *pchild, server_rec *s);

/** From now on look for connections of @a process that have been idle too
 *  long. */
void msc_lifecycle_watch(msc_process_t *process);

/** At the end of any request, once a second: end connections that have been
 *  idle too long. Hook log_transaction. Where the MPM has timers (event), one
 *  does so in a child without requests. */
int msc_lifecycle_tend(request_rec *r);

/*
 * log.c
 */

/** Let @a env write its log lines to httpd's error log of @a s. */
void msc_log_attach(smtpc_env_t *env, server_rec *s);

/*
 * form_handler.c, form_expr.c
 */

/** handler: answer a request if its handler is smtpclient-form. */
int msc_form_handler(request_rec *r);

/** expr_lookup: know the function smtpform. */
int msc_form_expr_lookup(ap_expr_lookup_parms *parms);

#endif
