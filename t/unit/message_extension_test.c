/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message_extension_test.c: what a message asks of servers, from the calls to
 * the command lines.
 */
#include <string.h>

#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "../tap/tap.h"
#include "base/limits.h"
#include "mime_support.h"
#include "proto/command.h"

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())
        || smtpc_message_set_from(m, "from@example.org")
        || smtpc_message_add_to(m, "to@example.org")) {
        tap_bail("no message");
    }
    return m;
}

static smtpc_envelope_t *envelope_of(const smtpc_message_t *m)
{
    smtpc_envelope_t *envelope = NULL;
    const char *why = "";

    if (smtpc__message_envelope(&envelope, &why, m, NULL, tap_pool())) {
        tap_bail("no envelope: %s", why);
    }
    return envelope;
}

/* Check that rv is wanted and m has a sentence for a failure. */
static void check(const smtpc_message_t *m, apr_status_t rv,
                  apr_status_t wanted, const char *what)
{
    tap_is_int(rv, wanted, "%s", what);
    if (wanted != APR_SUCCESS) {
        tap_ok(*smtpc_message_error(m) != '\0', "%s",
               smtpc_message_error(m));
    }
}

/* The rules of DeliveryNotificationOptions: any of three, or Never alone. */
static void notifications(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_notifications(m), SMTPC_NOTIFY_NONE, "none");
    for (int i = 0; i <= 7; i++) {
        tap_is_int(smtpc_message_set_notifications(m, i), 0, "%d", i);
        tap_is_int(smtpc_message_notifications(m), i, "is %d", i);
    }
    tap_is_int(smtpc_message_set_notifications(m, 8), SMTPC_EARG, "8");
    tap_is_int(smtpc_message_set_notifications(m, -1), SMTPC_EARG, "-1");
    tap_is_int(smtpc_message_set_notifications(m, SMTPC_NOTIFY_NEVER
                                                      | SMTPC_NOTIFY_DELAY),
               SMTPC_EARG, "never and another");
    tap_is_int(smtpc_message_notifications(m), 7, "as before");
    tap_is_int(smtpc_message_set_notifications(m, SMTPC_NOTIFY_NEVER), 0,
               "never");
    tap_is_int(smtpc_message_notifications(m), SMTPC_NOTIFY_NEVER, "is never");
}

/* The NOTIFY of each recipient of m, as "to=1 cc=4". */
static const char *show_notify(const smtpc_message_t *m)
{
    const smtpc_envelope_t *e = envelope_of(m);
    const char *out = "";

    for (apr_size_t i = 0; i < smtpc__envelope_count(e); i++) {
        const smtpc_envelope_recipient_t *entry = smtpc__envelope_entry(e, i);

        out = apr_psprintf(tap_pool(), "%s%s%s=%u", out, i > 0 ? " " : "",
                           smtpc_address_user(entry->address),
                           entry->notify);
    }
    return out;
}

static void recipient_notifications(void)
{
    smtpc_message_t *m = message();

    if (smtpc_message_add_cc(m, "Cc <cc@EXAMPLE.org>")
        || smtpc_message_add_bcc(m, "bcc@example.org")) {
        tap_bail("no recipients");
    }
    tap_is_str(show_notify(m), "to=0 bcc=0 cc=0", "nobody is asked for");
    check(m, smtpc_message_set_notifications(m, SMTPC_NOTIFY_FAILURE), 0,
          "all");
    check(m, smtpc_message_set_recipient_notifications(
                 m, "\"C. C.\" <cc@example.ORG>", SMTPC_NOTIFY_NEVER), 0,
          "one of them, by its mailbox");
    check(m, smtpc_message_set_recipient_notifications(
                 m, "later@example.org", SMTPC_NOTIFY_SUCCESS), 0,
          "one who is none yet");
    tap_is_str(show_notify(m), "to=2 bcc=2 cc=134217728", "each its own");
    tap_is_int(smtpc_message_recipient_notifications(m, "cc@example.org"),
               SMTPC_NOTIFY_NEVER, "read back");
    tap_is_int(smtpc_message_recipient_notifications(m, "to@example.org"),
               SMTPC_NOTIFY_FAILURE, "that of all");
    tap_is_int(smtpc_message_recipient_notifications(m, "nonsense"),
               SMTPC_NOTIFY_FAILURE, "of what is none");
    check(m, smtpc_message_set_envelope(m, NULL, "later@example.org"), 0,
          "another envelope");
    tap_is_str(show_notify(m), "later=1", "has what was said of it");
    check(m, smtpc_message_set_envelope(m, NULL, NULL), 0, "as before");
    check(m, smtpc_message_set_recipient_notifications(
                 m, "cc@example.org", SMTPC_NOTIFY_NONE), 0, "taken back");
    tap_is_str(show_notify(m), "to=2 bcc=2 cc=2", "is as all");
    check(m, smtpc_message_set_recipient_notifications(m, "cc@example.org",
                                                       8), SMTPC_EARG, "8");
    check(m, smtpc_message_set_recipient_notifications(m, "cc", 1),
          SMTPC_EARG, "no mailbox");
    check(m, smtpc_message_set_recipient_notifications(
                 m, "a@b.example, c@d.example", 1), SMTPC_EARG, "two");
    check(m, smtpc_message_set_recipient_notifications(m, NULL, 1),
          SMTPC_EARG, "none");
    tap_is_str(show_notify(m), "to=2 bcc=2 cc=2", "nothing changed");
}

static void original_recipients(void)
{
    smtpc_message_t *m = message();
    char *local = apr_palloc(tap_pool(), SMTPC_LIMIT_LOCAL_PART + 1);
    const char *original;

    check(m, smtpc_message_set_original_recipient(
                 m, "to@example.org", "List <list+x@b\xc3\xbc.example>"), 0,
          "an original recipient");
    tap_is_str(smtpc__envelope_entry(envelope_of(m), 0)->orcpt,
               "rfc822;list+x@xn--b-eha.example", "is rfc822");
    tap_is_str(smtpc_message_original_recipient(m, "to@EXAMPLE.org"),
               "list+x@b\xc3\xbc.example", "read back");
    check(m, smtpc_message_set_recipient_notifications(
                 m, "to@example.org", SMTPC_NOTIFY_DELAY), 0, "and NOTIFY");
    tap_is_str(show_notify(m), "to=4", "are both there");
    check(m, smtpc_message_set_original_recipient(
                 m, "to@example.org", "j\xc3\xbc@b\xc3\xbc.example"), 0,
          "one in UTF-8");
    tap_is_str(smtpc__envelope_entry(envelope_of(m), 0)->orcpt,
               "utf-8;j\xc3\xbc@b\xc3\xbc.example", "is utf-8");
    tap_is_int(envelope_of(m)->utf8, 0, "which needs no SMTPUTF8");
    check(m, smtpc_message_set_original_recipient(m, "to@example.org", "x"),
          SMTPC_EARG, "no mailbox");
    check(m, smtpc_message_set_original_recipient(m, "x", "a@b.example"),
          SMTPC_EARG, "no recipient");
    memset(local, '+', SMTPC_LIMIT_LOCAL_PART);
    memcpy(local, "\xc3\xbc", 2);
    local[SMTPC_LIMIT_LOCAL_PART] = '\0';
    original = apr_psprintf(tap_pool(), "%s@%s.%s.example", local,
                            "x2345678901234567890123456789012345678901234567"
                            "8901234567890",
                            "y2345678901234567890123456789012345678901234567"
                            "8901234567890");
    check(m, smtpc_message_set_original_recipient(m, "to@example.org",
                                                  original), SMTPC_ELIMIT,
          "too long when it is written");
    tap_is_str(smtpc_message_original_recipient(m, "to@example.org"),
               "j\xc3\xbc@b\xc3\xbc.example", "nothing changed");
    check(m, smtpc_message_set_original_recipient(m, "to@example.org", NULL),
          0, "taken away");
    tap_ok(smtpc_message_original_recipient(m, "to@example.org") == NULL
               && smtpc__envelope_entry(envelope_of(m), 0)->orcpt == NULL,
           "is gone");
    tap_ok(smtpc_message_original_recipient(m, "x") == NULL, "of nobody");
}

static void recipients_limit(void)
{
    smtpc_message_t *m = message();
    int failed = 0;

    for (int i = 0; i < SMTPC_LIMIT_RECIPIENTS; i++) {
        char address[40];

        apr_snprintf(address, sizeof(address), "r%d@example.org", i);
        failed += smtpc_message_set_recipient_notifications(m, address, 1)
                  != APR_SUCCESS;
    }
    tap_is_int(failed, 0, "as many as may be");
    check(m, smtpc_message_set_recipient_notifications(m, "x@example.org",
                                                       1), SMTPC_ELIMIT,
          "one more");
    check(m, smtpc_message_set_original_recipient(m, "x@example.org",
                                                  "a@b.example"),
          SMTPC_ELIMIT, "in whatever way");
    check(m, smtpc_message_set_recipient_notifications(m, "r7@example.org",
                                                       2), 0,
          "those there are can be changed");
}

static void reports(void)
{
    smtpc_message_t *m = message();
    char id[SMTPC_LIMIT_ENVID + 2];

    tap_is_int(smtpc_message_return(m), SMTPC_RETURN_DEFAULT, "by default");
    check(m, smtpc_message_set_return(m, SMTPC_RETURN_FULL), 0, "FULL");
    check(m, smtpc_message_set_return(m, SMTPC_RETURN_HEADERS), 0, "HEADERS");
    check(m, smtpc_message_set_return(m, (smtpc_return_e)3), SMTPC_EARG, "3");
    check(m, smtpc_message_set_return(m, (smtpc_return_e)-1), SMTPC_EARG,
          "-1");
    tap_is_int(smtpc_message_return(m), SMTPC_RETURN_HEADERS, "read back");
    tap_is_int(envelope_of(m)->ret, SMTPC_RETURN_HEADERS, "in the envelope");
    tap_ok(smtpc_message_envelope_id(m) == NULL, "no id");
    memset(id, 'x', sizeof(id));
    id[SMTPC_LIMIT_ENVID] = '\0';
    check(m, smtpc_message_set_envelope_id(m, id), 0, "the longest id");
    id[SMTPC_LIMIT_ENVID] = 'x';
    id[SMTPC_LIMIT_ENVID + 1] = '\0';
    check(m, smtpc_message_set_envelope_id(m, id), SMTPC_ELIMIT, "longer");
    id[SMTPC_LIMIT_ENVID - 2] = '\0';
    id[0] = '+';
    check(m, smtpc_message_set_envelope_id(m, id), 0, "+ is three");
    id[1] = ' ';
    check(m, smtpc_message_set_envelope_id(m, id), SMTPC_ELIMIT,
          "a blank, too");
    check(m, smtpc_message_set_envelope_id(m, "order 41"), 0, "a blank");
    check(m, smtpc_message_set_envelope_id(m, ""), SMTPC_EARG, "empty");
    check(m, smtpc_message_set_envelope_id(m, "\xc3\xbc"), SMTPC_EARG,
          "not ASCII");
    check(m, smtpc_message_set_envelope_id(m, "a\r\nb"), SMTPC_EARG, "CRLF");
    tap_is_str(smtpc_message_envelope_id(m), "order 41", "read back");
    tap_is_str(envelope_of(m)->envid, "order 41", "in the envelope");
    check(m, smtpc_message_set_envelope_id(m, NULL), 0, "taken away");
    tap_ok(envelope_of(m)->envid == NULL, "is gone");
}

/* Set and check what deliver by is then: "seconds mode trace set". */
static void by(smtpc_message_t *m, apr_int32_t seconds, smtpc_by_e mode,
               int trace, apr_status_t status, const char *after)
{
    const smtpc_envelope_t *e;

    check(m, smtpc_message_set_deliver_by(m, seconds, mode, trace), status,
          apr_psprintf(tap_pool(), "by %d, mode %d", (int)seconds, mode));
    e = envelope_of(m);
    tap_is_str(apr_psprintf(tap_pool(), "%d%s%s%s", (int)e->deliver_by,
                            e->deliver_by_notify ? "N" : "R",
                            e->deliver_by_trace ? "T" : "",
                            e->deliver_by_set ? "" : " none"), after, "is");
    tap_ok(smtpc_message_deliver_by(m) == e->deliver_by
               && (smtpc_message_deliver_by_mode(m) == SMTPC_BY_NOTIFY)
                      == e->deliver_by_notify
               && smtpc_message_deliver_by_trace(m) == e->deliver_by_trace,
           "read back");
}

static void deliver_by(void)
{
    smtpc_message_t *m = message();

    by(m, 120, SMTPC_BY_RETURN, 0, 0, "120R");
    by(m, -5, SMTPC_BY_NOTIFY, 7, 0, "-5NT");
    by(m, 0, SMTPC_BY_NOTIFY, 0, 0, "0N");
    by(m, SMTPC_LIMIT_SECONDS, SMTPC_BY_RETURN, 1, 0, "999999999RT");
    by(m, SMTPC_LIMIT_SECONDS + 1, SMTPC_BY_RETURN, 1, SMTPC_ELIMIT,
       "999999999RT");
    by(m, -SMTPC_LIMIT_SECONDS - 1, SMTPC_BY_NOTIFY, 1, SMTPC_ELIMIT,
       "999999999RT");
    by(m, -1, SMTPC_BY_RETURN, 1, SMTPC_EARG, "999999999RT");
    by(m, 9, (smtpc_by_e)2, 1, SMTPC_EARG, "999999999RT");
    by(m, 0, SMTPC_BY_RETURN, 1, 0, "0R none");
}

static void holding(void)
{
    const apr_time_t when = apr_time_from_sec(1795773600);
    const apr_time_t last = apr_time_from_sec(APR_INT64_C(253402300800)) - 1;
    smtpc_message_t *m = message();

    check(m, smtpc_message_set_hold_for(m, SMTPC_LIMIT_SECONDS), 0,
          "as long as may be");
    check(m, smtpc_message_set_hold_for(m, SMTPC_LIMIT_SECONDS + 1),
          SMTPC_ELIMIT, "longer");
    check(m, smtpc_message_set_hold_for(m, -1), SMTPC_EARG, "less than 0");
    tap_is_int(smtpc_message_hold_for(m), SMTPC_LIMIT_SECONDS, "read back");
    tap_is_int(envelope_of(m)->hold_for, SMTPC_LIMIT_SECONDS,
               "in the envelope");
    check(m, smtpc_message_set_hold_until(m, when), 0, "until");
    tap_ok(smtpc_message_hold_until(m) == when
               && smtpc_message_hold_for(m) == 0
               && envelope_of(m)->hold_until == when, "in place of for");
    check(m, smtpc_message_set_hold_until(m, last), 0, "the last moment");
    check(m, smtpc_message_set_hold_until(m, last + 1), SMTPC_EARG,
          "the next");
    check(m, smtpc_message_set_hold_until(m, -1), SMTPC_EARG, "before 1970");
    check(m, smtpc_message_set_hold_for(m, 60), 0, "for");
    tap_ok(smtpc_message_hold_until(m) == 0
               && smtpc_message_hold_for(m) == 60, "in place of until");
    check(m, smtpc_message_set_hold_until(m, 0), 0, "taken away");
    tap_ok(envelope_of(m)->hold_for == 0 && envelope_of(m)->hold_until == 0,
           "both are gone");
}

static void priorities(void)
{
    smtpc_message_t *m = message();

    tap_is_int(smtpc_message_mt_priority(m), SMTPC_MT_PRIORITY_NONE, "none");
    for (int i = -9; i <= 9; i++) {
        const smtpc_envelope_t *e;

        check(m, smtpc_message_set_mt_priority(m, i), 0, "a priority");
        e = envelope_of(m);
        tap_ok(e->priority_set && e->priority == i
                   && smtpc_message_mt_priority(m) == i, "is %d", i);
    }
    check(m, smtpc_message_set_mt_priority(m, 10), SMTPC_EARG, "10");
    check(m, smtpc_message_set_mt_priority(m, -10), SMTPC_EARG, "-10");
    tap_is_int(smtpc_message_mt_priority(m), 9, "as before");
    check(m, smtpc_message_set_mt_priority(m, SMTPC_MT_PRIORITY_NONE), 0,
          "taken away");
    tap_is_int(envelope_of(m)->priority_set, 0, "is gone");
    tap_is_int(smtpc_message_priority(m), SMTPC_PRIORITY_NORMAL,
               "what readers see is another thing");
}

static void submitters(void)
{
    smtpc_message_t *m = message();

    tap_ok(smtpc_message_submitter(m) == NULL, "none");
    check(m, smtpc_message_set_submitter(m, "Ann <ann@example.org>"), 0,
          "a submitter");
    tap_is_str(smtpc_message_submitter(m), "ann@example.org", "read back");
    tap_is_str(smtpc_address_address(envelope_of(m)->submitter),
               "ann@example.org", "in the envelope");
    check(m, smtpc_message_set_submitter(m, "ann"), SMTPC_EARG, "no mailbox");
    tap_is_int(envelope_of(m)->submitter_set, 1, "as before");
    check(m, smtpc_message_set_submitter(m, ""), 0, "nobody");
    tap_is_str(smtpc_message_submitter(m), "", "read back");
    tap_ok(envelope_of(m)->submitter_set
               && envelope_of(m)->submitter == NULL, "in the envelope");
    check(m, smtpc_message_set_submitter(m, NULL), 0, "taken away");
    tap_is_int(envelope_of(m)->submitter_set, 0, "is gone");
}

static void flags_and_policies(void)
{
    smtpc_message_t *m = message();

    tap_ok(!smtpc_message_require_tls(m) && !smtpc_message_all_or_none(m),
           "neither");
    check(m, smtpc_message_set_require_tls(m, 5), 0, "REQUIRETLS");
    tap_ok(smtpc_message_require_tls(m) == 1
               && envelope_of(m)->require_tls == 1
               && !envelope_of(m)->all_or_none, "is in the envelope");
    check(m, smtpc_message_set_all_or_none(m, 5), 0, "all or none");
    tap_ok(smtpc_message_all_or_none(m) == 1
               && envelope_of(m)->all_or_none == 1, "is in the envelope");
    check(m, smtpc_message_set_require_tls(m, 0), 0, "no REQUIRETLS");
    check(m, smtpc_message_set_all_or_none(m, 0), 0, "nor the other");
    tap_ok(!envelope_of(m)->require_tls && !envelope_of(m)->all_or_none,
           "are gone");
    tap_is_int(envelope_of(m)->size, SMTPC_LENGTH_UNKNOWN,
               "the size is nobody's to ask for");
    for (int i = 0; i < SMTPC_EXTENSION_COUNT; i++) {
        smtpc_extension_e extension = (smtpc_extension_e)i;

        check(m, smtpc_message_set_policy(m, extension, SMTPC_POLICY_FAIL),
              0, "a policy");
        tap_is_int(smtpc_message_policy(m, extension), SMTPC_POLICY_FAIL,
                   "read back");
        tap_is_int(envelope_of(m)->policies[i], SMTPC_POLICY_FAIL,
                   "in the envelope");
    }
    check(m, smtpc_message_set_policy(m, SMTPC_EXTENSION_COUNT,
                                      SMTPC_POLICY_FAIL), SMTPC_EARG,
          "no extension");
    check(m, smtpc_message_set_policy(m, (smtpc_extension_e)-1,
                                      SMTPC_POLICY_FAIL), SMTPC_EARG,
          "nor this");
    check(m, smtpc_message_set_policy(m, SMTPC_EXTENSION_DSN,
                                      (smtpc_policy_e)4), SMTPC_EARG,
          "no policy");
    tap_is_int(smtpc_message_policy(m, SMTPC_EXTENSION_COUNT),
               SMTPC_POLICY_DEFAULT, "of none");
}

/* All of it is the envelope's: allowed for what was loaded, and not seen in
 * the message. */
static void loaded(void)
{
    static const char eml[] = "From: from@example.org\r\n"
                              "To: to@example.org\r\n\r\nHello\r\n";
    static const smtpc_render_t how = { 0 };
    const char *path = apr_pstrcat(tap_pool(), "/tmp/message_extension_test.",
                                   apr_itoa(tap_pool(), (int)getpid()),
                                   NULL);
    smtpc_message_t *m;
    apr_file_t *file;
    apr_size_t len = sizeof(eml) - 1;

    if (apr_file_open(&file, path,
                      APR_FOPEN_WRITE | APR_FOPEN_CREATE
                          | APR_FOPEN_TRUNCATE,
                      APR_FPROT_OS_DEFAULT, tap_pool())
        || apr_file_write_full(file, eml, len, NULL) || apr_file_close(file)
        || smtpc_message_load(&m, path, tap_pool())) {
        tap_bail("no .eml");
    }
    check(m, smtpc_message_set_recipient_notifications(m, "to@example.org",
                                                       1), 0, "NOTIFY");
    check(m, smtpc_message_set_original_recipient(m, "to@example.org",
                                                  "a@b.example"), 0, "ORCPT");
    check(m, smtpc_message_set_return(m, SMTPC_RETURN_FULL), 0, "RET");
    check(m, smtpc_message_set_envelope_id(m, "x1"), 0, "ENVID");
    check(m, smtpc_message_set_require_tls(m, 1), 0, "REQUIRETLS");
    check(m, smtpc_message_set_deliver_by(m, 9, SMTPC_BY_RETURN, 0), 0, "BY");
    check(m, smtpc_message_set_hold_for(m, 9), 0, "HOLDFOR");
    check(m, smtpc_message_set_mt_priority(m, 3), 0, "MT-PRIORITY");
    check(m, smtpc_message_set_submitter(m, ""), 0, "AUTH");
    check(m, smtpc_message_set_all_or_none(m, 1), 0, "all or none");
    check(m, smtpc_message_set_policy(m, SMTPC_EXTENSION_DSN,
                                      SMTPC_POLICY_FAIL), 0, "a policy");
    tap_is_str(show_notify(m), "to=1", "NOTIFY is in the envelope");
    tap_ok(envelope_of(m)->hold_for == 9 && envelope_of(m)->all_or_none,
           "and the others");
    tap_is_str(support_render(m, &how, NULL, tap_pool()), eml,
               "nothing is in the message");
    (void)apr_file_remove(path, tap_pool());
}

/* What the calls take is what can be written. */
static void on_the_wire(void)
{
    smtpc_message_t *m = message();
    const smtpc_envelope_t *e;
    smtpc_mail_params_t mail = { .size = SMTPC_LENGTH_UNKNOWN };
    smtpc_rcpt_params_t rcpt = { 0 };
    smtpc_buf_t out;

    check(m, smtpc_message_set_envelope_id(m, "a=b+c"), 0, "ENVID");
    check(m, smtpc_message_set_deliver_by(m, -999999999, SMTPC_BY_NOTIFY, 1),
          0, "BY");
    check(m, smtpc_message_set_hold_until(
                 m, apr_time_from_sec(APR_INT64_C(253402300799))), 0,
          "HOLDUNTIL");
    check(m, smtpc_message_set_original_recipient(m, "to@example.org",
                                                  "l\xc3\xbc+x@b.example"),
          0, "ORCPT");
    e = envelope_of(m);
    mail.envid = e->envid;
    mail.deliver_by_set = e->deliver_by_set;
    mail.deliver_by = e->deliver_by;
    mail.deliver_by_notify = e->deliver_by_notify;
    mail.deliver_by_trace = e->deliver_by_trace;
    mail.hold_until = e->hold_until;
    rcpt.orcpt = smtpc__envelope_entry(e, 0)->orcpt;
    smtpc__buf_init(&out, 4096, tap_pool());
    tap_is_int(smtpc__command_mail(&out, e->sender, &mail), 0, "MAIL");
    tap_is_int(smtpc__command_rcpt(&out, smtpc__envelope_recipient(e, 0),
                                   &rcpt), 0, "RCPT");
    tap_is_str(apr_pstrmemdup(tap_pool(), smtpc__buf_bytes(&out),
                              smtpc__buf_used(&out)),
               "MAIL FROM:<from@example.org> ENVID=a+3Db+2Bc "
               "BY=-999999999;NT HOLDUNTIL=9999-12-31T23:59:59Z\r\n"
               "RCPT TO:<to@example.org> "
               "ORCPT=utf-8;l\\x{FC}\\x{2B}x@b.example\r\n", "both");
}

int main(void)
{
    (void)support_env(tap_pool());
    notifications();
    recipient_notifications();
    original_recipients();
    recipients_limit();
    reports();
    deliver_by();
    holding();
    priorities();
    submitters();
    flags_and_policies();
    loaded();
    on_the_wire();
    return tap_done();
}
