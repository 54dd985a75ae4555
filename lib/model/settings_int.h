/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_MODEL_SETTINGS_INT_H
#define SMTPC_MODEL_SETTINGS_INT_H

/**
 * @file settings_int.h
 * Between settings.c, which keeps settings, and settings_parse.c, which
 * reads them out of XML.
 */

#include <smtpclient/settings.h>

/** What mailSettings can say. NULL and 0: nothing. */
typedef struct smtpc__settings_values_t {
    smtpc_delivery_e delivery;
    smtpc_delivery_format_e format;
    const char *from;
    const char *host;
    int port;
    int enable_ssl;
    const char *user;
    const char *reference; /**< of the password */
    smtpc_secret_t *secret; /**< the password, once it is known */
    const char *hello_name;
    const char *target_name;
    int default_credentials;
    const char *pickup_directory;
} smtpc__settings_values_t;

/**
 * Put what the @a len bytes of XML at @a text say over @a values, whose
 * strings go to @a pool. On failure @a values is in between. @a *line and
 * @a *why, in @a scratch, say what is wrong where. *@a literal is set to the
 * line of a password that stands in the text itself, or 0.
 *
 * @return as smtpc_settings_load()
 */
apr_status_t smtpc__settings_parse(smtpc__settings_values_t *values,
                                   int *line, const char **why, int *literal,
                                   const char *text, apr_size_t len,
                                   apr_pool_t *pool, apr_pool_t *scratch)
    SMTPC_WARN_UNUSED;

#endif
