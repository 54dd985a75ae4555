/* SPDX-License-Identifier: Apache-2.0 */
/*
 * race.c: happy eyeballs, RFC 8305 4 and 5.
 *
 * One watch is the clock: it begins the next attempt, and ends them all at
 * the deadline. Each attempt has a watch and a pool of its own; the pool of
 * the winner is kept, the others end with it.
 *
 * Guarantees: done is called once, or never after smtpc__race_stop(); what
 * does not win is closed before done is called. Not done here: RFC 8305 3,
 * because the system's resolver gives both families at once, and remembering
 * who won.
 */

#include "net/race.h"

#include <string.h>

#include <apr_strings.h>

#include "base/env_int.h"
#include "base/limits.h"

/** The next attempt begins after this time. RFC 8305 5 */
#define ATTEMPT_DELAY apr_time_from_msec(250)
/** With little time left earlier, but not before. RFC 8305 5 */
#define ATTEMPT_DELAY_MIN apr_time_from_msec(10)

/* One address that is tried. */
typedef struct attempt_t {
    smtpc_race_t *race;
    apr_pool_t *pool;
    smtpc_watch_t *watch;
    smtpc_tcp_t *tcp;
    apr_time_t began;
    int index; /* in the row of the race */
} attempt_t;

struct smtpc_race_t {
    apr_pool_t *pool;
    smtpc_loop_t *loop;
    smtpc_env_t *env;
    smtpc_race_opts_t opts; /* done is NULL once it was called */
    smtpc_watch_t *clock;
    apr_status_t status;
    const apr_sockaddr_t *addresses[SMTPC_LIMIT_HOST_ADDRESSES];
    attempt_t *attempts[SMTPC_LIMIT_HOST_ADDRESSES]; /* NULL: not running */
    int count;
    int next;           /* address that is tried next */
    int running;
    int refused;        /* attempts that failed before their time was over */
    const char *tried;  /* sentences on those that failed */
    smtpc_tcp_t *tcp;   /* the winner */
    apr_pool_t *tcp_pool;
};

static void try_more(smtpc_race_t *race);

const char *smtpc__race_waited(apr_time_t began, apr_pool_t *pool)
{
    apr_interval_time_t span = smtpc__monotonic() - began;

    if (span < apr_time_from_sec(2)) {
        return apr_psprintf(pool, "%" APR_TIME_T_FMT " ms",
                            (apr_time_as_msec(span) + 5) / 10 * 10);
    }
    return apr_psprintf(pool, "%" APR_TIME_T_FMT " s",
                        (span + APR_USEC_PER_SEC / 2) / APR_USEC_PER_SEC);
}

/* The end. */

static void end_attempt(attempt_t *attempt)
{
    smtpc_race_t *race = attempt->race;

    race->attempts[attempt->index] = NULL;
    race->running--;
    apr_pool_destroy(attempt->pool);
}

/* Stop all that is under way but the winner. */
static void halt(smtpc_race_t *race)
{
    int i;

    smtpc__watch_end(race->clock);
    for (i = 0; i < race->count; i++) {
        if (race->attempts[i]) {
            end_attempt(race->attempts[i]);
        }
    }
}

/* The last act of whoever calls it. */
static void finish(smtpc_race_t *race, apr_status_t status)
{
    smtpc_race_fn_t done = race->opts.done;

    halt(race);
    race->status = status;
    race->opts.done = NULL;
    if (done) {
        done(race->opts.baton, race);
    }
}

static void win(smtpc_race_t *race, smtpc_tcp_t *tcp, apr_pool_t *pool)
{
    race->tcp = tcp;
    race->tcp_pool = pool;
    finish(race, APR_SUCCESS);
}

static void note_failure(smtpc_race_t *race, const char *why)
{
    race->tried = race->tried[0] != '\0'
                      ? apr_pstrcat(race->pool, race->tried, "; ", why, NULL)
                      : apr_pstrdup(race->pool, why);
    smtpc__env_log(race->env, SMTPC_LOG_DEBUG, "%s", why);
}

static void note_timeout(attempt_t *attempt)
{
    smtpc_race_t *race = attempt->race;

    note_failure(race, apr_psprintf(race->pool, "cannot connect to %s: no "
                                    "answer within %s",
                                    smtpc__tcp_peer(attempt->tcp),
                                    smtpc__race_waited(attempt->began,
                                                       race->pool)));
}

/* Somebody said no, and why. */
static void note_refusal(smtpc_race_t *race, const smtpc_tcp_t *tcp)
{
    smtpc_tcp_t *asked = (smtpc_tcp_t *)tcp;

    race->refused++;
    note_failure(race, smtpc__transport_error(smtpc__tcp_transport(asked)));
}

/* Attempts. */

/* smtpc_loop_fn_t of an attempt */
static void on_attempt(void *baton, smtpc_loop_event_e event)
{
    attempt_t *attempt = baton;
    smtpc_race_t *race = attempt->race;
    apr_status_t rv = smtpc__tcp_connected(attempt->tcp);

    if (rv == APR_SUCCESS) {
        smtpc__watch_end(attempt->watch);
        race->attempts[attempt->index] = NULL;
        race->running--;
        win(race, attempt->tcp, attempt->pool);
        return;
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        note_refusal(race, attempt->tcp);
    }
    else if (event == SMTPC_LOOP_TIMEOUT) {
        note_timeout(attempt);
    }
    else {
        return;
    }
    end_attempt(attempt);
    try_more(race);
}

/* Let the loop tell when the attempt has an answer. */
static apr_status_t watch_attempt(attempt_t *attempt)
{
    smtpc_race_t *race = attempt->race;
    apr_time_t until = attempt->began + SMTPC_TIMEOUT_CONNECT;
    apr_status_t rv;

    rv = smtpc__watch_create(&attempt->watch, race->loop, on_attempt, attempt,
                             attempt->pool);
    if (rv == APR_SUCCESS) {
        rv = smtpc__watch_socket(
            attempt->watch,
            smtpc__transport_socket(smtpc__tcp_transport(attempt->tcp)),
            APR_POLLOUT);
    }
    /* The end of all is a matter of the clock. */
    if (rv == APR_SUCCESS && until < race->opts.deadline) {
        smtpc__watch_deadline(attempt->watch, until);
    }
    return rv;
}

/* The connection has to be waited for. */
static apr_status_t enter(attempt_t *attempt)
{
    smtpc_race_t *race = attempt->race;
    apr_status_t rv = watch_attempt(attempt);

    if (rv == APR_SUCCESS) {
        race->attempts[attempt->index] = attempt;
        race->running++;
        return APR_EAGAIN;
    }
    if (rv != SMTPC_ELIMIT || race->running == 0) {
        race->refused++;
        note_failure(race, "the event loop takes no more sockets");
    }
    return rv;
}

/* Begin with an address: APR_EAGAIN if it has to be waited for, SMTPC_ELIMIT
 * if there is no room to wait; APR_SUCCESS: the race is over. */
static apr_status_t start(smtpc_race_t *race, int index)
{
    attempt_t *attempt;
    apr_pool_t *pool;
    apr_status_t rv;

    rv = apr_pool_create(&pool, race->pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    attempt = apr_pcalloc(pool, sizeof(*attempt));
    attempt->race = race;
    attempt->pool = pool;
    attempt->index = index;
    attempt->began = smtpc__monotonic();
    rv = smtpc__tcp_connect(&attempt->tcp, race->addresses[index],
                            race->opts.local, pool);
    if (rv == APR_SUCCESS) {
        win(race, attempt->tcp, pool);
        return rv;
    }
    if (APR_STATUS_IS_EAGAIN(rv)) {
        rv = enter(attempt);
    }
    else {
        note_refusal(race, attempt->tcp);
    }
    if (!APR_STATUS_IS_EAGAIN(rv)) {
        apr_pool_destroy(pool);
    }
    return rv;
}

/* The race. */

/* When the next attempt begins, or all is over. */
static apr_time_t next_tick(const smtpc_race_t *race)
{
    int left = race->count - race->next;
    apr_time_t now = smtpc__monotonic();
    apr_time_t deadline = race->opts.deadline;
    apr_interval_time_t delay = (deadline - now) / (left + 1);

    if (left == 0) {
        return deadline;
    }
    if (delay > ATTEMPT_DELAY) {
        delay = ATTEMPT_DELAY;
    }
    else if (delay < ATTEMPT_DELAY_MIN) {
        delay = ATTEMPT_DELAY_MIN;
    }
    return now + delay < deadline ? now + delay : deadline;
}

/* Begin with the next address that does not fail at once. */
static void try_more(smtpc_race_t *race)
{
    while (race->next < race->count) {
        apr_status_t rv = start(race, race->next);

        if (rv == APR_SUCCESS) {
            return;
        }
        if (rv == SMTPC_ELIMIT && race->running > 0) {
            /* Another has to end first. */
            break;
        }
        race->next++;
        if (APR_STATUS_IS_EAGAIN(rv)) {
            break;
        }
    }
    if (race->running == 0) {
        finish(race, race->refused == 0 && race->count > 0 ? SMTPC_ETIMEOUT
                                                           : SMTPC_ECONNECT);
        return;
    }
    smtpc__watch_deadline(race->clock, next_tick(race));
}

/* smtpc_loop_fn_t of the clock */
static void on_tick(void *baton, smtpc_loop_event_e event)
{
    smtpc_race_t *race = baton;
    int i;

    (void)event;
    if (smtpc__monotonic() < race->opts.deadline) {
        try_more(race);
        return;
    }
    for (i = 0; i < race->count; i++) {
        if (race->attempts[i]) {
            note_timeout(race->attempts[i]);
        }
    }
    finish(race, SMTPC_ETIMEOUT);
}

/* Return the next address from *at on that is (or is not) of the family, or
 * NULL. */
static const apr_sockaddr_t *next_of(const apr_array_header_t *found, int *at,
                                     int family, int is)
{
    while (*at < found->nelts) {
        const apr_sockaddr_t *address =
            APR_ARRAY_IDX(found, (*at)++, const apr_sockaddr_t *);

        if ((address->family == family) == is) {
            return address;
        }
    }
    return NULL;
}

static void take_addresses(smtpc_race_t *race)
{
    const apr_array_header_t *found = race->opts.addresses;
    const char *local = race->opts.local;
    int at[2] = { 0, 0 };
    int turn = 1;
    int missed = 0;
    int family = APR_INET;

    if (local) {
        family = strchr(local, ':') ? APR_INET6 : APR_INET;
    }
    else if (found->nelts > 0) {
        family = APR_ARRAY_IDX(found, 0, const apr_sockaddr_t *)->family;
    }
    while (missed < 2 && race->count < SMTPC_LIMIT_HOST_ADDRESSES) {
        const apr_sockaddr_t *address = next_of(found, &at[turn], family,
                                                turn);

        if (address) {
            race->addresses[race->count++] = address;
        }
        missed = address ? 0 : missed + 1;
        turn = local ? 1 : !turn;
    }
}

apr_status_t smtpc__race_begin(smtpc_race_t **race, smtpc_loop_t *loop,
                               const smtpc_race_opts_t *opts,
                               smtpc_env_t *env, apr_pool_t *pool)
{
    smtpc_race_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    made->pool = pool;
    made->loop = loop;
    made->env = env;
    made->opts = *opts;
    made->status = APR_EAGAIN;
    made->tried = "";
    rv = smtpc__watch_create(&made->clock, loop, on_tick, made, pool);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    *race = made;
    take_addresses(made);
    if (made->count == 0) {
        note_failure(made, opts->local
                               ? apr_psprintf(pool, "no address of its can be "
                                              "reached from the local address "
                                              "%s", opts->local)
                               : "no address to connect to");
    }
    try_more(made);
    return APR_SUCCESS;
}

apr_status_t smtpc__race_status(const smtpc_race_t *race)
{
    return race->status;
}

const char *smtpc__race_error(const smtpc_race_t *race)
{
    return race->tried;
}

smtpc_tcp_t *smtpc__race_tcp(const smtpc_race_t *race)
{
    return race->tcp;
}

void smtpc__race_stop(smtpc_race_t *race)
{
    race->opts.done = NULL;
    halt(race);
    if (race->tcp_pool) {
        apr_pool_destroy(race->tcp_pool);
        race->tcp_pool = NULL;
        race->tcp = NULL;
    }
    if (race->status == APR_SUCCESS || APR_STATUS_IS_EAGAIN(race->status)) {
        race->status = SMTPC_ECANCELLED;
    }
}
