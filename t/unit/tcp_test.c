/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_test.c: TCP transports to a server of threads.
 */

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "net/tcp.h"
#include "../support/peer.h"
#include "../tap/tap.h"

static int fd_of(smtpc_transport_t *transport)
{
    int fd = -1;

    (void)apr_os_sock_get(&fd, smtpc__transport_socket(transport));
    return fd;
}

static void wait_for(smtpc_transport_t *transport, short events)
{
    struct pollfd fd = { fd_of(transport), events, 0 };

    if (poll(&fd, 1, 10000) != 1) {
        tap_bail("nothing within 10 s");
    }
}

static apr_sockaddr_t *address_of(const char *ip, int port, apr_pool_t *pool)
{
    apr_sockaddr_t *address;

    if (apr_sockaddr_info_get(&address, ip,
                              strchr(ip, ':') ? APR_INET6 : APR_INET,
                              (apr_port_t)port, 0, pool) != APR_SUCCESS) {
        tap_bail("no address");
    }
    return address;
}

static apr_status_t connect_to(smtpc_tcp_t **tcp, int port, apr_pool_t *pool)
{
    apr_status_t rv = smtpc__tcp_connect(
        tcp, address_of("127.0.0.1", port, pool), pool);

    while (APR_STATUS_IS_EAGAIN(rv)) {
        wait_for(smtpc__tcp_transport(*tcp), POLLOUT);
        rv = smtpc__tcp_connected(*tcp);
    }
    return rv;
}

/* Send back what comes, then close at a line "end". */
static void serve_echo(peer_conn_t *conn, void *baton)
{
    char line[256];

    (void)baton;
    while (peer_read_line(conn, line, sizeof(line))
           && strcmp(line, "end") != 0) {
        if (strcmp(line, "reset") == 0) {
            peer_reset(conn);
            return;
        }
        (void)peer_say(conn, "%s", line);
    }
}

static apr_status_t read_some(smtpc_transport_t *transport, char *buf,
                              apr_size_t *len)
{
    apr_size_t size = *len;
    apr_status_t rv = smtpc__transport_read(transport, buf, len);

    while (APR_STATUS_IS_EAGAIN(rv)) {
        wait_for(transport, POLLIN);
        *len = size;
        rv = smtpc__transport_read(transport, buf, len);
    }
    return rv;
}

static void test_echo(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    char buf[64];
    apr_size_t len;
    int on = 0;
    socklen_t on_len = sizeof(on);
    apr_status_t rv;

    tap_subtest_begin("a connection");
    tap_is_int(connect_to(&tcp, peer_port(peer), pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    tap_is_str(smtpc__tcp_peer(tcp),
               apr_psprintf(pool, "127.0.0.1:%d", peer_port(peer)), "peer");
    tap_is_str(smtpc__tcp_peer_ip(tcp), "127.0.0.1", "its address");
    tap_ok(fcntl(fd_of(t), F_GETFD) & FD_CLOEXEC, "close-on-exec");
    tap_ok(fcntl(fd_of(t), F_GETFL) & O_NONBLOCK, "non-blocking");
    getsockopt(fd_of(t), IPPROTO_TCP, TCP_NODELAY, &on, &on_len);
    tap_ok(on, "no delay");
    len = sizeof(buf);
    tap_ok(APR_STATUS_IS_EAGAIN(smtpc__transport_read(t, buf, &len)),
           "nothing there");
    tap_ok(smtpc__tcp_idle(tcp), "idle");
    tap_is_int(smtpc__transport_events(t, APR_POLLIN), APR_POLLIN, "events");
    len = 7;
    tap_is_int(smtpc__transport_write(t, "hello\r\n", &len), APR_SUCCESS,
               "write");
    tap_is_int(len, 7, "all of it");
    wait_for(t, POLLIN);
    tap_ok(!smtpc__tcp_idle(tcp), "not idle with bytes waiting");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read");
    tap_is_mem(buf, len, "hello\r\n", 7, "what was written");
    tap_ok(!smtpc__transport_pending(t), "nothing inside");
    len = 5;
    tap_is_int(smtpc__transport_write(t, "end\r\n", &len), APR_SUCCESS,
               "write");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_EOF, "the end");
    tap_ok(!smtpc__tcp_idle(tcp), "not idle at the end");
    smtpc__transport_close(t, 1);
    smtpc__transport_close(t, 1);
    len = 1;
    rv = smtpc__transport_write(t, "x", &len);
    tap_is_int(rv, SMTPC_ECONNECT,
               "closed: %s", smtpc__transport_error(t));
    tap_ok(!smtpc__tcp_idle(tcp), "not idle when closed");
    peer_stop(peer);
    tap_subtest_end();
}

static void test_broken(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    char buf[64];
    apr_size_t len;
    apr_status_t rv;
    int i;

    tap_subtest_begin("a connection that breaks");
    tap_is_int(connect_to(&tcp, peer_port(peer), pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    len = 7;
    tap_is_int(smtpc__transport_write(t, "reset\r\n", &len), APR_SUCCESS,
               "write");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), SMTPC_ECONNECT, "reset");
    tap_ok(strstr(smtpc__transport_error(t), "127.0.0.1:")
               && strstr(smtpc__transport_error(t), "reset by peer"), "%s",
           smtpc__transport_error(t));
    /* No SIGPIPE: this program would end. */
    signal(SIGPIPE, SIG_DFL);
    for (i = 0, rv = APR_SUCCESS; i < 100 && rv == APR_SUCCESS; i++) {
        len = 1;
        rv = smtpc__transport_write(t, "x", &len);
    }
    tap_is_int(rv, SMTPC_ECONNECT, "writing fails: %s",
               smtpc__transport_error(t));
    peer_stop(peer);
    tap_subtest_end();
}

static void test_full(apr_pool_t *pool)
{
    static char block[65536];
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    struct sockaddr_in address;
    socklen_t address_len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    apr_size_t sent = 0;
    apr_status_t rv;

    tap_subtest_begin("a peer that does not read");
    memset(&address, 0, sizeof(address));
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&address, address_len) < 0
        || listen(listener, 1) < 0
        || getsockname(listener, (struct sockaddr *)&address, &address_len)
               < 0) {
        tap_bail("no listener");
    }
    tap_is_int(connect_to(&tcp, ntohs(address.sin_port), pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    do {
        apr_size_t len = sizeof(block);

        rv = smtpc__transport_write(t, block, &len);
        sent += len;
    } while (rv == APR_SUCCESS && sent < 1000 * sizeof(block));
    tap_ok(APR_STATUS_IS_EAGAIN(rv), "says wait, does not block");
    close(listener);
    tap_subtest_end();
}

static void test_refused(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    int port = peer_port(peer);
    smtpc_tcp_t *tcp;

    tap_subtest_begin("nobody there");
    peer_stop(peer);
    tap_is_int(connect_to(&tcp, port, pool), SMTPC_ECONNECT, "refused");
    tap_is_str(smtpc__transport_error(smtpc__tcp_transport(tcp)),
               apr_psprintf(pool, "cannot connect to 127.0.0.1:%d: Connection "
                            "refused", port), "the sentence");
    tap_ok(smtpc__transport_socket(smtpc__tcp_transport(tcp)) == NULL,
           "no socket left");
    tap_ok(smtpc__tcp_connect(&tcp, address_of("2001:db8::1", 25, pool), pool)
               != APR_SUCCESS, "no route, or not yet");
    tap_is_str(smtpc__tcp_peer(tcp), "[2001:db8::1]:25", "brackets");
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_echo(pool);
    test_broken(pool);
    test_full(pool);
    test_refused(pool);
    return tap_done();
}
