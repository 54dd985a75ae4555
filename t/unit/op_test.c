/* SPDX-License-Identifier: Apache-2.0 */
/*
 * op_test.c: rates that hold messages back, and replies that come one by one.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "../support/batch.h"
#include "../tap/tap.h"

/* Whether the kernel is not told that an acknowledgement is urgent. */
static atomic_int no_quickack;
static atomic_int quickacks;

/* In the place of libc's. */
int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    if (level == IPPROTO_TCP && name == TCP_QUICKACK) {
        atomic_fetch_add(&quickacks, 1);
        if (atomic_load(&no_quickack)) {
            return 0;
        }
    }
    return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* Rates. */

/* Message i to one recipient in domain. */
static smtpc_message_t *message_to(int i, const char *domain,
                                   apr_pool_t *pool)
{
    smtpc_message_t *message = sink_message(i, 0, 1, 10, pool);

    batch_must(smtpc_message_add_to(message, apr_psprintf(
                   pool, "m%d-0@%s", i, domain)), "recipient");
    return message;
}

static int by_time(const void *a, const void *b)
{
    const apr_time_t *first = a;
    const apr_time_t *second = b;

    return *first < *second ? -1 : *first > *second;
}

static void test_rate(int connections, apr_pool_t *pool)
{
    apr_time_t began[10];
    apr_interval_time_t share = apr_time_from_msec(40);
    smtpc_counters_t counters;
    smtpc_client_t *other;
    smtpc_result_t *result;
    apr_time_t start;
    batch_t batch;
    int early = 0;
    int i;

    tap_subtest_begin("a rate for %d connections", connections);
    batch_make(&batch, pool);
    batch.sink->extensions = "PIPELINING";
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, connections),
               "connections");
    batch_must(smtpc_client_set_pipeline_depth(batch.client, 1), "depth");
    batch_must(smtpc_client_set_rate_limit(batch.client, 3, 3 * share),
               "rate");
    start = smtpc__monotonic();
    tap_is_int(batch_send(&batch, 10, 1, 1), APR_SUCCESS, "ten, three at once");
    memcpy(began, batch.sink->began, sizeof(began));
    qsort(began, 10, sizeof(began[0]), by_time);
    for (i = 0; i < 10; i++) {
        early += began[i] - start < (i - 2) * share;
    }
    tap_is_int(early, 0, "none before its time");
    tap_ok(smtpc__monotonic() - start < 7 * share + apr_time_from_sec(2),
           "nor much later");
    counters = batch_counters(&batch);
    tap_is_int(counters.rate_waits, 7, "seven were held back");
    other = mail_client(batch.peer, batch.env, batch.pool);
    batch_must(smtpc_client_set_max_connections(other, connections),
               "connections");
    batch_must(smtpc_client_set_pipeline_depth(other, 1), "depth");
    batch_must(smtpc_client_set_rate_limit(other, 3, 3 * share), "rate");
    batch_must(smtpc_client_set_timeout(other, apr_time_from_sec(20)),
               "timeout");
    batch.messages[10] = message_to(10, "a.example", batch.pool);
    batch.count = 11;
    tap_is_int(smtpc_client_send(&result, other, batch.messages[10],
                                 batch.pool), APR_SUCCESS,
               "another client of the same profile");
    batch.results[10] = result;
    tap_ok(batch.sink->began[10] - start >= 8 * share, "shares the rate");
    batch_must(smtpc_client_dispose(other), "dispose");
    batch_end(&batch);
    tap_subtest_end();
}

static void test_too_slow(apr_pool_t *pool)
{
    smtpc_result_t *result;
    apr_time_t start;
    batch_t batch;

    tap_subtest_begin("a rate that is too slow for the timeout");
    batch_make(&batch, pool);
    batch_start(&batch);
    batch_must(smtpc_client_set_rate_limit(batch.client, 1,
                                           apr_time_from_sec(3600)), "rate");
    batch_must(smtpc_client_set_timeout(batch.client,
                                        apr_time_from_msec(100)), "timeout");
    tap_is_int(batch_send(&batch, 1, 1, 1), APR_SUCCESS, "one");
    batch.messages[1] = sink_message(1, 1, 1, 10, batch.pool);
    start = smtpc__monotonic();
    tap_is_int(smtpc_client_send(&result, batch.client, batch.messages[1],
                                 batch.pool), SMTPC_ETIMEOUT, "not the next");
    tap_ok(smtpc__monotonic() - start < apr_time_from_sec(1), "in time: %s",
           mail_error(result));
    tap_is_int(smtpc_result_recipient(result, 0)->state, SMTPC_RCPT_UNSENT,
               "unsent");
    tap_is_int(batch.sink->mails, 1, "and not begun");
    batch_end(&batch);
    tap_subtest_end();
}

static void test_domain_rate(apr_pool_t *pool)
{
    static const char *const domains[] = { "a.example", "a.example",
                                           "A.Example", "b.example",
                                           "b.example", "c.example" };
    apr_interval_time_t share = apr_time_from_msec(60);
    const apr_time_t *began;
    apr_time_t start;
    batch_t batch;
    int i;

    tap_subtest_begin("a rate for each domain");
    batch_make(&batch, pool);
    batch.sink->extensions = "PIPELINING";
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
    batch_must(smtpc_client_set_domain_rate_limit(batch.client, 1, share),
               "rate");
    batch.count = 6;
    for (i = 0; i < 6; i++) {
        batch.messages[i] = message_to(i, domains[i], batch.pool);
    }
    start = smtpc__monotonic();
    tap_is_int(batch_send_made(&batch), APR_SUCCESS, "all sent");
    began = batch.sink->began;
    tap_ok(began[1] - start >= share, "the second to a domain waits");
    tap_ok(began[2] - start >= 2 * share, "and the third, however written");
    tap_ok(began[4] - start >= share, "the second to another");
    tap_ok(began[3] < began[1] && began[5] < began[1],
           "those to others do not");
    batch_end(&batch);
    tap_subtest_end();
}

/* More are held back than are looked at ahead. */
static void test_many_held(apr_pool_t *pool)
{
    batch_t batch;
    int i;

    tap_subtest_begin("many are held back");
    batch_make(&batch, pool);
    batch.sink->extensions = "PIPELINING";
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 3), "three");
    batch_must(smtpc_client_set_domain_rate_limit(
                   batch.client, 1, apr_time_from_msec(2)), "rate");
    batch.count = 120;
    for (i = 0; i < 120; i++) {
        batch.messages[i] = message_to(i, i < 100 ? "a.example"
                                                  : "b.example", batch.pool);
    }
    tap_is_int(batch_send_made(&batch), APR_SUCCESS, "all sent in the end");
    tap_is_int(batch.sink->taken, 120, "each once");
    batch_end(&batch);
    tap_subtest_end();
}

/* Replies one by one. */

static apr_interval_time_t measure(apr_pool_t *pool)
{
    apr_time_t start;
    apr_time_t took;
    batch_t batch;

    batch_make(&batch, pool);
    batch.sink->extensions = "PIPELINING";
    batch.sink->singly = 1;
    batch_start(&batch);
    batch_must(smtpc_client_set_max_connections(batch.client, 1), "one");
    start = smtpc__monotonic();
    tap_is_int(batch_send(&batch, 50, 2, 1), APR_SUCCESS, "50 mails");
    took = smtpc__monotonic() - start;
    batch_end(&batch);
    return took;
}

static void test_segments(apr_pool_t *pool)
{
    apr_interval_time_t took;
    apr_interval_time_t without;

    tap_subtest_begin("a reply in each segment");
    took = measure(pool);
    tap_ok(took < apr_time_from_msec(50 * 40 / 4), "no stalls: %d ms",
           (int)apr_time_as_msec(took));
    tap_ok(atomic_load(&quickacks) > 0, "the kernel was asked for it");
    atomic_store(&no_quickack, 1);
    without = measure(pool);
    atomic_store(&no_quickack, 0);
    tap_ok(without > took + apr_time_from_msec(40),
           "it stalls if the kernel is not asked: %d ms",
           (int)apr_time_as_msec(without));
    tap_subtest_end();
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_rate(1, pool);
    test_rate(3, pool);
    test_too_slow(pool);
    test_domain_rate(pool);
    test_many_held(pool);
    test_segments(pool);
    return tap_done();
}
