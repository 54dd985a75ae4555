/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_mail.c: messages for a sink, and whether their results are true.
 */

#include "sink.h"

#include <apr_strings.h>

#include "../tap/tap.h"

smtpc_message_t *sink_message(int id, int rcpts, int domains, apr_size_t size,
                              apr_pool_t *pool)
{
    smtpc_message_t *message;
    char *text = apr_palloc(pool, size + 32);
    apr_status_t rv = smtpc_message_create(&message, pool);
    apr_size_t i;
    int r;

    for (i = 0; i < size; i++) {
        text[i] = i % 60 == 59 ? '\n' : 'x';
    }
    apr_snprintf(text + size, 32, "\nend of m%d\n", id);
    rv |= smtpc_message_set_from(message,
                                 apr_psprintf(pool, "m%d@s.example", id));
    rv |= smtpc_message_set_subject(message, apr_psprintf(pool, "m%d", id));
    rv |= smtpc_message_set_body(message, text, SMTPC_BODY_TEXT);
    for (r = 0; r < rcpts; r++) {
        rv |= smtpc_message_add_to(message, apr_psprintf(
                  pool, "m%d-%d@d%d.example", id, r, r % domains));
    }
    if (rv != APR_SUCCESS) {
        tap_bail("message %d", id);
    }
    return message;
}

void sink_init(sink_t *sink)
{
    pthread_mutex_init(&sink->lock, NULL);
}

void sink_doubt_all(sink_t *sink)
{
    int i;

    pthread_mutex_lock(&sink->lock);
    sink->broken++;
    for (i = 0; i < SINK_MESSAGES * SINK_RCPTS; i++) {
        sink->rcpts[i / SINK_RCPTS][i % SINK_RCPTS].doubtful = 1;
    }
    pthread_mutex_unlock(&sink->lock);
}

const char *sink_compare(const sink_t *sink, int id,
                         const smtpc_result_t *result, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < smtpc_result_recipient_count(result); i++) {
        const smtpc_recipient_t *said = smtpc_result_recipient(result, i);
        const sink_rcpt_t *is = &sink->rcpts[id][i];
        const char *wrong = NULL;

        if (is->accepted > 1) {
            wrong = "delivered twice";
        }
        else if (said->state == SMTPC_RCPT_ACCEPTED && is->accepted == 0) {
            wrong = "said to be accepted, and is not";
        }
        else if (said->state == SMTPC_RCPT_REJECTED
                 && (is->accepted > 0 || is->refused == 0)) {
            wrong = "said to be refused, and is not";
        }
        else if (said->state == SMTPC_RCPT_UNSENT && is->accepted > 0) {
            wrong = "said to be unsent, and is not";
        }
        else if (said->state == SMTPC_RCPT_IN_DOUBT && !is->doubtful) {
            wrong = "in doubt for no reason";
        }
        if (wrong) {
            return apr_psprintf(pool, "m%d-%d is %s (accepted %d, refused %d,"
                                " doubtful %d): %s", id, (int)i, wrong,
                                is->accepted, is->refused, is->doubtful,
                                smtpc_result_error(result));
        }
    }
    return NULL;
}
