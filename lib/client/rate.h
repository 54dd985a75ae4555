/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMTPC_CLIENT_RATE_H
#define SMTPC_CLIENT_RATE_H

/**
 * @file rate.h
 * Token buckets: so many messages in a period, at once or spread. What is
 * taken is taken before the message is sent. One thread at a time.
 */

#include <apr_pools.h>
#include <apr_time.h>

/** The bucket of one rate; zero it to begin: full. */
typedef struct smtpc_rate_t {
    /** When it was or will be full, had nothing more been taken: each message
     *  moves it by its share of the period. */
    apr_time_t full;
} smtpc_rate_t;

/** Return how long until one message may be taken at @a now from @a rate, of
 *  @a messages in @a period (0: no limit); 0: now. */
apr_interval_time_t smtpc__rate_wait(const smtpc_rate_t *rate, int messages,
                                     apr_interval_time_t period,
                                     apr_time_t now);

/** Take one message from @a rate. */
void smtpc__rate_take(smtpc_rate_t *rate, int messages,
                      apr_interval_time_t period, apr_time_t now);

/** A rate for each of many names: the least used are forgotten when they are
 *  full again, so that SMTPC_LIMIT_RATE_DOMAINS is never too small for long. */
typedef struct smtpc_rates_t smtpc_rates_t;

/** Create @a *rates in @a pool. */
void smtpc__rates_create(smtpc_rates_t **rates, apr_pool_t *pool);

/** Take one message for each of the @a count @a names and return 0; or return
 *  how long to wait for the last of them, with nothing taken. */
apr_interval_time_t smtpc__rates_take(smtpc_rates_t *rates,
                                      const char *const *names,
                                      apr_size_t count, int messages,
                                      apr_interval_time_t period,
                                      apr_time_t now);

#endif
