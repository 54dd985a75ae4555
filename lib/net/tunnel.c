/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tunnel.c: SOCKS 5 (RFC 1928) with or without a login (RFC 1929), and the
 * method CONNECT of HTTP (RFC 9110 9.3.6) with or without a Basic one (RFC
 * 7617).
 *
 * Guarantees: not one byte behind the proxy's answer is read, because the
 * server's greeting may follow at once; answers are bounded; what was sent
 * with a password in it is wiped with the pool. What a proxy says in its own
 * words is not repeated if it knows a password of ours.
 *
 * The proxy looks up names: it may know some that this machine does not.
 * There is no GSSAPI, no Digest or NTLM, and no TLS to the proxy.
 */

#include "net/tunnel.h"

#include <arpa/inet.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/hostname.h"
#include "base/limits.h"
#include "base/secret_int.h"

/** Names and passwords in SOCKS: a byte says how long they are. */
#define SOCKS_TEXT 255
/** An answer of SOCKS: 4 bytes, a name with its length, a port. */
#define SOCKS_ANSWER (4 + 1 + SOCKS_TEXT + 2)
/** As much of an HTTP status line is kept. */
#define STATUS_LINE 256
/** As much of it is shown. */
#define REASON 100

#define SOCKS_VERSION 5
#define SOCKS_LOGIN_VERSION 1

/* Methods of SOCKS. RFC 1928 3. */
enum { METHOD_NONE = 0, METHOD_LOGIN = 2, METHOD_REFUSED = 0xff };
/* Kinds of addresses. RFC 1928 5. */
enum { ADDRESS_IP4 = 1, ADDRESS_NAME = 3, ADDRESS_IP6 = 4 };

/* What is waited for. */
typedef enum {
    STEP_METHOD, /* the method the SOCKS proxy chose */
    STEP_LOGIN,  /* what it says to the login */
    STEP_REPLY,  /* the beginning of its reply, up to the kind of address */
    STEP_BOUND,  /* the address in it, first byte */
    STEP_REST,   /* the rest of that */
    STEP_HTTP,   /* a header of HTTP */
    STEP_OPEN,
    STEP_FAILED
} step_e;

struct smtpc_tunnel_t {
    apr_pool_t *pool;
    smtpc_tunnel_opts_t opts;
    const char *target; /* "mail.example.org:25" */
    step_e step;
    char *out;
    apr_size_t out_len;
    apr_size_t out_sent;
    /* SOCKS: the answer so far and how long it has to be; HTTP: the status
     * line, as much as fits. */
    unsigned char in[SOCKS_ANSWER > STATUS_LINE ? SOCKS_ANSWER : STATUS_LINE];
    apr_size_t in_len;
    apr_size_t need;
    unsigned int kind; /* of the address in it */
    /* HTTP: */
    apr_size_t total; /* bytes of headers */
    apr_size_t line;  /* bytes of the line that is read */
    int only_cr;      /* which are one CR */
    int status;       /* of this header, 0: its first line is read */
    const char *error;
};

static apr_status_t fail(smtpc_tunnel_t *tunnel, apr_status_t status,
                         const char *what)
{
    tunnel->error = apr_pstrcat(tunnel->pool, "the proxy ",
                                tunnel->opts.name, " ", what, NULL);
    tunnel->step = STEP_FAILED;
    tunnel->out_len = 0;
    return status;
}

/* Fail with "refused to connect to mail.example.org:25: why". */
static apr_status_t refused(smtpc_tunnel_t *tunnel, const char *why)
{
    return fail(tunnel, SMTPC_ECONNECT,
                apr_pstrcat(tunnel->pool, "refused to connect to ",
                            tunnel->target, ": ", why, NULL));
}

static apr_status_t wrong_login(smtpc_tunnel_t *tunnel)
{
    return fail(tunnel, SMTPC_EAUTH,
                tunnel->opts.user
                    ? "does not accept the user name and password for it"
                    : "wants a user name and password: set them");
}

/* Room for len bytes that are sent next. */
static char *begin_out(smtpc_tunnel_t *tunnel, apr_size_t len)
{
    tunnel->out = smtpc__wiped_alloc(tunnel->pool, len);
    tunnel->out_len = 0;
    tunnel->out_sent = 0;
    return tunnel->out;
}

static void put(smtpc_tunnel_t *tunnel, const void *data, apr_size_t len)
{
    memcpy(tunnel->out + tunnel->out_len, data, len);
    tunnel->out_len += len;
}

static void put_byte(smtpc_tunnel_t *tunnel, apr_size_t byte)
{
    tunnel->out[tunnel->out_len++] = (char)(unsigned char)byte;
}

/* A byte that says how long it is, and the text. */
static void put_text(smtpc_tunnel_t *tunnel, const char *text, apr_size_t len)
{
    put_byte(tunnel, len);
    put(tunnel, text, len);
}

/* SOCKS. */

/* Wait for an answer of `need` bytes. */
static void await(smtpc_tunnel_t *tunnel, step_e step, apr_size_t need)
{
    tunnel->step = step;
    tunnel->need = need;
}

static void say_methods(smtpc_tunnel_t *tunnel)
{
    (void)begin_out(tunnel, 4);
    put_byte(tunnel, SOCKS_VERSION);
    put_byte(tunnel, tunnel->opts.user ? 2 : 1);
    put_byte(tunnel, METHOD_NONE);
    if (tunnel->opts.user) {
        put_byte(tunnel, METHOD_LOGIN);
    }
    await(tunnel, STEP_METHOD, 2);
}

static void say_login(smtpc_tunnel_t *tunnel)
{
    apr_size_t len;
    const char *secret = smtpc__secret_bytes(tunnel->opts.secret, &len);

    (void)begin_out(tunnel, 3 + 2 * SOCKS_TEXT);
    put_byte(tunnel, SOCKS_LOGIN_VERSION);
    put_text(tunnel, tunnel->opts.user, strlen(tunnel->opts.user));
    put_text(tunnel, secret, len);
    await(tunnel, STEP_LOGIN, 2);
}

static void say_target(smtpc_tunnel_t *tunnel)
{
    const char *host = tunnel->opts.host;
    struct in6_addr bytes;

    (void)begin_out(tunnel, SOCKS_ANSWER);
    put_byte(tunnel, SOCKS_VERSION);
    put_byte(tunnel, 1); /* CONNECT */
    put_byte(tunnel, 0);
    if (inet_pton(AF_INET, host, &bytes) == 1) {
        put_byte(tunnel, ADDRESS_IP4);
        put(tunnel, &bytes, 4);
    }
    else if (inet_pton(AF_INET6, host, &bytes) == 1) {
        put_byte(tunnel, ADDRESS_IP6);
        put(tunnel, &bytes, sizeof(bytes));
    }
    else {
        put_byte(tunnel, ADDRESS_NAME);
        put_text(tunnel, host, strlen(host));
    }
    put_byte(tunnel, (apr_size_t)tunnel->opts.port >> 8);
    put_byte(tunnel, (apr_size_t)tunnel->opts.port & 0xff);
    await(tunnel, STEP_REPLY, 4);
}

static apr_status_t not_socks(smtpc_tunnel_t *tunnel)
{
    return fail(tunnel, SMTPC_ECONNECT, "does not speak SOCKS 5: check its "
                "port and kind");
}

static apr_status_t on_method(smtpc_tunnel_t *tunnel)
{
    switch (tunnel->in[1]) {
    case METHOD_NONE:
        say_target(tunnel);
        return APR_SUCCESS;
    case METHOD_REFUSED:
        return tunnel->opts.user
                   ? fail(tunnel, SMTPC_EAUTH, "takes no user name and "
                          "password")
                   : wrong_login(tunnel);
    case METHOD_LOGIN:
        if (tunnel->opts.user) {
            say_login(tunnel);
            return APR_SUCCESS;
        }
        /* fall through */
    default:
        return fail(tunnel, SMTPC_ECONNECT, "chose a way to log in that was "
                    "not offered");
    }
}

/* RFC 1928 6. */
static const char *reply_text(smtpc_tunnel_t *tunnel)
{
    static const char *const texts[] = {
        "", "general failure", "its rules do not allow it",
        "network unreachable", "host unreachable",
        "connection refused by destination host",
        "time to live expired", "it does not know the command CONNECT",
        "it does not know this kind of address"
    };
    unsigned int code = tunnel->in[1];

    return code < sizeof(texts) / sizeof(texts[0])
               ? texts[code]
               : apr_psprintf(tunnel->pool, "unknown reason %u", code);
}

/* The answer is as long as it is to be. */
static apr_status_t on_answer(smtpc_tunnel_t *tunnel)
{
    switch (tunnel->step) {
    case STEP_METHOD:
        return on_method(tunnel);
    case STEP_LOGIN:
        if (tunnel->in[1] != 0) {
            return wrong_login(tunnel);
        }
        say_target(tunnel);
        return APR_SUCCESS;
    case STEP_REPLY:
        if (tunnel->in[1] != 0) {
            return refused(tunnel, reply_text(tunnel));
        }
        tunnel->kind = tunnel->in[3];
        await(tunnel, STEP_BOUND, 1);
        return APR_SUCCESS;
    default:
        tunnel->step = STEP_OPEN;
        return APR_SUCCESS;
    }
}

/* The first byte of the proxy's own address says at the latest how much
 * follows. */
static apr_status_t on_bound(smtpc_tunnel_t *tunnel)
{
    switch (tunnel->kind) {
    case ADDRESS_IP4:
        await(tunnel, STEP_REST, 4 - 1 + 2);
        return APR_SUCCESS;
    case ADDRESS_IP6:
        await(tunnel, STEP_REST, 16 - 1 + 2);
        return APR_SUCCESS;
    case ADDRESS_NAME:
        await(tunnel, STEP_REST, (apr_size_t)tunnel->in[0] + 2);
        return APR_SUCCESS;
    default:
        return not_socks(tunnel);
    }
}

static apr_status_t feed_socks(smtpc_tunnel_t *tunnel, const char *data,
                               apr_size_t len)
{
    unsigned int version = tunnel->step == STEP_LOGIN ? SOCKS_LOGIN_VERSION
                                                      : SOCKS_VERSION;

    memcpy(tunnel->in + tunnel->in_len, data, len);
    tunnel->in_len += len;
    if (tunnel->step < STEP_BOUND && tunnel->in[0] != version) {
        return not_socks(tunnel);
    }
    if (tunnel->in_len < tunnel->need) {
        return APR_SUCCESS;
    }
    tunnel->in_len = 0;
    return tunnel->step == STEP_BOUND ? on_bound(tunnel)
                                      : on_answer(tunnel);
}

/* HTTP. */

static void say_connect(smtpc_tunnel_t *tunnel)
{
    const char *user = tunnel->opts.user;
    char *lines = apr_psprintf(tunnel->pool, "CONNECT %s HTTP/1.1\r\n"
                               "Host: %s\r\n", tunnel->target,
                               tunnel->target);
    static const char field[] = "Proxy-Authorization: Basic ";
    apr_size_t lines_len = strlen(lines);
    apr_size_t secret_len = 0;
    const char *secret = "";
    char *login;
    apr_size_t login_len;

    if (user) {
        secret = smtpc__secret_bytes(tunnel->opts.secret, &secret_len);
    }
    login_len = (user ? strlen(user) : 0) + 1 + secret_len;
    (void)begin_out(tunnel, lines_len + sizeof(field)
                                + smtpc__base64_length(login_len) + 4);
    put(tunnel, lines, lines_len);
    if (user) {
        login = smtpc__wiped_alloc(tunnel->pool, login_len);
        memcpy(login, user, strlen(user));
        login[strlen(user)] = ':';
        memcpy(login + strlen(user) + 1, secret, secret_len);
        put(tunnel, field, sizeof(field) - 1);
        tunnel->out_len += smtpc__base64_encode(
            tunnel->out + tunnel->out_len, login, login_len);
        smtpc__wipe(login, login_len);
        put(tunnel, "\r\n", 2);
    }
    put(tunnel, "\r\n", 2);
    tunnel->step = STEP_HTTP;
}

static apr_status_t not_http(smtpc_tunnel_t *tunnel)
{
    return fail(tunnel, SMTPC_ECONNECT, "does not speak HTTP: check its port "
                "and kind");
}

/* Read "HTTP/1.1 200 text". RFC 9112 4. */
static apr_status_t on_status_line(smtpc_tunnel_t *tunnel)
{
    const unsigned char *line = tunnel->in;
    apr_size_t len = tunnel->in_len;

    if (len > 0 && line[len - 1] == '\r') {
        tunnel->in_len = --len;
    }
    if (len < 12 || !apr_isdigit(line[5]) || line[6] != '.'
        || !apr_isdigit(line[7]) || line[8] != ' ' || line[9] < '1'
        || line[9] > '9' || !apr_isdigit(line[10]) || !apr_isdigit(line[11])
        || (len > 12 && line[12] != ' ')) {
        return not_http(tunnel);
    }
    tunnel->status = (line[9] - '0') * 100 + (line[10] - '0') * 10
                     + (line[11] - '0');
    return APR_SUCCESS;
}

/* The empty line. */
static apr_status_t on_header_end(smtpc_tunnel_t *tunnel)
{
    int status = tunnel->status;

    if (status / 100 == 2) {
        tunnel->step = STEP_OPEN;
        return APR_SUCCESS;
    }
    if (status / 100 == 1 && status != 101) {
        /* The answer is yet to come. RFC 9110 15.2 */
        tunnel->status = 0;
        tunnel->in_len = 0;
        return APR_SUCCESS;
    }
    if (status == 407) {
        return wrong_login(tunnel);
    }
    return refused(tunnel,
                   tunnel->opts.user
                       ? apr_psprintf(tunnel->pool, "status %d", status)
                       : smtpc__escape((const char *)tunnel->in + 9,
                                       tunnel->in_len - 9, REASON, 0,
                                       tunnel->pool));
}

static apr_status_t on_line_end(smtpc_tunnel_t *tunnel)
{
    int empty = tunnel->line == 0 || tunnel->only_cr;

    tunnel->line = 0;
    tunnel->only_cr = 0;
    if (tunnel->status == 0) {
        return on_status_line(tunnel);
    }
    return empty ? on_header_end(tunnel) : APR_SUCCESS;
}

static apr_status_t feed_http_byte(smtpc_tunnel_t *tunnel, char c)
{
    static const char protocol[] = "HTTP/";

    if (++tunnel->total > SMTPC_LIMIT_PROXY_HEADER) {
        return fail(tunnel, SMTPC_ECONNECT, "answers at too great length");
    }
    if (c == '\n') {
        return on_line_end(tunnel);
    }
    tunnel->only_cr = tunnel->line == 0 && c == '\r';
    if (tunnel->status == 0 && tunnel->line < STATUS_LINE) {
        if (tunnel->line < sizeof(protocol) - 1
            && c != protocol[tunnel->line]) {
            return not_http(tunnel);
        }
        tunnel->in[tunnel->in_len++] = (unsigned char)c;
    }
    tunnel->line++;
    return APR_SUCCESS;
}

static apr_status_t feed_http(smtpc_tunnel_t *tunnel, const char *data,
                              apr_size_t len)
{
    apr_status_t rv = APR_SUCCESS;

    while (rv == APR_SUCCESS && len-- > 0) {
        rv = feed_http_byte(tunnel, *data++);
    }
    return rv;
}

/* The machine. */

/* Whether host is an address or a name, which may end with a dot. What goes
 * into a line must not make two of it. */
static int is_host(const char *host)
{
    apr_size_t len = host ? strlen(host) : 0;

    if (len == 0 || len > SMTPC_LIMIT_HOST) {
        return 0;
    }
    return smtpc__ip_version(host) != 0
           || smtpc__hostname_valid(host, len - (host[len - 1] == '.'));
}

/* Whether text is 1 ... max bytes without control characters and, unless
 * they are allowed, blanks. */
static int is_clean(const char *text, apr_size_t len, apr_size_t max,
                    int blanks)
{
    return len > 0 && len <= max && smtpc__find_control(text, len) == len
           && (blanks || !memchr(text, ' ', len));
}

/* A sentence on what is wrong with the options, or NULL. */
static const char *fault_of(const smtpc_tunnel_opts_t *opts)
{
    int socks = opts->proxy == SMTPC_PROXY_SOCKS5;
    apr_size_t len = 0;
    const char *secret;

    if (!socks && opts->proxy != SMTPC_PROXY_HTTP) {
        return "the kind of the proxy is not known";
    }
    if (!is_host(opts->host)) {
        return "the host that the proxy is to connect to is not one";
    }
    if (opts->port < 1 || opts->port > 65535) {
        return "the port that the proxy is to connect to is not one";
    }
    if (!opts->user) {
        return NULL;
    }
    if (!is_clean(opts->user, strlen(opts->user),
                  socks ? SOCKS_TEXT : SMTPC_LIMIT_USER, 0)
        || (!socks && strchr(opts->user, ':'))) {
        return "the user name for the proxy is empty or too long, or holds "
               "characters that it must not";
    }
    secret = opts->secret ? smtpc__secret_bytes(opts->secret, &len) : "";
    if (!is_clean(secret, len, socks ? SOCKS_TEXT : SMTPC_LIMIT_SECRET, 1)) {
        return "the password for the proxy is empty or too long, or holds "
               "characters that it must not";
    }
    return NULL;
}

apr_status_t smtpc__tunnel_create(smtpc_tunnel_t **tunnel, const char **why,
                                  const smtpc_tunnel_opts_t *opts,
                                  apr_pool_t *pool)
{
    const char *fault = fault_of(opts);
    smtpc_tunnel_t *made;

    if (fault) {
        *why = fault;
        return SMTPC_EARG;
    }
    made = apr_pcalloc(pool, sizeof(*made));
    made->pool = pool;
    made->opts = *opts;
    made->opts.name = apr_pstrdup(pool, opts->name);
    made->opts.host = apr_pstrdup(pool, opts->host);
    made->opts.user = opts->user ? apr_pstrdup(pool, opts->user) : NULL;
    made->target = apr_psprintf(pool,
                                strchr(opts->host, ':') ? "[%s]:%d" : "%s:%d",
                                opts->host, opts->port);
    made->error = "";
    if (opts->proxy == SMTPC_PROXY_SOCKS5) {
        say_methods(made);
    }
    else {
        say_connect(made);
    }
    *tunnel = made;
    return APR_SUCCESS;
}

smtpc_tunnel_want_e smtpc__tunnel_want(const smtpc_tunnel_t *tunnel)
{
    if (tunnel->step == STEP_OPEN) {
        return SMTPC_TUNNEL_OPEN;
    }
    if (tunnel->step == STEP_FAILED) {
        return SMTPC_TUNNEL_FAILED;
    }
    return tunnel->out_sent < tunnel->out_len ? SMTPC_TUNNEL_WRITE
                                              : SMTPC_TUNNEL_READ;
}

const char *smtpc__tunnel_pull(smtpc_tunnel_t *tunnel, apr_size_t *len)
{
    *len = tunnel->out_len - tunnel->out_sent;
    return tunnel->out + tunnel->out_sent;
}

void smtpc__tunnel_sent(smtpc_tunnel_t *tunnel, apr_size_t len)
{
    tunnel->out_sent += len;
    if (tunnel->out_sent == tunnel->out_len) {
        smtpc__wipe(tunnel->out, tunnel->out_len);
    }
}

apr_size_t smtpc__tunnel_room(const smtpc_tunnel_t *tunnel)
{
    if (tunnel->step == STEP_HTTP) {
        /* An empty line ends it: LF at least, and in the middle of a line LF
         * LF. */
        return tunnel->line == 0 || tunnel->only_cr ? 1 : 2;
    }
    return tunnel->step < STEP_HTTP ? tunnel->need - tunnel->in_len : 0;
}

apr_status_t smtpc__tunnel_feed(smtpc_tunnel_t *tunnel, const char *data,
                                apr_size_t len)
{
    return tunnel->step == STEP_HTTP ? feed_http(tunnel, data, len)
                                     : feed_socks(tunnel, data, len);
}

apr_status_t smtpc__tunnel_end(smtpc_tunnel_t *tunnel)
{
    return fail(tunnel, SMTPC_ECONNECT,
                apr_pstrcat(tunnel->pool, "closed the connection before it "
                            "had connected to ", tunnel->target, NULL));
}

const char *smtpc__tunnel_error(const smtpc_tunnel_t *tunnel)
{
    return tunnel->error;
}
