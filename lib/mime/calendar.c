/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calendar.c: invitations, RFC 6047.
 *
 * Mail programs that know calendars act on the text/calendar view and its
 * method; the others, and some of those too, want a file. So it is both.
 *
 * Not here: the syntax of iCalendar, RFC 5545. Only the method is looked at,
 * because programs do strange things where two say different.
 */
#include <smtpclient/view.h>

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "mime/ascii.h"
#include "mime/message_priv.h"

/* Longest method; the longest of RFC 5546 has 14. */
#define METHOD_MAX 40

static int is_method(const char *method)
{
    apr_size_t len = strlen(method);

    for (apr_size_t i = 0; i < len; i++) {
        if (!smtpc__is_alnum(method[i]) && method[i] != '-') {
            return 0;
        }
    }
    return len > 0 && len <= METHOD_MAX;
}

/* The value of METHOD in ics, or NULL; set *len. */
static const char *find_method(const char *ics, apr_size_t *len)
{
    static const char name[] = "METHOD:";

    while (*ics != '\0') {
        apr_size_t line = strcspn(ics, "\r\n");

        if (apr_cstr_casecmpn(ics, name, sizeof(name) - 1) == 0) {
            *len = line - (sizeof(name) - 1);
            return ics + sizeof(name) - 1;
        }
        ics += line + strspn(ics + line, "\r\n");
    }
    return NULL;
}

static const char *problem(const char *method, const char *ics)
{
    static const char first[] = "BEGIN:VCALENDAR";
    const char *found;
    apr_size_t len;

    if (method == NULL || !is_method(method)) {
        return "the method is not a word such as REQUEST";
    }
    if (apr_cstr_casecmpn(ics, first, sizeof(first) - 1) != 0) {
        return "the text does not begin with BEGIN:VCALENDAR";
    }
    found = find_method(ics, &len);
    return found != NULL
                   && (len != strlen(method)
                       || apr_cstr_casecmpn(found, method, len) != 0)
               ? "METHOD in the text is another one" : NULL;
}

static apr_status_t make(smtpc_entity_t **made, smtpc_message_t *message,
                         smtpc_entity_e kind, const char *name,
                         const char *content_type, const char *ics)
{
    apr_status_t rv;

    *made = smtpc__entity_create(message, kind, SMTPC_ORIGIN_TEXT);
    (*made)->text = "";
    rv = smtpc__entity_describe(*made, name, content_type);
    return rv == APR_SUCCESS ? smtpc__entity_set_text(*made, ics) : rv;
}

SMTPC_DECLARE(apr_status_t)
smtpc_message_set_calendar(smtpc_message_t *message, const char *method,
                           const char *ics)
{
    smtpc_view_t *view = NULL;
    smtpc_attachment_t *file = NULL;
    const char *why;
    apr_status_t rv = smtpc__message_open(message, "calendar");

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (ics != NULL) {
        why = problem(method, ics);
        if (why != NULL) {
            return smtpc__message_fail(message, SMTPC_EARG, "calendar: %s",
                                       why);
        }
        rv = make(&view, message, SMTPC_ENTITY_VIEW, NULL,
                  apr_pstrcat(message->pool, "text/calendar; method=", method,
                              NULL), ics);
        if (rv == APR_SUCCESS) {
            rv = make(&file, message, SMTPC_ENTITY_ATTACHMENT, "invite.ics",
                      "application/ics", ics);
        }
        if (rv != APR_SUCCESS) {
            return rv;
        }
        /* As most programs write it; some servers know nothing else. */
        file->encoding = SMTPC_ENCODING_BASE64;
    }
    message->calendar = view;
    message->calendar_file = file;
    return APR_SUCCESS;
}
