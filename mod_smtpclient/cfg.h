/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MSC_CFG_H
#define MSC_CFG_H

/**
 * @file cfg.h
 * The configuration: one record per section. That of a server outside of all
 * sections is its s->lookup_defaults, so that one merge serves server,
 * virtual host and directory alike.
 *
 *   cfg.c        records: create, merge, list of the sections
 *   cfg_cmds.c   the table of directives
 *   cfg_dkim.c   SMTPDKIMSign
 *   cfg_parse.c  values
 *   cfg_check.c  what can be told before the server starts
 */

#include <httpd.h>
#include <http_config.h>
#include <ap_expr.h>

#include <smtpclient/smtpclient.h>

/** Default of SMTPPort. */
#define MSC_PORT_DEFAULT 25
/** Default of SMTPTimeout: below the 60 s after which httpd, proxies and
 *  browsers begin to give up. */
#define MSC_TIMEOUT_DEFAULT apr_time_from_sec(30)
/** Most that SMTPTimeout takes: beyond it a unit was mistaken. */
#define MSC_TIMEOUT_MAX apr_time_from_sec(3600)
/** Default of SMTPFormMaxBody: a file of 10 MiB and text. */
#define MSC_FORM_BODY_DEFAULT (12 * 1024 * 1024)
/** Most that a size takes; the parser counts in apr_off_t. */
#define MSC_SIZE_MAX APR_INT64_C(0x3fffffffffff)
/** Most that SMTPFormMaxFiles takes: the library's attachments. */
#define MSC_FORM_FILES_MAX 1000
/** Signatures of one mail: the library's. */
#define MSC_DKIM_MAX 8

/** Directives that were given; index of bits in msc_cfg_t.set. */
typedef enum {
    MSC_CFG_HOST,
    MSC_CFG_PORT,
    MSC_CFG_CREDENTIALS,
    MSC_CFG_SECURITY,
    MSC_CFG_FROM,
    MSC_CFG_DELIVERY,
    MSC_CFG_PICKUP_DIRECTORY,
    MSC_CFG_TIMEOUT,
    MSC_CFG_HELLO_NAME,
    MSC_CFG_AUTH_MECHANISMS,
    MSC_CFG_TARGET_NAME,
    MSC_CFG_CA_FILE,
    MSC_CFG_CA_DIRECTORY,
    MSC_CFG_VERIFY_NAME,
    MSC_CFG_CERTIFICATE,
    MSC_CFG_CRL_FILE,
    MSC_CFG_TLS_VERSION,
    MSC_CFG_CIPHERS,
    MSC_CFG_CIPHER_SUITES,
    MSC_CFG_GROUPS,
    MSC_CFG_PINS,
    MSC_CFG_TLSA,
    MSC_CFG_DANE,
    MSC_CFG_DANE_ANCHOR,
    MSC_CFG_DANE_RESOLVER,
    MSC_CFG_DKIM,
    MSC_CFG_MAIL_SETTINGS,
    MSC_CFG_FORM_TO,
    MSC_CFG_FORM_CC,
    MSC_CFG_FORM_BCC,
    MSC_CFG_FORM_SUBJECT,
    MSC_CFG_FORM_REPLY_TO,
    MSC_CFG_FORM_REQUIRE,
    MSC_CFG_FORM_REDIRECT,
    MSC_CFG_FORM_ERROR_REDIRECT,
    MSC_CFG_FORM_MAX_BODY,
    MSC_CFG_FORM_MAX_FILES,
    MSC_CFG_FORM_MAX_FILE_SIZE,
    MSC_CFG_FORM_TEMP_DIRECTORY,
    MSC_CFG_COUNT
} msc_cfg_e;

/** How to log in. Merged records share it, so that the secret, loaded once in
 *  post_config, is seen in all of them. */
typedef struct {
    const char *user;      /**< NULL: the user that the child runs as */
    const char *reference; /**< of the password, or NULL */
    const char *token;     /**< of the token, which children fetch, or NULL */
    const ap_directive_t *directive; /**< where it was written */
    smtpc_secret_t *secret; /**< NULL until it was loaded */
} msc_credentials_t;

/** One SMTPDKIMSign. Merged records share it, like credentials. */
typedef struct {
    const char *domain;
    const char *selector;
    const char *reference;
    const char *identity;  /**< or NULL */
    const char *headers;   /**< or NULL */
    const char *algorithm; /**< that the key must be for, or NULL */
    apr_int64_t expire;    /**< seconds, 0: never */
    smtpc_dkim_t *dkim;    /**< NULL until the key was loaded */
    const ap_directive_t *directive;
    server_rec *server;
} msc_dkim_t;

/** A string with %{...} in it. */
typedef struct {
    ap_expr_info_t *expr;
    /** Names (const char *) of the form fields it uses. */
    apr_array_header_t *fields;
} msc_template_t;

/** SMTPFormReplyTo. */
typedef struct {
    /** The display name, where the directive has the form name <address>,
     *  else NULL. */
    msc_template_t *name;
    /** The address, or a whole mailbox. */
    msc_template_t *address;
} msc_reply_to_t;

/** The configuration of a section. Values that were not given are zero:
 *  ask the functions below where that is not the default. */
typedef struct {
    apr_uint64_t set;
    const char *host;
    int port;
    msc_credentials_t *credentials;
    smtpc_security_e security;
    const char *from;
    smtpc_delivery_e delivery;
    const char *pickup_directory;
    apr_interval_time_t timeout;
    const char *hello_name;
    const char *auth_mechanisms;
    const char *target_name;
    const char *ca_file;
    const char *ca_directory;
    const char *verify_name;
    const char *certificate;
    const char *certificate_key;
    const char *crl_file;
    smtpc_tls_version_e tls_version;
    const char *ciphers;
    const char *cipher_suites;
    const char *groups;
    const char *pins;
    const char *tlsa;
    smtpc_dane_e dane;
    const char *dane_anchor;
    const char *dane_resolver;
    apr_array_header_t *dkim; /**< of msc_dkim_t * */
    /** Of SMTPMailSettings; merged records share them, as credentials. */
    smtpc_settings_t *settings;
    /** The file of these whose password all users can read, or NULL. */
    const char *settings_open;
    apr_array_header_t *form_to; /**< of const char *, lists of mailboxes */
    apr_array_header_t *form_cc;
    apr_array_header_t *form_bcc;
    msc_template_t *form_subject;
    msc_reply_to_t *form_reply_to;
    apr_array_header_t *form_require; /**< of const char * */
    const char *form_redirect;
    const char *form_error_redirect;
    apr_off_t form_max_body;
    int form_max_files;
    apr_off_t form_max_file_size;
    const char *form_temp_directory;
} msc_cfg_t;

/** A section that has directives of ours. */
typedef struct {
    msc_cfg_t *cfg;
    server_rec *server;
    /** The first of them, for its file and line. */
    const ap_directive_t *directive;
} msc_cfg_section_t;

/*
 * cfg.c
 */

/** Create the record of a section in @a p. */
void *msc_cfg_create(apr_pool_t *p, char *dir);

/** Create in @a p the record of the section @a add inside @a base. */
void *msc_cfg_merge(apr_pool_t *p, void *base, void *add);

/** Return non-zero if the directive @a which was given in @a cfg, or in
 *  what was merged into it. */
int msc_cfg_is_set(const msc_cfg_t *cfg, msc_cfg_e which);

/** Note that the directive @a which of @a cmd is given in @a cfg. */
void msc_cfg_note(cmd_parms *cmd, msc_cfg_t *cfg, msc_cfg_e which);

/** Return the sections of the configuration in @a pconf, as an array of
 *  msc_cfg_section_t. */
apr_array_header_t *msc_cfg_sections(apr_pool_t *pconf);

/** Return the record that holds in @a r. */
msc_cfg_t *msc_cfg_of_request(request_rec *r);

/** Return the record that holds in @a s outside of all sections. */
msc_cfg_t *msc_cfg_of_server(server_rec *s);

/** Return non-zero if @a container, a directive that opens a section or
 *  NULL, is a virtual host or the main server. */
int msc_cfg_is_host(const ap_directive_t *container);

/** Return non-zero if @a section is a server or virtual host. */
int msc_cfg_is_server(const msc_cfg_section_t *section);

/** Return the one of @a sections that @a container opens, or NULL. */
const msc_cfg_section_t *
msc_cfg_opened_by(const ap_directive_t *container,
                  const apr_array_header_t *sections);

/** Return what holds inside @a container as far as @a server and the
 *  sections around it say; a new record in @a p or an existing one. Sections
 *  beside it that hold for the same requests are not known here. */
msc_cfg_t *msc_cfg_inside(const ap_directive_t *container, server_rec *server,
                          const apr_array_header_t *sections, apr_pool_t *p);

/** Return the host to send to. */
const char *msc_cfg_host(const msc_cfg_t *cfg);

/** Return the port to send to. */
int msc_cfg_port(const msc_cfg_t *cfg);

/** Return the mailbox that mails are from, or NULL. */
const char *msc_cfg_from(const msc_cfg_t *cfg);

/** Return where mails go. */
smtpc_delivery_e msc_cfg_delivery(const msc_cfg_t *cfg);

/** Return the pickup directory, or NULL. */
const char *msc_cfg_pickup_directory(const msc_cfg_t *cfg);

/** Return the directive that has credentials, or NULL: there are none. */
const char *msc_cfg_login(const msc_cfg_t *cfg);

/*
 * cfg_cmds.c
 */

/** The directives. */
extern const command_rec msc_cfg_cmds[];

/*
 * cfg_dkim.c
 */

/** Take the arguments of SMTPDKIMSign. */
const char *msc_dkim_directive(cmd_parms *cmd, void *cfg, int argc,
                               char *const argv[]);

/** Make in @a p what signs as @a signer says; on failure @a *why says what
 *  to change. Reads the key, or runs its program. */
apr_status_t msc_dkim_make(smtpc_dkim_t **dkim, const char **why,
                           const msc_dkim_t *signer, apr_pool_t *p);

/*
 * cfg_parse.c. These return NULL, or one sentence in the pool of @a cmd that
 * says what is wrong with the argument and what to write instead.
 */

/** Parse @a arg, one of @a names (NULL at the end), into its index. */
const char *msc_cfg_parse_keyword(int *index, cmd_parms *cmd, const char *arg,
                                  const char *const *names);

/** Parse @a arg, a number from @a min to @a max. */
const char *msc_cfg_parse_number(apr_int64_t *number, cmd_parms *cmd,
                                 const char *arg, apr_int64_t min,
                                 apr_int64_t max);

/** Parse @a arg, bytes, with K, M or G behind it or not. */
const char *msc_cfg_parse_size(apr_off_t *size, cmd_parms *cmd,
                               const char *arg);

/** Parse @a arg, mailboxes separated by commas. */
const char *msc_cfg_parse_mailboxes(cmd_parms *cmd, const char *arg);

/** Parse @a arg, where to send a browser: a path or an http URL. */
const char *msc_cfg_parse_redirect(cmd_parms *cmd, const char *arg);

/** Parse @a arg, a string with %{...}, into @a *tmpl. */
const char *msc_cfg_parse_template(msc_template_t **tmpl, cmd_parms *cmd,
                                   const char *arg);

/** Parse @a arg, a template of one mailbox, into @a *reply_to. */
const char *msc_cfg_parse_reply_to(msc_reply_to_t **reply_to, cmd_parms *cmd,
                                   const char *arg);

/** Check that @a path is an existing file (APR_REG) or directory (APR_DIR),
 *  as @a type says. */
const char *msc_cfg_parse_path(cmd_parms *cmd, const char *path,
                               apr_filetype_e type);

/*
 * cfg_check.c
 */

/** check_config: refuse what cannot work, and say what to write instead. */
int msc_cfg_check(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp,
                  server_rec *s);

#endif
