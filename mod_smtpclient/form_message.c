/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form_message.c: makes a message of a form.
 *
 * Recipients and sender come from the configuration. What the visitor typed
 * gets into the body, into Reply-To and into the subject, there only where
 * the configuration says so, and never past the library's checks: Reply-To is
 * exactly one mailbox whose address was parsed apart from its name, so that
 * no name can bring in another address. What does not pass is answered with
 * the names of the fields concerned, not repaired, but for two harmless
 * things: a long subject is cut, and control characters in the body's text
 * become U+FFFD, lest they command the terminal it is read in.
 *
 * The body lists all fields in their order, then says where it was posted:
 *
 *   name: Ann
 *
 *   message:
 *       First line
 *       second line
 *
 *   file: report.pdf (13000 bytes)
 *
 *   --
 *   Sent by the form at ...
 *
 * Text of several lines is indented, so that it cannot pass for a field.
 */

#include "form.h"
#include "module.h"

#include <http_core.h>
#include <http_log.h>
#include <http_protocol.h>
#include <apr_lib.h>
#include <apr_strings.h>
#include <apr_time.h>

APLOG_USE_MODULE(smtpclient);

/* What is put before each line of a text of several lines. */
#define INDENT "    "
/* What stands for a control character: U+FFFD. */
#define REPLACEMENT "\xef\xbf\xbd"
/* Type of a file whose browser told none that can be sent. */
#define UNKNOWN_TYPE "application/octet-stream"

/* Bytes of the UTF-8 character at c; the text was checked before. */
static apr_size_t char_len(const char *c)
{
    unsigned char lead = (unsigned char)*c;

    return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/* Whether a control character begins at c: C0, DEL or C1. */
static int is_control(const char *c)
{
    const unsigned char *u = (const unsigned char *)c;

    return *u < 0x20 || *u == 0x7f
           || (*u == 0xc2 && u[1] >= 0x80 && u[1] < 0xa0);
}

static int has_control(const char *text)
{
    for (; *text; text++) {
        if (is_control(text)) {
            return 1;
        }
    }
    return 0;
}

static int is_blank(const char *text)
{
    while (apr_isspace(*text)) {
        text++;
    }
    return !*text;
}

static const char *trimmed(apr_pool_t *p, const char *text)
{
    apr_size_t len;

    while (apr_isspace(*text)) {
        text++;
    }
    len = strlen(text);
    while (len && apr_isspace(text[len - 1])) {
        len--;
    }
    return apr_pstrmemdup(p, text, len);
}

/* Blame the fields of a template; if it has none, it is the configuration's
 * fault. A test, if given, picks those whose value is to blame, provided that
 * there are such. */
static apr_status_t blame(msc_form_t *form, const msc_template_t *tmpl,
                          int (*test)(const char *value),
                          const char *directive, const char *reason)
{
    int any = 0;
    int i;

    for (i = 0; test && i < tmpl->fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(tmpl->fields, i, const char *);

        any |= test(msc_form_value(form, name, form->r->pool));
    }
    for (i = 0; i < tmpl->fields->nelts; i++) {
        const char *name = APR_ARRAY_IDX(tmpl->fields, i, const char *);

        if (!any || !test
            || test(msc_form_value(form, name, form->r->pool))) {
            msc_form_fault(form, name, reason);
        }
    }
    if (form->faults->nelts) {
        return SMTPC_EARG;
    }
    ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, form->r,
                  SMTPLOGNO(9) "%s: its value cannot be sent: %s", directive,
                  reason);
    return APR_EGENERAL;
}

/* Evaluate a template; NULL was logged. */
static const char *evaluate(msc_form_t *form, const msc_template_t *tmpl,
                            const char *directive)
{
    const char *error = NULL;
    const char *value;

    form->evaluating = 1;
    value = ap_expr_str_exec(form->r, tmpl->expr, &error);
    form->evaluating = 0;
    if (error || !value) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, 0, form->r,
                      SMTPLOGNO(10) "%s: cannot be evaluated: %s", directive,
                      error ? error : "no value");
        return NULL;
    }
    return value;
}

/* The first max characters of a text. */
static const char *cut(apr_pool_t *p, const char *text, int max)
{
    const char *c = text;

    while (*c && max--) {
        /* Of what the server adds, not all was checked to be UTF-8. */
        apr_size_t left = char_len(c);

        while (left-- && *c) {
            c++;
        }
    }
    if (!*c) {
        return text;
    }
    return apr_pstrcat(p, apr_pstrmemdup(p, text, (apr_size_t)(c - text)),
                       "\xe2\x80\xa6", NULL);
}

static apr_status_t set_subject(smtpc_message_t *message, msc_form_t *form)
{
    const msc_template_t *tmpl = form->cfg->form_subject;
    const char *subject;

    if (!tmpl) {
        subject = apr_pstrcat(form->r->pool, "Form ", form->r->uri, NULL);
        if (has_control(subject)
            || smtpc_message_set_subject(message, subject) != APR_SUCCESS) {
            subject = "Form";
        }
        return smtpc_message_set_subject(message, subject);
    }
    subject = evaluate(form, tmpl, "SMTPFormSubject");
    if (!subject) {
        return APR_EGENERAL;
    }
    if (has_control(subject)) {
        return blame(form, tmpl, has_control, "SMTPFormSubject",
                     "must be one line without control characters");
    }
    subject = cut(form->r->pool, subject, MSC_FORM_SUBJECT_MAX);
    if (smtpc_message_set_subject(message, subject) != APR_SUCCESS) {
        return blame(form, tmpl, NULL, "SMTPFormSubject",
                     smtpc_message_error(message));
    }
    return APR_SUCCESS;
}

/* One mailbox of the two templates. The name is text and cannot become an
 * address, whatever quotes and brackets it has. */
static apr_status_t parse_reply_to(smtpc_address_t **address,
                                   msc_form_t *form, const char *spec)
{
    const msc_reply_to_t *reply_to = form->cfg->form_reply_to;
    apr_pool_t *p = form->r->pool;
    const char *why = "";
    const char *name;

    if (!reply_to->name) {
        return smtpc_address_try(address, &why, spec, p) == APR_SUCCESS
                   ? APR_SUCCESS
                   : blame(form, reply_to->address, NULL, "SMTPFormReplyTo",
                           "is not an email address");
    }
    /* Between the brackets there is no room for another name. */
    if (strpbrk(spec, "<>")
        || smtpc_address_try(address, &why, spec, p) != APR_SUCCESS
        || *smtpc_address_display_name(*address)) {
        return blame(form, reply_to->address, NULL, "SMTPFormReplyTo",
                     "is not an email address");
    }
    name = evaluate(form, reply_to->name, "SMTPFormReplyTo");
    if (!name) {
        return APR_EGENERAL;
    }
    name = trimmed(p, name);
    if (*name && smtpc_address_create(address, spec, name, p)
                     != APR_SUCCESS) {
        return blame(form, reply_to->name, has_control, "SMTPFormReplyTo",
                     "must be one short line without control characters");
    }
    return APR_SUCCESS;
}

static apr_status_t set_reply_to(smtpc_message_t *message, msc_form_t *form)
{
    apr_pool_t *p = form->r->pool;
    smtpc_address_t *address = NULL;
    const char *spec;
    apr_status_t rv;

    if (!form->cfg->form_reply_to) {
        return APR_SUCCESS;
    }
    spec = evaluate(form, form->cfg->form_reply_to->address,
                    "SMTPFormReplyTo");
    if (!spec) {
        return APR_EGENERAL;
    }
    /* A form may leave the address to the visitor; SMTPFormRequire is there
     * for those that do not. */
    if (is_blank(spec)) {
        return APR_SUCCESS;
    }
    rv = parse_reply_to(&address, form, trimmed(p, spec));
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (const char *c = smtpc_address_user(address); *c; c++) {
        form->reply_to_foreign |= *c & 0x80;
    }
    rv = smtpc_message_add_reply_to(message, smtpc_address_format(address, p));
    ap_assert(smtpc_message_reply_to_count(message) <= 1);
    return rv;
}

void msc_form_message_blame_address(msc_form_t *form)
{
    (void)blame(form, form->cfg->form_reply_to->address, NULL,
                "SMTPFormReplyTo",
                "has characters before the @ that this site's mail server "
                "does not take; please use another address");
}

/*
 * The body.
 */

/* Write a text with its control characters replaced, and indent the lines
 * after the first; returns the end. NULL only counts. */
static apr_size_t copy_text(char *out, const char *text)
{
    apr_size_t len = 0;

#define PUT(bytes, count)                                                     \
    do {                                                                      \
        if (out) {                                                            \
            memcpy(out + len, (bytes), (count));                              \
        }                                                                     \
        len += (count);                                                       \
    } while (0)

    for (; *text; text += char_len(text)) {
        if (text[0] == '\r' && text[1] == '\n') {
            continue;
        }
        if (*text == '\n' || *text == '\r') {
            PUT("\n", 1);
            if (text[1] && !strchr("\r\n", text[1])) {
                PUT(INDENT, sizeof(INDENT) - 1);
            }
        }
        else if (is_control(text) && *text != '\t') {
            PUT(REPLACEMENT, sizeof(REPLACEMENT) - 1);
        }
        else {
            PUT(text, char_len(text));
        }
    }
#undef PUT
    return len;
}

static int is_long(const msc_form_item_t *item)
{
    return item->value && strpbrk(item->value, "\r\n") != NULL;
}

/* What stands before and after the value of a field. */
static const char *frame_before(const msc_form_item_t *item)
{
    return is_long(item) ? ":\n" INDENT : item->length ? ": " : ":";
}

static apr_size_t copy_string(char *out, const char *text)
{
    apr_size_t len = strlen(text);

    if (out) {
        memcpy(out, text, len);
    }
    return len;
}

/* Write an item; NULL only counts. One with several lines has a blank line
 * before and behind it; *apart says whether there is one already. */
static apr_size_t copy_item(char *out, const msc_form_item_t *item,
                            int *apart, apr_pool_t *p)
{
    apr_size_t len = 0;

#define AT (out ? out + len : NULL)
    if (is_long(item) && !*apart) {
        len += copy_string(AT, "\n");
    }
    len += copy_text(AT, item->name);
    if (item->filename) {
        len += copy_string(AT, ": ");
        len += copy_text(AT, item->filename);
        len += copy_string(AT, apr_psprintf(p, " (%" APR_OFF_T_FMT " bytes)",
                                            item->length));
    }
    else {
        len += copy_string(AT, frame_before(item));
        len += copy_text(AT, item->value);
    }
    *apart = is_long(item);
    len += copy_string(AT, *apart ? "\n\n" : "\n");
#undef AT
    return len;
}

/* Write all items; NULL only counts. */
static apr_size_t copy_items(char *out, const msc_form_t *form, int *apart)
{
    apr_size_t len = 0;
    int i;

    *apart = 1;
    for (i = 0; i < form->items->nelts; i++) {
        len += copy_item(out ? out + len : NULL,
                         APR_ARRAY_IDX(form->items, i, msc_form_item_t *),
                         apart, form->r->pool);
    }
    return len;
}

/* Where, by whom and when the form was posted. */
static const char *footer(const msc_form_t *form)
{
    request_rec *r = form->r;
    char date[APR_RFC822_DATE_LEN];
    const char *path = ap_escape_uri(r->pool, r->uri);

    apr_rfc822_date(date, r->request_time);
    return apr_pstrcat(r->pool, "-- \nSent by the form at ",
                       ap_construct_url(r->pool, path, r), "\nfrom ",
                       r->useragent_ip, " on ", date, ".\n", NULL);
}

static apr_status_t set_body(smtpc_message_t *message, msc_form_t *form)
{
    const char *end = footer(form);
    int apart;
    apr_size_t len = copy_items(NULL, form, &apart);
    char *text = apr_palloc(form->r->pool, len + strlen(end) + 2);

    (void)copy_items(text, form, &apart);
    if (!apart) {
        text[len++] = '\n';
    }
    memcpy(text + len, end, strlen(end) + 1);
    return smtpc_message_set_body(message, text, SMTPC_BODY_TEXT);
}

/*
 * The rest.
 */

static apr_status_t attach(smtpc_message_t *message, msc_form_item_t *item,
                           apr_pool_t *p)
{
    const char *type = item->content_type ? item->content_type : UNKNOWN_TYPE;
    smtpc_source_t *source;
    apr_status_t rv = msc_form_body_source(&source, item, p);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = smtpc_message_attach_source(NULL, message, item->filename, type,
                                     source);
    if (rv == SMTPC_EARG) {
        /* multipart/..., message/... or worse */
        rv = smtpc_message_attach_source(NULL, message, item->filename,
                                         UNKNOWN_TYPE, source);
    }
    return rv;
}

static apr_status_t attach_files(smtpc_message_t *message, msc_form_t *form)
{
    apr_status_t rv;
    int i;

    for (i = 0; i < form->items->nelts; i++) {
        msc_form_item_t *item = APR_ARRAY_IDX(form->items, i,
                                              msc_form_item_t *);

        if (!item->filename) {
            continue;
        }
        rv = attach(message, item, form->r->pool);
        if (rv == SMTPC_EARG || rv == SMTPC_ELIMIT) {
            msc_form_fault(form, item->name, "has a file that cannot be sent");
            return SMTPC_EARG;
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t add_all(smtpc_message_t *message,
                            const apr_array_header_t *mailboxes,
                            apr_status_t (*add)(smtpc_message_t *,
                                                const char *))
{
    apr_status_t rv = APR_SUCCESS;
    int i;

    for (i = 0; mailboxes && rv == APR_SUCCESS && i < mailboxes->nelts; i++) {
        rv = add(message, APR_ARRAY_IDX(mailboxes, i, const char *));
    }
    return rv;
}

/* What the configuration says. */
static apr_status_t set_frame(smtpc_message_t *message, const msc_cfg_t *cfg)
{
    apr_status_t rv = smtpc_message_set_from(message, msc_cfg_from(cfg));

    if (rv == APR_SUCCESS) {
        rv = add_all(message, cfg->form_to, smtpc_message_add_to);
    }
    if (rv == APR_SUCCESS) {
        rv = add_all(message, cfg->form_cc, smtpc_message_add_cc);
    }
    if (rv == APR_SUCCESS) {
        rv = add_all(message, cfg->form_bcc, smtpc_message_add_bcc);
    }
    return rv;
}

/* Every field that is required and not filled in, for the visitor to see
 * them all at once. */
static void check_required(msc_form_t *form)
{
    const apr_array_header_t *names = form->cfg->form_require;
    int i;

    for (i = 0; names && i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (is_blank(msc_form_value(form, name, form->r->pool))) {
            msc_form_fault(form, name, "must be filled in");
        }
    }
}

apr_status_t msc_form_message_create(smtpc_message_t **message,
                                     msc_form_t *form)
{
    typedef apr_status_t (*step_t)(smtpc_message_t *, msc_form_t *);
    static const step_t visitors[] = { set_subject, set_reply_to,
                                       attach_files, set_body };
    smtpc_message_t *made = NULL;
    apr_status_t rv;
    apr_size_t i;

    rv = smtpc_message_create(&made, form->r->pool);
    if (rv == APR_SUCCESS) {
        rv = set_frame(made, form->cfg);
    }
    check_required(form);
    for (i = 0; i < sizeof(visitors) / sizeof(*visitors); i++) {
        /* After a fault go on, to find the others. */
        if (rv == APR_SUCCESS || form->faults->nelts) {
            apr_status_t step_rv = visitors[i](made, form);

            rv = rv == APR_SUCCESS ? step_rv : rv;
        }
    }
    if (form->faults->nelts) {
        return SMTPC_EARG;
    }
    if (rv != APR_SUCCESS) {
        ap_log_rerror(APLOG_MARK, APLOG_ERR, rv, form->r,
                      SMTPLOGNO(11) "cannot make a mail of a form: %s",
                      made ? smtpc_message_error(made) : "");
    }
    else {
        *message = made;
    }
    return rv;
}
