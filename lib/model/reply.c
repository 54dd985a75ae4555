/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c: reading what a reply's text may say.
 *
 * The three digits decide everything; what is read here is for people and
 * logs. Splitting replies out of the stream is proto/reply_parser's.
 * RFC 2034 4, RFC 3463 2, RFC 5321 4.2.
 */

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "model/reply.h"

/* Longest queue id that is believed. */
#define QUEUE_ID_MAX 128

/* The shortest "Ok <id>" that is taken for an id: shorter ones are words. */
#define BARE_ID_MIN 8

smtpc_reply_class_e smtpc__reply_class(int code)
{
    if (code < 200 || code > 599) {
        return SMTPC_REPLY_NONE;
    }
    return (smtpc_reply_class_e)(code / 100);
}

/* Return the number of digits at text, 1 ... 3 without a leading zero, or
 * 0. */
static apr_size_t count_digits(const char *text)
{
    apr_size_t digits = strspn(text, "0123456789");

    return digits > 3 || (digits > 1 && *text == '0') ? 0 : digits;
}

const char *smtpc__reply_split_enhanced(const char **enhanced, int code,
                                        const char *text, apr_pool_t *pool)
{
    const char *at = text;
    apr_size_t digits;
    int part;

    *enhanced = "";
    if (*at != '0' + code / 100 || (*at != '2' && *at != '4' && *at != '5')) {
        return text;
    }
    at++;
    for (part = 0; part < 2; part++) {
        if (*at != '.' || (digits = count_digits(at + 1)) == 0) {
            return text;
        }
        at += 1 + digits;
    }
    if (*at != ' ' && *at != '\0' && *at != '\n') {
        return text;
    }
    *enhanced = apr_pstrmemdup(pool, text, (apr_size_t)(at - text));
    return *at == ' ' ? at + 1 : at;
}

/* Return where needle begins in text, in any case, or NULL. */
static const char *find(const char *text, const char *needle)
{
    return strcasestr(text, needle);
}

/* Return the word at text in pool if it can be a queue id, else "". */
static const char *take_id(const char *text, apr_size_t len,
                           apr_pool_t *pool)
{
    apr_size_t i;

    if (len > 0 && (*text == '<' || *text == '(')) {
        text++;
        len--;
    }
    while (len > 0 && strchr(".,;)>", text[len - 1]) != NULL) {
        len--;
    }
    if (len == 0 || len > QUEUE_ID_MAX) {
        return "";
    }
    for (i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] >= 0x7F) {
            return "";
        }
    }
    return apr_pstrmemdup(pool, text, len);
}

/* Return the id behind mark ("queued as "), or NULL if mark is not there. */
static const char *id_behind(const char *text, const char *mark,
                             apr_pool_t *pool)
{
    const char *at = find(text, mark);

    if (at == NULL) {
        return NULL;
    }
    at += strlen(mark);
    return take_id(at, strcspn(at, " ,\n"), pool);
}

/* Return the word before mark (" Message accepted"), or NULL. */
static const char *id_before(const char *text, const char *mark,
                             apr_pool_t *pool)
{
    const char *end = find(text, mark);
    const char *start = end;

    if (end == NULL) {
        return NULL;
    }
    while (start > text && start[-1] != ' ' && start[-1] != '\n') {
        start--;
    }
    return take_id(start, (apr_size_t)(end - start), pool);
}

/* Return the one word behind "Ok " that has a digit, or "". */
static const char *id_bare(const char *text, apr_pool_t *pool)
{
    apr_size_t len;

    if (strncasecmp(text, "ok ", 3) != 0) {
        return "";
    }
    text += 3 + strspn(text + 3, " ");
    len = strcspn(text, " \n");
    if (len < BARE_ID_MIN || text[len] != '\0'
        || strcspn(text, "0123456789") == len) {
        return "";
    }
    return take_id(text, len, pool);
}

const char *smtpc__reply_queue_id(const smtpc_reply_t *reply,
                                  apr_pool_t *pool)
{
    /* Postfix and its many imitators; Exim; Exchange. */
    static const char *const behind[] = { "queued as ", " id=",
                                          "[InternalId=", NULL };
    /* Sendmail and OpenSMTPD; Google. */
    static const char *const before[] = { " Message accepted for delivery",
                                          " - gsmtp", NULL };
    const char *id;
    int i;

    for (i = 0; behind[i] != NULL; i++) {
        id = id_behind(reply->text, behind[i], pool);
        if (id != NULL) {
            return id;
        }
    }
    for (i = 0; before[i] != NULL; i++) {
        id = id_before(reply->text, before[i], pool);
        if (id != NULL) {
            return id;
        }
    }
    return id_bare(reply->text, pool);
}
