/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parser_test.c: bytes that are not replies, in the place of any reply; and
 * replies that are strange but right.
 */

#include <string.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "../support/hostile.h"
#include "../support/peer_tls.h"
#include "../tap/tap.h"

#define RAW(bytes) bytes, sizeof(bytes) - 1

/** Where something may be said. */
typedef struct place_t {
    const char *name;
    const char *at;
    smtpc_stage_e stage;
    apr_status_t status; /* when what is said there is no reply */
} place_t;

static const place_t places[] = {
    { "greeting", "", SMTPC_STAGE_GREETING, SMTPC_EPROTO },
    { "EHLO", "EHLO", SMTPC_STAGE_EHLO, SMTPC_EPROTO },
    { "MAIL", "MAIL", SMTPC_STAGE_MAIL, SMTPC_EPROTO },
    { "RCPT", "RCPT", SMTPC_STAGE_RCPT, SMTPC_EPROTO },
    { "DATA", "DATA", SMTPC_STAGE_DATA, SMTPC_EPROTO },
    { "the dot", ".", SMTPC_STAGE_END, SMTPC_EINDOUBT },
};
#define PLACES (sizeof(places) / sizeof(places[0]))

/** Something that is no reply. */
typedef struct noise_t {
    const char *id;
    const char *name;
    const char *say;
    size_t len;
    const char *then;
    apr_status_t status; /* 0: that of the place */
    const char *extensions;
} noise_t;

static const noise_t noises[] = {
    { "P4", "codes that differ", RAW("250-a\r\n251 b\r\n"), NULL, 0, NULL },
    { "P4", "a good one, then a bad one", RAW("250-a\r\n550 b\r\n"), NULL, 0,
      NULL },
    { "P4", "a bad one, then a good one", RAW("550-a\r\n250 b\r\n"), NULL, 0,
      NULL },
    { "P4", "354 in the middle", RAW("250-a\r\n354-b\r\n250 c\r\n"), NULL, 0,
      NULL },
    { "P5", "no digit", RAW("ok\r\n"), NULL, 0, NULL },
    { "P5", "one digit", RAW("2 ok\r\n"), NULL, 0, NULL },
    { "P5", "the sentinel of another client", RAW("1\r\n"), NULL, 0, NULL },
    { "P5", "two digits", RAW("25 ok\r\n"), NULL, 0, NULL },
    { "P5", "four digits", RAW("2500 ok\r\n"), NULL, 0, NULL },
    { "P5", "five digits", RAW("25000 ok\r\n"), NULL, 0, NULL },
    { "P5", "050", RAW("050 ok\r\n"), NULL, 0, NULL },
    { "P5", "150", RAW("150 ok\r\n"), NULL, 0, NULL },
    { "P5", "650", RAW("650 ok\r\n"), NULL, 0, NULL },
    { "P5", "750", RAW("750 ok\r\n"), NULL, 0, NULL },
    { "P5", "850", RAW("850 ok\r\n"), NULL, 0, NULL },
    { "P5", "999", RAW("999 ok\r\n"), NULL, 0, NULL },
    { "P5", "letters", RAW("2x0 ok\r\n"), NULL, 0, NULL },
    { "P5", "a sign", RAW("+250 ok\r\n"), NULL, 0, NULL },
    { "P5", "a blank in front", RAW(" 250 ok\r\n"), NULL, 0, NULL },
    { "P5", "digits of another script", RAW("\xd9\xa2\xd9\xa5\xd9\xa0 ok\r\n"),
      NULL, 0, NULL },
    { "P5", "a tab behind the code", RAW("250\tok\r\n"), NULL, 0, NULL },
    { "P8", "LF alone", RAW("250 ok\n"), NULL, 0, NULL },
    { "P8", "LF alone behind the code", RAW("250\n"), NULL, 0, NULL },
    { "P8", "CR alone", RAW("250 ok\r250 ok\r\n"), NULL, 0, NULL },
    { "P8", "CR CR LF", RAW("250 ok\r\r\n"), NULL, 0, NULL },
    { "P8", "LF CR", RAW("250 ok\n\r"), NULL, 0, NULL },
    { "P8", "LF alone inside", RAW("250-a\n250 b\r\n"), NULL, 0, NULL },
    { "P9", "an empty line in front", RAW("\r\n250 ok\r\n"), NULL, 0, NULL },
    { "P9", "only an empty line", RAW("\r\n"), NULL, 0, NULL },
    { "P2", "a line of 4 KiB", NULL, 4096, "silent", SMTPC_ELIMIT, NULL },
    { "P2", "a line of 1 MiB", NULL, 1048576, "silent", SMTPC_ELIMIT, NULL },
    { "P2", "a line without end", NULL, 65536, "endless", SMTPC_ELIMIT,
      NULL },
    { "P3", "250- without end", RAW("250-more\r\n"), "endless", SMTPC_ELIMIT,
      NULL },
    { "P3", "250- without end or text", RAW("250-\r\n"), "endless",
      SMTPC_ELIMIT, NULL },
};

/* A line of len bytes that does not end. */
static const char *long_line(size_t len)
{
    char *line = apr_palloc(tap_pool(), len);

    memset(line, 'x', len);
    memcpy(line, "250-", 4);
    return line;
}

static hostile_row_t make_row(const noise_t *noise, const place_t *place)
{
    const char *say = noise->say ? noise->say : long_line(noise->len);
    hostile_row_t row = {
        .name = apr_psprintf(tap_pool(), "%s: %s, at %s", noise->id,
                             noise->name, place->name),
        .server = { .moves = { { .at = place->at, .say = say,
                                 .raw = noise->len,
                                 .then = noise->then } } },
        .status = noise->status ? noise->status : place->status,
        .stage = place->stage,
        .code = HOSTILE_ANY,
        .timeout = 60000,
    };

    if (place->status == SMTPC_EINDOUBT) {
        /* Whatever the reason, the message may have been taken. */
        row.status = SMTPC_EINDOUBT;
        row.state = SMTPC_RCPT_IN_DOUBT;
    }
    return row;
}

/* The pool of processes does not grow with what servers say. */
static long resident_pages(void)
{
    char line[128] = "";
    apr_file_t *file;
    apr_size_t len = sizeof(line) - 1;
    long pages = 0;

    if (apr_file_open(&file, "/proc/self/statm", APR_FOPEN_READ, 0,
                      tap_pool()) == APR_SUCCESS) {
        (void)apr_file_read(file, line, &len);
        pages = (long)apr_atoi64(strchr(line, ' ') ? strchr(line, ' ') : "");
        apr_file_close(file);
    }
    return pages;
}

static void test_noises(void)
{
    long before = resident_pages();
    size_t i;
    size_t k;

    for (i = 0; i < sizeof(noises) / sizeof(noises[0]); i++) {
        for (k = 0; k < PLACES; k++) {
            hostile_row_t row = make_row(&noises[i], &places[k]);

            hostile_run_once(&row, "");
        }
        /* One of each in all ways. */
        hostile_row_t row = make_row(&noises[i], &places[i % PLACES]);

        hostile_run_one(&row, "all ways");
    }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tap_ok((resident_pages() - before) * 4096L < 64L << 20,
           "P3: memory stays flat, %ld KiB more",
           (resident_pages() - before) * 4L);
#else
    (void)before;
#endif
}

/* P8: the same rule after TLS. */
static void test_line_ends_tls(void)
{
    static const struct {
        const char *name;
        const char *say;
        size_t len;
    } ends[] = { { "P8: LF alone", RAW("250 ok\n") },
                 { "P8: CR alone", RAW("250 ok\r250 ok\r\n") },
                 { "P9: an empty line", RAW("\r\n250 ok\r\n") } };
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    SSL_CTX *tls = peer_ca_server(ca, &cert, tap_pool());
    size_t i;

    for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        hostile_row_t row = {
            .name = ends[i].name,
            .server = { .tls = tls,
                        .moves = { { .at = "MAIL", .say = ends[i].say,
                                     .raw = ends[i].len,
                                     .when = HOSTILE_TLS } } },
            .security = SMTPC_SECURITY_OPPORTUNISTIC,
            .status = SMTPC_EPROTO,
            .stage = SMTPC_STAGE_MAIL,
            .heard = "EHLO STARTTLS TLS EHLO MAIL",
        };

        hostile_run_one(&row, "over TLS");
    }
}

/* P6: what comes ends exactly where our buffer does, and around it; its last
 * line is five bytes long, without text. */
static void test_buffer_end(void)
{
    apr_pool_t *pool = tap_pool();
    int off;

    for (off = -6; off <= 6; off++) {
        size_t len = (size_t)(SMTPC_LIMIT_INPUT_BUFFER + off);
        char *say = apr_palloc(pool, len);
        size_t at = 0;
        hostile_row_t row = {
            .name = apr_psprintf(pool, "P6: the buffer ends at %+d", off),
            .server = { .moves = { { .at = "MAIL", .say = say,
                                     .raw = len } } },
            .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
            .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT,
        };

        /* Two long lines and the short one. */
        memset(say, 'x', len);
        memcpy(say, "250-", 4);
        at = 2000;
        memcpy(say + at, "\r\n250-", 6);
        memcpy(say + len - 7, "\r\n250\r\n", 7);
        if (len - 7 - at - 2 > SMTPC_LIMIT_REPLY_LINE) {
            memcpy(say + at + 1200, "\r\n250-", 6);
        }
        hostile_run_once(&row, "");
        /* And it is cut off there. */
        row.name = apr_psprintf(pool, "P6: it is cut off at %+d", off);
        row.server.moves[0].raw = len - 2;
        row.server.moves[0].then = "close";
        row.status = SMTPC_ECONNECT;
        row.stage = SMTPC_STAGE_MAIL;
        row.code = HOSTILE_ANY;
        row.state = SMTPC_RCPT_UNSENT;
        row.pool = HOSTILE_GONE;
        hostile_run_once(&row, "");
    }
}

/* P7: no byte of the server's reaches a terminal or a log as it is. */
static void check_escaped(const smtpc_result_t *result, apr_pool_t *pool)
{
    const char *texts[] = { smtpc_result_text(result),
                            smtpc_result_error(result),
                            smtpc_result_describe(result, pool),
                            smtpc_result_recipient(result, 0)->text,
                            smtpc_result_queue_id(result) };
    size_t i;

    for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        const unsigned char *at = (const unsigned char *)texts[i];

        while (*at >= ' ' && *at != 0x7f && !(*at == 0xc2 && at[1] < 0xa0)) {
            at++;
        }
        tap_ok(*at == '\0', "nothing is left to be escaped in text %d",
               (int)i);
    }
}

#define UGLY "\0 \x1b[31m\x1b]0;x\x07 \x7f \x80\x9b\xff \xc2\x85 \xc2\x9b \b\t"

static const hostile_row_t ugly_rows[] = {
    { .name = "P7: ugly text in a refusal of MAIL",
      .server = { .moves = { { .at = "MAIL",
                               HOSTILE_RAW("550 5.7.1 no " UGLY "\r\n") } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_MAIL, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .check = check_escaped,
      .pool = HOSTILE_KEPT },
    { .name = "P7: ugly text in a refusal of RCPT",
      .server = { .moves = { { .at = "RCPT",
                               HOSTILE_RAW("550 5.7.1 no " UGLY "\r\n") } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_RCPT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .check = check_escaped,
      .pool = HOSTILE_KEPT },
    { .name = "P7: ugly text in the greeting",
      .server = { .moves = { { .at = "",
                               HOSTILE_RAW("220 hi " UGLY "\r\n") } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .check = check_escaped,
      .pool = HOSTILE_KEPT },
    { .name = "P7: ugly text in the answer to the message",
      .server = { .moves = { { .at = ".", HOSTILE_RAW(
                                   "250 2.0.0 queued as " UGLY "\r\n") } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .check = check_escaped,
      .pool = HOSTILE_KEPT },
    { .name = "P7: ugly text where no reply is",
      .server = { .moves = { { .at = "MAIL",
                               HOSTILE_RAW(UGLY UGLY "\r\n") } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_MAIL,
      .code = HOSTILE_ANY, .check = check_escaped },
    /* P5: a code alone is a reply. */
    { .name = "P5: three digits alone, with a blank and without",
      .server = { .moves = { { .at = "", HOSTILE_RAW("220\r\n") },
                             { .at = "MAIL", HOSTILE_RAW("250\r\n") },
                             { .at = "RCPT", HOSTILE_RAW("250 \r\n") },
                             { .at = "DATA", HOSTILE_RAW("354\r\n") },
                             { .at = ".", HOSTILE_RAW("250-\r\n250\r\n") } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT },
};

/* P11: what nobody asked for, in the same piece as what somebody did. */
static const hostile_row_t unasked_rows[] = {
    { .name = "P11: two greetings",
      .server = { .moves = { { .at = "", .say = "220 a\r\n220 b" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_EHLO,
      .code = HOSTILE_ANY, .never = "MAIL" },
    { .name = "P11: the answer to MAIL with that to EHLO",
      .server = { .moves = { { .at = "EHLO",
                               .say = "250 a\r\n250 2.1.0 ok" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_NONE,
      .code = HOSTILE_ANY, .never = "RCPT DATA" },
    { .name = "P11: the answer to RCPT with that to MAIL",
      .server = { .moves = { { .at = "MAIL",
                               .say = "250 a\r\n250 2.1.5 ok" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_RCPT,
      .code = HOSTILE_ANY, .never = "DATA" },
    { .name = "P11: 354 with the answer to RCPT",
      .server = { .moves = { { .at = "RCPT", .say = "250 a\r\n354 go",
                               .then = "silent" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_DATA,
      .code = HOSTILE_ANY, .never = "." },
    { .name = "P11: the answer to the message with 354",
      .server = { .moves = { { .at = "DATA", .say = "354 a\r\n250 ok",
                               .then = "silent" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_CONTENT,
      .code = HOSTILE_ANY, .never = "." },
    { .name = "P11: one too many for a pipelined group",
      .server = { .extensions = "PIPELINING",
                  .moves = { { .at = "DATA", .say = "250 ok\r\n354 go",
                               .then = "silent" } } },
      .status = SMTPC_EPROTO, .stage = SMTPC_STAGE_DATA,
      .code = HOSTILE_ANY, .never = "." },
    { .name = "P11: two answers to the message",
      .server = { .moves = { { .at = ".", .say = "250 ok\r\n250 ok" } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_GONE },
    /* P20: the answer to another command is none to the message. */
    { .name = "P20: a line that is no reply before the answer",
      .server = { .moves = { { .at = ".",
                               .say = "warning: disk is full\r\n250 ok" } } },
      .status = SMTPC_EINDOUBT, .stage = SMTPC_STAGE_END,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_IN_DOUBT },
    { .name = "P20: the answer to QUIT comes first",
      .server = { .moves = { { .at = ".", .say = "221 bye\r\n250 ok" } } },
      .status = SMTPC_EINDOUBT, .stage = SMTPC_STAGE_END,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_IN_DOUBT },
    { .name = "P20: 354 comes again",
      .server = { .moves = { { .at = ".", .say = "354 go\r\n250 ok" } } },
      .status = SMTPC_EINDOUBT, .stage = SMTPC_STAGE_END,
      .code = HOSTILE_ANY, .state = SMTPC_RCPT_IN_DOUBT },
    { .name = "P20: a refusal is believed, not what follows",
      .server = { .moves = { { .at = ".", .say = "550 no\r\n250 ok" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_END, .code = 550,
      .state = SMTPC_RCPT_REJECTED },
    /* P24: three digits decide. */
    { .name = "P24: 250 5.1.1 to RCPT",
      .server = { .moves = { { .at = "RCPT", .say = "250 5.1.1 unknown" } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT },
    { .name = "P24: 250 5.6.0 to the message",
      .server = { .moves = { { .at = ".", .say = "250 5.6.0 no" } } },
      .status = APR_SUCCESS, .stage = SMTPC_STAGE_DONE, .code = 250,
      .state = SMTPC_RCPT_ACCEPTED, .pool = HOSTILE_KEPT },
    { .name = "P24: 550 2.0.0 to the message",
      .server = { .moves = { { .at = ".", .say = "550 2.0.0 fine" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_END, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .pool = HOSTILE_KEPT },
    { .name = "P24: 450 5.1.1 to RCPT",
      .server = { .moves = { { .at = "RCPT", .say = "450 5.1.1 later" } } },
      .status = SMTPC_ETEMP, .stage = SMTPC_STAGE_RCPT, .code = 450,
      .state = SMTPC_RCPT_REJECTED, .pool = HOSTILE_KEPT },
    { .name = "P24: 550 4.2.2 to RCPT",
      .server = { .moves = { { .at = "RCPT", .say = "550 4.2.2 full" } } },
      .status = SMTPC_EREJECTED, .stage = SMTPC_STAGE_RCPT, .code = 550,
      .state = SMTPC_RCPT_REJECTED, .pool = HOSTILE_KEPT },
};

/* P24: an enhanced code that is not one, or contradicts, is dropped. */
static void test_enhanced(void)
{
    static const char *const bad[] = { "2.1.1", "4.1.1", "3.0.0", "5.1",
                                       "5.1000.1", "5.1.1000", "5..1",
                                       "5.1.1.1", "55.1.1", "5.1.x",
                                       "5.1.1x", "05.1.1" };
    apr_pool_t *pool = tap_pool();
    size_t i;

    for (i = 0; i <= sizeof(bad) / sizeof(bad[0]); i++) {
        int good = i == sizeof(bad) / sizeof(bad[0]);
        const char *code = good ? "5.1.1" : bad[i];
        hostile_server_t server = {
            .moves = { { .at = "RCPT",
                         .say = apr_psprintf(pool, "550 %s no", code) } }
        };
        hostile_t hostile;
        peer_t *peer;
        smtpc_env_t *env;
        smtpc_client_t *client;
        smtpc_result_t *result;

        hostile_init(&hostile, &server);
        peer = peer_start(hostile_serve, &hostile);
        if (smtpc_env_create(&env, pool) != APR_SUCCESS
            || smtpc_client_create(&client, env, "127.0.0.1",
                                   peer_port(peer), pool) != APR_SUCCESS) {
            tap_bail("no client");
        }
        tap_is_int(smtpc_client_send_text(&result, client, "a@a.test",
                                          "b@b.test", "x", "y\n", pool),
                   SMTPC_EREJECTED, "P24: 550 %s", code);
        tap_is_str(smtpc_result_recipient(result, 0)->enhanced,
                   good ? code : "", "the code");
        tap_is_str(smtpc_result_recipient(result, 0)->text,
                   good ? "no" : apr_psprintf(pool, "%s no", code),
                   "the text");
        (void)smtpc_client_dispose(client);
        peer_stop(peer);
    }
}

int main(void)
{
    test_noises();
    test_line_ends_tls();
    test_buffer_end();
    hostile_run(ugly_rows, sizeof(ugly_rows) / sizeof(ugly_rows[0]));
    hostile_run(unasked_rows, sizeof(unasked_rows) / sizeof(unasked_rows[0]));
    test_enhanced();
    return tap_done();
}
