/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_esmtp.c: libESMTP. It sends what was added to a session over one
 * connection, so a session has all mails. The stop watch runs from the moment
 * it says that the last mail for warming up was sent.
 */
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

/* Needs size_t, and does not see to it. */
#include <libesmtp.h>

#include "client.h"
#include "meter.h"

typedef struct job_t {
    client_t args;
    long sent;
} job_t;

/* All of the mail at once, then its end; *state is the library's to free. */
static const char *read_mail(void **state, int *len, void *baton)
{
    const client_t *args = baton;
    int *done = *state;

    if (done == NULL) {
        done = *state = calloc(1, sizeof(*done));
        if (done == NULL) {
            meter_die("no memory");
        }
    }
    if (len == NULL) {
        *done = 0;
        return NULL;
    }
    *len = *done ? 0 : (int)args->mail_len;
    *done = 1;
    return *len > 0 ? args->mail : NULL;
}

static void on_event(smtp_session_t session, int event, void *baton, ...)
{
    job_t *job = baton;

    (void)session;
    if (event != SMTP_EV_MESSAGESENT) {
        return;
    }
    job->sent++;
    if (job->sent == job->args.warmup) {
        client_start(&job->args);
    }
    else if (job->sent == job->args.warmup + job->args.messages) {
        client_stop(&job->args);
    }
}

static void add_mail(smtp_session_t session, job_t *job)
{
    smtp_message_t message = smtp_add_message(session);

    if (message == NULL || !smtp_set_reverse_path(message, CLIENT_FROM)
        || !smtp_set_messagecb(message, read_mail, &job->args)
        || smtp_add_recipient(message, CLIENT_TO) == NULL) {
        meter_die("libESMTP takes no mail");
    }
}

int main(int argc, char **argv)
{
    static job_t job;
    smtp_session_t session;
    char server[64];
    long all;

    client_args(&job.args, argc, argv);
    (void)signal(SIGPIPE, SIG_IGN);
    all = job.args.warmup + job.args.messages;
    session = smtp_create_session();
    (void)snprintf(server, sizeof(server), "127.0.0.1:%ld", job.args.port);
    if (session == NULL || !smtp_set_server(session, server)
        || !smtp_set_eventcb(session, on_event, &job)) {
        meter_die("libESMTP cannot begin");
    }
    for (long i = 0; i < all; i++) {
        add_mail(session, &job);
    }
    if (!smtp_start_session(session) || job.sent != all) {
        meter_die("libESMTP did not send all");
    }
    client_print(&job.args, "");
    (void)smtp_destroy_session(session);
    free(job.args.mail);
    return 0;
}
