/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope_test.c: the container of sender, recipients and parameters.
 */
#include "../tap/tap.h"

#include <smtpclient/source.h>

#include "model/envelope.h"

static const smtpc_address_t *parse(const char *text)
{
    smtpc_address_t *address = NULL;

    if (smtpc_address_parse(&address, text, tap_pool()) != APR_SUCCESS) {
        tap_bail("\"%s\" is no address", text);
    }
    return address;
}

static void parameters(void)
{
    smtpc_envelope_t *envelope = smtpc__envelope_create(tap_pool());
    smtpc_envelope_recipient_t *entry;
    int i;

    smtpc__envelope_add(envelope, parse("ann@example.net"));
    smtpc__envelope_add(envelope, parse("bob@example.net"));
    for (i = 0; i < SMTPC_EXTENSION_COUNT; i++) {
        tap_is_int(envelope->policies[i], SMTPC_POLICY_DEFAULT,
                   "no policy at first");
    }
    tap_ok(!smtpc__envelope_wants_dsn(envelope), "DSN is not asked for");
    entry = smtpc__envelope_entry(envelope, 1);
    tap_ok(entry->address == smtpc__envelope_recipient(envelope, 1),
           "an entry has the address");
    tap_is_int(entry->notify, 0, "no NOTIFY");
    tap_ok(entry->orcpt == NULL, "no ORCPT");
    entry->notify = SMTPC_NOTIFY_NEVER;
    tap_ok(smtpc__envelope_wants_dsn(envelope), "NOTIFY needs DSN");
    entry->notify = 0;
    entry->orcpt = "rfc822;a@example.net";
    tap_ok(smtpc__envelope_wants_dsn(envelope), "ORCPT needs DSN");
    entry->orcpt = NULL;
    envelope->ret = SMTPC_RETURN_HEADERS;
    tap_ok(smtpc__envelope_wants_dsn(envelope), "RET needs DSN");
    envelope->ret = SMTPC_RETURN_DEFAULT;
    envelope->envid = "x";
    tap_ok(smtpc__envelope_wants_dsn(envelope), "ENVID needs DSN");
}

int main(void)
{
    smtpc_envelope_t *envelope = smtpc__envelope_create(tap_pool());
    const smtpc_address_t *ann = parse("ann@example.net");
    const smtpc_address_t *utf8 = parse("\xc3\xa9@example.net");
    int i;

    tap_ok(envelope->sender == NULL, "the null reverse path at first");
    tap_is_int(smtpc__envelope_count(envelope), 0, "no recipient");
    tap_is_int(envelope->size, SMTPC_LENGTH_UNKNOWN, "size not known");
    tap_is_int(envelope->eight_bit + envelope->utf8, 0, "nothing special");
    tap_ok(!smtpc__envelope_needs_utf8(envelope), "no address, no need");

    for (i = 0; i < 10; i++) {
        smtpc__envelope_add(envelope, ann);
    }
    smtpc__envelope_add(envelope, parse("bob@b\xc3\xbc" "cher.example"));
    tap_is_int(smtpc__envelope_count(envelope), 11, "doubled ones are kept");
    tap_ok(smtpc__envelope_recipient(envelope, 9) == ann, "in order");
    tap_is_str(smtpc_address_user(smtpc__envelope_recipient(envelope, 10)),
               "bob", "to the last");
    envelope->sender = ann;
    tap_ok(!smtpc__envelope_needs_utf8(envelope),
           "a domain in UTF-8 has an A-label");
    envelope->sender = utf8;
    tap_ok(smtpc__envelope_needs_utf8(envelope), "a sender in UTF-8");
    envelope->sender = NULL;
    smtpc__envelope_add(envelope, utf8);
    tap_ok(smtpc__envelope_needs_utf8(envelope), "a recipient in UTF-8");
    parameters();
    return tap_done();
}
