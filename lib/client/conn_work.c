/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn_work.c: steps of a login that take long, on a thread.
 *
 * Hashing a password a million times takes half a second, Kerberos asks a
 * server that may not answer, a token comes from a program: none of it may
 * stop the others on the loop. What the mail server says meanwhile is read
 * afterwards. A step that is not done by its deadline ends the connection, and
 * its thread is left behind.
 */

#include "client/conn_int.h"

#include <apr_strings.h>

#include "base/limits.h"

/* On the thread. */
static void run(void *data)
{
    smtpc__sasl_run(data);
}

static void drop(void *data)
{
    smtpc__sasl_release(data);
}

static const smtpc_job_kind_t logins = {
    .name = "client/conn_work",
    .most = SMTPC_LIMIT_SASL_THREADS,
    .linger = SMTPC_LIMIT_SASL_LINGER,
    .who = "what logs in (Kerberos, or the source of tokens)",
    .many = "logins",
    .advice = "check it",
};

static void wait_for_job(smtpc_conn_t *conn)
{
    if (smtpc__conn_watch(conn, smtpc__job_socket(conn->work_job),
                          APR_POLLIN) != APR_SUCCESS) {
        smtpc__conn_fail(conn, SMTPC_ECONNECT, SMTPC_STAGE_AUTH,
                         SMTPC_CONN_UNWATCHED);
    }
}

void smtpc__conn_start_work(smtpc_conn_t *conn)
{
    smtpc_sasl_t *sasl = smtpc__session_sasl(conn->session);
    smtpc_job_work_t work = { run, drop, sasl, &logins };
    const char *why;
    apr_status_t rv;

    smtpc__conn_session_step(conn);
    apr_pool_create(&conn->work_pool, conn->pool);
    smtpc__sasl_retain(sasl);
    rv = smtpc__job_begin(&conn->work_job, &why, &work, conn->env,
                          conn->work_pool);
    if (rv != APR_SUCCESS) {
        why = apr_psprintf(conn->pool, "cannot log in at %s: %s",
                           conn->server->host, why);
        smtpc__conn_fail(conn, SMTPC_ETEMP, SMTPC_STAGE_AUTH, why);
        return;
    }
    conn->state = SMTPC_CONN_WORK;
    wait_for_job(conn);
}

void smtpc__conn_drop_work(smtpc_conn_t *conn)
{
    if (conn->work_pool) {
        apr_pool_destroy(conn->work_pool);
        conn->work_pool = NULL;
        conn->work_job = NULL;
    }
}

void smtpc__conn_work_progress(smtpc_conn_t *conn, smtpc_loop_event_e event)
{
    if (smtpc__job_finished(conn->work_job)) {
        smtpc__watch_end(conn->watch);
        smtpc__conn_drop_work(conn);
        conn->state = SMTPC_CONN_SESSION;
        smtpc__session_worked(conn->session);
        smtpc__conn_pump(conn, 1);
        return;
    }
    if (event != SMTPC_LOOP_TIMEOUT) {
        wait_for_job(conn);
        return;
    }
    smtpc__conn_fail(conn, SMTPC_ETIMEOUT, SMTPC_STAGE_AUTH, apr_psprintf(
                         conn->pool, "what logs in at %s was not ready within "
                         "%s: check where the token comes from, or Kerberos",
                         conn->server->host, smtpc__conn_waited(conn)));
}
