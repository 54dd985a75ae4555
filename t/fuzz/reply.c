/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reply.c: libFuzzer entry for the reader of replies.
 *
 * The first byte of the input chooses the size of the pieces and, with its
 * highest bit, the limit of a line. The rest is what a server says, fed whole
 * and once more in pieces. Besides the sanitizers, this checks that both ways
 * see the same replies and the same fault at the same byte; that every reply
 * is one that a reader made of RFC 5321 4.2 alone sees, too, and that what it
 * refuses is none; that all texts can be logged; and that the limits hold.
 */
#include "../support/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "proto/reply_parser.h"

/* What one way of feeding gave. */
typedef struct seen_t {
    apr_status_t status;
    size_t replies;
    size_t used;    /* bytes of complete replies */
    uint64_t hash;  /* of all that the replies say */
} seen_t;

/* FNV-1a. */
static void mix(seen_t *seen, const char *text)
{
    do {
        seen->hash = (seen->hash ^ (unsigned char)*text) * 1099511628211ULL;
    } while (*text++ != '\0');
}

/* Return the bytes of the reply at text as RFC 5321 4.2 has it, 0 if there is
 * no whole one. */
static size_t rfc_reply(const char *text, size_t len)
{
    size_t at = 0;

    for (;;) {
        const char *line = text + at;
        const char *end = memchr(line, '\n', len - at);
        size_t n;

        if (end == NULL) {
            return 0;
        }
        n = (size_t)(end - line) + 1;
        at += n;
        if (n < 5 || line[n - 2] != '\r' || memcmp(line, text, 3) != 0
            || line[0] < '2' || line[0] > '5' || line[1] < '0'
            || line[1] > '9' || line[2] < '0' || line[2] > '9'
            || memchr(line, '\r', n - 2) != NULL) {
            return 0;
        }
        if (line[3] == ' ' || n == 5) {
            return at;
        }
        if (line[3] != '-') {
            return 0;
        }
    }
}

static void check_enhanced(const smtpc_reply_t *reply)
{
    if (*reply->enhanced != '\0') {
        require(reply->enhanced[0] == '0' + reply->code / 100);
        require(reply->enhanced[1] == '.');
        require(strspn(reply->enhanced, "0123456789.")
                == strlen(reply->enhanced));
        require(strlen(reply->enhanced) <= 9);
    }
}

static void check_reply(seen_t *seen, const smtpc_reply_t *reply,
                        const char *text, size_t size, apr_pool_t *pool)
{
    size_t len = rfc_reply(text + seen->used, size - seen->used);
    const char *id = smtpc__reply_queue_id(reply, pool);
    size_t lines = 1;

    require(len > 0 && len <= SMTPC_LIMIT_REPLY_BYTES);
    require(reply->code == atoi(text + seen->used));
    require(reply->lines <= SMTPC_LIMIT_REPLY_LINES);
    fuzz_check_lines(reply->text, (size_t)4 * SMTPC_LIMIT_REPLY_BYTES);
    for (const char *p = reply->text; (p = strchr(p, '\n')) != NULL; p++) {
        lines++;
    }
    require(lines == reply->lines);
    check_enhanced(reply);
    require(strlen(id) <= 128 && strpbrk(id, " \n") == NULL);
    fuzz_check_line(id, 128);
    seen->used += len;
    seen->replies++;
    mix(seen, reply->enhanced);
    mix(seen, reply->text);
}

/* Feed text, and see that the parser stands where it should. */
static void feed(seen_t *seen, const char *text, size_t size, size_t piece,
                 size_t limit, apr_pool_t *pool)
{
    smtpc_reply_parser_t *parser;
    size_t at = 0;

    memset(seen, 0, sizeof(*seen));
    smtpc__reply_parser_create(&parser, pool);
    smtpc__reply_parser_line_limit(parser, limit);
    while (at < size) {
        size_t len = size - at < piece ? size - at : piece;
        const smtpc_reply_t *reply;
        apr_size_t used;

        seen->status = smtpc__reply_parser_feed(&reply, &used, parser,
                                                text + at, len, pool);
        if (seen->status != APR_SUCCESS) {
            require(reply == NULL);
            require(*smtpc__reply_parser_error(parser) != '\0');
            fuzz_check_line(smtpc__reply_parser_error(parser), 400);
            return;
        }
        require(used > 0 && used <= len);
        require(reply != NULL || used == len);
        at += used;
        if (reply != NULL) {
            check_reply(seen, reply, text, size, pool);
            require(seen->used == at);
            require(!smtpc__reply_parser_pending(parser));
        }
    }
    require(smtpc__reply_parser_pending(parser) == (at > seen->used));
}

/* What was refused has to be no reply, or over a limit. */
static void check_refusal(const seen_t *seen, const char *text, size_t size,
                          size_t limit)
{
    size_t len = rfc_reply(text + seen->used, size - seen->used);
    size_t lines = 0;
    size_t longest = 0;

    if (seen->status == APR_SUCCESS) {
        require(len == 0);
        return;
    }
    if (seen->status == SMTPC_EPROTO) {
        require(len == 0);
        return;
    }
    require(seen->status == SMTPC_ELIMIT);
    for (size_t at = seen->used; at < size; lines++) {
        const char *end = memchr(text + at, '\r', size - at);
        size_t n = end == NULL ? size - at : (size_t)(end - (text + at));

        longest = n > longest ? n : longest;
        at += n + 2;
    }
    require(longest > limit || lines > SMTPC_LIMIT_REPLY_LINES
            || size - seen->used > SMTPC_LIMIT_REPLY_BYTES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool = fuzz_pool();
    size_t limit;
    seen_t whole;
    seen_t pieces;
    char *text;

    if (size == 0) {
        return 0;
    }
    limit = data[0] & 0x80 ? SMTPC_LIMIT_SASL_LINE : SMTPC_LIMIT_REPLY_LINE;
    text = fuzz_text(data + 1, size - 1);
    feed(&whole, text, size - 1, size, limit, pool);
    check_refusal(&whole, text, size - 1, limit);
    feed(&pieces, text, size - 1, 1 + (data[0] & 0x7f) % 16, limit, pool);
    require(whole.status == pieces.status && whole.used == pieces.used
            && whole.replies == pieces.replies && whole.hash == pieces.hash);
    free(text);
    apr_pool_clear(pool);
    return 0;
}
