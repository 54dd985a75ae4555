/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_test.c: what happens to a process: it forks, it closes in the middle
 * of something, it is stopped, it is showered with signals, its clock jumps.
 */

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <apr_network_io.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../support/async.h"
#include "../support/hostile.h"
#include "../support/mail.h"
#include "../support/peer_tls.h"
#include "../support/process.h"
#include "../tap/tap.h"

/** A child that hangs ends after so many seconds, and the test fails. */
#define CHILD_SECONDS 60

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

/* The wall clock of this process; it jumps an hour to and fro if that is
 * wished. */

static atomic_int jumping;
static atomic_int jumps;

static long jump(void)
{
    if (!atomic_load(&jumping)) {
        return 0;
    }
    return atomic_fetch_add(&jumps, 1) % 2 ? 3600 : -3600;
}

/* In the place of libc's for APR as well, which is a shared library. */
#define FOR_ALL __attribute__((visibility("default")))

FOR_ALL int clock_gettime(clockid_t clock, struct timespec *now)
{
    int rv = (int)syscall(SYS_clock_gettime, clock, now);

    if (rv == 0 && clock == CLOCK_REALTIME) {
        now->tv_sec += jump();
    }
    return rv;
}

FOR_ALL int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    int rv = (int)syscall(SYS_gettimeofday, now, zone);

    if (rv == 0) {
        now->tv_sec += jump();
    }
    return rv;
}

/* Run fn in a child; its exit status, 99 if it did not exit. */
static int in_child(int (*fn)(hostile_meeting_t *), hostile_meeting_t *m)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        alarm(CHILD_SECONDS);
        _exit(fn(m));
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        tap_bail("no child");
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

/* R11: a fork with a connection in the pool. */

static int send_in_child(hostile_meeting_t *m)
{
    smtpc_result_t *result;
    int before = process_descriptors();

    if (mail_send(&result, m->client, "child@y.test", m->pool)
        != APR_SUCCESS) {
        return 1;
    }
    if (smtpc_result_timings(result)->connected == 0) {
        return 2; /* over the parent's */
    }
    /* One of its own; the parent's is closed here. */
    if (process_descriptors() > before) {
        return 3;
    }
    return smtpc_client_dispose(m->client) == APR_SUCCESS ? 0 : 4;
}

static void test_fork(SSL_CTX *tls, const char *ca_file)
{
    hostile_server_t server = { .tls = tls };
    hostile_meeting_t m;
    smtpc_result_t *result;

    tap_subtest_begin("R11: fork with a connection kept%s",
                      tls ? ", TLS" : "");
    hostile_meet(&m, &server);
    if (tls) {
        must(smtpc_client_set_security(m.client, SMTPC_SECURITY_STARTTLS),
             "security");
        must(smtpc_client_set_ca_file(m.client, ca_file), "CA");
    }
    tap_is_int(mail_send(&result, m.client, "x@y.test", m.pool), APR_SUCCESS,
               "the parent sends");
    tap_is_int(in_child(send_in_child, &m), 0, "the child sends");
    tap_is_int(peer_accepted(m.peer), 2, "on a connection of its own");
    tap_is_int(mail_send(&result, m.client, "x@y.test", m.pool), APR_SUCCESS,
               "the parent sends again");
    tap_is_int(peer_accepted(m.peer), 2, "on its own");
    hostile_part(&m);
    tap_is_str(hostile_heard(&m.hostile, 0, m.pool),
               tls ? "EHLO STARTTLS TLS EHLO MAIL RCPT DATA . MAIL RCPT DATA "
                     ". QUIT"
                   : "EHLO MAIL RCPT DATA . MAIL RCPT DATA . QUIT",
               "which heard nothing of the child");
    hostile_forget(&m);
    tap_subtest_end();
}

/* R11: disposed of in the middle of looking up, connecting, TLS. */

static void test_close(const char *name, const hostile_server_t *server,
                       const char *host, int lines)
{
    hostile_meeting_t m;
    smtpc_message_t *message;
    smtpc_env_t *env;
    smtpc_client_t *client;
    async_t async;
    apr_pool_t *pool;
    int before;

    tap_subtest_begin("R11: closed during %s", name);
    hostile_meet(&m, server);
    before = process_descriptors();
    apr_pool_create_unmanaged(&pool);
    must(smtpc_env_create(&env, pool), "env");
    must(smtpc_client_create(&client, env, host, peer_port(m.peer), pool),
         "client");
    must(smtpc_client_set_security(client, server->tls
                                               ? SMTPC_SECURITY_STARTTLS
                                               : SMTPC_SECURITY_NONE),
         "security");
    async_init(&async);
    message = async_message("x@y.test", pool);
    must(smtpc_client_send_async(client, message, async_completed, &async),
         "submit");
    while (lines > 0 && peer_heard(m.peer, "") < lines) {
        apr_thread_yield();
    }
    must(smtpc_client_dispose(client), "dispose");
    tap_is_int(async_wait(&async, 1), 1, "completed once");
    tap_ok(async.status != APR_SUCCESS, "not sent: %d", async.status);
    tap_is_int(async.wrong, 0, "with a whole result");
    apr_pool_destroy(pool);
    hostile_part(&m);
    /* Those of connections at the server ended with their threads. */
    tap_ok(process_descriptors() <= before, "no descriptor is left");
    hostile_forget(&m);
    async_end(&async);
    tap_subtest_end();
}

/* L9: signals, stops, and a clock that jumps. */

static atomic_int signals;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static smtpc_client_t *child_client(hostile_meeting_t *m, apr_pool_t *pool)
{
    smtpc_client_t *client;
    smtpc_env_t *env;

    must(smtpc_env_create(&env, pool), "env");
    client = mail_client(m->peer, env, pool);
    must(smtpc_client_set_messages_per_connection(client, 0), "no end");
    return client;
}

static int send_under_signals(hostile_meeting_t *m)
{
    struct sigaction action = { .sa_handler = on_signal };
    struct itimerval timer = { { 0, 1000 }, { 0, 1000 } };
    smtpc_client_t *client = child_client(m, m->pool);
    int mails = 0;

    /* Without SA_RESTART every wait ends with EINTR. */
    if (sigaction(SIGVTALRM, &action, NULL) != 0
        || sigaction(SIGUSR1, &action, NULL) != 0
        || sigaction(SIGALRM, &action, NULL) != 0
        || setitimer(ITIMER_REAL, &timer, NULL) != 0) {
        return 1;
    }
    while (mails < 50 || atomic_load(&signals) < 200) {
        smtpc_result_t *result;

        if (mail_send(&result, client, "x@y.test", m->pool) != APR_SUCCESS) {
            return 2;
        }
        mails++;
        if (mails > 20000) {
            return 3;
        }
    }
    return smtpc_client_dispose(client) == APR_SUCCESS ? 0 : 4;
}

static int send_under_jumps(hostile_meeting_t *m)
{
    smtpc_client_t *client = child_client(m, m->pool);
    int i;

    if (smtpc_client_set_timeout(client, apr_time_from_sec(30))
        != APR_SUCCESS) {
        return 1;
    }
    atomic_store(&jumping, 1);
    for (i = 0; i < 20; i++) {
        smtpc_result_t *result;

        if (mail_send(&result, client, "x@y.test", m->pool) != APR_SUCCESS) {
            return 2;
        }
        if (smtpc_result_timings(result)->total > apr_time_from_sec(30)) {
            return 3;
        }
    }
    /* It was asked for the Date at least. */
    return atomic_load(&jumps) >= 20 ? 0 : 4;
}

static void test_in_child(const char *name, int (*fn)(hostile_meeting_t *))
{
    hostile_server_t server = { .piece = 7 };
    hostile_meeting_t m;

    tap_subtest_begin("%s", name);
    hostile_meet(&m, &server);
    tap_is_int(in_child(fn, &m), 0, "all was sent");
    tap_ok(peer_quiet(m.peer), "all connections ended");
    tap_is_int(peer_accepted(m.peer), 1, "over one connection");
    hostile_part(&m);
    hostile_forget(&m);
    tap_subtest_end();
}

/** A server that stops its client when that waits for the answer to MAIL. */
typedef struct stopper_t {
    atomic_int child;
    atomic_int stopped;  /* the client is */
    atomic_int answered; /* the answer is there for it */
} stopper_t;

static void serve_stopper(peer_conn_t *conn, void *baton)
{
    stopper_t *stopper = baton;
    char line[1024];

    peer_prompt(conn);
    (void)peer_say(conn, "220 stopper");
    while (peer_read_line(conn, line, sizeof(line))) {
        if (strncmp(line, "MAIL", 4) == 0) {
            while (atomic_load(&stopper->child) == 0) {
                apr_thread_yield();
            }
            kill(atomic_load(&stopper->child), SIGSTOP);
            while (!atomic_load(&stopper->stopped)) {
                apr_thread_yield();
            }
        }
        (void)peer_say(conn, strcmp(line, "DATA") == 0 ? "354 go" : "250 ok");
        if (strncmp(line, "MAIL", 4) == 0) {
            atomic_store(&stopper->answered, 1);
        }
    }
}

static int send_while_stopped(hostile_meeting_t *m)
{
    smtpc_client_t *client = child_client(m, m->pool);
    smtpc_result_t *result;

    if (smtpc_client_set_stage_timeout(client, SMTPC_STAGE_MAIL,
                                       apr_time_from_msec(100))
        != APR_SUCCESS) {
        return 1;
    }
    return mail_send(&result, client, "x@y.test", m->pool) == APR_SUCCESS
               ? 0 : 2;
}

static void test_stopped(void)
{
    hostile_meeting_t m;
    stopper_t stopper = { 0, 0, 0 };
    int status = -1;
    pid_t pid;

    tap_subtest_begin("L9: stopped for longer than an answer may take");
    apr_pool_create_unmanaged(&m.pool);
    m.peer = peer_start(serve_stopper, &stopper);
    pid = fork();
    if (pid < 0) {
        tap_bail("no child");
    }
    if (pid == 0) {
        alarm(CHILD_SECONDS);
        _exit(send_while_stopped(&m));
    }
    atomic_store(&stopper.child, pid);
    tap_ok(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status),
           "the client is stopped");
    atomic_store(&stopper.stopped, 1);
    while (!atomic_load(&stopper.answered)) {
        apr_thread_yield();
    }
    /* The limit passes meanwhile; the answer is there all the time. */
    apr_sleep(apr_time_from_msec(300));
    kill(pid, SIGCONT);
    tap_is_int(waitpid(pid, &status, 0), pid, "it goes on");
    tap_ok(WIFEXITED(status), "to its end");
    tap_is_int(WEXITSTATUS(status), 0, "and reads the answer that is there");
    peer_stop(m.peer);
    apr_pool_destroy(m.pool);
    tap_subtest_end();
}

int main(void)
{
    peer_ca_t *ca = peer_ca_create("Test CA", tap_pool());
    peer_cert_t cert = { .names = "IP:127.0.0.1" };
    SSL_CTX *tls = peer_ca_server(ca, &cert, tap_pool());
    hostile_server_t silent = { .moves = { { .at = "", .say = "",
                                             .then = "silent" } } };
    hostile_server_t no_ehlo = { .moves = { { .at = "EHLO", .say = "",
                                              .then = "silent" } } };
    hostile_server_t no_tls = { .tls = tls,
                                .moves = { { .at = "STARTTLS",
                                             .say = "220 go",
                                             .then = "silent" } } };

    test_fork(NULL, NULL);
    test_fork(tls, peer_ca_file(ca, tap_pool()));
    test_close("the look-up", &silent, "localhost", 0);
    test_close("the connection", &silent, "127.0.0.1", 0);
    test_close("EHLO", &no_ehlo, "127.0.0.1", 1);
    test_close("the handshake", &no_tls, "127.0.0.1", 2);
    test_in_child("L9: signals at 1 kHz", send_under_signals);
    test_in_child("L9: a wall clock that jumps", send_under_jumps);
    test_stopped();
    return tap_done();
}
