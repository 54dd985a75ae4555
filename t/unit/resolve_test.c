/* SPDX-License-Identifier: Apache-2.0 */
/*
 * resolve_test.c: names to addresses. The resolver itself is replaced below:
 * what a test finds must not depend on the network.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/limits.h"
#include "net/resolve.h"
#include "../tap/tap.h"

/* The resolver of this program: "slow." names wait for the gate to open. */

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t gate_changed = PTHREAD_COND_INITIALIZER;
static int gate_open;
static int inside;   /* slow look-ups that wait */
static int finished; /* slow look-ups that came back */
static int signals_blocked;

static void wait_at_gate(void)
{
    pthread_mutex_lock(&gate);
    inside++;
    pthread_cond_broadcast(&gate_changed);
    while (!gate_open) {
        pthread_cond_wait(&gate_changed, &gate);
    }
    inside--;
    finished++;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate);
}

static struct addrinfo *make_address(const char *ip, struct addrinfo *next)
{
    struct addrinfo *made = calloc(1, sizeof(*made));
    struct sockaddr_in *in = calloc(1, sizeof(*in));

    in->sin_family = AF_INET;
    inet_pton(AF_INET, ip, &in->sin_addr);
    made->ai_family = AF_INET;
    made->ai_socktype = SOCK_STREAM;
    made->ai_addr = (struct sockaddr *)in;
    made->ai_addrlen = sizeof(*in);
    made->ai_next = next;
    return made;
}

int getaddrinfo(const char *node, const char *service,
                const struct addrinfo *hints, struct addrinfo **result)
{
    struct addrinfo *list = NULL;
    sigset_t mask;
    int i;

    (void)service;
    /* APR asks for numbers through here, too. */
    if (strchr(node, ':') || strspn(node, "0123456789.") == strlen(node)) {
        struct sockaddr_in6 *in6;

        if (strchr(node, ':') == NULL) {
            *result = make_address(node, NULL);
            return 0;
        }
        *result = make_address("0.0.0.0", NULL);
        in6 = calloc(1, sizeof(*in6));
        in6->sin6_family = AF_INET6;
        inet_pton(AF_INET6, node, &in6->sin6_addr);
        free((*result)->ai_addr);
        (*result)->ai_addr = (struct sockaddr *)in6;
        (*result)->ai_addrlen = sizeof(*in6);
        (*result)->ai_family = AF_INET6;
        return 0;
    }
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    pthread_mutex_lock(&gate);
    signals_blocked = sigismember(&mask, SIGTERM)
                      && sigismember(&mask, SIGUSR1);
    pthread_mutex_unlock(&gate);
    if (hints->ai_socktype != SOCK_STREAM) {
        return EAI_SOCKTYPE;
    }
    if (strncmp(node, "slow.", 5) == 0) {
        wait_at_gate();
    }
    if (strcmp(node, "none.test") == 0) {
        return EAI_NONAME;
    }
    if (strcmp(node, "again.test") == 0) {
        return EAI_AGAIN;
    }
    if (strcmp(node, "lack.test") == 0) {
        errno = EMFILE;
        return EAI_NONAME;
    }
    if (strcmp(node, "system.test") == 0) {
        errno = EMFILE;
        return EAI_SYSTEM;
    }
    for (i = strcmp(node, "many.test") == 0 ? 40 : 2; i > 0; i--) {
        char ip[32];

        apr_snprintf(ip, sizeof(ip), "192.0.2.%d", i);
        list = make_address(ip, list);
    }
    *result = list;
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(list->ai_addr);
        free(list);
        list = next;
    }
}

/* Look host up, waiting for the answer. */
static apr_status_t look_up(apr_array_header_t **addresses, const char **why,
                            const char *host, smtpc_env_t *env,
                            apr_pool_t *pool)
{
    smtpc_resolve_t *resolve;
    apr_status_t rv;

    rv = smtpc__resolve_begin(&resolve, why, host, 25, env, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    for (;;) {
        struct pollfd fd = { -1, POLLIN, 0 };

        rv = smtpc__resolve_result(addresses, why, resolve, pool);
        if (!APR_STATUS_IS_EAGAIN(rv)) {
            return rv;
        }
        (void)apr_os_sock_get(&fd.fd, smtpc__resolve_socket(resolve));
        if (poll(&fd, 1, 10000) != 1) {
            tap_bail("no answer within 10 s");
        }
    }
}

static const char *text_of(apr_array_header_t *addresses, int i,
                           apr_pool_t *pool)
{
    apr_sockaddr_t *address = APR_ARRAY_IDX(addresses, i, apr_sockaddr_t *);
    char *ip;

    apr_sockaddr_ip_get(&ip, address);
    return apr_psprintf(pool, "%s %d", ip, address->port);
}

static void test_known(smtpc_env_t *env, apr_pool_t *pool)
{
    static const char *const loopbacks[] = { "localhost", "LocalHost.",
                                             "mail.localhost" };
    apr_array_header_t *found;
    const char *why = "";
    int i;

    tap_subtest_begin("what needs no resolver");
    tap_is_int(look_up(&found, &why, "192.0.2.7", env, pool), APR_SUCCESS,
               "IPv4");
    tap_is_int(found->nelts, 1, "one");
    tap_is_str(text_of(found, 0, pool), "192.0.2.7 25", "address and port");
    tap_is_int(look_up(&found, &why, "2001:db8::7", env, pool), APR_SUCCESS,
               "IPv6");
    tap_is_str(text_of(found, 0, pool), "2001:db8::7 25", "address and port");
    for (i = 0; i < 3; i++) {
        tap_is_int(look_up(&found, &why, loopbacks[i], env, pool),
                   APR_SUCCESS, "%s", loopbacks[i]);
        tap_is_int(found->nelts, 2, "two");
        tap_is_str(text_of(found, 0, pool), "::1 25", "IPv6 first");
        tap_is_str(text_of(found, 1, pool), "127.0.0.1 25", "then IPv4");
    }
    tap_subtest_end();
}

static void test_names(smtpc_env_t *env, apr_pool_t *pool)
{
    apr_array_header_t *found;
    const char *why = "";

    tap_subtest_begin("names");
    tap_is_int(look_up(&found, &why, "mail.test", env, pool), APR_SUCCESS,
               "found");
    tap_is_int(found->nelts, 2, "two addresses");
    tap_is_str(text_of(found, 0, pool), "192.0.2.1 25", "in order");
    tap_is_str(text_of(found, 1, pool), "192.0.2.2 25", "in order");
    tap_ok(signals_blocked, "the thread takes no signals");
    tap_is_int(look_up(&found, &why, "notlocalhost", env, pool), APR_SUCCESS,
               "not localhost");
    tap_is_str(text_of(found, 0, pool), "192.0.2.1 25", "was looked up");
    tap_is_int(look_up(&found, &why, "many.test", env, pool), APR_SUCCESS,
               "40 addresses");
    tap_is_int(found->nelts, SMTPC_LIMIT_HOST_ADDRESSES, "up to the limit");
    tap_is_int(look_up(&found, &why, "none.test", env, pool), SMTPC_ECONNECT,
               "no such host");
    tap_is_str(why, "cannot look up none.test: no such host: check its "
               "spelling", "said so");
    tap_is_int(look_up(&found, &why, "again.test", env, pool), SMTPC_ECONNECT,
               "no answer");
    tap_ok(strstr(why, "do not answer") != NULL, "%s", why);
    tap_is_int(look_up(&found, &why, "system.test", env, pool),
               SMTPC_ECONNECT, "system error");
    tap_ok(strstr(why, "open files") != NULL, "%s", why);
    tap_is_int(look_up(&found, &why, "lack.test", env, pool),
               SMTPC_ECONNECT, "no descriptor to ask with");
    tap_is_str(why, "cannot look up lack.test: Too many open files",
               "is no want of a host");
    tap_subtest_end();
}

static void wait_until(const int *what, int value)
{
    pthread_mutex_lock(&gate);
    while (*what != value) {
        pthread_cond_wait(&gate_changed, &gate);
    }
    pthread_mutex_unlock(&gate);
}

/* A dead resolver: threads are left behind up to the limit, not beyond, and
 * when it lives again all is well. */
static void test_left_behind(smtpc_env_t *env, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_array_header_t *found;
    smtpc_resolve_t *resolve;
    const char *why = "";
    int i;

    tap_subtest_begin("a resolver that does not answer");
    for (i = 0; i < SMTPC_LIMIT_RESOLVER_THREADS; i++) {
        apr_pool_create(&scratch, pool);
        if (smtpc__resolve_begin(&resolve, &why, "slow.test", 25, env,
                                 scratch) != APR_SUCCESS
            || !APR_STATUS_IS_EAGAIN(smtpc__resolve_result(
                &found, &why, resolve, scratch))) {
            break;
        }
        wait_until(&inside, i + 1);
        apr_pool_destroy(scratch);
    }
    tap_is_int(i, SMTPC_LIMIT_RESOLVER_THREADS, "up to the limit");
    tap_is_int(smtpc__resolve_begin(&resolve, &why, "slow.test", 25, env,
                                    pool), SMTPC_ECONNECT, "not beyond");
    tap_ok(strstr(why, "resolver does not answer") != NULL, "%s", why);
    tap_is_int(look_up(&found, &why, "192.0.2.7", env, pool), APR_SUCCESS,
               "addresses still work");
    pthread_mutex_lock(&gate);
    gate_open = 1;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate);
    wait_until(&finished, SMTPC_LIMIT_RESOLVER_THREADS);
    /* The threads count themselves down after that, soon. */
    for (i = 0; i < 10000; i++) {
        if (smtpc__resolve_begin(&resolve, &why, "mail.test", 25, env, pool)
            == APR_SUCCESS) {
            break;
        }
        poll(NULL, 0, 1);
    }
    tap_ok(i < 10000, "a resolver that is back is used");
    tap_subtest_end();
}

/* The env goes before the thread does. */
static void test_env_gone(apr_pool_t *pool)
{
    apr_pool_t *scratch;
    smtpc_env_t *env;
    smtpc_resolve_t *resolve;
    const char *why = "";

    tap_subtest_begin("a look-up outlives its env");
    gate_open = 0;
    inside = 0;
    finished = 0;
    apr_pool_create(&scratch, pool);
    tap_is_int(smtpc_env_create(&env, scratch), APR_SUCCESS, "env");
    tap_is_int(smtpc__resolve_begin(&resolve, &why, "slow.test", 25, env,
                                    scratch), APR_SUCCESS, "begun");
    wait_until(&inside, 1);
    apr_pool_destroy(scratch);
    pthread_mutex_lock(&gate);
    gate_open = 1;
    pthread_cond_broadcast(&gate_changed);
    pthread_mutex_unlock(&gate);
    wait_until(&finished, 1);
    tap_pass("and ends");
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();
    smtpc_env_t *env;

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    test_known(env, pool);
    test_names(env, pool);
    test_left_behind(env, pool);
    test_env_gone(pool);
    return tap_done();
}
