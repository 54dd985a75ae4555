/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfg_cmds.c: the directives.
 *
 * All of them are for the server's configuration and its sections; none is
 * for .htaccess, because whoever may write those must not choose recipients
 * or servers. What each one means is in docs/directives.md.
 *
 * What needs more than one directive to judge is in cfg_check.c.
 */

#include "cfg.h"
#include "module.h"

#include <apr_strings.h>

/* Where directives are allowed. */
#define CONTEXT (RSRC_CONF | ACCESS_CONF)

/* The word that takes away what an outer section gave. */
#define NOTHING "none"

/* A directive whose value is a string or a list: which one, where it goes. */
typedef struct {
    msc_cfg_e which;
    apr_size_t offset;
} slot_t;

#define SLOT(which, field)                                                    \
    (&(const slot_t){ which, APR_OFFSETOF(msc_cfg_t, field) })

#define FIELD(type, cfg, slot) (*(type *)((char *)(cfg) + (slot)->offset))

static int is_nothing(const char *arg)
{
    return strcasecmp(arg, NOTHING) == 0;
}

/* A string that the library judges in cfg_check.c. */
static const char *set_text(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;

    FIELD(const char *, cfg, slot) = is_nothing(arg) ? NULL : arg;
    msc_cfg_note(cmd, cfg, slot->which);
    return NULL;
}

/* A file, relative to ServerRoot. */
static const char *set_file(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;
    const char *path = NULL;
    const char *error = NULL;

    if (!is_nothing(arg)) {
        path = ap_server_root_relative(cmd->pool, arg);
        if (!path) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                               "\" is not a path", NULL);
        }
        error = msc_cfg_parse_path(cmd, path, APR_REG);
    }
    FIELD(const char *, cfg, slot) = path;
    msc_cfg_note(cmd, cfg, slot->which);
    return error;
}

/* A directory that is named in full: children write there, and ServerRoot
 * is where configuration lies. */
static const char *set_directory(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;

    if (is_nothing(arg)) {
        arg = NULL;
    }
    else if (*arg != '/') {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                           "\" is not an absolute path; begin it with /",
                           NULL);
    }
    FIELD(const char *, cfg, slot) = arg;
    msc_cfg_note(cmd, cfg, slot->which);
    return arg ? msc_cfg_parse_path(cmd, arg, APR_DIR) : NULL;
}

static const char *set_ca_directory(cmd_parms *cmd, void *cfg,
                                    const char *arg)
{
    const char *path = is_nothing(arg)
                           ? arg
                           : ap_server_root_relative(cmd->pool, arg);

    return set_directory(cmd, cfg, path ? path : arg);
}

/* Mailboxes; the directive may be repeated within a section. */
static const char *add_mailboxes(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;
    apr_array_header_t **list = &FIELD(apr_array_header_t *, cfg, slot);
    const char *error = NULL;

    if (!*list) {
        *list = apr_array_make(cmd->pool, 2, sizeof(const char *));
    }
    if (is_nothing(arg)) {
        apr_array_clear(*list);
    }
    else {
        error = msc_cfg_parse_mailboxes(cmd, arg);
        APR_ARRAY_PUSH(*list, const char *) = arg;
    }
    msc_cfg_note(cmd, cfg, slot->which);
    return error;
}

static const char *set_redirect(cmd_parms *cmd, void *cfg, const char *arg)
{
    const char *error = is_nothing(arg) ? NULL
                                        : msc_cfg_parse_redirect(cmd, arg);

    return error ? error : set_text(cmd, cfg, arg);
}

static const char *set_host(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    cfg->host = arg;
    msc_cfg_note(cmd, cfg, MSC_CFG_HOST);
    return NULL;
}

static const char *set_port(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;
    apr_int64_t port = 0;
    const char *error = msc_cfg_parse_number(&port, cmd, arg, 1, 65535);

    cfg->port = (int)port;
    msc_cfg_note(cmd, cfg, MSC_CFG_PORT);
    return error;
}

/* "file:path" with the path made absolute, anything else as it is; NULL if
 * that is not a path. */
static const char *absolute_reference(cmd_parms *cmd, const char *reference)
{
    const char *path;

    if (strncmp(reference, "file:", 5) != 0 || reference[5] == '\0') {
        return reference;
    }
    path = ap_server_root_relative(cmd->pool, reference + 5);
    return path ? apr_pstrcat(cmd->pool, "file:", path, NULL) : NULL;
}

/* SMTPCredentials with one word. */
static const char *set_one_word(msc_credentials_t *made, msc_cfg_t *cfg,
                                const char *word)
{
    if (strcasecmp(word, "default") == 0) {
        cfg->credentials = made;
        return NULL;
    }
    return is_nothing(word)
               ? NULL
               : "SMTPCredentials: the password is missing; write a user "
                 "and where the password is, such as file:/etc/httpd/"
                 "mail.pw, or token: and where a token is, or default, or "
                 "none";
}

static const char *set_credentials(cmd_parms *cmd, void *cfg_,
                                   const char *user, const char *reference)
{
    static const char token[] = "token:";
    msc_cfg_t *cfg = cfg_;
    msc_credentials_t *made = apr_pcalloc(cmd->pool, sizeof(*made));
    int is_token;

    msc_cfg_note(cmd, cfg, MSC_CFG_CREDENTIALS);
    cfg->credentials = NULL;
    made->directive = cmd->directive;
    if (!reference) {
        return set_one_word(made, cfg, user);
    }
    if (!*user || !*reference) {
        return "SMTPCredentials: user and password must not be empty; to log "
               "in nowhere, write SMTPCredentials none";
    }
    if (strstr(user, "${") || strstr(reference, "${")) {
        return "SMTPCredentials: a variable in it is not defined (\"${...}\" "
               "was left as it is); for a variable of the environment, write "
               "env:NAME";
    }
    made->user = user;
    is_token = strncmp(reference, token, sizeof(token) - 1) == 0;
    reference = absolute_reference(cmd, is_token
                                            ? reference + sizeof(token) - 1
                                            : reference);
    if (!reference) {
        return "SMTPCredentials: what follows file: is not a path";
    }
    if (is_token) {
        made->token = reference;
    }
    else {
        made->reference = reference;
    }
    cfg->credentials = made;
    return NULL;
}

static const char *set_security(cmd_parms *cmd, void *cfg_, const char *arg)
{
    static const char *const names[] = { "none", "opportunistic", "starttls",
                                         "implicit", NULL };
    static const smtpc_security_e values[] = {
        SMTPC_SECURITY_NONE, SMTPC_SECURITY_OPPORTUNISTIC,
        SMTPC_SECURITY_STARTTLS, SMTPC_SECURITY_IMPLICIT
    };
    msc_cfg_t *cfg = cfg_;
    int index = 0;
    const char *error = msc_cfg_parse_keyword(&index, cmd, arg, names);

    cfg->security = values[index];
    msc_cfg_note(cmd, cfg, MSC_CFG_SECURITY);
    return error;
}

static const char *set_from(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;
    smtpc_address_t *address;
    const char *why = "";

    msc_cfg_note(cmd, cfg, MSC_CFG_FROM);
    cfg->from = arg;
    if (smtpc_address_try(&address, &why, arg, cmd->pool) != APR_SUCCESS) {
        return apr_pstrcat(cmd->pool, "SMTPFrom: \"", arg,
                           "\" is not an address: ", why, NULL);
    }
    return NULL;
}

static const char *set_delivery(cmd_parms *cmd, void *cfg_, const char *arg)
{
    static const char *const names[] = { "network", "pickup", NULL };
    static const smtpc_delivery_e values[] = { SMTPC_DELIVER_NETWORK,
                                               SMTPC_DELIVER_PICKUP };
    msc_cfg_t *cfg = cfg_;
    int index = 0;
    const char *error = msc_cfg_parse_keyword(&index, cmd, arg, names);

    cfg->delivery = values[index];
    msc_cfg_note(cmd, cfg, MSC_CFG_DELIVERY);
    return error;
}

static const char *set_timeout(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    msc_cfg_note(cmd, cfg, MSC_CFG_TIMEOUT);
    if (ap_timeout_parameter_parse(arg, &cfg->timeout, "s") != APR_SUCCESS
        || cfg->timeout <= 0 || cfg->timeout > MSC_TIMEOUT_MAX) {
        return apr_pstrcat(cmd->pool, "SMTPTimeout: \"", arg,
                           "\" is not a time above 0 and up to an hour; "
                           "write 30s, 500ms or 1mi", NULL);
    }
    return NULL;
}

static const char *set_certificate(cmd_parms *cmd, void *cfg_,
                                   const char *certificate, const char *key)
{
    msc_cfg_t *cfg = cfg_;
    const char *error = NULL;

    msc_cfg_note(cmd, cfg, MSC_CFG_CERTIFICATE);
    cfg->certificate = NULL;
    cfg->certificate_key = NULL;
    if (!key && is_nothing(certificate)) {
        return NULL;
    }
    cfg->certificate = ap_server_root_relative(cmd->pool, certificate);
    if (key) {
        cfg->certificate_key = ap_server_root_relative(cmd->pool, key);
    }
    if (!cfg->certificate || (key && !cfg->certificate_key)) {
        return "SMTPTLSCertificate: not a path";
    }
    error = msc_cfg_parse_path(cmd, cfg->certificate, APR_REG);
    if (!error && key) {
        error = msc_cfg_parse_path(cmd, cfg->certificate_key, APR_REG);
    }
    return error;
}

/* Note the file if it holds a password that everybody can read. */
static void note_if_open(cmd_parms *cmd, msc_cfg_t *cfg, const char *path)
{
    apr_finfo_t info;

    cfg->settings_open = NULL;
    if (smtpc_settings_secret(cfg->settings)
        && !smtpc_settings_reference(cfg->settings)
        && apr_stat(&info, path, APR_FINFO_PROT, cmd->temp_pool)
               == APR_SUCCESS
        && (info.protection & APR_FPROT_WREAD)) {
        cfg->settings_open = path;
    }
}

/* One file after the other, each over those before it in this section. */
static const char *add_mail_settings(cmd_parms *cmd, void *cfg_,
                                     const char *arg)
{
    msc_cfg_t *cfg = cfg_;
    const smtpc_secret_t *before;
    const char *path;

    msc_cfg_note(cmd, cfg, MSC_CFG_MAIL_SETTINGS);
    if (is_nothing(arg)) {
        cfg->settings = NULL;
        cfg->settings_open = NULL;
        return NULL;
    }
    path = ap_server_root_relative(cmd->pool, arg);
    if (!path) {
        return apr_pstrcat(cmd->pool, "SMTPMailSettings: \"", arg,
                           "\" is not a path", NULL);
    }
    if (!cfg->settings
        && smtpc_settings_create(&cfg->settings, cmd->pool) != APR_SUCCESS) {
        return "SMTPMailSettings: out of memory";
    }
    before = smtpc_settings_secret(cfg->settings);
    if (smtpc_settings_load(cfg->settings, path, cmd->temp_pool)
        != APR_SUCCESS) {
        return apr_pstrcat(cmd->pool, "SMTPMailSettings: ",
                           smtpc_settings_error(cfg->settings), NULL);
    }
    if (smtpc_settings_secret(cfg->settings) != before) {
        note_if_open(cmd, cfg, path);
    }
    return NULL;
}

static const char *set_tls_version(cmd_parms *cmd, void *cfg_,
                                   const char *arg)
{
    static const char *const names[] = { "1.2", "1.3", NULL };
    static const smtpc_tls_version_e values[] = { SMTPC_TLS_1_2,
                                                  SMTPC_TLS_1_3 };
    msc_cfg_t *cfg = cfg_;
    int index = 0;
    const char *error = msc_cfg_parse_keyword(&index, cmd, arg, names);

    cfg->tls_version = values[index];
    msc_cfg_note(cmd, cfg, MSC_CFG_TLS_VERSION);
    return error;
}

static const char *set_dane(cmd_parms *cmd, void *cfg_, const char *arg)
{
    static const char *const names[] = { "off", "on", "required", NULL };
    static const smtpc_dane_e values[] = { SMTPC_DANE_OFF, SMTPC_DANE_ON,
                                           SMTPC_DANE_REQUIRED };
    msc_cfg_t *cfg = cfg_;
    int index = 0;
    const char *error = msc_cfg_parse_keyword(&index, cmd, arg, names);

    cfg->dane = values[index];
    msc_cfg_note(cmd, cfg, MSC_CFG_DANE);
    return error;
}

/* Values that the library takes as one list. */
static const char *add_listed(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;
    const char **list = &FIELD(const char *, cfg, slot);

    if (is_nothing(arg)) {
        *list = NULL;
    }
    else {
        *list = *list ? apr_pstrcat(cmd->pool, *list, ",", arg, NULL) : arg;
    }
    msc_cfg_note(cmd, cfg, slot->which);
    return NULL;
}

static const char *add_mechanism(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    if (is_nothing(arg)) {
        cfg->auth_mechanisms = NULL;
    }
    else if (cfg->auth_mechanisms) {
        cfg->auth_mechanisms = apr_pstrcat(cmd->pool, cfg->auth_mechanisms,
                                           " ", arg, NULL);
    }
    else {
        cfg->auth_mechanisms = arg;
    }
    msc_cfg_note(cmd, cfg, MSC_CFG_AUTH_MECHANISMS);
    return NULL;
}

static const char *set_subject(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    msc_cfg_note(cmd, cfg, MSC_CFG_FORM_SUBJECT);
    return msc_cfg_parse_template(&cfg->form_subject, cmd, arg);
}

static const char *set_reply_to(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    msc_cfg_note(cmd, cfg, MSC_CFG_FORM_REPLY_TO);
    cfg->form_reply_to = NULL;
    if (is_nothing(arg)) {
        return NULL;
    }
    return msc_cfg_parse_reply_to(&cfg->form_reply_to, cmd, arg);
}

static const char *add_require(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;

    if (!cfg->form_require) {
        cfg->form_require = apr_array_make(cmd->pool, 4,
                                           sizeof(const char *));
    }
    if (is_nothing(arg)) {
        apr_array_clear(cfg->form_require);
    }
    else {
        APR_ARRAY_PUSH(cfg->form_require, const char *) = arg;
    }
    msc_cfg_note(cmd, cfg, MSC_CFG_FORM_REQUIRE);
    return NULL;
}

static const char *set_size(cmd_parms *cmd, void *cfg, const char *arg)
{
    const slot_t *slot = cmd->info;

    msc_cfg_note(cmd, cfg, slot->which);
    return msc_cfg_parse_size(&FIELD(apr_off_t, cfg, slot), cmd, arg);
}

static const char *set_max_files(cmd_parms *cmd, void *cfg_, const char *arg)
{
    msc_cfg_t *cfg = cfg_;
    apr_int64_t files = 0;
    const char *error = msc_cfg_parse_number(&files, cmd, arg, 0,
                                             MSC_FORM_FILES_MAX);

    cfg->form_max_files = (int)files;
    msc_cfg_note(cmd, cfg, MSC_CFG_FORM_MAX_FILES);
    return error;
}

/* cmd->info is not const, but nobody writes to it. */
#define INFO(which, field) ((void *)SLOT(which, field))

const command_rec msc_cfg_cmds[] = {
    AP_INIT_TAKE1("SMTPHost", set_host, NULL, CONTEXT,
                  "name or address of the mail server"),
    AP_INIT_TAKE1("SMTPPort", set_port, NULL, CONTEXT,
                  "port of the mail server"),
    AP_INIT_TAKE12("SMTPCredentials", set_credentials, NULL, CONTEXT,
                   "user, and where the password is: file:path, "
                   "\"exec:program arguments\", env:NAME or the password; "
                   "or token: and where a token is; or default; or none"),
    AP_INIT_TAKE1("SMTPSecurity", set_security, NULL, CONTEXT,
                  "none, opportunistic, starttls or implicit"),
    AP_INIT_TAKE1("SMTPFrom", set_from, NULL, CONTEXT,
                  "mailbox that mails are from"),
    AP_INIT_TAKE1("SMTPDelivery", set_delivery, NULL, CONTEXT,
                  "network: to the mail server; pickup: into "
                  "SMTPPickupDirectory"),
    AP_INIT_TAKE1("SMTPPickupDirectory", set_directory,
                  INFO(MSC_CFG_PICKUP_DIRECTORY, pickup_directory), CONTEXT,
                  "absolute path of a directory that takes mails as files"),
    AP_INIT_TAKE1("SMTPTimeout", set_timeout, NULL, CONTEXT,
                  "time for one mail, such as 30s or 500ms"),
    AP_INIT_TAKE1("SMTPHelloName", set_text,
                  INFO(MSC_CFG_HELLO_NAME, hello_name), CONTEXT,
                  "name this host gives itself in EHLO; or none"),
    AP_INIT_ITERATE("SMTPAuthMechanisms", add_mechanism, NULL, CONTEXT,
                    "SASL mechanisms allowed, best first; or none for all"),
    AP_INIT_TAKE1("SMTPTargetName", set_text,
                  INFO(MSC_CFG_TARGET_NAME, target_name), CONTEXT,
                  "name of the mail service for Kerberos; or none"),
    AP_INIT_TAKE1("SMTPTLSCAFile", set_file, INFO(MSC_CFG_CA_FILE, ca_file),
                  CONTEXT, "PEM file of certificate authorities; or none"),
    AP_INIT_TAKE1("SMTPTLSCADirectory", set_ca_directory,
                  INFO(MSC_CFG_CA_DIRECTORY, ca_directory), CONTEXT,
                  "hashed directory of certificate authorities; or none"),
    AP_INIT_TAKE1("SMTPTLSVerifyName", set_text,
                  INFO(MSC_CFG_VERIFY_NAME, verify_name), CONTEXT,
                  "name the server's certificate must be for; or none"),
    AP_INIT_TAKE12("SMTPTLSCertificate", set_certificate, NULL, CONTEXT,
                   "PEM file of our certificate, and of its key; or none"),
    AP_INIT_TAKE1("SMTPTLSCRLFile", set_file,
                  INFO(MSC_CFG_CRL_FILE, crl_file), CONTEXT,
                  "PEM file of revoked certificates; or none"),
    AP_INIT_TAKE1("SMTPTLSVersion", set_tls_version, NULL, CONTEXT,
                  "oldest version of TLS: 1.2 or 1.3"),
    AP_INIT_TAKE1("SMTPTLSCiphers", set_text, INFO(MSC_CFG_CIPHERS, ciphers),
                  CONTEXT, "ciphers of TLS 1.2, as OpenSSL names them; or "
                  "none for OpenSSL's own"),
    AP_INIT_TAKE1("SMTPTLSCipherSuites", set_text,
                  INFO(MSC_CFG_CIPHER_SUITES, cipher_suites), CONTEXT,
                  "cipher suites of TLS 1.3; or none for OpenSSL's own"),
    AP_INIT_TAKE1("SMTPTLSGroups", set_text, INFO(MSC_CFG_GROUPS, groups),
                  CONTEXT, "groups for key exchange; or none for OpenSSL's "
                  "own"),
    AP_INIT_ITERATE("SMTPTLSPin", add_listed, INFO(MSC_CFG_PINS, pins),
                    CONTEXT, "public keys the server may have, sha256// and "
                    "base64; or none for any"),
    AP_INIT_ITERATE("SMTPTLSARecord", add_listed, INFO(MSC_CFG_TLSA, tlsa),
                    CONTEXT, "TLSA records of the server, each in quotes: "
                    "\"3 1 1 hex\"; or none"),
    AP_INIT_TAKE1("SMTPTLSDANE", set_dane, NULL, CONTEXT,
                  "look up TLSA records of the server: off, on or required"),
    AP_INIT_TAKE1("SMTPTLSDANEAnchor", set_file,
                  INFO(MSC_CFG_DANE_ANCHOR, dane_anchor), CONTEXT,
                  "file of DNSSEC keys to trust; or none for the root's"),
    AP_INIT_TAKE1("SMTPTLSDANEResolver", set_text,
                  INFO(MSC_CFG_DANE_RESOLVER, dane_resolver), CONTEXT,
                  "address of a name server, and @port; or none for the "
                  "system's"),
    AP_INIT_ITERATE("SMTPMailSettings", add_mail_settings, NULL, CONTEXT,
                    "XML files with .NET's mailSettings, the machine's "
                    "before the application's; or none"),
    AP_INIT_TAKE_ARGV("SMTPDKIMSign", msc_dkim_directive, NULL, CONTEXT,
                      "domain, selector, and where the private key is: "
                      "file:path or \"exec:program arguments\", then "
                      "options; again for a second signature; or none"),
    AP_INIT_ITERATE("SMTPFormTo", add_mailboxes,
                    INFO(MSC_CFG_FORM_TO, form_to), CONTEXT,
                    "mailboxes that get what visitors post"),
    AP_INIT_ITERATE("SMTPFormCc", add_mailboxes,
                    INFO(MSC_CFG_FORM_CC, form_cc), CONTEXT,
                    "mailboxes that get a copy; or none"),
    AP_INIT_ITERATE("SMTPFormBcc", add_mailboxes,
                    INFO(MSC_CFG_FORM_BCC, form_bcc), CONTEXT,
                    "mailboxes that get a copy nobody sees; or none"),
    AP_INIT_TAKE1("SMTPFormSubject", set_subject, NULL, CONTEXT,
                  "subject; %{smtpform:name} is the value of a field"),
    AP_INIT_TAKE1("SMTPFormReplyTo", set_reply_to, NULL, CONTEXT,
                  "where answers go, such as "
                  "\"%{smtpform:name} <%{smtpform:email}>\"; or none"),
    AP_INIT_ITERATE("SMTPFormRequire", add_require, NULL, CONTEXT,
                    "fields that must be filled in; or none"),
    AP_INIT_TAKE1("SMTPFormRedirect", set_redirect,
                  INFO(MSC_CFG_FORM_REDIRECT, form_redirect), CONTEXT,
                  "path or URL of the page after success; or none"),
    AP_INIT_TAKE1("SMTPFormErrorRedirect", set_redirect,
                  INFO(MSC_CFG_FORM_ERROR_REDIRECT, form_error_redirect),
                  CONTEXT, "path or URL of the page after failure; or none"),
    AP_INIT_TAKE1("SMTPFormMaxBody", set_size,
                  INFO(MSC_CFG_FORM_MAX_BODY, form_max_body), CONTEXT,
                  "bytes of a posted form in all, such as 12M"),
    AP_INIT_TAKE1("SMTPFormMaxFiles", set_max_files, NULL, CONTEXT,
                  "number of files in a form; 0: none"),
    AP_INIT_TAKE1("SMTPFormMaxFileSize", set_size,
                  INFO(MSC_CFG_FORM_MAX_FILE_SIZE, form_max_file_size),
                  CONTEXT, "bytes of one file, such as 10M"),
    AP_INIT_TAKE1("SMTPFormTempDirectory", set_directory,
                  INFO(MSC_CFG_FORM_TEMP_DIRECTORY, form_temp_directory),
                  CONTEXT,
                  "absolute path of a directory for large uploads while "
                  "they are sent; or none for the system's"),
    { NULL, { NULL }, NULL, 0, RAW_ARGS, NULL }
};
