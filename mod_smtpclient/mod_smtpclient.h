/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MOD_SMTPCLIENT_H
#define MOD_SMTPCLIENT_H

/**
 * @file mod_smtpclient.h
 * What mod_smtpclient offers to other httpd modules.
 *
 * The functions are optional functions (apr_optional.h): a module that uses
 * them needs nothing of mod_smtpclient at link time, and works in any order
 * of loading. Retrieve them in the optional_fn_retrieve or post_config hook,
 * not in register_hooks, and again in every configuration pass; NULL means
 * that mod_smtpclient is not loaded:
 *
 *   static APR_OPTIONAL_FN_TYPE(smtpclient_for_request) *for_request;
 *
 *   for_request = APR_RETRIEVE_OPTIONAL_FN(smtpclient_for_request);
 *   ...
 *   if (for_request && for_request(&client, r) == APR_SUCCESS) {
 *       rv = smtpc_client_send_text(&result, client, NULL, "ann@example.net",
 *                                   "Hello", "First mail.\n", r->pool);
 *   }
 *
 * What they return is a client of libsmtpclient: link with -lsmtpclient.
 */

#include <httpd.h>
#include <apr_optional.h>

#include <smtpclient/smtpclient.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Create @a *client, configured by the SMTP directives that hold for the
 * request @a r: server, virtual host, <Directory>, <Location>, <If>.
 *
 * The client lives in r->pool and is disposed of with it: what it says to
 * the server then delays the end of the request by at most two seconds, and
 * never its answer. Setters of the library change this one client.
 *
 * Does not connect, look up a name or read a file. To be called in a child
 * process only, on the thread that handles @a r.
 *
 * @return APR_SUCCESS
 *         APR_EINIT   not in a child process of httpd, or the child has no
 *                     environment for mail (see its error log)
 *         else        what a setter of the library says; it is logged. The
 *                     checks of `httpd -t` leave little that can be wrong
 * @since 0.1
 */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtpclient_for_request,
                        (smtpc_client_t **client, request_rec *r));

/**
 * Create @a *client in @a p, configured by the SMTP directives of the server
 * or virtual host @a s outside of all sections.
 *
 * The client is disposed of when @a p is destroyed, which has to be before
 * the child process ends. As smtpclient_for_request() in all else; the
 * thread that uses @a p may be one of the caller's own.
 *
 * @return as smtpclient_for_request()
 * @since 0.1
 */
APR_DECLARE_OPTIONAL_FN(apr_status_t, smtpclient_for_server,
                        (smtpc_client_t **client, server_rec *s,
                         apr_pool_t *p));

#ifdef __cplusplus
}
#endif

#endif
