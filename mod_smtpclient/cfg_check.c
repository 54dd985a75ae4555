/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfg_check.c: what one directive alone does not tell, so that `httpd -t`
 * does. Every complaint names file, line and what to write instead.
 *
 * A section is judged by itself, the sections around it and its server. A
 * value that could also come from a section beside it (<Directory> and
 * <Location> of one request) is not called missing; the form handler tells
 * then.
 *
 * Values are tried on a client of the library, which is thrown away. Names
 * are not looked up, nothing connects, no program is started.
 */

#include "api.h"
#include "cfg.h"
#include "module.h"

#include <arpa/inet.h>
#include <grp.h>
#include <unistd.h>

#include <http_core.h>
#include <http_log.h>
#include <apr_strings.h>
#include <unixd.h>

APLOG_USE_MODULE(smtpclient);

/* Groups of the children's user that are looked at. */
#define GROUPS_MAX 64

typedef struct {
    apr_pool_t *pool;
    const apr_array_header_t *sections;
    server_rec *main_server;
    smtpc_env_t *env;
    /* Where we are. */
    const ap_directive_t *directive;
    int failed;
    int quiet; /* no warnings: this configuration is read once more */
} check_t;

/* Say what is wrong at a place of the configuration. */
static void complain(check_t *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void complain(check_t *check, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    ap_log_error(APLOG_MARK, APLOG_EMERG | APLOG_STARTUP, 0, NULL,
                 SMTPLOGNO(6) "%s:%d: %s", check->directive->filename,
                 check->directive->line_num,
                 apr_pvsprintf(check->pool, fmt, ap));
    va_end(ap);
    check->failed = 1;
}

static void warn(check_t *check, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void warn(check_t *check, const char *fmt, ...)
{
    va_list ap;

    if (check->quiet) {
        return;
    }
    va_start(ap, fmt);
    ap_log_error(APLOG_MARK, APLOG_WARNING | APLOG_STARTUP, 0, NULL,
                 SMTPLOGNO(7) "%s:%d: %s", check->directive->filename,
                 check->directive->line_num,
                 apr_pvsprintf(check->pool, fmt, ap));
    va_end(ap);
}

/* The path of a section, without quotes and the bracket that ends it. */
static const char *path_of(const check_t *check,
                           const ap_directive_t *section)
{
    const char *args = section->args;
    char *path = ap_getword_conf(check->pool, &args);
    apr_size_t len = strlen(path);

    while (len && path[len - 1] == '>') {
        path[--len] = '\0';
    }
    return path;
}

/* Whether the path of one section is the beginning of that of another, for
 * two sections of the same kind without patterns. */
static int holds_inside(const check_t *check, const ap_directive_t *outer,
                        const ap_directive_t *inner)
{
    static const char pattern[] = "*?[~$^";
    const char *path;

    if (!outer || !inner || strcasecmp(outer->directive, inner->directive) != 0
        || strpbrk(outer->args, pattern) || strpbrk(inner->args, pattern)) {
        return 1;
    }
    path = path_of(check, outer);
    return strncmp(path, path_of(check, inner), strlen(path)) == 0;
}

/* Whether a directive that a section lacks may come from one beside it. */
static int may_come(const check_t *check, const ap_directive_t *container,
                    msc_cfg_e which)
{
    int i;

    for (i = 0; i < check->sections->nelts; i++) {
        const msc_cfg_section_t *other =
            &APR_ARRAY_IDX(check->sections, i, msc_cfg_section_t);

        if (!msc_cfg_is_server(other) && msc_cfg_is_set(other->cfg, which)
            && other->directive->parent != container
            && holds_inside(check, other->directive->parent, container)) {
            return 1;
        }
    }
    return 0;
}

static int is_loopback(const char *host)
{
    struct in_addr address;

    if (inet_pton(AF_INET, host, &address) == 1) {
        return ntohl(address.s_addr) >> 24 == IN_LOOPBACKNET;
    }
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0;
}

static void check_security(check_t *check, const msc_cfg_t *cfg)
{
    const char *host = msc_cfg_host(cfg);
    const char *login = msc_cfg_login(cfg);

    if (!msc_cfg_is_set(cfg, MSC_CFG_SECURITY)) {
        return;
    }
    if (login && cfg->security == SMTPC_SECURITY_NONE && !is_loopback(host)) {
        complain(check,
                 "SMTPSecurity none would send the password of %s "
                 "to %s unprotected; write SMTPSecurity starttls or implicit, "
                 "or SMTPCredentials none", login, host);
    }
    if (login && cfg->security == SMTPC_SECURITY_OPPORTUNISTIC) {
        complain(check,
                 "with SMTPSecurity opportunistic the server's certificate is "
                 "not verified, so %s are never sent to %s; "
                 "write SMTPSecurity starttls or implicit, or SMTPCredentials "
                 "none", login[4] == 'C' ? login : "the credentials of "
                                                   "SMTPMailSettings", host);
    }
    if (cfg->security == SMTPC_SECURITY_IMPLICIT
        && msc_cfg_port(cfg) == MSC_PORT_DEFAULT) {
        complain(check,
                 "SMTPSecurity implicit speaks TLS from the first byte, which "
                 "nobody does on port %d; write SMTPPort 465, or SMTPSecurity "
                 "starttls", MSC_PORT_DEFAULT);
    }
}

/* Try the values on a client. */
static void check_values(check_t *check, const msc_cfg_t *cfg)
{
    msc_cfg_t tried = *cfg;
    smtpc_client_t *client;
    const char *directive = "";
    apr_status_t rv;

    rv = smtpc_client_create(&client, check->env, msc_cfg_host(cfg),
                             msc_cfg_port(cfg), check->pool);
    if (rv != APR_SUCCESS) {
        complain(check,
                 "SMTPHost: \"%s\" is not a host name or address; write it "
                 "without port or scheme, such as mail.example.org",
                 msc_cfg_host(cfg));
        return;
    }
    /* A program that knows the password is not run for a check; what else
     * the files say was judged when they were read. */
    if (cfg->settings && smtpc_settings_reference(cfg->settings)
        && !smtpc_settings_secret(cfg->settings)) {
        tried.settings = NULL;
    }
    rv = msc_api_configure(client, &tried, &directive);
    if (rv == APR_SUCCESS) {
        directive = "SMTPSecurity, SMTPTLSCAFile or another SMTPTLS "
                    "directive";
        rv = smtpc_client_check(client);
    }
    if (rv != APR_SUCCESS) {
        complain(check, "%s",
                 msc_api_reason(client, rv, directive, check->pool));
    }
}

/* Whether the user that children run as may use a path, by its mode. Access
 * lists and the folders above are not looked at, so this is for warnings. */
static int child_may(const char *path, apr_fileperms_t world, apr_pool_t *p)
{
    gid_t groups[GROUPS_MAX];
    int count = GROUPS_MAX;
    apr_fileperms_t group = world << 4;
    apr_fileperms_t user = world << 8;
    apr_finfo_t info;

    if (geteuid() != 0 || ap_unixd_config.user_id == (uid_t)-1
        || ap_unixd_config.user_id == 0
        || apr_stat(&info, path, APR_FINFO_PROT | APR_FINFO_OWNER, p)
               != APR_SUCCESS) {
        return 1;
    }
    if (info.user == ap_unixd_config.user_id) {
        return (info.protection & user) == user;
    }
    if (getgrouplist(ap_unixd_config.user_name, ap_unixd_config.group_id,
                     groups, &count) < 0) {
        count = 0;
    }
    for (int i = 0; i < count; i++) {
        if (groups[i] == info.group) {
            return (info.protection & group) == group;
        }
    }
    return (info.protection & world) == world;
}

static void check_access(check_t *check, const char *directive,
                         const char *path, apr_fileperms_t world)
{
    if (path && !child_may(path, world, check->pool)) {
        warn(check,
             "%s: httpd's children run as user %s, who does not seem to be "
             "allowed to %s %s; change its owner, group or mode", directive,
             ap_unixd_config.user_name,
             world & APR_FPROT_WWRITE ? "write to" : "read", path);
    }
}

static void check_paths(check_t *check, const msc_cfg_t *own)
{
    const apr_fileperms_t read = APR_FPROT_WREAD;
    const apr_fileperms_t enter = APR_FPROT_WREAD | APR_FPROT_WEXECUTE;
    const apr_fileperms_t write = APR_FPROT_WWRITE | APR_FPROT_WEXECUTE;

    check_access(check, "SMTPTLSCAFile", own->ca_file, read);
    check_access(check, "SMTPTLSCADirectory", own->ca_directory, enter);
    check_access(check, "SMTPTLSCertificate", own->certificate, read);
    check_access(check, "SMTPTLSCertificate", own->certificate_key, read);
    check_access(check, "SMTPTLSCRLFile", own->crl_file, read);
    check_access(check, "SMTPTLSDANEAnchor", own->dane_anchor, read);
    check_access(check, "SMTPPickupDirectory", own->pickup_directory, write);
    check_access(check, "SMTPFormTempDirectory", own->form_temp_directory,
                 write);
}

/* A program is not run for a check; see that there is one. */
static void check_program(check_t *check, const char *name,
                          const char *command)
{
    const char *program = ap_getword_white(check->pool, &command);

    if (*program != '/' || access(program, X_OK) != 0) {
        complain(check,
                 "%s: exec: needs the absolute path of a program "
                 "that can be run; \"%s\" is not", name, program);
    }
}

/* A token is fetched by children, when they log in: see that they can. */
static void check_token(check_t *check, const char *token)
{
    if (strncmp(token, "exec:", 5) == 0) {
        check_program(check, "SMTPCredentials", token + 5);
    }
    else if (strncmp(token, "file:", 5) == 0) {
        check_access(check, "SMTPCredentials", token + 5, APR_FPROT_WREAD);
    }
}

static void check_secret(check_t *check, const msc_cfg_t *own)
{
    const char *reference;
    smtpc_secret_t *secret;
    const char *why = "";

    if (own->credentials && own->credentials->token) {
        check_token(check, own->credentials->token);
    }
    if (!own->credentials || !own->credentials->reference) {
        return;
    }
    reference = own->credentials->reference;
    if (strncmp(reference, "exec:", 5) == 0) {
        check_program(check, "SMTPCredentials", reference + 5);
        return;
    }
    if (smtpc_secret_load(&secret, &why, reference, check->pool)
        != APR_SUCCESS) {
        complain(check, "SMTPCredentials of user %s: %s",
                 own->credentials->user, why);
        return;
    }
    if (strncmp(reference, "file:", 5) != 0
        && strncmp(reference, "env:", 4) != 0) {
        warn(check,
             "SMTPCredentials: the password of user %s stands in the "
             "configuration, where mod_info and httpd -t -D DUMP_CONFIG show "
             "it; put it into a file that only root can read, and write "
             "file:/path/of/it", own->credentials->user);
    }
}

/* The files of SMTPMailSettings, beyond what was seen when they were read. */
static void check_settings(check_t *check, const msc_cfg_t *own)
{
    const char *reference;
    const char *directory;

    if (!own->settings) {
        return;
    }
    reference = smtpc_settings_reference(own->settings);
    directory = smtpc_settings_pickup_directory(own->settings);
    if (reference && strncmp(reference, "exec:", 5) == 0) {
        check_program(check, "SMTPMailSettings", reference + 5);
    }
    else if (smtpc_settings_resolve(own->settings) != APR_SUCCESS) {
        complain(check, "SMTPMailSettings: %s",
                 smtpc_settings_error(own->settings));
    }
    if (own->settings_open) {
        warn(check, "SMTPMailSettings: every user of this machine can read "
             "the password in %s; run chmod o-r on it, or write "
             "password=\"file:/path\" there", own->settings_open);
    }
    if (directory && access(directory, F_OK) != 0) {
        complain(check, "SMTPMailSettings: the pickup directory %s does not "
                 "exist", directory);
    }
    check_access(check, "SMTPMailSettings", directory,
                 APR_FPROT_WWRITE | APR_FPROT_WEXECUTE);
}

static void check_signer(check_t *check, const msc_dkim_t *signer)
{
    smtpc_dkim_t *dkim;
    const char *why;

    check->directive = signer->directive;
    if (strncmp(signer->reference, "exec:", 5) == 0) {
        check_program(check, "SMTPDKIMSign", signer->reference + 5);
    }
    else if (msc_dkim_make(&dkim, &why, signer, check->pool)
             != APR_SUCCESS) {
        complain(check, "SMTPDKIMSign: %s", why);
    }
    else if (*smtpc_dkim_warning(dkim)) {
        warn(check, "SMTPDKIMSign: %s", smtpc_dkim_warning(dkim));
    }
}

static void check_dkim(check_t *check, const msc_cfg_t *own)
{
    const ap_directive_t *directive = check->directive;
    int i;

    for (i = 0; own->dkim && i < own->dkim->nelts; i++) {
        check_signer(check, APR_ARRAY_IDX(own->dkim, i, const msc_dkim_t *));
    }
    check->directive = directive;
}

/* What is inherited was complained of where it was written. */
static int says_server(const msc_cfg_t *own)
{
    int which;

    for (which = 0; which < MSC_CFG_FORM_TO; which++) {
        if (msc_cfg_is_set(own, (msc_cfg_e)which)) {
            return 1;
        }
    }
    return 0;
}

static void check_section(check_t *check, const msc_cfg_section_t *section)
{
    const ap_directive_t *container = section->directive->parent;
    const msc_cfg_t *cfg = msc_cfg_inside(container, section->server,
                                          check->sections, check->pool);

    check->directive = section->directive;
    check_paths(check, section->cfg);
    check_secret(check, section->cfg);
    check_dkim(check, section->cfg);
    check_settings(check, section->cfg);
    if (!says_server(section->cfg)) {
        return;
    }
    check_values(check, cfg);
    check_security(check, cfg);
    if (msc_cfg_delivery(cfg) == SMTPC_DELIVER_PICKUP
        && !msc_cfg_pickup_directory(cfg)
        && !may_come(check, container, MSC_CFG_PICKUP_DIRECTORY)) {
        complain(check, "%s needs SMTPPickupDirectory with the absolute "
                        "path of a directory",
                 msc_cfg_is_set(cfg, MSC_CFG_DELIVERY)
                     ? "SMTPDelivery pickup"
                     : "SpecifiedPickupDirectory of SMTPMailSettings");
    }
}

/* The server or virtual host that a section is in. */
static server_rec *server_of(const check_t *check,
                             const ap_directive_t *container)
{
    server_rec *s;

    while (!msc_cfg_is_host(container)) {
        container = container->parent;
    }
    for (s = check->main_server; s && container; s = s->next) {
        if (s->is_virtual && s->defn_name
            && s->defn_line_number == (unsigned)container->line_num
            && strcmp(s->defn_name, container->filename) == 0) {
            return s;
        }
    }
    return check->main_server;
}

static void check_form(check_t *check, const ap_directive_t *container)
{
    const msc_cfg_t *cfg = msc_cfg_inside(container,
                                          server_of(check, container),
                                          check->sections, check->pool);

    if ((!cfg->form_to || !cfg->form_to->nelts)
        && !may_come(check, container, MSC_CFG_FORM_TO)) {
        complain(check, "SetHandler " MSC_FORM_HANDLER ": nobody gets what "
                        "visitors post here; add SMTPFormTo with an address");
    }
    if (!msc_cfg_from(cfg) && !may_come(check, container, MSC_CFG_FROM)
        && !may_come(check, container, MSC_CFG_MAIL_SETTINGS)) {
        complain(check, "SetHandler " MSC_FORM_HANDLER ": mails need a "
                        "sender; add SMTPFrom with an address of this site");
    }
}

/* Find the forms: SetHandler is the core's, and known here from the tree of
 * directives only. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as sections of the operator's */
static void check_forms(check_t *check, const ap_directive_t *directive)
{
    for (; directive; directive = directive->next) {
        const char *args = directive->args ? directive->args : "";

        if (strcasecmp(directive->directive, "SetHandler") == 0
            && strcmp(ap_getword_conf(check->pool, &args), MSC_FORM_HANDLER)
                   == 0) {
            check->directive = directive;
            check_form(check, directive->parent);
        }
        check_forms(check, directive->first_child);
    }
}

int msc_cfg_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                  server_rec *s)
{
    check_t check = { 0 };
    int i;

    (void)plog;
    check.main_server = s;
    check.sections = msc_cfg_sections(pconf);
    check.quiet = ap_state_query(AP_SQ_MAIN_STATE)
                      == AP_SQ_MS_CREATE_PRE_CONFIG
                  && ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_NORMAL;
    apr_pool_create(&check.pool, ptemp);
    if (smtpc_env_create(&check.env, check.pool) != APR_SUCCESS) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    for (i = 0; i < check.sections->nelts; i++) {
        check_section(&check,
                      &APR_ARRAY_IDX(check.sections, i, msc_cfg_section_t));
    }
    check_forms(&check, ap_conftree);
    apr_pool_destroy(check.pool);
    return check.failed ? HTTP_INTERNAL_SERVER_ERROR : OK;
}
