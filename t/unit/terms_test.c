/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms_test.c: every request against servers that have the extension, do
 * not, or not so far, under every policy.
 */
#include "../tap/tap.h"

#include <string.h>

#include <apr_strings.h>

#include "proto/terms.h"

#define HOST "mail.example.net"

static const smtpc_address_t *address(const char *text)
{
    smtpc_address_t *parsed = NULL;

    if (smtpc_address_parse(&parsed, text, tap_pool()) != APR_SUCCESS) {
        tap_bail("address %s", text);
    }
    return parsed;
}

static smtpc_envelope_t *plain(void)
{
    smtpc_envelope_t *envelope = smtpc__envelope_create(tap_pool());

    envelope->sender = address("web@example.org");
    smtpc__envelope_add(envelope, address("ann@example.net"));
    smtpc__envelope_add(envelope, address("bob@example.net"));
    return envelope;
}

/* The requests: each makes its envelope. */

static void ask_8bit(smtpc_envelope_t *e)
{
    e->eight_bit = 1;
}

static void ask_utf8(smtpc_envelope_t *e)
{
    e->utf8 = 1;
}

static void ask_notify(smtpc_envelope_t *e)
{
    smtpc__envelope_entry(e, 1)->notify = SMTPC_NOTIFY_FAILURE;
}

static void ask_orcpt(smtpc_envelope_t *e)
{
    smtpc__envelope_entry(e, 1)->orcpt = "rfc822;a@b.example";
}

static void ask_ret(smtpc_envelope_t *e)
{
    e->ret = SMTPC_RETURN_HEADERS;
}

static void ask_envid(smtpc_envelope_t *e)
{
    e->envid = "a1";
}

static void ask_tls(smtpc_envelope_t *e)
{
    e->require_tls = 1;
}

static void ask_by(smtpc_envelope_t *e)
{
    e->deliver_by_set = 1;
    e->deliver_by = 120;
    e->deliver_by_trace = 1;
}

static void ask_hold_for(smtpc_envelope_t *e)
{
    e->hold_for = 60;
}

static void ask_hold_until(smtpc_envelope_t *e)
{
    e->hold_until = apr_time_from_sec(1795773600);
}

static void ask_priority(smtpc_envelope_t *e)
{
    e->priority_set = 1;
    e->priority = -3;
}

static void ask_submitter(smtpc_envelope_t *e)
{
    e->submitter_set = 1;
    e->submitter = address("ann@example.org");
}

static void ask_nobody(smtpc_envelope_t *e)
{
    e->submitter_set = 1;
}

static void ask_submitter_utf8(smtpc_envelope_t *e)
{
    e->submitter_set = 1;
    e->submitter = address("j\xc3\xbc@example.org");
}

static const struct {
    const char *what;
    void (*ask)(smtpc_envelope_t *envelope);
    smtpc_extension_e extension;
    const char *good;   /* EHLO lines that do, separated by \n */
    const char *params; /* of MAIL then */
    const char *bad;    /* EHLO lines that do not */
    int safe;           /* link with these */
    smtpc_policy_e policy; /* by default */
    const char *why;    /* a part of the sentence */
} requests[] = {
    { "8BITMIME", ask_8bit, SMTPC_EXTENSION_8BITMIME, "8BITMIME",
      " BODY=8BITMIME", "SMTPUTF8", 0, SMTPC_POLICY_FAIL,
      HOST " does not offer 8BITMIME, which the content of this message "
      "needs" },
    { "SMTPUTF8", ask_utf8, SMTPC_EXTENSION_SMTPUTF8, "SMTPUTF8",
      " SMTPUTF8", "8BITMIME", 0, SMTPC_POLICY_FAIL,
      HOST " does not offer SMTPUTF8, which an address or header" },
    { "NOTIFY", ask_notify, SMTPC_EXTENSION_DSN, "DSN", "", "SIZE", 0,
      SMTPC_POLICY_IGNORE, HOST " does not offer DSN" },
    { "ORCPT", ask_orcpt, SMTPC_EXTENSION_DSN, "DSN", "", "SIZE", 0,
      SMTPC_POLICY_IGNORE, "set the policy of DSN" },
    { "RET", ask_ret, SMTPC_EXTENSION_DSN, "DSN", " RET=HDRS", "SIZE", 0,
      SMTPC_POLICY_IGNORE, "reports of delivery" },
    { "ENVID", ask_envid, SMTPC_EXTENSION_DSN, "DSN", " ENVID=a1", "SIZE", 0,
      SMTPC_POLICY_IGNORE, "reports of delivery" },
    { "T21 REQUIRETLS", ask_tls, SMTPC_EXTENSION_REQUIRETLS, "REQUIRETLS",
      " REQUIRETLS", "SIZE", 1, SMTPC_POLICY_FAIL,
      "does not offer REQUIRETLS, so it cannot promise that this message "
      "travels with TLS only (RFC 8689, 5.7.30)" },
    { "T21 without TLS", ask_tls, SMTPC_EXTENSION_REQUIRETLS, NULL, "",
      "REQUIRETLS", 0, SMTPC_POLICY_FAIL, "not encrypted or its certificate "
      "was not verified (RFC 8689, 5.7.30)" },
    { "DELIVERBY", ask_by, SMTPC_EXTENSION_DELIVERBY, "DELIVERBY",
      " BY=120;RT", "SIZE", 0, SMTPC_POLICY_FAIL, "delivery in time" },
    { "DELIVERBY at the minimum", ask_by, SMTPC_EXTENSION_DELIVERBY,
      "DELIVERBY 120", " BY=120;RT", "DELIVERBY 121", 0, SMTPC_POLICY_FAIL,
      "within 120 s or returned, and " HOST " promises nothing below 121 s" },
    { "HOLDFOR", ask_hold_for, SMTPC_EXTENSION_FUTURERELEASE,
      "FUTURERELEASE 60 2026-11-27T10:00:00Z", " HOLDFOR=60", "SIZE", 0,
      SMTPC_POLICY_FAIL, "release in the future" },
    { "HOLDFOR over the maximum", ask_hold_for,
      SMTPC_EXTENSION_FUTURERELEASE, "FUTURERELEASE", " HOLDFOR=60",
      "FUTURERELEASE 59 2099-11-27T10:00:00Z", 0, SMTPC_POLICY_FAIL,
      "held for 60 s, and " HOST " holds none longer than 59 s" },
    { "HOLDUNTIL", ask_hold_until, SMTPC_EXTENSION_FUTURERELEASE,
      "FUTURERELEASE 1 2026-11-27T10:00:00Z",
      " HOLDUNTIL=2026-11-27T10:00:00Z",
      "FUTURERELEASE 999999999 2026-11-27T09:59:59Z", 0, SMTPC_POLICY_FAIL,
      "until Fri, 27 Nov 2026 09:59:59 GMT" },
    { "MT-PRIORITY", ask_priority, SMTPC_EXTENSION_MT_PRIORITY,
      "MT-PRIORITY", " MT-PRIORITY=-3", "SIZE", 0, SMTPC_POLICY_DEGRADE,
      "set the policy of MT-PRIORITY" },
    { "AUTH=", ask_submitter, SMTPC_EXTENSION_AUTH, "AUTH PLAIN",
      " AUTH=ann@example.org", "SIZE", 0, SMTPC_POLICY_IGNORE,
      "does not offer AUTH" },
    { "AUTH=<>", ask_nobody, SMTPC_EXTENSION_AUTH, "AUTH PLAIN", " AUTH=<>",
      "SIZE", 0, SMTPC_POLICY_IGNORE, "does not offer AUTH" },
    { "AUTH= in UTF-8", ask_submitter_utf8, SMTPC_EXTENSION_AUTH, NULL, "",
      "AUTH PLAIN\nSMTPUTF8", 0, SMTPC_POLICY_IGNORE,
      "in a message without SMTPUTF8" },
};

/* Make terms for envelope and a server with the EHLO lines in ehlo. */
static apr_status_t make(smtpc_terms_t *terms, const char **why,
                         const smtpc_envelope_t *envelope, const char *ehlo,
                         int safe)
{
    smtpc_caps_t caps = { .esmtp = 1 };
    char *last;
    char *line = apr_strtok(apr_pstrdup(tap_pool(), ehlo), "\n", &last);

    for (; line != NULL; line = apr_strtok(NULL, "\n", &last)) {
        smtpc__caps_line(&caps, line);
    }
    *why = "";
    return smtpc__terms_make(terms, why, envelope, &caps, HOST, safe,
                             tap_pool());
}

/* Return what follows the path in MAIL with terms. */
static const char *mail_params(const smtpc_terms_t *terms)
{
    smtpc_buf_t out;

    smtpc__buf_init(&out, 2048, tap_pool());
    if (smtpc__command_mail(&out, NULL, &terms->mail) != APR_SUCCESS) {
        return "no command";
    }
    return apr_pstrmemdup(tap_pool(), smtpc__buf_bytes(&out) + 12,
                          smtpc__buf_used(&out) - 14);
}

/* Check what becomes of request i under policy at a server without it. */
static void check_policy(apr_size_t i, smtpc_policy_e policy)
{
    smtpc_extension_e extension = requests[i].extension;
    smtpc_envelope_t *envelope = plain();
    smtpc_policy_e effect = policy == SMTPC_POLICY_DEFAULT
                                ? requests[i].policy : policy;
    smtpc_terms_t terms;
    const char *why;
    apr_status_t rv;

    requests[i].ask(envelope);
    envelope->policies[extension] = (unsigned char)policy;
    rv = make(&terms, &why, envelope, requests[i].bad, requests[i].safe);
    if (effect == SMTPC_POLICY_FAIL) {
        tap_is_int(rv, SMTPC_EEXTENSION, "%s is refused (policy %d)",
                   requests[i].what, policy);
        tap_ok(strstr(why, requests[i].why) != NULL, "%s", why);
        tap_ok(strstr(why, HOST) != NULL, "names the host");
        return;
    }
    tap_is_int(rv, APR_SUCCESS, "%s is left out (policy %d)",
               requests[i].what, policy);
    tap_is_str(mail_params(&terms), "", "without parameter");
    tap_is_int(terms.dsn, 0, "without DSN");
    tap_is_str(smtpc__terms_dropped(&terms, tap_pool()),
               effect == SMTPC_POLICY_DEGRADE
                   ? smtpc_extension_name(extension) : "", "which is said");
}

static void single_requests(void)
{
    for (apr_size_t i = 0; i < sizeof(requests) / sizeof(*requests); i++) {
        smtpc_envelope_t *envelope = plain();
        smtpc_terms_t terms;
        const char *why;

        requests[i].ask(envelope);
        if (requests[i].good != NULL) {
            tap_is_int(make(&terms, &why, envelope, requests[i].good,
                            requests[i].safe), APR_SUCCESS, "%s",
                       requests[i].what);
            tap_is_str(mail_params(&terms), requests[i].params, "is said");
            tap_is_int(terms.dsn,
                       requests[i].extension == SMTPC_EXTENSION_DSN,
                       "DSN if it is that");
            tap_is_int(terms.dropped, 0, "nothing dropped");
        }
        check_policy(i, SMTPC_POLICY_DEFAULT);
        check_policy(i, SMTPC_POLICY_IGNORE);
        check_policy(i, SMTPC_POLICY_DEGRADE);
        check_policy(i, SMTPC_POLICY_FAIL);
    }
}

/* What cannot be left out is refused under every policy. */
static void indispensable(void)
{
    static const unsigned char policies[] = {
        SMTPC_POLICY_DEFAULT, SMTPC_POLICY_IGNORE, SMTPC_POLICY_DEGRADE,
        SMTPC_POLICY_FAIL
    };
    smtpc_terms_t terms;
    const char *why;

    for (apr_size_t i = 0; i < sizeof(policies); i++) {
        smtpc_envelope_t *envelope = plain();

        envelope->policies[SMTPC_EXTENSION_SMTPUTF8] = policies[i];
        envelope->policies[SMTPC_EXTENSION_BINARYMIME] = policies[i];
        smtpc__envelope_add(envelope, address("j\xc3\xbc@example.net"));
        tap_is_int(make(&terms, &why, envelope, "8BITMIME", 0),
                   SMTPC_EEXTENSION, "P28 an address in UTF-8, policy %d",
                   policies[i]);
        tap_ok(strstr(why, HOST " does not offer SMTPUTF8") != NULL, "%s",
               why);
        tap_is_int(make(&terms, &why, envelope, "SMTPUTF8", 0), APR_SUCCESS,
                   "a server that has it");
        tap_is_str(mail_params(&terms), " SMTPUTF8", "is told");
        envelope->binary = 1;
        envelope->eight_bit = 1;
        tap_is_int(make(&terms, &why, envelope,
                        "SMTPUTF8\n8BITMIME\nBINARYMIME", 0),
                   SMTPC_EEXTENSION, "BINARYMIME without CHUNKING");
        tap_ok(strstr(why, "BINARYMIME with CHUNKING") != NULL, "%s", why);
        tap_is_int(make(&terms, &why, envelope, "SMTPUTF8\nCHUNKING", 0),
                   SMTPC_EEXTENSION, "CHUNKING without BINARYMIME");
        tap_is_int(make(&terms, &why, envelope,
                        "SMTPUTF8\nCHUNKING\nBINARYMIME", 0), APR_SUCCESS,
                   "both, and no need for 8BITMIME");
        tap_is_str(mail_params(&terms), " BODY=BINARYMIME SMTPUTF8",
                   "are used");
    }
}

static void sizes(void)
{
    smtpc_envelope_t *envelope = plain();
    smtpc_terms_t terms;
    const char *why;

    tap_is_int(make(&terms, &why, envelope, "SIZE 100", 0), APR_SUCCESS,
               "an unknown size");
    tap_is_str(mail_params(&terms), "", "is not told");
    envelope->size = 100;
    tap_is_int(make(&terms, &why, envelope, "SIZE 100", 0), APR_SUCCESS,
               "P15 at the limit");
    tap_is_str(mail_params(&terms), " SIZE=100", "is told");
    tap_is_int(make(&terms, &why, envelope, "SIZE", 0), APR_SUCCESS,
               "no limit");
    tap_is_str(mail_params(&terms), " SIZE=100", "is told");
    tap_is_int(make(&terms, &why, envelope, "DSN", 0), APR_SUCCESS,
               "no SIZE");
    tap_is_str(mail_params(&terms), "", "is not told");
    tap_is_int(make(&terms, &why, envelope, "SIZE 99", 0), SMTPC_EREJECTED,
               "P15 beyond");
    tap_is_str(why, "the message has 100 bytes and " HOST " takes at most 99",
               "is explained");
}

/* Mode N may be less than the minimum: nothing is promised then. */
static void deliver_by_notify(void)
{
    smtpc_envelope_t *envelope = plain();
    smtpc_terms_t terms;
    const char *why;

    ask_by(envelope);
    envelope->deliver_by_notify = 1;
    envelope->deliver_by = -5;
    tap_is_int(make(&terms, &why, envelope, "DELIVERBY 121", 0), APR_SUCCESS,
               "mode N below the minimum");
    tap_is_str(mail_params(&terms), " BY=-5;NT", "is said");
}

static void submitter_utf8(void)
{
    smtpc_envelope_t *envelope = plain();
    smtpc_terms_t terms;
    const char *why;

    ask_submitter_utf8(envelope);
    envelope->utf8 = 1;
    tap_is_int(make(&terms, &why, envelope, "AUTH PLAIN\nSMTPUTF8", 0),
               APR_SUCCESS, "a submitter in UTF-8");
    tap_is_str(mail_params(&terms), " SMTPUTF8 AUTH=j+C3+BC@example.org",
               "goes with SMTPUTF8");
}

static void recipients(void)
{
    smtpc_envelope_t *envelope = plain();
    smtpc_rcpt_params_t params;
    smtpc_terms_t terms;
    const char *why;

    ask_notify(envelope);
    ask_orcpt(envelope);
    tap_is_int(make(&terms, &why, envelope, "DSN", 0), APR_SUCCESS, "DSN");
    smtpc__terms_rcpt(&params, &terms, envelope, 0);
    tap_is_int(params.notify, 0, "the first does not say NOTIFY");
    tap_ok(params.orcpt == NULL && params.utf8 == 0, "nor anything else");
    smtpc__terms_rcpt(&params, &terms, envelope, 1);
    tap_is_int(params.notify, SMTPC_NOTIFY_FAILURE, "the second does");
    tap_is_str(params.orcpt, "rfc822;a@b.example", "and ORCPT");
    tap_is_int(make(&terms, &why, envelope, "SIZE", 0), APR_SUCCESS,
               "no DSN");
    smtpc__terms_rcpt(&params, &terms, envelope, 1);
    tap_is_int(params.notify, 0, "NOTIFY is not said");
    tap_ok(params.orcpt == NULL, "nor ORCPT");
    envelope->utf8 = 1;
    tap_is_int(make(&terms, &why, envelope, "SMTPUTF8", 0), APR_SUCCESS,
               "SMTPUTF8");
    smtpc__terms_rcpt(&params, &terms, envelope, 0);
    tap_is_int(params.utf8, 1, "is that of RCPT, too");
}

static void many_dropped(void)
{
    smtpc_envelope_t *envelope = plain();
    smtpc_terms_t terms;
    const char *why;

    ask_ret(envelope);
    ask_priority(envelope);
    ask_submitter(envelope);
    envelope->policies[SMTPC_EXTENSION_DSN] = SMTPC_POLICY_DEGRADE;
    tap_is_int(make(&terms, &why, envelope, "", 0), APR_SUCCESS,
               "a server with nothing");
    tap_is_str(smtpc__terms_dropped(&terms, tap_pool()), "DSN MT-PRIORITY",
               "what was dropped and not ignored");
}

int main(void)
{
    single_requests();
    indispensable();
    sizes();
    deliver_by_notify();
    submitter_utf8();
    recipients();
    many_dropped();
    return tap_done();
}
