/* SPDX-License-Identifier: Apache-2.0 */
/*
 * terms.c: what a message asks for against what a server offers.
 *
 * One function for each extension sets its parameters or says what is
 * missing; what a missing one means is decided in one place, need(). Nothing
 * is rendered again here: content that the server cannot take is refused.
 * RFC 6152 3, RFC 6531 3.3, RFC 3030 3, RFC 1870 6, RFC 8689 4.2.1.
 */
#include "proto/terms.h"

#include <string.h>

#include <apr_strings.h>

/* Terms under construction. */
typedef struct {
    smtpc_terms_t *terms;
    const char *why; /* set with the first failure */
    const smtpc_envelope_t *envelope;
    const smtpc_caps_t *caps;
    const char *host;
    int safe; /* encrypted and verified */
    apr_pool_t *pool;
} make_t;

/* Return non-zero if the server has all of bits. */
static int offers(const make_t *make, unsigned int bits)
{
    return (make->caps->bits & bits) == bits;
}

static smtpc_policy_e policy_of(const make_t *make,
                                smtpc_extension_e extension)
{
    static const unsigned char defaults[SMTPC_EXTENSION_COUNT] = {
        [SMTPC_EXTENSION_8BITMIME] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_SMTPUTF8] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_BINARYMIME] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_DSN] = SMTPC_POLICY_IGNORE,
        [SMTPC_EXTENSION_REQUIRETLS] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_DELIVERBY] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_FUTURERELEASE] = SMTPC_POLICY_FAIL,
        [SMTPC_EXTENSION_MT_PRIORITY] = SMTPC_POLICY_DEGRADE,
        [SMTPC_EXTENSION_AUTH] = SMTPC_POLICY_IGNORE,
    };
    unsigned char policy = make->envelope->policies[extension];

    return (smtpc_policy_e)(policy == SMTPC_POLICY_DEFAULT
                                ? defaults[extension] : policy);
}

/* The message needs extension. problem says why it cannot be had, NULL: it
 * can. Return non-zero if it is used. */
static int need(make_t *make, smtpc_extension_e extension,
                const char *problem)
{
    smtpc_policy_e policy = policy_of(make, extension);

    if (problem == NULL) {
        return 1;
    }
    if (policy == SMTPC_POLICY_FAIL) {
        make->why = problem;
    }
    else if (policy == SMTPC_POLICY_DEGRADE) {
        make->terms->dropped |= 1u << extension;
    }
    return 0;
}

/* Return the sentence for an extension that is asked for and not offered, or
 * NULL if it is offered with bit. */
static const char *not_offered(const make_t *make, unsigned int bit,
                               const char *request)
{
    return offers(make, bit)
               ? NULL
               : apr_psprintf(make->pool, "%s does not offer %s, which this "
                              "message asks for (%s); use another server, or "
                              "set the policy of %s to let it go without",
                              make->host, smtpc__cap_name(bit), request,
                              smtpc__cap_name(bit));
}

static void make_utf8(make_t *make)
{
    int needed = smtpc__envelope_needs_utf8(make->envelope);
    const char *problem = NULL;

    if (!make->envelope->utf8 && !needed) {
        return;
    }
    if (!offers(make, SMTPC_CAP_SMTPUTF8)) {
        problem = apr_psprintf(make->pool, "%s does not offer SMTPUTF8, "
                               "which an address or header of this message "
                               "needs", make->host);
        if (needed) {
            make->why = problem;
            return;
        }
    }
    make->terms->mail.utf8 = need(make, SMTPC_EXTENSION_SMTPUTF8, problem);
}

static void make_body(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;
    const char *problem = NULL;

    if (envelope->binary) {
        if (!offers(make, SMTPC_CAP_BINARYMIME | SMTPC_CAP_CHUNKING)) {
            make->why = apr_psprintf(make->pool, "%s does not offer "
                                     "BINARYMIME with CHUNKING, which the "
                                     "content of this message needs",
                                     make->host);
            return;
        }
        make->terms->mail.body_binary = 1;
    }
    else if (envelope->eight_bit) {
        if (!offers(make, SMTPC_CAP_8BITMIME)) {
            problem = apr_psprintf(make->pool, "%s does not offer 8BITMIME, "
                                   "which the content of this message needs",
                                   make->host);
        }
        make->terms->mail.body_8bit = need(make, SMTPC_EXTENSION_8BITMIME,
                                           problem);
    }
}

static void make_dsn(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;

    if (!smtpc__envelope_wants_dsn(envelope)
        || !need(make, SMTPC_EXTENSION_DSN,
                 not_offered(make, SMTPC_CAP_DSN, "reports of delivery"))) {
        return;
    }
    make->terms->dsn = 1;
    make->terms->mail.ret = envelope->ret;
    make->terms->mail.envid = envelope->envid;
}

static void make_require_tls(make_t *make)
{
    const char *problem = NULL;

    if (!make->envelope->require_tls) {
        return;
    }
    if (!make->safe) {
        problem = apr_psprintf(make->pool, "this message is not to travel "
                               "without TLS (REQUIRETLS), and the connection "
                               "to %s is not encrypted or its certificate "
                               "was not verified (RFC 8689, 5.7.30); set "
                               "security to starttls or implicit",
                               make->host);
    }
    else if (!offers(make, SMTPC_CAP_REQUIRETLS)) {
        problem = apr_psprintf(make->pool, "%s does not offer REQUIRETLS, so "
                               "it cannot promise that this message travels "
                               "with TLS only (RFC 8689, 5.7.30); use "
                               "another server, or set the policy of "
                               "REQUIRETLS to let it go without",
                               make->host);
    }
    make->terms->mail.require_tls = need(make, SMTPC_EXTENSION_REQUIRETLS,
                                         problem);
}

static void make_deliver_by(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;
    const smtpc_caps_t *caps = make->caps;
    smtpc_mail_params_t *mail = &make->terms->mail;
    const char *problem;

    if (!envelope->deliver_by_set) {
        return;
    }
    problem = not_offered(make, SMTPC_CAP_DELIVERBY, "delivery in time");
    /* The minimum is one of mode R: RFC 2852 3. */
    if (problem == NULL && !envelope->deliver_by_notify
        && envelope->deliver_by < caps->by_minimum) {
        problem = apr_psprintf(make->pool, "this message is to be delivered "
                               "within %d s or returned, and %s promises "
                               "nothing below %" APR_INT64_T_FMT " s "
                               "(DELIVERBY); give it more time",
                               (int)envelope->deliver_by, make->host,
                               caps->by_minimum);
    }
    if (need(make, SMTPC_EXTENSION_DELIVERBY, problem)) {
        mail->deliver_by_set = 1;
        mail->deliver_by = envelope->deliver_by;
        mail->deliver_by_notify = envelope->deliver_by_notify;
        mail->deliver_by_trace = envelope->deliver_by_trace;
    }
}

/* Return what is wrong with the time the message is to be held, or NULL. */
static const char *hold_problem(const make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;
    const smtpc_caps_t *caps = make->caps;
    const char *problem = not_offered(make, SMTPC_CAP_FUTURERELEASE,
                                      "release in the future");
    char date[APR_RFC822_DATE_LEN];

    if (problem != NULL) {
        return problem;
    }
    if (envelope->hold_for > 0 && caps->future_interval > 0
        && envelope->hold_for > caps->future_interval) {
        return apr_psprintf(make->pool, "this message is to be held for "
                            "%" APR_INT64_T_FMT " s, and %s holds none "
                            "longer than %" APR_INT64_T_FMT " s "
                            "(FUTURERELEASE); send it later",
                            envelope->hold_for, make->host,
                            caps->future_interval);
    }
    if (envelope->hold_for == 0 && caps->future_until > 0
        && envelope->hold_until > caps->future_until) {
        apr_rfc822_date(date, caps->future_until);
        return apr_psprintf(make->pool, "this message is to be held for "
                            "longer than %s holds any: until %s "
                            "(FUTURERELEASE); send it later", make->host,
                            date);
    }
    return NULL;
}

static void make_hold(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;

    if ((envelope->hold_for > 0 || envelope->hold_until > 0)
        && need(make, SMTPC_EXTENSION_FUTURERELEASE, hold_problem(make))) {
        make->terms->mail.hold_for = envelope->hold_for;
        make->terms->mail.hold_until = envelope->hold_until;
    }
}

static void make_priority(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;

    if (envelope->priority_set
        && need(make, SMTPC_EXTENSION_MT_PRIORITY,
                not_offered(make, SMTPC_CAP_MT_PRIORITY,
                            "a place in queues"))) {
        make->terms->mail.priority_set = 1;
        make->terms->mail.priority = envelope->priority;
    }
}

/* A submitter in UTF-8 does not make SMTPUTF8 out of a message that does
 * without: what a relay may not know is no reason to bounce it there. */
static void make_submitter(make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;
    const char *problem;

    if (!envelope->submitter_set) {
        return;
    }
    problem = not_offered(make, SMTPC_CAP_AUTH, "naming its submitter");
    if (problem == NULL && envelope->submitter != NULL
        && !make->terms->mail.utf8
        && smtpc__address_needs_utf8(envelope->submitter)) {
        problem = apr_psprintf(make->pool, "the submitter of this message "
                               "has an address in UTF-8, which cannot be "
                               "told to %s in a message without SMTPUTF8",
                               make->host);
    }
    if (need(make, SMTPC_EXTENSION_AUTH, problem)) {
        make->terms->mail.submitter_set = 1;
        make->terms->mail.submitter = envelope->submitter;
    }
}

/* Return the complaint about the size of the message, or NULL. */
static const char *size_problem(const make_t *make)
{
    const smtpc_envelope_t *envelope = make->envelope;
    const smtpc_caps_t *caps = make->caps;

    if (envelope->size == SMTPC_LENGTH_UNKNOWN || caps->size == 0
        || envelope->size <= caps->size) {
        return NULL;
    }
    return apr_psprintf(make->pool, "the message has %" APR_OFF_T_FMT
                        " bytes and %s takes at most %" APR_OFF_T_FMT,
                        envelope->size, make->host, caps->size);
}

apr_status_t smtpc__terms_make(smtpc_terms_t *terms, const char **why,
                               const smtpc_envelope_t *envelope,
                               const smtpc_caps_t *caps, const char *host,
                               int encrypted_and_verified, apr_pool_t *pool)
{
    /* The submitter comes behind what decides on UTF-8. */
    static void (*const makers[])(make_t *) = {
        make_utf8, make_body, make_dsn, make_require_tls, make_deliver_by,
        make_hold, make_priority, make_submitter
    };
    make_t make = { terms, NULL, envelope, caps, host,
                    encrypted_and_verified, pool };

    memset(terms, 0, sizeof(*terms));
    terms->mail.size = caps->bits & SMTPC_CAP_SIZE ? envelope->size
                                                   : SMTPC_LENGTH_UNKNOWN;
    for (apr_size_t i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
        makers[i](&make);
        if (make.why != NULL) {
            *why = make.why;
            return SMTPC_EEXTENSION;
        }
    }
    make.why = size_problem(&make);
    if (make.why != NULL) {
        *why = make.why;
        return SMTPC_EREJECTED;
    }
    return APR_SUCCESS;
}

void smtpc__terms_rcpt(smtpc_rcpt_params_t *params,
                       const smtpc_terms_t *terms,
                       const smtpc_envelope_t *envelope, apr_size_t i)
{
    const smtpc_envelope_recipient_t *entry
        = smtpc__envelope_entry(envelope, i);

    params->utf8 = terms->mail.utf8;
    params->notify = terms->dsn ? entry->notify : 0;
    params->orcpt = terms->dsn ? entry->orcpt : NULL;
}

const char *smtpc__terms_dropped(const smtpc_terms_t *terms,
                                 apr_pool_t *pool)
{
    const char *text = "";

    for (int i = 0; i < SMTPC_EXTENSION_COUNT; i++) {
        if (terms->dropped & 1u << i) {
            text = apr_pstrcat(pool, text, *text != '\0' ? " " : "",
                               smtpc_extension_name((smtpc_extension_e)i),
                               NULL);
        }
    }
    return text;
}
