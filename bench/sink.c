/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink.c: the mail server that the send suite sends to. It takes every mail,
 * keeps none, and says in the end what it saw.
 *
 *   sink [OPTION...]           prints its port, and counters on SIGTERM
 *   sink --hash FILE           prints the hash of the body of a mail with CRLF
 *
 *   --port N        on 127.0.0.1 (0, the default: a free one)
 *   --port-file F   the port goes to this file, too
 *   --pipelining    offer PIPELINING
 *   --chunking      offer CHUNKING
 *   --tls F         offer STARTTLS, then AUTH; the certificate goes to F
 *   --delay-us N    handle whatever arrives so much later: a round trip
 *   --single        send every reply by itself
 *   --nagle         leave Nagle's algorithm on
 *   --spin-us N     look for so long before going to sleep
 *   --expect H      count bodies with this hash as intact
 *
 * One thread: with few connections nothing is faster, and it is clear where
 * the time goes. --delay-us is a pipe with latency: each piece of bytes that
 * is read is handled exactly so much after it arrived, its replies are sent
 * then, and pieces do not wait for each other.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "sink.h"

/* Read at a time: large enough to need few calls, small enough for a cache
 * near the processor. */
#define BUFFER 262144
/* Events taken at a time. */
#define EVENTS 64
/* Connections that may wait to be taken: clients come by the thousand. */
#define BACKLOG 4096

/* What a piece is; GREETING and END have no bytes. */
typedef enum { GREETING, BYTES, END } piece_e;

/* A piece that waits for its time. */
typedef struct piece_t {
    struct piece_t *next;
    conn_t *conn;
    piece_e what;
    long long due; /* in microseconds */
    size_t len;
    char data[];
} piece_t;

/* The loop's own state. */
typedef struct loop_t {
    sink_t sink;
    int listener;
    int signals;
    int timer;
    piece_t *first;
    piece_t *last;
    char buf[BUFFER];
} loop_t;

void sink_die(const char *what)
{
    fprintf(stderr, "sink: %s\n", what);
    exit(2);
}

static long long now_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long long)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* --- connections ----------------------------------------------------------- */

static void watch(sink_t *sink, int fd, void *who, int how, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = who };

    if (epoll_ctl(sink->epoll, how, fd, &event) != 0) {
        sink_die("epoll_ctl");
    }
}

static void close_conn(sink_t *sink, conn_t *conn)
{
    if (conn->fd >= 0) {
        if (conn->ssl != NULL) {
            tls_end(conn);
        }
        (void)close(conn->fd);
        conn->fd = -1;
    }
    if (conn->waiting == 0) {
        conn->next = sink->dead;
        sink->dead = conn;
    }
}

/* Not earlier: an event that was taken with this one may be about it. */
static void bury(sink_t *sink)
{
    while (sink->dead != NULL) {
        conn_t *conn = sink->dead;

        sink->dead = conn->next;
        free(conn->out);
        free(conn);
    }
}

/* Send what there is. What the client does not read yet stays, and what it
 * never will is dropped when it closes. */
static void flush_replies(sink_t *sink, conn_t *conn)
{
    size_t at = 0;

    while (at < conn->out_len) {
        long n = conn->ssl != NULL
                     ? tls_write(conn, conn->out + at, conn->out_len - at)
                     : send(conn->fd, conn->out + at, conn->out_len - at,
                            MSG_NOSIGNAL);

        if (n <= 0) {
            break;
        }
        at += (size_t)n;
    }
    conn->out_len -= at;
    memmove(conn->out, conn->out + at, conn->out_len);
    if ((conn->out_len > 0) != conn->writing) {
        conn->writing = conn->out_len > 0;
        watch(sink, conn->fd, conn, EPOLL_CTL_MOD,
              EPOLLIN | (conn->writing ? EPOLLOUT : 0));
    }
}

void sink_reply(sink_t *sink, conn_t *conn, const char *text)
{
    size_t len = strlen(text);

    if (conn->out_len + len > conn->out_room) {
        conn->out_room = 2 * (conn->out_len + len) + 4096;
        conn->out = realloc(conn->out, conn->out_room);
        if (conn->out == NULL) {
            sink_die("no memory");
        }
    }
    memcpy(conn->out + conn->out_len, text, len);
    conn->out_len += len;
    if (sink->opts.single) {
        flush_replies(sink, conn);
    }
}

/* Handle a piece; the connection may be gone afterwards. */
static void handle(sink_t *sink, conn_t *conn, piece_e what, const char *data,
                   size_t len)
{
    if (conn->fd < 0 || what == END) {
        close_conn(sink, conn);
        return;
    }
    if (what == GREETING) {
        sink_reply(sink, conn, "220 sink.example ESMTP\r\n");
    }
    else {
        smtp_take(sink, conn, data, len);
    }
    flush_replies(sink, conn);
    if (conn->want_tls && conn->out_len == 0) {
        tls_begin(sink, conn);
    }
    if (conn->over && conn->out_len == 0) {
        close_conn(sink, conn);
    }
}

/* --- time ------------------------------------------------------------------ */

static void set_timer(loop_t *loop)
{
    struct itimerspec when = { { 0, 0 }, { 0, 0 } };

    when.it_value.tv_sec = loop->first->due / 1000000;
    when.it_value.tv_nsec = loop->first->due % 1000000 * 1000;
    (void)timerfd_settime(loop->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

/* Handle a piece now, or when its time has come. All wait equally long, so
 * the queue is in order. */
static void arrive(loop_t *loop, conn_t *conn, piece_e what, const char *data,
                   size_t len)
{
    long delay = loop->sink.opts.delay_us;
    piece_t *piece;

    loop->sink.counts.bursts += what == BYTES;
    loop->sink.counts.bytes += len;
    if (delay == 0) {
        handle(&loop->sink, conn, what, data, len);
        return;
    }
    piece = malloc(sizeof(*piece) + len);
    if (piece == NULL) {
        sink_die("no memory");
    }
    piece->next = NULL;
    piece->conn = conn;
    piece->what = what;
    piece->due = now_us() + delay;
    piece->len = len;
    memcpy(piece->data, data, len);
    conn->waiting++;
    if (loop->first == NULL) {
        loop->first = piece;
        set_timer(loop);
    }
    else {
        loop->last->next = piece;
    }
    loop->last = piece;
}

static void handle_due(loop_t *loop)
{
    uint64_t times;

    (void)!read(loop->timer, &times, sizeof(times));
    while (loop->first != NULL && loop->first->due <= now_us()) {
        piece_t *piece = loop->first;

        loop->first = piece->next;
        piece->conn->waiting--;
        handle(&loop->sink, piece->conn, piece->what, piece->data, piece->len);
        free(piece);
    }
    if (loop->first != NULL) {
        set_timer(loop);
    }
}

/* --- events ---------------------------------------------------------------- */

static void accept_one(loop_t *loop)
{
    /* cppcheck-suppress nullPointer ; accept4() need not say who it is */
    int fd = accept4(loop->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    conn_t *conn;
    int on = !loop->sink.opts.nagle;

    if (fd < 0) {
        return;
    }
    conn = calloc(1, sizeof(*conn));
    if (conn == NULL
        || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
        sink_die("cannot take a connection");
    }
    conn->fd = fd;
    loop->sink.counts.connections++;
    watch(&loop->sink, fd, conn, EPOLL_CTL_ADD, EPOLLIN);
    arrive(loop, conn, GREETING, "", 0);
}

/* One piece of a connection; those of TLS all at once, because what OpenSSL
 * has read already makes no event. */
static void read_some(loop_t *loop, conn_t *conn)
{
    long got;

    do {
        if (conn->ssl != NULL) {
            got = tls_read(&loop->sink, conn, loop->buf, BUFFER);
        }
        else {
            got = recv(conn->fd, loop->buf, BUFFER, 0);
            if (got < 0) {
                got = errno == EAGAIN || errno == EINTR ? -1 : 0;
            }
        }
        if (got == 0) {
            (void)epoll_ctl(loop->sink.epoll, EPOLL_CTL_DEL, conn->fd, NULL);
            arrive(loop, conn, END, "", 0);
            return;
        }
        if (got > 0) {
            int more = conn->ssl != NULL && SSL_pending(conn->ssl) > 0;

            arrive(loop, conn, BYTES, loop->buf, (size_t)got);
            if (!more) {
                return;
            }
        }
    } while (got > 0);
}

static int wait_events(loop_t *loop, struct epoll_event *events)
{
    long spin = loop->sink.opts.spin_us;
    long long until = spin > 0 ? now_us() + spin : 0;
    int n = 0;

    while (n == 0 && spin > 0 && now_us() < until) {
        n = epoll_wait(loop->sink.epoll, events, EVENTS, 0);
    }
    return n != 0 ? n : epoll_wait(loop->sink.epoll, events, EVENTS, -1);
}

/* Until SIGTERM or SIGINT. */
static void run(loop_t *loop)
{
    struct epoll_event events[EVENTS];

    for (;;) {
        int n = wait_events(loop, events);

        if (n < 0 && errno != EINTR) {
            sink_die("epoll_wait");
        }
        for (int i = 0; i < n; i++) {
            void *who = events[i].data.ptr;

            if (who == &loop->signals) {
                return;
            }
            if (who == &loop->listener) {
                accept_one(loop);
            }
            else if (who == &loop->timer) {
                handle_due(loop);
            }
            else if (((conn_t *)who)->fd < 0) {
                continue;
            }
            else if (events[i].events & EPOLLOUT) {
                handle(&loop->sink, who, BYTES, "", 0);
            }
            else {
                read_some(loop, who);
            }
        }
        bury(&loop->sink);
    }
}

/* --- start and end --------------------------------------------------------- */

static void listen_on(loop_t *loop, const char *port_file)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)loop->sink.opts.port);
    if (fd < 0
        || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0
        || bind(fd, (struct sockaddr *)&address, len) != 0
        || listen(fd, BACKLOG) != 0
        || getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        sink_die("cannot listen on 127.0.0.1");
    }
    loop->listener = fd;
    printf("%d\n", (int)ntohs(address.sin_port));
    (void)fflush(stdout);
    if (port_file != NULL) {
        FILE *file = fopen(port_file, "w");

        if (file == NULL
            || fprintf(file, "%d\n", (int)ntohs(address.sin_port)) < 0
            || fclose(file) != 0) {
            sink_die("cannot write the port");
        }
    }
}

/* As many connections as there may be; and a network takes its time whatever
 * else the machine does, so that with a delay we come first, if we may. */
static void ask_for_more(const sink_opts_t *opts)
{
    struct sched_param first = { .sched_priority = 1 };
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    if (opts->delay_us > 0) {
        (void)sched_setscheduler(0, SCHED_RR, &first);
    }
}

static void set_up(loop_t *loop, const char *port_file)
{
    sigset_t set;

    ask_for_more(&loop->sink.opts);
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &set, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    /* Nobody could end it when whoever measures is gone. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    loop->sink.epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->signals = signalfd(-1, &set, SFD_CLOEXEC);
    loop->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (loop->sink.epoll < 0 || loop->signals < 0 || loop->timer < 0) {
        sink_die("cannot begin");
    }
    if (loop->sink.opts.cert_file != NULL) {
        tls_set_up(&loop->sink);
    }
    listen_on(loop, port_file);
    watch(&loop->sink, loop->listener, &loop->listener, EPOLL_CTL_ADD, EPOLLIN);
    watch(&loop->sink, loop->signals, &loop->signals, EPOLL_CTL_ADD, EPOLLIN);
    watch(&loop->sink, loop->timer, &loop->timer, EPOLL_CTL_ADD, EPOLLIN);
}

static void print_counts(const sink_counts_t *c)
{
    struct timespec used = { 0, 0 };

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    printf("{\"messages\":%lu,\"intact\":%lu,\"odd\":%lu,\"bytes\":%lu,"
           "\"connections\":%lu,\"bursts\":%lu,\"handshakes\":%lu,"
           "\"resumed\":%lu,\"logins\":%lu,\"errors\":%lu,"
           "\"cpu_s\":%.6f,\"first\":\"%016llx\",\"sum\":\"%016llx\"}\n",
           c->messages, c->intact, c->odd, c->bytes, c->connections,
           c->bursts, c->handshakes, c->resumed, c->logins, c->errors,
           (double)used.tv_sec + (double)used.tv_nsec / 1e9,
           (unsigned long long)c->first, (unsigned long long)c->sum);
    (void)fflush(stdout);
}

/* The mail is given to the protocol by BDAT, which is how it would come. */
static void print_hash(loop_t *loop, const char *path)
{
    conn_t *conn = calloc(1, sizeof(*conn));
    FILE *file = fopen(path, "r");
    size_t got;

    if (conn == NULL || file == NULL) {
        sink_die("cannot read the mail");
    }
    conn->fd = -1;
    loop->sink.opts.chunking = 1;
    smtp_take(&loop->sink, conn, "MAIL\r\nRCPT\r\n", 12);
    while ((got = fread(loop->buf, 1, 99999, file)) > 0) {
        static const char chunk[] = "BDAT 99999\r\n";

        smtp_take(&loop->sink, conn, chunk, sizeof(chunk) - 1);
        conn->chunk_left = got;
        smtp_take(&loop->sink, conn, loop->buf, got);
    }
    smtp_take(&loop->sink, conn, "BDAT 0 LAST\r\n", 13);
    (void)fclose(file);
    printf("%016llx\n", (unsigned long long)loop->sink.counts.first);
    close_conn(&loop->sink, conn);
    bury(&loop->sink);
}

static long number(const char *text)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (*end != '\0' || value < 0) {
        sink_die("not a number");
    }
    return value;
}

/* An option that takes a value; return 0 if there is no such one. */
static int set_value(sink_opts_t *opts, const char *name, const char *value,
                     const char **port_file)
{
    if (strcmp(name, "--port") == 0) {
        opts->port = (int)number(value);
    }
    else if (strcmp(name, "--port-file") == 0) {
        *port_file = value;
    }
    else if (strcmp(name, "--tls") == 0) {
        opts->cert_file = value;
    }
    else if (strcmp(name, "--delay-us") == 0) {
        opts->delay_us = number(value);
    }
    else if (strcmp(name, "--spin-us") == 0) {
        opts->spin_us = number(value);
    }
    else if (strcmp(name, "--expect") == 0) {
        opts->expect = strtoull(value, NULL, 16);
    }
    else {
        return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    static loop_t loop;
    sink_opts_t *opts = &loop.sink.opts;
    const char *port_file = NULL;

    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];

        if (strcmp(name, "--pipelining") == 0) {
            opts->pipelining = 1;
        }
        else if (strcmp(name, "--chunking") == 0) {
            opts->chunking = 1;
        }
        else if (strcmp(name, "--single") == 0) {
            opts->single = 1;
        }
        else if (strcmp(name, "--nagle") == 0) {
            opts->nagle = 1;
        }
        else if (strcmp(name, "--hash") == 0 && i + 1 < argc) {
            print_hash(&loop, argv[i + 1]);
            return 0;
        }
        else if (i + 1 >= argc || !set_value(opts, name, argv[++i],
                                             &port_file)) {
            sink_die("see the head of sink.c for the options");
        }
    }
    set_up(&loop, port_file);
    run(&loop);
    print_counts(&loop.sink.counts);
    SSL_CTX_free(loop.sink.tls);
    return 0;
}
