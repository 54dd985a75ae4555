/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_AUTH_H
#define SMTPC_CLIENT_AUTH_H

/**
 * @file client_auth.h
 * How a client logs in: with a password, a token, a Kerberos ticket or its
 * certificate, and by which SASL mechanism.
 *
 * A client that is told how to log in sends nothing without. Nothing of it
 * leaves but over verified TLS, or to a loopback address where
 * SMTPC_SECURITY_NONE was set. Where three logins were refused within ten
 * minutes there are no others for a while, see docs/sending.md.
 *
 * The setters return what those of client.h do, and what they say. Strings are
 * copied. What was set is read back below; the strings live until the next
 * setter of the same name. A client has one kind of credentials: each of the
 * first five setters takes away what another of them set.
 */

#include <smtpclient/client.h>
#include <smtpclient/secret.h>

SMTPC_BEGIN_DECLS

/**
 * Log in as @a user with the secret that @a reference names, see
 * smtpc_secret_load(), which is called now. NULL, NULL takes all credentials
 * away.
 *
 * @return also what smtpc_secret_load() returns
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_credentials(smtpc_client_t *client, const char *user,
                             const char *reference) SMTPC_WARN_UNUSED;

/**
 * As smtpc_client_set_credentials(), with a secret loaded before, which has
 * to outlive @a client. @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_secret(smtpc_client_t *client, const char *user,
                        const smtpc_secret_t *secret) SMTPC_WARN_UNUSED;

/**
 * Log in as @a user with the OAuth 2.0 access token that @a reference names:
 * "file:path", "exec:/path arg ..." or "env:NAME" as smtpc_secret_load() has
 * them, but it is resolved for each login, on a thread of its own, and once
 * more if the server refuses the token. NULL, NULL takes all credentials
 * away. RFC 7628.
 *
 * @return also SMTPC_EARG  @a reference is a token itself, which would not
 *                          last
 * @since 0.3
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_token(smtpc_client_t *client, const char *user,
                       const char *reference) SMTPC_WARN_UNUSED;

/** As smtpc_client_set_token(), with a token that @a fn gives when it is
 *  called with @a baton. NULL, NULL takes all credentials away. @since 0.3 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_token_callback(smtpc_client_t *client, const char *user,
                                smtpc_token_fn_t fn, void *baton)
    SMTPC_WARN_UNUSED;

/**
 * Log in as the user that this process runs as (@a on not 0), with the
 * Kerberos ticket that is in the usual place (KRB5CCNAME) or that a keytab
 * gives (KRB5_CLIENT_KTNAME), as .NET's UseDefaultCredentials does; 0: not.
 * RFC 4752, RFC 5801.
 *
 * @return also SMTPC_EARG  this build has no libgsasl, or that no Kerberos
 * @since 0.2
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_default_credentials(smtpc_client_t *client, int on)
    SMTPC_WARN_UNUSED;

/**
 * Use only the SASL mechanisms in @a names, separated by blanks, in this
 * order; NULL: all that go with the credentials, strongest first, but NTLM
 * and EXTERNAL. After a mechanism that the server refuses, or answers with
 * rubbish, a weaker one is used only if it is among @a names and TLS is
 * verified.
 *
 * "EXTERNAL" with a client certificate is a login without any other
 * credentials.
 *
 * @return also SMTPC_EARG  a name that is not known, or not to this build
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_auth_mechanisms(smtpc_client_t *client, const char *names)
    SMTPC_WARN_UNUSED;

/** Call the service @a name where Kerberos asks for its name, an SPN such as
 *  "SMTPSVC/mail.example.org", or "smtp@mail.example.org"; NULL: "smtp" at the
 *  host. @since 0.1 */
SMTPC_DECLARE(apr_status_t)
smtpc_client_set_target_name(smtpc_client_t *client, const char *name)
    SMTPC_WARN_UNUSED;

/** Return the user name, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_user(const smtpc_client_t *client);
/** Return where the token comes from, or NULL. */
SMTPC_DECLARE(const char *) smtpc_client_token(const smtpc_client_t *client);
/** Return non-zero if the credentials are those of this process. */
SMTPC_DECLARE(int)
smtpc_client_default_credentials(const smtpc_client_t *client);
/** Return the SASL mechanisms allowed, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_auth_mechanisms(const smtpc_client_t *client);
/** Return the name of the service for SASL, or NULL. */
SMTPC_DECLARE(const char *)
smtpc_client_target_name(const smtpc_client_t *client);

SMTPC_END_DECLS

#endif
