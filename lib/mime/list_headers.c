/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list_headers.c: the header fields of mailing lists, RFC 2369, RFC 2919,
 * RFC 8058.
 *
 * A URL stands between angle brackets and has only characters that cannot
 * end it, so text that a stranger chose cannot add another URL or comment.
 */
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "mime/ascii.h"
#include "mime/message_priv.h"

#define ONE_CLICK "List-Unsubscribe-Post"
#define UNSUBSCRIBE "List-Unsubscribe"

/* Bytes of a List-Id, RFC 2919 2. */
#define ID_MAX 255

static int has_scheme(const char *url, const char *scheme)
{
    return apr_cstr_casecmpn(url, scheme, strlen(scheme)) == 0
           && url[strlen(scheme)] != '\0';
}

static int is_url(const char *url)
{
    return has_scheme(url, "https://") || has_scheme(url, "http://")
           || has_scheme(url, "mailto:") || has_scheme(url, "ftp://");
}

/* Return url in angle brackets, with what cannot stand there encoded. */
static const char *bracketed(const char *url, apr_pool_t *pool)
{
    static const char hex[] = "0123456789ABCDEF";
    char *text = apr_palloc(pool, 3 * strlen(url) + 3);
    char *o = text;

    *o++ = '<';
    for (; *url != '\0'; url++) {
        unsigned char c = (unsigned char)*url;

        if (c > ' ' && c < 127 && strchr("<>\"\\^`{|}", c) == NULL) {
            *o++ = (char)c;
        }
        else {
            *o++ = '%';
            *o++ = hex[c >> 4];
            *o++ = hex[c & 15];
        }
    }
    *o++ = '>';
    *o = '\0';
    return text;
}

/* Check url and set *text to what is written for it. */
static apr_status_t make_url(const char **text, smtpc_message_t *message,
                             const char *name, const char *url)
{
    apr_status_t rv = smtpc__message_open(message, name);

    if (rv == APR_SUCCESS) {
        rv = smtpc__message_check(message, name, url, SMTPC_LIMIT_LIST_URL);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (strcmp(name, "List-Post") == 0 && strcmp(url, "NO") == 0) {
        *text = "NO";
        return APR_SUCCESS;
    }
    if (!is_url(url)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "%s: it is not a URL that begins with "
                                   "https://, http://, mailto: or ftp://",
                                   name);
    }
    *text = bracketed(url, message->pool);
    if (strlen(*text) > SMTPC_LIMIT_LIST_URL) {
        return smtpc__message_fail(message, SMTPC_ELIMIT,
                                   "%s: the URL is longer than %d bytes when "
                                   "it is encoded", name,
                                   SMTPC_LIMIT_LIST_URL);
    }
    return APR_SUCCESS;
}

/* The number of https URLs in a List field. */
static int count_https(const char *value)
{
    int count = 0;

    for (; (value = strchr(value, '<')) != NULL; value++) {
        count += has_scheme(value + 1, "https://");
    }
    return count;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_add_list_url(smtpc_message_t *message, smtpc_list_e what,
                           const char *url)
{
    static const char *const names[] = {
        "List-Help", "List-Subscribe", UNSUBSCRIBE, "List-Post",
        "List-Owner", "List-Archive"
    };
    smtpc_field_t field = { .kind = SMTPC_FIELD_STRUCTURED };
    const char *before;
    apr_status_t rv;

    if ((unsigned int)what >= sizeof(names) / sizeof(*names)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "list: %d is not a value of smtpc_list_e",
                                   (int)what);
    }
    field.name = names[what];
    if (url == NULL) {
        rv = smtpc_message_remove_header(message, field.name);
        return rv == APR_SUCCESS && what == SMTPC_LIST_UNSUBSCRIBE
                   ? smtpc_message_remove_header(message, ONE_CLICK) : rv;
    }
    rv = make_url(&field.value, message, field.name, url);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    before = smtpc_message_header(message, field.name);
    if (before != NULL) {
        if (strlen(before) + strlen(field.value) + 2
            > SMTPC_LIMIT_HEADER_VALUE) {
            return smtpc__message_fail(message, SMTPC_ELIMIT,
                                       "%s has too many URLs", field.name);
        }
        field.value = apr_pstrcat(message->pool, before, ", ", field.value,
                                  NULL);
    }
    if (what == SMTPC_LIST_UNSUBSCRIBE && count_https(field.value) != 1
        && smtpc_message_header(message, ONE_CLICK) != NULL) {
        return smtpc__message_fail(message, SMTPC_EARG, "List-Unsubscribe: "
                                   "with one-click there is one https URL");
    }
    return smtpc__message_put_field(message, &field);
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_list_one_click(smtpc_message_t *message, int on)
{
    const char *urls = smtpc_message_header(message, UNSUBSCRIBE);

    if (on && (urls == NULL || count_https(urls) != 1)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "List-Unsubscribe has to have exactly one "
                                   "https URL for one-click to mean it");
    }
    return smtpc_message_set_header(message, ONE_CLICK,
                                    on ? "List-Unsubscribe=One-Click" : NULL);
}

/* Dots between atoms of RFC 5322 3.2.3. */
static int is_list_id(const char *id)
{
    const char *p = id;

    for (; *p != '\0'; p++) {
        if (*p == '.' ? p == id || p[1] == '\0' || p[1] == '.'
                      : !smtpc__is_alnum(*p)
                            && strchr("!#$%&'*+-/=?^_`{|}~", *p) == NULL) {
            return 0;
        }
    }
    return p > id;
}

SMTPC_DECLARE(apr_status_t) smtpc_message_set_list_id(smtpc_message_t *message,
                                                      const char *id,
                                                      const char *description)
{
    smtpc_field_t field = { .name = "List-Id", .kind = SMTPC_FIELD_PHRASE };
    apr_status_t rv = smtpc__message_open(message, "List-Id");

    if (id == NULL && description == NULL) {
        return smtpc_message_remove_header(message, "List-Id");
    }
    if (rv == APR_SUCCESS) {
        rv = smtpc__message_check(message, "List-Id", id != NULL ? id : "",
                                  ID_MAX);
    }
    if (rv == APR_SUCCESS && description != NULL) {
        rv = smtpc__message_check(message, "List-Id: the description",
                                  description, SMTPC_LIMIT_PARAMETER);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (id == NULL || !is_list_id(id)) {
        return smtpc__message_fail(message, SMTPC_EARG,
                                   "List-Id: it is not a name such as "
                                   "news.example.org");
    }
    field.spec = apr_pstrcat(message->pool, "<", id, ">", NULL);
    field.phrase = apr_pstrdup(message->pool,
                               description != NULL ? description : "");
    field.value = *field.phrase == '\0'
                      ? field.spec
                      : apr_pstrcat(message->pool, field.phrase, " ",
                                    field.spec, NULL);
    return smtpc__message_put_field(message, &field);
}
