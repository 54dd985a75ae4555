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

/* Return the len bytes at text in pool without what is around them if they
 * can be a queue id, else "". */
static const char *take_id(const char *text, apr_size_t len,
                           apr_pool_t *pool)
{
    apr_size_t i;

    if (len > 0 && (*text == '<' || *text == '(')) {
        text++;
        len--;
    }
    while (len > 0 && strchr(".,;:)>", text[len - 1]) != NULL) {
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

/* What the word in front of a mark has to be like. */
typedef enum {
    WORD_ANY,
    WORD_NUMBERED,  /* with a digit, and no enhanced status code */
    WORD_BRACKETED, /* in angle brackets */
    WORD_BARE       /* not in angle brackets */
} word_e;

static int word_is(const char *word, apr_size_t len, word_e kind)
{
    apr_size_t digit = strcspn(word, "0123456789");

    switch (kind) {
    case WORD_NUMBERED:
        return digit < len
               && (strspn(word, "0123456789.:") < len
                   || strspn(word, "0123456789") == len);
    case WORD_BRACKETED:
        return len > 2 && *word == '<' && word[len - 1] == '>';
    case WORD_BARE:
        return *word != '<';
    default:
        return 1;
    }
}

/* Return the word behind mark, or "". */
static const char *id_behind(const char *text, const char *mark,
                             apr_pool_t *pool)
{
    const char *at = strcasestr(text, mark);

    if (at == NULL) {
        return "";
    }
    at += strlen(mark);
    return take_id(at, strcspn(at, " ,\n"), pool);
}

/* Return the word of kind before mark, or "". */
static const char *id_before(const char *text, const char *mark, word_e kind,
                             apr_pool_t *pool)
{
    const char *end = strcasestr(text, mark);
    const char *start = end;

    if (end == NULL) {
        return "";
    }
    while (start > text && start[-1] != ' ' && start[-1] != '\n') {
        start--;
    }
    return word_is(start, (apr_size_t)(end - start), kind)
               ? take_id(start, (apr_size_t)(end - start), pool) : "";
}

/* Return the one word behind "Ok " or "Ok. " that has a digit, or "". */
static const char *id_bare(const char *text, apr_pool_t *pool)
{
    apr_size_t len;

    if (strncasecmp(text, "ok", 2) != 0) {
        return "";
    }
    text += 2 + (text[2] == '.');
    if (*text != ' ') {
        return "";
    }
    text += strspn(text, " ");
    len = strcspn(text, " \n");
    if (len < BARE_ID_MIN || text[len] != '\0'
        || strcspn(text, "0123456789") == len) {
        return "";
    }
    return take_id(text, len, pool);
}

/* Return N of "ok 1612345678 qp N": qmail logs it as qp, too. */
static const char *id_qmail(const char *text, apr_pool_t *pool)
{
    apr_size_t digits;

    if (strncasecmp(text, "ok ", 3) != 0) {
        return "";
    }
    text += 3;
    digits = strspn(text, "0123456789");
    if (digits == 0 || strncmp(text + digits, " qp ", 4) != 0) {
        return "";
    }
    text += digits + 4;
    digits = strspn(text, "0123456789");
    return text[digits] == '\0' || text[digits] == ' '
               ? take_id(text, digits, pool) : "";
}

/* Texts that servers are known to say before or behind their ids, the more
 * telling first. */
static const struct {
    const char *mark;
    int behind; /* the id is behind it */
    word_e kind;
} marks[] = {
    /* Postfix, its imitators, and proxies that repeat it. */
    { "queued as ", 1, WORD_ANY },
    { "[InternalId=", 1, WORD_ANY },              /* Exchange */
    { " id=", 1, WORD_ANY },                      /* Exim */
    { " ids=", 1, WORD_ANY },                     /* KumoMTA */
    { " with id ", 1, WORD_ANY },                 /* Stalwart */
    { "Message Queued (", 1, WORD_ANY },          /* Haraka */
    { " SESSIONID=", 1, WORD_ANY },               /* Cyrus, LMTP */
    { " envelope id ", 1, WORD_ANY },             /* Oracle */
    { " - gsmtp", 0, WORD_ANY },                  /* Google */
    /* Sendmail, OpenSMTPD, CommuniGate. */
    { " Message accepted for delivery", 0, WORD_NUMBERED },
    { " Message accepted", 0, WORD_NUMBERED },
    { " Queued mail for delivery", 0, WORD_BRACKETED }, /* IIS */
    { " Saved", 0, WORD_BARE }                    /* Dovecot, LMTP */
};

const char *smtpc__reply_queue_id(const smtpc_reply_t *reply,
                                  apr_pool_t *pool)
{
    const char *text = reply->text;
    const char *id = "";
    apr_size_t i;

    for (i = 0; i < sizeof(marks) / sizeof(*marks) && *id == '\0'; i++) {
        id = marks[i].behind
                 ? id_behind(text, marks[i].mark, pool)
                 : id_before(text, marks[i].mark, marks[i].kind, pool);
    }
    if (*id == '\0') {
        id = id_qmail(text, pool);
    }
    return *id != '\0' ? id : id_bare(text, pool);
}
