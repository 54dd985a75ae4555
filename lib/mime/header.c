/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header.c: the one writer of header fields.
 *
 * Nothing else writes the CRLF of a header line, and this file writes one
 * only at the end of a field or before a blank (a fold), so no value can end
 * its field. Lines have at most 78 characters, 76 with an encoded word, and
 * are longer only where one word is: a word is never broken. What a reader
 * gets after unfolding and decoding is the value to the byte, blanks
 * included.
 *
 * Not here: which fields a message has (message_render.c), parameters
 * (param.c), encoded words themselves (word.c).
 * RFC 5322 2.2.3 and 3.2.5, RFC 2047 5 and 6.2, RFC 6532 3.
 */
#include "mime/header.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "mime/param.h"
#include "mime/word.h"

/* Memory a header block begins with; most messages need no more. */
#define FIRST_SIZE 2048

/* A field name, so that it and its colon fit on a line. */
#define NAME_MAX_LEN (SMTPC_LIMIT_HEADER_LINE - 2)

/* A longer word might not fit behind the longest name: 998 holds always. */
#define UNBROKEN_MAX \
    (SMTPC_LIMIT_CONTENT_LINE - SMTPC_LIMIT_HEADER_LINE - 2)

/* More blanks in a row than this are encoded, they would fill a line. */
#define BLANKS_MAX 8

/* An encoded word is not begun in less room than this if it goes on. */
#define WORD_ROOM_MIN 30

struct smtpc_header_t {
    apr_pool_t *pool;
    char *data;
    apr_size_t len;
    apr_size_t size;
    apr_size_t field;  /* where the field being written begins */
    apr_size_t column; /* characters on the present line */
    apr_size_t limit;  /* what the present line may have */
    int utf8;
    int fresh;         /* the field has only its name so far */
    int over;          /* the block has passed its limit */
};

void smtpc__header_create(smtpc_header_t **header, int utf8, apr_pool_t *pool)
{
    smtpc_header_t *h = apr_pcalloc(pool, sizeof(*h));

    h->pool = pool;
    h->size = FIRST_SIZE;
    h->data = apr_palloc(pool, h->size);
    h->utf8 = utf8;
    *header = h;
}

static void append(smtpc_header_t *h, const char *data, apr_size_t len)
{
    if (len > SMTPC_LIMIT_HEADER_BLOCK - h->len) {
        h->over = 1;
        return;
    }
    /* Two more are kept for the empty line. */
    if (h->len + len + 2 > h->size) {
        char *grown;

        h->size = 2 * (h->len + len + 2);
        grown = apr_palloc(h->pool, h->size);
        memcpy(grown, h->data, h->len);
        h->data = grown;
    }
    memcpy(h->data + h->len, data, len);
    h->len += len;
    h->column += len;
}

/* Begin a new line, unless this one has just begun: an empty one would end
 * the header. */
static void fold(smtpc_header_t *h)
{
    if (h->column == 0) {
        return;
    }
    append(h, "\r\n", 2);
    h->column = 0;
    h->limit = SMTPC_LIMIT_HEADER_LINE;
    h->fresh = 0;
}

static void append_blanks(smtpc_header_t *h, apr_size_t blanks)
{
    for (; blanks > 0; blanks--) {
        append(h, " ", 1);
    }
    h->fresh = 0;
}

/* Write a word behind blanks (at least one), on a new line if the present
 * one has no room. The first word stays beside the name if it would be too
 * long for any line. */
static void put(smtpc_header_t *h, apr_size_t blanks, const char *word,
                apr_size_t len)
{
    /* Only in parameters: elsewhere put_encoded() writes them. */
    int encoded = smtpc__word_looks_encoded(word, len);

    if (encoded) {
        h->limit = SMTPC_WORD_LINE;
    }
    if (h->column + blanks + len > h->limit
        && (!h->fresh || blanks + len <= SMTPC_LIMIT_HEADER_LINE)) {
        fold(h);
    }
    append_blanks(h, blanks);
    append(h, word, len);
    if (encoded) {
        h->limit = SMTPC_WORD_LINE;
    }
}

/* Write text in as many encoded words as it takes, behind blanks. */
static void put_encoded(smtpc_header_t *h, apr_size_t blanks,
                        const char *text, apr_size_t len)
{
    smtpc_word_e form = smtpc__word_choose(text, len);
    char word[SMTPC_WORD_MAX];

    while (len > 0) {
        apr_size_t used = h->column + blanks;
        apr_size_t room = used < SMTPC_WORD_LINE ? SMTPC_WORD_LINE - used : 0;
        apr_size_t taken;
        apr_size_t n = smtpc__word_write(word, &taken, form, text, len, room);

        if (n == 0 || (taken < len && room < WORD_ROOM_MIN)) {
            fold(h);
            n = smtpc__word_write(word, &taken, form, text, len,
                                  SMTPC_WORD_LINE - blanks);
        }
        append_blanks(h, blanks);
        append(h, word, n);
        h->limit = SMTPC_WORD_LINE;
        text += taken;
        len -= taken;
        /* A blank between two encoded words is no part of the text. */
        blanks = 1;
    }
}

const char *smtpc__header_name_check(const char *name)
{
    apr_size_t len = 0;

    for (; name[len] != '\0'; len++) {
        if (name[len] <= ' ' || name[len] >= 127 || name[len] == ':') {
            return "a field name has only printable ASCII characters, and no "
                   "blank or colon";
        }
        if (len >= NAME_MAX_LEN) {
            return "a field name has at most 76 characters";
        }
    }
    return len == 0 ? "a field name is not empty" : NULL;
}

static apr_status_t begin(smtpc_header_t *h, const char *name)
{
    if (smtpc__header_name_check(name) != NULL) {
        return SMTPC_EARG;
    }
    h->field = h->len;
    h->column = 0;
    h->limit = SMTPC_LIMIT_HEADER_LINE;
    h->over = 0;
    append(h, name, strlen(name));
    append(h, ":", 1);
    h->fresh = 1;
    return APR_SUCCESS;
}

/* End the field; one that does not fit is taken back whole. */
static apr_status_t end(smtpc_header_t *h)
{
    append(h, "\r\n", 2);
    if (h->over) {
        h->len = h->field;
        return SMTPC_ELIMIT;
    }
    return APR_SUCCESS;
}

static int is_clean(const char *value, apr_size_t len)
{
    return smtpc__utf8_valid(value, len)
           && smtpc__find_control(value, len) == len;
}

/* The text of an unstructured field while it is divided into words. */
typedef struct text_t {
    const char *data;
    apr_size_t len;
    apr_size_t tail;  /* where the blanks at its end begin */
    apr_size_t first; /* longest first word that is not encoded */
    int utf8;
} text_t;

static apr_size_t blanks_at(const text_t *text, apr_size_t pos)
{
    apr_size_t n = 0;

    while (pos + n < text->len && text->data[pos + n] == ' ') {
        n++;
    }
    return n;
}

/* The end of the word at pos. Blanks in front of the first word and behind
 * the last one are part of it. */
static apr_size_t word_end(const text_t *text, apr_size_t pos)
{
    apr_size_t end_of = pos == 0 ? blanks_at(text, 0) : pos;

    while (end_of < text->len && text->data[end_of] != ' ') {
        end_of++;
    }
    return end_of >= text->tail ? text->len : end_of;
}

static int needs_encoding(const text_t *text, apr_size_t pos,
                          apr_size_t end_of)
{
    const char *word = text->data + pos;
    apr_size_t len = end_of - pos;
    apr_size_t before = 0;

    while (before < pos && before <= BLANKS_MAX
           && text->data[pos - before - 1] == ' ') {
        before++;
    }
    return len > (pos == 0 ? text->first : UNBROKEN_MAX)
           || word[0] == ' ' || word[len - 1] == ' '
           || before > BLANKS_MAX || blanks_at(text, end_of) > BLANKS_MAX
           || smtpc__word_looks_encoded(word, len)
           || (!text->utf8 && !smtpc__is_ascii(word, len));
}

/* Words that need encoding and stand side by side are encoded together with
 * the blanks between them, which would be lost otherwise. RFC 2047 6.2. */
static void put_text(smtpc_header_t *h, const text_t *text)
{
    apr_size_t pos = 0;
    apr_size_t blanks = 1;

    while (pos < text->len) {
        apr_size_t stop = word_end(text, pos);

        if (!needs_encoding(text, pos, stop)) {
            put(h, blanks, text->data + pos, stop - pos);
        }
        else {
            while (stop < text->len) {
                apr_size_t next = stop + blanks_at(text, stop);
                apr_size_t next_end = word_end(text, next);

                if (!needs_encoding(text, next, next_end)) {
                    break;
                }
                stop = next_end;
            }
            put_encoded(h, blanks, text->data + pos, stop - pos);
        }
        blanks = blanks_at(text, stop);
        pos = stop + blanks;
    }
}

apr_status_t smtpc__header_text(smtpc_header_t *header, const char *name,
                                const char *value)
{
    text_t text = { value, strlen(value), strlen(value), UNBROKEN_MAX,
                    header->utf8 };
    apr_status_t rv;

    if (!is_clean(value, text.len)) {
        return SMTPC_EARG;
    }
    while (text.tail > 0 && value[text.tail - 1] == ' ') {
        text.tail--;
    }
    if (apr_cstr_casecmp(name, "Subject") == 0) {
        /* Some readers take a fold right behind the name for a blank of the
         * text. Other fields may have a syntax that encoding would break. */
        text.first = SMTPC_LIMIT_HEADER_LINE - strlen("Subject: ");
    }
    rv = begin(header, name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    put_text(header, &text);
    return end(header);
}

/* The next word of a structured value: set *len, return its start or NULL. */
static const char *next_word(const char *p, apr_size_t *len)
{
    p += strspn(p, " ");
    *len = strcspn(p, " ");
    return *len > 0 ? p : NULL;
}

apr_status_t smtpc__header_structured(smtpc_header_t *header,
                                      const char *name, const char *value)
{
    apr_size_t len = strlen(value);
    const char *word;
    apr_status_t rv;

    if (!is_clean(value, len)
        || (!header->utf8 && !smtpc__is_ascii(value, len))) {
        return SMTPC_EARG;
    }
    for (word = value; (word = next_word(word, &len)) != NULL; word += len) {
        if (len > UNBROKEN_MAX) {
            return SMTPC_ELIMIT;
        }
    }
    rv = begin(header, name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (word = value; (word = next_word(word, &len)) != NULL; word += len) {
        put(header, 1, word, len);
    }
    return end(header);
}

/* A display name that quotes cannot keep as it is. */
static int name_needs_encoding(const smtpc_header_t *h, const char *name,
                               apr_size_t len)
{
    return len > UNBROKEN_MAX / 2 || smtpc__has_odd_blanks(name, len)
           || smtpc__word_looks_encoded(name, len)
           || (!h->utf8 && !smtpc__is_ascii(name, len));
}

/* Write name, which is not empty, and spec, which ends the mailbox. The
 * mailbox is kept on one line if it fits on one, else begins one. */
static void put_named(smtpc_header_t *h, const char *name, const char *spec)
{
    apr_size_t len = strlen(name);
    apr_size_t width;
    const char *word;

    if (name_needs_encoding(h, name, len)) {
        put_encoded(h, 1, name, len);
        put(h, 1, spec, strlen(spec));
        return;
    }
    name = smtpc__quote(name, len, h->pool);
    width = 1 + strlen(name) + 1 + strlen(spec);
    if (h->column + width > h->limit
        && (!h->fresh || width <= SMTPC_LIMIT_HEADER_LINE)) {
        fold(h);
    }
    for (word = name; (word = next_word(word, &len)) != NULL; word += len) {
        put(h, 1, word, len);
    }
    put(h, 1, spec, strlen(spec));
}

static apr_status_t put_mailbox(smtpc_header_t *h,
                                const smtpc_address_t *address,
                                const char *comma)
{
    const char *name = smtpc_address_display_name(address);
    const char *spec = h->utf8 ? smtpc_address_address(address)
                               : smtpc__address_ascii(address);

    if (!h->utf8 && !smtpc__is_ascii(spec, strlen(spec))) {
        return SMTPC_EEXTENSION;
    }
    if (!is_clean(spec, strlen(spec)) || !is_clean(name, strlen(name))) {
        return SMTPC_EARG;
    }
    if (*name == '\0') {
        spec = apr_pstrcat(h->pool, spec, comma, NULL);
        put(h, 1, spec, strlen(spec));
    }
    else {
        put_named(h, name, apr_pstrcat(h->pool, "<", spec, ">", comma, NULL));
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__header_addresses(smtpc_header_t *header, const char *name,
                                     const apr_array_header_t *list)
{
    apr_status_t rv;

    if (list->nelts == 0) {
        return APR_SUCCESS;
    }
    rv = begin(header, name);
    for (int i = 0; i < list->nelts && rv == APR_SUCCESS; i++) {
        rv = put_mailbox(header,
                         APR_ARRAY_IDX(list, i, const smtpc_address_t *),
                         i + 1 < list->nelts ? "," : "");
        if (rv != APR_SUCCESS) {
            header->len = header->field;
        }
    }
    return rv == APR_SUCCESS ? end(header) : rv;
}

apr_status_t smtpc__header_phrase(smtpc_header_t *header, const char *name,
                                  const char *phrase, const char *spec)
{
    apr_status_t rv;

    if (!is_clean(phrase, strlen(phrase)) || !is_clean(spec, strlen(spec))) {
        return SMTPC_EARG;
    }
    rv = begin(header, name);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (*phrase == '\0') {
        put(header, 1, spec, strlen(spec));
    }
    else {
        put_named(header, phrase, spec);
    }
    return end(header);
}

static apr_status_t check_params(const char *value,
                                 const smtpc_param_t *params,
                                 apr_size_t count)
{
    if (!is_clean(value, strlen(value))
        || !smtpc__is_ascii(value, strlen(value))) {
        return SMTPC_EARG;
    }
    if (strlen(value) > UNBROKEN_MAX) {
        return SMTPC_ELIMIT;
    }
    for (apr_size_t i = 0; i < count; i++) {
        apr_size_t len = strlen(params[i].value);

        /* Names are short: sections of RFC 2231 need room beside them. */
        if (strlen(params[i].name) > SMTPC_LIMIT_HEADER_LINE / 2
            || len > SMTPC_LIMIT_PARAMETER) {
            return SMTPC_ELIMIT;
        }
        if (!smtpc__is_token(params[i].name, strlen(params[i].name))
            || !is_clean(params[i].value, len)) {
            return SMTPC_EARG;
        }
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__header_params(smtpc_header_t *header, const char *name,
                                  const char *value,
                                  const smtpc_param_t *params,
                                  apr_size_t count)
{
    apr_array_header_t *words;
    apr_status_t rv = check_params(value, params, count);

    if (rv == APR_SUCCESS) {
        rv = begin(header, name);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    words = apr_array_make(header->pool, 8, sizeof(const char *));
    APR_ARRAY_PUSH(words, const char *) = value;
    for (apr_size_t i = 0; i < count; i++) {
        const char **last
            = &APR_ARRAY_IDX(words, words->nelts - 1, const char *);

        *last = apr_pstrcat(header->pool, *last, ";", NULL);
        smtpc__param_words(words, &params[i], header->utf8, header->pool);
    }
    for (int i = 0; i < words->nelts; i++) {
        const char *word = APR_ARRAY_IDX(words, i, const char *);

        put(header, 1, word, strlen(word));
    }
    return end(header);
}

const char *smtpc__header_fields(const smtpc_header_t *header,
                                 apr_size_t *len)
{
    *len = header->len;
    return header->data;
}

const char *smtpc__header_finish(smtpc_header_t *header, apr_size_t *len)
{
    /* append() keeps room for these. */
    memcpy(header->data + header->len, "\r\n", 2);
    *len = header->len + 2;
    return header->data;
}
