/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply_parser_test.c: what is a reply and what is not, whole and byte by
 * byte, with the limits at and beyond. Threats P2 to P9, P24.
 */
#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "proto/reply_parser.h"

#define BYTES(text) text, sizeof(text) - 1

static const struct {
    const char *name;
    const char *data;
    apr_size_t len;
    apr_status_t status;
    int code;              /* with status APR_SUCCESS; 0: no reply yet */
    apr_size_t lines;
    const char *enhanced;
    const char *text;      /* the error holds it otherwise */
} rows[] = {
    { "one line", BYTES("250 ok\r\n"), 0, 250, 1, "", "ok" },
    { "three digits", BYTES("250\r\n"), 0, 250, 1, "", "" },
    { "three digits and blank", BYTES("250 \r\n"), 0, 250, 1, "", "" },
    { "lines", BYTES("250-a\r\n250-\r\n250 b\r\n"), 0, 250, 3, "",
      "a\n\nb" },
    { "last line without text", BYTES("250-a\r\n250\r\n"), 0, 250, 2, "",
      "a\n" },
    { "enhanced", BYTES("250 2.1.5 ok\r\n"), 0, 250, 1, "2.1.5", "ok" },
    { "enhanced on each line", BYTES("550-5.1.1 a\r\n550 5.1.1 b\r\n"), 0,
      550, 2, "5.1.1", "a\nb" },
    { "another enhanced code is text",
      BYTES("550-5.1.1 a\r\n550 5.2.1 b\r\n"), 0, 550, 2, "5.1.1",
      "a\n5.2.1 b" },
    { "text that begins like the enhanced code",
      BYTES("550-5.1.1 a\r\n550 5.1.12 b\r\n"), 0, 550, 2, "5.1.1",
      "a\n5.1.12 b" },
    { "P24 contradicting", BYTES("250 5.1.1 ok\r\n"), 0, 250, 1, "",
      "5.1.1 ok" },
    { "P7 bytes", BYTES("250 a\0\x1b\x7f\xc3\xa4\xff\r\n"), 0, 250, 1, "",
      "a\\x00\\x1B\\x7F\xc3\xa4\\xFF" },
    { "half", BYTES("250 ok\r"), 0, 0, 0, "", "" },
    { "half of several", BYTES("250-ok\r\n"), 0, 0, 0, "", "" },
    { "P4 codes", BYTES("250-a\r\n251 b\r\n"), SMTPC_EPROTO, 0, 0, "",
      "differ" },
    { "P5 empty", BYTES("\r\n"), SMTPC_EPROTO, 0, 0, "", "valid code" },
    { "P5 one digit", BYTES("2 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 two digits", BYTES("25 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 four digits", BYTES("2500 ok\r\n"), SMTPC_EPROTO, 0, 0, "",
      "follows the code" },
    { "P5 0xx", BYTES("050 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 1xx", BYTES("150 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 6xx", BYTES("650 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 letters", BYTES("2a0 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 sign", BYTES("+50 ok\r\n"), SMTPC_EPROTO, 0, 0, "", "code" },
    { "P5 blank in front", BYTES(" 250 ok\r\n"), SMTPC_EPROTO, 0, 0, "",
      "code" },
    { "tab behind the code", BYTES("250\tok\r\n"), SMTPC_EPROTO, 0, 0, "",
      "follows the code" },
    { "P8 LF", BYTES("250 ok\n"), SMTPC_EPROTO, 0, 0, "", "without CR" },
    { "P8 LF behind the code", BYTES("250\n"), SMTPC_EPROTO, 0, 0, "",
      "follows" },
    { "P8 CR", BYTES("250 ok\rx\r\n"), SMTPC_EPROTO, 0, 0, "",
      "CR without LF" },
    { "P8 CR CR LF", BYTES("250 ok\r\r\n"), SMTPC_EPROTO, 0, 0, "",
      "CR without LF" },
    { "HTTP", BYTES("HTTP/1.1 400 Bad Request\r\n"), SMTPC_EPROTO, 0, 0, "",
      "HTTP/1.1" },
};

/* Feed data in steps until a reply, a failure, or the end. */
static apr_status_t feed(const smtpc_reply_t **reply, apr_size_t *used,
                         smtpc_reply_parser_t *parser, const char *data,
                         apr_size_t len, apr_size_t step)
{
    apr_status_t rv = APR_SUCCESS;

    *reply = NULL;
    *used = 0;
    while (*used < len && *reply == NULL && rv == APR_SUCCESS) {
        apr_size_t n = len - *used < step ? len - *used : step;
        apr_size_t taken;
        char *copy = apr_pmemdup(tap_pool(), data + *used, n);

        rv = smtpc__reply_parser_feed(reply, &taken, parser, copy, n,
                                      tap_pool());
        *used += taken;
    }
    return rv;
}

static void test_rows(apr_size_t step)
{
    for (apr_size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        smtpc_reply_parser_t *parser;
        const smtpc_reply_t *reply;
        const char *error;
        apr_size_t used;
        apr_status_t rv;

        smtpc__reply_parser_create(&parser, tap_pool());
        rv = feed(&reply, &used, parser, rows[i].data, rows[i].len, step);
        error = smtpc__reply_parser_error(parser);
        tap_is_int(rv, rows[i].status, "%s, step %d", rows[i].name,
                   (int)step);
        if (rows[i].status != APR_SUCCESS) {
            /* In small steps, the error shows less of the line. */
            tap_ok(strstr(error, rows[i].text) != NULL
                       || (step < 4 && *error != '\0'),
                   "%s: %s", rows[i].name, error);
        }
        else if (rows[i].code == 0) {
            tap_ok(reply == NULL && smtpc__reply_parser_pending(parser),
                   "%s: pending", rows[i].name);
        }
        else if (tap_ok(reply != NULL, "%s: a reply", rows[i].name)) {
            tap_is_int(reply->code, rows[i].code, "code");
            tap_is_int(reply->lines, rows[i].lines, "lines");
            tap_is_str(reply->enhanced, rows[i].enhanced, "enhanced");
            tap_is_str(reply->text, rows[i].text, "text");
            tap_is_int(used, rows[i].len, "all is used");
            tap_ok(!smtpc__reply_parser_pending(parser), "nothing pending");
        }
    }
}

/* Bytes behind a reply are left alone. */
static void test_two(void)
{
    static const char data[] = "250 a\r\n354 b\r\n2";
    smtpc_reply_parser_t *parser;
    const smtpc_reply_t *reply;
    apr_size_t used;

    smtpc__reply_parser_create(&parser, tap_pool());
    tap_is_int(feed(&reply, &used, parser, data, 15, 15), APR_SUCCESS, "1st");
    tap_is_int(used, 7, "ends where it ends");
    tap_is_int(feed(&reply, &used, parser, data + 7, 8, 8), APR_SUCCESS,
               "2nd");
    tap_ok(reply != NULL && reply->code == 354, "its own code");
    tap_is_int(used, 7, "and its own end");
    tap_is_int(feed(&reply, &used, parser, data + 14, 1, 1), APR_SUCCESS,
               "3rd");
    tap_ok(smtpc__reply_parser_pending(parser), "one byte is pending");
}

/* A line of len bytes with limit, and its end; return the status. */
static apr_status_t line_of(apr_size_t len, apr_size_t limit,
                            const char *end, apr_size_t step)
{
    apr_size_t end_len = strlen(end);
    smtpc_reply_parser_t *parser;
    const smtpc_reply_t *reply;
    apr_size_t used;
    char *data = apr_palloc(tap_pool(), len + 2);

    memset(data, 'x', len);
    memcpy(data, "250 ", 4);
    memcpy(data + len, end, end_len);
    smtpc__reply_parser_create(&parser, tap_pool());
    if (limit != 0) {
        smtpc__reply_parser_line_limit(parser, limit);
    }
    return feed(&reply, &used, parser, data, len + end_len, step);
}

/* Of a line that is too long and ends in LF, the length is wrong first,
 * however it arrives. */
static void test_line_limit(apr_size_t step)
{
    tap_is_int(line_of(SMTPC_LIMIT_REPLY_LINE, 0, "\n", step), SMTPC_EPROTO,
               "P8 line at the limit, LF, step %d", (int)step);
    tap_is_int(line_of(SMTPC_LIMIT_REPLY_LINE + 1, 0, "\n", step),
               SMTPC_ELIMIT, "P2 beyond, LF");
    tap_is_int(line_of(SMTPC_LIMIT_REPLY_LINE, 0, "\r\n", step),
               APR_SUCCESS, "P2 line at the limit, step %d", (int)step);
    tap_is_int(line_of(SMTPC_LIMIT_REPLY_LINE + 1, 0, "\r\n", step),
               SMTPC_ELIMIT, "P2 beyond");
    tap_is_int(line_of(SMTPC_LIMIT_SASL_LINE, SMTPC_LIMIT_SASL_LINE, "\r\n",
                       step), APR_SUCCESS, "U6 SASL line at the limit");
    tap_is_int(line_of(SMTPC_LIMIT_SASL_LINE + 1, SMTPC_LIMIT_SASL_LINE,
                       "\r\n", step), SMTPC_ELIMIT, "U6 beyond");
}

/* P2: no line end ever; the limit comes, not the memory. */
static void test_endless_line(void)
{
    smtpc_reply_parser_t *parser;
    const smtpc_reply_t *reply;
    char data[1000];
    apr_size_t used;
    apr_status_t rv;
    int calls = 1;

    memset(data, 'x', sizeof(data));
    smtpc__reply_parser_create(&parser, tap_pool());
    rv = feed(&reply, &used, parser, "250 ", 4, 4);
    while (rv == APR_SUCCESS && calls < 100) {
        rv = smtpc__reply_parser_feed(&reply, &used, parser, data,
                                      sizeof(data), tap_pool());
        calls++;
    }
    tap_is_int(rv, SMTPC_ELIMIT, "P2 endless line");
    tap_is_int(calls, 4, "at the third kilobyte");
}

/* lines lines of len bytes, CRLF included; return the status. */
static apr_status_t reply_of(int lines, apr_size_t len)
{
    smtpc_reply_parser_t *parser;
    const smtpc_reply_t *reply;
    apr_size_t used;
    char *data = apr_palloc(tap_pool(), (apr_size_t)lines * len);

    memset(data, 'x', (apr_size_t)lines * len);
    for (int i = 0; i < lines; i++) {
        char *line = data + (apr_size_t)i * len;

        memcpy(line, i < lines - 1 ? "250-" : "250 ", 4);
        memcpy(line + len - 2, "\r\n", 2);
    }
    smtpc__reply_parser_create(&parser, tap_pool());
    return feed(&reply, &used, parser, data, (apr_size_t)lines * len, 777);
}

static void test_reply_limit(void)
{
    tap_is_int(reply_of(SMTPC_LIMIT_REPLY_LINES, 8), APR_SUCCESS,
               "P3 lines at the limit");
    tap_is_int(reply_of(SMTPC_LIMIT_REPLY_LINES + 1, 8), SMTPC_ELIMIT,
               "P3 beyond");
    tap_is_int(reply_of(16, SMTPC_LIMIT_REPLY_BYTES / 16), APR_SUCCESS,
               "P3 bytes at the limit");
    tap_is_int(reply_of(17, SMTPC_LIMIT_REPLY_BYTES / 16), SMTPC_ELIMIT,
               "P3 beyond");
}

/* P3: the byte beyond the limit is each part of a line once: of its code,
 * the mark behind it, its text. */
static void test_reply_limit_within(void)
{
    static const char last[] = "250 xxx";

    for (apr_size_t fits = 0; fits < sizeof(last) - 1; fits++) {
        apr_size_t front = SMTPC_LIMIT_REPLY_BYTES - fits;
        char *data = apr_palloc(tap_pool(), front + sizeof(last));
        smtpc_reply_parser_t *parser;
        const smtpc_reply_t *reply;
        apr_size_t used;
        apr_size_t start;

        /* Lines of 1024 bytes, the first of them shorter or longer. */
        memset(data, 'x', front);
        for (apr_size_t end = front; end > 0; end = start) {
            start = end > 1536 ? end - 1024 : 0;
            memcpy(data + start, "250-", 4);
            memcpy(data + end - 2, "\r\n", 2);
        }
        memcpy(data + front, last, sizeof(last));
        smtpc__reply_parser_create(&parser, tap_pool());
        tap_is_int(feed(&reply, &used, parser, data, front + fits, 1024),
                   APR_SUCCESS, "P3 the limit after \"%.*s\"", (int)fits,
                   last);
        tap_is_int(feed(&reply, &used, parser, data + front + fits, 1, 1),
                   SMTPC_ELIMIT, "P3 beyond");
    }
}

int main(void)
{
    test_rows(4096);
    test_rows(3);
    test_rows(1);
    test_two();
    test_line_limit(100000);
    test_line_limit(1);
    test_endless_line();
    test_reply_limit();
    test_reply_limit_within();
    return tap_done();
}
