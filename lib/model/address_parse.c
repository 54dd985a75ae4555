/* SPDX-License-Identifier: Apache-2.0 */
/*
 * address_parse.c: one mailbox, cut into name, local part and domain.
 *
 * Accepts what .NET's MailAddress accepts, with and without angle brackets,
 * name quoted or not, comments and blanks around every piece; and refuses
 * whatever could be read in two ways: an address that would vanish into a
 * name, a name glued to a quoted local part, source routes. In lists it also
 * finds where groups begin and end. Each byte is looked at once; comments
 * nest by a counter, groups do not nest.
 *
 * It decodes nothing (encoded-words stay text) and does not judge lengths,
 * domains or local parts: that is address.c's. RFC 5322 3.2.2-3.4, RFC 6532.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "model/address_parse.h"

/* How much of a text is shown in a complaint, before and behind. */
#define SHOW_BEFORE 60
#define SHOW_BEHIND 30
/* Bytes of a UTF-8 character behind its first. The text may be none, with any
 * number of them in a row. */
#define CONTINUATION_MAX 3

/* What ends a word that is not quoted. Brackets and backslashes are plain
 * characters in names, and refused in local parts later. */
static const char word_ends[] = " \"(),:;<>@";

/* A word: an atom or a quoted string with its quotes. */
typedef struct word_t {
    apr_size_t start;
    apr_size_t end;
    int quoted;
    int glued; /* nothing between it and the word before */
} word_t;

/* A parse in progress. */
typedef struct scan_t {
    const char *text;
    apr_size_t len;
    apr_size_t at;
    smtpc__mailbox_place_e place;
    apr_pool_t *pool;
    const char *why;
    apr_size_t start;  /* first byte that is not a blank */
    word_t last;       /* the last word read */
    apr_size_t words;  /* words in all */
    apr_size_t quoted; /* quoted ones before the last */
    word_t name;       /* the first word before the last */
    apr_size_t name_end; /* end of the word before the last */
} scan_t;

int smtpc__is_atext(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')
           || (c >= 'A' && c <= 'Z') || (unsigned char)c >= 0x80
           || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

const char *smtpc__mailbox_complaint(const char *what, const char *text,
                                     apr_size_t len, apr_size_t at,
                                     apr_pool_t *pool)
{
    apr_size_t from = at > SHOW_BEFORE ? at - SHOW_BEFORE : 0;
    apr_size_t to = len - at > SHOW_BEHIND ? at + SHOW_BEHIND : len;
    apr_size_t least = from > CONTINUATION_MAX ? from - CONTINUATION_MAX : 0;
    apr_size_t number = 1;
    apr_size_t i;

    for (i = 0; i < at; i++) {
        number += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    while (from > least && ((unsigned char)text[from] & 0xC0) == 0x80) {
        from--;
    }
    to = from + smtpc__utf8_cut(text + from, len - from, to - from);
    return apr_psprintf(pool,
                        "%s at character %" APR_SIZE_T_FMT " of \"%s%s%s\"",
                        what, number, from > 0 ? "..." : "",
                        smtpc__escape(text + from, to - from, to - from, 0,
                                      pool),
                        to < len ? "..." : "");
}

/* Refuse the text because of what is at byte at; returns 0. */
static int refuse(scan_t *scan, apr_size_t at, const char *what)
{
    scan->why = smtpc__mailbox_complaint(what, scan->text, scan->len, at,
                                         scan->pool);
    return 0;
}

/* Return the character to be read, or NUL at the end. */
static char peek(const scan_t *scan)
{
    return scan->at < scan->len ? scan->text[scan->at] : '\0';
}

/* Return non-zero if the mailbox ends here. */
static int at_end(const scan_t *scan)
{
    if (scan->at == scan->len) {
        return 1;
    }
    switch (scan->text[scan->at]) {
    case ',':
        return scan->place != SMTPC__MAILBOX_ALONE;
    case ';':
        return scan->place == SMTPC__MAILBOX_IN_GROUP;
    default:
        return 0;
    }
}

/* Skip one comment with those inside it. */
static int skip_comment(scan_t *scan)
{
    apr_size_t start = scan->at;
    apr_size_t depth = 0;

    while (scan->at < scan->len) {
        char c = scan->text[scan->at++];

        if (c == '\\' && scan->at < scan->len) {
            scan->at++;
        }
        else if (c == '(') {
            depth++;
        }
        else if (c == ')' && --depth == 0) {
            return 1;
        }
    }
    return refuse(scan, start, "a parenthesis that is not closed");
}

/* Skip blanks and comments. */
static int skip_cfws(scan_t *scan)
{
    for (;;) {
        char c = peek(scan);

        if (c == ' ') {
            scan->at++;
        }
        else if (c != '(') {
            return 1;
        }
        else if (!skip_comment(scan)) {
            return 0;
        }
    }
}

/* Move behind the quoted string that begins here. */
static int skip_quoted(scan_t *scan)
{
    apr_size_t start = scan->at++;

    while (scan->at < scan->len) {
        char c = scan->text[scan->at++];

        if (c == '"') {
            return 1;
        }
        if (c == '\\' && scan->at < scan->len) {
            scan->at++;
        }
    }
    return refuse(scan, start, "a quote that is not closed");
}

/* Read the word that begins here into word; it may be empty. */
static int read_word(scan_t *scan, word_t *word)
{
    word->start = scan->at;
    word->quoted = peek(scan) == '"';
    word->glued = 0;
    if (word->quoted) {
        if (!skip_quoted(scan)) {
            return 0;
        }
    }
    else {
        while (scan->at < scan->len
               && strchr(word_ends, scan->text[scan->at]) == NULL) {
            scan->at++;
        }
    }
    word->end = scan->at;
    return 1;
}

/* Return the content of word, without quotes and their backslashes. */
static const char *word_text(const scan_t *scan, const word_t *word)
{
    const char *from = scan->text + word->start;
    const char *end = scan->text + word->end;
    char *text;
    char *to;

    if (!word->quoted) {
        return apr_pstrmemdup(scan->pool, from,
                              (apr_size_t)(end - from));
    }
    text = apr_palloc(scan->pool, (apr_size_t)(end - from));
    to = text;
    for (from++, end--; from < end; from++) {
        if (*from == '\\') {
            from++;
        }
        *to++ = *from;
    }
    *to = '\0';
    return text;
}

/* Set the local part from word, which has to be one. */
static int take_local(scan_t *scan, smtpc__mailbox_t *mailbox,
                      const word_t *word)
{
    apr_size_t i;

    if (word->end == word->start
        || (word->quoted && word->end - word->start == 2)) {
        return refuse(scan, word->start, "nothing before the @");
    }
    if (!word->quoted) {
        if (scan->text[word->start] == '.') {
            return refuse(scan, word->start, "a dot that begins the address");
        }
        for (i = word->start; i < word->end; i++) {
            if (!smtpc__is_atext(scan->text[i]) && scan->text[i] != '.') {
                return refuse(scan, i, "a character that an address can only "
                                       "have in quotes");
            }
        }
    }
    mailbox->local = word_text(scan, word);
    mailbox->local_quoted = word->quoted;
    return 1;
}

/* Read an address literal, which begins here. */
static int read_literal(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    const char *start = scan->text + scan->at;
    const char *end = memchr(start, ']', scan->len - scan->at);

    if (end == NULL) {
        return refuse(scan, scan->at, "a bracket that is not closed");
    }
    scan->at += (apr_size_t)(end - start) + 1;
    mailbox->domain = apr_pstrmemdup(scan->pool, start,
                                     (apr_size_t)(end - start) + 1);
    return 1;
}

/* Read the @ and the domain behind it. */
static int read_domain(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    word_t word;

    if (peek(scan) != '@') {
        return refuse(scan, scan->at, "no @");
    }
    scan->at++;
    if (!skip_cfws(scan)) {
        return 0;
    }
    if (peek(scan) == '[') {
        return read_literal(scan, mailbox) && skip_cfws(scan);
    }
    if (peek(scan) == '"') {
        return refuse(scan, scan->at, "a quote in the domain");
    }
    if (!read_word(scan, &word)) {
        return 0;
    }
    if (word.start == word.end) {
        return refuse(scan, word.start, "no domain");
    }
    mailbox->domain = word_text(scan, &word);
    return skip_cfws(scan);
}

/* Require the end of the mailbox here. */
static int expect_end(scan_t *scan)
{
    if (at_end(scan)) {
        return 1;
    }
    switch (peek(scan)) {
    case '@':
        return refuse(scan, scan->at, "two @");
    case ',':
        return refuse(scan, scan->at, "a comma where one address is wanted");
    case ';':
        return refuse(scan, scan->at, "a semicolon (separate addresses with "
                                      "commas)");
    case '>':
        return refuse(scan, scan->at, "a > without its <");
    case ')':
        return refuse(scan, scan->at, "a parenthesis that was not opened");
    default:
        return refuse(scan, scan->at, "text behind the address");
    }
}

/* Set the name to the words before the address, which begins or is opened at
 * byte end: one quoted string, or everything as it stands. */
static int take_name(scan_t *scan, smtpc__mailbox_t *mailbox,
                     apr_size_t words, apr_size_t end)
{
    if (scan->quoted > 0) {
        if (words > 1) {
            return refuse(scan, scan->name.quoted ? scan->name_end
                                                  : scan->name.start,
                          "a name that is only partly in quotes");
        }
        mailbox->name = word_text(scan, &scan->name);
        return 1;
    }
    while (end > scan->start && scan->text[end - 1] == ' ') {
        end--;
    }
    mailbox->name = end > scan->start
                        ? apr_pstrmemdup(scan->pool, scan->text + scan->start,
                                         end - scan->start)
                        : "";
    return 1;
}

/* Count the last word as one of the name. */
static void push_word(scan_t *scan)
{
    if (scan->words == 1) {
        scan->name = scan->last;
    }
    scan->quoted += scan->last.quoted;
    scan->name_end = scan->last.end;
}

/* Read "local @ domain >" behind the <, which is next. */
static int read_angle(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    apr_size_t open = scan->at;
    word_t word;

    if (scan->words > 0) {
        push_word(scan);
    }
    if (!take_name(scan, mailbox, scan->words, open)) {
        return 0;
    }
    scan->at++;
    if (!skip_cfws(scan) || !read_word(scan, &word)
        || !take_local(scan, mailbox, &word) || !skip_cfws(scan)
        || !read_domain(scan, mailbox)) {
        return 0;
    }
    if (peek(scan) != '>') {
        return at_end(scan) ? refuse(scan, open, "a < that is not closed")
                            : expect_end(scan);
    }
    scan->at++;
    return skip_cfws(scan) && expect_end(scan);
}

/* Read "@ domain" behind words of which the last is the local part. */
static int read_bare(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    apr_size_t names = scan->words > 0 ? scan->words - 1 : 0;

    if (scan->words == 0) {
        return refuse(scan, scan->at, "nothing before the @");
    }
    if (scan->last.glued && scan->last.quoted && !scan->name.quoted) {
        return refuse(scan, scan->last.start,
                      "a quote in the middle of a word");
    }
    mailbox->name = "";
    if (names > 0 && !take_name(scan, mailbox, names, scan->name_end)) {
        return 0;
    }
    return take_local(scan, mailbox, &scan->last)
           && read_domain(scan, mailbox) && expect_end(scan);
}

/* Read the colon behind words that are the name of a group. */
static int read_group(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    push_word(scan);
    if (!take_name(scan, mailbox, scan->words, scan->at)) {
        return 0;
    }
    mailbox->opens_group = 1;
    scan->at++;
    return skip_cfws(scan);
}

/* Refuse the special character here, which no name has without quotes. */
static int refuse_special(scan_t *scan)
{
    if (peek(scan) != ':') {
        return expect_end(scan);
    }
    switch (scan->place) {
    case SMTPC__MAILBOX_IN_GROUP:
        return refuse(scan, scan->at, "a colon: a group inside a group (put "
                                      "the name in quotes)");
    case SMTPC__MAILBOX_IN_LIST:
        return refuse(scan, scan->at, "a colon without the name of a group");
    default:
        return refuse(scan, scan->at, "a colon (put the name in quotes; "
                                      "groups stand in lists only)");
    }
}

/* Read one more word of the name or the local part. */
static int read_next(scan_t *scan)
{
    apr_size_t before = scan->at;
    int first = scan->words == 0;
    apr_size_t previous_end = scan->last.end;

    if (!first) {
        push_word(scan);
    }
    if (!read_word(scan, &scan->last)) {
        return 0;
    }
    if (scan->at == before) {
        return refuse_special(scan);
    }
    scan->last.glued = !first && previous_end == before;
    scan->words++;
    return skip_cfws(scan);
}

static int read_mailbox(scan_t *scan, smtpc__mailbox_t *mailbox)
{
    while (peek(scan) == ' ') {
        scan->at++;
    }
    scan->start = scan->at;
    if (!skip_cfws(scan)) {
        return 0;
    }
    if (at_end(scan)) {
        return refuse(scan, scan->at, "no address");
    }
    for (;;) {
        if (at_end(scan)) {
            return refuse(scan, scan->at, "no @ in what should be an address");
        }
        if (peek(scan) == '<') {
            return read_angle(scan, mailbox);
        }
        if (peek(scan) == '@') {
            return read_bare(scan, mailbox);
        }
        if (peek(scan) == ':' && scan->words > 0
            && scan->place == SMTPC__MAILBOX_IN_LIST) {
            return read_group(scan, mailbox);
        }
        if (!read_next(scan)) {
            return 0;
        }
    }
}

apr_status_t smtpc__mailbox_parse(smtpc__mailbox_t *mailbox,
                                  apr_size_t *used, const char **why,
                                  const char *text, apr_size_t len,
                                  smtpc__mailbox_place_e place,
                                  apr_pool_t *pool)
{
    scan_t scan = { 0 };

    scan.text = text;
    scan.len = len;
    scan.place = place;
    scan.pool = pool;
    if (!read_mailbox(&scan, mailbox)) {
        *why = scan.why;
        return SMTPC_EARG;
    }
    *used = scan.at;
    return APR_SUCCESS;
}

apr_status_t smtpc__group_close(apr_size_t *used, const char **why,
                                const char *text, apr_size_t len,
                                apr_pool_t *pool)
{
    scan_t scan = { 0 };

    scan.text = text;
    scan.len = len;
    scan.place = SMTPC__MAILBOX_IN_LIST;
    scan.pool = pool;
    scan.at = 1;
    if (skip_cfws(&scan)
        && (at_end(&scan)
            || refuse(&scan, scan.at, "text behind a group"))) {
        *used = scan.at;
        return APR_SUCCESS;
    }
    *why = scan.why;
    return SMTPC_EARG;
}
