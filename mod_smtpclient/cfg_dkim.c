/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfg_dkim.c: SMTPDKIMSign.
 *
 * The directive only takes its arguments apart. Keys are loaded twice: by
 * the check, to say what is wrong with them, and thrown away; and by the
 * parent when it starts, as root, into the configuration's pool, from where
 * children inherit them. Records merged from one section share its signers.
 */

#include "cfg.h"
#include "module.h"

#include <apr_strings.h>

/* Arguments in front of the options. */
#define FIXED 3

static const char usage[] =
    "SMTPDKIMSign: write a domain, a selector and where the private key is, "
    "such as SMTPDKIMSign example.org mail file:/etc/httpd/dkim.pem, or "
    "SMTPDKIMSign none";

/* The value of option name in arg, or NULL if it is another. */
static const char *value_of(const char *arg, const char *name)
{
    apr_size_t len = strlen(name);

    return strncasecmp(arg, name, len) == 0 && arg[len] == '='
               ? arg + len + 1
               : NULL;
}

static const char *set_expire(msc_dkim_t *signer, cmd_parms *cmd,
                              const char *value)
{
    apr_interval_time_t time = 0;

    if (ap_timeout_parameter_parse(value, &time, "s") != APR_SUCCESS
        || time < apr_time_from_sec(1)) {
        return apr_pstrcat(cmd->pool, "SMTPDKIMSign: expire=", value,
                           " is not a time of a second or more; write "
                           "expire=168h for a week", NULL);
    }
    signer->expire = apr_time_sec(time);
    return NULL;
}

static const char *set_option(msc_dkim_t *signer, cmd_parms *cmd,
                              const char *arg)
{
    static const char *const algorithms[] = { "rsa-sha256", "ed25519-sha256",
                                              NULL };
    const char *value;
    const char *error = NULL;
    int index = 0;

    if ((value = value_of(arg, "identity")) != NULL) {
        signer->identity = value;
    }
    else if ((value = value_of(arg, "headers")) != NULL) {
        signer->headers = value;
    }
    else if ((value = value_of(arg, "expire")) != NULL) {
        error = set_expire(signer, cmd, value);
    }
    else if ((value = value_of(arg, "algorithm")) != NULL) {
        error = msc_cfg_parse_keyword(&index, cmd, value, algorithms);
        signer->algorithm = algorithms[index];
    }
    else {
        error = apr_pstrcat(cmd->pool, "SMTPDKIMSign: \"", arg,
                            "\" is not one of algorithm=..., expire=..., "
                            "headers=... and identity=...", NULL);
    }
    return error;
}

/* A key in the configuration would be shown by mod_info. A path is relative
 * to ServerRoot, like those of other directives. */
static const char *set_reference(msc_dkim_t *signer, cmd_parms *cmd,
                                 const char *arg)
{
    const char *path;

    signer->reference = arg;
    if (strstr(arg, "${")) {
        return "SMTPDKIMSign: a variable in it is not defined (\"${...}\" was "
               "left as it is)";
    }
    if (strncmp(arg, "file:", 5) == 0) {
        path = ap_server_root_relative(cmd->pool, arg + 5);
        if (!path) {
            return "SMTPDKIMSign: file: is not followed by a path";
        }
        signer->reference = apr_pstrcat(cmd->pool, "file:", path, NULL);
        return NULL;
    }
    if (strncmp(arg, "exec:", 5) != 0 && strncmp(arg, "env:", 4) != 0) {
        return "SMTPDKIMSign: the third argument says where the private key "
               "is; write file:/path, \"exec:/program arguments\" or env:NAME";
    }
    return NULL;
}

const char *msc_dkim_directive(cmd_parms *cmd, void *cfg_, int argc,
                               char *const argv[])
{
    msc_cfg_t *cfg = cfg_;
    msc_dkim_t *signer = apr_pcalloc(cmd->pool, sizeof(*signer));
    const char *error;
    int i;

    msc_cfg_note(cmd, cfg, MSC_CFG_DKIM);
    if (!cfg->dkim) {
        cfg->dkim = apr_array_make(cmd->pool, 2, sizeof(msc_dkim_t *));
    }
    if (argc == 1 && strcasecmp(argv[0], "none") == 0) {
        apr_array_clear(cfg->dkim);
        return NULL;
    }
    if (argc < FIXED) {
        return usage;
    }
    if (cfg->dkim->nelts == MSC_DKIM_MAX) {
        return apr_psprintf(cmd->pool, "SMTPDKIMSign: more than %d signatures "
                            "of a mail", MSC_DKIM_MAX);
    }
    signer->directive = cmd->directive;
    signer->server = cmd->server;
    signer->domain = argv[0];
    signer->selector = argv[1];
    error = set_reference(signer, cmd, argv[2]);
    for (i = FIXED; i < argc && !error; i++) {
        error = set_option(signer, cmd, argv[i]);
    }
    APR_ARRAY_PUSH(cfg->dkim, msc_dkim_t *) = signer;
    return error;
}

/* Give dkim the options of signer. */
static apr_status_t apply(smtpc_dkim_t *dkim, const msc_dkim_t *signer)
{
    apr_status_t rv = APR_SUCCESS;

    if (signer->identity) {
        rv = smtpc_dkim_set_identity(dkim, signer->identity);
    }
    if (rv == APR_SUCCESS && signer->headers) {
        rv = smtpc_dkim_set_headers(dkim, signer->headers);
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc_dkim_set_expire(dkim, signer->expire);
    }
    return rv;
}

apr_status_t msc_dkim_make(smtpc_dkim_t **dkim, const char **why,
                           const msc_dkim_t *signer, apr_pool_t *p)
{
    smtpc_dkim_t *made;
    apr_status_t rv;

    *why = "";
    rv = smtpc_dkim_create(&made, why, signer->domain, signer->selector,
                           signer->reference, p);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apply(made, signer);
    if (rv != APR_SUCCESS) {
        *why = smtpc_dkim_error(made);
        return rv;
    }
    if (signer->algorithm
        && strcmp(signer->algorithm, smtpc_dkim_algorithm(made)) != 0) {
        *why = apr_psprintf(p, "the key makes %s signatures, not %s",
                            smtpc_dkim_algorithm(made), signer->algorithm);
        return SMTPC_EARG;
    }
    *dkim = made;
    return APR_SUCCESS;
}
