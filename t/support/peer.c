/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer.c: threads that play servers. Deliberately built on plain sockets and
 * OpenSSL, so that it shares nothing with what it tests.
 */

#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../tap/tap.h"

/** Connections of one server. */
#define CONNECTIONS_MAX 2048
/** Lines remembered. */
#define HEARD_MAX 65536

struct peer_conn_t {
    peer_t *peer;
    int index;
    int fd;
    SSL *ssl;
    pthread_t thread;
    int ended; /* with the peer's lock */
    char in[16384];
    size_t in_start;
    size_t in_end;
};

struct peer_t {
    peer_fn_t fn;
    void *baton;
    int fd;
    int port;
    struct sockaddr_un path; /* of a Unix socket */
    int wake[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    peer_conn_t *conns[CONNECTIONS_MAX];
    int count;
    int stopping;
    char *heard; /* lines, each ended by '\n' */
    size_t heard_len;
};

static void *conn_run(void *data)
{
    peer_conn_t *conn = data;
    sigset_t pipe_signal;

    /* OpenSSL's socket BIO raises it. Only here: the thread under test has to
     * do without. */
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    conn->peer->fn(conn, conn->peer->baton);
    if (conn->ssl) {
        if (conn->fd >= 0) {
            SSL_shutdown(conn->ssl);
        }
        SSL_free(conn->ssl);
    }
    pthread_mutex_lock(&conn->peer->lock);
    if (conn->fd >= 0) {
        close(conn->fd);
        conn->fd = -1;
    }
    conn->ended = 1;
    pthread_cond_broadcast(&conn->peer->changed);
    pthread_mutex_unlock(&conn->peer->lock);
    return NULL;
}

static void take_connection(peer_t *peer, int fd)
{
    peer_conn_t *conn = calloc(1, sizeof(*conn));

    if (!conn) {
        close(fd);
        return;
    }
    conn->peer = peer;
    conn->fd = fd;
    pthread_mutex_lock(&peer->lock);
    if (peer->stopping || peer->count == CONNECTIONS_MAX
        || (conn->index = peer->count,
            pthread_create(&conn->thread, NULL, conn_run, conn) != 0)) {
        close(fd);
        free(conn);
    }
    else {
        peer->conns[peer->count++] = conn;
    }
    pthread_cond_broadcast(&peer->changed);
    pthread_mutex_unlock(&peer->lock);
}

static void *accept_run(void *data)
{
    peer_t *peer = data;

    for (;;) {
        struct pollfd fds[2] = { { peer->fd, POLLIN, 0 },
                                 { peer->wake[0], POLLIN, 0 } };
        int fd;

        if (poll(fds, 2, -1) < 0 && errno != EINTR) {
            return NULL;
        }
        if (fds[1].revents) {
            return NULL;
        }
        fd = accept(peer->fd, NULL, NULL);
        if (fd >= 0) {
            take_connection(peer, fd);
        }
    }
}

/* Bind a socket of the peer to a port of 127.0.0.1. */
static int bind_port(peer_t *peer)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);

    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (peer->fd < 0 || bind(peer->fd, (struct sockaddr *)&address, len) < 0
        || getsockname(peer->fd, (struct sockaddr *)&address, &len) < 0) {
        return 0;
    }
    peer->port = ntohs(address.sin_port);
    return 1;
}

/* Bind it to a path in a directory of its own. */
static int bind_path(peer_t *peer)
{
    char directory[] = "/tmp/smtpc-peer-XXXXXX";

    if (!mkdtemp(directory)) {
        return 0;
    }
    peer->path.sun_family = AF_UNIX;
    snprintf(peer->path.sun_path, sizeof(peer->path.sun_path), "%s/s",
             directory);
    peer->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return peer->fd >= 0
           && bind(peer->fd, (struct sockaddr *)&peer->path,
                   sizeof(peer->path)) == 0;
}

static peer_t *start(peer_fn_t fn, void *baton, int (*bind_it)(peer_t *))
{
    peer_t *peer = calloc(1, sizeof(*peer));

    if (!peer || !(peer->heard = malloc(HEARD_MAX))) {
        tap_bail("no memory");
    }
    peer->fn = fn;
    peer->baton = baton;
    if (!bind_it(peer) || pipe(peer->wake) < 0
        || listen(peer->fd, 128) < 0) {
        tap_bail("no server socket");
    }
    pthread_mutex_init(&peer->lock, NULL);
    pthread_cond_init(&peer->changed, NULL);
    if (pthread_create(&peer->thread, NULL, accept_run, peer) != 0) {
        tap_bail("no thread");
    }
    return peer;
}

peer_t *peer_start(peer_fn_t fn, void *baton)
{
    return start(fn, baton, bind_port);
}

peer_t *peer_start_unix(peer_fn_t fn, void *baton)
{
    return start(fn, baton, bind_path);
}

static void remove_path(peer_t *peer)
{
    char *name = strrchr(peer->path.sun_path, '/');

    unlink(peer->path.sun_path);
    *name = '\0';
    rmdir(peer->path.sun_path);
}

void peer_stop(peer_t *peer)
{
    int i;

    pthread_mutex_lock(&peer->lock);
    peer->stopping = 1;
    for (i = 0; i < peer->count; i++) {
        if (peer->conns[i]->fd >= 0) {
            shutdown(peer->conns[i]->fd, SHUT_RDWR);
        }
    }
    pthread_mutex_unlock(&peer->lock);
    close(peer->wake[1]);
    pthread_join(peer->thread, NULL);
    for (i = 0; i < peer->count; i++) {
        pthread_join(peer->conns[i]->thread, NULL);
        free(peer->conns[i]);
    }
    close(peer->wake[0]);
    close(peer->fd);
    if (peer->path.sun_family == AF_UNIX) {
        remove_path(peer);
    }
    pthread_cond_destroy(&peer->changed);
    pthread_mutex_destroy(&peer->lock);
    free(peer->heard);
    free(peer);
}

int peer_port(const peer_t *peer)
{
    return peer->port;
}

const char *peer_path(const peer_t *peer)
{
    return peer->path.sun_path;
}

int peer_accepted(peer_t *peer)
{
    int count;

    pthread_mutex_lock(&peer->lock);
    count = peer->count;
    pthread_mutex_unlock(&peer->lock);
    return count;
}

static int all_ended(const peer_t *peer)
{
    int i;

    for (i = 0; i < peer->count; i++) {
        if (!peer->conns[i]->ended) {
            return 0;
        }
    }
    return 1;
}

int peer_quiet(peer_t *peer)
{
    struct timespec until;
    int quiet;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 10;
    pthread_mutex_lock(&peer->lock);
    while (!all_ended(peer)
           && pthread_cond_timedwait(&peer->changed, &peer->lock, &until)
                  == 0) {
        continue;
    }
    quiet = all_ended(peer);
    pthread_mutex_unlock(&peer->lock);
    return quiet;
}

int peer_heard(peer_t *peer, const char *start)
{
    size_t len = strlen(start);
    const char *line;
    int count = 0;

    pthread_mutex_lock(&peer->lock);
    line = peer->heard;
    while (line < peer->heard + peer->heard_len) {
        const char *end = memchr(
            line, '\n', (size_t)(peer->heard + peer->heard_len - line));

        count += (size_t)(end - line) >= len
                 && strncasecmp(line, start, len) == 0;
        line = end + 1;
    }
    pthread_mutex_unlock(&peer->lock);
    return count;
}

static void remember(peer_t *peer, const char *line)
{
    size_t len = strlen(line);

    pthread_mutex_lock(&peer->lock);
    if (peer->heard_len + len + 1 <= HEARD_MAX) {
        memcpy(peer->heard + peer->heard_len, line, len);
        peer->heard[peer->heard_len + len] = '\n';
        peer->heard_len += len + 1;
    }
    pthread_mutex_unlock(&peer->lock);
}

int peer_conn_index(const peer_conn_t *conn)
{
    return conn->index;
}

void peer_client(const peer_conn_t *conn, char *text, size_t size)
{
    struct sockaddr_in address;
    socklen_t len = sizeof(address);

    memset(&address, 0, sizeof(address));
    (void)getpeername(conn->fd, (struct sockaddr *)&address, &len);
    inet_ntop(AF_INET, &address.sin_addr, text, (socklen_t)size);
}

int peer_send(peer_conn_t *conn, const void *data, size_t len)
{
    const char *at = data;

    while (len > 0) {
        ssize_t put;

        if (conn->ssl) {
            put = SSL_write(conn->ssl, at, (int)len);
        }
        else {
            put = send(conn->fd, at, len, MSG_NOSIGNAL);
        }
        if (put <= 0) {
            return 0;
        }
        at += put;
        len -= (size_t)put;
    }
    return 1;
}

int peer_say(peer_conn_t *conn, const char *format, ...)
{
    char text[4096];
    va_list args;
    int len;

    va_start(args, format);
    len = vsnprintf(text, sizeof(text) - 2, format, args);
    va_end(args);
    memcpy(text + len, "\r\n", 2);
    return peer_send(conn, text, (size_t)len + 2);
}

static size_t receive(peer_conn_t *conn, void *data, size_t size)
{
    ssize_t got;

    if (conn->ssl) {
        got = SSL_read(conn->ssl, data, (int)size);
    }
    else {
        got = recv(conn->fd, data, size, 0);
    }
    return got > 0 ? (size_t)got : 0;
}

size_t peer_read(peer_conn_t *conn, void *data, size_t size)
{
    size_t have = conn->in_end - conn->in_start;

    if (have == 0) {
        return receive(conn, data, size);
    }
    if (have > size) {
        have = size;
    }
    memcpy(data, conn->in + conn->in_start, have);
    conn->in_start += have;
    return have;
}

int peer_read_byte(peer_conn_t *conn, char *byte)
{
    if (conn->in_start == conn->in_end) {
        conn->in_start = 0;
        conn->in_end = receive(conn, conn->in, sizeof(conn->in));
        if (conn->in_end == 0) {
            return 0;
        }
    }
    *byte = conn->in[conn->in_start++];
    return 1;
}

/* Read up to '\n' into line, cut to size; zero at the end. */
int peer_read_raw_line(peer_conn_t *conn, char *line, size_t size)
{
    size_t used = 0;

    for (;;) {
        char c;

        if (!peer_read_byte(conn, &c)) {
            return 0;
        }
        if (c == '\n') {
            break;
        }
        if (c != '\r' && used + 1 < size) {
            line[used++] = c;
        }
    }
    line[used] = '\0';
    return 1;
}

int peer_read_line(peer_conn_t *conn, char *line, size_t size)
{
    if (!peer_read_raw_line(conn, line, size)) {
        return 0;
    }
    remember(conn->peer, line);
    return 1;
}

void peer_wait_end(peer_conn_t *conn)
{
    char scrap[4096];

    while (peer_read(conn, scrap, sizeof(scrap)) > 0) {
        continue;
    }
}

void peer_wait_hangup(peer_conn_t *conn)
{
    struct pollfd fd = { conn->fd, POLLRDHUP, 0 };

    while (poll(&fd, 1, -1) < 0 && errno == EINTR) {
        continue;
    }
}

int peer_tls(peer_conn_t *conn, SSL_CTX *context)
{
    conn->ssl = SSL_new(context);
    SSL_set_fd(conn->ssl, conn->fd);
    return SSL_accept(conn->ssl) == 1;
}

int peer_ticket(peer_conn_t *conn)
{
    struct pollfd fd = { conn->fd, POLLRDHUP, 0 };

    /* OpenSSL does not always say that a ticket could not be written. */
    return poll(&fd, 1, 0) == 0 && SSL_new_session_ticket(conn->ssl) == 1
           && SSL_do_handshake(conn->ssl) == 1;
}

SSL *peer_ssl(peer_conn_t *conn)
{
    return conn->ssl;
}

void peer_half_close(peer_conn_t *conn)
{
    shutdown(conn->fd, SHUT_WR);
}

static void close_fd(peer_conn_t *conn)
{
    pthread_mutex_lock(&conn->peer->lock);
    close(conn->fd);
    conn->fd = -1;
    pthread_mutex_unlock(&conn->peer->lock);
}

void peer_reset(peer_conn_t *conn)
{
    struct linger linger = { 1, 0 };

    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
    close_fd(conn);
}

void peer_cut(peer_conn_t *conn)
{
    close_fd(conn);
}

void peer_prompt(peer_conn_t *conn)
{
    int on = 1;

    setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

void peer_narrow(peer_conn_t *conn)
{
    int bytes = 32768;

    setsockopt(conn->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
}
