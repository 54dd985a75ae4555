/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hostile_run.c: a whole client that meets the server of a row.
 */

#include "hostile.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../tap/tap.h"
#include "async.h"
#include "mail.h"

/** How a mail is sent. */
typedef enum { BLOCKING, ASYNC, MANY, WAYS } way_e;

static const char *const way_names[WAYS] = { "send", "send_async",
                                             "send_many" };

/** A row that is tried. */
typedef struct trial_t {
    const hostile_row_t *row;
    hostile_meeting_t m;
    async_t async;
    const smtpc_result_t *result;
} trial_t;

static void must(apr_status_t rv, const char *what)
{
    if (rv != APR_SUCCESS) {
        tap_bail("%s: %d", what, rv);
    }
}

void hostile_meet(hostile_meeting_t *meeting, const hostile_server_t *server)
{
    (void)tap_pool(); /* starts APR */
    apr_pool_create_unmanaged(&meeting->pool);
    must(smtpc_env_create(&meeting->env, meeting->pool), "env");
    hostile_init(&meeting->hostile, server);
    meeting->peer = peer_start(hostile_serve, &meeting->hostile);
    meeting->client = mail_client(meeting->peer, meeting->env, meeting->pool);
}

void hostile_part(hostile_meeting_t *meeting)
{
    must(smtpc_client_dispose(meeting->client), "dispose");
    tap_ok(peer_quiet(meeting->peer), "all connections ended");
    peer_stop(meeting->peer);
}

void hostile_forget(hostile_meeting_t *meeting)
{
    apr_pool_destroy(meeting->pool);
    pthread_mutex_destroy(&meeting->hostile.lock);
}

static smtpc_message_t *make_message(const trial_t *trial)
{
    const hostile_row_t *row = trial->row;
    smtpc_message_t *message = async_message(row->to ? row->to
                                                     : "ann@example.net",
                                             trial->m.pool);

    must(smtpc_message_set_body(message, row->body ? row->body
                                                   : "First line\n.\n",
                                SMTPC_BODY_TEXT), "body");
    if (row->make) {
        row->make(message, trial->m.pool);
    }
    return message;
}

static apr_status_t send_async(trial_t *trial,
                               const smtpc_message_t *message)
{
    int before = async_count(&trial->async);

    must(smtpc_client_send_async(trial->m.client, message, async_completed,
                                 &trial->async), "submit");
    if (async_wait(&trial->async, before + 1) != before + 1) {
        tap_bail("%s: not completed", trial->row->name);
    }
    /* Results of asynchronous sends live until the next operation. */
    trial->result = trial->async.result;
    while (smtpc_client_set_port(trial->m.client, peer_port(trial->m.peer))
           == SMTPC_EBUSY) {
        apr_thread_yield();
    }
    return trial->async.status;
}

static apr_status_t send_mail(trial_t *trial, way_e way)
{
    smtpc_message_t *message = make_message(trial);
    smtpc_result_t *result;
    apr_status_t rv;

    if (way == ASYNC) {
        return send_async(trial, message);
    }
    rv = way == MANY ? smtpc_client_send_many(&result, trial->m.client,
                                              &message, 1, trial->m.pool)
                     : smtpc_client_send(&result, trial->m.client, message,
                                         trial->m.pool);
    trial->result = result;
    return rv;
}

static void set_up(trial_t *trial)
{
    const hostile_row_t *row = trial->row;
    apr_interval_time_t time = apr_time_from_msec(
        row->timeout > 0 ? row->timeout : 20000);

    hostile_meet(&trial->m, &row->server);
    async_init(&trial->async);
    if (row->security != SMTPC_SECURITY_DEFAULT) {
        must(smtpc_client_set_security(trial->m.client, row->security),
             "security");
    }
    if (row->user) {
        must(smtpc_client_set_credentials(trial->m.client, row->user,
                                          "hunter2"), "credentials");
    }
    must(smtpc_client_set_timeout(trial->m.client, time), "timeout");
    if (row->set_up) {
        row->set_up(trial->m.client, trial->m.pool);
    }
}

static void check_result(trial_t *trial, apr_status_t rv)
{
    const hostile_row_t *row = trial->row;
    const char *error = mail_error(trial->result);

    tap_is_int(rv, row->status, "status: %s", error);
    if (!tap_ok(trial->result != NULL, "there is a result")) {
        return;
    }
    tap_is_int(smtpc_result_stage(trial->result), row->stage, "stage");
    if (row->code != HOSTILE_ANY) {
        tap_is_int(smtpc_result_code(trial->result), row->code, "code");
    }
    tap_is_int(smtpc_result_recipient(trial->result, 0)->state, row->state,
               "state of the recipient");
    tap_ok(!row->says || strstr(error, row->says), "%s", error);
    tap_ok(!strstr(smtpc_result_describe(trial->result, trial->m.pool),
                   "hunter2"), "without the password");
    if (row->check) {
        row->check(trial->result, trial->m.pool);
    }
}

/* No connection before the next mail heard a word of never. */
static void check_never(trial_t *trial, int connections)
{
    apr_pool_t *pool = trial->m.pool;
    char *list = apr_pstrdup(pool, trial->row->never);
    char *state = NULL;
    char *word;
    int i;

    for (word = apr_strtok(list, " ", &state); word;
         word = apr_strtok(NULL, " ", &state)) {
        const char *found = NULL;

        for (i = 0; i < connections && !found; i++) {
            found = strstr(apr_psprintf(pool, " %s ", hostile_heard(
                                            &trial->m.hostile, i, pool)),
                           apr_psprintf(pool, " %s ", word));
        }
        tap_ok(!found, "%s was never said", word);
    }
}

/* Send another mail: the server has no more moves. */
static void check_pool(trial_t *trial, way_e way)
{
    int before = peer_accepted(trial->m.peer);
    int expected = before + (trial->row->pool == HOSTILE_GONE);
    apr_status_t rv;

    must(smtpc_client_set_timeout(trial->m.client, apr_time_from_sec(20)),
         "timeout");
    rv = send_mail(trial, way);
    tap_is_int(rv, APR_SUCCESS, "the next mail goes: %s",
               mail_error(trial->result));
    tap_is_int(peer_accepted(trial->m.peer), expected, "%s",
               expected == before ? "over the same connection"
                                  : "over one of its own");
}

static void run_way(const hostile_row_t *row, const char *what, way_e way)
{
    trial_t trial = { .row = row };
    int connections;

    tap_subtest_begin("%s%s%s, %s", row->name, *what ? ", " : "", what,
                      way_names[way]);
    set_up(&trial);
    check_result(&trial, send_mail(&trial, way));
    connections = peer_accepted(trial.m.peer);
    tap_is_int(connections, row->connections > 0 ? row->connections : 1,
               "connections");
    if (row->pool != HOSTILE_LAST) {
        check_pool(&trial, way);
    }
    hostile_part(&trial.m);
    if (row->heard) {
        tap_is_str(hostile_heard(&trial.m.hostile, 0, trial.m.pool),
                   row->heard, "heard");
    }
    if (row->never) {
        check_never(&trial, connections);
    }
    tap_ok(!hostile_saw(&trial.m.hostile, "hunter2"),
           "no password as it is");
    hostile_forget(&trial.m);
    async_end(&trial.async);
    tap_subtest_end();
}

void hostile_run_one(const hostile_row_t *row, const char *what)
{
    int way;

    for (way = 0; way < WAYS; way++) {
        run_way(row, what, way);
    }
}

void hostile_run_once(const hostile_row_t *row, const char *what)
{
    run_way(row, what, BLOCKING);
}

void hostile_run(const hostile_row_t *rows, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        hostile_run_one(&rows[i], "");
    }
}
