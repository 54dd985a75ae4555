/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_SETTINGS_H
#define SMTPC_SETTINGS_H

/**
 * @file settings.h
 * Settings of a client from a file, in .NET's own format:
 *
 *   <configuration>
 *     <system.net>
 *       <mailSettings>
 *         <smtp deliveryMethod="Network" deliveryFormat="SevenBit"
 *               from="web@example.org">
 *           <network host="mail.example.org" port="587" enableSsl="true"
 *                    userName="web" password="file:/etc/mail.pw"
 *                    clientDomain="www.example.org" targetName=""
 *                    defaultCredentials="false"/>
 *           <specifiedPickupDirectory pickupDirectoryLocation="/srv/out"/>
 *         </smtp>
 *       </mailSettings>
 *     </system.net>
 *   </configuration>
 *
 * Several files make layers, such as the machine's and the application's: a
 * later one overrides earlier ones attribute by attribute, and an empty
 * value takes away what an earlier one said. What stands outside of
 * mailSettings is ignored; what is not known inside is an error.
 */

#include <smtpclient/env.h>
#include <smtpclient/secret.h>
#include <smtpclient/security.h>

SMTPC_BEGIN_DECLS

/** Where messages go. */
typedef enum {
    SMTPC_DELIVER_NETWORK, /**< to the server */
    SMTPC_DELIVER_PICKUP   /**< into a directory, as .NET writes it */
} smtpc_delivery_e;

/** What addresses and header fields may hold. */
typedef enum {
    SMTPC_FORMAT_SEVENBIT,     /**< ASCII; other text is encoded */
    SMTPC_FORMAT_INTERNATIONAL /**< UTF-8 where the server takes it */
} smtpc_delivery_format_e;

/** Settings, of one file or several. */
typedef struct smtpc_settings_t smtpc_settings_t;

/** Create @a *settings, empty, in @a pool. @since 0.1 */
SMTPC_DECLARE(apr_status_t) smtpc_settings_create(smtpc_settings_t **settings,
                                                  apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Put what the file at @a path says over @a settings, with @a pool for
 * scratch memory. On failure nothing is changed, and smtpc_settings_error()
 * tells what is wrong where.
 *
 * A password may be the password itself or "file:", "exec:" or "env:" as in
 * smtpc_secret_load(). One that stands in the file is wiped from all memory
 * of ours but the secret; the XML parser's own is out of reach, so prefer a
 * reference. A reference is kept for smtpc_settings_resolve().
 *
 * enableSsl "true" is STARTTLS, or TLS from the first byte on port 465;
 * "false" is as if it was not there: SMTPC_SECURITY_DEFAULT.
 *
 * Not while other threads use @a settings.
 *
 * @return APR_SUCCESS
 *         SMTPC_EARG    not XML, a document type declaration, an unknown
 *                       element or attribute, an invalid value; a value that
 *                       this version cannot do: PickupDirectoryFromIis
 *         SMTPC_ELIMIT  over SMTPC_LIMIT_SETTINGS_FILE bytes or
 *                       SMTPC_LIMIT_SETTINGS_DEPTH elements deep
 *         else          what APR says of the file
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_settings_load(smtpc_settings_t *settings,
                                                const char *path,
                                                apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/**
 * Load the secret that the password of @a settings refers to, if it does and
 * that was not done yet. Blocks as smtpc_secret_load() does. Not while other
 * threads use @a settings.
 *
 * @return APR_SUCCESS, or what smtpc_secret_load() returns
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t)
smtpc_settings_resolve(smtpc_settings_t *settings) SMTPC_WARN_UNUSED;

/** Return one sentence about the last call on @a settings that failed, such
 *  as "/etc/app/web.config:12: <network port>: ...", or "". It lives until
 *  the next call. It never holds a password. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_error(const smtpc_settings_t *settings);

/* What the files say; the strings live until the next load. */

/** Return the host, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_host(const smtpc_settings_t *settings);
/** Return the port, or 0. @since 0.1 */
SMTPC_DECLARE(int) smtpc_settings_port(const smtpc_settings_t *settings);
/** Return non-zero if enableSsl is "true". @since 0.1 */
SMTPC_DECLARE(int)
smtpc_settings_enable_ssl(const smtpc_settings_t *settings);
/** Return the user name, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_user(const smtpc_settings_t *settings);
/** Return the password if it is a reference ("file:/etc/mail.pw"); NULL if
 *  there is none or it stands in the file. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_reference(const smtpc_settings_t *settings);
/** Return the password, or NULL: there is none, or it is a reference that
 *  smtpc_settings_resolve() has not loaded. It lives as long as
 *  @a settings. @since 0.1 */
SMTPC_DECLARE(const smtpc_secret_t *)
smtpc_settings_secret(const smtpc_settings_t *settings);
/** Return clientDomain, the name for EHLO, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_hello_name(const smtpc_settings_t *settings);
/** Return non-zero if defaultCredentials is "true". @since 0.3 */
SMTPC_DECLARE(int)
smtpc_settings_default_credentials(const smtpc_settings_t *settings);
/** Return targetName, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_target_name(const smtpc_settings_t *settings);
/** Return the mailbox messages are from, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_from(const smtpc_settings_t *settings);
/** Return deliveryMethod. @since 0.1 */
SMTPC_DECLARE(smtpc_delivery_e)
smtpc_settings_delivery(const smtpc_settings_t *settings);
/** Return deliveryFormat. @since 0.1 */
SMTPC_DECLARE(smtpc_delivery_format_e)
smtpc_settings_delivery_format(const smtpc_settings_t *settings);
/** Return pickupDirectoryLocation, or NULL. @since 0.1 */
SMTPC_DECLARE(const char *)
smtpc_settings_pickup_directory(const smtpc_settings_t *settings);

/**
 * Put what the file at @a path says over the settings of @a env and load the
 * password it refers to: smtpc_settings_load() and smtpc_settings_resolve()
 * as one. Clients created afterwards begin with these settings, see
 * smtpc_client_create(). On failure nothing is changed.
 *
 * To be called before other threads use @a env.
 *
 * @return what these two return
 * @since 0.1
 */
SMTPC_DECLARE(apr_status_t) smtpc_env_load_settings(smtpc_env_t *env,
                                                    const char *path,
                                                    apr_pool_t *pool)
    SMTPC_WARN_UNUSED;

/** Return the settings of @a env, or NULL if none were loaded. @since 0.1 */
SMTPC_DECLARE(const smtpc_settings_t *)
smtpc_env_settings(const smtpc_env_t *env);

/** Return smtpc_settings_error() of the settings of @a env, or "". Not while
 *  they are being loaded. @since 0.1 */
SMTPC_DECLARE(const char *) smtpc_env_settings_error(const smtpc_env_t *env);

SMTPC_END_DECLS

#endif
