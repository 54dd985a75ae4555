/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c: the library's log lines go to httpd's error log.
 *
 * They come without a request, since a connection may serve several, and are
 * written for the main server: "LogLevel smtpclient:debug" outside of all
 * sections shows them. The outcome of a form is logged with its request, in
 * form_handler.c. Lines hold no secret; the library masks them.
 */

#include "module.h"

#include <http_log.h>

APLOG_USE_MODULE(smtpclient);

/* Levels of httpd for those of the library. Its lines on single messages, good
 * and bad, are a level lower than the library sees them: whoever sent the
 * message reports the outcome, and would do so twice. C: and S: lines are as
 * detailed as mod_ssl's and mod_proxy's data, which are trace4. */
static const int levels[] = { APLOG_ERR, APLOG_INFO, APLOG_DEBUG,
                              APLOG_TRACE1, APLOG_TRACE4 };

static void sink(void *baton, smtpc_log_level_e level, const char *text)
{
    server_rec *s = baton;

    ap_log_error(APLOG_MARK, levels[level], 0, s, SMTPLOGNO(1) "%s", text);
}

/* The most detailed level that httpd would write. */
static smtpc_log_level_e level_of(const server_rec *s)
{
    int level = SMTPC_LOG_TRACE;

    while (level > SMTPC_LOG_ERROR && !APLOG_IS_LEVEL(s, levels[level])) {
        level--;
    }
    return (smtpc_log_level_e)level;
}

void msc_log_attach(smtpc_env_t *env, server_rec *s)
{
    smtpc_env_set_log(env, level_of(s), sink, s);
}
