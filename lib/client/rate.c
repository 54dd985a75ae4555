/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate.c: token buckets as one time each.
 *
 * A bucket holds `messages` tokens and gets one back every period/messages.
 * Instead of counting tokens, the time is kept at which it will be full again:
 * a message may be taken while that is less than a period away less one share
 * (the generic cell rate algorithm, ITU-T I.371). There is no timer, and
 * nothing drifts.
 */

#include "client/rate.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/limits.h"

/** Names of this size and less are kept; a domain has no more. */
#define NAME_SIZE (SMTPC_LIMIT_DOMAIN + 1)

/* The rate of one name. */
typedef struct named_t {
    smtpc_rate_t rate;
    apr_uint64_t asked; /* the last call that asked for it */
    char name[NAME_SIZE];
    struct named_t *next; /* while free */
} named_t;

struct smtpc_rates_t {
    apr_pool_t *pool;
    apr_hash_t *table;
    named_t *free;
    apr_size_t count;
    apr_uint64_t calls;
};

static apr_interval_time_t share(int messages, apr_interval_time_t period)
{
    return period / messages;
}

apr_interval_time_t smtpc__rate_wait(const smtpc_rate_t *rate, int messages,
                                     apr_interval_time_t period,
                                     apr_time_t now)
{
    apr_time_t earliest;

    if (period == 0) {
        return 0;
    }
    earliest = rate->full - (period - share(messages, period));
    return earliest > now ? earliest - now : 0;
}

void smtpc__rate_take(smtpc_rate_t *rate, int messages,
                      apr_interval_time_t period, apr_time_t now)
{
    if (period == 0) {
        return;
    }
    if (rate->full < now) {
        rate->full = now;
    }
    rate->full += share(messages, period);
}

void smtpc__rates_create(smtpc_rates_t **rates, apr_pool_t *pool)
{
    *rates = apr_pcalloc(pool, sizeof(**rates));
    (*rates)->pool = pool;
    (*rates)->table = apr_hash_make(pool);
}

/* Forget the names whose rates are full, but for those of this call. */
static void forget_full(smtpc_rates_t *rates, apr_time_t now)
{
    apr_hash_index_t *index;

    for (index = apr_hash_first(NULL, rates->table); index;
         index = apr_hash_next(index)) {
        named_t *named = apr_hash_this_val(index);

        if (named->rate.full <= now && named->asked != rates->calls) {
            apr_hash_set(rates->table, named->name, APR_HASH_KEY_STRING,
                         NULL);
            named->next = rates->free;
            rates->free = named;
            rates->count--;
        }
    }
}

/* Return the rate of name, made if there is none yet; NULL if there are too
 * many that are not full. */
static named_t *find(smtpc_rates_t *rates, const char *name, apr_time_t now)
{
    named_t *named = apr_hash_get(rates->table, name, APR_HASH_KEY_STRING);

    if (named) {
        named->asked = rates->calls;
        return named;
    }
    if (strlen(name) >= NAME_SIZE) {
        return NULL;
    }
    if (rates->count >= SMTPC_LIMIT_RATE_DOMAINS) {
        forget_full(rates, now);
        if (rates->count >= SMTPC_LIMIT_RATE_DOMAINS) {
            return NULL;
        }
    }
    named = rates->free;
    if (named) {
        rates->free = named->next;
    }
    else {
        named = apr_palloc(rates->pool, sizeof(*named));
    }
    named->rate.full = 0;
    named->asked = rates->calls;
    apr_cpystrn(named->name, name, sizeof(named->name));
    apr_hash_set(rates->table, named->name, APR_HASH_KEY_STRING, named);
    rates->count++;
    return named;
}

apr_interval_time_t smtpc__rates_take(smtpc_rates_t *rates,
                                      const char *const *names,
                                      apr_size_t count, int messages,
                                      apr_interval_time_t period,
                                      apr_time_t now)
{
    apr_interval_time_t longest = 0;
    apr_size_t i;

    rates->calls++;
    for (i = 0; i < count; i++) {
        named_t *named = find(rates, names[i], now);
        /* More domains than are remembered: hold back rather than send too
         * fast. */
        apr_interval_time_t wait = named
            ? smtpc__rate_wait(&named->rate, messages, period, now)
            : share(messages, period);

        longest = wait > longest ? wait : longest;
    }
    for (i = 0; i < count && longest == 0; i++) {
        smtpc__rate_take(&find(rates, names[i], now)->rate, messages, period,
                         now);
    }
    return longest;
}
