/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SMTPCLIENT_H
#define SMTPC_SMTPCLIENT_H

/**
 * @file smtpclient.h
 * libsmtpclient: send mail from C. Include this one; read it in this order:
 *
 *   status.h   the statuses a call returns, and what they mean
 *   env.h      one per process: clock, log sink, what handles share
 *   client.h   the handle: server, security; send, dispose
 *   client_auth.h  how it logs in: passwords, tokens, Kerberos, mechanisms
 *   client_route.h  several servers, Unix sockets, proxies, LMTP, XCLIENT
 *   client_tls.h  versions and ciphers of TLS, pinned keys, DANE
 *   client_limits.h  how many connections, how long, how fast
 *   message.h  the message: addresses, subject, body, headers
 *   attachment.h, view.h  attachments; other forms of the body, pictures in
 *              them, invitations
 *   entity.h   what can be set on each of these
 *   headers.h  its other headers: threads, lists, resending, receipts
 *   extension.h  what it asks of the server beyond plain SMTP
 *   result.h   what became of it: stage, server's reply, each recipient
 *   address.h  one mailbox, parsed and printed
 *   source.h   bytes that are read when needed: files, memory, callbacks
 *   secret.h   passwords, by reference
 *   security.h, proxy.h, xclient.h  how a connection is protected, what it
 *              goes through, whom it speaks for
 *   mime_type.h  content types by file name
 *   dkim.h     signatures of the sender's domain
 *   smime.h    signed and encrypted messages
 *   settings.h what a client begins with, from a file in .NET's format
 *
 * The shortest program:
 *
 *   apr_initialize();
 *   apr_pool_create(&pool, NULL);
 *   rv = smtpc_env_create(&env, pool);
 *   rv = smtpc_client_create(&client, env, "mail.example.org", 587, pool);
 *   rv = smtpc_client_set_credentials(client, "web", "file:/etc/mail.pw");
 *   rv = smtpc_client_send_text(&result, client, "web@example.org",
 *                               "ann@example.net", "Hello", "First mail.\n",
 *                               pool);
 *   if (rv != APR_SUCCESS)
 *       fprintf(stderr, "%s\n", smtpc_result_describe(result, pool));
 *
 * Statuses are apr_status_t, memory is in pools, text is UTF-8, strings given
 * to a setter are copied, outputs come first and are set only on success
 * unless said otherwise.
 */

#include <smtpclient/address.h>
#include <smtpclient/attachment.h>
#include <smtpclient/client.h>
#include <smtpclient/client_auth.h>
#include <smtpclient/client_limits.h>
#include <smtpclient/client_route.h>
#include <smtpclient/client_tls.h>
#include <smtpclient/dkim.h>
#include <smtpclient/entity.h>
#include <smtpclient/env.h>
#include <smtpclient/event.h>
#include <smtpclient/extension.h>
#include <smtpclient/headers.h>
#include <smtpclient/message.h>
#include <smtpclient/mime_type.h>
#include <smtpclient/result.h>
#include <smtpclient/secret.h>
#include <smtpclient/settings.h>
#include <smtpclient/smime.h>
#include <smtpclient/source.h>
#include <smtpclient/status.h>
#include <smtpclient/view.h>

#endif
