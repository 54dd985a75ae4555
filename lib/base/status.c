/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.c: names and sentences of our statuses.
 *
 * One table, in the order of status.h; nothing here can fail or allocate.
 * It does not know what a server said: that is in smtpc_result_t.
 */

#include <apr_strings.h>
#include <smtpclient/status.h>

/* What there is to say about one status. */
typedef struct status_text_t {
    const char *name;
    const char *sentence;
} status_text_t;

#define TEXT(status, sentence) \
    [(status) - SMTPC_STATUS_FIRST] = { #status, sentence }

static const status_text_t texts[] = {
    TEXT(SMTPC_EBUSY, "Another operation runs on this client"),
    TEXT(SMTPC_EDISPOSED, "The client was disposed of"),
    TEXT(SMTPC_EARG, "An argument or the message is invalid"),
    TEXT(SMTPC_ECONNECT, "The mail server could not be reached or the "
                         "connection broke; nothing was delivered"),
    TEXT(SMTPC_ETIMEOUT, "The time allowed passed before the message was "
                         "handed over; nothing was delivered"),
    TEXT(SMTPC_ETLS, "The connection could not be secured as required"),
    TEXT(SMTPC_EAUTH, "The mail server did not accept the credentials, or "
                      "they could not be used"),
    TEXT(SMTPC_ETEMP, "The mail server refused for now; try again later"),
    TEXT(SMTPC_EREJECTED, "The mail server refused the message or all its "
                          "recipients"),
    TEXT(SMTPC_EPARTIAL, "The message was accepted for some recipients and "
                         "refused for others"),
    TEXT(SMTPC_EPROTO, "The mail server broke the protocol"),
    TEXT(SMTPC_EINDOUBT, "The message was sent but its acceptance was not "
                         "seen; sending it again may duplicate it"),
    TEXT(SMTPC_ELIMIT, "A limit was reached"),
    TEXT(SMTPC_EEXTENSION, "The message needs an extension that the mail "
                           "server does not offer"),
    TEXT(SMTPC_ECANCELLED, "The operation was cancelled"),
    TEXT(SMTPC_EQUEUE, "The message could not be stored"),
    TEXT(SMTPC_ESOURCE, "A part of the message could not be read")
};

_Static_assert(sizeof(texts) / sizeof(texts[0])
                   == SMTPC_STATUS_END - SMTPC_STATUS_FIRST,
               "every status has a text");

/* Return the text of status, or NULL if it is not ours. */
static const status_text_t *find(apr_status_t status)
{
    if (status < SMTPC_STATUS_FIRST || status >= SMTPC_STATUS_END) {
        return NULL;
    }
    return &texts[status - SMTPC_STATUS_FIRST];
}

SMTPC_DECLARE(char *) smtpc_strerror(apr_status_t status, char *buf,
                                     apr_size_t size)
{
    const status_text_t *text = find(status);

    if (size == 0) {
        return buf;
    }
    if (text != NULL) {
        apr_cpystrn(buf, text->sentence, size);
    }
    else if (status == APR_SUCCESS) {
        apr_cpystrn(buf, "Success", size);
    }
    else {
        apr_strerror(status, buf, size);
    }
    return buf;
}

SMTPC_DECLARE(const char *) smtpc_status_name(apr_status_t status)
{
    const status_text_t *text = find(status);

    if (text != NULL) {
        return text->name;
    }
    return status == APR_SUCCESS ? "APR_SUCCESS" : NULL;
}

SMTPC_DECLARE(const char *) smtpc_version(void)
{
    return SMTPC_VERSION_STRING;
}
