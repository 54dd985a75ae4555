/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate_test.c: token buckets, with a clock of the test.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "client/rate.h"
#include "../tap/tap.h"

/** When it all begins. */
#define START apr_time_from_sec(1000000)
#define SECOND apr_time_from_sec(1)

static smtpc_rates_t *make_rates(apr_pool_t *pool)
{
    smtpc_rates_t *rates;

    smtpc__rates_create(&rates, pool);
    return rates;
}

static apr_interval_time_t take(smtpc_rates_t *rates, const char *name,
                                int messages, apr_time_t now)
{
    return smtpc__rates_take(rates, &name, 1, messages, SECOND, now);
}

/* Take as many as go at now. */
static int take_all(smtpc_rate_t *rate, int messages,
                    apr_interval_time_t period, apr_time_t now)
{
    int count = 0;

    while (count <= messages
           && smtpc__rate_wait(rate, messages, period, now) == 0) {
        smtpc__rate_take(rate, messages, period, now);
        count++;
    }
    return count;
}

static void test_one(void)
{
    static const struct {
        int messages;
        apr_interval_time_t period;
    } cases[] = { { 1, SECOND }, { 10, SECOND }, { 3, SECOND },
                  { 7, apr_time_from_sec(3600) }, { 1000, SECOND } };
    smtpc_rate_t none = { 0 };
    apr_size_t i;

    tap_subtest_begin("one bucket");
    tap_is_int(smtpc__rate_wait(&none, 0, 0, START), 0, "no limit");
    smtpc__rate_take(&none, 0, 0, START);
    tap_is_int(none.full, 0, "nothing taken of no limit");
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int messages = cases[i].messages;
        apr_interval_time_t period = cases[i].period;
        apr_interval_time_t share = period / messages;
        apr_interval_time_t wait;
        smtpc_rate_t rate = { 0 };

        tap_is_int(take_all(&rate, messages, period, START), messages,
                   "%d at once, and no more", messages);
        wait = smtpc__rate_wait(&rate, messages, period, START);
        /* Shares are rounded to microseconds. */
        tap_ok(wait <= share && wait > share - messages,
               "the next after a share");
        tap_is_int(smtpc__rate_wait(&rate, messages, period,
                                    START + wait - 1), 1, "not before");
        tap_is_int(take_all(&rate, messages, period, START + share), 1,
                   "one after a share");
        tap_is_int(take_all(&rate, messages, period, START + 3 * period),
                   messages, "it is never more than full");
    }
    tap_subtest_end();
}

/* In no window of a period more than twice what the bucket holds, and over a
 * long time what the rate says. */
static void test_long(void)
{
    smtpc_rate_t rate = { 0 };
    apr_time_t now;
    int count = 0;

    tap_subtest_begin("over a long time");
    for (now = START; now < START + 100 * SECOND; now += 7919) {
        count += take_all(&rate, 10, SECOND, now);
    }
    tap_ok(count >= 1005 && count <= 1010, "10 per second for 100 s: %d",
           count);
    tap_subtest_end();
}

static void test_names(apr_pool_t *pool)
{
    smtpc_rates_t *rates = make_rates(pool);
    const char *both[] = { "a.test", "b.test" };
    const char *longest = apr_pstrcat(
        pool, apr_psprintf(pool, "%0*d", SMTPC_LIMIT_DOMAIN - 5, 0), ".test",
        NULL);

    tap_subtest_begin("a bucket for each name");
    tap_is_int(take(rates, "a.test", 2, START), 0, "one");
    tap_is_int(take(rates, "a.test", 2, START), 0, "two");
    tap_is_int(take(rates, "a.test", 2, START), SECOND / 2, "no third");
    tap_is_int(smtpc__rates_take(rates, both, 2, 2, SECOND, START),
               SECOND / 2, "both: waits for the one");
    tap_is_int(take(rates, "b.test", 2, START), 0, "nothing was taken");
    tap_is_int(take(rates, "b.test", 2, START), 0, "of the other");
    tap_is_int(take(rates, "b.test", 2, START), SECOND / 2, "but now");
    tap_is_int(smtpc__rates_take(rates, both, 2, 2, SECOND,
                                 START + SECOND / 2), 0, "both, later");
    tap_is_int(take(rates, "a.test", 2, START + SECOND / 2), SECOND / 2,
               "taken of the one");
    tap_is_int(take(rates, "b.test", 2, START + SECOND / 2), SECOND / 2,
               "and of the other");
    tap_is_int(smtpc__rates_take(rates, NULL, 0, 2, SECOND, START), 0,
               "no name, no wait");
    tap_is_int(take(rates, longest, 1, START), 0, "the longest domain");
    tap_is_int(take(rates, longest, 1, START), SECOND, "is known");
    tap_subtest_end();
}

static const char *name_of(apr_pool_t *pool, int i)
{
    return apr_psprintf(pool, "d%d.test", i);
}

static void test_limit(apr_pool_t *pool)
{
    smtpc_rates_t *rates = make_rates(pool);
    const char *two[] = { "new1.test", "new2.test" };
    int i;

    tap_subtest_begin("how many names are remembered");
    for (i = 0; i < SMTPC_LIMIT_RATE_DOMAINS - 1; i++) {
        if (take(rates, name_of(pool, i), 1, START) != 0) {
            break;
        }
    }
    tap_is_int(i, SMTPC_LIMIT_RATE_DOMAINS - 1, "all but one");
    tap_is_int(smtpc__rates_take(rates, two, 2, 1, SECOND, START), SECOND,
               "no room for two: held back");
    tap_is_int(take(rates, two[0], 1, START), 0, "room for one at the limit");
    tap_is_int(take(rates, two[1], 1, START), SECOND, "one beyond: held back");
    tap_is_int(take(rates, name_of(pool, 7), 1, START), SECOND,
               "those that are known still are");
    tap_is_int(take(rates, name_of(pool, 7), 1, START + SECOND), 0,
               "and go when it is time");
    tap_is_int(smtpc__rates_take(rates, two, 2, 1, SECOND, START + SECOND), 0,
               "what is full again makes room");
    tap_is_int(take(rates, name_of(pool, 7), 1, START + SECOND), SECOND,
               "what is not full is not forgotten");
    tap_is_int(take(rates, two[1], 1, START + SECOND), SECOND, "new: taken");
    tap_subtest_end();
}

/* One message to as many domains as there are, again and again: what is
 * forgotten is used again. */
static void test_memory(apr_pool_t *pool)
{
    smtpc_rates_t *rates = make_rates(pool);
    const char **names = apr_palloc(pool, SMTPC_LIMIT_RATE_DOMAINS
                                              * sizeof(*names));
    int round;
    int i;
    int bad = 0;

    for (round = 0; round < 4; round++) {
        apr_time_t now = START + round * SECOND;

        for (i = 0; i < SMTPC_LIMIT_RATE_DOMAINS; i++) {
            names[i] = name_of(pool, round * SMTPC_LIMIT_RATE_DOMAINS + i);
        }
        bad += smtpc__rates_take(rates, names, SMTPC_LIMIT_RATE_DOMAINS, 1,
                                 SECOND, now) != 0;
        bad += smtpc__rates_take(rates, names, SMTPC_LIMIT_RATE_DOMAINS, 1,
                                 SECOND, now) != SECOND;
    }
    tap_is_int(bad, 0, "a message to so many, every second to others");
}

int main(void)
{
    apr_pool_t *pool = tap_pool();

    test_one();
    test_long();
    test_names(pool);
    test_limit(pool);
    test_memory(pool);
    return tap_done();
}
