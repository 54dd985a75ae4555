/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_cut.c: every case of a script again, with the connection breaking
 * behind each of its events and in the middle of each.
 */
#include "session_rig.h"

#include <string.h>

#include <apr_strings.h>

#include "../tap/tap.h"

/* Return a copy of script that ends with event n, or in the middle of it. */
static replay_case_t *cut_script(const replay_case_t *script, int n, int half,
                                 apr_pool_t *pool)
{
    replay_case_t *part = apr_pmemdup(pool, script, sizeof(*script));
    replay_event_t *last;

    part->events = apr_array_copy(pool, script->events);
    part->events->nelts = n;
    if (half) {
        last = &APR_ARRAY_IDX(part->events, n - 1, replay_event_t);
        last->len /= 2;
    }
    return part;
}

/* Return how many recipients of all results of rig are in state. */
static int count_state(const rig_t *rig, smtpc_rcpt_state_e state)
{
    int count = 0;

    for (int i = 0; i < rig->results->nelts; i++) {
        const smtpc_result_t *result = APR_ARRAY_IDX(rig->results, i,
                                                     smtpc_result_t *);

        for (apr_size_t k = 0; k < result->recipient_count; k++) {
            count += result->recipients[k].state == state;
        }
    }
    return count;
}

/* Return non-zero if in the events of script something the client said could
 * end a content, and the server said something positive behind it. */
static int may_be_accepted(const replay_case_t *script)
{
    int ended = 0;

    for (int i = 0; i < script->events->nelts; i++) {
        const replay_event_t *event = &APR_ARRAY_IDX(script->events, i,
                                                     replay_event_t);

        if (event->kind == REPLAY_CLIENT_SAYS) {
            ended |= strstr(event->data, ".\r\n") != NULL
                     || strstr(event->data, " LAST\r\n") != NULL;
        }
        else if (event->kind == REPLAY_SERVER
                 || event->kind == REPLAY_SERVER_EARLY) {
            if (ended && event->data[0] == '2') {
                return 1;
            }
        }
    }
    return 0;
}

/* The connection breaks behind script. Return what is wrong then, or NULL. */
static const char *break_off(const replay_case_t *script, apr_pool_t *pool)
{
    replay_owner_t owner = { rig_begin, rig_ask, { 0 }, NULL };
    rig_t rig;
    int accepted;
    int refused;

    rig_make(&rig, script, pool);
    owner.baton = &rig;
    owner.secured = rig_link(replay_value(script, "tls",
                                           "encrypted verified"));
    /* What differs is for the whole case to say. */
    (void)replay_session(rig.session, script, REPLAY_BY_LINE, &owner, pool);
    accepted = count_state(&rig, SMTPC_RCPT_ACCEPTED);
    refused = count_state(&rig, SMTPC_RCPT_REJECTED);
    smtpc__session_abort(rig.session, SMTPC_ECONNECT, "it broke");
    rig_take_back(&rig);
    if (smtpc__session_want(rig.session) != SMTPC_WANT_CLOSE) {
        return "it goes on";
    }
    if (rig.finished != rig.begun
        || smtpc__session_under_way(rig.session) != 0) {
        return "not every transaction is finished once";
    }
    if (accepted != count_state(&rig, SMTPC_RCPT_ACCEPTED)
        || (accepted > 0 && !may_be_accepted(script))) {
        return "accepted by nobody";
    }
    if (refused != count_state(&rig, SMTPC_RCPT_REJECTED)) {
        return "refused by nobody";
    }
    for (int i = 0; i < rig.results->nelts; i++) {
        if (smtpc__result_finish(APR_ARRAY_IDX(rig.results, i,
                                               smtpc_result_t *))
            == APR_EGENERAL) {
            return "a result says nothing";
        }
    }
    return NULL;
}

void rig_cut_everywhere(const replay_case_t *script)
{
    const char *complaint = NULL;
    int n = 0;
    int half = 0;

    for (n = 0; n <= script->events->nelts && complaint == NULL; n++) {
        for (half = 0; half < 2 && complaint == NULL; half++) {
            apr_pool_t *pool;

            if (half && n == 0) {
                continue;
            }
            apr_pool_create(&pool, tap_pool());
            complaint = break_off(cut_script(script, n, half, pool), pool);
            apr_pool_destroy(pool);
        }
    }
    tap_ok(complaint == NULL, "%s, cut everywhere%s%s", script->name,
           complaint == NULL ? "" : ": ",
           complaint == NULL ? ""
           : apr_psprintf(tap_pool(), "%s, at event %d%s", complaint, n,
                          half ? "" : " (half)"));
}
