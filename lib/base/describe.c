/* SPDX-License-Identifier: Apache-2.0 */
/*
 * describe.c: a result in an operator's words.
 *
 * One line: what happened, at which server and stage, to whom, what to do.
 * It decides nothing; the server's text is quoted, never interpreted beyond
 * its code. RFC 3463 for the classes of enhanced codes.
 */

#include <string.h>

#include <apr_strings.h>

#include "base/codec.h"
#include "base/limits.h"
#include "base/result_int.h"

/* Recipients named in one line. */
#define NAMED_MAX 3

static const char *const phrases[SMTPC_STAGE_COUNT] = {
    [SMTPC_STAGE_NONE] = "before anything began",
    [SMTPC_STAGE_RESOLVE] = "looking up the server's address",
    [SMTPC_STAGE_CONNECT] = "opening the connection",
    [SMTPC_STAGE_TLS] = "in the TLS handshake",
    [SMTPC_STAGE_GREETING] = "waiting for the greeting",
    [SMTPC_STAGE_EHLO] = "at EHLO",
    [SMTPC_STAGE_STARTTLS] = "at STARTTLS",
    [SMTPC_STAGE_AUTH] = "logging in (AUTH)",
    [SMTPC_STAGE_MAIL] = "at MAIL FROM",
    [SMTPC_STAGE_RCPT] = "at RCPT TO",
    [SMTPC_STAGE_DATA] = "at DATA",
    [SMTPC_STAGE_CONTENT] = "sending the message",
    [SMTPC_STAGE_END] = "waiting for the reply to the message",
    [SMTPC_STAGE_RSET] = "at RSET",
    [SMTPC_STAGE_ASK] = "waiting for the answer to the command",
    [SMTPC_STAGE_QUIT] = "at QUIT",
    [SMTPC_STAGE_STORE] = "writing the file",
    [SMTPC_STAGE_DONE] = "at the end"
};

SMTPC_DECLARE(const char *) smtpc_stage_phrase(smtpc_stage_e stage)
{
    if ((unsigned int)stage >= SMTPC_STAGE_COUNT || phrases[stage] == NULL) {
        return "at an unknown stage";
    }
    return phrases[stage];
}

/* Return "host:port", as much of it as is known. */
static const char *server_name(const smtpc_result_t *result,
                               apr_pool_t *pool)
{
    const char *port = strrchr(result->peer, ':');

    if (*result->host == '\0') {
        return *result->peer != '\0' ? result->peer : "the mail server";
    }
    return port != NULL ? apr_pstrcat(pool, result->host, port, NULL)
                        : result->host;
}

/* Return the addresses of the recipients in state (or, with others, of those
 * not in it), separated by commas, the first few of them. */
static const char *name_recipients(const smtpc_result_t *result,
                                   smtpc_rcpt_state_e state, int others,
                                   apr_pool_t *pool)
{
    const char *names = "";
    apr_size_t named = 0;
    apr_size_t found = 0;
    apr_size_t i;

    for (i = 0; i < result->recipient_count; i++) {
        const smtpc_recipient_t *recipient = &result->recipients[i];

        if ((recipient->state == state) == !!others) {
            continue;
        }
        found++;
        if (named < NAMED_MAX) {
            names = apr_pstrcat(pool, names, named > 0 ? ", " : "",
                                recipient->address, NULL);
            named++;
        }
    }
    if (found > named) {
        names = apr_psprintf(pool, "%s and %" APR_SIZE_T_FMT " more", names,
                             found - named);
    }
    return found > 0 ? names : "no recipient";
}

/* Return "550 5.1.1 text", or text alone where there was no reply. */
static const char *reply_text(int code, const char *enhanced,
                              const char *text, apr_pool_t *pool)
{
    if (code == 0) {
        return text;
    }
    return apr_psprintf(pool, "%d%s%s%s%s", code,
                        *enhanced != '\0' ? " " : "", enhanced,
                        *text != '\0' ? " " : "", text);
}

/* Return the first refused recipient, or NULL. */
static const smtpc_recipient_t *first_refused(const smtpc_result_t *result)
{
    apr_size_t i;

    for (i = 0; i < result->recipient_count; i++) {
        if (result->recipients[i].state == SMTPC_RCPT_REJECTED) {
            return &result->recipients[i];
        }
    }
    return NULL;
}

/* Return what a refusal with code and enhanced at stage calls for. */
static const char *refusal_advice(smtpc_stage_e stage, int code,
                                  const char *enhanced)
{
    if (code >= 400 && code < 500) {
        return "the server asks to try again later";
    }
    /* Without a reply it was we who compared. */
    if (code == 552 || code == 0 || strcmp(enhanced, "5.3.4") == 0) {
        return "the message is larger than the server takes";
    }
    if (code == 530 || code == 538) {
        return "the server wants TLS or a login first: set the security and "
               "the credentials";
    }
    if (stage == SMTPC_STAGE_MAIL) {
        return "the server does not take mail from this sender: check From, "
               "Sender and the login";
    }
    if (stage == SMTPC_STAGE_RCPT) {
        return "the address is wrong or the server does not relay for you";
    }
    return "the server does not want this message: its text says why";
}

/* Whether no server said no: what a login takes, this machine has not now. A
 * code that is no 4xx is then the answer to a login that was given up. */
static int lacks_something(const smtpc_result_t *result)
{
    return result->status == SMTPC_ETEMP
           && (result->code == 0
               || (result->stage == SMTPC_STAGE_AUTH && result->code >= 500));
}

/* Return what to do about status, which is no refusal of a recipient. */
static const char *advice(const smtpc_result_t *result)
{
    switch (result->status) {
    case SMTPC_EARG:
        return "correct the message or the settings";
    case SMTPC_ECONNECT:
        return "check host, port and firewall, and that the server runs; a "
               "later try may succeed";
    case SMTPC_ETIMEOUT:
        return "the server is slow or a firewall drops packets; try again "
               "later or allow more time";
    case SMTPC_ETLS:
        return "check the server's certificate, the CA file and the security "
               "setting";
    case SMTPC_EAUTH:
        return "check user name, password and the mechanisms the server "
               "offers";
    case SMTPC_ETEMP:
    case SMTPC_EREJECTED:
        if (lacks_something(result)) {
            return "a later try may succeed";
        }
        return refusal_advice(result->stage, result->code, result->enhanced);
    case SMTPC_EPROTO:
        return "check that an SMTP server answers on this port; a later try "
               "may succeed";
    case SMTPC_EINDOUBT:
        return "look into the server's log before sending it again";
    case SMTPC_ELIMIT:
        return "make the message smaller, or look at what the server sent";
    case SMTPC_EEXTENSION:
        return "use a server that offers it, or a message that does without: "
               "addresses in ASCII, no 8bit message attached";
    case SMTPC_EQUEUE:
        return "check that the directory exists, is writable and has room";
    case SMTPC_ESOURCE:
        return "check that the attachment is there, readable and does not "
               "change";
    default:
        return "nothing was delivered";
    }
}

/* Return what the message was sent without, as the end of a clause, or "". */
static const char *without(const smtpc_result_t *result, apr_pool_t *pool)
{
    return *result->dropped == '\0'
               ? "" : apr_pstrcat(pool, " without ", result->dropped,
                                  ", which it cannot do", NULL);
}

static const char *describe_success(const smtpc_result_t *result,
                                    apr_pool_t *pool)
{
    const char *names = name_recipients(result, SMTPC_RCPT_ACCEPTED, 0, pool);

    if (*result->path != '\0') {
        return apr_psprintf(pool, "stored the message for %s in %s", names,
                            result->path);
    }
    return apr_psprintf(pool, "%s accepted the message for %s%s%s%s",
                        server_name(result, pool), names,
                        without(result, pool),
                        *result->queue_id != '\0' ? ", queued as " : "",
                        result->queue_id);
}

static const char *describe_refusal(const smtpc_result_t *result,
                                    const smtpc_recipient_t *first,
                                    apr_pool_t *pool)
{
    const char *accepted = "";

    if (result->status == SMTPC_EPARTIAL) {
        accepted = apr_psprintf(pool, "accepted the message for %s%s but ",
                                name_recipients(result, SMTPC_RCPT_ACCEPTED,
                                                0, pool),
                                without(result, pool));
    }
    return apr_psprintf(pool, "%s %srefused %s %s: %s; %s",
                        server_name(result, pool), accepted,
                        name_recipients(result, SMTPC_RCPT_REJECTED, 0, pool),
                        smtpc_stage_phrase(first->stage),
                        reply_text(first->code, first->enhanced, first->text,
                                   pool),
                        refusal_advice(first->stage, first->code,
                                       first->enhanced));
}

/* Return "host:port: ", or "" where the error's sentence begins with the
 * host itself or there is none. */
static const char *server_prefix(const smtpc_result_t *result,
                                 apr_pool_t *pool)
{
    apr_size_t len = strlen(result->host);

    if ((len == 0 && *result->peer == '\0')
        || (len > 0 && strncmp(result->error, result->host, len) == 0)) {
        return "";
    }
    return apr_pstrcat(pool, server_name(result, pool), ": ", NULL);
}

static const char *describe_failure(const smtpc_result_t *result,
                                    apr_pool_t *pool)
{
    const char *reply = reply_text(result->code, result->enhanced,
                                   result->text, pool);
    const char *error = result->error;
    const char *where = server_prefix(result, pool);
    const char *names = result->recipient_count == 0
                            ? ""
                            : apr_pstrcat(pool, " to ",
                                          name_recipients(result,
                                                          SMTPC_RCPT_ACCEPTED,
                                                          1, pool),
                                          NULL);
    char words[160];

    if (*error == '\0') {
        error = smtpc_strerror(result->status, words, sizeof(words));
    }
    /* Sentences of ours that quote the reply need no second one. */
    if (result->code == 0 || strstr(error, result->text) != NULL) {
        reply = "";
    }
    return apr_psprintf(pool, "%snot sent%s, %s: %s%s%s; %s", where, names,
                        smtpc_stage_phrase(result->stage), error,
                        *reply != '\0' ? ": " : "", reply, advice(result));
}

static const char *describe_doubt(const smtpc_result_t *result,
                                  apr_pool_t *pool)
{
    return apr_psprintf(pool,
                        "%s: the message to %s was sent, %s: %s; %s",
                        server_name(result, pool),
                        name_recipients(result, SMTPC_RCPT_IN_DOUBT, 0, pool),
                        smtpc_stage_phrase(result->stage), result->error,
                        advice(result));
}

/* Return text as one line without control characters. */
static const char *one_line(const char *text, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text);
    char *escaped;
    char *at;

    for (at = line; (at = strchr(at, '\n')) != NULL;) {
        *at++ = ' ';
    }
    escaped = apr_palloc(pool, SMTPC_LIMIT_DESCRIPTION + 1);
    smtpc__escape_into(escaped, SMTPC_LIMIT_DESCRIPTION + 1, line,
                       strlen(line), 0);
    return escaped;
}

SMTPC_DECLARE(const char *)
smtpc_result_describe(const smtpc_result_t *result, apr_pool_t *pool)
{
    const smtpc_recipient_t *first;
    const char *text;

    if (result == NULL) {
        return "nothing was sent: the call failed before there was a result; "
               "smtpc_client_error() says why";
    }
    first = first_refused(result);
    if (result->status == APR_SUCCESS) {
        text = describe_success(result, pool);
    }
    else if (result->status == SMTPC_EINDOUBT) {
        text = describe_doubt(result, pool);
    }
    else if (first != NULL
             && (result->status == SMTPC_EPARTIAL
                 || result->status == SMTPC_ETEMP
                 || result->status == SMTPC_EREJECTED)) {
        text = describe_refusal(result, first, pool);
    }
    else {
        text = describe_failure(result, pool);
    }
    return one_line(text, pool);
}
