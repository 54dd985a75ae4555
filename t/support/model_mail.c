/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_mail.c: messages at random, with bytes of their own each, so that one
 * is never taken for another.
 *
 * The three forms of the content (source, dotted, in chunks) are written side
 * by side, with no call of the filter that is tested.
 */
#include "model_mail.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

/* A message being made. */
typedef struct maker_t {
    model_mail_t *mail;
    model_message_t *model;
    int id;
    apr_uint64_t *random;
    apr_pool_t *pool;
} maker_t;

static unsigned int roll(maker_t *maker, unsigned int sides)
{
    return rig_random(maker->random) % sides;
}

static apr_status_t read_content(void *baton, char *buf, apr_size_t *len)
{
    model_mail_t *mail = baton;
    apr_size_t left = mail->len - mail->read;

    if (mail->fails && mail->read >= mail->fails_at) {
        return APR_EGENERAL;
    }
    if (left == 0) {
        *len = 0;
        return APR_EOF;
    }
    *len = *len < left ? *len : left;
    memcpy(buf, mail->bytes + mail->read, *len);
    mail->read += *len;
    return APR_SUCCESS;
}

/* A growing text. */
typedef struct text_t {
    char *bytes;
    apr_size_t len;
} text_t;

static void put(text_t *text, const char *bytes, apr_size_t len)
{
    memcpy(text->bytes + text->len, bytes, len);
    text->len += len;
}

/* Put a line into the three forms the content has: as it is in the source,
 * dotted, and in chunks. */
static void put_line(text_t forms[3], const char *line, apr_size_t len,
                     const char *eol)
{
    put(&forms[0], line, len);
    put(&forms[0], eol, strlen(eol));
    if (*line == '.') {
        put(&forms[1], ".", 1);
    }
    put(&forms[1], line, len);
    put(&forms[1], "\r\n", 2);
    put(&forms[2], line, len);
    put(&forms[2], "\r\n", 2);
}

static void make_content(maker_t *maker, apr_size_t lines)
{
    static const char *const eols[] = { "\r\n", "\n", "\r", "\r\n" };
    model_mail_t *mail = maker->mail;
    model_message_t *model = maker->model;
    text_t forms[3];
    char line[80] = "";

    for (int i = 0; i < 3; i++) {
        forms[i].bytes = apr_palloc(maker->pool, lines * 84 + 200);
        forms[i].len = 0;
    }
    put_line(forms, line, (apr_size_t)apr_snprintf(line, sizeof(line),
                                                   "Message-ID: m%d", maker->id),
             "\r\n");
    for (apr_size_t i = 0; i < lines; i++) {
        apr_size_t len = 1 + roll(maker, 70);

        memset(line, 'a' + (char)roll(maker, 26), len);
        line[0] = ".x."[roll(maker, 3)];
        put_line(forms, line, len, eols[roll(maker, 4)]);
    }
    put_line(forms, line, (apr_size_t)apr_snprintf(line, sizeof(line),
                                                   ".end of m%d", maker->id),
             roll(maker, 2) ? "" : "\r\n");
    model->data_doubt = forms[1].len;
    if (mail->envelope->binary) {
        forms[2] = forms[0];
    }
    if (forms[0].bytes[forms[0].len - 1] != '\n') {
        model->data_doubt -= 2;
    }
    put(&forms[1], ".\r\n", 3);
    mail->bytes = forms[0].bytes;
    mail->len = forms[0].len;
    model->data = forms[1].bytes;
    model->data_len = forms[1].len;
    model->chunk = forms[2].bytes;
    model->chunk_len = forms[2].len;
}

static smtpc_address_t *address(maker_t *maker, const char *text)
{
    smtpc_address_t *made;

    if (smtpc_address_parse(&made, text, maker->pool) != APR_SUCCESS) {
        tap_bail("address %s", text);
    }
    return made;
}

static void make_recipients(maker_t *maker)
{
    model_mail_t *mail = maker->mail;
    model_message_t *model = maker->model;
    int subset = roll(maker, 4) == 0;

    mail->named = 1 + roll(maker, MODEL_RCPTS);
    smtpc__result_create(&mail->result, mail->named, maker->pool);
    for (apr_size_t i = 0; i < mail->named; i++) {
        smtpc_address_t *to = address(
            maker, apr_psprintf(maker->pool, "m%d-%d@r.example", maker->id,
                                (int)i));

        smtpc__envelope_add(mail->envelope, to);
        mail->result->recipients[i].address = smtpc_address_address(to);
        if (!subset || roll(maker, 2)) {
            mail->indices[mail->count++] = i;
            model->rcpts |= 1u << i;
        }
    }
    if (mail->count == 0) {
        mail->indices[mail->count++] = 0;
        model->rcpts = 1;
    }
}

void model_mail_make(model_mail_t *mail, model_message_t *model, int id,
                     unsigned int caps, apr_uint64_t *random,
                     apr_pool_t *pool)
{
    maker_t all = { mail, model, id, random, pool };
    maker_t *maker = &all;
    unsigned int kind = roll(maker, 200);
    apr_off_t length;

    mail->envelope = smtpc__envelope_create(pool);
    mail->envelope->sender = address(
        maker, apr_psprintf(pool, "m%d@s.example", id));
    make_recipients(maker);
    mail->envelope->all_or_none = roll(maker, 10) == 0;
    model->all_or_none = mail->envelope->all_or_none;
    if ((caps & (MODEL_BINARYMIME | MODEL_CHUNKING))
        == (MODEL_BINARYMIME | MODEL_CHUNKING)) {
        mail->envelope->binary = roll(maker, 3) == 0;
    }
    else if (roll(maker, 12) == 0) {
        mail->envelope->eight_bit = 1;
        mail->cannot_go = !(caps & MODEL_8BITMIME);
    }
    make_content(maker, kind == 0 ? 1000 + roll(maker, 3000)
                 : kind < 4 ? 50 + roll(maker, 100) : roll(maker, 4));
    mail->fails = roll(maker, 40) == 0;
    mail->fails_at = roll(maker, (unsigned int)mail->len);
    length = roll(maker, 6) == 0 ? SMTPC_LENGTH_UNKNOWN
                                 : (apr_off_t)mail->len;
    mail->envelope->size = length;
    if (smtpc_source_create_callback(&mail->content, read_content, NULL,
                                     length, mail, pool) != APR_SUCCESS) {
        tap_bail("source");
    }
}
