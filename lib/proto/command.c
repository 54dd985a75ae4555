/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c: command lines.
 *
 * Every line is put together from pieces that are checked one by one: no
 * control character passes, whatever the caller checked before. The length is
 * known before the first byte is written, so a line is in the buffer whole or
 * not at all. Nothing else in the library writes a command.
 *
 * It knows no order of commands; that is in steps.c. RFC 5321 4.1.1,
 * RFC 1870 (SIZE), RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 4954 (AUTH),
 * RFC 3461 (DSN).
 */
#include "proto/command.h"

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/* Most pieces of a line. */
#define PIECES_MAX 12
/* Digits of an apr_off_t, and a terminator. */
#define NUMBER_MAX 24

/* A line under construction. */
typedef struct {
    const char *pieces[PIECES_MAX];
    apr_size_t count;
    apr_size_t limit;  /* of the line with CRLF */
} line_t;

static void begin(line_t *line, apr_size_t limit, const char *verb)
{
    line->pieces[0] = verb;
    line->count = 1;
    line->limit = limit;
}

static void add(line_t *line, const char *piece)
{
    line->pieces[line->count++] = piece;
}

/* Return non-zero if no byte of text is a control character. */
static int clean(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < ' ' || c == 0x7f) {
            return 0;
        }
    }
    return 1;
}

/* Set *len to the length of line, if it is clean and it and extra more bytes
 * with a CRLF fit its limit and out. */
static apr_status_t measure(const smtpc_buf_t *out, const line_t *line,
                            apr_size_t extra)
{
    apr_size_t len = extra + 2;

    for (apr_size_t i = 0; i < line->count; i++) {
        if (!clean(line->pieces[i])) {
            return SMTPC_EARG;
        }
        len += strlen(line->pieces[i]);
    }
    if (len > line->limit || len > out->size - smtpc__buf_used(out)) {
        return SMTPC_ELIMIT;
    }
    return APR_SUCCESS;
}

static apr_status_t put_pieces(smtpc_buf_t *out, const line_t *line)
{
    for (apr_size_t i = 0; i < line->count; i++) {
        apr_status_t rv = smtpc__buf_append(out, line->pieces[i],
                                            strlen(line->pieces[i]));

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return APR_SUCCESS;
}

static apr_status_t put(smtpc_buf_t *out, const line_t *line)
{
    apr_status_t rv = measure(out, line, 0);

    if (rv == APR_SUCCESS) {
        rv = put_pieces(out, line);
    }
    return rv == APR_SUCCESS ? smtpc__buf_append(out, "\r\n", 2) : rv;
}

/* As put(), with len bytes at data in base64 before the CRLF. */
static apr_status_t put_base64(smtpc_buf_t *out, const line_t *line,
                               const void *data, apr_size_t len)
{
    apr_size_t encoded = smtpc__base64_length(len);
    apr_status_t rv = measure(out, line, encoded);
    char *space;

    if (rv == APR_SUCCESS) {
        rv = put_pieces(out, line);
    }
    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (smtpc__buf_space(out, &space) < encoded) {
        return SMTPC_ELIMIT;
    }
    smtpc__buf_commit(out, smtpc__base64_encode(space, data, len));
    return smtpc__buf_append(out, "\r\n", 2);
}

apr_status_t smtpc__command_hello(smtpc_buf_t *out, int esmtp,
                                  const char *name)
{
    line_t line;

    if (*name == '\0' || strchr(name, ' ') != NULL) {
        return SMTPC_EARG;
    }
    begin(&line, SMTPC_LIMIT_COMMAND_LINE, esmtp ? "EHLO " : "HELO ");
    add(&line, name);
    return put(out, &line);
}

apr_status_t smtpc__command_bare(smtpc_buf_t *out, smtpc_command_e command)
{
    static const char *const verbs[SMTPC_COMMAND_COUNT] = {
        [SMTPC_COMMAND_STARTTLS] = "STARTTLS",
        [SMTPC_COMMAND_DATA] = "DATA",
        [SMTPC_COMMAND_RSET] = "RSET",
        [SMTPC_COMMAND_QUIT] = "QUIT",
    };
    line_t line;

    begin(&line, SMTPC_LIMIT_COMMAND_LINE, verbs[command]);
    return put(out, &line);
}

static const char *path(const smtpc_address_t *address, int utf8)
{
    return utf8 ? smtpc_address_address(address)
                : smtpc__address_ascii(address);
}

apr_status_t smtpc__command_mail(smtpc_buf_t *out,
                                 const smtpc_address_t *sender,
                                 const smtpc_mail_params_t *params)
{
    char number[NUMBER_MAX];
    line_t line;

    begin(&line, SMTPC_LIMIT_ENVELOPE_LINE, "MAIL FROM:<");
    if (sender != NULL) {
        add(&line, path(sender, params->utf8));
    }
    add(&line, ">");
    if (params->size != SMTPC_LENGTH_UNKNOWN) {
        apr_snprintf(number, sizeof(number), "%" APR_OFF_T_FMT,
                     params->size);
        add(&line, " SIZE=");
        add(&line, number);
    }
    if (params->body_8bit) {
        add(&line, " BODY=8BITMIME");
    }
    if (params->utf8) {
        add(&line, " SMTPUTF8");
    }
    return put(out, &line);
}

static void add_notify(line_t *line, unsigned int notify)
{
    static const struct {
        unsigned int bit;
        const char *name;
    } kinds[] = {
        { SMTPC_DSN_SUCCESS, "SUCCESS" },
        { SMTPC_DSN_FAILURE, "FAILURE" },
        { SMTPC_DSN_DELAY, "DELAY" }
    };
    const char *before = "";

    add(line, " NOTIFY=");
    if (notify & SMTPC_DSN_NEVER) {
        add(line, "NEVER");
        return;
    }
    for (apr_size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        if (notify & kinds[i].bit) {
            add(line, before);
            add(line, kinds[i].name);
            before = ",";
        }
    }
}

apr_status_t smtpc__command_rcpt(smtpc_buf_t *out,
                                 const smtpc_address_t *recipient, int utf8,
                                 unsigned int notify)
{
    line_t line;

    begin(&line, SMTPC_LIMIT_ENVELOPE_LINE, "RCPT TO:<");
    add(&line, path(recipient, utf8));
    add(&line, ">");
    if (notify != 0) {
        add_notify(&line, notify);
    }
    return put(out, &line);
}

apr_status_t smtpc__command_auth(smtpc_buf_t *out, const char *mechanism,
                                 const void *initial, apr_size_t len)
{
    line_t line;

    begin(&line, SMTPC_LIMIT_COMMAND_LINE, "AUTH ");
    add(&line, mechanism);
    if (initial == NULL) {
        return put(out, &line);
    }
    add(&line, len == 0 ? " =" : " ");
    return put_base64(out, &line, initial, len);
}

apr_status_t smtpc__command_sasl(smtpc_buf_t *out, const void *data,
                                 apr_size_t len)
{
    line_t line;

    begin(&line, SMTPC_LIMIT_SASL_LINE, data == NULL ? "*" : "");
    return data == NULL ? put(out, &line) : put_base64(out, &line, data, len);
}
