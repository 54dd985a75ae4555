/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfg.c: the records of the configuration and how they are merged.
 *
 * There are per-directory records only. httpd keeps one for each server and
 * virtual host too (lookup_defaults), merges a virtual host's with the main
 * server's, and merges the sections that hold for a request into it. A value
 * given in an inner section replaces the outer one as a whole.
 *
 * Does not judge values: see cfg_parse.c and cfg_check.c.
 */

#include "cfg.h"
#include "module.h"

#include <apr_strings.h>

/* Key of the list of sections in the configuration pool's user data. */
#define SECTIONS_KEY "mod_smtpclient sections"
/* Sections to make room for at first. */
#define SECTIONS_USUAL 8
/* Sections inside each other that are looked at: <VirtualHost>, <Location>
 * and some <If> in it. */
#define SECTION_DEPTH 16

#define BIT(which) ((apr_uint64_t)1 << (which))

void *msc_cfg_create(apr_pool_t *p, char *dir)
{
    (void)dir;
    return apr_pcalloc(p, sizeof(msc_cfg_t));
}

int msc_cfg_is_set(const msc_cfg_t *cfg, msc_cfg_e which)
{
    return (cfg->set & BIT(which)) != 0;
}

/* Take a field of the inner section where the directive was given there. */
#define TAKE(which, field)                                                    \
    if (msc_cfg_is_set(inner, (which))) {                                     \
        merged->field = inner->field;                                         \
    }

static void merge_server(msc_cfg_t *merged, const msc_cfg_t *inner)
{
    TAKE(MSC_CFG_HOST, host)
    TAKE(MSC_CFG_PORT, port)
    TAKE(MSC_CFG_CREDENTIALS, credentials)
    TAKE(MSC_CFG_SECURITY, security)
    TAKE(MSC_CFG_FROM, from)
    TAKE(MSC_CFG_DELIVERY, delivery)
    TAKE(MSC_CFG_PICKUP_DIRECTORY, pickup_directory)
    TAKE(MSC_CFG_TIMEOUT, timeout)
    TAKE(MSC_CFG_HELLO_NAME, hello_name)
    TAKE(MSC_CFG_AUTH_MECHANISMS, auth_mechanisms)
    TAKE(MSC_CFG_TARGET_NAME, target_name)
    TAKE(MSC_CFG_DKIM, dkim)
    TAKE(MSC_CFG_MAIL_SETTINGS, settings)
    TAKE(MSC_CFG_MAIL_SETTINGS, settings_open)
}

static void merge_tls(msc_cfg_t *merged, const msc_cfg_t *inner)
{
    TAKE(MSC_CFG_CA_FILE, ca_file)
    TAKE(MSC_CFG_CA_DIRECTORY, ca_directory)
    TAKE(MSC_CFG_VERIFY_NAME, verify_name)
    TAKE(MSC_CFG_CERTIFICATE, certificate)
    TAKE(MSC_CFG_CERTIFICATE, certificate_key)
    TAKE(MSC_CFG_CRL_FILE, crl_file)
    TAKE(MSC_CFG_TLS_VERSION, tls_version)
    TAKE(MSC_CFG_CIPHERS, ciphers)
    TAKE(MSC_CFG_CIPHER_SUITES, cipher_suites)
    TAKE(MSC_CFG_GROUPS, groups)
    TAKE(MSC_CFG_PINS, pins)
    TAKE(MSC_CFG_TLSA, tlsa)
    TAKE(MSC_CFG_DANE, dane)
    TAKE(MSC_CFG_DANE_ANCHOR, dane_anchor)
    TAKE(MSC_CFG_DANE_RESOLVER, dane_resolver)
}

static void merge_form(msc_cfg_t *merged, const msc_cfg_t *inner)
{
    TAKE(MSC_CFG_FORM_TO, form_to)
    TAKE(MSC_CFG_FORM_CC, form_cc)
    TAKE(MSC_CFG_FORM_BCC, form_bcc)
    TAKE(MSC_CFG_FORM_SUBJECT, form_subject)
    TAKE(MSC_CFG_FORM_REPLY_TO, form_reply_to)
    TAKE(MSC_CFG_FORM_REQUIRE, form_require)
    TAKE(MSC_CFG_FORM_REDIRECT, form_redirect)
    TAKE(MSC_CFG_FORM_ERROR_REDIRECT, form_error_redirect)
    TAKE(MSC_CFG_FORM_MAX_BODY, form_max_body)
    TAKE(MSC_CFG_FORM_MAX_FILES, form_max_files)
    TAKE(MSC_CFG_FORM_MAX_FILE_SIZE, form_max_file_size)
    TAKE(MSC_CFG_FORM_TEMP_DIRECTORY, form_temp_directory)
}

void *msc_cfg_merge(apr_pool_t *p, void *base, void *add)
{
    const msc_cfg_t *inner = add;
    msc_cfg_t *merged = apr_pmemdup(p, base, sizeof(*merged));

    merge_server(merged, inner);
    merge_tls(merged, inner);
    merge_form(merged, inner);
    merged->set |= inner->set;
    return merged;
}

apr_array_header_t *msc_cfg_sections(apr_pool_t *pconf)
{
    void *found = NULL;
    apr_array_header_t *sections;

    if (apr_pool_userdata_get(&found, SECTIONS_KEY, pconf) == APR_SUCCESS
        && found) {
        return found;
    }
    sections = apr_array_make(pconf, SECTIONS_USUAL,
                              sizeof(msc_cfg_section_t));
    (void)apr_pool_userdata_setn(sections, SECTIONS_KEY, NULL, pconf);
    return sections;
}

void msc_cfg_note(cmd_parms *cmd, msc_cfg_t *cfg, msc_cfg_e which)
{
    apr_array_header_t *sections = msc_cfg_sections(cmd->pool);
    msc_cfg_section_t *section;

    if (!cfg->set) {
        section = apr_array_push(sections);
        section->cfg = cfg;
        section->server = cmd->server;
        section->directive = cmd->directive;
    }
    cfg->set |= BIT(which);
}

msc_cfg_t *msc_cfg_of_request(request_rec *r)
{
    return ap_get_module_config(r->per_dir_config, &smtpclient_module);
}

msc_cfg_t *msc_cfg_of_server(server_rec *s)
{
    return ap_get_module_config(s->lookup_defaults, &smtpclient_module);
}

int msc_cfg_is_host(const ap_directive_t *container)
{
    return !container || strcasecmp(container->directive, "<VirtualHost") == 0;
}

int msc_cfg_is_server(const msc_cfg_section_t *section)
{
    return msc_cfg_is_host(section->directive->parent);
}

const msc_cfg_section_t *
msc_cfg_opened_by(const ap_directive_t *container,
                  const apr_array_header_t *sections)
{
    int i;

    for (i = 0; i < sections->nelts; i++) {
        const msc_cfg_section_t *section =
            &APR_ARRAY_IDX(sections, i, msc_cfg_section_t);

        if (section->directive->parent == container
            && !msc_cfg_is_server(section)) {
            return section;
        }
    }
    return NULL;
}

msc_cfg_t *msc_cfg_inside(const ap_directive_t *container, server_rec *server,
                          const apr_array_header_t *sections, apr_pool_t *p)
{
    const ap_directive_t *chain[SECTION_DEPTH];
    msc_cfg_t *cfg = msc_cfg_of_server(server);
    int depth = 0;

    for (; container && depth < SECTION_DEPTH; container = container->parent) {
        chain[depth++] = container;
    }
    while (depth--) {
        const msc_cfg_section_t *outer = msc_cfg_opened_by(chain[depth],
                                                           sections);

        if (outer) {
            cfg = msc_cfg_merge(p, cfg, outer->cfg);
        }
    }
    return cfg;
}

/* What directives do not say, the files of SMTPMailSettings may. */

const char *msc_cfg_host(const msc_cfg_t *cfg)
{
    const char *host = cfg->host;

    if (!host && cfg->settings) {
        host = smtpc_settings_host(cfg->settings);
    }
    return host ? host : "localhost";
}

int msc_cfg_port(const msc_cfg_t *cfg)
{
    if (msc_cfg_is_set(cfg, MSC_CFG_PORT)) {
        return cfg->port;
    }
    if (cfg->settings && smtpc_settings_port(cfg->settings)) {
        return smtpc_settings_port(cfg->settings);
    }
    return MSC_PORT_DEFAULT;
}

const char *msc_cfg_from(const msc_cfg_t *cfg)
{
    if (cfg->from || !cfg->settings) {
        return cfg->from;
    }
    return smtpc_settings_from(cfg->settings);
}

smtpc_delivery_e msc_cfg_delivery(const msc_cfg_t *cfg)
{
    if (msc_cfg_is_set(cfg, MSC_CFG_DELIVERY) || !cfg->settings) {
        return cfg->delivery;
    }
    return smtpc_settings_delivery(cfg->settings);
}

const char *msc_cfg_pickup_directory(const msc_cfg_t *cfg)
{
    if (msc_cfg_is_set(cfg, MSC_CFG_PICKUP_DIRECTORY) || !cfg->settings) {
        return cfg->pickup_directory;
    }
    return smtpc_settings_pickup_directory(cfg->settings);
}

const char *msc_cfg_login(const msc_cfg_t *cfg)
{
    if (msc_cfg_is_set(cfg, MSC_CFG_CREDENTIALS)) {
        return cfg->credentials ? "SMTPCredentials" : NULL;
    }
    return cfg->settings
                   && (smtpc_settings_user(cfg->settings)
                       || smtpc_settings_default_credentials(cfg->settings))
               ? "SMTPMailSettings" : NULL;
}
