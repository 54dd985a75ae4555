/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_route_test.c: where connections go: defaults, what the setters take
 * and refuse, reading back, and that each makes another profile.
 */

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "../support/mail.h"
#include "../tap/tap.h"
#include "client/client_int.h"

#define YES(call, what) tap_is_int(call, APR_SUCCESS, "%s", what)
#define NO(call, what) tap_is_int(call, SMTPC_EARG, "%s", what)

static smtpc_env_t *env;

static void test_hosts(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("hosts");
    tap_is_int(smtpc_client_host_count(c), 1, "the first");
    tap_is_str(smtpc_client_host_at(c, 0), "mail.test", "which is the host");
    tap_is_int(smtpc_client_port_at(c, 0), 587, "with the port");
    YES(smtpc_client_add_host(c, "B\xc3\xbc" "cher.Test", 0), "a second");
    YES(smtpc_client_add_host(c, "[2001:DB8::1]", 65535), "a third");
    tap_is_int(smtpc_client_host_count(c), 3, "three");
    tap_is_str(smtpc_client_host_at(c, 1), "B\xc3\xbc" "cher.Test",
               "reads as set");
    tap_is_str(APR_ARRAY_IDX(c->hosts, 0, smtpc_client_host_t).normal,
               "xn--bcher-kva.test", "and is in A-labels");
    tap_is_str(APR_ARRAY_IDX(c->hosts, 1, smtpc_client_host_t).normal,
               "2001:db8::1", "no brackets");
    YES(smtpc_client_set_port(c, 26), "another port");
    tap_is_int(smtpc_client_port_at(c, 1), 26, "which the second has, too");
    tap_is_int(smtpc_client_port_at(c, 2), 65535, "not the third");
    tap_ok(smtpc_client_host_at(c, 3) == NULL, "no fourth");
    tap_is_int(smtpc_client_port_at(c, 3), 0, "nor its port");
    NO(smtpc_client_add_host(c, "", 0), "empty");
    NO(smtpc_client_add_host(c, NULL, 0), "NULL");
    NO(smtpc_client_add_host(c, "a b", 0), "no name");
    NO(smtpc_client_add_host(c, "a.test", -1), "port -1");
    NO(smtpc_client_add_host(c, "a.test", 65536), "port 65536");
    tap_is_int(smtpc_client_host_count(c), 3, "unchanged");
    YES(smtpc_client_clear_hosts(c), "cleared");
    tap_is_int(smtpc_client_host_count(c), 1, "the first stays");
    YES(smtpc_client_clear_hosts(c), "cleared again");
    tap_subtest_end();
}

static void test_host_limit(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    int i;

    tap_subtest_begin("number and order of hosts");
    for (i = 1; i < SMTPC_LIMIT_HOSTS; i++) {
        YES(smtpc_client_add_host(c, apr_psprintf(pool, "h%d.test", i), i),
            "one more");
    }
    tap_is_int(smtpc_client_add_host(c, "more.test", 0), SMTPC_ELIMIT,
               "one too many: %s", smtpc_client_error(c));
    tap_is_int(smtpc_client_host_count(c), SMTPC_LIMIT_HOSTS, "16");
    tap_is_str(smtpc_client_host_at(c, 15), "h15.test", "the last");
    tap_is_int(smtpc_client_host_order(c), SMTPC_HOSTS_FAILOVER, "failover");
    YES(smtpc_client_set_host_order(c, SMTPC_HOSTS_ROUND_ROBIN), "in turn");
    tap_is_int(smtpc_client_host_order(c), SMTPC_HOSTS_ROUND_ROBIN, "reads");
    NO(smtpc_client_set_host_order(c, (smtpc_host_order_e)2), "no order");
    NO(smtpc_client_set_host_order(c, (smtpc_host_order_e)-1), "nor this");
    tap_is_int(smtpc_client_host_order(c), SMTPC_HOSTS_ROUND_ROBIN, "kept");
    tap_subtest_end();
}

static void test_ends(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    char path[SMTPC_LIMIT_UNIX_PATH + 2];

    tap_subtest_begin("socket and address");
    tap_ok(smtpc_client_unix_socket(c) == NULL, "no socket");
    YES(smtpc_client_set_unix_socket(c, "/run/lmtp"), "a socket");
    tap_is_str(smtpc_client_unix_socket(c), "/run/lmtp", "reads");
    NO(smtpc_client_set_unix_socket(c, "run/lmtp"), "relative");
    NO(smtpc_client_set_unix_socket(c, ""), "empty");
    memset(path, 'x', sizeof(path));
    path[0] = '/';
    path[SMTPC_LIMIT_UNIX_PATH + 1] = '\0';
    NO(smtpc_client_set_unix_socket(c, path), "108 bytes");
    tap_is_str(smtpc_client_unix_socket(c), "/run/lmtp", "unchanged");
    path[SMTPC_LIMIT_UNIX_PATH] = '\0';
    YES(smtpc_client_set_unix_socket(c, path), "107 bytes");
    YES(smtpc_client_set_unix_socket(c, NULL), "none");
    tap_ok(smtpc_client_unix_socket(c) == NULL, "reads");
    tap_ok(smtpc_client_local_address(c) == NULL, "any address");
    YES(smtpc_client_set_local_address(c, "192.0.2.1"), "IPv4");
    YES(smtpc_client_set_local_address(c, "[192.0.2.2]"), "in brackets");
    tap_is_str(smtpc_client_local_address(c), "192.0.2.2", "reads without");
    YES(smtpc_client_set_local_address(c, "2001:DB8:0::1"), "IPv6");
    tap_is_str(smtpc_client_local_address(c), "2001:db8::1", "reads");
    YES(smtpc_client_set_local_address(c, "[IPv6:2001:db8::2]"), "literal");
    tap_is_str(smtpc_client_local_address(c), "2001:db8::2", "reads");
    NO(smtpc_client_set_local_address(c, "a.test"), "a name");
    NO(smtpc_client_set_local_address(c, ""), "empty");
    NO(smtpc_client_set_local_address(c, "192.0.2.256"), "no address");
    tap_is_str(smtpc_client_local_address(c), "2001:db8::2", "unchanged");
    YES(smtpc_client_set_local_address(c, NULL), "any");
    tap_ok(smtpc_client_local_address(c) == NULL, "reads");
    tap_subtest_end();
}

static void test_proxy(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);

    tap_subtest_begin("proxy");
    tap_is_int(smtpc_client_proxy(c), SMTPC_PROXY_NONE, "none");
    tap_ok(smtpc_client_proxy_host(c) == NULL, "no host");
    YES(smtpc_client_set_proxy(c, SMTPC_PROXY_SOCKS5, "Proxy.Test", 1),
        "SOCKS5");
    tap_is_int(smtpc_client_proxy(c), SMTPC_PROXY_SOCKS5, "reads");
    tap_is_str(smtpc_client_proxy_host(c), "Proxy.Test", "host as set");
    tap_is_str(c->draft.proxy_host, "proxy.test", "and for use");
    tap_is_int(smtpc_client_proxy_port(c), 1, "port");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "a.test", 0), "port 0");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "a.test", 65536),
       "port 65536");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, NULL, 1), "no host");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "a b", 1), "not a host");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_NONE, "a.test", 0),
       "host without proxy");
    NO(smtpc_client_set_proxy(c, SMTPC_PROXY_NONE, NULL, 1),
       "port without proxy");
    NO(smtpc_client_set_proxy(c, (smtpc_proxy_e)3, "a.test", 1),
       "no such proxy");
    tap_is_str(smtpc_client_proxy_host(c), "Proxy.Test", "unchanged");
    YES(smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "::1", 65535), "HTTP");
    YES(smtpc_client_set_proxy(c, SMTPC_PROXY_NONE, NULL, 0), "none");
    tap_ok(smtpc_client_proxy_host(c) == NULL && c->draft.proxy_host == NULL
               && smtpc_client_proxy_port(c) == 0, "all of it");
    tap_subtest_end();
}

static void test_proxy_credentials(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    char user[SMTPC_LIMIT_PROXY_USER + 2];

    tap_subtest_begin("proxy credentials");
    tap_ok(smtpc_client_proxy_user(c) == NULL, "no user");
    setenv("CLIENT_ROUTE_TEST", "secret", 1);
    YES(smtpc_client_set_proxy_credentials(c, "web", "env:CLIENT_ROUTE_TEST"),
        "by reference");
    tap_is_str(smtpc_client_proxy_user(c), "web", "reads");
    NO(smtpc_client_set_proxy_credentials(c, "web", NULL), "no secret");
    NO(smtpc_client_set_proxy_credentials(c, NULL, "x"), "no user");
    NO(smtpc_client_set_proxy_credentials(c, "", "x"), "empty user");
    NO(smtpc_client_set_proxy_credentials(c, "other", ""), "empty secret");
    tap_is_int(smtpc_client_set_proxy_credentials(c, "other",
                                                  "file:/no/such"),
               APR_ENOENT, "no such file");
    tap_ok(strstr(smtpc_client_error(c), "/no/such") != NULL, "said: %s",
           smtpc_client_error(c));
    memset(user, 'u', sizeof(user));
    user[SMTPC_LIMIT_PROXY_USER + 1] = '\0';
    NO(smtpc_client_set_proxy_credentials(c, user, "x"), "256 bytes");
    tap_is_str(smtpc_client_proxy_user(c), "web", "unchanged");
    user[SMTPC_LIMIT_PROXY_USER] = '\0';
    YES(smtpc_client_set_proxy_credentials(c, user, "x"), "255 bytes");
    YES(smtpc_client_set_proxy_credentials(c, NULL, NULL), "taken away");
    tap_ok(smtpc_client_proxy_user(c) == NULL
               && c->draft.proxy_secret == NULL, "nothing left");
    tap_subtest_end();
}

/* Set XCLIENT of c to the structure with the fields behind it. */
#define XCLIENT(c, ...) \
    smtpc_client_set_xclient(c, &(smtpc_xclient_t){ __VA_ARGS__ })

static void test_xclient(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    char login[] = "ann";
    const smtpc_xclient_t *x;

    tap_subtest_begin("LMTP and XCLIENT");
    tap_is_int(smtpc_client_lmtp(c), 0, "SMTP");
    YES(smtpc_client_set_lmtp(c, 7), "LMTP");
    tap_is_int(smtpc_client_lmtp(c), 1, "reads");
    YES(smtpc_client_set_lmtp(c, 0), "SMTP");
    tap_is_int(smtpc_client_lmtp(c), 0, "reads");
    tap_ok(smtpc_client_xclient(c) == NULL, "for itself");
    YES(XCLIENT(c, .name = "[UNAVAILABLE]", .addr = "[IPv6:2001:DB8::1]",
                .port = 65535, .proto = "ESMTP", .helo = "h", .login = login,
                .destaddr = "192.0.2.1", .destport = 25), "for another");
    login[0] = 'x';
    x = smtpc_client_xclient(c);
    tap_is_str(x->login, "ann", "copied");
    tap_is_str(x->name, "[UNAVAILABLE]", "name");
    tap_is_str(x->addr, "2001:db8::1", "address in normal form");
    tap_is_str(x->destaddr, "192.0.2.1", "destination");
    tap_ok(strcmp(x->proto, "ESMTP") == 0 && strcmp(x->helo, "h") == 0
               && x->port == 65535 && x->destport == 25, "the rest");
    YES(smtpc_client_set_xclient(c, x), "its own");
    tap_is_str(smtpc_client_xclient(c)->login, "ann", "stays");
    YES(XCLIENT(c, .addr = "192.0.2.2"), "less");
    tap_ok(smtpc_client_xclient(c)->login == NULL
               && smtpc_client_xclient(c)->port == 0, "the others go");
    YES(smtpc_client_set_xclient(c, NULL), "for itself");
    tap_ok(smtpc_client_xclient(c) == NULL, "reads");
    tap_subtest_end();
}

static void test_xclient_bad(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    char text[SMTPC_LIMIT_USER + 2];

    tap_subtest_begin("XCLIENT refused");
    YES(XCLIENT(c, .login = "ann"), "for ann");
    NO(XCLIENT(c, .port = 0), "nothing said");
    NO(XCLIENT(c, .name = ""), "empty name");
    NO(XCLIENT(c, .helo = ""), "empty HELO");
    NO(XCLIENT(c, .login = ""), "empty login");
    NO(XCLIENT(c, .addr = "a.test"), "a name as address");
    NO(XCLIENT(c, .addr = ""), "empty address");
    NO(XCLIENT(c, .destaddr = "[UNAVAILABLE]"), "no destination");
    NO(XCLIENT(c, .proto = "LMTP"), "no such protocol");
    NO(XCLIENT(c, .proto = ""), "empty protocol");
    NO(XCLIENT(c, .port = -1), "port -1");
    NO(XCLIENT(c, .port = 65536), "port 65536");
    NO(XCLIENT(c, .destport = -1), "destport -1");
    NO(XCLIENT(c, .destport = 65536), "destport 65536");
    memset(text, 'x', sizeof(text));
    text[SMTPC_LIMIT_USER + 1] = '\0';
    NO(XCLIENT(c, .login = text), "login of 513 bytes");
    text[SMTPC_LIMIT_HOST + 1] = '\0';
    NO(XCLIENT(c, .name = text), "name of 256 bytes");
    NO(XCLIENT(c, .helo = text), "HELO of 256 bytes");
    text[SMTPC_LIMIT_HOST] = '\0';
    NO(XCLIENT(c, .name = text, .helo = text), "more than a line");
    tap_ok(strstr(smtpc_client_error(c), "line") != NULL, "said: %s",
           smtpc_client_error(c));
    tap_is_str(smtpc_client_xclient(c)->login, "ann", "unchanged");
    tap_ok(smtpc_client_xclient(c)->name == NULL, "in all");
    YES(XCLIENT(c, .name = text), "name of 255 bytes");
    YES(XCLIENT(c, .helo = text), "HELO of 255 bytes");
    tap_subtest_end();
}

/* Every setter, for what all have to do. */

static apr_status_t set_hosts(smtpc_client_t *c)
{
    return smtpc_client_add_host(c, "a.test", 1);
}

static apr_status_t set_order(smtpc_client_t *c)
{
    return smtpc_client_set_host_order(c, SMTPC_HOSTS_ROUND_ROBIN);
}

static apr_status_t set_socket(smtpc_client_t *c)
{
    return smtpc_client_set_unix_socket(c, "/s");
}

static apr_status_t set_local(smtpc_client_t *c)
{
    return smtpc_client_set_local_address(c, "::1");
}

static apr_status_t set_proxy(smtpc_client_t *c)
{
    return smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "a.test", 3128);
}

static apr_status_t set_proxy_host(smtpc_client_t *c)
{
    return smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "b.test", 3128);
}

static apr_status_t set_proxy_port(smtpc_client_t *c)
{
    return smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, "b.test", 3129);
}

static apr_status_t set_login(smtpc_client_t *c)
{
    return smtpc_client_set_proxy_credentials(c, "a", "b");
}

static apr_status_t set_password(smtpc_client_t *c)
{
    return smtpc_client_set_proxy_credentials(c, "a", "c");
}

static apr_status_t set_lmtp(smtpc_client_t *c)
{
    return smtpc_client_set_lmtp(c, 1);
}

static apr_status_t set_xclient(smtpc_client_t *c)
{
    return XCLIENT(c, .login = "a");
}

static apr_status_t set_xclient_port(smtpc_client_t *c)
{
    return XCLIENT(c, .login = "a", .port = 1);
}

static const struct {
    const char *name;
    apr_status_t (*set)(smtpc_client_t *client);
    int key; /* is in the profile of a server */
} setters[] = {
    { "add_host", set_hosts, 0 },
    { "clear_hosts", smtpc_client_clear_hosts, 0 },
    { "set_host_order", set_order, 0 },
    { "set_unix_socket", set_socket, 1 },
    { "set_local_address", set_local, 1 },
    { "set_proxy", set_proxy, 1 },
    { "set_proxy, host", set_proxy_host, 1 },
    { "set_proxy, port", set_proxy_port, 1 },
    { "set_proxy_credentials", set_login, 1 },
    { "set_proxy_credentials, secret", set_password, 1 },
    { "set_lmtp", set_lmtp, 1 },
    { "set_xclient", set_xclient, 1 },
    { "set_xclient, port", set_xclient_port, 1 }
};

#define SETTERS (sizeof(setters) / sizeof(setters[0]))

/* The profile that the settings of c make, until the next call for c. */
static const smtpc_server_t *frozen(smtpc_client_t *c)
{
    const smtpc_server_t *server;

    (void)smtpc__client_scratch(c);
    if (smtpc__client_freeze(&server, c) != APR_SUCCESS) {
        tap_bail("not frozen");
    }
    return server;
}

static const char *key(smtpc_client_t *c, apr_pool_t *pool)
{
    return apr_pstrdup(pool, frozen(c)->key);
}

static void test_keys(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before = key(c, pool);
    apr_size_t i;

    tap_subtest_begin("the profile");
    for (i = 0; i < SETTERS; i++) {
        const char *after;

        YES(setters[i].set(c), setters[i].name);
        after = key(c, pool);
        tap_is_int(strcmp(before, after) != 0, setters[i].key,
                   "is %sanother one", setters[i].key ? "" : "not ");
        before = after;
    }
    tap_ok(frozen(c)->xclient != &c->xclient, "XCLIENT is copied");
    YES(smtpc_client_set_host(c, "a.test"), "the next");
    YES(XCLIENT(c, .login = "b"), "XCLIENT set again");
    tap_ok(strcmp(before, key(c, pool)) != 0, "is in it");
    tap_subtest_end();
}

static void test_states(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before = key(c, pool);
    apr_size_t i;

    tap_subtest_begin("busy and disposed of");
    atomic_store(&c->state, SMTPC_CLIENT_BUSY);
    for (i = 0; i < SETTERS; i++) {
        tap_is_int(setters[i].set(c), SMTPC_EBUSY, "busy: %s",
                   setters[i].name);
    }
    atomic_store(&c->state, SMTPC_CLIENT_IDLE);
    tap_is_str(key(c, pool), before, "nothing changed");
    tap_is_int(smtpc_client_host_count(c), 1, "no host was added");
    YES(smtpc_client_dispose(c), "disposed of");
    for (i = 0; i < SETTERS; i++) {
        tap_is_int(setters[i].set(c), SMTPC_EDISPOSED, "disposed of: %s",
                   setters[i].name);
    }
    tap_subtest_end();
}

/* Set every text, one of two lengths; return the number of failures. */
static int set_all(smtpc_client_t *c, int odd)
{
    int failed = 0;

    failed += smtpc_client_clear_hosts(c) != APR_SUCCESS;
    failed += smtpc_client_add_host(c, odd ? "a.test" : "bb.test", 0)
                  != APR_SUCCESS;
    failed += smtpc_client_set_unix_socket(c, odd ? "/a" : "/bb")
                  != APR_SUCCESS;
    failed += smtpc_client_set_local_address(c, odd ? "::1" : "127.0.0.1")
                  != APR_SUCCESS;
    failed += smtpc_client_set_proxy(c, SMTPC_PROXY_HTTP, odd ? "a" : "bb", 1)
                  != APR_SUCCESS;
    failed += XCLIENT(c, .name = odd ? "a" : "bb", .login = odd ? "a" : "bb",
                      .addr = odd ? "::1" : "127.0.0.1",
                      .helo = odd ? "a" : "bb",
                      .proto = odd ? "SMTP" : "ESMTP",
                      .destaddr = odd ? "::1" : "127.0.0.1")
                  != APR_SUCCESS;
    return failed;
}

static void test_again(apr_pool_t *pool)
{
    smtpc_client_t *c = mail_client_unused(env, pool);
    const char *before;
    int failed = set_all(c, 0);
    int i;

    tap_subtest_begin("memory");
    failed += set_all(c, 1);
    before = apr_palloc(c->pool, 8);
    for (i = 0; i < 100000; i++) {
        failed += set_all(c, i & 1);
    }
    for (i = 0; i < 1000; i++) {
        failed += smtpc_client_set_proxy_credentials(c, i & 1 ? "a" : "b",
                                                     "secret")
                      != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "set again and again");
    /* One more byte of its pool in use would be between the two. */
    tap_is_int((char *)apr_palloc(c->pool, 8) - before, 16,
               "nothing used but for the user's name");
    tap_subtest_end();
}

int main(void)
{
    static const tap_test_fn tests[] = {
        test_hosts,
        test_host_limit,
        test_ends,
        test_proxy,
        test_proxy_credentials,
        test_xclient,
        test_xclient_bad,
        test_keys,
        test_states,
        test_again
    };
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    tap_run(tests, sizeof(tests) / sizeof(tests[0]));
    return tap_done();
}
