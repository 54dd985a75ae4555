/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_limits.c: how many connections, how long, how fast.
 *
 * Checked, kept and read back as in client_settings.c. Where the draft has 0,
 * the profile gets the default when it is frozen, see model/server.c; what is
 * read back is what holds.
 */

#include "client/client_int.h"

#include <limits.h>

#include <apr_strings.h>

#include "base/limits.h"
#include "model/caps.h"

/** The stages that wait for the network; QUIT has a limit of its own. */
#define STAGE_FIRST SMTPC_STAGE_RESOLVE
#define STAGE_LAST SMTPC_STAGE_ASK

/* Numbers. */

static apr_status_t check_number(smtpc_client_t *client, int value, int least,
                                 int most, const char *what)
{
    if (value >= least && value <= most) {
        return APR_SUCCESS;
    }
    return smtpc__client_fail(client, SMTPC_EARG, "%d is no number of %s: %d "
                              "... %d", value, what, least, most);
}

/* Set field, a number of what in the draft, if least and most allow value. */
static apr_status_t set_number(smtpc_client_t *client, int *field, int value,
                               int least, int most, const char *what)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_number(client, value, least, most, what);
    if (rv == APR_SUCCESS) {
        *field = value;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_max_connections(smtpc_client_t *client, int count)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_number(client, count,
                      client->draft.min_connections > 0
                          ? client->draft.min_connections : 1,
                      SMTPC_LIMIT_CONNECTIONS, "connections");
    if (rv == APR_SUCCESS) {
        client->draft.max_connections = count;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_min_connections(smtpc_client_t *client, int count)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_number(client, count, 0, smtpc_client_max_connections(client),
                      "connections to keep open");
    if (rv == APR_SUCCESS) {
        client->draft.min_connections = count;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_pipeline_depth(smtpc_client_t *client, int depth)
{
    return set_number(client, &client->draft.depth, depth, 1,
                      SMTPC_LIMIT_PIPELINE_DEPTH,
                      "messages under way on a connection");
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_messages_per_connection(smtpc_client_t *client, int count)
{
    return set_number(client, &client->draft.max_messages, count, 0, INT_MAX,
                      "messages of a connection");
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_recipients_per_transaction(smtpc_client_t *client,
                                            int count)
{
    return set_number(client, &client->draft.max_recipients, count, 1,
                      SMTPC_LIMIT_RECIPIENTS, "recipients");
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_min_data_rate(smtpc_client_t *client, int rate)
{
    return set_number(client, &client->draft.min_rate, rate, 0, INT_MAX,
                      "bytes per second");
}

/* Times. */

static apr_status_t check_time(smtpc_client_t *client,
                               apr_interval_time_t time,
                               apr_interval_time_t least)
{
    if (time >= least && time <= SMTPC_LIMIT_TIMEOUT) {
        return APR_SUCCESS;
    }
    return smtpc__client_fail(client, SMTPC_EARG, "the time has to be %s and "
                              "at most %d days",
                              least > 0 ? "more than nothing"
                                        : "nothing or more",
                              (int)(SMTPC_LIMIT_TIMEOUT
                                    / apr_time_from_sec(86400)));
}

/* Set field of the draft, if it may be time. */
static apr_status_t set_time(smtpc_client_t *client,
                             apr_interval_time_t *field,
                             apr_interval_time_t time,
                             apr_interval_time_t least)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = check_time(client, time, least);
    if (rv == APR_SUCCESS) {
        *field = time;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_idle_timeout(smtpc_client_t *client,
                              apr_interval_time_t time)
{
    return set_time(client, &client->draft.idle, time, 1);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_connection_lifetime(smtpc_client_t *client,
                                     apr_interval_time_t time)
{
    return set_time(client, &client->draft.lifetime, time, 1);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_acquire_timeout(smtpc_client_t *client,
                                 apr_interval_time_t time)
{
    return set_time(client, &client->draft.acquire_timeout, time, 0);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_stage_timeout(smtpc_client_t *client, smtpc_stage_e stage,
                               apr_interval_time_t time)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((int)stage < STAGE_FIRST || (int)stage > STAGE_LAST) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a stage with a "
                                "timeout", (int)stage);
    }
    else {
        rv = check_time(client, time, 0);
    }
    if (rv == APR_SUCCESS) {
        client->draft.timeouts[stage] = time;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_patience(smtpc_client_t *client, smtpc_patience_e patience)
{
    apr_status_t rv = smtpc__client_setter_begin(client);
    int stage;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if ((unsigned int)patience > SMTPC_PATIENCE_INTERACTIVE) {
        rv = smtpc__client_fail(client, SMTPC_EARG, "%d is not a value of "
                                "smtpc_patience_e", (int)patience);
        return smtpc__client_profile_end(client, rv);
    }
    for (stage = STAGE_FIRST; stage <= STAGE_LAST; stage++) {
        client->draft.timeouts[stage] = patience == SMTPC_PATIENCE_RUNNER
                                            ? 0 : SMTPC_TIMEOUT_INTERACTIVE;
    }
    client->patience = patience;
    return smtpc__client_profile_end(client, rv);
}

/* Rates. */

/* Set rate and period of the draft to messages and time. */
static apr_status_t set_rate(smtpc_client_t *client, int *rate,
                             apr_interval_time_t *period, int messages,
                             apr_interval_time_t time)
{
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    if (messages != 0 || time != 0) {
        rv = check_number(client, messages, 1, INT_MAX, "messages");
        if (rv == APR_SUCCESS) {
            rv = check_time(client, time, 1);
        }
    }
    if (rv == APR_SUCCESS) {
        *rate = messages;
        *period = time;
    }
    return smtpc__client_profile_end(client, rv);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_rate_limit(smtpc_client_t *client, int messages,
                            apr_interval_time_t time)
{
    return set_rate(client, &client->draft.rate, &client->draft.rate_period,
                    messages, time);
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_set_domain_rate_limit(smtpc_client_t *client, int messages,
                                   apr_interval_time_t time)
{
    return set_rate(client, &client->draft.domain_rate,
                    &client->draft.domain_rate_period, messages, time);
}

/* Capabilities. */

/* Set *mask to the capabilities called names, none for NULL. */
static apr_status_t read_names(int *mask, smtpc_client_t *client,
                               const char *names)
{
    unsigned int bits = 0;
    unsigned int bit;
    char *state = NULL;
    char *name;

    *mask = 0;
    if (!names) {
        return APR_SUCCESS;
    }
    name = apr_strtok(apr_pstrdup(client->scratch, names), " ", &state);
    for (; name; name = apr_strtok(NULL, " ", &state)) {
        bit = smtpc__cap_by_name(name);
        if (bit == 0) {
            return smtpc__client_fail(client, SMTPC_EARG, "\"%s\" is not an "
                                      "EHLO keyword known here",
                                      smtpc__client_quoted(client, name));
        }
        bits |= bit;
    }
    if (bits == 0) {
        return smtpc__client_fail(client, SMTPC_EARG, "no EHLO keyword is "
                                  "named");
    }
    *mask = (int)bits;
    return APR_SUCCESS;
}

SMTPC_DECLARE(apr_status_t)
smtpc_client_mask_capabilities(smtpc_client_t *client, const char *names)
{
    int mask;
    apr_status_t rv = smtpc__client_setter_begin(client);

    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = read_names(&mask, client, names);
    if (rv == APR_SUCCESS) {
        client->draft.masked = mask;
        client->masked = smtpc__client_keep(client, SMTPC_TEXT_MASKED, names);
    }
    return smtpc__client_profile_end(client, rv);
}

/* Reading back. */

SMTPC_DECLARE(int) smtpc_client_max_connections(const smtpc_client_t *client)
{
    return client->draft.max_connections != 0 ? client->draft.max_connections
                                              : SMTPC_CONNECTIONS_DEFAULT;
}

SMTPC_DECLARE(int) smtpc_client_min_connections(const smtpc_client_t *client)
{
    return client->draft.min_connections;
}

SMTPC_DECLARE(int) smtpc_client_pipeline_depth(const smtpc_client_t *client)
{
    return client->draft.depth != 0 ? client->draft.depth
                                    : SMTPC_PIPELINE_DEPTH_DEFAULT;
}

SMTPC_DECLARE(int)
smtpc_client_messages_per_connection(const smtpc_client_t *client)
{
    return client->draft.max_messages;
}

SMTPC_DECLARE(int)
smtpc_client_recipients_per_transaction(const smtpc_client_t *client)
{
    return client->draft.max_recipients != 0
               ? client->draft.max_recipients
               : SMTPC_TRANSACTION_RECIPIENTS_DEFAULT;
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_idle_timeout(const smtpc_client_t *client)
{
    return client->draft.idle != 0 ? client->draft.idle : SMTPC_TIMEOUT_IDLE;
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_connection_lifetime(const smtpc_client_t *client)
{
    return client->draft.lifetime != 0 ? client->draft.lifetime
                                       : SMTPC_TIMEOUT_AGE;
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_acquire_timeout(const smtpc_client_t *client)
{
    return client->draft.acquire_timeout;
}

SMTPC_DECLARE(apr_interval_time_t)
smtpc_client_stage_timeout(const smtpc_client_t *client, smtpc_stage_e stage)
{
    return (unsigned int)stage < SMTPC_STAGE_COUNT
               ? client->draft.timeouts[stage] : 0;
}

SMTPC_DECLARE(smtpc_patience_e)
smtpc_client_patience(const smtpc_client_t *client)
{
    return client->patience;
}

SMTPC_DECLARE(int) smtpc_client_min_data_rate(const smtpc_client_t *client)
{
    return client->draft.min_rate;
}

SMTPC_DECLARE(int) smtpc_client_rate_limit(apr_interval_time_t *time,
                                           const smtpc_client_t *client)
{
    if (time) {
        *time = client->draft.rate_period;
    }
    return client->draft.rate;
}

SMTPC_DECLARE(int)
smtpc_client_domain_rate_limit(apr_interval_time_t *time,
                               const smtpc_client_t *client)
{
    if (time) {
        *time = client->draft.domain_rate_period;
    }
    return client->draft.domain_rate;
}

SMTPC_DECLARE(const char *)
smtpc_client_masked_capabilities(const smtpc_client_t *client)
{
    return client->masked;
}
