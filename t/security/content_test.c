/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content_test.c: what of a message could end it early for some server, and
 * servers that answer before they have all of it.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "proto/dot.h"
#include "../support/hostile.h"
#include "../support/mail.h"
#include "../tap/tap.h"

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

/* P25: dots at the edges of buffers. */

/* Stuff content the plain way; it has whole lines. */
static char *stuffed(const char *content, size_t len, size_t *out_len,
                     apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * len + 3);
    size_t used = 0;
    size_t i;

    for (i = 0; i < len; i++) {
        if (content[i] == '.' && (i == 0 || content[i - 1] == '\n')) {
            out[used++] = '.';
        }
        out[used++] = content[i];
    }
    memcpy(out + used, ".\r\n", 3);
    *out_len = used + 3;
    return out;
}

/* A message whose byte at is the first of several lines of dots. */
static char *dotted(size_t at, size_t *len, apr_pool_t *pool)
{
    static const char head[] = "From: a@a.test\r\nTo: b@b.test\r\n\r\n";
    static const char dots[] = "\r\n.\r\n..\r\n.a\r\n.\r\nend\r\n";
    char *out = apr_palloc(pool, at + sizeof(dots));
    size_t used = sizeof(head) - 1;

    memcpy(out, head, used);
    while (used + 2 < at) {
        size_t line = at - 2 - used < 76 ? at - 2 - used : 74;

        memset(out + used, 'x', line);
        used += line;
        if (used + 2 < at) {
            memcpy(out + used, "\r\n", 2);
            used += 2;
        }
    }
    used = at - 2;
    memcpy(out + used, dots, sizeof(dots) - 1);
    *len = used + sizeof(dots) - 1;
    return out;
}

static void test_dots_at(size_t at, const char *extensions)
{
    hostile_server_t server = { .extensions = extensions };
    hostile_meeting_t m;
    smtpc_source_t *source;
    smtpc_result_t *result;
    char *content;
    char *wire;
    const char *start;
    size_t len;
    size_t wire_len;

    hostile_meet(&m, &server);
    content = dotted(at, &len, m.pool);
    wire = strstr(extensions, "CHUNKING")
               ? (wire_len = len, content)
               : stuffed(content, len, &wire_len, m.pool);
    must(smtpc_source_create_bytes(&source, content, len, m.pool), "source");
    tap_is_int(smtpc_client_send_raw(&result, m.client, source, "a@a.test",
                                     "b@b.test", m.pool), APR_SUCCESS,
               "P25: dots at %ld", (long)at);
    hostile_part(&m);
    start = memmem(m.hostile.wire, m.hostile.wire_len, content, 20);
    tap_ok(start && m.hostile.wire_len - (size_t)(start - m.hostile.wire)
                        >= wire_len
               && memcmp(start, wire, wire_len) == 0,
           "the wire has them as it should, %s", extensions);
    hostile_forget(&m);
}

static void test_dots(void)
{
    static const size_t edges[] = { 4096, 8192, 16384, 32768, 65536 };
    size_t i;
    int off;

    tap_subtest_begin("P25: dots around the edges of buffers");
    for (i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
        for (off = -5; off <= 5; off++) {
            test_dots_at(edges[i] + (size_t)off, "8BITMIME");
        }
        if (edges[i] < SMTPC_LIMIT_EAGER_CONTENT) {
            /* One chunk. */
            test_dots_at(edges[i], "CHUNKING");
        }
    }
    tap_subtest_end();
}

/* P25: pieces of every size, through the filter alone. */
static void test_pieces(void)
{
    apr_pool_t *pool = tap_pool();
    size_t len = 37 * 5313;
    char *content = apr_palloc(pool, len);
    char *out = apr_palloc(pool, SMTPC_DOT_EXPANSION(len) + 16);
    size_t wanted_len;
    char *wanted;
    size_t piece;
    size_t i;
    int wrong = 0;

    for (i = 0; i < len; i++) {
        /* Lines of 0 to 8 bytes, most begin with dots. */
        size_t place = i % 37;

        content[i] = "..\r\n.\r\n.a\r\n\r\n...\r\nab.\r\n.\r\n.\r\n.b.\r\n.\r\n"
            [place];
    }
    wanted = stuffed(content, len, &wanted_len, pool);
    for (piece = 1; piece <= 65536; piece += piece < 64 ? 1 : piece / 3) {
        smtpc_dot_t dot = { 0, 0, 0 };
        size_t used = 0;

        for (i = 0; i < len; i += piece) {
            size_t now = len - i < piece ? len - i : piece;

            used += smtpc__dot_filter(&dot, out + used, content + i, now);
        }
        used += smtpc__dot_finish(&dot, out + used);
        wrong += used != wanted_len || memcmp(out, wanted, used) != 0;
    }
    tap_is_int(wrong, 0, "P25: pieces of 1 byte to 64 KiB");
}

/* P21: the answer comes in the middle of the content, and that was it. */

static void make_large(smtpc_message_t *message, apr_pool_t *pool)
{
    size_t len = 4 * 1024 * 1024;
    char *text = apr_palloc(pool, len + 1);
    size_t i;

    for (i = 0; i < len; i++) {
        text[i] = i % 72 == 71 ? '\n' : 'x';
    }
    text[len] = '\0';
    must(smtpc_message_set_body(message, text, SMTPC_BODY_TEXT), "body");
}

#define AMIDST(text, end) { .moves = { { .at = "*", .say = text, \
                                         .then = end } } }

static const hostile_row_t early[] = {
    { .name = "P21: 550 amidst the content, and closed",
      .make = make_large, .server = AMIDST("550 5.7.1 no more", "close"),
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_CONTENT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .says = "no more" },
    { .name = "P21: 550 amidst the content, and read to the end",
      .make = make_large, .server = AMIDST("550 5.7.1 no more", "half"),
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_CONTENT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .says = "no more" },
    { .name = "P21: 452 amidst the content, and closed",
      .make = make_large, .server = AMIDST("452 4.3.1 disk full", "close"),
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_CONTENT, .code = 452,
      .state = SMTPC_RCPT_REJECTED, .says = "disk full" },
    { .name = "P21: 250 amidst the content is no delivery",
      .make = make_large, .server = AMIDST("250 2.0.0 thanks", "half"),
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_CONTENT,
      .code = HOSTILE_ANY },
    { .name = "P22: closed amidst the content",
      .make = make_large, .server = AMIDST("", "close"),
      .status = SMTPC_ECONNECT, .stage = SMTPC_STAGE_CONTENT,
      .code = HOSTILE_ANY },
    { .name = "P22: reset amidst the content",
      .make = make_large, .server = AMIDST("", "reset"),
      .status = SMTPC_ECONNECT, .stage = SMTPC_STAGE_CONTENT,
      .code = HOSTILE_ANY },
};

/* P27: content that is odd. Sent to a server that knows nothing. */

static void test_odd(const char *name, const char *content, size_t len,
                     apr_status_t wanted, const char *ends)
{
    hostile_server_t server = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    smtpc_source_t *source;
    smtpc_result_t *result;
    apr_status_t rv;

    tap_subtest_begin("P27: %s", name);
    hostile_meet(&m, &server);
    must(smtpc_client_mask_capabilities(m.client, "8BITMIME"), "mask");
    must(smtpc_source_create_bytes(&source, content, len, m.pool), "source");
    rv = smtpc_client_send_raw(&result, m.client, source, "a@a.test",
                               "b@b.test", m.pool);
    tap_is_int(rv, wanted, "status: %s", result ? mail_error(result)
               : smtpc_client_error(m.client));
    hostile_part(&m);
    tap_is_int(m.hostile.mails, wanted == APR_SUCCESS, "mails");
    tap_ok(!ends || hostile_saw(&m.hostile, ends), "as it should end");
    hostile_forget(&m);
    tap_subtest_end();
}

#define HEAD "From: a@a.test\r\nTo: b@b.test\r\n\r\n"

/* The same as a body of ours: it is encoded. */
static void test_body(const char *name, const char *body)
{
    hostile_server_t server = { .moves = { { .at = NULL } } };
    hostile_meeting_t m;
    smtpc_result_t *result;
    size_t i;
    size_t line = 0;
    size_t longest = 0;
    int high = 0;
    apr_status_t rv;

    tap_subtest_begin("P27: %s", name);
    hostile_meet(&m, &server);
    must(smtpc_client_mask_capabilities(m.client, "8BITMIME"), "mask");
    rv = smtpc_client_send_text(&result, m.client, "a@a.test", "b@b.test",
                                "x", body, m.pool);
    tap_is_int(rv, APR_SUCCESS, "sent: %s", mail_error(result));
    hostile_part(&m);
    for (i = 0; i < m.hostile.wire_len; i++) {
        high += (unsigned char)m.hostile.wire[i] > 126;
        line = m.hostile.wire[i] == '\n' ? 0 : line + 1;
        longest = line > longest ? line : longest;
    }
    tap_is_int(high, 0, "nothing of 8 bits on the wire");
    tap_ok(longest <= SMTPC_LIMIT_CONTENT_LINE + 1, "longest line %ld",
           (long)longest);
    tap_is_int(m.hostile.mails, 1, "one mail");
    hostile_forget(&m);
    tap_subtest_end();
}

static char *repeated(char c, size_t len)
{
    char *text = apr_palloc(tap_pool(), len + 1);

    memset(text, c, len);
    text[len] = '\0';
    return text;
}

static void test_all_odd(void)
{
    apr_pool_t *pool = tap_pool();
    const char *text = apr_pstrcat(pool, HEAD, repeated('x', 999), "\r\n",
                                   NULL);
    const char *fits = apr_pstrcat(pool, HEAD, repeated('x', 998), "\r\n",
                                   NULL);

    test_odd("no body", HEAD, strlen(HEAD), APR_SUCCESS, "\r\n\r\n.\r\n");
    test_odd("no final CRLF", HEAD "end", strlen(HEAD "end"), APR_SUCCESS,
             "end\r\n.\r\n");
    test_odd("a final CR", HEAD "end\r", strlen(HEAD "end\r"), APR_SUCCESS,
             "end\r\n.\r\n");
    test_odd("a final dot", HEAD ".", strlen(HEAD "."), APR_SUCCESS,
             "\r\n\r\n..\r\n.\r\n");
    test_odd("a line of 998", fits, strlen(fits), APR_SUCCESS, "x\r\n.\r\n");
    test_odd("a line of 999", text, strlen(text), SMTPC_EARG, NULL);
    test_odd("8 bits without 8BITMIME", HEAD "\xc3\xa9\r\n",
             strlen(HEAD "\xc3\xa9\r\n"), SMTPC_EEXTENSION, NULL);
    test_odd("a NUL", HEAD "a\0b\r\n", sizeof(HEAD "a\0b\r\n") - 1,
             SMTPC_EARG, NULL);
    test_body("an empty body", "");
    test_body("a body without a final line end", "end");
    test_body("a body of 100 KiB in one line", repeated('x', 102400));
    test_body("a body of 8 bits", "\xc3\xa9t\xc3\xa9\n");
    test_body("a body of DEL", repeated('\x7f', 2000));
}

int main(void)
{
    test_dots();
    test_pieces();
    hostile_run(early, sizeof(early) / sizeof(early[0]));
    test_all_odd();
    return tap_done();
}
