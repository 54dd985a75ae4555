/* SPDX-License-Identifier: Apache-2.0 */
/* message_envelope_test.c: who a message is from and for. */
#include <apr_strings.h>
#include <smtpclient/headers.h>

#include "../tap/tap.h"
#include "mime_support.h"

static const char *show(const smtpc_message_t *m, const smtpc_address_t *from)
{
    smtpc_envelope_t *envelope;
    const char *why = "no reason";
    const char *out;

    if (smtpc__message_envelope(&envelope, &why, m, from, tap_pool())) {
        return why;
    }
    out = smtpc_address_address(envelope->sender);
    for (apr_size_t i = 0; i < smtpc__envelope_count(envelope); i++) {
        out = apr_pstrcat(
            tap_pool(), out, " ",
            smtpc_address_address(smtpc__envelope_recipient(envelope, i)),
            NULL);
    }
    return apr_pstrcat(tap_pool(), out, envelope->utf8 ? " utf8" : NULL,
                       NULL);
}

static smtpc_message_t *message(void)
{
    smtpc_message_t *m;

    if (smtpc_message_create(&m, tap_pool())) {
        tap_bail("no message");
    }
    return m;
}

int main(void)
{
    smtpc_message_t *m = message();
    smtpc_resent_t *resent;
    smtpc_address_t *from;

    if (smtpc_address_parse(&from, "default@x.org", tap_pool())) {
        tap_bail("no address");
    }
    tap_is_str(show(m, NULL),
               "the message has no From and there is no default for it",
               "no sender");
    tap_is_str(show(m, from),
               "the message has no recipient in To, Cc or Bcc", "nobody");
    if (smtpc_message_add_to(m, "T <t@x.org>, Dup <d@x.org>")
        || smtpc_message_add_cc(m, "c@x.org, d@X.ORG, D@x.org")
        || smtpc_message_add_bcc(m, "b@x.org, t@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from),
               "default@x.org t@x.org d@x.org b@x.org c@x.org D@x.org",
               "To, Bcc, Cc, each mailbox once; local parts keep their case");
    if (smtpc_message_set_from(m, "f@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(apr_pstrmemdup(tap_pool(), show(m, from), 8), "f@x.org ",
               "From before the default");
    if (smtpc_message_set_sender(m, "s@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(apr_pstrmemdup(tap_pool(), show(m, from), 8), "s@x.org ",
               "Sender before From");

    m = message();
    if (smtpc_message_add_to(m, "t@\xc3\xa4.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "default@x.org t@\xc3\xa4.org",
               "a domain has another form");
    if (smtpc_message_add_reply_to(m, "\xc3\xa4@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "default@x.org t@\xc3\xa4.org utf8",
               "a local part in the header needs SMTPUTF8");
    m = message();
    if (smtpc_message_add_bcc(m, "\xc3\xa4@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "default@x.org \xc3\xa4@x.org utf8",
               "so does one in the envelope");
    m = message();
    if (smtpc_message_add_to(m, "t@x.org")
        || smtpc_message_set_disposition_notification_to(m, "\xc3\xa4@x.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "default@x.org t@x.org utf8",
               "and one in an added field");
    m = message();
    if (smtpc_message_add_to(m, "t@x.org")
        || smtpc_message_add_resent(&resent, m, "r@x.org")
        || smtpc_resent_add_bcc(resent, "u@x.org")
        || smtpc_resent_add_to(resent, "v@x.org, u@X.org")) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "r@x.org v@x.org u@x.org",
               "a Resent block takes the place of all of it");
    if (smtpc_message_set_envelope(m, "e@x.org", NULL)) {
        tap_bail("%s", smtpc_message_error(m));
    }
    tap_is_str(show(m, from), "e@x.org v@x.org u@x.org",
               "and what the caller says, that of the block");
    return tap_done();
}
