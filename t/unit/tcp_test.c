/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_test.c: TCP transports to a server of threads.
 */

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/limits.h"
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
        tcp, address_of("127.0.0.1", port, pool), NULL, pool);

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
    tap_ok(smtpc__tcp_connect(&tcp, address_of("2001:db8::1", 25, pool), NULL,
                              pool)
               != APR_SUCCESS, "no route, or not yet");
    tap_is_str(smtpc__tcp_peer(tcp), "[2001:db8::1]:25", "brackets");
    tap_subtest_end();
}

/* Whether the system acknowledges at once at the moment. */
static int acknowledges(int fd)
{
    int on = -1;
    socklen_t len = sizeof(on);

    getsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &on, &len);
    return on;
}

static void set_lazy(int fd)
{
    int off = 0;

    setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off, sizeof(off));
}

static void test_expect(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    char buf[64];
    apr_size_t len = 7;

    tap_subtest_begin("acknowledging");
    tap_is_int(connect_to(&tcp, peer_port(peer), pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    set_lazy(fd_of(t));
    tap_is_int(smtpc__transport_write(t, "hello\r\n", &len), APR_SUCCESS,
               "write");
    wait_for(t, POLLIN);
    set_lazy(fd_of(t));
    len = 3;
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read");
    tap_is_int(acknowledges(fd_of(t)), 0, "a read alone does not");
    smtpc__transport_expect(t, 0);
    tap_is_int(acknowledges(fd_of(t)), 0, "nor with nothing to come");
    len = 3;
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read");
    smtpc__transport_expect(t, 1);
    tap_is_int(acknowledges(fd_of(t)), 1, "if more is to come it does");
    set_lazy(fd_of(t));
    smtpc__transport_expect(t, 1);
    tap_is_int(acknowledges(fd_of(t)), 0, "not without a read before");
    smtpc__transport_close(t, 0);
    smtpc__transport_expect(t, 1);
    peer_stop(peer);
    tap_subtest_end();
}

/* A child closes its copy, and the parent goes on. */
static void test_fork(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    char buf[64];
    apr_size_t len = 7;
    int status = -1;
    pid_t child;

    tap_subtest_begin("fork");
    tap_is_int(connect_to(&tcp, peer_port(peer), pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    child = fork();
    if (child == 0) {
        int fd = fd_of(t);

        smtpc__transport_close(t, 1);
        _exit(fcntl(fd, F_GETFD) >= 0 ? 1 : 0);
    }
    tap_is_int(waitpid(child, &status, 0), child, "a child");
    tap_is_int(status, 0, "closed its descriptor");
    tap_ok(smtpc__tcp_idle(tcp), "the connection is alive");
    tap_is_int(smtpc__transport_write(t, "hello\r\n", &len), APR_SUCCESS,
               "write");
    len = sizeof(buf);
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read");
    tap_is_mem(buf, len, "hello\r\n", 7, "and works");
    smtpc__transport_close(t, 0);
    peer_stop(peer);
    tap_subtest_end();
}

static void test_local(apr_pool_t *pool)
{
    peer_t *peer = peer_start(serve_echo, NULL);
    apr_sockaddr_t *address = address_of("127.0.0.1", peer_port(peer), pool);
    struct sockaddr_in mine;
    socklen_t mine_len = sizeof(mine);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    apr_status_t rv;

    tap_subtest_begin("a local address");
    rv = smtpc__tcp_connect(&tcp, address, "127.0.0.77", pool);
    t = smtpc__tcp_transport(tcp);
    while (APR_STATUS_IS_EAGAIN(rv)) {
        wait_for(t, POLLOUT);
        rv = smtpc__tcp_connected(tcp);
    }
    tap_is_int(rv, APR_SUCCESS, "connected");
    getsockname(fd_of(t), (struct sockaddr *)&mine, &mine_len);
    tap_is_int(ntohl(mine.sin_addr.s_addr), 0x7f00004d, "from there");
    tap_is_int(smtpc__tcp_connect(&tcp, address, "192.0.2.211", pool),
               SMTPC_ECONNECT, "one that is not of this machine");
    tap_is_str(smtpc__transport_error(smtpc__tcp_transport(tcp)),
               apr_psprintf(pool, "cannot use the local address 192.0.2.211 "
                            "for a connection to 127.0.0.1:%d: Cannot assign "
                            "requested address", peer_port(peer)),
               "the sentence");
    tap_is_int(smtpc__tcp_connect(&tcp, address, "::1", pool),
               SMTPC_ECONNECT, "one of another family");
    tap_ok(strstr(smtpc__transport_error(smtpc__tcp_transport(tcp)), "::1")
               != NULL, "%s",
           smtpc__transport_error(smtpc__tcp_transport(tcp)));
    tap_is_int(smtpc__tcp_connect(&tcp, address, "no.name", pool),
               SMTPC_ECONNECT, "a name");
    peer_stop(peer);
    tap_subtest_end();
}

/* A folder for sockets. */
static const char *make_folder(apr_pool_t *pool)
{
    char *path = apr_pstrdup(pool, "/tmp/tcp_test.XXXXXX");

    if (!mkdtemp(path)) {
        tap_bail("no folder");
    }
    return path;
}

static int listen_at(const char *path)
{
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    memset(&address, 0, sizeof(address));
    address.sun_family = AF_UNIX;
    apr_cpystrn(address.sun_path, path, sizeof(address.sun_path));
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0
        || listen(fd, 0) < 0) {
        tap_bail("cannot listen at %s", path);
    }
    return fd;
}

static void test_unix(apr_pool_t *pool)
{
    const char *folder = make_folder(pool);
    const char *path = apr_pstrcat(pool, folder, "/a\nb", NULL);
    char *longest = apr_pstrcat(pool, folder, "/", NULL);
    int listener = listen_at(path);
    smtpc_tcp_t *tcp;
    smtpc_transport_t *t;
    char buf[8];
    apr_size_t len = 2;
    int i;
    int fd;

    tap_subtest_begin("Unix sockets");
    tap_is_int(smtpc__tcp_connect_unix(&tcp, path, pool), APR_SUCCESS,
               "connected");
    t = smtpc__tcp_transport(tcp);
    tap_is_str(smtpc__tcp_peer(tcp), apr_pstrcat(pool, folder, "/a\\x0Ab",
                                                 NULL), "the peer, escaped");
    tap_is_str(smtpc__tcp_peer_ip(tcp), "", "has no address");
    tap_ok(smtpc__tcp_loopback(tcp), "is here");
    tap_ok(fcntl(fd_of(t), F_GETFD) & FD_CLOEXEC, "close-on-exec");
    tap_ok(fcntl(fd_of(t), F_GETFL) & O_NONBLOCK, "non-blocking");
    fd = accept(listener, NULL, NULL);
    tap_is_int(write(fd, "hi", 2), 2, "the server speaks");
    tap_is_int(read_some(t, buf, &len), APR_SUCCESS, "read");
    smtpc__transport_expect(t, 1);
    tap_is_mem(buf, len, "hi", 2, "what it said");
    close(fd);
    len = 1;
    tap_is_int(read_some(t, buf, &len), APR_EOF, "the end");
    for (i = 0; i < 10; i++) {
        if (smtpc__tcp_connect_unix(&tcp, path, pool) != APR_SUCCESS) {
            break;
        }
    }
    tap_ok(strstr(smtpc__transport_error(smtpc__tcp_transport(tcp)),
                  "too many wait") != NULL, "nobody accepts: %s",
           smtpc__transport_error(smtpc__tcp_transport(tcp)));
    close(listener);
    tap_is_int(smtpc__tcp_connect_unix(&tcp, path, pool), SMTPC_ECONNECT,
               "nobody listens");
    unlink(path);
    tap_is_int(smtpc__tcp_connect_unix(&tcp, path, pool), SMTPC_ECONNECT,
               "nothing there");
    tap_is_str(smtpc__transport_error(smtpc__tcp_transport(tcp)),
               apr_psprintf(pool, "cannot connect to %s/a\\x0Ab: No such file "
                            "or directory", folder), "the sentence");
    while (strlen(longest) < SMTPC_LIMIT_UNIX_PATH) {
        longest = apr_pstrcat(pool, longest, "x", NULL);
    }
    listener = listen_at(longest);
    tap_is_int(smtpc__tcp_connect_unix(&tcp, longest, pool), APR_SUCCESS,
               "the longest path");
    tap_is_int(smtpc__tcp_connect_unix(&tcp, apr_pstrcat(pool, longest, "x",
                                                         NULL), pool),
               SMTPC_ECONNECT, "one byte more");
    tap_ok(strstr(smtpc__transport_error(smtpc__tcp_transport(tcp)),
                  "too long") != NULL, "%s",
           smtpc__transport_error(smtpc__tcp_transport(tcp)));
    close(listener);
    unlink(longest);
    rmdir(folder);
    tap_subtest_end();
}

static void test_loopback(apr_pool_t *pool)
{
    static const struct {
        const char *ip;
        int loopback;
    } cases[] = {
        { "127.0.0.1", 1 }, { "127.255.0.9", 1 }, { "::1", 1 },
        { "::ffff:127.0.0.2", 1 }, { "128.0.0.1", 0 }, { "126.0.0.127", 0 },
        { "::2", 0 }, { "::ffff:10.127.0.1", 0 }, { "7f00:1::", 0 },
    };
    apr_size_t i;

    tap_subtest_begin("loopback addresses");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        smtpc_tcp_t *tcp;

        (void)!smtpc__tcp_connect(&tcp, address_of(cases[i].ip, 9, pool),
                                  NULL, pool);
        tap_is_int(smtpc__tcp_loopback(tcp), cases[i].loopback, "%s",
                   cases[i].ip);
        smtpc__transport_close(smtpc__tcp_transport(tcp), 0);
    }
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_echo(pool);
    test_broken(pool);
    test_full(pool);
    test_refused(pool);
    test_expect(pool);
    test_fork(pool);
    test_local(pool);
    test_unix(pool);
    test_loopback(pool);
    return tap_done();
}
