/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.c: from a configuration to a client, for ourselves and, as optional
 * functions, for other modules.
 */

#include "api.h"
#include "cfg.h"
#include "module.h"

#include <http_log.h>
#include <apr_atomic.h>
#include <apr_strings.h>

APLOG_USE_MODULE(smtpclient);

static apr_status_t count_down(void *baton)
{
    msc_process_t *process = baton;

    apr_atomic_dec32(&process->clients);
    return APR_SUCCESS;
}

/* Make one step of configuring; remember which directive it was for. */
#define STEP(name, call)                                                      \
    do {                                                                      \
        apr_status_t step_rv = (call);                                        \
                                                                              \
        if (step_rv != APR_SUCCESS) {                                         \
            *directive = (name);                                              \
            return step_rv;                                                   \
        }                                                                     \
    } while (0)

static apr_status_t configure_keys(smtpc_client_t *client,
                                   const msc_cfg_t *cfg,
                                   const char **directive)
{
    if (cfg->crl_file) {
        STEP("SMTPTLSCRLFile", smtpc_client_set_crl_file(client,
                                                         cfg->crl_file));
    }
    if (cfg->pins) {
        STEP("SMTPTLSPin", smtpc_client_set_pins(client, cfg->pins));
    }
    if (cfg->tlsa) {
        STEP("SMTPTLSARecord", smtpc_client_set_tlsa_records(client,
                                                             cfg->tlsa));
    }
    STEP("SMTPTLSDANE", smtpc_client_set_dane(client, cfg->dane));
    if (cfg->dane_anchor) {
        STEP("SMTPTLSDANEAnchor",
             smtpc_client_set_dane_anchor(client, cfg->dane_anchor));
    }
    if (cfg->dane_resolver) {
        STEP("SMTPTLSDANEResolver",
             smtpc_client_set_dane_resolver(client, cfg->dane_resolver));
    }
    return APR_SUCCESS;
}

static apr_status_t configure_protocol(smtpc_client_t *client,
                                       const msc_cfg_t *cfg,
                                       const char **directive)
{
    STEP("SMTPTLSVersion", smtpc_client_set_tls_version(client,
                                                        cfg->tls_version));
    if (cfg->ciphers) {
        STEP("SMTPTLSCiphers", smtpc_client_set_ciphers(client,
                                                        cfg->ciphers));
    }
    if (cfg->cipher_suites) {
        STEP("SMTPTLSCipherSuites",
             smtpc_client_set_cipher_suites(client, cfg->cipher_suites));
    }
    if (cfg->groups) {
        STEP("SMTPTLSGroups", smtpc_client_set_groups(client, cfg->groups));
    }
    return APR_SUCCESS;
}

static apr_status_t configure_tls(smtpc_client_t *client,
                                  const msc_cfg_t *cfg,
                                  const char **directive)
{
    if (msc_cfg_is_set(cfg, MSC_CFG_SECURITY)) {
        STEP("SMTPSecurity", smtpc_client_set_security(client,
                                                       cfg->security));
    }
    if (cfg->ca_file) {
        STEP("SMTPTLSCAFile", smtpc_client_set_ca_file(client,
                                                       cfg->ca_file));
    }
    if (cfg->ca_directory) {
        STEP("SMTPTLSCADirectory",
             smtpc_client_set_ca_directory(client, cfg->ca_directory));
    }
    if (cfg->verify_name) {
        STEP("SMTPTLSVerifyName",
             smtpc_client_set_verify_name(client, cfg->verify_name));
    }
    if (cfg->certificate) {
        STEP("SMTPTLSCertificate",
             smtpc_client_set_client_certificate(client, cfg->certificate,
                                                 cfg->certificate_key));
    }
    STEP(*directive, configure_protocol(client, cfg, directive));
    STEP(*directive, configure_keys(client, cfg, directive));
    return APR_SUCCESS;
}

/* The secret is there when children run. */
static apr_status_t configure_login(smtpc_client_t *client,
                                    const msc_cfg_t *cfg)
{
    const msc_credentials_t *credentials = cfg->credentials;

    if (credentials && !credentials->user) {
        return smtpc_client_set_default_credentials(client, 1);
    }
    if (credentials && credentials->token) {
        return smtpc_client_set_token(client, credentials->user,
                                      credentials->token);
    }
    if (credentials && credentials->secret) {
        return smtpc_client_set_secret(client, credentials->user,
                                       credentials->secret);
    }
    if (msc_cfg_is_set(cfg, MSC_CFG_CREDENTIALS)) {
        return smtpc_client_set_credentials(client, NULL, NULL);
    }
    return APR_SUCCESS;
}

/* Without keys, in a check, there are no signers. */
static apr_status_t configure_dkim(smtpc_client_t *client,
                                   const msc_cfg_t *cfg,
                                   const char **directive)
{
    int i;

    for (i = 0; cfg->dkim && i < cfg->dkim->nelts; i++) {
        const msc_dkim_t *signer = APR_ARRAY_IDX(cfg->dkim, i,
                                                 const msc_dkim_t *);

        if (signer->dkim) {
            STEP("SMTPDKIMSign", smtpc_client_add_dkim(client, signer->dkim));
        }
    }
    return APR_SUCCESS;
}

apr_status_t msc_api_configure(smtpc_client_t *client, const msc_cfg_t *cfg,
                               const char **directive)
{
    if (cfg->settings) {
        STEP("SMTPMailSettings",
             smtpc_client_apply_settings(client, cfg->settings));
    }
    STEP("SMTPCredentials", configure_login(client, cfg));
    STEP(*directive, configure_dkim(client, cfg, directive));
    if (cfg->from) {
        STEP("SMTPFrom", smtpc_client_set_from(client, cfg->from));
    }
    STEP("SMTPTimeout",
         smtpc_client_set_timeout(client, cfg->timeout ? cfg->timeout
                                                       : MSC_TIMEOUT_DEFAULT));
    if (msc_cfg_is_set(cfg, MSC_CFG_HELLO_NAME)) {
        STEP("SMTPHelloName",
             smtpc_client_set_hello_name(client, cfg->hello_name));
    }
    if (cfg->auth_mechanisms) {
        STEP("SMTPAuthMechanisms",
             smtpc_client_set_auth_mechanisms(client, cfg->auth_mechanisms));
    }
    if (msc_cfg_is_set(cfg, MSC_CFG_TARGET_NAME)) {
        STEP("SMTPTargetName",
             smtpc_client_set_target_name(client, cfg->target_name));
    }
    if (msc_cfg_is_set(cfg, MSC_CFG_PICKUP_DIRECTORY)) {
        STEP("SMTPPickupDirectory",
             smtpc_client_set_pickup_directory(client,
                                               cfg->pickup_directory));
    }
    STEP("SMTPDelivery",
         smtpc_client_set_delivery(client, msc_cfg_delivery(cfg)));
    return configure_tls(client, cfg, directive);
}

const char *msc_api_reason(const smtpc_client_t *client, apr_status_t rv,
                           const char *directive, apr_pool_t *p)
{
    char text[200];
    const char *why = client ? smtpc_client_error(client) : "";

    return apr_pstrcat(p, directive, ": ",
                       *why ? why : smtpc_strerror(rv, text, sizeof(text)),
                       NULL);
}

/* Make a client of the process in p, or say why there is none. */
static apr_status_t create(smtpc_client_t **client, const char **why,
                           const msc_cfg_t *cfg, apr_pool_t *p)
{
    msc_process_t *process = msc_lifecycle_process();
    const char *directive = "SMTPHost";
    smtpc_client_t *made = NULL;
    apr_status_t rv;

    if (!process->env) {
        *why = "this process has not begun";
        return APR_EINIT;
    }
    /* Registered before the client's own cleanup, so that it runs after. */
    apr_atomic_inc32(&process->clients);
    msc_lifecycle_watch(process);
    apr_pool_cleanup_register(p, process, count_down, apr_pool_cleanup_null);

    rv = smtpc_client_create(&made, process->env, msc_cfg_host(cfg),
                             msc_cfg_port(cfg), p);
    if (rv == APR_SUCCESS) {
        rv = msc_api_configure(made, cfg, &directive);
    }
    if (rv == APR_SUCCESS) {
        *client = made;
    }
    else {
        *why = msc_api_reason(made, rv, directive, p);
    }
    return rv;
}

apr_status_t msc_api_for_request(smtpc_client_t **client, request_rec *r)
{
    const char *why;
    apr_status_t rv = create(client, &why, msc_cfg_of_request(r), r->pool);

    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, r,
                      SMTPLOGNO(4) "cannot make a mail client: %s", why);
    }
    return rv;
}

/* The optional functions carry the names of these two. */
static apr_status_t smtpclient_for_request(smtpc_client_t **client,
                                           request_rec *r)
{
    return msc_api_for_request(client, r);
}

static apr_status_t smtpclient_for_server(smtpc_client_t **client,
                                          server_rec *s, apr_pool_t *p)
{
    const char *why;
    apr_status_t rv = create(client, &why, msc_cfg_of_server(s), p);

    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s,
                     SMTPLOGNO(5) "cannot make a mail client: %s", why);
    }
    return rv;
}

void msc_api_register(void)
{
    APR_REGISTER_OPTIONAL_FN(smtpclient_for_request);
    APR_REGISTER_OPTIONAL_FN(smtpclient_for_server);
}
