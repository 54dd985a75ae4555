/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dane_lookup_test.c: TLSA records from a name server on loopback, validated:
 * signed, unsigned, forged, aliased, of no use, and from nobody.
 */

#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "net/dane_lookup.h"
#include "../support/dns_zone.h"
#include "../tap/tap.h"

static smtpc_env_t *env;

#ifdef SMTPC_WITH_UNBOUND

#define HASH "0000000000000000000000000000000000000000000000000000000000000001"
#define OTHER \
    "0000000000000000000000000000000000000000000000000000000000000002"

static const dns_zone_t zones[] = {
    { "dane.example", DNS_ZONE_SIGNED,
      "mail A 127.0.0.1\n"
      "_25._tcp.mail TLSA 3 1 1 " HASH "\n"
      "two A 127.0.0.1\n"
      "_25._tcp.two TLSA 2 0 1 " HASH "\n"
      "_25._tcp.two TLSA 0 0 1 " OTHER "\n"
      "six AAAA ::1\n"
      "_25._tcp.six TLSA 3 1 1 " HASH "\n"
      "none A 127.0.0.1\n"
      "pkix A 127.0.0.1\n"
      "_25._tcp.pkix TLSA 0 0 1 " HASH "\n"
      "_25._tcp.pkix TLSA 1 1 1 " HASH "\n"
      "short A 127.0.0.1\n"
      "_25._tcp.short TLSA 3 1 1 0102030405\n"
      "odd A 127.0.0.1\n"
      "_25._tcp.odd TLSA 3 1 9 " HASH "\n"
      "_25._tcp.odd TLSA 3 7 1 " HASH "\n"
      "_25._tcp.odd TLSA 3 1 0 " HASH "\n"
      "late A 127.0.0.1\n"
      "alias CNAME mail\n"
      "own CNAME none\n"
      "away CNAME mail.plain.example.\n"
      "astray A 127.0.0.1\n"
      "_25._tcp.astray CNAME _25._tcp.mail.plain.example.\n"
      "_25._tcp.shared TLSA 3 1 1 " OTHER "\n"
      "via A 127.0.0.1\n"
      "_25._tcp.via CNAME _25._tcp.shared\n" },
    { "plain.example", DNS_ZONE_UNSIGNED,
      "mail A 127.0.0.1\n"
      "_25._tcp.mail TLSA 3 1 1 " HASH "\n" },
    { "forged.example", DNS_ZONE_BOGUS,
      "mail A 127.0.0.1\n"
      "_25._tcp.mail TLSA 3 1 1 " HASH "\n" },
    { NULL, DNS_ZONE_SIGNED, NULL }
};

static apr_status_t look_up(smtpc_dane_answer_t *answer, const char **why,
                            const smtpc_dane_query_t *query, apr_pool_t *pool)
{
    smtpc_dane_lookup_t *lookup;
    apr_status_t rv = smtpc__dane_begin(&lookup, why, query, env, pool);

    while (rv == APR_SUCCESS) {
        struct pollfd fd = { -1, POLLIN, 0 };

        rv = smtpc__dane_result(answer, why, lookup, pool);
        if (!APR_STATUS_IS_EAGAIN(rv)) {
            break;
        }
        (void)apr_os_sock_get(&fd.fd, smtpc__dane_socket(lookup));
        if (poll(&fd, 1, 60000) != 1) {
            tap_bail("no answer within a minute");
        }
        rv = APR_SUCCESS;
    }
    return rv;
}

static void test_answers(const dns_server_t *server, apr_pool_t *pool)
{
    static const struct {
        const char *host;
        int port;
        apr_status_t status;
        smtpc_tlsa_found_e found;
        const char *records;
        const char *base;
        const char *what;
    } cases[] = {
        { "mail.dane.example", 25, 0, SMTPC_TLSA_USABLE, "3 1 1 " HASH,
          "mail.dane.example", "a record" },
        { "MAIL.dane.example.", 25, 0, SMTPC_TLSA_USABLE, "3 1 1 " HASH,
          NULL, "case, and a dot at the end" },
        { "mail.dane.example", 465, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "another port" },
        { "two.dane.example", 25, 0, SMTPC_TLSA_USABLE, "2 0 1 " HASH, NULL,
          "one of two is of use" },
        { "six.dane.example", 25, 0, SMTPC_TLSA_USABLE, "3 1 1 " HASH, NULL,
          "IPv6 only" },
        { "none.dane.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL, "none" },
        { "no.dane.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "no such host" },
        { "pkix.dane.example", 25, 0, SMTPC_TLSA_UNUSABLE, NULL, NULL,
          "usages 0 and 1" },
        { "short.dane.example", 25, 0, SMTPC_TLSA_UNUSABLE, NULL, NULL,
          "a digest that is cut" },
        { "odd.dane.example", 25, 0, SMTPC_TLSA_UNUSABLE, NULL, NULL,
          "unknown selector and type, data that is no key" },
        { "alias.dane.example", 25, 0, SMTPC_TLSA_USABLE, "3 1 1 " HASH,
          "mail.dane.example", "an alias: the target's" },
        { "own.dane.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "an alias, none on either side" },
        { "away.dane.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "an alias into a zone that is not signed" },
        { "via.dane.example", 25, 0, SMTPC_TLSA_USABLE, "3 1 1 " OTHER,
          "via.dane.example", "records that are an alias" },
        { "astray.dane.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "records that are an alias into a zone that is not signed" },
        { "mail.plain.example", 25, 0, SMTPC_TLSA_NONE, NULL, NULL,
          "a zone that is not signed" },
        { "mail.forged.example", 25, SMTPC_ETEMP, SMTPC_TLSA_NONE, NULL,
          NULL, "forged" },
        { "mail.elsewhere.example", 25, SMTPC_ETEMP, SMTPC_TLSA_NONE, NULL,
          NULL, "refused: SERVFAIL" },
    };
    apr_size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        smtpc_dane_query_t query = { cases[i].host, cases[i].port,
                                     dns_server_anchor(server),
                                     dns_server_address(server) };
        smtpc_dane_answer_t answer = { 0 };
        const char *why = "";
        apr_status_t rv = look_up(&answer, &why, &query, pool);

        tap_subtest_begin("%s", cases[i].what);
        tap_is_int(rv, cases[i].status, "%s %s", cases[i].host, why);
        if (rv == APR_SUCCESS) {
            tap_is_int(answer.found, cases[i].found, "found");
            tap_is_str(answer.records, cases[i].records, "records");
            if (cases[i].base) {
                tap_is_str(answer.base, cases[i].base, "whose");
            }
        }
        else {
            tap_ok(strstr(why, cases[i].host) != NULL, "%s", why);
        }
        tap_subtest_end();
    }
}

/* A process that was forked asks with a context of its own. */
static void test_fork(dns_server_t *server, apr_pool_t *pool)
{
    smtpc_dane_query_t query = { "mail.dane.example", 25,
                                 dns_server_anchor(server),
                                 dns_server_address(server) };
    smtpc_dane_answer_t answer;
    const char *why = "";
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        _exit(look_up(&answer, &why, &query, pool) == APR_SUCCESS
                      && answer.found == SMTPC_TLSA_USABLE ? 0 : 1);
    }
    (void)waitpid(child, &status, 0);
    tap_is_int(status, 0, "after a fork");
}

static void test_trouble(dns_server_t *server, apr_pool_t *pool)
{
    smtpc_dane_query_t query = { "mail.dane.example", 25, "/no/such",
                                 dns_server_address(server) };
    smtpc_dane_answer_t answer;
    smtpc_dane_lookup_t *lookup;
    const char *why = "";
    apr_pool_t *sub;
    apr_status_t rv;

    tap_subtest_begin("trouble");
    rv = look_up(&answer, &why, &query, pool);
    tap_is_int(rv, SMTPC_ETLS, "no file of keys: %s", why);
    tap_is_int(smtpc__dane_check(&why, "/no/such", pool), SMTPC_ETLS,
               "told before, too: %s", why);
    query.anchor = "/etc/passwd";
    rv = look_up(&answer, &why, &query, pool);
    tap_is_int(rv, SMTPC_ETEMP, "a file that holds none: %s", why);
    query.anchor = dns_server_anchor(server);
    tap_is_int(smtpc__dane_check(&why, query.anchor, pool), APR_SUCCESS,
               "a file of keys");
    apr_pool_create(&sub, pool);
    tap_is_int(smtpc__dane_begin(&lookup, &why, &query, env, sub),
               APR_SUCCESS, "begun");
    apr_pool_destroy(sub);
    tap_pass("and given up");
    dns_server_stop(server);
    query.host = "late.dane.example";
    rv = look_up(&answer, &why, &query, pool);
    tap_is_int(rv, SMTPC_ETEMP, "nobody answers: %s", why);
    tap_subtest_end();
}

static void run_tests(apr_pool_t *pool)
{
    dns_server_t *server = dns_server_start(zones, pool);

    tap_is_int(smtpc__dane_is_built(), 1, "built with libunbound");
    test_answers(server, pool);
    test_fork(server, pool);
    test_trouble(server, pool);
}

#else

static void run_tests(apr_pool_t *pool)
{
    smtpc_dane_query_t query = { "mail.dane.example", 25, NULL, NULL };
    smtpc_dane_lookup_t *lookup;
    const char *why = "";

    tap_is_int(smtpc__dane_is_built(), 0, "built without libunbound");
    tap_is_int(smtpc__dane_begin(&lookup, &why, &query, env, pool),
               SMTPC_ETLS, "no look-up");
    tap_ok(strstr(why, "without libunbound") != NULL, "%s", why);
    tap_is_int(smtpc__dane_check(&why, NULL, pool), SMTPC_ETLS, "%s", why);
}

#endif

int main(void)
{
    apr_pool_t *pool = tap_pool();

    if (smtpc_env_create(&env, pool) != APR_SUCCESS) {
        tap_bail("no env");
    }
    run_tests(pool);
    return tap_done();
}
