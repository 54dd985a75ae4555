/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command.c: command lines.
 *
 * Every line is put together from pieces that are checked one by one: no
 * control character passes, whatever the caller checked before. The length is
 * known before the first byte is written, so a line is in the buffer whole or
 * not at all. Nothing else in the library writes a command.
 *
 * It knows no order of commands; that is in steps.c. Nor does it know what the
 * server offers; that is in terms.c. RFC 5321 4.1.1, RFC 1870 (SIZE),
 * RFC 6152 (8BITMIME), RFC 3030 (BDAT), RFC 6531 (SMTPUTF8), RFC 4954 (AUTH),
 * RFC 3461 (DSN), RFC 6533 (DSN with UTF-8), RFC 8689 (REQUIRETLS), RFC 2852
 * (BY), RFC 4865 (HOLDFOR), RFC 6710 (MT-PRIORITY), RFC 2033 (LHLO).
 */
#include "proto/command.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/* Most pieces of a line. */
#define PIECES_MAX 32
/* Digits of an apr_off_t with a sign and what follows them, and a terminator;
 * or a date. */
#define NUMBER_MAX 32
/* A text that was encoded, with a terminator: an address of which each byte
 * takes three. */
#define ENCODED_MAX (3 * SMTPC_LIMIT_ADDRESS + 1)

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
    assert(line->count < PIECES_MAX);
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

/* Write the pieces of line, which was measured, to space; the length. */
static apr_size_t put_pieces(char *space, const line_t *line)
{
    char *at = space;

    for (apr_size_t i = 0; i < line->count; i++) {
        apr_size_t len = strlen(line->pieces[i]);

        memcpy(at, line->pieces[i], len);
        at += len;
    }
    return (apr_size_t)(at - space);
}

/* Write line, with len bytes at data in base64 before the CRLF. */
static apr_status_t put_base64(smtpc_buf_t *out, const line_t *line,
                               const void *data, apr_size_t len)
{
    apr_status_t rv = measure(out, line, smtpc__base64_length(len));
    apr_size_t used;
    char *space;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    (void)smtpc__buf_space(out, &space);
    used = put_pieces(space, line);
    if (len > 0) {
        used += smtpc__base64_encode(space + used, data, len);
    }
    memcpy(space + used, "\r\n", 2);
    smtpc__buf_commit(out, used + 2);
    return APR_SUCCESS;
}

static apr_status_t put(smtpc_buf_t *out, const line_t *line)
{
    return put_base64(out, line, NULL, 0);
}

apr_status_t smtpc__command_hello(smtpc_buf_t *out, smtpc_hello_e verb,
                                  const char *name)
{
    static const char *const verbs[] = {
        [SMTPC_HELLO_HELO] = "HELO ",
        [SMTPC_HELLO_EHLO] = "EHLO ",
        [SMTPC_HELLO_LHLO] = "LHLO ",
    };
    line_t line;

    if (*name == '\0' || strchr(name, ' ') != NULL) {
        return SMTPC_EARG;
    }
    begin(&line, SMTPC_LIMIT_COMMAND_LINE, verbs[verb]);
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

/* The values of MAIL that have to be made before its line is written. */
typedef struct {
    char size[NUMBER_MAX];
    char envid[SMTPC_LIMIT_ENVID + 1];
    char by[NUMBER_MAX];
    char hold[NUMBER_MAX];
    char priority[NUMBER_MAX];
    char submitter[ENCODED_MAX];
} mail_values_t;

static void add_size(line_t *line, mail_values_t *values, apr_off_t size)
{
    if (size != SMTPC_LENGTH_UNKNOWN) {
        apr_snprintf(values->size, sizeof(values->size), "%" APR_OFF_T_FMT,
                     size);
        add(line, " SIZE=");
        add(line, values->size);
    }
}

static void add_body(line_t *line, const smtpc_mail_params_t *params)
{
    if (params->body_binary) {
        add(line, " BODY=BINARYMIME");
    }
    else if (params->body_8bit) {
        add(line, " BODY=8BITMIME");
    }
    if (params->utf8) {
        add(line, " SMTPUTF8");
    }
}

static apr_status_t add_dsn(line_t *line, mail_values_t *values,
                            const smtpc_mail_params_t *params)
{
    apr_status_t rv;

    if (params->ret != SMTPC_RETURN_DEFAULT) {
        add(line, params->ret == SMTPC_RETURN_FULL ? " RET=FULL"
                                                   : " RET=HDRS");
    }
    if (params->envid == NULL) {
        return APR_SUCCESS;
    }
    if (*params->envid == '\0'
        || !smtpc__is_ascii(params->envid, strlen(params->envid))) {
        return SMTPC_EARG;
    }
    rv = smtpc__xtext(values->envid, sizeof(values->envid), params->envid);
    add(line, " ENVID=");
    add(line, values->envid);
    return rv;
}

static apr_status_t add_deliver_by(line_t *line, mail_values_t *values,
                                   const smtpc_mail_params_t *params)
{
    apr_int32_t seconds = params->deliver_by;

    if (!params->deliver_by_set) {
        return APR_SUCCESS;
    }
    if (seconds > SMTPC_LIMIT_SECONDS || seconds < -SMTPC_LIMIT_SECONDS
        || (seconds <= 0 && !params->deliver_by_notify)) {
        return SMTPC_EARG;
    }
    apr_snprintf(values->by, sizeof(values->by), "%d;%s%s", (int)seconds,
                 params->deliver_by_notify ? "N" : "R",
                 params->deliver_by_trace ? "T" : "");
    add(line, " BY=");
    add(line, values->by);
    return APR_SUCCESS;
}

/* Write when to text, which has NUMBER_MAX bytes: RFC 3339 in UTC. */
static apr_status_t write_time(char *text, apr_time_t when)
{
    apr_time_exp_t at;

    if (apr_time_exp_gmt(&at, when) != APR_SUCCESS || at.tm_year < 0
        || at.tm_year > 9999 - 1900) {
        return SMTPC_EARG;
    }
    apr_snprintf(text, NUMBER_MAX, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 at.tm_year + 1900, at.tm_mon + 1, at.tm_mday, at.tm_hour,
                 at.tm_min, at.tm_sec);
    return APR_SUCCESS;
}

static apr_status_t add_hold(line_t *line, mail_values_t *values,
                             const smtpc_mail_params_t *params)
{
    apr_status_t rv = APR_SUCCESS;

    if (params->hold_for != 0) {
        if (params->hold_for < 0 || params->hold_for > SMTPC_LIMIT_SECONDS) {
            return SMTPC_EARG;
        }
        apr_snprintf(values->hold, sizeof(values->hold), "%" APR_INT64_T_FMT,
                     params->hold_for);
        add(line, " HOLDFOR=");
        add(line, values->hold);
    }
    else if (params->hold_until != 0) {
        rv = write_time(values->hold, params->hold_until);
        add(line, " HOLDUNTIL=");
        add(line, values->hold);
    }
    return rv;
}

static apr_status_t add_priority(line_t *line, mail_values_t *values,
                                 const smtpc_mail_params_t *params)
{
    if (!params->priority_set) {
        return APR_SUCCESS;
    }
    if (params->priority < -9 || params->priority > 9) {
        return SMTPC_EARG;
    }
    apr_snprintf(values->priority, sizeof(values->priority), "%d",
                 params->priority);
    add(line, " MT-PRIORITY=");
    add(line, values->priority);
    return APR_SUCCESS;
}

static apr_status_t add_submitter(line_t *line, mail_values_t *values,
                                  const smtpc_mail_params_t *params)
{
    const smtpc_address_t *submitter = params->submitter;
    apr_status_t rv;

    if (!params->submitter_set) {
        return APR_SUCCESS;
    }
    add(line, " AUTH=");
    if (submitter == NULL) {
        add(line, "<>");
        return APR_SUCCESS;
    }
    if (smtpc__address_needs_utf8(submitter) && !params->utf8) {
        return SMTPC_EARG;
    }
    rv = smtpc__xtext(values->submitter, sizeof(values->submitter),
                      path(submitter, params->utf8));
    add(line, values->submitter);
    return rv;
}

apr_status_t smtpc__command_mail(smtpc_buf_t *out,
                                 const smtpc_address_t *sender,
                                 const smtpc_mail_params_t *params)
{
    static apr_status_t (*const writers[])(line_t *, mail_values_t *,
                                           const smtpc_mail_params_t *) = {
        add_dsn, add_deliver_by, add_hold, add_priority, add_submitter
    };
    mail_values_t values;
    line_t line;

    begin(&line, SMTPC_LIMIT_ENVELOPE_LINE, "MAIL FROM:<");
    if (sender != NULL) {
        add(&line, path(sender, params->utf8));
    }
    add(&line, ">");
    add_size(&line, &values, params->size);
    add_body(&line, params);
    if (params->require_tls) {
        add(&line, " REQUIRETLS");
    }
    for (apr_size_t i = 0; i < sizeof(writers) / sizeof(*writers); i++) {
        apr_status_t rv = writers[i](&line, &values, params);

        if (rv != APR_SUCCESS) {
            return rv;
        }
    }
    return put(out, &line);
}

static void add_notify(line_t *line, unsigned int notify)
{
    static const struct {
        unsigned int bit;
        const char *name;
    } kinds[] = {
        { SMTPC_NOTIFY_SUCCESS, "SUCCESS" },
        { SMTPC_NOTIFY_FAILURE, "FAILURE" },
        { SMTPC_NOTIFY_DELAY, "DELAY" }
    };
    const char *before = " NOTIFY=";

    if (notify & SMTPC_NOTIFY_NEVER) {
        add(line, " NOTIFY=NEVER");
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

/* Write orcpt, "type;address", to value of SMTPC_LIMIT_ORCPT + 1 bytes. */
static apr_status_t encode_orcpt(char *value, const char *orcpt, int utf8)
{
    static const char alnum[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "abcdefghijklmnopqrstuvwxyz0123456789-";
    apr_size_t type = strspn(orcpt, alnum);
    const char *address = orcpt + type + 1;
    apr_size_t room = SMTPC_LIMIT_ORCPT + 1;

    if (type == 0 || orcpt[type] != ';' || *address == '\0') {
        return SMTPC_EARG;
    }
    if (type + 1 >= room) {
        return SMTPC_ELIMIT;
    }
    memcpy(value, orcpt, type + 1);
    value += type + 1;
    room -= type + 1;
    if (type == 5 && strncasecmp(orcpt, "utf-8", 5) == 0) {
        return smtpc__unitext(value, room, address, utf8);
    }
    return smtpc__is_ascii(address, strlen(address))
               ? smtpc__xtext(value, room, address) : SMTPC_EARG;
}

apr_status_t smtpc__command_rcpt(smtpc_buf_t *out,
                                 const smtpc_address_t *recipient,
                                 const smtpc_rcpt_params_t *params)
{
    char orcpt[SMTPC_LIMIT_ORCPT + 1];
    line_t line;

    begin(&line, SMTPC_LIMIT_ENVELOPE_LINE, "RCPT TO:<");
    add(&line, path(recipient, params->utf8));
    add(&line, ">");
    add_notify(&line, params->notify);
    if (params->orcpt != NULL) {
        apr_status_t rv = encode_orcpt(orcpt, params->orcpt, params->utf8);

        if (rv != APR_SUCCESS) {
            return rv;
        }
        add(&line, " ORCPT=");
        add(&line, orcpt);
    }
    return put(out, &line);
}

apr_status_t smtpc__command_bdat(smtpc_buf_t *out, apr_size_t size, int last)
{
    char number[NUMBER_MAX];
    line_t line;

    apr_snprintf(number, sizeof(number), "%" APR_SIZE_T_FMT, size);
    begin(&line, SMTPC_LIMIT_COMMAND_LINE, "BDAT ");
    add(&line, number);
    if (last) {
        add(&line, " LAST");
    }
    return put(out, &line);
}

apr_status_t smtpc__command_ask(smtpc_buf_t *out, smtpc_ask_e command,
                                const char *argument, int utf8)
{
    static const struct {
        const char *verb;
        int address; /* the argument is one, or a name, and has to be there */
    } asks[SMTPC_ASK_COUNT] = {
        [SMTPC_ASK_NOOP] = { "NOOP", 0 },
        [SMTPC_ASK_HELP] = { "HELP", 0 },
        [SMTPC_ASK_VRFY] = { "VRFY", 1 },
        [SMTPC_ASK_EXPN] = { "EXPN", 1 },
        [SMTPC_ASK_RSET] = { "RSET", 0 },
    };
    line_t line;

    begin(&line, SMTPC_LIMIT_COMMAND_LINE, asks[command].verb);
    if (argument == NULL) {
        return asks[command].address ? SMTPC_EARG : put(out, &line);
    }
    if (argument[strspn(argument, " ")] == '\0'
        || !smtpc__utf8_valid(argument, strlen(argument))) {
        return SMTPC_EARG;
    }
    add(&line, " ");
    add(&line, argument);
    if (!smtpc__is_ascii(argument, strlen(argument))) {
        if (!utf8) {
            return SMTPC_EARG;
        }
        if (asks[command].address) {
            add(&line, " SMTPUTF8");
        }
    }
    return put(out, &line);
}

/* Return value, or if it is an IPv6 address the same as XCLIENT has it, in
 * text of size bytes. */
static const char *xclient_address(char *text, apr_size_t size,
                                   const char *value)
{
    if (value == NULL || strchr(value, ':') == NULL
        || strncasecmp(value, "IPV6:", 5) == 0) {
        return value;
    }
    apr_snprintf(text, size, "IPV6:%s", value);
    return text;
}

/* Return port as text of size bytes, or NULL for 0. */
static const char *xclient_port(char *text, apr_size_t size, int port)
{
    if (port == 0) {
        return NULL;
    }
    apr_snprintf(text, size, "%d", port);
    return text;
}

apr_status_t smtpc__command_xclient(smtpc_buf_t *out,
                                    const smtpc_xclient_t *xclient,
                                    unsigned int offered)
{
    char encoded[8][SMTPC_LIMIT_COMMAND_LINE];
    char own[4][SMTPC_LIMIT_COMMAND_LINE];
    const struct {
        unsigned int bit;
        const char *name;
        const char *value;
    } attributes[] = {
        { SMTPC_XCLIENT_NAME, " NAME=", xclient->name },
        { SMTPC_XCLIENT_ADDR, " ADDR=",
          xclient_address(own[0], sizeof(own[0]), xclient->addr) },
        { SMTPC_XCLIENT_PORT, " PORT=",
          xclient_port(own[1], sizeof(own[1]), xclient->port) },
        { SMTPC_XCLIENT_PROTO, " PROTO=", xclient->proto },
        { SMTPC_XCLIENT_HELO, " HELO=", xclient->helo },
        { SMTPC_XCLIENT_LOGIN, " LOGIN=", xclient->login },
        { SMTPC_XCLIENT_DESTADDR, " DESTADDR=",
          xclient_address(own[2], sizeof(own[2]), xclient->destaddr) },
        { SMTPC_XCLIENT_DESTPORT, " DESTPORT=",
          xclient_port(own[3], sizeof(own[3]), xclient->destport) }
    };
    line_t line;

    if (xclient->port < 0 || xclient->port > 65535 || xclient->destport < 0
        || xclient->destport > 65535) {
        return SMTPC_EARG;
    }
    begin(&line, SMTPC_LIMIT_COMMAND_LINE, "XCLIENT");
    for (apr_size_t i = 0; i < sizeof(attributes) / sizeof(*attributes);
         i++) {
        apr_status_t rv;

        if (!(attributes[i].bit & offered) || attributes[i].value == NULL) {
            continue;
        }
        rv = *attributes[i].value == '\0'
                 ? SMTPC_EARG : smtpc__xtext(encoded[i], sizeof(encoded[i]),
                                             attributes[i].value);
        if (rv != APR_SUCCESS) {
            return rv;
        }
        add(&line, attributes[i].name);
        add(&line, encoded[i]);
    }
    return line.count == 1 ? SMTPC_EEXTENSION : put(out, &line);
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
