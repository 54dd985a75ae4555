/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp.c: TCP as a transport.
 *
 * Guarantees: no call blocks; no SIGPIPE, whatever the program does about
 * signals; the descriptor does not reach programs that are started. Reads
 * and writes go to the descriptor itself, because apr_socket_send() cannot
 * pass MSG_NOSIGNAL.
 *
 * Not done here: looking up names, deadlines, more than one address.
 */

#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <apr_portable.h>
#include <apr_strings.h>

/** "[address%zone]:port". */
#define PEER_TEXT 96
/** A sentence. */
#define ERROR_TEXT 256

struct smtpc_tcp_t {
    smtpc_transport_t transport;
    apr_socket_t *socket; /* NULL: closed */
    int fd;
    char ip[PEER_TEXT];
    char peer[PEER_TEXT];
    char error[ERROR_TEXT];
};

/* The transport is the first member. */
static smtpc_tcp_t *tcp_of(smtpc_transport_t *transport)
{
    return (smtpc_tcp_t *)transport;
}

static apr_status_t fail(smtpc_tcp_t *tcp, const char *what,
                         apr_status_t status)
{
    char reason[128];

    apr_strerror(status, reason, sizeof(reason));
    apr_snprintf(tcp->error, sizeof(tcp->error), "%s %s: %s", what, tcp->peer,
                 reason);
    return SMTPC_ECONNECT;
}

/* Acknowledge at once what was just read: a server that writes its replies
 * one by one waits for that before it sends the next, and the kernel would
 * let it wait 40 ms. The option does not last, so this follows every read. */
static void acknowledge(const smtpc_tcp_t *tcp)
{
#ifdef TCP_QUICKACK
    int on = 1;

    (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
#else
    (void)tcp;
#endif
}

static apr_status_t tcp_read(smtpc_transport_t *transport, char *buf,
                             apr_size_t *len)
{
    smtpc_tcp_t *tcp = tcp_of(transport);
    ssize_t got;

    if (!tcp->socket) {
        return fail(tcp, "cannot read from", APR_EBADF);
    }
    do {
        got = recv(tcp->fd, buf, *len, 0);
    } while (got < 0 && errno == EINTR);
    *len = got > 0 ? (apr_size_t)got : 0;
    if (got > 0) {
        acknowledge(tcp);
        return APR_SUCCESS;
    }
    if (got == 0) {
        return APR_EOF;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return APR_EAGAIN;
    }
    return fail(tcp, "lost the connection to", errno);
}

static apr_status_t tcp_write(smtpc_transport_t *transport, const char *data,
                              apr_size_t *len)
{
    smtpc_tcp_t *tcp = tcp_of(transport);
    ssize_t put;

    if (!tcp->socket) {
        return fail(tcp, "cannot write to", APR_EBADF);
    }
    do {
        put = send(tcp->fd, data, *len, MSG_NOSIGNAL);
    } while (put < 0 && errno == EINTR);
    *len = put > 0 ? (apr_size_t)put : 0;
    if (put > 0) {
        return APR_SUCCESS;
    }
    if (put == 0 || errno == EAGAIN || errno == EWOULDBLOCK) {
        return APR_EAGAIN;
    }
    return fail(tcp, "lost the connection to", errno);
}

static apr_int16_t tcp_events(smtpc_transport_t *transport,
                              apr_int16_t wanted)
{
    (void)transport;
    return wanted;
}

static apr_socket_t *tcp_socket(smtpc_transport_t *transport)
{
    return tcp_of(transport)->socket;
}

static int tcp_pending(smtpc_transport_t *transport)
{
    (void)transport;
    return 0;
}

static void tcp_close(smtpc_transport_t *transport, int graceful)
{
    smtpc_tcp_t *tcp = tcp_of(transport);

    (void)graceful;
    if (tcp->socket) {
        (void)apr_socket_close(tcp->socket);
        tcp->socket = NULL;
        tcp->fd = -1;
    }
}

static const char *tcp_error(smtpc_transport_t *transport)
{
    return tcp_of(transport)->error;
}

static const smtpc_transport_vtable_t tcp_vtable = {
    tcp_read,    tcp_write, tcp_events, tcp_socket,
    tcp_pending, tcp_close, tcp_error
};

static void peer_text(smtpc_tcp_t *tcp, const apr_sockaddr_t *address)
{
    /* apr_sockaddr_ip_getbuf() only reads. */
    apr_sockaddr_t *readable = (apr_sockaddr_t *)address;

    if (apr_sockaddr_ip_getbuf(tcp->ip, sizeof(tcp->ip), readable)
        != APR_SUCCESS) {
        apr_cpystrn(tcp->ip, "?", sizeof(tcp->ip));
    }
    apr_snprintf(tcp->peer, sizeof(tcp->peer),
                 address->family == APR_INET ? "%s:%u" : "[%s]:%u", tcp->ip,
                 (unsigned int)address->port);
}

/* Close-on-exec, non-blocking, and every write its own segment: what is
 * written is complete, and waiting for the answer to the one before costs
 * 40 ms. */
static apr_status_t prepare(smtpc_tcp_t *tcp)
{
    int on = 1;
    int flags;

    flags = fcntl(tcp->fd, F_GETFD);
    if (flags < 0 || fcntl(tcp->fd, F_SETFD, flags | FD_CLOEXEC) < 0) {
        return errno;
    }
    flags = fcntl(tcp->fd, F_GETFL);
    if (flags < 0 || fcntl(tcp->fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    if (setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0) {
        return errno;
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__tcp_connect(smtpc_tcp_t **tcp,
                                const apr_sockaddr_t *address,
                                apr_pool_t *pool)
{
    smtpc_tcp_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->transport.vtable = &tcp_vtable;
    made->fd = -1;
    peer_text(made, address);
    *tcp = made;
    rv = apr_socket_create(&made->socket, address->family, SOCK_STREAM,
                           APR_PROTO_TCP, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_os_sock_get(&made->fd, made->socket);
    }
    if (rv == APR_SUCCESS) {
        rv = prepare(made);
    }
    if (rv == APR_SUCCESS
        && connect(made->fd, (const struct sockaddr *)&address->sa,
                   address->salen) != 0) {
        rv = errno;
    }
    /* An interrupted connect() goes on in the background, as one that said
     * EINPROGRESS does. */
    if (rv == EINPROGRESS || rv == EINTR) {
        return APR_EAGAIN;
    }
    if (rv != APR_SUCCESS) {
        rv = fail(made, "cannot connect to", rv);
        tcp_close(&made->transport, 0);
    }
    return rv;
}

apr_status_t smtpc__tcp_connected(smtpc_tcp_t *tcp)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof(peer);
    int error = 0;
    socklen_t error_len = sizeof(error);

    if (!tcp->socket) {
        return SMTPC_ECONNECT;
    }
    if (getsockopt(tcp->fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0) {
        error = errno;
    }
    if (error == 0) {
        if (getpeername(tcp->fd, (struct sockaddr *)&peer, &len) == 0) {
            return APR_SUCCESS;
        }
        if (errno == ENOTCONN) {
            return APR_EAGAIN;
        }
        error = errno;
    }
    (void)fail(tcp, "cannot connect to", error);
    tcp_close(&tcp->transport, 0);
    return SMTPC_ECONNECT;
}

smtpc_transport_t *smtpc__tcp_transport(smtpc_tcp_t *tcp)
{
    return &tcp->transport;
}

int smtpc__tcp_idle(smtpc_tcp_t *tcp)
{
    char byte;
    ssize_t got;

    if (!tcp->socket) {
        return 0;
    }
    do {
        got = recv(tcp->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

const char *smtpc__tcp_peer(const smtpc_tcp_t *tcp)
{
    return tcp->peer;
}

const char *smtpc__tcp_peer_ip(const smtpc_tcp_t *tcp)
{
    return tcp->ip;
}
