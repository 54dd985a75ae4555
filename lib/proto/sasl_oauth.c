/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sasl_oauth.c: OAUTHBEARER, and XOAUTH2, which was there before it.
 *
 * The token is fetched in the first step, from a file, a program or the
 * caller's function, on a thread: none of them may stop the others. It is
 * fetched for each login; whoever gives it knows how long it lasts. The
 * session asks for another one when the server did not like it.
 *
 * A server that does not like it says so in JSON behind 334, wants an answer
 * that says nothing, and then says 535. RFC 7628 3.2.3, RFC 6750 2.1, Google's
 * and Microsoft's descriptions of XOAUTH2.
 */
#include "proto/sasl_int.h"

#include <errno.h>
#include <string.h>

#include <apr_strings.h>

#include "base/secret_store.h"

/* Return non-zero if rv says that this machine has trouble, or not enough of
 * something: there may be a good token all the same. */
static int is_trouble(apr_status_t rv)
{
    return APR_STATUS_IS_ENOMEM(rv) || APR_STATUS_IS_EMFILE(rv)
           || APR_STATUS_IS_ENFILE(rv) || APR_STATUS_IS_EAGAIN(rv)
           || rv == EIO;
}

/* Set sasl->secret to a token, or say why there is none. */
static apr_status_t fetch(smtpc_sasl_t *sasl)
{
    smtpc_secret_t *token = NULL;
    const char *why = "no reason given";
    const char *text;
    apr_size_t len;
    apr_status_t rv;

    if (sasl->token_fn != NULL) {
        rv = sasl->token_fn(&token, &why, sasl->refresh, sasl->token_baton,
                            sasl->pool);
    }
    else {
        rv = smtpc__secret_load_within(&token, &why, sasl->token,
                                       SMTPC_SECRET_EXEC_TIMEOUT, sasl->pool);
    }
    if (rv != APR_SUCCESS || token == NULL) {
        return smtpc__sasl_fail(sasl, is_trouble(rv) ? rv : SMTPC_EAUTH,
                                apr_pstrcat(sasl->pool, "there is no token: ",
                                            why, NULL));
    }
    text = smtpc__secret_bytes(token, &len);
    for (apr_size_t i = 0; i < len; i++) {
        if (text[i] <= ' ' || text[i] > '~') {
            return smtpc__sasl_fail(sasl, SMTPC_EAUTH, "what should be a "
                                    "token is not one line of ASCII without "
                                    "blanks");
        }
    }
    sasl->secret = token;
    return APR_SUCCESS;
}

/* Append len bytes at text to *out. */
static void append(char **out, const char *text, apr_size_t len)
{
    memcpy(*out, text, len);
    *out += len;
}

/* Return what goes in front of the token. */
static const char *preamble(const smtpc_sasl_t *sasl)
{
    if (sasl->mech->bit == SMTPC_MECH_XOAUTH2) {
        return apr_pstrcat(sasl->pool, "user=", sasl->user,
                           "\001auth=Bearer ", NULL);
    }
    return apr_psprintf(sasl->pool, "n,a=%s,\001host=%s\001port=%d\001"
                        "auth=Bearer ",
                        smtpc__sasl_escape(sasl->user, sasl->pool),
                        sasl->host, sasl->port);
}

static apr_status_t first(smtpc_sasl_t *sasl)
{
    apr_status_t rv = fetch(sasl);
    const char *before;
    const char *token;
    apr_size_t len;
    char *message;
    char *out;

    if (rv != APR_SUCCESS) {
        return rv;
    }
    before = preamble(sasl);
    token = smtpc__secret_bytes(sasl->secret, &len);
    message = smtpc__wiped_alloc(sasl->pool, strlen(before) + len + 2);
    out = message;
    append(&out, before, strlen(before));
    append(&out, token, len);
    append(&out, "\001\001", 2);
    sasl->response = message;
    sasl->response_len = (apr_size_t)(out - message);
    sasl->done = 1;
    return APR_SUCCESS;
}

/* Return what "status" in the JSON of the challenge says, or "". Only what
 * servers are known to say: the rest could be the token. */
static const char *status_of(const smtpc_sasl_t *sasl)
{
    static const char *const known[] = { "invalid_token", "invalid_request",
                                         "insufficient_scope", "400", "401",
                                         "403" };
    const char *at = strstr(sasl->challenge, "\"status\"");
    apr_size_t len;

    if (at == NULL) {
        return "";
    }
    at += strlen("\"status\"");
    at += strspn(at, " \t:\"");
    len = strcspn(at, "\",} ");
    for (apr_size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strlen(known[i]) == len && strncmp(known[i], at, len) == 0) {
            return known[i];
        }
    }
    return "";
}

/* The server said why not. */
static apr_status_t refused(smtpc_sasl_t *sasl)
{
    sasl->note = status_of(sasl);
    sasl->done = 0;
    sasl->response = sasl->mech->bit == SMTPC_MECH_XOAUTH2 ? "" : "\001";
    sasl->response_len = strlen(sasl->response);
    return APR_SUCCESS;
}

static apr_status_t step(smtpc_sasl_t *sasl)
{
    switch (sasl->steps) {
    case 0:
        return first(sasl);
    case 1:
        return refused(sasl);
    default:
        return smtpc__sasl_fail(sasl, SMTPC_EPROTO, "a question after its "
                                "refusal");
    }
}

const smtpc_sasl_mech_t smtpc__sasl_xoauth2 = {
    .bit = SMTPC_MECH_XOAUTH2,
    .need = SMTPC_SASL_TOKEN,
    .strength = 1,
    .blocking = 1u << 0,
    .step = step,
};

const smtpc_sasl_mech_t smtpc__sasl_oauthbearer = {
    .bit = SMTPC_MECH_OAUTHBEARER,
    .need = SMTPC_SASL_TOKEN,
    .strength = 1,
    .blocking = 1u << 0,
    .step = step,
};
