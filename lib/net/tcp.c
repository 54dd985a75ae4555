/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp.c: TCP, or a Unix socket, as a transport.
 *
 * Guarantees: no call blocks; no SIGPIPE, whatever the program does about
 * signals; the descriptor does not reach programs that are started; closing
 * is close(2) and nothing else, so that a child can close its copy while the
 * parent goes on. Reads and writes go to the descriptor itself, because
 * apr_socket_send() cannot pass MSG_NOSIGNAL.
 *
 * Not done here: looking up names, deadlines, more than one address.
 */

#include "net/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"

/** "[address%zone]:port", or the path of a Unix socket, escaped. */
#define PEER_TEXT (4 * SMTPC_LIMIT_UNIX_PATH + 1)
/** An IP address with its zone. */
#define IP_TEXT 96
/** A sentence. */
#define ERROR_TEXT (PEER_TEXT + 256)

struct smtpc_tcp_t {
    smtpc_transport_t transport;
    apr_socket_t *socket; /* NULL: closed */
    int fd;
    int family;
    int loopback;
    int heard;            /* something came that was not answered yet */
    char ip[IP_TEXT];
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
        tcp->heard = 1;
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
        /* The acknowledgement went with it. */
        tcp->heard = 0;
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

/* Acknowledge at once what was just read: a server that writes its replies
 * one by one waits for that before it sends the next, and the kernel would
 * let it wait 40 ms. The option does not last, so each read needs it anew. */
static void tcp_expect(smtpc_transport_t *transport, int more)
{
#ifdef TCP_QUICKACK
    smtpc_tcp_t *tcp = tcp_of(transport);
    int on = 1;

    if (more && tcp->heard && tcp->socket && tcp->family != AF_UNIX) {
        (void)setsockopt(tcp->fd, IPPROTO_TCP, TCP_QUICKACK, &on, sizeof(on));
    }
    tcp->heard = 0;
#else
    (void)transport;
    (void)more;
#endif
}

static const smtpc_transport_vtable_t tcp_vtable = {
    tcp_read,  tcp_write, tcp_events, tcp_socket, tcp_pending,
    tcp_close, tcp_error, tcp_expect
};

static int is_loopback(const apr_sockaddr_t *address)
{
    const struct in6_addr *in6 = &address->sa.sin6.sin6_addr;
    apr_uint32_t in4 = ntohl(address->sa.sin.sin_addr.s_addr);

    if (address->family == AF_INET6) {
        return IN6_IS_ADDR_LOOPBACK(in6)
               || (IN6_IS_ADDR_V4MAPPED(in6) && in6->s6_addr[12] == 127);
    }
    return in4 >> 24 == 127;
}

static void take_peer(smtpc_tcp_t *tcp, const apr_sockaddr_t *address)
{
    /* apr_sockaddr_ip_getbuf() only reads. */
    apr_sockaddr_t *readable = (apr_sockaddr_t *)address;

    tcp->family = address->family;
    tcp->loopback = is_loopback(address);
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
static apr_status_t prepare(const smtpc_tcp_t *tcp)
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
    if (tcp->family != AF_UNIX
        && setsockopt(tcp->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on))
               < 0) {
        return errno;
    }
    return APR_SUCCESS;
}

/* Make the socket; its pool closes it. */
static apr_status_t create_socket(smtpc_tcp_t *tcp, apr_pool_t *pool)
{
    apr_status_t rv;

    rv = apr_socket_create(&tcp->socket, tcp->family, SOCK_STREAM,
                           tcp->family == AF_UNIX ? 0 : APR_PROTO_TCP, pool);
    if (rv == APR_SUCCESS) {
        rv = apr_os_sock_get(&tcp->fd, tcp->socket);
    }
    return rv == APR_SUCCESS ? prepare(tcp) : rv;
}

/* Let the connection come from the address `local`. */
static apr_status_t bind_to(smtpc_tcp_t *tcp, const char *local)
{
    struct addrinfo hints;
    struct addrinfo *found = NULL;
    apr_status_t rv = APR_SUCCESS;

    memset(&hints, 0, sizeof(hints));
    hints.ai_family = tcp->family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo(local, NULL, &hints, &found) != 0) {
        return EAFNOSUPPORT;
    }
#ifdef IP_BIND_ADDRESS_NO_PORT
    {
        int on = 1;

        /* Else each port serves one server only. */
        (void)setsockopt(tcp->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                         sizeof(on));
    }
#endif
    if (bind(tcp->fd, found->ai_addr, found->ai_addrlen) != 0) {
        rv = errno;
    }
    freeaddrinfo(found);
    return rv;
}

static smtpc_tcp_t *create_tcp(apr_pool_t *pool)
{
    smtpc_tcp_t *made = apr_pcalloc(pool, sizeof(*made));

    made->transport.vtable = &tcp_vtable;
    made->fd = -1;
    return made;
}

/* Connect, with what went before as `rv`. */
static apr_status_t begin(smtpc_tcp_t *tcp, apr_status_t rv,
                          const struct sockaddr *address, socklen_t len)
{
    if (rv == APR_SUCCESS && connect(tcp->fd, address, len) != 0) {
        rv = errno;
    }
    /* Unix sockets have no connecting in the background: what was interrupted
     * has been done or has to be. */
    if (rv == EINTR && tcp->family == AF_UNIX) {
        rv = connect(tcp->fd, address, len) == 0 || errno == EISCONN
                 ? APR_SUCCESS : errno;
    }
    /* An interrupted connect() goes on in the background, as one that said
     * EINPROGRESS does. */
    if (rv == EINPROGRESS || rv == EINTR) {
        return APR_EAGAIN;
    }
    if (rv != APR_SUCCESS) {
        if (APR_STATUS_IS_EAGAIN(rv)) {
            apr_snprintf(tcp->error, sizeof(tcp->error), "cannot connect to "
                         "%s: too many wait for this server already",
                         tcp->peer);
        }
        else if (tcp->error[0] == '\0') {
            (void)fail(tcp, "cannot connect to", rv);
        }
        tcp_close(&tcp->transport, 0);
        return SMTPC_ECONNECT;
    }
    return APR_SUCCESS;
}

apr_status_t smtpc__tcp_connect(smtpc_tcp_t **tcp,
                                const apr_sockaddr_t *address,
                                const char *local, apr_pool_t *pool)
{
    smtpc_tcp_t *made = create_tcp(pool);
    apr_status_t rv;

    take_peer(made, address);
    *tcp = made;
    rv = create_socket(made, pool);
    if (rv == APR_SUCCESS && local) {
        rv = bind_to(made, local);
        if (rv != APR_SUCCESS) {
            (void)fail(made, apr_psprintf(pool, "cannot use the local address "
                                          "%s for a connection to", local),
                       rv);
        }
    }
    return begin(made, rv, (const struct sockaddr *)&address->sa,
                 address->salen);
}

apr_status_t smtpc__tcp_connect_unix(smtpc_tcp_t **tcp, const char *path,
                                     apr_pool_t *pool)
{
    smtpc_tcp_t *made = create_tcp(pool);
    struct sockaddr_un address;
    apr_size_t len = strlen(path);
    apr_status_t rv = ENAMETOOLONG;

    made->family = AF_UNIX;
    made->loopback = 1;
    smtpc__escape_into(made->peer, sizeof(made->peer), path, len, 0);
    *tcp = made;
    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    if (len <= SMTPC_LIMIT_UNIX_PATH && len < sizeof(address.sun_path)) {
        memcpy(address.sun_path, path, len);
        rv = create_socket(made, pool);
    }
    return begin(made, rv, (const struct sockaddr *)&address,
                 sizeof(address));
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

int smtpc__tcp_loopback(const smtpc_tcp_t *tcp)
{
    return tcp->loopback;
}
