/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front.c: the way to a sink.
 */

#include "front.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <apr_strings.h>

/* Where a connection stands. */
typedef struct way_t {
    front_t *front;
    peer_conn_t *conn;
    int secured;
    int at_sink;
} way_t;

static int read_exactly(peer_conn_t *conn, size_t len)
{
    char byte;

    while (len > 0 && peer_read(conn, &byte, 1) == 1) {
        len--;
    }
    return len == 0;
}

/* Read a byte and as many bytes behind it as it says. */
static int read_counted(peer_conn_t *conn)
{
    unsigned char len;

    return peer_read(conn, &len, 1) == 1 && read_exactly(conn, len);
}

/* A SOCKS proxy, for a request of IPv4. Any user and password will do. */
static int pass_socks(peer_conn_t *conn, int login)
{
    return read_exactly(conn, 1) && read_counted(conn)
           && peer_send(conn, login ? "\5\2" : "\5\0", 2)
           && (!login
               || (read_exactly(conn, 1) && read_counted(conn)
                   && read_counted(conn) && peer_send(conn, "\1\0", 2)))
           && read_exactly(conn, 10)
           && peer_send(conn, "\5\0\0\1\0\0\0\0\0\0", 10);
}

static int pass_http(peer_conn_t *conn, int login)
{
    char line[1024];
    int goes = !login;

    do {
        if (!peer_read_line(conn, line, sizeof(line))) {
            return 0;
        }
        goes |= strncasecmp(line, "Proxy-Authorization: Basic ", 27) == 0;
    } while (line[0] != '\0');
    return peer_say(conn, goes ? "HTTP/1.1 200 OK" : "HTTP/1.1 407 who?")
           && peer_say(conn, "%s", "") && goes;
}

static int pass_proxy(way_t *way)
{
    switch (way->front->proxy) {
    case FRONT_SOCKS5:
        return pass_socks(way->conn, way->front->proxy_login);
    case FRONT_HTTP:
        return pass_http(way->conn, way->front->proxy_login);
    default:
        return 1;
    }
}

static int secure(way_t *way)
{
    way->secured = peer_tls(way->conn, way->front->tls);
    return way->secured;
}

/* Refuse the handshake: an alert. */
static int break_tls(way_t *way)
{
    char hello[4096];

    pthread_mutex_lock(&way->front->sink->lock);
    way->front->broken++;
    pthread_mutex_unlock(&way->front->sink->lock);
    if (peer_say(way->conn, "220 2.0.0 go")
        && peer_read(way->conn, hello, sizeof(hello)) > 0) {
        (void)peer_send(way->conn, "\x15\x03\x03\0\2\2\x28", 7);
    }
    return 0;
}

/* What was broken once is not tried again: what comes is for the sink. */
static int is_broken(way_t *way)
{
    int broken;

    pthread_mutex_lock(&way->front->sink->lock);
    broken = way->front->broken > 0;
    pthread_mutex_unlock(&way->front->sink->lock);
    return broken;
}

static int say_hello(way_t *way)
{
    const front_t *front = way->front;
    const char *at = front->sink->extensions;

    (void)peer_say(way->conn, "250-front");
    while (at && *at) {
        size_t len = strcspn(at, "\n");

        (void)peer_say(way->conn, "250-%.*s", (int)len, at);
        at += len + (at[len] != '\0');
    }
    way->at_sink = is_broken(way);
    if ((front->tls && !way->secured) || front->breaks_tls) {
        return peer_say(way->conn, "250 STARTTLS");
    }
    if (front->xclient) {
        return peer_say(way->conn, "250 XCLIENT NAME ADDR PROTO HELO LOGIN");
    }
    return peer_say(way->conn, "250 AUTH %s", front->mechanisms);
}

/* Steps until the client is in, or out. */
static int log_in_by(way_t *way, const char *line)
{
#ifdef SMTPC_WITH_GSASL
    int before = way->front->sasl->logins;
    int goes_on = sasl_server_auth(way->conn, line, way->front->sasl);

    way->at_sink = way->front->sasl->logins > before;
    return goes_on;
#else
    return peer_say(way->conn, "504 5.5.4 not built: %s", line);
#endif
}

/* One step, for mechanisms that need but one, with or without the response
 * on the line of the command. */
static int log_in(way_t *way, const char *line)
{
    char response[4096] = "";

    if (way->front->sasl) {
        return log_in_by(way, line);
    }
    if ((way->front->challenge || !strchr(line + strlen("AUTH "), ' '))
        && (!peer_say(way->conn, "334 %s", way->front->challenge
                                               ? way->front->challenge : "")
            || !peer_read_line(way->conn, response, sizeof(response)))) {
        return 0;
    }
    if (strcmp(response, "*") == 0) {
        return peer_say(way->conn, "501 5.7.0 given up");
    }
    pthread_mutex_lock(&way->front->sink->lock);
    way->front->logins++;
    pthread_mutex_unlock(&way->front->sink->lock);
    way->at_sink = 1;
    return peer_say(way->conn, "235 2.7.0 welcome");
}

/* Serve one command in front of the sink; zero if the connection is over. */
static int serve_line(way_t *way, const char *line)
{
    if (strncmp(line, "EHLO ", 5) == 0) {
        return say_hello(way);
    }
    if (strcmp(line, "STARTTLS") == 0 && way->front->breaks_tls) {
        return break_tls(way);
    }
    if (strncmp(line, "XCLIENT ", 8) == 0) {
        way->at_sink = 1;
        return peer_say(way->conn, "220 sink ESMTP");
    }
    if (strcmp(line, "STARTTLS") == 0) {
        way->at_sink = !way->front->mechanisms;
        return peer_say(way->conn, "220 2.0.0 go") && secure(way);
    }
    if (strncmp(line, "AUTH ", 5) == 0) {
        return log_in(way, line);
    }
    if (strcmp(line, "QUIT") == 0) {
        (void)peer_say(way->conn, "221 2.0.0 bye");
        return 0;
    }
    if (strncmp(line, "MAIL ", 5) == 0) {
        pthread_mutex_lock(&way->front->sink->lock);
        apr_cpystrn(way->front->sink->violation, "mail without what is in "
                    "front of it", sizeof(way->front->sink->violation));
        pthread_mutex_unlock(&way->front->sink->lock);
    }
    return peer_say(way->conn, "250 2.0.0 ok");
}

/* Whether anything but the sink comes behind the greeting. */
static int has_more(const way_t *way)
{
    const front_t *front = way->front;

    return front->mechanisms || front->breaks_tls || front->xclient
           || (front->tls && !front->implicit);
}

void front_serve(peer_conn_t *conn, void *baton)
{
    way_t way = { .front = baton, .conn = conn };
    char line[2048];

    peer_prompt(conn);
    if (!pass_proxy(&way) || (way.front->implicit && !secure(&way))) {
        return;
    }
    if (!has_more(&way)) {
        sink_serve(conn, way.front->sink);
        return;
    }
    if (!peer_say(conn, "220 front ESMTP")) {
        return;
    }
    while (!way.at_sink) {
        if (!peer_read_line(conn, line, sizeof(line))
            || !serve_line(&way, line)) {
            return;
        }
    }
    sink_serve_greeted(conn, way.front->sink);
}
