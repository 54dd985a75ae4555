/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfg_parse.c: values of directives.
 *
 * Every function returns NULL or a sentence that httpd prints behind file
 * and line, so that it has to say what to write instead. Mailboxes are
 * judged by the library, which will be the one to send them.
 */

#include "cfg.h"
#include "module.h"

#include <http_log.h>
#include <apr_lib.h>
#include <apr_strings.h>

APLOG_USE_MODULE(smtpclient);

const char *msc_cfg_parse_keyword(int *index, cmd_parms *cmd, const char *arg,
                                  const char *const *names)
{
    const char *list = "";
    int i;

    for (i = 0; names[i]; i++) {
        if (strcasecmp(arg, names[i]) == 0) {
            *index = i;
            return NULL;
        }
        list = apr_pstrcat(cmd->temp_pool, list, i ? ", " : "", names[i],
                           NULL);
    }
    return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                       "\" is not one of ", list, NULL);
}

const char *msc_cfg_parse_number(apr_int64_t *number, cmd_parms *cmd,
                                 const char *arg, apr_int64_t min,
                                 apr_int64_t max)
{
    char *end = NULL;
    apr_int64_t value = apr_isdigit(*arg) ? apr_strtoi64(arg, &end, 10) : -1;

    if (!end || *end || value < min || value > max) {
        return apr_psprintf(cmd->pool,
                            "%s: \"%s\" is not a whole number from %"
                            APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                            cmd->cmd->name, arg, min, max);
    }
    *number = value;
    return NULL;
}

const char *msc_cfg_parse_size(apr_off_t *size, cmd_parms *cmd,
                               const char *arg)
{
    static const char units[] = "KMG";
    apr_size_t len = strlen(arg);
    const char *unit = len ? strchr(units, apr_toupper(arg[len - 1])) : NULL;
    int shift = unit ? 10 * (int)(unit - units + 1) : 0;
    const char *digits = unit ? apr_pstrmemdup(cmd->temp_pool, arg, len - 1)
                              : arg;
    apr_int64_t value = 0;

    if (msc_cfg_parse_number(&value, cmd, digits, 1, MSC_SIZE_MAX >> shift)) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                           "\" is not a size; write bytes, or a number with "
                           "K, M or G behind it, such as 10M", NULL);
    }
    *size = (apr_off_t)value << shift;
    return NULL;
}

const char *msc_cfg_parse_mailboxes(cmd_parms *cmd, const char *arg)
{
    smtpc_message_t *scratch;

    /* A message is the library's list of mailboxes. */
    if (smtpc_message_create(&scratch, cmd->temp_pool) != APR_SUCCESS) {
        return "out of memory";
    }
    if (smtpc_message_add_to(scratch, arg) != APR_SUCCESS) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                           "\" is not an address: ",
                           smtpc_message_error(scratch), NULL);
    }
    return NULL;
}

const char *msc_cfg_parse_redirect(cmd_parms *cmd, const char *arg)
{
    const unsigned char *c;
    int is_path = arg[0] == '/' && arg[1] != '/' && arg[1] != '\\';
    int is_url = strncasecmp(arg, "http://", 7) == 0
                 || strncasecmp(arg, "https://", 8) == 0;

    if (!is_path && !is_url) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                           "\" is neither a path such as /thanks.html nor a "
                           "URL that begins with http:// or https://", NULL);
    }
    for (c = (const unsigned char *)arg; *c; c++) {
        if (*c <= ' ' || *c >= 0x7f || strchr("\"<>\\", *c)) {
            return apr_pstrcat(cmd->pool, cmd->cmd->name, ": \"", arg,
                               "\" has a character that a URL must not have; "
                               "write it as %XX", NULL);
        }
    }
    return NULL;
}

/* Collect the names of form fields that a template uses: %{smtpform:name}
 * and smtpform('name'). They are for messages only. */
static apr_array_header_t *fields_of(apr_pool_t *p, const char *text)
{
    apr_array_header_t *fields = apr_array_make(p, 2, sizeof(const char *));
    const apr_size_t len = strlen(MSC_FORM_FUNCTION);
    const char *end;

    for (; *text; text++) {
        if (strncasecmp(text, MSC_FORM_FUNCTION, len) != 0) {
            continue;
        }
        text += len;
        end = NULL;
        if (*text == ':') {
            text++;
            end = strchr(text, '}');
        }
        else if (text[0] == '(' && (text[1] == '\'' || text[1] == '"')) {
            end = strchr(text + 2, text[1]);
            text += 2;
        }
        if (!end) {
            text--; /* the name alone: go on behind it */
            continue;
        }
        APR_ARRAY_PUSH(fields, const char *) =
            apr_pstrmemdup(p, text, (apr_size_t)(end - text));
        text = end;
    }
    return fields;
}

const char *msc_cfg_parse_template(msc_template_t **tmpl, cmd_parms *cmd,
                                   const char *arg)
{
    msc_template_t *made = apr_pcalloc(cmd->pool, sizeof(*made));
    const char *error = NULL;

    made->expr = ap_expr_parse_cmd(cmd, arg,
                                   AP_EXPR_FLAG_STRING_RESULT
                                       | AP_EXPR_FLAG_DONT_VARY,
                                   &error, NULL);
    if (error) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": cannot understand \"",
                           arg, "\": ", error,
                           "; a form field is written %{" MSC_FORM_FUNCTION
                           ":name}", NULL);
    }
    made->fields = fields_of(cmd->pool, arg);
    *tmpl = made;
    return NULL;
}

/* Find the "<" of "name <address>": the last one outside of %{...}. */
static const char *angle_of(const char *text)
{
    const char *found = NULL;
    int depth = 0;

    for (; *text; text++) {
        if (text[0] == '%' && text[1] == '{') {
            depth++;
        }
        else if (*text == '}' && depth) {
            depth--;
        }
        else if (*text == '<' && !depth) {
            found = text;
        }
    }
    return found;
}

/* Copy a part of a template without blanks, and without the quotes of a
 * display name, around it. */
static const char *trimmed(apr_pool_t *p, const char *from, const char *to)
{
    apr_size_t len;

    while (from < to && apr_isspace(*from)) {
        from++;
    }
    while (to > from && apr_isspace(to[-1])) {
        to--;
    }
    len = (apr_size_t)(to - from);
    return len >= 2 && from[0] == '"' && from[len - 1] == '"'
               ? apr_pstrmemdup(p, from + 1, len - 2)
               : apr_pstrmemdup(p, from, len);
}

const char *msc_cfg_parse_reply_to(msc_reply_to_t **reply_to, cmd_parms *cmd,
                                   const char *arg)
{
    msc_reply_to_t *made = apr_pcalloc(cmd->pool, sizeof(*made));
    const char *text = trimmed(cmd->temp_pool, arg, arg + strlen(arg));
    apr_size_t len = strlen(text);
    const char *angle = angle_of(text);
    const char *error = NULL;
    const char *name;

    if (angle && len && text[len - 1] == '>') {
        name = trimmed(cmd->temp_pool, text, angle);
        if (*name) {
            error = msc_cfg_parse_template(&made->name, cmd, name);
        }
        text = trimmed(cmd->temp_pool, angle + 1, text + len - 1);
    }
    if (!error) {
        error = msc_cfg_parse_template(&made->address, cmd, text);
    }
    if (!error) {
        *reply_to = made;
    }
    return error;
}

const char *msc_cfg_parse_path(cmd_parms *cmd, const char *path,
                               apr_filetype_e type)
{
    const char *what = type == APR_DIR ? "directory" : "file";
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv;
    char buf[120];

    rv = apr_stat(&info, path, APR_FINFO_TYPE, cmd->temp_pool);
    if (rv == APR_SUCCESS && info.filetype != type) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": ", path,
                           " is not a ", what, NULL);
    }
    if (rv == APR_SUCCESS && type == APR_REG) {
        rv = apr_file_open(&file, path, APR_FOPEN_READ, APR_OS_DEFAULT,
                           cmd->temp_pool);
        if (rv == APR_SUCCESS) {
            apr_file_close(file);
        }
    }
    if (rv != APR_SUCCESS) {
        return apr_pstrcat(cmd->pool, cmd->cmd->name, ": cannot use the ",
                           what, " ", path, ": ",
                           apr_strerror(rv, buf, sizeof(buf)), NULL);
    }
    return NULL;
}
