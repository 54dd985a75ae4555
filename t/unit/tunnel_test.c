/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnel_test.c: what is said to proxies and what they answer, byte by byte.
 * Every case is fed as much at a time as there is room for, and single bytes.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "net/tunnel.h"
#include "../tap/tap.h"

/** A string with NULs in it, and its length. */
#define BYTES(text) text, sizeof(text) - 1

static smtpc_secret_t *secret_of(const char *text, apr_pool_t *pool)
{
    smtpc_secret_t *secret;

    if (smtpc_secret_load(&secret, NULL, text, pool) != APR_SUCCESS) {
        tap_bail("no secret");
    }
    return secret;
}

/* One piece of a conversation. */
typedef struct piece_t {
    const char *ours; /* NULL: the proxy's turn is over */
    apr_size_t ours_len;
    const char *theirs;
    apr_size_t theirs_len;
} piece_t;

typedef struct case_t {
    const char *name;
    smtpc_proxy_e proxy;
    const char *host;
    const char *user;
    const char *password;
    piece_t pieces[4];
    apr_status_t status;
    const char *error; /* behind "the proxy gw.test:99 " */
    apr_size_t left;   /* bytes of the last piece that must stay unread */
} case_t;

static const case_t cases[] = {
    { "SOCKS, a name", SMTPC_PROXY_SOCKS5, "mail.example.org", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\020mail.example.org\0\031"),
          BYTES("\5\0\0\1\n\0\0\1\4\210220 mail") } },
      APR_SUCCESS, "", 8 },
    { "SOCKS, IPv4", SMTPC_PROXY_SOCKS5, "192.0.2.1", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\1\300\0\2\1\0\031"),
          BYTES("\5\0\0\3\4name\0\1") } },
      APR_SUCCESS, "", 0 },
    { "SOCKS, IPv6", SMTPC_PROXY_SOCKS5, "2001:db8::1", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\4\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1\0\031"),
          BYTES("\5\0\0\4abcdefghijklmnop\0\1x") } },
      APR_SUCCESS, "", 1 },
    { "SOCKS, an empty name is its own", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\0\0\3\0\0\1" "2") } },
      APR_SUCCESS, "", 1 },
    { "SOCKS, login", SMTPC_PROXY_SOCKS5, "a", "ann", "se cret",
      { { BYTES("\5\2\0\2"), BYTES("\5\2") },
        { BYTES("\1\3ann\7se cret"), BYTES("\1\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\0\0\1\0\0\0\0\0\0") } },
      APR_SUCCESS, "", 0 },
    { "SOCKS, login not wanted", SMTPC_PROXY_SOCKS5, "a", "ann", "secret",
      { { BYTES("\5\2\0\2"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\0\0\1\0\0\0\0\0\0") } },
      APR_SUCCESS, "", 0 },
    { "SOCKS, wrong password", SMTPC_PROXY_SOCKS5, "a", "ann", "secret",
      { { BYTES("\5\2\0\2"), BYTES("\5\2") },
        { BYTES("\1\3ann\6secret"), BYTES("\1\1") } },
      SMTPC_EAUTH, "does not accept the user name and password for it", 0 },
    { "SOCKS, wants a login", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\377") } },
      SMTPC_EAUTH, "wants a user name and password: set them", 0 },
    { "SOCKS, takes no login", SMTPC_PROXY_SOCKS5, "a", "ann", "secret",
      { { BYTES("\5\2\0\2"), BYTES("\5\377") } },
      SMTPC_EAUTH, "takes no user name and password", 0 },
    { "SOCKS, login without an offer", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\2") } },
      SMTPC_ECONNECT, "chose a way to log in that was not offered", 0 },
    { "SOCKS, a method nobody offered", SMTPC_PROXY_SOCKS5, "a", "u", "p",
      { { BYTES("\5\2\0\2"), BYTES("\5\1") } },
      SMTPC_ECONNECT, "chose a way to log in that was not offered", 0 },
    { "SOCKS, refused", SMTPC_PROXY_SOCKS5, "mail.example.org", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\020mail.example.org\0\031"),
          BYTES("\5\5\0\1") } },
      SMTPC_ECONNECT, "refused to connect to mail.example.org:25: connection "
      "refused by destination host", 0 },
    { "SOCKS, refused by its rules", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\2\0\1\0\0\0\0\0\0") } },
      SMTPC_ECONNECT,
      "refused to connect to a:25: its rules do not allow it", 6 },
    { "SOCKS, refused for no known reason", SMTPC_PROXY_SOCKS5, "a", NULL,
      NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\x11\0\1") } },
      SMTPC_ECONNECT, "refused to connect to a:25: unknown reason 17", 0 },
    { "SOCKS 4", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\0\x5b") } },
      SMTPC_ECONNECT, "does not speak SOCKS 5: check its port and kind", -1 },
    { "an HTTP proxy", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("HTTP/1.1 400 Bad Request\r\n") } },
      SMTPC_ECONNECT, "does not speak SOCKS 5: check its port and kind", -1 },
    { "SOCKS, login of another version", SMTPC_PROXY_SOCKS5, "a", "u", "p",
      { { BYTES("\5\2\0\2"), BYTES("\5\2") },
        { BYTES("\1\1u\1p"), BYTES("\5\0") } },
      SMTPC_ECONNECT, "does not speak SOCKS 5: check its port and kind", -1 },
    { "SOCKS, no such kind of address", SMTPC_PROXY_SOCKS5, "a", NULL, NULL,
      { { BYTES("\5\1\0"), BYTES("\5\0") },
        { BYTES("\5\1\0\3\1a\0\031"), BYTES("\5\0\0\2\0") } },
      SMTPC_ECONNECT, "does not speak SOCKS 5: check its port and kind", 0 },

    { "HTTP, a name", SMTPC_PROXY_HTTP, "mail.example.org", NULL, NULL,
      { { BYTES("CONNECT mail.example.org:25 HTTP/1.1\r\n"
                "Host: mail.example.org:25\r\n\r\n"),
          BYTES("HTTP/1.1 200 OK\r\nVia: x\r\n\r\n220 mail") } },
      APR_SUCCESS, "", 8 },
    { "HTTP, IPv6, lines end with LF", SMTPC_PROXY_HTTP, "2001:db8::1", NULL,
      NULL,
      { { BYTES("CONNECT [2001:db8::1]:25 HTTP/1.1\r\n"
                "Host: [2001:db8::1]:25\r\n\r\n"),
          BYTES("HTTP/1.0 299\nA: b\n\n\r\n") } },
      APR_SUCCESS, "", 2 },
    { "HTTP, no fields", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 200 \r\n\r\n\n") } },
      APR_SUCCESS, "", 1 },
    { "HTTP, a CR in the middle of a line", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 200 OK\r\n\rx\r\n\r\r\n\r\n\n") } },
      APR_SUCCESS, "", 1 },
    { "HTTP, login", SMTPC_PROXY_HTTP, "a", "ann", "se cret",
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n"
                "Proxy-Authorization: Basic YW5uOnNlIGNyZXQ=\r\n\r\n"),
          BYTES("HTTP/1.1 200 OK\r\n\r\n") } },
      APR_SUCCESS, "", 0 },
    { "HTTP, 100 first", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"
                "HTTP/1.1 200 OK\r\n\r\n2") } },
      APR_SUCCESS, "", 1 },
    { "HTTP, wrong password", SMTPC_PROXY_HTTP, "a", "ann", "secret",
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n"
                "Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n"),
          BYTES("HTTP/1.1 407 not ann:secret\r\n\r\n") } },
      SMTPC_EAUTH, "does not accept the user name and password for it", 0 },
    { "HTTP, wants a login", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n") } },
      SMTPC_EAUTH, "wants a user name and password: set them", 0 },
    { "HTTP, refused", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 403 \033[1mForbidden\r\n\r\n") } },
      SMTPC_ECONNECT,
      "refused to connect to a:25: 403 \\x1B[1mForbidden", 0 },
    { "HTTP, refused, the password repeated", SMTPC_PROXY_HTTP, "a", "ann",
      "secret",
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n"
                "Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n\r\n"),
          BYTES("HTTP/1.1 502 YW5uOnNlY3JldA==\r\n\r\n") } },
      SMTPC_ECONNECT, "refused to connect to a:25: status 502", 0 },
    { "HTTP, another protocol", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 101 Switching Protocols\r\n\r\n") } },
      SMTPC_ECONNECT,
      "refused to connect to a:25: 101 Switching Protocols", 0 },
    { "HTTP, a mail server", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("220 mail.example.org ESMTP\r\n") } },
      SMTPC_ECONNECT, "does not speak HTTP: check its port and kind", -1 },
    { "HTTP, no status", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/1.1 2000 OK\r\n") } },
      SMTPC_ECONNECT, "does not speak HTTP: check its port and kind", 0 },
    { "HTTP, an empty line", SMTPC_PROXY_HTTP, "a", NULL, NULL,
      { { BYTES("CONNECT a:25 HTTP/1.1\r\nHost: a:25\r\n\r\n"),
          BYTES("HTTP/\n") } },
      SMTPC_ECONNECT, "does not speak HTTP: check its port and kind", 0 },
};

/* Feed the piece; the number of bytes that were not taken. */
static apr_size_t feed(smtpc_tunnel_t *tunnel, const piece_t *piece,
                       int single)
{
    apr_size_t at = 0;

    while (at < piece->theirs_len
           && smtpc__tunnel_want(tunnel) == SMTPC_TUNNEL_READ) {
        apr_size_t len = smtpc__tunnel_room(tunnel);

        if (len == 0) {
            tap_bail("no room");
        }
        if (single) {
            len = 1;
        }
        if (len > piece->theirs_len - at) {
            len = piece->theirs_len - at;
        }
        (void)!smtpc__tunnel_feed(tunnel, piece->theirs + at, len);
        at += len;
    }
    return piece->theirs_len - at;
}

static apr_status_t make(smtpc_tunnel_t **tunnel, const char **why,
                         const case_t *c, apr_pool_t *pool)
{
    smtpc_tunnel_opts_t opts = { c->proxy, "gw.test:99", c->host, 25, c->user,
                                 NULL };

    opts.secret = c->password ? secret_of(c->password, pool) : NULL;
    return smtpc__tunnel_create(tunnel, why, &opts, pool);
}

static void run_case(const case_t *c, int single, apr_pool_t *pool)
{
    smtpc_tunnel_t *tunnel;
    const char *why = "";
    apr_size_t left = 0;
    int i;

    tap_subtest_begin("%s%s", c->name, single ? ", single bytes" : "");
    if (make(&tunnel, &why, c, pool) != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    for (i = 0; c->pieces[i].ours; i++) {
        const piece_t *piece = &c->pieces[i];
        char sent[256];
        apr_size_t sent_len = 0;

        while (smtpc__tunnel_want(tunnel) == SMTPC_TUNNEL_WRITE) {
            apr_size_t len;
            const char *data = smtpc__tunnel_pull(tunnel, &len);

            len = single ? 1 : len;
            memcpy(sent + sent_len, data, len);
            sent_len += len;
            smtpc__tunnel_sent(tunnel, len);
        }
        tap_is_mem(sent, sent_len, piece->ours, piece->ours_len, "we say");
        left = feed(tunnel, piece, single);
    }
    tap_is_int(smtpc__tunnel_want(tunnel),
               c->status == APR_SUCCESS ? SMTPC_TUNNEL_OPEN
                                        : SMTPC_TUNNEL_FAILED, "the end");
    tap_is_str(smtpc__tunnel_error(tunnel),
               c->error[0] == '\0'
                   ? "" : apr_pstrcat(pool, "the proxy gw.test:99 ", c->error,
                                      NULL), "the sentence");
    if (c->left != (apr_size_t)-1) {
        tap_is_int(left, c->left, "what is not its own stays unread");
    }
    tap_subtest_end();
}

/* The status is that of the feed that failed. */
static void test_status(apr_pool_t *pool)
{
    apr_size_t i;

    tap_subtest_begin("statuses");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const case_t *c = &cases[i];
        apr_status_t rv = APR_SUCCESS;
        smtpc_tunnel_t *tunnel;
        const char *why = "";
        int j;

        (void)!make(&tunnel, &why, c, pool);
        for (j = 0; c->pieces[j].ours; j++) {
            const piece_t *piece = &c->pieces[j];
            apr_size_t at;
            apr_size_t len;

            (void)smtpc__tunnel_pull(tunnel, &len);
            smtpc__tunnel_sent(tunnel, len);
            for (at = 0; at < piece->theirs_len && rv == APR_SUCCESS
                         && smtpc__tunnel_want(tunnel) == SMTPC_TUNNEL_READ;
                 at++) {
                rv = smtpc__tunnel_feed(tunnel, piece->theirs + at, 1);
            }
        }
        tap_is_int(rv, c->status, "%s", c->name);
    }
    tap_subtest_end();
}

/* The limit of headers, all of them together. */
static void test_limit(apr_pool_t *pool)
{
    static const char first[] = "HTTP/1.1 100 x\r\n\r\nHTTP/1.1 200 x\r\n";
    const case_t c = { .proxy = SMTPC_PROXY_HTTP, .host = "a" };
    int over;

    tap_subtest_begin("the limit of headers");
    for (over = 0; over < 2; over++) {
        apr_size_t fill = SMTPC_LIMIT_PROXY_HEADER - (sizeof(first) - 1) - 4;
        char *text = apr_pcalloc(pool, SMTPC_LIMIT_PROXY_HEADER + 2);
        piece_t piece = { "", 0, text, SMTPC_LIMIT_PROXY_HEADER + 1 };
        smtpc_tunnel_t *tunnel;
        const char *why;
        apr_size_t len;

        fill += (apr_size_t)over;
        memcpy(text, first, sizeof(first) - 1);
        memset(text + sizeof(first) - 1, 'x', fill);
        memcpy(text + sizeof(first) - 1 + fill, "\r\n\r\n", 4);
        if (make(&tunnel, &why, &c, pool) != APR_SUCCESS) {
            tap_bail("%s", why);
        }
        (void)smtpc__tunnel_pull(tunnel, &len);
        smtpc__tunnel_sent(tunnel, len);
        (void)feed(tunnel, &piece, 0);
        tap_is_int(smtpc__tunnel_want(tunnel),
                   over ? SMTPC_TUNNEL_FAILED : SMTPC_TUNNEL_OPEN, "%s",
                   over ? "one more" : "as much as it may be");
        tap_is_str(smtpc__tunnel_error(tunnel),
                   over ? "the proxy gw.test:99 answers at too great length"
                        : "", "the sentence");
    }
    tap_subtest_end();
}

static void test_end(apr_pool_t *pool)
{
    smtpc_tunnel_t *tunnel;
    const char *why;

    tap_subtest_begin("an early end");
    if (make(&tunnel, &why, &cases[0], pool) != APR_SUCCESS) {
        tap_bail("%s", why);
    }
    tap_is_int(smtpc__tunnel_end(tunnel), SMTPC_ECONNECT, "the status");
    tap_is_int(smtpc__tunnel_want(tunnel), SMTPC_TUNNEL_FAILED, "failed");
    tap_is_str(smtpc__tunnel_error(tunnel), "the proxy gw.test:99 closed the "
               "connection before it had connected to mail.example.org:25",
               "the sentence");
    tap_subtest_end();
}

/* A text of n times c. */
static char *row_of(char c, apr_size_t n, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, n + 1);

    memset(text, c, n);
    text[n] = '\0';
    return text;
}

static void test_arguments(apr_pool_t *pool)
{
    static const char *const bad[] = {
        "", " ", "a b", "a\r\nB: c", "a\n", "a\rb", "a\tb", "a\x7f", "\xc2\x85",
    };
    static const char *const bad_hosts[] = {
        "[::1]", "::1%lo", "a:25", "a/b", "a@b", "1.2.3", "-a",
    };
    smtpc_tunnel_opts_t good = { SMTPC_PROXY_SOCKS5, "gw", "mail.test", 25,
                                 "ann", secret_of("pass word", pool) };
    smtpc_tunnel_opts_t opts;
    smtpc_tunnel_t *tunnel;
    const char *why = "";
    int kind;
    apr_size_t i;

    tap_subtest_begin("arguments");
    for (kind = SMTPC_PROXY_SOCKS5; kind <= SMTPC_PROXY_HTTP; kind++) {
        apr_size_t most = kind == SMTPC_PROXY_HTTP ? SMTPC_LIMIT_USER : 255;

        good.proxy = (smtpc_proxy_e)kind;
        opts = good;
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   APR_SUCCESS, "all is well");
        opts.host = "mail.test.";
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   APR_SUCCESS, "a dot at the end of the host");
        for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
            opts = good;
            opts.host = bad[i];
            tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                       SMTPC_EARG, "bad host %d", (int)i);
            opts = good;
            opts.user = bad[i];
            tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                       SMTPC_EARG, "bad user %d", (int)i);
            /* "file:" and such are references; CR and LF no secret takes. */
            if (bad[i][0] != '\0' && !strpbrk(bad[i], " \r\n")) {
                opts = good;
                opts.secret = secret_of(bad[i], pool);
                tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                           SMTPC_EARG, "bad password %d", (int)i);
            }
        }
        for (i = 0; i < sizeof(bad_hosts) / sizeof(bad_hosts[0]); i++) {
            opts = good;
            opts.host = bad_hosts[i];
            tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                       SMTPC_EARG, "no host: %s", bad_hosts[i]);
        }
        opts = good;
        opts.user = row_of('u', most, pool);
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   APR_SUCCESS, "the longest user");
        opts.user = row_of('u', most + 1, pool);
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   SMTPC_EARG, "one byte more");
        opts = good;
        opts.secret = NULL;
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   SMTPC_EARG, "no password");
        opts = good;
        opts.port = 65536;
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   SMTPC_EARG, "no port");
        opts.port = 0;
        tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool),
                   SMTPC_EARG, "no port");
    }
    opts = good;
    opts.user = "a:b";
    tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool), SMTPC_EARG,
               "a colon ends the user of HTTP");
    opts.proxy = SMTPC_PROXY_SOCKS5;
    tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool), APR_SUCCESS,
               "but not that of SOCKS");
    opts.secret = secret_of(row_of('p', 255, pool), pool);
    tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool), APR_SUCCESS,
               "the longest password");
    opts.secret = secret_of(row_of('p', 256, pool), pool);
    tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool), SMTPC_EARG,
               "one byte more");
    opts.proxy = SMTPC_PROXY_NONE;
    tap_is_int(smtpc__tunnel_create(&tunnel, &why, &opts, pool), SMTPC_EARG,
               "no kind");
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_case(&cases[i], 0, pool);
        run_case(&cases[i], 1, pool);
    }
    test_status(pool);
    test_limit(pool);
    test_end(pool);
    test_arguments(pool);
    return tap_done();
}
