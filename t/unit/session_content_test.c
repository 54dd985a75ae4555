/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_content_test.c: content in chunks, and LMTP.
 */
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/session_rig.h"
#include "../tap/tap.h"

#define CHUNKING "250-hi\r\n250-PIPELINING\r\n250 CHUNKING\r\n"

/* P22: the last byte of the last chunk is what brings doubt. */
static void test_doubt_boundary(const char *content, int len)
{
    const char *all = apr_psprintf(
        tap_pool(), "MAIL FROM:<" REPLAY_FROM ">\\r\\nRCPT TO:<" REPLAY_TO
        ">\\r\\nBDAT %d LAST\\r\\n%s", len, content);
    const char *end = all + strlen(all);

    for (int i = 0; i < 6; i++) {
        const char *sent;

        /* Bytes are escaped in pairs, or letters. */
        while (end > all && end[-1] == '\\') {
            end--;
        }
        sent = apr_pstrmemdup(tap_pool(), all, (apr_size_t)(end - all));
        for (int answered = 0; answered < 2; answered++) {
            rig_run_text(apr_psprintf(
                tap_pool(), "=== P22 %s less %d bytes, %s\nset-raw content=%s"
                "\nHELLO PIPELINING; CHUNKING\nSEND\nC-raw: %s\n%sEOF\n"
                "expect result %s\nexpect want close\n",
                *content != '\0' ? "content" : "empty content", i,
                answered ? "envelope answered" : "no answer", content, sent,
                answered ? "S-early: 250 ok\nS-early: 250 ok\n" : "",
                i == 0 ? "EINDOUBT" : "ECONNECT"));
        }
        end -= end > all + 2 && end[-2] == '\\' ? 2 : 1;
    }
}

/* What a session said, chunk by chunk. */
typedef struct chunks_t {
    char *content;
    apr_size_t len;
    int count;
    int last;   /* the last of them was said to be */
    int wrong;  /* it was not made of chunks */
} chunks_t;

/* Pull once; take what comes apart. Return the number of bytes. */
static apr_size_t pull_chunks(rig_t *rig, chunks_t *chunks)
{
    const char *data;
    apr_size_t len;
    apr_size_t at = 0;

    if (smtpc__session_pull(&data, &len, rig->session) != APR_SUCCESS) {
        return 0;
    }
    while (at < len) {
        char *rest = NULL;
        apr_size_t size = 0;

        if (strncmp(data + at, "BDAT ", 5) == 0) {
            size = (apr_size_t)strtol(data + at + 5, &rest, 10);
            chunks->last = strncmp(rest, " LAST", 5) == 0;
            rest += chunks->last ? 5 : 0;
        }
        if (rest == NULL || strncmp(rest, "\r\n", 2) != 0
            || rest + 2 + size > data + len) {
            chunks->wrong = 1;
            break;
        }
        memcpy(chunks->content + chunks->len, rest + 2, size);
        chunks->len += size;
        chunks->count++;
        at = (apr_size_t)(rest + 2 - data) + size;
    }
    smtpc__session_sent(rig->session, len);
    return len;
}

/* Open a session in @a rig with the envelope accepted and a content of
 * 300000 bytes to come. */
static void open_large(rig_t *rig, chunks_t *chunks, const char *settings)
{
    rig_open(rig, apr_pstrcat(tap_pool(), "set content_bytes=300000\n",
                              settings, NULL), CHUNKING);
    rig_begin(rig, rig->session);
    (void)rig_drain(rig);
    rig_say(rig, "250 ok\r\n250 ok\r\n");
    memset(chunks, 0, sizeof(*chunks));
    chunks->content = apr_palloc(tap_pool(), 310000);
}

/* P25: chunks put together are the content. */
static void test_large(void)
{
    rig_t rig;
    chunks_t chunks;
    char *wanted = apr_palloc(tap_pool(), 300000);
    apr_size_t len = 0;
    apr_size_t part = 0;

    open_large(&rig, &chunks, "");
    while (pull_chunks(&rig, &chunks) > 0 && !chunks.wrong) {
    }
    tap_ok(!chunks.wrong && chunks.last && chunks.count > 2, "%d chunks",
           chunks.count);
    if (smtpc_source_rewind(rig.content) != APR_SUCCESS) {
        tap_bail("rewind");
    }
    do {
        len += part;
        part = 300000 - len;
    } while (part > 0 && smtpc_source_read(rig.content, wanted + len, &part)
                             == APR_SUCCESS);
    /* 300000 is no multiple of 64: the last line gets its end. */
    tap_is_int(chunks.len, len + 2, "length");
    tap_is_mem(chunks.content, len, wanted, len, "content");
    while (chunks.count-- > 1) {
        rig_say(&rig, "250 more\r\n");
    }
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READ,
               "the final reply is due");
    tap_is_int(smtpc__session_stage_timeout(rig.session),
               smtpc__steps[SMTPC_STEP_END].timeout, "with its deadline");
    rig_say(&rig, "250 2.0.0 Ok: queued as L1\r\n");
    tap_is_int(smtpc__result_finish(rig.result), APR_SUCCESS, "accepted");
    tap_is_int(rig.result->bytes, 300002, "bytes");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
}

/* A chunk in the middle is refused: no other is announced. */
static void test_refused_in_the_middle(void)
{
    rig_t rig;
    chunks_t chunks;
    const char *data;
    apr_size_t len;

    open_large(&rig, &chunks, "");
    (void)pull_chunks(&rig, &chunks);
    tap_ok(chunks.count >= 1 && !chunks.last && !chunks.wrong,
           "%d of the chunks sent", chunks.count);
    while (chunks.count-- > 1) {
        rig_say(&rig, "250 more\r\n");
    }
    rig_say(&rig, "552 5.3.4 too much\r\n");
    tap_is_int(smtpc__session_pull(&data, &len, rig.session), APR_SUCCESS,
               "pull");
    tap_is_mem(data, len, "RSET\r\n", 6, "RSET comes next");
    smtpc__session_sent(rig.session, len);
    rig_say(&rig, "250 ok\r\n");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_EREJECTED, "result");
    tap_is_str(rig_recipient(&rig, 0), "REJECTED 552 CONTENT", "recipient");
}

/* LMTP: how many replies follow a refused chunk nobody knows. */
static void test_lmtp_refused_in_the_middle(void)
{
    rig_t rig;
    chunks_t chunks;

    open_large(&rig, &chunks, "set lmtp=1\nset to=a@x.org,b@x.org\n");
    rig_say(&rig, "250 ok\r\n");
    while (pull_chunks(&rig, &chunks) > 0 && !chunks.wrong) {
    }
    tap_ok(chunks.last && chunks.count > 2, "%d chunks", chunks.count);
    rig_say(&rig, "552 5.3.4 too much\r\n");
    while (chunks.count-- > 2) {
        rig_say(&rig, "503 5.5.1 no transaction\r\n");
    }
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READ,
               "the last is due");
    rig_say(&rig, "503 5.5.1 no transaction\r\n");
    tap_is_int(rig_drain(&rig), 6, "QUIT");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_CLOSE,
               "no other is waited for");
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_EREJECTED, "result");
    tap_is_str(rig_recipient(&rig, 0), "REJECTED 552 CONTENT", "the first");
    tap_is_str(rig_recipient(&rig, 1), "REJECTED 552 CONTENT", "the second");
}

/* What was announced is sent to its end, although it was refused. */
static void test_refused_while_the_next_is_sent(void)
{
    rig_t rig;
    chunks_t chunks;
    const char *data;
    apr_size_t len;
    apr_size_t before;

    open_large(&rig, &chunks, "");
    (void)pull_chunks(&rig, &chunks);
    if (smtpc__session_pull(&data, &len, rig.session) != APR_SUCCESS) {
        tap_bail("pull");
    }
    before = len;
    smtpc__session_sent(rig.session, 1000);
    for (int i = 1; i < chunks.count; i++) {
        rig_say(&rig, "250 more\r\n");
    }
    rig_say(&rig, "552 5.3.4 too much\r\n");
    if (smtpc__session_pull(&data, &len, rig.session) != APR_SUCCESS) {
        tap_bail("pull");
    }
    tap_is_int(len, before - 1000, "the rest of it, and no more");
    smtpc__session_sent(rig.session, len);
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READ,
               "its reply is waited for");
    rig_say(&rig, "503 no\r\n");
    tap_is_int(rig_drain(&rig), 6, "RSET");
    rig_say(&rig, "250 ok\r\n");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
    tap_is_str(rig_recipient(&rig, 0), "REJECTED 552 CONTENT", "recipient");
}

/* Chunks that do not wait are refused with their MAIL: the rest is not
 * announced, and there is nothing to reset. */
static void test_refused_with_mail(void)
{
    rig_t rig;
    const char *data;
    apr_size_t len;

    rig_open(&rig, "set content_bytes=65536\n", CHUNKING);
    rig_begin(&rig, rig.session);
    if (smtpc__session_pull(&data, &len, rig.session) != APR_SUCCESS) {
        tap_bail("pull");
    }
    smtpc__session_sent(rig.session, len);
    tap_is_int(smtpc__session_outstanding(rig.session), 3,
               "MAIL, RCPT and a chunk are sent");
    tap_is_int(rig.session->cursor, SMTPC_STEP_BDAT, "there is more");
    rig_say(&rig, "550 5.7.1 not you\r\n503 a\r\n503 b\r\n");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
    tap_is_str(rig_recipient(&rig, 0), "REJECTED 550 MAIL", "recipient");
}

/* The source fails behind a chunk: RSET, and the session goes on. */
static void test_source_fails(void)
{
    rig_t rig;
    chunks_t chunks;
    int more;

    open_large(&rig, &chunks, "set source_fails=100000\nset size=300000\n");
    while (chunks.len + 40000 < 100000
           && pull_chunks(&rig, &chunks) > 0 && !chunks.wrong) {
    }
    tap_ok(!chunks.wrong && !chunks.last && chunks.count > 0,
           "%d chunks sent", chunks.count);
    more = chunks.count;
    (void)pull_chunks(&rig, &chunks);
    more = chunks.count - more;
    tap_ok(!chunks.last, "no last one");
    for (int i = 0; i < chunks.count; i++) {
        rig_say(&rig, "250 more\r\n");
    }
    tap_is_int(rig_drain(&rig), 6, "RSET (%d behind)", more);
    rig_say(&rig, "250 ok\r\n");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_ESOURCE, "result");
    tap_is_str(rig_recipient(&rig, 0), "UNSENT 0 CONTENT", "recipient");
}

/* More recipients of LMTP than there are slots. */
static void test_lmtp_many(const char *ehlo, const char *settings)
{
    enum { COUNT = SMTPC_LIMIT_SLOTS + 50 };
    const char *to = "r0@x.org";
    rig_t rig;

    for (int i = 1; i < COUNT; i++) {
        to = apr_psprintf(tap_pool(), "%s,r%d@x.org", to, i);
    }
    rig_open(&rig, apr_pstrcat(tap_pool(), "set lmtp=1\nset to=", to, "\n",
                               settings, NULL), ehlo);
    rig_begin(&rig, rig.session);
    for (int i = 0; i < COUNT + 1; i++) {
        (void)rig_drain(&rig);
        rig_say(&rig, "250 ok\r\n");
    }
    (void)rig_drain(&rig);
    if (strstr(ehlo, "CHUNKING") == NULL) {
        rig_say(&rig, "354 go\r\n");
        (void)rig_drain(&rig);
    }
    else {
        /* All but the last chunk were accepted. */
        while (rig.session->slot_count > 1
               && rig.session->slots[rig.session->slot_first].step
                      == SMTPC_STEP_BDAT) {
            rig_say(&rig, "250 more\r\n");
            (void)rig_drain(&rig);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        rig_say(&rig, i == 7 ? "452 full\r\n" : "250 ok\r\n");
    }
    tap_is_int(smtpc__result_finish(rig.result), SMTPC_EPARTIAL,
               "LMTP, %d recipients: %s", COUNT, rig.result->error);
    tap_is_str(rig_recipient(&rig, 7), "REJECTED 452 END", "the eighth");
    tap_is_str(rig_recipient(&rig, COUNT - 1), "ACCEPTED 250 END",
               "the last");
    tap_is_int(smtpc__session_want(rig.session), SMTPC_WANT_READY, "ready");
}

int main(void)
{
    rig_run_file("session_chunking.txt");
    rig_run_file("session_lmtp.txt");
    test_doubt_boundary("Subject: hi\\r\\n\\r\\nHello\\r\\n", 22);
    test_doubt_boundary("", 0);
    test_large();
    test_refused_in_the_middle();
    test_lmtp_refused_in_the_middle();
    test_refused_while_the_next_is_sent();
    test_refused_with_mail();
    test_source_fails();
    test_lmtp_many("250-hi\r\n250 PIPELINING\r\n", "");
    test_lmtp_many(CHUNKING, "");
    test_lmtp_many(CHUNKING, "set content_bytes=2000000\n");
    return tap_done();
}
